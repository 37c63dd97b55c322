"""Every path of a workspace, computed once; and the inbox as arrivals."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import time
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.disk import reason, why
from pipeline.errors import BusyError, WorkspaceError
from pipeline.holding import HeldError, hold
from pipeline.workbook.guard import MAX_BYTES, is_office_litter
from pipeline.workbook.read import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

DATED_FOLDER = re.compile(r"\d{4}-\d{2}-\d{2}")
ALMOST_DATED = re.compile(r"\d{4}\D?\d{1,2}\D?\d{1,2}|\d{4}-\d{2}-\d{2}")
CHINA = timedelta(hours=8)
DEMO_MARK = "演示数据.txt"
KEY_BYTES = 32
PRIVATE = 0o700  # of folders that are their owner's alone
RECENT_SECONDS, SETTLE_SECONDS = 2.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder that holds a campaign."""

    root: Path

    @property
    def program(self) -> Path:
        """The campaign as data."""
        return self.root / "program"

    @property
    def expectations(self) -> Path:
        """The rules."""
        return self.root / "expectations"

    @property
    def templates(self) -> Path:
        """Word templates."""
        return self.root / "templates" / "docx"

    @property
    def inbox(self) -> Path:
        """What came in; only read."""
        return self.root / "inbox"

    @property
    def dataset(self) -> Path:
        """The dataset."""
        return self.root / "dataset"

    @property
    def key_file(self) -> Path:
        """The key that signs what is issued; it never leaves the workspace."""
        return self.root / "issue.key"

    def outbox(self, period: str) -> Path:
        """What goes out for a period."""
        return self.root / "outbox" / period

    @property
    def verdicts(self) -> Path:
        """What ``watch`` says of each file that lands in the inbox."""
        return self.root / "outbox" / "收件"

    @property
    def profiles(self) -> Path:
        """Counties on a page each, made on request."""
        return self.root / "outbox" / "画像"

    @property
    def pictures(self) -> Path:
        """Pictures drawn before, by what they were drawn from; may be deleted at any time."""
        return self.dataset / "cache" / "图"

    @property
    def is_demo(self) -> bool:
        """Whether the figures here are invented."""
        return (self.root / DEMO_MARK).is_file()

    def inputs(self) -> dict[str, bytes]:
        """Everything the office wrote that shapes the products, by path."""
        folders = (self.program, self.expectations, self.templates)
        paths = (p for folder in folders for p in folder.rglob("*") if p.is_file() and not is_office_litter(p.name))
        return {p.relative_to(self.root).as_posix(): p.read_bytes() for p in paths}

    def check(self) -> None:
        """Refuse a folder that is no workspace.

        Raises:
            WorkspaceError: ``program/`` is not there.
        """
        if not (self.program / "program.yaml").is_file():
            raise WorkspaceError(
                f"{self.root} 不是工作目录：没有 program/program.yaml。请先运行 run-pipeline init 目录"
            )


