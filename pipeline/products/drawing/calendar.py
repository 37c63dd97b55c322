"""The calendar of what is owed: a row for each kind, a column for each month, whether it was met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    HATCH,
    INK,
    MIN_PT,
    MUTED,
    NAVY,
    PALE,
    RED,
    RULE,
    SMALL_PT,
    TRACK,
    WHITE,
    Box,
    Canvas,
    diamond,
    fitted,
    label_room,
    plain,
    rounded,
    row_pitch,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_COLUMNS = 16
_RIGHT_MM = 155.5
_TOP_MM, _FOOT_MM = 12.6, 6.2
_BAR_MM = 2.1  # in a row of 8.1 mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What falls due in one cell, counted by what became of it.

    Attributes:
        not_due: Those too of which something came that has to be dealt with first: ``pending``.
        unknown: What no return can tell.
    """

    on_time: int
    late: int
    overdue: int
    not_due: int
    unknown: int
    pending: int = 0

    @property
    def met(self) -> int:
        """Done, in time or not."""
        return self.on_time + self.late

    @property
    def told(self) -> int:
        """All but the unknown."""
        return self.met + self.overdue + self.not_due


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRow:
    """One kind of thing owed by one sort of unit; a cell for each column, None where nothing is due."""

    name: str
    who: str
    cells: Sequence[Due | None]


class _CalendarFrame(NamedTuple):
    """Left edge of the columns, width of one, height of a row, bottom of the rows; all in mm."""

    left: float
    wide: float
    pitch: float
    bottom: float

    def x(self, column: float) -> float:
        return self.left + self.wide * column

    def y(self, row: int) -> float:
        return _TOP_MM + self.pitch * row


@plain
def calendar(
    rows: Sequence[CalendarRow], columns: Sequence[tuple[str, str]], *, today: float | None, today_label: str
) -> bytes:
    """Draw who owes what by when, and whether it was done.

    Args:
        rows: Kinds of things owed.
        columns: Year and month of each column, as they are to be written; a year is written once.
        today: The day the picture tells of, in columns from the left edge; None when it lies outside.
        today_label: What is written over its line.

    Returns:
        PNG bytes, 156 mm wide.

    Raises:
        ChartError: no rows, no or too many columns, a row that has not one cell for each, or a text that does not fit.
    """
    if not 0 < len(columns) <= MOST_COLUMNS or any(len(row.cells) != len(columns) for row in rows):
        raise ChartError(f"应报事项日历的列数不对：{len(columns)}")
    pitch = row_pitch(len(rows), _TOP_MM + _FOOT_MM, widest=9.2, tightest=7.2)
    left = (
        1.0 + label_room([text for row in rows for text in (row.name, row.who)] or [""], most=24.0, size=SMALL_PT) + 1.5
    )
    wide = min((_RIGHT_MM - left) / len(columns), 20.0)
    frame = _CalendarFrame(left, wide, pitch, _TOP_MM + pitch * len(rows))
    sheet = Canvas(frame.bottom + _FOOT_MM)
    if today is not None:
        _today(sheet, frame, rows, today, today_label)
    _grid(sheet, frame, rows, columns)
    for i, row in enumerate(rows):
        for j, due in enumerate(row.cells):
            if due is not None:
                _cell(sheet, frame, i, j, due)
    _key(sheet, frame, [due for row in rows for due in row.cells if due is not None])
    return sheet.png()


def _grid(
    sheet: Canvas, frame: _CalendarFrame, rows: Sequence[CalendarRow], columns: Sequence[tuple[str, str]]
) -> None:
    """Draw the lines, the heads, and the names of the rows over who owes it."""
    right = frame.x(len(columns))
    sheet.lines([((1.0, frame.y(i)), (right, frame.y(i))) for i in range(len(rows) + 1)], RULE, 0.5)
    years = [j for j, (year, _) in enumerate(columns) if j == 0 or columns[j - 1][0] != year]
    sheet.lines([((frame.x(j), _TOP_MM), (frame.x(j), frame.bottom)) for j in range(len(columns))], RULE, 0.4)
    sheet.lines([((frame.x(j), _TOP_MM - 8.0), (frame.x(j), frame.bottom)) for j in years], HATCH, 0.7)
    for j, (year, month) in enumerate(columns):
        if j in years:
            sheet.text(frame.x(j) + 1.0, _TOP_MM - 6.2, year, size=SMALL_PT, colour=MUTED)
        text, size = fitted(month, frame.wide - 0.4, SMALL_PT)
        sheet.text(frame.x(j + 0.5), _TOP_MM - 2.4, text, size=size, align="center", colour=MUTED)
    for i, row in enumerate(rows):
        middle = frame.y(i) + frame.pitch / 2
        for text, y, colour in ((row.name, middle - 1.6, INK), (row.who, middle + 1.6, MUTED)):
            short, size = fitted(text, frame.left - 2.5, SMALL_PT)
            sheet.text(1.0, y, short, size=size, colour=colour)


