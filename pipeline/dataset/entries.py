"""What the dataset gives: values of the ledger, of acts of staff, of what stands and of what changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pipeline.workbook.cells import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One entry of the ledger; ``prefecture_code`` and ``period`` are empty when the file could not be placed."""

    seq: int
    sha256: str
    file: str
    received_on: date
    taken_on: date
    prefecture_code: str
    period: str
    issue_no: str
    admission: int
    verdict: str
    reason: str
    sheets: dict[str, str]
    columns: dict[str, dict[str, str]]


class ActKind(StrEnum):
    """What staff enter in the ledger: by hand, or by making a period's products."""

    ADMIT = "ADMIT"
    CLOSE = "CLOSE"
    TELL = "TELL"  # the products of a period were made, and told what had been received by then
    WITHDRAW = "WITHDRAW"  # a submission stands no more
    REINSTATE = "REINSTATE"  # a submission withdrawn stands again


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something a staff member decided, and why; undone only by another.

    Attributes:
        seq: Number in the ledger of acts; 0 before it is entered.
        sha256: Of the file admitted; empty for a period closed.
        prefecture_code: Whose the file is; empty for a period closed.
        claimed_prefecture: Whose its stamps say it is; empty without stamps.
        claimed_period: For when they say it is.
        target: Number of the submission withdrawn or reinstated.
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
    seq: int = 0


def withdrawn(acts: Iterable[Act]) -> frozenset[int]:
    """Numbers of the submissions that stand no more: the last word on each counts."""
    last = {act.target: act.kind for act in acts if act.kind in {ActKind.WITHDRAW, ActKind.REINSTATE}}
    return frozenset(seq for seq, kind in last.items() if kind is ActKind.WITHDRAW)


def closed_on(acts: Iterable[Act]) -> dict[str, date]:
    """Period → the day it was closed."""
    return {act.period: act.done_on for act in acts if act.kind is ActKind.CLOSE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file with the same content as one already taken in: seen, and nothing more."""

    file: str
    received_on: date
    original: Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """An accepted row of a form table, values as the officer meant them (不适用 included).

    Attributes:
        county_code: Of the unit: a county, or the prefecture for its own row and the entries of its lists.
        entry: Number of an entry; empty for the row of a unit.
    """

    seq: int
    form: str
    period: str
    county_code: str
    entry: str
    sheet_row: int
    nil: bool
    received_on: date
    typed: dict[str, str]
    values: dict[str, Value]

    @property
    def prefecture_code(self) -> str:
        """Of an entry, whose list it is in."""
        return self.county_code

    @property
    def number(self) -> str:
        """Of an entry, its stable number."""
        return self.entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that a later submission changed; ``entry`` is the number of a list's."""

    period: str
    county_code: str
    entry: str
    field: str
    old: Value
    new: Value
    old_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a submission did to what stood: the counties it reported again, and every value that changed."""

    seq: int
    counties: tuple[str, ...]
    changes: tuple[Change, ...]
