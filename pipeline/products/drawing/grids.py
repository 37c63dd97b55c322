"""Two grids: completion of prefectures by action, and whether each return came in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    MIN_PT,
    MIST,
    MUTED,
    NAVY,
    RED,
    RULE,
    SMALL_PT,
    WHITE,
    Box,
    Canvas,
    diamond,
    disc,
    fitted,
    label_room,
    plain,
    rounded,
    row_pitch,
    shade,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_RIGHT_MM = 155.0
_WHITE_GAP_MM = 0.45
_TOTAL_GAP_MM = 1.4
_ALL_LABELS = 6  # so many columns bear a shortened label rather than none
_MARK_NAMES = {"ON_TIME": "按时", "LATE": "迟报", "OVERDUE": "逾期", "PENDING": "收到待处理", "NOT_DUE": "未到期"}
MOST_GRID_ROWS, MOST_GRID_COLUMNS = 20, 13  # beside the row of the whole and the column 合计
MOST_MARKS = 30
_RARE = "PENDING"  # explained where it occurs


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinessRow:
    """One row of the timeliness grid.

    Attributes:
        name: Short name of the prefecture or county.
        marks: One for each period: ``ON_TIME``, ``LATE``, ``OVERDUE``, ``PENDING`` or ``NOT_DUE``.
    """

    name: str
    marks: Sequence[str]

    def summary(self) -> str:
        """Return 按时 N/M, M counting the periods that are due and decided; — when none is."""
        due = sum(mark not in {"NOT_DUE", _RARE} for mark in self.marks)
        return f"按时 {sum(mark == 'ON_TIME' for mark in self.marks)}/{due}" if due else "—"


@plain
def heatmap(
    row_names: Sequence[str],
    column_names: Sequence[str],
    cells: Sequence[Sequence[float | None]],
    row_means: Sequence[float | None],
    column_means: Sequence[float | None],
    total: float | None,
    whole: str,
) -> bytes:
    """Draw completion by row and column, with a column 合计 and a row of the whole.

    Args:
        row_names: Prefectures.
        column_names: Actions.
        cells: Completion, 0–100, one sequence for each row; None where nobody reported.
        row_means: Completion of each row.
        column_means: Completion of each column.
        total: Completion of all.
        whole: What all are called: 全省.

    Returns:
        PNG bytes, 156 mm wide.

    Raises:
        ChartError: the sizes disagree, the grid is too large, or a text does not fit.
    """
    shape = (len(cells), {len(row) for row in cells}, len(row_means), len(column_means))
    if not column_names or shape != (len(row_names), {len(column_names)}, len(row_names), len(column_names)):
        raise ChartError("热力图的行、列与数值个数不一致")
    values = [[*row, mean] for row, mean in zip(cells, row_means, strict=True)] + [[*column_means, total]]
    names = [*row_names, whole]
    heads = [_two_lines(name) for name in [*column_names, "合计"]]
    top = 5.0 if all(len(head) == 1 for head in heads) else 8.4
    pitch = row_pitch(len(names), top + _TOTAL_GAP_MM + 6.5, widest=6.2)
    grid = _cell_boxes(names, len(heads), top, pitch)
    sheet = Canvas(grid[-1][-1].y + pitch + 6.5)
    _heat_heads(sheet, heads, grid[0], top)
    _heat_cells(sheet, values, grid)
    for name, row in zip(names, grid, strict=True):
        text, size = fitted(name, row[0].x - 2.0)
        sheet.text(row[0].x - 1.5, row[0].y + row[0].h / 2, text, size=size, align="right")
    missing = any(value is None for row in values for value in row)
    _heat_key(sheet, grid[-1][0].x, grid[-1][0].y + pitch + 3.2, missing=missing)
    return sheet.png()


def _cell_boxes(names: Sequence[str], columns: int, top: float, pitch: float) -> list[list[Box]]:
    """Return the place of every cell; the last row and column stand a little apart."""
    left = label_room(names, most=34.0) + 2.5
    wide = min((_RIGHT_MM - left - _TOTAL_GAP_MM) / columns, 28.0)
    return [
        [
            Box(
                left + wide * j + (_TOTAL_GAP_MM if j == columns - 1 else 0),
                top + pitch * i + (_TOTAL_GAP_MM if i == len(names) - 1 else 0),
                wide - _WHITE_GAP_MM,
                pitch - _WHITE_GAP_MM,
            )
            for j in range(columns)
        ]
        for i in range(len(names))
    ]


def _two_lines(name: str) -> list[str]:
    """Break a heading of more than five characters in the middle."""
    longest = 5
    half = (len(name) + 1) // 2
    return [name] if len(name) <= longest else [name[:half], name[half:]]


def _heat_heads(sheet: Canvas, heads: Sequence[list[str]], row: Sequence[Box], top: float) -> None:
    """Write the column headings, each sitting on the grid's upper edge."""
    for head, box in zip(heads, row, strict=True):
        for line, text in enumerate(reversed(head)):
            short, size = fitted(text, box.w - 0.3)
            sheet.text(box.x + box.w / 2, top - 2.2 - 3.3 * line, short, size=size, align="center")


