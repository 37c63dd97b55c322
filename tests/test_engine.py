"""Worker processes that hang, burn, eat memory and die: each costs its own item and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pipeline.engine import engines as engine
from pipeline.engine.chunks import chunks
from pipeline.engine.engines import CHUNK, InProcess, Limits, Loss, Pool, usual_workers
from pipeline.scale.choose import open_engine
from tests.builder import hear_ctrl_c
from tests.cluster_parts import ENV, Unloadable, act, gone, lost, never, slow_if_even

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    """No test leaves a worker behind."""
    yield
    assert multiprocessing.active_children() == []


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(Pool().each(slow_if_even, range(20), lost=never)) == list(range(20))


def test_without_items_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pebble.ProcessPool.schedule", never)
    assert list(Pool().each(act, [], lost=never)) == []


def test_one_item_starts_one_process() -> None:
    results = Pool().each(act, ["a"], lost=never)
    assert next(results) == "a"
    assert len(multiprocessing.active_children()) == 1
    assert list(results) == []


def test_items_are_taken_as_needed_and_closing_early_ends_it() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    results = Pool().each(slow_if_even, endless(), lost=never)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(taken) <= 5 + 2 * usual_workers()
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
    assert list(Pool(limits=limits).each(act, items, lost=lost)) == expected


def test_waiting_for_a_worker_is_not_counted() -> None:
    pool = Pool(workers=1, limits=Limits(seconds=1))
    assert list(pool.each(act, ["hang", "a"], lost=lost)) == ["hang timed_out", "a"]


@posix
@pytest.mark.parametrize("chunk", [1, 6])
def test_cpu_seconds_are_counted_for_each_item(chunk: int) -> None:
    """All together spend more than the limit, and each a third of it: the system counts by its ticks, which errs under load."""
    pool = Pool(workers=1, chunk=chunk, limits=Limits(cpu_seconds=2))
    assert list(pool.each(act, ["spend"] * 6, lost=never)) == [None] * 6


@posix
def test_the_death_of_an_idle_worker_is_nobodys() -> None:
    seen: list[int] = []

    def items() -> Iterator[str]:
        yield from ("pid", "pid")
        time.sleep(0.5)
        os.kill(seen[0], signal.SIGKILL)
        yield "pid"

    for pid in Pool(workers=1).each(act, items(), lost=never):
        seen.append(pid)  # noqa: PERF402 - read while it grows
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize("word", ["value", "timeout"])
def test_what_the_function_raises_is_raised_here(word: str) -> None:
    with pytest.raises((ValueError, TimeoutError), match="ours") as raised:
        list(Pool().each(act, ["a", word, "b"], lost=never))
    assert "in raises" in str(raised.value.__cause__), "the worker's traceback"


def test_a_result_that_cannot_be_sent_is_our_fault() -> None:
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        list(Pool().each(act, ["a", "unpicklable"], lost=never))


def test_a_worker_that_cannot_start_is_our_fault() -> None:
    with pytest.raises(BrokenProcessPool):
        list(Pool().each(partial(print, Unloadable()), [1, 2], lost=never))


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("hang", Loss.TIMED_OUT),
        ("exit", Loss.DIED),
        ("segfault", Loss.DIED),
        pytest.param("hog", Loss.OUT_OF_MEMORY, marks=posix),
    ],
)
def test_in_a_chunk_only_the_guilty_item_is_lost(word: str, why: Loss) -> None:
    items = ["a", "b", "c", word, "d", "e", word, word, "f", "g"]
    results = Pool(workers=1).each(act, items, lost=lost, chunk=5, limits=Limits(seconds=1, memory_bytes=1 << 30))
    assert list(results) == [f"{word} {why}" if item == word else item for item in items]


def test_each_item_of_a_chunk_has_its_own_time() -> None:
    pool = Pool(workers=1, chunk=6, limits=Limits(seconds=0.7))
    assert list(pool.each(act, ["nap"] * 6, lost=never)) == [None] * 6


@posix
def test_who_only_dies_where_others_have_been_is_innocent() -> None:
    """A process used up by those before ends with whoever comes next, who is given a fresh one."""
    pool = Pool(workers=1)
    assert list(pool.each(act, ["doom", "victim", "a"], lost=never)) == ["doom", "victim", "a"]


def test_what_was_done_before_an_exception_in_the_chunk_is_handed_on() -> None:
    results = Pool(workers=1, chunk=4).each(act, ["a", "b", "value", "c"], lost=never)
    assert [next(results), next(results)] == ["a", "b"]
    with pytest.raises(ValueError, match="ours"):
        next(results)


def test_an_exception_that_cannot_travel_is_told_of() -> None:
    with pytest.raises(RuntimeError, match="Stubborn: ours") as raised:
        list(Pool(workers=1).each(act, ["stubborn"], lost=never))
    assert "in raises" in str(raised.value.__cause__)


def test_chunks_are_filled_one_at_a_time_and_closed_when_they_are_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = iter(range(100))
    first = next(chunks(taken, 7))
    assert (first.items, next(taken)) == (tuple(range(7)), 7)
    monkeypatch.setattr("pipeline.engine.chunks.CHUNK_BYTES", 250)
    assert [len(chunk.items) for chunk in chunks([bytes(100)] * 7, 5)] == [3, 3, 1]


def test_in_process_gives_the_same() -> None:
    taken = iter(range(5))
    results = InProcess().each(slow_if_even, taken, lost=never)
    assert (next(results), next(taken)) == (0, 1), "nothing ahead"
    assert list(results) == [2, 3, 4]


def test_there_is_memory_for_all_workers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_processors", lambda: 32)
    monkeypatch.setattr(engine, "_memory_bytes", lambda: 16 << 30)
    assert usual_workers() == 8
    assert usual_workers(Limits(memory_bytes=1 << 40)) == 1
    monkeypatch.setattr(engine, "_memory_bytes", lambda: 0)
    assert usual_workers() == 4


def test_without_a_scheduler_the_engine_is_a_pool() -> None:
    with open_engine(workers=3) as one:
        assert one == Pool(workers=3, chunk=CHUNK)


SCRIPT = """
import multiprocessing, sys
from pipeline.engine.engines import Limits, Pool
from tests.cluster_parts import act, lost

def mine(word):
    return act(word)

if __name__ == "__main__":
    try:
        seconds, *words = sys.argv[1:]
        for result in Pool(limits=Limits(seconds=float(seconds))).each(mine, words, lost=lost):
            print(result, flush=True)
    except KeyboardInterrupt:
        print("stopped", len(multiprocessing.active_children()))
"""


def script(folder: Path, *words: str, seconds: float = 60) -> subprocess.Popen[str]:
    path = folder / "script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, path, str(seconds), *words],
        cwd=folder,
        env=ENV,
        text=True,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509
    )


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


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_what_hangs_ends_though_nobody_is_left_to_watch_it(tmp_path: Path) -> None:
    with script(tmp_path, "pid", *["hang"] * 9, seconds=1.5) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        time.sleep(0.5)
        process.kill()
        process.communicate()
    assert gone(worker)
