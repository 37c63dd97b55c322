"""Money by funding line: planned, arrived with what was added to it, spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.drawing.bars import FOOT_MM, RIGHT_MM, BarPlot, draw_scale, key_hatch, key_text
from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    BODY_PT,
    HATCH,
    INK,
    MUTED,
    NAVY,
    PALE,
    RED,
    SMALL_PT,
    TRACK,
    WHITE,
    Box,
    Canvas,
    label_room,
    plain,
    rounded,
    row_pitch,
)
from pipeline.products.drawing.words import wrapped, write_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOP_MM = 9.0
_GAP_MM = 3.4
_HEADS = ("安排", "到账", "配套", "支出", "执行率", "已报/应报")
_TWO_LINES_MM = 6.6
_MOST_WAN = 10_000_000  # from here on amounts are written in 亿元, or they would leave the bars no room
MOST_LINES = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRow:
    """One funding line, in 万元; None where nobody said, or nobody is asked.

    Attributes:
        label: Name of the line.
        planned: The plan; None for one that rests on figures nobody gave.
        match_planned: What is to be added to it; 0 for a line that nothing is added to.
        arrived: What came.
        matched: What was added.
        spent: What was spent.
        execution_pct: Spent of arrived and matched, over those that gave all of it.
        reported: Units that said what came.
        roster: Units asked; 0 for a line nobody is asked about.
    """

    label: str
    planned: float | None
    match_planned: float
    arrived: float | None
    matched: float | None
    spent: float | None
    execution_pct: float | None
    reported: int
    roster: int

    @property
    def whole(self) -> float:
        """What a full bar stands for; 0 when unknown."""
        return 0.0 if self.planned is None else self.planned + self.match_planned


class _MoneyColumns(NamedTuple):
    """Right edges in mm of the columns that stand, by head, and the end of the bars."""

    edges: dict[str, float]
    plot_right: float


@plain
def money(rows: Sequence[MoneyRow], *, more: int = 0) -> bytes:
    """Draw what arrived and what was spent as shares of the plan, with the amounts beside them.

    A bar ends at 100 % however far a plan is exceeded; the figures beside it say by how much.

    Args:
        rows: One for each line, up to 18.
        more: Lines left out, which the picture says.

    Returns:
        PNG bytes, 156 mm wide.

    Raises:
        ChartError: no rows, too many, a negative amount, or a text that does not fit.
    """
    for row in rows:
        if min(amount or 0 for amount in (*_amounts(row), row.match_planned)) < 0:
            raise ChartError(f"“{row.label}”的金额小于零")
    pitch = row_pitch(len(rows), _TOP_MM + FOOT_MM, widest=8.0)
    scale = 10_000 if any((amount or 0) >= _MOST_WAN for row in rows for amount in _amounts(row)) else 1
    texts = _texts(rows, scale)
    columns = _columns(texts, any(row.match_planned or row.matched is not None for row in rows))
    names = label_room([row.label for row in rows], most=34.0)
    plot = BarPlot(1.0 + names + 2.5, columns.plot_right, _TOP_MM, _TOP_MM + pitch * len(rows), pitch)
    if plot.right - plot.left < 20.0:  # noqa: PLR2004 - shorter bars tell nothing
        raise ChartError("经费图中的金额太大，条形没有位置")
    sheet = Canvas(plot.bottom + FOOT_MM)
    _bars(sheet, plot, rows)
    _heads(sheet, columns, "亿元" if scale > 1 else "万元")
    for i, (row, cells) in enumerate(zip(rows, texts, strict=True)):
        lines, size = wrapped(row.label, names, most=2 if pitch >= _TWO_LINES_MM else 1)
        write_lines(sheet, 1.0, plot.y(i), lines, size)
        for head, edge in columns.edges.items():
            sheet.text(edge, plot.y(i), cells[head], align="right", colour=_colour(row, head, cells[head]))
    _key(sheet, plot, rows, more)
    return sheet.png()


def _amounts(row: MoneyRow) -> tuple[float | None, ...]:
    return row.planned, row.arrived, row.matched, row.spent


def _texts(rows: Sequence[MoneyRow], scale: int) -> list[dict[str, str]]:
    """Return what stands in each column; all amounts of a column have the same decimals, as in the documents."""
    planned = _decimals([row.planned for row in rows], scale)
    flowing = _decimals([amount for row in rows for amount in _amounts(row)[1:]], scale)
    return [
        {
            "安排": "—" if row.planned is None else rounded(row.planned / scale, planned),
            "到账": _amount(row.arrived, scale, flowing, asked=bool(row.roster)),
            "配套": _amount(row.matched, scale, flowing, asked=bool(row.match_planned)),
            "支出": _amount(row.spent, scale, flowing, asked=bool(row.roster)),
            "执行率": "—" if row.execution_pct is None else rounded(row.execution_pct, 1),
            "已报/应报": f"{row.reported}/{row.roster}" if row.roster else "—",
        }
        for row in rows
    ]


def _decimals(amounts: Sequence[float | None], scale: int) -> int:
    return 2 if any(amount is not None and not float(amount / scale).is_integer() for amount in amounts) else 0


def _amount(value: float | None, scale: int, places: int, *, asked: bool) -> str:
    if value is None:
        return "未计入" if asked else "—"
    return rounded(value / scale, places)


def _colour(row: MoneyRow, head: str, text: str) -> str:
    if text in {"—", "未计入"} or (head == "已报/应报" and row.reported == row.roster):
        return MUTED
    return RED if head == "执行率" and (row.execution_pct or 0) > 100 else INK  # noqa: PLR2004 - spent more than came


def _columns(texts: Sequence[dict[str, str]], matched: bool) -> _MoneyColumns:
    """Give each column the width of its longest entry; 配套 stands only where something is to be added."""
    edges, edge = {}, RIGHT_MM
    for head in reversed([head for head in _HEADS if matched or head != "配套"]):
        edges[head] = edge
        longest = max(width_mm(head, SMALL_PT), *(width_mm(cells[head], BODY_PT) for cells in texts))
        edge -= longest + _GAP_MM
    return _MoneyColumns(dict(reversed(edges.items())), edge - 1.0)


def _heads(sheet: Canvas, columns: _MoneyColumns, unit: str) -> None:
    """Write the heads, the amounts' under one unit."""
    for head, edge in columns.edges.items():
        sheet.text(edge, _TOP_MM - (2.4 if head != "执行率" else 5.8), head, size=SMALL_PT, align="right", colour=MUTED)
    sheet.text(columns.edges["执行率"] + 1.2, _TOP_MM - 2.4, "（%）", size=SMALL_PT, align="right", colour=MUTED)
    left, right = columns.plot_right + 3.0, columns.edges["支出"]
    sheet.lines([((left, _TOP_MM - 4.3), (right, _TOP_MM - 4.3))], HATCH, 0.6)
    sheet.text((left + right) / 2, _TOP_MM - 6.3, f"金额（{unit}）", size=SMALL_PT, align="center", colour=MUTED)


