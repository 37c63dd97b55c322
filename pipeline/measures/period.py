"""All measures of one period as of a day, computed once and read by every report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.ledger.went_out import WentOut
from pipeline.measures.burden import burdens
from pipeline.measures.chance import Band, Banded, banded
from pipeline.measures.commendation import Commendation, commendation
from pipeline.measures.completion import NOBODY, Completion, UnitPart, changing_targets, completion
from pipeline.measures.contacts import ContactFigures, contact_figures
from pipeline.measures.corrections import Correction, corrections
from pipeline.measures.escalation import Letter, letters
from pipeline.measures.explanations import Explanation, explanations
from pipeline.measures.funding import FundingFigures, funding_figures
from pipeline.measures.goals import GoalFigures, goal_figures
from pipeline.measures.highlights import HighlightFigures, highlight_figures
from pipeline.measures.known import known_states, noted
from pipeline.measures.milestones import MilestoneFigures, milestone_figures
from pipeline.measures.outliers import Against, Outlier, outliers, with_answers
from pipeline.measures.overdue import late_problems, late_steps
from pipeline.measures.problems import ProblemFigures, problem_figures
from pipeline.measures.progress import Pace, ProvinceResult, Total, assess, province_results, totals
from pipeline.measures.proofs import NamedProof, proofs
from pipeline.measures.reported import ReportedPeriod
from pipeline.measures.social import SocialFigures, social_figures
from pipeline.measures.ten_tasks import TaskFigures, aside_figures, survey_figures, ten_task_figures
from pipeline.program.model import FormKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pipeline.domain.row import AcceptedRow
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.burden import Burden
    from pipeline.measures.known import KnownState
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Prefecture, Program


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Completion of one period, each level counted when it is first asked for: of earlier periods few are.

    Attributes:
        whole: The campaign as written.
        period: Which.
        assessed: Its units and quantities.
        names: Unit of it → the same unit in the period it is compared with.
    """

    whole: Program
    period: Period
    assessed: pd.DataFrame
    names: Mapping[str, str]

    @cached_property
    def province(self) -> Completion:
        """Of the whole."""
        return self._by()[()]

    @cached_property
    def by_prefecture(self) -> dict[str, Completion]:
        """Of each prefecture, also where nothing may be judged."""
        found = dict.fromkeys((p.code for p in self.whole.at(self.period).prefectures), NOBODY)
        return found | {str(key[0]): done for key, done in self._by("prefecture_code").items()}

    @cached_property
    def by_county(self) -> dict[str, Completion]:
        """Of each unit measured."""
        found = dict.fromkeys((unit.code for unit in self.whole.at(self.period).measured), NOBODY)
        return found | {str(key[0]): done for key, done in self._by("county_code").items()}

    @cached_property
    def by_action(self) -> dict[int, Completion]:
        """Of each action that has quantities, whether or not any is judged in the period."""
        found = {int(str(key[0])): done for key, done in self._by("action").items()}
        return {no: found.get(no, _nothing_of(self.province)) for no in self._judged}

    @cached_property
    def by_prefecture_action(self) -> dict[tuple[str, int], Completion]:
        """Of each prefecture and action."""
        found = {(str(key[0]), int(str(key[1]))): done for key, done in self._by("prefecture_code", "action").items()}
        return {
            (code, no): found.get((code, no), _nothing_of(done))
            for code, done in self.by_prefecture.items()
            for no in self._judged
        }

    def _by(self, *columns: str) -> dict[tuple[object, ...], Completion]:
        return completion(self.assessed, columns, changing_targets(self.whole, self.period), self.names)

    @property
    def _judged(self) -> list[int]:
        asked = {q.action for q in self.whole.quantities if q.fields}
        return [action.no for action in self.whole.actions if action.no in asked]


