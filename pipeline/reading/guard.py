"""What is refused before anything is read: by content, never by extension.

The seam for everything hostile: a file passes or becomes one finding code. Reading never starts on a refused file.
Every kind of file is looked through once, in time that grows with its size and in bounded memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.reading.formats.biff import look_through_xls
from pipeline.reading.formats.notes import Notes, Refusal
from pipeline.reading.formats.ods import look_through_fods, look_through_ods
from pipeline.reading.formats.ole import open_container
from pipeline.reading.formats.ooxml import XLSB, XLSX, main_part
from pipeline.reading.formats.package import LOCAL_MAGIC, Package, size_text
from pipeline.reading.formats.secret import open_package
from pipeline.reading.formats.xlsb import look_through_xlsb
from pipeline.reading.formats.xlsx import look_through_xlsx
from pipeline.reading.kinds import is_something_else, what_else, what_zip
from pipeline.system.disk import why
from pipeline.system.errors import ChangedError

if TYPE_CHECKING:
    from pipeline.domain.arrival import Arrival

MAX_BYTES = 20_000_000
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LONGEST_FOUND = 100
_PREFIX = 1_024  # what a server or a mail program may have set before a file
_RAW_BIFF = {b"\x09\x08\x10\0\0\x06", b"\x09\x08\x08\0\0\x05"}  # an xls without a container around it
_FLAT_ODS = b'office:mimetype="application/vnd.oasis.opendocument.spreadsheet'
_ODS_KIND = b"application/vnd.oasis.opendocument.spreadsheet"


def content_of(arrival: Arrival, most: int = MAX_BYTES) -> bytes:
    """The bytes of a file; of one larger than it may be, just so many that it shows.

    Raises:
        ChangedError: It is gone, or not what was listed.
    """
    if arrival.content is not None:
        return arrival.content
    if arrival.path is None:
        raise ChangedError(f"{arrival.name}：没有内容可读")
    try:
        with arrival.path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ChangedError(f"{arrival.path} 读不出：{why(error)}") from error
    if hashlib.sha256(content).hexdigest() != arrival.sha256:
        raise ChangedError(f"{arrival.path} 已不是列出时的内容")
    return content


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
        found = "".join(ch if ch.isprintable() else " " for ch in refusal.found[:_LONGEST_FOUND])
        return Inspection(refused=refusal.code, found=found)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - what nobody foresaw in a file costs this file, not the run
        return Inspection(refused="FILE_UNREADABLE", found=type(error).__name__)


def _look_through(content: bytes) -> Notes:
    notes = _by_kind(content)
    if not notes.grids:
        raise Refusal("FILE_NOT_A_WORKBOOK", "里面没有工作表")
    return notes


def _by_kind(content: bytes) -> Notes:
    if not content:
        raise Refusal("FILE_EMPTY")
    if len(content) > MAX_BYTES:
        raise Refusal("FILE_TOO_LARGE", f"超过{size_text(MAX_BYTES)}")
    begins = [at for magic in (OLE_MAGIC, LOCAL_MAGIC) if (at := content.find(magic, 0, _PREFIX)) >= 0]
    if begins and not is_something_else(content):
        whole = content[min(begins) :]
        return _look_through_ole(whole) if whole.startswith(OLE_MAGIC) else _look_through_zip(Package(whole))
    if LOCAL_MAGIC.startswith(content) or OLE_MAGIC.startswith(content):
        raise Refusal("FILE_TRUNCATED", f"只有{size_text(len(content))}")
    if content[:6] in _RAW_BIFF:
        return look_through_xls({"workbook"}, {"workbook": content})
    if _FLAT_ODS in content[: _PREFIX * 8] and content.lstrip().startswith(b"<"):
        return look_through_fods(content)
    raise what_else(content)


def _look_through_ole(content: bytes) -> Notes:
    names, streams = open_container(content)
    if "encryptedpackage" in names:
        return _look_through_zip(Package(open_package(streams, content)))
    return look_through_xls(names, streams)


def _look_through_zip(package: Package) -> Notes:
    names = set(package.names)
    part, kind = main_part(package)
    if part:
        look = {XLSX: look_through_xlsx, XLSB: look_through_xlsb}.get(kind)
        if look is None:
            raise Refusal("FILE_NOT_A_WORKBOOK", f"是{kind}")
        return look(package, part)
    if "encrypted-package" in names:  # what LibreOffice 24.8 and later write
        raise Refusal("FILE_ENCRYPTED", "内容已加密")
    if "content.xml" in names:
        if "mimetype" in names and not package.take("mimetype").startswith(_ODS_KIND):
            raise Refusal("FILE_NOT_A_WORKBOOK", "是文字文档或演示文稿")
        return look_through_ods(package)
    raise what_zip(names)
