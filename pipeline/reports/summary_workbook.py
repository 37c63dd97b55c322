"""全省汇总.xlsx: contents, prefectures, and one sheet per form: province, prefecture and county rows, or a list's entries."""

from __future__ import annotations

import io
from datetime import datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import xlsxwriter

from pipeline.checks.decide import STATE_NAMES, State
from pipeline.measures.outliers import Against
from pipeline.program.forms import NUMBERS
from pipeline.program.model import FieldType, Rows
from pipeline.reports.wording import cn_date
from pipeline.workbook.cells import show
from pipeline.workbook.layout import row_name

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Field, Form, Unit
    from pipeline.workbook.cells import Value

LABEL_ROW, CODE_ROW, FIRST_ROW = 2, 3, 4
SURVEY = "调研提纲汇总"
SURVEY_COLUMNS = (
    ("题号", 9),
    ("题目", 40),
    ("指标", 30),
    ("已答县", 10),
    ("合计", 14),
    ("平均", 12),
    ("是、各选项", 44),
)
ODD = "请留意的数"
ODD_COLUMNS = (("州（市）", 13), ("县（市、区）", 13), ("指标代码", 11), ("指标", 34), ("单位", 8), ("所报的数", 12), ("相比的数", 12),
               ("与谁相比", 28), ("中位数", 10))  # fmt: skip
LEADING = ("代码", "州（市）", "县（市、区）", "状态")


def summary_workbook(m: PeriodMeasures) -> bytes:
    """Write the workbook. Counts are summed over reported counties only; words are counted as 是; states are shown."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": f"全省汇总 {m.period.title}", "created": datetime.combine(m.snapshot.as_of, time())})
    formats = _formats(book)
    _contents(book, formats, m)
    _prefectures(book, formats, m)
    values = m.snapshot.values(m.program, m.period)
    for form in m.program.forms:
        if form.is_list:
            _list_sheet(book, formats, m, form)
        else:
            _form_sheet(book, formats, m, form, values)
    if m.systems.survey:
        _survey(book, formats, m)
    _outliers(book, formats, m)
    book.close()
    return out.getvalue()


def _survey(book: xlsxwriter.Workbook, f: dict[str, Any], m: PeriodMeasures) -> None:
    """Every question over the counties that answered it: sums and averages, shares of yes, options."""
    sheet = book.add_worksheet(SURVEY)
    sheet.write_string(0, 0, f"{SURVEY}（{m.period.title}，按已答的县统计）", f["title"])
    for col, (head, width) in enumerate(SURVEY_COLUMNS):
        sheet.set_column(col, col, width)
        sheet.write_string(LABEL_ROW, col, head, f["head"])
    row = LABEL_ROW
    for question in m.systems.survey:
        for column in question.columns:
            row, all_ = row + 1, column.province
            texts = (question.label, question.title, column.field.title, f"{all_.reported}/{all_.roster}")
            for col, text in enumerate(texts):
                sheet.write_string(row, col, text, f["words" if col in {1, 2} else "cell"])
            given = all_.total.amount if all_.total and all_.reported else None
            adds_up = column.field.role != "ratio"
            for col, value in ((4, given if adds_up else None), (5, None if given is None else given / all_.reported)):
                if value is None:
                    sheet.write_string(row, col, "", f["cell"])
                else:
                    sheet.write_number(row, col, float(value), f["amount"])
            yes = f"是{all_.share.met}个县" if all_.share and all_.reported else ""
            options = "，".join(f"{option}{n}个县" for option, n in all_.options.items() if n)
            sheet.write_string(row, 6, yes or options, f["words"])
    _page(sheet, LABEL_ROW, row - LABEL_ROW, len(SURVEY_COLUMNS), 3)


def _outliers(book: xlsxwriter.Workbook, f: dict[str, Any], m: PeriodMeasures) -> None:
    """Values far from the county's own past or its peers, for staff to ask about."""
    sheet = book.add_worksheet(ODD)
    sheet.write_string(0, 0, f"{ODD}（{m.period.title}；与本县以往或其他县相差悬殊，请核对，不影响接收）", f["title"])
    for col, (head, width) in enumerate(ODD_COLUMNS):
        sheet.set_column(col, col, width)
        sheet.write_string(LABEL_ROW, col, head, f["head"])
    for row, odd in enumerate(m.outliers, LABEL_ROW + 1):
        county, one = m.program.county_by_code[odd.county_code], m.program.field_by_code[odd.field]
        whose = "其他县" if odd.against is Against.PEERS else "本县以往各期的变化"
        texts = (
            m.program.prefecture_by_code[county.prefecture_code].short_name,
            county.short_name,
            one.code,
            one.title,
            one.unit,
        )
        for col, text in enumerate(texts):
            sheet.write_string(row, col, text, f["cell"])
        sheet.write_number(row, 5, odd.value, f["count"])
        sheet.write_number(row, 6, odd.compared, f["count"])
        sheet.write_string(row, 7, f"{whose}（{odd.sample}个数）", f["cell"])
        sheet.write_number(row, 8, odd.centre, f["pct"])
    _page(sheet, LABEL_ROW, max(1, len(m.outliers)), len(ODD_COLUMNS), 2)


