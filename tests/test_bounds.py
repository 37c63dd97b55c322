"""What a finding says should stand in a cell: literally done, the return is accepted; both cells of a contradiction are named."""

from __future__ import annotations

import io
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl

from pipeline.checks.check import check_returns
from pipeline.domain.findings import Severity
from pipeline.domain.past import Past
from pipeline.intake.first_round import registry
from pipeline.program.model import Accumulation, FieldType
from pipeline.reading.read import read_return
from tests.builder import FIRST, SECOND, SMALL, THIRD, arrival, fitting, part_of_campaign, sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.domain.findings import Finding
    from pipeline.program.model import Field, Unit
    from pipeline.workspace.campaign import Campaign

FORMS = ("A1", "A2", "A4", "A5", "A8", "F", "K")
PERIOD, FILES, WRONG = "2023-02", 10, 0.16
WHOLES = {"Q06-3d": 400, "Q06-3n": 300, "Q13-2d": 400, "Q30-1d": 400, "Q30-2d": 400, "F03-1": 60}


def right(one: Field, unit: Unit) -> Any:
    """A figure every rule accepts, well above the last one."""
    if one.code in WHOLES:
        return WHOLES[one.code]
    if one.code not in {"Q08-d", "Q08-1n", "Q08-2n"} and one.type is FieldType.COUNT:
        return 200
    return fitting(one, unit, campaign().program.period_by_code[PERIOD])


@cache
def campaign() -> Campaign:
    return part_of_campaign(*FORMS)


def past() -> Past:
    floors: dict[tuple[str, str], int | Decimal] = {
        (county, one.code): 181 if one.type is FieldType.COUNT else Decimal("0.25")
        for county in (FIRST, SECOND, THIRD)
        for form in campaign().program.county_forms
        for one in form.fields
        if one.accumulation is Accumulation.CUMULATIVE and not one.shows
    }
    return Past(previous=floors, floors=floors, current={}, standing={})


def spoilt(one: Field, rng: random.Random) -> Any:
    """A mistake people make in a cell of that kind."""
    kinds: dict[FieldType, list[Any]] = {
        FieldType.COUNT: [None, "约5", "3-5", "5元", "同上", -3, 7, 0, 180, 555, 100_000_000, 5.5],
        FieldType.AMOUNT: [None, "约5", "0.001", 0, 9999, 26, 3.5, "见附件", -1],
        FieldType.YESNO: [None, "也许", "是"],
        FieldType.CHOICE: [None, "其他的"],
        FieldType.CHECKLIST: ["读书会"],
        FieldType.DATE: [date(2021, 1, 1), date(2023, 9, 1), "2月30日"],
        FieldType.TEXT: [None, "短", "长" * 400],
    }
    return rng.choice(kinds[one.type])


@dataclass
class Officer:
    """Does what the findings say, to the letter, and nothing else."""

    book: Any
    rng: random.Random
    waiting: dict[tuple[str, str], str] = field(default_factory=dict)

    def mend(self, one: Finding, asked: Field) -> None:
        """Mend one red cell."""
        where, said = (one.location.sheet, one.location.cell), one.expected
        for cell, bound in re.findall(r"；([A-Z]+[0-9]+)“[^”]*”现为[^，]*，也应改为不(?:少于|大于)([0-9.]+)", said):
            self.put((where[0], cell), self.number(bound))
        if proposed := re.match(r"如.*?应为([0-9.]+)", said):
            self.put(where, self.number(proposed[1]))
        elif whole := re.search(r"；([A-Z]+[0-9]+)“[^”]*”应(?:在|不少于(?:上次已接收的)?)([0-9.]+)", said):
            self.put((where[0], whole[1]), self.number(whole[2]))
        elif least := re.search(r"应不少于([0-9.]+)，现为 \S+（([A-Z]+[0-9]+)）", said):
            self.put((where[0], least[2]), self.number(least[1]))
        elif both := re.search(r"在([-0-9.]+)到([-0-9.]+)之间", said):
            self.put(where, self.rng.choice([self.number(text) for text in both.groups()]))
        elif bound := re.search(
            r"(?:不少于|不早于)(?:上次已接收的|专项工作开始|[A-Z]+[0-9]+“[^”]*”)?([-0-9.]+)|应为：?([0-9.]+)：", said
        ):
            self.put(where, self.number(bound[1] or bound[2]))
        elif other := re.search(r"不(?:少于|大于)([A-Z]+[0-9]+)“", said):
            self.waiting[where] = other[1]
        else:
            self.put(where, self.plainly(said, asked))

    def plainly(self, said: str, asked: Field) -> Any:
        """A value of the kind that is asked."""
        if length := re.search(r"([0-9]+)到[0-9]+字", said):
            return "字" * int(length[1])
        if asked.type is FieldType.DATE:
            return date(2023, 2, 15)
        if number := re.search(r"([0-9]+)(?:到[0-9]+之间|或正)", said):
            return int(number[1])
        words = re.sub(r"^.*?应填[^：]*：", "", said)
        return re.split(r" 或 |、| 之一|（|中的", words)[0]

    def number(self, text: str) -> Any:
        """A number or a day as a cell holds it."""
        return date.fromisoformat(text) if "-" in text else float(text)

    def put(self, where: tuple[str, str], value: Any) -> None:
        """Type a value."""
        self.book[where[0]][where[1]].value = value

    def last(self) -> None:
        """Cells that wait for what is typed elsewhere."""
        for (sheet, cell), other in self.waiting.items():
            self.put((sheet, cell), self.book[sheet][other].value)


