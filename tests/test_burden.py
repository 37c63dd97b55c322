"""减负账: who reads a column is found by making everything, and the counts are those of what went out and what came back."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.forms.messages import prompt_of
from pipeline.measures.burden import Burden, kind_of, minutes, together
from pipeline.measures.ten_tasks import aside_figures
from pipeline.office.burden import forecast
from pipeline.office.issuing import issue_period
from pipeline.office.proof import verify
from pipeline.office.queries import look
from pipeline.products.drawing.fonts import ChartError
from pipeline.products.drawing.parts import Canvas
from pipeline.products.officer_page import drawn as page_of
from pipeline.products.officer_page import officer_page
from pipeline.products.readers import everything_said, readers, unread_columns
from pipeline.products.summary.workbook import summary_workbook
from pipeline.program.layout import CODE_ROW, FIRST_ROW, address
from pipeline.program.load import load_program
from pipeline.program.model import FieldType
from pipeline.system.errors import IssueError
from tests.builder import (
    FIRST,
    ROOT,
    SECOND,
    SMALL,
    THIRD,
    blank,
    filled,
    new_workspace,
    own_key,
    valid,
    whole_campaign,
)
from tests.test_explanations import DAY1, DAY2, DAY3, P1, P2, PROGRAM, TICKED, issued, put, run, ticks, typed

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.domain.value import Value
    from pipeline.program.model import Period
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace
    from tests.officer import Session

TEMPLATES = ROOT / "templates" / "docx"
CHANGED = {("A1", FIRST, "Q01-1"): 7, ("A1", FIRST, "Q02-1"): 9}
SPOILT = {("A2", SECOND, "Q05-2"): "约三"}

# --- who reads a column ---------------------------------------------------------------------------------------------


@cache
def read() -> dict[str, tuple[str, ...]]:
    c = whole_campaign()
    return readers(c.program, c.calendar, TEMPLATES)


def test_what_reads_a_column_is_found_and_no_list_of_values_is_a_reader() -> None:
    c, found = whole_campaign(), read()
    assert {"工作简报", "总结报告", "全省汇总", "画像"} <= set(found["Q01-1"])
    assert {"催报函", "逾期县清单"} <= set(found["M03-2"])  # a day that decides whether something is late
    assert "典型案例汇编" in found["L-5"]
    assert "工作简报" not in found["S-1"]
    assert "图“专项工作经费安排、到账和支出情况”" in found["F01-1"]
    assert unread_columns(c.program, c.calendar, TEMPLATES) == ()
    silent = replace(c.program, topics=())
    unread, found = unread_columns(silent, c.calendar, TEMPLATES), readers(silent, c.calendar, TEMPLATES)
    assert set(unread) == {f.code for form in c.program.forms for f in form.fields if not f.shows} - found.keys()
    assert {"T01-2", "D01-1"} <= set(unread)  # texts that are only counted
    assert {c.program.field_by_code[code].type for code in unread} == {FieldType.TEXT}


def test_readers_follow_what_the_programme_says_and_what_the_templates_ask(tmp_path: Path) -> None:
    c = whole_campaign()
    other = replace(c.program, topics=())
    for path in TEMPLATES.glob("*.docx"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "总结报告.docx").write_bytes((TEMPLATES / "典型案例汇编.docx").read_bytes())
    found = readers(other, c.calendar, tmp_path)
    assert "T01-2" in read()
    assert "T01-2" not in found
    assert "总结报告" in read()["F01-1"]
    assert "总结报告" not in found["F01-1"]


def test_the_invented_campaign_fills_every_column_in_every_period() -> None:
    program = whole_campaign().program
    small = replace(program, prefectures=program.prefectures[:1])
    rows = everything_said(small).rows
    for (form, period, _), row in rows.items():
        asked = small.form_by_code[form].fields_in(small.period_by_code[period])
        assert set(row.values) == {f.code for f in asked}
        assert all(value not in {None, ""} for value in row.values.values())


# --- what was asked ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three counties: the first period came in workbooks nobody noted, the second changes two cells and is returned for one."""
    workspace = new_workspace(tmp_path_factory.mktemp("w") / "w")
    own_key(workspace)
    put(workspace, DAY1, "一.xlsx", filled("2022-12"))
    run(workspace, "receive", day=DAY1)
    run(workspace, "issue", "--period", "2023-02", "--prefecture", SMALL, day=DAY1)
    new = {
        (form.code, unit, f.code): valid(f, PROGRAM.county_by_code[unit], P2)
        for form in PROGRAM.forms
        for unit in TICKED
        for f in form.fields_in(P2)
        if f not in form.fields_in(P1)
    }
    some = ticks(*{(form, unit) for form, unit, _ in new}, ("A1", FIRST), ("A2", SECOND)) | new | CHANGED
    put(workspace, DAY2, "二.xlsx", typed(issued(workspace, "2023-02"), some | SPOILT))
    run(workspace, "receive", day=DAY2)
    put(workspace, DAY3, "三.xlsx", typed(issued(workspace, "2023-02"), some | {("A2", SECOND, "Q05-2"): 3}))
    run(workspace, "receive", day=DAY3)
    return workspace


