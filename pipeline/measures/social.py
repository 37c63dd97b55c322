"""Social workers of the unions (第26项): heads, the subsidy due for them, what came of it, what is still owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.measures.figures import PROVINCE, asked, number, role_of, roster_of, total
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from pipeline.measures.figures import Given, Sum, Values
    from pipeline.program.model import Form, FundingLine, Period, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class _SocialUnit:
    """One unit's; amounts in 万元, None where a figure it rests on was not given.

    Attributes:
        due_wan: Heads × the subsidy a head, for the year.
        due_half_wan: One instalment of it, instalments being equal.
    """

    unit_code: str
    prefecture_code: str
    heads: Decimal | None
    due_wan: Decimal | None
    due_half_wan: Decimal | None
    received_first_wan: Decimal | None
    received_second_wan: Decimal | None

    @property
    def gap_first_wan(self) -> Decimal | None:
        """What is missing of the first instalment."""
        return _less(self.due_half_wan, self.received_first_wan)

    @property
    def gap_second_wan(self) -> Decimal | None:
        """What is missing of the second instalment."""
        return _less(self.due_half_wan, self.received_second_wan)

    @property
    def gap_wan(self) -> Decimal | None:
        """What is missing of the year; None until both instalments were given, be it as 0."""
        return _less(_less(self.due_wan, self.received_first_wan), self.received_second_wan)


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialTotal:
    """Sums over a prefecture's units, or the province's (``prefecture_code`` empty); each over those that gave it."""

    prefecture_code: str
    heads: Sum
    due_wan: Sum
    due_half_wan: Sum
    received_first_wan: Sum
    received_second_wan: Sum
    gap_first_wan: Sum
    gap_second_wan: Sum
    gap_wan: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialFigures:
    """The whole sheet; ``line`` is None where no funding line pays a head, and then nothing is due."""

    line: FundingLine | None
    units: tuple[_SocialUnit, ...]
    prefectures: tuple[SocialTotal, ...]
    province: SocialTotal


def social_figures(program: Program, period: Period, values: Values) -> SocialFigures | None:
    """Heads and subsidies; None for a campaign without such a sheet.

    Args:
        program: The campaign.
        period: Where we are; an instalment it does not ask about has a roster of 0.
        values: Unit code → field → value, of reported units only.
    """
    form = next((f for f in program.forms_of_kind(FormKind.SOCIAL_WORKERS) if f.of_role("heads")), None)
    if form is None:
        return None
    serves = form.of_role("heads")[0].serves
    line = next((line for line in program.funding if serves and line.code == serves), None)
    units = tuple(
        _unit(form, line, unit.code, unit.prefecture_code, values.get(unit.code, {}))
        for unit in roster_of(program, form)
    )
    there = tuple(bool(asked(form, period, role)) for role in ("received_first", "received_second"))
    return SocialFigures(
        line=line,
        units=units,
        province=_total(PROVINCE, units, *there),
        prefectures=tuple(
            _total(p.code, [u for u in units if u.prefecture_code == p.code], *there) for p in program.prefectures
        ),
    )


def _unit(form: Form, line: FundingLine | None, code: str, prefecture_code: str, given: Given) -> _SocialUnit:
    def figure(role: str) -> Decimal | None:
        column = role_of(form, role)
        return number(given.get(column.code)) if column else None

    heads = figure("heads")
    a_head = line.per_unit_wan if line else None
    due = None if heads is None or a_head is None else heads * a_head
    half = due / line.instalments if line and line.instalments and due is not None else None
    return _SocialUnit(
        unit_code=code,
        prefecture_code=prefecture_code,
        heads=heads,
        due_wan=due,
        due_half_wan=half,
        received_first_wan=figure("received_first"),
        received_second_wan=figure("received_second"),
    )


def _total(prefecture_code: str, units: Sequence[_SocialUnit], ask_first: bool, ask_second: bool) -> SocialTotal:
    return SocialTotal(
        prefecture_code=prefecture_code,
        heads=total([u.heads for u in units]),
        due_wan=total([u.due_wan for u in units]),
        due_half_wan=total([u.due_half_wan for u in units]),
        received_first_wan=total([u.received_first_wan for u in units], asked=ask_first),
        received_second_wan=total([u.received_second_wan for u in units], asked=ask_second),
        gap_first_wan=total([u.gap_first_wan for u in units], asked=ask_first),
        gap_second_wan=total([u.gap_second_wan for u in units], asked=ask_second),
        gap_wan=total([u.gap_wan for u in units], asked=ask_first and ask_second),
    )


def _less(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other
