"""What decided returns add to the tables, as plain rows; their numbers in the ledger are given when they are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.checks.decide import Verdict
from pipeline.dataset.rows import as_json, form_row, kind_title, lines_of
from pipeline.findings import CATALOGUE
from pipeline.workbook.identity import WAITING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from pipeline.checks.decide import Decision
    from pipeline.findings import Finding
    from pipeline.program.model import Program
    from pipeline.workbook.read import Reading

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Entries of the ledger and all that hangs on them.

    Attributes:
        entries: Rows of ``submissions``, in the order of its columns, without ``seq``.
        rows: Table → rows in the order of its columns; for ``seq`` stands the place of the entry among ``entries``.
    """

    entries: Sequence[Row]
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)


def decided(program: Program, decisions: Iterable[Decision], taken_on: date) -> Written:
    """Decided returns."""
    entries: list[Row] = []
    rows: dict[str, list[Row]] = {"records": [], "findings": [], **{f"form_{form.code}": [] for form in program.forms}}
    for n, decision in enumerate(decisions):
        one = decision.source
        entries.append((
            one.arrival.sha256, one.arrival.name, one.arrival.received_on, taken_on, one.prefecture_code, one.period,
            one.issue_no, one.admission, decision.verdict.value, decision.reason, as_json(one.sheets), as_json(one.columns),
        ))  # fmt: skip
        rows["records"] += [(n, r.county_code, one.period, r.state.value) for r in decision.records]
        rows["findings"] += _findings(n, decision.findings)
        for form in program.forms:
            stand = ((r.county_code, line) for r in decision.records if r.stands for line in lines_of(form, r))
            rows[f"form_{form.code}"] += [(n, *form_row(form, one.period, unit, line)) for unit, line in stand]
    return Written(entries=entries, rows=rows)


def unplaced(readings: Iterable[Reading], taken_on: date) -> Written:
    """Files that hold no usable return: they were seen, and why they were refused."""
    entries: list[Row] = []
    found: list[Row] = []
    for n, one in enumerate(readings):
        held = any(CATALOGUE[f.code].holds for f in one.findings)
        entries.append((
            one.arrival.sha256, one.arrival.name, one.arrival.received_on, taken_on, "", "", "", WAITING if held else 0,
            (Verdict.HELD if held else Verdict.RETURNED).value, "；".join(dict.fromkeys(kind_title(f) for f in one.findings)),
            "{}", "{}",
        ))  # fmt: skip
        found += _findings(n, one.findings)
    return Written(entries=entries, rows={"findings": found})


def _findings(n: int, findings: Sequence[Finding]) -> list[Row]:
    return [
        (n, no, f.code, f.severity.value, f.location.sheet, f.location.cell, f.county_code, f.field, f.rule, f.found,
         f.expected, f.fix)
        for no, f in enumerate(findings, 1)
    ]  # fmt: skip
