"""Quantities: the sum against the target, and how many counties meet theirs, or are behind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.measures.progress import Pace
from pipeline.products.coverage import carried_note
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
from pipeline.products.pictures.registry import PictureKind, known_of, spans, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Total
    from pipeline.products.drawing.bar_table import BarTable
    from pipeline.products.drawing.parts import Canvas
    from pipeline.products.pictures.registry import Parts

_TOP_MM = 6.0
_MOST_ROWS = 20
_GAP_MM = 5.0
_MET, _BEHIND = "达标县", "落后县"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletRow:
    """One quantity against its target, over the counties of which it is known.

    Attributes:
        label: What is counted.
        unit: Unit of the sums, such as 人次.
        actual: Sum of the last known values.
        full_target: Target of the whole campaign for the same counties, above zero.
        required: What the expected path asks of them by the end of this period; None while nothing is due.
        met: Counties that meet the target.
        applicable: Counties it applies to and that ever gave a value; 0 draws the bar as 未计入, whatever ``actual`` says.
        behind: Counties that reported and are behind the expected path.
        reported: Counties that reported this period.
        roster: Counties that should have.
    """

    label: str
    unit: str
    actual: float
    full_target: float
    required: float | None
    met: int
    applicable: int
    behind: int
    reported: int
    roster: int


@plain
def target_vs_actual(rows: Sequence[BulletRow], unit: str, note: str = "") -> bytes:
    """Draw quantities as a share of their full targets, beside how many counties meet theirs and how many are behind.

    A bar ends at 100 % however far a target is exceeded; the figures beside it say by how much. A full bar is no promise
    that all have met it: whether any is behind is its colour.

    Args:
        rows: Up to 20 quantities.
        unit: What reports: 县.
        note: What stands at the end of the key: of how many the figures are those said before; may be empty.

    Raises:
        ChartError: no rows, more than 20, a target that is not above zero, or a text that does not fit.
    """
    if len(rows) > _MOST_ROWS:
        raise ChartError(f"目标对照图最多 {_MOST_ROWS} 行，现有 {len(rows)} 行")
    for row in rows:
        if not row.full_target > 0:
            raise ChartError(f"“{row.label}”的目标数应大于零：{row.full_target}")
    pitch = row_pitch(len(rows), _TOP_MM + FOOT_MM, widest=8.0)
    names = label_room([row.label for row in rows], most=50.0)
    done = [quantity(row.actual) if row.applicable else "—" for row in rows]
    targets = [f"{quantity(row.full_target)}{row.unit}" for row in rows]
    met, behind = ([of(row) for row in rows] for of in (_met, _behind))
    heads = [name.replace("县", unit) for name in (_MET, _BEHIND)]
    right = RIGHT_MM - width_mm(COVERAGE, SMALL_PT) - _GAP_MM
    left = right - _room(heads[1], behind) - _GAP_MM
    slash = left - _room(heads[0], met) - _GAP_MM - label_room(targets, least=9.0)
    table = bar_table(len(rows), names + 2.5, slash - 6.0 - label_room(done, least=9.0), _TOP_MM, pitch)
    _bars(table, rows)
    table.labels(table.left - 1.5, [row.label for row in rows], table.left - 3.5, align="right", most=1)
    table.column(slash - 1.5, "合计完成", ((text, INK) for text in done))
    table.column(slash, "", [("/", MUTED)] * len(rows), "center")
    table.column(slash + 1.5, "目标", ((text, INK) for text in targets), "left")
    table.column(left, heads[0], met)
    table.column(right, heads[1], behind)
    table.coverage(rows)
    _key(table, rows, unit, note)
    return table.sheet.png()


def _room(head: str, cells: Sequence[tuple[str, str]]) -> float:
    return label_room([text for text, _ in cells], least=width_mm(head, SMALL_PT))


def _bars(table: BarTable, rows: Sequence[BulletRow]) -> None:
    """Draw tracks, bars and the marks of what is due."""
    sheet = table.sheet
    sheet.boxes([table.bar(i, 100, 0.62) for i, row in enumerate(rows) if row.applicable], TRACK)
    sheet.hatched([table.bar(i, 100, 0.62) for i, row in enumerate(rows) if not row.applicable])
    table.scale()
    shown = [(i, row) for i, row in enumerate(rows) if row.applicable]
    bars = [table.bar(i, row.actual / row.full_target * 100, 0.4) for i, row in shown]
    sheet.boxes(bars, [PALE if row.behind else NAVY for _, row in shown] or NAVY)
    _overruns(sheet, [(table.right, table.y(i)) for i, row in shown if row.actual > row.full_target])
    places = [
        (table.x(row.required / row.full_target * 100), table.y(i)) for i, row in shown if row.required is not None
    ]
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


def _met(row: BulletRow) -> tuple[str, str]:
    """Counties that meet it, of those of which it is known."""
    return (f"{row.met}/{row.applicable}", INK) if row.applicable else (UNCOUNTED, MUTED)


def _behind(row: BulletRow) -> tuple[str, str]:
    """Counties that are behind; 未到期 while the notice asks for nothing yet."""
    if not row.applicable:
        return "—", MUTED
    if row.required is None:
        return "未到期", MUTED
    return f"{row.behind}", RED if row.behind else INK


def _key(table: BarTable, rows: Sequence[BulletRow], unit: str, note: str) -> None:
    """Explain the marks in one line under the scale."""
    x, y = 1.0, table.key_y
    shown = [row for row in rows if row.applicable]
    if any(not row.behind for row in shown):
        x = table.swatch(x, f"没有{unit}落后", NAVY)
    if any(row.behind for row in shown):
        x = table.swatch(x, f"有{unit}落后", PALE)
    if any(row.required is not None for row in shown):
        _due_marks(table.sheet, [(x + 1, y + 0.1)], 1.3)
        x = table.explain(x + 3, "本期应达")
    if any(row.actual > row.full_target for row in shown):
        _overruns(table.sheet, [(x, y)])
        x = table.explain(x + 3, "超过目标")
    if len(shown) < len(rows):
        table.hatch(x)
    table.note("，".join(one for one in ("条形为占目标的百分比", note) if one))


def _drawings(m: PeriodMeasures) -> Parts:
    rows = [_bullet(t) for t in _counts(m)]
    if not rows:
        return whole(partial(sentence, "本期没有可列的量化任务"))
    return [
        (of, partial(target_vs_actual, some, m.program.words.row, carried_note(m)))
        for of, some in spans(rows, _MOST_ROWS, attrgetter("label"))
    ]


def _counts(m: PeriodMeasures) -> list[Total]:
    """The count targets that have begun."""
    return [
        t
        for t in m.totals
        if t.full_target is not None
        and not t.quantity.is_rate
        and t.quantity.target
        and t.quantity.target.kind == "at_least"
        and t.quantity.window.start <= m.period.end
    ]


def _bullet(t: Total) -> BulletRow:
    threshold = float(t.quantity.target.threshold) if t.quantity.target else 0.0
    counties = t.applicable or t.roster  # nobody ever reported: the scale is the roster's, the bar is hatched
    return BulletRow(
        label=t.quantity.title,
        unit=t.quantity.unit,
        actual=t.actual or 0.0,
        full_target=threshold * counties,
        required=None if t.required is None else float(math.ceil(t.required)),
        met=t.met,
        applicable=t.applicable,
        behind=t.paces.get(Pace.BEHIND, 0),
        reported=t.known - t.carried,
        roster=t.roster,
    )


def _words(m: PeriodMeasures) -> str:
    counts, row = _counts(m), m.program.words.row
    due, behind = (
        sum(map(of, counts)) for of in (lambda t: t.required is not None, lambda t: bool(t.paces.get(Pace.BEHIND)))
    )
    said = f"其中到期或应有进度的{due}项，有{row}落后的{behind}项" if due else "到本期末都没有到期"
    return f"量化任务{len(counts)}项，{said}，{known_of(m)}"


PICTURE = PictureKind(
    name="bullet",
    number=4,
    title="重点量化任务完成情况",
    drawings=_drawings,
    words=_words,
    shows="有数量目标的任务：合计完成数和目标数，达标县和落后县各有多少。",
    reading="条形是合计占目标的百分比，箭头表示合计已超过目标；合计够了不等于各县都达标，请看右边的“达标县”（占有数的县）和“落后县”。"
    "浅色条有县落后，深色条没有。红色标记是按方案的时限到本期末应达到的数，没有标记的还没有到期；落后只说本期报了的县。"
    "本期没有报的县沿用上次的数，不作0计。",
)
