"""What is owed, by month."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from pipeline.measures.obligation import KIND_NAMES, ObligationKind
from pipeline.measures.overdue import obligations
from pipeline.measures.timeliness import Timeliness
from pipeline.products.drawing.calendar import CalendarRow, Due
from pipeline.products.drawing.calendar import calendar as draw_calendar
from pipeline.products.pictures.registry import PictureKind, whole
from pipeline.products.wording import cn_date, number
from pipeline.program.calendar import Calendar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipeline.measures.overdue import Obligation
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.pictures.registry import Parts
    from pipeline.program.model import Period
    from pipeline.program.words import Words

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
            draw_calendar,
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
    return Due(on_time=on_time, late=late, overdue=overdue, not_due=not_due + pending, unknown=unknown, pending=pending)


def _words(m: PeriodMeasures) -> str:
    marks = [o.timeliness for o in m.obligations]
    met = marks.count(Timeliness.ON_TIME) + marks.count(Timeliness.LATE)
    return f"截至{cn_date(m.snapshot.as_of)}，到本期为止的应报事项已办结{number(met)}件，逾期未办结{number(marks.count(Timeliness.OVERDUE))}件"


PICTURE = PictureKind(
    name="calendar",
    number=9,
    title="应报事项办理日历",
    drawings=_drawings,
    words=_words,
    shows="谁在哪个月应当办结什么，办结了多少；到本专项工作结束为止，包括还没到期的。",
    reading="每格上面的条分按时办结、逾期办结、逾期未办结、未到期；下面是“已办结/应办结”，红字是欠的件数。办公室自己的工作没有报表可以证明，只列件数。问题的解决期限由填报单位自定，晚于最后一个月的并入最后一列。",
)
