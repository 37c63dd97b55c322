"""The workbooks that go out: one per prefecture, every rule visible in the cell, the same bytes each time.

Written with xlsxwriter. Any warning or non-zero return code is an error: nothing is silently left out.
"""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, time
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

import xlsxwriter

from pipeline.domain.value import show
from pipeline.forms.confirming import (
    adds_up,
    count_live,
    fell,
    is_changed,
    made_total,
    may_not_fall,
    offer_reasons,
    row_status,
    unlikely_at,
    watched,
    write_status,
    write_unseen,
)
from pipeline.forms.cover import write_cover
from pipeline.forms.excel_rules import compared, contradictions, new_validation, only_where, validation
from pipeline.forms.messages import alert_of, condition_of, new_alert_of, new_prompt_of, prompt_of
from pipeline.forms.printing import Print, cuts, to_paper
from pipeline.forms.self_check import CHECK_FIRST, write_self_check
from pipeline.forms.style import FONT, LINE_HEIGHT, Formats, PlainSheet, fitted, lines_of, ok, protect, write_typed
from pipeline.program.identity import Stamp
from pipeline.program.layout import (
    BEFORE,
    CHECK_SHEET,
    CODE_ROW,
    CONFIRMED,
    COUNTY_CODE,
    COUNTY_NAME,
    ENTRY,
    FIRST_ROW,
    IDENTITY_SHEET,
    ITEM_ROW,
    LABEL_ROW,
    MOVED,
    NEW,
    NIL,
    REASON,
    REMARK,
    STAMP_ROW,
    STATUS,
    TITLE_ROW,
    TO_EXPLAIN,
    UNCONFIRMED,
    WHO_ROW,
    SheetLayout,
    address,
    column_letter,
    frame_labels,
    increment_labels,
    list_keys,
    row_name,
    rows_heading,
    sheet_layout,
    total_formula,
    unit_name,
)
from pipeline.program.model import LEVELS, County, FieldType, Prefecture, Program
from pipeline.program.rules import rules_in
from pipeline.program.words import COUNTER
from pipeline.system.errors import IssueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.domain.findings import Severity
    from pipeline.domain.value import Raw, Value
    from pipeline.forms.excel_rules import Contradiction
    from pipeline.program.model import Field, Item, Period
    from pipeline.program.rules import Rule

    SheetWriter = Callable[[xlsxwriter.Workbook, Formats], None]

