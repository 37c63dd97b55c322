"""The campaign as frozen values: what ``program/`` says, parsed once and typed; and every value it is made of.

Words are those of DESIGN §4. Everything here is immutable; nothing here reads a file or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date  # noqa: TC003 - pydantic reads what these values are made of
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.domain.period import Period
from pipeline.domain.signing import SignOff
from pipeline.domain.text import plain
from pipeline.domain.units import County, Prefecture, Region, Unit, grouped
from pipeline.program.form import (
    LEVELS,
    NO,
    NONE_TICKED,
    NOT_APPLICABLE,
    ROLES,
    YES,
    Accumulation,
    Closing,
    DatedTarget,
    ExpectedPath,
    Field,
    FieldType,
    Form,
    FormKind,
    Item,
    ProvinceTarget,
    Quantity,
    Rows,
    Target,
    TargetKind,
    Window,
)
from pipeline.program.notice import (
    Action,
    Bulletin,
    Contact,
    Department,
    Duty,
    Effort,
    FundingLine,
    Goal,
    Milestone,
    OfficeGroup,
    OwedBy,
    Party,
    ProblemCategory,
    Publication,
    Strand,
    TenTask,
    Topic,
    Urging,
)
from pipeline.program.words import Words, WordsEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PLACES_IN_A_ROW = 15  # of the schematic map, where nothing says where a unit lies
_SHORTEST_STEM = 2  # 云 of 云县 names nothing

__all__ = [
    "LEVELS",
    "NO",
    "NONE_TICKED",
    "NOT_APPLICABLE",
    "ROLES",
    "YES",
    "Accumulation",
    "Action",
    "Bulletin",
    "Closing",
    "Contact",
    "County",
    "DatedTarget",
    "Department",
    "Duty",
    "Effort",
    "ExpectedPath",
    "Field",
    "FieldType",
    "Form",
    "FormKind",
    "FundingLine",
    "Goal",
    "Item",
    "Milestone",
    "Notice",
    "OfficeGroup",
    "OwedBy",
    "Party",
    "Period",
    "Prefecture",
    "ProblemCategory",
    "Program",
    "ProvinceTarget",
    "Publication",
    "Quantity",
    "Region",
    "Rows",
    "Strand",
    "Target",
    "TargetKind",
    "TenTask",
    "Topic",
    "Unit",
    "Window",
]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What ``program.yaml`` says and a :class:`Program` has as it is written."""

    code: str
    title: str
    short_title: str
    organizer: str
    office: str
    region: str
    unit_suffix: str
    notice: str
    notice_date: date
    window: Window
    actions: tuple[Action, ...]
    milestones: tuple[Milestone, ...]
    duties: tuple[Duty, ...]
    funding: tuple[FundingLine, ...]
    bulletin: Bulletin
    goals: tuple[Goal, ...] = ()
    ten_tasks: tuple[TenTask, ...] = ()
    problem_categories: tuple[ProblemCategory, ...] = ()
    topics: tuple[Topic, ...] = ()
    office_groups: tuple[OfficeGroup, ...] = ()
    departments: tuple[Department, ...] = ()
    publications: tuple[Publication, ...] = ()
    escalation: Urging | None = None
    problem_ages: tuple[int, int] = (60, 180)
    burden: Effort | None = None
    explanations: tuple[str, ...] = ("情况属实", "上次有误，本次更正", "口径或范围变化", "机构或人员变动", "其他")
    sign_off: SignOff = SignOff.OFF
    wording: WordsEntry = field(default_factory=WordsEntry)


