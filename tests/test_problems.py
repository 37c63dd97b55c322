"""Problems: one number is one problem through all periods, and none vanishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.measures.figures import Coverage
from pipeline.measures.problems import ProblemCount, Solved, for_departments, problem_figures
from pipeline.program.model import Closing, FieldType, FormKind, Rows
from tests.sheets import BANNA, DEQIN, DIQING, WHOLE, Row, column, sheet, small

if TYPE_CHECKING:
    from pipeline.measures.problems import ProblemFigures

P1, P2, P3 = (WHOLE.period_by_code[code] for code in ("2022-12", "2023-02", "2023-04"))
AS_OF = date(2023, 3, 10)
LATE = {(DIQING, "1"): 10}
LIST = sheet(
    FormKind.PROBLEMS,
    column("c", FieldType.COUNTY, role="county"),
    column("t", FieldType.TEXT, role="problem"),
    column("k", FieldType.CHOICE, role="category", options=("党政协调", "自行解决")),
    column("l", FieldType.CHOICE, role="level", options=("省级", "县级")),
    column("d", FieldType.CHOICE, role="department", options=("组织部", "研究室")),
    column("due", FieldType.DATE, role="due_on"),
    column("s", FieldType.CHOICE, role="status", options=("推进中", "已解决", "撤销")),
    column("on", FieldType.DATE, role="closed_on"),
    rows=Rows.LIST,
    closing=Closing(field="s", values=("已解决", "撤销"), dropped=("撤销",)),
)
PROGRAM = small(LIST)


def problem(period: str, number: str, status: str = "推进中", **more: Any) -> Row:
    whose = more.pop("prefecture", DIQING)
    given = {
        "t": "缺人",
        "k": "党政协调",
        "l": "省级",
        "d": "研究室",
        "s": status,
        "due": None,
        "on": None,
        "c": "",
    } | more
    return Row(period=period, number=number, values=given, prefecture_code=whose)


ENTRIES = (
    problem("2022-12", "1", c="德钦县", due=date(2023, 2, 28)),
    problem("2022-12", "2"),
    problem("2022-12", "3", due=date(2023, 3, 10)),
    problem("2022-12", "1", prefecture=BANNA, k="自行解决", l="县级", d=""),
    problem("2023-02", "1", c="德钦县", due=date(2023, 2, 28)),
    problem("2023-02", "2", "已解决", on=date(2023, 2, 20)),
    problem("2023-02", "4", d="组织部"),
)
REPORTED = {("2022-12", DIQING), ("2022-12", BANNA), ("2023-02", DIQING)}


def measured(entries: tuple[Row, ...] = ENTRIES) -> ProblemFigures:
    figures = problem_figures(PROGRAM, P2, entries, REPORTED, AS_OF, LATE)
    assert figures is not None
    return figures


def test_what_is_open_closed_new_and_past_its_day() -> None:
    figures = measured()
    assert figures.province == ProblemCount(
        total=5, open=4, closed=1, dropped=0, overdue=1, new=1, closed_now=1, dropped_now=0
    )
    assert [p.number for p in figures.new] == ["4"]
    assert [p.number for p in figures.closed_now] == ["2"]
    assert [(p.number, p.days_overdue) for p in figures.overdue] == [
        ("1", 10)
    ]  # as the table of obligations has it: the prefecture's, not the other one's of the same number
    assert figures.coverage == Coverage(reported=1, roster=2)


def test_a_problem_that_a_later_list_lacks_stays_open() -> None:
    third = next(p for p in measured().problems if p.number == "3")
    assert (third.solved, third.last_period, third.age_periods) == (Solved.OPEN, "2022-12", 2)


def test_age_is_counted_from_the_first_report() -> None:
    first, second = measured().problems[:2]
    assert (first.county_code, first.age_periods, first.age_days) == (DEQIN, 2, 69)  # 31 Dec to 10 Mar
    assert (second.county_code, second.age_periods, second.age_days) == ("", 2, 51)  # 31 Dec to 20 Feb
    assert measured().problems[-1].age_days == 10


def test_counts_by_every_way_of_grouping() -> None:
    figures = measured()
    assert {name: c.total for name, c in figures.by_category.items()} == {"党政协调": 4, "自行解决": 1}
    assert {name: c.open for name, c in figures.by_level.items()} == {"省级": 3, "县级": 1}
    assert {name: c.open for name, c in figures.by_department.items()} == {"组织部": 1, "研究室": 2, "": 1}
    assert {code: c and c.total for code, c in figures.by_prefecture.items()} == {BANNA: 1, DIQING: 4}


def test_departments_get_their_open_problems_the_overdue_first() -> None:
    groups = for_departments(measured())
    assert [(name, [p.number for p in mine]) for name, mine in groups] == [
        ("组织部", ["4"]),
        ("研究室", ["1", "3"]),
        ("", ["1"]),
    ]


def test_closed_since_when_and_reopened() -> None:
    closed = (problem("2022-12", "1", "已解决"), problem("2023-02", "1", "已解决"))
    one = measured(closed).problems[0]
    assert (one.closed_in, one.age_periods, one.age_days) == ("2022-12", 1, None)
    assert measured(closed).closed_now == ()
    reopened = measured((problem("2022-12", "1", "已解决"), problem("2023-02", "1"))).problems[0]
    assert (reopened.is_open, reopened.closed_in) == (True, "")


def test_a_problem_that_is_given_up_is_neither_open_nor_solved() -> None:
    given_up = problem("2023-02", "1", "撤销", c="德钦县", due=date(2023, 2, 28))
    figures = measured((*ENTRIES[:4], given_up, *ENTRIES[5:]))
    assert figures.province == ProblemCount(
        total=5, open=3, closed=1, dropped=1, overdue=1, new=1, closed_now=1, dropped_now=1
    )
    one = figures.problems[0]
    assert (one.solved, one.is_open, one.closed_in, one.age_periods) == (Solved.DROPPED, False, "2023-02", 2)
    assert one not in {*figures.open, *figures.closed_now}
    assert {name: (c.closed, c.dropped) for name, c in figures.by_level.items()} == {"省级": (1, 1), "县级": (0, 0)}
    for count in (*figures.by_category.values(), *figures.by_department.values()):
        assert count.total == count.open + count.closed + count.dropped
    taken_up_again = measured((given_up, problem("2023-02", "1", c="德钦县"))).problems[0]
    assert taken_up_again.is_open
    undeclared = small(replace(LIST, closing=Closing(field="s", values=("已解决", "撤销"))))
    as_before = problem_figures(undeclared, P2, (given_up,), REPORTED, AS_OF, {})
    assert as_before is not None
    assert as_before.province
    assert (as_before.province.closed, as_before.province.dropped) == (1, 0)


def test_a_county_has_solved_a_problem_that_is_closed_and_not_given_up() -> None:
    known = problem("2022-12", "1", c="德钦县")
    for status, solved in (("已解决", True), ("撤销", False), ("推进中", False)):
        later = problem("2023-02", "1", status, c="德钦县")
        assert measured((known, later)).solved_by_county(PROGRAM)[DEQIN] is solved
    assert measured((replace(known, values={**known.values, "on": date(2023, 2, 20)}),)).solved_by_county(PROGRAM) == (
        dict.fromkeys((c.code for c in PROGRAM.counties), False)
    )
    alone = problem_figures(PROGRAM, P2, (), {("2022-12", DIQING)}, AS_OF, {})
    assert alone is not None
    assert {c[:4] for c in alone.solved_by_county(PROGRAM)} == {DIQING[:4]}, "of who never sent a list nothing is known"


def test_no_list_is_not_no_problem() -> None:
    figures = problem_figures(PROGRAM, P2, (), set(), AS_OF, {})
    assert figures is not None
    assert (figures.province, figures.by_prefecture) == (None, {BANNA: None, DIQING: None})
    empty = problem_figures(PROGRAM, P2, (), {("2022-12", DIQING)}, AS_OF, {})
    assert empty is not None
    assert empty.province == ProblemCount(
        total=0, open=0, closed=0, dropped=0, overdue=0, new=0, closed_now=0, dropped_now=0
    )
    assert empty.by_prefecture[BANNA] is None


def test_later_periods_are_not_seen_and_other_campaigns_have_none() -> None:
    assert len(measured((problem("2022-12", "1"), problem("2023-04", "1", "已解决"))).open) == 1
    assert problem_figures(small(), P3, (), set(), AS_OF, {}) is None


def test_entries_without_a_number_are_each_their_own() -> None:
    assert len(measured((problem("2022-12", ""), problem("2022-12", ""))).problems) == 2
