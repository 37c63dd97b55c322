"""Findings and decisions: what each mistake becomes, where it is told, and who is returned for it."""

from __future__ import annotations

import io
import re
import time
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.checks.suites import run_suite
from pipeline.domain.acts import Act, ActKind
from pipeline.domain.arrival import Arrival
from pipeline.domain.findings import CATALOGUE, Severity
from pipeline.domain.past import Past
from pipeline.domain.state import State, Verdict
from pipeline.engine import engines as engine
from pipeline.intake.first_round import LOST, lost, registry
from pipeline.program.identity import Stamp
from pipeline.program.rules import Rule
from pipeline.reading.read import read_return
from pipeline.system.errors import SuiteError
from tests.builder import FIRST, KEY, SECOND, THIRD, arrival, campaign, filled, read
from tests.test_amending import NOTED
from tests.test_asking import FIRE as ASKED
from tests.test_changed_again import CHANGES
from tests.test_confirming import FIRE
from tests.test_diagnose import FIRES_HERE as CAUSES
from tests.test_explanations import REFUSED_REASON
from tests.test_guard import REFUSED
from tests.test_increment import FIRE as ADDED
from tests.test_lists import FIRES_HERE
from tests.test_placing import FIRES_HERE as PLACED
from tests.test_seen import FIRED as SEEN
from tests.test_unpacking import UNOPENED

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.checks.decide import Decision
    from pipeline.domain.findings import Finding
    from pipeline.domain.past import Previous
    from pipeline.domain.value import Value
    from pipeline.reading.read import Reading

FIRED: set[str] = set()


def judge(
    *arrivals: Arrival,
    previous: Previous | None = None,
    standing: dict[tuple[str, str], bool] | None = None,
    current: Previous | None = None,
) -> list[Decision]:
    """Decisions on files that all hold one period's returns."""
    c = campaign()
    readings = [read_return(registry(c, ()), one) for one in arrivals]
    FIRED.update(f.code for r in readings for f in r.findings)
    returns = [one for reading in readings for one in reading.returns]
    period = c.program.period_by_code[returns[0].period]
    earlier = previous or {}
    past = Past(
        previous=earlier,
        floors={k: v for k, v in earlier.items() if isinstance(v, int)},
        current=current or {},
        standing=standing or {},
    )
    checked = check_returns(c.program, c.rules, period, returns, past)
    decisions = list(decide(c.program, returns, checked, past))
    FIRED.update(f.code for d in decisions for f in d.findings)
    return decisions


def one(changes: dict[tuple[str, str], Any] | None = None, **more: Any) -> Decision:
    previous = more.pop("previous", None)
    return judge(arrival(filled(changes=changes, **more)), previous=previous)[0]


def states(decision: Decision) -> dict[str, State]:
    return {r.county_code: r.state for r in decision.records}


def only(decision: Decision, code: str) -> Finding:
    found = [f for f in decision.findings if f.code == code]
    assert len(found) == 1, decision.findings
    return found[0]


def test_a_valid_return_is_accepted_without_a_word() -> None:
    decision = one()
    assert decision.verdict is Verdict.ACCEPTED
    assert decision.findings == ()
    assert set(states(decision).values()) == {State.ACCEPTED}


