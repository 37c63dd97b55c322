"""Outliers: robust, and silent where there is too little to compare with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.domain.usual import usual
from pipeline.measures.outliers import Against, outliers
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


def test_unlike_peers() -> None:
    (one,) = outliers(NINE_COUNTIES, WHOLE.periods[0], peers(1, 2, 3, 4, 5, 6, 7, 8, 100))
    assert (one.county_code, one.field, one.against, one.value, one.compared) == (NINE[8], "n", Against.PEERS, 100, 100)
    assert one.peers is not None
    assert (one.peers.centre, one.peers.spread, one.peers.size, one.peers.range) == (4.5, 2, 8, "1至8")
    (low,) = outliers(NINE_COUNTIES, WHOLE.periods[0], peers(50, 51, 52, 49, 48, 50, 51, 49, 0))
    assert low.peers is not None
    assert low.peers.score(0) < -3.5


def test_too_few_peers_say_nothing_and_a_blank_is_no_peer() -> None:
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], peers(1, 2, 3, 4, 5, 6, 7, None, 100)) == ()
    assert outliers(SMALL, WHOLE.periods[0], [known(WHOLE.periods[0], {JINGHONG: {"n": 9}})]) == ()
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], [known(WHOLE.periods[0], {})]) == ()


def test_when_most_are_equal() -> None:
    assert usual([1, 1, 1]).score(2) == 1  # no spread at all: told in wholes of the median, at least 1
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], peers(0, 0, 0, 0, 0, 0, 0, 1, 2)) == ()
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], peers(*[2] * 9)) == ()
    (one,) = outliers(NINE_COUNTIES, WHOLE.periods[0], peers(*[2] * 8, 100))
    assert one.peers is not None
    assert (one.peers.spread, one.peers.score(100)) == (0, 49)  # (100 − 2) ÷ 2
    # what only begins: the largest of the others is passed, not twice
    assert outliers(NINE_COUNTIES, WHOLE.periods[0], peers(0, 0, 0, 0, 0, 0, 0, 60, 100)) == ()


def in_two_periods(before: list[int], now: list[int]) -> list[KnownState]:
    return [
        known(p, {code: {"n": n} for code, n in zip(NINE, counts, strict=True)})
        for p, counts in zip(WHOLE.periods, (before, now), strict=False)
    ]


def test_what_was_always_unlike_its_peers_is_not_asked_about_again() -> None:
    usual_ones = [1, 2, 3, 4, 5, 6, 7, 8]
    large = in_two_periods([*usual_ones, 100], [*usual_ones, 101])
    assert outliers(NINE_COUNTIES, WHOLE.periods[1], large) == ()  # its own change is 1
    (one,) = outliers(NINE_COUNTIES, WHOLE.periods[1], in_two_periods([*usual_ones, 8], [*usual_ones, 80]))
    assert one.past is not None
    assert (one.value, one.past.range, one.past.score(72)) == (80, "8", 8)


def test_of_a_total_the_change_is_compared() -> None:
    total = small(
        sheet(FormKind.ACTION, replace(column("n", FieldType.COUNT), accumulation=Accumulation.CUMULATIVE)),
        counties=WHOLE.counties[:9],
        prefectures=WHOLE.prefectures[:1],
    )
    before = [10, 20, 30, 40, 50, 60, 70, 80, 10]
    alike = in_two_periods(before, [n + 5 for n in before])
    assert outliers(total, WHOLE.periods[1], alike) == ()
    (one,) = outliers(total, WHOLE.periods[1], in_two_periods(before, [*(n + n % 7 for n in before[:8]), 100]))
    assert (one.county_code, one.value, one.compared) == (NINE[8], 100, 90)


def test_a_past_with_gaps_says_nothing_of_the_change_over_the_gap() -> None:
    assert outliers(SMALL, P5, past(1, 3, None, 8, 500)) == ()  # and there are no peers


def test_what_is_known_from_before_is_no_figure_of_this_period() -> None:
    *earlier, last = in_two_periods([1, 2, 3, 4, 5, 6, 7, 8, 8], [1, 2, 3, 4, 5, 6, 7, 8, 80])
    silent = known(WHOLE.periods[1], {NINE[8]: {"n": 80}}, NINE[8])
    assert outliers(NINE_COUNTIES, WHOLE.periods[1], [*earlier, last]) != ()
    assert outliers(NINE_COUNTIES, WHOLE.periods[1], [*earlier, silent]) == ()


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
