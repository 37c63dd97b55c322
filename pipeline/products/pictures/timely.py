"""Returns in time, late, overdue."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.measures.timeliness import Timeliness
from pipeline.products.drawing.grids import MOST_GRID_ROWS, MOST_MARKS, TimelinessRow, timeliness
from pipeline.products.pictures.registry import PictureKind, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts
    from pipeline.program.model import Period, Prefecture


def _drawings(m: PeriodMeasures) -> Parts:
    mine = {(o.who, o.period.code): o.timeliness.value for o in m.obligations if o.is_report and not o.is_county}

    def row(p: Prefecture, periods: Sequence[Period]) -> TimelinessRow:
        marks = [mine.get((p.code, period.code), Timeliness.NOT_DUE.value) for period in periods]
        return TimelinessRow(name=p.short_name, marks=tuple(marks))

    return [
        (
            "，".join(one for one in (whose, when) if one),
            partial(timeliness, [row(p, periods) for p in some], [period.short_title for period in periods]),
        )
        for when, periods in spans(m.program.periods, MOST_MARKS, attrgetter("short_title"))
        for whose, some in spans(m.program.prefectures, MOST_GRID_ROWS, attrgetter("short_name"))
    ]


def _words(m: PeriodMeasures) -> str:
    w = m.program.words
    marks = [o.timeliness for o in m.owed_now if o.is_report and not o.is_county]
    words = (
        ("按时", Timeliness.ON_TIME),
        ("迟报", Timeliness.LATE),
        ("收到待处理", Timeliness.PENDING),
        ("逾期", Timeliness.OVERDUE),
        ("未到期", Timeliness.NOT_DUE),
    )
    return "本期" + "，".join(f"{word}{marks.count(one)}{w.respondents}" for word, one in words if one in marks)


PICTURE = PictureKind(
    name="timely",
    number=6,
    title="各州（市）报送及时情况",
    drawings=_drawings,
    words=_words,
    shows="各州（市）历次报送是否及时。",
    reading="各种标记形状不同：按时、迟报、逾期、未到期；有收到而不能采用的，另有“收到待处理”。",
)