def account(workspace: Workspace) -> dict[str, Any]:
    return dict(json.loads(run(workspace, "burden", "--period", "2023-02", "--json", day=DAY3)))


def test_what_was_typed_is_counted_and_what_is_not_known_is_not_guessed(story: Workspace) -> None:
    found = account(story)
    before = found["periods"]["2022-12"]
    assert (before["known"], before["typed"], before["minutes"]) == (0, None, None)
    assert before["asked"] == len(PROGRAM.counties) * sum(len(form.fields_in(P1)) for form in PROGRAM.forms)
    units = {one["code"]: one for one in found["units"]}
    asked, last = (sum(len(form.fields_in(p)) for form in PROGRAM.forms) for p in (P2, P1))
    fresh = asked - last
    touched = {form.code for form in PROGRAM.forms if set(form.fields_in(P2)) - set(form.fields_in(P1))}
    for code, changed in ((FIRST, 2), (SECOND, 1), (THIRD, 0)):
        one = units[code]
        assert (one["asked"], one["prefilled"], one["typed"], one["changed"]) == (asked, last, fresh, changed), code
        own = {FIRST: {"A1"}, SECOND: {"A2"}, THIRD: set[str]()}[code]
        assert one["ticked"] == len({form.code for form in PROGRAM.forms} - touched - own)
    assert (units[SECOND]["again"], units[FIRST]["again"]) == (1, 0)
    other = next(one for code, one in units.items() if code not in TICKED)
    assert (other["known"], other["prefilled"], other["minutes"]) == (0, None, None)
    for name in ("asked", "known", "again"):
        assert found["periods"]["2023-02"][name] == sum(one[name] for one in units.values())


def test_the_words_and_the_sheet_say_the_same(story: Workspace) -> None:
    found = account(story)
    text = run(story, "burden", "--period", "2023-02", day=DAY3)
    now = found["periods"]["2023-02"]
    assert f"带出{now['prefilled']}，新填{now['typed']}，改动{now['changed']}" in text
    assert f"没有用处的指标 {len(found['unread'])} 项" in text
    book = openpyxl.load_workbook(io.BytesIO(summary_workbook(look(story, "2023-02", DAY3), found["unread"])))
    rows = [list(cells) for cells in book["减负账"].iter_rows(values_only=True)]
    whole = next(cells for cells in rows if cells[:2] == ["全省", P2.title])
    assert [whole[2], whole[3], *whole[5:7], *whole[8:10]] == [
        now[name] for name in ("asked", "unread", "known", "prefilled", "typed", "changed")
    ]
    listed = [str(cells[1]) for cells in rows if cells[0] == "没有用处"]
    assert [text.rsplit("（", 1)[1].rstrip("）") for text in listed] == found["unread"]


def test_where_nothing_was_noted_it_says_so(workspace: Workspace) -> None:
    put(workspace, DAY1, "一.xlsx", filled("2022-12"))
    run(workspace, "receive", day=DAY1)
    assert "没有账" in run(workspace, "burden", "--period", "2022-12", day=DAY1)


def test_burdens_add_up_and_minutes_are_those_of_the_model() -> None:
    effort = whole_campaign().program.burden
    assert effort is not None
    one = Burden(units=1, known=1, of=10, prefilled=4, asked=Counter(a=10), work=Counter(look=4, number=6))
    two = together([one, one, Burden(units=1, asked=Counter(a=1))])
    assert (two.units, two.known, two.cells(), two.share_prefilled) == (3, 2, 21, 40.0)
    assert two.minutes(effort) == pytest.approx(2 * minutes(one.work, effort))
    assert Burden(units=1).minutes(effort) is None
    assert {kind_of(f) for form in whole_campaign().program.forms for f in form.fields} == {
        "number",
        "choice",
        "checklist",
        "date",
        "text",
    }
    assert len(FieldType) == 8


# --- what is not asked ----------------------------------------------------------------------------------------------


