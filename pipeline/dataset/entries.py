"""What the dataset gives: values of the ledger, of acts of staff, of what stands and of what changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.workbook.identity import Placing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pipeline.workbook.cells import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One entry of the ledger; ``prefecture_code`` and ``period`` are empty when the file could not be placed.

    Attributes:
        received_on: Day it was received: as noted, or as staff have said since.
        taken_on: Day it was taken in.
        noted: Day of receipt noted then, where staff have said another since.
        placed: By what it has its owner; see :class:`pipeline.workbook.identity.Placing`.
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


class ActKind(StrEnum):
    """What staff enter in the ledger: by hand, or by making a period's products."""

    ADMIT = "ADMIT"
    CLOSE = "CLOSE"
    REOPEN = "REOPEN"  # a period closed is open again
    RECEIVED = "RECEIVED"  # a submission was received on another day than was noted when it was taken in
    UNREAD = "UNREAD"  # by a run: what lay in the inbox that no return is read from, as far as that changed
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
        target: Number of the submission withdrawn, reinstated, given another day of receipt, or refused and given to whom
            staff say it is from.
        day: That day.
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


def placed_by(act: Act, entry: Submission) -> Submission:
    """A refused submission as staff placed it."""
    return replace(entry, prefecture_code=act.prefecture_code, period=act.period, placed=Placing.STAFF.value)


def withdrawn(acts: Iterable[Act]) -> frozenset[int]:
    """Numbers of the submissions that stand no more: the last word on each counts."""
    last = {act.target: act.kind for act in acts if act.kind in {ActKind.WITHDRAW, ActKind.REINSTATE}}
    return frozenset(seq for seq, kind in last.items() if kind is ActKind.WITHDRAW)


def closings(acts: Iterable[Act]) -> dict[str, Act]:
    """Period → the act by which it is closed; the last word on each counts."""
    last = {act.period: act for act in acts if act.kind in {ActKind.CLOSE, ActKind.REOPEN}}
    return {period: act for period, act in last.items() if act.kind is ActKind.CLOSE}


def received_days(acts: Iterable[Act]) -> dict[int, date]:
    """Number of a submission → the day it was received, where staff have said so; their last word counts."""
    return {act.target: act.day for act in acts if act.kind is ActKind.RECEIVED and act.day}


class UnreadKind(StrEnum):
    """What lies in the inbox and is not read as a return."""

    FOLDER = "FOLDER"
    FILE = "FILE"
    LINK = "LINK"
    EMPTY = "EMPTY"
    PARTIAL = "PARTIAL"
    ARCHIVE = "ARCHIVE"
    MAIL = "MAIL"
    PICTURE = "PICTURE"
    DOCUMENT = "DOCUMENT"
    OTHER = "OTHER"
    LOCK = "LOCK"
    HIDDEN = "HIDDEN"


_TYPED = "数要填在下发的电子表格里，请联系填报单位报来；确是附件的，不必处理"
UNREAD_NAMES = {
    UnreadKind.FOLDER: ("打不开的文件夹", "里面的文件一份也没有收。请检查文件夹的权限、网络盘是否还连着，再运行"),
    UnreadKind.FILE: ("打不开的文件", "请检查文件的权限，或重新复制一份，再运行"),
    UnreadKind.LINK: ("指向别处的链接", "请把文件或文件夹本身复制进来，再运行"),
    UnreadKind.EMPTY: ("空文件", "一个字节也没有，多半没有复制完。请重新复制，或请填报单位重发"),
    UnreadKind.PARTIAL: ("没有传完的文件", "请等下载或复制完成；已经中断的，重新下载"),
    UnreadKind.ARCHIVE: ("压缩包", "请解压，把里面的报表放进收件箱，再运行"),
    UnreadKind.MAIL: ("邮件", "请打开邮件，把附件里的报表存进收件箱，再运行"),
    UnreadKind.PICTURE: ("图片", _TYPED),
    UnreadKind.DOCUMENT: ("文档", _TYPED),
    UnreadKind.OTHER: ("其他文件", "不是电子表格。里面确有报表的，请联系填报单位用下发的表报来"),
    UnreadKind.LOCK: ("锁定文件", "有人正打开着同名的报表，或上次没有正常关闭，不必处理"),
    UnreadKind.HIDDEN: ("系统文件", "是系统自动生成的，不必处理"),
}  # name, and what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something in the inbox that no return is read from.

    Attributes:
        name: Path in the inbox; of a folder with a slash at the end.
        reason: Why the system refuses it; empty where it does not.
        since: The day of the run that first told of it; None before that.
    """

    name: str
    kind: UnreadKind
    reason: str = ""
    since: date | None = field(default=None, compare=False)

    @property
    def may_hold_a_return(self) -> bool:
        """Whether somebody's return may be in it; not in what programs leave behind."""
        return self.kind not in {UnreadKind.LOCK, UnreadKind.HIDDEN}

    @property
    def what(self) -> str:
        """What it is, and why it is not read."""
        return UNREAD_NAMES[self.kind][0] + (f"，{self.reason}" if self.reason else "")

    @property
    def fix(self) -> str:
        """What to do about it."""
        return UNREAD_NAMES[self.kind][1]


def unread_by(acts: Iterable[Act]) -> tuple[Unread, ...]:
    """What lay unread in the inbox after some runs, by name."""
    there: dict[str, Unread] = {}
    for act in acts:
        if act.kind is ActKind.UNREAD:
            told = json.loads(act.reason)
            for name in told["gone"]:
                there.pop(name, None)
            there |= {
                name: Unread(name=name, kind=UnreadKind(kind), reason=why, since=act.done_on)
                for name, kind, why in told["new"]
            }
    return tuple(there[name] for name in sorted(there))


def unread_change(before: Iterable[Unread], now: Iterable[Unread]) -> tuple[str, tuple[Unread, ...]]:
    """How what lies unread has changed, as an act keeps it; empty where it has not. And what is new of it."""
    known, there = {one.name: one for one in before}, {one.name: one for one in now}
    new = tuple(one for name, one in there.items() if known.get(name) != one)
    gone = [name for name in known if name not in there]
    told = {"new": [[one.name, one.kind.value, one.reason] for one in new], "gone": gone}
    return json.dumps(told, ensure_ascii=False) if new or gone else "", new


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


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where the ledger ends.

    Attributes:
        word: Its seal, to be written down.
        doubt: Why the seal kept beside the dataset is not that of the ledger; empty when it is.
    """

    word: str
    doubt: str
