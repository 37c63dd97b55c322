"""What a publication may hold, by the names its template uses: a part is made where the template asks for it, and only there.

A new publication is a template in ``templates/docx/`` and its entry in ``program.yaml``; a part that is here for all of them, and
what only one of them has (a module of ``own/``), is a function of the edition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.measures.quarters import quarters
from pipeline.products.documents.bulletin import data_notes, overall_paragraphs
from pipeline.products.documents.money_parts import funding_lead, funding_parts, funding_rows
from pipeline.products.documents.outline import Subsection, duty, numbered, publication, quoted, table_labels
from pipeline.products.documents.progress_parts import (
    action_parts,
    goal_rows,
    item_rows,
    prefecture_rows,
    survey_rows,
    task_rows,
    trend_rows,
)
from pipeline.products.documents.standing_parts import (
    candidate_paragraphs,
    candidate_rows,
    lagging_paragraphs,
    lagging_rows,
    milestone_paragraphs,
    milestone_rows,
    next_parts,
)
from pipeline.products.documents.strand_parts import (
    category_rows,
    department_lists,
    department_rows,
    highlight_paragraphs,
    prefecture_problem_rows,
    pressing_problems,
    problem_paragraphs,
    strand_parts,
)
from pipeline.products.documents.target_parts import province_target
from pipeline.products.documents.timeliness_parts import overdue_groups, overdue_paragraphs, timeliness_paragraphs
from pipeline.products.wording import Figures, how_many_actions, numeral

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.measures.quarters import Quarter
    from pipeline.products.documents.word import Asked
    from pipeline.program.model import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of a publication, on its way to a context."""

    m: PeriodMeasures
    document: str
    say: Figures
    is_demo: bool

    @property
    def earlier(self) -> list[str]:
        """Periods of earlier editions."""
        made = publication(self.m, self.document)
        before = {p.code for p in self.m.program.periods_through(self.m.period)} - {self.m.period.code}
        return [code for code in made.periods if code in before] if made else []

    @property
    def since(self) -> Scores | None:
        """Where things stood at the last edition."""
        earlier = self.earlier
        return next((s for s in self.m.scores if earlier and s.period.code == earlier[-1]), None)

    @property
    def spanned(self) -> tuple[Period, ...]:
        """The periods since the last edition."""
        earlier = self.earlier
        begin = self.m.program.period_by_code[earlier[-1]].no if earlier else 0
        return self.m.program.periods_through(self.m.period)[begin:]

    @property
    def quarter(self) -> Quarter | None:
        """The last owed quarter that has ended by the period's end."""
        ended = [q for q in quarters(self.m.program.window) if q.end <= self.m.period.end]
        return ended[-1] if ended else None

    @property
    def is_last(self) -> bool:
        """Whether the programme names none after it."""
        made = publication(self.m, self.document)
        return self.m.period.code == (made.periods[-1] if made and made.periods else self.m.program.periods[-1].code)

    def as_of(self) -> str:
        """By what the figures go, and up to which days."""
        m, say = self.m, self.say
        return (
            f"完成情况依据{say('period.title', m.period.title)}报表，数据截至{say.day('period.end', m.period.end)}；"
            f"报送情况截至{say.day('as_of', m.snapshot.as_of)}。"
        )

    def notice(self) -> str:
        """The notice it follows."""
        return quoted(self.say, "notice", self.m.program.notice)

    def asked_for(self) -> str:
        """关于每季度公布各州（市）工作开展情况的要求; 要求 where the programme does not cite what the notice says."""
        made = publication(self.m, self.document)
        return f"关于{made.ordered}的要求" if made and made.ordered else "要求"


def _to_line(i: Edition) -> str:
    owed = duty(i.m, i.document)
    return f"{owed.to if owed and owed.to else i.m.program.organizer}："


def _actions(i: Edition) -> list[Subsection]:
    """The actions, and after them the targets of the whole."""
    actions = action_parts(i.m, i.m.before, "上期", i.say)
    if not i.m.reported or not i.m.province_results:
        return actions
    texts = [province_target(i.m, r, i.say) for r in i.m.province_results]
    return [
        *actions,
        Subsection(numeral=numeral(len(actions) + 1), name=f"{i.m.program.words.whole}性目标", paragraphs=texts),
    ]


