"""The sheet of a form that is a list: the entries of the period that stand, each with where it was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.state import REPORTED, STATE_NAMES, State
from pipeline.domain.value import show
from pipeline.products.summary.grid import WORDY, text_width
from pipeline.products.summary.style import Column
from pipeline.products.wording import LIST_LIMIT
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen
    from pipeline.program.model import Field, Form, Prefecture

_BODY_WIDTH = 72.0  # of a column of long texts


def write_list(s: Summary, pen: Pen, form: Form) -> None:
    """By prefecture."""
    m, fields = s.m, form.fields_in(s.m.period)
    entries = [
        (p, entry)
        for p in m.program.prefectures
        for entry in m.snapshot.lists.get((form.code, m.period.code, p.code), ())
    ]
    columns = [
        Column("编号", 15),
        Column(m.program.words.respondent, 12),
        *(_list_column(one, [entry for _, entry in entries]) for one in fields),
        Column("出处（文件、工作表、行）", 46, "quiet_wrapped"),
    ]
    rows = [
        (entry.number, p.short_name, *(_named(m, one, entry.values.get(one.code)) for one in fields), _origin(m, entry))
        for p, entry in entries
    ]
    pen.heading(f"{form.title}（{m.period.title}）", coverage_of_list(s, form))
    pen.table(columns, rows, codes=["", "", *(one.code for one in fields), ""], frozen=2, unprinted=1)


def coverage_of_list(s: Summary, form: Form) -> str:
    """How many prefectures' lists stand, how many entries they hold, and whose are missing."""
    m, w = s.m, s.m.program.words
    lists = {p.code: m.snapshot.lists.get((form.code, m.period.code, p.code), ()) for p in m.program.prefectures}
    absent = [p for p in m.program.prefectures if not lists[p.code] and not _reported(m, p)]
    count, there = sum(map(len, lists.values())), len(lists) - len(absent)
    said = f"已报{there}/{len(lists)}{w.respondents}，共{count}条"
    if not absent:
        return said
    names = "、".join(f"{p.short_name}{_why(m, p)}" for p in absent[:LIST_LIMIT])
    return f"{said}；未计入：{names}" + (f"等{len(absent)}个" if len(absent) > LIST_LIMIT else "")


def _reported(m: PeriodMeasures, p: Prefecture) -> bool:
    return m.snapshot.state(m.period, p) in REPORTED


def _why(m: PeriodMeasures, p: Prefecture) -> str:
    state = m.snapshot.state(m.period, p)
    return "" if state is State.MISSING else f"（{STATE_NAMES[state]}）"


def _list_column(one: Field, entries: Sequence[AcceptedRow]) -> Column:
    if one.type not in {*WORDY, FieldType.CHOICE}:
        return Column(one.label, 13)
    width = text_width((show(entry.values.get(one.code)) for entry in entries), one.label, _BODY_WIDTH)
    return Column(one.label, max(width, 13), "words")


def _named(m: PeriodMeasures, one: Field, value: Value) -> Value:
    """A county by its name."""
    if one.type is FieldType.COUNTY and isinstance(value, str):
        return m.program.county_by_code[value].short_name
    return value


def _origin(m: PeriodMeasures, entry: AcceptedRow) -> str:
    source = m.snapshot.by_seq[entry.seq]
    return f"{source.file}，{source.sheets.get(entry.form, '')}，第{entry.sheet_row}行"
