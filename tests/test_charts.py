"""The six pictures: their size, their honesty about missing figures, and the check that refuses a spoilt one."""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from pipeline.reports import chart_parts, fonts
from pipeline.reports.chart_ranking import _signed
from pipeline.reports.chart_targets import _verdict
from pipeline.reports.chart_tiles import _name_lines
from pipeline.reports.charts import (
    BulletRow,
    ChartError,
    GlyphError,
    RankRow,
    Tile,
    TimelinessRow,
    TrendPoint,
    heatmap,
    ranking,
    target_vs_actual,
    tile_map,
    timeliness,
    trend,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

NORTH = ("昆明市", "曲靖市", "玉溪市", "保山市", "昭通市", "丽江市", "普洱市", "临沧市")
SOUTH = ("楚雄州", "红河州", "文山州", "西双版纳州", "大理州", "德宏州", "怒江州", "迪庆州")
PREFECTURES = (*NORTH, *SOUTH)
ACTIONS = ("思想引领", "组织功能", "服务阵地", "制度机制", "建功立业", "帮扶服务", "自身建设", "数字赋能")
PERIODS = ("22年11—12月", "23年1—2月", "23年3—4月", "23年5—6月", "23年7—8月", "23年9—10月")
PACE = (10.0, 25.0, 42.0, 60.0, 80.0, 100.0)
LONG = "西双版纳傣族自治州总工会产业工人队伍建设改革领导小组办公室"

# One letter for each prefecture, where it lies; a dot is an empty cell. The shape of the real grid, halved.
SKETCH = """
..........AA.
.BB......AAA.
.CBDDD...AAEE
.CFFFGGHHHEE.
IIFFFGGHHHEEE
JIKKLGMMHHNO.
JJKKLLMMMNNOO
...KLLNNNNNO.
...PPP...NN..
"""


def rank_rows(values: Sequence[float | None], names: Sequence[str] = PREFECTURES) -> list[RankRow]:
    return [
        RankRow(
            rank=None if value is None else i + 1,
            name=name,
            completion_pct=value,
            change_pp=None if value is None else 3.25,
            previous_pct=None if value is None else max(0.0, value - 3.25),
            reported=0 if value is None else 8,
            roster=9,
        )
        for i, (name, value) in enumerate(zip(names, values, strict=True))
    ]


def draw_heat(value: float | None, names: Sequence[str] = PREFECTURES, actions: Sequence[str] = ACTIONS) -> bytes:
    cells = [[value] * len(actions) for _ in names]
    return heatmap(names, actions, cells, [value] * len(names), [value] * len(actions), value)


def tiles(value: float | None) -> list[Tile]:
    return [
        Tile(name=f"甲{cell}县", prefecture=f"{cell}州", row=r, col=c, completion_pct=value, overdue=(r + c) % 5 == 0)
        for r, line in enumerate(SKETCH.split())
        for c, cell in enumerate(line)
        if cell != "."
    ]


def trend_points(past: Sequence[tuple[float, float, float] | None]) -> list[TrendPoint]:
    known = [*past, *[None] * (len(PERIODS) - len(past))]
    return [
        TrendPoint(
            period_label=label,
            province_pct=figures[1] if figures else None,
            highest_pct=figures[0] if figures else None,
            highest_name="西双版纳州" if figures else None,
            lowest_pct=figures[2] if figures else None,
            lowest_name="迪庆州" if figures else None,
            pace_pct=pace,
        )
        for label, figures, pace in zip(PERIODS, known, PACE, strict=True)
    ]


def bullet(label: str = "职工培训", *, actual: float = 41250, full: float = 64500, due: float = 38700) -> BulletRow:
    return BulletRow(label=label, unit="人次", actual=actual, full_target=full, required=due, reported=127, roster=129)


def timely_rows(names: Sequence[str] = PREFECTURES) -> list[TimelinessRow]:
    marks = ("ON_TIME", "LATE", "OVERDUE", "ON_TIME", "NOT_DUE", "NOT_DUE")
    return [TimelinessRow(name=name, marks=marks) for name in names]


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def grey(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(picture(png).convert("L"))


EVERY: dict[str, Callable[[], bytes]] = {
    "ranking": lambda: ranking(rank_rows([70.0 - 2 * i for i in range(15)] + [None]), pace_pct=60.0),
    "heatmap": lambda: draw_heat(61.2),
    "tile_map": lambda: tile_map(tiles(58.0)),
    "trend": lambda: trend(trend_points([(14, 9.2, 3), (36.2, 24, 11), (58, 43, 27.3), (79, 61, 44.1)])),
    "target_vs_actual": lambda: target_vs_actual([bullet(f"职工培训第{i}类") for i in range(12)]),
    "timeliness": lambda: timeliness(timely_rows(), PERIODS),
}

EDGES: dict[str, Callable[[], bytes]] = {
    "ranking, nobody reported": lambda: ranking(rank_rows([None] * 16), pace_pct=60.0),
    "ranking, one reported": lambda: ranking(rank_rows([33.333] + [None] * 15), pace_pct=60.0),
    "ranking, all complete, pace at the end": lambda: ranking(rank_rows([100.0] * 16), pace_pct=100.0),
    "ranking, zeros, pace at the start": lambda: ranking(rank_rows([0.0] * 16), pace_pct=0.0),
    "ranking, no pace": lambda: ranking(rank_rows([50.0] * 16), pace_pct=None),
    "ranking, one row": lambda: ranking(rank_rows([50.0], ["昆明市"]), pace_pct=60.0),
    "ranking, long names": lambda: ranking(rank_rows([50.0] * 16, [LONG] * 16), pace_pct=60.0),
    "heatmap, nobody reported": lambda: draw_heat(None),
    "heatmap, all complete": lambda: draw_heat(100.0),
    "heatmap, zeros": lambda: draw_heat(0.0),
    "heatmap, long names": lambda: draw_heat(33.333, [LONG] * 16, ["职工思想引领行动"] * 8),
    "heatmap, one column": lambda: draw_heat(33.333, PREFECTURES, ["思想引领"]),
    "tile map, nobody reported": lambda: tile_map(tiles(None)),
    "tile map, all complete": lambda: tile_map(tiles(100.0)),
    "tile map, zeros": lambda: tile_map(tiles(0.0)),
    "tile map, one tile": lambda: tile_map(tiles(33.333)[:1]),
    "trend, nothing yet": lambda: trend(trend_points([])),
    "trend, first period": lambda: trend(trend_points([(14.0, 9.2, 3.0)])),
    "trend, first period, zeros": lambda: trend(trend_points([(0.0, 0.0, 0.0)])),
    "trend, all tied": lambda: trend(trend_points([(33.333, 33.333, 33.333)] * 4)),
    "trend, all complete": lambda: trend(trend_points([(100.0, 100.0, 100.0)] * 6)),
    "trend, a period without returns": lambda: trend(trend_points([(14.0, 9.2, 3.0), None, (58.0, 43.0, 27.0)])),
    "targets, one row": lambda: target_vs_actual([bullet()]),
    "targets, far exceeded": lambda: target_vs_actual([bullet(actual=9_999_999.5, full=1, due=1)]),
    "targets, zeros": lambda: target_vs_actual([bullet(actual=0, due=0), bullet(actual=0, due=33.333)]),
    "targets, long label": lambda: target_vs_actual([bullet(LONG, actual=33.333)]),
    "timeliness, one row": lambda: timeliness(timely_rows(["昆明市"]), PERIODS),
    "timeliness, long names": lambda: timeliness(timely_rows([LONG] * 16), PERIODS),
}


@pytest.mark.parametrize("draw", [*EVERY.values(), *EDGES.values()], ids=[*EVERY, *EDGES])
def test_a_picture_is_156_mm_wide_and_at_most_100_mm_high(draw: Callable[[], bytes]) -> None:
    image = picture(draw())
    across, down = (float(dots) for dots in image.info["dpi"])
    assert (across, down) == pytest.approx((220, 220), abs=0.1)
    assert image.width / across * 25.4 == pytest.approx(156, abs=0.1)
    assert image.height / down * 25.4 <= 100.1


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_the_same_values_give_the_same_bytes_whatever_matplotlibrc_says(draw: Callable[[], bytes]) -> None:
    first = draw()
    with mpl.rc_context({"font.size": 30, "text.antialiased": False, "path.sketch": (5, 5, 5), "savefig.dpi": 30}):
        assert draw() == first


def test_bytes_do_not_depend_on_the_process() -> None:
    program = (
        "import hashlib; from pipeline.reports.charts import *;"
        "png = timeliness([TimelinessRow(name='云县', marks=['LATE'])], ['第一期']);"
        "print(hashlib.sha256(png).hexdigest())"
    )
    root = Path(fonts.__file__).parents[2]
    command = [sys.executable, "-c", program]
    runs = {subprocess.check_output(command, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}) for seed in "12"}
    assert len(runs) == 1


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_no_date_or_program_name_is_written_into_the_file(draw: Callable[[], bytes]) -> None:
    assert set(picture(draw()).info) <= {"dpi"}


def test_six_pictures_take_under_three_seconds() -> None:
    for draw in EVERY.values():
        draw()
    start = time.process_time()
    for draw in EVERY.values():
        draw()
    assert time.process_time() - start < 3


def test_a_missing_figure_is_neither_zero_nor_complete() -> None:
    rows = [ranking(rank_rows([value] * 16), pace_pct=None) for value in (None, 0.0, 100.0)]
    cells = [draw_heat(value) for value in (None, 0.0, 100.0)]
    assert len(set(rows)) == len(set(cells)) == 3


def test_a_quantity_nobody_reported_is_not_drawn_as_its_figure() -> None:
    silent = BulletRow(label="职工培训", unit="人次", actual=0, full_target=9, required=3, reported=0, roster=9)
    assert _verdict(silent)[0] == "未报"
    assert target_vs_actual([silent]) != target_vs_actual([bullet(actual=0, full=9, due=3)])


def test_shades_darken_with_completion_in_grey() -> None:
    middles = [float(grey(draw_heat(value)).mean()) for value in (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)]
    assert middles == sorted(middles, reverse=True)
    assert min(a - b for a, b in pairwise(middles)) > 8


@pytest.mark.parametrize("pct", range(0, 101, 5))
def test_text_reads_on_every_shade(pct: int) -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(colour) for colour in chart_parts.shade(pct)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.0


def test_the_four_marks_differ_in_grey() -> None:
    drawn = {
        grey(timeliness([TimelinessRow(name="云县", marks=[mark])], ["第一期"])).tobytes()
        for mark in ("LATE", "OVERDUE", "NOT_DUE", "ON_TIME")
    }
    assert len(drawn) == 4


def test_timeliness_counts_only_periods_already_due() -> None:
    assert timely_rows()[0].summary() == "按时 2/4"
    assert TimelinessRow(name="云县", marks=["NOT_DUE"] * 6).summary() == "—"


@pytest.mark.parametrize(
    ("change", "shown"),
    [(7.25, "+7.3"), (-1.65, "–1.7"), (0.0, "0.0"), (-0.04, "0.0"), (0.04, "0.0"), (None, "—"), (33.333, "+33.3")],
)
def test_changes_carry_their_sign(change: float | None, shown: str) -> None:
    assert _signed(change) == shown


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (33.333, 1, "33.3"),
        (62.5, 0, "63"),
        (0.05, 1, "0.1"),
        (2.675, 2, "2.68"),
        (64500, 0, "64,500"),
        (-0.01, 1, "0.0"),
    ],
)
def test_figures_are_rounded_half_up(value: float, places: int, shown: str) -> None:
    assert chart_parts.rounded(value, places) == shown


