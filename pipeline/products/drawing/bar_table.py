"""A table with bars: a row for each thing, columns of words beside its bar, heads above, a scale and a key below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeline.products.drawing.fonts import width_mm
from pipeline.products.drawing.parts import BODY_PT, INK, MUTED, RULE, SMALL_PT, Box, Canvas, clamp_pct, rounded
from pipeline.products.drawing.words import wrapped, write_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.products.drawing.parts import Align

FOOT_MM, RIGHT_MM = 10.0, 155.0
COVERAGE, UNCOUNTED = "已报/应报", "未计入"
KNOWN = "有数/应报"  # where what was said before counts too
TWO_LINES_MM = 6.6  # the pitch from which a label may take two lines
_HEAD_MM, _HEAD_STEP_MM = 2.4, 3.4
_MARKS = (0, 20, 40, 60, 80, 100)


class _Covered(Protocol):
    """A row that says how many of how many reported."""

    @property
    def reported(self) -> int: ...
    @property
    def roster(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BarTable:
    """Where its rows and bars stand, in mm.

    Attributes:
        rows: How many.
        left: Where bars begin; ``right``: where 100 % ends.
        top: Of the first row.
        pitch: Height of a row.
    """

    sheet: Canvas
    rows: int
    left: float
    right: float
    top: float
    pitch: float

    @property
    def bottom(self) -> float:
        """Under the last row."""
        return self.top + self.pitch * self.rows

    @property
    def key_y(self) -> float:
        """The line that explains the marks."""
        return self.bottom + 7.0

    def x(self, pct: float) -> float:
        """The place of a percentage."""
        return self.left + (self.right - self.left) * clamp_pct(pct) / 100

    def y(self, index: int) -> float:
        """The middle of a row."""
        return self.top + self.pitch * (index + 0.5)

    def bar(self, index: int, pct: float, share: float) -> Box:
        """A bar that takes ``share`` of its row's height."""
        height = self.pitch * share
        return Box(self.left, self.y(index) - height / 2, self.x(pct) - self.left, height)

    def scale(self) -> None:
        """Draw the percentage scale under the bars and its faint upright lines."""
        self.sheet.lines([((self.x(mark), self.top), (self.x(mark), self.bottom)) for mark in _MARKS], RULE, 0.5)
        for mark in _MARKS:
            self.sheet.text(self.x(mark), self.bottom + 2.2, f"{mark}", size=SMALL_PT, align="center", colour=MUTED)

    def head(self, x: float, head: str, align: Align = "right", up: float = _HEAD_MM) -> None:
        """Write the head of a column, one line or more; a bracket at its end stands beyond the edge."""
        for n, line in enumerate(reversed(head.split("\n"))):
            beyond = 1.2 if align == "right" and line.endswith("）") else 0.0
            y = self.top - up - _HEAD_STEP_MM * n
            self.sheet.text(x + beyond, y, line, size=SMALL_PT, align=align, colour=MUTED)

    def column(self, x: float, head: str, cells: Iterable[tuple[str, str]], align: Align = "right") -> None:
        """Write a column: its head, and of each row a text and its colour."""
        if head:
            self.head(x, head, align)
        for i, (text, colour) in enumerate(cells):
            self.sheet.text(x, self.y(i), text, align=align, colour=colour)

    def coverage(self, rows: Sequence[_Covered], head: str = COVERAGE) -> None:
        """Write how many of how many reported, or are known, as the last column."""
        cells = ((f"{row.reported}/{row.roster}", INK if row.reported < row.roster else MUTED) for row in rows)
        self.column(RIGHT_MM, head, cells)

    def labels(self, x: float, texts: Sequence[str], room: float, *, align: Align = "left", most: int = 2) -> None:
        """Write what each row is of, in the room there is: on two lines where rows are high enough."""
        for i, text in enumerate(texts):
            lines, size = wrapped(text, room, most=most if self.pitch >= TWO_LINES_MM else 1)
            if align == "left":
                write_lines(self.sheet, x, self.y(i), lines, size)
            else:
                self.sheet.text(x, self.y(i), lines[0], size=size, align=align)

    def explain(self, x: float, label: str) -> float:
        """Write a label of the key; gives where the next mark may begin."""
        self.sheet.text(x, self.key_y, label, size=SMALL_PT, colour=MUTED)
        return x + width_mm(label, SMALL_PT) + 4

    def swatch(self, x: float, label: str, fill: str, edge: str = "none", tall: float = 2.2) -> float:
        """Explain a fill; gives where the next mark may begin."""
        self.sheet.boxes([Box(x, self.key_y - tall / 2, 4, tall)], fill, edge=edge, edge_pt=0.6)
        return self.explain(x + 5, label)

    def hatch(self, x: float) -> None:
        """Explain the hatch, the last of the key."""
        self.sheet.hatched([Box(x, self.key_y - 1.1, 4, 2.2)])
        self.explain(x + 5, UNCOUNTED)

    def note(self, text: str) -> None:
        """Write a note at the end of the key."""
        self.sheet.text(RIGHT_MM, self.key_y, text, size=SMALL_PT, align="right", colour=MUTED)


def bar_table(rows: int, left: float, right: float, top: float, pitch: float) -> BarTable:
    """One on a sheet of its own."""
    sheet = Canvas(top + pitch * rows + FOOT_MM)
    return BarTable(sheet=sheet, rows=rows, left=left, right=right, top=top, pitch=pitch)


def edges_of(columns: Sequence[tuple[str, Sequence[str]]], gap: float, right: float = RIGHT_MM) -> list[float]:
    """Right edges of columns as wide as their longest entry, heads and cells, and after them where what is left ends."""
    edges = [right]
    for head, cells in reversed(columns):
        widths = (width_mm(head, SMALL_PT), *(width_mm(cell, BODY_PT) for cell in cells))
        edges.append(edges[-1] - max(widths) - gap)
    return [*reversed(edges[:-1]), edges[-1]]


def quantity(value: float) -> str:
    """A quantity with thousands separators and at most two decimals."""
    text = rounded(value, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text
