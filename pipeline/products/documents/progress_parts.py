"""How far the work is, for the documents beside 工作简报: prefectures, actions, items, trend, 五强 and 十个一."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.measures.completion import change_pp
from pipeline.measures.progress import Pace
from pipeline.products.documents.bulletin import (
    behind,
    behind_on,
    best_and_worst,
    bounds_cell,
    prefecture_row,
    signed_change,
)
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED, Row, of, parts, quoted, wan
from pipeline.products.wording import change, counted, number, one_decimal, statement, whole_ties
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from pipeline.measures.goals import GoalFigures
    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.measures.progress import Total
    from pipeline.measures.ten_tasks import TaskColumn, TaskFigures
    from pipeline.products.documents.outline import Subsection
    from pipeline.products.wording import Figures
    from pipeline.program.model import Action

_MOST_BEHIND = 2
_SHORT_RUN = 2
_TASK_COLUMNS = 4
_TOPICS = 3
_PER_CENT = "%"


def prefecture_rows(m: PeriodMeasures, since: Scores | None, say: Figures) -> list[Row]:
    """One row per prefecture, those ahead or behind by more than chance first and last, compared with an earlier period."""
    return [prefecture_row(m, p, since, say) for p in m.prefecture_order] if m.reported else []


def trend_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """One row per period up to this one."""
    if not m.reported:
        return []
    rows, before = [], None
    for score in m.scores:
        done, key = score.province, f"trend.{score.period.code}"
        step = change_pp(done, before)
        rows.append(
            {
                "period": say(f"{key}.title", score.period.title),
                "completion": NOT_REPORTED if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
                "change": NO_FIGURE if step is None else signed_change(done, before, say, f"{key}.change"),
                "range": bounds_cell(done, say, key),
                "met": NO_FIGURE
                if done.pct is None
                else f"{say(f'{key}.met', done.met)}/{say(f'{key}.applicable', done.applicable)}",
                "reported": of(say, key, done.reported, done.roster),
            }
        )
        before = done
    return rows


def action_parts(m: PeriodMeasures, since: Scores | None, since_name: str, say: Figures) -> list[Subsection]:
    """A paragraph for each action: completion, change, prefectures apart from the rest, targets met and behind."""
    if not m.reported:
        return []
    return parts((a.title, [_action(m, a, since, since_name, say)]) for a in m.program.actions)


def _action(m: PeriodMeasures, action: Action, since: Scores | None, since_name: str, say: Figures) -> str:
    w = m.program.words
    key, done = f"action.{action.no}", m.now.by_action[action.no]
    if done.pct is None:
        return f"所涉指标尚未起算或没有适用的{w.row}，暂不统计。"
    text = f"完成率{say.pct(f'{key}.completion', done.pct)}"
    if since:
        text += "，" + change(say, f"{key}.change", done, since.by_action[action.no], since_name)
        begun = sum(
            t.quantity.action == action.no
            and t.full_target is not None
            and since.period.end < t.quantity.window.start <= m.period.end
            for t in m.totals
        )
        text += f"（{say(f'{key}.begun', begun)}项指标在此期间起算）" if begun else ""
    return f"{text}。{best_and_worst(m, action, say)}{_targets(m, action, say)}"


def _targets(m: PeriodMeasures, action: Action, say: Figures) -> str:
    """How many targets every county has met, and on which some are behind."""
    w = m.program.words
    key = f"action.{action.no}"
    judged = [t for t in m.totals if t.quantity.action == action.no and t.full_target is not None and t.applicable]
    if not judged:
        return ""
    full = sum(t.met == t.applicable for t in judged)
    late = sorted((t for t in judged if behind(t)), key=lambda t: (-behind(t), t.quantity.code))
    text = f"有明确目标的{say(f'{key}.targets', len(judged))}项指标"
    if full == len(judged):
        return f"{text}，有数据的各{w.row}均已达标。"
    clauses = [f"有数据的各{w.row}均已达标的{say(f'{key}.full', full)}项"] if full else []
    if late:
        shown = whole_ties(late, behind, _MOST_BEHIND)
        some = "、".join(behind_on(say, t) for t in shown)
        more = "较多的" if len(late) > len(shown) else ""
        clauses.append(f"有{w.row}到期未达标或落后于进度的{say(f'{key}.late', len(late))}项，{more}是{some}")
    elif not any(t.paces.get(Pace.ON_PATH) for t in judged):
        clauses.append(f"其余{say(f'{key}.rest', len(judged) - full)}项未到完成时限" if full else "均未到完成时限")
    else:
        clauses.append(
            f"其余{say(f'{key}.rest', len(judged) - full)}项未到完成时限或按进度推进" if full else "没有落后的"
        )
    return f"{text}中，{'；'.join(clauses)}。" if len(clauses) > 1 or late else f"{text}{clauses[0]}。"


def item_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """Every figure of the eight actions: what it comes to, its target, how many counties meet it."""
    if not m.reported:
        return []
    mine = [t for t in m.totals if t.quantity.action]
    return [_item_row(m, t, say) for t in mine]


def _item_row(m: PeriodMeasures, t: Total, say: Figures) -> Row:
    q, code = t.quantity, t.quantity.code
    judged = t.full_target is not None and t.applicable > 0
    return {
        "no": say(f"{code}.item", q.item),
        "title": quoted(say, f"{code}.title", q.title),
        "actual": _actual(m, t, say),
        "target": _target(m, t, say),
        "met": f"{say(f'{code}.met', t.met)}/{say(f'{code}.applicable', t.applicable)}" if judged else NO_FIGURE,
        "reported": of(say, code, t.applicable, t.roster),
    }


def _actual(m: PeriodMeasures, t: Total, say: Figures) -> str:
    w = m.program.words
    q, code = t.quantity, t.quantity.code
    if q.window.start > m.period.end:
        return "未起算"
    if t.actual is None:
        return NO_FIGURE
    if q.is_rate:
        return say.pct(f"{code}.rate", t.actual)
    if m.program.field_by_code[q.value or ""].type is FieldType.COUNT:
        return f"{say(f'{code}.total', t.actual)}{q.unit}"
    return f"{say(f'{code}.yes', t.actual)}{w.rows}"


def _target(m: PeriodMeasures, t: Total, say: Figures) -> str:
    w = m.program.words
    q = t.quantity
    if q.target is None or not q.judged:
        return NO_FIGURE
    if not q.is_rate and m.program.field_by_code[q.value or ""].type is not FieldType.COUNT:
        return f"各{w.row}做到"
    threshold = say(f"{q.code}.target", float(q.target.threshold))
    return f"不低于{threshold}%" if q.is_rate else f"每{w.row}{threshold}{q.unit}"


def goal_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """五强, by this project's own reading."""
    return [_goal_row(goal, say) for goal in m.systems.goals] if m.reported else []


