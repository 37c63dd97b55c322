"""The look of issued workbooks, and xlsxwriter's return codes taken seriously."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import IssueError

if TYPE_CHECKING:
    import xlsxwriter

INK, GREY, LINE, HEAD, NAVY = "#1F2933", "#8A94A0", "#B8C2CC", "#E8EEF5", "#1F3864"
FONT = "宋体"


def ok(code: Any) -> None:
    """Refuse what xlsxwriter would leave out in silence.

    Raises:
        IssueError: A non-zero return code.
    """
    if code:
        raise IssueError(f"xlsxwriter 返回 {code}：内容过长或超出范围")


class Formats:
    """The look of the workbook, in one place."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": FONT, "font_size": 11, "font_color": INK, "valign": "vcenter"}
        box = {**base, "border": 1, "border_color": LINE, "text_wrap": True, "align": "center"}

        def add(**extra: Any) -> Any:
            return book.add_format({**base, **extra})

        def boxed(**extra: Any) -> Any:
            return book.add_format({**box, **extra})

        self.title = add(font_name="黑体", font_size=18, font_color=NAVY, align="left")
        self.who = add(font_size=11, align="left")
        self.stamp = add(font_size=8, font_color=GREY, align="left")
        self.item = boxed(bg_color=NAVY, font_color="#FFFFFF", font_name="黑体")
        self.label = boxed(bg_color=HEAD, bold=True, font_size=10)
        self.code = boxed(font_size=8, font_color=GREY)
        self.county_code = boxed(font_size=9, font_color=GREY, num_format="@")
        self.county = boxed(align="left", bg_color="#F7F9FB")
        self.input = boxed(num_format="General")
        self.date = boxed(num_format="yyyy-mm-dd")
        self.remark = boxed(align="left", font_size=10)
        self.text = add(text_wrap=True, align="left", valign="top")
        self.cover_label = boxed(bg_color=HEAD, bold=True)
        self.cover_input = boxed(align="left", num_format="@")
        self.good = book.add_format({"bg_color": "#D8EFD9", "font_color": "#1B5E20"})
        self.todo = book.add_format({"bg_color": "#FFF3C4", "font_color": "#7A4F01"})
        self.bad = book.add_format({"bg_color": "#F8C7C4", "font_color": "#8B1A14"})
        self.zebra = book.add_format({"bg_color": "#EEF1F4", "font_color": GREY})


def paper(sheet: Any, *, landscape: bool) -> None:
    """A4, one page wide, page numbers at the foot."""
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&8&A&R&8第 &P 页，共 &N 页")
