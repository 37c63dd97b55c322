"""The dataset as of a day, as one value: all that measures and reports ever see of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.domain.acts import ActKind, extensions
from pipeline.domain.findings import UNREPORTED, Severity
from pipeline.domain.past import NO_PAST
from pipeline.domain.place import Placing
from pipeline.domain.state import REPORTED, STATE_NAMES, State, Verdict
from pipeline.domain.unread import unread_by
from pipeline.domain.value import show
from pipeline.ledger.chain import PROGRAM
from pipeline.ledger.content import SeenEarlier
from pipeline.ledger.waiting import NO_RETURNS, what_waits
from pipeline.program.layout import counted_rows, row_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pipeline.domain.acts import Act
    from pipeline.domain.entries import Change, Copy, DecidedRecord, Revision, Sending, Submission
    from pipeline.domain.findings import Finding
    from pipeline.domain.past import Past
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.unread import Unread
    from pipeline.domain.value import Value
    from pipeline.ledger.chain import Seal
    from pipeline.ledger.content import Accepted, LedgerContent
    from pipeline.ledger.store import Store
    from pipeline.ledger.waiting import Waiting
    from pipeline.program.model import Form, Period, Program, Unit


_NO_RETURN = frozenset({Verdict.HELD, Verdict.EMPTY, Verdict.WITHDRAWN})  # verdicts that ask nobody for anything


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Where a value was read: submission, file, sheet, cell and the text as typed; ``nil`` where its row is a nil report."""

    submission: int
    file: str
    sheet: str
    cell: str
    raw: str
    nil: bool


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What was received by ``as_of``.

    Attributes:
        revisions: What each submission changed of what stood before it.
        acts: What staff admitted or closed.
        records: Every decided record, oldest first.
        rows: (form, period, county_code) → the row that stands, with what its columns show of other sheets.
        lists: (form, period, prefecture_code) → the entries of a list that stand.
        taken_by: What was taken in later is not in it.
        waiting: (period, prefecture_code) → what came and is not usable; the last of several.
        whole_on: (period, county_code) → day from which a row of every form stood, however many files they came in.
        shown: Column that only shows another → form and code of that other; its values and places are the other's.
        seal: Of the chain as far as it was entered by then.
        entered: The same up to what was last received or decided; what the office wrote since is in its files.
        accepted: What all this was taken from; None of a ledger nobody has.
        sendings: Workbooks that went out and of which some came back, in order.
    """

    as_of: date
    submissions: tuple[Submission, ...]
    copies: tuple[Copy, ...]
    findings: tuple[tuple[Submission, Finding], ...]
    revisions: tuple[Revision, ...]
    acts: tuple[Act, ...]
    records: tuple[DecidedRecord, ...]
    rows: dict[tuple[str, str, str], AcceptedRow]
    whole_on: dict[tuple[str, str], date] = field(default_factory=dict)
    lists: dict[tuple[str, str, str], tuple[AcceptedRow, ...]] = field(default_factory=dict)
    taken_by: date = date.max
    shown: dict[str, tuple[str, str]] = field(default_factory=dict)
    waiting: dict[tuple[str, str], Waiting] = field(default_factory=dict)
    seal: Seal | None = None
    entered: Seal | None = None
    accepted: Accepted | None = None
    sendings: tuple[Sending, ...] = ()

    def on(self, day: date) -> Snapshot:
        """The same ledger as of another day."""
        return snapshot_of(self.accepted.content, day) if self.accepted else replace(self, as_of=day)

    def published_on(self, period: Period) -> date:
        """The day by which receipts are in the bulletin of a period: when it was last made; before it ever was, its due day."""
        made = [act.done_on for act in self.acts if act.kind is ActKind.TELL and act.period == period.code]
        return max(made, default=period.due_on)

    @cached_property
    def _extensions(self) -> dict[tuple[str, str], date]:
        return extensions(self.acts)

    def period_of(self, period: Period, unit: Unit) -> Period:
        """A period as the respondent of a unit has it: with the day to which its report was extended."""
        return period.until(self._extensions.get((period.code, unit.prefecture_code)))

    def past(self, period: str) -> Past:
        """What was accepted, seen from a period."""
        return self.accepted.past(period) if self.accepted else NO_PAST

    @property
    def seen(self) -> SeenEarlier:
        """From where it looks at the ledger."""
        return SeenEarlier(as_of=self.as_of, taken_by=self.taken_by)

    @cached_property
    def states(self) -> dict[tuple[str, str], State]:
        """(period, county_code) → state; what was accepted stands, whatever was returned later.

        A county whose sheets came in several files is accepted once all of them stand, in whatever order they came.
        """
        nil: dict[tuple[str, str], bool] = {}
        for (_, period, county), row in self.rows.items():
            nil[period, county] = nil.get((period, county), True) and row.nil
        states = {key: State.NIL if nil[key] else State.ACCEPTED for key in self.whole_on}
        for r in self.records:
            if r.state.is_reported or (r.period, r.county_code) not in states:
                states[r.period, r.county_code] = r.state
        return states

    @cached_property
    def reported_records(self) -> tuple[DecidedRecord, ...]:
        """Those of the records that were accepted, oldest first."""
        return tuple(r for r in self.records if r.state.is_reported)

    @cached_property
    def first_accepted(self) -> dict[tuple[str, str], date]:
        """(period, county_code) → day its first accepted record, or the last of its sheets, was received."""
        days: dict[tuple[str, str], date] = {}
        for r in self.reported_records:
            days.setdefault((r.period, r.county_code), r.received_on)
        for key, day in self.whole_on.items():
            days[key] = min(day, days.get(key, day))
        return days

    @cached_property
    def first_reports(self) -> dict[tuple[str, str], int]:
        """(period, unit) → the submission with which its record was first accepted, or the last of its sheets came."""
        found: dict[tuple[str, str], tuple[date, int]] = {}
        for r in self.reported_records:
            found.setdefault((r.period, r.county_code), (r.received_on, r.seq))
        parts: dict[tuple[str, str], int] = {}
        for (_, period, unit), row in self.rows.items():
            key = period, unit
            whole = self.whole_on.get(key)
            if whole == row.received_on and (key not in found or whole < found[key][0]):
                parts[key] = max(row.seq, parts.get(key, 0))
        return {key: seq for key, (_, seq) in found.items()} | parts

    @cached_property
    def by_seq(self) -> dict[int, Submission]:
        """Ledger number → submission."""
        return {one.seq: one for one in self.submissions}

    @cached_property
    def _accepted_last(self) -> dict[tuple[str, str], tuple[date, int]]:
        """(period, county) → receipt and number of the last submission that had it accepted."""
        return self._last(self.reported_records)

    @cached_property
    def _reported_last(self) -> dict[tuple[str, str], tuple[date, int]]:
        """(period, county) → receipt and number of the last submission that reported it."""
        return self._last(self.records)

    @staticmethod
    def _last(records: Iterable[DecidedRecord]) -> dict[tuple[str, str], tuple[date, int]]:
        last: dict[tuple[str, str], tuple[date, int]] = {}
        for r in records:
            key, own = (r.period, r.county_code), (r.received_on, r.seq)
            last[key] = max(own, last.get(key, own))
        return last

    def mended(self, entry: Submission, county_code: str) -> bool:
        """Whether a later submission has a county of this one accepted; without a county: every one of its counties."""
        if not county_code:
            counties = self._counties(entry)
            if not counties:
                return bool(entry.prefecture_code) and self._superseded(entry)
            return all(self.mended(entry, county) for county in counties)
        own = entry.received_on, entry.seq
        return self._accepted_last.get((entry.period, county_code), own) > own

    def open_findings(self, entry: Submission) -> tuple[Finding, ...]:
        """Findings of a submission that still ask for something, and its notes.

        A county is asked about only in the last submission that speaks of it, the whole file only while one of its
        counties is; missing sheets only until they came; a warning only the first time it is given.
        """
        return tuple(f for f in self._findings_of.get(entry.seq, ()) if self._is_open(entry, f))

    @cached_property
    def _findings_of(self) -> dict[int, list[Finding]]:
        found: dict[int, list[Finding]] = {}
        for s, f in self.findings:
            found.setdefault(s.seq, []).append(f)
        return found

    @cached_property
    def _first_warned(self) -> dict[tuple[str, ...], tuple[date, int]]:
        """Period, and what was warned of → receipt and number of the first submission warned."""
        first: dict[tuple[str, ...], tuple[date, int]] = {}
        for s, f in self.findings:
            if f.severity is Severity.WARNING and s.verdict != Verdict.HELD:
                key, at = (s.period, s.prefecture_code, *_warning(f)), (s.received_on, s.seq)
                first[key] = min(at, first.get(key, at))
        return first

    def _is_open(self, entry: Submission, one: Finding) -> bool:
        own = entry.received_on, entry.seq
        reported = self._reported_last.get((entry.period, one.county_code), own)
        if one.county_code and (reported > own or (one.code in UNREPORTED and reported != own)):
            return False
        if not one.county_code and self._superseded(entry):
            return False
        if one.code == "SHEET_MISSING":
            return any(self.states[entry.period, county] is State.RETURNED for county in self._counties(entry))
        if one.severity is Severity.WARNING:
            return self._first_warned[entry.period, entry.prefecture_code, *_warning(one)] == own
        return True

    def records_of(self, entry: Submission) -> Sequence[DecidedRecord]:
        """What a submission came to, a record for each unit it speaks of."""
        return self._records_of.get(entry.seq, ())

    @cached_property
    def _records_of(self) -> dict[int, list[DecidedRecord]]:
        found: dict[int, list[DecidedRecord]] = {}
        for r in self.records:
            found.setdefault(r.seq, []).append(r)
        return found

    def _counties(self, entry: Submission) -> list[str]:
        return [r.county_code for r in self.records_of(entry)]

    def unusable(self, entry: Submission) -> bool:
        """Refused whole: no county of it is known."""
        return entry.verdict == Verdict.RETURNED and not self._counties(entry)

    def findings_of(self, entry: Submission) -> tuple[Finding, ...]:
        """All of a submission."""
        return tuple(self._findings_of.get(entry.seq, ()))

    def is_beside(self, entry: Submission) -> bool:
        """No workbook, and only its name says whose it is: it may hold a return or go with one, and takes the place of none."""
        return entry.placed == Placing.NAME and any(f.code in NO_RETURNS for f in self.findings_of(entry))

    def _superseded(self, entry: Submission) -> bool:
        """Whether later submissions speak of every county of this one; or, if it has none, of any of its prefecture's."""
        own, counties = (entry.received_on, entry.seq), self._counties(entry)
        if counties:
            return all(self._reported_last[entry.period, county] > own for county in counties)
        return any(
            s.period == entry.period and s.prefecture_code == entry.prefecture_code and (s.received_on, s.seq) > own
            for s in self.submissions
            if s.verdict not in _NO_RETURN and not self.is_beside(s)
        )

    def states_in(self, entry: Submission) -> dict[str, State]:
        """County → state, of the counties that no later submission reports.

        One that became whole by several files counts as that, unless it has to mend something in this one.
        """
        own = entry.received_on, entry.seq
        to_mend = {f.county_code for f in self.open_findings(entry) if f.severity is Severity.CRITICAL}
        found = {}
        for r in self.records_of(entry):
            key = entry.period, r.county_code
            if self._reported_last[key] == own:
                stands = self.states[key]
                is_whole = stands.is_reported and key in self.whole_on and r.county_code not in to_mend
                found[r.county_code] = stands if is_whole else r.state
        return found

    def to_return(self, period: Period) -> tuple[Submission, ...]:
        """Submissions of a period that still ask their officers for something."""
        return tuple(
            s
            for s in self.submissions
            if s.period == period.code and s.verdict not in _NO_RETURN and any(map(_asks, self.open_findings(s)))
        )

    def refused(self, period: Period) -> dict[str, Waiting]:
        """Prefecture → what came of it for a period that cannot be used and that it has to send again."""
        return {
            code: one
            for (of, code), one in self.waiting.items()
            if of == period.code
            and one.entry
            and not one.is_held
            and (one.state is State.UNUSABLE or (period.code, code) not in self._heard)
        }

    @cached_property
    def _heard(self) -> frozenset[tuple[str, str]]:
        """(period, prefecture) of every return that could be read."""
        return frozenset(
            (s.period, s.prefecture_code)
            for s in self.submissions
            if s.verdict != Verdict.HELD and not self.unusable(s)
        )

    @property
    def held(self) -> tuple[Submission, ...]:
        """What waits for a staff member's word: held, and not come in by one since."""
        came_in = {s.admission for s in self.submissions if s.verdict != Verdict.WITHDRAWN}
        admitted = {(act.sha256, act.claimed_prefecture, act.claimed_period) for act in self.acts if act.seq in came_in}
        return tuple(s for s in self.submissions if s.verdict == Verdict.HELD and (s.sha256, *s.claim) not in admitted)

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        """What lay in the inbox that no return is read from."""
        return unread_by(self.acts)

    def state(self, period: Period, unit: Unit) -> State:
        """State of a unit's record for a period; where it has none, that of what its prefecture sent."""
        waiting = self.waiting.get((period.code, unit.prefecture_code))
        return self.states.get((period.code, unit.code), waiting.state if waiting else State.MISSING)

    def values(self, program: Program, period: Period) -> dict[str, dict[str, Value]]:
        """Unit → field → value, for the units there are in ``period`` whose record stands."""
        then = program.at(period)
        return {
            unit.code: {
                code: value
                for form in then.roster_of(unit)
                if (row := self.rows.get((form.code, period.code, unit.code)))
                for code, value in row.values.items()
            }
            for unit in then.reporters
            if self.state(period, unit).is_reported
        }

    def entries(self, forms: Iterable[Form], through: Period) -> tuple[AcceptedRow, ...]:
        """The entries of lists that stand, of prefectures that have reported, of all periods up to one, the oldest first."""
        codes = {form.code for form in forms}
        keys = sorted(
            (
                key
                for key in self.lists
                if key[0] in codes and key[1] <= through.code and self.states.get(key[1:]) in REPORTED
            ),
            key=lambda key: key[1:],
        )
        return tuple(row for key in keys for row in self.lists[key])

    def entry(self, form: Form, period: Period, number: str) -> AcceptedRow | None:
        """The entry of a list that stands in a period under a number."""
        lists = (rows for (code, of, _), rows in self.lists.items() if (code, of) == (form.code, period.code))
        return next((row for rows in lists for row in rows if row.number == number), None)

    def absence(self, period: Period, unit: Unit) -> str:
        """Why nothing stands for a unit, in words."""
        returned = [r.seq for r in self.records if (r.period, r.county_code) == (period.code, unit.code)]
        if not returned:
            waiting = self.waiting.get((period.code, unit.prefecture_code))
            return f"{waiting.reason}，见 {waiting.file}" if waiting else STATE_NAMES[State.MISSING]
        entry = self.by_seq[returned[-1]]
        return f"退回待改，见 {entry.file}（报送序号 {entry.seq}）的问题"

    def origin(self, form: str, period: str, county_code: str, field: str) -> _Origin | None:
        """Where the standing value of a field was read, or None when nothing stands."""
        row = self.rows.get((form, period, county_code))
        if row is None:
            return None
        return self.origin_of(row, field)

    def origin_of(self, row: AcceptedRow, field: str) -> _Origin:
        """Where a value of a standing row or entry was read."""
        if field in self.shown:
            form, field = self.shown[field]
            row = self.rows[form, row.period, row.county_code]
        entry = self.by_seq[row.seq]
        column = entry.columns[row.form].get(field, "")
        raw = row.typed[field] if field in row.typed else show(row.values[field])
        return _Origin(
            submission=row.seq,
            file=entry.file,
            sheet=entry.sheets[row.form],
            cell=f"{column}{row.sheet_row}" if column else "",
            raw=raw,
            nil=row.nil,
        )


