"""The straight line, readable as one page.

program ─► issue ┄┄(officers)┄┄► inbox ─► guard ─► read ─► check ─► decide ─► dataset ─► measures ─► reports ─► outbox
"""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pipeline.domain.acts import closings, extensions
from pipeline.domain.unread import UnreadKind, unread_by
from pipeline.intake.first_round import as_taken, read_all, registry
from pipeline.intake.inbox import Inbox, clock_day, clock_days, read_inbox, span, with_places
from pipeline.intake.papers import file_papers
from pipeline.intake.take_in import Taken, take_in
from pipeline.intake.unpacking import note_unpacked, room_for_parts, unpack_inbox
from pipeline.ledger.snapshot import Snapshot, take_snapshot
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.office.ingredients import made_from, officer_contacts
from pipeline.office.issuing import ISSUED
from pipeline.office.outbox import ALTERED, BULLETIN, RETURNED_LATER, write_products
from pipeline.products.kept import LastMade
from pipeline.products.manifest import MANIFEST
from pipeline.products.returned_copy import ReturnedCopy, returned_copy
from pipeline.system.progress import quiet
from pipeline.workspace.campaign import choose_period, load_campaign, open_store, published_before
from pipeline.workspace.sources import use_sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.domain.entries import End
    from pipeline.engine.engines import Engine
    from pipeline.intake.inbox import Ask
    from pipeline.ledger.store import Store
    from pipeline.program.model import Period
    from pipeline.reading.read import Return
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, for whoever prints it.

    Attributes:
        others: Other periods that something came in for, whose products were made anew too.
        closed: Codes of the periods that are closed: what was made of them is left as it is.
        kept: Codes of the periods whose products lie there as they would be made again.
        files_made: How many products were made.
        files_kept: How many were not made again.
        altered: Where products lie, in the outbox, that somebody had changed since they were made.
        unmade: What could not be made, and why.
        broken: The faults behind it.
        failed: Periods whose products could not be made, and why: what was taken in for them is in the ledger all the same.
        end: Of the ledger.
    """

    measures: PeriodMeasures
    inbox: Inbox
    taken: Taken
    others: tuple[Period, ...]
    closed: tuple[str, ...]
    end: End
    kept: tuple[str, ...] = ()
    files_made: int = 0
    files_kept: int = 0
    altered: tuple[str, ...] = ()
    unmade: tuple[str, ...] = ()
    broken: tuple[Exception, ...] = ()
    failed: tuple[tuple[Period, Exception], ...] = ()


def _unasked(_: object) -> None:
    """Nobody is there to be asked."""


def run(
    workspace: Workspace,
    period_code: str | None,
    as_of: date,
    who: str = "",
    progress: Progress = quiet,
    *,
    by_clock: bool = False,
    on: Engine | None = None,
    sent: bool = False,
    ask: Ask = _unasked,
) -> Outcome:
    """The main job: inbox → dataset → outbox, of the period asked for and of every other that something came in for.

    Args:
        workspace: Where.
        period_code: The period asked for; the last that has ended if None.
        as_of: The day.
        who: Runs it.
        progress: Hears how far it is.
        by_clock: The day is what the clock says, and refused when the ledger knows a later one.
        on: What files are read and checked on; worker processes of this machine if None.
        sent: Whoever works does not see our disk, and files are sent.
        ask: Is asked before days of receipt that only the clock of a file says are entered; may refuse by raising.
    """
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    store = open_store(workspace, campaign.program)
    try:
        if by_clock:
            store.not_before(as_of)
        inbox, taken = _take(workspace, campaign, store, as_of, who, ask, progress, on, sent=sent)
        snapshot = take_snapshot(store, as_of)
        closed = closings(store.acts(date.max))
        came = {snapshot.by_seq[seq].period for seq in taken.seqs if seq in snapshot.by_seq}
        came |= {one.act.period for one in inbox.filed}
        touched = came | (behind(workspace, snapshot) - closed.keys())
        others = tuple(other for other in campaign.program.periods if other.code in touched - {period.code})
        contacts = officer_contacts(workspace, store, snapshot, registry(campaign, snapshot.acts))
        missing, kept, altered = list[str](), list[str](), list[str]()
        failed: list[tuple[Period, Exception]] = []
        broken: dict[tuple[str, str], Exception] = {}
        files_made = files_kept = 0
        for chosen in (*others, period):
            published = published_before(campaign.program, snapshot, chosen)
            measures = measure_period(campaign.program, snapshot, campaign.calendar, chosen, published)
            try:
                key = made_from(workspace, measures, contacts)
                last = LastMade.of(workspace.outbox(chosen.code), campaign.key)
                store.note_receipts(chosen.code, measures.receipts, as_of, who)
                if last.is_whole(key, (ISSUED, ALTERED, RETURNED_LATER)):
                    kept.append(chosen.code)
                    files_kept += len(last.outputs)
                    continue
                from pipeline.office.making import (  # noqa: PLC0415 - matplotlib and docxtpl are slow to import
                    keep_closed,
                    make_reports,
                    unmade,
                )

                copies = returned_copies(campaign, store, snapshot, chosen, taken.read)
                if chosen.code in closed and (workspace.outbox(chosen.code) / MANIFEST).is_file():
                    made = keep_closed(workspace, measures, closed[chosen.code], copies)
                else:
                    made = make_reports(
                        workspace,
                        measures,
                        copies,
                        contacts,
                        partial(_note, broken, chosen.code),
                        progress,
                        made_from=key,
                    )
                    missing += unmade(made.files)
                    folder = workspace.outbox(chosen.code)
                    altered += [f"{chosen.code}/{name}" for name in write_products(folder, made.files, campaign.key)]
                files_made += made.new
                files_kept += made.kept
            except Exception as fault:  # noqa: BLE001 - whatever it is, what was taken in is said before it
                failed.append((chosen, fault))
        unpublished = {
            *closed,
            *(late.code for late, _ in failed),
            *(code for code, name in broken if name == BULLETIN),
        }
        if period.code not in unpublished:
            store.tell(period.code, as_of, who)
        end = store.end()
    finally:
        store.close()
    return Outcome(
        measures=measures,
        inbox=inbox,
        taken=taken,
        others=others,
        closed=tuple(closed),
        kept=tuple(kept),
        files_made=files_made,
        files_kept=files_kept,
        altered=tuple(altered),
        unmade=tuple(missing),
        broken=tuple(broken.values()),
        failed=tuple(failed),
        end=end,
    )


def _note(broken: dict[tuple[str, str], Exception], period: str, name: str, fault: Exception) -> None:
    broken[period, name] = fault


def fill_ledger(
    workspace: Workspace,
    as_of: date,
    who: str = "",
    progress: Progress = quiet,
    *,
    by_clock: bool = False,
    on: Engine | None = None,
    sent: bool = False,
    ask: Ask = _unasked,
) -> tuple[Inbox, Taken, End]:
    """The first half of the main job: inbox → dataset. Products are made by the next run; see :func:`run`."""
    campaign = load_campaign(workspace)
    store = open_store(workspace, campaign.program)
    try:
        if by_clock:
            store.not_before(as_of)
        return *_take(workspace, campaign, store, as_of, who, ask, progress, on, sent=sent), store.end()
    finally:
        store.close()


def _take(
    workspace: Workspace,
    campaign: Campaign,
    store: Store,
    as_of: date,
    who: str,
    ask: Ask,
    progress: Progress,
    on: Engine | None,
    *,
    sent: bool,
) -> tuple[Inbox, Taken]:
    """Take in what lies in the inbox, and note what lies there besides."""
    with room_for_parts(workspace.parts) as room:
        days = span(campaign.program)
        inbox = unpack_inbox(read_inbox(workspace, as_of, days), room, as_of, days)
        finished = store.finished_files()
        clocked = {
            arrival.name: arrival
            for arrival in inbox.arrivals
            if arrival.name in inbox.clocked and arrival.sha256 not in finished
        }
        if doubtful := clock_days(campaign.program, clocked.values(), as_of):
            ask(doubtful)
        unread = with_places(inbox, registry(campaign, ()), unread_by(store.acts(date.max)))
        use_sources(workspace, store, as_of)
        opened = note_unpacked(store, inbox, as_of, who)
        taken = take_in(campaign, store, inbox.arrivals, as_of, progress, on, sent=sent)
        filed, unread = file_papers(campaign.program, store, inbox, unread, as_of, who)
    new = store.note_unread(unread, as_of, who)
    entries = [entry for entry in store.submissions(as_of) if entry.seq in taken.seqs]
    longer = extensions(store.acts(as_of))
    decided = [
        clock_day(
            campaign.program.period_by_code[entry.period].until(longer.get((entry.period, entry.prefecture_code))),
            entry.file,
            entry.received_on,
            as_of,
            entry.seq,
        )
        for entry in entries
        if entry.file in clocked and entry.period
    ]
    early = [(entry, campaign.program.period_by_code[entry.period].start) for entry in entries if entry.period]
    return replace(
        inbox,
        changing=(*inbox.changing, *taken.changing),
        unread=tuple(one for one in unread if one.kind is not UnreadKind.PARTIAL or one in inbox.unread),
        filed=filed,
        opened=opened,
        new=new,
        decided=tuple(day for day in decided if day),
        early=tuple(
            (entry.file, entry.received_on, start, entry.seq) for entry, start in early if entry.received_on < start
        ),
    ), taken


def behind(workspace: Workspace, snapshot: Snapshot) -> set[str]:
    """Periods whose products do not have all that came in for them: a run cut off did not reach them, or could not make some."""
    received: dict[str, set[int]] = {}
    for entry in snapshot.submissions:
        received.setdefault(entry.period, set()).add(entry.seq)
    return {period for period, seqs in received.items() if period and seqs - _made_from(workspace.outbox(period))}


def _made_from(outbox: Path) -> frozenset[int]:
    """The submissions that the products of a folder are made from."""
    try:
        content = json.loads((outbox / "manifest.json").read_bytes())
        return frozenset(entry["seq"] for entry in content["inputs"]["submissions"] if not content.get("unmade"))
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def returned_copies(
    campaign: Campaign, store: Store, snapshot: Snapshot, period: Period, read: Sequence[bytes] = ()
) -> tuple[ReturnedCopy, ...]:
    """What goes back to the officers of a period, from the bytes they sent.

    Args:
        campaign: The campaign.
        store: Gives the bytes.
        snapshot: What had been received.
        period: The period.
        read: Returns just taken in, packed: they need not be read again.
    """
    due = snapshot.to_return(period)
    found = _alone(read)
    unread = {
        s.sha256: s for s in due if (s.sha256, s.admission) not in {(r.arrival.sha256, r.admission) for r in found}
    }
    known = as_taken(registry(campaign, snapshot.acts), unread.values())
    for reading in read_all(known, [store.arrival(s) for s in unread.values()]):
        found += reading.returns
    returns = {(r.arrival.sha256, r.prefecture_code, r.admission): r for r in found if r.period == period.code}
    past = snapshot.past(period.code)
    return tuple(
        returned_copy(campaign.program.at(period), campaign.rules, campaign.key, snapshot, past, entry, workbook)
        for entry in due
        if (
            workbook := returns.get((entry.sha256, entry.prefecture_code, entry.admission))
            or returns.get((entry.sha256, entry.prefecture_code, 0))
        )
    )


def _alone(read: Sequence[bytes]) -> list[Return]:
    """Of returns just taken in, those that were alone in their file, on its own word.

    Of several, what is nobody's may go with another one when a closed period has been reopened.
    """
    returns: list[Return] = [pickle.loads(content) for content in read]  # noqa: S301 - from our own worker
    count = Counter(r.arrival.sha256 for r in returns)
    return [r for r in returns if count[r.arrival.sha256] == 1 and not r.admission]
