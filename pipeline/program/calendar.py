"""Working days of the official calendar, 调休 included, and the days things fall due.

Order of authority: the office's own ``workdays.csv``, then chinesecalendar, then Monday–Friday marked provisional.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import chinese_calendar

if TYPE_CHECKING:
    from collections.abc import Mapping

_SATURDAY = 5


@cache  # the days of a campaign are asked for hundreds of times
def _official(day: date) -> tuple[bool, bool]:
    """Whether a day is worked by the official calendar, and whether that is only a guess."""
    try:
        return bool(chinese_calendar.is_workday(day)), False
    except NotImplementedError:
        return day.weekday() < _SATURDAY, True


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The official calendar with local overrides (day → is it a working day)."""

    overrides: Mapping[date, bool] = field(default_factory=dict)

    def is_workday(self, day: date) -> tuple[bool, bool]:
        """Whether ``day`` is worked, and whether that answer is provisional."""
        if day in self.overrides:
            return self.overrides[day], False
        return _official(day)

    def add_workdays(self, day: date, count: int) -> tuple[date, bool]:
        """The ``count``-th working day after ``day``, and whether any day on the way was provisional."""
        provisional = False
        while count > 0:
            day += timedelta(days=1)
            worked, guessed = self.is_workday(day)
            provisional = provisional or guessed
            count -= worked
        return day, provisional

    def workdays_between(self, after: date, through: date) -> int:
        """Working days in ``(after, through]``; 0 when ``through`` is not later."""
        days = (after + timedelta(days=n) for n in range(1, (through - after).days + 1))
        return sum(self.is_workday(day)[0] for day in days)

    def workdays_before(self, day: date, count: int) -> date:
        """The last working day from which there are ``count`` working days to ``day``, that one included if it is worked."""
        while count > 0:
            count -= self.is_workday(day)[0]
            day -= timedelta(days=1)
        return self.last_workday_by(day)

    def last_workday_by(self, day: date) -> date:
        """``day`` itself or the nearest working day before it (deadlines on rest days: hand in before)."""
        while not self.is_workday(day)[0]:
            day -= timedelta(days=1)
        return day
