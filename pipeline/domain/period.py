"""A reporting period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A reporting period, named by its closing month.

    Attributes:
        due_on: Last day on which a return is on time.
        provisional: The official calendar of that year was not published when this was computed.
    """

    code: str
    no: int
    start: date
    end: date
    title: str
    due_on: date
    provisional: bool

    @property
    def short_title(self) -> str:
        """As on a chart axis: 22年11—12月."""
        return self.title.replace("20", "", 1)
