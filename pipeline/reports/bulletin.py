"""工作简报: the prose and tables of a period, made from measures only. Every number goes through :class:`Figures`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipeline.checks.decide import State
from pipeline.measures.overdue import Obligation, Reason, overdue_counties
from pipeline.measures.progress import change_pp
from pipeline.measures.timeliness import Timeliness
from pipeline.program.model import FieldType
from pipeline.reports.correction_parts import correction_paragraphs
from pipeline.reports.wording import (
    LIST_LIMIT,
    Figures,
    change,
    cn_date,
    how_many_actions,
    listing,
    numeral,
    one_decimal,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Completion, ProvinceResult, Total
    from pipeline.program.model import Action, Item, Period, Prefecture, Quantity

FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionText:
    """One action's section."""

    numeral: str
    name: str
    paragraphs: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One prefecture in 表1; completion and change without unit."""

    rank: str
    name: str
    completion: str
    change: str
    reported: str
    overdue: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueGroup:
    """One prefecture in 表2."""

    prefecture: str
    names: list[str]
    count: str


def bulletin_context(m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 工作简报.docx and the register of its numbers."""
    say = Figures()
    settings = m.program.bulletin
    number = settings.number_from + m.period.no - 1
    context = {
        "org_line": m.program.title,
        "number_line": f"第{say('bulletin.number', number)}期（总第{say('bulletin.number', number)}期）",
        "office": m.program.office,
        "issued_on": say.day("as_of", m.snapshot.as_of),
        "editor_note": _editor_note(m, say),
        "contents": [
            "总体情况",
            f"{how_many_actions(len(m.program.actions))}进展",
            "县级工会进展",
            "报送情况",
            "下一步工作",
        ],
        "title": f"{m.period.title}“{m.program.short_title}”\n专项工作推进情况",
        "is_demo": is_demo,
        "actions_name": how_many_actions(len(m.program.actions)),
        "overall": overall(m, say),
        "actions": [_action(m, action, say) for action in m.program.actions] if m.reported else [],
        "province_targets": [province_target(r, say) for r in m.province_results] if m.reported else [],
        "table_rows": [_table_row(m, p, say) for p in m.prefecture_order],
        "timeliness": timeliness_paragraphs(m, say),
        "overdue": overdue_paragraphs(m, say),
        "overdue_groups": overdue_groups(m, say),
        "next_due": next_due(m, say),
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
    return f"按已报{say('counties.reported', m.reported)}个县统计"


def _editor_note(m: PeriodMeasures, say: Figures) -> str:
    return (
        f"按照{m.program.notice}要求，现将各州（市）{m.program.unit_suffix}报送的{say('period.title', m.period.title)}"
        f"“{m.program.short_title}”专项工作推进情况予以通报。数据截至{say.day('period.end', m.period.end)}，"
        f"报送情况截至{say.day('as_of', m.snapshot.as_of)}。"
    )


def overall(m: PeriodMeasures, say: Figures) -> list[str]:
    """What was received, how far the province is, who leads and who trails, and what moved of what was told before."""
    moved = correction_paragraphs(m, say)
    if not m.reported:
        return [received(m, say), *moved]
    return [received(m, say), _completion_paragraph(m, say), *first_and_last(m, say), *moved]


def received(m: PeriodMeasures, say: Figures) -> str:
    """Who owed a report and who is in the figures."""
    roster = len(m.program.counties)
    state = m.states
    owed = f"全省{say('prefectures.roster', len(m.program.prefectures))}个州（市）、{say('counties.roster', roster)}个县级工会应报送"
    parts = [f"{owed}{say('period.title', m.period.title)}工作推进信息"]
    if not m.reported:
        return f"{parts[0]}，截至{say.day('as_of', m.snapshot.as_of)}尚无县级工会的报送被接收，本期不作完成情况统计。"
    got = f"已接收{say('counties.reported', m.reported)}个县"
    if state[State.NIL]:
        got += f"（其中零报告{say('counties.nil', state[State.NIL])}个）"
    parts.append(got)
    if state[State.RETURNED]:
        parts.append(f"退回待改{say('counties.returned', state[State.RETURNED])}个")
    if state[State.MISSING]:
        parts.append(f"未报{say('counties.missing', state[State.MISSING])}个")
    return "，".join(parts) + "。" + "以下完成情况均" + coverage(m, say) + "，未报的县不按零计。"


def _completion_paragraph(m: PeriodMeasures, say: Figures) -> str:
    now, before = m.now.province, m.before.province.pct if m.before else None
    assert now.pct is not None  # noqa: S101 - only called when somebody reported
    compared = change(say, "province.change", now.pct, before)
    if m.before and before is not None and m.before.province.reported != now.reported:
        compared += f"（上期按已报{say('province.reported_before', m.before.province.reported)}个县统计）"
    ahead = "快于" if now.pct >= m.now.pace_pct else "慢于"
    return (
        f"各项指标应达标{say('province.applicable', now.applicable)}项次，已达标{say('province.met', now.met)}项次，"
        f"总体完成率{say.pct('province.completion', now.pct)}"
        + (f"，{compared}" if m.before else "")
        + f"。序时进度为{say.pct('pace', m.now.pace_pct)}，总体进度{ahead}序时进度。"
    )


def first_and_last(m: PeriodMeasures, say: Figures) -> list[str]:
    """The three prefectures in front, the three behind, and those without a rank."""
    ranked = [p for p in m.prefecture_order if m.ranks[p.code] is not None]
    if len(ranked) < 2 * FEW:
        return []
    text = f"完成率居前的是{_with_pct(m, ranked[:FEW], say)}；居后的是{_with_pct(m, ranked[-FEW:], say)}。"
    silent = [p.short_name for p in m.prefecture_order if m.ranks[p.code] is None]
    if silent:
        text += f"{'、'.join(silent)}没有县级工会的报送被接收，不参加排名。"
    return [text]


def _with_pct(m: PeriodMeasures, prefectures: Iterable[Prefecture], say: Figures) -> str:
    shown = []
    for p in prefectures:
        done = m.now.by_prefecture[p.code]
        text = say.pct(f"prefecture.{p.code}.completion", done.pct or 0.0)
        partly = (
            f"，已报{say('reported', done.reported)}/{say('roster', done.roster)}个县"
            if done.reported < done.roster
            else ""
        )
        shown.append(f"{p.short_name}（{text}{partly}）")
    return "、".join(shown)


def _action(m: PeriodMeasures, action: Action, say: Figures) -> ActionText:
    form = m.program.form_by_code[action.form]
    done = m.now.by_action[action.no]
    lead = []
    if done.pct is not None:
        before = m.before.by_action[action.no].pct if m.before else None
        compared = change(say, f"action.{action.no}.change", done.pct, before)
        lead = [f"完成率{say.pct(f'action.{action.no}.completion', done.pct)}" + (f"，{compared}" if m.before else "") + "。"
                + best_and_worst(m, action, say)]  # fmt: skip
    return ActionText(numeral=numeral(action.no), name=action.title,
                      paragraphs=[*lead, *(_item(m, item, say) for item in form.items)])  # fmt: skip


def best_and_worst(m: PeriodMeasures, action: Action, say: Figures) -> str:
    """Which prefectures are highest and lowest on an action."""
    scored = [(done.pct, p) for p in m.program.prefectures
              if (done := m.now.by_prefecture_action[p.code, action.no]).pct is not None]  # fmt: skip
    if len(scored) < 2:  # noqa: PLR2004 - nothing to compare
        return ""
    shown = [(float(one_decimal(pct or 0.0)), p) for pct, p in scored]
    top, low = max(s for s, _ in shown), min(s for s, _ in shown)
    if top == low:
        return "各州（市）完成率相同。"

    def names(score: float) -> str:
        return listing([p.short_name for s, p in shown if s == score], "州（市）", say, f"action.{action.no}.tied", FEW)

    return (f"最高的是{names(top)}（{say.pct(f'action.{action.no}.highest', top)}），"
            f"最低的是{names(low)}（{say.pct(f'action.{action.no}.lowest', low)}）。")  # fmt: skip


def _item(m: PeriodMeasures, item: Item, say: Figures) -> str:
    by_code = {t.quantity.code: t for t in m.totals}
    sentences = [_quantity(m, by_code[q.code], say) for q in item.quantities if q.code in by_code]
    return f"{say('item.no', item.no)}.{item.title}。" + "；".join(s for s in sentences if s) + "。"


def _quantity(m: PeriodMeasures, t: Total, say: Figures) -> str:
    """One quantity in a clause; its coverage is said when not all reported counties are in it."""
    q, code = t.quantity, t.quantity.code
    if q.window.start > m.period.end:
        return f"{what(q)}自{say.day(f'{code}.from', q.window.start)}起统计"
    if t.actual is None:
        return f"{what(q)}没有适用的县"
    among = f"{say(f'{code}.applicable', t.applicable)}个适用县中" if t.applicable < t.reported else ""
    if q.is_rate:
        return _rate(t, say, among)
    if m.program.field_by_code[q.value or ""].type is FieldType.COUNT:
        return _count(t, say, among)
    if t.actual == 0:
        return f"{among}{what(q)}的县暂无"
    return f"{among}{what(q)}的有{say(f'{code}.yes', t.actual)}个县"


def _rate(t: Total, say: Figures, among: str) -> str:
    q, code = t.quantity, t.quantity.code
    text = (
        f"{q.title}为{say.pct(f'{code}.rate', t.actual or 0.0)}"
        f"（{say(f'{code}.numerator', t.numerator or 0)}/{say(f'{code}.denominator', t.denominator or 0)}）"
    )
    if q.target is None:
        return text
    return text + f"，{among}{_reached(t, say)}{say(f'{code}.target', _target(t))}%"


def _count(t: Total, say: Figures, among: str) -> str:
    q, code = t.quantity, t.quantity.code
    text = f"{what(q)}共{say(f'{code}.total', t.actual or 0)}{q.unit}"
    if q.target is None or not q.judged:
        return text
    goal = f"不少于{say(f'{code}.target', _target(t))}{q.unit}"
    return text + f"，{among}{_reached(t, say)}{goal}的要求"


def _reached(t: Total, say: Figures) -> str:
    if t.met == 0:
        return "尚无县达到"
    if t.met == t.applicable:
        return "各县均达到"
    return f"有{say(f'{t.quantity.code}.met', t.met)}个县达到"


def what(q: Quantity) -> str:
    """A title as it stands in a sentence: without 是否, and without the word of counting its unit repeats."""
    return re.sub(r"(?<=..)(场次|次数|个数|人次|人数|期数|数)$", "", q.title.replace("是否", ""))


def _target(t: Total) -> float:
    assert t.quantity.target is not None  # noqa: S101 - asked only of quantities with a target
    return float(t.quantity.target.threshold)


def province_target(r: ProvinceResult, say: Figures) -> str:
    """A target of the whole province in a sentence."""
    code = r.quantity.code
    if r.actual is None:
        return f"{r.quantity.title}：尚无可统计的数据。"
    if r.is_share:
        done = "已实现" if r.met else "尚未实现"
        return (f"{what(r.quantity)}：{say(f'{code}.base', r.base)}个适用的已报县中有{say(f'{code}.met_count', r.met_count)}个，"
                f"占{say.pct(f'{code}.share', r.actual)}，{done}{say(f'{code}.threshold', r.threshold)}%的全省目标。")  # fmt: skip
    done = "已达到" if r.met else "尚未达到"
    return (f"{r.quantity.title}：{say(f'{code}.sum', r.actual)}{r.quantity.unit}，"
            f"{done}全省至少{say(f'{code}.threshold', r.threshold)}{r.quantity.unit}的目标。")  # fmt: skip


def _table_row(m: PeriodMeasures, p: Prefecture, say: Figures) -> TableRow:
    done = m.now.by_prefecture[p.code]
    before = m.before.by_prefecture[p.code].pct if m.before else None
    rank = m.ranks[p.code]
    late = sum(o.overdue for o in m.owed_now if o.is_report and o.is_county and o.prefecture == p)
    key = f"prefecture.{p.code}"
    return TableRow(
        rank="—" if rank is None else say(f"{key}.rank", rank),
        name=p.short_name,
        completion="未报" if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
        change=signed(done, before, say, f"{key}.change"),
        reported=f"{say(f'{key}.reported', done.reported)}/{say(f'{key}.roster', done.roster)}",
        overdue=say(f"{key}.overdue", late) if late else "—",
        note=row_note(m, p),
    )


def signed(done: Completion, before: float | None, say: Figures, measure: str) -> str:
    """A change for a table: +3.2, −1.0, 0.0, or a dash where nothing can be compared."""
    step = change_pp(done.pct, before)
    if step is None:
        return "—"
    sign = {True: "+", False: "−"}[step > 0] if step else ""
    return say(measure, sign + one_decimal(abs(step)))


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
                        (Timeliness.NOT_DUE, "尚未到期且未报")):  # fmt: skip
        some = [o for o in owed if o.timeliness is kind]
        if not some:
            continue
        count = say(f"prefectures.{kind.value}", len(some))
        long = kind is Timeliness.ON_TIME and len(some) > LIST_LIMIT
        names = "" if long else "：" + "、".join(_late_name(o, say) for o in some)
        clauses.append(f"{label}的州（市）{count}个{names}")
    return [due + "。" + "；".join(clauses) + "。"]


