"""The cover of a workbook that goes out: whose it is, by when, who fills it in, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.text import cn_date
from pipeline.forms.printing import Print, to_paper
from pipeline.forms.style import LINE_HEIGHT, lines_of, ok, protect, write_typed
from pipeline.program.layout import COVER_INPUTS, COVER_SHEET, unit_name

if TYPE_CHECKING:
    import xlsxwriter

    from pipeline.forms.issue import Issue
    from pipeline.forms.style import Formats
    from pipeline.program.model import Period, Program

_CADENCES = {1: "月", 2: "双月", 3: "季度", 6: "半年", 12: "年度"}  # months of a period → what its workbook is called
_COVER_WIDTHS = (14, 38, 38, 38)
HOW_TO = (
    "用WPS表格、Excel或LibreOffice打开，逐张填写各工作表，一行一个县（市、区）。",
    "计数类指标填自专项工作开始（列标题另有起算日的，从该日）至本报送期末的累计数，不是本期新增数；个数、是否类指标填期末情况。",
    "没有发生的填0或“否”，不要留空；确无新进展的县，在各张表的“本期无新进展”列都选“√”，其余各格可不填，沿用上次已接收的数。",
    "首次报送选“√”的，计数按0、是否按“否”处理，但各“总数”类指标（比率的分母）仍须填写。",
    "比率不用填，只填分子、分母两个数，由系统计算。",
    "可多选的格，直接写选项，用“、”或“，”隔开；一项也没有填“无”。",
    "标有“不适用”选项的指标，不具备条件的县选“不适用”。",
    "点中单元格即显示单位、目标、上次已接收的数和填写口径；变红的格前后矛盾，请核对。",
    "要填的格以外都已锁定（没有密码），不用改动；可以筛选、调整列宽和行高，在“备注”列写说明。",
    "填完后看“自查”表，全部为绿色再报送；原样存为xlsx、xls、ods均可，文件名不限。",
)
_BLANK_ROWS = HOW_TO[2:4]  # of a workbook that goes out blank
_HOW_TO_CONFIRM = (
    "浅色是上次已接收的数：有变化的直接改；整行核对过、没有变化的，在“已核对（无变化）”格选“√”；没有改也没有选的行不算报送。",
    "“本行状态”显示“请写说明”的，与上次或别的格对不上：数有误请改正；情况属实的，选原因类别，在“备注”格写明原因（不少于10个字）。",
    "没有填过的格照常填，没有发生的填0或“否”，不要留空。",
)
_HOW_TO_ADD = (
    "“累计”左边有“本期新增”的，只填本期新增的数，累计自动相加；没有新增的填0。要改累计的，直接改累计格，不填本期新增。"
)
_HOW_TO_LISTS = "清单类的表一行写一条；“编号”由系统编排，新增的留空；系统带出的各条都要保留，已办结的写明状态和日期。"
_HOW_TO_CARRY = "有的表已带出上次接收的内容，只改有变化的格；灰底的格由公式从行动表带出，不用填、不要改。"


def _how_to(program: Program, *, confirms: bool, adds: bool) -> tuple[str, ...]:
    """The instructions on the cover, as far as the workbook has what they speak of."""
    how = tuple(line for line in HOW_TO if not confirms or line not in _BLANK_ROWS)
    how = (*how[:2], *_HOW_TO_CONFIRM, *how[2:]) if confirms else how
    how = (*how[:2], _HOW_TO_ADD, *how[2:]) if adds else how
    lists = (_HOW_TO_LISTS,) if program.list_forms else ()
    carry = (_HOW_TO_CARRY,) if any(form.carry and not form.confirm for form in program.forms) else ()
    lines = (*how[:-2], *lists, *carry, *how[-2:])
    return tuple(program.worded(line) for line in lines)


def write_cover(book: xlsxwriter.Workbook, f: Formats, issue: Issue) -> None:
    """The first sheet."""
    sheet = book.add_worksheet(COVER_SHEET)
    sheet.hide_gridlines(2)
    for col, width in enumerate(_COVER_WIDTHS):
        sheet.set_column(col, col, width)
    heights = [36.0, *[20.0] * 13]
    for row, height in enumerate(heights):
        sheet.set_row(row, height)
    _merged(sheet, (0, 0), f"{issue.program.title}{_cadence(issue.period)}报表", f.title)
    ok(sheet.write_string(1, 0, str(issue.stamp("COVER", 1)) + "（请勿改动）", f.stamp))
    facts = (
        ("填报单位", unit_name(issue.program, issue.prefecture) + (f"（{issue.regions}）" if issue.regions else "")),
        ("报送期", f"{issue.period.title}（数据截至{cn_date(issue.period.end)}）"),
        ("报送截止", issue.period.due_words),
        ("报送对象", issue.program.office),
    )
    for row, (label, value) in enumerate(facts, 3):
        ok(sheet.write_string(row, 0, label, f.cover_label))
        _merged(sheet, (row, 1), value, f.county)
    for row, label in enumerate(COVER_INPUTS, 8):
        ok(sheet.write_string(row, 0, label, f.cover_label))
        ok(sheet.merge_range(row, 1, row, 3, "", f.cover_input))
        if label in issue.cover:
            write_typed(sheet, f, row, 1, issue.cover[label], "cover")
    ok(sheet.write_string(13, 0, "怎样填写", f.cover_label))
    confirms = any(layout.confirms for layout in issue.layouts())
    adds = any(layout.increments for layout in issue.layouts())
    for row, line in enumerate(_how_to(issue.program, confirms=confirms, adds=adds), 14):
        _merged(sheet, (row, 0), f"{row - 13}. {line}", f.text)
        heights.append(6.0 + LINE_HEIGHT * lines_of(f"{row - 13}. {line}", sum(_COVER_WIDTHS)))
        sheet.set_row(row, heights[-1])
    to_paper(sheet, Print(widths=_COVER_WIDTHS, heights=heights, top=0, title=""))
    protect(sheet)


def _merged(sheet: Any, place: tuple[int, int], text: str, look: Any) -> None:
    """A text across the cover; xlsxwriter's own way would take one that begins with = for a formula."""
    ok(sheet.merge_range(*place, place[0], 3, "", look))
    ok(sheet.write_string(*place, text, look))


def _cadence(period: Period) -> str:
    """双月, 季度 …; empty for a period of another length."""
    months = 12 * (period.end.year - period.start.year) + period.end.month - period.start.month + 1
    return _CADENCES.get(months, "")
