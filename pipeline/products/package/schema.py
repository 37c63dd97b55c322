"""What a table of a data package is: its columns, each with how it is read from what a row is of, and its rows.

The words are those of the Table Schema (:func:`pipeline.products.package.writer.descriptor`).
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from pipeline.domain.entries import Submission
    from pipeline.domain.obligation import Obligation
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.known import KnownState
    from pipeline.program.model import Period, Program

_Cell = str | int | float | Decimal | bool | date | None
Line = tuple[Any, ...]
Type = Literal["string", "integer", "number", "decimal", "boolean", "date"]
DECIMALS = 4  # of a number, in every format
_CODE, _ANY_CODE = "[0-9]{6,12}", "[0-9A-Za-z]{1,20}"
_NUMBER = "number of the row"
SHA256 = "[0-9a-f]{64}"


@dataclass(frozen=True, slots=True)
class SchemaColumn:
    """One column.

    Attributes:
        of: Where its cell comes from: an attribute of what the row is of (by default the one of its name), or a function of it.
        unit: Of its numbers, where all have the same.
        required: Never empty.
        key: Part of the primary key.
        unique: No value twice; may be empty all the same.
        to: The foreign key: the table, and after a point its column where that has another name.
        enum: The only words it holds, with their meaning.
    """

    type: Type
    name: str
    title: str
    description: str = ""
    _: KW_ONLY
    of: str | Callable[[Any], Any] = ""
    unit: str = ""
    required: bool = True
    key: bool = False
    unique: bool = False
    to: str = ""
    minimum: int | None = None
    enum: tuple[tuple[str, str], ...] = ()
    pattern: str = ""

    @property
    def meaning(self) -> str:
        """Its description, and what each of its words stands for."""
        words = "，".join(f"{word} {name}" if name else word for word, name in self.enum)
        return "：".join(part for part in (self.description, words) if part)

    @property
    def reference(self) -> tuple[str, str]:
        """Table and column of its foreign key; empty words without one."""
        table, _, column = self.to.partition(".")
        return table, column or self.name

    @property
    def get(self) -> Callable[[int, Any], Any]:
        """Its cell, of the number of a row and what the row is of."""
        if self.of == _NUMBER:
            return lambda no, _: no
        cell = self.of if callable(self.of) else attrgetter(self.of or self.name)
        return lambda _, row: cell(row)

    def worded(self, put: Callable[[str], str], *, digits: bool) -> SchemaColumn:
        """The same in a campaign's words, for its codes."""
        return replace(
            self,
            title=put(self.title),
            description=put(self.description),
            pattern=self.pattern if digits or self.pattern != _CODE else _ANY_CODE,
            enum=tuple((word, put(name)) for word, name in self.enum),
        )


text, truth, day = (partial(SchemaColumn, kind) for kind in ("string", "boolean", "date"))
whole, number = (partial(SchemaColumn, kind, minimum=0) for kind in ("integer", "number"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the rows of every table are taken from.

    Attributes:
        periods: Of values, entries, states and records.
        submissions: Those to tell of, and of their findings.
        obligations: Those to tell of.
        assessed: What is known as of the periods to tell measures of, each with its :func:`pipeline.measures.progress.assess`.
    """

    program: Program
    snapshot: Snapshot
    periods: tuple[Period, ...]
    submissions: tuple[Submission, ...]
    obligations: tuple[Obligation, ...]
    assessed: tuple[tuple[KnownState, pd.DataFrame], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table.

    Attributes:
        number: Its place among the tables.
        description: Its grain.
        rows: What each row is of, in order.
        of_period: Whether a period's own package has it.
    """

    name: str
    number: int
    title: str
    description: str
    rows: Callable[[Source], Iterable[Any]]
    columns: tuple[SchemaColumn, ...]
    of_period: bool = False

    @property
    def header(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(c.name for c in self.columns)

    def worded(self, program: Program) -> Table:
        """The same with titles and descriptions in the words of a campaign, for the codes it has."""
        put, digits = program.words.put, all(re.fullmatch(_CODE, code) for code in program.county_by_code)
        columns = tuple(c.worded(put, digits=digits) for c in self.columns)
        return replace(self, title=put(self.title), description=put(self.description), columns=columns)

    def lines(self, source: Source) -> list[Line]:
        """Its rows: no text is empty, it is None then; numbers are rounded as they are written."""
        cells = [c.get for c in self.columns]
        return [tuple(_plain(cell(no, row)) for cell in cells) for no, row in enumerate(self.rows(source), 1)]


def _plain(cell: _Cell) -> _Cell:
    if isinstance(cell, float | Decimal):
        return round(float(cell), DECIMALS)
    return None if cell == "" else cell


def words(names: Mapping[Any, str], *only: Any) -> tuple[tuple[str, str], ...]:
    """The words of an enumeration with their meaning; ``only`` some of them."""
    return tuple((word.value, names[word]) for word in only or names)


def joined(path: str) -> Callable[[Any], str]:
    """A column of what stands in a tuple: 甲、乙."""
    parts = attrgetter(path)
    return lambda row: "、".join(map(str, parts(row)))


NO = whole("no", "行号", of=_NUMBER, minimum=1, key=True)
PERIOD = text("period", "报送期", "以结束月份命名", pattern="[0-9]{4}-[0-9]{2}")
OF_PERIOD = replace(PERIOD, to="periods")
OF_PREFECTURE = text("prefecture_code", "州（市）代码", to="prefectures")
OF_UNIT = text("county_code", "县代码", "州（市）本级填报的，是州（市）代码", to="units.unit_code")
OF_FIELD = text("field", "指标代码", to="fields")
OF_SUBMISSION = whole("submission", "报送序号", minimum=1, to="submissions")
COUNTY = text("county_code", "县代码", "行政区划代码", pattern=_CODE)
SHEET = text("sheet", "工作表", required=False)
CELL = text("cell", "单元格", required=False, pattern="[A-Z]{1,3}[0-9]{1,7}")
ORIGIN = (
    replace(OF_SUBMISSION, of="origin.submission"),
    text("file", "文件", of="origin.file"),
    replace(SHEET, of="origin.sheet", required=True),
    replace(CELL, of="origin.cell"),
    text("raw", "原样文字", "填报人所填；空的是零报告沿用以前的数", of="origin.raw", required=False),
)
BASIS = (text("basis", "原文"), text("reading", "读法", "原文没有写明之处，这里怎样理解", required=False))