def _formats(book: xlsxwriter.Workbook) -> dict[str, Any]:
    base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "border": 1, "border_color": "#B8C2CC"}
    plain = {"font_name": "宋体", "font_size": 11}
    bold = {**base, "bold": True, "bg_color": "#E8EEF5"}
    return {
        "title": book.add_format({"font_name": "黑体", "font_size": 16, "font_color": "#1F3864"}),
        "text": book.add_format(plain),
        "link": book.add_format({**plain, "font_color": "#1F5FA8", "underline": 1}),
        "head": book.add_format({**bold, "text_wrap": True, "align": "center"}),
        "code": book.add_format({**base, "font_color": "#8A94A0", "font_size": 8, "align": "center"}),
        "cell": book.add_format({**base, "align": "center"}),
        "words": book.add_format({**base, "shrink": True}),
        "count": book.add_format({**base, "num_format": "#,##0"}),
        "pct": book.add_format({**base, "num_format": "0.0"}),
        "amount": book.add_format({**base, "num_format": "#,##0.00"}),
        "sum": book.add_format({**bold, "num_format": "#,##0", "align": "right"}),
        "amounts": book.add_format({**bold, "num_format": "#,##0.00", "align": "right"}),
        "missing": book.add_format({**base, "pattern": 14, "fg_color": "#B8C2CC", "bg_color": "#FFFFFF"}),
    }


def _contents(book: xlsxwriter.Workbook, f: dict[str, Any], m: PeriodMeasures) -> None:
    sheet = book.add_worksheet("目录")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 70)
    sheet.write_string(0, 0, f"{m.program.title}全省汇总（{m.period.title}）", f["title"])
    notes = (
        ("数据截至", cn_date(m.period.end)),
        ("报送情况截至", cn_date(m.snapshot.as_of)),
        ("覆盖", f"按已报{m.reported}个县统计，应报{len(m.program.counties)}个县"),
        ("状态", "；".join(f"{STATE_NAMES[s]}{n}个" for s, n in m.states.items())),
        ("说明", "斜纹格为未报，不按零计；合计只含已报的县；零报告沿用上次已接收的数。"),
    )
    for row, (label, text) in enumerate(notes, 2):
        sheet.write_string(row, 0, label, f["text"])
        sheet.write_string(row, 1, text, f["text"])
    for row, (name, what) in enumerate(
        [
            ("州（市）完成率", f"{len(m.program.prefectures)}个州（市）完成率、排名和报送情况"),
            *((x.sheet, x.title) for x in m.program.forms),
            *([(SURVEY, "调研提纲各题的合计、平均和各选项的县数")] if m.systems.survey else []),
            (ODD, "与本县以往或其他县相差悬殊的数，请核对"),
        ],
        8,
    ):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", f["link"], name)
        sheet.write_string(row, 1, what, f["text"])
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)


