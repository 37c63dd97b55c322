"""What lies in the inbox: returns to take in, and all else, which nobody may pass over without a word."""

from __future__ import annotations

import hashlib
import io
import os
import time
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from pipeline.domain.arrival import Arrival
from pipeline.domain.obligation import Timeliness, timeliness
from pipeline.domain.unread import CONTAINERS, PAPERS, Unread, UnreadKind
from pipeline.program.days import folder_day
from pipeline.reading.containers.members import MAX_PACKED
from pipeline.reading.formats.package import LOCAL_MAGIC, size_text
from pipeline.reading.guard import MAX_BYTES, OLE_MAGIC
from pipeline.reading.kinds import ARCHIVES, OTHER_KINDS, PACKED_TABLES, PICTURE, is_mail, is_scan
from pipeline.reading.placing import places
from pipeline.system.disk import reason, why
from pipeline.system.errors import WorkspaceError
from pipeline.system.litter import is_office_litter, is_system_litter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.domain.acts import Act
    from pipeline.domain.place import Place
    from pipeline.intake.unpacking import Unpacked
    from pipeline.program.identity import Registry
    from pipeline.program.model import Period, Program
    from pipeline.workspace.paths import Workspace

_CHINA = timedelta(hours=8)
_LONGEST_NAME = 600  # characters of a path: an index of a server takes no more than 2,700 bytes
RECENT_SECONDS, SETTLE_SECONDS = 2.0, 0.5
_OURS = ".gitkeep"
TABLES = frozenset(
    f".{suffix}"
    for suffix in "xlsx xls et ett ods ots fods xlsm xlsb xltx xltm xlt csv tsv xml htm html mht numbers".split()  # noqa: SIM905
)
_BY_SUFFIX = {
    suffix: kind
    for kind, suffixes in {
        UnreadKind.ARCHIVE: ".zip .rar .7z .gz .tgz .tar .bz2 .xz .zst .cab .iso .zipx .z",
        UnreadKind.MAIL: ".eml .msg .emlx .mbox .pst .oft",
        UnreadKind.PICTURE: ".jpg .jpeg .png .gif .bmp .tif .tiff .webp .heic .heif .svg .psd .mp4 .mov .avi",
        UnreadKind.DOCUMENT: ".pdf .doc .docx .docm .dot .dotx .wps .wpt .rtf .odt .ofd .txt .md .ppt .pptx .dps .odp .pages",
        UnreadKind.PARTIAL: ".part .partial .crdownload .download .tmp .td .xltd .aria2 .!ut",
    }.items()
    for suffix in suffixes.split()
}
_WORKBOOK_PARTS = ("[Content_Types].xml", "content.xml", "encrypted-package", "Index/", "xl/")
_WORKBOOK_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "WORKBOOK", "Book", "EncryptedPackage"))
_DOCUMENT_PARTS = ("word/", "ppt/")
_FIRST_PART, _NAME_AT = b"[Content_Types].xml", 30  # of most workbooks, and where its name begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What lies in the inbox as of a day.

    Attributes:
        arrivals: Files to consider, by name.
        later: Names in folders dated after the day: left for then.
        undated: Folders whose name looks like a date but is none, or may be several: their files got the date they were
            saved.
        changing: Those still being written: left for the next run.
        unread: What no return is read from: the system refuses it, or it is none.
        clocked: Names of the files whose day of receipt is that of their modification.
        new: Of ``unread``, what no run has reported before.
        decided: Of what was taken in, days by the clock that decide whether it came in time.
        early: Of what was taken in, what came before its period began: file, that day, the first day, number in the ledger.
        lying: Of ``unread``, the files that can be opened, by name.
        filed: What came beside the returns and was filed now.
        subjects: Of mails, by the names of what lay in them.
        unpacked: Archives and mail that were opened.
        opened: Of these, the acts by which it was noted now.
    """

    arrivals: tuple[Arrival, ...]
    changing: tuple[Arrival, ...]
    later: tuple[str, ...]
    undated: tuple[str, ...]
    unread: tuple[Unread, ...]
    clocked: frozenset[str]
    new: tuple[Unread, ...] = ()
    decided: tuple[ClockDay, ...] = ()
    early: tuple[tuple[str, date, date, int], ...] = ()
    lying: Mapping[str, Arrival] = field(default_factory=dict)
    filed: tuple[Filed, ...] = ()
    subjects: Mapping[str, str] = field(default_factory=dict)
    unpacked: tuple[Unpacked, ...] = ()
    opened: tuple[Act, ...] = ()

    @property
    def waiting(self) -> tuple[Unread, ...]:
        """What no return was read from, what is still being written included."""
        still = (Unread(name=arrival.name, kind=UnreadKind.PARTIAL, reason="还在写入") for arrival in self.changing)
        return (*self.unread, *still)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What came beside the returns and was filed: by which act, and whose it is, in words."""

    act: Act
    whose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDay:
    """A day of receipt that only the clock of a file says, and that decides whether the file came in time.

    Attributes:
        period: What it is a return of; before it is read, the period whose returns were coming in on that day.
        seq: Number in the ledger; 0 before it is entered.
    """

    name: str
    received_on: date
    period: Period
    timeliness: Timeliness
    seq: int = 0


