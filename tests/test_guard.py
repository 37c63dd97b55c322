"""What is refused before reading, each with a file made for it; what must pass; and what is noted by address."""

from __future__ import annotations

import io
import re
import struct
import time
import zipfile
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
import xlwt

from pipeline.domain.findings import CATALOGUE
from pipeline.reading.formats import package
from pipeline.reading.guard import inspect
from tests.builder import ROOT, filled
from tests.hostile import (
    MAIN,
    RELATION,
    Member,
    flat_bomb,
    members_of,
    odfpy_ods,
    ods_sheet,
    packed,
    patched,
    raw_zip,
    record,
    relations,
    renamed_stream,
    stored,
    with_members,
    xls,
    xlsb,
    xlsx,
    xlsx_sheet,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.officer import Session

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TABLE = "<html><table><tr><td>昆明</td></tr></table></html>"
LINES = "州,县\n昆明,五华\n"
LONG = "长" * 30_000
VALUE = "<row r='1'><c r='A1'><v>1</v></c></row>"
CELL = '<table:table-row {}><table:table-cell {} office:value-type="float" office:value="1"/></table:table-row>'


def plain_members(**changes: Any) -> list[Member]:
    """The members of a good workbook; ``changes`` apply to the sheet."""
    return [
        stored(
            name,
            str(content).encode() if isinstance(content, str) else content,
            **(changes if name.endswith("sheet1.xml") else {}),
        )
        for name, content in members_of(xlsx()).items()
    ]


def with_hole(content: bytes, at: float, size: int) -> bytes:
    """Zeros where a transfer lost a piece."""
    start = int(len(content) * at)
    return content[:start] + bytes(size) + content[start + size :]


def lying_member() -> bytes:
    """A member that inflates to more than its headers say."""
    return raw_zip([*plain_members(), packed("xl/media/a.bin", bytes(5_000), size=1_000)])


def another_end() -> bytes:
    """A zip whose comment is an end once more."""
    content = xlsx()
    return content[:-2] + struct.pack("<H", 22) + content[-22:]


def zip_in_a_zip_cut_short() -> bytes:
    """Only the whole zip packed inside is left with an end."""
    return b"PK\x03\x04" + bytes(200) + xlsx()


def shared_text_bomb() -> bytes:
    """One long text, used by very many cells."""
    cells = "".join(f"<c r='A{n}' t='s'><v>0</v></c>" for n in range(1, 8_000))
    parts: dict[str, bytes | str] = {
        "xl/_rels/workbook.xml.rels": relations(
            rId1=("worksheet", "worksheets/sheet1.xml"), rId2=("sharedStrings", "a.xml")
        ),
        "xl/a.xml": f"<sst xmlns='{MAIN}'><si><t>{LONG}</t></si></sst>",
    }
    return xlsx_sheet(f"<row>{cells}</row>", parts=parts)


def utf16_doctype() -> bytes:
    return ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE worksheet><worksheet/>').encode("utf-16")


REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("FILE_EMPTY", lambda: b""),
    "too many bytes": ("FILE_TOO_LARGE", lambda: b"PK\x03\x04" + bytes(20_000_001)),
    "too many members": ("FILE_TOO_LARGE", lambda: zipped({f"xl/media/{n}.png": b"" for n in range(2_001)})),
    "zip bomb by ratio": (
        "FILE_BOMB",
        lambda: raw_zip([*plain_members(), packed("xl/media/a.bin", bytes(20_000_000))]),
    ),
    "zip bomb by size": ("FILE_BOMB", lambda: raw_zip([*plain_members(), flat_bomb(201)])),
    "more than declared": ("FILE_DAMAGED", lying_member),
    "stored more than declared": ("FILE_DAMAGED", lambda: raw_zip(plain_members(size=100))),
    "shared text bomb": ("FILE_BOMB", shared_text_bomb),
    "ods repeated text": (
        "FILE_BOMB",
        lambda: ods_sheet(
            '<table:table-row table:number-rows-repeated="9999"><table:table-cell office:value-type="string">'
            f"<text:p>{LONG}</text:p></table:table-cell></table:table-row>"
        ),
    ),
    "html": ("FILE_HTML", TABLE.encode),
    "html with doctype": ("FILE_HTML", lambda: b"\xef\xbb\xbf\n<!DOCTYPE html>\n" + TABLE.encode()),
    "html in utf-16": ("FILE_HTML", partial(TABLE.encode, "utf-16")),
    "html in gbk": ("FILE_HTML", partial(TABLE.encode, "gbk")),
    "web archive": ("FILE_HTML", lambda: b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n\r\n<x>"),
    "csv": ("FILE_CSV", LINES.encode),
    "csv in gbk": ("FILE_CSV", partial(LINES.encode, "gbk")),
    "csv in utf-16": ("FILE_CSV", partial(LINES.encode, "utf-16")),
    "csv in utf-16 without a mark": ("FILE_CSV", partial(LINES.encode, "utf-16-le")),
    "long csv cut within a character": ("FILE_CSV", (LINES * 5_000 + "x").encode),
    "tab separated": ("FILE_CSV", "州\t县\n".encode),
    "text": ("FILE_NOT_A_WORKBOOK", "各位领导".encode),
    "pdf": ("FILE_NOT_A_WORKBOOK", lambda: b"%PDF-1.7\n\x80\x81"),
    "picture": ("FILE_NOT_A_WORKBOOK", lambda: b"\x89PNG\r\n\x1a\n"),
    "noise": ("FILE_NOT_A_WORKBOOK", lambda: bytes(range(255, 0, -1)) * 9),
    "excel 4": ("FILE_OTHER_TABLE", lambda: b"\x09\x04\x06\x00\x00\x00\x10\x00"),
    "docx": ("FILE_NOT_A_WORKBOOK", lambda: zipped({"word/document.xml": "<a/>"})),
    "odt": (
        "FILE_NOT_A_WORKBOOK",
        lambda: ods_sheet("", extra={"mimetype": "application/vnd.oasis.opendocument.text"}),
    ),
    "doc": ("FILE_NOT_A_WORKBOOK", lambda: renamed_stream(xls(), "WordDocument")),
    "excel 2003 xml": (
        "FILE_OTHER_TABLE",
        lambda: (
            b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Table/></Workbook>'
        ),
    ),
    "zip of workbooks": ("FILE_ARCHIVE", lambda: zipped({"a.xlsx": xlsx(), "昭通.xls": xls()})),
    "rar": ("FILE_ARCHIVE", lambda: b"Rar!\x1a\x07\x00"),
    "ods cut within the first bytes": ("FILE_TRUNCATED", lambda: b"PK\x03"),
    "end of an inner zip": ("FILE_TRUNCATED", zip_in_a_zip_cut_short),
    "zeros only": ("FILE_DAMAGED", lambda: bytes(5_000)),
    "hole in a member": ("FILE_DAMAGED", lambda: with_hole(filled(), 0.4, 512)),
    "hole in the directory": ("FILE_DAMAGED", lambda: with_hole(xlsx(), 0.97, 60)),
    "hole in an xls": ("FILE_DAMAGED", lambda: with_hole(xls(rows=400), 0.5, 512)),
    "hole in the texts of an xls": (
        "FILE_DAMAGED",
        lambda: without_texts(xls(lambda sheet: sheet.write(50, 0, LONG[:20_000]))),
    ),
    "checksum": ("FILE_DAMAGED", lambda: raw_zip(plain_members(checksum=1))),
    "sheet cut short": (
        "FILE_DAMAGED",
        lambda: with_members(xlsx(), xl__worksheets__sheet1_x_xml="<worksheet><sheetData><row>"),
    ),
    "cells without an end": (
        "FILE_DAMAGED",
        lambda: with_members(xlsx(), xl__worksheets__sheet1_x_xml="<c r='A1'>" * 20),
    ),
    "content that is no xml": ("FILE_DAMAGED", lambda: ods_sheet("", extra={"content.xml": b"\x8f\x01"})),
    "repeated zero times": ("FILE_DAMAGED", lambda: ods_sheet(CELL.format('table:number-rows-repeated="0"', ""))),
    "address that is none": ("FILE_DAMAGED", lambda: xlsx_sheet("<row><c r='A9x'><v>1</v></c></row>")),
    "xls without an end": ("FILE_DAMAGED", lambda: without_end(xls())),
    "xls without a table of contents": ("FILE_DAMAGED", lambda: OLE + bytes(4_000)),
    "xlsb record too long": ("FILE_DAMAGED", lambda: xlsb(b"\x00\x7f\x00")),
    "duplicate member": (
        "FILE_BAD_MEMBERS",
        lambda: raw_zip([*plain_members(), stored("xl/worksheets/sheet1.xml", b"<a/>")]),
    ),
    "duplicate but for case": ("FILE_BAD_MEMBERS", lambda: with_members(xlsx(), XL__Workbook_x_xml="<a/>")),
    "member above the folder": ("FILE_BAD_MEMBERS", lambda: zipped(members_of(xlsx()) | {"../a.xml": "<a/>"})),
    "absolute member": ("FILE_BAD_MEMBERS", lambda: zipped(members_of(xlsx()) | {"/etc/a.xml": "<a/>"})),
    "member on a drive": ("FILE_BAD_MEMBERS", lambda: zipped(members_of(xlsx()) | {"C:\\a.xml": "<a/>"})),
    "other name in front": ("FILE_BAD_MEMBERS", lambda: raw_zip(plain_members(own_name="xl/worksheets/sheet2.xml"))),
    "other packing": ("FILE_BAD_MEMBERS", lambda: raw_zip(plain_members(method=12))),
    "another end in the comment": ("FILE_DAMAGED", another_end),
    "one part for two sheets": (
        "FILE_BAD_MEMBERS",
        lambda: with_members(
            xlsx(),
            xl__workbook_x_xml=(
                f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}"><sheets><sheet name="a" r:id="rId1"/><sheet name="b" r:id="rId1"/></sheets>'
                "</workbook>"
            ),
        ),
    ),
    "password": ("FILE_ENCRYPTED", lambda: renamed_stream(xls(), "EncryptedPackage")),
    "xls password": ("FILE_ENCRYPTED", lambda: patched(xls(), b"\x42\x00\x02\x00", b"\x2f\x00\x02\x00")),
    "ods password": (
        "FILE_ENCRYPTED",
        lambda: ods_sheet(
            "", "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>", {"content.xml": b"\x8f\x01"}
        ),
    ),
    "ods password of later versions": (
        "FILE_ENCRYPTED",
        lambda: zipped({"mimetype": "a", "encrypted-package": b"\x8f"}),
    ),
    "encrypted member": ("FILE_ZIP_ENCRYPTED_MEMBER", lambda: raw_zip(plain_members(flags=1))),
    "doctype": ("FILE_DOCTYPE", lambda: xlsx_sheet(VALUE, start="<!DOCTYPE worksheet>")),
    "doctype in utf-16": ("FILE_DOCTYPE", lambda: zipped(members_of(xlsx()) | {"docProps/a.xml": utf16_doctype()})),
    "entity bomb": (
        "FILE_DOCTYPE",
        lambda: xlsx_sheet(
            "<row><c t='str'><v>&b;</v></c></row>", start='<!DOCTYPE w [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
        ),
    ),
    "ods doctype": (
        "FILE_DOCTYPE",
        lambda: ods_sheet("", extra={"settings.xml": "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"}),
    ),
    "deep xml": ("FILE_XML_DEEP", lambda: xlsx_sheet("<a>" * 63 + "</a>" * 63)),
    "deep xml elsewhere": (
        "FILE_XML_DEEP",
        lambda: with_members(xlsx(), customXml__item1_x_xml="<a>" * 65 + "</a>" * 65),
    ),
    "long text": (
        "FILE_TEXT_TOO_LONG",
        lambda: xlsx_sheet(f"<row><c t='str'><v>{'<![CDATA[<<]]>' * 90_000}</v></c></row>"),
    ),
    "long attribute": ("FILE_TEXT_TOO_LONG", lambda: ods_sheet(f'<table:table-row a="{LONG * 14}"/>')),
    "one value in the last cell": ("FILE_TOO_FAR", lambda: xlsx(lambda sheet: sheet.__setitem__("XFD1048576", 1))),
    "one value in the last row": ("FILE_TOO_FAR", lambda: xlsx(lambda sheet: sheet.__setitem__("A1048576", 1))),
    "far without addresses": ("FILE_TOO_FAR", lambda: xlsx_sheet("<row/>" * 20_000 + "<row><c><v>1</v></c></row>")),
    "xls far away": ("FILE_TOO_FAR", lambda: xls(lambda sheet: sheet.write(65_535, 255, 1))),
    "xlsb far away": (
        "FILE_TOO_FAR",
        lambda: xlsb(record(0, struct.pack("<I", 1_048_575)) + record(5, struct.pack("<IId", 1, 0, 1))),
    ),
    "ods repeat bomb": (
        "FILE_TOO_FAR",
        lambda: ods_sheet(CELL.format('table:number-rows-repeated="1048576"', 'table:number-columns-repeated="16384"')),
    ),
    "ods value after a gap": (
        "FILE_TOO_FAR",
        lambda: ods_sheet('<table:table-row table:number-rows-repeated="1048575"/>' + CELL.format("", "")),
    ),
    "ods many repeats": (
        "FILE_TOO_MANY_CELLS",
        lambda: ods_sheet(CELL.format('table:number-rows-repeated="19000"', 'table:number-columns-repeated="400"')),
    ),
    "too many values": (
        "FILE_TOO_MANY_CELLS",
        lambda: xlsx_sheet(
            "".join(f"<row r='{r}'>" + "<c r='A1'><v>1</v></c>" * 500 + "</row>" for r in range(1, 1_002))
        ),
    ),
}


