"""全省汇总.xlsx: sums are formulas that come out as printed, what nobody reported is never a number, and all leads to its source."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils import get_column_letter

from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.row import AcceptedRow
from pipeline.domain.state import State
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.period import measure_period
from pipeline.products.summary.style import Look, breaks
from pipeline.products.summary.workbook import summary_workbook
from pipeline.products.wording import one_decimal
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace
from tests.builder import ROOT, campaign, fitting, whole_campaign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from pipeline.domain.value import Value
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Program, Unit
    from pipeline.workspace.campaign import Campaign
    from tests.officer import Session

KUNMING, DIQING, NUJIANG = "530100", "533400", "533300"
HOSTILE = ("=cmd|'/c calc'!A1", "<script>alert(1)</script>", "@SUM(A1)", "+1+1")
BAD = re.compile(r"#REF!|#NAME\?|#VALUE!|#DIV/0!|#N/A|Err:\d+")


def measured(
    c: Campaign,
    reporting: Iterable[str],
    period_code: str = "2023-02",
    *,
    nil: frozenset[str] = frozenset(),
    returned: frozenset[str] = frozenset(),
    changes: Mapping[tuple[str, str], Value] | None = None,
    entries: Mapping[str, tuple[dict[str, Value], ...]] | None = None,
) -> PeriodMeasures:
    """Measures of a period in which the prefectures of ``reporting`` gave what the rules accept, except as told."""
    program, changes = c.program, changes or {}
    period = program.period_by_code[period_code]
    day = date(period.end.year, period.end.month, 28)
    rows: dict[tuple[str, str, str], AcceptedRow] = {}
    records: list[DecidedRecord] = []
    submissions = []
    for seq, prefecture in enumerate((p for p in program.prefectures if p.code in set(reporting)), 1):
        submissions.append(_submission(program, seq, prefecture.code, period_code, day))
        units = [u for u in program.reporters if u.prefecture_code == prefecture.code]
        for place, unit in enumerate(units, 7):
            state = State.NIL if unit.code in nil else State.RETURNED if unit.code in returned else State.ACCEPTED
            records.append(DecidedRecord(period_code, unit.code, state, seq, day))
            for form in program.roster_of(unit) if state is not State.RETURNED else ():
                values = {
                    f.code: changes.get((unit.code, f.code), _value(f, unit, period))
                    for f in form.fields_in(period)
                    if not f.shows
                }
                rows[form.code, period_code, unit.code] = AcceptedRow(
                    seq=seq,
                    form=form.code,
                    period=period_code,
                    county_code=unit.code,
                    entry="",
                    sheet_row=place,
                    nil=unit.code in nil,
                    received_on=day,
                    typed={},
                    values=values,
                )
    lists = {
        (form, period_code, KUNMING): tuple(
            AcceptedRow(
                seq=1,
                form=form,
                period=period_code,
                county_code=KUNMING,
                entry=f"{KUNMING}-{n:03}",
                sheet_row=6 + n,
                nil=False,
                received_on=day,
                typed={},
                values=one,
            )
            for n, one in enumerate(some, 1)
        )
        for form, some in (entries or {}).items()
    }
    snapshot = Snapshot(
        as_of=date(2023, 3, 20),
        submissions=tuple(submissions),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        rows=rows,
        lists=lists,
        records=tuple(records),
    )
    return measure_period(program, snapshot, c.calendar, period)


def _submission(program: Program, seq: int, prefecture: str, period: str, day: date) -> Submission:
    columns = {form.code: {f.code: chr(68 + n) for n, f in enumerate(form.fields[:22])} for form in program.forms}
    return Submission(
        seq=seq,
        sha256=str(seq),
        file=f"2023-03-03/{prefecture}.xlsx",
        received_on=day,
        taken_on=day,
        prefecture_code=prefecture,
        period=period,
        issue_no="a",
        admission=0,
        verdict="ACCEPTED",
        reason="",
        columns=columns,
        sheets={form.code: form.sheet for form in program.forms},
    )


def _value(field: Any, unit: Unit, period: Any) -> Value:
    value = fitting(field, unit, period)
    return Decimal(str(value)) if isinstance(value, float) else value


@lru_cache(maxsize=4)  # a whole campaign's takes a second
def opened(content: bytes, *, results: bool = True) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=results)


def rows_of(sheet: Worksheet) -> dict[str, int]:
    """County or prefecture code → row."""
    return {str(sheet.cell(r, 1).value): r for r in range(8, sheet.max_row + 1) if sheet.cell(r, 1).value}


def column(sheet: Worksheet, code: str) -> int:
    return next(c.column for c in sheet[6] if c.value == code)


def label(sheet: Worksheet, text: str) -> int:
    return next(c.column for c in sheet[4] if c.value == text)


@pytest.fixture(scope="module")
def some() -> PeriodMeasures:
    """Kunming and Diqing reported; one county 零报告, one returned; one 不适用."""
    return measured(
        whole_campaign(),
        [KUNMING, DIQING],
        nil=frozenset({"533422"}),
        returned=frozenset({"530103"}),
        changes={
            ("530102", "Q07-3"): "不适用",
            ("530102", "Q01-1"): 7,
            ("530111", "Q08-1n"): "不适用",
            ("530102", "T01-2"): HOSTILE[0],
            ("530111", "T01-2"): HOSTILE[1],
        },
        entries={"P": ({"P-1": "530102", "P-2": HOSTILE[2], "P-3": "县级工会自办", "P-6": HOSTILE[3]},)},
    )


@pytest.fixture(scope="module")
def book(some: PeriodMeasures) -> bytes:
    return summary_workbook(some)


def test_a_prefecture_is_the_sum_of_its_counties_and_the_province_of_its_prefectures(book: bytes) -> None:
    formulas, results = opened(book, results=False)["1.思想引领"], opened(book)["1.思想引领"]
    col, rows = column(results, "Q01-1"), rows_of(results)
    assert results.cell(rows["530102"], col).value == 7
    assert results.cell(rows[KUNMING], col).value == 7 + 12 * 2  # 14 counties, one returned
    letter = get_column_letter(col)
    assert formulas.cell(rows[KUNMING], col).value == f"=SUM({letter}{rows['530102']}:{letter}{rows[KUNMING] + 14})"
    assert results.cell(7, col).value == 7 + 12 * 2 + 3 * 2
    assert str(formulas.cell(7, col).value).startswith("=SUMIF(")
    assert results.cell(7, 4).value == "已报16/129"
    assert results.cell(rows[KUNMING], 4).value == "已报13/14"


def test_what_nobody_reported_is_hatched_and_no_number(book: bytes, some: PeriodMeasures) -> None:
    for name in ("1.思想引领", "13.资金", "14.调研提纲"):
        sheet = opened(book)[name]
        rows, first = rows_of(sheet), 5
        last = next(c.column for c in sheet[4] if c.value == "报送序号") - 1
        silent = [NUJIANG, *(c.code for c in some.program.counties_of(NUJIANG)), "530103"]
        for code in silent:
            cells = [sheet.cell(rows[code], col) for col in range(first, last + 1)]
            assert {cell.value for cell in cells} == {None}, (name, code)
            assert all(cell.fill.patternType not in {None, "solid"} for cell in cells), (name, code)
    sheet = opened(book)["州（市）完成率"]
    row = next(r for r in range(5, 30) if sheet.cell(r, 2).value == NUJIANG)
    assert [sheet.cell(row, col).value for col in (1, 11, 12, 13, 14)] == ["—", 0, None, None, None]
    assert str(sheet.cell(row, sheet.max_column).value).endswith("未计入")


def test_completion_can_be_followed_from_the_province_to_the_county(book: bytes, some: PeriodMeasures) -> None:
    results = opened(book)
    province = results["州（市）完成率"]
    done = some.now.province
    assert [province.cell(4, c).value for c in (12, 13)] == [done.met, done.applicable]
    assert province.cell(4, 14).value == pytest.approx(done.met / done.applicable)
    counties = results["各县情况"]
    rows = {str(counties.cell(r, 1).value): r for r in range(4, 4 + len(some.program.counties))}
    for code, row in rows.items():
        county = some.now.by_county[code]
        there = [counties.cell(row, c).value for c in (9, 10)]
        assert there == ([county.met, county.applicable] if county.reported else [None, None])
    action = results["1.思想引领"]
    shares = [action.cell(r, label(action, "完成率")).value for r in (7, rows_of(action)[KUNMING])]
    parts = [some.now.by_action[1].pct, some.now.by_prefecture_action[KUNMING, 1].pct]
    assert shares == pytest.approx([one / 100 for one in parts if one is not None])


def test_each_action_s_share_stands_beside_the_whole(book: bytes, some: PeriodMeasures) -> None:
    sheet = opened(book)["州（市）完成率"]
    head = {str(cell.value): cell.column for cell in sheet[3] if cell.value}
    rows = {str(sheet.cell(r, 2).value): r for r in range(5, sheet.max_row + 1)}
    for form in some.program.action_forms:
        action = form.action
        assert action is not None
        (col,) = (col for title, col in head.items() if title.startswith(form.sheet.partition(".")[2]))
        for row, done in (
            (4, some.now.by_action[action]),
            (rows[KUNMING], some.now.by_prefecture_action[KUNMING, action]),
        ):
            expected = done.met / done.applicable if done.applicable else "—"
            assert sheet.cell(row, col).value == (pytest.approx(expected) if done.applicable else expected), form.sheet


def test_rates_are_the_measures(book: bytes, some: PeriodMeasures) -> None:
    results, checked = opened(book), 0
    for total in some.totals:
        q = total.quantity
        sheet = results[next(f.sheet for f in some.program.action_forms if f.action == q.action)]
        found = [c.column for c in sheet[4] if c.value in {q.title, f"{q.title}（%）"} and c.column > 4]
        if q.is_rate and found and total.actual is not None:
            assert sheet.cell(7, found[-1]).value == pytest.approx(total.actual / 100), q.code
            checked += 1
    assert checked > 3
    sheet = opened(book, results=False)["2.组织功能"]
    shares = [str(cell.value) for head, cell in zip(sheet[4], sheet[7], strict=True) if "%" in str(head.value)]
    assert [one.startswith("=SUMPRODUCT(") for one in shares] == [
        True,
        False,
    ]  # a county without one part is in neither


def test_not_applicable_is_neither_nothing_nor_zero(book: bytes) -> None:
    sheet = opened(book)["2.组织功能"]
    col, rows = column(sheet, "Q07-3"), rows_of(sheet)
    assert sheet.cell(rows["530102"], col).value == "不适用"
    assert sheet.cell(rows[KUNMING], col).value == 12 * 2
    alone = measured(
        campaign(), [DIQING], changes=dict.fromkeys([(c, "Q07-3") for c in ("533401", "533422", "533423")], "不适用")
    )
    sheet = opened(summary_workbook(alone))["2.组织功能"]
    assert sheet.cell(rows_of(sheet)[DIQING], column(sheet, "Q07-3")).value == "不适用"
    assert sheet.cell(7, column(sheet, "Q07-3")).value == "不适用"


def test_every_figure_leads_to_its_file_and_cell(book: bytes) -> None:
    sheet = opened(book)["1.思想引领"]
    rows, col = rows_of(sheet), label(sheet, "文件")
    assert sheet.cell(5, column(sheet, "Q01-1")).value == "D列"
    assert [sheet.cell(rows["530102"], c).value for c in (col - 2, col, col + 1, col + 2)] == [
        1,
        "2023-03-03/530100.xlsx",
        "1.思想引领",
        7,
    ]
    assert "沿用上次" in str(sheet.cell(rows["533422"], col + 3).value)
    assert "退回待改，见 2023-03-03/530100.xlsx" in str(sheet.cell(rows["530103"], col + 3).value)
    assert sheet.cell(rows[NUJIANG] + 1, col + 3).value == "未报"


def test_hostile_words_stay_words(book: bytes) -> None:
    sheet = opened(book, results=False)["10.十个一"]
    rows, col = rows_of(sheet), column(sheet, "T01-2")
    for county, text in (("530102", HOSTILE[0]), ("530111", HOSTILE[1])):
        cell = sheet.cell(rows[county], col)
        assert (cell.value, cell.data_type) == (text, "s")
    problems = opened(book, results=False)["15.问题台账"]
    found = {str(cell.value): cell.data_type for row in problems.iter_rows() for cell in row if cell.value}
    assert found[HOSTILE[2]] == found[HOSTILE[3]] == "s"
    assert found["五华区"] == "s"


def test_contents_lead_to_every_sheet_and_say_what_they_cover(book: bytes, some: PeriodMeasures) -> None:
    results = opened(book)
    contents = results["目录"]
    links = {c.value: c.hyperlink.location for row in contents.iter_rows() for c in row if c.hyperlink}
    assert set(links) == set(results.sheetnames) - {"目录"}
    assert all(at == f"'{name}'!A1" for name, at in links.items())
    texts = [str(c.value) for row in contents.iter_rows() for c in row if c.value is not None]
    assert f"按已报{some.reported}个县统计，应报129个县" in texts
    assert any(text.startswith("已报2/16个州（市），共1条；未计入：") for text in texts)
    for sheet in results.worksheets[1:]:
        assert sheet["A2"].hyperlink.location == "'目录'!A1", sheet.title
        assert "已报" in str(sheet["B2"].value) or sheet.title == "各期完成率", sheet.title


def test_sheets_are_ready_to_print_and_to_filter(book: bytes, some: PeriodMeasures) -> None:
    for sheet in opened(book).worksheets[2:]:
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows, sheet.title
        assert sheet.freeze_panes, sheet.title
    sheet = opened(book)["1.思想引领"]
    assert sheet.auto_filter.ref
    rows = rows_of(sheet)
    levels = [sheet.row_dimensions[r].outlineLevel for r in (7, rows[KUNMING], rows["530102"])]
    assert levels == [0, 1, 2]
    assert sheet.cell(4, column(sheet, "Q01-1")).comment is not None
    assert len(some.program.counties) == 129


def test_charts_draw_cells_and_leave_out_nobody(book: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        charts = [archive.read(n).decode() for n in sorted(archive.namelist()) if n.startswith("xl/charts/chart")]
    assert len(charts) == 5 + 8  # prefectures, states, actions, the periods twice; then each action
    for xml in charts:
        for formula in re.findall(r"<c:f>(.*?)</c:f>", xml):
            assert re.match(r"('[^']+'|[^'!]+)!\$", formula), formula
    assert any("未报" in xml and "pattFill" in xml for xml in charts)


def test_the_same_measures_give_the_same_bytes(some: PeriodMeasures, book: bytes) -> None:
    assert summary_workbook(some) == book


def test_a_period_nobody_reported_in_has_no_figures() -> None:
    m = measured(campaign(), [])
    results = opened(summary_workbook(m))
    assert "本期没有已报的县" in {str(c.value)[:8] for row in results["目录"].iter_rows() for c in row}
    sheet = results["1.思想引领"]
    figures = [
        c.value for row in sheet.iter_rows(min_row=7, min_col=5) for c in row if isinstance(c.value, (int, float))
    ]
    assert figures == []
    assert sheet.cell(7, 4).value == "已报0/129"


def test_a_campaign_with_only_the_eight_actions_has_no_more_sheets() -> None:
    m = measured(campaign(), [DIQING])
    names = opened(summary_workbook(m)).sheetnames
    assert names == [
        "目录",
        "图表",
        "州（市）完成率",
        "各县情况",
        "签认情况",
        "各期完成率",
        *(f.sheet for f in m.program.forms),
        "任务附项",
        "请留意的数",
    ]


def another_campaign() -> Campaign:
    folder = Workspace(root=ROOT / "tests" / "examples" / "ningchuan")
    return replace(load_campaign(folder), key=bytes(32))


def test_another_campaign_needs_no_line_of_code() -> None:
    c = another_campaign()
    first = c.program.periods[0]
    m = measured(c, [c.program.prefectures[0].code], first.code)
    results = opened(summary_workbook(m))
    assert {f.sheet for f in c.program.forms} <= set(results.sheetnames)
    assert c.program.title in str(results["目录"]["A1"].value)


def test_pages_are_cut_before_what_belongs_together() -> None:
    assert breaks([10] * 12, 50, 10, [2, 5, 8], 2) == [5, 8]
    assert breaks([10] * 4, 50, 10, [], 1) == []
    assert breaks([10] * 30, 50, 10, [1], 1) == [5, 9, 13, 17, 21, 25, 29]


def after(earlier: PeriodMeasures, later: PeriodMeasures) -> PeriodMeasures:
    """The later period's measures, when the earlier one's returns had come before."""
    one, two, shift = earlier.snapshot, later.snapshot, 100
    records = (replace(record, seq=record.seq + shift) for record in one.records)
    both = replace(
        two,
        submissions=(*(replace(s, seq=s.seq + shift) for s in one.submissions), *two.submissions),
        rows={**{key: replace(row, seq=row.seq + shift) for key, row in one.rows.items()}, **two.rows},
        records=(*records, *two.records),
    )
    return measure_period(later.whole, both, later.calendar, later.period)


@pytest.fixture(scope="module")
def carried() -> PeriodMeasures:
    """Kunming and Diqing reported in the period before; in this one Kunming only, and one county of it was returned."""
    c = whole_campaign()
    changes: dict[tuple[str, str], Value] = {("533422", "Q01-1"): 5, ("530103", "Q01-1"): 9}
    return after(
        measured(c, [KUNMING, DIQING], "2022-12", changes=changes),
        measured(c, [KUNMING], returned=frozenset({"530103"})),
    )


def test_what_was_said_before_stands_marked_and_counts_in_the_sums_but_not_as_met(carried: PeriodMeasures) -> None:
    content = summary_workbook(carried)
    sheet = opened(content)["1.思想引领"]
    col, rows, met = column(sheet, "Q01-1"), rows_of(sheet), label(sheet, "达标数")
    said, after_it = label(sheet, "文件"), label(sheet, "说明")
    for county, value, state in (("533422", 5, "未报"), ("530103", 9, "退回待改")):
        cell = sheet.cell(rows[county], col)
        assert (cell.value, cell.font.italic, sheet.cell(rows[county], 4).value) == (value, True, state)
        assert sheet.cell(rows[county], met).value is None
        assert "沿用2022年11—12月的数" in str(sheet.cell(rows[county], after_it).value)
        assert sheet.cell(rows[county], said).value
    assert not sheet.cell(rows["530102"], col).font.italic
    total = next(t for t in carried.totals if t.quantity.value == "Q01-1")
    assert sheet.cell(7, col).value == total.actual
    assert (sheet.cell(7, 4).value, sheet.cell(7, after_it).value) == ("已报13/129", "含沿用上次的4个县")
    assert sheet.cell(rows[DIQING], 4).value == "已报0/3"
    assert sheet.cell(rows[DIQING], met).value is None
    assert "沿用上次4个县（灰色斜体" in sheet["B2"].value
    never = sheet.cell(rows[NUJIANG] + 1, col)
    assert never.value is None
    assert never.fill.patternType not in {None, "solid"}


def test_what_silence_can_do_stands_beside_the_share(carried: PeriodMeasures) -> None:
    results, done = opened(summary_workbook(carried)), carried.now.province
    sheet = results["州（市）完成率"]
    head = {str(cell.value): cell.column for cell in sheet[3] if cell.value}
    bounds = [sheet.cell(4, head[name]).value for name in ("计入沿用上次", "可能最低", "可能最高")]
    assert bounds == pytest.approx([(one or 0.0) / 100 for one in (done.known_pct, done.least_pct, done.most_pct)])
    trend = results["各期完成率"]
    assert [trend.cell(5, c).value for c in (7, 8, 9)] == pytest.approx(bounds)
    texts = " ".join(str(c.value) for row in results["目录"].iter_rows() for c in row if c.value is not None)
    assert "含沿用上次的4个县" in texts
    for one in (done.known_pct, done.least_pct, done.most_pct):
        assert one is not None
        assert f"{one_decimal(one)}%" in texts
    counties = results["各县情况"]
    at = {str(cell.value): cell.column for cell in counties[3] if cell.value}
    rows = {str(counties.cell(r, 1).value): r for r in range(4, 4 + 129)}
    shown = {code: str(counties.cell(rows[code], at["情况"]).value) for code in ("530102", "533422", "533301")}
    assert shown == {"530102": "本期已报", "533422": "沿用上次（截至2022年11—12月）", "533301": "从未报送"}
    assert counties.cell(rows["533422"], at["落后项"]).value == "—"
    behind = {r.county_code: len(r.behind) for r in carried.commendation.records}
    assert counties.cell(rows["530102"], at["落后项"]).value == behind["530102"]


def test_prefectures_have_a_place_and_no_number(book: bytes, some: PeriodMeasures) -> None:
    sheet = opened(book)["州（市）完成率"]
    places = {str(sheet.cell(r, 2).value): sheet.cell(r, 1).value for r in range(5, 5 + 16)}
    assert places == {
        p.code: some.bands[p.code].band.value if p.code in some.bands else "—" for p in some.program.prefectures
    }
    assert set(places.values()) <= {"居前", "居中", "居后", "—"}
    assert len(some.bands) > 1


@pytest.mark.libreoffice
@pytest.mark.filterwarnings("ignore:.*extension is not supported")  # what LibreOffice writes besides
@pytest.mark.parametrize("kind", ["some", "carried", "nobody", "another"])
def test_libreoffice_comes_to_the_same_results(
    kind: str, some: PeriodMeasures, carried: PeriodMeasures, office: Session, tmp_path: Path
) -> None:
    c = another_campaign() if kind == "another" else campaign()
    who = [p.code for p in c.program.prefectures[:2]] if kind == "another" else []
    told = {"some": some, "carried": carried}
    m = told[kind] if kind in told else measured(c, who, c.program.periods[1].code)
    content = summary_workbook(m)
    recalculated = opened(computed_anew(content, office, tmp_path))
    cached, formulas = opened(content), opened(content, results=False)
    compared = 0
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                there = recalculated[sheet.title][cell.coordinate].value
                assert not BAD.search(str(there)), (sheet.title, cell.coordinate, there)
                if cell.data_type == "f":
                    wanted = cached[sheet.title][cell.coordinate].value
                    same = there == wanted if isinstance(wanted, str) else there == pytest.approx(wanted, abs=1e-9)
                    assert same, (sheet.title, cell.coordinate, cell.value, wanted, there)
                    compared += 1
    assert compared > {"some": 1000, "carried": 1000, "nobody": 50, "another": 20}[kind]


def computed_anew(content: bytes, office: Session, folder: Path) -> bytes:
    """The workbook without its cached results, computed by LibreOffice."""
    bare = folder / "bare.xlsx"
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                data = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", data)
            new.writestr(name, data)
    return office.saved_as("xlsx", bare, anew=True)


@pytest.mark.libreoffice
def test_a_share_is_shown_as_documents_print_it(office: Session, tmp_path: Path) -> None:
    shares = (0.0, 0.0001, 0.0004, 0.0006, 0.0625, 0.5, 0.9994, 0.9996, 0.9999, 1.0, 1.004)
    book = xlsxwriter.Workbook(tmp_path / "as.xlsx")
    looks = [Look(book).of(share, "pct").num_format for share in shares]
    sheet = book.add_worksheet("数")
    for row, (share, look) in enumerate(zip(shares, looks, strict=True)):
        sheet.write_number(row, 0, share)
        shown = look.replace('"', '""')
        sheet.write_formula(row, 1, f'=TEXT(A{row + 1},"{shown}")')
    book.close()
    steps = [["open_as_it_is", str(tmp_path / "as.xlsx")], ["recalculate"], ["look", "数"], ["close"]]
    assert [text for _, text in office.work(steps)[2]] == [f"{one_decimal(100 * share)}%" for share in shares]
