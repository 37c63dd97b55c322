"""Quantities against their targets, with what is due by the end of the period."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import partial
from typing import TYPE_CHECKING

from pipeline.products.drawing.bar_table import COVERAGE, FOOT_MM, RIGHT_MM, UNCOUNTED, bar_table, quantity
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
    label_room,
    plain,
    row_pitch,
    sentence,
)
from pipeline.products.pictures.registry import PictureKind, overall, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Total
    from pipeline.products.drawing.bar_table import BarTable
    from pipeline.products.drawing.parts import Canvas
    from pipeline.products.pictures.registry import Parts

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
    done = [quantity(row.actual) if row.reported else "—" for row in rows]
    targets = [f"{quantity(row.full_target)}{row.unit}" for row in rows]
    verdicts = [_verdict(row) for row in rows]
    verdict = RIGHT_MM - width_mm(COVERAGE, SMALL_PT) - 4.5
    slash = verdict - label_room([text for text, _ in verdicts], least=width_mm("对照序时", SMALL_PT)) - 6.0
    slash -= label_room(targets, least=9.0)
    table = bar_table(len(rows), names + 2.5, slash - 6.0 - label_room(done, least=9.0), _TOP_MM, pitch)
    _bars(table, rows)
    table.labels(table.left - 1.5, [row.label for row in rows], table.left - 3.5, align="right", most=1)
    table.column(slash - 1.5, "完成", ((text, INK) for text in done))
    table.column(slash, "", [("/", MUTED)] * len(rows), "center")
    table.column(slash + 1.5, "目标", ((text, INK) for text in targets), "left")
    table.column(verdict, "对照序时", verdicts)
    table.coverage(rows)
    _key(table, rows, unit)
    return table.sheet.png()


def _bars(table: BarTable, rows: Sequence[BulletRow]) -> None:
    """Draw tracks, bars and the marks of what is due."""
    sheet = table.sheet
    sheet.boxes([table.bar(i, 100, 0.62) for i, row in enumerate(rows) if row.reported], TRACK)
    sheet.hatched([table.bar(i, 100, 0.62) for i, row in enumerate(rows) if not row.reported])
    table.scale()
    shown = [(i, row) for i, row in enumerate(rows) if row.reported]
    bars = [table.bar(i, row.actual / row.full_target * 100, 0.4) for i, row in shown]
    sheet.boxes(bars, [NAVY if row.actual >= row.required else PALE for _, row in shown] or NAVY)
    _overruns(sheet, [(table.right, table.y(i)) for i, row in shown if row.actual > row.full_target])
    places = [(table.x(row.required / row.full_target * 100), table.y(i)) for i, row in shown]
    _due_marks(sheet, places, table.pitch * 0.36)


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


def _verdict(row: BulletRow) -> tuple[str, str]:
    """Return 达到序时, 差 N or 未计入, and its colour; N is never rounded down to nothing."""
    if not row.reported:
        return UNCOUNTED, MUTED
    short = Decimal(repr(float(row.required))) - Decimal(repr(float(row.actual)))
    if short <= 0:
        return "达到序时", INK
    counted = float(row.actual).is_integer() and float(row.full_target).is_integer()
    step = Decimal(1) if counted else Decimal("0.01")
    return f"差 {quantity(float(short.quantize(step, ROUND_CEILING)))}", RED


def _key(table: BarTable, rows: Sequence[BulletRow], unit: str) -> None:
    """Explain the marks in one line under the scale."""
    x, y = table.explain(table.left, "占目标（%）"), table.key_y
    if any(row.reported for row in rows):
        _due_marks(table.sheet, [(x + 1, y + 0.1)], 1.3)
        x = table.explain(x + 3, "本期应达")
    if any(row.reported and row.actual > row.full_target for row in rows):
        _overruns(table.sheet, [(x, y)])
        x = table.explain(x + 3, "超过目标")
    if any(not row.reported for row in rows):
        table.hatch(x)
    if any(0 < row.reported < row.roster for row in rows):
        table.note(f"目标和应达数按已报的{unit}计")


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
    chosen = sorted(counts, key=lambda t: (_share(t), t.quantity.code))[:_MOST_ROWS]
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
