"""州（市）完成率, 各县情况 and 各期完成率: what the sheets of the forms come to, by formulas that lead back to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.state import REPORTED, STATE_NAMES, State
from pipeline.forms.style import ok
from pipeline.measures.overdue import Obligation, Reason
from pipeline.measures.progress import change_pp
from pipeline.measures.timeliness import TIMELINESS_NAMES
from pipeline.products.summary.grid import PROVINCE_ROW
from pipeline.products.summary.style import (
    Column,
    SummaryPrint,
    heading,
    height_of,
    to_paper,
    write_formula,
    write_text,
    write_value,
)
from pipeline.products.wording import Figures, cn_date, not_compared
from pipeline.program.layout import address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Completion
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.style import Look
    from pipeline.program.model import Prefecture

PREFECTURES, COUNTIES, TREND = "州（市）完成率", "各县情况", "各期完成率"
HEAD_ROW, FIRST_ROW = 2, 3  # of 各县情况 and 各期完成率
PREFECTURE_HEAD, WHOLE_ROW, FIRST_PREFECTURE = 2, 3, 4
_COUNTY_COLUMNS = (
    Column(head="代码", width=9),
    Column(head="州（市）", width=12),
    Column(head="县（市、区）", width=15),
    Column(head="状态", width=10),
    Column(head="时效", width=9),
    Column(head="收到日期", width=12),
    Column(head="逾期或迟报天数", width=9, kind="count"),
    Column(head="连续未按时期数", width=9, kind="count"),
    Column(head="达标数", width=9),
    Column(head="应达标数", width=9),
    Column(head="完成率", width=9),
    Column(head="上期完成率", width=9),
    Column(head="较上期（百分点）", width=10),
    Column(head="没有计入的原因", width=42, kind="quiet_wrapped"),
)
NAME_COL, PLACE_COL, STATE_COL, MET_COL, APPLIES_COL = 1, 2, 3, 8, 9
_PREFECTURE_COLUMNS = (
    ("排名", 6.0),
    ("代码", 8.0),
    ("州（市）", 12.0),
    ("应报县", 7.0),
    *((STATE_NAMES[s], 8.0) for s in State),
    ("已报县", 7.0),
    ("达标数", 8.0),
    ("应达标数", 8.0),
    ("完成率", 8.5),
    ("上期完成率", 8.5),
    ("较上期（百分点）", 9.0),
)
ROSTER, FIRST_STATE = 3, 4
REPORTED_COL, MET, APPLIES, PCT, BEFORE, CHANGE, FIRST_ACTION = range(
    FIRST_STATE + len(State), FIRST_STATE + len(State) + 7
)
_TREND_COLUMNS = (
    ("报送期", 18.0),
    ("应报县", 9.0),
    ("已报县", 9.0),
    ("达标数", 10.0),
    ("应达标数", 10.0),
    ("完成率", 10.0),
    ("时间进度", 10.0),
)


def counties_sheet(sheet: Any, f: Look, m: PeriodMeasures, grids: Sequence[Grid], absences: Mapping[str, str]) -> None:
    """Every county: its state, when it came, and its targets met as the sum of the sheets of the actions."""
    w = m.program.words
    heading(
        sheet,
        f,
        f"{m.program.worded(COUNTIES)}（{m.period.title}）",
        f"应报日期{cn_date(m.period.due_on)}；达标数为各行动表之和，只算已报的{w.row}",
    )
    sheet.set_row(HEAD_ROW, 34)
    for col, column in enumerate(_COUNTY_COLUMNS):
        sheet.set_column(col, col, column.width)
        write_text(sheet, HEAD_ROW, col, m.program.worded(column.head), f.head)
    owed = {o.who: o for o in m.owed_now if o.is_report and o.is_measured}
    heights, blocks, row = [28.0, 18.0, 34.0], [], HEAD_ROW
    for prefecture in m.program.prefectures:
        blocks.append(row + 1)
        for county in m.program.measured_of(prefecture.code):
            row += 1
            state = m.snapshot.state(m.period, county)
            for col, text in enumerate((county.code, prefecture.short_name, county.short_name)):
                write_text(sheet, row, col, text, f.middle)
            write_text(sheet, row, STATE_COL, STATE_NAMES[state], f.states[state])
            _arrival(sheet, f, row, owed.get(county.code))
            _county_score(
                sheet,
                f,
                m,
                row,
                county.code,
                [g.cell(g.rows[county.code], g.score_col) for g in grids],
                [g.cell(g.rows[county.code], g.score_col + 1) for g in grids],
            )
            reason = absences.get(county.code, "")
            write_value(sheet, f, row, len(_COUNTY_COLUMNS) - 1, reason, "quiet_wrapped")
            heights.append(height_of([(reason, _COUNTY_COLUMNS[-1].width)]))
            sheet.set_row(row, heights[-1])
    sheet.freeze_panes(FIRST_ROW, STATE_COL)
    sheet.autofilter(HEAD_ROW, 0, max(row, FIRST_ROW), len(_COUNTY_COLUMNS) - 1)
    to_paper(
        sheet,
        SummaryPrint(
            heads=(HEAD_ROW, HEAD_ROW),
            leading=STATE_COL,
            widths=[c.width for c in _COUNTY_COLUMNS],
            heights=heights,
            blocks=blocks,
        ),
    )


def _arrival(sheet: Any, f: Look, row: int, owed: Obligation | None) -> None:
    """On time or late, the day, and how long."""
    if owed is None:
        return
    write_text(sheet, row, 4, TIMELINESS_NAMES[owed.timeliness], f.middle)
    write_value(sheet, f, row, 5, owed.met_on or ("" if owed.reason is Reason.NONE else owed.reason.value))
    write_value(sheet, f, row, 6, owed.days_overdue or None)
    write_value(sheet, f, row, 7, owed.streak or None)


def _county_score(
    sheet: Any, f: Look, m: PeriodMeasures, row: int, code: str, met: Sequence[str], applies: Sequence[str]
) -> None:
    done = m.now.by_county[code]
    same = m.program.comparable_code(m.program.unit_by_code[code], m.before.period) if m.before else ""
    before = m.before.by_county[same] if m.before and same else None
    if not done.reported:
        for col in range(MET_COL, MET_COL + 3):
            write_text(
                sheet,
                row,
                col,
                "",
                f.hatched.get(m.snapshot.state(m.period, m.program.unit_by_code[code]), f.missing),
            )
    else:
        write_formula(sheet, row, MET_COL, "=" + "+".join(met), f.number("count"), done.met)
        write_formula(sheet, row, APPLIES_COL, "=" + "+".join(applies), f.number("count"), done.applicable)
        _share(sheet, f, row, MET_COL, done)
    _change(sheet, f, row, MET_COL + 2, done, before)


def _share(sheet: Any, f: Look, row: int, met: int, done: Completion, level: str = "") -> None:
    if done.applicable:
        formula = f"={address(row, met)}/{address(row, met + 1)}"
        write_formula(sheet, row, met + 2, formula, f.number("pct", level), done.met / done.applicable)
    else:
        write_text(sheet, row, met + 2, "—", f.said(level))


def _change(
    sheet: Any, f: Look, row: int, pct: int, now: Completion, before: Completion | None, level: str = ""
) -> None:
    """The share of the period before, and the change between the two as printed."""
    if before is None or before.pct is None:
        write_text(sheet, row, pct + 1, "—", f.said(level))
    else:
        ok(sheet.write_number(row, pct + 1, before.pct / 100, f.number("pct", level)))
    step = change_pp(now, before)
    if step is None:
        write_text(sheet, row, pct + 2, "—", f.said(level))
    elif before and before.pct is not None and step != change_pp(now.pct, before.pct):  # not the columns' difference
        ok(sheet.write_number(row, pct + 2, step, f.number("points", level)))
    else:
        a, b = address(row, pct), address(row, pct + 1)
        write_formula(sheet, row, pct + 2, f"=(ROUND({a},3)-ROUND({b},3))*100", f.number("points", level), step)


def prefectures_sheet(sheet: Any, f: Look, m: PeriodMeasures, grids: Sequence[Grid]) -> None:
    """Prefectures by rank: coverage and targets met counted from 各县情况, each action's share from its own sheet."""
    w = m.program.words
    heading(
        sheet,
        f,
        f"各{w.respondent}完成率（{m.period.title}）",
        f"按已报{m.reported}{w.rows}统计，应报{len(m.program.measured)}{w.rows}；"
        "完成率＝达标数÷应达标数；排名按完成率（一位小数），并列同名次；斜纹格为无人报送" + _aside(m),
    )
    titles = {a.no: a.short_title for a in m.program.actions}
    actions = [(titles[g.form.action], 9.0) for g in grids if g.form.action is not None]
    columns: list[tuple[str, float]] = [
        *((m.program.worded(head), width) for head, width in _PREFECTURE_COLUMNS),
        *actions,
    ]
    for col, (head, width) in enumerate(columns):
        sheet.set_column(col, col, width)
        write_text(sheet, PREFECTURE_HEAD, col, head, f.head)
    sheet.set_column(len(columns), len(columns), 20)
    write_text(sheet, PREFECTURE_HEAD, len(columns), "图中的名称", f.head)
    _whole_row(sheet, f, m, grids)
    for row, prefecture in enumerate(m.prefecture_order, FIRST_PREFECTURE):
        _prefecture_row(sheet, f, m, grids, row, prefecture)
    last = FIRST_PREFECTURE + len(m.prefecture_order) - 1
    heights = [28.0, 18.0, height_of(columns, 34), *[20.0] * (last - PREFECTURE_HEAD)]
    for row, height in enumerate(heights[PREFECTURE_HEAD:], PREFECTURE_HEAD):
        sheet.set_row(row, height)
    shade = {
        "type": "2_color_scale",
        "min_color": "#FFFFFF",
        "max_color": "#8FB0DA",
        "min_type": "num",
        "min_value": 0,
        "max_type": "num",
        "max_value": 1,
    }
    for first, end in ((PCT, PCT), (FIRST_ACTION, len(columns) - 1)):
        if first <= end:
            sheet.conditional_format(FIRST_PREFECTURE, first, last, end, shade)
    sheet.freeze_panes(FIRST_PREFECTURE, ROSTER)
    sheet.autofilter(WHOLE_ROW - 1, 0, last, len(columns) - 1)
    to_paper(
        sheet,
        SummaryPrint(
            heads=(PREFECTURE_HEAD, PREFECTURE_HEAD), leading=ROSTER, widths=[w for _, w in columns], heights=heights
        ),
    )


