"""From the second period on: what was accepted last stands in the cells; what is neither changed nor ticked is not reported."""

from __future__ import annotations

import io
import random
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils import column_index_from_string
from python_calamine import CalamineWorkbook

from pipeline.checks.carry import carried, to_confirm
from pipeline.checks.masks import run_masks
from pipeline.domain.past import Past
from pipeline.domain.state import State, Verdict
from pipeline.forms.issue import Issue, issue_workbook
from pipeline.intake.first_round import registry
from pipeline.intake.take_in import judge
from pipeline.program.layout import (
    BEFORE,
    CHECK_SHEET,
    FIRST_ROW,
    LIVE_FORMULA,
    MOVED,
    NIL,
    REASON,
    REMARK,
    STAMP_ROW,
    STATUS,
    TO_EXPLAIN,
    UNCONFIRMED,
    UNLIKELY,
    SheetLayout,
    column_letter,
)
from pipeline.reading.read import read_return
from tests.builder import FIRST, SECOND, SMALL, THIRD, arrival, fitting, part_of_campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.checks.decide import Decision
    from pipeline.domain.value import Value
    from pipeline.program.model import County, Field
    from tests.officer import Session

C = replace(part_of_campaign("A3", "A5", "M", "F"), key=bytes(range(32)))
PROGRAM = C.program
P2 = PROGRAM.period_by_code["2023-04"]
COUNTIES = PROGRAM.counties_of(SMALL)
LONG = "上期把市级场次误计入本县，现已核减"  # more than ten characters
FIRE = frozenset(
    {"ROW_UNCONFIRMED", "RETURN_UNCHANGED", "CONFIRMED_AND_CHANGED", "CORRECTED_SINCE", "EXPLAINED"}
)  # below, each by name
Changes = dict[tuple[str, str], Any]


def accepted(field: Field, county: County) -> Value:
    """A value every rule accepts, as it stands when it was accepted."""
    value: Value = fitting(field, county, PROGRAM.periods[1])
    return Decimal(str(value)) if isinstance(value, float) else value


def known(**other: Value) -> Past:
    """Everything asked was accepted before, the same for all three counties, but for what is told."""
    before = {
        (c.code, f.code): other.get(f.code.replace("-", "_"), accepted(f, c))
        for c in COUNTIES
        for form in PROGRAM.forms
        for f in form.fields_in(P2)
    }
    floors = {key: v for key, v in before.items() if isinstance(v, (int, Decimal))}
    return Past(previous=before, floors=floors, current={}, standing={})


def issue(past: Past) -> Issue:
    """What goes out for the third period."""
    prefecture = PROGRAM.prefecture_by_code[SMALL]
    entries = carried(PROGRAM, P2, prefecture, past)
    return Issue(
        program=PROGRAM,
        key=C.key,
        rules=C.rules,
        period=P2,
        prefecture=prefecture,
        previous={**past.previous, **past.floors},
        entries=entries,
        base=to_confirm(PROGRAM, entries),
    )


def layout_of(it: Issue, code: str) -> SheetLayout:
    return next(x for x in it.layouts() if x.form.code == code)


def place(it: Issue, county: str, code: str, form: str = "") -> tuple[str, int, int]:
    """Sheet, row and column (from 1) of a county's cell."""
    field = PROGRAM.field_by_code.get(code)
    layout = layout_of(it, field.form if field else form)
    row = FIRST_ROW + 1 + [u.code for u in layout.units].index(county)
    return layout.form.sheet, row, layout.col_of(code) + 1


