"""The sheet of a form that is a list: every entry as it was told last, with when that was and where it was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.state import KNOWLEDGE_NAMES, REPORTED, STATE_NAMES, Knowledge, State
from pipeline.domain.value import show
from pipeline.measures.known import known_entries
from pipeline.products.summary.grid import WORDY, text_width
from pipeline.products.summary.style import CARRIED, Column, Put
from pipeline.products.wording import LIST_LIMIT
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given, Pen
    from pipeline.program.model import Field, Form, Period, Prefecture

_BODY_WIDTH = 72.0  # of a column of long texts


def write_list(s: Summary, pen: Pen, form: Form) -> None:
    """By prefecture; what was not told again in this period is marked."""
    m, fields, entries = s.m, form.fields_in(s.m.period), known_entries(s.m.snapshot, form, s.m.period)
    columns = [
        Column("编号", 15),
        Column(m.program.words.respondent, 12),
        *(_list_column(one, entries) for one in fields),
        Column("报送情况", 24),
        Column("出处（文件、工作表、行）", 46, "quiet_wrapped"),
    ]
    rows = [_cells(m, fields, columns, entry) for entry in entries]
    pen.heading(f"{form.title}（{m.period.title}）", coverage_of_list(s, form))
    pen.table(columns, rows, codes=["", "", *(one.code for one in fields), "", ""], frozen=2, unprinted=1)


def _cells(m: PeriodMeasures, fields: Sequence[Field], columns: Sequence[Column], entry: AcceptedRow) -> list[Given]:
    given = dict(entry.values)
    cells = [
        entry.number,
        m.program.prefecture_by_code[entry.prefecture_code].short_name,
        *(_named(m, one, given.get(one.code)) for one in fields),
    ]
    if entry.period == m.period.code:
        return [*cells, KNOWLEDGE_NAMES[Knowledge.REPORTED], _origin(m, entry)]
    since = f"{KNOWLEDGE_NAMES[Knowledge.KNOWN]}（截至{m.whole.period_by_code[entry.period].title}）"
    before = [Put(value, column.kind, level=CARRIED) for value, column in zip([*cells, since], columns, strict=False)]
    return [*before, _origin(m, entry)]


def coverage_of_list(s: Summary, form: Form) -> str:
    """How many prefectures' lists stand, how many entries are known, how many of them from before, and whose never came."""
    m, w = s.m, s.m.program.words
    entries = known_entries(m.snapshot, form, m.period)
    there = sum(_reported(m, p, m.period) for p in m.program.prefectures)
    before = sum(entry.period != m.period.code for entry in entries)
    carried = f"，其中沿用上次{before}条（灰色斜体）" if before else ""
    said = f"已报{there}/{len(m.program.prefectures)}{w.respondents}，共{len(entries)}条{carried}"
    absent = [
        p for p in m.program.prefectures if not any(_reported(m, p, o) for o in m.whole.periods_through(m.period))
    ]
    if not absent:
        return said
    names = "、".join(f"{p.short_name}{_why(m, p)}" for p in absent[:LIST_LIMIT])
    return f"{said}；未计入：{names}" + (f"等{len(absent)}个" if len(absent) > LIST_LIMIT else "")


def _reported(m: PeriodMeasures, p: Prefecture, period: Period) -> bool:
    return m.snapshot.state(period, p) in REPORTED


def _why(m: PeriodMeasures, p: Prefecture) -> str:
    state = m.snapshot.state(m.period, p)
    return "" if state is State.MISSING else f"（{STATE_NAMES[state]}）"


def _list_column(one: Field, entries: Sequence[AcceptedRow]) -> Column:
    if one.type not in {*WORDY, FieldType.CHOICE}:
        return Column(one.label, 13)
    width = text_width((show(dict(entry.values).get(one.code)) for entry in entries), one.label, _BODY_WIDTH)
    return Column(one.label, max(width, 13), "words")


def _named(m: PeriodMeasures, one: Field, value: Value) -> Value:
    """A county by its name."""
    if one.type is FieldType.COUNTY and isinstance(value, str):
        return m.program.county_by_code[value].short_name
    return value


def _origin(m: PeriodMeasures, entry: AcceptedRow) -> str:
    source = m.snapshot.by_seq[entry.seq]
    return f"{source.file}，{source.sheets.get(entry.form, '')}，第{entry.sheet_row}行"
