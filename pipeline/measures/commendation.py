"""Who might be commended (五（三）) and who lags, each with the figures that put them there: a human decides.

Nothing here is a verdict. The two lists share no county, and most counties are on neither.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.domain.obligation import BEHIND, Timeliness
from pipeline.measures.progress import COUNTED, Completion, Status, completion, printed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from pipeline.domain.obligation import Obligation
    from pipeline.program.model import Period, Program, Unit


class LagReason(StrEnum):
    """Why a county is on the list of those that lag."""

    STREAK = "连续迟报或逾期"
    COMPLETION = "完成率明显低于全省"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyRecord:
    """The figures of one county, up to a period.

    Attributes:
        on_time: Reports received on time, of the ``due`` ones that were due by the as-of date.
        streak: Reports late or overdue in a row, the last due one included.
        completion: Targets met of those that apply, in this period; of none when it has not reported.
        on_pace: Of the targets that apply, those met or on the pace required by the period's end.
        behind: Codes of the quantities neither met nor on pace.
        gap_pp: Completion less the province's, in percentage points as printed; None without either.
    """

    county_code: str
    prefecture_code: str
    on_time: int
    due: int
    streak: int
    completion: Completion
    on_pace: int
    behind: tuple[str, ...]
    gap_pp: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lagging:
    """A county that lags, and why."""

    record: CountyRecord
    reasons: tuple[LagReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commendation:
    """Both lists, and the province's completion they are measured against.

    Attributes:
        records: Every county's figures, in code order.
        candidates: For commendation, highest completion first; equal ones in code order.
        lagging: Longest streak first, then lowest completion.
    """

    province: Completion
    records: tuple[CountyRecord, ...]
    candidates: tuple[CountyRecord, ...]
    lagging: tuple[Lagging, ...]


def standing(
    program: Program,
    period: Period,
    assessed: pd.DataFrame,
    owed: Iterable[Obligation],
    *,
    streak: int = 2,
    below_pp: Decimal = Decimal(20),
) -> Commendation:
    """Commendation candidates and lagging counties of a period.

    A county is a candidate when all of these hold:

    - every report that was due by the as-of date, from the first period to this one, came on time, and at least one was;
    - its record of this period stands;
    - at least one target applies to it, and each that does (judged, its window begun, not 不适用) is met or on the pace
      the period's end requires.

    A county lags when it was late or overdue with its last ``streak`` due reports or more, or when its completion is
    ``below_pp`` percentage points or more below the province's, both as printed. A county without a record has no
    completion: it can only lag by its streak.

    Args:
        program: The campaign.
        period: Where we are.
        assessed: Of :func:`pipeline.measures.progress.assess`, for this period.
        owed: The table of obligations; of it, the counties' reports up to this period.
        streak: From how many reports in a row on.
        below_pp: From how many percentage points on.
    """
    province = completion(assessed, [])[()] if len(assessed) else Completion(met=0, applicable=0, reported=0, roster=0)
    reports = _due_reports(owed, period)
    done, paces = completion(assessed, ["county_code"]), _paces(assessed)
    nobody = Completion(met=0, applicable=0, reported=0, roster=1)
    records = tuple(
        _record(
            county,
            done.get((county.code,), nobody),
            paces.get(county.code, {}),
            reports.get(county.code, []),
            province,
        )
        for county in program.measured
    )
    lagging = [Lagging(record=r, reasons=reasons) for r in records if (reasons := _reasons(r, streak, below_pp))]
    return Commendation(
        province=province,
        records=records,
        candidates=tuple(sorted(filter(_is_candidate, records), key=lambda r: (-_printed(r), r.county_code))),
        lagging=tuple(
            sorted(lagging, key=lambda found: (-found.record.streak, _printed(found.record), found.record.county_code))
        ),
    )


def _due_reports(owed: Iterable[Obligation], period: Period) -> dict[str, list[Obligation]]:
    """Unit → its reports that are due, up to a period, in their order."""
    reports: dict[str, list[Obligation]] = defaultdict(list)
    for o in sorted(owed, key=lambda o: o.period.no):
        counts = o.is_report and o.is_measured and o.timeliness is not Timeliness.NOT_DUE
        if counts and o.period.no <= period.no:
            reports[o.who].append(o)
    return reports


def _paces(assessed: pd.DataFrame) -> dict[str, dict[str, bool]]:
    """County → quantity that applies → whether it is met or on pace."""
    paces: dict[str, dict[str, bool]] = {}
    columns = (assessed[name].tolist() for name in ("county_code", "quantity", "status", "on_pace"))
    for county, quantity, status, on_pace in zip(*columns, strict=True):
        if status in COUNTED:  # of a county that has not reported nothing is
            paces.setdefault(county, {})[quantity] = status == Status.MET or on_pace is True
    return paces


def _record(
    county: Unit, done: Completion, paces: dict[str, bool], owed: list[Obligation], province: Completion
) -> CountyRecord:
    return CountyRecord(
        county_code=county.code,
        prefecture_code=county.prefecture_code,
        completion=done,
        on_time=sum(o.timeliness is Timeliness.ON_TIME for o in owed),
        due=len(owed),
        streak=_streak(owed),
        on_pace=sum(paces.values()),
        behind=tuple(code for code, good in paces.items() if not good),
        gap_pp=None if done.pct is None or province.pct is None else printed(done.pct) - printed(province.pct),
    )


def _streak(owed: list[Obligation]) -> int:
    count = 0
    for o in reversed(owed):
        if o.timeliness not in BEHIND:
            break
        count += 1
    return count


def _is_candidate(record: CountyRecord) -> bool:
    done = record.completion
    return 0 < record.due == record.on_time and done.reported > 0 and done.applicable > 0 and not record.behind


def _reasons(record: CountyRecord, streak: int, below_pp: Decimal) -> tuple[LagReason, ...]:
    far = record.gap_pp is not None and record.gap_pp <= -below_pp
    held = {LagReason.STREAK: record.streak >= streak, LagReason.COMPLETION: far}
    return tuple(reason for reason, holds in held.items() if holds)


def _printed(record: CountyRecord) -> Decimal:
    """Completion to sort by; a county without one comes below all others."""
    return Decimal(-1) if record.completion.pct is None else printed(record.completion.pct)
