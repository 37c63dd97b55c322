"""Cells of completion: the share of targets met, the period before, and the change between the two as printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.measures.completion import change_pp
from pipeline.products.summary.style import MISSING, Column, Put
from pipeline.program.layout import address

if TYPE_CHECKING:
    from pipeline.measures.completion import Completion
    from pipeline.products.summary.style import Given


def quotient(row: int, col: int, met: int, applies: int) -> Given:
    """A share by the cell of a column over the one beside it."""
    return Put(met / applies, "pct", f"={address(row, col)}/{address(row, col + 1)}") if applies else "—"


def scored(row: int, col: int, done: Completion, met: str, applies: str, hatch: str = MISSING) -> tuple[Given, ...]:
    """达标数, 应达标数, 完成率 from a column on, by two formulas; hatched where nobody reported."""
    if not done.reported:
        return (Put("", hatch),) * 3
    counts = Put(done.met, "count", met), Put(done.applicable, "count", applies)
    return *counts, quotient(row, col, done.met, done.applicable)


_NEAR = 0.05  # all or nothing, to one decimal: printed as nearly so, which ROUND does not
BOUNDS = (Column("计入沿用上次", 8.5), Column("可能最低", 8.5), Column("可能最高", 8.5))


def bounded(done: Completion) -> tuple[Given, ...]:
    """What silence can do to the share: with last known values, the least and the most; — where nobody was silent."""
    if done.reported == done.roster:
        return ("—",) * len(BOUNDS)
    shown = (done.known_pct, done.least_pct, done.most_pct) if done.reported else (done.known_pct, None, None)
    return tuple("—" if one is None else Put(one / 100, "pct") for one in shown)


def compared(row: int, pct: int, now: Completion, before: Completion | None) -> tuple[Given, Given]:
    """The share of the period before, and the change."""
    earlier = before.pct if before else None
    first: Given = "—" if earlier is None else Put(earlier / 100, "pct")
    step = change_pp(now, before)
    if step is None:
        return first, "—"
    is_rough = any(pct is not None and 0 < min(pct, 100 - pct) < _NEAR for pct in (now.pct, earlier))
    if is_rough or (earlier is not None and step != change_pp(now.pct, earlier)):  # not the columns' difference
        return first, Put(step, "points")
    a, b = address(row, pct), address(row, pct + 1)
    return first, Put(step, "points", f"=(ROUND({a},3)-ROUND({b},3))*100")
