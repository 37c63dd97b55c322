"""The dataset taken out of the workspace, as a data package in a folder of the user's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.campaign import choose_period, open_snapshot
from pipeline.errors import WorkspaceError
from pipeline.reports.export import TABLE_FILES, export
from pipeline.workspace import replace_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from pipeline.workspace import Workspace


def export_files(workspace: Workspace, period_code: str | None, as_of: date) -> dict[str, bytes]:
    """Path → content of the package: all periods, or one.

    Raises:
        PipelineError: There is no such period, or something to export with is not installed.
    """
    campaign, snapshot = open_snapshot(workspace, as_of)
    chosen = None if period_code is None else [choose_period(campaign.program, period_code, as_of).code]
    return export(campaign.program, snapshot, campaign.calendar, chosen, is_demo=workspace.is_demo)


def write_package(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a package, whole or not at all, into a new or empty folder or over an earlier package.

    Raises:
        WorkspaceError: The folder holds something else, which would be lost; or the disk refused.
    """
    check_folder(folder)
    replace_folder(folder.resolve(), files)


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier package.

    Raises:
        WorkspaceError: It does, or it is no folder.
    """
    try:
        held = (
            {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
            if folder.is_dir()
            else set()
        )
    except OSError as error:
        raise WorkspaceError(f"读不出 {folder}：{error.strerror or error}") from error
    other = sorted(held - TABLE_FILES)
    if other or (folder.exists() and not folder.is_dir()):
        what = f"里面已有别的文件（{other[0]}）" if other else "不是目录"
        raise WorkspaceError(f"没有导出：{folder} {what}。请换一个新的目录")
