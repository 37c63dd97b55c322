"""What is owed: of what sort, in time or not, why it is not met, and the row of the one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.domain.period import due_words
from pipeline.domain.signing import SIGN_NAMES, SignState

if TYPE_CHECKING:
    from datetime import date

    from pipeline.domain.contact import ContactLink
    from pipeline.domain.period import Period
    from pipeline.domain.units import Prefecture


class ObligationKind(StrEnum):
    """What sort of thing is owed."""

    REPORT = "REPORT"
    HIGHLIGHT = "HIGHLIGHT"
    MILESTONE = "MILESTONE"
    VISIT = "VISIT"
    PROBLEM = "PROBLEM"
    MATERIAL = "MATERIAL"
    SIGN_OFF = "SIGN_OFF"
    OFFICE_DUTY = "OFFICE_DUTY"


KIND_NAMES = {
    ObligationKind.REPORT: "工作推进信息",
    ObligationKind.HIGHLIGHT: "亮点经验信息",
    ObligationKind.MILESTONE: "工作节点",
    ObligationKind.VISIT: "专项调研",
    ObligationKind.PROBLEM: "问题办理",
    ObligationKind.MATERIAL: "中期和总结材料",
    ObligationKind.SIGN_OFF: "确认单签认",
    ObligationKind.OFFICE_DUTY: "办公室工作",
}


class Owner(StrEnum):
    """What sort of party is responsible."""

    COUNTY = "COUNTY"
    RESPONDENT = "RESPONDENT"
    CONTACT = "CONTACT"
    OFFICE = "OFFICE"


OWNER_NAMES = {
    Owner.COUNTY: "县",
    Owner.RESPONDENT: "州（市）",
    Owner.CONTACT: "对口联系方",
    Owner.OFFICE: "领导小组办公室",
}


class Timeliness(StrEnum):
    """Timeliness of an obligation (DESIGN §4).

    ``PENDING``: past its day, and something came that may say so and cannot be used as it is: it is not called unreported.
    ``UNCLEAR``: past its day, and nothing was reported for the last report that was due: what is owed then is the report.
    ``UNKNOWN``: no return can say so, the office looks for itself.
    """

    ON_TIME = "ON_TIME"
    LATE = "LATE"
    NOT_DUE = "NOT_DUE"
    PENDING = "PENDING"
    OVERDUE = "OVERDUE"
    UNCLEAR = "UNCLEAR"
    UNKNOWN = "UNKNOWN"


TIMELINESS_NAMES = {
    Timeliness.ON_TIME: "按时",
    Timeliness.LATE: "迟报",
    Timeliness.NOT_DUE: "未到期",
    Timeliness.PENDING: "收到待处理",
    Timeliness.OVERDUE: "逾期",
    Timeliness.UNCLEAR: "情况不明",
    Timeliness.UNKNOWN: "由办公室自查",
}
BEHIND = (Timeliness.LATE, Timeliness.OVERDUE)


class Reason(StrEnum):
    """Why an obligation is not met."""

    NOTHING_RECEIVED = "未收到报表"
    RETURNED = "退回待改"
    UNUSABLE = "收到、不能采用，待重报"
    HELD = "收到、待认定"
    UNREAD = "有文件未能读取"
    LEFT_BLANK = "整行未填"
    NO_ENTRY = "报表中没有该季度的信息"
    NOT_DONE = "报表填报尚未完成"
    OPEN = "尚未解决"
    UNSIGNED = SIGN_NAMES[SignState.UNSIGNED]
    VOID = SIGN_NAMES[SignState.VOID]
    SELF_CHECK = "由办公室自查"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something somebody owes by a day (四、五; 三（二）（三）).

    Attributes:
        who: Code of whoever is responsible: a county, a prefecture, a contact (``unit_id`` of contacts.csv; prefecture code
            and name of one entered on the sheet; of several, who owe it together, joined by 、); empty for the office.
        name: Of the same.
        owner: What sort of party that is.
        unit: Code of the unit it is about: ``who`` itself, except where a contact owes it.
        unit_name: Of the same.
        prefecture: Of the unit; without code for the office.
        serves: Code of the milestone or duty it comes from, number of the problem; empty for the period's report.
        period: Whose return shows it: the first that ends on or after ``due_on``, else the last.
        due_on: The notice's day; of a report, also the day to which it was extended.
        extended: It was.
        hand_in_by: The last working day by then: on a rest day it is handed in before, and on time until ``due_on``.
        answer_by: The day by which the return that shows it is due; before that no silence is held against anybody.
        met: None where no return can say so (the office's own duties).
        met_on: Day of receipt of a report or highlight; the stated day of anything else, else that of receipt.
        days_overdue: Calendar days past due; 0 when met or not due.
        streak: Periods (of highlights: quarters) late or overdue in a row. What is owed once grows by one with every
            later period whose return was due without it.
        contacts: Those paired with the county, as a letter addresses them; none for a prefecture.
        contact: The same in words.
        submission: What met it, or says that it is not: number in the ledger, 0 when nothing does.
        sheet: Where in it, as ``cell``; empty when the whole record is meant.
    """

    kind: ObligationKind
    who: str
    name: str
    owner: Owner
    unit: str
    unit_name: str
    prefecture: Prefecture
    what: str
    serves: str
    period: Period
    due_on: date
    extended: bool = False
    hand_in_by: date
    answer_by: date
    met: bool | None
    met_on: date | None
    timeliness: Timeliness
    days_overdue: int
    workdays_overdue: int
    streak: int
    reason: Reason
    contacts: tuple[ContactLink, ...]
    contact: str
    submission: int
    sheet: str
    cell: str

    @property
    def due_words(self) -> str:
        """Its day as it is printed."""
        return due_words(self.due_on, extended=self.extended)

    @property
    def is_county(self) -> bool:
        """Whether a county owes it."""
        return self.owner is Owner.COUNTY

    @property
    def is_of_contact(self) -> bool:
        """Whether whoever is paired with the county owes it, and not the county."""
        return self.owner is Owner.CONTACT

    @property
    def is_measured(self) -> bool:
        """Whether it is owed by a unit whose completion is measured: a county, or a respondent that reports on itself only."""
        return self.is_county or self.prefecture.alone

    @property
    def overdue(self) -> bool:
        """Not met and past its day."""
        return self.timeliness is Timeliness.OVERDUE

    @property
    def is_report(self) -> bool:
        """The period's 工作推进信息."""
        return self.kind is ObligationKind.REPORT


def timeliness(due_on: date, met_on: date | None, as_of: date, pending: date | None = None) -> Timeliness:
    """Judge one obligation; up to the day ``pending`` what came and cannot be used keeps it from being overdue."""
    if met_on is not None:
        return Timeliness.ON_TIME if met_on <= due_on else Timeliness.LATE
    if as_of <= due_on:
        return Timeliness.NOT_DUE
    return Timeliness.PENDING if pending and as_of <= pending else Timeliness.OVERDUE
