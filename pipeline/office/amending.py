"""核改: a value that staff enter on top of a return, from a telephone call, a letter or the records; undone only by another act."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.checks.masks import run_masks
from pipeline.domain.acts import ActKind, Amendment, closings
from pipeline.domain.findings import CATALOGUE, Severity
from pipeline.domain.value import show
from pipeline.intake.first_round import as_taken, for_taking_in, read_all
from pipeline.intake.take_in import judge
from pipeline.ledger.snapshot import take_snapshot
from pipeline.office.acts import about, need, opened
from pipeline.office.tracing import find_field, standing_row
from pipeline.program.model import FieldType
from pipeline.reading.cells import parse
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import choose_period, load_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.domain.acts import Act
    from pipeline.domain.findings import Finding
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.ledger.store import Store
    from pipeline.program.model import Field, Period
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
    if column.shows or column.type is FieldType.COUNTY:
        why = (
            f"从“{program.field_by_code[column.shows].title}”带出，请核改 {column.shows}"
            if column.shows
            else "指明是哪个单位，请对方重报"
        )
        raise PipelineError(f"“{column.title}”（{column.code}）{why}")
    new = _parsed(column, value)
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        snapshot = take_snapshot(store, as_of)
        form = program.form_by_code[column.form]
        _, name, row, why_none = standing_row(program, snapshot, form, chosen, unit)
        which = f"{name}{chosen.title}“{column.title}”（{column.code}）"
        if row is None or column.code not in row.values:
            raise PipelineError(
                f"{which}没有已接收的数（{why_none}）。核改只改已接收的表上的数；退回、未报的请对方报来"
            )
        before = show(row.values[column.code])
        if value is None and column.code not in row.amended:
            raise PipelineError(f"{which}没有核改过")
        if value is not None and show(new) == before:
            raise PipelineError(f"{which}已经是{before}")
        if value is not None and (faults := list(_breaks(campaign, store, snapshot, chosen, row, column, new))):
            raise PipelineError(
                f"{which}不能核改为{show(new)}，与规则不符：{'；'.join(dict.fromkeys(f.expected for f in faults))}"
            )
        amendment = Amendment(
            period=chosen.code,
            unit=row.county_code,
            entry=row.entry,
            field=column.code,
            value=None if value is None else show(new),
            source=source.strip(),
            reason=reason.strip(),
            who=who,
            done_on=as_of,
        )
        act = amendment.entered(about(snapshot.by_seq[row.seq], ActKind.AMEND, reason, who, as_of))
        return Amended(
            act=replace(act, seq=store.enter(act)),
            whose=name,
            field=column,
            period=chosen,
            before=before,
            after=row.typed.get(column.code, "") if value is None else show(new),
            is_closed=chosen.code in closings(store.acts(date.max)),
        )


def _parsed(column: Field, value: str | None) -> Value:
    """What was typed, read as a cell is.

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
    return read.value


def _breaks(
    campaign: Campaign, store: Store, snapshot: Snapshot, period: Period, row: AcceptedRow, column: Field, value: Value
) -> Iterator[Finding]:
    """What the return would be sent back for with the value in its cell, and is not without; what a reason passes apart.

    Raises:
        PipelineError: The return cannot be read again.
    """
    entry = snapshot.by_seq[row.seq]
    known = as_taken(for_taking_in(campaign, snapshot.acts, store.acts(date.max)), [entry])
    own = entry.period, entry.prefecture_code
    found = [
        r
        for one in read_all(known, [store.arrival(entry)])
        for r in one.returns
        if (r.period, r.prefecture_code) == own
    ]
    place = next((r for r in found if column.code in r.columns.get(row.form, {})), None)
    if place is None:
        raise PipelineError(f"{entry.file}（报送序号 {entry.seq}）按现在的表样读不出，不能核对核改后的数；请对方重报")
    rules = {rule.id: rule for some in campaign.rules.values() for rule in some}

    def blamed(workbook: Return) -> Sequence[Finding]:
        (decision,) = judge(campaign.program, campaign.rules, period, [workbook], snapshot.past(period.code), run_masks)
        return [f for f in decision.findings if f.severity is Severity.CRITICAL and f.county_code == row.county_code]

    before = {(f.code, f.rule, f.location.cell) for f in blamed(place)}
    for f in blamed(_with(place, row, column, value)):
        passes = f.rule in rules and rules[f.rule].explainable
        if (f.code, f.rule, f.location.cell) not in before and not passes:
            yield f


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
