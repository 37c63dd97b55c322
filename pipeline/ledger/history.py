"""What the dataset tells of itself: the history of a unit, and the cells a measure rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.acts import ACT_NAMES, AFTERWARDS, KEEPING, ActKind
from pipeline.domain.findings import SEVERITY_NAMES, Severity
from pipeline.domain.place import PLACING_NAMES, Placing
from pipeline.domain.state import STATE_NAMES, VERDICT_NAMES, State, Verdict
from pipeline.domain.value import show
from pipeline.program.layout import row_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.acts import Act
    from pipeline.domain.entries import Submission
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Period, Program, Unit


def history_lines(program: Program, snapshot: Snapshot, unit: Unit) -> Iterator[str]:
    """Submissions of the unit's prefecture that speak of it (all of them, for a prefecture), period by period."""
    for period in program.periods:
        mine = [
            s
            for s in snapshot.submissions
            if s.period == period.code
            and s.prefecture_code == unit.prefecture_code
            and (unit.code == unit.prefecture_code or _speaks(snapshot, s, unit))
        ]
        acts = [
            a
            for a in snapshot.acts
            if a.period == period.code
            and a.kind not in AFTERWARDS
            and a.prefecture_code in {"", unit.prefecture_code}
            and (a.unit in {"", unit.code} or unit.code == unit.prefecture_code)
        ]
        if not mine and not acts:
            continue
        due = snapshot.period_of(period, unit)
        until = f"，经批准延期至 {due.due_on}" if due.extended else ""
        yield f"{period.title}（截止 {period.due_on}{until}）：{STATE_NAMES[snapshot.state(period, unit)]}"
        for entry in mine:
            yield from _submission(program, snapshot, entry, unit)
        yield from (_act(program, act) for act in acts)


def _speaks(snapshot: Snapshot, entry: Submission, unit: Unit) -> bool:
    return any(r.county_code == unit.code for r in snapshot.records_of(entry)) or any(
        s.seq == entry.seq and f.county_code == unit.code for s, f in snapshot.findings
    )


def _submission(program: Program, snapshot: Snapshot, entry: Submission, unit: Unit) -> Iterator[str]:
    states = (r.state for r in snapshot.records_of(entry) if r.county_code == unit.code)
    state = "".join(f"，{row_name(unit)}{STATE_NAMES[state]}" for state in states)
    reason = f"（{entry.reason}）" if entry.reason else ""
    said = STATE_NAMES[State.UNUSABLE] if snapshot.unusable(entry) else VERDICT_NAMES[Verdict(entry.verdict)]
    said += f"，归属：{PLACING_NAMES[Placing(entry.placed)]}" if entry.placed in {Placing.NAME, Placing.STAFF} else ""
    yield f"  {entry.received_on} 收到 {entry.file}，报送序号 {entry.seq}：{said}{reason}{state}"
    whole = unit.code == unit.prefecture_code
    told = [f for s, f in snapshot.findings if s.seq == entry.seq and (whole or f.county_code in {"", unit.code})]
    counts = {severity: sum(f.severity is severity for f in told) for severity in Severity}
    if told:
        yield "    问题：" + "，".join(f"{SEVERITY_NAMES[severity]}{n}处" for severity, n in counts.items() if n)
    for revision in snapshot.revisions:
        for change in revision.changes if revision.seq == entry.seq else ():
            if whole or change.county_code == unit.code:
                field, whose = program.field_by_code[change.field], row_name(program.unit_by_code[change.county_code])
                yield (
                    f"    改动：{whose} {change.entry}".rstrip() + f" {field.title}（{field.code}）"
                    f" {show(change.old) or '空'} → {show(change.new) or '空'}（{change.why}）"
                )


def _act(program: Program, act: Act) -> str:
    to = {ActKind.EXTEND: "至", **dict.fromkeys(KEEPING, "收到于")}.get(act.kind, "为")
    said = (
        ACT_NAMES[act.kind],
        row_name(program.unit_by_code[act.unit]) if act.unit else "",
        f"报送序号 {act.target}" if act.target else act.file,
        f"{to} {act.day}" if act.day else "",
    )
    return f"  {act.done_on} {' '.join(filter(None, said))}：{act.why}（台账第{act.seq}条，{act.who}）"


def sources_of(program: Program, snapshot: Snapshot, period: Period, measure: str) -> tuple[str, list[dict[str, Any]]]:
    """How a measure is made, in words, and the standing cells it rests on.

    A measure is named by what it is of: a quantity or column (``Q01-1.total``), an action, a unit; anything else is made of
    the returns of the period.
    """
    w = program.words
    parts = measure.split(".")
    quantities = {q.code: q for q in program.quantities}
    units = [u for u in program.unit_by_code.values() if u.code in parts or u.prefecture_code in parts]
    if quantity := next((quantities[part] for part in parts if part in quantities), None):
        fields = list(quantity.fields) or ([quantity.province.field] if quantity.province else [])
        how = f"由“{quantity.title}”各{w.row}所填的数得出"
    elif field := next((program.field_by_code[part] for part in parts if part in program.field_by_code), None):
        fields, how = [field.shows or field.code], f"由“{field.title}”所填的数得出"
    elif parts[0] == "action" and len(parts) > 1 and parts[1].isdecimal():
        form = next((f for f in program.action_forms if f.action == int(parts[1])), None)
        fields = [code for item in form.items for q in item.quantities for code in q.fields] if form else []
        how = "由这项行动各指标是否达标得出"
    elif units:
        fields, how = [code for q in program.quantities for code in q.fields], f"由所辖各{w.row}各项指标是否达标得出"
    else:
        return "由本期各份报送和报送期的日期得出", [
            _of_submission(s) for s in snapshot.submissions if s.period == period.code
        ]
    chosen = units or list(program.reporters)
    return how, [
        one for unit in chosen for code in dict.fromkeys(fields) for one in _cell(program, snapshot, period, unit, code)
    ]


def _of_submission(entry: Submission) -> dict[str, Any]:
    return {
        "who": entry.prefecture_code,
        "field": "",
        "value": VERDICT_NAMES[Verdict(entry.verdict)],
        "file": entry.file,
        "sheet": "",
        "cell": "",
        "raw": "",
        "submission": entry.seq,
    }


def _cell(program: Program, snapshot: Snapshot, period: Period, unit: Unit, code: str) -> Iterator[dict[str, Any]]:
    form = program.field_by_code[code].form
    row = snapshot.rows.get((form, period.code, unit.code))
    if row is None or code not in row.values or not snapshot.state(period, unit).is_reported:
        return
    origin = snapshot.origin_of(row, code)
    yield {
        "who": row_name(unit),
        "field": code,
        "value": show(row.values[code]),
        "file": origin.file,
        "sheet": origin.sheet,
        "cell": origin.cell,
        "raw": origin.raw,
        "submission": origin.submission,
    }
