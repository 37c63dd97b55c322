"""典型案例汇编 (五（三）): every highlight the prefectures sent, by kind, as they wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.products.documents.outline import quoted
from pipeline.products.documents.strand_parts import day_of, place_name
from pipeline.products.wording import Figures, numeral

if TYPE_CHECKING:
    from pipeline.measures.highlights import Highlight
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.document_parts import Own

UNSORTED, UNTITLED = "其他", "（无标题）"


def _foreword(m: PeriodMeasures, say: Figures) -> str:
    w = m.program.words
    h = m.systems.highlights
    if h is None or not h.entries:
        return ""
    reporting = sum(n is not None for n in h.by_prefecture.values())
    can = sum(entry.spread is True for entry in h.entries)
    return (
        f"本汇编收录{say('cases.prefectures', reporting)}{w.respondents}自专项工作开始至{say.day('period.end', m.period.end)}报送的"
        f"{w.highlight}{say('cases.count', len(h.entries))}条，其中填报单位认为可复制推广的"
        f"{say('cases.spread', can)}条。内容按类型编排，文字为报送单位原文，采用前请核实。"
    )


def _has_cases(m: PeriodMeasures) -> bool:
    return m.systems.highlights is not None and bool(m.systems.highlights.entries)


def _chapters(m: PeriodMeasures, say: Figures) -> list[dict[str, Any]]:
    h = m.systems.highlights
    if h is None:
        return []
    kinds = [kind for kind, n in sorted(h.by_kind.items(), key=lambda pair: not pair[0]) if n]
    return [
        _chapter(m, kind, no, [entry for entry in h.entries if entry.kind == kind], say)
        for no, kind in enumerate(kinds, 1)
    ]


def _chapter(m: PeriodMeasures, kind: str, no: int, some: list[Highlight], say: Figures) -> dict[str, Any]:
    ordered = sorted(some, key=lambda highlight: (highlight.prefecture_code, highlight.county_code, highlight.number))
    return {
        "numeral": numeral(no),
        "name": kind or UNSORTED,
        "count": say(f"cases.{kind}", len(some)),
        "cases": [_case(m, highlight, n, say) for n, highlight in enumerate(ordered, 1)],
    }


def _case(m: PeriodMeasures, highlight: Highlight, no: int, say: Figures) -> dict[str, Any]:
    key, where = f"highlight.{highlight.prefecture_code}.{highlight.number}", place_name(m, highlight)
    spread = (
        {True: "可复制推广", False: "填报单位认为暂不宜推广"}.get(highlight.spread)
        if highlight.spread is not None
        else ""
    )
    return {
        "no": say(f"{key}.no", no),
        "place": where,
        "title": quoted(say, f"{key}.title", highlight.title or UNTITLED),
        "meta": "　".join(text for text in (where, day_of(highlight, say), spread) if text),
        "paragraphs": [
            quoted(say, f"{key}.text", line.strip()) for line in highlight.text.splitlines() if line.strip()
        ],
    }


OWN: Own = {
    "典型案例汇编": {
        "title": lambda i: f"“{i.m.program.short_title}”专项工作\n典型案例汇编",
        "chapters": lambda i: _chapters(i.m, i.say),
        "foreword": lambda i: _foreword(i.m, i.say),
        "empty_line": lambda i: "" if _has_cases(i.m) else f"截至目前，还没有已接收的{i.m.program.words.highlight}。",
    },
}
