"""How a sheet is printed: A4 across, names on every page, columns cut between items, nothing too small to be read."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALLEST = 0.72  # of true size: what is printed is 10 points or more, and 7 can still be read
_CHARACTER_PX = 9.33  # of column width, where the office has no font of ours; a page is less full where it has one
_PADDING = 0.71  # characters that a file adds to a width
PAGE_PX, PAGE_PT = 1030, 470  # of A4 across between the margins, at true size
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.8, "bottom": 0.75}  # inches
_ODD_CUT = 0.2  # what a cut inside an item costs, as the share of a page left empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What is printed of a sheet.

    Attributes:
        left: First printed column.
        widths: Of the printed columns, in characters.
        repeated: How many of them, from the first on, stand on every page.
        starts: Which of them may well begin a page.
        top: First printed row; None where everything that is filled in is printed.
        heights: Of the printed rows, in points; empty where rows are not known beforehand.
        heads: First and last row that stand on every page.
        title: In the middle of every page's head.
        corners: Left and right of it.
        signed: Whoever filled it in signs at the foot.
    """

    widths: Sequence[float]
    title: str
    corners: tuple[str, str] = ("", "")
    left: int = 0
    repeated: int = 0
    starts: frozenset[int] = frozenset()
    top: int | None = None
    heights: Sequence[float] = ()
    heads: tuple[int, int] | None = None
    signed: bool = False


def pixels(width: float) -> float:
    """Of a column on screen; a hidden one has none."""
    return _CHARACTER_PX * (width + _PADDING) if width else 0.0


def cuts(shape: Print) -> list[int]:
    """Printed columns that begin a page, the first page's left out: as few pages as can be read, alike full, cut between items."""
    names = sum(map(pixels, shape.widths[: shape.repeated]))
    widths = [pixels(width) for width in shape.widths[shape.repeated :]]
    room = max(PAGE_PX / _SMALLEST - names, *widths)
    pages = _fewest(widths, room)
    share = sum(widths) / pages
    best: list[dict[int, tuple[float, list[int]]]] = [{0: (0.0, [])}]
    for _ in range(pages):
        reached: dict[int, tuple[float, list[int]]] = {}
        for begin, (cost, way) in best[-1].items():
            used = 0.0
            for end in range(begin + 1, len(widths) + 1):
                used += widths[end - 1]
                if used > room:
                    break
                odd = end < len(widths) and end + shape.repeated not in shape.starts
                total = cost + ((used - share) / room) ** 2 + _ODD_CUT * odd
                if end not in reached or total < reached[end][0]:
                    reached[end] = total, [*way, end]
        best.append(reached)
    return [end + shape.repeated for end in best[-1][len(widths)][1][:-1]]


def _fewest(widths: Sequence[float], room: float) -> int:
    pages, used = 1, 0.0
    for width in widths:
        pages, used = (pages + 1, width) if used + width > room else (pages, used + width)
    return pages


def scale(shape: Print) -> float:
    """How large it is printed, of true size: all columns of a page across, and all rows down where that can be read."""
    names = sum(map(pixels, shape.widths[: shape.repeated]))
    begins = [shape.repeated, *cuts(shape), len(shape.widths)]
    widest = max(names + sum(map(pixels, shape.widths[a:b])) for a, b in itertools.pairwise(begins))
    across = min(1.0, PAGE_PX / widest)
    down = PAGE_PT / sum(shape.heights) if shape.heights else 1.0
    return min(across, down) if down >= _SMALLEST else across


def to_paper(sheet: Any, shape: Print) -> None:
    """Set up the printing of a sheet."""
    size, begins = scale(shape), cuts(shape)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(**_MARGINS)
    sheet.center_horizontally()
    sheet.set_print_scale(math.floor(100 * size))
    left, right = (_plain(text) for text in shape.corners)
    sheet.set_header(f"&L&11 {left}&C&14&B {_plain(shape.title)}&R&11 {right}", {"margin": 0.35})
    signs = (
        "&L&11 填报人：　　　　　　审核人：　　　　　　日期：　　　　　　单位（盖章）：" if shape.signed else "&L&11 &A"
    )
    sheet.set_footer(f"{signs}&R&11 第&P页，共&N页", {"margin": 0.35})
    if shape.heads:
        sheet.repeat_rows(*shape.heads)
    if shape.repeated:
        sheet.repeat_columns(shape.left, shape.left + shape.repeated - 1)
    if begins:
        sheet.set_v_pagebreaks([shape.left + col for col in begins])
    if shape.top is not None:
        last = shape.top + len(shape.heights) - 1
        sheet.print_area(shape.top, shape.left, last, shape.left + len(shape.widths) - 1)
        if rows := _row_cuts(shape, size):
            sheet.set_h_pagebreaks(rows)


def _row_cuts(shape: Print, size: float) -> list[int]:
    """Rows that begin a page, so that pages are alike full; none where one page holds all."""
    room, whole = PAGE_PT / size, sum(shape.heights)
    if whole <= room or shape.top is None:
        return []
    first, last = shape.heads or (shape.top, shape.top - 1)
    repeated = sum(shape.heights[first - shape.top : last + 1 - shape.top])
    after = last + 1 - shape.top
    body = shape.heights[after:]
    share = sum(body) / math.ceil(sum(body) / (room - repeated))
    rows, used = [], 0.0
    for n, height in enumerate(body):
        if used and (used + height / 2 > share or repeated + used + height > room):
            rows.append(shape.top + after + n)
            used = 0.0
        used += height
    return rows


def _plain(text: str) -> str:
    """As header text: & begins a command there."""
    return text.replace("&", "&&").replace("　", " ")[:60]
