"""A returned row with what staff have entered on top of it: judged again by itself, as if it had come on the day they did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.domain.acts import Amendment, amendments
from pipeline.domain.findings import CATALOGUE
from pipeline.ledger.rows import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.domain.acts import Act
    from pipeline.program.model import Program
    from pipeline.reading.read import Return
    from pipeline.reading.sheet import FormRow


def as_entered(program: Program, workbook: Return, act: Act, acts: Iterable[Act]) -> Return:
    """What a returned workbook says of one unit, with all that staff had entered of it by an act; see :class:`Return`.

    What was wrong with the cells they entered is gone, and what was typed in them is kept beside.
    """
    unit = act.unit
    said = {
        one.field: one
        for one in amendments(one for one in acts if one.seq <= act.seq).values()
        if (one.period, one.unit, one.entry) == (act.period, unit, "")
    }
    rosters = {form.code for form in program.roster_forms}
    return replace(
        workbook,
        arrival=replace(workbook.arrival, received_on=act.done_on),
        rows={
            form: tuple(_entered(program, row, said) for row in rows if row.county_code == unit)
            for form, rows in workbook.rows.items()
            if form in rosters
        },
        findings=tuple(
            f
            for f in workbook.findings
            if (f.county_code == unit and f.field not in said) or (not f.county_code and CATALOGUE[f.code].whole_file)
        ),
        strays=(),
        cover={},
        admission=act.seq,
        only=unit,
    )


def _entered(program: Program, row: FormRow, said: Mapping[str, Amendment]) -> FormRow:
    mine = {code: one for code, one in said.items() if code in row.values}
    return replace(
        row,
        values={**row.values, **{code: value_of(program.field_by_code[code], one.value) for code, one in mine.items()}},
        typed={**dict.fromkeys(mine, ""), **row.typed},
        cells={**row.cells, **{code: one.value for code, one in mine.items()}},
        refused=row.refused - mine.keys(),
    )
