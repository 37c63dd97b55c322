"""The manual's steps run as written: its commands are taken from its own code blocks; and what is installed is pinned."""

from __future__ import annotations

import io
import itertools
import re
import shlex
import textwrap
import tomllib
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.cli import main
from pipeline.engine.engines import InProcess
from pipeline.office import making as products
from pipeline.products.kept import LastMade
from pipeline.program.load import load_program
from pipeline.system.errors import ProgramError
from pipeline.workspace.campaign import load_campaign, open_snapshot
from pipeline.workspace.paths import Workspace
from pipeline.workspace.starter import create_workspace
from tests.builder import ROOT, blank, campaign, filled, new_workspace, own_key
from tests.test_signing import jpg, page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MANUAL = (ROOT / "docs" / "使用手册.md").read_text(encoding="utf-8").partition("# 第二部分")[0]
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
RETURNS = {"05-07/昆明市": "530100", "05-09/楚雄州": "532300", "05-12/昭通市": "530600", "05-06/丽江市": "530700"}
NOT_HERE = ("demo", "watch")  # the demo has tests of its own; a watch ends with Ctrl+C
ANSWERS_NO = ("check", "trace", "verify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command of the manual.

    Attributes:
        section: Its number.
        shows_a_fault: What the manual shows after it is an error: of a state that is not here.
    """

    section: int
    words: tuple[str, ...]
    shows_a_fault: bool


def steps() -> Iterator[Step]:
    """Every command, in order."""
    for number, text in zip(*[iter(re.split(r"^## (\d+)　", MANUAL, flags=re.MULTILINE)[1:])] * 2, strict=True):
        for indent, kind, block in BLOCK.findall(text):
            lines = textwrap.dedent(block).splitlines() if indent else block.splitlines()
            for n, line in enumerate(lines):
                command = line.removeprefix("$ ")
                if kind in {"console", "sh", "text"} and command.startswith("run-pipeline"):
                    after = lines[n + 1] if n + 1 < len(lines) else ""
                    yield Step(
                        section=int(number),
                        words=tuple(shlex.split(command, comments=False)[1:]),
                        shows_a_fault=after.startswith("错误："),
                    )


def block_after(title: str, kind: str) -> str:
    """The first code block of a kind after a bold title."""
    text = MANUAL[MANUAL.index(f"**{title}") :]
    return next(textwrap.dedent(block) for _, one, block in BLOCK.findall(text) if one == kind)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with the files the manual speaks of; products of a period are made once, then only swapped in again."""
    folder = tmp_path_factory.mktemp("manual")
    root = new_workspace(folder / "县级工会加强年").root
    own_key(Workspace(root=root))
    for name, code in RETURNS.items():
        day, who = name.split("/")
        path = root / "inbox" / f"2023-{day}" / f"{who}总工会2023年3—4月报表.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(filled("2023-04", code))
    broken = root / "inbox" / "2023-05-06" / "临沧市总工会2023年3—4月报表.xlsx"
    broken.write_bytes(blank("2023-04", "530900")[:9000])
    broken.with_name("报表.xlsx").write_bytes(blank("2023-04", "530900")[:900])
    book = openpyxl.load_workbook(io.BytesIO(filled("2023-04", "533400")))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if "识别码" in str(cell.value):
                    cell.value = None
    letter = EmailMessage()
    letter["Subject"], letter["Date"] = "昆明市总工会座谈会照片", "Sat, 06 May 2023 09:00:00 +0800"
    letter.add_attachment(b"no picture", maintype="image", subtype="jpeg", filename="合影.jpg")
    broken.with_name("来信.eml").write_bytes(letter.as_bytes())
    (root / "inbox" / "2023-05-18").mkdir()
    book.save(root / "inbox" / "2023-05-18" / "迪庆州.xlsx")
    made, real, whole = dict[str, products.Made](), products.make_reports, campaign()

    def once(workspace: Workspace, m: Any, *rest: Any, **named: Any) -> products.Made:
        if m.period.code == "2023-04" and m.period.code not in made:
            made[m.period.code] = real(workspace, m, *rest, **named)
        nothing = LastMade(folder=root)
        return made.get(m.period.code, products.Made(hear=lambda *_: None, last=nothing, files={"index.html": b""}))

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setattr("pipeline.office.making.make_reports", once)
        patch.setattr("pipeline.scale.choose.open_engine", lambda *_: nullcontext(InProcess()))
        patch.setattr("pipeline.checks.suites.try_suite", lambda _: None)
        patch.setattr("pipeline.checks.check.run_both", lambda *_: ())  # what is tried here are the commands
        patch.setattr("pipeline.workspace.campaign.load_program", lambda folder: _program(folder, whole.program))
        yield root


def _program(folder: Path, known: Any) -> Any:
    """Loaded anew only where somebody has changed it."""
    newest = max(path.stat().st_mtime_ns for path in folder.rglob("*"))
    if newest not in LOADED:
        LOADED[newest] = load_program(folder) if LOADED else known
    return LOADED[newest]


LOADED: dict[int, Any] = {}  # by when it was changed last


def test_every_command_of_the_manual_runs(office: Path) -> None:
    """In the order they stand, each in the state the ones before have left."""
    played, before = dict[int, int](), set[tuple[str, ...]]()
    for step in steps():
        again = step.words in before and step.section != 11
        before.add(step.words)
        if again or step.shows_a_fault or not {*NOT_HERE, "init"}.isdisjoint(step.words):
            continue
        _before(office, step)
        words = [_number(office) if word == "45" else word for word in step.words]
        result = CliRunner().invoke(main, words)
        expected = {0, 1} if not {*ANSWERS_NO}.isdisjoint(words) else {2} if "restore" in words else {0}
        assert result.exit_code in expected, f"第{step.section}节 run-pipeline {' '.join(words)}\n{result.output}"
        assert "用法：" not in result.output
        assert "程序内部错误" not in result.output
        played[step.section] = played.get(step.section, 0) + 1
    assert played.keys() >= {4, 6, 8, 9, 10, 11}
    assert sum(played.values()) >= 25
    book = openpyxl.load_workbook(next((office / "outbox" / "2023-06" / "下发").glob("533400*.xlsx")))
    assert "Q19-9" in {cell.value for row in book["5.建功立业"].iter_rows() for cell in row}


def _before(office: Path, step: Step) -> None:
    """What the manual has the reader do by hand before a command."""
    if step.words == ("lint", "--draft"):
        path = office / "program" / "forms" / "A5.yaml"
        text, here = path.read_text(encoding="utf-8"), "    quantities:\n      - code: Q19-1\n"
        assert text.count(here) == 1
        added = textwrap.indent(block_after("增加一个指标", "yaml"), " " * 6)
        path.write_text(text.replace(here, added + here), encoding="utf-8")
    if "IMG_0042.jpg" in step.words:
        receipt = next((office / "outbox" / "2023-04" / "回执").glob("*.pdf"))
        scan = office / "inbox" / "2023-05-18" / "IMG_0042.jpg"
        scan.write_bytes(jpg(page_of(receipt.read_bytes())))
        assert "收到签字盖章的确认单" in CliRunner().invoke(main, []).output
    if step.section == 11 and step.words[-2:] == ("--period", "2023-04") and "status" in step.words:
        line = block_after("截止日", "yaml").strip()
        path = office / "program" / "program.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^  - \{code: 2023-04.*$", f"  {line}", text, flags=re.MULTILINE), encoding="utf-8")


