"""Whoever reports, whoever is reported on, and whoever is above them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pipeline.domain.period import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A county union; ``code`` is GB/T 2260.

    Attributes:
        valid_from: The first day it is called so; None for the name it bore from the start.
        valid_until: The last day it is called so; None for the name that holds.
        successor: Code of the county it became, or became part of, on the day after its last.
        spells: Where it was renamed, the county under each of its names, the earliest first.
    """

    code: str
    name: str
    short_name: str
    prefecture_code: str
    aliases: tuple[str, ...]
    townships: int
    tile_row: int
    tile_col: int
    valid_from: date | None = None
    valid_until: date | None = None
    successor: str = ""
    spells: tuple[County, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it may be written by, of whatever time."""
        own = (self.name, self.short_name, *self.aliases)
        return tuple(dict.fromkeys((*own, *(name for spell in self.spells for name in spell.names))))

    @property
    def starts(self) -> date | None:
        """The first day there is such a county; None where it was there from the start."""
        return self.spells[0].valid_from if self.spells else self.valid_from

    @property
    def ends(self) -> date | None:
        """The last day there is; None where there is no last."""
        return self.spells[-1].valid_until if self.spells else self.valid_until

    def stands_on(self, day: date) -> bool:
        """Whether there is such a county on a day."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)

    def at(self, period: Period) -> County:
        """The county as it is called on the last day of ``period``."""
        then = (spell for spell in self.spells if spell.valid_until is None or period.end <= spell.valid_until)
        return replace(next(then), spells=self.spells) if self.spells and self.stands_on(period.end) else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A unit above the respondents, of whatever level: it reports nothing and has what those below it report.

    Attributes:
        level: One of :attr:`Program.levels`, neither the whole nor the respondents'.
        parent_code: The region it belongs to; empty for the whole.
    """

    code: str
    name: str
    short_name: str
    level: str
    parent_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefecture:
    """A prefecture union: the respondent that returns a workbook; of another program, a union of another level.

    Attributes:
        parent_code: The region it belongs to; empty for the whole. Not in what a workbook is made from.
        alone: It reports on itself only, the program has no units below it: then its row bears its name as it is.
        valid_until: The last day it is called so; None for the name that holds.
        spells: Where it was renamed, the prefecture under each of its names, the earliest first.
    """

    code: str
    name: str
    short_name: str
    parent_code: str = field(default="", repr=False)
    alone: bool = field(default=False, repr=False)
    valid_until: date | None = field(default=None, repr=False)
    spells: tuple[Prefecture, ...] = field(default=(), repr=False)

    def __getstate__(self) -> tuple[object, ...]:
        """Its fields in their order: what dataclasses would do takes ten times as long, and there may be 40,000."""
        return self.code, self.name, self.short_name, self.parent_code, self.alone, self.valid_until, self.spells

    @property
    def prefecture_code(self) -> str:
        """Its own: a prefecture reports on itself too."""
        return self.code

    @property
    def names(self) -> tuple[str, ...]:
        """Every name its own row may be written by; 本级 because some counties bear the name of their prefecture."""
        own = (self.short_name, self.name, f"{self.short_name}本级") if self.alone else (self.own_name,)
        former = (name for spell in self.spells for name in spell.names)
        return tuple(dict.fromkeys((*own, f"{self.name}本级", *former)))

    @property
    def titles(self) -> tuple[str, ...]:
        """Every name it bears or has borne."""
        return tuple(dict.fromkeys(name for spell in (self, *self.spells) for name in (spell.name, spell.short_name)))

    def at(self, period: Period) -> Prefecture:
        """The prefecture as it is called on the last day of ``period``."""
        then = (spell for spell in self.spells if spell.valid_until is None or period.end <= spell.valid_until)
        return replace(next(then), spells=self.spells) if self.spells else self

    @property
    def own_name(self) -> str:
        """As on its own row: 大理州本级."""
        return self.short_name if self.alone else f"{self.short_name}本级"


Unit = County | Prefecture
_U = TypeVar("_U", bound=Unit)


def grouped(units: Iterable[_U]) -> dict[str, tuple[_U, ...]]:
    """Respondent's code → its units, in their order."""
    groups: dict[str, list[_U]] = {}
    for unit in units:
        groups.setdefault(unit.prefecture_code, []).append(unit)
    return {code: tuple(some) for code, some in groups.items()}
