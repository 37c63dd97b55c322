"""What a period asked of those who report: cells asked, filled already, typed, changed, ticked, explained, asked again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.domain.findings import Severity
from pipeline.domain.state import State
from pipeline.measures.explanations import explanations
from pipeline.measures.known import rows_of
from pipeline.program.model import FieldType, Prefecture

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pipeline.domain.entries import Submission
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.ledger.went_out import WentOut
    from pipeline.measures.known import KnownState
    from pipeline.program.model import Effort, Field, Period, Program, Unit

_KINDS = {
    FieldType.COUNT: "number",
    FieldType.AMOUNT: "number",
    FieldType.YESNO: "choice",
    FieldType.CHOICE: "choice",
    FieldType.COUNTY: "choice",
    FieldType.CHECKLIST: "checklist",
    FieldType.DATE: "date",
    FieldType.TEXT: "text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """What was asked of some units in some periods, in cells; each unit counts once a period.

    Attributes:
        units: How many.
        known: Of how many of them it is known what went out and what came back; the counts from ``of`` on are theirs.
        asked: Column → cells on their rows that ask something; a conditional cell only where its condition holds.
        again: Cells returned and reported again.
        of: Cells asked of the known units.
        prefilled: That went out with the value accepted last.
        typed: Blank ones that came back filled; ``changed``, filled ones that came back with something else.
        ticked: Rows confirmed as they were.
        explained: Figures with a reason.
        work: What had to be done, by its name in the model of ``program.yaml`` → how often.
    """

    units: int = 0
    known: int = 0
    asked: Mapping[str, int] = field(default_factory=Counter)
    again: int = 0
    of: int = 0
    prefilled: int = 0
    typed: int = 0
    changed: int = 0
    ticked: int = 0
    explained: int = 0
    work: Mapping[str, int] = field(default_factory=Counter)

    def cells(self, columns: Collection[str] | None = None) -> int:
        """Cells asked; of some columns, or of all."""
        return sum(n for code, n in self.asked.items() if columns is None or code in columns)

    @property
    def share_prefilled(self) -> float | None:
        """Per cent of the cells asked; None where nothing is known."""
        return 100 * self.prefilled / self.of if self.of else None

    @property
    def typing(self) -> float | None:
        """Cells typed or changed by a unit, on average; None where nothing is known."""
        return (self.typed + self.changed) / self.known if self.known else None

    def minutes(self, effort: Effort | None) -> float | None:
        """By the model, of the units that are known; None without a model, or where nothing is known."""
        return minutes(self.work, effort) if effort and self.known else None


def minutes(work: Mapping[str, float], effort: Effort) -> float:
    """What some work takes by the model."""
    return sum(times * float(getattr(effort.seconds, what)) for what, times in sorted(work.items())) / 60


def kind_of(column: Field) -> str:
    """What a column's cells are called in the model."""
    return _KINDS[column.type]


def together(some: Iterable[Burden]) -> Burden:
    """Of several."""
    parts = list(some)
    summed: dict[str, Any] = {
        one.name: sum((Counter(getattr(part, one.name)) for part in parts), Counter())
        if one.name in {"asked", "work"}
        else sum(getattr(part, one.name) for part in parts)
        for one in fields(Burden)
    }
    return Burden(**summed)


def burdens(program: Program, snapshot: Snapshot, known: KnownState, went_out: WentOut) -> dict[str, Burden]:
    """Unit → what a period asked of it: counties, and prefectures for their own rows and lists.

    Args:
        program: The campaign as written.
        snapshot: What came back.
        known: As of the period: whether the condition of a conditional cell holds.
        went_out: What went out.
    """
    period = known.period
    then, by_unit = program.at(period), Counter(one.finding.county_code for one in explanations(snapshot, period))
    units = dict.fromkeys((*then.reporters, *(then.prefectures if then.list_forms else ())))
    again = Counter(_asked_again(snapshot, period))
    return {
        unit.code: _burden(then, snapshot, known, went_out, unit, by_unit[unit.code], again[unit.code])
        for unit in units
    }


