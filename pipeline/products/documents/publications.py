"""The documents a period calls for besides 工作简报: those the programme publishes in it, and letters for what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from pipeline.products.documents.document_parts import context_of
from pipeline.products.documents.letters import letter_context, letter_groups
from pipeline.products.documents.word import asked_by
from pipeline.products.found import found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.document_parts import Own
    from pipeline.products.wording import Figures

LETTERS, LETTER_TEMPLATE = "催报", "催报函.docx"
_ALWAYS = "工作简报"  # made in every period, whatever the programme says


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document about to be made: its path in ``outbox/P/``, and what makes its context and register."""

    name: str
    template: str
    make: Callable[[], tuple[dict[str, Any], Figures]]


@cache
def own_parts() -> Own:
    """Document → its own parts, of every module of the folder ``own``."""
    return {document: parts for parts_of in found(f"{__package__}.own", "OWN") for document, parts in parts_of.items()}


def publications(m: PeriodMeasures, templates: Path, *, is_demo: bool) -> Iterator[Draft]:
    """What the programme publishes in this period, each by what its template asks for."""
    for document in dict.fromkeys(publication.document for publication in m.program.publications):
        if document != _ALWAYS and m.program.publishes(document, m.period):
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
    return context_of(m, document, asked_by(template), own_parts().get(document, {}), is_demo=is_demo)


def letter_drafts(m: PeriodMeasures, *, is_demo: bool) -> Iterator[Draft]:
    """What the escalations call for: one document a prefecture, one for contact units, one for leaders."""
    for name, some in letter_groups(m):
        make = partial(letter_context, m, some, is_demo=is_demo)
        yield Draft(name=f"{LETTERS}/{name}.docx", template=LETTER_TEMPLATE, make=make)
