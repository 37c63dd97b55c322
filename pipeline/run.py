"""The straight line, readable as one page.

program ─► issue ┄┄(officers)┄┄► inbox ─► guard ─► read ─► check ─► decide ─► dataset ─► measures ─► reports ─► outbox
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline import engine
from pipeline.checks.check import check_returns
from pipeline.checks.decide import Decision, decide
from pipeline.checks.rules import Rule, load_rules
from pipeline.dataset.snapshot import Snapshot, take_snapshot
from pipeline.dataset.store import Store
from pipeline.errors import PipelineError
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.program.load import load_calendar, load_program
from pipeline.workbook.issue import Issue, file_name, issue_workbook
from pipeline.workbook.read import Arrival, Reading, read_return
from pipeline.workspace import Inbox, Workspace, read_inbox, replace_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Program

ISSUED, CHARTS, PACKAGE = "下发", "图表", "数据包"
KEPT = (ISSUED, "退回")


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Everything the office wrote: the program, its rules and its calendar."""

    program: Program
    rules: dict[str, tuple[Rule, ...]]
    calendar: Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, for whoever prints it."""

    measures: PeriodMeasures
    inbox: Inbox
    taken: int
    files: tuple[str, ...]


def load_campaign(workspace: Workspace) -> Campaign:
    """Read ``program/`` and ``expectations/``, strictly."""
    workspace.check()
    program = load_program(workspace.program)
    return Campaign(program=program, rules=load_rules(workspace.expectations, program),
                    calendar=load_calendar(workspace.program))  # fmt: skip


def run(workspace: Workspace, period_code: str | None, as_of: date) -> Outcome:
    """The main job: inbox → dataset → outbox."""
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    store = Store(workspace.dataset, campaign.program)
    try:
        inbox = read_inbox(workspace, as_of)
        taken = take_in(campaign, store, inbox.arrivals, as_of)
        snapshot = take_snapshot(store, campaign.program, as_of)
    finally:
        store.close()
    measures = measure_period(campaign.program, snapshot, campaign.calendar, period)
    files = make_reports(workspace, measures)
    replace_folder(workspace.outbox(period.code), files, keep=KEPT)
    return Outcome(measures=measures, inbox=inbox, taken=taken, files=tuple(files))


def take_in(campaign: Campaign, store: Store, arrivals: Sequence[Arrival], as_of: date) -> int:
    """Read, check, decide and record what is new; period by period, because each is checked against the one before."""
    known = store.finished_files()
    new = [a for a in arrivals if a.sha256 not in known]
    readings = list(engine.each(partial(read_return, campaign.program), _distinct(new)))
    for reading in readings:
        if reading.findings:
            store.append_unplaced(reading, as_of)
    for period in campaign.program.periods:
        for decision in judge(campaign, store, period, readings, as_of):
            store.append(decision, as_of)
    store.finish(arrivals)
    return len(readings)


def judge(
    campaign: Campaign, store: Store, period: Period, readings: Sequence[Reading], as_of: date
) -> tuple[Decision, ...]:
    """Check and decide all returns of one period together; nothing is written."""
    returns = [one for reading in readings for one in reading.returns if one.period == period.code]
    if not returns:
        return ()
    past = store.past(period.code, as_of)
    checked = check_returns(campaign.program, campaign.rules, period, returns, past)
    return decide(campaign.program, returns, checked, past)


def make_reports(workspace: Workspace, m: PeriodMeasures) -> dict[str, bytes]:
    """Every product of a period by its path in ``outbox/P/``; nothing is written here."""
    from pipeline.reports.bulletin import bulletin_context  # noqa: PLC0415 - matplotlib and docxtpl are slow to import
    from pipeline.reports.data_package import data_package  # noqa: PLC0415
    from pipeline.reports.documents import render  # noqa: PLC0415
    from pipeline.reports.manifest import manifest  # noqa: PLC0415
    from pipeline.reports.overdue_list import overdue_context, overdue_workbook  # noqa: PLC0415
    from pipeline.reports.pictures import FILE_NAMES, pictures  # noqa: PLC0415
    from pipeline.reports.site import index_page  # noqa: PLC0415
    from pipeline.reports.summary_workbook import summary_workbook  # noqa: PLC0415

    is_demo = workspace.is_demo
    drawn = pictures(m)
    brief, brief_figures = bulletin_context(m, is_demo=is_demo)
    overdue, overdue_figures = overdue_context(m, is_demo=is_demo)
    files = {
        "工作简报.docx": render(workspace.templates / "工作简报.docx", brief, drawn),
        "逾期县清单.docx": render(workspace.templates / "逾期县清单.docx", overdue, {}),
        "逾期县清单.xlsx": overdue_workbook(m),
        "全省汇总.xlsx": summary_workbook(m),
    }
    documents = list(files)
    files |= {f"{CHARTS}/{FILE_NAMES[name]}": picture.png for name, picture in drawn.items()}
    files |= {f"{PACKAGE}/{name}": content for name, content in data_package(m).items()}
    files["index.html"] = index_page(m, drawn, documents, is_demo=is_demo)
    files["manifest.json"] = manifest(
        program=m.program.code, period=m.period.code, as_of=m.snapshot.as_of, submissions=m.snapshot.submissions,
        inputs=workspace.inputs(), outputs=files,
        figures={"工作简报.docx": brief_figures, "逾期县清单.docx": overdue_figures},
    )  # fmt: skip
    return files


def issue(workspace: Workspace, period_code: str | None, prefecture_code: str | None, as_of: date) -> dict[str, bytes]:
    """Write the workbooks that go out into ``outbox/P/下发/``; with one prefecture, the others' stay as they are."""
    campaign = load_campaign(workspace)
    period = choose_issue_period(campaign.program, period_code, as_of)
    store = Store(workspace.dataset, campaign.program)
    try:
        issues = list(plan_issues(campaign, store, period, prefecture_code, as_of))
    finally:
        store.close()
    files = {file_name(one): issue_workbook(one) for one in issues}
    target = workspace.outbox(period.code) / ISSUED
    kept = {p.name: p.read_bytes() for p in target.glob("*.xlsx")} if prefecture_code and target.is_dir() else {}
    replace_folder(target, kept | files)
    return files


