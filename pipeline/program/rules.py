"""``expectations/`` as typed rules, read without importing Great Expectations.

One rule set, two uses: :mod:`pipeline.checks.suites` runs it on returns, :mod:`pipeline.forms.excel_rules` compiles it
into the cells. A column of a rule is a field code (of a county sheet, that of any county sheet), a sum of such with whole
coefficients (``F02-1+F02-2``, ``5*F03-1``; blank where a part is), or one of the derived columns:

    ``X.prev``            last accepted value of cumulative field X before the period
    ``X.applies``         "no" where the officer wrote 不适用, else "yes"
    ``X.given``           "yes" where something stands in X (of a checklist, an option ticked), else "no"
    ``period.end``        last day of the period
    ``campaign.start``    first day of the campaign
    ``campaign.end``      last day of the campaign
    ``county.townships``  townships and subdistricts of the county (2022 list)
    ``county_code``       the roster's county; every county of the prefecture has a row
    ``row.state``         filled / nil / kept (blank, an accepted row stands) / blank / unconfirmed / absent /
                          no_sheet
    ``row.key``           received date and county; equal where two returns of one day differ
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pipeline.domain.findings import CATALOGUE, OUTLIER, Severity
from pipeline.program.model import NONE_TICKED, FieldType
from pipeline.program.strict import nearest
from pipeline.system.errors import SuiteError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from pipeline.program.model import Field, Form, Program

NOT_NULL = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
CHECKLIST = "expect_column_values_to_be_checklist_of"
PAIR_GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
PAIR_EQUAL = "expect_column_pair_values_to_be_equal"
UNIQUE = "expect_column_values_to_be_unique"
LENGTH = "expect_column_value_lengths_to_be_between"
_TYPES = (NOT_NULL, BETWEEN, IN_SET, CHECKLIST, PAIR_GREATER, PAIR_EQUAL, UNIQUE, LENGTH)
_ROSTER_COLUMNS = ("county_code", "row.state", "row.key")
CONTEXT_COLUMNS = ("period.end", "campaign.start", "campaign.end", "county.townships", *_ROSTER_COLUMNS)
_ALLOWED: dict[str, tuple[dict[str, type | tuple[type, ...]], dict[str, type | tuple[type, ...]]]] = {
    # type → (required, optional) arguments; `mostly` would switch a rule off for some, so it is not among them
    NOT_NULL: ({"column": str}, {}),
    BETWEEN: ({"column": str}, {"min_value": (int, float), "max_value": (int, float)}),
    IN_SET: ({"column": str, "value_set": list}, {}),
    CHECKLIST: ({"column": str, "options": list}, {}),
    PAIR_GREATER: ({"column_A": str, "column_B": str}, {"or_equal": bool, "ignore_row_if": str}),
    PAIR_EQUAL: ({"column_A": str, "column_B": str}, {"ignore_row_if": str}),
    UNIQUE: ({"column": str}, {}),
    LENGTH: ({"column": str}, {"min_value": int, "max_value": int}),
}
_META_KEYS = {"rule", "code", "columns", "message"}
_MAY_META = {"explainable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Rows a rule is about: ``column operator value``."""

    column: str
    operator: str
    value: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One expectation of a suite.

    Attributes:
        id: Stable name, unique in the suite: ``Q01-1.required``.
        code: Finding code it raises.
        columns: Field codes an officer must look at when it fires; the first is the cell that is marked.
        message: What was expected; ``{column}`` stands for a value of the row.
        config: The native GX configuration.
        explainable: What breaks it is unlikely and not impossible: it passes with the officer's reason.
    """

    id: str
    form: str
    type: str
    kwargs: Mapping[str, Any]
    severity: Severity
    code: str
    columns: tuple[str, ...]
    message: str
    condition: Condition | None
    config: Mapping[str, Any]
    explainable: bool = False

    @property
    def about_rows(self) -> bool:
        """Whether it is about the presence of a county's row rather than what is in it."""
        return self.columns[0] == "county_code"

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Every column the expectation reads, condition included."""
        own = [str(self.kwargs[k]) for k in ("column", "column_A", "column_B") if k in self.kwargs]
        return (*own, *((self.condition.column,) if self.condition else ()))


@cache
def base_field(column: str) -> str:
    """The field a column belongs to: ``Q01-1.prev`` → ``Q01-1``."""
    return column.removesuffix(".prev").removesuffix(".applies").removesuffix(".given")


@cache
def terms(column: str) -> tuple[tuple[int, str], ...]:
    """What a column adds up: ``5*F03-1+F03-2`` → ((5, "F03-1"), (1, "F03-2")); of any other column, itself once."""
    parts = (part.rpartition("*") for part in column.split("+"))
    return tuple((int(times) if times else 1, name) for times, _, name in parts)


@cache
def base_fields(column: str) -> tuple[str, ...]:
    """The fields a column is made of."""
    return tuple(base_field(name) for _, name in terms(column))


def outlier_rule(field: Field) -> Rule:
    """The rule that asks about a count unlike its own past and its peers': of every count, and in no suite."""
    return Rule(
        id=f"{field.code}.outlier",
        form=field.form,
        type="",
        kwargs={"column": field.code},
        severity=Severity.WARNING,
        code=OUTLIER,
        columns=(field.code,),
        message="",
        condition=None,
        config={},
        explainable=True,
    )


