"""Issue → fill → read gives back what was typed, whatever else was done to the table; and nothing is ever guessed.

The workbook of a small prefecture is filled and mangled with openpyxl; what the reader takes is held against the
figures, which were invented before. Columns and rows of the expected figures are found by this module's own look at
the codes on the sheet, never by asking the reader.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.domain.arrival import Arrival
from pipeline.domain.past import Past
from pipeline.domain.state import Verdict
from pipeline.forms.issue import Issue, issue_workbook
from pipeline.program.identity import Registry
from pipeline.program.layout import CODE_ROW
from pipeline.program.model import FieldType
from pipeline.reading.read import Reading, read_return
from pipeline.reading.sheet import SHOWN_ROWS
from tests.builder import KEY
from tests.officer import Figures, invent, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from pipeline.checks.decide import Decision
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Program
    from pipeline.program.rules import Rule

PERIOD, PREFECTURE = "2023-02", "533400"
ONE, TWO, THREE = "533401", "533422", "533423"
A1, A2, A4 = "1.思想引领", "2.组织功能", "4.制度机制"
OUTSIDER = ("530102", "五华区")  # 昆明
NO_LOSS = {"CELL_READ_AS", "COLUMN_TITLE_CHANGED", "COLUMN_CODE_CHANGED"}

Values = dict[tuple[str, str], "Value"]


class Book:
    """An issued workbook in an officer's hands."""

    def __init__(self, issue: Issue, content: bytes) -> None:
        self.issue = issue
        self.book: Workbook = openpyxl.load_workbook(io.BytesIO(content))
        self.forms = [s for s in self.book.worksheets if any(c.value == "county_code" for c in s["A"])]

    def sheet(self, name: str) -> Worksheet:
        """A form sheet by the name it was issued with."""
        return next(s for s in self.forms if s.title == name)

    def head(self, sheet: Worksheet) -> int:
        """Row of the column codes."""
        return next(c.row for row in sheet.iter_rows() for c in row if c.value == "county_code")

    def col(self, sheet: Worksheet, code: str) -> int:
        """Column of a code."""
        return next(c.column for c in sheet[self.head(sheet)] if c.value == code)

    def row(self, sheet: Worksheet, county: str) -> int:
        """Row of a county, by its code."""
        at = self.col(sheet, "county_code")
        return next(r for r in range(self.head(sheet), sheet.max_row + 1) if sheet.cell(r, at).value == county)

    def sheet_of(self, code: str) -> Worksheet:
        """The sheet that asks for a field."""
        return next(s for s in self.forms if any(c.value == code for c in s[self.head(s)]))

    def put(self, county: str, code: str, value: Any, sheet: Worksheet | None = None) -> None:
        """Write into one county's cell of one field (or the tick, with its sheet)."""
        there = sheet or self.sheet_of(code)
        there.cell(self.row(there, county), self.col(there, code)).value = value

    def fill(self, figures: Figures) -> None:
        """All figures into their cells; what is typed plainly goes in as a number or date, the rest as text."""
        places = {
            (county, code): (sheet, row, col)
            for sheet in self.forms
            for col, code in enumerate((c.value for c in sheet[self.head(sheet)]), 1)
            for county, row in ((c, self.row(sheet, c)) for c in (ONE, TWO, THREE))
        }
        for key, entry in figures.items():
            sheet, row, col = places[key]
            plain = not entry.pasted and isinstance(entry.value, (int, date))
            sheet.cell(row, col).value = entry.value if plain else entry.text

    def tick(self, county: str) -> None:
        """本期无新进展 on every sheet."""
        for sheet in self.forms:
            self.put(county, "nil", "√", sheet)

    def content(self) -> bytes:
        """The file as saved."""
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()

    def read(self) -> Reading:
        """What the reader makes of it."""
        arrival = Arrival(name="2023-03-06/报表.xlsx", content=self.content(), received_on=date(2023, 3, 6))
        return read_return(Registry(program=self.issue.program, key=self.issue.key), arrival)


def values_read(reading: Reading) -> Values:
    """Everything taken as a value, blanks left out."""
    return {
        (row.county_code, code): value
        for one in reading.returns
        for rows in one.rows.values()
        for row in rows
        for code, value in row.values.items()
        if value is not None
    }


def meant(figures: Figures) -> Values:
    return {key: entry.value for key, entry in figures.items()}


def codes(reading: Reading) -> Counter[str]:
    """How many findings of each kind, of the file and of its returns."""
    return Counter(f.code for f in (*reading.findings, *(f for one in reading.returns for f in one.findings)))


