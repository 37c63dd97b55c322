"""Rows of the tables ↔ values: a county's line into its columns, and back as the officer meant it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.domain.entries import Change, Submission
from pipeline.domain.findings import CATALOGUE, Finding, Location, Severity
from pipeline.domain.row import AcceptedRow
from pipeline.domain.value import show
from pipeline.ledger.tables import NOT_APPLICABLE_COLUMN
from pipeline.program.model import NOT_APPLICABLE, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import RowMapping

    from pipeline.checks.decide import Record
    from pipeline.checks.lines import Line
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form


def kind_title(one: Finding) -> str:
    """The title of its kind."""
    return CATALOGUE[one.code].title


def as_json(value: Any) -> str:
    """The same text for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def lines_of(form: Form, record: Record) -> tuple[Line, ...]:
    """A unit's lines on a form: its row, or the entries of its list."""
    if form.is_list:
        return record.entries.get(form.code, ())
    return (record.lines[form.code],) if form.code in record.lines else ()


def form_row(form: Form, period: str, unit: str, line: Line) -> tuple[Any, ...]:
    """The columns of a reported line, without ``seq``."""
    assert line.row is not None  # noqa: S101 - only reported lines are written
    typed = {code: line.row.typed.get(code, "") for code, value in line.values.items()}
    typed = {code: text for code, text in typed.items() if text != show(line.values[code])}
    away = [
        one.code for one in form.fields if one.type is FieldType.COUNT and line.values.get(one.code) == NOT_APPLICABLE
    ]
    values = (None if one.code in away else stored(line.values.get(one.code)) for one in form.fields)
    return unit, line.entry, period, line.row.row, line.row.nil, as_json(typed), " ".join(away), *values


def stored(value: Value) -> int | str | date | None:
    """As the tables keep it."""
    return str(value) if isinstance(value, Decimal) else value


def value_of(field: Field, shown: str | None) -> Value:
    """The value of a field, from how :func:`show` shows it."""
    if shown is None or (shown == NOT_APPLICABLE and field.not_applicable):
        return shown
    own: dict[FieldType, Callable[[str], Value]] = {
        FieldType.COUNT: int,
        FieldType.AMOUNT: Decimal,
        FieldType.DATE: date.fromisoformat,
    }
    return own.get(field.type, str)(shown)


KEPT = ("seq", "county_code", "entry", "period", "sheet_row", "nil", "typed", NOT_APPLICABLE_COLUMN)
"""Columns of a form's table that :func:`accepted_rows` wants, before the day of receipt and the form's own."""


def own_columns(form: Form) -> tuple[str, ...]:
    """The columns in which a form keeps values."""
    return tuple(one.code for one in form.fields if not one.shows)


def accepted_rows(form: Form, rows: Iterable[Sequence[Any]]) -> Iterator[AcceptedRow]:
    """Lines as they were meant, from :data:`KEPT`, the day of receipt and :func:`own_columns`: as quick as can be, for all history is read."""
    codes, amounts = own_columns(form), {one.code for one in form.fields if one.type is FieldType.AMOUNT}
    mine = amounts.intersection(codes)
    for seq, unit, entry, period, sheet_row, nil, typed, away, received_on, *stored in rows:
        values: dict[str, Value] = dict(zip(codes, stored, strict=True))
        for code in mine:
            if (amount := values[code]) is not None:
                values[code] = Decimal(str(amount))
        values |= {code: NOT_APPLICABLE for code in away.split() if code in values and code not in mine}
        yield AcceptedRow(
            seq=seq,
            form=form.code,
            period=period,
            county_code=unit,
            entry=entry,
            sheet_row=sheet_row,
            nil=nil,
            received_on=received_on,
            typed={} if typed == "{}" else json.loads(typed),
            values=values,
        )


def submission(row: RowMapping) -> Submission:
    """An entry of the ledger."""
    fields = {key: row[key] for key in row if key not in {"sheets", "columns"}}
    return Submission(**fields, sheets=json.loads(row["sheets"]), columns=json.loads(row["columns"]))


def found(row: RowMapping, file: str) -> Finding:
    """A finding of a submission."""
    return Finding(
        code=row["code"],
        severity=Severity(row["severity"]),
        location=Location(file=file, sheet=row["sheet"], cell=row["cell"]),
        county_code=row["county_code"],
        field=row["field"],
        rule=row["rule"],
        found=row["found"],
        expected=row["expected"],
        fix=row["fix"],
    )


def is_open(form: Form, row: AcceptedRow) -> bool:
    """Whether an entry of a list is not done with."""
    return form.closing is not None and row.values.get(form.closing.field) not in form.closing.values


def by_submission(rows: Sequence[AcceptedRow]) -> dict[tuple[str, str, int], list[AcceptedRow]]:
    """(period, prefecture, submission) → the entries of one list, in the order of receipt."""
    lists: dict[tuple[str, str, int], list[AcceptedRow]] = {}
    for row in rows:
        lists.setdefault((row.period, row.county_code, row.seq), []).append(row)
    return lists


def changes_of(old: AcceptedRow, new: AcceptedRow, why: str) -> list[Change]:
    """Every value that differs between two rows of one unit."""
    return [
        Change(
            period=new.period,
            county_code=new.county_code,
            entry=new.entry,
            field=code,
            old=old.values[code],
            new=value,
            old_seq=old.seq,
            why=why,
        )
        for code, value in new.values.items()
        if value != old.values[code]
    ]


def list_changes(
    form: Form, before: Sequence[AcceptedRow], after: Sequence[AcceptedRow], why: Callable[[AcceptedRow], str]
) -> list[Change]:
    """Entries by their numbers: what changed in those that stay, and those that came or went, by their first column."""
    old, new = ({row.entry: row for row in rows} for rows in (before, after))
    first = form.same_by[0] if form.same_by else form.fields[0].code
    changes = [
        change for number, row in new.items() if number in old for change in changes_of(old[number], row, why(row))
    ]
    for number in [*(old.keys() - new.keys()), *(new.keys() - old.keys())]:
        row = old.get(number) or new[number]
        gone = number in old
        changes.append(
            Change(
                period=row.period,
                county_code=row.county_code,
                entry=number,
                field=first,
                old=row.values[first] if gone else None,
                new=None if gone else row.values[first],
                old_seq=before[0].seq,
                why="这次的清单里没有这一条" if gone else "新增的一条",
            )
        )
    return sorted(changes, key=lambda change: change.entry)
