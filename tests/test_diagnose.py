"""One cause behind many wrong cells is told as that, with what it would mean; what only looks like it is left alone."""

from __future__ import annotations

import io
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import openpyxl
import pytest

from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.checks.diagnose import Cell, _copied, _Findings
from pipeline.checks.problems import as_text
from pipeline.domain.findings import Severity
from pipeline.domain.past import NO_PAST, Past
from pipeline.intake.first_round import registry
from pipeline.program.layout import FIRST_FIELD_COL, FIRST_ROW
from pipeline.program.model import Accumulation, County, FieldType
from pipeline.reading.read import read_return
from tests.builder import arrival, fitting, part_of_campaign, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.checks.decide import Decision
    from pipeline.checks.lines import Line
    from pipeline.program.model import Field, Unit
    from pipeline.reading.read import Return
    from pipeline.workspace.campaign import Campaign

FORMS, PERIOD, WHERE = ("A1", "A2", "A4", "A5", "F"), "2023-02", "530500"  # 保山市: 5 counties
WHOLES = {"Q06-3d": 900, "Q06-3n": 800, "Q13-2d": 900, "Q13-2n": 800, "F03-1": 15}
Key = tuple[str, str, str]
FIRES_HERE = {"UNIT_MISTAKEN", "INCREMENT_TYPED", "BLOCK_SHIFTED", "ROW_COPIED", "RETURN_REPEATS"}


@cache
def campaign() -> Campaign:
    return part_of_campaign(*FORMS)


def counties() -> tuple[County, ...]:
    return campaign().program.counties_of(WHERE)


@cache
def last() -> dict[tuple[str, str], int | Decimal]:
    """What each county reported last: of its own size, from some tens to some hundreds."""
    rng = random.Random(4)  # noqa: S311 - figures, not secrets
    return {
        (county.code, one.code): (
            rng.randint(15, 40) * 2 ** (n % 5)
            if one.type is FieldType.COUNT
            else Decimal("0.90" if "收到" in one.title else "0.50")
        )
        for n, county in enumerate(counties())
        for form in campaign().program.county_forms
        for one in form.fields
        if one.accumulation is Accumulation.CUMULATIVE
    }


def now(one: Field, unit: Unit) -> Any:
    """A figure that goes on from the last: some more."""
    before = last().get((unit.code, one.code))
    if before is not None:
        return before + 3 if isinstance(before, int) else float(before + Decimal("0.1"))
    return WHOLES.get(one.code) or fitting(one, unit, campaign().program.period_by_code[PERIOD])


def figures() -> dict[Key, Any]:
    program = campaign().program
    return {
        (form.code, unit.code, one.code): now(one, unit)
        for form in program.county_forms
        for unit in counties()
        for one in form.fields_in(program.period_by_code[PERIOD])
    }


def increments(of: Callable[[Key], bool] = lambda _: True) -> dict[Key, Any]:
    """What came since in place of the total: mostly less than the last figure, here and there more."""
    rng, changes = random.Random(9), {}  # noqa: S311 - figures, not secrets
    for key in figures():
        before = last().get(key[1:])
        if isinstance(before, int) and of(key):
            changes[key] = before + rng.randint(1, 9) if rng.random() < 0.2 else rng.randint(1, 14)
    return changes


def moved(form: str, down: int, right: int) -> Callable[[Any], None]:
    """The figures of a sheet one row or column further; what falls over the edge is lost."""

    def touch(book: Any) -> None:
        sheet = book[campaign().program.form_by_code[form].sheet]
        columns = sum(f.form == form for f in campaign().program.form_by_code[form].fields)
        rows = range(FIRST_ROW + 1, FIRST_ROW + 1 + len(counties()))
        cols = range(FIRST_FIELD_COL + 1, FIRST_FIELD_COL + 1 + columns)
        was = {(row, col): sheet.cell(row, col).value for row in rows for col in cols}
        for (row, col), own in was.items():
            sheet.cell(row, col).value = was.get((row - down, col - right), own if down else None)

    return touch


CASES: dict[str, tuple[dict[Key, Any], Callable[[Any], None] | None]] = {
    "right": ({}, None),
    "yuan": (
        {
            key: now_in_yuan
            for key in figures()
            if key[2] in {"F04-1", "F04-2"}
            for now_in_yuan in [figures()[key] * 10_000]
        },
        None,
    ),
    "yuan once": ({("F", counties()[1].code, "F05-1"): 12_000}, None),
    "increments": (increments(), None),
    "increments of one": (increments(lambda key: key[1] == counties()[0].code), None),
    "increments in a column": (
        increments(lambda key: key[2] == "Q01-1") | {("A1", counties()[4].code, "Q01-1"): 999},
        None,
    ),
    "one fell": ({("A1", counties()[0].code, "Q01-1"): 2}, None),
    "row": ({}, moved("A2", 1, 0)),
    "column": ({}, moved("A1", 0, 1)),
    **{f"{n} rows": ({}, moved("A2", n, 0)) for n in (2, 3)},
    **{f"{n} columns": ({}, moved("A1", 0, n)) for n in (2, 3, -2)},
    "last": ({key: last()[key[1:]] for key in figures() if key[1:] in last()}, None),
    "copied": (
        {
            ("A2", counties()[1].code, key[2]): value
            for key, value in figures().items()
            if key[:2] == ("A2", counties()[2].code)
        },
        None,
    ),
    "words": ({("A1", counties()[1].code, "Q01-1"): "同上", ("A1", counties()[2].code, "Q01-1"): "暂无"}, None),
}


