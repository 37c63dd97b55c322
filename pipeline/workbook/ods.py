"""Through an ods package: error cells, formulas nobody calculated, percentages, and how far values reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.workbook.notes import UNCALCULATED, Notes, Refusal, Tally, percent
from pipeline.workbook.package import Watcher

if TYPE_CHECKING:
    from pipeline.workbook.package import Package

MODULE = re.compile(r"basic/[^/]+/(?!script-l[bc]\.xml$|dialog-l[bc]\.xml$)[^/]+|scripts/.*[^/]")
OTHER_FILE = re.compile(r"'[^']*'#")  # 'file:///D:/other.ods'#$Sheet1.A1


def look_through_ods(package: Package) -> Notes:
    """Follow every part once, the manifest first: it says what is encrypted.

    Raises:
        Refusal: For the first thing that refuses the file.
    """
    package.follow("meta-inf/manifest.xml", _Manifest)
    for name in package.names:
        if MODULE.fullmatch(name):
            raise Refusal("FILE_MACROS", f"部件“{name}”")
    content = package.follow("content.xml", _Content, remember=False)  # a cell may be repeated 500,000 times
    package.follow_the_rest()
    return content.tally.notes()


class _Manifest(Watcher):
    def __init__(self) -> None:
        super().__init__()
        self.opened |= {"encryption-data": _encrypted}


def _encrypted(_: dict[str, str]) -> None:
    raise Refusal("FILE_ENCRYPTED", "内容已加密")


def _linked(_: dict[str, str]) -> None:
    raise Refusal("FILE_EXTERNAL_LINKS", "有取自别的文件的工作表")


class _Content(Watcher):
    """All sheets, counted through rows and columns with their repetitions."""

    def __init__(self) -> None:
        super().__init__()
        self.tally = Tally()
        self._sheet, self._row, self._rows, self._col, self._cols = "", 0, 0, 0, 1
        self._cell: dict[str, str] | None = None
        self._text = ""
        self._broken = False
        self.opened |= {
            "table:table": self._open_sheet, "table:table-row": self._open_row, "table:table-cell": self._open_cell,
            "table:covered-table-cell": self._open_cell, "text:p": self._open_paragraph,
            "text:tab": self._break, "text:line-break": self._break, "text:ruby": self._break,
            "table:table-source": _linked, "table:dde-link": _linked,
        }  # fmt: skip

    def _open_sheet(self, attributes: dict[str, str]) -> None:
        self.finish()
        self._sheet, self._row, self._rows = attributes.get("table:name", ""), 0, 0

    def _open_row(self, attributes: dict[str, str]) -> None:
        self.finish()
        self._row += self._rows
        self._rows = _repeated(attributes, "table:number-rows-repeated")
        self._col = 0

    def _open_cell(self, attributes: dict[str, str]) -> None:
        if self._cell is not None:
            self.finish()
        cols = _repeated(attributes, "table:number-columns-repeated")
        kind = attributes.get("office:value-type")
        if kind is not None or "table:formula" in attributes:
            self.tally.count(self._sheet, self._row, self._col, self._rows, cols)
        if cols > 1 or self._rows > 1 or kind in {None, "percentage", "string"} or "table:formula" in attributes:
            self._cell, self._cols = attributes, cols
            self._text, self._broken = "", False
        else:
            self._col += cols

    def _open_paragraph(self, _: dict[str, str]) -> None:
        if self._cell is not None:
            parent = self.open[-2]
            self.parser.CharacterDataHandler = (
                self._collect if parent.endswith("table-cell") else None
            )  # else a comment

    def _break(self, _: dict[str, str]) -> None:
        """What the reader leaves out between two pieces of text, joining them."""
        self._text += "\n"
        self._broken = True

    def _collect(self, text: str) -> None:
        self._text += text

    def finish(self) -> None:
        """A cell that is not merely a value ends where the next cell, row or sheet begins."""
        cell, self._cell = self._cell, None
        if cell is None:
            return
        self.parser.CharacterDataHandler = None
        text = cell.get("office:string-value", "") or self._text.strip()
        formula = cell.get("table:formula")
        if formula is not None and OTHER_FILE.search(formula):
            raise Refusal("FILE_EXTERNAL_LINKS", f"工作表“{self._sheet}”第{self._row + 1}行：{formula}")
        if text and formula is None and "office:value-type" not in cell:
            self.tally.count(self._sheet, self._row, self._col, self._rows, self._cols)
        self.tally.repeat_text(len(text) * (self._rows * self._cols - 1))
        shown = text if self._broken else _shown(cell, text)
        if shown:
            for row in range(self._row, self._row + self._rows):
                for col in range(self._col, self._col + self._cols):
                    self.tally.show(self._sheet, row, col, shown)
        self._col += self._cols


def _shown(cell: dict[str, str], text: str) -> str:
    kind = cell.get("office:value-type")
    if cell.get("calcext:value-type") == "error":
        return text if text.startswith("#") else "#VALUE!"  # Err:502 and its like
    if kind == "percentage":
        return percent(cell.get("office:value", ""))
    if kind in {None, "string"} and "table:formula" in cell and not text:
        return UNCALCULATED
    return "" if kind else text  # without a type the reader takes it for a blank


def _repeated(attributes: dict[str, str], name: str) -> int:
    times = int(attributes.get(name, "1"))
    if times < 1:
        raise ValueError
    return times
