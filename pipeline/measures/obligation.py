"""The words of obligations: what sort of thing is owed, why it is not met, and the row of the one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.measures.timeliness import Timeliness

if TYPE_CHECKING:
    from pipeline.program.model import Period, Prefecture, Window


class ObligationKind(StrEnum):
    """What sort of thing is owed."""

    REPORT = "REPORT"
    HIGHLIGHT = "HIGHLIGHT"
    MILESTONE = "MILESTONE"
    VISIT = "VISIT"
    PROBLEM = "PROBLEM"
    MATERIAL = "MATERIAL"
    OFFICE_DUTY = "OFFICE_DUTY"


KIND_NAMES = {
    ObligationKind.REPORT: "工作推进信息",
    ObligationKind.HIGHLIGHT: "亮点经验信息",
    ObligationKind.MILESTONE: "工作节点",
    ObligationKind.VISIT: "专项调研",
    ObligationKind.PROBLEM: "问题办理",
    ObligationKind.MATERIAL: "中期和总结材料",
    ObligationKind.OFFICE_DUTY: "办公室工作",
}


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
    SELF_CHECK = "由办公室自查"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something one unit owes by a day (四、五; 三（二）（三）).

    Attributes:
        who: Code of a county or prefecture; empty for the office itself. A visit stands under the county to be visited.
        prefecture: Of the unit; without code for the office.
        serves: Code of the milestone or duty it comes from, number of the problem; empty for the period's report.
        period: Whose return shows it: the first that ends on or after ``due_on``, else the last.
        due_on: The notice's day.
        hand_in_by: The last working day by then: on a rest day it is handed in before, and on time until ``due_on``.
        answer_by: The day by which the return that shows it is due; before that no silence is held against anybody.
        met: None where no return can say so (the office's own duties).
        met_on: Day of receipt of a report or highlight; the stated day of anything else, else that of receipt.
        days_overdue: Calendar days past due; 0 when met or not due.
        streak: Periods (of highlights: quarters) late or overdue in a row. What is owed once grows by one with every
            later period whose return was due without it.
        contacts: Names of the county's contacts; none where its prefecture's leaders stand in.
        contact: The same in words; empty for a prefecture.
        submission: What met it, or says that it is not: number in the ledger, 0 when nothing does.
        sheet: Where in it, as ``cell``; empty when the whole record is meant.
    """

    kind: ObligationKind
    who: str
    name: str
    is_county: bool
    prefecture: Prefecture
    what: str
    serves: str
    period: Period
    due_on: date
    hand_in_by: date
    answer_by: date
    met: bool | None
    met_on: date | None
    timeliness: Timeliness
    days_overdue: int
    workdays_overdue: int
    streak: int
    reason: Reason
    contacts: tuple[str, ...]
    contact: str
    submission: int
    sheet: str
    cell: str

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """A calendar quarter."""

    start: date
    end: date

    @property
    def title(self) -> str:
        """2022年第四季度."""
        return f"{self.end.year}年第{'一二三四'[self.end.month // 3 - 1]}季度"


def quarters(window: Window) -> tuple[Quarter, ...]:
    """The calendar quarters that end inside the window: one that it only begins is not owed."""
    found = []
    for year in range(window.start.year, window.end.year + 1):
        for month in (1, 4, 7, 10):
            after = date(year + (month == 10), (month + 3) % 12, 1)  # noqa: PLR2004 - the last quarter ends the year
            end = after - timedelta(days=1)
            if window.start <= end <= window.end:
                found.append(Quarter(start=date(year, month, 1), end=end))
    return tuple(found)
