"""The straight line, readable as one page.

program ─► issue ┄┄(officers)┄┄► inbox ─► guard ─► read ─► check ─► decide ─► dataset ─► measures ─► reports ─► outbox
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pipeline import engine
from pipeline.checks.check import check_returns
from pipeline.checks.decide import Decision, decide
from pipeline.checks.rules import Rule, load_rules
from pipeline.dataset.snapshot import Snapshot, take_snapshot
from pipeline.dataset.store import Act, ActKind, Store
from pipeline.errors import PipelineError
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.program.load import load_calendar, load_program
from pipeline.workbook.feedback import ReturnedCopy, returned_copy, returned_workbook
from pipeline.workbook.identity import Admission, Registry
from pipeline.workbook.issue import Issue, file_name, issue_workbook
from pipeline.workbook.read import Arrival, Reading, read_return, refused
from pipeline.workspace import Inbox, Workspace, make_key, read_inbox, read_key, replace_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from pipeline.dataset.store import Submission
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Program

ISSUED, RETURNED, CHARTS, PACKAGE = "下发", "退回", "图表", "数据包"
LOST = {
    engine.Loss.TIMED_OUT: "FILE_READER_HUNG",
    engine.Loss.OUT_OF_MEMORY: "FILE_READER_FULL",
    engine.Loss.DIED: "FILE_READER_DIED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Everything the office wrote: the program, its rules and its calendar; and the key of its stamps."""

    program: Program
    rules: dict[str, tuple[Rule, ...]]
    calendar: Calendar
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, for whoever prints it.

    Attributes:
        taken: Ledger numbers of the submissions this run added.
        files: Paths of the products in ``outbox/P/``.
    """

    measures: PeriodMeasures
    inbox: Inbox
    taken: tuple[int, ...]
    files: tuple[str, ...]


def load_campaign(workspace: Workspace) -> Campaign:
    """Read ``program/`` and ``expectations/``, strictly."""
    workspace.check()
    program = load_program(workspace.program)
    return Campaign(program=program, rules=load_rules(workspace.expectations, program),
                    calendar=load_calendar(workspace.program), key=read_key(workspace))  # fmt: skip


def run(workspace: Workspace, period_code: str | None, as_of: date) -> Outcome:
    """The main job: inbox → dataset → outbox."""
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    store = Store(workspace.dataset, campaign.program)
    try:
        inbox = read_inbox(workspace, as_of)
        taken = take_in(campaign, store, inbox.arrivals, as_of)
        snapshot = take_snapshot(store, campaign.program, as_of)
        copies = returned_copies(campaign, store, snapshot, period)
    finally:
        store.close()
    measures = measure_period(campaign.program, snapshot, campaign.calendar, period)
    files = make_reports(workspace, measures, copies)
    replace_folder(workspace.outbox(period.code), files, keep=(ISSUED,))
    return Outcome(measures=measures, inbox=inbox, taken=taken, files=tuple(files))


def take_in(campaign: Campaign, store: Store, arrivals: Sequence[Arrival], as_of: date) -> tuple[int, ...]:
    """Read, check, decide and record what is new, period by period, because each is checked against the one before.

    Returns:
        Ledger numbers of the new submissions.
    """
    known, acts = store.finished_files(), store.acts(as_of)
    new = _distinct([a for a in arrivals if a.sha256 not in known])
    readings = read_all(registry(campaign, acts), [*new, *store.admitted(acts, as_of)])
    taken = [store.append_unplaced(reading, as_of) for reading in readings if reading.findings]
    for period in campaign.program.periods:
        taken += [store.append(decision, as_of) for decision in judge(campaign, store, period, readings, as_of)]
    store.finish(arrivals)
    return tuple(seq for seq in taken if seq is not None)


def read_all(known: Registry, arrivals: Sequence[Arrival]) -> list[Reading]:
    """Read files where they can do no harm: one that takes a worker process with it costs only itself."""
    return list(engine.each(partial(read_return, known), arrivals, lost=lost))


def lost(arrival: Arrival, why: engine.Loss) -> Reading:
    """A file that took its reader with it."""
    return refused(arrival, LOST[why])


def registry(campaign: Campaign, acts: Sequence[Act]) -> Registry:
    """What reading needs to know of the office."""
    admissions = {
        act.sha256: Admission(seq=act.seq, prefecture_code=act.prefecture_code, period=act.period)
        for act in acts
        if act.kind is ActKind.ADMIT
    }
    closed = {act.period: act.done_on for act in acts if act.kind is ActKind.CLOSE}
    return Registry(program=campaign.program, key=campaign.key, admissions=admissions, closed=closed)


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


def returned_copies(campaign: Campaign, store: Store, snapshot: Snapshot, period: Period) -> tuple[ReturnedCopy, ...]:
    """What goes back to the officers of a period, from the bytes they sent."""
    entries, as_of = {s.sha256: s for s in snapshot.to_return(period)}, snapshot.as_of
    arrivals = [
        Arrival(name=s.file, content=store.content(s.sha256), received_on=s.received_on) for s in entries.values()
    ]
    readings = read_all(registry(campaign, snapshot.acts), arrivals)
    returns = {
        (r.arrival.sha256, one.prefecture_code): one for r in readings for one in r.returns if one.period == period.code
    }
    past = store.past(period.code, as_of)
    return tuple(
        returned_copy(campaign.program, campaign.rules, campaign.key, snapshot, past, entry, one)
        for entry in snapshot.to_return(period)
        if (one := returns.get((entry.sha256, entry.prefecture_code)))
    )


def make_reports(workspace: Workspace, m: PeriodMeasures, copies: Sequence[ReturnedCopy] = ()) -> dict[str, bytes]:
    """Every product of a period by its path in ``outbox/P/``; nothing is written here."""
    from pipeline.reports.bulletin import bulletin_context  # noqa: PLC0415 - matplotlib and docxtpl are slow to import
    from pipeline.reports.data_package import data_package  # noqa: PLC0415
    from pipeline.reports.documents import render  # noqa: PLC0415
    from pipeline.reports.manifest import manifest  # noqa: PLC0415
    from pipeline.reports.overdue_list import overdue_context, overdue_workbook  # noqa: PLC0415
    from pipeline.reports.pictures import FILE_NAMES, pictures  # noqa: PLC0415
    from pipeline.reports.return_notice import by_prefecture, notice_context  # noqa: PLC0415
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
    returned = {f"{RETURNED}/{copy.name}": returned_workbook(copy) for copy in copies}
    for prefecture, some in by_prefecture(copies).items():
        notice = notice_context(m, prefecture, some, is_demo=is_demo)
        returned[f"{RETURNED}/{prefecture.code}_{prefecture.short_name}_退回通知.docx"] = render(
            workspace.templates / "退回通知.docx", notice, {})  # fmt: skip
    files |= returned
    files |= {f"{CHARTS}/{FILE_NAMES[name]}": picture.png for name, picture in drawn.items()}
    files |= {f"{PACKAGE}/{name}": content for name, content in data_package(m).items()}
    files["index.html"] = index_page(m, drawn, documents, sorted(returned), is_demo=is_demo)
    files["manifest.json"] = manifest(
        program=m.program.code, period=m.period.code, as_of=m.snapshot.as_of, submissions=m.snapshot.submissions,
        inputs=workspace.inputs(), outputs=files,
        figures={"工作简报.docx": brief_figures, "逾期县清单.docx": overdue_figures},
    )  # fmt: skip
    return files


def issue(workspace: Workspace, period_code: str | None, prefecture_code: str | None, as_of: date) -> dict[str, bytes]:
    """Write the workbooks that go out into ``outbox/P/下发/``; with one prefecture, the others' stay as they are."""
    make_key(workspace)
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
        yield Issue(
            program=program,
            key=campaign.key,
            rules=campaign.rules,
            period=period,
            prefecture=prefecture,
            previous=values,
        )


