"""A dataset as one file, taken while others work, and put back: every table row by row, and every byte received.

The file is a zip: ``backup.json`` (program, revision, rows of each table), ``tables/NAME.jsonl`` and ``files/SHA256``. It is the same
for a file of SQLite and for a server, so that an office may move from one to the other by it. The signing key is not in it.
"""

from __future__ import annotations

import json
import os
from datetime import date
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy import Boolean, Date, Integer, MetaData, func, insert, inspect, select, text

from pipeline.dataset.database import told
from pipeline.dataset.schema import HEAD
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from pipeline.dataset.database import Database
    from pipeline.dataset.store import Store

NOT_COPIED = {"alembic_version", "blobs", "sqlite_sequence"}
ABOUT = "backup.json"
MANY = 500  # rows of one insert


def copy_database(database: Database, path: Path, *, files: bool = False) -> int:
    """Write every table as it is at one moment, and the bytes its submissions name.

    Returns:
        How many submissions are in it.

    Raises:
        DatasetError: A file received is gone or damaged, or the disk refused.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with told(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(part, os.O_CREAT | os.O_RDWR | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with told(database.where), os.fdopen(handle, "w+b") as out, ZipFile(out, "w", ZIP_DEFLATED) as package:
            count = _write(database, package, files=files)
        with told(path.parent):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(database: Database, package: ZipFile, *, files: bool) -> int:
    reader = database.engine.execution_options(read_only=True)
    with reader.connect() as connection:
        metadata = MetaData()
        metadata.reflect(connection)
        tables = [t for name, t in sorted(metadata.tables.items()) if name not in NOT_COPIED]
        counts, hashes = {}, []
        for table in tables:
            rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            counts[table.name] = _write_rows(package, table, map(dict, rows))
            if table.name == "submissions":
                hashes = list(connection.execute(select(table.c.sha256).distinct()).scalars())
        revision = ""
        if "alembic_version" in metadata.tables:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
        program = connection.execute(text("SELECT value FROM meta WHERE key = 'program'")).scalar() or ""
    for sha256 in sorted(hashes) if files else ():
        package.writestr(f"files/{sha256}", database.blobs.read(sha256))
    package.writestr(
        ABOUT, json.dumps({"program": program, "revision": revision, "rows": counts}, ensure_ascii=False, indent=1)
    )
    return counts.get("submissions", 0)


def _write_rows(package: ZipFile, table: Table, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with package.open(f"tables/{table.name}.jsonl", "w") as raw, TextIOWrapper(raw, "utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, default=date.isoformat) + "\n")
            count += 1
    return count


def restore(store: Store, path: Path) -> int:
    """Put a backup into a dataset that is still empty.

    Returns:
        How many submissions came back.

    Raises:
        DatasetError: Not a backup, another campaign's, a newer one, or the dataset is not empty.
    """
    try:
        with ZipFile(path) as package:
            about = json.loads(package.read(ABOUT))
            _check(store, about, path)
            for name in package.namelist():
                if name.startswith("files/"):
                    store.blobs.keep(name.removeprefix("files/"), package.read(name))
            with told(store.where), store.engine.begin() as connection:
                for name in _in_order(store, about["rows"]):
                    _read_rows(connection, store, name, package)
    except (BadZipFile, KeyError, OSError, ValueError) as error:
        raise DatasetError(f"{path} 不是完好的备份，无法恢复：{error}") from error
    return int(about["rows"].get("submissions", 0))


def _check(store: Store, about: dict[str, Any], path: Path) -> None:
    if about["program"] != store.program.code:
        raise DatasetError(f"{path} 是专项工作 {about['program']} 的备份，不是 {store.program.code}")
    if about["revision"] > HEAD:
        raise DatasetError(f"{path} 由更新的版本备份（{about['revision']}），请升级程序")
    with told(store.where), store.reader.connect() as connection:
        if connection.execute(select(func.count()).select_from(store.tables.submissions)).scalar():
            raise DatasetError(f"{store.where}：数据集不是空的；请先备份并移走现有的数据集，再恢复")


def _in_order(store: Store, names: Iterable[str]) -> list[str]:
    """Tables that others refer to before those that do; what the program has lost last."""
    known = [table.name for table in store.tables.metadata.sorted_tables]
    return [*(name for name in known if name in names), *(name for name in names if name not in known)]


def _read_rows(connection: Connection, store: Store, name: str, package: ZipFile) -> None:
    """Rows of one table, into the columns there are; a sheet or column the program has lost is made again."""
    table = store.tables.metadata.tables.get(name)
    with package.open(f"tables/{name}.jsonl") as raw:
        rows = [json.loads(line) for line in TextIOWrapper(raw, "utf-8")]
    if name == "meta":
        connection.execute(store.tables.meta.delete())
        rows = [row for row in rows if row["key"] not in {"schema", "holder"}]
    if not rows:
        return
    quoted = connection.dialect.identifier_preparer.quote
    if table is None:
        columns = ", ".join(f"{quoted(column)} TEXT" for column in rows[0])
        connection.execute(text(f"CREATE TABLE {quoted(name)} ({columns})"))
    else:
        there = {column["name"] for column in inspect(connection).get_columns(name)}
        for column in [column for column in rows[0] if column not in there]:
            connection.execute(text(f"ALTER TABLE {quoted(name)} ADD COLUMN {quoted(column)} TEXT"))
    whole = MetaData()
    whole.reflect(connection, only=[name])
    target = whole.tables[name]
    for some in _parts([{key: _typed(target, key, value) for key, value in row.items()} for row in rows]):
        connection.execute(insert(target), some)


def _typed(table: Table, column: str, value: Any) -> Any:
    kind = table.c[column].type
    if value is None:
        return None
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, Boolean):
        return bool(value)
    return value if isinstance(kind, Integer) else str(value)


def _parts(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    yield from (rows[n : n + MANY] for n in range(0, len(rows), MANY))
