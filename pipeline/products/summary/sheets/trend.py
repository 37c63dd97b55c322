"""各期完成率: completion of every period so far, as it stands today, and between what it lies where some are silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.forms.style import GREY, NAVY
from pipeline.products.summary.native import NAMES, SHARES, font, framed, put_chart, series
from pipeline.products.summary.registry import FRONT, SummarySheet
from pipeline.products.summary.shares import BOUNDS, bounded, scored
from pipeline.products.summary.sheets.prefectures import APPLIES, MET, PREFECTURES, WHOLE_ROW
from pipeline.products.summary.style import FIRST_ROW, HEAD_ROW, SHARE_AS, Column
from pipeline.program.layout import address

if TYPE_CHECKING:
    from pipeline.measures.period import Scores
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given, Pen

_TREND = "各期完成率"
_COLUMNS = (
    Column("报送期", 18.0),
    Column("应报县", 9.0),
    Column("已报县", 9.0),
    Column("达标数", 10.0),
    Column("应达标数", 10.0),
    Column("完成率", 10.0),
    *BOUNDS,
)


def _write(s: Summary, pen: Pen) -> None:
    m = s.m
    pen.heading(
        f"{_TREND}（截至{m.period.title}）",
        f"完成率按当期已报的{m.program.words.row}统计，各期已报的{m.program.words.row}不尽相同；"
        f"可能最低、最高是没有报的{m.program.words.row}全不达标、全达标",
    )
    columns = s.columns(_COLUMNS)
    rows = [_row(s, row, score) for row, score in enumerate(m.scores, FIRST_ROW)]
    pen.table(columns, rows, frozen=1, head_pt=20.0, filtered=0, room=(20, 5))
    if m.now.province.reported:
        put_chart(pen.sheet, trend_chart(s), FIRST_ROW + len(m.scores) + 1, 0, 760, 380, "各期完成率折线图")


def _row(s: Summary, row: int, score: Scores) -> list[Given]:
    """A period; the figures of this one lead to the prefectures."""
    done, is_now = score.province, score.period == s.m.period
    met, applies = (f"='{s.named(PREFECTURES)}'!{address(WHOLE_ROW, of)}" if is_now else "" for of in (MET, APPLIES))
    return [
        score.period.title,
        done.roster,
        done.reported,
        *scored(row, 3, done, met, applies),
        *bounded(done),
    ]


def trend_chart(s: Summary) -> Any:
    """Completion, and between what it lies."""
    chart = s.book.add_chart({"type": "line"})
    last = FIRST_ROW + len(s.m.scores) - 1
    labels = {"data_labels": {"value": True, "position": "above", "num_format": SHARE_AS, "font": font()}}
    lines = ((5, NAVY, "solid", "circle"), (7, GREY, "dash", "none"), (8, GREY, "round_dot", "none"))
    for col, color, dash, marker in lines:
        mark = {"type": marker, "size": 7, "fill": {"color": color}, "border": {"color": color}}
        line = {"color": color, "width": 2 if color == NAVY else 1.25, "dash_type": dash}
        names, values = (FIRST_ROW, 0, last, 0), (FIRST_ROW, col, last, col)
        looks = labels if color == NAVY else {}
        series(chart, _TREND, (HEAD_ROW, col), names, values, line=line, marker=mark, **looks)
    chart.set_x_axis(NAMES)
    chart.set_y_axis(SHARES)
    return framed(chart, "各期完成率和可能的范围", legend=True)


SHEET = SummarySheet(
    name=_TREND,
    number=40,
    tab=FRONT,
    what=lambda _: "各期完成率，计入沿用上次的完成率和可能的范围",
    covers=lambda s: f"{len(s.m.scores)}期",
    write=_write,
)
