"""各县情况: every county's state, when it came, and its targets met as the sum of the sheets of the actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.obligation import TIMELINESS_NAMES, Obligation, Reason
from pipeline.domain.state import STATE_NAMES
from pipeline.measures.progress import Pace
from pipeline.products.coverage import knowledge_of
from pipeline.products.summary.registry import FRONT, SummarySheet
from pipeline.products.summary.shares import compared, scored
from pipeline.products.summary.style import FIRST_ROW, Column, Put, hatched

if TYPE_CHECKING:
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given, Pen
    from pipeline.program.model import Unit

COUNTIES = "各县情况"
_COLUMNS = (
    Column("代码", 9),
    Column("州（市）", 12),
    Column("县（市、区）", 15),
    Column("状态", 10),
    Column("时效", 9),
    Column("收到日期", 12, "words"),
    Column("逾期或迟报天数", 9, "count"),
    Column("连续未按时期数", 9, "count"),
    Column("达标数", 9),
    Column("应达标数", 9),
    Column("完成率", 9),
    Column("上期完成率", 9),
    Column("较上期（百分点）", 10),
    Column("落后项", 7, "count"),
    Column("未到期项", 7, "count"),
    Column("情况", 15, "quiet_wrapped"),
    Column("没有计入的原因", 32, "quiet_wrapped"),
)
NAME_COL, STATE_COL, MET_COL, APPLIES_COL = 1, 3, 8, 9


def _write(s: Summary, pen: Pen) -> None:
    m = s.m
    pen.heading(
        f"{s.named(COUNTIES)}（{m.period.title}）",
        f"应报日期{m.due_words}；达标数为各行动表之和，只算已报的{m.program.words.row}；"
        "落后是到期未达标、或低于应有进度的任务，未到期的不算落后",
    )
    columns = s.columns(_COLUMNS)
    owed = {o.who: o for o in m.owed_now if o.is_report and o.is_measured}
    counties = [county for p in m.program.prefectures for county in m.program.measured_of(p.code)]
    rows = [_row(s, row, county, owed.get(county.code)) for row, county in enumerate(counties, FIRST_ROW)]
    starts = [
        row
        for row, county in enumerate(counties, FIRST_ROW)
        if row == FIRST_ROW or counties[row - FIRST_ROW - 1].prefecture_code != county.prefecture_code
    ]
    pen.table(columns, rows, frozen=STATE_COL, head_pt=34.0, blocks=starts)


def _row(s: Summary, row: int, county: Unit, owed: Obligation | None) -> list[Given]:
    m, code = s.m, county.code
    state, done = m.snapshot.state(m.period, county), m.now.by_county[code]
    same = m.program.comparable_code(county, m.before.period) if m.before else ""
    before = m.before.by_county[same] if m.before and same else None
    met, applies = (
        "=" + "+".join(g.cell(g.rows[code], g.score_col + n) for g in s.scored) if done.reported else "" for n in (0, 1)
    )
    return [
        code,
        m.program.prefecture_by_code[county.prefecture_code].short_name,
        county.short_name,
        Put(STATE_NAMES[state], f"state {state}"),
        *_arrival(owed),
        *scored(row, MET_COL, done, met, applies, hatched(state)),
        *compared(row, MET_COL + 2, done, before),
        *_paces(s, code),
        knowledge_of(m, code),
        s.absences.get(code, ""),
    ]


def _paces(s: Summary, code: str) -> tuple[Given, ...]:
    """Targets that are behind the expected path, and those that are not due; of who did not report nothing is said."""
    if not s.reported(code):
        return "—", "—"
    paces = s.paces.get(code, {})
    return tuple(paces.get(pace, 0) for pace in (Pace.BEHIND, Pace.NOT_DUE))


def _arrival(owed: Obligation | None) -> tuple[Given, ...]:
    """On time or late, the day, and how long."""
    if owed is None:
        return (None,) * 4
    came = owed.met_on or ("" if owed.reason is Reason.NONE else owed.reason.value)
    days = max((owed.met_on - owed.due_on).days, 0) if owed.met_on else owed.days_overdue
    return TIMELINESS_NAMES[owed.timeliness], came, days or None, owed.streak or None


SHEET = SummarySheet(
    name=COUNTIES,
    number=30,
    tab=FRONT,
    what=lambda s: (
        f"各{s.m.program.words.row}的状态、收到日期、达标数、完成率、落后的任务，是本期报的还是沿用上次，没有计入的原因"
    ),
    write=_write,
)
