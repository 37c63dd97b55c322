"""What the reader cannot see: error cells, formulas nobody calculated, percentages, and content far away.

python-calamine gives an empty string for an error cell and for a formula without a cached value, and the bare number for
5 %. A pass over the package finds them, so that they are told instead of being taken for blanks or wrong counts. The same
pass measures how far out content lies: one value in XFD1048576 would make any reader allocate the whole sheet.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_ROWS, MAX_COLS = 20_000, 500
CELL = re.compile(  # never looks past the next cell, so that cells without an end cost no more than others
    rb"<(?:\w+:)?c\b([^>]*[^/>])>([^<]*(?:<(?!/?(?:\w+:)?c\b)[^<]*)*)</(?:\w+:)?c>"
)
REFERENCE = re.compile(rb"\br=\"([A-Z]{1,3})([0-9]{1,7})\"")
VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)</")
STYLE = re.compile(rb"\bs=\"([0-9]{1,6})\"")
PERCENT_FORMATS = {9, 10}
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
CALC_EXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a package holds besides plain values.

    Attributes:
        shown: (sheet name, 0-based row, 0-based column) → the text an officer sees there.
        too_far: Content lies beyond any sheet we issue.
    """

    shown: dict[tuple[str, int, int], str]
    too_far: bool


def package_notes(content: bytes) -> Notes:
    """Look through an xlsx or ods package; anything else, or one that cannot be looked through, has no notes.

    Documents that declare a DOCTYPE are not looked into.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "content.xml" in names:
                return _ods(archive.read("content.xml"))
            return _xlsx(archive) if "xl/workbook.xml" in names else Notes(shown={}, too_far=False)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, NotImplementedError, zlib.error,
            ET.ParseError, expat.ExpatError):  # fmt: skip
        return Notes(shown={}, too_far=False)


def _xlsx(archive: zipfile.ZipFile) -> Notes:
    shown: dict[tuple[str, int, int], str] = {}
    too_far = False
    percent = _percent_styles(archive)
    for name, part in _sheets(archive):
        for row, col, attributes, inner in _cells(archive.read(part)):
            too_far = too_far or row >= MAX_ROWS or col >= MAX_COLS
            text = _shown(attributes, inner, percent)
            if text:
                shown[name, row, col] = text
    return Notes(shown=shown, too_far=too_far)


def _cells(sheet: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Cells that have content: row, column, attributes, inner XML."""
    for attributes, inner in CELL.findall(sheet):
        reference = REFERENCE.search(attributes)
        if reference:
            yield int(reference[2]) - 1, _column(reference[1]), attributes, inner


def _column(letters: bytes) -> int:
    col = 0
    for letter in letters:
        col = col * 26 + letter - 64
    return col - 1


def _shown(attributes: bytes, inner: bytes, percent: frozenset[int]) -> str:
    value = VALUE.search(inner)
    if b't="e"' in attributes:
        return value[1].decode("utf-8", "replace") if value else "#REF!"
    is_formula = b"<f" in inner or b":f" in inner
    if is_formula and not value and b"<is" not in inner:
        return "=（没有计算结果的公式）"
    style = STYLE.search(attributes)
    if value and style and int(style[1]) in percent and (b" t=" not in attributes or b' t="n"' in attributes):
        return _percent(value[1].decode("ascii", "replace"))
    return ""


def _percent(number: str) -> str:
    try:
        return f"{float(number) * 100:g}%"
    except ValueError:
        return ""


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """Positions of the cell formats that show per cent."""
    try:
        root = _tree(archive.read("xl/styles.xml"))
    except KeyError:
        return frozenset()
    custom = {int(f.get("numFmtId", "-1")) for f in root.iter(f"{MAIN}numFmt") if "%" in f.get("formatCode", "")}
    formats = root.find(f"{MAIN}cellXfs")
    used = [] if formats is None else [int(f.get("numFmtId", "0")) for f in formats]
    return frozenset(n for n, number in enumerate(used) if number in PERCENT_FORMATS | custom)


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Sheet name and part, of the sheets that are there."""
    relations = _tree(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): r.get("Target", "") for r in relations}
    there = set(archive.namelist())
    for sheet in _tree(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet"):
        target = targets.get(sheet.get(RELATION), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if part in there:
            yield sheet.get("name", ""), part


def _tree(xml: bytes) -> ET.Element:
    if b"<!DOCTYPE" in xml:
        raise ValueError
    return ET.fromstring(xml)  # noqa: S314 - no DOCTYPE, so no entities


def _ods(xml: bytes) -> Notes:
    """Count through rows and columns with their repetitions."""
    if b"<!DOCTYPE" in xml:
        raise ValueError
    walker = _OdsWalker()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.Parse(xml, True)
    return Notes(shown=walker.shown, too_far=walker.too_far)


class _OdsWalker:
    """Where we are in an ods sheet."""

    def __init__(self) -> None:
        self.sheet, self.row, self.col, self.repeat = "", 0, 0, 1
        self.shown: dict[tuple[str, int, int], str] = {}
        self.too_far = False
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {
            f"{TABLE} table": self._table, f"{TABLE} table-row": self._row,
            f"{TABLE} table-cell": self._cell, f"{TABLE} covered-table-cell": self._cell,
        }  # fmt: skip

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        handler = self._starts.get(name)
        if handler:
            handler(attributes)

    def end(self, name: str) -> None:
        """An element ends."""
        if name == f"{TABLE} table-row":
            self.row += self.repeat

    def _table(self, attributes: dict[str, str]) -> None:
        self.sheet, self.row = attributes.get(f"{TABLE} name", ""), 0

    def _row(self, attributes: dict[str, str]) -> None:
        self.col, self.repeat = 0, int(attributes.get(f"{TABLE} number-rows-repeated", "1"))

    def _cell(self, attributes: dict[str, str]) -> None:
        repeated = int(attributes.get(f"{TABLE} number-columns-repeated", "1"))
        kind = attributes.get(f"{OFFICE} value-type")
        if kind or f"{TABLE} formula" in attributes:
            self.too_far = self.too_far or self.row + self.repeat > MAX_ROWS or self.col + repeated > MAX_COLS
            text = ""
            if attributes.get(f"{CALC_EXT} value-type") == "error":
                text = "#REF!"
            elif kind == "percentage":
                text = _percent(attributes.get(f"{OFFICE} value", ""))
            if text and not self.too_far:
                for row in range(self.row, self.row + self.repeat):
                    for col in range(self.col, self.col + repeated):
                        self.shown[self.sheet, row, col] = text
        self.col += repeated
