"""减负账: what the officers were asked, by unit and period, and who reads what they typed; and what a programme will ask."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipeline.measures.burden import Burden, kind_of, minutes, together
from pipeline.office.queries import look
from pipeline.program.layout import row_name
from pipeline.program.rules import base_fields
from pipeline.workspace.campaign import load_campaign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Field, Period, Program
    from pipeline.workspace.paths import Workspace


@dataclass(frozen=True, kw_only=True)
class Account:
    """The burden of a period, and of the campaign up to it.

    Attributes:
        m: Of the period.
        readers: Column → the products that read it.
        rules: Column → the rules that look at it.
    """

    m: PeriodMeasures
    readers: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, tuple[str, ...]]

    @property
    def unread(self) -> tuple[Field, ...]:
        """The columns that no product reads."""
        return tuple(one for one in _columns(self.m.whole) if one.code not in self.readers)

    @property
    def periods(self) -> tuple[tuple[Period, Burden], ...]:
        """Each period up to this one, over all units; none where nothing is known of what went out."""
        states = zip(self.m.known_states, self.m.burdens, strict=False)
        return tuple((state.period, together(by_unit.values())) for state, by_unit in states)

    @property
    def prefectures(self) -> tuple[tuple[str, Burden], ...]:
        """Each respondent in the period, with its units."""
        mine, program = self.m.burdens[-1] if self.m.burdens else {}, self.m.program
        whose = {code: program.unit_by_code[code].prefecture_code for code in mine}
        return tuple(
            (p.short_name, together(one for code, one in mine.items() if whose[code] == p.code))
            for p in program.prefectures
        )

    @property
    def as_rows(self) -> dict[str, Any]:
        """All of it, for machines: units, respondents are theirs; None where nothing is known."""
        mine, program = self.m.burdens[-1] if self.m.burdens else {}, self.m.program
        return {
            "period": self.m.period.code,
            "campaign": self.counted(together(one for _, one in self.periods)),
            "periods": {period.code: self.counted(one) for period, one in self.periods},
            "units": [
                {"code": unit.code, "name": row_name(unit), "prefecture": unit.prefecture_code, **self.counted(one)}
                for unit, one in ((program.unit_by_code[code], one) for code, one in mine.items())
            ],
            "columns": [
                {
                    "field": one.code,
                    "title": one.title,
                    "form": one.form,
                    "readers": list(self.readers.get(one.code, ())),
                    "rules": list(self.rules.get(one.code, ())),
                }
                for one in _columns(self.m.whole)
            ],
            "unread": [one.code for one in self.unread],
        }

    def counted(self, one: Burden) -> dict[str, Any]:
        """Its counts by name; None where what went out is not known."""
        names = ("prefilled", "typed", "changed", "ticked", "explained")
        spent = one.minutes(self.m.program.burden)
        return {
            "asked": one.cells(),
            "unread": one.cells({column.code for column in self.unread}),
            "units": one.units,
            "known": one.known,
            **{name: getattr(one, name) if one.known else None for name in names},
            "again": one.again,
            "minutes": None if spent is None else round(spent, 1),
        }


def burden_of(workspace: Workspace, period_code: str | None, as_of: date) -> Account:
    """The burden of a period, the last that has ended if None; the inbox is not touched."""
    from pipeline.products.readers import readers  # noqa: PLC0415 - imports every product

    m, campaign = look(workspace, period_code, as_of), load_campaign(workspace)
    rules: dict[str, list[str]] = {}
    for rule in chain.from_iterable(campaign.rules.values()):
        for code in dict.fromkeys(chain.from_iterable(map(base_fields, rule.used_columns))):
            rules.setdefault(code, []).append(rule.id)
    return Account(
        m=m,
        readers=readers(m.whole, m.calendar, workspace.templates),
        rules={code: tuple(names) for code, names in rules.items()},
    )


def _columns(program: Program) -> list[Field]:
    """Every column that is asked."""
    return [one for form in program.forms for one in form.fields if not one.shows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the unit of a row will be asked, in words; and where that is above the budget."""

    said: str
    over: tuple[str, ...] = ()


def forecast(program: Program) -> Forecast:
    """At most: in the first period every cell, from the second on those that change by the model, and new columns whole."""
    row, effort = program.words.row, program.burden
    asked = [
        {one.code: kind_of(one) for form in program.county_forms for one in form.fields_in(period) if not one.shows}
        for period in program.periods
    ]
    first = len(asked[0])
    said = f"每{row}首期至多填{first}格"
    if effort is None:
        return Forecast(said=f"{said}；program.yaml 没有 burden，用多少时间、第二期起填多少格不估算")
    said += f"，约{minutes(Counter(asked[0].values()), effort):.0f}分钟"
    over = [("首期", first, effort.budget.first)]
    if len(asked) > 1:
        changed, share = [], effort.changing / 100
        for before, now in itertools.pairwise(asked):
            new = Counter(kind for code, kind in now.items() if code not in before)
            kept = Counter(kind for code, kind in now.items() if code in before)
            work: dict[str, float] = {kind: kept[kind] * share + new[kind] for kind in kept | new}
            changed.append((round(sum(work.values())), minutes({**work, "look": kept.total()}, effort)))
        cells, longest = max(changed)
        said += f"；第二期起带出上次的数，每期至多约填{cells}格、用{longest:.0f}分钟（按带出的格有{effort.changing:g}%要改估算）"
        over.append(("第二期起每期", cells, effort.budget.later))
    return Forecast(
        said=said,
        over=tuple(
            f"每{row}{when}要填约{cells}格，超过 program.yaml 里 burden 的 budget（{most}格）。请删去没有用处的指标（run-pipeline "
            "burden 列出），或改 budget"
            for when, cells, most in over
            if cells > most
        ),
    )
