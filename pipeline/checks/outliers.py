"""Counts unlike the county's own past and its peers', by what stood before the period: asked about, never refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.checks.lines import cell_of
from pipeline.domain.findings import OUTLIER, finding
from pipeline.domain.usual import changes, is_unlike, own_past
from pipeline.domain.value import show
from pipeline.program.model import Accumulation
from pipeline.program.rules import outlier_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipeline.checks.explain import Reasons
    from pipeline.checks.lines import Line
    from pipeline.domain.findings import Finding
    from pipeline.domain.past import Past
    from pipeline.domain.usual import Usual
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Period, Program
    from pipeline.reading.read import Return


def asked_outliers(
    program: Program,
    period: Period,
    returns: Sequence[Return],
    lines: Mapping[str, tuple[Line, ...]],
    past: Past,
    answers: Reasons,
    values: Mapping[tuple[int, str], Mapping[str, Value]],
    told: Sequence[Collection[Finding]],
) -> Iterator[tuple[int, Finding]]:
    """Each count that is unlike, with the index of its return; not of a cell something else is said of.

    Args:
        program: The campaign.
        period: The period of all ``returns``.
        returns: What was read.
        lines: Form → lines.
        past: What was accepted before.
        answers: What officers have said of such figures.
        values: (return, unit) → field → value, of all its sheets.
        told: What is said of each return already.
    """
    taken = [{(f.county_code, f.field) for f in some} for some in told]
    for field in program.counts_in(period) if past.peers else ():
        if (peers := past.peers.get(field.code)) is None:
            continue
        for line in lines[field.form]:
            if line.row is None or line.row.nil or (line.unit.code, field.code) in taken[line.source]:
                continue
            if made := _asked(program, field, returns[line.source], line, past, peers):
                known = values.get((line.source, line.unit.code), {})
                if said := answers.settle(made, outlier_rule(field), line, returns[line.source], known):
                    yield line.source, said


def _asked(program: Program, field: Field, workbook: Return, line: Line, past: Past, peers: Usual) -> Finding | None:
    """The question about one count; None where there is nothing to ask."""
    value, total = line.values.get(field.code), field.accumulation is Accumulation.CUMULATIVE
    if line.row is None or not isinstance(value, int) or field.code in line.row.refused:
        return None
    earlier = [(row or {}).get(field.code) for row in past.earlier.get((line.unit.code, field.form), ())]
    series = [*(one if isinstance(one, int) else None for one in earlier), value]
    if not is_unlike(series, peers, adds_up=total):
        return None
    own, row = own_past(series), program.words.row
    verb = "新增" if total else "变化"
    mine = f"；本{row}本期{verb}{changes(series)[-1]}，以往各期{verb}{own.range}" if own else ""
    theirs = f"上一期报来的{peers.size}个{row}{'新增' if total else '为'}{peers.range}，中位数{peers.centre:g}"
    return finding(
        OUTLIER,
        file=workbook.arrival.name,
        sheet=line.row.sheet,
        cell=cell_of(workbook, line.row, field.code),
        prefecture_code=workbook.prefecture_code,
        county_code=line.unit.code,
        field=field.code,
        rule=outlier_rule(field).id,
        found=show(value),
        expected=f"{theirs}{mine}",
    )
