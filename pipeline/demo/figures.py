"""What 129 invented counties reach, period by period: seeded and plausible, cities do more, remote counties lag.

The figures of the actions are made to fit the rules of ``expectations/`` form by form; those of the sheets after them by
:mod:`pipeline.demo.fit`.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipeline.demo.fit import ROUNDS, TOWNSHIPS, Fit
from pipeline.demo.systems import SystemFigures, dice_for
from pipeline.measures.progress import elapsed
from pipeline.program.model import NO, NONE_TICKED, NOT_APPLICABLE, YES, Accumulation, County, FieldType, Rows
from pipeline.program.rules import BETWEEN, NOT_NULL, PAIR_EQUAL, PAIR_GREATER, base_field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from pipeline.demo.fit import Row
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form, Period, Unit
    from pipeline.workspace.campaign import Campaign

SEED = 20221026
_USUAL = {Accumulation.CUMULATIVE: 3.0, Accumulation.STOCK: 0.3, Accumulation.STATUS: 1.0}  # without target
_CROWD = {"人": 60, "人次": 90}  # where 3 events are usual, so many people are
_UNIT_SIZE = {"个": 40, "人": 6000}


class DemoFigures:
    """The figures each unit has reached: unit code → field → value."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.random = random.Random(SEED)  # noqa: S311 - invented figures
        self.rows: dict[str, Row] = {}
        self.vigour = {c.code: self._vigour(c) for c in campaign.program.counties}
        for prefecture in campaign.program.prefectures:
            of = [self.vigour[c.code] for c in campaign.program.counties_of(prefecture.code)]
            self.vigour[prefecture.code] = min(1.0, sum(of, 0.1) / max(len(of), 1))
        self.systems = SystemFigures(campaign.program, self.vigour)
        self._fits: dict[tuple[str, Rows], Fit] = {}

    def _vigour(self, county: County) -> float:
        """0.35 … 1.0: cities and districts do more, counties at the edge of the map less."""
        program = self.campaign.program
        middle_row = sum(c.tile_row for c in program.counties) / len(program.counties)
        middle_col = sum(c.tile_col for c in program.counties) / len(program.counties)
        remote = (abs(county.tile_row - middle_row) + abs(county.tile_col - middle_col)) / 14
        city = 0.2 if county.short_name[-1] in "市区" else 0.0
        return min(1.0, max(0.35, 0.75 + city - 0.3 * remote + self.random.uniform(-0.15, 0.15)))

    def advance(self, unit: Unit, period: Period, given: Mapping[str, Value]) -> None:
        """Two months of work of one unit, then made to fit the rules.

        Args:
            unit: A county, or a prefecture of itself.
            period: The two months.
            given: Field → what stood in its row when the workbook was issued.
        """
        before = dict(self.rows.get(unit.code, {}))
        row = self.rows[unit.code] = dict(before)
        if isinstance(unit, County):
            row[TOWNSHIPS] = unit.townships
        roster = self.campaign.program.roster_of(unit)
        for form in roster:
            if form.action is not None and isinstance(unit, County):
                fields = form.fields_in(period)
                for field in fields:
                    row[field.code] = self._next(unit, field, period, self.random)
                _rest(form, row, before)
                self._fit(unit, form, {field.code for field in fields})
        self._advance_systems(unit, period, [f for f in roster if f.action is None], before, given)

    def _advance_systems(
        self, unit: Unit, period: Period, forms: list[Form], before: Row, given: Mapping[str, Value]
    ) -> None:
        """The sheets after the actions, which look at those."""
        row, fit = self.rows[unit.code], self._fit_of(unit, period)
        done = {code for code in row if code not in {f.code for form in forms for f in form.fields}}
        for form in forms:
            for field in form.fields_in(period):
                if field.shows:
                    continue
                dice = dice_for(unit.code, field.code, period.code)
                value = self.systems.next(form, field, unit, period, row, given, fit, done)
                if value is ...:
                    value = self._next(unit, field, period, dice, _CROWD.get(field.unit, 1))
                    value = self.systems.limited(field, value, before.get(field.code), row, fit, done)
                row[field.code] = value
                done.add(field.code)
        if forms:
            dice = dice_for(unit.code, period.code)
            fit.bend(row, before, dice, lambda field: self.systems.plain(field, unit, period, row, fit))

    def _fit_of(self, unit: Unit, period: Period) -> Fit:
        """The rules over all sheets of a kind of unit; those of the actions hold already."""
        program, rows = self.campaign.program, Rows.COUNTY if isinstance(unit, County) else Rows.PREFECTURE
        if (period.code, rows) not in self._fits:
            roster = program.roster_of(unit)
            rules = [rule for form in roster if form.action is None for rule in self.campaign.rules[form.code]]
            asked = {f.code for form in roster for f in form.fields_in(period)}
            self._fits[period.code, rows] = Fit(program, rules, asked)
        return self._fits[period.code, rows]

    def _next(self, unit: Unit, field: Field, period: Period, dice: Random, crowd: int = 1) -> Value:
        last = self.rows[unit.code].get(field.code)
        gone, vigour = elapsed(self.campaign.program.window, period.end), self.vigour[unit.code]
        if field.type in {FieldType.TEXT, FieldType.AMOUNT, FieldType.COUNTY}:
            return self.systems.plain(field, unit, period, self.rows[unit.code], None) if last is None else last
        if field.type is FieldType.YESNO:
            if field.not_applicable and (last == NOT_APPLICABLE or (last is None and dice.random() > vigour)):
                return NOT_APPLICABLE
            return YES if last == YES or dice.random() < vigour * gone * 1.3 else NO
        if field.type is FieldType.CHOICE:
            return last or dice.choices(field.options, [3, 4, *[2] * len(field.options)][: len(field.options)])[0]
        if field.type is FieldType.CHECKLIST:
            return _tick(field, last, vigour * gone, dice)
        if field.type is FieldType.DATE:
            return period.end - timedelta(days=dice.randint(3, 50))
        if field.not_applicable and (last == NOT_APPLICABLE or (last is None and dice.random() > vigour)):
            return NOT_APPLICABLE
        return self._count(unit, field, last if isinstance(last, int) else None, period, dice, crowd)

    def _count(self, unit: Unit, field: Field, last: int | None, period: Period, dice: Random, crowd: int) -> int:
        vigour = self.vigour[unit.code]
        quantity = next((q for q in self.campaign.program.quantities if field.code in q.fields), None)
        whole = last if last is not None else self._whole(unit, field)
        if quantity and quantity.denominator == field.code:
            return whole
        if quantity and quantity.numerator == field.code:
            of = self.rows[unit.code].get(quantity.denominator or "", 10)
            share = min(1.0, vigour * elapsed(quantity.window, period.end) * 1.9 + 0.15)
            return max(last or 0, round(share * of)) if isinstance(of, int) else 0
        goal = float(quantity.target.threshold) if quantity and quantity.target else _USUAL[field.accumulation] * crowd
        window = quantity.window if quantity else self.campaign.program.window
        reach = goal * (0.5 + 1.3 * vigour) * elapsed(window, period.end) * dice.uniform(0.7, 1.6)
        rounded = int(reach) + (dice.random() < reach % 1)
        stays = field.nil_value is None and field.unit == "个"  # all there are of something
        return whole if stays else max(last or 0, rounded)

    def _whole(self, unit: Unit, field: Field) -> int:
        """What there is of something in a unit, and stays."""
        townships = isinstance(unit, County) and field.unit == "个" and field.code.endswith("-d")
        size = unit.townships if townships and isinstance(unit, County) else _UNIT_SIZE.get(field.unit, 50)
        return max(3, round(size * (0.6 + self.vigour[unit.code])))

    def _fit(self, county: County, form: Form, asked: set[str]) -> None:
        """Bend the figures of an action until every cross-field rule of the form holds."""
        row = self.rows[county.code]
        for rule in self.campaign.rules[form.code]:
            columns = [base_field(c) for c in rule.used_columns]
            if rule.type == PAIR_EQUAL and columns[0] in asked:
                row[columns[0]] = county.townships
        for rule in self.campaign.rules[form.code] * ROUNDS:
            columns = [base_field(c) for c in rule.used_columns]
            if rule.type == PAIR_GREATER and set(columns) <= asked and "." not in rule.kwargs["column_B"]:
                big, small = row[columns[0]], row[columns[1]]
                if isinstance(big, int) and isinstance(small, int) and small > big:
                    row[columns[0]] = small
            if rule.condition and set(columns) <= asked:
                _fit_condition(row, rule.type, columns[0], rule.condition.column, rule.kwargs)


def _rest(form: Form, row: Row, before: Row) -> None:
    """Where nothing was added to an item, its kinds and days stay as they were."""
    for item in form.items:
        counts = [f.code for f in item.fields if f.type is FieldType.COUNT]
        if counts and all(row.get(code) == before.get(code) for code in counts):
            asides = (f.code for f in item.fields if f.type in {FieldType.CHECKLIST, FieldType.DATE})
            row.update({code: before[code] for code in asides if before.get(code) is not None})


def _tick(field: Field, last: Value, chance: float, dice: Random) -> str:
    had = set(str(last).split("、")) if last else set()
    ticked = [o for o in field.options if o in had or dice.random() < chance * 1.4]
    return "、".join(ticked) or NONE_TICKED


def _fit_condition(row: Row, kind: str, column: str, condition: str, kwargs: Any) -> None:
    value, source = row.get(column), base_field(condition)
    if condition.endswith(".applies"):
        return
    if kind == BETWEEN and (not isinstance(value, int) or value < kwargs.get("min_value", 0)):
        row[source] = NONE_TICKED if condition.endswith(".given") else NO
    if kind == NOT_NULL and not row.get(source):
        row[column] = None
