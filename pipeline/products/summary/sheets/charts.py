"""图表: completion and states of the prefectures, the actions and the periods, and each action by prefecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.state import STATE_NAMES, State
from pipeline.forms.style import NAVY
from pipeline.products.summary.native import COUNTS, NAMES, SHARES, font, framed, put_chart, series
from pipeline.products.summary.registry import FRONT, SummarySheet
from pipeline.products.summary.sheets.prefectures import (
    FIRST_ACTION,
    FIRST_PREFECTURE,
    FIRST_STATE,
    PCT,
    PREFECTURES,
    WHOLE_ROW,
)
from pipeline.products.summary.sheets.trend import trend_chart
from pipeline.products.summary.style import HATCHES, HEAD_ROW, SHARE_AS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen

_CHARTS = "图表"
_TOP, _ROW_PX = 3, 20  # the first row under the heading; the height of a row
_WIDE, _HIGH = 1_530, 1_240  # pixels an A4 page across takes at the scale set
_PAGE_ROWS = _HIGH // _ROW_PX
_SCALE = 54  # columns are wider where a Chinese font is the usual one, and charts with them
_COLUMN_PX = 64  # of a column nobody set
_STATE_COLORS = {State.ACCEPTED: NAVY, State.NIL: "#7FA3D1", **HATCHES, State.MISSING: "#9AA5B1"}
_PATTERNS = {
    State.RETURNED: "wide_upward_diagonal",
    State.UNUSABLE: "wide_upward_diagonal",
    State.UNREAD: "dark_horizontal",
    State.MISSING: "wide_downward_diagonal",
}
_ACROSS = 4  # charts of actions in a row of a page
_CROWDED = 24  # prefectures beyond which a page is too low to name each


def _write(s: Summary, pen: Pen) -> None:
    m, w, sheet = s.m, s.m.program.words, pen.sheet
    pen.heading(
        f"{_CHARTS}（{m.period.title}）",
        f"按已报{m.reported}{w.rows}统计，应报{len(m.program.measured)}{w.rows}；"
        f"名称后为已报{w.row}/应报{w.row}；未报的不画，不按零计",
    )
    for row in (0, 1):
        sheet.set_row_pixels(row, _ROW_PX if row else 2 * _ROW_PX)
    width, height = _WIDE // 2, _HIGH - (_TOP + 2) * _ROW_PX
    if m.reported:
        chart = _by_prefecture(s, PCT, f"各{w.respondent}完成率")
        put_chart(sheet, chart, _TOP, 0, width, height, f"各{w.respondent}完成率条形图")
    x = width if m.reported else 0
    put_chart(sheet, _states(s), _TOP, x, width, height, f"各{w.respondent}报送状态堆积条形图")
    cuts = [_PAGE_ROWS]
    if m.reported and s.scored:
        row, half = cuts[-1] + 1, _HIGH // 2 - _ROW_PX  # a row between the break and what stands after it
        put_chart(sheet, _actions(s), row, 0, _WIDE, half - 10, "各行动完成率柱形图")
        if len(m.scores) > 1:
            under = row + half // _ROW_PX + 1
            put_chart(sheet, trend_chart(s), under, 0, _WIDE, half - 2 * _ROW_PX, "各期完成率折线图")
        cuts.append(cuts[-1] + _PAGE_ROWS)
        cuts += _each_action(s, sheet, cuts[-1])
    _to_paper(sheet, cuts)


def _to_paper(sheet: Any, cuts: Sequence[int]) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.55)
    sheet.set_print_scale(_SCALE)
    sheet.set_footer("&C&8第 &P 页，共 &N 页", {"margin": 0.3})
    sheet.print_area(0, 0, cuts[-1] - 1, _WIDE // _COLUMN_PX)
    if cuts[:-1]:
        sheet.set_h_pagebreaks(cuts[:-1])


def _bars(s: Summary, kind: dict[str, str], axis: dict[str, Any]) -> Any:
    """Bars of prefectures, the first on top."""
    chart = s.book.add_chart({"type": "bar", **kind})
    every = max(1, -(-len(s.m.prefecture_order) // _CROWDED))
    chart.set_y_axis({"reverse": True, "interval_unit": every, **NAMES})
    chart.set_x_axis({"label_position": "high", **axis})
    return chart


def _series(s: Summary, chart: Any, col: int, **looks: Any) -> None:
    """A column of the prefectures' sheet."""
    last = FIRST_PREFECTURE + len(s.m.prefecture_order) - 1
    names, values = ((FIRST_PREFECTURE, at, last, at) for at in (FIRST_ACTION + len(s.scored), col))
    series(chart, s.named(PREFECTURES), (HEAD_ROW, col), names, values, gap=45, **looks)


