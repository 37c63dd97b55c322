"""Money by funding line (附件1第三栏), in 万元: planned, received, matched, spent, and how far each figure covers.

Counties' rows and the prefectures' own are kept apart, since what a prefecture passes on would be counted twice if they
were added. :class:`_PlaceFunding` says how they are read together.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.measures.contradictions import Tension, tensions
from pipeline.measures.figures import PROVINCE, Rate, Sum, add, asked, number, rate, roster_of, total
from pipeline.program.model import FormKind, Rows

if TYPE_CHECKING:
    from pipeline.measures.figures import Values
    from pipeline.program.model import FundingLine, Period, Program

ROLES_OF = {
    "received": ("received", "received_first", "received_second"),
    "matched": ("matched",),
    "spent": ("spent",),
    "units": ("units", "heads"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What one level gave of one line: sums over the units that gave them; nobody is asked where the roster is 0.

    Attributes:
        units: Units paid for: federations, heads.
    """

    received: Sum
    matched: Sum
    spent: Sum
    units: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlaceFunding:
    """One line in one prefecture, or in the province (``prefecture_code`` empty).

    Attributes:
        counties: Over the county rows.
        own: Over the prefecture's own row; for the province, over all of them.
        arrived: What came from above: the prefecture's own row where that is asked, which holds what it passes on too;
            else the county rows.
        matched: What was added, by the same rule.
        spent: County rows and the prefecture's own together: each says only what it spent itself.
        county_execution: Spent ÷ (received + matched), over the counties that gave all that is asked of the three.
        execution: Spent ÷ (arrived + matched). Where the prefecture's own row is asked, over the prefectures whose own row
            and every county's gave all of it; else the counties'.
        due_wan: Units × what the line pays for one; None for a line that pays no units or nobody is asked for them.
    """

    prefecture_code: str
    counties: Amounts
    own: Amounts
    arrived: Sum
    matched: Sum
    spent: Sum
    county_execution: Rate
    execution: Rate
    due_wan: Sum | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A prefecture's own money against what it received; ``met`` is None unless both were given."""

    prefecture_code: str
    received_wan: Decimal | None
    matched_wan: Decimal | None
    required_wan: Decimal | None
    met: bool | None

    @property
    def ratio(self) -> Decimal | None:
        """Matched ÷ received; None when either is unknown or nothing was received."""
        return None if self.matched_wan is None or not self.received_wan else self.matched_wan / self.received_wan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cap:
    """Units reported against the most the line pays for; ``within`` is None when nobody gave any."""

    units: Sum
    most: int
    due_wan: Sum

    @property
    def within(self) -> bool | None:
        """Whether the units fit."""
        return None if self.units.amount is None else self.units.amount <= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFunding:
    """One line.

    Attributes:
        budget_wan: The plan; for a line that pays a head without a plan, heads × the sum a head, with its coverage.
        matches: Per prefecture, for a line to be matched; else empty.
        cap: For a line with a limit of units of which some sheet asks; else None.
    """

    line: FundingLine
    budget_wan: Sum
    prefectures: tuple[_PlaceFunding, ...]
    province: _PlaceFunding
    matches: tuple[Match, ...]
    cap: _Cap | None

    @property
    def arrived(self) -> Sum:
        """What came from the province, over the whole of it."""
        return self.province.arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingFigures:
    """All lines.

    Attributes:
        planned_wan: Sum of the lines' amounts; lines without one are not in it. None without any amount.
        planned_with_match_wan: The same with what prefectures are to add.
    """

    lines: tuple[LineFunding, ...]
    planned_wan: Decimal | None
    planned_with_match_wan: Decimal | None
    tensions: tuple[Tension, ...]


def funding_figures(program: Program, period: Period, values: Values) -> FundingFigures:
    """Every funding line of the campaign, those nobody is asked about too.

    Args:
        program: The campaign.
        period: Where we are; what it does not ask about has a roster of 0.
        values: Unit code → field → value, of reported units only: counties, and prefectures for their own rows.
    """
    planned = [line.amount_wan for line in program.funding]
    added = [
        None if line.amount_wan is None else line.amount_wan * (required_ratio(line) or 0) for line in program.funding
    ]
    return FundingFigures(
        lines=tuple(_line(program, period, line, values) for line in program.funding),
        planned_wan=add(planned),
        planned_with_match_wan=add((*planned, *added)),
        tensions=tensions(program),
    )