def take_snapshot(store: Store, as_of: date) -> Snapshot:
    """Read everything received by ``as_of``; of a day on which products were made, only what had been taken in by then."""
    seal, entered = store.sealed_by(as_of), store.sealed_by(as_of, PROGRAM)
    snapshot = snapshot_of(store.read(), as_of)
    came_back = {(s.period, s.seq, s.received_on) for s in snapshot.submissions}
    sendings = tuple(
        one
        for one in store.sendings()
        if any(one.period == period and one.after < seq and one.day <= day for period, seq, day in came_back)
    )
    return replace(snapshot, seal=seal, entered=entered, sendings=sendings)


def snapshot_of(content: LedgerContent, as_of: date) -> Snapshot:
    """What the ledger's content says of a day."""
    program, seen = content.program, SeenEarlier.of(content.acts, as_of)
    accepted, submissions = content.accepted(seen), content.submissions(seen)
    shown = {
        one.code: (program.field_by_code[one.shows].form, one.shows)
        for form in program.forms
        for one in form.fields
        if one.shows
    }
    asked = {
        (form.code, period.code): {one.code: shown[one.code] for one in form.fields_in(period) if one.shows}
        for form in program.forms
        if any(one.shows for one in form.fields)
        for period in program.periods
    }
    rows = accepted.standing
    snapshot = Snapshot(
        as_of=as_of,
        submissions=submissions,
        copies=content.copied(submissions, as_of),
        findings=content.findings(submissions, as_of),
        revisions=accepted.revisions,
        acts=content.acts_by(as_of),
        records=accepted.records,
        rows={key: _with_shown(row, rows, asked.get(key[:2], {})) for key, row in rows.items()},
        whole_on=accepted.whole_on,
        lists=accepted.lists,
        taken_by=seen.taken_by,
        shown=shown,
        accepted=accepted,
    )
    return replace(snapshot, waiting=what_waits(program, snapshot))


