"""五强: completion over a goal's items, always under the label of our own reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.measures.completion import Completion
from pipeline.measures.goals import OWN_READING, goal_figures
from tests.sheets import ASSESSED as ASSESSED_COLUMNS
from tests.sheets import BANNA, DEQIN, DIQING, JINGHONG, SHANGRILA, Said

if TYPE_CHECKING:
    from collections.abc import Sequence

GOALS = (
    Said(name="政治引领强", items=(1, 2), reading=f"{OWN_READING}，原文未规定"),
    Said(name="服务阵地强", items=(3,)),
    Said(name="别的", items=(9,)),
)


def frame(*rows: tuple[str, str, int, str]) -> pd.DataFrame:
    wide: Sequence[tuple[object, ...]] = [
        (c, p, 1, item, f"Q{item}", "unknown" if status == "missing" else "reported", True, status, 1.0, 1.0, "")
        for c, p, item, status in rows
    ]
    return pd.DataFrame(wide, columns=ASSESSED_COLUMNS)


ASSESSED = frame(
    (SHANGRILA, DIQING, 1, "met"),
    (SHANGRILA, DIQING, 2, "not_met"),
    (SHANGRILA, DIQING, 3, "not_applicable"),
    (DEQIN, DIQING, 1, "missing"),
    (DEQIN, DIQING, 2, "missing"),
    (DEQIN, DIQING, 3, "missing"),
    (JINGHONG, BANNA, 1, "met"),
    (JINGHONG, BANNA, 2, "met"),
    (JINGHONG, BANNA, 3, "not_met"),
)


def test_completion_of_each_goal() -> None:
    first, second, none = goal_figures(ASSESSED, GOALS)
    assert first.province == Completion(met=3, applicable=4, reported=2, roster=3, silent=2)
    assert first.by_prefecture == {
        DIQING: Completion(met=1, applicable=2, reported=1, roster=2, silent=2),
        BANNA: Completion(met=2, applicable=2, reported=1, roster=1),
    }
    assert second.province == Completion(met=0, applicable=1, reported=2, roster=3, silent=1)
    assert second.by_prefecture[DIQING].pct is None
    assert none.province == Completion(met=0, applicable=0, reported=2, roster=3)


def test_the_reading_is_labelled_once() -> None:
    first, second, _ = goal_figures(ASSESSED, GOALS)
    assert first.reading == "本项目的读法，原文未规定"
    assert second.reading == "本项目的读法"


def test_nobody_reported_and_no_goals() -> None:
    (one,) = goal_figures(frame((DEQIN, DIQING, 1, "missing")), GOALS[:1])
    assert (one.province.pct, one.province.reported, one.province.roster) == (None, 0, 1)
    assert goal_figures(ASSESSED, ()) == ()
