"""What the office can look at without changing the dataset: measures, files before they are sent, what is written wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.checks.decide import Decision
from pipeline.checks.masks import run_masks
from pipeline.checks.problems import FileVerdict, file_verdict
from pipeline.checks.scaffold import draft
from pipeline.domain.findings import CATALOGUE, Severity
from pipeline.intake.first_round import for_taking_in, read_all
from pipeline.intake.inbox import read_files, readable
from pipeline.intake.take_in import judge
from pipeline.ledger.history import history_lines
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.standing import numbers, seen_from
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.measures.rollup import roll_up, shown
from pipeline.office.issuing import outdated
from pipeline.program.strict import nearest
from pipeline.reading.read import Arrival
from pipeline.system.disk import reason
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import (
    choose_period,
    find_unit,
    load_campaign,
    open_snapshot,
    open_store,
    published_before,
)
from pipeline.workspace.paths import write_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.domain.findings import Finding
    from pipeline.ledger.content import Accepted
    from pipeline.program.model import Period, Program
    from pipeline.reading.read import Reading, Return
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
        before = published_before(campaign.program, snapshot, period)
    finally:
        store.close()
    return measure_period(campaign.program, snapshot, campaign.calendar, period, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums of one level, a row for each unit and column; see :func:`pipeline.measures.rollup.shown`."""

    period: Period
    level: str
    rows: list[dict[str, Any]]


def add_up(workspace: Workspace, period_code: str | None, as_of: date, level: str | None, field: str | None) -> Totals:
    """What a period adds up to at a level, the highest if None; of one column, or of all. Read some units at a time.

    Raises:
        PipelineError: There is no such level, or no such column to add up.
    """
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    then = campaign.program.at(period)
    chosen = level or then.levels[0]
    if chosen not in then.levels:
        raise PipelineError(f"没有叫“{chosen}”的一级；有：{'、'.join(then.levels)}")
    store = open_store(workspace, campaign.program, create=False)
    try:
        chunks = numbers(store, seen_from(store, as_of), period.code, sorted(unit.code for unit in then.reporters))
        frame = roll_up(then, chunks)
    finally:
        store.close()
    if field is not None and field not in set(frame["field"]):
        raise PipelineError(f"没有可以合计的指标 {field}；代码见各表")
    kept = frame[(frame["level"] == chosen) & (frame["field"].eq(field) if field else True)]
    return Totals(period=period, level=chosen, rows=shown(then, kept))


def write_profile(workspace: Workspace, county: str, period_code: str | None, as_of: date) -> Path:
    """One county on a page: where the document was written in the outbox.

    Raises:
        PipelineError: There is no county of that code or name.
    """
    from pipeline.products.documents.profile import TEMPLATE, profile_context  # noqa: PLC0415
    from pipeline.products.documents.word import render  # noqa: PLC0415 - docxtpl is slow to import

    m = look(workspace, period_code, as_of)
    unit = find_unit(county, m.program.counties, m.program.words.row, m.program)
    context, _ = profile_context(m, unit, is_demo=workspace.is_demo)
    prefecture = m.program.prefecture_by_code[unit.prefecture_code]
    name = f"{unit.code}_{prefecture.short_name}{unit.short_name}.docx"
    path = workspace.profiles / m.period.code / name
    write_file(path, render(workspace.templates / TEMPLATE, context, {}))
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What would become of a file: in words, and every finding for other programs."""

    verdict: FileVerdict
    findings: tuple[dict[str, str], ...]

    @property
    def is_returned(self) -> bool:
        """Whether something in it would have to be mended."""
        return any(found["severity"] == Severity.CRITICAL for found in self.findings)


def try_files(workspace: Workspace, files: Sequence[Path], as_of: date) -> list[Trial]:
    """What would become of files before they are sent; nothing is written.

    Raises:
        PipelineError: One of them cannot be read.
    """
    arrivals = []
    for path, seen in read_files(files).items():
        if isinstance(seen, OSError):
            raise PipelineError(f"读不出 {path}：{reason(seen)}") from seen
        name = readable(str(path))
        arrivals.append(Arrival(name=name, path=path, sha256=seen.sha256, received_on=as_of, changing=seen.changing))
    return dry_run(workspace, arrivals, as_of)


def dry_run(workspace: Workspace, arrivals: Sequence[Arrival], as_of: date) -> list[Trial]:
    """What would become of these files one by one; nothing is written."""
    campaign = load_campaign(workspace)
    store = open_store(workspace, campaign.program, create=False)
    try:
        known, accepted = for_taking_in(campaign, store.acts(as_of), store.acts(date.max)), store.accepted(as_of)
        return [_trial(campaign, accepted, reading) for reading in read_all(known, arrivals)]
    finally:
        store.close()


def _trial(campaign: Campaign, accepted: Accepted, reading: Reading) -> Trial:
    program, decisions = campaign.program, list[Decision]()
    for period in program.periods:
        if returns := _of(reading, period):
            decisions += judge(program, campaign.rules, period, returns, accepted.past(period.code), run_masks)
    found = (*reading.findings, *(f for decision in decisions for f in decision.findings))
    return Trial(verdict=file_verdict(program, reading, decisions), findings=tuple(_finding(program, f) for f in found))


def _finding(program: Program, f: Finding) -> dict[str, str]:
    return {
        "file": f.location.file,
        "county_code": f.county_code,
        "code": f.code,
        "severity": f.severity.value,
        "title": program.worded(CATALOGUE[f.code].title),
        "sheet": f.location.sheet,
        "cell": f.location.cell,
        "field": f.field,
        "found": f.found,
        "expected": f.expected,
        "fix": program.worded(f.fix),
    }


def _of(reading: Reading, period: Period) -> list[Return]:
    return [given for given in reading.returns if given.period == period.code]


def written_wrong(workspace: Workspace) -> list[str]:
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
        there = {path.stem for path in workspace.templates.glob("*.docx")}
        documents = there | {name.removesuffix(".docx") for name in known}
        for document in dict.fromkeys(publication.document for publication in campaign.program.publications):
            if document not in documents:
                close = nearest(document, list(documents))
                problems.append(f"program.yaml：publications 的 document“{document}”没有模板{close}")
            else:
                known.setdefault(f"{document}.docx", published(document))
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
