"""The engine over a Dask cluster, whose workers somebody started on other machines."""

from __future__ import annotations

import logging
import operator
import pickle
import re
import time
import warnings
from collections import deque
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from functools import partial, reduce
from itertools import count
from typing import TYPE_CHECKING, Any, Self, TypeVar

import dask
from distributed import Client, KilledWorker

from pipeline.engine.chunks import LIMITS, Chunk, Limits, Loss, Outcome, chunks
from pipeline.scale.remote import Stranger, here, program_of
from pipeline.system.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

_CHUNK = 200  # items at most; of workbooks, some 25 weigh enough
AHEAD = 3  # chunks for each thread of a worker: one at work, one there, one on its way
CONNECT_SECONDS = 10
ANSWER_SECONDS = 15
_CLOSE_SECONDS = 5
_LOOK_SECONDS = 2
_PATIENCE_SECONDS = 30
_ADDRESS = re.compile(r"(tcp|tls)://([^\s:/\[\]]+|\[[0-9a-fA-F:.]+\]):\d{1,5}", re.ASCII)
_LOGGERS = ("distributed", "tornado", "asyncio")
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a chunk may be large
    "distributed.admin.low-level-log-length": 0,  # chunks that were sent are not kept
}


class ClusterError(PipelineError):
    """The cluster cannot be used, or no longer."""


class Cluster:
    """Workers on other machines, found by the address of their scheduler; connected while in ``with``.

    Workers may come and go. What a worker had when it was lost is done elsewhere.
    """

    def __init__(
        self, address: str, *, limits: Limits = LIMITS, chunk: int = _CHUNK, patience: float = _PATIENCE_SECONDS
    ) -> None:
        if not _ADDRESS.fullmatch(address):
            raise ClusterError(f"集群调度器的地址要写成 tcp://主机:端口（加密的写成 tls://主机:端口），“{address}”不是")
        self._limits, self._chunk = limits, chunk
        self._link = _Link(address, patience)

    def __enter__(self) -> Self:
        self._link.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()

    def each(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        lost: Callable[[T, Loss], R],
        limits: Limits | None = None,
        chunk: int | None = None,
    ) -> Iterator[R]:
        """See :class:`pipeline.engine.engines.Engine`.

        Raises:
            ClusterError: The scheduler is gone, there are no workers, or they have another edition of the program.
        """
        run = _Run(self._link, pickle.dumps(function), limits or self._limits)
        ahead: deque[tuple[Chunk[T], Any]] = deque()

        def results() -> Iterator[R]:
            first, future = ahead.popleft()
            try:
                outcomes = run.outcomes(future)
            except KilledWorker:
                for _, other in ahead:
                    self._link.finish(other)
                outcomes = run.alone(first.packed)
            yield from first.results(outcomes, lost)

        try:
            for part in chunks(items, chunk or self._chunk):
                ahead.append((part, run.start(part.packed)))
                while len(ahead) >= self._link.most_ahead():
                    yield from results()
            while ahead:
                yield from results()
        finally:
            run.end(future for _, future in ahead)


class _Run:
    """One function on its way over many chunks.

    Tasks and what moves between workers name nothing of ours before it is opened inside a task: a scheduler has no need
    of our program, and a worker without it would break down or wait for ever, not fail.
    """

    def __init__(self, link: _Link, function: bytes, limits: Limits) -> None:
        self._link = link
        content = pickle.dumps((pickle.dumps((function, limits)), here()))
        self._parcel = link.submit(partial, bytes, content)
        self._opener = pickle.dumps(program_of)

    def start(self, packed: tuple[bytes, ...]) -> Any:
        # Opens the opener, applies it to the parcel, and what that gives to the chunk.
        return self._link.submit(reduce, operator.call, [pickle.loads, self._opener, self._parcel, packed])

    def outcomes(self, future: Any) -> list[Outcome]:
        """What became of the items of a chunk, once it is known.

        Raises:
            KilledWorker: Of the chunk or of a neighbour, several workers in turn.
            ClusterError: Nothing says it.
        """
        got = self._link.result(future, self._parcel)
        if isinstance(got, Stranger):
            raise ClusterError(
                f"工作进程 {got.address} 的程序与本机不是同一版（那边是 {got.edition}，本机是 {here()}）；"
                "请在那台机器上装好与本机相同的版本，重启工作进程，再运行一次"
            )
        outcomes: list[Outcome] = got
        return outcomes

    def alone(self, packed: tuple[bytes, ...]) -> list[Outcome]:
        """What becomes of the items while nothing else is under way: a worker that ends now was ended by them."""
        try:
            return self.outcomes(self.start(packed))
        except KilledWorker:
            if len(packed) == 1:
                return [Loss.DIED]
            half = len(packed) // 2
            return [*self.alone(packed[:half]), *self.alone(packed[half:])]

    def end(self, futures: Iterable[Any]) -> None:
        """The scheduler may forget it all; the processes of it end."""
        for future in (*futures, self._parcel):
            with suppress(Exception):  # gone with the scheduler
                future.release()