def _heat_cells(sheet: Canvas, values: Sequence[Sequence[float | None]], grid: Sequence[Sequence[Box]]) -> None:
    """Shade the cells and write their figures; a cell without one is hatched."""
    pairs = [pair for row, boxes in zip(values, grid, strict=True) for pair in zip(row, boxes, strict=True)]
    shown = [(value, box, *shade(value)) for value, box in pairs if value is not None]
    sheet.boxes([box for _, box, _, _ in shown], [fill for _, _, fill, _ in shown] or WHITE)
    sheet.hatched([box for value, box in pairs if value is None])
    for value, box, _, colour in shown:
        sheet.text(box.x + box.w / 2, box.y + box.h / 2, rounded(value, 0), align="center", colour=colour)
    for box in (box for value, box in pairs if value is None):
        sheet.text(box.x + box.w / 2, box.y + box.h / 2, "未计入", size=SMALL_PT, align="center", halo=True)


def _heat_key(sheet: Canvas, x: float, y: float, *, missing: bool) -> None:
    """Draw the scale of shades and, where it occurs, the meaning of the hatch."""
    x = shade_scale(sheet, x, y)
    if missing:
        sheet.hatched([Box(x, y - 1.4, 6, 2.8)])
        sheet.text(x + 7.2, y, "未计入", size=SMALL_PT, colour=MUTED)


def shade_scale(sheet: Canvas, x: float, y: float) -> float:
    """Draw the scale of shades from 0 to 100 % and return where the next mark may begin, in mm."""
    steps, wide = 20, 1.6
    sheet.text(x, y, "完成率 0", size=SMALL_PT, colour=MUTED)
    left = x + width_mm("完成率 0", SMALL_PT) + 1.2
    middles = [100 * (step + 0.5) / steps for step in range(steps)]
    strips = [Box(left + wide * step, y - 1.4, wide + 0.1, 2.8) for step in range(steps)]
    sheet.boxes(strips, [shade(pct)[0] for pct in middles])
    sheet.text(left + wide * steps + 1.2, y, "100%", size=SMALL_PT, colour=MUTED)
    return left + wide * steps + 1.2 + width_mm("100%", SMALL_PT) + 6


