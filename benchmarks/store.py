"""The dataset at national size: ``python -m benchmarks.store`` loads the same submissions into SQLite and PostgreSQL and asks both.

Nothing is read from workbooks here: what is written is made in memory, in the shape of a national program's returns.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text

from benchmarks.national_program import make_program
from benchmarks.national_returns import figures
from pipeline.domain.place import Placing
from pipeline.domain.state import State, Verdict
from pipeline.forms.issue import Issue
from pipeline.ledger.content import SeenEarlier
from pipeline.ledger.standing import stream
from pipeline.ledger.store import Store
from pipeline.ledger.writing import Written
from pipeline.products.package.partitions import write_partitions
from pipeline.program.load import load_program
from pipeline.program.model import NOT_APPLICABLE, FieldType
from tests.server import find_server, new_database, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection, Engine

    from benchmarks.national_returns import Cells
    from pipeline.program.model import Form, Period, Prefecture, Program

    Row = tuple[Any, ...]

BATCH, FAULTY = 500, 100
ROUNDS = 3
AGAIN = "再收同样的500份"
PAST, STANDING, CELL, ALL = "500个单位的往期", "一张表的现行数", "一个单位的来源", "汇总的源数据"
FORMS = ("form_GZ", "form_WT", "form_JF")
SHA256 = {"ix_submissions_sha256": ("submissions", "sha256")}
PREFECTURE = {"ix_submissions_prefecture_code": ("submissions", "prefecture_code")}
BY_PERIOD = {f"ix_{name}_standing": (name, "period, county_code") for name in (*FORMS, "records")}
BY_UNIT = {f"ix_{name}_unit": (name, "county_code, period") for name in (*FORMS, "records")}
ALL_BUT_RECORDS = {name: on for name, on in BY_UNIT.items() if on[0] != "records"}
SETS: Mapping[str, Mapping[str, tuple[str, str]]] = {  # name → index → table and columns
    "只有主键": {},
    "sha256": SHA256,
    "sha256，(period, county_code)": SHA256 | BY_PERIOD,
    "sha256，prefecture_code": SHA256 | PREFECTURE,
    "sha256，prefecture_code，(period, county_code)": SHA256 | PREFECTURE | BY_PERIOD,
    "prefecture_code，(county_code, period)": PREFECTURE | BY_UNIT,
    "sha256，prefecture_code，(county_code, period)而records没有": SHA256 | PREFECTURE | ALL_BUT_RECORDS,
    "sha256，prefecture_code，(county_code, period)": SHA256 | PREFECTURE | BY_UNIT,
}
KNOWN = SHA256 | PREFECTURE | BY_PERIOD | BY_UNIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading took; seconds of this process, of the server, and by the clock."""

    rows: int
    own_cpu: float
    server_cpu: float
    clock: float
    megabytes: float


def batches(
    program: Program, period: Period, respondents: Sequence[Prefecture], seed: int = 1, one_in: int = FAULTY
) -> Iterator[Written]:
    """Submissions of a period as they are written, one of each respondent; one in so many is returned."""
    for at in range(0, len(respondents), BATCH):
        entries: list[Row] = []
        rows: dict[str, list[Row]] = {"records": [], "findings": [], **{f"form_{f.code}": [] for f in program.forms}}
        for n, one in enumerate(respondents[at : at + BATCH]):
            returned = (at + n) % one_in == one_in // 2
            _add(program, period, one, (n, at + n, seed), (entries, rows), returned=returned)
        yield Written(entries=entries, rows=rows)


def _add(
    program: Program,
    period: Period,
    one: Prefecture,
    numbers: tuple[int, int, int],
    into: tuple[list[Row], dict[str, list[Row]]],
    *,
    returned: bool,
) -> None:
    (n, no, seed), (entries, rows) = numbers, into
    state, verdict = (State.RETURNED, Verdict.RETURNED) if returned else (State.ACCEPTED, Verdict.ACCEPTED)
    name = f"{seed}|{period.code}|{one.code}"
    sheets = {form.code: form.sheet for form in program.forms}
    columns = {form.code: {f.code: "D" for f in form.fields_in(period)} for form in program.forms}
    entries.append(
        (
            hashlib.sha256(name.encode()).hexdigest(),
            f"{period.due_on}/{no // 1000:03d}/{one.name}_{period.code}.xlsx",
            period.due_on,
            period.due_on,
            one.code,
            period.code,
            f"{no:08d}",
            0,
            verdict.value,
            "",
            json.dumps(sheets, ensure_ascii=False),
            json.dumps(columns),
            Placing.STAMP.value,
        )
    )
    units = program.reporters_of(one.code)
    rows["records"] += [(n, unit.code, period.code, state.value) for unit in units]
    if returned:
        rows["findings"].append(
            (
                n,
                1,
                "CELL_APPROXIMATE",
                "critical",
                "1.组织建设",
                "D7",
                units[0].code,
                "GZ1-1",
                "",
                "约20",
                "整数",
                "请填写准确的数",
            )
        )
        return
    issue = Issue(program=program, key=b"", rules={}, period=period, prefecture=one, previous={})
    cells = figures(issue, random.Random(name))  # noqa: S311 - invented figures
    for form in program.forms:
        rows[f"form_{form.code}"] += _lines(form, period, one, cells, n)


