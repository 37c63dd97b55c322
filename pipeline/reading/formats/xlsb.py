"""Through an xlsb package: the same as of an xlsx, from binary parts ([MS-XLSB])."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.domain.value import show
from pipeline.reading.formats.biff import ERRORS, SHOWS_NOUGHTS, UNSEEN, compact
from pipeline.reading.formats.biff_formula import constant, differs
from pipeline.reading.formats.biff_look import TWENTIETHS
from pipeline.reading.formats.biff_texts import in_runs
from pipeline.reading.formats.notes import (
    LEAST_SIZE,
    MAX_ROWS,
    MAX_VALUED,
    UNCALCULATED,
    Cells,
    Notes,
    Refusal,
    Run,
    Tally,
    alike,
    doubt_of,
)
from pipeline.reading.formats.number_formats import NOTHING_SHOWN, Format, as_shown, format_of
from pipeline.reading.formats.ooxml import relations_of
from pipeline.reading.formats.secret import MAX_RECORDS
from pipeline.reading.formats.xlsx import note_macros, sheets_of
from pipeline.reading.formats.xlsx_beside import look_beside
from pipeline.reading.formats.xlsx_sheet import COLUMNS as LETTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.domain.value import Raw
    from pipeline.reading.formats.ooxml import Relations
    from pipeline.reading.formats.package import Package

ROW, COLUMNS, FILTERED, MERGED, VIEW = 0, 60, 163, 176, 137
_SHORT = range(12, 19)  # of a cell right behind the one before
WHOLE = {12: 1, 13: 2, 14: 3, 15: 4, 16: 5, 17: 6, 18: 7}  # the same with a column of its own
RK, ERROR, BOOLEAN, REAL, TEXT, SHARED, RICH_TEXT = 2, 3, 4, 5, 6, 7, 62
FORMULA_TEXT, FORMULA_REAL, FORMULA_BOOLEAN, FORMULA_ERROR = 8, 9, 10, 11
_CELLS = {RK, ERROR, BOOLEAN, REAL, TEXT, SHARED, RICH_TEXT, FORMULA_TEXT, FORMULA_REAL, FORMULA_BOOLEAN, FORMULA_ERROR}
FONT, FORMAT, FILL, CELL_FORMAT, BEGIN_CELL_FORMATS, END_CELL_FORMATS = 43, 44, 45, 47, 617, 618
BOOK, SHEET, SHARED_TEXT = 153, 156, 19
COMMENT, COMMENT_TEXT = 635, 637
FORMULA_AT, SHORT_FORMULA = 14, 200  # bytes of a cell before its formula; of a formula of figures alone
STRUCK, SOLID, HIDDEN_ROW = 0x8, 1, 0x10
WHITE, THEME_WHITE = b"\xff\xff\xff", 3 << 1


def look_through_xlsb(package: Package, part: str) -> Notes:
    """Follow every part once, the workbook in ``part`` first.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    relations, tally = relations_of(package, part), Tally()
    note_macros(package, relations, tally)
    for link in relations.of_kind("externalLink"):
        tally.parts["LINKS_CACHED"] = f"部件“{link.part}”"
    grids: dict[str, list[list[Raw]]] = {}
    try:
        book = _Book.of(package, part, relations)
        for (name, hidden), sheet_part in sheets_of(book.sheets, relations):
            tally.sheet(name)
            sheet = _XlsbSheet(name, tally, book)
            if hidden:
                tally.seen[name].hidden = True
            for record, data in _records(package, sheet_part):
                sheet.take(record, data)
            grids[name] = sheet.finish()
            look_beside(package, name, sheet_part, tally, _comments)
    except (struct.error, IndexError) as error:
        raise _damaged() from error
    package.follow_the_rest()
    return tally.notes(grids)


def _records(package: Package, name: str) -> Iterator[tuple[int, bytes]]:
    """Those of one part; none where there is no such part."""
    part, at = package.take(name) if name in package.members else b"", 0
    for _ in range(MAX_RECORDS):
        if at >= len(part):
            return
        record, at = _number(part, at, 2)
        size, at = _number(part, at, 4)
        if at + size > len(part):
            raise _damaged()
        yield record, part[at : at + size]
        at += size
    raise Refusal("FILE_TOO_MANY_CELLS", f"有{MAX_RECORDS // 10_000}万条记录")


def _comments(package: Package, part: str) -> Iterator[tuple[str, str]]:
    """(cell, text) of every comment."""
    names, ref = list(LETTERS), ""
    for record, data in _records(package, part):
        if record == COMMENT:
            row, _, col = struct.unpack_from("<3I", data, 4)
            ref = f"{names[col]}{row + 1}" if col < len(names) else ""
        elif record == COMMENT_TEXT and ref:
            yield ref, _text(data, 1)[0]


