"""更正和补报: what moved after it was told, by what day it was told, and the sentence that says so."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.domain.acts import Act, ActKind
from pipeline.intake.take_in import take_in
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.store import Store
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.products.documents.correction_parts import correction_paragraphs
from pipeline.products.wording import Figures
from pipeline.workspace.campaign import published_before
from tests.builder import FIRST, SECOND, SMALL, arrival, part_of_campaign, sent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

C = part_of_campaign("A1")
P1, P2, P3 = C.program.periods[:3]
QUANTITY = next(
    q
    for q in C.program.quantities
    if q.judged and q.target and q.target.kind == "at_least" and q.value and q.window.start <= P1.end
)
FIELD = C.program.field_by_code[QUANTITY.value or ""]
FIRST_DAY, TOLD, LATER, AS_OF = date(2023, 1, 4), date(2023, 1, 20), date(2023, 2, 1), date(2023, 3, 20)


class Office:
    """A dataset of one sheet, and what a bulletin would say of it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "dataset", C.program)

    def take(self, day: date, period: str = P1.code, **cells: Any) -> None:
        """Take in a return of all three counties."""
        changes = {(FIELD.form, county, FIELD.code): value for county, value in cells.get("values", {}).items()}
        changes |= {(FIELD.form, county, "Q01-2"): "否" for county in cells.get("behind", ())}
        blank = {
            (FIELD.form, county, f.code): None for county in cells.get("blank", ()) for f in C.program.forms[0].fields
        }
        content = sent(period, SMALL, of=C, changes=changes | blank)
        take_in(C, self.store, [arrival(content, f"{day}/{period}报表.xlsx", day)], day)

    def tell(self, day: date, period: str = P1.code) -> None:
        """The products of a period are made."""
        self.store.tell(period, day, "张三")

    def measure(self, period: Any = P2, as_of: date = AS_OF) -> PeriodMeasures:
        """The measures as of a day."""
        shot = take_snapshot(self.store, as_of)
        return measure_period(C.program, shot, C.calendar, period, published_before(C.program, shot, period))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    one = Office(tmp_path)
    yield one
    one.store.close()


def said(m: PeriodMeasures) -> list[str]:
    return correction_paragraphs(m, Figures(m.program.words))


def test_a_value_changed_after_it_was_told_is_a_correction(office: Office) -> None:
    office.take(FIRST_DAY, values={FIRST: 5})
    office.tell(TOLD)
    office.take(LATER, values={FIRST: 9})
    (one,) = office.measure().corrections
    assert (one.period, one.published_on) == (P1, TOLD)
    assert [(c.county_code, c.field, c.old, c.new) for c in one.changes] == [(FIRST, FIELD.code, 5, 9)]
    assert one.added == ()
    (text,) = said(office.measure())
    assert text.startswith("更正：2022年11—12月的数据，2023年1月20日以后更正1个单位填报的1项数据，该期总体完成率")
    assert text.endswith(f"更正的有：迪庆州香格里拉市“{FIELD.title}”由5更正为9（未说明理由）。")


def test_what_was_changed_before_it_was_told_is_none(office: Office) -> None:
    office.take(FIRST_DAY, values={FIRST: 5})
    office.take(TOLD, values={FIRST: 9})
    office.tell(TOLD)
    assert office.measure().corrections == ()


def test_of_a_period_never_told_what_came_by_its_due_day_counts_as_told(office: Office) -> None:
    office.take(P1.due_on, values={FIRST: 5})
    assert office.measure().corrections == ()
    office.take(LATER, values={FIRST: 9})
    assert [c.published_on for c in office.measure().corrections] == [P1.due_on]


def test_made_again_it_is_told_again(office: Office) -> None:
    office.take(FIRST_DAY, values={FIRST: 5})
    office.tell(TOLD)
    office.take(LATER, values={FIRST: 9})
    office.tell(date(2023, 2, 2))
    assert office.measure().corrections == ()
    assert [len(c.changes) for c in office.measure(as_of=LATER).corrections] == [1]  # as it was on the day before


def test_there_and_back_is_no_correction(office: Office) -> None:
    office.take(FIRST_DAY, values={FIRST: 5})
    office.tell(TOLD)
    office.take(LATER, values={FIRST: 9})
    office.take(date(2023, 2, 6), values={FIRST: 5, SECOND: 7})  # not the same file again, which would be no news
    (one,) = office.measure().corrections
    assert one.corrected == (SECOND,)


def test_a_county_that_came_late_is_added_and_the_figure_says_from_what_to_what(office: Office) -> None:
    office.take(FIRST_DAY, blank=(SECOND,), behind=(FIRST,))
    office.tell(TOLD)
    office.take(LATER, behind=(FIRST,))
    (one,) = office.measure().corrections
    assert one.added == (SECOND,)
    assert one.changes == ()
    assert one.before_pct is not None
    assert one.after_pct is not None
    assert one.after_pct > one.before_pct  # the one that came has met what it counted; the one behind stands in both
    (text,) = said(office.measure())
    assert "补报1个县（德钦县），该期总体完成率由" in text
    assert text.endswith("本期与上期的比较，按更正后的数计算。")


def test_where_nobody_had_reported_no_figure_is_corrected(office: Office) -> None:
    office.tell(TOLD)
    office.take(LATER)
    (one,) = office.measure().corrections
    assert one.before_pct is None
    assert "该期总体完成率现为" in said(office.measure())[0]


def test_the_first_period_corrects_nothing(office: Office) -> None:
    office.take(FIRST_DAY)
    office.take(LATER, values={FIRST: 9})
    assert office.measure(P1).corrections == ()


def test_a_period_before_the_last_is_told_by_the_last_bulletin_too(office: Office) -> None:
    office.take(FIRST_DAY, values={FIRST: 5})
    office.tell(TOLD)
    office.take(LATER, values={FIRST: 9})
    office.tell(date(2023, 3, 10), P2.code)
    office.take(date(2023, 3, 15), values={FIRST: 12})
    (one,) = office.measure(P3).corrections
    assert [(c.old, c.new) for c in one.changes] == [(9, 12)]  # 5 → 9 was told in the bulletin of the second period
    assert "本期与上期的比较" not in said(office.measure(P3))[0]


def test_what_came_by_the_day_but_was_taken_in_later_was_not_told(office: Office) -> None:
    office.take(FIRST_DAY, values={FIRST: 5})
    office.tell(TOLD)
    content = sent(P1.code, SMALL, of=C, changes={(FIELD.form, FIRST, FIELD.code): 9})
    take_in(C, office.store, [arrival(content, "夹在别处.xlsx", date(2023, 1, 10))], LATER)
    assert [len(c.changes) for c in office.measure().corrections] == [1]


def test_a_withdrawal_is_told_too(office: Office) -> None:
    office.take(FIRST_DAY, values={FIRST: 5})
    office.tell(TOLD)
    office.store.enter(
        Act(kind=ActKind.WITHDRAW, period=P1.code, reason="报错了表", who="张三", done_on=LATER, target=1)
    )
    (one,) = office.measure().corrections
    assert len(one.removed) == len(C.program.counties_of(SMALL))
    assert one.after_pct is None
    assert "撤回香格里拉市、德钦县、维西县的报送" in said(office.measure())[0]
    office.store.enter(
        Act(kind=ActKind.REINSTATE, period=P1.code, reason="没有错", who="张三", done_on=LATER, target=1)
    )
    assert office.measure().corrections == ()