Made = Mapping[str, Callable[[Edition], Any]]
"""What a template may ask for, by name, and what makes it of an edition."""
Own = dict[str, Made]
"""Document → the parts that only it has, or has otherwise."""
PARTS: Made = {
    "is_demo": lambda i: i.is_demo,
    "words": lambda i: i.say.words,
    "counted": lambda i: i.m.reported > 0,
    "org_line": lambda i: i.m.program.title,
    "number_line": lambda i: f"第{i.say('issue.number', len(i.earlier) + 1)}期",
    "title": lambda i: f"“{i.m.program.short_title}”专项工作\n{i.document}",
    "to_line": _to_line,
    "intro": lambda i: [i.as_of()],
    "overall": lambda i: overall_paragraphs(i.m, i.say),
    "trend_rows": lambda i: trend_rows(i.m, i.say),
    "prefecture_rows": lambda i: prefecture_rows(i.m, i.m.before, i.say),
    "actions_name": lambda i: how_many_actions(len(i.m.program.actions)),
    "actions": _actions,
    "strands": lambda i: strand_parts(i.m, i.say) if i.m.reported else [],
    "goal_rows": lambda i: goal_rows(i.m, i.say),
    "task_rows": lambda i: task_rows(i.m, i.say),
    "funding": lambda i: funding_lead(i.m, i.say),
    "funding_rows": lambda i: funding_rows(i.m, i.say),
    "funding_parts": lambda i: funding_parts(i.m, i.say),
    "highlights": lambda i: highlight_paragraphs(i.m, i.quarter, i.say),
    "milestones": lambda i: milestone_paragraphs(i.m, i.say),
    "milestone_rows": lambda i: milestone_rows(i.m, i.say),
    "problems": lambda i: problem_paragraphs(i.m, i.say),
    "pressing": lambda i: pressing_problems(i.m, i.say),
    "category_rows": lambda i: category_rows(i.m, i.say),
    "department_rows": lambda i: department_rows(i.m, i.say),
    "departments": lambda i: department_lists(i.m, i.say),
    "work_rows": lambda i: prefecture_problem_rows(i.m, i.quarter, i.say) if i.m.reported else [],
    "timeliness": lambda i: [
        *(text for period in i.spanned for text in timeliness_paragraphs(i.m, i.say, period)),
        *overdue_paragraphs(i.m, i.say),
    ],
    "overdue_groups": lambda i: overdue_groups(i.m, i.say),
    "candidates": lambda i: candidate_paragraphs(i.m, i.say),
    "candidate_rows": lambda i: candidate_rows(i.m, i.say),
    "lagging": lambda i: lagging_paragraphs(i.m, i.say),
    "lagging_rows": lambda i: lagging_rows(i.m, i.say),
    "next": lambda i: next_parts(i.m, i.say),
    "item_rows": lambda i: item_rows(i.m, i.say),
    "survey_rows": lambda i: survey_rows(i.m, i.say),
    "data_notes": lambda i: data_notes(i.m, i.say, is_demo=i.is_demo),
    "office": lambda i: i.m.program.office,
    "issued_on": lambda i: i.say.day("as_of", i.m.snapshot.as_of),
    "report_to": lambda i: i.m.program.bulletin.report_to,
    "send_to": lambda i: i.m.program.bulletin.send_to,
    "issue_to": lambda i: i.m.program.bulletin.issue_to,
    "compiler": lambda i: i.m.program.office,
    "copies": lambda i: i.say("bulletin.copies", i.m.program.bulletin.copies),
}


def context_of(
    m: PeriodMeasures, document: str, asked: Asked, own: Made, *, is_demo: bool
) -> tuple[dict[str, Any], Figures]:
    """The context of a publication and the register of its numbers.

    Args:
        m: The period's measures.
        document: Its name.
        asked: What its template asks for, in the order in which it stands there.
        own: Parts that only this one has, or has otherwise.
        is_demo: Whether the figures are invented, which it then says.
    """
    issue = Edition(m=m, document=document, say=Figures(m.program.words), is_demo=is_demo)
    parts = {**PARTS, **own}
    context = {name: parts[name](issue) for name in asked.names if name in parts}
    return {
        **context,
        "no": numbered(context, asked.sections),
        "tab": table_labels(context, asked.tables, issue.say),
    }, issue.say
