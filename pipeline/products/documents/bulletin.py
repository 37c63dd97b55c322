"""工作简报: the prose and tables of a period, made from measures only. Every number goes through :class:`Figures`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import STATE_NAMES, State
from pipeline.domain.text import cn_date
from pipeline.measures.progress import change_pp
from pipeline.products.documents.correction_parts import correction_paragraphs
from pipeline.products.documents.outline import NO_FIGURE, Row, Subsection, of
from pipeline.products.documents.target_parts import item_text, province_target
from pipeline.products.documents.timeliness_parts import (
    not_reported,
    overdue_groups,
    overdue_paragraphs,
    row_note,
    timeliness_paragraphs,
)
from pipeline.products.wording import (
    LIST_LIMIT,
    Figures,
    against_pace,
    change,
    how_many_actions,
    listing,
    met_among,
    numeral,
    one_decimal,
    topic,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.measures.progress import Completion
    from pipeline.program.model import Action, Milestone, Prefecture

_FEW = 3


def bulletin_context(m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 工作简报.docx and the register of its numbers."""
    w = m.program.words
    say = Figures(m.program.words)
    settings = m.program.bulletin
    number, ahead = settings.number_from + m.period.no - 1, next_due(m, say)
    contents = ["总体情况", f"{how_many_actions(len(m.program.actions))}进展", f"{w.body}进展", "报送情况"]
    context = {
        "org_line": m.program.title,
        "number_line": f"第{say('bulletin.number', number)}期（总第{say('bulletin.number', number)}期）",
        "office": m.program.office,
        "issued_on": say.day("as_of", m.snapshot.as_of),
        "editor_note": _editor_note(m, say),
        "contents": [*contents, "下一步工作"] if ahead else contents,
        "title": f"{m.period.title}“{m.program.short_title}”\n专项工作推进情况",
        "is_demo": is_demo,
        "words": say.words,
        "actions_name": how_many_actions(len(m.program.actions)),
        "overall": overall_paragraphs(m, say),
        "actions": [_action(m, action, say) for action in m.program.actions] if m.reported else [],
        "province_targets": [province_target(m, r, say) for r in m.province_results] if m.reported else [],
        "table_rows": [_table_row(m, p, say) for p in m.prefecture_order],
        "timeliness": timeliness_paragraphs(m, say),
        "overdue": overdue_paragraphs(m, say),
        "overdue_groups": overdue_groups(m, say),
        "next_due": ahead,
        "data_notes": data_notes(m, say, is_demo=is_demo),
        "report_to": settings.report_to,
        "send_to": settings.send_to,
        "issue_to": settings.issue_to,
        "compiler": m.program.office,
        "copies": say("bulletin.copies", settings.copies),
    }
    say("period.title", m.period.title)
    return context, say


def coverage(m: PeriodMeasures, say: Figures) -> str:
    """按已报118个县统计 — no figure is printed without it."""
    return f"按已报{say('counties.reported', m.reported)}{m.program.words.rows}统计"


def _editor_note(m: PeriodMeasures, say: Figures) -> str:
    w = m.program.words
    whose = f"按照{m.program.notice}要求，现将各{w.respondent_body}"
    period, day = say("period.title", m.period.title), say.day("as_of", m.snapshot.as_of)
    if not m.reported:
        return f"{whose}{period}{w.report}的报送情况予以通报。报送情况截至{day}。"
    return (
        f"{whose}报送的{period}“{m.program.short_title}”专项工作推进情况予以通报。"
        f"数据截至{say.day('period.end', m.period.end)}，报送情况截至{day}。"
    )


def overall_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """What was received, how far the province is, who leads and who trails, and what moved of what was published before."""
    moved = correction_paragraphs(m, say)
    if not m.reported:
        return [reporting_sentence(m, say), *moved]
    return [reporting_sentence(m, say), completion_paragraph(m, m.before, say), *first_and_last(m, say), *moved]


def reporting_sentence(m: PeriodMeasures, say: Figures) -> str:
    """Who owed a report and who is in the figures."""
    w = m.program.words
    roster, state = len(m.program.measured), m.states
    owed = (
        f"{w.whole}{say('prefectures.roster', len(m.program.prefectures))}{w.respondents}、{say('counties.roster', roster)}{w.bodies}"
        f"应报送{say('period.title', m.period.title)}{w.report}"
    )
    rest = [
        f"{STATE_NAMES[lacking]}{say(f'counties.{lacking.name.lower()}', state[lacking])}个"
        for lacking in (State.RETURNED, State.UNUSABLE, State.UNREAD, State.MISSING)
        if state[lacking]
    ]
    if not m.reported:
        given = f"（{'，'.join(rest)}）" if state[State.MISSING] < roster else ""
        return (
            f"{owed}，截至{say.day('as_of', m.snapshot.as_of)}尚无已接收的{w.of_row}报送{given}，本期不作完成情况统计。"
        )
    got = "已全部接收" if m.reported == roster else f"已接收{say('counties.reported', m.reported)}{w.rows}的报送"
    if state[State.NIL]:
        got += f"（其中零报告{say('counties.nil', state[State.NIL])}个）"
    silent = f"，未报的{w.row}不按零计" if m.reported < roster else ""
    return f"{'，'.join((owed, got, *rest))}。以下完成情况均{coverage(m, say)}{silent}。"


