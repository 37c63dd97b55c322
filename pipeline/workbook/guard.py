"""What is refused before anything is read: by content, never by extension.

The seam for everything hostile: a file passes or becomes one finding code. Reading never starts on a refused file.
Every kind of file is looked through once, in time that grows with its size and in bounded memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath

from pipeline.workbook.biff import look_through_xls
from pipeline.workbook.notes import Notes, Refusal
from pipeline.workbook.ods import look_through_ods
from pipeline.workbook.package import LOCAL_MAGIC, Package, size_text
from pipeline.workbook.xlsb import look_through_xlsb
from pipeline.workbook.xlsx import look_through_xlsx

MAX_BYTES = 20_000_000
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OPEN_BY_AN_OFFICE = ("~$", ".~lock", "._", ".~")
LONGEST_FOUND = 100
HEAD = 65_536  # what a text shows of itself
SHORT_MAGIC = 2  # two letters may also begin a text
ARCHIVES = {b"Rar!": "rar", b"7z\xbc\xaf": "7z", b"\x1f\x8b": "gz"}
OLD_TABLE, PICTURE = "Excel 95以前的表格", "图片"
OTHER_KINDS = {
    b"%PDF": "PDF文件", b"{\\rtf": "写字板（rtf）文件", b"MZ": "程序文件", b"\x89PNG": PICTURE, b"\xff\xd8\xff": PICTURE,
    b"GIF8": PICTURE, b"BM": PICTURE, b"II*\0": PICTURE, b"MM\0*": PICTURE, b"\x09\x08": OLD_TABLE, b"\x09\x04": OLD_TABLE,
    b"\x09\x02": OLD_TABLE, b"\x09\x00": OLD_TABLE,
}  # fmt: skip
FLAT_KINDS = {
    "urn:oasis:names:tc:opendocument": "单个文件的ODF（fods）",
    "schemas-microsoft-com:office:spreadsheet": "Excel 2003的XML表格",
}
ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
WEB_PAGE = re.compile(r"<\s*(!doctype\s+html|html|head|body|table|meta|div)\b|^mime-version:", re.IGNORECASE)
SEPARATOR = re.compile(r"[,\t;]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
OTHER_DOCUMENTS = {"word/": "Word文档", "ppt/": "演示文稿"}
TABLES = (".xlsx", ".xls", ".et", ".ods", ".xlsm", ".xlsb", ".csv")
ODS_KIND = b"application/vnd.oasis.opendocument.spreadsheet"


def is_office_litter(name: str) -> bool:
    """Lock and resource files that office programs and desktops leave beside workbooks."""
    base = PurePath(name).name
    return base.startswith(OPEN_BY_AN_OFFICE) or base in {".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What looking through a file gave.

    Attributes:
        refused: Finding code that refuses the file, or an empty string.
        found: What was found, in words, for the finding.
        notes: What a reader of values would not see.
    """

    refused: str = ""
    found: str = ""
    notes: Notes = field(default_factory=Notes)


def inspect(content: bytes) -> Inspection:
    """Look through a file before anything is read from it; never raises for what is in it."""
    try:
        return Inspection(notes=_look_through(content))
    except Refusal as refusal:
        found = "".join(ch if ch.isprintable() else " " for ch in refusal.found[:LONGEST_FOUND])
        return Inspection(refused=refusal.code, found=found)


def _look_through(content: bytes) -> Notes:
    if not content:
        raise Refusal("FILE_EMPTY")
    if len(content) > MAX_BYTES:
        raise Refusal("FILE_TOO_LARGE", f"有{size_text(len(content))}，最多{size_text(MAX_BYTES)}")
    if content.startswith(OLE_MAGIC):
        return look_through_xls(content)
    if content.startswith(LOCAL_MAGIC):
        return _look_through_zip(Package(content))
    if LOCAL_MAGIC.startswith(content) or OLE_MAGIC.startswith(content):
        raise Refusal("FILE_TRUNCATED", f"只有{size_text(len(content))}")
    raise _what_else(content)


def _look_through_zip(package: Package) -> Notes:
    names = set(package.names)
    if "xl/workbook.xml" in names:
        return look_through_xlsx(package)
    if "xl/workbook.bin" in names:
        return look_through_xlsb(package)
    if "encrypted-package" in names:  # what LibreOffice 24.8 and later write
        raise Refusal("FILE_ENCRYPTED", "内容已加密")
    if "content.xml" in names:
        if "mimetype" in names and not package.take("mimetype").startswith(ODS_KIND):
            raise Refusal("FILE_NOT_A_WORKBOOK", "是文字文档或演示文稿")
        return look_through_ods(package)
    for folder, kind in OTHER_DOCUMENTS.items():
        if any(name.startswith(folder) for name in names):
            raise Refusal("FILE_NOT_A_WORKBOOK", f"是{kind}")
    tables = sum(name.endswith(TABLES) for name in names)
    raise Refusal("FILE_ARCHIVE", f"压缩包里有{tables}个表格文件" if tables else "压缩包里没有表格文件")


def _what_else(content: bytes) -> Refusal:
    """What a file is that is no workbook."""
    if not content.strip(b"\0"):
        return Refusal("FILE_DAMAGED", "内容全是空白，像是没有复制完")
    text = _text(content[:HEAD]).strip()
    for magic, kind in OTHER_KINDS.items():
        if content.startswith(magic) and (len(magic) > SHORT_MAGIC or not text):
            return Refusal("FILE_NOT_A_WORKBOOK", f"是{kind}")
    for magic, kind in ARCHIVES.items():
        if content.startswith(magic):
            return Refusal("FILE_ARCHIVE", f"是{kind}压缩包")
    for mark, kind in FLAT_KINDS.items():
        if mark in text:
            return Refusal("FILE_NOT_A_WORKBOOK", f"是{kind}")
    if WEB_PAGE.search(text):
        return Refusal("FILE_HTML")
    first = text.partition("\n")[0]
    if SEPARATOR.search(first):
        return Refusal("FILE_CSV", f"第一行是“{first[:40]}”")
    return Refusal("FILE_NOT_A_WORKBOOK", "是文字文件" if text else "不是电子表格的内容")


def _text(head: bytes) -> str:
    """The beginning of a text; an empty string for what is none."""
    marked = next((encoding for mark, encoding in ENCODINGS.items() if head.startswith(mark)), "")
    zeros = head[0::2].count(0), head[1::2].count(0)
    wide = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    for encoding in (marked,) if marked else (wide,) if any(zeros) else ("utf-8", "gb18030"):
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.end < len(head) - 4:  # not merely cut through a character
                continue
            text = head[: error.start].decode(encoding)
        if not CONTROL.search(text):
            return text
    return ""
