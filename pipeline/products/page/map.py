"""The county map of the page: where each tile, wall and name stands, in mm on a sheet as wide as the printed one."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import STATE_NAMES, Knowledge
from pipeline.products.coverage import knowledge_of
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


def county_map(m: PeriodMeasures) -> dict[str, Any]:
    """Every county of the programme on its schematic grid; ``inner`` and ``outer`` are the walls, as SVG paths."""
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
    return {
        "width": WIDTH_MM,
        "height": height,
        "tile_width": width,
        "tile_height": _TILE_HEIGHT_MM,
        "tiles": tuple(sorted((_tile(m, grid, cell, c, late) for cell, c in cells.items()), key=itemgetter("code"))),
        "names": tuple(_names(m, grid, height)),
        "inner": _path(walls(grid, 2, outer=False)),
        "outer": _path(walls(grid, 2, outer=True)),
    }


def _tile(m: PeriodMeasures, grid: TileGrid, cell: Cell, county: Unit, late: Collection[str]) -> dict[str, Any]:
    """A county: its name on one line or two, and the fifth of completion it is in, 0–4, its ``band``; None without figure."""
    name, state, pct = county.short_name, m.snapshot.state(m.period, county), m.now.by_county[county.code].pct
    half = (len(name) + 1) // 2
    lines = (name,) if len(name) <= _ONE_LINE else (name[:half], name[half:])
    box = grid.box(cell)
    owner = grid.owners[cell]
    words = [f"{name}（{owner}）" if owner else name, STATE_NAMES[state]]
    words += [f"完成率{one_decimal(pct)}%"] if pct is not None else []
    words += [knowledge_of(m, county.code)] if m.known.of(county.code) is Knowledge.KNOWN else []
    words += ["报送逾期"] if county.code in late else []
    return {
        "code": county.code,
        "x": _mm(box.x),
        "y": _mm(box.y),
        "lines": lines,
        "size": _mm(min(_LARGEST_MM, (box.w - 0.8) / max(map(len, lines)))),
        "state": state,
        "band": None if pct is None else min(int(pct * _BANDS / 100), _BANDS - 1),
        "figure": STATE_NAMES[state] if pct is None else f"{one_decimal(pct)}%",
        "label": "，".join(words),
        "overdue": county.code in late,
    }


def _names(m: PeriodMeasures, grid: TileGrid, height: float) -> Iterator[dict[str, Any]]:
    """The prefectures' names beside their tiles, each with the line that leads there."""
    places = place_names(grid, height)
    for prefecture in m.program.prefectures:
        place = places.get(prefecture.short_name)
        if place:
            yield {
                "code": prefecture.code,
                "text": prefecture.short_name,
                "x": _mm(place.x),
                "y": _mm(place.y),
                "anchor": _ANCHORS[place.align],
                "leader": _path([place.leader]),
            }


def _path(lines: list[tuple[Point, ...]]) -> str:
    return "".join("M" + "L".join(f"{_mm(x)} {_mm(y)}" for x, y in line) for line in lines)


def _mm(value: float) -> float:
    return round(value, 2)
