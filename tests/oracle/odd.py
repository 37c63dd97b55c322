"""Which counts are far from what is usual, by the modified z-score of Iglewicz and Hoaglin, and which cumulative ones fell."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from tests.oracle.progress import same_counties

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.oracle.memory import Known
    from tests.oracle.notice import Campaign

FAR, PEERS, CHANGES = 3.5, 8, 3
Odd = tuple[str, str, str, int, int, float]  # county, column, against what, the figure, what is compared, its centre


def odd(campaign: Campaign, known: Sequence[Known]) -> list[Odd]:
    """Of the last of some periods in a row."""
    now, found = known[-1], list[Odd]()
    then = [{new: old for old, new in same_counties(campaign, now.period, k.period).items()} for k in known]
    columns = [c for s in campaign.sheets if s.rows == "county" for c in s.columns if c.asked(now.period)]
    for column in (c for c in columns if c.kind == "count" and not c.shows):
        said = {
            county: [_said(k, heirs.get(county, ""), column.code) for k, heirs in zip(known, then, strict=True)]
            for county in campaign.roster(now.period)
        }
        given = [past[-1] for past in said.values() if past[-1] is not None]
        for county, past in said.items():
            value = past[-1]
            if value is None:
                continue
            steps = [None if a is None or b is None else b - a for a, b in pairwise(past)]
            earlier = [step for step in steps[:-1] if step is not None]
            if len(given) > PEERS and _far(value, given):
                found.append((county, column.code, "peers", value, value, float(median(given))))
            if steps and steps[-1] is not None and len(earlier) >= CHANGES and _far(steps[-1], earlier):
                found.append((county, column.code, "past", value, steps[-1], float(median(earlier))))
            before = known[-2].number(then[-2].get(county, ""), column.code) if len(known) > 1 else None
            if column.cumulative and before is not None and value < before:
                found.append((county, column.code, "fell", value, int(before), float(before)))
    return found


def _said(known: Known, county: str, code: str) -> int | None:
    """A count reported in the period itself."""
    period, value = known.last.get(county, {}).get(code, ("", ""))
    return int(value) if county in known.states and period == known.period.code and value.isdigit() else None


def _far(value: int, sample: Sequence[int]) -> bool:
    centre = median(sample)
    apart = [abs(one - centre) for one in sample]
    usual = median(apart) / 0.6745 or max(1.2533 * fmean(apart), abs(centre), 1)
    return abs(value - centre) / usual > FAR
