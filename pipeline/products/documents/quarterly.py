"""季度通报 (五（四）): how the prefectures stand, quarter by quarter, to the whole union system of the province."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.measures.obligation import quarters
from pipeline.products.documents.bulletin import completion_paragraph, data_notes, first_and_last, received
from pipeline.products.documents.outline import numbered, publication, quoted, tables
from pipeline.products.documents.progress_parts import action_parts, prefecture_rows
from pipeline.products.documents.standing_parts import milestone_paragraphs, milestone_rows, next_parts
from pipeline.products.documents.strand_parts import highlight_paragraphs, prefecture_problem_rows, problem_paragraphs
from pipeline.products.documents.timeliness_parts import overdue_groups, overdue_paragraphs, timeliness_paragraphs
from pipeline.products.wording import Figures

if TYPE_CHECKING:
    from pipeline.measures.obligation import Quarter
    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.program.model import Period

DOCUMENT = "季度通报"
SECTIONS = ("overall", "actions", "highlights", "problems", "milestones", "timeliness", "next")
TABLES = ("prefecture_rows", "work_rows", "milestone_rows", "overdue_groups")


def quarterly_context(m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 季度通报.docx and the register of its numbers."""
    w = m.program.words
    say, settings = Figures(m.program.words), m.program.bulletin
    quarter, since = last_quarter(m), _since(m)
    title = say("quarter", quarter.title) if quarter else say("period.title", m.period.title)
    context: dict[str, Any] = {
        "org_line": m.program.title,
        "number_line": f"第{say('quarterly.number', _number(m))}期",
        "office": m.program.office,
        "issued_on": say.day("as_of", m.snapshot.as_of),
        "is_demo": is_demo,
        "words": say.words,
        "title": f"{title}各{w.respondent}\n“{m.program.short_title}”专项工作开展情况",
        "intro": [_intro(m, say)],
        "overall": [received(m, say), *(_figures(m, since, say) if m.reported else [])],
        "prefecture_rows": prefecture_rows(m, since, say),
        "actions": action_parts(m, since, "上次通报", say),
        "highlights": highlight_paragraphs(m, quarter, say),
        "milestones": milestone_paragraphs(m, say),
        "milestone_rows": milestone_rows(m, say),
        "problems": problem_paragraphs(m, say),
        "work_rows": prefecture_problem_rows(m, quarter, say) if m.reported else [],
        "timeliness": [t for p in _spanned(m) for t in timeliness_paragraphs(m, say, p)] + overdue_paragraphs(m, say),
        "overdue_groups": overdue_groups(m, say),
        "next": next_parts(m, say),
        "data_notes": data_notes(m, say, is_demo=is_demo),
        "report_to": settings.report_to,
        "send_to": settings.send_to,
        "issue_to": settings.issue_to,
        "compiler": m.program.office,
        "copies": say("bulletin.copies", settings.copies),
        "counted": m.reported > 0,
    }
    return {**context, "no": numbered(context, SECTIONS), "tab": tables(context, TABLES, say)}, say


def last_quarter(m: PeriodMeasures) -> Quarter | None:
    """The last owed quarter that has ended by the period's end."""
    ended = [q for q in quarters(m.program.window) if q.end <= m.period.end]
    return ended[-1] if ended else None


def _earlier(m: PeriodMeasures) -> list[str]:
    """Periods of earlier issues."""
    made = publication(m, DOCUMENT)
    before = {p.code for p in m.program.periods_through(m.period)} - {m.period.code}
    return [code for code in made.periods if code in before] if made else []


def _since(m: PeriodMeasures) -> Scores | None:
    """Where things stood at the last issue."""
    earlier = _earlier(m)
    return next((s for s in m.scores if earlier and s.period.code == earlier[-1]), None)


def _number(m: PeriodMeasures) -> int:
    return len(_earlier(m)) + 1


def _spanned(m: PeriodMeasures) -> tuple[Period, ...]:
    """The periods since the last issue."""
    earlier = _earlier(m)
    begin = m.program.period_by_code[earlier[-1]].no if earlier else 0
    return m.program.periods_through(m.period)[begin:]


def _intro(m: PeriodMeasures, say: Figures) -> str:
    w = m.program.words
    return (
        f"按照{quoted(say, 'notice', m.program.notice)}关于每季度公布各{w.respondent}工作开展情况的要求，现予通报。"
        f"完成情况依据{say('period.title', m.period.title)}报表，数据截至{say.day('period.end', m.period.end)}；"
        f"报送情况截至{say.day('as_of', m.snapshot.as_of)}。"
    )


def _figures(m: PeriodMeasures, since: Scores | None, say: Figures) -> list[str]:
    return [completion_paragraph(m, since, say, "上次通报"), *first_and_last(m, say)]
