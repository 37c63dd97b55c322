"""Shared by the tests: the campaign of this checkout, and a workspace of its own for each test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.rules import load_rules
from pipeline.program.load import load_program
from pipeline.starter import create_workspace
from pipeline.workspace import Workspace
from tests.builder import own_key
from tests.officer import Session, find_office

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.checks.rules import Rule
    from pipeline.program.model import Program

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def program() -> Program:
    """The campaign as ``program/`` defines it."""
    return load_program(ROOT / "program")


@pytest.fixture(scope="session")
def rules(program: Program) -> dict[str, tuple[Rule, ...]]:
    """Form code → rules of ``expectations/``."""
    return load_rules(ROOT / "expectations", program)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A new workspace, as ``run-pipeline init`` makes it."""
    folder = tmp_path / "workspace"
    create_workspace(folder)
    made = Workspace(root=folder)
    own_key(made)
    return made


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """LibreOffice, running; a test that needs it is skipped with the reason where there is none."""
    found = find_office()
    if isinstance(found, str):
        pytest.skip(found)
    with Session(found, tmp_path_factory.mktemp("office")) as session:
        yield session