def without_texts(content: bytes) -> bytes:
    """An xls that lost a sector of its texts."""
    at = content.index(LONG[:600].encode("utf-16-le"))
    return content[:at] + bytes(512) + content[at + 512 :]


def without_end(content: bytes) -> bytes:
    """An xls whose last record is longer than what is left."""
    at = content.rindex(b"\x0a\x00\x00\x00", 0, content.index("Workbook".encode("utf-16-le")))
    return content[:at] + b"\x03\x02\xff\x7f" + content[at + 4 :]


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    code, make = REFUSED[case]
    seen = inspect(make())
    assert (seen.refused, seen.notes.shown) == (code, {})
    assert CATALOGUE[code].whole_file


def test_every_refusal_has_its_file() -> None:
    sources = (ROOT / "pipeline/reading").rglob("*.py")
    known = {
        code for path in sources for code in re.findall(r'Refusal\("(FILE_\w+)"', path.read_text(encoding="utf-8"))
    }
    assert known == {code for code, _ in REFUSED.values()}


@pytest.mark.parametrize("kept", [4, 7, 100, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, -600, -23, -10, -1])
@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_a_truncated_copy_is_told_as_such(kind: str, kept: float) -> None:
    content = whole(kind)
    size = int(len(content) * kept) if isinstance(kept, float) else kept
    seen = inspect(content[:size])
    assert seen.refused == "FILE_TRUNCATED"
    assert seen.found


