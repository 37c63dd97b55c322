# ruff: noqa: S608, E501 - SQL as somebody with the database's password types it
"""A ledger that proves it is whole: everything that can be done to it without the key is found, on either database."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from pipeline.ledger.blobs import FolderBlobs
from pipeline.ledger.chain import START, Link
from pipeline.ledger.linking import SEAL, entry_tables, read_links
from pipeline.ledger.tables import build_tables
from pipeline.office import acts
from pipeline.office.proof import verify
from pipeline.office.proof.differences import differences
from pipeline.office.proof.repair import repair
from pipeline.office.proof.replay import replay
from pipeline.products.manifest import sha256
from pipeline.workspace.campaign import load_campaign, open_store
from pipeline.workspace.paths import Workspace
from tests.faults import RUN, call, made_quick, new_office
from tests.server import find_server, new_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from pipeline.office.proof.ledger import Ledger
    from pipeline.office.proof.replay import Replayed
    from pipeline.workspace.campaign import Campaign

LATER = "2024-07-18"
FIRST, SECOND = "2024-03", "2024-06"
BY_ANOTHER = "王五"


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """What is asked twice with the same ledger and the same bytes is answered once."""
    known: dict[int, Replayed] = {}

    def remembered(current: Campaign, ledger: Ledger, kept: Any, tell: Any) -> Replayed:
        links = tuple(link for link in ledger.proven())
        there = tuple(kept.content(one.told["sha256"]) is not None for one in links if "sha256" in one.told)
        key = hash((links, there, repr(sorted(ledger.groups.items(), key=str))))
        if key not in known:
            known[key] = replay(current, ledger, kept, tell)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        made_quick(patch)
        patch.setattr("pipeline.office.proof.replay", remembered)
        patch.setattr("pipeline.office.proof.load_campaign", cache(load_campaign))
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A workspace to spoil."""

    workspace: Workspace

    @contextlib.contextmanager
    def database(self) -> Iterator[Connection]:
        """As somebody has it who has the password of the server, or the file."""
        store = open_store(self.workspace, load_campaign(self.workspace).program, create=False)
        try:
            with store.engine.begin() as connection:
                if store.database.is_server:
                    connection.exec_driver_sql(
                        "SET session_replication_role = replica"
                    )  # no key of another table holds
                else:
                    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                yield connection
        finally:
            store._sealing = False  # noqa: SLF001 - whoever tampers seals nothing
            store.close()

    def say(self, *lines: str) -> None:
        """SQL; it has to change something."""
        with self.database() as connection:
            for line in lines:
                assert connection.execute(text(line)).rowcount or line.startswith("CREATE"), line

    @property
    def faults(self) -> str:
        """What verifying says."""
        return "\n".join(verify(self.workspace).faults)

    def blob(self, sha256: str) -> Path:
        """Where bytes are kept beside a file of SQLite."""
        return self.workspace.dataset / "files" / sha256[:2] / sha256


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two periods; a return withdrawn and put back; the first period closed."""
    workspace = new_office(tmp_path_factory.mktemp("proof") / "w")
    (workspace.inbox / "2024-07-09" / "空.xlsx").write_bytes(b"")  # told as unread: an act, and no submission
    assert call(workspace, *RUN).exit_code == 0
    acts.withdraw(workspace, 1, "报错了表", "张三", date(2024, 7, 17))
    acts.withdraw(workspace, 1, "没有错", "张三", date(2024, 7, 17), again=True)
    acts.close(workspace, FIRST, "已上报", "李四", date(2024, 7, 17))
    assert verify(workspace).faults == ()
    return workspace


@pytest.fixture(scope="module")
def on_server(lived: Workspace, tmp_path_factory: pytest.TempPathFactory, server: str) -> tuple[Workspace, str]:
    """The same on a server, to which it was brought by a backup."""
    workspace = Workspace(root=tmp_path_factory.mktemp("server") / "w")
    shutil.copytree(lived.root, workspace.root, ignore=shutil.ignore_patterns("dataset"))
    backup = workspace.root / "b.zip"
    assert call(lived, "backup", str(backup)).exit_code == 0
    (workspace.root / "settings.yaml").write_text(f"dataset: {new_database(server, 'proof')}\n", encoding="utf-8")
    result = call(workspace, "--as-of", LATER, "restore", str(backup))
    assert result.exit_code == 0, result.output
    assert verify(workspace).faults == ()
    return workspace, server


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path, lived: Workspace) -> Office:
    """A copy of it, on each kind of database."""
    workspace = Workspace(root=tmp_path / "w")
    if request.param == "sqlite":
        shutil.copytree(lived.root, workspace.root)
        return Office(workspace=workspace)
    if find_server() is None:
        pytest.skip("没有 PostgreSQL 服务器程序")
    base, server = request.getfixturevalue("on_server")
    shutil.copytree(base.root, workspace.root)
    return Office(workspace=_copied(workspace, server, tmp_path.name))


def _copied(workspace: Workspace, server: str, name: str) -> Workspace:
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE proof STRATEGY file_copy'.encode())
    (workspace.root / "settings.yaml").write_text(f"dataset: {server}/{name}\n", encoding="utf-8")
    return workspace


# Everything that can be said to a database without the key

WITHDRAWAL = (
    "INSERT INTO acts (seq, kind, sha256, file, claimed_prefecture, claimed_period, prefecture_code, period, reason, who, done_on, target) "
    "VALUES (90, '{}', '', '', '', '', '', '{}', '核对有误', '王五', '2024-07-16', {})"
)
GONE = [
    f"DELETE FROM {name} WHERE seq = 3"
    for name in ("records", '"form_WQ"', '"form_WT"', '"form_FW"', '"form_FA"', "submissions")
]
TAMPERINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "a value": (('UPDATE "form_WQ" SET "WQ1-1" = 77 WHERE seq = 3 AND county_code = \'990102\'',), "应为“"),
    "a value taken away": (
        ('UPDATE "form_WQ" SET "WQ1-1" = NULL WHERE seq = 3 AND county_code = \'990102\'',),
        "台账为“空”",
    ),
    "typed text": (
        ('UPDATE "form_WQ" SET typed = \'{"WQ1-1": "约9"}\' WHERE seq = 3 AND county_code = \'990102\'',),
        "原文",
    ),
    "nil": (("UPDATE \"form_WQ\" SET nil = NOT nil WHERE seq = 3 AND county_code = '990102'",), "零报告"),
    "not applicable": (
        ("UPDATE \"form_WQ\" SET not_applicable = 'WQ1-1' WHERE seq = 3 AND county_code = '990102'",),
        "不适用",
    ),
    "the row of the sheet": (('UPDATE "form_WQ" SET sheet_row = 99 WHERE seq = 3',), "行："),
    "a row deleted": (("DELETE FROM \"form_WQ\" WHERE seq = 3 AND county_code = '990102'",), "这一行不见了"),
    "a row given to another": (
        ("UPDATE \"form_WQ\" SET county_code = '990199' WHERE seq = 3 AND county_code = '990102'",),
        "多出这一行",
    ),
    "a row moved to another period": (("UPDATE \"form_WQ\" SET period = '2024-03' WHERE seq = 3",), "报送期"),
    "a state": (("UPDATE records SET state = 'ACCEPTED' WHERE seq = 4 AND county_code = '992322'",), "应为“RETURNED”"),
    "a record deleted": (("DELETE FROM records WHERE seq = 4 AND county_code = '992322'",), "县级记录"),
    "a record invented": (
        ("INSERT INTO records (seq, county_code, period, state) VALUES (4, '992399', '2024-06', 'ACCEPTED')",),
        "多出",
    ),
    "a finding deleted": (("DELETE FROM findings WHERE seq = 4",), "问题"),
    "how grave a finding is": (("UPDATE findings SET severity = 'info' WHERE seq = 4",), "应为“critical”"),
    "what a finding says": (("UPDATE findings SET found = '5' WHERE seq = 4",), "实际"),
    "a finding invented": (
        (
            "INSERT INTO findings SELECT seq, 9, code, severity, sheet, cell, county_code, field, rule, found, expected, fix FROM findings WHERE seq = 4",
        ),
        "多出",
    ),
    "the day of receipt": (("UPDATE submissions SET received_on = '2024-07-01' WHERE seq = 4",), "收到日期"),
    "the day it was taken in": (("UPDATE submissions SET taken_on = '2024-07-01' WHERE seq = 4",), "收取日期"),
    "a verdict": (("UPDATE submissions SET verdict = 'ACCEPTED' WHERE seq = 4",), "结论"),
    "why": (("UPDATE submissions SET reason = '' WHERE seq = 4",), "理由"),
    "whose file": (("UPDATE submissions SET file = '2024-07-08/别的.xlsx' WHERE seq = 4",), "文件"),
    "whose it is": (("UPDATE submissions SET prefecture_code = '990200' WHERE seq = 4",), "州（市）"),
    "of which period": (("UPDATE submissions SET period = '2024-03' WHERE seq = 4",), "报送期"),
    "from which column": (("UPDATE submissions SET columns = '{}' WHERE seq = 4",), "列"),
    "another file's bytes": (
        ("UPDATE submissions SET sha256 = (SELECT sha256 FROM submissions WHERE seq = 2) WHERE seq = 4",),
        "原件",
    ),
    "by whose word": (("UPDATE submissions SET admission = 1 WHERE seq = 4",), "认定"),
    "a whole submission deleted": (tuple(GONE), "数据里已没有"),
    "a whole submission deleted with its link": (
        (*GONE, "DELETE FROM chain WHERE kind = 'SUBMISSION' AND seq = 3"),
        "缺少第9条",
    ),
    "all of it deleted": (
        (
            *GONE,
            "DELETE FROM chain WHERE kind = 'SUBMISSION' AND seq = 3",
            "DELETE FROM files WHERE file LIKE '%07-05/东湖.xlsx'",
        ),
        "缺少第9条",
    ),
    "a period closed by nobody": ((WITHDRAWAL.format("CLOSE", SECOND, 0),), "王五"),
    "a return withdrawn by nobody": ((WITHDRAWAL.format("WITHDRAW", SECOND, 3),), "不是本程序写的"),
    "who": (("UPDATE acts SET who = '王五' WHERE kind = 'CLOSE'",), "经办人"),
    "the reason of an act": (("UPDATE acts SET reason = '误封' WHERE kind = 'CLOSE'",), "理由"),
    "the day of an act": (("UPDATE acts SET done_on = '2024-07-09' WHERE kind = 'CLOSE'",), "日期"),
    "what an act is about": (("UPDATE acts SET target = 3 WHERE kind = 'WITHDRAW'",), "报送序号"),
    "an act deleted": (("DELETE FROM acts WHERE kind = 'REINSTATE'",), "恢复"),
    "that products were made": (("DELETE FROM acts WHERE kind = 'TELL' AND period = '2024-06'",), "制作产品"),
    "when a file was noted": (("UPDATE files SET received_on = '2024-07-01' WHERE file LIKE '%白河%'",), "收文登记"),
    "a noted file deleted": (("DELETE FROM files WHERE file LIKE '%白河%'",), "收文登记"),
    "a noted file invented": (
        ("INSERT INTO files (sha256, file, received_on, seq) VALUES ('00', '甲.xlsx', '2024-07-01', 11)",),
        "收文登记",
    ),
    "a link's day": (("UPDATE chain SET day = '2024-07-01' WHERE no = 9",), "台账第9条"),
    "a link's facts": (
        ("UPDATE chain SET facts = REPLACE(facts, '李四', '王五') WHERE kind = 'CLOSE'",),
        "不是本程序用这里的签发密钥写的",
    ),
    "a link's signature": (("UPDATE chain SET signature = '' WHERE no = 9",), "台账第9条"),
    "a link's hash": (("UPDATE chain SET hash = content WHERE no = 9",), "台账第9条"),
    "a link deleted": (("DELETE FROM chain WHERE no = 9",), "缺少第9条"),
    "two links exchanged": (
        (
            "UPDATE chain SET no = 99 WHERE no = 9",
            "UPDATE chain SET no = 9 WHERE no = 10",
            "UPDATE chain SET no = 10 WHERE no = 99",
        ),
        "台账第9—10条",
    ),
    "the whole chain deleted": (("DELETE FROM chain",), "封签"),
    "whose dataset it is, deleted": (("DELETE FROM meta WHERE key = 'program'",), "没有写属于哪个专项工作"),
    "something said of the dataset": (
        ("INSERT INTO meta (key, value) VALUES ('note', '已核')",),
        "数据表 meta 里多出“note”",
    ),
    "a second revision": (("INSERT INTO alembic_version (version_num) VALUES ('0001')",), "版本号应为"),
    "a table": (("CREATE TABLE spare (x TEXT)",), "多出数据表“spare”"),
    "a view": (("CREATE VIEW spare AS SELECT seq FROM records",), "多出视图“spare”"),
}


LABELS = {
    "whose dataset it is": ("UPDATE meta SET value = 'other' WHERE key = 'program'", "数据集属于专项工作 other"),
    "an older revision": ("UPDATE alembic_version SET version_num = '0005'", "版本号（0005）被改过"),
    "no revision": ("DELETE FROM alembic_version", "版本号（空）被改过"),
    "a word for a revision": ("UPDATE alembic_version SET version_num = 'x'", "版本号（x）被改过"),
}


@pytest.mark.parametrize("what", LABELS)
def test_a_dataset_that_says_it_is_another_is_opened_by_nobody(office: Office, what: str) -> None:
    line, told = LABELS[what]
    office.say(line)
    for words in (("verify",), ()):
        result = call(office.workspace, "--as-of", LATER, *words)
        assert (result.exit_code, told in result.output) == (2, True), result.output


def test_a_trigger_that_would_change_what_is_written_is_found(office: Office) -> None:
    if (office.workspace.root / "settings.yaml").exists():
        office.say(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER spare BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION f()",
        )
    else:
        office.say("CREATE TRIGGER spare AFTER INSERT ON records BEGIN UPDATE records SET state = 'NIL'; END")
    assert "多出触发器“spare”" in office.faults


@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_done_to_the_database_is_found(office: Office, what: str) -> None:
    lines, told = TAMPERINGS[what]
    office.say(*lines)
    assert told in office.faults, office.faults


def test_every_column_that_may_be_told_has_a_name_for_staff(lived: Workspace) -> None:
    program = load_campaign(lived).program
    tables = build_tables(program).metadata.tables
    names = (*entry_tables(tables), "acts", "files")
    told = [
        line
        for name in names
        for column in (one.name for one in tables[name].columns)
        if column != "seq"
        for line in differences(program, {name: [{column: "1"}]}, {name: [{column: "2"}]})
    ]
    changed = [line.split("：台账为")[0].split(" ")[-1] for line in told if "台账为" in line]
    assert changed
    assert [word for word in changed if word.isascii()] == []


def linked_anew(office: Office, change: Callable[[list[Link]], list[Link]]) -> None:
    """The chain written by somebody who knows how it is made, and has no key."""
    with office.database() as connection:
        links, _ = read_links(connection)
        made, before = [], START
        for no, link in enumerate(change(links), 1):
            fields = {
                name: getattr(link, name) for name in ("kind", "seq", "together", "day", "facts", "counts", "content")
            }
            new = Link(no=no, **fields).closed(before, b"some other key")
            made.append(new)
            before = new.hash
        connection.execute(text("DELETE FROM chain"))
        for one in made:
            columns = ("no", "kind", "seq", "together", "day", "facts", "counts", "content", "hash", "signature")
            marks = ", ".join(f":{name}" for name in columns)
            connection.execute(text(f"INSERT INTO chain VALUES ({marks})"), {n: getattr(one, n) for n in columns})


def test_a_chain_linked_anew_without_the_key_is_found(office: Office) -> None:
    office.say("DELETE FROM acts WHERE kind = 'REINSTATE'")
    linked_anew(office, lambda links: [link for link in links if link.kind != "REINSTATE"])
    assert "签发密钥" in office.faults


def test_two_histories_written_with_one_key_are_not_mixed(lived: Workspace, tmp_path: Path) -> None:
    """A backup restored elsewhere and worked on: each of its links is signed, and none belongs into the other's chain."""
    mine, other = (Office(workspace=Workspace(root=tmp_path / name)) for name in ("mine", "other"))
    for one, target in ((mine, 3), (other, 4)):
        shutil.copytree(lived.root, one.workspace.root)
        acts.withdraw(one.workspace, target, "报错了", "张三", date(2024, 7, 18))
        acts.withdraw(one.workspace, target, "没有错", "张三", date(2024, 7, 18), again=True)
    with contextlib.closing(sqlite3.connect(mine.workspace.dataset / "dataset.sqlite")) as connection, connection:
        connection.execute("ATTACH ? AS other", (str(other.workspace.dataset / "dataset.sqlite"),))
        seq = connection.execute("SELECT seq FROM chain WHERE no = 20").fetchone()
        connection.execute("REPLACE INTO chain SELECT * FROM other.chain WHERE no = 20")
        connection.execute("REPLACE INTO acts SELECT * FROM other.acts WHERE seq = ?", seq)
    assert "台账第21条（2024-07-18，恢复）接的不是现在的第20条" in mine.faults
    assert repair(mine.workspace) == []


