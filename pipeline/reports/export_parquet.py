"""Tables as Parquet, with the types their schema states and not those the rows happen to have."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.reports.export_schema import Column, Line, Table

MISSING = "导出 Parquet 要用 pyarrow，这台电脑上没有安装。请运行：pip install pyarrow，再导出一次"


def parquet(table: Table, lines: Sequence[Line]) -> bytes:
    """A Parquet file; titles and descriptions go with the columns.

    Raises:
        PipelineError: pyarrow is not installed.
    """
    pa, pq = _arrow()
    told = {"title": table.title, "description": table.description}
    schema = pa.schema([_field(pa, c) for c in table.columns], metadata=told)
    columns = zip(*lines, strict=True) if lines else ((),) * len(table.columns)
    arrays = [pa.array(cells, type=one.type) for cells, one in zip(columns, schema, strict=True)]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd")
    return out.getvalue()


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - large, and nothing else needs it
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise PipelineError(MISSING) from error
    return pa, pq


def _field(pa: Any, c: Column) -> Any:
    kinds = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }
    told = {"title": c.title, "description": c.meaning, "unit": c.unit}
    return pa.field(c.name, kinds[c.type], nullable=not c.required, metadata={k: v for k, v in told.items() if v})
