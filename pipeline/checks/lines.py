"""Returns → one line per return and unit of its prefecture, whether or not the unit reported; 本期无新进展 resolved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.checks.carry import prefilled
from pipeline.domain.findings import Finding, finding
from pipeline.domain.value import show
from pipeline.program.layout import NEW
from pipeline.program.model import Accumulation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.domain.past import Past
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form, Period, Program, Unit
    from pipeline.reading.read import Return
    from pipeline.reading.sheet import FormRow


GIVEN = frozenset({"filled", "nil"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One unit on one form of one return, nil resolved; or one entry of its list.

    Attributes:
        source: Index of the return.
        state: filled, nil, kept, blank, unconfirmed, absent or no_sheet (see :mod:`pipeline.program.rules`).
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
    """Join each return with its roster and resolve 本期无新进展.

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
    lines, findings = [], []
    fields = form.fields_in(period)
    reported = days_of_report(program, form, period, returns, past)
    for source, workbook in enumerate(returns):
        found = {row.county_code: row for row in workbook.rows.get(form.code, ())}
        for unit in program.units_of(form, workbook.prefecture_code):
            if workbook.only not in {"", unit.code}:
                continue
            row = found.get(unit.code)
            day = workbook.arrival.received_on
            others = (at for other, at in reported.get(unit.code, {}).items() if other != source)
            stands = past.stood((unit.code, form.code), day) or any(at <= day for at in others)
            same = row is not None and untouched(program, form, period, row, past)
            state = _state(None if same and stands else row, has_sheet=form.code in workbook.rows, stands=stands)
            if row is not None and row.confirms and state in GIVEN:
                state = _confirmed(row, same=unchanged(program, form, period, row, past))
            values: Mapping[str, Value] = {}
            if row is not None and state in GIVEN:
                values, clashes = _resolve(row, fields, past) if state == "nil" else (_as_known(row, past), [])
                findings += [(source, f) for f in _about_confirming(workbook, row, state, past)]
                findings += [(source, _nil_conflict(workbook, row, code)) for code in clashes]
                if row.nil and period.no > 1 and (unit.code in past.merged or not past.knows(unit.code)):
                    findings.append((source, _nil_without_base(workbook, row)))
            line = Line(source=source, unit=unit, state=state, values=values, row=row, untouched=same)
            findings += [(source, f) for f in _above_later(workbook, line, fields, past)]
            lines.append(line)
    return lines, findings


def days_of_report(
    program: Program, form: Form, period: Period, returns: Sequence[Return], past: Past
) -> dict[str, dict[int, date]]:
    """Unit → the returns that fill its row of a form with more than was carried into it, and when each was received."""
    found: dict[str, dict[int, date]] = {}
    for source, workbook in enumerate(returns):
        for row in workbook.rows.get(form.code, ()):
            if not row.blank and not untouched(program, form, period, row, past):
                found.setdefault(row.county_code, {})[source] = workbook.arrival.received_on
    return found


def untouched(program: Program, form: Form, period: Period, row: FormRow, past: Past) -> bool:
    """A row of a sheet that went out with something in it, with nothing else in it and no tick."""
    return not row.nil and unchanged(program, form, period, row, past)


def unchanged(program: Program, form: Form, period: Period, row: FormRow, past: Past) -> bool:
    """A row that holds just what went out, ticked or not; what is known stands for what went out where that cannot be read."""
    if not form.carry or row.blank or row.refused or row.adds or (form.confirm and not row.confirms):
        return False
    known = prefilled(program, period, form, row.county_code, past)
    went_out = {code: known.get(code) if was is None else was for code, was in row.before.items()}
    if went_out.keys() <= {field.code for field in form.fields if field.increment}:  # what is hidden is gone
        went_out = {**known, **went_out}
    gone = {code: known.get(code) for code, was in row.before.items() if was is None and row.values.get(code) is None}
    return bool(given(went_out)) and given({**row.values, **gone}) == given(went_out)


def given(values: Mapping[str, Value]) -> dict[str, Value]:
    """Only the fields with a value: an empty cell and a column that is not there are the same."""
    return {code: value for code, value in values.items() if value is not None}


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


def _confirmed(row: FormRow, *, same: bool) -> str:
    """What a row of a sheet to be confirmed says: changed, ticked, or nothing at all."""
    if not same and row.typed:
        return "filled"
    return "nil" if row.nil else "unconfirmed"


