"""What silence may not do: it undoes no fact, lowers no cumulative total, and makes nobody look better."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.obligation import ObligationKind
from pipeline.measures.chance import Band, banded
from pipeline.measures.completion import Completion, UnitPart, printed
from pipeline.measures.milestones import Step
from pipeline.products.documents.bulletin import bulletin_context
from pipeline.products.documents.publications import publication_of
from pipeline.products.wording import Figures, one_decimal
from pipeline.program.load import load_program
from pipeline.program.model import Accumulation
from tests.builder import ROOT, whole_campaign
from tests.hearsay import Report, demo_heard, heard, invented
from tests.test_demo import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Program

QUIET = "530500"  # 保山市: five counties, heard in all six periods
HELD = (Step.DONE, Step.LATE)

# --- one prefecture silent in one period of the demo ---------------------------------------------------------------


@cache
def without(silent: int) -> tuple[PeriodMeasures, ...]:
    """The demo's periods up to one, in which 保山市 is silent, and the one after."""
    program = whole_campaign().program
    reports = {key: r for key, r in demo_heard().items() if key != (program.periods[silent].code, QUIET)}
    return tuple(heard(program, reports, p) for p in program.periods[max(silent - 1, 0) : silent + 2])


def facts(m: PeriodMeasures) -> dict[tuple[str, str], Step]:
    """(milestone, unit) → where it stands, of the silent prefecture's."""
    return {
        (one.milestone.code, u.unit_code): u.step
        for one in m.systems.milestones
        for u in one.units
        if u.prefecture_code == QUIET
    }


@pytest.mark.parametrize("silent", range(1, 6))
def test_what_was_reported_stands_while_its_unit_is_silent(silent: int) -> None:
    before, now = without(silent)[:2]
    units = [u.code for u in now.program.reporters_of(QUIET)]
    assert not now.known.reported & {*units}
    assert {u: now.known.values[u] for u in units} == {u: before.known.values[u] for u in units}
    then = facts(before)
    assert any(step in HELD for step in then.values())
    for key, step in facts(now).items():
        if key in then:
            assert step is (Step.SILENT if then[key] is Step.NOT_DONE else then[key])
        else:
            assert step is Step.NOT_REPORTED


@pytest.mark.parametrize("silent", range(6))
def test_nobody_is_said_to_owe_what_it_had_done(silent: int) -> None:
    m = without(silent)[min(silent, 1)]
    done = {key for key, step in facts(m).items() if step in HELD}
    owed = {(o.serves, o.unit) for o in m.obligations if o.overdue and o.kind is ObligationKind.MILESTONE}
    assert not done & owed


@pytest.mark.parametrize("silent", range(1, 6))
def test_no_cumulative_total_falls_because_a_unit_is_silent(silent: int) -> None:
    before, now = ({t.quantity.code: t for t in m.totals} for m in without(silent)[:2])
    fields = whole_campaign().program.field_by_code
    for code, total in before.items():
        kinds = {fields[column].accumulation for column in total.quantity.fields}
        if code in now and kinds == {Accumulation.CUMULATIVE} and not total.quantity.is_rate:
            assert (now[code].actual or 0) >= (total.actual or 0), code
    money = [
        {line.line.code: line.arrived.amount or 0 for line in m.systems.funding.lines} for m in without(silent)[:2]
    ]
    assert all(money[1][code] >= amount for code, amount in money[0].items())


@pytest.mark.parametrize("silent", range(5))
def test_once_it_reports_again_it_is_as_if_it_had_never_been_silent(silent: int) -> None:
    again = without(silent)[-1]
    whole = heard(again.whole, demo_heard(), again.period)
    assert again.now.province == whole.now.province
    assert again.totals == whole.totals
    assert facts(again) == facts(whole)
    assert again.systems.funding == whole.systems.funding
    assert again.systems.contacts == whole.systems.contacts


FACTS = re.compile(
    r"[A-Z]+\d+-\w+\.(total|yes|rate|numerator|denominator|met|applicable|sum|share|met_count|base)$"
    r"|milestone\.\w+\.\w+\.(done|late|owed)$|(funding|social|task|contacts|visits|brands|spread|highlights)\."
    r"|problems\.((category|level|department)\.[^.]+\.)?(total|open|closed|dropped)$|prefecture\.\d+\.problems\.(total|open|closed|dropped)$"
)