def _with_shown(
    row: AcceptedRow,
    rows: Mapping[tuple[str, str, str], AcceptedRow],
    columns: Mapping[str, tuple[str, str]],
) -> AcceptedRow:
    """A row with the values of its columns that show another's: column → form and code of that other."""
    values: dict[str, Value] = {}
    for one, (form, code) in columns.items():
        there = rows.get((form, row.period, row.county_code))
        values[one] = there.values.get(code) if there else None
    return replace(row, values={**row.values, **values}) if values else row


def _asks(one: Finding) -> bool:
    """Something to mend, or a place to look at again; what is only said of the whole file asks for nothing."""
    return one.severity is Severity.CRITICAL or (
        one.severity is Severity.WARNING and bool(one.county_code or one.location.cell)
    )


def _warning(one: Finding) -> tuple[str, ...]:
    """What makes a warning the same when it is given again: the county and what it typed."""
    return one.code, one.county_code, one.field, one.rule, one.found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """A submission that reported again what stood: units that had been accepted, those it is the first to have accepted, changes."""

    entry: Submission
    again: tuple[str, ...]
    first: tuple[str, ...]
    changes: tuple[Change, ...]

    def said(self, program: Program) -> str:
        """In words: 再次报来4个县和昆明市本级，改动2处；首次接收3个县."""
        moved = f"改动{len(self.changes)}处" if self.changes else "与已接收的数相同，没有变化"
        again = f"再次报来{counted_rows(program, self.again)}，{moved}" if self.again else ""
        first = f"首次接收{counted_rows(program, self.first)}" if self.first else ""
        return "；".join(part for part in (again, first) if part)


