"""Completion of counties on a schematic grid."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.products.drawing.tiles import Tile, tile_map, windows
from pipeline.products.pictures.registry import PictureKind, overall

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts


def _drawings(m: PeriodMeasures) -> Parts:
    late = {o.who for o in m.owed_now if o.is_report and o.overdue}
    tiles = [
        Tile(
            name=one.short_name,
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
