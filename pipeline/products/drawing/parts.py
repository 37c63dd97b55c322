"""What all pictures share: a sheet measured in mm, the palette, the hatch, and the check before saving.

Every picture is drawn by hand in millimetres from the top left corner, 156 mm wide: no axes, no layout engine.
A sheet holds few artists (one collection per kind of mark), is drawn once, checked, and written from that drawing.
"""

from __future__ import annotations

import io
import math
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from PIL import Image

from pipeline.products.drawing.fonts import MM_PER_POINT, ChartError, family, require_glyphs, width_mm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH_MM = 156.0
MAX_HEIGHT_MM = 100.0
A4_MM = (210.0, 297.0)
_DPI = 220
BODY_PT = 8.0
SMALL_PT = 7.0
MIN_PT = 6.5

INK = "#1B2430"
MUTED = "#566170"
RULE = "#D9DFE7"
TRACK = "#EEF1F6"
HATCH = "#A3ADBA"
NAVY = "#163E6C"
PALE = "#8FB1D6"
MIST = "#DCE6F2"
RED = "#B3261E"
WHITE = "#FFFFFF"

# Lightness only falls, so a black-and-white copy keeps the order; the greys on which neither white nor black
# reads well are passed quickly.
_SHADES = np.array([(238, 243, 249), (197, 214, 234), (148, 181, 215), (72, 121, 174), (14, 48, 90)]) / 255
_ON_PALE = "#0C1420"
_WHITE_BELOW = 0.2  # relative luminance at which white and near-black text read equally well
_HATCH_STEP_MM = 1.5

Align = Literal["left", "center", "right"]
Point = tuple[float, float]
P = ParamSpec("P")
T = TypeVar("T")


class Box(NamedTuple):
    """A rectangle: left, top, width and height in mm, y downwards."""

    x: float
    y: float
    w: float
    h: float

    def corners(self) -> tuple[Point, ...]:
        """Return the four corners, clockwise from the top left."""
        return (
            (self.x, self.y),
            (self.x + self.w, self.y),
            (self.x + self.w, self.y + self.h),
            (self.x, self.y + self.h),
        )


