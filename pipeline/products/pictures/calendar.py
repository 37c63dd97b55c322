"""The calendar of what is owed: a row for each kind, a column for each month, whether it was met."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.obligation import KIND_NAMES, ObligationKind, Owner, Timeliness
from pipeline.domain.text import cn_date
from pipeline.measures.overdue import obligations
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
    label_room,
    plain,
    rounded,
    row_pitch,
)
from pipeline.products.pictures.registry import PictureKind, whole
from pipeline.products.wording import no_decimal, number
from pipeline.program.calendar import Calendar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipeline.domain.obligation import Obligation
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts
    from pipeline.program.model import Period
    from pipeline.program.words import Words


MOST_COLUMNS = 16
_RIGHT_MM = 155.5
_TOP_MM, _FOOT_MM = 12.6, 6.2
_BAR_MM = 2.1  # in a row of 8.1 mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What falls due in one cell, counted by what became of it.

    Attributes:
        not_due: Those too of which something came that has to be dealt with first: ``pending``.
        unclear: Of units that did not report when the last report was due: nobody knows whether it was done.
        unknown: What no return can tell.
    """

    on_time: int
    late: int
    overdue: int
    not_due: int
    unknown: int
    pending: int = 0
    unclear: int = 0

    @property
    def met(self) -> int:
        """Done, in time or not."""
        return self.on_time + self.late

    @property
    def told(self) -> int:
        """All but the unknown."""
        return self.met + self.overdue + self.unclear + self.not_due


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
        sheet.text(
            frame.x(j + 0.5), _TOP_MM - 2.4, month, room=frame.wide - 0.4, size=SMALL_PT, align="center", colour=MUTED
        )
    for i, row in enumerate(rows):
        middle = frame.y(i) + frame.pitch / 2
        for text, y, colour in ((row.name, middle - 1.6, INK), (row.who, middle + 1.6, MUTED)):
            sheet.text(1.0, y, text, room=frame.left - 2.5, size=SMALL_PT, colour=colour)


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
    share = f"{no_decimal(100 * due.met / due.told)}%"
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
        (due.unclear, None, HATCH),
        (due.not_due, TRACK, HATCH),
    )
    for count, fill, edge in parts:
        wide = whole.w * count / due.told
        if count:
            _fill(sheet, Box(x, whole.y, wide, whole.h), fill, edge, 0.8 if edge == RED else 0.5)
        x += wide


def _fill(sheet: Canvas, box: Box, fill: str | None, edge: str, edge_pt: float) -> None:
    """Fill a part of a bar; hatched is what nobody knows."""
    if fill is None:
        sheet.hatched([box])
    else:
        sheet.boxes([box], fill, edge=edge, edge_pt=edge_pt)


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
    y, x = frame.bottom + 3.2, 1.0
    kinds: tuple[tuple[str, str | None, str, bool], ...] = (
        ("按时办结", NAVY, "none", any(due.on_time for due in cells)),
        ("逾期办结", PALE, "none", any(due.late for due in cells)),
        ("逾期未办结（欠）", WHITE, RED, any(due.overdue for due in cells)),
        ("情况不明", None, HATCH, any(due.unclear for due in cells)),
        (
            "未到期或收到待处理" if any(due.pending for due in cells) else "未到期",
            TRACK,
            HATCH,
            any(due.not_due for due in cells),
        ),
    )
    for label, fill, edge, used in kinds:
        if used:
            _fill(sheet, Box(x, y - 1.15, 4.0, 2.3), fill, edge, 0.8)
            sheet.text(x + 5.0, y, label, size=SMALL_PT, colour=MUTED)
            x += 9.0 + width_mm(label, SMALL_PT)
    if any(not due.told for due in cells):
        sheet.polygons([diamond(x + 1.2, y, 1.2)], WHITE, edge=MUTED, edge_pt=0.8)
        sheet.text(x + 3.4, y, "办公室自查", size=SMALL_PT, colour=MUTED)


_COLUMNS = 15


def _drawings(m: PeriodMeasures) -> Parts:
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
    return whole(
        partial(
            calendar,
            [
                CalendarRow(name=w.put(KIND_NAMES[kind]), who=who, cells=[_due(count, n) for n in range(len(columns))])
                for (kind, who), count in rows.items()
            ],
            heads,
            today=_place_of(m.snapshot.as_of, columns),
            today_label=f"截至{cn_date(m.snapshot.as_of)}",
        )
    )


def _shown(o: Obligation, period: Period) -> Timeliness:
    """What a return of a later period is to show is not held against anybody in this one's report."""
    later = o.period.no > period.no and (o.overdue or o.timeliness is Timeliness.UNCLEAR)
    return Timeliness.NOT_DUE if later else o.timeliness


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
    return o.kind, {
        Owner.COUNTY: w.body,
        Owner.RESPONDENT: w.respondent_body,
        Owner.CONTACT: w.contact,
        Owner.OFFICE: w.office,
    }[o.owner]


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _columns(days: Sequence[date]) -> list[range]:
    """The months from the first day to the last, in as few columns of equal length as fit.

    The days are those the campaign sets; an officer's own, of problems, may lie years off and go to the outer columns.
    """
    first, last = _month(min(days)), _month(max(days))
    step = next(n for n in (1, 2, 3, 6, 12, 24, 60, last - first + 1) if (last - first) // n < _COLUMNS - (n > 1))
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


def _due(count: Counter[tuple[int, Timeliness]], column: int) -> Due | None:
    on_time, late, overdue, unclear, not_due, unknown, pending = (
        count[column, one]
        for one in (
            Timeliness.ON_TIME,
            Timeliness.LATE,
            Timeliness.OVERDUE,
            Timeliness.UNCLEAR,
            Timeliness.NOT_DUE,
            Timeliness.UNKNOWN,
            Timeliness.PENDING,
        )
    )
    if not on_time + late + overdue + unclear + not_due + unknown + pending:
        return None
    return Due(
        on_time=on_time,
        late=late,
        overdue=overdue,
        unclear=unclear,
        not_due=not_due + pending,
        unknown=unknown,
        pending=pending,
    )


def _words(m: PeriodMeasures) -> str:
    marks = [o.timeliness for o in m.obligations]
    met = marks.count(Timeliness.ON_TIME) + marks.count(Timeliness.LATE)
    unclear = marks.count(Timeliness.UNCLEAR)
    return (
        f"截至{cn_date(m.snapshot.as_of)}，到本期为止的应报事项已办结{number(met)}件，"
        f"逾期未办结{number(marks.count(Timeliness.OVERDUE))}件"
        + (f"，没有报送、情况不明{number(unclear)}件" if unclear else "")
    )


PICTURE = PictureKind(
    name="calendar",
    number=9,
    title="应报事项办理日历",
    drawings=_drawings,
    words=_words,
    shows="谁在哪个月应当办结什么，办结了多少；到本专项工作结束为止，包括还没到期的。",
    reading="每格上面的条分按时办结、逾期办结、逾期未办结、情况不明、未到期；最近一次应报而没有报的单位，办没办不知道，画斜纹，不算欠；下面是“已办结/应办结”，红字是欠的件数。办公室自己的工作没有报表可以证明，只列件数。问题的解决期限由填报单位自定，晚于最后一个月的并入最后一列。",
)
