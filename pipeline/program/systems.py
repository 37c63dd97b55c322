"""What ``program.yaml`` says of the systems of the notice besides forms points at something that there is."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pipeline.program.model import Rows
from pipeline.program.strict import nearest
from pipeline.system.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.program.model import Program
    from pipeline.program.notice import Effort, Urging


def check_systems(program: Program) -> None:
    """Every reference points somewhere; every task is under at most one goal.

    Raises:
        ProgramError: The first that does not.
    """
    items = [item.no for form in program.action_forms for item in form.items]
    fields, forms = list(program.field_by_code), list(program.form_by_code)
    _known("measures", (code for strand in program.strands for code in strand.forms), forms)
    _known("goals", (no for goal in program.goals for no in goal.items), items)
    _known("ten_tasks", (no for task in program.ten_tasks for no in task.related_items), items)
    _known("ten_tasks", (code for task in program.ten_tasks for code in task.fields), fields)
    for task in program.ten_tasks:
        _known("ten_tasks 的 any_of", task.any_of, list(task.fields))
    _known(
        "publications",
        (code for publication in program.publications for code in publication.periods),
        list(program.period_by_code),
    )
    duties = [*(d.code for d in program.duties), *(m.code for m in program.milestones)]
    _known("publications", (publication.duty for publication in program.publications if publication.duty), duties)
    grouped = [no for goal in program.goals for no in goal.items]
    twice = sorted({no for no in grouped if grouped.count(no) > 1})
    if twice:
        raise ProgramError(f"program.yaml：goals 中任务 {twice[0]} 出现两次，一项任务只归一个目标")
    young, old = program.problem_ages
    if not 0 < young < old:
        raise ProgramError(f"program.yaml：problem_ages 应为从小到大的两个天数，现为 {young}、{old}")
    if not program.explanations or any(not kind.strip() or "," in kind for kind in program.explanations):
        raise ProgramError("program.yaml：explanations 至少写一个原因类别，不能空，不能含英文逗号（下拉列表用它隔开）")
    if any(not topic.words or not all(word.strip() for word in topic.words) for topic in program.topics):
        raise ProgramError("program.yaml：topics 的每个方面至少写一个词（words），不能是空的")
    if program.burden:
        _check_effort(program.burden)
    if program.escalation:
        _check_urging(program.escalation)
    _check_parties(program)


def _check_effort(said: Effort) -> None:
    """No time is negative, and a share is one."""
    if any(getattr(said.seconds, one.name) < 0 for one in fields(said.seconds)):
        raise ProgramError("program.yaml：burden 的 seconds 是秒数，不能小于0")
    if not 0 <= said.changing <= _WHOLE_PCT:
        raise ProgramError(f"program.yaml：burden 的 changing 是百分数，应在0到100之间，现为 {said.changing:g}")
    if min(said.budget.first, said.budget.later) < 1:
        raise ProgramError("program.yaml：burden 的 budget 是格数，不小于1")


_WHOLE_PCT = 100
MOST_REMINDER_DAYS = 30


def _check_urging(said: Urging) -> None:
    """Steps grow sharper with the streak; the texts leave open what is filled in, and nothing else."""
    streaks = [step.streak for step in said.steps]
    if (
        not streaks
        or streaks != sorted(set(streaks))
        or streaks[0] < 1
        or min(step.workdays for step in said.steps) < 1
    ):
        raise ProgramError("program.yaml：escalation 的 steps 至少一步，streak 从1起、逐步增大，workdays 不少于1")
    if any(not 1 <= days <= MOST_REMINDER_DAYS for days in said.reminders):
        raise ProgramError(
            f"program.yaml：escalation 的 reminders 是截止日前的工作日数，每个在1到{MOST_REMINDER_DAYS}之间"
        )
    for appeal in (said.to_respondent, said.to_contact, said.to_leader):
        filled = ("asking", "besides", "by", "to_do", "office")
        own = tuple(name for name in filled if name != "to_do")
        for text, known in ((appeal.told, ("level",)), (appeal.asked, filled), (appeal.own_asked, own)):
            try:
                text.format(**dict.fromkeys(known, ""))
            except (KeyError, IndexError, ValueError, AttributeError) as error:
                allowed = "、".join(f"{{{name}}}" for name in known)
                raise ProgramError(f"program.yaml：escalation 的“{text}”中花括号不对；允许：{allowed}") from error


def _check_parties(program: Program) -> None:
    """Who is responsible for a step is told of units that have such a party, and can be written to."""
    for step in program.steps:
        if step.owed_by and step.office:
            raise ProgramError(f"program.yaml：{step.code} 写了 office，就不能写 owed_by：办公室自己的事由办公室负责")
    for form in program.forms:
        others = [f for f in form.fields if f.serves in program.party_of and form.rows is not Rows.COUNTY]
        if others:
            raise ProgramError(
                f"program.yaml：{others[0].serves} 的 owed_by 只用于一县一行的表，"
                f"而 {others[0].code} 在 rows: {form.rows} 的表 {form.code} 中"
            )
    said = program.escalation
    if said and program.party_of and not all(a.own and a.own_asked for a in (said.to_contact, said.to_leader)):
        raise ProgramError(
            f"program.yaml：{next(iter(program.party_of))} 写了 owed_by，escalation 的 to_contact 和 to_leader "
            "须写 own 和 own_asked：催对口联系方办理自己负责的事时怎么说"
        )


def _known(where: str, given: Iterable[int | str], known: list[Any]) -> None:
    for named in given:
        if named not in known:
            wanted = nearest(str(named), [str(code) for code in known])
            raise ProgramError(f"program.yaml：{where} 引用了不存在的 {named}{wanted}")
