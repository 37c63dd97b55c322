"""Whether the dataset still answers for itself: chain, entries, bytes received, and products, compared both ways."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.acts import KEEPING
from pipeline.ledger.chain import SUBMISSION, parse_word
from pipeline.ledger.database import fault_of_file
from pipeline.ledger.linking import group_of, is_content, same_return
from pipeline.office.proof.beside import beside_faults
from pipeline.office.proof.differences import about, differences
from pipeline.office.proof.ledger import read_ledger
from pipeline.office.proof.outbox import outbox_faults, source_faults
from pipeline.office.proof.replay import Kept, act_row, replay
from pipeline.system.errors import DatasetError, PipelineError
from pipeline.system.progress import quiet
from pipeline.workspace.campaign import load_campaign, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.ledger.chain import Link
    from pipeline.ledger.linking import Group
    from pipeline.ledger.store import Store
    from pipeline.office.proof.ledger import Ledger, Rows
    from pipeline.office.proof.outbox import Outbox
    from pipeline.office.proof.replay import Replayed
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace

_CAN = "；verify --repair 可以改回"
_CANNOT = "；原件不足以证明原来是什么，请用备份恢复"
# another time, or elsewhere, it may be
UNREAD = frozenset({"FILE_READER_HUNG", "FILE_READER_FULL", "FILE_READER_DIED", "FILE_NOT_STORED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What verifying gave.

    Attributes:
        faults: What is missing, extra or changed, since when, and what to do; a line each.
        notes: What is as it should be, and still worth saying.
        word: The seal of the chain.
        ledger: As it was found.
        proven: Groups that are not as they were entered → rows that the chain proves.
        extra: Groups that nobody entered with the key.
        lost: Sha256 of files whose kept bytes are gone or changed.
        outbox: What is wrong with what went out.
    """

    faults: tuple[str, ...]
    notes: tuple[str, ...]
    word: str
    ledger: Ledger
    proven: dict[Group, Rows]
    extra: tuple[Group, ...]
    lost: tuple[str, ...]
    outbox: Outbox


def verify(workspace: Workspace, progress: Progress = quiet, *, head: str = "") -> Proof:
    """Compare everything with everything; nothing is written.

    Args:
        workspace: Where.
        progress: Hears how far it is.
        head: A seal that somebody wrote down.

    Raises:
        PipelineError: ``head`` is no seal, or the dataset cannot be read.
    """
    wanted = parse_word(head) if head else None
    if head and wanted is None:
        raise PipelineError(f"“{head}”不是台账封签，应写成 47-ABCD-EFGH-IJKL 的样子")
    campaign = load_campaign(workspace)
    with closing(open_store(workspace, campaign.program, create=False)) as store, Kept(store, workspace) as kept:
        ledger = read_ledger(store)
        again = replay(campaign, ledger, kept, progress)
        lost, faults = _bytes(store, ledger)
        entries = _Entries(campaign, ledger, again)
        sources, notes = source_faults(workspace, ledger, kept)
        outbox = outbox_faults(workspace, campaign.program, ledger, campaign.key)
        beside, waiting = beside_faults(store, ledger, kept)
        ends = [*_written_down(ledger, wanted), *_end(store, ledger)]
        end = store.end()
    faults = [*ledger.faults, *ends, *faults, *again.faults, *entries.faults, *sources, *outbox.faults, *beside]
    return Proof(
        faults=tuple(faults),
        notes=(*notes, *entries.notes, *waiting),
        word=end.word,
        ledger=ledger,
        outbox=outbox,
        proven=entries.proven,
        extra=tuple(entries.extra),
        lost=tuple(lost),
    )


def _written_down(ledger: Ledger, wanted: tuple[int, str] | None) -> Iterator[str]:
    """The seal somebody kept elsewhere."""
    if wanted is None:
        return
    no, word = wanted
    link = ledger.links.get(no)
    if link is None:
        yield f"抄下的封签是第{no}条的，台账只到第{max(ledger.links, default=0)}条：末尾被截去，或换过数据库；请用备份恢复"
    elif link.word != word:
        yield f"抄下的封签是 {word}，台账第{no}条的是 {link.word}：台账被改过；请用备份恢复"


def _end(store: Store, ledger: Ledger) -> Iterator[str]:
    """The file of the database, and the seal beside the dataset."""
    yield from fault_of_file(store.database)
    if ledger.links or ledger.groups:
        doubt = store.doubt()
        if doubt:
            yield f"{doubt}；只是封签坏了的，verify --repair 可以重做，台账被截去的请用备份恢复"


