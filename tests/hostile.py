"""Files nobody should send, made from good ones: zips, sheets and containers with one thing wrong."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import odf.opendocument
import odf.table
import odf.text
import olefile
import openpyxl
import xlwt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SHEET = "xl/worksheets/sheet1.xml"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STORED, DEFLATED = 0, 8
SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"
ODS_NAMES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("office", "table", "text", "style")
    )
    + ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member of a zip, with whatever its headers are to say."""

    name: str
    packed: bytes
    size: int
    checksum: int
    method: int = STORED
    flags: int = 0
    own_name: str = ""


def stored(name: str, content: bytes, **more: Any) -> Member:
    """A member that is not packed."""
    facts = {"size": len(content), "checksum": zlib.crc32(content)} | more
    return Member(name=name, packed=content, **facts)


def packed(name: str, content: bytes, **more: Any) -> Member:
    """A member packed as tightly as can be."""
    facts = {"size": len(content), "checksum": zlib.crc32(content)} | more
    return Member(name=name, packed=zlib.compress(content, 9)[2:-4], method=DEFLATED, **facts)


def raw_zip(members: Iterable[Member]) -> bytes:
    """A zip exactly as told."""
    body, directory, count = b"", b"", 0
    for m in members:
        own, listed = (m.own_name or m.name).encode(), m.name.encode()
        facts = (m.flags, m.method, 0, 0x21, m.checksum, len(m.packed), m.size)
        directory += (
            struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *facts, len(listed), 0, 0, 0, 0, 0, len(body)) + listed
        )
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *facts, len(own), 0) + own + m.packed
        count += 1
    return body + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """An ordinary zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def members_of(package: bytes) -> dict[str, bytes | str]:
    """Name → content."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_members(package: bytes, **changes: bytes | str) -> bytes:
    """The package with parts added or replaced; ``__`` stands for a slash, ``_x_`` for a point."""
    return zipped(members_of(package) | {k.replace("__", "/").replace("_x_", "."): v for k, v in changes.items()})


def xlsx(touch: Callable[[Any], None] | None = None) -> bytes:
    """A small workbook of openpyxl's."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["州", "县", 5])  # type: ignore[union-attr]
    if touch:
        touch(book.active)
    book.save(out)
    return out.getvalue()


def xlsx_sheet(rows: str, start: str = "", end: str = "", parts: dict[str, bytes | str] | None = None) -> bytes:
    """A workbook whose sheet has these rows, as XML."""
    sheet = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        + start
        + '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + rows
        + "</sheetData>"
        + end
        + "</worksheet>"
    )
    return zipped(members_of(xlsx()) | {SHEET: sheet} | (parts or {}))


def ods_sheet(
    rows: str, manifest: str = "", extra: dict[str, bytes | str] | None = None, *, styles: str = "", table: str = ""
) -> bytes:
    """An ods whose sheet 表 has these rows, as XML; with styles, and with attributes of the table."""
    manifest_names = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    return zipped(
        {
            "mimetype": SPREADSHEET,
            "META-INF/manifest.xml": f"<manifest:manifest {manifest_names}>{manifest}</manifest:manifest>",
            "content.xml": f"<office:document-content {ODS_NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
            f'<office:body><office:spreadsheet><table:table table:name="表" {table}>'
            f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>",
        }
        | (extra or {})
    )


def odfpy_ods() -> bytes:
    """A small workbook of odfpy's."""
    book, out = odf.opendocument.OpenDocumentSpreadsheet(), io.BytesIO()
    table = odf.table.Table(name="表")
    row = odf.table.TableRow()
    for word in ("州", "县"):
        cell = odf.table.TableCell(valuetype="string")
        cell.addElement(odf.text.P(text=word))
        row.addElement(cell)
    row.addElement(odf.table.TableCell(valuetype="float", value="5"))
    table.addElement(row)
    book.spreadsheet.addElement(table)
    book.write(out)
    return out.getvalue()


def xls(fill: Callable[[Any], None] | None = None, rows: int = 40) -> bytes:
    """A workbook of xlwt's, with a sheet 表."""
    book, out = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("表")
    for row in range(rows):
        sheet.write(row, 0, "县")
        sheet.write(row, 1, row + 0.5)
    if fill:
        fill(sheet)
    book.save(out)
    return out.getvalue()


def patched(content: bytes, old: bytes, new: bytes) -> bytes:
    """Other bytes of the same length in the one place that has ``old``."""
    assert content.count(old) == 1
    assert len(old) == len(new)
    return content.replace(old, new)


def renamed_stream(content: bytes, name: str) -> bytes:
    """An xls whose stream of the workbook is called otherwise."""
    return patched(content, _entry_name("Workbook"), _entry_name(name))


