"""xls, ods, fods and xlsb: the values are those an officer sees, and what a value does not say is told by its cell."""

from __future__ import annotations

import io
import struct
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
import xlwt
from PIL import Image

from pipeline.reading.formats.notes import Seen
from pipeline.reading.guard import Inspection, inspect
from tests import locked
from tests.hostile import (
    ODS_NAMES,
    SPREADSHEET,
    members_of,
    ods_sheet,
    patched,
    record,
    relations,
    wide_text,
    with_storage,
    xls,
    xls_stream,
    xlsb,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.officer import Session

AT_NOON = datetime(2023, 3, 5, 12, 30)  # noqa: DTZ001 - what a cell holds
UNCALCULATED = "=（没有计算结果的公式）"
CELL = '<table:table-row {}><table:table-cell {} office:value-type="float" office:value="1"/></table:table-row>'


def grid(seen: Inspection, sheet: str = "表") -> list[list[Any]]:
    assert (seen.refused, seen.found) == ("", "")
    return seen.notes.grids[sheet]


def doubts(seen: Inspection, sheet: str = "表") -> dict[tuple[int, int], tuple[str, str]]:
    return {place: (one.code, one.seen) for place, one in seen.notes.seen.get(sheet, Seen()).doubts.items()}


# ods


def ods_cell(cell: str, styles: str = "") -> Inspection:
    """What is seen in B3."""
    row = f"<table:table-row><table:table-cell/><table:table-cell {cell}</table:table-cell></table:table-row>"
    content = ods_sheet('<table:table-row table:number-rows-repeated="2"/>' + row, styles=styles)
    return inspect(content)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (
            'table:formula="of:=1/0" office:value-type="string" calcext:value-type="error"><text:p>#DIV/0!</text:p>',
            "#DIV/0!",
        ),
        (
            'table:formula="of:=a" office:value-type="string" calcext:value-type="error"><text:p>Err:508</text:p>',
            "#VALUE!",
        ),
        ('table:formula="of:=1+1">', UNCALCULATED),
        ('table:formula="of:=IF(A1=&quot;&quot;;&quot;&quot;)"><text:p/>', None),
        ('table:formula="of:=A1" office:value-type="string" office:string-value=""><text:p/>', None),
        ('office:value-type="percentage" office:value="0.05"><text:p>5%</text:p>', "5%"),
        ("><text:p>没有类型</text:p>", "没有类型"),
        ('office:value-type="其他"><text:p>别的类型</text:p>', "别的类型"),
        ("><office:annotation><text:p>批注</text:p></office:annotation>", None),
        ('office:value-type="float" office:value="2"><text:p>2</text:p>', 2),
        ('office:value-type="float" office:value="2.5"><text:p>3</text:p>', 2.5),
        ('office:value-type="currency" office:value="2"><text:p>￥2</text:p>', 2),
        ('office:value-type="float" office:value="12"><text:p>12.0万</text:p>', "12（显示为“12万”，不是这个数）"),
        ('office:value-type="float" office:value="12"><text:p>12.00万元</text:p>', "12万元"),
        ('office:value-type="float" office:value="5"><text:p>5场</text:p>', "5场"),
        (
            'office:value-type="float" office:value="123456"><text:p>12.3456</text:p>',
            "123456（显示为“12.3456”，不是这个数）",
        ),
        ('office:value-type="float" office:value="-1234.5"><text:p>-1,234.50</text:p>', -1234.5),
        ('table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p>', 2),
        ('office:value-type="boolean" office:boolean-value="true"><text:p>TRUE</text:p>', True),
        ('office:value-type="date" office:date-value="2023-03-05"><text:p>3月5日</text:p>', date(2023, 3, 5)),
        ('office:value-type="date" office:date-value="2023-03-05T12:30:00"><text:p>a</text:p>', AT_NOON),
        ('office:value-type="date" office:date-value="2023-13-05"><text:p>13月</text:p>', "13月"),
        ('office:value-type="time" office:time-value="PT12H30M00S"><text:p>12:30</text:p>', time(12, 30)),
        ('office:value-type="time" office:time-value="PT36H00M00S"><text:p>36:00</text:p>', timedelta(hours=36)),
        ('office:value-type="string"><text:p>五</text:p>', "五"),
        ('office:value-type="string"><text:p>5<text:tab/>6</text:p>', "5\n6"),
        ('office:value-type="string"><text:p>5<text:line-break/>6</text:p>', "5\n6"),
        ('office:value-type="string"><text:p>5</text:p><text:p>6</text:p>', "5\n6"),
        ('office:value-type="string"><text:p>5<text:s text:c="3"/>6  \n 7</text:p>', "5   6 7"),
        (
            'office:value-type="string"><text:p>5<text:ruby>五<text:ruby-text>wu</text:ruby-text></text:ruby>6</text:p>',
            "5五6",
        ),
        ('office:value-type="string"><text:p><text:a>链</text:a>接</text:p>', "链接"),
    ],
)
def test_values_of_an_ods(cell: str, value: Any) -> None:
    seen = ods_cell(cell)
    cells = {(r, c): one for r, row in enumerate(grid(seen)) for c, one in enumerate(row) if one != ""}
    assert cells == ({(2, 1): value} if value is not None else {})
    assert doubts(seen) == {}


