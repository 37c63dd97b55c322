"""What stands, some units at a time, straight from SQL: for whoever takes out all of it and may keep little of it in memory.

The same rows as :class:`~pipeline.ledger.snapshot.Snapshot` has, seen at one moment throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Date, and_, case, select, type_coerce

from pipeline.domain.acts import Amendment, Refusals, amendments, received_days, taken_back, withdrawn
from pipeline.domain.state import State
from pipeline.ledger.content import SeenEarlier
from pipeline.ledger.database import told
from pipeline.ledger.rows import stored, value_of
from pipeline.ledger.tables import NOT_APPLICABLE_COLUMN
from pipeline.program.model import NOT_APPLICABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Connection

    from pipeline.ledger.store import Store
    from pipeline.program.model import Form

_UNITS_AT_ONCE = 1_000
_Asked = tuple[str, "Sequence[str]"]  # a period and codes of units


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedRow:
    """The row that stands of a unit on one sheet.

    Attributes:
        submission: Number in the ledger of what it came in by.
        away: Codes of the counts that do not apply.
        values: As stored, in the order of the form's fields: an amount is its text.
    """

    unit: str
    submission: int
    received_on: date
    away: frozenset[str]
    values: tuple[Any, ...]


def seen_from(store: Store, as_of: date) -> SeenEarlier:
    """From where a day looks: of one on which products were made, only at what had been taken in by then."""
    return SeenEarlier.of(store.acts(as_of), as_of)


def stream(store: Store, seen: SeenEarlier, asked: Iterable[_Asked]) -> Iterator[Mapping[str, list[StreamedRow]]]:
    """For each period and its units: form code → rows in the order of the units' codes; only of units whose record stands.

    Raises:
        DatasetError: It cannot be read.
    """
    s, received_on = store.tables.submissions, _received_on(store, seen)
    acts = store.acts(seen.as_of)
    stand = and_(s.c.seq.not_in(withdrawn(acts)), s.c.admission.not_in(taken_back(acts)))
    visible = and_(received_on <= seen.as_of, s.c.taken_on <= seen.taken_by, stand)
    with told(store.where), store.reader.connect() as connection:
        decided = Refusals.of(acts, store.answered(connection, None)), amendments(acts)
        for period, units in asked:
            yield _standing(store, connection, visible, received_on, (period, units), decided)


def numbers(store: Store, seen: SeenEarlier, period: str, units: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Counts and amounts that stand in a period, some units at a time: unit, field, value (an amount is its text)."""
    asked = ((period, units[n : n + _UNITS_AT_ONCE]) for n in range(0, len(units), _UNITS_AT_ONCE))
    for rows in stream(store, seen, asked):
        given = [
            (row.unit, one.code, value)
            for form in store.program.roster_forms
            for n, one in enumerate(form.fields)
            if one.adds_up
            for row in rows[form.code]
            if (value := row.values[n]) is not None and value != NOT_APPLICABLE and one.code not in row.away
        ]
        yield pd.DataFrame(given, columns=["unit", "field", "value"])


def _received_on(store: Store, seen: SeenEarlier) -> ColumnElement[date]:
    """The day each submission was received: as noted, or as staff had said by a day."""
    noted = store.tables.submissions.c.received_on
    days = received_days(store.acts(seen.as_of))
    said = case(days, value=store.tables.submissions.c.seq, else_=noted) if days else noted
    return type_coerce(said, Date).label("received_on")


def _standing(
    store: Store,
    connection: Connection,
    visible: ColumnElement[bool],
    received_on: ColumnElement[date],
    asked: _Asked,
    decided: tuple[Refusals, Mapping[tuple[str, str, str, str], Amendment]],
) -> dict[str, list[StreamedRow]]:
    forms, (refused, amended) = store.program.roster_forms, decided
    rows = {
        form.code: {
            unit: _as_amended(form, asked[0], row, amended)
            for unit, row in _latest(store, connection, visible, received_on, form, asked, refused).items()
        }
        for form in forms
    }
    sheets: dict[str, int] = {}
    for some in rows.values():
        for unit in some:
            sheets[unit] = sheets.get(unit, 0) + 1
    known, accepted = store.program.unit_by_code, _accepted(store, connection, visible, asked, refused)
    there = {
        unit
        for unit, n in sheets.items()
        if unit in accepted or (unit in known and n == len(store.program.roster_of(known[unit])))
    }
    return {code: [row for unit, row in some.items() if unit in there] for code, some in rows.items()}


def _latest(
    store: Store,
    connection: Connection,
    visible: ColumnElement[bool],
    received_on: ColumnElement[date],
    form: Form,
    asked: _Asked,
    refused: Refusals,
) -> dict[str, StreamedRow]:
    """Unit → its row received last."""
    t, s = store.tables.forms[form.code], store.tables.submissions
    period, units = asked
    fields = [t.c[one.code] for one in form.fields]
    query = (
        select(t.c.county_code, t.c.seq, received_on, t.c[NOT_APPLICABLE_COLUMN], *fields)
        .join(s, s.c.seq == t.c.seq)
        .where(t.c.period == period, t.c.county_code.in_(units), visible)
        .order_by(t.c.county_code, received_on, t.c.seq)
    )
    return {
        unit: StreamedRow(
            unit=unit, submission=seq, received_on=day, away=frozenset(away.split()), values=tuple(values)
        )
        for unit, seq, day, away, *values in connection.execute(query)
        if not refused.by(period, unit, seq)
    }


def _as_amended(
    form: Form, period: str, row: StreamedRow, said: Mapping[tuple[str, str, str, str], Amendment]
) -> StreamedRow:
    """With what staff have entered on top of it."""
    mine = {n: said[key] for n, f in enumerate(form.fields) if (key := (period, row.unit, "", f.code)) in said}
    if not mine:
        return row
    new = {n: stored(value_of(form.fields[n], one.value)) for n, one in mine.items()}
    return replace(
        row,
        away=row.away - {one.field for one in mine.values()},
        values=tuple(new.get(n, value) for n, value in enumerate(row.values)),
    )


def _accepted(
    store: Store,
    connection: Connection,
    visible: ColumnElement[bool],
    asked: _Asked,
    refused: Refusals,
) -> frozenset[str]:
    """Units whose record was ever accepted."""
    r, s = store.tables.records, store.tables.submissions
    period, units = asked
    query = (
        select(r.c.seq, r.c.county_code)
        .join(s, s.c.seq == r.c.seq)
        .where(r.c.period == period, r.c.county_code.in_(units), r.c.state != State.RETURNED.value, visible)
    )
    return frozenset(unit for seq, unit in connection.execute(query) if not refused.by(period, unit, seq))


def periods_of(store: Store, seen: SeenEarlier) -> frozenset[str]:
    """Codes of the periods that somebody has reported for.

    Raises:
        DatasetError: It cannot be read.
    """
    s = store.tables.submissions
    query = select(s.c.period).where(_received_on(store, seen) <= seen.as_of, s.c.taken_on <= seen.taken_by).distinct()
    with told(store.where), store.reader.connect() as connection:
        return frozenset(connection.execute(query).scalars())
