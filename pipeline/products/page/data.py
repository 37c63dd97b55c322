"""What the page looks up when a county, a prefecture or a column is opened: every standing value and where it was typed.

Compact on purpose: columns are told once per file, rows hold values in the order of their form's columns.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pipeline.domain.obligation import KIND_NAMES, TIMELINESS_NAMES
from pipeline.domain.state import REPORTED, STATE_NAMES, VERDICT_NAMES, Verdict
from pipeline.domain.value import show
from pipeline.measures.progress import Status
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED
from pipeline.products.wording import number, one_decimal
from pipeline.program.model import FieldType, Prefecture, TargetKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.domain.entries import Submission
    from pipeline.domain.obligation import Obligation
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Field, Form, Period, Quantity, Unit
    from pipeline.program.words import Words

_STATUS_NAMES = {
    Status.MET: "达标",
    Status.NOT_MET: "未达标",
    Status.NOT_APPLICABLE: "不适用",
    Status.NOT_STARTED: "尚未开始",
    Status.MISSING: NOT_REPORTED,
    Status.NO_TARGET: "",
}
_STATUSES = list(Status)
_UNITLESS = {FieldType.YESNO, FieldType.CHOICE, FieldType.CHECKLIST, FieldType.TEXT, FieldType.DATE, FieldType.COUNTY}
_ESCAPES = {ord(ch): f"\\u{ord(ch):04x}" for ch in "<>&\u2028\u2029"}


def page_data(m: PeriodMeasures, links: Mapping[str, str]) -> dict[str, Any]:
    """Everything a drill-down shows.

    Args:
        m: Measures of the period.
        links: Name of a received file → its address as seen from the page, for those that still lie in the inbox.
    """
    seen = sorted(
        {row.seq for row in m.snapshot.rows.values() if row.period == m.period.code}
        | {row.seq for row in _entries(m)}
        | {s.seq for s in m.snapshot.submissions if s.period == m.period.code}
    )
    before = m.program.previous(m.period)
    units: tuple[Unit, ...] = (*m.program.counties, *m.program.prefectures)
    return {
        "period": m.period.title,
        "previous": before.title if before else "",
        "states": {state.value: name for state, name in STATE_NAMES.items()},
        "statuses": [[status.value, _STATUS_NAMES[status]] for status in _STATUSES],
        "forms": [_form(form, m.period) for form in m.program.forms],
        "quantities": [_quantity(q) for q in m.program.quantities if q.fields],
        "units": {unit.code: _unit(m, unit) for unit in units},
        "files": {seq: _file(m, m.snapshot.by_seq[seq], links) for seq in seen},
        "rows": _rows(m, m.period),
        "before": {code: {unit: row[3] for unit, row in rows.items()} for code, rows in _rows(m, before).items()}
        if before
        else {},
        "entries": _lists(m),
        "judged": _judged(m),
        "owed": _owed(m),
    }


def as_json(data: Mapping[str, Any]) -> Markup:
    """JSON that can stand inside a script element, whatever its texts are."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704 - no character with a meaning in HTML is left


def _form(form: Form, period: Period) -> dict[str, Any]:
    asked = {f.code for f in form.fields_in(period)}
    return {
        "code": form.code,
        "title": form.heading,
        "sheet": form.sheet,
        "rows": form.rows.value,
        "fields": [
            {
                "code": f.code,
                "title": f.title,
                "unit": "" if f.type in _UNITLESS else f.unit,
                "item": item.title,
                "asked": f.code in asked,
            }
            for item in form.items
            for f in item.fields
        ],
    }


def _quantity(q: Quantity) -> dict[str, Any]:
    words = q.target is not None and q.target.kind is not TargetKind.AT_LEAST
    return {"title": q.title, "unit": q.unit, "fields": q.fields, "target": target_text(q), "words": words}


def target_text(q: Quantity) -> str:
    """A county's target in words: 2场, 90%, 是; empty when there is none or it is only followed."""
    if q.target is None or not q.judged:
        return ""
    if q.is_rate:
        return f"{number(float(q.target.threshold))}%"
    words = {TargetKind.YES: "是", TargetKind.ALL_OPTIONS: "各项齐全", TargetKind.ANY_OPTION: "至少一项"}
    return words.get(q.target.kind, f"{number(float(q.target.threshold))}{q.unit}")