COMMENT_WIDTH, COMMENT_LINE, COMMENT_LIMIT = 2.2, 40, 1_000
_BLANK_ENTRIES = 15  # rows drawn below the filled ones of a list; all that it takes are checked
_SHORT_TEXT = 60  # characters that stand in a narrow column
_REMARK_WIDTH = 18  # characters of column width; a Chinese one takes two
_FRAME_WIDTHS: dict[str, float] = {
    COUNTY_CODE: 9,
    COUNTY_NAME: 11,
    NIL: 8,
    STATUS: 9,
    ENTRY: 12,
    REASON: 9,
    REMARK: _REMARK_WIDTH,
}
_TOTAL_WIDTHS = 9, 9, 11  # of 上次, 本期新增, 累计
_SMALL = 1.1  # how much more of 10 points than of 11 a column holds
HIGHEST_ROW, CODE_HEIGHT, FOOT_HEIGHT = 200, 16, 20  # points


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is wrong with one cell, for the cell itself: its colour and its comment."""

    severity: Severity
    comment: str


@dataclass(frozen=True, kw_only=True)
class Issue:
    """What one workbook is made from.

    Attributes:
        key: Signs every stamp.
        rules: Form code → rules.
        previous: (unit code, field code) → last accepted value before the period.
        amended: (unit code, field code) of which ``previous`` is by the word of staff.
        entries: (form, row, column) → what already stands in the cell, as typed; a row is a unit's code, or the
            :func:`~pipeline.program.layout.list_keys` of a list.
        base: The same of the sheets whose rows are to be confirmed, as they go out: what a cell is compared with.
        marks: (form, row, column) → what is wrong with it.
        cover: Label → what already stands beside it on the cover.
        answers: What is being answered, when this is a returned copy; makes its number its own.
    """

    program: Program
    key: bytes
    rules: Mapping[str, tuple[Rule, ...]]
    period: Period
    prefecture: Prefecture
    previous: Mapping[tuple[str, str], Value]
    amended: frozenset[tuple[str, str]] = frozenset()
    entries: Mapping[tuple[str, str, str], Raw] = field(default_factory=dict)
    base: Mapping[tuple[str, str, str], Raw] = field(default_factory=dict)
    marks: Mapping[tuple[str, str, str], Mark] = field(default_factory=dict)
    cover: Mapping[str, Raw] = field(default_factory=dict)
    answers: str = ""

    @cached_property
    def number(self) -> str:
        """Issue number: changes whenever what is issued would."""
        content = [
            repr([_as_declared(f) for form in self.program.forms for f in form.fields_in(self.period)]),
            json.dumps([[dict(r.config) for r in self.rules[f.code]] for f in self.program.forms], sort_keys=True),
            repr(self.period),
            repr(self.prefecture),
            repr(sorted(self.previous.items())),
            self.answers,
            repr(sorted(self.entries.items())),
            repr(sorted(self.marks.items())),
            repr(self.cover),
            *([repr((self.program.levels, self.regions))] if self.program.levels != LEVELS else []),
            *([repr(sorted(self.base.items()))] if self.base else []),
            *([repr(sorted(self.amended))] if self.amended else []),
            *([self.program.words.counter] if self.program.words.counter != COUNTER else []),
        ]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:8]

    @cached_property
    def states(self) -> Mapping[tuple[str, str], str]:
        """(form, unit) → what its row is, in words, of the sheets whose rows are to be confirmed."""
        return {
            (layout.form.code, unit.code): row_status(self.entries, self.base, layout, unit.code, watch)
            for layout in self.layouts()
            if layout.confirms
            for watch in (watched(layout, self.rules.get(layout.form.code, ())),)
            for unit in layout.units
        }

    @property
    def regions(self) -> str:
        """Where the respondent is, from the highest region down: in a whole country names recur."""
        return "　".join(region.name for region in reversed(self.program.ancestors(self.prefecture.code)))

    def stamp(self, form: str, version: int) -> Stamp:
        """The identity written on a sheet."""
        return Stamp(
            program=self.program.code,
            form=form,
            version=version,
            period=self.period.code,
            prefecture_code=self.prefecture.code,
            issue_no=self.number,
        ).signed(self.key)

    def layouts(self) -> tuple[SheetLayout, ...]:
        """One per form."""
        return self._layouts

    @cached_property
    def _layouts(self) -> tuple[SheetLayout, ...]:
        given = {form for form, *_ in self.base}
        known = {code for (*_, code), raw in self.base.items() if isinstance(raw, (int, float))}
        return tuple(
            sheet_layout(
                form,
                self.period,
                self.program.units_of(form, self.prefecture.code),
                confirms=form.confirm and form.code in given,
                known=known,
            )
            for form in self.program.forms
        )

    def rows(self, layout: SheetLayout) -> tuple[str, ...]:
        """The rows of a sheet, from the first on: units' codes; of a list, as many as are filled and some more."""
        if not layout.form.is_list:
            return tuple(unit.code for unit in layout.units)
        filled = {row for form, row, _ in (*self.entries, *self.marks) if form == layout.form.code}
        most = max((n for n, key in enumerate(list_keys(), 1) if key in filled), default=0)
        return list_keys()[: most + _BLANK_ENTRIES]


def _as_declared(field: Field) -> dict[str, Any]:
    """A column as its form says it: how levels are called is said once, of the program."""
    return {name: value for name, value in asdict(field).items() if name not in {"row_word", "respondent_word"}}


def issue_workbook(issue: Issue, before: Sequence[SheetWriter] = (), after: Sequence[SheetWriter] = ()) -> bytes:
    """Write one prefecture's workbook.

    Args:
        issue: What it is made from.
        before: Write further sheets in front.
        after: Write further sheets behind.

    Raises:
        IssueError: xlsxwriter refused or warned about anything.
    """
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            _write(issue, out, before, after)
        except (UserWarning, xlsxwriter.exceptions.XlsxWriterException, IssueError, ValueError, TypeError) as problem:
            raise IssueError(f"{issue.prefecture.name} {issue.period.code} 表样无法生成：{problem}") from problem
    return out.getvalue()


