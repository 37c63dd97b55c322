"""Small faults put into the code on purpose, to see whether a test finds them: ``python -m tools.mutants [COUNT [FOLDER…]]``.

Cosmic Ray makes the mutants. It would start the tests' imports anew for each, and draws no sample: the processes and the
sample are here. A place in the code is drawn first and then one mutant of it, or ``a + b`` would count eleven times. Each
is tried in one of two copies of the repository, by the tests of ``[tool.mutants]`` in pyproject.toml, until one fails.
"""

from __future__ import annotations

import ast
import compileall
import itertools
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutants"]
PATIENCE_SECONDS = 240
CONTEXT = multiprocessing.get_context("forkserver")


def places(code: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Where code can be mutated, annotations and decorators left out: (line, column) → operators, each with its occurrence."""
    found: dict[tuple[int, int], list[tuple[str, int]]] = {}
    notes = [
        ((note.lineno, note.col_offset), (note.end_lineno, note.end_col_offset))
        for node in ast.walk(ast.parse(code))
        for note in (
            getattr(node, "annotation", None),
            getattr(node, "returns", None),
            *getattr(node, "decorator_list", []),
        )
        if note
    ]
    nodes = list(ast_nodes(get_ast(code)))
    for name in operator_names():
        if re.search(SETTINGS["left_out"], name) or get_operator(name).arguments():
            continue
        starts = (start for node in nodes for start, _ in get_operator(name)().mutation_positions(node))
        for occurrence, start in enumerate(starts):
            if not any(first <= start <= last for first, last in notes):
                found.setdefault(start, []).append((name, occurrence))
    return found


def tests_of(module: str) -> list[str]:
    """Names of the test modules that try a module: those that import it, and those said to."""
    also = {name for part, names in SETTINGS["also"].items() if re.search(part, module) for name in names.split()}
    dotted = re.compile(rf"\b{module.removesuffix('.py').replace('/', '.')}\b")
    found = (p for p in (ROOT / "tests").glob("test_*.py") if dotted.search(p.read_text(encoding="utf-8")))
    return sorted((also | {p.stem.removeprefix("test_") for p in found}) & set(SETTINGS["quick"].split()))


def tried(folder: str, tests: list[str]) -> None:
    """In a process of its own: the exit code says whether the tests pass."""
    os.setsid()
    os.chdir(folder)
    os.dup2(os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(1, 2)
    sys.path[:] = [folder, *(one for one in sys.path if one not in {"", str(ROOT)})]
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
    os._exit(pytest.main([*options, *(f"tests/test_{name}.py" for name in tests)]))


def seconds_to_pass(folder: Path, tests: list[str]) -> float:
    """How long tests take in a copy; 0 if one fails."""
    began = time.monotonic()
    process = CONTEXT.Process(target=tried, args=(str(folder), tests))
    process.start()
    process.join(PATIENCE_SECONDS)
    if process.exitcode is None:
        os.killpg(process.pid or 0, signal.SIGKILL)  # its own group, by its number
        process.join()
    return time.monotonic() - began if process.exitcode == 0 else 0


def quickest(tests: list[str], took: dict[str, float]) -> list[str]:
    """The quickest first, as many as take no longer than a mutant may cost."""
    spent = itertools.accumulate(sorted(took[test] for test in tests))
    few = sum(seconds <= SETTINGS["most_seconds"] for seconds in spent)
    return sorted(tests, key=lambda test: took[test])[: max(1, few)]


def main(count: int, folders: list[str]) -> None:
    """Try a sample, and print what no test finds."""
    os.environ |= {"GX_ANALYTICS_ENABLED": "false", "PYTHONDONTWRITEBYTECODE": "1"}
    CONTEXT.set_forkserver_preload(SETTINGS["preloaded"].split())
    began, chance = time.monotonic(), random.Random(SETTINGS["seed"])  # noqa: S311 - the same sample every time
    paths = [p for folder in folders for p in sorted((ROOT / "pipeline" / folder).rglob("*.py"))]
    code = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    drawn = [(name, *one) for name, text in code.items() if tests_of(name) for one in sorted(places(text).items())]
    sample = [(module, at[0] - 1, *chance.choice(some)) for module, at, some in chance.sample(drawn, count)]
    free: SimpleQueue[Path] = SimpleQueue()

    def sound(test: str) -> float:
        folder = free.get()
        took = seconds_to_pass(folder, [test])
        said = (folder / "said.txt").read_text(encoding="utf-8")
        free.put(folder)
        print(f"test_{test}: {took:.0f} s", file=sys.stderr)
        return took or sys.exit(f"{said}\ntests/test_{test}.py fails without any mutant")

    def survivor(module: str, line: int, operator: str, occurrence: int) -> str:
        mutated = mutate_code(code[module], get_operator(operator)(), occurrence)
        folder = free.get()
        (folder / module).write_text(mutated, encoding="utf-8")
        alive = seconds_to_pass(folder, quickest(tests_of(module), took))
        (folder / module).write_text(code[module], encoding="utf-8")
        free.put(folder)
        was, now = (text.splitlines()[line].strip() for text in (code[module], mutated))
        return f"\n{module}:{line + 1} {operator}\n  - {was}\n  + {now}\n" if alive else ""

    with tempfile.TemporaryDirectory() as parent, ThreadPoolExecutor(2) as two:
        for folder in (Path(parent) / "1", Path(parent) / "2"):
            folder.mkdir()
            for part in SETTINGS["copied"]:
                copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
                copy(ROOT / part, folder / part)
            compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
            free.put(folder)
        names = sorted({test for module, *_ in sample for test in tests_of(module)})
        took = dict(zip(names, two.map(sound, names), strict=True))
        alive = 0
        for said in two.map(lambda one: survivor(*one), sample):
            print(said or ".", end="", flush=True)
            alive += bool(said)
    found = f"{count - alive} of {count} mutants found, of {len(drawn)} places"
    print(f"\n{found}; seed {SETTINGS['seed']}, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(int((sys.argv[1:] or [SETTINGS["count"]])[0]), sys.argv[2:] or SETTINGS["folders"])