def _goal_row(goal: GoalFigures, say: Figures) -> Row:
    done, key = goal.province, f"goal.{goal.name}"
    return {
        "name": goal.name,
        "tasks": say(f"{key}.items", _ranges(goal.items)),
        "applicable": say(f"{key}.applicable", done.applicable),
        "met": say(f"{key}.met", done.met),
        "completion": NO_FIGURE if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
    }


def _ranges(numbers: Iterable[int]) -> str:
    """1—4、32."""
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    joined = ((f"{r[0]}—{r[-1]}" if len(r) > _SHORT_RUN else "、".join(map(str, r))) for r in runs)
    return "、".join(joined)


def task_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """十个一: one row for each, with what was reported of it."""
    return [row for task in m.systems.ten_tasks if (row := _task_row(m, task, say))] if m.reported else []


def _task_row(m: PeriodMeasures, task: TaskFigures, say: Figures) -> Row | None:
    key = {code for other in m.program.ten_tasks if other.no == task.no for code in other.fields}
    reported = [
        c for c in task.columns if c.province.reported and (c.province.total or c.province.share or c.province.options)
    ]
    main = [c for c in reported if c.field.role == "ten_task" or c.field.code in key] or reported
    if not main:
        return None
    main = main[:_TASK_COLUMNS]
    return {
        "no": say("task.no", task.no),
        "title": task.title,
        "text": "；".join((*_task_done(task, say), *(_task_clause(c, say) for c in main))),
        "reported": _task_coverage(main, say),
    }


