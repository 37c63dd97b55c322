"""Problems reported in free rows (正文三（三）): open, closed, past their day, how old, and whose to solve."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.measures.figures import by_role, county_of, day, histories, list_coverage, reporters, role_of, text
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date

    from pipeline.measures.figures import Coverage, ListEntry
    from pipeline.program.model import Form, Period, Program


class Solved(StrEnum):
    """Whether a problem is done with."""

    OPEN = "open"
    CLOSED = "closed"
    DROPPED = "dropped"  # given up: neither open any more nor solved


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem as it was last reported. Words are empty and days None where the cell was blank.

    Attributes:
        form: Code of its list.
        county_code: Empty for the prefecture's own.
        status: The word in the status column; ``solved`` is what it means.
        first_period: The period in which its number was first reported.
        last_period: The last one; an open problem that a later list lacks stays open, it does not vanish.
        closed_in: The period since which it has been closed, or given up; empty while open.
        age_periods: Periods it was or has been open, the first one counted as 1.
        age_days: Days from the end of the first period to the as-of date, or to the day it was closed; never below 0.
            None for a closed one without a day.
        days_overdue: Days past its day by the table of obligations; 0 where that has it not as overdue.
        seq: Submission the last report was read from.
    """

    form: str
    number: str
    prefecture_code: str
    county_code: str
    problem: str
    category: str
    level: str
    department: str
    measure: str
    due_on: date | None
    status: str
    closed_on: date | None
    solved: Solved
    first_period: str
    last_period: str
    closed_in: str
    age_periods: int
    age_days: int | None
    days_overdue: int
    seq: int

    @property
    def is_open(self) -> bool:
        """Not done with."""
        return self.solved is Solved.OPEN

    @property
    def overdue(self) -> bool:
        """Past its day by the table of obligations."""
        return self.days_overdue > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemCount:
    """Counts of problems; ``new``, ``closed_now`` and ``dropped_now``: first reported, solved, given up in the measured period.

    Each of ``total`` is ``open``, ``closed`` or ``dropped``.
    """

    total: int
    open: int
    closed: int
    dropped: int
    overdue: int
    new: int
    closed_now: int
    dropped_now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFigures:
    """Every problem reported so far.

    Attributes:
        problems: In order of first appearance.
        coverage: Prefectures whose list of this period stands.
        province: Over all; None when no prefecture ever reported.
        by_category: Category → counts, in the order of the column's options; a blank is under the empty word.
        by_level: The same by level asked to act.
        by_department: The same by department.
        by_prefecture: Prefecture code → counts; None for one that never reported: no list is not no problem.
    """

    period: Period
    problems: tuple[Problem, ...]
    coverage: Coverage
    province: ProblemCount | None
    by_category: dict[str, ProblemCount]
    by_level: dict[str, ProblemCount]
    by_department: dict[str, ProblemCount]
    by_prefecture: dict[str, ProblemCount | None]

    @property
    def open(self) -> tuple[Problem, ...]:
        """Those not done with."""
        return tuple(p for p in self.problems if p.is_open)

    def solved_by_county(self, program: Program) -> dict[str, bool]:
        """County → whether one of its problems is solved, of prefectures that ever sent a list; one given up solves none."""
        solved = {p.county_code for p in self.problems if p.solved is Solved.CLOSED}
        return {c.code: c.code in solved for c in program.counties if self.by_prefecture[c.prefecture_code] is not None}

    @property
    def new(self) -> tuple[Problem, ...]:
        """Those first reported in this period."""
        return tuple(p for p in self.problems if p.first_period == self.period.code)

    @property
    def closed_now(self) -> tuple[Problem, ...]:
        """Those solved in this period."""
        return tuple(p for p in self.problems if p.closed_in == self.period.code and p.solved is Solved.CLOSED)

    @property
    def overdue(self) -> tuple[Problem, ...]:
        """Those open past their day, longest first."""
        late = (p for p in self.problems if p.overdue)
        return tuple(sorted(late, key=lambda p: (-p.days_overdue, p.prefecture_code, p.number)))


