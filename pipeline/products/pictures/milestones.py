"""Steps of section 四: taken in time, late, not, said before not to be, never said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.domain.text import cn_date
from pipeline.products.coverage import carried_note
from pipeline.products.drawing.parts import NAVY, PALE, TRACK
from pipeline.products.drawing.stacks import MOST_ROWS, StackPart, StackRow, stack_groups, stacks
from pipeline.products.pictures.registry import PictureKind, spans
from pipeline.program.model import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.milestones import MilestoneFigures
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts

_DONE = StackPart(name="按时完成", fill=NAVY)
_LATE = StackPart(name="逾期完成", fill=PALE)
_NOT_DONE = StackPart(name="未完成", fill=TRACK)
_EXEMPT = StackPart(name="不适用", fill="#FFFFFF")
_UNCLEAR = "本期情况不明"
_SILENT = StackPart(name="上次未完成", fill="#B4BFCC", over=_UNCLEAR)
_NEVER = StackPart(name="尚无可用数", fill=None, over=_UNCLEAR)


def _drawings(m: PeriodMeasures) -> Parts:
    """Who has taken each step, in time or late, who says not yet, who said so before and is silent, who never said."""
    there = [one for one in m.systems.milestones if one.province.roster]
    if not any(one.province.reported for one in there):
        return []
    w = m.program.words
    applies = any(one.province.not_applicable for one in there)
    silent = any(one.province.silent for one in there)
    parts = [_DONE, _LATE, _NOT_DONE, *([_EXEMPT] if applies else []), *([_SILENT] if silent else []), _NEVER]
    rows = [
        (w.body if level is Rows.COUNTY else w.respondent_body, _step(one, parts))
        for level in (Rows.PREFECTURE, Rows.COUNTY)
        for one in there
        if one.level is level
    ]
    return [
        (
            of,
            partial(
                stacks,
                stack_groups(some),
                parts,
                total="总数" if applies else "应完成",
                note="时限",
                alarm="逾期",
                whole=True,
                foot=carried_note(m, respondents=True),
            ),
        )
        for of, some in spans(rows, MOST_ROWS, lambda row: row[1].label)
    ]


def _step(one: MilestoneFigures, parts: Sequence[StackPart]) -> StackRow:
    count, due = one.province, one.milestone.due
    counts = {
        _DONE: count.done,
        _LATE: count.late,
        _NOT_DONE: count.not_done,
        _EXEMPT: count.not_applicable,
        _SILENT: count.silent,
        _NEVER: count.not_reported,
    }
    return StackRow(
        label=one.milestone.deliverable,
        note=cn_date(due) if due else "",
        counts=tuple(counts[part] for part in parts),
        alarm=count.overdue,
    )


def _words(m: PeriodMeasures) -> str:
    """Overdue are those only that say so; what is not known is told apart."""
    counts = [one.province for one in m.systems.milestones]
    late, silent, never = (
        sum(of) for of in ([c.overdue for c in counts], [c.silent for c in counts], [c.not_reported for c in counts])
    )
    aside = [f"上次报未完成、本期没有可用的报表{silent}家次"] if silent else []
    aside += [f"尚无可用的数{never}家次"] if never else []
    return f"共{len(counts)}个节点，逾期{late}家次" + (f"；另有{'，'.join(aside)}" if aside else "")


PICTURE = PictureKind(
    name="milestones",
    number=10,
    title="工作节点完成情况",
    drawings=_drawings,
    words=_words,
    shows="方案规定的各个节点，按时完成、逾期完成、未完成、情况不明的各有多少家。",
    reading="条形按应完成的家数算满格。报过已完成的，本期没有报也算完成；“上次未完成”是本期没有报、上次报的是未完成，“尚无可用数”是这一项从来没有接收过的数，"
    "两样都不算逾期。“逾期”是过了时限、本期仍报未完成的家数。",
)
