"""What went out against what is known of it, both ways: the manifests, the ledger, and every file of the folders."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.domain.acts import ActKind
from pipeline.ledger.chain import ISSUED, KEY, PROGRAM
from pipeline.office.issuing import ISSUED as SENT
from pipeline.office.outbox import ALTERED, RETURNED_LATER
from pipeline.products.manifest import MANIFEST, is_signed
from pipeline.system.litter import is_office_litter
from pipeline.workspace.sources import ABOUT, code_hash, hashes, inputs_of, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from pipeline.ledger.chain import Link
    from pipeline.office.proof.ledger import Ledger
    from pipeline.office.proof.replay import Kept
    from pipeline.program.model import Period, Program
    from pipeline.workspace.paths import Workspace

_OTHERS = {"收件", "画像"}  # folders of the outbox that are no period's
_GONE, _STRANGE, _CHANGED = "gone", "strange", "changed"
_CUT = "请用备份恢复"
_AGAIN = "可用 verify --repair 照当时的台账重做"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """What is wrong with what went out.

    Attributes:
        periods: Codes of the periods whose products can be made as they were.
        cut: A manifest knows of more, or other, links than the chain has.
    """

    faults: tuple[str, ...]
    periods: tuple[str, ...]
    cut: bool


class _OutboxFault(NamedTuple):
    """One of them; ``again``: the products can be made as they were; ``cut``: the chain of the ledger was cut or replaced."""

    text: str
    again: bool = False
    cut: bool = False


def outbox_faults(workspace: Workspace, program: Program, ledger: Ledger, key: bytes) -> Outbox:
    """Folders of all periods, and folders of none."""
    faults: list[_OutboxFault] = []
    wrong: list[str] = []
    answered = _answered(ledger)
    for period in program.periods:
        own = [*_period(workspace, period, ledger, key, answered)]
        wrong += [period.code] if any(fault.again for fault in own) else []
        faults += [*own, *_sent(workspace.outbox(period.code) / SENT, period, ledger)]
        faults += _late(workspace.outbox(period.code) / RETURNED_LATER, key)
    faults += _strangers(workspace.root / "outbox", {*_OTHERS, *(period.code for period in program.periods)})
    texts = tuple(fault.text for fault in faults)
    return Outbox(faults=texts, periods=tuple(wrong), cut=any(fault.cut for fault in faults))


def _answered(ledger: Ledger) -> Mapping[str, str]:
    """Manifests that another key had signed, and that the present one answers for: period → sha256."""
    link = ledger.links.get(ledger.key_no)
    answered: Mapping[str, str] = link.told["manifests"] if link and link.kind == KEY else {}
    return answered


def made_on(ledger: Ledger, period: str) -> Link | None:
    """The last time that a period's products were made, as the ledger has it."""
    made = [link for link in ledger.proven(ActKind.TELL.value) if link.told["period"] == period]
    return made[-1] if made else None


def _strangers(folder: Path, known: Collection[str]) -> Iterator[_OutboxFault]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name not in known and not path.name.startswith(".") and not is_office_litter(path.name):
            yield _OutboxFault(f"{path}：不是本程序的产品，不知是谁放的；请查明后移走")


def _period(
    workspace: Workspace, period: Period, ledger: Ledger, key: bytes, answered: Mapping[str, str]
) -> Iterator[_OutboxFault]:
    outbox, made = workspace.outbox(period.code), made_on(ledger, period.code)
    path = outbox / MANIFEST
    if not path.is_file():
        yield from _without_manifest(outbox, made)
        return
    content = _read(path)
    if content is None:
        yield _OutboxFault(f"{path}：底账读不出，被改过。{_AGAIN}", again=True)
        return
    if not is_signed(content, key) and _hash(path) != answered.get(period.code):
        yield _OutboxFault(f"{path}：底账的签名不符：被改过，或由旧版本制作。{_AGAIN}", again=True)
    else:
        yield from _sealed(path, content, ledger)
    yield from _both_ways(outbox, content["outputs"], skip=(SENT, ALTERED, RETURNED_LATER, MANIFEST))


