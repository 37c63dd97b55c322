"""Money by line: planned, arrived, added, spent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.measures.funding import required_ratio
from pipeline.products.documents.money_parts import line_name
from pipeline.products.drawing.money import MOST_LINES, MoneyRow, money
from pipeline.products.pictures.registry import PictureKind, as_float, kept_of, whole
from pipeline.products.wording import number

if TYPE_CHECKING:
    from pipeline.measures.funding import LineFunding
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts


def _drawings(m: PeriodMeasures) -> Parts:
    """Plan, arrived, added and spent of each line some sheet asks about."""
    lines = m.systems.funding.lines
    if not any(one.province.arrived.reported or one.province.spent.reported for one in lines):
        return []
    kept = kept_of(lines, MOST_LINES, lambda one: -(one.budget_wan.amount or 0))
    return whole(partial(money, [_line(m, one) for one in kept], more=len(lines) - len(kept)))


def _line(m: PeriodMeasures, one: LineFunding) -> MoneyRow:
    place, planned = one.province, one.budget_wan.amount
    added = (planned or 0) * (required_ratio(one.line) or 0)
    return MoneyRow(
        label=line_name(m.program, one.line),
        planned=as_float(planned),
        match_planned=float(added),
        arrived=as_float(one.arrived.amount),
        matched=as_float(place.matched.amount) if one.matches else None,
        spent=as_float(place.spent.amount),
        execution_pct=place.execution.pct,
        reported=one.arrived.reported,
        roster=one.arrived.roster,
    )


def _words(m: PeriodMeasures) -> str:
    figures = m.systems.funding
    planned = "" if figures.planned_wan is None else f"，定额安排合计{number(float(figures.planned_wan))}万元"
    return f"共{len(figures.lines)}项{planned}，到账和支出按已填报的单位统计，未报不按零计"


PICTURE = PictureKind(
    name="funding",
    number=7,
    title="专项工作经费安排、到账和支出情况",
    drawings=_drawings,
    words=_words,
    shows="各项资金的安排、到账、配套和支出（万元），执行率。",
    reading="整条浅底是安排数（要求配套的含应配套数），宽条是到账，空框是配套，窄条是支出。执行率是支出占到账与配套之和的百分比，"
    "只按各数均已填报的单位计算，超过 100% 标红。",
)
