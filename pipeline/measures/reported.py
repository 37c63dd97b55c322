"""Who has reported for a period as of a day, and who owes what: what can be said before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.domain.signing import SignOff, SignState
from pipeline.domain.state import REPORTED, State
from pipeline.ledger.receipt import receipts
from pipeline.measures.overdue import obligations

if TYPE_CHECKING:
    from datetime import date

    from pipeline.domain.entries import Submission
    from pipeline.domain.obligation import Obligation
    from pipeline.ledger.receipt import Receipt
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Prefecture, Program


@dataclass(frozen=True, kw_only=True)
class ReportedPeriod:
    """What was reported for a period; each answer is made when it is first asked for.

    Attributes:
        whole: The campaign as written.
        snapshot: What was received.
        calendar: Working days.
        period: Which.
    """

    whole: Program
    snapshot: Snapshot
    calendar: Calendar
    period: Period

    @cached_property
    def program(self) -> Program:
        """The campaign as it stands in the period."""
        return self.whole.at(self.period)

    @cached_property
    def obligations(self) -> tuple[Obligation, ...]:
        """The one table of what is owed, as this period sees it."""
        return obligations(self.program, self.snapshot, self.calendar, self.period)

    @cached_property
    def states(self) -> dict[State, int]:
        """State → number of counties, this period."""
        states = [self.snapshot.state(self.period, county) for county in self.program.measured]
        return {state: states.count(state) for state in State}

    @property
    def states_shown(self) -> dict[State, int]:
        """The same without what hardly ever is: files that cannot be used or read, where there are none."""
        return {s: n for s, n in self.states.items() if n or s not in {State.UNUSABLE, State.UNREAD}}

    @cached_property
    def receipts(self) -> dict[str, Receipt]:
        """Respondent → its receipt, of those of whom something stands."""
        return receipts(self.whole, self.snapshot, self.period)

    @property
    def signs(self) -> dict[SignState, int]:
        """Where the signatures of those who have a receipt stand → how many; empty where nobody is asked to sign."""
        states = [receipt.state for receipt in self.receipts.values()]
        asked = self.program.sign_off is not SignOff.OFF
        return {state: n for state in SignState if (n := states.count(state))} if asked else {}

    @property
    def reported(self) -> int:
        """Counties whose record stands."""
        return sum(self.states[state] for state in REPORTED)

    def extended_in(self, period: Period) -> tuple[tuple[Prefecture, Period], ...]:
        """The respondents whose report of a period was extended, each with the period as it has it."""
        own = ((p, self.snapshot.period_of(period, p)) for p in self.program.prefectures)
        return tuple((p, one) for p, one in own if one.extended)

    @property
    def due_words(self) -> str:
        """When its reports are due, of everybody and of those given longer."""
        longer = (f"{p.short_name}{one.due_words}" for p, one in self.extended_in(self.period))
        return "，".join([self.period.due_words, *longer])

    @cached_property
    def owed_now(self) -> tuple[Obligation, ...]:
        """This period's obligations."""
        return tuple(o for o in self.obligations if o.period == self.period)

    @cached_property
    def owed_still(self) -> tuple[Obligation, ...]:
        """What is due in this period, what is not met, and what was met by a return that came in this period's time."""
        new = {s.seq for s in self.snapshot.submissions if self._is_new(s.received_on)}
        return tuple(o for o in self.obligations if o.period == self.period or not o.met or o.submission in new)

    @cached_property
    def told(self) -> tuple[Submission, ...]:
        """This period's files, and those nobody could place that came in its time."""
        return tuple(
            s
            for s in self.snapshot.submissions
            if s.period == self.period.code or (not s.period and self._is_new(s.received_on))
        )

    def _is_new(self, day: date) -> bool:
        """Whether what came on a day came after the returns of the period before were due."""
        before = self.program.previous(self.period)
        return before is None or day > before.due_on
