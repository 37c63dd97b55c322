"""The ledger and the records: the only module that speaks SQL.

One transaction per submission, its original bytes synced to disk first. The same bytes for the same unit and period
are a no-op, so an interrupted run is simply run again. Reads give values; what stands for a county and form is the
accepted row received last (by received date, then ``seq``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import create_engine, event, insert, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from pipeline.checks.decide import State, Verdict
from pipeline.checks.past import Past, PastEntry
from pipeline.dataset.tables import NOT_APPLICABLE_COLUMN, SCHEMA_VERSION, Tables, build_tables
from pipeline.errors import DatasetError
from pipeline.findings import CATALOGUE, Finding, Location, Severity
from pipeline.program.model import NOT_APPLICABLE, FieldType
from pipeline.workbook.cells import show
from pipeline.workbook.identity import WAITING
from pipeline.workbook.read import Arrival

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, RowMapping

    from pipeline.checks.decide import Decision, Record
    from pipeline.checks.lines import Line
    from pipeline.program.model import Field, Form, Program
    from pipeline.workbook.cells import Value
    from pipeline.workbook.read import Reading

    Entries = dict[tuple[str, str], tuple[PastEntry, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One entry of the ledger; ``prefecture_code`` and ``period`` are empty when the file could not be placed."""

    seq: int
    sha256: str
    file: str
    received_on: date
    taken_on: date
    prefecture_code: str
    period: str
    issue_no: str
    admission: int
    verdict: str
    reason: str
    sheets: dict[str, str]
    columns: dict[str, dict[str, str]]


class ActKind(StrEnum):
    """What staff enter in the ledger: by hand, or by making a period's products."""

    ADMIT = "ADMIT"
    CLOSE = "CLOSE"
    TELL = "TELL"  # the products of a period were made, and told what had been received by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something a staff member decided, and why; undone only by another.

    Attributes:
        seq: Number in the ledger of acts; 0 before it is entered.
        sha256: Of the file admitted; empty for a period closed.
        prefecture_code: Whose the file is; empty for a period closed.
        claimed_prefecture: Whose its stamps say it is; empty without stamps.
        claimed_period: For when they say it is.
    """

    kind: ActKind
    period: str
    reason: str
    who: str
    done_on: date
    sha256: str = ""
    file: str = ""
    prefecture_code: str = ""
    claimed_prefecture: str = ""
    claimed_period: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file with the same content as one already taken in: seen, and nothing more."""

    file: str
    received_on: date
    original: Submission


