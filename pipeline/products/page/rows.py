"""The rows of the page's tables: read without any script, and what its links lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.findings import CATALOGUE, SEVERITY_NAMES, Severity
from pipeline.domain.place import PLACING_NAMES, Placing
from pipeline.domain.state import STATE_NAMES, VERDICT_NAMES, State, Verdict
from pipeline.domain.value import show
from pipeline.ledger.snapshot import reported_again
from pipeline.measures.obligation import ObligationKind
from pipeline.measures.overdue import KIND_NAMES, Reason, overdue_others
from pipeline.measures.progress import change_pp
from pipeline.measures.timeliness import TIMELINESS_NAMES
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED
from pipeline.products.page.data import target_text
from pipeline.products.wording import cn_date, number, one_decimal
from pipeline.program.layout import row_name
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.domain.entries import Change, Submission
    from pipeline.domain.findings import Finding
    from pipeline.measures.overdue import Obligation
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Completion, Total
    from pipeline.program.model import Field, Form, Prefecture

Row = dict[str, Any]


def prefecture_rows(m: PeriodMeasures) -> list[Row]:
    """One per prefecture, with its counties."""
    return [_prefecture(m, p) for p in m.program.prefectures]


def _prefecture(m: PeriodMeasures, p: Prefecture) -> Row:
    done, before = m.now.by_prefecture[p.code], m.before.by_prefecture[p.code] if m.before else None
    mine = next(o for o in m.owed_now if o.is_report and not o.is_county and o.who == p.code)
    return {
        "code": p.code,
        "name": p.short_name,
        "reported": done.reported,
        "roster": done.roster,
        "completion": _pct(done),
        "rank": m.ranks[p.code] or NO_FIGURE,
        "change": _change_words(change_pp(done, before)),
        "timely": mine.timeliness.value,
        "timeliness": TIMELINESS_NAMES[mine.timeliness],
        "met_on": cn_date(mine.met_on) if mine.met_on else _unmet(mine.reason),
        "counties": [
            (c.code, c.short_name, state.value, STATE_NAMES[state])
            for c in m.program.measured_of(p.code)
            for state in (m.snapshot.state(m.period, c),)
        ],
    }


def county_rows(m: PeriodMeasures) -> list[Row]:
    """One per county: state, time, completion, what is to be mended and what is overdue."""
    reports = {o.who: o for o in m.owed_now if o.is_report}
    late: dict[str, int] = {}
    for o in m.obligations:
        late[o.who] = late.get(o.who, 0) + o.overdue
    to_mend: dict[str, int] = {}
    for s, f in _findings_shown(m):
        if s.period == m.period.code and f.severity is Severity.CRITICAL and not _is_mended(m, s, f):
            to_mend[f.county_code] = to_mend.get(f.county_code, 0) + 1
    rows = []
    for c in m.program.measured:
        state, report = m.snapshot.state(m.period, c), reports[c.code]
        rows.append(
            {
                "code": c.code,
                "name": c.short_name,
                "prefecture": m.program.prefecture_by_code[c.prefecture_code].short_name,
                "state": state.value,
                "state_name": STATE_NAMES[state],
                "timely": report.timeliness.value,
                "timeliness": TIMELINESS_NAMES[report.timeliness],
                "met_on": cn_date(report.met_on) if report.met_on else NO_FIGURE,
                "completion": _pct(m.now.by_county[c.code]),
                "to_mend": to_mend.get(c.code, 0),
                "overdue": late.get(c.code, 0),
            }
        )
    return rows


def _findings_shown(m: PeriodMeasures) -> list[tuple[Submission, Finding]]:
    """Those of the files this page tells of."""
    return [(s, f) for s, f in m.snapshot.findings if _is_told(m, s)]


def _is_told(m: PeriodMeasures, s: Submission) -> bool:
    """This period's files, and those nobody could place that came after the returns of the period before were due."""
    before = m.program.previous(m.period)
    return s.period == m.period.code or (not s.period and (before is None or s.received_on > before.due_on))


def finding_rows(m: PeriodMeasures, links: Mapping[str, str]) -> list[Row]:
    """One per finding; what was mended since stands last."""
    rows = [_finding(m, s, f, links) for s, f in _findings_shown(m)]
    ranks = [severity.value for severity in Severity]
    return sorted(rows, key=lambda row: (bool(row["mended"]), ranks.index(row["severity"])))


