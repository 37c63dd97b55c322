"""The workbooks that go out: one per prefecture, every rule visible in the cell, the same bytes each time.

Written with xlsxwriter. Any warning or non-zero return code is an error: nothing is silently left out.
"""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import xlsxwriter

from pipeline.checks.excel_rules import MESSAGE_LIMIT, TITLE_LIMIT, contradictions, validation
from pipeline.checks.rules import rules_in
from pipeline.errors import IssueError
from pipeline.program.model import County, FieldType, Prefecture, Program, TargetKind
from pipeline.workbook.cells import show
from pipeline.workbook.identity import Stamp
from pipeline.workbook.layout import (
    CODE_ROW,
    COUNTY_CODE,
    COUNTY_CODE_COL,
    COUNTY_NAME,
    COUNTY_NAME_COL,
    COVER_INPUTS,
    COVER_SHEET,
    FIRST_FIELD_COL,
    FIRST_ROW,
    FRAME_LABELS,
    IDENTITY_SHEET,
    ITEM_ROW,
    LABEL_ROW,
    NIL,
    NIL_COL,
    REMARK,
    STAMP_ROW,
    TITLE_ROW,
    WHO_ROW,
    SheetLayout,
    address,
    column_letter,
    sheet_layout,
    unit_name,
)
from pipeline.workbook.self_check import write_self_check
from pipeline.workbook.style import Formats, lines_of, ok, paper, write_typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from pipeline.checks.rules import Rule
    from pipeline.findings import Severity
    from pipeline.program.model import Field, Item, Period, Quantity
    from pipeline.workbook.cells import Raw, Value

    SheetWriter = Callable[[xlsxwriter.Workbook, Formats], None]

