"""What the other measures are made of: sums, shares and rates that carry how many gave them. Nothing missing is zero."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from pipeline.program.model import NO, YES, Rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.program.model import County, Field, Form, FormKind, Period, Program, Unit

    Given = Mapping[str, Value]
    Values = Mapping[str, Given]

PROVINCE = ""  # stands where a prefecture's code would for what is summed over all of them


class ListEntry(Protocol):
    """An entry of a list that stands in one period; ``number`` is the same in every period that carries it."""

    @property
    def form(self) -> str:
        """Code of the list's form."""

    @property
    def period(self) -> str:
        """Code of the period whose list it stands in."""

    @property
    def prefecture_code(self) -> str:
        """Whose list it is."""

    @property
    def number(self) -> str:
        """Its stable number within the prefecture."""

    @property
    def seq(self) -> int:
        """Ledger number of the submission it was read from."""

    @property
    def values(self) -> Given:
        """Field code → value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many reported, of how many; a roster of 0 is a figure nobody is asked for."""

    reported: int
    roster: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum over the ``reported`` units of the ``roster`` that gave a figure; None when none did."""

    amount: Decimal | None
    reported: int
    roster: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``met`` of the ``reported`` units that gave an answer that applies, of a ``roster``."""

    met: int
    reported: int
    roster: int

    @property
    def pct(self) -> float | None:
        """Per cent of those that answered, 0–100; None when nobody did."""
        return 100 * self.met / self.reported if self.reported else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Two sums over the same units: those ``reported`` that gave every part of both."""

    numerator: Decimal | None
    denominator: Decimal | None
    reported: int
    roster: int

    @property
    def pct(self) -> float | None:
        """Per cent; None when nobody gave both or the denominator is nil."""
        if self.numerator is None or not self.denominator:
            return None
        return float(100 * self.numerator / self.denominator)


def number(value: Value) -> Decimal | None:
    """A count or an amount; None for blanks and words."""
    return Decimal(value) if isinstance(value, int | Decimal) else None


def yes(value: Value) -> bool | None:
    """是 or 否; None for blanks, 不适用 and anything else."""
    return {YES: True, NO: False}.get(value) if isinstance(value, str) else None


def text(value: Value) -> str:
    """Words as they stand; nothing for a blank."""
    return "" if value is None else str(value).strip()


def day(value: Value) -> date | None:
    """A date; None for anything else."""
    return None if value is None or isinstance(value, int | str | Decimal) else value


def total(figures: Sequence[Decimal | None], *, asked: bool = True) -> Sum:
    """Sum of one figure per unit of the roster; nobody is in the roster of what is not asked."""
    known = [figure for figure in figures if figure is not None]
    return Sum(amount=sum(known, Decimal(0)) if known else None, reported=len(known), roster=len(figures) * asked)


def share(answers: Sequence[bool | None], *, asked: bool = True) -> Share:
    """Share of yes over one answer per unit of the roster; None is no answer."""
    known = [answer for answer in answers if answer is not None]
    return Share(met=sum(known), reported=len(known), roster=len(answers) * asked)


def rate(pairs: Sequence[tuple[Decimal | None, Decimal | None]], *, asked: bool = True) -> Rate:
    """Σ of the first ÷ Σ of the second, over the units that gave both."""
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    return Rate(
        numerator=sum((a for a, _ in known), Decimal(0)) if known else None,
        denominator=sum((b for _, b in known), Decimal(0)) if known else None,
        reported=len(known),
        roster=len(pairs) * asked,
    )


def add(figures: Iterable[Decimal | None]) -> Decimal | None:
    """Sum of what is known; None when nothing is."""
    known = [figure for figure in figures if figure is not None]
    return sum(known, Decimal(0)) if known else None


def roster_of(program: Program, form: Form) -> tuple[Unit, ...]:
    """Everyone with a row on a roster sheet, in code order of the programme; nobody has one on a list."""
    if form.rows is Rows.COUNTY:
        return program.counties
    return program.prefectures if form.rows is Rows.PREFECTURE else ()


def asked(form: Form, period: Period, role: str, serves: str = "") -> tuple[Field, ...]:
    """The columns of a role that a period asks; those counted from a later day are not yet."""
    there = form.fields_in(period)
    return tuple(field for field in form.of_role(role, serves) if field in there)


def role_of(form: Form, role: str) -> Field | None:
    """The first column of a role, if the form has one."""
    return next(iter(form.of_role(role)), None)


def by_role(form: Form, role: str, given: Given) -> Value:
    """What stands in the first column of a role; None when blank or when the form has none."""
    found = role_of(form, role)
    return given.get(found.code) if found else None


def histories(
    program: Program, entries: Iterable[ListEntry], kind: FormKind, through: Period
) -> tuple[tuple[Form, tuple[ListEntry, ...]], ...]:
    """Entries of the lists of a kind up to a period, those with one number together, oldest first.

    Order is that of first appearance. An entry without a number stands for itself.
    """
    forms = {form.code: form for form in program.forms_of_kind(kind)}
    found: dict[tuple[str, ...], list[ListEntry]] = {}
    standing = (e for e in entries if e.form in forms and program.period_by_code[e.period].no <= through.no)
    for place, entry in enumerate(sorted(standing, key=lambda e: program.period_by_code[e.period].no)):
        key = (entry.form, entry.prefecture_code, entry.number) if entry.number else (str(place),)
        found.setdefault(key, []).append(entry)
    return tuple((forms[every[0].form], tuple(every)) for every in found.values())


def county_of(program: Program, entry: ListEntry, value: Value) -> County | None:
    """The county an entry is about, by code or by any of its names, or what it has become; None for the prefecture itself."""
    written, whose = text(value), entry.prefecture_code
    mine = (*program.counties_of(whose), *(c for c in program.other_counties if c.prefecture_code == whose))
    meant = next((c for c in mine if written and (written == c.code or written in c.names)), None)
    while meant and meant.code not in program.standing_by_code:
        meant = program.county_by_code.get(meant.successor)
    return program.standing_by_code[meant.code] if meant and meant.prefecture_code == whose else None


def reporters(program: Program, reported: Collection[tuple[str, str]], through: Period) -> set[str]:
    """Prefectures of which a list of any period up to ``through`` stands; ``reported`` holds (period, prefecture)."""
    periods = {p.code for p in program.periods_through(through)}
    return {who for code, who in reported if code in periods}


def list_coverage(program: Program, reported: Collection[tuple[str, str]], period: Period) -> Coverage:
    """Prefectures whose list of one period stands, of all of them."""
    there = sum((period.code, p.code) in reported for p in program.prefectures)
    return Coverage(reported=there, roster=len(program.prefectures))
