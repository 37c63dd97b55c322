"""Killed, full, read-only, damaged, or two at once: nothing lost, nothing twice, and staff are told in words they can act on."""

from __future__ import annotations

import hashlib
import importlib
import os
import random
import shutil
import subprocess
import sys
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.workspace.paths import Workspace, lock
from tests.faults import (
    ISSUE,
    RUN,
    apart,
    at_once,
    call,
    copy_of,
    difference,
    drop_powers,
    holdings,
    killed_after,
    killed_at,
    made_quick,
    modes,
    new_office,
    of_session,
    products,
    resize,
    side_by_side,
    small_disk,
    small_files,
    state,
    touches,
    tree,
    until,
    warm_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="faults are made with fork, signals and mounts")
EVERY = bool(os.environ.get("EVERY_FAULT"))  # each single point instead of every third of those that are alike
ALIKE = ("open outbox", "half outbox", "os.mkdir outbox", "os.remove", "os.rmdir", "sql INSERT")
KINDS = ("run.lock", "stage read_inbox", "fsync", "sql COMMIT", "half outbox", "os.rename outbox", "os.remove")
OF_ITS_OWN = ("-wal", "-shm", ".holder")
"""Files that say another thing in each run: SQLite's salts, the process that holds the lock."""
AT_RANDOM = 10
FOREIGN = ("Traceback", "Errno", "Error", "No such", "denied", "No space", "disk", "malformed", "程序内部错误")


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Any:
    """A process that will be killed starts no others."""
    with pytest.MonkeyPatch.context() as patch:
        made_quick(patch)
        yield


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """An office with a run to be made; copied, never used itself."""
    return new_office(tmp_path_factory.mktemp("faults") / "base")


@pytest.fixture(scope="module")
def whole(base: Workspace) -> dict[str, Any]:
    """What an undisturbed run leaves."""
    return warm_up(base, base.root.with_name("plain"))


# Killed


def some(seen: Sequence[str]) -> list[int]:
    """Which points of a run to be killed at: each that is unlike its neighbours, and every fifth of the others."""
    alike = [n for n, what in enumerate(seen, 1) if what.startswith(ALIKE)]
    return [n for n in range(1, len(seen) + 1) if EVERY or n not in alike or alike.index(n) % 5 == 0]


def seen_whole(files: dict[str, str], old: dict[str, str], new: dict[str, str]) -> bool:
    """Whether a reader finds the products of before or of after; between two renames what went out may be away."""
    return files in (old, new, {name: content for name, content in old.items() if not name.startswith("下发/")})


def survives(base: Workspace, whole: dict[str, Any], folder: Path, kill: Callable[[Workspace], None]) -> str:
    """What is wrong after a run that was killed, and after the next one; empty when nothing is."""
    workspace = copy_of(base, folder)
    kill(workspace)
    return goes_on(base, whole, workspace)


def goes_on(base: Workspace, whole: dict[str, Any], workspace: Workspace) -> str:
    """What is wrong with what a killed run left, and after the next run; empty when nothing is."""
    old = products(base)
    wrong = [
        period
        for period, files in products(workspace).items()
        if not seen_whole(files, old[period], whole["outbox"][period])
    ]
    again = call(workspace, *RUN)
    if again.exit_code != 0:
        return again.output
    said = difference(whole, holdings(workspace))
    shutil.rmtree(workspace.root)
    return f"half a folder was to be seen: {wrong} {said}" if wrong else said


