"""县级画像: one county on one page, for whoever is about to visit it or telephone it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.obligation import KIND_NAMES, TIMELINESS_NAMES, ObligationKind
from pipeline.domain.state import STATE_NAMES, Knowledge, State
from pipeline.domain.text import cn_date
from pipeline.measures.chance import Band, county_band
from pipeline.measures.completion import Completion, completion
from pipeline.measures.figures import add, number
from pipeline.measures.progress import Pace, Status
from pipeline.products.coverage import knowledge_of
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED, Row, clipped, quoted, wan
from pipeline.products.wording import Figures, in_quotes, name_asked, one_decimal, whole_ties
from pipeline.products.wording import number as grouped
from pipeline.program.model import FieldType, FormKind

if TYPE_CHECKING:
    from pipeline.domain.obligation import Obligation
    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.program.model import Action, County, Quantity

TEMPLATE = "县级画像.docx"
PERIODS, UNMET, OVERDUE, PROBLEMS = 6, 3, 3, 2  # named of each: the page is one
PROBLEM_LENGTH, CONTACTS_LENGTH = 28, 60
_MONEY = ("received", "matched", "spent")


def profile_context(m: PeriodMeasures, county: County, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 县级画像.docx and the register of its numbers."""
    say = Figures(m.program.words)
    prefecture = m.program.prefecture_by_code[county.prefecture_code]
    return {
        "title": f"{prefecture.short_name}{county.short_name}{m.program.unit_suffix}",
        "subject": (
            f"“{m.program.short_title}”专项工作　{say('period.title', m.period.title)}　"
            f"截至{say.day('as_of', m.snapshot.as_of)}"
        ),
        "is_demo": is_demo,
        "words": say.words,
        "summary": _summary(m, county, say),
        "periods": [
            _period_row(m, county, scores, say)
            for scores in m.scores[-PERIODS:]
            if m.program.code_in(county, scores.period)
        ],
        "actions": _action_rows(m, county, say),
        "notes": [
            text
            for text in (
                _unmet(m, county, say),
                _contacts(m, county, say),
                _money(m, county, say),
                _problems(m, county, say),
                _overdue(m, county, say),
            )
            if text
        ],
        "office": m.program.office,
    }, say


def _summary(m: PeriodMeasures, county: County, say: Figures) -> str:
    """What stands of it, how far it is, and how far the others are."""
    w = m.program.words
    state, done = m.snapshot.state(m.period, county), m.now.by_county[county.code]
    if done.pct is None:
        return f"本期{STATE_NAMES[state]}，不作完成情况统计。{_last_known(m, county, done, say)}"
    near, all_ = m.now.by_prefecture[county.prefecture_code], m.now.province
    text = (
        f"本期{STATE_NAMES[state]}。已达标{say('county.met', done.met)}项，应达标{say('county.applicable', done.applicable)}项，"
        f"完成率{say.pct('county.completion', done.pct)}，"
        f"{_compared_with_all(m, county, say)}。"
    )
    compared = f"{w.whole}{say.pct('province.completion', all_.pct or 0.0)}"
    if near.pct is not None:
        compared = (
            f"{m.program.prefecture_by_code[county.prefecture_code].short_name}{say.pct('prefecture.completion', near.pct)}"
            f"（已报{say('prefecture.reported', near.reported)}/{say('prefecture.roster', near.roster)}{w.rows}），{compared}"
        )
    return f"{text}同期{compared}。"


def _last_known(m: PeriodMeasures, county: County, done: Completion, say: Figures) -> str:
    """What it said last still stands; of one that never reported nothing is known."""
    since = m.known.last(county.code)
    if not since:
        return f"{knowledge_of(m, county.code)}，情况不明。"
    last = quoted(say, "known.since", m.program.period_by_code[since].title)
    return (
        f"沿用上次（{last}）所报：已达标{say('county.known_met', done.known_met)}项，"
        f"应达标{say('county.known_applicable', done.known_applicable)}项。"
    )


def _compared_with_all(m: PeriodMeasures, county: County, say: Figures) -> str:
    """Where it stands among all that reported: apart only by more than chance, and equals are said to be."""
    w, done = m.program.words, m.now.by_county[county.code]
    among = f"与{w.whole}已报的{say('counties.reported', m.reported)}{w.rows}相比"
    if done.met == done.applicable:
        alike = sum(d.met == d.applicable > 0 for d in m.now.by_county.values())
        return (
            f"{among}，与另外{say('county.alike', alike - 1)}{w.rows}均为全部达标"
            if alike > 1
            else f"{among}，是唯一全部达标的"
        )
    return f"{among}{_BANDS[_band(m, m.now, done)].format(whole=w.whole)}"


