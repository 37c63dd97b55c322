"""Completion of counties on a schematic map: one tile for each county, no real boundary drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    BODY_PT,
    INK,
    MAX_HEIGHT_MM,
    MIN_PT,
    MUTED,
    RED,
    SMALL_PT,
    WHITE,
    WIDTH_MM,
    Box,
    Canvas,
    Point,
    disc,
    divided,
    fitted,
    plain,
    shade,
    shade_scale,
)
from pipeline.products.drawing.tile_names import Cell, TileGrid, place_names, walls
from pipeline.products.pictures.registry import PictureKind, overall
from pipeline.products.wording import no_decimal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts


_EDGE_MM = 1.0
_KEY_MM = 7.0
_WIDEST_MM, _TALLEST_MM = 10.2, 7.6
_NARROWEST_MM, _LOWEST_MM = 8.6, 6.2
_MOST_TILE_COLUMNS = int((WIDTH_MM - 2 * _EDGE_MM) / _NARROWEST_MM)
_MOST_TILE_ROWS = int((MAX_HEIGHT_MM - 2 * _EDGE_MM - _KEY_MM) / _LOWEST_MM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One county.

    Attributes:
        name: Short name, 2–5 characters.
        stem: The same without its level, for a tile that is too narrow.
        prefecture: Short name of its prefecture; a thick line parts two prefectures. Empty where there is none.
        row: Row in the schematic grid, downwards.
        col: Column in the schematic grid.
        completion_pct: Completion, 0–100; None when it did not report.
        overdue: Whether a return of it is overdue.
    """

    name: str
    stem: str
    prefecture: str
    row: int
    col: int
    completion_pct: float | None
    overdue: bool


@plain
def tile_map(tiles: Sequence[Tile]) -> bytes:
    """Draw every county as a tile shaded by completion, on a grid that only resembles the map.

    Args:
        tiles: Counties; rows and columns may start anywhere.

    Raises:
        ChartError: no tiles, two in one place, too many for the sheet, or a name that does not fit its tile.
    """
    if not tiles:
        raise ChartError("示意图没有任何单位")
    cells = _cells(tiles)
    grid, height = _layout(cells)
    sheet = Canvas(height)
    _fill(sheet, grid, cells)
    sheet.lines(walls(grid, 4, outer=False), WHITE, 0.9)
    sheet.lines(walls(grid, 4, outer=True), INK, 1.3, cap="projecting")
    _flags(sheet, [grid.box(cell) for cell, tile in cells.items() if tile.overdue])
    for cell, tile in cells.items():
        _write_tile(sheet, grid.box(cell), tile)
    _write_prefectures(sheet, grid, height - _KEY_MM + _EDGE_MM)
    _key(sheet, height - 3.0, tiles)
    return sheet.png()


def windows(tiles: Sequence[Tile]) -> list[list[Tile]]:
    """Part a grid too large for a sheet into equal windows, from the top left; those without a tile are left out."""
    if not tiles:
        return []
    across, down = (
        _cuts([tile.col for tile in tiles], _MOST_TILE_COLUMNS),
        _cuts([tile.row for tile in tiles], _MOST_TILE_ROWS),
    )
    some = [[tile for tile in tiles if tile.row in rows and tile.col in columns] for rows in down for columns in across]
    return [window for window in some if window]


def _cuts(places: Sequence[int], most: int) -> list[Sequence[int]]:
    return divided(range(min(places), max(places) + 1), most)


def _cells(tiles: Sequence[Tile]) -> dict[Cell, Tile]:
    """Return the tiles by row and column, both counted from zero."""
    first_row, first_col = min(tile.row for tile in tiles), min(tile.col for tile in tiles)
    cells: dict[Cell, Tile] = {}
    for tile in tiles:
        cell = tile.row - first_row, tile.col - first_col
        if cell in cells:
            raise ChartError(
                f"示意图中有两个单位在同一格：{cells[cell].name}、{tile.name}（第{tile.row}行第{tile.col}列）"
            )
        cells[cell] = tile
    return cells


def _layout(cells: Mapping[Cell, Tile]) -> tuple[TileGrid, float]:
    """Return the grid, centred across the sheet, and the height of the sheet in mm."""
    owners = {cell: tile.prefecture for cell, tile in cells.items()}
    rows, columns = (1 + max(cell[axis] for cell in owners) for axis in (0, 1))
    wide = min(_WIDEST_MM, (WIDTH_MM - 2 * _EDGE_MM) / columns)
    tall = min(_TALLEST_MM, (MAX_HEIGHT_MM - 2 * _EDGE_MM - _KEY_MM) / rows)
    if wide < _NARROWEST_MM or tall < _LOWEST_MM:
        raise ChartError(f"示意图共 {rows} 行 {columns} 列，超过一图能容纳的格数")
    grid = TileGrid((WIDTH_MM - wide * columns) / 2, _EDGE_MM, wide, tall, owners)
    return grid, 2 * _EDGE_MM + tall * rows + _KEY_MM


