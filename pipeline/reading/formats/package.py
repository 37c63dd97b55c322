"""The zip around xlsx, xlsb and ods: each member inflated once, counted, and followed by a parser that declares nothing.

What is declared is not believed: sizes are counted while inflating, checksums compared, and the header in front of each
member must say what the directory at the end says, so that every reader sees the same members.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar
from xml.parsers import expat

from pipeline.reading.formats.notes import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

MAX_MEMBERS = 2_000
MAX_INFLATED = 200_000_000
MAX_RATIO = 300
RATIO_FREE = 2_000_000
_MAX_DEPTH = 64
_MAX_TEXT = 1_000_000
_CHUNK = 65_536
_REMEMBERED = 256  # small parts: themes, styles, covers are the same in file after file
_NAMES: dict[str, str] = {}  # of elements and attributes: the same few hundred, part after part
_MAX_NAMES = 4_096
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x05\x06"
_END_SIZE = 22
_UTF8_NAME = 0x800
_LEFT_BEHIND = "__macosx/"  # by a desktop that packed the parts again; its names are those of the parts


W = TypeVar("W", bound="Watcher")


class Watcher:
    """Follows one XML part; afterwards it says what was there.

    A kind that names its ``spaces`` knows elements by their namespaces, whatever their prefixes: elements of others, and
    attributes with a prefix, are not mistaken for ours. Others know elements by their local names.

    Only beginnings of elements call Python: the parser itself takes an element that ends off the list of the open ones,
    so whatever waits for the end of a cell is settled by the beginning of the next, or by :meth:`finish`.

    Attributes:
        opened: Name → what to do when such an element begins.
        parser: For handlers of text, which are only set where a text is wanted; gone with the end of the part.
        open: Names of the elements we are in.
        latest: The attributes of the latest element.
    """

    spaces: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.opened: dict[str, Callable[[dict[str, str]], None]] = {}
        self.open: list[str] = []
        self.latest: dict[str, str] | None = None
        if len(_NAMES) > _MAX_NAMES:
            _NAMES.clear()
        self.parser = expat.ParserCreate(namespace_separator=" " if self.spaces else None, intern=_NAMES)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._starter()
        self.parser.EndElementHandler = self.open.remove
        self.parser.StartDoctypeDeclHandler = _doctype

    def _starter(self) -> Callable[[str, dict[str, str]], None]:
        """What begins every element; called a thousand times for a small workbook, so it looks nothing up twice."""
        inside, enter, opened, spaces = self.open, self.open.append, self.opened.get, self.spaces

        def start(name: str, attributes: dict[str, str]) -> None:
            self.latest = attributes
            enter(name)
            if len(inside) > _MAX_DEPTH:
                raise Refusal("FILE_XML_DEEP", f"超过{_MAX_DEPTH}层")
            handle = opened(name)
            if handle is not None:
                handle(attributes)
            elif spaces:
                self.unknown(name)
            elif ":" in name:
                handle = opened(name.rpartition(":")[2])
                if handle is not None:
                    handle(attributes)

        return start

    def on(self, **handlers: Callable[[dict[str, str]], None]) -> None:
        """What to do when an element of one of our namespaces begins."""
        self.opened |= {f"{space} {name}": handle for name, handle in handlers.items() for space in self.spaces}

    def unknown(self, _: str) -> None:
        """An element begins that nothing is to be done about."""

    def finish(self) -> None:
        """The part is over."""


def _doctype(*_: object) -> NoReturn:
    raise Refusal("FILE_DOCTYPE")


class UnreadablePart(Refusal):
    """What a part says is no XML: of no concern where nobody reads it."""


class Package:
    """The members of a zip.

    Raises:
        Refusal: From the constructor and from every method, for what is wrong with the zip or a member.
    """

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._limit = min(MAX_INFLATED, max(RATIO_FREE, MAX_RATIO * len(content)))
        self._inflated = 0
        listed = _directory(content)
        self.members = {_plain_name(member): member for member in listed}
        """Name in small letters with forward slashes, as the reader looks for it → member; taken out once followed."""
        self.names = tuple(self.members)
        if len({(_plain_name(member), member.CRC, member.file_size) for member in listed}) > len(self.members):
            raise Refusal("FILE_BAD_MEMBERS", "有重名的部件")

    def follow(self, name: str, kind: Callable[..., W], *context: Hashable, remember: bool = True) -> W:
        """One XML part followed by a watcher of ``kind(*context)``; a part that is not there, or empty, is nothing to follow.

        A small part that was followed before, in whatever file, says the same again. Not to be remembered is one of which a few
        bytes may say much.
        """
        member = self.members.pop(name, None)
        if member is None or member.file_size == 0:
            return kind(*context)
        chunks = self._inflate(member)
        try:
            if remember and member.file_size <= _CHUNK:
                watcher: W = _followed(kind, context, b"".join(chunks))
                return watcher
            return _stream(chunks, kind(*context))
        except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two: encodings, numbers that are none
            _exhaust(chunks)
            raise UnreadablePart("FILE_DAMAGED", f"部件“{name}”内容残缺或有误") from error
        except Refusal as refusal:
            _exhaust(chunks)  # what a damaged member says is not what its writer said
            refusal.found = refusal.found or f"部件“{name}”"
            raise

    def follow_the_rest(self) -> None:
        """Every member nobody asked for: XML must be plain as far as it goes, anything must inflate to what it says."""
        for name, member in tuple(self.members.items()):
            if name.endswith((".xml", ".rels")) and not name.startswith(_LEFT_BEHIND):
                with suppress(UnreadablePart):
                    self.follow(name, Watcher)
            else:
                del self.members[name]
                _exhaust(self._inflate(member))

    def take(self, name: str) -> bytes:
        """One whole member, for parts that are not XML."""
        return b"".join(self._inflate(self.members.pop(name)))

    def _inflate(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        size = checksum = 0
        try:
            for chunk in _pieces(self._packed(member), member):
                size += len(chunk)
                self._inflated += len(chunk)
                if size > member.file_size:
                    raise _damaged(member)
                if self._inflated > self._limit:
                    raise Refusal("FILE_BOMB", f"解压后超过{self._limit // 1_000_000}MB")
                checksum = zlib.crc32(chunk, checksum)
                yield chunk
        except zlib.error as error:
            raise _damaged(member) from error
        if size != member.file_size or checksum != member.CRC:
            raise _damaged(member)

    def _packed(self, member: zipfile.ZipInfo) -> memoryview:
        """The packed bytes of a member whose own header agrees with the directory."""
        at = member.header_offset + _LOCAL_HEADER.size
        header = self._content[member.header_offset : at]
        if len(header) < _LOCAL_HEADER.size:
            raise _damaged(member)
        magic, _, flags, method, *_, name_size, extra_size = _LOCAL_HEADER.unpack(header)
        if magic != LOCAL_MAGIC:
            raise _damaged(member)
        own_name = bytes(self._content[at : at + name_size])
        listed_name = member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8_NAME else "cp437")
        if (own_name, method, flags & 1) != (listed_name, member.compress_type, 0):
            raise Refusal("FILE_BAD_MEMBERS", f"部件“{member.filename}”与目录登记的不一致")
        at += name_size + extra_size
        packed = self._content[at : at + member.compress_size]
        if len(packed) < member.compress_size:
            raise _damaged(member)
        return packed


@lru_cache(maxsize=_REMEMBERED)
def _followed(kind: Callable[..., Any], context: tuple[Hashable, ...], content: bytes) -> Any:
    """What a watcher says of the whole of a part: of nothing else, so that it can be remembered."""
    return _stream(iter((content,)), kind(*context))


def _stream(chunks: Iterator[bytes], watcher: W) -> W:
    quiet, seen = 0, watcher.latest
    for chunk in chunks:
        watcher.parser.Parse(chunk, False)
        quiet = quiet + len(chunk) if watcher.latest is seen else 0
        seen = watcher.latest
        if quiet > _MAX_TEXT:
            raise Refusal("FILE_TEXT_TOO_LONG")
    watcher.parser.Parse(b"", True)
    watcher.finish()
    del watcher.parser
    return watcher


def _exhaust(chunks: Iterator[bytes]) -> None:
    """To the end, where the checksum is compared."""
    for _ in chunks:
        pass


def _directory(content: bytes) -> list[zipfile.ZipInfo]:
    """The members as the directory at the end lists them."""
    end = content.rfind(END_MAGIC, -_END_SIZE - 0xFFFF)
    if end < 0 or end + _END_SIZE > len(content):
        raise Refusal("FILE_TRUNCATED", f"只有{size_text(len(content))}，缺少结尾部分")
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as error:
        raise Refusal("FILE_DAMAGED", "结尾处的部件目录有误") from error
    if members and min(member.header_offset for member in members) != 0:  # the end of another zip, packed inside
        raise Refusal("FILE_TRUNCATED", "开头的内容与结尾的目录对不上")
    if len(members) > MAX_MEMBERS:
        raise Refusal("FILE_TOO_LARGE", f"内含{len(members)}个部件，最多{MAX_MEMBERS}个")
    return members


def _plain_name(member: zipfile.ZipInfo) -> str:
    """A member's name as the reader compares it."""
    name = member.orig_filename.replace("\\", "/").lower()
    if member.flag_bits & 1:
        raise Refusal("FILE_ZIP_ENCRYPTED_MEMBER", f"“{member.filename}”")
    if name.startswith("/") or "\0" in name or ":" in name.split("/")[0] or ".." in name.split("/"):
        raise Refusal("FILE_BAD_MEMBERS", f"部件名“{member.filename}”不是文件内的位置")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refusal("FILE_BAD_MEMBERS", f"部件“{member.filename}”的压缩方式不是电子表格所用")
    return name


