"""Highlights in their calendar quarter, whatever period they came in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.measures.figures import Coverage
from pipeline.measures.highlights import Duly, highlight_figures, quarter_of
from pipeline.program.model import FieldType, FormKind, Rows
from tests.sheets import BANNA, DEQIN, DIQING, WHOLE, Row, column, sheet, small

if TYPE_CHECKING:
    from pipeline.domain.value import Value

P1, P2 = WHOLE.period_by_code["2022-12"], WHOLE.period_by_code["2023-02"]
LIST = sheet(
    FormKind.HIGHLIGHTS,
    column("t", FieldType.TEXT, role="title"),
    column("c", FieldType.COUNTY, role="county"),
    column("k", FieldType.CHOICE, role="highlight_kind", options=("经验", "案例")),
    column("on", FieldType.DATE, role="dated_on"),
    column("y", FieldType.YESNO, role="spread"),
    rows=Rows.LIST,
)
PROGRAM = small(LIST)


def told(period: str, number: str, on: date | None, kind: str = "经验", prefecture: str = DIQING) -> Row:
    values: dict[str, Value] = {"t": "标题", "c": DEQIN, "k": kind, "on": on, "y": "是"}
    return Row(period=period, number=number, values=values, prefecture_code=prefecture)


@pytest.mark.parametrize(
    ("on", "start", "end"),
    [
        (date(2022, 10, 1), date(2022, 10, 1), date(2022, 12, 31)),
        (date(2022, 12, 31), date(2022, 10, 1), date(2022, 12, 31)),
        (date(2023, 1, 1), date(2023, 1, 1), date(2023, 3, 31)),
        (date(2023, 6, 30), date(2023, 4, 1), date(2023, 6, 30)),
        (date(2023, 7, 1), date(2023, 7, 1), date(2023, 9, 30)),
    ],
)
def test_quarters_have_their_calendar_days(on: date, start: date, end: date) -> None:
    assert (quarter_of(on).start, quarter_of(on).end) == (start, end)


def test_an_entry_counts_in_the_quarter_of_its_date() -> None:
    entries = (
        told("2022-12", "1", date(2022, 12, 31)),
        told("2023-02", "2", date(2022, 11, 1), "案例"),
        told("2023-02", "3", date(2023, 1, 1)),
        told("2023-02", "4", None),
    )
    figures = highlight_figures(PROGRAM, P2, entries, {("2022-12", DIQING), ("2023-02", DIQING)}, date(2023, 3, 10))
    assert figures is not None
    assert [(q.title, n) for q, n in figures.by_quarter.items()] == [
        ("2022年第四季度", 2),
        ("2023年第一季度", 1),
        ("2023年第二季度", 0),
        ("2023年第三季度", 0),
    ]
    assert figures.by_kind == {"经验": 3, "案例": 1}
    assert figures.by_prefecture == {BANNA: None, DIQING: 4}
    assert (figures.undated, figures.coverage) == (1, Coverage(reported=1, roster=2))
    assert figures.entries[0].county_code == DEQIN
    assert figures.entries[0].spread is True
    assert [e.number for e in figures.dated_in(quarter_of(date(2022, 10, 26)))] == ["1", "2"]


def test_each_prefecture_has_its_own() -> None:
    entries = (
        told("2022-12", "1", date(2022, 12, 1), prefecture=BANNA),
        told("2022-12", "1", date(2022, 12, 1)),
        told("2022-12", "2", date(2022, 12, 2)),
    )
    figures = highlight_figures(PROGRAM, P1, entries, {("2022-12", BANNA), ("2022-12", DIQING)}, date(2023, 1, 10))
    assert figures is not None
    assert figures.by_prefecture == {BANNA: 1, DIQING: 2}


def test_who_owes_one() -> None:
    entries = (told("2022-12", "1", date(2022, 12, 1)), told("2023-02", "2", date(2023, 10, 3)))
    figures = highlight_figures(PROGRAM, P2, entries, {("2022-12", DIQING)}, date(2023, 4, 1))
    assert figures is not None
    assert (
        len(figures.duties) == 8
    )  # 4 quarters × 2 prefectures; the fourth of 2023 is not owed, though one is dated in it
    assert [(d.prefecture_code, d.duly, d.count) for d in figures.duties[:4]] == [
        (BANNA, Duly.NOT_REPORTED, None),
        (DIQING, Duly.MET, 1),
        (BANNA, Duly.NOT_REPORTED, None),
        (DIQING, Duly.NOT_REPORTED, None),
    ]
    assert {d.duly for d in figures.duties[4:]} == {Duly.NOT_DUE}
    assert sum(figures.by_quarter.values()) == 2


def test_a_list_that_reaches_the_quarters_end_without_one_is_not_met() -> None:
    figures = highlight_figures(PROGRAM, P1, (), {("2022-12", DIQING)}, date(2023, 1, 1))
    assert figures is not None
    assert [(d.duly, d.count) for d in figures.duties[:2]] == [(Duly.NOT_REPORTED, None), (Duly.NOT_MET, 0)]
    on_the_day = highlight_figures(PROGRAM, P1, (), {("2022-12", DIQING)}, date(2022, 12, 31))
    assert on_the_day is not None
    assert {d.duly for d in on_the_day.duties} == {Duly.NOT_DUE}


def test_the_same_number_again_is_one_entry_and_other_campaigns_have_none() -> None:
    twice = (told("2022-12", "1", date(2022, 12, 1)), told("2023-02", "1", date(2022, 12, 2)))
    figures = highlight_figures(PROGRAM, P2, twice, set(), date(2023, 3, 10))
    assert figures is not None
    assert [e.dated_on for e in figures.entries] == [date(2022, 12, 2)]
    assert highlight_figures(small(), P2, (), set(), date(2023, 3, 10)) is None
