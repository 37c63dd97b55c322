"""The columns of those sheets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.package.schema import BASIS, Table, day, joined, text, truth, whole, words
from pipeline.program.model import Accumulation, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.products.package.schema import Source
    from pipeline.program.model import Field, Item

_TYPES = {
    FieldType.COUNT: "整数",
    FieldType.YESNO: "是/否",
    FieldType.CHOICE: "单选",
    FieldType.CHECKLIST: "多选",
    FieldType.DATE: "日期",
    FieldType.AMOUNT: "金额",
    FieldType.TEXT: "文字",
    FieldType.COUNTY: "县名",
}
_ACCUMULATIONS = {
    Accumulation.CUMULATIVE: "起算以来累计",
    Accumulation.STOCK: "期末数",
    Accumulation.STATUS: "期末情况",
}


class _Asked(NamedTuple):
    form: str
    item: Item
    field: Field


def _rows(s: Source) -> Iterator[_Asked]:
    return (_Asked(form.code, item, field) for form in s.program.forms for item in form.items for field in item.fields)


TABLE = Table(
    name="fields",
    number=17,
    title="指标",
    description="报表里的一列一行",
    rows=_rows,
    columns=(
        text("field", "指标代码", of="field.code", key=True),
        text("form", "表", to="forms"),
        whole("item", "任务", of="item.no"),
        text("item_label", "任务出处", of="item.label", required=False),
        text("item_title", "任务名称", of="item.title"),
        text("title", "名称", of="field.title"),
        text("type", "类型", of="field.type.value", enum=words(_TYPES)),
        text("unit", "单位", of="field.unit", required=False),
        text("accumulation", "口径", of="field.accumulation.value", enum=words(_ACCUMULATIONS)),
        truth("required", "必填", of="field.required"),
        truth("not_applicable", "可填不适用", of="field.not_applicable"),
        text("options", "选项", "用、隔开", of=joined("field.options"), required=False),
        day("counts_from", "起算日", of="field.counts_from", required=False),
        text("serves", "对应事项", "里程碑、报送事项或资金的代码", of="field.serves", required=False),
        text("shows", "自动带出的指标", of="field.shows", required=False, to="fields.field"),
        *(replace(one, of=f"field.{one.name}", required=False) for one in BASIS),
    ),
)
