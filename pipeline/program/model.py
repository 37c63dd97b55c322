"""The campaign as frozen values: what ``program/`` says, parsed once and typed.

Words are those of DESIGN §4. Everything here is immutable; nothing here reads a file or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

YES, NO, NOT_APPLICABLE, NONE_TICKED = "是", "否", "不适用", "无"


class FieldType(StrEnum):
    """What a column holds."""

    COUNT = "count"  # a whole number of something, ≥ 0
    YESNO = "yesno"  # 是 / 否
    CHOICE = "choice"  # one of the options
    CHECKLIST = "checklist"  # any of the options joined by 、, or 无
    DATE = "date"


class Accumulation(StrEnum):
    """How a value relates to time."""

    CUMULATIVE = "cumulative"  # counted from the start of its window to the period's end; never falls
    STOCK = "stock"  # as at the period's end
    STATUS = "status"  # as at the period's end


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
        counts_from: The first day that counts; the column is asked only in periods that end on or after it.
        nil_value: What 本期无新进展 means when nothing was ever accepted; None where a value must be given.
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
    nil_value: str | int | None
    max: int | None
    reading: str

    @property
    def label(self) -> str:
        """The visible column title, unit and since-when included."""
        hint = {FieldType.COUNT: self.unit, FieldType.YESNO: "是/否", FieldType.DATE: "日期"}.get(self.type, "可多选")
        hint = "单选" if self.type is FieldType.CHOICE else hint
        since = (
            f"，{self.counts_from.year}年{self.counts_from.month}月{self.counts_from.day}日起"
            if self.counts_from
            else ""
        )
        return f"{self.title}（{hint}{since}）"

    @property
    def choices(self) -> tuple[str, ...]:
        """The words a cell may hold besides numbers and dates."""
        own = {FieldType.YESNO: (YES, NO), FieldType.CHOICE: self.options}.get(self.type, ())
        return (*own, NOT_APPLICABLE) if self.not_applicable else own


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
class Quantity:
    """One of the notice's assessed figures, taken from one field or from two as a rate in per cent.

    Attributes:
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

    @property
    def is_rate(self) -> bool:
        """Whether the figure is numerator ÷ denominator."""
        return self.numerator is not None

    @property
    def fields(self) -> tuple[str, ...]:
        """Codes of the columns it is computed from."""
        return tuple(code for code in (self.value, self.numerator, self.denominator) if code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One of the 32 tasks (附件1)."""

    no: int
    title: str
    fields: tuple[Field, ...]
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One sheet of the workbook: an action with its items."""

    code: str
    version: int
    action: int
    title: str
    sheet: str
    items: tuple[Item, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every column of the form, in order."""
        return tuple(f for item in self.items for f in item.fields)

    def fields_in(self, period: Period) -> tuple[Field, ...]:
        """The columns asked in ``period``: those whose counting has begun by its end."""
        return tuple(f for f in self.fields if f.counts_from is None or f.counts_from <= period.end)


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
    """A county union; ``code`` is GB/T 2260."""

    code: str
    name: str
    short_name: str
    prefecture_code: str
    aliases: tuple[str, ...]
    townships: int
    tile_row: int
    tile_col: int

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it may be written by."""
        return (self.name, self.short_name, *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefecture:
    """A prefecture union: the respondent that returns a workbook."""

    code: str
    name: str
    short_name: str


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
class Bulletin:
    """Settings of the bulletin's head and colophon."""

    number_from: int
    report_to: str
    send_to: str
    issue_to: str
    copies: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """The whole campaign definition."""

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
        """GB/T 2260 code → county."""
        return {county.code: county for county in self.counties}

    @cached_property
    def prefecture_by_code(self) -> dict[str, Prefecture]:
        """GB/T 2260 code → prefecture."""
        return {prefecture.code: prefecture for prefecture in self.prefectures}

    @cached_property
    def period_by_code(self) -> dict[str, Period]:
        """Period code (closing month) → period."""
        return {period.code: period for period in self.periods}

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities in the order of the notice."""
        return tuple(q for form in self.forms for item in form.items for q in item.quantities)

    def counties_of(self, prefecture_code: str) -> tuple[County, ...]:
        """The counties of one prefecture, in code order."""
        return tuple(c for c in self.counties if c.prefecture_code == prefecture_code)

    def contacts_of(self, county_code: str, on: date) -> tuple[Contact, ...]:
        """Contact units of a county valid on a day; empty for the counties the notice leaves to the prefecture."""
        return tuple(c for c in self.contacts if c.county_code == county_code and c.valid_from <= on)

    def periods_through(self, period: Period) -> tuple[Period, ...]:
        """All periods up to and including ``period``."""
        return self.periods[: period.no]

    def previous(self, period: Period) -> Period | None:
        """The period before, or None for the first."""
        return self.periods[period.no - 2] if period.no > 1 else None

    def ended_by(self, day: date) -> Iterator[Period]:
        """Periods whose last day is before ``day``."""
        return (p for p in self.periods if p.end < day)
