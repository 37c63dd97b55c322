"""What work costs where it is done: processor time and memory of each worker, as the worker itself tells it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.ledger.blobs import FolderBlobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipeline.engine.engines import Engine, Limits, Loss

T, R = TypeVar("T"), TypeVar("R")
_begun: dict[str, float] = {}


@dataclass
class Clock:
    """Processor time inside some functions: of their own thread, or of the whole process where they have threads of theirs."""

    now: Callable[[], float] = time.thread_time
    seconds: float = 0.0

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*args: Any, **options: Any) -> Any:
            begun = self.now()
            try:
                return function(*args, **options)
            finally:
                self.seconds += self.now() - begun

        return timed


_keeping = Clock()


@dataclass
class Spent:
    """Of each worker process, by what it was doing: CPU seconds since it was ready, until then, and peak memory in KiB.

    ``kept`` is what of the first it took to keep the bytes of files.
    """

    cpu: dict[tuple[str, int], float] = field(default_factory=dict)
    start: dict[tuple[str, int], float] = field(default_factory=dict)
    peak: dict[tuple[str, int], int] = field(default_factory=dict)
    kept: dict[tuple[str, int], float] = field(default_factory=dict)

    def of(self, what: str) -> float:
        """All workers of one round together."""
        return sum(seconds for (name, _), seconds in self.cpu.items() if name == what)


@dataclass
class Metered:
    """An engine that notes what its workers spend."""

    engine: Engine
    spent: Spent = field(default_factory=Spent)

    def each(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        lost: Callable[[T, Loss], R],
        limits: Limits | None = None,
        chunk: int | None = None,
    ) -> Iterator[R]:
        """See :class:`pipeline.engine.engines.Engine`."""
        name = getattr(getattr(function, "func", function), "__name__", "")
        told = self.engine.each(
            partial(metered, function, name),
            items,
            limits=limits,
            chunk=chunk,
            lost=lambda item, why: (0, 0.0, 0.0, 0.0, 0, lost(item, why)),
        )
        for pid, start, seconds, kept, peak, result in told:
            if pid:
                key = name, pid
                self.spent.start[key] = start
                self.spent.cpu[key] = max(seconds, self.spent.cpu.get(key, 0.0))
                self.spent.kept[key] = max(kept, self.spent.kept.get(key, 0.0))
                self.spent.peak[key] = max(peak, self.spent.peak.get(key, 0))
            yield result


def metered(function: Callable[[Any], Any], name: str, item: Any) -> tuple[int, float, float, float, int, Any]:
    """In the worker: ready once the libraries are there, which only those who check need."""
    if name not in _begun:
        if "judge" in name:
            ready()
        FolderBlobs.keep = _keeping.of(FolderBlobs.keep)  # type: ignore[method-assign]
        _begun[name] = time.process_time()
    result = function(item)
    spent = time.process_time() - _begun[name]
    return os.getpid(), _begun[name], spent, _keeping.seconds, peak_memory(), result


def cpu(*command: str, faults: bool = False) -> float:
    """CPU seconds (user + system) of one finished process of Python, which may say by its end that it found faults."""
    before = os.times()
    done = subprocess.run([sys.executable, *command], check=False, capture_output=True, text=True)
    after = os.times()
    assert done.returncode in {0, 1 if faults else 0}, done.stderr  # noqa: S101
    return after.children_user - before.children_user + after.children_system - before.children_system


def peak_memory() -> int:
    """KiB, of this program: what the process was before it became this one is not in it."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return int(told["VmHWM"].split()[0])


def ready() -> None:
    """Import what is imported late."""
    import pipeline.checks.suites  # noqa: PLC0415
    import pipeline.ledger.frames  # noqa: F401, PLC0415
