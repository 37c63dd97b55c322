"""Forms as frozen values: sheets, their columns, and the figures of the notice that rest on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003 - pydantic reads what these values are made of
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from pipeline.domain.text import cn_date

if TYPE_CHECKING:
    from decimal import Decimal

    from pipeline.domain.period import Period

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
    PLAIN = "plain"  # asked for its own sake: kept, traced, summed and given away like any other, measured by no system


ROLES: dict[FormKind, tuple[str, ...]] = {
    FormKind.ACTION: (),
    FormKind.MILESTONES: ("done", "done_on", "proof"),
    FormKind.TEN_TASKS: ("ten_task",),
    FormKind.CONTACTS: ("contact", "contact_level", "visits", "visited_on", "report", "report_on", "proof"),
    FormKind.PROBLEMS: (
        "county",
        "problem",
        "category",
        "level",
        "department",
        "measure",
        "due_on",
        "status",
        "closed_on",
    ),
    FormKind.HIGHLIGHTS: ("county", "title", "highlight_kind", "text", "spread", "dated_on"),
    FormKind.FUNDING: ("received", "matched", "spent", "units"),
    FormKind.SOCIAL_WORKERS: ("heads", "received_first", "received_second", "spent"),
    FormKind.SURVEY: ("ratio",),
    FormKind.PLAIN: (),
}


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
        increment: Of a total: what came in this period may be typed beside the last one, and the sum is made in the cell.
        shows: Code of the action field whose value this column repeats by formula; it is not asked again.
        role: What the column means to the measures of its form's kind (see :data:`ROLES`).
        serves: Code of the milestone, duty or funding line it belongs to.
        reading: How an ambiguous sentence of the notice was read: for the office, never for officers.
        hint: How to fill it in, in the officer's words.
        row_word: What a column that asks for a county calls it, and ``respondent_word`` what that belongs to.
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
    increment: bool = False
    shows: str = ""
    role: str = ""
    serves: str = ""
    basis: str = ""
    counts_until: date | None = None
    former: tuple[str, ...] = ()
    hint: str = ""
    row_word: str = "县"
    respondent_word: str = "州（市）"

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
        hint = {
            FieldType.YESNO: "是/否",
            FieldType.DATE: "日期",
            FieldType.CHOICE: "单选",
            FieldType.CHECKLIST: "可多选",
            FieldType.COUNTY: f"{self.row_word}名",
            FieldType.TEXT: "文字",
        }.get(self.type, self.unit)
        if self.type is FieldType.TEXT and self.max:
            hint = f"{self.min}—{self.max}字" if self.min else f"{self.max}字以内"
        hint = "自动带出" if self.shows else hint
        since = f"，{cn_date(self.counts_from)}起" if self.counts_from else ""
        return f"{title}（{hint}{since}）"

    def asked_in(self, period: Period) -> bool:
        """Whether the column is on the form of ``period``: its counting has begun, and has not ended, by the period's end."""
        begun = self.counts_from is None or self.counts_from <= period.end
        return begun and (self.counts_until is None or period.end <= self.counts_until)

    @property
    def adds_up(self) -> bool:
        """Whether a sum over units means something: a count or an amount given here, and no percentage."""
        return self.type in {FieldType.COUNT, FieldType.AMOUNT} and not self.shows and self.unit != "%"

    @property
    def choices(self) -> tuple[str, ...]:
        """The words a cell may hold besides numbers and dates."""
        own = {FieldType.YESNO: (YES, NO), FieldType.CHOICE: self.options}.get(self.type, ())
        return (*own, NOT_APPLICABLE) if self.not_applicable else own


@lru_cache(maxsize=4096)  # asked for every sheet of every workbook
def _titles(field: Field) -> tuple[str, ...]:
    return tuple(text for title in (field.title, *field.former) for text in (title, field.labelled(title)))


class ExpectedPath(StrEnum):
    """How a quantity is expected to come about between the start of its window and its day."""

    DUE = "due"  # by its day, and not before
    PROPORTIONAL = "proportional"  # evenly, as a large count does


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
        path: How it is expected to come about by its day.
        path_reading: Why evenly; the notice gives days only.
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
    path: ExpectedPath = ExpectedPath.DUE
    path_reading: str = ""

    @property
    def due_on(self) -> date:
        """The day it has to be met by: its own, else the end of its window."""
        return self.deadline or self.window.end

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
        dated = (dated.target for dated in self.targets if dated.until is None or period.end <= dated.until)
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
    """When an entry of a list is done with: ``field`` holds one of ``values``.

    Attributes:
        dropped: Those of them that say it is given up, not that it is solved.
    """

    field: str
    values: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Form:
    """One sheet of the workbook.

    Attributes:
        action: Number of its action; None for a sheet of another system.
        carry: What was accepted last stands in the cells when the next workbook is issued; a blank row keeps it.
        confirm: A row is reported only when something in it was changed, or it was ticked as 已核对（无变化）.
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
    confirm: bool = False
    closing: Closing | None = None
    same_by: tuple[str, ...] = ()

    @cached_property
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
