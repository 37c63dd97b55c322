"""Map one function over many workbooks, each in a worker process that may die of it; the seam for a cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from multiprocessing import forkserver, resource_tracker
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

MOST_WORKERS = 4
START_SECONDS = 60
TICK_SECONDS = 0.1
# Never a plain fork: this process may have threads. Nothing is preloaded: the server would look in its own sys.path.
CONTEXT = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")


class Loss(StrEnum):
    """Why an item has no result."""

    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    DIED = "died"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one item may use, where the system can tell: Windows only knows the clock, macOS no memory.

    Attributes:
        seconds: By the clock, from when a worker has the item.
        cpu_seconds: Of processor time; also ends a worker whose parent was killed.
        memory_bytes: Address space of the worker, interpreter included.
    """

    seconds: float = 60
    cpu_seconds: int = 60
    memory_bytes: int = 2 << 30


LIMITS = Limits()


def each(function: Callable[[T], R], items: Iterable[T], *, lost: Callable[[T, Loss], R],
         limits: Limits = LIMITS) -> Iterator[R]:  # fmt: skip
    """``function`` over ``items``, in order, each item in a worker process.

    Args:
        function: Importable by name, like its results picklable. What it raises is our bug and is raised here.
        items: Taken as they are needed, two for each worker.
        lost: Gives the result of an item whose worker was lost; no other item is touched by it.
        limits: For each item.

    Raises:
        BrokenProcessPool: No worker can be started.
    """
    count = min(_processors(), MOST_WORKERS)
    stopped = Event()
    workers = [_Worker(function, limits, stopped) for _ in range(count)]
    idle = list(workers)

    def run(item: T) -> bytes | Loss:
        worker = idle.pop()
        try:
            return worker.run(item)
        finally:
            idle.append(worker)

    def result(item: T, outcome: Future[bytes | Loss]) -> R:
        got = outcome.result()
        return lost(item, got) if isinstance(got, Loss) else pickle.loads(got)  # noqa: S301 - from our own worker

    threads = ThreadPoolExecutor(count)
    ahead: deque[tuple[T, Future[bytes | Loss]]] = deque()
    try:
        for item in items:
            ahead.append((item, threads.submit(run, item)))
            if len(ahead) == 2 * count:
                yield result(*ahead.popleft())
        while ahead:
            yield result(*ahead.popleft())
    finally:
        stopped.set()
        threads.shutdown(cancel_futures=True)
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join()


class _Worker(Generic[T, R]):
    """One process at a time with one item at a time in it, so that whoever is in when it dies was the cause.

    A pool of one for each: in a shared one a worker that dies holding the channel's lock, or before it said which item
    it has, takes its neighbours along.
    """

    def __init__(self, function: Callable[[T], R], limits: Limits, stopped: Event) -> None:
        self._new_pool = partial(ProcessPool, max_workers=1, initializer=_prepare, initargs=(function, limits),
                                 context=CONTEXT)  # fmt: skip
        self._seconds = limits.seconds
        self._stopped = stopped
        self._pool = self._new_pool()
        self._ready = False

    def run(self, item: T) -> bytes | Loss:
        """The pickled result, or why there is none."""
        # Dead before it said what it has: of this item, or while idle. In a fresh process it can only be the item.
        return self._attempt(item) or self._attempt(item) or Loss.DIED

    def stop(self) -> None:
        """Let the process end."""
        self._pool.stop()  # type: ignore[no-untyped-call]

    def join(self) -> None:
        """Wait until it has."""
        self._pool.join()

    def _attempt(self, item: T) -> bytes | Loss | None:
        if not (self._ready and self._pool.active):
            self._start()
        try:
            outcome: bytes | Loss = self._wait(self._pool.schedule(_call, (item,), timeout=self._seconds))
        except (TimeoutError, ProcessExpired, RuntimeError) as error:
            if error.__cause__ is not None:  # raised in there by the function
                raise
            self._ready = self._greet()  # the pool has replaced it; stopped while still starting it would complain
            return {TimeoutError: Loss.TIMED_OUT, ProcessExpired: Loss.DIED}.get(type(error))
        self._ready = outcome is not Loss.OUT_OF_MEMORY
        return outcome

    def _start(self) -> None:
        self.stop()
        self.join()
        _start_helpers()
        self._pool = self._new_pool()
        if not self._greet():
            raise BrokenProcessPool("no worker process can be started")
        self._ready = True

    def _greet(self) -> bool:
        """Whether a process answers: start-up is no item's time and no item's fault."""
        if not self._pool.active:
            return False
        answer = self._pool.schedule(os.getpid)
        wait([answer], START_SECONDS)
        return answer.done() and answer.exception() is None

    def _wait(self, future: Future[Any]) -> Any:
        while not wait([future], TICK_SECONDS).done:
            if self._stopped.is_set():
                raise CancelledError
        return future.result()


def _start_helpers() -> None:
    """The processes that start workers: deaf to Ctrl+C from their first moment, which is for us to hear and to act on."""
    if sys.platform == "linux":
        for start in (resource_tracker.ensure_running, forkserver.ensure_running):
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # the first one lifts it again itself
            try:
                start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _processors() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# From here on: inside the worker.
_function: Callable[[Any], Any]
_cpu_seconds: int


def _prepare(function: Callable[[Any], Any], limits: Limits) -> None:
    """A new worker learns its function once, its limits, and silence: what dies may write to stderr by itself."""
    global _function, _cpu_seconds
    _function, _cpu_seconds = function, limits.cpu_seconds
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler would wait for the very call that hangs
    if sys.platform != "win32":
        _lower(resource.RLIMIT_AS, limits.memory_bytes)
        _lower(resource.RLIMIT_CORE, 0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _call(item: Any) -> bytes | Loss:
    """The result, pickled here, where what cannot be pickled is an exception like any other."""
    if sys.platform != "win32":
        _lower(resource.RLIMIT_CPU, int(time.process_time()) + 1 + _cpu_seconds)  # it counts all items so far
    try:
        return pickle.dumps(_function(item))
    except MemoryError:
        return Loss.OUT_OF_MEMORY


if sys.platform != "win32":

    def _lower(kind: int, most: int) -> None:
        _, hard = resource.getrlimit(kind)
        with contextlib.suppress(ValueError, OSError):  # macOS has RLIMIT_AS and refuses it
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
