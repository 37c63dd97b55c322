"""Counts parted by what became of them, a row for each: problems by age, milestones by who has taken them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.drawing.bar_table import RIGHT_MM, TWO_LINES_MM, BarTable, edges_of
from pipeline.products.drawing.fonts import ChartError
from pipeline.products.drawing.parts import (
    HATCH,
    INK,
    MUTED,
    RED,
    RULE,
    SMALL_PT,
    TRACK,
    WHITE,
    Box,
    Canvas,
    label_room,
    plain,
    rounded,
    row_pitch,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TOP_MM, _OVER_MM, _FOOT_MM, _TITLE_MM = 8.6, 4.4, 1.5, 5.4
_COLUMN_GAP_MM = 3.2
_SHORTEST_BAR_MM = 22.0
MOST_ROWS = 18
_NOTE_MM = 4.6
_UP_MM = 2.3  # of the heads


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPart:
    """What a part of the bars stands for; without a fill it is hatched: nobody said.

    Attributes:
        over: What stands over the heads of the parts that share it; may be empty.
    """

    name: str
    fill: str | None
    over: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRow:
    """One bar.

    Attributes:
        label: What is counted.
        note: A day or the like, in a column of its own; may be empty.
        counts: One for each part.
        alarm: How many of them are past their day.
    """

    label: str
    note: str
    counts: Sequence[int]
    alarm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGroup:
    """Rows under one heading; the heading may be empty."""

    title: str
    rows: Sequence[StackRow]


def stack_groups(rows: Iterable[tuple[str, StackRow]]) -> list[StackGroup]:
    """Rows in their order, each with its heading."""
    return [StackGroup(title=title, rows=[row for _, row in some]) for title, some in groupby(rows, key=itemgetter(0))]


class _StacksFrame(NamedTuple):
    """Where things stand, in mm: the labels' room, right edge of the notes, the bars' edges, the columns' right edges."""

    label_room: float
    note: float
    left: float
    right: float
    columns: list[float]


@plain
def stacks(
    groups: Sequence[StackGroup],
    parts: Sequence[StackPart],
    *,
    total: str,
    note: str,
    alarm: str,
    whole: bool,
    foot: str = "",
) -> bytes:
    """Draw bars of parts beside a table of the same figures, whose heads explain the fills.

    Args:
        groups: The rows.
        parts: What the counts of every row are, from left to right.
        total: Head of the column of sums.
        note: Head of the column of notes; empty when there are none.
        alarm: Head of the last column.
        whole: Whether each bar is as long as the others (parts of a roster), not as its sum.
        foot: A note under the rows: coverage, or what was left out; may be empty.

    Raises:
        ChartError: no rows, too many, counts that are not one for each part, or a text that does not fit.
    """
    rows = [row for group in groups for row in group.rows]
    for row in rows:
        if len(row.counts) != len(parts) or min((*row.counts, row.alarm)) < 0:
            raise ChartError(f"“{row.label}”的分项个数有误：{list(row.counts)}")
    below = _FOOT_MM + (_NOTE_MM if foot else 0.0)
    titles = _TITLE_MM * sum(bool(group.title) for group in groups)
    top = _TOP_MM + _OVER_MM * any(part.over for part in parts)
    pitch = row_pitch(len(rows), top + below + titles, widest=8.4)
    heads = (total, *(part.name for part in parts), alarm)
    frame = _frame(rows, heads, note, pitch)
    sheet = Canvas(top + titles + pitch * len(rows) + below)
    longest, y = max(sum(row.counts) for row in rows), top
    for n, group in enumerate(groups):
        if group.title:
            sheet.text(1.0, y + _TITLE_MM / 2 + 0.4, group.title, size=SMALL_PT, colour=MUTED)
            y += _TITLE_MM
        place = {"left": frame.left, "right": frame.right, "top": y, "pitch": pitch}
        table = BarTable(sheet=sheet, rows=len(group.rows), **place)
        if n == 0:
            _heads(replace(table, top=top), frame, parts, heads, note)
        edges = [y + pitch * i for i in range(table.rows + 1)]
        sheet.lines([((1.0, edge), (RIGHT_MM, edge)) for edge in edges], RULE, 0.5)
        for i, row in enumerate(group.rows):
            _bar(table, parts, row, i, sum(row.counts) if whole else longest)
        _texts(table, frame, group.rows)
        y = table.bottom
    sheet.text(RIGHT_MM, y + 3.0, foot, size=SMALL_PT, align="right", colour=MUTED)
    return sheet.png()


