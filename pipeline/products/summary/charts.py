"""Native charts of 全省汇总.xlsx: they draw the cells of the other sheets, so that whoever changes a figure sees it move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.state import STATE_NAMES, State
from pipeline.forms.style import FONT, GREY, NAVY, ok
from pipeline.products.summary.overview import (
    FIRST_ACTION,
    FIRST_PREFECTURE,
    FIRST_ROW,
    FIRST_STATE,
    PCT,
    PREFECTURE_HEAD,
    PREFECTURES,
    TREND,
    WHOLE_ROW,
)
from pipeline.products.summary.style import heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xlsxwriter

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.style import Look

CHARTS = "图表"
TOP, ROW_PX = 3, 20  # the first row under the heading; the height of a row
PAGE = 1_530, 1_240  # pixels an A4 page across takes at the scale set
_SCALE = 54  # columns are wider where a Chinese font is the usual one, and charts with them
_GAP = 10
_ROOM = 1.12  # the end of an axis of shares: beyond 100 % stand the labels of full bars
_COLUMN_PX = 64  # of a column nobody set
_LINE_COLOR = "#B8C2CC"
_STATE_COLORS = {
    State.ACCEPTED: NAVY,
    State.NIL: "#7FA3D1",
    State.RETURNED: "#E0A84A",
    State.UNUSABLE: "#C77D5A",
    State.UNREAD: "#8E7CA6",
    State.MISSING: "#9AA5B1",
}
_HATCHED = {
    State.RETURNED: "wide_upward_diagonal",
    State.UNUSABLE: "wide_upward_diagonal",
    State.UNREAD: "dark_horizontal",
    State.MISSING: "wide_downward_diagonal",
}
_ACROSS = 4  # charts of actions in a row of a page
_CROWDED = 24  # prefectures beyond which a page is too low to name each


def charts_sheet(book: xlsxwriter.Workbook, sheet: Any, f: Look, m: PeriodMeasures, grids: Sequence[Grid]) -> None:
    """Completion and states of the prefectures; the actions and the periods; each action by prefecture."""
    w = m.program.words
    roster = len(m.program.measured)
    heading(
        sheet,
        f,
        f"{CHARTS}（{m.period.title}）",
        f"按已报{m.reported}{w.rows}统计，应报{roster}{w.rows}；名称后为已报{w.row}/应报{w.row}；未报的不画，不按零计",
    )
    for row in (0, 1):
        sheet.set_row_pixels(row, ROW_PX if row else 2 * ROW_PX)
    width, height = PAGE[0] // 2, PAGE[1] - (TOP + 2) * ROW_PX
    row = TOP
    if m.reported:
        _put(
            sheet,
            _by_prefecture(book, m, PCT, f"各{w.respondent}完成率", NAVY),
            row,
            0,
            width,
            height,
            f"各{w.respondent}完成率条形图",
        )
    _put(sheet, _states(book, m), row, width if m.reported else 0, width, height, f"各{w.respondent}报送状态堆积条形图")
    cuts = [PAGE[1] // ROW_PX]
    if m.reported and grids:
        row, half = cuts[-1] + 1, PAGE[1] // 2 - ROW_PX  # a row between the break and what stands after it
        _put(sheet, _actions(book, m, len(grids)), row, 0, PAGE[0], half - _GAP, "各行动完成率柱形图")
        if len(m.scores) > 1:
            _put(sheet, _trend(book, m), row + half // ROW_PX + 1, 0, PAGE[0], half - 2 * ROW_PX, "各期完成率折线图")
        cuts.append(cuts[-1] + PAGE[1] // ROW_PX)
        cuts += _each_action(book, sheet, m, grids, cuts[-1])
    _to_paper(sheet, cuts)


def trend_chart(book: xlsxwriter.Workbook, sheet: Any, m: PeriodMeasures) -> None:
    """Under the table of the periods, the line they make."""
    if m.now.province.reported:
        _put(sheet, _trend(book, m), FIRST_ROW + len(m.scores) + 1, 0, 760, 380, "各期完成率折线图")


def _put(sheet: Any, chart: Any, row: int, x: int, width: int, height: int, words: str) -> None:
    chart.set_size({"width": width - _GAP, "height": height})
    ok(sheet.insert_chart(row, 0, chart, {"x_offset": x, "object_position": 3, "description": words}))


def _to_paper(sheet: Any, cuts: Sequence[int]) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.55)
    sheet.set_print_scale(_SCALE)
    sheet.set_footer("&C&8第 &P 页，共 &N 页", {"margin": 0.3})
    sheet.print_area(0, 0, cuts[-1] - 1, PAGE[0] // _COLUMN_PX)
    if cuts[:-1]:
        sheet.set_h_pagebreaks(cuts[:-1])


def _font(size: float = 9, *, bold: bool = False) -> dict[str, Any]:
    return {"name": FONT, "size": size, "bold": bold, "color": "#1F2933"}


def _frame(chart: Any, title: str, *, legend: bool = False) -> Any:
    chart.set_title({"name": title, "name_font": {**_font(12, bold=True), "color": NAVY}, "overlay": False})
    chart.set_legend({"position": "bottom", "font": _font()} if legend else {"none": True})
    chart.set_chartarea({"border": {"color": _LINE_COLOR}})
    chart.show_blanks_as("gap")
    return chart


def _span(m: PeriodMeasures, col: int) -> list[Any]:
    """A column of the prefectures' sheet."""
    return [m.program.worded(PREFECTURES), FIRST_PREFECTURE, col, FIRST_PREFECTURE + len(m.prefecture_order) - 1, col]