def _burden(
    program: Program,
    snapshot: Snapshot,
    known: KnownState,
    went_out: WentOut,
    unit: Unit,
    explained: int,
    again: int,
) -> Burden:
    rows = _rows(program, snapshot, known.period, unit)
    entry = snapshot.by_seq[max(row.seq for row in rows)] if rows else None
    stood = went_out.of(known.period, unit, entry) if entry else None
    cells = list(_of_rows(program, known, unit, rows, stood or {}))
    if entry is not None and isinstance(unit, Prefecture):
        cells += _of_lists(program, snapshot, known.period, unit, went_out, entry)
    asked = [cell for cell in cells if cell.asked]
    base = Burden(units=1, asked=Counter(cell.column.code for cell in asked), again=again)
    if stood is None:
        return base
    typed = [cell for cell in cells if cell.before is None and cell.now is not None]
    changed = [cell for cell in cells if cell.before is not None and cell.now != cell.before]
    prefilled, ticked = sum(cell.before is not None for cell in asked), sum(row.nil for row in rows)
    work = Counter(kind_of(cell.column) for cell in (*typed, *changed))
    work |= Counter(look=prefilled, tick=ticked, explain=explained, again=again)
    return replace(
        base,
        known=1,
        of=len(asked),
        prefilled=prefilled,
        typed=len(typed),
        changed=len(changed),
        ticked=ticked,
        explained=explained,
        work=work,
    )


def _rows(program: Program, snapshot: Snapshot, period: Period, unit: Unit) -> list[AcceptedRow]:
    """A unit's rows of one period that stand."""
    every = (row for form in program.roster_of(unit) for row in rows_of(program, snapshot, form, unit))
    return [row for row in every if row.period == period.code]


class _Cell(NamedTuple):
    """A cell as it went out and as it came back."""

    column: Field
    asked: bool
    before: Value
    now: Value


def _of_rows(
    program: Program, known: KnownState, unit: Unit, rows: Sequence[AcceptedRow], stood: Mapping[str, Value]
) -> Iterator[_Cell]:
    by_form, answers = {row.form: row for row in rows}, known.listed(unit.code)
    for form in program.roster_of(unit):
        row = by_form.get(form.code)
        for column in form.fields_in(known.period):
            before = stood.get(column.code)
            untyped = row is None or row.typed.get(column.code) == ""  # the tick stands for it
            untyped |= row is not None and column.code in row.amended  # by staff
            now = before if row is None or untyped else row.values.get(column.code)
            if not column.shows:
                yield _Cell(column, _is_asked(column, answers), before, now)


def _of_lists(
    program: Program, snapshot: Snapshot, period: Period, unit: Prefecture, went_out: WentOut, entry: Submission
) -> Iterator[_Cell]:
    for form in program.list_forms:
        before = {row.number: row.values for row in went_out.listed(form, period, unit, entry)}
        for row in snapshot.entries((form,), period):
            if (row.period, row.prefecture_code) == (period.code, unit.code):
                stood = before.get(row.number, {})
                for column in form.fields_in(period):
                    cell = stood.get(column.code), row.values.get(column.code)
                    yield _Cell(column, _is_asked(column, row.values), *cell)


def _is_asked(column: Field, answers: Mapping[str, Value]) -> bool:
    """Whether a cell asks something: not what is shown from elsewhere, nor where the condition does not hold."""
    if column.shows:
        return False
    return column.required_if is None or answers.get(column.required_if[0]) == column.required_if[1]


def _asked_again(snapshot: Snapshot, period: Period) -> Iterator[str]:
    """The unit, for each cell it was returned for and that it reported again."""
    last = {r.county_code: r.seq for r in snapshot.records if r.period == period.code}
    for r in snapshot.records:
        if r.period == period.code and r.state is State.RETURNED and r.seq != last[r.county_code]:
            cells = {
                (f.location.sheet, f.location.cell)
                for f in snapshot.findings_of(snapshot.by_seq[r.seq])
                if f.county_code == r.county_code and f.severity is Severity.CRITICAL and f.location.cell
            }
            yield from [r.county_code] * len(cells)
