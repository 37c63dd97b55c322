"""Counts far from a county's own past or from its peers: for staff to look at, never a reason to refuse.

The measure of far is the modified z-score of Iglewicz and Hoaglin, from median and median absolute deviation (MAD), since
a mean is moved by the very outlier that is sought. More than 3.5 is far.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from pipeline.program.model import Accumulation, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.domain.value import Value
    from pipeline.measures.figures import Values
    from pipeline.measures.known import KnownState
    from pipeline.program.model import County, Field, Period, Program

_FAR = 3.5
_MAD_TO_SD = 0.6745  # the MAD of a normal distribution is 0.6745 of its standard deviation
_MEAN_DEVIATION_TO_SD = 1.2533  # ... and its mean absolute deviation 1 ÷ 1.2533
PEERS = 8  # fewer other counties say nothing of what is usual
_PAST = 3  # so do fewer earlier changes


class Against(StrEnum):
    """What a figure is far from."""

    PEERS = "peers"
    OWN_PAST = "own_past"
    FELL = "fell"  # a cumulative count that is less than what the county said before, or none any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """One figure of one county.

    Attributes:
        value: What was reported.
        compared: What was compared: the count itself, or its change since the period before; of one that fell, what it was.
        centre: Median of what it was compared with; of one that fell, what it was.
        spread: MAD of that, 0 where more than half of it is one number.
        score: Modified z-score; negative below the centre.
        sample: How many figures it was compared with.
        reported: Counties that gave the field, of ``roster``.
    """

    county_code: str
    field: str
    against: Against
    value: Value
    compared: int
    centre: float
    spread: float
    score: float
    sample: int
    reported: int
    roster: int


def outliers(program: Program, period: Period, known: Sequence[KnownState]) -> tuple[Outlier, ...]:
    """Every count of a period that is far from its peers' or from the county's own past, or fell, by field, then county.

    Peers are the other counties that gave the field, at least 8. The past is at least 3 earlier changes from period to
    period; a change is taken only where both periods were reported. What a column repeats from another is not looked at
    twice.

    Args:
        program: The campaign.
        period: Where we are.
        known: What is known as of each period up to this one; of a period, what was reported in it.
    """
    values = {state.period.code: state.said for state in known}
    found: list[Outlier] = []
    for form in program.county_forms:
        for field in form.fields_in(period):
            if field.type is FieldType.COUNT and not field.shows:
                series = {c.code: _series(program, period, values, c, field) for c in program.counties}
                found += _far(field, series)
                if field.accumulation is Accumulation.CUMULATIVE and len(known) > 1:
                    found += _fell(program, field, known[-2], known[-1])
    return tuple(found)


def _fell(program: Program, field: Field, before: KnownState, now: KnownState) -> Iterator[Outlier]:
    """Counties whose accepted figure takes back a part of what they had said: the sum over all falls by as much."""
    said = now.said
    for county in program.counties:
        was = before.listed(program.comparable_code(county, before.period)).get(field.code)
        value = said.get(county.code, {}).get(field.code)
        if isinstance(was, int) and value is not None and not (isinstance(value, int) and value >= was):
            yield Outlier(
                county_code=county.code,
                field=field.code,
                against=Against.FELL,
                value=value,
                compared=was,
                centre=was,
                spread=0.0,
                score=0.0,
                sample=1,
                reported=len(now.reported),
                roster=len(program.counties),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usual:
    """What is usual in a sample: its median, MAD, and standard deviation by either."""

    centre: float
    spread: float
    deviation: float
    size: int

    def score(self, value: float) -> float:
        """Modified z-score of a value, which may be of the sample."""
        return (value - self.centre) / self.deviation


def usual(sample: Sequence[int]) -> _Usual:
    """Median and spread of a sample that is not empty.

    With a MAD of 0 (more than half are one number) the mean absolute deviation takes its place; it is then taken as no
    smaller than the median itself or 1, lest the first county to hold a second event be an outlier among those with one.
    """
    centre = median(sample)
    deviations = [abs(value - centre) for value in sample]
    mad = median(deviations)
    deviation = mad / _MAD_TO_SD if mad else max(_MEAN_DEVIATION_TO_SD * fmean(deviations), abs(centre), 1.0)
    return _Usual(centre=centre, spread=mad, deviation=deviation, size=len(sample))


def _series(
    program: Program, period: Period, values: Mapping[str, Values], county: County, field: Field
) -> list[int | None]:
    """A county's counts, period by period; None where it gave none, or was not the same county."""
    cells = (
        values.get(p.code, {}).get(program.comparable_code(county, p), {}).get(field.code)
        for p in program.periods_through(period)
    )
    return [cell if isinstance(cell, int) else None for cell in cells]


def _far(field: Field, series: Mapping[str, Sequence[int | None]]) -> Iterator[Outlier]:
    now = {code: past[-1] for code, past in series.items() if past[-1] is not None}
    sample = [value for value in now.values() if value is not None]
    peers = usual(sample) if len(sample) > PEERS else None
    for code, value in now.items():
        *earlier, change = _changes(series[code])
        past = [c for c in earlier if c is not None]
        own = usual(past) if change is not None and len(past) >= _PAST else None
        for against, compared, of in ((Against.PEERS, value, peers), (Against.OWN_PAST, change, own)):
            if value is not None and compared is not None and of and abs(of.score(compared)) > _FAR:
                yield Outlier(
                    county_code=code,
                    field=field.code,
                    against=against,
                    value=value,
                    compared=compared,
                    centre=of.centre,
                    spread=of.spread,
                    score=of.score(compared),
                    sample=of.size,
                    reported=len(sample),
                    roster=len(series),
                )


def _changes(past: Sequence[int | None]) -> list[int | None]:
    """From each period to the next, the first from nothing known; None where either is missing."""
    return [None, *(None if a is None or b is None else b - a for a, b in pairwise(past))]