@cache
def decisions() -> dict[str, Decision]:
    c, period = campaign(), campaign().program.period_by_code[PERIOD]
    past = Past(previous=last(), floors=last(), current={}, standing={})
    returns: list[Return] = []
    for n, (name, (changes, touch)) in enumerate(CASES.items()):
        content = sent(PERIOD, WHERE, changes={**figures(), **changes}, past=past, of=c)
        if touch:
            book, out = openpyxl.load_workbook(io.BytesIO(content)), io.BytesIO()
            touch(book)
            book.save(out)
            content = out.getvalue()
        day = date(2023, 3, 1) + timedelta(days=n)
        returns += read_return(registry(c, ()), arrival(content, f"{name}.xlsx", day)).returns
    checked = check_returns(c.program, c.rules, period, returns, past)
    return dict(zip(CASES, decide(c.program, returns, checked, past), strict=True))


def codes(case: str, severity: Severity = Severity.CRITICAL) -> dict[str, int]:
    found = [f.code for f in decisions()[case].findings if f.severity is severity]
    return {code: found.count(code) for code in dict.fromkeys(found)}


def test_figures_that_go_on_from_the_last_have_no_cause_to_be_told() -> None:
    assert decisions()["right"].findings == ()


def test_a_column_in_yuan_is_told_once_with_what_it_is_in_wan() -> None:
    assert codes("yuan") == {"UNIT_MISTAKEN": 5}  # beyond what the plan allows
    assert codes("yuan", Severity.WARNING) == {"UNIT_MISTAKEN": 5}  # within what was received, in yuan too
    told = next(f for f in decisions()["yuan"].findings if f.field == "F04-1")
    assert (
        told.expected
        == f"如填的是元，应为{Decimal(str(figures()['F', told.county_code, 'F04-1'])).quantize(Decimal('0.01'))}"
    )
    assert "这一列5个数都约大一万倍" in told.fix
    assert codes("yuan once") == {"UNIT_MISTAKEN": 1}


def test_increments_are_told_with_the_total_each_would_make_and_none_passes_unseen() -> None:
    typed = increments()
    assert codes("increments") == {"INCREMENT_TYPED": len(typed)}
    assert sum(value > last()[key[1:]] for key, value in typed.items()) > 10  # these look like totals
    for told in (f for f in decisions()["increments"].findings if f.code == "INCREMENT_TYPED"):
        before = last()[told.county_code, told.field]
        assert f"累计应为{before + int(told.found)}（上次已接收的{before}加" in told.expected
    program = campaign().program
    lines = list(as_text(program, [f for f in decisions()["increments"].findings if f.code == "INCREMENT_TYPED"]))
    assert len(lines) == 1 + len({key[2] for key in typed})  # one heading, a line for a column
    assert codes("increments of one") == {"INCREMENT_TYPED": sum(key[1] == counties()[0].code for key in typed)}
    assert {f.county_code for f in decisions()["increments of one"].findings} == {counties()[0].code}


def test_in_a_column_of_increments_what_did_not_fall_is_asked_about() -> None:
    fell = sum(value < last()[key[1:]] for key, value in CASES["increments in a column"][0].items())
    assert codes("increments in a column") == {"INCREMENT_TYPED": fell}
    assert codes("increments in a column", Severity.WARNING)["INCREMENT_TYPED"] == 5 - fell
    assert codes("one fell") == {"CUMULATIVE_FELL": 1}


def test_a_block_one_row_or_column_off_is_told_by_its_rows() -> None:
    for case, words in (("row", "上一行（"), ("column", "左边一列")):
        assert set(codes(case)) - {"REQUIRED"} == {"BLOCK_SHIFTED"}, decisions()[case].findings
        told = [f for f in decisions()[case].findings if f.code == "BLOCK_SHIFTED"]
        assert len(told) >= 3
        assert all(words in f.found and "处错误由此引起" in f.found for f in told)
        first = told[0]
        one = campaign().program.form_by_code["A2" if case == "row" else "A1"].fields[0]
        assert f"{one.title} {figures()[one.form, first.county_code, one.code]}" in first.expected


@pytest.mark.parametrize(
    ("case", "words", "rows"),
    [
        ("2 rows", "往上第2行（", 3),
        ("3 rows", "往上第3行（", 2),
        ("2 columns", "往左第2列", 5),
        ("3 columns", "往左第3列", 5),
        ("-2 columns", "往右第2列", 5),
    ],
)
def test_a_block_further_off_is_told_as_far_as_it_is(case: str, words: str, rows: int) -> None:
    told = [f for f in decisions()[case].findings if f.code == "BLOCK_SHIFTED"]
    assert len(told) >= min(rows, 2), codes(case)
    assert all(words in f.found for f in told), [f.found for f in told]
    assert set(codes(case)) - {"REQUIRED"} == {"BLOCK_SHIFTED"}