def file_name(issue: Issue) -> str:
    """For people; nothing ever reads it back."""
    return f"{issue.prefecture.code}_{issue.prefecture.short_name}_{issue.period.title}.xlsx"


def _write(issue: Issue, out: io.BytesIO, before: Sequence[SheetWriter], after: Sequence[SheetWriter]) -> None:
    normal = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_format_properties": normal})
    book.worksheet_class = PlainSheet
    book.set_properties(
        {
            "title": f"{issue.program.short_title}报表 {issue.period.title}",
            "author": issue.program.office,
            "created": datetime.combine(issue.program.notice_date, time()),
        }
    )
    book.set_size(2400, 1400)
    formats = Formats(book)
    for write in before:
        write(book, formats)
    write_cover(book, formats, issue)
    for layout in issue.layouts():
        _form_sheet(book, formats, issue, layout)
    rosters = tuple(layout for layout in issue.layouts() if not layout.form.is_list)
    write_self_check(
        book,
        formats,
        rosters,
        issue.rules,
        issue.previous.keys(),
        issue.entries,
        {row for row, state in issue.states.items() if state in {UNCONFIRMED, TO_EXPLAIN}},
        issue.stamp("CHECK", 1),
        issue.program.words,
    )
    for write in after:
        write(book, formats)
    _identity(book, issue)
    book.close()


def _form_sheet(book: xlsxwriter.Workbook, f: Formats, issue: Issue, layout: SheetLayout) -> None:
    sheet = book.add_worksheet(layout.form.sheet)
    widths = [_widths(layout)[code] for code in layout.columns]
    shape, above = _shape(issue, layout, widths), (30, 16, 14)
    pages = cuts(shape)
    for row, height in enumerate(above):
        sheet.set_row(row, height)
    col = shape.repeated if layout.form.is_list and pages else 0  # what reaches over repeated columns would be cut
    ok(sheet.write_string(TITLE_ROW, col, layout.form.heading, f.title))
    who = (
        f"填报单位：{unit_name(issue.program, issue.prefecture)}　　报送期：{issue.period.title}"
        f"　　报送截止：{issue.period.due_words}"
    )
    ok(sheet.write_string(WHO_ROW, col, who, f.who))
    stamp = issue.stamp(layout.form.code, layout.form.version)
    if layout.confirms:
        ok(sheet.write_string(STAMP_ROW, layout.col_of(MOVED), str(stamp), f.stamp))
        count_live(sheet, f, issue, layout, [shape.left + page for page in (shape.repeated, *pages)])
    else:
        ok(sheet.write_string(STAMP_ROW, col, f"{stamp}（请勿改动）", f.stamp))
    heads = _headings(sheet, f, issue.program, layout, widths, pages)
    heights = [*heads, *_rows(sheet, f, layout, issue)]
    rules = rules_in(issue.rules[layout.form.code], [x.code for x in layout.fields])
    for asked in layout.fields:
        if not asked.shows:
            _validate_column(sheet, issue, layout, asked, rules)
    if NIL in layout.frame:
        _offer_nil(sheet, layout)
    _paint(sheet, f, layout, rules)
    if layout.confirms:
        offer_reasons(sheet, layout, issue.program)
        write_unseen(sheet, f, layout, issue, rules)
    sheet.autofilter(CODE_ROW, 0, layout.last_row, len((*layout.columns, *layout.unseen)) - 1)
    sheet.freeze_panes(FIRST_ROW, layout.first_field_col)
    if layout.form.is_list:  # what is added below is printed too
        to_paper(sheet, replace(shape, heights=[*above, *heights]))
    else:
        foot = [FOOT_HEIGHT] if layout.confirms else []
        to_paper(sheet, replace(shape, top=ITEM_ROW, heights=[*heights, *foot]))
    protect(sheet)


def _offer_nil(sheet: Any, layout: SheetLayout) -> None:
    """The tick 本期无新进展, or 已核对（无变化）, from a list."""
    col, title = layout.col_of(NIL), "本期无新进展"
    said = "本期确无新进展的选“√”，其余各格可不填，沿用上次已接收的数。"
    if layout.confirms:
        title, said = (
            CONFIRMED,
            "整行核对过、没有变化的选“√”；有变化的直接改那一格，不用选。既没有改、也没有选的，不算报送。",
        )
    offered = {
        "validate": "list",
        "source": ["√"],
        "input_title": title,
        "input_message": said,
        "error_title": "填写有误",
        "error_message": "只能选“√”或留空。",
    }
    ok(sheet.data_validation(FIRST_ROW, col, layout.last_row, col, offered))


