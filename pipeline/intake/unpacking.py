"""Archives and mail in the inbox, read as folders: what lies in them lies in the inbox, under their name."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.domain.acts import Act, ActKind
from pipeline.domain.arrival import Arrival
from pipeline.domain.unread import CONTAINERS, PAPERS, Unread, UnreadKind
from pipeline.engine import engines as engine
from pipeline.intake.inbox import kind_of, litter, read_files, readable
from pipeline.program.days import folder_day
from pipeline.reading.containers.members import MAX_PACKED, Meter, TooMuchError, UnopenedError
from pipeline.reading.containers.opening import open_container
from pipeline.reading.formats.package import size_text
from pipeline.reading.guard import MAX_BYTES, content_of
from pipeline.reading.kinds import is_scan
from pipeline.system.disk import why
from pipeline.system.errors import ChangedError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipeline.intake.inbox import Inbox
    from pipeline.ledger.store import Store

DEPTH = 2  # an archive in a mail, a mail in an archive
CHINA = timedelta(hours=8)
_LIMITS = replace(engine.LIMITS, seconds=120, cpu_seconds=120)
_TOO_DEEP = f"套了{DEPTH}层以上，没有再打开"
_NAMES = {UnreadKind.ARCHIVE: "压缩包", UnreadKind.MAIL: "邮件"}
_EMPTY = "里面没有文件"
_LOST = {
    engine.Loss.TIMED_OUT: "打开它的时间太长",
    engine.Loss.OUT_OF_MEMORY: "打开它的内存不够",
    engine.Loss.DIED: "打开它的程序出了错",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file that lay in a container.

    Attributes:
        name: Path in the inbox, the container a folder of it.
        sha256: Of its bytes, which lie under that name where it was unpacked; empty where they could not be.
        kind: What it is that is no return; None for what may be one.
        reason: Why it cannot be read, in words.
        is_scan: Squares are looked for in it.
        sent: When the outermost mail around it was sent.
        subject: Of that mail.
    """

    name: str
    sha256: str = ""
    kind: UnreadKind | None = None
    reason: str = ""
    is_scan: bool = False
    sent: datetime | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A container of the inbox, and what lay in it.

    Attributes:
        kind: What it is; a mail without parts is a letter.
        fault: Why it could not be opened, in words; then it has no parts.
        gone: It is no longer what was listed.
    """

    container: Arrival
    kind: UnreadKind
    parts: tuple[Part, ...] = ()
    fault: str = ""
    gone: bool = False

    @property
    def what(self) -> str:
        """What it is, and how much lay in it: 邮件，里面有3个文件，其中表格2个."""
        tables = sum(part.kind is None for part in self.parts)
        return f"{_NAMES[self.kind]}，里面有{len(self.parts)}个文件，其中表格{tables}个"


@contextmanager
def room_for_parts(folder: Path | None = None) -> Iterator[Path]:
    """A folder for what is unpacked, as long as it is needed.

    Args:
        folder: Where; nobody else uses it, and what a run that was cut off left there goes. One of the system if None.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)
        return
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unpack_all(containers: Sequence[tuple[Arrival, UnreadKind]], room: Path) -> Iterator[Unpacked]:
    """Each opened where it can do no harm; one that takes its worker along costs only itself."""
    if containers:
        yield from engine.Pool().each(partial(_unpack, room), containers, lost=_not_opened, limits=_LIMITS)


def _not_opened(one: tuple[Arrival, UnreadKind], why: engine.Loss) -> Unpacked:
    return Unpacked(container=one[0], kind=one[1], fault=_LOST[why])


