"""Conditions under which a cell of an ods looks otherwise: those under which a value is not seen, or is struck.

They hang on styles (``style:map``), and LibreOffice also lists them behind the cells of a sheet (``calcext``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import compares

if TYPE_CHECKING:
    from pipeline.domain.value import Raw

_FIGURE = r"\s*([-+]?\d+(?:\.\d+)?)\s*"
_COMPARES = re.compile(rf"(?:cell-content\(\))?\s*(=|!=|<>|<=|>=|<|>){_FIGURE}", re.ASCII)
_BETWEEN = re.compile(rf"(?:cell-content-is-)?(not-)?between\({_FIGURE},{_FIGURE}\)", re.ASCII)
_ALWAYS = re.compile(r"(?:is-true-formula|formula-is)\((?:1|TRUE(?:\(\))?)\)", re.ASCII)
_OPERATORS = {
    "=": "equal",
    "!=": "notEqual",
    "<>": "notEqual",
    "<": "lessThan",
    "<=": "lessThanOrEqual",
    ">": "greaterThan",
    ">=": "greaterThanOrEqual",
}
OF_NUMBERS = "value()"  # begins a condition of a number format, which chooses how a number is written
_RANGE = re.compile(r"(?:.*\.)?\$?([A-Z]{1,3})\$?(\d{1,7})", re.ASCII)
ALL = "always"  # a bar in place of the number


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Cells of a sheet, from 0; the last ones included."""

    top: int
    left: int
    bottom: int
    right: int


def applies(condition: str, value: Raw) -> bool | None:
    """Whether a condition holds for a value; None where that is not worked out here."""
    if condition == ALL:
        return isinstance(value, (int, float))
    if _ALWAYS.fullmatch(condition):
        return True
    if found := _COMPARES.fullmatch(condition):
        return compares(_OPERATORS[found[1]], value, float(found[2]), float(found[2]))
    if two := _BETWEEN.fullmatch(condition):
        return compares("notBetween" if two[1] else "between", value, float(two[2]), float(two[3]))
    return None


def areas(written: str) -> list[Area]:
    """The areas of a list such as ``表.D7:表.E9 表.A1``; what is none is left out."""
    found = []
    for part in written.split():
        first, _, last = part.partition(":")
        begin, end = _RANGE.fullmatch(first), _RANGE.fullmatch(last or first)
        if begin and end:
            found.append(
                Area(top=int(begin[2]) - 1, left=_column(begin[1]), bottom=int(end[2]) - 1, right=_column(end[1]))
            )
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1
