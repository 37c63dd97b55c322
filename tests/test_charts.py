"""The pictures: their size, their honesty about missing figures, and the check that refuses a spoilt one."""

from __future__ import annotations

import io
import math
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from pipeline.measures.chance import Band
from pipeline.products.drawing import fonts
from pipeline.products.drawing import parts as chart_parts
from pipeline.products.drawing.answers import CountCell, ShareRow, _yes, answers
from pipeline.products.drawing.fonts import ChartError, GlyphError
from pipeline.products.drawing.parts import Canvas
from pipeline.products.drawing.stacks import StackGroup, StackPart, StackRow, stacks
from pipeline.products.drawing.words import wrapped
from pipeline.products.pictures.bullet import BulletRow, _behind, _met, target_vs_actual
from pipeline.products.pictures.calendar import CalendarRow, Due, _figure, calendar
from pipeline.products.pictures.funding import MoneyRow, _texts, money
from pipeline.products.pictures.heat import heatmap
from pipeline.products.pictures.map import Tile, _name_lines, tile_map
from pipeline.products.pictures.milestones import _EXEMPT, _LATE, _NOT_DONE, _SILENT
from pipeline.products.pictures.problems import STEEL
from pipeline.products.pictures.rank import RankRow, _signed, ranking
from pipeline.products.pictures.timely import TimelinessRow, timeliness
from pipeline.products.pictures.trend import TrendPoint, _entries, trend
from tests.builder import whole_campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

NORTH = ("昆明市", "曲靖市", "玉溪市", "保山市", "昭通市", "丽江市", "普洱市", "临沧市")
SOUTH = ("楚雄州", "红河州", "文山州", "西双版纳州", "大理州", "德宏州", "怒江州", "迪庆州")
PREFECTURES = (*NORTH, *SOUTH)
ACTIONS = ("思想引领", "组织功能", "服务阵地", "制度机制", "建功立业", "帮扶服务", "自身建设", "数字赋能")
PERIODS = ("22年11—12月", "23年1—2月", "23年3—4月", "23年5—6月", "23年7—8月", "23年9—10月")
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


def rank_rows(
    values: Sequence[float | None], names: Sequence[str] = PREFECTURES, band: Band | None = Band.MIDDLE
) -> list[RankRow]:
    return [
        RankRow(
            name=name,
            band=None if value is None else band,
            completion_pct=value,
            change_pp=None if value is None else 3.25,
            previous_pct=None if value is None else max(0.0, value - 3.25),
            low_pct=None if value is None or band is None else 45.5,
            high_pct=None if value is None or band is None else 74.5,
            reported=0 if value is None else 8,
            roster=9,
        )
        for name, value in zip(names, values, strict=True)
    ]


def draw_heat(value: float | None, names: Sequence[str] = PREFECTURES, actions: Sequence[str] = ACTIONS) -> bytes:
    cells = [[value] * len(actions) for _ in names]
    return heatmap(names, actions, cells, [value] * len(names), [value] * len(actions), value, "全省")


def tiles(value: float | None) -> list[Tile]:
    return [
        Tile(
            name=f"甲{cell}县",
            stem=f"甲{cell}",
            prefecture=f"{cell}州",
            row=r,
            col=c,
            completion_pct=value,
            overdue=(r + c) % 5 == 0,
        )
        for r, line in enumerate(SKETCH.split())
        for c, cell in enumerate(line)
        if cell != "."
    ]


def trend_points(past: Sequence[tuple[float, float, float] | None], reported: int = 115) -> list[TrendPoint]:
    """Of each period the least, the figure on who reported and the most; None where nobody did."""
    known = [*past, *[None] * (len(PERIODS) - len(past))]
    return [
        TrendPoint(
            period_label=label,
            province_pct=figures[1] if figures else None,
            known_pct=figures[1] - 0.1 if figures else None,
            least_pct=figures[0] if figures else None,
            most_pct=figures[2] if figures else None,
            reported=reported if figures else 0,
            roster=129 if n < len(past) else 0,
        )
        for n, (label, figures) in enumerate(zip(PERIODS, known, strict=True))
    ]


