"""季度通报 (五（四）): how the prefectures stand, quarter by quarter, to the whole union system of the province."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.documents.bulletin import completion_paragraph, first_and_last, reporting_sentence
from pipeline.products.documents.progress_parts import action_parts, prefecture_rows

if TYPE_CHECKING:
    from pipeline.products.documents.document_parts import Edition, Own


def _title(i: Edition) -> str:
    m, quarter = i.m, i.quarter
    title = i.say("quarter", quarter.title) if quarter else i.say("period.title", m.period.title)
    return f"{title}各{m.program.words.respondent}\n“{m.program.short_title}”专项工作开展情况"


def _intro(i: Edition) -> list[str]:
    return [f"按照{i.notice()}{i.asked_for()}，现予通报。{i.as_of()}"]


def _overall(i: Edition) -> list[str]:
    if not i.m.reported:
        return [reporting_sentence(i.m, i.say)]
    return [
        reporting_sentence(i.m, i.say),
        completion_paragraph(i.m, i.since, i.say, "上次通报"),
        *first_and_last(i.m, i.say),
    ]


OWN: Own = {
    "季度通报": {
        "title": _title,
        "intro": _intro,
        "overall": _overall,
        "prefecture_rows": lambda i: prefecture_rows(i.m, i.since, i.say),
        "actions": lambda i: action_parts(i.m, i.since, "上次通报", i.say),
    },
}
