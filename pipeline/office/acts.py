"""What staff enter in the ledger by hand: whose a held file is, when it came, what stands no more, what period is closed."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipeline.domain.acts import GIVEN_BACK, TAKEN_BACK, Act, ActKind, closings, extensions, papers
from pipeline.domain.findings import CATALOGUE, EXPLAINED, REFUSED
from pipeline.domain.place import Placing
from pipeline.domain.state import Verdict
from pipeline.ledger.snapshot import take_snapshot
from pipeline.program.layout import row_name
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import choose_period, find_prefecture, find_unit, load_campaign, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.domain.entries import Submission
    from pipeline.domain.findings import Finding
    from pipeline.ledger.store import Store
    from pipeline.program.model import Period, Prefecture, Program
    from pipeline.workspace.paths import Workspace


def admit(
    workspace: Workspace,
    file: str,
    prefecture: str,
    period: str | None,
    reason: str,
    who: str,
    as_of: date,
    *,
    by_clock: bool = False,
) -> tuple[Act, Program]:
    """Enter in the ledger whose a held file is; the next run takes it in. A later word on the same file replaces it.

    Raises:
        PipelineError: There is no such file, it cannot be admitted as that, or the day is the clock's (``by_clock``) and
            the ledger knows a later one.
    """
    program = load_campaign(workspace).program
    unit = find_prefecture(program, prefecture)
    need(reason, "认定")
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        snapshot = take_snapshot(store, as_of)
        named = [
            s
            for s in snapshot.submissions
            if (s.verdict == Verdict.HELD or snapshot.unusable(s)) and _is_named(workspace, s, file)
        ]
        entry = _which_held(program, named, file, unit, period)
        chosen = choose_period(program, period or entry.claim[1] or None, entry.received_on)
        codes = {f.code for s, f in snapshot.findings if s.seq == entry.seq and CATALOGUE[f.code].holds}
        stamped = codes == {"PERIOD_CLOSED"} or (entry.placed == Placing.STAMP and snapshot.unusable(entry))
        if stamped and (unit.code, chosen.code) != (entry.prefecture_code, entry.period):
            raise PipelineError(f"{file} 的识别码有效，是{_claim(program, entry)}的报表，不能认定为别的")
        claimed_prefecture, claimed_period = entry.claim
        act = replace(
            about(entry, ActKind.ADMIT, reason, who, as_of),
            claimed_prefecture=claimed_prefecture,
            claimed_period=claimed_period,
            prefecture_code=unit.code,
            period=chosen.code,
            target=entry.seq if snapshot.unusable(entry) else 0,
        )
        return replace(act, seq=store.enter(act)), program


def _which_held(
    program: Program, named: Sequence[Submission], file: str, unit: Prefecture, period: str | None
) -> Submission:
    """The held part of a file that is meant: the only one, or the one that claims what it is admitted as."""
    if len({s.sha256 for s in named}) != 1:
        why = (
            "有几个同名文件，请写全路径"
            if named
            else "没有叫这个名字的待认定或不能采用的文件；请先运行 run-pipeline，名称照其所列"
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
    if not entry.claim[1]:
        return "没有识别码的表"
    return program.prefecture_by_code[entry.prefecture_code].short_name + program.period_by_code[entry.period].title


def _is_named(workspace: Workspace, entry: Submission | Act, file: str) -> bool:
    """By its path in the inbox, its bare name, or its content's sha256."""
    inbox = f"{workspace.inbox.as_posix()}/"
    wanted = file.replace("\\", "/").removeprefix(inbox).removeprefix("./").removeprefix("inbox/")
    return wanted in {entry.file, entry.file.rsplit("/", 1)[-1], entry.sha256}


