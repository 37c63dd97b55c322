"""Who has reported for a period, who has not and why; and what is overdue."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.signing import SIGN_AGAIN, SIGN_NAMES, SignOff, SignState
from pipeline.domain.state import STATE_NAMES, State
from pipeline.measures.overdue import overdue_contacts, overdue_counties, overdue_others, pending_reports
from pipeline.measures.reminders import period_ahead, reminders
from pipeline.measures.reported import ReportedPeriod
from pipeline.workspace.campaign import choose_period, open_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from pipeline.domain.obligation import Obligation
    from pipeline.program.model import Prefecture
    from pipeline.workspace.paths import Workspace

_LACKING = (State.RETURNED, State.UNUSABLE, State.UNREAD, State.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefectureStatus:
    """How far a prefecture is.

    Attributes:
        gaps: What is missing and why, and until when it may be.
        signed: Where its signature stands; empty where it is not asked to sign, or nothing has come of it.
    """

    name: str
    done: int
    asked: int
    gaps: tuple[str, ...]
    signed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingStatus:
    """Who has reported for a period.

    Attributes:
        states: State → how many of the units whose completion is measured.
        own: State → how many respondents, of what they report on themselves; empty where they report on counties only.
    """

    states: Mapping[State, int]
    own: Mapping[State, int]
    prefectures: tuple[PrefectureStatus, ...]


def reported_in(workspace: Workspace, period_code: str | None, as_of: date) -> ReportedPeriod:
    """What was reported for a period, from the dataset as it is; the inbox is not touched."""
    campaign, snapshot = open_snapshot(workspace, as_of)
    period = choose_period(campaign.program, period_code, as_of)
    return ReportedPeriod(whole=campaign.program, snapshot=snapshot, calendar=campaign.calendar, period=period)


def status_of(m: ReportedPeriod) -> ReportingStatus:
    """Who has reported, prefecture by prefecture."""
    own = Counter(
        m.snapshot.state(m.period, p)
        for p in m.program.reporters
        if m.program.counties and p.code in m.program.prefecture_by_code
    )
    return ReportingStatus(
        states=m.states_shown,
        own={state: own[state] for state in State if own[state]},
        prefectures=tuple(_prefecture(m, p, own=bool(own)) for p in m.program.prefectures),
    )


def unit_states(m: ReportedPeriod) -> list[dict[str, str]]:
    """State of every unit that reports."""
    return [
        {
            "county_code": unit.code,
            "county": unit.short_name,
            "prefecture_code": unit.prefecture_code,
            "period": m.period.code,
            "state": m.snapshot.state(m.period, unit).value,
            "signed": m.receipts[unit.prefecture_code].state.value
            if m.signs and unit.prefecture_code in m.receipts
            else "",
        }
        for unit in m.program.reporters
    ]


def _prefecture(m: ReportedPeriod, p: Prefecture, *, own: bool) -> PrefectureStatus:
    states = {c.short_name: m.snapshot.state(m.period, c) for c in m.program.measured_of(p.code)}
    gaps = [*_gaps(m, p, states), *(_own_gap(m, p, states) if own else ())]
    done, due = sum(s.is_reported for s in states.values()), m.snapshot.period_of(m.period, p)
    gaps += [f"经批准延期至 {due.due_on}"] if due.extended else []
    return PrefectureStatus(name=p.short_name, done=done, asked=len(states), gaps=tuple(gaps), signed=_signed(m, p))


def _signed(m: ReportedPeriod, p: Prefecture) -> str:
    """Where its signature stands; that nobody signed is said where it has to be."""
    state = m.receipts[p.code].state if m.signs and p.code in m.receipts else None
    if state is None or (state is SignState.UNSIGNED and m.program.sign_off is not SignOff.REQUIRED):
        return ""
    return SIGN_NAMES[state] + (f"（{SIGN_AGAIN}）" if state is SignState.VOID else "")


def _gaps(m: ReportedPeriod, p: Prefecture, states: Mapping[str, State]) -> Iterator[str]:
    """What is missing of a prefecture's counties and why."""
    waiting = m.snapshot.waiting.get((m.period.code, p.code))
    for state in _LACKING:
        names = [name for name, s in states.items() if s is state]
        listed = "" if len(names) == len(states) else "：" + "、".join(names)
        if names and state in {State.UNUSABLE, State.UNREAD} and waiting:
            yield f"{waiting.reason}，见 {waiting.file}{listed}"
        elif names and state is State.MISSING and not listed:
            yield "全部未报"
        elif names:
            yield f"{STATE_NAMES[state]}：{'、'.join(names)}"


def _own_gap(m: ReportedPeriod, p: Prefecture, states: Mapping[str, State]) -> Iterator[str]:
    """What is missing of what a prefecture reports on itself; its silence is said once."""
    mine = m.snapshot.state(m.period, p)
    if mine is State.RETURNED or (mine is State.MISSING and State.MISSING not in states.values()):
        yield f"本级{STATE_NAMES[mine]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueList:
    """What is overdue; ``pending``: past its day with a file here that waits for an answer, and not overdue."""

    counties: tuple[Obligation, ...]
    others: tuple[Obligation, ...]
    contacts: tuple[Obligation, ...]
    pending: tuple[Obligation, ...]


def overdue_list(m: ReportedPeriod) -> OverdueList:
    """The reports of a period that are overdue, and all else that is."""
    return OverdueList(
        counties=overdue_counties(m.obligations, m.period),
        others=overdue_others(m.obligations),
        contacts=overdue_contacts(m.obligations),
        pending=pending_reports(m.obligations, m.period),
    )


def overdue_rows(late: OverdueList) -> list[dict[str, str | int]]:
    """A row for each thing that is overdue, for other programs."""
    return [
        {
            "who": o.who,
            "name": o.name,
            "owner": o.owner.value,
            "county": o.unit_name,
            "prefecture": o.prefecture.short_name,
            "reason": o.reason.value,
            "contact": o.contact,
            "due_on": o.due_on.isoformat(),
            "days_overdue": o.days_overdue,
            "streak": o.streak,
            "kind": o.kind.value,
            "what": o.what,
        }
        for o in (*late.counties, *late.others, *late.contacts)
    ]


def ahead(m: ReportedPeriod) -> ReportedPeriod:
    """The same office in the period whose report is due next; in its own after the last."""
    return ReportedPeriod(
        whole=m.whole, snapshot=m.snapshot, calendar=m.calendar, period=period_ahead(m.whole, m.snapshot) or m.period
    )


def reminder_hint(m: ReportedPeriod) -> str:
    """That the day has come to remind somebody, and how; empty on any other day."""
    then = ahead(m)
    some = reminders(then)
    return (
        f"{then.period.title}报送截止 {then.period.due_on}，还没有报齐的 {len(some)} 个，提示他们：run-pipeline remind"
        if some
        else ""
    )