def found(reading: Reading, code: str) -> list[tuple[str, str, str]]:
    """Sheet, cell and what was found, of the findings of one kind."""
    every = (*reading.findings, *(f for one in reading.returns for f in one.findings))
    return [(f.location.sheet, f.location.cell, f.found) for f in every if f.code == code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Reads, checks and decides one workbook as a run would, without a dataset.

    Rules are run on the named forms only (each costs Great Expectations half a second); the other forms are filled as
    :func:`test_filled_as_asked` shows to be valid.
    """

    program: Program
    rules: Mapping[str, tuple[Rule, ...]]

    def __call__(self, book: Book, *forms: str) -> Decision:
        """The decision on the one return of ``book``, rules of ``forms`` (A1 when none is named) run."""
        reading = book.read()
        assert len(reading.returns) == 1
        period = self.program.period_by_code[book.issue.period.code]
        previous = dict(book.issue.previous)
        rules = {code: some if code in (forms or ("A1",)) else () for code, some in self.rules.items()}
        floors = {key: value for key, value in previous.items() if isinstance(value, int)}
        past = Past(previous=previous, floors=floors, current={}, standing={})
        checked = check_returns(self.program, rules, period, reading.returns, past)
        return decide(self.program, reading.returns, checked, past)[0]


def states(decision: Decision) -> dict[str, str]:
    return {record.county_code: record.state.value for record in decision.records}


def critical(decision: Decision) -> set[tuple[str, str, str]]:
    """Code, county and field of the findings that return something."""
    return {(f.code, f.county_code, f.field) for f in decision.findings if f.severity == "critical"}


@pytest.fixture(scope="module")
def issued(program: Program, rules: dict[str, tuple[Rule, ...]]) -> Callable[..., Book]:
    """A fresh copy of the small prefecture's workbook; ``previous`` are the values accepted before."""
    written: dict[str, bytes] = {}

    def make(period: str = PERIOD, previous: Values | None = None) -> Book:
        issue = Issue(
            program=program,
            key=KEY,
            rules=rules,
            period=program.period_by_code[period],
            prefecture=program.prefecture_by_code[PREFECTURE],
            previous=previous or {},
        )
        if issue.number not in written:
            written[issue.number] = issue_workbook(issue)
        return Book(issue, written[issue.number])

    return make


@pytest.fixture(scope="module")
def figures(program: Program) -> Figures:
    return invent(program, program.period_by_code[PERIOD], program.counties_of(PREFECTURE), 11)


@pytest.fixture
def book(issued: Callable[..., Book], figures: Figures) -> Book:
    """Issued and filled."""
    one = issued()
    one.fill(figures)
    return one


@pytest.fixture(scope="module")
def judge(program: Program, rules: dict[str, tuple[Rule, ...]]) -> Judge:
    return Judge(program=program, rules=rules)


def any_value(one: Field) -> st.SearchStrategy[Value]:
    """Every value a field may hold."""
    if one.type is FieldType.COUNT:
        own: st.SearchStrategy[Value] = st.integers(0, 10**12 - 1)
    elif one.type is FieldType.DATE:
        own = st.dates(date(1990, 1, 1), date(2099, 12, 31))
    elif one.type is FieldType.CHECKLIST:
        subsets = st.sets(st.sampled_from(one.options))
        own = subsets.map(lambda some: "、".join(o for o in one.options if o in some) or "无")
    else:
        own = st.sampled_from(("是", "否") if one.type is FieldType.YESNO else one.options)
    return own | st.just("不适用") if one.not_applicable else own


REMARKS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20).filter(lambda t: t[:1] != "=")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(data=st.data())
def test_what_is_typed_is_what_is_read(issued: Callable[..., Book], program: Program, data: st.DataObject) -> None:
    """Any valid values, any cells left blank, any remarks, rows in any order, columns and rows inserted anywhere."""
    book = issued()
    fields = [f for form in program.forms for f in form.fields_in(program.period_by_code[PERIOD])]
    counties = [ONE, TWO, THREE]
    row = st.fixed_dictionaries({f.code: st.none() | any_value(f) for f in fields})
    values: Values = {}
    for county in counties:
        values |= {(county, code): value for code, value in data.draw(row).items() if value is not None}
    book.fill({key: typed(value) for key, value in values.items()})
    for sheet in book.forms:
        book.put(data.draw(st.sampled_from(counties)), "remark", data.draw(REMARKS), sheet)
    sheet = book.forms[data.draw(st.integers(0, len(book.forms) - 1))]
    reorder(book, sheet, data.draw(st.permutations(counties)))
    sheet.insert_cols(data.draw(st.integers(1, sheet.max_column)))
    other = book.forms[data.draw(st.integers(0, len(book.forms) - 1))]
    other.insert_rows(data.draw(st.sampled_from([1, 4, book.head(other) + 1, book.head(other) + 2])))
    reading = book.read()
    assert values_read(reading) == values
    assert set(codes(reading)) <= {"REMARK"}