def problem_figures(
    program: Program,
    period: Period,
    entries: Sequence[ListEntry],
    reported: Collection[tuple[str, str]],
    as_of: date,
    late: Mapping[tuple[str, str], int],
) -> ProblemFigures | None:
    """Problems up to a period; None for a campaign without such a list.

    Args:
        program: The campaign.
        period: Where we are.
        entries: Standing entries of all periods up to this one.
        reported: (period, prefecture) codes of the lists that stand, empty ones too.
        as_of: The day up to which open problems have been open.
        late: (prefecture, number) of what is overdue in the table of obligations → days past its day.
    """
    forms = program.forms_of_kind(FormKind.PROBLEMS)
    if not forms:
        return None
    problems = tuple(
        _problem(program, form, every, period, as_of, late)
        for form, every in histories(program, entries, FormKind.PROBLEMS, period)
    )
    spoke = {*reporters(program, reported, period), *(p.prefecture_code for p in problems)}
    by_prefecture = {
        p.code: _count([problem for problem in problems if problem.prefecture_code == p.code], period)
        if p.code in spoke
        else None
        for p in program.prefectures
    }
    return ProblemFigures(
        period=period,
        problems=problems,
        by_prefecture=by_prefecture,
        coverage=list_coverage(program, reported, period),
        province=_count(problems, period) if spoke else None,
        by_category=_group(forms, "category", lambda p: p.category, problems, period),
        by_level=_group(forms, "level", lambda p: p.level, problems, period),
        by_department=_group(forms, "department", lambda p: p.department, problems, period),
    )


def for_departments(figures: ProblemFigures) -> tuple[tuple[str, tuple[Problem, ...]], ...]:
    """Open problems by the department asked to solve them, in the order of the column's options, the unassigned last.

    Within a department those past their day come first, then by prefecture and number.
    """
    groups = []
    for department in sorted(figures.by_department, key=lambda name: not name):
        mine = [p for p in figures.open if p.department == department]
        mine.sort(key=lambda p: (-p.days_overdue, p.prefecture_code, p.county_code, p.number))
        if mine:
            groups.append((department, tuple(mine)))
    return tuple(groups)


def _problem(
    program: Program,
    form: Form,
    every: tuple[ListEntry, ...],
    period: Period,
    as_of: date,
    late: Mapping[tuple[str, str], int],
) -> Problem:
    first, last = program.period_by_code[every[0].period], every[-1]
    given = last.values
    county = county_of(program, last, by_role(form, "county", given))
    due_on, closed_on = day(by_role(form, "due_on", given)), day(by_role(form, "closed_on", given))
    closed_in = _closed_in(form, every)
    until = program.period_by_code[closed_in] if closed_in else period
    ended = closed_on if closed_in else as_of
    return Problem(
        form=form.code,
        number=last.number,
        prefecture_code=last.prefecture_code,
        county_code=county.code if county else "",
        problem=text(by_role(form, "problem", given)),
        category=text(by_role(form, "category", given)),
        level=text(by_role(form, "level", given)),
        department=text(by_role(form, "department", given)),
        measure=text(by_role(form, "measure", given)),
        status=text(by_role(form, "status", given)),
        due_on=due_on,
        closed_on=closed_on,
        solved=_solved(form, last) if closed_in else Solved.OPEN,
        first_period=first.code,
        last_period=last.period,
        closed_in=closed_in,
        age_periods=until.no - first.no + 1,
        age_days=max((ended - first.end).days, 0) if ended else None,
        days_overdue=late.get((last.prefecture_code, last.number), 0),
        seq=last.seq,
    )


def _closed_in(form: Form, every: tuple[ListEntry, ...]) -> str:
    """The period since which every report of it says closed; empty when the last one does not."""
    since = ""
    for row in reversed(every):
        if not _is_closed(form, row):
            break
        since = row.period
    return since


def _solved(form: Form, last: ListEntry) -> Solved:
    """What an entry that is done with came to."""
    is_dropped = form.closing is not None and last.values.get(form.closing.field) in form.closing.dropped
    return Solved.DROPPED if is_dropped else Solved.CLOSED


def _is_closed(form: Form, entry: ListEntry) -> bool:
    if form.closing:
        return entry.values.get(form.closing.field) in form.closing.values
    return day(by_role(form, "closed_on", entry.values)) is not None


def _group(
    forms: Iterable[Form], role: str, key: Callable[[Problem], str], problems: Sequence[Problem], period: Period
) -> dict[str, ProblemCount]:
    options = (option for form in forms if (column := role_of(form, role)) for option in column.options)
    names = dict.fromkeys((*options, *(key(p) for p in problems)))
    return {name: _count([p for p in problems if key(p) == name], period) for name in names}


def _count(problems: Sequence[Problem], period: Period) -> ProblemCount:
    solved = [p.solved for p in problems]
    now = [p.solved for p in problems if p.closed_in == period.code]
    return ProblemCount(
        total=len(problems),
        open=solved.count(Solved.OPEN),
        closed=solved.count(Solved.CLOSED),
        dropped=solved.count(Solved.DROPPED),
        overdue=sum(p.overdue for p in problems),
        new=sum(p.first_period == period.code for p in problems),
        closed_now=now.count(Solved.CLOSED),
        dropped_now=now.count(Solved.DROPPED),
    )
