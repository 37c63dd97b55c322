"""The campaign as frozen values: what ``program/`` says, parsed once and typed.

Words are those of DESIGN §4. Everything here is immutable; nothing here reads a file or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar

from pipeline.program.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from decimal import Decimal

YES, NO, NOT_APPLICABLE, NONE_TICKED = "是", "否", "不适用", "无"
# of a program that does not say: the whole, those who report, the unit of a row
LEVELS = ("全省", "州（市）", "县（市、区）")


class FieldType(StrEnum):
    """What a column holds."""

    COUNT = "count"  # a whole number of something, ≥ 0
    YESNO = "yesno"  # 是 / 否
    CHOICE = "choice"  # one of the options
    CHECKLIST = "checklist"  # any of the options joined by 、, or 无
    DATE = "date"
    AMOUNT = "amount"  # ≥ 0 with at most two decimals
    TEXT = "text"
    COUNTY = "county"  # a county of the respondent's, by name


class Accumulation(StrEnum):
    """How a value relates to time."""

    CUMULATIVE = "cumulative"  # counted from the start of its window to the period's end; never falls
    STOCK = "stock"  # as at the period's end
    STATUS = "status"  # as at the period's end


class Rows(StrEnum):
    """What the rows of a form are."""

    COUNTY = "county"  # one per county of the prefecture
    PREFECTURE = "prefecture"  # one: the prefecture itself
    LIST = "list"  # as many entries as the prefecture has, each about a county or the prefecture


class FormKind(StrEnum):
    """Which system of the notice a form serves."""

    ACTION = "action"  # 附件1: 八项提升行动
    MILESTONES = "milestones"  # 正文四
    TEN_TASKS = "ten_tasks"  # 附件4: 十个一
    CONTACTS = "contacts"  # 正文三（一）（二）、附件3
    PROBLEMS = "problems"  # 正文三（三）
    HIGHLIGHTS = "highlights"  # 正文五（四）
    FUNDING = "funding"  # 附件1第三栏
    SOCIAL_WORKERS = "social_workers"  # 第26项
    SURVEY = "survey"  # 附件5


ROLES: dict[FormKind, tuple[str, ...]] = {
    FormKind.ACTION: (),
    FormKind.MILESTONES: ("done", "done_on", "proof"),
    FormKind.TEN_TASKS: ("ten_task",),
    FormKind.CONTACTS: ("contact", "contact_level", "visits", "visited_on", "report", "report_on"),
    FormKind.PROBLEMS: ("county", "problem", "category", "level", "department", "measure", "due_on", "status", "closed_on"),
    FormKind.HIGHLIGHTS: ("county", "title", "highlight_kind", "text", "spread", "dated_on"),
    FormKind.FUNDING: ("received", "matched", "spent", "units"),
    FormKind.SOCIAL_WORKERS: ("heads", "received_first", "received_second", "spent"),
    FormKind.SURVEY: ("ratio",),
}  # fmt: skip


class TargetKind(StrEnum):
    """What makes a quantity met."""

    AT_LEAST = "at_least"
    YES = "yes"
    ALL_OPTIONS = "all_options"
    ANY_OPTION = "any_option"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Both days included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a form.

    Attributes:
        required_if: (field of the same form, its value) where a value must be given; None where it is not conditional.
        counts_from: The first day that counts; the column is asked only in periods that end on or after it.
        counts_until: The last day the column is asked; periods that end after it do without.
        former: Titles it had before; a workbook that still shows one is read as if it showed today's.
        nil_value: What 本期无新进展 means when nothing was ever accepted; None where a value must be given.
        min: Fewest characters of a text.
        max: Largest number, or most characters of a text.
        future: A date that may lie after the period's end.
        shows: Code of the action field whose value this column repeats by formula; it is not asked again.
        role: What the column means to the measures of its form's kind (see :data:`ROLES`).
        serves: Code of the milestone, duty or funding line it belongs to.
    """

    code: str
    form: str
    item: int
    title: str
    type: FieldType
    unit: str
    accumulation: Accumulation
    required: bool
    not_applicable: bool
    options: tuple[str, ...]
    counts_from: date | None
    nil_value: str | int | Decimal | None
    max: int | None
    reading: str
    required_if: tuple[str, str] | None = None
    min: int | None = None
    future: bool = False
    shows: str = ""
    role: str = ""
    serves: str = ""
    basis: str = ""
    counts_until: date | None = None
    former: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The visible column title, unit and since-when included."""
        return self.labelled(self.title)

    @property
    def titles(self) -> tuple[str, ...]:
        """Every text that may stand above the column, titles of earlier forms included."""
        return _titles(self)

    def labelled(self, title: str) -> str:
        """A title with what is asked under it: unit or kind, and since when."""
        hint = {FieldType.YESNO: "是/否", FieldType.DATE: "日期", FieldType.CHOICE: "单选", FieldType.CHECKLIST: "可多选",
                FieldType.COUNTY: "县名", FieldType.TEXT: "文字"}.get(self.type, self.unit)  # fmt: skip
        if self.type is FieldType.TEXT and self.max:
            hint = f"{self.min}—{self.max}字" if self.min else f"{self.max}字以内"
        hint = "自动带出" if self.shows else hint
        since = (
            f"，{self.counts_from.year}年{self.counts_from.month}月{self.counts_from.day}日起"
            if self.counts_from
            else ""
        )
        return f"{title}（{hint}{since}）"

    def asked_in(self, period: Period) -> bool:
        """Whether the column is on the form of ``period``: its counting has begun, and has not ended, by the period's end."""
        begun = self.counts_from is None or self.counts_from <= period.end
        return begun and (self.counts_until is None or period.end <= self.counts_until)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words a cell may hold besides numbers and dates."""
        own = {FieldType.YESNO: (YES, NO), FieldType.CHOICE: self.options}.get(self.type, ())
        return (*own, NOT_APPLICABLE) if self.not_applicable else own


@lru_cache(maxsize=4096)  # asked for every sheet of every workbook
def _titles(field: Field) -> tuple[str, ...]:
    return tuple(text for title in (field.title, *field.former) for text in (title, field.labelled(title)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``threshold`` is a count, or per cent for a rate; 1 for words."""

    kind: TargetKind
    threshold: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceTarget:
    """A target the whole province must meet: the sum of a field, or the share of counties that meet a quantity."""

    field: str
    is_share: bool
    threshold: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedTarget:
    """A target that holds for the periods that end on or before ``until``; None for the one that holds ever after."""

    until: date | None
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One of the notice's assessed figures, taken from one field or from two as a rate in per cent.

    Attributes:
        target: The one that holds; of a program not seen from a period (:meth:`Program.at`), the last of ``targets``.
        targets: All of them where the target changes in the course of the campaign, the earliest first.
        judged: False where the programme only follows it and never counts it as unmet.
        basis: The words of the notice it rests on.
        reading: How an ambiguous sentence was read.
    """

    code: str
    item: int
    action: int
    title: str
    unit: str
    value: str | None
    numerator: str | None
    denominator: str | None
    target: Target | None
    province: ProvinceTarget | None
    judged: bool
    window: Window
    deadline: date | None
    applies_to: str
    basis: str
    reading: str
    ambiguous: bool
    targets: tuple[DatedTarget, ...] = ()

    @property
    def is_rate(self) -> bool:
        """Whether the figure is numerator ÷ denominator."""
        return self.numerator is not None

    @property
    def fields(self) -> tuple[str, ...]:
        """Codes of the columns it is computed from."""
        return tuple(code for code in (self.value, self.numerator, self.denominator) if code)

    def at(self, period: Period) -> Quantity:
        """The quantity as it is judged in ``period``: by the target of that time."""
        dated = (one.target for one in self.targets if one.until is None or period.end <= one.until)
        return replace(self, target=next(dated)) if self.targets else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One of the 32 tasks (附件1), or a group of columns of another form; ``label`` stands above its title."""

    no: int
    label: str
    title: str
    fields: tuple[Field, ...]
    quantities: tuple[Quantity, ...]

    def retired_in(self, period: Period) -> bool:
        """Whether none of its columns is asked in ``period`` any more, nor will be."""
        return all(f.counts_until is not None and f.counts_until < period.end for f in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """When an entry of a list is done with: ``field`` holds one of ``values``."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One sheet of the workbook.

    Attributes:
        action: Number of its action; None for a sheet of another system.
        carry: What was accepted last stands in the cells when the next workbook is issued; a blank row keeps it.
        closing: Of a list whose entries are carried under a stable number until they are done with.
        same_by: Fields by which an entry without number is known again.
    """

    code: str
    version: int
    action: int | None
    title: str
    sheet: str
    items: tuple[Item, ...]
    kind: FormKind = FormKind.ACTION
    rows: Rows = Rows.COUNTY
    carry: bool = False
    closing: Closing | None = None
    same_by: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every column of the form, in order."""
        return tuple(f for item in self.items for f in item.fields)

    @property
    def is_list(self) -> bool:
        """Whether its rows are entries rather than a roster."""
        return self.rows is Rows.LIST

    @property
    def heading(self) -> str:
        """Its title above the sheet: 行动1　职工思想引领提升行动."""
        return f"行动{self.action}　{self.title}" if self.action else self.title

    def fields_in(self, period: Period) -> tuple[Field, ...]:
        """The columns asked in ``period``: those whose counting has begun by its end and has not ended before."""
        return tuple(f for f in self.fields if f.asked_in(period))

    def of_role(self, role: str, serves: str = "") -> tuple[Field, ...]:
        """The columns of a role; with ``serves``, those of one milestone, duty or funding line."""
        return tuple(f for f in self.fields if f.role == role and serves in {"", f.serves})


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One of the eight actions (正文二)."""

    no: int
    title: str
    short_title: str
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A reporting period, named by its closing month.

    Attributes:
        due_on: Last day on which a return is on time.
        provisional: The official calendar of that year was not published when this was computed.
    """

    code: str
    no: int
    start: date
    end: date
    title: str
    due_on: date
    provisional: bool

    @property
    def short_title(self) -> str:
        """As on a chart axis: 22年11—12月."""
        return self.title.replace("20", "", 1)


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
        then = (one for one in self.spells if one.valid_until is None or period.end <= one.valid_until)
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
    """

    code: str
    name: str
    short_name: str
    parent_code: str = field(default="", repr=False)
    alone: bool = field(default=False, repr=False)

    @property
    def prefecture_code(self) -> str:
        """Its own: a prefecture reports on itself too."""
        return self.code

    @property
    def names(self) -> tuple[str, ...]:
        """Every name its own row may be written by; 本级 because some counties bear the name of their prefecture."""
        own = (self.short_name, self.name, f"{self.short_name}本级") if self.alone else (self.own_name,)
        return (*own, f"{self.name}本级")

    @property
    def own_name(self) -> str:
        """As on its own row: 大理州本级."""
        return self.short_name if self.alone else f"{self.short_name}本级"


Unit = County | Prefecture
_U = TypeVar("_U", bound=Unit)


def _grouped(units: Iterable[_U]) -> dict[str, tuple[_U, ...]]:
    """Respondent's code → its units, in their order."""
    groups: dict[str, list[_U]] = {}
    for unit in units:
        groups.setdefault(unit.prefecture_code, []).append(unit)
    return {code: tuple(some) for code, some in groups.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A superior unit paired with a county (附件3), from ``valid_from`` on; ``title`` is what documents print."""

    unit_id: str
    unit: str
    title: str
    level: str
    county_code: str
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A step of section 四."""

    code: str
    phase: str
    who: str
    deliverable: str
    start: date | None
    due: date | None
    expected: int | None
    basis: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A reporting duty of section 五 and attachment 2."""

    code: str
    title: str
    who: str
    to: str
    frequency: str
    expected: int | None
    basis: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingLine:
    """A line of attachment 1's third column; amounts in 万元."""

    code: str
    action: int
    items: tuple[int, ...]
    amount_wan: Decimal | None
    per_unit_wan: Decimal | None
    units: int | None
    instalments: int | None
    match_ratio: str
    basis: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """One of the five measures of section 三, and the sheets it is followed by.

    Attributes:
        most: Counties one contact should have at most, where the measure says so.
    """

    code: str
    name: str
    forms: tuple[str, ...]
    most: int | None
    basis: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One of the five 五强 goals (正文一（二）), as a grouping of items that is this project's reading."""

    code: str
    name: str
    items: tuple[int, ...]
    basis: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenTask:
    """One of the ten tasks of attachment 4.

    Attributes:
        fields: The columns that judge it: done where each says yes, is more than nought, or has every option ticked; of a
            list, where one of the county's entries is solved.
        any_of: Those of them that one ticked option satisfies.
        reading: The same in words.
    """

    no: int
    title: str
    basis: str
    related_items: tuple[int, ...]
    fields: tuple[str, ...]
    reading: str
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemCategory:
    """A category of problems and who acts (正文三（三）)."""

    code: str
    name: str
    action: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeGroup:
    """A working group of the office (附件2)."""

    group: str
    lead: str
    members: tuple[str, ...]
    duty: str
    basis: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department problems are assigned to, by every name the notice gives it."""

    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A document of the office, the duty it fulfils, and the periods whose run makes it."""

    document: str
    duty: str
    periods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """Settings of the bulletin's head and colophon."""

    number_from: int
    report_to: str
    send_to: str
    issue_to: str
    copies: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """The whole campaign definition.

    Attributes:
        counties: Those there are, in code order; seen from a period (:meth:`at`), those there were on its last day.
        other_counties: Those that are no more, or not yet: their records can still be named.
        levels: What units are called, from the whole down to the unit of a row.
        regions: The units between the whole and the respondents, at any number of levels.
    """

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
    periods: tuple[Period, ...]
    actions: tuple[Action, ...]
    forms: tuple[Form, ...]
    prefectures: tuple[Prefecture, ...]
    counties: tuple[County, ...]
    contacts: tuple[Contact, ...]
    milestones: tuple[Milestone, ...]
    duties: tuple[Duty, ...]
    funding: tuple[FundingLine, ...]
    bulletin: Bulletin
    strands: tuple[Strand, ...] = ()
    goals: tuple[Goal, ...] = ()
    ten_tasks: tuple[TenTask, ...] = ()
    problem_categories: tuple[ProblemCategory, ...] = ()
    office_groups: tuple[OfficeGroup, ...] = ()
    departments: tuple[Department, ...] = ()
    publications: tuple[Publication, ...] = ()
    other_counties: tuple[County, ...] = ()
    levels: tuple[str, ...] = LEVELS
    regions: tuple[Region, ...] = ()

    def __getstate__(self) -> dict[str, object]:
        """What travels to a worker process: the definition, without what was looked up in it."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def form_by_code(self) -> dict[str, Form]:
        """Form code → form."""
        return {form.code: form for form in self.forms}

    @cached_property
    def field_by_code(self) -> dict[str, Field]:
        """Field code → field, over all forms."""
        return {f.code: f for form in self.forms for f in form.fields}

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
        return _grouped(self.reporters)

    def reporters_of(self, prefecture_code: str) -> tuple[Unit, ...]:
        """Everyone with a record of their own in one prefecture's workbook."""
        return self._reporters_of.get(prefecture_code, ())

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

    @property
    def row_word(self) -> str:
        """The same in a sentence: 县."""
        return self.row_level.partition("（")[0]

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
        for one in self.prefectures:
            for name in {one.name, one.short_name}:
                named.setdefault(name, []).append(one)
        return {name: tuple(some) for name, some in named.items()}

    @cached_property
    def region_by_code(self) -> dict[str, Region]:
        """Code → region."""
        return {region.code: region for region in self.regions}

    @cached_property
    def _from_region_up(self) -> dict[str, tuple[Region, ...]]:
        """Region code → the region and those above it, nearest first."""
        upward: dict[str, tuple[Region, ...]] = {"": ()}
        for one in sorted(self.regions, key=lambda region: self.levels.index(region.level)):
            upward[one.code] = (one, *upward[one.parent_code])
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
            q.code for q in self.quantities
            if q.targets or any(self._asked(q, p) != self._asked(q, self.periods[-1])
                                for p in self.periods if p.end >= q.window.start)
        )  # fmt: skip

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
        if not self.changing and roster == self.counties:
            return self
        forms = tuple(replace(f, items=tuple(self._item_at(i, period) for i in f.items)) for f in self.forms)
        return replace(self, counties=roster, other_counties=others, forms=forms)

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
        one: County | None = county
        while one and not one.stands_on(period.end):
            one = self.continued(one) if one.starts and period.end < one.starts else None
        return one.code if one else ""

    def comparable_code(self, unit: Unit, period: Period) -> str:
        """The code under which the same unit reported in a period; empty where another has been merged into it since."""
        if isinstance(unit, Prefecture):
            return unit.code
        code, one = self.code_in(unit, period), self.county_by_code.get(unit.code)
        while one and code:
            same = self.continued(one)
            joined = (c for c in self.merged_into.get(one.code, ()) if c != same and c.stands_on(period.end))
            if any(joined):
                return ""
            one = same if one.code != code else None
        return code

    def heir(self, county: County, period: Period) -> County | None:
        """The county that stands for it in a period: itself, or what it became or became part of; None before its time."""
        one: County | None = county
        while one and one.ends and one.ends < period.end:
            one = self.county_by_code.get(one.successor)
        return one.at(period) if one and one.stands_on(period.end) else None

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
        return _grouped(self.counties)

    def known_as(self, units: Iterable[Unit]) -> dict[str, Unit]:
        """What units may be written as, reduced → unit: any of their names, or their union, with the campaign's suffix."""
        some = tuple(units)
        unions = {plain(f"{name}{self.unit_suffix}"): one for one in some for name in (one.name, one.short_name)}
        return unions | {plain(name): one for one in some for name in one.names}

    @cached_property
    def counties_known_as(self) -> Mapping[str, Unit]:
        """Of all counties: to tell whose a row is that is not the respondent's."""
        return self.known_as(self.counties)

    @cached_property
    def prefectures_known_as(self) -> Mapping[str, Unit]:
        """The same of the respondents themselves."""
        return self.known_as(self.prefectures)

    def contacts_of(self, county_code: str, on: date) -> tuple[Contact, ...]:
        """Contact units of a county valid on a day, also those paired with it under an earlier code.

        Empty for the counties the notice leaves to the prefecture.
        """
        codes = {county_code}
        one = self.county_by_code.get(county_code)
        while one := self.continued(one) if one else None:
            codes.add(one.code)
        return tuple(c for c in self.contacts if c.county_code in codes and c.valid_from <= on)

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