def _as_known(row: FormRow, past: Past) -> dict[str, Value]:
    """The values of a row; what was not changed since it went out is what is known now, corrected or not."""
    values = dict(row.values)
    for code, before in row.before.items():
        if before is not None and values.get(code) == before:
            values[code] = past.previous.get((row.county_code, code), before)
    return values


def _about_confirming(workbook: Return, row: FormRow, state: str, past: Past) -> list[Finding]:
    """What is told of a row that went out with values: a tick beside a change, and a value that was corrected since."""
    where = {
        "file": workbook.arrival.name,
        "sheet": row.sheet,
        "prefecture_code": workbook.prefecture_code,
        "county_code": row.county_code,
    }
    found = []
    if row.confirms and row.nil and state == "filled":
        found.append(finding("CONFIRMED_AND_CHANGED", cell=f"C{row.row}", found="√", **where))
    for code, before in row.before.items():
        now = past.previous.get((row.county_code, code), before)
        if before is not None and row.values.get(code) == before and now != before:
            found.append(
                finding(
                    "CORRECTED_SINCE",
                    cell=cell_of(workbook, row, code),
                    field=code,
                    found=row.typed.get(code, ""),
                    expected=f"{show(now)}（下发以后更正的数）",
                    **where,
                )
            )
        new = row.cells.get(NEW + code)
        if new is not None and code not in row.refused and now != before:
            found.append(
                finding(
                    "INCREMENT_BASE_MOVED",
                    cell=cell_of(workbook, row, code),
                    field=code,
                    found=f"上次{show(before)}，本期新增{show(new)}，累计{show(row.values.get(code))}",
                    expected=f"上次已接收的是{show(now)}",
                    **where,
                )
            )
    return found


def _resolve(row: FormRow, fields: Sequence[Field], past: Past) -> tuple[dict[str, Value], list[str]]:
    """Values a nil row stands for, and the fields where something else was typed.

    It carries what was accepted last: earlier in this period, else in the period before; zeros only in a first report. Of a
    sheet that went out with values it confirms those that are seen.
    """
    values: dict[str, Value] = {}
    clashes = []
    seen = _as_known(row, past)
    for field in fields:
        if field.shows:
            continue
        key = row.county_code, field.code
        carried = past.previous.get(key, field.nil_value)
        carried = carried if row.confirms else past.current.get(key, carried)
        typed = seen.get(field.code)
        values[field.code] = carried if typed is None else typed
        must_be_given = carried is None
        if typed is not None and not must_be_given and typed != carried:
            clashes.append(field.code)
    return values, clashes


def _above_later(workbook: Return, line: Line, fields: Sequence[Field], past: Past) -> list[Finding]:
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
            found.append(
                finding(
                    "ABOVE_LATER",
                    file=workbook.arrival.name,
                    sheet=line.row.sheet,
                    field=asked.code,
                    cell=cell_of(workbook, line.row, asked.code),
                    prefecture_code=workbook.prefecture_code,
                    county_code=line.unit.code,
                    found=line.row.typed.get(asked.code, ""),
                    expected=f"不大于后一期已接收的 {later}",
                )
            )
    return found


def cell_of(workbook: Return, row: FormRow, code: str) -> str:
    """Address of a field in a row; empty when the sheet has no such column."""
    column = workbook.columns[row.form].get(code, "")
    return f"{column}{row.row}" if column else ""


def _nil_without_base(workbook: Return, row: FormRow) -> Finding:
    return finding(
        "NIL_WITHOUT_BASE",
        file=workbook.arrival.name,
        sheet=row.sheet,
        cell=f"C{row.row}",
        found="√",
        prefecture_code=workbook.prefecture_code,
        county_code=row.county_code,
        expected="填报本期累计数，或先补报以前的报送期",
    )


def _nil_conflict(workbook: Return, row: FormRow, code: str) -> Finding:
    return finding(
        "NIL_CONFLICT",
        file=workbook.arrival.name,
        sheet=row.sheet,
        cell=cell_of(workbook, row, code),
        prefecture_code=workbook.prefecture_code,
        county_code=row.county_code,
        field=code,
        found=row.typed[code],
        expected="留空，或与上次已接收的数相同",
    )
