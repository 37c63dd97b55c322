"""A first draft of the rules for fields that have none yet: ``run-pipeline lint --draft``.

What stands in ``expectations/`` is the truth and is never changed here; staff edit it freely. A new field gets presence,
type range, membership and monotony; a new rate gets part ≤ whole. Cross-field sense is for people to write.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.program.load import load_program
from pipeline.program.model import Accumulation, Field, FieldType, Form
from pipeline.program.rules import BETWEEN, CHECKLIST, IN_SET, LENGTH, NOT_NULL, PAIR_GREATER, UNIQUE
from pipeline.system.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LARGEST_COUNT = 9_999_999
_SHORTEST = 2  # characters of a text that says something
_Config = dict[str, Any]


def expectation(
    kind: str, kwargs: _Config, rule: str, code: str, columns: list[str], message: str, severity: str = "critical"
) -> _Config:
    """One native GX expectation configuration."""
    meta = {"rule": rule, "code": code, "columns": columns, "message": message}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": meta}


def _field_rules(field: Field, titles: Mapping[str, str]) -> Iterator[_Config]:
    """The rules every field of its kind needs; ``titles`` are those of its form's fields."""
    code = field.code
    if field.shows:  # the action sheet's value, by formula: the rules of that column hold
        return
    applies = {"row_condition": comparison(f"{code}.applies", "==", "yes")}
    if field.required:
        kwargs = {"column": code, **(applies if field.not_applicable else {})}
        yield expectation(NOT_NULL, kwargs, f"{code}.required", "REQUIRED", [code], "应填写")
    if field.required_if:
        column, value = field.required_if
        asking = titles[column]
        kwargs = {"column": code, "row_condition": comparison(column, "==", value)}
        yield expectation(
            NOT_NULL, kwargs, f"{code}.required", "REQUIRED", [code, column], f"“{asking}”填“{value}”的，应填写"
        )
    if field.type in {FieldType.COUNT, FieldType.AMOUNT}:
        top, kind = field.max or _LARGEST_COUNT, "整数" if field.type is FieldType.COUNT else "数"
        yield expectation(
            BETWEEN,
            {"column": code, "min_value": 0, "max_value": top},
            f"{code}.range",
            "OUT_OF_RANGE",
            [code],
            f"0到{top}之间的{kind}（单位：{field.unit}）",
        )
        if field.accumulation is Accumulation.CUMULATIVE:
            yield pair(
                code,
                f"{code}.prev",
                f"{code}.never_falls",
                "CUMULATIVE_FELL",
                [code],
                f"不小于上次已接收的累计数 {{{code}.prev}}",
            )
    else:
        yield from _word_rules(field)


def _word_rules(field: Field) -> Iterator[_Config]:
    """Of words and dates."""
    code = field.code
    if field.type is FieldType.CHECKLIST:
        yield expectation(
            CHECKLIST,
            {"column": code, "options": list(field.options)},
            f"{code}.options",
            "NOT_AN_OPTION",
            [code],
            "、".join(field.options) + "中的一项或几项，或 无",
        )
    elif field.type is FieldType.TEXT:
        least, most = field.min or _SHORTEST, field.max or 0
        yield expectation(
            LENGTH,
            {"column": code, "min_value": least, "max_value": most},
            f"{code}.length",
            "TEXT_LENGTH",
            [code],
            f"{least}到{most}字",
        )
    elif field.type is FieldType.DATE:
        yield pair(
            code, "campaign.start", f"{code}.after_start", "DATE_OUT_OF_RANGE", [code], "不早于 {campaign.start}"
        )
        if field.future:
            yield pair(
                "campaign.end",
                code,
                f"{code}.by_campaign_end",
                "DATE_OUT_OF_RANGE",
                [code],
                "一般不晚于专项工作结束（{campaign.end}）",
                "warning",
            )
        else:
            yield pair("period.end", code, f"{code}.by_period_end", "DATE_OUT_OF_RANGE", [code], "不晚于 {period.end}")
    elif field.type is not FieldType.COUNTY:  # a county is found in the list, or refused
        yield expectation(
            IN_SET,
            {"column": code, "value_set": list(field.choices)},
            f"{code}.options",
            "NOT_AN_OPTION",
            [code],
            "、".join(field.choices) + " 之一",
        )


def _form_rules(form: Form) -> Iterator[_Config]:
    """Field rules in column order, then part ≤ whole for every rate."""
    if not form.is_list:
        yield expectation(
            IN_SET,
            {"column": "row.state", "value_set": ["filled", "nil", "kept", "no_sheet"]},
            "roster.reported",
            "ROW_BLANK",
            ["county_code"],
            "应填报；确无新进展的选“√”",
        )
        yield expectation(
            UNIQUE, {"column": "row.key"}, "roster.once", "ROW_CONFLICT", ["county_code"], "同一天只有一种填法"
        )
    titles = {field.code: field.title for field in form.fields}
    for field in form.fields:
        yield from _field_rules(field, titles)
    for item in form.items:
        for quantity in item.quantities:
            if quantity.numerator and quantity.denominator:
                yield pair(
                    quantity.denominator,
                    quantity.numerator,
                    f"{quantity.code}.part_of_whole",
                    "PART_EXCEEDS_WHOLE",
                    [quantity.numerator, quantity.denominator],
                    f"不大于总数 {{{quantity.denominator}}}",
                )


def comparison(column: str, operator: str, parameter: str | int) -> _Config:
    """GX's structured row condition."""
    return {"type": "comparison", "column": {"name": column}, "operator": operator, "parameter": parameter}


def pair(
    greater: str, smaller: str, rule: str, code: str, columns: list[str], message: str, severity: str = "critical"
) -> _Config:
    """``greater`` ≥ ``smaller`` wherever both are there."""
    kwargs = {"column_A": greater, "column_B": smaller, "or_equal": True, "ignore_row_if": "either_value_is_missing"}
    return expectation(PAIR_GREATER, kwargs, rule, code, columns, message, severity)


def complete(suite: _Config, form: Form) -> _Config:
    """``suite`` with the missing rules of ``form`` added at its end."""
    known = {e["meta"]["rule"] for e in suite["expectations"]}
    touched = {e["kwargs"].get(k) for e in suite["expectations"] for k in ("column", "column_A", "column_B")}
    new = [
        e
        for e in _form_rules(form)
        if e["meta"]["rule"] not in known and e["meta"]["columns"][0] not in touched - {"row.state"}
    ]
    return {**suite, "expectations": [*suite["expectations"], *new]}


def draft(program_dir: Path, expectations_dir: Path) -> tuple[str, ...]:
    """Add what is missing to every suite file; the others are not touched.

    Returns:
        What was drafted, a line for each file.

    Raises:
        ProgramError: The program cannot be used, or a suite is no JSON.
    """
    drafted = []
    for form in load_program(program_dir).forms:
        path = expectations_dir / f"{form.code}.json"
        empty: _Config = {"name": form.code, "expectations": [], "meta": {"form": form.title}}
        try:
            suite = json.loads(path.read_text(encoding="utf-8")) if path.exists() else empty
            whole = complete(suite, form)
        except (ValueError, KeyError, TypeError) as error:
            raise ProgramError(f"expectations/{path.name}：写法有误，先用 run-pipeline lint 查出来改好") from error
        new = [config["meta"]["columns"][0] for config in whole["expectations"][len(suite["expectations"]) :]]
        if new:
            path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            drafted.append(f"expectations/{path.name}：起草了{len(new)}条规则（{'、'.join(dict.fromkeys(new))}）")
    return tuple(drafted)
