"""The rules of ``expectations/`` as masks over columns: the answers of Great Expectations, some hundred times sooner.

Great Expectations is the authority of every run that writes the ledger; masks answer where somebody waits, and such a run
compares the two. A type that is not here is left to Great Expectations.
"""

from __future__ import annotations

from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.checks.suites import Breach, run_suite
from pipeline.program.rules import (
    BETWEEN,
    CHECKLIST,
    IN_SET,
    LENGTH,
    NOT_NULL,
    PAIR_EQUAL,
    PAIR_GREATER,
    UNIQUE,
    is_checklist,
)
from pipeline.system.errors import SuiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.program.rules import Condition, Rule

    Mask = pd.Series[bool]
    Kwargs = Mapping[str, Any]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {"==": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le}


def run_masks(rules: Sequence[Rule], frame: pd.DataFrame) -> tuple[Breach, ...]:
    """Validate one form's frame; see :func:`pipeline.checks.suites.run_suite`, whose answer this is.

    Raises:
        SuiteError: A rule cannot be applied to its columns.
    """
    if not rules or frame.empty:
        return ()
    unknown = run_suite([rule for rule in rules if rule.type not in _MASKS], frame)
    positions = {breach.rule.id: breach.positions for breach in unknown}
    about: dict[Condition | None, pd.DataFrame] = {None: frame}
    for rule in rules:
        if rule.type in _MASKS:
            positions[rule.id] = _positions(rule, frame, about)
    breaches = (Breach(rule=rule, positions=positions.get(rule.id, ())) for rule in rules)
    return tuple(breach for breach in breaches if breach.positions)


def run_both(rules: Sequence[Rule], frame: pd.DataFrame) -> tuple[Breach, ...]:
    """What Great Expectations says, once the masks have said the same.

    Raises:
        SuiteError: They differ: a fault of this program, and nothing is to be recorded on the word of either.
    """
    said, expected = run_suite(rules, frame), run_masks(rules, frame)
    if said != expected:
        differing = {b.rule.id for b in said} ^ {b.rule.id for b in expected} or {
            b.rule.id for b, other in zip(said, expected, strict=True) if b != other
        }
        raise SuiteError(
            f"expectations/{rules[0].form}.json：规则 {'、'.join(sorted(differing))} 的两种算法结果不同，这是程序的错误。"
            "本次没有记入台账，请把收件箱和这句话交给维护程序的人"
        )
    return said


def _positions(rule: Rule, frame: pd.DataFrame, about: dict[Condition | None, pd.DataFrame]) -> tuple[int, ...]:
    """Rows that break a rule; ``about`` keeps those that each condition leaves."""
    try:
        if rule.condition and rule.condition not in about:
            about[rule.condition] = frame[_meets(rule.condition, frame)]
        asked = about[rule.condition]
        broken = _MASKS[rule.type](asked, rule.kwargs)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SuiteError(f"expectations/{rule.form}.json：规则 {rule.id} 无法执行：{error}") from error
    return tuple(int(n) for n in asked.index[broken]) if broken.to_numpy().any() else ()


def _meets(condition: Condition, frame: pd.DataFrame) -> Mask:
    """Rows a rule is about: an empty cell is only ever unequal."""
    met: Mask = _OPERATORS[condition.operator](frame[condition.column], condition.value)
    return met


def _column(frame: pd.DataFrame, kwargs: Kwargs, name: str = "column") -> pd.Series[Any]:
    column: pd.Series[Any] = frame[str(kwargs[name])]
    return column


def _missing(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    return _column(frame, kwargs).isna()


def _outside(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    column = _column(frame, kwargs)
    return _beyond(column, kwargs) & column.notna()


def _too_long_or_short(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    column = _column(frame, kwargs)
    return _beyond(column.dropna().map(len).reindex(column.index), kwargs)


def _beyond(numbers: pd.Series[Any], kwargs: Kwargs) -> Mask:
    least, most = kwargs.get("min_value"), kwargs.get("max_value")
    broken: Mask = pd.Series(data=False, index=numbers.index) if most is None else numbers > most
    return broken if least is None else broken | (numbers < least)


def _not_among(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    column = _column(frame, kwargs)
    return ~column.isin(kwargs["value_set"]) & column.notna()


def _no_checklist(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    column, allowed = _column(frame, kwargs), set(kwargs["options"])
    return column.map(lambda text: not is_checklist(text, allowed), na_action="ignore").fillna(value=False).astype(bool)


def _repeated(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    column = _column(frame, kwargs)
    return column.duplicated(keep=False) & column.notna()


def _not_greater(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    a, b = _pair(frame, kwargs)
    holds = a >= b if kwargs.get("or_equal") else a > b
    return ~holds & _compared(a, b, kwargs)


def _unequal(frame: pd.DataFrame, kwargs: Kwargs) -> Mask:
    a, b = _pair(frame, kwargs)
    return (a != b) & _compared(a, b, kwargs)


def _pair(frame: pd.DataFrame, kwargs: Kwargs) -> tuple[pd.Series[Any], pd.Series[Any]]:
    return _column(frame, kwargs, "column_A"), _column(frame, kwargs, "column_B")


def _compared(a: pd.Series[Any], b: pd.Series[Any], kwargs: Kwargs) -> Mask:
    """Pairs a rule looks at; where it does not say, all but those with nothing on either side."""
    return _LOOKED_AT[kwargs.get("ignore_row_if", "both_values_are_missing")](a, b)


_LOOKED_AT: dict[str, Callable[[pd.Series[Any], pd.Series[Any]], Mask]] = {
    "either_value_is_missing": lambda a, b: a.notna() & b.notna(),
    "both_values_are_missing": lambda a, b: a.notna() | b.notna(),
    "neither": lambda a, _: a.notna() | True,
}
_MASKS: dict[str, Callable[[pd.DataFrame, Kwargs], Mask]] = {
    NOT_NULL: _missing,
    BETWEEN: _outside,
    IN_SET: _not_among,
    CHECKLIST: _no_checklist,
    PAIR_GREATER: _not_greater,
    PAIR_EQUAL: _unequal,
    UNIQUE: _repeated,
    LENGTH: _too_long_or_short,
}
