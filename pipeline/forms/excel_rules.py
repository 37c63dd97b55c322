"""``expectations/`` compiled into the cells: the same rules, shown while the officer types.

A rule about one column becomes data validation; a rule about several becomes a formula that is true where it is
broken, used for red cells and for the count on the self-check sheet. Formulas hold in Excel, WPS and LibreOffice.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.domain.findings import Severity
from pipeline.domain.value import show
from pipeline.program.layout import SHORTEST_REASON
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, Field, FieldType, Period
from pipeline.program.rules import (
    BETWEEN,
    CHECKLIST,
    IN_SET,
    LENGTH,
    NOT_NULL,
    PAIR_EQUAL,
    PAIR_GREATER,
    Rule,
    base_field,
    terms,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipeline.domain.value import Raw, Value
    from pipeline.program.rules import Condition

_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the day spreadsheets count from
_LAST_DATE = date(2099, 12, 31)
_OPPOSITE = {"==": "=", "!=": "<>"}
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
    """What the rules allow in one cell, a number or the length of a text; None where nothing limits it."""

    low: int | Decimal | None
    high: int | Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A cross-field rule as an Excel expression.

    Attributes:
        broken: Given a function from field code to cell or range reference, an expression that is 1 where broken; never an
            error, whatever stands in the cells. Over ranges it wants an array formula.
    """

    rule: Rule
    broken: Callable[[Callable[[str], str]], str]

    def shows_in(self, cells: Mapping[str, Any]) -> bool:
        """What the expression gives for cells as typed: for values written beside the formulas."""
        rule = self.rule
        cells = {code: serial(raw) for code, raw in cells.items()}
        if rule.condition and not _applies(rule.condition, cells):
            return False
        if rule.type in {PAIR_GREATER, PAIR_EQUAL}:
            first, second = _sum(rule.kwargs["column_A"], cells), _sum(rule.kwargs["column_B"], cells)
            if first is None or second is None:
                return False
            return bool(COMPARE["<" if rule.type == PAIR_GREATER else "!="](first, second))
        value = cells.get(rule.kwargs["column"])
        if rule.type == NOT_NULL:
            return value in {None, ""}
        if rule.type == IN_SET:
            return value not in {None, "", *rule.kwargs["value_set"]}
        number = _sum(rule.kwargs["column"], cells)
        low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
        return number is not None and ((low is not None and number < low) or (high is not None and number > high))


