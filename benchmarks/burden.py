"""What the demo's officers type from the second period on, beside the same figures typed into a blank workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.value import show
from pipeline.ledger.went_out import WentOut
from pipeline.measures.burden import together
from pipeline.measures.known import rows_of
from pipeline.office.burden import burden_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.measures.period import PeriodMeasures
    from pipeline.workspace.paths import Workspace

LARGEST = "530100"  # 昆明市: 14 counties
TYPED, PREFILLED, STROKES = 45, 60, 40  # the goals: cells a county, and per cent


def compare(workspace: Workspace, day: date) -> None:
    """Print the goals of 减负账 and what the demo comes to, period by period.

    Args:
        workspace: A demo played to its end.
        day: Of the last period's products.
    """
    account = burden_of(workspace, None, day)
    m, counties = account.m, account.m.program.county_by_code
    for n, (state, by_unit) in enumerate(zip(m.known_states, m.burdens, strict=True)):
        mine = {code: one for code, one in by_unit.items() if code in counties}
        whole = together(mine.values())
        largest = together(one for code, one in mine.items() if counties[code].prefecture_code == LARGEST)
        if n and whole.known and largest.known:
            now, blank = strokes(m, n)
            print(
                f"(h) {state.period.title}每县填写：全省{whole.typing:.1f}格，昆明{largest.typing:.1f}格（目标 ≤ {TYPED}）；"
                f"带出{whole.share_prefilled:.1f}%（目标 ≥ {PREFILLED}%）；昆明一份14县的击键{now}次，空表{blank}次，"
                f"{100 * now / blank:.0f}%（目标 ≤ {STROKES}%）"
            )
    print(f"(h) 没有用处的指标 {len(account.unread)} 项（目标 0）")


def strokes(m: PeriodMeasures, n: int) -> tuple[int, int]:
    """Keys of one officer of the largest prefecture in a period, and of the same figures typed into a blank workbook.

    Characters, and one key to leave each cell that is typed in; going to a cell by mouse counts nothing in either.
    """
    now, blank = 0, 0
    for stood, typed, ticks in _rows(m, n):
        given = {code: text for code, text in typed.items() if text}
        blank += sum(len(text) + 1 for text in given.values())
        now += 2 * ticks + sum(len(text) + 1 for code, text in typed.items() if text != stood.get(code, ""))
    return now, blank


def _rows(m: PeriodMeasures, n: int) -> Iterator[tuple[dict[str, str], dict[str, str], int]]:
    """Of each county: what stood in its cells, what came back in them, and how many of its rows were only ticked."""
    program, period = m.whole, m.known_states[n].period
    went_out = WentOut(program=program, snapshot=m.snapshot)
    for county in program.counties_of(LARGEST):
        rows = [
            row
            for form in program.roster_of(county)
            for row in rows_of(program, m.snapshot, form, county)
            if row.period == period.code
        ]
        entry = m.snapshot.by_seq[max(row.seq for row in rows)] if rows else None
        stood = went_out.of(period, county, entry) if entry else None
        if stood is not None:
            asked = {f.code for form in program.county_forms for f in form.fields_in(period) if not f.shows}
            typed = {code: show(value) for row in rows for code, value in row.values.items() if code in asked}
            yield {code: show(value) for code, value in stood.items()}, typed, sum(row.nil for row in rows)
