"""Where everything stands on an issued sheet: shared by ``issue`` (which writes it) and ``read`` (which looks for it).

A form sheet has six header rows, then one row per county, or the prefecture's own, or one per entry of a list:

    title / who, period, due / identity stamp / item groups / visible column titles / column codes
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from pipeline.domain.text import plain as plain  # noqa: PLC0414 - readers of a layout find it here
from pipeline.domain.value import show
from pipeline.program.forms import OWN_SHEETS
from pipeline.program.model import LEVELS, Prefecture, Rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipeline.domain.value import Raw
    from pipeline.program.model import Field, Form, Period, Program, Unit

TITLE_ROW, WHO_ROW, STAMP_ROW, ITEM_ROW, LABEL_ROW, CODE_ROW, FIRST_ROW = range(7)
COUNTY_CODE_COL, COUNTY_NAME_COL, NIL_COL, FIRST_FIELD_COL = range(4)
LIST_ROWS = 500  # entries a list takes

COUNTY_CODE, COUNTY_NAME, NIL, REMARK, ENTRY = "county_code", "county_name", "nil", "remark", "entry"
STATUS, MOVED = (
    "status",
    "moved",
)  # of a sheet to be confirmed: the state of a row in words, and how many cells were changed
REASON, UNLIKELY = "reason", "unlikely"  # the kind of a reason; how many figures of a row want one
BEFORE = "before:"  # and a field: the column that holds what went out in its cells; hidden, but for an increment
NEW = "new:"  # and a field: the column beside it for what came in this period
TO_MEND = "待改"  # what a total shows where what was typed as new is no number
_FRAME_LABELS = {
    COUNTY_CODE: "县（市、区）代码",
    COUNTY_NAME: "县（市、区）",
    NIL: "本期无新进展",
    STATUS: "本行状态",
    MOVED: "改动格数",
    REASON: "原因类别",
    UNLIKELY: "要说明的格数",
    REMARK: "备注",
    ENTRY: "编号（新增的留空）",
}
CONFIRMED = "已核对（无变化）"  # above the tick of a sheet to be confirmed
UNCONFIRMED = "未核对"  # in words what a row is that was neither changed nor ticked
TO_EXPLAIN, SHORTEST_REASON = "请写说明", 10  # what a row is whose figures want a reason; characters of one
REASON_KEY = (
    "理由"  # begins the hidden text that says whose and which sheet's row a reason on the list of problems is for
)
LIVE_OPEN, LIVE_DONE = (
    "核对：还有",
    "核对：各行都已核对或改过",
)  # begin the line that counts those rows, above the headings and at the foot of what is printed
LIVE_FORMULA = "IF(COUNTIF("  # begins the formula of that line
COVER_INPUTS = ("填报人", "联系电话", "审核人", "填报日期")
COVER_SHEET, CHECK_SHEET, IDENTITY_SHEET, PROBLEM_SHEET, APPENDIX_SHEET = OWN_SHEETS
PROBLEM_WIDTH = 10  # columns of the list of problems, the two hidden ones too


@dataclass(frozen=True, kw_only=True)
class SheetLayout:
    """Rows and columns (0-based) of one form sheet as issued.

    Attributes:
        units: Whose the rows are; of a list, nobody's in particular.
        confirms: It goes out with what was accepted last, and each row is to be changed or ticked.
        increments: Codes of the fields for which a row may say what came in this period: 上次 | 本期新增 | 累计.
    """

    form: Form
    fields: tuple[Field, ...]
    units: tuple[Unit, ...]
    confirms: bool = False
    increments: frozenset[str] = frozenset()

    @property
    def frame(self) -> tuple[str, ...]:
        """The columns before the fields."""
        return (ENTRY,) if self.form.is_list else (COUNTY_CODE, COUNTY_NAME, NIL, *([STATUS] if self.confirms else ()))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The code of every column that is seen, from the first on."""
        reason = (REASON,) if self.confirms else ()
        return (*self.frame, *self.of_fields, *reason, REMARK)

    @cached_property
    def of_fields(self) -> tuple[str, ...]:
        """The codes of the columns between the frame and the remark: of a field its own, last of its three."""
        return tuple(code for f in self.fields for code in self.columns_of(f.code))

    def columns_of(self, code: str) -> tuple[str, ...]:
        """The columns of a field, side by side."""
        return (BEFORE + code, NEW + code, code) if code in self.increments else (code,)

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """The codes of the hidden columns behind them: what went out, in the order of the fields, moves with its row."""
        kept = (BEFORE + f.code for f in self.fields if f.code not in self.increments)
        return (MOVED, UNLIKELY, *kept) if self.confirms else ()

    @property
    def first_field_col(self) -> int:
        """Where the fields begin."""
        return len(self.frame)

    @property
    def last_field_col(self) -> int:
        """Where the fields end."""
        return len(self.frame) + len(self.of_fields) - 1

    @property
    def remark_col(self) -> int:
        """The free-text column, last of all."""
        return len(self.columns) - 1

    @property
    def last_row(self) -> int:
        """The last row that may be filled."""
        return FIRST_ROW + (LIST_ROWS if self.form.is_list else len(self.units)) - 1

    @property
    def foot_row(self) -> int:
        """Of a sheet to be confirmed: below its rows, where what is left to do is printed."""
        return self.last_row + 1

    def col_of(self, code: str) -> int:
        """Column of a field, of the frame, or of what is hidden."""
        return (*self.columns, *self.unseen).index(code)


