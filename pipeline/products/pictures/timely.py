"""Whether each return came in time: a mark for each prefecture and period."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.domain.obligation import Timeliness
from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    MIN_PT,
    MIST,
    MUTED,
    NAVY,
    RED,
    RULE,
    SMALL_PT,
    WHITE,
    Box,
    Canvas,
    diamond,
    disc,
    fitted,
    label_room,
    plain,
    row_pitch,
)
from pipeline.products.pictures.registry import PictureKind, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts
    from pipeline.program.model import Period, Prefecture


_RIGHT_MM = 155.0
_ALL_LABELS = 6  # so many columns bear a shortened label rather than none
_MARK_NAMES = {"ON_TIME": "按时", "LATE": "迟报", "OVERDUE": "逾期", "PENDING": "收到待处理", "NOT_DUE": "未到期"}
_RARE = "PENDING"  # explained where it occurs
_MOST_ROWS, _MOST_MARKS = 20, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinessRow:
    """One row of the timeliness grid.

    Attributes:
        name: Short name of the prefecture or county.
        marks: One for each period: ``ON_TIME``, ``LATE``, ``OVERDUE``, ``PENDING`` or ``NOT_DUE``.
    """

    name: str
    marks: Sequence[str]

    def summary(self) -> str:
        """Return 按时 N/M, M counting the periods that are due and decided; — when none is."""
        due = sum(mark not in {"NOT_DUE", _RARE} for mark in self.marks)
        return f"按时 {sum(mark == 'ON_TIME' for mark in self.marks)}/{due}" if due else "—"


@plain
def timeliness(rows: Sequence[TimelinessRow], period_labels: Sequence[str]) -> bytes:
    """Draw one mark for each row and period, and how many were in time.

    Args:
        rows: Prefectures, each with a mark for every period.
        period_labels: Headings of the periods.

    Raises:
        ChartError: an unknown mark, a missing mark, or a text that does not fit.
    """
    for row in rows:
        unknown = set(row.marks) - set(_MARK_NAMES)
        if unknown or len(row.marks) != len(period_labels):
            raise ChartError(f"“{row.name}”的报送标记有误：{'、'.join(sorted(unknown)) or len(row.marks)}")
    top, foot = 6.5, 7.5
    pitch = row_pitch(len(rows), top + foot, widest=6.2)
    sheet = Canvas(top + pitch * len(rows) + foot)
    left = label_room([row.name for row in rows], most=34.0) + 2.5
    wide = (_RIGHT_MM - 16.0 - left) / max(1, len(period_labels))
    xs = [left + wide * (j + 0.5) for j in range(len(period_labels))]
    ys = [top + pitch * (i + 0.5) for i in range(len(rows))]
    _timeliness_frame(sheet, rows, ys, left)
    step = _thinned(period_labels, wide)
    for j in range(0, len(xs), step):
        text, size = fitted(period_labels[j], wide * step - 1.0)
        sheet.text(max(xs[j], 1.0 + width_mm(text, size) / 2), top - 2.8, text, size=size, align="center", colour=MUTED)
    for kind in _MARK_NAMES:
        places = [
            (x, y)
            for row, y in zip(rows, ys, strict=True)
            for x, mark in zip(xs, row.marks, strict=True)
            if mark == kind
        ]
        _draw_marks(sheet, kind, places)
    rare = any(_RARE in row.marks for row in rows)
    _timeliness_key(sheet, left + 1.0, sheet.height_mm - 3.2, [kind for kind in _MARK_NAMES if rare or kind != _RARE])
    return sheet.png()


def _thinned(labels: Sequence[str], wide: float) -> int:
    """Every how many columns ``wide`` mm each a label is written, so that none runs into the next; 1 where all fit."""
    longest = max((width_mm(label, MIN_PT) for label in labels), default=0.0)
    return 1 if len(labels) <= _ALL_LABELS else max(1, math.ceil((longest + 1.0) / wide))


def _timeliness_frame(sheet: Canvas, rows: Sequence[TimelinessRow], ys: Sequence[float], left: float) -> None:
    """Write names and summaries, with a hairline between rows."""
    half = (ys[1] - ys[0]) / 2 if len(ys) > 1 else 3.1
    edges = [ys[0] - half, *(y + half for y in ys)]
    sheet.lines([((1.0, y), (_RIGHT_MM, y)) for y in edges], RULE, 0.5)
    for row, y in zip(rows, ys, strict=True):
        sheet.text(left - 1.5, y, row.name, room=left - 2.0, align="right")
        sheet.text(_RIGHT_MM, y, row.summary(), align="right")


def _draw_marks(sheet: Canvas, kind: str, places: Sequence[tuple[float, float]]) -> None:
    """Draw one kind of mark; they differ in shape, not only in colour."""
    if kind == "ON_TIME":
        sheet.polygons([disc(x, y, 1.25) for x, y in places], NAVY)
    elif kind == "LATE":
        sheet.polygons([diamond(x, y, 1.6) for x, y in places], MIST, edge=NAVY, edge_pt=1.1)
    elif kind == _RARE:
        sheet.boxes([Box(x - 1.1, y - 1.1, 2.2, 2.2) for x, y in places], WHITE, edge=NAVY, edge_pt=1.1)
    elif kind == "OVERDUE":
        arm = 1.15
        falling = [((x - arm, y - arm), (x + arm, y + arm)) for x, y in places]
        rising = [((x - arm, y + arm), (x + arm, y - arm)) for x, y in places]
        sheet.lines([*falling, *rising], RED, 1.9)
    else:
        sheet.lines([((x - 1.1, y), (x + 1.1, y)) for x, y in places], "#9AA4B1", 1.0)


def _timeliness_key(sheet: Canvas, x: float, y: float, kinds: Sequence[str]) -> None:
    """Explain the marks in one line."""
    for kind in kinds:
        label = _MARK_NAMES[kind]
        _draw_marks(sheet, kind, [(x + 1.6, y)])
        sheet.text(x + 4.4, y, label, size=SMALL_PT, colour=MUTED)
        x += 4.4 + width_mm(label, SMALL_PT) + 6


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
        for when, periods in spans(m.program.periods, _MOST_MARKS, attrgetter("short_title"))
        for whose, some in spans(m.program.prefectures, _MOST_ROWS, attrgetter("short_name"))
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
