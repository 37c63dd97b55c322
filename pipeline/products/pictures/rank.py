"""Prefectures by completion against the whole: who is further from it than chance explains, the period before, who reported."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.measures.chance import Band
from pipeline.measures.completion import change_pp, left_out
from pipeline.products.drawing.bar_table import FOOT_MM, RIGHT_MM, UNCOUNTED, bar_table
from pipeline.products.drawing.fonts import width_mm
from pipeline.products.drawing.parts import (
    BODY_PT,
    INK,
    MIST,
    MUTED,
    NAVY,
    PALE,
    SMALL_PT,
    WHITE,
    Box,
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
_NAMES_MM = 11.5
MOST_RANKS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """One bar.

    Attributes:
        name: Short name of the prefecture.
        band: Where it stands among the others; None where too few of its counties reported, or none.
        completion_pct: Completion, 0–100; None when nobody reported.
        change_pp: Change on the period before, in percentage points; None when either is missing.
        previous_pct: Completion in the period before; None when there is none.
        low_pct: Below it is less than chance explains for its size; ``high_pct``: above it more.
        reported: Counties that reported.
        roster: Counties that should have.
    """

    name: str
    band: Band | None
    completion_pct: float | None
    change_pp: float | None
    previous_pct: float | None
    low_pct: float | None
    high_pct: float | None
    reported: int
    roster: int

    @property
    def apart(self) -> bool:
        """Whether it is further from the whole than chance explains."""
        return self.band is not None and self.band is not Band.MIDDLE


@plain
def ranking(rows: Sequence[RankRow], whole: str, whole_pct: float | None, seen: str = "") -> bytes:
    """Draw prefectures by completion, in the order given, against the whole and the limits of chance.

    Args:
        rows: One for each prefecture; those without a figure come last and are hatched.
        whole: What all together are called: 全省.
        whole_pct: Their completion, 0–100; None draws no line.
        seen: What is to be seen, at the end of the key where there is room for it; may be empty.

    Raises:
        ChartError: no rows, too many rows, or a text that does not fit.
    """
    pitch = row_pitch(len(rows), _TOP_MM + FOOT_MM, widest=6.2)
    names = label_room([row.name for row in rows], most=34.0)
    compared = any(row.change_pp is not None for row in rows)
    table = bar_table(len(rows), _NAMES_MM + names + 14.0, 121.0 if compared else 136.0, _TOP_MM, pitch)
    _ranges(table, rows)
    table.scale()
    _bars(table, rows)
    if whole_pct is not None:
        _whole_line(table, whole, whole_pct)
    table.column(1.0, "位次", ((row.band or "—", INK if row.apart else MUTED) for row in rows), "left")
    table.labels(_NAMES_MM, [row.name for row in rows], names)
    table.column(table.left - 2, "完成率\n（%）", (_figure(row.completion_pct) for row in rows))
    if compared:  # as in no first period
        table.column(137.5, "比上期\n（百分点）", ((_signed(row.change_pp), _ink(row.change_pp)) for row in rows))
    table.coverage(rows)
    _key(table, rows, seen)
    return table.sheet.png()


def _figure(pct: float | None) -> tuple[str, str]:
    return UNCOUNTED if pct is None else one_decimal(pct), _ink(pct)


def _ink(figure: float | None) -> str:
    return MUTED if figure is None else INK


def _ranges(table: BarTable, rows: Sequence[RankRow]) -> None:
    """Tint from the lowest to the highest figure that chance explains for a prefecture of this size."""
    limits = [(i, row.low_pct, row.high_pct) for i, row in enumerate(rows) if row.band is not None]
    boxes = [
        Box(table.x(low), table.y(i) - table.pitch * 0.46, table.x(high) - table.x(low), table.pitch * 0.92)
        for i, low, high in limits
        if low is not None and high is not None
    ]
    table.sheet.boxes(boxes, MIST)


def _bars(table: BarTable, rows: Sequence[RankRow]) -> None:
    """Draw the bars, dark outside the limits of chance, empty where too few reported, and the ticks of the period before."""
    shown = [(i, row) for i, row in enumerate(rows) if row.completion_pct is not None]
    table.sheet.hatched([table.bar(i, 100, 0.62) for i, row in enumerate(rows) if row.completion_pct is None])
    for fill, edge, some in (
        (NAVY, "none", [i for i, row in shown if row.apart]),
        (PALE, "none", [i for i, row in shown if row.band is Band.MIDDLE]),
        (WHITE, PALE, [i for i, row in shown if row.band is None]),
    ):
        table.sheet.boxes(
            [table.bar(i, rows[i].completion_pct or 0.0, 0.5) for i in some], fill, edge=edge, edge_pt=0.8
        )
    reach = table.pitch * 0.36
    before = [(table.x(row.previous_pct), table.y(i)) for i, row in shown if row.previous_pct is not None]
    ticks = [((x, y - reach), (x, y + reach)) for x, y in before]
    table.sheet.lines(ticks, WHITE, 2.6)
    table.sheet.lines(ticks, INK, 1.0)


def _whole_line(table: BarTable, whole: str, pct: float) -> None:
    """Draw the figure of the whole across all bars, with its figure above."""
    x = table.x(pct)
    line = [((x, table.top - 1.2), (x, table.bottom))]
    table.sheet.lines(line, WHITE, 2.2)
    table.sheet.lines(line, INK, 1.1, dashes=(3.5, 2.0))
    label = f"{whole} {one_decimal(pct)}%"
    half = width_mm(label, BODY_PT) / 2
    table.sheet.text(min(max(x, table.left + half), table.right - half), table.top - 3.4, label, align="center")


def _signed(change_pp: float | None) -> str:
    if change_pp is None:
        return "—"
    text = rounded(change_pp, 1)
    if text == "0.0":
        return text
    return f"–{text[1:]}" if text.startswith("-") else f"+{text}"


def _key(table: BarTable, rows: Sequence[RankRow], seen: str) -> None:
    """Explain the marks that occur, in one line under the scale."""
    x, y = 1.0, table.key_y
    shown = [row for row in rows if row.completion_pct is not None]
    if any(row.band is not None for row in shown):
        x = table.swatch(x, "正常波动范围", MIST, tall=3.4)
    x = table.swatch(x, "超出正常波动", NAVY) if any(row.apart for row in shown) else x
    x = table.swatch(x, "未超出", PALE) if any(row.band is Band.MIDDLE for row in shown) else x
    x = table.swatch(x, "不列位次", WHITE, PALE) if any(row.band is None for row in shown) else x
    if any(row.previous_pct is not None for row in shown):
        table.sheet.lines([((x + 0.6, y - 1.5), (x + 0.6, y + 1.5))], INK, 1.0)
        x = table.explain(x + 2, "上期")
    if len(shown) < len(rows):
        table.hatch(x)
        x += 5 + width_mm(UNCOUNTED, SMALL_PT) + 4
    if x + width_mm(seen, SMALL_PT) <= RIGHT_MM:
        table.note(seen)


def _drawings(m: PeriodMeasures) -> Parts:
    rows = []
    for p in m.prefecture_order:
        done, mine = m.now.by_prefecture[p.code], m.bands.get(p.code)
        before = m.before.by_prefecture[p.code] if m.before else None
        # a figure that was judged otherwise is no mark to set beside this one
        earlier = before.pct if before and not left_out(done, before) else None
        rows.append(
            RankRow(
                name=p.short_name,
                band=mine.band if mine else None,
                completion_pct=done.pct,
                change_pp=change_pp(done, before),
                previous_pct=earlier,
                low_pct=mine.low_pct if mine else None,
                high_pct=mine.high_pct if mine else None,
                reported=done.reported,
                roster=done.roster,
            )
        )
    rows.sort(
        key=lambda row: row.completion_pct is None
    )  # after those of which too few reported, those of which nobody did
    return [
        (of, partial(ranking, some, m.program.words.whole, m.now.province.pct, _seen(m)))
        for of, some in spans(rows, MOST_RANKS, attrgetter("name"))
    ]


def _words(m: PeriodMeasures) -> str:
    """Who is further from the whole than chance explains; who leads by less is nobody's news."""
    seen = _seen(m)
    return f"{seen}；{overall(m)}" if seen else overall(m)


def _seen(m: PeriodMeasures) -> str:
    """The same, in short; empty where nobody can be compared."""
    if not m.bands:
        return ""
    apart = [
        f"{band}的{'、'.join(names)}"
        for band in (Band.AHEAD, Band.LAST)
        if (names := [p.short_name for p in m.prefecture_order if m.bands.get(p.code) and m.bands[p.code].band is band])
    ]
    return "；".join(apart) or f"各{m.program.words.respondent}差异不超出正常波动"


PICTURE = PictureKind(
    name="rank",
    number=1,
    title="各州（市）完成率",
    drawings=_drawings,
    words=_words,
    shows="各州（市）完成率，与全省的完成率（虚线）比；分居前、居中、居后三段，段内按方案的顺序；没有报送的排在最后。",
    reading="浅色底是正常波动范围：全省的县不分州（市），任取同样多个县，完成率也会在这个范围里上下；只有超出它的才画深色，列为居前或居后，"
    "范围内的高低不说明问题。已报的县太少、没有报的县使高低不能判断的，不列位次，画空框。短竖线是上期完成率；“比上期”只比两期都报了的县。第一期没有上期，“比上期”一列不出现。",
)