def _unpack(room: Path, one: tuple[Arrival, UnreadKind]) -> Unpacked:
    """In a worker: the parts of a container, written into the room."""
    container, kind = one
    try:
        content = content_of(container, MAX_PACKED)
    except ChangedError:
        return Unpacked(container=container, kind=kind, gone=True)
    if len(content) > MAX_PACKED:
        return Unpacked(container=container, kind=kind, fault=f"超过{size_text(MAX_PACKED)}")
    try:
        parts = _Unpacking(room=room, meter=Meter(len(content))).parts(container.name, content, DEPTH)
        if not parts and kind is UnreadKind.MAIL:
            return Unpacked(container=container, kind=UnreadKind.LETTER)
        return Unpacked(container=container, kind=kind, parts=parts, fault="" if parts else _EMPTY)
    except UnopenedError as fault:
        return Unpacked(container=container, kind=kind, fault=str(fault))
    except (MemoryError, WorkspaceError):
        raise
    except Exception as fault:  # noqa: BLE001 - what nobody foresaw in a file costs this file, not the run
        return Unpacked(container=container, kind=kind, fault=f"已损坏（{type(fault).__name__}），打不开")


@dataclass(kw_only=True)
class _Unpacking:
    """One container and all within it."""

    room: Path
    meter: Meter
    names: set[str] = field(default_factory=set)

    def parts(self, name: str, content: bytes, depth: int) -> tuple[Part, ...]:
        """What lies in a container, and in those within it.

        Raises:
            UnopenedError: It cannot be opened, or is too much.
        """
        opened, found = open_container(name, content, self.meter), list[Part]()
        for member in opened.members:
            inner = self._name(name, member.name)
            if member.fault:
                found.append(Part(name=inner, kind=UnreadKind.INSIDE, reason=member.fault))
            else:
                found += self._part(inner, member.content, depth)
        return tuple(replace(one, sent=opened.sent or one.sent, subject=opened.subject or one.subject) for one in found)

    def _part(self, name: str, content: bytes, depth: int) -> Sequence[Part]:
        """A file, or what lies in it."""
        base = name.rsplit("/", 1)[-1]
        kind = litter(base) or kind_of(base, content)
        reason = size_text(len(content)) + "，过大" if kind in PAPERS and len(content) > MAX_BYTES else ""
        if kind in CONTAINERS:
            reason = _TOO_DEEP
            if depth > 1:
                try:
                    if inside := self.parts(name, content, depth - 1):
                        return inside
                    kind, reason = (UnreadKind.LETTER, "") if kind is UnreadKind.MAIL else (kind, _EMPTY)
                except TooMuchError:
                    raise
                except UnopenedError as fault:
                    reason = str(fault)
        sha256 = hashlib.sha256(content).hexdigest()
        self._write(sha256, content)
        scanned = kind in PAPERS and is_scan(content)
        return [Part(name=name, sha256=sha256, kind=kind, reason=reason, is_scan=scanned)]

    def _write(self, sha256: str, content: bytes) -> None:
        path, written = self.room / sha256, self.room / f"{sha256}.{os.getpid()}"
        try:
            self.room.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                written.write_bytes(content)
                written.replace(path)
        except OSError as error:
            raise WorkspaceError(f"压缩包、邮件里的文件无法取出到 {self.room}：{why(error)}") from error

    def _name(self, container: str, member: str) -> str:
        """A name in the inbox that no other part has: of several that are called the same, all but the first get a number."""
        name = readable(f"{container}/{member or '没有名字'}")
        stem, dot, ending = name.rpartition(".") if "." in name.rsplit("/", 1)[-1] else (name, "", "")
        number, free = 1, name
        while free in self.names:
            number += 1
            free = f"{stem}（{number}）{dot}{ending}"
        self.names.add(free)
        return free


def unpack_inbox(inbox: Inbox, room: Path, as_of: date, campaign: tuple[date, date] | None = None) -> Inbox:
    """The inbox with what lies in its archives and mail, in place of them; those that cannot be opened stay, with the reason.

    A part was received on the day its mail was sent, else on that of its folder, else on that of its container.

    Args:
        inbox: As it lies there.
        room: Where parts are written, by their sha256.
        as_of: The day; parts of a later one are left for then.
        campaign: See :func:`pipeline.program.days.folder_day`.
    """
    containers = [
        (lying, one.kind) for one in inbox.unread if one.kind in CONTAINERS and (lying := inbox.lying.get(one.name))
    ]
    unpacked = list(unpack_all(containers, room))
    done = {one.container.name: one for one in unpacked}
    found = _PartsFound(room=room, as_of=as_of, campaign=campaign, clocked=set(inbox.clocked))
    for one in unpacked:
        for part in one.parts:
            found.put(part, one.container)
    unread = [_still(one, done.get(one.name)) for one in inbox.unread]
    gone = tuple(one.container for one in unpacked if one.gone)
    return replace(
        inbox,
        arrivals=(*inbox.arrivals, *found.arrivals),
        changing=(*inbox.changing, *gone),
        later=(*inbox.later, *found.later),
        undated=tuple(dict.fromkeys((*inbox.undated, *found.undated))),
        unread=tuple(sorted([*filter(None, unread), *found.unread], key=lambda one: one.name)),
        clocked=frozenset(found.clocked),
        lying={**inbox.lying, **found.lying},
        subjects=found.subjects,
        unpacked=tuple(one for one in unpacked if one.parts),
    )


