"""The shape of the code: imports point one way, only the command line prints, and what is slow is imported late."""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions, requires
from typing import TYPE_CHECKING

import pytest
from docx import Document
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.checks import scaffold
from pipeline.domain.findings import CATALOGUE
from pipeline.forms.issue import standard_workbook
from pipeline.products import manifest
from pipeline.products.documents.template_names import TEMPLATE_NAMES
from pipeline.products.drawing import cache as chart_cache
from pipeline.products.summary.sheets.survey import SURVEY
from pipeline.workspace import sources
from tests.builder import ROOT, whole_campaign
from tools.make_references import stale
from tools.traceability import MEASURES, PLACES, REPORT_PLACES, WORKBOOKS, traces

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.workspace.paths import Workspace

ROOMS = {  # folder → the folders it may import; docs/architecture.md says what each is for
    "domain": "",
    "system": "",
    "engine": "",
    "program": "domain system",
    "reading": "domain system program",
    "forms": "domain system program reading",
    "checks": "domain system program reading forms",
    "ledger": "domain system program reading checks",
    "measures": "domain program ledger",
    "products": "domain system program reading forms checks ledger measures",
    "workspace": "domain system program ledger",
    "intake": "domain system program reading checks ledger engine workspace",
    "office": "domain system program reading forms checks ledger measures products engine workspace intake",
    "scale": "system engine",
    "demo": "domain system program forms checks measures workspace office",
    "commands": "domain system program measures workspace intake office scale demo",
}
SOURCES = sorted((ROOT / "pipeline").rglob("*.py"))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "pipeline").with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found


def room(name: str) -> str:
    return "commands" if name == "cli" else name.split(".", maxsplit=1)[0]


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.parent != ROOT / "pipeline" or p.name == "cli.py"], ids=module
)
def test_a_folder_imports_only_what_it_may(path: Path) -> None:
    mine = room(module(path))
    for name in imported(path):
        if name.startswith("pipeline."):
            theirs = room(name.removeprefix("pipeline."))
            assert theirs in {mine, *ROOMS[mine].split()}, f"{module(path)} imports {name}"


def test_no_folder_needs_one_that_needs_it_and_no_rule_is_idle() -> None:
    assert len(ROOMS) <= 20
    tuple(TopologicalSorter({folder: may.split() for folder, may in ROOMS.items()}).static_order())
    used: dict[str, set[str]] = {folder: set() for folder in ROOMS}
    for path in SOURCES:
        mine = room(module(path)) if module(path) != "__init__" else ""
        used.setdefault(mine, set()).update(
            room(name.removeprefix("pipeline.")) for name in imported(path) if name.startswith("pipeline.")
        )
    assert {folder: set(may.split()) for folder, may in ROOMS.items()} == {f: used[f] - {f} for f in ROOMS}


