"""Completion by period."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.products.drawing.trend import TrendPoint, trend
from pipeline.products.pictures.registry import PictureKind, overall, whole

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts
    from pipeline.program.model import Prefecture


def _drawings(m: PeriodMeasures) -> Parts:
    points = []
    for n, period in enumerate(m.program.periods):
        scores = m.scores[n] if n < len(m.scores) else None
        marks: list[tuple[float, Prefecture]] = []
        if scores:
            marks = [(pct, p) for p in m.program.prefectures if (pct := scores.by_prefecture[p.code].pct) is not None]
        top = max(marks, key=lambda x: x[0], default=None)
        low = min(marks, key=lambda x: x[0], default=None)
        window = m.program.window
        gone = ((min(period.end, window.end) - window.start).days + 1) / ((window.end - window.start).days + 1)
        points.append(
            TrendPoint(
                period_label=period.short_title,
                province_pct=scores.province.pct if scores else None,
                highest_pct=top[0] if top else None,
                highest_name=top[1].short_name if top else None,
                lowest_pct=low[0] if low else None,
                lowest_name=low[1].short_name if low else None,
                pace_pct=min(100.0, 100 * gone),
            )
        )
    return whole(partial(trend, points, m.program.words.whole))


PICTURE = PictureKind(
    name="trend",
    number=2,
    title="各期完成率",
    drawings=_drawings,
    words=overall,
    shows="全省、最高和最低的州（市）各期完成率，以及序时进度。",
    reading="图下的表给出同样的数字，行首的线样就是图例。中间有一期没有报送时线断开，不连过去。",
)
