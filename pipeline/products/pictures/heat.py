"""Completion of prefectures by action."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.products.drawing.grids import MOST_GRID_COLUMNS, MOST_GRID_ROWS, heatmap
from pipeline.products.pictures.registry import PictureKind, overall, spans

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts


def _drawings(m: PeriodMeasures) -> Parts:
    program = m.program
    return [
        (
            "，".join(one for one in (whose, what) if one),
            partial(
                heatmap,
                [p.short_name for p in some],
                [a.short_title for a in actions],
                [[m.now.by_prefecture_action[p.code, a.no].pct for a in actions] for p in some],
                [m.now.by_prefecture[p.code].pct for p in some],
                [m.now.by_action[a.no].pct for a in actions],
                m.now.province.pct,
                program.words.whole,
            ),
        )
        for what, actions in spans(program.actions, MOST_GRID_COLUMNS, attrgetter("short_title"))
        for whose, some in spans(program.prefectures, MOST_GRID_ROWS, attrgetter("short_name"))
    ]


PICTURE = PictureKind(
    name="heat",
    number=3,
    title="各州（市）各项行动完成率",
    drawings=_drawings,
    words=overall,
    shows="各州（市）、各项行动的完成率。",
    reading="颜色越深完成率越高；右列是各州（市）合计，下行是全省。",
)
