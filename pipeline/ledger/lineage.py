"""Counties that were merged or came under another code: whose last values they go on from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipeline.domain.value import Value
    from pipeline.program.model import County, Period, Program

    Dated = Mapping[tuple[str, str], tuple[date, Value]]


def reporters_on(program: Program, prefectures: Collection[str]) -> frozenset[str]:
    """The prefectures that ever reported on the counties of some: these, and those that counties came from."""
    whose, found = frozenset(prefectures), set(prefectures)
    for code in program.merged_into:
        line = [program.county_by_code[code]] if code in program.county_by_code else []
        for county in line:  # grows: what was merged may have been merged of others
            line += program.merged_into.get(county.code, ())
        if whose & {county.prefecture_code for county in line[:1]}:
            found |= {county.prefecture_code for county in line}
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Whose last values a county goes on from: its own, those it gave under an earlier code, or the sums of what was merged."""

    program: Program
    given: Dated

    def taken_over(self, period: Period) -> dict[tuple[str, str], tuple[date, Value]]:
        """(county, field) → last value and its day, of the counties of a period; of a sum, the last of its parts' days."""
        heirs = self._heirs(period)
        codes = dict.fromkeys(code for _, code in self.given)
        others = {c.code for c in (*heirs, *self.program.others_in(period))}
        ours = {key: value for key, value in self.given.items() if key[0] not in others}
        taken = {(c.code, code): value for c in heirs for code in codes if (value := self._value(c, code, period))}
        return ours | taken

    def merged(self, period: Period) -> frozenset[str]:
        """Counties of a period of several parts that have not reported as a whole."""
        last = {c.code: self._last(c) for c in self._heirs(period)}
        return frozenset(c.code for c in self._heirs(period) if len(self._parts(c, period, last[c.code])) > 1)

    def _heirs(self, period: Period) -> list[County]:
        return [c for c in self.program.roster_in(period) if c.code in self.program.merged_into]

    def _last(self, county: County) -> date:
        """The day of its last report."""
        return max((day for (code, _), (day, _) in self.given.items() if code == county.code), default=date.min)

    def _parts(self, county: County, period: Period, last: date) -> list[County]:
        """The counties it was on a day, of those that have become it by the period's end; itself alone once it was whole."""
        into = self.program.merged_into.get(county.code, ())
        joined = [c for c in into if c.ends and last <= c.ends < period.end]
        was_there = not joined or any(c.ends and county.stands_on(c.ends) for c in joined)
        return [*([county] if was_there else []), *joined]

    def _value(self, county: County, code: str, period: Period) -> tuple[date, Value] | None:
        """What it said last, if it has said it as it is; else what its parts had said comes to."""
        own = self.given.get((county.code, code))
        parts = self._parts(county, period, own[0] if own else date.min)
        values = [own if part.code == county.code else self._value(part, code, period) for part in parts]
        if len(parts) == 1:
            return values[0]
        known = [value for value in values if value]
        numbers = [number for _, number in known if isinstance(number, (int, Decimal))]
        whole = len(numbers) == len(values) and self.program.field_by_code[code].adds_up
        return (max(day for day, _ in known), sum(numbers)) if whole else None
