"""The five measures of section 三: paired contacts, visits, problems, highlights and what of them can be spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.obligation import ObligationKind, Timeliness
from pipeline.domain.text import cn_date
from pipeline.measures.highlights import Duly
from pipeline.measures.problems import for_departments
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED, Row, clipped, parts, quoted
from pipeline.products.wording import listing, numeral, whole_ties
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from pipeline.measures.contacts import ContactFigures
    from pipeline.measures.highlights import Highlight, HighlightFigures
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.problems import Problem, ProblemCount
    from pipeline.measures.quarters import Quarter
    from pipeline.products.documents.outline import Subsection
    from pipeline.products.wording import Figures
    from pipeline.program.model import Strand

_UNSORTED = "未分类"
_TITLES = 6
_UNMET = {Duly.NOT_MET: "尚欠", Duly.NOT_REPORTED: "没有可用的报表、情况不明", Duly.NOT_DUE: "季度未满、尚未到期"}
PROBLEM_LENGTH, MEASURE_LENGTH, PRESSING = 90, 60, 8


def strand_parts(m: PeriodMeasures, say: Figures) -> list[Subsection]:
    """Each measure the programme names, by the sheets it is followed on."""
    return parts((strand.name, _strand(m, strand, say)) for strand in m.program.strands)


def _strand(m: PeriodMeasures, strand: Strand, say: Figures) -> list[str]:
    kinds = {m.program.form_by_code[code].kind for code in strand.forms}
    if FormKind.CONTACTS in kinds:
        return contacts(m, say) if strand.most else visits(m, say)
    if FormKind.PROBLEMS in kinds:
        return problem_paragraphs(m, say)
    if FormKind.HIGHLIGHTS in kinds and m.systems.highlights:
        wanted = [kind for kind in m.systems.highlights.by_kind if kind and f"“{kind}”" in strand.reading]
        return _brands(m.systems.highlights, wanted[0], say) if wanted else _spread(m.systems.highlights, say)
    return []


def contacts(m: PeriodMeasures, say: Figures) -> list[str]:
    """Coverage of the counties, and the load of those who look after them."""
    w = m.program.words
    c = m.systems.contacts
    if c is None:
        return []
    covered, key = c.province.covered, "contacts"
    given = sum(any(link.given for link in county.links) for county in c.counties)
    text = (
        f"{w.whole}{say(f'{key}.roster', covered.roster)}{w.bodies}中，已明确{w.contact}或领导的"
        f"{say(f'{key}.covered', covered.met)}个"
    )
    if 0 < given < covered.met:
        text += f"（方案已定{say(f'{key}.given', given)}个，{w.respondent}填报{say(f'{key}.entered', covered.met - given)}个）"
    if none := covered.reported - covered.met:
        text += f"，尚未明确的{say(f'{key}.none', none)}个"
    if silent := covered.roster - covered.reported:
        text += f"，尚无可用填报的{say(f'{key}.silent', silent)}个"
    return [f"{text}。{_overloaded(m, c, key, say)}"]


def _overloaded(m: PeriodMeasures, c: ContactFigures, key: str, say: Figures) -> str:
    """Contacts that look after more counties than the notice has for each."""
    w, most = m.program.words, next((strand.most for strand in m.program.strands if strand.most), None)
    if not c.overloaded or not most:
        return ""
    names = [f"{load.link.title}（{say(f'{key}.load', len(load.county_codes))}{w.rows}）" for load in c.overloaded]
    lead = f"一个单位或一名领导联系{w.row}数多于{say(f'{key}.most', most)}个的有"
    return f"{lead}{listing(names, '个单位（领导）', say, f'{key}.overloaded')}。"


def visits(m: PeriodMeasures, say: Figures) -> list[str]:
    """Visits made and reports handed in."""
    w = m.program.words
    c = m.systems.contacts
    if c is None or not (c.province.visited.reported or c.province.handed_in.reported):
        return []
    seen, report, key, sentences = c.province.visited, c.province.handed_in, "visits", []
    if seen.reported:
        text = (
            f"按{say(f'{key}.reported', seen.reported)}{w.rows}最近一次填报统计，上级对口联系方已到{w.row}调研的"
            f"{say(f'{key}.met', seen.met)}个"
        )
        if c.province.visits.amount is not None:
            text += f"，累计到{w.row}{say(f'{key}.total', float(c.province.visits.amount))}次"
        if none := seen.reported - seen.met:
            text += f"，尚未到{w.row}的{say(f'{key}.none', none)}个"
        sentences.append(text + "。")
    if report.reported:
        share = f"，占{say.pct(f'{key}.report.share', report.pct or 0.0)}" if report.met else ""
        handed_in = f"已提交调研报告的{say(f'{key}.report.met', report.met)}{w.rows}{share}。"
        if report.reported == seen.reported:
            sentences = [sentences[0].removesuffix("。") + "；" + handed_in]
        else:
            sentences.append(f"按{say(f'{key}.report.reported', report.reported)}{w.rows}最近一次填报统计，{handed_in}")
    behind = [(total.visited.reported - total.visited.met, total.prefecture_code) for total in c.prefectures]
    names = [
        f"{m.program.prefecture_by_code[code].short_name}{say(f'{key}.{code}.none', n)}个"
        for n, code in sorted(behind, key=lambda pair: (-pair[0], pair[1]))
        if n
    ]
    if names:
        sentences.append(
            f"最近一次填报尚未到{w.row}的，分布在{listing(names, w.respondents, say, f'{key}.prefectures')}。"
        )
    return ["".join(sentences)]


def _brands(h: HighlightFigures, kind: str, say: Figures) -> list[str]:
    w = say.words
    if not h.by_kind[kind]:
        return []
    return [
        f"{_by_whom(h, say)}共有“{kind}”{say('brands.entries', h.by_kind[kind])}条，涉及{say('brands.counties', h.counties_by_kind[kind])}{w.rows}。"
    ]


def _spread(h: HighlightFigures, say: Figures) -> list[str]:
    if not h.entries:
        return []
    unsaid = h.spread.roster - h.spread.reported
    text = (
        f"{_by_whom(h, say)}报送亮点经验{say('spread.entries', h.spread.roster)}条，其中填报单位认为可复制推广的"
        f"{say('spread.yes', h.spread.met)}条"
    )
    return [text + (f"，未说明的{say('spread.unsaid', unsaid)}条。" if unsaid else "。")]


def _by_whom(h: HighlightFigures, say: Figures) -> str:
    w = say.words
    return f"按报送过亮点经验表的{say('highlights.prefectures', h.reporting.reported)}{w.respondents}统计，"


def problem_paragraphs(m: PeriodMeasures, say: Figures) -> list[str]:
    """How many, how many solved, whose to solve."""
    w = m.program.words
    p = m.systems.problems
    if p is None or p.province is None or not p.province.total:
        return []
    n, key = p.province, "problems"
    known = sum(count is not None for count in p.by_prefecture.values())
    text = f"按报送过问题台账的{say(f'{key}.prefectures', known)}{w.respondents}统计，累计梳理问题{say(f'{key}.total', n.total)}个，"
    return [f"{text}{_how_many_open(n, key, say)}{_past_their_day(m, say)}。{_this_period(n, say)}。"]


def _past_their_day(m: PeriodMeasures, say: Figures) -> str:
    """Those whose respondent's last report does not stand: whether they were solved nobody knows."""
    unclear = sum(o.kind is ObligationKind.PROBLEM and o.timeliness is Timeliness.UNCLEAR for o in m.obligations)
    who = m.program.words.respondent
    return (
        f"，另有{say('problems.unclear', unclear)}个过了计划解决日期、所在{who}最近一次没有报来，办结与否不明"
        if unclear
        else ""
    )


