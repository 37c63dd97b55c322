"""manifest.json: what went in, what came out, with which versions, and every number of every document."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.ledger.chain import canonical, same, sign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.domain.entries import Submission
    from pipeline.ledger.chain import Seal
    from pipeline.products.wording import Figures

MANIFEST = "manifest.json"
_SIGNATURE = "signature"
PACKAGES = (
    "run-pipeline",
    "great_expectations",
    "pandas",
    "scipy",
    "openpyxl",
    "xlsxwriter",
    "SQLAlchemy",
    "python-docx",
    "docxtpl",
    "fpdf2",
    "segno",
    "matplotlib",
    "chinesecalendar",
    "Jinja2",
    "lxml",
    "numpy",
    "pillow",
)


def sha256(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


def manifest(
    *,
    program: str,
    period: str,
    as_of: date,
    seq: int,
    submissions: tuple[Submission, ...],
    inputs: Mapping[str, bytes],
    outputs: Mapping[str, bytes],
    figures: Mapping[str, Figures],
    unmade: Sequence[str] = (),
    seal: Seal | None = None,
    key: bytes = b"",
    made_from: str = "",
    keys: Mapping[str, str] | None = None,
) -> bytes:
    """The manifest of one outbox folder, signed.

    Args:
        program: Campaign code.
        period: Period code.
        as_of: The run's date.
        seq: Of the last submission in the ledger as read.
        submissions: The period's.
        inputs: Program, rules and templates by path.
        outputs: Everything written beside the manifest.
        figures: Document → the register of its numbers.
        unmade: Products that could not be made: the next run makes them.
        seal: Where the ledger ended that it was made from.
        key: Signs it.
        made_from: Key of all of it; see :mod:`pipeline.products.kept`.
        keys: Product → its own key.
    """
    ledger = {"no": seal.no, "hash": seal.hash, "word": seal.word} if seal else {}
    content = {
        "program": program,
        "period": period,
        "as_of": as_of.isoformat(),
        "ledger": ledger,
        "seq": seq,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "inputs": {
            "files": {name: sha256(data) for name, data in sorted(inputs.items())},
            "submissions": [{"seq": s.seq, "file": s.file, "sha256": s.sha256} for s in submissions],
        },
        "outputs": {name: sha256(data) for name, data in sorted(outputs.items())},
        "key": made_from,
        "keys": dict(keys or {}),
        "figures": {
            name: [{"no": n, "measure": f.measure, "text": f.text} for n, f in enumerate(register.entries, 1)]
            for name, register in figures.items()
        },
        **({"unmade": list(unmade)} if unmade else {}),
    }
    return signed(content, key)


def signed(content: Mapping[str, Any], key: bytes) -> bytes:
    """As a file, with a signature over the rest of it."""
    whole = {**content, _SIGNATURE: _signature(content, key)}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def is_signed(content: Mapping[str, Any], key: bytes) -> bool:
    """Whether the signature is that of the rest, with this key."""
    rest = {name: value for name, value in content.items() if name != _SIGNATURE}
    return bool(key) and same(str(content.get(_SIGNATURE, "")), _signature(rest, key))


def _signature(content: Mapping[str, Any], key: bytes) -> str:
    return sign(key, "manifest", canonical(content)) if key else ""
