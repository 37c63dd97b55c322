"""A report extended: due on a later day for one respondent, and called neither late nor overdue before that."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import openpyxl
import pytest
from click.testing import CliRunner, Result
from docx import Document

from pipeline.cli import main
from pipeline.domain.acts import Act, ActKind
from pipeline.domain.obligation import Timeliness
from pipeline.domain.state import State
from pipeline.office.proof import verify
from pipeline.office.queries import look
from pipeline.office.run import run
from pipeline.office.tracing import history_of
from pipeline.products.documents.return_notice import notice_context
from tests.builder import copy_of, filled, new_workspace, own_key
from tests.prose_cases import returned, told

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.workspace.paths import Workspace

P1 = "2022-12"  # due on 2023-01-09
DIQING, NUJIANG, DEHONG = "533400", "533300", "533100"
AFTER, UNTIL, LATER = date(2023, 1, 16), date(2023, 1, 17), date(2023, 1, 18)
PHONED = ("--reason", "来电说明，办公室批准")


def call(workspace: Workspace, *words: str, as_of: date = AFTER) -> Result:
    return CliRunner().invoke(main, ["--project", str(workspace.root), "--as-of", as_of.isoformat(), *words])


def extend(workspace: Workspace, until: date, *words: str, unit: str = "怒江州", as_of: date = AFTER) -> Result:
    return call(workspace, "extend", unit, "--until", until.isoformat(), *PHONED, *words, as_of=as_of)


def timeliness_of(workspace: Workspace, who: str, as_of: date = AFTER) -> set[Timeliness]:
    m = look(workspace, P1, as_of)
    return {o.timeliness for o in m.owed_now if o.is_report and o.prefecture.code == who}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One prefecture in time, one three days late, the others silent."""
    workspace = new_workspace(tmp_path_factory.mktemp("extension") / "w")
    own_key(workspace)
    for day, who in (("2023-01-06", DEHONG), ("2023-01-12", DIQING)):
        path = workspace.inbox / day / f"{who}.xlsx"
        path.parent.mkdir(parents=True)
        path.write_bytes(filled(P1, who))
    call(workspace, "receive")
    return workspace


@pytest.fixture
def workspace(made: Workspace, tmp_path: Path) -> Workspace:
    """A copy to spoil."""
    return copy_of(made, tmp_path / "copy")


def text_of(path: Path) -> str:
    document = Document(str(path))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_until_the_extended_day_nobody_is_overdue_and_from_then_on_it_counts(workspace: Workspace) -> None:
    assert timeliness_of(workspace, NUJIANG) == {Timeliness.OVERDUE}
    result = extend(workspace, UNTIL)
    assert result.exit_code == 0, result.output
    assert "已延期：怒江傈僳族自治州2022年11—12月，经批准延期至 2023-01-17（台账第" in result.output
    assert timeliness_of(workspace, NUJIANG) == timeliness_of(workspace, NUJIANG, UNTIL) == {Timeliness.NOT_DUE}
    assert timeliness_of(workspace, "530100") == {Timeliness.OVERDUE}  # nobody else was given longer
    assert "  怒江州\t0/4\t全部未报；经批准延期至 2023-01-17" in call(workspace, "status").stdout
    assert "怒江州" not in call(workspace, "overdue").stdout
    assert "怒江州\t泸水市\t未收到报表\t逾期1天\t连续1期" in call(workspace, "overdue", as_of=LATER).stdout


def test_what_came_by_the_extended_day_is_in_time(workspace: Workspace) -> None:
    assert timeliness_of(workspace, DIQING) == {Timeliness.LATE}
    assert extend(workspace, date(2023, 1, 12), unit=DIQING).exit_code == 0
    assert timeliness_of(workspace, DIQING) == {Timeliness.ON_TIME}
    assert extend(workspace, date(2023, 1, 11), unit=DIQING).exit_code == 0  # the last word counts
    assert timeliness_of(workspace, DIQING) == {Timeliness.LATE}
    m = look(workspace, P1, AFTER)
    (late,) = [o for o in m.owed_now if o.is_report and o.who == DIQING]
    assert (late.due_on, late.due_words) == (date(2023, 1, 11), "经批准延期至2023年1月11日")


def test_an_extension_is_taken_back_and_both_are_in_the_history(workspace: Workspace) -> None:
    assert extend(workspace, UNTIL).exit_code == 0
    told = "\n".join(history_of(workspace, "泸水市", AFTER))
    assert "2022年11—12月（截止 2023-01-09，经批准延期至 2023-01-17）：未报" in told
    assert "2023-01-16 延期 至 2023-01-17：来电说明，办公室批准（台账第" in told
    back = extend(workspace, date(2023, 1, 9))
    assert "已取消延期：怒江傈僳族自治州2022年11—12月，截止日仍为 2023-01-09" in back.output
    assert timeliness_of(workspace, NUJIANG) == {Timeliness.OVERDUE}
    told = "\n".join(history_of(workspace, "怒江州", AFTER))
    assert "（截止 2023-01-09）" in told
    assert told.count(" 延期 至 ") == 2
    assert "延期" not in "\n".join(history_of(workspace, "迪庆州", AFTER))
    assert timeliness_of(workspace, NUJIANG, date(2023, 1, 15)) == {Timeliness.OVERDUE}  # nothing was decided by then


