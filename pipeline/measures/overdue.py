"""What is owed by whom, whether it is met, and why not: the overdue list is the obligations not met."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.checks.decide import State, Verdict
from pipeline.measures.timeliness import Timeliness, county_history, prefecture_history

if TYPE_CHECKING:
    from datetime import date

    from pipeline.dataset.snapshot import Snapshot
    from pipeline.dataset.store import Submission
    from pipeline.measures.timeliness import Arrived
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Contact, County, Period, Prefecture, Program

NO_CONTACT = "州（市）总工会领导"  # 三（一）: the counties the notice pairs with no unit are the prefecture's leaders'


class Reason(StrEnum):
    """Why an obligation is not met."""

    NOTHING_RECEIVED = "未收到报表"
    RETURNED = "退回待改"
    LEFT_BLANK = "整行未填"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One report owed by one unit for one period (五（四）).

    Attributes:
        who: Code of a county or prefecture.
        days_overdue: Calendar days past due; 0 when met or not due.
        streak: Periods late or overdue in a row.
        contact: Contact unit(s) of the county.
    """

    who: str
    name: str
    is_county: bool
    prefecture: Prefecture
    what: str
    period: Period
    due_on: date
    met: bool
    met_on: date | None
    timeliness: Timeliness
    days_overdue: int
    workdays_overdue: int
    streak: int
    reason: Reason
    contact: str

    @property
    def overdue(self) -> bool:
        """Not met and past its day."""
        return self.timeliness is Timeliness.OVERDUE


def obligations(program: Program, snapshot: Snapshot, calendar: Calendar, through: Period) -> tuple[Obligation, ...]:
    """All bimonthly reports owed up to ``through``: by period, prefectures first, then counties in code order."""
    owed: list[Obligation] = []
    for prefecture in program.prefectures:
        for one in prefecture_history(program, snapshot, calendar, prefecture, through):
            reason = Reason.NONE if one.met_on else _prefecture_reason(snapshot, prefecture, one.period)
            owed.append(_obligation(prefecture, None, one, reason, ""))
    for county in program.counties:
        prefecture = program.prefecture_by_code[county.prefecture_code]
        contact = contact_text(program.contacts_of(county.code, snapshot.as_of))
        for one in county_history(program, snapshot, calendar, county, through):
            reason = Reason.NONE if one.met_on else _county_reason(snapshot, county, one.period)
            owed.append(_obligation(prefecture, county, one, reason, contact))
    return tuple(sorted(owed, key=lambda o: (o.period.no, o.is_county, o.who)))


def overdue_counties(owed: tuple[Obligation, ...], period: Period) -> tuple[Obligation, ...]:
    """The overdue list of a period: by prefecture, then county."""
    late = (o for o in owed if o.is_county and o.overdue and o.period == period)
    return tuple(sorted(late, key=lambda o: (o.prefecture.code, o.who)))


def contact_text(contacts: tuple[Contact, ...]) -> str:
    """Contact units in words: 全总研究室、省总工会组织部."""
    return "、".join(c.title for c in contacts) or NO_CONTACT


def _obligation(
    prefecture: Prefecture, county: County | None, one: Arrived, reason: Reason, contact: str
) -> Obligation:
    unit = county or prefecture
    overdue = one.timeliness is Timeliness.OVERDUE
    return Obligation(
        who=unit.code, name=unit.short_name, is_county=county is not None, prefecture=prefecture,
        what=f"{one.period.title}工作推进信息", period=one.period, due_on=one.period.due_on, met=one.met_on is not None,
        met_on=one.met_on, timeliness=one.timeliness, days_overdue=one.days if overdue else 0,
        workdays_overdue=one.workdays if overdue else 0, streak=one.streak, reason=reason, contact=contact,
    )  # fmt: skip


def _county_reason(snapshot: Snapshot, county: County, period: Period) -> Reason:
    if snapshot.state(period, county) is State.RETURNED:
        return Reason.RETURNED
    got = _received(snapshot, county.prefecture_code, period)
    if not got:
        return Reason.NOTHING_RECEIVED
    return Reason.RETURNED if all(s.verdict == "RETURNED" for s in got) else Reason.LEFT_BLANK


def _prefecture_reason(snapshot: Snapshot, prefecture: Prefecture, period: Period) -> Reason:
    got = _received(snapshot, prefecture.code, period)
    if not got:
        return Reason.NOTHING_RECEIVED
    return Reason.RETURNED if any(s.verdict == "RETURNED" for s in got) else Reason.LEFT_BLANK


def _received(snapshot: Snapshot, prefecture_code: str, period: Period) -> list[Submission]:
    """A prefecture's submissions for a period; what is held is nobody's yet."""
    mine = (s for s in snapshot.submissions if s.period == period.code and s.prefecture_code == prefecture_code)
    return [s for s in mine if s.verdict != Verdict.HELD]
