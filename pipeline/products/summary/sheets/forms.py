"""One sheet per form with a row for every unit: province, prefectures and counties, each figure to be followed to its file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.domain.state import STATE_NAMES
from pipeline.domain.value import show
from pipeline.forms.style import lines_of, ok
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
from pipeline.products.summary.list_sheet import coverage_of_list, write_list
from pipeline.products.summary.registry import OF_ACTIONS, OF_OTHERS, SummarySheet
from pipeline.products.summary.shares import quotient
from pipeline.products.summary.style import CARRIED, Column, Put, hatched, height_of
from pipeline.products.summary.totals import block_cells, blocks_of, pair_of
from pipeline.program.layout import address, row_name
from pipeline.program.model import NOT_APPLICABLE, Accumulation, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.domain.row import AcceptedRow
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given, Pen
    from pipeline.program.model import Field, Form, Item, Quantity, Unit

_HOW = {
    Accumulation.CUMULATIVE: "累计数，计到本期末",
    Accumulation.STOCK: "期末的数",
    Accumulation.STATUS: "期末的情况",
}
_NOTE_PX, _NOTE_CHARS = 270, 40


def _write(s: Summary, pen: Pen, form: Form) -> None:
    grid, sheet = s.grids[form.code], pen.sheet
    heights = {0: 28.0, 1: 18.0, **_heads(s, pen, grid)}
    pen.heading(f"{form.heading}（{s.m.period.title}）", _note_of(s, grid))
    blocks = blocks_of(grid, s.values, s.m.known.reported)
    for block in blocks:
        pen.line(block.row, block_cells(s, grid, block), level=block.level)
        heights[block.row] = 20.0
        sheet.set_row(block.row, 20, None, {"level": 0 if block.whole else 1})
    for unit in (unit for _, units in grid.units for unit in units):
        row = grid.rows[unit.code]
        pen.line(row, _unit_cells(s, grid, unit))
        heights[row] = _height(s, grid, unit)
        sheet.set_row(row, heights[row], None, {"level": 1 if grid.of_prefectures else 2})
    sheet.outline_settings(True, False, True, False)
    sheet.freeze_panes(PROVINCE_ROW + 1, len(LEADING))
    sheet.autofilter(CODE_ROW, 0, grid.last_row, grid.source_col + len(SOURCE) - 1)
    tall = [heights[row] for row in range(grid.last_row + 1)]
    starts = [block.row for block in blocks if not block.whole]
    pen.to_paper((GROUP_ROW, CODE_ROW), len(LEADING), grid.widths, tall, starts)


def _what(_: Summary, form: Form) -> str:
    return form.heading


def _covers(s: Summary, form: Form) -> str:
    if form.is_list:
        return coverage_of_list(s, form)
    there, roster, whose = _coverage(s, s.grids[form.code])
    return f"已报{there}/{roster}{whose}"


def _coverage(s: Summary, grid: Grid) -> tuple[int, int, str]:
    """How many of how many units reported, and what they are."""
    units = [unit.code for _, mine in grid.units for unit in mine]
    w = s.m.program.words
    return sum(map(s.reported, units)), len(units), w.respondents if grid.of_prefectures else w.rows


def _note_of(s: Summary, grid: Grid) -> str:
    there, roster, whose = _coverage(s, grid)
    codes = [unit.code for _, mine in grid.units for unit in mine]
    before = sum(not s.reported(code) and grid.knows(s.values.get(code, {})) for code in codes)
    carried = f"，沿用上次{before}{whose}（灰色斜体，计入合计，不计入达标数）" if before else ""
    said = f"已报{there}{whose}，应报{roster}{whose}{carried}；斜纹格没有接收过的数，不按零计"
    how = "" if grid.of_prefectures else f"；点左侧＋、－可展开、收起各{s.m.program.words.row}"
    return f"{said}；截至{s.m.snapshot.as_of:%Y-%m-%d}{how}；右侧各列写明每行出自哪个文件的哪一行"


def _heads(s: Summary, pen: Pen, grid: Grid) -> dict[int, float]:
    """The four rows of titles; gives their heights."""
    labels = [
        *(s.named(name) for name, _ in LEADING),
        *(one.label for one in grid.fields),
        *map(rate_label, grid.rates),
        *(name for name, _ in SCORE if grid.scored),
    ]
    columns = [*map(Column, labels, grid.widths), *(Column(label, width) for label, width in SOURCE)]
    pen.heads(LABEL_ROW, columns)
    for row in (LETTER_ROW, CODE_ROW):
        pen.line(row, [""] * len(columns), "code")
    pen.put(LETTER_ROW, len(LEADING) - 1, "在报表的", "code")
    quantities = {q.code: q for item in grid.form.items for q in item.quantities}
    for col, one in enumerate(grid.fields, len(LEADING)):
        pen.put(LETTER_ROW, col, f"{grid.letters[one.code]}列" if one.code in grid.letters else "", "code")
        pen.put(CODE_ROW, col, one.code, "code")
        note = _note(one, [q for q in quantities.values() if one.code in q.fields])
        size = {"width": _NOTE_PX, "height": 18 * lines_of(note, _NOTE_CHARS) + 12, "font_size": 9}
        ok(pen.sheet.write_comment(LABEL_ROW, col, note, size))
    heights = {
        GROUP_ROW: _groups(pen, grid),
        LABEL_ROW: height_of(list(zip(labels, grid.widths, strict=True)), 34),
        LETTER_ROW: 13.0,
        CODE_ROW: 15.0,
    }
    for row, height in heights.items():
        pen.sheet.set_row(row, height)
    return heights


def _groups(pen: Pen, grid: Grid) -> float:
    """Above the titles, which task the columns belong to; gives the height."""
    items = [(item, [one for one in item.fields if one in grid.fields]) for item in grid.form.items]
    spans = [("报送单位", len(LEADING)), *((_item_title(item), len(fields)) for item, fields in items if fields)]
    spans += [("按所报的数计算", len(grid.rates))] if grid.rates else []
    spans += [("本表任务目标", len(SCORE))] if grid.scored else []
    heights, col = [24.0], 0
    for text, count in [*spans, ("来源：报来的文件", len(SOURCE))]:
        pen.across(GROUP_ROW, col, count, text, "group")
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


def _unit_cells(s: Summary, grid: Grid, unit: Unit) -> list[Given]:
    """What is known of one unit, and where it was read from; what it said before is marked, what it never said is no number."""
    row, state = grid.rows[unit.code], s.m.snapshot.state(s.m.period, unit)
    name = s.m.program.prefecture_by_code[unit.prefecture_code].short_name
    cells: list[Given] = [unit.code, name, row_name(unit), Put(STATE_NAMES[state], f"state {state}")]
    given, here = s.values.get(unit.code, {}), s.reported(unit.code)
    nothing: Given = "" if here else Put("", hatched(state))
    if not here and not grid.knows(given):
        cells += [nothing] * (grid.source_col - len(LEADING))
        return [*cells, *_source(s, grid, unit)]
    for one in grid.fields:
        code = one.shows or one.code
        kind, level = "words" if one.type in WORDY else "text", CARRIED if s.since(unit.code, code) else ""
        cells.append(Put(given[code], kind, level=level) if given.get(code) is not None else nothing)
    for q in grid.rates:
        over, under = (address(row, grid.col_of(code)) for code in (q.numerator or "", q.denominator or ""))
        pair, level = pair_of(given, q), CARRIED if any(s.since(unit.code, code) for code in q.fields) else ""
        share = Put(pair[0] / pair[1], "pct", f"={over}/{under}", level) if pair else NOT_APPLICABLE
        cells.append(share if here or any(given.get(code) is not None for code in q.fields) else nothing)
    if grid.scored and not here:
        cells += [nothing] * len(SCORE)
    elif grid.scored and grid.form.action is not None:
        met, applies = s.scores.get((unit.code, grid.form.action), (0, 0))
        cells += [met, applies, quotient(row, grid.score_col, met, applies)]
    return [*cells, *_source(s, grid, unit)]


def _height(s: Summary, grid: Grid, unit: Unit) -> float:
    """Of a unit's row, by its texts."""
    given = s.values.get(unit.code, {})
    widths = zip(grid.fields, grid.widths[len(LEADING) :], strict=False)
    return height_of([(show(given.get(one.shows or one.code)), width) for one, width in widths if one.type in WORDY])


