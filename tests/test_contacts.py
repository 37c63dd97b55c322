"""Contacts: the notice's first, then the sheet's; who has too many counties, who was visited."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.measures.contacts import contact_figures
from pipeline.measures.figures import Share, Sum
from pipeline.program.model import FieldType, FormKind
from tests.sheets import DEQIN, JINGHONG, MENGHAI, MENGLA, SHANGRILA, WEIXI, WHOLE, column, sheet, small

if TYPE_CHECKING:
    from pipeline.domain.value import Value

DAY = date(2023, 3, 10)
SHEET = sheet(
    FormKind.CONTACTS,
    column("K-1", FieldType.TEXT, role="contact"),
    column("K-2", FieldType.CHOICE, role="contact_level", options=("州市领导",)),
    column("K-3", FieldType.COUNT, role="visits"),
    column("K-6", FieldType.YESNO, role="report"),
)
GIVEN = replace(
    WHOLE.contacts[0], unit_id="U", unit="张三", title="省总领导张三", county_code=DEQIN, valid_from=date(2022, 10, 26)
)
PROGRAM = small(SHEET, contacts=(GIVEN,))


def test_coverage_loads_and_visits() -> None:
    values: dict[str, dict[str, Value]] = {
        SHANGRILA: {"K-1": "李四、王五", "K-2": "州市领导", "K-3": 1, "K-6": "是"},
        WEIXI: {"K-1": "李四", "K-3": 0, "K-6": "否"},
        DEQIN: {"K-1": "张三", "K-3": 2, "K-6": None},
        JINGHONG: {"K-1": "李四", "K-3": None},
        MENGHAI: {"K-1": None, "K-3": 0},
    }
    figures = contact_figures(PROGRAM, values, DAY, most=1)
    assert figures is not None
    # 勐腊 has not reported: unknown, not uncovered
    assert figures.province.covered == Share(met=4, reported=5, roster=6)
    assert figures.province.visited == Share(met=2, reported=4, roster=6)
    assert figures.province.visits == Sum(amount=Decimal(3), reported=4, roster=6)
    assert figures.province.handed_in == Share(met=1, reported=2, roster=6)
    assert [p.covered.met for p in figures.prefectures] == [1, 3]
    # 李四 of 迪庆 and 李四 of 西双版纳 are two people
    assert [(one.link.key, one.county_codes) for one in figures.loads] == [
        ("533400:李四", (SHANGRILA, WEIXI)),
        ("532800:李四", (JINGHONG,)),
        ("533400:王五", (SHANGRILA,)),
        ("U", (DEQIN,)),
    ]
    assert [one.link.title for one in figures.overloaded] == ["李四"]
    assert contact_figures(PROGRAM, values, DAY, most=2).overloaded == ()  # type: ignore[union-attr]


def test_nobody_reported_leaves_the_notices_pairings() -> None:
    figures = contact_figures(PROGRAM, {}, DAY, most=2)
    assert figures is not None
    assert figures.province.covered == Share(met=1, reported=1, roster=6)
    assert figures.province.visited == Share(met=0, reported=0, roster=6)
    assert (figures.province.visited.pct, figures.province.visits.amount) == (None, None)
    assert [c.covered for c in figures.counties if c.county_code in {DEQIN, MENGLA}] == [None, True]


def test_a_pairing_the_sheet_sees_otherwise_is_told() -> None:
    values: dict[str, dict[str, Value]] = {DEQIN: {"K-1": "赵六"}}
    figures = contact_figures(PROGRAM, values, DAY, most=2)
    assert figures is not None
    deqin = next(c for c in figures.counties if c.county_code == DEQIN)
    assert (deqin.differs, [link.title for link in deqin.links]) == (True, ["省总领导张三"])
    before = contact_figures(PROGRAM, values, date(2022, 10, 1), most=2)
    assert before is not None
    assert [one.link.title for one in before.loads] == ["赵六"]


def test_campaigns_with_less() -> None:
    only_given = contact_figures(small(contacts=(GIVEN,)), {DEQIN: {}}, DAY, most=2)
    assert only_given is not None
    assert only_given.province.visited.roster == 0
    assert only_given.province.covered == Share(met=1, reported=1, roster=6)
    assert contact_figures(small(), {}, DAY, most=2) is None