def _unit(m: PeriodMeasures, unit: Unit) -> dict[str, Any]:
    state = m.snapshot.state(m.period, unit)
    own = isinstance(unit, Prefecture)
    done = m.now.by_prefecture[unit.code] if own else m.now.by_county[unit.code]
    report = next((o for o in m.owed_now if o.is_report and o.who == unit.code), None)
    described: dict[str, Any] = {
        "name": unit.short_name,
        "names": sorted({unit.name, *unit.names} - {unit.short_name}),
        "of": unit.prefecture_code,
        "own": own,
        "pct": NO_FIGURE if done.pct is None else f"{one_decimal(done.pct)}%",
        "met": done.met,
        "counted": done.applicable,
        "reported": done.reported,
        "roster": done.roster,
    }
    if not own or unit in m.program.reporters:
        described["state"] = state.value
        described["absence"] = "" if state in REPORTED else m.snapshot.absence(m.period, unit)
    if report:
        described |= {
            "timely": report.timeliness.value,
            "timely_name": TIMELINESS_NAMES[report.timeliness],
            "contact": report.contact,
        }
    return described


def _file(m: PeriodMeasures, entry: Submission, links: Mapping[str, str]) -> dict[str, Any]:
    forms = {form.code: form for form in m.program.forms}
    columns = {
        code: [given.get(f.code, "") for f in forms[code].fields]
        for code, given in entry.columns.items()
        if code in forms
    }
    return {
        "name": entry.file,
        "href": links.get(entry.file, ""),
        "received": entry.received_on.isoformat(),
        "verdict": VERDICT_NAMES[Verdict(entry.verdict)],
        "sheets": entry.sheets,
        "columns": columns,
    }


def _rows(m: PeriodMeasures, period: Period) -> dict[str, dict[str, list[Any]]]:
    """Form → unit → submission, row, nil, values, typed texts by place; of units whose record stands, and that are the same."""
    found: dict[str, dict[str, list[Any]]] = {}
    for form in m.program.roster_forms:
        for unit in m.program.reporters:
            then = m.program.unit_by_code.get(m.program.comparable_code(unit, period))
            row = m.snapshot.rows.get((form.code, period.code, then.code)) if then else None
            if then and row is not None and m.snapshot.state(period, then).is_reported:
                found.setdefault(form.code, {})[unit.code] = _row(m, form.fields, row)
    return found


def _row(m: PeriodMeasures, fields: tuple[Field, ...], row: AcceptedRow) -> list[Any]:
    typed = {n: show(row.typed[f.code]) for n, f in enumerate(fields) if f.code in row.typed}
    return [row.seq, row.sheet_row, int(row.nil), [_shown(m, f, row.values.get(f.code)) for f in fields], typed]


def _shown(m: PeriodMeasures, field: Field, value: Value) -> str:
    """As read; a county by its name, for its code says nothing."""
    county = m.program.county_by_code.get(str(value)) if field.type is FieldType.COUNTY else None
    return county.short_name if county else show(value)


def _entries(m: PeriodMeasures) -> tuple[AcceptedRow, ...]:
    return m.snapshot.entries(m.program.list_forms, m.period)


def _lists(m: PeriodMeasures) -> dict[str, list[Any]]:
    """Form → entries as they stand in the last return that has them: prefecture, number, then as in a row."""
    last = {(row.form, row.prefecture_code, row.number): row for row in _entries(m)}
    found: dict[str, list[Any]] = {}
    for row in last.values():
        form = m.program.form_by_code[row.form]
        found.setdefault(row.form, []).append([row.prefecture_code, row.number, *_row(m, form.fields, row)])
    return found


def _judged(m: PeriodMeasures) -> dict[str, list[Any]]:
    """County → per quantity: value, status, whether on pace, the whole part of what the pace asks for."""
    found: dict[str, list[Any]] = {}
    columns = m.assessed[["county_code", "value", "status", "on_pace", "required"]]
    for county, value, status, on_pace, required in columns.itertuples(index=False):
        shown = None if math.isnan(value) else round(value, 1)
        pace = {True: 1, False: 0}.get(on_pace)
        asked = None if math.isnan(required) else math.floor(required)
        found.setdefault(county, []).append([shown, _STATUSES.index(Status(status)), pace, asked])
    return found


def _owed(m: PeriodMeasures) -> dict[str, list[Any]]:
    """Unit → what it owes that is due or was met, what is overdue first."""
    found: dict[str, list[Obligation]] = {}
    for o in m.obligations:
        if o.who:
            found.setdefault(o.who, []).append(o)
    return {
        who: [_owed_row(o, m.program.words) for o in sorted(some, key=lambda o: (not o.overdue, o.due_on))]
        for who, some in found.items()
    }


def _owed_row(o: Obligation, w: Words) -> dict[str, Any]:
    """An obligation as the page shows it."""
    return {
        "kind": w.put(KIND_NAMES[o.kind]),
        "what": o.what,
        "due": o.due_on.isoformat(),
        "timely": o.timeliness.value,
        "timely_name": TIMELINESS_NAMES[o.timeliness],
        "met_on": o.met_on.isoformat() if o.met_on else "",
        "days": o.days_overdue,
        "streak": o.streak,
        "reason": o.reason.value,
        "file": o.submission,
        "sheet": o.sheet,
        "cell": o.cell,
    }