def reorder(book: Book, sheet: Worksheet, order: list[str]) -> None:
    """Sort whole rows as given."""
    first = book.head(sheet) + 1
    rows = {county: [c.value for c in sheet[book.row(sheet, county)]] for county in order}
    for at, county in enumerate(order, first):
        for col, value in enumerate(rows[county], 1):
            sheet.cell(at, col).value = value


def swap_columns(sheet: Worksheet, one: int, two: int, rows: range) -> None:
    for row in rows:
        a, b = sheet.cell(row, one), sheet.cell(row, two)
        a.value, b.value = b.value, a.value


def test_filled_as_asked(book: Book, figures: Figures, judge: Judge) -> None:
    """The measure of all tests below: untouched, everything is taken and everyone accepted."""
    decision = judge(book, *judge.rules)
    assert values_read(book.read()) == meant(figures)
    assert states(decision) == {ONE: "ACCEPTED", TWO: "ACCEPTED", THREE: "ACCEPTED"}
    assert decision.verdict is Verdict.ACCEPTED
    assert set(codes(book.read())) == {"CELL_READ_AS"}


def test_rows_shuffled(book: Book, figures: Figures) -> None:
    for sheet in book.forms:
        before = book.row(sheet, ONE)
        reorder(book, sheet, [THREE, ONE, TWO])
        assert book.row(sheet, ONE) == before + 1
    assert values_read(book.read()) == meant(figures)


def test_columns_inserted(book: Book, figures: Figures) -> None:
    for sheet in book.forms:
        sheet.insert_cols(2)
        sheet.insert_cols(6, 2)
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert set(codes(reading)) == {"CELL_READ_AS"}
    (one,) = reading.returns
    assert one.columns["A1"]["Q01-1"] == "E"
    assert one.columns["A1"]["Q01-2"] == "H"


@pytest.mark.parametrize("above", [1, 5, 6, 7])
def test_a_row_inserted(book: Book, figures: Figures, above: int) -> None:
    """Above the title, between the headings, above the codes, above the data."""
    for sheet in book.forms:
        sheet.insert_rows(above)
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert set(codes(reading)) == {"CELL_READ_AS"}
    assert {row.row for row in reading.returns[0].rows["A1"]} == {8, 9, 10}


def test_columns_swapped(book: Book, figures: Figures) -> None:
    """Whole columns, headings included."""
    for sheet in book.forms:
        last = book.col(sheet, "remark") - 1
        swap_columns(sheet, 4, last, range(5, sheet.max_row + 1))
        swap_columns(sheet, 1, 5, range(5, sheet.max_row + 1))
        assert book.col(sheet, "county_code") == 5
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert set(codes(reading)) <= NO_LOSS


def test_titles_renamed_with_codes_intact(book: Book, figures: Figures) -> None:
    sheet = book.sheet(A2)
    for n, code in enumerate(("Q05-2", "Q08-d", "county_name", "remark")):
        sheet.cell(book.head(sheet) - 1, book.col(sheet, code)).value = f"新标题{n}"
    reading = book.read()
    assert values_read(reading) == meant(figures)
    changed = {what for _, _, what in found(reading, "COLUMN_TITLE_CHANGED")}
    assert changed == {"新标题0", "新标题1", "新标题2", "新标题3"}
    assert set(codes(reading)) <= NO_LOSS


def test_all_titles_gone_with_codes_intact(book: Book, figures: Figures) -> None:
    sheet = book.sheet(A2)
    for cell in sheet[book.head(sheet) - 1]:
        cell.value = "改过的标题"
    reading = book.read()
    assert values_read(reading) == meant(figures)
    asked = len([c for c in sheet[book.head(sheet)] if c.value])
    assert codes(reading)["COLUMN_TITLE_CHANGED"] == asked
    assert set(codes(reading)) <= NO_LOSS


