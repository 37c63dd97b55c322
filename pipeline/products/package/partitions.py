"""What stands as partitioned Parquet, for engines that read only what they need: one long table, one schema for every file.

``values/period=…/province=…/part-0.parquet``, a file for each period and region also where nobody has reported, and beside
it the units with their hierarchy and the fields. What is written is at most some thousand units in memory.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ledger.standing import stream
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NOT_APPLICABLE, FieldType, Rows
from pipeline.system.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.ledger.standing import Standing
    from pipeline.ledger.store import SeenEarlier, Store
    from pipeline.program.model import Field, Form, Period, Program

    Line = tuple[Any, ...]

TOGETHER = 1_000  # units asked for at once: what is in memory
_DEMO = "演示数据.txt"  # says that the figures are invented
PATHS = re.compile(rf"(values/period=\d{{4}}-\d{{2}}/province=[^/]+/part-0|units|fields)\.parquet|{re.escape(_DEMO)}")
REQUIRED = True
VALUES = (
    ("region", "string", REQUIRED, "所属地区代码，与目录名里的province相同"),
    ("respondent", "string", REQUIRED, "报送单位代码"),
    ("unit", "string", REQUIRED, "填报单位代码"),
    ("field", "string", REQUIRED, "指标代码"),
    ("number", "decimal", not REQUIRED, "数，精确到两位小数；计量单位见fields的measure"),
    ("text", "string", not REQUIRED, "文字、是/否、选项"),
    ("date", "date", not REQUIRED, "日期"),
    ("not_applicable", "boolean", REQUIRED, "填的是“不适用”"),
    ("submission", "integer", REQUIRED, "报送序号"),
    ("received_on", "date", REQUIRED, "收到日期"),
)
_UNITS = (
    ("period", "string", REQUIRED, "报送期"),
    ("unit", "string", REQUIRED, "代码"),
    ("name", "string", REQUIRED, "名称"),
    ("level", "string", REQUIRED, "层级"),
    ("parent", "string", not REQUIRED, "上级代码"),
)
_FIELDS = (
    ("field", "string", REQUIRED, "指标代码"),
    ("form", "string", REQUIRED, "表"),
    ("title", "string", REQUIRED, "名称"),
    ("type", "string", REQUIRED, "类型"),
    ("measure", "string", not REQUIRED, "计量单位"),
    ("level", "string", REQUIRED, "由哪一级填报"),
)


def write_partitions(
    folder: Path, store: Store, seen: SeenEarlier, periods: Sequence[Period], *, is_demo: bool = False
) -> int:
    """Write into an empty folder.

    Args:
        folder: Is there.
        store: The dataset.
        seen: From where it is looked at.
        periods: Those to write.
        is_demo: The figures are invented; a file beside them says so.

    Returns:
        How many values were written.

    Raises:
        PipelineError: A number has more digits than the column.
        OSError: The disk refused.
    """
    program = store.program
    if is_demo:
        (folder / _DEMO).write_text("演示数据，数字均为虚构。\n", encoding="utf-8", newline="\n")
    _write_table(folder / "units.parquet", _UNITS, [line for p in periods for line in _units(program.at(p), p)])
    _write_table(folder / "fields.parquet", _FIELDS, list(_fields(program)))
    schema, count = _schema(VALUES), 0
    batches = [(period, batch) for period in periods for batch in _batches(program)]
    found = stream(store, seen, ((period.code, [code for _, code in batch]) for period, batch in batches))
    parts = (
        ((period.code, region), lines)
        for (period, batch), rows in zip(batches, found, strict=True)
        for region, lines in _by_region(program, batch, rows)
    )
    for (period, region), some in groupby(parts, key=itemgetter(0)):
        path = folder / "values" / f"period={period}" / f"province={region}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        with path.open("wb") as out, pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for _, lines in some:
                writer.write_table(_arrow_table(schema, lines))
                count += len(lines)
    return count


def region_of(program: Program, code: str) -> str:
    """The first level below the top: of a program without regions, the respondent."""
    above = program.ancestors(code)
    return above[-1].code if above else code


def _batches(program: Program) -> list[list[tuple[str, str]]]:
    """Everyone who ever reports, as (region, unit), in order."""
    everyone = sorted((region_of(program, code), code) for code in program.unit_by_code)
    return [everyone[n : n + TOGETHER] for n in range(0, len(everyone), TOGETHER)]


def _by_region(
    program: Program, batch: Iterable[tuple[str, str]], rows: Mapping[str, Sequence[Standing]]
) -> Iterator[tuple[str, list[Line]]]:
    """Region → its lines, field by field: equal values lie together, and pack well."""
    region_by_unit = {code: region for region, code in batch}
    lines: dict[str, list[Line]] = {region: [] for region in region_by_unit.values()}
    for form in program.roster_forms:
        there = {row.unit for row in rows[form.code]}
        for one in form.fields:
            source = program.field_by_code[one.shows or one.code]
            n = program.form_by_code[source.form].fields.index(source)
            for row in rows[source.form]:
                if row.unit in there and (value := _value(source, row, row.values[n])) is not None:
                    region, unit = region_by_unit[row.unit], program.unit_by_code[row.unit]
                    lines[region].append(
                        (region, unit.prefecture_code, row.unit, one.code, *value, row.submission, row.received_on)
                    )
    yield from lines.items()


def _value(one: Field, row: Standing, value: Any) -> Line | None:
    """Number, text, date, and whether it does not apply; None where nothing was given."""
    if one.code in row.away or (value == NOT_APPLICABLE and one.type is not FieldType.TEXT):
        return None, None, None, True
    if value is None:
        return None
    if one.type in NUMBERS:
        return Decimal(value), None, None, False
    return (None, None, value, False) if one.type is FieldType.DATE else (None, value, None, False)


def _units(then: Program, period: Period) -> Iterator[Line]:
    """Everyone of a period from the whole down, each with the one above."""
    yield period.code, then.code, then.region, then.levels[0], None
    for region in sorted(then.regions, key=lambda one: (then.levels.index(one.level), one.code)):
        yield period.code, region.code, region.name, region.level, region.parent_code or then.code
    for respondent in sorted(then.prefectures, key=lambda one: one.code):
        yield period.code, respondent.code, respondent.name, then.respondent_level, respondent.parent_code or then.code
    for county in sorted(then.counties, key=lambda one: one.code):
        yield period.code, county.code, county.name, then.row_level, county.prefecture_code


def _fields(program: Program) -> Iterator[Line]:
    for form in program.roster_forms:
        for one in form.fields:
            yield one.code, form.code, one.title, one.type.value, one.unit or None, _level(program, form)


def _level(program: Program, form: Form) -> str:
    """Whose rows a sheet has."""
    return program.respondent_level if form.rows is Rows.PREFECTURE else program.row_level


def _schema(columns: Sequence[tuple[str, str, bool, str]]) -> pa.Schema:
    kinds = {
        "string": pa.string(),
        "integer": pa.int64(),
        "decimal": pa.decimal128(18, 2),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }
    return pa.schema(
        [
            pa.field(name, kinds[kind], nullable=not required, metadata={"title": title})
            for name, kind, required, title in columns
        ]
    )


def _arrow_table(schema: pa.Schema, lines: Sequence[Line]) -> pa.Table:
    columns = zip(*lines, strict=True) if lines else ((),) * len(schema)
    try:
        arrays = [pa.array(cells, type=one.type) for cells, one in zip(columns, schema, strict=True)]
    except pa.ArrowInvalid as error:
        raise PipelineError(f"没有导出：有的数超出18位，Parquet的列放不下（{error}）") from error
    return pa.Table.from_arrays(arrays, schema=schema)


def _write_table(path: Path, columns: Sequence[tuple[str, str, bool, str]], lines: Sequence[Line]) -> None:
    with path.open("wb") as out:
        pq.write_table(_arrow_table(_schema(columns), lines), out, compression="zstd")
