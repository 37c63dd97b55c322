"""What officers do to a table, done by LibreOffice in three formats: no wrong value is accepted, ever (DESIGN §5).

One workbook is issued, filled and saved; then each edit opens it afresh and saves it as xlsx, xls and ods. All files are
read, checked by every rule and decided together, each as if received on a day of its own. What is taken is held against
the figures, which were invented before; what the edits do is planned from the codes on the blank sheet, never by asking
the reader.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from pipeline.checks import lines
from pipeline.checks.check import check_returns
from pipeline.checks.decide import Decision, decide
from pipeline.domain.past import NO_PAST
from pipeline.domain.state import State
from pipeline.program.model import FieldType
from tests import builder
from tests.builder import FIRST, SECOND, SMALL, THIRD, campaign
from tests.kept import kept
from tests.officer import Entry, Figures, Session, invent, office_stamp
from tests.test_libreoffice import Table, filling, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.domain.findings import Finding
    from pipeline.domain.value import Value
    from pipeline.program.model import Field
    from pipeline.reading.read import Reading, Return

    Steps = list[list[Any]]
    Tables = list[Table]
    Values = dict[tuple[str, str], Value]
    Look = list[tuple[str, list[list[Any]]]]

pytestmark = pytest.mark.libreoffice

PERIOD, LATER, SEED = "2023-02", "2023-04", 11
FIRST_DAY, DAYS = date(2023, 3, 1), 60  # the period has ended, and the later one has not
FORMATS = {"xlsx": "Calc MS Excel 2007 XML", "xls": "MS Excel 97", "ods": "calc8"}
EVERYONE = frozenset({FIRST, SECOND, THIRD})
NO_ONE: frozenset[str] = frozenset()
FORMS = 8
STAMP_ROW, YELLOW, COMMENT = 2, 0xFFFF00, "待核实：共99场"
QUIET = {"CELL_READ_AS", "LOOK_AGAIN"}
"""Findings of the untouched workbook: how people type, and rules that only ask to look again."""


def issue_bytes() -> bytes:
    """The workbook as issued."""
    return builder.blank(PERIOD, SMALL)


def read(content: bytes, name: str, day: date) -> Reading:
    """What the reader makes of a file received on ``day``."""
    (reading,) = builder.read(builder.arrival(content, name, day))
    return reading


def no_figure(_county: str, _field: Field, _entry: Entry) -> bool:
    return False


def as_they_were(figures: Figures) -> Values:
    return {key: entry.value for key, entry in figures.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One kind of edit and what must come of it.

    Attributes:
        steps: What the officer does, given the filled form sheets.
        touched: How many form sheets are not as they were, in name, place or content.
        accepted: Counties that are accepted, with every figure of theirs.
        lost: Figures that nobody can place any more; everything else must be read.
        unsure: Figures that may be read, if rightly, or refused.
        held: Counties told that they cannot be accepted; what is read of them is not looked at.
        becomes: What then stands in the cells: what is typed is what counts.
        says: Codes of the findings, besides :data:`QUIET`.
    """

    steps: Callable[[Tables], Steps]
    touched: int = FORMS
    accepted: frozenset[str] = EVERYONE
    lost: Callable[[str, Field, Entry], bool] = no_figure
    unsure: Callable[[str, Field, Entry], bool] = no_figure
    held: frozenset[str] = NO_ONE
    becomes: Callable[[Figures], Values] = as_they_were
    says: frozenset[str] = frozenset()


def first_row(table: Table) -> int:
    return min(table.rows.values())


def last_row(table: Table) -> int:
    return max(table.rows.values())


def width(table: Table) -> int:
    return max(table.cols.values())


def whole_rows(table: Table) -> list[int]:
    return [first_row(table), 0, last_row(table), width(table)]


def counts(table: Table) -> list[int]:
    """Columns of the counts."""
    fields = campaign().program.field_by_code
    return [col for code, col in table.cols.items() if code in fields and fields[code].type is FieldType.COUNT]


