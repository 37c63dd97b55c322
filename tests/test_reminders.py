"""报送提示: before the day, who is not in is reminded, with the state of each; and nobody else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner, Result
from docx import Document

from pipeline.cli import main
from pipeline.measures.reminders import period_ahead, reminder_days, reminders
from pipeline.measures.reported import ReportedPeriod
from pipeline.office.reported import reported_in
from pipeline.program.calendar import Calendar
from pipeline.program.load import load_program
from pipeline.system.errors import ProgramError
from tests.builder import SECOND, campaign, copy_of, filled, new_workspace, own_key

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.program.model import Program
    from pipeline.workspace.paths import Workspace

P1 = "2022-12"  # due on 2023-01-09, a Monday; 01-02 is a holiday
DIQING, NUJIANG, DEHONG, LIJIANG = "533400", "533300", "533100", "530700"
FIFTH, LAST, DUE = date(2022, 12, 30), date(2023, 1, 6), date(2023, 1, 9)


def test_the_days_are_working_days_before_the_due_day() -> None:
    program, calendar = campaign().program, Calendar()
    days = {p.code: reminder_days(program, calendar, p.due_on) for p in program.periods[:3]}
    assert days == {
        "2022-12": (FIFTH, LAST),
        "2023-02": (date(2023, 2, 28), date(2023, 3, 6)),
        "2023-04": (date(2023, 4, 28), date(2023, 5, 8)),  # 05-06 is worked, 04-29 to 05-03 are not
    }
    assert reminder_days(program, calendar, date(2023, 5, 14)) == (date(2023, 5, 6), date(2023, 5, 11))  # a Sunday
    worked_less = Calendar(overrides={date(2023, 5, 8): False})
    assert reminder_days(program, worked_less, date(2023, 5, 9)) == (date(2023, 4, 27), date(2023, 5, 6))


@pytest.mark.parametrize("days", ["[0]", "[5, 31]"])
def test_days_that_cannot_be_are_refused(tmp_path: Path, days: str) -> None:
    path = new_workspace(tmp_path / "w").program / "program.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("reminders: [5, 1]", f"reminders: {days}"), encoding="utf-8"
    )
    with pytest.raises(ProgramError, match="reminders 是截止日前的工作日数，每个在1到30之间"):
        load_program(path.parent)


def call(workspace: Workspace, *words: str, as_of: date = LAST) -> Result:
    return CliRunner().invoke(main, ["--project", str(workspace.root), "--as-of", as_of.isoformat(), *words])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One prefecture in, one with a county returned and one unreported, one whose file nobody can place, the others silent."""
    workspace = new_workspace(tmp_path_factory.mktemp("reminders") / "w")
    own_key(workspace)
    some = filled(P1, DIQING, changes={(SECOND, "Q01-1"): "约3"}, empty=frozenset({"533423"}))
    files = {"德宏.xlsx": filled(P1, DEHONG), "迪庆.xlsx": some, "丽江市.zip": b"PK\x03\x04"}
    for name, content in files.items():
        path = workspace.inbox / "2023-01-05" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    call(workspace, "receive")
    return workspace


@pytest.fixture
def workspace(made: Workspace, tmp_path: Path) -> Workspace:
    """A copy to spoil."""
    return copy_of(made, tmp_path / "copy")


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_those_not_in_are_told_what_is_missing_and_nobody_else(workspace: Workspace) -> None:
    result = call(workspace, "remind")
    assert result.exit_code == 0, result.output
    assert (
        "迪庆藏族自治州总工会：\n"
        "2022年11—12月工作推进信息应于2023年1月9日前报送，距截止还有1个工作日。截至2023年1月6日，你单位及所辖县级工会还没有报齐：\n"
        "1.退回待改：德钦县。\n2.未报：维西县。\n"
        "请按退回意见修改重报、抓紧报送工作推进信息，于2023年1月9日（含当日）前报"
        "省总工会“县级工会加强年”专项工作领导小组办公室；已经报出的，不必重报。\n"
        "省总工会“县级工会加强年”专项工作领导小组办公室\n2023年1月6日\n"
    ) in result.stdout
    assert "1.未报：全部14个县（市、区）。\n请抓紧报送工作推进信息，于" in result.stdout
    assert "德宏" not in result.stdout
    assert "丽江" not in result.stdout
    assert "提示日 2022-12-30、2023-01-06）：没有报齐、今天提示的 14 个" in result.stderr
    assert "没有提示，请先处理：丽江市：" in result.stderr
    letters = tree(workspace.reminders(P1))
    assert len(letters) == 15
    assert letters["报送提示.txt"].decode() + "\n" == result.stdout
    text = "\n".join(
        cell.text
        for p in [Document(str(workspace.reminders(P1) / "533400_迪庆州_报送提示.docx"))]
        for cell in p.paragraphs
    )
    assert "“县级工会加强年”专项工作\n报送提示" in text
    assert "1.退回待改：德钦县。" in text
    assert "逾期" not in text
    assert call(workspace, "remind").stdout == result.stdout
    assert tree(workspace.reminders(P1)) == letters  # made again, byte for byte


