"""A sheet that goes out with what was accepted last: each row is changed, or ticked, or not reported.

Behind the sheet, hidden, stands what went out, on the same row; what is changed, what wants a reason and what is left to look
at is counted from it by formulas that every program has had for twenty years, and that no text or error in a cell breaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.domain.value import show
from pipeline.forms.excel_rules import contradictions, has_reason, wants_reason
from pipeline.forms.self_check import is_ticked
from pipeline.forms.style import Formats, ok, write_typed
from pipeline.program.layout import (
    BEFORE,
    CODE_ROW,
    FIRST_ROW,
    LABEL_ROW,
    LIVE_DONE,
    LIVE_OPEN,
    MOVED,
    NEW,
    NIL,
    REASON,
    REMARK,
    SHORTEST_REASON,
    STAMP_ROW,
    STATUS,
    TO_EXPLAIN,
    TO_MEND,
    UNCONFIRMED,
    UNLIKELY,
    SheetLayout,
    before_label,
    column_letter,
    frame_labels,
)
from pipeline.program.model import Rows
from pipeline.program.rules import base_fields
from pipeline.reading.cells import parse_tick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.domain.value import Raw
    from pipeline.forms.excel_rules import Contradiction
    from pipeline.forms.issue import Issue
    from pipeline.program.model import Field, Program
    from pipeline.program.rules import Rule

    Cells = Mapping[tuple[str, str, str], Raw]


@dataclass(frozen=True, slots=True)
class Watched:
    """What of a row may want a reason.

    Attributes:
        falls: Fields whose total may not become less.
        clashes: Contradictions that may be so, each with the fields of the sheet it rests on.
    """

    falls: tuple[str, ...] = ()
    clashes: tuple[tuple[Contradiction, frozenset[str]], ...] = ()


_NOTHING = Watched()


def watched(layout: SheetLayout, rules: Sequence[Rule]) -> Watched:
    """Of every row of a sheet, by the rules that take a reason."""
    return Watched(
        tuple(x.code for x in layout.fields if any(may_not_fall(rule, x.code) for rule in rules)),
        tuple((clash, _looks_at(layout, clash.rule)) for clash in contradictions(r for r in rules if r.explainable)),
    )


def row_status(entries: Cells, base: Cells, layout: SheetLayout, key: str, watch: Watched = _NOTHING) -> str:
    """What a row is, in words, as its formula finds it: 未核对, 已核对, 已改3格, 请写说明 or 已说明.

    Args:
        entries: (form, row, column) → what stands in the cell.
        base: The same, as it went out.
        layout: The sheet.
        key: The row: code of a unit.
        watch: What of it may want a reason.
    """
    ticked, _ = parse_tick(entries.get((layout.form.code, key, NIL)))
    changed = len(_changed(entries, base, layout, key))
    if changed and _unlikely_now(entries, base, layout, watch, key):
        return "已说明" if has_reason(entries.get((layout.form.code, key, REMARK))) else TO_EXPLAIN
    return f"已改{changed}格" if changed else "已核对" if ticked else UNCONFIRMED


def _changed(entries: Cells, base: Cells, layout: SheetLayout, key: str) -> set[str]:
    """The fields of a row that hold something else than went out."""
    form = layout.form.code
    keys = {x.code: (form, key, x.code) for x in layout.fields if not x.shows}
    return {
        code
        for code, at in keys.items()
        if show(entries.get(at)) != show(base.get(at)) or entries.get((form, key, NEW + code)) is not None
    }


def _unlikely_now(entries: Cells, base: Cells, layout: SheetLayout, watch: Watched, key: str) -> int:
    """What the expression gives for what stands in the row."""
    at = {x.code: (layout.form.code, key, x.code) for x in layout.fields}
    falls = [(entries.get(at[code]), base.get(at[code])) for code in watch.falls]
    fell = sum(_is_number(now) and _is_number(then) and now < then for now, then in falls)  # type: ignore[operator]
    cells, changed = {code: entries.get(place) for code, place in at.items()}, _changed(entries, base, layout, key)
    return fell + sum(not changed.isdisjoint(looks) and clash.shows_in(cells) for clash, looks in watch.clashes)


def _looks_at(layout: SheetLayout, rule: Rule) -> frozenset[str]:
    """The fields of the sheet that a rule rests on."""
    used = {base for column in rule.used_columns for base in base_fields(column)}
    return frozenset(x.code for x in layout.fields if x.code in used and not x.shows)


def _is_number(cell: Raw) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def adds_up(layout: SheetLayout, base: Cells, key: str, code: str) -> bool:
    """Whether a row may say what came in this period: something to add it to went out."""
    return code in layout.increments and _is_number(base.get((layout.form.code, key, code)))


def made_total(entries: Cells, base: Cells, layout: SheetLayout, key: str, code: str) -> Raw:
    """What the formula of a total comes to, of a row that adds up."""
    last, new = base.get((layout.form.code, key, code)), entries.get((layout.form.code, key, NEW + code))
    if new is None:
        return last
    return round(last + new, 2) if _is_number(new) else TO_MEND  # type: ignore[operator, arg-type]


def may_not_fall(rule: Rule, code: str) -> bool:
    """Whether a rule wants a reason for a total that became less."""
    return rule.explainable and rule.kwargs.get("column_A") == code and rule.kwargs.get("column_B") == f"{code}.prev"


def fell(layout: SheetLayout, code: str, row: int) -> str:
    """1 where a total is less than went out; never an error."""
    cell, before = (f"${column_letter(layout.col_of(one))}{row + 1}" for one in (code, BEFORE + code))
    return f"IF(ISNUMBER({cell})*ISNUMBER({before}),({cell}<{before})*1,0)"


def unlikely_at(layout: SheetLayout, clash: Contradiction, row: int) -> str:
    """More than 0 where what is unlikely came about in this period: what was accepted so is not asked about again."""

    def cell(code: str) -> str:
        return f"${column_letter(layout.col_of(code))}{row + 1}"

    if not layout.confirms:
        return clash.broken(cell)
    own = _looks_at(layout, clash.rule)
    changed = "+".join(is_changed(layout, x, row) for x in layout.fields if x.code in own)
    return f"({clash.broken(cell)})*({changed})"


def is_changed(layout: SheetLayout, field: Field, row: int) -> str:
    """1 where a cell differs from what went out: blank is not zero, the text 3 is the number 3, an error spreads nowhere."""
    cell, before = (f"${column_letter(layout.col_of(code))}{row + 1}" for code in (field.code, BEFORE + field.code))
    same = f'IF(EXACT({cell}&"",{before}&""),0,1)'
    if field.code in layout.increments:  # what came in this period is an answer, be it nothing
        new = f"${column_letter(layout.col_of(NEW + field.code))}{row + 1}"
        same = f"IF(ISERROR({new}),1,IF(LEN({new})>0,1,{same}))"
    return f"IF(ISERROR({cell}),1,{same})"


def _unlikely(layout: SheetLayout, watch: Watched, row: int) -> str:
    """How many figures of a row want a reason: an expression that is never an error."""
    counted = [unlikely_at(layout, clash, row) for clash, _ in watch.clashes]
    counted += [fell(layout, code, row) for code in watch.falls]
    return "+".join(counted) or "0"


def offer_reasons(sheet: Any, layout: SheetLayout, program: Program) -> None:
    """The kind of a reason from a list, and how to write one."""
    kind, text = layout.col_of(REASON), layout.remark_col
    offered = {"validate": "list", "source": list(program.explanations), "error_type": "information"}
    ok(sheet.data_validation(FIRST_ROW, kind, layout.last_row, kind, offered))
    asked = {
        "validate": "any",
        "input_title": "备注（说明）",
        "input_message": f"“本行状态”显示“{TO_EXPLAIN}”的，数有误请改正；情况属实的，在这里写明原因，不少于{SHORTEST_REASON}个字。",
    }
    ok(sheet.data_validation(FIRST_ROW, text, layout.last_row, text, asked))


def write_unseen(sheet: Any, f: Formats, layout: SheetLayout, issue: Issue, rules: Sequence[Rule]) -> None:
    """Behind the sheet, hidden: what went out in each cell, on the same row, so that a sort takes it along."""
    first = layout.col_of(MOVED)
    sheet.set_column(first, first + len(layout.unseen) - 1, 9, None, {"hidden": True})
    labels = frame_labels(issue.program, layout.form) | {BEFORE + x.code: before_label(x) for x in layout.fields}
    asked, watch = [x for x in layout.fields if not x.shows], watched(layout, rules)
    for col, code in enumerate(layout.unseen, first):
        ok(sheet.write_string(LABEL_ROW, col, labels[code], f.label))
        ok(sheet.write_string(CODE_ROW, col, code, f.unseen))
    for row, unit in enumerate(layout.units, FIRST_ROW):
        counted = "+".join(is_changed(layout, x, row) for x in asked)
        moved = len(_changed(issue.entries, issue.base, layout, unit.code))
        ok(sheet.write_formula(row, first, f"={counted}", f.entry("unseen", None), moved))
        wanting = _unlikely_now(issue.entries, issue.base, layout, watch, unit.code)
        ok(sheet.write_formula(row, first + 1, f"={_unlikely(layout, watch, row)}", f.entry("unseen", None), wanting))
        for x in asked:
            before = issue.base.get((layout.form.code, unit.code, x.code))
            if before is not None:
                kind = "shown" if x.code in layout.increments else "unseen"
                write_typed(sheet, f, row, layout.col_of(BEFORE + x.code), before, kind)


def write_status(sheet: Any, f: Formats, layout: SheetLayout, issue: Issue, place: tuple[int, int], key: str) -> None:
    """The state of a row, as a formula over what is hidden behind it."""
    row = place[0] + 1
    moved, unlikely, tick, text = (
        f"${column_letter(layout.col_of(code))}{row}" for code in (MOVED, UNLIKELY, NIL, REMARK)
    )
    said = f'IF({wants_reason(text)},"{TO_EXPLAIN}","已说明")'
    state = f'IF({moved}>0,"已改"&{moved}&"格",IF({is_ticked(tick)},"已核对","{UNCONFIRMED}"))'
    formula = f"=IF(({moved}>0)*({unlikely}>0),{said},{state})"
    ok(sheet.write_formula(*place, formula, f.locked, issue.states[layout.form.code, key]))


_HOW = "。浅色是上次已接收的数，有变化的直接改，没有变化的选“√”；没有改也没有选的不算报送"


def _what_is_left(issue: Issue, layout: SheetLayout) -> tuple[str, str]:
    """What the line counts, in words."""
    words = issue.program.words
    rows = f"{words.counter}{words.row}" if layout.form.rows is Rows.COUNTY else "行"
    return f"{rows}没有核对", f"{rows}要写说明"


def live_line(issue: Issue, layout: SheetLayout, how: str = _HOW) -> str:
    """What the line above the headings comes to, as its formula counts it; at the foot of a page without ``how``."""
    now = [issue.states[layout.form.code, unit.code] for unit in layout.units]
    left, unsaid = now.count(UNCONFIRMED), now.count(TO_EXPLAIN)
    ask, explain = _what_is_left(issue, layout)
    return f"{LIVE_OPEN}{left}{ask}、{unsaid}{explain}{how}" if left + unsaid else LIVE_DONE


def count_live(sheet: Any, f: Formats, issue: Issue, layout: SheetLayout, pages: Sequence[int]) -> None:
    """The line that counts what is left to look at and to explain: above the headings, green when nothing is; and printed.

    Args:
        sheet: The xlsxwriter sheet.
        f: Its look.
        issue: The workbook.
        layout: The sheet.
        pages: Columns with which the pages begin, names apart: the line stands at the foot of each.
    """
    col = column_letter(layout.col_of(STATUS))
    states = f"${col}${FIRST_ROW + 1}:${col}${layout.last_row + 1}"
    left, unsaid = (f'COUNTIF({states},"{state}")' for state in (UNCONFIRMED, TO_EXPLAIN))
    ask, explain = _what_is_left(issue, layout)
    places = [(STAMP_ROW, 0, _HOW, f.who), *((layout.foot_row, page, "", f.foot) for page in pages)]
    for row, at, how, look in places:
        open_ = f'"{LIVE_OPEN}"&{left}&"{ask}、"&{unsaid}&"{explain}{how}"'
        formula = f'=IF({left}+{unsaid}=0,"{LIVE_DONE}",{open_})'
        ok(sheet.write_formula(row, at, formula, look, live_line(issue, layout, how)))
    for sign, look in (("=", f.good), (">", f.todo)):
        shown = {"type": "formula", "criteria": f"={left}+{unsaid}{sign}0", "format": look}
        ok(sheet.conditional_format(STAMP_ROW, 0, STAMP_ROW, layout.remark_col, shown))
