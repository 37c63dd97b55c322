"""Bending the invented figures of one unit until the rules of ``expectations/`` hold over all its sheets.

The eight actions are bent one by one in :mod:`pipeline.demo.figures`; here are the sheets after them, whose rules look at
other sheets too, at sums, and at words.
"""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.program.forms import NUMBERS
from pipeline.program.model import NO, NONE_TICKED, NOT_APPLICABLE, Accumulation, FieldType
from pipeline.program.rules import (
    BETWEEN,
    IN_SET,
    NOT_NULL,
    PAIR_EQUAL,
    PAIR_GREATER,
    base_field,
    base_fields,
    rules_in,
    terms,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from random import Random

    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Program
    from pipeline.program.rules import Condition, Rule

Row = dict[str, "Value"]
Number = int | Decimal
TOWNSHIPS = "county.townships"
ROUNDS = 3  # mending one rule can break one before it
_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class Fit:
    """The rules asked of one kind of row in one period.

    A row is field code → value over all sheets of a unit (or of one entry); it may hold the townships under their column.
    """

    def __init__(self, program: Program, rules: Iterable[Rule], asked: Collection[str]) -> None:
        self.program = program
        self.rules = [r for r in rules_in(rules, asked) if not r.about_rows and not _of_itself(r)]
        self._bending = [r for r in self.rules if r.condition or r.type in {PAIR_EQUAL, PAIR_GREATER}]
        self._limits: dict[str, list[Rule]] = {}
        self._needs: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if rule.condition is None and rule.type in {BETWEEN, PAIR_GREATER}:
                limited = str(rule.kwargs["column" if rule.type == BETWEEN else "column_B"])
                self._limits.setdefault(limited, []).append(rule)
            elif rule.condition and rule.type == BETWEEN and rule.condition.operator == ">":
                self._needs.setdefault(rule.condition.column, []).append(rule)

    def value(self, row: Mapping[str, Value], code: str) -> Value:
        """A field's value; of a column that repeats another, that one's."""
        field = self.program.field_by_code.get(code)
        return row.get(field.shows if field and field.shows else code)

    def number(self, row: Mapping[str, Value], column: str) -> Number | None:
        """What a column comes to; None where a part is no number."""
        total: Number = 0
        for times, code in terms(column):
            value = self.value(row, code)
            if not isinstance(value, (int, Decimal)):
                return None
            total += times * value
        return total

    def ceiling(self, row: Mapping[str, Value], code: str, done: Collection[str] | None = None) -> Number | None:
        """The most a field may be, by what stands in the row; None where nothing limits it.

        Args:
            row: The unit's.
            code: The field.
            done: Fields already advanced, where the others still are what they were a period ago.
        """
        limits: list[Number | None] = []
        for rule in self._limits.get(code, ()):
            if rule.type == PAIR_GREATER:
                column = rule.kwargs["column_A"]
                limits += [self.number(row, column)] if self._are_done(column, done) else []
            elif "max_value" in rule.kwargs:
                limits.append(_exact(rule.kwargs["max_value"]))
        return min((limit for limit in limits if limit is not None), default=None)

    def held(self, row: Mapping[str, Value], code: str, done: Collection[str]) -> bool:
        """Whether a number must stay 0 because what it presupposes, of the fields ``done`` so far, is not there yet."""
        for rule in self._needs.get(code, ()):
            column = rule.kwargs["column"]
            found = self.number(row, column)
            if self._are_done(column, done) and (found is None or found < _exact(rule.kwargs.get("min_value", 0))):
                return True
        return False

    def bend(self, row: Row, before: Mapping[str, Value], dice: Random, fill: Callable[[Field], Value]) -> None:
        """Change ``row`` until the rules hold.

        Args:
            row: What is bent.
            before: The row a period ago: cumulative figures never fall below it.
            dice: For what may be this or that.
            fill: Gives a field that must not be blank a value.
        """
        for rule in self._bending * ROUNDS:
            if rule.type == NOT_NULL:
                self._fill(rule, row, fill)
            elif rule.condition is None or self._met(row, rule.condition):
                self._mend(rule, row, before, dice)

    def _fill(self, rule: Rule, row: Row, fill: Callable[[Field], Value]) -> None:
        field = self.program.field_by_code[rule.kwargs["column"]]
        if field.shows or (rule.condition and rule.condition.column.endswith(".applies")):
            return
        if rule.condition is None or self._met(row, rule.condition):
            row[field.code] = fill(field) if row.get(field.code) is None else row[field.code]
        elif field.required_if and field.required_if[0] == rule.condition.column:
            row[field.code] = None

    def _mend(self, rule: Rule, row: Row, before: Mapping[str, Value], dice: Random) -> None:
        if rule.type == IN_SET and rule.condition and self._own(rule.kwargs["column"]):
            value = row.get(rule.kwargs["column"])
            if value is not None and value not in rule.kwargs["value_set"]:
                row[rule.kwargs["column"]] = dice.choice(rule.kwargs["value_set"])
        elif rule.type == PAIR_EQUAL and self._own(rule.kwargs["column_A"]):
            wanted = self.value(row, rule.kwargs["column_B"])
            row[rule.kwargs["column_A"]] = row.get(rule.kwargs["column_A"]) if wanted is None else wanted
        elif rule.type == PAIR_GREATER:
            self._order(rule, row, before)
        elif rule.type == BETWEEN and rule.condition:
            self._within(rule, rule.condition, row, before)

    def _order(self, rule: Rule, row: Row, before: Mapping[str, Value]) -> None:
        """A ≥ B: by lowering B where it may fall, else by raising A."""
        large, small = rule.kwargs["column_A"], rule.kwargs["column_B"]
        most, found = self.number(row, large), self.number(row, small)
        if most is None or found is None or found <= most:
            return
        if rule.condition:
            self._deny(rule.condition, row, before)
        elif self._own(small) and self._may_fall(small, most, before):
            row[small] = most
        elif self._own(large):
            row[large] = found

    def _within(self, rule: Rule, condition: Condition, row: Row, before: Mapping[str, Value]) -> None:
        column, low, high = rule.kwargs["column"], rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
        found = self.number(row, column)
        if found is not None and high is not None and found > high and self._own(column):
            row[column] = int(high)
        elif low is not None and (found is None or found < _exact(low)):
            if isinstance(condition.value, str) or not self._own(column):
                self._deny(condition, row, before)
            else:
                row[column] = _exact(low)

    def _deny(self, condition: Condition, row: Row, before: Mapping[str, Value]) -> None:
        """Make a condition untrue: what was claimed is not claimed yet."""
        code = base_field(condition.column)
        field = self.program.field_by_code[code]
        if field.type in NUMBERS:
            row[code] = before.get(code) or 0
        elif field.type is FieldType.YESNO:
            row[code] = NO
        elif field.type is FieldType.CHECKLIST:
            row[code] = NONE_TICKED

    def _met(self, row: Mapping[str, Value], condition: Condition) -> bool:
        value = self.value(row, base_field(condition.column))
        if condition.column.endswith(".applies"):
            value = "no" if value == NOT_APPLICABLE else "yes"
        if condition.column.endswith(".given"):
            value = "no" if value in {None, NONE_TICKED} else "yes"
        if value is None or (isinstance(condition.value, str) != isinstance(value, str)):
            return False
        return bool(_COMPARE[condition.operator](value, condition.value))

    def _own(self, column: str) -> bool:
        """Whether it is a column that is typed, on a sheet after the actions."""
        field = self.program.field_by_code.get(column)
        return field is not None and not field.shows and self.program.form_by_code[field.form].action is None

    def _may_fall(self, code: str, to: Number, before: Mapping[str, Value]) -> bool:
        last = before.get(code)
        is_cumulative = self.program.field_by_code[code].accumulation is Accumulation.CUMULATIVE
        return not is_cumulative or not isinstance(last, (int, Decimal)) or to >= last

    def _are_done(self, column: str, done: Collection[str] | None) -> bool:
        """Whether all a column is made of has been advanced."""
        known = self.program.field_by_code
        codes = ((known[x].shows or x) if x in known else x for x in base_fields(column))
        return done is None or all(code in done for code in codes)


def _of_itself(rule: Rule) -> bool:
    """Whether a rule holds by the way the figures are made: they never fall, and dates lie where they should."""
    return any(c.endswith(".prev") or c in {"period.end", "campaign.start"} for c in rule.used_columns)


def _exact(number: float) -> Number:
    return number if isinstance(number, int) else Decimal(str(number))