class Canvas:
    """One picture, 156 mm wide and ``height_mm`` high; later marks cover earlier ones. Or a page, A4 upright.

    Raises:
        ChartError: the height is not within 100 mm.
    """

    def __init__(self, height_mm: float, *, page: bool = False) -> None:
        width_mm, most_mm = A4_MM if page else (WIDTH_MM, MAX_HEIGHT_MM)
        if not 0 < height_mm <= most_mm + 1e-6:
            raise ChartError(f"图高 {height_mm:.0f} 毫米，超过 {most_mm:.0f} 毫米，请减少行数")
        self.height_mm = height_mm
        self._figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4), dpi=_DPI, facecolor=WHITE)
        self._canvas = FigureCanvasAgg(self._figure)
        scale = _DPI / 25.4
        self._to_pixels = Affine2D().scale(scale, -scale).translate(0, self._figure.bbox.height)
        self._texts: list[Text] = []
        self._layer = 0

    def _next_layer(self) -> int:
        self._layer += 1
        return self._layer

    def polygons(
        self,
        shapes: Sequence[Sequence[Point]],
        fill: str | Sequence[str],
        *,
        edge: str = "none",
        edge_pt: float = 0.0,
    ) -> None:
        """Fill closed shapes given in mm, with one colour or one for each."""
        if shapes:
            self._figure.add_artist(
                PolyCollection(
                    [np.asarray(shape) for shape in shapes],
                    facecolors=fill,
                    edgecolors=edge,
                    linewidths=edge_pt,
                    transform=self._to_pixels,
                    zorder=self._next_layer(),
                ),
            )

    def boxes(self, boxes: Sequence[Box], fill: str | Sequence[str], *, edge: str = "none", edge_pt: float = 0) -> None:
        """Fill rectangles, with one colour or one for each."""
        self.polygons([box.corners() for box in boxes], fill, edge=edge, edge_pt=edge_pt)

    def lines(
        self,
        paths: Sequence[Sequence[Point]],
        colour: str,
        width_pt: float,
        *,
        dashes: tuple[float, float] | None = None,
        cap: Literal["butt", "round", "projecting"] = "butt",
    ) -> None:
        """Draw open paths given in mm; ``dashes`` is on and off in line widths."""
        if paths:
            self._figure.add_artist(
                LineCollection(
                    [np.asarray(path) for path in paths],
                    colors=colour,
                    linewidths=width_pt,
                    linestyles=[(0, dashes)] if dashes else "solid",
                    capstyle=cap,
                    transform=self._to_pixels,
                    zorder=self._next_layer(),
                ),
            )

    def hatched(self, boxes: Sequence[Box]) -> None:
        """Mark rectangles as 未计入: white, outlined, with diagonal strokes; never a length or a shade."""
        self.boxes(boxes, WHITE)
        self.lines([stroke for box in boxes for stroke in _diagonals(box)], HATCH, 0.55)
        self.boxes(boxes, "none", edge=HATCH, edge_pt=0.6)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = BODY_PT,
        align: Align = "left",
        colour: str = INK,
        halo: bool = False,
        room: float = math.inf,
    ) -> None:
        """Write one line with its middle at height ``y`` mm, fitted to the room; Chinese and figures share one baseline.

        Raises:
            GlyphError: the font lacks a character.
        """
        if not text:
            return
        if room < math.inf:
            text, size = fitted(text, room, size)
        require_glyphs(text)
        artist = Text(
            x,
            y + 0.37 * size * MM_PER_POINT,
            text,
            fontfamily=family(),
            fontsize=size,
            color=colour,
            horizontalalignment=align,
            verticalalignment="baseline",
            parse_math=False,
            transform=self._to_pixels,
            zorder=self._next_layer(),
        )
        if halo:
            artist.set_path_effects([withStroke(linewidth=1.5, foreground=WHITE)])
        self._texts.append(artist)
        self._figure.add_artist(artist)

    def png(self) -> bytes:
        """Draw once, check every text, and return the picture as PNG bytes at its true size.

        Raises:
            ChartError: a text runs off the sheet, or two texts overlap.
        """
        self._canvas.draw()  # type: ignore[no-untyped-call]
        self._check()
        pixels = np.asarray(self._canvas.buffer_rgba())[:, :, :3]  # type: ignore[no-untyped-call]
        image = Image.fromarray(np.ascontiguousarray(pixels))
        # 256 colours are told apart from all of them by no eye, and take a third of the room in every document.
        few = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        with io.BytesIO() as stream:
            few.save(stream, format="PNG", dpi=(_DPI, _DPI))
            return stream.getvalue()

    def _check(self) -> None:
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        extents = [text.get_window_extent(renderer).extents for text in self._texts]
        if not extents:
            return
        x0, y0, x1, y1 = np.array(extents).T
        width, height = self._figure.bbox.width, self._figure.bbox.height
        outside = (x0 < -1) | (y0 < -1) | (x1 > width + 1) | (y1 > height + 1)
        if outside.any():
            raise ChartError(f"图中文字超出边界：“{self._texts[int(outside.argmax())].get_text()}”")
        # A line's extent is taller than its ink: a sixth at either side is white.
        spare = (y1 - y0) / 6
        across = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
        down = np.minimum.outer(y1 - spare, y1 - spare) - np.maximum.outer(y0 + spare, y0 + spare)
        clashes = np.argwhere(np.triu((across > 1) & (down > 1), k=1))
        if len(clashes):
            first, second = (self._texts[int(index)].get_text() for index in clashes[0])
            raise ChartError(f"图中文字重叠：“{first}”与“{second}”")


def _diagonals(box: Box) -> list[tuple[Point, Point]]:
    """Return the hatch strokes of a rectangle, on one lattice for the whole sheet."""
    right, bottom = box.x + box.w, box.y + box.h
    first = math.ceil((box.x + box.y) / _HATCH_STEP_MM)
    last = math.floor((right + bottom) / _HATCH_STEP_MM)
    strokes = []
    for step in range(first, last + 1):
        total = step * _HATCH_STEP_MM
        left, end = max(box.x, total - bottom), min(right, total - box.y)
        strokes.append(((left, total - left), (end, total - end)))
    return strokes


def plain(draw: Callable[P, bytes]) -> Callable[P, bytes]:
    """Draw under matplotlib's own defaults, whatever a ``matplotlibrc`` on the machine says."""
    untouched = {"backend", "backend_fallback"}

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> bytes:
        with mpl.rc_context():
            dict.update(mpl.rcParams, {k: v for k, v in mpl.rcParamsDefault.items() if k not in untouched})
            return draw(*args, **kwargs)

    return drawn