def _late_name(o: Obligation, say: Figures) -> str:
    if o.timeliness is Timeliness.LATE and o.met_on:
        return f"{o.name}（迟{say(f'{o.who}.days_late', (o.met_on - o.due_on).days)}天）"
    if o.streak > 1:
        return f"{o.name}（已连续{say(f'{o.who}.streak', o.streak)}期）"
    return o.name


def overdue_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """Counties overdue with this period's report, and why."""
    late = overdue_counties(m.obligations, m.period)
    day = say.day("as_of", m.snapshot.as_of)
    if not late:
        not_due = any(o.timeliness is Timeliness.NOT_DUE for o in m.owed_now if o.is_report)
        return [f"截至{day}，{'本期报送尚未到期，' if not_due else ''}没有逾期的县级工会。"]
    reasons = [f"{reason.value}{say(f'overdue.{reason.name}', n)}个" for reason in Reason
               if (n := sum(o.reason is reason for o in late))]  # fmt: skip
    text = f"截至{day}，逾期县级工会{say('overdue.count', len(late))}个，其中{'、'.join(reasons)}。"
    repeated = [o for o in late if o.streak > 1]
    if repeated:
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


def next_due(m: PeriodMeasures, say: Figures) -> list[str]:
    """The next report, the milestones until then, and the targets furthest behind."""
    later = m.program.periods[m.period.no :]
    paragraphs = []
    if later:
        ahead = later[0]
        paragraphs.append(
            f"下一报送期为{say('next.period', ahead.title)}，请各州（市）{m.program.unit_suffix}于{say.day('next.due_on', ahead.due_on)}前报送。"
        )
    until = later[0].end if later else m.program.periods[-1].end
    ahead_of = [s for s in m.program.milestones if s.due and m.snapshot.as_of <= s.due <= until]
    for due, some in groupby(sorted(ahead_of, key=lambda s: (s.due, s.code)), key=lambda s: s.due):
        tasks = "；".join(f"{step.who}{step.deliverable}" for step in some)
        paragraphs.append(f"{say('milestone.due', cn_date(due) if due else '')}前应完成：{tasks}。")
    behind = furthest_behind(m, say)
    return [*paragraphs, *behind]