def test_a_conditional_cell_is_grey_where_its_condition_does_not_hold_and_says_when_it_is_asked() -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank("2023-02", SMALL, "M", "P")))
    looks: dict[tuple[str, Any], list[str]] = {}
    sheets: list[Any] = [book["9.里程碑"], book["15.问题台账"]]
    for sheet in sheets:
        for found in sheet.conditional_formatting:
            for one in found.sqref.ranges:
                for col in range(one.min_col, one.max_col + 1):
                    looks.setdefault((sheet.title, col), []).extend(rule.formula[0] for rule in found.rules)
    columns = {cell.value: cell.column for sheet in sheets for cell in sheet[CODE_ROW + 1]}
    assert '="是")*1))>0' in looks["9.里程碑", columns["M03-2"]][-1]
    assert '="已解决")*1))>0' in looks["15.问题台账", columns["P-9"]][-1]
    assert not any("(1-IF(" in look for look in looks["9.里程碑", columns["M03-1"]])
    assert max(map(len, looks.values())) <= 3
    program = whole_campaign().program
    asked = prompt_of(program, program.field_by_code["M03-2"], None, "")
    assert "“是否已完成与对口联系单位的对接”填“是”的才填" in asked


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_a_conditional_cell_refuses_what_is_typed_where_nobody_asks(office: Session, tmp_path: Path, kind: str) -> None:
    """As LibreOffice judges the cells itself, after it saved them: a day and a text, where the answer is 是, 否, or none yet."""
    sheet, path = "9.里程碑", tmp_path / "in.xlsx"
    path.write_bytes(blank("2023-02", SMALL, "M"))
    codes = [cell.value for cell in openpyxl.load_workbook(path)[sheet][CODE_ROW + 1]]
    answer, day, text = (codes.index(code) for code in ("M03-1", "M03-2", "M03-3"))
    again = tmp_path / f"again.{kind}"
    again.write_bytes(office.saved_as(kind, path))
    typed = [["paste", sheet, FIRST_ROW, answer, "是"], ["paste", sheet, FIRST_ROW + 1, answer, "否"]]
    for row in range(FIRST_ROW, FIRST_ROW + 3):
        typed += [["type", sheet, row, day, "2023-02-15"], ["paste", sheet, row, text, "动员会纪要"]]
    *_, wrong, _ = office.work([["open", str(again)], *typed, ["invalid", sheet], ["close"]])
    filled = {address(row, col) for row in range(FIRST_ROW, FIRST_ROW + 3) for col in (day, text)}
    assert set(wrong) & filled == filled - {address(FIRST_ROW, col) for col in (day, text)}
    early = ["type", sheet, FIRST_ROW, day, "2021-02-15"]
    *_, wrong, _ = office.work([["open", str(again)], typed[0], early, ["invalid", sheet], ["close"]])
    assert address(FIRST_ROW, day) in wrong


def test_a_blank_switches_no_conditional_validation_off_and_its_alert_says_when_it_is_asked() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(blank("2023-02", SMALL, "M", "P")))["9.里程碑"]
    codes = [cell.value for cell in sheet[CODE_ROW + 1]]
    place = address(FIRST_ROW, codes.index("M03-2"))
    (found,) = (v for v in sheet.data_validations.dataValidation if place in v.sqref)
    assert (found.type, found.allowBlank) == (
        "custom",
        False,
    )  # Excel takes anything where a blank is looked at and ignored
    assert found.error.startswith("“是否已完成与对口联系单位的对接”填“是”的才填")


def test_what_is_asked_beside_the_quantities_is_added_up_and_counted() -> None:
    program = whole_campaign().program
    values: dict[str, dict[str, Value]] = {
        FIRST: {"Q02-2f": "读书分享、其他", "Q06-3d": 4, "Q15-1t": date(2023, 2, 3)},
        SECOND: {"Q02-2f": "其他", "Q06-3d": 5, "Q15-1t": date(2023, 1, 3)},
        THIRD: {"Q02-2f": "无"},
    }
    columns = {c.field.code: c.province for one in aside_figures(program, P2, values) for c in one.columns}
    assert columns["Q02-2f"].options == {"读书分享": 1, "知识竞赛": 0, "小型慰问演出": 0, "其他": 2}
    assert (columns["Q02-2f"].none_ticked, columns["Q02-2f"].reported) == (1, 3)
    assert columns["Q06-3d"].total is not None
    assert columns["Q06-3d"].total.amount == 9
    assert columns["Q15-1t"].latest == date(2023, 2, 3)
    assert "Q02-2" not in columns  # a quantity rests on it


