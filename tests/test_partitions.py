"""What stands as partitioned Parquet: the same as everywhere else, one schema whatever came, read by four programs alike."""

from __future__ import annotations

import io
import os
import re
import shutil
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dask.dataframe as dd
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from benchmarks.national import make_program
from benchmarks.store import batches
from pipeline.checks import scaffold
from pipeline.cli import main
from pipeline.domain.acts import Act, ActKind
from pipeline.domain.state import State
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.standing import seen_from, stream
from pipeline.ledger.store import Store
from pipeline.measures.rollup import numbers_of, roll_up
from pipeline.office.exporting import export_partitions as export_partitions_of
from pipeline.products.package import partitions as export_partitions
from pipeline.products.package.export import export
from pipeline.products.package.partitions import region_of, write_partitions
from pipeline.program.load import load_calendar, load_program
from pipeline.program.model import FieldType
from pipeline.system.errors import PipelineError, WorkspaceError
from pipeline.workspace.paths import DEMO_MARK, Workspace
from tests.builder import FIRST, ROOT, SECOND, SMALL, new_workspace, part_of_campaign
from tests.faults import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipeline.program.model import Program

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # of dask's own code
COUNTRY: dict[str, Any] = {"provinces": 3, "prefectures": 4, "counties": 8, "townships": 24}
EARLY, LATE, AS_OF = "2025-02", "2025-04", date(2025, 6, 1)
ADDED = "GZ3-5"
NEW = f"      - {{code: {ADDED}, title: 法律咨询人次, type: count, unit: 人次, accumulation: cumulative, counts_from: 2025-03-01}}\n"
ODD = "<script>alert(1)</script>"
KEYS = pa.schema([("period", pa.string()), ("province", pa.string())])
HIVE = {"partitioning": {"flavor": "hive", "schema": KEYS}}


@dataclass(frozen=True, kw_only=True)
class Country:
    """A dataset of two periods, and what was written of it."""

    workspace: Path
    store: Store
    folder: Path

    @property
    def program(self) -> Program:
        """Whose dataset it is."""
        return self.store.program

    def values(self) -> pd.DataFrame:
        """All of the long table."""
        frame: pd.DataFrame = dataset(self.folder).to_table().to_pandas()
        return frame


def dataset(folder: Path) -> ds.Dataset:
    return ds.dataset(folder / "values", partitioning=ds.partitioning(KEYS, flavor="hive"))


