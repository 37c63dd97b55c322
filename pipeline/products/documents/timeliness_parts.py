"""Who reported on time, late or not at all: prefectures in a sentence, counties in a sentence and by prefecture."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipeline.domain.obligation import Obligation, Reason, Timeliness
from pipeline.domain.state import STATE_NAMES, State
from pipeline.ledger.waiting import BLANK
from pipeline.measures.overdue import overdue_counties, pending_reports
from pipeline.products.wording import LIST_LIMIT, listing, made_up_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.wording import Figures
    from pipeline.program.model import Period, Prefecture


def row_note(m: PeriodMeasures, p: Prefecture) -> str:
    """迟报 or 逾期未报, for the last column of a table by prefecture; of what came and is not accepted, what it is."""
    mine = next(o for o in m.owed_now if o.is_report and not o.is_county and o.who == p.code)
    if mine.timeliness in {Timeliness.PENDING, Timeliness.OVERDUE}:
        return _OVERDUE_WORDS if mine.reason is Reason.NOTHING_RECEIVED else mine.reason.value
    return "迟报" if mine.timeliness is Timeliness.LATE else ""


def not_reported(m: PeriodMeasures, p: Prefecture) -> str:
    """Why a prefecture has no figures: 未报 only where nothing of it came."""
    waiting = m.snapshot.waiting.get((m.period.code, p.code))
    if waiting and waiting.is_blank:
        return BLANK
    states = {m.snapshot.state(m.period, c) for c in m.program.measured_of(p.code)}
    return next(
        (STATE_NAMES[state] for state in (State.RETURNED, State.UNUSABLE, State.UNREAD) if state in states),
        STATE_NAMES[State.MISSING],
    )


def timeliness_paragraphs(m: PeriodMeasures, say: Figures, period: Period | None = None) -> list[str]:
    """Which prefectures handed in the reports of a period (this one unless named) on time, late or not at all."""
    w = m.program.words
    period = period or m.period
    owed = [o for o in m.obligations if o.is_report and not o.is_county and o.period == period]
    due = f"{say('period.title', period.title)}{say.words.report}应于{say.day('due_on', period.due_on)}前报送"
    if period.provisional:
        due += "（该年放假安排尚未公布，截止日为暂定）"
    due += extended_words(m, say, period)
    clauses = []
    for kind, label, reasons in _CLAUSES:
        some = [o for o in owed if o.timeliness is kind and (not reasons or o.reason in reasons)]
        if len(some) == len(owed) > 1:
            alike = f"（{note}）" if (note := _alike(m, some, say)) else ""
            clauses.append(f"{say(f'prefectures.{kind.value}', len(some))}{w.respondents}均{label}{alike}")
        elif some:
            named = kind is not Timeliness.ON_TIME or len(some) <= LIST_LIMIT
            clauses.append(
                f"{label}的{w.respondent}{say(f'prefectures.{kind.value}', len(some))}个{_names(m, some, say) if named else ''}"
            )
    return [due + "。" + "；".join(clauses) + "。"]


def extended_words(m: PeriodMeasures, say: Figures, period: Period) -> str:
    """（昆明市经批准延期至5月16日）: whose report of a period was extended, and until when; empty where none was."""
    said = [f"{p.short_name}{say(f'{p.code}.due_on', one.due_words)}" for p, one in m.extended_in(period)]
    return f"（{'，'.join(said)}）" if said else ""


_OVERDUE_WORDS = "逾期未报"
_CAME = tuple(reason for reason in Reason if reason not in {Reason.NOTHING_RECEIVED, Reason.UNREAD, Reason.HELD})
_CLAUSES: tuple[tuple[Timeliness, str, tuple[Reason, ...]], ...] = (
    (Timeliness.ON_TIME, "按时报送", ()),
    (Timeliness.LATE, "迟报", ()),
    (Timeliness.PENDING, "报表已收到、不能采用，待重报", (Reason.UNUSABLE,)),
    (Timeliness.PENDING, "报表已收到、待认定", (Reason.HELD,)),
    (Timeliness.PENDING, "有文件未能读取", (Reason.UNREAD,)),
    (Timeliness.OVERDUE, "已报来、逾期未通过核对", _CAME),
    (Timeliness.OVERDUE, _OVERDUE_WORDS, (Reason.NOTHING_RECEIVED,)),
    (Timeliness.NOT_DUE, "已报来、尚未接收（未到截止日）", (*_CAME, Reason.HELD)),
    (Timeliness.NOT_DUE, "有文件未能读取（未到截止日）", (Reason.UNREAD,)),
    (Timeliness.NOT_DUE, "尚未报送（未到截止日）", (Reason.NOTHING_RECEIVED,)),
)


def _names(m: PeriodMeasures, some: Sequence[Obligation], say: Figures) -> str:
    """：甲、乙（迟3天） / （均已连续2期）：甲、乙."""
    if alike := _alike(m, some, say):
        return f"（均{alike}）：{'、'.join(o.name for o in some)}"
    return "：" + "、".join(f"{o.name}（{note}）" if (note := _late_note(m, o, say)) else o.name for o in some)


def _alike(m: PeriodMeasures, some: Sequence[Obligation], say: Figures) -> str:
    """已连续2期, where it is to be said of each of several."""
    notes = {_late_note(m, o, say) for o in some}
    return notes.pop() if len(some) > 1 == len(notes) else ""


def _late_note(m: PeriodMeasures, o: Obligation, say: Figures) -> str:
    if o.timeliness is Timeliness.LATE and o.met_on:
        return f"迟{say(f'{o.who}.days_late', (o.met_on - o.due_on).days)}天"
    waiting = m.snapshot.waiting.get((o.period.code, o.who))
    if o.timeliness is Timeliness.PENDING and waiting and waiting.state is State.UNUSABLE:
        on_time = "按时" if waiting.received_on <= o.due_on else "迟报"
        return f"于{say.day(f'{o.who}.received_on', waiting.received_on)}报来，{on_time}"
    return f"已连续{say(f'{o.who}.streak', o.streak)}期" if o.streak > 1 else ""


def overdue_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """Counties overdue with this period's report, and why."""
    w = m.program.words
    late = overdue_counties(m.obligations, m.period)
    day = say.day("as_of", m.snapshot.as_of)
    waiting = pending_sentence(m, say)
    if not late:
        not_due = any(o.timeliness is Timeliness.NOT_DUE for o in m.owed_now if o.is_report)
        return [f"截至{day}，{'本期报送尚未到期，' if not_due else ''}没有逾期的{w.body}。{waiting}"]
    count, kinds = (
        len(late),
        [(f"{reason.value}的", f"overdue.{reason.name}", sum(o.reason is reason for o in late)) for reason in Reason],
    )
    text = f"截至{day}，逾期{w.body}{say('overdue.count', count)}{w.counter}，{made_up_of(say, count, kinds)}。"
    repeated = [o for o in late if o.streak > 1]
    if len(repeated) == count > 1:
        text += f"以上{w.body}均已连续两期以上未按时报送。"
    elif repeated:
        names = listing([o.name for o in repeated], w.rows, say, "overdue.repeated")
        text += f"连续两期以上未按时报送的有{names}。"
    return [f"{text}名单见《逾期{w.row}清单》。{waiting}"]