def _how_many_open(n: ProblemCount, key: str, say: Figures) -> str:
    said = {"closed": "已办结", "dropped": "撤销", "open": "尚未解决"}
    some = {name: count for name in said if (count := getattr(n, name))}
    if len(some) == 1:
        text = {"closed": "均已办结", "dropped": "均已撤销", "open": "均尚未解决"}[next(iter(some))]
    else:
        text = "，".join(f"{said[name]}{say(f'{key}.{name}', count)}个" for name, count in some.items())
    return text + (f"，其中已超过计划解决日期的{say(f'{key}.overdue', n.overdue)}个" if n.overdue else "")


def _this_period(n: ProblemCount, say: Figures) -> str:
    dropped = f"，撤销{say('problems.dropped_now', n.dropped_now)}个" if n.dropped_now else ""
    if not n.new and not n.closed_now:
        return f"本期无新报、无办结{dropped}"
    new = f"新报{say('problems.new', n.new)}个" if n.new else "无新报"
    closed = f"办结{say('problems.closed_now', n.closed_now)}个" if n.closed_now else "无办结"
    return f"本期{new}，{closed}{dropped}"


def pressing_problems(m: PeriodMeasures, say: Figures) -> list[str]:
    """The open problems put to the highest level, those past their day first."""
    p = m.systems.problems
    level = next((name for name, n in p.by_level.items() if name and n.open), "") if p else ""
    if p is None or not level:
        return []
    mine = [problem for problem in p.open if problem.level == level]
    mine.sort(key=lambda problem: (-problem.days_overdue, problem.prefecture_code, problem.county_code, problem.number))
    lead = f"请{level}解决、尚未办结的问题{say('problems.pressing', len(mine))}个"
    listed = whole_ties(mine, lambda problem: problem.days_overdue, PRESSING)
    lead += f"，列出前{say('problems.listed', len(listed))}个：" if len(mine) > len(listed) else "："
    return [lead, *(_pressing(m, problem, n, say) for n, problem in enumerate(listed, 1))]


