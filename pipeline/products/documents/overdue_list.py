"""逾期县清单: as a document leadership reads and a workbook staff filter."""

from __future__ import annotations

import io
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import xlsxwriter

from pipeline.domain.obligation import KIND_NAMES, Obligation, Reason
from pipeline.domain.text import cn_date
from pipeline.forms.style import SafeSheet
from pipeline.measures.overdue import overdue_contacts, overdue_counties, overdue_others
from pipeline.products.documents.officer_contacts import CONTACTS_NOTE, CONTACTS_SHEET, contact_columns
from pipeline.products.documents.timeliness_parts import extended_words, pending_sentence
from pipeline.products.wording import Figures, made_up_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.officer_contacts import OfficerContact, OverdueColumns


_COUNTIES: OverdueColumns = (
    ("州（市）", 14, lambda o: o.prefecture.short_name),
    ("县（市、区）", 16, lambda o: o.name),
    ("县代码", 10, lambda o: o.who),
    ("逾期原因", 14, lambda o: o.reason.value),
    ("对口联系单位", 34, lambda o: o.contact),
    ("应报日期", 14, lambda o: o.due_on),
    ("逾期天数", 10, lambda o: o.days_overdue),
    ("逾期工作日", 12, lambda o: o.workdays_overdue),
    ("连续未按时期数", 16, lambda o: o.streak),
)
_OTHERS: OverdueColumns = (
    ("州（市）", 14, lambda o: o.prefecture.short_name),
    ("单位", 16, lambda o: o.name),
    ("事项", 44, lambda o: o.what),
    ("应报日期", 14, lambda o: o.due_on),
    ("逾期天数", 10, lambda o: o.days_overdue),
    ("连续未按时期数", 16, lambda o: o.streak),
    ("原因", 18, lambda o: o.reason.value),
    (
        "依据（报送序号、工作表、格）",
        30,
        lambda o: f"{o.submission} {o.sheet} {o.cell}".strip() if o.submission else "",
    ),
    ("对口联系单位", 34, lambda o: o.contact),
)
_CONTACTS: OverdueColumns = (
    ("责任方", 34, lambda o: o.name),
    ("州（市）", 14, lambda o: o.prefecture.short_name),
    ("县（市、区）", 16, lambda o: o.unit_name),
    *_OTHERS[2:-1],
)
_WIDE = 20  # columns wider than this wrap


