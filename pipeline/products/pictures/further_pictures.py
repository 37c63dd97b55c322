"""Measures → the pictures beside the bulletin's six: money, problems, the calendar, milestones, survey and ten tasks.

A picture of what nobody has told about yet is not drawn: its function gives None, and ``pictures`` has no such name.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from pipeline.measures.funding import required_ratio
from pipeline.measures.obligation import KIND_NAMES, ObligationKind
from pipeline.measures.overdue import obligations
from pipeline.measures.timeliness import Timeliness
from pipeline.products.documents.money_parts import line_name
from pipeline.products.pictures import charts
from pipeline.products.pictures.chart_parts import NAVY, PALE, TRACK
from pipeline.products.wording import cn_date, counted, statement
from pipeline.program.calendar import Calendar
from pipeline.program.model import FieldType, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date
    from decimal import Decimal

    from pipeline.measures.funding import LineFunding
    from pipeline.measures.milestones import MilestoneFigures
    from pipeline.measures.overdue import Obligation
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.problems import Problem
    from pipeline.measures.ten_tasks import Answers, TaskColumn, TaskFigures
    from pipeline.products.pictures.chart_cache import Drawing
    from pipeline.program.model import Period
    from pipeline.program.words import Words

T = TypeVar("T")
STEEL = "#4F7FB3"
OPEN = "未办结，从首次列入的报送期末算起"
COLUMNS = 15
NOT_APPLICABLE_NAME = "不适用"


def funding(m: PeriodMeasures) -> Drawing | None:
    """Plan, arrived, added and spent of each line some sheet asks about."""
    lines = m.systems.funding.lines
    if not any(one.province.arrived.reported or one.province.spent.reported for one in lines):
        return None
    kept = _kept(lines, charts.MOST_LINES, lambda one: -(one.budget_wan.amount or 0))
    return partial(charts.money, [_line(m, one) for one in kept], more=len(lines) - len(kept))


def _kept(some: Sequence[T], most: int, rank: Callable[[T], Decimal | float]) -> list[T]:
    """As many as fit, those of the lowest rank, in the order they came."""
    first = sorted(range(len(some)), key=lambda n: (rank(some[n]), n))[:most]
    return [some[n] for n in sorted(first)]


def _line(m: PeriodMeasures, one: LineFunding) -> charts.MoneyRow:
    place, planned = one.province, one.budget_wan.amount
    added = (planned or 0) * (required_ratio(one.line) or 0)
    return charts.MoneyRow(
        label=line_name(m.program, one.line), planned=_float(planned), match_planned=float(added),
        arrived=_float(one.arrived.amount), matched=_float(place.matched.amount) if one.matches else None,
        spent=_float(place.spent.amount), execution_pct=place.execution.pct,
        reported=one.arrived.reported, roster=one.arrived.roster,
    )  # fmt: skip


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def problems(m: PeriodMeasures) -> Drawing | None:
    """Problems by category and by the level asked to act: closed, and how long the open ones have been."""
    w = m.program.words
    figures = m.systems.problems
    if figures is None or not figures.problems:
        return None
    young, old = m.program.problem_ages
    parts = [
        charts.StackPart(name="已办结", fill=TRACK),
        charts.StackPart(name=f"{young}天以内", fill=PALE, over=OPEN),
        charts.StackPart(name=f"{young + 1}—{old}天", fill=STEEL, over=OPEN),
        charts.StackPart(name=f"{old}天以上", fill=NAVY, over=OPEN),
    ]
    groups = [charts.StackGroup(title="", rows=[_problem_row(m, "全部问题", figures.problems)])]
    left_out = 0
    for title, names, word in (
        ("按问题类别", figures.by_category, attrgetter("category")),
        ("按解决层级", figures.by_level, attrgetter("level")),
    ):
        if not any(names):
            continue
        rows = [_problem_row(m, name or "未填", [p for p in figures.problems if word(p) == name]) for name in names]
        most = charts.MOST_ROWS // 2 - 1
        kept = _kept(rows, most, lambda row: -sum(row.counts))
        groups.append(charts.StackGroup(title=title, rows=kept))
        left_out += len(rows) - len(kept)
    heard = figures.coverage
    foot = _foot(f"本期已报问题清单的{w.respondent}{heard.reported}/{heard.roster}个，未报的按上次所报", left_out)
    return partial(charts.stacks, groups, parts, total="合计", note="", alarm="超期", whole=False, foot=foot)


def _foot(note: str, left_out: int) -> str:
    return "；".join(one for one in (note, f"另有{left_out}项未列" if left_out else "") if one)


def _problem_row(m: PeriodMeasures, label: str, some: Sequence[Problem]) -> charts.StackRow:
    ages, (youngest, oldest) = [p.age_days or 0 for p in some if p.is_open], m.program.problem_ages
    young, old = sum(age <= youngest for age in ages), sum(age > oldest for age in ages)
    counts = (len(some) - len(ages), young, len(ages) - young - old, old)
    return charts.StackRow(label=label, note="", counts=counts, alarm=sum(p.overdue for p in some))


def milestones(m: PeriodMeasures) -> Drawing | None:
    """Who has taken each step, in time or late, who has not, who has not said."""
    there = [one for one in m.systems.milestones if one.province.roster]
    if not any(one.province.reported for one in there):
        return None
    figures, w = _kept(there, charts.MOST_ROWS, lambda one: -one.province.overdue), m.program.words
    parts = [
        charts.StackPart(name="按时完成", fill=NAVY),
        charts.StackPart(name="逾期完成", fill=PALE),
        charts.StackPart(name="未完成", fill=TRACK),
        charts.StackPart(name="未计入", fill=None),
    ]
    applies = any(one.province.not_applicable for one in figures)
    if applies:
        parts.insert(3, charts.StackPart(name=NOT_APPLICABLE_NAME, fill="#FFFFFF"))
    groups = [
        charts.StackGroup(title=w.body if level is Rows.COUNTY else w.respondent_body, rows=[_step(one, applies) for one in some])
        for level in (Rows.PREFECTURE, Rows.COUNTY) if (some := [one for one in figures if one.level is level])
    ]  # fmt: skip
    return partial(charts.stacks, groups, parts, total="总数" if applies else "应完成", note="时限", alarm="逾期", whole=True,
                   foot=_foot("", len(there) - len(figures)))  # fmt: skip


def _step(one: MilestoneFigures, applies: bool) -> charts.StackRow:
    count, due = one.province, one.milestone.due
    rest = (count.not_applicable,) if applies else ()
    return charts.StackRow(
        label=one.milestone.deliverable, note=cn_date(due) if due else "",
        counts=(count.done, count.late, count.not_done, *rest, count.not_reported), alarm=count.overdue,
    )  # fmt: skip


def survey(m: PeriodMeasures) -> Drawing | None:
    """Shares of yes and of options in the survey; those with the least yes when there are more than fit."""
    shares = [row for task in m.systems.survey for row in _shares(task.label, task.columns)]
    if not any(row.answered for row in shares):
        return None
    kept = _kept(shares, charts.MOST_SHARES, lambda row: row.pct if row.answered else 101.0)
    return partial(charts.answers, kept, [], more=len(shares) - len(kept))


def ten_tasks(m: PeriodMeasures) -> Drawing | None:
    """What tells of each of the ten tasks: shares where it is yes or no, sums where it is a number."""
    shares: list[charts.ShareRow] = []
    counts: list[charts.CountCell] = []
    for task in m.systems.ten_tasks:
        main = _main_columns(m, task)
        shares += _shares(f"第{task.no}项", main)
        counts += [_sum(f"第{task.no}项", column) for column in main if column.province.total is not None]
    if not any(row.reported for row in shares) and not any(cell.reported for cell in counts):
        return None
    some, sums = shares[: charts.MOST_SHARES], counts[: charts.MOST_COUNTS]
    return partial(charts.answers, some, sums, more=len(shares) + len(counts) - len(some) - len(sums))


def _main_columns(m: PeriodMeasures, task: TaskFigures) -> list[TaskColumn]:
    """The columns the programme names, or that the sheet marks as telling of the task; else all."""
    named = {code for one in m.program.ten_tasks if one.no == task.no for code in one.fields}
    return [c for c in task.columns if c.field.role == "ten_task" or c.field.code in named] or list(task.columns)


def _shares(group: str, columns: Sequence[TaskColumn]) -> Iterator[charts.ShareRow]:
    for column in columns:
        answers, title = column.province, statement(column.field.title)
        if answers.share is not None:
            yield _share(group, title, "", answers.share.met, answers)
        elif column.source.type is FieldType.CHECKLIST:
            for option, met in answers.options.items():
                yield _share(group, title, option, met, answers)


def _share(group: str, label: str, option: str, met: int, answers: Answers) -> charts.ShareRow:
    return charts.ShareRow(group=group, label=label, option=option, met=met, answered=answers.reported,
                           reported=answers.reported + answers.not_applicable, roster=answers.roster)  # fmt: skip


def _sum(group: str, column: TaskColumn) -> charts.CountCell:
    one = column.province.total
    label = counted(statement(column.field.title))
    return charts.CountCell(
        group=group, label=label, unit=column.source.unit, amount=_float(one.amount) if one else None,
        reported=one.reported if one else 0, roster=one.roster if one else 0,
    )  # fmt: skip


def calendar(m: PeriodMeasures) -> Drawing:
    """Everything owed in the whole campaign by the month it falls due, as it stands on the day of the report."""
    # The days told here are the notice's own, which no holiday moves: any calendar gives the same.
    owed, w = obligations(m.program, m.snapshot, Calendar(), m.program.periods[-1]), m.program.words
    columns = _columns([o.due_on for o in owed if o.kind is not ObligationKind.PROBLEM])
    first, last = columns[0][0], columns[-1][-1]
    rows = {key: Counter[tuple[int, Timeliness]]() for key in _kinds(owed, w)}
    for o in owed:
        place = (min(max(_month(o.due_on), first), last) - first) // len(columns[0])
        rows[_kind(o, w)][place, _shown(o, m.period)] += 1
    months = [_month(o.due_on) for o in owed]
    heads = [_head(one, earlier=min(months) < one[0] == first, later=max(months) > one[-1] == last) for one in columns]
    return partial(
        charts.calendar,
        [charts.CalendarRow(name=w.put(KIND_NAMES[kind]), who=who, cells=[_due(count, n) for n in range(len(columns))])
         for (kind, who), count in rows.items()],
        heads, today=_place_of(m.snapshot.as_of, columns), today_label=f"截至{cn_date(m.snapshot.as_of)}",
    )  # fmt: skip


def _shown(o: Obligation, period: Period) -> Timeliness:
    """What a return of a later period is to show is not held against anybody in this one's report."""
    return Timeliness.NOT_DUE if o.overdue and o.period.no > period.no else o.timeliness


