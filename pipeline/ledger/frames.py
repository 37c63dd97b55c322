"""Rows for the ledger as Arrow tables: how they travel from workers, with the types the database has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from sqlalchemy import Boolean, Date, Integer

from pipeline.ledger.writing import Written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, Table

    from pipeline.ledger.tables import Tables
    from pipeline.ledger.writing import Row

_LEDGER = "submissions"


def packed(written: Written, tables: Tables) -> dict[str, pa.Table]:
    """As Arrow tables, by the table of the database; those without rows are left out."""
    rows = {_LEDGER: written.entries, **written.rows}
    known = tables.metadata.tables
    return {name: _table(known[name], some, 1 if name == _LEDGER else 0) for name, some in rows.items() if some}


def unpacked(frames: Mapping[str, pa.Table]) -> Written:
    """The same rows."""
    rows = {
        name: list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        for name, table in frames.items()
    }
    return Written(entries=rows.pop(_LEDGER, []), rows=rows)


def _table(table: Table, rows: Sequence[Row], skip: int) -> pa.Table:
    """Rows of all columns of a table but the first ``skip``."""
    columns = list(table.columns)[skip:]
    schema = pa.schema([(column.name, _arrow_type(column)) for column in columns])
    values = [pa.array(some, type=kind.type) for some, kind in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.Table.from_arrays(values, schema=schema)


def _arrow_type(column: Column[object]) -> pa.DataType:
    """The Arrow type of a column of the database."""
    for kind, arrow in ((Boolean, pa.bool_()), (Integer, pa.int64()), (Date, pa.date32())):
        if isinstance(column.type, kind):
            return arrow
    return pa.string()
