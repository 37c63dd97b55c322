"""What the ledger holds, read at one moment; and what of it stands, seen from a day: the only place that says so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from pipeline.domain.acts import Act, ActKind, Refusals, amendments, received_days, taken_back, withdrawn
from pipeline.domain.entries import NO_REASON, Answered, Copy, DecidedRecord, Revision, Submission, placed_by
from pipeline.domain.findings import AMENDED, CHANGED, EXPLAINED, REFUSED, UNEXPLAINED, finding
from pipeline.domain.past import Past
from pipeline.domain.state import State, Verdict
from pipeline.domain.value import show
from pipeline.ledger.lineage import Lineage
from pipeline.ledger.rows import by_submission, changes_of, is_open, list_changes, value_of
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.domain.acts import Amendment
    from pipeline.domain.entries import Change, RowNote
    from pipeline.domain.findings import Finding
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.usual import Usual
    from pipeline.domain.value import Value
    from pipeline.program.model import Period, Program

    Lists = dict[tuple[str, str], tuple[AcceptedRow, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEarlier:
    """From where the ledger is looked at: what was received by ``as_of``, and had been taken in by ``taken_by``."""

    as_of: date
    taken_by: date = date.max

    @classmethod
    def of(cls, acts: Iterable[Act], day: date) -> SeenEarlier:
        """From where a day looks: of one on which products were made, only at what had been taken in by then."""
        made = any(act.kind is ActKind.TELL and act.done_on == day for act in acts)
        return cls(as_of=day, taken_by=day) if made else cls(as_of=day)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Every row that was ever accepted and is not withdrawn, as seen from a day.

    Attributes:
        content: The ledger it is of.
        rows: Form → its rows, in the order of receipt.
        records: Every decided record, oldest first.
        answered: Rules that were broken and explained, or warned of; but for what staff refused.
        amended: What staff have entered on top of returns.
        numbers: (prefecture, form) → every number ever given to an entry: for ever, so of the whole ledger.
    """

    content: LedgerContent
    rows: Mapping[str, tuple[AcceptedRow, ...]]
    records: tuple[DecidedRecord, ...]
    numbers: Mapping[tuple[str, str], frozenset[str]]
    answered: tuple[Answered, ...] = ()
    amended: tuple[Amendment, ...] = ()

    @property
    def program(self) -> Program:
        """The campaign."""
        return self.content.program

    @cached_property
    def standing(self) -> dict[tuple[str, str, str], AcceptedRow]:
        """(form, period, unit) → the row that stands: the one received last."""
        latest = {
            (form.code, row.period, row.county_code): row
            for form in self.program.roster_forms
            for row in self.rows[form.code]
        }
        return {key: latest[key] for key in sorted(latest)}

    @cached_property
    def lists(self) -> dict[tuple[str, str, str], tuple[AcceptedRow, ...]]:
        """(form, period, prefecture) → the entries that stand: each accepted list replaces the one before it whole."""
        return {
            (form.code, period, prefecture): tuple(some)
            for form in self.program.list_forms
            for (period, prefecture, _), some in sorted(self._last_lists(form.code).items())
        }

    def _last_lists(self, form: str) -> dict[tuple[str, str, int], list[AcceptedRow]]:
        last = {key[:2]: (key, some) for key, some in by_submission(self.rows[form]).items()}
        return dict(last.values())

    @cached_property
    def whole_on(self) -> dict[tuple[str, str], date]:
        """(period, unit) → day from which a row of every sheet stood, however many files they came in."""
        came: dict[tuple[str, str], dict[str, date]] = {}
        for form in self.program.roster_forms:
            for row in self.rows[form.code]:
                came.setdefault((row.period, row.county_code), {}).setdefault(form.code, row.received_on)
        units = self.program.unit_by_code
        return {
            key: max(days.values())
            for key, days in came.items()
            if key[1] in units and len(days) == len(self.program.roster_of(units[key[1]]))
        }

    @cached_property
    def whole(self) -> frozenset[tuple[str, str]]:
        """(period, unit) of what was accepted, at once or sheet by sheet."""
        return frozenset((*self.whole_on, *((r.period, r.county_code) for r in self.records if r.state.is_reported)))

    @cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """What each submission changed of what stood before it, in the order of receipt."""
        counties: dict[int, dict[str, None]] = {}
        changes: dict[int, list[Change]] = {}
        for seq, unit, changed in (*self._changed_rows(), *self._changed_lists()):
            counties.setdefault(seq, {})[unit] = None
            changes.setdefault(seq, []).extend(changed)
        return tuple(
            Revision(seq=seq, counties=tuple(sorted(again)), changes=tuple(changes[seq]))
            for seq, again in sorted(counties.items())
        )

    def _changed_rows(self) -> Iterable[tuple[int, str, list[Change]]]:
        for form in self.program.roster_forms:
            before: dict[tuple[str, str], AcceptedRow] = {}
            for row in self.rows[form.code]:
                old = before.get((row.period, row.county_code))
                before[row.period, row.county_code] = row
                if old is not None:
                    yield row.seq, row.county_code, changes_of(old, row, self.content.why_changed(row))

    def _changed_lists(self) -> Iterable[tuple[int, str, list[Change]]]:
        for form in self.program.list_forms:
            lists: dict[tuple[str, str], list[AcceptedRow]] = {}
            for (period, unit, seq), new in by_submission(self.rows[form.code]).items():
                old = lists.get((period, unit))
                lists[period, unit] = new
                if old is not None:
                    yield seq, unit, list_changes(form, old, new, self.content.why_changed)

    def past(self, period: str, peers: Mapping[str, Usual] | None = None) -> Past:
        """What was accepted, seen from a period: what rules compare with and sheets carry.

        Args:
            period: Its code.
            peers: What is usual, of all that hold a record and not only of those this was read of; see
                :func:`pipeline.ledger.peers.peers_of`.
        """
        program, chosen = self.program, self.program.period_by_code[period]
        previous: dict[tuple[str, str], tuple[date, Value]] = {}
        current: dict[tuple[str, str], Value] = {}
        floors: dict[tuple[str, str], tuple[date, Value]] = {}
        standing: dict[tuple[str, str], bool] = {}
        later: dict[tuple[str, str], int | Decimal] = {}
        received: dict[tuple[str, str], date] = {}
        amended: dict[tuple[str, str], bool] = {}
        for row in self.standing.values():
            if row.period != period and (row.period, row.county_code) not in self.whole:
                continue  # sheets of a county that never became whole were never accepted
            given = {(row.county_code, code): v for code, v in row.values.items() if v is not None}
            if row.period < period:
                end = program.period_by_code[row.period].end
                previous |= {key: (end, v) for key, v in given.items()}
                floors |= {key: (end, v) for key, v in given.items() if isinstance(v, (int, Decimal))}
                amended |= {key: key[1] in row.amended for key in given}
            elif row.period == period:
                current |= given
                standing[row.county_code, row.form] = row.nil
                received[row.county_code, row.form] = row.received_on
            elif code := program.comparable_code(program.unit_by_code[row.county_code], chosen):
                then = {(code, key[1]): v for key, v in given.items() if isinstance(v, (int, Decimal))}
                later |= {key: min(v, later.get(key, v)) for key, v in then.items()}
        listed = {(unit, form): rows for (form, of, unit), rows in self.lists.items() if of == period}
        last = {r.county_code: r.state for r in self.records if r.period == period}
        lineage, numeric = Lineage(program=program, given=previous), Lineage(program=program, given=floors)
        least = {key: v for key, (_, v) in numeric.taken_over(chosen).items() if isinstance(v, (int, Decimal))}
        return Past(
            previous={key: value for key, (_, value) in lineage.taken_over(chosen).items()},
            floors=least,
            current=current,
            standing=standing,
            later=later,
            received=received | {key: rows[0].received_on for key, rows in listed.items()},
            carried=self._carried(period),
            listed=listed,
            numbers=self.numbers,
            answers=self._answers(period),
            amended=frozenset(key for key, is_so in amended.items() if is_so),
            merged=lineage.merged(chosen),
            returned=frozenset(unit for unit, state in last.items() if state is State.RETURNED),
            warned=frozenset((a.unit, a.field) for a in self.answered if a.period == period and not a.reason),
            entered=frozenset((one.unit, one.entry, one.field) for one in self.amended if one.period == period),
            remarks=self._remarks(period),
            unexplained=self._unexplained(period),
            earlier=self._earlier(chosen),
            peers=peers or {},
        )

    def _remarks(self, period: str) -> dict[tuple[str, str, str], str]:
        """(unit, form, entry) → the remark in the row that stands for a period."""
        rows = (row for row in self.standing.values() if row.period == period)
        listed = (row for (_, of, _), some in self.lists.items() if of == period for row in some)
        return {
            (row.county_code, row.form, row.entry): note.found
            for row in chain(rows, listed)
            for note in self.content.noted.get((row.seq, row.form, row.sheet_row), ())
            if note.code not in {CHANGED, UNEXPLAINED}
        }

    def _unexplained(self, period: str) -> dict[tuple[str, str, str], tuple[str, str]]:
        """(unit, form, entry) → field and words of the last change of a period, where nobody has given a reason."""
        asked: dict[tuple[str, str, str], tuple[str, str]] = {}
        for form, rows in self.rows.items():
            for row in (row for row in rows if row.period == period):
                for note in self.content.noted.get((row.seq, form, row.sheet_row), ()):
                    if note.code == UNEXPLAINED:
                        asked[row.county_code, form, row.entry] = note.field, note.found
                    elif note.code == CHANGED:
                        asked.pop((row.county_code, form, row.entry), None)
        return asked

    def _earlier(self, period: Period) -> dict[tuple[str, str], Sequence[Mapping[str, Value] | None]]:
        """(county, form) → what it reported in each period before one, under whatever code."""
        program = self.program
        found: dict[tuple[str, str], list[Mapping[str, Value] | None]] = {}
        before, sheets = program.periods_through(period)[:-1], {form.code for form in program.county_forms}
        places = {one.code: n for n, one in enumerate(before)}
        codes = {
            (one.code, code): unit.code
            for one in before
            for unit in program.roster_in(period)
            if (code := program.comparable_code(unit, one))
        }
        for (form, of, county), row in self.standing.items():
            now = codes.get((of, county))
            if now and form in sheets and (of, county) in self.whole:
                found.setdefault((now, form), [None] * len(before))[places[of]] = row.values
        return {key: tuple(rows) for key, rows in found.items()}

    def _answers(self, period: str) -> dict[tuple[str, str, str], str]:
        """(unit, entry, rule) → the last reason with which it was accepted up to a period; empty where it was warned of."""
        entries = {
            (row.seq, form, row.sheet_row): row.entry
            for form, rows in self.rows.items()
            if self.program.form_by_code[form].is_list
            for row in rows
        }
        fields = self.program.field_by_code
        return {
            (one.unit, entries.get((one.seq, fields[one.field].form, one.row), ""), one.rule): one.reason
            for one in self.answered
            if one.period <= period and one.field in fields
        }

    def _carried(self, period: str) -> Lists:
        """(prefecture, form) → entries not done with, as they stand after all earlier periods."""
        latest: dict[tuple[str, str], dict[str, AcceptedRow]] = {}
        for (form, of, unit), rows in self.lists.items():  # earliest period first
            if of < period:
                latest.setdefault((unit, form), {}).update({row.entry: row for row in rows})
        return {
            (unit, form): tuple(
                self._inherited(period, row) for row in rows.values() if is_open(self.program.form_by_code[form], row)
            )
            for (unit, form), rows in latest.items()
        }

    def _inherited(self, period: str, entry: AcceptedRow) -> AcceptedRow:
        """An entry about a county that is no more is one about the county that stands for it."""
        counties, values = self.program.county_by_code, dict(entry.values)
        for one in self.program.form_by_code[entry.form].fields:
            about = counties.get(str(values.get(one.code))) if one.type is FieldType.COUNTY else None
            heir = self.program.heir(about, self.program.period_by_code[period]) if about else None
            if about and heir and heir.prefecture_code == about.prefecture_code:
                values[one.code] = heir.code
        return replace(entry, values=values)


