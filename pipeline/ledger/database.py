"""The database a dataset lives in: a file of SQLite beside the kept bytes, or a PostgreSQL server for an office that shares one.

The only module that knows which of the two it is. Passwords are never written: a server asks for one through
``PGPASSWORD`` or ``~/.pgpass``, and an address that holds one is refused.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, insert, make_url, select, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import DataError as SaDataError
from sqlalchemy.exc import IntegrityError as SaIntegrityError
from sqlalchemy.pool import NullPool, StaticPool

from pipeline.ledger.blobs import FolderBlobs, checked, disk_told
from pipeline.system.disk import LONGEST_OF_SQLITE, PATH_TOO_LONG, too_long, why_database
from pipeline.system.errors import BusyError, DatasetError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine, Table

    from pipeline.ledger.blobs import Blobs

_SERVER = "postgresql+psycopg"
# advisory locks: one run at a time; one writer at a time, so that seq is a clock
RUN_LOCK, WRITE_LOCK = (
    0x59554E41,
    0x59554E42,
)


class UnstorableError(Exception):
    """The database refuses a row for what is in it; never leaves the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An opened database; ``where`` is how staff are told of it, without a password."""

    engine: Engine
    where: str
    blobs: Blobs

    @property
    def is_server(self) -> bool:
        """Shared through a server rather than a file."""
        return self.engine.dialect.name != "sqlite"


def open_database(folder: Path, url: str, blobs: Table, *, create: bool) -> Database:
    """Open the database of a dataset.

    Args:
        folder: Where the file and the kept bytes live; of a server, only what is named in messages.
        url: ``postgresql+psycopg://…`` for a server, else empty.
        blobs: The table a server keeps bytes in.
        create: Make the file when there is none; otherwise an empty database in memory stands in for it.

    Raises:
        DatasetError: The address is none of ours, or holds a password.
    """
    if not url:
        path = folder / "dataset.sqlite"
        if too_long(path, LONGEST_OF_SQLITE):
            raise DatasetError(f"数据集 {folder} 无法读写：{PATH_TOO_LONG}")
        if create:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = _sqlite(path if create or path.exists() else None)
        return Database(engine=engine, where=str(folder), blobs=FolderBlobs(folder / "files"))
    address = _address(url)
    try:
        engine = create_engine(address, poolclass=NullPool, connect_args={"connect_timeout": 10})
    except ImportError as error:
        raise DatasetError('要用服务器上的数据集，请先安装：pip install "run-pipeline[server]"') from error
    _write_one_at_a_time(engine)
    where = address.render_as_string(hide_password=True)
    return Database(engine=engine, where=where, blobs=_TableBlobs(engine, blobs, where))


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError, ImportError) as error:
        raise DatasetError(
            "settings.yaml 的 dataset 不是数据库地址，应写成 postgresql+psycopg://用户@服务器/数据库"
        ) from error
    if address.drivername != _SERVER:
        raise DatasetError(f"settings.yaml 的 dataset 只支持 {_SERVER}://…，不写则用工作目录里的 dataset")
    if address.password is not None or "password" in address.query:
        raise DatasetError(
            "settings.yaml 的 dataset 不要写密码；请放进环境变量 PGPASSWORD，或用户目录下的 .pgpass 文件"
        )
    return address


@contextlib.contextmanager
def told(where: str | Path) -> Iterator[None]:
    """Database and disk faults in one line for staff."""
    try:
        with disk_told(where):
            yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
        said = why_database(name) or str(cause).splitlines()[0]
        raise DatasetError(f"数据集 {where} 无法读写：{said}") from error


def _sqlite(path: Path | None) -> Engine:
    """A database file, or an empty one in memory."""
    engine = create_engine(f"sqlite:///{path}") if path else create_engine("sqlite://", poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
        if path and os.name == "posix":
            path.chmod(0o600)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")  # writers take the lock first

    return engine


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of all columns of a table, in their order, the fast way of each database.

    Raises:
        UnstorableError: The database refuses one of them for what is in it.
    """
    dbapi: Any = connection.dialect.loaded_dbapi
    content = (dbapi.DataError, dbapi.IntegrityError, SaDataError, SaIntegrityError, UnicodeError, OverflowError)
    try:
        _insert(connection, table, rows)
    except content as error:
        raise UnstorableError(str(getattr(error, "orig", None) or error).partition("\n")[0]) from error


