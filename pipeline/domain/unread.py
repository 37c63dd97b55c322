"""What lies in the inbox and is not read as a return."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.domain.acts import ActKind
from pipeline.domain.place import Place, Placing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pipeline.domain.acts import Act


class UnreadKind(StrEnum):
    """What lies in the inbox and is not read as a return."""

    FOLDER = "FOLDER"
    FILE = "FILE"
    LINK = "LINK"
    EMPTY = "EMPTY"
    PARTIAL = "PARTIAL"
    SCAN = "SCAN"  # of a receipt that is none of ours
    ARCHIVE = "ARCHIVE"
    MAIL = "MAIL"
    LETTER = "LETTER"  # a mail to which nothing is attached
    INSIDE = "INSIDE"  # of an archive or a mail that was opened, and cannot be taken out
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
    UnreadKind.ARCHIVE: ("压缩包", "请解压（有密码的，向填报单位问密码），把里面的报表放进收件箱，再运行"),
    UnreadKind.MAIL: ("邮件", "请打开邮件，把附件里的报表存进收件箱，再运行"),
    UnreadKind.LETTER: ("没有附件的邮件", "里面没有报表；说了要办的事的，请打开看看"),
    UnreadKind.INSIDE: (
        "压缩包、邮件里的文件",
        "请打开压缩包、邮件取出它（有密码的，向填报单位问密码），放进收件箱，再运行",
    ),
    UnreadKind.PICTURE: ("图片", _TYPED),
    UnreadKind.DOCUMENT: ("文档", _TYPED),
    UnreadKind.SCAN: (
        "确认单扫描件",
        "没有计作签认。请核对是不是发给这里的；是的，请填报单位打印最新的回执，重新签字盖章后发回",
    ),
    UnreadKind.OTHER: ("其他文件", "不是电子表格。里面确有报表的，请联系填报单位用下发的表报来"),
    UnreadKind.LOCK: ("锁定文件", "有人正打开着同名的报表，或上次没有正常关闭，不必处理"),
    UnreadKind.HIDDEN: ("系统文件", "是系统自动生成的，不必处理"),
}  # name, and what to do
CONTAINERS = (UnreadKind.ARCHIVE, UnreadKind.MAIL)  # what is opened, and told only where it cannot be
PAPERS = (
    UnreadKind.PICTURE,
    UnreadKind.DOCUMENT,
    UnreadKind.LETTER,
)  # what may be a signed receipt, or go with a return


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something in the inbox that no return is read from.

    Attributes:
        name: Path in the inbox; of a folder with a slash at the end.
        reason: Why the system refuses it; empty where it does not.
        since: The day of the run that first told of it; None before that.
        places: Whose may be in it, by what could be read of it; empty where only its name can say.
        sha256: Of its bytes, where squares are looked for in it; they are looked for once.
    """

    name: str
    kind: UnreadKind
    reason: str = ""
    since: date | None = field(default=None, compare=False)
    places: tuple[Place, ...] = field(default=(), compare=False)
    sha256: str = field(default="", compare=False)

    @property
    def may_hold_a_return(self) -> bool:
        """Whether somebody's return may be in it; not in what programs leave behind."""
        return self.kind not in {UnreadKind.LOCK, UnreadKind.HIDDEN, UnreadKind.SCAN, UnreadKind.LETTER}

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
            scans = told.get("scans", {})
            there |= {
                name: Unread(
                    name=name,
                    kind=UnreadKind(kind),
                    reason=why,
                    since=act.done_on,
                    places=_places(places),
                    sha256=scans.get(name, ""),
                )
                for name, kind, why, *places in told["new"]
            }
    return tuple(there[name] for name in sorted(there))


def unread_change(before: Iterable[Unread], now: Iterable[Unread]) -> tuple[str, tuple[Unread, ...]]:
    """How what lies unread has changed, as an act keeps it; empty where it has not. And what is new of it."""
    known, there = {one.name: one for one in before}, {one.name: one for one in now}
    new = tuple(one for name, one in there.items() if known.get(name) != one or known[name].sha256 != one.sha256)
    gone = [name for name in known if name not in there]
    scans = {one.name: one.sha256 for one in new if one.sha256}
    told = {
        "new": [[one.name, one.kind.value, one.reason, *map(_plain, one.places)] for one in new],
        "gone": gone,
        **({"scans": scans} if scans else {}),
    }
    return json.dumps(told, ensure_ascii=False) if new or gone else "", new


def _plain(place: Place) -> list[str]:
    return [place.prefecture_code, place.period, place.placed.value]


def _places(told: Iterable[tuple[str, str, str]]) -> tuple[Place, ...]:
    return tuple(Place(prefecture_code=code, period=period, placed=Placing(placed)) for code, period, placed in told)
