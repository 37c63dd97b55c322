"""The straight line, readable as one page.

program ─► issue ┄┄(officers)┄┄► inbox ─► guard ─► read ─► check ─► decide ─► dataset ─► measures ─► reports ─► outbox
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pipeline import engine
from pipeline.campaign import choose_period, load_campaign, open_store, told_before
from pipeline.checks.check import check_returns
from pipeline.checks.decide import Decision, decide
from pipeline.dataset.entries import Act, ActKind, closed_on
from pipeline.dataset.snapshot import Snapshot, take_snapshot
from pipeline.errors import PipelineError
from pipeline.issuing import ISSUED
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.progress import quiet
from pipeline.workbook.feedback import ReturnedCopy, returned_copy
from pipeline.workbook.identity import Admission, Registry
from pipeline.workbook.read import Arrival, Reading, read_return, refused
from pipeline.workspace import Inbox, Workspace, read_inbox, replace_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pipeline.campaign import Campaign
    from pipeline.dataset.store import Store
    from pipeline.program.model import Period
    from pipeline.progress import Tell
    from pipeline.workbook.read import Return

LOST = {
    engine.Loss.TIMED_OUT: "FILE_READER_HUNG",
    engine.Loss.OUT_OF_MEMORY: "FILE_READER_FULL",
    engine.Loss.DIED: "FILE_READER_DIED",
}


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
        closed: Codes of the periods that are closed: what was made of them is left as it is.
    """

    measures: PeriodMeasures
    inbox: Inbox
    taken: Taken
    others: tuple[Period, ...]
    closed: tuple[str, ...]


def run(workspace: Workspace, period_code: str | None, as_of: date, who: str = "", tell: Tell = quiet, *,
        by_clock: bool = False) -> Outcome:  # fmt: skip
    """The main job: inbox → dataset → outbox, of the period asked for and of every other that something came in for.

    Args:
        workspace: Where.
        period_code: The period asked for; the last that has ended if None.
        as_of: The day.
        who: Runs it.
        tell: Hears how far it is.
        by_clock: The day is what the clock says, and refused when the ledger knows a later one.
    """
    from pipeline.products import MANIFEST, keep_closed, make_reports  # noqa: PLC0415 - matplotlib and docxtpl are slow to import

    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    store = open_store(workspace, campaign.program)
    try:
        if by_clock:
            store.not_before(as_of)
        inbox = read_inbox(workspace, as_of)
        taken = take_in(campaign, store, inbox.arrivals, as_of, tell)
        snapshot = take_snapshot(store, campaign.program, as_of)
        closed = closed_on(store.acts(date.max))
        touched = {snapshot.by_seq[seq].period for seq in taken.seqs if seq in snapshot.by_seq}
        touched |= behind(workspace, snapshot) - closed.keys()
        others = tuple(one for one in campaign.program.periods if one.code in touched - {period.code})
        for n, one in enumerate((*others, period)):
            tell("制作产品", n, len(others) + 1)
            copies = returned_copies(campaign, store, snapshot, one)
            told = told_before(store, campaign.program, snapshot, one)
            measures = measure_period(campaign.program, snapshot, campaign.calendar, one, told)
            if one.code in closed and (workspace.outbox(one.code) / MANIFEST).is_file():
                keep_closed(workspace, measures, closed[one.code], copies)
                continue
            replace_folder(workspace.outbox(one.code), make_reports(workspace, measures, copies), keep=(ISSUED,))
        if period.code not in closed:
            store.tell(period.code, as_of, who)
    finally:
        store.close()
    return Outcome(measures=measures, inbox=inbox, taken=taken, others=others, closed=tuple(closed))


def behind(workspace: Workspace, snapshot: Snapshot) -> set[str]:
    """Periods whose products do not tell of all that came in for them: those that a run cut off did not reach."""
    received: dict[str, set[int]] = {}
    for one in snapshot.submissions:
        received.setdefault(one.period, set()).add(one.seq)
    return {period for period, seqs in received.items() if period and seqs - _told_in(workspace.outbox(period))}


def _told_in(outbox: Path) -> frozenset[int]:
    """The submissions that the products of a folder tell of."""
    try:
        content = json.loads((outbox / "manifest.json").read_bytes())
        return frozenset(one["seq"] for one in content["inputs"]["submissions"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def take_in(campaign: Campaign, store: Store, arrivals: Sequence[Arrival], as_of: date, tell: Tell = quiet) -> Taken:
    """Read, check, decide and record what is new, period by period, because each is checked against the one before.

    Raises:
        PipelineError: There is something to take in and no key to tell by whether it was issued here.
    """
    known, acts = store.finished_files(), store.acts(as_of)
    store.mend(one for one in arrivals if one.sha256 in known)
    new, pending = _distinct([a for a in arrivals if a.sha256 not in known]), store.pending(acts, as_of)
    if new and not campaign.key:
        raise PipelineError(
            "没有签发密钥 issue.key，认不出收到的表是不是这里下发的；请从备份找回，放在工作目录里再运行"
        )
    readings = read_all(registry(campaign, acts), [*new, *pending.values()], tell)
    readings = [*readings[: len(new)], *(_admitted_part(one, pending) for one in readings[len(new) :])]
    seqs = [store.append_unplaced(reading, as_of) for reading in readings if reading.findings]
    done, total = 0, sum(len(reading.returns) for reading in readings)
    for period in campaign.program.periods:
        for returns in in_turn(one for reading in readings for one in reading.returns if one.period == period.code):
            tell("核对报表", done, total)
            done += len(returns)
            seqs += [store.append(decision, as_of) for decision in judge(campaign, store, period, returns, as_of)]
    return Taken(seqs=tuple(seq for seq in seqs if seq is not None), repeated=store.finish(arrivals))


def _admitted_part(reading: Reading, pending: Mapping[int, Arrival]) -> Reading:
    """Of a file that was held, only what the word of staff lets in; the rest came in before, or waits on."""
    return replace(reading, returns=tuple(one for one in reading.returns if one.admission in pending), findings=())


def read_all(known: Registry, arrivals: Sequence[Arrival], tell: Tell = quiet) -> list[Reading]:
    """Read files where they can do no harm: one that takes a worker process with it costs only itself."""
    readings = []
    for one in engine.each(partial(read_return, known), arrivals, lost=lost):
        readings.append(one)
        tell("读取文件", len(readings), len(arrivals))
    return readings


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
    closed = closed_on(acts)
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
    program, past = campaign.program.at(period), store.past(period.code, as_of)
    checked = check_returns(program, campaign.rules, period, returns, past)
    return decide(program, returns, checked, past)


def returned_copies(campaign: Campaign, store: Store, snapshot: Snapshot, period: Period) -> tuple[ReturnedCopy, ...]:
    """What goes back to the officers of a period, from the bytes they sent."""
    entries = {s.sha256: s for s in snapshot.to_return(period)}
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
    past = store.past(period.code, snapshot.seen)
    return tuple(
        returned_copy(campaign.program.at(period), campaign.rules, campaign.key, snapshot, past, entry, one)
        for entry in snapshot.to_return(period)
        if (
            one := returns.get((entry.sha256, entry.prefecture_code, entry.admission))
            or returns.get((entry.sha256, entry.prefecture_code, 0))
        )
    )


def _distinct(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Each content once, as first received; in order of receipt."""
    first: dict[str, Arrival] = {}
    for arrival in sorted(arrivals, key=lambda a: (a.received_on, a.name)):
        first.setdefault(arrival.sha256, arrival)
    return list(first.values())
