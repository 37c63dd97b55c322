"""Problems by category and level: closed, and how long open."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.measures.problems import Solved
from pipeline.products.drawing.parts import NAVY, PALE, TRACK, WHITE
from pipeline.products.drawing.stacks import MOST_ROWS, StackPart, StackRow, stack_groups, stacks
from pipeline.products.pictures.registry import PictureKind, spans
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.problems import Problem
    from pipeline.products.pictures.registry import Parts

_OPEN = "未办结，从首次列入的报送期末算起"
STEEL = "#4F7FB3"


def _drawings(m: PeriodMeasures) -> Parts:
    """Problems by category and by the level asked to act: closed, and how long the open ones have been."""
    w = m.program.words
    figures = m.systems.problems
    if figures is None or not figures.problems:
        return []
    young, old = m.program.problem_ages
    parts = [
        StackPart(name="已办结", fill=TRACK),
        *([StackPart(name="撤销", fill=WHITE)] if _tells_dropped(m) else []),
        StackPart(name=f"{young}天以内", fill=PALE, over=_OPEN),
        StackPart(name=f"{young + 1}—{old}天", fill=STEEL, over=_OPEN),
        StackPart(name=f"{old}天以上", fill=NAVY, over=_OPEN),
    ]
    rows = [("", _problem_row(m, "全部问题", figures.problems))]
    for title, names, word in (
        ("按问题类别", figures.by_category, attrgetter("category")),
        ("按解决层级", figures.by_level, attrgetter("level")),
    ):
        if any(names):
            some = {name or "未填": [p for p in figures.problems if word(p) == name] for name in names}
            rows += [(title, _problem_row(m, name, mine)) for name, mine in some.items()]
    heard = figures.coverage
    foot = f"本期已报问题清单的{w.respondent}{heard.reported}/{heard.roster}个，未报的按上次所报"
    return [
        (
            of,
            partial(stacks, stack_groups(mine), parts, total="合计", note="", alarm="超期", whole=False, foot=foot),
        )
        for of, mine in spans(rows, MOST_ROWS, lambda row: row[1].label)
    ]


def _problem_row(m: PeriodMeasures, label: str, some: Sequence[Problem]) -> StackRow:
    ages, (youngest, oldest) = [p.age_days or 0 for p in some if p.is_open], m.program.problem_ages
    young, old = sum(age <= youngest for age in ages), sum(age > oldest for age in ages)
    solved = [p.solved for p in some]
    done = (solved.count(Solved.CLOSED), *([solved.count(Solved.DROPPED)] if _tells_dropped(m) else []))
    counts = (*done, young, len(ages) - young - old, old)
    return StackRow(label=label, note="", counts=counts, alarm=sum(p.overdue for p in some))


def _tells_dropped(m: PeriodMeasures) -> bool:
    """Whether the campaign knows problems that are given up."""
    return any(form.closing and form.closing.dropped for form in m.program.forms_of_kind(FormKind.PROBLEMS))


def _words(m: PeriodMeasures) -> str:
    w = m.program.words
    figures = m.systems.problems
    if figures is None or figures.province is None:
        return "尚无问题清单"
    count = figures.province
    dropped = f"撤销{count.dropped}个，" if _tells_dropped(m) else ""
    return (
        f"共{count.total}个，已办结{count.closed}个，{dropped}未办结{count.open}个，其中超期{count.overdue}个，"
        f"本期报送问题清单的{w.respondent}{figures.coverage.reported}个"
    )


PICTURE = PictureKind(
    name="problems",
    number=8,
    title="问题清单分类和办理情况",
    drawings=_drawings,
    words=_words,
    shows="问题清单里的全部问题，以及按类别、按请求解决的层级分，已办结的、撤销的，和未办结的各有多久。",
    reading="撤销的不算办结。时长从首次列入的报送期末算到统计日；“超期”是过了计划解决日期仍未解决的个数。",
)
