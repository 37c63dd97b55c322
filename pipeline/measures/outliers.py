"""Counts unlike a county's own past and its peers', and what came of asking: for staff to look at, never a reason to refuse.

What is unlike is said in :mod:`pipeline.domain.usual`. On intake a figure is compared with what peers had said before; here
with what they say in the same period.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.domain.findings import EXPLAINED, OUTLIER
from pipeline.domain.usual import PEERS, Usual, compared, is_unlike, own_past, usual
from pipeline.domain.value import show
from pipeline.program.model import Accumulation
from pipeline.program.rules import outlier_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.domain.findings import Finding
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.figures import Values
    from pipeline.measures.known import KnownState
    from pipeline.program.model import County, Field, Period, Program


class Against(StrEnum):
    """What a figure is unlike."""

    PEERS = "peers"  # and, where there is one, its own past
    FELL = "fell"  # a cumulative count that is less than what the county said before, or none any more
    ASKED = "asked"  # what peers had said before, when it came; no more once all have said theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """One figure of one county.

    Attributes:
        value: What was reported.
        compared: What was compared: the count itself, of a cumulative one its change since the period before; of one that
            fell, what it was; None of one that is only asked about.
        peers: What is usual of its peers; None of one that fell.
        past: What was usual of its own changes; None where it has no past.
        asked: As it was said to the officer; empty where nobody was asked.
        reason: With which the officer answered; empty where nobody has.
    """

    county_code: str
    field: str
    against: Against
    value: Value
    compared: int | None = None
    peers: Usual | None = None
    past: Usual | None = None
    asked: str = ""
    reason: str = ""


def outliers(program: Program, period: Period, known: Sequence[KnownState]) -> tuple[Outlier, ...]:
    """Every count of a period that is unlike its peers' and the county's own past, or fell, by field, then county.

    Peers are the other counties that gave the field, at least 8. A change is taken only where both periods were reported.
    What a column repeats from another is not looked at twice.

    Args:
        program: The campaign.
        period: Where we are.
        known: What is known as of each period up to this one; of a period, what was reported in it.
    """
    values = {state.period.code: state.said for state in known}
    found: list[Outlier] = []
    for field in program.counts_in(period):
        series = {c.code: _series(program, period, values, c, field) for c in program.counties}
        found += _unlike(field, series)
        if field.accumulation is Accumulation.CUMULATIVE and len(known) > 1:
            found += _fell(program, field, known[-2], known[-1])
    return tuple(found)


def with_answers(
    found: Iterable[Outlier], program: Program, snapshot: Snapshot, now: KnownState
) -> tuple[Outlier, ...]:
    """The same with what officers were asked when the records that stand came, and said; and what else they were asked about."""
    rules = {outlier_rule(field).id: field.code for field in program.counts_in(now.period)}
    last = {
        (f.county_code, rules[f.rule]): f
        for entry, f in snapshot.findings
        if f.rule in rules and f.code in {OUTLIER, EXPLAINED} and entry.period <= now.period.code
    }
    values = now.said
    asked = {
        (county, code): last[county, code]
        for county, code in sorted(last)
        if show(values.get(county, {}).get(code)) == last[county, code].found
    }
    listed = tuple(
        replace(one, asked=f.expected, reason=_reason(f))
        if (f := asked.pop((one.county_code, one.field), None))
        else one
        for one in found
    )
    return listed + tuple(
        Outlier(
            county_code=county,
            field=code,
            against=Against.ASKED,
            value=values.get(county, {}).get(code),
            asked=f.expected,
            reason=_reason(f),
        )
        for (county, code), f in asked.items()
    )


def _reason(f: Finding) -> str:
    return f.fix.removeprefix("说明：") if f.code == EXPLAINED else ""


def _unlike(field: Field, series: Mapping[str, Sequence[int | None]]) -> Iterator[Outlier]:
    """Only who says the most or the least of all can be unlike all others."""
    total = field.accumulation is Accumulation.CUMULATIVE
    now = {code: value for code, past in series.items() if (value := compared(past, adds_up=total)) is not None}
    ends = {min(now.values()), max(now.values())} if len(now) > PEERS else set[int]()
    for code in (code for code, value in now.items() if value in ends):
        peers = usual([value for other, value in now.items() if other != code])
        if is_unlike(series[code], peers, adds_up=total):
            yield Outlier(
                county_code=code,
                field=field.code,
                against=Against.PEERS,
                value=series[code][-1],
                compared=now[code],
                peers=peers,
                past=own_past(series[code]),
            )


def _fell(program: Program, field: Field, before: KnownState, now: KnownState) -> Iterator[Outlier]:
    """Counties whose accepted figure takes back a part of what they had said: the sum over all falls by as much."""
    said = now.said
    for county in program.counties:
        was = before.listed(program.comparable_code(county, before.period)).get(field.code)
        value = said.get(county.code, {}).get(field.code)
        if isinstance(was, int) and value is not None and not (isinstance(value, int) and value >= was):
            yield Outlier(county_code=county.code, field=field.code, against=Against.FELL, value=value, compared=was)


def _series(
    program: Program, period: Period, values: Mapping[str, Values], county: County, field: Field
) -> list[int | None]:
    """A county's counts, period by period; None where it gave none, or was not the same county."""
    cells = (
        values.get(p.code, {}).get(program.comparable_code(county, p), {}).get(field.code)
        for p in program.periods_through(period)
    )
    return [cell if isinstance(cell, int) else None for cell in cells]
