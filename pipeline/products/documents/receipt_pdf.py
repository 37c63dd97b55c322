"""回执 as a PDF, from the very values of its Word document: for whoever prints it without Word. Needs nothing on the machine."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from pipeline.products.documents.receipt import square_png
from pipeline.products.drawing.fonts import FONT_FILE, MISSING_GLYPH, with_glyphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.products.documents.receipt import ReceiptLine, ReceiptPage

_LEFT, _TOP, _WIDTH, _BOTTOM = 28.0, 22.0, 156.0, 275.0  # mm
_LINE, _TEXT_PT, _CELL_PT, _PADDING = 6.4, 12.0, 10.5, 1.2
_NOT_FIRST = "，。、；：）”》？！％%"
_FILES, _STATES = (14.0, 82.0, 38.0, 22.0), (30.0, 16.0, 110.0)
_SQUARE, _SIGN_HEIGHT = 30.0, 39.0


def receipt_pdf(page: ReceiptPage) -> bytes:
    """One page of A4; the same bytes for the same values. A character the font lacks is 〓, and the page says so."""
    paper = _Paper(page)
    paper.centred(page.title, 18, 10)
    paper.centred(page.subject, _TEXT_PT, 7)
    if page.is_demo:
        paper.centred("演示数据，数字均为虚构", _TEXT_PT, 7)
    paper.text(page.to_line, indent=0)
    paper.text(page.intro)
    paper.table(page.heads[0], page.files, _FILES)
    paper.table(page.heads[1], page.states, _STATES)
    for note in (*page.notes, page.how):
        paper.text(note)
    if page.places:
        paper.signing(page)
    else:
        paper.text(f"校验码：{page.code_line}")
    paper.right(page.office)
    paper.right(page.issued_on)
    return paper.written()


class _Paper:
    """One sheet, written from the top down."""

    def __init__(self, page: ReceiptPage) -> None:
        self.pdf = FPDF(format="A4")
        self.pdf.set_creation_date(datetime.combine(page.dated, time(), UTC))
        self.pdf.set_title(page.title)
        self.pdf.set_lang("zh-CN")
        self.pdf.set_margins(_LEFT, _TOP, _LEFT)
        self.pdf.set_auto_page_break(auto=False)
        self.pdf.add_font("sans", fname=FONT_FILE)
        font: Any = self.pdf.fonts["sans"]
        font.ttfont.recalcBBoxes = False  # of the whole font: takes half the time, changes nothing
        self.pdf.c_margin = 0
        self.pdf.add_page()
        self.lacking = False

    def written(self) -> bytes:
        """The file."""
        if self.lacking:
            self.text(f"“{MISSING_GLYPH}”处的字字库里没有，以同名 Word 文档为准。", indent=0)
        return bytes(self.pdf.output())

    def _clean(self, text: str) -> str:
        clean = with_glyphs(text)
        self.lacking = self.lacking or clean != text
        return clean

    def _lines(self, text: str, width: float) -> list[str]:
        """Broken anywhere but before a mark that begins no line."""
        lines, line = list[str](), ""
        for ch in self._clean(text):
            if line and self.pdf.get_string_width(line + ch) > width and ch not in _NOT_FIRST:
                lines, line = [*lines, line], ""
            line += ch
        return [*lines, line]

    def _put(self, text: str, width: float, height: float, align: str) -> None:
        self.pdf.cell(width, height, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def centred(self, text: str, size: float, height: float) -> None:
        """One line in the middle."""
        self.pdf.set_font("sans", size=size)
        self._put(self._clean(text), _WIDTH, height, "C")

    def right(self, text: str) -> None:
        """One line at the right."""
        self.pdf.set_font("sans", size=_TEXT_PT)
        self._put(self._clean(text), _WIDTH, _LINE, "R")

    def text(self, text: str, indent: int = 2) -> None:
        """A paragraph."""
        self.pdf.set_font("sans", size=_TEXT_PT)
        for line in self._lines("　" * indent + text, _WIDTH) if text else ():
            self._put(line, _WIDTH, _LINE, "L")

    def table(self, head: ReceiptLine, rows: Sequence[ReceiptLine], widths: Sequence[float]) -> None:
        """Ruled, its rows as high as they need."""
        pdf, widest = self.pdf, max(widths)
        pdf.set_y(pdf.get_y() + 1.5)
        pdf.set_font("sans", size=_CELL_PT)
        for row in (head, *rows):
            cells = (row.first, row.second, row.third, row.fourth)[: len(widths)]
            broken = [self._lines(cell, width - 2 * _PADDING) for cell, width in zip(cells, widths, strict=True)]
            height, x, y = max(map(len, broken)) * 5.2 + 1.6, _LEFT, pdf.get_y()
            for lines, width in zip(broken, widths, strict=True):
                pdf.rect(x, y, width, height)
                top = y + (height - len(lines) * 5.2) / 2
                for n, line in enumerate(lines):
                    pdf.set_xy(x + _PADDING, top + n * 5.2)
                    pdf.cell(width - 2 * _PADDING, 5.2, line, align="L" if width == widest and row is not head else "C")
                x += width
            pdf.set_xy(_LEFT, y + height)
        pdf.set_y(pdf.get_y() + 1.5)

    def signing(self, page: ReceiptPage) -> None:
        """Where it is signed and stamped, with the square beside it; on a page of its own where there is no room."""
        pdf = self.pdf
        if pdf.get_y() + _SIGN_HEIGHT + 3 * _LINE > _BOTTOM:
            pdf.add_page()
        y = pdf.get_y() + 2
        pdf.rect(_LEFT, y, _WIDTH, _SIGN_HEIGHT)
        pdf.line(_LEFT + 110, y, _LEFT + 110, y + _SIGN_HEIGHT)
        pdf.set_font("sans", size=_TEXT_PT)
        for n, place in enumerate(page.places):
            pdf.set_xy(_LEFT + 3, y + 3 + n * (_SIGN_HEIGHT - 6) / len(page.places))
            pdf.cell(104, 8, place)
        pdf.image(io.BytesIO(square_png(page.slip)), x=_LEFT + 110 + (46 - _SQUARE) / 2, y=y + 2, w=_SQUARE)
        pdf.set_xy(_LEFT + 110, y + 2 + _SQUARE)
        pdf.set_font("sans", size=_CELL_PT)
        pdf.cell(46, 6, page.code_line, align="C")
        pdf.set_xy(_LEFT, y + _SIGN_HEIGHT + 3)