def bullet(
    label: str = "职工培训", *, actual: float = 41250, full: float = 64500, due: float | None = 38700, behind: int = 0
) -> BulletRow:
    return BulletRow(
        label=label,
        unit="人次",
        actual=actual,
        full_target=full,
        required=due,
        met=76,
        applicable=123,
        behind=behind,
        reported=115,
        roster=129,
    )


def timely_rows(names: Sequence[str] = PREFECTURES) -> list[TimelinessRow]:
    marks = ("ON_TIME", "LATE", "OVERDUE", "ON_TIME", "NOT_DUE", "NOT_DUE")
    return [TimelinessRow(name=name, marks=marks) for name in names]


def money_row(label: str = "劳动竞赛经费", **changes: float | None) -> MoneyRow:
    figures: dict[str, float | None] = {
        "planned": 500.0,
        "match_planned": 0.0,
        "arrived": 341.13,
        "matched": None,
        "spent": 168.48,
        "execution_pct": 49.4,
        "reported": 123,
        "roster": 129,
    }
    return MoneyRow(label=label, **{**figures, **changes})  # type: ignore[arg-type]


PARTS = tuple(
    StackPart(name=name, fill=fill, over=over)
    for name, fill, over in (
        ("已办结", chart_parts.TRACK, ""),
        ("60天以内", chart_parts.PALE, "未办结"),
        ("61—180天", STEEL, "未办结"),
        ("180天以上", chart_parts.NAVY, "未办结"),
        ("未报", None, ""),
    )
)


def stack(rows: Sequence[Sequence[int]], label: str = "党政协调", note: str = "", *, whole: bool = False) -> bytes:
    group = [StackRow(label=label, note=note, counts=counts, alarm=counts[1]) for counts in rows]
    return stacks(
        [StackGroup(title="按类别", rows=group)],
        PARTS,
        total="合计",
        note="时限" if note else "",
        alarm="超期",
        whole=whole,
    )


def due(
    *, on_time: int = 0, late: int = 0, overdue: int = 0, unclear: int = 0, not_due: int = 0, unknown: int = 0
) -> Due:
    return Due(on_time=on_time, late=late, overdue=overdue, unclear=unclear, not_due=not_due, unknown=unknown)


def months(cells: Sequence[Due | None], rows: int = 1, today: float | None = 1.5, label: str = "工作推进信息") -> bytes:
    columns = [(f"{2022 + n // 12}年", f"{n % 12 + 1}月") for n in range(len(cells))]
    some = [CalendarRow(name=label, who="州（市）总工会", cells=cells) for _ in range(rows)]
    return calendar(some, columns, today=today, today_label="截至2023年7月16日")


EVERY_DUE = (due(on_time=112, late=11, overdue=4, unclear=2), None, due(not_due=129), due(unknown=2))


def share_row(
    label: str = "已制定方案", option: str = "", *, met: int = 40, answered: int = 84, group: str = "第1题"
) -> ShareRow:
    return ShareRow(
        group=group, label=label, option=option, met=met, answered=answered, reported=max(answered, 3), roster=129
    )


