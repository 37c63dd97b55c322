"""Labels too long for one line: broken into two before anything is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.drawing.fonts import MM_PER_POINT, width_mm
from pipeline.products.drawing.parts import BODY_PT, INK, MIN_PT, SMALL_PT, fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.products.drawing.parts import Canvas

_NEVER_FIRST = frozenset("，。；：、？！）》”’%…")  # no line begins with a closing mark (GB/T 15834)
_NEVER_LAST = frozenset("（《“‘")
_LEADING = 1.14


def wrapped(text: str, room_mm: float, *, most: int = 2) -> tuple[list[str], float]:
    """Fit a label into a width: whole at body size, on two lines a little smaller, and only then shortened.

    Returns:
        The lines to write and their size in pt.
    """
    if most == 1 or width_mm(text, BODY_PT) <= room_mm:
        line, size = fitted(text, room_mm)
        return [line], size
    for size in (SMALL_PT, MIN_PT):
        cut = _break(text, room_mm, size)
        if width_mm(text[cut:], size) <= room_mm:
            return [part for part in (text[:cut], text[cut:]) if part], size
    cut = _break(text, room_mm, MIN_PT)
    return [text[:cut], fitted(text[cut:], room_mm)[0]], MIN_PT


def _break(text: str, room_mm: float, size: float) -> int:
    """Return where the first line ends: as late as it may, never before a closing mark or after an opening one."""
    longest = max((n for n in range(1, len(text) + 1) if width_mm(text[:n], size) <= room_mm), default=1)
    for n in range(longest, max(1, longest - 4), -1):
        if text[n - 1] not in _NEVER_LAST and text[n : n + 1] not in _NEVER_FIRST and not _in_number(text, n):
            return n
    return longest


def _in_number(text: str, n: int) -> bool:
    around = text[n - 1 : n + 1]
    return len(around) > 1 and around.isascii() and around.isalnum()


def write_lines(sheet: Canvas, x: float, y: float, lines: Sequence[str], size: float, colour: str = INK) -> None:
    """Write lines from the left, their common middle at height ``y`` mm."""
    step = size * MM_PER_POINT * _LEADING
    for n, line in enumerate(lines):
        sheet.text(x, y + step * (n - (len(lines) - 1) / 2), line, size=size, colour=colour)