def overdue_context(m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 逾期县清单.docx and the register of its numbers."""
    w = m.program.words
    say = Figures(m.program.words)
    late = overdue_counties(m.obligations, m.period)
    rows = [
        {
            "no": say("row.no", no),
            "prefecture": o.prefecture.short_name,
            "county": o.name,
            "reason": o.reason.value,
            "contact": o.contact,
            "due_on": say("due_on", o.due_words),
            "days": say(f"{o.who}.days", o.days_overdue),
            "streak": say(f"{o.who}.streak", o.streak),
        }
        for no, o in enumerate(late, 1)
    ]
    kinds = [
        (f"{reason.value}的", f"overdue.{reason.name}", sum(o.reason is reason for o in late)) for reason in Reason
    ]
    outcome = (
        f"逾期{say('overdue.count', len(late))}个，{made_up_of(say, len(late), kinds)}。"
        if late
        else f"没有逾期的{w.body}。"
    )
    title = say("period.title", m.period.title)
    summary = (
        f"{title}{w.report}应于{say.day('due_on', m.period.due_on)}前报送{extended_words(m, say, m.period)}。截至"
        f"{say.day('as_of', m.snapshot.as_of)}，应报{say('counties.roster', len(m.program.measured))}{w.bodies}中，"
        f"{outcome}{pending_sentence(m, say)}"
    )
    return {
        "title": f"逾期{w.row}清单",
        "org_line": m.program.title,
        "as_of_line": f"（{title}，截至{cn_date(m.snapshot.as_of)}）",
        "summary": [summary],
        "rows": rows,
        "empty_line": f"本期没有逾期的{w.body}。",
        "compiler": m.program.office,
        "issued_on": cn_date(m.snapshot.as_of),
        "is_demo": is_demo,
        "words": say.words,
    }, say


def overdue_workbook(m: PeriodMeasures, contacts: Sequence[OfficerContact] | None = None) -> bytes:
    """逾期县清单.xlsx: overdue counties, what else they and respondents owe, what their contacts owe; each list can be filtered.

    Args:
        m: Of the period.
        contacts: Whom to call in each prefecture, on a sheet of its own; None where the office did not ask for it.
    """
    w = m.program.words
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.worksheet_class = SafeSheet
    created = datetime.combine(m.snapshot.as_of, time())
    book.set_properties({"title": f"逾期{w.row}清单", "created": created})
    late = overdue_counties(m.obligations, m.period)
    kind = ("类别", 14, lambda o: m.program.worded(KIND_NAMES[o.kind]))
    _sheet(book, m, f"逾期{w.row}清单", _COUNTIES, late, f"本期没有逾期的{w.body}。")
    _sheet(book, m, "其他逾期事项", (kind, *_OTHERS), overdue_others(m.obligations), "没有其他逾期的事项。")
    if m.program.party_of:
        name = f"{w.contact}逾期事项"
        _sheet(book, m, name, (kind, *_CONTACTS), overdue_contacts(m.obligations), f"没有{w.contact}和领导逾期的事项。")
    if contacts is not None:
        _sheet(book, m, CONTACTS_SHEET, contact_columns(late), contacts, "", CONTACTS_NOTE)
    book.close()
    return out.getvalue()


def _sheet(
    book: xlsxwriter.Workbook,
    m: PeriodMeasures,
    name: str,
    columns: OverdueColumns,
    rows: Sequence[Any],
    nothing: str,
    under_title: str = "",
) -> None:
    """One list; a date is a date, a number a number, and officers' words only ever text."""
    sheet, plain = book.add_worksheet(name), {"font_name": "宋体", "font_size": 11}
    base = {**plain, "valign": "vcenter", "border": 1, "border_color": "#B8C2CC"}
    head = book.add_format({**base, "bold": True, "bg_color": "#E8EEF5", "align": "center", "text_wrap": True})
    cell = book.add_format({**base, "align": "center"})
    wide = book.add_format({**base, "text_wrap": True})
    day = book.add_format({**base, "num_format": "yyyy-mm-dd", "align": "center"})
    longer = book.add_format({**base, "num_format": 'yyyy-mm-dd"（经批准延期）"', "align": "center", "text_wrap": True})
    title = book.add_format({"font_name": "黑体", "font_size": 16})
    sheet.write_string(0, 0, f"{name}（{m.period.title}，截至{cn_date(m.snapshot.as_of)}）", title)
    sheet.set_row(0, 28)
    if under_title:
        sheet.write_string(1, 0, m.program.worded(under_title), book.add_format(plain))
    sheet.set_row(2, 32)
    for col, (heading, width, _) in enumerate((("序号", 6, None), *columns)):
        sheet.set_column(col, col, width)
        sheet.write_string(2, col, m.program.worded(heading), head)
    for row, one in enumerate(rows, 3):
        sheet.write_number(row, 0, row - 2, cell)
        for col, (_, width, value_of) in enumerate(columns, 1):
            value = value_of(one)
            if isinstance(value, str):
                sheet.write_string(row, col, value, wide if width > _WIDE else cell)
            elif isinstance(value, int):
                sheet.write_number(row, col, value, cell)
            else:
                sheet.write_datetime(row, col, value, longer if isinstance(one, Obligation) and one.extended else day)
    if rows:
        sheet.autofilter(2, 0, 2 + len(rows), len(columns))
    else:
        sheet.write_string(3, 0, nothing, book.add_format({"font_name": "宋体"}))
    sheet.freeze_panes(3, 3)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    sheet.set_footer("&R&9第 &P 页，共 &N 页")
