"""Snapshots told by hand: who said what in which period, as the ledger would have it, without a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from pipeline.demo.figures import DemoFigures
from pipeline.demo.lists import Lists
from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.row import AcceptedRow
from pipeline.domain.state import State
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.program.calendar import Calendar
from pipeline.program.model import NO, NONE_TICKED, NOT_APPLICABLE, YES, FieldType
from tests.builder import whole_campaign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from random import Random

    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form, Period, Program, Unit

NEVER, BROKEN, BROKEN_EVERY, LATE = 14, 7, 3, 4  # as the demo's play has it: who does what, by position
_SPOILT = {("Q05-2", 0), ("Q24-2", 1)}  # what one of its officers types that cannot be read, in which of its counties
_MESSY, _NIL_SHARE = 8, 0.06


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one prefecture's workbook brought for a period.

    Attributes:
        rows: Unit → field → value, of units accepted; nil reports repeat what was said before.
        nil: Of these, the units that only ticked 本期无新进展.
        returned: Units that must mend something: nothing of them counts.
        lists: Form → number of an entry → its values.
        days: How long after the due day it came.
    """

    rows: Mapping[str, Mapping[str, Value]]
    nil: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()
    lists: Mapping[str, Mapping[str, Mapping[str, Value]]] = field(default_factory=dict)
    days: int = -1


Heard: TypeAlias = dict[tuple[str, str], Report]  # (period, prefecture) → its report; without one, silence


def heard(program: Program, reports: Mapping[tuple[str, str], Report], through: Period) -> PeriodMeasures:
    """The measures of a period, by what had been reported for it and before."""
    some = {key: report for key, report in reports.items() if key[0] <= through.code}
    return measure_period(program, snapshot(program, some, through), Calendar(), through)


def snapshot(program: Program, reports: Mapping[tuple[str, str], Report], through: Period) -> Snapshot:
    """The ledger a week after a period's reports were due; in the order of ``reports``."""
    submissions: list[Submission] = []
    records: list[DecidedRecord] = []
    rows: dict[tuple[str, str, str], AcceptedRow] = {}
    lists: dict[tuple[str, str, str], tuple[AcceptedRow, ...]] = {}
    for (code, prefecture), report in reports.items():
        period, then = program.period_by_code[code], program.at(program.period_by_code[code])
        entry = _submission(program, len(submissions) + 1, prefecture, period, report)
        submissions.append(entry)
        for unit in then.reporters_of(prefecture):
            if unit.code in report.returned:
                records.append(DecidedRecord(code, unit.code, State.RETURNED, entry.seq, entry.received_on))
            if unit.code not in report.rows:
                continue
            state = State.NIL if unit.code in report.nil else State.ACCEPTED
            records.append(DecidedRecord(code, unit.code, state, entry.seq, entry.received_on))
            for form in then.roster_of(unit):
                given = {f.code: report.rows[unit.code].get(f.code) for f in form.fields_in(period) if not f.shows}
                rows[form.code, code, unit.code] = _row(entry, form, unit.code, given, nil=unit.code in report.nil)
        for name, told in report.lists.items():
            form = program.form_by_code[name]
            lists[name, code, prefecture] = tuple(
                _row(entry, form, prefecture, values, number=number) for number, values in told.items()
            )
    return Snapshot(
        as_of=through.due_on + timedelta(days=7),
        submissions=tuple(submissions),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        rows=rows,
        lists=lists,
        records=tuple(records),
    )


def _submission(program: Program, seq: int, prefecture: str, period: Period, report: Report) -> Submission:
    day = period.due_on + timedelta(days=report.days)
    return Submission(
        seq=seq,
        sha256=str(seq),
        file=f"{seq}.xlsx",
        received_on=day,
        taken_on=day,
        prefecture_code=prefecture,
        period=period.code,
        issue_no="",
        admission=0,
        verdict="PARTIAL" if report.returned else "ACCEPTED",
        reason="",
        sheets={f.code: f.sheet for f in program.forms},
        columns={f.code: {} for f in program.forms},
    )