def _shape(issue: Issue, layout: SheetLayout, widths: Sequence[float]) -> Print:
    """What is printed: of a roster from the names on, of a list its number and county on every page."""
    left = 0 if layout.form.is_list else layout.col_of(COUNTY_NAME)
    named = layout.fields[0].type is FieldType.COUNTY if layout.form.is_list else False
    items, what = (
        [x.item for x in layout.fields for _ in layout.columns_of(x.code)],
        layout.form.heading if layout.form.is_list else "报送期",
    )
    starts = {layout.first_field_col + n for n in range(1, len(items)) if items[n] != items[n - 1]}
    return Print(
        widths=widths[left:],
        left=left,
        repeated=1 + named,
        starts=frozenset(col - left for col in starts),
        heads=(ITEM_ROW, LABEL_ROW),
        title="" if layout.form.is_list else layout.form.heading,
        signed=True,
        corners=(f"填报单位：{unit_name(issue.program, issue.prefecture)}", f"{what}：{issue.period.title}"),
    )


def _heading(item: Item) -> str:
    return f"{item.label}\n{item.title}"


def _headings(
    sheet: Any, f: Formats, program: Program, layout: SheetLayout, widths: Sequence[float], pages: Sequence[int]
) -> list[float]:
    """Write items, titles and codes; the codes are read by us and seen by nobody. An item cut by a page is named on both.

    Returns:
        The heights of these rows.
    """
    left = 0 if layout.form.is_list else layout.col_of(COUNTY_NAME)
    begins = {left + page for page in pages}
    whose = rows_heading(program, layout.form)
    for code in (*layout.frame, *layout.columns[layout.last_field_col + 1 :]):
        ok(sheet.write_string(ITEM_ROW, layout.col_of(code), whose if code == COUNTY_NAME else "", f.item))
    lines = 2
    headings = {item.no: _heading(item) for item in layout.form.items}
    runs: list[tuple[int, int, int]] = []
    under = [x for x in layout.fields for _ in layout.columns_of(x.code)]
    for col, asked in enumerate(under, layout.first_field_col):
        if runs and runs[-1][0] == asked.item and col not in begins:
            runs[-1] = (asked.item, runs[-1][1], col)
        else:
            runs.append((asked.item, col, col))
    for item, first, last in runs:
        lines = max(lines, lines_of(headings[item], sum(widths[first : last + 1])))
        if last > first:
            ok(sheet.merge_range(ITEM_ROW, first, ITEM_ROW, last, headings[item], f.item))
        else:
            ok(sheet.write_string(ITEM_ROW, first, headings[item], f.item))
    shown = {x.code: _two_lines(x) for x in layout.fields} | frame_labels(program, layout.form)
    shown |= {NIL: CONFIRMED} if layout.confirms else {}
    for x in (x for x in layout.fields if x.code in layout.increments):
        labels = increment_labels(x).items()
        shown |= {code: label.replace(x.title, f"\n{x.title}\n", 1).strip() for code, label in labels}
    for col, (code, width) in enumerate(zip(layout.columns, widths, strict=True)):
        is_open = layout.form.is_list and code != ENTRY
        sheet.set_column(col, col, width, f.list_column if is_open else None)  # all that a list takes can be filled
        ok(sheet.write_string(LABEL_ROW, col, shown[code], f.label))
        ok(sheet.write_string(CODE_ROW, col, code, f.unseen))
    tallest = max(lines_of(shown[code], width * _SMALL) for code, width in zip(layout.columns, widths, strict=True))
    heights = [17.0 * lines, 6 + 14.0 * max(3, tallest), float(CODE_HEIGHT)]
    for row, height in zip((ITEM_ROW, LABEL_ROW, CODE_ROW), heights, strict=True):
        sheet.set_row(row, height)
    return heights


def _two_lines(field: Field) -> str:
    """The visible title with its unit on a line of its own (white space means nothing when it is read back)."""
    return f"{field.title}\n{field.label.removeprefix(field.title)}"


