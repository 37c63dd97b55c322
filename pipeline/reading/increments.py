"""A total beside which what came in this period was typed: both agree, or both are told; none is guessed from the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.domain.value import show
from pipeline.program.layout import TO_MEND
from pipeline.reading.cells import Parsed
from pipeline.reading.formats.notes import UNCALCULATED

if TYPE_CHECKING:
    from pipeline.domain.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """What the cells of a total say together.

    Attributes:
        total: The total, as if it had been typed.
        ours: It is what our formula makes of the cells beside it, so that it goes back as the formula.
    """

    total: Parsed
    ours: bool = False


def summed(total: Parsed, new: Parsed, last: Value, *, ours: bool) -> Summed:
    """Take a total and what came in this period together.

    Args:
        total: What stands in the cell of the total.
        new: What was typed as new.
        last: What went out beside it; None where it cannot be read or nothing was known.
        ours: Our formula is known to stand in the cell: what it comes to is known, whatever was stored as its result.
    """
    known, ours = ours, ours or total.raw in {TO_MEND, UNCALCULATED}
    if new.problem:
        return Summed(total=Parsed(raw=new.raw, problem=new.problem, expected=new.expected), ours=ours)
    if known and new.value is None and not _is_number(last):
        return Summed(total=Parsed(raw=""), ours=True)  # only our formula, over something that is gone
    if not _is_number(last):
        return _without_last(total, new)
    if new.value is None:
        made = Parsed(raw=total.raw if total.value == last else show(last), value=last)
        return Summed(total=made, ours=True) if known or total.value == last else Summed(total=total)
    due = last + new.value  # type: ignore[operator]
    if total.value == due:
        return Summed(total=replace(total, note=new.note), ours=True)
    if ours or total.blank:
        unshown = known and total.raw == UNCALCULATED  # nothing else was seen, and the formula is ours
        note = new.note if unshown else _told(last, new.value, due, total)
        return Summed(total=Parsed(raw=show(due), value=due, note=note), ours=True)
    if total.problem:
        return Summed(total=total)
    expected = f"累计{show(due)}（上次{show(last)}加本期新增{show(new.value)}）"
    return Summed(total=_contradicts(f"累计{total.raw}，本期新增{new.raw}", expected))


def _without_last(total: Parsed, new: Parsed) -> Summed:
    """Nothing was known before: only the total counts, and something new alone is none."""
    if new.value is None or total.value == new.value or (total.problem and total.raw != TO_MEND):
        return Summed(total=total)
    found = f"累计{total.raw or '空'}，本期新增{new.raw}"
    return Summed(total=_contradicts(found, "只在“累计”格填累计数：没有上次已接收的数可以相加"))


def _contradicts(found: str, expected: str) -> Parsed:
    return Parsed(raw=found, problem="INCREMENT_DIFFERS", expected=expected)


def _told(last: Value, new: Value, due: Value, total: Parsed) -> str:
    why = f"格里显示的是{total.raw}" if total.raw and total.raw != UNCALCULATED else "格里没有算出的累计"
    return f"读作{show(due)}：上次{show(last)}加本期新增{show(new)}；{why}"


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, Decimal))
