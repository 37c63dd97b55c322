"""半年会议材料 (五（三）): at mid-year problems come first, at the end of the year also who might be commended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.products.documents.bulletin import data_notes, overall
from pipeline.products.documents.money_parts import funding_lead, funding_rows
from pipeline.products.documents.outline import numbered, publication, quoted, tables
from pipeline.products.documents.progress_parts import action_parts, prefecture_rows
from pipeline.products.documents.standing_parts import (
    candidate_paragraphs,
    candidate_rows,
    lagging_paragraphs,
    lagging_rows,
    next_parts,
)
from pipeline.products.documents.strand_parts import category_rows, department_lists, problem_paragraphs, strand_parts
from pipeline.products.wording import Figures

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures

DOCUMENT = "半年会议材料"
SECTIONS = ("problems", "departments", "overall", "strands", "funding", "candidates", "lagging", "next")
TABLES = ("category_rows", "prefecture_rows", "funding_rows", "candidate_rows", "lagging_rows")


def half_year_context(m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 半年会议材料.docx and the register of its numbers."""
    say, last = Figures(m.program.words), is_last(m)
    context: dict[str, Any] = {
        "is_demo": is_demo,
        "words": say.words,
        "title": f"“{m.program.short_title}”专项工作{m.program.words.board}\n会议材料",
        "office": m.program.office,
        "issued_on": say.day("as_of", m.snapshot.as_of),
        "intro": [_intro(m, say, last=last)],
        "problems": problem_paragraphs(m, say),
        "category_rows": category_rows(m, say),
        "departments": department_lists(m, say),
        "overall": overall(m, say),
        "prefecture_rows": prefecture_rows(m, m.before, say),
        "actions": action_parts(m, m.before, "上期", say),
        "strands": strand_parts(m, say) if m.reported else [],
        "funding": funding_lead(m, say),
        "funding_rows": funding_rows(m, say),
        "candidates": candidate_paragraphs(m, say) if last else [],
        "candidate_rows": candidate_rows(m, say) if last else [],
        "lagging": lagging_paragraphs(m, say),
        "lagging_rows": lagging_rows(m, say),
        "next": next_parts(m, say),
        "data_notes": data_notes(m, say, is_demo=is_demo),
    }
    return {**context, "no": numbered(context, SECTIONS), "tab": tables(context, TABLES, say)}, say


def is_last(m: PeriodMeasures) -> bool:
    """Whether this is the year-end meeting: the last that the programme names."""
    made = publication(m, DOCUMENT)
    return m.period.code == (made.periods[-1] if made and made.periods else m.program.periods[-1].code)


def _intro(m: PeriodMeasures, say: Figures, *, last: bool) -> str:
    asks = "研究经验总结、成果运用和通报表扬，并研究解决尚存的困难和问题" if last else "研究推动解决工作中的困难和问题"
    return (
        f"按照{quoted(say, 'notice', m.program.notice)}关于{m.program.words.board}每半年召开一次会议的要求，现提供以下材料，请会议{asks}。"
        f"完成情况依据{say('period.title', m.period.title)}报表，数据截至{say.day('period.end', m.period.end)}；"
        f"报送情况截至{say.day('as_of', m.snapshot.as_of)}。"
    )
