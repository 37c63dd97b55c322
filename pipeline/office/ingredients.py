"""What the products of a period are made from: its key, and what is read for them beside the measures.

It knows nothing of how they are made: a run with nothing new imports none of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.domain.acts import AFTERWARDS
from pipeline.intake.first_round import as_taken, read_all
from pipeline.office.issuing import ISSUED
from pipeline.products.documents.officer_contacts import OfficerContact, contact_of, newest_first
from pipeline.products.kept import key_of
from pipeline.workspace.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.domain.entries import Submission
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.ledger.store import Store
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.identity import Registry
    from pipeline.program.model import Period
    from pipeline.workspace.paths import Workspace

_RULES = "program/", "expectations/"


def seen_in(workspace: Workspace, m: PeriodMeasures) -> str:
    """A key of all that the measures of a period are made from: what the office wrote, and what is seen of the ledger."""
    return key_of(
        m.period.code,
        [_as_seen(shot) for shot in (m.snapshot, m.published) if shot],
        m.snapshot.entered,
        [act.seq for act in m.snapshot.acts if act.kind not in AFTERWARDS],
        rules_of(workspace),
    )


def rules_of(workspace: Workspace) -> list[tuple[str, bytes]]:
    """What the office wrote but for its templates, in whatever order the disk gives it."""
    return [(name, data) for name, data in sorted(workspace.inputs().items()) if name.startswith(_RULES)]


def templates_of(workspace: Workspace) -> list[tuple[str, bytes]]:
    """The templates of the office, which say what its documents read."""
    return [(name, data) for name, data in sorted(workspace.inputs().items()) if not name.startswith(_RULES)]


def made_from(workspace: Workspace, m: PeriodMeasures, contacts: Sequence[OfficerContact] | None) -> str:
    """A key of all that the products of a period are made from: with the same key they are the same, byte for byte."""
    return key_of(
        seen_in(workspace, m),
        m.snapshot.seal,
        sorted(workspace.inputs().items()),
        list(contacts) if contacts is not None else None,
        beside(workspace, m.period),
    )


def beside(workspace: Workspace, period: Period) -> list[object]:
    """What the page says of things beside the products."""
    outbox = workspace.outbox(period.code)
    issued = sorted(path.name for path in (outbox / ISSUED).glob("*"))
    return [issued, Path(os.path.relpath(workspace.inbox, outbox)).as_posix(), workspace.is_demo]


def _as_seen(snapshot: Snapshot) -> list[object]:
    """What is seen of a ledger from a day: what its chain tells of each is in the seal."""
    seen = [[s.seq, s.verdict, s.period, s.prefecture_code, s.received_on] for s in snapshot.submissions]
    sent = [[one.period, one.day, one.after, sorted(one.prefilled.items())] for one in snapshot.sendings]
    return [snapshot.as_of, seen, sent, [[copy.file, copy.received_on] for copy in snapshot.copies]]


def officer_contacts(
    workspace: Workspace, store: Store, snapshot: Snapshot, known: Registry
) -> tuple[OfficerContact, ...] | None:
    """Who filled in each prefecture's last return that says so, read from the bytes kept of it; never stored.

    Args:
        workspace: Its settings ask for it.
        store: Gives the bytes.
        snapshot: Says what had been received.
        known: What reading needs to know of the office.

    Returns:
        One for each prefecture, in order; None unless the settings ask for it.
    """
    if not load_settings(workspace).officer_contacts:
        return None
    found = {p.code: OfficerContact(prefecture=p) for p in known.program.prefectures}
    waiting = newest_first(known.program, snapshot)
    while waiting:  # a return whose cover is blank leaves the word to the one before
        for code, contact in _covers(store, known, [entries[0] for entries in waiting.values()]).items():
            if contact.says_whom or found[code].source is None:
                found[code] = contact
        waiting = {code: rest for code, (_, *rest) in waiting.items() if rest and not found[code].says_whom}
    return tuple(found.values())


def _covers(store: Store, known: Registry, entries: Sequence[Submission]) -> dict[str, OfficerContact]:
    """Prefecture → what the cover of a return of its says."""
    readings = read_all(as_taken(known, entries), [store.arrival(s) for s in entries])
    found = {}
    for entry, reading in zip(entries, readings, strict=True):
        whose = entry.prefecture_code, entry.period
        cover = next((r.cover for r in reading.returns if (r.prefecture_code, r.period) == whose), {})
        found[entry.prefecture_code] = contact_of(known.program.prefecture_by_code[entry.prefecture_code], entry, cover)
    return found
