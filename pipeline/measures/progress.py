"""How far the campaign is: targets met, pace, completion, change and rank. Pure functions; nothing missing is zero.

Completion (完成率) is targets met ÷ targets that apply, counted over counties whose record stands. A quantity whose
window has not begun, that a county marked 不适用, that has no target or is only followed, is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, YES, FieldType, TargetKind, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Period, Program, Quantity, Target

    Values = Mapping[str, Mapping[str, Value]]


class Status(StrEnum):
    """Where a county stands on a quantity."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"
    MISSING = "missing"
    NOT_STARTED = "not_started"
    NO_TARGET = "no_target"  # report-only, or followed but not judged


COUNTED = (Status.MET, Status.NOT_MET)
_TargetsOf = Mapping[str, "Target | None"]  # quantity → target, of those not judged alike in all periods


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangingPart:
    """What a quantity that is not judged alike in all periods adds to a completion.

    Attributes:
        target: By which it was judged; None while its window has not begun.
    """

    target: Target | None
    met: int
    applicable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Targets met of those that apply, over ``reported`` of ``roster`` counties; ``pct`` is None when nobody reported.

    Attributes:
        changing: Quantity → its part in the figure, of those :attr:`~pipeline.program.model.Program.changing`.
    """

    met: int
    applicable: int
    reported: int
    roster: int
    changing: Mapping[str, ChangingPart] = field(default_factory=dict)

    @property
    def pct(self) -> float | None:
        """Per cent, 0–100."""
        return 100 * self.met / self.applicable if self.applicable else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A quantity over all reported counties.

    Attributes:
        actual: Sum of counts; counties with 是 (or the options wanted); for a rate 100 × Σ numerator ÷ Σ denominator.
        numerator: For rates, Σ numerator; else None.
        denominator: For rates, Σ denominator; else None.
        full_target: Target × counties it applies to (for a rate: the rate); None without target.
        required: What the pace requires by the period's end (linear through the window); None without target.
        met: Counties that meet the target.
        applicable: Counties it applies to and that gave a value.
    """

    quantity: Quantity
    actual: float | None
    numerator: int | None
    denominator: int | None
    full_target: float | None
    required: float | None
    met: int
    on_pace: int
    applicable: int
    reported: int
    roster: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceResult:
    """A target of the whole province: ``actual`` is a sum or a share in per cent; None when nobody reported."""

    quantity: Quantity
    actual: float | None
    met_count: int
    base: int
    threshold: float
    is_share: bool
    reported: int
    roster: int

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None when nobody reported."""
        return None if self.actual is None else self.actual >= self.threshold


Score = Completion | float | None


def elapsed(window: Window, day: date) -> float:
    """Share of a window gone by the end of ``day``, 0–1; both ends included."""
    whole = (window.end - window.start).days + 1
    return min(max((day - window.start).days + 1, 0) / whole, 1.0)


def assess(program: Program, period: Period, values: Values) -> pd.DataFrame:
    """Every quantity of every county.

    Args:
        program: The campaign.
        period: Where we are.
        values: county_code → field → value, for reported counties only.

    Returns:
        One row per (county, county-level quantity): county_code, prefecture_code, action, item, quantity, status, value
        (count, rate in per cent, or 1/0; NaN when none), required (pace at the period's end; NaN without target),
        on_pace (True/False/None).
    """
    rows = []
    fields = program.field_by_code
    then = program.at(period)
    quantities = [q for q in then.quantities if q.fields]
    for county in then.measured:
        given = values.get(county.code)
        for quantity in quantities:
            value, status = _status(quantity, fields, given, period)
            required = _required(quantity, period)
            on_pace = None if status not in COUNTED or required is None else value >= math.floor(required)
            rows.append(
                (
                    county.code,
                    county.prefecture_code,
                    quantity.action,
                    quantity.item,
                    quantity.code,
                    status.value,
                    value,
                    required,
                    on_pace,
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            "county_code",
            "prefecture_code",
            "action",
            "item",
            "quantity",
            "status",
            "value",
            "required",
            "on_pace",
        ],
    )


def changing_targets(program: Program, period: Period) -> _TargetsOf:
    """The targets in ``period`` of the quantities that are not judged alike in all periods; None before they begin."""
    return {
        q.code: q.target if q.window.start <= period.end else None
        for q in program.at(period).quantities
        if q.code in program.changing
    }


def completion(
    assessed: pd.DataFrame, by: Sequence[str], changing: _TargetsOf | None = None
) -> dict[tuple[object, ...], Completion]:
    """Completion by any of the columns of :func:`assess`; ``by`` empty gives the province under the key ``()``.

    Args:
        assessed: What :func:`assess` gives.
        by: Columns to group by.
        changing: What :func:`changing_targets` gives, where the figure is to be compared with another period's.
    """
    counts: dict[tuple[object, ...], _Counts] = {} if by else {(): _Counts()}
    rows = zip(*(assessed[name].tolist() for name in ("county_code", "status", "quantity", *by)), strict=True)
    for county, status, quantity, *key in rows:
        group = counts.setdefault(tuple(key), _Counts())
        group.add(county, status)
        if changing and quantity in changing:
            group.changing.setdefault(quantity, _Counts()).add(county, status)
    return {key: group.completion(changing or {}) for key, group in counts.items()}


@dataclass(slots=True)
class _Counts:
    """What is counted of some rows; in plain Python, for hundreds of small groups are slow in pandas."""

    met: int = 0
    applicable: int = 0
    roster: set[str] = field(default_factory=set)
    there: set[str] = field(default_factory=set)
    changing: dict[str, _Counts] = field(default_factory=dict)

    def add(self, county: str, status: str) -> None:
        self.roster.add(county)
        if status != Status.MISSING:
            self.there.add(county)
        self.met += status == Status.MET
        self.applicable += status in COUNTED

    def completion(self, targets: _TargetsOf) -> Completion:
        return Completion(
            met=self.met,
            applicable=self.applicable,
            reported=len(self.there),
            roster=len(self.roster),
            changing={
                code: ChangingPart(target=targets[code], met=score.met, applicable=score.applicable)
                for code, score in self.changing.items()
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many quantities a comparison of two periods leaves out, because they were not judged alike in both."""

    retargeted: int = 0
    retired: int = 0
    added: int = 0

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.retargeted or self.retired or self.added)