def with_storage(content: bytes, name: str) -> bytes:
    """An xls with one more storage, in the directory entry after the workbook's."""
    at = content.index(_entry_name("Workbook"))
    nobody = b"\xff\xff\xff\xff"
    workbook = bytearray(content[at : at + 128])
    workbook[72:76] = struct.pack("<I", 2)  # the one to its right
    storage = _entry_name(name) + b"\x01\x01" + nobody * 3 + bytes(48)
    return content[:at] + bytes(workbook) + storage + content[at + 256 :]


def _entry_name(name: str) -> bytes:
    wide = name.encode("utf-16-le")
    return wide.ljust(64, b"\0") + struct.pack("<H", len(wide) + 2)


def xlsb(cells: bytes) -> bytes:
    """A workbook of binary parts whose sheet 表 has these records; style 1 shows per cent."""
    book = record(156, struct.pack("<II", 0, 1) + wide_text("rId1") + wide_text("表"))
    styles = (
        record(617, b"\2\0\0\0")
        + b"".join(record(47, struct.pack("<HH", 0, n) + bytes(12)) for n in (0, 9))
        + record(618, b"")
    )
    rels = relations(rId1=("worksheet", "worksheets/sheet1.bin"), rId2=("styles", "styles.bin"))
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": rels,
            "xl/styles.bin": styles,
            "xl/worksheets/sheet1.bin": cells,
        }
    )


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relations(**targets: tuple[str, str]) -> str:
    """A part of relations: id → (kind, target)."""
    told = "".join(
        f'<Relationship Id="{key}" Type="{RELATION}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{told}</Relationships>'


def record(number: int, data: bytes) -> bytes:
    """One record of an xlsb."""
    head = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    return head + bytes([len(data)]) + data


def wide_text(text: str) -> bytes:
    """A text of an xlsb."""
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def flat_bomb(megabytes: int) -> Member:
    """A part that inflates to so many megabytes, at a ratio below 300."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    block = bytes(1_000_000)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return Member(
        name="xl/media/big.bin",
        packed=piece * megabytes + b"\x03\x00",
        size=megabytes * len(block),
        checksum=0,
        method=DEFLATED,
    )


def container(streams: Mapping[str, bytes], *, pad_last: bool = True) -> bytes:
    """A compound file with these streams, of 4,096 bytes or more each; its last sector cut to what it holds, if told to."""
    used, table, entries = 1 + -(-(1 + len(streams)) // 4), [], []
    table = [0xFFFFFFFD, *range(2, used), 0xFFFFFFFE]
    body = b""
    for name, data in streams.items():
        entries.append(
            _entry_name(name) + b"\x02\x01" + b"\xff" * 12 + bytes(36) + struct.pack("<IQ", len(table), len(data))
        )
        sectors = -(-len(data) // 512)
        table += [*range(len(table) + 1, len(table) + sectors), 0xFFFFFFFE]
        body += data + bytes(-len(data) % 512)
    assert len(table) <= 128, "one sector of table is enough for tests"
    root = (
        _entry_name("Root Entry")
        + b"\x05\x01"
        + b"\xff" * 8
        + struct.pack("<I", 1)
        + bytes(36)
        + struct.pack("<IQ", 0xFFFFFFFE, 0)
    )
    for nth in range(len(entries) - 1):  # each to the right of the one before
        entries[nth] = entries[nth][:72] + struct.pack("<I", nth + 2) + entries[nth][76:]
    header = OLE_MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<10I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0) + b"\xff" * 432
    directory = (root + b"".join(entries)).ljust((used - 1) * 512, b"\0")
    whole = header + struct.pack("<128I", *table, *[0xFFFFFFFF] * (128 - len(table))) + directory + body
    return whole if pad_last else whole[: len(whole) - -len(data) % 512]


def xls_stream(content: bytes) -> bytes:
    """The records of an xls, without what its container is filled up with."""
    stream: bytes = olefile.OleFileIO(io.BytesIO(content)).openstream("Workbook").read()
    return stream[: stream.rindex(b"\x0a\x00\x00\x00") + 4]


def with_record(stream: bytes, number: int, pieces: list[bytes]) -> bytes:
    """The records of an xls with one of its first replaced, and continued by as many as there are pieces."""
    at, made, added = 0, b"", 0
    while at < len(stream):
        record_number, size = struct.unpack_from("<HH", stream, at)
        data = stream[at + 4 : at + 4 + size]
        if record_number == number and not added:
            new = b"".join(
                struct.pack("<HH", 0x3C if n else number, len(piece)) + piece for n, piece in enumerate(pieces)
            )
            added = len(new) - 4 - size
            made += new
        else:
            made += stream[at : at + 4] + data
        at += 4 + size
    where = made.index(b"\x85\x00") + 4
    begin = struct.unpack_from("<I", made, where)[0] + added
    return made[:where] + struct.pack("<I", begin) + made[where + 4 :]
