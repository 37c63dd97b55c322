"""What every submission came to for every unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.state import REPORTED, STATE_NAMES, State
from pipeline.products.package.schema import OF_PERIOD, OF_PREFECTURE, OF_SUBMISSION, OF_UNIT, Table, day, text, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.entries import DecidedRecord
    from pipeline.products.package.schema import Source
    from pipeline.program.model import Unit


class _Decided(NamedTuple):
    unit: Unit
    record: DecidedRecord


def _rows(s: Source) -> Iterator[_Decided]:
    periods = {p.code for p in s.periods}
    return (_Decided(s.program.unit_by_code[r.county_code], r) for r in s.snapshot.records if r.period in periods)


TABLE = Table(
    name="records",
    number=2,
    title="县级记录",
    description="一次报送对一个单位的结论一行，历次都在；当前状态见states",
    rows=_rows,
    columns=(
        replace(OF_SUBMISSION, of="record.seq", key=True),
        replace(OF_PERIOD, of="record.period"),
        replace(OF_PREFECTURE, of="unit.prefecture_code"),
        replace(OF_UNIT, of="unit.code", key=True),
        text(
            "state",
            "结论",
            of="record.state.value",
            enum=words(STATE_NAMES, *REPORTED, State.RETURNED),
        ),
        day("received_on", "收件日期", of="record.received_on"),
    ),
)