MISTAKES: list[tuple[dict[tuple[str, str], Any], str, tuple[str, str], str]] = [
    ({(FIRST, "Q01-1"): None}, "REQUIRED", ("1.思想引领", "D7"), "应填写"),
    ({(FIRST, "Q01-1"): "　"}, "REQUIRED", ("1.思想引领", "D7"), "应填写"),
    ({(SECOND, "Q01-1"): 99_999_999}, "OUT_OF_RANGE", ("1.思想引领", "D8"), "应在1到9999999之间"),
    ({(SECOND, "Q01-1"): "约5"}, "CELL_APPROXIMATE", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "3-5"}, "CELL_RANGE", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "50%"}, "CELL_PERCENT", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): -1}, "CELL_NEGATIVE", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): 1.5}, "CELL_FRACTION", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "5元"}, "CELL_WRONG_UNIT", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): date(2023, 3, 5)}, "CELL_DATE_IN_COUNT", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "①"}, "CELL_SPECIAL_DIGIT", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "\u202e15"}, "CELL_BACKWARDS", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "同上"}, "CELL_PLACEHOLDER", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "很多场"}, "CELL_NOT_A_NUMBER", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "不适用"}, "CELL_NOT_APPLICABLE", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "'=A1"[1:].replace("=", "＝")}, "CELL_FORMULA_TEXT", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-1"): "#REF！"}, "CELL_ERROR_VALUE", ("1.思想引领", "D8"), "场"),
    ({(SECOND, "Q01-2"): "正在推进"}, "CELL_UNKNOWN_WORD", ("1.思想引领", "E8"), "是 或 否"),
    ({(SECOND, "Q02-2f"): "读书会"}, "CELL_BAD_CHECKLIST", ("1.思想引领", "H8"), "读书分享"),
    ({(SECOND, "Q15-1t"): "2023年2月30日"}, "CELL_BAD_DATE", ("4.制度机制", ""), "日期"),
    ({(SECOND, "Q15-1t"): date(2023, 3, 1)}, "DATE_OUT_OF_RANGE", ("4.制度机制", ""), "不晚于报送期末2023-02-28"),
    ({(SECOND, "Q15-1t"): date(2022, 1, 1)}, "DATE_OUT_OF_RANGE", ("4.制度机制", ""), "不早于专项工作开始2022-10-26"),
    ({(SECOND, "Q13-2n"): 3}, "PART_EXCEEDS_WHOLE", ("4.制度机制", ""), "不大于G8“县域已建工会企事业单位数”2"),
    ({(SECOND, "Q07-1"): 0}, "INCONSISTENT", ("2.组织功能", ""), "现为 0"),
    ({(SECOND, "Q02-2"): 0}, "INCONSISTENT", ("1.思想引领", "H8"), "现为 0"),
    ({(SECOND, "nil"): "也许"}, "NIL_UNCLEAR", ("", ""), "√"),
]


@pytest.mark.parametrize(
    "case", range(len(MISTAKES)), ids=[f"{code}-{n}" for n, (_, code, _, _) in enumerate(MISTAKES)]
)
def test_each_mistake_returns_its_county_and_only_that(case: int) -> None:
    changes, code, place, expected = MISTAKES[case]
    decision = together()[case]
    county = next(iter(changes))[0]
    assert {c: s for c, s in states(decision).items() if s is State.RETURNED} == {county: State.RETURNED}
    assert decision.verdict is Verdict.PARTIAL
    told = next(f for f in decision.findings if f.code == code)
    sheet, cell = place
    assert told.severity is Severity.CRITICAL
    assert told.county_code == county
    assert expected in told.expected
    assert told.fix
    assert told.location.cell
    if cell:
        assert (told.location.sheet, told.location.cell) == (sheet, cell)


def test_a_refused_cell_is_told_once_not_as_a_blank_too() -> None:
    decision = one({(FIRST, "Q13-2d"): "约5"})
    assert [f.code for f in decision.findings] == ["CELL_APPROXIMATE"]


def test_what_was_read_differently_is_noted_and_accepted() -> None:
    decision = one({(FIRST, "Q01-1"): "5场"})
    told = only(decision, "CELL_READ_AS")
    assert (told.severity, told.found) == (Severity.INFO, "5场")
    assert decision.verdict is Verdict.ACCEPTED


def test_warnings_do_not_return_anybody() -> None:
    decision = one({(FIRST, "Q08-d"): 3})
    assert only(decision, "LOOK_AGAIN").severity is Severity.WARNING
    assert decision.verdict is Verdict.ACCEPTED


def test_a_cumulative_count_never_falls() -> None:
    decision = one(previous={(FIRST, "Q01-1"): 7, (FIRST, "Q05-3"): 7})
    told = only(decision, "CUMULATIVE_FELL")  # Q05-3 is a stock: it may fall
    assert (told.county_code, told.field, told.expected) == (
        FIRST,
        "Q01-1",
        "应不少于上次已接收的7；像是只填了本期新增？上次累计7，这次填2：如是，累计应为9",
    )