def _lines(form: Form, period: Period, one: Prefecture, cells: Cells, n: int) -> Iterator[Row]:
    for no, row in enumerate(dict.fromkeys(row for code, row, _ in cells if code == form.code), 7):
        typed = {f.code: cells.get((form.code, row, f.code)) for f in form.fields}
        counts = {f.code for f in form.fields if f.type is FieldType.COUNT}
        away = [code for code, value in typed.items() if code in counts and value == NOT_APPLICABLE]
        unit, entry = (one.code, f"{period.code}-{row[1:]}") if form.is_list else (row, "")
        yield (
            n,
            unit,
            entry,
            period.code,
            no,
            False,
            "{}",
            " ".join(away),
            *(None if code in away else _stored(value) for code, value in typed.items()),
        )


def _stored(value: Any) -> Any:
    return f"{value:.2f}" if isinstance(value, Decimal) else value


def load(store: Store, written: Sequence[Written]) -> Loaded:
    """Write it all."""
    size = sum(len(w.entries) + sum(map(len, w.rows.values())) for w in written)
    before = time.process_time(), _server_seconds(store), time.perf_counter()
    for one in written:
        store.add(one)
    after = time.process_time(), _server_seconds(store), time.perf_counter()
    own, server, clock = (b - a for a, b in zip(before, after, strict=True))
    return Loaded(rows=size, own_cpu=own, server_cpu=server, clock=clock, megabytes=_megabytes(store))


def _server_seconds(store: Store) -> float:
    """Processor time of the server's finished processes: one for each connection, and none is kept."""
    if not store.database.is_server:
        return 0.0
    time.sleep(0.03)  # until the last one is seen to have ended
    told = Path(f"/proc/{_postmaster(store.engine)}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")


@cache
def _postmaster(engine: Engine) -> int:
    with engine.connect() as connection:
        folder = connection.exec_driver_sql("SHOW data_directory").scalar()
    return int(Path(f"{folder}/postmaster.pid").read_text(encoding="ascii").split()[0])