def _fill(sheet: Canvas, grid: TileGrid, cells: Mapping[Cell, Tile]) -> None:
    """Shade the tiles; those without a figure are hatched."""
    known = [(grid.box(cell), tile.completion_pct) for cell, tile in cells.items() if tile.completion_pct is not None]
    sheet.boxes([box for box, _ in known], [shade(pct)[0] for _, pct in known] or WHITE)
    sheet.hatched([grid.box(cell) for cell, tile in cells.items() if tile.completion_pct is None])


def _flags(sheet: Canvas, boxes: Sequence[Box]) -> None:
    """Fold the upper right corner of the tiles with an overdue return."""
    size, inset = 1.7, 0.25
    corners = [(box.x + box.w - inset, box.y + inset) for box in boxes]
    sheet.polygons([_fold(x, y, size) for x, y in corners], RED, edge=WHITE, edge_pt=0.7)


def _fold(x: float, y: float, size: float) -> list[Point]:
    return [(x - size, y), (x, y), (x, y + size)]


def _write_tile(sheet: Canvas, box: Box, tile: Tile) -> None:
    """Write a county's name over its figure, or over 未计入."""
    x, missing = box.x + box.w / 2, tile.completion_pct is None
    colour = INK if tile.completion_pct is None else shade(tile.completion_pct)[1]
    lines, size = _name_lines(tile.name, tile.stem, box.w - 0.8)
    if len(lines) > 1:
        for share, line in zip((0.3, 0.7), lines, strict=True):
            sheet.text(x, box.y + box.h * share, line, size=size, align="center", colour=colour, halo=missing)
        return
    figure = "未计入" if tile.completion_pct is None else no_decimal(tile.completion_pct)
    sheet.text(x, box.y + box.h * 0.31, lines[0], size=size, align="center", colour=colour, halo=missing)
    sheet.text(x, box.y + box.h * 0.74, figure, size=MIN_PT, align="center", colour=colour, halo=missing)


def _name_lines(name: str, stem: str, room: float) -> tuple[list[str], float]:
    """Return a county's name as it fits a tile: whole, without its level, or on two lines without a figure.

    Raises:
        ChartError: the name does not fit on two lines.
    """
    for text in (name, stem):
        if width_mm(text, MIN_PT) <= room:
            return [text], fitted(text, room, SMALL_PT)[1]
    half = (len(name) + 1) // 2
    lines = [name[:half], name[half:]]
    if max(width_mm(line, MIN_PT) for line in lines) > room:
        raise ChartError(f"名称“{name}”在示意图的一格中写不下，请使用简称")
    return lines, MIN_PT


def _write_prefectures(sheet: Canvas, grid: TileGrid, floor: float) -> None:
    """Write prefecture names beside their tiles; a leader that enters a tile ends there in a dot."""
    for name, place in place_names(grid, floor).items() if any(grid.owners.values()) else ():
        if place.dotted:
            sheet.lines([place.leader], WHITE, 2.0)
            sheet.polygons([disc(*place.leader[-1], 0.6)], INK, edge=WHITE, edge_pt=0.5)
        sheet.lines([place.leader], INK, 0.7)
        sheet.text(place.x, place.y, name, align=place.align)


def _key(sheet: Canvas, y: float, tiles: Sequence[Tile]) -> None:
    """Explain the shade and the marks that occur, and say that this is not a map."""
    x = shade_scale(sheet, _EDGE_MM, y)
    if any(tile.completion_pct is None for tile in tiles):
        sheet.hatched([Box(x, y - 1.4, 5, 2.8)])
        sheet.text(x + 6.2, y, "未计入", size=SMALL_PT, colour=MUTED)
        x += 6.2 + width_mm("未计入", SMALL_PT) + 4
    if any(tile.overdue for tile in tiles):
        sheet.polygons([_fold(x + 2.0, y - 1.0, 2.0)], RED)
        sheet.text(x + 3.2, y, "有逾期", size=SMALL_PT, colour=MUTED)
    sheet.text(WIDTH_MM - _EDGE_MM, y, "示意图，不代表地理位置", size=BODY_PT, align="right")


def _drawings(m: PeriodMeasures) -> Parts:
    late = {o.who for o in m.owed_now if o.is_report and o.overdue}
    tiles = [
        Tile(
            name=one.short_name,
            stem=m.program.stem(one.short_name),
            prefecture=m.program.owner_of(one),
            row=row,
            col=col,
            completion_pct=m.now.by_county[one.code].pct,
            overdue=one.code in late,
        )
        for one in m.program.measured
        for row, col in (m.program.places[one.code],)
    ]
    sheets = windows(tiles)
    return [(f"{some[0].name}等{len(some)}个" if len(sheets) > 1 else "", partial(tile_map, some)) for some in sheets]


PICTURE = PictureKind(
    name="map",
    number=5,
    title="县级工会完成率示意图",
    drawings=_drawings,
    words=overall,
    shows="各县级工会完成率。",
    reading="每格一个县，粗线分开州（市），右上角折角表示有逾期的报送。格子的位置只是示意，不代表地理位置。",
)
