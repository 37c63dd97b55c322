"""What the notice has besides forms, in ``program.yaml``: measures, goals, ten tasks, categories, groups, publications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import ProgramError
from pipeline.program.model import (
    Department,
    Goal,
    OfficeGroup,
    ProblemCategory,
    Publication,
    Strand,
    TenTask,
)
from pipeline.program.strict import Node, finished, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.program.model import Program


def load_systems(top: Node) -> dict[str, tuple[Any, ...]]:
    """The lists of ``program.yaml`` that a campaign may leave out, as arguments of :class:`Program`."""
    return {
        "strands": tuple(_strand(n) for n in top.nodes("measures", ())),
        "goals": tuple(_goal(n) for n in top.nodes("goals", ())),
        "ten_tasks": tuple(_ten_task(n) for n in top.nodes("ten_tasks", ())),
        "problem_categories": tuple(_category(n) for n in top.nodes("problem_categories", ())),
        "office_groups": tuple(_group(n) for n in top.nodes("office_groups", ())),
        "departments": tuple(_department(n) for n in top.nodes("departments", ())),
        "publications": tuple(_publication(n) for n in top.nodes("publications", ())),
    }


def check_systems(program: Program) -> None:
    """Every reference points somewhere; every task is under at most one goal.

    Raises:
        ProgramError: The first that does not.
    """
    items = [item.no for form in program.action_forms for item in form.items]
    fields, forms = list(program.field_by_code), list(program.form_by_code)
    _known("measures", (code for one in program.strands for code in one.forms), forms)
    _known("goals", (no for goal in program.goals for no in goal.items), items)
    _known("ten_tasks", (no for task in program.ten_tasks for no in task.related_items), items)
    _known("ten_tasks", (code for task in program.ten_tasks for code in task.fields), fields)
    for task in program.ten_tasks:
        _known("ten_tasks 的 any_of", task.any_of, list(task.fields))
    _known("publications", (code for one in program.publications for code in one.periods), list(program.period_by_code))
    duties = [*(d.code for d in program.duties), *(m.code for m in program.milestones)]
    _known("publications", (one.duty for one in program.publications if one.duty), duties)
    grouped = [no for goal in program.goals for no in goal.items]
    twice = sorted({no for no in grouped if grouped.count(no) > 1})
    if twice:
        raise ProgramError(f"program.yaml：goals 中任务 {twice[0]} 出现两次，一项任务只归一个目标")


def _known(where: str, given: Iterable[int | str], known: list[Any]) -> None:
    for one in given:
        if one not in known:
            wanted = nearest(str(one), [str(code) for code in known])
            raise ProgramError(f"program.yaml：{where} 引用了不存在的 {one}{wanted}")


def _strand(node: Node) -> Strand:
    return finished(node, Strand(
        code=node.take("code", str),
        name=node.take("name", str),
        forms=node.strings("forms"),
        most=node.take("most", int, None),
        basis=node.take("basis", str),
        reading=node.take("reading", str, ""),
    ))  # fmt: skip


def _goal(node: Node) -> Goal:
    return finished(node, Goal(
        code=node.take("code", str),
        name=node.take("name", str),
        items=tuple(node.take("items", list)),
        basis=node.take("basis", str),
        reading=node.take("reading", str),
    ))  # fmt: skip


def _ten_task(node: Node) -> TenTask:
    return finished(node, TenTask(
        no=node.take("no", int),
        title=node.take("title", str),
        basis=node.take("basis", str),
        related_items=tuple(node.take("related_items", list, ())),
        fields=node.strings("fields"),
        reading=node.take("reading", str, ""),
        any_of=node.strings("any_of"),
    ))  # fmt: skip


def _category(node: Node) -> ProblemCategory:
    return finished(node, ProblemCategory(
        code=node.take("code", str),
        name=node.take("name", str),
        action=node.take("action", str),
        basis=node.take("basis", str),
    ))  # fmt: skip


def _group(node: Node) -> OfficeGroup:
    return finished(node, OfficeGroup(
        group=node.take("group", str),
        lead=node.take("lead", str, ""),
        members=node.strings("members"),
        duty=node.take("duty", str),
        basis=node.take("basis", str),
        reading=node.take("reading", str, ""),
    ))  # fmt: skip


def _department(node: Node) -> Department:
    return finished(node, Department(name=node.take("name", str), aliases=node.strings("aliases")))


def _publication(node: Node) -> Publication:
    return finished(node, Publication(
        document=node.take("document", str),
        duty=node.take("duty", str, ""),
        periods=node.strings("periods"),
    ))  # fmt: skip