def test_no_module_needs_one_that_needs_it() -> None:
    """What is imported when a module is, and inside its functions; not what only type checkers read."""
    needs: dict[str, set[str]] = {}
    known = {module(path) for path in SOURCES}
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typing = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        named = {
            (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node not in typing and (node.module or "").startswith("pipeline.")
            for alias in node.names
        }
        whole = {(f"{of}.{name}".removeprefix("pipeline."), of.removeprefix("pipeline.")) for of, name in named if of}
        needs[module(path)] = {full if full in known else of for full, of in whole}
    tuple(TopologicalSorter(needs).static_order())


def test_the_oracle_shares_no_code_with_what_it_proves() -> None:
    """It is told what was published and what the campaign is, and computes the rest for itself."""
    paths = sorted((ROOT / "tests" / "oracle").rglob("*.py"))
    assert len(paths) > 3
    for path in paths:
        mine = [name for name in imported(path) if name.split(".")[0] in {"pipeline", "tests", "tools"}]
        assert all(name.startswith("tests.oracle") for name in mine), (path.name, mine)


def test_what_is_known_is_read_in_one_place() -> None:
    """A measure that reads the period's rows itself forgets what was said before: silence would undo it."""
    found: dict[str, str] = {}
    for path in (p for p in SOURCES if module(p).startswith("measures.")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        read = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in {"rows", "values", "origin", "absence", "accepted"}
            and ast.unparse(node.value).split(".")[-1] in {"snapshot", "published"}
        }
        found |= {module(path): "、".join(sorted(read))} if read else {}
    assert found == {"measures.known": "rows、values"}
    users = {module(p) for p in SOURCES if "said_in(" in p.read_text(encoding="utf-8")}
    assert users == {"measures.known", "measures.corrections"}


def test_the_formatter_is_not_overruled() -> None:
    for path in (*SOURCES, *(p for folder in ("tests", "tools", "benchmarks") for p in (ROOT / folder).rglob("*.py"))):
        assert not re.search(r"# fmt" + r": (skip|off)", path.read_text(encoding="utf-8")), path


def test_a_class_has_a_name_of_its_own() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]
    counted = Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    assert [name for name, times in counted.items() if times > 1] == []


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("great_expectations", {"checks.suites", "checks.expectations"}),
        (
            "sqlalchemy",
            {
                "ledger.backup",
                "ledger.database",
                "ledger.frames",
                "ledger.labels",
                "ledger.linking",
                "ledger.migrations.versions.0002_acts_name_a_submission",
                "ledger.migrations.versions.0003_units_first",
                "ledger.migrations.versions.0004_days_of_receipt",
                "ledger.migrations.versions.0005_placed",
                "ledger.migrations.versions.0006_chained",
                "ledger.rows",
                "ledger.schema",
                "ledger.standing",
                "ledger.store",
                "ledger.tables",
            },
        ),
        (
            "alembic",
            {
                "ledger.schema",
                "ledger.migrations.env",
                "ledger.migrations.versions.0002_acts_name_a_submission",
                "ledger.migrations.versions.0003_units_first",
                "ledger.migrations.versions.0004_days_of_receipt",
                "ledger.migrations.versions.0005_placed",
                "ledger.migrations.versions.0006_chained",
            },
        ),
        ("docxtpl", {"products.documents.word"}),
        ("pyarrow", {"ledger.frames", "products.package.writer"}),
        ("distributed", {"scale.cluster", "scale.remote"}),
        ("dask", {"scale.cluster"}),
        ("python_calamine", set()),
        ("chinese_calendar", {"program.calendar"}),
        ("fpdf", {"products.documents.receipt_pdf", "products.drawing.pdf"}),
        ("segno", {"products.documents.receipt"}),
        ("pypdfium2", {"reading.scans"}),
        ("zxingcpp", {"reading.scans"}),
        ("pebble", {"engine.worker"}),
        ("olefile", {"reading.formats.ole"}),
        ("msoffcrypto", {"reading.formats.secret"}),
        ("watchfiles", {"office.watch"}),
    ],
)
def test_machinery_stays_behind_one_adapter(library: str, allowed: set[str]) -> None:
    users = {module(p) for p in SOURCES if any(name.split(".")[0] == library for name in imported(p))}
    assert users == allowed


def test_only_the_command_line_prints_or_reads_the_clock() -> None:
    for path in SOURCES:
        if module(path) == "cli" or module(path).startswith("commands"):
            continue
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not calls & {"print", "date.today", "time.time", "datetime.today", "click.echo"}, path
        if module(path) not in {
            "workspace.paths",
            "intake.inbox",
        }:  # the age of a stale lock and of a file, nothing else
            assert "datetime.now" not in calls, path


def test_help_imports_nothing_slow() -> None:
    slow = "pandas", "matplotlib", "great_expectations", "sqlalchemy", "openpyxl", "pyarrow", "distributed", "dask"
    code = f"import sys, pipeline.cli; print([m for m in {slow} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [("status",), ("overdue",), ("history", "533400"), ("remind", "--help")])
