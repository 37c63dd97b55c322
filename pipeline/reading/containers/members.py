"""What every kind of container gives: its members in their order, bounded in number and size; names are only for people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.reading.formats.package import MAX_INFLATED, MAX_MEMBERS, MAX_RATIO, RATIO_FREE, size_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import IO

MAX_PACKED = 100_000_000  # bytes of a container
LOCKED, BROKEN, LINK = "有密码", "没有传完或已损坏，打不开", "是指向别处的链接"
_CHUNK = 1 << 20
_DRIVE = re.compile(r"^[A-Za-z]:")


class UnopenedError(Exception):
    """A container that cannot be opened; its text says why, in words."""


class TooMuchError(UnopenedError):
    """All that lies in the inbox as one file expands to more than may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in a container.

    Attributes:
        name: Where it lay there: folders and name, never a place on a disk.
        fault: Why it cannot be taken out, in words; empty where it can.
    """

    name: str
    content: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A container.

    Attributes:
        members: Each read when it is asked for.
        sent: Of a mail, when it was sent, if it says so.
        subject: Of a mail.
    """

    members: Iterator[Member]
    sent: datetime | None = None
    subject: str = ""


class Meter:
    """What a container and all within it may still expand to: the limits of the guard, over the whole nest.

    Args:
        packed: Bytes of the container that lies in the inbox.

    Attributes:
        left: Bytes.
    """

    def __init__(self, packed: int) -> None:
        self._most = self.left = min(MAX_INFLATED, max(RATIO_FREE, MAX_RATIO * packed))
        self._members = MAX_MEMBERS

    def count(self, members: int) -> None:
        """So many are listed."""
        self._members -= members
        if self._members < 0:
            raise TooMuchError(f"里面的文件超过{MAX_MEMBERS}个")

    def take(self, size: int) -> None:
        """So many bytes were unpacked."""
        self.left -= size
        if self.left < 0:
            raise self.too_much()

    def too_much(self) -> TooMuchError:
        """It expands to more."""
        return TooMuchError(f"解压后超过{size_text(self._most)}")

    def read(self, file: IO[bytes]) -> bytes:
        """All that a stream gives."""
        chunks = []
        while chunk := file.read(_CHUNK):
            self.take(len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)


def text_of(raw: bytes) -> str:
    """A name as it was written: in UTF-8, else as Windows writes Chinese."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", errors="replace")


def plain_path(name: str) -> str:
    """Folders and name, without what would lead elsewhere: drives, roots, ways up."""
    parts = _DRIVE.sub("", name.replace("\\", "/")).split("/")
    return "/".join(part for part in parts if part.strip() not in {"", ".", ".."})
