"""When things came: on time, late, not due, overdue; days and working days late; periods late in a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from pipeline.domain.obligation import BEHIND, Timeliness, timeliness
from pipeline.domain.state import State
from pipeline.program.calendar import Calendar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import County, Period, Prefecture, Program, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """When one period's obligation of one unit was met.

    Attributes:
        met_on: Day the accepted record (county) or the first return with an accepted county (prefecture) was received.
        days: Calendar days late, up to ``met_on`` or the as-of date; 0 when on time or not due.
        workdays: The same in working days of the official calendar.
        streak: Periods late or overdue in a row, this one included.
    """

    period: Period
    timeliness: Timeliness
    met_on: date | None
    days: int
    workdays: int
    streak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering(Calendar):
    """The same calendar, which counts the days between two dates once: hundreds of units share each due day."""

    known: dict[tuple[date, date], int] = field(default_factory=dict)

    def workdays_between(self, after: date, through: date) -> int:
        """As :meth:`Calendar.workdays_between`."""
        if (after, through) not in self.known:
            self.known[after, through] = Calendar.workdays_between(self, after, through)
        return self.known[after, through]


def pending_until(program: Program, snapshot: Snapshot, period: Period, unit: Unit) -> date | None:
    """Up to which day what came of a unit's prefecture for a period speaks for it; None where nothing waits.

    What the prefecture has to send again, until the return after it is due; what the office has to deal with, for ever; a
    return in which nothing was filled in does not.
    """
    waiting = snapshot.waiting.get((period.code, unit.prefecture_code))
    if waiting is None or waiting.is_blank or (period.code, unit.code) in snapshot.states:
        return None
    following = program.periods[period.no :]
    return following[0].due_on if following and waiting.state is State.UNUSABLE and not waiting.is_held else date.max


def county_history(
    program: Program, snapshot: Snapshot, calendar: Calendar, county: County, through: Period
) -> tuple[Arrived, ...]:
    """One entry per period up to ``through`` in which there was such a county; its streak began under an earlier code."""
    codes = {p: code for p in program.periods_through(through) if (code := program.code_in(county, p))}
    days = [snapshot.first_accepted.get((p.code, code)) for p, code in codes.items()]
    pending = [pending_until(program, snapshot, p, county) for p in codes]
    history = _history(list(codes), days, pending, snapshot.as_of, calendar)
    return tuple(arrived for arrived in history if codes[arrived.period] == county.code)


def prefecture_history(
    program: Program, snapshot: Snapshot, calendar: Calendar, prefecture: Prefecture, through: Period
) -> tuple[Arrived, ...]:
    """One entry per period up to ``through``: a prefecture has reported when a first county of its is accepted."""
    days = []
    for period in program.periods_through(through):
        mine = program.at(period).measured_of(prefecture.code)
        got = [day for c in mine if (day := snapshot.first_accepted.get((period.code, c.code)))]
        days.append(min(got, default=None))
    pending = [pending_until(program, snapshot, p, prefecture) for p in program.periods_through(through)]
    return _history(program.periods_through(through), days, pending, snapshot.as_of, calendar)


def _history(
    periods: Sequence[Period],
    days: Sequence[date | None],
    pending: Sequence[date | None],
    as_of: date,
    calendar: Calendar,
) -> tuple[Arrived, ...]:
    entries: list[Arrived] = []
    streak = 0
    for period, met_on, until_then in zip(periods, days, pending, strict=True):
        judged = timeliness(period.due_on, met_on, as_of, until_then)
        behind = judged in BEHIND
        streak = streak + 1 if behind else 0
        until = met_on or as_of
        entries.append(
            Arrived(
                period=period,
                timeliness=judged,
                met_on=met_on,
                days=(until - period.due_on).days if behind else 0,
                workdays=calendar.workdays_between(period.due_on, until) if behind else 0,
                streak=streak,
            )
        )
    return tuple(entries)
