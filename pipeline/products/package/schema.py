"""What a table of a data package is: columns with titles, units and constraints, its keys, and the rows that fill it.

The words are those of the Table Schema; :func:`descriptor` says them as ``datapackage.json`` does.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    import pandas as pd

    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.obligation import Obligation
    from pipeline.program.model import Period, Program

Cell = str | int | float | bool | date | None
Line = tuple[Cell, ...]
Type = Literal["string", "integer", "number", "boolean", "date"]
_DECIMALS = 4  # of a number, in every format
CODE, ANY_CODE = "[0-9]{6,12}", "[0-9A-Za-z]{1,20}"
PERIOD = "[0-9]{4}-[0-9]{2}"
CELL = "[A-Z]{1,3}[0-9]{1,7}"
SHA256 = "[0-9a-f]{64}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaColumn:
    """One column.

    Attributes:
        unit: Of its numbers, where all have the same.
        required: Never empty.
        unique: No value twice; may be empty all the same.
        enum: The only words it holds, with their meaning.
    """

    name: str
    type: Type
    title: str
    description: str = ""
    unit: str = ""
    required: bool = False
    unique: bool = False
    minimum: int | None = None
    enum: tuple[tuple[str, str], ...] = ()
    pattern: str = ""

    @property
    def meaning(self) -> str:
        """Its description, and what each of its words stands for."""
        words = "，".join(f"{word} {name}" if name else word for word, name in self.enum)
        return "：".join(part for part in (self.description, words) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    """A foreign key: ``columns`` hold what the ``target`` columns of another table hold, or nothing."""

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the rows of every table are taken from.

    Attributes:
        periods: Of values, entries, states and records.
        obligations: Those to tell of.
        assessed: Periods to tell measures of, each with its :func:`pipeline.measures.progress.assess`.
    """

    program: Program
    snapshot: Snapshot
    periods: tuple[Period, ...]
    obligations: tuple[Obligation, ...]
    assessed: tuple[tuple[Period, pd.DataFrame], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: ``description`` says its grain."""

    name: str
    title: str
    description: str
    columns: tuple[SchemaColumn, ...]
    primary_key: tuple[str, ...]
    references: tuple[_Reference, ...]
    rows: Callable[[Source], Iterator[Line]]

    @property
    def header(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(c.name for c in self.columns)

    def worded(self, program: Program) -> Table:
        """The same with titles and descriptions in the words of a campaign, for the codes it has."""
        put, digits = program.words.put, all(re.fullmatch(CODE, code) for code in program.county_by_code)
        columns = (
            replace(
                c,
                title=put(c.title),
                description=put(c.description),
                pattern=c.pattern if digits or c.pattern != CODE else ANY_CODE,
                enum=tuple((word, put(name)) for word, name in c.enum),
            )
            for c in self.columns
        )
        return replace(self, title=put(self.title), description=put(self.description), columns=tuple(columns))

    def lines(self, source: Source) -> list[Line]:
        """Its rows: no text is empty, it is None then; numbers are rounded as they are written."""
        return [tuple(_plain(cell) for cell in row) for row in self.rows(source)]


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, float):
        return round(cell, _DECIMALS)
    return None if cell == "" else cell


def to(table: str, column: str, target: str = "") -> _Reference:
    """A foreign key of one column; the target has the same name unless told."""
    return _Reference(columns=(column,), table=table, target=(target or column,))


def words(names: Mapping[Any, str], *only: Any) -> tuple[tuple[str, str], ...]:
    """The words of an enumeration with their meaning; ``only`` some of them."""
    return tuple((word.value, names[word]) for word in only or names)


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
        return str(int(cell)) if cell == int(cell) else f"{cell:.{_DECIMALS}f}"
    return cell


def descriptor(table: Table, present: Collection[str]) -> dict[str, Any]:
    """The Table Schema of a table, with the foreign keys to tables that are ``present``."""
    keys = [
        {
            "fields": list(r.columns),
            "reference": {"resource": "" if r.table == table.name else r.table, "fields": list(r.target)},
        }
        for r in table.references
        if r.table in present
    ]
    schema: dict[str, Any] = {
        "fields": [_field(c) for c in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.primary_key),
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
