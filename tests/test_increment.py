"""本期新增: what came in this period is typed beside the last total, and the cell makes the sum; both are checked on intake."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from pipeline.domain.past import Past
from pipeline.domain.state import State, Verdict
from pipeline.forms.confirming import row_status, watched
from pipeline.forms.issue import issue_workbook
from pipeline.intake.first_round import registry
from pipeline.program.forms import load_form
from pipeline.program.layout import BEFORE, CHECK_SHEET, CODE_ROW, NEW, NIL, STATUS, TO_EXPLAIN, TO_MEND
from pipeline.reading.cells import Parsed, parse_new
from pipeline.reading.increments import summed
from pipeline.reading.read import read_return
from pipeline.system.errors import ProgramError
from tests.builder import FIRST, ROOT, SECOND, THIRD, arrival
from tests.officer import FILTERS
from tests.test_confirming import (
    ALL,
    COUNTIES,
    LONG,
    PROGRAM,
    C,
    codes,
    issue,
    judged,
    known,
    layout_of,
    place,
    returned,
    states,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.checks.decide import Decision
    from tests.officer import Session

FIELD = "Q19-1"
ADDS = NEW + FIELD
REST = {FIRST: "A3 F M", SECOND: "A3 A5 F M", THIRD: "A3 A5 F M"}  # ticked: all but the row that is looked at
FIRE = frozenset({"INCREMENT_DIFFERS", "INCREMENT_BASE_MOVED"})  # below, each by name
LAST = 12


def past(**other: Any) -> Past:
    """Twelve were trained by the last period."""
    return known(**{"Q19_1": LAST} | other)


def sent(new: Any, total: Any = ..., *, touch: Callable[[Any], None] = lambda _: None, **more: Any) -> Decision:
    """What becomes of a return in which the first county adds something; its total is left to the formula unless told."""
    changes: dict[tuple[str, str], Any] = {(FIRST, f"A5.{ADDS}"): new}
    changes |= {} if total is ... else {(FIRST, FIELD): total}
    changes |= {(FIRST, f"A5.{code}"): value for code, value in more.items()}
    return judged(returned(past(), changes, REST, touch), past())


def total(decision: Decision, unit: str = FIRST) -> Any:
    record = next(r for r in decision.records if r.county_code == unit)
    return record.lines["A5"].values[FIELD]


# --- the sheet ------------------------------------------------------------------------------------------------------


def test_a_total_stands_beside_the_last_one_and_what_is_new() -> None:
    it = issue(past())
    layout = layout_of(it, "A5")
    assert layout.columns_of(FIELD) == (BEFORE + FIELD, ADDS, FIELD)
    sheet = openpyxl.load_workbook(io.BytesIO(issue_workbook(it)))[layout.form.sheet]
    shown = openpyxl.load_workbook(io.BytesIO(issue_workbook(it)), data_only=True)[layout.form.sheet]
    _, row, col = place(it, FIRST, FIELD)
    assert [sheet.cell(CODE_ROW, col - n).value for n in (2, 1, 0)] == [
        "上次累计：\n技能培训人次",
        "本期新增：\n技能培训人次\n（人次）",
        "累计：\n技能培训人次\n（人次，2023年1月1日起）",
    ]
    assert str(sheet.cell(row, col).value).startswith("=IF(ISERROR(")
    assert [shown.cell(row, col - n).value for n in (2, 1, 0)] == [LAST, None, LAST]
    assert [sheet.cell(row, col - n).protection.locked for n in (2, 1, 0)] == [True, False, False]


def test_a_first_period_and_a_new_field_ask_for_the_total_as_before() -> None:
    nothing = Past(previous={}, floors={}, current={}, standing={})
    assert not any(layout.increments for layout in issue(nothing).layouts())
    assert layout_of(issue(past(Q19_1=None)), "A5").increments == frozenset()


def test_a_row_that_was_never_accepted_is_asked_for_its_total_only() -> None:
    before = past()
    some = {key: v for key, v in before.previous.items() if key != (FIRST, FIELD)}
    floors = {key: v for key, v in before.floors.items() if key != (FIRST, FIELD)}
    without = replace(before, previous=some, floors=floors)
    it = issue(without)
    _, row, col = place(it, FIRST, FIELD)
    sheet = openpyxl.load_workbook(io.BytesIO(issue_workbook(it)))["5.建功立业"]
    assert [sheet.cell(row, col - n).value for n in (2, 1, 0)] == [None, None, None]
    assert [sheet.cell(row, col - n).protection.locked for n in (2, 1, 0)] == [True, True, False]

    def judge(changes: Mapping[tuple[str, str], Any]) -> Decision:
        return judged(returned(without, dict(changes), REST), without)

    assert total(judge({(FIRST, FIELD): 5})) == 5
    told = judge({(FIRST, f"A5.{ADDS}"): 5})
    assert states(told)[FIRST] is State.RETURNED
    assert "INCREMENT_DIFFERS" in codes(told)
    assert total(judge({(FIRST, f"A5.{ADDS}"): 5, (FIRST, FIELD): 5})) == 5
    assert states(judge({(FIRST, f"A5.{ADDS}"): 5, (FIRST, FIELD): 9}))[FIRST] is State.RETURNED


def test_the_state_of_a_row_follows_what_is_new() -> None:
    it = issue(past())
    layout, rules = layout_of(it, "A5"), it.rules["A5"]

    def state(new: Any, made: Any, **more: Any) -> str:
        typed = {("A5", FIRST, ADDS): new, ("A5", FIRST, FIELD): made}
        typed |= {("A5", FIRST, code): value for code, value in more.items()}
        return row_status({**it.entries, **typed}, it.base, layout, FIRST, watched(layout, rules))

    assert state(None, LAST) == "未核对"
    assert state(None, LAST, nil="√") == "已核对"
    assert state(3, LAST + 3) == state(0, LAST) == "已改1格"  # nothing new is an answer
    assert state(-3, LAST - 3) == TO_EXPLAIN
    assert state(-3, LAST - 3, remark=LONG) == "已说明"


# --- intake ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "typed", "due"),
    [
        (3, ..., 15),  # the formula was never calculated: what wrote the file does not calculate
        (3, 15, 15),
        ("３", TO_MEND, 15),
        ("3人次", TO_MEND, 15),
        (3, None, 15),
        (0, ..., 12),
        ("无", TO_MEND, 12),
        (None, 20, 20),  # the total by hand
    ],
)
def test_what_is_new_makes_the_total(new: Any, typed: Any, due: int) -> None:
    decision = sent(new, typed)
    assert states(decision)[FIRST] is State.ACCEPTED
    assert total(decision) == due
    assert set(codes(decision)) <= {"CELL_READ_AS"}


def test_what_the_cell_did_not_show_is_told() -> None:
    (told,) = sent(3, None).findings
    assert (told.code, told.expected) == ("CELL_READ_AS", "读作15：上次12加本期新增3；格里没有算出的累计")
    (told,) = sent("３", TO_MEND).findings
    assert told.expected == "读作15：上次12加本期新增3；格里显示的是待改"
    assert sent(3).findings == ()  # nothing else was shown, and the formula is ours


def test_neither_of_two_numbers_that_disagree_is_taken() -> None:
    decision = sent(3, 17)
    assert states(decision)[FIRST] is State.RETURNED
    (told,) = decision.findings
    assert (told.code, told.found, told.expected) == (
        "INCREMENT_DIFFERS",
        "累计17，本期新增3",
        "累计15（上次12加本期新增3）",
    )
    assert told.location.cell == "I7"


@pytest.mark.parametrize(
    ("new", "code"), [("约80", "CELL_APPROXIMATE"), (1.5, "CELL_FRACTION"), ("#REF!", "CELL_ERROR_VALUE")]
)
def test_what_is_no_number_is_told_at_its_own_cell(new: Any, code: str) -> None:
    decision = sent(new)
    assert states(decision)[FIRST] is State.RETURNED
    (told,) = decision.findings
    assert (told.code, told.field, told.location.cell) == (code, FIELD, "H7")


def test_a_total_that_was_too_high_is_set_right_with_a_reason() -> None:
    fell = sent(-3)
    assert states(fell)[FIRST] is State.RETURNED
    assert "CUMULATIVE_FELL" in codes(fell)
    explained = sent(-3, remark=LONG)
    assert (states(explained)[FIRST], total(explained)) == (State.ACCEPTED, LAST - 3)
    assert "EXPLAINED" in codes(explained)
    assert states(sent(-13, remark=LONG))[FIRST] is State.RETURNED  # a total is never less than nothing


def test_nothing_new_is_an_answer_and_silence_is_none() -> None:
    assert states(sent(0))[FIRST] is State.ACCEPTED
    left = judged(returned(past(), {}, REST), past())
    assert "ROW_UNCONFIRMED" in codes(left)
    assert judged(returned(past(), {}), past()).verdict is Verdict.EMPTY
    ticked = judged(returned(past(), {}, ALL), past())
    assert (states(ticked)[FIRST], total(ticked)) == (State.NIL, LAST)


def test_what_was_stored_beside_our_formula_does_not_count_where_it_is_old() -> None:
    """A telephone's program that does not calculate: the formula stands, its result is of yesterday."""
    content = returned(past(), {(FIRST, f"A5.{ADDS}"): 3}, REST)
    it = issue(past())
    _, row, col = place(it, FIRST, FIELD)
    stale = _with_result(content, "5.建功立业", f"{openpyxl.utils.get_column_letter(col)}{row}", LAST)
    decision = judged(stale, past())
    assert total(decision) == LAST + 3
    assert "格里显示的是12" in next(f.expected for f in decision.findings if f.code == "CELL_READ_AS")


