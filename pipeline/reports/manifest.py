"""manifest.json: what went in, what came out, with which versions, and every number of every document."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.dataset.entries import Submission
    from pipeline.reports.wording import Figures

PACKAGES = ("run-pipeline", "great_expectations", "pandas", "openpyxl", "xlsxwriter", "python-calamine", "SQLAlchemy",
            "python-docx", "docxtpl", "matplotlib", "chinesecalendar", "Jinja2")  # fmt: skip


def sha256(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


def manifest(*, program: str, period: str, as_of: date, submissions: tuple[Submission, ...], inputs: Mapping[str, bytes],
             outputs: Mapping[str, bytes], figures: Mapping[str, Figures]) -> bytes:  # fmt: skip
    """The manifest of one outbox folder.

    Args:
        program: Campaign code.
        period: Period code.
        as_of: The run's date.
        submissions: The ledger as read.
        inputs: Program, rules and templates by path.
        outputs: Everything written beside the manifest.
        figures: Document → the register of its numbers.
    """
    content = {
        "program": program,
        "period": period,
        "as_of": as_of.isoformat(),
        "seq": max((s.seq for s in submissions), default=0),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "inputs": {
            "files": {name: sha256(data) for name, data in sorted(inputs.items())},
            "submissions": [{"seq": s.seq, "file": s.file, "sha256": s.sha256} for s in submissions],
        },
        "outputs": {name: sha256(data) for name, data in sorted(outputs.items())},
        "figures": {
            name: [{"no": n, "measure": f.measure, "text": f.text} for n, f in enumerate(register.entries, 1)]
            for name, register in figures.items()
        },
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
