"""核改: a value that staff enter on top of a return, from a telephone call, a letter or the records; undone only by another act."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.checks.masks import run_masks
from pipeline.checks.problems import should
from pipeline.domain.acts import ActKind, Amendment, closings
from pipeline.domain.findings import CATALOGUE, Severity
from pipeline.domain.state import State
from pipeline.domain.value import show
from pipeline.intake.amended import as_entered
from pipeline.intake.first_round import as_taken, for_taking_in, read_all
from pipeline.intake.take_in import judge
from pipeline.ledger.snapshot import take_snapshot
from pipeline.office.acts import about, need, opened
from pipeline.office.tracing import find_field, standing_row
from pipeline.program.model import FieldType
from pipeline.reading.cells import parse
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import choose_period, find_unit, load_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.domain.acts import Act
    from pipeline.domain.entries import Submission
    from pipeline.domain.findings import Finding
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.ledger.store import Store
    from pipeline.program.model import Field, Period, Program
    from pipeline.reading.read import Return
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """What was entered.

    Attributes:
        whose: Name of the unit; of an entry its number.
        before: What stood, as shown.
        after: What stands now.
        is_closed: The products of the period stay as they are.
    """

    act: Act
    whose: str
    field: Field
    period: Period
    before: str
    after: str
    is_closed: bool


def amend(
    workspace: Workspace,
    unit: str,
    field: str,
    value: str | None,
    period: str | None,
    source: str,
    reason: str,
    who: str,
    as_of: date,
    *,
    also: Sequence[tuple[str, str]] = (),
    by_clock: bool = False,
) -> Amended:
    """Enter in the ledger what a figure of a return should be; later returns of the period do not undo it.

    Args:
        workspace: Where.
        unit: Code or name of a county or prefecture; number of an entry.
        field: Code or title of a column.
        value: As an officer would type it; None takes back what staff had entered.
        period: Of which period; the last that has ended if None.
        source: By what it is known.
        reason: Why.
        who: A staff member.
        as_of: The day.
        also: Column and value of further cells of a returned row: it is accepted with all of them or not at all.
        by_clock: It is only what the clock says.

    Raises:
        PipelineError: Nothing stands there, the value cannot be what is asked, it breaks a rule that no reason passes, or the
            day is the clock's and the ledger knows a later one.
    """
    campaign = load_campaign(workspace)
    program, chosen = campaign.program, choose_period(campaign.program, period, as_of)
    column = program.field_by_code[find_field(program, field)]
    need(reason, "核改")
    if value is not None and not source.strip():
        raise PipelineError("请写明核改的依据（--source），如“3月20日电话，经办人张某”“来函〔2023〕5号”")
    if column.shows:
        whence = program.field_by_code[column.shows].title
        raise PipelineError(f"“{column.title}”（{column.code}）从“{whence}”带出，请核改 {column.shows}")
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        snapshot = take_snapshot(store, as_of)
        form = program.form_by_code[column.form]
        whose, name, row, why_none = standing_row(program, snapshot, form, chosen, unit)
        which = f"{name}{chosen.title}“{column.title}”（{column.code}）"
        returned = None if form.is_list or row or value is None else _last_returned(snapshot, chosen, whose)
        if not returned and (row is None or column.code not in row.values):
            raise PipelineError(
                f"{which}没有已接收的数（{why_none}）。核改只改报来的、已接收或退回的表上的数；未报的请对方报来"
            )
        on = returned or snapshot.by_seq[row.seq if row else 0]
        new = _parsed(program.at(chosen), on.prefecture_code, column, value)
        before = _named(program, column, row.values[column.code]) if row else ""
        if value is None and row and column.code not in row.amended:
            raise PipelineError(f"{which}没有核改过")
        if value is not None and row and new == row.values[column.code]:
            raise PipelineError(f"{which}已经是{before}")
        amendment = Amendment(
            period=chosen.code,
            unit=row.county_code if row else whose,
            entry=row.entry if row else "",
            field=column.code,
            value=None if value is None else show(new),
            said=_named(program, column, new) if column.type is FieldType.COUNTY and value is not None else "",
            source=source.strip(),
            reason=reason.strip(),
            who=who,
            done_on=as_of,
            judged=row is None,
        )
        act = amendment.entered(about(on, ActKind.AMEND, reason, who, as_of))
        if row and also:
            raise PipelineError(f"{name}{chosen.title}的数已接收，请一个一个核改；--also 只用于退回的表")
        acts = [*_further(program, chosen, on, replace(amendment, judged=False), act, also), act]
        if row and value is not None:
            faults = _breaks(campaign, store, snapshot, chosen, row, column, new)
        else:
            faults = _still_wrong(campaign, store, snapshot, chosen, acts) if value is not None else iter(())
        if said := list(dict.fromkeys(faults)):
            hint = "" if row else "。几处一起核改的，再写 --also 指标=数；其余的请对方改正重报"
            raise PipelineError(f"{which}不能核改为{_named(program, column, new)}，与规则不符：{'；'.join(said)}{hint}")
        numbers = [store.enter(one) for one in acts]
        return Amended(
            act=replace(act, seq=numbers[-1]),
            whose=name,
            field=column,
            period=chosen,
            before=before if row else f"退回的表（报送序号 {on.seq}）",
            after=row.typed.get(column.code, "") if value is None and row else _named(program, column, new),
            is_closed=chosen.code in closings(store.acts(date.max)),
        )


def _further(
    program: Program, period: Period, on: Submission, first: Amendment, act: Act, also: Sequence[tuple[str, str]]
) -> Iterator[Act]:
    """The acts that enter further cells of a returned row, for the same reason."""
    for text, value in also:
        column = program.field_by_code[find_field(program, text)]
        if program.form_by_code[column.form].is_list or column.shows:
            raise PipelineError(f"“{column.title}”（{column.code}）不是这个单位自己那一行的指标，不能一起核改")
        new = _parsed(program.at(period), on.prefecture_code, column, value)
        yield replace(first, field=column.code, value=show(new), said="").entered(act)


def _named(program: Program, column: Field, value: Value) -> str:
    """A value as people know it: a county by name."""
    county = program.county_by_code.get(show(value)) if column.type is FieldType.COUNTY else None
    return county.short_name if county else show(value)


def _last_returned(snapshot: Snapshot, period: Period, unit: str) -> Submission | None:
    """The file by which a unit was last returned; None where it was not."""
    mine = [r for r in snapshot.records if (r.period, r.county_code) == (period.code, unit)]
    return snapshot.by_seq[mine[-1].seq] if mine and mine[-1].state is State.RETURNED else None


def _still_wrong(
    campaign: Campaign, store: Store, snapshot: Snapshot, period: Period, acts: Sequence[Act]
) -> Iterator[str]:
    """What a returned row is still returned for with what was entered, in words; nothing where it is accepted now.

    Raises:
        PipelineError: The period is closed, two files of one day differ, or the return cannot be read again.
    """
    act, program = acts[-1], campaign.program
    entry = snapshot.by_seq[act.target]
    if period.code in closings(store.acts(date.max)):
        raise PipelineError(f"{period.title}已封存，退回的表不能核改；确需更正的，请先用 reopen 重新开放")
    if any(f.code == "ROW_CONFLICT" and f.county_code == act.unit for f in snapshot.findings_of(entry)):
        raise PipelineError(f"{entry.file} 与同一天收到的另一份不一样，不知以哪份为准；请先撤回其中一份，或请对方重报")
    last = max((one.seq for one in snapshot.acts), default=0)
    entered = [replace(one, seq=last + n) for n, one in enumerate(acts, 1)]
    read = _read_again(campaign, store, snapshot, entry)
    workbook = as_entered(program, read, entered[-1], (*snapshot.acts, *entered))
    past = snapshot.past(period.code)
    (decision,) = judge(program, campaign.rules, period, [workbook], past, run_masks)
    if any(r.county_code == act.unit and r.state.is_reported for r in decision.records):
        return
    blamed = [f for f in decision.findings if f.severity is Severity.CRITICAL]
    for f in blamed:
        field = program.field_by_code.get(f.field)
        where = f"“{field.title}”（{f.field}）" if field else f.location.sheet
        yield f"{where}{CATALOGUE[f.code].title}{f'，所填“{f.found}”' if f.found else ''}{f'，{should(f)}' if f.expected else ''}"


def _read_again(campaign: Campaign, store: Store, snapshot: Snapshot, entry: Submission) -> Return:
    """The return of a submission, from the bytes kept.

    Raises:
        PipelineError: It cannot be read as what it was taken for.
    """
    known = as_taken(for_taking_in(campaign, snapshot.acts, store.acts(date.max)), [entry])
    own = entry.period, entry.prefecture_code
    for one in read_all(known, [store.arrival(entry)]):
        for found in one.returns:
            if (found.period, found.prefecture_code) == own:
                return found
    raise PipelineError(f"{entry.file}（报送序号 {entry.seq}）按现在的表样读不出，不能核对核改后的数；请对方重报")


def _parsed(program: Program, prefecture_code: str, column: Field, value: str | None) -> Value:
    """What was typed, read as a cell is; a county by its name or code.

    Raises:
        PipelineError: It is blank, or not what the column asks.
    """
    if value is None:
        return None
    read = parse(value, column)
    if read.problem:
        raise PipelineError(f"“{value}”：{CATALOGUE[read.problem].title}。应为{read.expected}")
    if read.value is None:
        raise PipelineError("请写明核改为多少；要恢复原报的数，用 --undo")
    if column.type is FieldType.COUNTY:
        return find_unit(value, program.counties_of(prefecture_code), program.words.row, program).code
    return read.value


def _breaks(
    campaign: Campaign, store: Store, snapshot: Snapshot, period: Period, row: AcceptedRow, column: Field, value: Value
) -> Iterator[str]:
    """What the return would be sent back for with the value in its cell, and is not without; what a reason passes apart.

    Raises:
        PipelineError: The return cannot be read again.
    """
    place = _read_again(campaign, store, snapshot, snapshot.by_seq[row.seq])
    rules = {rule.id: rule for some in campaign.rules.values() for rule in some}

    def blamed(workbook: Return) -> Sequence[Finding]:
        (decision,) = judge(campaign.program, campaign.rules, period, [workbook], snapshot.past(period.code), run_masks)
        return [f for f in decision.findings if f.severity is Severity.CRITICAL and f.county_code == row.county_code]

    before = {(f.code, f.rule, f.location.cell) for f in blamed(place)}
    for f in blamed(_with(place, row, column, value)):
        passes = f.rule in rules and rules[f.rule].explainable
        if (f.code, f.rule, f.location.cell) not in before and not passes:
            yield f.expected or CATALOGUE[f.code].title


def _with(workbook: Return, row: AcceptedRow, column: Field, value: Value) -> Return:
    """A return as if the value stood in the cell."""
    rows = tuple(
        replace(
            one,
            values={**one.values, column.code: value},
            typed={**one.typed, column.code: show(value)},
            cells={**one.cells, column.code: show(value)},
        )
        if one.row == row.sheet_row
        else one
        for one in workbook.rows[row.form]
    )
    return replace(workbook, rows={**workbook.rows, row.form: rows})