def sheet_layout(
    form: Form,
    period: Period,
    units: tuple[Unit, ...],
    *,
    confirms: bool = False,
    known: Collection[str] = (),
) -> SheetLayout:
    """The sheet of ``form`` for ``units`` in ``period``; ``known`` are the fields of which some unit has a number already."""
    fields = form.fields_in(period)
    increments = frozenset(f.code for f in fields if confirms and f.increment and f.code in known)
    return SheetLayout(form=form, fields=fields, units=units, confirms=confirms, increments=increments)


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


@cache
def list_keys() -> tuple[str, ...]:
    """What the rows of a list are called in a workbook, from the first on: #1, #2 …"""
    return tuple(f"#{n}" for n in range(1, LIST_ROWS + 1))


def entry_mark(form: Form, cells: Mapping[str, Raw]) -> str:
    """What an entry of a list is known by wherever its row has gone: its number, else what makes it itself; may be empty."""
    number = show(cells.get(ENTRY)).strip()
    return number or " ".join(filter(None, (plain(show(cells.get(code))) for code in form.same_by)))


def row_name(unit: Unit) -> str:
    """A unit as its row names it: 五华区, 大理州本级."""
    return unit.own_name if isinstance(unit, Prefecture) else unit.short_name


def counted_rows(program: Program, codes: Collection[str]) -> str:
    """8个县（市、区） / 8个县（市、区）和楚雄州本级: a prefecture's own row is no county."""
    counties = sum(code in program.county_by_code for code in codes)
    own = [row_name(program.unit_by_code[code]) for code in codes if code not in program.county_by_code]
    return "和".join([*([f"{counties}{program.words.counter}{program.row_level}"] if counties else []), *own])


def level_of(program: Program, form: Form) -> str:
    """What the rows of a sheet are called; without levels of its own a program keeps the word for all its sheets."""
    own = form.rows is Rows.PREFECTURE and program.levels != LEVELS
    return program.respondent_level if own else program.row_level


def rows_heading(program: Program, form: Form) -> str:
    """What stands above the names of the rows, in the row of items."""
    return {Rows.COUNTY: program.row_level, Rows.PREFECTURE: "填报单位", Rows.LIST: ""}[form.rows]


def frame_labels(program: Program, form: Form) -> dict[str, str]:
    """Column code → visible title of the columns that are not fields, in the words of the program."""
    level = level_of(program, form)
    return _FRAME_LABELS | {COUNTY_CODE: f"{level}代码", COUNTY_NAME: level}


def before_label(field: Field) -> str:
    """What stands above the column with what went out in the cells of a field."""
    return f"上次：{field.label}"


def increment_labels(field: Field) -> dict[str, str]:
    """What stands above the columns of a total that is made of two others, the last value seen: column code → title."""
    return {
        BEFORE + field.code: f"上次累计：{field.title}",
        NEW + field.code: f"本期新增：{field.title}（{field.unit}）",
        field.code: f"累计：{field.label}",
    }


def total_formula(before: str, new: str) -> str:
    """The total of a row as its cell makes it from two other cells; both sides of a form know it by its text."""
    blank = f'LEN(TRIM(SUBSTITUTE({new},"　","")))=0'
    return (
        f'IF(ISERROR({new}),"{TO_MEND}",IF({blank},{before},IF(ISNUMBER({new}),ROUND({before}+{new},2),"{TO_MEND}")))'
    )


def unit_name(program: Program, prefecture: Prefecture) -> str:
    """The respondent's official name: 昆明市总工会."""
    return prefecture.short_name + program.unit_suffix
