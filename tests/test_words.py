"""What the command line says: all of it Chinese, on any pipe; names as people write them; true reasons."""

from __future__ import annotations

import ast
import errno
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.commands.words import SPEAKING, WORDS
from pipeline.reading.guard import MAX_BYTES, inspect
from pipeline.system.disk import reason
from pipeline.system.errors import DatasetError, PipelineError
from pipeline.workspace.campaign import find_prefecture, find_unit
from tests.builder import ROOT, whole_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = whole_campaign().program
UNITS = tuple(PROGRAM.unit_by_code.values())


def said_by_click() -> Iterator[str]:
    """Every text that the modules we use of click would have translated."""
    for name in SPEAKING:
        tree = ast.parse((Path(click.__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "ngettext"}:
                texts = node.args[: 2 if node.func.id == "ngettext" else 1]
                yield from (one.value for one in texts if isinstance(one, ast.Constant) and isinstance(one.value, str))


def commands_of(
    command: click.Command, above: click.Context | None = None
) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and all below it, each with the context its help is written in."""
    here = click.Context(command, info_name=command.name, parent=above, **command.context_settings)
    yield command, here
    if isinstance(command, click.Group):
        for name in command.list_commands(here):
            yield from commands_of(command.commands[name], here)


def test_what_a_command_asks_for_is_named_in_chinese() -> None:
    asked = [
        (context.command_path, one.make_metavar(context))
        for command, context in commands_of(main)
        for one in command.params
        if isinstance(one, click.Argument) or (isinstance(one, click.Option) and not one.is_flag)
    ]
    assert len(asked) > 20
    assert [one for one in asked if re.search("[A-Za-z]", one[1].replace("tcp://", ""))] == []


def test_there_are_words_for_all_that_click_says() -> None:
    assert {one for one in said_by_click() if one not in WORDS} == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--help"], "用法： run-pipeline [选项] 命令 [参数]..."),
        (["trace", "--help"], "显示这段说明。"),
        (["没有"], "没有命令 没有。"),
        (["statu"], "是否应为"),
        (["status", "--nix"], "没有选项 --nix。"),
        (["trace", "五华区"], "缺少参数"),
        (["close"], "缺少选项"),
        (["withdraw", "甲", "--reason", "x"], "没有叫这个名字的附件"),
        (["--workers", "甲"], "“甲”不是数"),
        (["status", "--period"], "后面要写一个值"),
        (["status", "多"], "多写了参数"),
        (["check", "没有.xlsx"], "没有这个文件：没有.xlsx"),
        (["--workers", "0"], "超出范围"),
        (["check", "."], "是文件夹"),
    ],
)
def test_usage_and_its_errors_are_chinese(words: list[str], says: str) -> None:
    output = CliRunner().invoke(main, words, prog_name="run-pipeline").output
    assert says in output
    for english in (
        "Usage",
        "Error",
        "Options",
        "Try ",
        "No such",
        "Missing",
        "Invalid",
        "does not",
        "Show",
        "unexpected",
        "OPTIONS",
    ):
        assert english not in output, output


@pytest.mark.parametrize(
    ("environment", "encoding"),
    [
        ({"PYTHONIOENCODING": "gbk"}, "gbk"),
        ({"PYTHONUTF8": "0", "LC_ALL": "C"}, "utf-8"),
        ({"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, "utf-8"),
        ({"PYTHONIOENCODING": "latin-1"}, "utf-8"),
    ],
)
def test_nothing_printed_stops_a_command_whatever_the_pipe(
    tmp_path: Path, environment: dict[str, str], encoding: str
) -> None:
    (tmp_path / "工作 目录").mkdir()
    code = "import click; from pipeline.cli import main\n@main.command()\ndef say(): click.echo('五华区 › F7 – 㼆 𠮷 ☺')\nmain()"
    (tmp_path / "said.py").write_text(code, encoding="utf-8")
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LC_", "LANG"))}
    for words, says in (
        (["said.py", "say"], "五华区 "),
        (["-m", "pipeline.cli", "--project", "工作 目录", "status"], "工作 目录 不是工作目录"),
    ):
        if words[0] == "said.py" and encoding == "utf-8" and "LC_ALL" in environment:
            continue  # it starts anew, as the program itself
        done = subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={**bare, **environment, "PYTHONPATH": str(ROOT)},
        )
        told = (done.stdout + done.stderr).decode(encoding)
        assert says in told
        assert "Traceback" not in told
        if encoding == "gbk" and words[0] == "said.py":
            assert told.strip() == "五华区 > F7 – 㼆 ? ?".replace("㼆", "㼆" if _takes("㼆") else "?").replace(
                "–", "–" if _takes("–") else "-"
            )


def _takes(ch: str) -> bool:
    try:
        ch.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def test_every_name_of_the_campaign_survives_a_gbk_pipe() -> None:
    for one in UNITS:
        for name in one.names:
            assert name.encode("gbk").decode("gbk") == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("昆明", "530100"),
        ("昆明市总工会", "530100"),
        ("五华", "530102"),
        ("曲靖市麒麟区", "530302"),
        ("曲靖麒麟", "530302"),
        ("祥云", "532923"),
        ("云县", "530922"),
        ("芒市总工会", "533103"),
        ("大理市", "532901"),
        ("大理州", "532900"),
        ("530102", "530102"),
        (" 五华区 ", "530102"),
        ("楚雄州本级", "532300"),
    ],
)
def test_short_names_are_understood_where_they_mean_only_one(text: str, code: str) -> None:
    assert find_unit(text, UNITS, "单位", PROGRAM).code == code


def test_a_name_of_several_lists_them_and_among_prefectures_it_is_one() -> None:
    for text, codes in (("大理", ("532901", "532900")), ("楚雄", ("532301", "532300"))):
        with pytest.raises(PipelineError, match="不止一个") as told:
            find_unit(text, UNITS, "单位", PROGRAM)
        assert all(code in str(told.value) for code in codes)
    assert find_prefecture(PROGRAM, "大理").code == "532900"
    for text in ("云", "芒", "火星", "县", ""):
        with pytest.raises(PipelineError, match="没有代码或名称为"):
            find_unit(text, UNITS, "单位", PROGRAM)


def test_what_a_name_may_be_short_of_is_said_by_the_programme() -> None:
    clinics = replace(PROGRAM, wording=replace(PROGRAM.wording, name_endings=("诊所",)))
    assert [clinics.stem(name) for name in ("东街诊所", "诊所", "昆明市")] == ["东街", "诊所", "昆明市"]
    with pytest.raises(PipelineError, match="没有代码或名称为"):
        find_unit("五华", UNITS, "单位", clinics)


def test_every_command_that_takes_a_unit_understands_them(tmp_path: Path) -> None:
    """One place says whom a text means: nobody else looks names up."""
    assert tmp_path.is_dir()
    for name in ("office/queries.py", "office/acts.py", "office/issuing.py", "office/tracing.py"):
        text = (ROOT / "pipeline" / name).read_text(encoding="utf-8")
        assert ("find_unit(" in text or "find_prefecture(" in text, ".short_name, *u.names" in text) == (True, False), (
            name
        )


def test_a_path_too_long_is_not_a_matter_of_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.ledger.store import Store  # noqa: PLC0415

    deep = tmp_path.joinpath(*["很长的文件夹名称" * 4] * 5)
    deep.mkdir(parents=True)
    with pytest.raises(DatasetError, match="路径太长"):
        Store(deep, PROGRAM)
    assert reason(OSError(errno.ENAMETOOLONG, "File name too long")) == "路径太长"
    assert reason(OSError(errno.ENOENT, "gone", "x" * 5000)) == "路径太长"
    assert reason(OSError(errno.ENOENT, "gone", "x" * 300)) == "文件或文件夹不见了"
    monkeypatch.setattr(
        "pipeline.system.disk.os.name", "nt"
    )  # which says of it that it is not there, or gives no leave
    assert {reason(OSError(number, "x", "C:\\" + "x" * 300)) for number in (errno.ENOENT, errno.EACCES)} == {"路径太长"}


def test_a_file_too_large_is_not_told_a_size_that_was_only_read() -> None:
    """Only so much is read of a file, whatever its size."""
    found = inspect(b"PK\x03\x04" + bytes(MAX_BYTES)).found
    assert (found.startswith("超过20"), "有20" in found) == (True, False)
