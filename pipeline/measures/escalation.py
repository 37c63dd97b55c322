"""催报函: what is overdue, by how long it has been so, as letters ready to send.

One letter per addressee and level: to each prefecture union, each contact unit (附件3) and each leader. What a county owes is
asked of its prefecture and brought before its contacts; what the contacts owe themselves is asked of nobody else. What was
handed in late asks for nothing any more; it only counts in the streak.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.domain.obligation import Obligation, ObligationKind, Reason
from pipeline.domain.text import cn_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Program
    from pipeline.program.notice import NoticeStep, Urging

# owed again and again: one streak for all of them
_SERIES = frozenset({ObligationKind.REPORT, ObligationKind.HIGHLIGHT})

TO_MEND = "按退回意见修改重报"
TO_SIGN = "打印最新的回执（确认单），签字盖章后发回"
_TO_DO = {
    ObligationKind.REPORT: "补报工作推进信息",
    ObligationKind.HIGHLIGHT: "补报亮点经验信息",
    ObligationKind.MILESTONE: "完成有关工作并在报表中填明完成日期",
    ObligationKind.VISIT: "完成实地调研和调研报告并在报表中填明",
    ObligationKind.PROBLEM: "推动问题解决并在报表中更新办理情况",
    ObligationKind.MATERIAL: "报送有关材料并在报表中填明完成日期",
    ObligationKind.SIGN_OFF: TO_SIGN,
    ObligationKind.OFFICE_DUTY: "",
}


class AddresseeKind(StrEnum):
    """Whom a letter goes to."""

    PREFECTURE = "PREFECTURE"
    CONTACT = "CONTACT"
    LEADER = "LEADER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter.

    Attributes:
        level: 提醒, 催报 or 通报, as the programme calls its steps; 报送提示 before the day.
        about: What stands before its title.
        addressee: As on its first line: 昆明市总工会, 省总组织部, 省总领导某某.
        obligations: What it asks for, in the order of ``items``.
        reply_by: The day it gives.
        opening: How much is overdue, and what the letter is.
        items: A numbered line for each thing owed, with all who owe it.
        asked: What the addressee is to do by when; stays with the signature.
        written_on: Day of the letter.
    """

    level: str
    title: str
    addressee_kind: AddresseeKind
    addressee: str
    obligations: tuple[Obligation, ...]
    reply_by: date
    opening: str
    items: tuple[str, ...]
    asked: str
    office: str
    written_on: date
    about: str = "逾期事项"


def step_of(steps: Sequence[NoticeStep], streak: int) -> int | None:
    """The place of the step a streak has come to; None while nothing is late."""
    return max((n for n, step in enumerate(steps) if streak >= step.streak), default=None)


def letters(program: Program, owed: Iterable[Obligation], calendar: Calendar, as_of: date) -> tuple[Letter, ...]:
    """All letters of a day, sharpest first, prefectures before contact units before leaders.

    Args:
        program: For the contacts and the office's name.
        owed: The table of obligations; only what is overdue is escalated.
        calendar: For the day of reply.
        as_of: Day of the letters.
    """
    urging, late = program.escalation, [o for o in owed if o.overdue]
    if urging is None:
        return ()
    streaks: dict[tuple[str, ...], int] = {}
    for o in late:
        streaks[_series(o)] = max(o.streak, streaks.get(_series(o), 0))
    kinds, groups = list(AddresseeKind), dict[tuple[int, int, str, str], list[Obligation]]()
    for o in late:
        step = step_of(urging.steps, streaks[_series(o)])
        if step is not None:
            for kind, code, name in _addressees(program, urging, o):
                groups.setdefault((-step, kinds.index(kind), code, name), []).append(o)
    return tuple(
        _letter(program, urging, -level, kinds[kind], name, groups[level, kind, code, name], calendar, as_of)
        for level, kind, code, name in sorted(groups)
    )


