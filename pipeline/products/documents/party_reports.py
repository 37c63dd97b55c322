"""中期调度报告 and 总结报告 (附件2四（三）): the whole work, midway and at the end, to those who set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.measures.progress import change_pp
from pipeline.products.documents.bulletin import data_notes, overall
from pipeline.products.documents.money_parts import funding_lead, funding_parts, funding_rows
from pipeline.products.documents.outline import Part, duty, numbered, quoted, tables
from pipeline.products.documents.progress_parts import (
    action_parts,
    goal_rows,
    item_rows,
    prefecture_rows,
    survey_rows,
    task_rows,
    trend_rows,
)
from pipeline.products.documents.standing_parts import (
    candidate_paragraphs,
    candidate_rows,
    lagging_paragraphs,
    lagging_rows,
    milestone_paragraphs,
    milestone_rows,
    next_parts,
)
from pipeline.products.documents.strand_parts import (
    category_rows,
    department_rows,
    pressing_problems,
    problem_paragraphs,
    strand_parts,
)
from pipeline.products.documents.target_parts import province_target
from pipeline.products.wording import Figures, how_many_actions, not_compared, numeral, one_decimal

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures

MID, FINAL = "中期调度报告", "总结报告"
SECTIONS = ("overall", "actions", "strands", "goal_rows", "task_rows", "funding", "milestones", "problems", "candidates",
            "lagging", "next")  # fmt: skip
TABLES = ("trend_rows", "prefecture_rows", "goal_rows", "task_rows", "funding_rows", "milestone_rows", "category_rows",
          "department_rows", "candidate_rows", "lagging_rows")  # fmt: skip


def mid_term_context(m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 中期调度报告.docx and the register of its numbers."""
    say = Figures(m.program.words)
    context = {
        **_whole(m, say, MID, is_demo=is_demo),
        "title": f"关于“{m.program.short_title}”专项工作\n中期情况的报告",
        "intro": [_intro(m, say, "中期情况")],
        "overall": overall(m, say),
        "trend_rows": [], "candidates": [], "candidate_rows": [],
    }  # fmt: skip
    return {**context, "no": numbered(context, SECTIONS), "tab": tables(context, TABLES, say)}, say


def final_context(m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 总结报告.docx and the register of its numbers."""
    say = Figures(m.program.words)
    context = {
        **_whole(m, say, FINAL, is_demo=is_demo),
        "title": f"关于“{m.program.short_title}”专项工作\n情况的总结报告",
        "intro": [_intro(m, say, "总结")],
        "overall": [*overall(m, say), *_course(m, say)],
        "trend_rows": trend_rows(m, say),
        "candidates": candidate_paragraphs(m, say),
        "candidate_rows": candidate_rows(m, say),
    }
    return {**context, "no": numbered(context, SECTIONS), "tab": tables(context, TABLES, say)}, say


def _whole(m: PeriodMeasures, say: Figures, document: str, *, is_demo: bool) -> dict[str, Any]:
    """What both reports hold."""
    owed, actions = duty(m, document), action_parts(m, m.before, "上期", say)
    return {
        "is_demo": is_demo,
        "words": say.words,
        "to_line": f"{owed.to if owed and owed.to else m.program.organizer}：",
        "prefecture_rows": prefecture_rows(m, m.before, say),
        "actions_name": how_many_actions(len(m.program.actions)),
        "actions": [*actions, *_targets(m, len(actions) + 1, say)],
        "strands": strand_parts(m, say) if m.reported else [],
        "goal_rows": goal_rows(m, say),
        "task_rows": task_rows(m, say),
        "funding": funding_lead(m, say),
        "funding_rows": funding_rows(m, say),
        "funding_parts": funding_parts(m, say),
        "milestones": milestone_paragraphs(m, say),
        "milestone_rows": milestone_rows(m, say),
        "problems": problem_paragraphs(m, say),
        "pressing": pressing_problems(m, say),
        "category_rows": category_rows(m, say),
        "department_rows": department_rows(m, say),
        "lagging": lagging_paragraphs(m, say),
        "lagging_rows": lagging_rows(m, say),
        "next": next_parts(m, say),
        "office": m.program.office,
        "issued_on": say.day("as_of", m.snapshot.as_of),
        "item_rows": item_rows(m, say),
        "survey_rows": survey_rows(m, say),
        "data_notes": data_notes(m, say, is_demo=is_demo),
        "counted": m.reported > 0,
    }


def _targets(m: PeriodMeasures, no: int, say: Figures) -> list[Part]:
    """The targets of the whole province, after its actions."""
    w = m.program.words
    if not m.reported or not m.province_results:
        return []
    texts = [province_target(m, r, say) for r in m.province_results]
    return [Part(numeral=numeral(no), name=f"{w.whole}性目标", paragraphs=texts)]


def _intro(m: PeriodMeasures, say: Figures, what: str) -> str:
    return (
        f"按照{quoted(say, 'notice', m.program.notice)}要求，现将“{m.program.short_title}”专项工作{what}报告如下。"
        f"完成情况依据{say('period.title', m.period.title)}报表，数据截至{say.day('period.end', m.period.end)}；"
        f"报送情况截至{say.day('as_of', m.snapshot.as_of)}。"
    )


def _course(m: PeriodMeasures, say: Figures) -> list[str]:
    """From the first period with figures to this one."""
    w = m.program.words
    known = [s for s in m.scores if s.province.pct is not None]
    if len(known) < 2:  # noqa: PLR2004 - no course without two points
        return []
    (first, begun), (last, ended) = ((s, s.province.pct or 0.0) for s in (known[0], known[-1]))
    step = change_pp(ended, begun) or 0
    start, end = say("trend.first_pct", one_decimal(begun)), say("trend.last_pct", one_decimal(ended))
    if not step:
        moved = (
            f"{say('trend.last', last.period.title)}总体完成率为{end}%，与{say('trend.first', first.period.title)}持平"
        )
    else:
        moved = (f"总体完成率由{say('trend.first', first.period.title)}的{start}%{'提高' if step > 0 else '下降'}到"
                 f"{say('trend.last', last.period.title)}的{end}%")  # fmt: skip
    aside = not_compared(say, "trend", last.province, first.province, "其间", "各期均按当期目标评定，含")
    return [f"{moved}，各期均按当期已报{w.row}统计{aside}。"]
