"""Where a number comes from: a value of a unit, or a number printed in a document; and the history of a unit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipeline.domain.findings import EXPLAINED
from pipeline.domain.value import show
from pipeline.ledger.history import history_lines, sources_of
from pipeline.program.rules import base_fields
from pipeline.program.strict import nearest
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import choose_period, find_unit, open_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.domain.entries import Change
    from pipeline.domain.row import AcceptedRow
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Form, Period, Program
    from pipeline.workspace.paths import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedValue:
    """Where a value of a unit or entry comes from.

    Attributes:
        name: Of the unit; of an entry its number.
        answer: Value, file, sheet, cell, what was typed and the rules of the column; None where nothing stands.
        typed: What was typed, in words; why nothing stands where nothing does.
    """

    name: str
    period: Period
    answer: dict[str, Any] | None
    typed: str


def trace_value(workspace: Workspace, unit: str, field: str, period_code: str | None, as_of: date) -> TracedValue:
    """Where a value of a unit or of an entry of a list comes from.

    Args:
        workspace: Where.
        unit: Code or name of a county or prefecture; number of an entry.
        field: Code or title of a column.
        period_code: The period asked for; the last that has ended if None.
        as_of: The day.

    Raises:
        PipelineError: There is no such column, unit or period.
    """
    campaign, snapshot = open_snapshot(workspace, as_of)
    program, period = campaign.program, choose_period(campaign.program, period_code, as_of)
    code = find_field(program, field)
    form = next(form for form in program.forms if any(f.code == code for f in form.fields))
    whose, name, row, why = standing_row(program, snapshot, form, period, unit)
    if row is None or code not in row.values:
        return TracedValue(name=name, period=period, answer=None, typed=why)
    origin = snapshot.origin_of(row, code)
    rules = (rule for rule in campaign.rules[form.code] if code in chain(*map(base_fields, rule.used_columns)))
    answer = {
        "county_code": whose,
        "field": code,
        "title": program.field_by_code[code].title,
        "period": period.code,
        "value": show(row.values[code]),
        "submission": origin.submission,
        "file": origin.file,
        "sheet": origin.sheet,
        "cell": origin.cell,
        "raw": origin.raw,
        "rules": [rule.id for rule in rules],
    }
    typed = f"所填“{origin.raw}”" if origin.raw else "未填，沿用零报告的数" if origin.nil else "未填"
    if origin.nil and origin.raw:
        typed = f"表中是“{origin.raw}”，选了“√”（没有变化）"
    if said := row.amended.get(code):
        answer["amended"] = f"{said.source}；{said.reason}"
        typed = f"{program.words.of_whole}核改（{said.source}；{said.reason}；台账第{said.act}条，{said.who}，{said.done_on}），表中{typed}"
    if moved := _moved(snapshot, row, code):
        answer["changed"] = moved.why
        typed += f"，由“{show(moved.old) or '空'}”改报（{moved.why}）"
    typed += "".join(
        f"，按填报人的说明接收（{reason}）" for reason in _reasons(snapshot, origin.submission, whose, code)
    )
    return TracedValue(name=name, period=period, answer=answer, typed=typed)


def _moved(snapshot: Snapshot, row: AcceptedRow, code: str) -> Change | None:
    """What its submission changed of a value that stood for the period."""
    changes = (change for one in snapshot.revisions if one.seq == row.seq for change in one.changes)
    own = row.county_code, row.entry, code
    return next((change for change in changes if (change.county_code, change.entry, change.field) == own), None)


def _reasons(snapshot: Snapshot, submission: int, unit: str, code: str) -> Iterator[str]:
    """The reasons with which a figure of a submission was accepted."""
    for one in snapshot.findings_of(snapshot.by_seq[submission]):
        if one.code == EXPLAINED and (one.county_code, one.field) == (unit, code):
            yield one.fix.removeprefix("说明：")


def standing_row(
    program: Program, snapshot: Snapshot, form: Form, period: Period, unit: str
) -> tuple[str, str, AcceptedRow | None, str]:
    """Code and name of what is meant, its row if one stands, and why none does."""
    if form.is_list:
        return unit, unit, snapshot.entry(form, period, unit), "这一期的清单里没有这个编号"
    found = find_unit(unit, tuple(program.unit_by_code.values()), program.words.row, program)
    stands = snapshot.state(period, found).is_reported
    row = snapshot.rows.get((form.code, period.code, found.code)) if stands else None
    return found.code, found.name, row, snapshot.absence(period, found)


def find_field(program: Program, text: str) -> str:
    """Code of the column that a text means: a code, or a title that only one has.

    Raises:
        PipelineError: None is meant, or several.
    """
    found = [code for code, f in program.field_by_code.items() if text in {code, f.title}]
    if not found:
        raise PipelineError(f"没有指标“{text}”{nearest(text, list(program.field_by_code))}；请写代码，如 Q01-1")
    if len(found) > 1:
        raise PipelineError(f"叫“{text}”的指标不止一个，请写代码：{'、'.join(found)}")
    return found[0]


def printed_number(
    workspace: Workspace, document: str, number: int, period_code: str | None, as_of: date
) -> dict[str, Any]:
    """What a number in a document rests on: text, measure, how, and the cells it was made from.

    Raises:
        PipelineError: The period has no such document, or the document no such number.
    """
    campaign, snapshot = open_snapshot(workspace, as_of)
    period = choose_period(campaign.program, period_code, as_of)
    path = workspace.outbox(period.code) / "manifest.json"
    try:
        registers = json.loads(path.read_text(encoding="utf-8"))["figures"]
    except (OSError, ValueError, KeyError) as error:
        raise PipelineError(f"{path} 读不出；请先运行 run-pipeline --period {period.code}") from error
    name = next((path for path in registers if document in {path, path.rsplit("/", 1)[-1]}), "")
    if not name:
        raise PipelineError(f"{period.title}没有 {document}{nearest(document, list(registers))}")
    entry = next((figure for figure in registers[name] if figure["no"] == number), None)
    if entry is None:
        raise PipelineError(f"{document} 的数到第{len(registers[name])}个为止，没有第{number}个")
    how, sources = sources_of(campaign.program, snapshot, period, entry["measure"])
    return {
        "document": name,
        "no": number,
        "text": entry["text"],
        "measure": entry["measure"],
        "how": how,
        "sources": sources,
    }


def history_of(workspace: Workspace, unit: str, as_of: date) -> list[str]:
    """Every submission that speaks of a unit, and every act of staff on them, in the order of receipt; a line each.

    Raises:
        PipelineError: There is no unit of that code or name.
    """
    campaign, snapshot = open_snapshot(workspace, as_of)
    program = campaign.program
    word = f"{program.words.row}或{program.respondent_level}"
    found = find_unit(unit, tuple(program.unit_by_code.values()), word, program)
    return list(history_lines(program, snapshot, found))
