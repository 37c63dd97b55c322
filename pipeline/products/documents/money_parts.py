"""Money by funding line: planned, received, matched, spent, each with how many reported it; and what the notice leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.measures.figures import add
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED, Row, of, parts, quoted, wan, wan_cell
from pipeline.products.wording import listing, one_decimal
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from pipeline.measures.figures import Sum
    from pipeline.measures.funding import LineFunding
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.social import SocialTotal
    from pipeline.products.documents.outline import Subsection
    from pipeline.products.wording import Figures
from pipeline.program.model import FundingLine, Program


def line_name(program: Program, line: FundingLine) -> str:
    """What the sheets call a line, else its code."""
    for kind in (FormKind.FUNDING, FormKind.SOCIAL_WORKERS):
        for form in program.forms_of_kind(kind):
            for item in form.items:
                if item.label == line.code:
                    return item.title
    return line.code


def is_asked(m: PeriodMeasures) -> bool:
    """Whether some sheet asks about money at all."""
    return any(funded.province.arrived.roster or funded.province.spent.roster for funded in m.systems.funding.lines)


def funding_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """One row per line."""
    return [_row(m, funded, say) for funded in m.systems.funding.lines] if is_asked(m) and m.reported else []


def _row(m: PeriodMeasures, funded: LineFunding, say: Figures) -> Row:
    key, place = f"funding.{funded.line.code}", funded.province
    return {
        "name": line_name(m.program, funded.line) + ("" if funded.line.amount_wan is not None else "（按人数核定）"),
        "planned": wan_cell(say, f"{key}.planned", funded.budget_wan),
        "arrived": wan_cell(say, f"{key}.arrived", funded.arrived),
        "matched": wan_cell(say, f"{key}.matched", place.matched),
        "spent": wan_cell(say, f"{key}.spent", place.spent),
        "execution": _execution(funded, key, say),
        "told_arrived": _coverage(say, f"{key}.arrived", funded.arrived),
        "told_spent": _coverage(say, f"{key}.spent", place.spent),
    }


def _execution(funded: LineFunding, key: str, say: Figures) -> str:
    """35.1, and what it is of where that is not what stands in the row: a rate can be computed again."""
    rate, place = funded.province.execution, funded.province
    if rate.pct is None or rate.numerator is None or rate.denominator is None:
        return NO_FIGURE
    shown = say(f"{key}.execution", one_decimal(rate.pct))
    in_row = place.spent.amount, add((funded.arrived.amount, place.matched.amount))
    if in_row == (rate.numerator, rate.denominator):
        return shown
    spent = wan(say, f"{key}.execution.spent", rate.numerator)
    return f"{shown}\n（{spent}/{wan(say, f'{key}.execution.have', rate.denominator)}）"


def _coverage(say: Figures, measure: str, amount: Sum) -> str:
    return of(say, measure, amount.reported, amount.roster) if amount.roster else NO_FIGURE


def funding_parts(m: PeriodMeasures, say: Figures) -> list[Subsection]:
    """What goes with the table: matching, limits, social workers, and where the notice's own figures do not fit."""
    if not is_asked(m):
        return []
    return parts(
        (
            ("配套和补助情况", [*_matches(m, say), *_caps(m, say), *_social(m, say)] if m.reported else []),
            ("方案中需要明确的事项", _tensions(m, say)),
        )
    )


def funding_lead(m: PeriodMeasures, say: Figures) -> list[str]:
    """The plan, and how the table is to be read."""
    w = m.program.words
    figures = m.systems.funding
    if not is_asked(m) or figures.planned_wan is None:
        return []
    text = f"按照实施方案，{w.of_whole}资金计划安排合计{wan(say, 'funding.planned', figures.planned_wan)}万元"
    if any(funded.line.amount_wan is None for funded in figures.lines):
        text += "（不含按人数核定的项目）"
    if figures.planned_with_match_wan is not None and figures.planned_with_match_wan != figures.planned_wan:
        text += f"，加上{w.respondent}应配套资金为{wan(say, 'funding.planned_with_match', figures.planned_with_match_wan)}万元"
    if not m.reported:
        return [text + "。截至目前尚无资金到位和支出的填报。"]
    return [
        text + "。到位、支出为累计数，按各单位最近一次接收的数统计，没有可用数的不按零计；填报单位数列在表中。"
        "执行率为支出占到位和配套资金之和的百分比，只按各数均已填报的单位计算；这些单位的数与表中合计不同的，在执行率下注明。"
    ]


