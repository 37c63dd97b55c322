"""Members of what no library of ours opens, rar above all: by a program that this machine has, else told.

A program unpacks into a folder of its own, or turns the archive into a tar; it is stopped when it gives more than may be.
Only plain files are taken from the folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.reading.containers.members import BROKEN, LINK, LOCKED, Member, UnopenedError, plain_path, text_of
from pipeline.reading.containers.tars import tar_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.containers.members import Meter

OTHERS = {b"Rar!\x1a\x07": "rar", b"MSCF": "cab"}
_SECONDS, _TICK, _CHUNK = 50, 0.1, 1 << 20
# bsdtar takes whatever ends like a zip for one, also a rar that ends with a workbook: it looks no further back than this
_NO_ZIP_SEEN = bytes(1 << 17)
_NO_PASSWORD = "-"  # noqa: S105 - what a program is given so that it does not wait to be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacker:
    """A program that unpacks.

    Attributes:
        name: As the system finds it.
        words: What it is asked: ``{file}`` into ``{folder}``.
        gives_tar: It writes a tar instead.
    """

    name: str
    words: tuple[str, ...]
    gives_tar: bool = False


_AS_TAR = ("-cf", "-", "--format=pax", "@{file}")
_SEVEN = ("x", "-y", f"-p{_NO_PASSWORD}", "-o{folder}", "{file}")
UNPACKERS = (
    Unpacker(name="bsdtar", words=_AS_TAR, gives_tar=True),
    *([Unpacker(name="tar", words=_AS_TAR, gives_tar=True)] if sys.platform == "win32" else []),  # there it is bsdtar
    Unpacker(name="7zz", words=_SEVEN),
    Unpacker(name="7z", words=_SEVEN),
    Unpacker(name="unar", words=("-q", "-f", "-D", "-e", "gb18030", "-p", _NO_PASSWORD, "-o", "{folder}", "{file}")),
    Unpacker(name="unrar", words=("x", "-y", f"-p{_NO_PASSWORD}", "-inul", "{file}", "{folder}/")),
)


def other_members(name: str, content: bytes, meter: Meter) -> Iterator[Member]:
    """Its files, by the first program that can.

    Raises:
        UnopenedError: There is none, none can, or it is too much.
    """
    there = [one for one in UNPACKERS if shutil.which(one.name)]
    if not there:
        kind = next(kind for magic, kind in OTHERS.items() if content.startswith(magic))
        raise UnopenedError(f"这台电脑上没有能打开{kind}的程序（7-Zip、unar、bsdtar、unrar 都可以，装好再运行即可）")
    with tempfile.TemporaryDirectory() as work:
        file, folder = Path(work) / "packed", Path(work) / "unpacked"
        said = ""
        for one in there:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            file.write_bytes(content + (_NO_ZIP_SEEN if one.gives_tar else b""))
            tar, said = _run(one, file, folder, meter)
            if said:
                continue
            if one.gives_tar:
                yield from tar_members(name, tar, meter)
            else:
                yield from _files(folder, meter)
            return
    raise UnopenedError(LOCKED if "password" in said or "ncrypt" in said or "passphrase" in said else BROKEN)


def _run(one: Unpacker, file: Path, folder: Path, meter: Meter) -> tuple[bytes, str]:
    """What a program wrote out, and what it complained of; empty where it did well."""
    words = [word.format(file=file, folder=folder) for word in one.words]
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as told,
        subprocess.Popen(  # noqa: S603 - one of ours, on a file that we named
            [one.name, *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=told,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        ) as running,
    ):
        until = time.monotonic() + _SECONDS
        while running.poll() is None:
            size = os.fstat(out.fileno()).st_size + sum(path.lstat().st_size for path in _plain(folder))
            if size > meter.left or time.monotonic() > until:
                running.kill()
                running.wait()
                raise meter.too_much() if size > meter.left else UnopenedError("打开它的时间太长")
            time.sleep(_TICK)
        out.seek(0)
        told.seek(0)
        complaint = told.read(_CHUNK).decode(errors="replace").lower()
        failed = complaint or ("failed" if running.returncode else "")  # a complaint may be of a file left out
        return (meter.read(out) if one.gives_tar and not failed else b""), failed


def _plain(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _files(folder: Path, meter: Meter) -> Iterator[Member]:
    """What was unpacked into a folder."""
    for path in sorted(folder.rglob("*")):
        name = plain_path(text_of(os.fsencode(path.relative_to(folder).as_posix())))
        if path.is_symlink():
            yield Member(name=name, fault=LINK)
        elif path.is_file():
            meter.count(1)
            with path.open("rb") as file:
                yield Member(name=name, content=meter.read(file))
