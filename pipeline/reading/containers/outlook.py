"""Mail as Outlook saves it (msg): what is attached, when it was sent, what it is about.

Source: [MS-OXMSG]. A mail attached to a mail is a storage of it, read as a folder here.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.reading.containers.members import BROKEN, Member, Opened, UnopenedError, plain_path, text_of
from pipeline.reading.formats.notes import Refusal
from pipeline.reading.formats.ole import all_streams

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.reading.containers.members import Meter

_ATTACHED, _VALUE, _FIXED = "__attach_version1.0_", "__substg1.0_", "__properties_version1.0"
_SUBJECT, _DATA, _LONG_NAME, _NAME = "0037", "3701", "3707", "3704"
_WIDE, _NARROW, _BINARY, _MAIL = "001f", "001e", "0102", "000d"  # kinds of values
_HEADER, _ENTRY = 32, struct.Struct("<HHIQ")
_SENT, _TIME = (0x0039, 0x0E06), 0x0040  # when it was sent, else delivered
_SINCE = datetime(1601, 1, 1, tzinfo=UTC)


def open_outlook(content: bytes, meter: Meter) -> Opened:
    """A mail.

    Raises:
        UnopenedError: It is not whole.
    """
    try:
        _, streams = all_streams(content)
    except Refusal as refusal:
        raise UnopenedError(BROKEN) from refusal
    if _FIXED not in streams:
        raise UnopenedError("不像是邮件")
    return Opened(
        members=_members(streams, "", "", meter), sent=_sent(streams[_FIXED]), subject=_text(streams, "", _SUBJECT)
    )


def _sent(properties: bytes) -> datetime | None:
    whole = properties[_HEADER : len(properties) - (len(properties) - _HEADER) % _ENTRY.size]
    found = {number: value for kind, number, _, value in _ENTRY.iter_unpack(whole) if kind == _TIME and value}
    ticks = next((found[number] for number in _SENT if number in found), None)
    try:
        return None if ticks is None else _SINCE + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def _members(streams: Mapping[str, bytes], at: str, folder: str, meter: Meter) -> Iterator[Member]:
    """What is attached to the mail that is the storage ``at``."""
    storages = dict.fromkeys(
        f"{at}{name.removeprefix(at).split('/')[0]}/" for name in streams if name.startswith(f"{at}{_ATTACHED}")
    )
    for storage in sorted(storages):
        meter.count(1)
        name = _text(streams, storage, _LONG_NAME) or _text(streams, storage, _NAME)
        inner = f"{storage}{_VALUE}{_DATA}{_MAIL}/"
        if f"{inner}{_FIXED}" in streams:
            about = _text(streams, inner, _SUBJECT).replace("/", "／") or name or "转发的邮件"
            yield from _members(streams, inner, f"{folder}{about}.msg/", meter)
            continue
        data = streams.get(f"{storage}{_VALUE}{_DATA}{_BINARY}")
        meter.take(len(data or b""))
        yield Member(
            name=plain_path(f"{folder}{name or '没有名字'}"),
            content=data or b"",
            fault="Outlook 没有把内容放进邮件" if data is None else "",
        )


def _text(streams: Mapping[str, bytes], at: str, number: str) -> str:
    if (wide := streams.get(f"{at}{_VALUE}{number}{_WIDE}")) is not None:
        return wide.decode("utf-16-le", errors="replace").rstrip("\0")
    return text_of(streams.get(f"{at}{_VALUE}{number}{_NARROW}", b"")).rstrip("\0")
