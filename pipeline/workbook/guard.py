"""What is refused before anything is parsed: by content, never by extension.

The seam for everything hostile: a file passes or becomes one finding code. Reading never starts on a refused file.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

MAX_BYTES = 20_000_000
MAX_MEMBERS = 2_000
MAX_INFLATED = 200_000_000
MAX_RATIO = 300
RATIO_FREE = 2_000_000
ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
OPEN_BY_AN_OFFICE = ("~$", ".~lock", "._", ".~")


def is_office_litter(name: str) -> bool:
    """Lock and resource files that office programs and desktops leave beside workbooks."""
    base = PurePath(name).name
    return base.startswith(OPEN_BY_AN_OFFICE) or base in {".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep"}


def refusal(content: bytes) -> str:
    """The finding code that refuses these bytes, or an empty string."""
    if not content:
        return "FILE_EMPTY"
    if len(content) > MAX_BYTES:
        return "FILE_TOO_LARGE"
    if content.startswith(OLE_MAGIC):
        return "FILE_ENCRYPTED" if ENCRYPTED_STREAM in content else ""
    if content.startswith(ZIP_MAGIC):
        return _zip_refusal(content)
    return "FILE_NOT_A_WORKBOOK"


def _zip_refusal(content: bytes) -> str:
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        return "FILE_UNREADABLE"
    inflated = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or inflated > MAX_INFLATED or inflated > max(RATIO_FREE, MAX_RATIO * len(content)):
        return "FILE_TOO_LARGE"
    if any(member.flag_bits & 1 for member in members):
        return "FILE_ENCRYPTED"
    names = [member.filename for member in members]
    if not any(name in names for name in ("xl/workbook.xml", "xl/workbook.bin", "content.xml")):
        return "FILE_NOT_A_WORKBOOK"
    return ""
