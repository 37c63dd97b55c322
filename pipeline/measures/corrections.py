"""更正和补报: figures of earlier periods that moved after they were in a bulletin.

The last bulletin has what had been taken in by the day it was last made: every run enters that in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.acts import amendments
from pipeline.domain.entries import NO_REASON
from pipeline.measures.completion import completion
from pipeline.measures.known import known_states, said_in
from pipeline.measures.progress import assess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.known import KnownState
    from pipeline.program.model import Period, Program

    Given = Mapping[str, Mapping[str, Value]]
    Reasons = Mapping[tuple[str, str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One value that is in the last bulletin and reads otherwise now; ``why`` in words."""

    county_code: str
    field: str
    old: Value
    new: Value
    why: str = NO_REASON


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What moved in one earlier period.

    Attributes:
        period: The period corrected.
        published_on: What was received by this day is in the last bulletin.
        changes: Values of roster sheets that were published and read otherwise now, in code order. Lists live on from
            period to period and are published as they stand.
        added: Counties (codes) that have a record only since then.
        removed: Counties (codes) whose record was withdrawn since.
        before_pct: The province's completion as published then; None when nobody had reported.
        after_pct: The same with what stands now.
    """

    period: Period
    published_on: date
    changes: tuple[Moved, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    before_pct: float | None
    after_pct: float | None

    @property
    def corrected(self) -> tuple[str, ...]:
        """Units whose values changed."""
        return tuple(dict.fromkeys(change.county_code for change in self.changes))


def corrections(program: Program, published: Snapshot | None, period: Period, now: Snapshot) -> tuple[Correction, ...]:
    """Earlier periods that moved since the bulletin before this one, the earliest first; none in the first period.

    Args:
        program: The campaign.
        published: The dataset as it was for the last bulletin; None where there was none.
        period: The period of the bulletin that is to say them.
        now: The dataset as it stands.
    """
    if published is None:
        return ()
    earlier = program.periods[: period.no - 1]
    said = [(p, said_in(program, published, p), said_in(program, now, p)) for p in earlier]
    moved = [of for of, then, as_it_is in said if then != as_it_is]
    if not moved:
        return ()
    then, as_it_is = (known_states(program, snapshot, moved[-1]) for snapshot in (published, now))
    pairs = zip(then, as_it_is, strict=True)
    why = _reasons(now)
    found = (_correction(program, published.as_of, a, b, why) for a, b in pairs if a.period in moved)
    return tuple(correction for correction in found if correction)


def _reasons(now: Snapshot) -> Reasons:
    """(period, unit, field) → why it reads as it does: by the word of staff, or as the officer of the last change said."""
    said = {
        (change.period, change.county_code, change.field): change.why
        for revision in now.revisions
        for change in revision.changes
        if not change.entry
    }
    entered = amendments(now.acts).values()
    return said | {(one.period, one.unit, one.field): f"核改，{one.source}" for one in entered if not one.entry}


def _correction(
    program: Program, published_on: date, before: KnownState, after: KnownState, why: Reasons
) -> Correction | None:
    """What moved in a period; None when nothing did."""
    period, then, now = before.period, before.said, after.said
    counties = {county.code for county in program.at(period).counties}
    changes = tuple(_changes(program, period, then, now, why))
    added, removed = counties & (now.keys() - then.keys()), counties & (then.keys() - now.keys())
    if not (changes or added or removed):
        return None
    return Correction(
        period=period,
        published_on=published_on,
        changes=changes,
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        before_pct=_completion(program, before),
        after_pct=_completion(program, after),
    )


def _changes(program: Program, period: Period, then: Given, now: Given, why: Reasons) -> Iterator[Moved]:
    for unit in program.at(period).reporters:
        before, after = then.get(unit.code), now.get(unit.code)
        if before is None or after is None or before == after:
            continue
        for asked in (field for form in program.roster_of(unit) for field in form.fields_in(period) if not field.shows):
            old, new = before.get(asked.code), after.get(asked.code)
            if old != new:
                reason = why.get((period.code, unit.code, asked.code), NO_REASON)
                yield Moved(county_code=unit.code, field=asked.code, old=old, new=new, why=reason)


def _completion(program: Program, known: KnownState) -> float | None:
    return completion(assess(program, known.period, known), [])[()].pct