@pytest.mark.parametrize("rubbish", [None, "×"])
def test_all_codes_gone_with_titles_intact(book: Book, figures: Figures, rubbish: str | None) -> None:
    sheet = book.sheet(A2)
    cells = [c for c in sheet[book.head(sheet)] if c.value]
    for cell in cells:
        cell.value = rubbish
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert codes(reading)["COLUMN_CODE_CHANGED"] == len(cells)
    assert set(codes(reading)) - NO_LOSS == ({"ROW_UNRECOGNISED"} if rubbish else set())


def test_code_row_deleted(book: Book, figures: Figures) -> None:
    sheet = book.sheet(A1)
    sheet.delete_rows(book.head(sheet))
    assert values_read(book.read()) == meant(figures)


def test_codes_of_two_columns_swapped_with_titles_intact(book: Book, figures: Figures) -> None:
    """The visible title says what the officer meant."""
    sheet = book.sheet(A1)
    head = book.head(sheet)
    swap_columns(sheet, book.col(sheet, "Q01-1"), book.col(sheet, "Q02-1"), range(head, head + 1))
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert codes(reading)["COLUMN_CODE_CHANGED"] == 2


def test_code_and_title_of_one_column_destroyed(book: Book, figures: Figures, judge: Judge) -> None:
    """Nothing says what the figures mean: the file goes back, whatever stands beside them."""
    sheet = book.sheet(A2)
    col, head = book.col(sheet, "Q05-2"), book.head(sheet)
    sheet.cell(head, col).value = sheet.cell(head - 1, col).value = "数"
    reading, decision = book.read(), judge(book)
    missing = [f for f in reading.returns[0].findings if f.code == "COLUMN_MISSING"]
    assert [(f.location.sheet, f.field) for f in missing] == [(A2, "Q05-2")]
    assert decision.verdict is Verdict.RETURNED
    assert set(states(decision).values()) == {"RETURNED"}
    taken = values_read(reading)
    assert all(taken[key] == value for key, value in meant(figures).items() if key in taken)
    assert not any(code == "Q05-2" for _, code in taken)


def test_two_columns_with_one_title(book: Book, judge: Judge) -> None:
    sheet = book.sheet(A1)
    head = book.head(sheet)
    one, two = book.col(sheet, "Q01-1"), book.col(sheet, "Q02-1")
    sheet.cell(head - 1, two).value = sheet.cell(head - 1, one).value
    reading, decision = book.read(), judge(book)
    assert codes(reading)["SHEET_AMBIGUOUS"] == 1
    assert "A1" not in reading.returns[0].rows
    assert decision.verdict is Verdict.RETURNED


def test_county_code_wrong_name_wins(book: Book, figures: Figures, judge: Judge) -> None:
    sheet = book.sheet(A1)
    row = book.row(sheet, TWO)
    sheet.cell(row, 1).value = "533499"
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert found(reading, "ROW_CODE_CHANGED") == [(A1, f"A{row}", "533499")]
    assert states(judge(book))[TWO] == "ACCEPTED"


def test_county_codes_swapped_names_win(book: Book, figures: Figures) -> None:
    """Sorting the visible columns without the code column."""
    for sheet in book.forms:
        one, two = (sheet.cell(book.row(sheet, county), 1) for county in (ONE, TWO))
        one.value, two.value = TWO, ONE
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert codes(reading)["ROW_CODE_CHANGED"] == 2 * len(book.forms)


@pytest.mark.parametrize(
    ("name", "note"),
    [("维西傈僳族自治县", None), (" 维西县　", None), ("维西", "ROW_NAME_CHANGED"), (None, "ROW_NAME_CHANGED")],
)
def test_county_name_written_otherwise(book: Book, figures: Figures, name: str | None, note: str | None) -> None:
    sheet = book.sheet(A1)
    sheet.cell(book.row(sheet, THREE), 2).value = name
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert set(codes(reading)) - {"CELL_READ_AS"} == ({note} if note else set())


def test_county_name_unknown_beside_a_good_code(book: Book, figures: Figures, judge: Judge) -> None:
    """A name that says something else is not overruled by the code."""
    sheet = book.sheet(A1)
    row = book.row(sheet, THREE)
    sheet.cell(row, 2).value = "全州合计"
    reading, decision = book.read(), judge(book)
    lost = {key for key in meant(figures) if key[0] == THREE and key[1][:3] in {"Q01", "Q02", "Q03", "Q04"}}
    assert values_read(reading) == {key: v for key, v in meant(figures).items() if key not in lost}
    assert [(s, c) for s, c, _ in found(reading, "ROW_UNRECOGNISED")] == [(A1, f"A{row}")]
    assert states(decision) == {ONE: "ACCEPTED", TWO: "ACCEPTED", THREE: "RETURNED"}


