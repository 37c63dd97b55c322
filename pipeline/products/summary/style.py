"""The look of 全省汇总.xlsx, how a value goes into a cell, and how a sheet is put on paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import State
from pipeline.domain.value import Value, show
from pipeline.forms.excel_rules import serial
from pipeline.forms.style import FONT, GREY, HEAD, INK, LINE, NAVY, lines_of, ok

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import xlsxwriter


_HEADING_FONT, _LINK = "黑体", "#1F5FA8"
HEAD_ROW, FIRST_ROW = 2, 3  # of a table: its titles, and the first row under them
_ROW_PT = 20.0  # of a row in which nothing is wrapped
_WRAPPED = frozenset({"words", "quiet_wrapped"})
CONTENTS = "目录"
CARRIED = "carried"  # the level of a value that was said in an earlier period
_SAID_BEFORE = {"italic": True, "font_color": "#6B7885"}
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
HATCHES = {State.MISSING: "#B8C2CC", State.RETURNED: "#E0A84A", State.UNUSABLE: "#C77D5A", State.UNREAD: "#8E7CA6"}
SHARE_AS = '[>=1]0.0%;[>=0.9995]"99.9%";0.0%'  # 100 says all
_SMALL, _SMALL_AS = "small pct", '[<=0]0.0%;[<0.0005]"0.1%";0.0%'  # and 0 none; Excel has room for one of the two
NUMBERS_AS = {
    "count": "#,##0",
    "amount": "#,##0.00",
    "pct": SHARE_AS,
    _SMALL: _SMALL_AS,
    "points": "+0.0;-0.0;0.0",
    "mean": '"均 "#,##0.00',
    "filled": '"填"0"个"',
    "day": "yyyy-mm-dd",
    "plain": "0",
}

_CENTRED = frozenset({"filled", "day", "plain"})
_HALF = 0.5


class Look:
    """Every format of the workbook, made once, by the kind of what stands in a cell."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
        box = {**base, "border": 1, "border_color": LINE}
        quiet = {"font_size": 9, "font_color": "#52606D", "align": "left"}
        centred, right = {"align": "center"}, {"align": "right", "indent": 1}
        levels: dict[str, dict[str, Any]] = {
            "": {},
            "part": {"bg_color": HEAD, "bold": True},
            "whole": {"bg_color": "#CBD8E8", "bold": True},
            CARRIED: _SAID_BEFORE,
        }
        looks: dict[str, dict[str, Any]] = {
            "wrapped": {"text_wrap": True},
            "link": {"font_color": _LINK, "underline": 1},
            "group": {
                "font_name": _HEADING_FONT,
                "font_color": "#FFFFFF",
                "bg_color": NAVY,
                "text_wrap": True,
                **centred,
            },
            "head": {"bold": True, "bg_color": HEAD, "text_wrap": True, **centred},
            "code": {"font_size": 8, "font_color": GREY, "align": "left"},
            "words": {"text_wrap": True, "align": "left", "indent": 1},
            "quiet": quiet,
            "quiet_wrapped": {**quiet, "text_wrap": True},
            "quiet_day": {**quiet, **centred, "num_format": NUMBERS_AS["day"]},
            **{f"state {state}": {"bg_color": fill, **centred} for state, fill in _STATE_FILLS.items()},
            **{
                hatched(state): {"pattern": 14, "fg_color": ink, "bg_color": "#FFFFFF", **centred}
                for state, ink in HATCHES.items()
            },
        }
        numbers = {
            (kind, level): {"num_format": code, **(centred if kind in _CENTRED else right), **fill}
            for level, fill in levels.items()
            for kind, code in NUMBERS_AS.items()
        }
        heading = {"font_name": _HEADING_FONT, "font_size": 16, "font_color": NAVY, "valign": "vcenter"}
        self._looks = {
            ("title", ""): book.add_format(heading),
            ("note", ""): book.add_format({**base, "font_color": "#52606D"}),
            ("back", ""): book.add_format({**base, "font_color": _LINK, "underline": 1}),
            **{(kind, ""): book.add_format({**box, **extra}) for kind, extra in looks.items()},
            **{key: book.add_format({**box, **extra}) for key, extra in numbers.items()},
            **{("text", level): book.add_format({**box, **centred, **fill}) for level, fill in levels.items()},
            ("words", CARRIED): book.add_format({**box, **looks["words"], **_SAID_BEFORE}),
        }

    def of(self, value: Value | float, kind: str = "text", level: str = "") -> Any:
        """Of a value: its kind's, in a row of its own, a ``part`` sum, the ``whole`` or ``carried``; of no such kind, its type's."""
        if isinstance(value, date):
            return self._looks["quiet_day" if kind == "quiet" else "day", level]
        if isinstance(value, int | float | Decimal) and kind == "text":
            kind = "amount" if isinstance(value, Decimal) else "count"
        if not isinstance(value, int | float | Decimal):
            kind = "text" if kind in NUMBERS_AS else kind
        elif kind == "pct" and value < _HALF:
            kind = _SMALL
        return self._looks.get((kind, level)) or self._looks[kind, ""]


