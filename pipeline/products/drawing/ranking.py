"""Prefectures in order of completion, with the pace, the period before, and who reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.products.drawing.bars import FOOT_MM, RIGHT_MM, BarPlot, draw_scale, key_hatch, key_text
from pipeline.products.drawing.fonts import width_mm
from pipeline.products.drawing.parts import (
    BODY_PT,
    INK,
    MUTED,
    NAVY,
    PALE,
    RED,
    SMALL_PT,
    WHITE,
    Box,
    Canvas,
    fitted,
    label_room,
    plain,
    rounded,
    row_pitch,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOP_MM = 9.0
MOST_RANKS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """One bar of the ranking.

    Attributes:
        rank: Place, ties sharing one; None when not ranked.
        name: Short name of the prefecture.
        completion_pct: Completion, 0–100; None when nobody reported.
        change_pp: Change on the period before, in percentage points; None when either is missing.
        previous_pct: Completion in the period before; None when there is none.
        reported: Counties that reported.
        roster: Counties that should have.
    """

    rank: int | None
    name: str
    completion_pct: float | None
    change_pp: float | None
    previous_pct: float | None
    reported: int
    roster: int


@plain
def ranking(rows: Sequence[RankRow], *, pace_pct: float | None) -> bytes:
    """Draw prefectures by completion, in the order given.

    Args:
        rows: One for each prefecture; those without a figure come last and are hatched.
        pace_pct: Where the calendar says completion should stand, 0–100; None draws no line.

    Returns:
        PNG bytes, 156 mm wide.

    Raises:
        ChartError: no rows, too many rows, or a text that does not fit.
    """
    pitch = row_pitch(len(rows), _TOP_MM + FOOT_MM, widest=6.2)
    bottom = _TOP_MM + pitch * len(rows)
    sheet = Canvas(bottom + FOOT_MM)
    names = label_room([row.name for row in rows], most=34.0)
    compared = any(row.change_pp is not None for row in rows)
    plot = BarPlot(left=names + 22.0, right=121.0 if compared else 136.0, top=_TOP_MM, bottom=bottom, pitch=pitch)
    draw_scale(sheet, plot)
    _rank_bars(sheet, plot, rows, pace_pct)
    if pace_pct is not None:
        _pace_line(sheet, plot, pace_pct)
    _rank_columns(sheet, plot, rows, names, compared=compared)
    _rank_key(sheet, plot, rows, pace_pct)
    return sheet.png()


def _rank_bars(sheet: Canvas, plot: BarPlot, rows: Sequence[RankRow], pace_pct: float | None) -> None:
    """Draw the bars, dark where the pace is kept, and the ticks of the period before."""
    shown = [(i, row.completion_pct) for i, row in enumerate(rows) if row.completion_pct is not None]
    sheet.hatched([plot.bar(i, 100, 0.62) for i, row in enumerate(rows) if row.completion_pct is None])
    bars = [plot.bar(i, pct, 0.66) for i, pct in shown]
    sheet.boxes(bars, [NAVY if pace_pct is None or pct >= pace_pct else PALE for _, pct in shown] or NAVY)
    reach = plot.pitch * 0.39
    before = [
        (plot.x(row.previous_pct), plot.y(i))
        for i, row in enumerate(rows)
        if row.previous_pct is not None and row.completion_pct is not None
    ]
    ticks = [((x, y - reach), (x, y + reach)) for x, y in before]
    sheet.lines(ticks, WHITE, 2.6)
    sheet.lines(ticks, INK, 1.0)


def _pace_line(sheet: Canvas, plot: BarPlot, pace_pct: float) -> None:
    """Draw the pace across all bars, with its figure above."""
    x = plot.x(pace_pct)
    line = [((x, plot.top - 1.2), (x, plot.bottom))]
    sheet.lines(line, WHITE, 2.2)
    sheet.lines(line, RED, 1.1, dashes=(3.5, 2.0))
    label = f"序时进度 {_short(pace_pct)}%"
    half = width_mm(label, BODY_PT) / 2
    sheet.text(min(max(x, plot.left + half), plot.right - half), plot.top - 3.4, label, align="center", colour=RED)


def _short(pct: float) -> str:
    return rounded(pct, 1).removesuffix(".0")


def _rank_columns(sheet: Canvas, plot: BarPlot, rows: Sequence[RankRow], names: float, *, compared: bool) -> None:
    """Write rank, name and figure left of the bars, change and coverage right of them.

    The change has no column where no prefecture has one, as in a first period.
    """
    change, coverage = 137.5, RIGHT_MM
    heads = ((plot.left - 2, "完成率", "（%）"), (change, "比上期", "（百分点）"))
    for x, upper, lower in heads if compared else heads[:1]:
        right = x + (1.2 if lower.endswith("）") else 0)
        sheet.text(x, plot.top - 5.8, upper, size=SMALL_PT, align="right", colour=MUTED)
        sheet.text(right, plot.top - 2.4, lower, size=SMALL_PT, align="right", colour=MUTED)
    sheet.text(coverage, plot.top - 2.4, "已报/应报", size=SMALL_PT, align="right", colour=MUTED)
    for i, row in enumerate(rows):
        y = plot.y(i)
        name, size = fitted(row.name, names)
        missing = row.completion_pct is None
        sheet.text(5.0, y, "—" if row.rank is None else str(row.rank), align="right", colour=MUTED)
        sheet.text(7.0, y, name, size=size)
        value = "未计入" if row.completion_pct is None else rounded(row.completion_pct, 1)
        sheet.text(plot.left - 2, y, value, align="right", colour=MUTED if missing else INK)
        if compared:
            sheet.text(change, y, _signed(row.change_pp), align="right", colour=MUTED if row.change_pp is None else INK)
        partial = row.reported < row.roster
        sheet.text(coverage, y, f"{row.reported}/{row.roster}", align="right", colour=INK if partial else MUTED)


def _signed(change_pp: float | None) -> str:
    if change_pp is None:
        return "—"
    text = rounded(change_pp, 1)
    if text == "0.0":
        return text
    return f"–{text[1:]}" if text.startswith("-") else f"+{text}"


def _rank_key(sheet: Canvas, plot: BarPlot, rows: Sequence[RankRow], pace_pct: float | None) -> None:
    """Explain the marks in one line under the scale; marks that do not occur are left out."""
    y, x = plot.bottom + 7.0, plot.left
    shown = [row.completion_pct for row in rows if row.completion_pct is not None]
    if pace_pct is not None:
        for colour, label, used in (
            (NAVY, "达到序时", any(pct >= pace_pct for pct in shown)),
            (PALE, "未达序时", any(pct < pace_pct for pct in shown)),
        ):
            if used:
                sheet.boxes([Box(x, y - 1.1, 4, 2.2)], colour)
                x = key_text(sheet, x + 5, y, label)
    if any(row.previous_pct is not None and row.completion_pct is not None for row in rows):
        sheet.lines([((x + 0.6, y - 1.5), (x + 0.6, y + 1.5))], INK, 1.0)
        x = key_text(sheet, x + 2, y, "上期")
    if len(shown) < len(rows):
        key_hatch(sheet, x, y)