class Store:
    """A dataset opened for one program.

    Args:
        folder: Where the database and the kept bytes live.
        program: Gives the form tables their columns.
        create: Make the dataset when there is none; otherwise an empty one stands in for it and nothing is written.

    Raises:
        DatasetError: Not our database, a newer schema, or it cannot be read or written.
    """

    def __init__(self, folder: Path, program: Program, *, create: bool = True) -> None:
        self.folder = folder
        self.program = program
        self.tables: Tables = build_tables(program)
        with _told(folder):
            path = folder / "dataset.sqlite"
            if create:
                folder.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(path if create or path.exists() else None)
            self.reader = self.engine.execution_options(read_only=True)
            with self.engine.begin() as connection:
                self._create(connection)

    def _create(self, connection: Connection) -> None:
        existing = set(inspect(connection).get_table_names())
        if existing and "meta" not in existing:
            raise DatasetError(f"{self.folder}：这里的数据库不是本程序的数据集")
        self.tables.meta.create(connection, checkfirst=True)
        meta = self.tables.meta
        version = connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar()
        if version is None:
            self.tables.metadata.create_all(connection)
            connection.execute(insert(meta), [{"key": "schema", "value": str(SCHEMA_VERSION)},
                                              {"key": "program", "value": self.program.code}])  # fmt: skip
        elif int(version) > SCHEMA_VERSION:
            raise DatasetError(f"{self.folder}：数据集由更新的版本写成（{version}），请升级程序")
        elif int(version) < SCHEMA_VERSION:
            raise DatasetError(
                f"{self.folder}：数据集由试用版写成（{version}），请移走此目录后重新运行，收件箱会重新收取"
            )
        program = connection.execute(select(meta.c.value).where(meta.c.key == "program")).scalar()
        if program not in {None, self.program.code}:
            raise DatasetError(f"{self.folder}：数据集属于专项工作 {program}，不是 {self.program.code}")
        self._grow(connection)

    def _grow(self, connection: Connection) -> None:
        """Make room for sheets and columns that the program has gained; what it has lost stays where it is."""
        self.tables.metadata.create_all(connection)
        known, quoted = inspect(connection), connection.dialect.identifier_preparer
        for table in self.tables.forms.values():
            there = {column["name"] for column in known.get_columns(table.name)}
            for column in (c for c in table.columns if c.name not in there):
                kind = column.type.compile(connection.dialect)
                connection.execute(text(
                    f"ALTER TABLE {quoted.format_table(table)} ADD COLUMN {quoted.format_column(column)} {kind}"
                ))  # fmt: skip

    def close(self) -> None:
        """Release the database file."""
        self.engine.dispose()

    def finished_files(self) -> frozenset[str]:
        """sha256 of every content whose returns are all in the ledger."""
        with _told(self.folder), self.reader.connect() as connection:
            return frozenset(connection.execute(select(self.tables.files.c.sha256)).scalars())

    def finish(self, arrivals: Sequence[Arrival]) -> tuple[Arrival, ...]:
        """Note that nothing of these files is left to take in; until then an interrupted run reads them again.

        Returns:
            Those whose content was known under another name or day.
        """
        table = self.tables.files
        with _told(self.folder), self.reader.connect() as connection:
            known = {tuple(row) for row in connection.execute(select(table.c.sha256, table.c.file))}
        new = list({(a.sha256, a.name): a for a in arrivals if (a.sha256, a.name) not in known}.values())
        rows = [{"sha256": a.sha256, "file": a.name, "received_on": a.received_on} for a in new]
        if rows:
            with _told(self.folder), self.engine.begin() as connection:
                connection.execute(insert(self.tables.files), rows)
        seen = {sha256 for sha256, _ in known}
        repeated = []
        for one in sorted(new, key=lambda a: (a.received_on, a.name)):
            if one.sha256 in seen:
                repeated.append(one)
            seen.add(one.sha256)
        return tuple(repeated)

    def append(self, decision: Decision, taken_on: date) -> int | None:
        """Write one decided return; None when it is already in the ledger."""
        one = decision.source
        entry = {
            **_arrival_columns(one.arrival, taken_on), "prefecture_code": one.prefecture_code, "period": one.period,
            "issue_no": one.issue_no, "admission": one.admission, "verdict": decision.verdict.value, "reason": decision.reason,
            "sheets": _json(one.sheets), "columns": _json(one.columns),
        }  # fmt: skip
        with _told(self.folder):
            self._keep(one.arrival)
            with self.engine.begin() as connection:
                seq = self._ledger(connection, entry)
                if seq is None:
                    return None
                self._write_records(connection, seq, one.period, decision.records)
                self._write_findings(connection, seq, decision.findings)
                return seq

    def append_unplaced(self, reading: Reading, taken_on: date) -> int | None:
        """Write a file that holds no usable return: it was seen, and why it was refused."""
        verdict = Verdict.HELD if any(CATALOGUE[f.code].holds for f in reading.findings) else Verdict.RETURNED
        reason = "；".join(dict.fromkeys(_title(f) for f in reading.findings))
        entry = {
            **_arrival_columns(reading.arrival, taken_on), "prefecture_code": "", "period": "", "issue_no": "",
            "admission": WAITING if verdict is Verdict.HELD else 0, "verdict": verdict.value, "reason": reason, "sheets": "{}", "columns": "{}",
        }  # fmt: skip
        with _told(self.folder):
            self._keep(reading.arrival)
            with self.engine.begin() as connection:
                seq = self._ledger(connection, entry)
                if seq is not None:
                    self._write_findings(connection, seq, reading.findings)
                return seq

    def _keep(self, arrival: Arrival) -> None:
        """The original bytes, content-addressed and on disk before the ledger names them."""
        path = self.folder / "files" / arrival.sha256[:2] / arrival.sha256
        if path.exists() and path.stat().st_size == len(arrival.content):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".part{os.getpid()}")
        with part.open("wb") as out:
            out.write(arrival.content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)

    def _ledger(self, connection: Connection, entry: dict[str, Any]) -> int | None:
        table = self.tables.submissions
        same = select(table.c.seq).where(
            table.c.period == entry["period"], table.c.prefecture_code == entry["prefecture_code"],
            table.c.sha256 == entry["sha256"], table.c.admission == entry["admission"],
        )  # fmt: skip
        if connection.execute(same).first():
            return None
        key = connection.execute(insert(table).values(**entry)).inserted_primary_key
        return int(key[0]) if key else None

    def _write_records(self, connection: Connection, seq: int, period: str, records: Sequence[Record]) -> None:
        if not records:
            return
        connection.execute(insert(self.tables.records), [
            {"seq": seq, "county_code": r.county_code, "period": period, "state": r.state.value} for r in records])  # fmt: skip
        for form in self.program.forms:
            stand = [(r.county_code, line) for r in records if r.stands for line in _lines(form, r)]
            rows = [_form_row(form, seq, period, unit, line) for unit, line in stand]
            if rows:
                connection.execute(insert(self.tables.forms[form.code]), rows)

    def _write_findings(self, connection: Connection, seq: int, findings: Sequence[Finding]) -> None:
        rows = [
            {"seq": seq, "no": no, "code": f.code, "severity": f.severity.value, "sheet": f.location.sheet,
             "cell": f.location.cell, "county_code": f.county_code, "field": f.field, "rule": f.rule, "found": f.found,
             "expected": f.expected, "fix": f.fix}
            for no, f in enumerate(findings, 1)
        ]  # fmt: skip
        if rows:
            connection.execute(insert(self.tables.findings), rows)

    def enter(self, act: Act) -> int:
        """Enter an act; its number."""
        fields = {key: value for key, value in asdict(act).items() if key != "seq"}
        with _told(self.folder), self.engine.begin() as connection:
            key = connection.execute(insert(self.tables.acts).values(**fields)).inserted_primary_key
            return int(key[0]) if key else 0

    def tell(self, period: str, as_of: date, who: str) -> None:
        """Note that the products of a period were made as of a day; once for each day."""
        told = (act for act in self.acts(as_of) if act.kind is ActKind.TELL and act.period == period)
        if all(act.done_on != as_of for act in told):
            self.enter(Act(kind=ActKind.TELL, period=period, reason="", who=who, done_on=as_of))

    def acts(self, as_of: date) -> tuple[Act, ...]:
        """What staff decided by ``as_of``, in order."""
        table = self.tables.acts
        with _told(self.folder), self.reader.connect() as connection:
            rows = connection.execute(select(table).where(table.c.done_on <= as_of).order_by(table.c.seq)).mappings()
            return tuple(Act(**{**row, "kind": ActKind(row["kind"])}) for row in rows)

    def pending(self, acts: Sequence[Act], as_of: date) -> dict[int, Arrival]:
        """Act → the file it admits, as first received; of the admissions by which nothing has come in yet."""
        entries = self.submissions(as_of)
        done = {entry.admission for entry in entries}
        latest = {(act.sha256, act.claimed_prefecture, act.claimed_period): act.seq for act in acts}
        first = {entry.sha256: entry for entry in reversed(entries)}
        return {
            act.seq: Arrival(name=one.file, content=self.content(act.sha256), received_on=one.received_on)
            for act in acts
            if act.kind is ActKind.ADMIT
            and act.seq in latest.values()
            and act.seq not in done
            and (one := first.get(act.sha256))
        }

    def content(self, sha256: str) -> bytes:
        """The bytes kept of a submission.

        Raises:
            DatasetError: They are gone, or no longer what was received.
        """
        path = self.folder / "files" / sha256[:2] / sha256
        with _told(self.folder):
            content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DatasetError(f"{path} 已不是收到时的内容；请从备份恢复，或把原件重新放入收件箱")
        return content

    def submissions(self, as_of: date) -> tuple[Submission, ...]:
        """The ledger as far as received by ``as_of``, in order."""
        table = self.tables.submissions
        with _told(self.folder), self.reader.connect() as connection:
            rows = connection.execute(
                select(table).where(table.c.received_on <= as_of).order_by(table.c.seq)
            ).mappings()
            return tuple(_submission(row) for row in rows)

    def copies(self, as_of: date) -> tuple[Copy, ...]:
        """Files whose content was already in the ledger under another name."""
        first = {s.sha256: s for s in reversed(self.submissions(as_of))}
        table = self.tables.files
        with _told(self.folder), self.reader.connect() as connection:
            query = select(table).where(table.c.received_on <= as_of).order_by(table.c.received_on, table.c.file)
            rows = connection.execute(query).mappings().all()
        return tuple(
            Copy(file=row["file"], received_on=row["received_on"], original=first[row["sha256"]])
            for row in rows
            if row["sha256"] in first and first[row["sha256"]].file != row["file"]
        )

    def findings(self, as_of: date) -> tuple[tuple[Submission, Finding], ...]:
        """All findings of the ledger, in reading order within each submission."""
        table = self.tables.findings
        entries = {s.seq: s for s in self.submissions(as_of)}
        with _told(self.folder), self.reader.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.seq, table.c.no)).mappings().all()
        return tuple((entries[row["seq"]], _finding(row, entries[row["seq"]])) for row in rows if row["seq"] in entries)

    def records(self, as_of: date) -> pd.DataFrame:
        """Every decided record: period, county_code, state, seq, received_on; oldest first."""
        r, s = self.tables.records, self.tables.submissions
        query = (
            select(r.c.period, r.c.county_code, r.c.state, r.c.seq, s.c.received_on)
            .join(s, s.c.seq == r.c.seq).where(s.c.received_on <= as_of).order_by(s.c.received_on, r.c.seq)
        )  # fmt: skip
        with _told(self.folder), self.reader.connect() as connection:
            rows = connection.execute(query).all()
        return pd.DataFrame(rows, columns=["period", "county_code", "state", "seq", "received_on"])

    def standing(self, form: Form, as_of: date) -> list[StandingRow]:
        """What stands of a roster sheet: one row per (period, unit), the accepted row received last."""
        latest = {(row.period, row.county_code): row for row in self._accepted_rows(form, as_of)}
        return [latest[key] for key in sorted(latest)]

    def lists(self, form: Form, as_of: date) -> dict[tuple[str, str], tuple[StandingRow, ...]]:
        """What stands of a list: (period, prefecture) → entries; each accepted list replaces the one before it whole."""
        latest: dict[tuple[str, str], tuple[StandingRow, ...]] = {}
        for row in self._accepted_rows(form, as_of):
            before = latest.get((row.period, row.county_code), ())
            same = before if before and before[0].seq == row.seq else ()
            latest[row.period, row.county_code] = (*same, row)
        return {key: latest[key] for key in sorted(latest)}

    def _accepted_rows(self, form: Form, as_of: date) -> list[StandingRow]:
        """Every row of a form that ever stood, in the order of receipt."""
        t, s = self.tables.forms[form.code], self.tables.submissions
        query = (
            select(t, s.c.received_on).join(s, s.c.seq == t.c.seq).where(s.c.received_on <= as_of)
            .order_by(s.c.received_on, t.c.seq, t.c.sheet_row)
        )  # fmt: skip
        with _told(self.folder), self.reader.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_standing_row(form, row) for row in rows]

    def revisions(self, as_of: date) -> tuple[Revision, ...]:
        """What each submission changed of what stood before it, in the order of receipt."""
        counties: dict[int, dict[str, None]] = {}
        changes: dict[int, list[Change]] = {}
        for form in self.program.roster_forms:
            before: dict[tuple[str, str], StandingRow] = {}
            for row in self._accepted_rows(form, as_of):
                old = before.get((row.period, row.county_code))
                before[row.period, row.county_code] = row
                if old is None:
                    continue
                counties.setdefault(row.seq, {})[row.county_code] = None
                changes.setdefault(row.seq, []).extend(_changes(old, row))
        for form in self.program.list_forms:
            lists: dict[tuple[str, str], list[StandingRow]] = {}
            for (period, unit, seq), new in _by_submission(self._accepted_rows(form, as_of)).items():
                before_it = lists.get((period, unit))
                lists[period, unit] = new
                if before_it is None:
                    continue
                counties.setdefault(seq, {})[unit] = None
                changes.setdefault(seq, []).extend(_list_changes(form, before_it, new))
        return tuple(
            Revision(seq=seq, counties=tuple(sorted(again)), changes=tuple(changes[seq]))
            for seq, again in sorted(counties.items())
        )

    def came(self, as_of: date) -> dict[tuple[str, str, str], date]:
        """(form, period, county) → day the first row that ever stood was received."""
        days: dict[tuple[str, str, str], date] = {}
        for form in self.program.roster_forms:
            for row in self._accepted_rows(form, as_of):
                days.setdefault((form.code, row.period, row.county_code), row.received_on)
        return days

    def _whole(self, as_of: date) -> set[tuple[str, str]]:
        """(period, county) of what was accepted, at once or sheet by sheet."""
        forms: dict[tuple[str, str], int] = {}
        for _, period, county in self.came(as_of):
            forms[period, county] = forms.get((period, county), 0) + 1
        records = self.records(as_of)
        accepted = records[records["state"] != State.RETURNED]
        units = self.program.unit_by_code
        whole = {key for key, n in forms.items() if key[1] in units and n == len(self.program.roster_of(units[key[1]]))}
        return whole | set(accepted[["period", "county_code"]].itertuples(index=False, name=None))

    def past(self, period: str, as_of: date) -> Past:
        """What was accepted before this run, seen from ``period``."""
        previous: dict[tuple[str, str], Value] = {}
        current: dict[tuple[str, str], Value] = {}
        floors: dict[tuple[str, str], int | Decimal] = {}
        standing: dict[tuple[str, str], bool] = {}
        later: dict[tuple[str, str], int | Decimal] = {}
        received: dict[tuple[str, str], date] = {}
        whole = self._whole(as_of)
        for form in self.program.roster_forms:
            for row in self.standing(form, as_of):
                if row.period != period and (row.period, row.county_code) not in whole:
                    continue  # sheets of a county that never became whole were never accepted
                given = {(row.county_code, code): v for code, v in row.values.items() if v is not None}
                if row.period < period:
                    previous |= given
                    floors |= {key: v for key, v in given.items() if isinstance(v, (int, Decimal))}
                elif row.period == period:
                    current |= given
                    standing[row.county_code, form.code] = row.nil
                    received[row.county_code, form.code] = row.received_on
                else:
                    later |= {
                        key: min(v, later.get(key, v)) for key, v in given.items() if isinstance(v, (int, Decimal))
                    }
        carried, listed, numbers, days = self._past_lists(period, as_of)
        return Past(previous=previous, floors=floors, current=current, standing=standing, later=later,
                    received=received | days, carried=carried, listed=listed, numbers=numbers)  # fmt: skip

    def _past_lists(
        self, period: str, as_of: date
    ) -> tuple[Entries, Entries, dict[tuple[str, str], frozenset[str]], dict[tuple[str, str], date]]:
        """Entries carried into a period, those that already stand for it, every number given out, and days of receipt.

        A number is given for ever, so the numbers are those of the whole ledger, whatever day is looked from.
        """
        latest: dict[tuple[str, str], dict[str, StandingRow]] = {}
        listed: Entries = {}
        numbers: dict[tuple[str, str], set[str]] = {}
        days: dict[tuple[str, str], date] = {}
        for form in self.program.list_forms:
            for row in self._accepted_rows(form, date.max):
                numbers.setdefault((row.county_code, form.code), set()).add(row.entry)
            for (of, prefecture), rows in self.lists(form, as_of).items():  # earliest period first
                if of < period:
                    latest.setdefault((prefecture, form.code), {}).update({row.entry: row for row in rows})
                elif of == period:
                    listed[prefecture, form.code] = tuple(_past_entry(row) for row in rows)
                    days[prefecture, form.code] = rows[0].received_on
        carried = {
            (prefecture, form): tuple(
                _past_entry(row) for row in rows.values() if is_open(self.program.form_by_code[form], row)
            )
            for (prefecture, form), rows in latest.items()
        }
        return carried, listed, {key: frozenset(given) for key, given in numbers.items()}, days


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """An accepted row of a form table, values as the officer meant them (不适用 included).

    Attributes:
        county_code: Of the unit: a county, or the prefecture for its own row and the entries of its lists.
        entry: Number of an entry; empty for the row of a unit.
    """

    seq: int
    form: str
    period: str
    county_code: str
    entry: str
    sheet_row: int
    nil: bool
    received_on: date
    typed: dict[str, str]
    values: dict[str, Value]

    @property
    def prefecture_code(self) -> str:
        """Of an entry, whose list it is in."""
        return self.county_code

    @property
    def number(self) -> str:
        """Of an entry, its stable number."""
        return self.entry


