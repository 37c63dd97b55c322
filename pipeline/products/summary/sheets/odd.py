"""请留意的数: values unlike the county's own past and its peers', with what came of asking."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.products.summary.registry import TO_CHECK, SummarySheet
from pipeline.products.summary.style import Column
from pipeline.program.model import Accumulation

if TYPE_CHECKING:
    from pipeline.domain.value import Value
    from pipeline.measures.outliers import Outlier
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen

_ODD = "请留意的数"
_COLUMNS = (
    Column("州（市）", 12),
    Column("县（市、区）", 12),
    Column("指标代码", 9),
    Column("指标", 24, "words"),
    Column("单位", 7),
    Column("所报的数", 10),
    Column("相比的数", 10),
    Column("与谁相比", 36, "words"),
    Column("中位数", 9, "amount"),
    Column("填报人的说明", 30, "words"),
    Column("出处（文件、工作表、格）", 32, "quiet_wrapped"),
)


def _write(s: Summary, pen: Pen) -> None:
    m, w = s.m, s.m.program.words
    rows = [_row(s, one) for one in m.outliers]
    answered = sum(bool(one.reason) for one in m.outliers)
    pen.heading(
        f"{_ODD}（{m.period.title}）",
        f"共{len(rows)}处（填报人已说明{answered}处），与其他{w.row}所报、本{w.row}以往（报过的）都相差悬殊，或累计数比上次减少，请核对，不影响接收；按已报{m.reported}{w.rows}比较",
    )
    pen.table(s.columns(_COLUMNS), rows, frozen=2)


def _row(s: Summary, odd: Outlier) -> tuple[Value, ...]:
    program = s.m.program
    county, one = program.county_by_code[odd.county_code], program.field_by_code[odd.field]
    origin = s.m.snapshot.origin(one.form, s.m.period.code, county.code, one.code)
    return (
        program.prefecture_by_code[county.prefecture_code].short_name,
        county.short_name,
        one.code,
        one.title,
        one.unit,
        odd.value,
        odd.compared,
        _whose(s, odd, total=one.accumulation is Accumulation.CUMULATIVE),
        None if odd.peers is None else Decimal(str(odd.peers.centre)),
        odd.reason or ("已列入核对通知，没有说明" if odd.asked else "没有问过填报单位"),
        f"{origin.file}，{origin.sheet}{origin.cell}" if origin else "",
    )


def _whose(s: Summary, odd: Outlier, *, total: bool) -> str:
    row, verb = s.m.program.words.row, "新增" if total else "为"
    if odd.peers is None:
        return f"报来时：{odd.asked}" if odd.asked else f"上次的累计数（本{row}）"
    own = f"；本{row}以往各期{'新增' if total else '变化'}{odd.past.range}" if odd.past else ""
    return f"其他{odd.peers.size}个{row}{verb}{odd.peers.range}{own}"


SHEET = SummarySheet(
    name=_ODD,
    number=70,
    tab=TO_CHECK,
    what=lambda s: f"与其他{s.m.program.words.row}所报、本{s.m.program.words.row}以往都相差悬殊的数，请核对",
    covers=lambda s: f"{len(s.m.outliers)}处",
    write=_write,
)
