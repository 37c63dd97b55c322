"""How far each unit is on each quantity: met or not, where on its expected path; and what all of them come to. Pure functions.

Nothing missing is zero; everything goes by what is known of a unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.domain.state import Knowledge
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, YES, ExpectedPath, FieldType, TargetKind, Window

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.measures.known import KnownState
    from pipeline.program.model import Field, Period, Program, Quantity

    Values = Mapping[str, Mapping[str, Value]]


class Status(StrEnum):
    """Where a county stands on a quantity."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"
    MISSING = "missing"  # nothing was ever accepted that says it
    NOT_STARTED = "not_started"
    NO_TARGET = "no_target"  # report-only, or followed but not judged


COUNTED = (Status.MET, Status.NOT_MET)
_ASSESSED = [
    *("county_code", "prefecture_code", "action", "item", "quantity"),
    *("knowledge", "judged", "status", "value", "required", "pace"),
]


class Pace(StrEnum):
    """Where a county is on the path the notice expects of a quantity (DESIGN §4), by the end of a period."""

    MET = "met"
    ON_PATH = "on_path"  # not met, and where a proportional path asks it to be
    BEHIND = "behind"  # reported this period, past its day or below its path
    NOT_DUE = "not_due"
    NOT_APPLICABLE = "not_applicable"
    UNCLEAR = "unclear"  # silent this period, and not known to be met