def _number(office: Path) -> str:
    """Of the submission the manual calls 45."""
    entries = open_snapshot(Workspace(root=office), date(2023, 5, 18))[1].submissions
    return str(next(one.seq for one in entries if "楚雄" in one.file))


def test_the_manual_installs_what_was_tried() -> None:
    installs = [
        line for _, kind, block in BLOCK.findall(MANUAL) for line in block.splitlines() if "pip install" in line
    ]
    assert installs
    assert all("-c constraints.txt" in line for line in installs)


ENVIRONMENTS = [
    {
        "os_name": name,
        "sys_platform": system,
        "platform_system": word,
        "python_version": version,
        "python_full_version": f"{version}.1",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": machine,
        "extra": extra,
    }
    for (name, system, word), version, machine, extra in itertools.product(
        [("nt", "win32", "Windows"), ("posix", "linux", "Linux"), ("posix", "darwin", "Darwin")],
        ["3.11", "3.12", "3.13", "3.14"],
        ["x86_64", "AMD64", "arm64"],
        [""],
    )
]


def test_all_that_may_be_installed_or_built_with_is_pinned() -> None:
    """On every system and Python we run on, tests, server and cluster included, however deep."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pins = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines}
    groups = project["project"]["optional-dependencies"].values()
    waiting = [Requirement(one) for one in itertools.chain(project["project"]["dependencies"], *groups)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one = waiting.pop()
        key = canonicalize_name(one.name), frozenset(one.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            inside = [Requirement(text) for text in requires(one.name) or ()]
        except PackageNotFoundError:  # of another system
            continue
        waiting += [next_ for next_ in inside if _wanted(next_, one.extras or {""})]
    assert {name for name, _ in seen} - pins.keys() == set()
    assert "colorama" in pins
    for text in project["build-system"]["requires"]:
        name, _, version = text.partition("==")
        assert pins.get(canonicalize_name(name)) == version, text


def _wanted(one: Requirement, extras: set[str]) -> bool:
    return one.marker is None or any(
        one.marker.evaluate({**environment, "extra": extra}) for environment in ENVIRONMENTS for extra in extras
    )


# what the manual has staff write in program/


@pytest.fixture
def root(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "w")
    return tmp_path / "w"


def edited(root: Path, name: str, change: Callable[[str], str]) -> None:
    path = root / "program" / name
    before = path.read_text(encoding="utf-8-sig")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


def test_a_period_may_have_a_due_day_of_its_own(root: Path) -> None:
    edited(
        root, "program.yaml", lambda text: text.replace("title: 2023年3—4月}", "title: 2023年3—4月, due: 2023-05-12}")
    )
    due = {period.code: (period.due_on, period.provisional) for period in load_program(root / "program").periods}
    assert due["2023-04"] == (date(2023, 5, 12), False)
    assert due["2023-02"][0] == date(2023, 3, 7)
    edited(root, "program.yaml", lambda text: text.replace("due: 2023-05-12}", "due: 2023-04-12}"))
    with pytest.raises(ProgramError, match=r"program\.yaml 第\d+行：due 2023-04-12 应在报送期结束（2023-04-30）以后"):
        load_program(root / "program")


def test_a_prefecture_is_called_by_the_name_of_its_time(root: Path) -> None:
    rows = block_after("州（市）改名", "csv")
    assert rows.splitlines()[1].startswith("533300,怒江傈僳族自治州")

    def renamed(text: str) -> str:
        old = [f"{line}," for line in text.splitlines()[1:] if not line.startswith("533300")]
        return "\n".join([*rows.splitlines(), *old]) + "\n"

    edited(root, "prefectures.csv", renamed)
    program = load_program(root / "program")
    names = {p.code: program.at(p).prefecture_by_code["533300"].short_name for p in program.periods}
    assert names == {
        "2022-12": "怒江州",
        "2023-02": "怒江州",
        "2023-04": "怒江市",
        "2023-06": "怒江市",
        "2023-08": "怒江市",
        "2023-10": "怒江市",
    }
    assert program.prefecture_by_code["533300"].name == "怒江市"
    known = program.prefectures_known_as
    assert {known[name].code for name in ("怒江州总工会", "怒江市总工会", "怒江州本级", "怒江市本级")} == {"533300"}
    assert len(program.prefectures) == 16
    call = CliRunner().invoke(main, ["--project", str(root), "--as-of", "2023-02-26", "issue", "--prefecture", "怒江"])
    assert call.stdout.strip().endswith("533300_怒江州_2023年1—2月.xlsx")
    for wrong, why in (("2023-03-31", "前面各行写 valid_until"), ("怒江市,", "最后一行不写 valid_until")):
        file = root / "program" / "prefectures.csv"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(wrong, "" if why.startswith("前面") else "怒江市,2024-01-01"), encoding="utf-8")
        with pytest.raises(ProgramError, match=why):
            load_program(root / "program")
        file.write_text(text, encoding="utf-8")


def lint(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(root), "lint", *words])


def test_lint_drafts_rules_and_warns_of_forms_that_went_out_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.checks.suites.try_suite", lambda _: None)
    assert (
        CliRunner()
        .invoke(main, ["--project", str(root), "--as-of", "2023-04-26", "issue", "--prefecture", "迪庆"])
        .exit_code
        == 0
    )
    quiet = lint(root)
    assert (quiet.exit_code, "请注意" in quiet.output) == (0, False)
    added = textwrap.indent(block_after("增加一个指标", "yaml"), " " * 6)
    here = "    quantities:\n      - code: Q19-1\n"
    edited(root, "forms/A5.yaml", lambda text: text.replace(here, added + here))
    assert "指标 Q19-9（线上培训人次）没有任何规则" in lint(root).stdout
    before = {path: path.read_bytes() for path in (root / "expectations").iterdir() if path.name != "A5.json"}
    drafted = lint(root, "--draft")
    assert (drafted.exit_code, drafted.stdout.strip()) == (0, "expectations/A5.json：起草了3条规则（Q19-9）")
    assert {path: path.read_bytes() for path in before} == before
    assert "请注意" not in drafted.stderr  # asked from the next period on
    edited(
        root,
        "forms/A5.yaml",
        lambda text: text.replace(
            "        counts_from: 2023-05-01\n        reading: 本省增加。", "        reading: 本省增加。"
        ),
    )
    edited(root, "forms/A6.yaml", lambda text: text.replace("version: 1", "version: 2"))
    warned = lint(root, "--draft")
    assert warned.exit_code == 0
    assert "“5.建功立业”没有 Q19-9（1份）；“6.帮扶服务”是第1版，现为第2版（1份）" in warned.stderr
    assert "照旧表报来的会退回" in warned.stderr
    assert len(load_campaign(Workspace(root=root)).rules["A5"]) > 3
