"""What the notice's own figures on money contradict (附件1第三栏): reported as they stand, never solved or hidden."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.program.model import FormKind, Rows, TargetKind

if TYPE_CHECKING:
    from pipeline.program.model import FundingLine, Program


class TensionKind(StrEnum):
    """What does not fit in the notice itself."""

    FEWER_UNITS = "fewer_units"  # it pays for fewer units than there are counties
    FEWER_EVENTS = "fewer_events"  # it pays for fewer events than its items ask
    WIDER = "wider"  # it covers more than the counties
    NO_SPLIT = "no_split"  # to be matched prefecture by prefecture, yet without an amount for each
    OPEN_ENDED = "open_ended"  # no amount: it depends on how many there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Tension:
    """One of them, to be printed and not solved.

    Attributes:
        found: What the line gives, where it is a number.
        against: What stands against it.
        text: The two in a sentence, without the code of the line.
        reading: How the programme reads the line.
    """

    line: FundingLine
    kind: TensionKind
    found: Decimal | None
    against: Decimal | None
    text: str
    reading: str


def tensions(program: Program) -> tuple[Tension, ...]:
    """What the notice's own numbers contradict, line by line, whatever was reported."""
    w = program.words
    found: list[Tension] = []
    for line in program.funding:
        found += _too_few(program, line)
        if line.match_ratio and line.amount_wan is not None and line.per_unit_wan is None:
            found.append(
                _tension(
                    line,
                    TensionKind.NO_SPLIT,
                    line.amount_wan,
                    Decimal(len(program.prefectures)),
                    f"{line.amount_wan:f}万元要求按{line.match_ratio}配套，但未明确{len(program.prefectures)}{w.respondents}的分配数额",
                )
            )
        if _is_wider(program, line):
            found.append(
                _tension(
                    line,
                    TensionKind.WIDER,
                    line.amount_wan,
                    Decimal(len(program.counties)),
                    f"该项经费不限于{len(program.counties)}{w.bodies}，还包括{w.respondent}本级等，不能按{w.row}平均",
                )
            )
        if line.amount_wan is None and line.per_unit_wan is not None:
            found.append(_tension(line, TensionKind.OPEN_ENDED, None, None, "没有总额，应拨数取决于上报的数量"))
    return tuple(found)


def _too_few(program: Program, line: FundingLine) -> list[Tension]:
    """Units paid for against counties; if there are enough, events paid for against the events the items ask."""
    w = program.words
    if line.per_unit_wan is None or line.units is None:
        return []
    counties, units = len(program.counties), Decimal(line.units)
    if units < counties:
        text = f"按每个{line.per_unit_wan:f}万元至多补助{line.units}个，少于{counties}{w.rows}"
        return [_tension(line, TensionKind.FEWER_UNITS, units, Decimal(counties), text)]
    asked = _events_asked(program, line) * counties
    if asked <= units:
        return []
    text = f"补助{line.units}个（场），而所列任务合计至少要求{asked:f}个（场）（{counties}{w.rows}）"
    return [_tension(line, TensionKind.FEWER_EVENTS, units, asked, text)]


def _events_asked(program: Program, line: FundingLine) -> Decimal:
    """The least a county must hold under the line's items.

    The smallest target of each item is taken: the notice does not say which of an item's events the line pays for.
    """
    least = Decimal(0)
    for item in line.items:
        targets = [
            q.target.threshold
            for q in program.quantities
            if q.item == item and q.judged and not q.is_rate and q.target and q.target.kind is TargetKind.AT_LEAST
        ]
        least += min(targets, default=Decimal(0))
    return least


def _is_wider(program: Program, line: FundingLine) -> bool:
    """Whether prefectures receive it for themselves: their own sheet asks what they received, with nothing to match."""
    own = (f for f in program.forms_of_kind(FormKind.FUNDING) if f.rows is Rows.PREFECTURE)
    return not line.match_ratio and any(f.of_role("received", line.code) for f in own)


def _tension(
    line: FundingLine, kind: TensionKind, found: Decimal | None, against: Decimal | None, text: str
) -> Tension:
    return Tension(line=line, kind=kind, found=found, against=against, text=text, reading=line.reading)
