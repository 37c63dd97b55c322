"""The dataset as a data package: valid by its own schema, the same in both formats, and the same as what reports say."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import frictionless
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.domain.acts import Act, ActKind
from pipeline.domain.obligation import Timeliness
from pipeline.domain.state import Knowledge
from pipeline.intake.take_in import take_in
from pipeline.ledger.snapshot import Snapshot, take_snapshot
from pipeline.ledger.store import Store
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.measures.progress import Pace
from pipeline.office.exporting import export_files, write_package
from pipeline.products.package.data_package import data_package
from pipeline.products.package.export import export
from pipeline.products.package.tables import tables
from pipeline.program.model import FormKind
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import Campaign, load_campaign
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, ROOT, SECOND, SMALL, THIRD, arrival, campaign, part_of_campaign, sent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

AS_OF = date(2023, 3, 20)
TABLES = tables()
ODD = '@SUM(1,2) HYPERLINK("http://x")，NULL，"引号"<script>alert(1)</script>\n第二行，NA'
ODD_NAME = '2023-03-03/=1+1，"报表"<b>.xlsx'
REPORTER, PHONE, CLERK = "欧阳填报", "13987654321", "司马经办"
ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
READ: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": "true".__eq__,
    "date": date.fromisoformat,
}


def some_sheets() -> Campaign:
    """A few sheets of the campaign, and nothing that speaks of the others."""
    c = part_of_campaign("A1", "P", "FP")
    actions = tuple(a for a in c.program.actions if a.form == "A1")
    return replace(c, program=replace(c.program, actions=actions, funding=c.program.funding[:1]))


def signed(content: bytes) -> bytes:
    """The same workbook with a name and a telephone number on its cover."""
    book, out = openpyxl.load_workbook(io.BytesIO(content)), io.BytesIO()
    cover = book.worksheets[0]
    typed = {"填报人": REPORTER, "联系电话": PHONE}
    for row in range(1, 20):
        if mine := typed.pop(str(cover.cell(row, 1).value), None):
            cover.cell(row, 2, mine)
    assert not typed
    book.save(out)
    return out.getvalue()


def problem() -> dict[str, Any]:
    (form,) = some_sheets().program.forms_of_kind(FormKind.PROBLEMS)
    by_role = {
        "county": "德钦县",
        "problem": ODD,
        "category": "党政协调",
        "level": "州市级",
        "department": "不涉及省总部室",
        "measure": "提请州委组织部研究",
        "due_on": date(2023, 3, 6),
        "status": "推进中",
    }
    return {form.of_role(role)[0].code: value for role, value in by_role.items()}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was exported from what."""

    campaign: Campaign
    snapshot: Snapshot
    files: dict[str, bytes]
    folder: Path

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table's Parquet."""
        rows: list[dict[str, Any]] = pq.read_table(self.folder / f"parquet/{table}.parquet").to_pylist()
        return rows

    def measures(self, period: str) -> PeriodMeasures:
        """What reports say."""
        c = self.campaign
        return measure_period(c.program, self.snapshot, c.calendar, c.program.period_by_code[period])


