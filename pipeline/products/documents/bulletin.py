"""工作简报: the prose and tables of a period, made from measures only. Every number goes through :class:`Figures`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import STATE_NAMES, Knowledge, State
from pipeline.domain.text import cn_date
from pipeline.measures.chance import Band
from pipeline.measures.completion import change_pp, same_units
from pipeline.measures.progress import Pace
from pipeline.products.coverage import NOTHING_USABLE, nothing_usable
from pipeline.products.documents.correction_parts import correction_paragraphs
from pipeline.products.documents.money_parts import is_asked
from pipeline.products.documents.outline import NO_FIGURE, Row, Subsection, of, quoted
from pipeline.products.documents.target_parts import item_text, province_target
from pipeline.products.documents.timeliness_parts import (
    not_reported,
    overdue_groups,
    overdue_paragraphs,
    row_note,
    timeliness_paragraphs,
)
from pipeline.products.wording import (
    Figures,
    change,
    how_many_actions,
    listing,
    name_asked,
    numeral,
    one_decimal,
    signed_decimal,
    whole_ties,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.measures.chance import Banded
    from pipeline.measures.completion import Completion
    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.measures.progress import Total
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
        "table_rows": [prefecture_row(m, p, m.before, say) for p in m.prefecture_order],
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


def _last_heard(m: PeriodMeasures, say: Figures) -> str:
    """2023年1—2月, or from which period to which, of the counties whose last values are used."""
    silent = [unit.code for unit in m.program.measured if m.known.of(unit.code) is Knowledge.KNOWN]
    codes = [m.known.last(code) for code in silent]
    first, last = (m.program.period_by_code[code] for code in (min(codes), max(codes)))
    said = [say(f"known.{period.code}", period.title) for period in dict.fromkeys((first, last))]
    return "至".join(said)


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
    return f"{'，'.join((owed, got, *rest))}。{_explained(m, say)}{_what_counts(m, say)}"


def _explained(m: PeriodMeasures, say: Figures) -> str:
    """How many figures stand on an officer's reason."""
    if not m.explanations:
        return ""
    units = len({one.finding.county_code for one in m.explanations})
    return (
        f"其中{say('explained.units', units)}个单位的{say('explained.figures', len(m.explanations))}个数"
        "与一般情况不符，按填报人的书面说明接收。"
    )


def _what_counts(m: PeriodMeasures, say: Figures) -> str:
    """Which figures rest on whom: rates on this period's reports, counts on the last known values, nothing on silence."""
    w, done = m.program.words, m.now.province
    never = done.roster - done.reported - done.known
    text = f"以下完成率{coverage(m, say)}"
    if done.known:
        others = (("工作节点", bool(m.systems.milestones)), ("资金", is_asked(m)))
        kinds = "、".join(("任务合计", *(kind for kind, there in others if there)))
        text += (
            f"；{kinds}按各{w.row}最近一次接收的数统计，其中{say('counties.known', done.known)}{w.rows}本期没有可用的数、"
            f"沿用上次（{_last_heard(m, say)}）"
        )
    came = nothing_usable(m) if never else 0
    left_out = [
        f"{what}的{say(f'counties.{key}', n)}{w.rows}"
        for what, key, n in (("从未报送", "never", never - came), (f"报来过、{NOTHING_USABLE}", "nothing_usable", came))
        if n
    ]
    return text + (f"；{'、'.join(left_out)}不计入、不按零计。" if left_out else "。")


def completion_paragraph(m: PeriodMeasures, since: Scores | None, say: Figures, since_name: str = "上期") -> str:
    """How far the province is, against an earlier period, what silence can do to it, and what of the rest is due."""
    now, before = m.now.province, since.province if since else None
    assert now.pct is not None  # noqa: S101 - only called when somebody reported
    compared = "" if m.before else "，本期为首次报送"
    if before:
        step, among = change(say, "province.change", now, before, since_name), _among_whom(m, now, before, say)
        compared = "，" + (f"{step.removesuffix('）')}；{among}）" if among and step.endswith("）") else step)
        compared += f"（{among}）" if among and not step.endswith("）") else ""
    return (
        f"各项指标应达标{say('province.applicable', now.applicable)}项次，已达标{say('province.met', now.met)}项次，"
        f"总体完成率{say.pct('province.completion', now.pct)}{compared}。{_bounds(m, now, say)}{_rest(m, now, say)}"
    )


def _among_whom(m: PeriodMeasures, now: Completion, before: Completion, say: Figures) -> str:
    """按两期均已报的115个县比较，不含本期没有可用数的临沧市8个县; empty where the same reported, or nothing is compared."""
    w, same = m.program.words, same_units(now, before)
    if not same.now.reported or not (same.came or same.went):
        return ""
    named = [
        f"{words}的{_by_prefecture(m, some, say)}"
        for words, some in (("本期没有可用数", same.went), ("上次没有可用数", same.came))
        if some
    ]
    return f"按两期均已报的{say('province.same', same.now.reported)}{w.rows}比较，不含{'，'.join(named)}"


