"""A later file that changes what stands: why is what the ledger knows or the officer wrote, asked for where nobody did."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.domain.entries import NO_REASON
from pipeline.office.run import returned_copies
from pipeline.products.returned_copy import returned_workbook
from pipeline.program.layout import PROBLEM_SHEET, REASON_KEY, REMARK
from tests.builder import FIRST, SECOND, SMALL
from tests.test_lists import CODES, DAY, NEXT, P2, C, Office, made, problem, touched, with_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.domain.findings import Finding

CHANGES = {"CHANGED", "CHANGED_UNEXPLAINED"}
FIELD = "Q01-1"
LATER = date(2023, 3, 8)
MOVED = f"“{C.program.field_by_code[FIELD].title}”2 → 9"
NINE = {("A1", FIRST, FIELD): 9}
SLIP = {("A1", FIRST, REMARK): "笔误"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


def asked(found: list[Finding]) -> list[tuple[str, str, str, str]]:
    return [(f.code, f.county_code, f.found, f.fix) for f in found if f.code in CHANGES]


def why(desk: Office) -> list[str]:
    """Why each value reads otherwise than before, in the order of the ledger."""
    return [change.why for one in desk.snapshot.revisions for change in one.changes]


def test_without_a_reason_it_is_asked_for_and_taken_from_the_returned_copy(desk: Office) -> None:
    assert asked(desk.take(made(P2.code))) == []
    (question,) = asked(desk.take(made(P2.code, changes=NINE), NEXT))
    assert question[:3] == ("CHANGED_UNEXPLAINED", FIRST, MOVED)
    assert "请在同一行“备注”格写明改动的原因；不影响接收" in question[3]
    assert why(desk) == [NO_REASON]
    (copy,) = returned_copies(C, desk.store, desk.snapshot, P2)

    def answer(book: Any) -> None:
        for row in book[PROBLEM_SHEET].iter_rows():
            for reason, key in pairwise(row):
                if key.value == f"{REASON_KEY} {FIRST}|A1":
                    reason.value = "漏计了七场"

    assert asked(desk.take(touched(returned_workbook(copy), answer), LATER)) == [
        ("CHANGED", FIRST, MOVED, "说明：漏计了七场")
    ]
    assert why(desk) == ["说明：漏计了七场"]
    assert list(returned_copies(C, desk.store, desk.snapshot, P2)) == []


def test_what_the_row_says_is_the_reason_and_what_it_said_before_is_none(desk: Office) -> None:
    desk.take(made(P2.code, changes={("A1", SECOND, REMARK): "由县总报来"}))
    both = NINE | {("A1", SECOND, FIELD): 9, ("A1", SECOND, REMARK): "由县总报来"}
    found = desk.take(made(P2.code, changes=both | SLIP), NEXT)
    assert [(code, unit, fix) for code, unit, _, fix in asked(found) if code == "CHANGED"] == [
        ("CHANGED", FIRST, "说明：笔误")
    ]
    assert [unit for code, unit, _, _ in asked(found) if code != "CHANGED"] == [SECOND]


def test_after_a_return_it_is_said_so_and_nothing_is_asked(desk: Office) -> None:
    desk.take(made(P2.code))
    desk.take(made(P2.code, changes={("A1", FIRST, FIELD): "约9"}), NEXT)
    assert asked(desk.take(made(P2.code, changes=NINE | SLIP), LATER)) == [
        ("CHANGED", FIRST, MOVED, "退回后改报；说明：笔误")
    ]
    assert why(desk) == ["退回后改报；说明：笔误"]


def test_what_was_warned_of_is_changed_for_that(desk: Office) -> None:
    """Of an entry of a list, known by its number; one that is new needs no reason."""
    far, near = date(2123, 6, 30), date(2023, 6, 30)
    desk.take(with_list(problem(due_on=far)))
    mended = problem(due_on=near, entry=f"{SMALL}-001")
    (told,) = asked(desk.take(with_list(mended, problem("德钦县", "新增的一个问题，没有问过")), NEXT))
    assert told[0] == "CHANGED"
    assert told[2:] == (
        f"“{C.program.field_by_code[CODES['due_on']].title}”{far} → {near}",
        "按“请核对”的提示改报",
    )
    assert why(desk) == ["按“请核对”的提示改报", "新增的一条"]


def test_the_same_again_and_an_older_file_ask_nothing(desk: Office) -> None:
    desk.take(made(P2.code, changes=NINE), NEXT)
    assert asked(desk.take(made(P2.code, changes=NINE | SLIP), LATER)) == []
    assert asked(desk.take(made(P2.code), DAY)) == []
