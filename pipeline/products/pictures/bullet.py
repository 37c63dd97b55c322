"""Quantities against their targets."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from pipeline.products.drawing.parts import sentence
from pipeline.products.drawing.targets import BulletRow, target_vs_actual
from pipeline.products.pictures.registry import PictureKind, overall, whole

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Total
    from pipeline.products.pictures.registry import Parts

_BULLETS = 12


def _drawings(m: PeriodMeasures) -> Parts:
    """The count targets, those least met first when there are more than fit."""
    counts = [
        t
        for t in m.totals
        if t.full_target is not None
        and not t.quantity.is_rate
        and t.quantity.target
        and t.quantity.target.kind == "at_least"
        and t.quantity.window.start <= m.period.end
    ]
    chosen = sorted(counts, key=lambda t: (_share(t), t.quantity.code))[:_BULLETS]
    rows = [_bullet(t) for t in sorted(chosen, key=lambda t: t.quantity.code)]
    return whole(
        partial(target_vs_actual, rows, m.program.words.row) if rows else partial(sentence, "本期没有可列的量化任务")
    )


def _share(t: Total) -> float:
    return (t.actual or 0.0) / t.full_target if t.full_target else 0.0


def _bullet(t: Total) -> BulletRow:
    threshold = float(t.quantity.target.threshold) if t.quantity.target else 0.0
    counties = t.applicable or t.roster  # nobody reported: the scale is the roster's, the bar is hatched
    required = (t.required or 0.0) if t.applicable else 0.0
    return BulletRow(
        label=t.quantity.title,
        unit=t.quantity.unit,
        actual=t.actual or 0.0,
        full_target=threshold * counties,
        required=float(math.ceil(required)),
        reported=t.reported if t.applicable else 0,
        roster=t.roster,
    )


PICTURE = PictureKind(
    name="bullet",
    number=4,
    title="重点量化任务完成情况",
    drawings=_drawings,
    words=overall,
    shows="有数量目标的任务，按已报县计的完成数和目标数；超过十二项时取完成比例最低的十二项。",
    reading="条形是占目标的百分比，红色标记是到本期末应达到的数；箭头表示已超过目标。“差 N”是离应达数还差多少，不足一个按一个计。",
)