def _pieces(packed: memoryview, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member inflates to, a chunk at a time whatever its size."""
    if member.compress_type == zipfile.ZIP_STORED:
        for at in range(0, len(packed), _CHUNK):
            yield bytes(packed[at : at + _CHUNK])
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, len(packed), _CHUNK):
        rest: bytes | memoryview = packed[at : at + _CHUNK]
        while rest and not inflater.eof:
            chunk = inflater.decompress(rest, _CHUNK)
            if not chunk and len(inflater.unconsumed_tail) == len(rest):  # damaged so that it goes neither on nor wrong
                raise _damaged(member)
            yield chunk
            rest = inflater.unconsumed_tail
        if inflater.eof and (inflater.unused_data or inflater.unconsumed_tail or at + _CHUNK < len(packed)):
            raise _damaged(member)
    while not inflater.eof:  # output that was waiting for room
        chunk = inflater.decompress(b"", _CHUNK)
        if not chunk:
            raise _damaged(member)
        yield chunk


def _damaged(member: zipfile.ZipInfo) -> Refusal:
    return Refusal("FILE_DAMAGED", f"部件“{member.filename}”内容残缺或校验不符")


def size_text(size: int) -> str:
    """A size for people."""
    return f"{size / 1_000_000:.2f}MB" if size >= 1_000_000 else f"{size:,}字节"  # noqa: PLR2004 - a million


def follow_alone(content: bytes, watcher: W) -> W:
    """A file that is one part of XML, followed.

    Raises:
        Refusal: It is no XML, or for what is in it.
    """
    try:
        return _stream((content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK)), watcher)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Refusal("FILE_DAMAGED", "内容残缺或有误") from error