@dataclass(frozen=True, kw_only=True)
class LedgerContent:
    """All that the ledger holds, of some prefectures or of all, read at one moment: any day is seen from it, without asking again.

    Attributes:
        entries: Submissions as they were noted when taken in, in order.
        notes: Remarks of rows, and what they changed of rows that stood, in the order of the ledger.
        copies: sha256, name and day of receipt of every file seen; read with the whole ledger only.
        found: Number of a submission → its findings, in reading order; read with the whole ledger only.
        rows: Form → every row, by number of the submission and row of the sheet.
        records: period, unit, state, number of the submission.
        answered: Rules that were broken and explained, or warned of, in the order of the ledger.
    """

    program: Program
    acts: tuple[Act, ...]
    entries: tuple[Submission, ...]
    rows: Mapping[str, tuple[AcceptedRow, ...]]
    records: tuple[tuple[str, str, str, int], ...]
    answered: tuple[Answered, ...] = ()
    notes: tuple[RowNote, ...] = ()
    copies: tuple[tuple[str, str, date], ...] = ()
    found: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)

    @cached_property
    def noted(self) -> dict[tuple[int, str, int], list[RowNote]]:
        """(submission, form, row of its sheet) → what was noted of it."""
        forms = {(one.seq, sheet): form for one in self.entries for form, sheet in one.sheets.items()}
        found: dict[tuple[int, str, int], list[RowNote]] = {}
        for note in self.notes:
            if form := forms.get((note.seq, note.sheet)):
                found.setdefault((note.seq, form, note.row), []).append(note)
        return found

    @cached_property
    def _explained_later(self) -> dict[tuple[str, str], list[RowNote]]:
        """(unit, change in words) → the reasons that were given for it."""
        found: dict[tuple[str, str], list[RowNote]] = {}
        for note in self.notes:
            if note.code == CHANGED:
                found.setdefault((note.unit, note.found), []).append(note)
        return found

    def why_changed(self, row: AcceptedRow) -> str:
        """Why a row says otherwise than the one before it: as it was noted, or as its officer has said since."""
        for note in self.noted.get((row.seq, row.form, row.sheet_row), ()):
            if note.code == CHANGED:
                return note.said
            if note.code == UNEXPLAINED:
                later = self._explained_later.get((note.unit, note.found), ())
                return next((one.said for one in later if one.seq > note.seq), NO_REASON)
        return NO_REASON

    def acts_by(self, day: date) -> tuple[Act, ...]:
        """What staff had decided by a day, in order."""
        return tuple(act for act in self.acts if act.done_on <= day)

    def submissions(self, seen: SeenEarlier) -> tuple[Submission, ...]:
        """The ledger as far as it is seen, in order; what was withdrawn, or returned for its reasons, bears that verdict."""
        acts = self.acts_by(seen.as_of)
        found = submissions_as_decided(
            (one for one in self.entries if one.taken_on <= seen.taken_by), acts, by=seen.as_of
        )
        verdicts = self._for_their_reasons(Refusals.of(acts, self.answered))
        return tuple(
            replace(one, verdict=verdicts[one.seq])
            if one.seq in verdicts and one.verdict in {Verdict.ACCEPTED, Verdict.PARTIAL}
            else one
            for one in found
        )

    def _for_their_reasons(self, refused: Refusals) -> dict[int, str]:
        """Number of a submission of which some record is returned because its reasons are not taken → its verdict."""
        states: dict[int, list[bool]] = {}
        touched = set()
        if not refused.last:
            return {}
        for period, unit, state, seq in self.records:
            is_refused = refused.by(period, unit, seq) is not None
            touched |= {seq} if is_refused else set()
            states.setdefault(seq, []).append(State(state).is_reported and not is_refused)
        return {seq: (Verdict.PARTIAL if any(states[seq]) else Verdict.RETURNED).value for seq in touched}

    def accepted(self, seen: SeenEarlier) -> Accepted:
        """What was accepted, as it is seen."""
        stand = {one.seq: one.received_on for one in self.submissions(seen) if one.verdict != Verdict.WITHDRAWN}
        acts = self.acts_by(seen.as_of)
        refused, amended = Refusals.of(acts, self.answered), amendments(acts)
        records = (
            DecidedRecord(
                period, unit, State.RETURNED if refused.by(period, unit, seq) else State(state), seq, stand[seq]
            )
            for period, unit, state, seq in self.records
            if seq in stand
        )
        numbers: dict[tuple[str, str], set[str]] = {}
        for form in self.program.list_forms:
            for row in self.rows[form.code]:
                numbers.setdefault((row.county_code, form.code), set()).add(row.entry)
        return Accepted(
            content=self,
            rows={
                code: _in_order(
                    (
                        as_amended(self.program, row, amended)
                        for row in rows
                        if not refused.by(row.period, row.county_code, row.seq)
                    ),
                    stand,
                )
                for code, rows in self.rows.items()
            },
            records=tuple(sorted(records, key=lambda r: (r.received_on, r.seq, r.period, r.county_code))),
            amended=tuple(amended.values()),
            numbers={key: frozenset(given) for key, given in numbers.items()},
            answered=tuple(
                one for one in self.answered if one.seq in stand and not refused.by(one.period, one.unit, one.seq)
            ),
        )

    def findings(self, entries: Iterable[Submission], as_of: date) -> tuple[tuple[Submission, Finding], ...]:
        """All findings of some submissions, as staff had settled them by a day; and what they had amended."""
        refused, noted = Refusals.of(self.acts_by(as_of), self.answered), self._amended(as_of)
        return tuple(
            (
                entry,
                replace(
                    _settled(one, refused.of_reason(entry.period, entry.seq, one.county_code, one.rule, one.fix)),
                    prefecture_code=entry.prefecture_code,
                ),
            )
            for entry in entries
            for one in (*self.found.get(entry.seq, ()), *_notes(entry, noted.get(entry.seq, ())))
        )

    def _amended(self, as_of: date) -> dict[int, list[tuple[AcceptedRow, Amendment]]]:
        """Number of a submission → its rows that say otherwise than staff had by a day."""
        said: dict[tuple[str, str, str], list[Amendment]] = {}
        fields = self.program.field_by_code
        for one in amendments(self.acts_by(as_of)).values():
            if one.field in fields:  # a column may be gone since
                said.setdefault((fields[one.field].form, one.period, one.unit), []).append(one)
        rows = (
            (row, one)
            for form in {form for form, _, _ in said}
            for row in self.rows[form]
            for one in said.get((form, row.period, row.county_code), ())
            if one.entry == row.entry and show(row.values.get(one.field)) != one.value
        )
        found: dict[int, list[tuple[AcceptedRow, Amendment]]] = {}
        for row, one in rows:
            found.setdefault(row.seq, []).append((row, one))
        return found

    def copied(self, entries: Iterable[Submission], day: date) -> tuple[Copy, ...]:
        """Files by a day whose content was already in the ledger under another name."""
        first: dict[str, Submission] = {}
        for entry in entries:
            first.setdefault(entry.sha256, entry)
        return tuple(
            Copy(file=file, received_on=received_on, original=first[sha256])
            for sha256, file, received_on in self.copies
            if received_on <= day and sha256 in first and first[sha256].file != file
        )


