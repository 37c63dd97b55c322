"""Worker processes that hang, burn, eat memory and die: each costs its own item and nothing else."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import engine
from pipeline.engine import Limits, Loss, each
from tests.builder import hear_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
ENV = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    """No test leaves a worker behind."""
    yield
    assert multiprocessing.active_children() == []


def act(word: str) -> Any:
    """What a worker is told to do; a word without an act is echoed."""
    acts = {
        "hang": lambda: time.sleep(600),
        "abort": os.abort,
        "exit": lambda: os._exit(3),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "segfault": lambda: ctypes.string_at(0),
        "burn": lambda: spend(600),
        "spend": lambda: spend(0.6),
        "hog": lambda: [bytes(1 << 28) for _ in range(1 << 20)],
        "crumbs": lambda: [bytes(n & 63) for n in range(1 << 40)],
        "pid": os.getpid,
        "mute": lambda: os.write(2, b"heard"),
        "timeout": lambda: raises(TimeoutError("ours")),
        "value": lambda: raises(ValueError("ours")),
        "unpicklable": lambda: lambda: None,
    }
    return acts.get(word, lambda: word)()


def spend(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def raises(error: Exception) -> None:
    raise error


def slow_if_even(number: int) -> int:
    time.sleep(0.05 * (1 - number % 2))
    return number


def lost(item: str, why: Loss) -> str:
    return f"{item} {why}"


def never(item: object, why: Loss) -> Any:
    raise AssertionError(item, why)


class Unloadable:
    """What no worker can load."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.listdir, ("no such folder",)


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(each(slow_if_even, range(20), lost=never)) == list(range(20))


def test_without_items_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pebble.ProcessPool.schedule", never)
    assert list(each(act, [], lost=never)) == []


def test_one_item_starts_one_process() -> None:
    results = each(act, ["a"], lost=never)
    assert next(results) == "a"
    assert len(multiprocessing.active_children()) == 1
    assert list(results) == []


def test_items_are_taken_as_needed_and_closing_early_ends_it() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    results = each(slow_if_even, endless(), lost=never)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(taken) <= 5 + 2 * engine.MOST_WORKERS
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("word", "why", "limits"),
    [
        ("hang", Loss.TIMED_OUT, Limits(seconds=1)),
        ("exit", Loss.DIED, Limits()),
        ("abort", Loss.DIED, Limits()),
        ("segfault", Loss.DIED, Limits()),
        pytest.param("kill", Loss.DIED, Limits(), marks=posix),
        pytest.param("burn", Loss.DIED, Limits(cpu_seconds=1), marks=posix),
        pytest.param("hog", Loss.OUT_OF_MEMORY, Limits(), marks=posix),
        pytest.param("crumbs", Loss.OUT_OF_MEMORY, Limits(memory_bytes=400 << 20), marks=posix),
    ],
)
def test_a_lost_worker_costs_its_own_item_only(word: str, why: Loss, limits: Limits) -> None:
    items = ["a", "b", word, "c", "d", word, "e"]
    expected = [f"{word} {why}" if item == word else item for item in items]
    assert list(each(act, items, lost=lost, limits=limits)) == expected


def test_waiting_for_a_worker_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_WORKERS", 1)
    assert list(each(act, ["hang", "a"], lost=lost, limits=Limits(seconds=1))) == ["hang timed_out", "a"]


@posix
def test_cpu_seconds_are_counted_for_each_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_WORKERS", 1)
    assert list(each(act, ["spend"] * 5, lost=lost, limits=Limits(cpu_seconds=1))) == [None] * 5


@posix
def test_the_death_of_an_idle_worker_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_WORKERS", 1)
    seen: list[int] = []

    def items() -> Iterator[str]:
        yield from ("pid", "pid")
        time.sleep(0.5)
        os.kill(seen[0], signal.SIGKILL)
        yield "pid"

    for pid in each(act, items(), lost=never):
        seen.append(pid)  # noqa: PERF402 - read while it grows
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize("word", ["value", "timeout"])
def test_what_the_function_raises_is_raised_here(word: str) -> None:
    with pytest.raises((ValueError, TimeoutError), match="ours") as raised:
        list(each(act, ["a", word, "b"], lost=never))
    assert "in raises" in str(raised.value.__cause__), "the worker's traceback"


def test_a_result_that_cannot_be_sent_is_our_fault() -> None:
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        list(each(act, ["a", "unpicklable"], lost=never))


def test_a_worker_that_cannot_start_is_our_fault() -> None:
    with pytest.raises(BrokenProcessPool):
        list(each(partial(print, Unloadable()), [1, 2], lost=never))


SCRIPT = """
import multiprocessing, sys
from pipeline.engine import each, Limits
from tests.test_engine import act, lost

def mine(word):
    return act(word)

if __name__ == "__main__":
    try:
        for result in each(mine, sys.argv[1:], lost=lost, limits=Limits(seconds=60)):
            print(result, flush=True)
    except KeyboardInterrupt:
        print("stopped", len(multiprocessing.active_children()))
"""


def script(folder: Path, *words: str) -> subprocess.Popen[str]:
    path = folder / "script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, path, *words], cwd=folder, env=ENV, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_ctrl_c,  # noqa: PLW1509
    )  # fmt: skip


def test_a_script_with_its_own_function_hears_nothing_of_dying_workers(tmp_path: Path) -> None:
    out, err = script(tmp_path, "a", "segfault", "mute", "b", "abort").communicate(timeout=60)
    assert out.split("\n") == ["a", "segfault died", "5", "b", "abort died", ""]
    assert err == ""


@posix
def test_control_c_ends_the_workers_too(tmp_path: Path) -> None:
    with script(tmp_path, "pid", *["hang"] * 9) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (out, err) == ("stopped 0\n", "")
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
