"""催报函: the letters of :mod:`pipeline.measures.escalation` on paper, one document a prefecture and two for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.measures.escalation import AddresseeKind
from pipeline.products.documents.outline import quoted
from pipeline.products.wording import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.measures.escalation import Escalation
    from pipeline.measures.period import PeriodMeasures

_TO_OTHERS = {AddresseeKind.CONTACT: "致对口联系单位", AddresseeKind.LEADER: "致联系领导"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """One letter as printed; ``closing`` says what is asked and stays with the signature."""

    no: str
    level: str
    title: str
    to_line: str
    paragraphs: list[str]
    closing: str
    office: str
    issued_on: str


def letter_groups(m: PeriodMeasures) -> Iterator[tuple[str, list[Escalation]]]:
    """File name without ending → the letters in it, in order of their sharpness."""
    for prefecture in m.program.prefectures:
        mine = [
            e
            for e in m.escalations
            if e.addressee_kind is AddresseeKind.PREFECTURE and e.obligations[0].prefecture.code == prefecture.code
        ]
        if mine:
            yield f"{prefecture.code}_{prefecture.short_name}_催报函", mine
    for kind, name in _TO_OTHERS.items():
        others = [e for e in m.escalations if e.addressee_kind is kind]
        firsts = list(dict.fromkeys(e.addressee for e in others))
        if others:
            yield m.program.worded(name), sorted(others, key=lambda e: firsts.index(e.addressee))


def letter_context(m: PeriodMeasures, some: Sequence[Escalation], *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 催报函.docx and the register of its numbers; ``compact`` where many short letters follow each other."""
    say = Figures(m.program.words)
    compact = any(one.addressee_kind is not AddresseeKind.PREFECTURE for one in some)
    return {
        "letters": [_letter(m, one, n, say) for n, one in enumerate(some, 1)],
        "compact": compact,
        "is_demo": is_demo,
        "words": say.words,
    }, say


def _letter(m: PeriodMeasures, one: Escalation, no: int, say: Figures) -> _Letter:
    to_line, *paragraphs, closing, office, issued_on = one.text.split("\n")
    return _Letter(
        no=say("letter.no", no),
        level=one.title,
        title=f"“{m.program.short_title}”专项工作\n逾期事项{one.title}",
        to_line=quoted(say, "letter.to", to_line),
        paragraphs=[quoted(say, f"letter.{one.level}.{one.addressee}", line) for line in paragraphs],
        closing=quoted(say, f"letter.{one.level}.{one.addressee}", closing),
        office=office,
        issued_on=say("letter.date", issued_on),
    )