PACE_NAMES = {
    Pace.MET: "达标",
    Pace.ON_PATH: "按进度",
    Pace.BEHIND: "落后",
    Pace.NOT_DUE: "未到期",
    Pace.NOT_APPLICABLE: "不适用",
    Pace.UNCLEAR: "不明",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A quantity over all counties of which it is known, by their last accepted values.

    Attributes:
        actual: Sum of counts; counties with 是 (or the options wanted); for a rate 100 × Σ numerator ÷ Σ denominator.
        numerator: For rates, Σ numerator; else None.
        denominator: For rates, Σ denominator; else None.
        full_target: Target × counties it applies to (for a rate: the rate); None without target.
        required: What the expected path asks of them by the period's end; None without target, or while nothing is due.
        met: Counties that meet the target.
        paces: Counties by where they are on the expected path; empty without target.
        applicable: Counties it applies to and that ever gave a value.
        known: Counties that ever reported.
        carried: Of these, counties that did not report this period.
    """

    quantity: Quantity
    actual: float | None
    numerator: int | None
    denominator: int | None
    full_target: float | None
    required: float | None
    met: int
    paces: Mapping[Pace, int]
    applicable: int
    known: int
    carried: int
    roster: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceResult:
    """A target of the whole province: ``actual`` is a sum or a share in per cent, by last values; None when nobody ever reported."""

    quantity: Quantity
    actual: float | None
    met_count: int
    base: int
    threshold: float
    is_share: bool
    known: int
    roster: int

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None when nobody reported."""
        return None if self.actual is None else self.actual >= self.threshold


def elapsed(window: Window, day: date) -> float:
    """Share of a window gone by the end of ``day``, 0–1; both ends included."""
    whole = (window.end - window.start).days + 1
    return min(max((day - window.start).days + 1, 0) / whole, 1.0)


def assess(program: Program, period: Period, known: KnownState) -> pd.DataFrame:
    """Every quantity of every county, by what is known of it.

    Returns:
        One row per (county, county-level quantity): county_code, prefecture_code, action, item, quantity, knowledge (of the
        county), judged (whether it has a target and its window has begun), status, value (count, rate in per cent, or 1/0;
        NaN when none), required (what the expected path asks for by the period's end; NaN where that is nothing yet), pace.
    """
    rows = []
    fields = program.field_by_code
    then = program.at(period)
    quantities = [(q, _is_judged(q, period), _required(q, period)) for q in then.quantities if q.fields]
    for county in then.measured:
        given, knowledge = known.values.get(county.code), known.of(county.code)
        for quantity, judged, required in quantities:
            value, status = _status(quantity, fields, given, period, knowledge)
            pace = _pace(status, value, required, knowledge)
            rows.append(
                (
                    county.code,
                    county.prefecture_code,
                    quantity.action,
                    quantity.item,
                    quantity.code,
                    knowledge.value,
                    judged,
                    status.value,
                    value,
                    required,
                    pace.value,
                )
            )
    return pd.DataFrame(rows, columns=_ASSESSED)


def totals(program: Program, period: Period, known: KnownState, assessed: pd.DataFrame) -> tuple[Total, ...]:
    """Each county-level quantity over the counties of which it is known."""
    by_quantity = {str(code): group for code, group in assessed.groupby("quantity", sort=False)}
    return tuple(
        _total(period, q, known.values, by_quantity[q.code]) for q in program.at(period).quantities if q.fields
    )


def province_results(program: Program, values: Values) -> tuple[ProvinceResult, ...]:
    """Province-wide targets (items 9, 10, 13, 14)."""
    return tuple(_province(program, q, values) for q in program.quantities if q.province)


def _status(
    quantity: Quantity,
    fields: Mapping[str, Field],
    given: Mapping[str, Value] | None,
    period: Period,
    knowledge: Knowledge,
) -> tuple[float, Status]:
    if quantity.window.start > period.end:
        return math.nan, Status.NOT_STARTED
    if given is None:
        return math.nan, Status.MISSING
    value = figure(quantity, fields, given)
    if value is None:
        answers = [given.get(code) for code in quantity.fields]
        if NOT_APPLICABLE in answers or (quantity.is_rate and None not in answers):  # of none there is no share
            return math.nan, Status.NOT_APPLICABLE
        if knowledge is not Knowledge.REPORTED:  # it was not asked yet when the county last reported
            return math.nan, Status.MISSING
        return math.nan, Status.NOT_APPLICABLE if quantity.is_rate else Status.NO_TARGET
    if quantity.target is None or not quantity.judged:
        return value, Status.NO_TARGET
    return value, Status.MET if value >= float(quantity.target.threshold) else Status.NOT_MET


def _pace(status: Status, value: float, required: float | None, knowledge: Knowledge) -> Pace:
    """Where a county is on the path; a silent one is nowhere but where it is known to have arrived."""
    if status is Status.MET:
        return Pace.MET
    if status in {Status.NOT_APPLICABLE, Status.NO_TARGET}:
        return Pace.NOT_APPLICABLE
    if status is Status.NOT_STARTED:
        return Pace.NOT_DUE
    if status is Status.MISSING or knowledge is not Knowledge.REPORTED:
        return Pace.UNCLEAR
    if required is None:
        return Pace.NOT_DUE
    return Pace.ON_PATH if value >= math.floor(required) else Pace.BEHIND


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


def _is_judged(quantity: Quantity, period: Period) -> bool:
    return quantity.target is not None and quantity.judged and quantity.window.start <= period.end


def _required(quantity: Quantity, period: Period) -> float | None:
    """What the expected path asks of a county by a period's end; None where nothing is due yet.

    Of a proportional path a county is on pace from the whole part up: half an event cannot be held.
    """
    if quantity.target is None or not _is_judged(quantity, period):
        return None
    whole = float(quantity.target.threshold)
    if quantity.due_on <= period.end:
        return whole
    if quantity.path is not ExpectedPath.PROPORTIONAL:
        return None
    return whole * elapsed(Window(start=quantity.window.start, end=quantity.due_on), period.end)


def _total(period: Period, quantity: Quantity, values: Values, group: pd.DataFrame) -> Total:
    counted = group[group["status"].isin(COUNTED)]
    numerator = denominator = None
    actual: float | None
    if quantity.is_rate:
        there = set(group["county_code"])
        pairs = [
            (given.get(quantity.numerator or ""), given.get(quantity.denominator or ""))
            for code, given in values.items()
            if code in there
        ]
        known = [(n, d) for n, d in pairs if isinstance(n, int) and isinstance(d, int) and d]
        numerator, denominator = sum(n for n, _ in known), sum(d for _, d in known)
        actual = 100 * numerator / denominator if denominator else None
    else:
        given_values = group["value"].dropna()
        actual = float(given_values.sum()) if len(given_values) else None
    factor = 1 if quantity.is_rate else len(counted)
    judged = _is_judged(quantity, period)
    target = float(quantity.target.threshold) * factor if quantity.target and quantity.judged else None
    required = _required(quantity, period)
    paces, states = group["pace"].tolist(), group["knowledge"].tolist()
    return Total(
        quantity=quantity,
        actual=actual,
        numerator=numerator,
        denominator=denominator,
        full_target=target,
        required=None if required is None else required * factor,
        met=int(group["status"].eq(Status.MET).sum()),
        paces={pace: paces.count(pace) for pace in Pace} if judged else {},
        applicable=len(counted) if quantity.target and quantity.judged else int(group["value"].notna().sum()),
        known=len(group) - states.count(Knowledge.UNKNOWN),
        carried=states.count(Knowledge.KNOWN),
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
        known=sum((code in program.county_by_code) is bool(program.counties) for code in values),
        roster=len(program.measured),
    )
