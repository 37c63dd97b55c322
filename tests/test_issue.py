"""The workbook that goes out: what the officer sees in every cell, and that it is the same each time."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipeline.forms.cover import HOW_TO
from pipeline.forms.excel_rules import contradictions
from pipeline.forms.issue import Issue, issue_workbook
from pipeline.program.identity import Stamp
from pipeline.program.layout import (
    CODE_ROW,
    FIRST_ROW,
    IDENTITY_SHEET,
    LABEL_ROW,
    address,
    column_letter,
    plain,
    sheet_layout,
)
from pipeline.program.model import FieldType
from pipeline.program.rules import NOT_NULL, rules_in
from tests.builder import FIRST, SMALL, blank, campaign, whole_campaign

if TYPE_CHECKING:
    from pipeline.domain.value import Value

C, WHOLE = campaign(), whole_campaign()
P2 = C.program.period_by_code["2023-02"]


def issue(
    previous: dict[tuple[str, str], Value] | None = None, prefecture: str = SMALL, period: str = "2023-02"
) -> Issue:
    return Issue(
        program=C.program,
        key=C.key,
        rules=C.rules,
        period=C.program.period_by_code[period],
        prefecture=C.program.prefecture_by_code[prefecture],
        previous=previous or {},
    )


@cache
def blank_of_all() -> bytes:
    """A workbook of the whole campaign, with nothing in it."""
    return issue_workbook(
        Issue(
            program=WHOLE.program,
            key=WHOLE.key,
            rules=WHOLE.rules,
            period=P2,
            prefecture=WHOLE.program.prefecture_by_code[SMALL],
            previous={},
        )
    )


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def validations(sheet: Any) -> dict[str, Any]:
    """Cell address → its validation."""
    return {
        cell: v
        for v in sheet.data_validations.dataValidation
        for area in v.sqref.ranges
        for row in area.rows
        for cell in (address(r - 1, c - 1) for r, c in row)
    }


def test_the_same_call_gives_the_same_bytes() -> None:
    assert issue_workbook(issue()) == issue_workbook(issue())
    assert issue_workbook(issue()) != issue_workbook(issue({(FIRST, "Q01-1"): 3}))
    assert issue().number != issue({(FIRST, "Q01-1"): 3}).number


@pytest.mark.parametrize("prefecture", [p.code for p in C.program.prefectures])
def test_every_prefecture_has_its_counties_on_every_sheet(prefecture: str) -> None:
    book = opened(blank("2023-02", prefecture))
    names = [c.short_name for c in C.program.counties_of(prefecture)]
    assert book.sheetnames == ["填报说明", *(f.sheet for f in C.program.forms), "自查", IDENTITY_SHEET]
    for form in C.program.forms:
        sheet = book[form.sheet]
        assert [sheet.cell(r, 2).value for r in range(FIRST_ROW + 1, FIRST_ROW + 1 + len(names))] == names
        fields = form.fields_in(P2)
        assert [c.value for c in sheet[CODE_ROW + 1]][3:-1] == [f.code for f in fields]
        assert [plain(c.value) for c in sheet[LABEL_ROW + 1]][3:-1] == [plain(f.label) for f in fields]


def test_identity_is_stamped_on_every_sheet_and_repeated() -> None:
    book = opened(blank("2023-02", SMALL))
    assert book[IDENTITY_SHEET].sheet_state == "veryHidden"
    listed = {row[0]: Stamp.parse(row[1]) for row in book[IDENTITY_SHEET].iter_rows(values_only=True)}
    for form in C.program.forms:
        stamp = Stamp.parse(book[form.sheet]["A3"].value)
        assert stamp is not None
        assert stamp == listed[form.sheet]
        assert (stamp.form, stamp.period, stamp.prefecture_code) == (form.code, "2023-02", SMALL)


def test_every_cell_to_fill_has_its_rule_prompt_and_alert() -> None:
    book = opened(blank("2023-02", SMALL))
    for form in C.program.forms:
        layout = sheet_layout(form, P2, C.program.counties_of(SMALL))
        rules = validations(book[form.sheet])
        for field in layout.fields:
            for row in range(FIRST_ROW, layout.last_row + 1):
                v = rules[address(row, layout.col_of(field.code))]
                kind = {
                    FieldType.COUNT: "custom" if field.not_applicable else "whole",
                    FieldType.YESNO: "list",
                    FieldType.CHOICE: "list",
                    FieldType.CHECKLIST: "custom",
                    FieldType.DATE: "date",
                }[field.type]
                assert v.type == kind, field.code
                assert field.title[:20] in v.prompt
                assert field.title in v.error
                assert v.errorStyle in ({"warning"} if field.type is FieldType.DATE else {None, "stop"})
                if field.type is FieldType.YESNO:
                    assert v.formula1 == ('"是,否,不适用"' if field.not_applicable else '"是,否"')
        assert rules[address(FIRST_ROW, 2)].formula1 == '"√"'


def test_last_accepted_values_are_prompted_and_the_least_allowed() -> None:
    book = opened(issue_workbook(issue({(FIRST, "Q01-1"): 7, (FIRST, "Q05-3"): 7})))
    talks = validations(book["1.思想引领"])
    assert (talks["D7"].formula1, talks["D8"].formula1) == ("7", "0")
    assert "上次已接收：7" in talks["D7"].prompt
    assert "确实比上次小的可以继续" in talks["D7"].error
    assert talks["D7"].errorStyle == "warning"
    assert "不少于上次已接收的7" in talks["D7"].error
    assert "上次已接收" not in talks["D8"].prompt
    layout = sheet_layout(C.program.form_by_code["A2"], P2, C.program.counties_of(SMALL))
    stock = validations(book["2.组织功能"])[address(FIRST_ROW, layout.col_of("Q05-3"))]
    assert stock.formula1 == "0"  # a stock may fall
    part = validations(book["2.组织功能"])[address(FIRST_ROW, layout.col_of("Q08-1n"))]
    assert part.prompt.endswith("不大于“所属乡镇（街道）工会数”")


def test_prompts_show_unit_target_and_reading() -> None:
    layout = sheet_layout(C.program.form_by_code["A5"], P2, C.program.counties_of(SMALL))
    prompt = validations(opened(blank("2023-02", SMALL))["5.建功立业"])[
        address(FIRST_ROW, layout.col_of("Q19-1"))
    ].prompt
    assert "单位：人次" in prompt
    assert "目标：不少于500人次" in prompt
    assert "自2023年1月1日起按人次累计" in prompt


def test_officers_see_no_code_words_and_no_notes_of_ours() -> None:
    """What the cell of a code holds is shown by no program and printed by none; how a sentence was read stays with us."""
    book = opened(blank_of_all())
    for form in WHOLE.program.forms:
        sheet = book[form.sheet]
        for row in sheet.iter_rows(min_row=1, max_row=FIRST_ROW + 1):
            for cell in row:
                if str(cell.value) in {"county_code", "county_name", "nil", "remark", "entry"} | {
                    f.code for f in form.fields
                }:
                    assert (cell.number_format, cell.protection.hidden) == (";;;", True), cell.coordinate
        told = [text for v in sheet.data_validations.dataValidation for text in (v.prompt, v.promptTitle, v.error)]
        shown = "\n".join(str(text) for text in told if text)
        assert not re.search("读法|无判据|无定量目标|原文|仅填报|需省总", shown)
        assert not [f.code for f in form.fields if re.search(rf"\b{f.code}\b", shown)]


def test_what_is_to_be_filled_in_is_open_and_all_else_is_protected() -> None:
    book = opened(blank_of_all())
    for sheet in book.worksheets[:-1]:
        may = sheet.protection
        assert (may.sheet, may.password) == (True, None), sheet.title
        allowed = (may.formatColumns, may.formatRows, may.sort, may.autoFilter)
        assert allowed == (False, False, False, False), "attributes say what is forbidden"
    for form in WHOLE.program.forms:
        sheet, layout = book[form.sheet], sheet_layout(form, P2, WHOLE.program.units_of(form, SMALL))
        open_to_all = {x.code for x in layout.fields if not x.shows} | {"nil", "remark"}
        for col, code in enumerate(layout.columns):
            for row in (LABEL_ROW, CODE_ROW, FIRST_ROW):
                locked = sheet.cell(row + 1, col + 1).protection.locked
                assert locked is (row != FIRST_ROW or code not in open_to_all), (form.sheet, row, code)
        if form.is_list:  # all that it takes, also where no row is drawn
            column = sheet.column_dimensions[column_letter(1)]
            assert column.protection.locked is False


def test_several_options_may_be_separated_as_people_type() -> None:
    form = next(f for f in WHOLE.program.forms if any(x.type is FieldType.CHECKLIST for x in f.fields))
    one = next(x for x in form.fields if x.type is FieldType.CHECKLIST)
    layout = sheet_layout(form, P2, WHOLE.program.units_of(form, SMALL))
    rule = validations(opened(blank_of_all())[form.sheet])[address(FIRST_ROW, layout.col_of(one.code))]
    assert "可多选，用“、”或“，”隔开" in rule.prompt
    assert all(f'"{sign}"' in rule.formula1 for sign in "、，,")


def test_every_cross_field_rule_an_officer_can_break_is_a_red_cell() -> None:
    book = opened(blank("2023-02", SMALL))
    for form in C.program.forms:
        fields = [f.code for f in form.fields_in(P2)]
        formulas = " ".join(
            str(f) for area in book[form.sheet].conditional_formatting for rule in area.rules for f in rule.formula
        )
        for clash in contradictions(rules_in(C.rules[form.code], fields)):
            layout = sheet_layout(form, P2, C.program.counties_of(SMALL))
            for code in clash.rule.columns:
                column = re.sub(r"\d", "", address(0, layout.col_of(code)))
                assert f"${column}{FIRST_ROW + 1}" in formulas, clash.rule.id
    broken = {clash.rule.id for form in C.program.forms for clash in contradictions(C.rules[form.code])}
    assert {"Q13-2.part_of_whole", "Q07-2.needs_federation", "Q11-2.needs_site", "Q15-1t.goes_with_count"} <= broken


def test_self_check_counts_start_at_what_is_required() -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank("2023-02", SMALL)), data_only=True)
    sheet = book["自查"]
    for col, form in enumerate(C.program.forms, 3):
        asked = {f.code for f in form.fields_in(P2)}
        required = {
            r.kwargs["column"] for r in C.rules[form.code] if r.type == NOT_NULL and r.severity == "critical"
        } & asked
        assert sheet.cell(5, col).value == len(required)
    assert str(sheet["A3"].value).startswith("还有 ")


def test_the_cover_says_who_when_and_how() -> None:
    sheet = opened(blank("2023-02", SMALL))["填报说明"]
    text = "\n".join(str(c.value) for row in sheet.iter_rows() for c in row if c.value)
    for words in ("迪庆州总工会", "2023年1—2月", "2023年3月7日", "填报人", "联系电话", "审核人", "填报日期", *HOW_TO):
        assert words in text
    assert len(HOW_TO) == 10


def test_print_setup_is_a4_landscape_with_repeated_headers() -> None:
    book = opened(blank("2023-02", SMALL))
    for form in C.program.forms:
        sheet = book[form.sheet]
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert (sheet.print_title_rows, sheet.print_title_cols) == ("$4:$5", "$B:$B")
        assert not sheet.sheet_properties.pageSetUpPr or not sheet.sheet_properties.pageSetUpPr.fitToPage


def test_nothing_in_the_package_tells_the_time() -> None:
    with zipfile.ZipFile(io.BytesIO(blank("2023-02", SMALL))) as archive:
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert str(date.today()) not in archive.read("docProps/core.xml").decode()  # noqa: DTZ011
