"""Rules of a sheet of an xls by which cells look otherwise: those under which a value is not seen, or is struck.

Layouts are those of [MS-XLS] 2.4.42, 2.4.43, 2.4.56 and 2.5.92 (DXFN).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.reading.formats.biff_formula import constant, is_true
from pipeline.reading.formats.notes import compares

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.domain.value import Raw

_OPERATORS = {
    1: "between",
    2: "notBetween",
    3: "equal",
    4: "notEqual",
    5: "greaterThan",
    6: "lessThan",
    7: "greaterThanOrEqual",
    8: "lessThanOrEqual",
}
_BY_VALUE = 1
HAS_NUMBER, HAS_FONT, HAS_ALIGNMENT, HAS_BORDER, HAS_FILL = 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29
NO_PATTERN, NO_BACK = 1 << 16, 1 << 18
_OWN_FORMAT = 1
STRUCK, AS_IT_IS = 1 << 7, -1
FONT_SIZE, ALIGNMENT_SIZE, BORDER_SIZE = 118, 8, 8
MAX_RULES, MAX_AREAS = 1_000, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class XlsLook:
    """How cells look under a rule; None of a colour that stays as it is."""

    struck: bool = False
    ink: int | None = None
    paper: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _XlsCondition:
    """One rule with the areas it is for: first row, last row, first column, last column."""

    areas: Sequence[tuple[int, ...]]
    by_value: bool
    operator: str
    limits: tuple[bytes, bytes]
    look: XlsLook

    def applies(self, value: Raw) -> bool | None:
        """Whether it holds for a value; None where that is not worked out here."""
        low, high = (constant(formula) for formula in self.limits)
        if not self.by_value:
            return True if is_true(self.limits[0]) or low else None
        if low is None or (high is None and self.operator.lower().endswith("between")):
            return None
        return compares(self.operator, value, low, low if high is None else high)


class XlsConditions:
    """Those of one sheet, as their records come by."""

    def __init__(self, text: Callable[[bytes, int], str]) -> None:
        self.found: list[_XlsCondition] = []
        self._areas: list[tuple[int, ...]] = []
        self._text, self._all = text, 0

    def areas(self, data: bytes) -> None:
        """The cells that the rules behind are for."""
        count = struct.unpack_from("<H", data, 12)[0]
        self._all += count
        cells = data[14 : 14 + 8 * count]
        self._areas = list(struct.iter_unpack("<4H", cells[: len(cells) // 8 * 8])) if self._all <= MAX_AREAS else []

    def rule(self, data: bytes) -> None:
        """One of them."""
        kind, operator, first, second = struct.unpack_from("<BBHH", data)
        end = len(data) - first - second
        limits = data[end : end + first], data[end + first :]
        if end > 0 and len(self.found) < MAX_RULES:
            rule = _XlsCondition(
                areas=self._areas,
                by_value=kind == _BY_VALUE,
                operator=_OPERATORS.get(operator, ""),
                limits=limits,
                look=self._look(data[6:end]),
            )
            self.found.append(rule)

    def _look(self, data: bytes) -> XlsLook:
        flags, more = struct.unpack_from("<IH", data)
        at, code, struck = 6, "", False
        ink = paper = None
        if flags & HAS_NUMBER:
            size = struct.unpack_from("<H", data, at)[0] if more & _OWN_FORMAT else 2
            code = self._text(data[at + 2 : at + size], 2) if more & _OWN_FORMAT else ""
            at += size
        if flags & HAS_FONT:
            style, colour, same = (
                struct.unpack_from("<I", data, at + 68)[0],
                *struct.unpack_from("<i", data, at + 80),
                *struct.unpack_from("<I", data, at + 88),
            )
            struck = bool(style & STRUCK) and not same & STRUCK
            ink = colour if colour != AS_IT_IS else None
            at += FONT_SIZE
        at += ALIGNMENT_SIZE if flags & HAS_ALIGNMENT else 0
        at += BORDER_SIZE if flags & HAS_BORDER else 0
        if flags & HAS_FILL and not flags & NO_BACK:
            paper = struct.unpack_from("<H", data, at + 2)[0] >> 7 & 0x7F
        return XlsLook(struck=struck, ink=ink, paper=paper, code=code)
