"""What is more than chance: whether a share differs from the whole's by more than its size explains. Pure functions.

The chance is declared in ``program.yaml`` (``bulletin.chance``): that *any* of the units compared would be named although none
differs (Šidák). A county is measured by the binomial limits of its targets. A group of counties has to be outside these, which
hold for tiny numbers, and outside those of drawing as many counties without replacement from all that reported, so that
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
    from collections.abc import Mapping

    from pipeline.measures.progress import Completion, UnitPart

_FEWEST = 2  # one county says nothing of how counties differ


class Band(StrEnum):
    """Where a unit stands among those compared; within chance all are in the middle."""

    AHEAD = "居前"
    MIDDLE = "居中"
    LAST = "居后"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A unit among those compared; the limits of chance for its size, in per cent, 0–100."""

    band: Band
    low_pct: float
    high_pct: float


def standings(
    whole: Completion, parts: Mapping[str, Completion], *, chance: float, coverage: float
) -> dict[str, Standing]:
    """Groups of counties by where they stand; a group of which too few reported, or none, stands nowhere.

    The silent are taken by what they said last, lest a group rise because its worst counties say nothing.

    Args:
        whole: The completion of all of them.
        parts: Group → its completion; every county in one group.
        chance: Per cent, that any is named by chance alone.
        coverage: Per cent of its counties a group has to have reported this period.
    """
    there = {code: done for code, done in parts.items() if done.pct is not None and done.coverage_pct >= coverage > 0}
    counties = _counties(whole)
    if len(counties) < _FEWEST or len(there) < _FEWEST:
        return {}
    applicable = sum(part.applicable for part in counties)
    mean, size = sum(part.met for part in counties) / applicable, applicable / len(counties)
    squares = sum((part.met - mean * part.applicable) ** 2 for part in counties)
    deviation = sqrt(squares / (len(counties) - 1)) / size
    each = _each(chance, len(there))
    reach = -float(ndtri(each / 2))
    found = {}
    for code, done in there.items():
        n, own = len(_counties(done)), done.applicable + done.known_applicable
        error = reach * deviation * sqrt((1 / n) * (1 - n / len(counties)))
        fewest, most = _binomial(own, mean, each)
        low = 100 * max(min(mean - error, fewest / own), 0.0)
        high = 100 * min(max(mean + error, most / own), 1.0)
        share = done.known_pct or 0.0
        band = Band.LAST if share < low else Band.AHEAD if share > high else Band.MIDDLE
        found[code] = Standing(band=band, low_pct=low, high_pct=high)
    return found


def _counties(done: Completion) -> list[UnitPart]:
    return [part for part in (*done.units.values(), *done.carried.values()) if part.applicable]


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