def completion_paragraph(m: PeriodMeasures, since: Scores | None, say: Figures, since_name: str = "上期") -> str:
    """How far the province is, against an earlier period and against time."""
    w = m.program.words
    now, before = m.now.province, since.province if since else None
    assert now.pct is not None  # noqa: S101 - only called when somebody reported
    compared = "" if m.before else "，本期为首次报送"
    if before:
        compared = "，" + change(say, "province.change", now, before, since_name)
    if before and before.pct is not None and before.reported != now.reported:
        base = f"{since_name}按已报{say('province.reported_before', before.reported)}{w.rows}统计）"
        compared = f"{compared[:-1]}；{base}" if compared.endswith("）") else f"{compared}（{base}"
    return (
        f"各项指标应达标{say('province.applicable', now.applicable)}项次，已达标{say('province.met', now.met)}项次，"
        f"总体完成率{say.pct('province.completion', now.pct)}{compared}。"
        f"序时进度为{say.pct('pace', m.now.pace_pct)}，总体进度{against_pace(now.pct, m.now.pace_pct)}。"
    )


def first_and_last(m: PeriodMeasures, say: Figures) -> list[str]:
    """The prefectures in front and behind, those tied with the third included, and those without a rank."""
    w = m.program.words
    ranked = [(p, m.ranks[p.code] or 0) for p in m.prefecture_order if m.ranks[p.code] is not None]
    front = [p for p, rank in ranked if rank <= _FEW]
    back = [p for p, rank in ranked[_FEW:] if rank >= ranked[-_FEW][1]]
    text = ""
    if len(ranked) >= 2 * _FEW and len(front) + len(back) <= len(ranked) and max(len(front), len(back)) <= LIST_LIMIT:
        text = f"完成率居前的是{_with_pct(m, front, say)}；居后的是{_with_pct(m, back, say)}。"
    elif len(ranked) > 1:
        text = _extremes([(m.now.by_prefecture[p.code].pct or 0.0, p) for p, _ in ranked], say, "prefecture", "完成率")
    silent = [p.short_name for p in m.prefecture_order if m.ranks[p.code] is None]
    if silent:
        text += f"{listing(silent, w.respondents, say, 'prefectures.silent')}尚无已接收的{w.of_row}报送，不参加排名。"
    return [text] if text else []


def _with_pct(m: PeriodMeasures, prefectures: Iterable[Prefecture], say: Figures) -> str:
    w = m.program.words
    shown = []
    for p in prefectures:
        done = m.now.by_prefecture[p.code]
        text = say.pct(f"prefecture.{p.code}.completion", done.pct or 0.0)
        partly = (
            f"，已报{say('reported', done.reported)}/{say('roster', done.roster)}{w.rows}"
            if done.reported < done.roster
            else ""
        )
        shown.append(f"{p.short_name}（{text}{partly}）")
    return "、".join(shown)


def _action(m: PeriodMeasures, action: Action, say: Figures) -> Subsection:
    form = m.program.form_by_code[action.form]
    done = m.now.by_action[action.no]
    lead = []
    if done.pct is not None:
        before = m.before.by_action[action.no] if m.before else None
        compared = change(say, f"action.{action.no}.change", done, before)
        lead = [
            f"完成率{say.pct(f'action.{action.no}.completion', done.pct)}"
            + (f"，{compared}" if m.before else "")
            + "。"
            + best_and_worst(m, action, say)
        ]
    return Subsection(
        numeral=numeral(action.no),
        name=action.title,
        paragraphs=[*lead, *(item_text(m, item, say) for item in form.items if not item.retired_in(m.period))],
    )


def best_and_worst(m: PeriodMeasures, action: Action, say: Figures) -> str:
    """Which prefectures are highest and lowest on an action."""
    scored = [
        (done.pct, p)
        for p in m.program.prefectures
        if (done := m.now.by_prefecture_action[p.code, action.no]).pct is not None
    ]
    if len(scored) < 2:  # noqa: PLR2004 - nothing to compare
        return ""
    return _extremes([(pct or 0.0, p) for pct, p in scored], say, f"action.{action.no}")


