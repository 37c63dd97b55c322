"""Mail as programs save it (eml): what is attached, under the names its sender saw, and when it was sent."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from pipeline.reading.containers.members import Member, Opened, UnopenedError, plain_path, text_of
from pipeline.reading.containers.tnef import TNEF_NAME, TNEF_TYPE, tnef_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.containers.members import Meter

ATTACHED_MAIL = "message/rfc822"
_MAILBOX = b"From "  # before each of the mails in a file of many
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030"}
_ELSEWHERE = re.compile(r"超大附件|云附件|中转站|ftnExs_download|dashi\.163\.com")
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_UNSOUND = (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError)
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}


def open_mail(content: bytes, meter: Meter) -> Opened:
    """A mail.

    Raises:
        UnopenedError: It is none, or many.
    """
    if content.startswith(_MAILBOX):
        raise UnopenedError("是整个邮箱，不是一封邮件")
    try:
        mail: Message[str, str] = message_from_bytes(content)
        if not mail.keys():
            raise UnopenedError("不像是邮件")
        return Opened(members=_members(mail, meter), sent=_sent(mail), subject=_plain(_header(mail, "subject")))
    except _UNSOUND as error:
        raise UnopenedError("残缺，打不开") from error


def _sent(mail: Message[str, str]) -> datetime | None:
    try:
        sent = parsedate_to_datetime(_header(mail, "date"))
        return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (*_UNSOUND, OverflowError):
        return None


def _members(mail: Message[str, str], meter: Meter) -> Iterator[Member]:
    """What is attached; of a mail attached to it, that mail."""
    elsewhere = False
    for part in _parts(mail):
        meter.count(1)
        name, kind = _name(part), part.get_content_type()
        if kind == ATTACHED_MAIL:
            yield _attached(part, name, meter)
            continue
        content = _content(part)
        if kind == TNEF_TYPE or name.lower() == TNEF_NAME:
            yield from tnef_members(content, meter)
        elif name or part.get_content_maintype() != "text":
            meter.take(len(content))
            yield Member(name=plain_path(name) or f"没有名字{_ENDINGS.get(kind, '')}", content=content)
        else:
            elsewhere = elsewhere or bool(_ELSEWHERE.search(_text(part, content)))
    if elsewhere:
        yield Member(name="超大附件", fault="不在邮件里，正文里只有下载它的链接")


def _parts(mail: Message[str, str]) -> Iterator[Message[str, str]]:
    """The leaves of a mail, those of mails attached to it not among them."""
    waiting: list[Any] = [mail]
    while waiting:
        part = waiting.pop(0)
        inside = part.get_payload() if part.is_multipart() else None
        if isinstance(inside, list) and part.get_content_type() != ATTACHED_MAIL:
            waiting = [*inside, *waiting]
        else:
            yield part


def _attached(part: Message[str, str], name: str, meter: Meter) -> Member:
    """A mail in a mail, as a file; it is called by its own name, else by what it is about."""
    inside: Any = part.get_payload()
    try:
        inner = inside[0] if isinstance(inside, list) else message_from_bytes(_content(part))
        content = inner.as_bytes()
    except _UNSOUND:
        return Member(name=plain_path(name) or "转发的邮件", fault="残缺，打不开")
    meter.take(len(content))
    called = name or _plain(_header(inner, "subject")).replace("/", "／") or "转发的邮件"
    return Member(name=plain_path(called if called.lower().endswith(".eml") else f"{called}.eml"), content=content)


def _content(part: Message[str, str]) -> bytes:
    """What a part holds; of one that was cut off, as far as it goes."""
    written = part.get_payload()
    if isinstance(written, str) and _header(part, "content-transfer-encoding").strip().lower() == "base64":
        plain = _NO_BASE64.sub("", written)
        whole = plain[: len(plain) // 4 * 4 + (len(plain) % 4 if len(plain) % 4 > 1 else 0)]
        return b64decode(whole + "=" * (-len(whole) % 4))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message[str, str], content: bytes) -> str:
    charset = (part.get_content_charset() or "").lower()
    try:
        return content.decode(_WIDER.get(charset, charset) or "utf-8", errors="replace")
    except LookupError:
        return text_of(content)


def _name(part: Message[str, str]) -> str:
    """The name of an attachment, however it is written: plain, as an encoded word, in pieces, in GBK without a word."""
    for parameter, where in (("filename", "content-disposition"), ("name", "content-type")):
        try:
            alone: Message[str, str] = Message()
            alone[where] = _header(part, where)
            found = alone.get_param(parameter, header=where)
        except _UNSOUND:
            continue
        if isinstance(found, tuple):  # RFC 2231
            charset = str(found[0] or "utf-8").lower()
            found = collapse_rfc2231_value((_WIDER.get(charset, charset), found[1], found[2]))
        if found:
            return _plain(found)
    return ""


def _header(part: Message[str, str], name: str) -> str:
    """A header as it was written, bytes that say no encoding as they most likely are; empty where there is none."""
    found = next((value for key, value in part.raw_items() if key.lower() == name), "")
    return text_of(str(found).encode("utf-8", errors="surrogateescape"))


def _plain(text: str) -> str:
    """A header for people: encoded words decoded."""
    try:
        pieces = decode_header(re.sub(r"\?=\s+=\?", "?==?", text)) if "=?" in text else [(text, None)]
    except (HeaderParseError, *_UNSOUND):
        pieces = [(text, None)]
    return "".join(_decoded(piece, charset) for piece, charset in _joined(pieces)).strip()


def _joined(pieces: list[Any]) -> Iterator[tuple[bytes, str]]:
    """Neighbours in one encoding together: some programs cut through a character."""
    last: tuple[bytes, str] | None = None
    for piece, charset in pieces:
        raw = piece if isinstance(piece, bytes) else str(piece).encode()
        own = (charset or "").lower()
        if last and last[1] == own:
            last = last[0] + raw, own
        else:
            if last:
                yield last
            last = raw, own
    if last:
        yield last


def _decoded(raw: bytes, charset: str) -> str:
    if not charset or charset in {"unknown-8bit", "ascii", "us-ascii"}:
        return text_of(raw)
    try:
        return raw.decode(_WIDER.get(charset, charset), errors="replace")
    except LookupError:
        return text_of(raw)
