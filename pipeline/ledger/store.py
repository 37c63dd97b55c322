"""The ledger and the records: the only module that speaks SQL.

Submissions are written in batches, a transaction each, their original bytes synced to disk before. The same bytes for the
same unit and period are a no-op, so an interrupted run is simply run again. Reads give values; what stands for a county and form is the
accepted row received last (by received date, then ``seq``).
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, true

from pipeline.domain.acts import AFTERWARDS, Act, ActKind, amendments, closings, judged_again
from pipeline.domain.arrival import Arrival
from pipeline.domain.entries import Answered, End, RowNote, Sending
from pipeline.domain.findings import CHANGED, EXPLAINED, UNEXPLAINED, Severity
from pipeline.domain.unread import Unread, unread_by, unread_change
from pipeline.ledger.chain import ISSUED, KEY, PROGRAM, SUBMISSION, Link, Seal, plain_row, same
from pipeline.ledger.content import LedgerContent, SeenEarlier, submissions_as_decided
from pipeline.ledger.database import UnstorableError, check_whole, held, insert_rows, open_database, told
from pipeline.ledger.lineage import reporters_on
from pipeline.ledger.linking import (
    Entry,
    add_links,
    chain_all,
    doubt,
    files_entry,
    hanging,
    last_link,
    next_number,
    read_seal,
    submission_entries,
    write_seal,
)
from pipeline.ledger.receipt import codes_sent
from pipeline.ledger.rows import KEPT, accepted_rows, found, own_columns, submission
from pipeline.ledger.schema import CHAINED, prepare
from pipeline.ledger.tables import build_tables
from pipeline.system.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import ColumnElement, Connection

    from pipeline.domain.entries import Submission
    from pipeline.domain.findings import Finding
    from pipeline.domain.row import AcceptedRow
    from pipeline.ledger.content import Accepted
    from pipeline.ledger.linking import Respondent
    from pipeline.ledger.receipt import Receipt
    from pipeline.ledger.tables import Tables
    from pipeline.ledger.writing import Written
    from pipeline.program.model import Form, Program


TOGETHER = 500  # files that are noted in one transaction
IDENTITY = ("sha256", "period", "prefecture_code", "admission")  # the same again is no new entry


class Store:
    """A dataset opened for one program.

    Args:
        folder: Where the database and the kept bytes live.
        program: Gives the form tables their columns.
        url: Of a server that holds the dataset instead.
        create: Make the dataset when there is none; otherwise an empty one stands in for it and nothing is written.
        key: Signs what is entered; without one it is not signed.

    Raises:
        DatasetError: Not our database, a newer schema, or it cannot be read or written.
    """

    def __init__(self, folder: Path, program: Program, *, url: str = "", create: bool = True, key: bytes = b"") -> None:
        self.folder = folder
        self.program = program
        self.key = key
        self._sealing = create
        self.tables: Tables = build_tables(program)
        with told(folder):
            self.database = open_database(folder, url, self.tables.blobs, create=create)
        self.where, self.engine, self.blobs = self.database.where, self.database.engine, self.database.blobs
        self.reader = self.engine.execution_options(read_only=True)
        with told(self.where):
            if create:
                check_whole(self.database)
            with self.engine.begin() as connection:
                before = prepare(connection, self.tables, program, self.where, self._before_upgrade if create else None)
                upgraded = bool(before) and before < CHAINED
                if upgraded:
                    chain_all(connection, self.tables, key, self.last_day(connection))
                fresh = upgraded or last_link(connection, self.tables) is None
            if create and fresh and read_seal(folder) is None:
                self._seal()

    def _before_upgrade(self, revision: str) -> None:
        """Keep the database as it was."""
        from pipeline.ledger.backup import copy_database  # noqa: PLC0415 - only where there is something to upgrade

        copy_database(self.database, self.folder / f"升级前_{revision}.zip", key=self.key, again=True)

    @contextmanager
    def held(self, who: str) -> Iterator[None]:
        """Hold a dataset that is shared through a server.

        Raises:
            BusyError: Somebody else holds it.
        """
        with held(self.database, self.tables.meta, who):
            yield

    def close(self) -> None:
        """Release the database file, and leave the seal at the end of the chain."""
        try:
            if self._sealing and not self.doubt():
                self._seal()
        except DatasetError:
            pass  # the seal may lag behind: whoever writes next puts it right
        finally:
            self.engine.dispose()

    def _seal(self) -> None:
        """Say beside the dataset where the chain ends."""
        seal = self.seal()
        if seal != read_seal(self.folder):
            write_seal(self.folder, seal)

    def seal_anew(self) -> bool:
        """Make the seal again where there is none that can be believed; one that can speaks of a longer or another chain."""
        there = read_seal(self.folder)
        if there and self.key and same(there.signature, there.signed(self.key)):
            return False
        self._seal()
        return True

    def seal(self) -> Seal:
        """Where the chain ends."""
        with told(self.where), self.reader.connect() as connection:
            return Seal.of(self.program.code, last_link(connection, self.tables), self.key)

    def end(self) -> End:
        """Where the ledger ends, for whoever prints it."""
        return End(word=self.seal().word, doubt=self.doubt())

    def doubt(self) -> str:
        """Why the seal beside the dataset is not that of its chain; empty where nothing speaks against it."""
        with told(self.where), self.reader.connect() as connection:
            return doubt(connection, self.tables, read_seal(self.folder), self.key)

    def sealed_by(self, as_of: date, *without: str) -> Seal:
        """The chain as far as it tells what products of a day rest on: that they were made is noted afterwards.

        Args:
            as_of: The day.
            without: Kinds of entries that it need not reach up to either.
        """
        c = self.tables.chain
        query = (
            select(c)
            .where(c.c.day <= as_of, c.c.kind.not_in((*(kind.value for kind in AFTERWARDS), ISSUED, *without)))
            .order_by(c.c.no.desc())
            .limit(1)
        )
        with told(self.where), self.reader.connect() as connection:
            row = connection.execute(query).mappings().first()
        return Seal.of(self.program.code, Link(**row) if row else None, self.key)

    def last_day(self, connection: Connection) -> date:
        """Of everything in the ledger."""
        s, a = self.tables.submissions, self.tables.acts
        days = [connection.execute(select(func.max(column))).scalar() for column in (s.c.taken_on, a.c.done_on)]
        return max((one for one in days if one), default=date.min)

    def _link(
        self, entries: Iterable[Entry], connection: Connection, firsts: dict[Respondent, int] | None = None
    ) -> None:
        """What was just entered, in the same transaction."""
        self._sealing = True
        add_links(connection, self.tables, self.key, entries, firsts)

    def use(self, program: bytes, day: date, **facts: str) -> None:
        """Note that from here on the program is this, if it was another before; it is kept, to judge again by it."""
        sha256 = hashlib.sha256(program).hexdigest()
        c = self.tables.chain
        query = select(c.c.facts).where(c.c.kind == PROGRAM).order_by(c.c.no.desc()).limit(1)
        with told(self.where), self.reader.connect() as connection:
            known = connection.execute(query).scalar()
        if known and json.loads(known)["sha256"] == sha256:
            return
        self.blobs.keep(sha256, program)
        with told(self.where), self.engine.begin() as connection:
            self._link([Entry(kind=PROGRAM, seq=0, day=day, facts={"sha256": sha256, **facts}, rows={})], connection)

    def use_key(self, day: date, manifests: Mapping[str, str]) -> None:
        """Note that from here on another key signs: it answers for the chain so far, and for the manifests there are.

        Args:
            day: The day.
            manifests: Period → sha256 of the manifest.
        """
        with told(self.where), self.engine.begin() as connection:
            if last_link(connection, self.tables) is None:
                return
            self._link([Entry(kind=KEY, seq=0, day=day, facts={"manifests": dict(manifests)}, rows={})], connection)
        self._seal()

    def issued(
        self, period: str, day: date, files: Mapping[str, str], prefilled: Mapping[str, int] | None = None
    ) -> None:
        """Note what went out for a period: name → sha256; and unit → cells of its rows that went out filled."""
        with told(self.where), self.engine.begin() as connection:
            facts = {"period": period, "files": dict(files), "prefilled": dict(prefilled or {})}
            self._link([Entry(kind=ISSUED, seq=0, day=day, facts=facts, rows={})], connection)

    def sendings(self) -> tuple[Sending, ...]:
        """What went out, in order."""
        c = self.tables.chain
        before = select(func.max(c.c.seq)).where(c.c.kind == SUBMISSION)
        with told(self.where), self.reader.connect() as connection:
            links = connection.execute(select(c.c.no, c.c.day, c.c.facts).where(c.c.kind == ISSUED).order_by(c.c.no))
            found = []
            for no, day, facts in links.all():
                told_of, after = json.loads(facts), connection.execute(before.where(c.c.no < no)).scalar()
                prefilled = told_of.get("prefilled", {})
                found.append(Sending(period=told_of["period"], day=day, after=after or 0, prefilled=prefilled))
        return tuple(found)

    def last_issued(self, period: str) -> dict[str, str]:
        """What went out last for a period: name → sha256; empty where nothing did."""
        query = (
            select(self.tables.chain.c.facts).where(self.tables.chain.c.kind == ISSUED).order_by(self.tables.chain.c.no)
        )
        with told(self.where), self.reader.connect() as connection:
            issued = [
                facts for facts in map(json.loads, connection.execute(query).scalars()) if facts["period"] == period
            ]
        return issued[-1]["files"] if issued else {}

    def finished_files(self) -> frozenset[str]:
        """sha256 of every content whose returns are all in the ledger."""
        with told(self.where), self.reader.connect() as connection:
            finished = frozenset(connection.execute(select(self.tables.files.c.sha256)).scalars())
        return finished - self.lost_files()

    def lost_files(self) -> frozenset[str]:
        """sha256 of files that were taken in, and of which an entry is gone from the ledger and was not taken in again."""
        s, c, f = self.tables.submissions, self.tables.chain, self.tables.files
        gone = select(c.c.facts).where(c.c.kind == SUBMISSION, c.c.seq.not_in(select(s.c.seq)))
        unknown = select(f.c.sha256).where(f.c.sha256.not_in(select(s.c.sha256)))
        with told(self.where), self.reader.connect() as connection:
            entered = [
                tuple(facts[name] for name in IDENTITY) for facts in map(json.loads, connection.execute(gone).scalars())
            ]
            there = self._there({one[0] for one in entered}, connection)
            lost = {one[0] for one in entered if one not in there}
            return frozenset(lost.union(connection.execute(unknown).scalars()))

    def half_taken(self) -> frozenset[tuple[Any, ...]]:
        """Sha256, period, prefecture and admission of entries of files of which something is left to take in."""
        s, f = self.tables.submissions, self.tables.files
        query = select(*(s.c[name] for name in IDENTITY)).where(s.c.sha256.not_in(select(f.c.sha256)))
        with told(self.where), self.reader.connect() as connection:
            unfinished = {tuple(row) for row in connection.execute(query)}
            return frozenset(unfinished | self._there(self.lost_files(), connection))

    def finish(self, arrivals: Sequence[Arrival], day: date) -> tuple[Arrival, ...]:
        """Note that nothing of these files is left to take in; until then an interrupted run reads them again.

        Returns:
            Those whose content was known under another name or day.
        """
        table = self.tables.files
        with told(self.where), self.reader.connect() as connection:
            known = {tuple(row) for row in connection.execute(select(table.c.sha256, table.c.file))}
        new = list({(a.sha256, a.name): a for a in arrivals if (a.sha256, a.name) not in known}.values())
        rows = [(a.sha256, a.name, a.received_on) for a in new]
        for some in (rows[n : n + TOGETHER] for n in range(0, len(rows), TOGETHER)):
            with told(self.where), self.engine.begin() as connection:
                last = last_link(connection, self.tables)
                seq = last.no + 1 if last else 1
                connection.execute(
                    insert(self.tables.files),
                    [
                        {"sha256": sha256, "file": file, "received_on": received_on, "seq": seq}
                        for sha256, file, received_on in some
                    ],
                )
                self._link([files_entry(some, day)], connection)
        seen = {sha256 for sha256, _ in known}
        repeated = []
        for one in sorted(new, key=lambda a: (a.received_on, a.name)):
            if one.sha256 in seen:
                repeated.append(one)
            seen.add(one.sha256)
        return tuple(repeated)

    def unkept(self, arrivals: Iterable[Arrival]) -> list[Arrival]:
        """Of files that were taken in, those whose kept copy is gone."""
        there = self.blobs.names()
        return [one for one in arrivals if one.sha256 not in there]

    def not_before(self, day: date) -> None:
        """Refuse a day by the clock that is before something already in the ledger.

        Raises:
            DatasetError: The clock, or the ledger, is wrong; the remedy is to say the day.
        """
        with told(self.where), self.reader.connect() as connection:
            last = self.last_day(connection)
        if last > day:
            raise DatasetError(
                f"今天按电脑的日期是 {day}，台账里却已有 {last} 的记录：请先核对电脑的日期。"
                f"日期没有错、确要以这一天为准的，请写明 --as-of {day}"
            )

    def add(self, written: Written) -> list[int | None]:
        """Write entries of the ledger with all that hangs on them, in one transaction.

        What the database cannot hold costs only its own entry: the rest is written, and it is written as refused.

        Args:
            written: The entries; what one respondent sent was judged together, if it was judged.

        Returns:
            Their numbers; None for one that is already in the ledger.
        """
        if not written.entries:
            return []
        try:
            return self._write(written, {})
        except UnstorableError:
            firsts: dict[Respondent, int] = {}
            return [seq for one in written.apart() for seq in self._write_one(one, firsts)]

    def _write_one(self, written: Written, firsts: dict[Respondent, int]) -> list[int | None]:
        """One entry; what the database cannot hold of it is left out."""
        try:
            return self._write(written, firsts)
        except UnstorableError as fault:
            return self._write(written.quarantined(str(fault)), firsts)

    def _write(self, written: Written, firsts: dict[Respondent, int]) -> list[int | None]:
        names = self.tables.submissions.columns.keys()[1:]
        identity = itemgetter(*(names.index(name) for name in IDENTITY))
        keys = [identity(entry) for entry in written.entries]
        with told(self.where), self.engine.begin() as connection:
            there, number = (
                self._there({key[0] for key in keys}, connection),
                next_number(connection, self.tables, "submissions"),
            )
            numbers: list[int | None] = []
            for key in keys:
                numbers.append(None if key in there else number)
                number += key not in there
                there.add(key)
            numbered = [(seq, *entry) for seq, entry in zip(numbers, written.entries, strict=True) if seq is not None]
            insert_rows(connection, self.tables.submissions, numbered)
            for name, rows in written.rows.items():
                new = [(numbers[row[0]], *row[1:]) for row in rows if numbers[row[0]] is not None]
                insert_rows(connection, self.tables.metadata.tables[name], new)
            hung = hanging(self.tables, written)
            self._link(submission_entries(names, numbers, written, hung), connection, firsts)
            return numbers

    def _there(self, hashes: Collection[str], connection: Connection) -> set[tuple[Any, ...]]:
        """What the ledger has of some contents."""
        table = self.tables.submissions
        query = select(*(table.c[name] for name in IDENTITY)).where(table.c.sha256.in_(hashes))
        return {tuple(row) for row in connection.execute(query)}

    def enter(self, act: Act) -> int:
        """Enter an act; its number."""
        fields = {key: value for key, value in asdict(act).items() if key != "seq"}
        with told(self.where), self.engine.begin() as connection:
            seq = next_number(connection, self.tables, "acts")
            connection.execute(insert(self.tables.acts).values(seq=seq, **fields))
            entered = plain_row(fields, fields.values())
            self._link(
                [Entry(kind=act.kind.value, seq=seq, day=act.done_on, facts=entered, rows={"acts": [entered]})],
                connection,
            )
            return seq

    def tell(self, period: str, as_of: date, who: str, *, looking_back: bool = False) -> None:
        """Note that the products of a period were made as of a day; once for each day, and in hindsight only if asked to."""
        if self._taken_after(as_of) and not looking_back:
            return
        earlier = (act for act in self.acts(as_of) if act.kind is ActKind.TELL and act.period == period)
        if all(act.done_on != as_of for act in earlier):
            self.enter(Act(kind=ActKind.TELL, period=period, reason="", who=who, done_on=as_of))

    def note_receipts(self, period: str, receipts: Mapping[str, Receipt], as_of: date, who: str) -> None:
        """Note the check codes of receipts before they are handed out, as far as they changed: respondent → receipt."""
        sent = codes_sent(self.acts(date.max)).get(period, {})
        if new := {unit: one.code for unit, one in receipts.items() if sent.get(unit, [""])[-1] != one.code}:
            self.enter(Act(kind=ActKind.RECEIPT, period=period, reason=json.dumps(new), who=who, done_on=as_of))

    def note_unread(self, unread: Sequence[Unread], as_of: date, who: str) -> tuple[Unread, ...]:
        """Note what lies in the inbox that no return is read from, where that has changed; not in hindsight.

        Returns:
            What is new of it.
        """
        acts = self.acts(date.max)
        told, new = unread_change(unread_by(acts), unread)
        if told and not self.looks_back(as_of):
            self.enter(Act(kind=ActKind.UNREAD, period="", reason=told, who=who, done_on=as_of))
        return new

    def looks_back(self, day: date) -> bool:
        """Something was taken in or decided later than a day."""
        return self._taken_after(day) or any(act.done_on > day for act in self.acts(date.max))

    def _taken_after(self, day: date) -> bool:
        """Something was taken in later: whoever looks from that day looks back."""
        s = self.tables.submissions
        with told(self.where), self.reader.connect() as connection:
            return connection.execute(select(s.c.seq).where(s.c.taken_on > day).limit(1)).first() is not None

    def acts(self, as_of: date) -> tuple[Act, ...]:
        """What staff decided by ``as_of``, in order."""
        with told(self.where), self.reader.connect() as connection:
            return tuple(act for act in self._acts(connection) if act.done_on <= as_of)

    def pending(self, acts: Sequence[Act], as_of: date) -> dict[int, Arrival]:
        """Act → the file it admits, as first received; of the acts by which nothing has come in yet.

        Or the file of a row that is judged again with what staff have entered, as received when they did; not of a period closed.
        """
        entries = self.submissions(as_of)
        done = {entry.admission for entry in entries}  # withdrawn ones too: they came in by that word, and need another
        latest = {(act.sha256, act.claimed_prefecture, act.claimed_period): act.seq for act in acts}
        first = {entry.sha256: entry for entry in reversed(entries)}
        by_seq, lying = {entry.seq: entry for entry in entries}, {one.act for one in amendments(acts).values()}
        entered = {
            seq: replace(self.arrival(by_seq[act.target]), received_on=act.done_on)
            for seq, act in judged_again(acts).items()
            if seq in lying - done and act.target in by_seq and act.period not in closings(acts)
        }
        return entered | {
            act.seq: self.arrival(one)
            for act in acts
            if act.kind is ActKind.ADMIT
            and not act.target
            and act.seq in latest.values()
            and act.seq not in done
            and (one := first.get(act.sha256))
        }

    def arrival(self, entry: Submission) -> Arrival:
        """The file of a submission, its bytes where they are kept.

        Raises:
            DatasetError: They are gone, or no longer what was received.
        """
        return Arrival(name=entry.file, content=self.content(entry.sha256), received_on=entry.noted_on)

    def content(self, sha256: str) -> bytes:
        """The bytes kept of a submission.

        Raises:
            DatasetError: They are gone, or no longer what was received.
        """
        return self.blobs.read(sha256)

    def submissions(self, as_of: date) -> tuple[Submission, ...]:
        """The ledger as far as received by ``as_of``, in order; what was withdrawn bears that verdict."""
        with told(self.where), self.reader.connect() as connection:
            entries = self._entries(connection, None)
        return submissions_as_decided(entries, self.acts(as_of), by=as_of)

    def accepted(self, as_of: date, among: Collection[str] | None = None) -> Accepted:
        """What was accepted, as a day sees it; see :meth:`read`."""
        return self.read(among, findings=False).accepted(SeenEarlier(as_of=as_of))

    def read(self, among: Collection[str] | None = None, *, findings: bool = True) -> LedgerContent:
        """All that the ledger holds, at one moment.

        Args:
            among: Only what these prefectures sent, and those that their counties came from.
            findings: With findings and the names of all files.
        """
        prefectures = None if among is None else reporters_on(self.program, among)
        with told(self.where), self.reader.connect() as connection:
            everything = LedgerContent(
                program=self.program,
                acts=self._acts(connection),
                entries=self._entries(connection, prefectures),
                rows={form.code: self._rows(connection, form, prefectures) for form in self.program.forms},
                records=self._records(connection, prefectures),
                answered=self.answered(connection, prefectures),
                notes=self._notes(connection, prefectures),
            )
            if not findings:
                return everything
            return replace(
                everything, copies=self._copies(connection), found=self._found(connection, everything.entries)
            )

    def _acts(self, connection: Connection) -> tuple[Act, ...]:
        rows = connection.execute(select(self.tables.acts).order_by(self.tables.acts.c.seq)).mappings()
        return tuple(Act(**{**row, "kind": ActKind(row["kind"])}) for row in rows)

    def _of(self, prefectures: Collection[str] | None) -> ColumnElement[bool]:
        return true() if prefectures is None else self.tables.submissions.c.prefecture_code.in_(prefectures)

    def _entries(self, connection: Connection, prefectures: Collection[str] | None) -> tuple[Submission, ...]:
        s = self.tables.submissions
        rows = connection.execute(select(s).where(self._of(prefectures)).order_by(s.c.seq)).mappings()
        return tuple(submission(row) for row in rows)

    def _rows(self, connection: Connection, form: Form, prefectures: Collection[str] | None) -> tuple[AcceptedRow, ...]:
        t, s = self.tables.forms[form.code], self.tables.submissions
        columns = (*(t.c[name] for name in KEPT), s.c.received_on, *(t.c[code] for code in own_columns(form)))
        query = select(*columns).join(s, s.c.seq == t.c.seq).where(self._of(prefectures))
        return tuple(accepted_rows(form, connection.execute(query.order_by(t.c.seq, t.c.sheet_row))))

    def _records(
        self, connection: Connection, prefectures: Collection[str] | None
    ) -> tuple[tuple[str, str, str, int], ...]:
        r, s = self.tables.records, self.tables.submissions
        query = select(r.c.period, r.c.county_code, r.c.state, r.c.seq).join(s, s.c.seq == r.c.seq)
        found = connection.execute(query.where(self._of(prefectures)).order_by(r.c.seq, r.c.county_code))
        return tuple((row[0], row[1], row[2], row[3]) for row in found)

    def answered(self, connection: Connection, prefectures: Collection[str] | None) -> tuple[Answered, ...]:
        """Rules that were broken and explained, or warned of, in the order of the ledger; of some prefectures or of all."""
        f, s = self.tables.findings, self.tables.submissions
        warned = and_(f.c.severity == Severity.WARNING.value, f.c.rule != "", f.c.code != UNEXPLAINED)
        asked = or_(f.c.code == EXPLAINED, warned)
        columns = (f.c.seq, s.c.period, f.c.county_code, f.c.field, f.c.cell, f.c.rule, f.c.fix, f.c.code)
        query = select(*columns).join(s, s.c.seq == f.c.seq).where(asked, self._of(prefectures))
        return tuple(
            Answered(
                seq=seq,
                period=period,
                unit=unit,
                field=field,
                row=int(re.sub(r"\D", "", cell) or 0),
                rule=rule,
                reason=fix if code == EXPLAINED else "",
            )
            for seq, period, unit, field, cell, rule, fix, code in connection.execute(query.order_by(f.c.seq, f.c.no))
        )

    def _notes(self, connection: Connection, prefectures: Collection[str] | None) -> tuple[RowNote, ...]:
        f, s = self.tables.findings, self.tables.submissions
        columns = (f.c.seq, f.c.county_code, f.c.sheet, f.c.cell, f.c.field, f.c.code, f.c.found, f.c.fix)
        query = select(*columns).join(s, s.c.seq == f.c.seq)
        query = query.where(f.c.code.in_(("REMARK", CHANGED, UNEXPLAINED)), self._of(prefectures))
        return tuple(
            RowNote(
                seq=seq,
                unit=unit,
                sheet=sheet,
                row=int(re.sub(r"\D", "", cell) or 0),
                field=field,
                code=code,
                found=found,
                said=said,
            )
            for seq, unit, sheet, cell, field, code, found, said in connection.execute(query.order_by(f.c.seq, f.c.no))
        )

    def _copies(self, connection: Connection) -> tuple[tuple[str, str, date], ...]:
        f = self.tables.files
        found = connection.execute(select(f.c.sha256, f.c.file, f.c.received_on).order_by(f.c.received_on, f.c.file))
        return tuple((row[0], row[1], row[2]) for row in found)

    def _found(self, connection: Connection, entries: Iterable[Submission]) -> dict[int, tuple[Finding, ...]]:
        table, names = self.tables.findings, {one.seq: one.file for one in entries}
        some: dict[int, list[Finding]] = {}
        for row in connection.execute(select(table).order_by(table.c.seq, table.c.no)).mappings():
            if row["seq"] in names:
                some.setdefault(row["seq"], []).append(found(row, names[row["seq"]]))
        return {seq: tuple(findings) for seq, findings in some.items()}
