"""Every path of a workspace, computed once; its key, its lock, and how its folders are written."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pipeline.system.disk import why
from pipeline.system.errors import BusyError, WorkspaceError
from pipeline.system.litter import is_litter
from pipeline.system.lock import HeldError, hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

DEMO_MARK = "演示数据.txt"
T = TypeVar("T")
_KEY_BYTES = 32
_PRIVATE = 0o700  # of folders that are their owner's alone


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

    def reminders(self, period: str) -> Path:
        """What those are sent whose report of a period is not in before it is due, made on request."""
        return self.root / "outbox" / "提示" / period

    @property
    def pictures(self) -> Path:
        """Pictures drawn before, by what they were drawn from; may be deleted at any time."""
        return self.dataset / "cache" / "图"

    @property
    def parts(self) -> Path:
        """What lay in archives and mail, while a run takes it in; whoever runs has it for himself."""
        return self.dataset / "cache" / "拆封"

    @property
    def is_demo(self) -> bool:
        """Whether the figures here are invented."""
        return (self.root / DEMO_MARK).is_file()

    def inputs(self) -> dict[str, bytes]:
        """Everything the office wrote that shapes the products, by path."""
        folders = (self.program, self.expectations, self.templates)
        paths = (p for folder in folders for p in folder.rglob("*") if p.is_file() and not is_litter(p.name))
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
            out.write(secrets.token_hex(_KEY_BYTES) + "\n")
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
    if len(key) < _KEY_BYTES:
        raise WorkspaceError(f"{workspace.key_file} 不完整，不是签发密钥；请用备份恢复")
    return key


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

    def write(fresh: Path) -> None:
        for name, content in files.items():
            path = fresh / name
            if not path.resolve().is_relative_to(fresh.resolve()):
                raise WorkspaceError(f"拒绝写到工作目录之外：{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name in keep:
            if (target / name).is_dir() and not (fresh / name).exists():
                shutil.copytree(target / name, fresh / name)

    try:
        write_beside(target, write)
    except OSError as error:
        raise WorkspaceError(f"无法写入 {target}：{why(error)}。原来的产品没有动") from error


def write_beside(target: Path, write: Callable[[Path], T]) -> T:
    """Let a folder be written beside another, then swap it in; whatever is raised, the old one is as it was.

    Returns:
        What ``write`` returned of the new folder.
    """
    fresh, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    try:
        _recover(target, old)
        for left in (fresh, old):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)
        fresh.mkdir(parents=True)
        written = write(fresh)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    except Exception:
        shutil.rmtree(fresh, ignore_errors=True)
        with contextlib.suppress(OSError):
            _recover(target, old)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return written


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
            workspace.dataset.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            held.enter_context(hold(path, who))
        except HeldError as other:
            gone = f"；如那台电脑确已断电或断网，请删除 {path} 后再运行" if other.elsewhere else "再运行"
            raise BusyError(f"另一个人正在运行（{str(other) or '刚刚开始'}）。请等其结束{gone}") from None
        except OSError as error:
            raise WorkspaceError(f"无法写入 {path.parent}：{why(error)}") from error
        _settle(workspace)
        yield


def _settle(workspace: Workspace) -> None:
    """Put back folders whose swap was cut short, and throw away what was half made; a folder that refuses is reported later."""
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