def _kinds(owed: Sequence[Obligation], w: Words) -> list[tuple[ObligationKind, str]]:
    """The rows, in the order of the kinds, prefectures before counties."""
    order, owners = list(ObligationKind), (w.body, w.respondent_body)
    return sorted(
        {_kind(o, w) for o in owed},
        key=lambda key: (order.index(key[0]), -owners.index(key[1]) if key[1] in owners else 0),
    )


def _kind(o: Obligation, w: Words) -> tuple[ObligationKind, str]:
    if o.kind is ObligationKind.PROBLEM:
        return o.kind, f"提出问题的{w.institution}"
    return o.kind, w.office if o.kind is ObligationKind.OFFICE_DUTY else w.body if o.is_county else w.respondent_body


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _columns(days: Sequence[date]) -> list[range]:
    """The months from the first day to the last, in as few columns of equal length as fit.

    The days are those the campaign sets; an officer's own, of problems, may lie years off and go to the outer columns.
    """
    first, last = _month(min(days)), _month(max(days))
    step = next(n for n in (1, 2, 3, 6, 12, 24, 60, last - first + 1) if (last - first) // n < COLUMNS - (n > 1))
    first -= first % step if step <= 12 else 0  # noqa: PLR2004 - quarters and half-years begin where the year's do
    return [range(start, start + step) for start in range(first, last + 1, step)]


def _head(months: range, *, earlier: bool, later: bool) -> tuple[str, str]:
    first, last = months[0] % 12 + 1, months[-1] % 12 + 1
    month = f"{first}月" if len(months) == 1 else f"{first}—{last}月"
    return f"{months[0] // 12}年", f"{'至' if earlier else ''}{month}{'起' if later else ''}"


def _place_of(day: date, columns: Sequence[range]) -> float | None:
    """Where a day stands among the columns, months taken as 31 days; None outside."""
    month = _month(day) + (day.day - 0.5) / 31
    start, end = columns[0][0], columns[-1][-1] + 1
    return (month - start) / len(columns[0]) if start <= month < end else None


def _due(count: Counter[tuple[int, Timeliness]], column: int) -> charts.Due | None:
    on_time, late, overdue, not_due, unknown, pending = (
        count[column, one]
        for one in (
            Timeliness.ON_TIME,
            Timeliness.LATE,
            Timeliness.OVERDUE,
            Timeliness.NOT_DUE,
            Timeliness.UNKNOWN,
            Timeliness.PENDING,
        )
    )
    if not on_time + late + overdue + not_due + unknown + pending:
        return None
    return charts.Due(
        on_time=on_time, late=late, overdue=overdue, not_due=not_due + pending, unknown=unknown, pending=pending
    )
