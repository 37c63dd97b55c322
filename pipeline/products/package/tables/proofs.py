"""The documents that returns name as proof, and which of them came."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.measures.proofs import proofs
from pipeline.products.package.schema import (
    OF_FIELD,
    OF_PERIOD,
    OF_PREFECTURE,
    OF_UNIT,
    PERIOD,
    Table,
    text,
    truth,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.measures.proofs import NamedProof
    from pipeline.products.package.schema import Source


class _NamedIn(NamedTuple):
    period: str
    of: NamedProof


def _rows(s: Source) -> Iterator[_NamedIn]:
    for known, _ in s.assessed:
        found = proofs(s.program.at(known.period), known, s.snapshot.acts)
        yield from (_NamedIn(known.period.code, one) for one in found)


TABLE = Table(
    name="proofs",
    number=24,
    title="证明材料",
    description="报表里写明文件名的一份证明材料一行，截至这一期所知；按文件名与收到的附件对照，写法不计，有没有扩展名不计",
    of_period=True,
    rows=_rows,
    columns=(
        replace(OF_PERIOD),
        replace(OF_PREFECTURE, of="of.unit.prefecture_code"),
        replace(OF_UNIT, of="of.unit.code"),
        replace(OF_FIELD, of="of.field.code"),
        text("name", "文件名", "填报人所填", of="of.name"),
        replace(PERIOD, name="since", title="哪一期报的", of="of.since"),
        truth("came", "已收到", of=lambda row: row.of.came is not None),
        whole(
            "act", "附件的台账条号", of=lambda row: row.of.came.seq if row.of.came else None, required=False, minimum=1
        ),
    ),
)
