"""A count unlike its own past and its peers' is asked about when it comes, passes with or without an answer, and is told to staff."""

from __future__ import annotations

import csv
import io
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipeline.domain.findings import CATALOGUE
from pipeline.domain.state import State
from pipeline.office.proof import verify
from pipeline.program.layout import PROBLEM_SHEET, REASON_KEY, REMARK
from tests.builder import FIRST, SECOND, THIRD, copy_of, filled, new_workspace, own_key
from tests.test_explanations import put, run, states, typed

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.workspace.paths import Workspace

DALI = "532900"  # twelve counties: enough to compare with
FIRE = {"OUTLIER"}
DAY1, DAY2, DAY3, DAY4, DAY5 = (
    date(2023, 1, 5),
    date(2023, 3, 6),
    date(2023, 3, 8),
    date(2023, 5, 8),
    date(2023, 5, 9),
)
WHY = "本期集中开展了入企宣讲三十场"
FIELD = "Q01-1"


def asked(workspace: Workspace, period: str) -> list[tuple[str, str, str, str]]:
    """Unit, code, what was said and the remedy of all that was asked or answered about the field."""
    text = (workspace.outbox(period) / "数据包" / "findings.csv").read_text(encoding="utf-8-sig")
    return sorted(
        (row["county_code"], row["code"], row["expected"], row["fix"])
        for row in csv.DictReader(io.StringIO(text))
        if row["field"] == FIELD and row["code"] in {"OUTLIER", "EXPLAINED"}
    )


def to_look_at(workspace: Workspace, period: str) -> dict[str, tuple[Any, ...]]:
    """County → the row of 请留意的数 for the field."""
    sheet = openpyxl.load_workbook(workspace.outbox(period) / "全省汇总.xlsx", read_only=True)["请留意的数"]
    return {str(row[1]): row for row in sheet.iter_rows(values_only=True) if FIELD in row}


def copy_of_period(workspace: Workspace, period: str) -> bytes:
    (path,) = (workspace.outbox(period) / "退回").glob("*.xlsx")
    return path.read_bytes()


def with_reason(book: Any) -> None:
    """The reason written on the list of problems."""
    for row in book[PROBLEM_SHEET].iter_rows():
        for left, right in pairwise(row):
            if str(right.value or "") == f"{REASON_KEY} {FIRST}|A1":
                left.value = WHY


def first_period(folder: Path) -> Workspace:
    workspace = new_workspace(folder)
    own_key(workspace)
    put(workspace, DAY1, "迪庆.xlsx", filled("2022-12"))
    put(workspace, DAY1, "大理.xlsx", filled("2022-12", DALI))
    run(workspace, "--period", "2022-12", day=DAY1)
    return workspace


RAISED = {(FIRST, FIELD): 30, (SECOND, FIELD): 30}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two counties say thirty where all have said two; one with a reason, the other when it is asked."""
    workspace, seen = first_period(tmp_path_factory.mktemp("w") / "w"), dict[str, Any]()
    seen["workspace"], seen["first"] = workspace, copy_of(workspace, tmp_path_factory.mktemp("w") / "w")
    content = typed(filled("2023-02", changes=RAISED), {("A1", SECOND, REMARK): WHY})
    seen["path"] = path = workspace.root.parent / "先看看.xlsx"
    path.write_bytes(content)
    seen["checked"] = run(workspace, "check", str(path), day=DAY2)
    put(workspace, DAY2, "迪庆.xlsx", content)
    seen["run"] = run(workspace, "--period", "2023-02", day=DAY2)
    seen["states"], seen["asked"] = states(workspace, "2023-02", DAY2), asked(workspace, "2023-02")
    seen["sheet"], seen["copy"] = to_look_at(workspace, "2023-02"), copy_of_period(workspace, "2023-02")
    put(workspace, DAY3, "大理.xlsx", filled("2023-02", DALI))
    put(workspace, DAY3, "再报.xlsx", typed(seen["copy"], {}, with_reason))
    run(workspace, "--period", "2023-02", day=DAY3)
    seen["asked then"], seen["sheet then"] = asked(workspace, "2023-02"), to_look_at(workspace, "2023-02")
    seen["left"] = list((workspace.outbox("2023-02") / "退回").glob("*.xlsx"))
    put(workspace, DAY4, "下一期.xlsx", filled("2023-04", changes=RAISED | {(THIRD, FIELD): 2}))
    run(workspace, "--period", "2023-04", day=DAY4)
    seen["next"] = asked(workspace, "2023-04")
    put(workspace, DAY5, "又增.xlsx", filled("2023-04", changes=RAISED | {(FIRST, FIELD): 900}))
    run(workspace, "--period", "2023-04", day=DAY5)
    seen["changed"] = asked(workspace, "2023-04")
    return seen


def test_it_is_asked_with_own_past_and_range_of_peers_and_returns_nobody(story: dict[str, Any]) -> None:
    assert set(story["states"].values()) == {State.ACCEPTED}
    (question, answered) = story["asked"]
    assert question[:2] == (FIRST, "OUTLIER")
    assert question[2] == "上一期报来的15个县新增2，中位数2；本县本期新增28，以往各期新增2"
    assert "请在同一行“备注”格写明原因（不少于10个字）" in question[3]
    assert answered[:2] == (SECOND, "EXPLAINED")
    assert answered[3] == f"说明：其他：{WHY}"


def test_a_dry_run_asks_the_same(story: dict[str, Any]) -> None:
    assert CATALOGUE["OUTLIER"].title in story["checked"]
    assert "上一期报来的15个县新增2" in story["checked"]


def test_a_reason_on_the_returned_copy_answers_it(story: dict[str, Any]) -> None:
    assert (FIRST, "EXPLAINED") in {(unit, code) for unit, code, _, _ in story["asked then"]}
    assert story["left"] == []


def test_staff_see_who_has_answered(story: dict[str, Any]) -> None:
    assert story["sheet"]["香格里拉市"][-2] == "已列入核对通知，没有说明"
    assert story["sheet"]["德钦县"][-2] == f"其他：{WHY}"
    assert story["sheet then"]["香格里拉市"][-2] == f"其他：{WHY}"


def test_what_does_not_change_is_not_asked_again_and_what_does_is(story: dict[str, Any]) -> None:
    assert story["next"] == []
    assert [(unit, code) for unit, code, _, _ in story["changed"]] == [(FIRST, "OUTLIER")]
    assert "本县本期新增870，以往各期新增2至28" in story["changed"][0][2]


def test_the_ledger_proves_it(story: dict[str, Any]) -> None:
    assert verify(story["workspace"]).faults == ()


def test_it_is_the_same_whoever_has_reported_before(story: dict[str, Any], tmp_path: Path) -> None:
    workspace = copy_of(story["first"], tmp_path / "w")
    theirs = filled("2023-02", DALI, changes={(f"5329{n}", FIELD): 40 for n in ("01", "22", "23")})
    put(workspace, DAY2, "大理.xlsx", theirs)
    run(workspace, "--period", "2023-02", day=DAY2)
    assert run(workspace, "check", str(story["path"]), day=DAY2) == story["checked"]
