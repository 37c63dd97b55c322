"""任务附项: what items ask beside their quantities, in which forms, of whom, when last, added up and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.coverage import carried_note
from pipeline.products.summary.registry import ASIDE, SummarySheet
from pipeline.products.summary.sheets.survey import write_answers

if TYPE_CHECKING:
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen

_ASIDES = "任务附项"


def _write(s: Summary, pen: Pen) -> None:
    m, w = s.m, s.m.program.words
    before = f"，{carried_note(m)}" if carried_note(m) else ""
    pen.heading(
        f"{_ASIDES}（{m.period.title}）",
        f"各项任务里不计达标的指标：形式、对象、基数和最近日期；按已答的{w.row}统计，已报{m.reported}{w.rows}{before}",
    )
    write_answers(s, pen, m.systems.asides, ("任务", "任务内容"))


SHEET = SummarySheet(
    name=_ASIDES,
    number=61,
    tab=ASIDE,
    what=lambda s: f"不计达标的指标：各种形式、对象有几个{s.m.program.words.row}，基数合计，最近日期",
    write=_write,
    there=lambda s: bool(s.m.systems.asides),
)
