"""The whole dataset as a Frictionless Data Package: every table as CSV and as Parquet, described by datapackage.json.

Texts stand as they were typed: these files are for programs. What is to be opened in a spreadsheet is the period's own
package (:mod:`pipeline.products.package.data_package`), where no text can be taken for a formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.state import REPORTED
from pipeline.measures.known import known_states
from pipeline.measures.overdue import obligations
from pipeline.measures.progress import assess
from pipeline.products.package.schema import Source
from pipeline.products.package.tables import tables
from pipeline.products.package.writer import csv_text, descriptor, parquet

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Program

_DESCRIPTOR = "datapackage.json"
_NOTES = (
    "没有报的不是0：values里没有它的行，states里是MISSING；measures里knowledge是known的沿用上次接收的数，是unknown的从来没有报过，没有数。",
    "文字照填报人所填，可能以=、+、-、@开头：请用程序读取，不要用WPS或Excel直接打开CSV；要在表格里看，用outbox里各期的数据包。",
    "封面上的填报人、电话、审核人不在其中。",
)


def export(
    program: Program,
    snapshot: Snapshot,
    calendar: Calendar,
    period_codes: Collection[str] | None = None,
    *,
    is_demo: bool = False,
) -> dict[str, bytes]:
    """Path → content of the package.

    Args:
        program: The campaign.
        snapshot: What was received, and by when.
        calendar: For what is owed.
        period_codes: Periods to tell of; None: all that have begun by the snapshot's day, or that somebody has reported
            for. The ledger (submissions, findings, acts) is whole in any case: a file need not say its period.
        is_demo: The figures are invented; the package says so.
    """
    periods = _periods(program, snapshot, period_codes)
    source = _source(program, snapshot, calendar, periods)
    files: dict[str, bytes] = {}
    worded = [one.worded(program) for one in tables()]
    for table in worded:
        lines = table.lines(source)
        files[f"csv/{table.name}.csv"] = csv_text(table.header, lines).encode()
        files[f"parquet/{table.name}.parquet"] = parquet(table, lines)
    head = _head(program, snapshot, periods, is_demo=is_demo)
    return {_DESCRIPTOR: descriptor(head, worded, files, hashed=True), **files}


def is_of_package(path: str) -> bool:
    """Whether an export may have written a file of this path."""
    return path == _DESCRIPTOR or any(path in {f"csv/{t.name}.csv", f"parquet/{t.name}.parquet"} for t in tables())


def _periods(program: Program, snapshot: Snapshot, codes: Collection[str] | None) -> tuple[Period, ...]:
    if codes is not None:
        return tuple(p for p in program.periods if p.code in codes)
    told = {s.period for s in snapshot.submissions}
    return tuple(p for p in program.periods if p.start <= snapshot.as_of or p.code in told)


def _source(program: Program, snapshot: Snapshot, calendar: Calendar, periods: tuple[Period, ...]) -> Source:
    owed = obligations(program, snapshot, calendar, periods[-1]) if periods else ()
    known = known_states(program, snapshot, periods[-1]) if periods else ()
    return Source(
        program=program,
        snapshot=snapshot,
        periods=periods,
        submissions=snapshot.submissions,
        obligations=tuple(o for o in owed if o.period in periods),
        assessed=tuple((one, assess(program, one.period, one)) for one in known if one.period in periods),
    )


def _head(program: Program, snapshot: Snapshot, periods: tuple[Period, ...], *, is_demo: bool) -> dict[str, Any]:
    covered = [_coverage(program, snapshot, p) for p in periods] or ["还没有开始的报送期。"]
    notice = ["演示数据，数字均为虚构。"] if is_demo else []
    return {
        "profile": "data-package",
        "name": program.code.lower(),
        "title": f"{program.title}数据集",
        "description": "\n".join([*notice, f"截至{snapshot.as_of}收到的报表。", *covered, *_NOTES]),
        "as_of": snapshot.as_of.isoformat(),
        "ledger": max((s.seq for s in snapshot.submissions), default=0),
        "contributors": [{"title": program.organizer, "role": "publisher"}],
    }


def _coverage(program: Program, snapshot: Snapshot, period: Period) -> str:
    w = program.words
    roster = program.roster_in(period)
    there = sum(snapshot.state(period, county) in REPORTED for county in roster)
    return f"{period.title}：已报{there}/{len(roster)}{w.rows}。"
