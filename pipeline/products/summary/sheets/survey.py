"""调研提纲汇总: every question over the counties that answered it, drawn from its sheet: sums, averages, yes and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.text import cn_date
from pipeline.products.coverage import carried_note
from pipeline.products.summary.grid import PROVINCE_ROW
from pipeline.products.summary.registry import ASIDE, SummarySheet
from pipeline.products.summary.style import FIRST_ROW, Column, Put
from pipeline.program.layout import address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.ten_tasks import TaskColumn, TaskFigures
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given, Pen
    from pipeline.program.words import Words

SURVEY = "调研提纲汇总"
_COLUMNS = (
    Column("指标", 36, "words"),
    Column("已答县", 8),
    Column("应答县", 8),
    Column("合计", 14),
    Column("平均", 12),
    Column("答“是”、选各选项或谈到各方面的县", 46, "words"),
)
_ANSWERED, _SUM = 3, 5


def _write(s: Summary, pen: Pen) -> None:
    m, w = s.m, s.m.program.words
    before = f"，{carried_note(m)}" if carried_note(m) else ""
    pen.heading(
        f"{SURVEY}（{m.period.title}）",
        f"按已答的{w.row}统计，应报{len(m.program.measured)}{w.rows}，已报{m.reported}{w.rows}{before}；合计、平均取自各题所在的表",
    )
    write_answers(s, pen, m.systems.survey, ("题号", "题目"))


def write_answers(s: Summary, pen: Pen, questions: Sequence[TaskFigures], heads: tuple[str, str]) -> None:
    """A row for each column: who answered, what it adds up to, how many units said what."""
    asked = [(question, column) for question in questions for column in question.columns]
    rows = [
        (
            question.label,
            question.title,
            column.field.title,
            column.province.reported,
            column.province.roster,
            *_figures(s, column, row),
            _answers(column, s.m.program.words),
        )
        for row, (question, column) in enumerate(asked, FIRST_ROW)
    ]
    columns = (Column(heads[0], 9), Column(heads[1], 32, "words"), *_COLUMNS)
    pen.table(s.columns(columns), rows, frozen=3)


def _figures(s: Summary, column: TaskColumn, row: int) -> tuple[Given, Given]:
    """The sum and the average: what is a ratio has an average only."""
    all_ = column.province
    given = all_.total.amount if all_.total and all_.reported else None
    if given is None:
        return None, None
    grid, mean = s.grids[column.field.form], float(given) / all_.reported
    cell = f"={grid.cell(PROVINCE_ROW, grid.col_of(column.field.code))}"
    if column.field.role == "ratio":
        return None, Put(mean, "amount", cell)
    total = float(given)
    average = f"={address(row, _SUM)}/{address(row, _ANSWERED)}"
    return Put(total, "count" if total.is_integer() else "amount", cell), Put(mean, "amount", average)


def _answers(column: TaskColumn, w: Words) -> str:
    all_ = column.province
    if all_.share and all_.reported:
        return f"是{all_.share.met}{w.rows}，否{all_.reported - all_.share.met}{w.rows}"
    if all_.latest:
        return f"最近的是{cn_date(all_.latest)}"
    options = "，".join(f"{option}{n}{w.rows}" for option, n in all_.options.items() if n)
    return options or ("" if all_.reported else f"没有{w.row}作答")


SHEET = SummarySheet(
    name=SURVEY,
    number=60,
    tab=ASIDE,
    what=lambda s: f"调研提纲各题的合计、平均和各选项的{s.m.program.words.row}数",
    write=_write,
    there=lambda s: bool(s.m.systems.survey),
)