def change_rule(form: str) -> str:
    """By what name the question is known why a row of a form that stood was changed."""
    return f"{form}.changed"


def is_checklist(text: str, allowed: Collection[str]) -> bool:
    """Whether a text is 无, or options joined by 、 without repetition."""
    ticked = text.split("、")
    return text == NONE_TICKED or (set(ticked).issubset(allowed) and len(set(ticked)) == len(ticked))


def load_rules(folder: Path, program: Program) -> dict[str, tuple[Rule, ...]]:
    """Read one suite per form, strictly.

    Returns:
        Form code → rules in the order of the file.

    Raises:
        SuiteError: Missing or malformed suite, unknown type, severity, finding code or column, a rule id used
            twice, or a field that no rule looks at.
    """
    rules = {form.code: _load(folder / f"{form.code}.json", form, program) for form in program.forms}
    for path in sorted(folder.glob("*.json")):
        if path.stem not in rules:
            raise SuiteError(f"expectations/{path.name}：没有对应的表；已有：{'、'.join(rules)}")
    return rules


def rules_in(rules: Iterable[Rule], columns: Iterable[str]) -> tuple[Rule, ...]:
    """The rules whose columns are all there (a field not yet asked in a period takes its rules with it)."""
    known = set(columns)
    return tuple(
        r for r in rules if all(known.issuperset(base_fields(c)) or c in CONTEXT_COLUMNS for c in r.used_columns)
    )


def _load(path: Path, form: Form, program: Program) -> tuple[Rule, ...]:
    suite, configs = _read(path)
    if not isinstance(configs, list):
        raise SuiteError(f"expectations/{path.name}：expectations 应为列表")
    if suite.get("name") != form.code:
        raise SuiteError(f"expectations/{path.name}：name 应为 {form.code}")
    together = program.county_forms if form in program.county_forms else (form,)
    known = {f.code for shared in together for f in shared.fields}
    rules = tuple(
        _rule(config, form, known, f"expectations/{path.name} 第{n}条规则") for n, config in enumerate(configs, 1)
    )
    _check_cover(path, form, rules)
    return rules


