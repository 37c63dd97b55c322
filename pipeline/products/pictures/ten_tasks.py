"""What tells of each of the ten tasks (附件4)."""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pipeline.products.coverage import carried_note
from pipeline.products.drawing.answers import MOST_COUNTS, MOST_SHARES, CountCell, ShareRow, answers
from pipeline.products.pictures.answers import share_rows
from pipeline.products.pictures.registry import PictureKind, as_float, known_of, spans
from pipeline.products.wording import counted, statement

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.ten_tasks import TaskColumn, TaskFigures
    from pipeline.products.pictures.registry import Parts


def _drawings(m: PeriodMeasures) -> Parts:
    """What tells of each of the ten tasks: shares where it is yes or no, sums where it is a number."""
    shares: list[ShareRow] = []
    counts: list[CountCell] = []
    for task in m.systems.ten_tasks:
        main = _main_columns(m, task)
        shares += share_rows(f"第{task.no}项", main)
        counts += [_sum(f"第{task.no}项", column) for column in main if column.province.total is not None]
    if not any(row.reported for row in shares) and not any(cell.reported for cell in counts):
        return []
    nothing: tuple[str, list[Any]] = ("", [])
    both = zip_longest(
        spans(shares, MOST_SHARES, attrgetter("group")),
        spans(counts, MOST_COUNTS, attrgetter("group")),
        fillvalue=nothing,
    )
    return [
        ("，".join(filter(None, (of, sums_of))), partial(answers, some, sums, note=carried_note(m)))
        for (of, some), (sums_of, sums) in both
    ]


def _main_columns(m: PeriodMeasures, task: TaskFigures) -> list[TaskColumn]:
    """The columns the programme names, or that the sheet marks as telling of the task; else all."""
    named = {code for one in m.program.ten_tasks if one.no == task.no for code in one.fields}
    return [c for c in task.columns if c.field.role == "ten_task" or c.field.code in named] or list(task.columns)


def _sum(group: str, column: TaskColumn) -> CountCell:
    one = column.province.total
    label = counted(statement(column.field.title))
    return CountCell(
        group=group,
        label=label,
        unit=column.source.unit,
        amount=as_float(one.amount) if one else None,
        reported=one.reported if one else 0,
        roster=one.roster if one else 0,
    )


PICTURE = PictureKind(
    name="ten_tasks",
    number=12,
    title="“十个一”任务完成情况",
    drawings=_drawings,
    words=known_of,
    shows="“十个一”各项任务的主要指标：是否类的为占比，数量类的为全省合计。",
    reading="序号对应任务的序号；一项任务可有几个指标；本期没有报的县沿用上次的数，没有可用数的不作0计。",
)
