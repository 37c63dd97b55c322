"""The documents a period calls for besides 工作简报: those the programme publishes in it, and letters for what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.products.documents import casebook, half_year, party_reports, quarterly
from pipeline.products.documents.document_parts import Issue, context_of
from pipeline.products.documents.letters import letter_context, letter_groups
from pipeline.products.documents.word import asked_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.wording import Figures

LETTERS, LETTER_TEMPLATE = "催报", "催报函.docx"
ALWAYS = "工作简报"  # made in every period, whatever the programme says
OWN: dict[str, Mapping[str, Callable[[Issue], Any]]] = {
    "季度通报": quarterly.OWN,
    "中期调度报告": party_reports.MID,
    "半年会议材料": half_year.OWN,
    "总结报告": party_reports.FINAL,
    "典型案例汇编": casebook.OWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document about to be made: its path in ``outbox/P/``, and what makes its context and register."""

    name: str
    template: str
    make: Callable[[], tuple[dict[str, Any], Figures]]


def publications(m: PeriodMeasures, templates: Path, *, is_demo: bool) -> Iterator[Draft]:
    """What the programme publishes in this period, each by what its template asks for."""
    for document in dict.fromkeys(one.document for one in m.program.publications):
        if document != ALWAYS and m.program.publishes(document, m.period):
            file = f"{document}.docx"
            yield Draft(
                name=file, template=file, make=partial(publication_of, m, document, templates / file, is_demo=is_demo)
            )


def publication_of(
    m: PeriodMeasures, document: str, template: Path, *, is_demo: bool
) -> tuple[dict[str, Any], Figures]:
    """Context and register of one of them.

    Raises:
        TemplateError: The template is missing or is not a Word document.
    """
    return context_of(m, document, asked_by(template), OWN.get(document, {}), is_demo=is_demo)


def letters(m: PeriodMeasures, *, is_demo: bool) -> Iterator[Draft]:
    """What the escalations call for: one document a prefecture, one for contact units, one for leaders."""
    for name, some in letter_groups(m):
        make = partial(letter_context, m, some, is_demo=is_demo)
        yield Draft(name=f"{LETTERS}/{name}.docx", template=LETTER_TEMPLATE, make=make)
