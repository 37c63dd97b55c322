"""Figures that stand on an officer's reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.measures.explanations import Explanation, explanations
from pipeline.products.package.schema import CELL, OF_PERIOD, OF_SUBMISSION, OF_UNIT, SHEET, Table, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.products.package.schema import Source


class _Stands(NamedTuple):
    period: str
    one: Explanation


def _rows(s: Source) -> Iterator[_Stands]:
    return (_Stands(p.code, one) for p in s.periods for one in explanations(s.snapshot, p))


TABLE = Table(
    name="explanations",
    number=10,
    title="按说明接收的数",
    description="一期里一个与一般情况不符、按填报人的说明接收的数一行",
    of_period=True,
    rows=_rows,
    columns=(
        replace(OF_PERIOD, of="period"),
        replace(OF_UNIT, of="one.finding.county_code"),
        text("field", "指标代码", of="one.finding.field"),
        text("rule", "规则", of="one.finding.rule"),
        text("found", "所填", of="one.finding.found"),
        text("expected", "一般应为", of="one.finding.expected"),
        text("reason", "填报人的说明", of="one.reason"),
        text("upheld", "采信的理由", "办公室还没有核定的为空", of="one.upheld", required=False),
        replace(OF_SUBMISSION, of="one.seq"),
        replace(SHEET, of="one.finding.location.sheet"),
        replace(CELL, of="one.finding.location.cell"),
    ),
)