def on_each(what: Callable[[Table], Steps]) -> Callable[[Tables], Steps]:
    """The same on every form sheet."""
    return lambda where: [step for table in where for step in what(table)]


def on_first(what: Callable[[Table], Steps]) -> Callable[[Tables], Steps]:
    """On the first form sheet only."""
    return lambda where: what(where[0])


def everything(_county: str, _field: Field, _entry: Entry) -> bool:
    return True


def of_county(*codes: str) -> Callable[[str, Field, Entry], bool]:
    return lambda county, _field, _entry: county in codes


def of_field(code: str) -> Callable[[str, Field, Entry], bool]:
    return lambda _county, field, _entry: field.code == code


def untouched(_where: Tables) -> Steps:
    """The measure of all the others."""
    return []


def insert_rows(where: Tables) -> Steps:
    """Above everything, between the headings, above the codes, above the data, between counties, several."""
    first = first_row(where[0])
    above = ([0], [1], [4], [first - 1], [first], [first + 1], [0, first + 1, first + 3], [first + 2] * 3)
    return [["insert_row", table.sheet, row] for table, rows in zip(where, above, strict=True) for row in rows]


def insert_columns(where: Tables) -> Steps:
    """Before the codes, between code and name, before the tick, the first figure, within and after the figures, several."""
    before = ([0], [1], [2], [3], [4], [width(where[5])], [0, 0, 3, 6], [width(where[7]) - 1, 5, 5, 1])
    return [["insert_col", table.sheet, col] for table, cols in zip(where, before, strict=True) for col in cols]


def sort_rows(table: Table) -> Steps:
    return [["sort_block", table.sheet, whole_rows(table), table.cols["county_name"], False]]


def sort_codes_too(table: Table) -> Steps:
    """The row of column codes is taken for a county and ends below the last one."""
    return [["sort_block", table.sheet, codes_and_rows(table), table.cols["county_name"], False]]


def sort_rows_by_a_figure(where: Tables) -> Steps:
    """By one count of each sheet, largest first."""
    return [["sort_block", t.sheet, whole_rows(t), counts(t)[n % 2], False] for n, t in enumerate(where)]


def sort_visible_columns(table: Table) -> Steps:
    """The codes are out of sight and stay behind."""
    block = [first_row(table), 1, last_row(table), width(table)]
    return [["hide_col", table.sheet, 0], ["sort_block", table.sheet, block, table.cols["county_name"], False]]


def delete_county(table: Table) -> Steps:
    return [["delete_row", table.sheet, table.rows[SECOND]]]


def delete_column(code: str) -> Callable[[Table], Steps]:
    return lambda table: [["delete_col", table.sheet, table.cols[code]]]


def delete_hidden(table: Table) -> Steps:
    """Row of column codes and column of county codes."""
    row = first_row(table) - 1
    return [
        ["hide_row", table.sheet, row],
        ["hide_col", table.sheet, 0],
        ["delete_row", table.sheet, row],
        ["delete_col", table.sheet, 0],
    ]


def rename_sheets(where: Tables) -> Steps:
    """Two sheets take each other's names, the others any."""
    one, two, *others = where
    swap: Steps = [["rename", one.sheet, "x"], ["rename", two.sheet, one.sheet], ["rename", "x", two.sheet]]
    return swap + [["rename", table.sheet, f"表{9 - n}（终稿）"] for n, table in enumerate(others)]


def move_sheets(where: Tables) -> Steps:
    """In reverse order, before the cover."""
    return [["move", table.sheet, 0] for table in where]


def copy_and_delete(where: Tables) -> Steps:
    steps: Steps = []
    for n, table in enumerate(where):
        steps += [["copy_sheet", table.sheet, f"{table.sheet}_2", 2 * n], ["delete_sheet", table.sheet]]
    return steps


def paste_rows_one_down(table: Table) -> Steps:
    """Codes, names and all."""
    return [["copy_block", table.sheet, whole_rows(table), first_row(table) + 1, 0]]