@pytest.mark.parametrize("silent", range(1, 6))
def test_a_period_of_silence_changes_no_statement_of_what_it_had_reported(silent: int) -> None:
    """No document says otherwise than if it had said in that period that there is nothing new."""
    program = whole_campaign().program
    now, then = program.periods[silent], program.periods[silent - 1]
    last = demo_heard()[then.code, QUIET]
    nothing_new = replace(last, nil=frozenset(last.rows), lists={})
    said = []
    for report in (None, nothing_new):
        reports = {key: r for key, r in demo_heard().items() if key != (now.code, QUIET)}
        m = heard(program, reports | ({(now.code, QUIET): report} if report else {}), now)
        documents = [bulletin_context(m, is_demo=True)[1], *(_whole(m, name)[1] for name in ("季度通报", "总结报告"))]
        figures = [(one.measure, one.text) for say in documents for one in say.entries]
        said.append([one for one in figures if FACTS.match(one[0])])
    assert len(said[0]) > 300
    assert said[0] == said[1]


def _whole(m: PeriodMeasures, document: str) -> tuple[object, Figures]:
    return publication_of(m, document, ROOT / "templates" / "docx" / f"{document}.docx", is_demo=True)


# --- campaigns nobody planned --------------------------------------------------------------------------------------

PROGRAM = load_program(EXAMPLE / "program")
SEEDS = st.integers(0, 10**6)
FEW = settings(max_examples=12, deadline=None, derandomize=True, database=None)
Reports = dict[tuple[str, str], Report]


def campaign_of(seed: int, program: Program = PROGRAM) -> Reports:
    return invented(program, random.Random(seed))  # noqa: S311 - figures


def all_of(m: PeriodMeasures) -> Iterator[Completion]:
    yield m.now.province
    for some in (m.now.by_prefecture, m.now.by_county, m.now.by_action, m.now.by_prefecture_action):
        known: Mapping[object, Completion] = some  # type: ignore[assignment]
        yield from known.values()


@FEW
@given(SEEDS, st.integers(1, 3), st.sampled_from(PROGRAM.prefectures))
def test_what_is_known_of_the_silent_is_what_was_known(seed: int, period: int, prefecture: object) -> None:
    code = prefecture.code  # type: ignore[attr-defined]
    reports = campaign_of(seed)
    reports.pop((PROGRAM.periods[period].code, code), None)
    before, now = (heard(PROGRAM, reports, p) for p in PROGRAM.periods[period - 1 : period + 1])
    for unit in PROGRAM.reporters_of(code):
        assert now.known.values.get(unit.code, {}) == before.known.values.get(unit.code, {})
        assert now.known.since.get(unit.code, {}) == before.known.since.get(unit.code, {})
    for one, then in zip(now.systems.milestones, before.systems.milestones, strict=True):
        held = {u.unit_code for u in then.units if u.prefecture_code == code and u.step in HELD}
        assert held <= {u.unit_code for u in one.units if u.step in HELD}


@FEW
@given(SEEDS, st.integers(1, 3))
def test_a_period_of_silence_leaves_every_total(seed: int, period: int) -> None:
    reports = {key: r for key, r in campaign_of(seed).items() if key[0] != PROGRAM.periods[period].code}
    before, now = (heard(PROGRAM, reports, p) for p in PROGRAM.periods[period - 1 : period + 1])
    assert [(t.actual, t.met, t.applicable) for t in now.totals] == [
        (t.actual, t.met, t.applicable) for t in before.totals
    ]
    assert now.now.province.pct is None
    assert (now.now.province.least_pct, now.now.province.most_pct) == (0.0, 100.0)


@FEW
@given(SEEDS, st.integers(0, 3))
def test_what_is_said_lies_within_its_bounds(seed: int, period: int) -> None:
    m = heard(PROGRAM, campaign_of(seed), PROGRAM.periods[period])
    for done in all_of(m):
        for pct in (done.pct, done.known_pct):
            if pct is not None:
                assert done.least_pct is not None
                assert done.most_pct is not None
                assert done.least_pct <= pct <= done.most_pct