def withdraw(
    workspace: Workspace, seq: int, reason: str, who: str, as_of: date, *, again: bool = False, by_clock: bool = False
) -> tuple[Act, Submission]:
    """Enter in the ledger that a submission stands no more; or, ``again``, that one withdrawn does.

    What stood before it stands again. Nothing is deleted: the act is undone by its opposite only.

    Raises:
        PipelineError: There is no such submission, it is not in the state the act needs, or the day is the clock's
            (``by_clock``) and the ledger knows a later one.
    """
    program = load_campaign(workspace).program
    need(reason, "恢复" if again else "撤回")
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        entry = _submission(store, seq, as_of)
        is_gone = entry.verdict == Verdict.WITHDRAWN
        if is_gone is not again:
            raise PipelineError(f"报送序号 {seq}（{entry.file}）{'没有撤回' if again else '已经撤回'}")
        if entry.verdict == Verdict.HELD:
            raise PipelineError(f"报送序号 {seq}（{entry.file}）还在待认定，没有收入，不必撤回")
        act = about(entry, ActKind.REINSTATE if again else ActKind.WITHDRAW, reason, who, as_of)
        return replace(act, seq=store.enter(act)), entry


def withdraw_paper(
    workspace: Workspace,
    file: str,
    reason: str,
    who: str,
    as_of: date,
    *,
    again: bool = False,
    by_clock: bool = False,
) -> tuple[Act, ...]:
    """Enter in the ledger that a document does not go with the return it was filed with, or that a scan is not signed after all.

    ``again``, that it does and is. It is kept all the same, and no run files it again under its name.

    Returns:
        An act for each respondent and period it was filed for.

    Raises:
        PipelineError: There is no such document, several are called so, it is not in the state the act needs, or the day
            is the clock's (``by_clock``) and the ledger knows a later one.
    """
    program = load_campaign(workspace).program
    need(reason, "恢复" if again else "撤回")
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        named = [act for act in papers(store.acts(as_of)) if _is_named(workspace, act, file)]
        then = GIVEN_BACK if again else TAKEN_BACK
        found = [act for act in named if act.kind in then]
        if named and not found:
            raise PipelineError(f"{paper_name(named[0])} {named[0].file} {'没有撤回' if again else '已经撤回'}")
        files = sorted({act.file for act in found})
        if len({(act.sha256, act.file) for act in found}) != 1:
            some = f"有几个同名的，请写全路径：{'、'.join(files)}" if found else _NO_PAPER
            raise PipelineError(f"{file}：{some}")
        said = [
            replace(act, kind=then[act.kind], reason=reason.strip(), who=who, done_on=as_of, seq=0) for act in found
        ]
        return tuple(replace(act, seq=store.enter(act)) for act in said)


def paper_name(act: Act) -> str:
    """What a document that came beside a return is, in words."""
    return "附件" if act.kind in {ActKind.ATTACH, ActKind.DETACH} else "确认单"


def settle(
    workspace: Workspace,
    unit: str,
    period: str | None,
    reason: str,
    who: str,
    as_of: date,
    *,
    uphold: bool,
    by_clock: bool = False,
) -> tuple[Act, Program, tuple[Finding, ...]]:
    """Enter in the ledger whether the reasons a unit gave are taken; refused, its record is returned for them.

    Returns:
        The act, the program, and what was explained.

    Raises:
        PipelineError: There is no such unit, it explained nothing in the period, it is settled so already, or the day is
            the clock's (``by_clock``) and the ledger knows a later one.
    """
    program = load_campaign(workspace).program
    chosen = choose_period(program, period, as_of)
    one = find_unit(unit, tuple(program.unit_by_code.values()), "单位", program)
    need(reason, "采信" if uphold else "不采信")
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        snapshot = take_snapshot(store, as_of)
        answered = {EXPLAINED, REFUSED}
        given = [
            (snapshot.by_seq[r.seq], tuple(f for f in found if f.county_code == one.code and f.code in answered))
            for r in snapshot.records
            if (r.period, r.county_code) == (chosen.code, one.code)
            for found in (snapshot.findings_of(snapshot.by_seq[r.seq]),)
        ]
        entry, told = next(((entry, told) for entry, told in reversed(given) if told), (None, ()))
        if entry is None:
            raise PipelineError(f"{row_name(one)}{chosen.title}没有按说明接收的数；有哪些，见全省汇总的“例外清单”")
        said = [a.kind for a in snapshot.acts if (a.target, a.settled) == (entry.seq, one.code)]
        kind = ActKind.UPHOLD if uphold else ActKind.REFUSE
        if said[-1:] == [kind]:
            raise PipelineError(f"{row_name(one)}{chosen.title}的说明已经{'采信' if uphold else '定为不采信'}")
        act = replace(about(entry, kind, reason, who, as_of), claimed_prefecture=one.code)
        return replace(act, seq=store.enter(act)), program, told


