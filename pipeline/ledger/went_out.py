"""What stood in a unit's rows when the workbook went out that it came back in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.checks.carry import prefilled
from pipeline.ledger.content import SeenEarlier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.domain.entries import Sending, Submission
    from pipeline.domain.past import Past
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Form, Period, Prefecture, Program, Unit


@dataclass(frozen=True, kw_only=True)
class WentOut:
    """The workbooks of a campaign as they went out, made again from what was known then.

    Attributes:
        program: The campaign as written.
        snapshot: Says what went out when, and holds the ledger.
    """

    program: Program
    snapshot: Snapshot
    _pasts: dict[tuple[str, int], Past] = field(default_factory=dict)

    def of(self, period: Period, unit: Unit, entry: Submission) -> Mapping[str, Value] | None:
        """Field → what stood in a unit's rows; None where it is not known: nothing was noted, or it is not what was noted."""
        sending = self._sending(period, unit.code, entry)
        if sending is None:
            return None
        past = self._past(sending)
        stood = {
            code: value
            for form in self.program.at(period).roster_of(unit)
            if form.carry
            for code, value in prefilled(self.program.at(period), period, form, unit.code, past).items()
            if value is not None
        }
        return stood if len(stood) == sending.prefilled[unit.code] else None

    def listed(self, form: Form, period: Period, prefecture: Prefecture, entry: Submission) -> tuple[AcceptedRow, ...]:
        """The entries that stood on a list; none where it is not known."""
        sending = self._sending(period, prefecture.code, entry)
        return self._past(sending).carried.get((prefecture.code, form.code), ()) if sending and form.carry else ()

    def _sending(self, period: Period, unit_code: str, entry: Submission) -> Sending | None:
        """With which a unit's rows went out last before they came back."""
        there = (
            one
            for one in reversed(self.snapshot.sendings)
            if one.period == period.code and one.after < entry.seq and one.day <= entry.received_on
        )
        return next((one for one in there if unit_code in one.prefilled), None)

    def _past(self, sending: Sending) -> Past:
        """What was known when they went out: of the day, and entered before."""
        key = sending.period, sending.after
        if key not in self._pasts and self.snapshot.accepted:
            content = self.snapshot.accepted.content
            then = replace(content, entries=tuple(one for one in content.entries if one.seq <= sending.after))
            seen = SeenEarlier.of(content.acts_by(sending.day), sending.day)
            self._pasts[key] = then.accepted(seen).past(sending.period)
        return self._pasts[key]
