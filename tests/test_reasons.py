"""What is said of a file that is not read is true, and what any office program opens is not said to be broken."""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pipeline.reading.guard import inspect
from tests import locked
from tests.hostile import (
    container,
    members_of,
    raw_zip,
    stored,
    with_members,
    xls,
    xls_stream,
    xlsx,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable

XLML = '<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">\0<Table/></Workbook>'
DBF = struct.pack("<4BIHH20x", 3, 122, 11, 28, 2, 65, 10) + b"NAME".ljust(32, b"\0") + b"\r" + b" " * 20


def desktop_leftovers() -> bytes:
    """What a Mac packs beside each part."""
    beside = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
    return zipped(members_of(xlsx()) | {"__MACOSX/xl/._workbook.xml": beside, "__MACOSX/._[Content_Types].xml": beside})


def twice_the_same() -> bytes:
    """One part listed twice, the same both times."""
    members = [
        stored(name, content if isinstance(content, bytes) else content.encode())
        for name, content in members_of(xlsx()).items()
    ]
    return raw_zip([*members, members[0]])


def without_final_end(*, padded: bool) -> bytes:
    """The sheet's last record is that of its window."""
    stream = xls_stream(xls(rows=200))
    stream = stream[: stream.rindex(b"\x0a\x00\x00\x00")]
    return container({"Workbook": stream + bytes(300) if padded else stream})


OPENED: dict[str, Callable[[], bytes]] = {
    "agile": lambda: locked.agile(xlsx()),
    "standard": lambda: locked.standard(xlsx()),
    "xls, RC4": lambda: locked.xls_rc4(xls()),
    "xls, CryptoAPI": lambda: locked.xls_cryptoapi(xls()),
    "xls, masked": lambda: locked.xls_xor(xls()),
    "xls, last sector short": lambda: container({"Workbook": xls_stream(xls(rows=200))}, pad_last=False),
    "xls without a final end": partial(without_final_end, padded=False),
    "xls without a final end, zeros behind": partial(without_final_end, padded=True),
    "xls without a container": lambda: xls_stream(xls()),
    "left by a desktop": desktop_leftovers,
    "properties that are no xml": lambda: with_members(xlsx(), docProps__core_x_xml="<a>Müller & Söhne</b>"),
    "one part twice, the same": twice_the_same,
    "something set before a zip": lambda: b"\r\n\r\n" + xlsx(),
    "something set before an xls": lambda: b"\n" + xls(),
}


@pytest.mark.parametrize("case", OPENED)
def test_what_office_programs_open_is_opened(case: str) -> None:
    seen = inspect(OPENED[case]())
    assert (seen.refused, seen.found) == ("", "")


REASONS: dict[str, tuple[str, str, bytes | Callable[[], bytes]]] = {
    "a password of one's own": ("FILE_ENCRYPTED", "内容已加密", lambda: locked.agile(xlsx(), "geheim")),
    "a password of one's own, standard": ("FILE_ENCRYPTED", "内容已加密", lambda: locked.standard(xlsx(), "geheim")),
    "a password of one's own, RC4": ("FILE_ENCRYPTED", "内容已加密", lambda: locked.xls_rc4(xls(), "geheim")),
    "a password of one's own, CryptoAPI": (
        "FILE_ENCRYPTED",
        "内容已加密",
        lambda: locked.xls_cryptoapi(xls(), "geheim"),
    ),
    "a password of one's own, masked": ("FILE_ENCRYPTED", "内容已加密", lambda: locked.xls_xor(xls(), "geheim")),
    "Numbers": (
        "FILE_OTHER_TABLE",
        "是苹果电脑的Numbers表格",
        lambda: zipped({"Index/Tables/Tile.iwa": "a", "Index/Document.iwa": "a"}),
    ),
    "Keynote": (
        "FILE_NOT_A_WORKBOOK",
        "是苹果电脑的演示文稿",
        lambda: zipped({"Index/Slide-1.iwa": "a", "Index/Document.iwa": "a"}),
    ),
    "Word": (
        "FILE_NOT_A_WORKBOOK",
        "是Word文档",
        lambda: zipped({"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>"}),
    ),
    "PowerPoint": ("FILE_NOT_A_WORKBOOK", "是演示文稿", lambda: zipped({"ppt/presentation.xml": "<a/>"})),
    "OFD": ("FILE_NOT_A_WORKBOOK", "是OFD版式文件", lambda: zipped({"OFD.xml": "<a/>", "Doc_0/Document.xml": "<a/>"})),
    "no main part": (
        "FILE_NOT_A_WORKBOOK",
        "是Office文件，里面没有工作簿",
        lambda: zipped({"[Content_Types].xml": "<a/>", "xl/styles.xml": "<a/>"}),
    ),
    "another document": (
        "FILE_NOT_A_WORKBOOK",
        "是别的文档，里面没有工作表",
        lambda: zipped({"mimetype": "application/epub+zip"}),
    ),
    "a zip": ("FILE_ARCHIVE", "压缩包里有2个表格文件", lambda: zipped({"a.xlsx": "a", "b.et": "b"})),
    "an empty zip": ("FILE_ARCHIVE", "是空的zip压缩包", lambda: zipped({})),
    "Excel 2003 XML with a stray zero": ("FILE_OTHER_TABLE", "是Excel 2003的XML表格", XLML.encode()),
    "Excel 2003 XML, wide": ("FILE_OTHER_TABLE", "是Excel 2003的XML表格", XLML.replace("\0", "").encode("utf-16")),
    "dBase": ("FILE_OTHER_TABLE", "是dBase数据库表（dbf）", DBF),
    "SYLK": ("FILE_OTHER_TABLE", "是SYLK（slk）表格", b"ID;PWXL;N;E\r\nC;Y1;X1;K5\r\n"),
    "DIF": ("FILE_OTHER_TABLE", "是DIF表格", b'TABLE\r\n0,1\r\n"a"\r\n'),
    "Lotus": ("FILE_OTHER_TABLE", "是Lotus 1-2-3的表格", b"\0\0\x02\0\x06\x04\x06\0" + bytes(60)),
    "Excel 4": ("FILE_OTHER_TABLE", "是Excel 95以前的表格", b"\x09\x04\x06\0\0\x04\x10\0" + bytes(40)),
    "mail": (
        "FILE_NOT_A_WORKBOOK",
        "是邮件，报表可能在它的附件里",
        "From: a@b.cn\nSubject: 报表\nMIME-Version: 1.0\n\n".encode(),
    ),
    "a program": ("FILE_NOT_A_WORKBOOK", "是程序文件", lambda: b"MZ\x90\0" + bytes(100) + xlsx()),
    "bz2": ("FILE_ARCHIVE", "是bz2压缩包", b"BZh91AY&SY\x01\x02"),
    "one column of text": ("FILE_NOT_A_WORKBOOK", "是文字文件", "县\n五华区\n".encode()),
    "csv with a stray zero": ("FILE_CSV", "第一行是“州,县”", ("州,县\n" + "昆明,五华\n" * 30 + "\0").encode()),
    "properties whose checksum is wrong": (
        "FILE_DAMAGED",
        "部件“docProps/core.xml”内容残缺或校验不符",
        lambda: raw_zip(
            [
                stored(
                    name,
                    content if isinstance(content, bytes) else content.encode(),
                    **({"checksum": 1} if "core" in name else {}),
                )
                for name, content in members_of(xlsx()).items()
            ]
        ),
    ),
}


@pytest.mark.parametrize("case", REASONS)
def test_what_is_said_of_a_file_is_true(case: str) -> None:
    code, found, content = REASONS[case]
    seen = inspect(content if isinstance(content, bytes) else content())
    assert (seen.refused, seen.found) == (code, found)


def test_a_key_that_would_take_minutes_to_make_is_not_made() -> None:
    sealed = locked.agile(xlsx())
    at = sealed.index(b'spinCount="100000"')
    slow = sealed[:at] + b'spinCount="999999"' + sealed[at + 18 :]
    assert inspect(slow).refused == "FILE_ENCRYPTED"


@pytest.mark.parametrize("lost", [1, 100, 511])
def test_a_stream_that_lost_its_last_bytes_is_not_whole(lost: int) -> None:
    whole = container({"Workbook": xls_stream(xls(rows=200))}, pad_last=False)
    assert inspect(whole[:-lost]).refused == "FILE_TRUNCATED"
