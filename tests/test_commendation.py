"""Candidates and those that lag, with the figures that put them there."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import pytest

from pipeline.domain.obligation import Timeliness
from pipeline.measures.commendation import LagReason, standing
from pipeline.measures.progress import Completion
from tests.sheets import DEQIN, DIQING, JINGHONG, MENGHAI, MENGLA, SHANGRILA, WEIXI, WHOLE, small

if TYPE_CHECKING:
    from pipeline.domain.obligation import Obligation

P1, P2, P3 = WHOLE.periods[:3]
PROGRAM = small()
ON, LATE, OVER, NOT_DUE = Timeliness.ON_TIME, Timeliness.LATE, Timeliness.OVERDUE, Timeliness.NOT_DUE
COLUMNS = ["county_code", "prefecture_code", "action", "item", "quantity", "status", "value", "required", "on_pace"]


def reports(code: str, *times: Timeliness, is_report: bool = True) -> list[Obligation]:
    return [
        cast(
            "Obligation",
            SimpleNamespace(who=code, is_county=True, is_report=is_report, is_measured=True, period=p, timeliness=t),
        )
        for p, t in zip(WHOLE.periods, times, strict=False)
    ]


def assessed(**counties: str) -> pd.DataFrame:
    """A letter per quantity: m met, p not met but on pace, b behind, - missing, n not applicable."""
    status = {"m": "met", "p": "not_met", "b": "not_met", "-": "missing", "n": "not_applicable"}
    pace: dict[str, Any] = {"m": True, "p": True, "b": False}
    rows = [
        (county.code, county.prefecture_code, 1, 1, f"Q{n}", status[letter], 1.0, 1.0, pace.get(letter))
        for county in PROGRAM.counties
        for n, letter in enumerate(counties.get(f"c{county.code}", "----"))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


FRAME = assessed(c532801="mmmm", c532822="mmpp", c532823="mmmb", c533401="nnnn", c533422="mmmm")
OWED = [
    *reports(JINGHONG, ON, ON, OVER),
    *reports(MENGHAI, ON, ON),
    *reports(MENGLA, ON, ON),
    *reports(SHANGRILA, ON, ON),
    *reports(DEQIN, LATE, ON),
    *reports(WEIXI, OVER, OVER),
]


def test_candidates_are_on_time_and_on_pace() -> None:
    found = standing(PROGRAM, P2, FRAME, OWED)
    # 勐腊 is behind on one, nothing applies to 香格里拉, 德钦 was late once, 维西 has not reported
    assert [r.county_code for r in found.candidates] == [JINGHONG, MENGHAI]
    first, second = found.candidates
    assert (first.on_time, first.due, first.completion.pct, first.behind) == (2, 2, 100.0, ())
    assert (second.completion, second.on_pace) == (Completion(met=2, applicable=4, reported=1, roster=1), 4)
    assert next(r for r in found.records if r.county_code == MENGLA).behind == ("Q3",)


def test_equal_candidates_stand_in_code_order() -> None:
    frame = assessed(c533422="mm", c532822="mm", c532801="mp")
    owed = [*reports(DEQIN, ON, ON), *reports(MENGHAI, ON, ON), *reports(JINGHONG, ON, ON)]
    assert [r.county_code for r in standing(PROGRAM, P2, frame, owed).candidates] == [MENGHAI, DEQIN, JINGHONG]


def test_lagging_by_streak_or_by_completion_with_the_figures() -> None:
    found = standing(PROGRAM, P2, FRAME, OWED)
    # the province: 13 of 16 = 81.3 %; 勐海 50.0 % is 31.3 points below, 勐腊 75.0 % is 6.3 below
    assert found.province == Completion(met=13, applicable=16, reported=5, roster=6)
    assert [(one.record.county_code, one.reasons) for one in found.lagging] == [
        (WEIXI, (LagReason.STREAK,)),
        (MENGHAI, (LagReason.COMPLETION,)),
    ]
    weixi, menghai = (one.record for one in found.lagging)
    assert (weixi.streak, weixi.completion.pct, weixi.gap_pp) == (2, None, None)
    assert menghai.gap_pp == Decimal("-31.3")
    assert [one.record.county_code for one in standing(PROGRAM, P2, FRAME, OWED, below_pp=Decimal("31.4")).lagging] == [
        WEIXI
    ]


@pytest.mark.parametrize(
    ("times", "streak", "due", "candidate"),
    [
        ((ON, ON), 0, 2, True),
        ((ON, NOT_DUE), 0, 1, True),  # what is not due yet speaks neither for nor against
        ((LATE, NOT_DUE), 1, 1, False),
        ((OVER, ON), 0, 2, False),
        ((ON, LATE), 1, 2, False),
        ((NOT_DUE, NOT_DUE), 0, 0, False),  # nor does it make a record
    ],
)
def test_reports_so_far(times: tuple[Timeliness, ...], streak: int, due: int, candidate: bool) -> None:
    found = standing(PROGRAM, P2, assessed(c533422="mm"), reports(DEQIN, *times))
    record = next(r for r in found.records if r.county_code == DEQIN)
    assert (record.streak, record.due) == (streak, due)
    assert bool(found.candidates) is candidate


def test_only_reports_up_to_the_period_count() -> None:
    owed = [*reports(DEQIN, ON, ON, OVER), *reports(DEQIN, OVER, OVER, is_report=False)]
    assert [r.county_code for r in standing(PROGRAM, P2, assessed(c533422="mm"), owed).candidates] == [DEQIN]
    assert standing(PROGRAM, P3, assessed(c533422="mm"), owed).candidates == ()


def test_nobody_reported() -> None:
    found = standing(PROGRAM, P1, assessed(), [])
    assert (found.candidates, found.lagging, found.province.pct) == ((), (), None)
    assert len(found.records) == 6
    nothing = standing(PROGRAM, P1, assessed().iloc[:0], reports(DEQIN, OVER, OVER))
    assert nothing.province == Completion(met=0, applicable=0, reported=0, roster=0)
    assert {r.prefecture_code for r in nothing.records if r.county_code == DEQIN} == {DIQING}
