"""The further sheets of the campaign: lists under stable numbers, amounts, texts, and what is shown from another sheet."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from sqlalchemy import select

from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.checks.problems import conclusion
from pipeline.domain.past import NO_PAST
from pipeline.domain.state import State, Verdict
from pipeline.domain.value import show
from pipeline.forms.issue import issue_workbook
from pipeline.intake.first_round import registry
from pipeline.intake.take_in import take_in
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.store import Store
from pipeline.office.issuing import plan_issues
from pipeline.office.run import returned_copies
from pipeline.products.returned_copy import returned_workbook
from pipeline.program.layout import CODE_ROW, ENTRY, FIRST_ROW
from pipeline.program.layout import REASON_KEY as KEY
from pipeline.program.model import Field, FieldType, FormKind
from pipeline.reading.cells import parse
from pipeline.reading.read import read_return
from tests.builder import FIRST, SECOND, SMALL, arrival, part_of_campaign, sent, whole_campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from pipeline.domain.findings import Finding
    from pipeline.domain.row import AcceptedRow
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.workspace.campaign import Campaign
    from tests.officer import Session

C = part_of_campaign("A1", "P", "L", "FP")  # GX takes its time for every rule
CARRIED = part_of_campaign("A1", "M", "P", "FP")
MONEY = part_of_campaign("A1", "A7", "S", "F", "P", "FP")
P1, P2 = C.program.periods[:2]
DAY, NEXT, AS_OF = date(2023, 3, 3), date(2023, 3, 6), date(2023, 3, 20)
EARLY = date(2023, 1, 5)
(PROBLEMS,) = C.program.forms_of_kind(FormKind.PROBLEMS)
(HIGHLIGHTS,) = C.program.forms_of_kind(FormKind.HIGHLIGHTS)
CODES = {role: PROBLEMS.of_role(role)[0].code for role in ("county", "problem", "due_on", "status", "closed_on")}
# proved to fire below; test_checks counts them among its own
FIRES_HERE = {
    "CELL_TOO_FINE",
    "CELL_UNKNOWN_COUNTY",
    "LIST_TOO_LONG",
    "ENTRY_NUMBER_UNKNOWN",
    "ENTRY_NUMBER_TWICE",
    "ENTRY_VANISHED",
    "ENTRY_TWICE",
    "ENTRY_MISMATCH",
    "ENTRY_DROPPED",
    "TEXT_LENGTH",
    "SHOWN_DIFFERS",
}


def problem(county: str = "香格里拉市", what: str = "专职工会干部不足，工作难以开展", **more: Any) -> dict[str, Any]:
    """An entry every rule accepts, in the columns of the problem list."""
    by_role = {
        "county": county,
        "problem": what,
        "category": "党政协调",
        "level": "州市级",
        "department": "不涉及省总部室",
        "measure": "提请州委组织部研究",
        "due_on": date(2023, 6, 30),
        "status": "推进中",
    } | more
    number = by_role.pop("entry", None)
    cells = {PROBLEMS.of_role(role)[0].code: value for role, value in by_role.items()}
    return cells | ({ENTRY: number} if number else {})


class Office:
    """A dataset under test: what is sent is taken in, and what came of it is looked at."""

    def __init__(self, folder: Path, campaign: Campaign = C) -> None:
        self.campaign = campaign
        self.store = Store(folder / "dataset", campaign.program)

    def take(self, content: bytes, day: date = DAY, name: str = "") -> list[Finding]:
        """Take one file in; the findings of its submission."""
        taken = take_in(self.campaign, self.store, [arrival(content, name or f"{day}/报表.xlsx", day)], AS_OF)
        return [f for s, f in self.snapshot.findings if s.seq in taken.seqs]

    @property
    def snapshot(self) -> Snapshot:
        """What stands."""
        return take_snapshot(self.store, AS_OF)

    def listed(self, period: str = P2.code, form: str = PROBLEMS.code) -> dict[str, AcceptedRow]:
        """Number → entry, of the list that stands."""
        return {row.number: row for row in self.snapshot.lists.get((form, period, SMALL), ())}

    def states(self, period: str = P2.code) -> dict[str, State]:
        """Unit → state."""
        return {unit: state for (of, unit), state in self.snapshot.states.items() if of == period}


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    """Of the lists; or of the campaign a test names by ``indirect``."""
    office = Office(tmp_path, getattr(request, "param", C))
    yield office
    office.store.close()


def made(period: str, of: Campaign = C, **more: Any) -> bytes:
    return sent(period, of=of, **more)


def with_list(*entries: Mapping[str, Any], period: str = P2.code, form: str = PROBLEMS.code, **more: Any) -> bytes:
    return made(period, lists={form: list(entries)}, **more)


def touched(content: bytes, touch: Callable[[Any], None]) -> bytes:
    book, out = openpyxl.load_workbook(io.BytesIO(content)), io.BytesIO()
    touch(book)
    book.save(out)
    return out.getvalue()


def codes(findings: list[Finding]) -> set[str]:
    return {f.code for f in findings if f.severity == "critical"}


def test_every_row_is_accepted_and_every_entry_numbered(desk: Office) -> None:
    assert codes(desk.take(with_list(problem(), problem("德钦县", "阵地面积不够，活动难以开展")))) == set()
    assert set(desk.states().values()) == {State.ACCEPTED}
    assert set(desk.states()) == {SMALL, *(c.code for c in C.program.counties_of(SMALL))}
    rows = desk.listed()
    assert list(rows) == [f"{SMALL}-001", f"{SMALL}-002"]
    assert rows[f"{SMALL}-002"].values[CODES["county"]] == SECOND
    origin = desk.snapshot.origin_of(rows[f"{SMALL}-002"], CODES["problem"])
    assert (origin.sheet, origin.cell) == (PROBLEMS.sheet, "C8")


def test_every_cell_of_the_whole_campaign_can_be_filled() -> None:
    """All sheets, all rules: nothing to mend and nothing to look at again."""
    c = whole_campaign()
    (one,) = read_return(registry(c, ()), arrival(sent(P2.code, lists={PROBLEMS.code: [problem()]}))).returns
    (decision,) = decide(c.program, [one], check_returns(c.program, c.rules, P2, [one], NO_PAST), NO_PAST)
    assert [f.code for f in decision.findings] == []
    assert {record.state for record in decision.records} == {State.ACCEPTED}
    assert len(decision.records) == 1 + len(c.program.counties_of(SMALL))


@pytest.mark.parametrize("desk", [CARRIED], indirect=True, ids=[""])
def test_what_is_open_is_carried_into_the_next_workbook_and_what_is_closed_is_not(desk: Office) -> None:
    done = problem(
        "德钦县", "阵地面积不够，活动难以开展", status="已解决", closed_on=date(2022, 12, 20), due_on=date(2022, 12, 30)
    )
    assert codes(desk.take(with_list(problem(), done, period=P1.code, of=CARRIED), EARLY)) == set()
    (issue,) = plan_issues(CARRIED, desk.store, P2, SMALL, AS_OF)
    book = openpyxl.load_workbook(io.BytesIO(issue_workbook(issue)))
    sheet = book[PROBLEMS.sheet]
    heads = [cell.value for cell in sheet[CODE_ROW + 1]]
    first = dict(zip(heads, (cell.value for cell in sheet[FIRST_ROW + 1]), strict=True))
    assert first[ENTRY] == f"{SMALL}-001"
    assert first[CODES["county"]] == "香格里拉市"
    assert sheet.cell(FIRST_ROW + 2, 1).value is None
    milestones = next(f for f in CARRIED.program.forms_of_kind(FormKind.MILESTONES) if f.rows == "county")
    carried = book[milestones.sheet]
    assert carried.cell(FIRST_ROW + 1, 4).value == "是"  # a milestone once done stays done


def test_a_problem_does_not_vanish(desk: Office) -> None:
    desk.take(with_list(problem(), period=P1.code), EARLY)
    found = desk.take(with_list(problem("德钦县", "缺少活动经费，难以开展工作")))
    assert codes(found) == {"ENTRY_VANISHED"}
    assert f"{SMALL}-001" in next(f.found for f in found if f.code == "ENTRY_VANISHED")
    states = desk.states()
    assert states.pop(SMALL) is State.RETURNED
    assert set(states.values()) == {State.ACCEPTED}
    assert (
        codes(desk.take(with_list(problem(entry=f"{SMALL}-001", status="已解决", closed_on=date(2023, 2, 1))), NEXT))
        == set()
    )
    assert desk.states()[SMALL] is State.ACCEPTED
    assert desk.listed()[f"{SMALL}-001"].values[CODES["closed_on"]] == date(2023, 2, 1)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        (
            [problem(entry=f"{SMALL}-001"), problem(entry=f"{SMALL}-009", what="另一件困难，需要研究解决")],
            "ENTRY_NUMBER_UNKNOWN",
        ),
        (
            [problem(entry=f"{SMALL}-001"), problem(entry=f"{SMALL}-001", what="另一件困难，需要研究解决")],
            "ENTRY_NUMBER_TWICE",
        ),
        ([problem(entry=f"{SMALL}-001"), problem("昆明市")], "CELL_UNKNOWN_COUNTY"),
        ([problem(entry=f"{SMALL}-001"), problem(what="太短")], "TEXT_LENGTH"),
        ([problem(entry=f"{SMALL}-001", status="已解决")], "REQUIRED"),
    ],
)
def test_a_bad_entry_returns_the_prefecture_and_no_county(
    desk: Office, entries: list[dict[str, Any]], code: str
) -> None:
    desk.take(with_list(problem(), period=P1.code), EARLY)
    assert codes(desk.take(with_list(*entries))) == {code}
    states = desk.states()
    assert states.pop(SMALL) is State.RETURNED
    assert set(states.values()) == {State.ACCEPTED}
    assert desk.listed() == {}


def test_a_list_is_replaced_whole_and_what_is_the_same_keeps_its_number(desk: Office) -> None:
    one, two, three = (
        problem(),
        problem("德钦县", "缺少活动经费，难以开展工作"),
        problem("维西县", "社工流动大，队伍不稳定"),
    )
    desk.take(with_list(one, two))
    desk.take(with_list(three, two | {CODES["status"]: "未启动"}), NEXT)
    rows = desk.listed()
    assert {number: row.values[CODES["county"]] for number, row in rows.items()} == {
        f"{SMALL}-002": SECOND,
        f"{SMALL}-003": "533423",
    }
    assert rows[f"{SMALL}-002"].values[CODES["status"]] == "未启动"
    (revision,) = (r for r in desk.snapshot.revisions if SMALL in r.counties)
    assert {(c.entry, c.field) for c in revision.changes if c.entry} == {
        (f"{SMALL}-001", CODES["county"]),
        (f"{SMALL}-002", CODES["status"]),
        (f"{SMALL}-003", CODES["county"]),
    }


def test_a_blank_list_leaves_what_stands(desk: Office) -> None:
    desk.take(with_list(problem()))
    assert codes(desk.take(made(P2.code, changes={("A1", FIRST, "Q01-1"): 3}), NEXT)) == set()
    assert list(desk.listed()) == [f"{SMALL}-001"]


TWO = problem("德钦县", "缺少活动经费，难以开展工作")


def test_all_gone_is_told_as_one_gone_is(desk: Office) -> None:
    desk.take(with_list(problem(), TWO, period=P1.code), EARLY)
    found = desk.take(made(P2.code))
    assert [(f.code, f.found) for f in found if f.severity == "critical"] == [
        ("ENTRY_VANISHED", f"{SMALL}-001 香格里拉市 专职工会干部不足，工作难以开展"),
        ("ENTRY_VANISHED", f"{SMALL}-002 德钦县 缺少活动经费，难以开展工作"),
    ]


def test_what_was_left_out_stands_in_the_returned_copy(desk: Office) -> None:
    """Even where the workbook was issued before the entry came: the copy sent back is accepted."""
    desk.take(with_list(problem(), TWO, period=P1.code), EARLY)
    assert codes(desk.take(with_list(problem(entry=f"{SMALL}-001")))) == {"ENTRY_VANISHED"}
    (copy,) = returned_copies(C, desk.store, desk.snapshot, P2)
    assert codes(desk.take(returned_workbook(copy), NEXT)) == set()
    assert list(desk.listed()) == [f"{SMALL}-001", f"{SMALL}-002"]


def test_numbers_that_changed_places_are_told(desk: Office) -> None:
    """Sorted without the number column: one number must never come to mean another thing."""
    desk.take(with_list(problem(), TWO, period=P1.code), EARLY)
    one, two = f"{SMALL}-001", f"{SMALL}-002"
    assert codes(desk.take(with_list(problem(entry=two), TWO | {ENTRY: one}))) == {"ENTRY_MISMATCH"}
    overtyped = problem("维西县", "完全是另一件事情，写在了原有的编号下", entry=one)
    assert codes(desk.take(with_list(overtyped, TWO | {ENTRY: two}), NEXT)) == {"ENTRY_MISMATCH"}
    reworded = problem(what="专职工会干部仍然不足，请研究解决", entry=one)
    assert codes(desk.take(with_list(reworded, TWO | {ENTRY: two}), AS_OF)) == set()


def test_a_list_nobody_touched_undoes_nothing(desk: Office) -> None:
    """A colleague sends his copy of the issued workbook with other figures: the list stands as it was mended."""
    desk.take(with_list(problem(), period=P1.code), EARLY)
    one = f"{SMALL}-001"
    done = problem(entry=one, status="已解决", closed_on=date(2023, 2, 1))
    assert codes(desk.take(with_list(done, TWO))) == set()
    assert codes(desk.take(with_list(problem(entry=one), changes={("A1", FIRST, "Q01-1"): 3}), NEXT)) == set()
    rows = desk.listed()
    assert set(rows) == {one, f"{SMALL}-002"}
    assert rows[one].values[CODES["status"]] == "已解决"


@pytest.mark.parametrize("desk", [CARRIED], indirect=True, ids=[""])
def test_a_carried_row_nobody_touched_undoes_nothing(desk: Office) -> None:
    form = next(f for f in CARRIED.program.forms_of_kind(FormKind.MILESTONES) if f.rows == "county")
    done, on, proof = (form.of_role(role)[0].code for role in ("done", "done_on", "proof"))
    not_yet = {("M", FIRST, done): "否", ("M", FIRST, on): None, ("M", FIRST, proof): None}
    assert codes(desk.take(made(P1.code, of=CARRIED, changes=not_yet), EARLY)) == set()
    assert codes(desk.take(made(P2.code, of=CARRIED))) == set()  # done now
    (issue,) = plan_issues(CARRIED, desk.store, P2, SMALL, AS_OF)
    as_issued = {("M", FIRST, f.code): issue.entries.get(("M", FIRST, f.code)) for f in form.fields}
    assert as_issued["M", FIRST, done] == "否"
    other = as_issued | {("A1", FIRST, "Q01-1"): 3}
    assert codes(desk.take(made(P2.code, of=CARRIED, changes=other), NEXT)) == set()
    assert desk.snapshot.rows["M", P2.code, FIRST].values[done] == "是"


def test_a_late_correction_of_an_earlier_list_reaches_the_next(desk: Office) -> None:
    third = C.program.periods[2].code
    desk.take(with_list(problem(), period=P1.code), EARLY)
    one, two = f"{SMALL}-001", f"{SMALL}-002"
    desk.take(with_list(problem(entry=one)))
    assert codes(desk.take(with_list(problem(entry=one), TWO, period=P1.code), NEXT, "补.xlsx")) == set()
    (issue,) = plan_issues(C, desk.store, C.program.period_by_code[third], SMALL, AS_OF)
    numbers = {value for (form, _, column), value in issue.entries.items() if form == PROBLEMS.code and column == ENTRY}
    assert numbers == {one, two}
    closed = TWO | {ENTRY: two, CODES["status"]: "已解决", CODES["closed_on"]: date(2023, 3, 1)}
    later = with_list(problem(entry=one), closed, period=third)
    taken = take_in(C, desk.store, [arrival(later, "三.xlsx", date(2023, 5, 4))], date(2023, 5, 5))
    found = [f for s, f in take_snapshot(desk.store, date(2023, 5, 5)).findings if s.seq in taken.seqs]
    assert codes(found) == set()


def test_a_number_is_never_given_twice_whatever_day_is_looked_from(desk: Office) -> None:
    desk.take(with_list(problem()))
    take_in(C, desk.store, [arrival(with_list(TWO, period=P1.code), "早.xlsx", EARLY)], EARLY)
    assert list(desk.listed(P1.code)) == [f"{SMALL}-002"]


def test_what_is_left_out_of_the_same_period_s_list_is_asked_about(desk: Office) -> None:
    desk.take(with_list(problem(), TWO))
    found = desk.take(with_list(TWO), NEXT)
    assert [(f.code, f.found) for f in found if f.severity == "warning"] == [("ENTRY_DROPPED", f"{SMALL}-001")]


def test_a_number_without_an_entry_is_told(desk: Office) -> None:
    found = desk.take(with_list(problem(), {ENTRY: "注：以上由办公室填写"}))
    assert [(f.code, f.found) for f in found if f.severity == "critical"] == [
        ("ENTRY_NUMBER_UNKNOWN", "注:以上由办公室填写")
    ]


def test_a_bad_rival_of_the_same_day_spoils_no_good_list(desk: Office) -> None:
    bad, good = with_list(problem("丽江市")), with_list(problem())
    take_in(C, desk.store, [arrival(bad, "a.xlsx", DAY), arrival(good, "b.xlsx", DAY)], AS_OF)
    assert list(desk.listed()) == [f"{SMALL}-001"]


def test_two_lists_of_one_day_that_differ_are_held(desk: Office) -> None:
    lists = [with_list(problem(status=status)) for status in ("推进中", "未启动")]
    arrivals = [arrival(content, f"{DAY}/{n}.xlsx", DAY) for n, content in enumerate(lists)]
    take_in(C, desk.store, arrivals, AS_OF)
    assert {f.code for _, f in desk.snapshot.findings if f.county_code == SMALL and f.severity == "critical"} == {
        "ROW_CONFLICT"
    }
    assert desk.listed() == {}
    assert desk.states()[SMALL] is State.RETURNED


def test_the_same_twice_is_asked_about(desk: Office) -> None:
    found = desk.take(with_list(problem(), problem()))
    assert [f.code for f in found if f.severity == "warning"] == ["ENTRY_TWICE"]
    assert len(desk.listed()) == 2


def test_five_hundred_entries_and_no_more(desk: Office) -> None:
    many = [problem(what=f"第{n}件困难，需要研究解决") for n in range(500)]
    assert codes(desk.take(with_list(*many))) == set()
    assert len(desk.listed()) == 500
    book = openpyxl.load_workbook(io.BytesIO(with_list(*many)))
    for col, cell in enumerate(book[PROBLEMS.sheet][FIRST_ROW + 500], 1):
        book[PROBLEMS.sheet].cell(FIRST_ROW + 501, col).value = cell.value
    out = io.BytesIO()
    book.save(out)
    found = desk.take(out.getvalue(), NEXT)
    assert "LIST_TOO_LONG" in codes(found)


def test_stray_content_beside_and_above_a_list_is_told(desk: Office) -> None:
    book = openpyxl.load_workbook(io.BytesIO(with_list(problem())))
    sheet = book[PROBLEMS.sheet]
    sheet.cell(FIRST_ROW + 40, 30).value = "旁边的说明"
    sheet.cell(2, 12).value = "上面的说明"
    out = io.BytesIO()
    book.save(out)
    found = desk.take(out.getvalue())
    assert {f.location.cell for f in found if f.code == "STRAY_CELL"} == {"AD46", "L2"}
    assert len(desk.listed()) == 1


def test_a_returned_list_stands_as_typed_with_its_bad_cell_marked(desk: Office) -> None:
    book = openpyxl.load_workbook(io.BytesIO(with_list(problem(), problem("丽江市", "县名写成了别处的，请改正"))))
    out = io.BytesIO()
    book.save(out)
    assert codes(desk.take(out.getvalue())) == {"CELL_UNKNOWN_COUNTY"}
    (copy,) = returned_copies(C, desk.store, desk.snapshot, P2)
    back = openpyxl.load_workbook(io.BytesIO(returned_workbook(copy)))
    sheet = back[PROBLEMS.sheet]
    bad = sheet.cell(FIRST_ROW + 2, 2)
    assert bad.value == "丽江市"
    assert bad.comment is not None
    assert sheet.cell(FIRST_ROW + 1, 2).comment is None
    links = [cell.hyperlink.location for row in back["问题清单"].iter_rows() for cell in row if cell.hyperlink]
    assert f"'{PROBLEMS.sheet}'!{bad.coordinate}" in links
    bad.value = "德钦县"
    mended = io.BytesIO()
    back.save(mended)
    assert codes(desk.take(mended.getvalue(), NEXT)) == set()
    assert len(desk.listed()) == 2


EARLY_DUE, BY_THEN = date(2022, 5, 1), f"{CODES['due_on']}.after_start"
UNLIKELY = {"香格里拉市": "阵地改造工程早于专项工作启动", "德钦县": "工会经费拨付不到位影响活动"}


def with_reasons(book: Any, counties: Collection[str]) -> None:
    """Reasons beside the problems of some counties; and a new entry put in above theirs."""
    for row in book["问题清单"].iter_rows():
        for reason, key in pairwise(row):
            for county in counties:
                if key.value == f"{KEY} {SMALL}|{PROBLEMS.code}|{county} {UNLIKELY[county]}":
                    reason.value = f"{county}按上级文件原定的日期"
    sheet = book[PROBLEMS.sheet]
    sheet.insert_rows(FIRST_ROW + 1)
    for col, code in enumerate((cell.value for cell in sheet[CODE_ROW + 1]), 1):
        sheet.cell(FIRST_ROW + 1, col).value = problem("维西县", "新增的问题，排在最前面").get(str(code))


def test_an_entry_explained_on_the_returned_copy_passes_and_is_asked_again_only_when_it_changes(desk: Office) -> None:
    """Its reason finds it in whatever row it has gone to, and stays with its number."""
    unlikely = [problem(county, what, due_on=EARLY_DUE) for county, what in UNLIKELY.items()]
    told = desk.take(with_list(problem(), *unlikely, period=P1.code), EARLY)
    assert [f.rule for f in told if f.severity == "critical"] == [BY_THEN] * 2
    (copy,) = returned_copies(C, desk.store, desk.snapshot, P1)
    back = returned_workbook(copy)
    half = desk.take(touched(back, lambda book: with_reasons(book, ["德钦县"])), date(2023, 1, 9))
    assert [f.severity.value for f in half if f.rule == BY_THEN] == ["critical", "info"]
    told = desk.take(touched(back, lambda book: with_reasons(book, UNLIKELY)), date(2023, 1, 10))
    assert codes(told) == set()
    rows = {show(row.values[CODES["problem"]]): row for row in desk.listed(P1.code).values()}
    assert len(rows) == 4
    reasons = {f.location.cell.lstrip("ABCDEFGHIJ"): f.fix for f in told if f.code == "EXPLAINED"}
    assert reasons == {
        str(rows[what].sheet_row): f"说明：其他：{county}按上级文件原定的日期" for county, what in UNLIKELY.items()
    }
    again = [
        problem(C.program.county_by_code[show(row.values[CODES["county"]])].short_name, what, entry=row.number)
        | {CODES["due_on"]: row.values[CODES["due_on"]]}
        for what, row in rows.items()
    ]
    silent = desk.take(with_list(*again), DAY)
    assert [f.fix for f in silent if f.rule == BY_THEN] == [*reasons.values()]
    assert codes(silent) == set()
    moved = [row | ({CODES["due_on"]: date(2022, 6, 1)} if row[CODES["due_on"]] == EARLY_DUE else {}) for row in again]
    assert [f.severity.value for f in desk.take(with_list(*moved), NEXT) if f.rule == BY_THEN] == ["critical"] * 2


def test_highlights_need_their_characters(desk: Office) -> None:
    by_role = {
        "title": "新就业形态劳动者入会见实效",
        "county": "德钦县",
        "highlight_kind": "经验",
        "spread": "是",
        "dated_on": date(2023, 2, 10),
        "text": "德钦县总工会联合有关部门开展集中入会。" * 12,
    }
    cells = {HIGHLIGHTS.of_role(role)[0].code: value for role, value in by_role.items()}
    text = HIGHLIGHTS.of_role("text")[0].code
    assert codes(desk.take(with_list(cells | {text: "太短的正文，不到二百字。"}, form=HIGHLIGHTS.code))) == {
        "TEXT_LENGTH"
    }
    assert codes(desk.take(with_list(cells, form=HIGHLIGHTS.code), NEXT)) == set()
    assert len(desk.listed(form=HIGHLIGHTS.code)) == 1


# --- amounts, and what is shown from an action sheet ---------------------------------------------------------------

AMOUNT = next(f for f in MONEY.program.field_by_code.values() if f.type is FieldType.AMOUNT)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (3, "3.00"),
        (2.5, "2.50"),
        (0.1 + 0.2, "0.30"),
        ("1.50", "1.50"),
        ("12,345.67", "12345.67"),
        ("２．５", "2.50"),
        ("5万元", "5.00"),
        ("无", "0.00"),
        (0, "0.00"),
    ],
)
def test_amounts_are_exact(typed: Any, value: str) -> None:
    read = parse(typed, AMOUNT)
    assert (read.value, read.problem) == (Decimal(value), "")
    assert str(read.value) == value


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("1.234", "CELL_TOO_FINE"),
        (1.234, "CELL_TOO_FINE"),
        (-1, "CELL_NEGATIVE"),
        ("约5", "CELL_APPROXIMATE"),
        ("5万", "CELL_WRONG_UNIT"),
        ("50000元", "CELL_WRONG_UNIT"),
        ("1-2", "CELL_RANGE"),
        ("50%", "CELL_PERCENT"),
        ("1e3", "CELL_NOT_A_NUMBER"),
        (date(2023, 1, 2), "CELL_DATE_IN_COUNT"),
        (True, "CELL_NOT_A_NUMBER"),
        ("1 2", "CELL_NOT_A_NUMBER"),
    ],
)
def test_what_is_no_amount_is_refused(typed: Any, problem: str) -> None:
    assert parse(typed, AMOUNT).problem == problem


def test_words_are_kept_as_they_are() -> None:
    field = replace(AMOUNT, type=FieldType.TEXT, max=300)
    assert parse("① 全角（括号）　5％", field).value == "① 全角（括号）　5％"
    assert parse("不适用", field).value == "不适用"
    assert parse("=1+1", field).problem == "CELL_FORMULA_TEXT"


@pytest.fixture(scope="module")
def shown() -> Field:
    return next(f for form in MONEY.program.county_forms for f in form.fields if f.shows)


@pytest.mark.parametrize("desk", [MONEY], indirect=True, ids=[""])
def test_amounts_add_up_to_the_cent(desk: Office) -> None:
    """0.1 + 0.2 spent 0.3 is within what was received; a cent more is not."""
    form = MONEY.program.form_by_code["F"]
    line = {f.role: f.code for f in form.fields if f.serves == "F2"}
    fits = {("F", FIRST, line["received"]): 0.1, ("F", FIRST, line["matched"]): 0.2, ("F", FIRST, line["spent"]): 0.3}
    assert codes(desk.take(made(P2.code, of=MONEY, changes=fits))) == set()
    over = fits | {("F", FIRST, line["spent"]): 0.31}
    found = desk.take(made(P2.code, of=MONEY, changes=over), NEXT)
    assert [(f.county_code, f.field) for f in found if f.severity == "critical"] == [(FIRST, line["spent"])]


@pytest.mark.parametrize("desk", [MONEY], indirect=True, ids=[""])
def test_a_shown_value_is_asked_once_and_an_overtyped_one_is_told(desk: Office, shown: Field) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made(P2.code, of=MONEY)))
    sheet = book[MONEY.program.form_by_code[shown.form].sheet]
    col = next(cell.column for cell in sheet[CODE_ROW + 1] if cell.value == shown.code)
    assert str(sheet.cell(FIRST_ROW + 1, col).value).startswith("=")
    out = io.BytesIO()
    book.save(out)  # openpyxl keeps no calculated values: our own formulas are nothing to complain of
    assert codes(desk.take(out.getvalue())) == set()
    sheet.cell(FIRST_ROW + 1, col).value = 77
    out = io.BytesIO()
    book.save(out)
    told = [f for f in desk.take(out.getvalue(), NEXT) if f.code == "SHOWN_DIFFERS"]
    assert [(f.county_code, f.field, f.found, str(f.severity)) for f in told] == [(FIRST, shown.code, "77", "info")]


@pytest.mark.parametrize("desk", [MONEY], indirect=True, ids=[""])
def test_what_only_shows_another_column_has_that_columns_value_place_and_history(desk: Office, shown: Field) -> None:
    """Saved with calculated results, then without: nothing changed, and nothing is lost."""
    source = MONEY.program.field_by_code[shown.shows]
    place = desk.campaign.program.form_by_code[source.form].sheet
    content = made(P2.code, of=MONEY)
    for day, sent_in in ((DAY, content), (NEXT, touched(content, lambda _: None))):
        assert codes(desk.take(sent_in, day)) == set()
        row = desk.snapshot.rows[shown.form, P2.code, FIRST]
        asked = desk.snapshot.rows[source.form, P2.code, FIRST]
        assert row.values[shown.code] == asked.values[source.code] == 2
        origin = desk.snapshot.origin_of(row, shown.code)
        assert origin == desk.snapshot.origin_of(asked, source.code)
        assert (origin.sheet, origin.raw, origin.nil) == (place, "2", False)
    assert [change for one in desk.snapshot.revisions for change in one.changes] == []
    table = desk.store.tables.forms[shown.form]
    with desk.store.reader.connect() as connection:
        assert set(connection.execute(select(table.c[shown.code])).scalars()) == {None}


@pytest.mark.parametrize("desk", [MONEY], indirect=True, ids=[""])
def test_of_the_further_sheets_too_libreoffice_keeps_and_calculates_everything(
    desk: Office, office: Session, shown: Field, tmp_path: Path
) -> None:
    """Opened, recalculated and saved as ods by the officer's program: the same is read."""
    source = tmp_path / "报表.xlsx"
    source.write_bytes(with_list(problem(), of=MONEY))
    target = tmp_path / "报表.ods"
    office.work([["open", str(source)], ["recalculate"], ["save", str(target), "calc8"], ["close"]])
    saved = target.read_bytes()
    found = desk.take(saved, name=f"{DAY}/报表.ods")
    assert {f.code for f in found if f.severity != "info"} == set()
    rows = desk.snapshot.rows
    assert rows[shown.form, P2.code, FIRST].values[shown.code] is not None
    straight = Office(tmp_path / "other", MONEY)
    straight.take(source.read_bytes())
    same = straight.snapshot.rows
    assert {key: values_but_shown(row) for key, row in rows.items()} == {
        key: values_but_shown(row) for key, row in same.items()
    }
    straight.store.close()


