"""A row of a sheet as it was accepted: of a unit, or an entry of its list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.domain.acts import Amendment
    from pipeline.domain.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRow:
    """An accepted row, values as the officer meant them (不适用 included).

    Attributes:
        seq: Number in the ledger of the submission it came in by.
        county_code: Of the unit: a county, or the prefecture for its own row and the entries of its lists.
        entry: Of an entry of a list, its stable number; empty for the row of a unit.
        sheet_row: 1-based row of the sheet.
        nil: 本期无新进展 was ticked.
        received_on: Day its submission was received.
        typed: Field code → text as typed, where it is not the value as shown.
        values: Field code → value.
        amended: Field code → what staff have said of it, where that stands in ``values``.
    """

    seq: int
    form: str
    period: str
    county_code: str
    entry: str
    sheet_row: int
    nil: bool
    received_on: date
    typed: Mapping[str, str]
    values: Mapping[str, Value]
    amended: Mapping[str, Amendment] = field(default_factory=dict)

    @property
    def prefecture_code(self) -> str:
        """Of an entry, whose list it is in."""
        return self.county_code

    @property
    def number(self) -> str:
        """Of an entry, its stable number."""
        return self.entry