def _prefectures(book: xlsxwriter.Workbook, f: dict[str, Any], m: PeriodMeasures) -> None:
    sheet = book.add_worksheet("州（市）完成率")
    heads = ["排名", "代码", "州（市）", "完成率（%）", "上期（%）", "已报县", "应报县",
             *(f"{a.short_title}（%）" for a in m.program.actions)]  # fmt: skip
    sheet.write_string(0, 0, f"各州（市）完成率（{m.period.title}）", f["title"])
    sheet.set_column(0, len(heads) - 1, 11)
    sheet.set_column(2, 2, 14)
    sheet.set_row(LABEL_ROW, 32)
    for col, head in enumerate(heads):
        sheet.write_string(LABEL_ROW, col, head, f["head"])
    for row, p in enumerate(m.prefecture_order, LABEL_ROW + 1):
        done = m.now.by_prefecture[p.code]
        rank = m.ranks[p.code]
        sheet.write(row, 0, "—" if rank is None else rank, f["cell"])
        sheet.write_string(row, 1, p.code, f["cell"])
        sheet.write_string(row, 2, p.short_name, f["cell"])
        _pct(sheet, row, 3, done.pct, f)
        _pct(sheet, row, 4, m.before.by_prefecture[p.code].pct if m.before else None, f)
        sheet.write_number(row, 5, done.reported, f["count"])
        sheet.write_number(row, 6, done.roster, f["count"])
        for col, action in enumerate(m.program.actions, 7):
            _pct(sheet, row, col, m.now.by_prefecture_action[p.code, action.no].pct, f)
    _page(sheet, LABEL_ROW, len(m.prefecture_order), len(heads), 3)


def _pct(sheet: Any, row: int, col: int, value: float | None, f: dict[str, Any]) -> None:
    if value is None:
        sheet.write_string(row, col, "未报", f["missing"])
    else:
        sheet.write_number(row, col, round(value, 4), f["pct"])


def _form_sheet(book: xlsxwriter.Workbook, f: dict[str, Any], m: PeriodMeasures, form: Form,
                values: dict[str, dict[str, Value]]) -> None:  # fmt: skip
    sheet = book.add_worksheet(form.sheet)
    fields = form.fields_in(m.period)
    sheet.write_string(0, 0, f"{form.title}（{m.period.title}，按已报{m.reported}个县统计）", f["title"])
    sheet.set_row(LABEL_ROW, 62)
    sheet.set_column(0, 0, 9)
    sheet.set_column(1, 2, 13)
    sheet.set_column(3, 3, 9)
    for col, one in enumerate(fields, len(LEADING)):
        sheet.set_column(col, col, _width(one))
    for col, (label, code) in enumerate([*((x, "") for x in LEADING), *((x.label, x.code) for x in fields)]):
        sheet.write_string(LABEL_ROW, col, label, f["head"])
        sheet.write_string(CODE_ROW, col, code, f["code"])
    own = form.rows is Rows.PREFECTURE
    units: tuple[Unit, ...] = m.program.prefectures if own else m.program.counties
    row, known = FIRST_ROW, [values[unit.code] for unit in units if unit.code in values]
    _sum_row(sheet, row, f, ("", m.program.region, "全省", f"已报{len(known)}"), fields, known)
    for p in m.program.prefectures:
        mine = m.program.units_of(form, p.code)
        known = [values[unit.code] for unit in mine if unit.code in values]
        if not own:
            row += 1
            _sum_row(sheet, row, f, (p.code, p.short_name, "合计", f"已报{len(known)}/{len(mine)}"), fields, known)
        for unit in mine:
            row += 1
            _unit_row(sheet, row, f, m, unit, fields, values.get(unit.code))
    sheet.autofilter(CODE_ROW, 0, row, 3 + len(fields))
    _page(sheet, CODE_ROW, row - CODE_ROW, 4 + len(fields), 4)


