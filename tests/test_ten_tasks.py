"""The ten tasks: what is asked there, and what they show of the actions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.measures.figures import Share, Sum
from pipeline.measures.ten_tasks import ten_task_figures
from pipeline.program.model import FieldType, FormKind, Rows, Topic
from tests.sheets import DEQIN, JINGHONG, SHANGRILA, WEIXI, WHOLE, Said, column, sheet, small

if TYPE_CHECKING:
    from pipeline.domain.value import Value

P1, P2 = WHOLE.period_by_code["2022-12"], WHOLE.period_by_code["2023-02"]
ACTION = sheet(FormKind.ACTION, column("Q-1", FieldType.YESNO), column("Q-2", FieldType.COUNT), code="A")
LIST = sheet(FormKind.PROBLEMS, column("P-1", FieldType.TEXT), rows=Rows.LIST, code="P")
TASKS = sheet(
    FormKind.TEN_TASKS,
    column("n", FieldType.COUNT),
    column("s", FieldType.YESNO, shows="Q-1"),
    column("o", FieldType.CHECKLIST, options=("甲", "甲乙")),
    column("t", FieldType.TEXT),
    column("later", FieldType.COUNT, counts_from=date(2023, 1, 1)),
)
PROGRAM = small(ACTION, LIST, TASKS)
VALUES: dict[str, dict[str, Value]] = {
    SHANGRILA: {"n": 3, "Q-1": "是", "o": "甲、甲乙", "t": "好", "Q-2": 4},
    DEQIN: {"n": 0, "Q-1": "否", "o": "无", "s": "是"},  # the copy in s is not looked at
    WEIXI: {"n": None, "Q-1": "不适用", "o": "甲乙", "t": ""},
}


def test_figures_by_the_kind_of_column() -> None:
    (task,) = ten_task_figures(PROGRAM, P1, VALUES)
    count, shown, ticks, words = task.columns
    assert count.province.total == Sum(amount=Decimal(3), reported=2, roster=6)
    assert (shown.field.code, shown.source.code) == ("s", "Q-1")
    assert shown.province.share == Share(met=1, reported=2, roster=6)
    assert (shown.province.not_applicable, shown.province.reported) == (1, 2)
    assert ticks.province.options == {"甲": 1, "甲乙": 2}
    assert (ticks.province.none_ticked, ticks.province.reported) == (1, 3)
    assert (words.province.reported, words.province.total, words.province.share) == (1, None, None)
    assert [p.reported for p in count.prefectures] == [0, 2]


def test_of_texts_is_said_what_they_speak_of() -> None:
    """Once for each unit, whatever it thinks of it; quoted is a whole sentence on what most speak of."""
    program = replace(
        PROGRAM, topics=(Topic(name="机制", words=("机制", "制度")), Topic(name="经费", words=("经费", "资金")))
    )
    long = "经费" * 40
    said: dict[str, dict[str, Value]] = {
        SHANGRILA: {"t": f"制度健全，机制顺畅。{long}。经费不足。"},
        DEQIN: {"t": "一、资金3.5万元，用于培训。"},
        WEIXI: {"t": "其他"},
    }
    words = ten_task_figures(program, P1, said)[0].columns[3]
    assert words.province.options == {"机制": 1, "经费": 2}
    assert words.quote == (program.county_by_code[DEQIN], "一、资金3.5万元，用于培训。")
    assert ten_task_figures(program, P1, {WEIXI: {"t": "其他"}})[0].columns[3].quote is None
    assert ten_task_figures(PROGRAM, P1, said)[0].columns[3].quote is None


def test_missing_is_not_zero_and_not_no() -> None:
    (task,) = ten_task_figures(PROGRAM, P2, {JINGHONG: {}})
    assert len(task.columns) == 5
    assert task.columns[0].province.total == Sum(amount=None, reported=0, roster=6)
    share = task.columns[1].province.share
    assert share is not None
    assert share.pct is None
    assert task.columns[2].province.options == {"甲": 0, "甲乙": 0}


def test_a_task_may_rest_on_columns_of_other_sheets() -> None:
    (task,) = ten_task_figures(PROGRAM, P1, VALUES, [Said(no=1, fields=("n", "Q-2", "P-1"), reading="都不为0")])
    assert [c.field.code for c in task.columns] == ["n", "s", "o", "t", "Q-2"]
    assert task.columns[-1].province.total == Sum(amount=Decimal(4), reported=1, roster=6)
    assert task.reading == "都不为0"


def test_a_campaign_without_the_sheet_has_no_tasks() -> None:
    assert ten_task_figures(small(ACTION), P1, VALUES, [Said(no=1, fields=("n",))]) == ()


def test_done_is_yes_more_than_nought_and_every_option() -> None:
    task = Said(no=1, fields=("n", "s", "o"), reading="")
    done = ten_task_figures(PROGRAM, P1, VALUES, [task])[0].done
    assert done is not None
    # 香格里拉 has all; 德钦 fails; 维西 gave no n, and its 甲乙 alone is not every option: it fails too
    assert done.province == Share(met=1, reported=3, roster=6)
    enough = ten_task_figures(PROGRAM, P1, VALUES, [Said(no=1, fields=("n", "o"), any_of=("o",))])[0].done
    assert enough is not None
    assert enough.province == Share(met=1, reported=2, roster=6)  # of 维西 nobody knows n
    assert sum(one.met for one in enough.by_prefecture.values()) == 1


def test_a_task_of_a_list_is_done_where_a_problem_is_solved_and_unknown_where_no_list_came() -> None:
    task = Said(no=1, fields=("n", "P-1"))
    for solved, expected in (({}, (0, 1)), ({SHANGRILA: True}, (1, 2)), ({SHANGRILA: False}, (0, 2))):
        done = ten_task_figures(PROGRAM, P1, VALUES, [task], solved)[0].done
        assert done is not None
        assert (done.province.met, done.province.reported) == expected  # 德钦's nought is enough to say no


def test_what_is_not_asked_yet_judges_nothing() -> None:
    (task,) = ten_task_figures(PROGRAM, P1, VALUES, [Said(no=1, fields=("later",))])
    assert task.done is None