_BANDS = {
    Band.AHEAD: "，明显高于{whole}平均水平",
    Band.MIDDLE: "，差异不超出正常波动",
    Band.LAST: "，明显低于{whole}平均水平",
}


def _band(m: PeriodMeasures, scores: Scores, done: Completion) -> Band:
    return county_band(scores.province, done, chance=m.program.bulletin.chance, among=scores.province.reported)


def _period_row(m: PeriodMeasures, county: County, scores: Scores, say: Figures) -> Row:
    """One period: what stands, when it came, how far it was."""
    period, key = scores.period, f"county.{scores.period.code}"
    then = m.program.county_by_code[m.program.code_in(county, period)]
    owed = next((o for o in m.obligations if o.is_report and o.who == then.code and o.period == period), None)
    done = scores.by_county[then.code]
    return {
        "period": quoted(say, f"{key}.title", period.short_title),
        "state": STATE_NAMES[m.snapshot.state(period, then)],
        "timely": TIMELINESS_NAMES[owed.timeliness] if owed else NO_FIGURE,
        "met_on": say(f"{key}.met_on", cn_date(owed.met_on)) if owed and owed.met_on else NO_FIGURE,
        "completion": NOT_REPORTED if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
        "place": NO_FIGURE if done.pct is None else _band(m, scores, done).value,
    }


def _action_rows(m: PeriodMeasures, county: County, say: Figures) -> list[Row]:
    mine = completion(m.assessed[m.assessed["county_code"] == county.code], ["action"])
    return [_action_row(m, county, action, mine[action.no,], say) for action in m.program.actions]


def _action_row(m: PeriodMeasures, county: County, action: Action, done: Completion, say: Figures) -> Row:
    near = m.now.by_prefecture_action[county.prefecture_code, action.no].pct
    key = f"action.{action.no}"
    return {
        "name": action.title,
        "met": f"{say(f'{key}.met', done.met)}/{say(f'{key}.applicable', done.applicable)}"
        if done.applicable
        else NO_FIGURE,
        "county": _pct(say, f"{key}.county", done.pct),
        "prefecture": _pct(say, f"{key}.prefecture", near),
        "province": _pct(say, f"{key}.province", m.now.by_action[action.no].pct),
    }


def _pct(say: Figures, measure: str, value: float | None) -> str:
    return NO_FIGURE if value is None else say(measure, one_decimal(value))


def _unmet(m: PeriodMeasures, county: County, say: Figures) -> str:
    """Targets it says are not met yet, the furthest first, which is said unless others are as far; nothing of a silent county."""
    said = m.assessed[(m.assessed["county_code"] == county.code) & (m.assessed["knowledge"] == Knowledge.REPORTED)]
    mine = said[said["status"] == Status.NOT_MET]
    values = {str(code): float(value) for code, value in zip(mine["quantity"], mine["value"], strict=True)}

    def share(q: Quantity) -> float:
        return values[q.code] / float(q.target.threshold) if q.target else 0.0

    open_ones = sorted((q for q in m.program.quantities if q.code in values), key=lambda q: (share(q), q.code))
    if not open_ones:
        return ""
    named = "；".join(
        f"{quoted(say, f'{q.code}.title', name_asked(q.title))}（{_actual(m, q, values[q.code], say)}）"
        for q in open_ones[:UNMET]
    )
    lead, more = ("为", "") if len(open_ones) <= UNMET else ("离要求最远的是", "等")
    if len(whole_ties(open_ones, share, UNMET)) > UNMET:
        lead = "其中有"
    paces = mine["pace"].tolist()
    kinds = (("到期未达标或落后于进度", Pace.BEHIND), ("按进度推进", Pace.ON_PATH), ("未到完成时限", Pace.NOT_DUE))
    there = [(words, pace) for words, pace in kinds if pace in paces]
    each = "、".join(f"{words}{say(f'unmet.{pace.value}', paces.count(pace))}项" for words, pace in there)
    due = f"均{there[0][0]}" if len(there) == 1 else each
    return f"尚未达标：{say('unmet', len(open_ones))}项（{due}），{lead}{named}{more}。"


def _is_word(m: PeriodMeasures, q: Quantity) -> bool:
    return not q.is_rate and m.program.field_by_code[q.value or ""].type is not FieldType.COUNT


