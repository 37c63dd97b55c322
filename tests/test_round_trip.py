"""The round trip as it is lived, with an office program at both ends: last values out, changes and reasons in, a receipt back.

Three respondents answer in three formats. Every cell is found by the codes on its sheet; what arrives is held against what was typed.
"""

from __future__ import annotations

import csv
import io
import subprocess
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pytest
from openpyxl.utils.cell import coordinate_to_tuple
from PIL import Image
from python_calamine import CalamineWorkbook

from pipeline.domain.state import State
from pipeline.ledger.snapshot import take_snapshot
from pipeline.office.proof import verify
from pipeline.program.layout import NIL, PROBLEM_SHEET, REASON_KEY, REMARK, STATUS
from pipeline.program.model import FieldType
from pipeline.workspace.campaign import open_store
from tests.builder import campaign, filled, new_workspace, own_key, valid
from tests.officer import FILTERS, WHOLES
from tests.test_explanations import run
from tests.test_libreoffice import Table, tables
from tests.test_signing import jpg

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.workspace.paths import Workspace
    from tests.officer import Session

pytestmark = pytest.mark.libreoffice

PROGRAM = campaign().program
FORMATS = {"xlsx": "533400", "xls": "533300", "ods": "532800"}
P1, P2, P3 = (PROGRAM.period_by_code[code] for code in ("2022-12", "2023-02", "2023-04"))
FIRST_SENT, ISSUED, SENT, MENDED, SIGNED, CORRECTED, NEXT = (
    date(2023, *day) for day in ((1, 6), (1, 9), (3, 3), (3, 6), (3, 7), (3, 9), (5, 5))
)
FELL, FELL_UNEXPLAINED = "Q01-1", "Q02-1"
WHY = "上期把市级活动误计入本县，现已核减"
HOW_MENDED = {"xlsx": "reason on the list", "xls": "reason in the row", "ods": "value"}

Cells = dict[tuple[str, str], Any]
"""(unit, column's code) → what stands there."""


