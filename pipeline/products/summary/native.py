"""How the native charts of 全省汇总.xlsx look: they draw cells, so that whoever changes a figure sees it move."""

from __future__ import annotations

from typing import Any

from pipeline.forms.style import FONT, NAVY, ok

_ROOM = 1.12  # the end of an axis of shares: beyond 100 % stand the labels of full bars
_GAP = 10
_LINE_COLOR = "#B8C2CC"
_GRID = {"line": {"none": True}, "min": 0, "major_gridlines": {"visible": True, "line": {"color": "#E4E7EB"}}}


def font(size: float = 9, *, bold: bool = False) -> dict[str, Any]:
    """Of what stands in a chart."""
    return {"name": FONT, "size": size, "bold": bold, "color": "#1F2933"}


NAMES = {"num_font": font(), "line": {"color": _LINE_COLOR}, "major_tick_mark": "none"}
SHARES = {"max": _ROOM, "major_unit": 0.25, "num_format": "0%", "num_font": font(8), **_GRID}
COUNTS = {"num_font": font(8), "num_format": "0", **_GRID}


def series(
    chart: Any, sheet: str, name: tuple[int, int], names: tuple[int, ...], values: tuple[int, ...], **looks: Any
) -> None:
    """Add one: the cell of its name, and from which to which cell its categories and its figures stand."""
    chart.add_series({"name": [sheet, *name], "categories": [sheet, *names], "values": [sheet, *values], **looks})


def framed(chart: Any, title: str, *, legend: bool = False) -> Any:
    """The chart with its title and frame."""
    chart.set_title({"name": title, "name_font": {**font(12, bold=True), "color": NAVY}, "overlay": False})
    chart.set_legend({"position": "bottom", "font": font()} if legend else {"none": True})
    chart.set_chartarea({"border": {"color": _LINE_COLOR}})
    chart.show_blanks_as("gap")
    return chart


def put_chart(sheet: Any, chart: Any, row: int, x: int, width: int, height: int, words: str) -> None:
    """On a sheet, with words for who cannot see it."""
    chart.set_size({"width": width - _GAP, "height": height})
    ok(sheet.insert_chart(row, 0, chart, {"x_offset": x, "object_position": 3, "description": words}))