def test_thousands_of_rows_that_are_nobodys_are_told_together(book: Book, figures: Figures) -> None:
    """None is dropped in silence, and none of them alone fills the list."""
    sheet, many = book.sheet(A1), 3_000
    first = sheet.max_row + 1
    for row in range(first, first + many):
        sheet.cell(row, 2).value = "某街道"
    reading = book.read()
    assert values_read(reading) == meant(figures)
    told = found(reading, "ROW_UNRECOGNISED")
    assert len(told) == SHOWN_ROWS + 1
    where, address, text = told[-1]
    assert (where, address) == (A1, f"B{first + SHOWN_ROWS}")
    assert text == f"第{first + SHOWN_ROWS}行至第{first + many - 1}行，另有{many - SHOWN_ROWS}行"
    assert len(reading.returns[0].strays) == many


def test_row_of_another_prefecture(book: Book, figures: Figures, judge: Judge) -> None:
    sheet = book.sheet(A1)
    row = sheet.max_row + 1
    for col, value in enumerate((*OUTSIDER, None, 7, "是", 7, 7), 1):
        sheet.cell(row, col).value = value
    reading = book.read()
    assert values_read(reading) == meant(figures)
    assert found(reading, "ROW_OTHER_PREFECTURE") == [(A1, f"B{row}", "五华区")]
    assert states(judge(book)) == {ONE: "ACCEPTED", TWO: "ACCEPTED", THREE: "ACCEPTED"}


def test_our_row_renamed_to_another_prefectures_county(book: Book, figures: Figures, judge: Judge) -> None:
    sheet = book.sheet(A1)
    row = book.row(sheet, TWO)
    sheet.cell(row, 1).value, sheet.cell(row, 2).value = OUTSIDER
    reading = book.read()
    taken = values_read(reading)
    assert (TWO, "Q01-1") not in taken
    assert {county for county, _ in taken} == {ONE, TWO, THREE}
    assert all(figures[key].value == value for key, value in taken.items())
    assert states(judge(book)) == {ONE: "ACCEPTED", TWO: "RETURNED", THREE: "ACCEPTED"}


@pytest.mark.parametrize(("code", "name"), [(None, "合计"), ("合计", None), ("533400", "迪庆州")])
def test_total_row_at_the_bottom(
    book: Book, figures: Figures, judge: Judge, code: str | None, name: str | None
) -> None:
    sheet = book.sheet(A1)
    row = sheet.max_row + 1
    for col, value in enumerate((code, name, None, 6, None, 99), 1):
        sheet.cell(row, col).value = value
    reading = book.read()
    assert values_read(reading) == meant(figures)
    ((where, _, shown),) = found(reading, "ROW_UNRECOGNISED")
    assert where == A1
    assert "99" in shown
    assert states(judge(book)) == {ONE: "ACCEPTED", TWO: "ACCEPTED", THREE: "ACCEPTED"}


def test_figures_without_a_name_put_every_row_in_doubt(book: Book, judge: Judge) -> None:
    """What a block of figures pasted one row down leaves behind; a plain total of the column is only reported."""
    sheet = book.sheet(A1)
    row, col = sheet.max_row + 1, book.col(sheet, "Q01-1")
    sheet.cell(row, col).value = 99_999
    assert [f.location.cell for f in judge(book).findings if f.code == "ROW_NAMELESS"] == [f"D{row}"]
    assert judge(book).verdict is Verdict.RETURNED
    for county in (ONE, TWO, THREE):
        book.put(county, "Q01-1", 5, sheet)
    sheet.cell(row, col).value = 15
    assert judge(book).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("swapped", [6, 5])
def test_a_county_sorted_in_among_the_headings_is_read(book: Book, figures: Figures, swapped: int) -> None:
    """Sorting with the codes (or titles) among the rows leaves counties above them."""
    sheet = book.sheet(A1)
    for col in range(1, sheet.max_column + 1):
        a, b = sheet.cell(swapped, col), sheet.cell(swapped + 2, col)
        a.value, b.value = b.value, a.value
    reading, expected = book.read(), meant(figures)
    if swapped == CODE_ROW + 1:  # what stands in the row of codes is seen by nobody: told, not taken
        unseen = [f for f in reading.returns[0].findings if f.code == "CELL_UNSEEN"]
        (county,) = {f.county_code for f in unseen}
        assert {f.location.cell[1:] for f in unseen} == {str(swapped)}
        expected = {
            (code, field): value
            for (code, field), value in expected.items()
            if code != county or field not in {f.field for f in unseen}
        }
    assert values_read(reading) == expected