def _actual(m: PeriodMeasures, q: Quantity, value: float, say: Figures) -> str:
    if q.target is None or _is_word(m, q):
        return "未做到"
    threshold = say(f"{q.code}.target", grouped(float(q.target.threshold)))
    if q.is_rate:
        return f"{say.pct(f'{q.code}.actual', value)}，要求{threshold}%"
    return f"{say(f'{q.code}.actual', grouped(value))}{q.unit}，要求{threshold}{q.unit}"


def _contacts(m: PeriodMeasures, county: County, say: Figures) -> str:
    """Who looks after it, and whether anybody came."""
    w = m.program.words
    c = (
        next((paired for paired in m.systems.contacts.counties if paired.county_code == county.code), None)
        if m.systems.contacts
        else None
    )
    if c is None:
        return ""
    who = clipped("、".join(link.title for link in c.links), CONTACTS_LENGTH)
    text = f"对口联系：{quoted(say, 'contact', who) if who else ('填报为尚未明确' if c.reported else NOT_REPORTED)}"
    if county.code not in m.known.reported and (c.visits is not None or c.handed_in is not None):
        text += "；据上次所报"
    if c.visits is not None:
        text += f"，已到{w.row}{say('visits', int(c.visits))}次" if c.visits else f"，尚未到{w.row}"
    if c.handed_in is not None:
        text += "，调研报告已提交" if c.handed_in else "，调研报告尚未提交"
    return text + "。"


def _money(m: PeriodMeasures, county: County, say: Figures) -> str:
    """What it received, matched and spent over all lines, as far as it said."""
    given = m.known.values.get(county.code, {})
    fields = [f for form in m.program.forms_of_kind(FormKind.FUNDING) if not form.is_list for f in form.fields]
    sums = {role: add([number(given.get(f.code)) for f in fields if f.role == role]) for role in _MONEY}
    names = {"received": "收到", "matched": "配套", "spent": "支出"}
    said = [
        f"{names[role]}{wan(say, f'money.{role}', amount)}万元" for role, amount in sums.items() if amount is not None
    ]
    return f"专项资金（各项合计）：{'，'.join(said)}。" if said else ""


def _problems(m: PeriodMeasures, county: County, say: Figures) -> str:
    p = m.systems.problems
    mine = [problem for problem in p.problems if problem.county_code == county.code] if p else []
    if not mine:
        return ""
    rest = [problem for problem in mine if problem.is_open]
    text = f"问题台账：累计{say('problems.total', len(mine))}个，尚未解决{say('problems.open', len(rest))}个"
    first = sorted(rest, key=lambda problem: (-problem.days_overdue, problem.number))[:PROBLEMS]
    named = "；".join(
        quoted(say, "problem", clipped(problem.problem, PROBLEM_LENGTH).rstrip("。"))
        + (f"（已超期{say('problem.days_overdue', problem.days_overdue)}天）" if problem.overdue else "")
        for problem in first
    )
    return f"{text}：{named}{'等' if len(rest) > PROBLEMS else ''}。" if named else f"{text}。"


def _overdue(m: PeriodMeasures, county: County, say: Figures) -> str:
    """What it owes and is past its day, the report first, then the longest; its problems have a note of their own."""
    late = [o for o in m.obligations if o.who == county.code and o.overdue and o.kind is not ObligationKind.PROBLEM]
    late = [o for o in late if not o.is_report or o.period == m.period]
    late.sort(key=lambda o: (not o.is_report, -o.days_overdue, o.kind, o.serves))
    if not late:
        state = m.snapshot.state(m.period, county)
        if state in {State.UNUSABLE, State.UNREAD}:
            return f"逾期事项：无。本期{quoted(say, 'report.absence', m.snapshot.absence(m.period, county))}。"
        return "逾期事项：本期报表已退回，待改后重报。" if state is State.RETURNED else "逾期事项：无。"
    said = "；".join(
        f"{quoted(say, 'overdue.what', _owed(o, say))}逾期{say('overdue.days', o.days_overdue)}天"
        for o in late[:OVERDUE]
    )
    more = f"等{say('overdue.count', len(late))}项" if len(late) > OVERDUE else ""
    return f"逾期事项：{said}{more}。"


def _owed(o: Obligation, say: Figures) -> str:
    """工作节点“制定具体工作方案”; what names its kind itself stands alone: 2023年3—4月工作推进信息."""
    kind = say.words.put(KIND_NAMES[o.kind])
    return o.what if kind in o.what else kind + in_quotes(clipped(o.what, PROBLEM_LENGTH))