def unpack(files: Mapping[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def export_of(c: Campaign, snapshot: Snapshot, folder: Path, periods: list[str] | None = None) -> Exported:
    files = export(c.program, snapshot, c.calendar, periods)
    return Exported(campaign=c, snapshot=snapshot, files=files, folder=unpack(files, folder))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Two periods of one prefecture: a county returned, odd words, a copy, a file of nobody's, acts of staff."""
    folder, c = tmp_path_factory.mktemp("package"), some_sheets()
    store = Store(folder / "dataset", c.program)
    early = sent("2022-12", of=c, changes={("A1", SECOND, "Q01-2"): "否", ("A1", THIRD, "Q01-1"): 1})
    late = signed(
        sent(
            of=c,
            changes={("A1", FIRST, "Q01-1"): "约5", ("A1", THIRD, "Q01-1"): "１，０００"},
            lists={"P": [problem()]},
        )
    )
    close = Act(kind=ActKind.CLOSE, period="2022-12", reason="已审定", who=CLERK, done_on=date(2023, 2, 1))
    for content, name, day in (
        (early, "2023-01-05/迪庆.xlsx", date(2023, 1, 5)),
        (late, ODD_NAME, date(2023, 3, 3)),
        (late, "2023-03-04/再发一次.xlsx", date(2023, 3, 4)),
        (b"PK", "2023-03-05/坏的.xlsx", date(2023, 3, 5)),
        (signed(early), "2023-03-06/封存以后.xlsx", date(2023, 3, 6)),
    ):
        take_in(c, store, [arrival(content, name, day)], AS_OF)
        store.finish([arrival(content, name, day)], day)
        if content is early:  # what comes in after it is closed is held
            store.enter(close)
    paper: dict[str, Any] = {
        "period": "2022-12",
        "prefecture_code": SMALL,
        "who": CLERK,
        "done_on": date(2023, 2, 1),
        "day": date(2023, 1, 6),
    }
    for kind, file, reason in ((ActKind.SIGN, "确认单.pdf", "A" * 12), (ActKind.ATTACH, "照片.jpg", "文件名推定")):
        store.enter(Act(kind=kind, reason=reason, file=file, sha256="a" * 64, **paper))
    store.tell("2022-12", AS_OF, CLERK)
    exported = export_of(c, take_snapshot(store, AS_OF), folder / "导出")
    store.close()
    return exported


def faults(folder: Path) -> list[str]:
    """What frictionless finds."""
    report = frictionless.validate(str(folder / "datapackage.json"))
    return [f"{task.name}：{e.message}" for task in report.tasks for e in task.errors] + [
        e.message for e in report.errors
    ]


def typed(files: Mapping[str, bytes], table: str) -> list[dict[str, Any]]:
    """A table's CSV, read by the types its schema states."""
    resources = {r["name"]: r for r in json.loads(files["datapackage.json"])["resources"]}
    types = {f["name"]: f["type"] for f in resources[table]["schema"]["fields"]}
    lines = csv.DictReader(io.StringIO(files[f"csv/{table}.csv"].decode(), newline=""), strict=True)
    return [{name: READ[types[name]](text) if text else None for name, text in line.items()} for line in lines]


def test_it_is_valid_by_its_own_schema(package: Exported) -> None:
    assert faults(package.folder) == []
    report = frictionless.validate(str(package.folder / "datapackage.json"))
    assert len(report.tasks) == 2 * len(TABLES)
    read = {task.name: task.stats["rows"] for task in report.tasks if task.name == "values"}
    assert read == {"values": len(package.rows("values"))}


def test_every_sort_of_row_is_there(package: Exported) -> None:
    assert {table.name for table in TABLES if not package.rows(table.name)} == {"explanations", "proofs"}
    assert {s["verdict"] for s in package.rows("submissions")} == {"ACCEPTED", "PARTIAL", "SAME", "RETURNED", "HELD"}
    states = {(s["period"], s["county_code"]): s["state"] for s in package.rows("states")}
    assert states["2023-02", FIRST] == "RETURNED"
    assert states["2023-02", SECOND] == "ACCEPTED"
    assert states["2023-02", "530102"] == "MISSING"
    assert {a["kind"] for a in package.rows("acts")} == {"CLOSE", "TELL", "SIGN", "ATTACH"}
    assert [row["state"] for row in package.rows("signatures")].count("VOID") == 1


@pytest.mark.parametrize(
    ("table", "old", "new", "fault"),
    [
        ("values", f",{SECOND},", ",999999,", "not found in the lookup table"),
        ("values", "ACCEPTED", "accepted", "enum"),
        ("measures", ",met,", ",good,", "enum"),
        ("periods", "2022-11-01", "2022-13-01", "Type error"),
        ("counties", "530102,", "530103,", "the same as in the row"),
        ("submissions", "2023-01-05/迪庆.xlsx", "", "required"),
    ],
)
def test_what_is_spoilt_is_found(package: Exported, tmp_path: Path, table: str, old: str, new: str, fault: str) -> None:
    name = f"csv/{table}.csv"
    spoilt = package.files[name].decode().replace(old, new, 1).encode()
    assert spoilt != package.files[name]
    found = faults(unpack(package.files | {name: spoilt}, tmp_path))
    assert any(fault in one for one in found), found


@pytest.mark.parametrize("name", ["csv/values.csv", "parquet/values.parquet"])
def test_a_byte_changed_on_the_way_is_found(package: Exported, tmp_path: Path, name: str) -> None:
    content = bytearray(package.files[name])
    content[-20] ^= 1
    assert any("hash" in one for one in faults(unpack(package.files | {name: bytes(content)}, tmp_path)))


@pytest.mark.parametrize("table", [t.name for t in TABLES])
def test_parquet_says_what_csv_says(package: Exported, table: str) -> None:
    assert package.rows(table) == typed(package.files, table)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_parquet_has_the_types_of_the_schema_whatever_its_rows(package: Exported, table: Any, tmp_path: Path) -> None:
    nobody = export_of(package.campaign, empty_snapshot(package.campaign, tmp_path), tmp_path / "导出")
    schema = pq.read_schema(package.folder / f"parquet/{table.name}.parquet")
    assert [(f.name, f.type, f.nullable) for f in schema] == [
        (c.name, ARROW[c.type], not c.required) for c in table.columns
    ]
    assert pq.read_schema(nobody.folder / f"parquet/{table.name}.parquet").equals(schema, check_metadata=True)
    assert schema.field(0).metadata[b"title"].decode() == table.columns[0].title


def test_words_are_kept_as_they_were_typed(package: Exported) -> None:
    entries = {e["field"]: e for e in package.rows("entries")}
    assert entries["P-2"]["value"] == entries["P-2"]["raw"] == ODD
    assert entries["P-2"]["file"] == ODD_NAME
    assert entries["P-1"]["value"] == SECOND
    thousand = [v for v in package.rows("values") if v["raw"] == "１，０００"]
    assert [(v["county_code"], v["value"], v["unit"], v["cell"]) for v in thousand] == [(THIRD, "1000", "场", "D9")]
    assert "约5" in {f["found"] for f in package.rows("findings")}


def test_in_the_periods_own_package_no_word_is_a_formula(package: Exported, tmp_path: Path) -> None:
    files = data_package(package.measures("2023-02"))
    assert faults(unpack(files, tmp_path)) == []
    entries = list(csv.DictReader(io.StringIO(files["entries.csv"].decode("utf-8-sig"), newline="")))
    assert [e["value"] for e in entries if e["field"] == "P-2"] == ["'" + ODD]


def test_nobody_is_named_who_filled_a_cover_or_worked_the_ledger(package: Exported) -> None:
    csvs = b"".join(content for name, content in package.files.items() if not name.endswith(".parquet")).decode()
    parquets = "".join(str(package.rows(table.name)) for table in TABLES)
    for name in (REPORTER, PHONE, CLERK):
        assert name not in csvs
        assert name not in parquets


def test_what_is_missing_is_no_zero(package: Exported) -> None:
    silent = [m for m in package.rows("measures") if m["county_code"] == "530102"]
    assert {(m["knowledge"], m["known_since"], m["value"]) for m in silent} == {("unknown", None, None)}
    assert {(m["status"], m["pace"]) for m in silent} == {("missing", "unclear")}
    assert not [v for v in package.rows("values") if v["county_code"] == "530102"]
    assert not [v for v in package.rows("values") if (v["period"], v["county_code"]) == ("2023-02", FIRST)]
    told = json.loads(package.files["datapackage.json"])["description"]
    assert "2022年11—12月：已报3/129个县。\n2023年1—2月：已报2/129个县。" in told


def test_what_was_reported_before_is_carried_and_says_from_when(package: Exported) -> None:
    """A county whose return of the second period was sent back: what it said in the first stands, and is marked."""
    rows = {(m["period"], m["county_code"], m["quantity"]): m for m in package.rows("measures")}
    mine = {q: (rows["2022-12", FIRST, q], now) for (p, c, q), now in rows.items() if (p, c) == ("2023-02", FIRST)}
    assert {now["knowledge"] for _, now in mine.values()} == {"known"}
    assert {before["knowledge"] for before, _ in mine.values()} == {"reported"}
    said = {q: pair for q, pair in mine.items() if pair[0]["value"] is not None}
    assert said
    for before, now in said.values():
        assert (
            (now["value"], now["known_since"]) == (before["value"], before["known_since"]) == (now["value"], "2022-12")
        )
        assert now["status"] == before["status"]
    assert {now["pace"] for _, now in mine.values() if now["status"] == "not_met"} <= {"unclear"}
    assert {m["known_since"] for m in package.rows("measures") if m["value"] is None} == {None}
    late = [m for m in package.rows("measures") if m["value"] is not None and m["knowledge"] == "reported"]
    assert {m["known_since"] == m["period"] for m in late} == {True}


def test_the_documented_examples_run_and_agree_with_the_reports(
    package: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(package.folder.parent)
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/数据包.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 9
    for block in blocks:
        exec(block, names)  # noqa: S102 - the documentation's own words
    assert names["report"].valid
    for period in ("2022-12", "2023-02"):
        said = [
            (code, c.met, c.applicable, c.pct, c.least_pct, c.most_pct, c.reported, c.roster)
            for code, c in package.measures(period).now.by_prefecture.items()
        ]
        columns = "prefecture_code, met, counted, pct, least, most, reported, roster"
        rows = names["completion"].filter(f"period = '{period}'").project(columns).order("prefecture_code").fetchall()
        assert rows == said
        shown = ["prefecture_code", "met", "counted", "pct", "reported", "roster"]
        table = names["table"].query("period == @period").sort_values("prefecture_code")[shown].astype(object)
        silent = [
            (code, *(figures[:3] if there else (None, None, None)), there, roster)
            for code, *figures, there, roster in said
        ]
        assert [tuple(row) for row in table.where(table.notna(), None).itertuples(index=False)] == silent
    check_totals(package, names["totals"])
    assert len(names["values"]) == len(package.rows("values"))
    assert names["origins"].filter("raw = '１，０００'").project("file, sheet, cell").fetchall() == [
        (ODD_NAME, "1.思想引领", "D9")
    ]
    late = sum(o.overdue for o in package.measures("2023-04").obligations if o.period.code <= "2023-04")
    assert len(names["overdue"].fetchall()) == late > 0
    assert names["problems"].project('"具体困难和问题"').fetchall() == [(ODD,)]


def check_totals(package: Exported, totals: duckdb.DuckDBPyRelation) -> None:
    said = {t.quantity.value: t for t in package.measures("2023-02").totals if not t.quantity.is_rate}
    found = totals.filter("period = '2023-02'").project("field, total, reported, roster").fetchall()
    assert found
    for field, total, reported, roster in found:
        if field in said:
            t = said[field]
            assert (total, reported, roster) == (t.actual, t.known - t.carried, t.roster), field
            assert t.carried


def test_every_table_is_in_the_documentation() -> None:
    text = (ROOT / "docs/数据包.md").read_text(encoding="utf-8")
    assert [t.name for t in TABLES if f"`{t.name}`" not in text] == []


def test_obligations_are_those_of_the_overdue_list(package: Exported) -> None:
    told = [
        (o["who"] or "", o["kind"], o["due_on"], o["timeliness"], o["days_overdue"])
        for o in package.rows("obligations")
        if o["period"] <= "2023-02"
    ]
    said = [
        (o.who, o.kind.value, o.due_on, o.timeliness.value, o.days_overdue)
        for o in package.measures("2023-02").obligations
        if o.period.code <= "2023-02"
    ]
    assert told == said


def test_one_period_is_told_alone_and_the_ledger_whole(package: Exported, tmp_path: Path) -> None:
    one = export_of(package.campaign, package.snapshot, tmp_path, ["2023-02"])
    assert faults(one.folder) == []
    for table in ("values", "entries", "states", "records", "obligations", "measures"):
        assert {row["period"] for row in one.rows(table)} == {"2023-02"}, table
    for table in ("submissions", "findings", "acts", "periods"):
        assert one.rows(table) == package.rows(table), table


def test_the_same_again_is_the_same_bytes(package: Exported) -> None:
    c = package.campaign
    assert export(c.program, package.snapshot, c.calendar) == package.files


def empty_snapshot(c: Campaign, folder: Path, as_of: date = AS_OF) -> Snapshot:
    store = Store(folder / "nothing", c.program)
    try:
        return take_snapshot(store, as_of)
    finally:
        store.close()


def test_a_campaign_that_has_not_begun_has_no_figures_yet(tmp_path: Path) -> None:
    c = campaign()
    nothing = export_of(c, empty_snapshot(c, tmp_path, date(2022, 10, 1)), tmp_path / "导出")
    assert faults(nothing.folder) == []
    assert [table for table in ("values", "states", "obligations", "measures") if nothing.rows(table)] == []
    assert len(nothing.rows("counties")) == 129
    assert "还没有开始的报送期" in json.loads(nothing.files["datapackage.json"])["description"]


def test_a_campaign_of_one_county_where_nobody_reports(tmp_path: Path) -> None:
    c = campaign()
    county = c.program.county_by_code[FIRST]
    alone = replace(
        c,
        program=replace(
            c.program,
            counties=(county,),
            prefectures=(c.program.prefecture_by_code[SMALL],),
            contacts=(),
        ),
    )
    one = export_of(alone, empty_snapshot(alone, tmp_path), tmp_path / "导出")
    assert faults(one.folder) == []
    assert {(m["status"], m["value"]) for m in one.rows("measures")} == {("missing", None), ("not_started", None)}
    assert [s["county_code"] for s in one.rows("states")] == [FIRST] * 3  # two periods over, one begun


def test_another_campaign_needs_no_code(tmp_path: Path) -> None:
    other = replace(load_campaign(Workspace(root=ROOT / "tests/examples/ningchuan")), key=campaign().key)
    store = Store(tmp_path / "dataset", other.program)
    content = sent("2024-03", "990200", of=other)
    take_in(other, store, [arrival(content, "南岭.xlsx", date(2024, 4, 8))], date(2024, 4, 10))
    there = export_of(other, take_snapshot(store, date(2024, 4, 10)), tmp_path / "导出")
    store.close()
    assert faults(there.folder) == []
    assert {v["prefecture_code"] for v in there.rows("values")} == {"990200"}
    names = json.loads(there.files["datapackage.json"])
    assert names["contributors"] == [{"title": other.program.organizer, "role": "publisher"}]
    assert "云南" not in there.files["datapackage.json"].decode()


def test_every_word_of_an_enumeration_is_told(package: Exported) -> None:
    words = {(t.name, c.name): {word for word, _ in c.enum} for t in TABLES for c in t.columns}
    assert words["acts", "kind"] == {kind.value for kind in ActKind}
    assert {m["status"] for m in package.rows("measures")} <= words["measures", "status"]
    assert words["measures", "pace"] == {pace.value for pace in Pace}
    assert words["measures", "knowledge"] == {knowledge.value for knowledge in Knowledge}
    assert words["obligations", "timeliness"] == {timeliness.value for timeliness in Timeliness}


def test_the_columns_of_values_are_those_other_programs_rely_on() -> None:
    """DESIGN §12."""
    (values,) = (t for t in TABLES if t.name == "values")
    assert values.header == (
        *("period", "prefecture_code", "county_code", "field", "value", "unit"),
        *("state", "submission", "file", "sheet", "cell", "raw"),
    )


def test_export_of_a_workspace_says_when_its_figures_are_invented(workspace: Workspace) -> None:
    plain = json.loads(export_files(workspace, None, AS_OF)["datapackage.json"])["description"]
    assert "虚构" not in plain
    (workspace.root / "演示数据.txt").write_text("演示\n", encoding="utf-8")
    assert json.loads(export_files(workspace, "2023-02", AS_OF)["datapackage.json"])["description"].startswith(
        "演示数据"
    )
    with pytest.raises(PipelineError, match="没有报送期 2031-02；可用：2022-12"):
        export_files(workspace, "2031-02", AS_OF)


def test_a_package_replaces_only_a_package(package: Exported, tmp_path: Path) -> None:
    target = tmp_path / "导出"
    write_package(target, package.files)
    assert {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()} == set(package.files)
    write_package(target, package.files | {"csv/values.csv": b"x"})
    assert (target / "csv/values.csv").read_bytes() == b"x"
    (target / "我的笔记.txt").write_text("不能丢", encoding="utf-8")
    with pytest.raises(PipelineError, match=r"我的笔记\.txt"):
        write_package(target, package.files)
    assert (target / "我的笔记.txt").read_text(encoding="utf-8") == "不能丢"
    with pytest.raises(PipelineError, match="不是目录"):
        write_package(target / "我的笔记.txt", package.files)
