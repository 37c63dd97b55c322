"""What is known of every unit as of a period: its last accepted words, and when it said them.

Read off the published values alone. A blank, or no return at all, takes nothing back.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.oracle.notice import Campaign, Span

    Said = dict[str, tuple[str, str]]  # field → (period, value)

_TEXT = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}


class Published:
    """The packages of a campaign's periods, joined."""

    def __init__(self, packages: Mapping[str, Mapping[str, bytes]]) -> None:
        self.values, self.entries, self.records, self.acts = (
            pd.concat(
                [_read(files[name]) for _, files in sorted(packages.items()) if name in files] or [pd.DataFrame()]
            )
            for name in ("values.csv", "entries.csv", "records.csv", "acts.csv")
        )

    def in_period(self, code: str) -> pd.DataFrame:
        """The values of one period."""
        return self.values[self.values["period"] == code] if len(self.values) else self.values


def _read(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")


@dataclass(frozen=True, kw_only=True)
class Known:
    """As of one period.

    Attributes:
        last: Unit → field → (period of the return that says so, value), of counties there are and prefectures.
        states: Unit → ACCEPTED or NIL, of those that reported in the period itself.
    """

    period: Span
    last: dict[str, Said]
    states: dict[str, str]

    def value(self, unit: str, code: str) -> str | None:
        """The last value; None where it was never said."""
        found = self.last.get(unit, {}).get(code)
        return found[1] if found else None

    def number(self, unit: str, code: str) -> Decimal | None:
        """The same as a number; None for words."""
        value = self.value(unit, code)
        return Decimal(value) if value is not None and value.replace(".", "", 1).lstrip("-").isdigit() else None

    def of(self, unit: str) -> str:
        """reported, known or unknown."""
        return "reported" if unit in self.states else "known" if self.last.get(unit) else "unknown"


def known(campaign: Campaign, published: Published, period: Span) -> Known:
    """What is known by a period."""
    spoken: dict[str, Said] = {}
    for span in campaign.through(period):
        _listen(campaign, spoken, published.in_period(span.code), span)
    roster = campaign.roster(period)
    last = {unit: _inherited(campaign, spoken, unit, period) for unit in roster}
    last |= {unit: spoken[unit] for unit in campaign.prefectures if unit in spoken}
    now = published.in_period(period.code)
    states = dict(zip(now["county_code"], now["state"], strict=True)) if len(now) else {}
    there = {*roster, *campaign.prefectures}
    return Known(
        period=period,
        last={unit: said for unit, said in last.items() if said},
        states={unit: state for unit, state in states.items() if unit in there},
    )


def _listen(campaign: Campaign, spoken: dict[str, Said], now: pd.DataFrame, span: Span) -> None:
    """A return is heard: what it gives replaces what was said, and what it takes back takes along what hung on it."""
    if not len(now):
        return
    for unit, rows in now.groupby("county_code", sort=False):
        said = spoken.setdefault(str(unit), {})
        given = dict(zip(rows["field"], rows["value"], strict=True))
        said |= {code: (span.code, value) for code, value in given.items()}
        for code in [code for code in said if code not in given]:
            condition = campaign.columns[code].condition
            if condition and given.get(condition[0], condition[1]) != condition[1]:
                del said[code]


def _inherited(campaign: Campaign, spoken: Mapping[str, Said], unit: str, period: Span) -> Said:
    """A county's own words; before it spoke for the whole of what it has become, the sums of its parts."""
    lives, own = campaign.lives, spoken.get(unit, {})
    parts = [part for part, last in campaign.became.get(unit, ()) if last < period.end.isoformat()]
    if not parts:
        return own
    day = max(lives.loc[parts, "last"])
    ends = {p.code: p.end.isoformat() for p in campaign.periods}
    whole = {code: one for code, one in own.items() if ends[one[0]] > day}
    was_there = lives.loc[unit, "first"] <= min(lives.loc[parts, "last"])
    earlier = [{code: one for code, one in own.items() if code not in whole}] if was_there else []
    earlier += [_inherited(campaign, spoken, part, period) for part in parts]
    if len(earlier) == 1:
        return earlier[0] | whole
    taken = {code: _added([part[code] for part in earlier]) for code in _common(earlier) if campaign.columns[code].sums}
    return {code: one for code, one in taken.items() if one} | whole


def _common(parts: list[Said]) -> set[str]:
    return set.intersection(*(set(part) for part in parts))


def _added(parts: list[tuple[str, str]]) -> tuple[str, str] | None:
    values = [value for _, value in parts]
    if not all(value.replace(".", "", 1).isdigit() for value in values):
        return None
    return max(period for period, _ in parts), str(sum(Decimal(value) for value in values))
