"""One holder at a time: who is told, what a killed holder leaves, and many who take the lock over at once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pipeline.system.errors import BusyError, WorkspaceError
from pipeline.system.lock import HeldError, hold, holder_file
from pipeline.workspace.paths import Workspace, lock
from tests.faults import ended, fork

if TYPE_CHECKING:
    from pathlib import Path

WHO = "张三，2023-05-17 09:12"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="holders are made and killed with fork and signals")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.lock"


def can(path: Path) -> bool:
    """Whether it can be had now; it is given back."""
    try:
        with hold(path, "李四，2023-05-17 09:30"):
            return "李四" in holder_file(path).read_text(encoding="utf-8")
    except HeldError:
        return False


def says(path: Path, **changes: object) -> None:
    """What the file beside the lock says, with changes."""
    said = {"who": WHO, "host": "办公室-2", "pid": 7, **changes}
    holder_file(path).write_text(json.dumps(said), encoding="utf-8")


def test_it_says_who_and_is_given_back(path: Path) -> None:
    with hold(path, WHO):
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(HeldError, match=f"^{WHO}，进程 {os.getpid()}$") as caught:
            hold(path, "李四").__enter__()
        assert not caught.value.elsewhere
    assert not holder_file(path).exists()
    assert can(path)


def test_it_is_given_back_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(path, WHO):
        raise ZeroDivisionError
    assert not holder_file(path).exists()
    assert can(path)


def test_a_killed_holder_has_it_no_more_even_before_anybody_looked_after_it(path: Path) -> None:
    def asleep() -> int:
        with hold(path, WHO):
            time.sleep(60)
        return 0

    pid = fork(asleep)
    try:
        while not (holder_file(path).exists() and holder_file(path).read_bytes()):
            time.sleep(0.01)
        assert not can(path)
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while not can(path) and time.monotonic() < end:
            time.sleep(0.01)
        assert can(path)
    finally:
        ended(pid)


def test_what_is_written_beside_it_decides_nothing(path: Path) -> None:
    """Neither of a process that is there, nor of another computer; and a long run is never taken for a dead one."""
    says(path, pid=os.getpid())
    path.write_text("张三，2023-03-14 09:00，进程 1", encoding="utf-8")  # as versions before left it
    assert can(path)
    with hold(path, WHO):
        for file in (path, holder_file(path)):
            os.utime(file, (0, 0))
        assert not can(path)


def test_who_has_just_taken_it_is_named_and_not_who_died_with_it(path: Path) -> None:
    """The file of a killed holder lies there until the next one has written its own, a moment after taking the lock."""
    with hold(path, WHO):
        mine = holder_file(path).read_text(encoding="utf-8")
        says(path, who="王五")
        soon = threading.Timer(0.05, lambda: holder_file(path).write_text(mine, encoding="utf-8"))
        soon.start()
        with pytest.raises(HeldError, match=f"^{WHO}，"):
            hold(path, "李四").__enter__()
        soon.join()


@pytest.mark.parametrize("text", ["", "什么", "[]", "{}", '{"who": "张三", "host": "甲", "pid": "乙"}'])
def test_of_what_cannot_be_read_nothing_is_said(path: Path, text: str) -> None:
    with hold(path, WHO):
        holder_file(path).write_text(text, encoding="utf-8")
        with pytest.raises(HeldError, match=r"^$"):
            hold(path, "李四").__enter__()


def test_of_many_who_take_it_over_at_once_one_does(path: Path) -> None:
    """Each dies now and then with the lock in its hands; never are two inside."""
    inside, done = path.with_name("inside"), path.with_name("done")

    def work(seed: int) -> int:
        chance, end = random.Random(seed), time.monotonic() + 1.5  # noqa: S311 - to be the same every time
        while time.monotonic() < end:
            with contextlib.suppress(HeldError), hold(path, f"第{seed}个"):
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
    waits = r"^另一个人正在运行（{}）。请等其结束{}再运行$"
    with hold(path, WHO):
        for who, rest in (
            (f"{WHO}，进程 {os.getpid()}", ""),
            (f"{WHO}，计算机 办公室-2，进程 7", "；如那台电脑确已断电或断网，请删除 .*run.lock 后"),
            ("刚刚开始", ""),
        ):
            with pytest.raises(BusyError, match=waits.format(who, rest)), lock(Workspace(root=tmp_path), "李四"):
                pass
            says(path) if not rest else holder_file(path).write_bytes(b"")


def test_the_next_one_puts_away_what_was_cut_off(tmp_path: Path) -> None:
    for name in (
        "outbox/.2023-02.old/甲",
        "outbox/2023-04/乙",
        "outbox/.2023-04.old/旧",
        "outbox/.2023-06.new/半",
        "outbox/2023-04/.下发.old/丙",
        "dataset/files/ab/abc.part77",
        "dataset/cache/图/.xyz",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    with lock(Workspace(root=tmp_path), WHO):
        found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert found == [
        "dataset/run.holder",
        "dataset/run.lock",
        "outbox/2023-02/甲",
        "outbox/2023-04/下发/丙",
        "outbox/2023-04/乙",
    ]
