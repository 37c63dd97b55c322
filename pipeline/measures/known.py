"""What is known of every unit as of a period: what was accepted stands until an accepted later return says otherwise.

Every measure is made from it. Silence undoes nothing: a cell left blank, or a return that never came, leaves what was said
before; what is owed then is the report.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import REPORTED, Knowledge
from pipeline.domain.value import Value
from pipeline.ledger.lineage import Lineage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.domain.row import AcceptedRow
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Field, Form, Period, Program, Unit

    Values = Mapping[str, Mapping[str, Value]]


class Noted(dict[str, Value]):
    """Field → value, that notes in ``asked`` which fields are asked for by name; who goes through all of them reads none."""

    def __init__(self, values: Mapping[str, Value], asked: set[str]) -> None:
        super().__init__(values)
        self.asked = asked

    def __getitem__(self, code: str) -> Value:
        self.asked.add(code)
        return super().__getitem__(code)

    def get(self, code: str, default: Any = None) -> Any:
        """The value, or something else."""
        self.asked.add(code)
        return super().get(code, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownState:
    """What is known as of the end of a period, by what was received.

    Attributes:
        values: Unit → field → last accepted value, of the units there are in the period; of one that was merged, what its
            parts come to.
        since: Unit → field → code of the period whose return says so.
        reported: Units whose record of the period itself stands.
    """

    period: Period
    values: Values
    reported: frozenset[str]
    since: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, unit_code: str) -> Knowledge:
        """What is known of a unit at all."""
        if unit_code in self.reported:
            return Knowledge.REPORTED
        return Knowledge.KNOWN if self.values.get(unit_code) else Knowledge.UNKNOWN

    @property
    def said(self) -> Values:
        """The same of what was reported in the period itself; see :func:`said_in`."""
        mine = self.period.code
        return {
            unit: {code: value for code, value in self.values[unit].items() if self.since[unit][code] == mine}
            for unit in self.reported
        }

    def listed(self, unit_code: str) -> dict[str, Value]:
        """All that is known of a unit, for who shows every field as it stands: that is a list, no reader of any of them."""
        return dict(self.values.get(unit_code, {}))

    def last(self, unit_code: str) -> str:
        """Code of the last period a unit reported something for; empty where it never did."""
        return max(self.since.get(unit_code, {}).values(), default="")


def known_states(program: Program, snapshot: Snapshot, through: Period) -> tuple[KnownState, ...]:
    """What is known as of each period up to one, the first first."""
    given: dict[tuple[str, str], tuple[date, Value]] = {}
    found = []
    for period in program.periods_through(through):
        now = said_in(program, snapshot, period)
        given |= {(unit, code): (period.end, value) for unit, row in now.items() for code, value in row.items()}
        last = Lineage(program=program, given=given).taken_over(period)
        found.append(_known(program, period, last, frozenset(now)))
    return tuple(found)


def noted(
    snapshot: Snapshot, states: tuple[KnownState, ...], asked: set[str]
) -> tuple[Snapshot, tuple[KnownState, ...]]:
    """The same, with every field that somebody asks for by name noted in ``asked``."""
    rows = {key: replace(row, values=Noted(row.values, asked)) for key, row in snapshot.rows.items()}
    lists = {
        key: tuple(replace(row, values=Noted(row.values, asked)) for row in some)
        for key, some in snapshot.lists.items()
    }
    known = tuple(
        replace(one, values={unit: Noted(given, asked) for unit, given in one.values.items()}) for one in states
    )
    return replace(snapshot, rows=rows, lists=lists), known


def said_in(program: Program, snapshot: Snapshot, period: Period) -> Values:
    """Unit → field → value, of what was reported in a period itself: to be compared with what was said another time."""
    return {
        unit: {code: value for code, value in row.items() if value is not None}
        for unit, row in snapshot.values(program, period).items()
    }


def stands(snapshot: Snapshot, period: Period, unit_code: str) -> bool:
    """Whether a unit's record of a period is accepted."""
    return snapshot.states.get((period.code, unit_code)) in REPORTED


def rows_of(program: Program, snapshot: Snapshot, form: Form, unit: Unit) -> tuple[AcceptedRow, ...]:
    """What a unit said on one sheet in every period received, the oldest first: where what is known of it was read.

    Under whatever code it reported then; not what it said before others were merged into it.
    """
    codes = ((p, program.comparable_code(unit, p)) for p in program.periods)
    return tuple(
        row for p, code in codes if (row := snapshot.rows.get((form.code, p.code, code))) and stands(snapshot, p, code)
    )


def known_entries(snapshot: Snapshot, form: Form, through: Period) -> tuple[AcceptedRow, ...]:
    """Every entry of a list as it was told last, by prefecture in the order of their first telling: what was listed stands."""
    rows = snapshot.entries((form,), through)
    last = {(row.prefecture_code, row.number): row for row in rows}
    return tuple(sorted(last.values(), key=lambda row: row.prefecture_code))


def _known(
    program: Program, period: Period, last: Mapping[tuple[str, str], tuple[date, Value]], reported: frozenset[str]
) -> KnownState:
    values: dict[str, dict[str, Value]] = {unit: {} for unit in reported}
    since: dict[str, dict[str, str]] = {unit: {} for unit in reported}
    there = {unit.code for unit in program.at(period).reporters}
    code_of = {p.end: p.code for p in program.periods}
    for (unit, code), (day, value) in last.items():
        if unit in there and _still_asked(program.field_by_code[code], unit, day, last):
            values.setdefault(unit, {})[code] = value
            since.setdefault(unit, {})[code] = code_of[day]
    return KnownState(period=period, values=values, since=since, reported=reported)


def _still_asked(column: Field, unit: str, day: date, last: Mapping[tuple[str, str], tuple[date, Value]]) -> bool:
    """Whether what a conditional column said is still meant: not where its condition was taken back since."""
    if column.required_if is None:
        return True
    code, wanted = column.required_if
    since, answer = last.get((unit, code), (day, wanted))
    return answer == wanted or since <= day