def values_but_shown(row: AcceptedRow) -> dict[str, Any]:
    return {code: value for code, value in row.values.items() if not MONEY.program.field_by_code[code].shows}


def test_a_damaged_number_is_told_once_where_the_entry_is_plain(desk: Office) -> None:
    desk.take(with_list(problem(), period=P1.code), EARLY)
    findings = desk.take(with_list(problem(entry=f"{SMALL}-0O1")))
    assert [f.code for f in findings if f.code.startswith("ENTRY")] == ["ENTRY_NUMBER_UNKNOWN"]
    assert desk.states()[SMALL] is State.RETURNED


def test_an_older_list_says_that_it_replaces_nothing(desk: Office) -> None:
    desk.take(with_list(problem()), NEXT)
    told = [
        f
        for f in desk.take(with_list(problem(), problem("德钦县", "阵地面积不够，活动难以开展")), DAY)
        if f.code == "RETURN_OLDER"
    ]
    assert len(told) == 1
    assert PROBLEMS.sheet in told[0].expected
    assert len(desk.listed()) == 1


def test_a_total_under_a_list_is_one_remark_and_no_entry(desk: Office) -> None:
    total = {CODES["county"]: "合计", CODES["problem"]: "共1条"}
    findings = desk.take(with_list(problem(), total))
    assert codes(findings) == set()
    assert [f.code for f in findings if f.location.sheet == PROBLEMS.sheet] == ["ROW_UNRECOGNISED"]
    assert list(desk.listed()) == [f"{SMALL}-001"]


