"""What staff decide, as the ledger keeps it: each with a reason and a name, each undone by another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date


class ActKind(StrEnum):
    """What staff enter in the ledger: by hand, or by making a period's products."""

    ADMIT = "ADMIT"
    CLOSE = "CLOSE"
    REOPEN = "REOPEN"  # a period closed is open again
    EXTEND = "EXTEND"  # the report of a respondent is due on a later day
    RECEIVED = "RECEIVED"  # a submission was received on another day than was noted when it was taken in
    UNREAD = "UNREAD"  # by a run: what lay in the inbox that no return is read from, as far as that changed
    TELL = "TELL"  # the products of a period were made, and told what had been received by then
    WITHDRAW = "WITHDRAW"  # a submission stands no more
    REINSTATE = "REINSTATE"  # a submission withdrawn stands again
    REFUSE = "REFUSE"  # a unit's reasons in a submission are not taken: its record is returned
    UPHOLD = "UPHOLD"  # they are taken, whatever was said before


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something a staff member decided, and why; undone only by another.

    Attributes:
        seq: Number in the ledger of acts; 0 before it is entered.
        sha256: Of the file admitted; empty for a period closed.
        prefecture_code: Whose the file, or the report extended, is; empty for a period closed.
        claimed_prefecture: Whose its stamps say it is; empty without stamps. Of reasons settled, the unit that gave them.
        claimed_period: For when they say it is.
        target: Number of the submission withdrawn, reinstated, given another day of receipt, or refused and given to whom
            staff say it is from.
        day: That day; of an extension, the day on which the report is due.
    """

    kind: ActKind
    period: str
    reason: str
    who: str
    done_on: date
    sha256: str = ""
    file: str = ""
    prefecture_code: str = ""
    claimed_prefecture: str = ""
    claimed_period: str = ""
    target: int = 0
    day: date | None = None
    seq: int = 0

    @property
    def settled(self) -> str:
        """The unit whose reasons it settles; empty where it settles none."""
        return self.claimed_prefecture if self.kind in {ActKind.REFUSE, ActKind.UPHOLD} else ""


def withdrawn(acts: Iterable[Act]) -> frozenset[int]:
    """Numbers of the submissions that stand no more: the last word on each counts."""
    last = {act.target: act.kind for act in acts if act.kind in {ActKind.WITHDRAW, ActKind.REINSTATE}}
    return frozenset(seq for seq, kind in last.items() if kind is ActKind.WITHDRAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Whose reasons are not taken.

    Attributes:
        last: (period, unit) → the act by which they are not; it reaches back over all that the unit had sent by then.
    """

    last: Mapping[tuple[str, str], Act]

    @classmethod
    def of(cls, acts: Iterable[Act]) -> Refusals:
        """The last word on each counts."""
        said = {(act.period, act.settled): act for act in acts if act.settled}
        return cls(last={key: act for key, act in said.items() if act.kind is ActKind.REFUSE})

    def by(self, period: str, unit: str, seq: int) -> Act | None:
        """The act by which a unit's record in a submission is returned; None where it is not."""
        act = self.last.get((period, unit))
        return act if act and seq <= act.target else None


def closings(acts: Iterable[Act]) -> dict[str, Act]:
    """Period → the act by which it is closed; the last word on each counts."""
    last = {act.period: act for act in acts if act.kind in {ActKind.CLOSE, ActKind.REOPEN}}
    return {period: act for period, act in last.items() if act.kind is ActKind.CLOSE}


def extensions(acts: Iterable[Act]) -> dict[tuple[str, str], date]:
    """(period, prefecture) → day to which its report was extended, or put back; the last word on each counts."""
    return {(act.period, act.prefecture_code): act.day for act in acts if act.kind is ActKind.EXTEND and act.day}


def received_days(acts: Iterable[Act]) -> dict[int, date]:
    """Number of a submission → the day it was received, where staff have said so; their last word counts."""
    return {act.target: act.day for act in acts if act.kind is ActKind.RECEIVED and act.day}
