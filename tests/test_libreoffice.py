"""The whole line with a real office program in the middle: issued, filled and mangled in LibreOffice, returned, run.

Three prefectures answer in three formats in one run. What arrives in ``values.csv`` is held against what was typed.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook

from pipeline.program.model import FieldType
from pipeline.program.rules import BETWEEN, PAIR_GREATER, base_field
from tests.builder import only_the_actions
from tests.kept import kept
from tests.officer import Entry, Figures, Session, invent, office_stamp

if TYPE_CHECKING:
    from pipeline.program.model import Field, Program
    from pipeline.program.rules import Rule

pytestmark = pytest.mark.libreoffice

PERIOD, ISSUED_ON, RECEIVED_ON, RUN_ON = "2023-02", "2023-03-01", "2023-03-06", "2023-03-08"
FORMATS = {"xlsx": ("533400", "Calc MS Excel 2007 XML"), "xls": ("533300", "MS Excel 97"), "ods": ("532800", "calc8")}
BLANK_FOR = "533400"
RENAMED, NEW_NAME, MOVED_TO = "3.服务阵地", "阵地（改）", 1
NOTED_ON, NOTE = "1.思想引领", "详见附件"
SILENT = {
    "plain",
    "spaces",
    "decimal",
    "full-width spaces",
    "full-width digits",
    "date as text",
    "comma",
    "other order",
}
CHECK, ALL_DONE, DONE, TO_DO = "自查", "全部填齐，可以报送", "填齐", "未完"

Steps = list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Where a form's columns and counties stand on a sheet (0-based), found by looking for the codes."""

    sheet: str
    cols: dict[str, int]
    rows: dict[str, int]
    grid: list[list[Any]]


def tables(path: Path) -> dict[str, Table]:
    """First field code of a sheet → table, for every form sheet of a workbook of any format."""
    book = CalamineWorkbook.from_path(str(path))
    found = {}
    for name in book.sheet_names:
        grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        head = next((r for r, cells in enumerate(grid) if "county_code" in cells), None)
        if head is None:
            continue
        cols = {str(code): col for col, code in enumerate(grid[head]) if code}
        at = cols["county_code"]
        rows = {str(cells[at]): head + 1 + n for n, cells in enumerate(grid[head + 1 :]) if cells[at]}
        found[min(code for code in cols if code.startswith("Q"))] = Table(sheet=name, cols=cols, rows=rows, grid=grid)
    return found


def cell_at(grid: list[list[Any]], address: str) -> Any:
    """The value at an A1 address."""
    match = re.fullmatch(r"([A-Z]+)(\d+)", address)
    assert match, address
    col = 0
    for letter in match[1]:
        col = col * 26 + ord(letter) - 64
    return grid[int(match[2]) - 1][col - 1]


def shown(value: Any) -> str:
    """A cell's value as its officer sees it."""
    if isinstance(value, float):
        assert value.is_integer()
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def run_pipeline(root: Path, *arguments: str) -> str:
    """The installed command; its stdout."""
    command = [str(Path(sys.executable).with_name("run-pipeline")), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=120, cwd=root)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def filling(where: dict[str, Table], figures: Figures) -> Steps:
    """Every figure into its cell, found by the codes on the sheet."""
    return [
        ["paste" if entry.pasted else "type", table.sheet, table.rows[county], table.cols[field], entry.text]
        for table in where.values()
        for (county, field), entry in figures.items()
        if field in table.cols
    ]