def _megabytes(store: Store) -> float:
    if store.database.is_server:
        with store.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
            size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        return float(size) / 1e6
    with closing(store.engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (store.folder / "dataset.sqlite").stat().st_size / 1e6


def questions(store: Store, period: Period, written: Written) -> dict[str, Callable[[], object]]:
    """What a run and a reader ask of the second period."""
    program, day = store.program, period.due_on
    everyone, seen = [unit.code for unit in program.reporters], SeenEarlier(as_of=day)
    some = {str(entry[4]) for entry in written.entries}
    groups = [(period.code, everyone[n : n + 1000]) for n in range(0, len(everyone), 1000)]
    return {
        AGAIN: lambda: store.add(written),
        PAST: lambda: store.accepted(day, some).past(period.code),
        STANDING: lambda: len(store.accepted(day).standing),
        CELL: lambda: list(stream(store, seen, [(period.code, [min(some)])])),
        ALL: lambda: sum(len(rows) for found in stream(store, seen, groups) for rows in found.values()),
    }


def cost(store: Store, work: Callable[[], object], rounds: int) -> float:
    """Milliseconds of processor time, this process and the server together, a round."""
    before = time.process_time(), _server_seconds(store)
    for _ in range(rounds):
        work()
    own, server = time.process_time() - before[0], _server_seconds(store) - before[1]
    return 1000 * (own + server) / rounds


def used(store: Store, work: Callable[[], object]) -> set[str]:
    """The indices that the plans of its statements name."""
    heard: list[tuple[str, Any]] = []

    def hear(_: Connection, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if statement.lstrip().startswith("SELECT") and not many:
            heard.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        work()
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)
    explain = "EXPLAIN " if store.database.is_server else "EXPLAIN QUERY PLAN "
    plans = ""
    with store.reader.connect() as connection:
        for statement, parameters in heard[:40]:
            plans += "\n".join(map(str, connection.exec_driver_sql(explain + statement, parameters).all()))
    return set(re.findall(r"ix_\w+|\w+_key|\w+_pkey|sqlite_autoindex_\w+", plans))


def put(store: Store, chosen: Mapping[str, tuple[str, str]]) -> None:
    """Have these indices, and none of the others that are known."""
    with store.engine.begin() as connection:
        for name in KNOWN:
            connection.execute(text(f'DROP INDEX IF EXISTS "{name}"'))
        for name, (table, columns) in chosen.items():
            connection.execute(text(f'CREATE INDEX "{name}" ON "{table}" ({columns})'))
    if store.database.is_server:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def with_and_without(store: Store, asked: Mapping[str, Callable[[], object]], rounds: int) -> None:
    """Print times with each set of indices, and which of them the plans name."""
    for title, chosen in SETS.items():
        put(store, chosen)
        _print_times(store, title, asked, rounds)
        for what, work in asked.items():
            print(f"      {what}：{'、'.join(sorted(used(store, work))) or '全表'}")


def _print_times(store: Store, title: str, asked: Mapping[str, Callable[[], object]], rounds: int) -> None:
    times = (f"{what} {cost(store, work, rounds):.0f} 毫秒" for what, work in asked.items())
    print(f"    {title}：" + "，".join(times), flush=True)


def compare(sizes: Sequence[int], townships: int = 40_000, rounds: int = ROUNDS) -> None:
    """Load each number of submissions into both, ask both, and write what stands as Parquet."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        program = load_program(make_program(folder / "national", townships=townships).program)
        (period, second), everyone = program.periods, program.prefectures
        server = stack.enter_context(running()) if find_server() else ""
        for size in sizes:
            chosen = [everyone[k * len(everyone) // size] for k in range(size)]
            written = list(batches(program.at(period), period, chosen))
            later = list(batches(program.at(second), second, chosen[::2]))
            kinds = {"SQLite": "", **({"PostgreSQL": new_database(server, f"n{size}")} if server else {})}
            for kind, url in kinds.items():
                with closing(Store(folder / f"{kind}{size}", program, url=url)) as store:
                    if url:
                        _sync(store)
                    one = load(store, written)
                    print(
                        f"{size} 份 {kind}：{one.rows} 行，本进程 {one.own_cpu:.1f} CPU秒，服务器 {one.server_cpu:.1f} CPU秒，"
                        f"用时 {one.clock:.1f} 秒（每秒 {one.rows / one.clock:,.0f} 行），磁盘 {one.megabytes:.1f} MB",
                        flush=True,
                    )
                    for more in later:
                        store.add(more)
                    with_and_without(store, questions(store, second, written[0]), rounds)
                    _print_parquet(store, url, second.due_on, folder / f"parquet{kind}{size}")


def _sync(store: Store) -> None:
    """As an office has it: what is committed is on the disk."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ALTER SYSTEM SET fsync = on")
        connection.exec_driver_sql("SELECT pg_reload_conf()")


def _print_parquet(store: Store, url: str, day: date, folder: Path) -> None:
    """In a process of its own, so that its memory is seen."""
    folder.mkdir()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        values, seconds, peak = pool.submit(_export, store.folder, store.program, url, day, folder).result()
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 1e6
    print(f"    导出 Parquet：{values} 个值，{seconds:.1f} CPU秒，{size:.1f} MB，内存最高 {peak:.0f} MiB", flush=True)


def _export(dataset: Path, program: Program, url: str, day: date, folder: Path) -> tuple[int, float, float]:
    """Values, seconds and MiB."""
    with closing(Store(dataset, program, url=url, create=False)) as store:
        begun = time.process_time()
        values = write_partitions(folder, store, SeenEarlier(as_of=day), program.periods[:1])
        seconds = time.process_time() - begun
    status = Path("/proc/self/status").read_text(
        encoding="ascii"
    )  # getrusage would tell of the process it was forked from
    return values, seconds, int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 4_000, 40_000])
    parser.add_argument("--townships", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    compare(asked.sizes, asked.townships, asked.rounds)


if __name__ == "__main__":
    main()