def paste_figures_one_down(table: Table) -> Steps:
    """Without codes and names: what stands beside a name is taken, only the last county's row tells that all are wrong."""
    _, _, last, wide = whole_rows(table)
    block = [first_row(table), table.cols["nil"], last, wide]
    return [["copy_block", table.sheet, block, first_row(table) + 1, table.cols["nil"]]]


def one_down(figures: Figures) -> Values:
    """Each county's figures are also the next one's; the last county's are nobody's."""
    above = {FIRST: FIRST, SECOND: FIRST, THIRD: SECOND}
    fields = {code for _, code in figures}
    return {
        (county, code): figures[source, code].value
        for county, source in above.items()
        for code in fields
        if (source, code) in figures
    }


def values_only(_where: Tables) -> Steps:
    return [["values_into_new"]]


def values_only_without_stamps(where: Tables) -> Steps:
    """Cover and self-check included; the hidden list stays behind in any case."""
    sheets = [f"Sheet{n + 1}" for n in range(len(where) + 2)]
    return [
        ["values_into_new"],
        *(["delete_row", sheet, STAMP_ROW] for sheet in sheets[1:-1]),
        ["delete_row", sheets[0], STAMP_ROW - 1],
        ["replace", sheets[-1], [], "表样识别码", ""],
    ]


def replace(old: str, new: str, block: Callable[[Table], list[int]]) -> Callable[[Tables], Steps]:
    return on_each(lambda table: [["replace", table.sheet, block(table), old, new]])


def everywhere(old: str, new: str) -> Callable[[Tables], Steps]:
    """On the hidden sheet too."""
    return lambda _where: [["replace_everywhere", old, new]]


def codes_only(table: Table) -> list[int]:
    return [first_row(table), 0, last_row(table), 0]


def codes_and_rows(table: Table) -> list[int]:
    """From the column codes down."""
    return [first_row(table) - 1, 0, last_row(table), width(table)]


def with_a_one(_county: str, _field: Field, entry: Entry) -> bool:
    """Dates have one in more ways than they are typed."""
    return "1" in entry.text or isinstance(entry.value, date)


def six_for_five(figures: Figures) -> Values:
    """Full-width digits and numerals are not 5."""

    def six(entry: Entry) -> Value:
        if isinstance(entry.value, date):
            return date.fromisoformat(entry.value.isoformat().replace("5", "6"))
        if isinstance(entry.value, int) and "5" in entry.text:
            return int(str(entry.value).replace("5", "6"))
        return entry.value

    return {key: six(entry) for key, entry in figures.items()}


def letter(col: int) -> str:
    return get_column_letter(col + 1)


def decorate(table: Table) -> Steps:
    """Hidden columns, colours, comments, frozen panes, a filter that leaves one county, and a total row below."""
    first, last, names = first_row(table), last_row(table), table.cols["county_name"]
    total = [
        ["formula", table.sheet, last + 1, col, f"=SUM({letter(col)}{first + 1}:{letter(col)}{last + 1})"]
        for col in counts(table)
    ]
    return [
        ["hide_col", table.sheet, 0],
        ["hide_col", table.sheet, counts(table)[0]],
        ["colour", table.sheet, whole_rows(table), YELLOW],
        ["comment", table.sheet, first, counts(table)[0], COMMENT],
        ["freeze", table.sheet, first, names + 1],
        ["filter", table.sheet, codes_and_rows(table), names, "德钦县"],
        ["paste", table.sheet, last + 1, names, "合计"],
        *total,
    ]


def merge(columns: tuple[str, ...], covered: str) -> Callable[[Table], Steps]:
    """The cells of the first two counties, in each of these columns."""
    return lambda table: [
        ["merge", table.sheet, [first_row(table), table.cols[code], first_row(table) + 1, table.cols[code]], covered]
        for code in columns
    ]