def plan_issues(campaign: Campaign, store: Store, period: Period, prefecture_code: str | None,
                as_of: date) -> Iterator[Issue]:  # fmt: skip
    """What each prefecture's workbook is made from."""
    program = campaign.program
    chosen = [p for p in program.prefectures if prefecture_code in {None, p.code, p.name, p.short_name}]
    if not chosen:
        known = "、".join(f"{p.code} {p.short_name}" for p in program.prefectures)
        raise PipelineError(f"没有代码或名称为 {prefecture_code} 的州（市）；可用：{known}")
    past = store.past(period.code, as_of)
    previous = {**past.previous, **past.floors}
    for prefecture in chosen:
        ours = {c.code for c in program.counties_of(prefecture.code)}
        values = {key: value for key, value in previous.items() if key[0] in ours}
        yield Issue(program=program, rules=campaign.rules, period=period, prefecture=prefecture, previous=values)


def look(workspace: Workspace, period_code: str | None, as_of: date) -> PeriodMeasures:
    """The measures of a period from the dataset as it is; the inbox is not touched."""
    campaign, snapshot = open_snapshot(workspace, as_of)
    period = choose_period(campaign.program, period_code, as_of)
    return measure_period(campaign.program, snapshot, campaign.calendar, period)


def open_snapshot(workspace: Workspace, as_of: date) -> tuple[Campaign, Snapshot]:
    """The campaign and its dataset as of a day."""
    campaign = load_campaign(workspace)
    store = Store(workspace.dataset, campaign.program, create=False)
    try:
        return campaign, take_snapshot(store, campaign.program, as_of)
    finally:
        store.close()


def dry_run(
    workspace: Workspace, arrivals: Sequence[Arrival], as_of: date
) -> tuple[Program, list[tuple[Reading, tuple[Decision, ...]]]]:
    """The program, and what would become of these files one by one; nothing is written."""
    campaign = load_campaign(workspace)
    store = Store(workspace.dataset, campaign.program, create=False)
    try:
        results = []
        for arrival in arrivals:
            reading = read_return(campaign.program, arrival)
            decisions = [d for p in campaign.program.periods for d in judge(campaign, store, p, [reading], as_of)]
            results.append((reading, tuple(decisions)))
        return campaign.program, results
    finally:
        store.close()


def lint(workspace: Workspace) -> list[str]:
    """Everything wrong with what the office wrote: the first fault of program and rules, every fault of templates."""
    from pipeline.checks.suites import try_suite  # noqa: PLC0415 - GX is slow to import
    from pipeline.reports.documents import lint_template  # noqa: PLC0415
    from pipeline.reports.names import TEMPLATE_NAMES  # noqa: PLC0415

    problems = []
    try:
        campaign = load_campaign(workspace)
        for rules in campaign.rules.values():
            try_suite(rules)
    except PipelineError as fault:
        problems.append(str(fault))
    for name, known in TEMPLATE_NAMES.items():
        path = workspace.templates / name
        problems += lint_template(path, known) if path.is_file() else [f"templates/docx/{name}：模板不存在"]
    return problems


def choose_period(program: Program, code: str | None, as_of: date) -> Period:
    """The named period, or the last that has ended by ``as_of`` (the first one before that)."""
    if code is None:
        ended = list(program.ended_by(as_of))
        return ended[-1] if ended else program.periods[0]
    if code not in program.period_by_code:
        raise PipelineError(f"没有报送期 {code}；可用：{'、'.join(program.period_by_code)}")
    return program.period_by_code[code]


def choose_issue_period(program: Program, code: str | None, as_of: date) -> Period:
    """The named period, or the one ``as_of`` falls in (the first before the campaign, the last after it)."""
    if code is not None:
        return choose_period(program, code, as_of)
    return next((p for p in program.periods if as_of <= p.end), program.periods[-1])


def _distinct(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Each content once, as first received; in order of receipt."""
    first: dict[str, Arrival] = {}
    for arrival in sorted(arrivals, key=lambda a: (a.received_on, a.name)):
        first.setdefault(arrival.sha256, arrival)
    return list(first.values())