@dataclass(frozen=True, kw_only=True)
class Program(Notice):
    """The whole campaign definition.

    Attributes:
        counties: Those there are, in code order; seen from a period (:meth:`at`), those there were on its last day.
        other_counties: Those that are no more, or not yet: their records can still be named.
        levels: What units are called, from the whole down to the unit of a row.
        regions: The units between the whole and the respondents, at any number of levels.
    """

    periods: tuple[Period, ...]
    forms: tuple[Form, ...]
    prefectures: tuple[Prefecture, ...]
    counties: tuple[County, ...]
    contacts: tuple[Contact, ...]
    strands: tuple[Strand, ...] = ()
    other_counties: tuple[County, ...] = ()
    levels: tuple[str, ...] = LEVELS
    regions: tuple[Region, ...] = ()

    def __getstate__(self) -> dict[str, object]:
        """What travels to a worker process: the definition, without what was looked up in it."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @cached_property
    def form_by_code(self) -> dict[str, Form]:
        """Form code → form."""
        return {form.code: form for form in self.forms}

    @cached_property
    def field_by_code(self) -> dict[str, Field]:
        """Field code → field, over all forms."""
        return {f.code: f for form in self.forms for f in form.fields}

    @cached_property
    def quantity_of(self) -> dict[str, Quantity]:
        """Field code → the first quantity that is computed from it."""
        return {code: q for q in reversed(self.quantities) for code in q.fields}

    @cached_property
    def county_by_code(self) -> dict[str, County]:
        """GB/T 2260 code → county, of whatever time."""
        return {county.code: county for county in (*self.counties, *self.other_counties)}

    @cached_property
    def standing_by_code(self) -> dict[str, County]:
        """Code → county, of those there are."""
        return {county.code: county for county in self.counties}

    @cached_property
    def unit_by_code(self) -> dict[str, Unit]:
        """GB/T 2260 code → whoever has records: counties, and the prefectures themselves."""
        return {**self.county_by_code, **self.prefecture_by_code}

    @cached_property
    def county_forms(self) -> tuple[Form, ...]:
        """The sheets with a row per county."""
        return tuple(f for f in self.forms if f.rows is Rows.COUNTY)

    def counts_in(self, period: Period) -> tuple[Field, ...]:
        """The counts that counties give in a period, in the order of the sheets; not those that only show another."""
        fields = (one for form in self.county_forms for one in form.fields_in(period))
        return tuple(one for one in fields if one.type is FieldType.COUNT and not one.shows)

    @cached_property
    def roster_forms(self) -> tuple[Form, ...]:
        """The sheets whose rows are given: everything but lists."""
        return tuple(f for f in self.forms if not f.is_list)

    @cached_property
    def list_forms(self) -> tuple[Form, ...]:
        """The sheets of free rows."""
        return tuple(f for f in self.forms if f.is_list)

    @cached_property
    def action_forms(self) -> tuple[Form, ...]:
        """The sheets of the eight actions."""
        return tuple(f for f in self.forms if f.action is not None)

    @cached_property
    def reporters(self) -> tuple[Unit, ...]:
        """Everyone with a record of their own: counties, and prefectures where some sheet is theirs."""
        own = any(f.rows is Rows.PREFECTURE for f in self.forms)
        return (*self.counties, *(self.prefectures if own else ()))

    @cached_property
    def _reporters_of(self) -> dict[str, tuple[Unit, ...]]:
        return grouped(self.reporters)

    def reporters_of(self, prefecture_code: str) -> tuple[Unit, ...]:
        """Everyone with a record of their own in one prefecture's workbook."""
        return self._reporters_of.get(prefecture_code, ())

    @property
    def measured(self) -> tuple[Unit, ...]:
        """The units whose completion is measured: counties, or where there are none the respondents themselves."""
        return self.counties or self.prefectures

    def measured_of(self, prefecture_code: str) -> tuple[Unit, ...]:
        """Those whose records make up a respondent's return: its counties, or itself where it has none."""
        return self.counties_of(prefecture_code) or (self.prefecture_by_code[prefecture_code],)

    def owner_of(self, unit: Unit) -> str:
        """What the respondent above a unit is called in short; empty where it is its own."""
        return "" if unit.code == unit.prefecture_code else self.prefecture_by_code[unit.prefecture_code].short_name

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """Code → row and column on the schematic map: as counties.csv says; respondents alone simply in rows."""
        return {c.code: (c.tile_row, c.tile_col) for c in self.counties} or {
            p.code: divmod(n, _PLACES_IN_A_ROW) for n, p in enumerate(self.prefectures)
        }

    @property
    def has_rows(self) -> bool:
        """Whether there are units below the respondents."""
        return bool(self.counties or self.other_counties)

    @property
    def respondent_level(self) -> str:
        """What those who return a workbook are called: 州（市）."""
        return self.levels[-2] if self.has_rows else self.levels[-1]

    @property
    def row_level(self) -> str:
        """What the unit of a row is called: 县（市、区）; the respondent where there is nothing below it."""
        return self.levels[-1]

    @cached_property
    def words(self) -> Words:
        """What the levels are called, in the forms that texts need."""
        said, row = self.wording, self.wording.row_of(self.row_level)
        return Words(
            whole=self.levels[0],
            of_whole=said.of_whole,
            respondent=self.respondent_level,
            respondent_body=self.respondent_level + self.unit_suffix,
            row=row,
            row_title=self.row_level,
            of_row=said.of_row or row,
            body=said.body or row + self.unit_suffix,
            institution=said.institution,
            counter=said.counter,
            department=said.department or said.section,
            section=said.section,
            board=said.board,
            head=said.head,
            contact=said.contact,
            tasks=said.tasks,
            office=said.office or self.office,
            report=said.report,
            highlight=said.highlight,
        )

    def worded(self, text: str) -> str:
        """A fixed text of ours in the words of this campaign; see :meth:`Words.put`."""
        return self.words.put(text)

    def forms_of_kind(self, kind: FormKind) -> tuple[Form, ...]:
        """The sheets that serve one system of the notice; none where the campaign does not have it."""
        return tuple(f for f in self.forms if f.kind is kind)

    def roster_of(self, unit: Unit) -> tuple[Form, ...]:
        """The sheets with a row for a unit: what makes its record whole."""
        mine = Rows.PREFECTURE if unit.code in self.prefecture_by_code else Rows.COUNTY
        return tuple(f for f in self.forms if f.rows is mine)

    def units_of(self, form: Form, prefecture_code: str) -> tuple[Unit, ...]:
        """The rows of a roster sheet, or whose entries a list's are: the prefecture's."""
        if form.rows is Rows.COUNTY:
            return self.counties_of(prefecture_code)
        return (self.prefecture_by_code[prefecture_code],)

    @cached_property
    def prefecture_by_code(self) -> dict[str, Prefecture]:
        """GB/T 2260 code → prefecture."""
        return {prefecture.code: prefecture for prefecture in self.prefectures}

    @cached_property
    def prefectures_named(self) -> dict[str, tuple[Prefecture, ...]]:
        """Name or short name → those that bear it."""
        named: dict[str, list[Prefecture]] = {}
        for prefecture in self.prefectures:
            for name in prefecture.titles:
                named.setdefault(name, []).append(prefecture)
        return {name: tuple(some) for name, some in named.items()}

    @cached_property
    def region_by_code(self) -> dict[str, Region]:
        """Code → region."""
        return {region.code: region for region in self.regions}

    @cached_property
    def _from_region_up(self) -> dict[str, tuple[Region, ...]]:
        """Region code → the region and those above it, nearest first."""
        upward: dict[str, tuple[Region, ...]] = {"": ()}
        for above in sorted(self.regions, key=lambda region: self.levels.index(region.level)):
            upward[above.code] = (above, *upward[above.parent_code])
        return upward

    def ancestors(self, code: str) -> tuple[Prefecture | Region, ...]:
        """The units above one, nearest first: of a county its respondent, then the regions; the whole is not among them."""
        if code in self.region_by_code:
            return self._from_region_up[code][1:]
        if code in self.prefecture_by_code:
            return self._from_region_up[self.prefecture_by_code[code].parent_code]
        respondent = self.prefecture_by_code[self.county_by_code[code].prefecture_code]
        return (respondent, *self._from_region_up[respondent.parent_code])

    @cached_property
    def period_by_code(self) -> dict[str, Period]:
        """Period code (closing month) → period."""
        return {period.code: period for period in self.periods}

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities in the order of the notice."""
        return tuple(q for form in self.forms for item in form.items for q in item.quantities)

    @cached_property
    def changing(self) -> frozenset[str]:
        """Quantities that are not judged alike in all periods: retargeted, or resting on a column that comes or goes."""
        return frozenset(
            q.code
            for q in self.quantities
            if q.targets
            or any(
                self._asked(q, p) != self._asked(q, self.periods[-1]) for p in self.periods if p.end >= q.window.start
            )
        )

    def at(self, period: Period) -> Program:
        """The campaign as it stands in ``period``: its targets, without quantities whose columns are not asked; its names.

        A quantity whose window has not begun stays: it is known, and not started. All columns stay, so that what was
        reported in other periods can still be named.
        """
        if period.code not in self._seen_from:
            self._seen_from[period.code] = self._at(period)
        return self._seen_from[period.code]

    @cached_property
    def _seen_from(self) -> dict[str, Program]:
        return {}

    def _at(self, period: Period) -> Program:
        roster, others = self.roster_in(period), self.others_in(period)
        prefectures = tuple(prefecture.at(period) for prefecture in self.prefectures)
        if not self.changing and roster == self.counties and prefectures == self.prefectures:
            return self
        forms = tuple(replace(f, items=tuple(self._item_at(i, period) for i in f.items)) for f in self.forms)
        return replace(self, prefectures=prefectures, counties=roster, other_counties=others, forms=forms)

    def roster_in(self, period: Period) -> tuple[County, ...]:
        """The counties there are on the last day of a period, as they are then called."""
        known = sorted(self.county_by_code.values(), key=lambda c: c.code)
        return tuple(c.at(period) for c in known if c.stands_on(period.end))

    def others_in(self, period: Period) -> tuple[County, ...]:
        """The counties there are at some other time only."""
        known = sorted(self.county_by_code.values(), key=lambda c: c.code)
        return tuple(c for c in known if not c.stands_on(period.end))

    @cached_property
    def merged_into(self) -> dict[str, tuple[County, ...]]:
        """Code → the counties that became it, or became part of it."""
        into: dict[str, tuple[County, ...]] = {}
        for county in sorted(self.county_by_code.values(), key=lambda c: c.code):
            if county.successor:
                into[county.successor] = (*into.get(county.successor, ()), county)
        return into

    def continued(self, county: County) -> County | None:
        """The county it is under another code: the only one it came from, on the day that one ended."""
        before = self.merged_into.get(county.code, ())
        alone = len(before) == 1 and before[0].ends is not None and not county.stands_on(before[0].ends)
        return before[0] if alone else None

    def code_in(self, county: County, period: Period) -> str:
        """The code a county bears in a period, whatever it bears now; empty where there was no such county."""
        then: County | None = county
        while then and not then.stands_on(period.end):
            then = self.continued(then) if then.starts and period.end < then.starts else None
        return then.code if then else ""

    def comparable_code(self, unit: Unit, period: Period) -> str:
        """The code under which the same unit reported in a period; empty where another has been merged into it since."""
        if isinstance(unit, Prefecture):
            return unit.code
        code, then = self.code_in(unit, period), self.county_by_code.get(unit.code)
        if code == unit.code and code not in self.merged_into:  # nearly every county, asked for with every value
            return code
        while then and code:
            same = self.continued(then)
            joined = (c for c in self.merged_into.get(then.code, ()) if c != same and c.stands_on(period.end))
            if any(joined):
                return ""
            then = same if then.code != code else None
        return code

    def heir(self, county: County, period: Period) -> County | None:
        """The county that stands for it in a period: itself, or what it became or became part of; None before its time."""
        then: County | None = county
        while then and then.ends and then.ends < period.end:
            then = self.county_by_code.get(then.successor)
        return then.at(period) if then and then.stands_on(period.end) else None

    def _item_at(self, item: Item, period: Period) -> Item:
        kept = (q for q in item.quantities if q.window.start > period.end or self._asked(q, period))
        return replace(item, quantities=tuple(q.at(period) for q in kept))

    def _asked(self, quantity: Quantity, period: Period) -> bool:
        """Whether every column a quantity rests on is asked in a period."""
        codes = (*quantity.fields, *((quantity.province.field,) if quantity.province else ()))
        return all(self.field_by_code[code].asked_in(period) for code in codes if code in self.field_by_code)

    def counties_of(self, prefecture_code: str) -> tuple[County, ...]:
        """The counties of one prefecture, in code order."""
        return self._counties_of.get(prefecture_code, ())

    @cached_property
    def _counties_of(self) -> dict[str, tuple[County, ...]]:
        return grouped(self.counties)

    def stem(self, name: str) -> str:
        """A name without its level, as people shorten it: 昆明 for 昆明市; as it is where too little would stay."""
        stems = (name.removesuffix(ending) for ending in self.wording.name_endings if name.endswith(ending))
        return next((stem for stem in stems if len(stem) >= _SHORTEST_STEM), name)

    def known_as(self, units: Iterable[Unit]) -> dict[str, Unit]:
        """What units may be written as, reduced → unit: any of their names, or their union, with the campaign's suffix."""
        some = tuple(units)
        unions = {
            plain(f"{name}{self.unit_suffix}"): unit
            for unit in some
            for name in (unit.titles if isinstance(unit, Prefecture) else (unit.name, unit.short_name))
        }
        return unions | {plain(name): unit for unit in some for name in unit.names}

    @cached_property
    def counties_known_as(self) -> Mapping[str, Unit]:
        """Of all counties: to know whose a row is that is not the respondent's."""
        return self.known_as(self.counties)

    @cached_property
    def prefectures_known_as(self) -> Mapping[str, Unit]:
        """The same of the respondents themselves."""
        return self.known_as(self.prefectures)

    @cached_property
    def prefectures_stemmed(self) -> Mapping[str, frozenset[str]]:
        """What prefectures are called, also without their level (昭通) → codes of those it may mean."""
        names = [(name, p.code) for p in self.prefectures for name in (p.name, p.short_name)]
        return _meanings((plain(said), code) for name, code in names for said in (name, self.stem(name)))

    @cached_property
    def owners_named(self) -> Mapping[str, frozenset[str]]:
        """The same, and what counties are called."""
        counties = ((plain(n), c.prefecture_code) for c in self.county_by_code.values() for n in c.names)
        return _meanings((*((n, code) for n, some in self.prefectures_stemmed.items() for code in some), *counties))

    def contacts_of(self, county_code: str, on: date) -> tuple[Contact, ...]:
        """Contact units of a county valid on a day, also those paired with it under an earlier code.

        Empty for the counties the notice leaves to the prefecture.
        """
        codes = {county_code}
        before = self.county_by_code.get(county_code)
        while before := self.continued(before) if before else None:
            codes.add(before.code)
        return tuple(c for c in self.contacts if c.county_code in codes and c.valid_from <= on)

    @property
    def steps(self) -> tuple[Milestone | Duty, ...]:
        """All that somebody has to do by the notice."""
        return (*self.milestones, *self.duties)

    @cached_property
    def party_of(self) -> dict[str, Party]:
        """Milestone or duty → who is responsible for it, of those that are not owed by the unit whose row shows them."""
        return {step.code: step.owed_by.party for step in self.steps if step.owed_by}

    def periods_through(self, period: Period) -> tuple[Period, ...]:
        """All periods up to and including ``period``."""
        return self.periods[: period.no]

    def publishes(self, document: str, period: Period) -> bool:
        """Whether a document is made in the run of a period."""
        return any(p.document == document and period.code in p.periods for p in self.publications)

    def previous(self, period: Period) -> Period | None:
        """The period before, or None for the first."""
        return self.periods[period.no - 2] if period.no > 1 else None

    def ended_by(self, day: date) -> Iterator[Period]:
        """Periods whose last day is before ``day``."""
        return (p for p in self.periods if p.end < day)


def _meanings(names: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name, code in names:
        found[name] = found.get(name, frozenset()) | {code}
    return found