def judged(contents: Sequence[bytes]) -> list[list[Finding]]:
    """Critical findings about the counties of each file; every file on a day of its own."""
    c, day = campaign(), date(2023, 3, 1)
    returns = [
        read_return(registry(c, ()), arrival(content, f"{n}.xlsx", day + timedelta(days=n))).returns[0]
        for n, content in enumerate(contents)
    ]
    checked = check_returns(c.program, c.rules, c.program.period_by_code[PERIOD], returns, past())
    return [[f for f in found if f.severity is Severity.CRITICAL] for found in checked.findings]


def returned(changes: dict[tuple[str, str, str], Any]) -> bytes:
    program = campaign().program
    figures = {
        (form.code, unit.code, one.code): right(one, unit)
        for form in program.roster_forms
        for unit in program.units_of(form, SMALL)
        for one in form.fields_in(program.period_by_code[PERIOD])
        if not one.shows
    }
    return sent(PERIOD, changes=figures | changes, past=past(), of=campaign())


def wrong_files() -> list[bytes]:
    rng = random.Random(15)  # noqa: S311 - mistakes, not secrets
    program = campaign().program
    files = []
    for _ in range(FILES):
        changes = {
            (form.code, unit.code, one.code): spoilt(one, rng)
            for form in program.county_forms
            for unit in program.units_of(form, SMALL)
            for one in form.fields_in(program.period_by_code[PERIOD])
            if not one.shows and rng.random() < WRONG
        }
        files.append(returned(changes))
    return files


CASES: dict[str, dict[tuple[str, str, str], Any]] = {
    "right": {},
    "bounds": {
        ("A1", FIRST, "Q01-1"): 5,
        ("A1", FIRST, "Q02-1"): None,
        ("A2", FIRST, "Q06-3n"): 297,
        ("A2", FIRST, "Q06-3"): 298,
        ("A2", FIRST, "Q06-3d"): "约五百",
        ("A4", FIRST, "Q15-1t"): date(2021, 1, 1),
        ("F", FIRST, "F04-2"): 2,
        ("A4", FIRST, "Q13-2n"): 500,
    },
    "contradiction": {("A2", FIRST, "Q06-3n"): 150, ("A1", FIRST, "Q01-1"): 0},
    "both red": {("A2", FIRST, "Q06-3n"): "约五", ("A2", FIRST, "Q06-3"): 9},
}


@cache
def seen() -> tuple[list[bytes], list[list[Finding]]]:
    """The files of ``CASES`` and the wrong ones, and what is told of each: rules take their time."""
    files = [*map(returned, CASES.values()), *wrong_files()]
    return files, judged(files)


def told(case: str) -> dict[str, str]:
    return {one.field: one.expected for one in seen()[1][list(CASES).index(case)]}


def test_a_red_cell_mended_to_the_letter_does_not_come_back() -> None:
    assert told("right") == {}
    rng = random.Random(7)  # noqa: S311 - choices, not secrets
    files, red = seen()[0][len(CASES) :], seen()[1][len(CASES) :]
    mended = []
    for content, found in zip(files, red, strict=True):
        officer = Officer(openpyxl.load_workbook(io.BytesIO(content)), rng)
        for one in found:
            officer.mend(one, campaign().program.field_by_code[one.field])
        officer.last()
        out = io.BytesIO()
        officer.book.save(out)
        mended.append(out.getvalue())
    bounced = judged(mended)
    assert sum(map(len, red)) > 250, Counter(f.code for found in red for f in found)
    assert sum(map(len, bounced)) <= 5, [
        (f.location.cell, f.found, f.expected, [o.expected for o in was if o.location == f.location])
        for was, found in zip(red, bounced, strict=True)
        for f in found
    ]


def test_bounds_are_told_together_with_the_cell_each_rests_on() -> None:
    assert told("bounds") == {
        "Q01-1": "应不少于上次已接收的181；像是只填了本期新增？上次累计181，这次填5：如是，累计应为186",
        "Q02-1": "应填写：整数（单位：场），不少于上次已接收的181",
        "Q06-3": "应在181到297之间：不少于上次已接收的181，不大于K7“已建会的25人以上非公企业数”297",
        "Q06-3d": "整数（单位：个），不少于K7“已建会的25人以上非公企业数”297",
        "Q15-1t": "应在2022-10-26到2023-02-28之间：不早于专项工作开始2022-10-26，不晚于报送期末2023-02-28",
        "F04-2": "应在0.25到1之间：不少于上次已接收的0.25，不大于M7“诉调对接经费：收到资金”1",
        "Q13-2n": "应在0到400之间：不大于G7“县域已建工会企事业单位数”400",
    }


def test_where_no_value_meets_both_bounds_the_other_cell_is_named() -> None:
    said = told("contradiction")
    assert said["Q06-3"] == "应不少于上次已接收的181；K7“已建会的25人以上非公企业数”现为150，也应改为不少于181"
    assert said["Q01-2"] == "填“是”须宣讲场次不少于1，现为 0（D7）；D7“二十大精神基层宣讲场次”应不少于上次已接收的181"
    assert told("both red")["Q06-3n"].endswith(
        "不少于I7“25人以上非公企业新建会数”（该格也须改正），不大于J7“县域25人以上非公企业总数”400"
    )
