"""What already stands in a workbook when it goes out: what was accepted last, on the sheets that carry it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.program.layout import ENTRY, list_keys
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.domain.past import Past
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Raw, Value
    from pipeline.program.model import Form, Period, Prefecture, Program

    Entries = dict[tuple[str, str, str], Raw]


def carried(program: Program, period: Period, prefecture: Prefecture, past: Past) -> Entries:
    """(form, row, column) → what stands in the cell of a freshly issued workbook.

    The last accepted values of a form with ``carry``; entries of a list that are not done with, under their numbers; and
    the contact units the notice gives, where nothing was ever reported (附件3).
    """
    entries: Entries = {}
    for form in (form for form in program.forms if form.carry):
        if form.is_list:
            entries |= _carried_list(program, form, past.carried.get((prefecture.code, form.code), ()))
            continue
        for unit in program.units_of(form, prefecture.code):
            values = prefilled(program, period, form, unit.code, past)
            entries |= {(form.code, unit.code, code): raw(v) for code, v in values.items() if v is not None}
    return entries


def to_confirm(program: Program, entries: Entries) -> Entries:
    """Of what stands in a workbook that goes out, what is to be confirmed row by row."""
    confirmed = {form.code for form in program.forms if form.confirm}
    return {place: value for place, value in entries.items() if place[0] in confirmed}


def _carried_list(program: Program, form: Form, carried: Sequence[AcceptedRow]) -> Entries:
    entries: Entries = {}
    for key, entry in zip(list_keys(), carried, strict=False):
        given = {code: value for code, value in entry.values.items() if value is not None}
        entries[form.code, key, ENTRY] = entry.number
        entries |= {(form.code, key, code): named(program, form, code, value) for code, value in given.items()}
    return entries


def prefilled(program: Program, period: Period, form: Form, unit_code: str, past: Past) -> dict[str, Value]:
    """Field → what stands in a unit's row of a sheet with ``carry`` when it goes out; None where nothing does."""
    values = {f.code: past.previous.get((unit_code, f.code)) for f in form.fields_in(period) if not f.shows}
    if form.kind is FormKind.CONTACTS and not any(values.values()):
        values |= _given_contact(program, period, form, unit_code)
    return values


def _given_contact(program: Program, period: Period, form: Form, county_code: str) -> dict[str, Value]:
    """The contact units of a county by the notice, and their level where they agree on one."""
    contacts = program.contacts_of(county_code, period.end)
    levels = {c.level for c in contacts}
    given: dict[str, Value] = {}
    if contacts:
        given |= {f.code: "、".join(c.title for c in contacts) for f in form.of_role("contact")}
        given |= {
            f.code: next(iter(levels))
            for f in form.of_role("contact_level")
            if levels <= set(f.options) and len(levels) == 1
        }
    return given


def named(program: Program, form: Form, code: str, value: Value) -> Raw:
    """A county by its name; anything else as it is."""
    if isinstance(value, str) and code in {f.code for f in form.of_role("county")} and value in program.county_by_code:
        return program.county_by_code[value].short_name
    return raw(value)


def raw(value: Value) -> Raw:
    """A value as a cell holds it."""
    return float(value) if isinstance(value, Decimal) else value
