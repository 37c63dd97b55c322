"""``expectations/`` compiled into the cells: the same rules, shown while the officer types.

A rule about one column becomes data validation; a rule about several becomes a formula that is true where it is
broken, used for red cells and for the count on the self-check sheet. Formulas hold in Excel, WPS and LibreOffice.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.checks.rules import BETWEEN, CHECKLIST, IN_SET, NOT_NULL, PAIR_EQUAL, PAIR_GREATER, Rule, base_field
from pipeline.findings import Severity
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, Field, FieldType, Period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipeline.checks.rules import Condition
    from pipeline.workbook.cells import Value

EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the day spreadsheets count from
MESSAGE_LIMIT, TITLE_LIMIT = 255, 32
OPPOSITE = {"==": "=", "!=": "<>"}
COMPARE: dict[str, Any] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the rules allow in one cell; None where nothing limits it."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A cross-field rule as an Excel expression.

    Attributes:
        broken: Given a function from field code to cell or range reference, an expression that is 1 where broken.
    """

    rule: Rule
    broken: Callable[[Callable[[str], str]], str]

    def shows_in(self, cells: Mapping[str, Any]) -> bool:
        """What the expression gives for cells as typed: for values written beside the formulas."""
        rule, condition = self.rule, self.rule.condition
        cells = {code: serial(raw) for code, raw in cells.items()}
        if rule.type in {PAIR_GREATER, PAIR_EQUAL}:
            first, second = cells.get(rule.kwargs["column_A"]), cells.get(rule.kwargs["column_B"])
            if not (_is_number(first) and _is_number(second)):
                return False
            return bool(COMPARE["<" if rule.type == PAIR_GREATER else "!="](first, second))
        if condition is None or not _applies(condition, cells):
            return False
        value = cells.get(rule.kwargs["column"])
        if rule.type == NOT_NULL:
            return value in {None, ""}
        return _is_number(value) and value < rule.kwargs.get("min_value", 0)