def _list_sheet(book: xlsxwriter.Workbook, f: dict[str, Any], m: PeriodMeasures, form: Form) -> None:
    """The entries of the period that stand, by prefecture."""
    sheet = book.add_worksheet(form.sheet)
    leading = (("编号", 15), ("州（市）", 13))
    fields = form.fields_in(m.period)
    lists = [(p, m.snapshot.lists.get((form.code, m.period.code, p.code), ())) for p in m.program.prefectures]
    count = sum(len(rows) for _, rows in lists)
    sheet.write_string(
        0, 0, f"{form.title}（{m.period.title}，{sum(bool(r) for _, r in lists)}个州（市）报来{count}条）", f["title"]
    )
    sheet.set_row(LABEL_ROW, 36)
    for col, (label, code, width) in enumerate(
        [*((name, "", width) for name, width in leading), *((x.label, x.code, _width(x)) for x in fields)]
    ):
        sheet.set_column(col, col, width)
        sheet.write_string(LABEL_ROW, col, label, f["head"])
        sheet.write_string(CODE_ROW, col, code, f["code"])
    row = CODE_ROW
    for p, entries in lists:
        for entry in entries:
            row += 1
            for col, text in enumerate((entry.number, p.short_name)):
                sheet.write_string(row, col, text, f["cell"])
            for col, one in enumerate(fields, len(leading)):
                _value(sheet, row, col, f, one, _named(m, one, entry.values.get(one.code)))
    sheet.autofilter(CODE_ROW, 0, max(row, FIRST_ROW), len(leading) + len(fields) - 1)
    _page(sheet, CODE_ROW, max(row - CODE_ROW, 1), len(leading) + len(fields), 2)


def _named(m: PeriodMeasures, one: Field, value: Value) -> Value:
    """A county by its name."""
    if one.type is FieldType.COUNTY and isinstance(value, str):
        return m.program.county_by_code[value].short_name
    return value


def _width(one: Field) -> int:
    return 30 if one.type in {FieldType.CHECKLIST, FieldType.TEXT} else 12


def _sum_row(sheet: Any, row: int, f: dict[str, Any], leading: tuple[str, ...], fields: tuple[Field, ...],
             known: list[dict[str, Value]]) -> None:  # fmt: skip
    for col, text in enumerate(leading):
        sheet.write_string(row, col, text, f["sum"])
    for col, one in enumerate(fields, len(LEADING)):
        given = [v for x in known if (v := x.get(one.shows or one.code)) is not None]
        numbers = [v for v in given if isinstance(v, (int, Decimal))]
        if not given:
            sheet.write_string(row, col, "未报" if not known else "", f["missing"] if not known else f["sum"])
        elif one.type in NUMBERS:
            sheet.write_number(row, col, float(sum(numbers)), f["sum" if one.type is FieldType.COUNT else "amounts"])
        elif one.type is FieldType.YESNO:
            sheet.write_string(row, col, f"是{sum(v == '是' for v in given)}/{len(given)}", f["sum"])
        else:
            sheet.write_string(row, col, f"填报{len(given)}", f["sum"])


def _unit_row(sheet: Any, row: int, f: dict[str, Any], m: PeriodMeasures, unit: Unit, fields: tuple[Field, ...],
              given: dict[str, Value] | None) -> None:  # fmt: skip
    state = m.snapshot.states.get((m.period.code, unit.code), State.MISSING)
    name = m.program.prefecture_by_code[unit.prefecture_code].short_name
    for col, text in enumerate((unit.code, name, row_name(unit), STATE_NAMES[state])):
        sheet.write_string(row, col, text, f["cell"])
    for col, one in enumerate(fields, len(LEADING)):
        if given is None:
            sheet.write_blank(row, col, None, f["missing"])
        else:
            _value(sheet, row, col, f, one, given.get(one.shows or one.code))


def _value(sheet: Any, row: int, col: int, f: dict[str, Any], one: Field, value: Value) -> None:
    if isinstance(value, (int, Decimal)):
        sheet.write_number(row, col, float(value), f["count" if isinstance(value, int) else "amount"])
    else:
        sheet.write_string(
            row, col, show(value), f["words" if one.type in {FieldType.CHECKLIST, FieldType.TEXT} else "cell"]
        )


def _page(sheet: Any, head_row: int, rows: int, columns: int, frozen: int) -> None:
    sheet.freeze_panes(head_row + 1, frozen)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(LABEL_ROW, head_row)
    sheet.print_area(0, 0, head_row + rows, columns - 1)
    sheet.set_footer("&L&8&A&R&8第 &P 页，共 &N 页")