def test_a_blank_county_is_missing_and_told_once() -> None:
    decision = one(empty=frozenset({THIRD}))
    assert states(decision) == {FIRST: State.ACCEPTED, SECOND: State.ACCEPTED}
    assert only(decision, "ROW_BLANK").county_code == THIRD


def test_a_county_blank_on_one_sheet_is_returned_unless_that_sheet_stands() -> None:
    form = campaign().program.form_by_code["A1"]
    gone = {(FIRST, f.code): None for f in form.fields}
    assert states(one(gone))[FIRST] is State.RETURNED
    again = judge(arrival(filled(changes=gone)), standing={(FIRST, "A1"): False})[0]
    assert states(again)[FIRST] is State.ACCEPTED


def test_nil_in_the_first_period_means_zero_except_denominators() -> None:
    denominators = {(FIRST, code): 9 for code in ("Q06-3d", "Q08-d", "Q13-2d", "Q30-1d", "Q30-2d")}
    decision = one(denominators, period_code="2022-12", nil=frozenset({FIRST}))
    record = next(r for r in decision.records if r.county_code == FIRST)
    assert record.state is State.NIL
    values = {code: v for line in record.lines.values() for code, v in line.values.items()}
    assert (values["Q01-1"], values["Q01-2"], values["Q13-2n"], values["Q13-2d"]) == (0, "否", 0, 9)
    without = one(period_code="2022-12", nil=frozenset({FIRST}))
    assert states(without)[FIRST] is State.RETURNED
    assert {f.field for f in without.findings if f.code == "REQUIRED"} == {code for _, code in denominators}


def test_nil_later_carries_what_was_accepted_and_contradictions_are_told() -> None:
    program = campaign().program
    previous: dict[tuple[str, str], Value] = {
        (FIRST, f.code): 4 if f.type == "count" else "是"
        for form in program.forms
        for f in form.fields
        if f.type in {"count", "yesno"}
    }
    previous |= {(FIRST, "Q04-1"): "已组织", (FIRST, "Q11-2"): "组织入会", (FIRST, "Q12-2"): "政府督查事项"}
    decision = one(nil=frozenset({FIRST}), previous=previous)
    record = next(r for r in decision.records if r.county_code == FIRST)
    assert record.state is State.NIL
    assert record.lines["A1"].values["Q01-1"] == 4
    clash = one({(FIRST, "Q01-1"): 5}, nil=frozenset({FIRST}), previous=previous)
    assert only(clash, "NIL_CONFLICT").field == "Q01-1"
    assert states(clash)[FIRST] is State.RETURNED


def test_nil_again_in_the_same_period_keeps_what_was_accepted_in_it() -> None:
    program = campaign().program
    current: dict[tuple[str, str], Value] = {
        (FIRST, f.code): 9 if f.type == "count" else "是"
        for form in program.forms
        for f in form.fields
        if f.type in {"count", "yesno"}
    }
    current |= {(FIRST, "Q04-1"): "已组织", (FIRST, "Q11-2"): "组织入会", (FIRST, "Q12-2"): "政府督查事项"}
    previous: Previous = {(FIRST, "Q01-1"): 3}
    standing = {(FIRST, form.code): False for form in program.forms}
    content = filled(nil=frozenset({FIRST}), empty=frozenset({SECOND, THIRD}))
    (decision,) = judge(arrival(content), previous=previous, current=current, standing=standing)
    record = next(r for r in decision.records if r.county_code == FIRST)
    assert record.lines["A1"].values["Q01-1"] == 9
    assert record.state is State.ACCEPTED  # what was reported stays reported


def test_nil_is_never_zero_when_nothing_was_ever_accepted() -> None:
    decision = one(nil=frozenset({FIRST}))
    assert states(decision)[FIRST] is State.RETURNED
    assert "NIL_WITHOUT_BASE" in {f.code for f in decision.findings}


