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
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock

from pipeline.checks.suites import Breach, run_suite
from tests.builder import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    import pandas as pd

    from pipeline.program.rules import Rule

Made = TypeVar("Made")
CACHE = ROOT / ".cache" / "tests"
MADE_FROM = ("pipeline", "program", "expectations", "templates", "tests/examples")
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
    """What Great Expectations says of the same rules and the same frame: asked once for the same sources."""
    if not rules or frame.empty:
        return ()
    asked = [sources(), repr(rules), repr(frame.to_dict("list")), repr(frame.dtypes.to_dict()), repr(frame.index)]
    path = CACHE / "rules" / sources()[:16] / f"{_digest(asked)}.json"
    if path.is_file():
        return tuple(Breach(rule=rules[n], positions=tuple(at)) for n, at in json.loads(path.read_text("ascii")))
    said = run_suite(rules, frame)
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_unused(path.parent.parent)
    number = {rule.id: n for n, rule in enumerate(rules)}
    fresh = path.with_suffix(f".{time.time_ns()}")
    fresh.write_text(json.dumps([(number[breach.rule.id], breach.positions) for breach in said]), "ascii")
    fresh.replace(path)
    return said


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
                shutil.rmtree(old, ignore_errors=True)
