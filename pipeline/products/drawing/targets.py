"""Quantities against their targets, with what is due by the end of the period."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.drawing.bars import FOOT_MM, RIGHT_MM, BarPlot, draw_scale, key_hatch, key_text
from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    INK,
    MUTED,
    NAVY,
    PALE,
    RED,
    SMALL_PT,
    TRACK,
    WHITE,
    Canvas,
    fitted,
    label_room,
    plain,
    rounded,
    row_pitch,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOP_MM = 6.0
_MOST_ROWS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletRow:
    """One quantity against its target.

    Attributes:
        label: What is counted.
        unit: Unit of the three figures, such as 人次.
        actual: Sum over those that reported.
        full_target: Target of the whole campaign, above zero.
        required: Due by the end of this period.
        reported: Counties that reported; 0 draws the bar as 未计入, whatever ``actual`` says.
        roster: Counties that should have.
    """

    label: str
    unit: str
    actual: float
    full_target: float
    required: float
    reported: int
    roster: int


@plain
def target_vs_actual(rows: Sequence[BulletRow], unit: str) -> bytes:
    """Draw quantities as a share of their full targets, with what is due by now.

    A bar ends at 100 % however far a target is exceeded; the figures beside it say by how much.

    Args:
        rows: Up to 12 quantities.
        unit: What reports: 县.

    Returns:
        PNG bytes, 156 mm wide.

    Raises:
        ChartError: no rows, more than 12, a target that is not above zero, or a text that does not fit.
    """
    if len(rows) > _MOST_ROWS:
        raise ChartError(f"目标对照图最多 {_MOST_ROWS} 行，现有 {len(rows)} 行")
    for row in rows:
        if not row.full_target > 0:
            raise ChartError(f"“{row.label}”的目标数应大于零：{row.full_target}")
    pitch = row_pitch(len(rows), _TOP_MM + FOOT_MM, widest=8.0)
    names = label_room([row.label for row in rows], most=50.0)
    columns = _bullet_columns(rows)
    plot = BarPlot(names + 2.5, columns.plot_right, _TOP_MM, _TOP_MM + pitch * len(rows), pitch)
    sheet = Canvas(plot.bottom + FOOT_MM)
    _bullet_bars(sheet, plot, rows)
    _bullet_texts(sheet, plot, rows, columns)
    _bullet_key(sheet, plot, rows, unit)
    return sheet.png()


def _bullet_bars(sheet: Canvas, plot: BarPlot, rows: Sequence[BulletRow]) -> None:
    """Draw tracks, bars and the marks of what is due."""
    sheet.boxes([plot.bar(i, 100, 0.62) for i, row in enumerate(rows) if row.reported], TRACK)
    sheet.hatched([plot.bar(i, 100, 0.62) for i, row in enumerate(rows) if not row.reported])
    draw_scale(sheet, plot)
    shown = [(i, row) for i, row in enumerate(rows) if row.reported]
    bars = [plot.bar(i, row.actual / row.full_target * 100, 0.4) for i, row in shown]
    sheet.boxes(bars, [NAVY if row.actual >= row.required else PALE for _, row in shown] or NAVY)
    over = [(plot.right, plot.y(i)) for i, row in shown if row.actual > row.full_target]
    _overruns(sheet, over)
    places = [(plot.x(row.required / row.full_target * 100), plot.y(i)) for i, row in shown]
    _due_marks(sheet, places, plot.pitch * 0.36)


def _overruns(sheet: Canvas, places: Sequence[tuple[float, float]]) -> None:
    """Point beyond the scale where a bar is cut off at 100 %."""
    sheet.polygons([((x + 0.3, y - 1.15), (x + 1.8, y), (x + 0.3, y + 1.15)) for x, y in places], NAVY)


def _due_marks(sheet: Canvas, places: Sequence[tuple[float, float]], reach: float) -> None:
    """Draw the mark of what is due: a red stroke under a red wedge, so that its shape tells it in grey."""
    strokes = [((x, y - reach), (x, y + reach)) for x, y in places]
    wedges = [((x - 1.1, y - reach - 0.5), (x + 1.1, y - reach - 0.5), (x, y - reach + 1.1)) for x, y in places]
    sheet.lines(strokes, WHITE, 2.8)
    sheet.lines(strokes, RED, 1.3)
    sheet.polygons(wedges, RED, edge=WHITE, edge_pt=0.4)


class _TargetColumns(NamedTuple):
    """Where the bullet picture's columns stand: end of the bars, the slash, right edge of the verdict; in mm."""

    plot_right: float
    slash: float
    verdict: float


