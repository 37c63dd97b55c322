"""Prefectures by completion."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.measures.progress import change_pp, left_out
from pipeline.products.drawing.ranking import MOST_RANKS, RankRow, ranking
from pipeline.products.pictures.registry import PictureKind, overall, spans
from pipeline.products.wording import one_decimal

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts


def _drawings(m: PeriodMeasures) -> Parts:
    rows = []
    for p in m.prefecture_order:
        done = m.now.by_prefecture[p.code]
        before = m.before.by_prefecture[p.code] if m.before else None
        # a figure that was judged otherwise is no mark to set beside this one
        earlier = before.pct if before and not left_out(done, before) else None
        rows.append(
            RankRow(
                rank=m.ranks[p.code],
                name=p.short_name,
                completion_pct=done.pct,
                change_pp=change_pp(done, before),
                previous_pct=earlier,
                reported=done.reported,
                roster=done.roster,
            )
        )
    return [
        (of, partial(ranking, some, pace_pct=m.now.pace_pct))
        for of, some in spans(rows, MOST_RANKS, attrgetter("name"))
    ]


def _words(m: PeriodMeasures) -> str:
    marks = [(p.short_name, pct) for p in m.prefecture_order if (pct := m.now.by_prefecture[p.code].pct) is not None]
    if not marks:
        return overall(m)
    (top, most), (last, least) = marks[0], marks[-1]
    return f"最高{top}{one_decimal(most)}%，最低{last}{one_decimal(least)}%，{overall(m)}"


PICTURE = PictureKind(
    name="rank",
    number=1,
    title="各州（市）完成率排名",
    drawings=_drawings,
    words=_words,
    shows="各州（市）完成率，由高到低；没有报送的排在最后，不排名次。",
    reading="深色达到序时进度，浅色未达到；红色虚线是序时进度；短竖线是上期完成率。第一期没有上期，“比上期”一列不出现。",
)
