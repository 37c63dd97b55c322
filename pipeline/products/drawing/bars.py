"""What both bar pictures share: the plot, its percentage scale, and the line that explains the marks."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.products.drawing.fonts import width_mm
from pipeline.products.drawing.parts import MUTED, RULE, SMALL_PT, Box, Canvas, clamp_pct

FOOT_MM = 10.0
RIGHT_MM = 155.0


class BarPlot(NamedTuple):
    """Where bars run: left and right edge of 0 and 100 %, top and bottom, height of a row; all in mm."""

    left: float
    right: float
    top: float
    bottom: float
    pitch: float

    def x(self, pct: float) -> float:
        """Return the place of a percentage."""
        return self.left + (self.right - self.left) * clamp_pct(pct) / 100

    def y(self, index: int) -> float:
        """Return the middle of a row."""
        return self.top + self.pitch * (index + 0.5)

    def bar(self, index: int, pct: float, share: float) -> Box:
        """Return a bar that takes ``share`` of its row's height."""
        height = self.pitch * share
        return Box(self.left, self.y(index) - height / 2, self.x(pct) - self.left, height)


def draw_scale(sheet: Canvas, plot: BarPlot) -> None:
    """Draw the percentage scale under the bars and its faint upright lines."""
    marks = (0, 20, 40, 60, 80, 100)
    sheet.lines([((plot.x(mark), plot.top), (plot.x(mark), plot.bottom)) for mark in marks], RULE, 0.5)
    for mark in marks:
        sheet.text(plot.x(mark), plot.bottom + 2.2, f"{mark}", size=SMALL_PT, align="center", colour=MUTED)


def key_text(sheet: Canvas, x: float, y: float, label: str) -> float:
    """Write a label of the key and return where the next one may begin."""
    sheet.text(x, y, label, size=SMALL_PT, colour=MUTED)
    return x + width_mm(label, SMALL_PT) + 4


def key_hatch(sheet: Canvas, x: float, y: float) -> None:
    """Explain the hatch in the key."""
    sheet.hatched([Box(x, y - 1.1, 4, 2.2)])
    key_text(sheet, x + 5, y, "未计入")
