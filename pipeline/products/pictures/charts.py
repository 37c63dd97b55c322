"""The pictures of our documents, as PNG bytes 156 mm wide: the one place other modules import them from.

    ranking             prefectures by completion           chart_ranking
    target_vs_actual    quantities against their targets    chart_targets
    heatmap             prefectures by action               chart_grids
    timeliness          returns in time, late, overdue      chart_grids
    trend               completion by period                chart_trend
    tile_map            counties on a schematic grid        chart_tiles
    money               funding lines: plan, arrived, spent chart_money
    stacks              problems by age, milestones         chart_stacks
    calendar            what is owed, by month              chart_calendar
    answers             shares of yes, and sums             chart_answers
    sentence            words where nothing is to be drawn  chart_parts

Percentages are floats 0–100; None means nobody reported, is drawn hatched, and is never a zero. The same values
give the same bytes. A text that is cut off, overlaps another or lacks a glyph raises, so no such picture is saved.
"""

from pipeline.products.pictures.chart_answers import MOST_COUNTS, MOST_SHARES, CountCell, ShareRow, answers
from pipeline.products.pictures.chart_calendar import CalendarRow, Due, calendar
from pipeline.products.pictures.chart_grids import (
    MOST_GRID_COLUMNS,
    MOST_GRID_ROWS,
    MOST_MARKS,
    TimelinessRow,
    heatmap,
    timeliness,
)
from pipeline.products.pictures.chart_money import MOST_LINES, MoneyRow, money
from pipeline.products.pictures.chart_parts import divided, sentence
from pipeline.products.pictures.chart_ranking import MOST_RANKS, RankRow, ranking
from pipeline.products.pictures.chart_stacks import MOST_ROWS, StackGroup, StackPart, StackRow, stacks
from pipeline.products.pictures.chart_targets import BulletRow, target_vs_actual
from pipeline.products.pictures.chart_tiles import Tile, tile_map, windows
from pipeline.products.pictures.chart_trend import TrendPoint, trend
from pipeline.products.pictures.fonts import ChartError, GlyphError

__all__ = [
    "MOST_COUNTS",
    "MOST_GRID_COLUMNS",
    "MOST_GRID_ROWS",
    "MOST_LINES",
    "MOST_MARKS",
    "MOST_RANKS",
    "MOST_ROWS",
    "MOST_SHARES",
    "BulletRow",
    "CalendarRow",
    "ChartError",
    "CountCell",
    "Due",
    "GlyphError",
    "MoneyRow",
    "RankRow",
    "ShareRow",
    "StackGroup",
    "StackPart",
    "StackRow",
    "Tile",
    "TimelinessRow",
    "TrendPoint",
    "answers",
    "calendar",
    "divided",
    "heatmap",
    "money",
    "ranking",
    "sentence",
    "stacks",
    "target_vs_actual",
    "tile_map",
    "timeliness",
    "trend",
    "windows",
]
