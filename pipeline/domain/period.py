"""A reporting period."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.domain.text import cn_date

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A reporting period, named by its closing month.

    Attributes:
        due_on: Last day on which a return is on time.
        provisional: The official calendar of that year was not published when this was computed.
        extended: As one respondent has it, which was given longer. Not in what a workbook is made from: its day is.
    """

    code: str
    no: int
    start: date
    end: date
    title: str
    due_on: date
    provisional: bool
    extended: bool = field(default=False, repr=False)

    def until(self, day: date | None) -> Period:
        """The period as a respondent has it whose report was extended to a day."""
        if day is None or day <= self.due_on:
            return self
        return replace(self, due_on=day, extended=True, provisional=False)

    @property
    def due_words(self) -> str:
        """Its due day as it is printed for a respondent, and where it is not the office's usual one, why."""
        return due_words(self.due_on, extended=self.extended) + ("（暂定）" if self.provisional else "")

    @property
    def short_title(self) -> str:
        """As on a chart axis: 22年11—12月."""
        return self.title.replace("20", "", 1)


def due_words(due_on: date, *, extended: bool) -> str:
    """A due day in words: 2023年5月9日 / 经批准延期至2023年5月16日."""
    return f"{'经批准延期至' if extended else ''}{cn_date(due_on)}"