def _series(o: Obligation) -> tuple[str, ...]:
    """What shares a streak: the reports of a unit do, two milestones do not."""
    return (o.kind, o.unit) if o.kind in _SERIES else (o.kind, o.unit, o.serves, o.what)


def _addressees(program: Program, urging: Urging, o: Obligation) -> Iterable[tuple[AddresseeKind, str, str]]:
    """Kind, key in reading order, and name of everyone whom a letter about an obligation goes to."""
    if not o.is_of_contact:
        yield AddresseeKind.PREFECTURE, o.prefecture.code, f"{o.prefecture.name}{program.unit_suffix}"
    for link in o.contacts:
        is_unit = link.given and link.level not in urging.leaders
        yield AddresseeKind.CONTACT if is_unit else AddresseeKind.LEADER, link.key, link.title


def _letter(
    program: Program,
    urging: Urging,
    place: int,
    kind: AddresseeKind,
    addressee: str,
    owed: Sequence[Obligation],
    calendar: Calendar,
    as_of: date,
) -> Letter:
    kinds = list(ObligationKind)
    owed = sorted(owed, key=lambda o: (not o.is_of_contact, o.due_on, kinds.index(o.kind), o.what, o.is_county, o.unit))
    step = urging.steps[place]
    reply_by, provisional = calendar.add_workdays(as_of, step.workdays)
    appeal = {
        AddresseeKind.PREFECTURE: urging.to_respondent,
        AddresseeKind.CONTACT: urging.to_contact,
        AddresseeKind.LEADER: urging.to_leader,
    }[kind]
    parts = [
        (appeal.own, "", appeal.own_asked, [o for o in owed if o.is_of_contact]),
        (appeal.whose, "应报事项", appeal.asked, [o for o in owed if not o.is_of_contact]),
    ]
    asked = [
        text.format(
            asking=step.asking,
            besides=step.besides,
            by=cn_date(reply_by) + ("（暂定）" if provisional else ""),
            to_do="、".join(dict.fromkeys(program.worded(_to_do(o)) for o in some)),
            office=program.office,
        )
        for _, _, text, some in parts
        if some
    ]
    overdue = "，".join(f"{whose}有{len(some)}项{things}逾期" for whose, things, _, some in parts if some)
    return Letter(
        level=step.level,
        title=appeal.title or step.title,
        addressee_kind=kind,
        addressee=addressee,
        obligations=tuple(owed),
        reply_by=reply_by,
        opening=f"截至{cn_date(as_of)}，{overdue}，{step.opening}{appeal.told.format(level=step.level)}：",
        items=tuple(f"{n}.{line}" for n, line in enumerate(_lines(owed), 1)),
        asked="".join(asked),
        office=program.office,
        written_on=as_of,
    )


def _lines(owed: Sequence[Obligation]) -> list[str]:
    """One line per thing owed, with everyone who owes it."""
    lines = []
    for (what, _), some in groupby(owed, key=lambda o: (o.what, o.due_on)):
        units = list(some)
        due = units[0].due_words if units[0].extended else f"应于{units[0].due_words}前"
        done = "报送" if units[0].kind in {*_SERIES, ObligationKind.MATERIAL} else "完成"
        late = f"{what}，{due}{done}，已逾期{units[0].days_overdue}天"
        if units[0].is_of_contact:
            lines.append(f"{late}{''.join(_why(o) for o in units)}。")
        else:
            names = "、".join(f"{o.name}{_why(o)}" for o in units)
            lines.append(f"{late}：{names}。")
    return lines


def _why(o: Obligation) -> str:
    streak = f"，连续{o.streak}期" if o.streak > 1 else ""
    together = f"，由{o.name}共同负责" if o.is_of_contact and len(o.contacts) > 1 else ""
    return f"（{o.reason.value}{streak}{together}）"


def _to_do(o: Obligation) -> str:
    return TO_MEND if o.reason in {Reason.RETURNED, Reason.UNUSABLE} else _TO_DO[o.kind]