def _finding(m: PeriodMeasures, s: Submission, f: Finding, links: Mapping[str, str]) -> Row:
    unit = m.program.unit_by_code.get(f.county_code) or m.program.unit_by_code.get(s.prefecture_code)
    field = m.program.field_by_code.get(f.field)
    mended = f.severity is Severity.CRITICAL and _is_mended(m, s, f)
    return {
        "mended": mended,
        "severity": f.severity.value,
        "kind": "mended" if mended else f.severity.value,
        "severity_name": "已改正" if mended else SEVERITY_NAMES[f.severity],
        "what": m.program.worded(CATALOGUE[f.code].title),
        "unit": unit.code if unit else "",
        "county": row_name(unit) if unit and f.county_code else unit.short_name if unit else "",
        "field": field.code if field else "",
        "field_title": field.title if field else "",
        "file": s.file,
        "href": links.get(s.file, ""),
        "sheet": f.location.sheet,
        "cell": f.location.cell,
        "found": f.found,
        "expected": f.expected,
        "fix": m.program.worded(f.fix),
    }


def _is_mended(m: PeriodMeasures, s: Submission, f: Finding) -> bool:
    """Whether a later submission made good what was returned."""
    snapshot = m.snapshot
    return snapshot.mended(s, f.county_code) or (f.code == "SHEET_MISSING" and f not in snapshot.open_findings(s))


def received_groups(m: PeriodMeasures, links: Mapping[str, str]) -> list[tuple[str, list[Row]]]:
    """Day of a run → the files it took in: this period's and those nobody could place, the last run first."""
    counted: dict[int, dict[State, int]] = {}
    for seq, code, state in m.snapshot.records[["seq", "county_code", "state"]].itertuples(index=False):
        if code in m.program.county_by_code:
            states = counted.setdefault(seq, {})
            states[State(state)] = states.get(State(state), 0) + 1
    days: dict[str, list[Row]] = {}
    for s in sorted(m.snapshot.submissions, key=lambda s: (s.taken_on, -s.seq), reverse=True):
        if _is_told(m, s):
            states = counted.get(s.seq, {})
            told = "，".join(f"{STATE_NAMES[state]}{states[state]}" for state in State if state in states)
            days.setdefault(cn_date(s.taken_on), []).append({**_submission(m, s, links), "counties": told})
    return list(days.items())


def _submission(m: PeriodMeasures, s: Submission, links: Mapping[str, str]) -> Row:
    prefecture = m.program.prefecture_by_code.get(s.prefecture_code)
    verdict = Verdict(s.verdict)
    name = "收到、不能采用" if m.snapshot.unusable(s) else VERDICT_NAMES[verdict]
    return {
        "seq": s.seq,
        "file": s.file,
        "href": links.get(s.file, ""),
        "received": cn_date(s.received_on),
        "verdict": name,
        "unit": s.prefecture_code if prefecture else "",
        "prefecture": _owner(prefecture, s),
        "reason": s.reason,
    }


def _owner(prefecture: Prefecture | None, s: Submission) -> str:
    """Whose it is; a guess is said to be one."""
    if prefecture is None:
        return NO_FIGURE
    return prefecture.short_name + (f"（{PLACING_NAMES[Placing.NAME]}）" if s.placed == Placing.NAME else "")


def revision_rows(m: PeriodMeasures, links: Mapping[str, str]) -> list[Row]:
    """One per file that reported again what stood already, with every value it changed."""
    found = []
    for one in reversed(list(reported_again(m.snapshot))):
        s = one.entry
        if s.period == m.period.code:
            found.append(
                {
                    "file": s.file,
                    "href": links.get(s.file, ""),
                    "received": cn_date(s.received_on),
                    "seq": s.seq,
                    "said": one.said(m.program),
                    "changes": [_changed(m, c, links) for c in one.changes],
                }
            )
    return found


def _changed(m: PeriodMeasures, change: Change, links: Mapping[str, str]) -> Row:
    field, file = m.program.field_by_code[change.field], m.snapshot.by_seq[change.old_seq].file
    return {
        "unit": change.county_code,
        "county": f"{row_name(m.program.unit_by_code[change.county_code])} {change.entry}".strip(),
        "field": field.code,
        "title": field.title,
        "old": show(change.old) or "空",
        "new": show(change.new) or "空",
        "old_file": file,
        "old_href": links.get(file, ""),
    }


