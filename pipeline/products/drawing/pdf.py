"""A drawing as a page to print: for what goes out beside workbooks."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time

from fpdf import FPDF


def pdf_page(png: bytes, size_mm: tuple[float, float], title: str, dated: date) -> bytes:
    """A PDF of one page that a picture fills, with the day it speaks of: the same whenever it is made."""
    page = FPDF(format=size_mm)
    page.set_creation_date(datetime.combine(dated, time(), UTC))
    page.set_title(title)
    page.set_lang("zh-CN")
    page.set_auto_page_break(auto=False)
    page.add_page()
    page.image(io.BytesIO(png), x=0, y=0, w=size_mm[0], h=size_mm[1])
    return bytes(page.output())
