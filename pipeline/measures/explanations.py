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
        finding: What is unlikely: whose, which field, what was found and expected.
        upheld: Staff have taken the reason, in words; empty where they have said nothing.
    """

    seq: int
    finding: Finding
    upheld: str

    @property
    def reason(self) -> str:
        """What the officer gave: kind and text."""
        return self.finding.fix.removeprefix("说明：")


def explanations(snapshot: Snapshot, period: Period) -> tuple[Explanation, ...]:
    """Of the records that stand in a period, the figures that stand on a reason; in the order of units.

    A reason upheld once is upheld wherever it is given again for the same rule.
    """
    standing = {
        r.county_code: r.seq for r in snapshot.records if r.period == period.code and r.state.is_reported
    }  # the oldest first: the last one stands
    upheld = {
        _key(f): act.reason
        for act in snapshot.acts
        if act.kind is ActKind.UPHOLD and act.target in snapshot.by_seq
        for f in snapshot.findings_of(snapshot.by_seq[act.target])
        if f.code == EXPLAINED and f.county_code == act.settled
    }
    return tuple(
        Explanation(seq=seq, finding=f, upheld=upheld.get(_key(f), ""))
        for unit, seq in sorted(standing.items())
        for f in snapshot.findings_of(snapshot.by_seq[seq])
        if f.code == EXPLAINED and f.county_code == unit
    )


def _key(f: Finding) -> tuple[str, str, str, str]:
    """Whose reason, for what."""
    return f.county_code, f.field, f.rule, f.fix
