"""When things came: on time, late, not due, overdue; days and working days late; periods late in a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from pipeline.domain.obligation import BEHIND, Timeliness, timeliness
from pipeline.domain.state import State
from pipeline.program.calendar import Calendar

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    waits = following and waiting.state is State.UNUSABLE and not waiting.is_held
    return snapshot.period_of(following[0], unit).due_on if waits else date.max


def county_history(
    program: Program, snapshot: Snapshot, calendar: Calendar, county: County, through: Period
) -> tuple[Arrived, ...]:
    """One entry per period up to ``through`` in which there was such a county; its streak began under an earlier code."""
    codes = {p: code for p in program.periods_through(through) if (code := program.code_in(county, p))}
    days = {p: snapshot.first_accepted.get((p.code, code)) for p, code in codes.items()}
    history = _history(program, snapshot, calendar, county, days)
    return tuple(arrived for arrived in history if codes[arrived.period] == county.code)


def prefecture_history(
    program: Program, snapshot: Snapshot, calendar: Calendar, prefecture: Prefecture, through: Period
) -> tuple[Arrived, ...]:
    """One entry per period up to ``through``: a prefecture has reported when a first county of its is accepted."""
    days = {}
    for period in program.periods_through(through):
        mine = program.at(period).measured_of(prefecture.code)
        got = [day for c in mine if (day := snapshot.first_accepted.get((period.code, c.code)))]
        days[period] = min(got, default=None)
    return _history(program, snapshot, calendar, prefecture, days)


def _history(
    program: Program, snapshot: Snapshot, calendar: Calendar, unit: Unit, days: Mapping[Period, date | None]
) -> tuple[Arrived, ...]:
    entries: list[Arrived] = []
    streak = 0
    for period, met_on in days.items():
        due_on = snapshot.period_of(period, unit).due_on
        judged = timeliness(due_on, met_on, snapshot.as_of, pending_until(program, snapshot, period, unit))
        behind = judged in BEHIND
        streak = streak + 1 if behind else 0
        until = met_on or snapshot.as_of
        entries.append(
            Arrived(
                period=period,
                timeliness=judged,
                met_on=met_on,
                days=(until - due_on).days if behind else 0,
                workdays=calendar.workdays_between(due_on, until) if behind else 0,
                streak=streak,
            )
        )
    return tuple(entries)
