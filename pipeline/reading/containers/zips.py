"""Members of a zip, under the names their sender saw: Windows writes Chinese ones in GBK and does not say so."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from pipeline.reading.containers.members import BROKEN, LINK, LOCKED, Member, UnopenedError, plain_path, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.containers.members import Meter

_UTF8_NAME, _LOCKED = 0x800, 1
_UNICODE_PATH, _BEFORE_NAME = 0x7075, 5  # an extra field: version, checksum of the other name, name in UTF-8
_EXTRA = struct.Struct("<HH")
_UNSOUND = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    NotImplementedError,
)


def zip_members(content: bytes, meter: Meter) -> Iterator[Member]:
    """Its files.

    Raises:
        UnopenedError: All of it cannot be opened, or is too much.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except _UNSOUND as error:
        raise UnopenedError(BROKEN) from error
    meter.count(len(package.infolist()))
    files = [(name, one) for one in package.infolist() if not (name := zip_name(one)).endswith(("/", "\\"))]
    if files and all(one.flag_bits & _LOCKED for _, one in files):
        raise UnopenedError(LOCKED)
    for name, one in files:
        yield _member(package, plain_path(name), one, meter)


def zip_name(member: zipfile.ZipInfo) -> str:
    """The name of a member as it was written where it was packed."""
    if member.flag_bits & _UTF8_NAME:
        return member.orig_filename
    return _unicode_path(member.extra) or text_of(member.orig_filename.encode("cp437"))


def _unicode_path(extra: bytes) -> str:
    """The name that some packers add in UTF-8; empty where there is none."""
    while len(extra) >= _EXTRA.size:
        kind, size = _EXTRA.unpack_from(extra)
        field, extra = extra[_EXTRA.size : _EXTRA.size + size], extra[_EXTRA.size + size :]
        if kind == _UNICODE_PATH:
            return field[_BEFORE_NAME:].decode("utf-8", errors="replace")
    return ""


def _member(package: zipfile.ZipFile, name: str, one: zipfile.ZipInfo, meter: Meter) -> Member:
    if one.flag_bits & _LOCKED:
        return Member(name=name, fault=LOCKED)
    if stat.S_ISLNK(one.external_attr >> 16):
        return Member(name=name, fault=LINK)
    try:
        with package.open(one) as file:
            return Member(name=name, content=meter.read(file))
    except NotImplementedError:
        return Member(name=name, fault="压缩方式不认识，打不开")
    except _UNSOUND:
        return Member(name=name, fault=BROKEN)
