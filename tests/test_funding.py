"""Money by line: exact to the fen, apart by level, never more than was reported."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.measures.contradictions import TensionKind, tensions
from pipeline.measures.figures import Rate, Sum
from pipeline.measures.funding import funding_figures, required_ratio
from pipeline.program.model import FieldType, FormKind, Rows
from tests.sheets import (
    BANNA,
    DEQIN,
    DIQING,
    JINGHONG,
    MENGHAI,
    MENGLA,
    SHANGRILA,
    WEIXI,
    WHOLE,
    column,
    line,
    sheet,
    small,
    wan,
)

if TYPE_CHECKING:
    from pipeline.domain.value import Value
    from pipeline.measures.funding import FundingFigures, LineFunding
    from pipeline.program.model import Program

P2 = WHOLE.period_by_code["2023-02"]
COUNTIES = sheet(
    FormKind.FUNDING,
    column("A-1", role="received", serves="A"),
    column("A-2", role="spent", serves="A"),
    column("B-1", role="received", serves="B"),
    column("B-2", role="matched", serves="B"),
    column("B-3", role="spent", serves="B"),
    column("C-0", FieldType.COUNT, role="units", serves="C"),
    column("C-1", role="received", serves="C"),
    column("C-2", role="received", serves="C"),
)
OWN = sheet(
    FormKind.FUNDING,
    column("OB-1", role="received", serves="B"),
    column("OB-2", role="matched", serves="B"),
    column("OB-3", role="spent", serves="B"),
    rows=Rows.PREFECTURE,
    code="Y",
)
LINES = (
    line("A", amount_wan=wan("12"), reading="打包"),
    line("B", amount_wan=wan("500"), match_ratio="1:1"),
    line("C", amount_wan=wan("10"), per_unit_wan=wan("5"), units=2),
)
PROGRAM = small(COUNTIES, OWN, funding=LINES)


def measured(values: dict[str, dict[str, Value]], program: Program = PROGRAM) -> FundingFigures:
    return funding_figures(program, P2, values)


def of(figures: FundingFigures, code: str) -> LineFunding:
    return next(one for one in figures.lines if one.line.code == code)


def test_nobody_reported_is_not_zero() -> None:
    a = of(measured({}), "A")
    assert a.province.counties.received == Sum(amount=None, reported=0, roster=6)
    assert a.province.counties.matched == Sum(amount=None, reported=0, roster=0)  # nobody is asked
    assert a.province.execution == Rate(numerator=None, denominator=None, reported=0, roster=6)
    assert a.province.execution.pct is None
    assert a.budget_wan.amount == 12
    assert [m.met for m in of(measured({}), "B").matches] == [None, None]
    cap = of(measured({}), "C").cap
    assert cap is not None
    assert cap.within is None


def test_sums_are_exact_and_cover_only_who_gave_them() -> None:
    a = of(
        measured(
            {
                SHANGRILA: {"A-1": wan("0.10"), "A-2": wan("0.10")},
                DEQIN: {"A-1": wan("0.20"), "A-2": None},
                JINGHONG: {"A-1": 2, "A-2": wan("0")},
            }
        ),
        "A",
    )
    assert a.province.counties.received == Sum(amount=Decimal("2.30"), reported=3, roster=6)
    assert a.province.counties.spent == Sum(amount=Decimal("0.10"), reported=2, roster=6)
    # 德钦 has not said what it spent: its 0.20 is not in the rate
    assert a.province.execution == Rate(numerator=Decimal("0.10"), denominator=Decimal("2.10"), reported=2, roster=6)
    banna, diqing = a.prefectures
    assert (banna.prefecture_code, banna.arrived.amount) == (BANNA, Decimal(2))
    assert diqing.arrived == Sum(amount=Decimal("0.30"), reported=2, roster=3)
    assert diqing.execution.pct == 100.0


def test_what_a_prefecture_passes_on_is_not_counted_twice() -> None:
    rows: dict[str, dict[str, Value]] = {
        DIQING: {"OB-1": wan("30"), "OB-2": wan("29.99"), "OB-3": wan("5")},
        BANNA: {"OB-1": wan("20"), "OB-2": wan("20")},
        SHANGRILA: {"B-1": wan("10"), "B-2": wan("10"), "B-3": wan("8.5")},
        DEQIN: {"B-1": wan("5"), "B-2": wan("5"), "B-3": wan("0")},
        WEIXI: {"B-1": wan("5"), "B-2": wan("5"), "B-3": wan("1.5")},
    }
    b = of(measured(rows), "B")
    assert b.arrived == Sum(amount=Decimal(50), reported=2, roster=2)
    assert b.province.counties.received == Sum(amount=Decimal(20), reported=3, roster=6)
    # 15 of 59.99: 西双版纳 said neither its own spending nor its counties'
    assert b.province.execution == Rate(numerator=Decimal("15.0"), denominator=Decimal("59.99"), reported=1, roster=2)
    assert b.province.county_execution == Rate(numerator=Decimal("10.0"), denominator=Decimal(40), reported=3, roster=6)
    assert b.province.spent == Sum(amount=Decimal("15.0"), reported=4, roster=8)
    del rows[DEQIN]
    assert of(measured(rows), "B").province.execution.reported == 0


def test_a_match_is_judged_to_the_fen() -> None:
    rows: dict[str, dict[str, Value]] = {
        DIQING: {"OB-1": wan("30"), "OB-2": wan("29.99")},
        BANNA: {"OB-1": 0, "OB-2": 0},
    }
    banna, diqing = of(measured(rows), "B").matches
    assert (diqing.met, diqing.required_wan) == (False, Decimal(30))
    assert (banna.met, banna.ratio) == (True, None)
    assert of(measured({DIQING: {"OB-1": wan("30")}}), "B").matches[1].met is None
    assert required_ratio(line("Z", match_ratio="1：2")) == Decimal("0.5")


def test_instalments_add_up_and_units_stay_under_the_cap() -> None:
    rows: dict[str, dict[str, Value]] = {
        JINGHONG: {"C-0": 1, "C-1": wan("2.5"), "C-2": wan("2.5")},
        MENGHAI: {"C-0": 1, "C-1": wan("2.5"), "C-2": None},
    }
    c = of(measured(rows), "C")
    assert c.arrived == Sum(amount=Decimal("7.5"), reported=2, roster=6)
    assert c.province.due_wan == Sum(amount=Decimal(10), reported=2, roster=6)
    assert c.cap is not None
    assert c.cap.within is True
    more = of(measured({**rows, MENGLA: {"C-0": 1}}), "C").cap
    assert more is not None
    assert more.within is False
    assert more.due_wan.amount == 15
    assert c.province.execution.roster == 0  # nobody is asked what was spent


def test_a_line_by_the_head_has_its_plan_from_the_heads() -> None:
    social = sheet(
        FormKind.SOCIAL_WORKERS,
        column("S-1", FieldType.COUNT, role="heads", serves="H"),
        column("S-3", role="received_first", serves="H"),
        column("S-4", role="received_second", serves="H"),
    )
    program = small(social, funding=(line("H", per_unit_wan=wan("2"), instalments=2),))
    h = of(measured({DEQIN: {"S-1": 3, "S-3": wan("3"), "S-4": wan("1.25")}}, program), "H")
    assert h.budget_wan == Sum(amount=Decimal(6), reported=1, roster=6)
    assert of(measured({}, program), "H").budget_wan == Sum(amount=None, reported=0, roster=6)


def test_plans_with_and_without_what_is_to_be_added() -> None:
    figures = measured({})
    assert (figures.planned_wan, figures.planned_with_match_wan) == (Decimal(522), Decimal(1022))
    whole = funding_figures(WHOLE, P2, {})
    assert (whole.planned_wan, whole.planned_with_match_wan) == (Decimal(5983), Decimal(6483))
    none = measured({}, small())
    assert (none.lines, none.planned_wan, none.tensions) == ((), None, ())


def test_the_notices_own_tensions_are_told() -> None:
    found = {(t.line.code, t.kind): t for t in tensions(WHOLE)}
    federations = found["F3", TensionKind.FEWER_UNITS]
    assert (federations.found, federations.against) == (Decimal(100), Decimal(129))
    assert federations.reading
    events = found["F1", TensionKind.FEWER_EVENTS]
    assert (events.found, events.against) == (Decimal(129), Decimal(258))
    assert found["F2", TensionKind.NO_SPLIT].found == 500
    assert found["F9", TensionKind.OPEN_ENDED].found is None
    assert ("F3", TensionKind.FEWER_EVENTS) not in found


def test_a_line_prefectures_receive_for_themselves_covers_more_than_counties() -> None:
    own = sheet(FormKind.FUNDING, column("OA-1", role="received", serves="A"), rows=Rows.PREFECTURE, code="Y")
    found = [(t.line.code, t.kind) for t in tensions(small(COUNTIES, own, funding=LINES))]
    assert ("A", TensionKind.WIDER) in found
    assert ("B", TensionKind.WIDER) not in found