def _with_result(content: bytes, sheet: str, cell: str, result: int) -> bytes:
    """The same workbook with a stored result beside a formula."""
    names = openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    part, out = f"xl/worksheets/sheet{names.index(sheet) + 1}.xml", io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            text = old.read(member)
            if member.filename == part:
                at = text.index(f'<c r="{cell}"'.encode())
                end = text.index(b"</c>", at)
                before = text[at:end].replace(b"<v/>", b"").replace(b"<v></v>", b"").replace(b"<v />", b"")
                text = text[:at] + before + f"<v>{result}</v>".encode() + text[end:]
            new.writestr(member, text)
    return out.getvalue()


def test_a_formula_of_somebody_else_that_was_never_calculated_is_no_answer() -> None:
    decision = sent(None, "=12+5")
    assert states(decision)[FIRST] is State.RETURNED
    assert codes(decision) == ["CELL_FORMULA_TEXT"]


def test_what_was_corrected_since_is_asked_about() -> None:
    content = returned(past(), {(FIRST, f"A5.{ADDS}"): 3, (FIRST, FIELD): 15}, REST)
    decision = judged(content, past(), sent=past(Q19_1=14))
    assert (states(decision)[FIRST], total(decision)) == (State.ACCEPTED, 15)
    told = next(f for f in decision.findings if f.code == "INCREMENT_BASE_MOVED")
    assert (told.found, told.expected) == ("上次12，本期新增3，累计15", "上次已接收的是14")


