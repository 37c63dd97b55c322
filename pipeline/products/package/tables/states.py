"""Where every unit stands in every period."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.state import STATE_NAMES
from pipeline.products.package.schema import OF_PERIOD, OF_PREFECTURE, OF_UNIT, Table, day, text, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.domain.state import State
    from pipeline.products.package.schema import Source
    from pipeline.program.model import Unit


class _Stand(NamedTuple):
    period: str
    unit: Unit
    state: State
    first_accepted_on: date | None


def _rows(s: Source) -> Iterator[_Stand]:
    for period in s.periods:
        for unit in s.program.at(period).reporters:
            first = s.snapshot.first_accepted.get((period.code, unit.code))
            yield _Stand(period.code, unit, s.snapshot.state(period, unit), first)


TABLE = Table(
    name="states",
    number=3,
    title="各期报送状态",
    description="一个应报单位、一期一行，未报的也有：统计“已报n/N”用这张表",
    rows=_rows,
    columns=(
        replace(OF_PERIOD, key=True),
        replace(OF_PREFECTURE, of="unit.prefecture_code"),
        replace(OF_UNIT, of="unit.code", key=True),
        text("state", "状态", of="state.value", enum=words(STATE_NAMES)),
        day("first_accepted_on", "首次接收日期", required=False),
    ),
)
