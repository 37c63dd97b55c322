"""One sheet per form with a row for every unit: province, prefectures and counties, each figure to be followed to its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.state import STATE_NAMES
from pipeline.domain.value import show
from pipeline.forms.style import lines_of, ok
from pipeline.measures.progress import COUNTED, Status
from pipeline.products.summary.grid import (
    CODE_ROW,
    GROUP_ROW,
    LABEL_ROW,
    LEADING,
    LETTER_ROW,
    PROVINCE_ROW,
    SCORE,
    SOURCE,
    WORDY,
    rate_label,
)
from pipeline.products.summary.style import (
    SummaryPrint,
    heading,
    height_of,
    to_paper,
    write_formula,
    write_text,
    write_value,
)
from pipeline.products.summary.totals import block_row, blocks_of, pair_of, quotient
from pipeline.program.layout import address, row_name
from pipeline.program.model import NOT_APPLICABLE, Accumulation, TargetKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.measures.figures import Given, Values
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.style import Look
    from pipeline.program.model import Field, Item, Quantity, Unit

    Scores = Mapping[tuple[str, int], tuple[int, int]]

_HOW = {
    Accumulation.CUMULATIVE: "累计数，计到本期末",
    Accumulation.STOCK: "期末的数",
    Accumulation.STATUS: "期末的情况",
}
NOTE_PX, NOTE_CHARS = 270, 40


def scores_of(m: PeriodMeasures) -> dict[tuple[str, int], tuple[int, int]]:
    """(county, action) → targets met, and targets that apply."""
    counted: dict[tuple[str, int], tuple[int, int]] = {}
    for county, action, status in m.assessed[["county_code", "action", "status"]].itertuples(index=False):
        if status in COUNTED:
            met, applies = counted.get((county, action), (0, 0))
            counted[county, action] = met + (status == Status.MET), applies + 1
    return counted


def form_sheet(
    sheet: Any, f: Look, m: PeriodMeasures, grid: Grid, values: Values, absences: Mapping[str, str], scores: Scores
) -> None:
    """Write one sheet.

    Args:
        sheet: Empty.
        f: The look.
        m: The measures.
        grid: Where everything stands.
        values: Unit → field → value, of reported units only.
        absences: Unit → why nothing of it stands, in words.
        scores: See :func:`scores_of`.
    """
    heights = {0: 28.0, 1: 18.0, **_heads(sheet, f, m, grid)}
    heading(sheet, f, f"{grid.form.heading}（{m.period.title}）", _coverage(m, grid, values))
    blocks = blocks_of(grid, values)
    for block in blocks:
        block_row(sheet, f, m, grid, block, values, scores)
        heights[block.row] = 20.0
        sheet.set_row(block.row, 20, None, {"level": 0 if block.whole else 1})
    for _, units in grid.units:
        for unit in units:
            row = grid.rows[unit.code]
            heights[row] = _unit_row(sheet, f, m, grid, unit, values.get(unit.code), scores)
            _source(sheet, f, m, grid, unit, absences)
            sheet.set_row(row, heights[row], None, {"level": 1 if grid.of_prefectures else 2})
    sheet.outline_settings(True, False, True, False)
    sheet.freeze_panes(PROVINCE_ROW + 1, len(LEADING))
    sheet.autofilter(CODE_ROW, 0, grid.last_row, grid.source_col + len(SOURCE) - 1)
    to_paper(
        sheet,
        SummaryPrint(
            heads=(GROUP_ROW, CODE_ROW),
            leading=len(LEADING),
            widths=grid.widths,
            heights=[heights[row] for row in range(grid.last_row + 1)],
            blocks=[block.row for block in blocks if not block.whole],
        ),
    )


def _coverage(m: PeriodMeasures, grid: Grid, values: Values) -> str:
    w = m.program.words
    whose = w.respondents if grid.of_prefectures else w.rows
    units = [unit.code for _, mine in grid.units for unit in mine]
    said = f"按已报{sum(code in values for code in units)}{whose}统计，应报{len(units)}{whose}；斜纹格没有已接收的数，不按零计"
    how = "" if grid.of_prefectures else f"；点左侧＋、－可展开、收起各{w.row}"
    return f"{said}；截至{m.snapshot.as_of:%Y-%m-%d}{how}；右侧各列写明每行出自哪个文件的哪一行"


def _heads(sheet: Any, f: Look, m: PeriodMeasures, grid: Grid) -> dict[int, float]:
    """The four rows of titles; gives their heights."""
    labels = [
        *(m.program.worded(name) for name, _ in LEADING),
        *(one.label for one in grid.fields),
        *map(rate_label, grid.rates),
        *(name for name, _ in SCORE if grid.scored),
    ]
    for col, (label, width) in enumerate(zip(labels, grid.widths, strict=True)):
        sheet.set_column(col, col, width)
        write_text(sheet, LABEL_ROW, col, label, f.head)
        for row in (LETTER_ROW, CODE_ROW):
            write_text(sheet, row, col, "", f.code)
    for col, (label, width) in enumerate(SOURCE, grid.source_col):
        sheet.set_column(col, col, width)
        write_text(sheet, LABEL_ROW, col, label, f.head)
        for row in (LETTER_ROW, CODE_ROW):
            write_text(sheet, row, col, "", f.code)
    write_text(sheet, LETTER_ROW, len(LEADING) - 1, "在报表的", f.code)
    quantities = {q.code: q for item in grid.form.items for q in item.quantities}
    for col, one in enumerate(grid.fields, len(LEADING)):
        write_text(sheet, LETTER_ROW, col, f"{grid.letters[one.code]}列" if one.code in grid.letters else "", f.code)
        write_text(sheet, CODE_ROW, col, one.code, f.code)
        if note := _note(one, [q for q in quantities.values() if one.code in q.fields]):
            lines = lines_of(note, NOTE_CHARS)
            ok(sheet.write_comment(LABEL_ROW, col, note, {"width": NOTE_PX, "height": 18 * lines + 12, "font_size": 9}))
    heights = {
        GROUP_ROW: _groups(sheet, f, m, grid),
        LABEL_ROW: height_of(list(zip(labels, grid.widths, strict=True)), 34),
        LETTER_ROW: 13.0,
        CODE_ROW: 15.0,
    }
    for row, height in heights.items():
        sheet.set_row(row, height)
    return heights


def _groups(sheet: Any, f: Look, m: PeriodMeasures, grid: Grid) -> float:
    """Above the titles, which task the columns belong to; gives the height."""
    items = [(item, [one for one in item.fields if one in grid.fields]) for item in grid.form.items]
    spans = [("报送单位", len(LEADING)), *((_item_title(item), len(fields)) for item, fields in items if fields)]
    spans += [("按所报的数计算", len(grid.rates))] if grid.rates else []
    spans += [("本表任务目标", len(SCORE))] if grid.scored else []
    heights, col = [24.0], 0
    for text, count in [*spans, (f"来源：{m.period.title}报来的文件", len(SOURCE))]:
        if count > 1:
            sheet.merge_range(GROUP_ROW, col, GROUP_ROW, col + count - 1, "", f.group)
        write_text(sheet, GROUP_ROW, col, text, f.group)
        heights.append(height_of([(text, sum(grid.widths[col : col + count]))]) if col < grid.source_col else 0)
        col += count
    return max(heights)


def _item_title(item: Item) -> str:
    return f"{item.label}　{item.title}"


def _note(one: Field, quantities: Sequence[Quantity]) -> str:
    """What a column is and what is asked of it, for the note at its title."""
    lines = [f"{one.code}　{_HOW[one.accumulation]}" + (f"，{one.counts_from}起算" if one.counts_from else "")]
    lines += [f"取自{one.shows}，不另填报"] if one.shows else []
    for q in quantities:
        lines += [f"目标：{_target(q)}"] if q.target and q.judged else []
        lines += [f"依据：{q.basis}"] if q.basis else []
    readings = dict.fromkeys(r for r in (one.reading, *(q.reading for q in quantities)) if r)
    return "\n".join(dict.fromkeys([*lines, *readings]))


def _target(q: Quantity) -> str:
    assert q.target is not None  # noqa: S101 - asked by the caller
    words = {
        TargetKind.YES: "为“是”",
        TargetKind.ALL_OPTIONS: "所列各项都有",
        TargetKind.ANY_OPTION: "所列各项至少有一项",
    }
    return words.get(q.target.kind, f"{q.title}不少于{q.target.threshold}{'%' if q.is_rate else q.unit}")


def _unit_row(
    sheet: Any, f: Look, m: PeriodMeasures, grid: Grid, unit: Unit, given: Given | None, scores: Scores
) -> float:
    """What one unit reported; gives the height. Nothing of a unit that did not report is a number."""
    row, state = grid.rows[unit.code], m.snapshot.state(m.period, unit)
    name = m.program.prefecture_by_code[unit.prefecture_code].short_name
    for col, text in enumerate((unit.code, name, row_name(unit))):
        write_text(sheet, row, col, text, f.middle)
    write_text(sheet, row, len(LEADING) - 1, STATE_NAMES[state], f.states[state])
    if given is None:
        for col in range(len(LEADING), grid.source_col):
            write_text(sheet, row, col, "", f.hatched.get(state, f.missing))
        return 18.0
    for col, one in enumerate(grid.fields, len(LEADING)):
        write_value(sheet, f, row, col, given.get(one.shows or one.code), "words" if one.type in WORDY else "text")
    for col, q in enumerate(grid.rates, grid.rate_col):
        pair = pair_of(given, q)
        over, under = (address(row, grid.col_of(code)) for code in (q.numerator or "", q.denominator or ""))
        if pair:
            write_formula(sheet, row, col, f"={over}/{under}", f.number("pct"), pair[0] / pair[1])
        else:
            write_text(sheet, row, col, NOT_APPLICABLE, f.middle)
    if grid.scored and grid.form.action is not None:
        _scores(sheet, f, row, grid.score_col, scores.get((unit.code, grid.form.action), (0, 0)))
    wrapped = [
        (show(given.get(one.shows or one.code)), width)
        for one, width in zip(grid.fields, grid.widths[len(LEADING) :], strict=False)
        if one.type in WORDY
    ]
    return height_of(wrapped)


def _scores(sheet: Any, f: Look, row: int, col: int, score: tuple[int, int]) -> None:
    met, applies = score
    write_value(sheet, f, row, col, met)
    write_value(sheet, f, row, col + 1, applies)
    if applies:
        write_formula(sheet, row, col + 2, quotient(row, col), f.number("pct"), met / applies)
    else:
        write_text(sheet, row, col + 2, "—", f.middle)


def _source(sheet: Any, f: Look, m: PeriodMeasures, grid: Grid, unit: Unit, absences: Mapping[str, str]) -> None:
    """Which file, sheet and row a unit's figures were read from; the column stands above each."""
    row, col = grid.rows[unit.code], grid.source_col
    stands = m.snapshot.rows.get((grid.form.code, m.period.code, unit.code))
    if stands is None or unit.code in absences:
        for at in range(col, col + len(SOURCE) - 1):
            write_text(sheet, row, at, "", f.quiet)
        write_text(sheet, row, col + len(SOURCE) - 1, absences.get(unit.code, "本表没有报来"), f.quiet)
        return
    entry = m.snapshot.by_seq[stands.seq]
    cells: tuple[Value, ...] = (
        entry.seq,
        entry.received_on,
        entry.file,
        entry.sheets.get(grid.form.code, ""),
        stands.sheet_row,
        _said(stands, entry.columns.get(grid.form.code, {}), grid),
    )
    for at, value in enumerate(cells, col):
        write_value(sheet, f, row, at, value, "plain" if isinstance(value, int) else "quiet")


def _said(stands: AcceptedRow, columns: Mapping[str, str], grid: Grid) -> str:
    """What is particular to a row's origin."""
    if stands.nil:
        return "勾选本期无新进展，沿用上次已接收的数"
    moved = [f"{code}在{columns[code]}列" for code, usual in grid.letters.items() if columns.get(code, usual) != usual]
    return "、".join(moved)