@pytest.mark.parametrize(
    ("place", "code"),
    [((1, 30), "STRAY_CELL"), ((7, 30), "STRAY_CELL"), ((40, 2), "ROW_UNRECOGNISED"), ((40, 30), "ROW_UNRECOGNISED")],
)
def test_text_outside_the_table(book: Book, figures: Figures, place: tuple[int, int], code: str) -> None:
    """Beside the title, beside the data, far below, far below and beside."""
    sheet = book.sheet(A1)
    cell = sheet.cell(*place)
    cell.value = "填表人注：另有2场未计"
    reading = book.read()
    assert values_read(reading) == meant(figures)
    ((where, at, shown),) = found(reading, code)
    assert (where, at) == (A1, cell.coordinate)
    assert "填表人注：另有2场未计" in shown
    assert set(codes(reading)) == {"CELL_READ_AS", code}


def test_text_in_an_inserted_column(book: Book, figures: Figures) -> None:
    sheet = book.sheet(A1)
    sheet.insert_cols(5)
    sheet.cell(6, 5).value = "说明"
    sheet.cell(8, 5).value = 12
    reading = book.read()
    assert values_read(reading) == meant(figures)
    ((where, at, shown),) = found(reading, "STRAY_CELL")
    assert (where, at) == (A1, "E6")
    assert "说明" in shown
    assert "E8“12”" in shown


def test_county_row_twice_both_filled(book: Book, figures: Figures, judge: Judge) -> None:
    sheet = book.sheet(A1)
    row = sheet.max_row + 1
    source = book.row(sheet, TWO)
    for col, value in enumerate([cell.value for cell in sheet[source]], 1):
        sheet.cell(row, col).value = value
    book.put(TWO, "Q01-1", 4321)
    decision = judge(book)
    assert codes(book.read())["ROW_TWICE"] == 1
    assert states(decision) == {ONE: "ACCEPTED", TWO: "RETURNED", THREE: "ACCEPTED"}
    assert {(code, county) for code, county, _ in critical(decision)} == {("ROW_TWICE", TWO)}
    assert {f.found for f in decision.findings if f.code == "ROW_TWICE"} == {f"第{source}行、第{row}行"}
    assert figures[TWO, "Q01-1"].value != 4321


def test_county_row_twice_one_blank(book: Book, figures: Figures, judge: Judge) -> None:
    """An empty second row takes nothing away."""
    sheet = book.sheet(A1)
    row = sheet.max_row + 1
    sheet.cell(row, 1).value, sheet.cell(row, 2).value = TWO, "德钦县"
    assert values_read(book.read()) == meant(figures)
    assert states(judge(book))[TWO] == "ACCEPTED"


def test_county_row_deleted(book: Book, figures: Figures, judge: Judge) -> None:
    sheet = book.sheet(A1)
    sheet.delete_rows(book.row(sheet, TWO))
    taken, decision = values_read(book.read()), judge(book)
    assert (TWO, "Q01-1") not in taken
    assert all(figures[key].value == value for key, value in taken.items())
    assert states(decision) == {ONE: "ACCEPTED", TWO: "RETURNED", THREE: "ACCEPTED"}
    assert {county for _, county, _ in critical(decision)} == {TWO}


def test_sheet_missing(book: Book, figures: Figures, judge: Judge) -> None:
    book.book.remove(book.sheet(A4))
    decision = judge(book)
    missing = [f for f in decision.findings if f.code == "SHEET_MISSING"]
    assert [f.expected for f in missing] == [A4]
    assert set(states(decision).values()) == {"RETURNED"}
    taken = values_read(book.read())
    assert all(figures[key].value == value for key, value in taken.items())
    assert (ONE, "Q12-1") not in taken


def test_sheets_renamed_and_reordered(book: Book, figures: Figures, judge: Judge) -> None:
    for n, sheet in enumerate(book.forms):
        sheet.title = f"表{9 - n}"
    book.book.move_sheet("表9", 6)
    decision = judge(book)
    assert values_read(book.read()) == meant(figures)
    assert set(states(decision).values()) == {"ACCEPTED"}
    assert decision.source.sheets["A1"] == "表9"


def test_sheets_with_each_others_names(book: Book, figures: Figures) -> None:
    """The stamp on the sheet counts, not its name."""
    one, two = book.sheet(A1), book.sheet(A2)
    one.title = "tmp"
    two.title = A1
    one.title = A2
    assert values_read(book.read()) == meant(figures)