def mangling(where: dict[str, Table], file_format: str) -> Steps:
    """What officers do to a table: sort it, open up rows and columns, rename and move sheets, write beside it."""
    steps: Steps = []
    for n, (first_field, table) in enumerate(where.items()):
        first, last = min(table.rows.values()), max(table.rows.values())
        width = max(table.cols.values())
        steps.append(["sort", table.sheet, first, last, width, table.cols[first_field], n % 2 == 0])
        steps.append(["insert_row", table.sheet, (0, 3, first)[n % 3]])
        middle = table.cols[first_field] + 1 + n % 3
        steps.append(["insert_col", table.sheet, middle])
        if table.sheet == NOTED_ON:
            steps.append(["paste", table.sheet, last + 1, middle, NOTE])
        if file_format == "ods":
            steps.append(["insert_col", table.sheet, 0])
    return [*steps, ["rename", RENAMED, NEW_NAME], ["move", NEW_NAME, MOVED_TO]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """The campaign after one run: what was issued, typed, sent back, and what came of it."""

    root: Path
    issued: dict[str, Path]
    sent: dict[str, Path]
    figures: dict[str, Figures]
    values: list[dict[str, str]]
    findings: list[dict[str, str]]
    status: str

    def values_of(self, file_format: str) -> list[dict[str, str]]:
        """Rows of values.csv that came from the file of a format."""
        return [row for row in self.values if row["prefecture_code"] == FORMATS[file_format][0]]


@pytest.fixture(scope="module")
def campaign(request: pytest.FixtureRequest, program: Program) -> Campaign:
    """Only looked at, and never changed."""
    return kept(
        "libreoffice", lambda folder: campaign_in(folder, request.getfixturevalue("office"), program), office_stamp()
    )


def campaign_in(folder: Path, office: Session, program: Program) -> Campaign:
    root = folder / "云南 工作目录"
    run_pipeline(root.parent, "init", str(root))
    only_the_actions(root)
    run_pipeline(root, "--as-of", ISSUED_ON, "issue", "--period", PERIOD)
    dated = root / "inbox" / RECEIVED_ON
    dated.mkdir()
    issued, sent, figures, steps = {}, {}, {}, []
    for seed, (file_format, (prefecture, filter_name)) in enumerate(FORMATS.items()):
        (issued[file_format],) = (root / "outbox" / PERIOD / "下发").glob(f"{prefecture}_*.xlsx")
        sent[file_format] = dated / f"报表 {prefecture}.{file_format}"
        counties = program.counties_of(prefecture)
        figures[file_format] = invent(program, program.period_by_code[PERIOD], counties, seed)
        where = tables(issued[file_format])
        steps += [
            ["open", str(issued[file_format])],
            ["rest"],
            *filling(where, figures[file_format]),
            *mangling(where, file_format),
            ["wake"],
            ["save", str(sent[file_format]), filter_name],
            ["close"],
        ]
    office.work(steps)
    status = run_pipeline(root, "--as-of", RUN_ON)
    package = root / "outbox" / PERIOD / "数据包"
    return Campaign(
        root=root,
        issued=issued,
        sent=sent,
        figures=figures,
        values=rows_of(package / "values.csv"),
        findings=rows_of(package / "findings.csv"),
        status=status,
    )


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_figure_arrives_as_typed(campaign: Campaign, program: Program, file_format: str) -> None:
    rows = campaign.values_of(file_format)
    arrived = {(row["county_code"], row["field"]): row["value"] for row in rows}
    meant = {key: shown(entry.value) for key, entry in campaign.figures[file_format].items()}
    assert arrived == meant
    assert len(rows) == len(meant)
    asked = {f.code for form in program.forms for f in form.fields_in(program.period_by_code[PERIOD])}
    assert {field for _, field in meant} == asked, "every field is among what was typed"
    assert {row["state"] for row in rows} == {"ACCEPTED"}
    assert {row["period"] for row in rows} == {PERIOD}


def test_nothing_else_arrives(campaign: Campaign, program: Program) -> None:
    assert {row["prefecture_code"] for row in campaign.values} == {code for code, _ in FORMATS.values()}
    for code, _ in FORMATS.values():
        n = len(program.counties_of(code))
        assert f"{program.prefecture_by_code[code].short_name}\t{n}/{n}\n" in campaign.status


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_trace_points_at_the_cell(campaign: Campaign, file_format: str) -> None:
    book = CalamineWorkbook.from_path(str(campaign.sent[file_format]))
    grids = {n: book.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in book.sheet_names}
    rows = campaign.values_of(file_format)
    places = Counter((row["sheet"], row["cell"]) for row in rows)
    assert places.most_common(1)[0][1] == 1, "two figures from one cell"
    wrong = []
    for row in rows:
        there = shown(cell_at(grids[row["sheet"]], row["cell"]))
        entry = campaign.figures[file_format][row["county_code"], row["field"]]
        if not there == row["raw"] == entry.raw:
            wrong.append((row["sheet"], row["cell"], there, row["raw"], entry))
    assert rows
    assert wrong == []
    assert {row["file"] for row in rows} == {f"{RECEIVED_ON}/{campaign.sent[file_format].name}"}
    assert NEW_NAME in {row["sheet"] for row in rows}


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_file_really_was_mangled(campaign: Campaign, file_format: str) -> None:
    """Otherwise the tests above prove nothing."""
    before, after = tables(campaign.issued[file_format]), tables(campaign.sent[file_format])
    order = {first: [list(t.rows) for t in (before[first], after[first])] for first in before}
    assert all(sorted(old) == sorted(new) for old, new in order.values())
    assert sum(old != new for old, new in order.values()) >= 3, "sorting changed nothing"
    assert all(min(after[f].rows.values()) == min(before[f].rows.values()) + 1 for f in before), "no row was inserted"
    assert all(max(after[f].cols.values()) > max(before[f].cols.values()) for f in before), "no column was inserted"
    names = CalamineWorkbook.from_path(str(campaign.sent[file_format])).sheet_names
    assert names.index(NEW_NAME) == MOVED_TO
    assert RENAMED not in names
    magic = {"xlsx": b"PK", "ods": b"PK", "xls": b"\xd0\xcf"}[file_format]
    assert campaign.sent[file_format].read_bytes().startswith(magic)


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_was_not_taken_as_it_stood_has_a_note(campaign: Campaign, file_format: str) -> None:
    name = f"{RECEIVED_ON}/{campaign.sent[file_format].name}"
    ours = [f for f in campaign.findings if f["file"] == name]
    assert "critical" not in {f["severity"] for f in ours}
    at = {(row["sheet"], row["cell"]): (row["county_code"], row["field"]) for row in campaign.values_of(file_format)}
    noted = {at[f["sheet"], f["cell"]] for f in ours if f["code"] == "CELL_READ_AS"}
    figures = campaign.figures[file_format]
    assert noted == {key for key, entry in figures.items() if entry.kind not in SILENT}
    strays = [f for f in ours if f["code"] == "STRAY_CELL"]
    assert len(strays) == 1
    assert NOTE in strays[0]["found"]
    sheet = next(t for t in tables(campaign.sent[file_format]).values() if t.sheet == NOTED_ON)
    assert cell_at(sheet.grid, strays[0]["cell"]) == NOTE
    assert {f["code"] for f in ours} <= {"CELL_READ_AS", "STRAY_CELL", "LOOK_AGAIN"}


def test_every_habit_of_typing_was_tried(campaign: Campaign) -> None:
    kinds = Counter(entry.kind for figures in campaign.figures.values() for entry in figures.values())
    assert set(kinds) == SILENT | {"unit", "numeral", "date in words", "date with dots", "tick"}


def kind_of_validation(field: Field) -> str:
    """What LibreOffice calls the validation of a field's cells."""
    if field.type is FieldType.COUNT:
        return "CUSTOM" if field.not_applicable else "WHOLE"
    return {FieldType.CHECKLIST: "CUSTOM", FieldType.DATE: "DATE"}.get(field.type, "LIST")


def validations(office: Session, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sheet → (address → kind), and sheet → addresses LibreOffice marks as invalid."""
    names = [t.sheet for t in tables(path).values()]
    asked = [[verb, name] for verb in ("rules", "invalid") for name in names]
    _, *said, _ = office.work([["open", str(path)], *asked, ["close"]])
    return dict(zip(names, said[: len(names)], strict=True)), dict(zip(names, said[len(names) :], strict=True))


def addresses(table: Table) -> dict[tuple[str, str], str]:
    """(county, column code) → address."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return {
        (county, code): f"{letters[col]}{row + 1}"
        for county, row in table.rows.items()
        for code, col in table.cols.items()
    }


def test_validations_are_there_as_issued(office: Session, campaign: Campaign, program: Program) -> None:
    path = campaign.issued["xlsx"]
    kinds, invalid = validations(office, path)
    for table in tables(path).values():
        expected = {
            place: "LIST" if code == "nil" else kind_of_validation(program.field_by_code[code])
            for (_, code), place in addresses(table).items()
            if code not in {"county_code", "county_name", "remark"}
        }
        assert kinds[table.sheet] == expected
        assert invalid[table.sheet] == []
    assert {kind for some in kinds.values() for kind in some.values()} == {"WHOLE", "LIST", "CUSTOM", "DATE"}


@pytest.mark.parametrize("file_format", FORMATS)
def test_validations_survive_and_travel_with_their_cells(
    office: Session, campaign: Campaign, program: Program, file_format: str
) -> None:
    """After sorting, inserting and saving, every cell is still checked, and only what was pasted past the rules fails."""
    kinds, invalid = validations(office, campaign.sent[file_format])
    rows = campaign.values_of(file_format)
    found = {(row["sheet"], row["cell"]): kinds[row["sheet"]].get(row["cell"], "ANY") for row in rows}
    expected = {(row["sheet"], row["cell"]): kind_of_validation(program.field_by_code[row["field"]]) for row in rows}
    assert found == expected
    # LibreOffice 7.4 re-bases the formulas of CUSTOM when columns are inserted, so only as issued are they judged (below)
    judged = {place for place, kind in expected.items() if kind != "CUSTOM"}
    figures = campaign.figures[file_format]
    past = {(r["sheet"], r["cell"]) for r in rows if figures[r["county_code"], r["field"]].pasted} & judged
    assert past
    assert {(sheet, cell) for sheet, cells in invalid.items() for cell in cells} & judged == past


ENTRIES = {
    "Q01-1": (["0", "12", "9999999"], ["-1", "5.5", "10000000", "5场"]),
    "Q01-2": (["是", "否"], ["√", "不适用", "1"]),
    "Q04-1": (["已组织", "不具备条件"], ["组织"]),
    "Q07-3": (["0", "3", "不适用"], ["-1", "2.5", "10000000", "无"]),
    "Q09-2": (["是", "不适用"], ["无"]),
    "Q02-2f": (["无", "其他", "其他、读书分享", "其他，读书分享", "知识竞赛、小型慰问演出"], ["读书", "3"]),
    "Q21-1f": (["春风行动", "阳光就业暖心行动、民营企业招聘月"], ["招聘月"]),
    "Q15-1t": (["2022-10-26", "2023-02-28"], ["2022-10-25", "2023-03-01", "2月"]),
    "nil": (["√"], ["是", "无"]),
}
"""Column → what its cells must allow, and what they must not, as typed."""


def test_cells_allow_what_is_right_and_mark_what_is_wrong(office: Session, campaign: Campaign) -> None:
    where = tables(campaign.issued["xlsx"])
    steps: Steps = [["open", str(campaign.issued["xlsx"])]]
    expected = []
    for code, (right, wrong) in ENTRIES.items():
        table = next(t for t in where.values() if code in t.cols)
        row = min(table.rows.values())
        place = addresses(table)[next(c for c, r in table.rows.items() if r == row), code]
        for text in (*right, *wrong):
            steps += [["type", table.sheet, row, table.cols[code], text], ["invalid", table.sheet]]
            expected.append((code, text, [place] if text in wrong else []))
        steps.append(["clear", table.sheet, row, table.cols[code]])
    answers = office.work([*steps, ["close"]])
    marked = [answer for step, answer in zip(steps, answers, strict=False) if step[0] == "invalid"]
    assert [(code, text, m) for (code, text, _), m in zip(expected, marked, strict=True)] == expected


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """The self-check sheet as LibreOffice shows it at one moment."""

    grid: list[list[Any]]

    @property
    def verdict(self) -> str:
        """The sentence at the top."""
        return str(self.grid[2][0])

    @property
    def counties(self) -> dict[str, dict[str, Any]]:
        """County code → column heading (first line) → value."""
        heads = [str(head).split("\n", maxsplit=1)[0] for head in self.grid[3]]
        return {str(row[0]): dict(zip(heads, row, strict=True)) for row in self.grid[4:] if row[0]}


VIOLATIONS: dict[str, dict[str, str]] = {
    "Q01-2.needs_events": {"Q01-2": "是", "Q01-1": "0"},
    "Q02-2f.needs_events": {"Q02-2f": "其他", "Q02-2": "0"},
    "Q03-1f.needs_events": {"Q03-1f": "县、村", "Q03-1": "0"},
    "Q08-1.part_of_whole": {"Q08-d": "8", "Q08-1n": "9", "Q08-2n": "8"},
    "Q08-2.part_of_whole": {"Q08-d": "8", "Q08-1n": "8", "Q08-2n": "9"},
    "Q07-2.needs_federation": {"Q07-2": "是", "Q07-1": "0"},
    "Q07-3f.needs_projects": {"Q07-3f": "镇", "Q07-3": "0"},
    "Q06-3.part_of_whole": {"Q06-3d": "4", "Q06-3n": "5", "Q06-3": "5"},
    "Q06-3.new_within_all": {"Q06-3d": "5", "Q06-3n": "4", "Q06-3": "5"},
    "Q11-2.needs_site": {"Q11-2": "法律维权", "Q11-1": "0"},
    "Q13-2.part_of_whole": {"Q13-2d": "1", "Q13-2n": "2"},
    "Q19-1f.needs_people": {"Q19-1f": "职工", "Q19-1": "0"},
    "Q20-1f.needs_events": {"Q20-1f": "五小", "Q20-1": "0"},
    "Q21-1f.needs_events": {"Q21-1f": "春风行动", "Q21-1": "0"},
    "Q22-2f.needs_people": {"Q22-2f": "金秋助学", "Q22-2": "0"},
    "Q30-1.part_of_whole": {"Q30-1d": "0", "Q30-1n": "1"},
    "Q30-2.part_of_whole": {"Q30-2d": "10", "Q30-2n": "11"},
}
"""Rule → what one county types to break it, and nothing else."""


def plain_figures(figures: Figures) -> Figures:
    """The same figures, each in the plainest writing."""
    return {
        key: Entry(value=e.value, text=shown(e.value), pasted=False, raw=shown(e.value), kind="plain")
        for key, e in figures.items()
    }


@pytest.fixture(scope="module")
def looks(request: pytest.FixtureRequest, campaign: Campaign, program: Program) -> dict[str, SelfCheck]:
    """What the self-check sheet says after each thing an officer does, recalculated by LibreOffice as it happens."""
    return kept("self-check", lambda _: looked(request.getfixturevalue("office"), campaign, program), office_stamp())


def looked(office: Session, campaign: Campaign, program: Program) -> dict[str, SelfCheck]:
    path = campaign.issued["xlsx"]
    where = tables(path)
    place = {
        (county, code): (t.sheet, t.rows[county], t.cols[code])
        for t in where.values()
        for county in t.rows
        for code in t.cols
    }
    figures = plain_figures(invent(program, program.period_by_code[PERIOD], program.counties_of(BLANK_FOR), 7))
    one, two, _ = (c.code for c in program.counties_of(BLANK_FOR))
    steps: Steps = [["open", str(path)]]
    names: list[str] = []

    def look(name: str) -> None:
        names.append(name)
        steps.append(["look", CHECK])

    def enter(county: str, code: str, text: str) -> None:
        steps.append(["type", *place[county, code], text])

    def restore(county: str, code: str) -> None:
        entry = figures.get((county, code))
        steps.append(["type", *place[county, code], entry.text] if entry else ["clear", *place[county, code]])

    look("as issued")
    steps.append(["recalculate"])
    look("blank")
    for table in where.values():
        steps.append(["type", table.sheet, table.rows[one], table.cols["nil"], "√"])
    look("nil")
    for table in where.values():
        steps.append(["clear", table.sheet, table.rows[one], table.cols["nil"]])
    steps += [["rest"], *filling(where, figures), ["wake"]]
    look("filled")
    steps.append(["paste", *place[two, "Q01-1"], "　"])
    look("full-width space")
    steps.append(["paste", *place[two, "Q12-2"], " 　 "])
    look("two blanks")
    restore(two, "Q01-1")
    restore(two, "Q12-2")
    for rule, changes in VIOLATIONS.items():
        for code, text in changes.items():
            enter(one, code, text)
        look(rule)
        for code in changes:
            restore(one, code)
    look("restored")
    for table in where.values():
        first, last = min(table.rows.values()), max(table.rows.values())
        by = table.cols["county_code"]
        steps.append(["sort", table.sheet, first, last, max(table.cols.values()), by, False])
    steps.append(["clear", place[one, "Q01-1"][0], max(where["Q01-1"].rows.values()), place[one, "Q01-1"][2]])
    look("sorted backwards, then the last row's first figure deleted")
    steps.append(["close"])
    answers = office.work(steps)
    grids = [answer for step, answer in zip(steps, answers, strict=True) if step[0] == "look"]
    return {name: SelfCheck(grid=grid) for name, grid in zip(names, grids, strict=True)}


def required(program: Program) -> dict[str, list[Field]]:
    """Sheet → fields that must not be blank, from the program and not from the rules that the formulas are made of."""
    period = program.period_by_code[PERIOD]
    return {form.sheet: [f for f in form.fields_in(period) if f.required] for form in program.forms}


def test_self_check_of_a_blank_workbook(looks: dict[str, SelfCheck], program: Program) -> None:
    needed = {sheet: len(fields) for sheet, fields in required(program).items()}
    counties = program.counties_of(BLANK_FOR)
    for moment in ("as issued", "blank"):  # the values written with the formulas, and LibreOffice's own
        check = looks[moment]
        assert check.verdict == f"还有 {sum(needed.values()) * len(counties)} 格未填或不是数字，0 处矛盾"
        assert list(check.counties) == [c.code for c in counties]
        for row in check.counties.values():
            assert {sheet: row[sheet] for sheet in needed} == needed
            assert (row["数据矛盾"], row["结论"]) == (0, TO_DO)


def test_self_check_of_a_nil_county(looks: dict[str, SelfCheck], program: Program) -> None:
    """With 本期无新进展 ticked and nothing accepted before, only what nil cannot stand for is still asked."""
    one, *others = (c.code for c in program.counties_of(BLANK_FOR))
    still = {sheet: sum(f.nil_value is None for f in fields) for sheet, fields in required(program).items()}
    assert sum(still.values()) == 5
    row = looks["nil"].counties[one]
    assert {sheet: row[sheet] for sheet in still} == still
    assert all(looks["nil"].counties[c] == looks["blank"].counties[c] for c in others)


@pytest.mark.parametrize("moment", ["filled", "restored"])
def test_self_check_turns_green(looks: dict[str, SelfCheck], program: Program, moment: str) -> None:
    check = looks[moment]
    assert check.verdict == ALL_DONE
    assert {code: row["结论"] for code, row in check.counties.items()} == {
        county.code: DONE for county in program.counties_of(BLANK_FOR)
    }


def test_full_width_spaces_are_blank(looks: dict[str, SelfCheck], program: Program) -> None:
    _, two, _ = (c.code for c in program.counties_of(BLANK_FOR))
    assert looks["full-width space"].verdict == "还有 1 格未填或不是数字，0 处矛盾"
    assert looks["two blanks"].verdict == "还有 2 格未填或不是数字，0 处矛盾"
    rows = looks["two blanks"].counties
    assert (rows[two]["1.思想引领"], rows[two]["4.制度机制"], rows[two]["结论"]) == (1, 1, TO_DO)
    assert {code for code, row in rows.items() if row["结论"] != DONE} == {two}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_a_rule_broken_across_columns_is_counted(looks: dict[str, SelfCheck], program: Program, rule: str) -> None:
    one = program.counties_of(BLANK_FOR)[0].code
    check = looks[rule]
    assert check.verdict == "还有 0 格未填或不是数字，1 处矛盾"
    assert {code: row["数据矛盾"] for code, row in check.counties.items() if row["数据矛盾"]} == {one: 1}
    assert {code for code, row in check.counties.items() if row["结论"] != DONE} == {one}


def test_every_rule_across_columns_has_a_violation(rules: dict[str, tuple[Rule, ...]], program: Program) -> None:
    known = set(program.field_by_code)
    across = {
        rule.id
        for some in rules.values()
        for rule in some
        if rule.severity == "critical"
        and (rule.type == PAIR_GREATER or (rule.type == BETWEEN and rule.condition is not None))
        and {base_field(c) for c in rule.used_columns} <= known
        and not any(c.endswith((".prev", ".applies")) for c in rule.used_columns)
    }
    assert across == set(VIOLATIONS)


def test_self_check_follows_sorted_rows(looks: dict[str, SelfCheck], program: Program) -> None:
    """After sorting backwards the first county stands last; what is missing there is its own."""
    one = program.counties_of(BLANK_FOR)[0].code
    rows = looks["sorted backwards, then the last row's first figure deleted"].counties
    assert {code: row["1.思想引领"] for code, row in rows.items() if row["结论"] != DONE} == {one: 1}
