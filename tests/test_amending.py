"""核改: what staff enter on top of a return stands until staff take it back, whoever sends what, and shows wherever the figure does."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.office.proof import verify
from pipeline.program.layout import CODE_ROW, COUNTY_CODE, PROBLEM_SHEET
from tests.builder import FIRST, SECOND, SMALL, THIRD, campaign, copy_of, filled, new_workspace, own_key
from tests.test_explanations import put, run

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.workspace.paths import Workspace

PROGRAM = campaign().program
DAY1, DAY2, DAY3, DAY4 = (date(2023, 1, 5), date(2023, 1, 12), date(2023, 1, 20), date(2023, 3, 6))
WORDS = ("--period", "2022-12", "--source", "1月12日电话，经办人张某", "--reason", "误填为2")
FIELD = "Q01-1"
NOTED = "AMENDED"


def call(workspace: Workspace, *words: str, day: date) -> Any:
    return CliRunner().invoke(main, ["--project", str(workspace.root), "--as-of", day.isoformat(), *words])


def value(workspace: Workspace, period: str = "2022-12", unit: str = FIRST) -> tuple[str, str]:
    """Value and typed text of the field in the data package."""
    text = (workspace.outbox(period) / "数据包" / "values.csv").read_text(encoding="utf-8-sig")
    (row,) = (
        row
        for row in csv.DictReader(io.StringIO(text))
        if (row["period"], row["county_code"], row["field"]) == (period, unit, FIELD)
    )
    return row["value"], row["raw"]


def findings(workspace: Workspace) -> list[dict[str, str]]:
    text = (workspace.outbox("2022-12") / "数据包" / "findings.csv").read_text(encoding="utf-8-sig")
    return [row for row in csv.DictReader(io.StringIO(text)) if row["code"] == NOTED]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three counties accepted for the first period, each with 2 in the field."""
    workspace = new_workspace(tmp_path_factory.mktemp("w") / "w")
    own_key(workspace)
    put(workspace, DAY1, "一.xlsx", filled("2022-12"))
    run(workspace, "--period", "2022-12", day=DAY1)
    return workspace


