"""Sheets whose rows are not units: the entries of a list, the survey's questions, and the figures to look at again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.domain.state import REPORTED, STATE_NAMES, State
from pipeline.domain.value import show
from pipeline.measures.outliers import Against
from pipeline.products.summary.grid import PROVINCE_ROW, WORDY, text_width
from pipeline.products.summary.style import (
    Column,
    SummaryPrint,
    heading,
    height_of,
    to_paper,
    write_formula,
    write_text,
    write_value,
)
from pipeline.products.wording import LIST_LIMIT
from pipeline.program.layout import address, column_letter
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.ten_tasks import TaskColumn
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.style import Look
    from pipeline.program.model import Field, Form, Prefecture
    from pipeline.program.words import Words

SURVEY, ODD = "调研提纲汇总", "请留意的数"
HEAD_ROW, FIRST_ROW = 2, 3
_SURVEY_COLUMNS = (
    Column(head="题号", width=9),
    Column(head="题目", width=32, kind="words"),
    Column(head="指标", width=36, kind="words"),
    Column(head="已答县", width=8),
    Column(head="应答县", width=8),
    Column(head="合计", width=14),
    Column(head="平均", width=12),
    Column(head="答“是”或各选项的县", width=46, kind="words"),
)
_ODD_COLUMNS = (
    Column(head="州（市）", width=12),
    Column(head="县（市、区）", width=14),
    Column(head="指标代码", width=10),
    Column(head="指标", width=34, kind="words"),
    Column(head="单位", width=8),
    Column(head="所报的数", width=11),
    Column(head="相比的数", width=11),
    Column(head="与谁相比", width=30),
    Column(head="中位数", width=10, kind="amount"),
    Column(head="出处（文件、工作表、格）", width=52, kind="quiet_wrapped"),
)
_SUM_COL = 5
_BODY_WIDTH = 72.0  # of a column of long texts


def list_sheet(sheet: Any, f: Look, m: PeriodMeasures, form: Form) -> None:
    """The entries of the period that stand, by prefecture, each with the file and row it was read from."""
    w = m.program.words
    fields = form.fields_in(m.period)
    lists = [(p, m.snapshot.lists.get((form.code, m.period.code, p.code), ())) for p in m.program.prefectures]
    entries = [(p, entry) for p, some in lists for entry in some]
    columns = [
        Column(head="编号", width=15),
        Column(head=w.respondent, width=12),
        *(_list_column(one, [entry for _, entry in entries]) for one in fields),
        Column(head="出处（文件、工作表、行）", width=46, kind="quiet_wrapped"),
    ]
    rows = [
        (entry.number, p.short_name, *(_named(m, one, entry.values.get(one.code)) for one in fields), _origin(m, entry))
        for p, entry in entries
    ]
    codes = ["", "", *(one.code for one in fields), ""]
    note = coverage_of_list(m, form)
    _table(sheet, f, f"{form.title}（{m.period.title}）", note, columns, rows, codes=codes, frozen=2, unprinted=1)


def coverage_of_list(m: PeriodMeasures, form: Form) -> str:
    """How many prefectures' lists stand, how many entries they hold, and whose are missing."""
    w = m.program.words
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
        return Column(head=one.label, width=13)
    width = text_width((show(entry.values.get(one.code)) for entry in entries), one.label, _BODY_WIDTH)
    return Column(head=one.label, width=max(width, 13), kind="words")


def _named(m: PeriodMeasures, one: Field, value: Value) -> Value:
    """A county by its name."""
    if one.type is FieldType.COUNTY and isinstance(value, str):
        return m.program.county_by_code[value].short_name
    return value


def _origin(m: PeriodMeasures, entry: AcceptedRow) -> str:
    source = m.snapshot.by_seq[entry.seq]
    return f"{source.file}，{source.sheets.get(entry.form, '')}，第{entry.sheet_row}行"


def survey_sheet(sheet: Any, f: Look, m: PeriodMeasures, grids: Mapping[str, Grid]) -> None:
    """Every question over the counties that answered it, drawn from its sheet: sums, averages, yes and options."""
    w = m.program.words
    rows: list[tuple[Value, ...]] = []
    figures: list[tuple[int, int, str, float]] = []
    for question in m.systems.survey:
        for column in question.columns:
            all_, row = column.province, FIRST_ROW + len(rows)
            rows.append(
                (
                    question.label,
                    question.title,
                    column.field.title,
                    all_.reported,
                    all_.roster,
                    None,
                    None,
                    _answers(column, w),
                )
            )
            figures += [(row, *one) for one in _survey_figures(column, grids, row)]
    note = f"按已答的{w.row}统计，应报{len(m.program.measured)}{w.rows}，已报{m.reported}{w.rows}；合计、平均取自各题所在的表"
    _table(sheet, f, f"{SURVEY}（{m.period.title}）", note, _worded(m, _SURVEY_COLUMNS), rows, frozen=3)
    for row, col, formula, value in figures:
        kind = "count" if col == _SUM_COL and value.is_integer() else "amount"
        write_formula(sheet, row, col, formula, f.number(kind), value)