def cut(office: Office) -> str:
    """The second period's run cut off, as if it had never been; the seal that was written down before."""
    word = verify(office.workspace).word
    tables = ("records", '"form_WQ"', '"form_WT"', '"form_FW"', '"form_FA"', "findings", "submissions")
    office.say(
        *(f"DELETE FROM {name} WHERE seq > 1" for name in tables),
        "DELETE FROM acts WHERE seq > 2",
        "DELETE FROM files WHERE seq > 4",
        "DELETE FROM chain WHERE no > 7",
    )
    return word


def test_a_tail_cut_off_is_found_by_whatever_is_left(office: Office) -> None:
    """By the seal; without it by a manifest; without either by what was written down."""
    word, seal = cut(office), office.workspace.dataset / SEAL
    assert "末尾被截去" in office.faults
    seal.unlink()
    faults = office.faults
    assert "台账封签不见了" in faults
    assert f"{SECOND}/manifest.json：制作时台账有第12条" in faults
    assert repair(office.workspace) == []  # nothing is proven, and no seal is made over it
    assert not seal.exists()
    shutil.rmtree(office.workspace.root / "outbox")
    store = open_store(office.workspace, load_campaign(office.workspace).program)
    store._seal()  # noqa: SLF001 - the best that could be forged, even with the program at hand
    store.close()
    faults = "\n".join(verify(office.workspace, head=word).faults)
    assert "抄下的封签是第19条的，台账只到第7条" in faults
    assert call(office.workspace, "verify", "--head", "12-ABC").exit_code == 2