def _aside(m: PeriodMeasures) -> str:
    return not_compared(Figures(m.program.words), "", m.now.province, m.before.province if m.before else None)


def _whole_row(sheet: Any, f: Look, m: PeriodMeasures, grids: Sequence[Grid]) -> None:
    w = m.program.words
    row, last = WHOLE_ROW, FIRST_PREFECTURE + len(m.prefecture_order) - 1
    for col, text in enumerate(("", "", w.whole)):
        write_text(sheet, row, col, text, f.said("whole"))
    done = m.now.province
    counts = [len(m.program.measured), *(m.states[s] for s in State), m.reported]
    counts += [done.met, done.applicable] if done.reported else []
    for col, count in enumerate(counts, ROSTER):
        formula = f"=SUM({address(FIRST_PREFECTURE, col)}:{address(last, col)})"
        write_formula(sheet, row, col, formula, f.number("count", "whole"), count)
    if done.reported:
        _share(sheet, f, row, MET, done, "whole")
    else:
        for col in (MET, APPLIES, PCT):
            write_text(sheet, row, col, "", f.missing)
    _change(sheet, f, row, PCT, done, m.before.province if m.before else None, "whole")
    for col, grid in enumerate(grids, FIRST_ACTION):
        _linked_share(sheet, f, row, col, grid, PROVINCE_ROW, m.now.by_action.get(grid.form.action or 0), "whole")


