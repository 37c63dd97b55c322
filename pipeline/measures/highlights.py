"""Highlights (五（四）): dated entries counted in their calendar quarter, and who owes one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.measures.figures import (
    Coverage,
    by_role,
    county_of,
    day,
    histories,
    list_coverage,
    reporters,
    role_of,
    share,
    text,
    yes,
)
from pipeline.measures.quarters import Quarter, quarters
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pipeline.measures.figures import ListEntry, Share
    from pipeline.program.model import Form, Period, Program

_QUARTER_MONTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """One entry as last reported; ``quarter`` is None where it bears no date.

    Attributes:
        county_code: Empty for the prefecture's own.
        spread: Whether others could use it; None when not said.
        period: The period whose list it was last read from.
        seq: The submission.
    """

    form: str
    number: str
    prefecture_code: str
    county_code: str
    title: str
    kind: str
    text: str
    spread: bool | None
    dated_on: date | None
    quarter: Quarter | None
    period: str
    seq: int


class Duly(StrEnum):
    """Whether a prefecture's highlight of a quarter is there."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_DUE = "not_due"  # the quarter has not ended
    NOT_REPORTED = "not_reported"  # unknown: no list of the prefecture reaches the quarter's end


@dataclass(frozen=True, slots=True, kw_only=True)
class _QuarterDuty:
    """What one prefecture owes for one quarter; ``count`` is None when not reported."""

    prefecture_code: str
    quarter: Quarter
    count: int | None
    duly: Duly


@dataclass(frozen=True, slots=True, kw_only=True)
class HighlightFigures:
    """Every highlight so far.

    Attributes:
        coverage: Prefectures whose list of this period stands.
        by_quarter: Quarter → entries dated in it, owed or not, earliest first.
        by_kind: Kind → entries, in the order of the column's options.
        counties_by_kind: Kind → counties with an entry of it, the prefectures' own left out (三（四）打造特色).
        spread: Entries that others could use, of those that say so either way, of all (三（五）成果转化).
        reporting: Prefectures of which a list ever stood, of all.
        by_prefecture: Prefecture code → entries; None for one that never reported.
        undated: Entries without a date: counted in no quarter.
        duties: One per prefecture and owed quarter, by quarter.
    """

    entries: tuple[Highlight, ...]
    coverage: Coverage
    by_quarter: dict[Quarter, int]
    by_kind: dict[str, int]
    counties_by_kind: dict[str, int]
    spread: Share
    reporting: Coverage
    by_prefecture: dict[str, int | None]
    undated: int
    duties: tuple[_QuarterDuty, ...]

    def dated_in(self, quarter: Quarter) -> tuple[Highlight, ...]:
        """The entries of a quarter."""
        return tuple(e for e in self.entries if e.quarter == quarter)


def quarter_of(on: date) -> Quarter:
    """The calendar quarter of a day."""
    start = date(on.year, on.month - (on.month - 1) % _QUARTER_MONTHS, 1)
    after = date(
        on.year + start.month // 10, (start.month + _QUARTER_MONTHS) % 12, 1
    )  # October's quarter ends the year
    return Quarter(start=start, end=after - timedelta(days=1))


def highlight_figures(
    program: Program, period: Period, entries: Sequence[ListEntry], reported: Collection[tuple[str, str]], as_of: date
) -> HighlightFigures | None:
    """Highlights up to a period; None for a campaign without such a list.

    Args:
        program: The campaign.
        period: Where we are.
        entries: Standing entries of all periods up to this one.
        reported: (period, prefecture) codes of the lists that stand, empty ones too.
        as_of: The day; a quarter is due from the day after its end.
    """
    forms = program.forms_of_kind(FormKind.HIGHLIGHTS)
    if not forms:
        return None
    found = tuple(
        _highlight(program, form, every[-1]) for form, every in histories(program, entries, FormKind.HIGHLIGHTS, period)
    )
    spoke = {*reporters(program, reported, period), *(e.prefecture_code for e in found)}
    kinds = dict.fromkeys(
        (
            *(option for form in forms if (column := role_of(form, "highlight_kind")) for option in column.options),
            *(e.kind for e in found),
        )
    )
    owed = quarters(program.window)
    every = sorted({*owed, *(e.quarter for e in found if e.quarter)}, key=lambda q: q.start)
    return HighlightFigures(
        entries=found,
        coverage=list_coverage(program, reported, period),
        by_quarter={q: sum(e.quarter == q for e in found) for q in every},
        by_kind={kind: sum(e.kind == kind for e in found) for kind in kinds},
        counties_by_kind={
            kind: len({e.county_code for e in found if e.kind == kind and e.county_code}) for kind in kinds
        },
        spread=share([e.spread for e in found]),
        reporting=Coverage(reported=len(spoke), roster=len(program.prefectures)),
        by_prefecture={
            p.code: sum(e.prefecture_code == p.code for e in found) if p.code in spoke else None
            for p in program.prefectures
        },
        undated=sum(e.quarter is None for e in found),
        duties=tuple(
            _duty(p.code, q, found, _reach(program, q, period, reported), as_of)
            for q in owed
            for p in program.prefectures
        ),
    )


def _highlight(program: Program, form: Form, entry: ListEntry) -> Highlight:
    given = entry.values
    county, dated_on = county_of(program, entry, by_role(form, "county", given)), day(by_role(form, "dated_on", given))
    return Highlight(
        form=form.code,
        number=entry.number,
        prefecture_code=entry.prefecture_code,
        county_code=county.code if county else "",
        title=text(by_role(form, "title", given)),
        kind=text(by_role(form, "highlight_kind", given)),
        text=text(by_role(form, "text", given)),
        spread=yes(by_role(form, "spread", given)),
        dated_on=dated_on,
        quarter=quarter_of(dated_on) if dated_on else None,
        period=entry.period,
        seq=entry.seq,
    )


def _reach(program: Program, quarter: Quarter, period: Period, reported: Collection[tuple[str, str]]) -> set[str]:
    """Prefectures with a list of a period, up to this one, that ends with the quarter or later."""
    periods = [p for p in program.periods_through(period) if p.end >= quarter.end]
    return {who for code, who in reported if any(p.code == code for p in periods)}


def _duty(
    prefecture_code: str, quarter: Quarter, found: Sequence[Highlight], reach: Collection[str], as_of: date
) -> _QuarterDuty:
    count = sum(e.prefecture_code == prefecture_code and e.quarter == quarter for e in found)
    known = count > 0 or prefecture_code in reach
    if count:
        duly = Duly.MET
    elif as_of <= quarter.end:
        duly = Duly.NOT_DUE
    else:
        duly = Duly.NOT_MET if known else Duly.NOT_REPORTED
    return _QuarterDuty(prefecture_code=prefecture_code, quarter=quarter, count=count if known else None, duly=duly)