def test_who_came_in_is_reminded_no_more(workspace: Workspace) -> None:
    call(workspace, "remind")
    path = workspace.inbox / "2023-01-06" / "怒江.xlsx"
    path.parent.mkdir()
    path.write_bytes(filled(P1, NUJIANG))
    assert (workspace.reminders(P1) / "533300_怒江州_报送提示.docx").is_file()
    call(workspace, "receive")
    assert "怒江" not in call(workspace, "remind").stdout
    assert not (workspace.reminders(P1) / "533300_怒江州_报送提示.docx").exists()


@pytest.mark.parametrize(
    ("as_of", "says"),
    [
        (date(2022, 12, 29), None),
        (FIFTH, "距截止还有5个工作日"),
        (date(2023, 1, 5), "距截止还有2个工作日"),
        (DUE, "应于2023年1月9日前报送，今天截止"),
        (date(2023, 1, 10), None),
    ],
)
def test_from_the_first_day_of_reminding_to_the_due_day(made: Workspace, as_of: date, says: str | None) -> None:
    m = reported_in(made, P1, as_of)
    found = reminders(m)
    assert bool(found) is (says is not None)
    assert all(str(says) in letter.opening for _, letter in found)
    assert ("提示他们：run-pipeline remind" in call(made, "status", as_of=as_of).output) is (says is not None)


def test_on_any_other_day_nothing_is_written_and_old_letters_go(workspace: Workspace) -> None:
    early = call(workspace, "remind", as_of=date(2022, 12, 29))
    assert (early.exit_code, early.stdout) == (0, "")
    assert not workspace.reminders(P1).exists()
    assert call(workspace, "remind", as_of=DUE).stdout
    assert call(workspace, "remind", "--period", P1, as_of=date(2023, 1, 10)).stdout == ""
    assert tree(workspace.reminders(P1)) == {}


def test_who_was_given_longer_is_reminded_by_the_extended_day(workspace: Workspace) -> None:
    assert (
        call(workspace, "extend", "怒江州", "--until", "2023-01-17", "--period", P1, "--reason", "来函").exit_code == 0
    )
    assert "怒江" not in call(workspace, "remind", as_of=LAST).stdout  # its first day is 2023-01-10
    later = call(workspace, "remind", as_of=date(2023, 1, 16))  # still the same period, for those alone
    assert later.stdout.startswith(
        "怒江傈僳族自治州总工会：\n2022年11—12月工作推进信息经批准延期至2023年1月17日报送，距截止还有1个工作日。"
    )
    assert later.stdout.count("总工会：\n") == 1


def test_what_was_sent_and_cannot_be_used_is_not_called_unreported(made: Workspace) -> None:
    m = reported_in(made, P1, LAST)
    (lijiang,) = [key for key in m.snapshot.waiting if key[1] == LIJIANG]
    waiting = m.snapshot.waiting[lijiang]
    refused: Any = replace(waiting, state=type(waiting.state).UNUSABLE, entry=m.snapshot.submissions[0])
    with_refused = replace(m.snapshot, waiting={(P1, NUJIANG): refused})
    found = {p.code: letter for p, letter in reminders(replace_snapshot(m, with_refused))}
    assert found[NUJIANG].items == ("1.收到、不能采用：全部4个县（市、区）。",)
    assert "请按退回意见修改重报，于" in found[NUJIANG].asked
    assert found[LIJIANG].items == ("1.未报：全部5个县（市、区）。",)  # without the file: it is silent


def replace_snapshot(m: ReportedPeriod, snapshot: Any) -> ReportedPeriod:
    return ReportedPeriod(whole=m.whole, snapshot=snapshot, calendar=m.calendar, period=m.period)


def test_the_period_is_the_first_that_is_not_past_its_day(made: Workspace) -> None:
    program: Program = campaign().program

    def ahead(day: date) -> str | None:
        period = period_ahead(program, reported_in(made, P1, day).snapshot)
        return period.code if period else None

    assert [ahead(day) for day in (FIFTH, DUE, date(2023, 1, 10), date(2023, 11, 7))] == [P1, P1, "2023-02", "2023-10"]
    assert ahead(date(2023, 11, 8)) is None


def test_a_programme_that_reminds_on_no_day_says_so(workspace: Workspace) -> None:
    path = workspace.program / "program.yaml"
    text = path.read_text(encoding="utf-8").replace("  reminders: [5, 1]\n", "")
    assert "reminders" not in str(yaml.safe_load(text)["escalation"])
    path.write_text(text, encoding="utf-8")
    result = call(workspace, "remind")
    assert result.exit_code == 2
    assert "没有写 reminders" in result.output