@pytest.mark.parametrize(
    ("more", "severity", "field"),
    [
        ({"closed_on": date(2023, 2, 20)}, "critical", "status"),
        ({"due_on": date(2123, 6, 30)}, "warning", "due_on"),
        ({"status": "已解决"}, "critical", "closed_on"),
    ],
)
def test_dates_that_do_not_go_with_the_status_are_told(
    desk: Office, more: dict[str, Any], severity: str, field: str
) -> None:
    findings = desk.take(with_list(problem(**more)))
    assert [(f.severity, f.field) for f in findings if f.field] == [(severity, CODES[field])]


def test_a_list_without_its_number_column_says_which_column_is_missing(desk: Office) -> None:
    def cut(book: Any) -> None:
        book[PROBLEMS.sheet].delete_cols(1)

    findings = desk.take(touched(with_list(problem()), cut))
    assert ["编号" in f.found for f in findings if f.code == "SHEET_AMBIGUOUS"] == [True]


def test_a_highlight_keeps_its_number_when_sent_again(desk: Office) -> None:
    good = {
        role: HIGHLIGHTS.of_role(role)[0].code
        for role in ("county", "title", "highlight_kind", "text", "spread", "dated_on")
    }
    first = {
        good["county"]: "德钦县",
        good["title"]: "送奖到企业",
        good["highlight_kind"]: "经验",
        good["text"]: "好" * 200,
        good["spread"]: "是",
        good["dated_on"]: date(2023, 2, 10),
    }
    other = first | {good["title"]: "流动服务站"}
    desk.take(with_list(first, form=HIGHLIGHTS.code))
    desk.take(with_list(other, first, form=HIGHLIGHTS.code), NEXT)
    titles = {number: row.values[good["title"]] for number, row in desk.listed(form=HIGHLIGHTS.code).items()}
    assert titles == {f"{SMALL}-001": "送奖到企业", f"{SMALL}-002": "流动服务站"}