def _row(
    entry: Submission, form: Form, unit: str, values: Mapping[str, Value], *, nil: bool = False, number: str = ""
) -> AcceptedRow:
    return AcceptedRow(
        seq=entry.seq,
        form=form.code,
        period=entry.period,
        county_code=unit,
        entry=number,
        sheet_row=8,
        nil=nil,
        received_on=entry.received_on,
        typed={},
        values=dict(values),
    )


@cache
def demo_heard() -> Heard:
    """The demo's six periods: its officers' figures, who is silent, late, broken or returned, without the workbooks."""
    c = whole_campaign()
    figures, lists = DemoFigures(c), Lists(c)
    reports: Heard = {}
    entries: dict[tuple[str, str], dict[str, Mapping[str, Value]]] = {}
    for period in c.program.periods:
        for n, prefecture in enumerate(c.program.prefectures):
            before = dict(figures.rows)
            spoken = {unit for (_, of), one in reports.items() if of == prefecture.code for unit in one.rows}
            units = c.program.reporters_of(prefecture.code)
            nil = {u.code for u in units if u.code in spoken and figures.random.random() < _NIL_SHARE} - {
                prefecture.code
            }
            for unit in units:
                if unit.code not in nil:
                    figures.advance(unit, period, {})
            if n == NEVER or (n == BROKEN and period.no % BROKEN_EVERY == 0):
                figures.rows = before
                continue
            counties = c.program.counties_of(prefecture.code)
            returned = {counties[place].code for _, place in _SPOILT} - nil if n == _MESSY else set()
            reports[period.code, prefecture.code] = Report(
                rows={
                    u.code: _begun(c.program, u, period, _given(figures, u)) if u.code in nil else _given(figures, u)
                    for u in units
                    if u.code not in returned
                },
                nil=frozenset(nil),
                returned=frozenset(returned),
                days=3 if n == LATE else -1,
                lists={
                    form.code: _listed(c.program, lists, form, prefecture.code, period, entries)
                    for form in c.program.list_forms
                },
            )
    return reports


def _given(figures: DemoFigures, unit: Unit) -> dict[str, Value]:
    known = figures.campaign.program.field_by_code
    return {code: value for code, value in figures.rows[unit.code].items() if code in known}


def _begun(program: Program, unit: Unit, period: Period, row: Mapping[str, Value]) -> dict[str, Value]:
    """Of one that says there is nothing new: what that means in the columns it is asked for the first time."""
    asked = [f for form in program.at(period).roster_of(unit) for f in form.fields_in(period) if not f.shows]
    return {**{f.code: f.nil_value for f in asked if f.nil_value is not None}, **row}


def _listed(
    program: Program,
    lists: Lists,
    form: Form,
    prefecture: str,
    period: Period,
    known: dict[tuple[str, str], dict[str, Mapping[str, Value]]],
) -> Mapping[str, Mapping[str, Value]]:
    """The list as its officer leaves it: what is open is carried under its number, what is new gets the next."""
    told = known.setdefault((form.code, prefecture), {})
    closing = form.closing
    carried = {n: e for n, e in told.items() if closing and e.get(closing.field) not in closing.values}
    stood: list[Any] = list(carried.values())
    typed = lists.entries(form, program.prefecture_by_code[prefecture], period, stood)
    numbers: Iterable[str] = [*carried, *(f"{prefecture}-{len(told) + n + 1:03d}" for n in range(len(typed)))]
    fresh = {n: _coded(program, form, prefecture, e) for n, e in zip(numbers, typed, strict=False)}
    told.update(fresh)
    return fresh


def _coded(program: Program, form: Form, prefecture: str, entry: Mapping[str, Any]) -> Mapping[str, Value]:
    """Counties by their code, as the ledger has them."""
    counties = {c.short_name: c.code for c in program.counties_of(prefecture)}
    kinds = {f.code: f.type for f in form.fields}
    return {
        code: counties.get(str(value), value) if kinds[code] is FieldType.COUNTY else value
        for code, value in entry.items()
        if code in kinds
    }