TOTALLED, MERGED = "decorate, filter and total", "merge names, the second kept out of sight"
POSTDATED = "replace the period"
CODE_CHANGED, NAME_CHANGED = frozenset({"ROW_CODE_CHANGED"}), frozenset({"ROW_NAME_CHANGED"})
COLUMNS_CHANGED, UNPLACED = frozenset({"COLUMN_CODE_CHANGED"}), frozenset({"ROW_UNRECOGNISED"})

EDITS = {
    "untouched": Edit(steps=untouched, touched=0),
    "insert rows": Edit(steps=insert_rows),
    "insert columns": Edit(steps=insert_columns),
    "sort whole rows": Edit(steps=on_each(sort_rows)),
    "sort whole rows by a figure": Edit(steps=sort_rows_by_a_figure, touched=5),
    "sort visible columns only": Edit(steps=on_each(sort_visible_columns), says=CODE_CHANGED),
    "sort with the codes among the rows": Edit(steps=on_each(sort_codes_too)),
    "delete a row": Edit(
        steps=on_each(delete_county),
        accepted=EVERYONE - {SECOND},
        lost=of_county(SECOND),
        says=frozenset({"ROW_BLANK"}),
    ),
    "delete a row on one sheet": Edit(
        steps=on_first(delete_county),
        touched=1,
        accepted=EVERYONE - {SECOND},
        lost=lambda county, field, _: county == SECOND and field.form == "A1",
        says=frozenset({"ROW_BLANK"}),
    ),
    "delete a column": Edit(
        steps=on_first(delete_column("Q02-1")),
        touched=1,
        accepted=NO_ONE,
        lost=of_field("Q02-1"),
        says=frozenset({"COLUMN_MISSING"}),
    ),
    "delete the names": Edit(
        steps=on_each(delete_column("county_name")),
        accepted=NO_ONE,
        lost=everything,
        says=frozenset({"SHEET_AMBIGUOUS"}),
    ),
    "delete the remarks": Edit(steps=on_each(delete_column("remark"))),
    "delete hidden row and column": Edit(steps=on_each(delete_hidden), says=CODE_CHANGED | COLUMNS_CHANGED),
    "rename": Edit(steps=rename_sheets),
    "move": Edit(steps=move_sheets),
    "copy and delete original": Edit(steps=copy_and_delete),
    "paste one row down": Edit(
        steps=on_each(paste_rows_one_down), accepted=EVERYONE - {FIRST}, says=frozenset({"ROW_TWICE"})
    ),
    "paste figures one down": Edit(
        steps=on_each(paste_figures_one_down),
        accepted=NO_ONE,
        becomes=one_down,
        says=frozenset({"ROW_NAMELESS", "ROW_COPIED"}),
    ),
    "values into a new workbook": Edit(steps=values_only),
    "values into a new workbook without stamps": Edit(
        steps=values_only_without_stamps,
        accepted=NO_ONE,
        lost=everything,
        says=frozenset({"IDENTITY_MISSING", "SHEET_EXTRA"}),
    ),
    "replace brackets": Edit(steps=everywhere("（", "(")),
    "replace full-width spaces": Edit(steps=everywhere("　", " ")),
    "replace yes by has": Edit(steps=everywhere("是", "有"), touched=7, says=frozenset({"COLUMN_TITLE_CHANGED"})),
    "replace the word for county": Edit(
        steps=everywhere("县", "縣"),
        accepted=frozenset({FIRST}),
        lost=of_county(SECOND, THIRD),
        says=UNPLACED | {"COLUMN_TITLE_CHANGED", "ROW_BLANK", "STRAY_CELL"},
    ),
    "replace digits of the codes": Edit(steps=replace("53", "五三", codes_only), says=CODE_CHANGED),
    "replace digits everywhere": Edit(
        steps=everywhere("53", "五三"), accepted=NO_ONE, lost=everything, says=frozenset({"IDENTITY_MISSING"})
    ),
    "replace 1 by a numeral": Edit(
        steps=replace("1", "一", codes_and_rows),
        accepted=NO_ONE,
        unsure=with_a_one,
        says=CODE_CHANGED | COLUMNS_CHANGED | {"CELL_NOT_A_NUMBER", "CELL_WRONG_UNIT", "CELL_BAD_DATE"},
    ),
    "replace 5 by 6": Edit(
        steps=replace("5", "6", codes_and_rows),
        becomes=six_for_five,
        accepted=EVERYONE - {THIRD},
        says=CODE_CHANGED | COLUMNS_CHANGED | {"PART_EXCEEDS_WHOLE"},
    ),
    "replace one name by another": Edit(
        steps=everywhere("德钦县", "维西县"),
        accepted=frozenset({FIRST}),
        lost=of_county(SECOND),
        held=frozenset({THIRD}),
        says=CODE_CHANGED | {"ROW_TWICE", "ROW_BLANK"},
    ),
    POSTDATED: Edit(
        steps=everywhere(PERIOD, LATER),
        accepted=NO_ONE,
        held=EVERYONE,
        says=frozenset({"IDENTITY_UNPROVED", "PERIOD_NOT_ENDED"}),
    ),
    TOTALLED: Edit(
        steps=on_each(decorate), accepted=NO_ONE, says=UNPLACED | {"COLUMN_HIDDEN", "ROW_HIDDEN", "SHEET_OVERLAID"}
    ),  # nobody saw what is hidden
    MERGED: Edit(steps=on_each(merge(("county_name",), "kept")), touched=0),
    "merge names, the second moved up": Edit(
        steps=on_each(merge(("county_name",), "moved")),
        accepted=EVERYONE - {FIRST},
        lost=of_county(FIRST),
        says=UNPLACED | NAME_CHANGED | {"ROW_BLANK"},
    ),
    "merge names, the second emptied": Edit(steps=on_each(merge(("county_name",), "emptied")), says=NAME_CHANGED),
    "merge codes and names": Edit(
        steps=on_each(merge(("county_code", "county_name"), "emptied")),
        accepted=NO_ONE,
        lost=of_county(SECOND),
        says=frozenset({"ROW_NAMELESS", "ROW_BLANK"}),
    ),
    "merge figures": Edit(
        steps=on_first(merge(("Q01-1",), "emptied")),
        touched=1,
        accepted=EVERYONE - {SECOND},
        lost=lambda county, field, _: county == SECOND and field.code == "Q01-1",
        says=frozenset({"REQUIRED"}),
    ),
}