def _settled(one: Finding, refused: Act | None) -> Finding:
    """A finding as staff have settled it."""
    if refused is None or one.code != EXPLAINED:
        return one
    told = finding(REFUSED, expected=f"{one.expected}（{one.fix}）")
    fix = f"{told.fix}（办公室意见：{refused.reason}）"
    return replace(one, code=told.code, severity=told.severity, expected=told.expected, fix=fix)


def _notes(entry: Submission, amended: Iterable[tuple[AcceptedRow, Amendment]]) -> Iterator[Finding]:
    """What a submission says otherwise than staff."""
    for row, one in amended:
        yield finding(
            AMENDED,
            file=entry.file,
            sheet=entry.sheets[row.form],
            cell=f"{entry.columns[row.form].get(one.field, '')}{row.sheet_row}",
            county_code=row.county_code,
            field=one.field,
            found=row.typed.get(one.field, show(row.values[one.field])),
            expected=f"以核改的“{one.shown}”为准（{one.source}；{one.reason}；台账第{one.act}条）",
        )


def as_amended(program: Program, row: AcceptedRow, said: Mapping[tuple[str, str, str, str], Amendment]) -> AcceptedRow:
    """A row with what staff have entered on top of it; what was typed is still told."""
    own = (row.period, row.county_code, row.entry)
    mine = {code: said[*own, code] for code in row.values if (*own, code) in said} if said else {}
    if not mine:
        return row
    return replace(
        row,
        typed={code: show(row.values[code]) for code in mine} | {**row.typed},
        values={**row.values, **{code: value_of(program.field_by_code[code], one.value) for code, one in mine.items()}},
        amended=mine,
    )