def left_out(now: Score, before: Score) -> LeftOut:
    """What :func:`change_pp` leaves out; nothing of bare figures."""
    if not isinstance(now, Completion) or not isinstance(before, Completion):
        return LeftOut()
    unlike = _unlike(now, before)
    retired = sum(code not in now.changing for code in unlike)
    added = sum(code not in before.changing for code in unlike)
    return LeftOut(retargeted=len(unlike) - retired - added, retired=retired, added=added)


def change_pp(now: Score, before: Score) -> float | None:
    """Change in percentage points between the figures as printed; None when either is missing.

    Of completions only what was judged alike in both periods is compared: a quantity that was retargeted, retired or added
    in between is left out of both. One whose window began in between is not: it was always known to begin then.
    """
    if isinstance(now, Completion) and isinstance(before, Completion):
        unlike = _unlike(now, before)
        now, before = (_without(score, unlike) for score in (now, before))
    a, b = (score.pct if isinstance(score, Completion) else score for score in (now, before))
    return None if a is None or b is None else float(printed(a) - printed(b))


def _unlike(now: Completion, before: Completion) -> frozenset[str]:
    """The quantities that count in either and were not judged alike in both."""
    return frozenset(
        code
        for code in now.changing.keys() | before.changing.keys()
        if not _alike(now.changing.get(code), before.changing.get(code))
        and any(score.changing[code].applicable for score in (now, before) if code in score.changing)
    )


def _alike(now: ChangingPart | None, before: ChangingPart | None) -> bool:
    begins = before is not None and before.target is None
    return begins or (now is not None and before is not None and now.target == before.target)


def _without(done: Completion, codes: frozenset[str]) -> Completion:
    parts = [done.changing[code] for code in codes if code in done.changing]
    return replace(
        done, met=done.met - sum(p.met for p in parts), applicable=done.applicable - sum(p.applicable for p in parts)
    )


def printed(value: float) -> Decimal:
    """A percentage as every document prints it: one decimal, half up, as staff round by hand."""
    return Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def ranks(scores: Sequence[float | None]) -> list[int | None]:
    """Competition ranks, highest first: equal scores share a rank (1, 2, 2, 4); None has no rank.

    Scores are compared as printed, to one decimal.
    """
    shown = [None if s is None else printed(s) for s in scores]
    known = [s for s in shown if s is not None]
    return [None if s is None else 1 + sum(other > s for other in known) for s in shown]


def totals(program: Program, period: Period, values: Values, assessed: pd.DataFrame) -> tuple[Total, ...]:
    """Each county-level quantity summed over the counties that reported."""
    by_quantity = {str(code): group for code, group in assessed.groupby("quantity", sort=False)}
    return tuple(_total(period, q, values, by_quantity[q.code]) for q in program.at(period).quantities if q.fields)