def invented(program: Program, dice: Random) -> Heard:
    """A campaign nobody planned: silent prefectures, returned units, nil reports, blanks, figures put right downwards."""
    reports: Heard = {}
    last: dict[str, dict[str, Value]] = {}
    numbers: dict[str, int] = {}
    for period in program.periods:
        for prefecture in dice.sample(program.prefectures, len(program.prefectures)):
            if dice.random() < _SILENT:
                continue
            rows: dict[str, Mapping[str, Value]] = {}
            nil, returned = set(), set()
            for unit in program.at(period).reporters_of(prefecture.code):
                before, luck = last.get(unit.code, {}), dice.random()
                if luck < _RETURNED:
                    returned.add(unit.code)
                    continue
                if before and luck < 2 * _RETURNED:
                    nil.add(unit.code)
                    rows[unit.code] = _begun(program, unit, period, _meant(program, before))
                    continue
                rows[unit.code] = given = _typed(program, unit, period, before, dice)
                last[unit.code] = _meant(program, before | given)
            reports[period.code, prefecture.code] = Report(
                rows=rows,
                nil=frozenset(nil),
                returned=frozenset(returned),
                days=dice.choice((-2, 0, 3)),
                lists={f.code: _told(program, f, prefecture.code, period, numbers, dice) for f in program.list_forms},
            )
    return reports


_SILENT, _RETURNED, _BLANK, _KEPT = 0.25, 0.12, 0.1, 0.3


def _typed(program: Program, unit: Unit, period: Period, before: Mapping[str, Value], dice: Random) -> dict[str, Value]:
    given: dict[str, Value] = {}
    whole = unit.code in program.merged_into  # of one that counties merged into, nothing is left blank
    for form in program.at(period).roster_of(unit):
        if form.carry and before and given and not whole and dice.random() < _KEPT:
            continue  # a blank row keeps what stood there
        for column in form.fields_in(period):
            asked = column.required_if is None or given.get(column.required_if[0]) == column.required_if[1]
            if (
                asked
                and not column.shows
                and (column.required or column.required_if or whole or dice.random() > _BLANK)
            ):
                given[column.code] = _any(column, before.get(column.code), period, dice)
    return given


def _meant(program: Program, row: Mapping[str, Value]) -> dict[str, Value]:
    """What stands in a row: not what hung on an answer that is another now."""
    hung = {code: program.field_by_code[code].required_if for code in row}
    return {code: value for code, value in row.items() if not (on := hung[code]) or row.get(on[0]) == on[1]}


def _any(column: Field, last: Value, period: Period, dice: Random) -> Value:
    if column.not_applicable and dice.random() < _BLANK:
        return NOT_APPLICABLE
    if column.type is FieldType.COUNT:
        return max((last if isinstance(last, int) else 0) + dice.choice((-1, 0, 0, 1, 2, 5, 40)), 0)
    if column.type is FieldType.AMOUNT:
        return Decimal(dice.randint(0, 500)) / 4
    if column.type is FieldType.YESNO:
        return dice.choice((YES, NO))
    if column.type is FieldType.DATE:
        return period.end - timedelta(days=dice.randint(0, 80))
    if column.type is FieldType.CHECKLIST:
        ticked = [option for option in column.options if dice.random() < 0.7]  # most
        return "、".join(ticked) or NONE_TICKED
    return dice.choice(column.options) if column.options else f"说明{dice.randint(1, 9)}"


def _told(
    program: Program, form: Form, prefecture: str, period: Period, numbers: dict[str, int], dice: Random
) -> dict[str, Mapping[str, Value]]:
    """Some entries, the last of which may have been told before."""
    told = numbers.get(prefecture, 0)
    first = max(told - dice.randint(0, 2), 0)
    numbers[prefecture] = first + dice.randint(0, 3)
    stay = [county for county in program.at(period).counties_of(prefecture) if not county.successor]
    return {
        f"{prefecture}-{n + 1:03d}": _meant(
            program,
            {
                f.code: dice.choice(stay).code if f.type is FieldType.COUNTY else _any(f, None, period, dice)
                for f in form.fields_in(period)
            },
        )
        for n in range(first, numbers[prefecture])
    }
