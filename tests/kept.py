"""What is costly to make is made once: kept between runs, shared by workers, read and never changed.

It lies in ``.cache/tests`` under a hash of everything it is made from: the code and the data of the pipeline, the tests'
helpers, and the module that makes it. Another byte in one of them, and it is made anew. Deleting the folder is always safe.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import pickle
import shutil
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock

from pipeline.checks.suites import Breach, run_suite
from pipeline.products.drawing.cache import drawn, style
from pipeline.program.rules import UNIQUE
from tests.builder import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    import pandas as pd

    from pipeline.products.drawing.cache import Drawing
    from pipeline.program.rules import Rule

Made = TypeVar("Made")
CACHE = ROOT / ".cache" / "tests"
MADE_FROM = ("pipeline", "program", "expectations", "templates", "tests/examples")
ANSWERS_FROM = (
    "constraints.txt",
    "pipeline/checks/expectations.py",
    "pipeline/checks/suites.py",
    "pipeline/program/model.py",
    "tests/kept.py",
)
DAYS_UNUSED = 3


def kept(name: str, make: Callable[[Path], Made], *more: str) -> Made:
    """What ``make`` makes of these sources, today or in an earlier run.

    Args:
        name: Of the thing, one folder name.
        make: Given an empty folder that stays; returns a value that can be pickled. Its module is among the sources.
        more: What else the thing depends on.
    """
    key = _digest([sources(), *_files(_modules(inspect.getmodule(make))), *more])
    folder = CACHE / name / key[:16]
    done = folder / "made.pickle"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / f"{name}.lock"):
        if not done.is_file():
            _drop_unused(folder.parent)
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "files").mkdir(parents=True)
            content = pickle.dumps(make(folder / "files"))
            done.write_bytes(content)
        done.touch()
    made: Made = pickle.loads(done.read_bytes())  # noqa: S301 - written above
    return made


def remembered(rules: Sequence[Rule], frame: pd.DataFrame) -> tuple[Breach, ...]:
    """What Great Expectations says of a rule and rows alike in the columns it reads: asked once, whatever else there is.

    The masks look at the whole frame each time, and :func:`pipeline.checks.masks.run_both` compares.
    """
    if not rules or frame.empty:
        return ()
    rows = {rule.id: _rows(rule, frame) for rule in rules}
    asked = {rule.id: _question(rule, frame, rows[rule.id]) for rule in rules}
    with contextlib.closing(sqlite3.connect(_answers(), timeout=300, isolation_level=None)) as known:
        places = ",".join("?" * len(asked))
        found = known.execute(f"select * from said where asked in ({places})", [*asked.values()])  # noqa: S608
        said = {key: set(json.loads(broken)) for key, broken in found}
        unknown = [rule for rule in rules if asked[rule.id] not in said]
        if unknown:
            positions = {breach.rule.id: breach.positions for breach in run_suite(unknown, frame)}
            for rule in unknown:
                broken = {rows[rule.id][n] for n in positions.get(rule.id, ())}
                assert sum(row in broken for row in rows[rule.id]) == len(positions.get(rule.id, ())), rule.id
                said[asked[rule.id]] = broken
            fresh = [(asked[rule.id], json.dumps(sorted(said[asked[rule.id]]))) for rule in unknown]
            known.execute("pragma synchronous = off")
            known.execute("begin immediate")
            known.executemany("insert or ignore into said values (?, ?)", fresh)
            known.execute("commit")
    breaches = (
        Breach(rule=rule, positions=tuple(n for n, row in enumerate(rows[rule.id]) if row in said[asked[rule.id]]))
        for rule in rules
    )
    return tuple(breach for breach in breaches if breach.positions)


def _rows(rule: Rule, frame: pd.DataFrame) -> list[str]:
    """What each row holds in the columns a rule reads; of a rule about the whole column each row is one of its own."""
    columns = [frame[name].to_list() for name in rule.used_columns if name in frame]
    rows = [repr(row) for row in zip(*columns, strict=True)]
    return [f"{n} {row}" for n, row in enumerate(rows)] if rule.type == UNIQUE else rows


def _question(rule: Rule, frame: pd.DataFrame, rows: Sequence[str]) -> str:
    kinds = [str(frame[name].dtype) for name in rule.used_columns if name in frame]
    return _digest([repr({**rule.config, "meta": ""}), *kinds, *sorted(set(rows))])


@functools.cache
def _answers() -> Path:
    """Of what answers for a rule: the adapter, our own expectations and the libraries; all else is in the question."""
    path = CACHE / "rules" / f"{_digest([sys.version, *_files(ROOT / name for name in ANSWERS_FROM)])[:16]}.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    _drop_unused(path.parent)
    with contextlib.closing(sqlite3.connect(path, timeout=300)) as known:
        known.execute("create table if not exists said (asked text primary key, positions text) without rowid")
    path.touch()
    return path


def drawn_once(drawing: Drawing, folder: Path | None, secret: bytes = b"") -> bytes:
    """A picture as :func:`pipeline.products.drawing.cache.drawn` gives it, drawn once for all workspaces of the tests."""
    known = _Known(drawing.func, *drawing.args, **drawing.keywords)
    known.png = drawn(drawing, CACHE / "pictures" / style()[:16])
    return drawn(known, folder, secret)


class _Known(functools.partial[bytes]):
    """A drawing whose picture is there."""

    png: bytes

    def __call__(self, *_: object, **__: object) -> bytes:
        return self.png


@functools.cache
def sources() -> str:
    """A hash of what everything is made from."""
    helpers = (path for path in (ROOT / "tests").glob("*.py") if not path.name.startswith("test_"))
    found = (path for folder in MADE_FROM for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts)
    return _digest([sys.version, str(ROOT), *_files({ROOT / "constraints.txt", *helpers, *found})])


def _modules(module: ModuleType | None) -> set[Path]:
    """The file of a test module, and of those it takes things from."""
    found: set[Path] = set()
    waiting = {module.__name__} if module else set()
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        found.add(Path(str(sys.modules[name].__file__)))
        uses = {str(getattr(one, "__module__", "")) for one in vars(sys.modules[name]).values()}
        waiting |= {one for one in uses if one.startswith("tests.test_")} - seen
    return found


def _files(paths: Iterable[Path]) -> list[str]:
    return [f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(set(paths)) if path.is_file()]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _drop_unused(folder: Path) -> None:
    """Of other sources, and not looked at for some days."""
    for old in folder.iterdir():
        made = old / "made.pickle"
        with contextlib.suppress(FileNotFoundError):  # another worker drops it
            if time.time() - (made if made.is_file() else old).stat().st_mtime > DAYS_UNUSED * 86_400:
                shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink()
