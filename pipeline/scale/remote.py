"""What runs in the worker of a cluster: chunks, each in a process of its own that may die of it.

The worker itself never touches an item, so nothing an item does can end it, however many threads it was started with.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from distributed import get_worker

from pipeline.engine.worker import Worker

if TYPE_CHECKING:
    from functools import partial

    from pipeline.engine.chunks import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """The answer of a worker of another edition, which does nothing."""

    address: str
    edition: str


class _RemoteProgram:
    """A function on this worker, and the processes that know it: what becomes of each item of a chunk.

    Args:
        work: Pickled function and limits, pickled; opened only where the edition is the same.
        edition: Of the machine that started the run.
    """

    def __init__(self, work: bytes, edition: str) -> None:
        self._work, self._wanted, self._edition = work, edition, here()
        self._stopped = Event()
        self._idle: list[Worker] = []
        weakref.finalize(self, _end, self._idle, self._stopped).atexit = False

    def __call__(self, chunk: tuple[bytes, ...]) -> list[Outcome] | Stranger:
        if self._edition != self._wanted:
            return Stranger(address=get_worker().address, edition=self._edition)
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = self._new_worker()
        try:
            return worker.run(chunk)
        finally:
            self._idle.append(worker)

    def _new_worker(self) -> Worker:
        multiprocessing.current_process().daemon = False  # as Dask starts it, and as such allowed no children
        function, limits = pickle.loads(self._work)  # noqa: S301 - of the same edition, over the office's own network
        return Worker(function, limits, self._stopped)


def program_of(parcel: partial[bytes]) -> _RemoteProgram:
    """The program in a parcel that Dask brought here.

    Dask takes it to whichever worker needs it, once, and forgets it after the run, or when whoever started the run is
    gone; then the program goes too, and its processes.
    """
    with _opening:
        if parcel not in _programs:
            _programs[parcel] = _RemoteProgram(*pickle.loads(parcel()))  # noqa: S301 - as above
        return _programs[parcel]


_programs: WeakKeyDictionary[partial[bytes], _RemoteProgram] = WeakKeyDictionary()
_opening = Lock()


def here() -> str:
    """The edition of this machine, by what its files are now: processes started from now on will load them."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return f"Python {sys.version_info.major}.{sys.version_info.minor}、程序 {digest.hexdigest()[:12]}"


def _end(workers: list[Worker], stopped: Event) -> None:
    stopped.set()
    Thread(target=_stop, args=(workers,)).start()  # whoever collects garbage has other things to do


def _stop(workers: list[Worker]) -> None:
    for worker in workers:
        worker.stop()
    for worker in workers:
        worker.join()
