"""All measures of one period as of a day, computed once and read by every report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.checks.decide import State
from pipeline.measures.overdue import Obligation, obligations
from pipeline.measures.progress import (
    Completion,
    ProvinceResult,
    Total,
    assess,
    completion,
    elapsed,
    province_results,
    ranks,
    totals,
)

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.dataset.snapshot import Snapshot
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Prefecture, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Completion of one period at every level.

    Attributes:
        pace_pct: Share of the campaign's window gone by the period's end, in per cent.
    """

    period: Period
    province: Completion
    by_prefecture: dict[str, Completion]
    by_county: dict[str, Completion]
    by_action: dict[int, Completion]
    by_prefecture_action: dict[tuple[str, int], Completion]
    pace_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodMeasures:
    """What the reports of a period say, and nothing they may not say.

    Attributes:
        scores: One entry per period up to this one; the last is this period's.
        states: State → number of counties, this period.
        prefecture_order: Prefectures by rank, those without figures last, in code order.
        ranks: Prefecture code → rank with ties, None without figures.
    """

    program: Program
    snapshot: Snapshot
    period: Period
    assessed: pd.DataFrame
    scores: tuple[Scores, ...]
    totals: tuple[Total, ...]
    province_results: tuple[ProvinceResult, ...]
    obligations: tuple[Obligation, ...]
    states: dict[State, int]
    prefecture_order: tuple[Prefecture, ...]
    ranks: dict[str, int | None]

    @property
    def now(self) -> Scores:
        """This period."""
        return self.scores[-1]

    @property
    def before(self) -> Scores | None:
        """The period before, if any."""
        return self.scores[-2] if len(self.scores) > 1 else None

    @property
    def reported(self) -> int:
        """Counties whose record stands."""
        return self.states[State.ACCEPTED] + self.states[State.NIL]

    @property
    def owed_now(self) -> tuple[Obligation, ...]:
        """This period's obligations."""
        return tuple(o for o in self.obligations if o.period == self.period)


def measure_period(program: Program, snapshot: Snapshot, calendar: Calendar, period: Period) -> PeriodMeasures:
    """Compute everything reports need for ``period``, from what was received by the snapshot's day."""
    assessments = [(p, assess(program, p, snapshot.values(program, p))) for p in program.periods_through(period)]
    scores = tuple(_scores(program, p, assessed) for p, assessed in assessments)
    values = snapshot.values(program, period)
    assessed = assessments[-1][1]
    marks = [scores[-1].by_prefecture[p.code].pct for p in program.prefectures]
    ranked = dict(zip((p.code for p in program.prefectures), ranks(marks), strict=True))
    unranked = len(program.prefectures) + 1
    order = sorted(program.prefectures, key=lambda p: (ranked[p.code] or unranked, p.code))
    states = [snapshot.state(period, county) for county in program.counties]
    return PeriodMeasures(
        program=program, snapshot=snapshot, period=period, assessed=assessed, scores=scores,
        totals=totals(program, period, values, assessed),
        province_results=province_results(program, values),
        obligations=obligations(program, snapshot, calendar, period),
        states={state: states.count(state) for state in State},
        prefecture_order=tuple(order), ranks=ranked,
    )  # fmt: skip


def _scores(program: Program, period: Period, assessed: pd.DataFrame) -> Scores:
    return Scores(
        period=period,
        province=completion(assessed, [])[()],
        by_prefecture={str(k[0]): v for k, v in completion(assessed, ["prefecture_code"]).items()},
        by_county={str(k[0]): v for k, v in completion(assessed, ["county_code"]).items()},
        by_action={int(str(k[0])): v for k, v in completion(assessed, ["action"]).items()},
        by_prefecture_action={
            (str(k[0]), int(str(k[1]))): v for k, v in completion(assessed, ["prefecture_code", "action"]).items()
        },
        pace_pct=100 * elapsed(program.window, period.end),
    )
