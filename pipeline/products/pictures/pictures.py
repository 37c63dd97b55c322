"""Measures → the pictures of a period, each with the words a reader who cannot see it gets.

The bulletin's six are there in every period of every campaign; of the others those that have something to show
(:mod:`pipeline.products.pictures.further_pictures`), so that a template asks ``{%p if pictures.funding is defined %}`` first.
What does not fit on one sheet is several drawings under one name (图3之一、图3之二); what cannot be drawn is a picture that
says so, so that the documents it stands in are made all the same.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.measures.progress import change_pp, left_out
from pipeline.measures.timeliness import Timeliness
from pipeline.products.documents.word import Picture
from pipeline.products.pictures import charts, further_pictures
from pipeline.products.pictures.chart_cache import Drawing, drawn
from pipeline.products.pictures.words import FILE_NAMES, alt_text, file_name, ordinal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import Total
    from pipeline.program.model import Period, Prefecture

__all__ = ["FILE_NAMES", "pictures", "try_pictures"]

T = TypeVar("T")
BULLETS = 12
UNDRAWN = "本图未能生成"
Parts = list[tuple[str, Drawing]]
"""The drawings of a picture, each with what it is of; one that is whole is of nothing in particular."""


def pictures(m: PeriodMeasures, cache: Path | None = None, secret: bytes = b"") -> dict[str, Picture]:
    """All there are, by the names the templates use.

    Args:
        m: The period's measures.
        cache: Folder of pictures drawn before (:mod:`pipeline.products.pictures.chart_cache`); None draws each anew.
        secret: The workspace's key, which signs them.
    """
    draw = partial(drawn, folder=cache, secret=secret)
    return {name: picture for name, make in DRAWINGS.items() if (picture := _picture(m, name, make, draw))}


def _picture(
    m: PeriodMeasures, name: str, make: Callable[[PeriodMeasures], Parts], draw: Callable[[Drawing], bytes]
) -> Picture | None:
    """One of them; None when it has nothing to show."""
    try:
        parts = make(m)
        alt = alt_text(m, name)
        some = [
            Picture(
                png=draw(drawing),
                alt=f"{alt.removesuffix('。')}；{ordinal(n, len(parts))}：{of}。" if of else alt,
            )
            for n, (of, drawing) in enumerate(parts)
        ]
    except Exception as fault:  # noqa: BLE001 - whatever it is, it costs this picture only
        return Picture(png=charts.sentence(UNDRAWN), alt=UNDRAWN, fault=fault)
    return replace(some[0], more=tuple(some[1:])) if some else None


def try_pictures(m: PeriodMeasures) -> Iterator[tuple[str, Exception]]:
    """Draw all with every figure there and the longest name everywhere; the files that could not be, and why."""
    longest = max((p.short_name for p in m.program.prefectures), key=len)
    for name, make in DRAWINGS.items():
        parts = make(m)
        for n, (_, drawing) in enumerate(parts):
            try:
                partial(drawing.func, *(filled(one, longest) for one in drawing.args), **drawing.keywords)()
            except Exception as fault:  # noqa: BLE001 - any of them would cost the picture in a run
                yield file_name(m, name, n, len(parts)), fault


def filled(value: Any, name: str) -> Any:
    """A value of a drawing with every share at 100 % and every name that nobody holds yet as ``name``."""
    if is_dataclass(value) and not isinstance(value, type):
        worst = {"float | None": 100.0, "str | None": name}
        lacking = {
            f.name: worst[str(f.type)] for f in fields(value) if str(f.type) in worst and getattr(value, f.name) is None
        }
        return replace(value, **lacking)
    if isinstance(value, list | tuple):
        return [filled(one, name) for one in value]
    return 100.0 if value is None else value


def _whole(drawing: Drawing | None) -> Parts:
    return [] if drawing is None else [("", drawing)]


def _spans(rows: Sequence[T], most: int, name: Callable[[T], str]) -> Iterator[tuple[str, Sequence[T]]]:
    """Rows parted over pictures, each part with the names of its first and last."""
    parts = charts.divided(rows, most)
    yield from ((f"{name(some[0])}至{name(some[-1])}" if len(parts) > 1 else "", some) for some in parts)


def _ranking(m: PeriodMeasures) -> Parts:
    rows = []
    for p in m.prefecture_order:
        done = m.now.by_prefecture[p.code]
        before = m.before.by_prefecture[p.code] if m.before else None
        # a figure that was judged otherwise is no mark to set beside this one
        earlier = before.pct if before and not left_out(done, before) else None
        rows.append(charts.RankRow(rank=m.ranks[p.code], name=p.short_name, completion_pct=done.pct, change_pp=change_pp(done, before),
                                   previous_pct=earlier, reported=done.reported, roster=done.roster))  # fmt: skip
    return [
        (of, partial(charts.ranking, some, pace_pct=m.now.pace_pct))
        for of, some in _spans(rows, charts.MOST_RANKS, attrgetter("name"))
    ]


def _heatmap(m: PeriodMeasures) -> Parts:
    program = m.program
    return [
        (
            "，".join(one for one in (whose, what) if one),
            partial(
                charts.heatmap,
                [p.short_name for p in some],
                [a.short_title for a in actions],
                [[m.now.by_prefecture_action[p.code, a.no].pct for a in actions] for p in some],
                [m.now.by_prefecture[p.code].pct for p in some],
                [m.now.by_action[a.no].pct for a in actions],
                m.now.province.pct,
                program.words.whole,
            ),
        )
        for what, actions in _spans(program.actions, charts.MOST_GRID_COLUMNS, attrgetter("short_title"))
        for whose, some in _spans(program.prefectures, charts.MOST_GRID_ROWS, attrgetter("short_name"))
    ]


def _tile_map(m: PeriodMeasures) -> Parts:
    late = {o.who for o in m.owed_now if o.is_report and o.overdue}
    tiles = [
        charts.Tile(
            name=one.short_name,
            prefecture=m.program.owner_of(one),
            row=row,
            col=col,
            completion_pct=m.now.by_county[one.code].pct,
            overdue=one.code in late,
        )
        for one in m.program.measured
        for row, col in (m.program.places[one.code],)
    ]
    windows = charts.windows(tiles)
    return [
        (f"{some[0].name}等{len(some)}个" if len(windows) > 1 else "", partial(charts.tile_map, some))
        for some in windows
    ]


def _trend(m: PeriodMeasures) -> Parts:
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
    return _whole(partial(charts.trend, points, m.program.words.whole))


def _targets(m: PeriodMeasures) -> Parts:
    """The count targets, those least met first when there are more than fit."""
    counts = [t for t in m.totals if t.full_target is not None and not t.quantity.is_rate
              and t.quantity.target and t.quantity.target.kind == "at_least"
              and t.quantity.window.start <= m.period.end]  # fmt: skip
    chosen = sorted(counts, key=lambda t: (_share(t), t.quantity.code))[:BULLETS]
    rows = [_bullet(t) for t in sorted(chosen, key=lambda t: t.quantity.code)]
    return _whole(
        partial(charts.target_vs_actual, rows, m.program.words.row)
        if rows
        else partial(charts.sentence, "本期没有可列的量化任务")
    )


def _share(t: Total) -> float:
    return (t.actual or 0.0) / t.full_target if t.full_target else 0.0


def _bullet(t: Total) -> charts.BulletRow:
    threshold = float(t.quantity.target.threshold) if t.quantity.target else 0.0
    counties = t.applicable or t.roster  # nobody reported: the scale is the roster's, the bar is hatched
    required = (t.required or 0.0) if t.applicable else 0.0
    return charts.BulletRow(label=t.quantity.title, unit=t.quantity.unit, actual=t.actual or 0.0,
                            full_target=threshold * counties, required=float(math.ceil(required)),
                            reported=t.reported if t.applicable else 0, roster=t.roster)  # fmt: skip


def _timeliness(m: PeriodMeasures) -> Parts:
    mine = {(o.who, o.period.code): o.timeliness.value for o in m.obligations if o.is_report and not o.is_county}

    def row(p: Prefecture, periods: Sequence[Period]) -> charts.TimelinessRow:
        marks = [mine.get((p.code, period.code), Timeliness.NOT_DUE.value) for period in periods]
        return charts.TimelinessRow(name=p.short_name, marks=tuple(marks))

    return [
        (
            "，".join(one for one in (whose, when) if one),
            partial(charts.timeliness, [row(p, periods) for p in some], [period.short_title for period in periods]),
        )
        for when, periods in _spans(m.program.periods, charts.MOST_MARKS, attrgetter("short_title"))
        for whose, some in _spans(m.program.prefectures, charts.MOST_GRID_ROWS, attrgetter("short_name"))
    ]


def _further(draw: Callable[[PeriodMeasures], Drawing | None]) -> Callable[[PeriodMeasures], Parts]:
    return lambda m: _whole(draw(m))


DRAWINGS: dict[str, Callable[[PeriodMeasures], Parts]] = {
    "rank": _ranking, "trend": _trend, "heat": _heatmap, "bullet": _targets, "map": _tile_map, "timely": _timeliness,
    **{draw.__name__: _further(draw) for draw in (
        further_pictures.funding, further_pictures.problems, further_pictures.calendar, further_pictures.milestones,
        further_pictures.survey, further_pictures.ten_tasks,
    )},
}  # fmt: skip