def test_a_count_does_not_fall_behind_not_applicable() -> None:
    c = campaign()
    reading = read_return(registry(c, ()), arrival(filled(changes={(FIRST, "Q07-3"): 1})))
    past = Past(previous={(FIRST, "Q07-3"): "不适用"}, floors={(FIRST, "Q07-3"): 50}, current={}, standing={})
    checked = check_returns(c.program, c.rules, c.program.period_by_code["2023-02"], reading.returns, past)
    assert [(f.code, f.field) for f in checked.findings[0]] == [("CUMULATIVE_FELL", "Q07-3")]


def test_a_late_correction_above_a_later_period_is_told() -> None:
    c = campaign()
    reading = read_return(registry(c, ()), arrival(filled()))
    later = {(FIRST, "Q01-1"): 1, (FIRST, "Q05-3"): 1}  # the second is a stock, which may fall
    past = Past(previous={}, floors={}, current={}, standing={}, later=later)
    checked = check_returns(c.program, c.rules, c.program.period_by_code["2023-02"], reading.returns, past)
    FIRED.update(f.code for f in checked.findings[0])
    (told,) = checked.findings[0]
    assert (told.code, told.field, told.severity, told.location.cell) == (
        "ABOVE_LATER",
        "Q01-1",
        Severity.WARNING,
        "D7",
    )


def test_a_correction_of_the_same_day_beats_a_refused_original() -> None:
    bad, good = filled(changes={(FIRST, "Q01-1"): "约5"}), filled(changes={(FIRST, "Q01-1"): 5})
    first, second = judge(arrival(bad, "甲.xlsx"), arrival(good, "乙.xlsx"))
    assert states(first)[FIRST] is State.RETURNED
    assert states(second)[FIRST] is State.ACCEPTED


def test_returns_before_and_during_the_period() -> None:
    early = judge(arrival(filled(), day=date(2022, 12, 30)))[0]
    assert (early.verdict, [f.code for f in early.findings]) == (Verdict.RETURNED, ["FILE_TOO_EARLY"])
    during = judge(arrival(filled(), day=date(2023, 2, 20)))[0]
    assert (during.verdict, [f.code for f in during.findings]) == (Verdict.ACCEPTED, ["PERIOD_NOT_ENDED"])


def raw_cell(cell: str, xml: str) -> bytes:
    """A return whose cell holds just this XML, as another program might have written it."""
    content, out = filled(changes={(FIRST, "Q01-1"): 77_777}), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if b"77777" in data:
                data = re.sub(rb'<c r="' + cell.encode() + rb'"([^>]*)>.*?</c>', xml.encode(), data)
            new.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        ('<c r="D7" t="e"><v>#REF!</v></c>', "CELL_ERROR_VALUE"),
        ('<c r="D7" t="e"><f>A1/0</f><v>#DIV/0!</v></c>', "CELL_ERROR_VALUE"),
        ('<c r="D7"><f>5+5</f><v></v></c>', "CELL_FORMULA_TEXT"),
        ('<c r="D7"><f>5+5</f></c>', "CELL_FORMULA_TEXT"),
    ],
)
def test_what_the_reader_leaves_out_is_told(xml: str, code: str) -> None:
    decision = judge(arrival(raw_cell("D7", xml)))[0]
    told = only(decision, code)
    assert (told.location.cell, told.county_code, bool(told.found)) == ("D7", FIRST, True)
    assert [f.code for f in decision.findings] == [code]


