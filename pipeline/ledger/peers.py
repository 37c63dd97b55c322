"""What is usual among all counties, by what stood in the period before: the same for whoever is judged, in whatever order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.usual import PEERS, compared, usual
from pipeline.ledger.content import SeenEarlier
from pipeline.ledger.standing import stream
from pipeline.program.model import Accumulation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.domain.usual import Usual
    from pipeline.ledger.standing import StreamedRow
    from pipeline.ledger.store import Store
    from pipeline.program.model import Period, Program

_AT_MOST = 1_000  # counties that are looked at: evenly through all of them, where there are more


def peers_of(store: Store, as_of: date, period: Period) -> dict[str, Usual]:
    """Count → what was usual of it in the period before: of a total, of its changes; where enough counties gave it.

    Raises:
        DatasetError: It cannot be read.
    """
    program = store.program
    before = program.previous(period)
    if before is None or not program.counts_in(before):
        return {}
    earlier = program.previous(before)
    rows = {one.code: _rows(store, as_of, one, period) for one in (earlier, before) if one}
    found: dict[str, list[int]] = {}
    for field in program.counts_in(before):
        column = [one.code for one in program.form_by_code[field.form].fields].index(field.code)
        total = field.accumulation is Accumulation.CUMULATIVE
        for county, row in rows[before.code].get(field.form, {}).items():
            then = rows[earlier.code].get(field.form, {}).get(county) if earlier else None
            series = [*([_count(then, column)] if earlier else []), _count(row, column)]
            if (value := compared(series, adds_up=total)) is not None:
                found.setdefault(field.code, []).append(value)
    return {code: usual(sample) for code, sample in found.items() if len(sample) >= PEERS}


def _rows(store: Store, as_of: date, period: Period, now: Period) -> Mapping[str, Mapping[str, StreamedRow]]:
    """Form → county as it is called now → its row that stands in a period."""
    called = _called(store.program, period, now)
    (rows,) = stream(store, SeenEarlier(as_of=as_of), [(period.code, sorted(called))])
    return {form: {called[row.unit]: row for row in some} for form, some in rows.items()}


def _called(program: Program, period: Period, now: Period) -> dict[str, str]:
    """Code of a county in a period → its code now, of as many as are looked at."""
    counties: Sequence[tuple[str, str]] = [
        (then, one.code) for one in program.roster_in(now) if (then := program.comparable_code(one, period))
    ]
    return dict(counties[:: -(-len(counties) // _AT_MOST) or 1])


def _count(row: StreamedRow | None, column: int) -> int | None:
    value = row.values[column] if row else None
    return value if isinstance(value, int) else None