def _widths(layout: SheetLayout) -> dict[str, float]:
    """Of every column that is seen."""
    widths = _FRAME_WIDTHS | {x.code: _width(x) for x in layout.fields}
    for code in layout.increments:
        widths |= dict(zip(layout.columns_of(code), _TOTAL_WIDTHS, strict=True))
    return widths


def _width(field: Field) -> int:
    if field.type is FieldType.TEXT:
        return 15 if (field.max or 0) <= _SHORT_TEXT else 40
    return 18 if field.type is FieldType.CHECKLIST else 11


def _kind(field: Field) -> str:
    """How a cell of it looks."""
    if field.shows:
        return "shown"
    return {FieldType.DATE: "date", FieldType.TEXT: "remark"}.get(field.type, "input")


def _rows(sheet: Any, f: Formats, layout: SheetLayout, issue: Issue) -> list[float]:
    """What stands in the rows: names, what was typed or carried, marks, and what is shown from another sheet; their heights."""
    kinds = {COUNTY_CODE: "code", ENTRY: "code", COUNTY_NAME: "county", NIL: "input", REMARK: "remark"}
    kinds |= {x.code: _kind(x) for x in layout.fields} | {STATUS: "county", REASON: "input"}
    before = {BEFORE + code for code in layout.increments}  # written with what stands behind the sheet
    news = {NEW + code: code for code in layout.increments}
    known = {x.code for x in layout.fields if layout.confirms and not x.shows}
    shows = {x.code: x.shows for x in layout.fields if x.shows}
    widths = {x.code: _width(x) * (_SMALL if x.type is FieldType.TEXT else 1) for x in layout.fields}
    widths[REMARK] = _REMARK_WIDTH * _SMALL
    names = {unit.code: row_name(unit) for unit in layout.units}
    heights: list[float] = []
    for row, key in enumerate(issue.rows(layout), FIRST_ROW):
        own = {} if layout.form.is_list else {COUNTY_CODE: key, COUNTY_NAME: names[key]}
        texts = {code: own.get(code, issue.entries.get((layout.form.code, key, code))) for code in layout.columns}
        lines = max(lines_of(show(texts[code]), width) for code, width in widths.items())
        heights.append(max(30.0, min(LINE_HEIGHT * lines + 4, HIGHEST_ROW)))
        sheet.set_row(row, heights[-1])
        for col, code in enumerate(layout.columns):
            mark = issue.marks.get((layout.form.code, key, code))
            severity = mark.severity if mark else None
            if code in shows:
                _show(sheet, f, issue, (row, col), shows[code], key, severity)
            elif code == STATUS:
                write_status(sheet, f, layout, issue, (row, col), key)
            elif code in before:
                ok(sheet.write_blank(row, col, None, f.entry("shown", None)))
            elif code in news:
                _write_new(sheet, f, issue, layout, (row, col), key, news[code])
            elif adds_up(layout, issue.base, key, code) and texts[code] == made_total(
                issue.entries, issue.base, layout, key, code
            ):
                refs = (address(row, layout.col_of(side + code)) for side in (BEFORE, NEW))
                look = f.entry(kinds[code], severity, pale=True)
                ok(sheet.write_formula(row, col, "=" + total_formula(*refs), look, texts[code]))
            elif texts[code] is None:
                ok(sheet.write_blank(row, col, None, f.entry(kinds[code], severity, pale=code in known)))
            else:
                write_typed(sheet, f, row, col, texts[code], kinds[code], severity, pale=code in known)
            if mark:
                size = {"x_scale": COMMENT_WIDTH, "y_scale": 0.4 + 0.2 * lines_of(mark.comment, COMMENT_LINE)}
                ok(
                    sheet.write_comment(
                        row, col, fitted(mark.comment, COMMENT_LIMIT), {"author": issue.program.office, **size}
                    )
                )
    return heights


def _write_new(
    sheet: Any, f: Formats, issue: Issue, layout: SheetLayout, place: tuple[int, int], key: str, code: str
) -> None:
    """What came in this period: open where there is something to add it to, else as little asked as what is grey."""
    typed = issue.entries.get((layout.form.code, key, NEW + code))
    kind = "input" if typed is not None or adds_up(layout, issue.base, key, code) else "shown"
    if typed is None:
        ok(sheet.write_blank(*place, None, f.entry(kind, None)))
    else:
        write_typed(sheet, f, *place, typed, kind)


