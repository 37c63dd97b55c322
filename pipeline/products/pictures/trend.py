"""Completion of the whole from period to period: on who reported, and between what it lies where some are silent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.products.drawing.bar_table import COVERAGE
from pipeline.products.drawing.fonts import ChartError
from pipeline.products.drawing.parts import (
    INK,
    MIST,
    MUTED,
    NAVY,
    PALE,
    RULE,
    SMALL_PT,
    WHITE,
    Box,
    Canvas,
    Point,
    clamp_pct,
    disc,
    plain,
)
from pipeline.products.pictures.registry import PictureKind, overall, whole
from pipeline.products.wording import one_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.products.pictures.registry import Parts
    from pipeline.program.model import Period


_LEFT_MM, _RIGHT_MM = 24.0, 155.0
_TOP_MM, _BASE_MM = 4.0, 56.0
_ROW_MM = 4.6
_NARROWEST_MM = 16.5  # of a column of the table; where there are more periods than fit it gives some of them
_BAR_MM = 3.0  # how wide what is possible is drawn
_ROWS = ("按已报", "计入沿用上次", "可能范围", COVERAGE)
_UNCOUNTED, _TO_COME = "未计入", "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One period; all figures are None in periods to come.

    Attributes:
        period_label: Heading of the period.
        province_pct: Completion over the counties that reported, 0–100; None where nobody did.
        known_pct: The same with the last known values of the others; None where nothing is known of anybody.
        least_pct: The least it can be, whatever the silent would have said; None where nobody reported.
        most_pct: The most.
        reported: Counties that reported.
        roster: Counties that should have; 0 in periods to come.
    """

    period_label: str
    province_pct: float | None
    known_pct: float | None
    least_pct: float | None
    most_pct: float | None
    reported: int
    roster: int

    @property
    def is_open(self) -> bool:
        """Whether not everybody reported, so that the figure lies between two others."""
        return self.province_pct is not None and not 0 < self.roster == self.reported


@plain
def trend(points: Sequence[TrendPoint]) -> bytes:
    """Draw completion by period over a table of the same figures.

    Args:
        points: All periods of the campaign in order, those to come included.

    Raises:
        ChartError: no points, or a text that does not fit.
    """
    if not points:
        raise ChartError("趋势图没有任何一期")
    sheet = Canvas(_BASE_MM + 7.0 + len(_ROWS) * _ROW_MM + 2.0)
    wide = (_RIGHT_MM - _LEFT_MM) / len(points)
    xs = [_LEFT_MM + wide * (j + 0.5) for j in range(len(points))]
    columns = _columns(points, xs, wide)
    cell = max(wide, _NARROWEST_MM)
    _frame(sheet, points, columns, cell)
    _ranges(sheet, points, xs, min(_BAR_MM, wide * 0.6))
    _line(sheet, [point.province_pct for point in points], xs)
    _table(sheet, points, columns)
    return sheet.png()


def _y(pct: float) -> float:
    """Return the height of a percentage on the sheet, in mm."""
    return _BASE_MM - (_BASE_MM - _TOP_MM) * clamp_pct(pct) / 100


def _frame(sheet: Canvas, points: Sequence[TrendPoint], columns: Sequence[tuple[int, float]], wide: float) -> None:
    """Draw the scale, the base line and the names of the periods."""
    for mark, label in ((25, "25"), (50, "50"), (75, "75"), (100, "100%"), (0, "0")):
        sheet.lines([((_LEFT_MM, _y(mark)), (_RIGHT_MM, _y(mark)))], RULE if mark else MUTED, 0.5 if mark else 0.8)
        sheet.text(_LEFT_MM - 1.5, _y(mark), label, size=SMALL_PT, align="right", colour=MUTED)
    if len(columns) < len(points):
        sheet.text(1.0, _BASE_MM + 3.2, "择期列出", size=SMALL_PT, colour=MUTED)
    for j, x in columns:
        sheet.text(x, _BASE_MM + 3.2, points[j].period_label, room=wide - 0.8, align="center")


def _columns(points: Sequence[TrendPoint], xs: Sequence[float], wide: float) -> list[tuple[int, float]]:
    """The periods that have a column, and its middle: all where they are wide enough, else as many as fit, the latest first."""
    if wide >= _NARROWEST_MM:
        return list(enumerate(xs))
    latest = max((j for j, point in enumerate(points) if point.province_pct is not None), default=0)
    half, kept = _NARROWEST_MM / 2, dict[int, float]()
    for j in (*range(latest, -1, -1), *range(latest + 1, len(xs))):
        x = min(max(xs[j], _LEFT_MM + half), _RIGHT_MM - half)
        if all(abs(x - other) >= _NARROWEST_MM for other in kept.values()):
            kept[j] = x
    return sorted(kept.items())