@pytest.mark.parametrize(
    ("actual", "full", "due", "verdict"),
    [
        (41250, 64500, 38700, "达到序时"),
        (76, 129, 77.4, "差 2"),
        (77.4, 129, 77.4, "达到序时"),
        (0.1 + 0.2, 10, 0.3, "达到序时"),
        (33.33, 100, 33.333, "差 0.01"),
        (0, 64500, 38700, "差 38,700"),
    ],
)
def test_a_shortfall_is_never_rounded_away(actual: float, full: float, due: float, verdict: str) -> None:
    assert _verdict(bullet(actual=actual, full=full, due=due))[0] == verdict


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("云县", ["云县"]),
        ("芒市", ["芒市"]),
        ("五华区", ["五华区"]),
        ("麻栗坡县", ["麻栗坡县"]),
        ("香格里拉市", ["香格里拉"]),
        ("双江拉祜族县", ["双江拉", "祜族县"]),
    ],
)
def test_county_names_stay_whole_or_lose_only_their_suffix(name: str, lines: list[str]) -> None:
    assert _name_lines(name, 9.4)[0] == lines


def test_a_county_name_longer_than_its_tile_is_refused() -> None:
    tile = Tile(name=LONG, prefecture="甲州", row=0, col=0, completion_pct=1.0, overdue=False)
    with pytest.raises(ChartError, match="写不下"):
        tile_map([tile])


