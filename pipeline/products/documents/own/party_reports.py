"""中期调度报告 and 总结报告 (附件2四（三）): the whole work, midway and at the end, to those who set it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.measures.completion import change_pp
from pipeline.products.documents.bulletin import overall_paragraphs
from pipeline.products.wording import not_compared, one_decimal

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.document_parts import Edition, Own
    from pipeline.products.wording import Figures


def _intro(i: Edition, what: str) -> list[str]:
    return [f"按照{i.notice()}要求，现将“{i.m.program.short_title}”专项工作{what}报告如下。{i.as_of()}"]


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
        moved = (
            f"总体完成率由{say('trend.first', first.period.title)}的{start}%{'提高' if step > 0 else '下降'}到"
            f"{say('trend.last', last.period.title)}的{end}%"
        )
    aside = not_compared(say, "trend", last.province, first.province, "其间", "各期均按当期目标评定，含")
    return [f"{moved}，各期均按当期已报{w.row}统计{aside}。"]


OWN: Own = {
    "中期调度报告": {
        "title": lambda i: f"关于“{i.m.program.short_title}”专项工作\n中期情况的报告",
        "intro": lambda i: _intro(i, "中期情况"),
        # midway there is no course yet, and nobody to commend
        **dict.fromkeys(("trend_rows", "candidates", "candidate_rows"), lambda _: []),
    },
    "总结报告": {
        "title": lambda i: f"关于“{i.m.program.short_title}”专项工作\n情况的总结报告",
        "intro": lambda i: _intro(i, "总结"),
        "overall": lambda i: [*overall_paragraphs(i.m, i.say), *_course(i.m, i.say)],
    },
}