def close(
    workspace: Workspace, period: str, reason: str, who: str, as_of: date, *, by_clock: bool = False
) -> tuple[Act, Program]:
    """Enter in the ledger that a period is closed: what is taken in for it later is held.

    Raises:
        PipelineError: There is no such period, it has not ended, it is closed, or the day is the clock's (``by_clock``)
            and the ledger knows a later one.
    """
    program = load_campaign(workspace).program
    chosen = choose_period(program, period, as_of)
    need(reason, "封存")
    if as_of <= chosen.end:
        raise PipelineError(f"{chosen.title}到 {chosen.end} 才结束，现在不能封存")
    with opened(workspace, program, as_of, by_clock=by_clock, create=True) as store:
        if chosen.code in closings(store.acts(date.max)):
            raise PipelineError(f"{chosen.title}已经封存")
        made = (
            _made_as_of(workspace, chosen) or as_of
        )  # what was made last is what was published, whatever came for others since
        store.tell(chosen.code, made, who, looking_back=True)
        act = Act(kind=ActKind.CLOSE, period=chosen.code, reason=reason, who=who, done_on=as_of)
        return replace(act, seq=store.enter(act)), program


def reopen(
    workspace: Workspace, period: str, reason: str, who: str, as_of: date, *, by_clock: bool = False
) -> tuple[Act, Program]:
    """Enter in the ledger that a period closed is open again: what comes for it is taken in, its products are made anew.

    Raises:
        PipelineError: There is no such period, it is not closed, or the day is the clock's (``by_clock``) and the ledger
            knows a later one.
    """
    program = load_campaign(workspace).program
    chosen = choose_period(program, period, as_of)
    need(reason, "重新开放")
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        if chosen.code not in closings(store.acts(date.max)):
            raise PipelineError(f"{chosen.title}没有封存")
        act = Act(kind=ActKind.REOPEN, period=chosen.code, reason=reason.strip(), who=who, done_on=as_of)
        return replace(act, seq=store.enter(act)), program


def received(
    workspace: Workspace, seq: int, day: date, reason: str, who: str, as_of: date, *, by_clock: bool = False
) -> tuple[Act, Submission, Period | None]:
    """Enter in the ledger that a submission was received on another day than it is entered under.

    Whether it came in time, and which of several stands, follow; what day it was noted under stays in the ledger.

    Returns:
        The act, the submission as it was before, and its period.

    Raises:
        PipelineError: There is no such submission, the day cannot be, or the day of the act is the clock's
            (``by_clock``) and the ledger knows a later one.
    """
    program = load_campaign(workspace).program
    need(reason, "更正收到日期")
    with opened(workspace, program, as_of, by_clock=by_clock) as store:
        entry = _submission(store, seq, as_of)
        period, which = program.period_by_code.get(entry.period), f"报送序号 {seq}（{entry.file}）"
        if day == entry.received_on:
            raise PipelineError(f"{which}的收到日期已经是 {day}")
        if day > entry.taken_on:
            raise PipelineError(f"{which}在 {entry.taken_on} 已经收入，收到日期不能晚于这一天")
        first = period.start if period else program.periods[0].start
        if day < first:
            raise PipelineError(f"{which}的收到日期不能早于 {first}，报送期从这一天开始")
        act = replace(about(entry, ActKind.RECEIVED, reason, who, as_of), day=day)
        return replace(act, seq=store.enter(act)), entry, period


_NO_PAPER = "没有叫这个名字的附件或确认单；有哪些，见汇总页“附件和确认单”"
_LONGEST = timedelta(days=100)  # after a period's end