def overdue_groups(m: PeriodMeasures, links: Mapping[str, str]) -> list[tuple[str, list[Row]]]:
    """What is overdue besides the period's reports, by kind."""
    groups: dict[str, list[Row]] = {}
    for o in overdue_others(m.obligations):
        groups.setdefault(m.program.worded(KIND_NAMES[o.kind]), []).append(_overdue(m, o, links))
    return list(groups.items())


def _overdue(m: PeriodMeasures, o: Obligation, links: Mapping[str, str]) -> Row:
    file = m.snapshot.by_seq[o.submission].file if o.submission else ""
    return {
        "unit": o.who,
        "prefecture": o.prefecture.short_name,
        "name": o.name,
        "what": o.what,
        "due_on": cn_date(o.due_on),
        "days": o.days_overdue,
        "streak": o.streak,
        "reason": o.reason.value,
        "file": file,
        "href": links.get(file, ""),
        "sheet": o.sheet,
        "cell": o.cell,
    }


def office_rows(m: PeriodMeasures) -> list[Row]:
    """What the office owes itself, by day; whether it is done no return can say."""
    mine = sorted(
        (o for o in m.obligations if o.kind is ObligationKind.OFFICE_DUTY), key=lambda o: (o.due_on, o.serves)
    )
    return [{"what": o.what, "due_on": cn_date(o.due_on), "due": o.due_on <= m.snapshot.as_of} for o in mine]


def field_groups(m: PeriodMeasures) -> list[tuple[Form, list[Row]]]:
    """Every sheet with its columns: how many answered, and the province's figure where the column is assessed."""
    totals = {t.quantity.fields[0]: t for t in reversed(m.totals)}
    return [(form, [_field(m, form, f, totals) for f in form.fields_in(m.period)]) for form in m.program.roster_forms]


def _field(m: PeriodMeasures, form: Form, field: Field, totals: Mapping[str, Total]) -> Row:
    units = [u for u in m.program.reporters if form in m.program.roster_of(u)]
    standing = [u for u in units if m.snapshot.state(m.period, u).is_reported]
    rows = (m.snapshot.rows.get((form.code, m.period.code, u.code)) for u in standing)
    given = sum(1 for row in rows if row and row.values.get(field.code) is not None)
    total = totals.get(field.code)
    return {
        "code": field.code,
        "title": field.title,
        "given": given,
        "roster": len(units),
        "total": _total(m, total, field) if total else "",
        "target": target_text(total.quantity) if total else "",
        "met": f"{total.met}/{total.applicable}" if total and target_text(total.quantity) and total.applicable else "",
    }


def _total(m: PeriodMeasures, t: Total, field: Field) -> str:
    """Over the counties that reported; of words, how many counties gave the one that is wanted."""
    if t.actual is None:
        return NOT_REPORTED
    if t.quantity.is_rate:
        return f"{one_decimal(t.actual)}%（{number(t.numerator or 0)}/{number(t.denominator or 0)}）"
    return f"{number(t.actual)}{t.quantity.unit if field.type is FieldType.COUNT else m.program.words.rows}"


def province_rows(m: PeriodMeasures) -> Iterator[Row]:
    """Targets of the whole province."""
    for r in m.province_results:
        threshold, unit = number(r.threshold), "%" if r.is_share else r.quantity.unit
        actual = (
            NOT_REPORTED if r.actual is None else (one_decimal(r.actual) if r.is_share else number(r.actual)) + unit
        )
        met = {True: "已达到", False: "尚未达到", None: NO_FIGURE}[r.met]
        yield {
            "title": r.quantity.title,
            "actual": actual,
            "target": threshold + unit,
            "met": met,
            "reported": m.reported,
            "roster": r.roster,
        }


def _pct(done: Completion) -> str:
    return NOT_REPORTED if done.pct is None else one_decimal(done.pct)


def _change_words(step: float | None) -> str:
    if step is None:
        return NO_FIGURE
    return "持平" if step == 0 else f"{'升' if step > 0 else '降'}{one_decimal(abs(step))}"


def _unmet(reason: Reason) -> str:
    if reason in {Reason.NOTHING_RECEIVED, Reason.NONE}:
        return NO_FIGURE
    return reason.value if reason in {Reason.UNUSABLE, Reason.HELD, Reason.UNREAD} else f"已收到，{reason.value}"