def _bullet_columns(rows: Sequence[BulletRow]) -> _TargetColumns:
    """Give each column the width of its longest entry and leave the rest to the bars."""
    verdict = RIGHT_MM - width_mm("已报/应报", SMALL_PT) - 4.5
    room = label_room([_verdict(row)[0] for row in rows], least=width_mm("对照序时", SMALL_PT))
    slash = verdict - room - 6.0 - label_room([_target(row) for row in rows], least=9.0)
    plot_right = slash - 6.0 - label_room([_done(row) for row in rows], least=9.0)
    return _TargetColumns(plot_right, slash, verdict)


def _bullet_texts(sheet: Canvas, plot: BarPlot, rows: Sequence[BulletRow], columns: _TargetColumns) -> None:
    """Write the labels left of the bars and four aligned columns right of them."""
    for x, title in ((columns.verdict, "对照序时"), (RIGHT_MM, "已报/应报")):
        sheet.text(x, plot.top - 2.4, title, size=SMALL_PT, align="right", colour=MUTED)
    sheet.text(columns.slash - 1.5, plot.top - 2.4, "完成", size=SMALL_PT, align="right", colour=MUTED)
    sheet.text(columns.slash + 1.5, plot.top - 2.4, "目标", size=SMALL_PT, colour=MUTED)
    for i, row in enumerate(rows):
        y = plot.y(i)
        text, size = fitted(row.label, plot.left - 3.5)
        sheet.text(plot.left - 1.5, y, text, size=size, align="right")
        sheet.text(columns.slash - 1.5, y, _done(row), align="right")
        sheet.text(columns.slash, y, "/", align="center", colour=MUTED)
        sheet.text(columns.slash + 1.5, y, _target(row))
        verdict, colour = _verdict(row)
        sheet.text(columns.verdict, y, verdict, align="right", colour=colour)
        partial = row.reported < row.roster
        sheet.text(RIGHT_MM, y, f"{row.reported}/{row.roster}", align="right", colour=INK if partial else MUTED)


def _done(row: BulletRow) -> str:
    return _quantity(row.actual) if row.reported else "—"


def _target(row: BulletRow) -> str:
    return f"{_quantity(row.full_target)}{row.unit}"


def _quantity(value: float) -> str:
    """Write a quantity with thousands separators and at most two decimals."""
    text = rounded(value, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _verdict(row: BulletRow) -> tuple[str, str]:
    """Return 达到序时, 差 N or 未计入, and its colour; N is never rounded down to nothing."""
    if not row.reported:
        return "未计入", MUTED
    short = Decimal(repr(float(row.required))) - Decimal(repr(float(row.actual)))
    if short <= 0:
        return "达到序时", INK
    counted = float(row.actual).is_integer() and float(row.full_target).is_integer()
    step = Decimal(1) if counted else Decimal("0.01")
    return f"差 {_quantity(float(short.quantize(step, ROUND_CEILING)))}", RED


def _bullet_key(sheet: Canvas, plot: BarPlot, rows: Sequence[BulletRow], unit: str) -> None:
    """Explain the marks in one line under the scale."""
    y, x = plot.bottom + 7.0, plot.left
    sheet.text(x, y, "占目标（%）", size=SMALL_PT, colour=MUTED)
    x += width_mm("占目标（%）", SMALL_PT) + 4
    if any(row.reported for row in rows):
        _due_marks(sheet, [(x + 1, y + 0.1)], 1.3)
        x = key_text(sheet, x + 3, y, "本期应达")
    if any(row.reported and row.actual > row.full_target for row in rows):
        _overruns(sheet, [(x, y)])
        x = key_text(sheet, x + 3, y, "超过目标")
    if any(not row.reported for row in rows):
        key_hatch(sheet, x, y)
    if any(0 < row.reported < row.roster for row in rows):
        sheet.text(RIGHT_MM, y, f"目标和应达数按已报的{unit}计", size=SMALL_PT, align="right", colour=MUTED)
