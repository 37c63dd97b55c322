"""更正和补报: figures of earlier periods that moved after the last bulletin had told them.

The last bulletin told what was received by the day it was last made: every run enters that in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.dataset.store import ActKind
from pipeline.measures.progress import assess, completion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.dataset.snapshot import Snapshot
    from pipeline.dataset.store import Change
    from pipeline.program.model import Period, Program
    from pipeline.workbook.cells import Value

    Given = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What moved in one earlier period.

    Attributes:
        period: The period corrected.
        told_on: What was received by this day was told before.
        changes: Values of roster sheets that were told and read otherwise now, the last word on each cell; in code order.
            Lists live on from period to period and are told as they stand.
        added: Counties (codes) that have a record only since then.
        before_pct: The province's completion as told then; None when nobody had reported.
        after_pct: The same with what stands now.
    """

    period: Period
    told_on: date
    changes: tuple[Change, ...]
    added: tuple[str, ...]
    before_pct: float | None
    after_pct: float | None

    @property
    def corrected(self) -> tuple[str, ...]:
        """Units whose values changed."""
        return tuple(dict.fromkeys(change.county_code for change in self.changes))


def corrections(
    program: Program, snapshot: Snapshot, period: Period, given: Mapping[str, Given]
) -> tuple[Correction, ...]:
    """Earlier periods that moved since the bulletin before this one, the earliest first; none in the first period.

    Args:
        program: The campaign.
        snapshot: What was received.
        period: The period of the bulletin that is to tell them.
        given: Period code → unit → field → value, as it stands.
    """
    earlier = [one for one in program.periods if one.no < period.no]
    if not earlier:
        return ()
    told_on = told_by(snapshot, earlier[-1])
    found = (_correction(program, snapshot, one, told_on, given[one.code]) for one in earlier)
    return tuple(one for one in found if one.changes or one.added)


def told_by(snapshot: Snapshot, period: Period) -> date:
    """The day whose receipts the bulletin of a period told: when it was last made; before it ever was, its due day."""
    made = [act.done_on for act in snapshot.acts if act.kind is ActKind.TELL and act.period == period.code]
    return max(made, default=period.due_on)


def _correction(program: Program, snapshot: Snapshot, period: Period, told_on: date, now: Given) -> Correction:
    told = {code: dict(values) for code, values in now.items()}
    added = [
        county.code for county in program.counties
        if county.code in told and snapshot.first_accepted[period.code, county.code] > told_on
    ]  # fmt: skip
    for code in added:
        del told[code]
    late = [
        change
        for revision in snapshot.revisions
        if (entry := snapshot.by_seq[revision.seq]).period == period.code and entry.received_on > told_on
        for change in revision.changes
        if change.county_code not in added and not change.entry
    ]
    changes = _settled(late)
    for change in changes:
        if change.county_code in told:
            told[change.county_code][change.field] = change.old
    return Correction(
        period=period, told_on=told_on, changes=changes, added=tuple(added),
        before_pct=_completion(program, period, told), after_pct=_completion(program, period, now),
    )  # fmt: skip


def _settled(late: Sequence[Change]) -> tuple[Change, ...]:
    """The first old and the last new value of each cell; what came back to where it was is no correction."""
    cells: dict[tuple[str, str], list[Change]] = {}
    for change in late:
        cells.setdefault((change.county_code, change.field), []).append(change)
    whole = (_first_to_last(some[0], some[-1]) for _, some in sorted(cells.items()))
    return tuple(change for change in whole if change.old != change.new)


def _first_to_last(first: Change, last: Change) -> Change:
    return replace(first, new=last.new)


def _completion(program: Program, period: Period, values: Given) -> float | None:
    return completion(assess(program, period, values), [])[()].pct