def _frame(rows: Sequence[StackRow], heads: Sequence[str], note: str, pitch: float) -> _StacksFrame:
    """Give the columns the width of their longest entry, the labels what they need, and the rest to the bars."""
    figures = [_figures(row) for row in rows]
    columns = [(head, [rounded(line[n], 0) for line in figures]) for n, head in enumerate(heads)]
    *edges, edge = edges_of(columns, _COLUMN_GAP_MM)
    notes = label_room([row.note for row in rows] + [note], least=0.0, size=SMALL_PT) + 3.0 if note else 0.0
    room = edge - notes - _SHORTEST_BAR_MM - 4.0
    most = min(room, 42.0 if pitch >= TWO_LINES_MM else 60.0)
    labels = label_room([row.label for row in rows], least=8.0, most=most)
    if room < labels:
        raise ChartError("图中数字太大，条形没有位置")
    return _StacksFrame(labels, 1.0 + labels + notes, 1.0 + labels + notes + 2.5, edge, edges)


def _figures(row: StackRow) -> list[int]:
    """What stands in its columns."""
    return [sum(row.counts), *row.counts, row.alarm]


def _heads(table: BarTable, frame: _StacksFrame, parts: Sequence[StackPart], heads: Sequence[str], note: str) -> None:
    """Write the heads of the columns, those of the parts under a sample of their fill."""
    y, sheet = table.top - _UP_MM, table.sheet
    for x, head in zip((frame.note, *frame.columns), (note, *heads), strict=True):
        table.head(x, head, up=_UP_MM)
    for x, part in zip(frame.columns[1:-1], parts, strict=True):
        _fill(sheet, [Box(x - 5.0, y - 4.3, 5.0, 2.2)], part)
    for over in dict.fromkeys(part.over for part in parts if part.over):
        some = [n for n, part in enumerate(parts) if part.over == over]
        left = frame.columns[some[0]] + _COLUMN_GAP_MM / 2
        right = frame.columns[some[-1] + 1]
        sheet.lines([((left, y - 5.6), (right, y - 5.6))], HATCH, 0.6)
        sheet.text((left + right) / 2, y - 7.6, over, room=right - left, size=SMALL_PT, align="center", colour=MUTED)


def _fill(sheet: Canvas, boxes: Sequence[Box], part: StackPart) -> None:
    """Fill boxes as a part; the palest fills get an outline, or they would be lost on white."""
    if part.fill is None:
        sheet.hatched(boxes)
        return
    pale = part.fill in {WHITE, TRACK}
    sheet.boxes(boxes, part.fill, edge=HATCH if pale else WHITE, edge_pt=0.6)


def _bar(table: BarTable, parts: Sequence[StackPart], row: StackRow, index: int, full: int) -> None:
    """Draw one bar; nothing to count is nothing drawn."""
    x, tall = table.left, min(table.pitch * 0.58, 4.2)
    for part, count in zip(parts, row.counts, strict=True):
        wide = (table.right - table.left) * count / full if full else 0.0
        if count:
            _fill(table.sheet, [Box(x, table.y(index) - tall / 2, wide, tall)], part)
        x += wide


def _texts(table: BarTable, frame: _StacksFrame, rows: Sequence[StackRow]) -> None:
    table.labels(1.0, [row.label for row in rows], frame.label_room)
    for i, row in ((i, row) for i, row in enumerate(rows) if row.note):
        table.sheet.text(
            frame.note,
            table.y(i),
            row.note,
            room=frame.note - frame.label_room - 3.0,
            size=SMALL_PT,
            align="right",
            colour=MUTED,
        )
    for n, x in enumerate(frame.columns):
        ink = RED if n == len(frame.columns) - 1 else INK
        figures = [_figures(row)[n] for row in rows]
        table.column(x, "", ((rounded(value, 0), ink if value else MUTED) for value in figures))