def is_open(form: Form, row: StandingRow) -> bool:
    """Whether an entry of a list is not done with."""
    return form.closing is not None and row.values.get(form.closing.field) not in form.closing.values


def _past_entry(row: StandingRow) -> PastEntry:
    return PastEntry(number=row.entry, values=row.values)


def _by_submission(rows: Sequence[StandingRow]) -> dict[tuple[str, str, int], list[StandingRow]]:
    """(period, prefecture, submission) → the entries of one list, in the order of receipt."""
    lists: dict[tuple[str, str, int], list[StandingRow]] = {}
    for row in rows:
        lists.setdefault((row.period, row.county_code, row.seq), []).append(row)
    return lists


def _changes(old: StandingRow, new: StandingRow) -> list[Change]:
    return [
        Change(period=new.period, county_code=new.county_code, entry=new.entry, field=code, old=old.values[code],
               new=value, old_seq=old.seq)
        for code, value in new.values.items() if value != old.values[code]
    ]  # fmt: skip


def _list_changes(form: Form, before: Sequence[StandingRow], after: Sequence[StandingRow]) -> list[Change]:
    """Entries by their numbers: what changed in those that stay, and those that came or went, by their first column."""
    old, new = ({row.entry: row for row in rows} for rows in (before, after))
    first = form.same_by[0] if form.same_by else form.fields[0].code
    changes = [change for number, row in new.items() if number in old for change in _changes(old[number], row)]
    for number in [*(old.keys() - new.keys()), *(new.keys() - old.keys())]:
        row = old.get(number) or new[number]
        gone = number in old
        changes.append(Change(period=row.period, county_code=row.county_code, entry=number, field=first,
                              old=row.values[first] if gone else None, new=None if gone else row.values[first],
                              old_seq=before[0].seq))  # fmt: skip
    return sorted(changes, key=lambda change: change.entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that a later submission changed; ``entry`` is the number of a list's."""

    period: str
    county_code: str
    entry: str
    field: str
    old: Value
    new: Value
    old_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a submission did to what stood: the counties it reported again, and every value that changed."""

    seq: int
    counties: tuple[str, ...]
    changes: tuple[Change, ...]


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Database and disk faults in one line for staff."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DatasetError(f"数据集 {folder} 无法读写：{reason}") from error
    except OSError as error:
        raise DatasetError(f"数据集 {folder} 无法读写：{error.strerror or error}") from error


def _sqlite_engine(path: Path | None) -> Engine:
    """A database file, or an empty one in memory."""
    engine = create_engine(f"sqlite:///{path}") if path else create_engine("sqlite://", poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")  # writers take the lock first

    return engine


def _arrival_columns(arrival: Arrival, taken_on: date) -> dict[str, Any]:
    return {"sha256": arrival.sha256, "file": arrival.name, "received_on": arrival.received_on, "taken_on": taken_on}


def _title(one: Finding) -> str:

    return CATALOGUE[one.code].title


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _lines(form: Form, record: Record) -> tuple[Line, ...]:
    if form.is_list:
        return record.entries.get(form.code, ())
    return (record.lines[form.code],) if form.code in record.lines else ()


def _form_row(form: Form, seq: int, period: str, unit: str, line: Line) -> dict[str, Any]:
    assert line.row is not None  # noqa: S101 - only reported lines are written
    typed = {code: line.row.typed.get(code, "") for code, value in line.values.items()}
    typed = {code: text for code, text in typed.items() if text != show(line.values[code])}
    away = [
        one.code for one in form.fields if one.type is FieldType.COUNT and line.values.get(one.code) == NOT_APPLICABLE
    ]
    values = {one.code: None if one.code in away else _stored(line.values.get(one.code)) for one in form.fields}
    return {"seq": seq, "county_code": unit, "entry": line.entry, "period": period, "sheet_row": line.row.row,
            "nil": line.row.nil, "typed": _json(typed), NOT_APPLICABLE_COLUMN: " ".join(away), **values}  # fmt: skip


def _stored(value: Value) -> int | str | date | None:
    return str(value) if isinstance(value, Decimal) else value


def _standing_row(form: Form, row: RowMapping) -> StandingRow:
    away = set(row[NOT_APPLICABLE_COLUMN].split())
    values: dict[str, Value] = {one.code: _value(one, row, away) for one in form.fields}
    return StandingRow(seq=row["seq"], form=form.code, period=row["period"], county_code=row["county_code"], entry=row["entry"],
                       sheet_row=row["sheet_row"], nil=row["nil"], received_on=row["received_on"],
                       typed=json.loads(row["typed"]), values=values)  # fmt: skip


def _value(one: Field, row: RowMapping, away: set[str]) -> Value:
    value = row[one.code]
    if one.type is FieldType.AMOUNT and value is not None:
        return Decimal(value)
    return NOT_APPLICABLE if one.code in away else value


def _submission(row: RowMapping) -> Submission:
    fields = {key: row[key] for key in row if key not in {"sheets", "columns"}}
    return Submission(**fields, sheets=json.loads(row["sheets"]), columns=json.loads(row["columns"]))


def _finding(row: RowMapping, entry: Submission) -> Finding:
    return Finding(
        code=row["code"], severity=Severity(row["severity"]),
        location=Location(file=entry.file, sheet=row["sheet"], cell=row["cell"]),
        prefecture_code=entry.prefecture_code, county_code=row["county_code"], field=row["field"], rule=row["rule"],
        found=row["found"], expected=row["expected"], fix=row["fix"],
    )  # fmt: skip