Ask = Callable[["tuple[ClockDay, ...]"], None]


def clock_days(program: Program, arrivals: Iterable[Arrival], as_of: date) -> tuple[ClockDay, ...]:
    """Of files that are not read yet, those whose day may decide."""
    found = []
    for arrival in arrivals:
        ended = list(program.ended_by(arrival.received_on))
        period = ended[-1] if ended else program.periods[0]
        found.append(clock_day(period, arrival.name, arrival.received_on, as_of))
    return tuple(day for day in found if day)


def clock_day(period: Period, name: str, received_on: date, as_of: date, seq: int = 0) -> ClockDay | None:
    """None for a file that is in time today too."""
    judged = timeliness(period.due_on, received_on, as_of)
    if as_of <= period.due_on:
        return None
    return ClockDay(name=name, received_on=received_on, period=period, timeliness=judged, seq=seq)


def span(program: Program) -> tuple[date, date]:
    """The days between which something may come in for a campaign: its first, and the last on which something is due."""
    return program.periods[0].start, max(period.due_on for period in program.periods)


def read_inbox(workspace: Workspace, as_of: date, campaign: tuple[date, date] | None = None) -> Inbox:
    """Every file in the inbox, in any sub-folder, with the day it was received.

    The received date is that of its dated folder, else of its modification, but never later than ``as_of``: what is
    here has been received.

    Args:
        workspace: Where.
        as_of: The day.
        campaign: See :func:`span`; folders named without a year are read by it.

    Raises:
        WorkspaceError: It is not there, or went away while it was read: a disk that is gone is no empty inbox.
    """
    paths: dict[Path, tuple[str, date | None]] = {}
    later: list[str] = []
    undated: dict[str, None] = {}
    found, unread = _listed(workspace.inbox)
    for path in found:
        name = _name(workspace.inbox, path)
        day = folder_day(name, as_of, campaign)
        undated |= dict.fromkeys([day] if isinstance(day, str) else [])
        dated = day if isinstance(day, date) else None
        if dated and dated > as_of:
            later.append(name)
        elif left_behind := litter(path.name):
            unread.append(Unread(name=name, kind=left_behind))
        else:
            paths[path] = name, dated
    arrivals: list[Arrival] = []
    changing: list[Arrival] = []
    lying: dict[str, Arrival] = {}
    for path, seen in read_files(paths).items():
        name, dated = paths[path]
        if isinstance(seen, OSError):
            unread.append(Unread(name=name, kind=UnreadKind.FILE, reason=reason(seen)))
            continue
        modified = datetime.fromtimestamp(seen.modified, UTC) + _CHINA
        received_on = dated or min(modified.date(), as_of)
        arrival = Arrival(name=name, path=path, sha256=seen.sha256, received_on=received_on, changing=seen.changing)
        if seen.kind and not arrival.changing:
            large = f"超过{size_text(MAX_BYTES)}，没有留存" if seen.is_large and seen.kind in PAPERS else ""
            unread.append(Unread(name=name, kind=seen.kind, reason=large, sha256=seen.sha256 if seen.is_scan else ""))
            lying[name] = arrival
        else:
            (changing if arrival.changing else arrivals).append(arrival)
    _must_be_there(workspace.inbox)
    return Inbox(
        arrivals=tuple(arrivals),
        changing=tuple(changing),
        later=tuple(later),
        undated=tuple(undated),
        unread=tuple(sorted(unread, key=lambda found: found.name)),
        clocked=frozenset(name for name, dated in paths.values() if dated is None),
        lying=lying,
    )