def _task_coverage(columns: Sequence[TaskColumn], say: Figures) -> str:
    """12/129, or 10—12/129 where columns differ."""
    counts = [c.province.reported for c in columns]
    low, high = say("task.reported", min(counts)), say("task.reported", max(counts))
    return (low if low == high else f"{low}—{high}") + "/" + say("task.roster", columns[0].province.roster)


def survey_rows(m: PeriodMeasures, say: Figures) -> list[Row]:
    """调研提纲 (附件5): one row for each question somebody answered; of texts, how many counties wrote one."""
    return [
        {
            "no": say("task.no", answers.no),
            "title": answers.title,
            "text": "；".join(_task_clause(c, say) for c in reported),
            "reported": _task_coverage(reported, say),
        }
        for answers in m.systems.survey
        if (reported := [c for c in answers.columns if c.province.reported])
    ]


def _task_done(task: TaskFigures, say: Figures) -> list[str]:
    """How many counties have done it, as the programme reads it; nothing where none can be judged."""
    w = say.words
    done = task.done.province if task.done else None
    if done is None or not done.reported:
        return []
    key = f"task.{task.no}.done"
    return [f"可判断的{say(f'{key}.reported', done.reported)}{w.rows}中已完成的{say(f'{key}.met', done.met)}个"]


def _task_clause(c: TaskColumn, say: Figures) -> str:
    w = say.words
    answers, key = c.province, f"task.{c.field.code}"
    title = quoted(say, f"{key}.title", counted(statement(c.field.title)))
    if answers.total and answers.total.amount is not None:
        return title + _sum(c, answers.total.amount, say, key)
    if answers.share:
        return f"{title}的{say(f'{key}.yes', answers.share.met)}{w.rows}"
    if c.source.type is FieldType.TEXT:
        return f"{title}：{_spoken_of(c, say, key)}"
    ticked = "、".join(f"{option}{say(f'{key}.option', n)}{w.rows}" for option, n in answers.options.items())
    return f"{title}：{ticked}"


def _spoken_of(c: TaskColumn, say: Figures, key: str) -> str:
    """125个县作答，谈到经费的60个、机制的45个，如“……”（五华区）: what most speak of, none cut between equals."""
    answers, w = c.province, say.words
    said = f"{say(f'{key}.texts', answers.reported)}{w.rows}作答"
    ranked = sorted(((n, name) for name, n in answers.options.items() if n), key=lambda one: -one[0])
    topics = [f"{name}的{say(f'{key}.option', n)}个" for n, name in whole_ties(ranked, lambda one: one[0], _TOPICS)]
    spoken = f"，谈到{'、'.join(topics)}" if topics else ""
    if c.quote is None:
        return said + spoken
    unit, sentence = c.quote
    return f"{said}{spoken}，如“{quoted(say, f'{key}.quote', sentence)}”（{unit.name}）"


def _sum(c: TaskColumn, amount: Decimal, say: Figures, key: str) -> str:
    """277次, 11,851.00万元; shares of different wholes are not added: 各县所报平均55.3%."""
    w = say.words
    if c.source.unit == _PER_CENT:
        return f"各{w.row}所报平均{say.pct(f'{key}.mean', float(amount) / c.province.reported)}"
    text = (
        wan(say, f"{key}.total", amount)
        if c.source.type is FieldType.AMOUNT
        else say(f"{key}.total", number(float(amount)))
    )
    return f"{text}{c.source.unit}"