def _bars(sheet: Canvas, plot: BarPlot, rows: Sequence[MoneyRow]) -> None:
    """Draw the plan as a track, what arrived and was added as wide bars, what was spent as a narrow one inside."""
    told = [(i, row) for i, row in enumerate(rows) if row.roster and not _untold(row)]
    sheet.boxes([plot.bar(i, 100, 0.66) for i, _ in told], TRACK)
    sheet.hatched([plot.bar(i, 100, 0.66) for i, row in enumerate(rows) if _untold(row)])
    known = [(i, row) for i, row in told if row.whole]
    draw_scale(sheet, plot)
    sheet.boxes([plot.bar(i, _share(row, row.arrived), 0.66) for i, row in known], PALE)
    added = [_between(plot, i, _share(row, row.arrived), _share(row, _both(row))) for i, row in known if row.matched]
    sheet.boxes(added, WHITE, edge=PALE, edge_pt=0.9)
    spent = [(i, row) for i, row in known if row.spent]
    sheet.boxes([plot.bar(i, _share(row, row.spent), 0.26) for i, row in spent], NAVY)


def _untold(row: MoneyRow) -> bool:
    """Whether somebody is asked and nobody said what the bar is made of; a plan of nothing is told, with no bar."""
    return bool(row.roster) and (row.planned is None or row.arrived is None)


def _both(row: MoneyRow) -> float:
    return (row.arrived or 0.0) + (row.matched or 0.0)


def _share(row: MoneyRow, amount: float | None) -> float:
    return 100 * (amount or 0.0) / row.whole


def _between(plot: BarPlot, index: int, start: float, end: float) -> Box:
    whole = plot.bar(index, 100, 0.66)
    return Box(plot.x(start), whole.y + 0.15, plot.x(end) - plot.x(start), whole.h - 0.3)


def _key(sheet: Canvas, plot: BarPlot, rows: Sequence[MoneyRow], more: int) -> None:
    """Explain the marks in one line under the scale; marks that do not occur are left out."""
    y, x = plot.bottom + 7.0, 1.0
    swatches = [
        ("安排（含应配套）" if any(row.match_planned for row in rows) else "安排", TRACK, HATCH),
        ("到账", PALE, "none"),
    ]
    if any(row.matched for row in rows):
        swatches.append(("配套", WHITE, PALE))
    for label, fill, edge in swatches:
        sheet.boxes([Box(x, y - 1.4, 4, 2.8)], fill, edge=edge, edge_pt=0.6)
        x = key_text(sheet, x + 5, y, label)
    sheet.boxes([Box(x, y - 0.6, 4, 1.2)], NAVY)
    x = key_text(sheet, x + 5, y, "支出")
    if any(map(_untold, rows)):
        key_hatch(sheet, x, y)
        x += 5 + width_mm("未计入", SMALL_PT) + 4
    note = f"条形为占安排数的百分比；另有{more}项未列" if more else "条形为占安排数的百分比"
    sheet.text(RIGHT_MM, y, note, size=SMALL_PT, align="right", colour=MUTED)