def test_a_workbook_without_the_two_columns_is_read_as_ever() -> None:
    def without(book: Any) -> None:
        book["5.建功立业"].delete_cols(place(issue(past()), FIRST, FIELD)[2] - 2, 2)

    decision = judged(returned(past(), {(c.code, FIELD): 20 for c in COUNTIES}, {}, without), past())
    assert total(judged(returned(past(), {(c.code, FIELD): 20 for c in COUNTIES}, REST, without), past())) == 20
    assert decision.verdict is not Verdict.EMPTY


@pytest.mark.parametrize(
    ("raw", "value"),
    [(-3, -3), ("-3", -3), ("−３", -3), ("负三", -3), (3, 3), ("-0", 0), ("－3人次", -3)],
)
def test_a_sign_is_read_where_it_may_stand(raw: Any, value: int) -> None:
    assert parse_new(raw, PROGRAM.field_by_code[FIELD]).value == value


@pytest.mark.parametrize("raw", ["-约3", "--3", "3-5", -1.5, "-", "- "])
def test_a_sign_before_no_number_is_none(raw: Any) -> None:
    parsed = parse_new(raw, PROGRAM.field_by_code[FIELD])
    assert parsed.value is None
    assert parsed.problem


def test_amounts_are_added_exactly() -> None:
    both = summed(
        Parsed(raw="0.3", value=Decimal("0.30")),
        Parsed(raw="0.1", value=Decimal("0.10")),
        Decimal("0.20"),
        ours=False,
    )
    assert both.total.value == Decimal("0.30")


# --- what comes of it -----------------------------------------------------------------------------------------------


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_an_office_program_makes_the_sum_and_what_it_saves_is_read(office: Session, tmp_path: Path, kind: str) -> None:
    """Typed into the protected sheet: what is new, text for a number, the total by hand; what hangs on it follows."""
    it, path = issue(past()), tmp_path / "in.xlsx"
    path.write_bytes(returned(past(), {}, ALL))
    sheet, row, col = place(it, FIRST, FIELD)
    state = place(it, FIRST, STATUS, "A5")[2] - 1
    tick = place(it, FIRST, NIL, "A5")[2] - 1
    target = tmp_path / f"out.{kind}"
    steps: list[list[Any]] = [
        ["open_as_it_is", str(path)],
        *([["clear", sheet, row - 1 + n, tick] for n in range(3)]),
        ["type", sheet, row - 1, col - 2, "30"],
        ["type", sheet, row, col - 2, "约5"],
        ["type", sheet, row + 1, col - 1, "20"],
        ["type", sheet, row, col - 3, "99"],  # locked: nothing comes of it
        ["recalculate"],
        ["save", str(target), FILTERS[kind]],
        ["close"],
    ]
    office.work(steps)
    grid = CalamineWorkbook.from_path(target).get_sheet_by_name(sheet).to_python()
    shown = (
        0 if kind == "xls" else TO_MEND
    )  # LibreOffice stores 0 in an xls where a formula made a number before it made a text
    assert [grid[row - 1 + n][col - 1] for n in range(3)] == [LAST + 30, shown, 20]
    assert [grid[row - 1 + n][col - 3] for n in range(3)] == [LAST] * 3
    assert [grid[row - 1 + n][state] for n in range(3)] == ["已改1格"] * 3
    decision = judged(target.read_bytes(), past())
    assert [total(decision), total(decision, THIRD)] == [LAST + 30, 20]
    assert states(decision)[SECOND] is State.RETURNED
    assert [(f.code, f.found) for f in decision.findings] == [("CELL_APPROXIMATE", "约5")]


