"""What every submission came to for every unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import REPORTED, STATE_NAMES, State
from pipeline.products.package.schema import OF_PERIOD, OF_PREFECTURE, OF_SUBMISSION, OF_UNIT, Table, day, text, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.products.package.schema import Source


def _rows(s: Source) -> Iterator[Any]:
    of = {code: unit.prefecture_code for code, unit in s.program.unit_by_code.items()}
    records = s.snapshot.records
    there = records[records["period"].isin([p.code for p in s.periods])]
    return there.assign(prefecture_code=there["county_code"].map(of)).itertuples(index=False)


TABLE = Table(
    name="records",
    number=2,
    title="县级记录",
    description="一次报送对一个单位的结论一行，历次都在；当前状态见states",
    rows=_rows,
    columns=(
        replace(OF_SUBMISSION, of=lambda record: int(record.seq), key=True),
        OF_PERIOD,
        OF_PREFECTURE,
        replace(OF_UNIT, key=True),
        text(
            "state",
            "结论",
            of=lambda record: str(record.state),
            enum=words(STATE_NAMES, *REPORTED, State.RETURNED),
        ),
        day("received_on", "收件日期"),
    ),
)
