"""Through an xls stream, record by record: its values, and what an officer sees that a value does not say.

Record numbers and layouts are those of [MS-XLS]; files of 1995 (BIFF5) differ only in how texts are written.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.domain.value import show
from pipeline.reading.formats.biff_formula import Links, constant, differs, is_figure
from pipeline.reading.formats.biff_look import Overlay, XlsLooks
from pipeline.reading.formats.biff_rules import XlsConditions
from pipeline.reading.formats.biff_texts import WIDE, Chain, in_runs, shared_texts
from pipeline.reading.formats.notes import UNCALCULATED, Cells, Notes, Refusal, Run, Tally, doubt_of
from pipeline.reading.formats.number_formats import Format, as_shown
from pipeline.reading.formats.secret import MAX_RECORDS, open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.domain.value import Raw

BOF, EOF, BOUNDSHEET, SUPBOOK, EXTERNSHEET, CODEPAGE, IS_1904 = 0x809, 0x0A, 0x85, 0x1AE, 0x17, 0x42, 0x22
FONT, PALETTE, FORMAT, XF, SST, CONTINUE = 0x31, 0x92, 0x41E, 0xE0, 0xFC, 0x3C
FORMULA, STRING, NUMBER, RK, MULRK, BOOLERR = 0x06, 0x207, 0x203, 0x27E, 0xBD, 0x205
LABEL, LABELSST, RSTRING = 0x204, 0xFD, 0xD6
AREAS, RULE = 0x1B0, 0x1B1  # of conditional formats
ROW, COLUMNS, FILTERED, NOTE, DRAWING, OBJECT, TEXT_OBJECT = 0x208, 0x7D, 0x9B, 0x1C, 0xEC, 0x5D, 0x1B6
_VALUED = {FORMULA, NUMBER, RK, BOOLERR, LABEL, LABELSST, RSTRING}
_BETWEEN = {0x221, 0x4BC, 0x236, CONTINUE}  # ARRAY, SHRFMLA, TABLE, CONTINUE: may stand between a formula and its text
_HOLE = bytes(64)  # texts hold no such run of zeros: a piece of the file was lost
_WINDOW = 0x23E  # how a sheet is looked at: stands behind its cells
SHOWS_NOUGHTS = 0x10
_BIFF8 = 0x600
MACRO_SHEET, MODULE = 1, 6
_MERGED = 0xE5
HIDDEN_ROW, HIDDEN_COLUMN = 0x20, 1
_SHORT = 200  # bytes of a formula of figures alone
_MAX_COLUMN_RECORDS = 1_000
_ENCODINGS = {1200: "utf-16-le", 936: "gb18030", 0x8000: "mac_roman", 0x8001: "cp1252", 20936: "gb18030"}
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_OTHER_KINDS = {
    "worddocument": "Word文档",
    "powerpoint document": "演示文稿",
    "__properties_version1.0": "邮件，报表可能在它的附件里",
    "visiodocument": "Visio图",
    "catalog": "文件夹的缩略图",
}
UNSEEN = {"CELL_STRUCK": "画了删除线", "CELL_UNSEEN": "字与底色相同，或格式不显示内容"}


def look_through_xls(names: set[str], streams: Mapping[str, bytes]) -> Notes:
    """Follow the workbook's globals and each sheet once.

    Args:
        names: Of all streams and storages of the container.
        streams: Those of its uppermost storage.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    stream = streams.get("workbook", streams.get("book"))
    if stream is None:
        found = next((kind for name, kind in _OTHER_KINDS.items() if name in names), "旧版Office文件，里面没有工作表")
        raise Refusal("FILE_NOT_A_WORKBOOK", f"是{found}")
    tally = Tally()
    if any(part in {"_vba_project_cur", "vba"} for name in names for part in name.split("/")):
        tally.parts["MACROS_IGNORED"] = "有VBA宏"
    try:
        grids = _follow(open_stream(stream), tally)
    except (struct.error, IndexError, LookupError) as error:  # a record shorter than its kind, an encoding nobody knows
        raise _damaged() from error
    return tally.notes(grids)


