"""``watch``: a verdict for each file as it lands, under a name that can do no harm; and files somebody is still copying."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import unicodedata
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.intake.inbox import SETTLE_SECONDS, read_inbox
from pipeline.office.watch import look_once, verdict_name, wait_for_files
from pipeline.reading.guard import content_of
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, arrival, filled, hear_ctrl_c, new_workspace, own_key

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = date(2023, 3, 14)
WAIT_SECONDS = 60
LARGEST_PID = 4_194_304
GOOD, BAD = filled(), filled(changes={(FIRST, "Q01-1"): "约5"})
HOSTILE = [
    "../../逃出.xlsx",
    "..",
    "...xlsx",
    "C:\\窗口\\系统.xlsx",
    "<script>alert(1)</script>.xlsx",
    "红\x1b[31m铃\x07.xlsx",
    "两行\n结论：全部接收。.xlsx",
    "反\u202exslx.exe",
    "长" * 4000 + ".xlsx",
    "😀" * 63,
    "100%.xlsx",
    'a|b?c*d"e.xlsx',
    " 空格 . ",
    "\udcff.xlsx",
]


def call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def put(workspace: Workspace, name: str, content: bytes) -> Path:
    path = workspace.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def verdicts(workspace: Workspace) -> dict[str, str]:
    found = sorted(workspace.verdicts.iterdir()) if workspace.verdicts.is_dir() else []
    return {path.name: path.read_text(encoding="utf-8-sig") for path in found}


# Names


@pytest.mark.parametrize("name", HOSTILE)
def test_a_verdict_has_a_harmless_name(name: str) -> None:
    made = verdict_name(arrival(b"x", name))
    assert made == Path(made).name
    assert not set(made) & set('/\\:*?"<>|%')
    assert not any(unicodedata.category(ch).startswith("C") for ch in made)
    assert not made.startswith((".", " "))
    assert made.endswith(f"_{arrival(b'x').sha256[:8]}.txt")
    longest = Path(made).with_suffix(f".part{LARGEST_PID}").name
    assert len(made.encode()) <= 255
    assert len(longest.encode()) <= 255  # the name it is written under first


def test_a_verdict_is_one_content_s() -> None:
    assert verdict_name(arrival(b"x", "甲.xlsx")) != verdict_name(arrival(b"y", "甲.xlsx"))
    assert verdict_name(arrival(b"x", "a/甲.xlsx")) != verdict_name(arrival(b"x", "b/甲.xlsx"))


# One look


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Result]:
    """An inbox with one file taken in, and new ones, some under names that nobody should choose; looked at once."""
    workspace = Workspace(root=tmp_path_factory.mktemp("watch") / "办公室")
    new_workspace(workspace.root)
    own_key(workspace)
    put(workspace, "2023-03-02/空.xlsx", b"")
    base = ("--project", str(workspace.root), "--as-of", "2023-03-14")
    assert call(*base, "--period", "2023-02").exit_code == 0
    put(workspace, "2023-03-03/好.xlsx", GOOD)
    put(workspace, "错\x1b[31m\n结论：全部接收。.xlsx", BAD)
    put(workspace, "😀" * 60, b"not a workbook")
    put(workspace, "2023-03-03/~$好.xlsx", b"lock")
    put(workspace, "2023-09-01/以后.xlsx", b"later")
    return workspace, call(*base, "watch", "--once")


def test_one_look_writes_a_verdict_for_each_new_file(looked: tuple[Workspace, Result]) -> None:
    workspace, result = looked
    assert result.exit_code == 0, result.output
    told = verdicts(workspace)
    assert len(told) == 3
    good = next(text for name, text in told.items() if "好" in name)
    assert "结论：全部接收：3个县（市、区）可以接收。" in good
    bad = next(text for name, text in told.items() if "错" in name)
    assert "香格里拉市须改正后重报" in bad
    assert "所填“约5”" in bad
    assert "不是电子表格" in next(text for name, text in told.items() if "😀" in name)
    assert all(raw.startswith(b"\xef\xbb\xbf") for raw in (p.read_bytes() for p in workspace.verdicts.iterdir()))
    assert "2023-03-03/好.xlsx：" in result.stdout
    assert not list(workspace.root.rglob("*.part*"))


def test_a_file_s_name_says_nothing_in_our_voice(looked: tuple[Workspace, Result]) -> None:
    """Neither a line of its own in a verdict nor a control sequence on the screen."""
    workspace, result = looked
    bad = next(text for name, text in verdicts(workspace).items() if "错" in name)
    assert not any(line.startswith("结论：全部接收") for line in bad.splitlines())
    assert "\x1b" not in bad
    assert not any(line.startswith("结论：全部接收") for line in result.stdout.splitlines())


def test_a_second_look_checks_nothing_again(looked: tuple[Workspace, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, result = looked
    assert result.exit_code == 0, result.output

    def stamps() -> dict[Path, int]:  # the database's own files come and go
        return {p: p.stat().st_mtime_ns for p in workspace.root.rglob("*") if workspace.dataset not in {p, *p.parents}}

    before = stamps()
    monkeypatch.setattr("pipeline.office.watch.dry_run", lambda *_: pytest.fail("checked again"))
    assert look_once(workspace, DAY) == []
    assert stamps() == before


def test_looking_takes_nothing_in(looked: tuple[Workspace, Result]) -> None:
    workspace, _ = looked
    status = call("--project", str(workspace.root), "--as-of", "2023-03-14", "status", "--period", "2023-02")
    assert "已接收 0" in status.stdout


def test_watching_where_there_is_no_inbox_says_so_in_one_line(tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path / "w")
    new_workspace(workspace.root)
    workspace.inbox.rmdir()
    result = call("--project", str(workspace.root), "watch")
    assert result.exit_code == 2
    assert "程序内部错误" not in result.output
    assert "inbox" in result.output.splitlines()[-1]


# Still being copied


@pytest.fixture
def inbox(tmp_path: Path) -> Workspace:
    workspace = Workspace(root=tmp_path / "w")
    new_workspace(workspace.root)
    own_key(workspace)
    return workspace


def test_a_file_that_grows_while_it_is_looked_at_is_left_for_next_time(
    inbox: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = put(inbox, "2023-03-03/半.xlsx", GOOD[:9000])
    put(inbox, "2023-03-03/全.xlsx", BAD)
    pauses: list[float] = []

    def meanwhile(seconds: float) -> None:
        pauses.append(seconds)
        with half.open("ab") as out:
            out.write(GOOD[9000:18000])

    monkeypatch.setattr("pipeline.intake.inbox.time.sleep", meanwhile)
    seen = read_inbox(inbox, DAY)
    assert pauses == [SETTLE_SECONDS]
    assert [one.name for one in seen.arrivals] == ["2023-03-03/全.xlsx"]
    assert [(one.name, one.changing) for one in seen.changing] == [("2023-03-03/半.xlsx", True)]
    half.write_bytes(GOOD)
    monkeypatch.setattr("pipeline.intake.inbox.time.sleep", pauses.append)
    again = read_inbox(inbox, DAY)
    assert [(one.name, content_of(one) == GOOD) for one in again.arrivals if one.name.endswith("半.xlsx")] == [
        ("2023-03-03/半.xlsx", True)
    ]
    assert again.changing == ()
    old = time.time() - 3600
    for path in (half, inbox.inbox / "2023-03-03" / "全.xlsx"):
        os.utime(path, (old, old))
    assert len(read_inbox(inbox, DAY).arrivals) == 2


def test_a_file_taken_away_or_replaced_while_it_is_looked_at_is_left(
    inbox: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, swapped = put(inbox, "走.xlsx", GOOD), put(inbox, "换.xlsx", GOOD)

    def meanwhile(_: float) -> None:
        gone.unlink()
        swapped.write_bytes(BAD)

    monkeypatch.setattr("pipeline.intake.inbox.time.sleep", meanwhile)
    seen = read_inbox(inbox, DAY)
    assert (seen.arrivals, sorted(one.name for one in seen.changing)) == ((), ["换.xlsx", "走.xlsx"])


def test_a_run_and_a_look_leave_it_out_and_say_so(inbox: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    half = put(inbox, "2023-03-03/半.xlsx", b"PK")

    def meanwhile(_: float) -> None:
        with half.open("ab") as out:
            out.write(b"more")

    monkeypatch.setattr("pipeline.intake.inbox.time.sleep", meanwhile)
    base = ("--project", str(inbox.root), "--as-of", "2023-03-14")
    looked = call(*base, "watch", "--once")
    assert (looked.exit_code, looked.stdout, verdicts(inbox)) == (0, "", {})
    ran = call(*base, "--period", "2023-02")
    assert "未收：2023-03-03/半.xlsx（还在写入，没有传完，留待下次）" in ran.stderr
    assert "新收 0 份报送" in ran.stderr
    half.write_bytes(b"PK")
    checked = call(*base, "check", str(half))
    assert checked.exit_code == 1
    assert "文件还在写入" in checked.stdout


# Waiting


@pytest.fixture
def watching(inbox: Workspace, tmp_path: Path) -> Iterator[tuple[Workspace, subprocess.Popen[bytes], Path]]:
    """``run-pipeline watch`` in a process group of its own, as from a terminal."""
    said = tmp_path / "said.txt"
    command = [sys.executable, "-m", "pipeline.cli", "--project", str(inbox.root), "--as-of", "2023-03-14", "watch"]
    with said.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509
            env={**os.environ, "PYTHONUTF8": "1"},
        )
    try:
        yield inbox, process, said
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(WAIT_SECONDS)


def until(done: object, said: Path) -> None:
    """Wait for something, patiently: the machine may be busy."""
    assert callable(done)
    end = time.monotonic() + WAIT_SECONDS
    while not done():
        assert time.monotonic() < end, said.read_text(encoding="utf-8")
        time.sleep(0.1)


def test_watching_sees_a_new_file_and_ends_with_ctrl_c(
    watching: tuple[Workspace, subprocess.Popen[bytes], Path],
) -> None:
    workspace, process, said = watching
    until(lambda: "正在守候" in said.read_text(encoding="utf-8"), said)
    put(workspace, "2023-03-03/空.xlsx", b"")
    until(lambda: len(verdicts(workspace)) == 1, said)
    time.sleep(0.5)
    put(workspace, "2023-03-03/网页.xls", b"<html>")
    until(lambda: len(verdicts(workspace)) == 2, said)
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
    assert process.wait(WAIT_SECONDS) == 0
    text = said.read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert "2023-03-03/空.xlsx：结论：没有读（空文件）" in text
    assert text.count("空.xlsx") == 1


def test_ctrl_c_in_the_middle_of_a_check_ends_without_a_traceback(
    watching: tuple[Workspace, subprocess.Popen[bytes], Path],
) -> None:
    workspace, process, said = watching
    put(workspace, "2023-03-03/好.xlsx", GOOD)
    until(lambda: "正在守候" in said.read_text(encoding="utf-8"), said)
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(WAIT_SECONDS) in {0, 1}
    assert "Traceback" not in said.read_text(encoding="utf-8")
    assert not list(workspace.root.rglob("*.part*"))


def test_an_interrupt_that_a_library_swallows_ends_the_watch_all_the_same(inbox: Workspace) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        looks = wait_for_files(inbox)
        next(looks)
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert list(looks) == []
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