@plain
def timeliness(rows: Sequence[TimelinessRow], period_labels: Sequence[str]) -> bytes:
    """Draw one mark for each row and period, and how many were in time.

    Args:
        rows: Prefectures, each with a mark for every period.
        period_labels: Headings of the periods.

    Returns:
        PNG bytes, 156 mm wide.

    Raises:
        ChartError: an unknown mark, a missing mark, or a text that does not fit.
    """
    for row in rows:
        unknown = set(row.marks) - set(_MARK_NAMES)
        if unknown or len(row.marks) != len(period_labels):
            raise ChartError(f"“{row.name}”的报送标记有误：{'、'.join(sorted(unknown)) or len(row.marks)}")
    top, foot = 6.5, 7.5
    pitch = row_pitch(len(rows), top + foot, widest=6.2)
    sheet = Canvas(top + pitch * len(rows) + foot)
    left = label_room([row.name for row in rows], most=34.0) + 2.5
    wide = (_RIGHT_MM - 16.0 - left) / max(1, len(period_labels))
    xs = [left + wide * (j + 0.5) for j in range(len(period_labels))]
    ys = [top + pitch * (i + 0.5) for i in range(len(rows))]
    _timeliness_frame(sheet, rows, ys, left)
    step = _thinned(period_labels, wide)
    for j in range(0, len(xs), step):
        text, size = fitted(period_labels[j], wide * step - 1.0)
        sheet.text(max(xs[j], 1.0 + width_mm(text, size) / 2), top - 2.8, text, size=size, align="center", colour=MUTED)
    for kind in _MARK_NAMES:
        places = [
            (x, y)
            for row, y in zip(rows, ys, strict=True)
            for x, mark in zip(xs, row.marks, strict=True)
            if mark == kind
        ]
        _draw_marks(sheet, kind, places)
    rare = any(_RARE in row.marks for row in rows)
    _timeliness_key(sheet, left + 1.0, sheet.height_mm - 3.2, [kind for kind in _MARK_NAMES if rare or kind != _RARE])
    return sheet.png()


def _thinned(labels: Sequence[str], wide: float) -> int:
    """Every how many columns ``wide`` mm each a label is written, so that none runs into the next; 1 where all fit."""
    longest = max((width_mm(label, MIN_PT) for label in labels), default=0.0)
    return 1 if len(labels) <= _ALL_LABELS else max(1, math.ceil((longest + 1.0) / wide))


def _places(row: TimelinessRow, kind: str) -> list[int]:
    return [j for j, mark in enumerate(row.marks) if mark == kind]


def _timeliness_frame(sheet: Canvas, rows: Sequence[TimelinessRow], ys: Sequence[float], left: float) -> None:
    """Write names and summaries, with a hairline between rows."""
    half = (ys[1] - ys[0]) / 2 if len(ys) > 1 else 3.1
    edges = [ys[0] - half, *(y + half for y in ys)]
    sheet.lines([((1.0, y), (_RIGHT_MM, y)) for y in edges], RULE, 0.5)
    for row, y in zip(rows, ys, strict=True):
        text, size = fitted(row.name, left - 2.0)
        sheet.text(left - 1.5, y, text, size=size, align="right")
        sheet.text(_RIGHT_MM, y, row.summary(), align="right")


def _draw_marks(sheet: Canvas, kind: str, places: Sequence[tuple[float, float]]) -> None:
    """Draw one kind of mark; they differ in shape, not only in colour."""
    if kind == "ON_TIME":
        sheet.polygons([disc(x, y, 1.25) for x, y in places], NAVY)
    elif kind == "LATE":
        sheet.polygons([diamond(x, y, 1.6) for x, y in places], MIST, edge=NAVY, edge_pt=1.1)
    elif kind == _RARE:
        sheet.boxes([Box(x - 1.1, y - 1.1, 2.2, 2.2) for x, y in places], WHITE, edge=NAVY, edge_pt=1.1)
    elif kind == "OVERDUE":
        arm = 1.15
        falling = [((x - arm, y - arm), (x + arm, y + arm)) for x, y in places]
        rising = [((x - arm, y + arm), (x + arm, y - arm)) for x, y in places]
        sheet.lines([*falling, *rising], RED, 1.9)
    else:
        sheet.lines([((x - 1.1, y), (x + 1.1, y)) for x, y in places], "#9AA4B1", 1.0)


def _timeliness_key(sheet: Canvas, x: float, y: float, kinds: Sequence[str]) -> None:
    """Explain the marks in one line."""
    for kind in kinds:
        label = _MARK_NAMES[kind]
        _draw_marks(sheet, kind, [(x + 1.6, y)])
        sheet.text(x + 4.4, y, label, size=SMALL_PT, colour=MUTED)
        x += 4.4 + width_mm(label, SMALL_PT) + 6