def _by_prefecture(m: PeriodMeasures, codes: Iterable[str], say: Figures) -> str:
    """临沧市8个县、昆明市1个县."""
    owners = [m.program.unit_by_code[code].prefecture_code for code in codes]
    there = [(p, owners.count(p.code)) for p in m.program.prefectures if p.code in owners]
    if not m.program.has_rows:
        return listing([p.short_name for p, _ in there], m.program.words.respondents, say, "prefectures.moved")
    named = [f"{p.short_name}{say(f'prefecture.{p.code}.moved', n)}{m.program.words.rows}" for p, n in there]
    return listing(named, m.program.words.respondents, say, "prefectures.moved")


def _bounds(m: PeriodMeasures, now: Completion, say: Figures) -> str:
    """What is known of the silent, and between what the figure lies whatever they would have said."""
    w, silent = m.program.words, now.roster - now.reported
    if not now.silent or now.known_pct is None or now.least_pct is None or now.most_pct is None:
        return ""
    known = (
        f"计入{say('counties.known', now.known)}{w.rows}上次所报的数为{say.pct('province.known', now.known_pct)}；"
        if now.known
        else ""
    )
    return (
        f"{known}{say('counties.silent', silent)}{w.rows}本期没有可用的数，按其全部未达标和全部达标计，总体完成率在"
        f"{say.pct('province.least', now.least_pct)}—{say.pct('province.most', now.most_pct)}之间。"
    )


def _rest(m: PeriodMeasures, now: Completion, say: Figures) -> str:
    """What is not met, by whether it is due."""
    rest = now.applicable - now.met
    if not rest:
        return ""
    lead = f"尚未达标的{say('province.unmet', rest)}项次"
    kinds = [(words, f"pace.{pace.value}", m.paces[pace]) for pace, words in _UNMET_PACES.items() if m.paces[pace]]
    if len(kinds) == 1:
        return f"{lead}均{kinds[0][0]}。"
    return f"{lead}中，{'，'.join(f'{words}的{say(measure, n)}项次' for words, measure, n in kinds)}。"


_UNMET_PACES = {
    Pace.NOT_DUE: "未到完成时限",
    Pace.ON_PATH: "按进度推进",
    Pace.BEHIND: "到期未达标或落后于进度",
}


def first_and_last(m: PeriodMeasures, say: Figures) -> list[str]:
    """The prefectures that differ from the whole by more than chance, and those that are not compared."""
    w, text = m.program.words, ""
    if m.bands:
        text = _apart(
            [(p, m.now.by_prefecture[p.code]) for p in m.prefecture_order if p.code in m.bands],
            m.bands,
            say,
            "prefecture",
        )
    few = [p.short_name for p in m.program.prefectures if _is_thin(m, p)]
    if few:
        floor = say("coverage.floor", m.program.bulletin.coverage)
        text += f"{listing(few, w.respondents, say, 'prefectures.thin')}已报的{w.row}不足{floor}%，不参加比较。"
    unsure = [p for p in m.program.prefectures if m.bands and p.code not in m.bands and not _is_thin(m, p)]
    if names := [p.short_name for p in unsure if m.now.by_prefecture[p.code].pct is not None]:
        text += f"{listing(names, w.respondents, say, 'prefectures.unsure')}有{w.row}本期没有可用的数，高低不能判断，不参加比较。"
    silent = [p.short_name for p in m.program.prefectures if m.now.by_prefecture[p.code].pct is None]
    if silent:
        text += (
            f"{listing(silent, w.respondents, say, 'prefectures.silent')}本期没有已接收的{w.of_row}报送，不参加比较。"
        )
    return [text] if text else []


def _is_thin(m: PeriodMeasures, p: Prefecture) -> bool:
    """Whether too few of a prefecture's counties reported for its rate to be told."""
    done = m.now.by_prefecture[p.code]
    return done.pct is not None and done.coverage_pct < m.program.bulletin.coverage


def _apart(
    scored: Sequence[tuple[Prefecture, Completion]], places: Mapping[str, Banded], say: Figures, measure: str
) -> str:
    """Who is above or below the whole by more than chance; that nobody is, and how far apart they are."""
    w = say.words
    by_band = {band: [(p, done) for p, done in scored if places[p.code].band is band] for band in Band}
    clauses = [
        f"{lead}的是{_with_pct(by_band[band], say, measure)}"
        for band, lead in ((Band.AHEAD, f"明显高于{w.whole}"), (Band.LAST, f"明显低于{w.whole}"))
        if by_band[band]
    ]
    if clauses:
        return f"完成率{'；'.join(clauses)}；其余各{w.respondent}差异不大。"
    shown = [float(one_decimal(done.pct or 0.0)) for _, done in scored]
    low, high = say.pct(f"{measure}.lowest", min(shown)), say.pct(f"{measure}.highest", max(shown))
    if low == high:
        return f"各{w.respondent}完成率均为{low}。"
    return f"各{w.respondent}完成率在{low}—{high}之间，差异没有超出正常波动。"


