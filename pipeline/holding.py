"""One holder at a time: a file that says who, since when, on which computer and in which process.

Taken by creating it, which also network shares do for one only. A holder that is gone is recognised by its process:
not there any more, or another one that got the same number, which the time it started tells. That can only be asked on
the computer the holder ran on; of another computer only the age says something. Who takes over holds the old file's
system lock and writes into it, so that of two who take over at once one does.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if sys.platform != "win32":
    import fcntl
else:
    import ctypes
    import msvcrt
    from ctypes import wintypes

if TYPE_CHECKING:
    from collections.abc import Iterator

STALE_SECONDS = 12 * 3600.0
UNWRITTEN_SECONDS = 60.0
ATTEMPTS = 5
_TEXT = re.compile(r"(?P<who>.*?)(，计算机 (?P<host>[^，]*))?，进程 (?P<pid>\d+)(\n(?P<started>.+))?")


class HeldError(Exception):
    """Somebody else has it; ``str()`` is who and since when, empty when that cannot be read."""

    def __init__(self, holder: str, *, elsewhere: bool) -> None:
        super().__init__(holder)
        self.elsewhere = elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has it.

    Attributes:
        host: Name of the computer; empty when it was not said.
        started: When the process started, as its system tells it; empty when that was not known.
    """

    who: str
    host: str
    pid: int
    started: str

    def text(self) -> str:
        """As the file says it."""
        return f"{self.who}，计算机 {self.host}，进程 {self.pid}\n{self.started}".strip()

    def shown(self) -> str:
        """For somebody who has to wait; of this computer its name says nothing new."""
        where = f"，计算机 {self.host}" if self.elsewhere else ""
        return f"{self.who}{where}，进程 {self.pid}"

    @property
    def elsewhere(self) -> bool:
        """Whether its process number is one of another computer."""
        return self.host not in {"", host_name()}


@contextlib.contextmanager
def hold(path: Path, who: str, now: float) -> Iterator[None]:
    """Hold ``path`` for a while.

    Args:
        path: The file.
        who: And since when, in words.
        now: In seconds since the epoch; tells how old a lock of another computer is.

    Raises:
        HeldError: Somebody else has it.
        OSError: The system refused.
    """
    pid = os.getpid()
    mine = Holder(who=who, host=host_name(), pid=pid, started=started(pid)).text()
    _take(path, mine, now)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # somebody may have taken it over by hand
            if _read(path) == mine:
                path.unlink()


def _take(path: Path, mine: str, now: float) -> None:
    for _ in range(ATTEMPTS):
        if _create(path, mine):
            return
        seen = _read(path)
        if seen is None:
            continue  # just given back
        if not is_gone(path, seen, now):
            raise _held(seen)
        if _take_over(path, seen, mine):
            return
    raise _held(_read(path) or "")


def _held(seen: str) -> HeldError:
    holder = parse(seen)
    return HeldError(holder.shown() if holder else seen.strip(), elsewhere=bool(holder and holder.elsewhere))


def _create(path: Path, mine: str) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(mine.encode())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _read(path: Path) -> str | None:
    """What the file says; None when it is not there."""
    try:
        return _text(path.read_bytes())
    except FileNotFoundError:
        return None


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


def parse(text: str) -> Holder | None:
    """What a file says; None when it says nothing that can be understood."""
    found = _TEXT.fullmatch(text.strip())
    if not found:
        return None
    return Holder(who=found["who"], host=found["host"] or "", pid=int(found["pid"]), started=found["started"] or "")


def is_gone(path: Path, seen: str, now: float) -> bool:
    """Whether a holder is certainly there no more, or has been silent too long to believe in."""
    holder = parse(seen)
    if holder is None or holder.elsewhere:
        try:
            age = now - path.stat().st_mtime
        except OSError:
            return False
        return age > (UNWRITTEN_SECONDS if not seen.strip() else STALE_SECONDS)
    since = started(holder.pid)
    return not is_running(holder.pid) or bool(holder.started and since and since != holder.started)


def _take_over(path: Path, seen: str, mine: str) -> bool:
    """Write into a file whose holder is gone; False when somebody else was quicker."""
    try:
        with path.open("r+b") as file:
            if not _lock(file):
                return False
            now = path.stat()
            there = os.fstat(file.fileno())
            if (now.st_ino, now.st_dev) != (there.st_ino, there.st_dev) or _text(file.read()) != seen:
                return False
            file.seek(0)
            file.truncate()
            file.write(mine.encode())
            file.flush()
            return True
    except FileNotFoundError:
        return False


def host_name() -> str:
    """This computer's name."""
    return platform.node().replace("，", " ") or "未知"


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def is_running(pid: int) -> bool:
        """Whether there is such a process; in doubt, yes."""
        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        if not handle:
            no_such_process = 87
            return bool(ctypes.windll.kernel32.GetLastError() != no_such_process)
        code = wintypes.DWORD()
        ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        still_active = 259
        return code.value == still_active

    def started(pid: int) -> str:
        """When a process started, empty when the system does not tell."""
        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        if not handle:
            return ""
        times = [wintypes.FILETIME() for _ in range(4)]
        told = ctypes.windll.kernel32.GetProcessTimes(handle, *(ctypes.byref(one) for one in times))
        ctypes.windll.kernel32.CloseHandle(handle)
        return f"{times[0].dwHighDateTime}:{times[0].dwLowDateTime}" if told else ""

else:

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def is_running(pid: int) -> bool:
        """Whether there is such a process; in doubt, yes."""
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return _fields(pid)[0] not in {"Z", "X"}  # killed, and its parent has not looked yet

    def started(pid: int) -> str:
        """When a process started, empty when the system does not tell."""
        return _fields(pid)[1]


if sys.platform == "linux":

    def _fields(pid: int) -> tuple[str, str]:
        """State of a process, and when it started, since which boot."""
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return "", ""
        return fields[0], f"{boot}:{fields[19]}"

elif sys.platform != "win32":

    def _fields(pid: int) -> tuple[str, str]:
        """State of a process, and when it started."""
        words = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
        asked = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words, one number
        return asked.stdout[:1], asked.stdout[1:].partition(" ")[2].strip()