def test_sheet_copied(book: Book, judge: Judge) -> None:
    """Two sheets claim to be one and differ: neither is trusted, and what the second says is handed back."""
    copy = book.book.copy_worksheet(book.sheet(A1))
    copy.title = "1.思想引领 (2)"
    book.put(ONE, "Q01-1", 99_999, copy)
    decision = judge(book)
    assert [f.found for f in decision.findings if f.code == "SHEET_TWICE"] == [f"{A1}、1.思想引领 (2)"]
    assert decision.verdict is Verdict.RETURNED
    assert "ACCEPTED" not in states(decision).values()
    assert ("1.思想引领 (2)", "99999") in {(s.sheet, s.text) for s in decision.source.strays}


@pytest.mark.parametrize("blank_one", [True, False])
def test_sheet_copied_alike_or_blank(book: Book, figures: Figures, judge: Judge, blank_one: bool) -> None:
    """Two sheets that do not contradict each other: one is taken, with a note."""
    copy = book.book.copy_worksheet(book.sheet(A1))
    copy.title = "1.思想引领 (2)"
    if blank_one:
        original = book.sheet(A1)
        for row in (book.row(original, county) for county in (ONE, TWO, THREE)):
            for col in range(3, original.max_column + 1):
                original.cell(row, col).value = None
    assert values_read(book.read()) == meant(figures)
    assert "SHEET_SAME" in codes(book.read())
    assert set(states(judge(book)).values()) == {"ACCEPTED"}


def wipe_stamp(sheet: Worksheet) -> None:
    wiped = 0
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and "表样识别码" in cell.value:
                cell.value = None
                wiped += 1
    assert wiped == 1


def test_stamps_deleted_with_the_hidden_list_kept(book: Book, figures: Figures, judge: Judge) -> None:
    wipe_stamp(book.sheet(A1))
    wipe_stamp(book.sheet(A4))
    assert values_read(book.read()) == meant(figures)
    assert set(states(judge(book)).values()) == {"ACCEPTED"}


def test_stamp_deleted_and_sheet_renamed(book: Book, judge: Judge) -> None:
    """Its titles still say which form it is, nothing says whose: held for staff, and missed; the rest is used."""
    sheet = book.sheet(A1)
    wipe_stamp(sheet)
    sheet.title = "我的表"
    decision = judge(book)
    assert [(f.location.sheet, f.found) for f in book.read().findings] == [("我的表", f"表头与“{A1}”相同")]
    assert [f.expected for f in decision.findings if f.code == "SHEET_MISSING"] == [A1]
    assert set(states(decision).values()) == {"RETURNED"}
    assert all(record.stands and "A1" not in record.lines for record in decision.records)


def test_every_mark_of_identity_deleted(book: Book) -> None:
    for sheet in book.forms:
        wipe_stamp(sheet)
    book.book.remove(book.book["_identity"])
    reading = book.read()
    assert reading.returns == ()
    assert codes(reading) == {"IDENTITY_MISSING": 8}


def test_hidden_list_deleted_with_stamps_kept(book: Book, figures: Figures) -> None:
    book.book.remove(book.book["_identity"])
    assert values_read(book.read()) == meant(figures)


def test_a_copied_sheet_of_another_period_is_its_own_return(book: Book) -> None:
    """A stamp for another period never lends its figures to this one."""
    sheet = book.sheet(A1)
    stamp = next(c for row in sheet.iter_rows() for c in row if "表样识别码" in str(c.value))
    stamp.value = str(stamp.value).replace(PERIOD, "2023-04")
    reading = book.read()
    assert {(one.period, tuple(one.rows)) for one in reading.returns} == {
        ("2023-04", ("A1",)),
        (PERIOD, ("A2", "A3", "A4", "A5", "A6", "A7", "A8")),
    }


def nil_stands_for(program: Program, period: str) -> dict[str, Value]:
    """What 本期无新进展 means in a first report: 0, 否, 无, 未组织; None where a value must be given."""
    zero: dict[FieldType, Value] = {
        FieldType.COUNT: 0,
        FieldType.YESNO: "否",
        FieldType.CHECKLIST: "无",
        FieldType.CHOICE: "未组织",
    }
    asked = (f for form in program.forms for f in form.fields_in(program.period_by_code[period]))
    return {f.code: zero[f.type] if f.required and f.code not in TOTALS else None for f in asked}


