"""Completion (完成率): targets met ÷ targets that apply, and how it moved between two periods. Pure functions.

It is counted over counties whose record of the period stands; beside it stands what it is with the last known values of the
silent, and between what it lies whatever they would have said. A quantity whose window has not begun, that a county marked
不适用, that has no target or is only followed, is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from pipeline.domain.state import Knowledge
from pipeline.measures.progress import COUNTED, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from pipeline.program.model import Period, Program, Target

_WHOLE = Decimal(100)
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


NOBODY = Completion(met=0, applicable=0, reported=0, roster=0)
Score = Completion | float | None


def _pct(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


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


def printed(value: float, places: int = 1) -> Decimal:
    """A percentage as every document prints it: one decimal, half up, as staff round by hand; but all and nothing are exact."""
    step = Decimal(1).scaleb(-places)
    shown = Decimal(str(value)).quantize(step, ROUND_HALF_UP)
    if shown == 0 < value:
        return step
    return shown - step if shown == _WHOLE > value else shown
