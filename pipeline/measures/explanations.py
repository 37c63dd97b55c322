"""Figures that stand on an officer's reason: unlikely, explained, and settled or not yet by staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.acts import ActKind
from pipeline.domain.findings import EXPLAINED

if TYPE_CHECKING:
    from pipeline.domain.findings import Finding
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One figure accepted with a reason in a period.

    Attributes:
        seq: Number of the submission.
        finding: What is unlikely: whose, which field, what was found and expected; its remedy is the reason.
        upheld: Staff have taken the reason, in words; empty where they have said nothing.
    """

    seq: int
    finding: Finding
    upheld: str


def explanations(snapshot: Snapshot, period: Period) -> tuple[Explanation, ...]:
    """Of the records that stand in a period, the figures that stand on a reason; in the order of units."""
    standing = {
        r.county_code: r.seq for r in snapshot.records if r.period == period.code and r.state.is_reported
    }  # the oldest first: the last one stands
    upheld = {(act.target, act.settled): act.reason for act in snapshot.acts if act.kind is ActKind.UPHOLD}
    return tuple(
        Explanation(seq=seq, finding=f, upheld=upheld.get((seq, unit), ""))
        for unit, seq in sorted(standing.items())
        for f in snapshot.findings_of(snapshot.by_seq[seq])
        if f.code == EXPLAINED and f.county_code == unit
    )
