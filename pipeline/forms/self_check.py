"""The live self-check sheet: county × form, cells still blank and contradictions; green when nothing is left to do.

Formulas find a county's row by its code, so they hold after officers sort. They are array formulas: only in these does IF
look at each cell for itself, so that a text or an error counts where it stands and spoils no other county. Cached values are
supplied for programs that show a workbook without calculating it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.forms.excel_rules import contradictions, has_reason, required_fields, wants_reason
from pipeline.forms.printing import Print, to_paper
from pipeline.forms.style import Formats, ok, protect
from pipeline.program.forms import NUMBERS
from pipeline.program.layout import (
    CHECK_SHEET,
    COUNTY_CODE_COL,
    COUNTY_NAME_COL,
    FIRST_ROW,
    NIL,
    NIL_COL,
    REMARK,
    STATUS,
    TO_EXPLAIN,
    UNCONFIRMED,
    SheetLayout,
    column_letter,
    row_name,
)
from pipeline.program.model import NOT_APPLICABLE, Prefecture
from pipeline.program.rules import rules_in
from pipeline.reading.cells import TICKS, parse_tick

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import xlsxwriter

    from pipeline.domain.value import Raw
    from pipeline.forms.excel_rules import Contradiction
    from pipeline.program.identity import Stamp
    from pipeline.program.model import Field, Unit
    from pipeline.program.rules import Rule
    from pipeline.program.words import Words

    Rules = Mapping[str, tuple[Rule, ...]]


READY = "全部填齐，可以报送"
CHECK_FIRST = 4  # 0-based row of the first county
UNKNOWN = "有工作表、列或行被删改，算不出来：请在重新下发的表上填写"
_ROWS_BELOW = 20  # where a second row of a county is looked for too


def write_self_check(
    book: xlsxwriter.Workbook,
    f: Formats,
    layouts: tuple[SheetLayout, ...],
    rules: Rules,
    known: Collection[tuple[str, str]],
    entries: Mapping[tuple[str, str, str], Raw],
    open_rows: Collection[tuple[str, str]],
    stamp: Stamp,
    words: Words,
) -> None:
    """Write the sheet.

    Args:
        book: The workbook.
        f: Its look.
        layouts: One per roster sheet already written.
        rules: Form code → rules.
        known: (county, field) pairs with a last accepted value: what a tick may carry.
        entries: (form, county, column) → what stands in the cell, of those that are not blank.
        open_rows: (form, unit) of the rows that are still to be confirmed, or explained.
        stamp: Identity of this sheet.
        words: Of the campaign.
    """
    sheet = book.add_worksheet(CHECK_SHEET)
    sheet.hide_gridlines(2)
    sheet.set_row(0, 30)
    wanting_what = (
        "格未填或不是数字" if not any(x.confirms for x in layouts) else "处没有核对、没有说明、未填或不是数字"
    )
    ok(sheet.write_string(0, 0, f"自查：还有多少{wanting_what}、有多少处矛盾（全部为0、绿色后再报送）", f.title))
    ok(sheet.write_string(1, 0, f"{stamp}（请勿改动）", f.stamp))
    heads = [
        f"{words.row}代码",
        words.row_title,
        *(f"{x.form.sheet}\n{'未核对、' if x.confirms else ''}漏填、非数字" for x in layouts),
        *("" for _ in layouts),
        "数据矛盾",
        "结论",
    ]
    widths = [7, 10, *[6.5] * len(layouts), *[0] * len(layouts), 7, 7]
    sheet.set_row(3, 76)
    for col, width in enumerate(widths):  # the contradictions of each sheet are counted out of sight
        sheet.set_column(col, col, width, None, {"hidden": not width})
    for col, head in enumerate(heads):
        ok(sheet.write_string(3, col, head, f.label))
    todo = clashes = 0
    units = sorted(
        dict.fromkeys(unit for layout in layouts for unit in layout.units),
        key=lambda unit: (isinstance(unit, Prefecture), unit.code),
    )
    asked = [
        _SheetAsks.of(layout, rules_in(rules[layout.form.code], [x.code for x in layout.fields])) for layout in layouts
    ]
    for row, unit in enumerate(units, CHECK_FIRST):
        cells = {key: raw for key, raw in entries.items() if key[1] == unit.code}
        wanting, clashing = _self_check_row(sheet, f, asked, known, cells, open_rows, row, unit)
        todo, clashes = todo + wanting, clashes + clashing
    last, clash, verdict = CHECK_FIRST - 1 + len(units), 2 * len(layouts) + 2, 2 * len(layouts) + 3
    blanks = f"SUM(C5:{column_letter(len(layouts) + 1)}{last + 1})"
    summed = f"SUM({column_letter(clash)}5:{column_letter(clash)}{last + 1})"
    formula = (
        f'=IF(ISERROR({blanks}+{summed}),"{UNKNOWN}",IF({blanks}+{summed}=0,"{READY}",'
        f'"还有 "&{blanks}&" {wanting_what}，"&{summed}&" 处矛盾"))'
    )
    cached = f"还有 {todo} {wanting_what}，{clashes} 处矛盾" if todo + clashes else READY
    ok(sheet.write_formula(2, 0, formula, f.who, cached))
    for sign, look in (("=", f.good), (">", f.todo)):
        shown = {"type": "formula", "criteria": f"={blanks}+{summed}{sign}0", "format": look}
        ok(sheet.conditional_format(2, 0, 2, 0, shown))
    area = (4, 2, last, clash)
    ok(sheet.conditional_format(*area, {"type": "cell", "criteria": "==", "value": 0, "format": f.good}))
    ok(sheet.conditional_format(*area, {"type": "cell", "criteria": ">", "value": 0, "format": f.todo}))
    done = {"type": "cell", "criteria": "==", "value": '"填齐"', "format": f.good}
    ok(sheet.conditional_format(4, verdict, last, verdict, done))
    sheet.freeze_panes(4, 2)
    to_paper(
        sheet,
        Print(widths=widths, repeated=2, heights=[16, 76, *[20] * len(units)], top=2, heads=(3, 3), title=CHECK_SHEET),
    )
    protect(sheet)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SheetAsks:
    """What a sheet asks of every unit on it.

    Attributes:
        needed: Fields that may not be blank.
        clashes: The rules between columns that must hold, or want a reason; but for those a row of its own state counts.
        broken: The expressions that count where they do not, and no reason is given, summed; empty where there are none.
    """

    layout: SheetLayout
    needed: tuple[Field, ...]
    clashes: tuple[Contradiction, ...]
    broken: str

    @classmethod
    def of(cls, layout: SheetLayout, rules: tuple[Rule, ...]) -> _SheetAsks:
        """By the rules about the columns that are there."""
        required = set(required_fields(rules))
        clashes = tuple(
            clash
            for clash in contradictions(rules)
            if clash.rule.severity == "critical" and not (layout.confirms and clash.rule.explainable)
        )
        wanting = wants_reason(_ref(layout, layout.remark_col))

        def counted(clash: Contradiction) -> str:
            broken = clash.broken(lambda x: _ref(layout, layout.col_of(x)))
            return f"{wanting}*({broken})" if clash.rule.explainable else broken

        return cls(
            layout=layout,
            needed=tuple(x for x in layout.fields if x.code in required),
            clashes=clashes,
            broken="+".join(map(counted, clashes)),
        )


def _self_check_row(
    sheet: Any,
    f: Formats,
    sheets: Sequence[_SheetAsks],
    known: Collection[tuple[str, str]],
    entries: Mapping[tuple[str, str, str], Raw],
    open_rows: Collection[tuple[str, str]],
    row: int,
    unit: Unit,
) -> tuple[int, int]:
    """One unit; the number of cells to fill or mend, and of contradictions, as the formulas will find them."""
    ok(sheet.write_string(row, 0, unit.code, f.county_code))
    ok(sheet.write_string(row, 1, row_name(unit), f.county))
    own, clash_col = len(sheets), 2 * len(sheets) + 2
    todo = clashing = 0
    for col, asked in enumerate(sheets, 2):
        layout, needed = asked.layout, asked.needed
        if unit not in layout.units:
            ok(sheet.write_string(row, col, "—", f.code))
            continue
        if_nil = [x for x in needed if x.nil_value is None and (unit.code, x.code) not in known]
        cells = {code: raw for (form, _, code), raw in entries.items() if form == layout.form.code}
        typed = {code: raw for (*_, code), raw in entries.items()}
        cells |= {x.code: typed[x.shows] for x in layout.fields if x.shows in typed}
        ticked, _ = parse_tick(cells.get(NIL))
        blank = sum(x.code not in cells for x in (if_nil if ticked else needed))
        words = sum(_is_word(x, cells.get(x.code)) for x in layout.fields)
        unsaid = int((layout.form.code, unit.code) in open_rows)
        todo += blank + words + unsaid
        todo_formula = _todo_formula(layout, needed, if_nil, row + 1)
        ok(sheet.write_array_formula(row, col, row, col, todo_formula, f.locked, blank + words + unsaid))
        reason = has_reason(cells.get(REMARK))
        shown = sum(clash.shows_in(cells) and not (reason and clash.rule.explainable) for clash in asked.clashes)
        if asked.broken:
            formula = f"=SUM({_ours(layout, row + 1)}*({asked.broken}))"
            ok(sheet.write_array_formula(row, col + own, row, col + own, formula, f.locked, shown))
        else:
            ok(sheet.write_number(row, col + own, 0, f.locked))
        clashing += shown
    first, last = column_letter(own + 2), column_letter(clash_col - 1)
    ok(sheet.write_formula(row, clash_col, f"=SUM({first}{row + 1}:{last}{row + 1})", f.locked, clashing))
    total = f"SUM(C{row + 1}:{column_letter(own + 1)}{row + 1})+{column_letter(clash_col)}{row + 1}"
    done = "未完" if todo + clashing else "填齐"
    ok(
        sheet.write_formula(
            row, clash_col + 1, f'=IF(ISERROR({total}),"未完",IF({total}=0,"填齐","未完"))', f.locked, done
        )
    )
    return todo, clashing


def _is_word(field: Field, cell: Raw) -> bool:
    """A text where a number is asked, 不适用 where it may stand excepted."""
    allowed = {NOT_APPLICABLE} if field.not_applicable else set()
    is_text = cell is not None and (isinstance(cell, (str, bool, time, timedelta)))
    return field.type in NUMBERS and not field.shows and is_text and cell not in allowed


def _todo_formula(layout: SheetLayout, needed: Sequence[Field], if_nil: Sequence[Field], row: int) -> str:
    """What is to be done on a sheet for the unit named in columns A and B: blanks, words, errors, a second row or none.

    Full-width and no-break spaces count as blank; any tick that is taken for one on intake counts as a tick.
    """
    ticked = is_ticked(_ref(layout, NIL_COL))
    counts = [x for x in layout.fields if x.type in NUMBERS and not x.shows]
    asked, asked_if_nil, numbers, may_not_apply, own = (
        _mask(layout, some)
        for some in (
            needed,
            if_nil,
            counts,
            [x for x in counts if x.not_applicable],
            [x for x in layout.fields if not x.shows],
        )
    )
    cells = _ref(layout, layout.first_field_col, layout.last_field_col)
    blank = f'IF(ISERROR({cells}),0,(LEN(TRIM(SUBSTITUTE(SUBSTITUTE({cells},"　",""),"\u00a0","")))=0)*1)'
    blanks = f"({asked}*(1-{ticked})+{asked_if_nil}*{ticked})*{blank}"
    no_numbers = f'IF(ISTEXT({cells}),(1-{blank})*({numbers}-{may_not_apply}*({cells}="{NOT_APPLICABLE}")),0)'
    codes, names = (_ref(layout, col, below=_ROWS_BELOW) for col in (COUNTY_CODE_COL, COUNTY_NAME_COL))
    rows = f"MAX(ABS(SUM({_same(codes, f'$A{row}')})-1),SUM({_same(names, f'$B{row}')})-1)"
    unsaid = ""
    if layout.confirms:
        states = _ref(layout, layout.col_of(STATUS))
        said = "+".join(_same(states, f'"{state}"') for state in (UNCONFIRMED, TO_EXPLAIN))
        unsaid = f"+SUM({_ours(layout, row)}*({said}))"
    return f"=SUM({_ours(layout, row)}*({blanks}+{no_numbers}+{own}*ISERROR({cells})))+{rows}{unsaid}"


def is_ticked(cell: str) -> str:
    """Whether a cell holds what is taken for a tick on intake."""
    words = ",".join(f'"{word}"' for word in sorted(TICKS))
    return f"ISNUMBER(MATCH(TRIM({cell}),{{{words}}},0))"


def _mask(layout: SheetLayout, some: Sequence[Field]) -> str:
    """1 for each column of some fields, 0 for the others between the first and the last, as a constant row."""
    codes = {x.code for x in some}
    return "{" + ",".join(str(int(code in codes)) for code in layout.of_fields) + "}"


def _ours(layout: SheetLayout, row: int) -> str:
    return _same(_ref(layout, COUNTY_CODE_COL), f"$A{row}")


def _same(area: str, cell: str) -> str:
    return f"IF(ISERROR({area}),0,({area}={cell})*1)"


def _ref(layout: SheetLayout, first: int, last: int | None = None, below: int = 0) -> str:
    sheet = "'" + layout.form.sheet + "'"
    end = column_letter(first if last is None else last)
    return f"{sheet}!${column_letter(first)}${FIRST_ROW + 1}:${end}${layout.last_row + 1 + below}"
