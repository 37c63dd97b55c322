"""A real scheduler and real workers over TCP: killed, frozen, late, too old; the results are those of one process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from threading import Timer
from typing import TYPE_CHECKING

import dask
import pytest

from pipeline.engine.engines import InProcess, Limits
from pipeline.scale import cluster as module
from pipeline.scale.choose import open_engine
from pipeline.scale.cluster import AHEAD, Cluster, ClusterError
from pipeline.system.errors import PipelineError
from tests.cluster_parts import (
    ROOT,
    Counted,
    act,
    double,
    free_port,
    gone,
    lost,
    memory_mb,
    never,
    running_cluster,
    slow_if_even,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster_parts import RunningCluster

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture(scope="module")
def two() -> Iterator[RunningCluster]:
    """A scheduler and two workers, for tests that leave them alive."""
    with running_cluster(2, settings={"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_written(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever happens to a cluster, nothing but our own error tells of it."""
    yield
    assert capfd.readouterr() == ("", "")


def test_the_results_are_those_of_one_process(two: RunningCluster) -> None:
    with Cluster(two.address, chunk=7) as cluster:
        expected = list(InProcess().each(slow_if_even, range(100), lost=never))
        assert list(cluster.each(slow_if_even, range(100), lost=never)) == expected
        assert list(cluster.each(double, [], lost=never)) == []
        assert list(cluster.each(double, [4], lost=never)) == [8]


def test_items_are_taken_as_needed(two: RunningCluster) -> None:
    taken = most = done = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(5000):
            taken += 1
            yield number

    with Cluster(two.address, chunk=50) as cluster:
        for n, result in enumerate(cluster.each(double, items(), lost=never)):
            assert result == 2 * n
            most, done = max(most, taken - done), done + 1
    assert done == 5000
    assert most <= (2 * AHEAD + 1) * 50


def test_the_scheduler_keeps_nothing_of_what_went_through_it(two: RunningCluster) -> None:
    before = memory_mb(two.scheduler.pid)
    with Cluster(two.address) as cluster:
        assert set(cluster.each(len, (bytes(50_000) for _ in range(3000)), lost=never)) == {50_000}
    assert memory_mb(two.scheduler.pid) - before < 50, "of 150"


@pytest.mark.parametrize(
    ("word", "why"),
    [("hang", "timed_out"), ("segfault", "died"), ("exit", "died"), ("hog", "out_of_memory")],
)
def test_an_item_that_harms_costs_itself_only(two: RunningCluster, word: str, why: str) -> None:
    items = ["a", "b", "c", word, "d", "e", word, "f"]
    with Cluster(two.address) as cluster:
        got = list(cluster.each(act, items, lost=lost, chunk=4, limits=Limits(seconds=1, memory_bytes=1 << 30)))
    assert got == [f"{word} {why}" if item == word else item for item in items]


def test_what_the_function_raises_is_raised_here(two: RunningCluster) -> None:
    with Cluster(two.address, chunk=4) as cluster:
        results = cluster.each(act, ["a", "b", "value", "c"], lost=never)
        assert [next(results), next(results)] == ["a", "b"]
        with pytest.raises(ValueError, match=r"^ours$") as raised:
            next(results)
    assert "in raises" in str(raised.value.__cause__)


