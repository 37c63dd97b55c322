"""The straight line, readable as one page.

program ─► issue ┄┄(officers)┄┄► inbox ─► guard ─► read ─► check ─► decide ─► dataset ─► measures ─► reports ─► outbox
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pipeline import engine
from pipeline.checks.check import check_returns
from pipeline.checks.decide import Decision, Verdict, decide
from pipeline.checks.rules import Rule, load_rules
from pipeline.dataset.snapshot import Snapshot, take_snapshot
from pipeline.dataset.store import Act, ActKind, Store
from pipeline.errors import PipelineError
from pipeline.findings import CATALOGUE
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.program.load import load_calendar, load_program
from pipeline.program.strict import nearest
from pipeline.workbook.carry import carried
from pipeline.workbook.feedback import ReturnedCopy, returned_copy, returned_workbook
from pipeline.workbook.identity import Admission, Registry
from pipeline.workbook.issue import Issue, file_name, issue_workbook
from pipeline.workbook.read import Arrival, Reading, read_return, refused
from pipeline.workspace import Inbox, Workspace, make_key, read_inbox, read_key, replace_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pipeline.dataset.store import Submission
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Prefecture, Program
    from pipeline.workbook.read import Return

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
class Taken:
    """What taking in did.

    Attributes:
        seqs: Ledger numbers of the submissions added.
        repeated: Files seen for the first time whose content had come in before.
    """

    seqs: tuple[int, ...]
    repeated: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, for whoever prints it.

    Attributes:
        others: Other periods that something came in for, whose products were made anew too.
        files: Paths of the products in ``outbox/P/``.
    """

    measures: PeriodMeasures
    inbox: Inbox
    taken: Taken
    others: tuple[Period, ...]
    files: tuple[str, ...]


def load_campaign(workspace: Workspace) -> Campaign:
    """Read ``program/`` and ``expectations/``, strictly."""
    workspace.check()
    program = load_program(workspace.program)
    return Campaign(program=program, rules=load_rules(workspace.expectations, program),
                    calendar=load_calendar(workspace.program), key=read_key(workspace))  # fmt: skip


def run(workspace: Workspace, period_code: str | None, as_of: date) -> Outcome:
    """The main job: inbox → dataset → outbox, of the period asked for and of every other that something came in for."""
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    store = Store(workspace.dataset, campaign.program)
    try:
        inbox = read_inbox(workspace, as_of)
        taken = take_in(campaign, store, inbox.arrivals, as_of)
        snapshot = take_snapshot(store, campaign.program, as_of)
        touched = {snapshot.by_seq[seq].period for seq in taken.seqs if seq in snapshot.by_seq} - {period.code}
        others = tuple(one for one in campaign.program.periods if one.code in touched)
        copies = {one.code: returned_copies(campaign, store, snapshot, one) for one in (*others, period)}
    finally:
        store.close()
    for one in (*others, period):
        measures = measure_period(campaign.program, snapshot, campaign.calendar, one)
        files = make_reports(workspace, measures, copies[one.code])
        replace_folder(workspace.outbox(one.code), files, keep=(ISSUED,))
    return Outcome(measures=measures, inbox=inbox, taken=taken, others=others, files=tuple(files))


def take_in(campaign: Campaign, store: Store, arrivals: Sequence[Arrival], as_of: date) -> Taken:
    """Read, check, decide and record what is new, period by period, because each is checked against the one before.

    Raises:
        PipelineError: There is something to take in and no key to tell by whether it was issued here.
    """
    known, acts = store.finished_files(), store.acts(as_of)
    new, pending = _distinct([a for a in arrivals if a.sha256 not in known]), store.pending(acts, as_of)
    if new and not campaign.key:
        raise PipelineError(
            "没有签发密钥 issue.key，认不出收到的表是不是这里下发的；请从备份找回，放在工作目录里再运行"
        )
    readings = read_all(registry(campaign, acts), [*new, *pending.values()])
    readings = [*readings[: len(new)], *(_admitted_part(one, pending) for one in readings[len(new) :])]
    seqs = [store.append_unplaced(reading, as_of) for reading in readings if reading.findings]
    for period in campaign.program.periods:
        for returns in in_turn(one for reading in readings for one in reading.returns if one.period == period.code):
            seqs += [store.append(decision, as_of) for decision in judge(campaign, store, period, returns, as_of)]
    return Taken(seqs=tuple(seq for seq in seqs if seq is not None), repeated=store.finish(arrivals))