def _follow(stream: bytes, tally: Tally) -> dict[str, list[list[Raw]]]:
    book = _Globals(tally)
    left = len(stream)
    for record, _, at, size in _records(stream, 0):
        book.take(record, stream[at : at + size])
        left -= 4 + size
    book.finish()
    grids = {}
    for offset, name in book.sheets.items():
        sheet = _XlsSheet(name, tally, book)
        for record, depth, at, size in _records(stream, offset):
            left -= 4 + size
            if left < 0:  # sheets that run into each other
                raise _damaged()
            if depth == 1:
                sheet.take(record, stream[at : at + size])
        grids[name] = sheet.finish()
    book.links.report(tally)
    return grids


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int, int]]:
    """(record, depth, where its data are, their size) of one substream, which begins with BOF and ends with its EOF.

    The very last EOF may be wanting: at the end of the stream, or before zeros once the record that follows all cells was there.
    """
    depth, cells_are_over = 0, False
    for _ in range(MAX_RECORDS):
        if depth == 1 and at == len(stream):
            return
        if at + 4 > len(stream):
            raise _damaged()
        record, size = struct.unpack_from("<HH", stream, at)
        if record == 0 and depth == 1 and cells_are_over and not any(stream[at:]):
            return
        at += 4
        if at + size > len(stream) or record == 0 or (depth == 0 and record != BOF):
            raise _damaged()
        if record == BOF:
            depth += 1
        cells_are_over = cells_are_over or record == _WINDOW
        yield record, depth, at, size
        if record == EOF:
            depth -= 1
            if depth == 0:
                return
        at += size
    raise Refusal("FILE_TOO_MANY_CELLS", f"有{MAX_RECORDS // 10_000}万条记录")


@dataclass
class _Globals:
    """What the records before the sheets say.

    Attributes:
        sheets: Where a sheet begins → its name.
        texts: Those that cells refer to by number.
    """

    tally: Tally
    sheets: dict[int, str] = field(default_factory=dict)
    looks: XlsLooks = field(default_factory=XlsLooks)
    links: Links = field(default_factory=Links)
    texts: list[str | tuple[Run, ...]] = field(default_factory=list)
    formats: list[Format] = field(default_factory=list)
    marks: dict[int, str] = field(default_factory=dict)
    since_1904: bool = False
    wide: bool = True
    _encoding: str = "gb18030"
    _pieces: list[bytes] = field(default_factory=list)
    _in_texts: bool = False

    def take(self, record: int, data: bytes) -> None:
        """One record."""
        self._in_texts = record == SST or (record == CONTINUE and self._in_texts)
        if self._in_texts:
            if _HOLE in data:
                raise _damaged()
            self._pieces.append(data)
        elif record in _LOOKS:
            _LOOKS[record](self.looks, data)
        elif record in _GLOBALS:
            _GLOBALS[record](self, data)

    def finish(self) -> None:
        """What cells refer to by number."""
        self.texts = list(shared_texts(self._pieces, self.looks.fonts)) if self._pieces else []
        self.formats, self.marks = self.looks.formats(), self.looks.marks()
        self._pieces = []

    def text(self, data: bytes, width: int) -> str:
        """A text that begins with its length in ``width`` bytes."""
        length = int.from_bytes(data[:width], "little")
        if not self.wide:
            return data[width : width + length].decode(self._encoding, "replace")
        if data[width : width + 1] and data[width] & WIDE:
            return data[width + 1 : width + 1 + 2 * length].decode("utf-16-le", "replace")
        return data[width + 1 : width + 1 + length].decode("latin-1")

    def begin(self, data: bytes) -> None:
        """Of which years the file is."""
        self.wide = struct.unpack_from("<H", data)[0] >= _BIFF8

    def encoding(self, data: bytes) -> None:
        """How texts are written, before 1997."""
        page = struct.unpack_from("<H", data)[0]
        self._encoding = _ENCODINGS.get(page, f"cp{page}")

    def days(self, data: bytes) -> None:
        """From which day days are counted."""
        self.since_1904 = bool(data[0])

    def book(self, data: bytes) -> None:
        """A book that formulas may take from."""
        self.links.book(self.text(data[2:], 2), struct.unpack_from("<H", data, 2)[0])

    def references(self, data: bytes) -> None:
        """Which reference means which book."""
        if self.wide:
            self.links.sheets(data)

    def number_format(self, data: bytes) -> None:
        """A code and its number."""
        self.looks.number_format(struct.unpack_from("<H", data)[0], self.text(data[2:], 2 if self.wide else 1))

    def sheet(self, data: bytes) -> None:
        """Where a sheet begins, its name, and whether it can be seen."""
        offset, state, kind = struct.unpack_from("<IBB", data)
        name = self.text(data[6:], 1)
        if kind in {MACRO_SHEET, MODULE}:
            self.tally.parts["MACROS_IGNORED"] = f"宏表“{name}”"
            return
        if offset in self.sheets:
            raise _damaged()
        self.tally.sheet(name)
        self.sheets[offset] = name
        if state & 3:
            self.tally.seen[name].hidden = True


