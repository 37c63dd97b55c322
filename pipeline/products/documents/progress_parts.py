"""How far the work is, for the documents beside 工作简报: prefectures, actions, items, trend, 五强 and 十个一."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.measures.progress import change_pp, ranks
from pipeline.products.documents.bulletin import best_and_worst, signed_change
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED, Row, of, parts, quoted, wan
from pipeline.products.documents.timeliness_parts import row_note
from pipeline.products.wording import change, counted, met_among, number, one_decimal, statement, topic
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from pipeline.domain.obligation import Obligation
    from pipeline.measures.goals import GoalFigures
    from pipeline.measures.period import PeriodMeasures, Scores
    from pipeline.measures.progress import Total
    from pipeline.measures.ten_tasks import TaskColumn, TaskFigures
    from pipeline.products.documents.outline import Subsection
    from pipeline.products.wording import Figures
    from pipeline.program.model import Action, Prefecture

_WEAKEST = 2
_TASK_COLUMNS = 4
_PER_CENT = "%"


def prefecture_rows(m: PeriodMeasures, since: Scores | None, say: Figures) -> list[Row]:
    """One row per prefecture by rank, compared with an earlier period."""
    if not m.reported:
        return []
    former = dict(
        zip(
            (p.code for p in m.program.prefectures),
            ranks([since.by_prefecture[p.code].pct if since else None for p in m.program.prefectures]),
            strict=True,
        )
    )
    return [_prefecture_row(m, p, since, former[p.code], say) for p in m.prefecture_order]


def _prefecture_row(m: PeriodMeasures, p: Prefecture, since: Scores | None, former: int | None, say: Figures) -> Row:
    done, rank, key = m.now.by_prefecture[p.code], m.ranks[p.code], f"prefecture.{p.code}"
    before = since.by_prefecture[p.code] if since else None
    late = sum(_is_late_county(o, p) for o in m.owed_now)
    return {
        "rank": NO_FIGURE if rank is None else say(f"{key}.rank", rank),
        "name": p.short_name,
        "completion": NOT_REPORTED if done.pct is None else say(f"{key}.completion", one_decimal(done.pct)),
        "change": signed_change(done, before, say, f"{key}.change"),
        "moved": _moved(rank, former, say, f"{key}.moved"),
        "reported": of(say, key, done.reported, done.roster),
        "overdue": say(f"{key}.overdue", late) if late else NO_FIGURE,
        "note": row_note(m, p),
    }


def _is_late_county(o: Obligation, p: Prefecture) -> bool:
    return o.is_report and o.is_measured and o.overdue and o.prefecture == p


def _moved(rank: int | None, former: int | None, say: Figures, measure: str) -> str:
    """升2 / 降1 / 持平 against an earlier rank."""
    if rank is None or former is None:
        return NO_FIGURE
    if rank == former:
        return "持平"
    return ("升" if rank < former else "降") + say(measure, abs(rank - former))


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
                "pace": say(f"{key}.pace", one_decimal(score.pace_pct)),
                "met": NO_FIGURE
                if done.pct is None
                else f"{say(f'{key}.met', done.met)}/{say(f'{key}.applicable', done.applicable)}",
                "reported": of(say, key, done.reported, done.roster),
            }
        )
        before = done
    return rows


def action_parts(m: PeriodMeasures, since: Scores | None, since_name: str, say: Figures) -> list[Subsection]:
    """A paragraph for each action: completion, change, prefectures ahead and behind, targets met and furthest behind."""
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
    """How many targets every county has met, and which fewest have."""
    w = m.program.words
    key = f"action.{action.no}"
    judged = [t for t in m.totals if t.quantity.action == action.no and t.full_target is not None and t.applicable]
    if not judged:
        return ""
    full = [t for t in judged if t.met == t.applicable]
    rest = sorted((t for t in judged if t.met < t.applicable), key=lambda t: (t.met / t.applicable, t.quantity.code))
    text = f"有明确目标的{say(f'{key}.targets', len(judged))}项指标"
    if not rest:
        return f"{text}，已报各{w.row}均已达标。"
    if len(judged) == 1:
        return f"{text}是{_share(rest[0], say)}。"
    met = f"{say(f'{key}.full', len(full))}项已报各{w.row}均已达标，" if full else ""
    weakest = "、".join(_share(t, say) for t in rest[:_WEAKEST])
    lead = "尚未全部达标的" if len(rest) == 1 else f"达标{w.row}占比最低的"
    return f"{text}中，{met}{lead}是{weakest}。"


def _share(t: Total, say: Figures) -> str:
    """技能培训人次（115个县均未达标）."""
    title = quoted(say, "quantity.title", topic(t.quantity.title))
    return f"{title}（{met_among(say, t.quantity.code, t.met, t.applicable)}）"


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
    joined = ((f"{r[0]}—{r[-1]}" if len(r) > _WEAKEST else "、".join(map(str, r))) for r in runs)
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
    if not answers.options:
        return f"{title}：{say(f'{key}.texts', answers.reported)}{w.rows}填写了文字材料"
    ticked = "、".join(f"{option}{say(f'{key}.option', n)}{w.rows}" for option, n in answers.options.items())
    return f"{title}：{ticked}"


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