def _names(m: PeriodMeasures, actions: int) -> list[Any]:
    return _span(m, FIRST_ACTION + actions)


def _count(m: PeriodMeasures) -> int:
    """Columns of actions there are: those that some target is counted on."""
    return len({action for _, action in m.now.by_prefecture_action} & m.now.by_action.keys())


def _by_prefecture(book: xlsxwriter.Workbook, m: PeriodMeasures, col: int, title: str, color: str) -> Any:
    """Shares as bars, the first prefecture on top."""
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": [m.program.worded(PREFECTURES), PREFECTURE_HEAD, col],
            "categories": _names(m, _count(m)),
            "values": _span(m, col),
            "fill": {"color": color},
            "gap": 45,
            "data_labels": {"value": True, "num_format": "0.0%", "font": _font(8)},
        }
    )
    _bar_axes(chart, m)
    chart.set_x_axis(
        {
            "min": 0,
            "max": _ROOM,
            "major_unit": 0.25,
            "num_format": "0%",
            "num_font": _font(8),
            "label_position": "high",
            "major_gridlines": {"visible": True, "line": {"color": "#E4E7EB"}},
            "line": {"none": True},
        }
    )
    return _frame(chart, title)


def _bar_axes(chart: Any, m: PeriodMeasures) -> None:
    every = max(1, -(-len(m.prefecture_order) // _CROWDED))
    chart.set_y_axis(
        {
            "reverse": True,
            "num_font": _font(),
            "line": {"color": _LINE_COLOR},
            "interval_unit": every,
            "major_tick_mark": "none",
        }
    )


def _states(book: xlsxwriter.Workbook, m: PeriodMeasures) -> Any:
    """How many counties of each prefecture are in each state: what is missing is hatched."""
    w = m.program.words
    chart = book.add_chart({"type": "bar", "subtype": "stacked"})
    for col, state in enumerate(State, FIRST_STATE):
        color = _STATE_COLORS[state]
        hatch = {"pattern": _HATCHED.get(state), "fg_color": color, "bg_color": "#FFFFFF"}
        fill = {"pattern": hatch} if state in _HATCHED else {"fill": {"color": color}}
        ink = "#FFFFFF" if state is State.ACCEPTED else "#1F2933"
        chart.add_series(
            {
                "name": [m.program.worded(PREFECTURES), PREFECTURE_HEAD, col],
                "categories": _names(m, _count(m)),
                "values": _span(m, col),
                **fill,
                "border": {"color": color},
                "gap": 45,
                "data_labels": {"value": True, "num_format": "0;;", "font": {**_font(8), "color": ink}},
            }
        )
    _bar_axes(chart, m)
    chart.set_x_axis(
        {
            "num_font": _font(8),
            "num_format": "0",
            "label_position": "high",
            "line": {"none": True},
            "min": 0,
            "major_gridlines": {"visible": True, "line": {"color": "#E4E7EB"}},
        }
    )
    return _frame(
        chart,
        f"各{w.respondent}报送状态（{w.row}数，{'、'.join(f'{STATE_NAMES[s]}{n}' for s, n in m.states_shown.items())}）",
        legend=True,
    )


def _actions(book: xlsxwriter.Workbook, m: PeriodMeasures, count: int) -> Any:
    w = m.program.words
    chart = book.add_chart({"type": "column"})
    last = FIRST_ACTION + count - 1
    chart.add_series(
        {
            "name": f"{w.whole}完成率",
            "categories": [m.program.worded(PREFECTURES), PREFECTURE_HEAD, FIRST_ACTION, PREFECTURE_HEAD, last],
            "values": [m.program.worded(PREFECTURES), WHOLE_ROW, FIRST_ACTION, WHOLE_ROW, last],
            "fill": {"color": NAVY},
            "gap": 90,
            "data_labels": {"value": True, "num_format": "0.0%", "font": _font()},
        }
    )
    chart.set_x_axis({"num_font": _font(), "line": {"color": _LINE_COLOR}, "major_tick_mark": "none"})
    _share_axis(chart)
    return _frame(
        chart,
        f"各行动完成率（按已报{m.reported}{w.rows}统计，应报{len(m.program.measured)}{w.rows}）",
    )


def _share_axis(chart: Any) -> None:
    chart.set_y_axis(
        {
            "min": 0,
            "max": _ROOM,
            "major_unit": 0.25,
            "num_format": "0%",
            "num_font": _font(8),
            "line": {"none": True},
            "major_gridlines": {"visible": True, "line": {"color": "#E4E7EB"}},
        }
    )


def _trend(book: xlsxwriter.Workbook, m: PeriodMeasures) -> Any:
    """Completion beside the time gone."""
    chart = book.add_chart({"type": "line"})
    last = FIRST_ROW + len(m.scores) - 1
    looks = ((5, NAVY, "solid", "circle", "above"), (6, GREY, "dash", "none", ""))
    for col, color, dash, marker, labels in looks:
        chart.add_series(
            {
                "name": [TREND, FIRST_ROW - 1, col],
                "categories": [TREND, FIRST_ROW, 0, last, 0],
                "values": [TREND, FIRST_ROW, col, last, col],
                "line": {"color": color, "width": 2, "dash_type": dash},
                "marker": {"type": marker, "size": 7, "fill": {"color": color}, "border": {"color": color}},
                **(
                    {"data_labels": {"value": True, "position": labels, "num_format": "0.0%", "font": _font()}}
                    if labels
                    else {}
                ),
            }
        )
    chart.set_x_axis({"num_font": _font(), "line": {"color": _LINE_COLOR}, "major_tick_mark": "none"})
    _share_axis(chart)
    return _frame(chart, "各期完成率与时间进度", legend=True)


def _each_action(
    book: xlsxwriter.Workbook, sheet: Any, m: PeriodMeasures, grids: Sequence[Grid], row: int
) -> list[int]:
    """A chart for each action, eight to a page; gives where the pages end."""
    w = m.program.words
    titles, ends = {a.no: a.short_title for a in m.program.actions}, []
    width, height = PAGE[0] // _ACROSS, PAGE[1] // 2 - 2 * ROW_PX
    for n, grid in enumerate(grids):
        line, place = divmod(n, _ACROSS)
        if place == 0 and line % 2 == 0:
            start = row + line // 2 * (PAGE[1] // ROW_PX)
            ends.append(start + PAGE[1] // ROW_PX)
        at = start + 1 + line % 2 * (PAGE[1] // 2 // ROW_PX - 1)
        chart = _by_prefecture(
            book, m, FIRST_ACTION + n, f"行动{grid.form.action}　{titles[grid.form.action or 0]}", NAVY
        )
        _put(sheet, chart, at, place * width, width, height, f"{grid.form.title}各{w.respondent}完成率条形图")
    return ends
