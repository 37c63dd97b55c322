"""What every unit reported, a value a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.domain.state import REPORTED, STATE_NAMES, State
from pipeline.domain.value import show
from pipeline.products.package.schema import (
    OF_FIELD,
    OF_PERIOD,
    OF_PREFECTURE,
    OF_UNIT,
    ORIGIN,
    Table,
    text,
    words,
)
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NOT_APPLICABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.value import Value
    from pipeline.products.package.schema import Source
    from pipeline.program.model import Field, Unit


class _Given(NamedTuple):
    period: str
    unit: Unit
    field: Field
    value: Value
    origin: Any

    @property
    def measured_in(self) -> str:
        """The unit of a number."""
        return self.field.unit if self.value != NOT_APPLICABLE and self.field.type in NUMBERS else ""


def _rows(s: Source) -> Iterator[_Given]:
    periods = {p.code for p in s.periods}
    for (form, period, code), row in sorted(s.snapshot.rows.items(), key=lambda item: item[0]):
        if period in periods and s.snapshot.states.get((period, code)) in REPORTED:
            for field, value in row.values.items():
                origin = s.snapshot.origin(form, period, code, field)
                if value is not None and origin is not None:
                    yield _Given(period, s.program.unit_by_code[code], s.program.field_by_code[field], value, origin)


VALUE = text(
    "value",
    "值",
    "按指标的类型读：整数、两位小数的金额、年-月-日、是/否、选项（多选用、连接）、文字；不适用的写“不适用”",
    of=lambda given: show(given.value),
)
TABLE = Table(
    name="values",
    number=1,
    title="各县指标值",
    description="一个单位、一期、一项指标一行，只有已接收和零报告的；没有报的没有行，不是0",
    of_period=True,
    rows=_rows,
    columns=(
        replace(OF_PERIOD, key=True),
        replace(OF_PREFECTURE, of="unit.prefecture_code"),
        replace(OF_UNIT, of="unit.code", key=True),
        replace(OF_FIELD, of="field.code", key=True),
        VALUE,
        text("unit", "单位", "数和金额的计量单位", of="measured_in", required=False),
        text(
            "state",
            "状态",
            of=lambda given: (State.NIL if given.origin.nil else State.ACCEPTED).value,
            enum=words(STATE_NAMES, *REPORTED),
        ),
        *ORIGIN,
    ),
)
