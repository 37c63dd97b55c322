"""Of how many a figure is, and what silence can do to it, in the words that pictures, page and summary share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.state import KNOWLEDGE_NAMES, Knowledge, State
from pipeline.products.wording import one_decimal

if TYPE_CHECKING:
    from pipeline.measures.completion import Completion
    from pipeline.measures.period import PeriodMeasures


NOTHING_USABLE = "尚无可用的数"


def carried(m: PeriodMeasures) -> int:
    """Counties that did not report this period and of which something is known from before."""
    return sum(m.known.of(unit.code) is Knowledge.KNOWN for unit in m.program.measured)


def nothing_usable(m: PeriodMeasures) -> int:
    """Counties of which something came, in this or an earlier period, and nothing was ever accepted."""
    return sum(m.known.of(unit.code) is Knowledge.UNKNOWN and _came(m, unit.code) for unit in m.program.measured)


def carried_note(m: PeriodMeasures, *, respondents: bool = False) -> str:
    """The same in the line under a picture: of how many the figures are those said before; empty of none.

    Args:
        m: The period's measures.
        respondents: Whether the picture tells of the respondents' own rows too.
    """
    w, own = m.program.words, [p for p in m.program.prefectures if p in m.program.reporters] if respondents else []
    mine = sum(m.known.of(p.code) is Knowledge.KNOWN for p in own)
    there = [f"{n}{whose}" for n, whose in ((carried(m), w.rows), (mine, w.respondents)) if n]
    return f"含沿用上次的{'、'.join(there)}" if there else ""


def bounds_of(done: Completion) -> str:
    """What silence can do to a figure: 计入沿用上次58.9%，可能范围54.1%—64.9%; empty where all reported, or nobody."""
    if done.pct is None or done.least_pct is None or done.most_pct is None or not done.silent:
        return ""
    known = f"计入沿用上次{one_decimal(done.known_pct)}%，" if done.known and done.known_pct is not None else ""
    return f"{known}可能范围{one_decimal(done.least_pct)}%—{one_decimal(done.most_pct)}%"


def knowledge_of(m: PeriodMeasures, unit_code: str) -> str:
    """本期已报 / 沿用上次（截至2023年1—2月）/ 从未报送 / 尚无可用的数."""
    known, name = m.known.of(unit_code), knowledge_name(m, unit_code)
    return (
        name
        if known is not Knowledge.KNOWN
        else f"{name}（截至{m.whole.period_by_code[m.known.last(unit_code)].title}）"
    )


def knowledge_name(m: PeriodMeasures, unit_code: str) -> str:
    """The same without the period; 尚无可用的数 where something came and nothing of it was ever accepted."""
    known = m.known.of(unit_code)
    return NOTHING_USABLE if known is Knowledge.UNKNOWN and _came(m, unit_code) else KNOWLEDGE_NAMES[known]


def _came(m: PeriodMeasures, unit_code: str) -> bool:
    """Whether anything came of a unit up to the period: returned to it, or in a file that could not be used or read."""
    unit = m.program.unit_by_code[unit_code]
    then = ((p, m.program.comparable_code(unit, p)) for p in m.whole.periods_through(m.period))
    return any(code and m.snapshot.state(p, m.program.unit_by_code[code]) is not State.MISSING for p, code in then)
