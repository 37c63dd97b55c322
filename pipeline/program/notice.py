"""What the notice says besides its forms: periods, actions, steps, duties, money, measures, and who does what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - pydantic reads what these values are made of
from decimal import Decimal  # noqa: TC003 - as above
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One of the eight actions (正文二)."""

    no: int
    title: str
    short_title: str
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A superior unit paired with a county (附件3), from ``valid_from`` on; ``title`` is what documents print."""

    unit_id: str
    unit: str
    title: str
    level: str
    county_code: str
    valid_from: date


class Party(StrEnum):
    """Who has to see to what a county's return shows, where that is not the county."""

    CONTACT = "contact"  # who is paired with it (附件3); where nobody is given, its respondent's leaders (三（一）)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedBy:
    """Who is responsible for a step or duty, and the words of the notice that say so."""

    party: Party
    basis: str
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A step of section 四.

    Attributes:
        office: The office itself owes it.
        owed_by: Who owes it, where that is not the unit whose row says whether it is done.
        material: It is handed in as written material, rather than a step of the work.
    """

    code: str
    phase: str
    who: str
    deliverable: str
    office: bool = False
    owed_by: OwedBy | None = None
    material: bool = False
    start: date | None = None
    due: date | None = None
    expected: int | None = None
    basis: str
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A reporting duty of section 五 and attachment 2.

    Attributes:
        office: The office itself owes it.
        owed_by: As of a milestone.
        quarterly: It is owed at the end of every quarter; else once, on ``due`` or by the campaign's close.
    """

    code: str
    title: str
    who: str
    office: bool = False
    owed_by: OwedBy | None = None
    to: str = ""
    frequency: str
    quarterly: bool = False
    due: date | None = None
    expected: int | None = None
    basis: str
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingLine:
    """A line of attachment 1's third column; amounts in 万元."""

    code: str
    action: int
    items: tuple[int, ...]
    amount_wan: Decimal | None = None
    per_unit_wan: Decimal | None = None
    units: int | None = None
    instalments: int | None = None
    match_ratio: str = ""
    basis: str
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """One of the five measures of section 三, and the sheets it is followed by.

    Attributes:
        most: Counties one contact should have at most, where the measure says so.
    """

    code: str
    name: str
    forms: tuple[str, ...] = ()
    most: int | None = None
    basis: str
    reading: str = ""


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
    related_items: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    reading: str = ""
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemCategory:
    """A category of problems and who acts (正文三（三）)."""

    code: str
    name: str
    action: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What answers in words may speak of: an answer with any of the words in it does."""

    name: str
    words: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Whether a text speaks of it."""
        return any(word in text for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeGroup:
    """A working group of the office (附件2)."""

    group: str
    lead: str = ""
    members: tuple[str, ...] = ()
    duty: str
    basis: str
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department problems are assigned to, by every name the notice gives it."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeStep:
    """From ``streak`` periods in a row a letter is of ``level`` and gives ``workdays`` to answer."""

    level: str
    title: str
    streak: int
    workdays: int
    opening: str = ""
    asking: str
    besides: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Appeal:
    """What a letter says to a sort of addressee: whose things are late, what it is, what it asks.

    Attributes:
        told: With ``{level}``.
        asked: With ``{asking}``, ``{besides}`` (of the step), ``{by}``, ``{to_do}`` and ``{office}``.
        own: Whose things are late, of what the addressee itself is responsible for (:class:`OwedBy`).
        own_asked: What it is to do about them; with all but ``{to_do}``, which speaks of returns.
        title: Of the letter, instead of its step's.
    """

    whose: str
    told: str
    asked: str
    own: str = ""
    own_asked: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urging:
    """How what is overdue is asked for.

    Attributes:
        leaders: Levels of contacts.csv that are persons.
        reminders: Working days before a report is due on which those not in are reminded; none where it is empty.
        steps: From the mildest to the sharpest.
    """

    leaders: tuple[str, ...] = ()
    reminders: tuple[int, ...] = ()
    steps: tuple[NoticeStep, ...]
    to_respondent: _Appeal
    to_contact: _Appeal
    to_leader: _Appeal


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """How long an officer is at a cell, by what has to be done there.

    Attributes:
        look: At one that went out filled, to see that it still holds.
        number: To find and type a count or an amount; ``choice`` one of a list, ``checklist`` several, ``date``, ``text``.
        tick: To confirm a row.
        explain: To write a reason.
        again: At a cell that was returned: to find it, beside what is typed.
    """

    look: float
    number: float
    choice: float
    checklist: float
    date: float
    text: float
    tick: float
    explain: float
    again: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be asked of the unit of a row: cells typed in the first period, and in one from the second on."""

    first: int
    later: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The model by which the burden is counted.

    Attributes:
        seconds: By kind of cell.
        changing: Per cent of the cells that went out filled that change from one period to the next: for what is to come only.
        budget: ``lint`` warns above it.
    """

    seconds: Seconds
    changing: float
    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A document of the office, the duty it fulfils, and the periods whose run makes it.

    Attributes:
        ordered: What the notice asks for, as the document cites it: 每季度公布各州（市）工作开展情况.
    """

    document: str
    duty: str = ""
    ordered: str = ""
    periods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """Settings of the bulletin: its head and colophon, and what may be said as news.

    Attributes:
        coverage: Per cent of its units a group must have reported for its rate and place to be told.
        chance: Per cent, that any unit is named as ahead or last by chance alone.
    """

    number_from: int
    report_to: str
    send_to: str
    issue_to: str
    copies: int
    coverage: float = 75.0
    chance: float = 5.0
