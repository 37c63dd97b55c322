"""The sheets of 全省汇总.xlsx: each is one object in one module of the folder ``sheets``, found here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import Knowledge
from pipeline.measures.progress import COUNTED, Status
from pipeline.products.coverage import carried_note
from pipeline.products.found import found
from pipeline.products.summary.grid import grids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipeline.measures.figures import Values
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Pace
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.style import Column, Pen

_FOLDER = f"{__package__}.sheets"
FRONT, OF_ACTIONS, OF_OTHERS, ASIDE, TO_CHECK = "#1F3864", "#5B84BD", "#9DB8DC", "#8A94A0", "#E0A84A"


def _reported(s: Summary) -> str:
    """Its coverage, where a sheet has no other."""
    return f"已报{s.m.reported}/{len(s.m.program.measured)}{s.m.program.words.rows}"


def known_note(s: Summary) -> str:
    """How many of its units did not report this period and stand with what they said before; empty of none."""
    note = carried_note(s.m)
    return f"{note}（灰色斜体）" if note else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySheet:
    """One sheet.

    Attributes:
        name: Of its tab, in the words of this programme.
        number: Its place, those of equal number in the order they come.
        tab: Colour of its tab.
        what: What it is of, for the contents; as ``covers``, how many of how many it is of.
        write: Writes it.
        there: Whether there is anything to show.
    """

    name: str
    number: int
    tab: str
    what: Callable[[Summary], str]
    write: Callable[[Summary, Pen], None]
    covers: Callable[[Summary], str] = _reported
    there: Callable[[Summary], bool] = lambda _: True


@dataclass(frozen=True)
class Summary:
    """What the sheets are made from: the measures, and what several of them need.

    Attributes:
        book: The workbook, which charts are made by.
        unread: Columns that no product reads; None where that is not known.
    """

    m: PeriodMeasures
    book: Any
    unread: tuple[str, ...] | None = ()

    def named(self, name: str) -> str:
        """A sheet's name in the words of the programme."""
        return self.m.program.worded(name)

    def columns(self, columns: Iterable[Column]) -> list[Column]:
        """Columns with their titles in the words of the programme."""
        return [replace(one, head=self.named(one.head)) for one in columns]

    @cached_property
    def sheets(self) -> tuple[SummarySheet, ...]:
        """The ``SHEET`` of every module of the folder, or its ``sheets``, one for each form; in order."""
        of_forms = [one for make in found(_FOLDER, "sheets") for one in make(self)]
        own = [replace(one, name=self.named(one.name)) for one in found(_FOLDER, "SHEET")]
        return tuple(sorted((one for one in (*own, *of_forms) if one.there(self)), key=lambda one: one.number))

    @cached_property
    def values(self) -> Values:
        """Unit → field → last accepted value, of every unit of which something is known."""
        return {code: self.m.known.listed(code) for code, given in self.m.known.values.items() if given}

    @cached_property
    def grids(self) -> dict[str, Grid]:
        """Form → where everything stands on its sheet, of forms with a row for every unit."""
        return grids(self.m, self.values)

    @cached_property
    def scored(self) -> tuple[Grid, ...]:
        """The sheets that completion is counted on."""
        return tuple(grid for grid in self.grids.values() if grid.scored)

    @cached_property
    def absences(self) -> dict[str, str]:
        """Unit → why nothing of it stands, in words."""
        m = self.m
        return {u.code: m.snapshot.absence(m.period, u) for u in m.program.reporters if not self.reported(u.code)}

    def reported(self, unit_code: str) -> bool:
        """Whether a unit reported this period: what it said before is known all the same."""
        return unit_code in self.m.known.reported

    def since(self, unit_code: str, field_code: str) -> str:
        """Code of the period whose return says a value, where that is an earlier one; empty of this period's."""
        code = self.m.known.since.get(unit_code, {}).get(field_code, "")
        return "" if code == self.m.period.code else code

    @cached_property
    def paces(self) -> dict[str, Mapping[Pace, int]]:
        """County → targets that apply, by where they are on their expected path."""
        return {record.county_code: record.paces for record in self.m.commendation.records}

    @cached_property
    def scores(self) -> dict[tuple[str, int], tuple[int, int]]:
        """(county that reported, action) → targets met, and targets that apply."""
        counted: dict[tuple[str, int], tuple[int, int]] = {}
        columns = self.m.assessed[["county_code", "action", "status", "knowledge"]]
        for county, action, status, knowledge in columns.itertuples(index=False):
            if status in COUNTED and knowledge == Knowledge.REPORTED:
                met, applies = counted.get((county, action), (0, 0))
                counted[county, action] = met + (status == Status.MET), applies + 1
        return counted