def _source(s: Summary, grid: Grid, unit: Unit) -> Sequence[Given]:
    """Which file, sheet and row a unit's figures were read from; the column stands above each."""
    snapshot, form = s.m.snapshot, grid.form.code
    since = {s.since(unit.code, one.shows or one.code) for one in grid.fields} - {""}
    absence = s.absences.get(unit.code, "")
    period = max(since, default="") if absence else s.m.period.code
    stands = snapshot.rows.get((form, period, unit.code))
    if stands is None:
        before = "沿用合并以前各单位的数" if since else ""
        words = "；".join(one for one in (absence or "本表没有报来", before) if one)
        return [Put("", "quiet")] * (len(SOURCE) - 1) + [Put(words, "quiet")]
    entry = snapshot.by_seq[stands.seq]
    before = (
        f"沿用{s.m.program.period_by_code[period].title}的数" if absence else "灰色斜体的沿用以前各期" if since else ""
    )
    moved = "" if absence and stands.nil else _said(stands, entry.columns.get(form, {}), grid)
    said = "；".join(one for one in (before, absence, moved) if one)
    cells = (entry.seq, entry.received_on, entry.file, entry.sheets.get(form, ""), stands.sheet_row, said)
    return [Put(value, "plain" if isinstance(value, int) else "quiet") for value in cells]


def _said(stands: AcceptedRow, columns: Mapping[str, str], grid: Grid) -> str:
    """What is particular to a row's origin."""
    if stands.nil:
        return "选了“√”（没有新进展），沿用上次已接收的数"
    moved = [f"{code}在{columns[code]}列" for code, usual in grid.letters.items() if columns.get(code, usual) != usual]
    return "、".join(moved)


def sheets(s: Summary) -> Iterator[SummarySheet]:
    """Each form's, in the order of the programme."""
    for form in s.m.program.forms:
        yield SummarySheet(
            name=form.sheet,
            number=50,
            tab=OF_ACTIONS if form.action else OF_OTHERS,
            what=partial(_what, form=form),
            covers=partial(_covers, form=form),
            write=partial(write_list if form.is_list else _write, form=form),
        )