def furthest_behind(m: PeriodMeasures, say: Figures) -> list[str]:
    """The three targets fewest counties have met, so that the next two months have a direction."""
    open_ones = [t for t in m.totals if t.full_target is not None and t.applicable and t.met < t.applicable]
    weakest = sorted(open_ones, key=lambda t: (t.met / t.applicable, t.quantity.code))[:FEW]
    if not weakest:
        return []
    named = "、".join(
        f"{t.quantity.title}（{say(f'{t.quantity.code}.met', t.met)}/{say(f'{t.quantity.code}.applicable', t.applicable)}个县达标）"
        for t in weakest
    )
    return [
        f"达标县占比最低的三项是{named}，请有关县级工会抓紧推进。"
        if len(weakest) == FEW
        else f"尚未全部达标的是{named}。"
    ]


def data_notes(m: PeriodMeasures, say: Figures, *, is_demo: bool) -> list[str]:
    """How the figures are to be read."""
    ambiguous = sum(q.ambiguous for q in m.program.quantities)
    notes = [
        "完成率为已达标的县次占应达标县次的百分比；县级工会填“不适用”的、尚未起算的和没有目标的指标不计入。",
        "计数为自专项工作开始（指标另有起算日的，从该日）至报送期末的累计数；比率由填报的分子、分母计算。",
    ]
    if ambiguous:
        notes.append(
            f"文件原文有{say('program.ambiguous', ambiguous)}项表述可作不同理解，所取读法写在各表的填写提示中。"
        )
    return [*notes, "本件为演示，全部数字均为虚构。"] if is_demo else notes