def _prefecture_row(sheet: Any, f: Look, m: PeriodMeasures, grids: Sequence[Grid], row: int, p: Prefecture) -> None:
    done, rank = m.now.by_prefecture[p.code], m.ranks[p.code]
    write_value(sheet, f, row, 0, "—" if rank is None else rank, "text" if rank is None else "plain")
    for col, text in enumerate((p.code, p.short_name), 1):
        write_text(sheet, row, col, text, f.middle)
    mine = m.program.measured_of(p.code)
    states = [m.snapshot.state(m.period, county) for county in mine]
    name = f"${address(row, 2)}"
    whose = f"{_of_counties(m, NAME_COL)},{name}"
    write_formula(sheet, row, ROSTER, f"=COUNTIF({whose})", f.number("count"), len(mine))
    for col, state in enumerate(State, FIRST_STATE):
        formula = f'=COUNTIFS({whose},{_of_counties(m, STATE_COL)},"{STATE_NAMES[state]}")'
        write_formula(sheet, row, col, formula, f.number("count"), states.count(state))
    both = "+".join(address(row, FIRST_STATE + list(State).index(s)) for s in REPORTED)
    write_formula(sheet, row, REPORTED_COL, f"={both}", f.number("count"), done.reported)
    if done.reported:
        for col, of, count in ((MET, MET_COL, done.met), (APPLIES, APPLIES_COL, done.applicable)):
            write_formula(sheet, row, col, f"=SUMIF({whose},{_of_counties(m, of)})", f.number("count"), count)
        _share(sheet, f, row, MET, done)
    else:
        for col in (MET, APPLIES, PCT):
            write_text(sheet, row, col, "", f.missing)
    _change(sheet, f, row, PCT, done, m.before.by_prefecture[p.code] if m.before else None)
    for col, grid in enumerate(grids, FIRST_ACTION):
        score = m.now.by_prefecture_action.get((p.code, grid.form.action or 0))
        _linked_share(sheet, f, row, col, grid, grid.rows[p.code], score)
    _chart_name(sheet, f, row, FIRST_ACTION + len(grids), p.short_name, done)