def _insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    quoted = connection.dialect.identifier_preparer
    name, columns = quoted.format_table(table), ", ".join(quoted.format_column(c) for c in table.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.columns)
        plain = [tuple(v.isoformat() if isinstance(v, date) else v for v in row) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES ({marks})", plain)  # noqa: S608 - our own names
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def check_whole(database: Database) -> None:
    """Refuse a damaged file before anything is written or made from it; a server looks after itself.

    Raises:
        DatasetError: A page is damaged, or the ledger is gone and the files it told of are still there.
    """
    if database.is_server:
        return
    with database.engine.execution_options(read_only=True).connect() as connection:
        if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
            raise DatasetError(f"数据集 {database.where} 无法读写：{why_database('SQLITE_CORRUPT')}")
        if database.blobs.names() and not connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
            raise DatasetError(
                f"数据集 {database.where} 的台账不见了，收到的文件还在：{why_database('SQLITE_CORRUPT')}"
            )


def fault_of_file(database: Database) -> list[str]:
    """What is wrong with a file of SQLite, its indices included; a line."""
    if database.is_server:
        return []
    with told(database.where), database.engine.execution_options(read_only=True).connect() as connection:
        said = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    return [] if said == "ok" else [f"数据集 {database.where} 的数据库文件有损坏：{why_database('SQLITE_CORRUPT')}"]


def _write_one_at_a_time(engine: Engine) -> None:
    """Writers wait for each other, as SQLite makes them; a reader sees one moment throughout."""

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")


@contextlib.contextmanager
def held(database: Database, meta: Table, who: str) -> Iterator[None]:
    """Hold a shared dataset for one run; the lock dies with its connection, so that none is ever stale.

    Raises:
        BusyError: Somebody else holds it; says who and since when.
    """
    if not database.is_server:  # the workspace's own lock is enough
        yield
        return
    with contextlib.ExitStack() as kept:
        with told(database.where):
            connection = kept.enter_context(database.engine.connect())
            _take_turn(connection, meta, who)
        try:
            yield
        finally:
            with told(database.where):
                _give_back(connection, meta)


def _take_turn(connection: Connection, meta: Table, who: str) -> None:
    """Take the lock of the runs and leave a name."""
    got = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({RUN_LOCK})").scalar()
    holder = connection.execute(select(meta.c.value).where(meta.c.key == "holder")).scalar()
    connection.commit()
    if not got:
        raise BusyError(f"另一个人正在使用这个数据集（{holder or '未知'}），请等其结束")
    connection.execute(meta.delete().where(meta.c.key == "holder"))
    connection.execute(insert(meta).values(key="holder", value=who))
    connection.commit()


def _give_back(connection: Connection, meta: Table) -> None:
    connection.rollback()
    connection.execute(meta.delete().where(meta.c.key == "holder"))
    connection.commit()
    connection.execute(text(f"SELECT pg_advisory_unlock({RUN_LOCK})"))


@dataclass(frozen=True, slots=True)
class _TableBlobs:
    """Rows of a table on the server, so that every machine of the office has them."""

    engine: Any
    table: Table
    where: str

    def keep(self, sha256: str, content: bytes) -> None:
        """Committed before it returns."""
        with told(self.where), self.engine.begin() as connection:
            there = select(self.table.c.sha256).where(self.table.c.sha256 == sha256)
            if connection.execute(there).first() is None:
                connection.execute(insert(self.table).values(sha256=sha256, content=content))

    def put_back(self, sha256: str, content: bytes) -> None:
        """In place of what is there."""
        with told(self.where), self.engine.begin() as connection:
            connection.execute(self.table.delete().where(self.table.c.sha256 == sha256))
            connection.execute(insert(self.table).values(sha256=sha256, content=content))

    def read(self, sha256: str) -> bytes:
        """As kept, its hash compared."""
        with told(self.where), self.engine.connect() as connection:
            content = connection.execute(select(self.table.c.content).where(self.table.c.sha256 == sha256)).scalar()
        return checked(content, sha256, f"{self.where} 里的原件 {sha256}")

    def names(self) -> frozenset[str]:
        """Every row."""
        with told(self.where), self.engine.connect() as connection:
            return frozenset(connection.execute(select(self.table.c.sha256)).scalars())
