"""Steps of section 四: who has taken them, on time or late, and who has not said. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.measures.figures import PROVINCE, asked, day, roster_of, yes
from pipeline.program.model import NOT_APPLICABLE, FormKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from pipeline.measures.figures import Given
    from pipeline.measures.known import KnownState
    from pipeline.program.model import Form, Milestone, Program, Rows


class Step(StrEnum):
    """Where a unit stands on a milestone."""

    DONE = "done"
    LATE = "late"  # done, on a day after the one it was due
    NOT_DONE = "not_done"
    SILENT = "silent"  # said before that it was not done, and nothing this period
    NOT_REPORTED = "not_reported"  # never said, or left blank
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnitStep:
    """One unit on one milestone.

    Attributes:
        done_on: The last day given, where several columns serve the milestone; None when not given.
        overdue: The table of obligations says so.
    """

    unit_code: str
    prefecture_code: str
    step: Step
    done_on: date | None
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _StepCount:
    """Units by where they stand; ``prefecture_code`` is empty for the province.

    Attributes:
        undated: Of ``done``, those that gave no day: they cannot be known to be late.
        overdue: Units that owe it by the table of obligations, whichever of the others they stand among.
    """

    prefecture_code: str
    done: int
    late: int
    not_done: int
    silent: int
    not_reported: int
    not_applicable: int
    undated: int
    overdue: int
    roster: int

    @property
    def reported(self) -> int:
        """Units that ever said where they stand."""
        return self.roster - self.not_reported


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneFigures:
    """One milestone at one level: the counties', or the prefectures' own. A milestone of both has two."""

    milestone: Milestone
    level: Rows
    units: tuple[_UnitStep, ...]
    prefectures: tuple[_StepCount, ...]
    province: _StepCount


def milestone_figures(
    program: Program, known: KnownState, late: Collection[tuple[str, str]]
) -> tuple[MilestoneFigures, ...]:
    """Every milestone some sheet of the period asks about, in the notice's order; counties before prefectures.

    Args:
        program: The campaign.
        known: What is known of every unit.
        late: (milestone, unit) of what is overdue in the table of obligations.
    """
    forms = sorted(program.forms_of_kind(FormKind.MILESTONES), key=lambda f: f.rows)
    return tuple(
        _figures(program, form, milestone, known, late)
        for milestone in program.milestones
        for form in forms
        if asked(form, known.period, "done", milestone.code)
    )


def _figures(
    program: Program, form: Form, milestone: Milestone, known: KnownState, late: Collection[tuple[str, str]]
) -> MilestoneFigures:
    units = tuple(
        _unit(form, milestone, unit.code, unit.prefecture_code, known, late) for unit in roster_of(program, form)
    )
    return MilestoneFigures(
        milestone=milestone,
        level=form.rows,
        units=units,
        province=_count(PROVINCE, units),
        prefectures=tuple(
            _count(p.code, [u for u in units if u.prefecture_code == p.code]) for p in program.prefectures
        ),
    )


def _unit(
    form: Form,
    milestone: Milestone,
    code: str,
    prefecture_code: str,
    known: KnownState,
    late: Collection[tuple[str, str]],
) -> _UnitStep:
    given = known.values.get(code, {})
    done_on = max((d for f in form.of_role("done_on", milestone.code) if (d := day(given.get(f.code)))), default=None)
    step = _step(form, milestone, given, done_on)
    if step is Step.NOT_DONE and code not in known.reported:
        step = Step.SILENT
    return _UnitStep(
        unit_code=code,
        prefecture_code=prefecture_code,
        step=step,
        done_on=done_on if step in {Step.DONE, Step.LATE} else None,
        overdue=(milestone.code, code) in late,
    )


def _step(form: Form, milestone: Milestone, given: Given, done_on: date | None) -> Step:
    """One no is enough for not done; else one blank for not reported."""
    typed = [given.get(f.code) for f in form.of_role("done", milestone.code)]
    answers = [yes(value) for value in typed if value != NOT_APPLICABLE]
    if not answers:
        return Step.NOT_APPLICABLE
    if False in answers:
        return Step.NOT_DONE
    if None in answers:
        return Step.NOT_REPORTED
    return Step.LATE if done_on and milestone.due and done_on > milestone.due else Step.DONE


def _count(prefecture_code: str, units: Sequence[_UnitStep]) -> _StepCount:
    steps = [u.step for u in units]
    return _StepCount(
        prefecture_code=prefecture_code,
        roster=len(units),
        overdue=sum(u.overdue for u in units),
        undated=sum(u.step is Step.DONE and u.done_on is None for u in units),
        **{step.value: steps.count(step) for step in Step},
    )
