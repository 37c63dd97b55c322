"""Every quantity of every county, judged."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import KNOWLEDGE_NAMES
from pipeline.measures.progress import PACE_NAMES, Status
from pipeline.products.package.schema import OF_PERIOD, OF_PREFECTURE, PERIOD, Table, number, text, truth, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.products.package.schema import Source
    from pipeline.program.model import Quantity

_STATUS_NAMES = {
    Status.MET: "达标",
    Status.NOT_MET: "未达标",
    Status.NOT_APPLICABLE: "不适用",
    Status.MISSING: "没有报过",
    Status.NOT_STARTED: "尚未起算",
    Status.NO_TARGET: "不考核",
}


def _rows(s: Source) -> Iterator[Any]:
    for known, assessed in s.assessed:
        quantities = {q.code: q for q in s.program.at(known.period).quantities}
        targets = {code: float(q.target.threshold) for code, q in quantities.items() if q.target}
        since = [
            "" if math.isnan(value) else _since(quantities[code], known.since.get(county, {}))
            for county, code, value in zip(
                *(assessed[name].tolist() for name in ("county_code", "quantity", "value")), strict=True
            )
        ]
        told = assessed.assign(period=known.period.code, target=assessed["quantity"].map(targets), known_since=since)
        yield from told.itertuples(index=False)


def _since(quantity: Quantity, since: Mapping[str, str]) -> str:
    """The last return that says anything of a value; a rate is made of two."""
    return max((since[code] for code in quantity.fields if code in since), default="")


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


TABLE = Table(
    name="measures",
    number=8,
    title="考核量",
    description="一个县、一期、一项考核量一行，没有报的县也有行：本期没有报的，数沿用上次接收的，knowledge是known；从来没有报过的没有数。"
    "完成率只算knowledge是reported的",
    of_period=True,
    rows=_rows,
    columns=(
        replace(OF_PERIOD, key=True),
        OF_PREFECTURE,
        text("county_code", "县代码", key=True, to="counties"),
        text("quantity", "考核量", key=True, to="quantities"),
        text("knowledge", "这个县的数从哪里来", enum=words(KNOWLEDGE_NAMES)),
        replace(PERIOD, name="known_since", title="数来自哪一期的报表", required=False, to="periods.period"),
        number(
            "value",
            "数值",
            "单位见quantities；是/否记1/0，比率为百分数",
            of=lambda row: _known(row.value),
            required=False,
            minimum=None,
        ),
        number("target", "目标", of=lambda row: _known(row.target), required=False),
        truth(
            "judged",
            "已起算、有目标",
            "不论报了没有；可能的范围由它算出：没有报的全不达标到全达标",
            of=lambda row: bool(row.judged),
        ),
        text("status", "达标情况", "按这一行的数；本期没有报的县，本期情况看pace", enum=words(_STATUS_NAMES)),
        number("required", "到期末应达到", "没有到期的为空", of=lambda row: _known(row.required), required=False),
        text("pace", "进度", "没有报、又不知道已达标的是不明", enum=words(PACE_NAMES)),
    ),
)
