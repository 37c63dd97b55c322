"""The live 自查 goes on whatever stands in the cells, and says of a county what intake says of it."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.carry import carried
from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.checks.problems import conclusion
from pipeline.domain.findings import finding
from pipeline.domain.past import NO_PAST
from pipeline.domain.state import State, Verdict
from pipeline.forms.issue import Issue, issue_workbook
from pipeline.intake.first_round import registry
from pipeline.program.forms import NUMBERS
from pipeline.program.layout import CHECK_SHEET, FIRST_ROW, sheet_layout
from pipeline.reading.read import read_return
from tests.builder import FIRST, SECOND, SMALL, THIRD, arrival, fitting, part_of_campaign, sent, whole_campaign
from tests.kept import kept
from tests.officer import office_stamp

if TYPE_CHECKING:
    from pathlib import Path

    from tests.officer import Session

C = part_of_campaign("A7", "S", "F")
PERIOD = C.program.period_by_code["2023-02"]
FORMATS = {"xlsx": "Calc MS Excel 2007 XML", "xls": "MS Excel 97", "ods": "calc8"}
LONGEST_FORMULA = 8192  # characters Excel takes
NUJIANG, FUGONG, LANPING = "533300", "533323", "533325"  # one has a contact unit by the notice, one has none
MESS = ("约5", "　", " \u00a0 ", "三万", "#REF!", "=1/0", "=NA()", "", "5个")


@pytest.fixture(scope="module")
def looks(request: pytest.FixtureRequest) -> dict[str, list[list[Any]]]:
    """The sheet after a mess was made of all numbers of one county, in each format; and with a second row of another."""
    return kept("messed", lambda folder: looked(folder, request.getfixturevalue("office")), office_stamp())


def looked(folder: Path, office: Session) -> dict[str, list[list[Any]]]:
    (folder / "报表.xlsx").write_bytes(sent(PERIOD.code, of=C))
    steps: list[list[Any]] = [["open", str(folder / "报表.xlsx")]]
    for form in C.program.forms:
        layout = sheet_layout(form, PERIOD, C.program.counties_of(SMALL))
        numbers = [x for x in layout.fields if x.type in NUMBERS and not x.shows]
        for n, one in enumerate(numbers):
            text, place = MESS[n % len(MESS)], [form.sheet, FIRST_ROW + 1, layout.col_of(one.code)]
            steps.append(["formula" if text.startswith("=") or not text else "paste", *place, text])
    for kind, filter_name in FORMATS.items():
        steps.append(["save", str(folder / f"mess.{kind}"), filter_name])
    steps.append(["close"])
    for kind in FORMATS:
        steps += [["open", str(folder / f"mess.{kind}")], ["recalculate"], ["look", CHECK_SHEET], ["close"]]
    sheet, below = C.program.forms[0].sheet, FIRST_ROW + 3
    steps += [
        ["open", str(folder / "报表.xlsx")],
        ["copy_block", sheet, [FIRST_ROW, 0, FIRST_ROW, 6], below, 0],
        ["recalculate"],
        ["look", CHECK_SHEET],
        ["close"],
    ]
    grids = [said for step, said in zip(steps, office.work(steps), strict=True) if step[0] == "look"]
    return dict(zip((*FORMATS, "second row"), grids, strict=True))


def told(grid: list[list[Any]]) -> dict[str, tuple[Any, ...]]:
    """County → what is counted on each sheet, contradictions and conclusion."""
    return {row[0]: (*row[2 : 2 + len(C.program.forms)], *row[-2:]) for row in grid[4:]}


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", FORMATS)
def test_no_text_blank_or_error_of_a_county_spoils_the_check(looks: dict[str, Any], kind: str) -> None:
    numbers = [sum(x.type in NUMBERS and not x.shows for x in f.fields_in(PERIOD)) for f in C.program.forms]
    counties = told(looks[kind])
    assert counties[FIRST] == counties[THIRD] == (*[0] * len(numbers), 0, "填齐")
    assert counties[SECOND] == (*numbers, 0, "未完")
    assert looks[kind][2][0] == f"还有 {sum(numbers)} 格未填或不是数字，0 处矛盾"


@pytest.mark.libreoffice
def test_a_second_row_of_a_county_is_not_all_done(looks: dict[str, Any]) -> None:
    counties = told(looks["second row"])
    assert counties[FIRST] == (1, 0, 0, 0, "未完")
    assert counties[SECOND] == (0, 0, 0, 0, "填齐")
    assert looks["second row"][2][0] == "还有 1 格未填或不是数字，0 处矛盾"


def test_no_formula_of_a_whole_workbook_is_too_long_for_excel() -> None:
    with zipfile.ZipFile(io.BytesIO(sent("2023-10", of=whole_campaign()))) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    formulas = [part.partition("</f>")[0].partition(">")[2] for sheet in sheets for part in sheet.split("<f")[1:]]
    assert len(formulas) > 100
    assert max(map(len, formulas)) < LONGEST_FORMULA / 2


def test_what_we_filled_in_ourselves_makes_no_blank_county_a_report() -> None:
    """The county with a contact unit by 附件3 is told what the one without is: nothing was reported."""
    c = part_of_campaign("A1", "K", "M")
    period, prefecture = c.program.period_by_code["2022-12"], c.program.prefecture_by_code[NUJIANG]
    entries = carried(c.program, period, prefecture, NO_PAST)
    assert {unit for form, unit, _ in entries if form == "K"} == {LANPING}
    for form in c.program.roster_forms:
        for unit in c.program.units_of(form, NUJIANG):
            if unit.code not in {FUGONG, LANPING}:
                entries |= {(form.code, unit.code, f.code): fitting(f, unit, period) for f in form.fields_in(period)}
    content = issue_workbook(
        Issue(
            program=c.program,
            key=c.key,
            rules=c.rules,
            period=period,
            prefecture=prefecture,
            previous={},
            entries=entries,
        )
    )
    (one,) = read_return(registry(c, ()), arrival(content, day=date(2023, 1, 5))).returns
    (decision,) = decide(c.program, [one], check_returns(c.program, c.rules, period, [one], NO_PAST), NO_PAST)
    assert [record.county_code for record in decision.records] == ["533301", "533324"]
    assert [(f.code, f.county_code) for f in decision.findings] == [("ROW_BLANK", FUGONG), ("ROW_BLANK", LANPING)]
    states = {record.county_code: record.state for record in decision.records}
    said = conclusion(c.program, decision.verdict, decision.reason, states, decision.findings)
    assert said == "已接收：2个县（市、区）已接收。福贡县、兰坪县2个县（市、区）没有填报。"


@pytest.mark.parametrize(
    "code", ["SHEET_EXTRA", "SHEET_SAME", "STRAY_CELL", "ROW_UNRECOGNISED", "ROW_OTHER_PREFECTURE"]
)
def test_what_was_left_aside_is_said_where_the_rest_was_taken(code: str) -> None:
    said = conclusion(C.program, Verdict.ACCEPTED, "", {FIRST: State.ACCEPTED}, [finding(code, found="x")])
    assert "全部接收" not in said
    assert "有1处内容未采用，见所列。" in said
    assert conclusion(C.program, Verdict.ACCEPTED, "", {FIRST: State.ACCEPTED}, []).startswith("全部接收：")