def required_ratio(line: FundingLine) -> Decimal | None:
    """``1:1`` → 1: what is to be added for each 万元 received; None for a line without."""
    if not line.match_ratio:
        return None
    added, _, received = line.match_ratio.replace("：", ":").partition(":")
    return Decimal(added) / Decimal(received or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gave:
    """One unit's figures of one line, by role; None where it gave none."""

    prefecture_code: str
    received: Decimal | None
    matched: Decimal | None
    spent: Decimal | None
    units: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """All units of one level on one line, and which roles they are asked for."""

    gave: tuple[_Gave, ...]
    asked: frozenset[str]

    def within(self, prefecture_code: str) -> _Level:
        """Those of one prefecture; all of them for the province."""
        mine = tuple(g for g in self.gave if prefecture_code in {PROVINCE, g.prefecture_code})
        return _Level(gave=mine, asked=self.asked)

    @property
    def amounts(self) -> Amounts:
        """Their sums."""
        return Amounts(
            received=total([g.received for g in self.gave], asked="received" in self.asked),
            matched=total([g.matched for g in self.gave], asked="matched" in self.asked),
            spent=total([g.spent for g in self.gave], asked="spent" in self.asked),
            units=total([g.units for g in self.gave], asked="units" in self.asked),
        )

    def have(self, gave: _Gave) -> Decimal | None:
        """What a unit received and was added; None unless it gave all that is asked of the two."""
        parts = [getattr(gave, role) for role in ("received", "matched") if role in self.asked]
        return None if not parts or None in parts else sum(parts, Decimal(0))


def _line(program: Program, period: Period, line: FundingLine, values: Values) -> LineFunding:
    counties, own = (_level(program, period, line, values, rows) for rows in (Rows.COUNTY, Rows.PREFECTURE))
    prefectures = tuple(_place(line, counties.within(p.code), own.within(p.code), p.code) for p in program.prefectures)
    province = _place(line, counties, own, PROVINCE)
    budget = Sum(amount=line.amount_wan, reported=0, roster=0) if line.amount_wan is not None else province.due_wan
    cap = None
    if province.due_wan is not None and line.units is not None:
        units = _both(province.counties.units, province.own.units)
        cap = _Cap(units=units, most=line.units, due_wan=province.due_wan)
    return LineFunding(
        line=line,
        budget_wan=budget or Sum(amount=None, reported=0, roster=0),
        prefectures=prefectures,
        province=province,
        matches=tuple(_match(line, prefecture) for prefecture in prefectures) if line.match_ratio else (),
        cap=cap,
    )


def _level(program: Program, period: Period, line: FundingLine, values: Values, rows: Rows) -> _Level:
    """A unit's figure of a role is the sum of its columns of the role, instalments of it say; blank ones are left out."""
    kinds = (FormKind.FUNDING, FormKind.SOCIAL_WORKERS)
    forms = [form for kind in kinds for form in program.forms_of_kind(kind) if form.rows is rows]
    codes = {
        name: [field.code for form in forms for role in roles for field in asked(form, period, role, line.code)]
        for name, roles in ROLES_OF.items()
    }
    gave = []
    for unit in roster_of(program, forms[0]) if forms else ():
        given = values.get(unit.code, {})
        figures = {name: add(number(given.get(code)) for code in columns) for name, columns in codes.items()}
        gave.append(_Gave(prefecture_code=unit.prefecture_code, **figures))
    return _Level(gave=tuple(gave), asked=frozenset(name for name, columns in codes.items() if columns))


def _place(line: FundingLine, counties: _Level, own: _Level, prefecture_code: str) -> _PlaceFunding:
    county_sums, own_sums = counties.amounts, own.amounts
    units = _both(county_sums.units, own_sums.units)
    due = None if units.amount is None or line.per_unit_wan is None else units.amount * line.per_unit_wan
    county_execution = rate([(g.spent, counties.have(g)) for g in counties.gave], asked=_judges(counties))
    return _PlaceFunding(
        prefecture_code=prefecture_code,
        counties=county_sums,
        own=own_sums,
        arrived=own_sums.received if "received" in own.asked else county_sums.received,
        matched=own_sums.matched if "matched" in own.asked else county_sums.matched,
        spent=_both(county_sums.spent, own_sums.spent),
        county_execution=county_execution,
        execution=rate([_whole(counties, own, g) for g in own.gave]) if _judges(own) else county_execution,
        due_wan=Sum(amount=due, reported=units.reported, roster=units.roster)
        if line.per_unit_wan and units.roster
        else None,
    )


def _judges(level: _Level) -> bool:
    """Whether spending can be set against money at a level."""
    return "spent" in level.asked and bool(level.asked & {"received", "matched"})


def _whole(counties: _Level, own: _Level, gave: _Gave) -> tuple[Decimal | None, Decimal | None]:
    """What a prefecture and its counties spent, and what arrived; None where any of it was not given."""
    spent = [gave.spent, *(g.spent for g in counties.within(gave.prefecture_code).gave if "spent" in counties.asked)]
    return None if None in spent else add(spent), own.have(gave)


def _both(one: Sum, other: Sum) -> Sum:
    return Sum(
        amount=add((one.amount, other.amount)), reported=one.reported + other.reported, roster=one.roster + other.roster
    )


def _match(line: FundingLine, place: _PlaceFunding) -> Match:
    """From the prefecture's own row where it is asked there, else from its counties'."""
    level = place.own if place.own.matched.roster else place.counties
    ratio, received, matched = required_ratio(line), level.received.amount, level.matched.amount
    required = None if ratio is None or received is None else received * ratio
    return Match(
        prefecture_code=place.prefecture_code,
        received_wan=received,
        matched_wan=matched,
        required_wan=required,
        met=None if required is None or matched is None else matched >= required,
    )