def _admitted_part(reading: Reading, pending: Mapping[int, Arrival]) -> Reading:
    """Of a file that was held, only what the word of staff lets in; the rest came in before, or waits on."""
    return replace(reading, returns=tuple(one for one in reading.returns if one.admission in pending), findings=())


def read_all(known: Registry, arrivals: Sequence[Arrival]) -> list[Reading]:
    """Read files where they can do no harm: one that takes a worker process with it costs only itself."""
    return list(engine.each(partial(read_return, known), arrivals, lost=lost))


def lost(arrival: Arrival, why: engine.Loss) -> Reading:
    """A file that took its reader with it."""
    return refused(arrival, LOST[why])


def registry(campaign: Campaign, acts: Sequence[Act]) -> Registry:
    """What reading needs to know of the office."""
    admissions = {
        (act.sha256, act.claimed_prefecture, act.claimed_period): Admission(
            seq=act.seq, prefecture_code=act.prefecture_code, period=act.period
        )
        for act in acts
        if act.kind is ActKind.ADMIT
    }
    closed = {act.period: act.done_on for act in acts if act.kind is ActKind.CLOSE}
    return Registry(program=campaign.program, key=campaign.key, admissions=admissions, closed=closed)


def in_turn(returns: Iterable[Return]) -> list[list[Return]]:
    """Returns of one period, so that each prefecture's are judged day by day, against what it sent before.

    All prefectures' first days together, then their second days: what came on one day is judged together.
    """
    days: dict[str, dict[date, list[Return]]] = {}
    for one in returns:
        days.setdefault(one.prefecture_code, {}).setdefault(one.arrival.received_on, []).append(one)
    turns: list[list[Return]] = []
    for of_prefecture in days.values():
        for n, day in enumerate(sorted(of_prefecture)):
            turns += [[]] if n == len(turns) else []
            turns[n] += of_prefecture[day]
    return turns


def judge(
    campaign: Campaign, store: Store, period: Period, returns: Sequence[Return], as_of: date
) -> tuple[Decision, ...]:
    """Check and decide returns of one period together; nothing is written."""
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
    known = registry(campaign, [act for act in snapshot.acts if act.kind is ActKind.ADMIT])
    as_taken = {  # as the ledger has them, whatever was closed or signed anew since
        (s.sha256, s.prefecture_code, s.period): Admission(
            seq=s.admission, prefecture_code=s.prefecture_code, period=s.period)
        for s in entries.values()
    }  # fmt: skip
    readings = read_all(replace(known, admissions={**as_taken, **known.admissions}), arrivals)
    returns = {
        (r.arrival.sha256, one.prefecture_code, one.admission): one
        for r in readings
        for one in r.returns
        if one.period == period.code
    }
    past = store.past(period.code, as_of)
    return tuple(
        returned_copy(campaign.program, campaign.rules, campaign.key, snapshot, past, entry, one)
        for entry in snapshot.to_return(period)
        if (
            one := returns.get((entry.sha256, entry.prefecture_code, entry.admission))
            or returns.get((entry.sha256, entry.prefecture_code, 0))
        )
    )


