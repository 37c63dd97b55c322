"""One holder at a time: the system's lock on a file, and a file beside it that says who has the lock, since when and where.

The system takes the lock back when its holder ends, whatever it ends of. The file beside it says who, and decides nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_SECONDS = 0.2  # whoever has just taken the lock has then said so


class HeldError(Exception):
    """Somebody else has it; ``str()`` is who and since when, empty when that cannot be read."""

    def __init__(self, holder: str, *, elsewhere: bool) -> None:
        super().__init__(holder)
        self.elsewhere = elsewhere


@contextlib.contextmanager
def hold(path: Path, who: str) -> Iterator[None]:
    """Hold ``path`` for a while.

    Args:
        path: The file that is locked; it stays when the lock is given back.
        who: And since when, in words.

    Raises:
        HeldError: Somebody else has it.
        OSError: The system refused.
    """
    lock, beside = FileLock(path, timeout=_PATIENCE_SECONDS, mode=0o600), holder_file(path)
    try:
        lock.acquire()
    except Timeout:
        raise _held(beside) from None
    try:
        said = {"who": who, "host": platform.node(), "pid": os.getpid()}
        beside.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
        lock.release()


def holder_file(path: Path) -> Path:
    """The file beside a lock that says who has it; left behind by a holder that was killed, until the next one."""
    return path.with_suffix(".holder")


def _held(beside: Path) -> HeldError:
    """Who has it, for somebody who has to wait; of this computer its name says nothing new."""
    try:
        said = json.loads(beside.read_bytes())
        who, host, pid = str(said["who"]), str(said["host"]), int(said["pid"])
    except (OSError, ValueError, TypeError, LookupError):
        return HeldError("", elsewhere=False)
    elsewhere = host != platform.node()
    return HeldError(f"{who}，{f'计算机 {host}，' if elsewhere else ''}进程 {pid}", elsewhere=elsewhere)
