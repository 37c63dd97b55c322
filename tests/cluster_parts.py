"""What workers are told to do, and a real cluster of processes on this machine; light, because workers import it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipeline.engine.engines import Loss

ROOT = Path(__file__).parents[1]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


def act(word: str) -> Any:
    """What a worker is told to do; a word without an act is echoed."""
    acts: dict[str, Callable[[], Any]] = {
        "hang": lambda: time.sleep(600),
        "abort": os.abort,
        "exit": lambda: os._exit(3),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "segfault": lambda: ctypes.string_at(0),
        "burn": lambda: spend(600),
        "spend": lambda: spend(0.6),
        "nap": lambda: time.sleep(0.4),
        "hog": lambda: [bytes(1 << 28) for _ in range(1 << 20)],
        "crumbs": lambda: [bytes(n & 63) for n in range(1 << 40)],
        "pid": os.getpid,
        "mute": lambda: os.write(2, b"heard"),
        "doom": doom,
        "victim": victim,
        "timeout": lambda: raises(TimeoutError("ours")),
        "value": lambda: raises(ValueError("ours")),
        "stubborn": lambda: raises(Stubborn("ours", None)),
        "unpicklable": lambda: lambda: None,
        "dask worker": dask_worker,
        "kill the dask worker": lambda: os.kill(dask_worker(), signal.SIGKILL),
    }
    return acts.get(word, lambda: word)()


def spend(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def raises(error: Exception) -> None:
    raise error


def doom() -> str:
    """Do well and leave the process in no state to do anything else."""
    os.environ["DOOMED"] = "1"
    return "doom"


def victim() -> str:
    if "DOOMED" in os.environ:
        os.abort()
    return "victim"


def dask_worker() -> int:
    """The process above the one above this one: the middle one only starts others."""
    return int(Path(f"/proc/{os.getppid()}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


class Stubborn(Exception):  # noqa: N818 - it is a state of mind
    """What pickle cannot make anew."""

    def __init__(self, text: str, _other: None) -> None:
        super().__init__(text)


class Unloadable:
    """What no worker can load."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.listdir, ("no such folder",)


def slow_if_even(number: int) -> int:
    time.sleep(0.05 * (1 - number % 2))
    return number


def double(number: int) -> int:
    return 2 * number


class Counted:
    """A function that writes a line each time it is loaded: called, it doubles."""

    def __init__(self, log: str) -> None:
        self.log = log

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__dict__.update(state)
        with Path(self.log).open("a", encoding="ascii") as log:
            log.write(f"{os.getpid()}\n")

    def __call__(self, number: int) -> int:  # noqa: D102 - above
        return 2 * number


def lost(item: str, why: Loss) -> str:
    return f"{item} {why}"


def never(item: object, why: Loss) -> Any:
    raise AssertionError(item, why)


def deadly_read(known: Any, keep: Any, arrival: Any) -> Any:
    """Reading, but of some files that kill whoever reads them."""
    from pipeline.intake.first_round import read_one  # noqa: PLC0415 - pytest's process need not have it

    if arrival.sha256.startswith("0"):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_one(known, keep, arrival)


def slow_read(known: Any, keep: Any, arrival: Any) -> Any:
    """Reading that takes its time, so that somebody can be killed meanwhile."""
    from pipeline.intake.first_round import read_one  # noqa: PLC0415

    time.sleep(0.15)
    return read_one(known, keep, arrival)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCluster:
    """A scheduler and workers started by command, as on real machines."""

    address: str
    environment: dict[str, str]
    scheduler: subprocess.Popen[bytes]
    processes: ExitStack = field(repr=False)

    def add_worker(self, threads: int = 1, folder: Path = ROOT) -> subprocess.Popen[bytes]:
        """Start one more, with the program in ``folder``; whoever needs it waits for it."""
        arguments = ("worker", self.address, "--nthreads", str(threads), "--no-dashboard", "--death-timeout", "20")
        return self.processes.enter_context(_process(*arguments, environment=self.environment, folder=folder))


@contextmanager
def running_cluster(
    workers: int, protocol: str = "tcp", folder: Path = ROOT, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[RunningCluster]:
    """A cluster of its own on a free port, gone afterwards.

    Args:
        workers: How many to begin with.
        protocol: ``tcp`` or ``tls``.
        folder: Where the scheduler finds its modules.
        settings: Of Dask, as environment variables.
    """
    environment = {**ENV, **settings}
    port = free_port()
    address = f"{protocol}://127.0.0.1:{port}"
    arguments = (
        "scheduler",
        "--host",
        f"{protocol}://127.0.0.1",
        "--port",
        str(port),
        "--no-dashboard",
        "--idle-timeout",
        "900",
    )  # by itself, should the tests be killed; its workers follow
    with ExitStack() as processes:
        scheduler = processes.enter_context(_process(*arguments, environment=environment, folder=folder))
        cluster = RunningCluster(address=address, environment=environment, scheduler=scheduler, processes=processes)
        for _ in range(workers):
            cluster.add_worker()
        await_port(port)
        yield cluster


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def await_port(port: int) -> None:
    for _ in range(300):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)


@contextmanager
def _process(*arguments: str, environment: dict[str, str], folder: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A group of its own, so that the worker under a nanny ends with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def gone(pid: int) -> bool:
    """Whether a process ends before long."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def memory_mb(pid: int) -> int:
    """What a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20
