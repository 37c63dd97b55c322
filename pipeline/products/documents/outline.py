"""What the documents beside 工作简报 share: continuous numbering of what there is to say, amounts, coverage, quoted text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.products.wording import numeral

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from pipeline.measures.figures import Sum
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.wording import Figures
    from pipeline.program.model import Duty, Publication

Row = dict[str, str]
NO_FIGURE, NOT_REPORTED = "—", "未计入"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsection:
    """One （一） of a section."""

    numeral: str
    name: str
    paragraphs: list[str]


def parts(named: Iterable[tuple[str, Sequence[str]]]) -> list[Subsection]:
    """Those that have something to say, numbered without gaps."""
    there = [(name, [text for text in texts if text]) for name, texts in named]
    return [
        Subsection(numeral=numeral(n), name=name, paragraphs=texts)
        for n, (name, texts) in enumerate(((name, texts) for name, texts in there if texts), 1)
    ]


def numbered(context: Mapping[str, Any], sections: Sequence[str]) -> dict[str, str]:
    """一、二、三 for the sections of a document that have content, by the name of what decides it."""
    return {name: numeral(n) for n, name in enumerate((name for name in sections if context[name]), 1)}


def table_labels(context: Mapping[str, Any], rows: Sequence[str], say: Figures) -> dict[str, str]:
    """表1, 表2 for the tables of a document that have rows."""
    return {name: say("table", n) for n, name in enumerate((name for name in rows if context[name]), 1)}


def publication(m: PeriodMeasures, document: str) -> Publication | None:
    """What the programme says of a document, if anything."""
    return next((p for p in m.program.publications if p.document == document), None)


def duty(m: PeriodMeasures, document: str) -> Duty | None:
    """The duty a document fulfils."""
    found = publication(m, document)
    return next((d for d in m.program.duties if found and d.code == found.duty), None)


def wan(say: Figures, measure: str, amount: Decimal) -> str:
    """万元, two decimals, without the unit."""
    return say(measure, f"{amount:,.2f}")


def wan_cell(say: Figures, measure: str, amount: Sum) -> str:
    """A sum for a table: a dash where nobody is asked, 未计入 where no answer is accepted."""
    if amount.amount is not None:
        return wan(say, measure, amount.amount)
    return NOT_REPORTED if amount.roster else NO_FIGURE


def of(say: Figures, measure: str, some: int, whole: int) -> str:
    """118/129."""
    return f"{say(f'{measure}.reported', some)}/{say(f'{measure}.roster', whole)}"


def quoted(say: Figures, measure: str, text: str) -> str:
    """Words of the notice or of an officer, whose digits are theirs."""
    return say(measure, text)


def clipped(text: str, length: int) -> str:
    """A long text for a narrow cell."""
    return text if len(text) <= length else text[: length - 1] + "…"
