"""A file as it lay in the inbox."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file as it lay in the inbox: its bytes, or where they are read when they are needed.

    Attributes:
        name: Path relative to the inbox, with forward slashes.
        received_on: Date of its dated folder, else of its modification.
        content: Its bytes; None where they are at ``path``, or of no more use.
        path: Where they are.
        sha256: Identity of the bytes; computed where they are given.
        changing: It was still being written when it was looked at.
    """

    name: str
    received_on: date
    content: bytes | None = None
    path: Path | None = None
    sha256: str = ""
    changing: bool = False

    def __post_init__(self) -> None:
        if self.content is not None and not self.sha256:
            object.__setattr__(self, "sha256", hashlib.sha256(self.content).hexdigest())

    @property
    def named(self) -> Arrival:
        """The file without its bytes: all that what was read of it needs to know."""
        return replace(self, content=None, path=None)
