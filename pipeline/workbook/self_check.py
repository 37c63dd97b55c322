"""The live self-check sheet: county × form, cells still blank and contradictions; green when nothing is left to do.

Formulas find a county's row by its code, so they hold after officers sort. Cached values are supplied for programs that
show a workbook without calculating it.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.checks.excel_rules import contradictions, required_fields
from pipeline.checks.rules import rules_in
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NOT_APPLICABLE, Prefecture
from pipeline.workbook.cells import TICKS, parse_tick
from pipeline.workbook.layout import (
    CHECK_SHEET,
    COUNTY_CODE_COL,
    FIRST_ROW,
    NIL,
    NIL_COL,
    SheetLayout,
    column_letter,
    row_name,
)
from pipeline.workbook.style import Formats, ok, paper

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import xlsxwriter

    from pipeline.checks.rules import Rule
    from pipeline.program.model import Field, Unit
    from pipeline.workbook.cells import Raw
    from pipeline.workbook.identity import Stamp

    Rules = Mapping[str, tuple[Rule, ...]]


CHECK_FIRST = 4  # 0-based row of the first county


def write_self_check(book: xlsxwriter.Workbook, f: Formats, layouts: tuple[SheetLayout, ...], rules: Rules,
                     known: Collection[tuple[str, str]], entries: Mapping[tuple[str, str, str], Raw],
                     stamp: Stamp, level: str = "县（市、区）") -> None:  # fmt: skip
    """Write the sheet.

    Args:
        book: The workbook.
        f: Its look.
        layouts: One per roster sheet already written.
        rules: Form code → rules.
        known: (county, field) pairs with a last accepted value: what a tick may carry.
        entries: (form, county, column) → what stands in the cell, of those that are not blank.
        stamp: Identity of this sheet.
        level: What the unit of a row is called.
    """
    sheet = book.add_worksheet(CHECK_SHEET)
    sheet.hide_gridlines(2)
    sheet.set_row(0, 30)
    ok(sheet.write_string(0, 0, "自查：还有多少格没填或不是数字、有多少处矛盾（全部为0、绿色后再报送）", f.title))
    ok(sheet.write_string(1, 0, f"{stamp}（请勿改动）", f.stamp))
    heads = [
        f"{level.partition('（')[0]}代码",
        level,
        *(f"{x.form.sheet}\n漏填、非数字" for x in layouts),
        "数据矛盾",
        "结论",
    ]
    sheet.set_row(3, 40)
    sheet.set_column(0, 0, 9)
    sheet.set_column(1, len(heads) - 1, 12)
    for col, head in enumerate(heads):
        ok(sheet.write_string(3, col, head, f.label))
    todo = clashes = 0
    units = sorted(
        dict.fromkeys(unit for layout in layouts for unit in layout.units),
        key=lambda unit: (isinstance(unit, Prefecture), unit.code),
    )
    for row, unit in enumerate(units, CHECK_FIRST):
        cells = {key: raw for key, raw in entries.items() if key[1] == unit.code}
        wanting, clashing = _self_check_row(sheet, f, layouts, rules, known, cells, row, unit)
        todo, clashes = todo + wanting, clashes + clashing
    last, clash, verdict = CHECK_FIRST - 1 + len(units), len(layouts) + 2, len(layouts) + 3
    blanks = f"SUM(C5:{column_letter(clash - 1)}{last + 1})"
    summed = f"SUM({column_letter(clash)}5:{column_letter(clash)}{last + 1})"
    formula = (f'=IF({blanks}+{summed}=0,"全部填齐，可以报送","还有 "&{blanks}&" 格未填或不是数字，"&{summed}&" 处矛盾")')  # fmt: skip
    cached = f"还有 {todo} 格未填或不是数字，{clashes} 处矛盾" if todo + clashes else "全部填齐，可以报送"
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
    paper(sheet, landscape=True)
    sheet.repeat_rows(3)


def _self_check_row(sheet: Any, f: Formats, layouts: tuple[SheetLayout, ...], rules: Rules, known: Collection[tuple[str, str]],
                    entries: Mapping[tuple[str, str, str], Raw], row: int, unit: Unit) -> tuple[int, int]:  # fmt: skip
    """One unit; the number of cells to fill or mend, and of contradictions, as the formulas will find them."""
    ok(sheet.write_string(row, 0, unit.code, f.county_code))
    ok(sheet.write_string(row, 1, row_name(unit), f.county))
    terms: list[str] = []
    todo = clashing = 0
    for col, layout in enumerate(layouts, 2):
        if unit not in layout.units:
            ok(sheet.write_string(row, col, "—", f.code))
            continue
        asked = rules_in(rules[layout.form.code], [x.code for x in layout.fields])
        needed = [x for x in layout.fields if x.code in set(required_fields(asked))]
        if_nil = [x for x in needed if x.nil_value is None and (unit.code, x.code) not in known]
        cells = {code: raw for (form, _, code), raw in entries.items() if form == layout.form.code}
        ticked, _ = parse_tick(cells.get(NIL))
        blank = sum(x.code not in cells for x in (if_nil if ticked else needed))
        words = sum(_is_word(x, cells.get(x.code)) for x in layout.fields)
        todo += blank + words
        ok(sheet.write_formula(row, col, _todo_formula(layout, needed, if_nil, row + 1), f.input, blank + words))
        for clash in contradictions(asked):
            if clash.rule.severity == "critical":
                broken = clash.broken(lambda x, at=layout: _ref(at, at.col_of(x)))  # type: ignore[misc]
                terms.append(f"SUMPRODUCT({_ours(layout, row + 1)}*{broken})")
                clashing += clash.shows_in(cells)
    clash_col = len(layouts) + 2
    ok(sheet.write_formula(row, clash_col, "=" + ("+".join(terms) or "0"), f.input, clashing))
    total = f"SUM(C{row + 1}:{column_letter(clash_col)}{row + 1})"
    done = "未完" if todo + clashing else "填齐"
    ok(sheet.write_formula(row, clash_col + 1, f'=IF({total}=0,"填齐","未完")', f.input, done))
    return todo, clashing


def _is_word(field: Field, cell: Raw) -> bool:
    """A text where a number is asked, 不适用 where it may stand excepted."""
    allowed = {NOT_APPLICABLE} if field.not_applicable else set()
    is_text = cell is not None and (isinstance(cell, (str, bool, time, timedelta)))
    return field.type in NUMBERS and not field.shows and is_text and cell not in allowed


def _todo_formula(layout: SheetLayout, needed: Sequence[Field], if_nil: Sequence[Field], row: int) -> str:
    """Blank required cells of the county named in column A, and words where numbers are asked.

    Full-width and no-break spaces count as blank; any tick that is taken for one on intake counts as a tick.
    """
    ours = _ours(layout, row)
    words = ",".join(f'"{word}"' for word in sorted(TICKS))
    ticked = f"ISNUMBER(MATCH(TRIM({_ref(layout, NIL_COL)}),{{{words}}},0))"
    counts = [x for x in layout.fields if x.type in NUMBERS and not x.shows]
    terms = [f"SUMPRODUCT({ours}*(1-{ticked})*{_blank(area)})" for area in _areas(layout, needed)]
    terms += [f"SUMPRODUCT({ours}*{ticked}*{_blank(area)})" for area in _areas(layout, if_nil)]
    terms += [f"SUMPRODUCT({ours}*ISTEXT({area})*(1-{_blank(area)}))"
              for area in _areas(layout, [x for x in counts if not x.not_applicable])]  # fmt: skip
    terms += [f'SUMPRODUCT({ours}*ISTEXT({area})*(1-{_blank(area)})*({area}<>"{NOT_APPLICABLE}"))'
              for area in _areas(layout, [x for x in counts if x.not_applicable])]  # fmt: skip
    return "=" + ("+".join(terms) or "0")


def _ours(layout: SheetLayout, row: int) -> str:
    return f"({_ref(layout, COUNTY_CODE_COL)}=$A{row})"


def _areas(layout: SheetLayout, fields: Sequence[Field]) -> list[str]:
    """The columns of some fields, neighbours together."""
    return [_ref(layout, first, last) for first, last in _runs([layout.col_of(x.code) for x in fields])]


def _blank(area: str) -> str:
    return f'(LEN(TRIM(SUBSTITUTE(SUBSTITUTE({area},"　",""),"\u00a0","")))=0)'


def _ref(layout: SheetLayout, first: int, last: int | None = None) -> str:
    sheet = "'" + layout.form.sheet + "'"
    end = column_letter(first if last is None else last)
    return f"{sheet}!${column_letter(first)}${FIRST_ROW + 1}:${end}${layout.last_row + 1}"


def _runs(columns: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for col in columns:
        if runs and col == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], col)
        else:
            runs.append((col, col))
    return runs
