"""The look of 全省汇总.xlsx, how a value goes into a cell, and how a sheet is put on paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import State
from pipeline.domain.value import show
from pipeline.forms.excel_rules import serial
from pipeline.forms.style import FONT, GREY, HEAD, INK, LINE, NAVY, lines_of, ok

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xlsxwriter

    from pipeline.domain.value import Value

_HEADING_FONT = "黑体"
PALE, LINK = "#F4F7FB", "#1F5FA8"
CONTENTS = "目录"
LINE_PT, HIGHEST_PT = 13.0, 400.0  # Excel's rows end at 409 points
PAGE_PX, PAGE_PT = 1_020, 498  # what an A4 page across takes at 100 %
FULL = 0.7  # a page with less on it is not left for the sake of a block
_CHARACTER_PX = 8  # of column width, with the fonts an office has
_SMALLEST = 0.62  # below this share of its size 10-point type is no longer read with ease
_STATE_FILLS = {
    State.ACCEPTED: "#DDEFE0",
    State.NIL: "#DCE8F6",
    State.RETURNED: "#FBE6C2",
    State.UNUSABLE: "#F6D9CC",
    State.UNREAD: "#E6DFF0",
    State.MISSING: "#E4E7EB",
}
_HATCHES = {State.MISSING: "#B8C2CC", State.RETURNED: "#E0A84A", State.UNUSABLE: "#C77D5A", State.UNREAD: "#8E7CA6"}
NUMBERS_AS = {
    "count": "#,##0",
    "amount": "#,##0.00",
    "pct": "0.0%",
    "points": "+0.0;-0.0;0.0",
    "mean": '"均 "#,##0.00',
    "filled": '"填"0"个"',
    "day": "yyyy-mm-dd",
    "plain": "0",
}

_CENTRED = frozenset({"filled", "day", "plain"})


class Look:
    """Every format of the workbook, made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
        box = {**base, "border": 1, "border_color": LINE}

        def boxed(**extra: Any) -> Any:
            return book.add_format({**box, **extra})

        self.title = book.add_format(
            {"font_name": _HEADING_FONT, "font_size": 16, "font_color": NAVY, "valign": "vcenter"}
        )
        self.note = book.add_format({**base, "font_color": "#52606D"})
        self.back = book.add_format({**base, "font_color": LINK, "underline": 1})
        self.text = boxed(text_wrap=True)
        self.label = boxed(bold=True, bg_color=HEAD)
        self.link = boxed(font_color=LINK, underline=1)
        self.group = boxed(font_name=_HEADING_FONT, font_color="#FFFFFF", bg_color=NAVY, align="center", text_wrap=True)
        self.head = boxed(bold=True, bg_color=HEAD, align="center", text_wrap=True)
        self.code = boxed(font_size=8, font_color=GREY, align="left")
        self.middle = boxed(align="center")
        self.words = boxed(text_wrap=True, align="left", indent=1)
        self.quiet = boxed(font_size=9, font_color="#52606D", align="left")
        self.quiet_wrapped = boxed(font_size=9, font_color="#52606D", align="left", text_wrap=True)
        self.quiet_day = boxed(font_size=9, font_color="#52606D", align="center", num_format=NUMBERS_AS["day"])
        self.states = {state: boxed(align="center", bg_color=fill) for state, fill in _STATE_FILLS.items()}
        self.hatched = {
            state: boxed(align="center", pattern=14, fg_color=ink, bg_color="#FFFFFF")
            for state, ink in _HATCHES.items()
        }
        self.missing = self.hatched[State.MISSING]
        levels = {"": {}, "part": {"bg_color": HEAD, "bold": True}, "whole": {"bg_color": "#CBD8E8", "bold": True}}
        centred, right = {"align": "center"}, {"align": "right", "indent": 1}
        self._number = {
            (level, kind): boxed(num_format=code, **(centred if kind in _CENTRED else right), **fill)
            for level, fill in levels.items()
            for kind, code in NUMBERS_AS.items()
        }
        self._words = {level: boxed(align="center", **fill) for level, fill in levels.items()}

    def number(self, kind: str, level: str = "") -> Any:
        """Of a number: ``count``, ``amount``, ``pct`` …, in a row of its own, a ``part`` sum or the ``whole``."""
        return self._number[level, kind]

    def said(self, level: str = "") -> Any:
        """Of words in such a row."""
        return self._words[level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a plain table.

    Attributes:
        kind: ``text`` (centred), ``words`` (wrapped), ``quiet``, or the kind of a number.
    """

    head: str
    width: float
    kind: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryPrint:
    """What is printed of a sheet.

    Attributes:
        heads: First and last row repeated on every page.
        leading: Columns repeated on every page.
        widths: Of every printed column, in characters.
        heights: Of every printed row, in points.
        blocks: First rows of what should stay together.
    """

    heads: tuple[int, int]
    leading: int
    widths: Sequence[float]
    heights: Sequence[float]
    blocks: Sequence[int] = ()


def write_text(sheet: Any, row: int, col: int, text: str, look: Any) -> None:
    """Words as words, whatever they begin with; nothing is an empty cell, which no formula counts."""
    shown = show(text)
    if not shown:
        ok(sheet.write_blank(row, col, None, look))
    else:
        ok(sheet.write_string(row, col, shown, look))


def write_value(sheet: Any, f: Look, row: int, col: int, value: Value, kind: str = "text") -> None:
    """A value as what it is: a number, a day, or words; None leaves an empty cell."""
    if isinstance(value, Decimal):
        ok(sheet.write_number(row, col, float(value), f.number("amount" if kind == "text" else kind)))
    elif isinstance(value, int):
        ok(sheet.write_number(row, col, value, f.number("count" if kind == "text" else kind)))
    elif isinstance(value, date):
        ok(sheet.write_number(row, col, serial(value), f.quiet_day if kind == "quiet" else f.number("day")))
    else:
        looks = {"words": f.words, "quiet": f.quiet, "quiet_wrapped": f.quiet_wrapped}
        write_text(sheet, row, col, value or "", looks.get(kind, f.middle))


def write_formula(sheet: Any, row: int, col: int, formula: str, look: Any, value: float | str) -> None:
    """A formula with the result that a viewer without arithmetic shows."""
    ok(sheet.write_formula(row, col, formula, look, value))


def heading(sheet: Any, f: Look, title: str, note: str) -> None:
    """The title, the line under it that says what the figures cover, and the way back."""
    sheet.hide_gridlines(2)
    sheet.set_row(0, 28)
    sheet.set_row(1, 18)
    write_text(sheet, 0, 0, title, f.title)
    ok(sheet.write_url(1, 0, f"internal:'{CONTENTS}'!A1", f.back, f"← {CONTENTS}"))
    write_text(sheet, 1, 1, note, f.note)


def height_of(texts: Sequence[tuple[str, float]], least: float = 18.0) -> float:
    """Points a row needs for wrapped texts in columns of these widths."""
    most = max((lines_of(text, (width - 2)) for text, width in texts if text), default=1)
    return min(max(least, most * LINE_PT + 5), HIGHEST_PT)


def to_paper(sheet: Any, shape: SummaryPrint) -> None:
    """A4 across, fitted to as few pages wide as stay readable, names and titles on each; rows cut between blocks."""
    names, whole = (sum(map(_px, some)) for some in (shape.widths[: shape.leading], shape.widths))
    room = PAGE_PX / _SMALLEST
    wide = 1 if whole <= room else math.ceil((whole - names) / max(1.0, room - names))
    scale = min(1.0, PAGE_PX * wide / (whole + (wide - 1) * names))
    first, last = shape.heads
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.55, bottom=0.6)
    sheet.set_header("&R&8&A", {"margin": 0.25})
    sheet.set_footer("&C&8第 &P 页，共 &N 页", {"margin": 0.3})
    sheet.fit_to_pages(wide, 0)
    sheet.repeat_rows(first, last)
    sheet.print_across()
    sheet.print_area(0, 0, len(shape.heights) - 1, len(shape.widths) - 1)
    if wide > 1:
        sheet.repeat_columns(0, shape.leading - 1)
    if rows := breaks(shape.heights, PAGE_PT / scale, sum(shape.heights[first : last + 1]), shape.blocks, last + 1):
        sheet.set_h_pagebreaks(rows)


def _px(width: float) -> float:
    return _CHARACTER_PX * width + 5


def breaks(sizes: Sequence[float], room: float, repeated: float, blocks: Sequence[int], after: int) -> list[int]:
    """Where pages begin: before a block that no longer fits, unless that left much of a page empty, else inside it.

    Args:
        sizes: Of every row.
        room: Of a page.
        repeated: What every page but the first gives to repeated rows.
        blocks: Where blocks begin.
        after: The first row that may begin a page.
    """
    starts = sorted({n for n in blocks if n > after})
    pages: list[int] = []
    used = sum(sizes[:after])
    for n in range(after, len(sizes)):
        end = next((s for s in starts if s > n), len(sizes))
        whole = sum(sizes[n:end])
        too_long = n in starts and used > room * FULL and used + whole > room and repeated + whole <= room
        if (too_long or used + sizes[n] > room) and n > after:
            pages.append(n)
            used = repeated
        used += sizes[n]
    return pages
