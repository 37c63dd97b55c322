"""填报联系人: whom to call in each prefecture, for an office whose settings ask for it; a sheet of 逾期县清单.xlsx and nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import Verdict
from pipeline.domain.value import show
from pipeline.program.layout import COVER_INPUTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.domain.entries import Submission
    from pipeline.domain.obligation import Obligation
    from pipeline.domain.value import Raw
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Prefecture, Program

CONTACTS_SHEET = "填报联系人"
OverdueColumns = Sequence[tuple[str, int, Callable[[Any], str | int | date]]]
"""Head, width and cell of each column of a sheet of 逾期县清单.xlsx."""
CONTACTS_NOTE = (
    "含个人信息，仅供办公室催报时联系使用，请勿转发。取自各州（市）最近一份写明填报人或电话的报表的“填报说明”。"
)
NAME, PHONE = COVER_INPUTS[:2]
_LONGEST = 40  # of what is copied from a cover; longer is no name and no number
NEVER, BLANK = "没有可用的报表", "未填"
_NOBODYS = frozenset({Verdict.HELD, Verdict.WITHDRAWN})  # not known to be theirs, or said not to count


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerContact:
    """Who filled in a prefecture's return.

    Attributes:
        source: The return it was read from; None for a prefecture that never sent one.
    """

    prefecture: Prefecture
    name: str = ""
    phone: str = ""
    source: Submission | None = None

    @property
    def says_whom(self) -> bool:
        """Whether there is somebody to call."""
        return bool(self.name or self.phone)


def newest_first(program: Program, snapshot: Snapshot) -> dict[str, list[Submission]]:
    """Prefecture → the returns that came in from it, the last received first; none of those that never sent one."""
    taken = sorted(
        (s for s in snapshot.submissions if s.prefecture_code and s.verdict not in _NOBODYS),
        key=lambda s: (s.received_on, s.seq),
        reverse=True,
    )
    sent = {p.code: [s for s in taken if s.prefecture_code == p.code] for p in program.prefectures}
    return {code: entries for code, entries in sent.items() if entries}


def contact_of(prefecture: Prefecture, source: Submission, cover: Mapping[str, Raw]) -> OfficerContact:
    """What stands on the cover of a return, on one line and no longer than a name or number is."""
    name, phone = (" ".join(show(cover.get(label)).split())[:_LONGEST] for label in (NAME, PHONE))
    return OfficerContact(prefecture=prefecture, name=name, phone=phone, source=source)


def contact_columns(late: Sequence[Obligation]) -> OverdueColumns:
    """What is told of each prefecture's contact, with how many of its counties are ``late``."""
    owing = Counter(o.prefecture.code for o in late)
    return (
        ("州（市）", 14, lambda contact: contact.prefecture.short_name),
        ("本期逾期县数", 12, lambda contact: owing[contact.prefecture.code]),
        ("填报人", 22, lambda contact: (contact.name or BLANK) if contact.source else NEVER),
        ("联系电话", 22, lambda contact: (contact.phone or BLANK) if contact.source else "—"),
        ("报表收到日期", 14, lambda contact: contact.source.received_on if contact.source else "—"),
        (
            "取自哪份报表",
            56,
            lambda contact: f"报送序号 {contact.source.seq}　{contact.source.file}" if contact.source else "—",
        ),
    )
