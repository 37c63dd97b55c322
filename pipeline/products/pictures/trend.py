"""Completion from period to period: the province, the highest and lowest prefecture, and the pace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    INK,
    MUTED,
    NAVY,
    RED,
    RULE,
    SMALL_PT,
    WHITE,
    WIDTH_MM,
    Canvas,
    Point,
    clamp_pct,
    disc,
    fitted,
    plain,
    rounded,
)
from pipeline.products.pictures.registry import PictureKind, overall, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts
    from pipeline.program.model import Prefecture


_LEFT_MM, _RIGHT_MM = 21.0, 155.0
_TOP_MM, _BASE_MM = 4.0, 56.0
_ROW_MM = 4.6
_NARROWEST_MM = 16.5  # of a column of the table; where there are more periods than fit it gives some of them
_STEEL = "#4F7FB3"
_GREY = "#7B8694"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One period; all figures but the pace are None in periods to come or when nobody reported.

    Attributes:
        period_label: Heading of the period.
        province_pct: Completion of the province, 0–100.
        highest_pct: Completion of the highest prefecture.
        highest_name: Its short name.
        lowest_pct: Completion of the lowest prefecture.
        lowest_name: Its short name.
        pace_pct: Where the calendar says completion should stand.
    """

    period_label: str
    province_pct: float | None
    highest_pct: float | None
    highest_name: str | None
    lowest_pct: float | None
    lowest_name: str | None
    pace_pct: float


class _Series(NamedTuple):
    """One line and its row in the table: name, ink, width in pt, marker, values and places named, by period."""

    name: str
    colour: str
    width_pt: float
    marker: Callable[[float, float], list[Point]] | None
    values: Sequence[float | None]
    named: Sequence[str | None]


@plain
def trend(points: Sequence[TrendPoint], whole: str) -> bytes:
    """Draw completion by period over a table of the same figures.

    Args:
        points: All periods of the campaign in order, those to come included.
        whole: What all units together are called: 全省.

    Raises:
        ChartError: no points, or a text that does not fit.
    """
    if not points:
        raise ChartError("趋势图没有任何一期")
    sheet = Canvas(_BASE_MM + 7.0 + 4 * _ROW_MM + 2.0)
    wide = (_RIGHT_MM - _LEFT_MM) / len(points)
    xs = [_LEFT_MM + wide * (j + 0.5) for j in range(len(points))]
    series = _all_series(points, whole)
    columns = _columns(points, xs, wide)
    cell = max(wide, _NARROWEST_MM)
    _frame(sheet, points, columns, cell)
    _band(sheet, series[0], series[2], xs)
    for line in (series[3], series[2], series[0], series[1]):
        _line(sheet, line, xs)
    _end_labels(sheet, series, xs)
    _table(sheet, series, columns, cell)
    return sheet.png()


def _all_series(points: Sequence[TrendPoint], whole: str) -> list[_Series]:
    """Return the four lines, in the order of the table."""
    unnamed = [None] * len(points)
    highest, lowest = [point.highest_name for point in points], [point.lowest_name for point in points]
    return [
        _Series("最高", _STEEL, 1.2, _square, [point.highest_pct for point in points], highest),
        _Series(whole, NAVY, 2.4, _disc, [point.province_pct for point in points], unnamed),
        _Series("最低", _GREY, 1.2, _triangle, [point.lowest_pct for point in points], lowest),
        _Series("序时进度", RED, 1.0, None, [point.pace_pct for point in points], unnamed),
    ]


def _square(x: float, y: float) -> list[Point]:
    return [(x - 0.9, y - 0.9), (x + 0.9, y - 0.9), (x + 0.9, y + 0.9), (x - 0.9, y + 0.9)]


def _disc(x: float, y: float) -> list[Point]:
    return disc(x, y, 1.2)


def _triangle(x: float, y: float) -> list[Point]:
    return [(x, y - 1.15), (x + 1.15, y + 0.9), (x - 1.15, y + 0.9)]


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


def _runs(values: Sequence[float | None], xs: Sequence[float]) -> list[list[Point]]:
    """Return the points of a series, broken where a period has none."""
    pairs = zip(xs, values, strict=True)
    runs = (list(run) for known, run in groupby(pairs, key=lambda pair: pair[1] is not None) if known)
    return [[(x, _y(value)) for x, value in run if value is not None] for run in runs]


def _band(sheet: Canvas, upper: _Series, lower: _Series, xs: Sequence[float]) -> None:
    """Tint the range between the highest and the lowest prefecture."""
    tops, floors = _runs(upper.values, xs), _runs(lower.values, xs)
    shapes = [top + floor[::-1] for top, floor in zip(tops, floors, strict=False) if len(top) == len(floor) > 1]
    sheet.polygons(shapes, "#EEF3F9")