def required_fields(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Codes of the fields a rule says must not be blank (whether or not 不适用 may be written)."""
    unconditional = (
        r for r in rules if r.type == NOT_NULL and (r.condition is None or r.condition.column.endswith(".applies"))
    )
    return tuple(str(r.kwargs["column"]) for r in unconditional)


def bounds(field: Field, rules: Iterable[Rule], previous: Value) -> Bounds:
    """Range of a number, the last accepted value included where the field may not fall; of a text, of its length."""
    low: int | Decimal | None = None
    high: int | Decimal | None = None
    for rule in rules:
        if rule.severity is not Severity.CRITICAL or rule.condition:
            continue
        if rule.type in {BETWEEN, LENGTH} and rule.kwargs["column"] == field.code:
            low, high = rule.kwargs.get("min_value", low), rule.kwargs.get("max_value", high)
        falls = rule.type == PAIR_GREATER and rule.kwargs["column_A"] == field.code
        if falls and rule.kwargs["column_B"] == f"{field.code}.prev" and isinstance(previous, (int, Decimal)):
            low = max(low or 0, previous)
    return Bounds(low=low, high=high)


def compared(field: Field, rules: Iterable[Rule], titles: Mapping[str, str]) -> str:
    """Which other columns of the sheet limit a number, in the words of the findings: 不大于“已建会企业数”."""
    said = []
    for rule in rules:
        if rule.severity is Severity.CRITICAL and rule.type == PAIR_GREATER and not rule.condition:
            whole, part = str(rule.kwargs["column_A"]), str(rule.kwargs["column_B"])
            said += [f"不大于“{titles[whole]}”"] if part == field.code and whole in titles else []
            said += [f"不少于“{titles[part]}”"] if whole == field.code and part in titles else []
    return "，".join(dict.fromkeys(said))


def validation(
    field: Field, rules: tuple[Rule, ...], cell: str, previous: Value, period: Period, start: date, counties: str
) -> dict[str, Any]:
    """Xlsxwriter's data-validation options for one cell of ``field``.

    Args:
        field: The column.
        rules: The form's rules.
        cell: Relative address of the (first) cell, for custom formulas.
        previous: Last accepted value of the county, if any.
        period: Gives the last allowed date.
        start: First day of the campaign.
        counties: The range that names the respondent's counties, as a formula.
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
    elif field.type is FieldType.AMOUNT:
        cents = f"ABS({cell}-ROUND({cell},2))<0.000001"
        check = {
            "validate": "custom",
            "value": f"=IF(ISNUMBER({cell}),AND({cell}>={low},{cell}<={high},{cents}),FALSE)",
        }
    elif field.type is FieldType.DATE:
        last = _LAST_DATE if field.future else period.end
        check = {"validate": "date", "criteria": "between", "minimum": start, "maximum": last}
    elif field.type is FieldType.TEXT:
        check = {"validate": "length", "criteria": "between", "minimum": low, "maximum": high}
    elif field.type is FieldType.COUNTY:
        check = {"validate": "list", "source": counties}
    else:
        check = {"validate": "list", "source": _options(field, rules)}
    unlikely = [rule for rule in rules if rule.explainable and rule.columns[0] == field.code and not rule.condition]
    fell = any(rule.kwargs.get("column_B") == f"{field.code}.prev" for rule in unlikely) and previous is not None
    asks = fell or (field.type is FieldType.DATE and bool(unlikely))
    error = (
        {"error_title": "请再核对", "error_type": "warning"}
        if asks
        else {"error_title": "填写有误", "error_type": "stop"}
    )
    return check | {"ignore_blank": True} | error


def new_validation(field: Field, rules: tuple[Rule, ...], cell: str, previous: float | Decimal) -> dict[str, Any]:
    """The validation of what came in this period of a total: no less than nothing, no more than the total may still grow.

    It only warns: a total that was too high is set right by a number less than nothing, with its reason.
    """
    high = bounds(field, rules, None).high
    room = None if high is None else high - Decimal(str(previous))
    top = f",{cell}<={room:f}" if room is not None else ""
    fits = f"{cell}=INT({cell})" if field.type is FieldType.COUNT else f"ABS({cell}-ROUND({cell},2))<0.000001"
    return {
        "validate": "custom",
        "value": f"=IF(ISNUMBER({cell}),AND({cell}>=0{top},{fits}),FALSE)",
        "ignore_blank": True,
        "error_title": "请再核对",
        "error_type": "warning",
    }


def only_where(check: Mapping[str, Any], cell: str, condition: str) -> dict[str, Any]:
    """The validation of a cell that is asked only where a ``condition`` holds: elsewhere nothing fits but a blank.

    A list stays what it is, or it could not be dropped down. Excel takes anything where a formula looks at a blank cell and
    blanks are ignored: they are not.
    """
    if check["validate"] == "list":
        return dict(check)
    if check["validate"] == "custom":
        fits = str(check["value"]).removeprefix("=")
    else:
        low, high = (serial(check[key]) for key in ("minimum", "maximum"))
        what = f"LEN({cell})" if check["validate"] == "length" else cell
        fits = f"AND({what}>={low:.12g},{what}<={high:.12g})"
        if check["validate"] != "length":
            whole = f",{cell}=INT({cell})" if check["validate"] == "integer" else ""
            fits = f"IF(ISNUMBER({cell}),AND({cell}>={low:.12g},{cell}<={high:.12g}{whole}),FALSE)"
    asks = {key: text for key, text in check.items() if key not in {"criteria", "minimum", "maximum"}}
    return asks | {
        "validate": "custom",
        "value": f"=IF(LEN({cell})=0,TRUE,IF({condition}=1,{fits},FALSE))",
        "ignore_blank": False,
    }


def contradictions(rules: Iterable[Rule]) -> tuple[Contradiction, ...]:
    """The cross-field rules that can be seen within one row of the sheet."""
    return tuple(
        Contradiction(rule=rule, broken=expression) for rule in rules if (expression := _broken(rule)) is not None
    )


def has_reason(text: Raw) -> bool:
    """Whether a remark is long enough for a reason, as the formula counts it: blanks apart."""
    return len("".join(show(text).split())) >= SHORTEST_REASON


def wants_reason(cell: str) -> str:
    """The same as an expression: 1 where it is too short."""
    return f'IF(ISERROR({cell}),1,(LEN(SUBSTITUTE(SUBSTITUTE({cell}," ",""),"　",""))<{SHORTEST_REASON})*1)'


def serial(cell: Any) -> Any:
    """A date as the number of days that a cell holds; anything else as it is."""
    if not isinstance(cell, date):
        return cell
    day = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - a calendar day
    return (day - _EXCEL_EPOCH) / timedelta(days=1)


def _sum(column: str, cells: Mapping[str, Any]) -> float | None:
    """What a column adds up to; None where a part is no number."""
    parts = [(times, cells.get(name)) for times, name in terms(column)]
    return round(sum(times * cell for times, cell in parts), 2) if all(_is_number(cell) for _, cell in parts) else None  # type: ignore[operator, misc]


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _applies(condition: Condition, cells: Mapping[str, Any]) -> bool:
    cell = cells.get(base_field(condition.column))
    if condition.column.endswith(".given"):
        return cell not in {None, "", NONE_TICKED}
    if isinstance(condition.value, str):
        return (cell == condition.value) is (condition.operator == "==")
    return _is_number(cell) and bool(COMPARE[condition.operator](cell, condition.value))


def _options(field: Field, rules: Iterable[Rule]) -> list[str]:
    for rule in rules:
        if rule.type == IN_SET and rule.kwargs["column"] == field.code and rule.condition is None:
            return [str(v) for v in rule.kwargs["value_set"]]
        if rule.type == CHECKLIST and rule.kwargs["column"] == field.code:
            return [str(v) for v in rule.kwargs["options"]]
    return list(field.choices or field.options)


def _checklist_formula(options: list[str], cell: str) -> str:
    """Nothing may remain when every option and separator is taken away (longest option first)."""
    rest = cell
    for word in (*sorted(options, key=len, reverse=True), "、", "，", ",", "；", ";", " "):
        rest = f'SUBSTITUTE({rest},"{word}","")'
    return f'=OR({cell}="{NONE_TICKED}",LEN({rest})=0)'


def _broken(rule: Rule) -> Callable[[Callable[[str], str]], str] | None:
    if any(
        name not in {base_field(name), f"{base_field(name)}.given"} or "." in base_field(name)
        for column in rule.used_columns
        for _, name in terms(column)
    ):
        return None
    if rule.type in {PAIR_GREATER, PAIR_EQUAL}:
        first, second = str(rule.kwargs["column_A"]), str(rule.kwargs["column_B"])
        sign = "<" if rule.type == PAIR_GREATER else "<>"
        return lambda ref: _where(
            rule,
            ref,
            f"IF({_numbers(first, ref)}*{_numbers(second, ref)},({_added(first, ref)}{sign}{_added(second, ref)})*1,0)",
        )
    if rule.condition is None or rule.type not in {BETWEEN, NOT_NULL, IN_SET}:
        return None
    return lambda ref: _where(rule, ref, _outside(rule, ref))


def _where(rule: Rule, ref: Callable[[str], str], broken: str) -> str:
    """The expression, only where the rule's condition holds."""
    condition = rule.condition
    return f"{_holds(condition.column, condition.operator, condition.value, ref)}*{broken}" if condition else broken


def _outside(rule: Rule, ref: Callable[[str], str]) -> str:
    """True where one column is blank, not in the set, or beyond its bounds."""
    column = str(rule.kwargs["column"])
    if rule.type == NOT_NULL:
        return _unless_error(ref(column), f'({ref(column)}="")')
    if rule.type == IN_SET:
        other = "*".join(f'({ref(column)}<>"{word}")' for word in ("", *rule.kwargs["value_set"]))
        return _unless_error(ref(column), other)
    low, high, value = rule.kwargs.get("min_value"), rule.kwargs.get("max_value"), _added(column, ref)
    beyond = "+".join(f"({value}{sign}{bound})" for sign, bound in (("<", low), (">", high)) if bound is not None)
    return f"IF({_numbers(column, ref)},({beyond})*1,0)"


def _unless_error(cell: str, test: str) -> str:
    return f"IF(ISERROR({cell}),0,{test}*1)"


def _numbers(column: str, ref: Callable[[str], str]) -> str:
    return "*".join(f"ISNUMBER({ref(name)})" for _, name in terms(column))


def _added(column: str, ref: Callable[[str], str]) -> str:
    """One cell, or the sum of several, rounded because amounts have two decimals."""
    parts = terms(column)
    if len(parts) == 1 and parts[0][0] == 1:
        return ref(column)
    return "ROUND(" + "+".join(f"{times}*{ref(name)}" if times != 1 else ref(name) for times, name in parts) + ",2)"


def _holds(column: str, operator: str, value: str | int, ref: Callable[[str], str]) -> str:
    cell = ref(base_field(column))
    if column.endswith(".given"):
        return _unless_error(cell, f'({cell}<>"")*({cell}<>"{NONE_TICKED}")')
    if isinstance(value, str):
        return _unless_error(cell, f'({cell}{_OPPOSITE.get(operator, operator)}"{value}")')
    return f"IF(ISNUMBER({cell}),({cell}{_OPPOSITE.get(operator, operator)}{value})*1,0)"
