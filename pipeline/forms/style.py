"""The look of issued workbooks, and xlsxwriter's return codes taken seriously."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from pipeline.domain.findings import Severity
from pipeline.domain.value import show
from pipeline.forms.excel_rules import serial
from pipeline.system.errors import IssueError

if TYPE_CHECKING:
    import xlsxwriter

    from pipeline.domain.value import Raw

GOOD, TODO, BAD, CHANGED, UNASKED = (  # fill and ink of what a row or a cell is
    ("#D8EFD9", "#1B5E20"),
    ("#FFF3C4", "#7A4F01"),
    ("#F8C7C4", "#8B1A14"),
    ("#DDEBF7", "#000000"),
    ("#EEF1F4", "#8A94A0"),
)
INK, GREY, LINE, HEAD, NAVY = "#1F2933", "#8A94A0", "#B8C2CC", "#E8EEF5", "#1F3864"
FONT = "宋体"
_FILLS: dict[Severity | None, dict[str, str]] = {
    Severity.CRITICAL: {"bg_color": "#F8C7C4", "font_color": "#8B1A14"},
    Severity.WARNING: {"bg_color": "#FFF3C4", "font_color": "#7A4F01"},
}
CELL_LIMIT = 32_767  # what a cell or a comment may hold, as Excel counts: in UTF-16 units, two for a rare character
MESSAGE_LIMITS = {"input_title": 32, "error_title": 32, "input_message": 255, "error_message": 255}
LINE_HEIGHT = 15  # points
_LAST_NARROW = 0x2E7F  # what comes before is half as wide as a Chinese character
# kinds of cells that are to be filled in; all others are protected
_OPEN = frozenset({"input", "date", "remark", "cover"})
_MAY = dict.fromkeys(("format_columns", "format_rows", "sort", "autofilter"), True)
_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def ok(code: Any) -> None:
    """Refuse what xlsxwriter would leave out in silence.

    Raises:
        IssueError: A non-zero return code.
    """
    if code:
        raise IssueError(f"xlsxwriter 返回 {code}：内容过长或超出范围")


def fitted(text: str, limit: int) -> str:
    """A text as a workbook can hold it: nothing that XML cannot, cut with … where Excel's count reaches ``limit``."""
    text = show(text)
    if 2 * len(text) <= limit or len(units := text.encode("utf-16-le")) <= 2 * limit:
        return text
    return units[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


class SafeSheet(Worksheet):  # type: ignore[misc]
    """A sheet that no text can break, whoever typed it: xlsxwriter leaves out, or refuses, what is too long."""

    def _write_string(self, row: int, col: int, string: str, cell_format: Any = None) -> Any:
        return super()._write_string(row, col, fitted(string, CELL_LIMIT), cell_format)

    def _write_comment(self, row: int, col: int, comment: str, options: Any = None) -> Any:
        return super()._write_comment(row, col, fitted(comment, CELL_LIMIT), options)

    def _write_formula(self, row: int, col: int, formula: str, cell_format: Any = None, value: Any = 0) -> Any:
        value = fitted(value, CELL_LIMIT) if isinstance(value, str) else value
        return super()._write_formula(row, col, formula, cell_format, value)

    def data_validation(self, *place: Any) -> Any:
        """Like xlsxwriter's, with prompts and alerts that fit."""
        *where, options = place
        cut = {key: fitted(options[key], limit) for key, limit in MESSAGE_LIMITS.items() if key in options}
        return super().data_validation(*where, options | cut)


class PlainSheet(SafeSheet):
    """A sheet whose formulas use only functions that every program has had for twenty years.

    xlsxwriter searches each formula for newer ones with some thirty patterns: half of the time a workbook takes.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002 - xlsxwriter's own
        return formula.removeprefix("=")


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
        self.foot = add(font_size=10, bold=True, align="left")
        self.stamp = add(font_size=10, font_color=GREY, align="left")
        self.item = boxed(bg_color=NAVY, font_color="#FFFFFF", font_name="黑体")
        self.label = boxed(bg_color=HEAD, bold=True, font_size=10)
        self.code = boxed(font_size=10, font_color=GREY)
        self.unseen = boxed(num_format=";;;", hidden=True, bg_color=HEAD)  # read by us, shown to nobody
        self.county_code = boxed(font_size=10, font_color=GREY, num_format="@")
        self.county = boxed(align="left", bg_color="#F7F9FB")

        self.locked = boxed(num_format="General")
        self.text = add(text_wrap=True, align="left", valign="top")
        self.cover_label = boxed(bg_color=HEAD, bold=True)
        self.cover_input = boxed(align="left", num_format="@", locked=False)
        self.list_column = book.add_format({**base, "text_wrap": True, "locked": False})
        self.bad_row = boxed(align="left", bold=True, bg_color="#F8C7C4", font_color="#8B1A14")
        self.todo_row = boxed(align="left", bold=True, bg_color="#FFF3C4", font_color="#7A4F01")
        self.note_row = boxed(align="left", bold=True, bg_color="#EEF1F4")
        self.link = boxed(align="left", font_size=10, font_color="#0563C1", underline=1)
        self.list_middle = boxed(font_size=10)
        self.label_left = add(font_size=11, bold=True, font_color=NAVY, align="left")
        self.link_line = add(font_size=11, font_color="#0563C1", underline=1, align="left")
        self.live = add(font_size=11, bold=True, align="left")
        self._boxed = boxed
        self._entries: dict[tuple[Any, ...], Any] = {}
        self.good, self.todo, self.bad, self.zebra = (
            book.add_format({"bg_color": fill, "font_color": ink}) for fill, ink in (GOOD, TODO, BAD, UNASKED)
        )
        self.changed = book.add_format({"bg_color": CHANGED[0], "font_color": CHANGED[1], "bold": True})

    def entry(self, kind: str, severity: Severity | None, *, quoted: bool = False, pale: bool = False) -> Any:
        """A cell that already holds something.

        Args:
            kind: ``input``, ``date``, ``remark``, ``cover``, ``county``, ``code``, ``shown`` from another sheet, or ``unseen``: what goes
                out in the cells, hidden beside them, where LibreOffice would print ### for a number without room.
            severity: Of what is wrong with it, if anything.
            quoted: It is a text that a program might take for a formula.
            pale: It is what was accepted last, until it is changed.
        """
        key = kind, severity, quoted, pale
        if key not in self._entries:
            look: dict[str, Any] = {"num_format": "yyyy-mm-dd"} if kind == "date" else {}
            look |= {"align": "left", "font_size": 10} if kind == "remark" else {}
            look |= {"align": "left"} if kind == "cover" else {}
            look |= {"align": "left", "bg_color": "#F7F9FB"} if kind == "county" else {}
            look |= {"font_size": 10, "font_color": GREY, "num_format": "@"} if kind == "code" else {}
            look |= {"font_color": GREY, "bg_color": "#EEF1F4"} if kind == "shown" else {}
            look |= {"font_color": "#FFFFFF", "border": 0} if kind == "unseen" else {}
            look |= {"font_color": "#FFFFFF", "border": 0, "num_format": "yyyy-mm-dd"} if kind == "unseen date" else {}
            look |= {"font_color": GREY} if pale else {}
            look |= {"quote_prefix": True} if quoted else {}
            look |= {"locked": False} if kind in _OPEN else {}
            self._entries[key] = self._boxed(**(look | _FILLS.get(severity, {})))
        return self._entries[key]


def write_typed(
    sheet: Any,
    f: Formats,
    row: int,
    col: int,
    raw: Raw | Decimal,
    kind: str,
    severity: Severity | None = None,
    *,
    pale: bool = False,
) -> None:
    """Write a cell as its officer typed it: a number as a number, a date as a date, all else as text, never a formula.

    Args:
        sheet: The xlsxwriter sheet.
        f: Its look.
        row: 0-based.
        col: 0-based.
        raw: The cell as it was read.
        kind: See :meth:`Formats.entry`.
        severity: Of what is wrong with it, if anything.
        pale: See :meth:`Formats.entry`.

    Raises:
        IssueError: It cannot be written, with its place.
    """
    try:
        if isinstance(raw, Decimal):
            ok(sheet.write_number(row, col, float(raw), f.entry(kind, severity, pale=pale)))
        elif isinstance(raw, date):
            ok(
                sheet.write_number(
                    row, col, serial(raw), f.entry("unseen date" if kind == "unseen" else "date", severity, pale=pale)
                )
            )
        elif isinstance(raw, (int, float)) and not isinstance(raw, bool) and math.isfinite(raw):
            ok(sheet.write_number(row, col, raw, f.entry("input" if kind == "date" else kind, severity, pale=pale)))
        else:
            text = show(raw)
            look = f.entry(kind, severity, quoted=text[:1] in _FORMULA_SIGNS, pale=pale)
            ok(sheet.write_string(row, col, text, look))
    except (UserWarning, IssueError, ValueError, TypeError, OverflowError) as problem:
        raise IssueError(f"“{sheet.name}”{xl_rowcol_to_cell(row, col)} 写不进去：{problem}") from problem


def protect(sheet: Any) -> None:
    """Nothing but the cells to be filled in can be typed over; no password, for nobody is locked out."""
    sheet.protect("", _MAY)


def lines_of(text: str, width: float) -> int:
    """Lines a wrapped text takes in a column ``width`` characters wide; a Chinese character takes two."""
    return sum(1 + int(sum(2 if ord(ch) > _LAST_NARROW else 1 for ch in line) // width) for line in text.split("\n"))