def _read(path: Path) -> tuple[dict[str, Any], Any]:
    """A suite as it is written, and its rules."""
    try:
        suite = json.loads(path.read_text(encoding="utf-8-sig"))
        return suite, suite["expectations"]
    except FileNotFoundError as error:
        raise SuiteError(f"expectations/{path.name}：文件不存在，每张表须有一份规则") from error
    except json.JSONDecodeError as error:
        raise SuiteError(
            f"expectations/{path.name} 第{error.lineno}行：不是有效的JSON（第{error.colno}个字符处）"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise SuiteError(f"expectations/{path.name}：无法读取，请存为UTF-8的JSON") from error
    except (KeyError, TypeError) as error:
        raise SuiteError(f"expectations/{path.name}：缺少 expectations 列表") from error


def _check_cover(path: Path, form: Form, rules: tuple[Rule, ...]) -> None:
    """Every field and the roster are watched, and no rule is named twice."""
    ids = [rule.id for rule in rules]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise SuiteError(f"expectations/{path.name}：规则名 {rule_id} 重复")
    watched = {base for rule in rules for c in rule.used_columns for base in base_fields(c)}
    for field in form.fields:
        if field.code not in watched and field.type is not FieldType.COUNTY and not field.shows:
            raise SuiteError(f"expectations/{path.name}：指标 {field.code}（{field.title}）没有任何规则")
        if field.required and not any(r.type == NOT_NULL and r.kwargs["column"] == field.code for r in rules):
            raise SuiteError(f"expectations/{path.name}：必填指标 {field.code} 没有必填规则（{NOT_NULL}）")
    for column in () if form.is_list else _ROSTER_COLUMNS[1:]:
        if not any(column in rule.used_columns for rule in rules):
            raise SuiteError(f"expectations/{path.name}：没有名册规则（{column}）")


def _rule(config: dict[str, Any], form: Form, known: set[str], place: str) -> Rule:
    if not isinstance(config, dict):
        raise SuiteError(f"{place}：应为键值对")
    kind, kwargs, meta = config.get("type", ""), config.get("kwargs", {}), config.get("meta") or {}
    if kind not in _TYPES:
        raise SuiteError(f"{place}：不认识的类型 {kind}{nearest(str(kind), _TYPES)}；允许：{'、'.join(_TYPES)}")
    if not isinstance(meta, dict) or set(meta) - _MAY_META != _META_KEYS:
        raise SuiteError(f"{place}：meta 须有 {'、'.join(sorted(_META_KEYS))}，可有 {'、'.join(sorted(_MAY_META))}")
    texts_ok = all(isinstance(meta[key], str) for key in ("rule", "code", "message"))
    if not texts_ok or not isinstance(meta["columns"], list) or not all(isinstance(c, str) for c in meta["columns"]):
        raise SuiteError(f"{place}：meta 的 rule、code、message 应为文字，columns 应为文字的列表")
    place = f"{place}（{meta['rule']}）"
    if config.get("severity") not in tuple(Severity):
        raise SuiteError(f"{place}：severity“{config.get('severity')}”不对；允许：{'、'.join(Severity)}")
    if meta["code"] not in CATALOGUE:
        raise SuiteError(f"{place}：不认识的问题代码 {meta['code']}{nearest(str(meta['code']), list(CATALOGUE))}")
    if not isinstance(meta.get("explainable", False), bool) or (
        meta.get("explainable") and config["severity"] != Severity.CRITICAL
    ):
        raise SuiteError(f"{place}：explainable 只用于 critical 的规则，写 true：违反时写明原因可以接收")
    _check_arguments(kind, kwargs, place)
    rule = Rule(
        id=meta["rule"],
        form=form.code,
        type=kind,
        kwargs=kwargs,
        severity=Severity(config["severity"]),
        code=meta["code"],
        columns=tuple(meta["columns"]),
        message=meta["message"],
        condition=_condition(kwargs.get("row_condition"), place),
        config=config,
        explainable=meta.get("explainable", False),
    )
    _check_columns(rule, known, place)
    codes = {f.code for f in form.fields}
    if not rule.columns or rule.columns[0] not in codes | {"county_code"}:
        raise SuiteError(f"{place}：columns 的第一项须是本表的指标，或 county_code")
    return rule


def _check_columns(rule: Rule, known: set[str], place: str) -> None:
    for column in (*rule.used_columns, *rule.columns, *re.findall(r"\{([^{}]+)\}", rule.message)):
        try:
            bases = base_fields(column)
        except ValueError:  # a coefficient that is none
            bases = (column,)
        if not known.issuperset(bases) and column not in CONTEXT_COLUMNS:
            raise SuiteError(f"{place}：列 {column} 不在表 {rule.form} 中{nearest(column, sorted(known))}")


def _check_arguments(kind: str, kwargs: Any, place: str) -> None:
    """Only arguments whose effect is known here: a rule must not be weaker than it looks."""
    required, optional = _ALLOWED[kind]
    allowed = {**required, **optional}
    if not isinstance(kwargs, dict) or not set(required) <= set(kwargs) <= {*allowed, "row_condition"}:
        raise SuiteError(
            f"{place}：kwargs 须有 {'、'.join(required)}，可有 {'、'.join([*optional, 'row_condition'])}，不能有其他"
        )
    for key, value in kwargs.items():
        kinds = allowed.get(key, dict)
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise SuiteError(f"{place}：{key} 的值“{value}”类型不对")


def _condition(data: Any, place: str) -> Condition | None:
    if data is None:
        return None
    try:
        condition = Condition(column=data["column"]["name"], operator=data["operator"], value=data["parameter"])
        fits = data["type"] == "comparison" and condition.operator in {"==", "!=", ">", ">=", "<", "<="}
    except (KeyError, TypeError):
        fits = False
    if not fits:
        raise SuiteError(f"{place}：row_condition 须为 comparison，写明 column、operator、parameter")
    return condition
