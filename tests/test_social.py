"""Social workers: heads, the subsidy due, what came; a gap only where everything it rests on was said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.measures.figures import Sum
from pipeline.measures.social import social_figures
from pipeline.program.model import FieldType, FormKind
from tests.sheets import DEQIN, JINGHONG, SHANGRILA, WHOLE, column, line, sheet, small, wan

if TYPE_CHECKING:
    from pipeline.domain.value import Value

P1, P2 = WHOLE.period_by_code["2022-12"], WHOLE.period_by_code["2023-02"]
NEW_YEAR = date(2023, 1, 1)
SHEET = sheet(
    FormKind.SOCIAL_WORKERS,
    column("S-1", FieldType.COUNT, role="heads", serves="H"),
    column("S-3", role="received_first", serves="H", counts_from=NEW_YEAR),
    column("S-4", role="received_second", serves="H", counts_from=NEW_YEAR),
)
PROGRAM = small(SHEET, funding=(line("H", per_unit_wan=wan("2"), instalments=2),))


def test_due_by_year_and_half_and_what_is_missing() -> None:
    values: dict[str, dict[str, Value]] = {
        SHANGRILA: {"S-1": 3, "S-3": wan("2.5"), "S-4": wan("0")},
        DEQIN: {"S-1": 1, "S-3": wan("1")},
    }
    figures = social_figures(PROGRAM, P2, values)
    assert figures is not None
    first, second = (next(u for u in figures.units if u.unit_code == code) for code in (SHANGRILA, DEQIN))
    assert (first.due_wan, first.due_half_wan) == (Decimal(6), Decimal(3))
    assert (first.gap_first_wan, first.gap_second_wan, first.gap_wan) == (Decimal("0.5"), Decimal(3), Decimal("3.5"))
    assert (second.gap_first_wan, second.gap_second_wan, second.gap_wan) == (Decimal(0), None, None)
    province = figures.province
    assert province.heads == Sum(amount=Decimal(4), reported=2, roster=6)
    assert province.received_first_wan == Sum(amount=Decimal("3.5"), reported=2, roster=6)
    assert province.gap_first_wan == Sum(amount=Decimal("0.5"), reported=2, roster=6)
    assert province.gap_wan == Sum(amount=Decimal("3.5"), reported=1, roster=6)
    assert [p.heads.reported for p in figures.prefectures] == [0, 2]
    assert figures.prefectures[0].heads.amount is None


def test_money_without_heads_makes_no_gap() -> None:
    figures = social_figures(PROGRAM, P2, {JINGHONG: {"S-3": wan("1")}})
    assert figures is not None
    assert figures.province.received_first_wan.amount == 1
    assert figures.province.due_wan.amount is None
    assert figures.province.gap_first_wan == Sum(amount=None, reported=0, roster=6)


def test_an_instalment_not_asked_for_yet_has_nobody_in_its_roster() -> None:
    figures = social_figures(PROGRAM, P1, {JINGHONG: {"S-1": 2}})
    assert figures is not None
    assert figures.province.due_wan == Sum(amount=Decimal(4), reported=1, roster=6)
    assert figures.province.received_first_wan.roster == figures.province.gap_wan.roster == 0


def test_without_a_line_nothing_is_due_and_without_a_sheet_there_is_no_measure() -> None:
    figures = social_figures(small(SHEET), P2, {JINGHONG: {"S-1": 2}})
    assert figures is not None
    assert (figures.line, figures.province.heads.amount, figures.province.due_wan.amount) == (None, Decimal(2), None)
    assert social_figures(small(), P2, {}) is None
