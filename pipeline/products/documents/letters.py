"""催报函: the letters of :mod:`pipeline.measures.escalation` on paper, one document a prefecture and two for the rest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.domain.text import cn_date
from pipeline.measures.escalation import AddresseeKind
from pipeline.products.documents.outline import quoted
from pipeline.products.wording import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.measures.escalation import Letter
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.reported import ReportedPeriod

_TO_OTHERS = {AddresseeKind.CONTACT: "致对口联系单位", AddresseeKind.LEADER: "致联系领导"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _PrintedLetter:
    """One letter with its numbers registered; ``closing`` says what is asked and stays with the signature."""

    no: str
    level: str
    title: str
    to_line: str
    paragraphs: list[str]
    closing: str
    office: str
    issued_on: str


def letter_groups(m: PeriodMeasures) -> Iterator[tuple[str, list[Letter]]]:
    """File name without ending → the letters in it, in order of their sharpness."""
    groups: dict[tuple[AddresseeKind, str], list[Letter]] = defaultdict(list)
    for letter in m.letters:
        own = letter.addressee_kind is AddresseeKind.PREFECTURE
        groups[letter.addressee_kind, letter.obligations[0].prefecture.code if own else ""].append(letter)
    for prefecture in m.program.prefectures:
        if mine := groups[AddresseeKind.PREFECTURE, prefecture.code]:
            yield f"{prefecture.code}_{prefecture.short_name}_催报函", mine
    for kind, name in _TO_OTHERS.items():
        if others := groups[kind, ""]:
            firsts = list(dict.fromkeys(letter.addressee for letter in others))
            yield m.program.worded(name), sorted(others, key=lambda letter: firsts.index(letter.addressee))


def pasted(letter: Letter) -> str:
    """A letter as a message to paste."""
    date_line = cn_date(letter.written_on)
    return "\n".join([f"{letter.addressee}：", letter.opening, *letter.items, letter.asked, letter.office, date_line])


def letter_context(m: ReportedPeriod, some: Sequence[Letter], *, is_demo: bool) -> tuple[dict[str, Any], Figures]:
    """The context of 催报函.docx and the register of its numbers; ``compact`` where many short letters follow each other."""
    say = Figures(m.program.words)
    compact = any(letter.addressee_kind is not AddresseeKind.PREFECTURE for letter in some)
    return {
        "letters": [_printed(m, letter, n, say) for n, letter in enumerate(some, 1)],
        "compact": compact,
        "is_demo": is_demo,
        "words": say.words,
    }, say


def _printed(m: ReportedPeriod, letter: Letter, no: int, say: Figures) -> _PrintedLetter:
    measure = f"letter.{letter.level}.{letter.addressee}"
    return _PrintedLetter(
        no=say("letter.no", no),
        level=letter.title,
        title=f"“{m.program.short_title}”专项工作\n{letter.about}{letter.title}",
        to_line=quoted(say, "letter.to", f"{letter.addressee}："),
        paragraphs=[quoted(say, measure, line) for line in (letter.opening, *letter.items)],
        closing=quoted(say, measure, letter.asked),
        office=letter.office,
        issued_on=say.day("letter.date", letter.written_on),
    )
