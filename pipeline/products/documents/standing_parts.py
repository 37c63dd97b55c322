"""Milestones, commendation candidates, lagging counties and what comes next: the figures, for a human to decide on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.obligation import BEHIND
from pipeline.domain.text import cn_date
from pipeline.measures.commendation import LagReason
from pipeline.measures.progress import Pace
from pipeline.products.documents.bulletin import furthest_behind, milestones_due
from pipeline.products.documents.money_parts import is_asked, line_name
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED, Row, parts, quoted
from pipeline.products.wording import LIST_LIMIT, listing, made_up_of, one_decimal, signed_decimal, whole_ties
from pipeline.program.model import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.commendation import CountyRecord, Lagging
    from pipeline.measures.milestones import MilestoneFigures
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.outline import Subsection
    from pipeline.products.wording import Figures
    from pipeline.program.model import Period

_LISTED = 30
LOW_LINES, FEW = 2, 3


def milestone_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """One row per milestone that is asked about, its counties and its prefectures apart."""
    return [_milestone_row(step, say) for step in m.systems.milestones] if m.reported else []


def _milestone_row(step: MilestoneFigures, say: Figures) -> Row:
    n, due, key = step.province, step.milestone.due, f"milestone.{step.milestone.code}.{step.level.value}"
    figures = {
        "owed": n.roster - n.not_applicable,
        "done": n.done + n.late,
        "late": n.late,
        "not_done": n.not_done,
        "unclear": n.silent + n.not_reported,
    }
    return {
        "name": quoted(say, f"{key}.name", step.milestone.deliverable),
        "level": _level(step.level, say),
        "due_on": NO_FIGURE if due is None else say(f"{key}.due_on", cn_date(due)),
        **{name: say(f"{key}.{name}", count) for name, count in figures.items()},
    }


def _level(level: Rows, say: Figures) -> str:
    return say.words.respondent if level is Rows.PREFECTURE else say.words.row


def milestone_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """Where what was due is still not done, by prefecture."""
    past = [step for step in m.systems.milestones if step.milestone.due and step.milestone.due < m.snapshot.as_of]
    if not past or not m.reported:
        return []
    behind = [step for step in past if step.province.overdue]
    day = say.day("as_of", m.snapshot.as_of)
    unclear = sum(step.province.silent + step.province.not_reported for step in past)
    aside = (
        f"另有{say('milestones.unclear', unclear)}家次本期没有已接收的报表、此前也没有报告完成，情况不明，不列入逾期。"
        if unclear
        else ""
    )
    if not behind:
        return [f"截至{day}，按本期已报的情况，没有逾期未完成的工作节点。{aside}"]
    lead = f"截至{day}，按本期已报的情况，逾期未完成的工作节点有{say('milestones.behind', len(behind))}项。{aside}"
    return [lead, *(_behind(m, step, n, say) for n, step in enumerate(behind, 1))]


def _behind(m: PeriodMeasures, step: MilestoneFigures, no: int, say: Figures) -> str:
    w = m.program.words
    key, short = f"milestone.{step.milestone.code}.{step.level.value}", m.program.prefecture_by_code
    if step.level is Rows.PREFECTURE:
        where, counter = [short[u.unit_code].short_name for u in step.units if u.overdue], w.respondents
        lead = "："
    else:
        counter = w.rows
        late = sorted((p for p in step.prefectures if p.overdue), key=lambda p: (-p.overdue, p.prefecture_code))
        most = late if len(late) <= LIST_LIMIT else whole_ties(late, lambda p: p.overdue, FEW)
        where = [f"{short[p.prefecture_code].short_name}{say(f'{key}.{p.prefecture_code}', p.overdue)}个" for p in most]
        lead = "，较多的是" if len(most) < len(late) else "："
    due = say(f"{key}.due_on", cn_date(step.milestone.due)) if step.milestone.due else ""
    names = lead + listing(where, w.respondents, say, f"{key}.where")
    owing = f"{say(f'{key}.overdue', step.province.overdue)}{counter}未完成"
    return f"{say('milestones.no', no)}.{quoted(say, f'{key}.name', step.milestone.deliverable)}（{due}前），尚有{owing}{names}。"


def lagging_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """How many lag, and why."""
    w = m.program.words
    some = m.commendation.lagging
    if not some:
        return []
    listed = len(_lagging(m))
    kinds = [
        (
            f"{say.words.put(reason.value)}的",
            f"lagging.{reason.name}",
            sum(reason in lagging.reasons for lagging in some),
        )
        for reason in LagReason
    ]
    more = f"，表中列前{say('lagging.listed', listed)}个" if len(some) > listed else ""
    both = "（有的两种情形兼有）" if sum(len(lagging.reasons) for lagging in some) > len(some) else ""
    text = (
        f"按已报的完成情况梳理，进度滞后的{w.body}{say('lagging.count', len(some))}{w.counter}，"
        f"{made_up_of(say, len(some), kinds)}{both}{more}。"
    )
    return [text + "以下只列数据，是否滞后、如何督促，请结合实际研究。"]


def lagging_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """The counties that lag, with the figures that put them there."""
    return [_lagging_row(m, lagging, no, say) for no, lagging in enumerate(_lagging(m), 1)]


def _lagging(m: PeriodMeasures) -> Sequence[Lagging]:
    return whole_ties(m.commendation.lagging, lambda found: (_shown(found.record), len(found.record.behind)), _LISTED)


def _shown(record: CountyRecord) -> str:
    return "" if record.completion.pct is None else one_decimal(record.completion.pct)


def _lagging_row(m: PeriodMeasures, lagging: Lagging, no: int, say: Figures) -> Row:
    r, key = lagging.record, f"county.{lagging.record.county_code}"
    gap = NO_FIGURE if r.gap_pp is None else say(f"{key}.gap", signed_decimal(float(r.gap_pp)))
    return {
        **_record(m, r, no, say),
        "gap": gap,
        "behind": say(f"{key}.behind", r.paces[Pace.BEHIND]),
        "why": "、".join(say.words.put(reason.value) for reason in lagging.reasons),
    }


def candidate_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """How many might be commended, by what."""
    w = m.program.words
    some = m.commendation.candidates
    if not some:
        return []
    listed = len(_candidates(m))
    more = f"，表中列前{say('candidates.listed', listed)}个" if len(some) > listed else ""
    text = (
        f"历次报送均按时、没有到期未达标或落后的指标，且完成率明显高于{w.whole}或全部达标的{w.body}"
        f"{say('candidates.count', len(some))}{w.counter}{more}。"
    )
    return [text + f"以下只列数据，供研究通报表扬时参考，由{w.board}研究确定。"]


def candidate_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """Commendation candidates, highest completion first."""
    return [_record(m, record, no, say) for no, record in enumerate(_candidates(m), 1)]


def _candidates(m: PeriodMeasures) -> Sequence[CountyRecord]:
    return whole_ties(m.commendation.candidates, _shown, _LISTED)


def _record(m: PeriodMeasures, r: CountyRecord, no: int, say: Figures) -> Row:
    key, done = f"county.{r.county_code}", r.completion
    return {
        "no": say(f"{key}.no", no),
        "prefecture": m.program.prefecture_by_code[r.prefecture_code].short_name,
        "county": m.program.unit_by_code[r.county_code].short_name,
        "completion": NOT_REPORTED if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
        "met": NO_FIGURE
        if done.pct is None
        else f"{say(f'{key}.met', done.met)}/{say(f'{key}.applicable', done.applicable)}",
        "open": say(f"{key}.open", r.paces[Pace.NOT_DUE] + r.paces[Pace.ON_PATH]),
        "on_time": f"{say(f'{key}.on_time', r.on_time)}/{say(f'{key}.due', r.due)}",
    }


def next_parts(m: PeriodMeasures, say: Figures) -> list[Subsection]:
    """What to do next, drawn from what the figures show."""
    return parts(
        (
            ("补齐任务短板", furthest_behind(m, say) if m.reported else []),
            ("推动解决问题", _open_problems(m, say)),
            ("督促滞后单位", [*_lagging_next(m, say), *_late_next(m, say)]),
            ("加快资金拨付使用", _slow_money(m, say)),
            ("把握时间节点", _ahead(m, say)),
        )
    )


def _open_problems(m: PeriodMeasures, say: Figures) -> list[str]:
    p = m.systems.problems
    if p is None or p.province is None or not p.province.open:
        return []
    text = f"尚未解决的{say('problems.open', p.province.open)}个问题，由有关{say.words.section}和各级{say.words.institution}按职责逐一研究解决"
    if p.province.overdue:
        text += f"，其中已超过计划解决日期的{say('problems.overdue', p.province.overdue)}个要重新明确时限、抓紧办理"
    return [text + "。"]


def _lagging_next(m: PeriodMeasures, say: Figures) -> list[str]:
    w = m.program.words
    some = m.commendation.lagging
    if not some:
        return []
    who = f"所在{w.respondent_body}会同{w.contact}"
    return [
        f"对{say('lagging.count', len(some))}{w.counter}进度滞后的{w.body}，由{who}逐{w.row}分析原因，加强指导督促。"
    ]


def _late_next(m: PeriodMeasures, say: Figures) -> list[str]:
    """The respondents that were late or overdue more than once in a row: lateness is theirs, not their counties'."""
    w = m.program.words
    late = [o for o in m.owed_now if o.is_report and not o.is_county and o.timeliness in BEHIND and o.streak > 1]
    if not late:
        return []
    names = listing(
        [f"{o.name}（{say(f'{o.who}.streak', o.streak)}期）" for o in late], w.respondents, say, "late.names"
    )
    return [f"连续迟报或逾期的{names}，由{w.office}逐一了解原因，督促按时报送。"]


