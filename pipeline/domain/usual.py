"""What is usual of a figure, and whether another is unlike it: the one measure of an outlier, on intake and for staff.

The measure of far is the modified z-score of Iglewicz and Hoaglin, from median and median absolute deviation (MAD), since
a mean is moved by the very outlier that is sought. More than 3.5 is far; and only a figure beyond all that were seen is
unlike them, or twice beyond where more than half of them are one number: what only begins is nothing to ask about.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PEERS = 8  # fewer other units say nothing of what is usual
_FAR = 3.5
_MAD_TO_SD = 0.6745  # the MAD of a normal distribution is 0.6745 of its standard deviation
_MEAN_DEVIATION_TO_SD = 1.2533  # ... and its mean absolute deviation 1 ÷ 1.2533


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual in a sample.

    Attributes:
        centre: Its median.
        spread: Its MAD; 0 where more than half of it is one number.
        deviation: Its standard deviation, by either measure.
        size: How many figures there are.
        least: The smallest.
        most: The largest.
    """

    centre: float
    spread: float
    deviation: float
    size: int
    least: int
    most: int

    @property
    def range(self) -> str:
        """In words: 0至9."""
        return f"{self.least}" if self.least == self.most else f"{self.least}至{self.most}"

    def score(self, value: float) -> float:
        """Modified z-score of a value."""
        return (value - self.centre) / self.deviation

    def is_far(self, value: int) -> bool:
        """Whether a value that is none of the sample is unlike it."""
        beyond = value < self.least or value > (self.most if self.spread else 2 * self.most)
        return beyond and abs(self.score(value)) > _FAR


def usual(sample: Sequence[int]) -> Usual:
    """Median and spread of a sample that is not empty.

    With a MAD of 0 (more than half are one number) the mean absolute deviation takes its place; it is then taken as no
    smaller than the median itself or 1, lest the first county to hold a second event be an outlier among those with one.
    """
    centre = median(sample)
    deviations = [abs(value - centre) for value in sample]
    mad = median(deviations)
    deviation = mad / _MAD_TO_SD if mad else max(_MEAN_DEVIATION_TO_SD * fmean(deviations), abs(centre), 1.0)
    return Usual(centre=centre, spread=mad, deviation=deviation, size=len(sample), least=min(sample), most=max(sample))


def changes(series: Sequence[int | None]) -> list[int | None]:
    """From each period to the next, the first from nothing; None where either is missing."""
    return [None if a is None or b is None else b - a for a, b in pairwise((0, *series))]


def compared(series: Sequence[int | None], *, adds_up: bool) -> int | None:
    """What a unit's last figure is compared with others' by: of a total its change, of anything else itself."""
    return changes(series)[-1] if adds_up else series[-1]


def own_past(series: Sequence[int | None]) -> Usual | None:
    """What was usual of a unit's changes before the last; None where nothing is known of any."""
    before = [change for change in changes(series)[:-1] if change is not None]
    return usual(before) if before else None


def is_unlike(series: Sequence[int | None], peers: Usual, *, adds_up: bool) -> bool:
    """Whether a unit's last figure is unlike its peers' and, where it has a past, unlike that too."""
    value, change, past = compared(series, adds_up=adds_up), changes(series)[-1], own_past(series)
    if value is None or (adds_up and value < 0) or not peers.is_far(value):
        return False  # a total that fell is asked about as such
    return past is None or (change is not None and past.is_far(change))