def _by_prefecture(s: Summary, col: int, title: str) -> Any:
    chart = _bars(s, {}, SHARES)
    labels = {"value": True, "num_format": SHARE_AS, "font": font(8)}
    _series(s, chart, col, fill={"color": NAVY}, data_labels=labels)
    return framed(chart, title)


def _states(s: Summary) -> Any:
    """How many counties of each prefecture are in each state: what is missing is hatched."""
    m, w = s.m, s.m.program.words
    chart = _bars(s, {"subtype": "stacked"}, COUNTS)
    for col, state in enumerate(State, FIRST_STATE):
        color = _STATE_COLORS[state]
        hatch = {"pattern": _PATTERNS.get(state), "fg_color": color, "bg_color": "#FFFFFF"}
        fill: dict[str, Any] = {"pattern": hatch} if state in _PATTERNS else {"fill": {"color": color}}
        ink = {"color": "#FFFFFF" if state is State.ACCEPTED else "#1F2933"}
        labels = {"value": True, "num_format": "0;;", "font": {**font(8), **ink}}
        _series(s, chart, col, border={"color": color}, data_labels=labels, **fill)
    counts = "、".join(f"{STATE_NAMES[state]}{n}" for state, n in m.states_shown.items())
    return framed(chart, f"各{w.respondent}报送状态（{w.row}数，{counts}）", legend=True)


def _actions(s: Summary) -> Any:
    m, w = s.m, s.m.program.words
    chart = s.book.add_chart({"type": "column"})
    there, last = s.named(PREFECTURES), FIRST_ACTION + len(s.scored) - 1
    chart.add_series(
        {
            "name": f"{w.whole}完成率",
            "categories": [there, HEAD_ROW, FIRST_ACTION, HEAD_ROW, last],
            "values": [there, WHOLE_ROW, FIRST_ACTION, WHOLE_ROW, last],
            "fill": {"color": NAVY},
            "gap": 90,
            "data_labels": {"value": True, "num_format": SHARE_AS, "font": font()},
        }
    )
    chart.set_x_axis(NAMES)
    chart.set_y_axis(SHARES)
    return framed(chart, f"各行动完成率（按已报{m.reported}{w.rows}统计，应报{len(m.program.measured)}{w.rows}）")


def _each_action(s: Summary, sheet: Any, row: int) -> list[int]:
    """A chart for each action, eight to a page; gives where the pages end."""
    titles, ends = {a.no: a.short_title for a in s.m.program.actions}, list[int]()
    width, height = _WIDE // _ACROSS, _HIGH // 2 - 2 * _ROW_PX
    for n, grid in enumerate(s.scored):
        line, place = divmod(n, _ACROSS)
        start = row + line // 2 * _PAGE_ROWS
        if place == 0 and line % 2 == 0:
            ends.append(start + _PAGE_ROWS)
        at = start + 1 + line % 2 * (_HIGH // 2 // _ROW_PX - 1)
        chart = _by_prefecture(s, FIRST_ACTION + n, f"行动{grid.form.action}　{titles[grid.form.action or 0]}")
        words = f"{grid.form.title}各{s.m.program.words.respondent}完成率条形图"
        put_chart(sheet, chart, at, place * width, width, height, words)
    return ends


SHEET = SummarySheet(
    name=_CHARTS,
    number=10,
    tab=FRONT,
    what=lambda _: "完成率、报送状态、各行动和各期的图，随各表的数变动",
    write=_write,
)