TOTALS = ("Q06-3d", "Q08-d", "Q13-2d", "Q30-1d", "Q30-2d")  # denominators: nil cannot stand for them


def final(decision: Decision, county: str) -> dict[str, Value]:
    record = next(r for r in decision.records if r.county_code == county)
    return {code: value for line in record.lines.values() for code, value in line.values.items()}


def test_nil_in_the_first_period_still_needs_totals(issued: Callable[..., Book], judge: Judge) -> None:
    book = issued("2022-12")
    book.tick(ONE)
    decision = judge(book, "A2", "A4", "A8")
    assert states(decision) == {ONE: "RETURNED"}
    ours = {(code, field) for code, county, field in critical(decision) if county == ONE}
    assert ours == {("REQUIRED", field) for field in TOTALS}
    assert {county for code, county, _ in critical(decision) if code == "ROW_BLANK"} == {TWO, THREE}


def test_nil_in_the_first_period_with_totals(issued: Callable[..., Book], judge: Judge, program: Program) -> None:
    book = issued("2022-12")
    book.tick(ONE)
    for code in TOTALS:
        book.put(ONE, code, 11)
    decision = judge(book, *judge.rules)
    assert states(decision) == {ONE: "NIL"}
    assert final(decision, ONE) == nil_stands_for(program, "2022-12") | dict.fromkeys(TOTALS, 11)


def test_nil_later_stands_for_what_was_accepted(
    issued: Callable[..., Book], judge: Judge, figures: Figures, program: Program
) -> None:
    """Each figure is carried over; fields never answered are what nil means at first."""
    before = {key: value for key, value in meant(figures).items() if key not in {(ONE, "Q19-1"), (ONE, "Q19-1f")}}
    book = issued("2023-04", before)
    book.tick(ONE)
    decision = judge(book)
    assert states(decision) == {ONE: "NIL"}
    expected = nil_stands_for(program, "2023-04") | {code: v for (county, code), v in before.items() if county == ONE}
    assert expected["Q19-1"] == 0
    assert final(decision, ONE) == expected


def test_nil_later_with_other_figures_is_a_conflict(
    issued: Callable[..., Book], judge: Judge, figures: Figures
) -> None:
    book = issued("2023-04", meant(figures))
    same, more = figures[ONE, "Q02-1"].value, figures[ONE, "Q01-1"].value
    assert isinstance(more, int)
    book.tick(ONE)
    book.tick(TWO)
    book.put(ONE, "Q01-1", more + 1)
    book.put(TWO, "Q02-1", figures[TWO, "Q02-1"].value)
    decision = judge(book)
    assert same != more
    assert states(decision) == {ONE: "RETURNED", TWO: "NIL"}
    assert {c for c in critical(decision) if c[1] != THREE} == {("NIL_CONFLICT", ONE, "Q01-1")}


@pytest.mark.parametrize(
    ("text", "ticked"),
    [("√", True), ("是", True), (True, True), ("✓", True), (" ", False), ("　", False), ("否", False), ("×", False)],
)
def test_nil_ticks_people_write(issued: Callable[..., Book], text: Any, *, ticked: bool) -> None:
    book = issued("2023-04")
    for sheet in book.forms:
        book.put(ONE, "nil", text, sheet)
    (one,) = book.read().returns
    rows = [row for some in one.rows.values() for row in some if row.county_code == ONE]
    assert len(rows) == len(book.forms)
    assert {row.nil for row in rows} == {ticked}


def test_nil_written_unclearly_returns_the_county(book: Book, judge: Judge) -> None:
    book.put(TWO, "nil", "大概", book.sheet(A1))
    decision = judge(book)
    assert states(decision) == {ONE: "ACCEPTED", TWO: "RETURNED", THREE: "ACCEPTED"}
    assert {(code, county) for code, county, _ in critical(decision)} == {("NIL_UNCLEAR", TWO)}


def test_nil_on_one_sheet_with_nothing_before_is_never_zeros(book: Book, judge: Judge) -> None:
    """In a later period a tick carries what was accepted; with nothing accepted it is asked about."""
    sheet = book.sheet(A1)
    row = book.row(sheet, TWO)
    for col in range(4, book.col(sheet, "remark")):
        sheet.cell(row, col).value = None
    book.put(TWO, "nil", "√", sheet)
    decision = judge(book)
    assert states(decision) == {ONE: "ACCEPTED", TWO: "RETURNED", THREE: "ACCEPTED"}
    assert ("NIL_WITHOUT_BASE", TWO, "") in critical(decision)
