"""Where the names of prefectures stand on the county map: in free cells, each with a leader to its tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.drawing.fonts import MM_PER_POINT, width_mm
from pipeline.products.drawing.parts import BODY_PT, WIDTH_MM, Align, Box, Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Cell = tuple[int, int]


class TileGrid(NamedTuple):
    """The grid on the sheet: its left and top, the size of a tile in mm, and the prefecture of each cell."""

    left: float
    top: float
    w: float
    h: float
    owners: Mapping[Cell, str]

    def box(self, cell: Cell) -> Box:
        """Return the place of a cell."""
        return Box(self.left + self.w * cell[1], self.top + self.h * cell[0], self.w, self.h)


class _NamePlace(NamedTuple):
    """Where a prefecture's name may stand: cost, text position in mm, alignment, and the leader to its tile.

    A leader that crosses a corner or other tiles is ``dotted``: it ends in a dot inside its tile.
    """

    cost: float
    x: float
    y: float
    align: Align
    leader: tuple[Point, ...]
    dotted: bool = False


def place_names(grid: TileGrid, floor: float) -> dict[str, _NamePlace]:
    """Choose a place for each prefecture's name, above ``floor`` mm; one that finds no room is left out.

    Names that need a leader across other tiles choose first, for they have the fewest places.
    """
    options = {name: sorted(_places(grid, name)) for name in sorted(set(grid.owners.values()))}
    taken = [grid.box(cell) for cell in grid.owners]
    chosen = {}
    for name in sorted(options, key=lambda name: bool(options[name]) and not options[name][0].dotted):
        for place in options[name]:
            box = _text_box(place, name)
            inside = box.x > 0 and box.x + box.w < WIDTH_MM and box.y > 0 and box.y + box.h < floor
            if inside and not any(_touch(box, other) for other in taken):
                taken.append(box)
                chosen[name] = place
                break
    return chosen


def _text_box(place: _NamePlace, name: str) -> Box:
    wide, tall = width_mm(name, BODY_PT), BODY_PT * MM_PER_POINT
    left = place.x - wide * {"left": 0.0, "center": 0.5, "right": 1.0}[place.align]
    return Box(left, place.y - tall / 2, wide, tall)


def _touch(one: Box, other: Box, spare: float = 0.25) -> bool:
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    return across > -spare and down > -spare


def _places(grid: TileGrid, name: str) -> Iterator[_NamePlace]:
    """Yield places for a prefecture's name: beside, above or below a tile, at a corner, or across other tiles."""
    cells = [cell for cell, owner in grid.owners.items() if owner == name]
    middle = (sum(row for row, _ in cells) / len(cells), sum(col for _, col in cells) / len(cells))
    for cell in cells:
        far = (abs(cell[0] - middle[0]) + abs(cell[1] - middle[1])) / 20
        yield from _beside(grid, cell, far)
        yield from _at_corners(grid, cell, far)
        yield from _across(grid, cell, far)


def _crowd(grid: TileGrid, free: Cell, name: str) -> float:
    """Return a cost for a free cell that also touches other prefectures, where a name could be misread."""
    row, col = free
    around = ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1))
    return 0.25 * sum(grid.owners.get(cell, name) != name for cell in around)


def _beside(grid: TileGrid, cell: Cell, far: float) -> Iterator[_NamePlace]:
    (row, col), box = cell, grid.box(cell)
    x, y = box.x + box.w / 2, box.y + box.h / 2
    right, bottom = box.x + box.w, box.y + box.h
    options: tuple[tuple[Cell, float, float, Align, tuple[Point, ...]], ...] = (
        ((row, col - 1), box.x - 2.0, y, "right", ((box.x - 1.6, y), (box.x, y))),
        ((row, col + 1), right + 2.0, y, "left", ((right, y), (right + 1.6, y))),
        ((row - 1, col), x, box.y - 3.0, "center", ((x, box.y - 1.2), (x, box.y))),
        ((row + 1, col), x, bottom + 3.0, "center", ((x, bottom), (x, bottom + 1.2))),
    )
    for free, text_x, text_y, align, leader in options:
        if free not in grid.owners:
            yield _NamePlace(far + _crowd(grid, free, grid.owners[cell]), text_x, text_y, align, leader)


def _at_corners(grid: TileGrid, cell: Cell, far: float) -> Iterator[_NamePlace]:
    """Yield places in a free cell that meets the tile at a corner only."""
    (row, col), box = cell, grid.box(cell)
    for down in (-1, 1):
        for along in (-1, 1):
            free = (row + down, col + along)
            corner = (box.x + (box.w if along > 0 else 0), box.y + (box.h if down > 0 else 0))
            start = (corner[0] + 1.4 * along, corner[1] + 1.4 * down)
            if free not in grid.owners and (row + down, col) in grid.owners:
                align: Align = "right" if along < 0 else "left"
                cost = 1.5 + far + _crowd(grid, free, grid.owners[cell])
                end = (corner[0] - 0.9 * along, corner[1] - 0.9 * down)
                yield _NamePlace(cost, start[0] + 0.2 * along, start[1] + 1.6 * down, align, (start, end), dotted=True)


def _across(grid: TileGrid, cell: Cell, far: float) -> Iterator[_NamePlace]:
    """Yield places reached by a leader along the seam between two tiles of another prefecture."""
    row, col = cell
    for step in (-1, 1):
        for side in (0, 1):
            seam, crossed = col + side, row + step
            while _is_seam(grid, crossed, seam):
                crossed += step
            length = abs(crossed - row) - 1
            if length == 0 or (crossed, seam) in grid.owners or (crossed, seam - 1) in grid.owners:
                continue
            x = grid.left + grid.w * seam
            near = grid.top + grid.h * (row + (step > 0))
            end = near + step * grid.h * length
            inner = (x + (0.9 if side == 0 else -0.9), near - 0.9 * step)
            path = ((x, end + 1.2 * step), (x, near), inner)
            yield _NamePlace(2 + length + far, x, end + 3.0 * step, "center", path, dotted=True)


def _is_seam(grid: TileGrid, row: int, seam: int) -> bool:
    owner = grid.owners.get((row, seam))
    return owner is not None and owner == grid.owners.get((row, seam - 1))


def walls(grid: TileGrid, places: int, *, outer: bool) -> list[tuple[Point, ...]]:
    """The sides two tiles of one prefecture share, or (outer) those that bound a prefecture; in mm to so many places."""
    found: set[tuple[Point, ...]] = set()
    for (row, col), owner in grid.owners.items():
        a, b, c, d = grid.box((row, col)).corners()
        sides = (((row - 1, col), (a, b)), ((row + 1, col), (d, c)), ((row, col - 1), (a, d)), ((row, col + 1), (b, c)))
        for neighbour, side in sides:
            if (grid.owners.get(neighbour) != owner) == outer:
                found.add(tuple((round(x, places), round(y, places)) for x, y in side))
    return sorted(found)
