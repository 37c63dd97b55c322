"""The calendar quarters of a campaign, for what is owed once in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.program.model import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """A calendar quarter."""

    start: date
    end: date

    @property
    def title(self) -> str:
        """2022年第四季度."""
        return f"{self.end.year}年第{'一二三四'[self.end.month // 3 - 1]}季度"


def quarters(window: Window) -> tuple[Quarter, ...]:
    """The calendar quarters that end inside the window: one that it only begins is not owed."""
    found = []
    for year in range(window.start.year, window.end.year + 1):
        for month in (1, 4, 7, 10):
            after = date(year + (month == 10), (month + 3) % 12, 1)  # noqa: PLR2004 - the last quarter ends the year
            end = after - timedelta(days=1)
            if window.start <= end <= window.end:
                found.append(Quarter(start=date(year, month, 1), end=end))
    return tuple(found)