class _XlsSheet:
    """Cells of one sheet."""

    def __init__(self, name: str, tally: Tally, book: _Globals) -> None:
        self._name, self._tally, self._book = name, tally, book
        self._cells, self._overlay, self._rules = Cells(name, tally), Overlay(), XlsConditions(book.text)
        self._waiting: tuple[int, int, int] | None = None
        self._pieces: list[bytes] = []
        self._hidden: list[int] = []
        self._merged: list[tuple[int, ...]] = []
        self._filtered = self._noughts_unseen = False
        self._last = self._described = 0
        self._looks = {
            ROW: self._row,
            COLUMNS: self._columns,
            FILTERED: self._filter,
            CONTINUE: self._more,
            NOTE: self._note,
            _MERGED: self._merge,
            _WINDOW: self._view,
        }
        if book.wide:
            over = self._overlay
            self._looks |= {DRAWING: over.drawing, OBJECT: over.object, TEXT_OBJECT: over.text_follows}
            self._looks |= {AREAS: self._rules.areas, RULE: self._rules.rule}

    def take(self, record: int, data: bytes) -> None:
        """One record."""
        if self._waiting and record not in _BETWEEN:
            self._text_comes(record, data)
        if self._pieces and record == CONTINUE:
            self._pieces.append(data)
        elif self._pieces:
            self._settle()
        if record in _VALUED:
            self._value(record, data)
        elif record == MULRK:
            row, col = struct.unpack_from("<2H", data)
            for nth, at in enumerate(range(4, len(data) - 2, 6)):
                self._number(row, col + nth, struct.unpack_from("<H", data, at)[0], compact(data[at + 2 : at + 6]))
        elif record in self._looks:
            self._looks[record](data)
        self._last = record

    def finish(self) -> list[list[Raw]]:
        """The values; of a formula that said it had a text no text came."""
        if self._waiting:
            self._text_comes(EOF, b"")
        if self._pieces:
            self._settle()
        for first_row, last_row, first_col, last_col in self._merged:
            self._cells.cover(first_row, last_row, first_col, last_col)
        if self._hidden:
            self._tally.seen[self._name].rows.update(dict.fromkeys(self._hidden, self._filtered))
        if self._noughts_unseen:
            self._tally.noughts_unseen(self._name, self._cells.rows)
        self._overlay.report(self._name, self._tally)
        self._report_rules()
        return self._cells.rows

    def _report_rules(self) -> None:
        """Cells that a rule hides, or may hide."""
        for rule in self._rules.found:
            for area in rule.areas if self._book.looks.hides(rule.look) else ():
                self._tally.rule(self._name, self._cells.rows, area, rule.applies)

    def _value(self, record: int, data: bytes) -> None:
        row, col, style = struct.unpack_from("<3H", data)
        if record == LABELSST:
            text = self._book.texts[struct.unpack_from("<I", data, 6)[0]]
            self._text(row, col, style, text)
        elif record == NUMBER:
            self._number(row, col, style, struct.unpack_from("<d", data, 6)[0])
        elif record == RK:
            self._number(row, col, style, compact(data[6:10]))
        elif record == FORMULA:
            self._formula(row, col, style, data)
        elif record == BOOLERR:
            self._put(row, col, style, bool(data[6]) if not data[7] else ERRORS.get(data[6], "#N/A"))
        else:
            text = self._book.text(data[6:], 2)
            fonts = data[9 + len(data[8:]) :] if record == LABEL else self._fonts(data)
            self._text(row, col, style, in_runs(text, fonts, self._book.looks.fonts) if fonts else text)

    def _fonts(self, data: bytes) -> bytes:
        """Of a text with its looks, before 1997: where which font begins, a byte each."""
        end = 8 + struct.unpack_from("<H", data, 6)[0]
        return b"".join(struct.pack("<HH", data[at], data[at + 1]) for at in range(end + 1, len(data) - 1, 2))

    def _row(self, data: bytes) -> None:
        if struct.unpack_from("<H", data, 12)[0] & HIDDEN_ROW:
            self._hidden.append(struct.unpack_from("<H", data)[0])

    def _columns(self, data: bytes) -> None:
        self._described += 1
        if self._described > _MAX_COLUMN_RECORDS:  # of at most 256 columns
            raise _damaged()
        first, last, width, _, flags = struct.unpack_from("<5H", data)
        if flags & HIDDEN_COLUMN or not width:
            self._tally.seen[self._name].cols.update(range(first, min(last + 1, 256)))

    def _merge(self, data: bytes) -> None:
        self._merged += struct.iter_unpack("<4H", data[2 : 2 + (len(data) - 2) // 8 * 8])

    def _view(self, data: bytes) -> None:
        self._noughts_unseen = not struct.unpack_from("<H", data)[0] & SHOWS_NOUGHTS

    def _filter(self, _: bytes) -> None:
        self._filtered = True

    def _more(self, data: bytes) -> None:
        if self._last == TEXT_OBJECT:
            self._overlay.text(data)

    def _note(self, data: bytes) -> None:
        self._overlay.comment(data, None if self._book.wide else lambda text: self._book.text(text, 2))

    def _formula(self, row: int, col: int, style: int, data: bytes) -> None:
        result = data[6:14]
        formula = data[22 : 22 + struct.unpack_from("<H", data, 20)[0]] if self._book.wide else b""
        if result[6:] != b"\xff\xff":
            number = struct.unpack("<d", result)[0]
            self._number(row, col, style, number)
            should_be = constant(formula) if len(formula) <= _SHORT else None
            if should_be is not None and differs(should_be, number):
                self._tally.doubt(
                    self._name, row, col, "CELL_CONTRADICTS", f"公式算出{should_be:g}，显示{number:g}", instead=True
                )
        elif result[0] == 0:
            self._waiting = row, col, style
        elif result[0] == 1:
            self._put(row, col, style, bool(result[2]))
        elif result[0] == 2:  # noqa: PLR2004 - an error
            self._put(row, col, style, ERRORS.get(result[2], "#N/A"))
        elif len(formula) <= _SHORT and is_figure(
            formula
        ):  # an empty text cannot be its result: what writers put who do not calculate
            self._put(row, col, style, UNCALCULATED)
        else:  # an empty text is a blank cell
            return
        path = self._book.links.of(formula) if formula else ""
        if path:
            self._tally.doubt(self._name, row, col, "CELL_LINKED", f"引用了“{path}”")

    def _text_comes(self, record: int, data: bytes) -> None:
        """The text of the formula before, or none."""
        if record == STRING:
            self._pieces = [data]
            return
        row, col, style = self._waiting or (0, 0, 0)
        self._waiting = None
        self._put(row, col, style, UNCALCULATED)

    def _settle(self) -> None:
        """The text of a formula has come to its end."""
        pieces, self._pieces = self._pieces, []
        row, col, style = self._waiting or (0, 0, 0)
        self._waiting = None
        if self._book.wide:
            chain = Chain(pieces)
            length, flags = struct.unpack("<HB", chain.take(3))
            text = chain.characters(length, wide=bool(flags & WIDE))
        else:
            text = self._book.text(b"".join(pieces), 2)
        self._text(row, col, style, text)

    def _text(self, row: int, col: int, style: int, text: str | tuple[Run, ...]) -> None:
        if isinstance(text, str):
            if text:
                self._put(row, col, style, text)
            return
        self._put(row, col, style, "".join(run.text for run in text))
        doubt = doubt_of(text)
        if doubt:
            self._tally.doubt(self._name, row, col, *doubt, instead=True)

    def _number(self, row: int, col: int, style: int, number: float) -> None:
        form = self._book.formats[style] if style < len(self._book.formats) else Format()
        self._put(row, col, style, as_shown(number, form, since_1904=self._book.since_1904))

    def _put(self, row: int, col: int, style: int, value: Raw) -> None:
        self._tally.count(self._name, row, col)
        self._cells.put(row, col, value)
        mark = self._book.marks.get(style)
        if mark:
            self._tally.doubt(self._name, row, col, mark, f"{show(value)}（{UNSEEN[mark]}）", instead=True)


_LOOKS = {FONT: XlsLooks.font, PALETTE: XlsLooks.palette, XF: XlsLooks.cell_format}
_GLOBALS = {
    BOF: _Globals.begin,
    CODEPAGE: _Globals.encoding,
    IS_1904: _Globals.days,
    SUPBOOK: _Globals.book,
    BOUNDSHEET: _Globals.sheet,
    EXTERNSHEET: _Globals.references,
    FORMAT: _Globals.number_format,
}


def compact(data: bytes) -> float:
    """A number as xls and xlsb store most (RK): an integer, or the upper 30 bits of a double; either perhaps times 100."""
    bits = int.from_bytes(data, "little", signed=True)
    number = float(bits >> 2) if bits & 2 else struct.unpack("<d", struct.pack("<Q", (bits & 0xFFFFFFFC) << 32))[0]
    return number / 100 if bits & 1 else number


def _damaged() -> Refusal:
    return Refusal("FILE_DAMAGED", "工作表的内容残缺，没有正常结尾")
