"""The demo's campaign, played once through the real commands, then asked about from every side."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from pipeline.demo import play_periods
from pipeline.domain.findings import CATALOGUE
from pipeline.domain.state import State
from pipeline.domain.value import show
from pipeline.office.making import make_reports
from pipeline.office.queries import look
from pipeline.office.run import run
from pipeline.program.layout import CODE_ROW
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace
from tests.builder import new_workspace
from tests.kept import kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AS_OF = date(2023, 5, 16)
PERIOD = "2023-04"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(root=shutil.copytree(kept("campaign", played), tmp_path_factory.mktemp("demo") / "campaign"))


def played(folder: Path) -> Path:
    lines: list[str] = []
    page = play_periods(new_workspace(folder / "campaign"), say=lines.append, periods=3)
    assert page.name == "index.html"
    assert page.is_file()
    assert len(lines) == 6
    return folder / "campaign"


def table(workspace: Workspace, name: str, period: str = PERIOD) -> list[dict[str, str]]:
    content = (workspace.outbox(period) / "数据包" / f"{name}.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def every(workspace: Workspace, name: str) -> Iterator[dict[str, str]]:
    """The rows of a table in all packages: each holds its period."""
    made = [p.name for p in sorted((workspace.root / "outbox").iterdir()) if (p / "数据包").is_dir()]
    assert len(made) > 2
    for period in made:
        yield from table(workspace, name, period)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def document_text(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [cell.text for t in document.tables for row in t.rows for cell in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


def test_the_outbox_holds_what_was_promised(demo: Workspace) -> None:
    files = set(tree(demo.outbox(PERIOD)))
    assert {
        "index.html",
        "manifest.json",
        "工作简报.docx",
        "逾期县清单.docx",
        "逾期县清单.xlsx",
        "全省汇总.xlsx",
    } <= files
    assert {
        f"数据包/{n}"
        for n in (
            "values.csv",
            "submissions.csv",
            "findings.csv",
            "obligations.csv",
            "measures.csv",
            "datapackage.json",
        )
    } <= files
    assert sum(f.startswith("下发/") for f in files) == 17  # and the page for officers
    assert sum(f.startswith("图表/") for f in files) == 7  # the bulletin's six, and the calendar of what is owed


def test_all_that_can_happen_happened(demo: Workspace) -> None:
    submissions = list(every(demo, "submissions"))
    assert {s["verdict"] for s in submissions} >= {"ACCEPTED", "PARTIAL", "RETURNED"}
    assert any(s["reason"] == CATALOGUE["FILE_TRUNCATED"].title for s in submissions)
    findings = {f["code"] for f in every(demo, "findings")}
    assert {"CELL_READ_AS", "CELL_APPROXIMATE", "CELL_NOT_A_NUMBER", "FILE_TRUNCATED"} <= findings
    everything = list(every(demo, "obligations"))
    owed = [o for o in everything if o["kind"] == "REPORT"]
    assert len({(o["who"], o["period"]) for o in owed}) == 3 * (16 + 129)
    assert {o["kind"] for o in everything} == {"REPORT", "OFFICE_DUTY"}  # the eight actions ask for nothing else
    assert {o["reason"] for o in owed} == {"", "未收到报表", "退回待改", "收到、不能采用，待重报"}
    cut = {s["prefecture_code"] for s in submissions if s["reason"] == CATALOGUE["FILE_TRUNCATED"].title}
    assert {o["who"] for o in owed if o["reason"].startswith("收到") and len(o["who"]) == 6} >= cut
    assert cut
    assert "" not in cut
    never = [o for o in table(demo, "obligations") if o["kind"] == "REPORT" and o["who"] == "533300"]
    assert [o["streak"] for o in never] == ["1", "2", "3"]
    assert {v["state"] for v in table(demo, "values")} == {"ACCEPTED", "NIL"}


def test_the_resubmission_mended_the_returned_county(demo: Workspace) -> None:
    mended = [v for v in table(demo, "values", "2023-02") if "改正_" in v["file"] and v["field"] == "Q19-1"]
    returned = [f for f in table(demo, "findings", "2023-02") if f["found"] == "五百余人"]
    assert len(returned) == 1
    assert returned[0]["county_code"] in {v["county_code"] for v in mended}


def test_every_value_is_in_the_cell_it_names(demo: Workspace) -> None:
    """Read the officers' files again, independently, and compare all figures."""
    books: dict[str, CalamineWorkbook] = {}
    checked = 0
    for row in every(demo, "values"):
        book = books.setdefault(row["file"], CalamineWorkbook.from_path(str(demo.inbox / row["file"])))
        key = f"{row['file']}|{row['sheet']}"
        grid: Any = books.get(key)
        if grid is None:
            grid = books[key] = book.get_sheet_by_name(row["sheet"]).to_python(skip_empty_area=False)  # type: ignore[assignment]
        match = re.fullmatch(r"([A-Z]+)(\d+)", row["cell"])
        assert match, row
        col = 0
        for letter in match[1]:
            col = col * 26 + ord(letter) - 64
        line = grid[int(match[2]) - 1]
        last, new, shown = ("" if at < 0 else line[at] for at in (col - 3, col - 2, col - 1))
        # where a program that does not calculate saved it, what the total is made of stands before it
        assert show(shown if shown != "" or not row["raw"] else int(last) + int(new or 0)) == row["raw"]
        assert show(line[0]) == row["county_code"]
        if row["state"] == "ACCEPTED" and not row["raw"].endswith("场"):
            assert row["value"] == row["raw"].strip().removesuffix(".0")
        checked += 1
    assert checked > 20_000


