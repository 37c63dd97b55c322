"""The bytes of files, kept for ever by their sha256. Imports little: whoever reads files in another process keeps them too."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeline.system.disk import why
from pipeline.system.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Blobs(Protocol):
    """The bytes of files, by their sha256."""

    def keep(self, sha256: str, content: bytes) -> None:
        """Keep them for ever, on disk before the ledger names them."""

    def put_back(self, sha256: str, content: bytes) -> None:
        """Keep them again, whatever is there now."""

    def read(self, sha256: str) -> bytes:
        """The bytes as kept.

        Raises:
            DatasetError: They are gone, or no longer what was received.
        """

    def names(self) -> frozenset[str]:
        """Every sha256 there is."""


@contextmanager
def disk_told(where: str | Path) -> Iterator[None]:
    """Faults of the disk in one line for staff."""
    try:
        yield
    except OSError as error:
        raise DatasetError(f"数据集 {where} 无法读写：{why(error)}") from error


def checked(content: bytes | None, sha256: str, where: str) -> bytes:
    """The bytes, if they are those that were received; staff are told what to do if not.

    Raises:
        DatasetError: They are gone, or others.
    """
    if content is None:
        raise DatasetError(f"{where} 不见了；请从备份恢复，或把原件重新放入收件箱再运行")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DatasetError(f"{where} 已不是收到时的内容；请从备份恢复，或删除它，把原件重新放入收件箱再运行")
    return content


@dataclass(frozen=True, slots=True)
class FolderBlobs:
    """Files in a folder, content-addressed; another process that sees the folder may keep them as well."""

    folder: Path

    def keep(self, sha256: str, content: bytes) -> None:
        """Synced to disk before it returns; one that is already there whole is left."""
        path = self._path(sha256)
        with disk_told(self.folder.parent):
            if path.exists() and path.stat().st_size == len(content):
                return
        self.put_back(sha256, content)

    def put_back(self, sha256: str, content: bytes) -> None:
        """Synced to disk before it returns."""
        path = self._path(sha256)
        with disk_told(self.folder.parent):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(f".part{os.getpid()}")
            handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)

    def read(self, sha256: str) -> bytes:
        """As kept, its hash compared."""
        path = self._path(sha256)
        with disk_told(self.folder.parent):
            content = path.read_bytes() if path.exists() else None
        return checked(content, sha256, str(path))

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def names(self) -> frozenset[str]:
        """Every file that is whole."""
        return frozenset(p.name for p in self.folder.glob("??/*") if len(p.name) == 64)  # noqa: PLR2004 - a sha256