@pytest.fixture(scope="module")
def amended(reported: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    """The same with 5 instead of 2 for the first county; and what the command said."""
    workspace = copy_of(reported, tmp_path_factory.mktemp("w") / "w")
    said = run(workspace, "correct", "香格里拉", FIELD, "5场", *WORDS, day=DAY2)
    run(workspace, "--period", "2022-12", day=DAY2)
    return workspace, said


@pytest.fixture
def workspace(amended: tuple[Workspace, str], tmp_path: Path) -> Workspace:
    return copy_of(amended[0], tmp_path / "w")


def test_the_figure_counts_and_what_was_typed_is_still_told(amended: tuple[Workspace, str]) -> None:
    done, said = amended
    assert "已核改：香格里拉市2022年11—12月“" in said
    assert f"（{FIELD}） 2 → 5（台账第" in said
    assert value(done) == ("5", "2")
    assert value(done, unit=SECOND) == ("2", "2")


def test_trace_and_history_say_who_changed_it_and_by_what(amended: tuple[Workspace, str]) -> None:
    traced = run(amended[0], "trace", FIRST, FIELD, "--period", "2022-12", day=DAY2)
    assert "省级核改（1月12日电话，经办人张某；误填为2；台账第" in traced
    assert "表中所填“2”" in traced
    history = run(amended[0], "history", FIRST, day=DAY2)
    assert f"核改 香格里拉市 报送序号 1：{FIELD} 核改为“5”，依据：1月12日电话，经办人张某，误填为2" in history
    assert "核改" not in run(amended[0], "history", SECOND, day=DAY2)


def test_it_is_a_note_to_the_officer_and_returns_nothing(amended: tuple[Workspace, str]) -> None:
    (note,) = findings(amended[0])
    assert (note["county_code"], note["severity"], note["found"]) == (FIRST, "info", "2")
    assert "以核改的“5”为准" in note["expected"]
    assert not (amended[0].outbox("2022-12") / "退回").exists() or not list(
        (amended[0].outbox("2022-12") / "退回").glob("*.xlsx")
    )


def test_who_signs_for_it_is_told_what_was_amended(amended: tuple[Workspace, str]) -> None:
    receipt = docx.Document(str(amended[0].outbox("2022-12") / "回执" / f"{SMALL}_迪庆州_回执.docx"))
    text = "".join(p.text for p in receipt.paragraphs)
    assert "省级核改1处，校验码按核改后的数算：香格里拉市“" in text
    assert "所填2，核改为5（1月12日电话，经办人张某）。" in text


def test_whoever_looks_back_sees_what_stood_then(workspace: Workspace) -> None:
    run(workspace, "--period", "2022-12", day=DAY1)
    assert value(workspace) == ("2", "2")


def test_a_later_return_that_says_the_old_figure_does_not_undo_it(workspace: Workspace) -> None:
    put(workspace, DAY3, "二.xlsx", filled("2022-12", changes={(SECOND, FIELD): 7}))
    run(workspace, "--period", "2022-12", day=DAY3)
    assert value(workspace) == ("5", "2")
    assert value(workspace, unit=SECOND) == ("7", "7")
    assert {row["file"] for row in findings(workspace)} == {f"{DAY1}/一.xlsx", f"{DAY3}/二.xlsx"}
    assert verify(workspace).faults == ()


def test_what_goes_back_tells_the_officer(workspace: Workspace) -> None:
    put(workspace, DAY3, "二.xlsx", filled("2022-12", changes={(SECOND, FIELD): "约7"}))
    run(workspace, "--period", "2022-12", day=DAY3)
    (path,) = (workspace.outbox("2022-12") / "退回").glob("*.xlsx")
    said = " ".join(
        str(cell)
        for row in openpyxl.load_workbook(path)[PROBLEM_SHEET].iter_rows(values_only=True)
        for cell in row
        if cell
    )
    assert "省级已核改" in said
    assert "以核改的“5”为准" in said
    assert "部分退回：德钦县须改正后重报；其余2个县（市、区）已接收" in said  # though what came before stands


def test_only_staff_take_it_back(workspace: Workspace) -> None:
    said = run(workspace, "correct", FIRST, FIELD, "--undo", "--period", "2022-12", "--reason", "原数无误", day=DAY3)
    assert "已恢复报来的数" in said
    assert "5 → 2（" in said
    run(workspace, "--period", "2022-12", day=DAY3)
    assert value(workspace) == ("2", "2")
    assert findings(workspace) == []
    again = call(workspace, "correct", FIRST, FIELD, "--undo", "--period", "2022-12", "--reason", "再", day=DAY3)
    assert again.exit_code == 2
    assert "没有核改过" in again.output


@pytest.mark.parametrize("folder", ["下发", "退回"])
def test_the_next_workbook_and_what_goes_back_of_it_say_so(workspace: Workspace, folder: str) -> None:
    if folder == "退回":
        spoilt = filled("2023-02", changes={(FIRST, FIELD): 5, (THIRD, FIELD): "约7"})
        put(workspace, DAY4, "三.xlsx", spoilt)
        run(workspace, "--period", "2023-02", day=DAY4)
    else:
        run(workspace, "issue", "--period", "2023-02", "--prefecture", SMALL, day=DAY3)
    (path,) = (workspace.outbox("2023-02") / folder).glob(f"{SMALL}*.xlsx")
    sheet = openpyxl.load_workbook(path)[PROGRAM.form_by_code["A1"].sheet]
    columns = [cell.value for cell in sheet[CODE_ROW + 1]]
    col = columns.index(FIELD) + 1
    cells = {row[columns.index(COUNTY_CODE)].value: row[col - 1] for row in sheet.iter_rows()}
    shown = openpyxl.load_workbook(path, data_only=True)[sheet.title]  # the cell makes the sum
    assert (shown[cells[FIRST].coordinate].value, shown[cells[SECOND].coordinate].value) == (5, 2)
    prompts = {
        unit: next(v.prompt for v in sheet.data_validations.dataValidation if cells[unit].coordinate in v.sqref)
        for unit in (FIRST, SECOND)
    }
    assert "上次已接收：5（省级核改）" in prompts[FIRST]
    assert "核改" not in prompts[SECOND]


def test_what_was_published_otherwise_is_said_in_the_next_bulletin(workspace: Workspace) -> None:
    run(workspace, "correct", SECOND, FIELD, "9", *WORDS, day=DAY3)
    put(workspace, DAY4, "三.xlsx", filled("2023-02", changes={(FIRST, FIELD): 6, (SECOND, FIELD): 9}))
    run(workspace, "--period", "2023-02", day=DAY4)
    text = "".join(p.text for p in docx.Document(str(workspace.outbox("2023-02") / "工作简报.docx")).paragraphs)
    assert "德钦县" in text[text.index("更正") :]
    assert "由2更正为9" in text


def test_the_ledger_proves_it_and_columns_of_parquet_have_it(workspace: Workspace, tmp_path: Path) -> None:
    assert verify(workspace).faults == ()
    run(workspace, "export", str(tmp_path / "out"), "--partitioned", day=DAY3)
    rows = [row for path in (tmp_path / "out").rglob("part-0.parquet") for row in pq.read_table(path).to_pylist()]
    assert [row["number"] for row in rows if (row["unit"], row["field"]) == (FIRST, FIELD)] == [5]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("correct", FIRST, FIELD, "约5", *WORDS), "应为"),
        (("correct", FIRST, FIELD, "3-5", *WORDS), "应为"),
        (("correct", FIRST, FIELD, "", *WORDS), "用 --undo"),
        (("correct", FIRST, FIELD, "5", *WORDS), "已经是5"),
        (("correct", FIRST, FIELD, "6", *WORDS[:2], *WORDS[4:]), "--source"),
        (("correct", FIRST, FIELD, *WORDS), "--undo"),
        (("correct", FIRST, FIELD, "6", "--period", "2023-02", *WORDS[2:]), "没有已接收的数"),
        (("correct", "五华区", FIELD, "6", *WORDS), "没有已接收的数（未报）"),
        (("correct", FIRST, "Q99", "6", *WORDS), "没有指标"),
    ],
)
def test_what_cannot_be_is_refused_in_words(amended: tuple[Workspace, str], words: tuple[str, ...], why: str) -> None:
    done = call(amended[0], *words, day=DAY3)
    assert done.exit_code == 2
    assert why in done.output
    assert "Traceback" not in done.output


def test_what_no_reason_passes_is_refused_with_the_rule(amended: tuple[Workspace, str]) -> None:
    """A part above its whole is impossible, whoever says so; one that is only unlikely passes by the reason of staff."""
    done = call(amended[0], "correct", FIRST, "Q08-1n", "99", *WORDS, day=DAY3)
    assert done.exit_code == 2
    assert "不能核改为99，与规则不符：应在0到11之间：不大于" in done.output
