"""What is printed is read and signed: A4 across, nothing under 7 points, names on every page, no page that is nearly empty."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils import column_index_from_string, get_column_letter

from pipeline.domain.findings import finding
from pipeline.forms.issue import Issue, issue_workbook
from pipeline.forms.printing import PAGE_PX, Print, cuts, pixels, scale
from pipeline.products.returned_copy import ReturnedCopy, returned_workbook
from pipeline.program.layout import CHECK_SHEET, FIRST_ROW, IDENTITY_SHEET, LABEL_ROW, sheet_layout
from pipeline.reading.sheet import Stray
from tests.builder import FIRST, SMALL, whole_campaign

if TYPE_CHECKING:
    from pathlib import Path

    from tests.officer import Session

C = whole_campaign()
PERIOD = C.program.period_by_code["2023-10"]
KUNMING = "530100"  # 14 counties: the most there are
SMALLEST_PT, PAPER_MM, PX_PER_MM = 7, 297, 96 / 25.4
DIGIT_PX = 9.33  # of DejaVu Sans at 11 points, wider than any Chinese font's


def issued(prefecture: str) -> bytes:
    entries = {("P", f"#{n}", "P-2"): "具体困难和问题的说明" * 8 for n in range(1, 4)}
    return issue_workbook(
        Issue(
            program=C.program,
            key=C.key,
            rules=C.rules,
            period=PERIOD,
            previous={},
            entries=entries,
            prefecture=C.program.prefecture_by_code[prefecture],
        )
    )


@pytest.fixture(scope="module")
def content() -> bytes:
    return issued(KUNMING)


@pytest.fixture(scope="module", params=["issued", "returned"])
def book(content: bytes, request: pytest.FixtureRequest) -> Any:
    """The workbook that goes out, and the one that goes back with its list of problems and its appendix."""
    copy = ReturnedCopy(
        program=C.program,
        key=C.key,
        rules=C.rules,
        period=PERIOD,
        prefecture=C.program.prefecture_by_code[KUNMING],
        seq=1,
        file="报表.xlsx",
        sha256="0" * 64,
        conclusion="部分退回",
        sheets={},
        entries={},
        cover={},
        previous={},
        findings=(
            finding(
                "CELL_NOT_A_NUMBER", sheet="1.思想引领", cell="D7", found="约5", county_code="530102", field="Q01-1"
            ),
        ),
        strays=(Stray(sheet="1.思想引领", cell="Z9", text="说明" * 50),),
        list_rows={},
        base={},
    )
    made = content if request.param == "issued" else returned_workbook(copy)
    return openpyxl.load_workbook(io.BytesIO(made))


def area(sheet: Any) -> tuple[int, int, int, int]:
    """First and last printed column and row, from 1."""
    ends = re.findall(r"\$([A-Z]+)\$(\d+)", str(sheet.print_area))
    if not ends:
        return 1, sheet.max_column, 1, sheet.max_row
    (left, top), (right, bottom) = ends
    return column_index_from_string(left), column_index_from_string(right), int(top), int(bottom)


def test_nothing_is_printed_below_seven_points(book: Any) -> None:
    for sheet in book.worksheets:
        if sheet.title == IDENTITY_SHEET:
            continue
        setup = sheet.page_setup
        assert (setup.paperSize, setup.orientation) == (9, "landscape"), sheet.title
        left, right, top, bottom = area(sheet)
        sizes = {
            cell.font.sz
            for row in sheet.iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right)
            for cell in row
            if cell.value is not None and cell.number_format != ";;;"
        }
        assert min(sizes) * setup.scale / 100 >= SMALLEST_PT, (sheet.title, min(sizes), setup.scale)


def test_the_columns_of_each_page_fit_on_it_with_the_names(book: Any) -> None:
    """Computed anew from the file: widths, breaks, repeated columns and scale."""
    for sheet in book.worksheets:
        if sheet.title == IDENTITY_SHEET:
            continue
        left, right, _, _ = area(sheet)
        widths = {}
        for dimension in sheet.column_dimensions.values():
            for col in range(dimension.min, dimension.max + 1):
                widths[col] = 0 if dimension.hidden else dimension.width * DIGIT_PX
        begins = [left, *(b.id + 1 for b in sheet.col_breaks.brk), right + 1]
        repeated = re.findall(r"\$([A-Z]+)", sheet.print_title_cols or "")
        names = range(*(column_index_from_string(x) + n for n, x in enumerate(repeated))) if repeated else range(0)
        for begin, end in itertools.pairwise(begins):
            page = sum(widths.get(col, 0) for col in {*names, *range(begin, end)})
            room = (PAPER_MM - 2 * 0.4 * 25.4) * PX_PER_MM
            assert page * sheet.page_setup.scale / 100 <= room, (sheet.title, get_column_letter(begin))
        if sheet.title in {form.sheet for form in C.program.forms if not form.is_list}:
            assert sheet.print_title_cols == "$B:$B"
            assert sheet.print_title_rows == f"$4:${LABEL_ROW + 1}"


def test_headings_are_cut_where_pages_are(book: Any) -> None:
    for form in C.program.forms:
        sheet = book[form.sheet]
        breaks = {b.id + 1 for b in sheet.col_breaks.brk}
        for merged in sheet.merged_cells.ranges:
            assert not breaks & set(range(merged.min_col + 1, merged.max_col + 1)), (form.sheet, merged.coord)
    assert any(book[form.sheet].col_breaks.brk for form in C.program.forms)


@pytest.mark.parametrize("columns", [1, 5, 9, 13, 30, 58])
def test_pages_are_as_few_as_can_be_read_and_alike_full(columns: int) -> None:
    shape = Print(widths=[11.0] * (columns + 1), repeated=1, starts=frozenset(range(1, columns + 1, 3)), title="")
    begins = [1, *cuts(shape), columns + 1]
    pages = [b - a for a, b in itertools.pairwise(begins)]
    assert min(pages) >= max(pages) / 2, pages
    assert 0.72 <= scale(shape) <= 1
    across = (max(pages) + 1) * pixels(11) * scale(shape)
    assert across <= PAGE_PX + 1


@pytest.mark.libreoffice
def test_pages_as_libreoffice_prints_them(content: bytes, office: Session, tmp_path: Path) -> None:
    """The text that is printed, its size, and how far down it goes, from the PDF itself."""
    if not shutil.which("pdftotext"):
        pytest.skip("poppler is not installed")
    (tmp_path / "报表.xlsx").write_bytes(content)
    pdf = tmp_path / "报表.pdf"
    office.work([["open_as_it_is", str(tmp_path / "报表.xlsx")], ["save", str(pdf), "calc_pdf_Export"], ["close"]])
    text = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    pages = text.split("<page ")[1:]
    for code in ("county_code", ">nil<", "remark", "Q01-1"):
        assert code not in text
    names = {c.short_name for c in C.program.counties_of(KUNMING)}
    counted = 0
    for no, page in enumerate(pages, 1):
        words = re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]*)<', page)
        assert min(float(bottom) - float(top) for top, bottom, _ in words) >= SMALLEST_PT, no
        there = names & {word for _, _, word in words}
        counted += there == names
        assert len(there) in {0, len(names)}, (no, there)
    assert counted >= sum(not form.is_list for form in C.program.forms) - 2, "a page of every roster has all counties"
    assert len(pages) <= 50


@pytest.mark.libreoffice
def test_libreoffice_keeps_the_form_usable(office: Session, tmp_path: Path) -> None:
    """Protected as it went out: what is to be filled in takes what is typed, names and formulas do not."""
    path = tmp_path / "报表.xlsx"
    path.write_bytes(issued(SMALL))
    form = C.program.form_by_code["A1"]
    layout = sheet_layout(form, PERIOD, C.program.counties_of(SMALL))
    listed, last = C.program.form_by_code["P"], FIRST_ROW + 200
    figure, listed_text = layout.col_of("Q01-1"), 2
    steps: list[list[Any]] = [
        ["open_as_it_is", str(path)],
        ["type", form.sheet, FIRST_ROW, figure, "7"],
        ["type", form.sheet, FIRST_ROW, 1, "别的县"],
        ["type", form.sheet, FIRST_ROW, layout.remark_col, "说明"],
        ["type", listed.sheet, last, listed_text, "第二百条的内容和说明"],
        ["type", CHECK_SHEET, 4, 2, "0"],
        ["recalculate"],
        ["look", form.sheet],
        ["look", listed.sheet],
        ["look", CHECK_SHEET],
        ["close"],
    ]
    grid, entries, check = office.work(steps)[7:10]
    assert grid[FIRST_ROW][0] == FIRST
    assert grid[FIRST_ROW][1] == C.program.county_by_code[FIRST].short_name
    assert (grid[FIRST_ROW][figure], grid[FIRST_ROW][layout.remark_col]) == (7, "说明")
    assert entries[last][listed_text] == "第二百条的内容和说明"
    assert check[4][2] > 0