def make_reports(workspace: Workspace, m: PeriodMeasures, copies: Sequence[ReturnedCopy] = ()) -> dict[str, bytes]:
    """Every product of a period by its path in ``outbox/P/``; nothing is written here."""
    from pipeline.reports.bulletin import bulletin_context  # noqa: PLC0415 - matplotlib and docxtpl are slow to import
    from pipeline.reports.data_package import data_package  # noqa: PLC0415
    from pipeline.reports.documents import render  # noqa: PLC0415
    from pipeline.reports.manifest import manifest  # noqa: PLC0415
    from pipeline.reports.overdue_list import overdue_context, overdue_workbook  # noqa: PLC0415
    from pipeline.reports.pictures import FILE_NAMES, pictures  # noqa: PLC0415
    from pipeline.reports.publications import letters, publications  # noqa: PLC0415
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
    published, asking = tuple(publications(m, is_demo=is_demo)), tuple(letters(m, is_demo=is_demo))
    files |= {one.name: render(workspace.templates / one.template, one.context, drawn) for one in published}
    documents = list(files)
    files |= {one.name: render(workspace.templates / one.template, one.context, {}) for one in asking}
    returned = {f"{RETURNED}/{copy.name}": returned_workbook(copy) for copy in copies}
    for prefecture, some in by_prefecture(copies).items():
        notice = notice_context(m, prefecture, some, is_demo=is_demo)
        returned[f"{RETURNED}/{prefecture.code}_{prefecture.short_name}_退回通知.docx"] = render(
            workspace.templates / "退回通知.docx", notice, {})  # fmt: skip
    files |= returned
    files |= {f"{CHARTS}/{FILE_NAMES[name]}": picture.png for name, picture in drawn.items()}
    files |= {f"{PACKAGE}/{name}": content for name, content in data_package(m).items()}
    files["index.html"] = index_page(
        m,
        drawn,
        documents,
        sorted(returned, key=lambda name: (name[:10], not name.endswith(".docx"), name)),
        [one.name for one in asking],
        is_demo=is_demo,
    )
    files["manifest.json"] = manifest(
        program=m.program.code, period=m.period.code, as_of=m.snapshot.as_of, submissions=m.snapshot.submissions,
        inputs=workspace.inputs(), outputs=files,
        figures={"工作简报.docx": brief_figures, "逾期县清单.docx": overdue_figures,
                 **{one.name: one.figures for one in (*published, *asking)}},
    )  # fmt: skip
    return files


def issue(workspace: Workspace, period_code: str | None, prefecture_code: str | None, as_of: date, *,
          new_key: bool = False) -> dict[str, bytes]:  # fmt: skip
    """Write the workbooks that go out into ``outbox/P/下发/``; with one prefecture, the others' stay as they are.

    Raises:
        PipelineError: The key is gone although returns have come in, and no new one was asked for.
    """
    if not workspace.key_file.exists() and not new_key and open_snapshot(workspace, as_of)[1].submissions:
        raise PipelineError("签发密钥 issue.key 不见了，请从备份找回；确已遗失的，用 issue --new-key 另做一把，"
                            "此后用旧表报来的都须逐份认定")  # fmt: skip
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
    chosen = program.prefectures if prefecture_code is None else (find_prefecture(program, prefecture_code),)
    past = store.past(period.code, as_of)
    previous = {**past.previous, **past.floors}
    for prefecture in chosen:
        ours = {unit.code for unit in program.reporters if unit.prefecture_code == prefecture.code}
        values = {key: value for key, value in previous.items() if key[0] in ours}
        yield Issue(
            program=program,
            key=campaign.key,
            rules=campaign.rules,
            period=period,
            prefecture=prefecture,
            previous=values,
            entries=carried(program, period, prefecture, past),
        )


def admit(workspace: Workspace, file: str, prefecture: str, period: str | None, reason: str, who: str,
          as_of: date) -> tuple[Act, Program]:  # fmt: skip
    """Enter in the ledger whose a held file is; the next run takes it in. A later word on the same file replaces it."""
    program = load_campaign(workspace).program
    unit = find_prefecture(program, prefecture)
    if not reason.strip():
        raise PipelineError("请写明认定的理由（--reason）")
    store = Store(workspace.dataset, program, create=False)
    try:
        snapshot = take_snapshot(store, program, as_of)
        named = [s for s in snapshot.submissions if s.verdict == Verdict.HELD and _is_named(workspace, s, file)]
        entry = _which_held(program, named, file, unit, period)
        chosen = choose_period(program, period or entry.period or None, entry.received_on)
        codes = {f.code for s, f in snapshot.findings if s.seq == entry.seq and CATALOGUE[f.code].holds}
        if codes == {"PERIOD_CLOSED"} and (unit.code, chosen.code) != (entry.prefecture_code, entry.period):
            raise PipelineError(f"{file} 的识别码有效，是{_claim(program, entry)}的报表，不能认定为别的")
        act = Act(kind=ActKind.ADMIT, sha256=entry.sha256, file=entry.file, claimed_prefecture=entry.prefecture_code,
                  claimed_period=entry.period, prefecture_code=unit.code, period=chosen.code, reason=reason.strip(),
                  who=who, done_on=as_of)  # fmt: skip
        return replace(act, seq=store.enter(act)), program
    finally:
        store.close()