@plain
def sentence(text: str) -> bytes:
    """Draw a sentence where there is nothing, or nothing else, to draw."""
    sheet = Canvas(12.0)
    sheet.boxes([Box(0.5, 0.5, WIDTH_MM - 1.0, 11.0)], WHITE, edge=RULE, edge_pt=0.8)
    sheet.text(WIDTH_MM / 2, 6.0, text, room=WIDTH_MM - 6.0, align="center", colour=MUTED)
    return sheet.png()


def clamp_pct(value: float) -> float:
    """Return a percentage held within 0–100, for a length or a shade.

    Raises:
        ChartError: the value is not a finite number; a missing value is None, never NaN.
    """
    if not math.isfinite(value):
        raise ChartError(f"百分比不是有效数字：{value}（缺报请用 None）")
    return min(max(value, 0.0), 100.0)


def shade(pct: float) -> tuple[str, str]:
    """Return the fill of a percentage and, black or white, the text colour that reads better on it."""
    place = clamp_pct(pct) / 100 * (len(_SHADES) - 1)
    lower = min(int(place), len(_SHADES) - 2)
    rgb = _SHADES[lower] + (_SHADES[lower + 1] - _SHADES[lower]) * (place - lower)
    fill = "#" + "".join(f"{round(float(part) * 255):02X}" for part in rgb)
    luminance = float(rgb**2.2 @ np.array([0.2126, 0.7152, 0.0722]))
    return fill, WHITE if luminance < _WHITE_BELOW else _ON_PALE


def rounded(value: float, places: int) -> str:
    """Write a figure with a fixed number of decimals, halves up as in the documents (Chinese practice)."""
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{exact + 0:,.{places}f}" if exact else f"{0:.{places}f}"


def row_pitch(rows: int, fixed_mm: float, *, widest: float, tightest: float = 3.9) -> float:
    """Share the height left by ``fixed_mm`` among the rows.

    Raises:
        ChartError: no rows, or too many to be read.
    """
    if rows == 0:
        raise ChartError("图中没有行")
    pitch = min(widest, (MAX_HEIGHT_MM - fixed_mm) / rows)
    if pitch < tightest:
        raise ChartError(f"图中有 {rows} 行，超过一图能容纳的行数")
    return pitch


def divided(rows: Sequence[T], most: int) -> list[Sequence[T]]:
    """Part rows over as few pictures as hold ``most`` each, all nearly as long; rows that fit are one part."""
    parts = max(1, math.ceil(len(rows) / most))
    ends = [len(rows) * n // parts for n in range(parts + 1)]
    return [rows[start:end] for start, end in pairwise(ends)]


def fitted(text: str, room_mm: float, size: float = BODY_PT) -> tuple[str, float]:
    """Fit a label into a width: smaller down to 6.5 pt, then shortened with an ellipsis.

    Returns:
        The text to write and its size in pt.
    """
    natural = width_mm(text, size)
    if natural <= room_mm:
        return text, size
    if width_mm(text, MIN_PT) <= room_mm:
        return text, max(MIN_PT, math.floor(size * room_mm / natural * 10) / 10)
    kept = text
    while kept and width_mm(kept + "…", MIN_PT) > room_mm:
        kept = kept[:-1]
    return kept + "…", MIN_PT


def label_room(labels: Sequence[str], *, least: float = 12.0, most: float = 40.0, size: float = BODY_PT) -> float:
    """Return the width in mm of a label column: as wide as its longest label, within limits."""
    return min(most, max(least, *(width_mm(label, size) + 0.2 for label in labels)))


def disc(x: float, y: float, radius: float) -> list[Point]:
    """Return a circle as a polygon in mm."""
    turns = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    return [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns.tolist()]


def diamond(x: float, y: float, radius: float) -> list[Point]:
    """Return a square standing on a corner, in mm."""
    return [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]


def shade_scale(sheet: Canvas, x: float, y: float) -> float:
    """Draw the scale of shades from 0 to 100 % and return where the next mark may begin, in mm."""
    steps, wide = 20, 1.6
    sheet.text(x, y, "完成率 0", size=SMALL_PT, colour=MUTED)
    left = x + width_mm("完成率 0", SMALL_PT) + 1.2
    middles = [100 * (step + 0.5) / steps for step in range(steps)]
    strips = [Box(left + wide * step, y - 1.4, wide + 0.1, 2.8) for step in range(steps)]
    sheet.boxes(strips, [shade(pct)[0] for pct in middles])
    sheet.text(left + wide * steps + 1.2, y, "100%", size=SMALL_PT, colour=MUTED)
    return left + wide * steps + 1.2 + width_mm("100%", SMALL_PT) + 6