@cache
def whole(kind: str) -> bytes:
    if kind == "xls":
        return xls(rows=400)
    return filled() if kind == "xlsx" else odfpy_ods()


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_a_lost_sector_is_refused_wherever_it_lay(kind: str) -> None:
    content = whole(kind)
    for start in range(0, len(content), 512):
        holed = content[:start] + bytes(512) + content[start + 512 :]
        assert inspect(holed[: len(content)]).refused or not content[start : start + 512].strip(b"\0"), start


@pytest.mark.parametrize("at", range(20))
@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_damage_anywhere_never_raises(kind: str, at: int) -> None:
    content = bytearray(whole(kind))
    for place in range(at * 7, len(content), 997):
        content[place] ^= 0xFF
    inspect(bytes(content))


def xlsxwriter_xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("表")
        sheet.write(0, 0, "县")
        sheet.write_comment(0, 0, "说明")
        sheet.insert_textbox(5, 5, "说明")
        sheet.write_url(1, 0, "https://example.org/")
        sheet.set_column(0, 16_383, 20, book.add_format({"bold": True}))
        sheet.data_validation(0, 0, 9, 9, {"validate": "custom", "value": "=A1>0"})
        sheet.conditional_format(0, 0, 9, 9, {"type": "formula", "criteria": "=A1>0", "format": book.add_format()})
    return out.getvalue()