def count_cell(amount: float | None = 12107, label: str = "新吸纳入会职工") -> CountCell:
    return CountCell(group="第5项", label=label, amount=amount, unit="人", reported=123, roster=129)


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def grey(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(picture(png).convert("L"))


EVERY: dict[str, Callable[[], bytes]] = {
    "ranking": lambda: ranking(
        [
            *rank_rows([78.0, 76.0], PREFECTURES[:2], Band.AHEAD),
            *rank_rows([70.0 - 2 * i for i in range(10)], PREFECTURES[2:12]),
            *rank_rows([40.0, 30.0], PREFECTURES[12:14], Band.LAST),
            *rank_rows([60.0, None], PREFECTURES[14:], None),
        ],
        "全省",
        60.0,
    ),
    "heatmap": lambda: draw_heat(61.2),
    "tile_map": lambda: tile_map(tiles(58.0)),
    "trend": lambda: trend(trend_points([(3, 9.2, 14), (11, 24, 36.2), (27.3, 43, 58), (44.1, 61, 79)])),
    "target_vs_actual": lambda: target_vs_actual([bullet(f"职工培训第{i}类") for i in range(20)], "县"),
    "timeliness": lambda: timeliness(timely_rows(), PERIODS),
    "money": lambda: money([money_row(), money_row(match_planned=500.0, matched=341.13), money_row(arrived=None)]),
    "stacks": lambda: stack([(56, 16, 10, 9, 3)] * 7),
    "calendar": lambda: months([*EVERY_DUE, *[None] * 11], rows=10),
    "answers": lambda: answers([share_row()] * 9 + [share_row(option=o) for o in "甲乙丙"], [count_cell()] * 9),
}

EDGES: dict[str, Callable[[], bytes]] = {
    "ranking, nobody reported": lambda: ranking(rank_rows([None] * 16), "全省", 60.0),
    "ranking, one reported": lambda: ranking(rank_rows([33.333] + [None] * 15), "全省", 60.0),
    "ranking, all complete, the whole at the end": lambda: ranking(rank_rows([100.0] * 16), "全省", 100.0),
    "ranking, zeros, the whole at the start": lambda: ranking(rank_rows([0.0] * 16), "全省", 0.0),
    "ranking, nothing of the whole": lambda: ranking(rank_rows([50.0] * 16), "全省", None),
    "ranking, nobody compared": lambda: ranking(rank_rows([50.0] * 16, band=None), "全省", 50.0),
    "ranking, all apart": lambda: ranking(rank_rows([90.0] * 16, band=Band.AHEAD), "全省", 50.0, "居前的都是"),
    "ranking, long words": lambda: ranking(rank_rows([50.0] * 16), "全省", 50.0, LONG * 3),
    "ranking, one row": lambda: ranking(rank_rows([50.0], ["昆明市"]), "全省", 60.0),
    "ranking, long names": lambda: ranking(rank_rows([50.0] * 16, [LONG] * 16), "全省", 60.0),
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
    "trend, first period": lambda: trend(trend_points([(3.0, 9.2, 14.0)])),
    "trend, first period, zeros": lambda: trend(trend_points([(0.0, 0.0, 0.0)])),
    "trend, nobody silent": lambda: trend(trend_points([(33.333, 33.333, 33.333)] * 4, 129)),
    "trend, all complete": lambda: trend(trend_points([(100.0, 100.0, 100.0)] * 6)),
    "trend, a period without returns": lambda: trend(trend_points([(3.0, 9.2, 14.0), None, (27.0, 43.0, 58.0)])),
    "targets, one row": lambda: target_vs_actual([bullet()], "县"),
    "targets, far exceeded": lambda: target_vs_actual([bullet(actual=9_999_999.5, full=1, due=1)], "县"),
    "targets, zeros": lambda: target_vs_actual([bullet(actual=0, due=0), bullet(actual=0, due=33.333)], "县"),
    "targets, nothing due": lambda: target_vs_actual([bullet(due=None)] * 20, "县", "含沿用上次的8个县"),
    "targets, some behind": lambda: target_vs_actual([bullet(behind=18), bullet()], "县"),
    "targets, long label": lambda: target_vs_actual([bullet(LONG, actual=33.333)], "县"),
    "timeliness, one row": lambda: timeliness(timely_rows(["昆明市"]), PERIODS),
    "timeliness, long names": lambda: timeliness(timely_rows([LONG] * 16), PERIODS),
    "money, nobody said": lambda: money(
        [money_row(planned=None, arrived=None, spent=None, execution_pct=None, reported=0)]
    ),
    "money, nobody asked": lambda: money(
        [money_row(arrived=None, spent=None, execution_pct=None, reported=0, roster=0)]
    ),
    "money, zeros": lambda: money([money_row(planned=0.0, arrived=0.0, spent=0.0, execution_pct=None)]),
    "money, far beyond the plan": lambda: money([money_row(arrived=1e9, spent=2e13, execution_pct=2e6)]),
    "money, long label": lambda: money([money_row(LONG, matched=0.01, match_planned=500.0)] * 18),
    "stacks, zeros": lambda: stack([(0, 0, 0, 0, 0)]),
    "stacks, all of one": lambda: stack([(0, 0, 0, 0, 129)], whole=True),
    "stacks, 10^9": lambda: stack([(10**9, 0, 10**9, 1, 0)]),
    "stacks, long label": lambda: stack([(1, 2, 3, 4, 5)] * 9, LONG, "2022年12月31日", whole=True),
    "stacks, most rows": lambda: stack([(1, 2, 3, 4, 5)] * 18, LONG, "2022年12月31日"),
    "calendar, one month": lambda: months(EVERY_DUE[:1], today=None),
    "calendar, most": lambda: months([due(on_time=999_999, overdue=999_999)] * 16, rows=11, today=15.99),
    "calendar, long names": lambda: months(EVERY_DUE, label=LONG),
    "answers, nobody said": lambda: answers([share_row(answered=0)], [count_cell(None)]),
    "answers, zero and all": lambda: answers([share_row(met=0), share_row(met=84)], []),
    "answers, a hostile label": lambda: answers([share_row("<script>alert(1)</script>", "{{7*7}} $x^2$")], []),
    "stacks, a note below": lambda: stacks(
        [StackGroup(title="", rows=[StackRow(label="<b>$x$</b>", note="", counts=(1, 0, 0, 0, 0), alarm=0)])],
        PARTS,
        total="合计",
        note="",
        alarm="超期",
        whole=False,
        foot="含沿用上次的3个县",
    ),
    "answers, sums only": lambda: answers([], [count_cell(0), count_cell(1e9), count_cell(1.25)]),
    "answers, most": lambda: answers([share_row(LONG, LONG, group=LONG)] * 20, []),
    "answers, long sums": lambda: answers([share_row()], [count_cell(129e9, LONG)] * 12),
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
        "import hashlib; from pipeline.products.pictures.timely import TimelinessRow, timeliness;"
        "png = timeliness([TimelinessRow(name='云县', marks=['LATE'])], ['第一期']);"
        "print(hashlib.sha256(png).hexdigest())"
    )
    root = Path(fonts.__file__).parents[3]
    command = [sys.executable, "-c", program]
    runs = {subprocess.check_output(command, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}) for seed in "12"}
    assert len(runs) == 1


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_no_date_or_program_name_is_written_into_the_file(draw: Callable[[], bytes]) -> None:
    assert set(picture(draw()).info) <= {"dpi"}


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_fewer_colours_change_no_tone_that_an_eye_could_see(
    draw: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = np.asarray(picture(draw()).convert("RGB")).astype(int)
    monkeypatch.setattr(Image.Image, "quantize", lambda image, *_args, **_named: image)
    full = np.asarray(picture(draw()).convert("RGB")).astype(int)
    assert np.abs(few - full).max() <= 8
    assert (few[(full == 255).all(axis=2)] == 255).all()


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_a_picture_takes_little_room(draw: Callable[[], bytes]) -> None:
    assert len(draw()) < 160_000


def test_pictures_take_under_four_seconds() -> None:
    for draw in EVERY.values():
        draw()
    start = time.process_time()
    for draw in EVERY.values():
        draw()
    assert time.process_time() - start < 4


def test_a_missing_figure_is_neither_zero_nor_complete() -> None:
    rows = [ranking(rank_rows([value] * 16), "全省", None) for value in (None, 0.0, 100.0)]
    cells = [draw_heat(value) for value in (None, 0.0, 100.0)]
    assert len(set(rows)) == len(set(cells)) == 3


def test_a_quantity_nobody_reported_is_not_drawn_as_its_figure() -> None:
    silent = replace(bullet(actual=0, full=9, due=3), met=0, applicable=0, reported=0)
    assert (_met(silent)[0], _behind(silent)[0]) == ("未计入", "—")
    assert target_vs_actual([silent], "县") != target_vs_actual([bullet(actual=0, full=9, due=3)], "县")


def tones(png: bytes) -> set[int]:
    """The tones that fill a good part of a picture: its marks, not the edges of its letters."""
    tone, count = np.unique(grey(png), return_counts=True)
    return {int(one) for one, n in zip(tone, count, strict=True) if n > 1500}


def tone_of(colour: str) -> int:
    return int(np.asarray(Image.new("RGB", (1, 1), colour).convert("L"))[0, 0])


def test_a_full_bar_is_pale_where_a_county_is_behind() -> None:
    """A target met on average is not met by all."""
    dark, pale = tone_of(chart_parts.NAVY), tone_of(chart_parts.PALE)
    every = {behind: tones(target_vs_actual([bullet(actual=64500, behind=behind)] * 4, "县")) for behind in (0, 1)}
    assert dark in every[0]
    assert pale not in every[0]
    assert pale in every[1]
    assert dark not in every[1]


def test_nothing_is_marked_as_due_before_its_day() -> None:
    assert _behind(bullet(due=None)) == ("未到期", chart_parts.MUTED)
    assert _behind(bullet(due=0.0))[0] == "0"
    assert target_vs_actual([bullet(due=None)], "县") != target_vs_actual([bullet(due=64500)], "县")


def test_only_what_chance_does_not_explain_is_dark() -> None:
    dark = tone_of(chart_parts.NAVY)
    assert dark not in tones(ranking(rank_rows([70.0 - 2 * i for i in range(16)]), "全省", 55.0))
    assert dark not in tones(ranking(rank_rows([70.0] * 16, band=None), "全省", 55.0))
    for band in (Band.AHEAD, Band.LAST):
        assert dark in tones(ranking(rank_rows([70.0] * 16, band=band), "全省", 55.0))


def test_a_period_says_between_what_its_figure_lies() -> None:
    silent, whole = trend_points([(54.06, 60.64, 64.91)])[0], trend_points([(33.3, 33.3, 33.3)], 129)[0]
    assert _entries(silent) == ("60.6", "60.5", "54.1—64.9", "115/129")
    assert _entries(whole) == ("33.3", "33.2", "—", "129/129")
    nobody = replace(silent, province_pct=None, least_pct=None, most_pct=None, reported=0)
    assert _entries(nobody) == ("未计入", "60.5", "未计入", "0/129")


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


FILLS = (chart_parts.TRACK, chart_parts.PALE, STEEL, chart_parts.NAVY)


def test_parts_side_by_side_differ_in_grey() -> None:
    greys = [Image.new("RGB", (1, 1), fill).convert("L").getpixel((0, 0)) for fill in FILLS]
    assert all(isinstance(one, int) for one in greys)
    assert min(int(a) - int(b) for a, b in pairwise(greys)) >= 40  # type: ignore[arg-type]


def test_what_becomes_of_a_duty_differs_in_grey() -> None:
    kinds = (due(on_time=1), due(late=1), due(overdue=1), due(unclear=1), due(not_due=1), due(unknown=1))
    middles = [grey(months([one], today=None)) for one in kinds]
    assert len({one.tobytes() for one in middles}) == len(kinds)
    tones = sorted(int(one[124:132, 220:320].mean()) for one in middles[:2])
    assert tones[1] - tones[0] >= 40


def test_a_step_nobody_knows_of_differs_in_grey_from_those_beside_it() -> None:
    found = [tone_of(str(part.fill)) for part in (_LATE, _NOT_DONE, _EXEMPT, _SILENT)]
    assert min(abs(found[-1] - one) for one in found[1:3]) >= 40


def test_spent_arrived_and_plan_differ_in_grey() -> None:
    tones = [Image.new("RGB", (1, 1), fill).convert("L").getpixel((0, 0)) for fill in FILLS if fill != STEEL]
    assert min(int(a) - int(b) for a, b in pairwise(tones)) >= 60  # type: ignore[arg-type]


def test_money_nobody_told_of_is_not_no_money() -> None:
    silent, nothing = money_row(arrived=None, spent=None), money_row(arrived=0.0, spent=0.0)
    assert [_texts([row], 1)[0]["到账"] for row in (silent, nothing, money_row(roster=0, arrived=None))] == [
        "未计入",
        "0",
        "—",
    ]
    assert money([silent]) != money([nothing])


def test_amounts_of_a_column_have_the_same_decimals_and_great_ones_another_unit() -> None:
    assert [cells["到账"] for cells in _texts([money_row(arrived=7.0), money_row(arrived=7.5)], 1)] == ["7.00", "7.50"]
    assert money([money_row(arrived=9_999_999.0)]) != money([money_row(arrived=10_000_000.0)])


def test_an_answer_nobody_gave_is_no_nought() -> None:
    assert (_yes(share_row(answered=0)), _yes(share_row(met=0))) == ("—", "0/84")
    assert answers([share_row(answered=0)], []) != answers([share_row(met=0)], [])


@pytest.mark.parametrize(
    ("cell", "room", "shown"),
    [
        (due(on_time=112, late=11, overdue=6), 9.0, "123/129"),
        (due(on_time=1128, overdue=1), 5.0, "99%"),
        (due(not_due=16), 9.0, "16"),
        (due(on_time=1, not_due=15), 9.0, "1/16"),
        (due(overdue=16), 9.0, "0/16"),
        (due(on_time=1, unclear=15), 9.0, "1/16"),
        (due(not_due=1_234_567), 8.0, "123万"),
    ],
)
def test_a_cell_says_how_many_of_how_many(cell: Due, room: float, shown: str) -> None:
    assert _figure(cell, room) == shown


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("制定具体工作方案", ["制定具体工作方案"]),
        (
            "梳理八项行动和任务完成情况，汇总困难问题，提醒滞后县",
            ["梳理八项行动和任务完成情况，汇总", "困难问题，提醒滞后县"],
        ),
        ("职工之家示范点和职工驿站建设达标（力争）", ["职工之家示范点和职工驿站建设达标", "（力争）"]),
    ],
)
def test_a_long_label_takes_two_lines_and_none_begins_with_a_closing_mark(text: str, lines: list[str]) -> None:
    assert wrapped(text, 40.0)[0] == lines