def _slow_money(m: PeriodMeasures, say: Figures) -> list[str]:
    """The lines of which least was spent of what came."""
    w = m.program.words
    known = [
        (funded.province.execution, funded.line)
        for funded in m.systems.funding.lines
        if funded.province.execution.pct is not None
    ]
    in_order = sorted(known, key=lambda pair: (pair[0].pct or 0.0, pair[1].code))
    slow = whole_ties(in_order, lambda pair: one_decimal(pair[0].pct or 0.0), LOW_LINES)
    if not slow or not is_asked(m):
        return []
    named = "、".join(
        f"{line_name(m.program, line)}（{say.pct(f'funding.{line.code}.execution', rate.pct or 0.0)}）"
        for rate, line in slow
    )
    return [f"资金执行率较低的是{named}，有关{w.respondent}和{w.body}要加快使用进度、规范管理。"]


def _ahead(m: PeriodMeasures, say: Figures) -> list[str]:
    """The next report and the milestones that are still to come."""
    paragraphs = []
    if later := m.program.periods[m.period.no :]:
        paragraphs.append(_next_report(m, later[0], say))
    return paragraphs + milestones_due((s for s in m.program.milestones if s.due and s.due > m.snapshot.as_of), say)


def _next_report(m: PeriodMeasures, ahead: Period, say: Figures) -> str:
    w = m.program.words
    return (
        f"下一报送期为{say('next.period', ahead.title)}，各{w.respondent_body}于"
        f"{say.day('next.due_on', ahead.due_on)}前报送。"
    )