def _which_held(
    program: Program, named: Sequence[Submission], file: str, unit: Prefecture, period: str | None
) -> Submission:
    """The held part of a file that is meant: the only one, or the one that claims what it is admitted as."""
    if len({s.sha256 for s in named}) != 1:
        why = (
            "有几个同名文件，请写全路径" if named else "没有叫这个名字的待认定文件；请先运行 run-pipeline，名称照其所列"
        )
        raise PipelineError(f"{file}：{why}")
    if len(named) == 1:
        return named[0]
    meant = [s for s in named if s.prefecture_code == unit.code and period in {None, s.period}]
    if len(meant) != 1:
        raise PipelineError(
            f"{file} 里有几处待认定：{'、'.join(_claim(program, s) for s in named)}；请用 --as 和 --period 指明其中一处"
        )
    return meant[0]


def _claim(program: Program, entry: Submission) -> str:
    """What a held part says it is."""
    if not entry.period:
        return "没有识别码的表"
    return program.prefecture_by_code[entry.prefecture_code].short_name + program.period_by_code[entry.period].title


def find_prefecture(program: Program, text: str) -> Prefecture:
    """A prefecture by code or name.

    Raises:
        PipelineError: There is none; lists those there are.
    """
    found = [p for p in program.prefectures if text in {p.code, p.name, p.short_name}]
    if not found:
        known = "、".join(f"{p.code} {p.short_name}" for p in program.prefectures)
        raise PipelineError(f"没有代码或名称为 {text} 的州（市）；可用：{known}")
    return found[0]


def _is_named(workspace: Workspace, entry: Submission, file: str) -> bool:
    """By its path in the inbox, its bare name, or its content's sha256."""
    inbox = f"{workspace.inbox.as_posix()}/"
    wanted = file.replace("\\", "/").removeprefix(inbox).removeprefix("./").removeprefix("inbox/")
    return wanted in {entry.file, entry.file.rsplit("/", 1)[-1], entry.sha256}


def close(workspace: Workspace, period: str, reason: str, who: str, as_of: date) -> tuple[Act, Program]:
    """Enter in the ledger that a period is closed: what comes for it later is held."""
    program = load_campaign(workspace).program
    chosen = choose_period(program, period, as_of)
    if not reason.strip():
        raise PipelineError("请写明封存的理由（--reason）")
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
            decisions = [d for p in campaign.program.periods for d in judge(campaign, store, p, _of(reading, p), as_of)]
            results.append((reading, tuple(decisions)))
        return campaign.program, results
    finally:
        store.close()


def _of(reading: Reading, period: Period) -> list[Return]:
    return [one for one in reading.returns if one.period == period.code]


def lint(workspace: Workspace) -> list[str]:
    """Everything wrong with what the office wrote: the first fault of program and rules, every fault of templates."""
    from pipeline.checks.suites import try_suite  # noqa: PLC0415 - GX is slow to import
    from pipeline.reports.documents import lint_template  # noqa: PLC0415
    from pipeline.reports.names import TEMPLATE_NAMES  # noqa: PLC0415
    from pipeline.reports.pictures import try_map  # noqa: PLC0415 - matplotlib too

    problems = []
    try:
        campaign = load_campaign(workspace)
        for rules in campaign.rules.values():
            try_suite(rules)
        documents = [name.removesuffix(".docx") for name in TEMPLATE_NAMES]
        problems += [
            f"program.yaml：publications 的 document“{one.document}”没有模板{nearest(one.document, documents)}"
            for one in campaign.program.publications if one.document not in documents
        ]  # fmt: skip
        try_map(campaign.program)
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
