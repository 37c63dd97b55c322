"""Measures → the pictures of a period, each with the words a reader who cannot see it gets.

The bulletin's six are there in every period of every campaign; of the others those that have something to show
(:mod:`pipeline.reports.further_pictures`), so that a template asks ``{%p if pictures.funding is defined %}`` first.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from pipeline.measures.progress import change_pp, left_out
from pipeline.measures.timeliness import Timeliness
from pipeline.reports import charts, further_pictures
from pipeline.reports.chart_cache import Drawing, drawn
from pipeline.reports.documents import Picture
from pipeline.reports.picture_words import FILE_NAMES, alt_text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Total
    from pipeline.program.model import Prefecture, Program

__all__ = ["FILE_NAMES", "pictures", "try_map"]

BULLETS = 12


def pictures(m: PeriodMeasures, cache: Path | None = None, secret: bytes = b"") -> dict[str, Picture]:
    """All there are, by the names the templates use.

    Args:
        m: The period's measures.
        cache: Folder of pictures drawn before (:mod:`pipeline.reports.chart_cache`); None draws each anew.
        secret: The workspace's key, which signs them.
    """
    found = {name: make(m) for name, make in DRAWINGS.items()}
    return {
        name: Picture(png=drawn(drawing, cache, secret), alt=alt_text(m, name))
        for name, drawing in found.items() if drawing is not None
    }  # fmt: skip


def _ranking(m: PeriodMeasures) -> Drawing:
    rows = []
    for p in m.prefecture_order:
        done = m.now.by_prefecture[p.code]
        before = m.before.by_prefecture[p.code] if m.before else None
        # a figure that was judged otherwise is no mark to set beside this one
        earlier = before.pct if before and not left_out(done, before) else None
        rows.append(charts.RankRow(rank=m.ranks[p.code], name=p.short_name, completion_pct=done.pct, change_pp=change_pp(done, before),
                                   previous_pct=earlier, reported=done.reported, roster=done.roster))  # fmt: skip
    return partial(charts.ranking, rows, pace_pct=m.now.pace_pct)


def _heatmap(m: PeriodMeasures) -> Drawing:
    program = m.program
    return partial(
        charts.heatmap,
        [p.short_name for p in program.prefectures],
        [a.short_title for a in program.actions],
        [[m.now.by_prefecture_action[p.code, a.no].pct for a in program.actions] for p in program.prefectures],
        [m.now.by_prefecture[p.code].pct for p in program.prefectures],
        [m.now.by_action[a.no].pct for a in program.actions],
        m.now.province.pct,
    )


def _tile_map(m: PeriodMeasures) -> Drawing:
    late = {o.who for o in m.owed_now if o.is_report and o.overdue}
    return _map(m.program, {c.code: m.now.by_county[c.code].pct for c in m.program.counties}, late)


def try_map(program: Program) -> None:
    """Draw the county map without figures, as a check of ``counties.csv``.

    Raises:
        ChartError: The grid or a name does not fit.
    """
    _map(program, {}, set())()


def _map(program: Program, completion_pct: Mapping[str, float | None], late: Container[str]) -> Drawing:
    names = program.prefecture_by_code
    return partial(charts.tile_map, [
        charts.Tile(name=c.short_name, prefecture=names[c.prefecture_code].short_name, row=c.tile_row, col=c.tile_col,
                    completion_pct=completion_pct.get(c.code), overdue=c.code in late)
        for c in program.counties
    ])  # fmt: skip


def _trend(m: PeriodMeasures) -> Drawing:
    points = []
    for n, period in enumerate(m.program.periods):
        scores = m.scores[n] if n < len(m.scores) else None
        marks: list[tuple[float, Prefecture]] = []
        if scores:
            marks = [(pct, p) for p in m.program.prefectures if (pct := scores.by_prefecture[p.code].pct) is not None]
        top = max(marks, key=lambda x: x[0], default=None)
        low = min(marks, key=lambda x: x[0], default=None)
        window = m.program.window
        gone = ((min(period.end, window.end) - window.start).days + 1) / ((window.end - window.start).days + 1)
        points.append(charts.TrendPoint(
            period_label=period.short_title, province_pct=scores.province.pct if scores else None,
            highest_pct=top[0] if top else None, highest_name=top[1].short_name if top else None,
            lowest_pct=low[0] if low else None, lowest_name=low[1].short_name if low else None,
            pace_pct=min(100.0, 100 * gone),
        ))  # fmt: skip
    return partial(charts.trend, points)


def _targets(m: PeriodMeasures) -> Drawing:
    """The count targets, those least met first when there are more than fit."""
    counts = [t for t in m.totals if t.full_target is not None and not t.quantity.is_rate
              and t.quantity.target and t.quantity.target.kind == "at_least"
              and t.quantity.window.start <= m.period.end]  # fmt: skip
    chosen = sorted(counts, key=lambda t: (_share(t), t.quantity.code))[:BULLETS]
    rows = [_bullet(t) for t in sorted(chosen, key=lambda t: t.quantity.code)]
    return partial(charts.target_vs_actual, rows)


def _share(t: Total) -> float:
    return (t.actual or 0.0) / t.full_target if t.full_target else 0.0


def _bullet(t: Total) -> charts.BulletRow:
    threshold = float(t.quantity.target.threshold) if t.quantity.target else 0.0
    counties = t.applicable or t.roster  # nobody reported: the scale is the roster's, the bar is hatched
    required = (t.required or 0.0) if t.applicable else 0.0
    return charts.BulletRow(label=t.quantity.title, unit=t.quantity.unit, actual=t.actual or 0.0,
                            full_target=threshold * counties, required=float(math.ceil(required)),
                            reported=t.reported if t.applicable else 0, roster=t.roster)  # fmt: skip


def _timeliness(m: PeriodMeasures) -> Drawing:
    periods = m.program.periods
    rows = []
    for p in m.program.prefectures:
        mine = {o.period.code: o.timeliness.value for o in m.obligations
                if o.is_report and not o.is_county and o.who == p.code}  # fmt: skip
        marks = [mine.get(period.code, Timeliness.NOT_DUE.value) for period in periods]
        rows.append(charts.TimelinessRow(name=p.short_name, marks=tuple(marks)))
    return partial(charts.timeliness, rows, [period.short_title for period in periods])


DRAWINGS: dict[str, Callable[[PeriodMeasures], Drawing | None]] = {
    "rank": _ranking, "trend": _trend, "heat": _heatmap, "bullet": _targets, "map": _tile_map, "timely": _timeliness,
    "funding": further_pictures.funding, "problems": further_pictures.problems, "calendar": further_pictures.calendar,
    "milestones": further_pictures.milestones, "survey": further_pictures.survey, "ten_tasks": further_pictures.ten_tasks,
}  # fmt: skip