T_STYLES = (
    '<style:style style:name="S" style:family="text"><style:text-properties style:text-line-through-type="single"/></style:style>'
    '<style:style style:name="U" style:family="text"><style:text-properties style:text-position="33% 58%"/></style:style>'
    '<style:style style:name="W" style:family="table-cell"><style:text-properties fo:color="#FFFFFF"/></style:style>'
    '<style:style style:name="WW" style:family="table-cell"><style:text-properties fo:color="#fafafa"/></style:style>'
    '<style:style style:name="R" style:family="table-cell"><style:table-cell-properties fo:background-color="#ff0000"/></style:style>'
    '<style:style style:name="RR" style:parent-style-name="R"><style:text-properties fo:color="#ff0000"/></style:style>'
    '<style:style style:name="L"><style:text-properties style:text-line-through-style="solid"/></style:style>'
    '<style:style style:name="N"><style:text-properties style:text-line-through-style="none" fo:color="#ffffff"/>'
    '<style:table-cell-properties fo:background-color="#000000"/></style:style>'
)
STRUCK_9 = "CELL_STRUCK", "91（“9”画了删除线）"
FLOAT = 'office:value-type="float" office:value="7"><text:p>7</text:p>'


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ('office:value-type="string"><text:p><text:span text:style-name="S">9</text:span>1</text:p>', STRUCK_9),
        (
            'office:value-type="string"><text:p>5<text:span text:style-name="U">1</text:span></text:p>',
            ("CELL_SUPERSCRIPT", "51（“1”是上标或下标）"),
        ),
        (
            'office:value-type="string"><text:p><text:span text:style-name="S"><text:span>9</text:span></text:span>1</text:p>',
            STRUCK_9,
        ),
        (f'table:style-name="W" {FLOAT}', ("CELL_UNSEEN", "7（字与底色相同，看不见）")),
        (f'table:formula="of:=1+1" {FLOAT}', ("CELL_CONTRADICTS", "公式“=1+1”应得2，显示的是7")),
        (f'table:style-name="WW" {FLOAT}', ("CELL_UNSEEN", "7（字与底色相同，看不见）")),
        (f'table:style-name="RR" {FLOAT}', ("CELL_UNSEEN", "7（字与底色相同，看不见）")),
        (f'table:style-name="L" {FLOAT}', ("CELL_STRUCK", "7（画了删除线）")),
        (f'table:style-name="N" {FLOAT}', None),
        ('office:value-type="float" office:value="7"><text:p/>', ("CELL_UNSEEN", "7（单元格格式使它不显示）")),
        (
            "table:formula=\"of:=['file:///D:/other.ods'#$Sheet1.A1]\" " + FLOAT,
            ("CELL_LINKED", "引用了“file:///D:/other.ods”"),
        ),
        (
            'table:formula="of:=DDE(&quot;soffice&quot;;&quot;a&quot;;&quot;b&quot;)" ' + FLOAT,
            ("CELL_LINKED", "引用了“soffice”"),
        ),
    ],
)
def test_what_an_ods_shows_otherwise(cell: str, told: tuple[str, str] | None) -> None:
    assert doubts(ods_cell(cell, T_STYLES)) == ({(2, 1): told} if told else {})


