"""Columns of questions as rows of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.drawing.answers import ShareRow
from pipeline.products.wording import statement
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.measures.ten_tasks import Answers, TaskColumn


def share_rows(group: str, columns: Sequence[TaskColumn]) -> Iterator[ShareRow]:
    """A row for each question of yes and no, and for each option of a list; sums are no shares."""
    for column in columns:
        answers, title = column.province, statement(column.field.title)
        if answers.share is not None:
            yield _share(group, title, "", answers.share.met, answers)
        elif column.source.type is FieldType.CHECKLIST:
            for option, met in answers.options.items():
                yield _share(group, title, option, met, answers)


def _share(group: str, label: str, option: str, met: int, answers: Answers) -> ShareRow:
    return ShareRow(
        group=group,
        label=label,
        option=option,
        met=met,
        answered=answers.reported,
        reported=answers.reported + answers.not_applicable,
        roster=answers.roster,
    )