@dataclass(frozen=True, kw_only=True)
class Systems:
    """The figures of what the notice has besides the eight actions, each made when it is first asked for.

    None or empty where the campaign lacks it.
    """

    m: PeriodMeasures

    @cached_property
    def funding(self) -> FundingFigures:
        """Money planned, received, matched and spent."""
        return funding_figures(self.m.program, self.m.period, self.m.known.values)

    @cached_property
    def social(self) -> SocialFigures | None:
        """Social workers and what they are paid with."""
        return social_figures(self.m.program, self.m.period, self.m.known.values)

    @cached_property
    def problems(self) -> ProblemFigures | None:
        """The list of problems."""
        m = self.m
        return problem_figures(
            m.program,
            m.period,
            self._entries(FormKind.PROBLEMS),
            self._listed,
            m.snapshot.as_of,
            late_problems(m.obligations),
        )

    @cached_property
    def highlights(self) -> HighlightFigures | None:
        """The list of highlights."""
        m = self.m
        entries = self._entries(FormKind.HIGHLIGHTS)
        return highlight_figures(m.program, m.period, entries, self._listed, m.snapshot.as_of)

    @cached_property
    def contacts(self) -> ContactFigures | None:
        """Who is paired with whom, and who came."""
        m = self.m
        most = next((strand.most for strand in m.program.strands if strand.most), len(m.program.counties))
        return contact_figures(m.program, m.known.values, min(m.period.end, m.snapshot.as_of), most=most)

    @cached_property
    def milestones(self) -> tuple[MilestoneFigures, ...]:
        """Steps done."""
        return milestone_figures(self.m.program, self.m.known, late_steps(self.m.obligations))

    @cached_property
    def ten_tasks(self) -> tuple[TaskFigures, ...]:
        """附件4."""
        m = self.m
        solved = self.problems.solved_by_county(m.program) if self.problems else {}
        return ten_task_figures(m.program, m.period, m.known.values, m.program.ten_tasks, solved)

    @cached_property
    def survey(self) -> tuple[TaskFigures, ...]:
        """附件5."""
        return survey_figures(self.m.program, self.m.period, self.m.known.values)

    @cached_property
    def asides(self) -> tuple[TaskFigures, ...]:
        """What is asked beside the quantities of an item: in which forms, of whom, when last."""
        return aside_figures(self.m.program, self.m.period, self.m.known.values)

    @cached_property
    def goals(self) -> tuple[GoalFigures, ...]:
        """Made of the quantities."""
        return goal_figures(self.m.assessed, self.m.program.goals)

    def _entries(self, kind: FormKind) -> tuple[AcceptedRow, ...]:
        return self.m.snapshot.entries(self.m.program.forms_of_kind(kind), self.m.period)

    @cached_property
    def _listed(self) -> set[tuple[str, str]]:
        """(period, prefecture) of every list that stands."""
        m = self.m
        return {
            (period.code, prefecture.code)
            for period in m.program.periods_through(m.period)
            for prefecture in m.program.prefectures
            if m.snapshot.state(period, prefecture).is_reported
        }


