"""Answers to the survey (附件5)."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.products.coverage import carried_note
from pipeline.products.drawing.answers import MOST_SHARES, answers
from pipeline.products.pictures.answers import share_rows
from pipeline.products.pictures.registry import PictureKind, known_of, spans

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts


def _drawings(m: PeriodMeasures) -> Parts:
    """Shares of yes and of options in the survey."""
    shares = [row for task in m.systems.survey for row in share_rows(task.label, task.columns)]
    if not any(row.answered for row in shares):
        return []
    return [
        (of, partial(answers, some, [], note=carried_note(m)))
        for of, some in spans(shares, MOST_SHARES, attrgetter("group"))
    ]


PICTURE = PictureKind(
    name="survey",
    number=11,
    title="调研提纲各题回答情况",
    drawings=_drawings,
    words=known_of,
    shows="调研提纲中答“是”或“否”和勾选的题，各有多少单位答“是”或勾选。",
    reading="占比按作答的单位算，答“不适用”的算有数，不算作答；本期没有报的单位沿用上次的回答。",
)