def test_killed_anywhere_the_next_run_makes_it_whole(base: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    """One run is copied at each point, as a process killed there would leave it; where copies are the same, one goes on."""
    copies = tmp_path / "copies"
    seen = touches(
        copy_of(base, tmp_path / "counted"), *RUN, wanted=lambda so_far: len(so_far) in some(so_far), copies=copies
    )
    points = some(seen)
    assert len(points) >= 100
    alike: dict[str, list[int]] = {}
    for n in points:
        alike.setdefault(str(state(copies / f"at{n}")), []).append(n)
    for n in {next(n for n in points if what in seen[n - 1]) for what in KINDS}:
        assert left_by_a_kill(base, tmp_path / f"killed{n}", n) == state(copies / f"at{n}", *OF_ITS_OWN), seen[n - 1]
    jobs = [partial(goes_on, base, whole, Workspace(root=copies / f"at{n}")) for n, *_ in alike.values()]
    said = side_by_side(jobs, tmp_path)
    assert {f"{some} {seen[some[0] - 1]}": text for some, text in zip(alike.values(), said, strict=True) if text} == {}


def left_by_a_kill(base: Workspace, folder: Path, at: int) -> dict[str, str]:
    """The state after a run was really killed at a point."""
    killed_at(copy_of(base, folder), at, *RUN)
    return state(folder, *OF_ITS_OWN)


def test_killed_at_any_moment_the_next_run_makes_it_whole(
    base: Workspace, whole: dict[str, Any], tmp_path: Path
) -> None:
    """In the middle of a write or of a commit too, where nothing in the program can count."""
    began = time.monotonic()
    assert apart(copy_of(base, tmp_path / "timed"), *RUN)[0] == 0
    lasts, chance = time.monotonic() - began, random.Random(5)  # noqa: S311 - the same moments every time
    jobs = [
        partial(survives, base, whole, tmp_path / f"{n}", partial(killed_after, seconds=chance.uniform(0, lasts)))
        for n in range(AT_RANDOM)
    ]
    assert [text for text in side_by_side(jobs, tmp_path) if text] == []


def test_killed_with_its_workers_the_next_run_makes_it_whole(
    base: Workspace, whole: dict[str, Any], tmp_path: Path
) -> None:
    """The real command, reading in workers of its own: none of them lives on."""
    workspace = copy_of(base, tmp_path / "office")
    command = [sys.executable, "-m", "pipeline.cli", "--project", str(workspace.root), *RUN]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until(lambda: len(of_session(process.pid)) > 1)
    assert call(workspace, *RUN).exit_code == 3
    process.kill()
    process.wait()
    again = call(workspace, *RUN)
    assert again.exit_code == 0, again.output
    assert difference(whole, holdings(workspace)) == ""
    until(lambda: of_session(process.pid) == [])


def test_killed_while_issuing_what_went_out_is_still_there(
    base: Workspace, whole: dict[str, Any], tmp_path: Path
) -> None:
    seen = touches(copy_of(base, tmp_path / "counted"), *ISSUE)
    swaps = [n for n, what in enumerate(seen, 1) if "rename" in what]
    assert len(swaps) == 3  # the folder that was, the new one, and the seal of the ledger
    folders = swaps[:2]  # a little after them it is entered in the ledger: done, whatever is killed then
    points = sorted({*folders, *(n + 1 for n in folders), *range(1, folders[1] + 7, 6)})
    jobs = [
        partial(survives, base, whole, tmp_path / f"at{n}", lambda workspace, n=n: killed_at(workspace, n, *ISSUE))  # type: ignore[misc]
        for n in points
    ]
    said = side_by_side(jobs, tmp_path)
    assert {f"{n} {seen[n - 1]}": text for n, text in zip(points, said, strict=True) if text} == {}


# Refused by the disk


def refused(
    workspace: Workspace, whole: dict[str, Any], *says: str, before: Callable[[], object] = lambda: None
) -> None:
    """A run that cannot do its work says so in one line, in Chinese, and each period's products are as before or as after."""
    old = products(workspace)
    code, said = apart(workspace, *RUN, before=before)
    assert code == 2, said
    (line,) = (text for text in said.splitlines() if text.startswith("错误："))
    assert not any(word in line.replace(str(workspace.root), "") for word in FOREIGN), line
    assert all(word in line for word in says), line
    now = products(workspace)
    assert now.keys() == old.keys()
    assert all(files in (old[period], whole["outbox"][period]) for period, files in now.items())


def recovers(workspace: Workspace, whole: dict[str, Any], but: str = "") -> None:
    """The next run does everything, and all is as it should be; but for something, if told."""
    again = call(workspace, *RUN)
    assert again.exit_code == 0, again.output
    assert difference({**whole, but: 0}, {**holdings(workspace), but: 0}) == ""


def copies(base: Workspace, folder: Path, names: Iterable[object]) -> Iterator[tuple[Workspace, Any]]:
    """A fresh copy for each of some trials."""
    for n, name in enumerate(names):
        yield copy_of(base, folder / f"{n}"), name


@pytest.mark.parametrize("room", [0, 30_000, 200_000, 400_000])
def test_a_full_disk(base: Workspace, whole: dict[str, Any], tmp_path: Path, room: int) -> None:
    """A small disk of its own where we may mount one, else a limit on the size of files."""
    size = sum(-(-p.stat().st_size // 4096) * 4096 + 4096 for p in base.root.rglob("*")) + room
    with small_disk(tmp_path, size) as mounted:
        workspace = copy_of(base, tmp_path / "office")
        if mounted:
            refused(workspace, whole, "磁盘已满。请腾出空间后再运行")
            resize(tmp_path, size + 50_000_000)
        else:
            refused(workspace, whole, "再运行", before=partial(small_files, 10_000 + room // 10))
        recovers(workspace, whole)


@pytest.mark.parametrize("most", [0, 4096, 9_000, 20_000])
def test_files_that_may_not_grow(base: Workspace, whole: dict[str, Any], tmp_path: Path, most: int) -> None:
    workspace = copy_of(base, tmp_path / "office")
    refused(workspace, whole, "再运行", before=partial(small_files, most))
    recovers(workspace, whole)


@pytest.mark.parametrize("folder", ["outbox", "dataset", "dataset/files"])
def test_a_folder_that_may_not_be_written(base: Workspace, whole: dict[str, Any], tmp_path: Path, folder: str) -> None:
    workspace = copy_of(base, tmp_path / "office")
    locked = workspace.root / folder
    with modes([locked, *(p for p in locked.rglob("*") if folder == "dataset/files" and p.is_dir())], 0o555):
        refused(workspace, whole, "没有权限，或文件正被打开", folder.partition("/")[0], before=drop_powers)
    recovers(workspace, whole)


# Damage


@pytest.fixture(scope="module")
def done(base: Workspace, whole: dict[str, Any]) -> Workspace:
    """The office after its run; copied, never used itself."""
    assert whole["left"] == []
    return Workspace(root=base.root.with_name("plain"))


def test_a_damaged_database(done: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    pages, told, chance = (done.dataset / "dataset.sqlite").stat().st_size // 4096, 0, random.Random(5)  # noqa: S311
    for workspace, page in copies(done, tmp_path, [0, *range(1, pages, max(1, pages // 8))]):
        path = workspace.dataset / "dataset.sqlite"
        with path.open("r+b") as file:
            file.seek(page * 4096)
            file.write(chance.randbytes(4096))
        code, _ = apart(workspace, *RUN)
        if code == 0:  # a page that holds nothing
            assert difference(whole, holdings(workspace)) == ""
            continue
        told += 1
        refused(workspace, whole, "数据库文件已损坏", "备份")
        shutil.copy(done.dataset / "dataset.sqlite", path)
        recovers(workspace, whole)
    assert told >= 5


def test_a_database_cut_short_or_gone(done: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    """An empty ledger beside files that were received is a loss, never a new beginning."""
    for workspace, size in copies(done, tmp_path, [0, 5000, None]):
        path = workspace.dataset / "dataset.sqlite"
        path.unlink() if size is None else os.truncate(path, size)
        refused(workspace, whole, "备份")
        shutil.copy(done.dataset / "dataset.sqlite", path)
        recovers(workspace, whole)


def test_a_damaged_dataset_is_replaced_by_its_backup(done: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    workspace, backup = copy_of(done, tmp_path / "office"), tmp_path / "备份.zip"
    assert call(workspace, "backup", str(backup)).exit_code == 0
    os.truncate(workspace.dataset / "dataset.sqlite", 5000)
    refused(workspace, whole, "请把整个 dataset 文件夹移走（不要删），再用备份恢复")
    workspace.dataset.rename(tmp_path / "坏的")
    restored = call(workspace, "restore", str(backup))
    assert restored.exit_code == 0, restored.output
    recovers(workspace, whole, but="tables")  # the same rows; SQLite writes its own notes otherwise


def test_without_a_backup_the_inbox_is_taken_in_again(done: Workspace, tmp_path: Path) -> None:
    workspace = copy_of(done, tmp_path / "office")
    stands = call(workspace, *RUN, "status").stdout
    workspace.dataset.rename(tmp_path / "坏的")
    again = call(workspace, *RUN)
    assert again.exit_code == 0, again.output
    assert again.stdout == stands
    assert "已接收 4" in stands


def kept(workspace: Workspace, name: str) -> Path:
    """The kept bytes of a file of the inbox."""
    sha256 = hashlib.sha256((workspace.inbox / name).read_bytes()).hexdigest()
    return workspace.dataset / "files" / sha256[:2] / sha256


def test_a_kept_file_that_is_gone_comes_back_with_the_original(
    done: Workspace, whole: dict[str, Any], tmp_path: Path
) -> None:
    workspace, name = copy_of(done, tmp_path / "office"), "2024-07-08/白河.xlsx"
    kept(workspace, name).unlink()
    recovers(workspace, whole)  # the original still lies in the inbox
    kept(workspace, name).unlink()
    (workspace.outbox("2024-06") / "manifest.json").unlink()  # else nothing is made, and nobody needs the file
    original = (workspace.inbox / name).rename(tmp_path / "original")
    refused(workspace, whole, "不见了", "把原件重新放入收件箱")
    original.rename(workspace.inbox / name)
    recovers(workspace, whole)


def test_a_kept_file_that_was_changed_is_not_used(done: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    workspace, name = copy_of(done, tmp_path / "office"), "2024-07-08/白河.xlsx"
    path = kept(workspace, name)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    (workspace.outbox("2024-06") / "manifest.json").unlink()  # else nothing is made, and nobody needs the file
    refused(workspace, whole, "已不是收到时的内容", "删除它")
    path.unlink()
    recovers(workspace, whole)


# The clock, the inbox


def test_a_clock_that_went_backwards(
    done: Workspace, whole: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = copy_of(done, tmp_path / "office")
    monkeypatch.setattr("pipeline.cli.today", lambda: date(2024, 4, 20))
    result = call(workspace)
    assert result.exit_code == 2
    assert "今天按电脑的日期是 2024-04-20，台账里却已有 2024-07-16 的记录" in result.output
    assert difference(whole, holdings(workspace)) == ""
    assert call(workspace, "--as-of", "2024-04-20").exit_code == 0  # said in so many words, it is done
    monkeypatch.setattr("pipeline.cli.today", lambda: date(2024, 7, 16))
    assert call(workspace).exit_code == 0
    assert holdings(workspace)["kept"] == whole["kept"]


def test_an_inbox_that_is_gone_is_not_an_empty_one(base: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    workspace = copy_of(base, tmp_path / "office")
    away = workspace.inbox.rename(tmp_path / "away")
    refused(workspace, whole, "收件箱", "不见了", "网络盘")
    away.rename(workspace.inbox)
    recovers(workspace, whole)


def test_an_inbox_that_goes_while_it_is_read(base: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    workspace, away = copy_of(base, tmp_path / "office"), tmp_path / "away"
    refused(
        workspace,
        whole,
        "收件箱",
        "不见了",
        before=partial(_hooked, "read_files", lambda: workspace.inbox.rename(away)),
    )
    away.rename(workspace.inbox)
    recovers(workspace, whole)


def test_an_inbox_that_goes_after_it_was_listed(base: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    workspace, away = copy_of(base, tmp_path / "office"), tmp_path / "away"
    hook = partial(_hooked, "take_in", lambda: workspace.inbox.rename(away), "pipeline.office.run")
    refused(workspace, whole, "收件箱", "不见了", "网络盘", before=hook)
    away.rename(workspace.inbox)
    recovers(workspace, whole)


def test_a_file_that_changes_after_it_was_listed_is_left_for_the_next(
    base: Workspace, whole: dict[str, Any], tmp_path: Path
) -> None:
    workspace = copy_of(base, tmp_path / "office")
    file = workspace.inbox / "2024-07-09" / "空.xlsx"
    before = file.read_bytes()
    hook = partial(_hooked, "take_in", lambda: file.write_bytes(b"PK"), "pipeline.office.run")
    code, said = apart(workspace, *RUN, before=hook)
    assert (code, "未收：2024-07-09/空.xlsx（还在写入" in said) == (0, True), said
    file.write_bytes(before)
    assert call(workspace, *RUN).exit_code == 0
    assert holdings(workspace)["kept"] == whole["kept"]


def test_a_file_that_goes_while_the_inbox_is_read_is_taken_the_next_time(
    base: Workspace, whole: dict[str, Any], tmp_path: Path
) -> None:
    workspace, away = copy_of(base, tmp_path / "office"), tmp_path / "away"
    file = workspace.inbox / "2024-07-09" / "空.xlsx"
    code, said = apart(workspace, *RUN, before=partial(_hooked, "read_files", lambda: file.rename(away)))
    assert (code, "没有读：2024-07-09/空.xlsx（打不开的文件，文件或文件夹不见了）" in said) == (0, True), said
    away.rename(file)
    again = call(workspace, *RUN)
    assert again.exit_code == 0
    now = holdings(workspace)
    assert (now["kept"], now["left"]) == (whole["kept"], [])


def test_a_file_that_comes_during_a_run_is_left_for_the_next(
    base: Workspace, whole: dict[str, Any], tmp_path: Path
) -> None:
    workspace = copy_of(base, tmp_path / "office")
    late = workspace.inbox / "2024-07-15" / "南岭.xlsx"
    content = (workspace.inbox / "2024-07-05" / "东湖.xlsx").read_bytes() + b"\0"

    def arrives() -> None:
        late.parent.mkdir()
        late.write_bytes(content)

    code, said = apart(workspace, *RUN, before=partial(_hooked, "take_in", arrives, "pipeline.office.run"))
    assert code == 0, said
    assert difference(whole, holdings(workspace)) == ""
    assert call(workspace, *RUN).exit_code == 0
    assert hashlib.sha256(content).hexdigest() in {Path(name).name for name in tree(workspace.dataset / "files")}


def _hooked(name: str, first: Callable[[], object], module: str = "pipeline.intake.inbox") -> None:
    """In a child: something happens just before a function is called for the first time."""
    where = importlib.import_module(module)
    real, waiting = getattr(where, name), [first]

    def called(*args: Any, **options: Any) -> Any:
        if waiting:
            waiting.pop()()
        return real(*args, **options)

    setattr(where, name, called)


# Two at once, and who may read


def test_four_at_once_again_and_again(base: Workspace, whole: dict[str, Any], tmp_path: Path) -> None:
    for n in range(3):
        workspace = copy_of(base, tmp_path / f"{n}")
        if n:  # what somebody left whose computer went off
            (workspace.dataset / "run.holder").write_text('{"who": "张三"}', encoding="utf-8")
        codes = at_once(workspace, 4, *RUN)
        assert set(codes) <= {0, 3}
        assert 0 in codes
        assert difference(whole, holdings(workspace)) == ""
        shutil.rmtree(workspace.root)


def test_who_waits_is_told_for_whom_and_since_when(base: Workspace, tmp_path: Path) -> None:
    workspace = copy_of(base, tmp_path / "office")
    with lock(workspace, "张三，2024-07-16 09:00"):
        result = call(workspace, *RUN)
    assert (result.exit_code, result.output.count("\n")) == (3, 1)
    assert f"另一个人正在运行（张三，2024-07-16 09:00，进程 {os.getpid()}）。请等其结束" in result.output
    assert call(workspace, *RUN).exit_code == 0


def test_what_a_workspace_holds_is_its_owner_s_alone(base: Workspace, tmp_path: Path) -> None:
    workspace = copy_of(base, tmp_path / "office")
    shutil.rmtree(workspace.dataset)
    code, said = apart(workspace, *RUN, before=lambda: os.umask(0))
    assert code == 0, said
    ours = [workspace.dataset, *(p for p in workspace.dataset.rglob("*") if p.is_file() and "cache" not in p.parts)]
    assert [p.name for p in ours if p.stat().st_mode & 0o077] == []
    assert len(ours) > 3
