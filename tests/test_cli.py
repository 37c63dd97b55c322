"""The command line as staff meet it: exit codes, one-line errors, results on stdout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.office.lint import warnings
from pipeline.system.lock import hold
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, ROOT, filled, hear_ctrl_c, only_the_actions, own_key

if TYPE_CHECKING:
    from pathlib import Path


def call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace where 迪庆州 has returned 2023-02 with one bad county."""
    folder = tmp_path_factory.mktemp("cli") / "办公室 工作目录"
    assert call("init", str(folder)).exit_code == 0
    only_the_actions(folder)
    own_key(Workspace(root=folder))
    day = folder / "inbox" / "2023-03-03"
    day.mkdir(parents=True)
    (day / "迪庆.xlsx").write_bytes(filled(changes={(FIRST, "Q01-1"): "约5"}))
    (day / "~$迪庆.xlsx").write_bytes(b"lock")
    (folder / "inbox" / "2023-09-01").mkdir()
    (folder / "inbox" / "2023-09-01" / "迟来.xlsx").write_bytes(filled())
    return folder


@pytest.fixture(scope="module")
def ran(project: Path) -> Path:
    result = call("--project", str(project), "--as-of", "2023-03-14", "--period", "2023-02")
    assert result.exit_code == 0, result.output
    assert "已接收 2" in result.stdout
    assert "退回待改：香格里拉市" in result.stdout
    assert "迟来.xlsx" in result.stderr
    assert result.output.count("~$") == 1  # told, and not taken in
    assert "收件箱共 1 个文件" in result.stderr
    assert "index.html" in result.stderr
    return project


def test_help_is_chinese_and_lists_the_commands() -> None:
    result = call("--help")
    assert result.exit_code == 0
    for command in ("issue", "check", "watch", "admit", "close", "status", "overdue", "trace", "demo", "init", "lint"):
        assert command in result.output


def test_status_and_overdue(ran: Path) -> None:
    base = ("--project", str(ran), "--as-of", "2023-03-14")
    rows = json.loads(call(*base, "status", "--period", "2023-02", "--json").stdout)
    assert len(rows) == 129
    assert {r["county_code"]: r["state"] for r in rows}[FIRST] == "RETURNED"
    late = json.loads(call(*base, "overdue", "--period", "2023-02", "--json").stdout)
    assert len(late) == 127
    assert next(r for r in late if r["who"] == FIRST)["reason"] == "退回待改"
    assert "逾期县 127 个" in call(*base, "overdue").stdout


def test_trace(ran: Path) -> None:
    base = ("--project", str(ran), "--as-of", "2023-03-14", "trace")
    answer = json.loads(call(*base, "德钦县", "Q01-1", "--period", "2023-02", "--json").stdout)
    assert (answer["value"], answer["file"], answer["sheet"], answer["cell"]) == (
        "2",
        "2023-03-03/迪庆.xlsx",
        "1.思想引领",
        "D8",
    )
    missing = call(*base, "香格里拉市", "Q01-1", "--period", "2023-02")
    assert missing.exit_code == 1
    assert "退回待改，见 2023-03-03/迪庆.xlsx" in missing.stderr
    assert call(*base, "无此县", "Q01-1").exit_code == 2
    assert "是否想写" in call(*base, "德钦县", "Q011").output


def test_check_is_a_dry_run(project: Path, tmp_path: Path) -> None:
    bad, good = tmp_path / "错.xlsx", tmp_path / "对.xlsx"
    bad.write_bytes(filled(changes={(FIRST, "Q01-1"): "约5"}))
    good.write_bytes(filled())
    before = sorted(project.rglob("*"))
    base = ("--project", str(project), "--as-of", "2023-03-03", "check")
    result = call(*base, str(bad))
    assert result.exit_code == 1
    assert "约5" in result.stdout
    assert "D7" in result.stdout
    found = json.loads(call(*base, "--json", str(bad)).stdout)
    assert [(f["code"], f["cell"], f["county_code"]) for f in found] == [("CELL_APPROXIMATE", "D7", FIRST)]
    clean = call(*base, str(good))
    assert (clean.exit_code, "全部接收" in clean.stdout) == (0, True)
    assert sorted(project.rglob("*")) == before


