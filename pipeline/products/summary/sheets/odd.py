"""请留意的数: values far from the county's own past or its peers, for staff to ask about."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.measures.outliers import Against
from pipeline.products.summary.registry import TO_CHECK, SummarySheet
from pipeline.products.summary.style import Column

if TYPE_CHECKING:
    from pipeline.domain.value import Value
    from pipeline.measures.outliers import Outlier
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen

_ODD = "请留意的数"
_COLUMNS = (
    Column("州（市）", 12),
    Column("县（市、区）", 14),
    Column("指标代码", 10),
    Column("指标", 34, "words"),
    Column("单位", 8),
    Column("所报的数", 11),
    Column("相比的数", 11),
    Column("与谁相比", 30),
    Column("中位数", 10, "amount"),
    Column("出处（文件、工作表、格）", 52, "quiet_wrapped"),
)


def _write(s: Summary, pen: Pen) -> None:
    m, w = s.m, s.m.program.words
    rows = [_row(s, one) for one in m.outliers]
    pen.heading(
        f"{_ODD}（{m.period.title}）",
        f"共{len(rows)}处，与本{w.row}以往或其他{w.row}相差悬殊，或累计数比上次减少，请核对，不影响接收；按已报{m.reported}{w.rows}比较",
    )
    pen.table(s.columns(_COLUMNS), rows, frozen=2)


def _row(s: Summary, odd: Outlier) -> tuple[Value, ...]:
    program, w = s.m.program, s.m.program.words
    county, one = program.county_by_code[odd.county_code], program.field_by_code[odd.field]
    whose = {
        Against.PEERS: f"各{w.row}（{odd.sample}个数）",
        Against.OWN_PAST: f"本{w.row}以往各期的变化（{odd.sample}个数）",
        Against.FELL: f"本{w.row}上次的累计数",
    }[odd.against]
    origin = s.m.snapshot.origin(one.form, s.m.period.code, county.code, one.code)
    return (
        program.prefecture_by_code[county.prefecture_code].short_name,
        county.short_name,
        one.code,
        one.title,
        one.unit,
        odd.value,
        odd.compared,
        whose,
        None if odd.against is Against.FELL else Decimal(str(odd.centre)),
        f"{origin.file}，{origin.sheet}{origin.cell}" if origin else "",
    )


SHEET = SummarySheet(
    name=_ODD,
    number=70,
    tab=TO_CHECK,
    what=lambda s: f"与本{s.m.program.words.row}以往或其他{s.m.program.words.row}相差悬殊的数，请核对",
    covers=lambda s: f"{len(s.m.outliers)}处",
    write=_write,
)
