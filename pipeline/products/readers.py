"""The trace turned round: who reads a column. Every product is made once of an invented campaign that notes what is asked.

A list of values as they stand (the sheets of the forms, ``values.csv``, the columns of the page) goes through all columns and
asks for none by name: it reads none of them.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import xlsxwriter

from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.row import AcceptedRow
from pipeline.domain.state import State, Verdict
from pipeline.domain.value import show
from pipeline.forms.style import FONT, PlainSheet
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.products.documents.bulletin import bulletin_context
from pipeline.products.documents.profile import profile_context
from pipeline.products.documents.publications import letter_drafts, publication_of
from pipeline.products.package.data_package import data_package
from pipeline.products.page.rows import Page
from pipeline.products.page.site import page_parts
from pipeline.products.pictures.registry import kinds
from pipeline.products.summary.registry import Summary
from pipeline.products.summary.style import Look, Pen
from pipeline.program.model import NO, NONE_TICKED, YES, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pipeline.domain.value import Value
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Field, Form, Period, Prefecture, Program, Unit

    Product = Callable[[PeriodMeasures], object]

_RESPONDENTS, _ROWS, _ENTRIES = 2, 3, 12  # of the invented campaign, and the entries of each of its lists


def readers(program: Program, calendar: Calendar, templates: Path) -> dict[str, tuple[str, ...]]:
    """Column → the products that read it, in the order they are made; of a column that only repeats another, that other.

    Args:
        program: The campaign.
        calendar: Its working days.
        templates: Folder of the Word templates: a document reads what its template asks for.
    """
    found: dict[str, list[str]] = {}
    for name, asked in _asked(program, calendar, templates):
        for code in asked:
            found.setdefault(code, []).append(name)
    return {code: tuple(found[code]) for code in program.field_by_code if code in found}


def unread_columns(program: Program, calendar: Calendar, templates: Path) -> tuple[str, ...]:
    """The columns that no product reads, in the order of the forms. They are told together, so measures are made once."""
    read = {code for _, asked in _asked(program, calendar, templates, alone=False) for code in asked}
    return tuple(code for code, column in program.field_by_code.items() if not column.shows and code not in read)


def _asked(
    program: Program, calendar: Calendar, templates: Path, *, alone: bool = True
) -> Iterator[tuple[str, set[str]]]:
    """Each product, and the columns it asks for; unless ``alone``, only those that none before it had asked for."""
    small = _small(program)
    snapshot = everything_said(small)
    asked: set[str] = set()
    measured: dict[str, PeriodMeasures] = {}
    for name, period, make in _products(small, templates):
        if period.code not in measured:
            measured[period.code] = measure_period(small, snapshot, calendar, period).noting(asked)
        m = measured[period.code]
        asked.clear()
        make(m.noting(asked) if alone else m)
        yield name, {program.field_by_code[code].shows or code for code in asked & program.field_by_code.keys()}


def _products(program: Program, templates: Path) -> Iterator[tuple[str, Period, Product]]:
    """Every product that is made in the course of the campaign: its name, a period it is made in, and how."""
    last = program.periods[-1]
    yield "工作简报", last, partial(bulletin_context, is_demo=False)
    for document, period in {one.document: one.periods[-1] for one in program.publications if one.periods}.items():
        make = partial(publication_of, document=document, template=templates / f"{document}.docx", is_demo=False)
        yield document, program.period_by_code[period], make
    yield "催报函", last, lambda m: [draft.make() for draft in letter_drafts(m, is_demo=False)]
    yield program.worded("逾期县清单"), last, lambda m: m.obligations
    yield "画像", last, lambda m: [profile_context(m, unit, is_demo=False) for unit in m.program.counties]
    for kind in kinds().values():
        yield f"图“{program.worded(kind.title)}”", last, kind.drawings
    yield program.worded("全省汇总"), last, _sheets
    for name, part in page_parts().items():
        yield f"网页“{name}”", last, partial(_part, part)
    yield "数据包", last, data_package


def _part(make: Callable[[PeriodMeasures, Page, Mapping[str, str]], object], m: PeriodMeasures) -> object:
    """A part of the page."""
    return make(m, Page(m=m, pictures={}, files=[]), {})


def _sheets(m: PeriodMeasures) -> None:
    """The sheets of the summary."""
    book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True, "default_format_properties": {"font_name": FONT}})
    look, summary = Look(book), Summary(m, book)
    tabs = [(one, book.add_worksheet(one.name, PlainSheet)) for one in summary.sheets]
    for one, sheet in tabs:
        one.write(summary, Pen(sheet, look))
    book.close()


def _small(program: Program) -> Program:
    """The campaign with few respondents, each with few rows: what is read does not depend on how many there are."""
    some = [p for p in program.prefectures if program.counties_of(p.code)][:_RESPONDENTS]
    few = tuple(some) or program.prefectures[:_RESPONDENTS]
    rows = tuple(c for p in few for c in program.counties_of(p.code)[:_ROWS])
    return replace(program, prefectures=few, counties=rows, other_counties=())


def everything_said(program: Program) -> Snapshot:
    """As if every unit had filled in every column in every period, no two alike, and all of it was accepted."""
    submissions: list[Submission] = []
    records: list[DecidedRecord] = []
    rows: dict[tuple[str, str, str], AcceptedRow] = {}
    lists: dict[tuple[str, str, str], tuple[AcceptedRow, ...]] = {}
    for period in program.periods:
        then = program.at(period)
        for prefecture in then.prefectures:
            entry = _submission(program, period, prefecture, len(submissions) + 1)
            submissions.append(entry)
            for n, unit in enumerate(then.reporters_of(prefecture.code)):
                records.append(DecidedRecord(period.code, unit.code, State.ACCEPTED, entry.seq, entry.received_on))
                for form in then.roster_of(unit):
                    rows[form.code, period.code, unit.code] = _row(program, form, period, entry, unit, n)
            for form in then.list_forms:
                some = (_row(program, form, period, entry, prefecture, n, f"{n:03}") for n in range(1, _ENTRIES + 1))
                lists[form.code, period.code, prefecture.code] = tuple(some)
    return Snapshot(
        as_of=program.periods[-1].due_on + timedelta(days=1),
        submissions=tuple(submissions),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        records=tuple(records),
        rows=rows,
        lists=lists,
        whole_on={(one.period, one.county_code): one.received_on for one in records},
    )


def _submission(program: Program, period: Period, prefecture: Prefecture, seq: int) -> Submission:
    return Submission(
        seq=seq,
        sha256="",
        file="",
        received_on=period.due_on,
        taken_on=period.due_on,
        prefecture_code=prefecture.code,
        period=period.code,
        issue_no="",
        admission=0,
        verdict=Verdict.ACCEPTED.value,
        reason="",
        sheets={form.code: form.sheet for form in program.forms},
        columns={form.code: {} for form in program.forms},
    )


def _row(
    program: Program, form: Form, period: Period, entry: Submission, unit: Unit, n: int, number: str = ""
) -> AcceptedRow:
    values = {
        one.code: _value(program, one, period, unit, n + period.no + i) for i, one in enumerate(form.fields_in(period))
    }
    return AcceptedRow(
        seq=entry.seq,
        form=form.code,
        period=period.code,
        county_code=unit.code,
        entry=number,
        sheet_row=n + 1,
        nil=False,
        received_on=entry.received_on,
        typed={code: show(value) for code, value in values.items()},
        values=values,
    )


def _value(program: Program, field: Field, period: Period, unit: Unit, n: int) -> Value:
    """Something that may stand in a column; another ``n``, something else."""
    counties = program.counties_of(unit.prefecture_code)
    said: dict[FieldType, Value] = {
        FieldType.COUNT: n,
        FieldType.AMOUNT: Decimal(n),
        FieldType.YESNO: NO if n % 3 == 0 else YES,
        FieldType.DATE: period.start + timedelta(days=n % 28),
        FieldType.TEXT: f"第{n}项",
        FieldType.COUNTY: counties[n % len(counties)].code if counties else "",
        FieldType.CHECKLIST: "、".join(field.options[: n % (len(field.options) + 1)]) or NONE_TICKED,
        FieldType.CHOICE: field.options[n % len(field.options)] if field.options else "",
    }
    return said[field.type]