class _Link:
    """The line to the scheduler: it answers, or there is a :class:`ClusterError` before long."""

    def __init__(self, address: str, patience: float) -> None:
        self._address, self._patience = address, patience
        self._open = ExitStack()
        self._client: Any = None
        self._numbers = count()
        self._looked = 0.0
        self._most_ahead = AHEAD

    def connect(self) -> None:
        with ExitStack() as opening:
            opening.enter_context(_silence())
            opening.enter_context(dask.config.set(_SETTINGS))
            opening.callback(self._hang_up)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # other versions of other libraries: what counts is compared by us
                    self._client = Client(  # type: ignore[no-untyped-call]
                        self._address, timeout=CONNECT_SECONDS, set_as_default=False
                    )
            except (OSError, ImportError, ValueError) as error:
                raise ClusterError(
                    f"连不上集群调度器 {self._address}：请确认那台机器上已运行 dask scheduler、地址和端口没有写错、"
                    "防火墙已放行；不用集群就去掉 --scheduler 再运行"
                ) from error
            self._open = opening.pop_all()

    def close(self) -> None:
        self._open.close()

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        with self._asking():
            return self._client.submit(function, *args, key=f"{self._client.id}-{next(self._numbers)}", pure=False)

    def result(self, future: Any, parcel: Any) -> Any:
        """What a task returned.

        Raises:
            KilledWorker: Whenever it was tried.
        """
        self.finish(future)
        with self._asking():
            error = future.exception(timeout=ANSWER_SECONDS) if future.status == "error" else None
            if error is None:
                return future.result(timeout=ANSWER_SECONDS)
        if isinstance(error, KilledWorker) and parcel.status != "error":
            raise error
        raise ClusterError(
            f"工作进程 {'、'.join(self._unfit()) or self._address} 做不了这项工作（{type(error).__name__}: {error}）；"
            "请在每台工作机器上装好与本机相同的版本，重启工作进程，再运行一次"
        ) from error

    def _unfit(self) -> list[str]:
        """Workers that do not know what they are to do."""
        with self._asking():
            known = self._client.run(pickle.loads, pickle.dumps(program_of), on_error="return")
        return sorted(address for address, got in known.items() if isinstance(got, Exception))

    def finish(self, future: Any) -> None:
        """Wait until a task has ended, one way or the other."""
        while not future.done():
            with self._asking(), suppress(TimeoutError):
                future.exception(timeout=_LOOK_SECONDS)
            self.most_ahead()

    def most_ahead(self) -> int:
        """Chunks that may be under way, by the workers there are.

        Raises:
            ClusterError: There have been none for too long.
        """
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            since = time.monotonic()
            while not (threads := self._threads()):
                if time.monotonic() - since > self._patience:
                    raise ClusterError(
                        f"等了 {self._patience:.0f} 秒，调度器 {self._address} 下面一个工作进程也没有；"
                        f"请在工作机器上运行 dask worker {self._address} --nthreads 1，再运行一次即可接着做"
                    )
                time.sleep(0.1)
            self._looked, self._most_ahead = time.monotonic(), AHEAD * threads
        return self._most_ahead

    def _threads(self) -> int:
        with self._asking():
            return sum(self._client.nthreads(callback_timeout=ANSWER_SECONDS).values())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            if self._client.status != "running":
                raise ConnectionError(self._client.status)
            yield
        except (OSError, CancelledError) as error:
            raise ClusterError(
                f"与集群调度器 {self._address} 的连接断了，这次运行到此为止，已经入库的都在；"
                "请先恢复调度器和工作进程，再运行一次即可接着做"
            ) from error

    def _hang_up(self) -> None:
        if self._client is not None:
            with suppress(Exception):  # nobody is there any more
                self._client.close(timeout=_CLOSE_SECONDS)


@contextmanager
def _silence() -> Iterator[None]:
    """What Dask would write to stderr is said by a :class:`ClusterError`."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGGERS]
    before = {name: logging.getLogger(name).level for name in (*_LOGGERS, *names)}
    for name in before:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