def hatched(state: State) -> str:
    """The kind of a cell that nothing counted stands in."""
    return f"hatched {state}"


MISSING = hatched(State.MISSING)


@dataclass(frozen=True, slots=True)
class Put:
    """What goes into a cell with a kind of its own, or as the result of a formula, for who has no arithmetic."""

    value: Value | float
    kind: str = "text"
    formula: str = ""
    level: str = ""


Given = Value | Put


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        kind: ``text`` (centred), ``words`` (wrapped), ``quiet``, or the kind of a number.
    """

    head: str
    width: float
    kind: str = "text"


class Pen:
    """Writes one sheet."""

    def __init__(self, sheet: Any, look: Look) -> None:
        self.sheet, self._look = sheet, look

    def put(self, row: int, col: int, given: Given, kind: str = "text", level: str = "") -> None:
        """A value as what it is: a number, a day, or words, whatever they begin with; nothing is an empty cell."""
        one = given if isinstance(given, Put) else Put(given, kind)
        value, look = one.value, self._look.of(one.value, one.kind, one.level or level)
        if one.formula:
            ok(self.sheet.write_formula(row, col, one.formula, look, value))
        elif isinstance(value, int | float | Decimal):
            ok(self.sheet.write_number(row, col, float(value), look))
        elif isinstance(value, date):
            ok(self.sheet.write_number(row, col, serial(value), look))
        elif text := show(value or ""):
            ok(self.sheet.write_string(row, col, text, look))
        else:
            ok(self.sheet.write_blank(row, col, None, look))

    def line(self, row: int, cells: Iterable[Given], kind: str = "text", level: str = "", *, col: int = 0) -> None:
        """Cells side by side."""
        for at, cell in enumerate(cells, col):
            self.put(row, at, cell, kind, level)

    def link(self, row: int, col: int, sheet: str, text: str, kind: str) -> None:
        """A way to another sheet."""
        ok(self.sheet.write_url(row, col, f"internal:'{sheet}'!A1", self._look.of("", kind), text))

    def across(self, row: int, col: int, count: int, text: str, kind: str) -> None:
        """Words over so many columns."""
        if count > 1:
            self.sheet.merge_range(row, col, row, col + count - 1, "", self._look.of("", kind))
        self.put(row, col, text, kind)

    def heading(self, title: str, note: str) -> None:
        """The title, the line under it that says what the figures cover, and the way back."""
        self.sheet.hide_gridlines(2)
        self.heights([28.0, 18.0])
        self.put(0, 0, title, "title")
        self.link(1, 0, CONTENTS, f"← {CONTENTS}", "back")
        self.put(1, 1, note, "note")

    def heights(self, heights: Iterable[float]) -> None:
        """Of the rows from the first."""
        for row, height in enumerate(heights):
            self.sheet.set_row(row, height)

    def heads(self, row: int, columns: Iterable[Column], *, col: int = 0) -> None:
        """The titles of columns, and how wide they are."""
        for at, column in enumerate(columns, col):
            self.sheet.set_column(at, at, column.width)
            self.put(row, at, column.head, "head")

    def table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Given]],
        *,
        frozen: int,
        codes: Sequence[str] = (),
        unprinted: int = 0,
        head_pt: float = 0.0,
        whole: Sequence[Given] = (),
        blocks: Sequence[int] = (),
        filtered: int | None = None,
        room: tuple[int, int] = (0, 0),
    ) -> None:
        """A table under the heading; says so when there is no row.

        Args:
            columns: Their titles, widths and kinds.
            rows: Their cells.
            frozen: Columns that stay in sight and stand on every page.
            codes: A line under the titles.
            unprinted: Columns at the end that are not printed.
            head_pt: Height of the titles; 0: as they need.
            whole: A row before the others that stays in sight.
            blocks: Which rows begin what should stay together.
            filtered: By how many of the columns it can be; None: all.
            room: Rows and columns that are printed beyond it, for a chart.
        """
        heads = HEAD_ROW + bool(codes)
        first = heads + 1 + bool(whole)
        heights = [28.0, 18.0, head_pt or height_of([(c.head, c.width) for c in columns], 24), *[15.0] * bool(codes)]
        for col, column in enumerate(columns):
            self.heads(HEAD_ROW, [column], col=col)
            self.line(heads, codes[col : col + 1], "code", col=col)
        self.line(heads + 1, whole, level="whole")
        heights += [_ROW_PT] * bool(whole)
        heights += [self._row(row, cells, columns) for row, cells in enumerate(rows, first)]
        if not rows:
            self.put(first, 0, "没有条目", "note")
            heights.append(18.0)
        if filtered is None or filtered:
            self.sheet.autofilter(heads, 0, max(len(heights) - 1, first), (filtered or len(columns)) - 1)
        heights += [15.0] * room[0]
        self.heights(heights)
        self.sheet.freeze_panes(first, frozen)
        widths = [*(c.width for c in columns[: len(columns) - unprinted]), *[9.0] * room[1]]
        self.to_paper((HEAD_ROW, heads), frozen, widths, heights, blocks)

    def _row(self, row: int, cells: Sequence[Given], columns: Sequence[Column]) -> float:
        """Write a row of a table; gives its height."""
        wrapped = []
        for col, (cell, column) in enumerate(zip(cells, columns, strict=True)):
            self.put(row, col, cell, column.kind)
            kind, value = (cell.kind, cell.value) if isinstance(cell, Put) else (column.kind, cell)
            if kind in _WRAPPED and not isinstance(value, float):
                wrapped.append((show(value), column.width))
        return height_of(wrapped) if wrapped else _ROW_PT

    def to_paper(
        self,
        heads: tuple[int, int],
        leading: int,
        widths: Sequence[float],
        heights: Sequence[float],
        blocks: Sequence[int] = (),
    ) -> None:
        """A4 across, fitted to as few pages wide as stay readable, names and titles on each; rows cut between blocks.

        Args:
            heads: First and last row repeated on every page.
            leading: Columns repeated on every page.
            widths: Of every printed column, in characters.
            heights: Of every printed row, in points.
            blocks: First rows of what should stay together.
        """
        sheet, (first, last) = self.sheet, heads
        names, whole = (sum(_CHARACTER_PX * width + 5 for width in some) for some in (widths[:leading], widths))
        room = PAGE_PX / _SMALLEST
        wide = 1 if whole <= room else math.ceil((whole - names) / max(1.0, room - names))
        scale = min(1.0, PAGE_PX * wide / (whole + (wide - 1) * names))
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.set_margins(left=0.4, right=0.4, top=0.55, bottom=0.6)
        sheet.set_header("&R&8&A", {"margin": 0.25})
        sheet.set_footer("&C&8第 &P 页，共 &N 页", {"margin": 0.3})
        sheet.fit_to_pages(wide, 0)
        sheet.repeat_rows(first, last)
        sheet.print_across()
        sheet.print_area(0, 0, len(heights) - 1, len(widths) - 1)
        if wide > 1:
            sheet.repeat_columns(0, leading - 1)
        if rows := breaks(heights, PAGE_PT / scale, sum(heights[first : last + 1]), blocks, last + 1):
            sheet.set_h_pagebreaks(rows)


def height_of(texts: Sequence[tuple[str, float]], least: float = 18.0) -> float:
    """Points a row needs for wrapped texts in columns of these widths."""
    most = max((lines_of(text, (width - 2)) for text, width in texts if text), default=1)
    return min(max(least, most * LINE_PT + 5), HIGHEST_PT)


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
