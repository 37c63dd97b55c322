"""How far the campaign is: targets met, pace, completion and change. Pure functions; nothing missing is zero.

Completion (完成率) is targets met ÷ targets that apply, counted over counties whose record of the period stands; beside it
stands what it is with the last known values of the silent, and between what it lies whatever they would have said. A
quantity whose window has not begun, that a county marked 不适用, that has no target or is only followed, is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.domain.state import Knowledge
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, YES, ExpectedPath, FieldType, TargetKind, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.measures.known import KnownState
    from pipeline.program.model import Field, Period, Program, Quantity, Target

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
_TENTH, _WHOLE = Decimal("0.1"), Decimal(100)
_ASSESSED = [
    *("county_code", "prefecture_code", "action", "item", "quantity"),
    *("knowledge", "judged", "status", "value", "required", "pace"),
]
_TargetsOf = Mapping[str, "Target | None"]  # quantity → target, of those not judged alike in all periods


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
class ChangingPart:
    """What a quantity that is not judged alike in all periods adds to a completion.

    Attributes:
        target: By which it was judged; None while its window has not begun.
    """

    target: Target | None
    met: int
    applicable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPart:
    """What one reported unit adds to a completion; see :class:`Completion`."""

    met: int
    applicable: int
    changing: Mapping[str, ChangingPart] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Targets met of those that apply, over ``reported`` of ``roster`` counties; ``pct`` is None when nobody reported.

    Attributes:
        changing: Quantity → its part in the figure, of those :attr:`~pipeline.program.model.Program.changing`.
        known: Counties that did not report this period and of which something is known from before.
        known_met: Of these counties, targets met by what is known.
        known_applicable: Of these, targets that apply by what is known.
        silent: Targets of all counties that did not report this period.
        units: County that reported → its part; under the code by which it can be compared.
        carried: County of which something is known from before → its part by that.
    """

    met: int
    applicable: int
    reported: int
    roster: int
    changing: Mapping[str, ChangingPart] = field(default_factory=dict)
    known: int = 0
    known_met: int = 0
    known_applicable: int = 0
    silent: int = 0
    units: Mapping[str, UnitPart] = field(default_factory=dict, compare=False)
    carried: Mapping[str, UnitPart] = field(default_factory=dict, compare=False)

    @property
    def pct(self) -> float | None:
        """Per cent, 0–100."""
        return _pct(self.met, self.applicable)

    @property
    def known_pct(self) -> float | None:
        """The same with what is known from before of those that did not report; None when nothing is known of anybody."""
        return _pct(self.met + self.known_met, self.applicable + self.known_applicable)

    @property
    def least_pct(self) -> float | None:
        """The same if those that did not report had met nothing."""
        return _pct(self.met, self.applicable + self.silent)

    @property
    def most_pct(self) -> float | None:
        """The same if they had met everything."""
        return _pct(self.met + self.silent, self.applicable + self.silent)

    @property
    def coverage_pct(self) -> float:
        """Counties that reported, in per cent of the roster; 0 of an empty one."""
        return _pct(self.reported, self.roster) or 0.0