def returned(
    past: Past, changes: Changes, ticks: Mapping[str, str] | None = None, touch: Callable[[Any], None] = lambda _: None
) -> bytes:
    """The issued workbook, some cells typed over: (county, field, or form.tick, form.remark) → what is typed."""
    it = issue(past)
    book = openpyxl.load_workbook(io.BytesIO(issue_workbook(it)))
    for county, forms in (ticks or {}).items():
        for form in forms.split():
            sheet, row, col = place(it, county, NIL, form)
            book[sheet].cell(row, col).value = "√"
    for (county, code), value in changes.items():
        form, _, column = code.partition(".")
        sheet, row, col = place(it, county, column or form, form)
        book[sheet].cell(row, col).value = value
    touch(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def judged(content: bytes, past: Past, sent: Past | None = None) -> Decision:
    """What becomes of it, seen from what was accepted by then."""
    (one,) = read_return(registry(C, ()), arrival(content, day=date(2023, 5, 3))).returns
    (decision,) = judge(PROGRAM, C.rules, P2, [one], past if sent is None else sent, run_masks)
    return decision


def states(decision: Decision) -> dict[str, State]:
    return {r.county_code: r.state for r in decision.records}


def codes(decision: Decision) -> list[str]:
    return sorted({f.code for f in decision.findings})


ALL = {c.code: "A3 A5 F M" for c in COUNTIES}


def test_sent_back_untouched_reports_nothing_and_says_so_once() -> None:
    past = known()
    decision = judged(returned(past, {}), past)
    assert decision.verdict is Verdict.EMPTY
    assert decision.records == ()
    assert [f.code for f in decision.findings] == ["RETURN_UNCHANGED"]
    assert "没有核对" in decision.reason


def test_ticked_throughout_is_a_report_of_what_was_known() -> None:
    past = known()
    decision = judged(returned(past, {}, ALL), past)
    assert states(decision) == dict.fromkeys((FIRST, SECOND, THIRD), State.NIL)
    values = next(r for r in decision.records if r.county_code == FIRST).lines["A5"].values
    assert values["Q18-1"] == 2
    assert decision.findings == ()


def test_a_row_neither_changed_nor_ticked_returns_its_county_and_no_other() -> None:
    past = known()
    decision = judged(
        returned(past, {(FIRST, "Q18-1"): 5}, {FIRST: "A3 F M", SECOND: "A3 F M", THIRD: "A3 A5 F M"}), past
    )
    assert states(decision) == {FIRST: State.ACCEPTED, SECOND: State.RETURNED, THIRD: State.NIL}
    assert [(f.code, f.county_code, f.location.sheet) for f in decision.findings] == [
        ("ROW_UNCONFIRMED", SECOND, "5.建功立业")
    ]


def test_a_county_that_says_nothing_at_all_is_no_record() -> None:
    past = known()
    decision = judged(returned(past, {}, {FIRST: "A3 A5 F M", SECOND: "A3 A5 F M"}), past)
    assert states(decision) == {FIRST: State.NIL, SECOND: State.NIL}
    assert [(f.code, f.county_code) for f in decision.findings] == [("ROW_UNCONFIRMED", THIRD)]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_left_alone_is_never_reported(seed: int) -> None:
    """Each row of each sheet to be confirmed is left, ticked or changed, by chance; with a reason or not, which changes nothing."""
    dice, past = random.Random(seed), known()  # noqa: S311 - a test
    done = {(c.code, form): dice.choice(["left", "ticked", "changed"]) for c in COUNTIES for form in ("A3", "A5", "F")}
    field = {"A3": "Q10-2", "A5": "Q18-1", "F": "F01-1"}
    changes: Changes = {
        (unit, field[form]): 2 if form == "F" else 5 for (unit, form), what in done.items() if what == "changed"
    } | {(unit, f"{form}.{REMARK}"): LONG for unit, form in done if dice.random() < 0.5}
    ticks = {c.code: " ".join(form for form in field if done[c.code, form] == "ticked") for c in COUNTIES}
    decision = judged(returned(past, changes, ticks), past)
    for county in COUNTIES:
        said = [done[county.code, form] for form in field]
        record = next((r for r in decision.records if r.county_code == county.code), None)
        if set(said) == {"left"}:
            assert record is None
        else:
            assert record is not None
            assert (record.state is State.RETURNED) is ("left" in said)
            assert set(field) & record.lines.keys() == {form for form in field if done[county.code, form] != "left"}


def test_changed_and_ticked_is_taken_as_changed_and_told() -> None:
    past = known()
    decision = judged(returned(past, {(FIRST, "Q18-1"): 5}, ALL), past)
    assert states(decision)[FIRST] is State.ACCEPTED
    assert decision.records[0].lines["A5"].values["Q18-1"] == 5
    assert codes(decision) == ["CONFIRMED_AND_CHANGED"]


def test_a_cleared_cell_is_a_change_and_not_zero() -> None:
    past = known()
    decision = judged(
        returned(past, {(FIRST, "Q18-1"): None}, {FIRST: "A3 F M", SECOND: "A3 A5 F M", THIRD: "A3 A5 F M"}), past
    )
    assert states(decision)[FIRST] is State.RETURNED
    assert codes(decision) == ["REQUIRED"]


@pytest.mark.parametrize("typed", ["2", "２", " 2 ", 2.0])
def test_the_same_value_typed_again_is_no_change(typed: Any) -> None:
    past = known()
    decision = judged(
        returned(past, {(FIRST, "Q18-1"): typed}, {FIRST: "A3 F M", SECOND: "A3 A5 F M", THIRD: "A3 A5 F M"}), past
    )
    assert states(decision)[FIRST] is State.RETURNED
    assert "ROW_UNCONFIRMED" in codes(decision)


def test_what_was_corrected_after_it_went_out_is_not_taken_back_by_leaving_it() -> None:
    past, since = known(), known(Q18_1=4)
    content = returned(past, {(FIRST, "Q18-2"): 3}, ALL)
    decision = judged(content, past, sent=since)
    for record in decision.records:
        assert record.lines["A5"].values["Q18-1"] == 4
    told = {(f.county_code, f.field) for f in decision.findings if f.code == "CORRECTED_SINCE"}
    assert told == {(c.code, "Q18-1") for c in COUNTIES}


def without_what_went_out(book: Any) -> None:
    """Somebody deletes the hidden columns."""
    for sheet in ("3.服务阵地", "5.建功立业", "13.资金"):
        codes = [cell.value for cell in book[sheet][FIRST_ROW]]
        first = codes.index(MOVED) + 1
        book[sheet].delete_cols(first, len(codes) - first + 1)


def spoilt(book: Any) -> None:
    """What is hidden can no longer be read."""
    for name in ("3.服务阵地", "5.建功立业", "13.资金"):
        codes = [str(cell.value) for cell in book[name][FIRST_ROW]]
        for col in (n for n, code in enumerate(codes, 1) if code.startswith(BEFORE)):
            for row in range(FIRST_ROW + 1, FIRST_ROW + 4):
                book[name].cell(row, col).value = "#REF!"


def test_where_what_went_out_cannot_be_read_silence_is_still_no_consent() -> None:
    past = known()
    assert judged(returned(past, {}, touch=spoilt), past).verdict is Verdict.EMPTY


def test_without_the_hidden_columns_silence_is_still_no_consent() -> None:
    past = known()
    assert judged(returned(past, {}, touch=without_what_went_out), past).verdict is Verdict.EMPTY


def test_a_workbook_that_went_out_blank_is_read_as_it_always_was() -> None:
    past = known()
    it = replace(issue(past), base={})
    assert not layout_of(it, "A5").confirms
    (one,) = read_return(registry(C, ()), arrival(issue_workbook(it), day=date(2023, 5, 3))).returns
    (decision,) = judge(PROGRAM, C.rules, P2, [one], past, run_masks)
    assert states(decision) == dict.fromkeys((FIRST, SECOND, THIRD), State.ACCEPTED)


def test_the_first_period_goes_out_blank() -> None:
    nothing = Past(previous={}, floors={}, current={}, standing={})
    assert not any(x.confirms for x in issue(nothing).layouts())


def test_what_stands_in_words_beside_each_row_is_what_intake_finds() -> None:
    past = known()
    it = issue(past)
    typed: dict[tuple[str, str, str], Any] = {
        ("A5", FIRST, "Q18-1"): 5,
        ("A5", SECOND, NIL): "√",
        ("A5", THIRD, "Q18-1"): 1,
    }
    book = openpyxl.load_workbook(
        io.BytesIO(issue_workbook(replace(it, entries={**it.entries, **typed}))), data_only=True
    )
    sheet, _, col = place(it, FIRST, STATUS, "A5")
    assert [book[sheet].cell(FIRST_ROW + 1 + n, col).value for n in range(3)] == ["已改1格", "已核对", TO_EXPLAIN]
    assert book["3.服务阵地"].cell(FIRST_ROW + 1, col).value == UNCONFIRMED
    assert "还有0个县没有核对、1个县要写说明" in book[sheet]["A3"].value
    assert "还有3个县没有核对" in book["3.服务阵地"]["A3"].value


def test_a_fall_without_a_reason_is_returned_and_asked_for_one() -> None:
    past = known()
    decision = judged(
        returned(past, {(FIRST, "Q18-1"): 1}, {FIRST: "A3 F M", SECOND: "A3 A5 F M", THIRD: "A3 A5 F M"}), past
    )
    (f,) = decision.findings
    assert (f.code, states(decision)[FIRST]) == ("CUMULATIVE_FELL", State.RETURNED)
    assert "写明原因" in f.fix


@pytest.mark.parametrize(
    ("reason", "passes"),
    [
        (LONG, True),
        ("上期多报了，已核减。", True),  # as the cell counts it
        ("上期多报了一场", False),
        ("。" * 30, False),
        ("　 " * 12, False),
        (12345678901, False),
        ("情况属实情况属实情况", True),
    ],
)
def test_a_reason_of_ten_characters_lets_the_unlikely_pass(reason: Any, passes: bool) -> None:
    past = known()
    changes = {(FIRST, "Q18-1"): 1, (FIRST, f"A5.{REMARK}"): reason}
    decision = judged(returned(past, changes, {FIRST: "A3 F M", SECOND: "A3 A5 F M", THIRD: "A3 A5 F M"}), past)
    assert (states(decision)[FIRST] is State.ACCEPTED) is passes
    explained = [f for f in decision.findings if f.code == "EXPLAINED"]
    assert bool(explained) is passes
    if passes:
        assert reason in explained[0].fix
        assert explained[0].rule == "Q18-1.never_falls"


def test_the_kind_of_a_reason_is_kept() -> None:
    past = known()
    kind = PROGRAM.explanations[1]
    changes = {(FIRST, "Q18-1"): 1, (FIRST, f"A5.{REMARK}"): LONG, (FIRST, f"A5.{REASON}"): kind}
    decision = judged(returned(past, changes, ALL), past)
    assert any(f.fix == f"说明：{kind}：{LONG}" for f in decision.findings)


@pytest.mark.parametrize(("code", "value"), [("Q18-1", -3), ("Q18-1", "约5"), ("Q18-2", 1.5), ("Q18-1", None)])
def test_no_reason_makes_the_impossible_pass(code: str, value: Any) -> None:
    past = known()
    changes = {(FIRST, code): value, (FIRST, f"A5.{REMARK}"): LONG}
    assert states(judged(returned(past, changes, ALL), past)).get(FIRST) is State.RETURNED


def test_what_was_explained_once_is_silent_until_it_changes() -> None:
    rule = next(r for r in C.rules["A5"] if r.id == "Q18-1.never_falls")
    past = replace(known(), answers={(FIRST, "", rule.id): f"说明：其他：{LONG}"})
    again = replace(past, current={(FIRST, "Q18-1"): 1})  # as it was accepted with that reason, sent once more
    changes = {(FIRST, "Q18-1"): 1}
    ticks = {FIRST: "A3 F M", SECOND: "A3 A5 F M", THIRD: "A3 A5 F M"}
    assert states(judged(returned(past, changes, ticks), past, sent=again))[FIRST] is State.ACCEPTED
    other = {(FIRST, "Q18-1"): 0}
    assert states(judged(returned(past, other, ticks), past, sent=again))[FIRST] is State.RETURNED


def test_a_long_reason_is_kept_as_far_as_it_is_shown() -> None:
    past = known()
    changes = {(FIRST, "Q18-1"): 1, (FIRST, f"A5.{REMARK}"): LONG * 100}
    (told,) = (f for f in judged(returned(past, changes, ALL), past).findings if f.code == "EXPLAINED")
    assert len(told.fix) < 250


def test_a_sheet_changed_in_its_words_only_repeats_nothing() -> None:
    """Its figures stood in the cells: that they are those of the last time is what was asked for."""
    past = known()
    changes = {(c.code, "Q19-1f"): "职工" for c in COUNTIES} | {(c.code, "F01-1"): 2 for c in COUNTIES}
    decision = judged(returned(past, changes, {c.code: "A3" for c in COUNTIES}), past)
    assert set(states(decision).values()) == {State.ACCEPTED}
    assert "RETURN_REPEATS" not in codes(decision)


FILLED: dict[tuple[str, str, str], Any] = {
    ("A5", FIRST, "Q18-1"): 1,  # fell, no reason
    ("A5", SECOND, "Q18-1"): 1,
    ("A5", SECOND, REMARK): LONG,  # fell, with one
    ("A5", THIRD, NIL): "√",
    ("A3", FIRST, "Q10-1"): 9,
    ("F", FIRST, "F01-2"): 7.5,  # spent before it came in, no reason
    ("F", SECOND, "F01-2"): 7.5,
    ("F", SECOND, REMARK): "项目先行垫付，资金下期到",
    ("F", THIRD, "F04-1"): 8.0,  # an exception accepted before stands untouched beside it
}


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_an_office_program_counts_what_we_wrote_beside_the_formulas(office: Session, tmp_path: Path, kind: str) -> None:
    past = known()
    before = {**past.previous, (THIRD, "F01-2"): Decimal("5.00")}  # more than the 1.00 that came in, explained then
    it = issue(replace(past, previous=before, floors={**past.floors, (THIRD, "F01-2"): Decimal("5.00")}))
    path = tmp_path / "in.xlsx"
    path.write_bytes(issue_workbook(replace(it, entries={**it.entries, **FILLED})))
    ours = openpyxl.load_workbook(path, data_only=True)
    theirs = CalamineWorkbook.from_filelike(io.BytesIO(office.saved_as(kind, path, anew=True)))
    for form in ("A3", "A5", "F"):
        layout = layout_of(it, form)
        grid = theirs.get_sheet_by_name(layout.form.sheet).to_python()
        assert grid[STAMP_ROW][0] == ours[layout.form.sheet].cell(STAMP_ROW + 1, 1).value
        foot = [cell for cell in grid[layout.foot_row] if cell != ""]
        assert foot == [str(grid[STAMP_ROW][0]).split("。")[0]] * len(foot)
        assert len(foot) == 1 + len(ours[layout.form.sheet].col_breaks.brk)
        for code in (STATUS, MOVED, UNLIKELY):
            col = layout.col_of(code)
            for row in range(FIRST_ROW, layout.last_row + 1):
                assert grid[row][col] == ours[layout.form.sheet].cell(row + 1, col + 1).value, (form, code, row)
    check = theirs.get_sheet_by_name(CHECK_SHEET).to_python()
    for row, cells in enumerate(ours[CHECK_SHEET].iter_rows(min_row=3, values_only=True), 2):
        assert [c for c in check[row][: len(cells)] if c != ""] == [c for c in cells if c not in {None, ""}], row
    states = {(form, place(it, unit, STATUS, form)[1] - FIRST_ROW - 1): unit for form in ("A5", "F") for unit in ALL}
    seen = {
        (form, unit): ours[layout_of(it, form).form.sheet]
        .cell(FIRST_ROW + 1 + n, layout_of(it, form).col_of(STATUS) + 1)
        .value
        for (form, n), unit in states.items()
    }
    assert seen == {
        ("A5", FIRST): TO_EXPLAIN,
        ("A5", SECOND): "已说明",
        ("A5", THIRD): "已核对",
        ("F", FIRST): TO_EXPLAIN,
        ("F", SECOND): "已说明",
        ("F", THIRD): "已改1格",
    }


def test_the_live_line_is_printed_at_the_foot_of_each_page_and_read_back_as_ours() -> None:
    past = known()
    it = issue(past)
    content = issue_workbook(it)
    book = openpyxl.load_workbook(io.BytesIO(content))
    for layout in (x for x in it.layouts() if x.confirms):
        sheet = book[layout.form.sheet]
        assert sheet.print_area.endswith(f"${layout.foot_row + 1}")
        begins = [layout.col_of(NIL) + 1, *(b.id + 1 for b in sheet.col_breaks.brk)]  # behind the names on each page
        there = [cell.column for cell in sheet[layout.foot_row + 1] if cell.value]
        assert there == begins
        feet = [str(cell.value) for cell in sheet[layout.foot_row + 1] if cell.value]
        assert all(foot.startswith("=" + LIVE_FORMULA) for foot in feet)
    for sent in (content, returned(past, {})):  # calculated, and not
        assert codes(judged(sent, past)) == ["RETURN_UNCHANGED"]


def test_what_counts_each_cell_for_itself_looks_at_as_many_cells_as_it_knows_of() -> None:
    """Where an array is one column wider than another, Excel makes an error of the whole; LibreOffice does not mind."""
    it = issue(known())
    check: Any = openpyxl.load_workbook(io.BytesIO(issue_workbook(it)))[CHECK_SHEET]
    for col, layout in enumerate((x for x in it.layouts() if not x.form.is_list), 3):
        formula = check.cell(5, col).value.text
        masks = [mask.split(",") for mask in re.findall(r"\{([01,]+)\}", formula)]
        first, last = re.findall(r"LEN\(TRIM\(SUBSTITUTE\(SUBSTITUTE\('[^']+'!\$([A-Z]+)\$\d+:\$([A-Z]+)\$", formula)[0]
        wide = column_index_from_string(last) - column_index_from_string(first) + 1
        assert len(masks) == 5
        assert {len(mask) for mask in masks} == {wide}, layout.form.code


def test_a_note_below_the_rows_that_is_not_ours_is_told() -> None:
    def note(book: Any) -> None:
        book["5.建功立业"].cell(layout_of(issue(past), "A5").foot_row + 1, 6).value = "核对：请看备注"

    past = known()
    assert "ROW_UNRECOGNISED" in codes(judged(returned(past, {}, ALL, note), past))


def test_every_hidden_column_says_what_it_is() -> None:
    it = issue(known())
    layout = layout_of(it, "A5")
    book = openpyxl.load_workbook(io.BytesIO(issue_workbook(it)))
    sheet = book[layout.form.sheet]
    for code in layout.unseen:
        col = layout.col_of(code) + 1
        assert sheet.cell(FIRST_ROW, col).value == code
        assert sheet.cell(FIRST_ROW - 1, col).value
        letter = column_letter(col - 1)
        assert any(d.hidden and int(d.min or 0) <= col <= int(d.max or 0) for d in sheet.column_dimensions.values()), (
            letter
        )
    assert [c for c in layout.unseen if c.startswith(BEFORE)] == [
        BEFORE + f.code for f in layout.fields if f.code not in layout.increments
    ]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_saved_by_an_office_program_it_is_read_as_it_was_left(office: Session, tmp_path: Path, kind: str) -> None:
    past, path = known(), tmp_path / "in.xlsx"
    path.write_bytes(returned(past, {}))
    assert judged(office.saved_as(kind, path, anew=True), past).verdict is Verdict.EMPTY
    changes = {(FIRST, "Q18-1"): 1, (FIRST, f"A5.{REMARK}"): LONG, (THIRD, "Q18-2"): 3}
    path.write_bytes(returned(past, changes, {FIRST: "A3 F M", SECOND: "A3 A5 F M", THIRD: "A3 F M"}))
    decision = judged(office.saved_as(kind, path, anew=True), past)
    assert states(decision) == {FIRST: State.ACCEPTED, SECOND: State.NIL, THIRD: State.ACCEPTED}
    assert codes(decision) == ["EXPLAINED", "REMARK"]