@pytest.fixture(scope="module", params=["township", "county"])
def country(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """Everyone reports, some again, some withdrawn, some returned; then a form with one more column: half report, two a part."""
    root = tmp_path_factory.mktemp("country") / "w"
    workspace = make_program(root, **COUNTRY, respondents=request.param)
    form = workspace.program / "forms" / "GZ.yaml"
    text = form.read_text(encoding="utf-8")
    head, tail = text.split("      - {code: GZ3-4", 1)
    form.write_text(f"{head}{NEW}      - {{code: GZ3-4{tail}", encoding="utf-8")
    scaffold.draft(workspace.program, workspace.expectations)
    names = workspace.program / "regions.csv"
    names.write_text(names.read_text(encoding="utf-8").replace("北京市", ODD), encoding="utf-8")
    store = Store(workspace.dataset, load_program(workspace.program))
    program = store.program
    first, second = program.periods
    everyone = program.prefectures
    for one in batches(program.at(first), first, everyone, one_in=4):
        store.add(one)
    for one in batches(program.at(first), first, everyone[:6], seed=2, one_in=3):
        numbers = store.add(one)
    store.enter(
        Act(
            kind=ActKind.WITHDRAW, period=EARLY, reason="报错", who="某人", done_on=first.due_on, target=numbers[0] or 0
        )
    )
    half = [one for one in everyone if not one.code.startswith("11")][::2]
    for one in batches(program.at(second), second, half, one_in=5):
        store.add(one)
    in_parts = [one for one in everyone if not one.code.startswith("11")][1::2]
    for state, respondent in zip((State.RETURNED, State.ACCEPTED), in_parts, strict=False):
        (one,) = batches(program.at(second), second, [respondent])
        records = [(*row[:-1], state.value) for row in one.rows["records"]]
        store.add(replace(one, rows={"records": records, "form_GZ": one.rows["form_GZ"]}))
    yield Country(workspace=root, store=store, folder=written(store, root.parent / "分区"))
    store.close()


def written(store: Store, folder: Path, as_of: date = AS_OF) -> Path:
    folder.mkdir()
    write_partitions(folder, store, seen_from(store, as_of), store.program.periods)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def as_said(program: Program, row: Mapping[str, Any]) -> str:
    """A value as the data package has it."""
    if row["not_applicable"]:
        return "不适用"
    if row["number"] is not None:
        whole = program.field_by_code[row["field"]].type is FieldType.COUNT
        return str(int(row["number"])) if whole else str(row["number"])
    return row["date"].isoformat() if row["date"] else str(row["text"])


def said(program: Program, rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {(r["period"], r["respondent"], r["unit"], r["field"], as_said(program, r), r["submission"]) for r in rows}


@pytest.mark.parametrize("as_of", [AS_OF, date(2025, 3, 31), date(2025, 1, 1)])
def test_it_says_what_the_data_package_says(country: Country, tmp_path: Path, as_of: date) -> None:
    snapshot = take_snapshot(country.store, as_of)
    files = export(country.program, snapshot, load_calendar(country.workspace / "program"), [EARLY, LATE])
    package = pq.read_table(io.BytesIO(files["parquet/values.parquet"])).to_pylist()
    expected = {
        (r["period"], r["prefecture_code"], r["county_code"], r["field"], r["value"], r["submission"]) for r in package
    }
    rows = dataset(written(country.store, tmp_path / "x", as_of)).to_table().to_pylist()
    assert said(country.program, rows) == expected
    assert len(rows) == len(expected)
    assert bool(rows) is (as_of > date(2025, 1, 1))


def test_each_value_lies_under_its_period_and_region(country: Country) -> None:
    rows = dataset(country.folder).to_table().to_pylist()
    assert {r["province"] for r in rows} == {r["region"] for r in rows} == {"110000", "130000", "140000"}
    assert all(r["unit"].startswith(r["region"][:2]) for r in rows)
    days = {p.code: p.due_on for p in country.program.periods}
    assert all(r["received_on"] == days[r["period"]] for r in rows)
    assert not [r for r in rows if (r["period"], r["province"]) == (LATE, "110000")], "nobody there has reported"


def test_what_was_seen_on_a_day_of_products_is_what_was_taken_in_by_then(country: Country) -> None:
    first = country.program.periods[0]
    seen = seen_from(country.store, AS_OF)
    assert seen.taken_by == date.max
    assert take_snapshot(country.store, AS_OF).seen == seen
    early = replace(seen, taken_by=first.due_on - timedelta(days=1))
    (found,) = stream(country.store, early, [(EARLY, [u.code for u in country.program.reporters])])
    assert not any(found.values())


# One schema


def test_every_file_has_the_same_columns_also_where_nobody_reported(country: Country) -> None:
    files = sorted((country.folder / "values").rglob("*.parquet"))
    assert len(files) == 2 * 3
    schemas = [pq.read_schema(path) for path in files]
    assert all(one.equals(schemas[0], check_metadata=True) for one in schemas)
    assert schemas[0].field("number").type == pa.decimal128(18, 2)
    assert 0 in {pq.read_metadata(path).num_rows for path in files}


def with_pyarrow(folder: Path) -> pd.DataFrame:
    frame: pd.DataFrame = dataset(folder).to_table(filter=ds.field("field") == ADDED).to_pandas()
    return frame


def with_pandas(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "values", filters=[("field", "==", ADDED)])


def with_duckdb(folder: Path) -> pd.DataFrame:
    rows = duckdb.read_parquet(f"{folder}/values/**/*.parquet", hive_partitioning=True)
    frame: pd.DataFrame = rows.filter(f"field = '{ADDED}'").df()
    return frame


def with_dask(folder: Path) -> pd.DataFrame:
    frame: pd.DataFrame = dd.read_parquet(folder / "values", dataset=HIVE, filters=[("field", "==", ADDED)]).compute()
    return frame


@pytest.mark.parametrize("read", [with_pyarrow, with_pandas, with_duckdb, with_dask])
def test_a_column_of_a_later_form_is_null_before(country: Country, read: Any) -> None:
    rows = read(country.folder)
    wide = rows.assign(number=[int(n) for n in rows["number"]]).pivot_table(
        index="unit", columns=rows["period"].astype(str), values="number"
    )
    wide = wide.reindex(columns=[EARLY, LATE], index=sorted({u.code for u in country.program.reporters}))
    stands = {row.unit: row.values for row in latest(country)}
    place = [f.code for f in country.program.form_by_code["GZ"].fields].index(ADDED)
    assert wide[EARLY].isna().all()
    assert {unit: int(n) for unit, n in wide[LATE].dropna().items()} == {u: v[place] for u, v in stands.items()}
    assert stands


def latest(country: Country) -> list[Any]:
    units = [unit.code for unit in country.program.reporters]
    (found,) = stream(country.store, seen_from(country.store, AS_OF), [(LATE, units)])
    return found["GZ"]


@pytest.fixture
def guessed(country: Country, tmp_path: Path) -> Path:
    """The same as wide tables, a file a period, each with the types that its own rows suggest."""
    values = country.values()
    for period, some in values[values["field"].str.startswith("GZ")].groupby("period"):
        kept = some.assign(
            value=some["number"].astype("Float64").astype("object").where(some["number"].notna(), some["text"])
        )
        wide = kept.pivot_table(index="unit", columns="field", values="value", aggfunc="first").reset_index()
        wide = wide[[name for name in ("unit", "GZ1-1", "GZ3-4", ADDED) if name in wide]]
        wide["GZ3-4"] = None if period == EARLY else wide["GZ3-4"]
        (tmp_path / str(period)).mkdir()
        wide.astype({"GZ1-1": float}).to_parquet(tmp_path / str(period) / "0.parquet")
    return tmp_path


def test_guessed_schemas_lose_the_new_column_without_a_word(guessed: Path) -> None:
    one = ds.dataset(sorted(guessed.rglob("*.parquet")))
    assert ADDED in pq.read_schema(guessed / LATE / "0.parquet").names
    assert ADDED not in one.schema.names
    assert ADDED not in duckdb.read_parquet(f"{guessed}/*/*.parquet").columns


def test_guessed_schemas_break_where_a_column_was_empty(guessed: Path) -> None:
    types = [pq.read_schema(path).field("GZ3-4").type for path in sorted(guessed.rglob("*.parquet"))]
    assert types[0] == pa.null()
    assert types[1] != pa.null()
    with pytest.raises((pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)):
        ds.dataset(sorted(guessed.rglob("*.parquet"))).to_table(columns=["GZ3-4"])


# The same totals


def examples() -> list[str]:
    text = (ROOT / "docs/数据包.md").read_text(encoding="utf-8")
    return re.findall(r"```py\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("period", [EARLY, LATE])
def test_the_documented_totals_equal_those_of_the_store(
    country: Country, period: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(country.folder.parent)
    names: dict[str, Any] = {}
    blocks = examples()
    assert len(blocks) == 2
    for block in blocks:
        exec(block.replace("2023-04", period), names)  # noqa: S102 - the documentation's own words
    expected = totals_of(country, period)
    types = {f.code: f.type for f in numbers_of(country.program)}
    found = {
        (code, field): (
            None if pd.isna(total) else int(total) // (100 if types[field] is FieldType.COUNT else 1),
            int(n),
            int(of),
        )
        for code, field, total, n, of in names["table"][["code", "field", "total", "reported", "roster"]].itertuples(
            index=False
        )
    }
    assert found == expected
    assert any(total is None and roster for total, _, roster in found.values())
    for region, field, total, n in names["totals"].fetchall():
        if field in types and n:
            assert (total * (1 if types[field] is FieldType.COUNT else 100), n) == expected[region, field][:2]


def totals_of(country: Country, period: str) -> dict[tuple[str, str], tuple[int | None, int, int]]:
    """What the roll-up makes of the snapshot."""
    program = country.program
    then = program.at(program.period_by_code[period])
    stands = take_snapshot(country.store, AS_OF).values(program, program.period_by_code[period])
    codes = {f.code for f in numbers_of(then)}
    rows = [
        (unit, code, value)
        for unit, values in stands.items()
        for code, value in values.items()
        if code in codes and value not in {None, "不适用"}
    ]
    rolled = roll_up(then, pd.DataFrame(rows, columns=["unit", "field", "value"]).astype({"value": object}))
    return {
        (code, field): (None if pd.isna(total) else int(total), int(n), int(of))
        for _, code, field, total, n, of in rolled.itertuples(index=False)
    }


def test_the_roll_up_of_the_files_one_by_one_is_that_of_the_store(country: Country) -> None:
    fields = {f.code for f in numbers_of(country.program)}
    files = sorted((country.folder / "values" / f"period={EARLY}").rglob("*.parquet"))
    frames = (
        pq.ParquetFile(path).read(["unit", "field", "number"]).to_pandas().rename(columns={"number": "value"})
        for path in files
    )
    rolled = roll_up(country.program, (one[one["field"].isin(fields)] for one in frames))
    found = {
        (code, field): (None if pd.isna(total) else int(total), int(n), int(of))
        for _, code, field, total, n, of in rolled.itertuples(index=False)
    }
    assert found == totals_of(country, EARLY)


def test_the_units_are_those_of_the_period_each_under_the_one_above(country: Country) -> None:
    units = pd.read_parquet(country.folder / "units.parquet").query("period == @EARLY").set_index("unit")
    assert units.loc["110000", "name"] == ODD
    assert list(units[units["parent"].isna()].index) == [country.program.code]
    assert set(units["parent"].dropna()) <= set(units.index)
    parent = {str(unit): str(above) for unit, above in units["parent"].items()}
    for unit in country.program.reporters:
        chain, at = [], parent[unit.code]
        while at != country.program.code:
            chain.append(at)
            at = parent[at]
        assert chain == [one.code for one in country.program.ancestors(unit.code)]
        assert region_of(country.program, unit.code) == chain[-1]


# Written whole, the same each time


def test_the_same_again_is_the_same_bytes_however_many_are_taken_together(
    country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tree(written(country.store, tmp_path / "again")) == tree(country.folder)
    monkeypatch.setattr(export_partitions, "TOGETHER", 5)
    rows = dataset(written(country.store, tmp_path / "few")).to_table().to_pylist()
    assert said(country.program, rows) == said(country.program, dataset(country.folder).to_table().to_pylist())
    assert len(rows) == len(country.values())


def test_a_file_and_a_server_give_the_same(tmp_path: Path, url: str) -> None:
    program = load_program(make_program(tmp_path / "w", **COUNTRY).program)
    folders = []
    for name, address in (("file", ""), ("other", url)):
        store = Store(tmp_path / name, program, url=address)
        for one in batches(program, program.periods[0], program.prefectures, one_in=4):
            store.add(one)
        folders.append(written(store, tmp_path / f"{name}.out"))
        store.close()
    assert tree(folders[0]) == tree(folders[1])


def test_a_number_that_does_not_fit_is_refused(country: Country, tmp_path: Path) -> None:
    program = country.program
    store = Store(tmp_path / "d", program)
    (one,) = batches(program, program.periods[0], program.prefectures[:1])
    place = [c.name for c in store.tables.forms["GZ"].columns].index("GZ1-1")
    line = one.rows["form_GZ"][0]
    store.add(replace(one, rows={**one.rows, "form_GZ": [(*line[:place], 10**17, *line[place + 1 :])]}))
    with pytest.raises(PipelineError, match="没有导出：有的数超出18位"):
        written(store, tmp_path / "x")
    store.close()


# The command


def call(root: Path, *words: str) -> Any:
    return CliRunner().invoke(main, ["--project", str(root), "--as-of", "2023-03-20", "export", *words])


@pytest.fixture
def province(tmp_path: Path) -> Path:
    """The repository's own campaign without regions; nobody has reported."""
    return new_workspace(tmp_path / "w").root


def test_without_reports_there_is_a_file_to_read_for_everyone(province: Path, tmp_path: Path) -> None:
    result = call(province, str(tmp_path / "out"), "--partitioned")
    assert result.exit_code == 0, result.output
    assert "已导出 50 个文件、0 个值" in result.output
    assert dataset(tmp_path / "out").count_rows() == 0
    assert dataset(tmp_path / "out").schema.field("number").type == pa.decimal128(18, 2)
    assert len(pd.read_parquet(tmp_path / "out" / "units.parquet")) == 3 * (1 + 16 + 129)


def test_without_regions_a_respondent_is_its_own_region() -> None:
    program = part_of_campaign("A1").program
    assert {region_of(program, code) for code in (SMALL, FIRST, SECOND)} == {SMALL}


def test_an_earlier_export_is_replaced_and_nothing_else_is(province: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call(province, str(out), "--partitioned").exit_code == 0
    assert call(province, str(out), "--partitioned", "--period", "2022-12").exit_code == 0
    assert [p.name for p in (out / "values").iterdir()] == ["period=2022-12"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "w"]
    before = tree(out)
    assert "里面已有别的文件" in call(province, str(out)).output
    (out / "values" / "我的.txt").write_text("我的", encoding="utf-8")
    refused = call(province, str(out), "--partitioned")
    assert refused.exit_code == 2
    assert "里面已有别的文件（values/我的.txt）。请换一个新的目录" in refused.output
    (out / "values" / "我的.txt").unlink()
    assert tree(out) == before


def test_invented_figures_are_said_to_be(province: Path, tmp_path: Path) -> None:
    (province / DEMO_MARK).write_text("演示", encoding="utf-8")
    for _ in range(2):
        assert call(province, str(tmp_path / "out"), "--partitioned").exit_code == 0
        assert (tmp_path / "out" / "演示数据.txt").read_text(encoding="utf-8") == "演示数据，数字均为虚构。\n"
    (province / DEMO_MARK).unlink()
    assert call(province, str(tmp_path / "out"), "--partitioned").exit_code == 0
    assert not (tmp_path / "out" / "演示数据.txt").exists()


def test_a_swap_cut_short_is_put_back(province: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call(province, str(out), "--partitioned").exit_code == 0
    before = tree(out)
    out.rename(tmp_path / ".out.old")
    (tmp_path / ".out.new").mkdir()
    assert "没有报送期" in call(province, str(out), "--partitioned", "--period", "2031-01").output
    assert call(province, str(out), "--partitioned").exit_code == 0
    assert tree(out) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "w"]


def test_a_full_disk_leaves_the_earlier_export(country: Country, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    shutil.copytree(country.workspace, tmp_path / "w")
    workspace, out = Workspace(root=tmp_path / "w"), disk / "out"
    with small_disk(disk, 256 << 10) as mounted:
        if not mounted:
            pytest.skip("may not mount")
        export_partitions_of(workspace, out, EARLY, AS_OF)
        before = tree(out)
        free = os.statvfs(disk)
        (disk / "fill").write_bytes(b"x" * (free.f_bavail * free.f_frsize - (16 << 10)))
        with pytest.raises(WorkspaceError, match=r"没有导出：无法写入 .*磁盘.*满.*原来的文件没有动"):
            export_partitions_of(workspace, out, None, AS_OF)
        assert tree(out) == before
        assert sorted(p.name for p in disk.iterdir()) == ["fill", "out"]
