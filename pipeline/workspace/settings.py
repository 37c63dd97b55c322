"""``settings.yaml`` of a workspace: what an office sets once. The file may be missing; then everything is as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.program.strict import read_yaml

if TYPE_CHECKING:
    from pipeline.workspace.paths import Workspace

FILE = "settings.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may be set.

    Attributes:
        dataset: ``postgresql+psycopg://user@server/database`` of a dataset that an office shares; empty for the folder
            ``dataset/`` of the workspace. Never with a password.
        shared_disk: Whether the machines of a cluster see the workspace under the same path as this one: they read
            ``inbox/`` and keep files in ``dataset/files/``; otherwise files are sent to them.
        officer_contacts: Whether 逾期县清单.xlsx lists who filled in each prefecture's last return, and their telephone.
    """

    dataset: str = ""
    officer_contacts: bool = False
    shared_disk: bool = False


def load_settings(workspace: Workspace) -> Settings:
    """Read them, strictly.

    Raises:
        ProgramError: An unknown key, or a value of the wrong kind.
    """
    path = workspace.root / FILE
    if not path.is_file():
        return Settings()
    return read_yaml(path, Settings)[1]
