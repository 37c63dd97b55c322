"""报送提示: before a report is due, who is not in and the state of each, one letter a respondent.

What the office itself has to look at first, a file held or not read, is held against nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.signing import SIGN_NAMES, SignOff, SignState
from pipeline.domain.state import STATE_NAMES, State
from pipeline.domain.text import cn_date
from pipeline.ledger.waiting import BLANK
from pipeline.measures.escalation import TO_MEND, TO_SIGN, AddresseeKind, Letter
from pipeline.program.layout import counted_rows, row_name

if TYPE_CHECKING:
    from datetime import date

    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.reported import ReportedPeriod
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Prefecture, Program, Unit

TITLE = "报送提示"
_MISSING = STATE_NAMES[State.MISSING]


def reminder_days(program: Program, calendar: Calendar, due_on: date) -> tuple[date, ...]:
    """The days on which those not in are reminded of what is due on a day, the first one first."""
    asked = program.escalation.reminders if program.escalation else ()
    return tuple(sorted(calendar.workdays_before(due_on, count) for count in asked))


def period_ahead(program: Program, snapshot: Snapshot) -> Period | None:
    """The first period whose report is not past its day for everybody; None after the last."""
    days = ((p, max(snapshot.period_of(p, unit).due_on for unit in program.prefectures)) for p in program.periods)
    return next((period for period, due_on in days if snapshot.as_of <= due_on), None)


def reminders(m: ReportedPeriod) -> tuple[tuple[Prefecture, Letter], ...]:
    """A letter for each respondent that is not in, from its first day of reminding up to the day its report is due."""
    found = []
    for p in m.program.prefectures:
        due = m.snapshot.period_of(m.period, p)
        days = reminder_days(m.program, m.calendar, due.due_on)
        if days and days[0] <= m.snapshot.as_of <= due.due_on and (lacking := _lacking(m, p)):
            found.append((p, _reminder(m, p, due, lacking)))
    return tuple(found)


def _lacking(m: ReportedPeriod, p: Prefecture) -> dict[str, list[Unit]]:
    """State in words → the units of a respondent in it, of those that have still to be sent, or sent again."""
    waiting = m.snapshot.waiting.get((m.period.code, p.code))
    found: dict[str, list[Unit]] = {}
    for unit in m.program.reporters_of(p.code):
        state = m.snapshot.state(m.period, unit)
        if state.is_reported or state is State.UNREAD or (state is State.UNUSABLE and waiting and waiting.is_held):
            continue
        blank = state is State.UNUSABLE and waiting is not None and waiting.is_blank
        found.setdefault(BLANK if blank else STATE_NAMES[state], []).append(unit)
    receipt = m.receipts.get(p.code) if m.program.sign_off is SignOff.REQUIRED else None
    return found | ({SIGN_NAMES[receipt.state]: [p]} if receipt and receipt.state is not SignState.SIGNED else {})


def _reminder(m: ReportedPeriod, p: Prefecture, due: Period, lacking: dict[str, list[Unit]]) -> Letter:
    urging, as_of, everybody = m.program.escalation, m.snapshot.as_of, m.program.reporters_of(p.code)
    assert urging is not None  # noqa: S101 - it says on which days
    report, day = m.program.words.report, cn_date(due.due_on)
    left = m.calendar.workdays_between(as_of, due.due_on)
    due_words = f"{due.due_words}报送" if due.extended else f"应于{due.due_words}前报送"
    rest = f"距截止还有{left}个工作日" if as_of < due.due_on else "今天截止"
    asked = {_MISSING: f"抓紧报送{report}", BLANK: f"抓紧报送{report}", **dict.fromkeys(SIGN_NAMES.values(), TO_SIGN)}
    to_do = [asked.get(state, m.program.worded(TO_MEND)) for state in lacking]
    signing = set(to_do) == {TO_SIGN}
    whose = "你单位的确认单还没有签字盖章" if signing else f"{urging.to_respondent.whose}还没有报齐"
    items = []
    for n, (state, units) in enumerate(sorted(lacking.items(), key=lambda item: item[0] == _MISSING), 1):
        whole = len(units) == len(everybody) > 1
        named = f"全部{counted_rows(m.program, [u.code for u in units])}" if whole else "、".join(map(row_name, units))
        items.append(f"{n}.{state}：{'本期回执（确认单）' if asked.get(state) is TO_SIGN else named}。")
    return Letter(
        level=TITLE,
        title=TITLE,
        about="",
        addressee_kind=AddresseeKind.PREFECTURE,
        addressee=f"{p.name}{m.program.unit_suffix}",
        obligations=(),
        reply_by=due.due_on,
        opening=(f"{m.period.title}{report}{due_words}，{rest}。截至{cn_date(as_of)}，{whose}："),
        items=tuple(items),
        asked=f"请{'、'.join(dict.fromkeys(to_do))}，于{day}（含当日）前报{m.program.office}；已经报出的，不必重报。",
        office=m.program.office,
        written_on=as_of,
    )