def extend(
    workspace: Workspace,
    prefecture: str,
    until: date,
    period: str | None,
    reason: str,
    who: str,
    as_of: date,
    *,
    by_clock: bool = False,
) -> tuple[Act, Program, bool]:
    """Enter in the ledger that the report of one respondent is due on a later day, for all that it reports in a period.

    A later word on the same period replaces it; the day on which the report is due of everybody takes it back.

    Returns:
        The act, the program, and whether the report is due as usual again.

    Raises:
        PipelineError: The period has no such respondent, owes nothing or is closed; the day cannot be; or the day of the act
            is the clock's (``by_clock``) and the ledger knows a later one.
    """
    program = load_campaign(workspace).program
    chosen = choose_period(program, period, as_of)
    then = program.at(chosen)
    unit = find_prefecture(then, prefecture)
    need(reason, "延期")
    with opened(workspace, program, as_of, by_clock=by_clock, create=True) as store:
        acts = store.acts(date.max)
        if chosen.code in closings(acts):
            raise PipelineError(f"{chosen.title}已经封存，不能延期；确需延期的，先用 reopen 重新开放")
        which, now = f"{unit.name}{chosen.title}", extensions(acts).get((chosen.code, unit.code), chosen.due_on)
        if until < chosen.due_on or until == now == chosen.due_on:
            raise PipelineError(f"{which}的截止日是 {chosen.due_on}，延期应延到这一天以后")
        if until == now:
            raise PipelineError(f"{which}已经延期至 {until}")
        following = program.periods[chosen.no : chosen.no + 1]
        last = min([chosen.end + _LONGEST, *(after.end for after in following)])
        if until > last:
            raise PipelineError(f"{which}最多延到 {last}：再晚就到下一期了" if following else f"{which}最多延到 {last}")
        snapshot = take_snapshot(store, as_of)
        came = [snapshot.first_accepted.get((chosen.code, one.code)) for one in then.reporters_of(unit.code)]
        if until > chosen.due_on and all(day and day <= chosen.due_on for day in came):
            raise PipelineError(f"{which}应报的都已在 {chosen.due_on} 以前报来并接收，不必延期")
        act = Act(
            kind=ActKind.EXTEND,
            period=chosen.code,
            prefecture_code=unit.code,
            day=until,
            reason=reason.strip(),
            who=who,
            done_on=as_of,
        )
        return replace(act, seq=store.enter(act)), program, until == chosen.due_on


def about(entry: Submission, kind: ActKind, reason: str, who: str, as_of: date) -> Act:
    """An act on a submission."""
    return Act(
        kind=kind,
        sha256=entry.sha256,
        file=entry.file,
        prefecture_code=entry.prefecture_code,
        period=entry.period,
        target=entry.seq,
        reason=reason.strip(),
        who=who,
        done_on=as_of,
    )


def need(reason: str, what: str) -> None:
    """Refuse an act without a reason."""
    if not reason.strip():
        raise PipelineError(f"请写明{what}的理由（--reason）")


@contextmanager
def opened(
    workspace: Workspace, program: Program, as_of: date, *, by_clock: bool, create: bool = False
) -> Iterator[Store]:
    """The dataset for one act; refused where the day is the clock's and the ledger knows a later one."""
    store = open_store(workspace, program, create=create)
    try:
        if by_clock:
            store.not_before(as_of)
        yield store
    finally:
        store.close()


def _submission(store: Store, seq: int, as_of: date) -> Submission:
    entry = next((s for s in store.submissions(as_of) if s.seq == seq), None)
    if entry is None:
        raise PipelineError(f"没有报送序号 {seq}；序号见 run-pipeline history 或汇总页“收到的文件”")
    return entry


def _made_as_of(workspace: Workspace, period: Period) -> date | None:
    """The day that the products of a period were made as of; None where there are none."""
    path = workspace.outbox(period.code) / "manifest.json"
    try:
        return date.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["as_of"])
    except (OSError, ValueError, KeyError):
        return None
