"""What stays where it belongs: other units' records, officers' names and numbers, and the dataset's files."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import zipfile
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.ledger.store import Store
from pipeline.office.exporting import export_files
from pipeline.office.queries import look
from pipeline.office.run import run
from pipeline.program.identity import STAMP_WORD
from pipeline.program.layout import COVER_INPUTS, COVER_SHEET
from pipeline.system.errors import DatasetError
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, SMALL, filled, new_workspace, own_key, part_of_campaign
from tests.server import as_documented, of_role, said_as

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

PERIOD, AS_OF = "2023-02", date(2023, 3, 14)
NAME, NUMBER = "欧阳测试员", "13987654321"
OTHER = "533300"
LIST = "逾期县清单.xlsx"


def signed(book: Any, name: str = NAME, number: str | int = NUMBER) -> None:
    """Name and number where the cover asks for them."""
    cover = book[COVER_SHEET]
    for row in cover.iter_rows():
        for cell in row:
            if str(cell.value or "").strip("：: ") in COVER_INPUTS:
                beside = cover.cell(cell.row, cell.column + 1, number if "电话" in str(cell.value) else name)
                beside.data_type = "s" if isinstance(beside.value, str) else beside.data_type


def with_cover(book: Any) -> None:
    """A cover that is filled in, and a row of somebody else's county on a sheet of ours."""
    signed(book)
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


def naming(workspace: Workspace) -> dict[str, list[str]]:
    """Every product and every table of the export in which the cover's name or number stands, and its parts that do."""
    outbox = workspace.root / "outbox"
    products = {p.relative_to(outbox).as_posix(): p.read_bytes() for p in outbox.rglob("*") if p.is_file()}
    products |= {f"导出/{name}": content for name, content in export_files(workspace, None, AS_OF).items()}
    found = {
        name: [one for one in texts(name, content) if NAME in one or NUMBER in one]
        for name, content in products.items()
    }
    return {name: some for name, some in found.items() if some}


def test_name_and_number_of_the_cover_go_nowhere_but_back(played: Workspace) -> None:
    found = naming(played)
    assert found
    assert all("/退回/" in name and name.endswith(".xlsx") for name in found), found.keys()
    assert "填报联系人" not in openpyxl.load_workbook(played.outbox(PERIOD) / LIST).sheetnames
    database = (played.dataset / "dataset.sqlite").read_bytes()
    assert NAME.encode() not in database
    assert NUMBER.encode() not in database