def admit(workspace: Workspace, file: str, prefecture: str, period: str | None, reason: str, who: str,
          as_of: date) -> tuple[Act, Program]:  # fmt: skip
    """Enter in the ledger whose a held file is; the next run takes it in."""
    campaign = load_campaign(workspace)
    program = campaign.program
    units = [p.code for p in program.prefectures if prefecture in {p.code, p.name, p.short_name}]
    if not units:
        raise PipelineError(f"没有代码或名称为 {prefecture} 的州（市）")
    store = Store(workspace.dataset, program, create=False)
    try:
        held = [s for s in take_snapshot(store, program, as_of).held if _is_named(s, file)]
        if len({s.sha256 for s in held}) != 1:
            why = (
                "有几个同名文件，请写全路径"
                if held
                else "没有叫这个名字的待认定文件；请先运行 run-pipeline，名称照其所列"
            )
            raise PipelineError(f"{file}：{why}")
        stamped = next((s.period for s in held if s.period), None)
        chosen = choose_period(program, period or stamped, held[0].received_on)
        act = Act(kind=ActKind.ADMIT, sha256=held[0].sha256, file=held[0].file, prefecture_code=units[0], period=chosen.code,
                  reason=reason, who=who, done_on=as_of)  # fmt: skip
        return replace(act, seq=store.enter(act)), program
    finally:
        store.close()


def _is_named(entry: Submission, file: str) -> bool:
    """By its path in the inbox, its bare name, or its content's sha256."""
    wanted = file.replace("\\", "/").removeprefix("./").removeprefix("inbox/")
    return wanted in {entry.file, entry.file.rsplit("/", 1)[-1], entry.sha256}


def close(workspace: Workspace, period: str, reason: str, who: str, as_of: date) -> tuple[Act, Program]:
    """Enter in the ledger that a period is closed: what comes for it later is held."""
    program = load_campaign(workspace).program
    chosen = choose_period(program, period, as_of)
    store = Store(workspace.dataset, program)
    try:
        if any(act.kind is ActKind.CLOSE and act.period == chosen.code for act in store.acts(as_of)):
            raise PipelineError(f"{chosen.title}已经封存")
        act = Act(kind=ActKind.CLOSE, period=chosen.code, reason=reason, who=who, done_on=as_of)
        return replace(act, seq=store.enter(act)), program
    finally:
        store.close()


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
        for reading in read_all(registry(campaign, store.acts(as_of)), arrivals):
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