def _pct(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


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


Score = Completion | float | None


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


def changing_targets(program: Program, period: Period) -> _TargetsOf:
    """The targets in ``period`` of the quantities that are not judged alike in all periods; None before they begin."""
    return {
        q.code: q.target if q.window.start <= period.end else None
        for q in program.at(period).quantities
        if q.code in program.changing
    }


def completion(
    assessed: pd.DataFrame,
    by: Sequence[str],
    changing: _TargetsOf | None = None,
    names: Mapping[str, str] | None = None,
) -> dict[tuple[object, ...], Completion]:
    """Completion by any of the columns of :func:`assess`; ``by`` empty gives the province under the key ``()``.

    Args:
        assessed: What :func:`assess` gives.
        by: Columns to group by.
        changing: What :func:`changing_targets` gives, where the figure is to be compared with another period's.
        names: County → the code under which it is to be compared with another period's; those not in it are not. None
            compares each by its own.
    """
    counts: dict[tuple[object, ...], _Counts] = {} if by else {(): _Counts()}
    columns = ("county_code", "knowledge", "judged", "status", "quantity", *by)
    for county, knowledge, judged, status, quantity, *key in zip(
        *(assessed[name].tolist() for name in columns), strict=True
    ):
        group = counts.setdefault(tuple(key), _Counts())
        group.roster.add(county)
        if knowledge == Knowledge.REPORTED:
            group.units.setdefault(county, _Part()).add(status, quantity if changing and quantity in changing else "")
        else:
            group.add_silent(county, knowledge, status, judged=judged)
    return {key: group.completion(changing or {}, names) for key, group in counts.items()}


@dataclass(slots=True)
class _Part:
    """What is counted of one reported county; in plain Python, for hundreds of small groups are slow in pandas."""

    met: int = 0
    applicable: int = 0
    changing: dict[str, list[int]] = field(default_factory=dict)

    def add(self, status: str, changing: str) -> None:
        met, applies = status == Status.MET, status in COUNTED
        self.met += met
        self.applicable += applies
        if changing:
            part = self.changing.setdefault(changing, [0, 0])
            part[0] += met
            part[1] += applies

    def whole(self, targets: _TargetsOf) -> UnitPart:
        parts = {
            code: ChangingPart(target=targets[code], met=met, applicable=applies)
            for code, (met, applies) in self.changing.items()
        }
        return UnitPart(met=self.met, applicable=self.applicable, changing=parts)


@dataclass(slots=True)
class _Counts:
    """What is counted of some rows."""

    roster: set[str] = field(default_factory=set)
    units: dict[str, _Part] = field(default_factory=dict)
    known: dict[str, _Part] = field(default_factory=dict)
    silent: int = 0

    def add_silent(self, county: str, knowledge: str, status: str, *, judged: bool) -> None:
        self.silent += judged
        if knowledge == Knowledge.KNOWN:
            self.known.setdefault(county, _Part()).add(status, "")

    def completion(self, targets: _TargetsOf, names: Mapping[str, str] | None) -> Completion:
        units = {county: part.whole(targets) for county, part in self.units.items()}
        met, applicable, changing = _added(units.values())
        return Completion(
            met=met,
            applicable=applicable,
            reported=len(units),
            roster=len(self.roster),
            changing=changing,
            known=len(self.known),
            known_met=sum(part.met for part in self.known.values()),
            known_applicable=sum(part.applicable for part in self.known.values()),
            silent=self.silent,
            carried={county: part.whole({}) for county, part in self.known.items()},
            units=units if names is None else {names[code]: part for code, part in units.items() if code in names},
        )


def _added(parts: Iterable[UnitPart]) -> tuple[int, int, dict[str, ChangingPart]]:
    """Targets met, those that apply, and the parts of quantities that change, over some counties."""
    met = applicable = 0
    changing: dict[str, ChangingPart] = {}
    for part in parts:
        met += part.met
        applicable += part.applicable
        for code, one in part.changing.items():
            so_far = changing.get(code)
            changing[code] = (
                replace(one, met=one.met + so_far.met, applicable=one.applicable + so_far.applicable) if so_far else one
            )
    return met, applicable, changing


@dataclass(frozen=True, slots=True, kw_only=True)
class SameUnits:
    """Two completions over the counties that reported in both periods.

    Attributes:
        came: Codes of the counties in the later figure only.
        went: Codes of those in the earlier only.
    """

    now: Completion
    before: Completion
    came: tuple[str, ...]
    went: tuple[str, ...]


def same_units(now: Completion, before: Completion) -> SameUnits:
    """Two completions over the counties that are in both, by :attr:`Completion.units`."""
    both = sorted(now.units.keys() & before.units.keys())
    return SameUnits(
        now=_of(now, both),
        before=_of(before, both),
        came=tuple(sorted(now.units.keys() - before.units.keys())),
        went=tuple(sorted(before.units.keys() - now.units.keys())),
    )


def _of(done: Completion, units: Sequence[str]) -> Completion:
    met, applicable, changing = _added(done.units[code] for code in units)
    return Completion(met=met, applicable=applicable, reported=len(units), roster=len(units), changing=changing)


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

    Of completions only the counties that reported in both periods are compared, and only what was judged alike in both: a
    quantity that was retargeted, retired or added in between is left out of both. One whose window began in between is
    not: it was always known to begin then.
    """
    if isinstance(now, Completion) and isinstance(before, Completion):
        same = same_units(now, before)
        now, before = same.now, same.before
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
    """A percentage as every document prints it: one decimal, half up, as staff round by hand; but all and nothing are exact."""
    shown = Decimal(str(value)).quantize(_TENTH, ROUND_HALF_UP)
    if shown == 0 < value:
        return _TENTH
    return shown - _TENTH if shown == _WHOLE > value else shown


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
