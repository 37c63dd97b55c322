"""Where everything stands on an issued sheet: shared by ``issue`` (which writes it) and ``read`` (which looks for it).

A form sheet has six header rows, then one row per county:

    title / who, period, due / identity stamp / item groups / visible column titles / column codes
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.program.forms import OWN_SHEETS

if TYPE_CHECKING:
    from pipeline.program.model import County, Field, Form, Period, Prefecture, Program

TITLE_ROW, WHO_ROW, STAMP_ROW, ITEM_ROW, LABEL_ROW, CODE_ROW, FIRST_ROW = range(7)
COUNTY_CODE_COL, COUNTY_NAME_COL, NIL_COL, FIRST_FIELD_COL = range(4)

COUNTY_CODE, COUNTY_NAME, NIL, REMARK = "county_code", "county_name", "nil", "remark"
FRAME_LABELS = {
    COUNTY_CODE: "县（市、区）代码",
    COUNTY_NAME: "县（市、区）",
    NIL: "本期无新进展",
    REMARK: "备注",
}
COVER_INPUTS = ("填报人", "联系电话", "审核人", "填报日期")
COVER_SHEET, CHECK_SHEET, IDENTITY_SHEET, PROBLEM_SHEET, APPENDIX_SHEET = OWN_SHEETS


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLayout:
    """Rows and columns (0-based) of one form sheet as issued."""

    form: Form
    fields: tuple[Field, ...]
    counties: tuple[County, ...]

    @property
    def remark_col(self) -> int:
        """The free-text column, last of all."""
        return FIRST_FIELD_COL + len(self.fields)

    @property
    def last_row(self) -> int:
        """Row of the last county."""
        return FIRST_ROW + len(self.counties) - 1

    def col_of(self, code: str) -> int:
        """Column of a field."""
        return FIRST_FIELD_COL + [f.code for f in self.fields].index(code)

    def has(self, code: str) -> bool:
        """Whether the field is asked on this sheet."""
        return any(f.code == code for f in self.fields)


def sheet_layout(form: Form, period: Period, counties: tuple[County, ...]) -> SheetLayout:
    """The sheet of ``form`` for ``counties`` in ``period``."""
    return SheetLayout(form=form, fields=form.fields_in(period), counties=counties)


def address(row: int, col: int) -> str:
    """A1-style address of a 0-based cell."""
    return f"{column_letter(col)}{row + 1}"


def column_letter(col: int) -> str:
    """Letters of a 0-based column."""
    letters = ""
    col += 1
    while col:
        col, rest = divmod(col - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@lru_cache(maxsize=4096)  # the same few hundred labels and names, sheet after sheet
def plain(text: str) -> str:
    """A label reduced to what makes it itself: NFKC, no white space, no zero-width characters."""
    return "".join(
        ch
        for ch in unicodedata.normalize("NFKC", text)
        if not ch.isspace() and unicodedata.category(ch) not in {"Cf", "Cc"}
    )


def unit_name(program: Program, prefecture: Prefecture) -> str:
    """The respondent's official name: 昆明市总工会."""
    return prefecture.short_name + program.unit_suffix
