"""Returns → one frame per form over all returns together: what the rules look at, roster and previous values joined.

Grain: one row per return and unit of its prefecture (its counties, or itself), whether or not the unit reported; of a
list, one row per return and entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.checks.rules import terms
from pipeline.findings import Finding, finding
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, Accumulation, FieldType, Rows
from pipeline.workbook.cells import show
from pipeline.workbook.layout import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pipeline.program.model import Field, Form, Period, Program, Unit
    from pipeline.workbook.cells import Value
    from pipeline.workbook.read import Return
    from pipeline.workbook.sheet import FormRow

    Previous = Mapping[tuple[str, str], Value]
    Number = int | Decimal

REPORTED = frozenset({"filled", "nil"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEntry:
    """An entry of a list that was accepted, under its number."""

    number: str
    values: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was accepted before this run, seen from one period; units are counties, and prefectures for their own rows.

    Attributes:
        previous: (county, field) → last value accepted in an earlier period.
        floors: (county, field) → last number accepted in an earlier period, whatever 不适用 came after it.
        current: (county, field) → value that already stands for the period itself.
        standing: (county, form) → whether the row that already stands for the period is a nil report.
        later: (county, field) → lowest number already accepted in a later period.
        received: (county, form) → day the row that already stands for the period was received.
        carried: (prefecture, form) → entries not done with, as they stand after all earlier periods.
        listed: (prefecture, form) → entries that already stand for the period itself.
        numbers: (prefecture, form) → every number ever given out, whenever that was.
    """

    previous: Previous
    floors: Mapping[tuple[str, str], Number]
    current: Previous
    standing: Mapping[tuple[str, str], bool]
    later: Mapping[tuple[str, str], Number] = field(default_factory=dict)
    received: Mapping[tuple[str, str], date] = field(default_factory=dict)
    carried: Mapping[tuple[str, str], tuple[PastEntry, ...]] = field(default_factory=dict)
    listed: Mapping[tuple[str, str], tuple[PastEntry, ...]] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def stood(self, key: tuple[str, str], day: date) -> bool:
        """Whether a row of (county, form) already stood on a day."""
        return key in self.standing and self.received.get(key, day) <= day

    def knows(self, county_code: str) -> bool:
        """Whether anything of the county was ever accepted."""
        return county_code in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(county for county, _ in (*self.previous, *self.current))


