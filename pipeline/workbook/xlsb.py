"""Through an xlsb package: the same as of an xlsx, from binary parts ([MS-XLSB])."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pipeline.workbook.biff import ERRORS, PERCENT_FORMATS, compact
from pipeline.workbook.notes import UNCALCULATED, Notes, Refusal, Tally, percent
from pipeline.workbook.xlsx import Relations, refuse_macros_and_links, sheet_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.workbook.package import Package

ROW, RK, ERROR, REAL, TEXTS = 0, 2, 3, 5, {4, 6, 7, 62}
FORMULA_TEXT, FORMULA_REAL, FORMULA_BOOL, FORMULA_ERROR = 8, 9, 10, 11
VALUED = {RK, ERROR, REAL, FORMULA_TEXT, FORMULA_REAL, FORMULA_BOOL, FORMULA_ERROR} | TEXTS
FORMAT, CELL_FORMAT, BEGIN_CELL_FORMATS, END_CELL_FORMATS, SHEET = 44, 47, 617, 618, 156


def look_through_xlsb(package: Package) -> Notes:
    """Follow every part once.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    refuse_macros_and_links(package)
    relations, tally = package.follow("xl/_rels/workbook.bin.rels", Relations), Tally()
    try:
        sheets = sheet_parts(_sheets(package.take("xl/workbook.bin")), relations)
        percents = _percent_cells(package.take("xl/styles.bin")) if "xl/styles.bin" in package.members else frozenset()
        for name, part in sheets:
            if part in package.members:
                _look_through_sheet(name, package.take(part), percents, tally)
    except (struct.error, IndexError) as error:
        raise _damaged() from error
    package.follow_the_rest()
    return tally.notes()


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(part):
        record, at = _number(part, at, 2)
        size, at = _number(part, at, 4)
        if at + size > len(part):
            raise _damaged()
        yield record, part[at : at + size]
        at += size


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


def _sheets(book: bytes) -> list[tuple[str, str]]:
    """(name, relation)."""
    sheets = []
    for record, data in _records(book):
        if record == SHEET:
            relation, end = _text(data, 8)
            sheets.append((_text(data, end)[0], relation))
    return sheets


def _percent_cells(styles: bytes) -> frozenset[int]:
    """Positions of the cell formats that show per cent."""
    percents, used, inside = set(PERCENT_FORMATS), [], False
    for record, data in _records(styles):
        if record == FORMAT and "%" in _text(data, 2)[0]:
            percents.add(struct.unpack_from("<H", data)[0])
        elif record == BEGIN_CELL_FORMATS:
            inside = True
        elif record == END_CELL_FORMATS:
            inside = False
        elif record == CELL_FORMAT and inside:
            used.append(struct.unpack_from("<H", data, 2)[0])
    return frozenset(n for n, number in enumerate(used) if number in percents)


def _look_through_sheet(name: str, part: bytes, percents: frozenset[int], tally: Tally) -> None:
    row = 0
    for record, data in _records(part):
        if record == ROW:
            row = struct.unpack_from("<I", data)[0]
        elif record in VALUED:
            col, style = struct.unpack_from("<II", data)
            tally.count(name, row, col)
            shown = _shown(record, data[8:], (style & 0xFFFFFF) in percents)
            if shown:
                tally.show(name, row, col, shown)


def _shown(record: int, value: bytes, is_percent: bool) -> str:
    if record in {ERROR, FORMULA_ERROR}:
        return ERRORS.get(value[0], "#N/A")
    if record == FORMULA_TEXT:
        return "" if struct.unpack_from("<I", value)[0] else UNCALCULATED
    if not is_percent or record not in {RK, REAL, FORMULA_REAL}:
        return ""
    return percent(compact(value[:4]) if record == RK else struct.unpack_from("<d", value)[0])


def _damaged() -> Refusal:
    return Refusal("FILE_DAMAGED", "工作表的内容残缺")
