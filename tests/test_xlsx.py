"""What an xlsx says is what its officer saw: values, and whatever makes a value unsure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.reading.formats.notes import Seen
from pipeline.reading.guard import Inspection, inspect
from tests.hostile import MAIN, RELATION, relations, xlsx, xlsx_sheet, zipped
from tests.hostile import members_of as parts_of

if TYPE_CHECKING:
    from pipeline.domain.value import Raw

NUMBERS = {"164": "yyyy-mm-dd", "165": "0.0%", "166": ";;;", "167": 'yyyy"年"m"月"', "168": '0.00"%以内"'}
RED, WHITE = '<color rgb="FFFF0000"/>', '<color theme="0"/>'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts>'
    + "".join(f"<numFmt numFmtId='{n}' formatCode='{code.replace(chr(34), '&quot;')}'/>" for n, code in NUMBERS.items())
    + f"</numFmts><fonts><font/><font><strike/></font><font>{WHITE}</font><font>{RED}</font>"
    "<font><strike val='0'/></font><font><color rgb='FFF8F8F8'/></font></fonts>"
    '<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    f'<fill><patternFill patternType="solid">{RED.replace("color", "fgColor")}</patternFill></fill></fills>'
    '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>'
    '<xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="31"/>'
    '<xf fontId="1"/><xf fontId="2"/><xf fontId="3" fillId="2"/><xf fontId="2" fillId="2"/><xf fontId="4"/><xf fontId="5"/>'
    "</cellXfs><dxfs><dxf><font><strike/></font></dxf><dxf><font><color rgb='FFFFFFFF'/></font></dxf>"
    "<dxf><numFmt numFmtId='170' formatCode=';;;'/></dxf><dxf><font><color rgb='FFFF0000'/></font><fill><patternFill>"
    "<bgColor rgb='FFFF0000'/></patternFill></fill></dxf><dxf><font><color rgb='FFFF0000'/></font><border><left>"
    "<color rgb='FFFFFFFF'/></left></border></dxf></dxfs></styleSheet>"
)
DATE, SHARE, NOTHING, CHINESE_DATE, STRUCK, ON_WHITE, RED_ON_RED, WHITE_ON_RED, NOT_STRUCK, NEARLY_WHITE = range(1, 11)


def looked(rows: str, **more: Any) -> Inspection:
    """A workbook whose sheet has these rows."""
    more["parts"] = {"xl/styles.xml": STYLES} | more.get("parts", {})
    return inspect(xlsx_sheet(rows, **more))


def value(cell: str, **more: Any) -> Raw:
    """What the one cell of a sheet is read as."""
    seen = looked(f"<row r='3'>{cell}</row>", **more)
    assert seen.refused == "", seen.found
    (grid,) = (seen.notes.grids or {}).values()
    return grid[2][1] if len(grid) > 2 and len(grid[2]) > 1 else ""


def doubt(cells: str, **more: Any) -> tuple[str, str]:
    """What is said of B3."""
    seen = looked(f"<row r='3'>{cells}</row>", **more)
    assert seen.refused == "", seen.found
    found = seen.notes.seen["Sheet"].doubts.get((2, 1)) if "Sheet" in seen.notes.seen else None
    return (found.code, found.seen) if found else ("", "")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("<c r='B3'><v>1<!-- a -->2</v></c>", 12),
        ("<c r='B3'><v>1&#50;</v></c>", 12),
        ("<c r='B3'><v><![CDATA[12]]></v></c>", 12),
        ("<c r='B3'><v>\n 12 </v></c>", 12),
        ("<c r='B3'><v>1<?a b?>2</v></c>", 12),
        ("<c r='B3' t='n'><v>1.20E+1</v></c>", 12),
        ("<c r='B3'><v>12.0</v></c>", 12),
        ("<c r='B3'><v>0.1</v></c>", 0.1),
        ("<c r='B3'><v>-3</v></c>", -3),
        ("<c r='B3'><v/><extLst><ext uri='a'><v>7</v></ext></extLst></c>", ""),
        ("<c r='B3'><v>12</v><extLst><ext uri='a'><q:v xmlns:q='q'>7</q:v></ext></extLst></c>", 12),
        ("<c r='B3'><v>12</v><q:v xmlns:q='q'>7</q:v></c>", 12),
        ("<c r='B3' q:t='e' xmlns:q='q'><v>12</v></c>", 12),
        (
            "<c r='B3'><v>１２</v></c>",
            "１２",
        ),  # full-width digits are no number of the format: cells.py judges the text
        ("<c r='B3' t='b'><v>1</v></c>", True),
        ("<c r='B3' t='b'><v>0</v></c>", False),
        ("<c r='B3' t='s'><v/></c>", ""),
        ("<c r='B3' t='s'/>", ""),
        ("<c r='B3' t='str'><v> 五_x000D_\n场_x005F_x000D_ </v></c>", " 五\r\n场_x000D_ "),
        ("<c r='B3' t='inlineStr'><is><t>五</t></is></c>", "五"),
        ("<c r='B3' t='inlineStr'>\n <is>\n  <r>\n <t>1</t>\n </r>\n <r>\n <t>2</t>\n </r>\n</is>\n</c>", "12"),
        (
            "<c r='B3' t='inlineStr'><is><t>昆明</t><rPh sb='0' eb='2'><t>コンメイ</t></rPh><phoneticPr fontId='1'/></is></c>",
            "昆明",
        ),
        ("<c r='B3' t='inlineStr'><is><t xml:space='preserve'> 5 </t></is></c>", " 5 "),
        ("<c r='B3' t='d'><v>2023-02-15</v></c>", date(2023, 2, 15)),
        ("<c r='B3' t='d'><v>2023-02-15T00:00:00</v></c>", date(2023, 2, 15)),
        (f"<c r='B3' s='{DATE}'><v>44972</v></c>", date(2023, 2, 15)),
        (f"<c r='B3' s='{CHINESE_DATE}'><v>44972</v></c>", date(2023, 2, 15)),
        (f"<c r='B3' s='{SHARE}'><v>0.05</v></c>", "5%"),
        ("<c r='B3' t='str'><f>IF(M12=\"\",\"\",M12)</f><v></v></c>", ""),
        ("<c r='B3' t='str'><f>A1</f><v/></c>", ""),
        ("<c r='B3'><f>A1</f><v>12</v></c>", 12),
        ("<c r='A3'/><c><v>12</v></c>", 12),
        ("<c r='b3'><v>12</v></c>", 12),
        ("<x:c xmlns:x='q' r='B3'><x:v>12</x:v></x:c>", ""),
    ],
)
def test_a_cell_is_read_as_its_officer_sees_it(cell: str, expected: Raw) -> None:
    assert value(cell) == expected


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("<c r='B3'><v>1</v><v>2</v></c>", "two values"),
        ("<c r='B3'><v>1<q:x xmlns:q='q'/>2</v></c>", "something inside a value"),
        ("<c r='B3'><v>5</v><is><t>7</t></is></c>", "a value and a text"),
        ("<c r='B3' t='s'><v>-1</v></c>", "a text that is none"),
        ("<c r='B3' t='s'><v>99</v></c>", "a text that is not there"),
    ],
)
def test_a_cell_nobody_can_tell_makes_the_file_a_damaged_one(cell: str, why: str) -> None:
    assert looked(f"<row r='3'>{cell}</row>").refused == "FILE_DAMAGED", why


def test_days_counted_from_1904() -> None:
    book = BOOK.format("").replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    assert value(f"<c r='B3' s='{DATE}'><v>43510</v></c>", parts={"xl/workbook.xml": book}) == date(2023, 2, 15)


RUNS = "<c r='B3' t='inlineStr'><is>{}</is></c>"
STRUCK_RUN = "<r><rPr><strike/></rPr><t>9</t></r>"


@pytest.mark.parametrize(
    ("cell", "code", "seen"),
    [
        (RUNS.format(f"{STRUCK_RUN}<r><t>1</t></r>"), "CELL_STRUCK", "（已划去：9）1"),
        (
            RUNS.format("<r><t>5</t></r><r><rPr><vertAlign val='superscript'/></rPr><t>1</t></r>"),
            "CELL_SUPERSCRIPT",
            "5（上下标：1）",
        ),
        (RUNS.format("<r><rPr><strike val='0'/></rPr><t>9</t></r>"), "", ""),
        (RUNS.format("<r><t>9</t></r><r><rPr><strike/></rPr><t> </t></r>"), "", ""),
        (RUNS.format(f"<r><t>1</t></r><r><rPr>{WHITE}</rPr><t>0</t></r>"), "CELL_UNSEEN", "1（白字：0）"),
        (
            RUNS.format(f"<r><t>1</t></r><r><rPr>{WHITE}</rPr><t>0</t></r>").replace("<c ", f"<c s='{WHITE_ON_RED}' "),
            "",
            "",
        ),
        (f"<c r='B3' s='{STRUCK}'><v>9</v></c>", "CELL_STRUCK", "（已划去：9）"),
        (f"<c r='B3' s='{NOT_STRUCK}'><v>9</v></c>", "", ""),
        (f"<c r='B3' s='{STRUCK}'/>", "", ""),
        (f"<c r='B3' s='{ON_WHITE}'><v>9</v></c>", "CELL_UNSEEN", "“9”（字与底色相同，或格式不显示内容）"),
        (f"<c r='B3' s='{NEARLY_WHITE}'><v>9</v></c>", "CELL_UNSEEN", "“9”（字与底色相同，或格式不显示内容）"),
        (f"<c r='B3' s='{RED_ON_RED}'><v>9</v></c>", "CELL_UNSEEN", "“9”（字与底色相同，或格式不显示内容）"),
        (f"<c r='B3' s='{WHITE_ON_RED}'><v>9</v></c>", "", ""),
        (f"<c r='B3' s='{NOTHING}' t='str'><v>有</v></c>", "CELL_UNSEEN", "“有”（字与底色相同，或格式不显示内容）"),
        ("<c r='B3'><v>1</v></c><c r='B3'><v>12</v></c>", "CELL_TWICE", "先“1”，后“12”"),
        ("<c r='B3'><v>1</v></c><c r='C3'/><c r='B3'/>", "CELL_TWICE", "先“1”，后“1”"),
        ("<c r='B3'/><c r='B3'><v>12</v></c>", "CELL_TWICE", "先“”，后“12”"),
        ("<c r='B3'><v>1</v></c></row><row r='3'><c r='B3'><v>2</v></c>", "CELL_TWICE", "先“1”，后“2”"),
        ("<c r='C3'><v>1</v></c><c r='B3'><v>12</v></c>", "", ""),
        ("<c r='B3'><f>1+1</f><v>500</v></c>", "CELL_CONTRADICTS", "公式“=1+1”应得2，显示的是500"),
        ("<c r='B3'><f>(3+5)*2/4-1</f><v>3</v></c>", "", ""),
        ("<c r='B3'><f>9**9**9**9</f><v>3</v></c>", "", ""),
        ("<c r='B3' t='str'><f>1+1</f><v>500</v></c>", "CELL_CONTRADICTS", "公式“=1+1”应得2，显示的是500"),
        (
            "<c r='B3'><f>SUM(1,2*3,10%)</f><v>500</v></c>",
            "CELL_CONTRADICTS",
            "公式“=SUM(1,2*3,10%)”应得7.1，显示的是500",
        ),
        ("<c r='B3'><f>2</f><v>500</v></c>", "CELL_CONTRADICTS", "公式“=2”应得2，显示的是500"),
        ("<c r='B3'><f>SUM(1,2*3,10%)</f><v>7.1</v></c>", "", ""),
        ("<c r='B3'><f>SUM(A1:A2)</f><v>500</v></c>", "", ""),
        ('<c r="B3"><f>_xlfn.IMAGE("http://a/b.png")</f><v>0</v></c>', "CELL_PICTURE", "一张图片（嵌入单元格）"),
        ("<c r='B3'><f>A1+1</f><v>500</v></c>", "", ""),
        ("<c r='B3'><f>1/0</f><v>500</v></c>", "", ""),
        (
            '<c r="B3" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>',
            "CELL_PICTURE",
            "一张图片（嵌入单元格）",
        ),
        ('<c r="B3" t="e"><f>_xlfn.DISPIMG("ID_1",1)</f><v>#NAME?</v></c>', "CELL_PICTURE", "一张图片（嵌入单元格）"),
        ('<c r="B3" t="inlineStr"><is><t>=DISPIMG("ID_1",1)</t></is></c>', "CELL_PICTURE", "一张图片（嵌入单元格）"),
        ("<c r='B3'><f>[1]Sheet1!A1</f><v>5</v></c>", "", ""),
    ],
)
def test_what_makes_a_value_unsure(cell: str, code: str, seen: str) -> None:
    assert doubt(cell) == (code, seen)


@pytest.mark.parametrize(
    ("cell", "end", "code"),
    [
        (
            "<c r='A3'><v>1</v></c><c r='B3'><v>7</v></c>",
            "<mergeCells><mergeCell ref='A3:B4'/></mergeCells>",
            "CELL_UNSEEN",
        ),
        ("<c r='B3'><v>7</v></c>", "<mergeCells><mergeCell ref='B3:C4'/></mergeCells>", ""),
    ],
)
def test_what_merged_cells_cover_is_not_seen(cell: str, end: str, code: str) -> None:
    assert doubt(cell, end=end)[0] == code


BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}" xmlns:q="q"><sheets>'
    '<sheet name="Sheet" sheetId="1" {} q:id="rId9" r:id="rId1"/></sheets></workbook>'
)
EXTERNAL = f'<externalLink xmlns="{MAIN}" xmlns:r="{RELATION}"><externalBook r:id="rId1"/></externalLink>'


def linked(cells: str) -> Inspection:
    """A workbook with a link to another file."""
    links = relations(rId1=("externalLinkPath", "D:/%E4%B8%8A%E6%9C%9F.xlsx")).replace("/>", ' TargetMode="External"/>')
    return looked(
        f"<row r='3'>{cells}</row>",
        parts={
            "xl/_rels/workbook.xml.rels": relations(
                rId1=("worksheet", "worksheets/sheet1.xml"), rId2=("externalLink", "links/a.xml")
            ),
            "xl/links/a.xml": EXTERNAL,
            "xl/links/_rels/a.xml.rels": links,
        },
    )


def test_a_link_no_cell_uses_is_told_and_a_used_one_names_its_cells() -> None:
    unused = linked("<c r='B3'><v>5</v></c>").notes
    assert unused.parts == (("LINKS_UNUSED", "指向“D:/上期.xlsx”"),)
    cells = "<c r='B3'><f t='shared' si='0'>[1]Sheet1!A1</f><v>5</v></c><c r='C3'><f t='shared' si='0'/><v>6</v></c>"
    used = linked(cells).notes
    assert used.parts == ()
    assert {place: one.code for place, one in used.seen["Sheet"].doubts.items()} == {
        (2, 1): "CELL_LINKED",
        (2, 2): "CELL_LINKED",
    }
    assert used.seen["Sheet"].doubts[2, 1].seen == "公式“=[1]Sheet1!A1”，存的结果是“5”"


def test_a_formula_of_another_file_without_a_result_is_no_value() -> None:
    notes = linked("<c r='B3'><f>[1]Sheet1!A1</f></c>").notes
    assert notes.shown == {("Sheet", 2, 1): "=（没有计算结果的公式）"}


def test_hidden_sheets_rows_and_columns_are_noted() -> None:
    book = BOOK.format('state="veryHidden"')
    rows = (
        "<row r='3' hidden='1'><c r='B3'><v>1</v></c></row><row r='4' ht='0' customHeight='1'><c r='B4'><v>1</v></c></row>"
        "<row r='5' hidden='0' ht='0.75'><c r='B5'><v>1</v></c></row>"
        "<row r='6' ht='12'><c r='B6'><v>1</v></c></row><row r='9' hidden='true'/>"
    )
    autofilter = '<autoFilter ref="A3:C8"><filterColumn colId="0"/></autoFilter>'
    columns = "<cols><col min='2' max='3' hidden='1'/><col min='5' max='5' width='0'/><col min='9' max='16384' hidden='0'/></cols>"
    sheet = f'<worksheet xmlns="{MAIN}">{columns}<sheetData>{rows}</sheetData>{autofilter}</worksheet>'
    seen = looked("", parts={"xl/workbook.xml": book, "xl/worksheets/sheet1.xml": sheet}).notes.seen["Sheet"]
    assert (seen.hidden, seen.cols) == (True, {1, 2, 4})
    assert seen.rows == {2: False, 3: True, 4: True, 8: False}  # the filter's own heading is no row of it


def test_a_filter_that_is_not_on_hides_nothing() -> None:
    rows = "<row r='4' hidden='1'><c r='B4'><v>1</v></c></row>"
    assert looked(rows, end="<autoFilter ref='A3:C8'/>").notes.seen["Sheet"].rows == {3: False}


RULE = "<conditionalFormatting sqref='A1 B2:C9'><cfRule type='{}' dxfId='{}' {}</cfRule></conditionalFormatting>"
EQUAL = "operator='equal'><formula>{}</formula>"


@pytest.mark.parametrize(
    ("kind", "look", "rest", "code"),
    [
        *(("cellIs", look, EQUAL.format(0), "CELL_UNSEEN") for look in range(4)),
        ("cellIs", 4, EQUAL.format(0), ""),
        ("cellIs", 1, EQUAL.format(1), ""),
        ("cellIs", 1, EQUAL.format("$A$1"), "CELL_MAYBE_UNSEEN"),
        ("cellIs", 1, "operator='between'><formula>-1</formula><formula>0</formula>", "CELL_UNSEEN"),
        ("cellIs", 1, "operator='greaterThan'><formula>0</formula>", ""),
        ("expression", 1, "><formula>TRUE</formula>", "CELL_UNSEEN"),
        ("expression", 1, "><formula>B3=0</formula>", "CELL_MAYBE_UNSEEN"),
    ],
)
def test_what_a_rule_hides_is_told(kind: str, look: int, rest: str, code: str) -> None:
    assert doubt("<c r='B3'><v>0</v></c>", end=RULE.format(kind, look, rest))[0] == code


X14 = "xmlns:x='http://schemas.microsoft.com/office/spreadsheetml/2009/9/main' xmlns:m='http://schemas.microsoft.com/office/excel/2006/main'"
LATE = (
    f"<extLst><ext {X14} uri='a'><x:conditionalFormattings><x:conditionalFormatting><x:cfRule type='{{}}' {{}}>{{}}</x:cfRule>"
    "<m:sqref>A1 B2:C9</m:sqref></x:conditionalFormatting></x:conditionalFormattings></ext>"
    "<ext uri='b'><x:dataValidation><m:f>5</m:f></x:dataValidation></ext></extLst>"
)
LATE = LATE.replace("<ext uri='b'>", f"<ext {X14} uri='b'>")


@pytest.mark.parametrize(
    ("kind", "rest", "inside", "code"),
    [
        ("cellIs", "operator='equal'", "<m:f>0</m:f><x:dxf><font><strike/></font></x:dxf>", "CELL_UNSEEN"),
        (
            "cellIs",
            "operator='equal'",
            "<m:f> 0 </m:f><x:dxf><font><color rgb='FFFFFFFF'/></font></x:dxf>",
            "CELL_UNSEEN",
        ),
        ("cellIs", "operator='equal'", "<m:f>1</m:f><x:dxf><font><strike/></font></x:dxf>", ""),
        (
            "expression",
            "",
            "<m:f>B3=0</m:f><x:dxf><numFmt numFmtId='170' formatCode=';;;'/></x:dxf>",
            "CELL_MAYBE_UNSEEN",
        ),
        (
            "expression",
            "",
            "<m:f>TRUE</m:f><x:dxf><fill><patternFill><bgColor rgb='FF000000'/></patternFill></fill></x:dxf>",
            "CELL_UNSEEN",
        ),
        (
            "expression",
            "",
            f"<m:f>TRUE</m:f><x:dxf><font><b/>{RED}</font><border><left><color rgb='FFFFFFFF'/></left></border></x:dxf>",
            "",
        ),
        ("dataBar", "", "<x:dataBar showValue='0'><x:cfvo><m:f>3</m:f></x:cfvo></x:dataBar>", "CELL_UNSEEN"),
        ("dataBar", "", "<x:dataBar/>", ""),
        ("iconSet", "", "<x:iconSet showValue='0'/>", "CELL_UNSEEN"),
    ],
)
def test_what_a_rule_of_newer_programs_hides_is_told(kind: str, rest: str, inside: str, code: str) -> None:
    assert doubt("<c r='B3'><v>0</v></c>", end=LATE.format(kind, rest, inside))[0] == code


@pytest.mark.parametrize(("shown", "code"), [("showValue='0'", "CELL_UNSEEN"), ("", "")])
def test_a_bar_in_place_of_a_number_hides_it(shown: str, code: str) -> None:
    rule = f"<conditionalFormatting sqref='B2:C9'><cfRule type='dataBar'><dataBar {shown}/></cfRule></conditionalFormatting>"
    assert doubt("<c r='B3'><v>7</v></c>", end=rule)[0] == code


def test_letters_nobody_can_read_are_not_seen() -> None:
    for size, code in (("1", "CELL_UNSEEN"), ("11", "")):
        styles = STYLES.replace("<font/>", f"<font><sz val='{size}'/></font>", 1)
        assert doubt("<c r='B3' s='0'><v>7</v></c>", parts={"xl/styles.xml": styles})[0] == code


def test_noughts_of_a_sheet_that_shows_none_are_told() -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView showZeros="0"/></sheetViews><sheetData>{{}}</sheetData></worksheet>'
    cells = "<row r='3'><c r='B3'><v>0</v></c><c r='C3'><v>10</v></c><c r='D3' t='b'><v>0</v></c></row>"
    seen = looked("", parts={"xl/worksheets/sheet1.xml": sheet.format(cells)}).notes.seen["Sheet"]
    assert {place: one.code for place, one in seen.doubts.items()} == {(2, 1): "CELL_MAYBE_UNSEEN"}


DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
TEXT = "http://schemas.openxmlformats.org/drawingml/2006/main"
ANCHOR = (
    "<xdr:twoCellAnchor><xdr:from><xdr:col>3</xdr:col><xdr:colOff>9</xdr:colOff><xdr:row>{0}</xdr:row></xdr:from>"
    "<xdr:to><xdr:col>3</xdr:col><xdr:row>{0}</xdr:row></xdr:to>{1}</xdr:twoCellAnchor>"
)


def test_pictures_boxes_comments_and_threads_are_noted_by_their_cell() -> None:
    box = "<xdr:sp><xdr:txBody><a:p><a:r><a:t>见</a:t></a:r><a:r><a:t>附件</a:t></a:r></a:p></xdr:txBody></xdr:sp>"
    drawing = f'<xdr:wsDr xmlns:xdr="{DRAWING}" xmlns:a="{TEXT}">{ANCHOR.format(6, "<xdr:pic/>")}{ANCHOR.format(7, box)}</xdr:wsDr>'
    comments = (
        f'<comments xmlns="{MAIN}"><authors><author>办公室</author></authors><commentList>'
        '<comment ref="B3"><text><r><t>本季度</t></r><r><t>没有</t></r></text></comment>'
        '<comment ref="B4"><text><t>[Threaded comment]\nYour version</t></text></comment>'
        '<comment ref="B5"><text><t>【须改正】漏填</t></text></comment></commentList></comments>'
    )
    threads = (
        '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
        '<threadedComment ref="B4"><text>共12场</text></threadedComment></ThreadedComments>'
    )
    rels = relations(rId1=("drawing", "../drawings/d.xml"), rId2=("comments", "/xl/c.xml")).replace(
        "</Relationships>",
        '<Relationship Id="rId3" Type="http://schemas.microsoft.com/office/2017/10/relationships/threadedComment" '
        'Target="../t.xml"/></Relationships>',
    )
    seen = looked(
        "",
        parts={
            "xl/worksheets/_rels/sheet1.xml.rels": rels,
            "xl/drawings/d.xml": drawing,
            "xl/c.xml": comments,
            "xl/t.xml": threads,
        },
    ).notes.seen["Sheet"]
    assert seen.beside == {
        (6, 3): "一张图片",
        (7, 3): "文本框“见附件”",
        (2, 1): "批注“本季度没有”",
        (3, 1): "批注“共12场”",
    }


TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="r"/>'
    '<Override PartName="/{}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="s"><v>0</v></c><c s="1"><v>44972</v></c></row></sheetData></worksheet>'


@pytest.mark.parametrize(
    "targets",
    [
        ("xl/workbook.xml", "worksheets/sheet1.xml", "sharedStrings.xml", "styles.xml"),
        ("/xl/workbook2.xml", "./worksheets/./a.xml", "../xl/sharedStrings2.xml", "/xl/styles7.xml"),
        ("book/b.xml", "s/1.bin", "../texts", "..\\look.xml"),
        ("XL/Workbook.xml", "Worksheets/Sheet%201.xml", "t.XML", "S.xml"),
    ],
)
def test_parts_are_found_wherever_the_relations_say(targets: tuple[str, str, str, str]) -> None:
    def place(target: str) -> str:
        plain = target.replace("\\", "/").replace("%20", " ").replace("./", "") if ".." not in target else ""
        folder = targets[0].strip("/").rpartition("/")[0]
        if target.startswith(".."):
            return target.replace("\\", "/").removeprefix("../")
        return plain.lstrip("/") if target.startswith("/") else f"{folder}/{plain}"

    book, (sheet, texts, styles) = targets[0].strip("/"), targets[1:]
    folder, _, name = book.rpartition("/")
    members: dict[str, bytes | str] = {
        "[Content_Types].xml": TYPES.format(book),
        "_rels/.rels": relations(a=("officeDocument", targets[0])),
        book: BOOK.format(""),
        f"{folder}/_rels/{name}.rels": relations(
            rId1=("worksheet", sheet), rId2=("sharedStrings", texts), rId3=("styles", styles)
        ),
        place(sheet): SHEET.encode("utf-16"),
        place(texts): "\ufeff" + f'<s:sst xmlns:s="{MAIN}"><s:si><s:t>昆明</s:t></s:si></s:sst>',
        place(styles): STYLES,
    }
    seen = inspect(zipped(members))
    assert (seen.refused, seen.found, seen.notes.grids) == ("", "", {"Sheet": [["昆明", date(2023, 2, 15)]]})


def test_strict_ooxml_is_read_throughout() -> None:
    strict = {
        MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
        RELATION: "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
    members = parts_of(xlsx_sheet("<row><c t='inlineStr'><is><t>昆明</t></is></c></row>"))
    texts = {name: content.decode() if isinstance(content, bytes) else content for name, content in members.items()}
    for old, new in strict.items():
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    assert inspect(zipped(dict(texts))).notes.grids == {"Sheet": [["昆明"]]}


def test_a_decoy_relation_is_not_taken_for_ours() -> None:
    decoy = f'<worksheet xmlns="{MAIN}"><sheetData><row><c><v>500</v></c></row></sheetData></worksheet>'
    seen = looked(
        "<row><c><v>5</v></c></row>",
        parts={
            "xl/workbook.xml": BOOK.format(""),
            "xl/worksheets/d.xml": decoy,
            "xl/_rels/workbook.xml.rels": relations(
                rId1=("worksheet", "worksheets/sheet1.xml"), rId9=("worksheet", "worksheets/d.xml")
            ),
        },
    )
    assert seen.notes.grids == {"Sheet": [[5]]}


def test_sheets_of_one_name_are_not_one_sheet() -> None:
    book = BOOK.format("").replace("</sheets>", '<sheet name="sheet" r:id="rId2"/></sheets>')
    seen = looked(
        "",
        parts={
            "xl/workbook.xml": book,
            "xl/worksheets/b.xml": SHEET,
            "xl/_rels/workbook.xml.rels": relations(
                rId1=("worksheet", "worksheets/sheet1.xml"), rId2=("worksheet", "worksheets/b.xml")
            ),
        },
    )
    assert (seen.refused, seen.found) == ("FILE_BAD_MEMBERS", "有两张工作表都叫“sheet”")


def test_merged_cells_that_overlap_without_end_are_refused() -> None:
    rows = "".join(f"<row r='{r}'>" + "<c><v>1</v></c>" * 100 + "</row>" for r in range(1, 101))
    merges = "<mergeCells>" + "<mergeCell ref='A1:CV100'/>" * 200 + "</mergeCells>"
    assert looked(rows, end=merges).refused == "FILE_BAD_MEMBERS"


def test_far_corners_of_many_sheets_cost_little() -> None:
    members = {name: content for name, content in parts_of(xlsx()).items() if "sheet1" not in name}
    rows = '<row><c r="A1"><v>1</v></c></row><row r="20000"><c r="SF20000"><v>1</v></c></row>'
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    names = [f"s{n}" for n in range(40)]
    listed = "".join(f'<sheet name="{name}" r:id="{name}"/>' for name in names)
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}"><sheets>{listed}</sheets></workbook>'
    parts = {
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": relations(**{n: ("worksheet", f"{n}.xml") for n in names}),
    }
    assert inspect(zipped(members | parts | {f"xl/{name}.xml": sheet for name in names})).refused == "FILE_TOO_FAR"


@pytest.mark.parametrize(("kind", "told"), [("Pict", {(6, 3): "一个图片或嵌入的对象"}), ("Note", {})])
def test_an_object_of_another_program_is_told_by_its_cell(kind: str, told: dict[tuple[int, int], str]) -> None:
    names = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel"'
    data = f'<x:ClientData ObjectType="{kind}"><x:Anchor>\n 3, 15, 6, 2, 4, 31, 7, 1</x:Anchor><x:Row>1</x:Row></x:ClientData>'
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(rId1=("vmlDrawing", "../drawings/a.vml")),
        "xl/drawings/a.vml": f"<xml {names}><v:shape>{data}</v:shape></xml>",
    }
    cell = "<row><c><v>1</v></c></row>"
    assert looked(cell, parts=parts).notes.seen.get("Sheet", Seen()).beside == told
    assert looked(cell, parts=parts | {"xl/drawings/a.vml": "<xml><br>"}).refused == ""