def _number(part: bytes, at: int, most: int) -> tuple[int, int]:
    """Seven bits a byte, the lowest first; (number, where it ends)."""
    number = 0
    for nth in range(most):
        number |= (part[at + nth] & 0x7F) << 7 * nth
        if part[at + nth] < 0x80:  # noqa: PLR2004 - the last byte
            return number, at + nth + 1
    return number, at + most


def _text(data: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from("<I", data, at)[0]
    end = at + 4 + 2 * length
    return data[at + 4 : end].decode("utf-16-le", "replace"), end


def _rich(data: bytes, looks: dict[int, tuple[bool, bool]]) -> str | tuple[Run, ...]:
    """A text that begins by saying whether its font changes."""
    text, end = _text(data, 1)
    if not data[0] & 1 or not looks:
        return text
    count = struct.unpack_from("<I", data, end)[0]
    return in_runs(text, data[end + 4 : end + 4 + 4 * count], looks)


@dataclass
class _Book:
    """What the sheets refer to.

    Attributes:
        sheets: ((name, hidden), relation).
        marks: Cell format → finding code, of those whose cells are struck or unseen as a whole.
    """

    sheets: list[tuple[tuple[str, bool], str]] = field(default_factory=list)
    texts: list[str | tuple[Run, ...]] = field(default_factory=list)
    formats: list[Format] = field(default_factory=list)
    marks: dict[int, str] = field(default_factory=dict)
    fonts: dict[int, tuple[bool, bool]] = field(default_factory=dict)
    since_1904: bool = False

    @classmethod
    def of(cls, package: Package, part: str, relations: Relations) -> _Book:
        """The workbook, its styles and its texts."""
        book = cls()
        for record, data in _records(package, part):
            if record == BOOK:
                book.since_1904 = bool(data[0] & 1)
            elif record == SHEET:
                relation, end = _text(data, 8)
                book.sheets.append(((_text(data, end)[0], struct.unpack_from("<I", data)[0] != 0), relation))
        book._style(package, relations.part("styles"))
        for record, data in _records(package, relations.part("sharedStrings")):
            if record == SHARED_TEXT:
                book.texts.append(_rich(data, book.fonts))
                if len(book.texts) > MAX_VALUED:
                    raise Refusal("FILE_TOO_MANY_CELLS", f"有{MAX_VALUED // 10_000}万条以上的文字")
        return book

    def _style(self, package: Package, part: str) -> None:
        codes: dict[int, str] = {}
        colours: list[bytes] = []
        fills: list[bytes] = []
        tiny: set[int] = set()
        inside = False
        for record, data in _records(package, part):
            if record == FORMAT:
                codes[struct.unpack_from("<H", data)[0]] = _text(data, 2)[0]
            elif record == FONT:
                size, flags, _, raised = struct.unpack_from("<4H", data)
                tiny |= {len(colours)} if size < LEAST_SIZE * TWENTIETHS else set()
                if flags & STRUCK or raised:
                    self.fonts[len(colours)] = bool(flags & STRUCK), bool(raised)
                colours.append(_colour(data[12:20]))
            elif record == FILL:
                pattern = struct.unpack_from("<I", data)[0]
                fills.append(_colour(data[4:12]) if pattern == SOLID else b"" if pattern else WHITE)
            elif record in {BEGIN_CELL_FORMATS, END_CELL_FORMATS}:
                inside = record == BEGIN_CELL_FORMATS
            elif record == CELL_FORMAT and inside:
                _, number, font, fill = struct.unpack_from("<4H", data)
                if self.fonts.get(font, (False, False))[0]:
                    self.marks[len(self.formats)] = "CELL_STRUCK"
                elif (
                    NOTHING_SHOWN.fullmatch(codes.get(number, ""))
                    or font in tiny
                    or (
                        font < len(colours)
                        and fill < len(fills)
                        and alike(colours[font].hex() or None, fills[fill].hex() or None)
                    )
                ):
                    self.marks[len(self.formats)] = "CELL_UNSEEN"
                self.formats.append(format_of(number, codes.get(number, "")))


def _colour(data: bytes) -> bytes:
    """Red, green and blue where they are known; white of the theme; else nothing."""
    if data[0] & 1:
        return data[4:7]
    return WHITE if data[0] == THEME_WHITE and data[1:4] == b"\0\0\0" else b""


class _XlsbSheet:
    """Cells of one sheet."""

    def __init__(self, name: str, tally: Tally, book: _Book) -> None:
        self._name, self._tally, self._book = name, tally, book
        self._cells = Cells(name, tally)
        self._row, self._col = 0, -1
        self._hidden: list[int] = []
        self._merged: list[tuple[int, ...]] = []
        self._filtered = self._noughts_unseen = False

    def take(self, record: int, data: bytes) -> None:
        """One record."""
        if record == ROW:
            self._row, self._col = struct.unpack_from("<I", data)[0], -1
            if any(byte & HIDDEN_ROW for byte in data[11:12]) and self._row < MAX_ROWS:
                self._hidden.append(self._row)
        elif record in _SHORT:
            self._col += 1
            self._cell(WHOLE[record], struct.unpack_from("<I", data)[0], data[4:])
        elif record in _CELLS or record == 1:
            self._col, style = struct.unpack_from("<II", data)
            self._cell(record, style, data[8:])
        elif record == COLUMNS:
            first, last, width, _, flags = struct.unpack_from("<4IH", data)
            if flags & 1 or not width:
                self._tally.seen[self._name].cols.update(range(first, min(last + 1, 500)))
        elif record == MERGED:
            self._merged.append(struct.unpack_from("<4I", data))
        elif record == FILTERED:
            self._filtered = True
        elif record == VIEW:
            self._noughts_unseen = not struct.unpack_from("<H", data)[0] & SHOWS_NOUGHTS

    def finish(self) -> list[list[Raw]]:
        """The values."""
        for first_row, last_row, first_col, last_col in self._merged:
            self._cells.cover(first_row, last_row, first_col, last_col)
        if self._hidden:
            self._tally.seen[self._name].rows.update(dict.fromkeys(self._hidden, self._filtered))
        if self._noughts_unseen:
            self._tally.noughts_unseen(self._name, self._cells.rows)
        return self._cells.rows

    def _cell(self, record: int, style: int, data: bytes) -> None:
        style &= 0xFFFFFF
        read = VALUES.get(record)
        value = read(self, style, data) if read else ""
        text = "".join(run.text for run in value) if isinstance(value, tuple) else value
        if text == "":
            return
        self._tally.count(self._name, self._row, self._col)
        self._cells.put(self._row, self._col, text)
        mark = self._book.marks.get(style)
        doubt = (
            (mark, f"{show(text)}（{UNSEEN[mark]}）") if mark else doubt_of(value) if isinstance(value, tuple) else None
        )
        doubt = doubt or (_contradiction(data) if record == FORMULA_REAL else None)
        if doubt:
            self._tally.doubt(self._name, self._row, self._col, *doubt, instead=True)

    def number(self, style: int, number: float) -> Raw:
        """A number as it is shown."""
        form = self._book.formats[style] if style < len(self._book.formats) else Format()
        return as_shown(number, form, since_1904=self._book.since_1904)

    def shared(self, data: bytes) -> str | tuple[Run, ...]:
        """A text of the workbook, by its number."""
        number: int = struct.unpack_from("<I", data)[0]
        return self._book.texts[number]

    def rich(self, data: bytes) -> str | tuple[Run, ...]:
        """A text with its looks."""
        return _rich(data, self._book.fonts)


def _contradiction(data: bytes) -> tuple[str, str] | None:
    """A formula of figures alone that comes to something else than what is shown."""
    shown, size = (
        struct.unpack_from("<d", data)[0],
        struct.unpack_from("<I", data, 10)[0] if len(data) >= FORMULA_AT else 0,
    )
    should_be = constant(data[FORMULA_AT : FORMULA_AT + size]) if 0 < size <= SHORT_FORMULA else None
    if should_be is None or not differs(should_be, shown):
        return None
    return "CELL_CONTRADICTS", f"公式算出{should_be:g}，显示{shown:g}"


def _result(data: bytes) -> str:
    """A formula's text; blank if it is empty, unless no formula follows it."""
    text, end = _text(data, 0)
    return text or ("" if end < len(data) else UNCALCULATED)


VALUES: dict[int, Callable[[_XlsbSheet, int, bytes], Raw | tuple[Run, ...]]] = {
    RK: lambda sheet, style, data: sheet.number(style, compact(data[:4])),
    REAL: lambda sheet, style, data: sheet.number(style, struct.unpack_from("<d", data)[0]),
    FORMULA_REAL: lambda sheet, style, data: sheet.number(style, struct.unpack_from("<d", data)[0]),
    ERROR: lambda _, __, data: ERRORS.get(data[0], "#N/A"),
    FORMULA_ERROR: lambda _, __, data: ERRORS.get(data[0], "#N/A"),
    BOOLEAN: lambda _, __, data: bool(data[0]),
    FORMULA_BOOLEAN: lambda _, __, data: bool(data[0]),
    TEXT: lambda _, __, data: _text(data, 0)[0],
    FORMULA_TEXT: lambda _, __, data: _result(data),
    SHARED: lambda sheet, _, data: sheet.shared(data),
    RICH_TEXT: lambda sheet, _, data: sheet.rich(data),
}


def _damaged() -> Refusal:
    return Refusal("FILE_DAMAGED", "工作表的内容残缺")
