"""No text of an officer stops a workbook, and a workbook that cannot be made stops no other."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter

from pipeline.domain.findings import Severity
from pipeline.forms.issue import Issue, Mark, issue_workbook
from pipeline.forms.style import CELL_LIMIT, Formats, SafeSheet, fitted, write_typed
from pipeline.office import issuing
from pipeline.office import making as products
from pipeline.products.kept import LastMade
from pipeline.program.layout import FIRST_ROW, REMARK, address, sheet_layout
from pipeline.system.errors import IssueError
from tests.builder import FIRST, SMALL, new_workspace, part_of_campaign

if TYPE_CHECKING:
    from pathlib import Path

C = part_of_campaign("A1", "M")
M = C.program.form_by_code["M"]
PERIOD = C.program.period_by_code["2023-02"]
PROOF = M.of_role("proof")[0].code
DAY = PERIOD.start
TEXTS = {
    "an emoji in a long text": "情况说明" * 80 + "😀",
    "emojis all through": "😀𠮷" * 400,
    "longer than a cell as Excel counts": "字" * (CELL_LIMIT - 1) + "𠮷",
    "control characters": "前\x00\x07\x1b后" * 100,
    "half of a pair": "前\ud83d后\udc00" * 100,
    "what no XML can hold": "前\ufffe\uffff后" * 100,
    "marks that turn text around": "\u202e前后\u2066" * 100,
}


def issue(text: str, prefecture: str = SMALL) -> Issue:
    cell = "M", FIRST, PROOF
    return Issue(
        program=C.program,
        key=C.key,
        rules=C.rules,
        period=PERIOD,
        prefecture=C.program.prefecture_by_code[prefecture],
        previous={(FIRST, PROOF): text},
        entries={cell: text, ("M", FIRST, REMARK): text},
        cover={"填报人": text},
        marks={cell: Mark(severity=Severity.WARNING, comment=text)},
    )


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_stands_in_cell_prompt_comment_and_cover(text: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(issue_workbook(issue(text))))[M.sheet]
    layout = sheet_layout(M, PERIOD, C.program.counties_of(SMALL))
    cell = sheet[address(FIRST_ROW, layout.col_of(PROOF))]
    assert "".join(ch for ch in fitted(text, CELL_LIMIT) if ch != "…")[:200] in str(cell.value)
    (prompt,) = [v.prompt for v in sheet.data_validations.dataValidation if cell.coordinate in v.sqref]
    assert len(prompt.encode("utf-16-le")) <= 2 * 255
    assert cell.comment is not None


def test_a_text_is_cut_where_excel_counts() -> None:
    assert fitted("字" * 10, 10) == "字" * 10
    assert fitted("字" * 9 + "😀", 10) == "字" * 9 + "…"
    assert fitted("😀" * 5, 10) == "😀" * 5
    assert fitted("😀" * 6, 10) == "😀" * 4 + "…"


def test_a_cell_that_cannot_be_written_is_named() -> None:
    class Refusing(SafeSheet):
        def _write_string(self, *_place: Any) -> int:
            return -2

    book = xlsxwriter.Workbook(io.BytesIO())
    book.worksheet_class = Refusing
    with pytest.raises(IssueError, match=r"“9.里程碑”D7 写不进去"):
        write_typed(book.add_worksheet("9.里程碑"), Formats(book), 6, 3, "字", "remark")
    too_much: Any = Decimal("Infinity")
    with pytest.raises(IssueError, match=r"迪庆.*表样无法生成：“9.里程碑”[A-Z]+7 写不进去"):
        issue_workbook(replace(issue("字"), entries={("M", FIRST, PROOF): too_much}))


def test_the_other_workbooks_go_out_when_one_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = new_workspace(tmp_path / "w")
    bad = {SMALL}

    def made(one: Issue) -> bytes:
        if one.prefecture.code in bad:
            raise IssueError(f"{one.prefecture.name} 表样无法生成：“1.思想引领”D7 写不进去")
        return b"workbook"

    monkeypatch.setattr(issuing, "issue_workbook", made)
    with pytest.raises(IssueError, match=r"15份已生成.*迪庆.*“1.思想引领”D7"):
        issuing.issue_period(workspace, "2023-02", None, DAY)
    folder = workspace.outbox("2023-02") / "下发"
    assert len(list(folder.glob("*.xlsx"))) == 15
    bad |= {p.code for p in C.program.prefectures}
    with pytest.raises(IssueError):
        issuing.issue_period(workspace, "2023-02", None, DAY)
    assert len(list(folder.glob("*.xlsx"))) == 15, "where none can be made the old ones stay"


def test_the_other_copies_go_back_when_one_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def made(copy: Any) -> bytes:
        if copy.seq == 2:
            raise IssueError("昆明市 表样无法生成：“2.组织功能”E9 写不进去")
        return b"workbook"

    monkeypatch.setattr(products, "returned_workbook", made)
    monkeypatch.setattr(products, "by_prefecture", lambda _copies: {})
    copies: Any = [SimpleNamespace(seq=n, name=f"{n}_退回{n}.xlsx", values=(n,)) for n in (1, 2, 3)]
    nobody: Any = SimpleNamespace(program=SimpleNamespace(prefectures=()), inputs=dict)
    making = products.Made(hear=lambda *_: None, last=LastMade(folder=tmp_path))
    products.give_back(making, nobody, nobody, copies, {})
    assert list(making.files) == ["1_退回1.xlsx", "2_退回2_未能生成.txt", "3_退回3.xlsx"]
    assert products.unmade(making.files) == ("2_退回2.xlsx：昆明市 表样无法生成：“2.组织功能”E9 写不进去",)