def test_cells_without_an_end_do_not_hang_the_reader() -> None:
    content, out = filled(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<c r='A1'>" * 200_000 if name.endswith("sheet2.xml") else old.read(name))
    reading = read_return(registry(campaign(), ()), arrival(out.getvalue()))
    broken = [f.code for f in (*reading.findings, *(x for r in reading.returns for x in r.findings))]
    assert "FILE_DAMAGED" in broken or not any("A1" in r.rows for r in reading.returns)


def test_a_cached_formula_is_a_number() -> None:
    decision = judge(arrival(raw_cell("D7", '<c r="D7"><f>5+5</f><v>10</v></c>')))[0]
    assert next(r for r in decision.records if r.county_code == FIRST).lines["A1"].values["Q01-1"] == 10


def test_a_percentage_is_not_a_count() -> None:
    def touch(book: Any) -> None:
        book[sheet_of("A1")]["D7"].value = 1
        book[sheet_of("A1")]["D7"].number_format = "0%"

    told = only(one(touch=touch), "CELL_PERCENT")
    assert told.found == "100%"


@pytest.mark.parametrize("code", ['0"万"', '"约"0', '0"0"', "0,", ";;;", '0"‰"'])
def test_a_number_that_shows_as_another_is_not_taken(code: str) -> None:
    def touch(book: Any) -> None:
        book[sheet_of("A1")]["D7"].number_format = code

    (reading,) = read(arrival(filled(touch=touch)))
    told = [f for f in reading.returns[0].findings if f.location.cell == "D7"]
    assert [(f.severity, code in f.found) for f in told] == [(Severity.CRITICAL, True)]
    row = next(r for r in reading.returns[0].rows["A1"] if r.county_code == FIRST)
    assert row.values["Q01-1"] is None


def test_two_returns_of_one_day_that_differ_are_both_held() -> None:
    same, other = filled(), filled(changes={(FIRST, "Q01-1"): 3})
    decisions = judge(arrival(same, "甲.xlsx"), arrival(other, "乙.xlsx"))
    assert [states(d)[FIRST] for d in decisions] == [State.RETURNED, State.RETURNED]
    assert [states(d)[SECOND] for d in decisions] == [State.ACCEPTED, State.ACCEPTED]
    assert all(only(d, "ROW_CONFLICT").county_code == FIRST for d in decisions)
    assert only(decisions[0], "ROW_CONFLICT").found == "Q01-1：本份2，乙.xlsx 3"


def test_one_mistake_of_one_prefecture_leaves_the_others_alone() -> None:
    spoilt, good = filled(changes={(FIRST, "Q01-1"): "约5"}), filled(prefecture_code="532800")
    first, second = judge(arrival(spoilt, "甲.xlsx"), arrival(good, "乙.xlsx"))
    assert first.verdict is Verdict.PARTIAL
    assert second.verdict is Verdict.ACCEPTED
    assert second.findings == ()


def sheet_of(form: str) -> str:
    return campaign().program.form_by_code[form].sheet


def wreck_header(book: Any) -> None:
    sheet = book[sheet_of("A1")]
    sheet["D5"], sheet["D6"] = "别的", "别的"


def copied(book: Any) -> None:
    copy = book.copy_worksheet(book[sheet_of("A1")])
    copy.title = "副本"


def twice(book: Any) -> None:
    copied(book)
    book["副本"]["D7"] = 3


def set_cell(form: str, cell: str, value: Any) -> Callable[[Any], None]:
    def touch(book: Any) -> None:
        book[sheet_of(form)][cell] = value

    return touch


def restamp(old: str, new: str, *, sign: bool = True) -> Callable[[Any], None]:
    """Change the identity of the sheets; signed as we would have, or as a forger could."""

    def touch(book: Any) -> None:
        for sheet in book.worksheets:
            for row in sheet.iter_rows(max_row=10):
                for cell in row:
                    stamp = Stamp.parse(str(cell.value).replace(old, new))
                    if stamp:
                        cell.value = str(stamp.signed(KEY) if sign else stamp)

    return touch


def without_stamps(book: Any) -> None:
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=10):
            for cell in row:
                if "识别码" in str(cell.value):
                    cell.value = None
    book.remove(book["_identity"])