def _matches(m: PeriodMeasures, say: Figures) -> list[str]:
    """Per line to be matched: which prefectures did, did not, did not say."""
    w = m.program.words
    names, paragraphs = {p.code: p.short_name for p in m.program.prefectures}, []
    for funded in m.systems.funding.lines:
        if not funded.matches:
            continue
        key = f"funding.{funded.line.code}"
        by_met = {
            met: [names[x.prefecture_code] for x in funded.matches if x.met is met] for met in (True, False, None)
        }
        clauses = [f"已足额配套的{w.respondent}{say(f'{key}.match_met', len(by_met[True]))}个"] if by_met[True] else []
        for met, label in ((False, "未配足的"), (None, "到位数和配套数未填齐的")):
            if some := by_met[met]:
                listed = listing(some, w.respondents, say, f"{key}.match_names", 16)
                clauses.append(f"{label}{say(f'{key}.match_{met}', len(some))}个（{listed}）")
        ratio = quoted(say, f"{key}.ratio", funded.line.match_ratio)
        paragraphs.append(f"{line_name(m.program, funded.line)}应由{w.respondent}按{ratio}配套：{'，'.join(clauses)}。")
    return paragraphs


def _caps(m: PeriodMeasures, say: Figures) -> list[str]:
    w = m.program.words
    paragraphs = []
    for funded in m.systems.funding.lines:
        if funded.cap is None or funded.line.per_unit_wan is None:
            continue
        key, units = f"funding.{funded.line.code}", funded.cap.units
        text = (
            f"{line_name(m.program, funded.line)}按每个{wan(say, f'{key}.per_unit', funded.line.per_unit_wan)}万元、"
            f"至多{say(f'{key}.most', funded.cap.most)}个安排，"
        )
        if units.amount is None:
            paragraphs.append(f"{text}尚无单位填报。")
            continue
        fits = "未超过计划个数" if funded.cap.within else "已超过计划个数，需核实"
        paragraphs.append(
            f"{text}按填报的{say(f'{key}.units.reported', units.reported)}{w.rows}统计，已补助"
            f"{say(f'{key}.units', float(units.amount))}个，{fits}。"
        )
    return paragraphs


def _social(m: PeriodMeasures, say: Figures) -> list[str]:
    w = m.program.words
    social = m.systems.social
    if social is None or social.province.heads.amount is None:
        return []
    whole = social.province
    text = (
        f"享受补助的{w.institution}社会工作专业人才{say('social.heads', float(whole.heads.amount or 0))}人"
        f"（按填报的{say('social.heads.reported', whole.heads.reported)}{w.rows}统计）"
    )
    if social.line and social.line.per_unit_wan is not None and whole.due_wan.amount is not None:
        text += (
            f"，按每人每年{wan(say, 'social.a_head', social.line.per_unit_wan)}万元计，全年应补助"
            f"{wan(say, 'social.due', whole.due_wan.amount)}万元"
        )
    return [f"{text}{_instalments(whole, say)}。"]


def _instalments(whole: SocialTotal, say: Figures) -> str:
    """What came of each half that is asked about; what nobody reported is said to be unknown."""
    w = say.words
    text = ""
    for name, half in (("first", whole.received_first_wan), ("second", whole.received_second_wan)):
        if not half.roster:
            continue
        label = {"first": "第一次", "second": "第二次"}[name]
        if half.amount is None:
            text += f"；{label}拨付{NOT_REPORTED}"
            continue
        if not half.amount:
            text += f"；{label}拨付尚未到账（{say(f'social.{name}.reported', half.reported)}{w.rows}填报）"
            continue
        text += (
            f"；{label}已收到{wan(say, f'social.{name}', half.amount)}万元"
            f"（{say(f'social.{name}.reported', half.reported)}{w.rows}填报）"
        )
    return text


def _tensions(m: PeriodMeasures, say: Figures) -> list[str]:
    """One line each, said as they stand and left to whoever decides."""
    found = []
    for n, tension in enumerate(m.systems.funding.tensions, 1):
        found.append(
            f"{say('tension.no', n)}.{line_name(m.program, tension.line)}：{quoted(say, f'tension.{tension.line.code}', tension.text)}。"
        )
    lead = "方案中的下列资金安排有不尽一致或未作规定之处，如实列出，请予明确，统计时未作调整。"
    return [lead, *found] if found else []
