"""Lines of all returns → one frame per form: what the rules look at, roster and previous values joined.

Grain: one row per line: a return and unit of its prefecture (its counties, or itself); of a list, a return and entry.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.checks.lines import GIVEN, Line
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, Accumulation, FieldType, Rows
from pipeline.program.rules import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from pipeline.domain.past import Past
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form, Period, Program
    from pipeline.reading.read import Return


def form_frame(
    program: Program,
    form: Form,
    period: Period,
    returns: Sequence[Return],
    lines: Sequence[Line],
    past: Past,
    wanted: Iterable[str] = (),
    others: Mapping[tuple[int, str], Mapping[str, Value]] | None = None,
) -> pd.DataFrame:
    """The frame GX sees: field columns (numbers as float64, dates as datetime64, words as object) and derived ones.

    Args:
        program: The campaign.
        form: The sheet.
        period: The period of all ``returns``.
        returns: All returns of the period in this run.
        lines: The rows.
        past: What was accepted before this run.
        wanted: Columns the rules look at; sums, and fields of other sheets, are made for them.
        others: (return, unit) → field → value over all sheets of the return.
    """
    data: dict[str, Any] = {
        "county_code": [line.unit.code for line in lines],
        "period.end": np.full(len(lines), period.end, dtype="datetime64[s]"),
        "campaign.start": np.full(len(lines), program.window.start, dtype="datetime64[s]"),
        "campaign.end": np.full(len(lines), program.window.end, dtype="datetime64[s]"),
    }
    asked = set(wanted)
    if not form.is_list:
        data["row.state"] = [line.state for line in lines]
        data["row.key"] = _keys(returns, lines)
    if form.rows is Rows.COUNTY:
        townships = [float(program.county_by_code[line.unit.code].townships) for line in lines]
        data["county.townships"] = pd.Series(townships, dtype="float64")
    for field in form.fields_in(period):
        values = [
            _value(program, line, field.code, others or {}, past) if field.shows else line.values.get(field.code)
            for line in lines
        ]
        data[field.code] = _column(field, values)
        if field.not_applicable:
            data[f"{field.code}.applies"] = ["no" if v == NOT_APPLICABLE else "yes" for v in values]
        if f"{field.code}.given" in asked:
            data[f"{field.code}.given"] = ["no" if v in {None, NONE_TICKED} else "yes" for v in values]
        if field.accumulation is Accumulation.CUMULATIVE:
            data[f"{field.code}.prev"] = _column(
                field, [past.floors.get((line.unit.code, field.code)) for line in lines]
            )
    for column in sorted(asked - data.keys()):
        data[column] = _made(program, column, lines, others or {}, past)
    return pd.DataFrame(data)


def _made(
    program: Program,
    column: str,
    lines: Sequence[Line],
    others: Mapping[tuple[int, str], Mapping[str, Value]],
    past: Past,
) -> pd.Series[Any] | npt.NDArray[Any]:
    """A sum of fields, or a field of another sheet."""
    parts = terms(column)
    if len(parts) == 1 and parts[0][0] == 1:
        field = program.field_by_code[parts[0][1]]
        return _column(field, [_value(program, line, field.code, others, past) for line in lines])
    sums: list[float | None] = []
    for line in lines:
        found = [(times, _value(program, line, code, others, past)) for times, code in parts]
        numbers = [times * v for times, v in found if isinstance(v, (int, Decimal))]
        sums.append(float(sum(numbers)) if len(numbers) == len(found) else None)
    return pd.Series(sums, dtype="float64")


def _value(
    program: Program, line: Line, code: str, others: Mapping[tuple[int, str], Mapping[str, Value]], past: Past
) -> Value:
    """A value of the line's unit from the same return, else as it stands; of a column that shows another, the other's."""
    code = program.field_by_code[code].shows or code
    given = line.values.get(code, others.get((line.source, line.unit.code), {}).get(code))
    return past.current.get((line.unit.code, code)) if given is None else given


def _column(field: Field, values: Sequence[Value]) -> pd.Series[Any] | npt.NDArray[Any]:
    if field.type in NUMBERS:
        numbers = [float(value) if isinstance(value, (int, Decimal)) else np.nan for value in values]
        return np.array(numbers, dtype="float64")
    known = list(values)
    if field.type is FieldType.DATE:
        days = [v if isinstance(v, date) else None for v in known]
        return np.array(days, dtype="datetime64[s]")
    return pd.Series(known, dtype="object")


def _keys(returns: Sequence[Return], lines: Sequence[Line]) -> list[str]:
    """Equal only where two returns received on one day give a county different values."""
    variants: dict[str, set[str]] = {}
    base = [f"{returns[line.source].arrival.received_on}|{line.unit.code}" for line in lines]
    for key, line in zip(base, lines, strict=True):
        if line.state in GIVEN:
            variants.setdefault(key, set()).add(repr(sorted(line.values.items())))
    keys = []
    for key, line in zip(base, lines, strict=True):
        conflict = line.state in GIVEN and len(variants[key]) > 1
        keys.append(key if conflict else f"{key}|{line.source}")
    return keys