def _extremes(scored: Sequence[tuple[float, Prefecture]], say: Figures, measure: str, lead: str = "") -> str:
    """最高的是甲（92.5%），最低的是乙、丙（70.0%）, compared as printed."""
    w = say.words
    shown = [(float(one_decimal(pct)), p) for pct, p in scored]
    top, low = max(s for s, _ in shown), min(s for s, _ in shown)
    if top == low:
        return f"已报的各{w.respondent}完成率相同。"

    def names(score: float) -> str:
        return listing([p.short_name for s, p in shown if s == score], w.respondents, say, f"{measure}.tied", _FEW)

    return (
        f"{lead}最高的是{names(top)}（{say.pct(f'{measure}.highest', top)}），"
        f"最低的是{names(low)}（{say.pct(f'{measure}.lowest', low)}）。"
    )


def _table_row(m: PeriodMeasures, p: Prefecture, say: Figures) -> Row:
    done = m.now.by_prefecture[p.code]
    before = m.before.by_prefecture[p.code] if m.before else None
    rank = m.ranks[p.code]
    late = sum(o.overdue for o in m.owed_now if o.is_report and o.is_measured and o.prefecture == p)
    key = f"prefecture.{p.code}"
    return {
        "rank": NO_FIGURE if rank is None else say(f"{key}.rank", rank),
        "name": p.short_name,
        "completion": not_reported(m, p) if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
        "change": signed_change(done, before, say, f"{key}.change"),
        "reported": of(say, key, done.reported, done.roster),
        "overdue": say(f"{key}.overdue", late) if late else NO_FIGURE,
        "note": row_note(m, p),
    }


def signed_change(done: Completion, before: Completion | None, say: Figures, measure: str) -> str:
    """A change for a table: +3.2, −1.0, 0.0, or a dash where nothing can be compared."""
    step = change_pp(done, before)
    if step is None:
        return NO_FIGURE
    sign = {True: "+", False: "−"}[step > 0] if step else ""
    return say(measure, sign + one_decimal(abs(step)))


def next_due(m: PeriodMeasures, say: Figures) -> list[str]:
    """The next report, the milestones until then, and the targets furthest behind."""
    w = m.program.words
    later = m.program.periods[m.period.no :]
    paragraphs = []
    if later:
        ahead = later[0]
        paragraphs.append(
            f"下一报送期为{say('next.period', ahead.title)}，请各{w.respondent_body}于{say.day('next.due_on', ahead.due_on)}前报送。"
        )
    until = later[0].end if later else m.program.periods[-1].end
    ahead_of = [s for s in m.program.milestones if s.due and m.snapshot.as_of <= s.due <= until]
    return [*paragraphs, *milestones_due(ahead_of, say), *furthest_behind(m, say)]


def milestones_due(steps: Iterable[Milestone], say: Figures) -> list[str]:
    """One paragraph for each day: who has what to do until then."""
    known = sorted((step.due, step.code, step) for step in steps if step.due)
    paragraphs = []
    for due, some in groupby(known, key=lambda pair: pair[0]):
        tasks = "；".join(
            f"{step.who.replace('+', '、')}{say(f'milestone.{step.code}.name', step.deliverable)}" for *_, step in some
        )
        paragraphs.append(f"{say('milestone.due', cn_date(due))}前，{tasks}。")
    return paragraphs


def furthest_behind(m: PeriodMeasures, say: Figures) -> list[str]:
    """The three targets fewest counties have met, so that the next two months have a direction."""
    w = m.program.words
    open_ones = [t for t in m.totals if t.full_target is not None and t.applicable and t.met < t.applicable]
    weakest = sorted(open_ones, key=lambda t: (t.met / t.applicable, t.quantity.code))[:_FEW]
    if not weakest:
        return []
    named = "、".join(
        f"{topic(t.quantity.title)}（{met_among(say, t.quantity.code, t.met, t.applicable)}）" for t in weakest
    )
    lead = f"达标{w.row}占比最低的三项" if len(weakest) == _FEW else "尚未全部达标的"
    return [f"{lead}是{named}，有关{w.body}要抓紧推进。"]


def data_notes(m: PeriodMeasures, say: Figures, *, is_demo: bool) -> list[str]:
    """How the figures are to be read."""
    w = m.program.words
    ambiguous = sum(q.ambiguous for q in m.program.quantities)
    notes = [
        f"完成率为已达标的{w.row}次占应达标{w.row}次的百分比；{w.body}填“不适用”的、尚未起算的和没有目标的指标不计入。",
        "计数为自专项工作开始（指标另有起算日的，从该日）至报送期末的累计数；比率由填报的分子、分母计算。",
    ]
    if ambiguous:
        notes.append(f"文件原文有{say('program.ambiguous', ambiguous)}项表述可作不同理解，所取理解存{w.office}备查。")
    return [*notes, "本件为演示，全部数字均为虚构。"] if is_demo else notes