@dataclass(frozen=True, kw_only=True)
class PeriodMeasures(ReportedPeriod):
    """What the reports of a period say, and nothing they may not say; each figure is made when it is first asked for.

    Attributes:
        published: The dataset as it was for the last bulletin, so that this one can say what moved; None where there was none.
    """

    published: Snapshot | None = None

    @cached_property
    def known_states(self) -> tuple[KnownState, ...]:
        """What is known as of each period up to this one; the last is this period's."""
        return known_states(self.whole, self.snapshot, self.period)

    def noting(self, asked: set[str]) -> PeriodMeasures:
        """The same afresh: which fields are asked for, while anything is made of it, is noted in ``asked``."""
        snapshot, states = noted(self.snapshot, self.known_states, asked)
        afresh = replace(self, snapshot=snapshot)
        vars(afresh)["known_states"] = states
        return afresh

    @property
    def known(self) -> KnownState:
        """What is known as of this period: what every figure is made from."""
        return self.known_states[-1]

    @cached_property
    def _assessments(self) -> list[tuple[Period, pd.DataFrame]]:
        return [(known.period, assess(self.whole, known.period, known)) for known in self.known_states]

    @property
    def assessed(self) -> pd.DataFrame:
        """This period's units and quantities; see :func:`pipeline.measures.progress.assess`."""
        return self._assessments[-1][1]

    @cached_property
    def scores(self) -> tuple[Scores, ...]:
        """One entry per period up to this one; the last is this period's."""
        return tuple(
            Scores(whole=self.whole, period=period, assessed=assessed, names=self._names(period))
            for period, assessed in self._assessments
        )

    def _names(self, period: Period) -> dict[str, str]:
        """Unit of a period → the same unit in this one, where it is the same."""
        return {then: unit.code for unit in self.program.measured if (then := self.whole.comparable_code(unit, period))}

    @cached_property
    def totals(self) -> tuple[Total, ...]:
        """Each quantity over all counties of which it is known."""
        return totals(self.program, self.period, self.known, self.assessed)

    @cached_property
    def province_results(self) -> tuple[ProvinceResult, ...]:
        """What the province as a whole has to reach."""
        return province_results(self.program, self.known.values)

    @cached_property
    def bands(self) -> dict[str, Banded]:
        """Prefecture code → its band among those of which enough is reported; see :mod:`pipeline.measures.chance`."""
        said = self.program.bulletin
        return banded(self.now.province, self.now.by_prefecture, chance=said.chance, coverage=said.coverage)

    def bands_on(self, action: int) -> dict[str, Banded]:
        """The same for one action's targets."""
        said, codes = self.program.bulletin, [p.code for p in self.program.prefectures]
        parts = {code: self.now.by_prefecture_action[code, action] for code in codes}
        return banded(self.now.by_action[action], parts, chance=said.chance, coverage=said.coverage)

    @cached_property
    def paces(self) -> dict[Pace, int]:
        """Targets that apply, of the counties that reported, by where they are on their expected path."""
        return {pace: sum(record.paces[pace] for record in self.commendation.records) for pace in Pace}

    @cached_property
    def prefecture_order(self) -> tuple[Prefecture, ...]:
        """Prefectures ahead, those within chance, those behind, those that stand nowhere; each in the order of the programme."""
        places = list(Band)

        def place(prefecture: Prefecture) -> int:
            mine = self.bands.get(prefecture.code)
            return places.index(mine.band) if mine else len(places)

        return tuple(sorted(self.program.prefectures, key=place))

    @cached_property
    def systems(self) -> Systems:
        """What the notice has besides the eight actions."""
        return Systems(m=self)

    @cached_property
    def commendation(self) -> Commendation:
        """Who may be commended, and who lags."""
        return commendation(self.program, self.period, self.assessed, self.obligations, self.program.bulletin.chance)

    @cached_property
    def burdens(self) -> tuple[dict[str, Burden], ...]:
        """Unit → what was asked of it, for each period up to this one; nothing where no workbook is known to have gone out."""
        went_out = WentOut(program=self.whole, snapshot=self.snapshot)
        sent = {one.period for one in self.snapshot.sendings if one.prefilled}
        states = self.known_states if sent else ()
        return tuple(burdens(self.whole, self.snapshot, one, went_out) for one in states)

    @cached_property
    def explanations(self) -> tuple[Explanation, ...]:
        """Figures of this period that stand on a reason."""
        return explanations(self.snapshot, self.period)

    @cached_property
    def proofs(self) -> tuple[NamedProof, ...]:
        """Documents that returns name, and whether they came."""
        return proofs(self.program, self.known, self.snapshot.acts)

    @cached_property
    def outliers(self) -> tuple[Outlier, ...]:
        """Values unlike the county's past and its peers', or that fell, with what came of asking: for staff to look at."""
        explained = {(one.finding.county_code, one.finding.field) for one in self.explanations}
        return with_answers(
            (
                one
                for one in outliers(self.program, self.period, self.known_states)
                if one.against is not Against.FELL or (one.county_code, one.field) not in explained
            ),
            self.program,
            self.snapshot,
            self.known,
        )

    @cached_property
    def letters(self) -> tuple[Letter, ...]:
        """Letters that what is overdue calls for."""
        return letters(self.program, self.obligations, self.calendar, self.snapshot.as_of)

    @cached_property
    def corrections(self) -> tuple[Correction, ...]:
        """Earlier periods whose figures moved after they were published."""
        return corrections(self.whole, self.published, self.period, self.snapshot)

    @property
    def now(self) -> Scores:
        """This period."""
        return self.scores[-1]

    @property
    def before(self) -> Scores | None:
        """The period before, if any."""
        return self.scores[-2] if len(self.scores) > 1 else None


def measure_period(
    program: Program, snapshot: Snapshot, calendar: Calendar, period: Period, published: Snapshot | None = None
) -> PeriodMeasures:
    """Everything reports need for ``period``, from what was received by the snapshot's day; see :class:`PeriodMeasures`."""
    return PeriodMeasures(whole=program, snapshot=snapshot, calendar=calendar, period=period, published=published)


def _nothing_of(done: Completion) -> Completion:
    """Of an action none of whose quantities is judged in the period any more."""
    none = {code: UnitPart(met=0, applicable=0) for code in done.units}
    return Completion(met=0, applicable=0, reported=done.reported, roster=done.roster, known=done.known, units=none)
