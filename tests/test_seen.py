"""What an officer sees and a value does not say becomes a finding, whatever the format it was noted from."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.domain.findings import CATALOGUE, Severity
from pipeline.domain.past import NO_PAST
from pipeline.domain.state import State
from pipeline.reading import read as reader
from pipeline.reading.formats.notes import COMMENT, PICTURE, Tally
from pipeline.reading.guard import Inspection, inspect
from tests.builder import FIRST, SECOND, THIRD, arrival, campaign, filled, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.checks.decide import Decision
    from pipeline.domain.findings import Finding

SHEET = "1.思想引领"
FIRED = {
    "SHEET_HIDDEN",
    "SHEET_OVERLAID",
    "COLUMN_HIDDEN",
    "ROW_HIDDEN",
    "ROW_FILTERED",
    "CELL_STRUCK",
    "CELL_SUPERSCRIPT",
    "CELL_UNSEEN",
    "CELL_TWICE",
    "CELL_PICTURE",
    "CELL_CONTRADICTS",
    "CELL_LINKED",
    "CELL_MAYBE_UNSEEN",
    "MACROS_IGNORED",
    "LINKS_UNUSED",
    "LINKS_CACHED",
}


@cache
def good() -> bytes:
    return filled()


def decision_on(content: bytes, *, with_rules: bool = False) -> Decision:
    """What becomes of the one return in a file, by what reading says and by the rules of one sheet."""
    c = campaign()
    returns = read(arrival(content))[0].returns
    rules = {form: some if form == "A1" and with_rules else () for form, some in c.rules.items()}
    checked = check_returns(c.program, rules, c.program.period_by_code["2023-02"], returns, NO_PAST)
    return decide(c.program, returns, checked, NO_PAST)[0]


def states(decision: Decision) -> dict[str, State]:
    return {record.county_code: record.state for record in decision.records}


def only(decision: Decision, code: str) -> Finding:
    (found,) = (one for one in decision.findings if one.code == code)
    return found


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Decision]:
    """What becomes of a good return in which something was noted."""

    def judge(note: Callable[[Tally], None], **more: Any) -> Decision:
        def looked(content: bytes) -> Inspection:
            seen, tally = inspect(content), Tally()
            note(tally)
            noted = tally.notes()
            return replace(seen, notes=replace(seen.notes, seen=noted.seen, parts=noted.parts))

        monkeypatch.setattr(reader, "inspect", looked)
        return decision_on(filled(**more) if more else good(), with_rules=bool(more))

    return judge


DOUBTS = sorted(code for code in FIRED if code.startswith("CELL_"))


@pytest.mark.parametrize("code", DOUBTS)
def test_a_doubted_value_is_not_taken_and_costs_its_county_only(code: str, judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.doubt(SHEET, 6, 3, code, "9（画了删除线）1", instead=True))
    told = only(decision, code)
    assert (told.location.cell, told.found, told.county_code) == ("D7", "9（画了删除线）1", FIRST)
    row = decision.source.rows["A1"][0]
    if CATALOGUE[code].severity is Severity.CRITICAL:
        assert states(decision) == {FIRST: State.RETURNED, SECOND: State.ACCEPTED, THIRD: State.ACCEPTED}
        assert (row.values["Q01-1"], row.cells["Q01-1"]) == (None, told.found)
    else:
        assert set(states(decision).values()) == {State.ACCEPTED}
        assert (row.values["Q01-1"], row.cells["Q01-1"]) == (2, 2)


def test_a_doubted_tick_is_no_tick(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.doubt(SHEET, 6, 2, "CELL_STRUCK", "√（画了删除线）"), nil=frozenset({FIRST}))
    assert only(decision, "NIL_UNCLEAR").found == "√（画了删除线）"


def test_a_hidden_row_with_figures_returns_its_county(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.seen[SHEET].rows.update({7: False}))
    assert only(decision, "ROW_HIDDEN").location.cell == "A8"
    assert states(decision) == {FIRST: State.ACCEPTED, SECOND: State.RETURNED, THIRD: State.ACCEPTED}


def test_a_row_only_a_filter_hides_is_told_and_taken(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.seen[SHEET].rows.update({7: True}))
    assert only(decision, "ROW_FILTERED").found == "第8行看不见，填了8格"
    assert set(states(decision).values()) == {State.ACCEPTED}


@pytest.mark.parametrize("filtered", [True, False])
def test_a_hidden_row_in_place_of_a_blank_visible_one_is_not_taken(
    filtered: bool, judge: Callable[..., Decision]
) -> None:
    def touch(book: Any) -> None:
        sheet = book[SHEET]
        for col in (1, 2):
            sheet.cell(10, col).value = sheet.cell(8, col).value

    decision = judge(lambda tally: tally.seen[SHEET].rows.update({7: filtered}), touch=touch)
    assert only(decision, "ROW_HIDDEN").found.endswith("另有看得见的一行")
    assert states(decision)[SECOND] is State.RETURNED


def test_a_blank_hidden_row_is_nothing(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.seen[SHEET].rows.update({40: False}))
    assert decision.findings == ()


def test_a_hidden_column_with_figures_returns_the_file(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.seen[SHEET].cols.add(3))
    assert only(decision, "COLUMN_HIDDEN").location.cell == "D6"
    assert set(states(decision).values()) == {State.RETURNED}


def test_a_hidden_column_that_asks_for_nothing_is_nothing(judge: Callable[..., Decision]) -> None:
    assert judge(lambda tally: tally.seen[SHEET].cols.add(0)).findings == ()


def test_a_hidden_sheet_with_figures_returns_the_file(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: setattr(tally.seen[SHEET], "hidden", True))
    assert only(decision, "SHEET_HIDDEN").found == "填了3行"
    assert set(states(decision).values()) == {State.RETURNED}


def test_a_picture_where_a_number_is_missing_is_named(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.beside(SHEET, 6, 3, PICTURE), changes={(FIRST, "Q01-1"): None})
    assert only(decision, "REQUIRED").found == "此格没有数，上面有一张图片"
    assert only(decision, "SHEET_OVERLAID").found == "D7：一张图片"


def test_a_comment_over_a_blank_row_is_named_with_it(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.beside(SHEET, 6, 3, COMMENT.format("本季度没有")), empty=frozenset({FIRST}))
    assert "D7上有批注“本季度没有”" in [f.found for f in decision.findings if f.code == "ROW_BLANK"]


def test_a_comment_beside_a_figure_is_told_and_nothing_more(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.beside(SHEET, 6, 3, COMMENT.format("含退休人员")))
    assert [f.code for f in decision.findings] == ["SHEET_OVERLAID"]
    assert set(states(decision).values()) == {State.ACCEPTED}


def test_comments_of_a_returned_copy_are_ours(judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.beside(SHEET, 6, 3, COMMENT.format("【须改正】漏填\n改法：请补填")))
    assert decision.findings == ()


@pytest.mark.parametrize("code", ["MACROS_IGNORED", "LINKS_UNUSED", "LINKS_CACHED"])
def test_what_is_in_no_cell_is_told_and_the_figures_are_taken(code: str, judge: Callable[..., Decision]) -> None:
    decision = judge(lambda tally: tally.parts.update({code: "部件“xl/vbaproject.bin”"}))
    assert only(decision, code).severity is not Severity.CRITICAL
    assert set(states(decision).values()) == {State.ACCEPTED}