class Pipe(io.RawIOBase):
    """Takes what is written and cannot go back, as when a workbook is written straight to the network."""

    def __init__(self) -> None:
        self.taken = io.BytesIO()

    def writable(self) -> bool:
        """It takes."""
        return True

    def write(self, data: Any) -> int:
        """Take some."""
        return self.taken.write(data)


def streamed() -> bytes:
    """Sizes behind the members, in 64 bits."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members_of(xlsx()).items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(content.encode() if isinstance(content, str) else content)
    return pipe.taken.getvalue()


def renamed_members(change: Callable[[str], str]) -> bytes:
    return zipped({change(name): content for name, content in members_of(xlsx()).items()})


PASSED: dict[str, Callable[[], bytes]] = {
    "issued": filled,
    "openpyxl": xlsx,
    "xlsxwriter": xlsxwriter_xlsx,
    "xlwt": xls,
    "xlwt with its own sheets referred to": lambda: xls(
        lambda sheet: sheet.write(0, 5, xlwt.Formula("SUM('表'!B1:B2)"))
    ),
    "odfpy": odfpy_ods,
    "xlsb": lambda: xlsb(record(0, struct.pack("<I", 0)) + record(5, struct.pack("<IId", 1, 0, 0.5))),
    "streamed, 64 bits": streamed,
    "zeros after the end": lambda: xlsx() + bytes(512),
    "backslashes": lambda: renamed_members(lambda name: name.replace("/", "\\")),
    "capitals": lambda: renamed_members(str.upper),
    "what offices leave behind": lambda: with_members(
        xlsx(),
        customXml__item1_x_xml="<a/>",
        xl__printerSettings__printerSettings1_x_bin=b"\0",
        xl__media__image1_x_png=b"\x89PNG",
        xl__drawings__vmlDrawing1_x_vml="<xml><br></xml>",
    ),
    "ods blank to the end": lambda: ods_sheet(
        CELL.format("", "") + '<table:table-row table:number-rows-repeated="1048575">'
        '<table:table-cell table:style-name="ce1" table:number-columns-repeated="16384"/></table:table-row>'
    ),
    "ods empty parts": lambda: ods_sheet(
        "", extra={"Configurations2/accelerator/current.xml": "", "Basic/Standard/script-lb.xml": "<a/>"}
    ),
    "deep enough": lambda: with_members(xlsx(), customXml__item1_x_xml="<a>" * 64 + "</a>" * 64),
}


@pytest.mark.parametrize("case", PASSED)
def test_what_passes(case: str) -> None:
    seen = inspect(PASSED[case]())
    assert (seen.refused, seen.found) == ("", "")


def test_a_million_blank_styled_cells_pass() -> None:
    rows = "".join(
        f"<row r='{r}'>" + "".join(f"<c r='{c}{r}' s='1'/>" for c in "ABCDEFGHIJ") + "</row>" for r in range(2, 100_002)
    )
    content = xlsx_sheet(VALUE + rows)
    start = time.process_time()
    assert inspect(content).refused == ""
    assert time.process_time() - start < 10


S_PERCENT = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="176" formatCode="0.0%"/></numFmts><cellStyleXfs><xf numFmtId="9"/>'
    '</cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="176"/></cellXfs></styleSheet>'
)
UNCALCULATED = "=（没有计算结果的公式）"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c r='B3' t='e'><v>#REF!</v></c>", "#REF!"),
        ("<c r='B3' t='e'><f>1/0</f><v>#DIV/0!</v></c>", "#DIV/0!"),
        ("<c r='B3' t='e'/>", "#REF!"),
        ("<c r='B3'><f>5+5</f></c>", UNCALCULATED),
        ("<c r='B3'><f t='shared' si='0'/><v></v></c>", UNCALCULATED),
        ("<c r='B3' t='str'><f>A1</f><v/></c>", ""),  # ="" gives an empty text
        ("<c r='B3' t='str'><f>A1</f></c>", UNCALCULATED),
        ("<c r='B3' s='1'><v>0.05</v></c>", "5%"),
        ("<c r='B3' s='2' t='n'><f>A1</f>\n<v>1</v>\n</c>", "100%"),
        (f"<x:c xmlns:x='{MAIN}' r='B3' t='e'><x:v>#N/A</x:v></x:c>", "#N/A"),
        ("<x:c xmlns:x='x' r='B3' t='e'><x:v>#N/A</x:v></x:c>", ""),
        ("<c r='A3'/><c t='e'><v>#N/A</v></c>", "#N/A"),
        ("<c r='b3' t='e'><v>#N/A</v></c>", "#N/A"),
        ("<c r='B3'><f>5+5</f><v>10</v></c>", ""),
        ("<c r='B3' s='1' t='inlineStr'><is><t>五</t></is></c>", ""),
        ("<c r='B3' s='1' t='s'><v> </v></c>", ""),
        ("<c r='B3' s='0'><v>0.05</v></c>", ""),
        ("<c r='B3' s='1'/>", ""),
    ],
)
def test_notes_on_an_xlsx(cell: str, text: str) -> None:
    seen = inspect(xlsx_sheet(f"<row r='3'>{cell}</row>" + VALUE, parts={"xl/styles.xml": S_PERCENT}))
    assert (seen.refused, seen.notes.shown) == ("", {("Sheet", 2, 1): text} if text else {})


def test_a_rule_is_no_formula_of_a_cell() -> None:
    end = "<extLst><ext><x14:cfRule xmlns:x14='x' xmlns:xm='y'><xm:f>A1</xm:f></x14:cfRule></ext></extLst>"
    assert inspect(xlsx_sheet(VALUE, end=end)).notes.shown == {}


def test_strict_ooxml_is_looked_through() -> None:
    sheet = "<worksheet xmlns='http://purl.oclc.org/ooxml/spreadsheetml/main'><sheetData><row><c t='e'><v>#REF!</v></c></row></sheetData></worksheet>"
    assert inspect(with_members(xlsx(), xl__worksheets__sheet1_x_xml=sheet)).notes.shown == {("Sheet", 0, 0): "#REF!"}


def test_what_is_found_is_told_in_words() -> None:
    seen = inspect(with_members(xlsx(), xl__vbaProject_x_bin=b"\0"))
    assert seen.notes.parts == (("MACROS_IGNORED", "部件“xl/vbaproject.bin”"),)
    assert inspect(zipped({"a.xlsx": xlsx()})).found == "压缩包里有1个表格文件"
    assert inspect(xlsx(lambda sheet: sheet.__setitem__("XFD9", 1))).found == "工作表“Sheet”XFD9格有内容"


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_what_libreoffice_writes_passes_and_is_noted_alike(kind: str, office: Session, tmp_path: Path) -> None:
    def touch(book: Any) -> None:
        sheet = book.worksheets[1]
        sheet["D7"].value, sheet["D7"].number_format = 0.05, "0%"
        sheet["D8"].value = "=1/0"

    (tmp_path / "in.xlsx").write_bytes(filled(touch=touch))
    content = office.saved_as(kind, tmp_path / "in.xlsx")
    seen = inspect(content)
    assert (seen.refused, seen.found) == ("", "")
    shown: dict[tuple[int, ...], Any] = {place[1:]: text for place, text in seen.notes.shown.items()}
    if seen.notes.grids:
        grid = list(seen.notes.grids.values())[1]
        shown |= {place: grid[place[0]][place[1]] for place in ((6, 3), (7, 3))}
    assert (shown[6, 3], shown[7, 3]) == ("5%", "#DIV/0!")
    for size in (len(content) // 3, len(content) - 700, len(content) - 1):
        assert inspect(content[:size]).refused == "FILE_TRUNCATED"


# Parts that were followed before


def with_format(code: str, name: str = "表") -> bytes:
    """A value of the same cell format number everywhere; what that number shows is in another part."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.add_worksheet(name).write_number(0, 0, 0.05, book.add_format({"num_format": code}))
    book.close()
    return out.getvalue()


