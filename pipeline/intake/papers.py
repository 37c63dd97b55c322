"""What came beside the returns: scans of signed receipts, which file themselves, and attachments of those whose return is good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.domain.acts import Act, ActKind
from pipeline.domain.place import PLACING_NAMES, Placing
from pipeline.domain.signing import Scan, shown_code
from pipeline.domain.state import Verdict
from pipeline.domain.unread import PAPERS, UnreadKind, unread_by
from pipeline.engine import engines as engine
from pipeline.intake.first_round import loaded
from pipeline.intake.inbox import Filed
from pipeline.ledger.receipt import codes_sent
from pipeline.program.days import folder_day
from pipeline.program.mentions import owner_named, period_meant
from pipeline.system.errors import ChangedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.domain.arrival import Arrival
    from pipeline.domain.entries import Submission
    from pipeline.domain.signing import Slip
    from pipeline.domain.unread import Unread
    from pipeline.intake.inbox import Inbox
    from pipeline.ledger.store import Store
    from pipeline.program.model import Program

_NOT_READ = Scan(fault="读的时候出了错，没有看里面有没有确认单")
_SAME_FOLDER, _SUBJECT = "与报表在同一文件夹", "邮件主题推定"
Sender = tuple[str, str]
"""Codes of a period and of a respondent."""


@dataclass(frozen=True, kw_only=True)
class _Senders:
    """Who sent a return that was accepted whole or in part, and in which folders that lay."""

    program: Program
    good: frozenset[Sender]
    folders: dict[str, set[Sender]]

    @classmethod
    def of(cls, program: Program, entries: Iterable[Submission]) -> _Senders:
        """By the ledger."""
        good, folders = set[Sender](), dict[str, set[Sender]]()
        for s in entries:
            if s.verdict in {Verdict.ACCEPTED, Verdict.PARTIAL}:
                good.add((s.period, s.prefecture_code))
                for folder in _own_folders(s.file, s.received_on):
                    folders.setdefault(folder, set()).add((s.period, s.prefecture_code))
        return cls(program=program, good=frozenset(good), folders=folders)

    def sender(self, name: str, received_on: date) -> tuple[Sender, str] | None:
        """Whose good return a document goes with, and by what that is known; None where several may be meant, or nobody."""
        owner, meant = owner_named(self.program, name), period_meant(self.program, name, received_on)
        for folder in _own_folders(name, received_on):
            if there := {one for one in self.folders.get(folder, ()) if owner in {"", one[1]}}:
                if len({code for _, code in there}) > 1:
                    break
                return max(there, key=lambda one: (one[0] == meant, one[0])), _SAME_FOLDER
        return ((meant, owner), PLACING_NAMES[Placing.NAME]) if (meant, owner) in self.good else None


def _own_folders(name: str, day: date) -> Iterator[str]:
    """The folders a file lies in, the nearest first, up to the inbox or one that is named by a day: there everybody's lie."""
    folder = name.rpartition("/")[0]
    while folder and folder_day(f"{folder.rpartition('/')[2]}/", day) is None:
        yield folder
        folder = folder.rpartition("/")[0]


@dataclass(kw_only=True)
class _Filing:
    """What is known when papers are filed, and what has been filed so far."""

    senders: _Senders
    sent: dict[str, dict[str, list[str]]]
    before: dict[tuple[str, str], Unread]
    scans: dict[str, Scan | None]
    subjects: Mapping[str, str]
    signed: set[str]
    attached: set[tuple[str, str]]

    def is_done(self, paper: Arrival) -> bool:
        """Whether all of it was filed before."""
        was = self.before.get((paper.name, paper.sha256))
        is_signed = paper.sha256 in self.signed and (was is None or was.kind is not UnreadKind.SCAN)
        return is_signed or (paper.sha256, paper.name) in self.attached

    def papers_of(self, one: Unread, paper: Arrival) -> tuple[list[Act], Unread | None]:
        """Acts that file a paper, without who and when; and what is left of it to tell."""
        was, scan = self.before.get((paper.name, paper.sha256)), self.scans.get(paper.name)
        if was and was.kind is UnreadKind.SCAN:
            return [], was
        slips = scan.slips if scan else ()
        ours = [slip for slip in slips if self._is_ours(slip)]
        acts = [_act(ActKind.SIGN, paper, (slip.period, slip.unit), slip.code) for slip in ours]
        if strange := [slip for slip in slips if slip not in ours]:
            return acts, replace(one, kind=UnreadKind.SCAN, reason=self._why(strange[0]))
        if acts:
            return acts, None
        fault = scan.fault if scan else was.reason if was else ""
        if found := self.senders.sender(paper.name, paper.received_on) or self._by_subject(paper):
            return [_act(ActKind.ATTACH, paper, found[0], "；".join(filter(None, (found[1], fault))))], None
        return [], replace(one, reason=fault)

    def _by_subject(self, paper: Arrival) -> tuple[Sender, str] | None:
        """Whose good return a document goes with that lay in a mail, by what that is about."""
        about = self.subjects.get(paper.name, "").replace("/", " ")
        found = self.senders.sender(f"{about}.", paper.received_on) if about else None
        return (found[0], _SUBJECT) if found else None

    def _is_ours(self, slip: Slip) -> bool:
        sent = self.sent.get(slip.period, {}).get(slip.unit, ())
        return slip.program == self.senders.program.code and slip.code in sent

    def _why(self, slip: Slip) -> str:
        """Why a scan is not filed, in words."""
        if slip.program != self.senders.program.code:
            return f"是另一项专项工作（{slip.program}）的"
        return f"写的是{self.whose(slip.unit, slip.period)}，校验码 {shown_code(slip.code)}，这里没有发出过"

    def whose(self, unit: str, period: str) -> str:
        """A respondent and a period in words; as they are written where there are none such."""
        program = self.senders.program
        names, titles = program.prefecture_by_code, program.period_by_code
        return (names[unit].short_name if unit in names else unit) + (
            titles[period].title if period in titles else period
        )


