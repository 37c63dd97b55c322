"""What looking through a file gathers, whatever its format: what a reader of values would not see, and how far it reaches.

python-calamine gives an empty string for an error cell and for a formula without a cached value, and the bare number for
5 %. They are noted here by address, so that they are told instead of being taken for blanks or wrong counts. Cells with a
value are counted on the way: one value in XFD1048576 would make any reader allocate the whole sheet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_ROWS, MAX_COLS, MAX_VALUED = 20_000, 500, 500_000
MAX_TEXTS = 200_000_000
UNCALCULATED = "=（没有计算结果的公式）"


class Refusal(Exception):  # noqa: N818 - not an error of ours: the way out of a file that is refused
    """A file is refused; never leaves :func:`pipeline.workbook.guard.inspect`."""

    def __init__(self, code: str, found: str = "") -> None:
        super().__init__(code)
        self.code, self.found = code, found


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a file holds besides plain values.

    Attributes:
        shown: (sheet name, 0-based row, 0-based column) → the text an officer sees there.
    """

    shown: dict[tuple[str, int, int], str]


class Tally:
    """Cells of one file as they come by."""

    def __init__(self) -> None:
        self.shown: dict[tuple[str, int, int], str] = {}
        self._valued = self._texts = 0

    def count(self, sheet: str, row: int, col: int, rows: int = 1, cols: int = 1) -> None:
        """Cells with a value, in ``rows`` × ``cols`` from ``row``, ``col`` on (0-based).

        Raises:
            Refusal: They lie beyond any sheet we issue, or there are too many.
        """
        if row + rows > MAX_ROWS or col + cols > MAX_COLS:
            raise Refusal("FILE_TOO_FAR", f"工作表“{sheet}”第{row + rows}行、第{col + cols}列有内容")
        self.add(rows * cols)

    def add(self, cells: int) -> None:
        """Cells with a value, known to lie near.

        Raises:
            Refusal: There are more than any return holds.
        """
        self._valued += cells
        if self._valued > MAX_VALUED:
            raise Refusal("FILE_TOO_MANY_CELLS", f"有内容的格超过{MAX_VALUED // 10_000}万个")

    def repeat_text(self, characters: int) -> None:
        """A text stored once that a reader would copy into one more cell.

        Raises:
            Refusal: The copies come to more than any return holds.
        """
        self._texts += characters
        if self._texts > MAX_TEXTS:
            raise Refusal("FILE_BOMB", "同一段长文字在表中重复的次数过多")

    def take(self, other: Tally) -> None:
        """What was counted elsewhere in the file.

        Raises:
            Refusal: Together it is too much.
        """
        self.add(other._valued)
        self.repeat_text(other._texts)
        self.shown |= other.shown

    def show(self, sheet: str, row: int, col: int, text: str) -> None:
        """What an officer sees in a cell, where a reader of values sees something else."""
        self.shown[sheet, row, col] = text


# What makes a cell show another number than it holds: scale and unit words, digits of its own, a literal sign, scaling commas.
DISGUISE = re.compile(r"[千万亿百‰约]|\"[^\"]*[0-9][^\"]*\"|^\s*\"?-|[0#],+(?![0#?,])|^;+$")


def disguised(number: str | float, code: str) -> str:
    """A number whose format shows something else, as a text that nobody takes for a number."""
    return f"{number}（单元格格式为“{code}”，显示的不是这个数）"


def percent(number: str | float) -> str:
    """0.05 → 5%; an empty string for what is not a number."""
    try:
        return f"{float(number) * 100:g}%"
    except ValueError:
        return ""
