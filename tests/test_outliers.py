"""Outliers: robust, and silent where there is too little to compare with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.measures.outliers import Against, outliers, usual
from pipeline.program.model import Accumulation, FieldType, FormKind
from tests.sheets import DEQIN, JINGHONG, MENGHAI, WHOLE, column, known, sheet, small

if TYPE_CHECKING:
    from pipeline.measures.known import KnownState

SHEET = sheet(
    FormKind.ACTION,
    column("n", FieldType.COUNT),
    column("y", FieldType.YESNO),
    column("again", FieldType.COUNT, shows="n"),
)
SMALL = small(SHEET)
NINE = tuple(c.code for c in WHOLE.counties[:9])
NINE_COUNTIES = small(SHEET, counties=WHOLE.counties[:9], prefectures=WHOLE.prefectures[:1])
P5 = WHOLE.periods[4]


def peers(*counts: int | None) -> list[KnownState]:
    return [known(WHOLE.periods[0], {code: {"n": n, "again": n} for code, n in zip(NINE, counts, strict=False)})]


def past(*counts: int | None) -> list[KnownState]:
    return [known(p, {DEQIN: {"n": n}}) for p, n in zip(WHOLE.periods, counts, strict=False)]


def test_the_score_by_hand() -> None:
    found = usual([1, 2, 3, 4, 5, 6, 7, 8, 100])  # median 5, MAD of 4,3,2,1,0,1,2,3,95 is 2
    assert (found.centre, found.spread, found.size) == (5, 2, 9)
    assert found.score(100) == pytest.approx(0.6745 * 95 / 2)
    assert found.score(5) == 0


def test_far_from_peers() -> None:
    (one,) = outliers(NINE_COUNTIES, WHOLE.periods[0], peers(1, 2, 3, 4, 5, 6, 7, 8, 100))
    assert (one.county_code, one.field, one.against, one.value, one.centre, one.spread) == (
        NINE[8],
        "n",
        Against.PEERS,
        100,
        5,
        2,
    )
    assert (one.sample, one.reported, one.roster) == (9, 9, 9)
    (low,) = outliers(NINE_COUNTIES, WHOLE.periods[0], peers(50, 51, 52, 49, 48, 50, 51, 49, 0))
    assert low.score < -3.5


def test_too_few_peers_say_nothing_and_a_blank_is_no_peer() -> None:
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], peers(1, 2, 3, 4, 5, 6, 7, None, 100)) == ()
    assert outliers(SMALL, WHOLE.periods[0], [known(WHOLE.periods[0], {JINGHONG: {"n": 9}})]) == ()
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], [known(WHOLE.periods[0], {})]) == ()


def test_when_most_are_equal() -> None:
    assert usual([1, 1, 1]).score(2) == 1  # no spread at all: told in wholes of the median, at least 1
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], peers(0, 0, 0, 0, 0, 0, 0, 1, 2)) == ()
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], peers(*[2] * 9)) == ()
    # mean deviation 98 ÷ 9; (100 − 2) ÷ (1.2533 × 98 ÷ 9) = 7.18
    (one,) = outliers(NINE_COUNTIES, WHOLE.periods[0], peers(*[2] * 8, 100))
    assert one.spread == 0
    assert one.score == pytest.approx(9 / 1.2533)


def test_far_from_its_own_past() -> None:
    # changes 2, 3, 2, then 50: median 2, MAD 0, mean deviation 1 ÷ 3, so the median 2 is the measure
    (one,) = outliers(SMALL, P5, past(1, 3, 6, 8, 58))
    assert (one.county_code, one.against, one.value, one.compared, one.sample) == (DEQIN, Against.OWN_PAST, 58, 50, 3)
    assert (one.centre, one.score) == (2, 24)
    assert (one.reported, one.roster) == (1, 6)
    assert outliers(SMALL, P5, past(1, 3, 6, 8, 15)) == ()  # (7 − 2) ÷ 2 = 2.5


def test_a_past_with_gaps_or_too_short_says_nothing() -> None:
    assert outliers(SMALL, P5, past(1, 3, None, 8, 500)) == ()  # 2 and 492: the change over the gap is not one
    assert outliers(SMALL, WHOLE.periods[3], past(1, 3, 6, 500)) == ()
    assert outliers(SMALL, P5, past(1, 3, 6, 8, None)) == ()


def test_what_is_known_from_before_is_no_figure_of_this_period() -> None:
    *earlier, last = past(1, 3, 6, 8, 58)
    silent = known(P5, {DEQIN: {"n": 58}}, DEQIN)
    assert outliers(SMALL, P5, [*earlier, last]) != ()
    assert outliers(SMALL, P5, [*earlier, silent]) == ()


def test_a_cumulative_count_that_falls_is_told_and_one_that_is_silent_is_not() -> None:
    program = small(sheet(FormKind.ACTION, replace(column("n", FieldType.COUNT), accumulation=Accumulation.CUMULATIVE)))
    one, two = WHOLE.periods[:2]
    before = known(one, {JINGHONG: {"n": 5}, DEQIN: {"n": 7}, MENGHAI: {"n": 3}})
    now = known(two, {JINGHONG: {"n": "不适用"}, DEQIN: {"n": 6}, MENGHAI: {"n": 3}})
    fell = [o for o in outliers(program, two, [before, now]) if o.against is Against.FELL]
    assert [(o.county_code, o.value, o.compared) for o in fell] == [(JINGHONG, "不适用", 5), (DEQIN, 6, 7)]
    silent = known(two, {JINGHONG: {"n": 5}, DEQIN: {"n": 7}, MENGHAI: {"n": 3}}, DEQIN)
    assert outliers(program, two, [before, silent]) == ()
    stock = small(sheet(FormKind.ACTION, replace(column("n", FieldType.COUNT), accumulation=Accumulation.STOCK)))
    assert outliers(stock, two, [before, now]) == ()
