"""What a cell says when it is clicked, and when it refuses what is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.forms.excel_rules import bounds
from pipeline.forms.style import MESSAGE_LIMITS
from pipeline.program.model import FieldType, TargetKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Program, Quantity
    from pipeline.program.rules import Rule


def prompt_of(
    program: Program, field: Field, previous: Value, limits: str, *, amended: bool = False, summed: bool = False
) -> str:
    """What is asked, its unit and target, the last accepted value, and what else limits it where there is room.

    Args:
        program: The campaign.
        field: The column.
        previous: Last accepted value.
        limits: See :func:`~pipeline.forms.excel_rules.compared`.
        amended: It is by the word of staff.
        summed: The cell makes its total of the two before it.
    """
    quantity = program.quantity_of.get(field.code)
    goal = target_in_words(quantity) if quantity else ""
    several = "可多选，用“、”或“，”隔开" if field.type is FieldType.CHECKLIST else "选项"
    parts = [
        field.title,
        f"单位：{field.unit}" if field.unit else "",
        f"目标：{goal}" if goal else "",
        "累计数：在左边填“本期新增”，这里自动相加；也可以直接填累计" if summed else _when(field),
        f"{several}：{'、'.join(field.options)}" if field.options else "",
        "不具备条件的填“不适用”" if field.not_applicable else "",
        f"上次已接收：{previous}{f'（{program.words.of_whole}核改）' if amended else ''}"
        if previous is not None
        else "",
        condition_of(program, field),
        field.hint,
    ]
    said = "\n".join(part for part in parts if part)
    fits = len(said) + len(limits) < MESSAGE_LIMITS["input_message"]
    return f"{said}\n{limits}" if limits and fits else said


def new_prompt_of(field: Field, previous: Value) -> str:
    """What is asked beside a total."""
    since = f"\n{field.hint}" if field.hint else ""
    return (
        f"{field.title}：本期新增\n单位：{field.unit}\n上次累计：{previous}\n只填本期新增的数，累计自动相加；没有新增的填0，"
        f"或者整行选“√”{since}"
    )


def new_alert_of(field: Field) -> str:
    """What may be typed as new."""
    number = "整数" if field.type is FieldType.COUNT else "数，最多两位小数"
    return (
        f"“{field.title}”的“本期新增”填0或正{number}，只填数字，单位是{field.unit}，不填累计数。上次多报、确要核减的，"
        "可以填负数并继续，在同一行“备注”格写明原因。"
    )


def condition_of(program: Program, field: Field) -> str:
    """When a conditional column is asked at all."""
    if field.required_if is None:
        return ""
    code, wanted = field.required_if
    return f"“{program.field_by_code[code].title}”填“{wanted}”的才填，其余留空"


def _when(field: Field) -> str:
    """Of figures: since when and till when they count."""
    if field.type in {FieldType.TEXT, FieldType.DATE, FieldType.COUNTY}:
        return ""
    return "填累计数" if field.accumulation == "cumulative" else "填期末情况"


def target_in_words(quantity: Quantity) -> str:
    """A target as officers read it: 不少于500人次."""
    if quantity.target is None:
        return ""
    kind, threshold = quantity.target.kind, quantity.target.threshold
    if kind is TargetKind.AT_LEAST:
        if quantity.is_rate:
            return f"{quantity.title}达到{threshold}%"
        return f"不少于{threshold}{quantity.unit}"
    return {TargetKind.YES: "是", TargetKind.ALL_OPTIONS: "各项齐全", TargetKind.ANY_OPTION: "至少一项"}[kind]


def alert_of(field: Field, options: Mapping[str, Any], rules: Sequence[Rule]) -> str:
    """What may be typed instead; where it only warns, how to go on."""
    true = "早于专项工作开始" if field.type is FieldType.DATE else "比上次小"
    cumulative = "填的是本期新增的，请改填累计数；" if field.accumulation == "cumulative" else ""
    then = (
        f"{cumulative}确实{true}的可以继续，并在同一行“备注”格写明原因。" if options["error_type"] == "warning" else ""
    )
    if field.type is FieldType.COUNT and options["validate"] == "integer":
        low = options["minimum"]
        why = f"（不少于上次已接收的{low}）" if low else ""
        return (
            f"“{field.title}”应填 {low} 到 {options['maximum']} 之间的整数，只填数字，单位是{field.unit}{why}。{then}"
        )
    limits = bounds(field, rules, None)
    asked = {
        FieldType.COUNT: f"0或正整数（单位：{field.unit}），或“不适用”",
        FieldType.AMOUNT: f"0 到 {limits.high} 之间的数，最多两位小数，单位是{field.unit}；累计数一般不小于上次已接收的数",
        FieldType.CHECKLIST: "、".join(field.options) + "中的一项或几项，用“、”或“，”隔开，一项也没有填“无”",
        FieldType.DATE: "专项工作开始以后的日期，如 2023-02-15"
        if field.future
        else "专项工作开始以后、本报送期末以前的日期，如 2023-02-15",
        FieldType.TEXT: f"{limits.low}到{limits.high}字",
    }.get(field.type, "下拉列表中的一项")
    return f"“{field.title}”应填：{asked}。{then}"
