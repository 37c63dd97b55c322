"""Links written to the chain in the transaction of what they hold; and the seal beside the dataset that says where it ends."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import astuple, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Date, Integer, MetaData, func, insert, inspect, select, text

from pipeline.ledger.chain import (
    FILES,
    ISSUED,
    KEY,
    NOT_ACTS,
    PROGRAM,
    START,
    SUBMISSION,
    Link,
    Seal,
    canonical,
    content_of,
    plain_row,
    same,
)
from pipeline.ledger.database import insert_rows, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Column, Connection, Table

    from pipeline.ledger.chain import Row
    from pipeline.ledger.tables import Tables
    from pipeline.ledger.writing import Written

    Group = tuple[str, int]  # a table of numbers, and a number
    Respondent = tuple[str, str]  # code of a prefecture, and of a period

MANY = 500  # rows of one insert
SEAL = "台账封签.json"
# what a submission's link tells of it
_OF_ENTRY = (
    "sha256",
    "file",
    "received_on",
    "period",
    "prefecture_code",
    "admission",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a link is made for: the rows of one number of the ledger, by table.

    Attributes:
        respondent: Whose it is, where what one respondent sent is judged together.
    """

    kind: str
    seq: int
    day: date
    facts: Mapping[str, Any]
    rows: Mapping[str, list[Row]]
    respondent: Respondent | None = None


def last_link(connection: Connection, tables: Tables) -> Link | None:
    """The end of the chain; None where there is none."""
    row = connection.execute(select(tables.chain).order_by(tables.chain.c.no.desc()).limit(1)).mappings().first()
    return Link(**row) if row else None


def _link_of(connection: Connection, tables: Tables, no: int) -> Link | None:
    """One link."""
    row = connection.execute(select(tables.chain).where(tables.chain.c.no == no)).mappings().first()
    return Link(**row) if row else None


def add_links(
    connection: Connection,
    tables: Tables,
    key: bytes,
    entries: Iterable[Entry],
    firsts: dict[Respondent, int] | None = None,
) -> None:
    """Behind the end of the chain, in the transaction that writes what they hold.

    Args:
        connection: Of that transaction.
        tables: The tables.
        key: The workspace's.
        entries: What the links are for.
        firsts: Respondent → first link of what is judged together, where some of it was written before.
    """
    last = last_link(connection, tables)
    no, before = (last.no, last.hash) if last else (0, START)
    firsts, made = {} if firsts is None else firsts, []
    for no, one in enumerate(entries, no + 1):  # noqa: B020 - from the last number on
        counts, content = content_of(one.rows)
        together = firsts.setdefault(one.respondent, no) if one.respondent else no
        link = Link(
            no=no,
            kind=one.kind,
            seq=one.seq or no,
            together=together,
            day=one.day,
            counts=counts,
            content=content,
            facts=canonical(one.facts).decode(),
        ).closed(before, key)
        made.append(astuple(link))
        before = link.hash
    insert_rows(connection, tables.chain, made)


def next_number(connection: Connection, tables: Tables, name: str) -> int:
    """The number after the last ever given: one writer at a time, so that an interrupted run leaves no gap."""
    table, kind = tables.metadata.tables[name], tables.chain.c.kind
    mine = kind == SUBMISSION if name == "submissions" else kind.not_in(NOT_ACTS)
    given = (select(func.max(table.c.seq)), select(func.max(tables.chain.c.seq)).where(mine))
    return max(connection.execute(one).scalar() or 0 for one in given) + 1


def submission_entries(
    columns: Sequence[str], numbers: Sequence[int | None], written: Written, rows: Sequence[Mapping[str, list[Row]]]
) -> Iterator[Entry]:
    """What the links of submissions are made for; those without a number were entered before."""
    for seq, entry, mine in zip(numbers, written.entries, rows, strict=True):
        if seq is not None:
            of = dict(zip(columns, entry, strict=True))
            whose = (of["prefecture_code"], of["period"]) if written.judged else None
            facts = {name: of[name] for name in _OF_ENTRY}
            yield Entry(kind=SUBMISSION, seq=seq, day=of["taken_on"], facts=facts, rows=mine, respondent=whose)


