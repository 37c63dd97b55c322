"""What is typed on the sheets after the actions, by what a column means and holds, never by its code.

Whatever has a day (a step taken, a visit, money that comes) is planned once per unit from dice of its own, so that a
return that never arrived leaves no gap: the next one reports what had happened by then.
"""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from pipeline.demo.words import STEMS, prose
from pipeline.measures.funding import required_ratio
from pipeline.measures.progress import elapsed
from pipeline.program.model import NO, NOT_APPLICABLE, YES, Accumulation, FieldType, FormKind, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from random import Random
    from types import EllipsisType

    from pipeline.demo.fit import Fit, Number, Row
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form, FundingLine, Period, Program, Unit

_CENT = Decimal("0.01")
MISSED, LATE = 0.03, 0.2  # shares of steps never taken, and of those taken late, where vigour is full
_MONEY = frozenset({FormKind.FUNDING, FormKind.SOCIAL_WORKERS})
_PASSED_ON = 0.6  # of what prefectures receive
_COUNTIES_A_LEADER = 2  # 正文三（一）: 分别联系本地1—2个
_TOTAL = "总"  # of people: all there are in a county


def dice_for(*what: str) -> Random:
    """Dice that fall the same way for the same thing in every play."""
    return random.Random("|".join(what))  # noqa: S311 - invented figures


def _wan(amount: float | Decimal) -> Decimal:
    """万元 with two decimals, rounded down."""
    return Decimal(str(amount)).quantize(_CENT, rounding=ROUND_DOWN)


