"""Look at each file as it lands in the inbox and write what would become of it into ``outbox/收件/``; nothing is taken in."""

from __future__ import annotations

import hashlib
import signal
import threading
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING

from watchfiles import watch

from pipeline.domain.unread import PAPERS, unread_by
from pipeline.intake.inbox import read_inbox, span
from pipeline.intake.unpacking import room_for_parts, unpack_inbox
from pipeline.office.trial import dry_run
from pipeline.system.errors import WorkspaceError
from pipeline.workspace.campaign import load_campaign, open_store
from pipeline.workspace.paths import write_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date
    from types import FrameType

    from pipeline.domain.arrival import Arrival
    from pipeline.domain.unread import Unread
    from pipeline.intake.inbox import Inbox
    from pipeline.workspace.paths import Workspace

_NAME_LIMIT = 150  # bytes; file systems take 255
_FORBIDDEN = frozenset('/\\:*?"<>|%')
_PAUSE_MS = 60_000  # files still being written are looked at again even if the system says nothing more


def wait_for_files(workspace: Workspace) -> Iterator[None]:
    """Now, and each time something in the inbox has changed; ends with Ctrl+C.

    Raises:
        WorkspaceError: There is no inbox.
    """
    if not workspace.inbox.is_dir():
        raise WorkspaceError(f"没有收件箱 {workspace.inbox}，请先建立这个文件夹")
    with _ctrl_c() as pressed:
        yield
        for _ in watch(
            workspace.inbox, rust_timeout=_PAUSE_MS, yield_on_timeout=True, raise_interrupt=False, stop_event=pressed
        ):
            yield


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Remember that Ctrl+C was pressed: a library that swallows the interrupt must not make us wait for ever."""
    pressed, before = threading.Event(), signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def hear(number: int, frame: FrameType | None) -> None:
        pressed.set()
        before(number, frame)

    signal.signal(signal.SIGINT, hear)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def look_once(workspace: Workspace, as_of: date) -> list[tuple[str, str]]:
    """Check every file of the inbox that is neither taken in nor has a verdict yet.

    Returns:
        Name of each file checked and its conclusion in one line.

    Raises:
        WorkspaceError: The verdicts cannot be written.
    """
    program = load_campaign(workspace).program
    store = open_store(workspace, program, create=False)
    try:
        known, noted = store.finished_files(), set(unread_by(store.acts(as_of)))
    finally:
        store.close()
    with room_for_parts() as room:
        inbox = unpack_inbox(read_inbox(workspace, as_of, span(program)), room, as_of, span(program))
        return _looked(workspace, as_of, inbox, known, noted)


def _looked(
    workspace: Workspace, as_of: date, inbox: Inbox, known: Collection[str], noted: Collection[Unread]
) -> list[tuple[str, str]]:
    found = [*_unread(workspace, (unread for unread in inbox.unread if unread not in noted))]
    new = [a for a in inbox.arrivals if a.sha256 not in known]
    waiting = [a for a in new if not (workspace.verdicts / verdict_name(a)).exists()]
    if not waiting:
        return found
    for arrival, trial in zip(waiting, dry_run(workspace, waiting, as_of), strict=True):
        found.append((trial.verdict.file, trial.verdict.conclusion))
        _write(workspace, verdict_name(arrival), trial.verdict.lines)
    return found


def _unread(workspace: Workspace, unread: Iterable[Unread]) -> Iterator[tuple[str, str]]:
    """What no return is read from and may hold one: said and written once, like a verdict."""
    for found in unread:
        mark = hashlib.sha256(f"{found.name}|{found.kind}|{found.reason}".encode()).hexdigest()
        later = "确认单的扫描件、随报表的附件，由下一次汇总归档。" if found.kind in PAPERS else ""
        name, verdict = _file_name(found.name, mark), f"结论：没有读（{found.what}）。{found.fix}。{later}"
        if found.may_hold_a_return and not (workspace.verdicts / name).exists():
            _write(workspace, name, [found.name, verdict])
            yield found.name, verdict


def _write(workspace: Workspace, name: str, lines: Iterable[str]) -> None:
    text = "\r\n".join(lines) + "\r\n"
    write_file(workspace.verdicts / name, text.encode("utf-8-sig"))  # older editors need the mark


def verdict_name(arrival: Arrival) -> str:
    """The file's name made harmless as a name of ours, and what makes it this content's."""
    return _file_name(arrival.name, arrival.sha256)


def _file_name(name: str, mark: str) -> str:
    plain = "".join(
        "_" if ch in _FORBIDDEN or unicodedata.category(ch).startswith("C") else ch
        for ch in unicodedata.normalize("NFC", name)
    )
    short = plain.encode()[-_NAME_LIMIT:].decode(errors="ignore").strip(" .")
    return f"{short}_{mark[:8]}.txt"
