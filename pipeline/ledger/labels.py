"""What a database says of itself beside the ledger: whose dataset it is, of which schema, its tables, the numbers given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, inspect, select, text

from pipeline.ledger.database import told
from pipeline.ledger.schema import HEAD, OF_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from pipeline.ledger.store import Store

_RESTORE = "被改过；请用备份恢复"
STRANGE = "不是本程序写的，不知是谁放的；请查明后移走"
_OF_SQLITE = ("sqlite_sequence",)
_NUMBERED = ("acts", "submissions")  # tables of which SQLite notes the last number it ever gave
_FORM = "form_"
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace",
}


def label_faults(store: Store) -> list[str]:
    """What is missing, extra or changed there; a line each."""
    with told(store.where), store.reader.connect() as connection:
        return [*_meta(store, connection), *_tables(store, connection), *_numbers(store, connection)]


def labels_put_back(store: Store) -> list[str]:
    """Whose dataset it is, and the last numbers given, as they have to be; what was done, a line each."""
    with told(store.where), store.engine.begin() as connection:
        return [*_program_put_back(store, connection), *_numbers_put_back(store, connection)]


def _program_put_back(store: Store, connection: Connection) -> Iterator[str]:
    meta = store.tables.meta
    if connection.execute(select(meta.c.value).where(meta.c.key == "program")).scalar() is None:
        connection.execute(insert(meta), [{"key": "program", "value": store.program.code}])
        yield f"已补上专项工作的代码：{store.program.code}"


def _numbers_put_back(store: Store, connection: Connection) -> Iterator[str]:
    for name, noted, last in [] if store.database.is_server else [*_last_numbers(store, connection)]:
        if noted != last:
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            again = text("INSERT INTO sqlite_sequence (name, seq) SELECT :name, :last WHERE :last IS NOT NULL")
            connection.execute(again, {"name": name, "last": last})
            yield f"已改回编号：{name} 第{last or 0}号"


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
        yield f"{where}：版本号应为 {HEAD}，写着 {'、'.join(map(str, revisions)) or '空'}，{_RESTORE}"


def _tables(store: Store, connection: Connection) -> Iterator[str]:
    """Tables, views and triggers that nobody made for the ledger: they might change what is written."""
    there, names = inspect(connection), store.tables.metadata.tables
    extra = {name for name in there.get_table_names() if name not in names and not name.startswith(_FORM)}
    kinds = {
        "数据表": extra.difference(_OF_SQLITE),
        "视图": set(there.get_view_names()),
        "触发器": set(connection.execute(text(_TRIGGERS[connection.dialect.name])).scalars()),
    }
    for kind, some in kinds.items():
        for name in sorted(some):
            yield f"数据集 {store.where}：多出{kind}“{name}”，{STRANGE}"


def _numbers(store: Store, connection: Connection) -> Iterator[str]:
    """The last numbers as SQLite notes them; a server keeps none that anybody looks at."""
    if store.database.is_server:
        return
    for name, noted, last in _last_numbers(store, connection):
        if noted != last:
            yield (
                f"数据集 {store.where}：{name} 编到第{noted or 0}号，台账到第{last or 0}号：有记录写过又删去，或编号被改过；"
                "verify --repair 可以改回"
            )


def _last_numbers(store: Store, connection: Connection) -> Iterator[tuple[str, object, int | None]]:
    """Table, the last number as noted, and as the table has it; None where there is none."""
    noted = {row.name: row.seq for row in connection.execute(text("SELECT name, seq FROM sqlite_sequence"))}
    for name in sorted({*_NUMBERED, *noted}):
        column = store.tables.metadata.tables[name].c.seq if name in _NUMBERED else None
        last = None if column is None else connection.execute(select(func.max(column))).scalar()
        yield name, noted.get(name), last