RULED_STYLES = T_STYLES + (
    '<style:style style:name="W_5f_1" style:display-name="W_1"><style:text-properties fo:color="#ffffff"/></style:style>'
    '<style:style style:name="T"><style:text-properties fo:font-size="1pt"/></style:style>'
    '<style:style style:name="M" style:family="table-cell"><style:map style:condition="{}" style:apply-style-name="{}"/></style:style>'
    '<number:number-style style:name="N9"><style:map style:condition="value()&gt;=0" style:apply-style-name="W"/></number:number-style>'
)
GONE, UNSURE = "CELL_UNSEEN", "CELL_MAYBE_UNSEEN"


@pytest.mark.parametrize(
    ("condition", "style", "code"),
    [
        ("cell-content()=7", "W", GONE),
        ("cell-content()&gt;7", "W", ""),
        ("cell-content()!=8", "L", GONE),
        ("cell-content()=7", "R", ""),
        ("cell-content-is-between(1,7)", "W", GONE),
        ("cell-content-is-not-between(1,7)", "W", ""),
        ("is-true-formula(1)", "W", GONE),
        ("is-true-formula([.A1]=1)", "W", UNSURE),
        ("is-true-formula([.A1]=1)", "R", ""),
    ],
)
def test_what_a_condition_of_an_ods_hides_is_told(condition: str, style: str, code: str) -> None:
    seen = doubts(ods_cell(f'table:style-name="M" {FLOAT}', RULED_STYLES.format(condition, style)))
    assert [told for told, _ in seen.values()] == ([code] if code else [])


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ('<calcext:condition calcext:apply-style-name="W_1" calcext:value="&gt;1"/>', GONE),
        ('<calcext:condition calcext:apply-style-name="R" calcext:value="&gt;1"/>', ""),
        ('<calcext:condition calcext:apply-style-name="W_1" calcext:value="formula-is([.A1])"/>', UNSURE),
        ('<calcext:data-bar calcext:show-value="false"/>', GONE),
        ("<calcext:data-bar/>", ""),
    ],
)
def test_what_a_condition_behind_the_cells_of_an_ods_hides_is_told(rule: str, code: str) -> None:
    row = f"<table:table-row><table:table-cell {FLOAT}</table:table-cell></table:table-row>"
    rules = (
        f'<calcext:conditional-format calcext:target-range-address="表.A1:表.B9">{rule}</calcext:conditional-format>'
    )
    behind = f"<calcext:conditional-formats>{rules}</calcext:conditional-formats>"
    seen = doubts(inspect(ods_sheet(row + behind, styles=RULED_STYLES.format("", ""))))
    assert {place: told for place, (told, _) in seen.items()} == ({(0, 0): code} if code else {})


def test_letters_nobody_can_read_are_not_seen() -> None:
    assert [code for code, _ in doubts(ods_cell(f'table:style-name="T" {FLOAT}', RULED_STYLES)).values()] == [GONE]
    content = xls(lambda sheet: sheet.write(50, 0, 7, xlwt.easyxf("font: height 20")))
    assert [code for code, _ in doubts(inspect(content)).values()] == [GONE]


def test_a_covered_value_is_not_seen() -> None:
    row = '<table:table-row><table:table-cell table:number-columns-spanned="2"/><table:covered-table-cell {}/></table:table-row>'
    seen = inspect(ods_sheet(row.format('office:value-type="float" office:value="3"')))
    assert doubts(seen) == {(0, 1): ("CELL_UNSEEN", "“3”（被合并的格盖住）")}


def test_hidden_rows_columns_and_sheets_of_an_ods() -> None:
    rows = (
        '<table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/>'
        + CELL.format('table:visibility="collapse" table:number-rows-repeated="2"', "")
        + CELL.format('table:visibility="filter"', "")
        + CELL.format("", "")
        + CELL.format('table:style-name="ro1"', "")
    )
    styles = '<style:style style:name="ro1"><style:table-row-properties style:row-height="0.1mm"/></style:style>'
    styles += '<style:style style:name="ta1" style:family="table"><style:table-properties table:display="false"/></style:style>'
    content = ods_sheet(rows, styles=styles, table='table:style-name="ta1"')
    look = inspect(content).notes.seen["表"]
    assert (look.hidden, look.rows, look.cols) == (True, {0: False, 1: False, 2: True, 4: False}, {1, 2})