def test_what_people_wait_on_imports_nothing_slow(workspace: Workspace, words: tuple[str, ...]) -> None:
    slow = "pandas", "scipy", "matplotlib", "great_expectations", "openpyxl", "xlsxwriter", "docx", "docxtpl", "fpdf"
    code = (
        "import sys; from pipeline.cli import main\n"
        "try: main()\n"
        f"finally: print([m for m in {slow} if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "--project", str(workspace.root), "--as-of", "2023-03-08", *words]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "[]"


def test_no_posix_only_module_is_imported() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        branches = [n for n in ast.walk(tree) if isinstance(n, ast.If)]
        safe = [inner for n in branches if ast.unparse(n.test) == "sys.platform != 'win32'" for inner in n.body]
        guarded = {alias.name for n in safe if isinstance(n, ast.Import) for alias in n.names}
        posix_only = imported(path) & {"fcntl", "resource", "pwd", "grp", "termios"}
        assert posix_only == guarded & posix_only, path


def test_an_install_without_tests_has_all_the_programme_needs() -> None:
    """What is imported or asked for its version is a dependency, or one of theirs; not merely there for the tests."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [*wanted["optional-dependencies"]["cluster"], *wanted["optional-dependencies"]["server"]]
    there, waiting = {"run-pipeline"}, [Requirement(one).name for one in (*wanted["dependencies"], *optional)]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in there:
            there.add(name)
            asked = [Requirement(one) for one in (requires(name) or [])]
            waiting += [one.name for one in asked if not one.marker or one.marker.evaluate({"extra": ""})]
    of_module = packages_distributions()
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "pipeline").rglob("*.py")]
    imported = {
        alias.name.partition(".")[0]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        node.module.partition(".")[0]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
    }
    foreign = {canonicalize_name(name) for module in imported for name in of_module.get(module, ())}
    named = {canonicalize_name(one) for one in (*sources.PACKAGES, *manifest.PACKAGES, *chart_cache.LIBRARIES)}
    assert {"pandas", "olefile"} <= foreign
    assert (foreign | named) - there == set()


def test_the_standard_workbook_is_current() -> None:
    c = whole_campaign()
    kept = (ROOT / "templates/xlsx/标准报表.xlsx").read_bytes()
    assert parts(kept) == parts(standard_workbook(c.program, c.rules)), "run: make templates"


def parts(package: bytes) -> dict[str, bytes]:
    """OOXML is compared part by part: compression may differ between machines."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_field_has_all_the_rules_a_first_draft_would_give_it() -> None:
    for form in whole_campaign().program.forms:
        suite = json.loads((ROOT / "expectations" / f"{form.code}.json").read_text(encoding="utf-8"))
        assert scaffold.complete(suite, form) == suite, form.code


def test_every_finding_says_how_to_fix_it() -> None:
    for code, kind in CATALOGUE.items():
        assert kind.title, code
        assert kind.fix, code
        assert not kind.fix.endswith("。"), code


def test_templates_are_there_for_every_document() -> None:
    assert {p.name for p in (ROOT / "templates/docx").glob("*.docx")} == set(TEMPLATE_NAMES)


def test_no_registry_and_no_machine_path_is_named() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    for name in filter(None, tracked.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".toml", ".txt", ".md", ".yaml", ".json"} and path.is_file():
            text = path.read_text(encoding="utf-8")
            for host in ("pypi" + ".org", "files.python" + "hosted", "npm" + "js.org", "deb." + "debian"):
                assert host not in text, name


def test_generated_references_are_current() -> None:
    assert stale() == [], "run: make docs"


def test_every_numbered_thing_of_the_notice_is_traced_and_no_cell_is_empty() -> None:
    rows = list(traces(whole_campaign()))
    counted = Counter(row.section for row in rows)
    assert [counted[name] for name in ("八项行动的任务", "资金安排", "工作节点", "报送事项", "十个一", "调研提纲")] == [
        32,
        9,
        12,
        11,
        10,
        24,
    ]
    assert [counted[name] for name in ("五项措施", "五强目标（本项目的读法）", "问题分类")] == [5, 5, 3]
    assert [row.no for row in rows if not all(cell.strip() for cell in row.cells)] == []
    asked = {f.code for form in whole_campaign().program.forms for f in form.fields}
    told = {code for row in rows for code in re.findall(r"[A-Z]+[0-9]*-[0-9a-z]+", row.where)}
    assert told <= asked


def test_what_the_traces_name_exists() -> None:
    """Measures are functions, and places are names in templates or sheets of a workbook."""
    for names in MEASURES.values():
        for name in names:
            module_name, function = name.split(".")
            assert callable(getattr(importlib.import_module(f"pipeline.measures.{module_name}"), function)), name
    for document, name in {place for places in PLACES.values() for place in places} | set(REPORT_PLACES):
        if document in WORKBOOKS:
            assert name == SURVEY
        else:
            template = Document(str(ROOT / "templates/docx" / f"{document}.docx"))
            text = "".join(template.element.body.itertext())
            assert name in TEMPLATE_NAMES[f"{document}.docx"], (document, name)
            assert name in text, (document, name)
    made = {p.document for p in whole_campaign().program.publications}
    assert {f"{document}.docx" for document in made} <= set(TEMPLATE_NAMES)