@pytest.mark.parametrize("room", range(12, 60, 3))
@pytest.mark.parametrize(
    "text", [LONG, "乡镇（街道）工会规范化达标与定级（力争）；职工驿站2023年新建≥2", "A" * 200, "甲"]
)
def test_wrapped_labels_fit_their_room(text: str, room: float) -> None:
    lines, size = wrapped(text, room)
    assert 1 <= len(lines) <= 2
    assert all(fonts.width_mm(line, size) <= room for line in lines)


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
    assert _name_lines(name, whole_campaign().program.stem(name), 9.4)[0] == lines


def test_a_county_name_longer_than_its_tile_is_refused() -> None:
    tile = Tile(name=LONG, stem=LONG, prefecture="甲州", row=0, col=0, completion_pct=1.0, overdue=False)
    with pytest.raises(ChartError, match="写不下"):
        tile_map([tile])


def test_two_counties_in_one_place_are_refused() -> None:
    with pytest.raises(ChartError, match="同一格"):
        tile_map(tiles(1.0)[:1] * 2)


@pytest.mark.parametrize("name", ["云\U00020bb7县", "云县\n", "云🙂县"])
def test_a_missing_glyph_is_an_error(name: str) -> None:
    with pytest.raises(GlyphError, match="缺字"):
        ranking(rank_rows([50.0], [name]), "全省", None)


