"""例外清单: figures that are unlikely and were accepted with the officer's reason, for staff to settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.summary.registry import TO_CHECK, SummarySheet
from pipeline.products.summary.style import Column
from pipeline.program.layout import row_name

if TYPE_CHECKING:
    from pipeline.domain.value import Value
    from pipeline.measures.explanations import Explanation
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen

_EXCEPTIONS = "例外清单"
_COLUMNS = (
    Column("州（市）", 12),
    Column("县（市、区）", 14),
    Column("指标代码", 10),
    Column("指标", 30, "words"),
    Column("所填", 12, "words"),
    Column("一般应为", 34, "words"),
    Column("填报人的说明", 44, "words"),
    Column("办公室意见", 24, "words"),
    Column("出处（文件、工作表、格）", 52, "quiet_wrapped"),
)


def _write(s: Summary, pen: Pen) -> None:
    rows = [_row(s, one) for one in s.m.explanations]
    pen.heading(
        f"{_EXCEPTIONS}（{s.m.period.title}）",
        f"共{len(rows)}处，与一般情况不符，按填报人的说明接收，计入统计；不采信的用 run-pipeline settle 单位 --refuse 退回，"
        "采信的用 --uphold 记下",
    )
    pen.table(s.columns(_COLUMNS), rows, frozen=2)


def _row(s: Summary, one: Explanation) -> tuple[Value, ...]:
    program, f = s.m.program, one.finding
    unit, field = program.unit_by_code[f.county_code], program.field_by_code[f.field]
    return (
        program.prefecture_by_code[unit.prefecture_code].short_name,
        row_name(unit),
        field.code,
        field.title,
        f.found,
        f.expected,
        one.reason,
        f"已采信：{one.upheld}" if one.upheld else "",
        f"{f.location.file}，{f.location.sheet}{f.location.cell}",
    )


SHEET = SummarySheet(
    name=_EXCEPTIONS,
    number=71,
    tab=TO_CHECK,
    what=lambda _: "与一般情况不符、按填报人说明接收的数，请核定采信与否",
    covers=lambda s: f"{len(s.m.explanations)}处",
    write=_write,
    there=lambda s: bool(s.m.explanations),
)