def test_a_part_seen_before_in_another_file_says_what_it_says_in_this_one() -> None:
    plain, percent, scaled, renamed = (
        with_format("0.00#"),
        with_format("0.0#%"),
        with_format('0.0"万"'),
        with_format("0.0#%", "另一张"),
    )
    sheets = {dict(members_of(one))["xl/worksheets/sheet1.xml"] for one in (plain, percent, scaled, renamed)}
    assert len(sheets) == 1, "the sheets themselves are the same"
    for _ in range(2):
        assert inspect(plain).notes.shown == {}
        assert inspect(percent).notes.shown == {("表", 0, 0): "5%"}
        assert "万" in inspect(scaled).notes.shown["表", 0, 0]
        assert inspect(renamed).notes.shown == {("另一张", 0, 0): "5%"}


def test_what_one_file_was_refused_for_is_found_again_in_the_next() -> None:
    deep = with_members(with_format("0"), extra_x_xml="<a>" * 70 + "</a>" * 70)
    for _ in range(2):
        assert inspect(deep).refused == "FILE_XML_DEEP"


def test_an_ods_whose_one_cell_stands_for_many_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few hundred bytes may show a hundred thousand cells: kept for file after file they would fill the worker."""
    followed: list[str] = []
    real = package._followed  # noqa: SLF001 - what it is asked for

    def noted(kind: Any, context: tuple[Any, ...], content: bytes) -> Any:
        followed.append(kind.__name__)
        return real(kind, context, content)

    monkeypatch.setattr(package, "_followed", noted)
    rows = (
        '<table:table-row table:number-rows-repeated="1000"><table:table-cell table:number-columns-repeated="100" '
        'office:value-type="percentage" office:value="0.05"><text:p>5%</text:p></table:table-cell></table:table-row>'
    )
    grids = inspect(ods_sheet(rows)).notes.grids or {}
    assert [len(row) for row in grids["表"]] == [100] * 1000
    assert "_Manifest" in followed
    assert "_Content" not in followed
