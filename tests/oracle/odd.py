"""Which counts are unlike a county's own past and its peers', by the z-score of Iglewicz and Hoaglin, and which fell."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from tests.oracle.progress import same_counties

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.oracle.memory import Known
    from tests.oracle.notice import Campaign

FAR, PEERS = 3.5, 8
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
        steps = {
            county: [None if a is None or b is None else b - a for a, b in pairwise([0, *past])]
            for county, past in said.items()
        }
        looked = {county: (steps if column.cumulative else said)[county][-1] for county in said}
        for county, past in said.items():
            value, change = looked[county], steps[county][-1]
            others = [v for other, v in looked.items() if other != county and v is not None]
            own = [step for step in steps[county][:-1] if step is not None]
            if past[-1] is None:
                continue
            if value is not None and len(others) >= PEERS and not (column.cumulative and value < 0):
                alike = bool(own) and (change is None or not _far(change, own))
                if _far(value, others) and not alike:
                    found.append((county, column.code, "peers", past[-1], value, float(median(others))))
            before = known[-2].number(then[-2].get(county, ""), column.code) if len(known) > 1 else None
            if column.cumulative and before is not None and past[-1] < before:
                found.append((county, column.code, "fell", past[-1], int(before), float(before)))
    return found


def _said(known: Known, county: str, code: str) -> int | None:
    """A count reported in the period itself."""
    period, value = known.last.get(county, {}).get(code, ("", ""))
    return int(value) if county in known.states and period == known.period.code and value.isdigit() else None


def _far(value: int, sample: Sequence[int]) -> bool:
    """Beyond all of them (twice, where most are one number) and many deviations from the middle."""
    centre = median(sample)
    apart = [abs(one - centre) for one in sample]
    usual = median(apart) / 0.6745 or max(1.2533 * fmean(apart), abs(centre), 1)
    top = max(sample) if median(apart) else 2 * max(sample)
    return (value > top or value < min(sample)) and abs(value - centre) / usual > FAR
