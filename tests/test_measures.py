"""Measures on hand-made values: what counts, what does not, and that nothing missing is zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.findings import CATALOGUE, SHOWN_TEXT, Severity, finding
from pipeline.domain.obligation import Reason, Timeliness, timeliness
from pipeline.domain.state import State
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.completion import (
    ChangingPart,
    Completion,
    LeftOut,
    UnitPart,
    change_pp,
    changing_targets,
    completion,
    left_out,
    printed,
    same_units,
)
from pipeline.measures.overdue import obligations, overdue_counties
from pipeline.measures.progress import Pace, Status, assess, elapsed, figure, province_results, totals
from pipeline.program.calendar import Calendar
from pipeline.program.form import DatedTarget, Target, TargetKind
from pipeline.program.model import Window
from tests.builder import FIRST, SECOND, THIRD, campaign, valid
from tests.sheets import known

if TYPE_CHECKING:
    from pipeline.domain.value import Value

PROGRAM = campaign().program
P2 = PROGRAM.period_by_code["2023-02"]


def county(code: str, **changes: Value) -> dict[str, Value]:
    """A county that meets every target but 500 people and 100 people, except as told."""
    unit = PROGRAM.county_by_code[code]
    values = {f.code: valid(f, unit, P2) for form in PROGRAM.forms for f in form.fields}
    values["Q08-1n"] = values["Q08-2n"] = values["Q08-d"]
    return values | {key.replace("_", "-"): value for key, value in changes.items()}


def status(code: str, quantity: str, values: dict[str, dict[str, Value]], period: str = "2023-02") -> Status:
    at = PROGRAM.period_by_code[period]
    frame = assess(PROGRAM, at, known(at, values))
    row = frame[(frame["county_code"] == code) & (frame["quantity"] == quantity)]
    assert len(row) == 1
    return Status(row["status"].iloc[0])


@pytest.mark.parametrize(
    ("changes", "quantity", "expected"),
    [
        ({"Q01_1": 1}, "Q01-1", Status.MET),
        ({"Q01_1": 0}, "Q01-1", Status.NOT_MET),
        ({"Q01_2": "否"}, "Q01-2", Status.NOT_MET),
        ({"Q11_2": "组织入会、技能培训"}, "Q11-2", Status.NOT_MET),
        ({"Q11_2": "组织入会、技能培训、法律维权、文体活动"}, "Q11-2", Status.MET),
        ({"Q12_2": "综合绩效考核"}, "Q12-2", Status.MET),
        ({"Q12_2": "无"}, "Q12-2", Status.NOT_MET),
        ({"Q13_2n": 9, "Q13_2d": 10}, "Q13-2", Status.MET),  # 90 % counts as 90 %以上
        ({"Q13_2n": 899, "Q13_2d": 1000}, "Q13-2", Status.NOT_MET),
        ({"Q13_2n": 0, "Q13_2d": 0}, "Q13-2", Status.NOT_APPLICABLE),
        ({"Q09_1": "不适用"}, "Q09-1", Status.NOT_APPLICABLE),
        ({"Q09_2": "否"}, "Q09-2", Status.NO_TARGET),  # only followed, never counted as unmet
        ({}, "Q15-1", Status.NO_TARGET),
    ],
)
def test_status_of_a_county(changes: dict[str, Value], quantity: str, expected: Status) -> None:
    assert status(FIRST, quantity, {FIRST: county(FIRST, **changes)}) is expected


def test_missing_is_missing_and_not_started_is_not_counted() -> None:
    values = {FIRST: county(FIRST)}
    assert status(SECOND, "Q01-1", values) is Status.MISSING
    assert status(FIRST, "Q19-1", values, "2022-12") is Status.NOT_STARTED
    frame = assess(PROGRAM, P2, known(P2, values))
    assert frame[frame["county_code"] == SECOND]["value"].isna().all()
    done = completion(frame, [])[()]
    assert (done.reported, done.roster) == (1, 129)
    assert done.applicable == 42  # 43 county-level targets, one of them only followed
    assert done.met == done.applicable - 2  # 500 and 100 people
    assert done.pct == pytest.approx(100 * 40 / 42)
    nobody = completion(assess(PROGRAM, P2, known(P2, {})), ["prefecture_code"])[("530100",)]
    assert (nobody.pct, nobody.reported, nobody.roster) == (None, 0, 14)


def test_completion_adds_up_over_every_grouping() -> None:
    frame = assess(PROGRAM, P2, known(P2, {c: county(c, Q01_1=n % 2) for n, c in enumerate(PROGRAM.county_by_code)}))
    whole = completion(frame, [])[()]
    for by in (["action"], ["prefecture_code"], ["county_code"], ["prefecture_code", "action"], ["item"]):
        parts = completion(frame, by).values()
        assert sum(p.met for p in parts) == whole.met
        assert sum(p.applicable for p in parts) == whole.applicable


def test_totals_state_what_they_cover() -> None:
    values = {FIRST: county(FIRST, Q01_1=0, Q13_2n=1, Q13_2d=4), SECOND: county(SECOND, Q01_1=3, Q13_2n=2, Q13_2d=2)}
    frame = assess(PROGRAM, P2, known(P2, values))
    by_code = {t.quantity.code: t for t in totals(PROGRAM, P2, known(P2, values), frame)}
    talks = by_code["Q01-1"]
    assert (talks.actual, talks.met, talks.applicable, talks.known, talks.roster) == (3, 1, 2, 2, 129)
    assert (talks.full_target, by_code["Q19-1"].full_target) == (2, 1000)
    rate = by_code["Q13-2"]
    assert (rate.numerator, rate.denominator, rate.actual, rate.met) == (3, 6, 50.0, 1)
    days = (date(2023, 2, 28) - date(2023, 1, 1)).days + 1
    assert by_code["Q19-1"].required == pytest.approx(1000 * days / 365)
    assert by_code["Q19-1"].paces[Pace.BEHIND] == 2
    assert talks.required is None  # due at the campaign's end
    assert talks.paces == {
        **dict.fromkeys(Pace, 0),
        Pace.MET: 1,
        Pace.NOT_DUE: 1,
        Pace.UNCLEAR: 127,
    }
    assert totals(PROGRAM, P2, known(P2, {}), assess(PROGRAM, P2, known(P2, {})))[0].actual is None


@pytest.mark.parametrize(
    ("period", "changes", "quantity", "expected"),
    [
        ("2023-02", {"Q19_1": 80, "Q01_1": 0}, "Q19-1", Pace.ON_PATH),  # 80 ≥ ⌊500 × 59/365⌋
        ("2023-02", {"Q19_1": 79}, "Q19-1", Pace.BEHIND),
        ("2023-02", {"Q19_1": 500}, "Q19-1", Pace.MET),
        ("2022-12", {}, "Q19-1", Pace.NOT_DUE),  # its window has not begun
        ("2023-08", {"Q01_1": 0}, "Q01-1", Pace.NOT_DUE),  # due when the campaign ends
        ("2023-10", {"Q01_1": 0}, "Q01-1", Pace.BEHIND),
        ("2023-10", {"Q23_1": 0}, "Q23-1", Pace.NOT_DUE),  # due at the year's end
        ("2023-10", {"Q13_2n": 0, "Q13_2d": 0}, "Q13-2", Pace.NOT_APPLICABLE),
        ("2023-10", {}, "Q15-1", Pace.NOT_APPLICABLE),
    ],
)
def test_pace_of_a_county(period: str, changes: dict[str, Value], quantity: str, expected: Pace) -> None:
    at = PROGRAM.period_by_code[period]
    frame = assess(PROGRAM, at, known(at, {FIRST: county(FIRST, **changes)})).set_index(["county_code", "quantity"])
    assert frame.loc[(FIRST, quantity), "pace"] == expected
    assert frame.loc[(SECOND, "Q01-1"), "pace"] == Pace.UNCLEAR


def test_the_silent_are_counted_by_what_they_said_and_never_called_behind() -> None:
    last = PROGRAM.periods[-1]
    values = {FIRST: county(FIRST), SECOND: county(SECOND, Q01_1=0), THIRD: county(THIRD, Q01_1=0)}
    frame = assess(PROGRAM, last, known(last, values, SECOND))
    by_key = frame.set_index(["county_code", "quantity"])["pace"]
    assert (by_key[SECOND, "Q01-1"], by_key[SECOND, "Q02-1"]) == (Pace.UNCLEAR, Pace.MET)
    assert by_key[THIRD, "Q01-1"] == Pace.BEHIND
    done = completion(frame, [])[()]
    assert (done.reported, done.known, done.roster) == (2, 1, 129)
    assert (done.met, done.applicable) == (40 + 39, 84)
    assert (done.known_met, done.known_applicable, done.silent) == (39, 42, 127 * 42)
    assert done.known_pct == pytest.approx(100 * (79 + 39) / (84 + 42))
    assert done.least_pct == pytest.approx(100 * 79 / (129 * 42))
    assert done.most_pct == pytest.approx(100 * (79 + 127 * 42) / (129 * 42))


def test_a_change_is_of_the_same_counties_and_names_who_came_and_went() -> None:
    now, before = PROGRAM.periods[2], PROGRAM.periods[1]
    then = {FIRST: county(FIRST, Q01_1=0), SECOND: county(SECOND)}
    later = {FIRST: county(FIRST), SECOND: county(SECOND), THIRD: county(THIRD)}
    a = completion(assess(PROGRAM, now, known(now, later, SECOND)), [])[()]
    b = completion(assess(PROGRAM, before, known(before, then)), [])[()]
    same = same_units(a, b)
    assert (same.came, same.went, same.now.reported) == ((THIRD,), (SECOND,), 1)
    assert change_pp(a, b) == 2.3  # of the first alone: 40 of 42 against 39 of 42, as printed


def test_province_targets() -> None:
    values = {FIRST: county(FIRST, Q10_2=2, Q13_1="否", Q09_2="不适用"), SECOND: county(SECOND, Q10_2=3)}
    by_code = {r.quantity.code: r for r in province_results(PROGRAM, values)}
    assert (by_code["Q10-3"].actual, by_code["Q10-3"].met) == (5, True)
    assert (by_code["Q13-1"].actual, by_code["Q13-1"].met, by_code["Q13-1"].base) == (50, False, 2)
    assert by_code["Q09-2"].base == 1
    assert [r.met for r in province_results(PROGRAM, {})] == [None] * 4


@pytest.mark.parametrize(
    ("value", "expected"),
    [(100.0, "100.0"), (99.96, "99.9"), (99.94, "99.9"), (0.0, "0.0"), (0.04, "0.1"), (0.05, "0.1"), (61.05, "61.1")],
)
def test_all_and_nothing_are_exact(value: float, expected: str) -> None:
    assert str(printed(value)) == expected


def test_change_and_elapsed() -> None:
    assert change_pp(50.0, None) is None
    assert change_pp(50.0, 40.0) == 10.0
    window = Window(start=date(2023, 1, 1), end=date(2023, 1, 10))
    assert [elapsed(window, window.start + timedelta(days=n)) for n in (-1, 0, 4, 9, 99)] == [0, 0.1, 0.5, 1, 1]


@pytest.mark.parametrize(
    ("met_on", "as_of", "expected"),
    [
        (date(2023, 3, 7), date(2023, 4, 1), Timeliness.ON_TIME),
        (date(2023, 3, 8), date(2023, 4, 1), Timeliness.LATE),
        (None, date(2023, 3, 7), Timeliness.NOT_DUE),
        (None, date(2023, 3, 8), Timeliness.OVERDUE),
    ],
)
def test_timeliness(met_on: date | None, as_of: date, expected: Timeliness) -> None:
    assert timeliness(date(2023, 3, 7), met_on, as_of) is expected


def snapshot(
    rows: list[tuple[str, str, State, int, date]], as_of: date, submissions: tuple[Submission, ...] = ()
) -> Snapshot:
    records = tuple(DecidedRecord(*row) for row in rows)
    return Snapshot(
        as_of=as_of, submissions=submissions, copies=(), findings=(), revisions=(), acts=(), records=records, rows={}
    )


def sent(period: str, prefecture: str, verdict: str = "PARTIAL") -> Submission:
    return Submission(
        seq=1,
        sha256="",
        file="f",
        received_on=date(2023, 3, 3),
        taken_on=date(2023, 3, 3),
        prefecture_code=prefecture,
        period=period,
        issue_no="",
        admission=0,
        verdict=verdict,
        reason="",
        sheets={},
        columns={},
    )


def test_obligations_reasons_days_and_streaks() -> None:
    rows = [
        ("2022-12", FIRST, State.ACCEPTED, 1, date(2023, 1, 12)),  # late by three days
        ("2023-02", SECOND, State.RETURNED, 2, date(2023, 3, 3)),
        ("2022-12", SECOND, State.ACCEPTED, 1, date(2023, 1, 5)),
    ]
    snap = snapshot(rows, date(2023, 3, 14), (sent("2023-02", "533400"),))
    owed = tuple(o for o in obligations(PROGRAM, snap, Calendar(), P2) if o.is_report)
    assert len(owed) == 2 * (16 + 129)
    late = {o.who: o for o in overdue_counties(owed, P2)}
    assert len(late) == 129
    assert (late[FIRST].reason, late[FIRST].streak, late[FIRST].days_overdue, late[FIRST].workdays_overdue) == (
        Reason.LEFT_BLANK,
        2,
        7,
        5,
    )
    assert (late[SECOND].reason, late[SECOND].streak) == (Reason.RETURNED, 1)
    assert (late[THIRD].reason, late[THIRD].streak) == (Reason.LEFT_BLANK, 2)
    assert late["530102"].reason is Reason.NOTHING_RECEIVED
    first = next(o for o in owed if o.who == FIRST and o.period.no == 1)
    assert (first.timeliness, first.met, first.days_overdue, first.reason) == (Timeliness.LATE, True, 0, Reason.NONE)
    assert late[FIRST].contact == "省总宣教网络部"
    assert late["530115"].contact == "州（市）总工会领导"
    assert sum(o.contact == "州（市）总工会领导" for o in late.values()) == 73


def test_nothing_is_overdue_before_its_day() -> None:
    owed = obligations(PROGRAM, snapshot([], date(2023, 1, 9)), Calendar(), PROGRAM.periods[0])
    assert overdue_counties(owed, PROGRAM.periods[0]) == ()
    assert {o.timeliness for o in owed if o.is_report} == {Timeliness.NOT_DUE}
    assert not any(o.overdue for o in owed)


def test_an_accepted_record_stands_whatever_is_returned_later() -> None:
    rows = [
        ("2023-02", FIRST, State.ACCEPTED, 1, date(2023, 3, 3)),
        ("2023-02", FIRST, State.RETURNED, 2, date(2023, 3, 9)),
        ("2023-02", SECOND, State.RETURNED, 1, date(2023, 3, 3)),
        ("2023-02", SECOND, State.NIL, 2, date(2023, 3, 9)),
    ]
    snap = snapshot(rows, date(2023, 3, 14))
    assert snap.state(P2, PROGRAM.county_by_code[FIRST]) is State.ACCEPTED
    assert snap.state(P2, PROGRAM.county_by_code[SECOND]) is State.NIL
    assert snap.first_accepted["2023-02", SECOND] == date(2023, 3, 9)
    assert snap.state(P2, PROGRAM.county_by_code[THIRD]) is State.MISSING


def test_a_changing_target_is_that_of_the_period_and_none_before_it_begins() -> None:
    """The last day of a period belongs to it: a quantity that begins on that day is judged."""
    form = next(f for f in PROGRAM.forms if any(i.quantities for i in f.items))
    item = next(i for i in form.items if i.quantities)
    end = PROGRAM.periods[1].end
    five, nine = (Target(kind=TargetKind.AT_LEAST, threshold=n) for n in map(Decimal, (5, 9)))
    targets = DatedTarget(target=five, until=end), DatedTarget(target=nine, until=None)
    window = Window(start=end, end=PROGRAM.window.end)
    quantity = replace(item.quantities[0], window=window, target=nine, targets=targets)
    changed = replace(item, quantities=(quantity, *item.quantities[1:]))
    forms = [replace(f, items=tuple(changed if i is item else i for i in f.items)) for f in PROGRAM.forms]
    program = replace(PROGRAM, forms=tuple(forms))
    told = [dict(changing_targets(program, period)) for period in program.periods[:3]]
    assert told == [{quantity.code: target} for target in (None, five, nine)]


def test_what_was_found_is_shown_as_far_as_a_reader_wants_it() -> None:
    whole, more = "甲" * SHOWN_TEXT, "甲" * (SHOWN_TEXT + 1)
    assert finding("CELL_NOT_A_NUMBER", found=whole).found == whole
    assert finding("CELL_NOT_A_NUMBER", found=more).found == whole + "…"


def test_a_quantity_that_came_or_went_is_left_out_of_a_comparison() -> None:
    part = ChangingPart(target=Target(kind=TargetKind.AT_LEAST, threshold=Decimal(5)), met=1, applicable=1)
    with_it, without = (
        Completion(
            met=2,
            applicable=4,
            reported=1,
            roster=1,
            changing=c,
            units={FIRST: UnitPart(met=2, applicable=4, changing=c)},
        )
        for c in ({"q": part}, {})
    )
    assert left_out(with_it, without) == LeftOut(added=1)
    assert left_out(without, with_it) == LeftOut(retired=1)
    assert change_pp(with_it, without) == -16.7  # one of three against two of four
    assert change_pp(with_it, None) is None
    assert change_pp(None, with_it) is None


def test_a_fault_of_a_whole_file_returns_all_of_it() -> None:
    of_files = {code: kind for code, kind in CATALOGUE.items() if code.startswith(("FILE_", "IDENTITY_", "SHEET_"))}
    parts = {code for code, kind in of_files.items() if kind.severity is Severity.CRITICAL and not kind.whole_file}
    assert parts == {"SHEET_MISSING"}  # what is on the other sheets is taken


def test_a_rate_keeps_its_fraction() -> None:
    rate = next(q for q in PROGRAM.quantities if q.code == "Q13-2")
    assert figure(rate, PROGRAM.field_by_code, {"Q13-2n": 899, "Q13-2d": 1000}) == 89.9
    assert figure(rate, PROGRAM.field_by_code, {"Q13-2n": 0, "Q13-2d": 0}) is None