@pytest.mark.libreoffice
def test_the_self_check_counts_what_is_to_be_mended(office: Session, tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    path.write_bytes(returned(past(), {(FIRST, f"A5.{ADDS}"): "约5"}, {c.code: "A3 A5 F M" for c in COUNTIES}))
    col = 2 + [form.code for form in PROGRAM.roster_forms].index("A5")
    book = CalamineWorkbook.from_filelike(io.BytesIO(office.saved_as("xlsx", path, anew=True)))
    assert [book.get_sheet_by_name(CHECK_SHEET).to_python()[4 + n][col] for n in range(3)] == [1, 0, 0]


def test_what_goes_back_holds_what_was_typed_and_still_makes_the_sum() -> None:
    """The cells of a returned copy are those that came: the formula where it stood, the number where one was typed."""
    changes = {(FIRST, f"A5.{ADDS}"): 3, (SECOND, f"A5.{ADDS}"): 3, (SECOND, FIELD): 17, (THIRD, f"A5.{ADDS}"): "约5"}
    content = returned(past(), changes, {c.code: "A3 F M" for c in COUNTIES})
    (workbook,) = read_return(registry(C, ()), arrival(content, day=date(2023, 5, 3))).returns
    it = issue(past())
    cells = {
        ("A5", row.county_code, code): cell
        for row in workbook.rows["A5"]
        for code, cell in row.cells.items()
        if code in {ADDS, FIELD}
    }
    again = replace(it, entries={**it.entries, **cells})
    sheet, row, col = place(it, FIRST, FIELD)
    formulas, shown = (
        openpyxl.load_workbook(io.BytesIO(issue_workbook(again)), data_only=x)[sheet] for x in (False, True)
    )
    assert [str(formulas.cell(row + n, col).value)[:3] for n in range(3)] == ["=IF", "17", "=IF"]
    assert [[shown.cell(row + n, col - m).value for m in (2, 1, 0)] for n in range(3)] == [
        [LAST, 3, 15],
        [LAST, 3, 17],
        [LAST, "约5", TO_MEND],
    ]


def test_the_total_of_the_next_period_is_the_last_of_it_and_nothing_new_stands_there() -> None:
    accepted = total(sent(3))
    it = issue(past(Q19_1=accepted))
    assert it.entries["A5", FIRST, FIELD] == accepted
    assert not any(column.startswith(NEW) for *_, column in it.entries)


def test_an_increment_where_a_total_is_asked_is_told_as_what_it_is() -> None:
    (told,) = (f for f in sent(None, 3).findings if f.code == "CUMULATIVE_FELL")
    assert told.expected.endswith("像是只填了本期新增？上次累计12，这次填3：如是，累计应为15")
    (slip,) = (f for f in sent(None, 11).findings if f.code == "CUMULATIVE_FELL")
    assert "新增" not in slip.expected


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("accumulation", "stock", "cumulative"),
        ("not_applicable", "true", "not_applicable"),
        ("type", "yesno", "increment"),
    ],
)
def test_only_a_total_that_is_always_asked_can_be_added_to(tmp_path: Path, key: str, value: str, said: str) -> None:
    path = tmp_path / "A5.yaml"
    text = (ROOT / "program" / "forms" / "A5.yaml").read_text(encoding="utf-8")
    head, field = text.split("      - code: Q19-1\n", 1)
    field, tail = field.split("      - code:", 1)
    lines = [line for line in field.splitlines() if not line.strip().startswith(f"{key}:")]
    path.write_text(
        head + "      - code: Q19-1\n" + "\n".join([*lines, f"        {key}: {value}"]) + "\n      - code:" + tail,
        encoding="utf-8",
    )
    with pytest.raises(ProgramError, match=said):
        load_form(path, PROGRAM.actions[4], PROGRAM.window, {})