DRESSED = (TOTALLED, MERGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one file.

    Attributes:
        look: Names and cells of the form sheets, by our own look.
        decisions: On the returns of the file, if it had any.
    """

    look: Look
    reading: Reading
    decisions: tuple[Decision, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of the file and, where decided, of its returns."""
        return (*self.reading.findings, *(f for decision in self.decisions for f in decision.findings))

    @property
    def read(self) -> Values:
        """Everything taken as a value, whatever is decided then."""
        return {
            (row.county_code, code): value
            for one in self.reading.returns
            for rows in one.rows.values()
            for row in rows
            for code, value in row.values.items()
            if value is not None
        }

    @property
    def accepted(self) -> dict[tuple[str, str, str], Value]:
        """Period, county and field → what would go into the dataset."""
        return {
            (decision.source.period, record.county_code, code): value
            for decision in self.decisions
            for record in decision.records
            if record.state in {State.ACCEPTED, State.NIL}
            for line in record.lines.values()
            for code, value in line.values.items()
            if value is not None
        }


@pytest.fixture(scope="module")
def figures() -> Figures:
    program = campaign().program
    return invent(program, program.period_by_code[PERIOD], program.counties_of(SMALL), SEED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What LibreOffice made.

    Attributes:
        files: (edit, format) → file.
        dress: (edit, format) → what the first form sheet wears when the file is opened again, for :data:`DRESSED`.
        where: The form sheets as issued.
    """

    files: dict[tuple[str, str], Path]
    dress: dict[tuple[str, str], dict[str, Any]]
    where: Tables


@pytest.fixture(scope="module")
def edited(request: pytest.FixtureRequest, figures: Figures) -> tuple[Made, dict[tuple[str, str], Outcome]]:
    def make(folder: Path) -> tuple[Made, dict[tuple[str, str], Outcome]]:
        made = make_files(folder, figures, request.getfixturevalue("office"))
        return made, judge_files(made)

    return kept("edits", make, office_stamp())


@pytest.fixture(scope="module")
def made(edited: tuple[Made, dict[tuple[str, str], Outcome]]) -> Made:
    return edited[0]


@pytest.fixture(scope="module")
def outcomes(edited: tuple[Made, dict[tuple[str, str], Outcome]]) -> dict[tuple[str, str], Outcome]:
    return edited[1]


def make_files(folder: Path, figures: Figures, office: Session) -> Made:
    """All files, made in one go."""
    issued, master = folder / "issued.xlsx", folder / "master.xlsx"
    issued.write_bytes(issue_bytes())
    where = tables(issued)
    steps: Steps = [
        ["open", str(issued)],
        ["rest"],
        *filling(where, figures),
        ["wake"],
        ["save", str(master), FORMATS["xlsx"]],
        ["close"],
    ]
    files = {}
    for n, (name, edit) in enumerate(EDITS.items()):
        steps += [["open", str(master)], *edit.steps(list(where.values()))]
        for file_format, filter_name in FORMATS.items():
            files[name, file_format] = folder / f"{n}.{file_format}"
            steps.append(["save", str(files[name, file_format]), filter_name])
        steps.append(["close"])
    dressed = {key: path for key, path in files.items() if key[0] in DRESSED}
    for path in dressed.values():
        steps += [["open", str(path)], ["dress", next(iter(where.values())).sheet], ["close"]]
    answers = office.work(steps, patience_seconds=400)
    dress = [answer for step, answer in zip(steps, answers, strict=True) if step[0] == "dress"]
    return Made(files=files, dress=dict(zip(dressed, dress, strict=True)), where=list(where.values()))


def judge_files(made: Made) -> dict[tuple[str, str], Outcome]:
    """All files read, and decided by all rules as a run would, as many together as there are days, each of a day of its own."""
    files = sorted(made.files.items(), key=lambda one: one[0][0] != POSTDATED)  # the rules of the later period run once
    return {key: outcome for n in range(0, len(files), DAYS) for key, outcome in run(dict(files[n : n + DAYS]))}


def run(files: dict[tuple[str, str], Path]) -> Iterator[tuple[tuple[str, str], Outcome]]:
    readings = {
        key: read(path.read_bytes(), path.name, FIRST_DAY + timedelta(days=n))
        for n, (key, path) in enumerate(files.items())
    }
    decided: dict[str, list[Decision]] = defaultdict(list)
    for decision in decide_all([one for reading in readings.values() for one in reading.returns]):
        decided[decision.source.arrival.name].append(decision)
    for key, path in files.items():
        yield key, Outcome(look=look(path), reading=readings[key], decisions=tuple(decided[path.name]))


def decide_all(returns: list[Return]) -> Iterator[Decision]:
    by_period: dict[str, list[Return]] = defaultdict(list)
    for one in returns:
        by_period[one.period].append(one)
    program, rules = campaign().program, campaign().rules
    for period, some in by_period.items():
        with pytest.MonkeyPatch.context() as alone:
            alone.setattr(lines, "days_of_report", lambda *_: {})  # no file fills another's blanks
            checked = check_returns(program, rules, program.period_by_code[period], some, NO_PAST)
        yield from decide(program, some, checked, NO_PAST)


def look(path: Path) -> Look:
    """The form sheets, being those with headings like 第1项."""
    book = CalamineWorkbook.from_path(str(path))
    grids = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    return [
        (name, grid)
        for name, grid in grids
        if any(re.match(r"第\d+项\n", str(cell)) for cells in grid for cell in cells)
    ]


def meant(edit: Edit, figures: Figures, *leaving_out: Callable[[str, Field, Entry], bool]) -> Values:
    """What the cells say after the edit, as far as anybody can tell."""
    fields = campaign().program.field_by_code
    gone = {
        (county, code)
        for (county, code), entry in figures.items()
        if county in edit.held or any(out(county, fields[code], entry) for out in leaving_out)
    }
    return {key: value for key, value in edit.becomes(figures).items() if key not in gone}


every_file = pytest.mark.parametrize(
    ("name", "file_format"), [(name, file_format) for name in EDITS for file_format in FORMATS]
)


@every_file
def test_what_is_accepted_is_right_and_whole(
    outcomes: dict[tuple[str, str], Outcome], figures: Figures, name: str, file_format: str
) -> None:
    edit, accepted = EDITS[name], outcomes[name, file_format].accepted
    expected = {(PERIOD, *key): v for key, v in meant(edit, figures).items() if key[0] in edit.accepted}
    assert accepted == expected


@every_file
def test_all_that_is_unambiguous_is_read(
    outcomes: dict[tuple[str, str], Outcome], figures: Figures, name: str, file_format: str
) -> None:
    edit = EDITS[name]
    taken = {key: value for key, value in outcomes[name, file_format].read.items() if key[0] not in edit.held}
    certain = meant(edit, figures, edit.lost, edit.unsure)
    possible = meant(edit, figures, edit.lost)
    assert {key: value for key, value in taken.items() if key in certain or value != possible.get(key)} == certain


@every_file
def test_what_is_found_is_said(outcomes: dict[tuple[str, str], Outcome], name: str, file_format: str) -> None:
    codes = {f.code for f in outcomes[name, file_format].findings}
    if "ROW_FILTERED" in codes:  # only an ods of LibreOffice says that it was a filter that hid them
        codes = codes - {"ROW_FILTERED"} | {"ROW_HIDDEN"}
    assert codes - QUIET == EDITS[name].says


@every_file
def test_the_edit_was_really_made(outcomes: dict[tuple[str, str], Outcome], name: str, file_format: str) -> None:
    """Otherwise the tests above prove nothing."""
    before, after = outcomes["untouched", file_format].look, outcomes[name, file_format].look
    assert len(before) == FORMS
    assert sum(old != new for old, new in zip(before, after, strict=True)) == EDITS[name].touched


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_total_row_is_told_and_not_read(
    outcomes: dict[tuple[str, str], Outcome], made: Made, file_format: str
) -> None:
    outcome = outcomes[TOTALLED, file_format]
    told = {f.location.sheet: f for f in outcome.findings if f.code == "ROW_UNRECOGNISED"}
    assert len(told) == sum(f.code == "ROW_UNRECOGNISED" for f in outcome.findings) == FORMS
    for table, (sheet, grid) in zip(made.where, outcome.look, strict=True):
        total = grid[last_row(table) + 1]
        sums = [total[col] for col in counts(table)]
        assert total[table.cols["county_name"]] == "合计"
        assert "合计" in told[sheet].found
        assert told[sheet].location.cell.endswith(str(last_row(table) + 2))
        assert all(isinstance(one, float) for one in sums)
        assert any(one > 0 for one in sums)


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_sheet_was_really_decorated(made: Made, file_format: str) -> None:
    dress, table = made.dress[TOTALLED, file_format], made.where[0]
    assert set(dress["columns"]) == {0, counts(table)[0]}
    assert set(dress["rows"]) >= {table.rows[FIRST], table.rows[THIRD]}
    assert table.rows[SECOND] not in dress["rows"]
    assert dress["comments"] == [COMMENT]
    assert YELLOW in dress["colours"]
    assert dress["frozen"]


@pytest.mark.parametrize("file_format", FORMATS)
def test_names_were_really_merged(made: Made, file_format: str) -> None:
    table = made.where[0]
    assert f"B{first_row(table) + 1}" in made.dress[MERGED, file_format]["merged"]