@pytest.mark.parametrize(
    ("unit", "until", "says"),
    [
        (NUJIANG, date(2023, 1, 8), "截止日是 2023-01-09，延期应延到这一天以后"),
        (NUJIANG, date(2023, 1, 9), "截止日是 2023-01-09，延期应延到这一天以后"),
        (NUJIANG, date(2023, 3, 1), "最多延到 2023-02-28：再晚就到下一期了"),
        (DEHONG, UNTIL, "应报的都已在 2023-01-09 以前报来并接收，不必延期"),
        ("没有的州", UNTIL, "没有代码或名称为 没有的州 的州（市）"),
    ],
)
def test_what_cannot_be_is_refused_with_words(workspace: Workspace, unit: str, until: date, says: str) -> None:
    before = look(workspace, P1, AFTER).snapshot.acts
    result = extend(workspace, until, unit=unit)
    assert result.exit_code == 2
    assert says in result.output
    assert look(workspace, P1, AFTER).snapshot.acts == before


def test_the_same_day_twice_a_closed_period_and_no_reason_are_refused(workspace: Workspace) -> None:
    assert extend(workspace, UNTIL).exit_code == 0
    assert "已经延期至 2023-01-17" in extend(workspace, UNTIL).output
    assert call(workspace, "close", P1, "--reason", "已上报", "--yes").exit_code == 0
    assert "已经封存，不能延期" in extend(workspace, LATER).output
    words = ("extend", "怒江州", "--until", "2023-03-20", "--period", "2023-02", "--reason", " ")
    assert "请写明延期的理由" in call(workspace, *words).output


def test_the_products_print_the_extended_day_and_urge_nobody_before_it(workspace: Workspace) -> None:
    assert extend(workspace, UNTIL).exit_code == 0
    run(workspace, P1, AFTER, "张三")
    out = workspace.outbox(P1)
    brief = text_of(out / "工作简报.docx")
    assert "应于2023年1月9日前报送（怒江州经批准延期至2023年1月17日）。" in brief
    assert "尚未报送（未到截止日）的州（市）1个：怒江州" in brief
    overdue = text_of(out / "逾期县清单.docx")
    assert "应于2023年1月9日前报送（怒江州经批准延期至2023年1月17日）。" in overdue
    assert "泸水市" not in overdue
    assert not list((out / "催报").glob("*怒江*"))
    assert list((out / "催报").glob("*昆明*"))
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "报送截止 2023年1月9日，怒江州经批准延期至2023年1月17日" in page
    assert "2023-01-17（经批准延期）" in page
    assert "怒江州经批准延期至2023年1月17日" in str(cells_of(out / "全省汇总.xlsx", "各县情况"))

    run(workspace, P1, LATER, "张三")
    letter = text_of(next((out / "催报").glob("*怒江*")))
    assert "2022年11—12月工作推进信息，经批准延期至2023年1月17日报送，已逾期1天：怒江州（未收到报表）" in letter
    assert "经批准延期至2023年1月17日" in text_of(out / "逾期县清单.docx").split("泸水市")[1]
    sheet = openpyxl.load_workbook(out / "逾期县清单.xlsx").worksheets[0]
    (due,) = {
        (str(row[6].value)[:10], row[6].number_format) for row in sheet.iter_rows(min_row=4) if row[1].value == "怒江州"
    }
    assert due == (UNTIL.isoformat(), 'yyyy-mm-dd"（经批准延期）"')
    assert verify(workspace).faults == ()


@pytest.mark.parametrize(
    ("until", "says"),
    [
        (date(2023, 3, 22), "请于2023年3月22日（含当日，经批准延期至此日）前改正重报。"),
        (date(2023, 3, 10), "报送截止日（经批准延期至2023年3月10日）已过，请抓紧改正重报。"),
    ],
)
def test_a_return_notice_asks_by_the_extended_day(until: date, says: str) -> None:
    act = Act(
        kind=ActKind.EXTEND,
        period="2023-02",
        prefecture_code=DIQING,
        day=until,
        reason="来电",
        who="张三",
        done_on=until,
    )
    m = told("2023-02", lambda *_: State.RETURNED, acts=(act,))
    context, _ = notice_context(m, m.program.prefecture_by_code[DIQING], [returned()], is_demo=False)
    assert says in "".join(context["paragraphs"])


def cells_of(path: Path, sheet: str) -> list[object]:
    book = openpyxl.load_workbook(path, read_only=True)
    return [value for row in book[sheet].iter_rows(values_only=True) for value in row if value is not None]


def test_the_workbook_that_goes_out_says_so_and_is_read_as_any_other(workspace: Workspace) -> None:
    assert extend(workspace, UNTIL).exit_code == 0
    for prefecture, said in (("怒江州", "经批准延期至2023年1月17日"), ("昆明市", "2023年1月9日")):
        issued = call(workspace, "issue", "--period", P1, "--prefecture", prefecture)
        assert issued.exit_code == 0, issued.output
        path = workspace.root / issued.stdout.split("\n")[0]
        book = openpyxl.load_workbook(path)
        assert book.worksheets[0]["B6"].value == said
        assert f"报送截止：{said}" in str([row[0].value for row in book.worksheets[1].iter_rows(max_row=3)])
    theirs = next(path.parent.glob("*怒江*"))
    checked = call(workspace, "check", str(theirs))
    assert "没有填报" in checked.output  # and nothing contradicts its stamp
    assert "待认定" not in checked.output