def test_the_last_return_again_and_a_row_pasted_twice_are_asked_about() -> None:
    assert codes("last") == {}
    (told,) = [f for f in decisions()["last"].findings if f.code == "RETURN_REPEATS"]
    assert "1.思想引领" in told.found
    copied = [f for f in decisions()["copied"].findings if f.code == "ROW_COPIED"]
    assert [f.severity for f in copied] == [Severity.WARNING]


@cache
def in_the_first_period() -> dict[str, Counter[str]]:
    """Nothing was reported before: amounts in yuan show against the plan, and against what the county reports besides."""
    c, period, county = campaign(), campaign().program.period_by_code[PERIOD], counties()[1].code
    amounts = [one.code for one in c.program.form_by_code["F"].fields if one.unit.startswith("万")]
    yuan = {key: float(value) * 10_000 for key, value in figures().items() if key[2] in amounts}
    cases: dict[str, dict[Key, Any]] = {
        "right": {},
        "all": yuan,
        "a county": {key: yuan[key] for key in yuan if key[1] == county},
    }
    cases |= {code: {("F", county, code): yuan["F", county, code]} for code in amounts}
    returns: list[Return] = []
    for n, (name, changes) in enumerate(cases.items()):
        content = sent(PERIOD, WHERE, changes={**figures(), **changes}, past=NO_PAST, of=c)
        day = date(2023, 3, 1) + timedelta(days=n)
        returns += read_return(registry(c, ()), arrival(content, f"{name}.xlsx", day)).returns
    checked = check_returns(c.program, c.rules, period, returns, NO_PAST)
    told = decide(c.program, returns, checked, NO_PAST)
    return {
        name: Counter(f.code for f in one.findings if f.severity is Severity.CRITICAL)
        for name, one in zip(cases, told, strict=True)
    }


def test_yuan_in_the_first_period_is_told_by_the_plan_and_by_its_row() -> None:
    told = dict(in_the_first_period())
    assert told.pop("right") == {}
    assert set(told.pop("all")) == set(told.pop("a county")) == {"UNIT_MISTAKEN"}
    assert len(told) > 10
    assert {code: one for code, one in told.items() if one != {"UNIT_MISTAKEN": 1}} == {}


def copied(figures_of_a_row: Sequence[int], *, wrong: bool = False, form: str = "A2") -> bool:
    """Whether two counties with these figures are asked whether one was copied from the other; ``wrong``: one is returned."""
    made = campaign().program.form_by_code[form]
    rows = [SimpleNamespace(row=n, typed={}) for n in (7, 8)]
    a_count = next(one for one in made.fields if one.type is FieldType.COUNT)
    columns = [replace(a_count, code=f"X-{n}") for n in range(len(figures_of_a_row))]
    cells = [
        Cell(form=made, field=one, line=cast("Line", SimpleNamespace(row=row, unit=unit)), value=value, before=None)
        for row, unit in zip(rows, counties(), strict=False)
        for one, value in zip(columns, figures_of_a_row, strict=True)
    ]
    source = cast(
        "Return", SimpleNamespace(sheets={form: form}, arrival=SimpleNamespace(name="x"), prefecture_code=WHERE)
    )
    mine = _Findings(workbook=source, kept=[])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Findings, "critical", lambda _, cell: wrong and cell.line.row.row == rows[1].row)
        _copied(mine, cells)
    return [f.code for f in mine.kept] == ["ROW_COPIED"]


@pytest.mark.parametrize(
    ("row", "wrong", "told"),
    [
        ([255] * 5, False, True),  # 40 bits
        ([255] * 4 + [254], False, False),  # a little less: may be chance
        ([1] * 39, False, False),
        ([1] * 40, False, True),  # many small ones tell as much
        ([31, 31, 31], True, True),  # 15 bits, and something in the row is wrong
        ([31, 31, 30], True, False),
        ([31, 31, 31], False, False),
        ([0] * 60, True, False),  # nothing is no copy
    ],
)
def test_a_row_is_asked_about_when_its_figures_tell_too_much_for_chance(
    row: list[int], wrong: bool, told: bool
) -> None:
    assert copied(row, wrong=wrong) is told


def test_every_cause_is_proved_to_fire() -> None:
    assert {f.code for decision in decisions().values() for f in decision.findings} >= FIRES_HERE


def test_a_word_in_place_of_a_number_is_told_with_the_number_it_may_stand_for() -> None:
    said = {f.county_code: f.expected for f in decisions()["words"].findings if f.code == "CELL_PLACEHOLDER"}
    above = figures()["A1", counties()[0].code, "Q01-1"]
    assert f"上一行填的是“{above}”" in said[counties()[1].code]
    assert f"填上次已接收的{last()[counties()[2].code, 'Q01-1']}" in said[counties()[2].code]
