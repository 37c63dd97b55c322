"""What looking through a file gathers, whatever its format: what a reader of values would not see, and how far it reaches.

What an officer sees and a value does not say (an error, 5 %, a struck figure, a hidden row, a picture over a cell) is noted by
address, so that it is reported instead of being taken for a blank or a wrong count: one vocabulary for all formats.
Cells with a value are counted on the way: one value in XFD1048576 would make the grid the whole sheet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.domain.findings import CATALOGUE, Severity
from pipeline.domain.value import show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.domain.value import Raw

MAX_ROWS, MAX_COLS, MAX_VALUED = 20_000, 500, 300_000
MAX_SHEETS, MAX_BESIDE = 500, 10_000
_MAX_TEXTS = 50_000_000
MAX_ROOM, ROW_ROOM = 2_000_000, 8  # places of the grids of all sheets; what a row takes besides its cells
UNCALCULATED = "=（没有计算结果的公式）"
FORMULA_LENGTH = 240  # characters of a formula that are kept: enough to know one of ours again
SHOWN_LENGTH = 100
_NOUGHT = "0（这张表设为不显示零值）"
LEAST_SIZE = 3  # points: nobody reads letters that are smaller
_NEAR = 16  # of 255 in every part of a colour: nobody can distinguish them
COVERED = "“{}”（被合并的格盖住）"
PICTURE, TEXT_BOX, COMMENT = "一张图片", "文本框“{}”", "批注“{}”"
_OWN_COMMENT = re.compile("批注“\\s*【(须改正|请核对|提示)】")


NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII).fullmatch
RULED = {
    True: ("CELL_UNSEEN", "“{}”（条件格式使它看不见，或画了删除线）"),
    None: ("CELL_MAYBE_UNSEEN", "“{}”（条件格式可能使它看不见）"),
}  # whether a rule that hides applies → what is said


class Refusal(Exception):  # noqa: N818 - not an error of ours: the way out of a file that is refused
    """A file is refused; never leaves :func:`pipeline.reading.guard.inspect`."""

    def __init__(self, code: str, found: str = "") -> None:
        super().__init__(code)
        self.code, self.found = code, found


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why the value of a cell is not what its officer saw, or is not sure to be.

    Attributes:
        code: Finding code; a critical one keeps the value from being taken.
        seen: What is seen there, in words.
        instead: ``seen`` stands for the value in a returned copy: the bare value would be taken when it comes back.
    """

    code: str
    seen: str
    instead: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Seen:
    """How one sheet looks; places are 0-based (row, column).

    Attributes:
        hidden: The sheet itself cannot be seen.
        rows: Hidden row → only a filter hides it. Rows without a value need not be here.
        cols: Hidden columns, also those without width.
        doubts: Cell → what is wrong with its value.
        beside: Cell → what lies over it or hangs on it, in words: 一张图片, 批注“…”.
        formulas: Cell → how its formula begins, where the format says: of an xlsx.
    """

    hidden: bool = False
    rows: dict[int, bool] = field(default_factory=dict)
    cols: set[int] = field(default_factory=set)
    doubts: dict[tuple[int, int], Doubt] = field(default_factory=dict)
    beside: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a file holds besides plain values.

    Attributes:
        shown: (sheet name, 0-based row, 0-based column) → the text an officer sees there.
        seen: Sheet name → how it looks, of sheets where something is to be said.
        parts: (finding code, what was found) about the file: macros, links.
        grids: Sheet name → rows of values from A1 on.
    """

    shown: Mapping[tuple[str, int, int], str] = field(default_factory=dict)
    seen: Mapping[str, Seen] = field(default_factory=dict)
    parts: tuple[tuple[str, str], ...] = ()
    grids: Mapping[str, list[list[Raw]]] = field(default_factory=dict)


_NO_GRIDS: Mapping[str, list[list[Raw]]] = {}


class Tally:
    """Cells of one file as they come by."""

    def __init__(self) -> None:
        self.shown: dict[tuple[str, int, int], str] = {}
        self.seen: defaultdict[str, Seen] = defaultdict(Seen)
        self.parts: dict[str, str] = {}
        self._valued = self._texts = self._room = self._hung = 0
        self._sheets: set[str] = set()

    def notes(self, grids: Mapping[str, list[list[Raw]]] = _NO_GRIDS) -> Notes:
        """What was gathered."""
        return Notes(shown=self.shown, seen=self.seen, parts=tuple(self.parts.items()), grids=grids)

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
        if self._texts > _MAX_TEXTS:
            raise Refusal("FILE_BOMB", "同一段长文字在表中重复的次数过多")

    def sheet(self, name: str) -> None:
        """One more sheet.

        Raises:
            Refusal: There was one of this name, or there are more than any return has.
        """
        if name.lower() in self._sheets:
            raise Refusal("FILE_BAD_MEMBERS", f"有两张工作表都叫“{name}”")
        self._sheets.add(name.lower())
        if len(self._sheets) > MAX_SHEETS:
            raise Refusal("FILE_TOO_MANY_CELLS", f"工作表超过{MAX_SHEETS}张")

    def room(self, places: int) -> None:
        """Places of a grid, with a value or without.

        Raises:
            Refusal: All grids together are larger than any return.
        """
        self._room += places
        if self._room > MAX_ROOM:
            raise Refusal("FILE_TOO_FAR", "各工作表有内容的格相隔太远，加起来超过200万格")

    def take(self, other: Tally) -> None:
        """What was counted elsewhere in the file.

        Raises:
            Refusal: Together it is too much.
        """
        self.add(other._valued)
        self.room(other._room)
        self.repeat_text(other._texts)
        self.shown |= other.shown
        self.seen |= other.seen
        self.parts |= other.parts

    def show(self, sheet: str, row: int, col: int, text: str) -> None:
        """What an officer sees in a cell, where a reader of values sees something else."""
        self.shown[sheet, row, col] = text

    def doubt(self, sheet: str, row: int, col: int, code: str, seen: str, *, instead: bool = False) -> None:
        """A cell whose value is not what its officer saw; see :class:`Doubt`. The first that refuses it is kept."""
        doubts = self.seen[sheet].doubts
        before = doubts.get((row, col))
        if before is None or CATALOGUE[before.code].severity is not Severity.CRITICAL:
            doubts[row, col] = Doubt(code=code, seen=seen[:SHOWN_LENGTH], instead=instead)

    def rule(
        self,
        sheet: str,
        rows: Sequence[Sequence[Raw]],
        area: tuple[int, ...],
        hides: Callable[[Raw], bool | None],
    ) -> None:
        """The cells from top to bottom, left to right of an ``area`` that a rule hides, or may hide."""
        top, bottom, left, right = area
        for row, cells in enumerate(rows[top : bottom + 1], top):
            self.room(1 + max(0, min(right + 1, len(cells)) - left))
            for col, value in enumerate(cells[left : right + 1], left):
                if value != "" and (found := RULED.get(hides(value))):
                    code, seen = found
                    self.doubt(sheet, row, col, code, seen.format(show(value)), instead=code == "CELL_UNSEEN")

    def noughts_unseen(self, sheet: str, rows: Sequence[Sequence[Raw]]) -> None:
        """The sheet is set to show nothing where a number is nought: a blank for whoever looks at it."""
        for row, cells in enumerate(rows):
            for col, value in enumerate(cells):
                if value == 0 and isinstance(value, (int, float)) and not isinstance(value, bool):
                    self.doubt(sheet, row, col, "CELL_MAYBE_UNSEEN", _NOUGHT)

    def beside(self, sheet: str, row: int, col: int, what: str) -> None:
        """A picture, a text box or a comment over a cell; ``what`` names it. Those of a returned copy are ours."""
        if _OWN_COMMENT.match(what) or row >= MAX_ROWS or col >= MAX_COLS:
            return
        self._hung += 1
        if self._hung > MAX_BESIDE:
            raise Refusal("FILE_TOO_MANY_CELLS", f"图片、文本框和批注超过{MAX_BESIDE // 10_000}万个")
        over = self.seen[sheet].beside
        before = over.get((row, col), what)
        over[row, col] = (before if what in before else f"{before}、{what}")[:SHOWN_LENGTH]


class Cells:
    """The values of one sheet as they come by; ``rows`` are as long as they have to be, from A1 on."""

    def __init__(self, sheet: str, tally: Tally) -> None:
        self.rows: list[list[Raw]] = []
        self._sheet, self._tally = sheet, tally

    def put(self, row: int, col: int, value: Raw) -> None:
        """A cell that is not blank.

        Raises:
            Refusal: It makes the grids larger than those of any return.
        """
        rows = self.rows
        missing = row + 1 - len(rows)
        if missing > 0:
            self._tally.room(missing * ROW_ROOM)
            rows.extend([] for _ in range(missing))
        cells = rows[row]
        missing = col - len(cells)
        if missing >= 0:
            self._tally.room(missing + 1)
            cells.extend([""] * missing)
            cells.append(value)
            return
        if cells[col] not in {"", value}:
            self._tally.doubt(self._sheet, row, col, "CELL_TWICE", f"{cells[col]}；{value}", instead=True)
        cells[col] = value

    def cover(self, first_row: int, last_row: int, first_col: int, last_col: int) -> None:
        """Cells joined into one, of which only the first is seen."""
        for row in range(first_row, min(last_row + 1, len(self.rows))):
            cells = self.rows[row]
            self._tally.room(1 + max(0, min(last_col + 1, len(cells)) - first_col))
            for col in range(first_col, min(last_col + 1, len(cells))):
                if cells[col] != "" and (row, col) != (first_row, first_col):
                    self._tally.doubt(self._sheet, row, col, "CELL_UNSEEN", COVERED.format(cells[col]), instead=True)


def compares(operator: str, value: Raw, low: float, high: float) -> bool | None:
    """Whether a value stands to one or two figures as a rule asks; None where nobody can say."""
    if not isinstance(value, (int, float)):
        return None
    return {
        "equal": value == low,
        "notEqual": value != low,
        "lessThan": value < low,
        "lessThanOrEqual": value <= low,
        "greaterThan": value > low,
        "greaterThanOrEqual": value >= low,
        "between": low <= value <= high,
        "notBetween": not low <= value <= high,
    }.get(operator)


def alike(ink: str | None, paper: str | None) -> bool:
    """Two colours nobody can distinguish: six digits each, or the same words; None where nobody can say."""
    if ink is None or paper is None or ink == paper:
        return ink is not None and ink == paper
    try:
        parts = [(int(ink[n : n + 2], 16), int(paper[n : n + 2], 16)) for n in (0, 2, 4)]
    except ValueError:  # named, and not the same
        return False
    return all(abs(one - other) <= _NEAR for one, other in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A piece of a text that looks the same throughout.

    Attributes:
        raised: Above or below the line.
    """

    text: str
    struck: bool = False
    raised: bool = False


