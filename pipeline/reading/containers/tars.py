"""Members of a tar, packed or not; and the one file that gz, bz2 and xz pack."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from typing import TYPE_CHECKING, Any

from pipeline.reading.containers.members import BROKEN, LINK, Member, UnopenedError, plain_path, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.reading.containers.members import Meter

_PACKED: dict[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_MARK, _MARK_AT = b"ustar", 257
_UNSOUND = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def is_tar(content: bytes) -> bool:
    """A tar, or what may be one packed."""
    return content.startswith(tuple(_PACKED)) or content.startswith(_MARK, _MARK_AT)


def tar_members(name: str, content: bytes, meter: Meter) -> Iterator[Member]:
    """Its files; of what packs no tar, that one.

    Args:
        name: Of the container; a file that is packed alone has it without the ending.
        content: Its bytes.
        meter: Counts what is unpacked.

    Raises:
        UnopenedError: It cannot be opened, or is too much.
    """
    try:
        for magic, opener in _PACKED.items():
            if content.startswith(magic):
                content = meter.read(opener(io.BytesIO(content)))
    except _UNSOUND as error:
        raise UnopenedError(BROKEN) from error
    if not content.startswith(_MARK, _MARK_AT):
        meter.count(1)
        yield Member(name=name.rsplit("/", 1)[-1].rpartition(".")[0] or name, content=content)
        return
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:", errors="surrogateescape", encoding="utf-8") as tar:
            for one in tar:
                meter.count(1)
                inner = plain_path(text_of(one.name.encode("utf-8", errors="surrogateescape")))
                if one.isfile() and (file := tar.extractfile(one)):
                    yield Member(name=inner, content=file.read())
                elif not one.isdir():
                    yield Member(name=inner, fault=LINK)
    except _UNSOUND as error:
        raise UnopenedError(BROKEN) from error