def _cell(sheet: Canvas, frame: _CalendarFrame, row: int, column: int, due: Due) -> None:
    """Draw a cell: the bar, how many of how many, how many are owed; or that the office looks for itself."""
    x, top = frame.x(column + 0.5), frame.y(row)
    if not due.told:
        sheet.polygons([diamond(x, top + 2.2, 1.2)], WHITE, edge=MUTED, edge_pt=0.8)
        sheet.text(x, top + 5.3, f"{due.unknown}", size=MIN_PT, align="center", colour=MUTED)
        return
    step = frame.pitch / 8.1
    _bar(sheet, Box(frame.x(column) + 0.7, top + 0.8 * step, frame.wide - 1.4, _BAR_MM * step), due)
    sheet.text(
        x,
        top + 4.2 * step,
        _figure(due, frame.wide - 0.3),
        size=MIN_PT,
        align="center",
        colour=INK if due.met else MUTED,
    )
    if due.overdue:
        sheet.text(
            x,
            top + 6.6 * step,
            _count(due.overdue, frame.wide - 0.3, "欠"),
            size=MIN_PT,
            align="center",
            colour=RED,
        )


def _figure(due: Due, room: float) -> str:
    """Return 已办/应办, or in a narrow cell the share; what is still to come has its number only."""
    if due.not_due == due.told:
        return _count(due.told, room)
    full = f"{due.met}/{due.told}"
    share = f"{min(int(100 * due.met / due.told), 100)}%"
    return full if width_mm(full, MIN_PT) <= room else share


def _count(count: int, room: float, lead: str = "") -> str:
    """Write a number whole, or in a narrow cell in 万; it is never cut short."""
    whole = f"{lead}{count}"
    return whole if width_mm(whole, MIN_PT) <= room else f"{lead}{rounded(count / 10_000, 0)}万"


def _bar(sheet: Canvas, whole: Box, due: Due) -> None:
    """Draw the parts of a cell; they differ in grey and in outline, not only in colour."""
    x = whole.x
    parts = (
        (due.on_time, NAVY, "none"),
        (due.late, PALE, "none"),
        (due.overdue, WHITE, RED),
        (due.not_due, TRACK, HATCH),
    )
    for count, fill, edge in parts:
        wide = whole.w * count / due.told
        if count:
            sheet.boxes([Box(x, whole.y, wide, whole.h)], fill, edge=edge, edge_pt=0.8 if edge == RED else 0.5)
        x += wide


def _today(sheet: Canvas, frame: _CalendarFrame, rows: Sequence[CalendarRow], today: float, label: str) -> None:
    """Mark the day over the heads and through the empty cells: a line through figures would make them unreadable."""
    x, top = frame.x(today), _TOP_MM - 8.6
    column = min(int(today), len(rows[0].cells) - 1)
    free = [((x, frame.y(i)), (x, frame.y(i + 1))) for i, row in enumerate(rows) if row.cells[column] is None]
    sheet.lines(free, RED, 0.9, dashes=(3.5, 2.0))
    sheet.polygons([((x - 1.0, top), (x + 1.0, top), (x, top + 1.6))], RED)
    half = width_mm(label, SMALL_PT) / 2
    sheet.text(min(max(x, 1.0 + half), 155.0 - half), _TOP_MM - 10.6, label, size=SMALL_PT, align="center", colour=RED)


def _key(sheet: Canvas, frame: _CalendarFrame, cells: Sequence[Due]) -> None:
    """Explain the marks that occur, in one line under the rows."""
    y, x = frame.bottom + 3.2, frame.left
    kinds = (
        ("按时办结", NAVY, "none", any(due.on_time for due in cells)),
        ("逾期办结", PALE, "none", any(due.late for due in cells)),
        ("逾期未办结（欠）", WHITE, RED, any(due.overdue for due in cells)),
        (
            "未到期或收到待处理" if any(due.pending for due in cells) else "未到期",
            TRACK,
            HATCH,
            any(due.not_due for due in cells),
        ),
    )
    for label, fill, edge, used in kinds:
        if used:
            sheet.boxes([Box(x, y - 1.15, 4.0, 2.3)], fill, edge=edge, edge_pt=0.8)
            sheet.text(x + 5.0, y, label, size=SMALL_PT, colour=MUTED)
            x += 9.0 + width_mm(label, SMALL_PT)
    if any(not due.told for due in cells):
        sheet.polygons([diamond(x + 1.2, y, 1.2)], WHITE, edge=MUTED, edge_pt=0.8)
        sheet.text(x + 3.4, y, "办公室自查", size=SMALL_PT, colour=MUTED)
