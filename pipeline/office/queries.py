"""What the office can look at without changing anything: measures as they are, files before they are sent, what is written wrong."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.checks.masks import run_masks
from pipeline.checks.scaffold import draft
from pipeline.intake.first_round import for_taking_in, read_all
from pipeline.intake.take_in import judge
from pipeline.ledger.history import history_lines, sources_of
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.standing import numbers, seen_from
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.measures.rollup import roll_up
from pipeline.office.issuing import outdated
from pipeline.program.strict import nearest
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import choose_period, find_unit, load_campaign, open_snapshot, open_store, told_before

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from pipeline.checks.decide import Decision
    from pipeline.program.model import Period, Program
    from pipeline.reading.read import Arrival, Reading, Return
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace


_NO_LETTERS = (
    "program.yaml 没有 escalation，逾期的不会制作催报函（以前的版本不写也制作）；"
    "要制作的，请从 run-pipeline init 新建的工作目录里抄来这一节"
)


def look(workspace: Workspace, period_code: str | None, as_of: date) -> PeriodMeasures:
    """The measures of a period from the dataset as it is; the inbox is not touched."""
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    store = open_store(workspace, campaign.program, create=False)
    try:
        snapshot = take_snapshot(store, as_of)
        told = told_before(campaign.program, snapshot, period)
    finally:
        store.close()
    return measure_period(campaign.program, snapshot, campaign.calendar, period, told)


def totals(workspace: Workspace, period_code: str | None, as_of: date) -> tuple[Program, Period, pd.DataFrame]:
    """What a period adds up to at every level, read some units at a time.

    Returns:
        The campaign as it stands in the period, the period, and what :func:`pipeline.measures.rollup.roll_up` gives.
    """
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    then = campaign.program.at(period)
    store = open_store(workspace, campaign.program, create=False)
    try:
        chunks = numbers(store, seen_from(store, as_of), period.code, sorted(unit.code for unit in then.reporters))
        return then, period, roll_up(then, chunks)
    finally:
        store.close()


def profile(workspace: Workspace, county: str, period_code: str | None, as_of: date) -> tuple[Path, bytes]:
    """One county on a page: where it belongs in the outbox, and the document.

    Raises:
        PipelineError: There is no county of that code or name.
    """
    from pipeline.products.documents.profile import TEMPLATE, profile_context  # noqa: PLC0415
    from pipeline.products.documents.word import render  # noqa: PLC0415 - docxtpl is slow to import

    m = look(workspace, period_code, as_of)
    one = find_unit(county, m.program.counties, m.program.words.row, m.program)
    context, _ = profile_context(m, one, is_demo=workspace.is_demo)
    prefecture = m.program.prefecture_by_code[one.prefecture_code]
    name = f"{one.code}_{prefecture.short_name}{one.short_name}.docx"
    return workspace.profiles / m.period.code / name, render(workspace.templates / TEMPLATE, context, {})


def dry_run(
    workspace: Workspace, arrivals: Sequence[Arrival], as_of: date
) -> tuple[Program, list[tuple[Reading, tuple[Decision, ...]]]]:
    """The program, and what would become of these files one by one; nothing is written."""
    campaign = load_campaign(workspace)
    store = open_store(workspace, campaign.program, create=False)
    try:
        results = []
        known, accepted = for_taking_in(campaign, store.acts(as_of), store.acts(date.max)), store.accepted(as_of)
        for reading in read_all(known, arrivals):
            decisions = [
                d
                for p in campaign.program.periods
                if (returns := _of(reading, p))
                for d in judge(campaign.program, campaign.rules, p, returns, accepted.past(p.code), run_masks)
            ]
            results.append((reading, tuple(decisions)))
        return campaign.program, results
    finally:
        store.close()


def _of(reading: Reading, period: Period) -> list[Return]:
    return [one for one in reading.returns if one.period == period.code]


def lint(workspace: Workspace) -> list[str]:
    """Everything wrong with what the office wrote: the first fault of program and rules, every fault of templates and products."""
    from pipeline.checks.suites import try_suite  # noqa: PLC0415 - GX is slow to import
    from pipeline.office.making import try_products  # noqa: PLC0415 - matplotlib too
    from pipeline.products.documents.template_names import TEMPLATE_NAMES, published  # noqa: PLC0415
    from pipeline.products.documents.word import lint_template  # noqa: PLC0415

    problems: list[str] = []
    known = dict(TEMPLATE_NAMES)
    campaign: Campaign | None
    try:
        campaign = load_campaign(workspace)
        for rules in campaign.rules.values():
            try_suite(rules)
        documents = {path.stem for path in workspace.templates.glob("*.docx")}
        ours = {name.removesuffix(".docx") for name in known}
        asked = dict.fromkeys(one.document for one in campaign.program.publications)
        problems += [
            f"program.yaml：publications 的 document“{one}”没有模板{nearest(one, [*documents, *ours])}"
            for one in asked
            if one not in {*documents, *ours}
        ]
        known |= {f"{one}.docx": published(one) for one in asked if one in documents - ours}
    except PipelineError as fault:
        problems.append(str(fault))
        campaign = None
    for name, names in known.items():
        path = workspace.templates / name
        problems += lint_template(path, names) if path.is_file() else [f"templates/docx/{name}：模板不存在"]
    if campaign and not problems:
        problems += try_products(workspace, campaign)
    return problems


def warnings(workspace: Workspace) -> tuple[str, ...]:
    """What is not wrong and will still surprise somebody: workbooks that went out before a form changed, no letters."""
    program = load_campaign(workspace).program
    return (*outdated(workspace, program), *(() if program.escalation else (_NO_LETTERS,)))


def draft_rules(workspace: Workspace) -> tuple[str, ...]:
    """Add a first draft of the rules that columns lack; what is there stays as it is. A line for each file."""
    workspace.check()
    return draft(workspace.program, workspace.expectations)


def history(workspace: Workspace, unit: str, as_of: date) -> list[str]:
    """Every submission that speaks of a unit, and every act of staff on them, in the order of receipt; a line each.

    Raises:
        PipelineError: There is no unit of that code or name.
    """
    campaign, snapshot = open_snapshot(workspace, as_of)
    program = campaign.program
    word = f"{program.words.row}或{program.respondent_level}"
    found = find_unit(unit, tuple(program.unit_by_code.values()), word, program)
    return list(history_lines(program, snapshot, found))


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
    name = next((one for one in registers if document in {one, one.rsplit("/", 1)[-1]}), "")
    if not name:
        raise PipelineError(f"{period.title}没有 {document}{nearest(document, list(registers))}")
    entry = next((one for one in registers[name] if one["no"] == number), None)
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
