"""One process for work that may kill it: who was in when it died is known, and nobody else pays."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import time
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from pipeline.engine.chunks import Limits, Loss, Outcome, Raised, outcome_of

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

_START_SECONDS = 60
_TICK_SECONDS = 0.1
_NOBODY = -1
_OUT_OF_CPU_TIME = -getattr(signal, "SIGXCPU", 0) or None
# Never a plain fork: this process may have threads. Nothing is preloaded: the server would look in its own sys.path.
_CONTEXT = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How a process ended.

    Attributes:
        why: Of what.
        at: Place in the chunk of the item that was in.
        sure: Nothing else can have been the cause.
    """

    why: Loss
    at: int
    sure: bool


class Worker:
    """One process at a time with one chunk at a time in it.

    A pool of one for each: in a shared one a worker that dies holding the channel's lock, or before it said which item
    it has, takes its neighbours along.
    """

    def __init__(self, function: bytes, limits: Limits, stopped: Event) -> None:
        self._at: Any = _CONTEXT.RawValue("q", _NOBODY)  # the item that is in, said by the process
        self._new_pool = partial(
            ProcessPool, max_workers=1, initializer=_prepare, initargs=(function, limits, self._at), context=_CONTEXT
        )
        self._seconds = limits.seconds
        self._stopped = stopped
        self._pool = self._new_pool()
        self._ready = False
        self._fresh = False

    def run(self, chunk: tuple[bytes, ...]) -> list[Outcome]:
        """What becomes of each item, up to the first that raises.

        An item is lost if it ran out of its own time, or was alone in a fresh process that ended. So what another one
        did to the process before it costs it nothing.

        Raises:
            BrokenProcessPool: No process can be started.
        """
        if not chunk:
            return []
        got = self._attempt(chunk)
        if not isinstance(got, _End):
            return got
        suspect: list[Outcome] = [got.why] if got.sure else self.run(chunk[got.at : got.at + 1])
        return [*self.run(chunk[: got.at]), *suspect, *self.run(chunk[got.at + 1 :])]

    def stop(self) -> None:
        """Let the process end."""
        self._pool.stop()  # type: ignore[no-untyped-call]

    def join(self) -> None:
        """Wait until it has."""
        self._pool.join()

    def _attempt(self, chunk: tuple[bytes, ...]) -> list[Outcome] | _End:
        if not (self._ready and self._pool.active):
            self._start()
        alone, self._fresh = self._fresh and len(chunk) == 1, False
        self._at.value = _NOBODY
        try:
            outcomes: list[Outcome] = self._wait(self._pool.schedule(_call, (chunk,)))
        except TimeoutError:
            self._renew()
            return _End(why=Loss.TIMED_OUT, at=self._at.value, sure=True)
        except (ProcessExpired, RuntimeError) as error:
            self._renew()
            sure = alone or getattr(error, "exitcode", 0) == _OUT_OF_CPU_TIME
            return _End(why=Loss.DIED, at=max(self._at.value, 0), sure=sure)
        if outcomes[-1] is not Loss.OUT_OF_MEMORY:
            return outcomes
        self._ready = False
        return _End(why=Loss.OUT_OF_MEMORY, at=len(outcomes) - 1, sure=alone)

    def _renew(self) -> None:
        """The pool replaces its process by itself; stopped while still starting it would complain."""
        self._ready = self._fresh = self._greet()

    def _start(self) -> None:
        self.stop()
        self.join()
        _start_helpers()
        self._pool = self._new_pool()
        if not self._greet():
            raise BrokenProcessPool("no worker process can be started")
        self._ready = self._fresh = True

    def _greet(self) -> bool:
        """Whether a process answers: start-up is no item's time and no item's fault."""
        if not self._pool.active:
            return False
        answer = self._pool.schedule(os.getpid)
        wait([answer], _START_SECONDS)
        return answer.done() and answer.exception() is None

    def _wait(self, future: Future[Any]) -> Any:
        """The answer; each item has its own time.

        Raises:
            TimeoutError: An item has used it up; the process is ended.
            CancelledError: Stopped.
        """
        at, since = _NOBODY, time.monotonic()
        while not wait([future], _TICK_SECONDS).done:
            if self._stopped.is_set():
                raise CancelledError
            if self._at.value != at:
                at, since = self._at.value, time.monotonic()
            elif time.monotonic() - since > self._seconds:
                future.cancel()
                raise TimeoutError if at != _NOBODY else ProcessExpired("never took it")  # type: ignore[no-untyped-call]
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


# From here on: inside the worker.
_GRACE_SECONDS = 5
_function: Callable[[Any], Any]
_limits: Limits
_at: Any


def _prepare(function: bytes, limits: Limits, at: Any) -> None:
    """A new worker learns its function once, its limits, and silence: what dies may write to stderr by itself."""
    global _function, _limits, _at
    if sys.platform != "win32":  # a lock that a library makes for itself (tqdm does) is then gone with the process
        multiprocessing.set_start_method("fork", force=True)
    _function, _limits, _at = pickle.loads(function), limits, at  # noqa: S301 - from our own pipeline
    gc.freeze()  # what is there by now stays: a program of 40,000 units need not be looked through for garbage
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler would wait for the very call that hangs
    if sys.platform != "win32":
        _lower(resource.RLIMIT_AS, limits.memory_bytes)
        _lower(resource.RLIMIT_CORE, 0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _call(chunk: tuple[bytes, ...]) -> list[Outcome]:
    """What becomes of the items, up to the first that no other can follow."""
    outcomes: list[Outcome] = []
    for n, packed in enumerate(chunk):
        _at.value = n
        _wind_up()
        outcomes.append(outcome_of(_function, packed))
        if outcomes[-1] is Loss.OUT_OF_MEMORY or isinstance(outcomes[-1], Raised):
            break
    _wind_down()
    return outcomes


if sys.platform == "win32":

    def _wind_up() -> None:
        pass

    def _wind_down() -> None:
        pass

else:

    def _wind_up() -> None:
        _lower(resource.RLIMIT_CPU, int(time.process_time()) + 1 + _limits.cpu_seconds)  # it counts all items so far
        signal.setitimer(signal.ITIMER_REAL, _limits.seconds + _GRACE_SECONDS)  # when whoever watches it is dead

    def _wind_down() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _lower(kind: int, most: int) -> None:
        _, hard = resource.getrlimit(kind)
        with contextlib.suppress(ValueError, OSError):  # macOS has RLIMIT_AS and refuses it
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