@pytest.mark.parametrize("what", ["changed", "deleted", "exchanged", "the program as it was"])
def test_bytes_that_are_not_what_was_received_are_found(office: Office, what: str) -> None:
    with office.database() as connection:
        kept = {row.seq: row.sha256 for row in connection.execute(text("SELECT seq, sha256 FROM submissions"))}
        used = json.loads(connection.execute(text("SELECT facts FROM chain WHERE kind = 'PROGRAM'")).scalar_one())
    server = (office.workspace.root / "settings.yaml").exists()
    one, other = kept[3], kept[4]
    if server:
        office.say(
            *{
                "changed": (f"UPDATE blobs SET content = '\\x00' WHERE sha256 = '{one}'",),
                "deleted": (f"DELETE FROM blobs WHERE sha256 = '{one}'",),
                "exchanged": (
                    f"UPDATE blobs SET sha256 = 'x' WHERE sha256 = '{one}'",
                    f"UPDATE blobs SET sha256 = '{one}' WHERE sha256 = '{other}'",
                    f"UPDATE blobs SET sha256 = '{other}' WHERE sha256 = 'x'",
                ),
                "the program as it was": (f"UPDATE blobs SET content = '\\x00' WHERE sha256 = '{used['sha256']}'",),
            }[what]
        )
    else:
        a, b = office.blob(one), office.blob(other)
        content = a.read_bytes(), b.read_bytes()
        {
            "changed": partial(a.write_bytes, content[0][:-1] + b"x"),
            "deleted": a.unlink,
            "exchanged": lambda: (a.write_bytes(content[1]), b.write_bytes(content[0])),
            "the program as it was": partial(office.blob(used["sha256"]).write_bytes, b""),
        }[what]()  # type: ignore[operator]
    assert ("启用的专项定义" if what.startswith("the program") else "2024-07-05/东湖.xlsx（报送序号 3") in office.faults
    if not what.startswith("the program"):
        repair(office.workspace)  # they still lie in the inbox
        assert office.faults == ""