def test_county_records_are_whole(demo: Workspace) -> None:
    program = load_campaign(demo).program
    values = table(demo, "values")
    period = program.period_by_code[PERIOD]
    required = {f.code for form in program.forms for f in form.fields_in(period) if f.required}
    assert {v["period"] for v in values} == {PERIOD}, "a package holds its period; the history is an export"
    counties = {v["county_code"] for v in values}
    assert len(counties) > 90
    for county in counties:
        assert required <= {v["field"] for v in values if v["county_code"] == county}


def test_cumulative_counts_never_fall_in_what_stands(demo: Workspace) -> None:
    program = load_campaign(demo).program
    last: dict[tuple[str, str], int] = {}
    explained = {
        (f["submission"], f["county_code"], f["field"]) for f in every(demo, "findings") if f["code"] == "EXPLAINED"
    }
    fell = set()
    for v in every(demo, "values"):
        field = program.field_by_code[v["field"]]
        if field.accumulation == "cumulative" and v["value"].isdigit():
            key = v["county_code"], v["field"]
            fell |= {(v["submission"], *key)} if int(v["value"]) < last.get(key, 0) else set()
            last[key] = int(v["value"])
    assert fell == explained
    assert len(fell) == 1


def test_completion_is_what_anyone_would_count_from_the_values(demo: Workspace) -> None:
    """An independent count from values.csv and program/ agrees with the measures."""
    m = look(demo, PERIOD, AS_OF)
    values: dict[str, dict[str, str]] = {}
    for v in table(demo, "values"):
        values.setdefault(v["county_code"], {})[v["field"]] = v["value"]
    met = applicable = 0
    for given in values.values():
        for q in m.program.quantities:
            if q.target is None or not q.judged or not q.fields or q.window.start > m.period.end:
                continue
            if q.is_rate:
                n, d = int(given[q.numerator or ""]), int(given[q.denominator or ""])
                if d == 0:
                    continue
                applicable += 1
                met += n * 100 >= int(q.target.threshold) * d
                continue
            value = given[q.value or ""]
            if value == "不适用":
                continue
            applicable += 1
            options = m.program.field_by_code[q.value or ""].options
            met += {
                "at_least": value.isdigit() and int(value) >= int(q.target.threshold),
                "yes": value == "是",
                "all_options": len(value.split("、")) == len(options),
                "any_option": value != "无",
            }[q.target.kind]
    assert (m.now.province.met, m.now.province.applicable) == (met, applicable)
    assert m.now.province.reported == len(values) == m.reported


def test_every_number_in_the_documents_is_a_registered_figure(demo: Workspace) -> None:
    """No digit stands in a document that did not come from a measure, but for the template's own numbering."""
    figures = json.loads((demo.outbox(PERIOD) / "manifest.json").read_text(encoding="utf-8"))["figures"]
    own = re.compile(r"图\d|表\d")
    for name, register in figures.items():
        text = own.sub("", document_text(demo.outbox(PERIOD) / name))
        known = {number for f in register for number in re.findall(r"\d[\d,]*(?:\.\d+)?", f["text"])}
        known |= {"2022", "14", "2023"} if name == "工作简报.docx" else set()  # the notice's own number; 2023年新建
        untraced = {n for n in re.findall(r"\d[\d,]*(?:\.\d+)?", text) if n not in known}
        untraced -= set(re.findall(r"\d+", "".join(load_campaign(demo).program.notice)))
        titles = "".join(q.title for q in load_campaign(demo).program.quantities)
        assert not {n for n in untraced if n not in titles}, (name, untraced)


