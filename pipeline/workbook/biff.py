"""Through an xls stream, record by record: passwords, macros, links, error cells, formulas, percentages, extent, end.

Record numbers and layouts are those of [MS-XLS]; files of 1995 (BIFF5) differ only in how names are written.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.workbook.notes import DISGUISE, UNCALCULATED, Notes, Refusal, Tally, disguised, percent
from pipeline.workbook.secret import open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BOF, EOF, FILEPASS, BOUNDSHEET, SUPBOOK, FORMAT, XF = 0x809, 0x0A, 0x2F, 0x85, 0x1AE, 0x41E, 0xE0
FORMULA, STRING, NUMBER, RK, MULRK, BOOLERR = 0x06, 0x207, 0x203, 0x27E, 0xBD, 0x205
LABEL, LABELSST, RSTRING, SST, CONTINUE = 0x204, 0xFD, 0xD6, 0xFC, 0x3C
VALUED = {FORMULA, NUMBER, RK, BOOLERR, LABEL, LABELSST, RSTRING}
BETWEEN = {0x221, 0x4BC, 0x236, CONTINUE}  # ARRAY, SHRFMLA, TABLE, CONTINUE: may stand between a formula and its text
HOLE = bytes(64)  # texts hold no such run of zeros: a piece of the file was lost
WINDOW = 0x23E  # how a sheet is looked at: stands behind its cells
BIFF8 = 0x600
MACRO_SHEET, MODULE = 1, 6
OWN_BOOK, ADD_IN, LONGEST_PATH = 0x0401, 0x3A01, 0xFF
PATH_MARKS = "\x01\x02\x05"  # an encoded path, from the same drive, of one piece
PERCENT_FORMATS = {9, 10}
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
OTHER_KINDS = {"worddocument": "Word文档", "powerpoint document": "演示文稿"}


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
        found = next((kind for name, kind in OTHER_KINDS.items() if name in names), "没有工作表的旧版Office文件")
        raise Refusal("FILE_NOT_A_WORKBOOK", f"是{found}")
    if any(part in {"_vba_project_cur", "vba"} for name in names for part in name.split("/")):
        raise Refusal("FILE_MACROS", "有VBA宏")
    tally = Tally()
    try:
        _follow(open_stream(stream), tally)
    except (struct.error, IndexError) as error:  # a record shorter than its kind
        raise _damaged() from error
    return tally.notes()


def _follow(stream: bytes, tally: Tally) -> None:
    book = _Globals()
    left = len(stream)
    for record, _, at, size in _records(stream, 0):
        book.take(record, stream[at : at + size])
        left -= 4 + size
    for offset, name in book.sheets.items():
        sheet = _Sheet(name, tally, book.percent_cells(), book.disguised_cells())
        for record, depth, at, size in _records(stream, offset):
            left -= 4 + size
            if left < 0:  # sheets that run into each other
                raise _damaged()
            if depth == 1:
                sheet.take(record, stream[at : at + size])
        sheet.finish()


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int, int]]:
    """(record, depth, where its data are, their size) of one substream, which begins with BOF and ends with its EOF.

    The very last EOF may be wanting: at the end of the stream, or before zeros once the record that follows all cells was there.
    """
    depth, cells_are_over = 0, False
    while True:
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
        cells_are_over = cells_are_over or record == WINDOW
        yield record, depth, at, size
        if record == EOF:
            depth -= 1
            if depth == 0:
                return
        at += size


@dataclass
class _Globals:
    """What the records before the sheets say.

    Attributes:
        sheets: Where a sheet begins → its name.
    """

    sheets: dict[int, str] = field(default_factory=dict)
    _wide: bool = True
    _percent_formats: set[int] = field(default_factory=lambda: set(PERCENT_FORMATS))
    _disguises: dict[int, str] = field(default_factory=dict)
    _formats: list[int] = field(default_factory=list)
    _in_texts: bool = False

    def take(self, record: int, data: bytes) -> None:
        """One record."""
        self._in_texts = record == SST or (record == CONTINUE and self._in_texts)
        if self._in_texts and HOLE in data:
            raise _damaged()
        if record == BOF:
            self._wide = struct.unpack_from("<H", data)[0] >= BIFF8
        elif record == FILEPASS:
            raise Refusal("FILE_ENCRYPTED", "内容已加密")
        elif record == SUPBOOK:
            self._link(data)
        elif record == BOUNDSHEET:
            self._sheet(data)
        elif record == FORMAT:
            number = struct.unpack_from("<H", data)[0]
            code = self._text(data[2:], 2 if self._wide else 1)
            if "%" in code:
                self._percent_formats.add(number)
            elif DISGUISE.search(code):
                self._disguises[number] = code
        elif record == XF:
            self._formats.append(struct.unpack_from("<H", data, 2)[0])

    def disguised_cells(self) -> dict[int, str]:
        """Positions of the cell formats that show another number than the cell holds, with their codes."""
        return {n: self._disguises[number] for n, number in enumerate(self._formats) if number in self._disguises}

    def percent_cells(self) -> frozenset[int]:
        """Positions of the cell formats that show per cent."""
        return frozenset(n for n, number in enumerate(self._formats) if number in self._percent_formats)

    def _sheet(self, data: bytes) -> None:
        offset, _, kind = struct.unpack_from("<IBB", data)
        name = self._text(data[6:], 1)
        if kind in {MACRO_SHEET, MODULE}:
            raise Refusal("FILE_MACROS", f"宏表“{name}”")
        if offset in self.sheets:
            raise _damaged()
        self.sheets[offset] = name

    def _link(self, data: bytes) -> None:
        kind = struct.unpack_from("<H", data, 2)[0]  # or the length of a path
        if kind not in {OWN_BOOK, ADD_IN} and 1 < kind <= LONGEST_PATH:  # else: its own sheets, add-ins, or unused
            path = self._text(data[2:], 2).replace("\x03", "/")
            raise Refusal("FILE_EXTERNAL_LINKS", f"引用了“{path.lstrip(PATH_MARKS)}”")

    def _text(self, data: bytes, width: int) -> str:
        """A text that begins with its length in ``width`` bytes."""
        length = int.from_bytes(data[:width], "little")
        if not self._wide:
            return data[width : width + length].decode("gb18030", "replace")
        if any(data[width : width + 1]):
            return data[width + 1 : width + 1 + 2 * length].decode("utf-16-le", "replace")
        return data[width + 1 : width + 1 + length].decode("latin-1")


class _Sheet:
    """Cells of one sheet."""

    def __init__(self, name: str, tally: Tally, percent_cells: frozenset[int], disguises: dict[int, str]) -> None:
        self._name, self._tally, self._percent, self._disguises = name, tally, percent_cells, disguises
        self._waiting: tuple[int, int] | None = None

    def take(self, record: int, data: bytes) -> None:
        """One record."""
        if self._waiting and record not in BETWEEN:
            if record != STRING:
                self.finish()
            self._waiting = None
        if record == MULRK:
            self._several(data)
        elif record in VALUED:
            row, col, style = struct.unpack_from("<3H", data)
            self._tally.count(self._name, row, col)
            if record == BOOLERR and data[7]:
                self._show(row, col, ERRORS.get(data[6], "#N/A"))
            elif record == FORMULA:
                self._formula(row, col, style, data[6:14])
            elif record == NUMBER:
                self._number(row, col, style, *struct.unpack_from("<d", data, 6))
            elif record == RK:
                self._number(row, col, style, compact(data[6:10]))

    def finish(self) -> None:
        """No text came for a formula that said it had one."""
        if self._waiting:
            self._show(*self._waiting, UNCALCULATED)

    def _several(self, data: bytes) -> None:
        row, col = struct.unpack_from("<2H", data)
        for nth, at in enumerate(range(4, len(data) - 2, 6)):
            style = struct.unpack_from("<H", data, at)[0]
            self._tally.count(self._name, row, col + nth)
            self._number(row, col + nth, style, compact(data[at + 2 : at + 6]))

    def _formula(self, row: int, col: int, style: int, result: bytes) -> None:
        if result[6:] != b"\xff\xff":
            self._number(row, col, style, *struct.unpack("<d", result))
        elif result[0] == 0:
            self._waiting = row, col
        elif result[0] == 2:  # noqa: PLR2004 - an error
            self._show(row, col, ERRORS.get(result[2], "#N/A"))
        elif result[0] == 3:  # noqa: PLR2004 - an empty text
            self._show(row, col, UNCALCULATED)

    def _number(self, row: int, col: int, style: int, number: float) -> None:
        if style in self._percent:
            self._show(row, col, percent(number))
        elif style in self._disguises:
            self._show(row, col, disguised(number, self._disguises[style]))

    def _show(self, row: int, col: int, text: str) -> None:
        self._tally.show(self._name, row, col, text)


def compact(data: bytes) -> float:
    """A number as xls and xlsb store most (RK): an integer, or the upper 30 bits of a double; either perhaps times 100."""
    bits = int.from_bytes(data, "little", signed=True)
    number = float(bits >> 2) if bits & 2 else struct.unpack("<d", struct.pack("<Q", (bits & 0xFFFFFFFC) << 32))[0]
    return number / 100 if bits & 1 else number


def _damaged() -> Refusal:
    return Refusal("FILE_DAMAGED", "工作表的内容残缺，没有正常结尾")