def _act(kind: ActKind, paper: Arrival, whose: Sender, reason: str) -> Act:
    return Act(
        kind=kind,
        period=whose[0],
        prefecture_code=whose[1],
        reason=reason,
        who="",
        done_on=paper.received_on,
        sha256=paper.sha256,
        file=paper.name,
        day=paper.received_on,
    )


def file_papers(
    program: Program, store: Store, inbox: Inbox, unread: Sequence[Unread], as_of: date, who: str
) -> tuple[tuple[Filed, ...], tuple[Unread, ...]]:
    """File what lies in the inbox and goes with something: its bytes are kept, and an act of the ledger says what it is.

    Args:
        program: The campaign.
        store: Where.
        inbox: Gives the files.
        unread: What no return was read from.
        as_of: The day; nothing is filed in hindsight.
        who: Runs it.

    Returns:
        What was filed now; and what is left, with the reason where there is one.
    """
    before = store.acts(date.max)
    filing = _Filing(
        senders=_Senders.of(program, store.submissions(as_of)),
        sent=codes_sent(before),
        before={(one.name, one.sha256): one for one in unread_by(before) if one.sha256},
        scans={},
        subjects=inbox.subjects,
        signed={act.sha256 for act in before if act.kind is ActKind.SIGN},
        attached={(act.sha256, act.file) for act in before if act.kind is ActKind.ATTACH},
    )
    lying = {one.name: paper for one in unread if one.kind in PAPERS and (paper := inbox.lying.get(one.name))}
    left = [one for one in unread if one.name not in lying or not filing.is_done(lying[one.name])]
    if store.looks_back(as_of):
        return (), tuple(left)
    new = [
        lying[one.name] for one in left if one.sha256 and (one.name, one.sha256) not in filing.before and not one.reason
    ]
    filing.scans |= zip((paper.name for paper in new), _scanned(new), strict=True)
    entered: list[Filed] = []
    rest: list[Unread] = []
    for one in left:
        paper = lying.get(one.name)
        went = paper is not None and filing.scans.get(paper.name, _NOT_READ) is None
        if paper is None or one.reason or went:
            rest.append(one)
        elif not filing.is_done(paper):  # the same bytes may lie there twice
            found, still = filing.papers_of(one, paper)
            acts = _entered(store, paper, [replace(act, done_on=as_of, who=who) for act in found])
            entered += [Filed(act=act, whose=filing.whose(act.prefecture_code, act.period)) for act in acts]
            filing.signed |= {act.sha256 for act in found if act.kind is ActKind.SIGN}
            rest += [still] if still else []
    return tuple(entered), tuple(rest)


def _scanned(papers: Sequence[Arrival]) -> Iterator[Scan | None]:
    """What each says, read where it can do no harm; None of one that went."""
    if papers:
        from pipeline.reading.scans import read_scan  # noqa: PLC0415 - its libraries, only for pictures

        yield from engine.Pool().each(read_scan, papers, lost=lambda *_: _NOT_READ)


def _entered(store: Store, paper: Arrival, acts: Iterable[Act]) -> Iterator[Act]:
    """Acts in the ledger, once the bytes are kept; none of a file that went or changed: it is looked at again next time."""
    try:
        for act in acts:
            loaded(paper, store.blobs)
            yield replace(act, seq=store.enter(act))
    except ChangedError:
        return
