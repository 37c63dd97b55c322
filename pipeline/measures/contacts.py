"""Paired contacts and their visits (正文三（一）（二）, 附件3): which counties have one, how many each has, who went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.contact import ContactLink
from pipeline.measures.figures import PROVINCE, by_role, day, number, role_of, share, text, total, yes
from pipeline.program.model import FormKind, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from pipeline.measures.figures import Given, Share, Sum, Values
    from pipeline.program.model import County, Form, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class _CountyContact:
    """One county; visits, days and report are None when not reported.

    Attributes:
        links: Those the notice gives; where it gives none, those entered on the sheet.
        entered: What the sheet says, as typed.
    """

    county_code: str
    prefecture_code: str
    links: tuple[ContactLink, ...]
    reported: bool
    entered: str
    visits: Decimal | None
    visited_on: date | None
    handed_in: bool | None
    report_on: date | None

    @property
    def covered(self) -> bool | None:
        """Whether it has a contact; None for one that must say so itself and has not reported."""
        return True if self.links else False if self.reported else None

    @property
    def differs(self) -> bool:
        """Whether the sheet names others than the notice: pairings may change, and then ``program/`` is to say so."""
        known = {name for link in self.links for name in (link.title, link.unit)}
        return bool(self.entered) and not set(names(self.entered)) <= known

    @property
    def visited(self) -> bool | None:
        """Whether anybody came at least once."""
        return None if self.visits is None else self.visits >= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The counties of one contact."""

    link: ContactLink
    county_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ContactTotal:
    """A prefecture's counties, or all of them (``prefecture_code`` empty)."""

    prefecture_code: str
    covered: Share
    visited: Share
    visits: Sum
    handed_in: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFigures:
    """Contacts of all counties.

    Attributes:
        loads: Every contact with its counties, the most first.
        overloaded: Of those, the ones with more counties than expected.
    """

    counties: tuple[_CountyContact, ...]
    loads: tuple[Load, ...]
    overloaded: tuple[Load, ...]
    prefectures: tuple[_ContactTotal, ...]
    province: _ContactTotal


def contact_figures(program: Program, values: Values, on: date, *, most: int) -> ContactFigures | None:
    """Contacts, visits and reports; None for a campaign with neither given contacts nor a sheet for them.

    Args:
        program: The campaign.
        values: County code → field → value, of reported counties only.
        on: The day; pairings begin on a day each.
        most: Counties expected of one contact at most (正文三（一）: 2).
    """
    form = next((f for f in program.forms_of_kind(FormKind.CONTACTS) if f.rows is Rows.COUNTY), None)
    if form is None and not program.contacts:
        return None
    counties = tuple(_county(program, form, county, values.get(county.code), on) for county in program.counties)
    loads = _loads(counties)
    asked = tuple(bool(form and role_of(form, role)) for role in ("visits", "report"))
    return ContactFigures(
        counties=counties,
        loads=loads,
        overloaded=tuple(load for load in loads if len(load.county_codes) > most),
        prefectures=tuple(
            _total(p.code, [c for c in counties if c.prefecture_code == p.code], *asked) for p in program.prefectures
        ),
        province=_total(PROVINCE, counties, *asked),
    )


def names(entered: str) -> tuple[str, ...]:
    """The contacts in a cell, joined by 、; each once."""
    return tuple(dict.fromkeys(name.strip() for name in entered.split("、") if name.strip()))


def _county(program: Program, form: Form | None, county: County, given: Given | None, on: date) -> _CountyContact:
    row = given or {}
    return _CountyContact(
        county_code=county.code,
        prefecture_code=county.prefecture_code,
        links=given_links(program, county.code, on)
        or (entered_links(form, county.prefecture_code, row) if form else ()),
        reported=form is not None and given is not None,
        entered=text(by_role(form, "contact", row)) if form else "",
        visits=number(by_role(form, "visits", row)) if form else None,
        visited_on=day(by_role(form, "visited_on", row)) if form else None,
        handed_in=yes(by_role(form, "report", row)) if form else None,
        report_on=day(by_role(form, "report_on", row)) if form else None,
    )


def given_links(program: Program, county_code: str, on: date) -> tuple[ContactLink, ...]:
    """The contacts the notice gives a county on a day."""
    return tuple(
        ContactLink(key=c.unit_id, title=c.title, unit=c.unit, level=c.level, given=True)
        for c in program.contacts_of(county_code, on)
    )


def entered_links(form: Form, prefecture_code: str, given: Given) -> tuple[ContactLink, ...]:
    """The contacts written on the sheet."""
    level = text(by_role(form, "contact_level", given))
    return tuple(
        ContactLink(key=f"{prefecture_code}:{name}", title=name, unit=name, level=level, given=False)
        for name in names(text(by_role(form, "contact", given)))
    )


def _loads(counties: Sequence[_CountyContact]) -> tuple[Load, ...]:
    links: dict[str, ContactLink] = {}
    found: dict[str, list[str]] = {}
    for county in counties:
        for link in county.links:
            links.setdefault(link.key, link)
            found.setdefault(link.key, []).append(county.county_code)
    loads = (Load(link=links[key], county_codes=tuple(codes)) for key, codes in found.items())
    return tuple(sorted(loads, key=lambda load: (-len(load.county_codes), load.county_codes, load.link.key)))


def _total(
    prefecture_code: str, counties: Sequence[_CountyContact], ask_visits: bool, ask_report: bool
) -> _ContactTotal:
    return _ContactTotal(
        prefecture_code=prefecture_code,
        covered=share([c.covered for c in counties]),
        visited=share([c.visited for c in counties], asked=ask_visits),
        visits=total([c.visits for c in counties], asked=ask_visits),
        handed_in=share([c.handed_in for c in counties], asked=ask_report),
    )