def test_the_function_travels_once(two: RunningCluster, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Cluster(two.address, chunk=2) as cluster:
        assert list(cluster.each(Counted(str(log)), range(60), lost=never)) == [2 * n for n in range(60)]
    pids = log.read_text(encoding="ascii").split()
    assert len(pids) == len(set(pids)) <= 2


def test_no_process_is_left_on_the_workers(two: RunningCluster) -> None:
    with Cluster(two.address, chunk=1) as cluster:
        results = cluster.each(act, ["pid"] * 50, lost=never)
        early = next(results)
        results.close()  # type: ignore[attr-defined]
        last = set(cluster.each(act, ["pid"] * 10, lost=never))
        assert early not in last
    assert all(gone(pid) for pid in {early, *last})


def test_a_worker_killed_in_mid_run_is_not_noticed(two: RunningCluster) -> None:
    """Its nanny starts another; what was in it is done again."""
    items = ["dask worker", "pid", *(["nap", "a"] * 8)]
    with Cluster(two.address, chunk=2) as cluster:
        results = cluster.each(act, items, lost=never)
        worker, child = next(results), next(results)
        os.kill(worker, signal.SIGKILL)
        assert list(results) == [None, "a"] * 8
    assert gone(child), "an orphan"


def test_an_item_that_ends_every_worker_is_isolated(two: RunningCluster) -> None:
    items = ["a", "b", "kill the dask worker", "c", *"defgh"]
    started = time.monotonic()
    with Cluster(two.address, chunk=4) as cluster:
        got = list(cluster.each(act, items, lost=lost))
    assert got == ["a", "b", "kill the dask worker died", "c", *"defgh"]
    assert time.monotonic() - started < 60


def test_a_worker_may_come_late_and_have_threads() -> None:
    """Each thread has a process of its own: nothing of ours is shared between them."""
    with running_cluster(0) as running, Cluster(running.address, chunk=1) as cluster:
        late = Timer(1, running.add_worker, kwargs={"threads": 2})
        late.start()
        assert list(cluster.each(act, ["nap"] * 6, lost=never)) == [None] * 6
        assert 1 <= len(set(cluster.each(act, ["pid", "nap"] * 6, lost=never)) - {None}) <= 2
        late.join()


def test_a_machine_may_go_and_another_come() -> None:
    with running_cluster(0) as running, Cluster(running.address, chunk=1) as cluster:
        first = running.add_worker()
        results = cluster.each(act, ["pid", *(["nap"] * 9), "pid"], lost=never)
        before = next(results)
        os.killpg(first.pid, signal.SIGKILL)
        running.add_worker()
        *naps, after = results
        assert (naps, after != before) == ([None] * 9, True)


def test_without_a_worker_it_says_how_to_start_one() -> None:
    with running_cluster(0) as running, Cluster(running.address, patience=0.5) as cluster:
        with pytest.raises(ClusterError, match="一个工作进程也没有") as raised:
            list(cluster.each(double, [1], lost=never))
        assert f"dask worker {running.address} --nthreads 1" in str(raised.value)


def test_when_the_last_worker_is_gone_it_says_so() -> None:
    with running_cluster(1) as running, Cluster(running.address, chunk=1, patience=6) as cluster:
        results = cluster.each(act, ["dask worker", *["nap"] * 50], lost=never)
        worker = next(results)
        os.killpg(os.getpgid(worker), signal.SIGKILL)
        with pytest.raises(ClusterError, match="一个工作进程也没有"):
            list(results)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_a_scheduler_that_goes_away_ends_the_run_soon(how: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 3)
    with running_cluster(1) as running:
        with Cluster(running.address, chunk=1) as cluster:
            results = cluster.each(act, ["nap"] * 50, lost=never)
            next(results)
            running.scheduler.send_signal(how)
            started = time.monotonic()
            with pytest.raises(ClusterError, match=r"连接断了.*再运行一次即可接着做") as raised:
                list(results)
        assert running.address in str(raised.value)
        assert time.monotonic() - started < 20


def test_without_a_scheduler_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(PipelineError, match=f"连不上集群调度器 {address}"), open_engine(address):
        pass


@pytest.mark.parametrize("address", ["10.0.0.1:8786", "tcp://10.0.0.1", "http://a:1", "tcp://a:1/x", "tcp://a b:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ClusterError, match="tcp://主机:端口"):
        Cluster(address)


def test_a_worker_of_another_edition_is_refused_by_name(tmp_path: Path) -> None:
    for package in ("pipeline", "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "examples"))
    with (tmp_path / "pipeline/domain/findings.py").open("a", encoding="utf-8") as source:
        source.write("# changed\n")
    with running_cluster(0) as running, Cluster(running.address) as cluster:
        running.add_worker(folder=tmp_path)
        with pytest.raises(ClusterError, match=r"工作进程 tcp://127\.0\.0\.1:\d+ 的程序与本机不是同一版"):
            list(cluster.each(double, [1], lost=never))


@pytest.mark.parametrize("others", [0, 1])
def test_a_worker_without_the_program_is_told_of(tmp_path: Path, others: int) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline/__init__.py").touch()
    with running_cluster(others) as running, Cluster(running.address, chunk=1) as cluster:
        running.add_worker(folder=tmp_path)
        with pytest.raises(ClusterError, match=r"工作进程 tcp://\S+ 做不了这项工作（.*No module named 'pipeline\."):
            list(cluster.each(act, ["nap"] * 50, lost=never))


def test_the_scheduler_needs_no_program_of_ours(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline/__init__.py").touch()
    with running_cluster(1, folder=tmp_path) as running, Cluster(running.address) as cluster:
        assert list(cluster.each(act, ["a", "exit", "b"], lost=lost)) == ["a", "exit died", "b"]


def test_over_tls(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    files = {"ca-file": cert} | {
        f"{who}.{what}": {"cert": cert, "key": key}[what]
        for who in ("scheduler", "worker", "client")
        for what in ("cert", "key")
    }
    settings = {f"distributed.comm.tls.{name}": path for name, path in files.items()}
    variables = {"DASK_" + name.replace(".", "__").replace("-", "_").upper(): path for name, path in settings.items()}
    with (
        running_cluster(1, "tls", settings=variables) as running,
        dask.config.set(settings),
        Cluster(running.address) as cluster,
    ):
        assert list(cluster.each(double, range(9), lost=never)) == [2 * n for n in range(9)]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "pipeline.scale.cluster")
    with pytest.raises(PipelineError, match=r"run-pipeline\[cluster\]"), open_engine("tcp://127.0.0.1:1"):
        pass
