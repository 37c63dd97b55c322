"""What the accepted returns say that meets an obligation: on which day, by which submission, in which cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipeline.measures.known import rows_of, stands
from pipeline.program.model import NOT_APPLICABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Field, Form, Period, Prefecture, Program, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What meets an obligation.

    Attributes:
        on: The day it was done, or, where none is stated, the day the return that says so was received.
        dated: Whether ``on`` is a stated day.
        submission: Number in the ledger; 0 when not known.
        sheet: Empty when a whole record is meant, as is ``cell``.
    """

    on: date
    dated: bool
    submission: int
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a unit says of one column, by its last accepted row.

    Attributes:
        exempt: 不适用.
        met: None where what it says is not enough.
    """

    exempt: bool
    met: Evidence | None


def said(
    program: Program,
    snapshot: Snapshot,
    form: Form,
    unit: Unit,
    column: Field,
    day: Field | None,
    enough: Callable[[Value], bool],
) -> Said:
    """Read one column of a roster sheet over all periods received.

    What is said last counts: a 是 taken back is not met. It is met by the first of the rows that have said so ever
    since with the same day, so that a sheet carried along does not move the evidence.
    """
    rows = [row for row in rows_of(program, snapshot, form, unit) if row.values.get(column.code) is not None]
    last = rows[-1].values[column.code] if rows else None
    if last is None or last == NOT_APPLICABLE or not enough(last):
        return Said(exempt=last == NOT_APPLICABLE, met=None)
    first = rows[-1]
    for row in reversed(rows):
        if not enough(row.values[column.code]) or _day(row, day) != _day(rows[-1], day):
            break
        first = row
    return Said(exempt=False, met=evidence_of(snapshot, first, column, day))


def entries(program: Program, snapshot: Snapshot, form: Form) -> Iterator[tuple[Period, Prefecture, AcceptedRow]]:
    """Every standing entry of a list, of prefectures whose return of that period is accepted; by period."""
    for period in program.periods:
        for prefecture in program.prefectures:
            if stands(snapshot, period, prefecture.code):
                for row in snapshot.lists.get((form.code, period.code, prefecture.code), ()):
                    yield period, prefecture, row


def evidence_of(snapshot: Snapshot, row: AcceptedRow, column: Field, day: Field | None) -> Evidence:
    """A row or entry as evidence, by the cell of ``column``; dated by ``day`` where that is filled."""
    stated = _day(row, day)
    place = snapshot.origin_of(row, column.code)
    return Evidence(
        on=stated or row.received_on,
        dated=stated is not None,
        submission=place.submission,
        sheet=place.sheet,
        cell=place.cell,
    )


def _day(row: AcceptedRow, column: Field | None) -> date | None:
    value = row.values.get(column.code) if column else None
    return value if isinstance(value, date) else None