def with_places(inbox: Inbox, registry: Registry, known: Iterable[Unread]) -> tuple[Unread, ...]:
    """What waits unread, each with whose it may be: as noted before, else by what can be read of it now."""
    before = {unread.name: unread for unread in known}
    return tuple(
        replace(
            unread,
            places=before[unread.name].places
            if before.get(unread.name) == unread
            else _places(inbox, registry, unread),
        )
        for unread in inbox.waiting
    )


def _places(inbox: Inbox, registry: Registry, unread: Unread) -> tuple[Place, ...]:
    lying, about = inbox.lying.get(unread.name), inbox.subjects.get(unread.name, "")
    if not unread.may_hold_a_return or lying is None:
        return ()
    content = b""
    try:
        if lying.path:
            with lying.path.open("rb") as file:
                content = file.read(MAX_BYTES)
    except OSError:
        return ()
    return places(registry, unread.name, lying.received_on, content, about)


def _listed(inbox: Path) -> tuple[list[Path], list[Unread]]:
    """Every plain file, in order; and whatever else is there, or cannot be listed."""
    _must_be_there(inbox)
    files: list[Path] = []
    unread: list[Unread] = []
    waiting = [inbox]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                inside = [(folder / entry.name, entry) for entry in entries]
        except OSError as error:
            if folder == inbox:
                raise WorkspaceError(
                    f"收件箱 {inbox} 读不全：{why(error)}。本次什么也没有收，原来的产品没有动"
                ) from error
            unread.append(Unread(name=f"{_name(inbox, folder)}/", kind=UnreadKind.FOLDER, reason=reason(error)))
            continue
        for path, entry in inside:
            name = _name(inbox, path)
            try:
                if entry.is_symlink() or getattr(entry, "is_junction", bool)():
                    unread.append(Unread(name=name, kind=UnreadKind.LINK))
                elif entry.is_dir():
                    waiting.append(path)
                elif entry.is_file():
                    files += [path] if entry.name != _OURS else []
                else:
                    unread.append(Unread(name=name, kind=UnreadKind.FILE, reason="不是普通文件"))
            except OSError as error:
                unread.append(Unread(name=name, kind=UnreadKind.FILE, reason=reason(error)))
    return sorted(files), unread


def _name(inbox: Path, path: Path) -> str:
    return readable(path.relative_to(inbox).as_posix())