def _read(path: Path) -> dict[str, Any] | None:
    """A manifest; None for what is none."""
    try:
        content = json.loads(path.read_bytes())
        outputs = content["outputs"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return content if all(isinstance(part, str) for pair in outputs for part in pair) else None


def _without_manifest(outbox: Path, made: Link | None) -> Iterator[_OutboxFault]:
    there = [*_files(outbox, skip=(SENT, ALTERED, RETURNED_LATER))]
    if made or there:
        what = "产品不见了" if not there else "底账 manifest.json 不见了，产品无法核对"
        since = f"；台账第{made.no}条（{made.told['done_on']}）写着制作过" if made else ""
        yield _OutboxFault(f"{outbox}：{what}{since}。{_AGAIN}；产品由别的电脑制作的，请在那台电脑上核验", again=True)


def _sealed(path: Path, content: Mapping[str, Any], ledger: Ledger) -> Iterator[_OutboxFault]:
    """The ledger has to go as far as the manifest knew it, and be the same there."""
    end = content.get("ledger") or {"no": 0}
    link = ledger.links.get(end["no"])
    if end["no"] and link is None:
        last = max(ledger.links, default=0)
        yield _OutboxFault(
            f"{path}：制作时台账有第{end['no']}条（封签 {end['word']}），现在只到第{last}条：台账末尾被截去。"
            f"{_CUT}；已从备份恢复、或没有备份的，收件箱里的原件补收以后，请重新运行这一期",
            cut=True,
        )
    elif link and link.hash != end["hash"]:
        yield _OutboxFault(
            f"{path}：制作时台账第{end['no']}条的封签是 {end['word']}，现在是 {link.word}：台账被换过。{_CUT}", cut=True
        )


def _both_ways(folder: Path, outputs: Mapping[str, str], skip: Iterable[str]) -> Iterator[_OutboxFault]:
    there = {name: _hash(path) for name, path in _files(folder, skip).items()}
    for name, wrong in _compared(there, outputs):
        if wrong == _STRANGE:
            yield _OutboxFault(f"{folder / name}：底账里没有，是制作以后放进来的；请查明后移走")
        else:
            said = "底账里有，文件不见了" if wrong == _GONE else "与制作时不同，可能被改过"
            yield _OutboxFault(f"{folder / name}：{said}。{_AGAIN}", again=True)


def _compared(there: Mapping[str, str], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and fault of every file that is not as it is known, name → sha256 of both."""
    for name in sorted({*known, *there}):
        if name not in there:
            yield name, _GONE
        elif name not in known:
            yield name, _STRANGE
        elif there[name] != known[name]:
            yield name, _CHANGED


def _files(folder: Path, skip: Iterable[str]) -> dict[str, Path]:
    """What lies in a folder, but for what is looked at elsewhere and what office programs leave."""
    names = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    return {
        name.as_posix(): path
        for name, path in names.items()
        if name.parts[0] not in skip and not is_office_litter(name.name)
    }


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _late(folder: Path, key: bytes) -> Iterator[_OutboxFault]:
    """What went back after a period was closed: a folder with a manifest of its own."""
    if not folder.is_dir():
        return
    content = _read(folder / MANIFEST)
    if content is None or not is_signed(content, key):
        yield _OutboxFault(f"{folder}：底账不见了，或签名不符；请重新运行，会重新制作")
        return
    yield from _both_ways(folder, content["outputs"], skip=(MANIFEST,))


def _sent(folder: Path, period: Period, ledger: Ledger) -> Iterator[_OutboxFault]:
    """What went out to be filled in: as the ledger says it did, one time or another."""
    issued = [link for link in ledger.proven(ISSUED) if link.told["period"] == period.code]
    there = {name: _hash(path) for name, path in _files(folder, skip=()).items()} if folder.is_dir() else {}
    if not issued or not folder.is_dir():
        return  # before there was a chain, or taken away when it was done with
    if any(there == link.told["files"] for link in issued):
        return
    last: Mapping[str, str] = issued[-1].told["files"]
    again = f"请重新 issue（台账第{issued[-1].no}条，{issued[-1].day}下发）"
    said = {
        _GONE: f"下发过，文件不见了；{again}",
        _STRANGE: "不是本程序下发的；请查明后移走",
        _CHANGED: f"与下发时不同，可能被改过；{again}",
    }
    yield from (_OutboxFault(f"{folder / name}：{said[wrong]}") for name, wrong in _compared(there, last))


def source_faults(workspace: Workspace, ledger: Ledger, kept: Kept) -> tuple[list[str], list[str]]:
    """Program, rules and templates that are not those last worked with; and when they changed before, to be said."""
    ages = [(link, content) for link in ledger.proven(PROGRAM) if (content := kept.content(link.told["sha256"]))]
    notes = []
    for (_, before), (link, after) in pairwise(ages):
        changed = _changed(inputs_of(before), inputs_of(after))
        if changed:
            notes.append(f"自台账第{link.no}条（{link.day}）起改用：{'、'.join(changed)}")
    if not ages:
        return [], notes
    link, content = ages[-1]
    faults = [
        f"{workspace.root / name}：与台账第{link.no}条（{link.day}）最近一次运行时不同。有意修改的，运行 run-pipeline 即记入台账；否则请改回"
        for name in _changed(inputs_of(content), hashes(workspace.inputs()))
    ]
    if json.loads(unpack(content)[ABOUT])["code"] != code_hash():
        notes.append(f"程序本身与台账第{link.no}条（{link.day}）运行时不同：升级过的，运行 run-pipeline 即记入台账")
    return faults, notes


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
