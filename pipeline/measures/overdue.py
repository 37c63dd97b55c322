"""What is owed by whom, whether it is met, by what, and why not: the overdue list is the obligations not met.

One table for everything ``program/`` says somebody owes by a day. A program without a sheet for a system of the notice
has no obligations of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.domain.obligation import BEHIND, Obligation, ObligationKind, Reason, Timeliness, timeliness
from pipeline.domain.signing import SignOff, SignState
from pipeline.domain.state import State, Verdict
from pipeline.ledger.receipt import receipts
from pipeline.measures.evidence import entries, evidence_of, said
from pipeline.measures.known import stands
from pipeline.measures.parties import Parties
from pipeline.measures.quarters import quarters
from pipeline.measures.timeliness import Remembering, county_history, pending_until, prefecture_history
from pipeline.program.model import YES, County, FormKind, Milestone, Prefecture, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.domain.entries import Submission
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.receipt import Receipt
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.measures.evidence import Evidence, Said
    from pipeline.measures.quarters import Quarter
    from pipeline.measures.timeliness import Arrived
    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Duty, Field, Form, Period, Program, Unit

_FEWEST_VISITS = 1  # 三（二）: 实地调研指导推动工作不少于1次
_WHY_UNSIGNED = {SignState.UNSIGNED: Reason.UNSIGNED, SignState.VOID: Reason.VOID}
_PROBLEM_WORDS = 30  # of a problem's text in the name of the obligation


def obligations(program: Program, snapshot: Snapshot, calendar: Calendar, through: Period) -> tuple[Obligation, ...]:
    """Everything owed up to ``through``: by period, kind, prefectures before counties, in code order.

    What is owed goes by ``through``; whether it is met, by everything received by the snapshot's day. The office's own
    duties are always all there.
    """
    days = Remembering(overrides=calendar.overrides)
    table = _Table(program=program, snapshot=snapshot, calendar=days, through=through)
    owed = [*table.reports(), *table.highlights(), *table.milestones(), *table.visits(), *table.problems()]
    owed += table.signatures()
    owed = [o for o in owed if o.period.no <= through.no] + list(table.office())
    kinds = list(ObligationKind)
    return tuple(
        sorted(owed, key=lambda o: (o.period.no, kinds.index(o.kind), o.is_county, o.unit, o.due_on, o.serves))
    )


def overdue_counties(owed: tuple[Obligation, ...], period: Period) -> tuple[Obligation, ...]:
    """The overdue list of a period's reports: by prefecture, then county."""
    late = (o for o in owed if o.is_report and o.is_measured and o.overdue and o.period == period)
    return tuple(sorted(late, key=lambda o: (o.prefecture.code, o.who)))


def pending_reports(owed: Iterable[Obligation], period: Period) -> tuple[Obligation, ...]:
    """A period's reports that are not overdue because what came of them has to be dealt with first."""
    return tuple(
        o for o in owed if o.period == period and o.is_report and o.is_measured and o.timeliness is Timeliness.PENDING
    )


def overdue_others(owed: tuple[Obligation, ...]) -> tuple[Obligation, ...]:
    """What respondents and their counties owe besides the period's reports and is overdue: by kind, prefecture and unit."""
    late = (o for o in owed if not o.is_report and not o.is_of_contact and o.overdue)
    return tuple(
        sorted(late, key=lambda o: (list(ObligationKind).index(o.kind), o.prefecture.code, o.who, o.due_on, o.serves))
    )


def overdue_contacts(owed: tuple[Obligation, ...]) -> tuple[Obligation, ...]:
    """What those paired with counties owe and is overdue: by contact, the notice's before those entered, and county."""
    late = (o for o in owed if o.is_of_contact and o.overdue)
    return tuple(sorted(late, key=lambda o: (not o.contacts[0].given, o.who, o.unit, o.due_on, o.serves, o.what)))


def late_steps(owed: tuple[Obligation, ...]) -> frozenset[tuple[str, str]]:
    """(milestone, unit whose row shows it) of every step of section 四 that is overdue."""
    kinds = {ObligationKind.MILESTONE, ObligationKind.MATERIAL}
    return frozenset((o.serves, o.unit) for o in owed if o.kind in kinds and o.overdue)


def late_problems(owed: tuple[Obligation, ...]) -> dict[tuple[str, str], int]:
    """(prefecture, number) of every problem that is overdue → days past its day."""
    return {
        (o.prefecture.code, o.serves): o.days_overdue for o in owed if o.kind is ObligationKind.PROBLEM and o.overdue
    }


