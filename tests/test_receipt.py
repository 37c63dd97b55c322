"""回执: its check code is of exactly the values that stand, and both formats say the same, on one page."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import docx
import pytest
import zxingcpp
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.domain.acts import Act, ActKind
from pipeline.domain.signing import ALPHABET, SignOff, Slip, shown_code
from pipeline.ledger.receipt import receipts
from pipeline.measures.proofs import proofs
from pipeline.products.documents.receipt import ReceiptPage, receipt_pages, square_png
from pipeline.products.documents.receipt_pdf import receipt_pdf
from pipeline.products.documents.word import render
from pipeline.program.load import load_program
from pipeline.system.errors import ProgramError
from tests.builder import new_workspace, whole_campaign
from tests.test_publications import NUMBER, TEMPLATES, measures, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.ledger.snapshot import Snapshot

P, DAY = "2023-04", date(2023, 5, 16)
KUNMING, NEVER = "530100", "533300"
PROGRAM = whole_campaign().program
PERIOD = PROGRAM.period_by_code[P]


def codes(seen: Snapshot) -> dict[str, str]:
    return {code: receipt.code for code, receipt in receipts(PROGRAM, seen, PERIOD).items()}


BEFORE = codes(snapshot(DAY))


def other(value: Value) -> Value:
    """Something else of the same kind."""
    if isinstance(value, date):
        return value + timedelta(days=1)
    return f"{value}又" if isinstance(value, str) else value + 1 if value is not None else 1


def rewritten(row: AcceptedRow) -> AcceptedRow:
    """The same values from another file, another row, typed otherwise, in another order; amounts with other noughts."""
    values = {
        code: value.quantize(Decimal("0.0001")) if isinstance(value, Decimal) and value == round(value, 4) else value
        for code, value in reversed(list(row.values.items()))
    }
    return replace(row, seq=row.seq + 7, sheet_row=row.sheet_row + 3, typed=dict.fromkeys(values, "５"), values=values)


def test_who_never_reported_has_none_and_everybody_else_one_of_its_own() -> None:
    assert NEVER not in BEFORE
    assert len(set(BEFORE.values())) == len(BEFORE) == len(PROGRAM.prefectures) - 1
    assert {len(code) for code in BEFORE.values()} == {12}
    assert not set("".join(BEFORE.values())) - set(ALPHABET)
    assert not set("01258BILOSZ") & set(ALPHABET)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_code_changes_if_and_only_if_an_accepted_value_does(data: st.DataObject) -> None:
    seen = snapshot(DAY)
    everything = replace(
        seen,
        rows={key: rewritten(row) for key, row in reversed(seen.rows.items())},
        lists={key: tuple(rewritten(row) for row in reversed(rows)) for key, rows in seen.lists.items()},
    )
    assert codes(everything) == BEFORE
    key = data.draw(st.sampled_from(sorted(key for key in seen.rows if key[1] == P and key[2] != NEVER)))
    row = seen.rows[key]
    column = data.draw(st.sampled_from(sorted(code for code in row.values if not PROGRAM.field_by_code[code].shows)))
    changed = replace(row, values={**row.values, column: other(row.values[column])})
    after = codes(replace(seen, rows={**seen.rows, key: changed}))
    whose = PROGRAM.unit_by_code[key[2]].prefecture_code
    stands = seen.state(PERIOD, PROGRAM.unit_by_code[key[2]]).is_reported
    assert {code for code in BEFORE if after[code] != BEFORE[code]} == ({whose} if stands else set())


def test_a_row_of_another_period_and_a_new_entry_count_where_they_stand() -> None:
    seen = snapshot(DAY)
    key, rows = next((k, rows) for k, rows in seen.lists.items() if k[1] == P and k[2] == KUNMING and rows)
    fewer = codes(replace(seen, lists={**seen.lists, key: rows[1:]}))
    assert {code for code in BEFORE if fewer[code] != BEFORE[code]} == {KUNMING}
    earlier = {k: replace(row, values=dict.fromkeys(row.values)) for k, row in seen.rows.items() if k[1] < P}
    assert codes(replace(seen, rows={**seen.rows, **earlier})) == BEFORE


def pages(**changes: object) -> dict[str, ReceiptPage]:
    found = {name: page for _, name, page in receipt_pages(measures("2023-04"), is_demo=True)}
    return {name: replace(page, **changes) for name, page in found.items()}  # type: ignore[arg-type]


def words_of(page: ReceiptPage) -> str:
    """Everything a Word document says, without white space."""
    context, _ = page.document()
    document = docx.Document(BytesIO(render(TEMPLATES / "回执.docx", context, page.square)))
    return re.sub(r"\s", "", "".join(t.text or "" for t in document.element.body.iter(qn("w:t"))))


def printed(page: ReceiptPage, folder: Path) -> str:
    path = folder / "one.pdf"
    path.write_bytes(receipt_pdf(page))
    said = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout
    return re.sub(r"\s", "", said)


def test_both_formats_say_all_of_it(tmp_path: Path) -> None:
    page = pages()["530100_昆明市_回执"]
    word, pdf = words_of(page), printed(page, tmp_path)
    lines = [
        text for line in (*page.files, *page.states) for text in (line.first, line.second, line.third, line.fourth)
    ]
    said = (
        page.title,
        page.subject,
        page.intro,
        page.how,
        page.code_line,
        page.office,
        *page.notes,
        *page.places,
        *lines,
    )
    for text in said:
        plain = re.sub(r"\s", "", text)
        assert plain in word, text
        assert plain in pdf, text


def test_every_number_is_a_registered_figure() -> None:
    for page in pages().values():
        figures = " ".join(figure.text for figure in page.numbers.entries)
        for text in (page.intro, *page.notes):
            assert all(number in figures for number in NUMBER.findall(text)), text


def test_the_same_values_give_the_same_bytes() -> None:
    one, again = pages()["530400_玉溪市_回执"], pages()["530400_玉溪市_回执"]
    assert receipt_pdf(one) == receipt_pdf(again)
    assert one.square == again.square


def test_a_character_the_font_lacks_is_marked_and_said(tmp_path: Path) -> None:
    page = replace(pages()["530400_玉溪市_回执"], notes=("龘县附说明。",))
    assert "〓县附说明" in printed(page, tmp_path)
    assert "以同名Word文档为准" in printed(page, tmp_path)


def test_what_is_too_long_for_a_page_goes_on_to_the_next(tmp_path: Path) -> None:
    def count(page: ReceiptPage) -> int:
        (tmp_path / "n.pdf").write_bytes(receipt_pdf(page))
        told = subprocess.run(["pdfinfo", tmp_path / "n.pdf"], capture_output=True, text=True, check=True).stdout
        return int(re.findall(r"Pages:\s+(\d+)", told)[0])

    assert {count(page) for page in pages().values()} == {1}
    page = pages()["530400_玉溪市_回执"]
    assert count(replace(page, notes=page.notes * 12)) == 2


def test_the_square_says_whose_and_which_values() -> None:
    page = pages()["530100_昆明市_回执"]
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(square_png(page.slip))))
    slip = Slip.parse(found.text)
    assert slip == Slip(program="YN2022", period=P, unit=KUNMING, code=BEFORE[KUNMING])
    assert page.code_line == shown_code(BEFORE[KUNMING])
    assert Slip.parse(found.text + "X") is None
    assert Slip.parse("https://example.invalid/") is None


def test_without_signing_there_is_no_place_for_it(tmp_path: Path) -> None:
    m = measures("2023-04")
    quiet = replace(m, whole=replace(m.whole, sign_off=SignOff.OFF))
    page = next(page for code, _, page in receipt_pages(quiet, is_demo=False) if code == KUNMING)
    assert (page.places, page.slip, page.square) == ((), "", {})
    for said in (words_of(page), printed(page, tmp_path)):
        assert "签字" not in said
        assert f"校验码：{page.code_line}" in said


def test_a_programme_says_one_of_three(tmp_path: Path) -> None:
    path = new_workspace(tmp_path / "w").program / "program.yaml"
    text = path.read_text(encoding="utf-8")
    assert load_program(path.parent).sign_off is SignOff.ASKED
    path.write_text(text.replace("sign_off: asked", "sign_off: aksed"), encoding="utf-8")
    with pytest.raises(
        ProgramError, match="sign_off 的值“aksed”不在允许的范围（required、asked、off），是否想写 asked"
    ):
        load_program(path.parent)


def attached(name: str, prefecture: str = KUNMING) -> Act:
    return Act(
        kind=ActKind.ATTACH,
        period=P,
        prefecture_code=prefecture,
        file=f"{DAY}/某/{name}",
        reason="",
        who="",
        done_on=DAY,
    )


def test_documents_that_are_named_are_looked_for_among_those_that_came() -> None:
    m = measures("2023-04")
    mine = [one for one in m.proofs if one.unit.prefecture_code == KUNMING]
    assert {one.field.code for one in mine} >= {"K-8", "M03-3", "M07-3", "MP01-3"}
    assert not any(one.came for one in m.proofs)
    name = mine[0].name
    for written in (
        name,
        f"{name}.pdf",
        f" {name}.DOCX",
        name.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"}),
    ):
        found = proofs(m.program, m.known, [attached(written), attached(f"别的{name}"), attached(written, "530300")])
        came = {(one.unit.prefecture_code, one.name) for one in found if one.came}
        assert (KUNMING, name) in came, written
        assert {named for _, named in came} == {name}
    page = next(page for code, _, page in receipt_pages(m, is_demo=False) if code == KUNMING)
    (note,) = [note for note in page.notes if "证明材料" in note]
    assert note.startswith(f"报表写明的证明材料{len(mine)}份，尚未收到{len(mine)}份：")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("方案.pdf、会议纪要.docx", ["方案.pdf", "会议纪要.docx"]),
        ("《方案》；无", ["方案"]),
        ("无", []),
        (None, []),
        (3, []),
    ],
)
def test_a_cell_names_one_document_or_several(typed: Value, names: list[str]) -> None:
    known = measures("2023-04").known
    values = {KUNMING: {"MP01-3": typed}}
    one = replace(known, values=values, since={KUNMING: {"MP01-3": P}})
    assert [found.name for found in proofs(PROGRAM, one, ())] == names
