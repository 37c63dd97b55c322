"""A new workspace: the program, rules and templates that travel with this package, and empty folders."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.system.errors import WorkspaceError
from pipeline.workspace.paths import Workspace, make_key

_CONTENTS = ("program", "expectations", "templates")
EMPTY = ("inbox", "outbox")
_PRIVATE = "issue.key\ndataset/\ninbox/\noutbox/\n"  # for whoever keeps a workspace under git


def _starter_files() -> Path:
    """Where ``program/``, ``expectations/`` and ``templates/`` are: inside the wheel, or the checkout beside us.

    Raises:
        WorkspaceError: The installation is damaged.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "_starter", package.parent):
        if all((folder / name).is_dir() for name in _CONTENTS):
            return folder
    raise WorkspaceError("安装不完整：找不到 program、expectations、templates，请重新安装")


def create_workspace(folder: Path) -> None:
    """Make ``folder`` a workspace.

    Raises:
        WorkspaceError: It already holds something, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise WorkspaceError(f"{folder} 已有内容，请另选一个空目录")
        source = _starter_files()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _CONTENTS:
            shutil.copytree(source / name, folder / name)
        for name in EMPTY:
            (folder / name).mkdir(parents=True)
        (folder / ".gitignore").write_text(_PRIVATE, encoding="utf-8")
        make_key(Workspace(root=folder))
    except OSError as error:
        raise WorkspaceError(f"无法建立 {folder}：{error.strerror or error}") from error
