"""Who might be commended (五（三）) and whose progress lags, each with the figures that put them there: a human decides.

Nothing here is a verdict. The two lists share no county, and most counties are on neither. Progress is the county's; who is
late with a return is the respondent's, and stands in the table of obligations.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.domain.obligation import Timeliness
from pipeline.domain.state import Knowledge
from pipeline.measures.chance import Band, county_band
from pipeline.measures.completion import Completion, completion, printed
from pipeline.measures.progress import COUNTED, Pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from pipeline.domain.obligation import Obligation
    from pipeline.program.model import Period, Program, Unit


class LagReason(StrEnum):
    """Why a county is on the list of those whose progress lags."""

    BEHIND = "有到期未达标或落后于进度的任务"
    COMPLETION = "完成率明显低于全省"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyRecord:
    """The figures of one county, up to a period.

    Attributes:
        on_time: Reports received on time, of the ``due`` ones that were due by the as-of date.
        completion: Targets met of those that apply, in this period; of none when it has not reported.
        paces: Targets that apply, by where they are on their expected path.
        behind: Codes of the quantities that are behind it.
        band: Its completion against the province's: ahead or last only by more than chance.
        gap_pp: Completion less the province's, in percentage points as printed; None without either.
    """

    county_code: str
    prefecture_code: str
    on_time: int
    due: int
    completion: Completion
    paces: Mapping[Pace, int]
    behind: tuple[str, ...]
    band: Band
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
        lagging: Lowest completion first, then most behind.
    """

    province: Completion
    records: tuple[CountyRecord, ...]
    candidates: tuple[CountyRecord, ...]
    lagging: tuple[Lagging, ...]


def commendation(
    program: Program, period: Period, assessed: pd.DataFrame, owed: Iterable[Obligation], chance: float
) -> Commendation:
    """Commendation candidates and lagging counties of a period.

    A county is a candidate when all of these hold:

    - every report that was due by the as-of date, from the first period to this one, came on time, and at least one was;
    - its record of this period stands, and nothing in it is behind its expected path;
    - its completion is above the province's by more than chance, or every target that applies is met.

    A county lags when it reported and something is behind its expected path, or its completion is below the province's by
    more than chance. Of one that has not reported nothing is said: what it owes is the report.

    Args:
        program: The campaign.
        period: Where we are.
        assessed: Of :func:`pipeline.measures.progress.assess`, for this period.
        owed: The table of obligations; of it, the counties' reports up to this period.
        chance: Per cent, that any county is named by chance alone.
    """
    province = completion(assessed, [])[()] if len(assessed) else Completion(met=0, applicable=0, reported=0, roster=0)
    reports = _due_reports(owed, period)
    done, paces = completion(assessed, ["county_code"]), _paces(assessed)
    nobody = Completion(met=0, applicable=0, reported=0, roster=1)

    def record(county: Unit) -> CountyRecord:
        mine, own = done.get((county.code,), nobody), paces.get(county.code, {})
        counted = list(own.values())
        reported = reports.get(county.code, [])
        return CountyRecord(
            county_code=county.code,
            prefecture_code=county.prefecture_code,
            completion=mine,
            on_time=sum(o.timeliness is Timeliness.ON_TIME for o in reported),
            due=len(reported),
            paces={pace: counted.count(pace) for pace in Pace},
            behind=tuple(code for code, pace in own.items() if pace is Pace.BEHIND),
            band=county_band(province, mine, chance=chance, among=province.reported),
            gap_pp=None if mine.pct is None or province.pct is None else printed(mine.pct) - printed(province.pct),
        )

    records = tuple(record(county) for county in program.measured)
    lagging = [Lagging(record=r, reasons=reasons) for r in records if (reasons := _reasons(r))]
    return Commendation(
        province=province,
        records=records,
        candidates=tuple(sorted(filter(_is_candidate, records), key=lambda r: (-_printed(r), r.county_code))),
        lagging=tuple(sorted(lagging, key=lambda f: (_printed(f.record), -len(f.record.behind), f.record.county_code))),
    )


def _due_reports(owed: Iterable[Obligation], period: Period) -> dict[str, list[Obligation]]:
    """Unit → its reports that are due, up to a period, in their order."""
    reports: dict[str, list[Obligation]] = defaultdict(list)
    for o in sorted(owed, key=lambda o: o.period.no):
        counts = o.is_report and o.is_measured and o.timeliness is not Timeliness.NOT_DUE
        if counts and o.period.no <= period.no:
            reports[o.who].append(o)
    return reports


def _paces(assessed: pd.DataFrame) -> dict[str, dict[str, Pace]]:
    """County that reported → quantity that applies → where it is on its path."""
    paces: dict[str, dict[str, Pace]] = {}
    columns = (assessed[name].tolist() for name in ("county_code", "quantity", "status", "pace", "knowledge"))
    for county, quantity, status, pace, knowledge in zip(*columns, strict=True):
        if status in COUNTED and knowledge == Knowledge.REPORTED:
            paces.setdefault(county, {})[quantity] = Pace(pace)
    return paces


def _is_candidate(record: CountyRecord) -> bool:
    done = record.completion
    ahead = record.band is Band.AHEAD or 0 < done.applicable == done.met
    return 0 < record.due == record.on_time and ahead and not record.behind


def _reasons(record: CountyRecord) -> tuple[LagReason, ...]:
    held = {LagReason.BEHIND: bool(record.behind), LagReason.COMPLETION: record.band is Band.LAST}
    return tuple(reason for reason, holds in held.items() if holds)


def _printed(record: CountyRecord) -> Decimal:
    """Completion to sort by; a county without one comes below all others."""
    return Decimal(-1) if record.completion.pct is None else printed(record.completion.pct)
