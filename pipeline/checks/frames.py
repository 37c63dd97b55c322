"""Returns → one frame per form over all returns together: what the rules look at, roster and previous values joined.

Grain: one row per return and county of its prefecture, whether or not the county reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.findings import Finding, finding
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, Accumulation, FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.program.model import County, Field, Form, Period, Program
    from pipeline.workbook.cells import Value
    from pipeline.workbook.read import Return
    from pipeline.workbook.sheet import FormRow

    Previous = Mapping[tuple[str, str], Value]

REPORTED = frozenset({"filled", "nil"})


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was accepted before this run, seen from one period.

    Attributes:
        previous: (county, field) → last value accepted in an earlier period.
        floors: (county, field) → last number accepted in an earlier period, whatever 不适用 came after it.
        current: (county, field) → value that already stands for the period itself.
        standing: (county, form) → whether the row that already stands for the period is a nil report.
        later: (county, field) → lowest number already accepted in a later period.
        received: (county, form) → day the row that already stands for the period was received.
    """

    previous: Previous
    floors: Mapping[tuple[str, str], int]
    current: Previous
    standing: Mapping[tuple[str, str], bool]
    later: Mapping[tuple[str, str], int] = field(default_factory=dict)
    received: Mapping[tuple[str, str], date] = field(default_factory=dict)

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
    """One county on one form of one return, nil resolved.

    Attributes:
        source: Index of the return.
        state: filled, nil, kept, blank, absent or no_sheet (see :mod:`pipeline.checks.rules`).
        values: Field code → final value: what was typed, or what 本期无新进展 stands for.
        row: The sheet row it was read from, or None.
    """

    source: int
    county: County
    state: str
    values: Mapping[str, Value]
    row: FormRow | None


def form_lines(
    program: Program, form: Form, period: Period, returns: Sequence[Return], past: Past
) -> tuple[list[Line], list[tuple[int, Finding]]]:
    """Join each return with its roster and resolve 本期无新进展.

    Args:
        program: The campaign.
        form: The sheet.
        period: The period of all ``returns``.
        returns: All returns of the period in this run.
        past: What was accepted before this run.

    A blank row asks for nothing where a row of that county already stands, or another of the returns has it.

    Returns:
        Lines in the order of returns and roster; and findings about nil ticks and late corrections, each with the index
        of its return.
    """
    lines, findings = [], []
    fields = form.fields_in(period)
    told = reported_by(form, returns)
    for source, one in enumerate(returns):
        found = {row.county_code: row for row in one.rows.get(form.code, ())}
        for county in program.counties_of(one.prefecture_code):
            row = found.get(county.code)
            day = one.arrival.received_on
            others = (at for other, at in told.get(county.code, {}).items() if other != source)
            stands = past.stood((county.code, form.code), day) or any(at <= day for at in others)
            state = _state(row, has_sheet=form.code in one.rows, stands=stands)
            values: Mapping[str, Value] = {}
            if row is not None and state in REPORTED:
                values, clashes = _resolve(row, fields, past) if row.nil else (row.values, [])
                findings += [(source, _nil_conflict(one, row, code)) for code in clashes]
                if row.nil and period.no > 1 and not past.knows(county.code):
                    findings.append((source, _nil_without_base(one, row)))
            line = Line(source=source, county=county, state=state, values=values, row=row)
            findings += [(source, told) for told in above_later(one, line, fields, past)]
            lines.append(line)
    return lines, findings


def reported_by(form: Form, returns: Sequence[Return]) -> dict[str, dict[int, date]]:
    """County → the returns that fill its row of a form, and when each was received."""
    told: dict[str, dict[int, date]] = {}
    for source, one in enumerate(returns):
        for row in one.rows.get(form.code, ()):
            if not row.blank:
                told.setdefault(row.county_code, {})[source] = one.arrival.received_on
    return told


def form_frame(program: Program, form: Form, period: Period, returns: Sequence[Return], lines: Sequence[Line],
               past: Past) -> pd.DataFrame:  # fmt: skip
    """The frame GX sees: field columns (counts as float64, dates as datetime64, words as object) and derived ones."""
    data: dict[str, Any] = {
        "county_code": [line.county.code for line in lines],
        "row.state": [line.state for line in lines],
        "row.key": _keys(returns, lines),
        "period.end": pd.Series([pd.Timestamp(period.end)] * len(lines), dtype="datetime64[s]"),
        "campaign.start": pd.Series([pd.Timestamp(program.window.start)] * len(lines), dtype="datetime64[s]"),
        "county.townships": pd.Series([float(line.county.townships) for line in lines], dtype="float64"),
    }
    for one in form.fields_in(period):
        values = [line.values.get(one.code) for line in lines]
        data[one.code] = _column(one, values)
        if one.not_applicable:
            data[f"{one.code}.applies"] = ["no" if v == NOT_APPLICABLE else "yes" for v in values]
        if one.type is FieldType.CHECKLIST:
            data[f"{one.code}.ticked"] = ["no" if v in {None, NONE_TICKED} else "yes" for v in values]
        if one.accumulation is Accumulation.CUMULATIVE:
            data[f"{one.code}.prev"] = _column(one, [past.floors.get((line.county.code, one.code)) for line in lines])
    return pd.DataFrame(data)


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
        typed = row.values.get(one.code)
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
        value, later = line.values.get(asked.code), past.later.get((line.county.code, asked.code))
        if (
            asked.accumulation is Accumulation.CUMULATIVE
            and isinstance(value, int)
            and later is not None
            and value > later
        ):
            found.append(finding(
                "ABOVE_LATER", file=one.arrival.name, sheet=line.row.sheet, field=asked.code,
                cell=cell_of(one, line.row, asked.code), prefecture_code=one.prefecture_code,
                county_code=line.county.code, found=line.row.typed.get(asked.code, ""), expected=f"不大于后一期已接收的 {later}",
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
    known = [None if value == NOT_APPLICABLE and one.type is FieldType.COUNT else value for value in values]
    if one.type is FieldType.COUNT:
        return pd.Series(known, dtype="float64")
    if one.type is FieldType.DATE:
        return pd.Series([pd.Timestamp(v) if v is not None else pd.NaT for v in known], dtype="datetime64[s]")
    return pd.Series(known, dtype="object")


def _keys(returns: Sequence[Return], lines: Sequence[Line]) -> list[str]:
    """Equal only where two returns received on one day give a county different values."""
    variants: dict[str, set[str]] = {}
    base = [f"{returns[line.source].arrival.received_on}|{line.county.code}" for line in lines]
    for key, line in zip(base, lines, strict=True):
        if line.state in REPORTED:
            variants.setdefault(key, set()).add(repr(sorted(line.values.items())))
    keys = []
    for key, line in zip(base, lines, strict=True):
        conflict = line.state in REPORTED and len(variants[key]) > 1
        keys.append(key if conflict else f"{key}|{line.source}")
    return keys