def _ranges(sheet: Canvas, points: Sequence[TrendPoint], xs: Sequence[float], wide: float) -> None:
    """Draw between what the figure of a period lies, where some were silent."""
    boxes = [
        Box(x - wide / 2, _y(point.most_pct), wide, _y(point.least_pct) - _y(point.most_pct))
        for point, x in zip(points, xs, strict=True)
        if point.is_open and point.least_pct is not None and point.most_pct is not None
    ]
    sheet.boxes(boxes, MIST, edge=PALE, edge_pt=0.7)


def _line(sheet: Canvas, values: Sequence[float | None], xs: Sequence[float]) -> None:
    """Draw the figures on who reported; where nobody did the line is broken."""
    pairs = zip(xs, values, strict=True)
    runs = [list(run) for known, run in groupby(pairs, key=lambda pair: pair[1] is not None) if known]
    paths: list[list[Point]] = [[(x, _y(value)) for x, value in run if value is not None] for run in runs]
    sheet.lines(paths, NAVY, 2.0, cap="round")
    sheet.polygons([disc(x, y, 1.1) for path in paths for x, y in path], NAVY, edge=WHITE, edge_pt=0.7)


def _table(sheet: Canvas, points: Sequence[TrendPoint], columns: Sequence[tuple[int, float]]) -> None:
    """Write the figures under the periods, none cut short; the heads of the rows show the marks, so the table is the key as well."""
    top = _BASE_MM + 7.0
    edges = [top + _ROW_MM * i for i in range(len(_ROWS) + 1)]
    sheet.lines([((1.0, y), (_RIGHT_MM, y)) for y in edges], RULE, 0.5)
    last = max((j for j, point in enumerate(points) if point.roster or point.province_pct is not None), default=-1)
    for i, head in enumerate(_ROWS):
        y = top + _ROW_MM * (i + 0.5)
        _row_head(sheet, i, head, y)
        for j, x in columns:
            text = _entries(points[j])[i] if j <= last else _TO_COME
            quiet = text in {_UNCOUNTED, _TO_COME} or (head == COVERAGE and not points[j].is_open)
            sheet.text(x, y, text, size=SMALL_PT, align="center", colour=MUTED if quiet else INK)


def _entries(point: TrendPoint) -> tuple[str, str, str, str]:
    """What stands in a period's column; a figure of which nobody spoke is 未计入, never nought."""
    between = _UNCOUNTED
    if point.province_pct is not None and point.least_pct is not None and point.most_pct is not None:
        between = f"{one_decimal(point.least_pct)}—{one_decimal(point.most_pct)}" if point.is_open else _TO_COME
    return (
        _UNCOUNTED if point.province_pct is None else one_decimal(point.province_pct),
        _UNCOUNTED if point.known_pct is None else one_decimal(point.known_pct),
        between,
        f"{point.reported}/{point.roster}",
    )


def _row_head(sheet: Canvas, row: int, name: str, y: float) -> None:
    """Write a row's name, after a sample of its mark where it has one."""
    if row == 0:
        sheet.lines([((1.0, y), (5.6, y))], NAVY, 2.0)
        sheet.polygons([disc(3.3, y, 1.1)], NAVY, edge=WHITE, edge_pt=0.7)
    elif row == _ROWS.index("可能范围"):
        sheet.boxes([Box(1.0, y - 1.2, 4.6, 2.4)], MIST, edge=PALE, edge_pt=0.7)
    sheet.text(6.8, y, name, room=_LEFT_MM - 7.8, size=SMALL_PT)


def _drawings(m: PeriodMeasures) -> Parts:
    points = [_point(period, m.scores[n] if n < len(m.scores) else None) for n, period in enumerate(m.program.periods)]
    return whole(partial(trend, points))


def _point(period: Period, scores: Scores | None) -> TrendPoint:
    done = scores.province if scores else None
    there = done is not None and done.pct is not None
    return TrendPoint(
        period_label=period.short_title,
        province_pct=done.pct if done else None,
        known_pct=done.known_pct if done else None,
        least_pct=done.least_pct if done and there else None,
        most_pct=done.most_pct if done and there else None,
        reported=done.reported if done else 0,
        roster=done.roster if done else 0,
    )


PICTURE = PictureKind(
    name="trend",
    number=2,
    title="各期完成率",
    drawings=_drawings,
    words=overall,
    shows="全省各期的完成率，按当期已报的县算；有县没有报的期，同时给出计入沿用上次的完成率和可能的范围。",
    reading="圆点是按已报的县算的完成率；浅色竖条是可能的范围：下端是没有报的县一项也没有达标，上端是全部达标。"
    "图下的表给出同样的数字，行首就是图例。各期已报的县不尽相同，前后两期之差不全是进展。中间有一期没有报送时线断开，不连过去。",
)
