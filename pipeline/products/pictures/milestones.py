"""Steps of section 四: taken in time, late, not, not said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.domain.text import cn_date
from pipeline.products.drawing.parts import NAVY, PALE, TRACK
from pipeline.products.drawing.stacks import MOST_ROWS, StackGroup, StackPart, StackRow, stacks
from pipeline.products.pictures.registry import PictureKind, foot_of, kept_of, whole
from pipeline.program.model import Rows

if TYPE_CHECKING:
    from pipeline.measures.milestones import MilestoneFigures
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts

_NOT_APPLICABLE_NAME = "不适用"


def _drawings(m: PeriodMeasures) -> Parts:
    """Who has taken each step, in time or late, who has not, who has not said."""
    there = [one for one in m.systems.milestones if one.province.roster]
    if not any(one.province.reported for one in there):
        return []
    figures, w = kept_of(there, MOST_ROWS, lambda one: -one.province.overdue), m.program.words
    parts = [
        StackPart(name="按时完成", fill=NAVY),
        StackPart(name="逾期完成", fill=PALE),
        StackPart(name="未完成", fill=TRACK),
        StackPart(name="未计入", fill=None),
    ]
    applies = any(one.province.not_applicable for one in figures)
    if applies:
        parts.insert(3, StackPart(name=_NOT_APPLICABLE_NAME, fill="#FFFFFF"))
    groups = [
        StackGroup(
            title=w.body if level is Rows.COUNTY else w.respondent_body, rows=[_step(one, applies) for one in some]
        )
        for level in (Rows.PREFECTURE, Rows.COUNTY)
        if (some := [one for one in figures if one.level is level])
    ]
    return whole(
        partial(
            stacks,
            groups,
            parts,
            total="总数" if applies else "应完成",
            note="时限",
            alarm="逾期",
            whole=True,
            foot=foot_of("", len(there) - len(figures)),
        )
    )


def _step(one: MilestoneFigures, applies: bool) -> StackRow:
    count, due = one.province, one.milestone.due
    rest = (count.not_applicable,) if applies else ()
    return StackRow(
        label=one.milestone.deliverable,
        note=cn_date(due) if due else "",
        counts=(count.done, count.late, count.not_done, *rest, count.not_reported),
        alarm=count.overdue,
    )


def _words(m: PeriodMeasures) -> str:
    late = sum(one.province.overdue for one in m.systems.milestones)
    return f"共{len(m.systems.milestones)}个节点，逾期未完成或从未报告{late}家次"


PICTURE = PictureKind(
    name="milestones",
    number=10,
    title="工作节点完成情况",
    drawings=_drawings,
    words=_words,
    shows="方案规定的各个节点，按时完成、逾期完成、未完成、未计入的各有多少家。",
    reading="条形按应完成的家数算满格；“逾期”是过了时限、按最近一次报告仍未完成或从未报告的家数。超过十八个节点时取逾期最多的十八个。",
)
