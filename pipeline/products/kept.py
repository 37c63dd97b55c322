"""Products kept from the last time where all that they are made from is the same: what a folder was made from is in its manifest.

A key is a hash of values, of everything the office wrote, of the text of this program and of the versions it runs with: nobody
has to remember to raise a number. Only what a signed manifest lists, and what is still as it was written, is kept.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.products.manifest import MANIFEST, PACKAGES, is_signed, sha256
from pipeline.system.litter import is_litter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_PIPELINE = Path(__file__).parents[1]


def key_of(*values: Any) -> str:
    """Sha256 of some values and of the program that makes something of them.

    Raises:
        TypeError: A value of a kind that has no one text: guessing it could give two products one key.
    """
    text = json.dumps([as_plain(values), _program()], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _program() -> str:
    """Sha256 of this program's files, and of the versions it runs with."""
    files = sorted(path for path in _PIPELINE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    whole = hashlib.sha256(platform.python_version().encode())
    for name in PACKAGES:
        whole.update(f"{name} {version(name)}".encode())
    for path in files:
        whole.update(path.relative_to(_PIPELINE).as_posix().encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def as_plain(value: Any) -> Any:
    """A value as JSON can hold it, type and all.

    Raises:
        TypeError: See :func:`key_of`.
    """
    if isinstance(value, Enum) or (is_dataclass(value) and not isinstance(value, type)):
        inner = (
            value.value
            if isinstance(value, Enum)
            else {f.name: as_plain(getattr(value, f.name)) for f in fields(value)}
        )
        return {type(value).__name__: inner}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [as_plain(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[as_plain(name), as_plain(item)] for name, item in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": sha256(value)}
    if isinstance(value, date | time | timedelta | Decimal):
        return {type(value).__name__: str(value)}
    raise TypeError(f"a product takes no {type(value).__name__}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMade:
    """What lies in a folder, as its manifest has it; nothing of it is kept where the workspace's key did not sign that.

    Attributes:
        key: Of all of it; empty without a signature, or where something could not be made.
        keys: Product → its own key; none without a signature.
        outputs: Product → sha256 of what was written, signed or not.
    """

    folder: Path
    key: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, secret: bytes) -> LastMade:
        """Read the folder's manifest."""
        try:
            content = json.loads((folder / MANIFEST).read_bytes())
            outputs = dict(content["outputs"])
            if not is_signed(content, secret):
                return cls(folder=folder, outputs=outputs)
            key = "" if "unmade" in content else content.get("key", "")
            return cls(folder=folder, key=key, keys=dict(content.get("keys", {})), outputs=outputs)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(folder=folder)

    def get(self, name: str, key: str) -> bytes | None:
        """A product made from the same, if it is still as it was written."""
        if self.keys.get(name) != key:
            return None
        try:
            content = (self.folder / name).read_bytes()
        except OSError:
            return None
        return content if sha256(content) == self.outputs.get(name) else None

    def altered(self, made: Collection[str], beside: Iterable[str] = ()) -> Iterator[tuple[str, bytes]]:
        """What lies there that is not as it was written: products changed, and files put beside them; all of it theirs who did.

        Args:
            made: Names of what is made now: without a manifest nobody knows whether one of these was changed.
            beside: Folders in it that are none of its products.

        Raises:
            OSError: A file cannot be read.
        """
        for name, path in self._there(beside):
            if self.outputs or name not in made:
                content = path.read_bytes()
                if sha256(content) != self.outputs.get(name):
                    yield name, content

    def _there(self, beside: Iterable[str]) -> list[tuple[str, Path]]:
        others = {MANIFEST, *beside}
        found = (path.relative_to(self.folder) for path in sorted(self.folder.rglob("*")) if path.is_file())
        mine = (path for path in found if path.parts[0] not in others and not is_litter(path.name))
        return [(path.as_posix(), self.folder / path) for path in mine]

    def is_whole(self, key: str, beside: Iterable[str] = ()) -> bool:
        """Whether all that would be made from the same lies there as it was written, and nothing else.

        Args:
            key: What it would be made from.
            beside: Folders in it that are none of its products.
        """
        if not key or self.key != key:
            return False
        there = dict(self._there(beside))
        try:
            return there.keys() == self.outputs.keys() and all(
                sha256(path.read_bytes()) == self.outputs[name] for name, path in there.items()
            )
        except OSError:
            return False