def doubt_of(runs: Sequence[Run]) -> tuple[str, str] | None:
    """Finding code and words for a text of which not all is to be read as it stands: m² is not m2, a struck 9 is none."""
    text = "".join(run.text for run in runs)
    for code, word, which in (("CELL_STRUCK", "画了删除线", "struck"), ("CELL_SUPERSCRIPT", "是上标或下标", "raised")):
        parts = [run.text for run in runs if getattr(run, which) and run.text.strip()]
        if parts:
            return code, f"{text}（{'、'.join(f'“{part}”' for part in parts)}{word}）"
    return None


# What makes a cell show another number than it holds: scale and unit words, digits of its own, a literal sign, scaling commas.
DISGUISE = re.compile(
    r"[千万亿百‰约]|[0#?](?:[\\!][.,]|\"[.,]\")[0#?]|[\\!][0-9%]|\"[^\"]*%\"|\"[^\"]*[0-9][^\"]*\"|^\s*\"?-|[0#],+(?![0#?,])|^;+$"
)


def disguised(number: str | float, code: str) -> str:
    """A number whose format shows something else, as a text that nobody takes for a number."""
    return f"{number}（单元格格式为“{code}”，显示的不是这个数）"


def shown_otherwise(number: float, text: str) -> str:
    """A number that stands as another text in its cell, as a text that nobody takes for a number."""
    return f"{number}（显示为“{text}”，不是这个数）"


def unshown(number: str | float, code: str) -> str:
    """A number of which its format shows nothing, as a text that nobody takes for a number."""
    return f"{number}（单元格格式为“{code}”，这个数看不见）"


def percent(number: str | float) -> str:
    """0.05 → 5%; an empty string for what is not a number."""
    try:
        return f"{float(number) * 100:g}%"
    except ValueError:
        return ""
