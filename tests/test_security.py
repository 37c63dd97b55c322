"""What stays where it belongs: other units' records, officers' names and numbers, and the dataset's files."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.exporting import export_files
from pipeline.looking import look
from pipeline.run import run
from pipeline.workbook.layout import COVER_INPUTS, COVER_SHEET
from pipeline.workspace import Workspace
from tests.builder import FIRST, SMALL, filled, new_workspace, own_key

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIOD, AS_OF = "2023-02", date(2023, 3, 14)
NAME, NUMBER = "欧阳测试员", "13987654321"
OTHER = "533300"


def with_cover(book: Any) -> None:
    """Name and number where the cover asks for them; and a row of somebody else's county on a sheet of ours."""
    cover = book[COVER_SHEET]
    for row in cover.iter_rows():
        for cell in row:
            if str(cell.value or "").strip("：: ") in COVER_INPUTS:
                cover.cell(cell.row, cell.column + 1).value = NUMBER if "电话" in str(cell.value) else NAME
    sheet = book["1.思想引领"]
    last = sheet.max_row + 1
    for col, value in enumerate(("533301", "泸水市", None, 99), 1):
        sheet.cell(last, col, value)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("security") / "w"
    new_workspace(folder)
    workspace = Workspace(root=folder)
    own_key(workspace)
    (workspace.inbox / "2023-03-03").mkdir(parents=True)
    content = filled(changes={(FIRST, "Q01-1"): "约5"}, touch=with_cover)
    assert NUMBER in "".join(texts("x.xlsx", content))  # it is there to be found
    (workspace.inbox / "2023-03-03" / "迪庆.xlsx").write_bytes(content)
    (workspace.inbox / "2023-03-03" / "怒江.xlsx").write_bytes(filled(prefecture_code=OTHER))
    run(workspace, PERIOD, AS_OF)
    return workspace


def texts(name: str, content: bytes) -> Iterator[str]:
    """Everything a file says, packed or not."""
    if name.endswith((".docx", ".xlsx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            yield from (package.read(one).decode("utf-8", "replace") for one in package.namelist())
    else:
        yield content.decode("utf-8", "replace")


def test_name_and_number_of_the_cover_go_nowhere_but_back(played: Workspace) -> None:
    outbox = played.root / "outbox"
    products = {p.relative_to(outbox).as_posix(): p.read_bytes() for p in outbox.rglob("*") if p.is_file()}
    products |= {f"导出/{name}": content for name, content in export_files(played, None, AS_OF).items()}
    found = {
        name for name, content in products.items() for text in texts(name, content) if NAME in text or NUMBER in text
    }
    assert found
    assert all("/退回/" in name and name.endswith(".xlsx") for name in found), found
    database = (played.dataset / "dataset.sqlite").read_bytes()
    assert NAME.encode() not in database
    assert NUMBER.encode() not in database


def test_a_return_changes_no_record_but_its_own_prefecture_s(played: Workspace) -> None:
    snapshot = look(played, PERIOD, AS_OF).snapshot
    row = snapshot.rows["A1", PERIOD, "533301"]
    assert row.values["Q01-1"] == 2
    assert snapshot.by_seq[row.seq].prefecture_code == OTHER
    for (_, _, unit), one in snapshot.rows.items():
        assert unit[:4] == snapshot.by_seq[one.seq].prefecture_code[:4]
    assert any(f.code == "ROW_OTHER_PREFECTURE" for s, f in snapshot.findings if s.prefecture_code == SMALL)


@pytest.mark.skipif(os.name != "posix", reason="文件权限按 POSIX 检查")
def test_the_dataset_is_its_owner_s_only(played: Workspace) -> None:
    kept = [p for p in (played.dataset / "files").rglob("*") if p.is_file()]
    assert kept
    for path in (*kept, played.dataset / "dataset.sqlite", played.key_file):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