def _still(one: Unread, unpacked: Unpacked | None) -> Unread | None:
    """What is left to tell of something unread: nothing of a container that was opened."""
    if unpacked is None:
        return one
    if unpacked.kind is not one.kind or unpacked.fault:
        return replace(one, kind=unpacked.kind, reason=unpacked.fault)
    return None


@dataclass(kw_only=True)
class _PartsFound:
    """What has been found in containers so far."""

    room: Path
    as_of: date
    campaign: tuple[date, date] | None
    clocked: set[str]
    arrivals: list[Arrival] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    lying: dict[str, Arrival] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    def put(self, part: Part, container: Arrival) -> None:
        """One part in its place."""
        named = folder_day(part.name, self.as_of, self.campaign)
        sent = (part.sent + CHINA).date() if part.sent else None
        day = sent or (named if isinstance(named, date) else None)
        self.undated += [named] if isinstance(named, str) and not sent else []
        if day and day > self.as_of:
            self.later.append(part.name)
            return
        if not day and container.name in self.clocked:
            self.clocked.add(part.name)
        path = self.room / part.sha256 if part.sha256 else None
        lies = Arrival(name=part.name, path=path, sha256=part.sha256, received_on=day or container.received_on)
        if part.subject:
            self.subjects[part.name] = part.subject
        if part.kind is None:
            self.arrivals.append(lies)
            return
        squares = part.sha256 if part.is_scan else ""
        self.unread.append(Unread(name=part.name, kind=part.kind, reason=part.reason, sha256=squares))
        self.lying[part.name] = lies


def note_unpacked(store: Store, inbox: Inbox, as_of: date, who: str) -> tuple[Act, ...]:
    """Keep what was opened, before anything in it is taken in, and note it once; not in hindsight.

    Returns:
        What was noted now.
    """
    if store.looks_back(as_of):
        return ()
    known = {(act.sha256, act.file) for act in store.acts(date.max) if act.kind is ActKind.UNPACK}
    noted = []
    for one in inbox.unpacked:
        lies = one.container
        if (lies.sha256, lies.name) in known or {part.name for part in one.parts} & {*inbox.later}:
            continue
        try:
            store.blobs.keep(lies.sha256, content_of(lies, MAX_PACKED))
        except ChangedError:
            continue
        act = Act(
            kind=ActKind.UNPACK,
            period="",
            reason=one.what,
            who=who,
            done_on=as_of,
            sha256=lies.sha256,
            file=lies.name,
            day=lies.received_on,
        )
        noted.append(replace(act, seq=store.enter(act)))
    return tuple(noted)


def lying_in(inbox: Path, room: Path) -> dict[str, Arrival]:
    """Sha256 → file that lies in a folder, or in an archive or a mail there; its day is of no concern."""
    files = [path for path in inbox.rglob("*") if path.is_file()] if inbox.is_dir() else []
    found: dict[str, Arrival] = {}
    containers = []
    for path, seen in read_files(files).items():
        if not isinstance(seen, OSError):
            lies = Arrival(name=str(path), path=path, sha256=seen.sha256, received_on=date.min)
            found[seen.sha256] = lies
            containers += [(lies, seen.kind)] if seen.kind in CONTAINERS else []
    for one in unpack_all(containers, room):
        for part in one.parts:
            lies = Arrival(name=part.name, path=room / part.sha256, sha256=part.sha256, received_on=date.min)
            found.setdefault(part.sha256, lies)
    return found