def test_a_rival_that_is_held_holds_back_no_list(desk: Office) -> None:
    forged = replace(C, key=bytes(32))
    desk.take(
        made(P2.code, of=forged, lists={PROBLEMS.code: [problem("德钦县", "另一份报表里的另一个问题")]}), name="甲.xlsx"
    )
    desk.take(with_list(problem()), name="乙.xlsx")
    assert [row.values[CODES["county"]] for row in desk.listed().values()] == [FIRST]


@pytest.mark.parametrize("name", ["迪庆州总工会", "迪庆藏族自治州总工会", "迪庆州本级"])
def test_a_prefecture_s_own_row_is_known_by_its_union_s_name(desk: Office, name: str) -> None:
    own = C.program.form_by_code["FP"]

    def rename(book: Any) -> None:
        book[own.sheet].cell(FIRST_ROW, 2, name)

    findings = desk.take(touched(made(P2.code), rename))
    assert codes(findings) == set()


def test_what_no_file_can_hold_is_dropped_and_the_rest_kept() -> None:
    one = next(f for f in PROBLEMS.fields if f.code == CODES["problem"])
    assert parse("阵地\uffff不足，活动难以开展\ufffe", one).value == "阵地不足，活动难以开展"


def test_a_prefecture_s_own_row_is_not_counted_as_a_county() -> None:
    counties = [c.code for c in C.program.counties_of(SMALL)]
    states = dict.fromkeys((SMALL, *counties), State.ACCEPTED)
    said = conclusion(C.program, Verdict.PARTIAL, "", states | {FIRST: State.RETURNED}, ())
    assert said == "部分退回：香格里拉市须改正后重报；其余2个县（市、区）和迪庆州本级已接收，不必重报。"
    said = conclusion(C.program, Verdict.ACCEPTED, "", states, ())
    assert said == "全部接收：3个县（市、区）和迪庆州本级已接收。"
    said = conclusion(C.program, Verdict.PARTIAL, "", states | {SMALL: State.RETURNED, FIRST: State.RETURNED}, ())
    assert said.startswith("部分退回：迪庆州本级、香格里拉市须改正后重报；其余2个县（市、区）已接收")
