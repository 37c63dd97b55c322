"""Shared by the tests: the campaign of this checkout, and a workspace of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.workspace.paths import Workspace
from tests.builder import campaign, new_workspace, own_key
from tests.kept import drawn_once, remembered
from tests.officer import Session, find_office
from tests.server import HOW, find_server, new_database, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.program.model import Program
    from pipeline.program.rules import Rule

LONGEST_FIRST = (
    "test_edits",
    "test_faults",
    "test_demo",
    "test_libreoffice",
    "test_feedback",
    "test_campaign",
    "test_round_trip",
    "test_manual",
    "test_ledger",
    "test_proof",
    "test_sizes",
    "test_oracle",
    "test_printed",
    "test_site",
    "test_pictures",
    "test_geometry",
    "test_placing",
    "test_silence",
    "test_signing",
    "test_unpacking",
    "test_checks",
    "test_lists",
    "test_changes",
    "test_cluster",
    "test_intake",
    "test_roundtrip",
    "test_identity",
    "test_publications",
    "test_profile",
    "test_cli",
    "test_inbox",
    "test_injection",
    "test_export",
    "test_charts",
    "test_resubmission",
    "test_corrections",
    "test_store",
    "test_prose",
    "test_example_program",
    "test_partitions",
)
"""A worker that begins a long module when the others are done lets them wait; ``--no-loadscope-reorder`` keeps this order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest modules first."""
    turn = {name: n for n, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: turn.get(item.path.stem, len(turn)))


@pytest.fixture(scope="session", autouse=True)
def _asked_and_drawn_once() -> Iterator[None]:
    """The same rule over the same columns, and the same picture, are made once; tests of the two adapters call them directly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.checks.masks.run_suite", remembered)
        patch.setattr("pipeline.products.pictures.registry.drawn", drawn_once)
        yield


@pytest.fixture(scope="session")
def program() -> Program:
    """The campaign as far as its eight actions go."""
    return campaign().program


@pytest.fixture(scope="session")
def rules(program: Program) -> dict[str, tuple[Rule, ...]]:
    """Form code → rules of ``expectations/``."""
    return {form.code: campaign().rules[form.code] for form in program.forms}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A new workspace, as ``run-pipeline init`` makes it."""
    folder = tmp_path / "workspace"
    new_workspace(folder)
    made = Workspace(root=folder)
    own_key(made)
    return made


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server; a test that needs it is skipped with the reason where there is none."""
    if find_server() is None:
        pytest.skip(HOW)
    with running() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Address of an empty dataset on each kind of database: empty for a file."""
    if request.param == "sqlite":
        return ""
    address: str = request.getfixturevalue("server")
    return new_database(address, f"d{abs(hash(request.node.nodeid))}")


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """LibreOffice, running, one for each worker; a test that needs it is skipped with the reason where there is none."""
    found = find_office()
    if isinstance(found, str):
        pytest.skip(found)
    with Session(found, tmp_path_factory.mktemp("office")) as session:
        yield session
