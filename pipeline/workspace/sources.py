"""What the office wrote, and the program that works by it, as one content: kept, so that what was decided can be judged again by it."""

from __future__ import annotations

import hashlib
import io
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from pipeline.system.errors import DatasetError

if TYPE_CHECKING:
    from datetime import date

    from pipeline.ledger.store import Store
    from pipeline.workspace.paths import Workspace

# that have a say in what is read and decided
PACKAGES = (
    "great_expectations",
    "pandas",
    "olefile",
    "msoffcrypto-tool",
)
ABOUT = "about.json"
_KEPT = ("program/", "expectations/")  # of templates only the hash: nothing is decided by them


def use_sources(workspace: Workspace, store: Store, day: date) -> None:
    """Note in the ledger by what is worked from here on, if it is not what it was."""
    store.use(pack(workspace), day, code=code_hash())


def pack(workspace: Workspace) -> bytes:
    """Program and rules, hashes of the templates, and with what they are worked; the same bytes for the same."""
    inputs = workspace.inputs()
    about = {
        "code": code_hash(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "templates": hashes({name: data for name, data in inputs.items() if not name.startswith(_KEPT)}),
    }
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as package:
        for name, data in sorted({**inputs, ABOUT: json.dumps(about, indent=1).encode()}.items()):
            if name == ABOUT or name.startswith(_KEPT):
                package.writestr(ZipInfo(name), data, ZIP_DEFLATED)
    return out.getvalue()


def hashes(files: dict[str, bytes]) -> dict[str, str]:
    """Name → sha256."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}


@cache
def code_hash() -> str:
    """Of this program's own text."""
    digest, here = hashlib.sha256(), Path(__file__).parents[1]
    for path in sorted(here.rglob("*.py")):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def unpack(content: bytes) -> dict[str, bytes]:
    """Path → content, of program and rules as they were, and what is said about them.

    Raises:
        DatasetError: It is none of ours.
    """
    try:
        with ZipFile(io.BytesIO(content)) as package:
            return {name: package.read(name) for name in package.namelist() if name == ABOUT or name.startswith(_KEPT)}
    except (BadZipFile, OSError, ValueError) as error:
        raise DatasetError(f"台账里的程序定义读不出：{error}") from error


def inputs_of(content: bytes) -> dict[str, str]:
    """Path → sha256 of everything the office wrote, as packed."""
    files = unpack(content)
    about = json.loads(files.pop(ABOUT))
    return {**hashes(files), **about["templates"]}


def lay_out(content: bytes, folder: Path) -> None:
    """Program and rules into a folder, to be read from there."""
    for name, data in unpack(content).items():
        path = folder / name
        if name != ABOUT and path.resolve().is_relative_to(folder.resolve()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
