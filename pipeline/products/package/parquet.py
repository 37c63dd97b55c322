"""Tables as Parquet, with the types their schema states and not those the rows happen to have."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.products.package.schema import Line, SchemaColumn, Table


def parquet(table: Table, lines: Sequence[Line]) -> bytes:
    """A Parquet file; titles and descriptions go with the columns."""
    told = {"title": table.title, "description": table.description}
    schema = pa.schema([_field(c) for c in table.columns], metadata=told)
    columns = zip(*lines, strict=True) if lines else ((),) * len(table.columns)
    arrays = [pa.array(cells, type=one.type) for cells, one in zip(columns, schema, strict=True)]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd")
    return out.getvalue()


def _field(c: SchemaColumn) -> pa.Field:
    kinds = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }
    told = {"title": c.title, "description": c.meaning, "unit": c.unit}
    return pa.field(c.name, kinds[c.type], nullable=not c.required, metadata={k: v for k, v in told.items() if v})