def _show(
    sheet: Any, f: Formats, issue: Issue, place: tuple[int, int], code: str, key: str, severity: Severity | None
) -> None:
    """A value of an action sheet, found by the county's code; blank where that is blank, never zero."""
    source = next((x for x in issue.layouts() if any(field.code == code for field in x.fields)), None)
    if source is None:  # not asked yet in this period
        ok(sheet.write_blank(*place, None, f.entry("shown", severity)))
        return
    letter, last = column_letter(source.col_of(code)), source.last_row + 1
    codes, values = (f"'{source.form.sheet}'!${c}${FIRST_ROW + 1}:${c}${last}" for c in ("A", letter))
    found = f"INDEX({values},MATCH($A{place[0] + 1},{codes},0))"
    cached = issue.entries.get((source.form.code, key, code))
    value = cached if isinstance(cached, (int, float, str)) else ""
    ok(
        sheet.write_formula(
            *place, f'=IF(ISERROR({found}),"",IF({found}="","",{found}))', f.entry("shown", severity), value
        )
    )


def _validate_column(sheet: Any, issue: Issue, layout: SheetLayout, field: Field, rules: tuple[Rule, ...]) -> None:
    """One validation per run of rows that share the last accepted value: prompts show it, minimums obey it."""
    col, first = layout.col_of(field.code), FIRST_ROW
    places = [] if layout.form.is_list else [(unit.code, field.code) for unit in layout.units]
    values = [
        (issue.previous.get(place), place in issue.amended, adds_up(layout, issue.base, *place)) for place in places
    ] or [(None, False, False)]
    counties = len(issue.program.counties_of(issue.prefecture.code))
    named = f"='{CHECK_SHEET}'!$B${CHECK_FIRST + 1}:$B${CHECK_FIRST + counties}"
    rules = tuple(rule for rule in rules if field.code in rule.kwargs.values())
    limits = compared(field, rules, {one.code: one.title for one in layout.fields})
    for n, (value, amended, adds) in enumerate(values):
        row = layout.last_row if n == len(values) - 1 else FIRST_ROW + n
        if row < layout.last_row and values[n + 1] == values[n] and type(values[n + 1][0]) is type(value):
            continue
        options = validation(field, rules, address(first, col), value, issue.period, issue.program.window.start, named)
        alert = alert_of(field, options, rules)
        if unasked := condition_of(issue.program, field):
            options = only_where(options, address(first, col), _asked_where(layout, field, first))
            alert = f"{unasked}；{alert}"
        prompt = prompt_of(issue.program, field, value, limits, amended=amended, summed=adds)
        if adds and isinstance(value, (int, Decimal)):
            new = layout.col_of(NEW + field.code)
            asks = {"input_title": "本期新增", "input_message": new_prompt_of(field, value)}
            checks = new_validation(field, rules, address(first, new), value) | {"error_message": new_alert_of(field)}
            ok(sheet.data_validation(first, new, row, new, checks | asks))
        options |= {
            "input_title": "填写要求",
            "input_message": prompt,
            "error_message": alert,
        }
        ok(sheet.data_validation(first, col, row, col, options))
        first = row + 1


def _paint(sheet: Any, f: Formats, layout: SheetLayout, rules: tuple[Rule, ...]) -> None:
    """Red where rules between columns are broken; dark what was changed; grey where nothing need be filled."""

    def paint(first: int, last: int, criteria: str, look: Any, *, stop: bool = True) -> None:
        shown = {"type": "formula", "criteria": criteria, "format": look} | ({"stop_if_true": True} if stop else {})
        ok(sheet.conditional_format(FIRST_ROW, first, layout.last_row, last, shown))

    def columns(x: Field) -> tuple[int, int]:
        """Of a total, what is new looks as it does."""
        return layout.col_of(x.code) - (x.code in layout.increments), layout.col_of(x.code)

    clashes = contradictions(rules)
    for x in layout.fields:
        for broken, look in zip(_broken_at(layout, rules, clashes, x), (f.bad, f.todo), strict=True):
            if broken:
                paint(*columns(x), f"={'+'.join(broken)}>0", look)
    if layout.confirms:
        for x in (x for x in layout.fields if not x.shows):
            paint(*columns(x), f"={is_changed(layout, x, FIRST_ROW)}=1", f.changed)
        state = layout.col_of(STATUS)
        said = f"${column_letter(state)}{FIRST_ROW + 1}"
        paint(state, state, f'=({said}="{UNCONFIRMED}")+({said}="{TO_EXPLAIN}")>0', f.todo)
        paint(state, state, f'={said}<>""', f.good)
        paint(layout.col_of(REASON), layout.remark_col, f'={said}="{TO_EXPLAIN}"', f.todo)
    for unasked, some in groupby(layout.fields, lambda x: _unasked(layout, x)):
        if unasked:
            cols = [layout.col_of(x.code) for x in some]
            paint(cols[0], cols[-1], f"={unasked}>0", f.zebra, stop=False)


