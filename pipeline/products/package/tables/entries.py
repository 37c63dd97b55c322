"""The entries of lists: problems, highlights and the like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.products.package.schema import OF_FIELD, OF_PERIOD, OF_PREFECTURE, ORIGIN, Table, text
from pipeline.products.package.tables.values import VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.products.package.schema import Source


class _Entered(NamedTuple):
    row: AcceptedRow
    field: str
    value: Value
    origin: Any


def _rows(s: Source) -> Iterator[_Entered]:
    periods = {p.code for p in s.periods}
    for row in s.snapshot.entries(s.program.list_forms, s.program.periods[-1]):
        for code, value in row.values.items():
            if value is not None and row.period in periods:
                yield _Entered(row, code, value, s.snapshot.origin_of(row, code))


TABLE = Table(
    name="entries",
    number=7,
    title="清单内容",
    description="问题、亮点等清单里一条的一项内容一行；编号跨期不变",
    of_period=True,
    rows=_rows,
    columns=(
        replace(OF_PERIOD, of="row.period", key=True),
        replace(OF_PREFECTURE, of="row.prefecture_code", key=True),
        text("entry", "编号", of="row.number", key=True),
        replace(OF_FIELD, key=True),
        replace(VALUE, description="所在县写县代码"),
        *ORIGIN,
    ),
)
