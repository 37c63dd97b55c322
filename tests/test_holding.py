"""One holder at a time: who is told, what is a stale lock and what is not, and two who take one over at once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from pipeline import holding
from pipeline.errors import BusyError, WorkspaceError
from pipeline.holding import STALE_SECONDS, UNWRITTEN_SECONDS, HeldError, Holder, hold, host_name, parse, started
from pipeline.workspace import Workspace, lock
from tests.faults import ended, fork

if TYPE_CHECKING:
    from pathlib import Path

WHO = "张三，2023-05-17 09:12"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="holders are made and killed with fork and signals")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.lock"


def left(path: Path, text: str, age: float = 0) -> None:
    """A lock somebody left a while ago."""
    path.write_text(text, encoding="utf-8")
    then = time.time() - age
    os.utime(path, (then, then))


def can(path: Path) -> bool:
    """Whether it can be had now; it is given back."""
    try:
        with hold(path, "李四，2023-05-17 09:30", time.time()):
            return "李四" in path.read_text(encoding="utf-8")
    except HeldError:
        return False


def holder(**changes: object) -> str:
    """What this process would write, with changes."""
    mine = {"who": WHO, "host": host_name(), "pid": os.getpid(), "started": started(os.getpid())}
    return Holder(**{**mine, **changes}).text()  # type: ignore[arg-type]


def gone_pid() -> int:
    """A number that no process has any more."""
    pid = fork(lambda: 0)
    ended(pid)
    return pid


def test_it_says_who_and_is_given_back(path: Path) -> None:
    with hold(path, WHO, time.time()):
        said = parse(path.read_text(encoding="utf-8"))
        assert said == Holder(who=WHO, host=host_name(), pid=os.getpid(), started=started(os.getpid()))
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(HeldError, match=f"^{WHO}，进程 {os.getpid()}$") as told:
            hold(path, "李四", time.time()).__enter__()
        assert not told.value.elsewhere
    assert not path.exists()


def test_it_is_given_back_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(path, WHO, time.time()):
        raise ZeroDivisionError
    assert not path.exists()


def test_a_holder_that_is_gone_is_taken_over(path: Path) -> None:
    left(path, holder(pid=gone_pid()))
    assert can(path)


def test_a_number_given_to_another_process_is_not_the_holder(path: Path) -> None:
    left(path, holder(started="another boot:1"))
    assert can(path)
    left(path, holder())
    assert not can(path)


def asleep() -> int:
    """Until it is killed."""
    time.sleep(60)
    return 0


def test_a_killed_holder_nobody_has_looked_after_is_gone(path: Path) -> None:
    pid = fork(asleep)
    try:
        left(path, holder(pid=pid, started=started(pid)))
        assert not can(path)
        os.kill(pid, signal.SIGKILL)
        while holding.is_running(pid):
            time.sleep(0.01)
        assert can(path)
    finally:
        ended(pid)


def test_numbers_of_another_computer_mean_nothing(path: Path) -> None:
    """Neither that there is no such process here, nor that there is one."""
    for pid in (gone_pid(), os.getpid()):
        left(path, holder(host="办公室-2", pid=pid, started="x"), age=STALE_SECONDS - 60)
        assert not can(path)
        with pytest.raises(HeldError, match="，计算机 办公室-2，进程") as told:
            hold(path, "李四", time.time()).__enter__()
        assert told.value.elsewhere
        left(path, holder(host="办公室-2", pid=pid, started="x"), age=STALE_SECONDS + 60)
        assert can(path)


def test_a_long_run_of_this_computer_is_never_stale(path: Path) -> None:
    left(path, holder(), age=10 * STALE_SECONDS)
    assert not can(path)


@pytest.mark.parametrize("text", ["张三，2023-03-14 09:00，进程 {}", "张三，2023-03-14 09:00，计算机 {here}，进程 {}"])
def test_a_lock_without_a_time_goes_by_its_number(path: Path, text: str) -> None:
    left(path, text.format(os.getpid(), here=host_name()))
    assert not can(path)
    left(path, text.format(gone_pid(), here=host_name()))
    assert can(path)


def test_an_empty_lock_is_one_being_written_for_a_minute(path: Path) -> None:
    left(path, "", age=UNWRITTEN_SECONDS - 30)
    assert not can(path)
    left(path, "", age=UNWRITTEN_SECONDS + 30)
    assert can(path)


@pytest.mark.parametrize("text", ["什么", "\ufffd" * 9, "，进程 ", "张三，进程 -1"])
def test_what_cannot_be_read_is_believed_for_half_a_day(path: Path, text: str) -> None:
    left(path, text)
    assert not can(path)
    left(path, text, age=STALE_SECONDS + 60)
    assert can(path)


def test_what_somebody_else_put_there_is_not_given_back(path: Path) -> None:
    with hold(path, WHO, time.time()):
        left(path, holder(host="办公室-2"))
    assert path.exists()


def test_a_number_beyond_all_numbers(path: Path) -> None:
    left(path, f"张三，进程 {'9' * 40}")
    assert can(path)


def test_of_two_who_saw_the_same_stale_lock_one_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(path, holder(pid=gone_pid()))
    quicker, judge = contextlib.ExitStack(), holding.is_gone
    waiting = [hold(path, "快的", time.time())]

    def overtaken(*args: object) -> bool:
        gone = judge(*args)  # type: ignore[arg-type]
        if waiting:
            quicker.enter_context(waiting.pop())
        return gone

    monkeypatch.setattr(holding, "is_gone", overtaken)
    with quicker:
        with pytest.raises(HeldError, match="快的"):
            hold(path, "慢的", time.time()).__enter__()
        assert "快的" in path.read_text(encoding="utf-8")
    assert can(path)


def test_of_many_who_take_it_over_at_once_one_does(path: Path) -> None:
    """Each dies now and then with the lock in its hands; never are two inside."""
    inside, done = path.with_name("inside"), path.with_name("done")

    def work(seed: int) -> int:
        chance, end = random.Random(seed), time.monotonic() + 1.5  # noqa: S311 - to be the same every time
        while time.monotonic() < end:
            with contextlib.suppress(HeldError), hold(path, f"第{seed}个", time.time()):
                os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails if somebody is inside
                with done.open("a", encoding="ascii") as file:
                    file.write(".")
                inside.unlink()
                if chance.random() < 0.3:
                    os.kill(os.getpid(), signal.SIGKILL)
        return 0

    codes: list[int] = []
    for some in range(6):
        codes += [ended(pid) for pid in [fork(lambda n=8 * some + n: work(n)) for n in range(8)]]  # type: ignore[misc]
        if 0 in codes[-8:]:
            break
    assert set(codes) <= {0, -signal.SIGKILL}
    assert codes.count(-signal.SIGKILL) >= 8
    assert len(done.read_text(encoding="ascii")) > codes.count(-signal.SIGKILL)


# The workspace's


def test_a_lock_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("no folder", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"无法写入 .*dataset：.*再运行"), lock(Workspace(root=tmp_path), WHO):
        pass


def test_of_another_computer_staff_are_told_which(tmp_path: Path) -> None:
    path = tmp_path / "dataset" / "run.lock"
    path.parent.mkdir()
    left(path, holder(host="办公室-2"))
    says = "另一个人正在运行（张三，2023-05-17 09:12，计算机 办公室-2，进程 .*如那台电脑上的程序确已中断，请删除 .*run.lock 后再运行"
    with pytest.raises(BusyError, match=says), lock(Workspace(root=tmp_path), "李四"):
        pass
    left(path, "")
    with pytest.raises(BusyError, match="另一个人正在运行（刚刚开始）"), lock(Workspace(root=tmp_path), "李四"):
        pass


def test_the_next_one_puts_away_what_was_cut_off(tmp_path: Path) -> None:
    for name in ("outbox/.2023-02.old/甲", "outbox/2023-04/乙", "outbox/.2023-04.old/旧", "outbox/.2023-06.new/半",
                 "outbox/2023-04/.下发.old/丙", "dataset/files/ab/abc.part77", "dataset/cache/图/.xyz"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    with lock(Workspace(root=tmp_path), WHO):
        found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["dataset/run.lock", "outbox/2023-02/甲", "outbox/2023-04/下发/丙", "outbox/2023-04/乙"]
