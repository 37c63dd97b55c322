"""What officers enter in free rows: problems that are followed until they are solved, and highlights, quarter by quarter."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipeline.checks.carry import raw
from pipeline.demo.fit import Fit
from pipeline.demo.systems import dice_for
from pipeline.demo.words import THEMES, TROUBLES, Theme, Trouble, as_long_as_asked, highlight, prose
from pipeline.measures.quarters import quarters
from pipeline.program.layout import ENTRY
from pipeline.program.model import NO, YES, FieldType, FormKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from pipeline.demo.fit import Row
    from pipeline.domain.value import Raw, Value
    from pipeline.measures.quarters import Quarter
    from pipeline.program.model import County, Field, Form, Period, Prefecture, Program
    from pipeline.workspace.campaign import Campaign

    Typed = dict[str, Raw]

_SILENT = 0.12  # share of quarters a prefecture has nothing to report in
SOLVED, WITHDRAWN = 0.8, 0.85  # of problems; the rest stay open


class Lists:
    """The entries of a list sheet, as typed: those carried brought up to date, then what is new."""

    def __init__(self, campaign: Campaign) -> None:
        self.program: Program = campaign.program
        self.rules = campaign.rules
        self._fits: dict[tuple[str, str], Fit] = {}

    def entries(
        self, form: Form, prefecture: Prefecture, period: Period, carried: Sequence[Mapping[str, Raw]]
    ) -> list[Typed]:
        """Column → what is typed, entry by entry; ``carried`` stood in the sheet when it was issued."""
        kept: list[Typed] = [dict(entry) for entry in carried]
        if form.kind is FormKind.PROBLEMS:
            kept = [self._brought_on(form, period, entry) for entry in kept]
            return kept + self._new_problems(form, prefecture, period, kept)
        return kept + self._highlights(form, prefecture, period) if form.kind is FormKind.HIGHLIGHTS else kept

    # What section 三（三） asks for

    def _brought_on(self, form: Form, period: Period, entry: Typed) -> Typed:
        """Solved in these two months, withdrawn, or still under way."""
        known = (str(entry[code]) for code in sorted(entry) if entry[code] and code in form.same_by)
        dice = dice_for(form.code, *known)
        due = next((v for f in form.of_role("due_on") if isinstance(v := entry.get(f.code), date)), period.end)
        luck, ended = dice.random(), due + timedelta(days=dice.randint(-45, 40))
        if form.closing is None:
            return entry
        status = self.program.field_by_code[form.closing.field]
        under_way = [o for o in status.options if o not in form.closing.values]
        if luck < WITHDRAWN and ended <= period.end:
            entry[status.code] = form.closing.values[0 if luck < SOLVED else -1]
            first = self._first_day(period)
            for field in form.of_role("closed_on"):
                is_asked = field.required_if is None or entry.get(field.required_if[0]) == field.required_if[1]
                entry[field.code] = max(ended, first) if is_asked else None
        elif under_way:
            entry[status.code] = under_way[-1]
        return entry

    def _first_day(self, period: Period) -> date:
        return self.program.window.start if period.no == 1 else period.start

    def _new_problems(self, form: Form, prefecture: Prefecture, period: Period, kept: Sequence[Typed]) -> list[Typed]:
        """A few at first, then one now and then; none that stands there already."""
        dice = dice_for(prefecture.code, form.code, period.code)
        counties = self.program.counties_of(prefecture.code)
        wanted = dice.randint(2, 5) if period.no == 1 else dice.choices((0, 1, 2), (4, 4, 2))[0]
        known = {tuple(str(entry.get(code)) for code in form.same_by) for entry in kept}
        found: list[Typed] = []
        for trouble in dice.sample(TROUBLES, min(wanted, len(TROUBLES))):
            entry = self._problem(form, dice.choice(counties), period, trouble, dice)
            what = tuple(str(entry.get(code)) for code in form.same_by)
            if what not in known:
                found.append(entry)
        return found

    def _problem(self, form: Form, county: County, period: Period, trouble: Trouble, dice: Random) -> Typed:
        def value(field: Field) -> Value:
            if field.role == "category":
                return field.options[min(trouble.category, len(field.options) - 1)]
            if (
                field.role == "level"
            ):  # the options lead from the highest level down; the counties' own need nobody above
                return (
                    field.options[-1]
                    if trouble.category > 1
                    else dice.choice(field.options[: max(1, len(field.options) - 1)])
                )
            if field.role == "department":  # the last option is: none of them
                asked = row.get(next((f.code for f in form.of_role("level")), ""))
                is_high = asked == next((f.options[0] for f in form.of_role("level")), "")
                return trouble.department if is_high and trouble.department in field.options else field.options[-1]
            if field.role in {"problem", "measure"}:
                return as_long_as_asked(trouble.text if field.role == "problem" else trouble.measure, field)
            if field.role == "due_on":
                return period.end + timedelta(days=dice.randint(10, 150))
            if field.role == "closed_on" or field.required_if:
                return None
            if form.closing and field.code == form.closing.field:
                return next((o for o in field.options if o not in form.closing.values), field.options[0])
            return _any(field, county, period, dice)

        row: Row = {}
        for field in form.fields_in(period):
            row[field.code] = value(field)
        return self._fitted(form, period, row, county, dice)

    # What section 五（四） asks for

    def _highlights(self, form: Form, prefecture: Prefecture, period: Period) -> list[Typed]:
        """One a quarter and now and then a second; each in the return of the two months it is dated in."""
        found = []
        before = self.program.previous(period)
        for quarter in quarters(self.program.window):
            luck = dice_for(prefecture.code, form.code, str(quarter.start))
            times = 0 if luck.random() < _SILENT else luck.choices((1, 2), (7, 3))[0]
            for theme in luck.sample(THEMES, times):
                dice = dice_for(prefecture.code, form.code, str(quarter.start), theme.title)
                day = self._day_in(quarter, dice)
                if day <= period.end and (before is None or day > before.end):
                    county = dice.choice(self.program.counties_of(prefecture.code))
                    found.append(self._highlight(form, prefecture, county, period, theme, day, dice))
        return found

    def _day_in(self, quarter: Quarter, dice: Random) -> date:
        first, last = max(quarter.start, self.program.window.start), min(quarter.end, self.program.window.end)
        return first + timedelta(days=dice.randint(0, (last - first).days))

    def _highlight(
        self, form: Form, prefecture: Prefecture, county: County, period: Period, theme: Theme, day: date, dice: Random
    ) -> Typed:
        own = dice.random() < 0.2  # noqa: PLR2004 - some are the prefecture's own

        def value(field: Field) -> Value:
            if field.role == "title":
                return as_long_as_asked(theme.title, field)
            if field.role == "text":
                return as_long_as_asked(
                    highlight(dice, theme, prefecture.short_name if own else county.short_name), field
                )
            if field.role == "dated_on":
                return day
            if field.role == "county" and own:
                return None
            if field.role == "highlight_kind" and own:
                return field.options[-1]
            return None if field.required_if else _any(field, county, period, dice)

        row = {field.code: value(field) for field in form.fields_in(period)}
        return self._fitted(form, period, row, county, dice)

    def _fitted(self, form: Form, period: Period, row: Row, county: County, dice: Random) -> Typed:
        """An entry for which the rules of its sheet hold."""
        if (form.code, period.code) not in self._fits:
            asked = {f.code for f in form.fields_in(period)}
            self._fits[form.code, period.code] = Fit(self.program, self.rules[form.code], asked)
        self._fits[form.code, period.code].bend(row, {}, dice, lambda field: _any(field, county, period, dice))
        return {code: raw(value) for code, value in row.items()}


def _any(field: Field, county: County, period: Period, dice: Random) -> Value:
    """A value by type."""
    if field.type is FieldType.COUNTY:
        return county.short_name
    if field.type in {FieldType.CHOICE, FieldType.CHECKLIST}:
        return dice.choice(field.options)
    if field.type is FieldType.YESNO:
        return YES if dice.random() < 0.7 else NO  # noqa: PLR2004 - most
    if field.type is FieldType.DATE:
        return period.end - timedelta(days=dice.randint(3, 50))
    return dice.randint(1, 9) if field.type is not FieldType.TEXT else prose(dice, field, county.short_name)


def numbered_entries(
    form: Form, keys: Sequence[str], entries: Mapping[tuple[str, str, str], Raw]
) -> list[dict[str, Raw]]:
    """The entries of a list that stand in an issued workbook, their numbers with them."""
    columns = (ENTRY, *(f.code for f in form.fields))
    found = [
        {code: entries[form.code, key, code] for code in columns if (form.code, key, code) in entries} for key in keys
    ]
    return [entry for entry in found if entry]
