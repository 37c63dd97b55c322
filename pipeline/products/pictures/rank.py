"""Prefectures in order of completion, with the pace, the period before, and who reported."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.measures.progress import change_pp, left_out
from pipeline.products.drawing.bar_table import FOOT_MM, UNCOUNTED, bar_table
from pipeline.products.drawing.fonts import width_mm
from pipeline.products.drawing.parts import (
    BODY_PT,
    INK,
    MUTED,
    NAVY,
    PALE,
    RED,
    WHITE,
    label_room,
    plain,
    rounded,
    row_pitch,
)
from pipeline.products.pictures.registry import PictureKind, overall, spans
from pipeline.products.wording import one_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.drawing.bar_table import BarTable
    from pipeline.products.pictures.registry import Parts

_TOP_MM = 9.0
MOST_RANKS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """One bar of the ranking.

    Attributes:
        rank: Place, ties sharing one; None when not ranked.
        name: Short name of the prefecture.
        completion_pct: Completion, 0–100; None when nobody reported.
        change_pp: Change on the period before, in percentage points; None when either is missing.
        previous_pct: Completion in the period before; None when there is none.
        reported: Counties that reported.
        roster: Counties that should have.
    """

    rank: int | None
    name: str
    completion_pct: float | None
    change_pp: float | None
    previous_pct: float | None
    reported: int
    roster: int


@plain
def ranking(rows: Sequence[RankRow], *, pace_pct: float | None) -> bytes:
    """Draw prefectures by completion, in the order given.

    Args:
        rows: One for each prefecture; those without a figure come last and are hatched.
        pace_pct: Where the calendar says completion should stand, 0–100; None draws no line.

    Raises:
        ChartError: no rows, too many rows, or a text that does not fit.
    """
    pitch = row_pitch(len(rows), _TOP_MM + FOOT_MM, widest=6.2)
    names = label_room([row.name for row in rows], most=34.0)
    compared = any(row.change_pp is not None for row in rows)
    table = bar_table(len(rows), names + 22.0, 121.0 if compared else 136.0, _TOP_MM, pitch)
    table.scale()
    _bars(table, rows, pace_pct)
    if pace_pct is not None:
        _pace_line(table, pace_pct)
    table.column(5.0, "", (("—" if row.rank is None else str(row.rank), MUTED) for row in rows))
    table.labels(7.0, [row.name for row in rows], names)
    table.column(table.left - 2, "完成率\n（%）", (_figure(row.completion_pct) for row in rows))
    if compared:  # as in no first period
        table.column(137.5, "比上期\n（百分点）", ((_signed(row.change_pp), _ink(row.change_pp)) for row in rows))
    table.coverage(rows)
    _key(table, rows, pace_pct)
    return table.sheet.png()


def _figure(pct: float | None) -> tuple[str, str]:
    return UNCOUNTED if pct is None else rounded(pct, 1), _ink(pct)


def _ink(figure: float | None) -> str:
    return MUTED if figure is None else INK


def _bars(table: BarTable, rows: Sequence[RankRow], pace_pct: float | None) -> None:
    """Draw the bars, dark where the pace is kept, and the ticks of the period before."""
    shown = [(i, row.completion_pct) for i, row in enumerate(rows) if row.completion_pct is not None]
    table.sheet.hatched([table.bar(i, 100, 0.62) for i, row in enumerate(rows) if row.completion_pct is None])
    bars = [table.bar(i, pct, 0.66) for i, pct in shown]
    table.sheet.boxes(bars, [NAVY if pace_pct is None or pct >= pace_pct else PALE for _, pct in shown] or NAVY)
    reach = table.pitch * 0.39
    before = [
        (table.x(row.previous_pct), table.y(i))
        for i, row in enumerate(rows)
        if row.previous_pct is not None and row.completion_pct is not None
    ]
    ticks = [((x, y - reach), (x, y + reach)) for x, y in before]
    table.sheet.lines(ticks, WHITE, 2.6)
    table.sheet.lines(ticks, INK, 1.0)


def _pace_line(table: BarTable, pace_pct: float) -> None:
    """Draw the pace across all bars, with its figure above."""
    x = table.x(pace_pct)
    line = [((x, table.top - 1.2), (x, table.bottom))]
    table.sheet.lines(line, WHITE, 2.2)
    table.sheet.lines(line, RED, 1.1, dashes=(3.5, 2.0))
    label = f"序时进度 {_short(pace_pct)}%"
    half = width_mm(label, BODY_PT) / 2
    table.sheet.text(
        min(max(x, table.left + half), table.right - half), table.top - 3.4, label, align="center", colour=RED
    )


def _short(pct: float) -> str:
    return rounded(pct, 1).removesuffix(".0")


def _signed(change_pp: float | None) -> str:
    if change_pp is None:
        return "—"
    text = rounded(change_pp, 1)
    if text == "0.0":
        return text
    return f"–{text[1:]}" if text.startswith("-") else f"+{text}"


def _key(table: BarTable, rows: Sequence[RankRow], pace_pct: float | None) -> None:
    """Explain the marks that occur, in one line under the scale."""
    x, y = table.left, table.key_y
    shown = [row for row in rows if row.completion_pct is not None]
    if pace_pct is not None:
        kept = [row for row in shown if (row.completion_pct or 0.0) >= pace_pct]
        x = table.swatch(x, "达到序时", NAVY) if kept else x
        x = table.swatch(x, "未达序时", PALE) if len(kept) < len(shown) else x
    if any(row.previous_pct is not None for row in shown):
        table.sheet.lines([((x + 0.6, y - 1.5), (x + 0.6, y + 1.5))], INK, 1.0)
        x = table.explain(x + 2, "上期")
    if len(shown) < len(rows):
        table.hatch(x)


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
