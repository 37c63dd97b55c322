"""The documents a period calls for besides 工作简报: those the programme publishes in it, and letters for what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.products.documents.casebook import casebook_context
from pipeline.products.documents.half_year import half_year_context
from pipeline.products.documents.letters import letter_context, letter_groups
from pipeline.products.documents.party_reports import final_context, mid_term_context
from pipeline.products.documents.quarterly import quarterly_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.wording import Figures

LETTERS, LETTER_TEMPLATE = "催报", "催报函.docx"


class Maker(Protocol):
    """Measures → context and register."""

    def __call__(self, m: PeriodMeasures, *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
        """Make both."""


MAKERS: dict[str, Maker] = {
    "季度通报": quarterly_context,
    "中期调度报告": mid_term_context,
    "半年会议材料": half_year_context,
    "总结报告": final_context,
    "典型案例汇编": casebook_context,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document about to be made: its path in ``outbox/P/``, and what makes its context and register."""

    name: str
    template: str
    make: Callable[[], tuple[dict[str, Any], Figures]]


def publications(m: PeriodMeasures, *, is_demo: bool) -> Iterator[Draft]:
    """What the programme publishes in this period."""
    for document, make in MAKERS.items():
        if m.program.publishes(document, m.period):
            yield Draft(name=f"{document}.docx", template=f"{document}.docx", make=partial(make, m, is_demo=is_demo))


def letters(m: PeriodMeasures, *, is_demo: bool) -> Iterator[Draft]:
    """What the escalations call for: one document a prefecture, one for contact units, one for leaders."""
    for name, some in letter_groups(m):
        make = partial(letter_context, m, some, is_demo=is_demo)
        yield Draft(name=f"{LETTERS}/{name}.docx", template=LETTER_TEMPLATE, make=make)
