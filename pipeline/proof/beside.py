"""What is kept beside the entries of the ledger: the tables that say what the dataset is, kept bytes, and the folder itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select, text

from pipeline.dataset.chain import PROGRAM, SUBMISSION
from pipeline.dataset.database import told
from pipeline.dataset.linking import SEAL
from pipeline.dataset.schema import HEAD, OF_SCHEMA
from pipeline.workbook.guard import is_litter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from pipeline.dataset.store import Store
    from pipeline.proof.ledger import Ledger
    from pipeline.proof.replay import Kept

RESTORE = "被改过；请用备份恢复"
STRANGE = "不是本程序写的，不知是谁放的；请查明后移走"
OF_SQLITE = ("sqlite_sequence",)
NUMBERED = ("acts", "submissions")  # tables of which SQLite notes the last number it ever gave
FORM = "form_"
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace",
}
OURS = re.compile(
    r"dataset\.sqlite(-wal|-shm|-journal)?|run\.(lock|holder)|(升级前|修复前)_\w+\.zip"
    r"|files/(?P<two>[0-9a-f]{2})/(?P=two)[0-9a-f]{62}(\.part\d+)?|cache/图/(\.\w+|[0-9a-f]{64}\.png)"
    rf"|{re.escape(SEAL)}(\.part)?",
    re.ASCII,
)


def beside_faults(store: Store, ledger: Ledger, kept: Kept) -> tuple[list[str], list[str]]:
    """What is missing, extra or changed there, and what is only worth telling; a line each."""
    unknown, notes = _unknown_bytes(store, ledger, kept)
    with told(store.where), store.reader.connect() as connection:
        faults = [*_meta(store, connection), *_tables(store, connection), *_numbers(store, connection)]
    return [*faults, *_folder(store.folder), *unknown], notes


def _meta(store: Store, connection: Connection) -> Iterator[str]:
    """Whose dataset it is, and of which schema."""
    meta = {row.key: row.value for row in connection.execute(select(store.tables.meta))}
    where = f"数据集 {store.where}"
    if "program" not in meta:
        yield f"{where}：没有写属于哪个专项工作，被删去；verify --repair 可以补上"
    holder = {"holder"} if store.database.is_server else set[str]()
    for name in sorted(meta.keys() - {"program"} - holder):
        if name != "schema" or meta[name] not in OF_SCHEMA:
            yield f"{where}：数据表 meta 里多出“{name}”，{STRANGE}"
    revisions = list(connection.execute(select(store.tables.revision.c.version_num)).scalars())
    if revisions != [HEAD]:
        yield f"{where}：版本号应为 {HEAD}，写着 {'、'.join(map(str, revisions)) or '空'}，{RESTORE}"


def _tables(store: Store, connection: Connection) -> Iterator[str]:
    """Tables, views and triggers that nobody made for the ledger: they might change what is written."""
    there, names = inspect(connection), store.tables.metadata.tables
    extra = {name for name in there.get_table_names() if name not in names and not name.startswith(FORM)}
    kinds = {
        "数据表": extra.difference(OF_SQLITE),
        "视图": set(there.get_view_names()),
        "触发器": set(connection.execute(text(TRIGGERS[connection.dialect.name])).scalars()),
    }
    for kind, some in kinds.items():
        for name in sorted(some):
            yield f"数据集 {store.where}：多出{kind}“{name}”，{STRANGE}"


def _numbers(store: Store, connection: Connection) -> Iterator[str]:
    """The last numbers as SQLite notes them; a server keeps none that anybody looks at."""
    if store.database.is_server:
        return
    for name, noted, last in last_numbers(store, connection):
        if noted != last:
            yield (
                f"数据集 {store.where}：{name} 编到第{noted or 0}号，台账到第{last or 0}号：有记录写过又删去，或编号被改过；"
                "verify --repair 可以改回"
            )


def last_numbers(store: Store, connection: Connection) -> Iterator[tuple[str, object, int | None]]:
    """Table, the last number as noted, and as the table has it; None where there is none."""
    noted = {row.name: row.seq for row in connection.execute(text("SELECT name, seq FROM sqlite_sequence"))}
    for name in sorted({*NUMBERED, *noted}):
        column = store.tables.metadata.tables[name].c.seq if name in NUMBERED else None
        last = None if column is None else connection.execute(select(func.max(column))).scalar()
        yield name, noted.get(name), last


def _unknown_bytes(store: Store, ledger: Ledger, kept: Kept) -> tuple[list[str], list[str]]:
    """Bytes that nothing in the ledger names; those of a run that was cut off still lie in the inbox."""
    known = {link.told["sha256"] for link in ledger.links.values() if link.kind in {SUBMISSION, PROGRAM}}
    faults, notes = [], []
    for sha256 in sorted(store.blobs.names() - known):
        if path := kept.lying.get(sha256):
            notes.append(f"{path}：原件已存，还没有记入台账；再运行一次 run-pipeline 即可")
        else:
            faults.append(f"原件 {sha256}：台账没有写过收到它，收件箱里也没有；请查明后移走")
    return faults, notes


def _folder(folder: Path) -> Iterator[str]:
    """What lies in the folder of the dataset and is no part of it."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not OURS.fullmatch(name) and not is_litter(path.name) and (path.is_symlink() or not path.is_dir()):
            yield f"{path}：{STRANGE}"