def required_fields(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Codes of the fields a rule says must not be blank (whether or not 不适用 may be written)."""
    unconditional = (
        r for r in rules if r.type == NOT_NULL and (r.condition is None or r.condition.column.endswith(".applies"))
    )
    return tuple(str(r.kwargs["column"]) for r in unconditional)


def bounds(field: Field, rules: Iterable[Rule], previous: Value) -> Bounds:
    """Range of a count, the last accepted value included where the field may not fall."""
    low: int | None = None
    high: int | None = None
    for rule in rules:
        if rule.severity is not Severity.CRITICAL or rule.condition:
            continue
        if rule.type == BETWEEN and rule.kwargs["column"] == field.code:
            low, high = rule.kwargs.get("min_value", low), rule.kwargs.get("max_value", high)
        falls = rule.type == PAIR_GREATER and rule.kwargs["column_A"] == field.code
        if falls and rule.kwargs["column_B"] == f"{field.code}.prev" and isinstance(previous, int):
            low = max(low or 0, previous)
    return Bounds(low=low, high=high)


def validation(field: Field, rules: tuple[Rule, ...], cell: str, previous: Value, period: Period,
               start: date) -> dict[str, Any]:  # fmt: skip
    """Xlsxwriter's data-validation options for one cell of ``field``.

    Args:
        field: The column.
        rules: The form's rules.
        cell: Relative address of the (first) cell, for custom formulas.
        previous: Last accepted value of the county, if any.
        period: Gives the last allowed date.
        start: First day of the campaign.
    """
    limits = bounds(field, rules, previous)
    low, high = limits.low or 0, limits.high
    if field.type is FieldType.COUNT and not field.not_applicable:
        check: dict[str, Any] = {"validate": "integer", "criteria": "between", "minimum": low, "maximum": high}
    elif field.type is FieldType.COUNT:
        number = f"AND({cell}>={low},{cell}<={high},{cell}=INT({cell}))"  # INT of a word would spoil an OR
        check = {"validate": "custom", "value": f'=IF(ISNUMBER({cell}),{number},{cell}="{NOT_APPLICABLE}")'}
    elif field.type is FieldType.CHECKLIST:
        check = {"validate": "custom", "value": _checklist_formula(_options(field, rules), cell)}
    elif field.type is FieldType.DATE:
        check = {"validate": "date", "criteria": "between", "minimum": start, "maximum": period.end}
    else:
        check = {"validate": "list", "source": _options(field, rules)}
    return check | {"ignore_blank": True, "error_title": "填写有误", "error_type": "stop"}


def contradictions(rules: Iterable[Rule]) -> tuple[Contradiction, ...]:
    """The cross-field rules that can be seen within one row of the sheet."""
    return tuple(
        Contradiction(rule=rule, broken=expression) for rule in rules if (expression := _broken(rule)) is not None
    )


def serial(cell: Any) -> Any:
    """A date as the number of days that a cell holds; anything else as it is."""
    if not isinstance(cell, date):
        return cell
    day = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - a calendar day
    return (day - EXCEL_EPOCH) / timedelta(days=1)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _applies(condition: Condition, cells: Mapping[str, Any]) -> bool:
    cell = cells.get(base_field(condition.column))
    if condition.column.endswith(".ticked"):
        return cell not in {None, "", NONE_TICKED}
    if isinstance(condition.value, str):
        return (cell == condition.value) is (condition.operator == "==")
    return _is_number(cell) and bool(COMPARE[condition.operator](cell, condition.value))


def _options(field: Field, rules: Iterable[Rule]) -> list[str]:
    for rule in rules:
        if rule.type == IN_SET and rule.kwargs["column"] == field.code:
            return [str(v) for v in rule.kwargs["value_set"]]
        if rule.type == CHECKLIST and rule.kwargs["column"] == field.code:
            return [str(v) for v in rule.kwargs["options"]]
    return list(field.choices or field.options)


def _checklist_formula(options: list[str], cell: str) -> str:
    """Nothing may remain when every option and separator is taken away (longest option first)."""
    rest = cell
    for word in (*sorted(options, key=len, reverse=True), "、", " "):
        rest = f'SUBSTITUTE({rest},"{word}","")'
    return f'=OR({cell}="{NONE_TICKED}",LEN({rest})=0)'


def _broken(rule: Rule) -> Callable[[Callable[[str], str]], str] | None:
    if any(column not in {base_field(column), f"{base_field(column)}.ticked"} or "." in base_field(column)
           for column in rule.used_columns):  # fmt: skip
        return None
    if rule.type in {PAIR_GREATER, PAIR_EQUAL}:
        first, second = str(rule.kwargs["column_A"]), str(rule.kwargs["column_B"])
        sign = "<" if rule.type == PAIR_GREATER else "<>"
        return lambda ref: f"ISNUMBER({ref(first)})*ISNUMBER({ref(second)})*({ref(first)}{sign}{ref(second)})"
    if rule.condition is None or rule.type not in {BETWEEN, NOT_NULL}:
        return None
    condition, column = rule.condition, str(rule.kwargs["column"])
    if rule.type == NOT_NULL:
        return lambda ref: f'{_holds(condition.column, condition.operator, condition.value, ref)}*({ref(column)}="")'
    low = rule.kwargs.get("min_value", 0)
    return lambda ref: (
        f"{_holds(condition.column, condition.operator, condition.value, ref)}*ISNUMBER({ref(column)})*({ref(column)}<{low})"
    )


def _holds(column: str, operator: str, value: str | int, ref: Callable[[str], str]) -> str:
    cell = ref(base_field(column))
    if column.endswith(".ticked"):
        return f'({cell}<>"")*({cell}<>"{NONE_TICKED}")'
    if isinstance(value, str):
        return f'({cell}{OPPOSITE.get(operator, operator)}"{value}")'
    return f"ISNUMBER({cell})*({cell}{OPPOSITE.get(operator, operator)}{value})"