def _with_pct(scored: Iterable[tuple[Prefecture, Completion]], say: Figures, measure: str) -> str:
    shown = []
    for p, done in scored:
        text = say.pct(f"{measure}.{p.code}.completion", done.pct or 0.0)
        partly = (
            f"，已报{say('reported', done.reported)}/{say('roster', done.roster)}{say.words.rows}"
            if done.reported < done.roster
            else ""
        )
        shown.append(f"{p.short_name}（{text}{partly}）")
    return listing(shown, say.words.respondents, say, f"{measure}.apart")


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
    """Which prefectures differ from the whole on an action by more than chance; nothing where none can be compared."""
    places, key = m.bands_on(action.no), f"action.{action.no}"
    scored = [(p, m.now.by_prefecture_action[p.code, action.no]) for p in m.program.prefectures if p.code in places]
    return _apart(scored, places, say, key) if scored else ""


def prefecture_row(m: PeriodMeasures, p: Prefecture, since: Scores | None, say: Figures) -> Row:
    """A prefecture in a table: its completion against an earlier period, and between what it lies."""
    done, place, key = m.now.by_prefecture[p.code], m.bands.get(p.code), f"prefecture.{p.code}"
    before = since.by_prefecture[p.code] if since else None
    late = sum(o.overdue for o in m.owed_now if o.is_report and o.is_measured and o.prefecture == p)
    return {
        "place": place.band.value if place else NO_FIGURE,
        "name": p.short_name,
        "completion": not_reported(m, p) if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
        "change": signed_change(done, before, say, f"{key}.change"),
        "range": bounds_cell(done, say, key),
        "reported": of(say, key, done.reported, done.roster),
        "overdue": say(f"{key}.overdue", late) if late else NO_FIGURE,
        "note": row_note(m, p),
    }


def bounds_cell(done: Completion, say: Figures, key: str) -> str:
    """54.1—64.9: between what a completion lies whatever the silent would have said; a dash where all are silent, or nobody."""
    if done.pct is None or done.least_pct is None or done.most_pct is None or not done.silent:
        return NO_FIGURE
    return f"{say(f'{key}.least', one_decimal(done.least_pct))}—{say(f'{key}.most', one_decimal(done.most_pct))}"


def signed_change(done: Completion, before: Completion | None, say: Figures, measure: str) -> str:
    """A change for a table: +3.2, −1.0, 0.0, or a dash where nothing can be compared."""
    step = change_pp(done, before)
    if step is None:
        return NO_FIGURE
    return say(measure, signed_decimal(step))


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
    """The targets most counties are behind on: past their day, or below their path; never what is not due."""
    w = m.program.words
    late = sorted((t for t in m.totals if behind(t)), key=lambda t: (-behind(t), t.quantity.code))
    if not late:
        return []
    shown = whole_ties(late, behind, _FEW)
    named = listing([behind_on(say, t) for t in shown], "项", say, "behind.listed")
    lead = f"到期未达标或落后于进度的{w.row}较多的" if len(late) > len(shown) else "到期未达标或落后于进度的"
    return [f"{lead}是{named}，有关{w.body}要抓紧推进。"]


def behind(t: Total) -> int:
    """Counties that are behind the expected path of a quantity."""
    return t.paces.get(Pace.BEHIND, 0)


def behind_on(say: Figures, t: Total) -> str:
    """技能培训（12个县）."""
    return f"{quoted(say, 'quantity.title', name_asked(t.quantity.title))}（{say(f'{t.quantity.code}.behind', behind(t))}{say.words.rows}）"


def data_notes(m: PeriodMeasures, say: Figures, *, is_demo: bool) -> list[str]:
    """How the figures are to be read."""
    w = m.program.words
    ambiguous = sum(q.ambiguous for q in m.program.quantities)
    chance = say("chance", m.program.bulletin.chance)
    notes = [
        f"完成率为已达标的{w.row}次占应达标{w.row}次的百分比；{w.body}填“不适用”的、尚未起算的和没有目标的指标不计入。",
        "计数为自专项工作开始（指标另有起算日的，从该日）至报送期末的累计数；比率由填报的分子、分母计算。",
        "到期与否按指标的完成时限判断，没有单独时限的以起止期的最后一天为准；数量大、逐月累加的按时间均匀推进判断。",
        f"{w.respondent}之间的高低，兼顾各{w.row}的差异和{w.row}数的多少，只点名超出正常波动的（误点的可能不超过{chance}%）。",
    ]
    if ambiguous:
        notes.append(f"文件原文有{say('program.ambiguous', ambiguous)}项表述可作不同理解，所取理解存{w.office}备查。")
    return [*notes, "本件为演示，全部数字均为虚构。"] if is_demo else notes
