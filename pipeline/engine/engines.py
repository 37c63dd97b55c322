"""Map one function over many workbooks: here, in worker processes that may die of it, or on a cluster."""

from __future__ import annotations

import os
import pickle
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from pipeline.engine.chunks import LIMITS, Chunk, Limits, Loss, Outcome, chunks
from pipeline.engine.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["LIMITS", "Engine", "InProcess", "Limits", "Loss", "Pool"]

T = TypeVar("T")
R = TypeVar("R")

_WORKERS_IF_MEMORY_IS_UNKNOWN = 4
CHUNK = 25  # of many items, so many go to a worker together: of workbooks, a twentieth of a second of work


class Engine(Protocol):
    """Whatever can map; the results are the same."""

    def each(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        lost: Callable[[T, Loss], R],
        limits: Limits | None = None,
        chunk: int | None = None,
    ) -> Iterator[R]:
        """``function`` over ``items``, in order.

        Args:
            function: Importable by name, like its results picklable. What it raises is our bug and is raised here.
            items: Taken as they are needed, a few for each worker.
            lost: Gives the result of an item whose worker was lost; no other item is touched by it.
            limits: For each item; the engine's own if None.
            chunk: Items that go to a worker together; the engine's own if None.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class InProcess:
    """Here and now: for functions that cannot harm. Nothing is ever lost, short of the process itself."""

    def each(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        lost: Callable[[T, Loss], R],  # noqa: ARG002
        limits: Limits | None = None,  # noqa: ARG002
        chunk: int | None = None,  # noqa: ARG002
    ) -> Iterator[R]:
        """See :class:`Engine`."""
        yield from map(function, items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Worker processes on this machine, started as they are needed and ended with the results.

    Attributes:
        workers: How many at most; :func:`usual_workers` if None.
        limits: For each item.
        chunk: Items that go to a worker together.
    """

    workers: int | None = None
    limits: Limits = LIMITS
    chunk: int = 1

    def each(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        lost: Callable[[T, Loss], R],
        limits: Limits | None = None,
        chunk: int | None = None,
    ) -> Iterator[R]:
        """See :class:`Engine`: the first are under way before the first result is asked for.

        Raises:
            BrokenProcessPool: No worker can be started.
        """
        results = self._each(function, items, lost, limits or self.limits, chunk or self.chunk)
        next(results)
        return cast("Iterator[R]", results)

    def _each(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        lost: Callable[[T, Loss], R],
        limits: Limits,
        chunk: int,
    ) -> Iterator[R | None]:
        """None once as many are under way as may be, then the results."""
        count = self.workers or usual_workers(limits)
        stopped = Event()
        packed = pickle.dumps(function)
        workers = [Worker(packed, limits, stopped) for _ in range(count)]
        idle = list(workers)

        def run(together: tuple[bytes, ...]) -> list[Outcome]:
            worker = idle.pop()
            try:
                return worker.run(together)
            finally:
                idle.append(worker)

        threads = ThreadPoolExecutor(count)
        coming, ahead = chunks(items, chunk), deque[tuple[Chunk[T], Future[list[Outcome]]]]()

        def start(most: int) -> None:
            ahead.extend((one, threads.submit(run, one.packed)) for one in islice(coming, most))

        try:
            start(2 * count)
            yield None
            while ahead:
                first, outcomes = ahead.popleft()
                yield from first.results(outcomes.result(), lost)
                start(1)
        finally:
            stopped.set()
            threads.shutdown(cancel_futures=True)
            for worker in workers:
                worker.stop()
            for worker in workers:
                worker.join()


def usual_workers(limits: Limits = LIMITS) -> int:
    """One for each processor, as long as the memory is enough for all of them at their limit at once."""
    memory = _memory_bytes()
    most = memory // limits.memory_bytes if memory else _WORKERS_IF_MEMORY_IS_UNKNOWN
    return max(1, min(_processors(), most))


def _processors() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory_bytes() -> int:
    """Of this machine; 0 where it is not known."""
    if sys.platform == "win32":
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
