"""One sheet of an xlsx: every value as its officer saw it, and whatever makes a value unsure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from string import digits
from typing import TYPE_CHECKING, ClassVar

from pipeline.reading.formats.notes import (
    FORMULA_LENGTH,
    MAX_COLS,
    MAX_ROWS,
    NUMBER,
    ROW_ROOM,
    RULED,
    UNCALCULATED,
    Refusal,
    Tally,
)
from pipeline.reading.formats.number_formats import Format, as_shown
from pipeline.reading.formats.package import Watcher
from pipeline.reading.formats.sums import contradiction
from pipeline.reading.formats.xlsx_rules import XlsxConditions
from pipeline.reading.formats.xlsx_styles import FALSE, MAIN, Looks
from pipeline.reading.formats.xlsx_texts import MARKS, STRUCK, UNSEEN, Mark, Runs, unescaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.domain.value import Raw

ADDRESS = re.compile(r"[A-Z]{1,3}[0-9]{1,7}")
_EXACT_DIGITS = 16
_PLAIN_FORMAT = Format()
_NOWHERE = -1, -1
_SHOWN_LENGTH = 40
_CELLS = frozenset(f"{space} c" for space in MAIN)
VALUES = frozenset(f"{space} {name}" for space in MAIN for name in ("v", "f", "t"))
_OTHER_BOOK = re.compile(r"\[\d+\]")
_PICTURE_FORMULA = "DISPIMG("
_PICTURE_FROM_WEB = "_XLFN.IMAGE("
PICTURE = "一张图片（嵌入单元格）"
_MOST_COVERED = 1_000_000  # cells looked at under merged ones and rules
LEAST_HEIGHT, LEAST_WIDTH = 2, 0.3  # points, characters: nobody reads a row or column that is smaller


def _letters(number: int) -> str:
    return chr(65 + number) if number < 26 else _letters(number // 26 - 1) + chr(65 + number % 26)  # noqa: PLR2004


COLUMNS = {_letters(number): number for number in range(MAX_COLS)}


@dataclass(slots=True, kw_only=True)
class Book:
    """What the cells of all sheets refer to.

    Attributes:
        links: The workbook has links to others, so that formulas may use them.
        pictures: Cells may hold pictures as values.
    """

    looks: Looks
    texts: Sequence[str]
    marks: Mapping[int, Mark]
    long: Mapping[int, int]
    since_1904: bool = False
    links: bool = False
    pictures: bool = False


@dataclass(slots=True)
class _Formula:
    """Of the cell we are in."""

    pieces: list[str] = field(default_factory=list)
    shared: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()


class SheetPart(Watcher):
    """Follows one sheet. Blank cells, styled or not, cost as little as can be: some sheets have a million.

    Attributes:
        grid: Rows of values from A1 on, each as long as it has values.
        tally: What is to be said beside.
    """

    spaces: ClassVar[tuple[str, ...]] = MAIN

    def __init__(self, name: str, book: Book) -> None:
        super().__init__()
        self.grid: list[list[Raw]] = []
        self.tally = Tally()
        self._name, self._book, looks = name, book, book.looks
        self._special = looks.struck | looks.unseen | looks.formats.keys()
        self._texts, self._plain_texts = book.texts, not (book.marks or book.long)
        self._runs = Runs(self)
        self._row = 0
        self._place = _NOWHERE
        self._cell: dict[str, str] = {}
        self._waits = self._has_value = self._listens = self._inline = False
        self._pieces: list[str] = []
        self._keep = self._pieces.append
        self._formula: _Formula | None = None
        self._linked: set[str] = set()
        self._twice: dict[tuple[int, int], Raw] = {}
        self._valued = self._covered = 0
        self._filtered: tuple[int, int] | None = None
        self._noughts_unseen = False
        self._rules = XlsxConditions(self, looks.hiding)
        self.on(c=self._open_cell, v=self._value, f=self._open_formula, row=self._open_row, col=self._columns)
        self.on(autoFilter=self._filter, filterColumn=self._filter_on, mergeCell=self._merge)
        self.on(sheetView=self._view, conditionalFormatting=self._rules_of)
        self.on(**{"is": self._open_inline})

    # rows and columns

    def _columns(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden", "0") not in FALSE or _small(attributes.get("width"), LEAST_WIDTH):
            first, last = int(attributes.get("min", "1")), int(attributes.get("max", "1"))
            self.tally.seen[self._name].cols.update(range(first - 1, min(last, MAX_COLS)))

    def _open_row(self, attributes: dict[str, str]) -> None:
        if self._waits:
            self._settle()
        row = self._row = int(attributes.get("r", self._row + 1))
        if self._place[0] != row - 1:
            self._place = row - 1, -1
        if attributes.get("hidden", "0") not in FALSE or _small(attributes.get("ht"), LEAST_HEIGHT):
            self.tally.seen[self._name].rows[row - 1] = False

    def _filter(self, attributes: dict[str, str]) -> None:
        if len(self.open) == 2:  # noqa: PLR2004 - of the sheet, not of a view somebody keeps beside
            (first, _), (last, _) = _corners(attributes.get("ref", ""))
            self._filtered = first, last

    def _filter_on(self, _: dict[str, str]) -> None:
        if self._filtered and len(self.open) == 3:  # noqa: PLR2004
            first, last = self._filtered
            rows = self.tally.seen[self._name].rows
            rows.update({row: True for row in rows if first < row <= last})

    # cells

    def _open_cell(self, attributes: dict[str, str]) -> None:
        if self._waits:
            self._settle()
        self._cell = attributes
        before = self._place
        reference = attributes.get("r")
        place = (before[0], before[1] + 1) if reference is None else _PLACES.get(reference) or _locate(reference)
        self._place = place
        if place <= before:
            self._note_order(place, before)
        if attributes.get("t") == "e":
            self._waits = True

    def _note_order(self, place: tuple[int, int], before: tuple[int, int]) -> None:
        """A cell behind the one before it, or the same: it may have been there."""
        row, col = place
        first = self.grid[row][col] if row < len(self.grid) and col < len(self.grid[row]) else ""
        if place == before or first != "":
            self._twice.setdefault(place, first)

    def _open_formula(self, attributes: dict[str, str]) -> None:
        if self.open[-2] in _CELLS:  # others are of rules and validations
            self._waits = True
            self._formula = _Formula(shared=attributes.get("si", ""))
            self._listens = False
            self.parser.CharacterDataHandler = self._formula.pieces.append

    def _value(self, _: dict[str, str]) -> None:
        if self.open[-2] in _CELLS:
            if self._has_value:
                raise ValueError  # two values in one cell: the part is wrong
            self._waits = self._has_value = True
            if self._pieces:
                self._pieces.clear()  # what stood between the cells
            if not self._listens:
                self._listens = True
                self.parser.CharacterDataHandler = self._keep

    def _open_inline(self, _: dict[str, str]) -> None:
        if self.open[-2] in _CELLS:
            if self._has_value:
                raise ValueError
            self._waits = self._has_value = self._inline = True
            self._stop_listening()
            self.parser.EndElementHandler = self._runs.end

    def _stop_listening(self) -> None:
        self._listens = self._rules.listens = False
        self.parser.CharacterDataHandler = None

    def unknown(self, _: str) -> None:
        """Nothing of what others put into a cell is its value."""
        if self._waits and self.open[-2] in VALUES:
            raise ValueError
        if self._listens or self._formula or self._rules.listens:
            self._stop_listening()

    def _settle(self) -> None:
        """A cell ends where the next begins; nearly every one is a plain number or a shared text."""
        cell, pieces = self._cell, self._pieces
        self._waits = False
        if self._formula or self._inline or cell.get("s") in self._special:
            self._settle_with_care()
            return
        self._has_value = False
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        kind = cell.get("t")
        if kind == "s" and self._plain_texts and text.isdecimal():
            value: Raw = self._texts[int(text)]
        elif kind is None and text.isdecimal() and text.isascii() and len(text) < _EXACT_DIGITS:
            value = int(text)
        else:
            self._take(*self._value_of(kind or "n", "0", text))
            return
        if value != "":
            self._put(value)

    def _settle_with_care(self) -> None:
        cell, formula, has_value = self._cell, self._formula, self._has_value
        text = "".join(self._pieces) if has_value else ""
        self._formula, self._has_value = None, False
        kind = cell.get("t", "n")
        if self._inline:
            self._inline = False
            self.parser.EndElementHandler = self.open.remove
            value, mark = self._runs.take()
            self._stop_listening()
            found: tuple[Raw, str, Mark | None] = value, "", mark
        else:
            found = self._value_of(kind, cell.get("s", "0"), text)
        if formula is not None:
            calculated = (
                found[0] != "" or found[1] or (kind == "str" and has_value)
            )  # the latter: ="" gives an empty text
            found = found if calculated else ("", UNCALCULATED, None)
            self._judge_formula(formula, *found[:2])
        self._take(*found)

    def _value_of(self, kind: str, style: str, text: str) -> tuple[Raw, str, Mark | None]:
        """(value, what is shown instead, what is marked in it) of what stands in ``v``."""
        plain = text.strip()
        if kind == "n":
            return *self._number(plain, style), None
        if kind == "s":
            return self._shared(plain)
        if kind == "e":
            return "", plain[:_SHOWN_LENGTH] or "#REF!", None
        if kind == "b":
            return plain not in FALSE if plain else "", "", None
        return (_iso(plain) if kind == "d" else unescaped(text)), "", None

    def _take(self, value: Raw, shown: str, mark: Mark | None) -> None:
        """Put a value into its place, with whatever makes it unsure."""
        if value == "" and not shown:
            return
        self._put(shown or value)
        if isinstance(value, str) and value.startswith("=") and _PICTURE_FORMULA in value[:30]:
            self._doubt("CELL_PICTURE", PICTURE, instead=True)
        if shown == "#VALUE!" and "vm" in self._cell and self._book.pictures:
            self._doubt("CELL_PICTURE", PICTURE, instead=True)
        style = self._cell.get("s")
        if mark and not (mark[0] == UNSEEN and style in self._book.looks.papers):  # white on another colour is seen
            self._doubt(*mark, instead=True)
        if style in self._book.looks.struck:
            self._doubt(STRUCK, f"（{MARKS[STRUCK]}：{_plain(shown or value)}）", instead=True)
        elif style in self._book.looks.unseen:
            self._doubt("CELL_UNSEEN", f"“{_plain(shown or value)}”（字与底色相同，或格式不显示内容）")
        if shown:
            self.tally.show(self._name, *self._place, shown)

    def _doubt(self, code: str, seen: str, *, instead: bool = False) -> None:
        self.tally.doubt(self._name, *self._place, code, seen, instead=instead)

    def _put(self, value: Raw) -> None:
        row, col = self._place
        if row < len(self.grid) and col == len(self.grid[row]) < MAX_COLS:
            self.grid[row].append(value)
            self._valued += 1
            return
        if row >= MAX_ROWS or col >= MAX_COLS:
            raise Refusal("FILE_TOO_FAR", f"工作表“{self._name}”{self._cell.get('r', f'第{row + 1}行')}格有内容")
        self._valued += 1
        grid = self.grid
        if row >= len(grid):
            self.tally.room((row + 1 - len(grid)) * ROW_ROOM)
            grid.extend([] for _ in range(row + 1 - len(grid)))
        line = grid[row]
        if col >= len(line):
            self.tally.room(col + 1 - len(line))
            line.extend([""] * (col - len(line)))
            line.append(value)
        else:
            line[col] = value

    def _number(self, text: str, style: str) -> tuple[Raw, str]:
        """A number or the day it is shown as; what is shown instead of a share or another number."""
        if not NUMBER(text):
            return text, ""
        form = self._book.looks.formats.get(style, _PLAIN_FORMAT)
        value = as_shown(float(text), form, since_1904=self._book.since_1904)
        return value, value if isinstance(value, str) else ""

    def _shared(self, text: str) -> tuple[Raw, str, Mark | None]:
        """A text that is kept once for all sheets."""
        if not text:
            return "", "", None
        if not text.isdecimal():
            raise ValueError(text)
        at, book = int(text), self._book
        self.tally.repeat_text(book.long.get(at, 0))
        return book.texts[at], "", book.marks.get(at)

    # what makes a value unsure

    def _judge_formula(self, formula: _Formula, value: Raw, shown: str) -> None:
        text = formula.text
        self.tally.seen[self._name].formulas[self._place] = text[:FORMULA_LENGTH]
        if any(formula in text.upper() for formula in (_PICTURE_FORMULA, _PICTURE_FROM_WEB)):
            self._doubt("CELL_PICTURE", PICTURE, instead=True)
        if not shown and (words := contradiction(text, value)):
            self._doubt("CELL_CONTRADICTS", words)
        if self._book.links and (_OTHER_BOOK.search(text) or formula.shared in self._linked):
            self._linked |= {formula.shared} - {""}
            self._doubt("CELL_LINKED", f"公式“={text[:_SHOWN_LENGTH]}”，存的结果是“{shown or _plain(value)}”")

    def _merge(self, attributes: dict[str, str]) -> None:
        """What lies under merged cells nobody sees."""
        if self._waits:
            self._settle()
        (top, left), (bottom, right) = _corners(attributes.get("ref", ""))
        for row, line in enumerate(self.grid[top : bottom + 1], top):
            self._cover(min(right + 1, len(line)) - left)
            for col in range(left, min(right + 1, len(line))):
                if line[col] != "" and (row, col) != (top, left):
                    self.tally.doubt(self._name, row, col, "CELL_UNSEEN", f"“{_plain(line[col])}”（被合并的格盖住）")

    def _cover(self, cells: int) -> None:
        self._covered += max(1, cells)
        if self._covered > _MOST_COVERED:
            raise Refusal("FILE_BAD_MEMBERS", f"工作表“{self._name}”合并的格或条件格式重叠过多")

    # what hides a value without being its own look

    def _view(self, attributes: dict[str, str]) -> None:
        self._noughts_unseen = self._noughts_unseen or attributes.get("showZeros", "1") in FALSE

    def _rules_of(self, attributes: dict[str, str]) -> None:
        if self._waits:
            self._settle()
        self._rules.begin(attributes)

    def _report_rules(self) -> None:
        """Cells that a rule hides, or may hide: most formulas are not worked out here."""
        for rule in self._rules.hiding():
            for row, col, value in self._values_in(rule.areas.split()):
                if found := RULED.get(rule.hides(value)):
                    self.tally.doubt(self._name, row, col, found[0], found[1].format(_plain(value)))

    def _values_in(self, areas: Sequence[str]) -> Iterator[tuple[int, int, Raw]]:
        for area in areas:
            (top, left), (bottom, right) = _corners(area)
            for row, line in enumerate(self.grid[top : bottom + 1], top):
                self._cover(min(right + 1, len(line)) - left)
                yield from ((row, col, line[col]) for col in range(left, min(right + 1, len(line))) if line[col] != "")

    def finish(self) -> None:
        """The last cell, and those that came twice."""
        if self._waits:
            self._settle()
        if self._noughts_unseen:
            self.tally.noughts_unseen(self._name, self.grid)
        self._report_rules()
        self.tally.add(self._valued)
        for (row, col), first in self._twice.items():
            line = self.grid[row] if row < len(self.grid) else []
            second = line[col] if col < len(line) else ""
            if first != "" or second != "":
                seen = f"先“{_plain(first)}”，后“{_plain(second)}”"
                self.tally.doubt(self._name, row, col, "CELL_TWICE", seen, instead=True)


_PLACES: dict[str, tuple[int, int]] = {}  # the same few thousand, file after file
_MAX_PLACES = 100_000


def _locate(reference: str) -> tuple[int, int]:
    """D7 as 0-based (row, column). Columns too far away have no number we count with."""
    letters = reference.upper().rstrip(digits)
    if not ADDRESS.fullmatch(reference.upper()):
        raise ValueError
    place = int(reference[len(letters) :]) - 1, COLUMNS.get(letters, MAX_COLS)
    if len(_PLACES) < _MAX_PLACES:
        _PLACES[reference] = place
    return place


def _small(size: str | None, least: float) -> bool:
    """A height or width in which nothing can be read."""
    return size is not None and size[:1] in "01." and float(size) < least


def _corners(ref: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last cell (0-based) of D7:E9; of what is none, a range without cells."""
    first, _, last = ref.replace("$", "").upper().partition(":")
    try:
        return _locate(first), _locate(last or first)
    except ValueError:
        return (0, 0), (-1, -1)


def _iso(text: str) -> Raw:
    """2023-02-15, 2023-02-15T10:00:00 and T10:00 as what they are; anything else as it stands."""
    try:
        if text.startswith("T"):
            return time.fromisoformat(text[1:].removesuffix("Z"))
        when = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text
    return when.date() if when.time() == time() else when


def _plain(value: Raw) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, (date, time)) else str(value)[:_SHOWN_LENGTH]
