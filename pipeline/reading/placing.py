"""Whose a file is that cannot be used: by the stamps in whatever part of it can be read, else by its name: a guess.

Archives that cannot be opened may hold the returns of several; where neither stamps nor their own name say whose, the names in
them do. Of what lay in a mail, the subject may say it.

Looking for stamps never raises for what is in a file, and reads no more of it than :data:`_MOST` bytes.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from pipeline.domain.place import NOBODYS, Place, Placing
from pipeline.program.identity import STAMP_WORD, Stamp
from pipeline.program.mentions import owner_named, period_meant
from pipeline.reading.containers.zips import zip_name
from pipeline.reading.formats.package import LOCAL_MAGIC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.program.identity import Registry

_MOST = 50_000_000  # bytes that are looked through, unpacked ones included
_MEMBERS = 2_000
_STAMPS = 500
_WINDOW = 200  # characters a stamp may take
_HEADER = 30  # bytes of a member before its name
_DEPTH = 2  # a workbook in an archive
_CHUNK = 65_536
_UNSOUND = (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, OSError, EOFError, struct.error)


def place(registry: Registry, name: str, received_on: date, content: bytes) -> Place:
    """Whose a file is, and for when; nobody's where neither stamps nor names say so, or they say two things."""
    program = registry.program
    stamps = stamps_in(content, program.code)
    known = [s for s in stamps if s.genuine(registry.key) and s.program == program.code]
    owners = {s.prefecture_code for s in known} & program.prefecture_by_code.keys()
    periods = {s.period for s in known} & program.period_by_code.keys()
    placed = Placing.STAMP if len(owners) == 1 else Placing.NAME
    owner = next(iter(owners)) if len(owners) == 1 else "" if owners else owner_named(program, name)
    if not owner:
        return NOBODYS
    period = next(iter(periods)) if len(periods) == 1 else period_meant(program, name, received_on)
    return Place(prefecture_code=owner, period=period, placed=placed)


def places(registry: Registry, name: str, received_on: date, content: bytes, about: str = "") -> tuple[Place, ...]:
    """Whose returns may be in something that none is read from: all that its stamps say, else names.

    Its own name comes first, then what the mail is ``about`` that it lay in, then the names in it.
    """
    program = registry.program
    stamps = {
        (s.prefecture_code, s.period)
        for s in stamps_in(content, program.code)
        if s.genuine(registry.key)
        and s.prefecture_code in program.prefecture_by_code
        and s.period in program.period_by_code
    }
    if stamps:
        return tuple(
            Place(prefecture_code=code, period=period, placed=Placing.STAMP) for code, period in sorted(stamps)
        )
    saying = next(([one] for one in (name, about) if owner_named(program, one)), [])
    named = {
        (owner, period_meant(program, inner, received_on))
        for inner in saying or _names_in(content)
        if (owner := owner_named(program, inner))
    }
    return tuple(Place(prefecture_code=code, period=period, placed=Placing.NAME) for code, period in sorted(named))


def _names_in(content: bytes) -> list[str]:
    """The names of what is packed in a zip, as they were written where it was packed."""
    try:
        return [zip_name(one) for one in zipfile.ZipFile(io.BytesIO(content)).infolist()[:_MEMBERS]]
    except _UNSOUND:
        return []


def stamps_in(content: bytes, program: str, depth: int = _DEPTH) -> Iterator[Stamp]:
    """The stamps of a program that stand in the bytes of a file or in what its members unpack to, however damaged it is.

    They are looked for by the program's code, which every encoding and every way of writing references leaves readable.
    """
    found, word = 0, f"{program}|".encode()
    for part in _parts(content, depth):
        plain = part.replace(b"\0", b"") if part.find(b"\0") >= 0 else part  # two bytes a character, in whatever order
        at = plain.find(word)
        while at >= 0 and found < _STAMPS:
            found += 1
            stamp = Stamp.parse(f"{STAMP_WORD} {plain[at : at + _WINDOW].decode('ascii', errors='replace')}")
            if stamp:
                yield stamp
            at = plain.find(word, at + len(word))


def _parts(content: bytes, depth: int) -> Iterator[bytes]:
    left = _MOST
    waiting = [(content, depth)]
    while waiting and left > 0:
        part, deeper = waiting.pop()
        left -= len(part)
        yield part
        if deeper and LOCAL_MAGIC in part:
            for member in _members(part, left):
                left -= len(member)
                yield member
                if member.startswith(LOCAL_MAGIC):
                    waiting.append((member, deeper - 1))


def _members(package: bytes, most: int) -> Iterator[bytes]:
    """What the members of a zip unpack to, by their own headers: its directory may be gone."""
    at = package.find(LOCAL_MAGIC)
    for _ in range(_MEMBERS):
        if at < 0 or most <= 0:
            return
        sizes = package[at + 26 : at + _HEADER]
        start = at + _HEADER + int.from_bytes(sizes[:2], "little") + int.from_bytes(sizes[2:], "little")
        content = _inflated(package, start, most)
        most -= len(content)
        yield content
        at = package.find(LOCAL_MAGIC, at + len(LOCAL_MAGIC))


def _inflated(package: bytes, start: int, most: int) -> bytes:
    """What a member unpacks to, as far as it can be read."""
    stream, found = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    view = memoryview(package)
    try:
        for at in range(start, len(package), _CHUNK):
            found += stream.decompress(view[at : at + _CHUNK], most - len(found))
            if stream.eof or len(found) >= most:
                break
    except zlib.error:
        pass
    return bytes(found)
