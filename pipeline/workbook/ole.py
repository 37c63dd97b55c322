"""The container around xls: its streams, each there in full."""

from __future__ import annotations

import array
import io
import struct
import sys

import olefile

from pipeline.workbook.notes import Refusal
from pipeline.workbook.package import size_text

HEADER_SIZE = 512
FAT_IN_HEADER = struct.Struct("<109I")
SECTOR_SHIFTS = {9, 12}
SPECIAL = 0xFFFFFFFA  # sector numbers from here on are marks
UNUSED = {0xFFFFFFFF, 0}  # the latter is what careless writers leave


def open_container(content: bytes) -> tuple[set[str], bytes | None]:
    """Look through the container of an xls.

    Returns:
        Names of all streams and storages in small letters, as paths; and the stream of the workbook, if there is one.

    Raises:
        Refusal: The container is damaged or not whole.
    """
    _check_extent(content)
    try:
        container = olefile.OleFileIO(io.BytesIO(content))
        entries = [entry for entry in container.direntries if entry is not None]
        if sum(entry.size for entry in entries if entry.entry_type != olefile.STGTY_STORAGE) > len(content) * 2:
            raise _truncated(content)  # streams and, in the root, the small ones once more
        names = {"/".join(path).lower(): path for path in container.listdir(streams=True, storages=True)}
        streams = {name: path for name, path in names.items() if container.get_type(path) == olefile.STGTY_STREAM}
        whole = {name: _stream(container, path, content) for name, path in streams.items()}
    except (OSError, ValueError, TypeError, IndexError, AttributeError, RecursionError, struct.error) as error:
        raise Refusal("FILE_DAMAGED", "文件内部的目录残缺或有误") from error
    if not names:
        raise Refusal("FILE_DAMAGED", "文件内部的目录是空的")
    return set(names), whole.get("workbook", whole.get("book"))


def _stream(container: olefile.OleFileIO, path: list[str], content: bytes) -> bytes:
    data: bytes = container.openstream(path).read()
    if len(data) < container.get_size(path):
        raise _truncated(content)
    return data


def _check_extent(content: bytes) -> None:
    """Every sector the allocation table has given away is there; and its header asks for nothing absurd."""
    if len(content) < HEADER_SIZE:
        raise _truncated(content)
    shift, fats = struct.unpack_from("<H", content, 30)[0], struct.unpack_from("<I", content, 44)[0]
    small_fats = struct.unpack_from("<I", content, 64)[0]
    if shift not in SECTOR_SHIFTS:
        raise Refusal("FILE_DAMAGED", "文件开头有误")
    size = 1 << shift
    per_fat = size // 4
    for nth, sector in enumerate(FAT_IN_HEADER.unpack_from(content, 76)):
        if sector >= SPECIAL:
            break
        if (sector + 2) * size > len(content):
            raise _truncated(content)
        fat = array.array("I", content[(sector + 1) * size : (sector + 2) * size])
        if sys.byteorder == "big":
            fat.byteswap()
        used = next((n for n in reversed(range(per_fat)) if fat[n] not in UNUSED), -1)
        if used >= 0 and (nth * per_fat + used + 2) * size > len(content):
            raise _truncated(content)
    if max(fats * per_fat, small_fats) * size > 2 * len(content) + 4 * per_fat * size:
        raise Refusal("FILE_DAMAGED", "文件开头有误")


def _truncated(content: bytes) -> Refusal:
    return Refusal("FILE_TRUNCATED", f"只有{size_text(len(content))}，缺少后面的部分")
