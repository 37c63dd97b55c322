"""What decided returns add to the tables, as plain rows; their numbers in the ledger are given when they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipeline.domain.findings import CATALOGUE, finding
from pipeline.domain.place import Placing
from pipeline.domain.state import Verdict
from pipeline.ledger.rows import as_json, form_row, kind_title, lines_of
from pipeline.program.identity import WAITING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pipeline.checks.decide import Decision
    from pipeline.domain.findings import Finding
    from pipeline.program.model import Program
    from pipeline.reading.read import Reading

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Entries of the ledger and all that hangs on them.

    Attributes:
        entries: Rows of ``submissions``, in the order of its columns, without ``seq``.
        rows: Table → rows in the order of its columns; for ``seq`` stands the place of the entry among ``entries``.
        judged: Whether what one respondent sent was judged together; files that hold no usable return are not.
    """

    entries: Sequence[Row]
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    judged: bool = True

    def apart(self) -> Iterator[Written]:
        """Each entry by itself."""
        for n, entry in enumerate(self.entries):
            mine = {name: [(0, *row[1:]) for row in rows if row[0] == n] for name, rows in self.rows.items()}
            yield replace(self, entries=[entry], rows=mine)

    def quarantined(self, why: str) -> Written:
        """An only entry without its content: that it came, whose it is, and why it is not taken."""
        sha256, file, received_on, taken_on, prefecture_code, period, _, admission, *_, placed = self.entries[0]
        fault = finding("FILE_NOT_STORED", file=file, prefecture_code=prefecture_code, found=storable(why))
        entry = (
            sha256,
            file,
            received_on,
            taken_on,
            prefecture_code,
            period,
            "",
            admission,
            Verdict.RETURNED.value,
            kind_title(fault),
            "{}",
            "{}",
            placed,
        )
        return replace(self, entries=[entry], rows={"findings": _findings(0, (fault,))})


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # what no database holds in a text


def storable(text: str) -> str:
    """A text as a database can hold it: what it cannot is shown as such."""
    return _UNSTORABLE.sub("\ufffd", text)


def _storable(row: Row) -> Row:
    """The row itself where there is nothing to change, which is nearly always."""
    if not _UNSTORABLE.search(" ".join(one for one in row if isinstance(one, str))):
        return row
    return tuple(storable(one) if isinstance(one, str) else one for one in row)


def decided(program: Program, decisions: Iterable[Decision], taken_on: date) -> Written:
    """Decided returns."""
    entries: list[Row] = []
    rows: dict[str, list[Row]] = {"records": [], "findings": [], **{f"form_{form.code}": [] for form in program.forms}}
    for n, decision in enumerate(decisions):
        one = decision.source
        entries.append(
            (
                one.arrival.sha256,
                one.arrival.name,
                one.arrival.received_on,
                taken_on,
                one.prefecture_code,
                one.period,
                one.issue_no,
                one.admission,
                decision.verdict.value,
                decision.reason,
                as_json(one.sheets),
                as_json(one.columns),
                Placing.STAMP.value,
            )
        )
        rows["records"] += [(n, r.county_code, one.period, r.state.value) for r in decision.records]
        rows["findings"] += _findings(n, decision.findings)
        for form in program.forms:
            stand = ((r.county_code, line) for r in decision.records if r.stands for line in lines_of(form, r))
            rows[f"form_{form.code}"] += [(n, *form_row(form, one.period, unit, line)) for unit, line in stand]
    return _as_stored(entries, rows)


def unplaced(readings: Iterable[Reading], taken_on: date) -> Written:
    """Files that hold no usable return: they were seen, whose they are as far as can be told, and why they were refused."""
    entries: list[Row] = []
    found: list[Row] = []
    for n, one in enumerate(readings):
        held = any(CATALOGUE[f.code].holds for f in one.findings)
        entries.append(
            (
                one.arrival.sha256,
                one.arrival.name,
                one.arrival.received_on,
                taken_on,
                one.place.prefecture_code,
                one.place.period,
                "",
                WAITING if held else 0,
                (Verdict.HELD if held else Verdict.RETURNED).value,
                "；".join(dict.fromkeys(kind_title(f) for f in one.findings)),
                "{}",
                "{}",
                one.place.placed.value,
            )
        )
        found += _findings(n, one.findings)
    return replace(_as_stored(entries, {"findings": found}), judged=False)


def _as_stored(entries: Sequence[Row], rows: dict[str, list[Row]]) -> Written:
    """All texts as a database can hold them; an entry of which one had to be changed says so."""
    clean = {name: [_storable(row) for row in some] for name, some in rows.items()}
    changed = {n for n, entry in enumerate(entries) if _storable(entry) is not entry}
    changed |= {
        row[0] for name, some in rows.items() for row, kept in zip(some, clean[name], strict=True) if row != kept
    }
    for n in sorted(changed):
        told = sum(row[0] == n for row in clean["findings"])
        clean["findings"] += _findings(n, (finding("TEXT_REPLACED"),), told + 1)
    return Written(entries=[_storable(entry) for entry in entries], rows=clean)


def _findings(n: int, findings: Sequence[Finding], first: int = 1) -> list[Row]:
    return [
        (
            n,
            no,
            f.code,
            f.severity.value,
            f.location.sheet,
            f.location.cell,
            f.county_code,
            f.field,
            f.rule,
            f.found,
            f.expected,
            f.fix,
        )
        for no, f in enumerate(findings, first)
    ]