@dataclass(frozen=True, kw_only=True)
class _Table:
    """The four things every obligation is judged by."""

    program: Program
    snapshot: Snapshot
    calendar: Calendar
    through: Period

    def reports(self) -> Iterator[Obligation]:
        """五（四）：每两个月报送1次工作推进信息."""
        for prefecture in self.program.prefectures:
            for arrived in prefecture_history(self.program, self.snapshot, self.calendar, prefecture, self.through):
                yield self._report(prefecture, arrived)
        for county in (*self.program.counties, *self.program.other_counties):
            for arrived in county_history(self.program, self.snapshot, self.calendar, county, self.through):
                yield self._report(county, arrived)

    def _report(self, unit: Unit, arrived: Arrived) -> Obligation:
        overdue, mine = arrived.timeliness is Timeliness.OVERDUE, self._parties.responsible(unit, "")
        due = self.snapshot.period_of(arrived.period, unit)
        return Obligation(
            kind=ObligationKind.REPORT,
            who=mine.code,
            name=mine.name,
            owner=mine.owner,
            unit=unit.code,
            unit_name=unit.short_name,
            prefecture=self._prefecture(unit),
            what=f"{arrived.period.title}{self.program.words.report}",
            serves="",
            period=arrived.period,
            due_on=due.due_on,
            extended=due.extended,
            hand_in_by=self.calendar.last_workday_by(due.due_on),
            answer_by=due.due_on,
            met=arrived.met_on is not None,
            met_on=arrived.met_on,
            timeliness=arrived.timeliness,
            days_overdue=arrived.days if overdue else 0,
            workdays_overdue=arrived.workdays if overdue else 0,
            streak=arrived.streak,
            reason=Reason.NONE if arrived.met_on else self._silence(unit, arrived.period),
            contacts=self._parties.addressed(unit),
            contact=self._parties.in_words(unit),
            submission=self._report_seq(unit, arrived.period) if arrived.met_on else 0,
            sheet="",
            cell="",
        )

    def signatures(self) -> Iterator[Obligation]:
        """Of those of whom something was accepted, where the programme asks for it: due with the report."""
        if self.program.sign_off is not SignOff.REQUIRED:
            return
        for period in self.program.periods_through(self.through):
            for receipt in receipts(self.program, self.snapshot, period).values():
                yield self._signature(period, receipt)

    def _signature(self, period: Period, receipt: Receipt) -> Obligation:
        p, due = receipt.prefecture, self.snapshot.period_of(period, receipt.prefecture)
        act = receipt.signed if receipt.state is SignState.SIGNED else None
        on, as_of = (act.day or act.done_on) if act else None, self.snapshot.as_of
        judged, mine = timeliness(due.due_on, on, as_of), self._parties.responsible(p, "")
        overdue = judged is Timeliness.OVERDUE
        return Obligation(
            kind=ObligationKind.SIGN_OFF,
            who=mine.code,
            name=mine.name,
            owner=mine.owner,
            unit=p.code,
            unit_name=p.short_name,
            prefecture=p,
            what=f"{period.title}确认单签字盖章",
            serves="",
            period=period,
            due_on=due.due_on,
            extended=due.extended,
            hand_in_by=self.calendar.last_workday_by(due.due_on),
            answer_by=due.due_on,
            met=act is not None,
            met_on=on,
            timeliness=judged,
            days_overdue=(as_of - due.due_on).days if overdue else 0,
            workdays_overdue=self.calendar.workdays_between(due.due_on, as_of) if overdue else 0,
            streak=self._missed(p, period, on or as_of) if judged in BEHIND else 0,
            reason=_WHY_UNSIGNED.get(receipt.state, Reason.NONE),
            contacts=(),
            contact="",
            submission=0,
            sheet="",
            cell="",
        )

    def _report_seq(self, unit: Unit, period: Period) -> int:
        first, numbers = self.snapshot.first_accepted, self.snapshot.first_reports
        if isinstance(unit, County):
            return numbers.get((period.code, unit.code), 0)
        got = [
            (first[key], numbers.get(key, 0))
            for c in self.program.at(period).measured_of(unit.code)
            if (key := (period.code, c.code)) in first
        ]
        return min(got)[1]

    @cached_property
    def _parties(self) -> Parties:
        return Parties(program=self.program, snapshot=self.snapshot)

    def highlights(self) -> Iterator[Obligation]:
        """五（四）：每季度至少报送1条亮点工作或经验推广信息."""
        for form in self.program.forms_of_kind(FormKind.HIGHLIGHTS):
            for dated in form.of_role("dated_on"):
                written: dict[str, list[AcceptedRow]] = {}
                for _, prefecture, row in entries(self.program, self.snapshot, form):
                    written.setdefault(prefecture.code, []).append(row)
                for prefecture in self.program.prefectures:
                    yield from self._quarterly(form, dated, prefecture, written.get(prefecture.code, []))

    def _quarterly(
        self, form: Form, dated: Field, prefecture: Prefecture, written: list[AcceptedRow]
    ) -> Iterator[Obligation]:
        streak = 0
        for quarter in quarters(self.program.window):
            mine = [row for row in written if _within(row.values.get(dated.code), quarter)]
            first = min(mine, key=lambda row: (row.received_on, row.seq, row.sheet_row), default=None)
            met = evidence_of(self.snapshot, first, dated, None) if first else None
            owed = self._settle(
                ObligationKind.HIGHLIGHT,
                prefecture,
                f"{quarter.title}{self._title(dated.serves) or form.title}",
                dated.serves,
                quarter.end,
                met,
                Reason.NO_ENTRY,
            )
            streak = streak + 1 if owed.timeliness in BEHIND else 0
            yield replace(owed, streak=streak)

    def milestones(self) -> Iterator[Obligation]:
        """正文四的工作步骤, those with a day and a column."""
        for form in self.program.forms_of_kind(FormKind.MILESTONES):
            for step in self.program.milestones:
                columns, days = form.of_role("done", step.code), form.of_role("done_on", step.code)
                kind = ObligationKind.MATERIAL if step.material else ObligationKind.MILESTONE
                for unit in self._units(form) if step.due and columns else ():
                    answers = [
                        said(self.program, self.snapshot, form, unit, field, _paired(days, n), _is_yes)
                        for n, field in enumerate(columns)
                    ]
                    what = f"{self._place(unit, step.code)}{step.deliverable}"
                    yield from self._stated(kind, unit, answers, what, step.code, step.due)

    def visits(self) -> Iterator[Obligation]:
        """三（二）专项调研: the visit itself, and its report."""
        for form in self.program.forms_of_kind(FormKind.CONTACTS):
            for role, day_role, enough in (("visits", "visited_on", _visited), ("report", "report_on", _is_yes)):
                for n, column in enumerate(form.of_role(role)):
                    day, due_on = _paired(form.of_role(day_role), n), self._due(column.serves)
                    for unit in self._units(form):
                        answer = said(self.program, self.snapshot, form, unit, column, day, enough)
                        named = self._place(unit, column.serves)
                        what = (
                            f"到{named or self.program.words.row}实地调研（不少于{_FEWEST_VISITS}次）"
                            if role == "visits"
                            else f"{named}{self._title(column.serves) or form.title}"
                        )
                        yield from self._stated(ObligationKind.VISIT, unit, [answer], what, column.serves, due_on)

    def _place(self, unit: Unit, step: str) -> str:
        """Of which unit a step is, where somebody else owes it; empty where who owes it says so already."""
        return unit.short_name if step in self.program.party_of else ""

    def _stated(
        self, kind: ObligationKind, unit: Unit, answers: Sequence[Said], what: str, serves: str, due_on: date | None
    ) -> Iterator[Obligation]:
        """Met when every column that is not 不适用 says so, on the last of their days."""
        asked = [answer for answer in answers if not answer.exempt]
        if due_on and asked:
            met = [answer.met for answer in asked if answer.met]
            last = max(met, key=lambda evidence: evidence.on) if len(met) == len(asked) else None
            yield self._settle(kind, unit, what, serves, due_on, last, Reason.NOT_DONE, step=serves)

    def problems(self) -> Iterator[Obligation]:
        """三（三）问题攻坚: every problem with a day, listed in a return up to ``through``, as it stands in the last that has it.

        One that was given up is not owed any more, and was not met either.
        """
        for form in self.program.forms_of_kind(FormKind.PROBLEMS):
            due, closing = next(iter(form.of_role("due_on")), None), form.closing
            if due is None or closing is None:
                continue
            last: dict[tuple[str, str], AcceptedRow] = {}
            known: set[tuple[str, str]] = set()
            for period, prefecture, row in entries(self.program, self.snapshot, form):
                last[prefecture.code, row.entry] = row
                if period.no <= self.through.no:
                    known.add((prefecture.code, row.entry))
            for key in sorted(known):
                day, status = last[key].values.get(due.code), last[key].values.get(closing.field)
                if isinstance(day, date) and status not in closing.dropped:
                    prefecture = self.program.prefecture_by_code[key[0]]
                    yield self._problem(form, prefecture, last[key], day, status)

    def _problem(self, form: Form, prefecture: Prefecture, row: AcceptedRow, due_on: date, status: Value) -> Obligation:
        closing = form.closing
        field = self.program.field_by_code[closing.field if closing else ""]
        closed_on = next(iter(form.of_role("closed_on")), None)
        closed = closing is not None and status in closing.values
        met = evidence_of(self.snapshot, row, field, closed_on) if closed else None
        words = next((str(row.values.get(f.code) or "") for f in form.of_role("problem")), "")
        short = words if len(words) <= _PROBLEM_WORDS else words[:_PROBLEM_WORDS] + "……"
        owed = self._settle(
            ObligationKind.PROBLEM,
            self._owner(form, prefecture, row),
            f"解决问题{row.entry}：{short}",
            row.entry,
            due_on,
            met,
            Reason.OPEN,
            said_by=prefecture,
        )
        place = self.snapshot.origin_of(row, field.code)
        return replace(owed, submission=place.submission, sheet=place.sheet, cell=place.cell)

    def _owner(self, form: Form, prefecture: Prefecture, row: AcceptedRow) -> Unit:
        """The county an entry names, by code or name; else the prefecture."""
        named = next((row.values.get(f.code) for f in form.of_role("county")), None)
        heirs = (self.program.heir(c, self.through) for c in self._meant.get(named, ()))
        return next((c for c in heirs if c and c.prefecture_code == prefecture.code), prefecture)

    @cached_property
    def _meant(self) -> dict[Value, list[County]]:
        """Code or name → the counties, of any time, that an entry may mean by it."""
        found: dict[Value, list[County]] = {}
        for county in (*self.program.counties, *self.program.other_counties):
            for name in {county.code, *county.names}:
                found.setdefault(name, []).append(county)
        return found

    def office(self) -> Iterator[Obligation]:
        """五、附件2: what the office owes itself. No return says whether it is met, so nothing here does."""
        done_by_sheet = {f.serves for form in self.program.forms for f in form.fields if f.serves}
        mine = [x for x in self.program.steps if x.office and x.code not in done_by_sheet]
        office, why = self.program.office, Reason.SELF_CHECK
        itself = Prefecture(code="", name=office, short_name=office)
        for duty in mine:
            for what, due_on in self._office_days(duty):
                owed = self._settle(ObligationKind.OFFICE_DUTY, itself, what, duty.code, due_on, None, why)
                yield replace(
                    owed,
                    met=None,
                    reason=why,
                    timeliness=Timeliness.UNKNOWN,
                    days_overdue=0,
                    workdays_overdue=0,
                    streak=0,
                )

    def _office_days(self, owed: Milestone | Duty) -> Iterator[tuple[str, date]]:
        """Quarterly duties at quarter ends, all without a day by the close."""
        end = self.program.window.end
        if isinstance(owed, Milestone):
            yield owed.deliverable, owed.due or end
        elif owed.quarterly:
            yield from ((f"{quarter.title}{owed.title}", quarter.end) for quarter in quarters(self.program.window))
        else:
            yield f"{owed.title}（{owed.frequency}）", owed.due or end

    def _settle(
        self,
        kind: ObligationKind,
        unit: Unit,
        what: str,
        serves: str,
        due_on: date,
        met: Evidence | None,
        reason: Reason,
        *,
        said_by: Unit | None = None,
        step: str = "",
    ) -> Obligation:
        """One obligation judged.

        Args:
            kind: What sort of thing.
            unit: Whose it is.
            what: In words.
            serves: Code it comes from.
            due_on: The notice's day.
            met: What meets it.
            reason: Why not, where a return stands that could have said so.
            said_by: Who says that it is not done, whichever return of theirs that was; None where it is the unit's own to say.
            step: Code of the step or duty that says who owes it; the unit itself where it is empty.
        """
        as_of, period = self.snapshot.as_of, self._shown_in(due_on)
        answer_by = max(due_on, self.snapshot.period_of(period, unit).due_on)
        heard = said_by is not None or any(
            stands(self.snapshot, p, unit.code) for p in self.program.periods[period.no - 1 :]
        )
        deadline = due_on if (met.dated if met else heard) else answer_by
        pending = None if heard else pending_until(self.program, self.snapshot, period, unit)
        judged = timeliness(deadline, met.on if met else None, as_of, pending)
        if judged is Timeliness.OVERDUE and not self._spoke(said_by or unit):
            judged, reason = Timeliness.UNCLEAR, self._silence(said_by or unit, self._periods_due(unit, as_of)[-1])
        overdue, owed_by = judged is Timeliness.OVERDUE, self._parties.responsible(unit, step)
        return Obligation(
            kind=kind,
            who=owed_by.code,
            name=owed_by.name,
            owner=owed_by.owner,
            unit=unit.code,
            unit_name=unit.short_name,
            prefecture=self._prefecture(unit),
            what=what,
            serves=serves,
            period=period,
            due_on=due_on,
            hand_in_by=self.calendar.last_workday_by(due_on),
            answer_by=answer_by,
            met=met is not None,
            met_on=met.on if met else None,
            timeliness=judged,
            days_overdue=(as_of - due_on).days if overdue else 0,
            workdays_overdue=self.calendar.workdays_between(due_on, as_of) if overdue else 0,
            streak=self._missed(unit, period, met.on if met else as_of) if judged in BEHIND else 0,
            reason=Reason.NONE if met else reason if heard else self._silence(unit, period),
            contacts=self._parties.addressed(unit),
            contact=self._parties.in_words(unit),
            submission=met.submission if met else 0,
            sheet=met.sheet if met else "",
            cell=met.cell if met else "",
        )

    def _spoke(self, unit: Unit) -> bool:
        """Whether a unit's last report that is due, or a later one, stands: of a silent one nothing is called undone."""
        due = self._periods_due(unit, self.snapshot.as_of)
        return not due or any(stands(self.snapshot, p, unit.code) for p in self.program.periods[due[-1].no - 1 :])

    def _periods_due(self, unit: Unit, by: date) -> list[Period]:
        """The periods whose returns were due of a unit before a day."""
        return [p for p in self.program.periods_through(self.through) if self.snapshot.period_of(p, unit).due_on < by]

    def _missed(self, unit: Unit, period: Period, until: date) -> int:
        """Periods whose return was due without it, by ``until``; what is late at all has missed one."""
        return max(1, sum(p.no >= period.no for p in self._periods_due(unit, until)))

    def _shown_in(self, due_on: date) -> Period:
        return next((p for p in self.program.periods if due_on <= p.end), self.program.periods[-1])

    def _silence(self, unit: Unit, period: Period) -> Reason:
        """Why nothing stands for a unit in a period."""
        if isinstance(unit, County) and self.snapshot.state(period, unit) is State.RETURNED:
            return Reason.RETURNED
        waiting = self.snapshot.waiting.get((period.code, unit.prefecture_code))
        if waiting and not waiting.is_blank:
            unusable = Reason.HELD if waiting.is_held else Reason.UNUSABLE
            return Reason.UNREAD if waiting.state is State.UNREAD else unusable
        got = self._received(unit.prefecture_code, period)
        if not got:
            return Reason.NOTHING_RECEIVED
        returned = [s.verdict == Verdict.RETURNED for s in got]
        sent_back = all(returned) if isinstance(unit, County) else any(returned)
        return Reason.RETURNED if sent_back else Reason.LEFT_BLANK

    def _received(self, prefecture_code: str, period: Period) -> list[Submission]:
        """A prefecture's submissions for a period; what is held is nobody's yet."""
        mine = self._submissions.get((period.code, prefecture_code), [])
        return [s for s in mine if s.verdict != Verdict.HELD]

    @cached_property
    def _submissions(self) -> dict[tuple[str, str], list[Submission]]:
        found: dict[tuple[str, str], list[Submission]] = {}
        for s in self.snapshot.submissions:
            found.setdefault((s.period, s.prefecture_code), []).append(s)
        return found

    def _units(self, form: Form) -> tuple[Unit, ...]:
        return self.program.prefectures if form.rows is Rows.PREFECTURE else self.program.counties

    def _prefecture(self, unit: Unit) -> Prefecture:
        return self.program.prefecture_by_code[unit.prefecture_code] if isinstance(unit, County) else unit

    def _title(self, code: str) -> str:
        """Of a duty or milestone; empty when the column serves none."""
        titled = {d.code: d.title for d in self.program.duties}
        return titled.get(code) or next((s.deliverable for s in self.program.milestones if s.code == code), "")

    def _due(self, code: str) -> date:
        """Of a milestone; a duty without a day is due by the campaign's close (M8: 读作收口前)."""
        return next((s.due for s in self.program.milestones if s.code == code and s.due), self.program.window.end)


def _paired(days: Sequence[Field], n: int) -> Field | None:
    """The column of days that goes with the n-th column of its kind."""
    return days[min(n, len(days) - 1)] if days else None


def _within(day: Value, quarter: Quarter) -> bool:
    return isinstance(day, date) and quarter.start <= day <= quarter.end


def _is_yes(value: Value) -> bool:
    return value == YES


def _visited(value: Value) -> bool:
    return not isinstance(value, (str, date)) and value is not None and value >= _FEWEST_VISITS
