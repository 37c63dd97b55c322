"""Who reported on time, late or not at all: prefectures in a sentence, counties in a sentence and by prefecture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.measures.overdue import Obligation, Reason, overdue_counties
from pipeline.measures.timeliness import Timeliness
from pipeline.reports.wording import LIST_LIMIT, listing, made_up_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Period, Prefecture
    from pipeline.reports.wording import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueGroup:
    """One prefecture in 表2."""

    prefecture: str
    names: list[str]
    count: str


def row_note(m: PeriodMeasures, p: Prefecture) -> str:
    """迟报 or 逾期未报, for the last column of a table by prefecture."""
    mine = next(o for o in m.owed_now if o.is_report and not o.is_county and o.who == p.code)
    return {Timeliness.LATE: "迟报", Timeliness.OVERDUE: "逾期未报"}.get(mine.timeliness, "")


def timeliness_paragraphs(m: PeriodMeasures, say: Figures, period: Period | None = None) -> list[str]:
    """Which prefectures handed in the reports of a period (this one unless named) on time, late or not at all."""
    period = period or m.period
    owed = [o for o in m.obligations if o.is_report and not o.is_county and o.period == period]
    due = f"{say('period.title', period.title)}工作推进信息应于{say.day('due_on', period.due_on)}前报送"
    if period.provisional:
        due += "（该年放假安排尚未公布，截止日为暂定）"
    clauses = []
    for kind, label in ((Timeliness.ON_TIME, "按时报送"), (Timeliness.LATE, "迟报"), (Timeliness.OVERDUE, "逾期未报"),
                        (Timeliness.NOT_DUE, "尚未报送（未到截止日）")):  # fmt: skip
        some = [o for o in owed if o.timeliness is kind]
        if len(some) == len(owed) > 1:
            alike = f"（{note}）" if (note := _alike(some, say)) else ""
            clauses.append(f"{say(f'prefectures.{kind.value}', len(some))}个州（市）均{label}{alike}")
        elif some:
            named = kind is not Timeliness.ON_TIME or len(some) <= LIST_LIMIT
            clauses.append(
                f"{label}的州（市）{say(f'prefectures.{kind.value}', len(some))}个{_names(some, say) if named else ''}"
            )
    return [due + "。" + "；".join(clauses) + "。"]


def _names(some: Sequence[Obligation], say: Figures) -> str:
    """：甲、乙（迟3天） / （均已连续2期）：甲、乙."""
    if alike := _alike(some, say):
        return f"（均{alike}）：{'、'.join(o.name for o in some)}"
    return "：" + "、".join(f"{o.name}（{note}）" if (note := _late_note(o, say)) else o.name for o in some)


def _alike(some: Sequence[Obligation], say: Figures) -> str:
    """已连续2期, where it is to be said of each of several."""
    notes = {_late_note(o, say) for o in some}
    return notes.pop() if len(some) > 1 == len(notes) else ""


def _late_note(o: Obligation, say: Figures) -> str:
    if o.timeliness is Timeliness.LATE and o.met_on:
        return f"迟{say(f'{o.who}.days_late', (o.met_on - o.due_on).days)}天"
    return f"已连续{say(f'{o.who}.streak', o.streak)}期" if o.streak > 1 else ""


def overdue_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """Counties overdue with this period's report, and why."""
    late = overdue_counties(m.obligations, m.period)
    day = say.day("as_of", m.snapshot.as_of)
    if not late:
        not_due = any(o.timeliness is Timeliness.NOT_DUE for o in m.owed_now if o.is_report)
        return [f"截至{day}，{'本期报送尚未到期，' if not_due else ''}没有逾期的县级工会。"]
    count, kinds = len(late), [(f"{reason.value}的", f"overdue.{reason.name}", sum(o.reason is reason for o in late))
                               for reason in Reason]  # fmt: skip
    text = f"截至{day}，逾期县级工会{say('overdue.count', count)}个，{made_up_of(say, count, kinds)}。"
    repeated = [o for o in late if o.streak > 1]
    if len(repeated) == count > 1:
        text += "以上县级工会均已连续两期以上未按时报送。"
    elif repeated:
        names = listing([o.name for o in repeated], "县", say, "overdue.repeated")
        text += f"连续两期以上未按时报送的有{names}。"
    return [text + "名单见《逾期县清单》。"]


def overdue_groups(m: PeriodMeasures, say: Figures) -> list[OverdueGroup]:
    """The same by prefecture, with their names."""
    late = overdue_counties(m.obligations, m.period)
    return [
        OverdueGroup(prefecture=prefecture.short_name, names=[o.name for o in group],
                     count=say(f"overdue.{prefecture.code}", len(group)))
        for prefecture, rows in groupby(late, key=lambda o: o.prefecture) if (group := list(rows))
    ]  # fmt: skip
