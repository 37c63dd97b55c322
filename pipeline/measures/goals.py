"""The five 五强 goals, read as a grouping of the 32 items; the notice itself makes no such grouping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeline.measures.completion import Completion, completion

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

OWN_READING = "本项目的读法"


class _GoalLike(Protocol):
    """What a goal of the programme says of itself."""

    @property
    def name(self) -> str:
        """政治引领强."""

    @property
    def items(self) -> tuple[int, ...]:
        """Numbers of the items read under it."""

    @property
    def reading(self) -> str:
        """Why these items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalFigures:
    """Completion over the quantities of a goal's items.

    Attributes:
        reading: How the grouping is labelled wherever it is printed.
        by_prefecture: Prefecture code → completion.
    """

    name: str
    items: tuple[int, ...]
    reading: str
    province: Completion
    by_prefecture: dict[str, Completion]


def goal_figures(assessed: pd.DataFrame, goals: Sequence[_GoalLike]) -> tuple[GoalFigures, ...]:
    """Each goal's completion, in order, from the frame of :func:`pipeline.measures.progress.assess`."""
    whole = completion(assessed, [])[()]
    by_prefecture = completion(assessed, ["prefecture_code"])
    return tuple(_figures(assessed, goal, whole, by_prefecture) for goal in goals)


def _figures(
    assessed: pd.DataFrame, goal: _GoalLike, whole: Completion, by_prefecture: dict[tuple[object, ...], Completion]
) -> GoalFigures:
    mine = assessed[assessed["item"].isin(goal.items)]
    reading = goal.reading if OWN_READING in goal.reading else f"{OWN_READING}：{goal.reading}".rstrip("：")
    done = completion(mine, ["prefecture_code"])
    return GoalFigures(
        name=goal.name,
        items=tuple(goal.items),
        reading=reading,
        province=_nothing_of(whole) if mine.empty else completion(mine, [])[()],
        by_prefecture={str(key[0]): done.get(key, _nothing_of(all_)) for key, all_ in by_prefecture.items()},
    )


def _nothing_of(whole: Completion) -> Completion:
    """Without any of the goal's items nothing applies, and as many counties have reported all the same."""
    return Completion(met=0, applicable=0, reported=whole.reported, roster=whole.roster, known=whole.known)
