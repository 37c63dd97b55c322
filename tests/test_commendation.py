"""Candidates and those that lag, with the figures that put them there."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pandas as pd
import pytest

from pipeline.domain.obligation import Timeliness
from pipeline.measures.chance import Band
from pipeline.measures.commendation import LagReason, commendation
from pipeline.measures.completion import Completion
from pipeline.measures.progress import Pace
from tests.sheets import ASSESSED, DEQIN, DIQING, JINGHONG, MENGHAI, MENGLA, SHANGRILA, WEIXI, WHOLE, small

if TYPE_CHECKING:
    from pipeline.domain.obligation import Obligation
    from pipeline.measures.commendation import Commendation
    from pipeline.program.model import Period

P1, P2, P3 = WHOLE.periods[:3]
PROGRAM = small()
ON, LATE, OVER, NOT_DUE = Timeliness.ON_TIME, Timeliness.LATE, Timeliness.OVERDUE, Timeliness.NOT_DUE


def reports(code: str, *times: Timeliness, is_report: bool = True) -> list[Obligation]:
    return [
        cast(
            "Obligation",
            SimpleNamespace(who=code, is_county=True, is_report=is_report, is_measured=True, period=p, timeliness=t),
        )
        for p, t in zip(WHOLE.periods, times, strict=False)
    ]


def assessed(**counties: str) -> pd.DataFrame:
    """A letter per quantity: m met, p on path, w not due, b behind, - missing, n not applicable."""
    status = {"m": "met", "p": "not_met", "w": "not_met", "b": "not_met", "-": "missing", "n": "not_applicable"}
    pace = {"m": "met", "p": "on_path", "w": "not_due", "b": "behind", "-": "unclear", "n": "not_applicable"}
    rows = [
        (
            county.code,
            county.prefecture_code,
            1,
            1,
            f"Q{n}",
            "unknown" if letter == "-" else "reported",
            True,
            status[letter],
            1.0,
            1.0,
            pace[letter],
        )
        for county in PROGRAM.counties
        for n, letter in enumerate(counties.get(f"c{county.code}", "-" * 20))
    ]
    return pd.DataFrame(rows, columns=ASSESSED)


def found_of(period: Period, frame: pd.DataFrame, owed: list[Obligation], chance: float = 5.0) -> Commendation:
    return commendation(PROGRAM, period, frame, owed, chance)


FRAME = assessed(
    c532801="m" * 20,
    c532822="m" * 10 + "p" * 5 + "w" * 5,
    c532823="m" * 19 + "b",
    c533401="n" * 20,
    c533422="m" * 20,
)
OWED = [
    *reports(JINGHONG, ON, ON, OVER),
    *reports(MENGHAI, ON, ON),
    *reports(MENGLA, ON, ON),
    *reports(SHANGRILA, ON, ON),
    *reports(DEQIN, LATE, ON),
    *reports(WEIXI, OVER, OVER),
]


def test_candidates_are_on_time_not_behind_and_ahead_of_chance() -> None:
    found = found_of(P2, FRAME, OWED)
    # 勐海 is within its path but not ahead, 勐腊 behind on one, nothing applies to 香格里拉, 德钦 was late, 维西 silent
    assert [r.county_code for r in found.candidates] == [JINGHONG]
    (first,) = found.candidates
    assert (first.on_time, first.due, first.completion.pct, first.behind) == (2, 2, 100.0, ())
    menghai, mengla = (next(r for r in found.records if r.county_code == code) for code in (MENGHAI, MENGLA))
    assert menghai.completion == Completion(met=10, applicable=20, reported=1, roster=1)
    assert (menghai.paces[Pace.ON_PATH], menghai.paces[Pace.NOT_DUE], menghai.behind) == (5, 5, ())
    assert mengla.behind == ("Q19",)


def test_one_ahead_by_more_than_chance_is_a_candidate_though_not_all_is_met() -> None:
    low = {f"c{code}": "m" * 4 + "w" * 16 for code in (MENGHAI, MENGLA, SHANGRILA, DEQIN)}
    frame = assessed(c532801="m" * 19 + "w", **low)
    found = found_of(P2, frame, OWED)
    assert [r.county_code for r in found.candidates] == [JINGHONG]
    assert found.lagging == ()  # 4 of 20 where all have 35 of 100: within chance
    assert next(r for r in found.records if r.county_code == JINGHONG).band is Band.AHEAD


def test_equal_candidates_stand_in_code_order() -> None:
    frame = assessed(c533422="mm", c532822="mm", c532801="mm")
    owed = [*reports(DEQIN, ON, ON), *reports(MENGHAI, ON, ON), *reports(JINGHONG, ON, ON)]
    assert [r.county_code for r in found_of(P2, frame, owed).candidates] == [JINGHONG, MENGHAI, DEQIN]


def test_lagging_is_progress_and_never_lateness() -> None:
    found = found_of(P2, FRAME, OWED)
    # the province: 69 of 80 = 86.3 %; 勐海 50.0 % is below by more than chance; 维西 is silent: late, and not lagging
    assert (found.province.met, found.province.applicable, found.province.silent) == (69, 80, 20)
    assert [(one.record.county_code, one.reasons) for one in found.lagging] == [
        (MENGHAI, (LagReason.COMPLETION,)),
        (MENGLA, (LagReason.BEHIND,)),
    ]
    assert found.lagging[0].record.gap_pp == Decimal("-36.3")
    weixi = next(r for r in found.records if r.county_code == WEIXI)
    assert (weixi.completion.pct, weixi.gap_pp, weixi.behind) == (None, None, ())
    assert [one.record.county_code for one in found_of(P2, FRAME, OWED, 0.0001).lagging] == [MENGLA]


@pytest.mark.parametrize(
    ("times", "due", "candidate"),
    [
        ((ON, ON), 2, True),
        ((ON, NOT_DUE), 1, True),  # what is not due yet speaks neither for nor against
        ((LATE, NOT_DUE), 1, False),
        ((OVER, ON), 2, False),
        ((ON, LATE), 2, False),
        ((NOT_DUE, NOT_DUE), 0, False),  # nor does it make a record
    ],
)
def test_reports_so_far(times: tuple[Timeliness, ...], due: int, candidate: bool) -> None:
    found = found_of(P2, assessed(c533422="mm"), reports(DEQIN, *times))
    record = next(r for r in found.records if r.county_code == DEQIN)
    assert record.due == due
    assert bool(found.candidates) is candidate


def test_only_reports_up_to_the_period_count() -> None:
    owed = [*reports(DEQIN, ON, ON, OVER), *reports(DEQIN, OVER, OVER, is_report=False)]
    assert [r.county_code for r in found_of(P2, assessed(c533422="mm"), owed).candidates] == [DEQIN]
    assert found_of(P3, assessed(c533422="mm"), owed).candidates == ()


def test_nobody_reported() -> None:
    found = found_of(P1, assessed(), [])
    assert (found.candidates, found.lagging, found.province.pct) == ((), (), None)
    assert len(found.records) == 6
    nothing = found_of(P1, assessed().iloc[:0], reports(DEQIN, OVER, OVER))
    assert nothing.province == Completion(met=0, applicable=0, reported=0, roster=0)
    assert {r.prefecture_code for r in nothing.records if r.county_code == DEQIN} == {DIQING}