def _bytes(store: Store, ledger: Ledger) -> tuple[list[str], list[str]]:
    """Files whose kept bytes are not as they were received, and the lines on them."""
    lost, faults = [], []
    first = {
        link.told["sha256"]: link for link in reversed([*ledger.proven(SUBMISSION, *(kind.value for kind in KEEPING))])
    }
    for sha256, link in sorted(first.items(), key=lambda found: found[1].no):
        try:
            store.content(sha256)
        except DatasetError as fault:
            lost.append(sha256)
            faults.append(f"原件 {about(link)}：{fault}；收件箱里还有的，verify --repair 可以补回")
    return lost, faults


class _Entries:
    """Every entry against its link and against what taking in again gives.

    Attributes:
        faults: What is missing, extra or changed.
        notes: What another program would decide otherwise today.
        proven: Groups that are not as they were entered → rows that the chain proves.
        extra: Groups that nobody entered with the key.
    """

    def __init__(self, campaign: Campaign, ledger: Ledger, again: Replayed) -> None:
        self.program, self.ledger, self.again = campaign.program, ledger, again
        self.faults: list[str] = []
        self.notes: list[str] = []
        self.proven: dict[Group, Rows] = {}
        self.extra: list[Group] = []
        self.otherwise = 0
        for link in ledger.proven():
            if group_of(link)[0]:
                self._entry(link)
        if self.otherwise:
            self.notes.append(f"有{self.otherwise}份报送是旧版程序核对的，用现在的程序核对结果不同；台账与当时写的一致")
        self._extra()

    def _entry(self, link: Link) -> None:
        there, right = self.ledger.stored(link), self._right(link)
        since = f"台账第{link.no}条（{link.day}）"
        if self.ledger.agrees(link):
            self._decided_otherwise(link, there, right)
            return
        if not there and (later := self._taken_again(link)):
            self.notes.append(f"{about(link)}：{since}写着，数据被删过；已于第{later.no}条（{later.day}）重新收取")
            return
        sound = bool(right) and is_content(link, right)
        advice = _CAN if sound else _CANNOT
        if sound:
            self.proven[group_of(link)] = right
        if not there:
            self.faults.append(f"{about(link)}：{since}写着，数据里已没有{advice}")
        elif not right:
            self.faults.append(f"{about(link)}：与{since}所写的不符，被改过{advice}")
        else:
            lines = differences(self.program, there, right) or ["内容与链上的哈希不符"]
            self.faults += [f"{about(link)} › {line}；{since}所写，被改过{advice}" for line in lines]

    def _right(self, link: Link) -> Rows:
        """The rows of an entry, from what proves them: the file, or the link itself."""
        kind = group_of(link)[0]
        if kind == "submissions":
            return self.again.rows.get(link.no, {})
        return {"acts": [act_row(link)]} if kind == "acts" else {"files": link.told["files"]}

    def _decided_otherwise(self, link: Link, there: Rows, again: Rows) -> None:
        """What the chain proves, and taking in again gives otherwise."""
        if not again or is_content(link, again) or UNREAD & {str(row.get("code")) for row in there.get("findings", [])}:
            return
        if link.no in self.again.differing:
            self.otherwise += 1
            return
        self.faults += [
            f"{about(link)} › {line}：按当时的规则重新核对，结果不同；台账第{link.no}条（{link.day}）的签名没有问题，请把本行发给维护人员"
            for line in differences(self.program, there, again)
        ]

    def _taken_again(self, link: Link) -> Link | None:
        """The same file's return, entered once more."""
        later = (other for other in self.ledger.proven(SUBMISSION) if other.no > link.no and self.ledger.agrees(other))
        return next((other for other in later if same_return(link, other)), None)

    def _extra(self) -> None:
        """What the tables have and no link that can be believed."""
        known = {group_of(link) for link in self.ledger.proven()}
        for group, rows in sorted(self.ledger.groups.items(), key=str):
            if group in known:
                continue
            self.extra.append(group)
            row = next(iter(rows.values()))[0]
            what = {
                "submissions": f"报送序号 {group[1]}",
                "acts": f"操作第{group[1]}条",
                "files": f"收文登记第{group[1]}条",
            }[group[0]]
            facts = "，".join(
                str(row[name])
                for name in ("kind", "file", "period", "who", "reason", "received_on", "done_on", "state")
                if row.get(name) not in {None, ""}
            )
            advice = "verify --repair 会把它移出" if self.ledger.whole else "台账的链不完整，请用备份恢复"
            self.faults.append(f"{what}（{facts}）：数据里有，台账的链上没有，不是本程序写的；{advice}")