def _in_order(rows: Iterable[AcceptedRow], stand: Mapping[int, date]) -> tuple[AcceptedRow, ...]:
    """Those of submissions that stand, with the day of receipt as it is known, in the order of receipt."""
    mine = (
        row if row.received_on == stand[row.seq] else replace(row, received_on=stand[row.seq])
        for row in rows
        if row.seq in stand
    )
    return tuple(sorted(mine, key=lambda row: (row.received_on, row.seq, row.sheet_row)))


def submissions_as_decided(entries: Iterable[Submission], acts: Iterable[Act], *, by: date) -> tuple[Submission, ...]:
    """Submissions as staff have decided since: received on another day, given to somebody, withdrawn; of those received by a day."""
    acts = tuple(acts)
    days, gone, undone = received_days(acts), withdrawn(acts), taken_back(acts)
    given = {act.target: act for act in acts if act.kind is ActKind.ADMIT and act.target}
    found = []
    for entry in entries:
        one = replace(entry, received_on=days[entry.seq], noted=entry.received_on) if entry.seq in days else entry
        if one.received_on > by:
            continue
        one = placed_by(given[one.seq], one) if one.seq in given else one
        found.append(
            replace(one, verdict=Verdict.WITHDRAWN.value) if one.seq in gone or one.admission in undone else one
        )
    return tuple(found)