def test_two_counties_in_one_place_are_refused() -> None:
    with pytest.raises(ChartError, match="同一格"):
        tile_map(tiles(1.0)[:1] * 2)


@pytest.mark.parametrize("name", ["云\U00020bb7县", "云县\n", "云🙂县"])
def test_a_missing_glyph_is_an_error(name: str) -> None:
    with pytest.raises(GlyphError, match="缺字"):
        ranking(rank_rows([50.0], [name]), pace_pct=None)


def test_the_font_is_ours_under_a_private_name() -> None:
    assert fonts.family() == "Run Pipeline Sans"
    assert "Noto" not in fonts.family()
    assert fonts.FONT_FILE.is_file()


def test_a_dollar_sign_is_text_and_not_a_formula() -> None:
    assert ranking(rank_rows([50.0], ["$x$"]), pace_pct=None) != ranking(rank_rows([50.0], ["x"]), pace_pct=None)


@pytest.mark.parametrize("x", [-3.0, 150.0])
def test_a_clipped_text_is_refused(x: float) -> None:
    sheet = chart_parts.Sheet(20)
    sheet.text(x, 10, "西双版纳州")
    with pytest.raises(ChartError, match="超出边界：“西双版纳州”"):
        sheet.png()


def test_overlapping_texts_are_refused_and_neighbours_are_not() -> None:
    sheet = chart_parts.Sheet(20)
    sheet.text(10, 6, "昆明市")
    sheet.text(10, 9.2, "曲靖市")
    sheet.text(18.6, 6, "玉溪市")
    assert sheet.png()
    sheet.text(14, 6.5, "保山市")
    with pytest.raises(ChartError, match="重叠：“昆明市”与“保山市”"):
        sheet.png()


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_is_not_a_missing_value(value: float) -> None:
    with pytest.raises(ChartError, match="请用 None"):
        draw_heat(value)
    with pytest.raises(ChartError, match="请用 None"):
        ranking(rank_rows([value] * 16), pace_pct=None)


def test_figures_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ChartError, match="没有行"):
        ranking([], pace_pct=None)
    with pytest.raises(ChartError, match="没有任何县"):
        tile_map([])
    with pytest.raises(ChartError, match="没有任何一期"):
        trend([])
    with pytest.raises(ChartError, match="最多 12 行"):
        target_vs_actual([bullet()] * 13)
    with pytest.raises(ChartError, match="应大于零"):
        target_vs_actual([bullet(full=0)])
    with pytest.raises(ChartError, match="超过一图"):
        timeliness(timely_rows(PREFECTURES * 3), PERIODS)
    with pytest.raises(ChartError, match="不一致"):
        heatmap(PREFECTURES, ACTIONS, [[1.0]], [], [], None)
    with pytest.raises(ChartError, match="SOON"):
        timeliness([TimelinessRow(name="云县", marks=["SOON"])], ["第一期"])