def _of_counties(m: PeriodMeasures, col: int) -> str:
    """A column of 各县情况."""
    first, last = address(FIRST_ROW, col), address(FIRST_ROW + len(m.program.measured) - 1, col)
    letters = first.rstrip("0123456789")
    return f"'{m.program.worded(COUNTIES)}'!${letters}${first[len(letters) :]}:${letters}${last[len(letters) :]}"


def _linked_share(
    sheet: Any, f: Look, row: int, col: int, grid: Grid, of: int, done: Completion | None, level: str = ""
) -> None:
    """An action's share, taken from its sheet."""
    if done is None or not done.reported:
        write_text(sheet, row, col, "", f.missing)
    elif not done.applicable:
        write_text(sheet, row, col, "—", f.said(level))
    else:
        formula = f"={grid.cell(of, grid.score_col + 2)}"
        write_formula(sheet, row, col, formula, f.number("pct", level), done.met / done.applicable)


def _chart_name(sheet: Any, f: Look, row: int, col: int, name: str, done: Completion) -> None:
    """The prefecture with its coverage, as charts call it: nobody's missing report looks like a small figure."""
    reported, roster = address(row, REPORTED_COL), address(row, ROSTER)
    formula = f'={address(row, 2)}&IF({reported}=0," 未计入"," "&{reported}&"/"&{roster})'
    shown = f"{name} {done.reported}/{done.roster}" if done.reported else f"{name} 未计入"
    write_formula(sheet, row, col, formula, f.quiet, shown)


def trend_sheet(sheet: Any, f: Look, m: PeriodMeasures) -> None:
    """Completion of every period so far, as it stands today, beside the share of the time gone."""
    w = m.program.words
    heading(
        sheet,
        f,
        f"{TREND}（截至{m.period.title}）",
        f"各期按当期已报的{w.row}统计；时间进度为专项工作期内已过的天数占比",
    )
    for col, (head, width) in enumerate(_TREND_COLUMNS):
        sheet.set_column(col, col, width)
        write_text(sheet, HEAD_ROW, col, m.program.worded(head), f.head)
    for row, score in enumerate(m.scores, FIRST_ROW):
        done = score.province
        write_text(sheet, row, 0, score.period.title, f.middle)
        write_value(sheet, f, row, 1, done.roster)
        write_value(sheet, f, row, 2, done.reported)
        if score.period != m.period and done.reported:
            write_value(sheet, f, row, 3, done.met)
            write_value(sheet, f, row, 4, done.applicable)
        elif done.reported:
            for col, of, count in ((3, MET, done.met), (4, APPLIES, done.applicable)):
                write_formula(
                    sheet,
                    row,
                    col,
                    f"='{m.program.worded(PREFECTURES)}'!{address(WHOLE_ROW, of)}",
                    f.number("count"),
                    count,
                )
        if done.reported:
            _share(sheet, f, row, 3, done)
        else:
            for col in (3, 4, 5):
                write_text(sheet, row, col, "", f.missing)
        ok(sheet.write_number(row, 6, score.pace_pct / 100, f.number("pct")))
    heights = [28.0, 18.0, 20.0, *[20.0] * len(m.scores), *[15.0] * 20]
    for row, height in enumerate(heights[HEAD_ROW:], HEAD_ROW):
        sheet.set_row(row, height)
    sheet.freeze_panes(FIRST_ROW, 1)
    widths = [*(w for _, w in _TREND_COLUMNS), *[9.0] * 5]
    to_paper(sheet, SummaryPrint(heads=(HEAD_ROW, HEAD_ROW), leading=1, widths=widths, heights=heights))
