"""A drawing as a page to print: for what goes out beside workbooks."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from fpdf import FPDF

_NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # the same drawing gives the same bytes, whenever it is made


def pdf_page(png: bytes, size_mm: tuple[float, float], title: str) -> bytes:
    """A PDF of one page that a picture fills."""
    page = FPDF(format=size_mm)
    page.set_creation_date(_NO_DAY)
    page.set_title(title)
    page.set_lang("zh-CN")
    page.set_auto_page_break(auto=False)
    page.add_page()
    page.image(io.BytesIO(png), x=0, y=0, w=size_mm[0], h=size_mm[1])
    return bytes(page.output())
