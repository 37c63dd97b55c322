"""A later file of the same period that changes what stands: with its reason, or with the question for it; never a guess."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.checks.decide import reading_order
from pipeline.checks.explain import reason_of
from pipeline.checks.lines import cell_of
from pipeline.domain.findings import CHANGED, UNEXPLAINED, finding, fitted
from pipeline.domain.value import show
from pipeline.program.rules import change_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipeline.checks.decide import Decision, Record
    from pipeline.checks.lines import Line
    from pipeline.domain.findings import Finding
    from pipeline.domain.past import Past
    from pipeline.domain.value import Value
    from pipeline.program.model import Program
    from pipeline.reading.read import Return

_SHOWN = 5  # changes of a row that are named
RETURNED, WARNED = "退回后改报", "按“请核对”的提示改报"


def with_changes(program: Program, decisions: Iterable[Decision], past: Past) -> tuple[Decision, ...]:
    """The same decisions, each with what it changes of rows that stand for the period, and why.

    Why is: that the unit was returned before, or all that changed was warned of; and what its officer has written in the row
    since. A reason that comes after the change, in a file that changes nothing more, is told of the change.
    """
    return tuple(
        replace(one, findings=tuple(sorted((*one.findings, *found), key=reading_order))) if found else one
        for one in decisions
        for found in [[f for r in one.records if r.stands for f in _of_record(program, one.source, r, past)]]
    )


def _of_record(program: Program, workbook: Return, record: Record, past: Past) -> Iterator[Finding]:
    day = workbook.arrival.received_on
    lines = [*record.lines.values(), *(line for some in record.entries.values() for line in some)]
    for line in lines:
        if line.row is None or past.received.get((line.unit.code, line.row.form), day) > day:
            continue
        place = line.unit.code, line.row.form, line.entry
        changed = {code: pair for code, pair in _changed(line, past) if program.field_by_code[code].shows == ""}
        text = _written_since(program, line, workbook, past)
        if changed:
            said = "；".join(filter(None, (_known(line, changed, past), f"说明：{text}" if text else "")))
            yield _told(workbook, line, next(iter(changed)), _in_words(program, changed), said)
        elif text and (question := past.unexplained.get(place)):
            yield _told(workbook, line, question[0], question[1], f"说明：{text}")


def _changed(line: Line, past: Past) -> Iterator[tuple[str, tuple[Value, Value]]]:
    """Field → what stands and what takes its place; not what staff have entered, which stays."""
    assert line.row is not None  # noqa: S101 - asked of rows only
    unit, form = line.unit.code, line.row.form
    if line.entry:
        stands = next((row.values for row in past.listed.get((unit, form), ()) if row.entry == line.entry), None)
    else:
        stands = {code: past.current.get((unit, code)) for code in line.values}
    if stands is None or (not line.entry and (unit, form) not in past.standing):
        return
    for code, value in line.values.items():
        if value != stands.get(code) and (unit, line.entry, code) not in past.entered:
            yield code, (stands.get(code), value)


def _known(line: Line, changed: Mapping[str, object], past: Past) -> str:
    """What the ledger itself says of why."""
    unit = line.unit.code
    if unit in past.returned:
        return RETURNED
    return WARNED if all((unit, code) in past.warned for code in changed) else ""


def _written_since(program: Program, line: Line, workbook: Return, past: Past) -> str:
    """What the row says that the one before it did not say already."""
    _, text = reason_of(program, line, workbook)
    assert line.row is not None  # noqa: S101 - asked of rows only
    before = past.remarks.get((line.unit.code, line.row.form, line.entry), "")
    return "" if fitted(text) == before else fitted(text)


def _in_words(program: Program, changed: Mapping[str, tuple[Value, Value]]) -> str:
    said = [
        f"“{program.field_by_code[code].title}”{show(old) or '空'} → {show(new) or '空'}"
        for code, (old, new) in changed.items()
    ]
    return "；".join(said[:_SHOWN]) + (f"；等{len(said)}处" if len(said) > _SHOWN else "")


def _told(workbook: Return, line: Line, field: str, found: str, why: str) -> Finding:
    """With its reason a note, without one the question for it."""
    assert line.row is not None  # noqa: S101 - asked of rows only
    return finding(
        CHANGED if why else UNEXPLAINED,
        file=workbook.arrival.name,
        sheet=line.row.sheet,
        cell=cell_of(workbook, line.row, field),
        prefecture_code=workbook.prefecture_code,
        county_code=line.unit.code,
        field=field,
        rule=change_rule(line.row.form),
        found=found,
        fix=why,
    )
