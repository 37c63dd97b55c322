"""Faults made to order: a process killed at its n-th touch of the disk, a small disk, a user without powers; and an office."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import importlib
import json
import os
import pickle
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner
from sqlalchemy import Engine, event

from pipeline.checks.suites import run_suite
from pipeline.cli import main
from pipeline.engine import engines as engine
from pipeline.measures.period import measure_period
from pipeline.products.documents.word import render
from pipeline.products.summary.workbook import summary_workbook
from pipeline.program.load import load_program
from pipeline.workspace.paths import Workspace
from tests.test_example_program import BAIHE, DONGHU, FIRST, PROBLEMS, SECOND, Project, figures, type_in

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pytest
    from click.testing import Result

RUN = ("--as-of", "2024-07-16")
ISSUE = ("--as-of", "2024-06-21", "issue")
STAGES = {
    "office.run": (
        "load_campaign",
        "read_inbox",
        "unpack_inbox",
        "note_unpacked",
        "take_in",
        "take_snapshot",
        "returned_copies",
        "measure_period",
        "write_products",
    ),
    "intake.take_in": ("unplaced", "check_returns", "decide", "decided"),
}
OF_A_PROCESS = re.compile(r"(?<=\.part)\d+$|(?<=\.)\d+(?=\.part$)")
LEFTOVERS = (".part", ".new", ".old", ".holder")
SECONDS = 120


# An office


def new_office(root: Path) -> Workspace:
    """A quarter done, with its products; for the next one returns, a mended one of the first, and a broken one lie in the inbox."""
    project = Project(root)
    project.call("--as-of", "2024-03-25", "issue")
    bad = figures(DONGHU, 1) | {("石桥县", "WQ2-n"): 21}
    project.receive("2024-04-08", "东湖", type_in(project.issued(FIRST, DONGHU), bad, PROBLEMS))
    assert "东湖市\t2/3" in project.run("2024-04-10")
    project.call("--as-of", "2024-06-20", "issue")
    copy = next((root / "outbox" / FIRST[0] / "退回").glob("990100_*.xlsx"))
    project.receive("2024-07-05", "东湖改正", type_in(copy, {("石桥县", "WQ2-n"): 17}))
    project.receive("2024-07-05", "东湖", type_in(project.issued(SECOND, DONGHU), figures(DONGHU, 2)))
    project.receive(
        "2024-07-08", "白河", type_in(project.issued(SECOND, BAIHE), {**figures(BAIHE, 2), ("塔林县", "WQ1-1"): "约5"})
    )
    project.receive("2024-07-09", "空", b"x")
    long_ago = time.time() - 3600  # nobody is still writing them: no pause to see whether they settle
    for path in (root / "inbox").rglob("*.xlsx"):
        os.utime(path, (long_ago, long_ago))
    return Workspace(root=root)


def warm_up(base: Workspace, folder: Path) -> dict[str, Any]:
    """What an undisturbed run leaves; pictures are kept for the next ones, all but two."""
    plain = copy_of(base, folder)
    result = call(plain, *RUN)
    assert result.exit_code == 0, result.output
    whole = holdings(plain)
    assert (whole["left"], call(plain, *RUN).exit_code) == ([], 0)
    assert difference(whole, holdings(plain)) == ""
    base.pictures.mkdir(parents=True, exist_ok=True)
    for picture in sorted(plain.pictures.iterdir())[2:]:
        shutil.copy2(picture, base.pictures)
    return whole


def call(workspace: Workspace, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(main, ["--project", str(workspace.root), *words])


def made_quick(patch: pytest.MonkeyPatch) -> None:
    """For a process that is to be killed: it reads in itself, and what is pure and slow is asked once for the same values.

    A worker is another process. Rules, templates, measures and the summary are functions of values to values and take
    most of the time; so is reading the program.
    """
    patch.setattr(engine, "Pool", lambda **_: engine.InProcess())
    patch.setattr("pipeline.intake.inbox.SETTLE_SECONDS", 0)
    patch.setattr("pipeline.checks.masks.run_suite", _remembered(run_suite))
    patch.setattr("pipeline.workspace.campaign.load_program", _remembered(load_program))
    patch.setattr("pipeline.office.making.render", _remembered(render))
    patch.setattr("pipeline.office.run.measure_period", _remembered(measure_period))
    patch.setattr("pipeline.office.making.summary_workbook", _remembered(summary_workbook))


def _remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[bytes, Any] = {}

    def remembering(*args: Any) -> Any:
        told = [_content(arg) if isinstance(arg, Path) else arg for arg in args]
        key = hashlib.sha256(pickle.dumps(told)).digest()
        if key not in known:
            known[key] = function(*args)
        return known[key]

    return remembering


def _content(path: Path) -> object:
    return sorted(tree(path).items()) if path.is_dir() else (path.name, path.read_bytes())


# What a workspace holds


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder that is not hidden: path → sha256."""
    found = {p.relative_to(folder): p for p in sorted(folder.rglob("*")) if p.is_file()}
    return {
        name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in found.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def products(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Of each period, what a reader finds."""
    folders = (p for p in sorted((workspace.root / "outbox").iterdir()) if not p.name.startswith("."))
    return {p.name: tree(p) for p in folders}


def state(folder: Path, *but: str) -> dict[str, str]:
    """All that a folder holds, hidden or not: name → permissions and hash. With the same state a run does the same.

    Args:
        folder: Where.
        but: Endings of names whose content is left out.
    """
    return {
        OF_A_PROCESS.sub("", path.relative_to(folder).as_posix()): f"{path.stat().st_mode:o} "
        + ("" if path.is_dir() or path.name.endswith(but) else hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
    }


def holdings(workspace: Workspace) -> dict[str, Any]:
    """Everything that must be the same after the same work: products, kept bytes, and the tables as text."""
    with contextlib.closing(sqlite3.connect(workspace.dataset / "dataset.sqlite")) as connection:
        tables = sorted(connection.iterdump())
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    left = [p.as_posix() for p in workspace.root.rglob("*") if any(mark in p.name for mark in LEFTOVERS)]
    left += [p.name for p in workspace.pictures.glob(".*")]
    return {"outbox": products(workspace), "kept": tree(workspace.dataset / "files"), "tables": tables, "left": left}


def difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    """What is not the same, short enough to read."""
    lines: list[str] = []
    for key, mine in one.items():
        its = other[key]
        if mine == its:
            continue
        if isinstance(mine, dict):
            lines.append(f"{key}: {[k for k in sorted({*mine, *its}) if mine.get(k) != its.get(k)]}")
        else:
            lines.append(f"{key}: -{sorted(set(mine) - set(its))[:3]} +{sorted(set(its) - set(mine))[:3]}")
    return "; ".join(lines)


# Processes


def fork(work: Callable[[], int]) -> int:
    """A child that does some work and ends with its result as exit code; its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking where there are threads: ours are asleep
        pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        gc.freeze()  # what the parent has is never garbage here, and need not be looked at
        forkserver._forkserver.__init__()  # type: ignore[misc]  # noqa: SLF001 - that is the parent's child
        signal.alarm(SECONDS)
        code = work()
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """Its exit code, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def side_by_side(jobs: Sequence[Callable[[], str]], folder: Path, most: int = 2) -> Iterator[str]:
    """Each job in a child of its own, a few at a time; what it says, in order."""
    running: list[int] = []
    for n, job in enumerate(jobs):
        if len(running) == most:
            ended(running.pop(0))
        running.append(fork(lambda job=job, n=n: _note(job, folder / f"{n}.txt")))  # type: ignore[misc]
    for pid in running:
        ended(pid)
    for n in range(len(jobs)):
        told = folder / f"{n}.txt"
        yield told.read_text(encoding="utf-8") if told.exists() else "it never came to an end"


def _note(job: Callable[[], str], path: Path) -> int:
    try:
        said = job()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
        said = f"{type(error).__name__}: {error}"
    path.write_text(said, encoding="utf-8")
    return 0


# A process that dies


@dataclass
class Fuse:
    """Counts what a process is about to do to a workspace, and kills it at one of them.

    Attributes:
        at: Which one; 0 for none.
        seen: All so far, in words.
        wanted: At which of them the workspace is copied, as a process killed there would leave it.
        copies: Where to.
    """

    root: Path
    at: int = 0
    wanted: Callable[[Sequence[str]], bool] = lambda _: False
    copies: Path = Path()
    seen: list[str] = field(default_factory=list)

    def touch(self, what: str) -> None:
        """One more."""
        self.seen.append(what)
        if len(self.seen) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.wanted(self.seen):
            shutil.copytree(self.root, self.copies / f"at{len(self.seen)}")

    def arm(self) -> None:
        """From here on; there is no way back, so only in a child."""
        sys.addaudithook(self._hear)
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", lambda _: self.touch("sql COMMIT"))
        self._before(os, "fsync", "fsync")
        self._write_by_halves()
        for module, stages in STAGES.items():
            where = importlib.import_module(f"pipeline.{module}")
            for stage in stages:
                self._before(where, stage, f"stage {stage}")

    def _hear(self, name: str, args: tuple[Any, ...]) -> None:
        if name == "open":
            writing = args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writing and self._ours(args[0]):
                self.touch(f"open {self._short(args[0])}")
        elif name in {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"} and (
            self._ours(args[0]) or args[-1] != -1
        ):
            self.touch(f"{name} {self._short(args[0])}")

    def _ours(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(str(self.root))

    def _short(self, path: object) -> str:
        return str(path).removeprefix(f"{self.root}/")

    def _statement(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        word = statement.split(None, 1)[0].upper()
        if word not in {"SELECT", "PRAGMA", "BEGIN"}:
            self.touch(f"sql {word}")

    def _before(self, module: Any, name: str, what: str) -> None:
        real = getattr(module, name)

        def counted(*args: Any, **options: Any) -> Any:
            self.touch(what)
            return real(*args, **options)

        setattr(module, name, counted)

    def _write_by_halves(self) -> None:
        def write_bytes(path: Path, content: bytes) -> int:
            with path.open("wb") as file:
                file.write(content[: len(content) // 2])
                file.flush()
                self.touch(f"half {self._short(path)}")
                return file.write(content[len(content) // 2 :])

        Path.write_bytes = write_bytes  # type: ignore[method-assign, assignment]


def touches(
    workspace: Workspace, *words: str, wanted: Callable[[Sequence[str]], bool] = lambda _: False, copies: Path = Path()
) -> list[str]:
    """Everything a command does to a workspace, in words; the workspace is used up.

    Args:
        workspace: To be used up.
        words: The command.
        wanted: Told all touches so far; says whether the workspace is copied before the last of them. What a process has
            written is in the files and nowhere else, so the copy is what it would leave if it were killed there.
        copies: Where the copies go, each under ``at`` and the number of touches.
    """
    told = workspace.root.with_suffix(".touches")

    def work() -> int:
        fuse = Fuse(workspace.root, wanted=wanted, copies=copies)
        fuse.arm()
        code = call(workspace, *words).exit_code
        told.write_text(json.dumps(fuse.seen), encoding="utf-8")
        return code

    assert ended(fork(work)) == 0
    seen: list[str] = json.loads(told.read_text(encoding="utf-8"))
    return seen


def killed_at(workspace: Workspace, at: int, *words: str) -> None:
    """Run a command that is killed at its n-th touch."""

    def work() -> int:
        Fuse(workspace.root, at).arm()
        return call(workspace, *words).exit_code

    code = ended(fork(work))
    assert code == -signal.SIGKILL, f"was to be killed, ended with {code}"


def killed_after(workspace: Workspace, seconds: float) -> None:
    """A run that is killed after a while, wherever it is then."""
    pid = fork(lambda: call(workspace, *RUN).exit_code)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    ended(pid)


def apart(workspace: Workspace, *words: str, before: Callable[[], object] = lambda: None) -> tuple[int, str]:
    """A command in a child, after something is done to it; exit code and everything it said."""
    hears, says = os.pipe()

    def work() -> int:
        before()
        result = call(workspace, *words)
        os.write(says, result.output.encode())
        return result.exit_code

    pid = fork(work)
    os.close(says)
    with os.fdopen(hears, encoding="utf-8") as said:
        text = said.read()
    return ended(pid), text


def at_once(workspace: Workspace, count: int, *words: str) -> list[int]:
    """The same command in several processes at the same time; their exit codes."""
    return [ended(pid) for pid in [fork(lambda: call(workspace, *words).exit_code) for _ in range(count)]]


def of_session(session: int) -> list[int]:
    """Processes that still run in a session, as Linux tells them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found.append(int(stat.parent.name))
    return found


def until(done: Callable[[], bool]) -> None:
    """Wait for something, patiently: the machine may be busy."""
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


# Disks and powers


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """Mount a file system of its own on a folder; False where we may not, and then nothing is mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def resize(folder: Path, size: int) -> None:
    """Give a small disk more room."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def small_files(most: int) -> None:
    """No file of this process may grow beyond a size: what a disk that is full looks like where we may not mount one."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))


def drop_powers() -> None:
    """From here on this process, and what it starts, may only do what permissions allow, root or not."""
    if sys.platform == "linux":
        set_securebits, no_root_and_locked = 28, 0b11  # else a program that root starts has all of its powers again
        assert ctypes.CDLL(None, use_errno=True).prctl(set_securebits, no_root_and_locked, 0, 0, 0) == 0
        version_3 = (ctypes.c_uint32 * 2)(0x20080522, 0)
        nothing = (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None, use_errno=True).capset(version_3, nothing) == 0


@contextlib.contextmanager
def modes(paths: Iterable[Path], mode: int) -> Iterator[None]:
    """Files and folders with other permissions for a while."""
    before = {path: path.stat().st_mode & 0o777 for path in paths}
    for path in before:
        path.chmod(mode)
    try:
        yield
    finally:
        for path, was in before.items():
            path.chmod(was)


def copy_of(workspace: Workspace, folder: Path) -> Workspace:
    """The same workspace elsewhere, times and all."""
    shutil.copytree(workspace.root, folder)
    return Workspace(root=folder)