def _must_be_there(inbox: Path) -> None:
    if not inbox.is_dir():
        raise WorkspaceError(
            f"收件箱 {inbox} 不见了。请检查磁盘、网络盘是否还连着；确实没有的，请建立这个文件夹再运行。本次什么也没有收"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _InboxSeen:
    """A file as it was when it was looked at.

    Attributes:
        sha256: Identity of its bytes, up to those of the largest that is taken.
        modified: Seconds since the epoch.
        changing: It changed while it was looked at.
        kind: What it is that is no return; None for what may be one.
        is_scan: Squares are looked for in it.
        is_large: Larger than what is kept.
    """

    sha256: str
    modified: float
    changing: bool
    kind: UnreadKind | None
    is_scan: bool
    is_large: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The first look at a file."""

    sha256: str
    size: int
    most: int
    before: tuple[int, int]
    after: tuple[int, int]
    kind: UnreadKind | None
    is_scan: bool


def read_files(paths: Iterable[Path]) -> dict[Path, _InboxSeen | OSError]:
    """Look through files whole, and notice those that somebody is still writing: they change, or changed a moment ago and again."""
    looks: dict[Path, _Look | OSError] = {}
    recent = False
    for path in paths:
        try:
            before = path.stat()
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)  # what is larger is refused, however much more there is
                most, kind = MAX_BYTES, kind_of(path.name, content)
                if len(content) > most and kind in CONTAINERS:
                    most = MAX_PACKED
                    content += file.read(most - MAX_BYTES)
            looks[path] = _Look(
                sha256=hashlib.sha256(content).hexdigest(),
                size=len(content),
                most=most,
                before=_trace(before),
                after=_trace(path.stat()),
                kind=kind,
                is_scan=kind in PAPERS and is_scan(content),
            )
        except OSError as error:
            looks[path] = error
            continue
        recent = recent or datetime.now(UTC).timestamp() - max(before.st_mtime, before.st_ctime) < RECENT_SECONDS
    if recent:
        time.sleep(SETTLE_SECONDS)
    seen: dict[Path, _InboxSeen | OSError] = {}
    for path, look in looks.items():
        seen[path] = look if isinstance(look, OSError) else _look_again(path, look)
    return seen


def _look_again(path: Path, look: _Look) -> _InboxSeen:
    """Whether a file is still as it was when it was read."""
    try:
        now = _trace(path.stat())
    except OSError:  # taken away again
        now = (-1, -1)
    whole = look.before == look.after == now and look.size == min(now[0], look.most + 1)
    return _InboxSeen(
        sha256=look.sha256,
        modified=look.before[1] / 1e9,
        changing=not whole,
        kind=look.kind,
        is_scan=look.is_scan,
        is_large=look.size > look.most,
    )


def _trace(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def litter(name: str) -> UnreadKind | None:
    """What programs left behind; None for anything else."""
    if is_office_litter(name):
        return UnreadKind.LOCK
    return UnreadKind.HIDDEN if is_system_litter(name) else None


def kind_of(name: str, content: bytes) -> UnreadKind | None:
    """What a file is that is no return, by its name and its content together; None for what may be one.

    A workbook under any name may be one. So may whatever has the name of a workbook: what is wrong with it is said to
    whoever sent it.
    """
    if not content:
        return UnreadKind.EMPTY
    suffix = PurePath(name.lower()).suffix
    named = _BY_SUFFIX.get(suffix)
    if _packs_tables(content):
        return UnreadKind.ARCHIVE
    if suffix in TABLES:
        return None
    if named in {None, UnreadKind.MAIL} and is_mail(content):
        return UnreadKind.MAIL
    if _is_workbook(content, packed=named is None):
        return None
    if named is None:
        named = next((kind for magic, kind in _BY_MAGIC.items() if content.startswith(magic)), None)
    return named or (UnreadKind.HIDDEN if name.startswith(".") else UnreadKind.OTHER)


_BY_MAGIC = dict.fromkeys(ARCHIVES, UnreadKind.ARCHIVE) | {
    magic: UnreadKind.PICTURE if kind == PICTURE else UnreadKind.DOCUMENT
    for magic, kind in OTHER_KINDS.items()
    if len(magic) > 2  # noqa: PLR2004 - two letters may begin any text
}


def _packs_tables(content: bytes) -> bool:
    """Whether something is a zip of tables, whatever it is called."""
    if not content.startswith(LOCAL_MAGIC) or content.startswith(_FIRST_PART, _NAME_AT):
        return False
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    return any(name.lower().endswith(PACKED_TABLES) for name in names) and not any(
        name.startswith((*_WORKBOOK_PARTS, *_DOCUMENT_PARTS)) for name in names
    )


def _is_workbook(content: bytes, *, packed: bool) -> bool:
    """Whether something holds a workbook; ``packed``: whatever is packed as one is held for one."""
    if content.startswith(LOCAL_MAGIC):
        try:
            names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            return packed
        return packed or (
            any(name.startswith(_WORKBOOK_PARTS) for name in names)
            and not any(name.startswith(_DOCUMENT_PARTS) for name in names)
        )
    if content.startswith(OLE_MAGIC):
        return packed or any(name in content for name in _WORKBOOK_STREAMS)
    return False


def readable(name: str) -> str:
    """A file name as people may see it: Unicode, also when it was packed as GBK, and without characters that steer a screen.

    Names are kept for people and never opened again; of one too long to be kept, its beginning, its end and a mark between.
    """
    raw = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = raw.decode("utf-8", errors="replace")
    shown = "".join("_" if unicodedata.category(ch).startswith("C") else ch for ch in text)
    if len(shown) <= _LONGEST_NAME:
        return shown
    which = hashlib.sha256(shown.encode()).hexdigest()[:12]
    return f"{shown[: _LONGEST_NAME // 2]}…{which}…{shown[-_LONGEST_NAME // 4 :]}"
