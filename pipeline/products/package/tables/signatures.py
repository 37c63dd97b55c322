"""The receipts that were given, and whether somebody signed for what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.signing import SIGN_NAMES, SignOff, SignState
from pipeline.ledger.receipt import receipts
from pipeline.products.package.schema import OF_PERIOD, OF_PREFECTURE, SHA256, Table, day, text, whole, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.acts import Act
    from pipeline.ledger.receipt import Receipt
    from pipeline.products.package.schema import Source


class _Signed(NamedTuple):
    period: str
    of: Receipt
    state: SignState | None
    scan: Act | None


def _rows(s: Source) -> Iterator[_Signed]:
    asked = s.program.sign_off is not SignOff.OFF
    for period in s.periods:
        for one in receipts(s.program, s.snapshot, period).values():
            yield _Signed(period.code, one, one.state if asked else None, one.signed)


TABLE = Table(
    name="signatures",
    number=10,
    title="回执和签认",
    description="有数据接收的填报单位，一个、一期一行：校验码由本期已接收的全部数据算出，签认是否对应现在的数据",
    of_period=True,
    rows=_rows,
    columns=(
        replace(OF_PERIOD, key=True),
        replace(OF_PREFECTURE, of="of.prefecture.code", key=True),
        text("code", "校验码", of="of.code", pattern="[0-9A-Z]{12}"),
        whole("values", "已接收的数据项数", of="of.values"),
        text(
            "state",
            "签认",
            "不要求签认的，为空",
            of=lambda row: row.state.value if row.state else None,
            required=False,
            enum=words(SIGN_NAMES),
        ),
        day("signed_on", "收到确认单的日期", of=lambda row: row.scan.day if row.scan else None, required=False),
        text("file", "扫描件", of=lambda row: row.scan.file if row.scan else None, required=False),
        text(
            "sha256",
            "扫描件校验值",
            of=lambda row: row.scan.sha256 if row.scan else None,
            required=False,
            pattern=SHA256,
        ),
    ),
)
