"""What the office can look at without changing the dataset: measures, sums, one county on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.ledger.standing import numbers, seen_from
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.measures.rollup import roll_up, shown
from pipeline.office.reported import reported_in
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import (
    choose_period,
    find_unit,
    load_campaign,
    open_store,
    published_before,
)
from pipeline.workspace.paths import write_file

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pipeline.program.model import Period
    from pipeline.workspace.paths import Workspace


def look(workspace: Workspace, period_code: str | None, as_of: date) -> PeriodMeasures:
    """The measures of a period from the dataset as it is; the inbox is not touched."""
    seen = reported_in(workspace, period_code, as_of)
    before = published_before(seen.whole, seen.snapshot, seen.period)
    return measure_period(seen.whole, seen.snapshot, seen.calendar, seen.period, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums of one level, a row for each unit and column; see :func:`pipeline.measures.rollup.shown`."""

    period: Period
    level: str
    rows: list[dict[str, Any]]


def add_up(workspace: Workspace, period_code: str | None, as_of: date, level: str | None, field: str | None) -> Totals:
    """What a period adds up to at a level, the highest if None; of one column, or of all. Read some units at a time.

    Raises:
        PipelineError: There is no such level, or no such column to add up.
    """
    campaign = load_campaign(workspace)
    period = choose_period(campaign.program, period_code, as_of)
    then = campaign.program.at(period)
    chosen = level or then.levels[0]
    if chosen not in then.levels:
        raise PipelineError(f"没有叫“{chosen}”的一级；有：{'、'.join(then.levels)}")
    store = open_store(workspace, campaign.program, create=False)
    try:
        chunks = numbers(store, seen_from(store, as_of), period.code, sorted(unit.code for unit in then.reporters))
        frame = roll_up(then, chunks)
    finally:
        store.close()
    if field is not None and field not in set(frame["field"]):
        raise PipelineError(f"没有可以合计的指标 {field}；代码见各表")
    kept = frame[(frame["level"] == chosen) & (frame["field"].eq(field) if field else True)]
    return Totals(period=period, level=chosen, rows=shown(then, kept))


def write_profile(workspace: Workspace, county: str, period_code: str | None, as_of: date) -> Path:
    """One county on a page: where the document was written in the outbox.

    Raises:
        PipelineError: There is no county of that code or name.
    """
    from pipeline.products.documents.profile import TEMPLATE, profile_context  # noqa: PLC0415
    from pipeline.products.documents.word import render  # noqa: PLC0415 - docxtpl is slow to import

    m = look(workspace, period_code, as_of)
    unit = find_unit(county, m.program.counties, m.program.words.row, m.program)
    context, _ = profile_context(m, unit, is_demo=workspace.is_demo)
    prefecture = m.program.prefecture_by_code[unit.prefecture_code]
    name = f"{unit.code}_{prefecture.short_name}{unit.short_name}.docx"
    path = workspace.profiles / m.period.code / name
    write_file(path, render(workspace.templates / TEMPLATE, context, {}))
    return path