def _pressing(m: PeriodMeasures, problem: Problem, no: int, say: Figures) -> str:
    row, key = _problem_row(m, problem, no, say), f"problem.{problem.prefecture_code}.{problem.number}"
    asked = "，".join(
        text
        for text in (
            f"建议由{problem.department}研究" if problem.department in {d.name for d in m.program.departments} else "",
            f"计划{say.day(f'{key}.due_on', problem.due_on)}前解决" if problem.due_on else "",
            _late(problem, key, say) if problem.overdue else "",
        )
        if text
    )
    return f"{row['no']}.{_whose(m, problem)}：{row['problem'].rstrip('。')}" + (f"（{asked}）。" if asked else "。")


def category_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """Problems by category, with what the notice has done about each."""
    p = m.systems.problems
    if p is None or p.province is None:
        return []
    actions = {c.name: c.action for c in m.program.problem_categories}
    return [
        {
            "name": name or _UNSORTED,
            "action": actions.get(name, NO_FIGURE),
            **_counts(n, say, f"problems.category.{name}"),
        }
        for name, n in p.by_category.items()
        if n.total
    ]


def department_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """Open problems by department."""
    p = m.systems.problems
    if p is None:
        return []
    return [
        {
            "name": name or f"未指定{say.words.section}",
            **_counts(p.by_department[name], say, f"problems.department.{name}"),
        }
        for name, _ in for_departments(p)
    ]


def _counts(n: ProblemCount | None, say: Figures, key: str, **told: str) -> Row:
    """Its counts; one of which nobody can tell how many is told in words."""
    return {name: told.get(name) or _cell(getattr(n, name) if n else None, say, f"{key}.{name}") for name in _COUNTED}


_COUNTED = ("total", "closed", "dropped", "open", "overdue")


def department_lists(m: PeriodMeasures, say: Figures) -> list[dict[str, object]]:
    """问题清单: the open problems of each department, those past their day first."""
    p = m.systems.problems
    if p is None:
        return []
    return [
        {
            "numeral": numeral(n),
            "name": name or f"未指定{say.words.section}",
            "count": say(f"problems.department.{name}.open", len(some)),
            "rows": [_problem_row(m, problem, no, say) for no, problem in enumerate(some, 1)],
        }
        for n, (name, some) in enumerate(for_departments(p), 1)
    ]


def _problem_row(m: PeriodMeasures, problem: Problem, no: int, say: Figures) -> Row:
    key = f"problem.{problem.prefecture_code}.{problem.number}"
    due = (
        NO_FIGURE
        if problem.due_on is None
        else say(f"{key}.due_on", f"{problem.due_on.year}.{problem.due_on.month}.{problem.due_on.day}")
    )
    if problem.overdue:
        due += f"\n{_late(problem, key, say)}"
    return {
        "no": say(f"{key}.no", no),
        "county": "\n".join(
            text for text in (_whose(m, problem), quoted(say, f"{key}.number", problem.number)) if text
        ),
        "problem": quoted(say, f"{key}.problem", clipped(problem.problem, PROBLEM_LENGTH)),
        "measure": quoted(say, f"{key}.measure", clipped(problem.measure, MEASURE_LENGTH)) or NO_FIGURE,
        "since": say(f"{key}.since", m.program.period_by_code[problem.first_period].short_title),
        "due": due,
        "status": problem.status or NO_FIGURE,
    }


