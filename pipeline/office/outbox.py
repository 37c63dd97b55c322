"""The folder of a period's products: swapped in whole; what somebody changed or put in it is kept, and never lost."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.office.issuing import ISSUED
from pipeline.products.kept import LastMade
from pipeline.system.disk import why
from pipeline.system.errors import WorkspaceError
from pipeline.workspace.paths import replace_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BULLETIN = "工作简报.docx"
ALTERED = "工作人员的文件"  # what they changed or put there
RETURNED_LATER = "退回（封存后）"  # of a period closed: made here, with a manifest of its own


def write_products(
    folder: Path, files: Mapping[str, bytes], secret: bytes, keep: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Swap in the products of a period.

    Args:
        folder: ``outbox/P``.
        files: Path → content.
        secret: The workspace's key.
        keep: Sub-folders to carry over, besides what went out and what was changed before.

    Returns:
        Where each file is kept now, inside ``folder``, that was changed since it was made or put there by somebody.

    Raises:
        WorkspaceError: The disk refused; the old folder is as it was.
    """
    saved: list[str] = []
    try:
        there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder / ALTERED)}
        for name, content in LastMade.of(folder, secret).altered(files, (ISSUED, ALTERED, RETURNED_LATER)):
            if files.get(name) != content and content not in there.values():
                beside = _free(f"{ALTERED}/{name}", there)
                there[beside] = content
                saved.append(beside)
    except OSError as error:
        raise WorkspaceError(f"无法读取 {error.filename or folder}：{why(error)}。原来的产品没有动") from error
    replace_folder(folder, {**files, **there}, keep=(ISSUED, *keep))
    return tuple(saved)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _free(name: str, taken: Mapping[str, bytes]) -> str:
    """The name, or with a number where there is one of that name."""
    path, n = PurePosixPath(name), 1
    while name in taken:
        n += 1
        name = str(path.with_stem(f"{path.stem}_{n}"))
    return name
