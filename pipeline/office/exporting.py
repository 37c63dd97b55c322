"""The dataset taken out of the workspace: as a data package, as partitioned Parquet, or as a backup that is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.ledger.backup import copy_database, restore
from pipeline.ledger.standing import periods_of, seen_from
from pipeline.products.package.export import export, is_of_package
from pipeline.products.package.partitions import PATHS, write_partitions
from pipeline.system.disk import why
from pipeline.system.errors import WorkspaceError
from pipeline.workspace.campaign import choose_period, load_campaign, open_snapshot, open_store
from pipeline.workspace.paths import replace_folder, write_beside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from pipeline.domain.entries import End
    from pipeline.ledger.content import SeenEarlier
    from pipeline.ledger.store import Store
    from pipeline.program.model import Period
    from pipeline.workspace.paths import Workspace


def export_files(workspace: Workspace, period_code: str | None, as_of: date) -> dict[str, bytes]:
    """Path → content of the package: all periods, or one.

    Raises:
        PipelineError: There is no such period, or something to export with is not installed.
    """
    campaign, snapshot = open_snapshot(workspace, as_of)
    chosen = None if period_code is None else [choose_period(campaign.program, period_code, as_of).code]
    return export(campaign.program, snapshot, campaign.calendar, chosen, is_demo=workspace.is_demo)


def export_package(workspace: Workspace, folder: Path, period_code: str | None, as_of: date) -> int:
    """Write the data package into a folder; how many files it has. See :func:`export_files` and :func:`write_package`."""
    check_folder(folder)
    files = export_files(workspace, period_code, as_of)
    write_package(folder, files)
    return len(files)


def write_package(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a package, whole or not at all, into a new or empty folder or over an earlier package.

    Raises:
        WorkspaceError: The folder holds something else, which would be lost; or the disk refused.
    """
    check_folder(folder)
    replace_folder(folder.resolve(), files)


def export_partitions(workspace: Workspace, folder: Path, period_code: str | None, as_of: date) -> tuple[int, int]:
    """Write what stands as partitioned Parquet, all periods or one, whole or not at all; an earlier export is replaced.

    Returns:
        How many files and values were written.

    Raises:
        PipelineError: There is no such period, something to export with is not installed, the folder holds something
            else, or the disk refused.
    """
    check_folder(folder, partitioned=True)
    program = load_campaign(workspace).program
    store = open_store(workspace, program, create=False)
    try:
        seen = seen_from(store, as_of)
        chosen = (choose_period(program, period_code, as_of),) if period_code else _periods(store, seen)

        def write(fresh: Path) -> tuple[int, int]:
            values = write_partitions(fresh, store, seen, chosen, is_demo=workspace.is_demo)
            return sum(path.is_file() for path in fresh.rglob("*")), values

        return write_beside(folder.resolve(), write)
    except OSError as error:
        raise WorkspaceError(f"没有导出：无法写入 {folder.resolve()}：{why(error)}。原来的文件没有动") from error
    finally:
        store.close()


def back_up(workspace: Workspace, file: Path, *, overwrite: bool) -> tuple[int, End]:
    """Copy the dataset, without the key, into one file; how many submissions, and where the ledger ends."""
    store = open_store(workspace, load_campaign(workspace).program, create=False)
    try:
        end = store.end()
        return copy_database(store.database, file.resolve(), files=True, key=store.key, again=overwrite), end
    finally:
        store.close()


def put_back(workspace: Workspace, file: Path, *, unsigned: bool) -> tuple[int, End]:
    """Fill an empty dataset from a backup; how many submissions, and where the ledger ends."""
    store = open_store(workspace, load_campaign(workspace).program)
    try:
        return restore(store, file.resolve(), unsigned=unsigned), store.end()
    finally:
        store.close()


def _periods(store: Store, seen: SeenEarlier) -> tuple[Period, ...]:
    """Those that have begun, or that somebody has reported for."""
    reported = periods_of(store, seen)
    return tuple(p for p in store.program.periods if p.start <= seen.as_of or p.code in reported)


def check_folder(folder: Path, *, partitioned: bool = False) -> None:
    """Refuse a folder that holds anything but an earlier export of the same sort.

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
    other = sorted(name for name in held if not (PATHS.fullmatch(name) if partitioned else is_of_package(name)))
    if other or (folder.exists() and not folder.is_dir()):
        what = f"里面已有别的文件（{other[0]}）" if other else "不是目录"
        raise WorkspaceError(f"没有导出：{folder} {what}。请换一个新的目录")
