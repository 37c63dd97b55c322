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

from pipeline.ledger.standing import stream
from pipeline.products.package.schema import SchemaColumn, day, text, truth, whole
from pipeline.products.package.writer import write_parquet
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NOT_APPLICABLE, FieldType, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.ledger.content import SeenEarlier
    from pipeline.ledger.standing import StreamedRow
    from pipeline.ledger.store import Store
    from pipeline.products.package.schema import Line
    from pipeline.program.model import Field, Form, Period, Program

TOGETHER = 1_000  # units asked for at once: what is in memory
_DEMO = "演示数据.txt"  # says that the figures are invented
PATHS = re.compile(rf"(values/period=\d{{4}}-\d{{2}}/province=[^/]+/part-0|units|fields)\.parquet|{re.escape(_DEMO)}")
_VALUES = (
    text("region", "所属地区代码，与目录名里的province相同"),
    text("respondent", "报送单位代码"),
    text("unit", "填报单位代码"),
    text("field", "指标代码"),
    SchemaColumn("decimal", "number", "数，精确到两位小数；计量单位见fields的measure", required=False),
    text("text", "文字、是/否、选项", required=False),
    day("date", "日期", required=False),
    truth("not_applicable", "填的是“不适用”"),
    whole("submission", "报送序号"),
    day("received_on", "收到日期"),
)
_UNITS = (
    text("period", "报送期"),
    text("unit", "代码"),
    text("name", "名称"),
    text("level", "层级"),
    text("parent", "上级代码", required=False),
)
_FIELDS = (
    text("field", "指标代码"),
    text("form", "表"),
    text("title", "名称"),
    text("type", "类型"),
    text("measure", "计量单位", required=False),
    text("level", "由哪一级填报"),
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
    _write(folder / "units.parquet", _UNITS, [[line for p in periods for line in _units(program.at(p), p)]])
    _write(folder / "fields.parquet", _FIELDS, [list(_fields(program))])
    batches = [(period, batch) for period in periods for batch in _batches(program)]
    found = stream(store, seen, ((period.code, [code for _, code in batch]) for period, batch in batches))
    parts = (
        ((period.code, region), lines)
        for (period, batch), rows in zip(batches, found, strict=True)
        for region, lines in _by_region(program, batch, rows)
    )
    return sum(
        _write(
            folder / f"values/period={period}/province={region}/part-0.parquet", _VALUES, (lines for _, lines in some)
        )
        for (period, region), some in groupby(parts, key=itemgetter(0))
    )


def _write(path: Path, columns: Sequence[SchemaColumn], batches: Iterable[Sequence[Line]]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        return write_parquet(out, columns, batches)


def region_of(program: Program, code: str) -> str:
    """The first level below the top: of a program without regions, the respondent."""
    above = program.ancestors(code)
    return above[-1].code if above else code


def _batches(program: Program) -> list[list[tuple[str, str]]]:
    """Everyone who ever reports, as (region, unit), in order."""
    everyone = sorted((region_of(program, code), code) for code in program.unit_by_code)
    return [everyone[n : n + TOGETHER] for n in range(0, len(everyone), TOGETHER)]


def _by_region(
    program: Program, batch: Iterable[tuple[str, str]], rows: Mapping[str, Sequence[StreamedRow]]
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


def _value(one: Field, row: StreamedRow, value: Any) -> Line | None:
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