EDITS: list[tuple[Callable[[Any], None], str, Verdict]] = [
    (wreck_header, "COLUMN_MISSING", Verdict.RETURNED),
    (twice, "SHEET_TWICE", Verdict.RETURNED),
    (copied, "SHEET_SAME", Verdict.ACCEPTED),
    (set_cell("A1", "E5", "二十大精神基层宣讲场次（场）"), "SHEET_AMBIGUOUS", Verdict.RETURNED),
    (restamp("|A1|1|", "|A1|9|"), "FILE_WRONG_VERSION", Verdict.RETURNED),
    (restamp("|533400|", "|533300|", sign=False), "IDENTITY_UNPROVED", Verdict.HELD),
    (lambda book: book["填报说明"].cell(9, 7, "张三代填"), "SHEET_NOTE", Verdict.ACCEPTED),
    (lambda book: book.create_sheet("附注").append(["说明"]), "SHEET_EXTRA", Verdict.ACCEPTED),
    (set_cell("A1", "D5", "宣讲了几场"), "COLUMN_TITLE_CHANGED", Verdict.ACCEPTED),
    (set_cell("A1", "D6", "Q99"), "COLUMN_CODE_CHANGED", Verdict.ACCEPTED),
    (set_cell("A1", "P7", "请领导关注"), "STRAY_CELL", Verdict.ACCEPTED),
    (set_cell("A1", "L7", "本县宣讲安排在3月"), "REMARK", Verdict.ACCEPTED),
    (set_cell("A1", "A7", "530102"), "ROW_CODE_CHANGED", Verdict.ACCEPTED),
    (set_cell("A1", "B7", "香格里拉"), "ROW_NAME_CHANGED", Verdict.ACCEPTED),
    (set_cell("A1", "B10", "合计"), "ROW_UNRECOGNISED", Verdict.ACCEPTED),
    (set_cell("A1", "D10", 7), "ROW_NAMELESS", Verdict.RETURNED),
    (set_cell("A1", "D10", 6), "ROW_UNRECOGNISED", Verdict.ACCEPTED),  # the sum of the three above, without a word
    (set_cell("A1", "B10", "五华区"), "ROW_OTHER_PREFECTURE", Verdict.ACCEPTED),
]


@cache
def together() -> list[Decision]:
    """All mistakes and edits judged in one run, each file on a day of its own: one county's fault is nobody else's."""
    contents = [filled(changes=changes) for changes, _, _, _ in MISTAKES] + [
        filled(touch=touch) for touch, _, _ in EDITS
    ]
    start = date(2023, 3, 1)
    return judge(*(arrival(content, f"{n}.xlsx", start + timedelta(days=n)) for n, content in enumerate(contents)))


@pytest.mark.parametrize("case", range(len(EDITS)), ids=[code for _, code, _ in EDITS])
def test_sheets_columns_and_rows(case: int) -> None:
    _, code, verdict = EDITS[case]
    decision = together()[len(MISTAKES) + case]
    assert code in {f.code for f in decision.findings}
    assert decision.verdict is verdict
    if verdict is Verdict.RETURNED:
        assert State.ACCEPTED not in states(decision).values()


def test_a_county_in_two_rows_is_returned() -> None:
    def touch(book: Any) -> None:
        sheet = book[sheet_of("A1")]
        for col in range(1, 13):
            sheet.cell(10, col).value = sheet.cell(7, col).value

    decision = one(touch=touch)
    assert only(decision, "ROW_TWICE").county_code == FIRST
    assert states(decision)[FIRST] is State.RETURNED


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b"PK\x03\x04" + b"\0" * 20_000_001, "FILE_TOO_LARGE"),
        (b"<html><table>", "FILE_HTML"),
        ("州,县\n昆明,五华".encode(), "FILE_CSV"),
        (zipped(**{"word/document.xml": b"<a/>"}), "FILE_NOT_A_WORKBOOK"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000, "FILE_DAMAGED"),
        (filled()[:9000], "FILE_TRUNCATED"),
        (filled(touch=set_cell("A1", "XFD1048576", 1)), "FILE_TOO_FAR"),
        (zipped(**{"xl/workbook.xml": b"<a/>"}), "FILE_DAMAGED"),
        (filled(touch=restamp("YN2022", "GX2022")), "FILE_WRONG_PROGRAM"),
        (filled(touch=restamp("|2023-02|", "|2021-02|")), "FILE_WRONG_PERIOD"),
        (filled(touch=restamp("|533400|", "|539900|")), "FILE_WRONG_PREFECTURE"),
    ],
)
def test_files_that_cannot_be_used_become_one_finding(content: bytes, code: str) -> None:
    reading = read_return(registry(campaign(), ()), arrival(content))
    FIRED.update(f.code for f in reading.findings)
    assert reading.returns == ()
    assert code in {f.code for f in reading.findings}
    assert CATALOGUE[code].whole_file


