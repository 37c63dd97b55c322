"""The ten tasks (附件4 十个一) and the survey (附件5): sums of counts, shares of yes, options ticked, each with how many gave it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeline.measures.figures import PROVINCE, day, number, roster_of, share, total, yes
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, FieldType, FormKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.measures.figures import Share, Sum, Values
    from pipeline.program.model import Field, Item, Period, Program, Unit

_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")
_LONGEST_QUOTE = 60  # characters


class _TaskLike(Protocol):
    """What the programme says of one of the ten."""

    @property
    def no(self) -> int:
        """1–10: the number of its group on the sheet."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Codes of the columns it rests on, of whatever sheet."""

    @property
    def any_of(self) -> tuple[str, ...]:
        """Those of ``fields`` that one ticked option satisfies."""

    @property
    def reading(self) -> str:
        """When it counts as done, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One column over a prefecture's units, or all of them (``prefecture_code`` empty).

    Attributes:
        reported: Units that gave a value that applies.
        not_applicable: Units that wrote 不适用.
        total: Sum of a count or an amount; None for other columns.
        share: Share of 是; None for other columns.
        options: Option → units that chose or ticked it; of texts, topic → units that speak of it. Empty for other columns.
        none_ticked: Units that wrote 无 in a checklist.
        latest: Of days, the last; None for other columns.
    """

    prefecture_code: str
    reported: int
    roster: int
    not_applicable: int
    total: Sum | None
    share: Share | None
    options: dict[str, int]
    none_ticked: int
    latest: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskColumn:
    """One column of a task.

    Attributes:
        field: The column.
        source: Where its values come from: the action's column that it shows, or itself.
        quote: Of texts, a sentence on what is spoken of most, and whose it is.
    """

    field: Field
    source: Field
    prefectures: tuple[Answers, ...]
    province: Answers
    quote: tuple[Unit, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How many counties have done a task: this project's reading, since the notice gives no numbers."""

    province: Share
    by_prefecture: dict[str, Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFigures:
    """One of the ten, or a question.

    Attributes:
        reading: How the programme reads it, empty where it does not say.
        done: Counties that have done it, of those of which every column it rests on is known (or one says no), by
            prefecture and over all; None where the programme names no column that is asked yet.
    """

    no: int
    label: str
    title: str
    reading: str
    columns: tuple[TaskColumn, ...]
    done: Done | None = None


def ten_task_figures(
    program: Program,
    period: Period,
    values: Values,
    tasks: Sequence[_TaskLike] = (),
    solved: Mapping[str, bool] | None = None,
) -> tuple[TaskFigures, ...]:
    """Each task's figures in order; none for a campaign without such a sheet.

    Args:
        program: The campaign.
        period: Where we are; columns it does not ask about are left out.
        values: Unit code → field → value, of reported units only.
        tasks: What the programme says of the tasks: columns of other sheets that a task rests on are added to its own.
            Those of lists have no figures here; :mod:`pipeline.measures.problems` counts entries.
        solved: County code → whether one of its problems is solved; a county whose prefecture never sent a list is not
            in it.
    """
    others = {task.no: task for task in tasks}
    return tuple(
        _task(program, period, values, item, others.get(item.no), solved or {})
        for form in program.forms_of_kind(FormKind.TEN_TASKS)
        for item in form.items
    )


def survey_figures(program: Program, period: Period, values: Values) -> tuple[TaskFigures, ...]:
    """Each question of the survey (附件5) the same way; none for a campaign without one."""
    return tuple(
        _task(program, period, values, item, None, {})
        for form in program.forms_of_kind(FormKind.SURVEY)
        for item in form.items
    )


def aside_figures(program: Program, period: Period, values: Values) -> tuple[TaskFigures, ...]:
    """The columns of units that no quantity rests on and that no other measure reads, item by item; texts are no figures."""
    rested = {code for q in program.quantities for code in (*q.fields, q.province.field if q.province else "")}
    found = []
    for form in program.county_forms:
        units = roster_of(program, form)
        for item in form.items if form.kind not in {FormKind.TEN_TASKS, FormKind.SURVEY} else ():
            asked = [f for f in item.fields if f.asked_in(period) and not (f.shows or f.role or f.code in rested)]
            columns = tuple(_column(program, f, values, units) for f in asked if f.type is not FieldType.TEXT)
            if columns:
                found.append(TaskFigures(no=item.no, label=item.label, title=item.title, reading="", columns=columns))
    return tuple(found)


def _task(
    program: Program, period: Period, values: Values, item: Item, task: _TaskLike | None, solved: Mapping[str, bool]
) -> TaskFigures:
    codes = dict.fromkeys((*(field.code for field in item.fields), *(task.fields if task else ())))
    columns = (program.field_by_code[code] for code in codes)
    there = (field for field in columns if field in program.form_by_code[field.form].fields_in(period))
    return TaskFigures(
        no=item.no,
        label=item.label,
        title=item.title,
        reading=task.reading if task else "",
        done=_done(program, period, values, task, solved) if task else None,
        columns=tuple(
            _column(program, field, values, units)
            for field in there
            if (units := roster_of(program, program.form_by_code[field.form]))
        ),
    )


def _done(program: Program, period: Period, values: Values, task: _TaskLike, solved: Mapping[str, bool]) -> Done | None:
    judging = [
        program.field_by_code.get(field.shows, field)
        for code in task.fields
        if (field := program.field_by_code[code]) in program.form_by_code[field.form].fields_in(period)
    ]
    if not judging:
        return None
    said: dict[str, bool | None] = {}
    for county in program.counties:
        given = values.get(county.code, {})
        answers = [
            solved.get(county.code)
            if program.form_by_code[field.form].is_list
            else _holds(field, given.get(field.code), any_is_enough=field.code in task.any_of)
            for field in judging
        ]
        said[county.code] = False if False in answers else (None if None in answers else True)
    return Done(
        province=share(list(said.values())),
        by_prefecture={p.code: share([said[c.code] for c in program.counties_of(p.code)]) for p in program.prefectures},
    )


def _holds(field: Field, value: Value, *, any_is_enough: bool) -> bool | None:
    """Whether a column says that its part is done; 不适用 asks for nothing."""
    if value in {None, ""}:
        return None
    if value == NOT_APPLICABLE:
        return True
    if field.type is FieldType.YESNO:
        return yes(value)
    if field.type is FieldType.CHECKLIST:
        ticked = set(str(value).split("、"))
        return bool(ticked & set(field.options)) if any_is_enough else ticked >= set(field.options)
    amount = number(value)
    return amount > 0 if amount is not None else True


def _column(program: Program, field: Field, values: Values, units: Sequence[Unit]) -> TaskColumn:
    source = program.field_by_code.get(field.shows, field)
    rows: Iterable[tuple[Unit, Mapping[str, Value]]] = ((unit, values.get(unit.code, {})) for unit in units)
    if source.type is FieldType.TEXT and not program.topics:  # only counted, so not read
        rows = ((unit, dict(row)) for unit, row in rows)
    given = [(unit, row.get(source.code)) for unit, row in rows]
    province = _answers(program, PROVINCE, source, [cell for _, cell in given])
    return TaskColumn(
        field=field,
        source=source,
        province=province,
        prefectures=tuple(
            _answers(program, p.code, source, [cell for unit, cell in given if unit.prefecture_code == p.code])
            for p in program.prefectures
        ),
        quote=_quote(program, province, given) if source.type is FieldType.TEXT else None,
    )


def _answers(program: Program, prefecture_code: str, source: Field, cells: Sequence[Value]) -> Answers:
    applies = [None if cell in {NOT_APPLICABLE, ""} else cell for cell in cells]
    known = [cell for cell in applies if cell is not None]
    is_number = source.type in {FieldType.COUNT, FieldType.AMOUNT}
    ticked = [str(cell).split("、") for cell in known]
    options = {option: sum(option in options for options in ticked) for option in source.options}
    if source.type is FieldType.TEXT:
        options = {topic.name: sum(topic.is_in(str(cell)) for cell in known) for topic in program.topics}
    return Answers(
        prefecture_code=prefecture_code,
        reported=len(known),
        roster=len(cells),
        not_applicable=sum(cell == NOT_APPLICABLE for cell in cells),
        total=total([number(cell) for cell in applies]) if is_number else None,
        share=share([yes(cell) for cell in applies]) if source.type is FieldType.YESNO else None,
        options=options,
        none_ticked=sum(cell == NONE_TICKED for cell in known) if source.type is FieldType.CHECKLIST else 0,
        latest=max((when for cell in known if (when := day(cell))), default=None),
    )


def _quote(program: Program, answers: Answers, given: Iterable[tuple[Unit, Value]]) -> tuple[Unit, str] | None:
    """The longest sentence that fits, of the first unit in order where several are as long; none where nobody speaks of a topic."""
    most = max(program.topics, key=lambda topic: answers.options[topic.name], default=None)
    if most is None or not answers.options[most.name]:
        return None
    sentences = (
        (unit, whole)
        for unit, text in given
        for sentence in _SENTENCE.findall(str(text or ""))
        if most.is_in(whole := sentence.strip()) and len(whole) <= _LONGEST_QUOTE
    )
    return max(sentences, key=lambda said: len(said[1]), default=None)
