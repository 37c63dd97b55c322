"""The receipt of a respondent: the check code of exactly the values that stand, and whether somebody signed for these."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.domain.acts import Act, ActKind, signed
from pipeline.domain.signing import SignState, check_code
from pipeline.ledger.chain import canonical
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.domain.acts import Amendment
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Field, Period, Prefecture, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was accepted of a respondent for a period, as far as it is signed for.

    Attributes:
        code: Check code of exactly the values that stand.
        values: How many these are.
        state: Whether somebody signed for them.
        signed: The act by which a scan of this code, else the last of another, was filed; None without one.
        amended: What was typed, and what staff have put in its place.
    """

    prefecture: Prefecture
    code: str
    values: int
    state: SignState
    signed: Act | None
    amended: tuple[tuple[str, Amendment], ...] = ()


def receipts(whole: Program, snapshot: Snapshot, period: Period) -> dict[str, Receipt]:
    """Respondent → its receipt of a period, in their order; none of those of whom nothing stands."""
    program, scans = whole.at(period), signatures(snapshot.acts)
    found = {}
    for p in program.prefectures:
        standing = list(_standing(program, snapshot, period, p))
        rows = [[row.form, row.county_code, row.entry, _given(program, row)] for row in standing]
        if rows:
            code = check_code(canonical([program.code, period.code, p.code, sorted(rows, key=lambda row: row[:3])]))
            came = scans.get((period.code, p.code), {})
            last = came.get(code) or next(reversed(came.values()), None)
            state = SignState.SIGNED if code in came else SignState.VOID if came else SignState.UNSIGNED
            count = sum(len(row[3]) for row in rows)
            amended = tuple((row.typed[column], one) for row in standing for column, one in row.amended.items())
            found[p.code] = Receipt(prefecture=p, code=code, values=count, state=state, signed=last, amended=amended)
    return found


def _standing(program: Program, snapshot: Snapshot, period: Period, p: Prefecture) -> Iterator[AcceptedRow]:
    """The rows of its units that are accepted, and its lists if they are."""
    for unit in program.reporters_of(p.code):
        if snapshot.state(period, unit).is_reported:
            forms = (snapshot.rows.get((form.code, period.code, unit.code)) for form in program.roster_of(unit))
            yield from filter(None, forms)
    if snapshot.state(period, p).is_reported:
        for form in program.list_forms:
            yield from snapshot.lists.get((form.code, period.code, p.code), ())


def _given(program: Program, row: AcceptedRow) -> list[list[str]]:
    """Column and value of what it says itself; how it was written down changes nothing."""
    fields = ((program.field_by_code[code], value) for code, value in row.values.items() if value is not None)
    return sorted([one.code, _canonical(one, value)] for one, value in fields if not one.shows)


def _canonical(one: Field, value: Value) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    return "、".join(sorted(str(value).split("、"))) if one.type is FieldType.CHECKLIST else str(value)


def signatures(acts: Iterable[Act]) -> dict[tuple[str, str], dict[str, Act]]:
    """(period, respondent) → check code → the act by which its signed scan was first filed, in the order of filing; of those that count."""
    found: dict[tuple[str, str], dict[str, Act]] = {}
    for act in signed(acts):
        found.setdefault((act.period, act.prefecture_code), {}).setdefault(act.reason, act)
    return found


def codes_sent(acts: Iterable[Act]) -> dict[str, dict[str, list[str]]]:
    """Period → respondent → every check code that a receipt of ours bore, the last one last."""
    sent: dict[str, dict[str, list[str]]] = {}
    for act in acts:
        if act.kind is ActKind.RECEIPT:
            for unit, code in json.loads(act.reason).items():
                sent.setdefault(act.period, {}).setdefault(unit, []).append(code)
    return sent