def pending_sentence(m: PeriodMeasures, say: Figures) -> str:
    """Counties that are not overdue because what came of them has to be dealt with first; empty where there are none."""
    w = m.program.words
    some = pending_reports(m.obligations, m.period)
    if not some:
        return ""
    parts = []
    for reason in dict.fromkeys(o.reason for o in some):
        mine = [o for o in some if o.reason is reason]
        names = "、".join(
            f"{p.short_name}{say(f'pending.{p.code}', n)}个"
            for p in m.program.prefectures
            if (n := sum(o.prefecture == p for o in mine))
        )
        parts.append(f"{reason.value}的{say(f'pending.{reason.name}', len(mine))}个（{names}）")
    return f"另有{w.body}{say('pending.count', len(some))}{w.counter}，不列入逾期：{'；'.join(parts)}。"


def overdue_groups(m: PeriodMeasures, say: Figures) -> list[dict[str, Any]]:
    """The same by prefecture, with their names."""
    late = overdue_counties(m.obligations, m.period)
    return [
        {
            "prefecture": prefecture.short_name,
            "names": [o.name for o in group],
            "count": say(f"overdue.{prefecture.code}", len(group)),
        }
        for prefecture, rows in groupby(late, key=lambda o: o.prefecture)
        if (group := list(rows))
    ]