@FEW
@given(SEEDS, st.integers(0, 3))
def test_a_further_report_never_widens_the_bounds(seed: int, period: int) -> None:
    code, reports = PROGRAM.periods[period].code, campaign_of(seed)
    mine = [key for key in reports if key[0] == code]
    some = {key: r for key, r in reports.items() if key[0] != code}
    widths: list[list[float]] = []
    for key in [None, *mine]:
        some |= {key: reports[key]} if key else {}
        m = heard(PROGRAM, some, PROGRAM.periods[period])
        widths.append([(done.most_pct or 0.0) - (done.least_pct or 0.0) for done in all_of(m)])
    for wider, narrower in pairwise(widths):
        assert all(b <= a + 1e-9 for a, b in zip(wider, narrower, strict=True))


@FEW
@given(SEEDS, st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(seed: int, period: int, dice: random.Random) -> None:
    reports = campaign_of(seed)
    keys = list(reports)
    dice.shuffle(keys)
    one, other = (
        heard(PROGRAM, some, PROGRAM.periods[period]) for some in (reports, {key: reports[key] for key in keys})
    )
    assert one.known.values == other.known.values
    assert one.totals == other.totals
    ours, theirs = ([(s.province, s.by_prefecture, s.by_county, s.by_action) for s in m.scores] for m in (one, other))
    assert ours == theirs
    assert one.systems.milestones == other.systems.milestones


# --- bands ---------------------------------------------------------------------------------------------------------

TARGETS = 42
ORDER = {Band.LAST: 0, Band.MIDDLE: 1, Band.AHEAD: 2}


def done(parts: Mapping[str, UnitPart], silent: str = "") -> Completion:
    """Of some counties, one of which may be silent this period; what it said last is what it would say."""
    units, carried = ({code: part for code, part in parts.items() if (code == silent) is of} for of in (False, True))
    return Completion(
        met=sum(p.met for p in units.values()),
        applicable=sum(p.applicable for p in units.values()),
        reported=len(units),
        roster=len(parts),
        known=len(carried),
        known_met=sum(p.met for p in carried.values()),
        known_applicable=sum(p.applicable for p in carried.values()),
        silent=TARGETS * len(carried),
        units=units,
        carried=carried,
    )


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.integers(22, 27), min_size=8, max_size=10),
    st.integers(0, 12),
    st.lists(st.lists(st.integers(17, 23), min_size=8, max_size=12), min_size=4, max_size=8),
)
def test_silence_never_moves_a_unit_into_a_better_band(good: list[int], bad: int, others: list[list[int]]) -> None:
    """The first prefecture's worst county falls silent."""
    met = [[*good, bad], *others]
    parts = {
        str(n): {f"{n}.{k}": UnitPart(met=one, applicable=TARGETS) for k, one in enumerate(some)}
        for n, some in enumerate(met)
    }
    loud = bands(parts)
    worst = min(parts["0"], key=lambda county: parts["0"][county].met)
    quiet = bands(parts, silent=worst)
    if "0" in loud and "0" in quiet:
        assert ORDER[quiet["0"]] <= ORDER[loud["0"]]


def bands(parts: Mapping[str, Mapping[str, UnitPart]], silent: str = "") -> dict[str, Band]:
    whole = done({c: p for some in parts.values() for c, p in some.items()}, silent)
    each = {code: done(some, silent) for code, some in parts.items()}
    return {code: one.band for code, one in banded(whole, each, chance=5.0, coverage=75.0).items()}


# --- rounding ------------------------------------------------------------------------------------------------------


@given(st.floats(0, 100, exclude_min=True, exclude_max=True, allow_subnormal=False))
def test_only_all_is_printed_as_100_and_only_nothing_as_0(value: float) -> None:
    shown = one_decimal(value)
    assert shown not in {"100.0", "0.0", "100", "0"}
    assert abs(Decimal(shown) - Decimal(str(value))) <= Decimal("0.1")
    say = Figures(whole_campaign().program.words)
    assert say.pct("x", value) not in {"100.0%", "0.0%"}


def test_all_and_nothing_are_exact() -> None:
    assert [str(printed(value)) for value in (0.0, 0.04, 0.05, 99.94, 99.95, 100.0)] == [
        *("0.0", "0.1", "0.1"),
        *("99.9", "99.9", "100.0"),
    ]
