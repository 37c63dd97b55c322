"""A table as CSV, as Parquet, and as ``datapackage.json`` says it: all from its one schema."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pipeline.products.package.schema import DECIMALS
from pipeline.system.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pyarrow as pa

    from pipeline.products.package.schema import Line, SchemaColumn, Table

_CSV = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "profile": "tabular-data-resource"}
_PARQUET = {
    "format": "parquet",
    "mediatype": "application/vnd.apache.parquet",
    "profile": "data-resource",
    "type": "file",
}


def csv_text(header: Iterable[str], lines: Iterable[Iterable[Any]]) -> str:
    """A CSV file: lines end in CR LF, dates are ISO, true and false are lower case, nothing is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_written(cell) for cell in line] for line in lines)
    return out.getvalue()


def _written(cell: Any) -> Any:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell == int(cell) else f"{cell:.{DECIMALS}f}"
    return cell


def parquet(table: Table, lines: Sequence[Line]) -> bytes:
    """A Parquet file with the types the schema states; titles and descriptions go with table and columns."""
    out = io.BytesIO()
    write_parquet(out, table.columns, [lines], {"title": table.title, "description": table.description})
    return out.getvalue()


def write_parquet(
    out: Any, columns: Sequence[SchemaColumn], batches: Iterable[Sequence[Line]], told: Mapping[str, str] | None = None
) -> int:
    """Write lines to a binary file as they come; gives how many.

    Raises:
        PipelineError: A number has more digits than its column.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import, and not for every run

    schema, count = arrow_schema(columns, told), 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for lines in batches:
            writer.write_table(_arrow_table(schema, lines))
            count += len(lines)
    return count


def arrow_schema(columns: Sequence[SchemaColumn], told: Mapping[str, str] | None = None) -> pa.Schema:
    """The types of the columns as Arrow has them, whatever the rows."""
    import pyarrow as pa  # noqa: PLC0415

    kinds = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "decimal": pa.decimal128(18, 2),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }

    def field(c: SchemaColumn) -> pa.Field:
        words = {"title": c.title, "description": c.meaning, "unit": c.unit}
        return pa.field(c.name, kinds[c.type], not c.required, {k: v for k, v in words.items() if v})

    return pa.schema([field(c) for c in columns], metadata=told)


def _arrow_table(schema: pa.Schema, lines: Sequence[Line]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    columns = zip(*lines, strict=True) if lines else ((),) * len(schema)
    try:
        arrays = [pa.array(cells, type=one.type) for cells, one in zip(columns, schema, strict=True)]
    except pa.ArrowInvalid as error:
        raise PipelineError(f"没有导出：有的数超出18位，Parquet的列放不下（{error}）") from error
    return pa.Table.from_arrays(arrays, schema=schema)


def descriptor(
    head: Mapping[str, Any], tables: Iterable[Table], files: Mapping[str, bytes], *, hashed: bool = False
) -> bytes:
    """``datapackage.json``: what is said of the whole, and every file of a table, first those that are CSV.

    Args:
        head: Of the whole.
        tables: In the words of the campaign.
        files: Path → content; a file is called as its table.
        hashed: Whether sizes and hashes are told.
    """
    of = {table.name: table for table in tables}
    paths = sorted(files, key=lambda path: path.endswith(".parquet"))
    resources = [_resource(of[PurePath(path).stem], path, of.keys(), files[path] if hashed else None) for path in paths]
    return (json.dumps({**head, "resources": resources}, ensure_ascii=False, indent=1) + "\n").encode()


def _resource(table: Table, path: str, present: Collection[str], content: bytes | None) -> dict[str, Any]:
    told: dict[str, Any] = {"path": path, "title": table.title, "description": table.description}
    if content is not None:
        told |= {"bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    if path.endswith(".csv"):
        schema = _schema(table, present)
        return {"name": table.name, **told, **_CSV, "schema": schema}
    return {"name": f"{table.name}-parquet", **told, **_PARQUET}


def _schema(table: Table, present: Collection[str]) -> dict[str, Any]:
    """The Table Schema, with the foreign keys to tables that are ``present``."""
    references = [(c.name, *c.reference) for c in table.columns if c.reference[0] in present]
    keys = [
        {"fields": [name], "reference": {"resource": "" if to == table.name else to, "fields": [target]}}
        for name, to, target in references
    ]
    schema: dict[str, Any] = {
        "fields": [_field(c) for c in table.columns],
        "missingValues": [""],
        "primaryKey": [c.name for c in table.columns if c.key],
    }
    return schema | ({"foreignKeys": keys} if keys else {})


def _field(c: SchemaColumn) -> dict[str, Any]:
    constraints = {
        "required": c.required or None,
        "unique": c.unique or None,
        "minimum": c.minimum,
        "enum": [word for word, _ in c.enum] or None,
        "pattern": c.pattern or None,
    }
    told = {
        "description": c.meaning,
        "unit": c.unit,
        "constraints": {k: v for k, v in constraints.items() if v is not None},
    }
    return {"name": c.name, "type": c.type, "title": c.title} | {k: v for k, v in told.items() if v}