def test_noughts_of_an_ods_that_shows_none_are_told() -> None:
    item = '<a xmlns:config="c"><config:config-item config:name="ShowZeroValues">{}</config:config-item><config:config-item/></a>'
    row = "<table:table-row><table:table-cell office:value-type='float' office:value='0'><text:p>0</text:p></table:table-cell></table:table-row>"
    told = {(0, 0): ("CELL_MAYBE_UNSEEN", "0（这张表设为不显示零值）")}
    for said, expected in (("false", told), ("true", {}), ("<", {})):
        assert doubts(inspect(ods_sheet(row, extra={"settings.xml": item.format(said)}))) == expected


def test_a_sheet_taken_from_another_file_is_told_by_its_cells() -> None:
    content = ods_sheet('<table:table-source xlink:href="file:///D:/a.ods"/>' + CELL.format("", ""))
    assert doubts(inspect(content)) == {(0, 0): ("CELL_LINKED", "引用了“file:///D:/a.ods”")}


@pytest.mark.parametrize("name", ["Basic/Standard/Module1.xml", "Scripts/python/a.py"])
def test_macros_of_an_ods_are_told_and_its_values_read(name: str) -> None:
    seen = inspect(ods_sheet(CELL.format("", ""), extra={name: "<a/>"}))
    assert grid(seen) == [[1]]
    assert seen.notes.parts == (("MACROS_IGNORED", f"部件“{name.lower()}”"),)


def test_a_repeated_cell_stands_wherever_it_is_repeated() -> None:
    cell = '<table:table-cell table:number-columns-repeated="2" office:value-type="percentage" office:value="1"/>'
    seen = inspect(ods_sheet(f'<table:table-row table:number-rows-repeated="2">{cell}</table:table-row>'))
    assert grid(seen) == [["100%", "100%"]] * 2


def test_a_flat_ods_is_read_like_one_in_parts() -> None:
    flat = (
        f'<?xml version="1.0"?>\n<office:document {ODS_NAMES} office:mimetype="{SPREADSHEET}"><office:automatic-styles>{T_STYLES}'
        '</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="表">'
        + CELL.format("", 'table:style-name="W"')
        + "</table:table></office:spreadsheet></office:body></office:document>"
    )
    seen = inspect(flat.encode())
    assert grid(seen) == [[1]]
    assert doubts(seen) == {(0, 0): ("CELL_UNSEEN", "1（字与底色相同，看不见）")}


def test_other_prefixes_are_not_taken_for_an_empty_file() -> None:
    content = ods_sheet(
        "", extra={"content.xml": '<o:document-content xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0"/>'}
    )
    assert inspect(content).refused == "FILE_BAD_MEMBERS"


# xls