def make_key(workspace: Workspace) -> bool:
    """Make the workspace's key, readable by its owner only; False when there is one.

    Raises:
        WorkspaceError: It cannot be written.
    """
    try:
        handle = os.open(workspace.key_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
    except FileExistsError:
        return False
    except OSError as error:
        raise WorkspaceError(f"无法写入 {workspace.key_file}：{why(error)}") from error
    return True


def read_key(workspace: Workspace) -> bytes:
    """The workspace's key; empty when it has none, and then no stamp is taken at its word.

    Raises:
        WorkspaceError: The file is there and is not a key.
    """
    try:
        text = workspace.key_file.read_text(encoding="ascii").strip()
        key = bytes.fromhex(text)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{workspace.key_file} 读不出或不是签发密钥；请用备份恢复") from error
    if len(key) < KEY_BYTES:
        raise WorkspaceError(f"{workspace.key_file} 不完整，不是签发密钥；请用备份恢复")
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What lies in the inbox as of a day.

    Attributes:
        arrivals: Files to consider, by name.
        later: Names in folders dated after the day: left for then.
        undated: Folders whose name looks like a date but is none: their files got the date they were saved.
        changing: Those still being written: left for the next run.
        unreadable: Names the system would not let us read, with the reason.
    """

    arrivals: tuple[Arrival, ...]
    changing: tuple[Arrival, ...]
    later: tuple[str, ...]
    undated: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]


def read_inbox(workspace: Workspace, as_of: date) -> Inbox:
    """Every file in the inbox, in any sub-folder, with the day it was received.

    The received date is that of its dated folder, else of its modification, but never later than ``as_of``: what is
    here has been received.

    Raises:
        WorkspaceError: It is not there, or went away while it was read: a disk that is gone is no empty inbox.
    """
    paths: dict[Path, tuple[str, date | None]] = {}
    later: list[str] = []
    unreadable: list[tuple[str, str]] = []
    undated: dict[str, None] = {}
    for path in _listed(workspace.inbox):
        name = readable(path.relative_to(workspace.inbox).as_posix())
        try:
            if is_office_litter(name) or not path.is_file():
                continue
        except OSError as error:
            unreadable.append((name, reason(error)))
            continue
        if path.is_symlink():
            unreadable.append((name, "是指向别处的链接，请把文件本身放进来"))
            continue
        dated = _folder_date(name)
        undated |= dict.fromkeys(part for part in name.split("/")[:-1] if dated is None and ALMOST_DATED.match(part))
        if dated and dated > as_of:
            later.append(name)
        else:
            paths[path] = name, dated
    arrivals: list[Arrival] = []
    changing: list[Arrival] = []
    for path, seen in read_files(paths).items():
        name, dated = paths[path]
        if isinstance(seen, OSError):
            unreadable.append((name, reason(seen)))
            continue
        modified = datetime.fromtimestamp(seen.modified, UTC) + CHINA
        received_on = dated or min(modified.date(), as_of)
        one = Arrival(name=name, path=path, sha256=seen.sha256, received_on=received_on, changing=seen.changing)
        (changing if one.changing else arrivals).append(one)
    _must_be_there(workspace.inbox)
    return Inbox(arrivals=tuple(arrivals), changing=tuple(changing), later=tuple(later), undated=tuple(undated),
                 unreadable=tuple(unreadable))  # fmt: skip


def _listed(inbox: Path) -> list[Path]:
    _must_be_there(inbox)
    try:
        return sorted(inbox.rglob("*"))
    except OSError as error:
        raise WorkspaceError(f"收件箱 {inbox} 读不全：{why(error)}。本次什么也没有收，原来的产品没有动") from error


def _must_be_there(inbox: Path) -> None:
    if not inbox.is_dir():
        raise WorkspaceError(
            f"收件箱 {inbox} 不见了。请检查磁盘、网络盘是否还连着；确实没有的，请建立这个文件夹再运行。本次什么也没有收"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file as it was when it was looked at.

    Attributes:
        sha256: Identity of its bytes, up to those of the largest return.
        modified: Seconds since the epoch.
        changing: It changed while it was looked at.
    """

    sha256: str
    modified: float
    changing: bool


def read_files(paths: Iterable[Path]) -> dict[Path, Seen | OSError]:
    """Look through files whole, and notice those that somebody is still writing: they change, or changed a moment ago and again."""
    read: dict[Path, tuple[str, int, tuple[int, int], tuple[int, int]] | OSError] = {}
    recent = False
    for path in paths:
        try:
            before = path.stat()
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)  # what is larger is refused, however much more there is
            sha256 = hashlib.sha256(content).hexdigest()
            read[path] = sha256, len(content), _trace(before), _trace(path.stat())
        except OSError as error:
            read[path] = error
            continue
        recent = recent or datetime.now(UTC).timestamp() - max(before.st_mtime, before.st_ctime) < RECENT_SECONDS
    if recent:
        time.sleep(SETTLE_SECONDS)
    seen: dict[Path, Seen | OSError] = {}
    for path, one in read.items():
        if isinstance(one, OSError):
            seen[path] = one
            continue
        sha256, size, before_reading, after_reading = one
        try:
            now = _trace(path.stat())
        except OSError:  # taken away again
            now = (-1, -1)
        whole = before_reading == after_reading == now and size == min(now[0], MAX_BYTES + 1)
        seen[path] = Seen(sha256=sha256, modified=before_reading[1] / 1e9, changing=not whole)
    return seen