def reported_again(snapshot: Snapshot) -> Iterator[_Again]:
    """Of every submission that spoke of units of which something stood, in the order of receipt."""
    accepted: dict[tuple[str, str], int] = {}
    for r in snapshot.reported_records:
        accepted.setdefault((r.period, r.county_code), r.seq)
    mine: dict[int, set[str]] = {}
    for (_, unit), seq in accepted.items():
        mine.setdefault(seq, set()).add(unit)
    for one in snapshot.revisions:
        first = mine.get(one.seq, set())
        again = tuple(code for code in one.counties if code not in first)
        yield _Again(
            entry=snapshot.by_seq[one.seq],
            again=again,
            first=tuple(sorted(first)),
            changes=tuple(c for c in one.changes if c.county_code not in first),
        )


def revised_lines(program: Program, snapshot: Snapshot, taken: Collection[int]) -> Iterator[str]:
    """What resubmissions changed, cell by cell: one line per submission, then one per change."""
    for one in reported_again(snapshot):
        if one.entry.seq not in taken:
            continue
        yield f"重报：{one.entry.file}{one.said(program)}"
        for change in one.changes:
            whose, field = program.unit_by_code[change.county_code], program.field_by_code[change.field]
            county = f"{row_name(whose)} {change.entry}".strip()
            yield (
                f"  {county} {field.title}（{field.code}）：{show(change.old) or '空'} → {show(change.new) or '空'}"
                f"（{change.why}）"
            )
