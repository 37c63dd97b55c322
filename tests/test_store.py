"""The dataset: append-only, idempotent, all or nothing, and clear when it cannot be used."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.domain.state import State
from pipeline.intake.take_in import take_in
from pipeline.ledger.backup import copy_database
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.store import Store
from pipeline.system.errors import DatasetError
from tests import builder
from tests.builder import FIRST, SECOND, THIRD, arrival, part_of_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.ledger.snapshot import Snapshot
    from pipeline.ledger.writing import Written

FORMS = ("A1", "A2", "A3", "A4")
C = part_of_campaign(*FORMS)  # what is looked at below; rules take their time
P2 = C.program.period_by_code["2023-02"]
DAY = date(2023, 3, 14)


def filled(*args: Any, **more: Any) -> bytes:
    return builder.filled(*args, forms=FORMS, **more)


@pytest.fixture
def store(tmp_path: Path, url: str) -> Iterator[Store]:
    """On a file, and on a server."""
    one = Store(tmp_path / "dataset", C.program, url=url)
    yield one
    one.close()


def snap(store: Store, day: date = DAY) -> Snapshot:
    return take_snapshot(store, day)


def value(store: Store, county: str, field: str, form: str = "A1") -> object:
    return snap(store).rows[form, "2023-02", county].values[field]


def dump(store: Store) -> dict[str, bytes]:
    """Every table but those that list names and their links, row by row."""
    path = store.folder.parent / "dump.zip"
    copy_database(store.database, path, again=True)
    with zipfile.ZipFile(path) as package:
        return {
            name: package.read(name)
            for name in package.namelist()
            if name not in {"tables/files.jsonl", "tables/chain.jsonl", "backup.json"}
        }


def test_what_was_accepted_can_be_traced_to_its_cell(store: Store) -> None:
    content = filled(changes={(FIRST, "Q01-1"): "5场", (SECOND, "Q01-1"): "约5"})
    take_in(C, store, [arrival(content)], DAY)
    shot = snap(store)
    origin = shot.origin("A1", "2023-02", FIRST, "Q01-1")
    assert origin is not None
    assert (origin.file, origin.sheet, origin.cell, origin.raw) == ("报表.xlsx", "1.思想引领", "D7", "5场")
    assert value(store, FIRST, "Q01-1") == 5
    assert shot.state(P2, C.program.county_by_code[SECOND]) is State.RETURNED
    assert ("A1", "2023-02", SECOND) not in shot.rows
    assert store.content(shot.submissions[0].sha256) == content
    assert store.blobs.names() == {shot.submissions[0].sha256}


def test_the_same_bytes_are_a_no_op_under_any_name(store: Store) -> None:
    content = filled()
    take_in(C, store, [arrival(content, "甲.xlsx"), arrival(content, "乙.xlsx")], DAY)
    before = dump(store)
    assert take_in(C, store, [arrival(content, "丙.xlsx")], DAY).seqs == ()
    assert dump(store) == before
    assert len(snap(store).submissions) == 1
    assert [c.file for c in snap(store).copies] == ["丙.xlsx", "甲.xlsx"]


def test_looking_makes_no_dataset(tmp_path: Path) -> None:
    one = Store(tmp_path / "dataset", C.program, create=False)
    assert snap(one).submissions == ()
    assert one.finished_files() == frozenset()
    one.close()
    assert list(tmp_path.iterdir()) == []


def test_a_correction_supersedes_only_what_it_fills(store: Store) -> None:
    take_in(C, store, [arrival(filled())], DAY)
    a1 = C.program.form_by_code["A1"]
    others = {(FIRST, f.code): None for form in C.program.forms if form != a1 for f in form.fields_in(P2)}
    fixed = filled(changes=others | {(FIRST, "Q01-1"): 9}, empty=frozenset({SECOND, THIRD}))
    take_in(C, store, [arrival(fixed, "改.xlsx", date(2023, 3, 9))], DAY)
    assert (value(store, FIRST, "Q01-1"), value(store, SECOND, "Q01-1"), value(store, FIRST, "Q16-1", "A4")) == (
        9,
        2,
        2,
    )


def test_an_older_file_arriving_later_never_wins(store: Store) -> None:
    take_in(C, store, [arrival(filled(changes={(FIRST, "Q01-1"): 9}), "新.xlsx", date(2023, 3, 9))], DAY)
    take_in(C, store, [arrival(filled(), "旧.xlsx", date(2023, 3, 3))], DAY)
    assert value(store, FIRST, "Q01-1") == 9
    assert len(snap(store).submissions) == 2


def test_original_and_correction_in_one_run(store: Store) -> None:
    files = [
        arrival(filled(changes={(FIRST, "Q01-1"): 9}), "改.xlsx", date(2023, 3, 9)),
        arrival(filled(), "原.xlsx", date(2023, 3, 3)),
    ]
    take_in(C, store, files, DAY)
    assert value(store, FIRST, "Q01-1") == 9
    assert snap(store, date(2023, 3, 5)).rows["A1", "2023-02", FIRST].values["Q01-1"] == 2


def test_an_interrupted_run_converges(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = [
        arrival(filled("2022-12"), "一.xlsx", date(2023, 1, 5)),
        arrival(filled(), "二.xlsx"),
        arrival(b"", "空.xlsx"),
    ]
    whole = Store(tmp_path / "whole", C.program)
    take_in(C, whole, files, DAY)
    add = Store.add
    calls: list[int] = []

    def once(self: Store, written: Written) -> list[int | None]:
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return add(self, written)

    monkeypatch.setattr(Store, "add", once)
    with pytest.raises(KeyboardInterrupt):
        take_in(C, store, files, DAY)
    monkeypatch.undo()
    take_in(C, store, files, DAY)
    assert dump(store) == dump(whole)


def test_a_file_that_cannot_be_placed_is_kept_and_listed(store: Store) -> None:
    take_in(C, store, [arrival(b"<html>", "网页.xls")], DAY)
    (one,) = snap(store).submissions
    assert (one.verdict, one.reason, one.period) == ("RETURNED", "是网页，不是电子表格", "")
    assert [f.code for _, f in snap(store).findings] == ["FILE_HTML"]


def test_not_applicable_and_dates_survive(store: Store) -> None:
    take_in(C, store, [arrival(filled(changes={(FIRST, "Q07-3"): "不适用", (FIRST, "Q09-2"): "不适用"}))], DAY)
    rows = snap(store).rows
    assert rows["A2", "2023-02", FIRST].values["Q07-3"] == "不适用"
    assert rows["A3", "2023-02", FIRST].values["Q09-2"] == "不适用"
    assert rows["A4", "2023-02", FIRST].values["Q15-1t"] == date(2023, 2, 18)


def test_foreign_newer_and_broken_databases_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    with sqlite3.connect(foreign / "dataset.sqlite") as connection:
        connection.execute("create table something (x)")
    with pytest.raises(DatasetError, match="不是本程序的数据集"):
        Store(foreign, C.program)
    Store(tmp_path / "newer", C.program).close()
    with sqlite3.connect(tmp_path / "newer" / "dataset.sqlite") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(DatasetError, match="请升级程序"):
        Store(tmp_path / "newer", C.program)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "dataset.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DatasetError, match="无法读写"):
        Store(broken, C.program)
    shutil.rmtree(broken)


def test_a_nil_tick_carries_what_came_earlier_in_the_same_run(store: Store) -> None:
    """Taken in one run or in two, the later file is judged against the earlier one."""
    files = [
        arrival(filled("2022-12"), "一.xlsx", date(2023, 1, 5)),
        arrival(filled(changes={(FIRST, "Q01-1"): 9}), "二.xlsx", date(2023, 3, 2)),
        arrival(filled(nil=frozenset({FIRST})), "三.xlsx", date(2023, 3, 3)),
    ]
    take_in(C, store, files, DAY)
    assert value(store, FIRST, "Q01-1") == 9


def test_one_content_under_names_that_read_alike_does_not_stop_a_run(store: Store) -> None:
    content = filled()
    take_in(C, store, [arrival(content, "中.xlsx"), arrival(content, "中.xlsx")], DAY)
    assert len(snap(store).submissions) == 1


def test_sheets_of_a_county_that_never_became_whole_set_no_floor(store: Store) -> None:
    part = filled("2022-12", changes={(FIRST, "Q01-1"): 50}, touch=lambda book: book.remove(book.worksheets[4]))
    take_in(C, store, [arrival(part, "缺.xlsx", date(2023, 1, 5))], DAY)
    take_in(C, store, [arrival(filled(), "全.xlsx")], DAY)
    assert value(store, FIRST, "Q01-1") == 2