def _trace(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def readable(name: str) -> str:
    """A file name as people may see it: Unicode, also when it was packed as GBK, and without characters that steer a screen.

    Names are kept for people and never opened again.
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
    return "".join("_" if unicodedata.category(ch).startswith("C") else ch for ch in text)


def _folder_date(name: str) -> date | None:
    for part in reversed(name.split("/")[:-1]):
        if DATED_FOLDER.fullmatch(part):
            try:
                return date.fromisoformat(part)
            except ValueError:
                continue
    return None


def write_file(path: Path, content: bytes) -> None:
    """Write one file whole, or not at all.

    Raises:
        WorkspaceError: The disk refused.
    """
    part = path.with_name(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise WorkspaceError(f"无法写入 {path}：{why(error)}") from error


def replace_folder(target: Path, files: Mapping[str, bytes], keep: tuple[str, ...] = ()) -> None:
    """Write a whole folder beside ``target`` and swap it in: readers see the old one or the new one.

    Args:
        target: The folder to replace.
        files: Relative path → content.
        keep: Sub-folders of the old folder to carry over when ``files`` has nothing in them.

    Raises:
        WorkspaceError: The disk refused; the old folder is as it was.
    """
    fresh = target.with_name(f".{target.name}.new")
    old = target.with_name(f".{target.name}.old")
    try:
        _recover(target, old)
        for left in (fresh, old):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)
        for name, content in files.items():
            path = fresh / name
            if not path.resolve().is_relative_to(fresh.resolve()):
                raise WorkspaceError(f"拒绝写到工作目录之外：{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name in keep:
            if (target / name).is_dir() and not (fresh / name).exists():
                shutil.copytree(target / name, fresh / name)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        with contextlib.suppress(OSError):
            shutil.rmtree(fresh, ignore_errors=True)
            _recover(target, old)
        raise WorkspaceError(f"无法写入 {target}：{why(error)}。原来的产品没有动") from error


def _recover(target: Path, old: Path) -> None:
    """Put back the old folder if a swap was cut short."""
    if old.exists() and not target.exists():
        old.rename(target)


@contextlib.contextmanager
def lock(workspace: Workspace, who: str) -> Iterator[None]:
    """Hold the workspace for one run, and first finish what one that was cut off has left.

    Raises:
        BusyError: Somebody else holds it; says who and since when.
        WorkspaceError: The disk refused.
    """
    path = workspace.dataset / "run.lock"
    with contextlib.ExitStack() as held:
        try:
            workspace.dataset.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            held.enter_context(hold(path, who, datetime.now(UTC).timestamp()))
        except HeldError as other:
            where = "那台电脑上的程序确已中断" if other.elsewhere else "确已中断"
            raise BusyError(
                f"另一个人正在运行（{str(other) or '刚刚开始'}）。请等其结束；如{where}，请删除 {path} 后再运行"
            ) from None
        except OSError as error:
            raise WorkspaceError(f"无法写入 {path.parent}：{why(error)}") from error
        _settle(workspace)
        yield


def _settle(workspace: Workspace) -> None:
    """Put back folders whose swap was cut short, and throw away what was half made; a folder that refuses tells later."""
    outbox = workspace.root / "outbox"
    with contextlib.suppress(OSError):
        for pattern in (".*.old", "*/.*.old"):  # the outer ones first: they hold the inner ones
            for old in sorted(outbox.glob(pattern)):
                _recover(old.with_name(old.name[1 : -len(".old")]), old)
                shutil.rmtree(old, ignore_errors=True)
        for pattern in (".*.new", "*/.*.new"):
            for fresh in sorted(outbox.glob(pattern)):
                shutil.rmtree(fresh, ignore_errors=True)
        for part in (*workspace.dataset.glob("files/*/*.part*"), *workspace.pictures.glob(".*")):
            part.unlink()