def _survey_figures(column: TaskColumn, grids: Mapping[str, Grid], row: int) -> list[tuple[int, str, float]]:
    """(column, formula, value) of the sum and the average: what is a ratio has an average only."""
    all_ = column.province
    given = all_.total.amount if all_.total and all_.reported else None
    if given is None:
        return []
    grid, mean = grids[column.field.form], float(given) / all_.reported
    cell = grid.cell(PROVINCE_ROW, grid.col_of(column.field.code))
    if column.field.role == "ratio":
        return [(6, f"={cell}", mean)]
    return [(5, f"={cell}", float(given)), (6, f"={address(row, 5)}/{address(row, 3)}", mean)]


def _answers(column: TaskColumn, w: Words) -> str:
    all_ = column.province
    if all_.share and all_.reported:
        return f"是{all_.share.met}{w.rows}，否{all_.reported - all_.share.met}{w.rows}"
    options = "，".join(f"{option}{n}{w.rows}" for option, n in all_.options.items() if n)
    return options or ("" if all_.reported else f"没有{w.row}作答")


def odd_sheet(sheet: Any, f: Look, m: PeriodMeasures) -> None:
    """Values far from the county's own past or its peers, for staff to ask about."""
    w = m.program.words
    rows: list[tuple[Value, ...]] = []
    for odd in m.outliers:
        county, one = m.program.county_by_code[odd.county_code], m.program.field_by_code[odd.field]
        whose = f"其他{w.row}" if odd.against is Against.PEERS else f"本{w.row}以往各期的变化"
        origin = m.snapshot.origin(one.form, m.period.code, county.code, one.code)
        place = f"{origin.file}，{origin.sheet}{origin.cell}" if origin else ""
        name = m.program.prefecture_by_code[county.prefecture_code].short_name
        rows.append(
            (
                name,
                county.short_name,
                one.code,
                one.title,
                one.unit,
                odd.value,
                odd.compared,
                f"{whose}（{odd.sample}个数）",
                Decimal(str(odd.centre)),
                place,
            )
        )
    title = f"{ODD}（{m.period.title}）"
    note = f"共{len(rows)}处，与本{w.row}以往或其他{w.row}相差悬殊，请核对，不影响接收；按已报{m.reported}{w.rows}比较"
    _table(sheet, f, title, note, _worded(m, _ODD_COLUMNS), rows, frozen=2)


def _worded(m: PeriodMeasures, columns: Sequence[Column]) -> list[Column]:
    return [replace(one, head=m.program.worded(one.head)) for one in columns]


def _table(
    sheet: Any,
    f: Look,
    title: str,
    note: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[Value, ...]],
    *,
    frozen: int,
    codes: Sequence[str] = (),
    unprinted: int = 0,
) -> None:
    """A plain table: titles, perhaps codes, and a row for each; says so when there is none."""
    heading(sheet, f, title, note)
    first, last_head = FIRST_ROW + bool(codes), HEAD_ROW + bool(codes)
    heights = [28.0, 18.0, height_of([(c.head, c.width) for c in columns], 24), *([15.0] if codes else [])]
    for col, column in enumerate(columns):
        sheet.set_column(col, col, column.width)
        write_text(sheet, HEAD_ROW, col, column.head, f.head)
        if codes:
            write_text(sheet, last_head, col, codes[col], f.code)
    for row, values in enumerate(rows, first):
        for col, value in enumerate(values):
            write_value(sheet, f, row, col, value, columns[col].kind)
        heights.append(
            height_of(
                [
                    (show(v), c.width)
                    for v, c in zip(values, columns, strict=True)
                    if c.kind in {"words", "quiet_wrapped"}
                ]
            )
        )
    if not rows:
        write_text(sheet, first, 0, "没有条目", f.note)
        heights.append(18.0)
    for row, height in enumerate(heights):
        sheet.set_row(row, height)
    sheet.freeze_panes(first, frozen)
    sheet.autofilter(f"A{last_head + 1}:{column_letter(len(columns) - 1)}{max(len(heights), first + 1)}")
    to_paper(
        sheet,
        SummaryPrint(
            heads=(HEAD_ROW, last_head),
            leading=frozen,
            heights=heights,
            widths=[c.width for c in columns[: len(columns) - unprinted]],
        ),
    )
