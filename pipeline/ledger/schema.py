"""Making and upgrading a dataset's tables: the fixed ones by Alembic from the first released schema, the sheets' by the program.

What a program gains (a sheet, a column) is made room for; what it has lost stays where it is. A dataset of an older
schema is upgraded after a backup; one of a newer schema is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, inspect, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

from pipeline.system.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from pipeline.ledger.tables import Tables
    from pipeline.program.model import Program

_MIGRATIONS = Path(__file__).with_name("migrations")
_FIRST = "0001"  # the first released schema; datasets of it were written before there was a table of revisions
HEAD = "0006"
CHAINED = "0006"  # from here on there is a chain
_REVISION = re.compile(r"\d{4}")
OF_SCHEMA = {"3": _FIRST}  # what `meta` said then


def prepare(
    connection: Connection, tables: Tables, program: Program, where: str, backup: Callable[[str], None] | None
) -> str:
    """Make the dataset's tables, or bring them up to date.

    Args:
        connection: In a transaction.
        tables: As the program wants them.
        program: Whose dataset it is.
        where: How staff are told of it.
        backup: Called with the old revision before anything is changed; None where nothing may be.

    Returns:
        The revision it was of before it was upgraded; empty where it was not.

    Raises:
        DatasetError: Not our database, another campaign's, a trial's, or a newer schema.
    """
    existing = set(inspect(connection).get_table_names())
    if existing and "meta" not in existing:
        raise DatasetError(f"{where}：这里的数据库不是本程序的数据集")
    if not existing:
        for (
            table
        ) in tables.metadata.sorted_tables:  # create_all() takes indices in the order of a set: other bytes each time
            connection.execute(CreateTable(table))
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                connection.execute(CreateIndex(index))
        connection.execute(insert(tables.meta), [{"key": "program", "value": program.code}])
        connection.execute(insert(tables.revision), [{"version_num": HEAD}])
        return ""
    before = _upgrade(connection, tables, existing, where, backup)
    whose = connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == "program")).scalar()
    if whose not in {None, program.code}:
        raise DatasetError(f"{where}：数据集属于专项工作 {whose}，不是 {program.code}")
    _grow(connection, tables)
    return before


def _upgrade(
    connection: Connection, tables: Tables, existing: set[str], where: str, backup: Callable[[str], None] | None
) -> str:
    """Upgrade where it is needed; the revision it was of."""
    if tables.revision.name in existing:
        found = connection.execute(select(tables.revision.c.version_num)).scalar() or ""
    else:
        schema = connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == "schema")).scalar() or ""
        if schema not in OF_SCHEMA:
            raise DatasetError(f"{where}：数据集由试用版写成（{schema}），请移走此目录后重新运行，收件箱会重新收取")
        found = OF_SCHEMA[schema]
    if found == HEAD:
        return ""
    if not _REVISION.fullmatch(found) or (found < CHAINED and tables.chain.name in existing):
        raise DatasetError(f"{where}：数据集的版本号（{found or '空'}）被改过；请用备份恢复")
    if found > HEAD:
        raise DatasetError(f"{where}：数据集由更新的版本写成（{found}），请升级程序")
    if backup is None:
        raise DatasetError(f"{where}：数据集由旧版本写成（{found}）；请先运行一次 run-pipeline，会先备份再升级")
    backup(found)
    from alembic import command  # noqa: PLC0415 - only where there is something to upgrade
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    if tables.revision.name not in existing:
        command.stamp(config, found)
    command.upgrade(config, "head")
    return found


def _grow(connection: Connection, tables: Tables) -> None:
    """Make room for sheets and columns that the program has gained."""
    tables.metadata.create_all(connection)
    known, quoted = inspect(connection), connection.dialect.identifier_preparer
    for table in tables.forms.values():
        there = {column["name"] for column in known.get_columns(table.name)}
        for column in (c for c in table.columns if c.name not in there):
            kind = column.type.compile(connection.dialect)
            connection.execute(
                text(f"ALTER TABLE {quoted.format_table(table)} ADD COLUMN {quoted.format_column(column)} {kind}")
            )