def _edit(path: Path, old: str, new: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")


def _rewritten(outbox: Path) -> None:
    """A product changed, and the manifest made to say so."""
    content = json.loads((outbox / "manifest.json").read_bytes())
    (outbox / "工作简报.docx").write_bytes(b"forged")
    content["outputs"]["工作简报.docx"] = sha256(b"forged")
    (outbox / "manifest.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _number_given(dataset: Path) -> None:
    with contextlib.closing(sqlite3.connect(dataset / "dataset.sqlite")) as connection, connection:
        connection.execute(WITHDRAWAL.format("CLOSE", SECOND, 0))
        connection.execute("DELETE FROM acts WHERE seq = 90")


def _label_gone(dataset: Path) -> None:
    with contextlib.closing(sqlite3.connect(dataset / "dataset.sqlite")) as connection, connection:
        connection.execute("DELETE FROM meta")


SPOILT: dict[
    str, tuple[Callable[[Path], object], str, bool]
] = {  # what is done to the workspace; what is told; put back
    "a product": (lambda w: _edit(w / "outbox" / SECOND / "index.html", "东湖", "西湖"), "与制作时不同", True),
    "a product deleted": (lambda w: (w / "outbox" / SECOND / "逾期县清单.xlsx").unlink(), "文件不见了", True),
    "a file added": (
        lambda w: (w / "outbox" / SECOND / "图表" / "甲.png").write_bytes(b"x"),
        "制作以后放进来的",
        False,
    ),
    "a manifest made to fit": (lambda w: _rewritten(w / "outbox" / SECOND), "签名不符", True),
    "a manifest deleted": (
        lambda w: (w / "outbox" / SECOND / "manifest.json").unlink(),
        "底账 manifest.json 不见了",
        True,
    ),
    "a manifest spoilt": (lambda w: (w / "outbox" / SECOND / "manifest.json").write_text("[]"), "底账读不出", True),
    "a period's folder deleted": (lambda w: shutil.rmtree(w / "outbox" / SECOND), "产品不见了", True),
    "a folder of no period": (lambda w: (w / "outbox" / "汇总").mkdir(), "不是本程序的产品", False),
    "a workbook added to those sent": (
        lambda w: (w / "outbox" / SECOND / "下发" / "甲.xlsx").write_bytes(b"x"),
        "不是本程序下发的",
        False,
    ),
    "a workbook sent": (
        lambda w: next((w / "outbox" / SECOND / "下发").glob("*.xlsx")).write_bytes(b"x"),
        "与下发时不同",
        False,
    ),
    "the seal deleted": (lambda w: (w / "dataset" / SEAL).unlink(), "台账封签不见了", True),
    "the seal changed": (
        lambda w: _edit(w / "dataset" / SEAL, '"no": 19', '"no": 18'),
        "台账封签不是用这里的签发密钥签的",
        True,
    ),
    "a rule": (
        lambda w: _edit(next((w / "expectations").glob("WQ.json")), "critical", "warning"),
        "WQ.json：与台账第2条",
        False,
    ),
    "the program": (
        lambda w: _edit(w / "program" / "counties.csv", "石桥县", "石板县"),
        "counties.csv：与台账第2条",
        False,
    ),
    "a template": (
        lambda w: (w / "templates" / "docx" / "工作简报.docx").write_bytes(b"x"),
        "工作简报.docx：与台账第2条",
        False,
    ),
    "bytes nobody received": (
        lambda w: FolderBlobs(w / "dataset" / "files").keep(sha256(b"x"), b"x"),
        "台账没有写过收到它",
        False,
    ),
    "a file beside the dataset": (
        lambda w: (w / "dataset" / "甲.txt").write_bytes(b"x"),
        "甲.txt：不是本程序写的",
        False,
    ),
    "a file among the bytes": (
        lambda w: (w / "dataset" / "files" / "甲").write_bytes(b"x"),
        "甲：不是本程序写的",
        False,
    ),
    "a number given and taken back": (lambda w: _number_given(w / "dataset"), "acts 编到第", True),
    "a label taken away": (lambda w: _label_gone(w / "dataset"), "没有写属于哪个专项工作", True),
    "the key": (lambda w: (w / "issue.key").write_text("ab" * 32), "不是写这份台账的那一把", False),
    "the key gone": (lambda w: (w / "issue.key").unlink(), "没有签发密钥", False),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_was_done_to_the_workspace_is_found(lived: Workspace, tmp_path: Path, what: str) -> None:
    workspace = Workspace(root=tmp_path / "w")
    shutil.copytree(lived.root, workspace.root)
    spoil, told, put_back = SPOILT[what]
    spoil(workspace.root)
    faults = "\n".join(verify(workspace).faults)
    assert told in faults, faults
    if put_back:
        assert repair(workspace)
        assert verify(workspace).faults == ()


def test_what_is_proven_is_put_back_and_what_nobody_entered_is_moved_out(office: Office) -> None:
    mendable = (
        "a value",
        "nil",
        "a row deleted",
        "a state",
        "a finding invented",
        "a period closed by nobody",
        "who",
        "an act deleted",
        "a noted file deleted",
        "a return withdrawn by nobody",
    )
    before = _tables(office)
    office.say(
        *(line.replace("(90", f"({90 + n}") for n, what in enumerate(mendable) for line in TAMPERINGS[what][0]),
        *GONE,
    )
    assert office.faults
    done = "\n".join(repair(office.workspace))
    assert "已改回：报送序号 3" in done
    assert "已移出：操作第" in done
    assert BY_ANOTHER in done
    assert office.faults == ""
    assert _tables(office) == before
    assert (office.workspace.dataset / "修复前_1.zip").is_file()


def _tables(office: Office) -> dict[str, list[str]]:
    with office.database() as connection:
        names = ("submissions", "records", "findings", "acts", "files", "form_WQ", "form_FW", "chain")
        return {name: sorted(map(str, connection.execute(text(f'SELECT * FROM "{name}"')))) for name in names}


def test_a_run_takes_again_what_lies_in_the_inbox_and_is_gone_from_the_ledger(office: Office) -> None:
    office.say(*GONE)
    result = call(office.workspace, "--as-of", LATER)
    assert result.exit_code == 0, result.output
    assert "重新收取：2024-07-05/东湖.xlsx" in result.output
    assert "东湖市\t3/3" in result.output
    found = verify(office.workspace)
    assert found.faults == ()
    assert any("数据被删过；已于第" in line for line in found.notes)
    assert "重新收取" not in call(office.workspace, "--as-of", LATER).output


# A backup


def spoilt_backup(path: Path, to: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """A backup in which something was changed."""
    with ZipFile(path) as package:
        files = {name: package.read(name) for name in package.namelist()}
    change(files)
    with ZipFile(to, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    return to


def _about(files: dict[str, bytes], change: Callable[[dict[str, Any]], object]) -> None:
    about = json.loads(files["backup.json"])
    change(about)
    files["backup.json"] = json.dumps(about).encode()


def _without_rows(files: dict[str, bytes]) -> None:
    lines = files["tables/records.jsonl"].split(b"\n")
    files["tables/records.jsonl"] = b"\n".join(lines[3:])


def _without_rows_and_told_so(files: dict[str, bytes]) -> None:
    _without_rows(files)
    _about(files, lambda about: about["rows"].update(records=about["rows"]["records"] - 3))


def _one_byte(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.startswith("files/"))
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])


SPOILT_BACKUPS: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "the key of the workspace": (lambda f: f.update({"files/../issue.key": b"ab" * 32}), "不该有的文件"),
    "a file outside": (lambda f: f.update({"files/../../x": b"x"}), "不该有的文件"),
    "a table outside": (lambda f: f.update({"tables/../x.jsonl": b"{}\n"}), "不该有的文件"),
    "a name that is no hash": (lambda f: f.update({"files/" + "0" * 63 + "g": b"x"}), "不该有的文件"),
    "rows cut": (_without_rows, "数据表 records 应有"),
    "a value": (
        lambda f: f.update({"tables/records.jsonl": f["tables/records.jsonl"].replace(b"RETURNED", b"ACCEPTED")}),
        "内容被改过",
    ),
    "a table left out": (lambda f: f.pop("tables/findings.jsonl"), "缺少或多出数据表"),
    "a file left out": (lambda f: f.pop(next(n for n in f if n.startswith("files/"))), "缺少1个原件"),
    "bytes of a file": (_one_byte, "内容被改过"),
    "numbers made to fit": (_without_rows_and_told_so, "签发密钥"),
    "no signature": (lambda f: _about(f, lambda a: a.pop("signature")), "--unsigned"),
    "a column that is code": (
        lambda f: _about(f, lambda a: a["types"]["records"].update({'x" TEXT); --': "TEXT"})),
        "签发密钥",
    ),
    "half of it": (lambda f: f.pop("backup.json"), "不是完好的备份"),
}


@pytest.fixture(scope="module")
def backup(lived: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the office."""
    path = tmp_path_factory.mktemp("backup") / "b.zip"
    result = call(lived, "backup", str(path))
    assert result.exit_code == 0, result.output
    assert "台账封签 19-" in result.output
    again = call(lived, "backup", str(path))
    assert (again.exit_code, "已经有了，没有备份" in again.output) == (2, True)
    assert call(lived, "backup", "--overwrite", str(path)).exit_code == 0
    return path


@pytest.mark.parametrize("what", SPOILT_BACKUPS)
def test_of_a_spoilt_backup_nothing_is_written(lived: Workspace, backup: Path, tmp_path: Path, what: str) -> None:
    change, told = SPOILT_BACKUPS[what]
    spoilt = spoilt_backup(backup, tmp_path / "spoilt.zip", change)
    workspace = Workspace(root=tmp_path / "w" / "w")
    shutil.copytree(lived.root, workspace.root, ignore=shutil.ignore_patterns("dataset", "outbox", "inbox"))
    before = {p for p in tmp_path.rglob("*") if "dataset" not in p.parts}
    key = workspace.key_file.read_text()
    result = call(workspace, "restore", str(spoilt))
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert {p for p in tmp_path.rglob("*") if "dataset" not in p.parts} == before
    assert workspace.key_file.read_text() == key
    assert not (workspace.dataset / "files").exists()
    store = open_store(workspace, load_campaign(workspace).program, create=False)
    assert store.submissions(date.max) == ()
    store.close()


def test_a_whole_backup_comes_back_as_it_was(lived: Workspace, backup: Path, tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path / "w")
    shutil.copytree(lived.root, workspace.root, ignore=shutil.ignore_patterns("dataset"))
    assert call(workspace, "restore", str(backup)).exit_code == 0
    assert verify(workspace).faults == ()
    assert _tables(Office(workspace=workspace)) == _tables(Office(workspace=lived))
    assert not list(workspace.dataset.glob(".恢复中*"))


# A run that was killed, another key, an older dataset


def test_a_seal_that_lags_behind_is_no_fault(office: Office) -> None:
    """Killed between the ledger and the seal; the next run puts it right."""
    seal = office.workspace.dataset / SEAL
    old = seal.read_bytes()
    acts.withdraw(office.workspace, 4, "报错了", "张三", date(2024, 7, 18))
    newer = seal.read_bytes()
    assert newer != old
    seal.write_bytes(old)
    assert office.faults == ""
    store = open_store(office.workspace, load_campaign(office.workspace).program)
    store.close()
    assert seal.read_bytes() == newer


def test_another_key_answers_for_what_the_old_one_signed(office: Office) -> None:
    office.workspace.key_file.unlink()
    result = call(office.workspace, *RUN[:1], LATER, "issue", "--new-key", "--period", "2024-09")
    assert result.exit_code == 0, result.output
    assert office.faults == ""
    office.say(*TAMPERINGS["who"][0])
    assert "经办人" in office.faults
    office.say("UPDATE chain SET facts = REPLACE(facts, '李四', '王五') WHERE kind = 'CLOSE'")
    assert "不是本程序用这里的签发密钥写的" in office.faults


def _without_kept_programs(office: Office) -> None:
    """Before there was a chain, programs were not kept."""
    with office.database() as connection:
        received = set(connection.execute(text("SELECT sha256 FROM submissions")).scalars())
        connection.execute(text("DELETE FROM blobs WHERE sha256 NOT IN (SELECT sha256 FROM submissions)"))
    for path in office.workspace.dataset.glob("files/*/*"):
        if path.name not in received:
            path.unlink()


def test_a_dataset_from_before_there_was_a_chain_is_chained_when_it_is_upgraded(office: Office) -> None:
    _without_kept_programs(office)
    office.say("DELETE FROM chain")
    with office.database() as connection:
        connection.execute(text("DROP TABLE chain"))
        connection.execute(text("ALTER TABLE files DROP COLUMN seq"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    (office.workspace.dataset / SEAL).unlink()
    shutil.rmtree(office.workspace.root / "outbox")
    store = open_store(office.workspace, load_campaign(office.workspace).program)
    store.close()
    assert [line for line in verify(office.workspace).faults if "产品不见了" not in line] == []
    office.say(*TAMPERINGS["a value"][0])
    assert "（WQ1-1）：台账为“77”" in office.faults


def test_any_byte_of_any_cell_file_or_manifest(lived: Workspace, tmp_path: Path) -> None:
    """Thirty places by chance, the same each time; each is told."""
    dice = random.Random(15)  # noqa: S311 - a test
    workspace = Workspace(root=tmp_path / "w")
    shutil.copytree(lived.root, workspace.root)
    assert [what for what in (_tampered(workspace, dice) for _ in range(30)) if what] == []


def _tampered(workspace: Workspace, dice: random.Random) -> str:
    """Change one thing, look, and put it back; what it was if nobody said a word."""
    if dice.random() < 0.5:
        files = [
            p
            for folder in ("outbox", "dataset/files", "program", "expectations")
            for p in (workspace.root / folder).rglob("*")
            if p.is_file()
        ]
        path = dice.choice(sorted(files))
        content = path.read_bytes()
        place = dice.randrange(len(content)) if content else 0
        path.write_bytes(
            content[:place] + bytes([(content[place] + 1 + dice.randrange(255)) % 256]) + content[place + 1 :]
            if content
            else b"x"
        )
        told = _told(workspace)
        path.write_bytes(content)
        return "" if told else str(path)
    database = workspace.dataset / "dataset.sqlite"
    content = database.read_bytes()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        names = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        table = dice.choice([n for n in names if connection.execute(f'SELECT 1 FROM "{n}"').fetchone()])
        column = dice.choice([row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')])
        row = dice.choice([r[0] for r in connection.execute(f'SELECT rowid FROM "{table}"')])
        old = connection.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', (row,)).fetchone()[0]
        new = (
            old + 1000
            if isinstance(old, int)
            else 7
            if old is None
            else old[:-1] + chr(ord(old[-1]) ^ 1)
            if old
            else "x"
        )
        with contextlib.suppress(sqlite3.IntegrityError):  # what the database refuses needs nobody to find it
            connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (new, row))
        if connection.total_changes == 0:
            return ""
    told = _told(workspace)
    for left in workspace.dataset.glob("dataset.sqlite*"):
        left.unlink()
    database.write_bytes(content)
    return "" if told else f"{table}.{column}: {old!r} → {new!r}"


def _told(workspace: Workspace) -> bool:
    result = call(workspace, "--as-of", LATER, "verify")
    assert "Traceback" not in result.output
    assert "程序内部错误" not in result.output, result.output
    return result.exit_code != 0