def test_the_font_is_ours_under_a_private_name() -> None:
    assert fonts.family() == "Run Pipeline Sans"
    assert "Noto" not in fonts.family()
    assert fonts.FONT_FILE.is_file()


def test_a_dollar_sign_is_text_and_not_a_formula() -> None:
    assert ranking(rank_rows([50.0], ["$x$"]), "全省", None) != ranking(rank_rows([50.0], ["x"]), "全省", None)


@pytest.mark.parametrize("x", [-3.0, 150.0])
def test_a_clipped_text_is_refused(x: float) -> None:
    sheet = chart_parts.Canvas(20)
    sheet.text(x, 10, "西双版纳州")
    with pytest.raises(ChartError, match="超出边界：“西双版纳州”"):
        sheet.png()


def test_overlapping_texts_are_refused_and_neighbours_are_not() -> None:
    sheet = chart_parts.Canvas(20)
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
        ranking(rank_rows([value] * 16), "全省", None)


def test_figures_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ChartError, match="没有行"):
        ranking([], "全省", None)
    with pytest.raises(ChartError, match="没有任何单位"):
        tile_map([])
    with pytest.raises(ChartError, match="没有任何一期"):
        trend([])
    with pytest.raises(ChartError, match="最多 20 行"):
        target_vs_actual([bullet()] * 21, "县")
    with pytest.raises(ChartError, match="应大于零"):
        target_vs_actual([bullet(full=0)], "县")
    with pytest.raises(ChartError, match="超过一图"):
        timeliness(timely_rows(PREFECTURES * 3), PERIODS)
    with pytest.raises(ChartError, match="不一致"):
        heatmap(PREFECTURES, ACTIONS, [[1.0]], [], [], None, "全省")
    with pytest.raises(ChartError, match="小于零"):
        money([money_row(spent=-1.0)])
    with pytest.raises(ChartError, match="分项个数有误"):
        stack([(1, 2)])
    with pytest.raises(ChartError, match="分项个数有误"):
        stack([(1, 2, 3, 4, -1)])
    with pytest.raises(ChartError, match="列数不对"):
        months([])
    with pytest.raises(ChartError, match="不合理"):
        answers([share_row(met=85)], [])
    with pytest.raises(ChartError, match="最多 20 行"):
        answers([share_row()] * 21, [])
    with pytest.raises(ChartError, match="没有行"):
        answers([], [])
    with pytest.raises(ChartError, match="SOON"):
        timeliness([TimelinessRow(name="云县", marks=["SOON"])], ["第一期"])