def _whose(m: PeriodMeasures, problem: Problem) -> str:
    county, prefecture = (
        m.program.county_by_code.get(problem.county_code),
        m.program.prefecture_by_code[problem.prefecture_code],
    )
    return prefecture.short_name + county.short_name if county else prefecture.own_name


def _late(problem: Problem, key: str, say: Figures) -> str:
    return f"已超期{say(f'{key}.days_overdue', problem.days_overdue)}天"


def prefecture_problem_rows(m: PeriodMeasures, quarter: Quarter | None, say: Figures) -> list[Row]:
    """Highlights and problems of each prefecture; one that never sent the list is 未报, not nought."""
    h, p = m.systems.highlights, m.systems.problems
    if h is None and p is None:
        return []
    rows = []
    silent = {
        o.prefecture.code
        for o in m.obligations
        if o.kind is ObligationKind.PROBLEM and o.timeliness is Timeliness.UNCLEAR
    }
    for prefecture in m.program.prefectures:
        code, key = prefecture.code, f"prefecture.{prefecture.code}"
        sent = (
            next((d.count for d in h.duties if d.quarter == quarter and d.prefecture_code == code), None) if h else None
        )
        all_sent, n = (h.by_prefecture[code] if h else None), (p.by_prefecture[code] if p else None)
        rows.append(
            {
                "name": prefecture.short_name,
                "sent": _cell(sent, say, f"{key}.highlights_now"),
                "all_sent": _cell(all_sent, say, f"{key}.highlights"),
                **_counts(n, say, f"{key}.problems", **({"overdue": "不明"} if code in silent else {})),
            }
        )
    return rows


def _cell(count: int | None, say: Figures, measure: str) -> str:
    return NOT_REPORTED if count is None else say(measure, count)


def highlight_paragraphs(m: PeriodMeasures, quarter: Quarter | None, say: Figures) -> list[str]:
    """Who sent highlights of a quarter, who owes one, and of whom nothing is known."""
    w = m.program.words
    h = m.systems.highlights
    if h is None or quarter is None:
        return []
    mine = [d for d in h.duties if d.quarter == quarter]
    sent, short = h.dated_in(quarter), {p.code: p.short_name for p in m.program.prefectures}
    by_duly = {duly: [short[d.prefecture_code] for d in mine if d.duly is duly] for duly in Duly}
    roster = say("quarter.roster", len(mine))
    clauses = [f"{say('quarter', quarter.title)}应报送{w.highlight}的{w.respondent}{roster}个"]
    if met := by_duly[Duly.MET]:
        clauses.append(f"已报{say('quarter.met', len(met))}个、共{say('quarter.entries', len(sent))}条")
    for duly, label in _UNMET.items():
        if names := by_duly[duly]:
            listed = "" if len(names) == len(mine) else f"（{listing(names, w.respondents, say, 'quarter.names')}）"
            clauses.append(f"{label}的{say(f'quarter.{duly.value}', len(names))}个{listed}")
    return [f"{'，'.join(clauses)}。", *_titles(m, sent, say)]


def _titles(m: PeriodMeasures, sent: tuple[Highlight, ...], say: Figures) -> list[str]:
    if not sent:
        return []
    named = [
        f"{place_name(m, highlight)}《{quoted(say, 'highlight.title', highlight.title)}》"
        for highlight in _one_each(sent)[:_TITLES]
    ]
    more = "等" if len(sent) > len(named) else ""
    return [f"报送的内容有{'、'.join(named)}{more}。"]


def _one_each(sent: tuple[Highlight, ...]) -> list[Highlight]:
    """First one of each prefecture, then the rest."""
    first: dict[str, Highlight] = {}
    for highlight in sent:
        first.setdefault(highlight.prefecture_code, highlight)
    return [*first.values(), *(highlight for highlight in sent if highlight not in first.values())]


def place_name(m: PeriodMeasures, highlight: Highlight) -> str:
    """昆明市五华区, or 昆明市总工会 for the prefecture's own."""
    prefecture, county = (
        m.program.prefecture_by_code[highlight.prefecture_code],
        m.program.county_by_code.get(highlight.county_code),
    )
    return prefecture.short_name + (county.short_name if county else m.program.unit_suffix)


def day_of(highlight: Highlight, say: Figures) -> str:
    """When it happened, empty where the entry does not say."""
    return "" if highlight.dated_on is None else say("highlight.dated_on", cn_date(highlight.dated_on))
