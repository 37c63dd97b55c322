"""Obligations and escalation: who owes what by when, whether it is met and where it says so, reckoned by hand."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.obligation import Obligation, ObligationKind, Owner, Reason, Timeliness
from pipeline.domain.place import Placing
from pipeline.domain.row import AcceptedRow
from pipeline.domain.state import State
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.escalation import AddresseeKind, Letter, step_of
from pipeline.measures.escalation import letters as letters_for
from pipeline.measures.overdue import (
    late_steps,
    obligations,
    overdue_contacts,
    overdue_counties,
    overdue_others,
)
from pipeline.measures.quarters import quarters
from pipeline.program.calendar import Calendar
from pipeline.program.forms import load_form
from pipeline.program.model import Window
from tests.builder import FIRST, SECOND, SMALL, THIRD, campaign

if TYPE_CHECKING:
    from pipeline.program.model import Program

PLAIN = replace(campaign().program, forms=campaign().program.action_forms)
KUNMING, JINNING = "530100", "530115"  # 晋宁区: no contact in 附件3
SHEETS = {
    "XM": """{form: XM, version: 1, kind: milestones, rows: county, carry: true, title: 里程碑, sheet: 县里程碑, items: [
      {no: 1, title: 对接, fields: [
        {code: XM-1, title: 完成对接, type: yesno, role: done, serves: M3},
        {code: XM-2, title: 完成日期, type: date, role: done_on, serves: M3, required_if: XM-1}]},
      {no: 2, title: 计划, fields: [{code: XM-3, title: 制定计划, type: yesno, role: done, serves: M5}]},
      {no: 3, title: 达标, fields: [
        {code: XM-4, title: 达标, type: yesno, role: done, serves: M12, not_applicable: true}]}]}""",
    "XP": """{form: XP, version: 1, kind: milestones, rows: prefecture, carry: true, title: 里程碑, sheet: 州市里程碑,
      items: [{no: 1, title: 中期, fields: [
        {code: XP-1, title: 完成梳理, type: yesno, role: done, serves: M10},
        {code: XP-2, title: 梳理日期, type: date, role: done_on, serves: M10, required_if: XP-1}]}]}""",
    "XK": """{form: XK, version: 1, kind: contacts, rows: county, carry: true, title: 对口联系, sheet: 联系, items: [
      {no: 1, title: 联系, fields: [
        {code: XK-1, title: 联系人, type: text, max: 50, role: contact, required: false},
        {code: XK-2, title: 实地调研, type: count, unit: 次, role: visits, serves: R9},
        {code: XK-3, title: 最近日期, type: date, role: visited_on, required: false},
        {code: XK-4, title: 报告, type: yesno, role: report, serves: R9},
        {code: XK-5, title: 报告日期, type: date, role: report_on, required_if: XK-4}]}]}""",
    "XQ": """{form: XQ, version: 1, kind: problems, rows: list, carry: true, title: 问题, sheet: 问题台账,
      closing: {field: XQ-4, values: [已解决, 撤销], dropped: [撤销]}, same_by: [XQ-1, XQ-2], items: [{no: 1, title: 问题, fields: [
        {code: XQ-1, title: 县, type: county, role: county, required: false},
        {code: XQ-2, title: 问题, type: text, max: 300, role: problem},
        {code: XQ-3, title: 时限, type: date, future: true, role: due_on},
        {code: XQ-4, title: 状态, type: choice, options: [推进中, 已解决, 撤销], role: status},
        {code: XQ-5, title: 解决日期, type: date, role: closed_on, required_if: XQ-4=已解决}]}]}""",
    "XL": """{form: XL, version: 1, kind: highlights, rows: list, title: 亮点, sheet: 亮点经验, items: [
      {no: 1, title: 亮点, fields: [{code: XL-1, title: 日期, type: date, role: dated_on, serves: R2}]}]}""",
}
COLUMNS = {code: {f"{code}-{n}": "CDEFG"[n - 1] for n in range(1, 6)} for code in SHEETS}


@cache
def whole() -> Program:
    """The campaign with a small sheet of every further kind."""
    with tempfile.TemporaryDirectory() as folder:
        forms = []
        for code, text in SHEETS.items():
            path = Path(folder) / f"{code}.yaml"
            path.write_text(text, encoding="utf-8")
            forms.append(load_form(path, None, PLAIN.window, {}))
    return replace(PLAIN, forms=(*PLAIN.forms, *forms))


@dataclass(slots=True)
class Office:
    """What was received, built up step by step; every call of :meth:`got` is a submission of its own."""

    rows: dict[tuple[str, str, str], AcceptedRow] = field(default_factory=dict)
    lists: dict[tuple[str, str, str], tuple[AcceptedRow, ...]] = field(default_factory=dict)
    records: list[DecidedRecord] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)

    def got(
        self, period: str, unit: str, on: date, sheets: dict[str, Any] | None = None, state: State = State.ACCEPTED
    ) -> None:
        """A unit's record of a period: form → its row's values, or for a list its entries by number."""
        seq = len(self.submissions) + 1
        mine = PLAIN.county_by_code.get(unit)
        prefecture = mine.prefecture_code if mine else unit
        self.submissions.append(
            Submission(
                seq=seq,
                sha256=str(seq),
                file=f"{seq}.xlsx",
                received_on=on,
                taken_on=on,
                prefecture_code=prefecture,
                period=period,
                issue_no="",
                admission=0,
                verdict="RETURNED" if state is State.RETURNED else "ACCEPTED",
                reason="",
                sheets={c: f.sheet for c, f in whole().form_by_code.items()},
                columns=COLUMNS,
            )
        )
        self.records.append(DecidedRecord(period, unit, state, seq, on))
        for form, content in (sheets or {}).items():
            if whole().form_by_code[form].is_list:
                self.lists[form, period, unit] = tuple(
                    row(seq, on, (form, period, unit), values, n, entry)
                    for n, (entry, values) in enumerate(content.items(), 6)
                )
            else:
                self.rows[form, period, unit] = row(seq, on, (form, period, unit), content, 8)

    def shot(self, as_of: date) -> Snapshot:
        """What was received by a day."""
        return Snapshot(
            as_of=as_of,
            submissions=tuple(s for s in self.submissions if s.received_on <= as_of),
            copies=(),
            findings=(),
            revisions=(),
            acts=(),
            records=tuple(r for r in self.records if r.received_on <= as_of),
            rows={k: r for k, r in self.rows.items() if r.received_on <= as_of},
            lists={k: rs for k, rs in self.lists.items() if all(r.received_on <= as_of for r in rs)},
        )

    def owed(self, as_of: date, through: str, program: Program | None = None) -> tuple[Obligation, ...]:
        """The table."""
        program = program or whole()
        return obligations(program, self.shot(as_of), Calendar(), program.period_by_code[through])


def row(
    seq: int, on: date, key: tuple[str, str, str], values: dict[str, Any], sheet_row: int, entry: str = ""
) -> AcceptedRow:
    form, period, unit = key
    return AcceptedRow(
        seq=seq,
        form=form,
        period=period,
        county_code=unit,
        entry=entry,
        sheet_row=sheet_row,
        nil=False,
        received_on=on,
        typed={},
        values=values,
    )


def of(owed: tuple[Obligation, ...], kind: ObligationKind, who: str) -> list[Obligation]:
    return [o for o in owed if o.kind is kind and o.who == who]


def milestone(owed: tuple[Obligation, ...], who: str, serves: str) -> Obligation:
    return next(o for o in owed if (o.who, o.serves) == (who, serves))


def test_without_further_sheets_only_reports_and_the_offices_own_duties() -> None:
    owed = Office().owed(date(2023, 3, 14), "2023-02", PLAIN)
    assert {o.kind for o in owed} == {ObligationKind.REPORT, ObligationKind.OFFICE_DUTY}
    assert sum(o.is_report for o in owed) == 2 * (16 + 129)
    assert obligations(
        replace(PLAIN, duties=(), milestones=()), Office().shot(date(2023, 1, 9)), Calendar(), PLAIN.periods[0]
    )[-1].is_report


def test_the_offices_duties_are_listed_and_never_claimed_met() -> None:
    owed = [o for o in Office().owed(date(2024, 1, 1), "2023-10") if o.kind is ObligationKind.OFFICE_DUTY]
    assert {o.serves for o in owed} == {"M9", "R3", "R4", "R5", "R6", "R7", "R8", "R11"}
    assert {(o.met, o.timeliness, o.reason, o.overdue, o.streak) for o in owed} == {
        (None, Timeliness.UNKNOWN, Reason.SELF_CHECK, False, 0)
    }
    assert {o.name for o in owed} == {PLAIN.office}
    by_code = {o.serves: o.due_on for o in owed if o.serves != "R3"}
    assert (by_code["M9"], by_code["R7"]) == (date(2023, 4, 30), date(2023, 4, 30))
    assert (by_code["R8"], by_code["R11"]) == (date(2023, 10, 31), date(2023, 10, 31))
    assert [o.due_on.month for o in owed if o.serves == "R3"] == [12, 3, 6, 9]


def test_what_is_owed_goes_by_what_is_declared_and_by_no_word() -> None:
    """Other words in phases, names and frequencies change nothing; other flags do."""
    program = whole()
    renamed = replace(
        program,
        milestones=tuple(replace(one, phase="甲", who="乙") for one in program.milestones),
        duties=tuple(replace(one, who="丙", frequency="丁") for one in program.duties),
    )
    day = date(2023, 11, 20)

    def owed(some: Program) -> list[tuple[str, ObligationKind, str, date]]:
        return [(o.who, o.kind, o.serves, o.due_on) for o in Office().owed(day, "2023-10", some)]

    assert owed(renamed) == owed(program)
    flagless = replace(
        program,
        milestones=tuple(replace(one, material=False, office=False) for one in program.milestones),
        duties=tuple(replace(one, office=False) for one in program.duties),
    )
    assert {kind for _, kind, _, _ in owed(program)} - {kind for _, kind, _, _ in owed(flagless)} == {
        ObligationKind.MATERIAL,
        ObligationKind.OFFICE_DUTY,
    }
    owed_late = Office().owed(date(2023, 3, 8), "2023-02", PLAIN)
    assert letters_for(PLAIN, owed_late, Calendar(), date(2023, 3, 8))
    assert not letters_for(replace(PLAIN, escalation=None), owed_late, Calendar(), date(2023, 3, 8))


def test_a_quarter_is_owed_when_it_ends_inside_the_window() -> None:
    assert [q.title for q in quarters(PLAIN.window)] == [
        "2022年第四季度",
        "2023年第一季度",
        "2023年第二季度",
        "2023年第三季度",
    ]
    exact = Window(start=date(2023, 3, 31), end=date(2023, 6, 30))
    assert [(q.start, q.end) for q in quarters(exact)] == [
        (date(2023, 1, 1), date(2023, 3, 31)),
        (date(2023, 4, 1), date(2023, 6, 30)),
    ]
    assert quarters(Window(start=date(2023, 4, 1), end=date(2023, 6, 29))) == ()


def test_rest_days_hand_in_before_and_on_time_until_the_months_end() -> None:
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 5), {"XM": {"XM-3": "是"}})
    office.got("2023-04", SMALL, date(2023, 5, 6), {"XP": {"XP-1": "是", "XP-2": date(2023, 4, 30)}})
    owed = office.owed(date(2023, 5, 6), "2023-04")
    plan = milestone(owed, SECOND, "M5")
    assert (plan.due_on, plan.hand_in_by) == (date(2022, 12, 31), date(2022, 12, 30))
    mid = milestone(owed, SMALL, "M10")
    assert (mid.due_on, mid.hand_in_by) == (date(2023, 4, 30), date(2023, 4, 28))
    assert (mid.kind, mid.timeliness, mid.met_on) == (
        ObligationKind.MATERIAL,
        Timeliness.ON_TIME,
        date(2023, 4, 30),
    )


def test_a_milestone_done_in_time_and_one_done_late_and_the_cells_that_say_so() -> None:
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 5), {"XM": {"XM-1": "是", "XM-2": date(2022, 11, 30)}})
    office.got("2022-12", SECOND, date(2023, 1, 6), {"XM": {"XM-1": "是", "XM-2": date(2022, 12, 1), "XM-3": "否"}})
    owed = office.owed(date(2023, 1, 9), "2022-12")
    one, two = milestone(owed, FIRST, "M3"), milestone(owed, SECOND, "M3")
    assert (one.timeliness, one.met, one.met_on, one.streak) == (Timeliness.ON_TIME, True, date(2022, 11, 30), 0)
    assert (one.submission, one.sheet, one.cell, one.period.code) == (1, "县里程碑", "C8", "2022-12")
    assert (two.timeliness, two.met, two.met_on, two.streak) == (Timeliness.LATE, True, date(2022, 12, 1), 1)
    assert (two.days_overdue, two.reason, two.submission) == (0, Reason.NONE, 2)
    # said to be undone: overdue at once; 2022-12-31 … 2023-01-09 are 9 days, working days 3, 4, 5, 6, 9
    no = milestone(owed, SECOND, "M5")
    assert (no.timeliness, no.reason, no.days_overdue, no.workdays_overdue, no.streak) == (
        Timeliness.OVERDUE,
        Reason.NOT_DONE,
        9,
        5,
        1,
    )
    # silent: its return is on time until 2023-01-09
    silent = milestone(owed, THIRD, "M3")
    assert (silent.timeliness, silent.answer_by) == (Timeliness.NOT_DUE, date(2023, 1, 9))
    silent = milestone(office.owed(date(2023, 1, 10), "2022-12"), THIRD, "M3")
    # and after it nothing is known of it: what it owes is the report
    assert (silent.timeliness, silent.days_overdue, silent.met) == (Timeliness.UNCLEAR, 0, False)
    assert silent.reason is Reason.LEFT_BLANK


def test_nothing_known_from_before_is_called_overdue() -> None:
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 5), {"XM": {"XM-1": "否"}})
    office.got("2022-12", SECOND, date(2023, 1, 5), {"XM": {"XM-1": "是", "XM-2": date(2022, 11, 30)}})
    said = milestone(office.owed(date(2023, 3, 7), "2023-02"), FIRST, "M3")  # its next report is not due yet
    assert (said.timeliness, said.reason) == (Timeliness.OVERDUE, Reason.NOT_DONE)
    silent = milestone(office.owed(date(2023, 3, 8), "2023-02"), FIRST, "M3")
    assert (silent.timeliness, silent.days_overdue, silent.streak) == (Timeliness.UNCLEAR, 0, 0)
    done = milestone(office.owed(date(2023, 3, 8), "2023-02"), SECOND, "M3")
    assert (done.timeliness, done.met) == (Timeliness.ON_TIME, True)  # silence undoes nothing
    office.got("2023-02", FIRST, date(2023, 3, 9), {"XM": {"XM-1": "否"}})
    again = milestone(office.owed(date(2023, 3, 10), "2023-02"), FIRST, "M3")
    assert (again.timeliness, again.reason) == (Timeliness.OVERDUE, Reason.NOT_DONE)


def test_a_milestone_without_a_day_is_met_by_the_first_return_that_says_so_ever_since() -> None:
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 9), {"XM": {"XM-3": "是"}})
    office.got("2023-02", FIRST, date(2023, 3, 7), {"XM": {"XM-3": "是"}})
    office.got("2022-12", SECOND, date(2023, 1, 9), {"XM": {"XM-3": "是"}})
    office.got("2023-02", SECOND, date(2023, 3, 7), {"XM": {"XM-3": "否"}})
    office.got("2023-02", THIRD, date(2023, 3, 8), {"XM": {"XM-3": "是"}})
    owed = office.owed(date(2023, 3, 14), "2023-02")
    kept, undone, late = (milestone(owed, who, "M5") for who in (FIRST, SECOND, THIRD))
    assert (kept.timeliness, kept.met_on, kept.submission) == (Timeliness.ON_TIME, date(2023, 1, 9), 1)
    assert (undone.met, undone.reason, undone.streak) == (False, Reason.NOT_DONE, 2)  # returns due 01-09 and 03-07
    assert (late.timeliness, late.met_on, late.streak) == (Timeliness.LATE, date(2023, 3, 8), 2)
    assert late.days_overdue == 0


def test_what_is_returned_does_not_count_and_what_does_not_apply_is_not_owed() -> None:
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 5), {"XM": {"XM-1": "是"}}, State.RETURNED)
    office.got("2023-10", SECOND, date(2023, 11, 3), {"XM": {"XM-4": "不适用"}})
    owed = office.owed(date(2023, 11, 30), "2023-10")
    assert (milestone(owed, FIRST, "M3").met, milestone(owed, FIRST, "M3").reason) == (False, Reason.RETURNED)
    assert [o for o in owed if (o.who, o.serves) == (SECOND, "M12")] == []
    after = milestone(owed, FIRST, "M12")  # due 2023-12-31, after the last period: shown with it, not yet due
    assert (after.period.code, after.timeliness) == ("2023-10", Timeliness.NOT_DUE)
    assert [o for o in office.owed(date(2023, 9, 1), "2023-08") if o.serves == "M12"] == []


def test_highlights_by_quarter() -> None:
    office = Office()
    day = "XL-1"
    office.got("2022-12", SMALL, date(2023, 1, 9), {"XL": {"1": {day: date(2022, 12, 31)}}})
    office.got("2023-02", SMALL, date(2023, 3, 3), {"XL": {"2": {day: date(2023, 2, 1)}, "3": {day: date(2023, 1, 1)}}})
    office.got("2022-12", KUNMING, date(2023, 1, 6), {"XL": {}})
    office.got("2023-02", KUNMING, date(2023, 3, 3), {"XL": {"4": {day: date(2022, 12, 20)}}})
    owed = office.owed(date(2023, 5, 9), "2023-04")
    fourth, first = of(owed, ObligationKind.HIGHLIGHT, SMALL)
    assert (fourth.what, fourth.due_on) == ("2022年第四季度亮点工作或经验推广信息", date(2022, 12, 31))
    assert (fourth.timeliness, fourth.met_on) == (Timeliness.ON_TIME, date(2023, 1, 9))  # its return's own last day
    assert (fourth.submission, fourth.sheet, fourth.cell) == (1, "亮点经验", "C6")
    assert (first.timeliness, first.met_on, first.period.code) == (Timeliness.ON_TIME, date(2023, 3, 3), "2023-04")
    assert (fourth.streak, first.streak) == (0, 0)
    fourth, first = of(owed, ObligationKind.HIGHLIGHT, KUNMING)
    assert (fourth.timeliness, fourth.streak) == (Timeliness.LATE, 1)
    assert (first.timeliness, first.met) == (Timeliness.NOT_DUE, False)  # the return that may bring it is due on 05-09
    first = of(office.owed(date(2023, 5, 10), "2023-04"), ObligationKind.HIGHLIGHT, KUNMING)[1]
    assert (first.timeliness, first.streak, first.days_overdue) == (Timeliness.UNCLEAR, 0, 0)
    assert (first.reason, first.hand_in_by) == (Reason.NOTHING_RECEIVED, date(2023, 3, 31))
    office.got("2023-04", KUNMING, date(2023, 5, 4), {"XL": {}})
    first = of(office.owed(date(2023, 5, 5), "2023-04"), ObligationKind.HIGHLIGHT, KUNMING)[1]
    assert (first.timeliness, first.reason) == (Timeliness.OVERDUE, Reason.NO_ENTRY)  # its return came, without one
    first = of(office.owed(date(2023, 5, 10), "2023-04"), ObligationKind.HIGHLIGHT, KUNMING)[1]
    assert (first.timeliness, first.streak, first.days_overdue) == (Timeliness.OVERDUE, 2, 40)
    whole_year = office.owed(date(2023, 11, 30), "2023-10")
    assert sum(o.kind is ObligationKind.HIGHLIGHT for o in whole_year) == 64


def test_a_quarter_in_time_ends_a_row_of_late_ones() -> None:
    office = Office()
    office.got("2022-12", SMALL, date(2023, 1, 9), {"XL": {}})
    office.got("2023-04", SMALL, date(2023, 5, 4), {"XL": {"1": {"XL-1": date(2023, 3, 1)}}})
    office.got("2023-08", SMALL, date(2023, 9, 6), {"XL": {}})
    owed = of(office.owed(date(2023, 9, 30), "2023-08"), ObligationKind.HIGHLIGHT, SMALL)
    late, in_time = Timeliness.OVERDUE, Timeliness.ON_TIME
    assert [(o.timeliness, o.streak) for o in owed] == [(late, 1), (in_time, 0), (late, 1)]


def visits(owed: tuple[Obligation, ...], unit: str) -> list[Obligation]:
    """The visit to a county, and its report, whoever owes them."""
    return [o for o in owed if o.kind is ObligationKind.VISIT and o.unit == unit]


def met_and_unmet() -> Office:
    """Two counties of one prefecture with contacts of the notice, one visited in time; one of another without any."""
    office = Office()
    said = {"XK-2": 1, "XK-3": date(2023, 10, 31), "XK-4": "是", "XK-5": date(2023, 11, 2)}
    office.got("2023-10", FIRST, date(2023, 11, 3), {"XK": said})
    for unit in (SECOND, JINNING):
        office.got("2023-10", unit, date(2023, 11, 3), {"XK": {"XK-2": 0, "XK-4": "否"}})
    return office


def test_visits_and_their_reports_are_owed_by_the_contact() -> None:
    office = met_and_unmet()
    owed = office.owed(date(2023, 11, 6), "2023-10")
    report, visit = sorted(visits(owed, FIRST), key=lambda o: o.cell, reverse=True)
    assert (visit.timeliness, visit.met_on, visit.cell) == (Timeliness.ON_TIME, date(2023, 10, 31), "D8")
    assert (visit.who, visit.name, visit.owner) == ("YN:宣教网络部", "省总宣教网络部", Owner.CONTACT)
    assert (visit.unit, visit.unit_name, visit.what) == (FIRST, "香格里拉市", "到香格里拉市实地调研（不少于1次）")
    assert (report.timeliness, report.met_on, report.what) == (
        Timeliness.LATE,
        date(2023, 11, 2),
        "香格里拉市专项调研报告",
    )
    assert {(o.who, o.timeliness, o.due_on, o.days_overdue) for o in visits(owed, SECOND)} == {
        ("ACFTU:国防邮电工会", Timeliness.OVERDUE, date(2023, 10, 31), 6)
    }
    assert visits(office.owed(date(2023, 9, 1), "2023-08"), FIRST) == []
    everybody = [o for o in owed if o.kind is ObligationKind.VISIT]
    assert len(everybody) == 2 * 129
    assert {o.who for o in everybody}.isdisjoint(PLAIN.unit_by_code)
    given = {c.county_code: c.unit_id for c in PLAIN.contacts}
    assert {o.unit: o.who for o in everybody if o.unit in given} == given


def test_a_county_without_a_given_contact_is_its_prefectures_leaders() -> None:
    office = met_and_unmet()
    owed = office.owed(date(2023, 11, 6), "2023-10")
    assert {(o.who, o.name, o.overdue) for o in visits(owed, JINNING)} == {("530100:", "昆明市总工会领导", True)}
    office.got("2023-10", JINNING, date(2023, 11, 3), {"XK": {"XK-1": "李主席、王副主席", "XK-2": 0, "XK-4": "否"}})
    owed = office.owed(date(2023, 11, 6), "2023-10")
    together = visits(owed, JINNING)
    assert len(together) == 2  # one visit and one report a county, owed by both
    assert {(o.who, o.name) for o in together} == {
        ("530100:李主席、530100:王副主席", "李主席（昆明市）、王副主席（昆明市）")
    }
    office.got("2023-10", SECOND, date(2023, 11, 3), {"XK": {"XK-1": "某某", "XK-2": 0, "XK-4": "否"}})
    assert {o.who for o in visits(office.owed(date(2023, 11, 6), "2023-10"), SECOND)} == {"ACFTU:国防邮电工会"}


def test_what_contacts_owe_stands_in_no_list_of_counties_and_is_asked_of_them_alone() -> None:
    owed = met_and_unmet().owed(date(2023, 11, 6), "2023-10")
    mine = tuple(o for o in owed if o.unit in {FIRST, SECOND, JINNING})
    assert {(o.who, o.unit) for o in overdue_contacts(mine)} == {("ACFTU:国防邮电工会", SECOND), ("530100:", JINNING)}
    assert [o.contacts[0].given for o in overdue_contacts(mine)] == [True, True, False, False]
    assert not {o.kind for o in overdue_others(mine)} & {ObligationKind.VISIT}
    sent = letters_for(whole(), mine, Calendar(), date(2023, 11, 6))
    asked = {letter.addressee: {o.unit for o in letter.obligations if o.is_of_contact} for letter in sent}
    assert {who: units for who, units in asked.items() if units} == {
        "全总国防邮电工会": {SECOND},
        "昆明市总工会领导": {JINNING},
    }
    assert all(not units for who, units in asked.items() if who.endswith("总工会"))


def test_one_letter_asks_a_contact_for_its_own_and_for_its_countys() -> None:
    office = met_and_unmet()
    owed = [o for o in office.owed(date(2023, 11, 6), "2023-10") if o.unit == SECOND]
    own = [o for o in owed if o.is_of_contact]
    (letter,) = letters_for(whole(), own, Calendar(), date(2023, 11, 6))
    assert (letter.addressee_kind, letter.addressee) == (AddresseeKind.CONTACT, "全总国防邮电工会")
    assert letter.opening == "截至2023年11月6日，由你单位负责的事项有2项逾期，现予提醒："
    assert letter.items == (
        "1.到德钦县实地调研（不少于1次），应于2023年10月31日前完成，已逾期6天（报表填报尚未完成）。",
        "2.德钦县专项调研报告，应于2023年10月31日前完成，已逾期6天（报表填报尚未完成）。",
    )
    assert letter.asked == ("请抓紧办理，于2023年11月13日前完成上列由你单位负责的事项，由有关县级工会在报表中填明。")
    late = replace(milestone(tuple(owed), SECOND, "M3"), timeliness=Timeliness.OVERDUE, days_overdue=341, streak=1)
    both = [e for e in letters_for(whole(), [late, *own], Calendar(), date(2023, 11, 6)) if e.level == "提醒"]
    assert {e.addressee: [o.unit for o in e.obligations if o.is_of_contact] for e in both} == {
        "迪庆藏族自治州总工会": [],
        "全总国防邮电工会": [SECOND, SECOND],
    }
    letter = both[-1]
    assert letter.opening == (
        "截至2023年11月6日，由你单位负责的事项有2项逾期，你单位对口联系的县级工会有1项应报事项逾期，现予提醒："
    )
    assert letter.items[-1].startswith("3.完成与对口联系单位对接，应于2022年11月30日前完成，已逾期341天：德钦县（")
    assert letter.asked.endswith("前完成有关工作并在报表中填明完成日期，由所在州（市）统一报送。")


def test_contacts_who_owe_together_are_each_written_to_and_told_so() -> None:
    office = Office()
    said = {"XK-1": "李主席、王副主席", "XK-2": 0, "XK-4": "否"}
    office.got("2023-10", JINNING, date(2023, 11, 3), {"XK": said})
    owed = visits(office.owed(date(2023, 11, 6), "2023-10"), JINNING)
    sent = letters_for(whole(), owed, Calendar(), date(2023, 11, 6))
    assert [letter.addressee for letter in sent] == ["李主席（昆明市）", "王副主席（昆明市）"]
    assert {letter.addressee_kind for letter in sent} == {AddresseeKind.LEADER}
    assert all("由您负责的事项有2项逾期" in letter.opening for letter in sent)
    assert all("，由李主席（昆明市）、王副主席（昆明市）共同负责）" in letter.items[0] for letter in sent)


def test_of_a_silent_county_nobody_is_said_to_owe_a_visit() -> None:
    office = met_and_unmet()
    silent = visits(office.owed(date(2023, 11, 8), "2023-10"), THIRD)
    assert {(o.who, o.timeliness, o.overdue) for o in silent} == {("YN:宣教网络部", Timeliness.UNCLEAR, False)}


def test_a_programme_that_declares_nothing_lets_the_unit_itself_owe() -> None:
    program = whole()
    plain = replace(program, duties=tuple(replace(duty, owed_by=None) for duty in program.duties))
    owed = met_and_unmet().owed(date(2023, 11, 6), "2023-10", plain)
    mine = [o for o in owed if o.kind is ObligationKind.VISIT and o.who == SECOND]
    assert {(o.name, o.owner, o.what) for o in mine} == {
        ("德钦县", Owner.COUNTY, "到县实地调研（不少于1次）"),
        ("德钦县", Owner.COUNTY, "专项调研报告"),
    }
    assert {o.owner for o in owed} == {Owner.COUNTY, Owner.RESPONDENT, Owner.OFFICE}
    assert overdue_contacts(owed) == ()
    sent = letters_for(plain, mine, Calendar(), date(2023, 11, 6))
    assert [letter.addressee for letter in sent] == ["迪庆藏族自治州总工会", "全总国防邮电工会"]
    assert {letter.asked.count("完成实地调研和调研报告并在报表中填明") for letter in sent} == {1}


def test_a_step_of_the_work_may_be_owed_by_the_contact_too() -> None:
    program, by_contact = whole(), next(d.owed_by for d in PLAIN.duties if d.owed_by)
    steps = tuple(replace(one, owed_by=by_contact) if one.code == "M5" else one for one in program.milestones)
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 5), {"XM": {"XM-1": "是", "XM-2": date(2022, 11, 30), "XM-3": "否"}})
    owed = office.owed(date(2023, 1, 9), "2022-12", replace(program, milestones=steps))
    (plan,) = (o for o in owed if (o.unit, o.serves) == (FIRST, "M5"))
    assert (plan.who, plan.what, plan.overdue) == (
        "YN:宣教网络部",
        "香格里拉市共同研究工作措施、制定工作计划",
        True,
    )
    assert ("M5", FIRST) in late_steps(owed)
    assert milestone(owed, FIRST, "M3").owner is Owner.COUNTY


def test_problems_past_their_day() -> None:
    def problem(due: date, status: str, county: str = "", closed: date | None = None) -> dict[str, Any]:
        return {"XQ-1": county, "XQ-2": "经费不足", "XQ-3": due, "XQ-4": status, "XQ-5": closed}

    office = Office()
    office.got(
        "2022-12",
        SMALL,
        date(2023, 1, 6),
        {
            "XQ": {
                "P1": problem(date(2022, 12, 31), "推进中", "德钦县"),
                "P2": problem(date(2023, 2, 28), "推进中"),
                "P3": problem(date(2023, 2, 1), "推进中", FIRST),
                "P4": problem(date(2023, 12, 1), "推进中", FIRST),
            }
        },
    )
    owed = office.owed(date(2023, 1, 9), "2022-12")
    (one,) = of(owed, ObligationKind.PROBLEM, SECOND)
    assert (one.timeliness, one.days_overdue, one.streak, one.reason) == (Timeliness.OVERDUE, 9, 1, Reason.OPEN)
    assert (one.submission, one.sheet, one.cell, one.what) == (1, "问题台账", "F6", "解决问题P1：经费不足")
    office.got(
        "2023-02",
        SMALL,
        date(2023, 3, 3),
        {
            "XQ": {
                "P1": problem(date(2022, 12, 31), "推进中", "德钦县"),
                "P2": problem(date(2023, 2, 28), "已解决", closed=date(2023, 2, 27)),
                "P3": problem(date(2023, 2, 1), "已解决", FIRST, date(2023, 2, 3)),
                "P4": problem(date(2023, 12, 1), "推进中", FIRST),
            }
        },
    )
    owed = office.owed(date(2023, 3, 14), "2023-02")
    (one,) = of(owed, ObligationKind.PROBLEM, SECOND)
    assert (one.days_overdue, one.streak, one.submission) == (73, 2, 2)
    (own,) = of(owed, ObligationKind.PROBLEM, SMALL)
    assert (own.met, own.timeliness, own.met_on, own.is_county) == (True, Timeliness.ON_TIME, date(2023, 2, 27), False)
    (late,) = of(owed, ObligationKind.PROBLEM, FIRST)
    assert (late.timeliness, late.met_on) == (Timeliness.LATE, date(2023, 2, 3))
    (unclear,) = of(office.owed(date(2023, 5, 10), "2023-04"), ObligationKind.PROBLEM, SECOND)
    assert (unclear.timeliness, unclear.met) == (Timeliness.UNCLEAR, False)  # its prefecture's last list is not there
    given_up = {"XQ": {"P1": problem(date(2022, 12, 31), "撤销", "德钦县")}}
    office.got("2023-04", SMALL, date(2023, 5, 4), given_up)
    assert of(office.owed(date(2023, 5, 10), "2023-04"), ObligationKind.PROBLEM, SECOND) == []


def test_reports_name_the_submission_that_was_accepted_first() -> None:
    office = Office()
    office.got("2023-02", FIRST, date(2023, 3, 3), state=State.RETURNED)
    office.got("2023-02", FIRST, date(2023, 3, 6))
    office.got("2023-02", FIRST, date(2023, 3, 9))
    owed = [o for o in office.owed(date(2023, 3, 14), "2023-02") if o.is_report and o.period.code == "2023-02"]
    by_who = {o.who: o for o in owed}
    assert (by_who[FIRST].submission, by_who[FIRST].met_on, by_who[FIRST].cell) == (2, date(2023, 3, 6), "")
    assert (by_who[SMALL].submission, by_who[SMALL].timeliness) == (2, Timeliness.ON_TIME)
    assert (by_who[SECOND].submission, by_who[SECOND].reason) == (0, Reason.LEFT_BLANK)


def test_the_overdue_list_is_of_reports_only_and_names_the_leader_a_prefecture_entered() -> None:
    office = Office()
    office.got("2022-12", JINNING, date(2023, 1, 5), {"XK": {"XK-1": "市总工会主席"}})
    owed = office.owed(date(2023, 3, 14), "2023-02")
    late = overdue_counties(owed, PLAIN.period_by_code["2023-02"])
    assert len(late) == 129
    contacts = {o.who: o.contact for o in late}
    assert not PLAIN.contacts_of(JINNING, date(2023, 3, 14))
    assert contacts[JINNING] == "市总工会主席"
    assert sum(contact == "州（市）总工会领导" for contact in contacts.values()) == 72


@pytest.mark.parametrize(("streak", "level"), [(0, None), (1, "提醒"), (2, "催报"), (3, "通报"), (6, "通报")])
def test_levels(streak: int, level: str | None) -> None:
    assert PLAIN.escalation
    steps = PLAIN.escalation.steps
    step = step_of(steps, streak)
    assert (None if step is None else steps[step].level) == level


def letters(office: Office, as_of: date, through: str, who: set[str]) -> dict[tuple[AddresseeKind, str], Letter]:
    """Of some units alone, by addressee; each has one letter in these tests."""
    owed = [o for o in office.owed(as_of, through, PLAIN) if o.who in who]
    found = letters_for(PLAIN, owed, Calendar(), as_of)
    assert len({(e.addressee_kind, e.addressee) for e in found}) == len(found)
    return {(e.addressee_kind, e.addressee): e for e in found}


@pytest.mark.parametrize(
    ("as_of", "through", "level", "count"),
    [
        (date(2023, 1, 10), "2022-12", "提醒", 1),
        (date(2023, 3, 8), "2023-02", "催报", 2),
        (date(2023, 5, 10), "2023-04", "通报", 3),
    ],
)
def test_a_county_that_never_reports_is_reminded_urged_and_named(
    as_of: date, through: str, level: str, count: int
) -> None:
    found = letters(Office(), as_of, through, {FIRST})
    assert set(found) == {(AddresseeKind.PREFECTURE, "迪庆藏族自治州总工会"), (AddresseeKind.CONTACT, "省总宣教网络部")}
    assert {(e.level, len(e.obligations)) for e in found.values()} == {(level, count)}
    assert all(f"现予{level}" in e.opening for e in found.values())


def test_the_text_of_a_reminder() -> None:
    office = Office()
    office.got("2022-12", SECOND, date(2023, 1, 5), state=State.RETURNED)
    office.got("2022-12", THIRD, date(2023, 1, 12))  # late, and here: nothing to ask for
    letter = letters(office, date(2023, 1, 16), "2022-12", {FIRST, SECOND, THIRD})[
        AddresseeKind.PREFECTURE, "迪庆藏族自治州总工会"
    ]
    assert letter.reply_by == date(2023, 1, 28)  # Spring Festival 01-21 … 01-27; 01-28 is worked
    assert letter.opening == "截至2023年1月16日，你单位及所辖县级工会有2项应报事项逾期，现予提醒："
    assert letter.items == (
        "1.2022年11—12月工作推进信息，应于2023年1月9日前报送，已逾期7天：香格里拉市（整行未填）、德钦县（退回待改）。",
    )
    assert letter.asked == (
        "请抓紧办理，于2023年1月28日前补报工作推进信息、按退回意见修改重报，"
        "由你单位统一报省总工会“县级工会加强年”专项工作领导小组办公室。"
    )
    assert (letter.office, letter.written_on) == (PLAIN.office, date(2023, 1, 16))


def test_leaders_and_counties_without_a_contact() -> None:
    leader = next(c for c in PLAIN.contacts if "领导" in c.title)
    found = letters(Office(), date(2023, 1, 10), "2022-12", {leader.county_code, JINNING})
    mine = found[AddresseeKind.LEADER, leader.title]
    assert [o.who for o in mine.obligations] == [leader.county_code]
    assert "现将提醒事项呈报如下" in mine.opening
    assert "呈请您关注" in mine.asked
    assert [o.who for o in found[AddresseeKind.LEADER, "昆明市总工会领导"].obligations] == [JINNING]
    office = Office()
    office.got("2022-12", JINNING, date(2023, 1, 5), {"XK": {"XK-1": "李主席、王副主席"}})
    owed = [o for o in office.owed(date(2023, 3, 8), "2023-02") if o.who == JINNING]
    told = [e.addressee for e in letters_for(whole(), owed, Calendar(), date(2023, 3, 8)) if e.level == "提醒"]
    assert told[-2:] == ["李主席（昆明市）", "王副主席（昆明市）"]


def test_what_a_county_that_is_no_more_still_owes_has_an_addressee() -> None:
    one = replace(PLAIN.county_by_code[JINNING], valid_until=date(2023, 1, 31))
    program = replace(PLAIN, counties=tuple(c for c in PLAIN.counties if c.code != JINNING), other_counties=(one,))
    owed = [o for o in Office().owed(date(2023, 3, 8), "2023-02", program) if o.who == JINNING]
    assert [o.contact for o in owed] == ["州（市）总工会领导"]
    found = letters_for(program, owed, Calendar(), date(2023, 3, 8))
    assert [letter.addressee for letter in found] == ["昆明市总工会", "昆明市总工会领导"]


def test_a_met_period_ends_the_streak_and_levels_are_letters_of_their_own() -> None:
    office = Office()
    office.got("2023-02", FIRST, date(2023, 3, 7))
    owed = [o for o in office.owed(date(2023, 5, 10), "2023-04", PLAIN) if o.who in {FIRST, SECOND}]
    mine = [e for e in letters_for(PLAIN, owed, Calendar(), date(2023, 5, 10)) if e.addressee_kind == "PREFECTURE"]
    assert [(e.level, {o.who for o in e.obligations}) for e in mine] == [
        ("通报", {SECOND}),
        ("提醒", {FIRST}),
    ]
    assert [o.period.code for o in mine[1].obligations] == ["2022-12", "2023-04"]
    assert letters_for(PLAIN, (), Calendar(), date(2023, 5, 10)) == ()


def test_the_day_a_file_was_received_is_as_noted_though_staff_said_another_later() -> None:
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 9))
    (entry,) = office.submissions
    assert entry.noted_on == date(2023, 1, 9)
    assert replace(entry, noted=date(2023, 1, 12)).noted_on == date(2023, 1, 12)


def test_a_file_placed_by_its_name_or_by_staff_claims_nothing_itself() -> None:
    office = Office()
    office.got("2022-12", FIRST, date(2023, 1, 9))
    (entry,) = office.submissions
    assert replace(entry, placed=Placing.STAMP).claim == (SMALL, "2022-12")
    assert {replace(entry, placed=by).claim for by in (Placing.NAME, Placing.STAFF)} == {("", "")}
