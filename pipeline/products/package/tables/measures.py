"""Every quantity of every county, judged."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.measures.progress import Status
from pipeline.products.package.schema import OF_PERIOD, OF_PREFECTURE, Table, number, text, truth, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.products.package.schema import Source

_STATUS_NAMES = {
    Status.MET: "达标",
    Status.NOT_MET: "未达标",
    Status.NOT_APPLICABLE: "不适用",
    Status.MISSING: "未报",
    Status.NOT_STARTED: "尚未起算",
    Status.NO_TARGET: "不考核",
}


def _rows(s: Source) -> Iterator[Any]:
    for period, assessed in s.assessed:
        targets = {q.code: float(q.target.threshold) for q in s.program.at(period).quantities if q.target}
        told = assessed.assign(period=period.code, target=assessed["quantity"].map(targets))
        yield from told.itertuples(index=False)


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


TABLE = Table(
    name="measures",
    number=8,
    title="考核量",
    description="一个县、一期、一项考核量一行，未报的县也有行，状态是missing，没有数值",
    of_period=True,
    rows=_rows,
    columns=(
        replace(OF_PERIOD, key=True),
        OF_PREFECTURE,
        text("county_code", "县代码", key=True, to="counties"),
        text("quantity", "考核量", key=True, to="quantities"),
        number(
            "value",
            "数值",
            "单位见quantities；是/否记1/0，比率为百分数",
            of=lambda row: _known(row.value),
            required=False,
            minimum=None,
        ),
        number("target", "目标", of=lambda row: _known(row.target), required=False),
        text("status", "达标情况", enum=words(_STATUS_NAMES)),
        number("required", "序时应达", of=lambda row: _known(row.required), required=False),
        truth("on_pace", "达到序时", of=lambda row: None if row.on_pace is None else bool(row.on_pace), required=False),
    ),
)