def test_the_bulletin_states_its_coverage(demo: Workspace) -> None:
    m = look(demo, PERIOD, AS_OF)
    text = document_text(demo.outbox(PERIOD) / "工作简报.docx")
    assert f"按已报{m.reported}个县统计" in text
    assert "演示数据，数字均为虚构" in text
    assert "nan" not in text.lower()
    assert "None" not in text
    assert len([i for i in range(1, 33) if re.search(rf"^{i}\.", text, re.MULTILINE)]) == 32


def test_summary_and_overdue_workbooks_agree_with_the_values(demo: Workspace) -> None:
    m = look(demo, PERIOD, AS_OF)
    book = openpyxl.load_workbook(demo.outbox(PERIOD) / "全省汇总.xlsx", data_only=True)
    sheet = book["1.思想引领"]
    codes = [c.value for c in sheet[6]]
    so_far = [v for p in m.program.periods_through(m.period) for v in table(demo, "values", p.code)]
    values = {(v["county_code"], v["field"]): v["value"] for v in so_far}  # what was said last stands
    column = codes.index("Q01-1")
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=7)}
    total = 0
    for county in m.program.counties:
        cell = rows[county.code][column].value
        assert str(cell) == values[county.code, "Q01-1"] if (county.code, "Q01-1") in values else cell is None
        total += int(cell) if isinstance(cell, (int, float)) else 0
    assert sheet.cell(7, column + 1).value == total
    late = openpyxl.load_workbook(demo.outbox(PERIOD) / "逾期县清单.xlsx").active
    assert late is not None
    listed = {row[3] for row in late.iter_rows(min_row=4, values_only=True)}
    assert listed == {o.who for o in m.owed_now if o.is_county and o.overdue}