def _unasked(layout: SheetLayout, field: Field) -> str:
    """More than 0 where a cell asks nothing: the row is ticked as without news, its condition does not hold; empty if never."""
    ticked = f'($C{FIRST_ROW + 1}="√")' if NIL in layout.frame and not layout.confirms else ""
    if field.required_if is None:
        return ticked
    other = f"(1-{_asked_where(layout, field, FIRST_ROW)})"
    return f"{ticked}+{other}" if ticked else other


def _asked_where(layout: SheetLayout, field: Field, row: int) -> str:
    """1 where the condition of a conditional cell holds; an error in the other cell is no answer."""
    code, wanted = field.required_if or ("", "")
    other = f"${column_letter(layout.col_of(code))}{row + 1}"
    return f'IF(ISERROR({other}),0,({other}="{wanted}")*1)'


def _broken_at(
    layout: SheetLayout, rules: Sequence[Rule], every: Sequence[Contradiction], field: Field
) -> tuple[list[str], list[str]]:
    """Expressions that are more than 0 where a figure cannot be, and where it wants a reason.

    At most three looks hang on a cell: with four, LibreOffice loses all of them in an xls.
    """

    def cell(code: str) -> str:
        return f"${column_letter(layout.col_of(code))}{FIRST_ROW + 1}"

    clashes = [clash for clash in every if field.code in clash.rule.columns]
    impossible = [clash.broken(cell) for clash in clashes if not clash.rule.explainable]
    unlikely = [unlikely_at(layout, clash, FIRST_ROW) for clash in clashes if clash.rule.explainable]
    falls = layout.confirms and any(may_not_fall(rule, field.code) for rule in rules)
    if field.code in layout.increments:
        impossible.append(f"ISTEXT({cell(field.code)})")
    return impossible, [*unlikely, *([fell(layout, field.code, FIRST_ROW)] if falls else ())]


def _identity(book: xlsxwriter.Workbook, issue: Issue) -> None:
    sheet = book.add_worksheet(IDENTITY_SHEET)
    sheet.very_hidden()
    for row, layout in enumerate(issue.layouts()):
        ok(sheet.write_string(row, 0, layout.form.sheet))
        ok(sheet.write_string(row, 1, str(issue.stamp(layout.form.code, layout.form.version))))


def standard_workbook(program: Program, rules: Mapping[str, tuple[Rule, ...]]) -> bytes:
    """The blank standard workbook kept in ``templates/xlsx/``: every field, sample counties, never accepted as a return."""
    return issue_workbook(sample_issue(program, rules, program.periods[-1]))


def sample_issue(program: Program, rules: Mapping[str, tuple[Rule, ...]], period: Period) -> Issue:
    """A workbook of a respondent that does not exist, with five rows."""
    sample = Prefecture(
        code="000000", name="样表", short_name=f"某{program.respondent_level}", alone=not program.has_rows
    )
    names = [f"某{program.words.row}{n}" for n in range(1, 6)] if program.has_rows else []
    counties = tuple(
        County(
            code=f"00000{n}",
            name=name,
            short_name=name,
            prefecture_code=sample.code,
            aliases=(),
            townships=0,
            tile_row=0,
            tile_col=n,
        )
        for n, name in enumerate(names, 1)
    )
    shown = replace(program, prefectures=(sample,), counties=counties)
    return Issue(program=shown, key=b"", rules=rules, period=period, prefecture=sample, previous={})
