"""What is judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.package.schema import BASIS, Table, day, number, text, truth, whole, words
from pipeline.program.model import ExpectedPath, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.products.package.schema import Source
    from pipeline.program.model import Quantity

_TARGETS = {
    TargetKind.AT_LEAST: "不少于目标",
    TargetKind.YES: "为是",
    TargetKind.ALL_OPTIONS: "选项全部做到",
    TargetKind.ANY_OPTION: "选项做到任一",
}
_PATHS = {ExpectedPath.DUE: "到期达到", ExpectedPath.PROPORTIONAL: "按时间均匀推进"}


class _Judged(NamedTuple):
    form: str
    q: Quantity


def _rows(s: Source) -> Iterator[_Judged]:
    return (_Judged(form.code, q) for form in s.program.forms for item in form.items for q in item.quantities)


TABLE = Table(
    name="quantities",
    number=18,
    title="考核量",
    description="由一项或两项指标得出的一个考核量一行",
    rows=_rows,
    columns=(
        text("quantity", "考核量", of="q.code", key=True),
        text("form", "表", to="forms"),
        whole("item", "任务", of="q.item"),
        text("title", "名称", of="q.title"),
        text("unit", "单位", of="q.unit"),
        text("value_field", "取自指标", of="q.value", required=False, to="fields.field"),
        text("numerator_field", "分子", of="q.numerator", required=False, to="fields.field"),
        text("denominator_field", "分母", of="q.denominator", required=False, to="fields.field"),
        text(
            "target_kind",
            "达标条件",
            of=lambda row: row.q.target and row.q.target.kind.value,
            required=False,
            enum=words(_TARGETS),
        ),
        number("target", "目标", of=lambda row: row.q.target and row.q.target.threshold, required=False),
        truth("judged", "计入完成率", of="q.judged"),
        day("window_start", "起算日", of="q.window.start"),
        day("window_end", "截止日", of="q.window.end"),
        day("deadline", "完成时限", of="q.deadline", required=False),
        text("path", "应有进度", of="q.path.value", enum=words(_PATHS)),
        text("path_reading", "为什么均匀推进", of="q.path_reading", required=False),
        text(
            "province_field",
            "全省目标取自指标",
            of=lambda row: row.q.province and row.q.province.field,
            required=False,
            to="fields.field",
        ),
        truth(
            "province_is_share",
            "全省目标是占比",
            of=lambda row: row.q.province and row.q.province.is_share,
            required=False,
        ),
        number(
            "province_target",
            "全省目标",
            of=lambda row: row.q.province and row.q.province.threshold,
            required=False,
        ),
        text("applies_to", "适用范围", of="q.applies_to", required=False),
        *(replace(one, of=f"q.{one.name}", required=False) for one in BASIS),
        truth("ambiguous", "原文有多种读法", of="q.ambiguous"),
    ),
)