def test_values_of_an_xls() -> None:
    def fill(sheet: Any) -> None:
        for nth, form in enumerate(("0%", "0.00%", "0.0%", "0.00")):
            sheet.write(50, nth, 0.05, xlwt.easyxf(num_format_str=form))
        sheet.row(52).set_cell_error(0, "#REF!")
        sheet.row(52).set_cell_boolean(1, value=True)
        sheet.write(53, 0, xlwt.Formula("SUM(B1:B2)*(1+1)"))
        sheet.write(53, 1, xlwt.Formula("SUM(B1:B2)"))
        sheet.write(54, 0, date(2023, 3, 5), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
        sheet.write(54, 1, AT_NOON, xlwt.easyxf(num_format_str="yyyy/m/d h:mm"))
        sheet.write(54, 2, 0.5, xlwt.easyxf(num_format_str="h:mm"))
        sheet.write(54, 3, 1.5, xlwt.easyxf(num_format_str="[h]:mm"))
        sheet.write(55, 0, 12, xlwt.easyxf(num_format_str='0.0"万"'))
        sheet.write(55, 1, 12, xlwt.easyxf(num_format_str="0.00E+00"))
        sheet.write(56, 0, "长" * 20_000)
        sheet.write(56, 1, "é" * 9)

    rows = grid(inspect(xls(fill)))
    assert rows[0] == ["县", 0.5]
    assert rows[50] == ["5%", "5%", "5%", 0.05]
    assert rows[52:54] == [["#REF!", True], [UNCALCULATED] * 2]
    assert rows[54] == [date(2023, 3, 5), AT_NOON, time(12), timedelta(hours=36)]
    assert rows[55] == ['12（单元格格式为“0.0"万"”，显示的不是这个数）', 12]
    assert rows[56] == ["长" * 20_000, "é" * 9]


def test_days_of_an_xls_since_1904() -> None:
    content = xls(lambda sheet: sheet.write(50, 0, 1, xlwt.easyxf(num_format_str="yyyy-mm-dd")))
    content = patched(content, b"\x22\x00\x02\x00\x00\x00", b"\x22\x00\x02\x00\x01\x00")
    assert grid(inspect(content))[50] == [date(1904, 1, 2)]


def test_an_empty_text_as_result_is_a_blank_cell_of_an_xls() -> None:
    content = xls(lambda sheet: sheet.write(50, 0, xlwt.Formula('IF(A1="","","")')))
    at = content.index(struct.pack("<HHH", 50, 0, 0x11)) + 6
    content = content[:at] + b"\x03" + content[at + 1 :]
    assert len(grid(inspect(content))) == 40


def test_what_an_xls_shows_otherwise() -> None:
    def fill(sheet: Any) -> None:
        struck, raised = xlwt.easyfont("struck_out on"), xlwt.easyfont("escapement superscript")
        sheet.write_rich_text(50, 0, (("9", struck), "1"))
        sheet.write_rich_text(50, 1, ("5", ("1", raised)))
        sheet.write(50, 2, 7, xlwt.easyxf("font: struck_out on"))
        sheet.write(50, 3, 8, xlwt.easyxf("font: color white"))
        sheet.write(50, 4, 9, xlwt.easyxf("font: color red; pattern: pattern solid, fore_color red"))
        sheet.write(50, 5, 9, xlwt.easyxf("font: color white; pattern: pattern solid, fore_color red"))
        sheet.write(50, 6, "有", xlwt.easyxf(num_format_str=";;;"))
        sheet.row(51).hidden = True
        sheet.write(51, 0, 1)
        sheet.col(6).hidden = True

    seen = inspect(xls(fill))
    assert grid(seen)[50] == ["91", "51", 7, 8, 9, 9, "有"]
    assert doubts(seen) == {
        (50, 0): ("CELL_STRUCK", "91（“9”画了删除线）"),
        (50, 1): ("CELL_SUPERSCRIPT", "51（“1”是上标或下标）"),
        (50, 2): ("CELL_STRUCK", "7（画了删除线）"),
        (50, 3): ("CELL_UNSEEN", "8（字与底色相同，或格式不显示内容）"),
        (50, 4): ("CELL_UNSEEN", "9（字与底色相同，或格式不显示内容）"),
        (50, 6): ("CELL_UNSEEN", "有（字与底色相同，或格式不显示内容）"),
    }
    look = seen.notes.seen["表"]
    assert (look.rows, look.cols) == ({51: False}, {6})


def test_noughts_of_an_xls_that_shows_none_are_told() -> None:
    def fill(sheet: Any) -> None:
        sheet.show_zero_values = False
        sheet.write(50, 0, 0)

    assert doubts(inspect(xls(fill))) == {(50, 0): ("CELL_MAYBE_UNSEEN", "0（这张表设为不显示零值）")}


def test_a_covered_value_of_an_xls_is_not_seen() -> None:
    def fill(sheet: Any) -> None:
        sheet.merged_ranges.append((50, 51, 0, 1))
        sheet.write(50, 0, 1)
        sheet.write(51, 1, 2)

    assert doubts(inspect(xls(fill))) == {(51, 1): ("CELL_UNSEEN", "“2”（被合并的格盖住）")}


@pytest.mark.parametrize("state", [1, 2])
def test_a_hidden_sheet_of_an_xls(state: int) -> None:
    content = xls()
    at = content.index(b"\x85\x00", 512) + 4 + 4
    assert inspect(content[:at] + bytes([state]) + content[at + 1 :]).notes.seen["表"].hidden


def test_two_contents_of_one_cell_are_told() -> None:
    stream = xls_stream(xls(lambda sheet: sheet.write(50, 0, 1 / 3)))
    number = struct.pack("<HHHHHd", 0x203, 14, 50, 0, 0x11, 1 / 3)
    assert stream.count(number) == 1
    seen = inspect(stream.replace(number, number + number[:10] + struct.pack("<d", 2.5)))
    assert doubts(seen) == {(50, 0): ("CELL_TWICE", f"{1 / 3}；2.5")}


def test_a_formula_of_figures_that_shows_something_else_is_told() -> None:
    content = xls(lambda sheet: sheet.write(50, 0, xlwt.Formula("1+1*3")))
    at = content.index(struct.pack("<HHH", 50, 0, 0x11)) + 6
    seen = inspect(content[:at] + struct.pack("<d", 500) + content[at + 8 :])
    assert doubts(seen) == {(50, 0): ("CELL_CONTRADICTS", "公式算出4，显示500")}
    assert doubts(inspect(content[:at] + struct.pack("<d", 4) + content[at + 8 :])) == {}


@pytest.mark.parametrize(
    ("formula", "result"), [("SUM(1,2,1)", 4), ("SUM(4)", 4), ("SUM(1+1,2)", 4), ("1+SUM(1,2)", 4)]
)
def test_a_sum_of_figures_that_shows_something_else_is_told(formula: str, result: float) -> None:
    content = xls(lambda sheet: sheet.write(50, 0, xlwt.Formula(formula)))
    at = content.index(struct.pack("<HHH", 50, 0, 0x11)) + 6
    for shown, told in ((500, [f"公式算出{result:g}，显示500"]), (result, [])):
        seen = inspect(content[:at] + struct.pack("<d", shown) + content[at + 8 :])
        assert [words for _, words in doubts(seen).values()] == told


def macro_sheet() -> bytes:
    """An xls whose sheet says that it holds Excel 4 macros."""
    content = xls()
    at = content.index(b"\x85\x00", 512) + 4 + 5
    return content[:at] + b"\x01" + content[at + 1 :]


def test_macros_of_an_xls_are_told() -> None:
    seen = inspect(with_storage(xls(), "_VBA_PROJECT_CUR"))
    assert seen.notes.parts == (("MACROS_IGNORED", "有VBA宏"),)
    assert len(grid(seen)) == 40
    assert inspect(macro_sheet()).found == "里面没有工作表"


def linked_xls(formula: str) -> bytes:
    """An xls that refers to another workbook instead of its own sheets."""
    content = xls(lambda sheet: sheet.write(50, 0, xlwt.Formula(formula)))
    at = content.index(struct.pack("<HHH", 50, 0, 0x11)) + 6
    content = content[:at] + struct.pack("<d", 4) + content[at + 8 :]
    return content.replace(b"\xae\x01\x04\x00\x01\x00\x01\x04", b"\xae\x01\x04\x00\x01\x00\x02\x00")


def test_links_of_an_xls_are_told_by_the_cells_that_use_them() -> None:
    used = inspect(linked_xls("1+'表'!B1"))
    assert [code for code, _ in doubts(used).values()] == ["CELL_LINKED"]
    assert used.notes.parts == ()
    content = linked_xls("1+'表'!B1")
    at = content.index(struct.pack("<HHH", 50, 0, 0x11)) + 22 + 3
    unused = inspect(content[:at] + b"\x1e\x01\x00\x1e\x01\x00\x12" + content[at + 7 :])
    assert (doubts(unused), unused.notes.parts) == ({}, (("LINKS_UNUSED", "“别的文件”"),))


# xlsb


def test_values_of_an_xlsb() -> None:
    rk = struct.pack("<III", 0, 1, 5 << 2 | 2 | 1)
    cells = (
        record(0, struct.pack("<IIHH", 4, 0, 0, 0))
        + record(2, rk)
        + record(5, struct.pack("<IId", 1, 1, 0.5))
        + record(3, struct.pack("<IIB", 2, 0, 0x17))
        + record(11, struct.pack("<IIB", 3, 0, 0x07))
        + record(8, struct.pack("<II", 4, 0) + wide_text(""))
        + record(1, struct.pack("<II", 5, 1))
        + record(9, struct.pack("<IId", 6, 0, 0.5))
        + record(8, struct.pack("<II", 7, 0) + wide_text("") + bytes(10))
        + record(6, struct.pack("<II", 8, 0) + wide_text("五"))
        + record(4, struct.pack("<IIB", 9, 0, 1))
    )
    row = ["5%", "50%", "#REF!", "#DIV/0!", UNCALCULATED, "", 0.5, "", "五", True]
    assert grid(inspect(xlsb(cells))) == [[], [], [], [], row]


def test_cells_of_an_xlsb_that_name_no_column_are_read() -> None:
    style = struct.pack("<I", 0)
    cells = (
        record(0, struct.pack("<IIHH", 0, 0, 0, 0))
        + record(5, struct.pack("<IId", 1, 0, 1.5))
        + record(12, style)
        + record(16, style + struct.pack("<d", 2.5))
        + record(13, style + struct.pack("<I", 7 << 2 | 2))
        + record(17, style + wide_text("七"))
        + record(15, style + b"\x01")
    )
    assert grid(inspect(xlsb(cells))) == [["", 1.5, "", 2.5, 7, "七", True]]


def test_hidden_rows_and_columns_of_an_xlsb() -> None:
    cells = (
        record(60, struct.pack("<4IH", 2, 3, 0x900, 0, 1))
        + record(0, struct.pack("<IIHH", 3, 0, 0, 0x1000))
        + record(5, struct.pack("<IId", 0, 0, 1))
    )
    cells += record(5, struct.pack("<IId", 1, 0, 2)) + record(176, struct.pack("<4I", 3, 3, 0, 1))
    seen = inspect(xlsb(cells))
    look = seen.notes.seen["表"]
    assert (look.rows, look.cols) == ({3: False}, {2, 3})
    assert doubts(seen) == {(3, 1): ("CELL_UNSEEN", "“2”（被合并的格盖住）")}


def test_a_formula_of_figures_of_an_xlsb_that_shows_something_else_is_told() -> None:
    formula = b"\x1e\x01\x00\x1e\x01\x00\x03"  # 1+1
    for shown, told in ((500.0, {(0, 0): ("CELL_CONTRADICTS", "公式算出2，显示500")}), (2.0, {})):
        cell = struct.pack("<IIdHI", 0, 0, shown, 0, len(formula)) + formula + bytes(4)
        seen = inspect(xlsb(record(0, struct.pack("<IIHH", 0, 0, 0, 0)) + record(9, cell)))
        assert (grid(seen), doubts(seen)) == ([[shown]], told)


def test_comments_and_pictures_of_an_xlsb_are_noted_by_their_cell() -> None:
    place = struct.pack("<I4I", 0, 6, 6, 3, 3) + bytes(16)
    comments = record(635, place) + record(637, b"\0" + wide_text("本季度没有")) + record(636, b"")
    anchor = "<x:from><x:col>4</x:col><x:row>7</x:row></x:from><x:to><x:col>4</x:col><x:row>7</x:row></x:to><x:pic/>"
    space = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    members: dict[str, bytes | str] = {
        "xl/worksheets/_rels/sheet1.bin.rels": relations(
            rId1=("comments", "../comments1.bin"), rId2=("drawing", "../drawing1.xml")
        ),
        "xl/comments1.bin": comments,
        "xl/drawing1.xml": f'<x:wsDr xmlns:x="{space}"><x:twoCellAnchor>{anchor}</x:twoCellAnchor></x:wsDr>',
    }
    cells = record(0, struct.pack("<IIHH", 0, 0, 0, 0)) + record(5, struct.pack("<IId", 0, 0, 1))
    seen = inspect(zipped(members_of(xlsb(cells)) | members))
    assert (seen.refused, seen.found) == ("", "")
    assert seen.notes.seen["表"].beside == {(6, 3): "批注“本季度没有”", (7, 4): "一张图片"}


# what was locked is read


@pytest.mark.parametrize("lock", [locked.xls_rc4, locked.xls_cryptoapi, locked.xls_xor])
def test_an_xls_that_opens_without_asking_is_read(lock: Callable[[bytes], bytes]) -> None:
    def fill(sheet: Any) -> None:
        sheet.write(5, 3, "文字，" * 500)
        sheet.write(6, 3, 12_345.5)

    content = xls(fill, rows=120)
    assert grid(inspect(lock(content))) == grid(inspect(content))


# LibreOffice


@pytest.fixture(scope="module")
def looks(office: Session, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Inspection]:
    """One workbook with everything in it that a value does not say, saved by LibreOffice."""
    path = tmp_path_factory.mktemp("looks") / "in.xlsx"
    path.write_bytes(everything())
    return {kind: inspect(office.saved_as(kind, path)) for kind in ("xls", "ods")}


def everything() -> bytes:
    out, picture = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(picture, "PNG")
    with xlsxwriter.Workbook(out) as book:
        sheet, hidden, filtered = book.add_worksheet("表"), book.add_worksheet("暗"), book.add_worksheet("筛")
        struck, raised, bold = (
            book.add_format(one) for one in ({"font_strikeout": 1}, {"font_script": 1}, {"bold": 1})
        )
        sheet.write_rich_string("A1", struck, "9", bold, "1")
        sheet.write_rich_string("B1", "5", raised, "1", bold, " ")
        sheet.write("C1", 7, struck)
        sheet.write("D1", 8, book.add_format({"font_color": "#FFFFFF"}))
        sheet.write("A3", 2)
        sheet.set_row(2, None, None, {"hidden": 1})
        sheet.set_column("G:G", None, None, {"hidden": 1})
        sheet.write_comment("B2", "说明一下")
        sheet.insert_textbox("C3", "文本框里的字")
        sheet.insert_image("D4", "a.png", {"image_data": picture})
        sheet.write_formula("A5", '=IF(A6="","",A6)', None, "")
        sheet.write_formula("C5", "='[other.xlsx]Sheet1'!A1", None, 77)
        white, struck_by_rule = book.add_format({"font_color": "#FFFFFF"}), book.add_format({"font_strikeout": 1})
        for nth, rule in enumerate(
            (
                {"type": "cell", "criteria": "=", "value": 5, "format": white},
                {"type": "cell", "criteria": "between", "minimum": 1, "maximum": 4, "format": white},
                {"type": "formula", "criteria": '=$A$1="x"', "format": struck_by_rule},
                {"type": "cell", "criteria": ">", "value": 1, "format": bold},
            )
        ):
            sheet.write(7, nth, 5)
            sheet.conditional_format(7, nth, 7, nth, rule)
        hidden.write("A1", 5)
        hidden.hide()
        for row in (("a", "b"), ("x", 1), ("y", 2)):
            filtered.write_row(len("abxy".partition(row[0])[0]) // 2 if row[0] != "y" else 2, 0, row)
        filtered.autofilter("A1:B3")
        filtered.filter_column("A", "x == x")
        filtered.set_row(2, None, None, {"hidden": 1})
    return out.getvalue()


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_what_libreoffice_saves_is_seen_as_its_officer_sees_it(kind: str, looks: dict[str, Inspection]) -> None:
    seen = looks[kind]
    assert grid(seen)[4] == ["", "", 77]
    look = seen.notes.seen["表"]
    assert (look.rows, look.cols, seen.notes.seen["暗"].hidden, seen.notes.seen["筛"].rows) == (
        {2: False},
        {6},
        True,
        {2: True},
    )
    assert {place: code for place, (code, _) in doubts(seen).items()} == {
        (0, 0): "CELL_STRUCK",
        (0, 1): "CELL_SUPERSCRIPT",
        (0, 2): "CELL_STRUCK",
        (0, 3): "CELL_UNSEEN",
        (4, 2): "CELL_LINKED",
        (7, 0): "CELL_UNSEEN",
        (7, 2): "CELL_MAYBE_UNSEEN",
    }
    assert look.beside == {(1, 1): "批注“说明一下”", (3, 2): "文本框“文本框里的字”", (3, 3): "一张图片"}