# --- before it goes out ---------------------------------------------------------------------------------------------


def test_lint_says_what_will_be_asked_and_warns_above_the_budget(workspace: Workspace) -> None:
    path = workspace.program / "program.yaml"
    text = path.read_text(encoding="utf-8")
    said = CliRunner().invoke(main, ["--project", str(workspace.root), "lint"])
    assert said.exit_code == 0
    cells = sum(len(form.fields_in(P1)) for form in PROGRAM.forms)
    assert f"填报负担：每县首期至多填{cells}格" in said.output
    assert "budget" not in said.output
    path.write_text(text.replace("budget: {first: 190", "budget: {first: 10"), encoding="utf-8")
    said = CliRunner().invoke(main, ["--project", str(workspace.root), "lint"])
    assert said.exit_code == 0
    assert f"每县首期要填约{cells}格，超过" in said.output
    path.write_text(text.replace("look: 1 ", "look: -1 "), encoding="utf-8")
    said = CliRunner().invoke(main, ["--project", str(workspace.root), "lint"])
    assert said.exit_code == 2
    assert "不能小于0" in said.output


def test_a_programme_without_a_model_is_told_so() -> None:
    said = forecast(replace(PROGRAM, burden=None))
    assert "没有 burden" in said.said
    assert said.over == ()


# --- the page for officers ------------------------------------------------------------------------------------------


def written(monkeypatch: pytest.MonkeyPatch, c: Campaign, period: Period) -> tuple[list[str], bytes]:
    """The texts of the page, and the page."""
    texts: list[str] = []
    draw = Canvas.text

    def note(self: Canvas, x: float, y: float, text: str, **how: Any) -> None:
        texts.append(text)
        draw(self, x, y, text, **how)

    monkeypatch.setattr(Canvas, "text", note)
    page_of.cache_clear()
    return texts, officer_page(c.program, c.rules, period)


def test_the_page_for_officers_speaks_as_the_workbook_does(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, page = written(monkeypatch, whole_campaign(), P2)
    assert {"未核对", "已改1格", "已核对", "请写说明", "已说明", f"报送截止：{P2.due_words}"} <= set(texts)
    assert "核对：还有5个县没有核对、0个县要写说明" in texts
    assert {*"123456"} <= set(texts)
    page_of.cache_clear()
    assert officer_page(whole_campaign().program, whole_campaign().rules, P2) == page
    assert len(re.findall(rb"/Type /Page\b", page)) == 1
    assert re.findall(rb"Date \((.*?)\)", page) == [f"D:{P2.due_on:%Y%m%d}000000Z".encode()]  # no clock in it


def test_of_a_first_period_it_says_how_a_blank_workbook_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, _ = written(monkeypatch, whole_campaign(), P1)
    assert "全部填齐，可以报送" in texts
    assert not {"未核对", "已核对"} & set(texts)


@pytest.mark.parametrize("example", ["harbour", "ningchuan"])
def test_any_programme_has_its_page(example: str) -> None:
    program = load_program(ROOT / "tests" / "examples" / example / "program")
    for period in program.periods[:2]:
        assert officer_page(program, {}, period).startswith(b"%PDF")


def test_the_page_of_a_later_issue_is_noted_as_it_is_then(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issued anew for one respondent, the page is another: nobody has changed it by hand."""
    run(workspace, "issue", "--period", "2022-12", day=DAY1)
    monkeypatch.setattr("pipeline.products.officer_page.officer_page", lambda *_: b"%PDF-1.4 another")
    run(workspace, "issue", "--period", "2022-12", "--prefecture", SMALL, day=DAY1)
    assert verify(workspace).faults == ()


def test_it_goes_out_with_the_workbooks_and_is_one_page_of_a4(story: Workspace) -> None:
    path = story.outbox("2023-02") / "下发" / "填报一页通.pdf"
    assert not verify(story).faults
    if shutil.which("pdfinfo"):
        told = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
        assert re.search(r"Pages:\s+1\b", told)
        assert "(A4)" in told


def test_a_page_that_cannot_be_drawn_stops_no_workbook(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> bytes:
        raise ChartError("缺字")

    monkeypatch.setattr("pipeline.products.officer_page.officer_page", fails)
    with pytest.raises(IssueError, match=r"1份已生成.*填报一页通.pdf：缺字"):
        issue_period(workspace, "2022-12", SMALL, DAY1)
    assert [path.suffix for path in (workspace.outbox("2022-12") / "下发").iterdir()] == [".xlsx"]