def test_what_nobody_foresaw_in_a_file_costs_this_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def surprise(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.reading.guard.look_through_xlsx", surprise)
    reading = read_return(registry(campaign(), ()), arrival(filled()))
    FIRED.update(f.code for f in reading.findings)
    assert [(f.code, f.found) for f in reading.findings] == [("FILE_UNREADABLE", "ZeroDivisionError")]


def test_a_workbook_that_is_not_ours() -> None:
    import openpyxl  # noqa: PLC0415

    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["州", "县", 5])  # type: ignore[union-attr]
    book.save(out)
    reading = read_return(registry(campaign(), ()), arrival(out.getvalue()))
    FIRED.update(f.code for f in reading.findings)
    assert [f.code for f in reading.findings] == ["FILE_UNRECOGNISED", "SHEET_EXTRA"]


def rule(kind: str, **kwargs: Any) -> Rule:
    config = {"type": kind, "kwargs": kwargs, "severity": "critical", "meta": {"rule": "t"}}
    return Rule(
        id="t",
        form="A1",
        type=kind,
        kwargs=kwargs,
        severity=Severity.CRITICAL,
        code="REQUIRED",
        columns=("x",),
        message="",
        condition=None,
        config=config,
    )


def test_positions_are_not_capped_and_are_positions() -> None:
    frame = pd.DataFrame({"x": [None if n % 2 else 1.0 for n in range(1000)]})
    (breach,) = run_suite([rule("expect_column_values_to_not_be_null", column="x")], frame)
    assert breach.positions == tuple(range(1, 1000, 2))


def test_a_rule_gx_cannot_run_is_our_fault() -> None:
    frame = pd.DataFrame({"x": [1.0]})
    with pytest.raises(SuiteError, match="没有执行规则 t"):
        run_suite([rule("expect_no_such_thing", column="x")], frame)
    with pytest.raises(SuiteError, match="无法执行"):
        run_suite([rule("expect_column_values_to_not_be_null", column="y")], frame)


def test_words_outside_the_options_break_the_rule_even_if_reading_let_them_through() -> None:
    """cells.py refuses such words first; the rule is the second lock."""
    watched = {r.id: r for r in campaign().rules["A1"] if r.id in {"Q01-2.options", "Q02-2f.options"}}
    frame = pd.DataFrame({"Q01-2": ["是", "也许"], "Q02-2f": ["读书分享、读书分享", "读书分享、其他"]})
    breaches = run_suite(list(watched.values()), frame)
    FIRED.update(b.rule.code for b in breaches)
    assert {(b.rule.id, b.rule.code, b.positions) for b in breaches} == {
        ("Q01-2.options", "NOT_AN_OPTION", (1,)),
        ("Q02-2f.options", "NOT_AN_OPTION", (0,)),
    }


def test_a_wholly_refused_file_does_not_hold_a_good_one_of_the_same_day() -> None:
    bad, good = filled(changes={(FIRST, "Q05-2"): 7}, touch=wreck_header), filled()
    first, second = judge(arrival(bad, "甲.xlsx"), arrival(good, "乙.xlsx"))
    assert first.verdict is Verdict.RETURNED
    assert second.verdict is Verdict.ACCEPTED


def test_what_the_office_says_of_identity_and_period() -> None:
    """A forged stamp is in EDITS; these depend on what the office knows."""
    c, content = campaign(), filled()
    no_key = read_return(registry(replace(c, key=b""), ()), arrival(content))
    shut = Act(kind=ActKind.CLOSE, period="2023-02", reason="已审定", who="张三", done_on=date(2023, 3, 1))
    closed = read_return(registry(c, (shut,)), arrival(content))
    earlier = read_return(registry(c, ()), arrival(filled("2022-12"), day=date(2023, 3, 3)))
    nameless = read_return(registry(c, ()), arrival(filled(touch=without_stamps)))
    half = read_return(
        registry(c, ()), Arrival(name="半.xlsx", content=content, received_on=date(2023, 3, 3), changing=True)
    )
    told = [
        {f.code for f in (*r.findings, *(x for one in r.returns for x in one.findings))}
        for r in (no_key, closed, earlier, nameless, half)
    ]
    assert told == [{"IDENTITY_NO_KEY"}, {"PERIOD_CLOSED"}, {"PERIOD_EARLIER"}, {"IDENTITY_MISSING"}, {"FILE_CHANGING"}]
    FIRED.update(*told)
    assert earlier.returns[0].findings[0].found == "此表是2022年11—12月的表样"


