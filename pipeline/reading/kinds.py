"""What a file is that is no workbook we read: named, so that its sender knows what to do. By content, never by extension."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import Refusal

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_HEAD = 65_536  # what a text shows of itself
_SHORT_MAGIC = 2  # two letters may also begin a text
PDF, PHOTOGRAPHS = b"%PDF", (b"\xff\xd8\xff", b"\x89PNG")
ARCHIVES = {
    b"Rar!": "rar压缩包",
    b"7z\xbc\xaf": "7z压缩包",
    b"\x1f\x8b": "gz压缩包",
    b"BZh": "bz2压缩包",
    b"\xfd7zXZ": "xz压缩包",
    b"MSCF": "cab压缩包",
    b"PK\x05\x06": "空的zip压缩包",
}
PICTURE = "图片"
OTHER_KINDS = {
    PDF: "PDF文件",
    b"{\\rtf": "写字板（rtf）文件",
    b"MZ": "程序文件",
    **dict.fromkeys(PHOTOGRAPHS, PICTURE),
    b"GIF8": PICTURE,
    b"BM": PICTURE,
    b"II*\0": PICTURE,
    b"MM\0*": PICTURE,
    b"RIFF": "图片、声音或录像",
    b"SQLite format 3": "数据库文件",
}
OLD, LOTUS, DIF = "Excel 95以前的表格", "Lotus 1-2-3的表格", "DIF表格"
_OTHER_TABLES = {
    b"\x09\x04\x06": OLD,
    b"\x09\x02\x06": OLD,
    b"\x09\x00\x04": OLD,
    b"\0\0\x02\0": LOTUS,
    b"\0\0\x1a\0": LOTUS,
    b"ID;P": "SYLK（slk）表格",
    b"TABLE\n0,1": DIF,
    b"TABLE\r\n0,1": DIF,
    b"socialcalc:": "EtherCalc网页表格",
}
_FLAT_KINDS = {
    "urn:oasis:names:tc:opendocument": "单个文件的ODF（fods）",
    "schemas-microsoft-com:office:spreadsheet": "Excel 2003的XML表格",
    "www.gnumeric.org": "Gnumeric的表格",
}
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_BEGINNINGS = {"FILE_NOT_A_WORKBOOK": OTHER_KINDS, "FILE_ARCHIVE": ARCHIVES, "FILE_OTHER_TABLE": _OTHER_TABLES}
_STRAY_ZERO = 50  # in so many characters one zero may have got into a text
_WEB_PAGE = re.compile(r"<\s*(!doctype\s+html|html|head|body|table|meta|div)\b|^mime-version:", re.IGNORECASE)
_MAIL = re.compile(r"(received|return-path|delivered-to|from|to|subject|date|message-id|x-[\w-]+): .*\n", re.IGNORECASE)
_OLE, _OUTLOOK = b"\xd0\xcf\x11\xe0", "__nameid_version1.0".encode("utf-16-le")
_SEPARATOR = re.compile(r"[,\t;]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
DBASE, DBASE_HEAD, DBASE_END = {0x02, 0x03, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xF5}, 32, 0x0D
_NUMBERS = "index/tables/"
_OTHER_DOCUMENTS = {
    "word/": "Word文档",
    "ppt/": "演示文稿",
    "index/slide": "苹果电脑的演示文稿",
    "index/": "苹果电脑的文稿",
    "visio/": "Visio图",
    "ofd.xml": "OFD版式文件",
    "androidmanifest.xml": "手机程序",
}
PACKED_TABLES = (".xlsx", ".xls", ".et", ".ods", ".xlsm", ".xlsb", ".csv")


def is_scan(content: bytes) -> bool:
    """Whether a file begins as one that the squares of signed receipts are looked for in."""
    return content.startswith((PDF, *PHOTOGRAPHS))


def is_mail(content: bytes) -> bool:
    """Whether a file begins as a mail, or is one as Outlook saves it."""
    if content.startswith(_OLE):
        return _OUTLOOK in content
    return bool(_MAIL.match(content[:_HEAD].decode("ascii", errors="replace")))


def is_something_else(content: bytes) -> bool:
    """Whether a file begins as one of another kind, whatever may follow."""
    return content.startswith(tuple(magic for kinds in _BEGINNINGS.values() for magic in kinds))


def what_zip(names: AbstractSet[str]) -> Refusal:
    """What a zip is whose members have these names, in small letters."""
    if any(name.startswith(_NUMBERS) for name in names):
        return Refusal("FILE_OTHER_TABLE", "是苹果电脑的Numbers表格")
    for folder, kind in _OTHER_DOCUMENTS.items():
        if any(name.startswith(folder) for name in names):
            return Refusal("FILE_NOT_A_WORKBOOK", f"是{kind}")
    if "[content_types].xml" in names:
        return Refusal("FILE_NOT_A_WORKBOOK", "是Office文件，里面没有工作簿")
    if "mimetype" in names:
        return Refusal("FILE_NOT_A_WORKBOOK", "是别的文档，里面没有工作表")
    tables = sum(name.endswith(PACKED_TABLES) for name in names)
    return Refusal("FILE_ARCHIVE", f"压缩包里有{tables}个表格文件" if tables else "压缩包里没有表格文件")


def what_else(content: bytes) -> Refusal:
    """What a file is that is no workbook."""
    if not content.strip(b"\0"):
        return Refusal("FILE_DAMAGED", "内容全是空白，像是没有复制完")
    text = _text(content[:_HEAD]).strip()
    beginning = _by_beginning(content, text)
    return Refusal(*beginning) if beginning else _what_text(content, text)


def _by_beginning(content: bytes, text: str) -> tuple[str, str] | None:
    """Code and words for a file of a kind that has a mark of its own."""
    for code, kinds in _BEGINNINGS.items():
        for magic, kind in kinds.items():
            if content.startswith(magic) and (len(magic) > _SHORT_MAGIC or not text):
                return code, f"是{kind}"
    return ("FILE_OTHER_TABLE", "是dBase数据库表（dbf）") if _is_dbase(content) else None


def _what_text(content: bytes, text: str) -> Refusal:
    """What a file is of which only its text can be seen."""
    for mark, kind in _FLAT_KINDS.items():
        if mark in text or mark.encode() in content[:_HEAD]:
            return Refusal("FILE_OTHER_TABLE", f"是{kind}")
    if _MAIL.match(text):
        return Refusal("FILE_NOT_A_WORKBOOK", "是邮件，报表可能在它的附件里")
    if _WEB_PAGE.search(text):
        return Refusal("FILE_HTML")
    first = text.partition("\n")[0]
    if _SEPARATOR.search(first):
        return Refusal("FILE_CSV", f"第一行是“{first[:40]}”")
    return Refusal("FILE_NOT_A_WORKBOOK", "是文字文件" if text else "不是电子表格的内容")


def _is_dbase(content: bytes) -> bool:
    """A head of 32 bytes for the table and for each column, then a mark."""
    if content[0] not in DBASE or len(content) < DBASE_HEAD:
        return False
    length = int.from_bytes(content[8:10], "little")
    marks = (content[at : at + 1] for at in range(DBASE_HEAD, min(length, len(content)), DBASE_HEAD))
    return 0 < content[2] <= 12 and 0 < content[3] <= 31 and bytes([DBASE_END]) in marks  # noqa: PLR2004 - month and day


def _text(head: bytes) -> str:
    """The beginning of a text; an empty string for what is none."""
    marked = next((encoding for mark, encoding in _ENCODINGS.items() if head.startswith(mark)), "")
    zeros = head[0::2].count(0), head[1::2].count(0)
    wide = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    for encoding in (marked,) if marked else ("utf-8", "gb18030", wide) if any(zeros) else ("utf-8", "gb18030"):
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.end < len(head) - 4:  # not merely cut through a character
                continue
            text = head[: error.start].decode(encoding)
        if text.count("\0") * _STRAY_ZERO < len(text):
            text = text.replace("\0", "")
        if not _CONTROL.search(text):
            return text
    return ""