class SystemFigures:
    """One value after another; the row so far is looked at, never changed."""

    def __init__(self, program: Program, vigour: Mapping[str, float]) -> None:
        self.program = program
        self.vigour = vigour

    def next(
        self,
        form: Form,
        field: Field,
        unit: Unit,
        period: Period,
        row: Row,
        given: Mapping[str, Value],
        fit: Fit,
        done: Collection[str],
    ) -> Value | EllipsisType:
        """What stands in a column now; ``...`` where the figures of any sheet grow alike.

        Args:
            form: The sheet.
            field: The column.
            unit: Whose row.
            period: The two months.
            row: All sheets of the unit so far.
            given: What stood in the row when the workbook was issued.
            fit: The rules.
            done: The fields already advanced.
        """
        last = row.get(field.code)
        if field.required_if and (last is not None or row.get(field.required_if[0]) != field.required_if[1]):
            return last if row.get(field.required_if[0]) == field.required_if[1] else None
        if form.kind in _MONEY and field.type in {FieldType.AMOUNT, FieldType.COUNT}:
            return self.limited(field, self._money(form, field, unit, period, row, fit), last, row, fit, done)
        stands = given.get(field.code) if last is None else last
        if stands is not None and (form.kind is FormKind.SURVEY or field.role in {"contact", "contact_level"}):
            return stands
        roles: dict[str, Callable[[Form, Field, Unit, Period, Row], Value]] = {
            "done": self._done,
            "done_on": self._done_on,
            "contact": self._contact,
            "contact_level": self._level,
            "visits": self._visits,
            "visited_on": self._visited_on,
            "report": self._report,
            "report_on": self._report_on,
        }
        if field.role in roles:
            return roles[field.role](form, field, unit, period, row)
        if not field.required and field.required_if is None:
            return self._voluntary(form, field, unit, period, row)
        return self.plain(field, unit, period, row, fit) if form.kind is FormKind.SURVEY else ...

    def limited(self, field: Field, value: Value, last: Value, row: Row, fit: Fit, done: Collection[str]) -> Value:
        """A number held within what the rules allow, never below the last one where it is cumulative."""
        if not isinstance(value, (int, Decimal)):
            return value
        least = last if isinstance(last, (int, Decimal)) else 0
        if fit.held(row, field.code, done):
            return least
        ceiling = fit.ceiling(row, field.code, done)
        bounded = value if ceiling is None else min(value, ceiling)
        bounded = max(bounded, least) if field.accumulation is Accumulation.CUMULATIVE else bounded
        return _wan(bounded) if field.type is FieldType.AMOUNT else int(bounded)

    def plain(self, field: Field, unit: Unit, period: Period, row: Row, fit: Fit | None) -> Value:
        """A first value by type alone: for a survey, and where a rule asks for something."""
        dice = dice_for(unit.code, field.code)
        if field.not_applicable and dice.random() > self.vigour[unit.code]:
            return NOT_APPLICABLE
        if field.type in {FieldType.COUNT, FieldType.AMOUNT}:
            return self._size(field, row, dice, None if fit is None else fit.ceiling(row, field.code))
        if field.type is FieldType.YESNO:
            return YES if dice.random() < self.vigour[unit.code] else NO
        if field.type is FieldType.CHOICE:
            return dice.choices(field.options, [8, *[1] * (len(field.options) - 1)])[0]
        if field.type is FieldType.CHECKLIST:
            return dice.choice(field.options)
        if field.type is FieldType.DATE:
            return self._within(period, dice)
        return unit.short_name if field.type is FieldType.COUNTY else prose(dice, field, unit.short_name)

    def _size(self, field: Field, row: Row, dice: Random, ceiling: Number | None) -> Number:
        """A stock of something: a share of its whole where the rules know one, else of the size of its neighbours."""
        beside = [
            v for f in self._item(field) if f.type is field.type and isinstance(v := row.get(f.code), (int, Decimal))
        ]
        whole = ceiling if ceiling is not None and ceiling < self._largest(field) else None
        if whole is not None:
            found = float(whole) * dice.uniform(0.3, 0.8)
        elif field.unit == "%":
            found = dice.uniform(40, 70)
        elif field.type is FieldType.AMOUNT:
            found = float(beside[0]) * dice.uniform(0.6, 0.98) if beside else math.exp(dice.uniform(2, 6))
        elif field.unit == "人" and _TOTAL in field.title:
            found = dice.uniform(600, 6000)
        else:
            found = math.exp(dice.uniform(0.5, 3.2))
        return _wan(found) if field.type is FieldType.AMOUNT else int(found)

    def _item(self, field: Field) -> tuple[Field, ...]:
        return next(i.fields for i in self.program.form_by_code[field.form].items if i.no == field.item)

    @staticmethod
    def _largest(field: Field) -> int:
        """Where a limit is only that of the column, not of a whole it is part of."""
        return field.max or 1_000_000

    def _voluntary(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:
        """What need not be filled mostly is not; a rule may ask for it yet."""
        if field.type is not FieldType.TEXT:
            return row.get(field.code)
        if form.confirm and row.get(field.code):
            return row[field.code]  # it stands in the cell
        at_once = form.carry and not form.confirm
        often = 0.5 if at_once else 0.25
        dice = dice_for(unit.code, field.code, "" if at_once else period.code)
        return prose(dice, field, unit.short_name) if dice.random() < often else None

    # What section 四 asks for

    def _taken_on(self, form: Form, field: Field, unit: Unit) -> date | None:
        """The day a step is taken: most in time, some late, some never."""
        window = self.program.window
        due = next((m.due for m in self.program.milestones if m.code == field.serves and m.due), window.end)
        first = max(window.start, field.counts_from or window.start)
        due = max(first, min(due, window.end))
        dice = dice_for(unit.code, form.code, field.serves, "step")
        luck, slack = dice.random(), 2 - self.vigour[unit.code]
        if luck < MISSED * slack:
            return None
        if luck < (MISSED + LATE) * slack:
            return due + timedelta(days=dice.randint(2, 75))
        return due - timedelta(days=int((due - first).days * dice.random() ** 2))

    def _done(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:
        taken = self._taken_on(form, field, unit)
        return YES if row.get(field.code) == YES or (taken is not None and taken <= period.end) else NO

    def _done_on(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:  # noqa: ARG002
        """The day it was taken; where something held it back, a day of these two months."""
        before = self.program.previous(period)
        taken = self._taken_on(form, next(iter(form.of_role("done", field.serves)), field), unit)
        if taken and taken <= period.end and (before is None or taken > before.end):
            return taken
        return self._within(period, dice_for(unit.code, field.code, period.code))

    @staticmethod
    def _within(period: Period, dice: Random) -> date:
        return period.end - timedelta(days=dice.randint(3, 50))

    # What section 三（一）（二） asks for

    def _contact(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:  # noqa: ARG002
        """A head of the prefecture's institution, called by a cyclical sign: nobody's name."""
        counties = self.program.counties_of(unit.prefecture_code)
        left = [c.code for c in counties if not self.program.contacts_of(c.code, period.end)]
        number = (left.index(unit.code) if unit.code in left else 0) // _COUNTIES_A_LEADER
        sign = STEMS[number] if number < len(STEMS) else f"{STEMS[number % len(STEMS)]}之{number // len(STEMS)}"
        return f"{self.program.words.head}{sign}"

    def _level(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:  # noqa: ARG002
        """The highest of those that contact the county; the lowest where it is the prefecture's own leaders."""
        levels = {c.level for c in self.program.contacts_of(unit.code, period.end)}
        return next((option for option in field.options if option in levels), field.options[-1])

    def _visit_days(self, unit: Unit) -> list[date]:
        dice, window = dice_for(unit.code, "visits"), self.program.window
        times = dice.choices((0, 1, 2, 3), (10, 45, 30, 15))[0]
        days = (window.end - window.start).days
        return sorted(window.start + timedelta(days=dice.randint(min(30, days), days)) for _ in range(times))

    def _visits(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:  # noqa: ARG002
        return sum(day <= period.end for day in self._visit_days(unit))

    def _visited_on(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:  # noqa: ARG002
        return max((day for day in self._visit_days(unit) if day <= period.end), default=None)

    def _handed_in(self, unit: Unit) -> date | None:
        dice, days = dice_for(unit.code, "report"), self._visit_days(unit)
        return days[0] + timedelta(days=dice.randint(12, 75)) if days and dice.random() < 0.85 else None  # noqa: PLR2004

    def _report(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:  # noqa: ARG002
        day = self._handed_in(unit)
        return YES if day is not None and day <= period.end else NO

    def _report_on(self, form: Form, field: Field, unit: Unit, period: Period, row: Row) -> Value:  # noqa: ARG002
        return self._handed_in(unit)

    # What attachment 1 pays for

    def _money(self, form: Form, field: Field, unit: Unit, period: Period, row: Row, fit: Fit) -> Number:
        line = next((x for x in self.program.funding if x.code == field.serves), None)
        gone = elapsed(self.program.window, period.end)
        dice = dice_for(unit.code, form.code, field.serves)
        arrives = sorted((dice.uniform(0.08, 0.4), dice.uniform(0.4, 0.9)))
        last = row.get(field.code)
        if field.type is FieldType.COUNT:
            return self._units(field, row, dice)
        if field.role in {"received_first", "received_second"}:
            instalment = float(line.per_unit_wan or 0) / (line.instalments or 1) if line else 0
            due = 0.5 + arrives[1] / 2 if field.role == "received_second" else 0.2 + arrives[0]  # one each half-year
            return _wan(instalment * float(self._paid_for(form, field, row))) if gone >= due else 0
        if field.role == "received":
            asked = [f.code for f in form.of_role("received", field.serves)]
            total = self._planned(form, line, unit, row) if line else 0.0
            if len(asked) > 1:
                return _wan(total / len(asked)) if gone >= arrives[min(asked.index(field.code), 1)] else 0
            return _wan(total * sum(share for share, day in zip((0.6, 0.4), arrives, strict=True) if gone >= day))
        if field.role == "matched":
            wanted = float(required_ratio(line) or 1) if line else 1.0
            lags = form.rows is Rows.COUNTY and dice.random() < 0.2 and gone < 0.9  # noqa: PLR2004 - some, till the end
            return _wan(wanted * float(self._received(form, field, row)) / (2 if lags else 1))
        limit = fit.ceiling(row, field.code)
        whole = float(self._received(form, field, row) if limit is None else limit)
        if form.rows is Rows.PREFECTURE:
            whole *= 1 - _PASSED_ON
        pace = min(1.0, gone * (0.4 + 0.6 * self.vigour[unit.code]) * dice.uniform(0.8, 1.1))
        return max(_wan(whole * pace), last if isinstance(last, Decimal) else Decimal(0))

    def _units(self, field: Field, row: Row, dice: Random) -> int:
        """Federations paid for: few a county; heads: some in every county."""
        last = row.get(field.code)
        most = dice.randint(2, 8) if field.role == "heads" else dice.choices((0, 1, 2), (45, 45, 10))[0]
        return max(most, last) if isinstance(last, int) else most

    def _paid_for(self, form: Form, field: Field, row: Row) -> Number:
        counts = [row.get(f.code) for role in ("heads", "units") for f in form.of_role(role, field.serves)]
        return sum((v for v in counts if isinstance(v, (int, Decimal))), Decimal(0))

    @staticmethod
    def _received(form: Form, field: Field, row: Row) -> Number:
        amounts = [row.get(f.code) for f in form.of_role("received", field.serves)]
        return sum((v for v in amounts if isinstance(v, (int, Decimal))), Decimal(0))

    def _planned(self, form: Form, line: FundingLine, unit: Unit, row: Row) -> float:
        """What a unit gets of a line: so much for each it pays for, else its share of the whole.

        Of a line that prefectures receive too, counties are passed on part.
        """
        per_unit, amount = float(line.per_unit_wan or 0), float(line.amount_wan or 0)
        units = form.of_role("units", line.code)
        if per_unit:
            return per_unit * (float(sum(v for f in units if isinstance(v := row.get(f.code), int))) if units else 1.0)
        share = amount / max(len(self.program.counties), 1) * dice_for(unit.code, line.code, "share").uniform(0.8, 1.0)
        if form.rows is Rows.PREFECTURE:
            return share * len(self.program.counties_of(unit.code))
        others = (f for f in self.program.forms_of_kind(form.kind) if f.rows is Rows.PREFECTURE)
        return share * (_PASSED_ON if any(f.of_role("received", line.code) for f in others) else 1.0)