@pytest.fixture(scope="module")
def asked(played: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same office with the setting on; since then its 迪庆州 sent a part whose cover is blank, and 昆明市 a hostile one."""
    root = tmp_path_factory.mktemp("asked") / "w"
    shutil.copytree(played.root, root)
    workspace = Workspace(root=root)
    (root / "settings.yaml").write_text("officer_contacts: true\n", encoding="utf-8")
    (workspace.inbox / "2023-03-10").mkdir()
    for name, content in (
        ("迪庆补.xlsx", filled(changes={(FIRST, "Q01-1"): 7})),
        (
            "昆明.xlsx",
            filled(prefecture_code="530100", touch=lambda book: signed(book, "=1+1\n" + "赵" * 99, 13800000000)),
        ),
        ("曲靖自制.xlsx", forged("530300")),
    ):
        (workspace.inbox / "2023-03-10" / name).write_bytes(content)
    run(workspace, PERIOD, AS_OF)
    return workspace


def forged(prefecture_code: str) -> bytes:
    """A return whose stamps this office never signed: held, and nobody's until staff say so."""

    def touch(book: Any) -> None:
        signed(book, "冒名人")
        for cell in (cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row):
            if isinstance(cell.value, str) and STAMP_WORD in cell.value:
                cell.value = re.sub("[0-9a-f]{20}", "0" * 20, cell.value)

    return filled(prefecture_code=prefecture_code, touch=touch)


def contacts(workspace: Workspace) -> dict[str, tuple[Any, ...]]:
    """州（市） → its row of the sheet."""
    sheet = openpyxl.load_workbook(workspace.outbox(PERIOD) / LIST)["填报联系人"]
    return {str(row[1]): row[2:] for row in sheet.iter_rows(min_row=4, values_only=True)}


def test_asked_for_they_stand_on_one_sheet_and_nowhere_else(asked: Workspace) -> None:
    found = naming(asked)
    assert {name for name in found if "/退回" not in name} == {f"{PERIOD}/{LIST}"}
    book = openpyxl.load_workbook(asked.outbox(PERIOD) / LIST)
    named = [s.title for s in book for row in s.iter_rows(values_only=True) if NAME in row or NUMBER in row]
    assert named == ["填报联系人"]
    database = (asked.dataset / "dataset.sqlite").read_bytes()
    assert NAME.encode() not in database
    assert NUMBER.encode() not in database


def test_whom_to_call_is_who_signed_last(asked: Workspace) -> None:
    rows = contacts(asked)
    assert len(rows) == 16
    owed, name, number, day, source = rows["迪庆州"]  # the part that names nobody leaves it to the return before
    assert (owed, name, number, day.date()) == (0, NAME, NUMBER, date(2023, 3, 3))
    assert source.endswith("2023-03-03/迪庆.xlsx")
    owed, name, number, day, _ = rows["怒江州"]
    assert (name, number, day.date()) == ("未填", "未填", date(2023, 3, 3))
    assert rows["玉溪市"] == (9, "没有可用的报表", "—", "—", "—")
    assert rows["曲靖市"][1] == "没有可用的报表"  # what is held is not known to be theirs
    _, name, number, _, _ = rows["昆明市"]
    assert (name, number) == (("=1+1 " + "赵" * 99)[:40], "13800000000")
    sheet = openpyxl.load_workbook(asked.outbox(PERIOD) / LIST)["填报联系人"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_as_of_an_earlier_day_whom_to_call_is_whom_it_was(asked: Workspace, tmp_path: Path) -> None:
    shutil.copytree(asked.root, tmp_path / "w")
    workspace = Workspace(root=tmp_path / "w")
    before = (workspace.outbox(PERIOD) / LIST).read_bytes()
    shutil.rmtree(workspace.inbox)
    workspace.inbox.mkdir()
    run(workspace, PERIOD, date(2023, 3, 9))
    assert contacts(workspace)["昆明市"][1] == "没有可用的报表"
    run(workspace, PERIOD, AS_OF)
    assert (workspace.outbox(PERIOD) / LIST).read_bytes() == before


def test_the_setting_is_yes_or_no(workspace: Workspace) -> None:
    (workspace.root / "settings.yaml").write_text("officer_contacts: 是\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["--project", str(workspace.root), "issue"])
    assert result.exit_code == 2
    assert "settings.yaml 第1行：officer_contacts 的值“是”不对，应为true/false" in result.output


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


# A shared server: each role may do what docs/security.md says, and no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """An office whose dataset is on a server."""

    address: str
    workspace: Workspace

    def call(self, role: str, *words: str) -> Result:
        """A command of somebody who connects as a role."""
        (self.workspace.root / "settings.yaml").write_text(
            f"dataset: {of_role(self.address, role)}\n", encoding="utf-8"
        )
        return CliRunner().invoke(main, ["--project", str(self.workspace.root), "--as-of", AS_OF.isoformat(), *words])


@pytest.fixture(scope="module")
def shared(server: str, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Made as documented, and run once by staff."""
    workspace = new_workspace(tmp_path_factory.mktemp("shared") / "w")
    own_key(workspace)
    office = Shared(address=server, workspace=workspace)
    later = as_documented(server)
    too_early = office.call("report_reader", "status")
    assert (too_early.exit_code, "没有所需的权限" in too_early.output) == (2, True), too_early.output
    result = office.call("report_owner", "issue", "--prefecture", "迪庆州")
    assert result.exit_code == 0, result.output
    said_as(server, "report_owner", later)
    (workspace.inbox / "2023-03-03").mkdir()
    (workspace.inbox / "2023-03-03" / "迪庆.xlsx").write_bytes(filled())
    result = office.call("report_staff")
    assert result.exit_code == 0, result.output
    assert "新收 1 份报送" in result.output
    return office


def outbox(workspace: Workspace) -> dict[str, bytes]:
    folder = workspace.root / "outbox"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_reader_may_look_at_everything(shared: Shared, tmp_path: Path) -> None:
    for words, told in (
        (("status",), "迪庆州\t3/3"),
        (("overdue",), "逾期县 126 个"),
        (("trace", FIRST, "Q01-1"), "2023-03-03/迪庆.xlsx › 1.思想引领 › D7"),
        (("history", "迪庆州"), "2023-03-03/迪庆.xlsx"),
        (("check", str(shared.workspace.inbox / "2023-03-03" / "迪庆.xlsx")), "迪庆州"),
        (("verify",), "都与台账和底账相符"),
        (("backup", str(tmp_path / "b.zip")), "已备份 1 份报送"),
        (("export", str(tmp_path / "out")), "已导出"),
    ):
        result = shared.call("report_reader", *words)
        assert result.exit_code == 0, (words, result.output)
        assert told in result.output, (words, result.output)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("close", "--period", "2022-12", "--reason", "试试"),
        ("withdraw", "1", "--reason", "试试"),
        ("admit", "迪庆.xlsx", "--as", "迪庆州", "--reason", "试试"),
        ("restore", "b.zip"),
    ],
)
def test_a_reader_enters_nothing_and_is_told_so(shared: Shared, words: tuple[str, ...], tmp_path: Path) -> None:
    before = outbox(shared.workspace)
    if words[:1] == ("restore",):
        shared.call("report_reader", "backup", str(tmp_path / "b.zip"))
        words = ("restore", str(tmp_path / "b.zip"))
    result = shared.call("report_reader", *words)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "这个数据库账号没有所需的权限。只能查看的账号不能运行" in result.output
    assert "denied" not in result.output
    assert outbox(shared.workspace) == before
    assert "迪庆州\t3/3" in shared.call("report_reader", "status").output


@pytest.mark.parametrize("table", ["submissions", "acts", "records", "findings", "form_A1", "blobs", "files", "chain"])
def test_staff_can_neither_change_nor_delete_what_is_in_the_ledger(shared: Shared, table: str) -> None:
    import psycopg  # noqa: PLC0415 - only where there is a server

    column = {"records": "state", "form_A1": "nil", "acts": "reason", "findings": "found", "chain": "facts"}.get(
        table, "sha256"
    )
    for act in (
        "DELETE FROM {0}",
        "TRUNCATE {0}",
        "DROP TABLE {0}",
        "UPDATE {0} SET {1} = {1}",
        "CREATE TABLE mine (x int)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            said_as(shared.address, "report_staff", [act.format(f'"{table}"', f'"{column}"')])


def test_what_staff_may_do_they_can(shared: Shared) -> None:
    for words in (
        ("close", "--period", "2022-12", "--reason", "已上报"),
        ("withdraw", "1", "--reason", "报错"),
        ("reinstate", "1", "--reason", "没有错"),
        ("issue", "--prefecture", "迪庆州"),
    ):
        result = shared.call("report_staff", *words)
        assert result.exit_code == 0, result.output


def test_a_sheet_that_is_added_is_made_by_the_owner_and_then_open_to_all(shared: Shared, tmp_path: Path) -> None:
    program = part_of_campaign("A1", "P").program
    addresses = {role: of_role(shared.address, f"report_{role}") for role in ("staff", "reader", "owner")}
    for role in ("staff", "reader"):
        with pytest.raises(DatasetError, match="请用建表的账号"):
            Store(tmp_path, program, url=addresses[role])
    Store(tmp_path, program, url=addresses["owner"]).close()
    for role in ("staff", "reader"):
        store = Store(tmp_path, program, url=addresses[role], create=False)
        assert store.accepted(AS_OF).lists == {}
        store.close()


def test_offices_take_turns_by_the_command_line(shared: Shared) -> None:
    """The workspace's own lock knows of one computer only; the server's lock knows of all."""
    campaign = load_campaign(shared.workspace)
    other = Store(shared.workspace.dataset, campaign.program, url=of_role(shared.address, "report_staff"))
    with other.held("张三，2023-03-14 09:00"):
        result = shared.call("report_staff")
        assert (result.exit_code, "张三，2023-03-14 09:00" in result.output) == (3, True), result.output
        assert shared.call("report_reader", "status").exit_code == 0
    other.close()
    assert shared.call("report_staff", "issue", "--prefecture", "迪庆州").exit_code == 0
