"""What goes back to officers: every return with findings comes back on its own figures, is mended there, and is taken.

One campaign is played for the whole module: sixteen prefectures, each with its own habits, in three runs.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pytest
from openpyxl.utils.cell import coordinate_to_tuple

from pipeline.domain.findings import CATALOGUE, SEVERITY_NAMES, Severity
from pipeline.domain.state import State
from pipeline.domain.value import show
from pipeline.engine.engines import InProcess
from pipeline.intake.take_in import take_in
from pipeline.ledger.snapshot import Snapshot, take_snapshot
from pipeline.ledger.store import Store
from pipeline.office.making import RETURNED
from pipeline.office.run import returned_copies, run
from pipeline.products.returned_copy import CELLS, returned_workbook
from pipeline.program.identity import Stamp
from pipeline.program.layout import (
    APPENDIX_SHEET,
    CHECK_SHEET,
    CODE_ROW,
    COVER_SHEET,
    FIRST_ROW,
    NIL,
    NIL_COL,
    PROBLEM_SHEET,
    REMARK,
    STAMP_ROW,
    address,
    sheet_layout,
)
from pipeline.workspace.campaign import open_snapshot
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, KEY, SECOND, SMALL, THIRD, arrival, blank, campaign, filled, new_workspace, own_key
from tests.kept import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pipeline.program.layout import SheetLayout
    from tests.officer import Session

C = campaign()
P2 = C.program.period_by_code["2023-02"]
SENT, AS_OF, SENT_BACK, LATER = date(2023, 3, 3), date(2023, 3, 8), date(2023, 3, 9), date(2023, 3, 12)
BAD, LOOK, A1 = "FFF8C7C4", "FFFFF3C4", "1.思想引领"
TYPED, STRAYS, DOUBLED, OLD, PARTIAL, SOUND = SMALL, "533300", "532800", "530700", "533100", "530500"
CORRECTED, HELD, CUT, UNMENDED, WARNED = "530900", "532600", "532300", "530300", "530400"
MENDED: dict[tuple[str, str], Any] = {
    (FIRST, "Q01-1"): 5,
    (FIRST, "Q02-1"): 3,
    (FIRST, "Q02-2"): 5,
    (FIRST, "Q05-1"): "是",
    (FIRST, "Q15-1t"): date(2023, 2, 27),
    (FIRST, "Q19-1"): 12_000,
    (FIRST, "Q11-2"): "组织入会",
    (SECOND, "Q08-1n"): 2,
    (THIRD, "Q16-1"): 0,
    (THIRD, NIL): None,
}
"""What the officer of TYPED got wrong, and the right answer to each."""
LOOKED_AT: dict[tuple[str, str], Any] = {(THIRD, "Q28-1"): 15}
"""What was asked about, and the answer."""
WRONG: dict[tuple[str, str], Any] = {
    (FIRST, "Q01-1"): "约5",
    (FIRST, "Q02-1"): -3,
    (FIRST, "Q02-2"): 5.5,
    (FIRST, "Q05-1"): "可能",
    (FIRST, "Q15-1t"): "2月30日",
    (FIRST, "Q19-1"): "1.2万元",
    (FIRST, "Q11-2"): "组织入会、食堂",
    (SECOND, "Q08-1n"): 99,
    (THIRD, "Q16-1"): None,
}
HABITS: dict[tuple[str, str], Any] = {
    (SECOND, "Q01-1"): "5场",
    (SECOND, "Q02-1"): "　2　",
    (SECOND, "Q19-1"): "1.2万",
    (SECOND, "Q02-2"): "十二",
    (SECOND, "Q05-1"): "√",
    (SECOND, "Q24-2"): "12,345",
    (SECOND, "Q03-1"): "7",
    (SECOND, "Q07-3"): "不适用",
    (SECOND, "Q15-1t"): "2023.2.1",
    (SECOND, "Q02-2f"): "其他，读书分享",
    (THIRD, "Q15-1t"): datetime(2023, 1, 31),  # noqa: DTZ001
    (THIRD, "Q05-2"): 0,
    (THIRD, "Q28-1"): 150,
    (THIRD, "Q30-2d"): 1_234_567,
}
REMARKS: dict[tuple[str, str, str], Any] = {
    ("A1", FIRST, REMARK): "首场宣讲\n在县城举行",
    ("A2", SECOND, REMARK): 12,
    ("A1", THIRD, NIL): "有点",
}


def counties(prefecture: str) -> list[str]:
    return [county.code for county in C.program.counties_of(prefecture)]


def layouts(prefecture: str) -> dict[str, SheetLayout]:
    """Sheet name → where everything stands on it as issued."""
    return {f.sheet: sheet_layout(f, P2, C.program.counties_of(prefecture)) for f in C.program.forms}


def place(prefecture: str, form: str, county: str, column: str) -> tuple[str, str]:
    """Sheet and address of a cell as issued."""
    sheet = C.program.form_by_code[form].sheet
    layout = layouts(prefecture)[sheet]
    col = {NIL: NIL_COL, REMARK: layout.remark_col}.get(column)
    row = FIRST_ROW + [c.code for c in layout.units].index(county)
    return sheet, address(row, layout.col_of(column) if col is None else col)


def form_of(field: str) -> str:
    return next(f.code for f in C.program.forms if any(x.code == field for x in f.fields))


def write(content: bytes, touch: Callable[[Any], None]) -> bytes:
    """The workbook after an officer changed it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    touch(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def mend(content: bytes, prefecture: str, answers: Mapping[tuple[str, str], Any]) -> bytes:
    """A returned copy with new values in some cells."""

    def touch(book: Any) -> None:
        for (county, column), value in answers.items():
            sheet, cell = place(prefecture, "A1" if column == NIL else form_of(column), county, column)
            book[sheet][cell].value = value

    return write(content, touch)


def restamp(book: Any, **changes: Any) -> None:
    """Every stamp says something else, and is signed again."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=40):
            for cell in row:
                if isinstance(cell.value, str) and (stamp := Stamp.parse(cell.value)):
                    cell.value = str(replace(stamp, **changes).signed(KEY))


def with_remarks(book: Any) -> None:
    for (form, county, column), value in REMARKS.items():
        sheet, cell = place(TYPED, form, county, column)
        book[sheet][cell].value = value


def with_strays(book: Any) -> None:
    sheet = book[A1]
    below = FIRST_ROW + len(counties(STRAYS)) + 1
    for col, value in enumerate(("", "合计", None, 8, "是"), 1):
        sheet.cell(below, col).value = value
    for col, value in enumerate(("530102", "五华区", None, 6, "否"), 1):
        sheet.cell(below + 1, col).value = value
    sheet.cell(below + 3, 2).value = "制表人：张三"
    sheet.cell(FIRST_ROW + 1, 20).value = "见附件"
    book.create_sheet("台账").append(["附表", 42, date(2023, 2, 1)])


def doubled(book: Any) -> None:
    twin = book.copy_worksheet(book[A1])
    twin["D7"], twin["C8"], twin[place(DOUBLED, "A1", counties(DOUBLED)[1], REMARK)[1]] = 77, "√", "第二份的备注"


def of_another_version(book: Any) -> None:
    """The form of an earlier version: stamps signed so, one column not there yet, one under another name."""
    restamp(book, version=7)
    sheet = book[A1]
    layout = layouts(OLD)[A1]
    renamed = layout.col_of("Q03-1") + 1
    sheet.cell(CODE_ROW + 1, renamed).value, sheet.cell(CODE_ROW, renamed).value = "Q03-9", "旧指标（场）"
    sheet.delete_cols(layout.col_of("Q02-1") + 1)


def half_the_sheets(book: Any) -> None:
    for form in C.program.forms[5:]:
        del book[form.sheet]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class World:
    """One campaign: the workspace now, and what stood in 退回/ after its first and its last run."""

    workspace: Workspace
    first: dict[str, bytes]
    last: dict[str, bytes]
    findings: list[dict[str, str]]
    later_findings: list[dict[str, str]]
    snapshot: Snapshot
    later: Snapshot
    page: str
    sent: dict[str, bytes]
    again: dict[str, bytes]

    def copy(self, prefecture: str) -> bytes:
        """The only copy of a prefecture after the first run."""
        (name,) = [n for n in self.first if n.startswith(prefecture) and n.endswith(".xlsx")]
        return self.first[name]


def send(workspace: Workspace, files: Mapping[str, bytes], day: date) -> None:
    folder = workspace.inbox / day.isoformat()
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def returned(workspace: Workspace) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (workspace.outbox("2023-02") / RETURNED).glob("*")}


def table(workspace: Workspace, name: str) -> list[dict[str, str]]:
    text = (workspace.outbox("2023-02") / "数据包" / f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def tampered(book: Any) -> None:
    """Every stamp says another prefecture, and keeps its token."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=40):
            for cell in row:
                if isinstance(cell.value, str) and Stamp.parse(cell.value):
                    cell.value = cell.value.replace(f"|{HELD}|", "|530100|")


STRAY_STAMP = STAMP_ROW + 1


def originals() -> dict[str, bytes]:
    """What came in first, by file name."""
    c, u, w = counties(CORRECTED), counties(UNMENDED), counties(WARNED)
    spoilt = {(c[0], "Q01-1"): "约5", (c[1], "Q01-1"): "约6"}
    files = {
        TYPED: filled(changes=WRONG | HABITS, touch=with_remarks),
        STRAYS: filled(prefecture_code=STRAYS, touch=with_strays),
        DOUBLED: filled(prefecture_code=DOUBLED, touch=doubled),
        OLD: filled(prefecture_code=OLD, changes={(counties(OLD)[0], "Q01-1"): "5场"}, touch=of_another_version),
        PARTIAL: filled(prefecture_code=PARTIAL, touch=half_the_sheets),
        SOUND: filled(prefecture_code=SOUND),
        CORRECTED: filled(prefecture_code=CORRECTED, changes=spoilt),
        HELD: filled(prefecture_code=HELD, changes={(counties(HELD)[0], "Q01-1"): "约5"}, touch=tampered),
        CUT: blank("2023-02", CUT)[:9_000],
        UNMENDED: filled(prefecture_code=UNMENDED, changes={(u[0], "Q01-1"): "三五场", (u[1], "Q13-2n"): "9个"}),
        WARNED: filled(prefecture_code=WARNED, changes={(w[0], "Q28-1"): 150}),
    }
    return {f"{code}.xlsx": content for code, content in files.items()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = kept("feedback", lived)
    root = shutil.copytree(made.workspace.root, tmp_path_factory.mktemp("feedback") / "workspace")
    return replace(made, workspace=Workspace(root=root))


def lived(folder: Path) -> World:
    workspace = Workspace(root=folder / "workspace")
    new_workspace(workspace.root)
    own_key(workspace)
    sent = originals()
    send(workspace, sent, SENT)
    c = counties(CORRECTED)
    right = filled(prefecture_code=CORRECTED, changes={(c[0], "Q01-1"): 7, (c[1], "Q01-1"): "约6", (c[2], "Q01-1"): 8})
    send(workspace, {"更正.xlsx": right}, date(2023, 3, 6))
    run(workspace, "2023-02", AS_OF)
    first, findings = returned(workspace), table(workspace, "findings")
    page = (workspace.outbox("2023-02") / "index.html").read_text(encoding="utf-8")
    snapshot = open_snapshot(workspace, AS_OF)[1]
    by = {n[:6]: content for n, content in sorted(first.items(), reverse=True) if n.endswith(".xlsx")}  # 退回1 … first
    back = {
        "改好.xlsx": mend(by[TYPED], TYPED, MENDED | LOOKED_AT),
        "原样.xlsx": by[UNMENDED],
        "多出.xlsx": by[STRAYS],
        "旧版.xlsx": mend(by[OLD], OLD, {(k, x): 2 for k in counties(OLD) for x in ("Q02-1", "Q03-1")}),
        "补齐.xlsx": write(by[PARTIAL], fill_the_rest),
        "旧件.xlsx": mend(by[CORRECTED], CORRECTED, {(c[1], "Q01-1"): 6}),
    }
    send(workspace, back, SENT_BACK)
    run(workspace, "2023-02", LATER)
    last, later_findings = returned(workspace), table(workspace, "findings")
    run(workspace, "2023-02", LATER)
    return World(
        workspace=workspace,
        first=first,
        last=last,
        findings=findings,
        later_findings=later_findings,
        snapshot=snapshot,
        later=open_snapshot(workspace, LATER)[1],
        page=page,
        sent=sent,
        again=returned(workspace),
    )


def fill_the_rest(book: Any) -> None:
    """The sheets that were missing, copied from a whole return."""
    whole = openpyxl.load_workbook(io.BytesIO(filled(prefecture_code=PARTIAL)))
    for form in C.program.forms[5:]:
        for row in whole[form.sheet].iter_rows(min_row=FIRST_ROW + 1, min_col=3):
            for cell in row:
                if cell.value is not None:
                    book[form.sheet][cell.coordinate].value = cell.value


def entry(snapshot: Snapshot, name: str) -> int:
    """Ledger number of a file."""
    return next(s.seq for s in snapshot.submissions if s.file.endswith(f"/{name}"))


def data_cells(book: Any, prefecture: str) -> Iterator[tuple[str, Any]]:
    """Sheet name and cell of every cell an officer may fill, on the sheets there are."""
    for sheet, layout in layouts(prefecture).items():
        if sheet in book.sheetnames:
            area = {
                "min_row": FIRST_ROW + 1,
                "max_row": layout.last_row + 1,
                "min_col": 3,
                "max_col": layout.remark_col + 1,
            }
            yield from ((sheet, cell) for row in book[sheet].iter_rows(**area) for cell in row)


@cache
def opened(content: bytes) -> Any:
    """A workbook to look at."""
    return openpyxl.load_workbook(io.BytesIO(content))


# --- what stands in the copy -------------------------------------------------------------------------------------


def test_other_cells_are_named_by_title_where_the_copy_has_them_elsewhere() -> None:
    said = "应在0到8之间：不大于“2.组织功能”K7“已建会的‘非公’企业数”8，现为 0（AB12）；I7“新建会数”也须改正"
    assert CELLS.sub("", said) == "应在0到8之间：不大于“已建会的‘非公’企业数”8，现为 0；“新建会数”也须改正"


@pytest.mark.parametrize("prefecture", [TYPED, STRAYS, PARTIAL, UNMENDED, WARNED, DOUBLED])
def test_every_value_is_carried_with_its_type(world: World, prefecture: str) -> None:
    sent, copy = opened(world.sent[f"{prefecture}.xlsx"]), opened(world.copy(prefecture))
    wrong, seen = [], 0
    for sheet, cell in data_cells(sent, prefecture):
        there = copy[sheet][cell.coordinate]
        seen += cell.value is not None
        if (cell.value, cell.is_date) != (there.value, there.is_date) or type(cell.value) is not type(there.value):
            wrong.append((sheet, cell.coordinate, cell.value, there.value))
    assert wrong == []
    assert seen > 50


def test_the_habits_of_typing_were_tried(world: World) -> None:
    copy = opened(world.copy(TYPED))
    for (county, field), value in (HABITS | WRONG).items():
        sheet, cell = place(TYPED, form_of(field), county, field)
        assert copy[sheet][cell].value == value
    for (form, county, column), value in REMARKS.items():
        sheet, cell = place(TYPED, form, county, column)
        assert copy[sheet][cell].value == value


def test_only_what_is_wrong_is_coloured_and_says_why(world: World) -> None:
    copy = opened(world.copy(TYPED))
    wrong = {place(TYPED, "A1" if x == NIL else form_of(x), county, x) for county, x in MENDED}
    look = {place(TYPED, form_of(x), county, x) for county, x in LOOKED_AT}
    fills = {(s, c.coordinate): c.fill.fgColor.rgb for s, c in data_cells(copy, TYPED) if c.fill.patternType}
    comments = {(s, c.coordinate): c.comment.text for s, c in data_cells(copy, TYPED) if c.comment}
    assert fills == dict.fromkeys(wrong, BAD) | dict.fromkeys(look, LOOK)
    assert set(comments) == wrong | look
    for (sheet, cell), text in comments.items():
        assert re.match("【须改正】" if (sheet, cell) in wrong else "【请核对】", text)
        found = show(copy[sheet][cell].value)
        assert f"所填：{found}" in text or not found
        assert "应为：" in text
        assert "改法：" in text


def problem_rows(content: bytes) -> tuple[list[str], list[tuple[str, list[Any]]]]:
    """Lines above the table of 问题清单, and its rows with the heading each stands under."""
    sheet = opened(content)[PROBLEM_SHEET]
    lines = list(sheet.iter_rows())
    head = next(n for n, row in enumerate(lines) if row[0].value == "序号")
    rows, heading = [], ""
    for row in lines[head + 1 :]:
        if isinstance(row[0].value, str):
            heading = row[0].value
        elif row[0].value is not None:
            rows.append((heading, list(row)))
    return [str(row[0].value or "") for row in lines[:head]], rows


ALL = [TYPED, STRAYS, PARTIAL, UNMENDED, WARNED, DOUBLED, OLD]


@pytest.mark.parametrize("prefecture", ALL)
def test_every_open_finding_is_listed_once_in_order(world: World, prefecture: str) -> None:
    copy = world.copy(prefecture)
    assert opened(copy).sheetnames[0] == PROBLEM_SHEET
    above, rows = problem_rows(copy)
    assert next(line for line in above if line and not Stamp.parse(line) and "问题清单" not in line).startswith(
        "结论："
    )
    number = entry(world.snapshot, f"{prefecture}.xlsx")
    asked = Counter(
        (
            C.program.county_by_code[f["county_code"]].short_name if f["county_code"] else "",
            SEVERITY_NAMES[Severity(f["severity"])],
            CATALOGUE[f["code"]].title,
            f["found"].removeprefix("'"),
            f["expected"],
            f["fix"],
        )
        for f in world.findings
        if f["submission"] == str(number)
    )
    shown: Counter[tuple[Any, ...]] = Counter()
    for heading, row in rows:
        match = re.fullmatch(r"【(.{2,3})】(.+)（(\d+)处）：(.+)", heading, re.DOTALL)
        assert match, heading
        shown[row[1].value or "", match[1], match[2], row[4].value or "", row[5].value or "", match[4]] += 1
    assert shown == asked
    assert [row[0].value for _, row in rows] == list(range(1, len(rows) + 1))
    severities = [list(SEVERITY_NAMES.values()).index(heading[1:4].rstrip("】")) for heading, _ in rows]
    assert severities == sorted(severities)
    told = Counter(heading for heading, _ in rows)
    assert all(f"（{n}处）" in heading for heading, n in told.items()), "like findings stand together, counted"


@pytest.mark.parametrize("prefecture", ALL)
def test_every_link_leads_to_the_cell_of_its_county_and_field(world: World, prefecture: str) -> None:
    copy = opened(world.copy(prefecture))
    titles = {f.title: f.code for f in C.program.field_by_code.values()}
    for _, row in problem_rows(world.copy(prefecture))[1]:
        number, county, where, field, *_ = row
        location = where.hyperlink.location if where.hyperlink else None
        if not county.value:  # the whole file, a sheet that is missing, or what stands in the appendix
            assert location is None or location.endswith("!C7") or location.startswith(f"'{APPENDIX_SHEET}'")
            continue
        assert location, number.value
        match = re.fullmatch(r"'(.+)'!([A-Z]+)(\d+)", location)
        assert match, location
        sheet = copy[match[1]]
        assert where.value == f"{match[1]} {match[2]}{match[3]}"
        code = next(c.code for c in C.program.counties if c.short_name == county.value)
        assert sheet[f"A{match[3]}"].value == code
        if field.value:
            assert sheet[f"{match[2]}{CODE_ROW + 1}"].value == titles[field.value]


# --- sent back ---------------------------------------------------------------------------------------------------


def test_mended_copies_are_accepted_as_resubmissions(world: World) -> None:
    number = entry(world.later, "改好.xlsx")
    one = world.later.by_seq[number]
    assert one.verdict == "ACCEPTED"
    stamp = Stamp.parse(opened(world.copy(TYPED))[A1].cell(STRAY_STAMP, 1).value)
    assert stamp
    assert one.issue_no == stamp.issue_no
    assert one.issue_no != world.later.by_seq[entry(world.later, f"{TYPED}.xlsx")].issue_no
    assert {world.later.state(P2, C.program.county_by_code[c]) for c in counties(TYPED)} == {State.ACCEPTED}
    assert not [n for n in world.last if n.startswith(TYPED)]
    meant = (
        HABITS
        | MENDED
        | LOOKED_AT
        | {
            (SECOND, "Q01-1"): 5,
            (SECOND, "Q02-1"): 2,
            (SECOND, "Q19-1"): 12_000,
            (SECOND, "Q02-2"): 12,
            (SECOND, "Q05-1"): "是",
            (SECOND, "Q24-2"): 12_345,
            (SECOND, "Q03-1"): 7,
            (SECOND, "Q15-1t"): date(2023, 2, 1),
            (SECOND, "Q02-2f"): "读书分享、其他",
            (THIRD, "Q15-1t"): date(2023, 1, 31),
        }
    )
    for (county, field), value in meant.items():
        if field != NIL:
            assert world.later.rows[form_of(field), "2023-02", county].values[field] == value, (county, field)


def test_sending_a_copy_back_changes_nothing_else(world: World) -> None:
    """Of counties that were accepted before, every value is what it was; no revision changes a value."""
    resent = {entry(world.later, name) for name in ("原样.xlsx", "多出.xlsx", "补齐.xlsx", "旧件.xlsx")}
    assert {r.seq for r in world.later.revisions} >= resent
    assert [r.changes for r in world.later.revisions if r.seq in resent if r.changes] == []
    for key, before in world.snapshot.rows.items():
        assert world.later.rows[key].values == before.values, key


def test_sent_back_unmended_the_same_is_said_again(world: World) -> None:
    def said(findings: list[dict[str, str]], number: int) -> Counter[tuple[str, ...]]:
        columns = ("county_code", "code", "severity", "sheet", "cell", "found", "expected", "fix")
        return Counter(tuple(f[c] for c in columns) for f in findings if f["submission"] == str(number))

    first = said(world.findings, entry(world.snapshot, f"{UNMENDED}.xlsx"))
    assert {code for _, code, *_ in first} == {"CELL_NOT_A_NUMBER", "PART_EXCEEDS_WHOLE", "CELL_READ_AS"}
    assert said(world.later_findings, entry(world.later, "原样.xlsx")) == first


def test_only_the_last_of_two_returns_asks(world: World) -> None:
    """A county that is wrong again in a later file is asked for once, in the copy of that file."""
    (copy,) = [n for n in world.last if n.startswith(UNMENDED) and n.endswith(".xlsx")]
    assert f"退回{entry(world.later, '原样.xlsx')}." in copy
    text = notice_text(world.last, UNMENDED)
    assert "须改正2处" in text
    assert text.count("三五场") == 2  # in the table and in the text to paste


def test_an_older_copy_sent_back_does_not_revert_a_later_correction(world: World) -> None:
    c = counties(CORRECTED)
    copies = {n: content for n, content in world.first.items() if n.startswith(CORRECTED) and n.endswith(".xlsx")}
    for content in copies.values():
        values = [opened(content)[A1][place(CORRECTED, "A1", county, "Q01-1")[1]].value for county in c[:4]]
        assert values == [7, "约6", 8, 2]
    rows = {county: world.later.rows["A1", "2023-02", county].values["Q01-1"] for county in c[:4]}
    assert list(rows.values()) == [7, 6, 8, 2]
    assert not [n for n in world.last if n.startswith(CORRECTED)]


# --- what was not taken ------------------------------------------------------------------------------------------


def appendix(content: bytes) -> list[tuple[str, str, str]]:
    sheet = opened(content)[APPENDIX_SHEET]
    rows = [tuple(str(v or "") for v in row) for row in sheet.iter_rows(min_row=1, max_col=3, values_only=True)]
    head = rows.index(("原工作表", "原单元格", "内容"))
    return [(a, b, c) for a, b, c in rows[head + 1 :]]


def test_strays_are_handed_back_in_the_appendix(world: World) -> None:
    below = FIRST_ROW + len(counties(STRAYS)) + 1
    assert set(appendix(world.copy(STRAYS))) == {
        (A1, f"B{below}", "合计"),
        (A1, f"D{below}", "8"),
        (A1, f"E{below}", "是"),
        (A1, f"A{below + 1}", "530102"),
        (A1, f"B{below + 1}", "五华区"),
        (A1, f"D{below + 1}", "6"),
        (A1, f"E{below + 1}", "否"),
        (A1, f"B{below + 3}", "制表人：张三"),
        (A1, "T7", "见附件"),
        ("台账", "A1", "附表"),
        ("台账", "B1", "42"),
        ("台账", "C1", "2023-02-01"),
    }
    assert APPENDIX_SHEET not in opened(world.copy(TYPED)).sheetnames


def test_of_a_doubled_sheet_everything_is_handed_back(world: World) -> None:
    """One sheet stands in the copy, the other in the appendix: ticks and remarks too."""
    sent = opened(world.sent[f"{DOUBLED}.xlsx"])
    twin = next(s for s in sent.worksheets if s.title.startswith(A1) and s.title != A1)
    layout = layouts(DOUBLED)[A1]
    area = {"min_row": FIRST_ROW + 1, "max_row": layout.last_row + 1, "min_col": 3, "max_col": layout.remark_col + 1}
    there = {
        (twin.title, c.coordinate, show(c.value)) for row in twin.iter_rows(**area) for c in row if c.value is not None
    }
    assert there - set(appendix(world.copy(DOUBLED))) == set()


def test_the_appendix_sent_back_is_neither_read_nor_reported(world: World) -> None:
    number = entry(world.later, "多出.xlsx")
    assert [f["code"] for f in world.later_findings if f["submission"] == str(number)] == []
    assert world.later.by_seq[number].verdict == "ACCEPTED"
    assert not [n for n in world.last if n.startswith(STRAYS)]


def test_of_an_older_version_what_still_has_a_field_is_carried(world: World) -> None:
    sent, copy, layout = opened(world.sent[f"{OLD}.xlsx"]), opened(world.copy(OLD)), layouts(OLD)[A1]
    heads = {cell.value: cell.column for cell in sent[A1][CODE_ROW + 1]}
    for field in layout.fields:
        for row in range(FIRST_ROW + 1, layout.last_row + 2):
            there = copy[A1].cell(row, layout.col_of(field.code) + 1).value
            assert there == (sent[A1].cell(row, heads[field.code]).value if field.code in heads else None)
    assert {"Q02-1", "Q03-1"} == {f.code for f in layout.fields} - set(heads)
    lost = {(cell, text) for sheet, cell, text in appendix(world.copy(OLD)) if sheet == A1}
    column = sent[A1].cell(1, heads["Q03-9"]).column_letter
    assert {(f"{column}{row + 1}", "2") for row in range(FIRST_ROW, layout.last_row + 1)} <= lost
    stamp = Stamp.parse(copy[A1].cell(STRAY_STAMP, 1).value)
    assert stamp
    assert stamp.version == C.program.form_by_code["A1"].version
    assert world.later.by_seq[entry(world.later, "旧版.xlsx")].verdict == "ACCEPTED"
    assert world.later.rows["A1", "2023-02", counties(OLD)[0]].values["Q01-1"] == 5


def test_a_file_with_some_of_the_sheets(world: World) -> None:
    copy = opened(world.copy(PARTIAL))
    for form in C.program.forms[5:]:
        assert all(c.value is None for sheet, c in data_cells(copy, PARTIAL) if sheet == form.sheet)
    listed = [row[5].value for _, row in problem_rows(world.copy(PARTIAL))[1]]
    assert listed == [form.sheet for form in C.program.forms[5:]]
    assert {world.later.state(P2, C.program.county_by_code[c]) for c in counties(PARTIAL)} == {State.ACCEPTED}
    assert not [n for n in world.last if n.startswith(PARTIAL)]


# --- who gets one ------------------------------------------------------------------------------------------------


def test_only_returns_with_something_to_mend_or_look_at_come_back(world: World) -> None:
    copies = Counter(n[:6] for n in world.first if n.endswith(".xlsx"))
    assert copies == dict.fromkeys((*ALL, CORRECTED), 1)  # of two that report the same counties only the last asks
    assert {n[:6] for n in world.last if n.endswith(".xlsx")} == {UNMENDED, WARNED, DOUBLED}
    verdicts = {s.file.rpartition("/")[2]: (s.verdict, s.reason) for s in world.snapshot.submissions}
    assert verdicts[f"{HELD}.xlsx"][0] == "HELD"
    for name in (HELD, CUT):
        assert f"{name}.xlsx" in world.page
        assert verdicts[f"{name}.xlsx"][1] in world.page
    assert CATALOGUE["FILE_TRUNCATED"].fix in world.page


def test_copies_and_letters_are_the_same_bytes_each_time(world: World) -> None:
    assert world.again == world.last


# --- the letter --------------------------------------------------------------------------------------------------


def notice_text(files: Mapping[str, bytes], prefecture: str) -> str:
    (name,) = [n for n in files if n.startswith(prefecture) and n.endswith(".docx")]
    document = docx.Document(io.BytesIO(files[name]))
    cells = ["\t".join(cell.text for cell in row.cells) for t in document.tables for row in t.rows]
    return "\n".join([p.text for p in document.paragraphs] + cells)


@pytest.mark.parametrize("prefecture", [*ALL, CORRECTED])
def test_the_letter_says_to_whom_how_many_and_what(world: World, prefecture: str) -> None:
    text = notice_text(world.first, prefecture)
    copies = sorted(n for n in world.first if n.startswith(prefecture) and n.endswith(".xlsx"))
    rows = [one for n in copies for one in problem_rows(world.first[n])[1]]
    asked = [(heading, row) for heading, row in rows if not heading.startswith("【提示】")]
    errors = sum(heading.startswith("【须改正】") for heading, _ in asked)
    unit = C.program.prefecture_by_code[prefecture].short_name + C.program.unit_suffix
    assert text.count(f"{unit}：") == 2, "the letter's address and the pasted text's"
    assert bool(re.search(r"须改正\d+处", text)) == bool(errors)
    if errors:
        assert text.count(f"须改正{errors}处") == 2
    if errors < len(asked):
        assert text.count(f"请核对{len(asked) - errors}处") == 2
    for name in copies:
        assert name in text
    lines = [line.split("\t") for line in text.splitlines() if "\t" in line]
    for n, (_, row) in enumerate(asked, 1):
        line = next(x for x in lines if x[0] == str(n))
        assert line[1] == (row[1].value or "全表")
        assert (row[4].value or "") in line[4]
        assert (row[3].value or "") in line[3]


# --- defects and corners, without the reports --------------------------------------------------------------------


def copies_of(folder: Path, *files: tuple[bytes, date]) -> tuple[dict[str, bytes], Snapshot]:
    """Take files in and write their copies: name → workbook."""
    store = Store(folder / "dataset", C.program)
    try:
        for n, (content, day) in enumerate(files):
            take_in(C, store, [arrival(content, f"{n}.xlsx", day)], LATER)
        snapshot = take_snapshot(store, LATER)
        copies = returned_copies(C, store, snapshot, P2)
    finally:
        store.close()
    return {copy.name: returned_workbook(copy) for copy in copies}, snapshot


@pytest.fixture
def without_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only reading finds fault, and it reads here: the rules take two seconds, a process of its own takes one."""
    monkeypatch.setattr("pipeline.checks.check.run_both", lambda *_: ())
    monkeypatch.setattr("pipeline.engine.engines.Pool", lambda **_: InProcess())


def spaces_below(book: Any) -> None:
    book[A1].cell(20, 1).value = "　"


def space_under_a_column(book: Any) -> None:
    book[A1].cell(20, 5).value = " "


def signature(book: Any) -> None:
    book[A1].cell(12, 4).value, book[A1].cell(12, 9).value = "制表人：张三", "审核人：李四"


def county_of_another(book: Any) -> None:
    book[A1].cell(FIRST_ROW + 1, 2).value = "五华区"


def same_county_twice(book: Any) -> None:
    for cell in book[A1][FIRST_ROW + 1]:
        book[A1].cell(FIRST_ROW + 4, cell.column).value = cell.value


def many_sheets(book: Any) -> None:
    for n in range(30):
        book.create_sheet(f"附{n}").append(["x"])


@pytest.mark.usefixtures("without_rules")
@pytest.mark.parametrize(
    "habit", [spaces_below, space_under_a_column, signature, county_of_another, same_county_twice, many_sheets]
)
def test_no_habit_stops_the_run(tmp_path: Path, habit: Callable[[Any], None]) -> None:
    copies, _ = copies_of(tmp_path, (filled(changes={(FIRST, "Q02-1"): "约5"}, touch=habit), SENT))
    assert len(copies) == 1


@pytest.mark.usefixtures("without_rules")
@pytest.mark.parametrize("habit", [spaces_below, space_under_a_column])
def test_white_space_below_the_table_is_nothing(tmp_path: Path, habit: Callable[[Any], None]) -> None:
    assert copies_of(tmp_path, (filled(touch=habit), SENT))[0] == {}


@pytest.mark.usefixtures("without_rules")
def test_a_signature_below_the_table_returns_nobody(tmp_path: Path) -> None:
    _, shot = copies_of(tmp_path, (filled(touch=signature), SENT))
    assert {f.severity for _, f in shot.findings} == {Severity.WARNING}


def test_a_county_left_blank_is_marked_by_its_name(tmp_path: Path) -> None:
    copies, _ = copies_of(tmp_path, (filled(empty=frozenset({SECOND})), SENT))
    (copy,) = copies.values()
    cell = opened(copy)[A1].cell(FIRST_ROW + 2, 2)
    assert cell.fill.fgColor.rgb == BAD
    assert "整行未填" in cell.comment.text


@pytest.mark.usefixtures("without_rules")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Q01-1", datetime(2023, 3, 5)),  # noqa: DTZ001
        ("Q01-1", True),
        ("Q01-1", "５½"),
        ("Q05-1", 1),
        ("Q05-1", datetime(2023, 3, 5)),  # noqa: DTZ001
        ("Q15-1t", "44990"),
        ("Q02-2f", 3),
        ("Q04-1", datetime(2023, 3, 5, 12)),  # noqa: DTZ001
    ],
)
def test_what_is_refused_is_refused_again_when_sent_back_as_it_is(tmp_path: Path, field: str, value: object) -> None:
    copies, shot = copies_of(tmp_path / "a", (filled(changes={(FIRST, field): value}), SENT))
    (copy,) = copies.values()
    _, again = copies_of(tmp_path / "b", (copy, SENT))
    assert [(f.code, f.found) for _, f in again.findings] == [(f.code, f.found) for _, f in shot.findings] != []


@pytest.mark.usefixtures("without_rules")
def test_a_date_stays_a_date_wherever_it_was_typed(tmp_path: Path) -> None:
    def touch(book: Any) -> None:
        sheet, cell = place(SMALL, "A1", FIRST, REMARK)
        book[sheet][cell].value = datetime(2023, 3, 5)  # noqa: DTZ001

    bad = {(SECOND, "Q01-1"): "约5"}
    copies, _ = copies_of(tmp_path, (filled(changes=bad, touch=touch), SENT))
    (copy,) = copies.values()
    sheet, cell = place(SMALL, "A1", FIRST, REMARK)
    assert opened(copy)[sheet][cell].is_date


@pytest.mark.usefixtures("without_rules")
def test_a_file_refused_whole_still_asks_for_the_counties_that_nobody_mended(tmp_path: Path) -> None:
    """One county came again by itself; what the others typed must still be handed back to them."""
    refused = filled(touch=lambda book: restamp(book, version=7))
    alone = filled(empty=frozenset({SECOND, THIRD}))
    copies, shot = copies_of(tmp_path, (refused, SENT), (alone, date(2023, 3, 6)))
    assert shot.state(P2, C.program.county_by_code[SECOND]) is State.RETURNED
    carried = [opened(copy)[A1][place(SMALL, "A1", SECOND, "Q01-1")[1]].value for copy in copies.values()]
    assert 2 in carried


def test_a_correction_of_one_county_is_judged_the_same_in_one_run_or_two(tmp_path: Path) -> None:
    """Rows left blank in a correction stand as they were: also when both files came since the last run."""
    whole = filled(changes={(FIRST, "Q01-1"): "约5"})
    alone = filled(empty=frozenset({SECOND, THIRD}))
    store = Store(tmp_path / "dataset", C.program)
    try:
        take_in(C, store, [arrival(whole, "一.xlsx", SENT), arrival(alone, "二.xlsx", date(2023, 3, 6))], LATER)
        snapshot = take_snapshot(store, LATER)
    finally:
        store.close()
    assert [s.file for s in snapshot.to_return(P2)] == []


@pytest.mark.usefixtures("without_rules")
def test_a_sheet_that_no_longer_exists_is_handed_back(tmp_path: Path) -> None:
    def touch(book: Any) -> None:
        sheet = book["8.数字赋能"]
        stamp = Stamp.parse(sheet.cell(STRAY_STAMP, 1).value)
        assert stamp
        sheet.cell(STRAY_STAMP, 1).value = str(replace(stamp, form="A9").signed(KEY))
        sheet["D7"] = 777

    copies, _ = copies_of(tmp_path, (filled(touch=touch), SENT))
    (copy,) = copies.values()
    assert ("8.数字赋能", "D7", "777") in appendix(copy)


@pytest.mark.usefixtures("without_rules")
def test_a_remark_is_kept_though_a_later_file_corrected_the_figures(tmp_path: Path) -> None:
    def touch(book: Any) -> None:
        sheet, cell = place(SMALL, "A1", FIRST, REMARK)
        book[sheet][cell].value = "数据以此为准"

    spoilt = {(SECOND, "Q02-1"): "约5"}
    older = filled(changes=spoilt, touch=touch)
    newer = filled(changes={(FIRST, "Q01-1"): 9}, empty=frozenset({SECOND, THIRD}))
    copies, _ = copies_of(tmp_path, (older, SENT), (newer, date(2023, 3, 6)))
    sheet, cell = place(SMALL, "A1", FIRST, REMARK)
    assert "数据以此为准" in {opened(copy)[sheet][cell].value for copy in copies.values()}


@pytest.mark.usefixtures("without_rules")
def test_who_filled_it_in_is_carried_too(tmp_path: Path) -> None:
    def touch(book: Any) -> None:
        book[COVER_SHEET]["B9"].value, book[COVER_SHEET]["B10"].value = "张三", "13800000000"

    copies, _ = copies_of(tmp_path, (filled(changes={(FIRST, "Q01-1"): "约5"}, touch=touch), SENT))
    (copy,) = copies.values()
    assert [opened(copy)[COVER_SHEET][cell].value for cell in ("B9", "B10")] == ["张三", "13800000000"]


# --- with a real office program ----------------------------------------------------------------------------------

FORMATS = {"xlsx": (TYPED, "Calc MS Excel 2007 XML"), "ods": (UNMENDED, "calc8"), "xls": (OLD, "MS Excel 97")}


@pytest.mark.libreoffice
def test_the_self_check_says_what_it_will_say_when_calculated(office: Session, world: World, tmp_path: Path) -> None:
    steps: list[list[Any]] = []
    said, copies = {}, sorted(name for name in world.first if name.endswith(".xlsx"))
    for name in copies:
        path = tmp_path / name
        path.write_bytes(world.first[name])
        sheet = openpyxl.load_workbook(path, data_only=True)[CHECK_SHEET]
        said[name] = [["" if v is None else v for v in row] for row in sheet.iter_rows(values_only=True)]
        steps += [["open", str(path)], ["recalculate"], ["look", CHECK_SHEET], ["close"]]
    calculated = dict(zip(copies, office.work(steps)[2::4], strict=True))
    for name in copies:
        assert said[name][2][0] == calculated[name][2][0], name
        assert said[name][4:] == calculated[name][4:], name


@pytest.mark.libreoffice
@pytest.mark.usefixtures("without_rules")
def test_the_self_check_knows_every_tick_that_is_taken(office: Session, tmp_path: Path) -> None:
    """A county that ticked ✓ is a nil report on intake: the sheet must not call its cells blank."""
    nothing: dict[tuple[str, str], Any] = {(THIRD, f.code): None for form in C.program.forms for f in form.fields}
    ticked = filled(changes=nothing | {(THIRD, NIL): "✓", (FIRST, "Q01-1"): "约5"})
    copies, shot = copies_of(tmp_path, (filled("2022-12"), date(2023, 1, 5)), (ticked, SENT))
    assert shot.state(P2, C.program.county_by_code[THIRD]) is State.NIL
    path = tmp_path / "copy.xlsx"
    path.write_bytes(next(iter(copies.values())))
    sheet = office.work([["open", str(path)], ["recalculate"], ["look", CHECK_SHEET], ["close"]])[2]
    assert next(row for row in sheet if row[0] == THIRD)[-1] == "填齐"


@pytest.mark.libreoffice
def test_copies_mended_in_libreoffice_are_accepted(office: Session, world: World, tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path / "workspace")
    shutil.copytree(world.workspace.root, workspace.root)
    shutil.rmtree(workspace.dataset)
    shutil.rmtree(workspace.inbox / SENT_BACK.isoformat())
    dated = workspace.inbox / SENT_BACK.isoformat()
    dated.mkdir()
    u = counties(UNMENDED)
    answers: dict[str, Mapping[tuple[str, str], Any]] = {
        TYPED: MENDED | LOOKED_AT,
        UNMENDED: {(u[0], "Q01-1"): 4, (u[1], "Q13-2n"): 2},
        OLD: {(k, x): 2 for k in counties(OLD) for x in ("Q02-1", "Q03-1")},
    }
    steps: list[list[Any]] = []
    for ending, (prefecture, filter_name) in FORMATS.items():
        path = tmp_path / f"{prefecture}.xlsx"
        path.write_bytes(world.copy(prefecture))
        steps += [["open", str(path)]]
        for (county, column), value in answers[prefecture].items():
            sheet, cell = place(prefecture, "A1" if column == NIL else form_of(column), county, column)
            at = coordinate_to_tuple(cell)
            where = [sheet, at[0] - 1, at[1] - 1]
            steps.append(["clear", *where] if value is None else ["type", *where, show(value)])
        steps += [["save", str(dated / f"改_{prefecture}.{ending}"), filter_name], ["close"]]
    office.work(steps)
    run(workspace, "2023-02", LATER)
    shot = open_snapshot(workspace, LATER)[1]
    for prefecture in answers:
        assert {shot.state(P2, C.program.county_by_code[c]) for c in counties(prefecture)} == {State.ACCEPTED}
        assert not [n for n in returned(workspace) if n.startswith(prefecture)]
    assert all(shot.rows[form_of(f), "2023-02", county].values[f] == v for (county, f), v in MENDED.items() if f != NIL)
    assert shot.rows["A1", "2023-02", SECOND].typed["Q01-1"] == "5场"
    told = {f.code for s, f in shot.findings if s.file.startswith(SENT_BACK.isoformat())}
    assert told <= {"CELL_READ_AS", "REMARK", "LOOK_AGAIN"}


def test_a_return_of_another_period_gets_its_copy_in_the_same_run(workspace: Workspace) -> None:
    """A correction of the period before comes with this period's returns: both are answered, page and manifest too."""
    own_key(workspace)
    spoilt = {(SECOND, "Q01-1"): "约5"}
    for name, period in (("补报.xlsx", "2022-12"), ("本期.xlsx", "2023-02")):
        path = workspace.inbox / SENT.isoformat() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(filled(period, changes=spoilt))
    outcome = run(workspace, "2023-02", AS_OF)
    assert [one.code for one in outcome.others] == ["2022-12"]
    for period in ("2022-12", "2023-02"):
        outbox = workspace.outbox(period)
        names = sorted(path.name for path in (outbox / RETURNED).iterdir())
        assert len(names) == 2, period
        assert all(name in (outbox / "index.html").read_text(encoding="utf-8") for name in names)
        listed = json.loads((outbox / "manifest.json").read_text(encoding="utf-8"))["outputs"]
        assert {f"{RETURNED}/{name}" for name in names} <= set(listed)