def test_the_manifest_is_true(demo: Workspace) -> None:
    folder = demo.outbox(PERIOD)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    for name, digest in manifest["inputs"]["files"].items():
        assert hashlib.sha256((demo.root / name).read_bytes()).hexdigest() == digest
    for one in manifest["inputs"]["submissions"]:
        assert hashlib.sha256((demo.inbox / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    assert manifest["as_of"] == AS_OF.isoformat()


def test_what_a_period_no_longer_lists_was_met_before_and_is_counted(demo: Workspace) -> None:
    m = look(demo, PERIOD, AS_OF)
    listed = {(o["who"], o["what"], o["due_on"]) for o in table(demo, "obligations")}
    rest = [o for o in m.obligations if (o.who, o.what, o.due_on.isoformat()) not in listed]
    before = m.program.previous(m.period)
    assert before is not None
    assert len(listed) + len(rest) == len(m.obligations)
    assert rest
    for o in rest:
        assert o.met, o
        assert o.period.no < m.period.no, o
        assert m.snapshot.by_seq[o.submission].received_on <= before.due_on, o
    page = (demo.outbox(PERIOD) / "index.html").read_text(encoding="utf-8")
    data = json.loads(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[0])
    for code in m.program.unit_by_code:
        mine = sum(o.who == code for o in m.obligations)
        assert len(data["owed"].get(code, [])) + data["settled"].get(code, 0) == mine, code


def test_a_package_lists_its_own_files_and_those_that_it_names(demo: Workspace) -> None:
    m = look(demo, PERIOD, AS_OF)
    listed = {s["submission"]: s["period"] for s in table(demo, "submissions") if s["submission"]}
    named = {row["submission"] for name in ("values", "obligations", "findings") for row in table(demo, name)} - {""}
    assert named <= listed.keys()
    assert {no for no, period in listed.items() if period == PERIOD} == {
        str(s.seq) for s in m.snapshot.submissions if s.period == PERIOD
    }
    assert len(listed) < len(m.snapshot.submissions)


def test_running_again_changes_nothing(demo: Workspace, tmp_path: Path) -> None:
    copy = Workspace(root=tmp_path / "copy")
    shutil.copytree(demo.root, copy.root)
    before = tree(copy.outbox(PERIOD))
    outcome = run(copy, PERIOD, AS_OF)
    assert outcome.taken.seqs == ()
    assert tree(copy.outbox(PERIOD)) == before


def test_taken_in_from_nothing_the_same_files_give_the_same_products(demo: Workspace, tmp_path: Path) -> None:
    """All three periods in one run on a fresh dataset: each is still checked against the one before."""
    copy = Workspace(root=tmp_path / "copy")
    shutil.copytree(demo.root, copy.root)
    shutil.rmtree(copy.dataset)
    run(copy, PERIOD, AS_OF)
    key = lambda v: (v["period"], v["county_code"], v["field"], v["value"], v["state"], v["file"], v["cell"], v["raw"])  # noqa: E731
    assert sorted(map(key, table(copy, "values"))) == sorted(map(key, table(demo, "values")))
    again = [(o["who"], o["what"], o["met"], o["streak"], o["reason"]) for o in table(copy, "obligations")]
    assert again == [(o["who"], o["what"], o["met"], o["streak"], o["reason"]) for o in table(demo, "obligations")]


def test_as_of_an_earlier_day_later_files_are_not_there(demo: Workspace) -> None:
    m = look(demo, "2023-02", date(2023, 3, 7))
    later = look(demo, "2023-02", AS_OF)
    assert m.reported < later.reported
    assert all(s.received_on <= date(2023, 3, 7) for s in m.snapshot.submissions)


def test_a_failing_report_costs_only_itself(demo: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = Workspace(root=tmp_path / "copy")
    shutil.copytree(demo.root, copy.root)
    before = tree(copy.outbox(PERIOD))
    manifest = copy.outbox(PERIOD) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | {"key": ""}))  # else nothing is made again

    def fail(*_: Any, **__: Any) -> bytes:
        raise RuntimeError

    monkeypatch.setattr("pipeline.office.making.summary_workbook", fail)
    assert any("全省汇总.xlsx" in one for one in run(copy, PERIOD, AS_OF).unmade)
    after = tree(copy.outbox(PERIOD))
    assert before.keys() - after.keys() == {"全省汇总.xlsx"}
    assert after.keys() - before.keys() == {"全省汇总_未能生成.txt"}


def test_officers_text_is_never_markup_or_formula(demo: Workspace, tmp_path: Path) -> None:
    copy = Workspace(root=tmp_path / "copy")
    shutil.copytree(demo.root, copy.root)
    source = next(copy.inbox.glob("2023-05-*/昆明市*.xlsx"))
    book = openpyxl.load_workbook(source)
    column = [cell.value for cell in book["1.思想引领"][CODE_ROW + 1]].index("Q01-1") + 1
    for n, text in enumerate(("=cmd|'/c calc'!A1", "{{7*7}}", "<script>alert(1)</script>", "../../x"), 7):
        book["1.思想引领"].cell(n, column).value = text
        book["1.思想引领"].cell(n, column).data_type = "s"
    hostile = source.with_name("<script>{{7*7}}.xlsx")
    book.save(hostile)
    for other in copy.inbox.rglob("*"):
        if other.is_file() and other != hostile:
            other.unlink()
    shutil.rmtree(copy.dataset)
    m = run(copy, PERIOD, AS_OF).measures
    page = (copy.outbox(PERIOD) / "index.html").read_text(encoding="utf-8")
    assert "<script>{{" not in page
    assert "&lt;script&gt;{{7*7}}" in page
    assert "{{7*7}}" in page
    found = {f["found"] for f in table(copy, "findings")}
    assert {"'=cmd|'/c calc'!A1", "{{7*7}}", "../../x"} <= found
    assert m.snapshot.state(m.period, m.program.county_by_code["530102"]) is State.RETURNED


def test_a_period_nobody_reported_still_makes_documents(demo: Workspace, tmp_path: Path) -> None:
    copy = Workspace(root=tmp_path / "copy")
    copy.root.mkdir()
    for name in ("program", "expectations", "templates"):
        shutil.copytree(demo.root / name, copy.root / name)
    copy.inbox.mkdir()
    outcome = run(copy, "2022-12", date(2023, 1, 16))
    assert outcome.measures.reported == 0
    text = document_text(copy.outbox("2022-12") / "工作简报.docx")
    assert "不作完成情况统计" in text
    assert "0.0%" not in text
    assert make_reports(copy, outcome.measures).files["工作简报.docx"]