NO_PAST = Past(previous={}, floors={}, current={}, standing={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One unit on one form of one return, nil resolved; or one entry of its list.

    Attributes:
        source: Index of the return.
        state: filled, nil, kept, blank, absent or no_sheet (see :mod:`pipeline.checks.rules`).
        values: Field code → final value: what was typed, or what 本期无新进展 stands for.
        row: The sheet row it was read from, or None.
        entry: Of an entry, its number; empty for the row of a unit.
        untouched: It holds just what was carried into it: alone it reports nothing.
    """

    source: int
    unit: Unit
    state: str
    values: Mapping[str, Value]
    row: FormRow | None
    entry: str = ""
    untouched: bool = False


def form_lines(
    program: Program, form: Form, period: Period, returns: Sequence[Return], past: Past
) -> tuple[list[Line], list[tuple[int, Finding]]]:
    """Join each return with its roster and resolve 本期无新进展; of a list, number its entries.

    Args:
        program: The campaign.
        form: The sheet.
        period: The period of all ``returns``.
        returns: All returns of the period in this run.
        past: What was accepted before this run.

    A blank row asks for nothing where a row of that unit already stands, or another of the returns has it, or the sheet
    carries what was accepted before.

    Returns:
        Lines in the order of returns and roster; and findings about nil ticks, late corrections and numbers, each with
        the index of its return.
    """
    if form.is_list:
        return list_lines(program, form, returns, past)
    lines, findings = [], []
    fields = form.fields_in(period)
    told = reported_by(form, returns, past)
    for source, one in enumerate(returns):
        found = {row.county_code: row for row in one.rows.get(form.code, ())}
        for unit in program.units_of(form, one.prefecture_code):
            row = found.get(unit.code)
            day = one.arrival.received_on
            others = (at for other, at in told.get(unit.code, {}).items() if other != source)
            stands = past.stood((unit.code, form.code), day) or any(at <= day for at in others)
            same = row is not None and _untouched(form, row, past)
            state = _state(None if same and stands else row, has_sheet=form.code in one.rows, stands=stands)
            values: Mapping[str, Value] = {}
            if row is not None and state in REPORTED:
                values, clashes = _resolve(row, fields, past) if row.nil else (row.values, [])
                findings += [(source, _nil_conflict(one, row, code)) for code in clashes]
                if row.nil and period.no > 1 and not past.knows(unit.code):
                    findings.append((source, _nil_without_base(one, row)))
            line = Line(source=source, unit=unit, state=state, values=values, row=row, untouched=same)
            findings += [(source, told) for told in above_later(one, line, fields, past)]
            lines.append(line)
    return lines, findings


def list_lines(
    program: Program, form: Form, returns: Sequence[Return], past: Past
) -> tuple[list[Line], list[tuple[int, Finding]]]:
    """The entries of each return under their numbers, and what is wrong with the numbers.

    A number is given once and for ever. An entry without one is known again by ``same_by`` among those that already
    stand for the period or are carried into it, or is new. Entries carried from an earlier period may not be left out. A
    list that is just what was carried into it is left aside where something stands, or another return says more.
    """
    lines: list[Line] = []
    findings: list[tuple[int, Finding]] = []
    fresh = {  # returns whose list is more than what was carried into it
        source for source, one in enumerate(returns)
        if _list_rows(form, one) and not _list_untouched(form, one, past)
    }  # fmt: skip
    for source, one in enumerate(returns):
        rows, key = _list_rows(form, one), (one.prefecture_code, form.code)
        carried, listed = past.carried.get(key, ()), past.listed.get(key, ())
        rivals = {n for n in fresh - {source} if returns[n].prefecture_code == one.prefecture_code}
        if form.code not in one.rows or (source not in fresh and (listed or rivals)) or not (rows or carried):
            continue
        where = {"file": one.arrival.name, "sheet": one.sheets[form.code], "prefecture_code": one.prefecture_code,
                 "county_code": one.prefecture_code}  # fmt: skip
        numbers, known = past.numbers.get(key, frozenset()), {e.number: e for e in (*carried, *listed)}
        given, twice = _numbers(form, rows, (*listed, *carried), numbers, one.prefecture_code)
        unit = program.prefecture_by_code[one.prefecture_code]
        for row, number in zip(rows, given, strict=True):
            lines.append(Line(source=source, unit=unit, state="filled", values=row.values, row=row, entry=number,
                              untouched=source not in fresh))  # fmt: skip
            code = _number_fault(form, row, number, given, numbers, known)
            if code:
                expected = (
                    _in_words(program, form, known[number].values)
                    if code == "ENTRY_MISMATCH"
                    else "、".join(sorted(known))
                )
                findings.append(
                    (source, finding(code, found=row.entry, expected=expected, cell=f"A{row.row}", **where))
                )
        findings += [
            (source, finding("ENTRY_NUMBER_UNKNOWN", found=row.entry, cell=f"A{row.row}", **where))
            for row in one.rows[form.code] if row.blank and row.entry and row.entry not in known
        ]  # fmt: skip
        findings += [
            (source, finding("ENTRY_TWICE", found=_in_words(program, form, row.values), cell=f"A{row.row}", **where))
            for row in twice
        ]
        gone = [entry for entry in carried if entry.number not in given]
        findings += [
            (source, finding("ENTRY_VANISHED", found=f"{entry.number} {_in_words(program, form, entry.values)}",
                             expected="保留这一行，或写明已办结", **where))
            for entry in gone
        ]  # fmt: skip
        dropped = [e.number for e in listed if e.number not in given and e not in gone]
        if dropped and rows:
            findings.append((source, finding("ENTRY_DROPPED", found="、".join(dropped), **where)))
    return lines, findings


def _list_rows(form: Form, one: Return) -> list[FormRow]:
    return [row for row in one.rows.get(form.code, ()) if not row.blank]


def _list_untouched(form: Form, one: Return, past: Past) -> bool:
    """The list is just what was carried into it."""
    carried = past.carried.get((one.prefecture_code, form.code), ())
    said = {row.entry: _given(row.values) for row in _list_rows(form, one)}
    return bool(carried) and said == {entry.number: _given(entry.values) for entry in carried}


def _untouched(form: Form, row: FormRow, past: Past) -> bool:
    """A row of a sheet that carries what was accepted, with nothing else in it."""
    if not form.carry or row.nil or row.blank or row.refused:
        return False
    asked = {code: value for code, value in row.values.items() if code not in row.shown}
    return _given(asked) == _given({code: past.previous.get((row.county_code, code)) for code in asked})


def _given(values: Mapping[str, Value]) -> dict[str, Value]:
    return {code: value for code, value in values.items() if value is not None}


def _number_fault(form: Form, row: FormRow, number: str, given: Sequence[str], numbers: Collection[str],
                  known: Mapping[str, PastEntry]) -> str:  # fmt: skip
    """What is wrong with the number an entry came with, as a finding code; empty when nothing is."""
    if not row.entry:
        return ""
    if row.entry not in numbers:
        return "ENTRY_NUMBER_UNKNOWN"
    if given.count(number) > 1:
        return "ENTRY_NUMBER_TWICE"
    was = known.get(number)
    if was is None or not form.same_by or _identity(form, was.values) == _identity(form, row.values):
        return ""
    another = any(
        _identity(form, e.values) == _identity(form, row.values) for e in known.values() if e.number != number
    )
    all_new = all(was.values.get(code) != row.values.get(code) for code in form.same_by)
    return "ENTRY_MISMATCH" if another or all_new else ""


def _numbers(form: Form, rows: Sequence[FormRow], before: Sequence[PastEntry], numbers: Collection[str],
             prefecture_code: str) -> tuple[list[str], list[FormRow]]:  # fmt: skip
    """The number of each row; and the rows without one that say what another row says."""
    taken = {row.entry for row in rows if row.entry}
    again: dict[str, list[str]] = {}
    for entry in before if form.same_by else ():
        again.setdefault(_identity(form, entry.values), []).append(entry.number)
    used = max((int(last) for number in numbers if (last := number.rpartition("-")[2]).isdecimal()), default=0)
    given, repeated, seen = [], [], set()
    for row in rows:
        what = _identity(form, row.values)
        if form.same_by and what in seen:
            repeated.append(row)
        seen.add(what)
        number = row.entry or next((n for n in again.get(what, ()) if n not in taken), "")
        if not number:
            used += 1
            number = f"{prefecture_code}-{used:03d}"
        taken.add(number)
        given.append(number)
    return given, repeated


def _in_words(program: Program, form: Form, values: Mapping[str, Value]) -> str:
    """An entry as its officer knows it: counties by name."""
    counties = {f.code for f in form.fields if f.type is FieldType.COUNTY}
    said = ((code, show(values.get(code))) for code in form.same_by)
    return " ".join(
        program.county_by_code[text].short_name if code in counties and text in program.county_by_code else text
        for code, text in said
    )


def _identity(form: Form, values: Mapping[str, Value]) -> str:
    """What makes an entry itself, however it was spaced."""
    return " ".join(plain(show(values.get(code))) for code in form.same_by)


def reported_by(form: Form, returns: Sequence[Return], past: Past) -> dict[str, dict[int, date]]:
    """Unit → the returns that fill its row of a form with more than was carried into it, and when each was received."""
    told: dict[str, dict[int, date]] = {}
    for source, one in enumerate(returns):
        for row in one.rows.get(form.code, ()):
            if not row.blank and not _untouched(form, row, past):
                told.setdefault(row.county_code, {})[source] = one.arrival.received_on
    return told


def form_frame(program: Program, form: Form, period: Period, returns: Sequence[Return], lines: Sequence[Line],
               past: Past, wanted: Iterable[str] = (), others: Mapping[tuple[int, str], Mapping[str, Value]] | None = None,
               ) -> pd.DataFrame:  # fmt: skip
    """The frame GX sees: field columns (numbers as float64, dates as datetime64, words as object) and derived ones.

    Args:
        program: The campaign.
        form: The sheet.
        period: The period of all ``returns``.
        returns: All returns of the period in this run.
        lines: The rows.
        past: What was accepted before this run.
        wanted: Columns the rules look at; sums, and fields of other sheets, are made for them.
        others: (return, unit) → field → value over all sheets of the return.
    """
    data: dict[str, Any] = {
        "county_code": [line.unit.code for line in lines],
        "period.end": pd.Series([pd.Timestamp(period.end)] * len(lines), dtype="datetime64[s]"),
        "campaign.start": pd.Series([pd.Timestamp(program.window.start)] * len(lines), dtype="datetime64[s]"),
    }
    if not form.is_list:
        data["row.state"] = [line.state for line in lines]
        data["row.key"] = _keys(returns, lines)
    if form.rows is Rows.COUNTY:
        townships = [float(program.county_by_code[line.unit.code].townships) for line in lines]
        data["county.townships"] = pd.Series(townships, dtype="float64")
    for one in form.fields_in(period):
        values = [line.values.get(one.code) for line in lines]
        data[one.code] = _column(one, values)
        if one.not_applicable:
            data[f"{one.code}.applies"] = ["no" if v == NOT_APPLICABLE else "yes" for v in values]
        if one.type is FieldType.CHECKLIST:
            data[f"{one.code}.ticked"] = ["no" if v in {None, NONE_TICKED} else "yes" for v in values]
        if one.accumulation is Accumulation.CUMULATIVE:
            data[f"{one.code}.prev"] = _column(one, [past.floors.get((line.unit.code, one.code)) for line in lines])
    for column in sorted(set(wanted) - data.keys()):
        data[column] = _made(program, column, lines, others or {}, past)
    return pd.DataFrame(data)


def _made(program: Program, column: str, lines: Sequence[Line], others: Mapping[tuple[int, str], Mapping[str, Value]],
          past: Past) -> pd.Series[Any]:  # fmt: skip
    """A sum of fields, or a field of another sheet: from the same return, else as it stands."""

    def value(line: Line, code: str) -> Value:
        given = line.values.get(code, others.get((line.source, line.unit.code), {}).get(code))
        return past.current.get((line.unit.code, code)) if given is None else given

    parts = terms(column)
    if len(parts) == 1 and parts[0][0] == 1:
        one = program.field_by_code[parts[0][1]]
        return _column(one, [value(line, one.code) for line in lines])
    sums: list[float | None] = []
    for line in lines:
        found = [(times, value(line, code)) for times, code in parts]
        numbers = [times * v for times, v in found if isinstance(v, (int, Decimal))]
        sums.append(float(sum(numbers)) if len(numbers) == len(found) else None)
    return pd.Series(sums, dtype="float64")


def _state(row: FormRow | None, *, has_sheet: bool, stands: bool) -> str:
    if row is not None and row.nil:
        return "nil"
    if row is not None and not row.blank:
        return "filled"
    if stands:
        return "kept"
    if not has_sheet:
        return "no_sheet"
    return "absent" if row is None else "blank"


def _resolve(row: FormRow, fields: Sequence[Field], past: Past) -> tuple[dict[str, Value], list[str]]:
    """Values a nil row stands for, and the fields where something else was typed.

    It carries what was accepted last: earlier in this period, else in the period before; zeros only in a first report.
    """
    values: dict[str, Value] = {}
    clashes = []
    for one in fields:
        key = row.county_code, one.code
        carried = past.current.get(key, past.previous.get(key, one.nil_value))
        typed = None if one.shows else row.values.get(one.code)
        values[one.code] = carried if typed is None else typed
        must_be_given = carried is None
        if typed is not None and not must_be_given and typed != carried:
            clashes.append(one.code)
    return values, clashes


def above_later(one: Return, line: Line, fields: Sequence[Field], past: Past) -> list[Finding]:
    """Cumulative counts of a late correction that exceed what a later period already reports."""
    if line.row is None:
        return []
    found = []
    for asked in fields:
        value, later = line.values.get(asked.code), past.later.get((line.unit.code, asked.code))
        if (
            asked.accumulation is Accumulation.CUMULATIVE
            and isinstance(value, (int, Decimal))
            and later is not None
            and value > later
        ):
            found.append(finding(
                "ABOVE_LATER", file=one.arrival.name, sheet=line.row.sheet, field=asked.code,
                cell=cell_of(one, line.row, asked.code), prefecture_code=one.prefecture_code,
                county_code=line.unit.code, found=line.row.typed.get(asked.code, ""), expected=f"不大于后一期已接收的 {later}",
            ))  # fmt: skip
    return found


def cell_of(one: Return, row: FormRow, code: str) -> str:
    """Address of a field in a row; empty when the sheet has no such column."""
    column = one.columns[row.form].get(code, "")
    return f"{column}{row.row}" if column else ""


def _nil_without_base(one: Return, row: FormRow) -> Finding:
    return finding("NIL_WITHOUT_BASE", file=one.arrival.name, sheet=row.sheet, cell=f"C{row.row}", found="√",
                   prefecture_code=one.prefecture_code, county_code=row.county_code,
                   expected="填报本期累计数，或先补报以前的报送期")  # fmt: skip


def _nil_conflict(one: Return, row: FormRow, code: str) -> Finding:
    return finding(
        "NIL_CONFLICT", file=one.arrival.name, sheet=row.sheet, cell=cell_of(one, row, code),
        prefecture_code=one.prefecture_code, county_code=row.county_code, field=code, found=row.typed[code],
        expected="留空，或与上次已接收的数相同",
    )  # fmt: skip


def _column(one: Field, values: Sequence[Value]) -> pd.Series[Any]:
    if one.type in NUMBERS:
        numbers = [float(value) if isinstance(value, (int, Decimal)) else None for value in values]
        return pd.Series(numbers, dtype="float64")
    known = list(values)
    if one.type is FieldType.DATE:
        days = [pd.Timestamp(v) if isinstance(v, date) else pd.NaT for v in known]
        return pd.Series(days, dtype="datetime64[s]")
    return pd.Series(known, dtype="object")


def _keys(returns: Sequence[Return], lines: Sequence[Line]) -> list[str]:
    """Equal only where two returns received on one day give a county different values."""
    variants: dict[str, set[str]] = {}
    base = [f"{returns[line.source].arrival.received_on}|{line.unit.code}" for line in lines]
    for key, line in zip(base, lines, strict=True):
        if line.state in REPORTED:
            variants.setdefault(key, set()).add(repr(sorted(line.values.items())))
    keys = []
    for key, line in zip(base, lines, strict=True):
        conflict = line.state in REPORTED and len(variants[key]) > 1
        keys.append(key if conflict else f"{key}|{line.source}")
    return keys
