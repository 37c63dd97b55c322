"""Formulas of an xls, as far as they are of interest: those that take from another file, and those made of figures alone."""

from __future__ import annotations

import operator
import struct
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.reading.formats.notes import Tally

OWN_BOOK, ADD_IN, LONGEST_PATH = 0x0401, 0x3A01, 0xFF
_PATH_MARKS = "\x01\x02\x05"  # an encoded path, from the same drive, of one piece
TEXT, CHOICES, ATTRIBUTE, INTEGER, REAL, PAREN = 0x17, 0x04, 0x19, 0x1E, 0x1F, 0x15
_OUTSIDE = {0x39: 7, 0x3A: 7, 0x3B: 11, 0x3C: 7, 0x3D: 11}  # a name, cell or area that stands in some book
_SIZES = {
    **dict.fromkeys(range(0x03, 0x17), 1),
    0x01: 5,
    0x02: 5,
    0x1C: 2,
    0x1D: 2,
    INTEGER: 3,
    REAL: 9,
    0x20: 8,
    0x21: 3,
    0x22: 4,
    0x23: 5,
    0x24: 5,
    0x25: 9,
    0x26: 7,
    0x27: 7,
    0x28: 7,
    0x29: 3,
    0x2A: 5,
    0x2B: 9,
    0x2C: 5,
    0x2D: 9,
    **_OUTSIDE,
}
_TWO: dict[int, Callable[[float, float], float]] = {
    0x03: operator.add,
    0x04: operator.sub,
    0x05: operator.mul,
    0x06: operator.truediv,
}
_ONE: dict[int, Callable[[float], float]] = {0x12: operator.pos, 0x13: operator.neg, 0x14: lambda n: n / 100}
FUNCTION, SUM, SUMS = 0x22, b"\x10", {b"\0\0", b"\4\0", b"\5\0", b"\6\0", b"\7\0"}  # and count, mean, least and most
ADDED, PASSED_OVER, BOOLEAN = b"\4\0", {0x10, 0x40}, 0x1D  # SUM of several; of one, and blanks; TRUE or FALSE
_NEAR = 1e-9
_MAX_WALKED = 5_000_000  # bytes of formulas


class Links:
    """The books a workbook takes figures from, and which are its own."""

    def __init__(self) -> None:
        self._books: list[str] = []
        self._sheets: list[int] = []
        self._used = self._outside = False
        self._walked = 0

    def book(self, path: str, kind: int) -> None:
        """One book; without a path it is this one, or add-ins."""
        outside = kind not in {OWN_BOOK, ADD_IN} and 1 < kind <= LONGEST_PATH
        self._outside = self._outside or outside
        self._books.append((path.replace("\x03", "/").lstrip(_PATH_MARKS) or "别的文件") if outside else "")

    def sheets(self, data: bytes) -> None:
        """Which book each reference means."""
        self._sheets += [book for book, _, _ in struct.iter_unpack("<3H", data[2 : 2 + len(data[2:]) // 6 * 6])]

    def of(self, formula: bytes) -> str:
        """The other book that a formula takes from; empty for one that takes from none."""
        if not self._outside:
            return ""
        self._walked += len(formula)
        if self._walked > _MAX_WALKED:
            raise Refusal("FILE_TOO_MANY_CELLS", "公式过多过长")
        for token, at in _tokens(formula):
            if token in _OUTSIDE:
                number = struct.unpack_from("<H", formula, at + 1)[0]
                book = self._sheets[number] if number < len(self._sheets) else len(self._books)
                if book < len(self._books) and self._books[book]:
                    self._used = True
                    return self._books[book]
        return ""

    def report(self, tally: Tally) -> None:
        """Links that no cell uses."""
        paths = [path for path in self._books if path]
        if paths and not self._used:
            tally.parts["LINKS_UNUSED"] = "、".join(f"“{path}”" for path in dict.fromkeys(paths))


def constant(formula: bytes) -> float | None:
    """What a formula of figures alone comes to; None for any other."""
    stack: list[float] = []
    end = 0
    try:
        for token, at in _tokens(formula):
            end = at + _SIZES.get(token, 0)
            if token == INTEGER:
                stack.append(struct.unpack_from("<H", formula, at + 1)[0])
            elif token == REAL:
                stack.append(struct.unpack_from("<d", formula, at + 1)[0])
            elif token in _TWO:
                right, left = stack.pop(), stack.pop()
                stack.append(_TWO[token](left, right))
            elif token in _ONE:
                stack.append(_ONE[token](stack.pop()))
            elif token == FUNCTION and formula[at + 2 : at + 4] == ADDED:
                count = formula[at + 1]
                stack[-count:] = [sum(stack[-count:])] if 0 < count <= len(stack) else [stack[len(stack)]]
            elif token == ATTRIBUTE and formula[at + 1] in PASSED_OVER:  # the sum of one figure is that figure
                end = at + 4
            elif token != PAREN:
                return None
    except (IndexError, ArithmeticError):
        return None
    return stack[0] if len(stack) == 1 and end == len(formula) else None


def is_true(formula: bytes) -> bool:
    """A formula that is TRUE and nothing else."""
    return formula == bytes((BOOLEAN, 1))


def is_figure(formula: bytes) -> bool:
    """Whether a formula can have no text as its result: its last step is arithmetic, or a sum."""
    last, at = 0, 0
    for token, where in _tokens(formula):
        last, at = (token, where) if token != PAREN else (last, at)
    is_sum = (last == ATTRIBUTE and formula[at + 1 : at + 2] == SUM) or (
        last == FUNCTION and formula[at + 2 : at + 4] in SUMS
    )
    return last in _TWO or last in _ONE or last in {INTEGER, REAL} or is_sum


def differs(one: float, other: float) -> bool:
    """More than binary arithmetic may add."""
    return abs(one - other) > _NEAR * max(1, abs(one), abs(other))


def _tokens(formula: bytes) -> Iterator[tuple[int, int]]:
    """(token, where it stands), up to one of unknown size; the class of a token's result does not matter."""
    at = 0
    while at < len(formula):
        token = formula[at]
        token = token & 0x1F | 0x20 if token >= 0x40 else token  # noqa: PLR2004 - of three classes
        yield token, at
        if token == TEXT and at + 2 < len(formula):
            at += 3 + formula[at + 1] * (2 if formula[at + 2] & 1 else 1)
        elif token == ATTRIBUTE and at + 3 < len(formula):
            choices = struct.unpack_from("<H", formula, at + 2)[0] + 1 if formula[at + 1] & CHOICES else 0
            at += 4 + 2 * choices
        elif token in _SIZES:
            at += _SIZES[token]
        else:
            return
