"""The container around xls and around what is encrypted: its streams, each there in full."""

from __future__ import annotations

import array
import io
import struct
import sys

import olefile

from pipeline.reading.formats.notes import Refusal
from pipeline.reading.formats.package import size_text

_HEADER_SIZE = 512
_FAT_IN_HEADER = struct.Struct("<109I")
_SECTOR_SHIFTS = {9, 12}
_SPECIAL = 0xFFFFFFFA  # sector numbers from here on are marks
_UNUSED = {0xFFFFFFFF, 0}  # the latter is what careless writers leave
_BROKEN = (OSError, ValueError, TypeError, IndexError, AttributeError, RecursionError, struct.error)


def open_container(content: bytes) -> tuple[set[str], dict[str, bytes]]:
    """Look through a container.

    Returns:
        Names of all streams and storages in small letters, as paths; and the streams of the uppermost storage.

    Raises:
        Refusal: The container is damaged or not whole.
    """
    names, streams = all_streams(content)
    return names, {name: data for name, data in streams.items() if "/" not in name}


def all_streams(content: bytes) -> tuple[set[str], dict[str, bytes]]:
    """The same, with the streams of all storages.

    Whole is one of which every stream is there to its last byte: some writers leave the rest of the last sector away, others
    give away sectors that they never write.
    """
    size, cut = _sector_size(content), _is_cut(content)
    missing = -len(content) % size
    try:
        container = olefile.OleFileIO(io.BytesIO(content + bytes(missing)))
        entries = [entry for entry in container.direntries if entry is not None]
        if sum(entry.size for entry in entries if entry.entry_type != olefile.STGTY_STORAGE) > len(content) * 2:
            raise _truncated(content)  # streams and, in the root, the small ones once more
        names = {"/".join(path).lower(): path for path in container.listdir(streams=True, storages=True)}
        streams = {name: path for name, path in names.items() if container.get_type(path) == olefile.STGTY_STREAM}
        whole = {name: container.openstream(path).read() for name, path in streams.items()}
        short = any(len(whole[name]) < container.get_size(path) for name, path in streams.items())
        if short or (missing and not any(_fills(container, entry, len(content)) for entry in entries)):
            raise _truncated(content)
    except _BROKEN as error:
        raise _truncated(content) if cut else Refusal("FILE_DAMAGED", "文件内部的目录残缺或有误") from error
    if not names:
        raise Refusal("FILE_DAMAGED", "文件内部的目录是空的")
    return set(names), whole


def _fills(container: olefile.OleFileIO, entry: olefile.OleDirectoryEntry, end: int) -> bool:
    """Whether a stream, or the small ones together, lie in the last sector and need no byte beyond ``end``."""
    is_root = entry.entry_type == olefile.STGTY_ROOT
    if entry.entry_type == olefile.STGTY_STORAGE or (entry.is_minifat and not is_root):
        return False
    size, sector, at = container.sector_size, entry.isectStart, 0
    for left in range(entry.size, 0, -size):
        at = (sector + 1) * size + min(left, size)
        sector = container.fat[sector]
    return bool(end // size * size < at <= end)


def _sector_size(content: bytes) -> int:
    """Of a header that asks for nothing absurd."""
    if len(content) < _HEADER_SIZE:
        raise _truncated(content)
    shift, fats = struct.unpack_from("<H", content, 30)[0], struct.unpack_from("<I", content, 44)[0]
    small_fats = struct.unpack_from("<I", content, 64)[0]
    if shift not in _SECTOR_SHIFTS:
        raise Refusal("FILE_DAMAGED", "文件开头有误")
    size: int = 1 << shift
    if max(fats * size // 4, small_fats) * size > 2 * len(content) + size * size:
        raise _truncated(content) if _is_cut(content) else Refusal("FILE_DAMAGED", "文件开头有误")
    return size


def _is_cut(content: bytes) -> bool:
    """Whether the tables speak of sectors that are not there."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    per_fat = size // 4
    for nth, sector in enumerate(_FAT_IN_HEADER.unpack_from(content, 76)):
        if sector >= _SPECIAL:
            break
        if (sector + 2) * size > len(content):
            return True
        fat = array.array("I", content[(sector + 1) * size : (sector + 2) * size])
        if sys.byteorder == "big":
            fat.byteswap()
        used = next((n for n in reversed(range(per_fat)) if fat[n] not in _UNUSED), -1)
        if used >= 0 and (nth * per_fat + used + 2) * size > len(content):
            return True
    return False


def _truncated(content: bytes) -> Refusal:
    return Refusal("FILE_TRUNCATED", f"只有{size_text(len(content))}，缺少后面的部分")
