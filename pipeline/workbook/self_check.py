"""The live self-check sheet: county × form, cells still blank and contradictions; green when nothing is left to do.

Formulas find a county's row by its code, so they hold after officers sort. Cached values are supplied for programs that
show a workbook without calculating it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.checks.excel_rules import contradictions, required_fields
from pipeline.checks.rules import rules_in
from pipeline.workbook.layout import CHECK_SHEET, COUNTY_CODE_COL, FIRST_ROW, NIL, NIL_COL, SheetLayout, column_letter
from pipeline.workbook.style import Formats, ok, paper

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import xlsxwriter

    from pipeline.checks.rules import Rule
    from pipeline.workbook.identity import Stamp

    Rules = Mapping[str, tuple[Rule, ...]]


def write_self_check(book: xlsxwriter.Workbook, f: Formats, layouts: tuple[SheetLayout, ...], rules: Rules,
                     known: Collection[tuple[str, str]], entered: Collection[tuple[str, str, str]],
                     clashing: Mapping[str, int], stamp: Stamp) -> None:  # fmt: skip
    """Write the sheet.

    Args:
        book: The workbook.
        f: Its look.
        layouts: One per form sheet already written.
        rules: Form code → rules.
        known: (county, field) pairs with a last accepted value: what a tick may carry.
        entered: (form, county, column) of every cell that is not blank.
        clashing: County → contradictions among what is entered.
        stamp: Identity of this sheet.
    """
    sheet = book.add_worksheet(CHECK_SHEET)
    sheet.hide_gridlines(2)
    sheet.set_row(0, 30)
    ok(sheet.write_string(0, 0, "自查：还有多少格没填、有多少处矛盾（全部为0、绿色后再报送）", f.title))
    ok(sheet.write_string(1, 0, f"{stamp}（请勿改动）", f.stamp))
    heads = ["县代码", "县（市、区）", *(f"{x.form.sheet}\n漏填" for x in layouts), "数据矛盾", "结论"]
    sheet.set_row(3, 40)
    sheet.set_column(0, 0, 9)
    sheet.set_column(1, len(heads) - 1, 12)
    for col, head in enumerate(heads):
        ok(sheet.write_string(3, col, head, f.label))
    todo = 0
    for row, county in enumerate(layouts[0].counties, 4):
        clashes = clashing.get(county.code, 0)
        todo += _self_check_row(sheet, f, layouts, rules, known, entered, clashes, row, county.code, county.short_name)
    last, clash, verdict = 3 + len(layouts[0].counties), len(layouts) + 2, len(layouts) + 3
    blanks = f"SUM(C5:{column_letter(clash - 1)}{last + 1})"
    summed = f"SUM({column_letter(clash)}5:{column_letter(clash)}{last + 1})"
    formula = (f'=IF({blanks}+{summed}=0,"全部填齐，可以报送","还有 "&{blanks}&" 格未填，"&{summed}&" 处矛盾")')  # fmt: skip
    clashes = sum(clashing.values())
    cached = f"还有 {todo} 格未填，{clashes} 处矛盾" if todo + clashes else "全部填齐，可以报送"
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
                    entered: Collection[tuple[str, str, str]], clashing: int, row: int, code: str,
                    name: str) -> int:  # fmt: skip
    """One county; the number of cells still blank."""
    ok(sheet.write_string(row, 0, code, f.county_code))
    ok(sheet.write_string(row, 1, name, f.county))
    clashes: list[str] = []
    todo = 0
    for col, layout in enumerate(layouts, 2):
        asked = rules_in(rules[layout.form.code], [x.code for x in layout.fields])
        required = set(required_fields(asked))
        form, needed_if_nil = layout.form.code, {
            x.code for x in layout.fields if x.nil_value is None and (code, x.code) not in known}  # fmt: skip
        asked_for = required & needed_if_nil if (form, code, NIL) in entered else required
        blank = sum((form, code, field) not in entered for field in asked_for)
        todo += blank
        ok(sheet.write_formula(row, col, _blank_formula(layout, required, row + 1, needed_if_nil), f.input, blank))
        ours = f"({_ref(layout, COUNTY_CODE_COL)}=$A{row + 1})"
        for clash in contradictions(asked):
            if clash.rule.severity == "critical":
                broken = clash.broken(lambda x, at=layout: _ref(at, at.col_of(x)))  # type: ignore[misc]
                clashes.append(f"SUMPRODUCT({ours}*{broken})")
    clash_col = len(layouts) + 2
    ok(sheet.write_formula(row, clash_col, "=" + ("+".join(clashes) or "0"), f.input, clashing))
    total = f"SUM(C{row + 1}:{column_letter(clash_col)}{row + 1})"
    ok(
        sheet.write_formula(
            row, clash_col + 1, f'=IF({total}=0,"填齐","未完")', f.input, "未完" if todo + clashing else "填齐"
        )
    )
    return todo


def _blank_formula(layout: SheetLayout, required: set[str], row: int, needed_if_nil: set[str]) -> str:
    """Blank required cells of the county named in column A; full-width and no-break spaces count as blank."""
    ours, nil = f"({_ref(layout, COUNTY_CODE_COL)}=$A{row})", _ref(layout, NIL_COL)
    terms = []
    for first, last in _runs([layout.col_of(x.code) for x in layout.fields if x.code in required]):
        terms.append(f'SUMPRODUCT({ours}*({nil}<>"√")*{_blank(_ref(layout, first, last))})')
    for field in layout.fields:
        if field.code in required and field.code in needed_if_nil:
            col = layout.col_of(field.code)
            terms.append(f'SUMPRODUCT({ours}*({nil}="√")*{_blank(_ref(layout, col))})')
    return "=" + ("+".join(terms) or "0")


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