def test_a_deleted_row_returns_its_county_unless_another_file_has_it() -> None:
    part = filled(touch=lambda book: book[sheet_of("A1")].delete_rows(9))
    (alone,) = judge(arrival(part))
    assert (only(alone, "ROW_BLANK").county_code, states(alone)[THIRD]) == (THIRD, State.RETURNED)
    _, second = judge(arrival(filled(), "全.xlsx"), arrival(part, "缺.xlsx", date(2023, 3, 4)))
    assert (second.findings, states(second)[THIRD]) == ((), State.ACCEPTED)
    spoilt = filled(
        changes={(THIRD, "Q01-1"): "约5"}
    )  # asks for that county itself; the part alone does not make it whole
    first, second = judge(arrival(spoilt, "错.xlsx"), arrival(part, "缺.xlsx", date(2023, 3, 4)))
    assert (states(first)[THIRD], states(second)[THIRD]) == (State.RETURNED, State.RETURNED)


def test_sheets_that_are_missing_and_returns_that_are_older() -> None:
    c = campaign()
    part = filled(touch=lambda book: book.remove(book[sheet_of("A8")]))
    (decision,) = judge(arrival(part))
    assert only(decision, "SHEET_MISSING").expected == sheet_of("A8")
    assert set(states(decision).values()) == {State.RETURNED}
    assert all(record.stands for record in decision.records)
    received = {(FIRST, form.code): date(2023, 3, 9) for form in c.program.forms}
    past = Past(previous={}, floors={}, current={}, standing=dict.fromkeys(received, False), received=received)
    returns = read_return(registry(c, ()), arrival(filled())).returns
    checked = check_returns(c.program, dict.fromkeys(c.rules, ()), c.program.period_by_code["2023-02"], returns, past)
    (older,) = decide(c.program, returns, checked, past)
    assert "2023-03-09收到的，不替换：香格里拉市" in only(older, "RETURN_OLDER").expected
    FIRED.add("RETURN_OLDER")


def test_every_finding_code_is_proved_to_fire() -> None:
    """Runs last in this module: known − fired − proved by the tests of the guard and of the engine must be empty."""
    from_rules = {r.code for rules in campaign().rules.values() for r in rules}
    assert set(CATALOGUE) >= FIRED
    elsewhere = {code for code, _ in REFUSED.values()} | set(LOST.values()) | FIRES_HERE | CAUSES | SEEN | PLACED
    elsewhere |= FIRE | ADDED | ASKED | CHANGES | {REFUSED_REASON, NOTED, UNOPENED}
    assert set(CATALOGUE) - FIRED - elsewhere - ({"NOT_AN_OPTION"} & from_rules) == set()


def hang(_: Arrival) -> Reading:
    """Stands in for a reader that never comes back."""
    while True:
        time.sleep(600)


def test_a_reader_that_is_lost_costs_the_file_a_finding() -> None:
    limits = engine.Limits(seconds=1)
    losing = partial(lost, registry(campaign(), ()))
    (reading,) = engine.Pool(limits=limits).each(hang, [arrival(b"x", "昭通市.xlsx")], lost=losing)
    assert (reading.place.prefecture_code, reading.place.placed) == ("530600", "NAME")
    assert [f.code for f in reading.findings] == ["FILE_READER_HUNG"]
    assert {LOST[why] for why in engine.Loss} == {"FILE_READER_HUNG", "FILE_READER_FULL", "FILE_READER_DIED"}
    assert [f.code for f in losing(arrival(b"x"), engine.Loss.DIED).findings] == ["FILE_READER_DIED"]
