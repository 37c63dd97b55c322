"""What came and cannot be used as it is: whose it is, and why, so that nobody is told 未报 whose file is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.domain.place import PLACING_NAMES, Place, Placing
from pipeline.domain.state import STATE_NAMES, State, Verdict
from pipeline.program.days import folder_day
from pipeline.program.mentions import owner_named, period_meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.entries import Submission
    from pipeline.domain.unread import Unread
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Program

NO_RETURNS = frozenset({"FILE_ARCHIVE", "FILE_NOT_A_WORKBOOK"})  # what may hold a return, or go with one
WAITS, BLANK = "收到、待认定", "收到、没有填报"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What came from a prefecture for a period and cannot be used as it is, and nothing since that can.

    Attributes:
        reason: In words.
        entry: The submission; None where it could not be read at all.
    """

    state: State
    reason: str
    file: str
    received_on: date
    entry: Submission | None = None

    @property
    def is_held(self) -> bool:
        """The office has to say whose it is."""
        return self.entry is not None and self.entry.verdict == Verdict.HELD

    @property
    def is_blank(self) -> bool:
        """It is one of ours, and nothing was filled in."""
        return self.entry is not None and self.entry.verdict == Verdict.EMPTY


def what_waits(program: Program, snapshot: Snapshot) -> dict[tuple[str, str], Waiting]:
    """(period, prefecture) → the last that came and is not usable, where nothing usable came after it.

    A return in which nothing was filled in speaks where nothing else came: what cannot be used may hold figures.
    """
    usable: dict[tuple[str, str], tuple[date, int]] = {}
    found: dict[tuple[str, str], Waiting] = {}
    waiting = {s.seq for s in (*snapshot.held, *filter(snapshot.unusable, snapshot.submissions))}
    for s in snapshot.submissions:
        if s.seq not in waiting and s.verdict not in {Verdict.HELD, Verdict.WITHDRAWN, Verdict.EMPTY}:
            key = s.period, s.prefecture_code
            usable[key] = max((s.received_on, s.seq), usable.get(key, (s.received_on, s.seq)))
    blank = (s for s in snapshot.submissions if s.verdict == Verdict.EMPTY)
    for s in sorted(blank, key=lambda s: (s.received_on, s.seq)):
        if (s.period, s.prefecture_code) not in usable:
            found[s.period, s.prefecture_code] = _waiting(snapshot, s)
    for s in sorted(_each(program, snapshot, waiting), key=lambda s: (not snapshot.is_beside(s), s.received_on, s.seq)):
        key = s.period, s.prefecture_code
        if s.prefecture_code and (key not in usable or usable[key] < (s.received_on, s.seq)):
            found[key] = _waiting(snapshot, s)
    for one in snapshot.unread:
        for key, waits in _unread(program, snapshot, one) if one.may_hold_a_return else ():
            if key not in found or found[key].is_blank:
                found[key] = waits
    return found


def _unread(program: Program, snapshot: Snapshot, one: Unread) -> Iterator[tuple[tuple[str, str], Waiting]]:
    """Whose something may be that no return was read from, and for when: by what could be read of it, else by its name."""
    seen = one.since or snapshot.as_of
    dated = folder_day(one.name, seen, (program.periods[0].start, max(p.due_on for p in program.periods)))
    day = dated if isinstance(dated, date) else seen
    owner = owner_named(program, one.name)
    named = Place(prefecture_code=owner, period=period_meant(program, one.name, day), placed=Placing.NAME)
    for place in one.places or ([named] if owner else []):
        how = f"；归属按{PLACING_NAMES[Placing.NAME]}" if place.placed is Placing.NAME else ""
        reason = f"{STATE_NAMES[State.UNREAD]}（{one.what}{how}）"
        yield (
            (place.period, place.prefecture_code),
            Waiting(state=State.UNREAD, reason=reason, file=one.name, received_on=day),
        )


def _each(program: Program, snapshot: Snapshot, waiting: set[int]) -> Iterator[Submission]:
    """Those submissions, and files with the very content of one under another name, which may name another owner."""
    yield from (s for s in snapshot.submissions if s.seq in waiting)
    for copy in snapshot.copies:
        if copy.original.seq in waiting and copy.original.placed in {Placing.NAME, Placing.NOTHING}:
            owner = owner_named(program, copy.file)
            period = period_meant(program, copy.file, copy.received_on) if owner else ""
            yield replace(
                copy.original,
                file=copy.file,
                received_on=copy.received_on,
                prefecture_code=owner,
                period=period,
                placed=Placing.NAME,
            )


def _waiting(snapshot: Snapshot, entry: Submission) -> Waiting:
    state = State.UNREAD if snapshot.is_beside(entry) else State.UNUSABLE
    said = {Verdict.HELD: WAITS, Verdict.EMPTY: BLANK}.get(Verdict(entry.verdict), STATE_NAMES[state])
    how = f"；归属按{PLACING_NAMES[Placing.NAME]}" if entry.placed == Placing.NAME else ""
    return Waiting(
        state=state,
        reason=f"{said}（{entry.reason}{how}）",
        file=entry.file,
        received_on=entry.received_on,
        entry=entry,
    )
