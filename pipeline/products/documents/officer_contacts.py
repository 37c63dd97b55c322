"""填报联系人: whom to call in each prefecture, for an office whose settings ask for it; a sheet of 逾期县清单.xlsx and nowhere else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.state import Verdict
from pipeline.domain.value import show
from pipeline.program.layout import COVER_INPUTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.domain.entries import Submission
    from pipeline.domain.value import Raw
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.obligation import Obligation
    from pipeline.program.model import Prefecture, Program

CONTACTS_SHEET = "填报联系人"
CONTACTS = (
    ("序号", 6),
    ("州（市）", 14),
    ("本期逾期县数", 12),
    ("填报人", 22),
    ("联系电话", 22),
    ("报表收到日期", 14),
    ("取自哪份报表", 56),
)
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


def contact_rows(contacts: Sequence[OfficerContact], late: Sequence[Obligation]) -> list[tuple[str | int | date, ...]]:
    """A row per prefecture, as :data:`CONTACTS` has it."""
    owing = Counter(o.prefecture.code for o in late)
    return [
        (no, contact.prefecture.short_name, owing[contact.prefecture.code], *_who(contact), _source(contact))
        for no, contact in enumerate(contacts, 1)
    ]


def _who(contact: OfficerContact) -> tuple[str, str, str | date]:
    if contact.source is None:
        return NEVER, "—", "—"
    return contact.name or BLANK, contact.phone or BLANK, contact.source.received_on


def _source(contact: OfficerContact) -> str:
    return f"报送序号 {contact.source.seq}　{contact.source.file}" if contact.source else "—"
