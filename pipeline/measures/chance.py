"""What is more than chance: whether a share differs from the whole's by more than its size explains. Pure functions.

The chance is declared in ``program.yaml`` (``bulletin.chance``): that *any* of the units compared would be named although none
differs (Šidák). A county is measured by the binomial limits of its targets. A group of counties has to be outside these, which
hold for tiny numbers, and outside those of drawing as many counties without replacement from all of them, so that
counties that differ do not make their prefecture differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, ndtri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.measures.completion import Completion, UnitPart

_FEWEST = 2  # one county says nothing of how counties differ


class Band(StrEnum):
    """Where a unit stands among those compared; within chance all are in the middle."""

    AHEAD = "居前"
    MIDDLE = "居中"
    LAST = "居后"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banded:
    """A unit among those compared; the limits of chance for its size, in per cent, 0–100."""

    band: Band
    low_pct: float
    high_pct: float


def banded(whole: Completion, parts: Mapping[str, Completion], *, chance: float, coverage: float) -> dict[str, Banded]:
    """Groups of counties by their band; a group of which too few reported, or none, has none.

    Read twice: by what was reported, and with what the silent said last. Where the two differ the group has no band either:
    silence neither lifts a group whose worst counties say nothing nor puts one down for what they said long ago.

    Args:
        whole: The completion of all of them.
        parts: Group → its completion; every county in one group.
        chance: Per cent, that any is named by chance alone.
        coverage: Per cent of its counties a group has to have reported this period.
    """
    there = {code: done for code, done in parts.items() if done.pct is not None and done.coverage_pct >= coverage > 0}
    reported = _read(_counted(whole.units), {code: _counted(done.units) for code, done in there.items()}, chance)
    known = _read(_known(whole), {code: _known(done) for code, done in there.items()}, chance)
    return {code: one for code, one in known.items() if code in reported and reported[code].band is one.band}


def _known(done: Completion) -> list[UnitPart]:
    return _counted(done.units) + _counted(done.carried)


def _counted(units: Mapping[str, UnitPart]) -> list[UnitPart]:
    return [part for part in units.values() if part.applicable]


def _read(counties: Sequence[UnitPart], groups: Mapping[str, Sequence[UnitPart]], chance: float) -> dict[str, Banded]:
    """Groups of counties against all counties."""
    if len(counties) < _FEWEST or len(groups) < _FEWEST:
        return {}
    applicable = sum(part.applicable for part in counties)
    mean, size = sum(part.met for part in counties) / applicable, applicable / len(counties)
    squares = sum((part.met - mean * part.applicable) ** 2 for part in counties)
    deviation = sqrt(squares / (len(counties) - 1)) / size
    each = _each(chance, len(groups))
    reach = -float(ndtri(each / 2))
    found = {}
    for code, some in groups.items():
        met, own = sum(part.met for part in some), sum(part.applicable for part in some)
        error = reach * deviation * sqrt((1 / len(some)) * (1 - len(some) / len(counties)))
        fewest, most = _binomial(own, mean, each)
        low = max(min(100 * (mean - error), 100 * fewest / own), 0.0)
        high = min(max(100 * (mean + error), 100 * most / own), 100.0)
        share = 100 * met / own
        band = Band.LAST if share < low else Band.AHEAD if share > high else Band.MIDDLE
        found[code] = Banded(band=band, low_pct=low, high_pct=high)
    return found


def county_band(whole: Completion, done: Completion, *, chance: float, among: int) -> Band:
    """One county against the whole: the binomial chance of as few targets met, or as many, among so many counties."""
    if whole.pct is None or not done.applicable:
        return Band.MIDDLE
    fewest, most = _binomial(done.applicable, whole.met / whole.applicable, _each(chance, among))
    return Band.LAST if done.met < fewest else Band.AHEAD if done.met > most else Band.MIDDLE


def _binomial(targets: int, mean: float, chance: float) -> tuple[int, int]:
    """Fewest and most targets met that are within chance, both sides together."""
    at_most = bdtr(np.arange(targets + 1), targets, mean)
    return int(np.searchsorted(at_most, chance / 2)), int(np.searchsorted(at_most, 1 - chance / 2))


def _each(chance: float, among: int) -> float:
    """The chance, as a share, at which one of several is named so that any is at ``chance`` per cent."""
    return 1.0 - float((1.0 - chance / 100) ** (1 / max(among, 1)))
