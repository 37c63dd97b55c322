"""What was accepted before a run, seen from one period: what rules compare with and sheets carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.usual import Usual
    from pipeline.domain.value import Value

    Previous = Mapping[tuple[str, str], Value]
    Number = int | Decimal


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was accepted before this run, seen from one period; units are counties, and prefectures for their own rows.

    Attributes:
        previous: (county, field) → last value accepted in an earlier period.
        floors: (county, field) → last number accepted in an earlier period, whatever 不适用 came after it.
        current: (county, field) → value that already stands for the period itself.
        standing: (county, form) → whether the row that already stands for the period is a nil report.
        later: (county, field) → lowest number already accepted in a later period.
        received: (county, form) → day the row that already stands for the period was received.
        carried: (prefecture, form) → entries not done with, as they stand after all earlier periods.
        listed: (prefecture, form) → entries that already stand for the period itself.
        numbers: (prefecture, form) → every number ever given out, whenever that was.
        answers: (unit, number of its entry or empty, rule) → the reason with which what breaks the rule was accepted last;
            empty where it was only warned of.
        amended: (county, field) of which ``previous`` stands by the word of staff, not of a return.
        earlier: (county, form) → what it reported in each earlier period, in order; None where it reported nothing.
        peers: Count → what was usual of it over all counties in the period before: of a total, of its changes.
        returned: Units whose last record for the period itself was returned.
        warned: (unit, field) that was warned of in the period itself.
        entered: (unit, entry, field) that staff have entered for the period itself.
        remarks: (unit, form, entry) → the remark in the row that stands for the period itself.
        unexplained: (unit, form, entry) → field and words of a change in the period itself that nobody has given a reason for.
        merged: Counties that another was merged into after their last report: nothing stands for the whole of them.
    """

    previous: Previous
    floors: Mapping[tuple[str, str], Number]
    current: Previous
    standing: Mapping[tuple[str, str], bool]
    later: Mapping[tuple[str, str], Number] = field(default_factory=dict)
    received: Mapping[tuple[str, str], date] = field(default_factory=dict)
    carried: Mapping[tuple[str, str], tuple[AcceptedRow, ...]] = field(default_factory=dict)
    listed: Mapping[tuple[str, str], tuple[AcceptedRow, ...]] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    answers: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    amended: frozenset[tuple[str, str]] = frozenset()
    merged: frozenset[str] = frozenset()
    earlier: Mapping[tuple[str, str], Sequence[Mapping[str, Value] | None]] = field(default_factory=dict)
    peers: Mapping[str, Usual] = field(default_factory=dict)
    returned: frozenset[str] = frozenset()
    warned: frozenset[tuple[str, str]] = frozenset()
    entered: frozenset[tuple[str, str, str]] = frozenset()
    remarks: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    unexplained: Mapping[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)

    def stood(self, key: tuple[str, str], day: date) -> bool:
        """Whether a row of (county, form) already stood on a day."""
        return key in self.standing and self.received.get(key, day) <= day

    def knows(self, county_code: str) -> bool:
        """Whether anything of the county was ever accepted."""
        return county_code in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(county for county, _ in (*self.previous, *self.current))


NO_PAST = Past(previous={}, floors={}, current={}, standing={})
