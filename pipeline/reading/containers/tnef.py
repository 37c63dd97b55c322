"""Attachments in Outlook's own wrapping (winmail.dat), a list of attributes; those of a file begin with its rendering.

Source: [MS-OXTNEF], the parts of it that carry files.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pipeline.reading.containers.members import BROKEN, Member, plain_path, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.containers.members import Meter

TNEF_TYPE, TNEF_NAME = "application/ms-tnef", "winmail.dat"
_MAGIC, _KEY = b"\x78\x9f\x3e\x22", 2
_ATTRIBUTE, _CHECKSUM = struct.Struct("<BII"), 2
_BEGINS, _TITLE, _DATA, _PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_LONG_NAME = 0x3707  # of a property, in 16-bit or 8-bit letters
_WIDE, _NARROW = 0x001F, 0x001E
_PROPERTY = struct.Struct("<HHII")  # kind, number, count, bytes


def tnef_members(content: bytes, meter: Meter) -> Iterator[Member]:
    """Its files."""
    if not content.startswith(_MAGIC):
        yield Member(name=TNEF_NAME, fault=BROKEN)
        return
    at, begun, name, data = len(_MAGIC) + _KEY, False, "", b""
    while at + _ATTRIBUTE.size <= len(content):
        _, kind, size = _ATTRIBUTE.unpack_from(content, at)
        at += _ATTRIBUTE.size
        value, at = content[at : at + size], at + size + _CHECKSUM
        if kind == _BEGINS:
            yield from _file(name, data, meter) if begun else ()
            begun, name, data = True, "", b""
        elif kind == _TITLE:
            name = name or text_of(value.rstrip(b"\0"))
        elif kind == _DATA and at <= len(content):
            data = value
        elif kind == _PROPERTIES:
            name = _long_name(value) or name
    yield from _file(name, data, meter) if begun else ()
    if at != len(content):
        yield Member(name=TNEF_NAME, fault=BROKEN)


def _file(name: str, data: bytes, meter: Meter) -> Iterator[Member]:
    meter.count(1)
    meter.take(len(data))
    yield Member(name=plain_path(name) or "没有名字", content=data, fault="" if data else "Outlook 没有把内容放进邮件")


def _long_name(properties: bytes) -> str:
    """The name as its sender saw it, found by its number: what stands before it need not be understood."""
    for kind in (_WIDE, _NARROW):
        at = properties.find(struct.pack("<HH", kind, _LONG_NAME))
        if at >= 0 and at + _PROPERTY.size <= len(properties):
            size = _PROPERTY.unpack_from(properties, at)[3]
            raw = properties[at + _PROPERTY.size : at + _PROPERTY.size + size]
            return (raw.decode("utf-16-le", errors="replace") if kind == _WIDE else text_of(raw)).rstrip("\0")
    return ""
