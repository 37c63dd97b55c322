"""Through an xlsx package: error cells, formulas nobody calculated, percentages, and how far values reach."""

from __future__ import annotations

import re
from string import digits
from typing import TYPE_CHECKING

from pipeline.workbook.notes import (
    DISGUISE,
    MAX_COLS,
    MAX_ROWS,
    UNCALCULATED,
    Notes,
    Refusal,
    Tally,
    disguised,
    percent,
)
from pipeline.workbook.package import Watcher

if TYPE_CHECKING:
    from pipeline.workbook.package import Package

PERCENT_FORMATS = {"9", "10"}
ADDRESS = re.compile(r"[A-Z]{1,3}[0-9]{1,7}")
FAR = "?"  # ends no reference
LONG_TEXT = 400  # shared texts longer than this are counted wherever they are used: fewer cannot come to much
SHOWN_LENGTH = 40


def _letters(number: int) -> str:
    return chr(65 + number) if number < 26 else _letters(number // 26 - 1) + chr(65 + number % 26)  # noqa: PLR2004


COLUMNS = {_letters(number): number for number in range(MAX_COLS)}


def look_through_xlsx(package: Package) -> Notes:
    """Follow every part once, those that explain the sheets first.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    refuse_macros_and_links(package)
    workbook = package.follow("xl/workbook.xml", _Workbook)
    relations = package.follow("xl/_rels/workbook.xml.rels", Relations)
    styles = package.follow("xl/styles.xml", _Styles)
    long_texts = tuple(package.follow("xl/sharedstrings.xml", _SharedTexts).long.items())
    tally = Tally()
    for name, part in sheet_parts(workbook.sheets, relations):
        tally.take(package.follow(part, _Sheet, name, styles, long_texts).tally)
    package.follow_the_rest()
    return tally.notes()


def sheet_parts(listed: list[tuple[str, str]], relations: Relations) -> list[tuple[str, str]]:
    """(sheet name, part), each part once: a reader would read one named often as often."""
    sheets = [(name, relations.parts.get(relation, "")) for name, relation in listed]
    parts = [part for _, part in sheets if part]
    if len(set(parts)) < len(parts):
        raise Refusal("FILE_BAD_MEMBERS", "几张工作表用的是同一个部件")
    return sheets


def refuse_macros_and_links(package: Package) -> None:
    """Programs and links to other workbooks, by where xlsx and xlsb keep them."""
    for name in package.names:
        if name.endswith(("vbaproject.bin", "jdedata.bin")) or name.startswith("xl/macrosheets/"):
            raise Refusal("FILE_MACROS", f"部件“{name}”")
        if name.startswith("xl/externallinks/"):
            raise Refusal("FILE_EXTERNAL_LINKS", f"部件“{name}”")


class _Workbook(Watcher):
    """The sheets, in order: (name, relation)."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.opened |= {"sheet": self._sheet}

    def _sheet(self, attributes: dict[str, str]) -> None:
        relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
        self.sheets.append((attributes.get("name", ""), relation))


class Relations(Watcher):
    """Relation → part, as the package names its members."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, str] = {}
        self.opened |= {"Relationship": self._relation}

    def _relation(self, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "").replace("\\", "/").lower().removeprefix("/")
        self.parts[attributes.get("Id", "")] = target if target.startswith("xl/") else f"xl/{target}"


class _Styles(Watcher):
    """Positions of the cell formats that show per cent, or another number than the cell holds, as cells refer to them."""

    def __init__(self) -> None:
        super().__init__()
        self.percent: set[str] = set()
        self.disguised: dict[str, str] = {}
        self._formats = set(PERCENT_FORMATS)
        self._disguises: dict[str, str] = {}
        self._position = -1
        self.opened |= {"numFmt": self._format, "xf": self._use}

    def _format(self, attributes: dict[str, str]) -> None:
        if "%" in attributes.get("formatCode", ""):
            self._formats.add(attributes.get("numFmtId", ""))
        elif DISGUISE.search(attributes.get("formatCode", "")):
            self._disguises[attributes.get("numFmtId", "")] = attributes["formatCode"]

    def _use(self, attributes: dict[str, str]) -> None:
        if self.open[-2].endswith("cellXfs"):
            self._position += 1
            if attributes.get("numFmtId") in self._formats:
                self.percent.add(str(self._position))
            elif attributes.get("numFmtId") in self._disguises:
                self.disguised[str(self._position)] = self._disguises[attributes["numFmtId"]]


class _SharedTexts(Watcher):
    """Position → length of the long ones."""

    def __init__(self) -> None:
        super().__init__()
        self.long: dict[str, int] = {}
        self._position, self._length = -1, 0
        self.opened |= {"si": self._next}
        self.parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self._length += len(text)

    def _next(self, _: dict[str, str]) -> None:
        self.finish()
        self._length = 0
        self._position += 1

    def finish(self) -> None:
        """A text ends where the next begins."""
        if self._length > LONG_TEXT:
            self.long[str(self._position)] = self._length


class _Sheet(Watcher):
    """One sheet. Blank cells, styled or not, cost as little as can be: some sheets have a million."""

    def __init__(self, name: str, styles: _Styles, long_texts: tuple[tuple[str, int], ...]) -> None:
        super().__init__()
        self._name, self.tally, self._styles, self._long = name, Tally(), styles, dict(long_texts)
        self._percent = styles.percent | styles.disguised.keys()
        self._row, self._row_digits, self._reference, self._after = 0, FAR, "", -1
        self._valued = 0
        self._cell: dict[str, str] = {}
        self._has_formula = self._waits = False
        self._text = ""
        self.opened |= {
            "c": self._open_cell,
            "v": self._value,
            "is": self._value,
            "f": self._formula,
            "row": self._open_row,
        }

    def _open_row(self, attributes: dict[str, str]) -> None:
        self.finish()
        self._row = int(attributes.get("r", self._row + 1))
        self._row_digits = str(self._row) if self._row <= MAX_ROWS else FAR
        self._reference, self._after = "", -1

    def _open_cell(self, attributes: dict[str, str]) -> None:
        if self._waits:
            self._settle()
        self._cell = attributes
        if "r" in attributes:
            self._reference, self._after = attributes["r"], 0
        else:
            self._after += 1
        if attributes.get("t") == "e":
            self._waits = True

    def _formula(self, _: dict[str, str]) -> None:
        if self.open[-2].rpartition(":")[2] == "c":  # others are of rules and validations
            self._has_formula = self._waits = True

    def _value(self, _: dict[str, str]) -> None:
        cell, reference, row = self._cell, self._reference, self._row_digits
        if reference.endswith(row) and reference[: -len(row)] in COLUMNS and not self._after:
            self._valued += 1  # nearly every cell names the row it is in
        else:
            self.tally.count(self._name, *self._position())
        if self._waits or cell.get("s") in self._percent or (self._long and cell.get("t") == "s"):
            self._waits = True
            self.parser.CharacterDataHandler = self._collect

    def _collect(self, text: str) -> None:
        self._text += text

    def finish(self) -> None:
        """A row ends where the next begins."""
        self.tally.add(self._valued)
        self._valued = 0
        if self._waits:
            self._settle()

    def _settle(self) -> None:
        """A cell that is not merely a value ends where the next begins."""
        cell, text, has_formula = self._cell, self._text.strip(), self._has_formula
        self._text, self._has_formula, self._waits = "", False, False
        self.parser.CharacterDataHandler = None
        row, col = self._position()
        kind = cell.get("t", "n")
        shown = ""
        if kind == "e":
            shown = text[:SHOWN_LENGTH] or "#REF!"
        elif has_formula and not text:
            shown = UNCALCULATED
        elif kind == "s":
            self.tally.repeat_text(self._long.get(text, 0))
        elif kind == "n" and cell.get("s") in self._percent:
            code = self._styles.disguised.get(cell.get("s", ""))
            shown = disguised(text, code) if code else percent(text)
        if shown:
            self.tally.show(self._name, row, col, shown)

    def _position(self) -> tuple[int, int]:
        """0-based; of a cell without a reference: after the last one that has it."""
        reference = self._reference.upper()
        letters = reference.rstrip(digits)
        if not letters:
            return self._row - 1, self._after
        if letters not in COLUMNS:
            if not ADDRESS.fullmatch(reference):
                raise ValueError
            raise Refusal("FILE_TOO_FAR", f"工作表“{self._name}”{reference}格有内容")
        return int(reference[len(letters) :]) - 1, COLUMNS[letters] + self._after
