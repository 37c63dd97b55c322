"""Completion of prefectures by action: a grid of shades."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.products.drawing.fonts import ChartError
from pipeline.products.drawing.parts import (
    MUTED,
    SMALL_PT,
    WHITE,
    Box,
    Canvas,
    label_room,
    plain,
    row_pitch,
    shade,
    shade_scale,
)
from pipeline.products.pictures.registry import PictureKind, overall, spans
from pipeline.products.wording import no_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.completion import Completion
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts


_RIGHT_MM = 155.0
_WHITE_GAP_MM = 0.45
_TOTAL_GAP_MM = 1.4
_MOST_ROWS, _MOST_COLUMNS = 20, 13  # beside the row of the whole and the column 合计


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
        sheet.text(row[0].x - 1.5, row[0].y + row[0].h / 2, name, room=row[0].x - 2.0, align="right")
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
            sheet.text(box.x + box.w / 2, top - 2.2 - 3.3 * line, text, room=box.w - 0.3, align="center")


def _heat_cells(sheet: Canvas, values: Sequence[Sequence[float | None]], grid: Sequence[Sequence[Box]]) -> None:
    """Shade the cells and write their figures; a cell without one is hatched."""
    pairs = [pair for row, boxes in zip(values, grid, strict=True) for pair in zip(row, boxes, strict=True)]
    shown = [(value, box, *shade(value)) for value, box in pairs if value is not None]
    sheet.boxes([box for _, box, _, _ in shown], [fill for _, _, fill, _ in shown] or WHITE)
    sheet.hatched([box for value, box in pairs if value is None])
    for value, box, _, colour in shown:
        sheet.text(box.x + box.w / 2, box.y + box.h / 2, no_decimal(value), align="center", colour=colour)
    for box in (box for value, box in pairs if value is None):
        sheet.text(box.x + box.w / 2, box.y + box.h / 2, "未计入", size=SMALL_PT, align="center", halo=True)


def _heat_key(sheet: Canvas, x: float, y: float, *, missing: bool) -> None:
    """Draw the scale of shades and, where it occurs, the meaning of the hatch."""
    x = shade_scale(sheet, x, y)
    if missing:
        sheet.hatched([Box(x, y - 1.4, 6, 2.8)])
        sheet.text(x + 7.2, y, "未计入", size=SMALL_PT, colour=MUTED)


def _drawings(m: PeriodMeasures) -> Parts:
    program = m.program
    return [
        (
            "，".join(one for one in (whose, what) if one),
            partial(
                heatmap,
                [_named(p.short_name, m.now.by_prefecture[p.code]) for p in some],
                [a.short_title for a in actions],
                [[m.now.by_prefecture_action[p.code, a.no].pct for a in actions] for p in some],
                [m.now.by_prefecture[p.code].pct for p in some],
                [m.now.by_action[a.no].pct for a in actions],
                m.now.province.pct,
                _named(program.words.whole, m.now.province),
            ),
        )
        for what, actions in spans(program.actions, _MOST_COLUMNS, attrgetter("short_title"))
        for whose, some in spans(program.prefectures, _MOST_ROWS, attrgetter("short_name"))
    ]


def _named(name: str, done: Completion) -> str:
    """A row with its coverage, where a figure of it does not cover all: 楚雄州 8/10."""
    return f"{name} {done.reported}/{done.roster}" if 0 < done.reported < done.roster else name


PICTURE = PictureKind(
    name="heat",
    number=3,
    title="各州（市）各项行动完成率",
    drawings=_drawings,
    words=overall,
    shows="各州（市）、各项行动的完成率。",
    reading="颜色越深完成率越高；右列是各州（市）合计，下行是全省。没有报全的，名称后写明已报县数和应报县数；一个县也没有报的画斜线。",
)