def _stored_rows(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Every row of a table as the database has it, columns the program has lost included; nothing is taken for granted."""
    quoted = connection.dialect.identifier_preparer.quote(name)
    rows = connection.exec_driver_sql(f"SELECT * FROM {quoted}")  # noqa: S608 - a table of ours
    columns = list(rows.keys())
    return [dict(zip(columns, row, strict=True)) for row in rows]


def put_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as they were read from somewhere, with the types their table has; a column that is not named stays empty."""
    typed = [{c.name: _typed(c, row.get(c.name)) for c in table.columns if c.name in row or c.nullable} for row in rows]
    for n in range(0, len(typed), MANY):
        connection.execute(insert(table), typed[n : n + MANY])


def table_there(connection: Connection, name: str) -> Table:
    """A table as the database has it, columns the program has lost included."""
    whole = MetaData()
    whole.reflect(connection, only=[name])
    return whole.tables[name]


def put_entry(connection: Connection, rows: Mapping[str, Sequence[Row]], seq: int, tables: Mapping[str, Table]) -> None:
    """All rows of one number of the ledger, what others refer to first."""
    for name in sorted(rows, key=lambda one: one != "submissions"):
        put_rows(connection, tables[name], [{**row, "seq": seq} for row in rows[name]])


def _typed(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, Date):
        return value if isinstance(value, date) else date.fromisoformat(value)
    if isinstance(column.type, Boolean):
        return bool(value)
    return int(value) if isinstance(column.type, Integer) else str(value)


def drop_rows(connection: Connection, name: str, seq: int) -> None:
    """What a table has of one number of the ledger."""
    quoted = connection.dialect.identifier_preparer.quote(name)
    connection.execute(text(f"DELETE FROM {quoted} WHERE seq = :seq"), {"seq": seq})  # noqa: S608 - a table of ours


def hanging(tables: Tables, written: Written) -> list[dict[str, list[Row]]]:
    """What hangs on each entry, by table, as it is hashed."""
    columns = {name: tables.metadata.tables[name].columns.keys()[1:] for name in ("submissions", *written.rows)}
    found = [{"submissions": [plain_row(columns["submissions"], entry)]} for entry in written.entries]
    for name, rows in written.rows.items():
        for place, *values in rows:
            found[place].setdefault(name, []).append(plain_row(columns[name], values))
    return found


def read_links(connection: Connection) -> tuple[list[Link], list[object]]:
    """The whole chain, and the numbers of links that cannot even be read."""
    links, strange = [], list[object]()
    for row in _stored_rows(connection, "chain"):
        try:
            day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
            texts = {name: str(row[name]) for name in ("kind", "facts", "counts", "content", "hash", "signature")}
            numbers = {name: int(row[name]) for name in ("no", "seq", "together")}
            whole: dict[str, Any] = {"day": day, **texts, **numbers}
            links.append(Link(**whole))
        except (TypeError, ValueError):
            strange.append(row["no"])
    return sorted(links, key=lambda one: one.no), strange


def read_groups(connection: Connection) -> dict[Group, dict[str, list[Row]]]:
    """What the tables have of each number of submissions, acts and noted files."""
    groups: dict[Group, dict[str, list[Row]]] = defaultdict(dict)
    for kind, some in (("submissions", entry_names(connection)), ("acts", ["acts"]), ("files", ["files"])):
        for name in some:
            for row in _stored_rows(connection, name):
                groups[kind, row["seq"]].setdefault(name, []).append(plain_row(row, row.values()))
    return groups


def group_of(link: Link) -> Group:
    """Where the tables have what a link holds; of links that hold no rows, nowhere."""
    names = {SUBMISSION: "submissions", FILES: "files", PROGRAM: "", KEY: "", ISSUED: ""}
    return names.get(link.kind, "acts"), link.seq


def is_content(link: Link, rows: Mapping[str, list[Row]]) -> bool:
    """Whether rows are those a link was made for."""
    return content_of(rows) == (link.counts, link.content)


def same_return(link: Link, other: Link) -> bool:
    """Whether another link entered the same return of the same file once more."""
    if SUBMISSION not in {link.kind} & {other.kind}:
        return False
    one, again = link.told, other.told
    return all(one[name] == again[name] for name in ("sha256", "period", "prefecture_code", "admission"))


def first_fault(connection: Connection) -> str:
    """What of the ledger is not what was entered, as far as the chain alone tells; empty where nothing is."""
    links, strange = read_links(connection)
    groups, before, no = read_groups(connection), START, 0
    for no, link in enumerate(links, 1):
        if link.no != no or link.hash != link.hash_after(before):
            return f"台账第{no}条不见了或被改过"
        kind = group_of(link)
        rows = groups.pop(kind, {})
        if kind[0] and not is_content(link, rows) and (rows or not any(same_return(link, one) for one in links[no:])):
            return f"台账第{no}条（{link.day}）的内容被改过"
        before = link.hash
    if strange or groups:
        return f"台账到第{no}条为止，另有链上没有的记录"
    return ""


def entry_names(connection: Connection) -> list[str]:
    """The tables in which what hangs on a submission stands, as the database has them."""
    return entry_tables(inspect(connection).get_table_names())


def entry_tables(names: Iterable[str]) -> list[str]:
    """The tables in which what hangs on a submission stands."""
    return sorted(name for name in names if name in {"submissions", "records", "findings"} or name.startswith("form_"))


def chain_all(connection: Connection, tables: Tables, key: bytes, day: date) -> None:
    """Link everything that was entered before there was a chain: it proves from here on, and says that it was made afterwards."""
    by_seq: dict[int, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    entries: list[Entry] = []
    for name in entry_names(connection):
        for row in _stored_rows(connection, name):
            by_seq[row["seq"]][name].append(plain_row(row, row.values()))
    for row in sorted(_stored_rows(connection, "submissions"), key=lambda one: int(one["seq"])):
        facts = {"chained": True, **{name: row[name] for name in _OF_ENTRY}}
        whose = row["prefecture_code"], row["period"]
        entries.append(
            Entry(kind=SUBMISSION, seq=row["seq"], day=day, facts=facts, rows=by_seq[row["seq"]], respondent=whose)
        )
    for row in sorted(_stored_rows(connection, "acts"), key=lambda one: int(one["seq"])):
        act = plain_row(row, row.values())
        entries.append(
            Entry(kind=row["kind"], seq=row["seq"], day=day, facts={"chained": True, **act}, rows={"acts": [act]})
        )
    add_links(connection, tables, key, entries)
    files = [(row["sha256"], row["file"], row["received_on"]) for row in _stored_rows(connection, "files")]
    if files:
        last = last_link(connection, tables)
        no = last.no + 1 if last else 1
        connection.execute(text("UPDATE files SET seq = :no"), {"no": no})
        add_links(connection, tables, key, [files_entry(sorted(files), day)])


def files_entry(files: Iterable[tuple[str, str, date]], day: date) -> Entry:
    """Files of which nothing is left to take in; they bear the number of their link."""
    rows = [plain_row(("sha256", "file", "received_on"), one) for one in files]
    return Entry(kind=FILES, seq=0, day=day, facts={"files": rows}, rows={"files": rows})


def read_seal(folder: Path) -> Seal | None:
    """The seal kept beside the dataset; None where there is none that can be read."""
    with told(folder):
        path = folder / SEAL
        return Seal.parse(path.read_bytes()) if path.is_file() else None


def write_seal(folder: Path, seal: Seal) -> None:
    """Whole, or not at all."""
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f"{SEAL}.part"
        handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(seal.content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(folder / SEAL)


def doubt(connection: Connection, tables: Tables, seal: Seal | None, key: bytes) -> str:
    """Why the seal is not that of this chain; empty where nothing speaks against it. The chain may have grown since."""
    if seal is None:
        return "台账封签不见了，或已读不出"
    if not same(seal.signature, seal.signed(key)):
        return "台账封签不是用这里的签发密钥签的，或被改过"
    link = _link_of(connection, tables, seal.no)
    if seal.no and link is None:
        return f"封签写的是台账第{seal.no}条，台账里没有这一条：末尾被截去，或换过数据库"
    if link and (link.hash != seal.hash or not same(link.signature, link.signed(key))):
        return f"台账第{seal.no}条与封签不符：台账被改过"
    return ""
