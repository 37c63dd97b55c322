"""Taking in the returns of a whole country: ``python -m benchmarks.intake`` prints where the processor time of a workbook goes.

Each size in a process of its own, so that its memory is its own. A worker's processor time is what the worker itself says
when it is done with an item: start, imports and pickling included.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import python_calamine

from benchmarks.metered import Clock, Metered, peak_memory, ready
from benchmarks.national import Known, known_totals, make_program, make_returns
from pipeline.intake import take_in as rounds
from pipeline.intake.inbox import read_inbox
from pipeline.ledger.standing import numbers, seen_from
from pipeline.measures.rollup import roll_up
from pipeline.scale.choose import open_engine
from pipeline.workspace.campaign import load_campaign, open_store
from pipeline.workspace.paths import Workspace
from tests.cluster_parts import running_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipeline.engine.engines import Engine
    from pipeline.ledger.store import Store

DAY = date(2025, 4, 1)
SIZES = (400, 4_000, 40_000)
KNOWN = "known.pickle"
SAMPLE = 400
PARTS = ("read", "check", "ledger")


def intake(workspace: Workspace, on: Engine, *, sent: bool = False) -> dict[str, float]:
    """Take everything in, and compare what it adds up to with what is known.

    Returns:
        CPU seconds of reading, checking and the ledger, and of the start of workers (imports); seconds by the clock; peak
        memory of this process and of the largest worker in MiB; number of files.
    """
    ready()
    campaign = load_campaign(workspace)
    shutil.rmtree(workspace.dataset, ignore_errors=True)
    store, ledger, checks = open_store(workspace, campaign.program), Clock(), Clock(now=time.process_time)
    for name in ("keep", "add", "finish"):
        setattr(store, name, ledger.of(getattr(store, name)))
    store.past = checks.of(store.past)  # type: ignore[method-assign]
    judged = rounds._judge_batch  # noqa: SLF001 - only timed
    rounds._judge_batch = checks.of(judged)  # type: ignore[assignment]  # noqa: SLF001
    arrivals = read_inbox(workspace, DAY).arrivals
    metered, begun, clock = Metered(on), time.process_time(), time.perf_counter()
    try:
        taken = rounds.take_in(campaign, store, arrivals, DAY, on=metered, sent=sent)
    finally:
        rounds._judge_batch = judged  # noqa: SLF001
    wall, own = time.perf_counter() - clock, time.process_time() - begun
    peak = peak_memory()
    assert len(taken.seqs) >= 0.99 * len(arrivals), (len(taken.seqs), len(arrivals))  # noqa: S101
    kept = sum(metered.spent.kept.values())
    spent = metered.spent
    result = {
        "files": len(arrivals),
        "wall": wall,
        "read": own - ledger.seconds - checks.seconds + spent.of("read_one") - kept,
        "check": checks.seconds + spent.of("_judge_afar"),
        "ledger": ledger.seconds + kept,
        "start": sum(spent.start.values()),
        "peak": peak / 1024,
        "worker": max(spent.peak.values(), default=0) / 1024,
    }
    _compare(workspace, store)
    store.close()
    return result


def _compare(workspace: Workspace, store: Store) -> None:
    """Every total at every level is the known one."""
    known: Known = pickle.loads((workspace.root / KNOWN).read_bytes())  # noqa: S301 - written by us
    program = store.program
    units = sorted(unit.code for unit in program.reporters)
    frame = roll_up(program, numbers(store, seen_from(store, DAY), program.periods[0].code, units))
    found = {
        (level, code, one): (None if pd.isna(total) else int(total), int(reported), int(roster))
        for level, code, one, total, reported, roster in frame.itertuples(index=False)
    }
    wanted = known_totals(workspace, known)
    wrong = [(key, found.get(key), total) for key, total in wanted.items() if found.get(key) != total]
    assert not wrong, wrong[:5]  # noqa: S101


def others(workspace: Workspace) -> dict[str, float]:
    """Milliseconds a workbook of other ways to read the same files, those that can be read: nothing is checked."""
    paths = sorted(workspace.inbox.rglob("*.xlsx"))[:SAMPLE]
    ways: dict[str, Callable[[str], object]] = {
        "calamine": _calamine,
        "openpyxl": _read_only,
        "pandas": lambda path: pd.read_excel(path, sheet_name=None, engine="openpyxl"),
    }
    spent = dict.fromkeys(ways, 0.0)
    count = 0
    for path in map(str, paths):
        try:
            _calamine(path)
        except Exception:  # noqa: BLE001, S112 - the faulty ones
            continue
        count += 1
        for name, read in ways.items():
            begun = time.process_time()
            read(path)
            spent[name] += time.process_time() - begun
    return {name: 1000 * seconds / count for name, seconds in spent.items()}


def _calamine(path: str) -> object:
    book = python_calamine.CalamineWorkbook.from_path(path)
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def _read_only(path: str) -> object:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    return [[row for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]  # noqa: C416


def prepare(folder: Path, size: int, workers: int) -> Workspace:
    """A national workspace with so many returns, made once."""
    workspace = Workspace(root=folder)
    if not (folder / KNOWN).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        workspace = make_program(folder)
        known = make_returns(workspace, size, workers=workers)
        (folder / KNOWN).write_bytes(pickle.dumps(known))
    return workspace


def _alone(folder: Path, *words: str) -> dict[str, float]:
    """In a process of its own."""
    command = [sys.executable, "-m", "benchmarks.intake", "--in", str(folder), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(folder: Path, sizes: Sequence[int] = SIZES) -> None:
    """Every size in its order with one worker, which nothing else competes with; then the largest with two, here and on Dask."""
    cores, slopes = len(os.sched_getaffinity(0)), list[float]()
    last: tuple[float, float] | None = None
    for size in sizes:
        root = folder / str(size)
        prepare(root, size, cores)
        plain, got = _alone(root, "--others"), _alone(root, "--workers", "1")
        spent = sum(got[key] for key in PARTS)
        if last:
            slopes.append(1000 * (spent - last[1]) / (got["files"] - last[0]))
            again = f"，是前一段的 {slopes[-1] / slopes[0]:.2f}（目标 0.85—1.15）" if len(slopes) > 1 else ""
            print(f"    每多一份 {slopes[-1]:.2f} CPU毫秒{again}")
        last = got["files"], spent
        print("\n".join(_told(size, got, plain)))
    one, two = got["wall"], _alone(root, "--workers", "2")["wall"]
    print(f"(g) {root.name} 份，两个工作进程比一个快 {one / two:.2f} 倍（目标 ≥ 1.7，须有两个空闲的核）")
    walls = []
    for workers in (1, 2):
        with running_cluster(workers) as cluster:
            walls.append(_alone(root, "--scheduler", cluster.address)["wall"])
    print(f"    Dask 上两个比一个快 {walls[0] / walls[1]:.2f} 倍（目标 ≥ 1.4），各级合计同样与已知的一致")


def _told(size: int, got: Mapping[str, float], plain: Mapping[str, float]) -> Iterator[str]:
    """One size, in words."""
    read, check, ledger = (1000 * got[key] / got["files"] for key in PARTS)
    yield f"(f) {size} 份，各级合计与已知的完全一致：{read + check + ledger:.2f} CPU毫秒/份，工作进程启动共 {got['start']:.1f} 秒不在内"
    calamine, pandas = read / plain["calamine"], read / plain["pandas"]
    yield f"    读 {read:.2f}，是 calamine 的 {calamine:.1f} 倍（目标 ≤ 8）、pandas 的 {pandas:.2f}（目标 < 0.33）"
    yield f"    核对 {check:.2f}，是读的 {check / read:.2f}（目标 ≤ 2）；台账 {ledger:.2f}，是读的 {ledger / read:.2f}（目标 ≤ 0.5）"
    yield f"    内存峰值 {got['peak']:.0f} MiB，工作进程 {got['worker']:.0f} MiB（目标 < 1536）"
    yield (
        f"    同样的文件：calamine {plain['calamine']:.2f}，openpyxl 只读 {plain['openpyxl']:.1f}，"
        f"pandas+openpyxl {plain['pandas']:.1f} 毫秒/份"
    )


def main() -> None:
    """The whole comparison; or one measurement, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--folder", type=Path, help="where returns are kept from run to run")
    parser.add_argument("--in", type=Path, dest="inside", help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--shared", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--others", action="store_true")
    asked = parser.parse_args()
    if asked.inside:
        workspace = Workspace(root=asked.inside)
        if asked.others:
            print(json.dumps(others(workspace)))
            return
        with open_engine(asked.scheduler, asked.workers) as on:
            print(json.dumps(intake(workspace, on, sent=bool(asked.scheduler) and not asked.shared)))
        return
    if asked.folder:
        compare(asked.folder, asked.sizes)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), asked.sizes)


if __name__ == "__main__":
    main()
