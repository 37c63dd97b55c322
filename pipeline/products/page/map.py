"""The county map of the page: where each tile, wall and name stands, in mm on a sheet as wide as the printed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.state import STATE_NAMES, State
from pipeline.products.drawing.parts import WIDTH_MM
from pipeline.products.drawing.tile_names import TileGrid, place_names, walls
from pipeline.products.wording import one_decimal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.drawing.parts import Point
    from pipeline.products.drawing.tile_names import Cell
    from pipeline.program.model import Unit

_EDGE_MM, _NAMES_MM = 1.0, 6.0
_WIDEST_MM, _TILE_HEIGHT_MM = 10.2, 8.4
_LARGEST_MM, _ONE_LINE = 2.5, 5
_BANDS = 5
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _MapTile:
    """One county.

    Attributes:
        lines: Its name, on one line or two.
        size: Of the name, in mm.
        band: Fifth of the completion it is in, 0–4; None without figure.
        figure: Completion in whole words, or its state when there is none.
        label: All of it in words.
    """

    code: str
    x: float
    y: float
    lines: tuple[str, ...]
    size: float
    state: State
    band: int | None
    figure: str
    label: str
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _MapName:
    """A prefecture's name beside its tiles, with the line that leads there."""

    code: str
    text: str
    x: float
    y: float
    anchor: str
    leader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyMap:
    """The whole picture; ``inner`` and ``outer`` are the walls between counties and between prefectures, as SVG paths."""

    width: float
    height: float
    tile_width: float
    tile_height: float
    tiles: tuple[_MapTile, ...]
    names: tuple[_MapName, ...]
    inner: str
    outer: str


def county_map(m: PeriodMeasures) -> CountyMap:
    """Every county of the programme on its schematic grid."""
    program = m.program
    places = program.places
    top, left = (min(place[axis] for place in places.values()) for axis in (0, 1))
    cells = {(places[one.code][0] - top, places[one.code][1] - left): one for one in program.measured}
    rows, columns = (1 + max(cell[axis] for cell in cells) for axis in (0, 1))
    width = min(_WIDEST_MM, (WIDTH_MM - 2 * _EDGE_MM) / columns)
    owners = {cell: program.owner_of(one) for cell, one in cells.items()}
    grid = TileGrid((WIDTH_MM - width * columns) / 2, _NAMES_MM, width, _TILE_HEIGHT_MM, owners)
    height = 2 * _NAMES_MM + _TILE_HEIGHT_MM * rows
    late = {o.who for o in m.owed_now if o.is_report and o.overdue}
    return CountyMap(
        width=WIDTH_MM,
        height=height,
        tile_width=width,
        tile_height=_TILE_HEIGHT_MM,
        tiles=tuple(sorted((_tile(m, grid, cell, c, late) for cell, c in cells.items()), key=lambda tile: tile.code)),
        names=tuple(_names(m, grid, height)),
        inner=_path(walls(grid, 2, outer=False)),
        outer=_path(walls(grid, 2, outer=True)),
    )


def _tile(m: PeriodMeasures, grid: TileGrid, cell: Cell, county: Unit, late: Collection[str]) -> _MapTile:
    name, state, pct = county.short_name, m.snapshot.state(m.period, county), m.now.by_county[county.code].pct
    half = (len(name) + 1) // 2
    lines = (name,) if len(name) <= _ONE_LINE else (name[:half], name[half:])
    box = grid.box(cell)
    owner = grid.owners[cell]
    words = [f"{name}（{owner}）" if owner else name, STATE_NAMES[state]]
    words += [f"完成率{one_decimal(pct)}%"] if pct is not None else []
    words += ["报送逾期"] if county.code in late else []
    return _MapTile(
        code=county.code,
        x=_mm(box.x),
        y=_mm(box.y),
        lines=lines,
        size=_mm(min(_LARGEST_MM, (box.w - 0.8) / max(map(len, lines)))),
        state=state,
        band=None if pct is None else min(int(pct * _BANDS / 100), _BANDS - 1),
        figure=STATE_NAMES[state] if pct is None else f"{one_decimal(pct)}%",
        label="，".join(words),
        overdue=county.code in late,
    )


def _names(m: PeriodMeasures, grid: TileGrid, height: float) -> Iterator[_MapName]:
    places = place_names(grid, height)
    for prefecture in m.program.prefectures:
        place = places.get(prefecture.short_name)
        if place:
            yield _MapName(
                code=prefecture.code,
                text=prefecture.short_name,
                x=_mm(place.x),
                y=_mm(place.y),
                anchor=_ANCHORS[place.align],
                leader=_path([place.leader]),
            )


def _path(lines: list[tuple[Point, ...]]) -> str:
    return "".join("M" + "L".join(f"{_mm(x)} {_mm(y)}" for x, y in line) for line in lines)


def _mm(value: float) -> float:
    return round(value, 2)
