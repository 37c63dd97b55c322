"""One quirk of a known writer each: the value its own program shows, or the exact reason why there is none."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.hostile import MAIN, RELATION, relations
from tests.test_xlsx import CHINESE_DATE, DATE, doubt, looked, value

if TYPE_CHECKING:
    from pipeline.domain.value import Raw

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
UNCALCULATED = "=（没有计算结果的公式）"

CELLS: dict[str, tuple[str, Raw]] = {
    "LibreOffice: a formula that gives an empty text": (
        '<c r="B3" s="1" t="str"><f aca="false">IF(M12="","",M12)</f><v></v></c>',
        "",
    ),
    "LibreOffice: a formula with a text": ('<c r="B3" t="str"><f aca="false">A1&amp;"场"</f><v>5场</v></c>', "5场"),
    "LibreOffice: an error": ('<c r="B3" t="e"><f aca="false">1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
    "WPS: a date by the number of a Chinese format": (
        f'<c r="B3" s="{CHINESE_DATE}"><v>44972</v></c>',
        date(2023, 2, 15),
    ),
    "Excel: attributes of its own": ('<c r="B3" s="0" x14ac:a="1" xmlns:x14ac="urn:x14ac" cm="1"><v>12</v></c>', 12),
    "Excel: seventeen digits": ('<c r="B3"><v>0.55000000000000004</v></c>', 0.55),
    "Excel: an array formula": ('<c r="B3"><f t="array" ref="B3">SUM(A1:A2*1)</f><v>12</v></c>', 12),
    "openpyxl: a formula nobody calculated": ('<c r="B3"><f>SUM(A1:A2)</f><v></v></c>', UNCALCULATED),
    "openpyxl: the same, an empty element": ('<c r="B3"><f>SUM(A1:A2)</f><v /></c>', UNCALCULATED),
    "openpyxl: numbers named as such": ('<c r="B3" t="n"><v>12</v></c>', 12),
    "openpyxl: days as ISO": ('<c r="B3" t="d"><v>2023-02-15</v></c>', date(2023, 2, 15)),
    "openpyxl: write-only texts": ('<c r="B3" t="inlineStr"><is><t>昆明</t></is></c>', "昆明"),
    "POI: numbers with a point": ('<c r="B3" t="n"><v>12.0</v></c>', 12),
    "POI: numbers as Java writes them": ('<c r="B3" t="n"><v>1.2E7</v></c>', 12_000_000),
    "POI: an empty formula": ('<c r="B3"><f>A1</f></c>', UNCALCULATED),
    "SXSSF: texts in the cells": (
        '<c r="B3" s="1" t="inlineStr"><is><t xml:space="preserve">昆明 </t></is></c>',
        "昆明 ",
    ),
    "exceljs: a shared formula": ('<c r="B3"><f t="shared" si="0"></f><v>12</v></c>', 12),
    "exceljs: an empty rich text": ('<c r="B3" t="inlineStr"><is><r><t></t></r></is></c>', ""),
    "excelize: a text as the text of a formula": ('<c r="B3" t="str"><v>昆明</v></c>', "昆明"),
    "excelize: a text spread over lines": (
        '<c r="B3" t="inlineStr"><is><t>昆明_x000D_&#10;五华</t></is></c>',
        "昆明\r\n五华",
    ),
    "SheetJS: a day with a zone": ('<c r="B3" t="d"><v>2023-02-15T00:00:00.000Z</v></c>', date(2023, 2, 15)),
    "SheetJS: a truth": ('<c r="B3" t="b"><v>1</v></c>', True),
    "SheetJS: a blank with a type": ('<c r="B3" t="z"/>', ""),
    "ClosedXML: a day as a number": (f'<c r="B3" s="{DATE}"><v>44972</v></c>', date(2023, 2, 15)),
    "xlsxwriter: a formula whose result is nought": ('<c r="B3"><f>A1</f><v>0</v></c>', 0),
    "Google: a blank text": ('<c r="B3" t="str"><f>""</f><v/></c>', ""),
}


@pytest.mark.parametrize("quirk", CELLS)
def test_a_cell_of_this_writer(quirk: str) -> None:
    cell, expected = CELLS[quirk]
    assert value(cell) == expected


DOUBTS = {
    "WPS: a picture in a cell": (
        '<c r="B3" t="str"><f>_xlfn.DISPIMG("ID_0A",1)</f><v>=DISPIMG("ID_0A",1)</v></c>',
        "CELL_PICTURE",
    ),
    "LibreOffice: that picture saved again": (
        '<c r="B3" t="e"><f aca="false">dispimg("ID_0A",1)</f><v>#NAME?</v></c>',
        "CELL_PICTURE",
    ),
    "Excel: a figure struck through and its correction": (
        '<c r="B3" t="inlineStr"><is><r><rPr><strike/><sz val="11"/></rPr><t>108</t></r><r><rPr><sz val="11"/></rPr><t>175</t></r></is></c>',
        "CELL_STRUCK",
    ),
}


@pytest.mark.parametrize("quirk", DOUBTS)
def test_a_cell_of_this_writer_that_nobody_can_take(quirk: str) -> None:
    cell, expected = DOUBTS[quirk]
    assert doubt(cell)[0] == expected


def test_libreoffice_says_false_where_nothing_is_hidden() -> None:
    row = '<row r="3" customFormat="false" ht="12.8" hidden="false" outlineLevel="0" collapsed="false"><c r="B3"><v>1</v></c></row>'
    columns = '<cols><col collapsed="false" customWidth="true" hidden="false" min="1" max="16384" width="11.5"/></cols>'
    sheet = f'<worksheet xmlns="{MAIN}"><sheetPr filterMode="false"/>{columns}<sheetData>{row}</sheetData></worksheet>'
    assert dict(looked("", parts={"xl/worksheets/sheet1.xml": sheet}).notes.seen) == {}


def test_google_gives_every_sheet_a_drawing_with_nothing_in_it() -> None:
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(rId1=("drawing", "../drawings/drawing1.xml")),
        "xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{DRAWING}"/>',
    }
    assert dict(looked("<row><c><v>1</v></c></row>", parts=parts).notes.seen) == {}


def test_excel_puts_a_picture_into_a_cell_as_an_error() -> None:
    rels = relations(rId1=("worksheet", "worksheets/sheet1.xml")).replace(
        "</Relationships>",
        '<Relationship Id="rId2" Type="http://schemas.microsoft.com/office/2022/10/relationships/richValueRel" '
        'Target="richData/richValueRel.xml"/></Relationships>',
    )
    cell = '<c r="B3" t="e" vm="1"><v>#VALUE!</v></c>'
    assert doubt(cell, parts={"xl/_rels/workbook.xml.rels": rels})[0] == "CELL_PICTURE"
    assert doubt(cell)[0] == ""


def test_a_chart_sheet_has_no_cells_and_a_macro_sheet_is_told() -> None:
    book = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}"><sheets><sheet name="图" r:id="rId2"/><sheet name="宏" r:id="rId3"/>'
        '<sheet name="Sheet" r:id="rId1"/></sheets></workbook>'
    )
    rels = relations(
        rId1=("worksheet", "worksheets/sheet1.xml"), rId2=("chartsheet", "chartsheets/sheet1.xml")
    ).replace(
        "</Relationships>",
        '<Relationship Id="rId3" Type="http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet" '
        'Target="macrosheets/sheet1.xml"/></Relationships>',
    )
    notes = looked(
        "<row><c><v>1</v></c></row>", parts={"xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": rels}
    ).notes
    assert notes.grids == {"Sheet": [[1]]}
    assert notes.parts == (("MACROS_IGNORED", "部件“xl/macrosheets/sheet1.xml”"),)