@dataclass(kw_only=True)
class Story:
    """What was seen on the way.

    Attributes:
        typed: Format → the values its officer meant in the second period.
        states: Moment → unit → state.
        said: Moment → what the screen said.
        seen: Format → the workbook that was sent, sheet by sheet, as its officer saw it last.
    """

    workspace: Workspace
    typed: dict[str, Cells] = field(default_factory=dict)
    states: dict[str, dict[str, State]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    seen: dict[str, dict[str, list[list[Any]]]] = field(default_factory=dict)

    def note(self, moment: str, day: date, period: str = P2.code) -> None:
        """Run, and note what came of it."""
        self.said[moment] = run(self.workspace, "--period", period, day=day)
        store = open_store(self.workspace, PROGRAM)
        try:
            found = take_snapshot(store, day).states
        finally:
            store.close()
        self.states[moment] = {unit: state for (of, unit), state in found.items() if of == P2.code}


def units(kind: str) -> list[str]:
    return [unit.code for unit in PROGRAM.counties_of(FORMATS[kind])]


def changes(kind: str) -> Cells:
    """A fifth of the cells that went out filled, one up; what is asked for the first time; two that fall."""
    told = {code for pair in WHOLES for code in pair} | {"Q08-1n", "Q08-2n", FELL, FELL_UNEXPLAINED}
    new: Cells = {}
    for form in PROGRAM.forms:
        old = [f for f in form.fields_in(P2) if f in form.fields_in(P1)]
        counts = [f for f in old if f.type is FieldType.COUNT and f.code not in told]
        for n, code in enumerate(units(kind)):
            unit = PROGRAM.county_by_code[code]
            new |= {(code, f.code): valid(f, unit, P2) for f in form.fields_in(P2) if f not in old}
            new |= {(code, f.code): 3 + n for f in counts[n % 2 :: 2][: -(-len(old) // 5)]}
    first, second = units(kind)[:2]
    return new | {(first, FELL): 1, (second, FELL_UNEXPLAINED): 1}


def steps(where: dict[str, Table], cells: Cells) -> list[list[Any]]:
    """Cells of units, typed; the tick and the remark are of the first sheet."""
    return [
        ["type", table.sheet, table.rows[unit], table.cols[code], str(value)]
        for n, table in enumerate(where.values())
        for (unit, code), value in cells.items()
        if code in table.cols and (code != REMARK or n == 0)
    ]


def sheets_of(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def returned(workspace: Workspace, kind: str) -> Path:
    (path,) = (workspace.outbox(P2.code) / "退回").glob(f"{FORMATS[kind]}*.xlsx")
    return path


def reason_cell(path: Path, unit: str) -> list[Any]:
    """Where a reason is asked for on the list of problems of a returned copy: the cell before its hidden key."""
    for row in openpyxl.load_workbook(path)[PROBLEM_SHEET].iter_rows():
        for cell in row:
            if str(cell.value or "") == f"{REASON_KEY} {unit}|A1":
                at, col = coordinate_to_tuple(cell.coordinate)
                return [PROBLEM_SHEET, at - 1, col - 2]
    raise AssertionError(path)


def printed_and_scanned(documents: list[Path], folder: Path) -> list[bytes]:
    """Documents as LibreOffice prints them, scanned at 150 dpi, three degrees askew, packed hard."""
    command = [
        "soffice",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        folder,
        *documents,
    ]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=240)
    scans = []
    for one in documents:
        page = folder / f"{one.stem}.pdf"
        subprocess.run(["pdftoppm", "-r", "150", "-gray", "-singlefile", page, page.with_suffix("")], check=True)
        scans.append(jpg(Image.open(page.with_suffix(".pgm"))))
    return scans


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, office: Session) -> Story:
    folder = tmp_path_factory.mktemp("round_trip")
    workspace = new_workspace(folder / "w")
    own_key(workspace)
    told = Story(workspace=workspace)

    def inbox(day: date, name: str) -> Path:
        path = workspace.inbox / day.isoformat() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    for prefecture in FORMATS.values():
        inbox(FIRST_SENT, f"{prefecture}.xlsx").write_bytes(filled(P1.code, prefecture))
    told.note("first period", FIRST_SENT, P1.code)
    run(workspace, "issue", "--period", P2.code, day=ISSUED)

    work: list[list[Any]] = []  # the second period: a fifth changed, the rest ticked, a reason for one of two that fell
    for kind, prefecture in FORMATS.items():
        (path,) = (workspace.outbox(P2.code) / "下发").glob(f"{prefecture}_*.xlsx")
        where, cells, sent = tables(path), changes(kind), inbox(SENT, f"{prefecture}.{kind}")
        told.typed[kind] = cells
        ticks = [
            ["type", table.sheet, row, table.cols[NIL], "√"]
            for table in where.values()
            for unit, row in table.rows.items()
            if not any((unit, code) in cells for code in table.cols)
        ]
        work += [["open_as_it_is", str(path)], ["rest"], *steps(where, cells | {(units(kind)[0], REMARK): WHY}), *ticks]
        work += [["wake"], ["recalculate"], ["save", str(sent), FILTERS[kind]], ["close"]]
    office.work(work)
    told.seen = {kind: sheets_of(inbox(SENT, f"{prefecture}.{kind}")) for kind, prefecture in FORMATS.items()}
    told.note("sent", SENT)

    work = []  # one round: each in its own way
    for kind, prefecture in FORMATS.items():
        path, second = returned(workspace, kind), units(kind)[1]
        work.append(["open_as_it_is", str(path)])
        if HOW_MENDED[kind] == "value":
            told.typed[kind][second, FELL_UNEXPLAINED] = 2
            work += steps(tables(path), {(second, FELL_UNEXPLAINED): 2})
        elif HOW_MENDED[kind] == "reason in the row":
            work += steps(tables(path), {(second, REMARK): WHY})
        else:
            work.append(["type", *reason_cell(path, second), WHY])
        work += [["recalculate"], ["save", str(inbox(MENDED, f"改 {prefecture}.{kind}")), FILTERS[kind]], ["close"]]
    office.work(work)
    told.note("mended", MENDED)

    receipts = sorted((workspace.outbox(P2.code) / "回执").glob("*.docx"))
    for n, scan in enumerate(printed_and_scanned(receipts, folder)):
        inbox(SIGNED, f"扫描件{n}.jpg").write_bytes(scan)
    told.note("signed", SIGNED)

    first = units("xls")[0]
    words = ("--reason", "来电更正，原数漏报", "--source", "电话记录", "--period", P2.code)
    told.said["correct"] = run(workspace, "correct", first, FELL, "7", *words, day=CORRECTED)
    told.said["corrected"] = run(workspace, "status", "--period", P2.code, day=CORRECTED)  # its bulletin is out
    run(workspace, "issue", "--period", P3.code, day=CORRECTED)
    told.note("next period", NEXT, P3.code)
    return told


@pytest.mark.parametrize("kind", FORMATS)
def test_a_row_that_fails_with_a_reason_passes_and_one_without_is_returned(story: Story, kind: str) -> None:
    first, second, *others = units(kind)
    states = story.states["sent"]
    assert (states[first], states[second]) == (State.ACCEPTED, State.RETURNED)
    assert {states[unit] for unit in others} == {State.ACCEPTED}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_workbook_followed_what_was_done(story: Story, kind: str) -> None:
    """As it was seen before it was saved: ticked, changed, explained, to be explained; nothing left to look at."""
    first, second, *_ = units(kind)
    shown: dict[tuple[str, str], str] = {}
    for name, grid in story.seen[kind].items():
        head = next((cells for cells in grid if "county_code" in cells), None)
        if head is not None and STATUS in head:
            rows = grid[grid.index(head) + 1 :]
            shown |= {
                (name, str(cells[head.index("county_code")])): str(cells[head.index(STATUS)])
                for cells in rows
                if cells[head.index("county_code")]
            }
    assert not {state for state in shown.values() if "未核对" in state}
    sheet = PROGRAM.form_by_code["A1"].sheet
    assert "已说明" in shown[sheet, first]
    assert "请写说明" in shown[sheet, second]


@pytest.mark.parametrize("kind", FORMATS)
def test_one_round_mends_it_and_every_figure_is_as_typed(story: Story, kind: str) -> None:
    assert {story.states["mended"][unit] for unit in units(kind)} == {State.ACCEPTED}
    package = story.workspace.outbox(P2.code) / "数据包" / "values.csv"
    rows = list(csv.DictReader(io.StringIO(package.read_text(encoding="utf-8-sig"))))
    arrived = {
        (row["county_code"], row["field"]): row["value"]
        for row in rows
        if row["period"] == P2.code and row["prefecture_code"] == FORMATS[kind]
    }
    for form in PROGRAM.forms:
        for code in units(kind):
            for one in form.fields_in(P2):
                meant = story.typed[kind].get((code, one.code), valid(one, PROGRAM.county_by_code[code], P1))
                said = meant.isoformat() if isinstance(meant, date) else str(meant)
                assert arrived[code, one.code] == said, (code, one.code)


def test_a_signed_page_counts_until_a_figure_is_corrected(story: Story) -> None:
    for kind, name in {"xlsx": "迪庆州", "xls": "怒江州", "ods": "西双版纳州"}.items():
        states = [run_line(story.said[moment], name) for moment in ("mended", "signed", "corrected")]
        assert "已签认" not in states[0], name
        assert states[1].endswith("\t已签认"), name
        assert ("签认失效" in states[2]) == (kind == "xls"), name


def run_line(said: str, name: str) -> str:
    return next(one for one in said.splitlines() if one.strip().startswith(f"{name}\t"))


def test_what_staff_corrected_is_said_in_the_next_bulletin_and_workbook(story: Story) -> None:
    unit = PROGRAM.county_by_code[units("xls")[0]]
    text = "".join(p.text for p in docx.Document(str(story.workspace.outbox(P3.code) / "工作简报.docx")).paragraphs)
    assert unit.name in text[text.index("更正") :]
    assert "由1更正为7" in text
    (path,) = (story.workspace.outbox(P3.code) / "下发").glob(f"{FORMATS['xls']}_*.xlsx")
    sheet = openpyxl.load_workbook(path)[PROGRAM.form_by_code["A1"].sheet]
    prompts = [str(one.prompt) for one in sheet.data_validations.dataValidation]
    assert sum("上次已接收：7（省级核改）" in prompt for prompt in prompts) == 1


def test_the_ledger_proves_all_of_it(story: Story) -> None:
    assert verify(story.workspace).faults == ()