def test_issue_one_or_all(project: Path) -> None:
    base = ("--project", str(project), "--as-of", "2023-04-25", "issue")
    result = call(*base)
    assert result.exit_code == 0
    folder = project / "outbox" / "2023-04" / "下发"
    first = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert len(first) == 17  # and the page for officers
    assert call(*base).exit_code == 0
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == first
    assert len(call(*base, "--prefecture", "533400").stdout.splitlines()) == 1
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == first
    assert "没有代码或名称为 999999" in call(*base, "--prefecture", "999999").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--as-of", "去年"), "不是日期"),
        (("--period", "2023-03"), "没有报送期 2023-03；可用：2022-12"),
        (("check", "没有.xlsx"), "没有.xlsx"),
        (("nonsense",), "nonsense"),
    ],
)
def test_usage_errors_are_exit_2(project: Path, words: tuple[str, ...], says: str) -> None:
    result = call("--project", str(project), *words)
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_not_a_workspace(tmp_path: Path) -> None:
    result = call("--project", str(tmp_path))
    assert (result.exit_code, "不是工作目录" in result.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_program_writes_nothing(tmp_path: Path) -> None:
    for name in ("program", "expectations", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    path = tmp_path / "program" / "forms" / "A1.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("version: 1", "versoin: 1"), encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    for words in (("issue",), (), ("lint",), ("status",)):
        result = call("--project", str(tmp_path), *words)
        assert result.exit_code == 2
        assert "A1.yaml" in result.output
        assert len(result.output.strip().splitlines()) == 1
    assert [p for p in sorted(tmp_path.rglob("*")) if "dataset" not in p.parts] == before


def test_a_bad_template_costs_only_its_document(ran: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ran, copy)
    (copy / "templates" / "docx" / "工作简报.docx").write_bytes(b"not a document")
    outbox = copy / "outbox" / "2023-02"
    before = {p.name for p in outbox.rglob("*") if p.is_file()}
    result = call("--project", str(copy), "--as-of", "2023-03-14", "--period", "2023-02")
    assert result.exit_code == 2
    assert "工作简报.docx" in result.output
    after = {p.name for p in outbox.rglob("*") if p.is_file()}
    assert (before - after, after - before) == ({"工作简报.docx"}, {"工作简报_未能生成.txt"})
    assert call("--project", str(copy), "lint").exit_code == 2


def test_a_busy_workspace_is_exit_3(ran: Path) -> None:
    with hold(ran / "dataset" / "run.lock", "张三，2023-03-14 09:00"):
        result = call("--project", str(ran), "--as-of", "2023-03-14")
    assert result.exit_code == 3
    assert "张三，2023-03-14 09:00" in result.output


def test_what_a_dead_holder_left_is_taken_over(ran: Path) -> None:
    left = '{"who": "张三", "host": "办公室-2", "pid": 999999999}'
    (ran / "dataset" / "run.holder").write_text(left, encoding="utf-8")
    assert call("--project", str(ran), "--as-of", "2023-03-14", "--period", "2023-02").exit_code == 0
    assert not (ran / "dataset" / "run.holder").exists()


def test_an_unforeseen_error_is_one_line(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.office.reported.reported_in", fail)
    result = call("--project", str(ran), "status")
    assert result.exit_code == 2
    assert "程序内部错误" in result.output
    assert "Traceback" not in result.output
    assert "ZeroDivisionError" in (ran / "dataset" / "error.log").read_text(encoding="utf-8")


def test_lint_of_the_repository_is_clean() -> None:
    result = call("--project", str(ROOT), "lint")
    assert (result.exit_code, result.stdout) == (0, "")


def test_lint_says_that_a_programme_urges_nobody(tmp_path: Path) -> None:
    """One written for a version in which how to urge was no data."""
    assert call("init", str(tmp_path / "w")).exit_code == 0
    workspace = Workspace(root=tmp_path / "w")
    assert not [line for line in warnings(workspace) if "escalation" in line]
    path = workspace.program / "program.yaml"
    before, _, after = path.read_text(encoding="utf-8").partition("\nescalation:\n")
    path.write_text(before + "\n" + after[after.index("\nproblem_ages:") :], encoding="utf-8")
    assert [line for line in warnings(workspace) if "不会制作催报函" in line]


def test_init_refuses_a_folder_in_use(ran: Path) -> None:
    result = call("init", str(ran))
    assert (result.exit_code, "已有内容" in result.output) == (2, True)


# Ctrl+C, in a process of its own, wherever it lands

COMMAND = """
import signal, sys, time
import click
from pipeline.commands.common import CommandGroup, note

class Finalised:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

@click.group(cls=CommandGroup)
def main(): pass

@main.command()
def plainly():
    signal.raise_signal(signal.SIGINT)

@main.command()
def finaliser():
    Finalised()
    time.sleep(30)

@main.command()
def caught():
    try:
        exec("import signal; signal.raise_signal(signal.SIGINT)")
    except KeyboardInterrupt:
        note("caught")

main(sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="信号只在类Unix系统上能这样发")
@pytest.mark.parametrize(
    ("where", "said", "code"),
    [("plainly", "错误：已按 Ctrl+C 停下", 130), ("finaliser", "错误：已按 Ctrl+C 停下", 130), ("caught", "caught", 0)],
)
def test_ctrl_c_ends_a_command_in_one_line_wherever_it_lands(tmp_path: Path, where: str, said: str, code: int) -> None:
    """In a finaliser Python would print a traceback and go on; after executed text it would end by the signal all the same."""
    (tmp_path / "interrupted.py").write_text(COMMAND, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "interrupted", where],
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
        preexec_fn=hear_ctrl_c,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
