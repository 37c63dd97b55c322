"""A true exception passes once with its reason: in the row, or on the returned copy; staff settle it, and it is not asked again."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from pipeline.cli import main
from pipeline.domain.acts import Act, ActKind, Refusals
from pipeline.domain.entries import Answered
from pipeline.domain.state import State
from pipeline.ledger.snapshot import take_snapshot
from pipeline.office.proof import verify
from pipeline.program.layout import CODE_ROW, COUNTY_CODE, NIL, PROBLEM_SHEET, REASON_KEY, REMARK
from pipeline.workspace.campaign import open_store
from tests.builder import FIRST, SECOND, SMALL, THIRD, campaign, filled, new_workspace, own_key, valid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.workspace.paths import Workspace
    from tests.officer import Session

PROGRAM = campaign().program
P1, P2, P3 = (PROGRAM.period_by_code[code] for code in ("2022-12", "2023-02", "2023-04"))
WHY = "上期把市级活动误计入本县，现已核减"
REFUSED_REASON = "EXPLANATION_REFUSED"
TICKED = dict.fromkeys((FIRST, SECOND, THIRD), "√")


def run(workspace: Workspace, *arguments: str, day: date) -> str:
    done = CliRunner().invoke(main, ["--project", str(workspace.root), "--as-of", day.isoformat(), *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def typed(
    content: bytes, changes: Mapping[tuple[str, str, str], Any], touch: Callable[[Any], None] = lambda _: None
) -> bytes:
    """A workbook with some cells typed over: (sheet's form, unit, column's code) → what."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for (form, unit, code), value in changes.items():
        sheet = book[PROGRAM.form_by_code[form].sheet]
        columns = [cell.value for cell in sheet[CODE_ROW + 1]]
        key = columns.index(COUNTY_CODE)
        row = next(n for n, cells in enumerate(sheet.iter_rows(values_only=True), 1) if cells[key] == unit)
        sheet.cell(row, columns.index(code) + 1).value = value
    touch(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ticks(*but: tuple[str, str]) -> dict[tuple[str, str, str], Any]:
    """Every row ticked as looked at, but for some (form, unit)."""
    return {(form.code, unit, NIL): "√" for form in PROGRAM.forms for unit in TICKED if (form.code, unit) not in but}


def put(workspace: Workspace, day: date, name: str, content: bytes) -> None:
    path = workspace.inbox / day.isoformat() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def issued(workspace: Workspace, period: str) -> bytes:
    (path,) = (workspace.outbox(period) / "下发").glob(f"{SMALL}*.xlsx")
    return path.read_bytes()


def states(workspace: Workspace, period: str, day: date) -> dict[str, State]:
    store = open_store(workspace, PROGRAM)
    try:
        found = take_snapshot(store, day).states
    finally:
        store.close()
    return {unit: state for (of, unit), state in found.items() if of == period}


def told(workspace: Workspace, day: date) -> list[tuple[str, str, str]]:
    """Code, unit and remedy of all findings that want or got a reason."""
    store = open_store(workspace, PROGRAM)
    try:
        return [
            (f.code, f.county_code, f.fix)
            for _, f in take_snapshot(store, day).findings
            if f.code in {"EXPLAINED", "EXPLANATION_REFUSED", "CUMULATIVE_FELL", "INCREMENT_TYPED"}
        ]
    finally:
        store.close()


def exceptions(workspace: Workspace) -> list[list[Any]]:
    """The rows of 例外清单."""
    summary = openpyxl.load_workbook(workspace.outbox("2023-02") / "全省汇总.xlsx", read_only=True)
    return [[c for c in row if c] for row in summary["例外清单"].iter_rows(values_only=True)]


DAY1, DAY2, DAY3, DAY4, DAY5 = (
    date(2023, 1, 8),
    date(2023, 3, 6),
    date(2023, 3, 8),
    date(2023, 3, 9),
    date(2023, 3, 10),
)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two periods of three counties; what was seen on the way."""
    workspace, seen = new_workspace(tmp_path_factory.mktemp("w") / "w"), dict[str, Any]()
    own_key(workspace)
    seen["workspace"] = workspace
    put(workspace, DAY1, "一.xlsx", filled("2022-12"))
    run(workspace, "--period", "2022-12", day=DAY1)
    run(workspace, "issue", "--period", "2023-02", "--prefecture", SMALL, day=DAY1)
    went_out = issued(workspace, "2023-02")
    new = {
        (form.code, unit, f.code): valid_new(f)
        for form in PROGRAM.forms
        for unit in TICKED
        for f in form.fields_in(P2)
        if f not in form.fields_in(P1)
    }
    changes = (
        ticks()
        | new
        | {
            ("A1", FIRST, "Q01-1"): 1,
            ("A1", FIRST, REMARK): WHY,
            ("A1", SECOND, "Q02-1"): 1,
        }
    )
    put(workspace, DAY2, "二.xlsx", typed(went_out, changes))
    seen["first run"] = run(workspace, "--period", "2023-02", day=DAY2)
    seen["states"], seen["told"] = states(workspace, "2023-02", DAY2), told(workspace, DAY2)
    (copy,) = (workspace.outbox("2023-02") / "退回").glob("*.xlsx")
    seen["copy"] = copy.read_bytes()
    seen["summary"] = exceptions(workspace)

    seen["page"] = (workspace.outbox("2023-02") / "index.html").read_text(encoding="utf-8")
    package = workspace.outbox("2023-02") / "数据包" / "explanations.csv"
    seen["table"] = list(csv.DictReader(io.StringIO(package.read_text(encoding="utf-8-sig"))))
    bulletin = docx.Document(str(workspace.outbox("2023-02") / "工作简报.docx"))
    seen["bulletin"] = "".join(p.text for p in bulletin.paragraphs)

    put(workspace, DAY3, "三.xlsx", typed(seen["copy"], {}, as_reason))
    run(workspace, "--period", "2023-02", day=DAY3)
    seen["states after"], seen["told after"] = states(workspace, "2023-02", DAY3), told(workspace, DAY3)
    seen["settled"] = run(
        workspace, "settle", FIRST, "--refuse", "--reason", "台账显示没有误计", "--period", "2023-02", day=DAY4
    )
    run(workspace, "--period", "2023-02", day=DAY4)
    seen["history refused"] = run(workspace, "history", FIRST, day=DAY4)
    seen["states refused"], seen["told refused"] = states(workspace, "2023-02", DAY4), told(workspace, DAY4)
    (again,) = (workspace.outbox("2023-02") / "退回").glob("*.xlsx")
    seen["returned for it"] = openpyxl.load_workbook(again)
    put(workspace, DAY4, "四.xlsx", typed(again.read_bytes(), {("A1", THIRD, REMARK): "另行说明"}))
    seen["sent again"] = run(workspace, "--period", "2023-02", day=DAY4)
    seen["states again"], seen["told again"] = states(workspace, "2023-02", DAY4), told(workspace, DAY4)
    run(workspace, "settle", FIRST, "--uphold", "--reason", "电话核实属实", "--period", "2023-02", day=DAY5)
    run(workspace, "--period", "2023-02", day=DAY5)
    seen["summary upheld"] = exceptions(workspace)
    seen["states upheld"] = states(workspace, "2023-02", DAY5)
    seen["history"] = run(workspace, "history", FIRST, day=DAY5)
    return seen


def valid_new(field: Any) -> Any:
    """Something for a column that is asked for the first time."""
    return valid(field, PROGRAM.county_by_code[FIRST], P2)


def test_with_a_reason_the_county_is_accepted_and_without_one_returned(story: dict[str, Any]) -> None:
    assert story["states"][FIRST] is State.ACCEPTED
    assert story["states"][SECOND] is State.RETURNED
    assert ("EXPLAINED", FIRST, f"说明：其他：{WHY}") in story["told"]
    assert any(code == "CUMULATIVE_FELL" and unit == SECOND and "写明原因" in fix for code, unit, fix in story["told"])


def test_the_list_of_exceptions_names_figure_and_reason(story: dict[str, Any]) -> None:
    (line,) = (row for row in story["summary"] if "香格里拉市" in row)
    assert f"其他：{WHY}" in line
    assert "Q01-1" in line


def test_page_and_data_package_have_them_too(story: dict[str, Any]) -> None:
    assert [(row["county_code"], row["field"], row["reason"], row["upheld"]) for row in story["table"]] == [
        (FIRST, "Q01-1", f"其他：{WHY}", "")
    ]
    part = story["page"][story["page"].index('<section id="exceptions">') :]
    assert f"<td>其他：{WHY}</td>" in part[: part.index("</section>")]
    assert "例外待核定 1 处" in story["page"]


def test_the_bulletin_counts_the_figures_that_stand_on_a_reason(story: dict[str, Any]) -> None:
    assert "其中1个单位的1个数与一般情况不符，按填报人的书面说明接收。" in story["bulletin"]


def as_reason(book: Any) -> None:
    """The reason written on the list of problems."""
    for row in book[PROBLEM_SHEET].iter_rows():
        for left, right in pairwise(row):
            if str(right.value or "") == f"{REASON_KEY} {SECOND}|A1":
                left.value = WHY


@pytest.mark.parametrize(
    ("kind", "changes", "touch", "now"),
    [
        ("xlsx", {}, as_reason, "已说明"),
        ("xls", {("A1", SECOND, "Q02-1"): 3}, lambda _: None, "已改"),
        ("ods", {("A1", SECOND, "Q02-1"): 3}, lambda _: None, "已改"),
        ("ods", {}, lambda _: None, "未改"),
    ],
)
def test_the_list_of_problems_ticks_itself_off(
    story: dict[str, Any],
    office: Session,
    tmp_path: Path,
    kind: str,
    changes: dict[tuple[str, str, str], Any],
    touch: Callable[[Any], None],
    now: str,
) -> None:
    path = tmp_path / "改.xlsx"
    path.write_bytes(typed(story["copy"], changes, touch))
    saved = CalamineWorkbook.from_filelike(io.BytesIO(office.saved_as(kind, path, anew=True)))
    rows = [[str(cell) for cell in row] for row in saved.get_sheet_by_name(PROBLEM_SHEET).to_python()]
    heads = next(row for row in rows if "现在" in row)
    asked = [row[heads.index("现在")] for row in rows if row[heads.index("现在")] in {"未改", "已改", "已说明"}]
    assert asked == [now]
    (live,) = (row[0] for row in rows if row[0].startswith("所列各格"))
    assert live.startswith("所列各格还有1处没有改" if now == "未改" else "所列各格都已改动或说明")


def test_a_reason_on_the_returned_copy_opens_its_row(story: dict[str, Any]) -> None:
    assert story["states after"][SECOND] is State.ACCEPTED
    assert ("EXPLAINED", SECOND, f"说明：其他：{WHY}") in story["told after"]


def test_a_reason_refused_returns_its_county_and_says_why(story: dict[str, Any]) -> None:
    assert story["states refused"][FIRST] is State.RETURNED
    assert story["states refused"][SECOND] is State.ACCEPTED
    assert any(
        code == REFUSED_REASON and unit == FIRST and "台账显示没有误计" in fix
        for code, unit, fix in story["told refused"]
    )


def test_a_file_whose_reason_is_refused_is_called_accepted_no_more(story: dict[str, Any]) -> None:
    verdicts = re.findall(r"收到 \S+/(\S+)\.xlsx，报送序号 \d+：(\S+?)[，（\n]", story["history refused"])
    assert dict(verdicts)["三"] == "部分退回"
    verdicts = re.findall(r"收到 \S+/(\S+)\.xlsx，报送序号 \d+：(\S+?)[，（\n]", story["history"])
    assert dict(verdicts)["三"] == "已接收"


def test_a_new_reason_beside_one_that_was_refused_is_not_called_refused() -> None:
    refuse = Act(
        kind=ActKind.REFUSE,
        period="2022-12",
        reason="无据",
        who="张三",
        done_on=DAY2,
        claimed_prefecture=FIRST,
        target=1,
    )
    said = [
        (1, "2022-12", "a", WHY),
        (2, "2023-02", "a", WHY),
        (2, "2023-02", "b", WHY),
        (3, "2023-02", "a", "另有原因"),
    ]
    answered = [
        Answered(seq=seq, period=period, unit=FIRST, field="Q01-1", row=8, rule=rule, reason=why)
        for seq, period, rule, why in said
    ]
    refusals = Refusals.of([refuse], answered)
    assert [refusals.by(period, FIRST, seq) is not None for seq, period, _, _ in said] == [True, True, True, False]
    assert [refusals.of_reason(p, seq, FIRST, rule, why) is not None for seq, p, rule, why in said] == [
        True,
        True,
        False,
        False,
    ]


def test_what_goes_back_keeps_a_reason_that_was_given_on_the_list_of_problems(story: dict[str, Any]) -> None:
    book = story["returned for it"]
    sheet = book[PROGRAM.form_by_code["A1"].sheet]
    columns = [cell.value for cell in sheet[CODE_ROW + 1]]
    remarks = {row[columns.index(COUNTY_CODE)]: row[columns.index(REMARK)] for row in sheet.iter_rows(values_only=True)}
    assert (remarks[FIRST], remarks[SECOND], remarks[THIRD]) == (WHY, WHY, None)
    said = [cell for row in book[PROBLEM_SHEET].iter_rows(values_only=True) for cell in row if cell]
    assert any("台账显示没有误计" in str(cell) for cell in said)


def test_a_reason_refused_is_not_taken_when_it_is_sent_again_word_for_word(story: dict[str, Any]) -> None:
    assert story["states again"][FIRST] is State.RETURNED
    assert {code for code, unit, _ in story["told again"] if unit == FIRST} == {REFUSED_REASON}
    assert len(story["told again"]) > len(story["told refused"])


def test_a_reason_upheld_is_upheld_in_whatever_file_it_came(story: dict[str, Any]) -> None:
    (line,) = (row for row in story["summary upheld"] if "香格里拉市" in row)
    assert "已采信：电话核实属实" in line


def test_a_reason_upheld_after_all_stands(story: dict[str, Any]) -> None:
    assert story["states upheld"][FIRST] is State.ACCEPTED
    assert " 采信说明 香格里拉市" in story["history"]
    assert "不采信说明 香格里拉市" in story["history"]


def test_the_ledger_proves_all_of_it(story: dict[str, Any]) -> None:
    assert verify(story["workspace"]).faults == ()


def test_nothing_to_settle_is_refused_in_words(story: dict[str, Any]) -> None:
    workspace = story["workspace"]
    done = CliRunner().invoke(
        main,
        [
            "--project",
            str(workspace.root),
            "--as-of",
            "2023-03-10",
            "settle",
            THIRD,
            "--uphold",
            "--reason",
            "好",
            "--period",
            "2023-02",
        ],
    )
    assert done.exit_code == 2
    assert "没有按说明接收的数" in done.output
