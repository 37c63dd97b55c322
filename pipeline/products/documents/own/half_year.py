"""半年会议材料 (五（三）): at mid-year problems come first, at the end of the year also who might be commended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.documents.progress_parts import action_parts
from pipeline.products.documents.standing_parts import candidate_paragraphs, candidate_rows

if TYPE_CHECKING:
    from pipeline.products.documents.document_parts import Edition, Own


def _intro(i: Edition) -> list[str]:
    asks = (
        "研究经验总结、成果运用和通报表扬，并研究解决尚存的困难和问题"
        if i.is_last
        else "研究推动解决工作中的困难和问题"
    )
    return [f"按照{i.notice()}{i.asked_for()}，现提供以下材料，请会议{asks}。{i.as_of()}"]


OWN: Own = {
    "半年会议材料": {
        "title": lambda i: f"“{i.m.program.short_title}”专项工作{i.m.program.words.board}\n会议材料",
        "intro": _intro,
        "actions": lambda i: action_parts(i.m, i.m.before, "上期", i.say),
        "candidates": lambda i: candidate_paragraphs(i.m, i.say) if i.is_last else [],
        "candidate_rows": lambda i: candidate_rows(i.m, i.say) if i.is_last else [],
    },
}