@pytest.mark.parametrize(("nearly", "shown"), [(99.97, {"99", "99.9"}), (0.03, {"1", "0.1"})])
def test_only_all_is_drawn_as_100_and_only_nothing_as_0(
    nearly: float, shown: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def texts(pct: float) -> Counter[str]:
        said: Counter[str] = Counter()
        with monkeypatch.context() as patch:
            patch.setattr(Canvas, "png", lambda _: b"")
            patch.setattr(Canvas, "text", lambda _, __, ___, text, **____: said.update([text]))
            met = round(pct * 100)
            rows = [replace(row, previous_pct=None, change_pp=None) for row in rank_rows([pct] * 16)]
            ranking(rows, "全省", pct)
            draw_heat(pct)
            tile_map(tiles(pct))
            trend(trend_points([(pct, pct, pct)]))
            money([money_row(execution_pct=pct)])
            row = share_row(met=met, answered=10_000)
            answers([replace(row, reported=10_000, roster=10_000)], [])
            months([due(on_time=met * 10**5, overdue=(10_000 - met) * 10**5)] * 15)
        return said

    told = {text.removeprefix("全省 ").removesuffix("%") for text in texts(nearly) - texts(50.0)}
    assert {text for text in told if re.fullmatch(r"[\d.]+", text)} - {"49.9"} == shown