CREATED = datetime(2022, 10, 26, tzinfo=UTC).replace(tzinfo=None)
COMMENT_WIDTH, COMMENT_LINE, COMMENT_LIMIT = 2.2, 40, 1_000
REMARK_WIDTH = 20  # characters of column width; a Chinese one takes two
LINE_HEIGHT, HIGHEST_ROW = 15, 200  # points
LINE = 60  # Chinese characters across the cover
HOW_TO = (
    "用WPS表格、Excel或LibreOffice打开，逐张填写“1.思想引领”等各工作表，一行一个县（市、区）。",
    "计数类指标填自专项工作开始（列标题另有起算日的，从该日）至本报送期末的累计数，不是本期新增数；个数、是否类指标填期末情况。",
    "没有发生的填0或“否”，不要留空；确无新进展的县，在各张表的“本期无新进展”列都选“√”，其余各格可不填，沿用上次已接收的数。",
    "首次报送选“√”的，计数按0、是否按“否”处理，但各“总数”类指标（比率的分母）仍须填写。",
    "比率不用填，只填分子、分母两个数，由系统计算。",
    "可多选的格，直接写选项，用顿号“、”隔开；一项也没有填“无”。",
    "标有“不适用”选项的指标，不具备条件的县选“不适用”。",
    "点中单元格即显示单位、目标、上次已接收的数和填写口径；变红的格前后矛盾，请核对。",
    "请不要改动表头、代码列和表样识别码；可以排序、调整列宽、在“备注”列写说明。",
    "填完后看“自查”表，全部为绿色再报送；原样存为xlsx、xls、ods均可，文件名不限。",
)


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
        previous: (county code, field code) → last accepted value before the period.
        entries: (form, county, column) → what already stands in the cell, as typed.
        marks: (form, county, column) → what is wrong with it.
        cover: Label → what already stands beside it on the cover.
        answers: What is being answered, when this is a returned copy; makes its number its own.
    """

    program: Program
    key: bytes
    rules: Mapping[str, tuple[Rule, ...]]
    period: Period
    prefecture: Prefecture
    previous: Mapping[tuple[str, str], Value]
    entries: Mapping[tuple[str, str, str], Raw] = field(default_factory=dict)
    marks: Mapping[tuple[str, str, str], Mark] = field(default_factory=dict)
    cover: Mapping[str, Raw] = field(default_factory=dict)
    answers: str = ""

    @cached_property
    def number(self) -> str:
        """Issue number: changes whenever what is issued would."""
        content = [
            repr([asdict(f) for form in self.program.forms for f in form.fields_in(self.period)]),
            json.dumps([[dict(r.config) for r in self.rules[f.code]] for f in self.program.forms], sort_keys=True),
            repr(self.period), repr(self.prefecture), repr(sorted(self.previous.items())), self.answers,
            repr(sorted(self.entries.items())), repr(sorted(self.marks.items())), repr(self.cover),
        ]  # fmt: skip
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:8]

    def stamp(self, form: str, version: int) -> Stamp:
        """The identity written on a sheet."""
        return Stamp(program=self.program.code, form=form, version=version, period=self.period.code,
                     prefecture_code=self.prefecture.code, issue_no=self.number).signed(self.key)  # fmt: skip

    def layouts(self) -> tuple[SheetLayout, ...]:
        """One per form."""
        counties = self.program.counties_of(self.prefecture.code)
        return tuple(sheet_layout(form, self.period, counties) for form in self.program.forms)


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
        except (UserWarning, xlsxwriter.exceptions.XlsxWriterException) as problem:
            raise IssueError(f"{issue.prefecture.name} {issue.period.code} 表样无法生成：{problem}") from problem
    return out.getvalue()


def file_name(issue: Issue) -> str:
    """For people; nothing ever reads it back."""
    return f"{issue.prefecture.code}_{issue.prefecture.short_name}_{issue.period.title}.xlsx"


def _write(issue: Issue, out: io.BytesIO, before: Sequence[SheetWriter], after: Sequence[SheetWriter]) -> None:
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": f"{issue.program.short_title}报表 {issue.period.title}",
                         "author": issue.program.office, "created": CREATED})  # fmt: skip
    book.set_size(2400, 1400)
    formats = Formats(book)
    for write in before:
        write(book, formats)
    _cover(book, formats, issue)
    for layout in issue.layouts():
        _form_sheet(book, formats, issue, layout)
    write_self_check(book, formats, issue.layouts(), issue.rules, issue.previous.keys(), issue.entries,
                     issue.stamp("CHECK", 1))  # fmt: skip
    for write in after:
        write(book, formats)
    _identity(book, issue)
    book.close()


def _cover(book: xlsxwriter.Workbook, f: Formats, issue: Issue) -> None:
    sheet = book.add_worksheet(COVER_SHEET)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 3, 30)
    sheet.set_row(0, 36)
    ok(sheet.merge_range(0, 0, 0, 3, f"{issue.program.title}双月报表", f.title))
    ok(sheet.write_string(1, 0, str(issue.stamp("COVER", 1)) + "（请勿改动）", f.stamp))
    facts = (
        ("填报单位", unit_name(issue.program, issue.prefecture)),
        ("报送期", f"{issue.period.title}（数据截至{_cn_date(issue.period.end)}）"),
        ("报送截止", _cn_date(issue.period.due_on) + ("（暂定）" if issue.period.provisional else "")),
        ("报送对象", issue.program.office),
    )
    for row, (label, value) in enumerate(facts, 3):
        ok(sheet.write_string(row, 0, label, f.cover_label))
        ok(sheet.merge_range(row, 1, row, 3, value, f.county))
    for row, label in enumerate(COVER_INPUTS, 8):
        ok(sheet.write_string(row, 0, label, f.cover_label))
        ok(sheet.merge_range(row, 1, row, 3, "", f.cover_input))
        if label in issue.cover:
            write_typed(sheet, f, row, 1, issue.cover[label], "cover")
    ok(sheet.write_string(13, 0, "怎样填写", f.cover_label))
    for row, line in enumerate(HOW_TO, 14):
        ok(sheet.merge_range(row, 0, row, 3, f"{row - 13}. {line}", f.text))
        sheet.set_row(row, 36 if len(line) > LINE else 22)
    paper(sheet, landscape=False)


def _form_sheet(book: xlsxwriter.Workbook, f: Formats, issue: Issue, layout: SheetLayout) -> None:
    sheet = book.add_worksheet(layout.form.sheet)
    sheet.set_row(TITLE_ROW, 30)
    sheet.set_row(STAMP_ROW, 13)
    sheet.set_row(ITEM_ROW, 17 * max(2, _heading_lines(layout)))
    sheet.set_row(LABEL_ROW, 76)
    ok(sheet.write_string(TITLE_ROW, 0, f"行动{layout.form.action}　{layout.form.title}", f.title))
    who = (f"填报单位：{unit_name(issue.program, issue.prefecture)}　　报送期：{issue.period.title}"
           f"　　报送截止：{_cn_date(issue.period.due_on)}")  # fmt: skip
    ok(sheet.write_string(WHO_ROW, 0, who, f.who))
    stamp = issue.stamp(layout.form.code, layout.form.version)
    ok(sheet.write_string(STAMP_ROW, 0, f"{stamp}（请勿改动）", f.stamp))
    _headings(sheet, f, layout)
    _county_rows(sheet, f, layout, issue)
    rules = rules_in(issue.rules[layout.form.code], [x.code for x in layout.fields])
    for asked in layout.fields:
        _validate_column(sheet, issue, layout, asked, rules)
    ok(sheet.data_validation(FIRST_ROW, NIL_COL, layout.last_row, NIL_COL, {
        "validate": "list", "source": ["√"], "input_title": "本期无新进展",
        "input_message": "本期确无新进展的县选“√”，其余各格可不填，沿用上次已接收的数。",
        "error_title": "填写有误", "error_message": "只能选“√”或留空。"}))  # fmt: skip
    _paint(sheet, f, layout, rules)
    sheet.autofilter(CODE_ROW, 0, layout.last_row, layout.remark_col)
    sheet.freeze_panes(FIRST_ROW, FIRST_FIELD_COL)
    paper(sheet, landscape=True)
    sheet.repeat_rows(ITEM_ROW, CODE_ROW)
    sheet.repeat_columns(0, 1)
    sheet.print_area(0, 0, layout.last_row, layout.remark_col)


def _heading_lines(layout: SheetLayout) -> int:
    """Lines the tallest item heading takes above the columns of its fields."""
    widths = {item.no: sum(_width(x) for x in layout.fields if x.item == item.no) for item in layout.form.items}
    return max(lines_of(_heading(item), widths[item.no]) for item in layout.form.items if widths[item.no])


def _heading(item: Item) -> str:
    return f"第{item.no}项\n{item.title}"


def _headings(sheet: Any, f: Formats, layout: SheetLayout) -> None:
    ok(sheet.merge_range(ITEM_ROW, 0, ITEM_ROW, NIL_COL, "县（市、区）", f.item))
    col = FIRST_FIELD_COL
    for item in layout.form.items:
        width = sum(field.item == item.no for field in layout.fields)
        heading = _heading(item)
        if width > 1:
            ok(sheet.merge_range(ITEM_ROW, col, ITEM_ROW, col + width - 1, heading, f.item))
        elif width:
            ok(sheet.write_string(ITEM_ROW, col, heading, f.item))
        col += width
    ok(sheet.write_string(ITEM_ROW, layout.remark_col, "", f.item))
    columns = [(COUNTY_CODE, FRAME_LABELS[COUNTY_CODE], 9), (COUNTY_NAME, FRAME_LABELS[COUNTY_NAME], 15),
               (NIL, FRAME_LABELS[NIL], 8), *((x.code, _two_lines(x), _width(x)) for x in layout.fields),
               (REMARK, FRAME_LABELS[REMARK], REMARK_WIDTH)]  # fmt: skip
    for col, (code, label, width) in enumerate(columns):
        sheet.set_column(col, col, width)
        ok(sheet.write_string(LABEL_ROW, col, label, f.label))
        ok(sheet.write_string(CODE_ROW, col, code, f.code))


def _two_lines(field: Field) -> str:
    """The visible title with its unit on a line of its own (white space means nothing when it is read back)."""
    return f"{field.title}\n{field.label.removeprefix(field.title)}"


def _width(field: Field) -> int:
    wide = {FieldType.CHECKLIST: 20, FieldType.DATE: 13, FieldType.CHOICE: 13}
    return wide.get(field.type, 13)


def _county_rows(sheet: Any, f: Formats, layout: SheetLayout, issue: Issue) -> None:
    columns = {COUNTY_NAME: "county", NIL: "input", **{x.code: "date" if x.type is FieldType.DATE else "input" for x in layout.fields},
               REMARK: "remark"}  # fmt: skip
    widths = {x.code: _width(x) for x in layout.fields} | {REMARK: REMARK_WIDTH}
    for row, county in enumerate(layout.counties, FIRST_ROW):
        texts = {code: issue.entries.get((layout.form.code, county.code, code)) for code in widths}
        lines = max(lines_of(show(text), widths[code]) for code, text in texts.items())
        sheet.set_row(row, max(30, min(LINE_HEIGHT * lines + 2, HIGHEST_ROW)))
        ok(sheet.write_string(row, COUNTY_CODE_COL, county.code, f.county_code))
        for col, (code, kind) in enumerate(columns.items(), COUNTY_NAME_COL):
            key = layout.form.code, county.code, code
            mark = issue.marks.get(key)
            raw = county.short_name if code == COUNTY_NAME else issue.entries.get(key)
            severity = mark.severity if mark else None
            if raw is None:
                ok(sheet.write_blank(row, col, None, f.entry(kind, severity)))
            else:
                write_typed(sheet, f, row, col, raw, kind, severity)
            if mark:
                size = {"x_scale": COMMENT_WIDTH, "y_scale": 0.4 + 0.2 * lines_of(mark.comment, COMMENT_LINE)}
                ok(
                    sheet.write_comment(
                        row, col, mark.comment[:COMMENT_LIMIT], {"author": issue.program.office, **size}
                    )
                )


def _validate_column(sheet: Any, issue: Issue, layout: SheetLayout, field: Field, rules: tuple[Rule, ...]) -> None:
    """One validation per run of counties that share the last accepted value: prompts show it, minimums obey it."""
    col, first = layout.col_of(field.code), FIRST_ROW
    values = [issue.previous.get((county.code, field.code)) for county in layout.counties]
    for row, value in enumerate(values, FIRST_ROW):
        following = values[row - FIRST_ROW + 1] if row < layout.last_row else object()
        if following == value and type(following) is type(value):
            continue
        options = validation(field, rules, address(first, col), value, issue.period, issue.program.window.start)
        prompt = _prompt(issue.program, field, value)
        options |= {"input_title": field.code[:TITLE_LIMIT], "input_message": prompt[:MESSAGE_LIMIT],
                    "error_message": _alert(field, options)[:MESSAGE_LIMIT]}  # fmt: skip
        ok(sheet.data_validation(first, col, row, col, options))
        first = row + 1


def _prompt(program: Program, field: Field, previous: Value) -> str:
    quantity = next((q for q in program.quantities if field.code in q.fields), None)
    goal = target_text(quantity) if quantity else ""
    parts = [field.title, f"单位：{field.unit}" if field.unit else "", f"目标：{goal}" if goal else "",
             "填累计数" if field.accumulation == "cumulative" else "填期末情况",
             f"选项：{'、'.join(field.options)}" if field.options else "",
             "不具备条件的填“不适用”" if field.not_applicable else "",
             f"上次已接收：{previous}" if previous is not None else "", field.reading]  # fmt: skip
    text = "\n".join(part for part in parts if part)
    return text if len(text) <= MESSAGE_LIMIT else text[: MESSAGE_LIMIT - 1] + "…"


def target_text(quantity: Quantity) -> str:
    """A target as officers read it: 不少于500人次."""
    if quantity.target is None:
        return ""
    kind, threshold = quantity.target.kind, quantity.target.threshold
    if kind is TargetKind.AT_LEAST:
        if quantity.is_rate:
            return f"{quantity.title}达到{threshold}%"
        return f"不少于{threshold}{quantity.unit}"
    return {TargetKind.YES: "是", TargetKind.ALL_OPTIONS: "各项齐全", TargetKind.ANY_OPTION: "至少一项"}[kind]


def _alert(field: Field, options: Mapping[str, Any]) -> str:
    if field.type is FieldType.COUNT and options["validate"] == "integer":
        low = options["minimum"]
        why = f"（上次已接收 {low}，累计数不能减少）" if low else ""
        return f"“{field.title}”应填 {low} 到 {options['maximum']} 之间的整数，只填数字，单位是{field.unit}{why}。"
    wanted = {
        FieldType.COUNT: f"0或正整数（单位：{field.unit}），或“不适用”",
        FieldType.CHECKLIST: "、".join(field.options) + "中的一项或几项，用顿号隔开，一项也没有填“无”",
        FieldType.DATE: "专项工作开始以后、本报送期末以前的日期，如 2023-02-15",
    }.get(field.type, "下拉列表中的一项")
    return f"“{field.title}”应填：{wanted}。"


def _paint(sheet: Any, f: Formats, layout: SheetLayout, rules: tuple[Rule, ...]) -> None:
    """Red where rules between columns are broken; grey where nothing need be filled."""
    for clash in contradictions(rules):
        formula = "=" + clash.broken(lambda code: f"${column_letter(layout.col_of(code))}{FIRST_ROW + 1}")
        for code in clash.rule.columns:
            col = layout.col_of(code)
            ok(sheet.conditional_format(FIRST_ROW, col, layout.last_row, col, {
                "type": "formula", "criteria": f"{formula}>0", "format": f.bad, "stop_if_true": True}))  # fmt: skip
    ok(sheet.conditional_format(FIRST_ROW, FIRST_FIELD_COL, layout.last_row, layout.remark_col - 1, {
        "type": "formula", "criteria": f'=$C{FIRST_ROW + 1}="√"', "format": f.zebra}))  # fmt: skip


def _identity(book: xlsxwriter.Workbook, issue: Issue) -> None:
    sheet = book.add_worksheet(IDENTITY_SHEET)
    sheet.very_hidden()
    for row, layout in enumerate(issue.layouts()):
        ok(sheet.write_string(row, 0, layout.form.sheet))
        ok(sheet.write_string(row, 1, str(issue.stamp(layout.form.code, layout.form.version))))


def _cn_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def standard_workbook(program: Program, rules: Mapping[str, tuple[Rule, ...]]) -> bytes:
    """The blank standard workbook kept in ``templates/xlsx/``: every field, sample counties, never accepted as a return."""
    sample = Prefecture(code="000000", name="样表", short_name="某州（市）")
    counties = tuple(
        County(code=f"00000{n}", name=f"某县{n}", short_name=f"某县{n}", prefecture_code=sample.code, aliases=(),
               townships=0, tile_row=0, tile_col=n)
        for n in range(1, 6)
    )  # fmt: skip
    shown = replace(program, prefectures=(sample,), counties=counties)
    return issue_workbook(
        Issue(program=shown, key=b"", rules=rules, period=program.periods[-1], prefecture=sample, previous={})
    )