def _line(sheet: Canvas, series: _Series, xs: Sequence[float]) -> None:
    """Draw one series; the pace is dashed and has no markers."""
    runs = _runs(series.values, xs)
    dashes = (3.5, 2.0) if series.marker is None else None
    sheet.lines(runs, series.colour, series.width_pt, dashes=dashes, cap="butt" if dashes else "round")
    if series.marker is not None:
        marks = [series.marker(x, y) for run in runs for x, y in run]
        sheet.polygons(marks, series.colour, edge=WHITE, edge_pt=0.7)


def _end_labels(sheet: Canvas, series: Sequence[_Series], xs: Sequence[float]) -> None:
    """Write the name of each line at its end, clear of the others and of the pace.

    Where there is no room the names are left out: the table's row heads tell the lines apart.
    """
    pace = [point for run in _runs(series[3].values, xs) for point in run]
    ends = [(run[-1][-1], line) for line in series if (run := _runs(line.values, xs))]
    room = WIDTH_MM - 2.2 - max(width_mm(line.name[:2], SMALL_PT) for line in series)
    for x in sorted({end[0] for end, _ in ends if end[0] <= room}):
        here = sorted([(end[1], line) for end, line in ends if end[0] == x], key=lambda pair: pair[0])
        heights = _stacked([(y, *_clear_of(pace, x, y)) for y, _ in here])
        for y, (_, line) in zip(heights, here, strict=False):
            colour = MUTED if line.colour == _GREY else line.colour
            sheet.text(x + 2.2, y, line.name[:2], size=SMALL_PT, colour=colour, halo=True)


def _clear_of(pace: Sequence[Point], x: float, y: float) -> tuple[float, float]:
    """Return the least and greatest height in mm at which a label right of a point misses the rising pace."""
    top, bottom = _TOP_MM - 2.0, _BASE_MM - 1.4
    if x >= pace[-1][0]:
        return top, bottom
    above, below = _height_at(pace, x + 8.0) - 1.5, _height_at(pace, x + 2.0) + 1.5
    return (top, above) if y - above < below - y else (below, bottom)


def _stacked(wanted: Sequence[tuple[float, float, float]]) -> list[float]:
    """Move labels given from top to bottom as (height, least, greatest) 2.7 mm apart; [] when they do not fit."""
    gap = 2.7
    heights: list[float] = []
    for y, least, _ in wanted:
        heights.append(max(y, least, heights[-1] + gap if heights else least))
    for i in range(len(heights) - 1, -1, -1):
        heights[i] = min(heights[i], wanted[i][2], heights[i + 1] - gap if i + 1 < len(heights) else wanted[i][2])
    fits = all(y >= least - 1e-9 for y, (_, least, _) in zip(heights, wanted, strict=True))
    return heights if fits else []


def _height_at(path: Sequence[Point], x: float) -> float:
    """Return the height of a path at ``x``, in mm."""
    for (x0, y0), (x1, y1) in pairwise(path):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return path[-1][1]


def _table(sheet: Canvas, series: Sequence[_Series], columns: Sequence[tuple[int, float]], wide: float) -> None:
    """Write the figures under the periods; row heads repeat the lines, so the table is the key as well."""
    top = _BASE_MM + 7.0
    sheet.lines([((1.0, top + _ROW_MM * i), (_RIGHT_MM, top + _ROW_MM * i)) for i in range(5)], RULE, 0.5)
    for i, line in enumerate(series):
        y = top + _ROW_MM * (i + 0.5)
        _row_head(sheet, line, y)
        for j, x in columns:
            text, size = _entry(line, j, wide - 1.0)
            quiet = _GREY if line.values[j] is None else INK
            sheet.text(x, y, text, size=size, align="center", colour=quiet if line.marker else RED)


def _entry(line: _Series, period: int, room: float) -> tuple[str, float]:
    """Return a figure, after the name it belongs to, and its size; a long name is shortened, a figure never.

    A period without a figure is 未计入 when a later one has one, and — otherwise, for it may be yet to come.
    """
    value, name = line.values[period], line.named[period]
    if value is None:
        return "未计入" if any(later is not None for later in line.values[period:]) else "—", SMALL_PT
    figure = rounded(value, 1)
    if not name:
        return figure, SMALL_PT
    short, size = fitted(name, room - width_mm(f" {figure}", SMALL_PT), SMALL_PT)
    return f"{short} {figure}", size


def _row_head(sheet: Canvas, line: _Series, y: float) -> None:
    """Write a row's name after a sample of its line."""
    sheet.lines([((1.0, y), (6.0, y))], line.colour, line.width_pt, dashes=None if line.marker else (3.5, 2.0))
    if line.marker is not None:
        sheet.polygons([line.marker(3.5, y)], line.colour, edge=WHITE, edge_pt=0.7)
    sheet.text(7.2, y, line.name, size=SMALL_PT)


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
