"""A dataset as one file, taken while others work, and put back: every table row by row, and every byte received.

The file is a zip: ``backup.json`` (program, revision, columns, number and hash of the rows of each table, where the chain
ends; signed), ``tables/NAME.jsonl`` and ``files/SHA256``. It is the same for a file of SQLite and for a server, so that an
office may move from one to the other by it. The signing key is not in it. What comes back is looked through before
anything is written, put into a place of its own and swapped in at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy import MetaData, func, inspect, select, text

from pipeline.ledger.chain import WITH_BYTES, Seal, canonical, same, sign
from pipeline.ledger.database import told
from pipeline.ledger.linking import (
    SEAL,
    chain_all,
    first_fault,
    last_link,
    put_rows,
    read_seal,
    table_there,
    write_seal,
)
from pipeline.ledger.schema import CHAINED, HEAD
from pipeline.system.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from pipeline.ledger.database import Database
    from pipeline.ledger.store import Store

_NOT_COPIED = {"alembic_version", "blobs", "sqlite_sequence"}
_NOT_PUT_BACK = {"schema", "holder"}  # of meta
_ABOUT = "backup.json"
_FILE_NAME = re.compile(r"files/([0-9a-f]{64})")
_TABLE_NAME = re.compile(r"tables/(meta|files|chain|submissions|acts|records|findings|form_[A-Za-z0-9_]{1,40})\.jsonl")
_LINE_END = b"\n"
_FOREIGN = (
    "不是用这里的签发密钥签的，或被改过（旧版本做的、换密钥以前做的备份没有这里的签名，确认来源可靠的加 --unsigned）"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")  # a column as a program may have it
_TYPES = re.compile(r"(INTEGER|BIGINT|BOOLEAN|DATE|TEXT|VARCHAR(\(\d+\))?)")


def copy_database(database: Database, path: Path, *, files: bool = False, key: bytes = b"", again: bool = False) -> int:
    """Write every table as it is at one moment, and the bytes its ledger names.

    Args:
        database: What is copied.
        path: Where to.
        files: The bytes received too.
        key: Signs it.
        again: Replace a file that is already there.

    Returns:
        How many submissions are in it.

    Raises:
        DatasetError: There is such a file, a file received is gone or damaged, or the disk refused.
    """
    if path.exists() and not again:
        raise DatasetError(f"{path} 已经有了，没有备份；请换一个文件名，确要覆盖的加 --overwrite")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with told(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(part, os.O_CREAT | os.O_RDWR | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with told(database.where), os.fdopen(handle, "w+b") as out, ZipFile(out, "w", ZIP_DEFLATED) as package:
            count = _write(database, package, key, files=files)
        with told(path.parent):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(database: Database, package: ZipFile, key: bytes, *, files: bool) -> int:
    reader = database.engine.execution_options(read_only=True)
    with reader.connect() as connection:
        metadata = MetaData()
        metadata.reflect(connection)
        tables = [t for name, t in sorted(metadata.tables.items()) if name not in _NOT_COPIED]
        counts, digests, types = {}, {}, {}
        kept: set[str] = set()
        for table in tables:
            rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            counts[table.name], digests[table.name] = _write_rows(package, table, map(dict, rows))
            types[table.name] = {c.name: str(c.type) for c in table.columns}
            if table.name == "submissions":
                kept.update(connection.execute(select(table.c.sha256).distinct()).scalars())
            if table.name == "chain":
                kinds = select(table.c.facts).where(table.c.kind.in_(WITH_BYTES))
                kept.update(json.loads(facts)["sha256"] for facts in connection.execute(kinds).scalars())
        revision = ""
        if "alembic_version" in metadata.tables:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
        program = connection.execute(text("SELECT value FROM meta WHERE key = 'program'")).scalar() or ""
        end = text("SELECT no, hash FROM chain ORDER BY no DESC LIMIT 1")
        last = connection.execute(end).first() if "chain" in metadata.tables else None
    hashes = sorted(kept) if files else []
    for sha256 in hashes:
        package.writestr(f"files/{sha256}", database.blobs.read(sha256))
    about = {
        "program": program,
        "revision": revision,
        "rows": counts,
        "hashes": digests,
        "types": types,
        "files": hashes,
        "last": list(last) if last else [],
    }
    signature = sign(key, "backup", canonical(about)) if key else ""
    package.writestr(_ABOUT, json.dumps({**about, "signature": signature}, ensure_ascii=False, indent=1))
    return counts.get("submissions", 0)


def _write_rows(package: ZipFile, table: Table, rows: Iterable[dict[str, Any]]) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    with package.open(f"tables/{table.name}.jsonl", "w") as out:
        for row in rows:
            line = (json.dumps(row, ensure_ascii=False, default=date.isoformat) + "\n").encode()
            out.write(line)
            digest.update(line)
            count += 1
    return count, digest.hexdigest()


def restore(store: Store, path: Path, *, unsigned: bool = False) -> int:
    """Put a backup into a dataset that is still empty.

    The whole of it is looked through before anything is written: names, hashes, numbers of rows, the signature. It is
    put into a place of its own, counted there and compared with its chain, and swapped in.

    Args:
        store: Where to.
        path: The backup.
        unsigned: Also one that was not signed with the workspace's key, of an older version or before a new key, or whose
            chain was not whole when it was made.

    Returns:
        How many submissions came back.

    Raises:
        DatasetError: Not a whole backup, changed since, another campaign's, a newer one, or the dataset is not empty.
    """
    try:
        with ZipFile(path) as package:
            about = json.loads(package.read(_ABOUT))
            _check(store, about, path)
            _look_through(package, about, path, store.key, unsigned=unsigned)
            with _new_place(store) as (database, kept):
                for sha256 in _kept_files(package):
                    database.blobs.keep(sha256, package.read(f"files/{sha256}"))
                with told(store.where), database.engine.begin() as connection:
                    for name in _in_order(store, about["rows"]):
                        _read_rows(connection, store, name, package, about)
                    _count(connection, about, path)
                    if about["revision"] < CHAINED:
                        chain_all(connection, store.tables, store.key, store.last_day(connection))
                    wrong = first_fault(connection)
                    if wrong and not unsigned:
                        raise DatasetError(
                            f"{path} 不能恢复：备份时{wrong}。没有恢复；确要恢复再用 verify 查明的，加 --unsigned"
                        )
                kept.append(1)
    except (BadZipFile, KeyError, OSError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path} 不是完好的备份，无法恢复：{error}") from error
    _seal_anew(store)
    return int(about["rows"].get("submissions", 0))


def _kept_files(package: ZipFile) -> list[str]:
    """Sha256 of every file in a backup."""
    return [found[1] for name in package.namelist() if (found := _FILE_NAME.fullmatch(name))]


def _check(store: Store, about: dict[str, Any], path: Path) -> None:
    if about["program"] != store.program.code:
        raise DatasetError(f"{path} 是专项工作 {about['program']} 的备份，不是 {store.program.code}")
    if about["revision"] > HEAD:
        raise DatasetError(f"{path} 由更新的版本备份（{about['revision']}），请升级程序")
    with told(store.where), store.reader.connect() as connection:
        if connection.execute(select(func.count()).select_from(store.tables.submissions)).scalar():
            raise DatasetError(f"{store.where}：数据集不是空的；请先备份并移走现有的数据集，再恢复")


def _look_through(package: ZipFile, about: dict[str, Any], path: Path, key: bytes, *, unsigned: bool) -> None:
    """Refuse what is not exactly what was backed up; nothing was written yet.

    Raises:
        DatasetError: Says what is wrong.
    """
    signature = about.pop("signature", "")
    genuine = bool(key) and same(signature, sign(key, "backup", canonical(about)))
    wrong = _strange_name(package) or ("" if genuine or unsigned else _FOREIGN)
    wrong = wrong or _wrong_table(package, about) or _wrong_file(package, about)
    if wrong:
        raise DatasetError(f"{path} 不能恢复：{wrong}。什么也没有写入；请换一份备份")


def _strange_name(package: ZipFile) -> str:
    """A file that no backup has: a name is never a path to somewhere else."""
    names = package.namelist()
    strange = [n for n in names if n != _ABOUT and not _FILE_NAME.fullmatch(n) and not _TABLE_NAME.fullmatch(n)]
    if strange:
        return f"里面有不该有的文件 {strange[0]}"
    return "里面有重名的文件" if len(set(names)) != len(names) else ""


def _wrong_table(package: ZipFile, about: Mapping[str, Any]) -> str:
    """A table that is not as it was."""
    tables = {found[1] for name in package.namelist() if (found := _TABLE_NAME.fullmatch(name))}
    if tables != set(about["rows"]):
        return f"缺少或多出数据表：{'、'.join(sorted(tables ^ set(about['rows'])))}"
    for name, columns in about.get("types", {}).items():
        if not all(_WORD.fullmatch(column) and _TYPES.fullmatch(kind) for column, kind in columns.items()):
            return f"数据表 {name} 的列不认识"
    for name in sorted(tables):
        content, wanted = package.read(f"tables/{name}.jsonl"), about["rows"][name]
        if content.count(_LINE_END) != wanted:
            return f"数据表 {name} 应有{wanted}行，实有{content.count(_LINE_END)}行"
        if name in about.get("hashes", {}) and hashlib.sha256(content).hexdigest() != about["hashes"][name]:
            return f"数据表 {name} 的内容被改过"
    return ""


def _wrong_file(package: ZipFile, about: Mapping[str, Any]) -> str:
    """Bytes that are not what was received."""
    there = _kept_files(package)
    for sha256 in there:
        if hashlib.sha256(package.read(f"files/{sha256}")).hexdigest() != sha256:
            return f"原件 {sha256} 的内容被改过"
    gone = set(about.get("files", [])) - set(there)
    return f"缺少{len(gone)}个原件" if gone else ""


@contextmanager
def _new_place(store: Store) -> Iterator[tuple[Database, list[int]]]:
    """Where a backup is put first: for a file, a folder beside the dataset that takes its place when all went well.

    A server needs none: its transaction is one, and bytes without a ledger that names them mean nothing.
    """
    done: list[int] = []
    if store.database.is_server:
        yield store.database, done
        return
    fresh = store.folder / ".恢复中"
    shutil.rmtree(fresh, ignore_errors=True)
    other = type(store)(fresh, store.program, key=store.key)
    try:
        yield other.database, done
    finally:
        other.close()
        if done:
            _swap(store, fresh)
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(store: Store, fresh: Path) -> None:
    """The restored dataset in the place of the empty one: first the bytes, then the database that names them."""
    with told(store.where):
        store.engine.dispose()
        for file in sorted((fresh / "files").glob("*/*")):
            place = store.folder / "files" / file.parent.name
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.replace(place / file.name)
        for left in ("dataset.sqlite-wal", "dataset.sqlite-shm", SEAL):
            (store.folder / left).unlink(missing_ok=True)
        (fresh / "dataset.sqlite").replace(store.folder / "dataset.sqlite")


def _seal_anew(store: Store) -> None:
    """The seal of what came back; what the old one said is what the backup proved."""
    with told(store.where), store.reader.connect() as connection:
        seal = Seal.of(store.program.code, last_link(connection, store.tables), store.key)
    if seal != read_seal(store.folder):
        write_seal(store.folder, seal)


def _count(connection: Connection, about: dict[str, Any], path: Path) -> None:
    """As many rows as were backed up, before anything is kept of them."""
    for name, wanted in about["rows"].items():
        quoted = connection.dialect.identifier_preparer.quote(name)
        there = connection.execute(text(f"SELECT count(*) FROM {quoted}")).scalar()  # noqa: S608 - one of our tables
        if there != wanted and name != "meta":
            raise DatasetError(f"{path} 不能恢复：数据表 {name} 应有{wanted}行，写入{there}行。没有恢复")


def _in_order(store: Store, names: Iterable[str]) -> list[str]:
    """Tables that others refer to before those that do; what the program has lost last."""
    known = [table.name for table in store.tables.metadata.sorted_tables]
    return [*(name for name in known if name in names), *(name for name in names if name not in known)]


def _read_rows(connection: Connection, store: Store, name: str, package: ZipFile, about: Mapping[str, Any]) -> None:
    """Rows of one table, into the columns there are; a sheet or column the program has lost is made again."""
    rows = [json.loads(line) for line in package.read(f"tables/{name}.jsonl").decode().split("\n") if line]
    if name == "meta":
        connection.execute(store.tables.meta.delete())
        rows = [row for row in rows if row["key"] not in _NOT_PUT_BACK]
    if not rows:
        return
    quoted, kinds = connection.dialect.identifier_preparer.quote, about.get("types", {}).get(name, {})
    columns = {column: f"{quoted(column)} {kinds.get(column, 'TEXT')}" for column in rows[0]}
    if name not in store.tables.metadata.tables:
        connection.execute(text(f"CREATE TABLE {quoted(name)} ({', '.join(columns.values())})"))
    else:
        there = {column["name"] for column in inspect(connection).get_columns(name)}
        for column in [column for column in columns if column not in there]:
            connection.execute(text(f"ALTER TABLE {quoted(name)} ADD COLUMN {columns[column]}"))
    put_rows(connection, table_there(connection, name), rows)