def province_results(program: Program, values: Values) -> tuple[ProvinceResult, ...]:
    """Province-wide targets (items 9, 10, 13, 14)."""
    return tuple(_province(program, q, values) for q in program.quantities if q.province)


def _status(
    quantity: Quantity, fields: Mapping[str, Field], given: Mapping[str, Value] | None, period: Period
) -> tuple[float, Status]:
    if given is None:
        return math.nan, Status.MISSING
    if quantity.window.start > period.end:
        return math.nan, Status.NOT_STARTED
    value = figure(quantity, fields, given)
    if value is None:
        away = any(given.get(code) == NOT_APPLICABLE for code in quantity.fields) or quantity.is_rate
        return math.nan, Status.NOT_APPLICABLE if away else Status.NO_TARGET
    if quantity.target is None or not quantity.judged:
        return value, Status.NO_TARGET
    return value, Status.MET if value >= float(quantity.target.threshold) else Status.NOT_MET


def figure(quantity: Quantity, fields: Mapping[str, Field], given: Mapping[str, Value]) -> float | None:
    """A county's figure: a count, a rate in per cent, or 1/0 for words; None when blank, 不适用 or ÷ 0.

    Words count 1 when they are 是, the first option of a choice, or the options a checklist's target asks for.
    """
    if quantity.is_rate:
        numerator, denominator = (given.get(code) for code in quantity.fields)
        if not isinstance(numerator, int) or not isinstance(denominator, int) or denominator == 0:
            return None
        return 100 * numerator / denominator
    assert quantity.value is not None  # noqa: S101 - only county-level quantities come here
    value = given.get(quantity.value)
    if isinstance(value, int):
        return float(value)
    if not isinstance(value, str) or value == NOT_APPLICABLE:
        return None
    source = fields[quantity.value]
    if source.type is FieldType.CHECKLIST:
        ticked = [] if value == NONE_TICKED else value.split("、")
        every = quantity.target is not None and quantity.target.kind is TargetKind.ALL_OPTIONS
        return float(len(ticked) == len(source.options) if every else bool(ticked))
    return float(value == (source.options or (YES,))[0])


def _required(quantity: Quantity, period: Period) -> float | None:
    """Target × share of the window gone. A county is on pace from the whole part up: half an event cannot be held."""
    if quantity.target is None or not quantity.judged:
        return None
    return float(quantity.target.threshold) * elapsed(quantity.window, period.end)


def _total(period: Period, quantity: Quantity, values: Values, group: pd.DataFrame) -> Total:
    counted = group[group["status"].isin(COUNTED)]
    numerator = denominator = None
    actual: float | None
    if quantity.is_rate:
        pairs = [
            (given.get(quantity.numerator or ""), given.get(quantity.denominator or "")) for given in values.values()
        ]
        known = [(n, d) for n, d in pairs if isinstance(n, int) and isinstance(d, int) and d]
        numerator, denominator = sum(n for n, _ in known), sum(d for _, d in known)
        actual = 100 * numerator / denominator if denominator else None
    else:
        given_values = group["value"].dropna()
        actual = float(given_values.sum()) if len(given_values) else None
    factor = 1 if quantity.is_rate else len(counted)
    target = float(quantity.target.threshold) * factor if quantity.target and quantity.judged else None
    required = _required(quantity, period)
    return Total(
        quantity=quantity,
        actual=actual,
        numerator=numerator,
        denominator=denominator,
        full_target=target,
        required=None if required is None else required * factor,
        met=int(group["status"].eq(Status.MET).sum()),
        on_pace=int((counted["on_pace"] == True).sum()),  # noqa: E712
        applicable=len(counted) if quantity.target and quantity.judged else int(group["value"].notna().sum()),
        reported=int(group["status"].ne(Status.MISSING).sum()),
        roster=len(group),
    )


def _province(program: Program, quantity: Quantity, values: Values) -> ProvinceResult:
    assert quantity.province is not None  # noqa: S101 - chosen by the caller
    rule = quantity.province
    answers = [given.get(rule.field) for given in values.values()]
    if rule.is_share:
        known = [a for a in answers if a is not None and a != NOT_APPLICABLE]
        met = sum(a == YES for a in known)
        base, actual = len(known), (100 * met / len(known) if known else None)
    else:
        numbers = [a for a in answers if isinstance(a, int)]
        met, base = sum(numbers), len(numbers)
        actual = float(met) if numbers else None
    return ProvinceResult(
        quantity=quantity,
        actual=actual,
        met_count=met,
        base=base,
        threshold=float(rule.threshold),
        is_share=rule.is_share,
        reported=sum((code in program.county_by_code) is bool(program.counties) for code in values),
        roster=len(program.measured),
    )
