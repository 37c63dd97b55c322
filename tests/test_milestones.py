"""Steps of section 四: done, late, not done, not said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.measures.milestones import Step, milestone_figures
from pipeline.program.model import FieldType, FormKind, Rows
from tests.sheets import BANNA, DEQIN, DIQING, JINGHONG, MENGHAI, SHANGRILA, WEIXI, WHOLE, column, known, sheet, small

if TYPE_CHECKING:
    from pipeline.domain.value import Value

P1, P3 = WHOLE.period_by_code["2022-12"], WHOLE.period_by_code["2023-04"]
DUE, NOBODY = date(2022, 11, 30), frozenset[tuple[str, str]]()
STEP = replace(WHOLE.milestones[0], code="E", due=DUE)
BOTH = replace(STEP, code="W", due=None)
NOBODYS = replace(STEP, code="N")
COUNTIES = sheet(
    FormKind.MILESTONES,
    column("E-1", FieldType.YESNO, role="done", serves="E"),
    column("E-2", FieldType.DATE, role="done_on", serves="E"),
    column("W-1", FieldType.YESNO, role="done", serves="W", counts_from=date(2023, 3, 1)),
)
OWN = sheet(
    FormKind.MILESTONES, column("OW-1", FieldType.YESNO, role="done", serves="W"), rows=Rows.PREFECTURE, code="Y"
)
PROGRAM = small(OWN, COUNTIES, milestones=(STEP, NOBODYS, BOTH))


def test_each_unit_stands_somewhere() -> None:
    values: dict[str, dict[str, Value]] = {
        JINGHONG: {"E-1": "是", "E-2": DUE},
        MENGHAI: {"E-1": "是", "E-2": date(2022, 12, 1)},
        SHANGRILA: {"E-1": "否", "E-2": None},
        DEQIN: {"E-1": None},
        WEIXI: {"E-1": "是", "E-2": None},
    }
    late = {("E", SHANGRILA), ("E", WEIXI), ("W", DEQIN)}
    step = milestone_figures(PROGRAM, known(P1, values), late)[0]
    assert [u.step for u in step.units] == [
        Step.DONE,
        Step.LATE,
        Step.NOT_REPORTED,
        Step.NOT_DONE,
        Step.NOT_REPORTED,
        Step.DONE,
    ]
    province = step.province
    assert (province.done, province.late, province.not_done, province.not_reported) == (2, 1, 1, 2)
    assert (province.undated, province.overdue, province.reported, province.roster) == (1, 2, 4, 6)
    banna, diqing = step.prefectures
    assert (banna.prefecture_code, banna.done, banna.late, banna.not_reported) == (BANNA, 1, 1, 1)
    assert (diqing.done, diqing.not_done, diqing.not_reported) == (1, 1, 1)
    assert [u.unit_code for u in step.units if u.overdue] == [SHANGRILA, WEIXI]  # the table says so, not the step
    assert (diqing.overdue, banna.overdue) == (2, 0)


def test_a_silent_unit_keeps_what_it_said_and_is_not_said_to_have_done_nothing() -> None:
    values: dict[str, dict[str, Value]] = {
        JINGHONG: {"E-1": "是", "E-2": DUE},
        MENGHAI: {"E-1": "否"},
        SHANGRILA: {"E-1": "否"},
    }
    step = milestone_figures(PROGRAM, known(P3, values, JINGHONG, MENGHAI), NOBODY)[0]
    assert [u.step for u in step.units if u.unit_code in values] == [Step.DONE, Step.SILENT, Step.NOT_DONE]
    province = step.province
    assert (province.done, province.not_done, province.silent, province.not_reported) == (1, 1, 1, 3)


def test_nobody_reported() -> None:
    step = milestone_figures(PROGRAM, known(P1, {}), NOBODY)[0]
    assert (step.province.done, step.province.not_done, step.province.not_reported) == (0, 0, 6)


def test_a_step_of_both_levels_stands_twice_and_only_once_it_is_asked() -> None:
    values: dict[str, dict[str, Value]] = {DIQING: {"OW-1": "是"}}
    before = [(f.milestone.code, f.level) for f in milestone_figures(PROGRAM, known(P1, values), NOBODY)]
    assert before == [("E", Rows.COUNTY), ("W", Rows.PREFECTURE)]
    later = milestone_figures(PROGRAM, known(P3, values), NOBODY)
    assert [(f.milestone.code, f.level) for f in later] == [
        ("E", Rows.COUNTY),
        ("W", Rows.COUNTY),
        ("W", Rows.PREFECTURE),
    ]
    assert (later[2].province.done, later[2].province.roster, later[2].province.overdue) == (1, 2, 0)


def test_several_columns_of_one_step_must_all_be_done() -> None:
    form = sheet(
        FormKind.MILESTONES,
        column("a", FieldType.YESNO, role="done", serves="E"),
        column("b", FieldType.YESNO, role="done", serves="E"),
        column("c", FieldType.DATE, role="done_on", serves="E"),
        column("d", FieldType.DATE, role="done_on", serves="E"),
    )
    values: dict[str, dict[str, Value]] = {
        JINGHONG: {"a": "是", "b": "是", "c": DUE, "d": date(2022, 12, 5)},
        MENGHAI: {"a": "是", "b": None, "c": DUE},
        SHANGRILA: {"a": None, "b": "否"},
        DEQIN: {"a": "不适用", "b": "是"},
        WEIXI: {"a": "不适用", "b": "不适用"},
    }
    step = milestone_figures(small(form, milestones=(STEP,)), known(P1, values), NOBODY)[0]
    assert [u.step for u in step.units] == [
        Step.LATE,
        Step.NOT_REPORTED,
        Step.NOT_REPORTED,
        Step.NOT_DONE,
        Step.DONE,
        Step.NOT_APPLICABLE,
    ]
    assert step.units[0].done_on == date(2022, 12, 5)


def test_a_campaign_without_the_sheet_has_no_figures() -> None:
    assert milestone_figures(small(milestones=(STEP,)), known(P1, {}), NOBODY) == ()
