"""What the page looks up when a county, a prefecture or a column is opened: every standing value and where it was typed.

Compact on purpose: columns are told once per file, rows hold values in the order of their form's columns.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pipeline.domain.obligation import KIND_NAMES, TIMELINESS_NAMES
from pipeline.domain.state import REPORTED, STATE_NAMES, VERDICT_NAMES, Verdict
from pipeline.domain.value import show
from pipeline.measures.completion import printed
from pipeline.measures.known import known_entries
from pipeline.measures.progress import COUNTED, PACE_NAMES, Pace, Status
from pipeline.products.coverage import bounds_of, knowledge_of
from pipeline.products.documents.outline import NO_FIGURE
from pipeline.products.wording import number, one_decimal
from pipeline.program.model import FieldType, Prefecture, TargetKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.domain.entries import Submission
    from pipeline.domain.obligation import Obligation
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.measures.known import KnownState
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Field, Form, Period, Quantity, Unit
    from pipeline.program.words import Words

_STATUS_NAMES = {
    Status.MET: "达标",
    Status.NOT_MET: "未达标",
    Status.NOT_APPLICABLE: "不适用",
    Status.NOT_STARTED: "尚未开始",
    Status.MISSING: "没有报过",
    Status.NO_TARGET: "",
}
_STATUSES, _PACES = list(Status), list(Pace)
_UNITLESS = {FieldType.YESNO, FieldType.CHOICE, FieldType.CHECKLIST, FieldType.TEXT, FieldType.DATE, FieldType.COUNTY}
_ESCAPES = {ord(ch): f"\\u{ord(ch):04x}" for ch in "<>&\u2028\u2029"}


def page_data(m: PeriodMeasures, links: Mapping[str, str]) -> dict[str, Any]:
    """Everything a drill-down shows.

    Args:
        m: Measures of the period.
        links: Name of a received file → its address as seen from the page, for those that still lie in the inbox.
    """
    rows = _rows(m, m.known)
    earlier = _rows(m, m.known_states[-2]) if len(m.known_states) > 1 else {}
    standing = {row[0] for of_form in rows.values() for row in of_form.values() if row[0]}
    seen = sorted(
        standing
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
        "paces": [[pace.value, PACE_NAMES[pace]] for pace in _PACES],
        "forms": [_form(form, m.period) for form in m.program.forms],
        "quantities": [_quantity(q) for q in m.program.quantities if q.fields],
        "units": {unit.code: _unit(m, unit) for unit in units},
        "files": {seq: _file(m, m.snapshot.by_seq[seq], links, is_read=seq in standing) for seq in seen},
        "rows": rows,
        "before": {code: {unit: row[3] for unit, row in of_form.items()} for code, of_form in earlier.items()},
        "entries": _lists(m),
        "judged": _judged(m),
        "owed": _owed(m),
        "settled": _settled(m),
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
        "bounds": bounds_of(done) if own else "",
    }
    if own and (standing := m.bands.get(unit.code)):
        described["band"] = standing.band.value
    if not own or unit in m.program.reporters:
        described["state"] = state.value
        described["absence"] = "" if state in REPORTED else m.snapshot.absence(m.period, unit)
        described["known"] = m.known.of(unit.code).value
        described["known_name"] = knowledge_of(m, unit.code)
    if report:
        described |= {
            "timely": report.timeliness.value,
            "timely_name": TIMELINESS_NAMES[report.timeliness],
            "contact": report.contact,
        }
    return described


def _file(m: PeriodMeasures, entry: Submission, links: Mapping[str, str], *, is_read: bool) -> dict[str, Any]:
    """A file; where its columns are is asked only of one that a row shown comes from."""
    forms = {form.code: form for form in m.program.forms}
    columns = {
        code: [given.get(f.code, "") for f in forms[code].fields]
        for code, given in entry.columns.items()
        if is_read and code in forms
    }
    return {
        "name": entry.file,
        "href": links.get(entry.file, ""),
        "received": entry.received_on.isoformat(),
        "verdict": VERDICT_NAMES[Verdict(entry.verdict)],
        "sheets": entry.sheets,
        "columns": columns,
    }


def _rows(m: PeriodMeasures, known: KnownState) -> dict[str, dict[str, list[Any]]]:
    """Form → unit → submission, row, nil, values, typed texts by place, and which periods the values come from.

    Of everybody of whom something is known, and who is the same. The last is the title of an earlier period, where all
    come from it, or such titles by place; it is left out where all were reported in the period itself.
    """
    found: dict[str, dict[str, list[Any]]] = {}
    titles = {p.code: p.title for p in m.whole.periods}
    for unit in m.program.reporters:
        code = m.program.comparable_code(unit, known.period)
        given, since = known.listed(code), known.since.get(code, {})
        for form in m.program.roster_of(unit):
            mine = [(f, f.shows or f.code) for f in form.fields]
            periods = {since[of] for _, of in mine if of in since}
            if not periods:
                continue
            here = code in known.reported
            last = known.period.code if here else max(periods)
            then = m.program.comparable_code(unit, m.whole.period_by_code[last])
            row = m.snapshot.rows.get((form.code, last, then))
            values = [_shown(m, f, given.get(of)) for f, of in mine]
            earlier = {
                n: titles[since[of]]
                for n, (_, of) in enumerate(mine)
                if since.get(of, known.period.code) != known.period.code
            }
            typed = _typed(form.fields, row, last, [since.get(of, "") for _, of in mine]) if row else {}
            line = [row.seq, row.sheet_row, int(row.nil), values, typed] if row else [0, 0, 0, values, typed]
            if not here and periods == {last}:
                line.append(titles[last])
            elif earlier:
                line.append(earlier)
            found.setdefault(form.code, {})[unit.code] = line
    return found


def _typed(fields: tuple[Field, ...], row: AcceptedRow, period: str, since: Sequence[str]) -> dict[int, str]:
    """What was typed, of the values that come from this row."""
    return {
        n: show(row.typed[f.code])
        for n, (f, code) in enumerate(zip(fields, since, strict=True))
        if f.code in row.typed and code in {"", period}
    }


def _row(m: PeriodMeasures, fields: tuple[Field, ...], row: AcceptedRow) -> list[Any]:
    typed = {n: show(row.typed[f.code]) for n, f in enumerate(fields) if f.code in row.typed}
    return [row.seq, row.sheet_row, int(row.nil), [_shown(m, f, row.values.get(f.code)) for f in fields], typed]


def _shown(m: PeriodMeasures, field: Field, value: Value) -> str:
    """As read; a county by its name, for its code says nothing."""
    county = m.program.county_by_code.get(str(value)) if field.type is FieldType.COUNTY else None
    return county.short_name if county else show(value)


def _entries(m: PeriodMeasures) -> list[AcceptedRow]:
    return [row for form in m.program.list_forms for row in known_entries(m.snapshot, form, m.period)]


def _lists(m: PeriodMeasures) -> dict[str, list[Any]]:
    """Form → entries as they were told last: prefecture, number, then as in a row, and the period where it is an earlier one."""
    found: dict[str, list[Any]] = {}
    for row in _entries(m):
        form = m.program.form_by_code[row.form]
        earlier = [] if row.period == m.period.code else [m.whole.period_by_code[row.period].title]
        found.setdefault(row.form, []).append([row.prefecture_code, row.number, *_row(m, form.fields, row), *earlier])
    return found


def _judged(m: PeriodMeasures) -> dict[str, list[Any]]:
    """County → per quantity: value, status, where it is on its path where it is judged, the whole part of what that asks for."""
    found: dict[str, list[Any]] = {}
    columns = m.assessed[["county_code", "value", "status", "pace", "required"]]
    for county, value, status, pace, required in columns.itertuples(index=False):
        shown = None if math.isnan(value) else float(printed(value))
        place = _PACES.index(Pace(pace)) if status in COUNTED else None
        asked = None if required is None or math.isnan(required) else math.floor(required)
        found.setdefault(county, []).append([shown, _STATUSES.index(Status(status)), place, asked])
    return found


def _owed(m: PeriodMeasures) -> dict[str, list[Any]]:
    """Unit → what it owes still, or has met of late, what is overdue first."""
    found: dict[str, list[Obligation]] = {}
    for o in m.owed_still:
        if o.who in m.program.unit_by_code:
            found.setdefault(o.who, []).append(o)
    return {
        who: [_owed_row(o, m.program.words) for o in sorted(some, key=lambda o: (not o.overdue, o.due_on))]
        for who, some in found.items()
    }


def _settled(m: PeriodMeasures) -> dict[str, int]:
    """Unit → how many things it met earlier, which are not listed again."""
    rest = Counter(o.who for o in m.obligations) - Counter(o.who for o in m.owed_still)
    return {who: n for who, n in rest.items() if who in m.program.unit_by_code}


def _owed_row(o: Obligation, w: Words) -> dict[str, Any]:
    """An obligation as the page shows it."""
    return {
        "kind": w.put(KIND_NAMES[o.kind]),
        "what": o.what,
        "due": o.due_on.isoformat() + ("（经批准延期）" if o.extended else ""),
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
