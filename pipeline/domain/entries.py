"""What the dataset gives: values of the ledger, of acts of staff, of what stands and of what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.domain.place import Placing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.domain.acts import Act
    from pipeline.domain.state import State
    from pipeline.domain.value import Value


NO_REASON = "未说明理由"  # of a change that nobody gave a reason for


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One entry of the ledger; ``prefecture_code`` and ``period`` are empty when the file could not be placed.

    Attributes:
        received_on: Day it was received: as noted, or as staff have said since.
        taken_on: Day it was taken in.
        noted: Day of receipt noted then, where staff have said another since.
        placed: By what it has its owner; see :class:`pipeline.domain.place.Placing`.
    """

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
    placed: str = ""
    noted: date | None = None

    @property
    def noted_on(self) -> date:
        """The day of receipt as it was noted when the file was taken in."""
        return self.noted or self.received_on

    @property
    def claim(self) -> tuple[str, str]:
        """Prefecture and period that its own stamps name; both empty where it has none."""
        return ("", "") if self.placed in {Placing.NAME, Placing.STAFF} else (self.prefecture_code, self.period)


def placed_by(act: Act, entry: Submission) -> Submission:
    """A refused submission as staff placed it."""
    return replace(entry, prefecture_code=act.prefecture_code, period=act.period, placed=Placing.STAFF.value)


@dataclass(frozen=True, slots=True)
class DecidedRecord:
    """What a submission came to for one unit: a county, or a prefecture for what it reports of itself."""

    period: str
    county_code: str
    state: State
    seq: int
    received_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A rule that was broken and explained, or that was warned of.

    Attributes:
        seq: Number of the submission.
        row: 1-based row of its sheet.
        reason: With which it was accepted; empty where it was only warned of.
    """

    seq: int
    period: str
    unit: str
    field: str
    row: int
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """What was noted of a row that came: its remark, or what it changed of one that stood.

    Attributes:
        seq: Number of the submission.
        row: 1-based row of its sheet.
        field: The column blamed; empty of a remark.
        code: Of the finding.
        found: The remark, or the change in words.
        said: Why; of a change nobody gave a reason for, what is asked.
    """

    seq: int
    unit: str
    sheet: str
    row: int
    field: str
    code: str
    found: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file with the same content as one already taken in: seen, and nothing more."""

    file: str
    received_on: date
    original: Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Workbooks that went out together.

    Attributes:
        after: Number of the last submission entered before they went out.
        prefilled: Unit → cells of its rows that went out filled; empty of what went out before that was noted.
    """

    period: str
    day: date
    after: int
    prefilled: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that a later submission changed; ``entry`` is the number of a list's, ``why`` in words."""

    period: str
    county_code: str
    entry: str
    field: str
    old: Value
    new: Value
    old_seq: int
    why: str = NO_REASON


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a submission did to what stood: the counties it reported again, and every value that changed."""

    seq: int
    counties: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where the ledger ends.

    Attributes:
        word: Its seal, to be written down.
        doubt: Why the seal kept beside the dataset is not that of the ledger; empty when it is.
    """

    word: str
    doubt: str
