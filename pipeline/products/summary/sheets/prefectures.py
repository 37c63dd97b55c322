"""州（市）完成率: prefectures by where they stand, counted from 各县情况, each action's share from its own sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.state import REPORTED, STATE_NAMES, State
from pipeline.products.summary.grid import PROVINCE_ROW
from pipeline.products.summary.registry import FRONT, SummarySheet
from pipeline.products.summary.shares import BOUNDS, bounded, compared, scored
from pipeline.products.summary.sheets.counties import APPLIES_COL, COUNTIES, MET_COL, NAME_COL, STATE_COL
from pipeline.products.summary.style import FIRST_ROW, MISSING, Column, Put, height_of
from pipeline.products.wording import Figures, not_compared
from pipeline.program.layout import address

if TYPE_CHECKING:
    from pipeline.measures.completion import Completion
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given, Pen
    from pipeline.program.model import Prefecture

PREFECTURES = "州（市）完成率"
WHOLE_ROW, FIRST_PREFECTURE = 3, 4
_COLUMNS = (
    Column("位次", 6.0),
    Column("代码", 8.0),
    Column("州（市）", 12.0),
    Column("应报县", 7.0),
    *(Column(STATE_NAMES[s], 8.0) for s in State),
    Column("已报县", 7.0),
    Column("达标数", 8.0),
    Column("应达标数", 8.0),
    Column("完成率", 8.5),
    Column("上期完成率", 8.5),
    Column("较上期（百分点）", 9.0),
    *BOUNDS,
)
_ROSTER, FIRST_STATE = 3, 4
_REPORTED_COL, MET, APPLIES, PCT = range(FIRST_STATE + len(State), FIRST_STATE + len(State) + 4)
FIRST_ACTION = PCT + 3 + len(BOUNDS)
_SHADE = {
    "type": "2_color_scale",
    "min_color": "#FFFFFF",
    "max_color": "#8FB0DA",
    "min_type": "num",
    "min_value": 0,
    "max_type": "num",
    "max_value": 1,
}


def _write(s: Summary, pen: Pen) -> None:
    m, w = s.m, s.m.program.words
    aside = not_compared(Figures(w), "", m.now.province, m.before.province if m.before else None)
    pen.heading(
        f"各{w.respondent}完成率（{m.period.title}）",
        f"按已报{m.reported}{w.rows}统计，应报{len(m.program.measured)}{w.rows}；"
        f"完成率＝达标数÷应达标数；位次分居前、居中、居后，差异不超出正常波动的都是居中，不分先后；斜纹格为无人报送{aside}",
    )
    titles = {a.no: a.short_title for a in m.program.actions}
    actions = [Column(titles[g.form.action], 9.0) for g in s.scored if g.form.action is not None]
    columns = [*s.columns(_COLUMNS), *actions]
    pen.table(
        [*columns, Column("图中的名称", 20)],
        [_row(s, row, p) for row, p in enumerate(m.prefecture_order, FIRST_PREFECTURE)],
        frozen=_ROSTER,
        unprinted=1,
        filtered=len(columns),
        head_pt=height_of([(c.head, c.width) for c in columns], 34),
        whole=_whole(s),
    )
    last = FIRST_PREFECTURE + len(m.prefecture_order) - 1
    for first, end in ((PCT, PCT), (FIRST_ACTION, len(columns) - 1)):
        if first <= end:
            pen.sheet.conditional_format(FIRST_PREFECTURE, first, last, end, _SHADE)


def _whole(s: Summary) -> list[Given]:
    """The row of all: sums of the rows under it."""
    m, done = s.m, s.m.now.province
    last = FIRST_PREFECTURE + len(m.prefecture_order) - 1

    def total(col: int) -> str:
        return f"=SUM({address(FIRST_PREFECTURE, col)}:{address(last, col)})"

    counts = [len(m.program.measured), *(m.states[state] for state in State), m.reported]
    return [
        *("", "", m.program.words.whole),
        *(Put(count, "count", total(col)) for col, count in enumerate(counts, _ROSTER)),
        *scored(WHOLE_ROW, MET, done, total(MET), total(APPLIES)),
        *compared(WHOLE_ROW, PCT, done, m.before.province if m.before else None),
        *bounded(done),
        *(_of_action(g, PROVINCE_ROW, m.now.by_action.get(g.form.action or 0)) for g in s.scored),
    ]


def _row(s: Summary, row: int, p: Prefecture) -> list[Given]:
    m, done, standing = s.m, s.m.now.by_prefecture[p.code], s.m.bands.get(p.code)
    mine = m.program.measured_of(p.code)
    states = [m.snapshot.state(m.period, county) for county in mine]
    whose = f"{_of_counties(s, NAME_COL)},${address(row, 2)}"
    in_state = f"{whose},{_of_counties(s, STATE_COL)}"
    both = "+".join(address(row, FIRST_STATE + list(State).index(state)) for state in REPORTED)
    met, applies = (f"=SUMIF({whose},{_of_counties(s, col)})" for col in (MET_COL, APPLIES_COL))
    by_action = m.now.by_prefecture_action
    return [
        standing.band.value if standing else "—",
        p.code,
        p.short_name,
        Put(len(mine), "count", f"=COUNTIF({whose})"),
        *(Put(states.count(one), "count", f'=COUNTIFS({in_state},"{STATE_NAMES[one]}")') for one in State),
        Put(done.reported, "count", f"={both}"),
        *scored(row, MET, done, met, applies),
        *compared(row, PCT, done, m.before.by_prefecture[p.code] if m.before else None),
        *bounded(done),
        *(_of_action(g, g.rows[p.code], by_action.get((p.code, g.form.action or 0))) for g in s.scored),
        _chart_name(row, p.short_name, done),
    ]


def _of_counties(s: Summary, col: int) -> str:
    """A column of 各县情况."""
    first, last = address(FIRST_ROW, col), address(FIRST_ROW + len(s.m.program.measured) - 1, col)
    letters = first.rstrip("0123456789")
    return f"'{s.named(COUNTIES)}'!${letters}${first[len(letters) :]}:${letters}${last[len(letters) :]}"


def _of_action(grid: Grid, of: int, done: Completion | None) -> Given:
    """An action's share, taken from its sheet."""
    if done is None or not done.reported:
        return Put("", MISSING)
    share = f"={grid.cell(of, grid.score_col + 2)}"
    return Put(done.met / done.applicable, "pct", share) if done.applicable else "—"


def _chart_name(row: int, name: str, done: Completion) -> Put:
    """The prefecture with its coverage, as charts call it: nobody's missing report looks like a small figure."""
    reported, roster = address(row, _REPORTED_COL), address(row, _ROSTER)
    shown = f"{name} {done.reported}/{done.roster}" if done.reported else f"{name} 未计入"
    return Put(shown, "quiet", f'={address(row, 2)}&IF({reported}=0," 未计入"," "&{reported}&"/"&{roster})')


SHEET = SummarySheet(
    name=PREFECTURES,
    number=20,
    tab=FRONT,
    what=lambda s: (
        f"{len(s.m.program.prefectures)}{s.m.program.words.respondents}的位次、报送状态、完成率和各行动完成率"
    ),
    write=_write,
)
