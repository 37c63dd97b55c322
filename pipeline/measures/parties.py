"""Who is responsible for what is owed: the unit whose return shows it, or who is paired with that unit (三（一）（二）, 附件3).

``owed_by`` of a step in ``program.yaml`` says which; everything that lists, counts or asks reads it from the obligation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.domain.contact import ContactLink
from pipeline.domain.obligation import Owner
from pipeline.measures.contacts import entered_links, given_links
from pipeline.measures.known import rows_of
from pipeline.program.model import County, FormKind, Party

if TYPE_CHECKING:
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Prefecture, Program, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsible:
    """Who owes something: code and name of a unit, or of all contacts of a county together, joined by 、."""

    owner: Owner
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Parties:
    """Who is paired with every county as of a snapshot, and who owes what of it."""

    program: Program
    snapshot: Snapshot

    def responsible(self, unit: Unit, step: str) -> Responsible:
        """Who owes a step of a unit; ``step`` is the code of a milestone or duty, empty for what is always the unit's own.

        Several contacts of a county owe it together: the notice asks for one visit to each county, and the county's
        return has one cell for it.
        """
        if isinstance(unit, County) and self.program.party_of.get(step) is Party.CONTACT:
            links = self.addressed(unit)
            return Responsible(
                owner=Owner.CONTACT,
                code="、".join(link.key for link in links),
                name="、".join(link.title for link in links),
            )
        owner = Owner.COUNTY if isinstance(unit, County) else Owner.RESPONDENT if unit.code else Owner.OFFICE
        return Responsible(owner=owner, code=unit.code, name=unit.short_name)

    def in_words(self, unit: Unit) -> str:
        """全总研究室, 省总组织部, or that its respondent's leaders look after it; empty for a respondent."""
        if not isinstance(unit, County):
            return ""
        words = self.program.words
        return "、".join(link.title for link in self._links[unit.code]) or words.respondent_body + words.head

    def addressed(self, unit: Unit) -> tuple[ContactLink, ...]:
        """The contacts of a county as a letter addresses them; none of a respondent.

        The leaders of two prefectures may bear one name, so those entered are written with their prefecture; where nobody
        is named it is the prefecture's leaders together (三（一）).
        """
        if not isinstance(unit, County):
            return ()
        prefecture = self.program.prefecture_by_code[unit.prefecture_code]
        links = self._links[unit.code]
        return tuple(self._with_prefecture(link, prefecture) for link in links) or (self._leaders(prefecture),)

    def _with_prefecture(self, link: ContactLink, prefecture: Prefecture) -> ContactLink:
        if link.given:
            return link
        title = f"{link.title}（{prefecture.short_name}）"
        return ContactLink(key=link.key, title=title, unit=link.unit, level=link.level, given=False)

    def _leaders(self, prefecture: Prefecture) -> ContactLink:
        title = f"{prefecture.name}{self.program.unit_suffix}{self.program.words.head}"
        return ContactLink(key=f"{prefecture.code}:", title=title, unit=title, level="", given=False)

    @cached_property
    def _links(self) -> dict[str, tuple[ContactLink, ...]]:
        """County → those the notice gives, else those its prefecture has entered last."""
        codes, as_of = self.program.county_by_code, self.snapshot.as_of
        found = {code: given_links(self.program, code, as_of) for code in codes}
        forms = [form for form in self.program.forms_of_kind(FormKind.CONTACTS) if form.of_role("contact")]
        for code in [code for code, links in found.items() if not links]:
            county = codes[code]
            for form in forms:
                for row in rows_of(self.program, self.snapshot, form, county):
                    found[code] = entered_links(form, county.prefecture_code, row.values) or found[code]
        return found
