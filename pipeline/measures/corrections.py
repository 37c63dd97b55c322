"""更正和补报: figures of earlier periods that moved after the last bulletin had told them.

The last bulletin told what had been taken in by the day it was last made: every run enters that in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.acts import ActKind
from pipeline.measures.progress import assess, completion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Period, Program

    Given = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One value that was told and reads otherwise now."""

    county_code: str
    field: str
    old: Value
    new: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What moved in one earlier period.

    Attributes:
        period: The period corrected.
        told_on: What was received by this day was told before.
        changes: Values of roster sheets that were told and read otherwise now, in code order. Lists live on from period to
            period and are told as they stand.
        added: Counties (codes) that have a record only since then.
        removed: Counties (codes) whose record was withdrawn since.
        before_pct: The province's completion as told then; None when nobody had reported.
        after_pct: The same with what stands now.
    """

    period: Period
    told_on: date
    changes: tuple[Moved, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    before_pct: float | None
    after_pct: float | None

    @property
    def corrected(self) -> tuple[str, ...]:
        """Units whose values changed."""
        return tuple(dict.fromkeys(change.county_code for change in self.changes))


def corrections(
    program: Program, told: Snapshot | None, period: Period, given: Mapping[str, Given]
) -> tuple[Correction, ...]:
    """Earlier periods that moved since the bulletin before this one, the earliest first; none in the first period.

    Args:
        program: The campaign.
        told: The dataset as the last bulletin told it; None where there was none.
        period: The period of the bulletin that is to tell them.
        given: Period code → unit → field → value, as it stands.
    """
    if told is None:
        return ()
    earlier = (one for one in program.periods if one.no < period.no)
    found = (_correction(program, told, one, given[one.code]) for one in earlier)
    return tuple(one for one in found if one)


def told_by(snapshot: Snapshot, period: Period) -> date:
    """The day whose receipts the bulletin of a period told: when it was last made; before it ever was, its due day."""
    made = [act.done_on for act in snapshot.acts if act.kind is ActKind.TELL and act.period == period.code]
    return max(made, default=period.due_on)


def _correction(program: Program, told: Snapshot, period: Period, now: Given) -> Correction | None:
    """What moved in a period; None when nothing did."""
    then = told.values(program, period)
    counties = {county.code for county in program.at(period).counties}
    changes = tuple(_changes(program, period, then, now))
    added, removed = counties & (now.keys() - then.keys()), counties & (then.keys() - now.keys())
    if not (changes or added or removed):
        return None
    return Correction(
        period=period,
        told_on=told.as_of,
        changes=changes,
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        before_pct=_completion(program, period, then),
        after_pct=_completion(program, period, now),
    )


def _changes(program: Program, period: Period, then: Given, now: Given) -> Iterator[Moved]:
    for unit in program.at(period).reporters:
        before, after = then.get(unit.code), now.get(unit.code)
        if before is None or after is None:
            continue
        for one in (field for form in program.roster_of(unit) for field in form.fields_in(period) if not field.shows):
            old, new = before.get(one.code), after.get(one.code)
            if old != new:
                yield Moved(county_code=unit.code, field=one.code, old=old, new=new)


def _completion(program: Program, period: Period, values: Given) -> float | None:
    return completion(assess(program, period, values), [])[()].pct
