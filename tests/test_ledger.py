"""A dataset that answers for itself: what a day's outbox was, what was withdrawn, what differs, and the whole of it as one file."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import inspect

from pipeline.cli import main
from pipeline.domain.state import State
from pipeline.intake.take_in import take_in
from pipeline.ledger.backup import copy_database, restore
from pipeline.ledger.history import sources_of
from pipeline.ledger.schema import HEAD
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.store import Store
from pipeline.office import acts
from pipeline.office.outbox import RETURNED_LATER
from pipeline.office.proof import verify
from pipeline.office.queries import look
from pipeline.office.run import run
from pipeline.office.tracing import history_of, printed_number
from pipeline.system.errors import BusyError, DatasetError, PipelineError
from pipeline.workspace.campaign import load_campaign, open_store
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, KEY, SMALL, arrival, filled, new_workspace, own_key, part_of_campaign, sent
from tests.server import new_database

if TYPE_CHECKING:
    from pathlib import Path

P1, P2 = "2022-12", "2023-02"
FIRST_RUN, SECOND_RUN = date(2023, 1, 16), date(2023, 3, 10)
C = part_of_campaign("A1", "P", "FP")


def put(workspace: Workspace, name: str, content: bytes) -> None:
    path = workspace.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def call(workspace: Workspace, *words: str, as_of: date = SECOND_RUN) -> Result:
    return CliRunner().invoke(main, ["--project", str(workspace.root), "--as-of", as_of.isoformat(), *words])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, bytes]]:
    """Two runs: a first return, then its correction and one that came late; and the outbox of the first run as it was."""
    folder = tmp_path_factory.mktemp("lived") / "w"
    new_workspace(folder)
    workspace = Workspace(root=folder)
    own_key(workspace)
    put(workspace, "2023-01-05/迪庆.xlsx", filled(P1, changes={(FIRST, "Q01-1"): 5, (FIRST, "Q03-1"): "约3"}))
    run(workspace, P1, FIRST_RUN, "张三")
    first = tree(workspace.outbox(P1))
    put(workspace, "2023-02-01/迪庆改.xlsx", filled(P1, changes={(FIRST, "Q01-1"): 9}))
    put(workspace, "2023-01-06/怒江迟放进来.xlsx", filled(P1, "533300"))
    run(workspace, P2, SECOND_RUN, "李四")
    return workspace, first


@pytest.fixture
def workspace(lived: tuple[Workspace, dict[str, bytes]], tmp_path: Path) -> Workspace:
    """A copy to spoil."""
    shutil.copytree(lived[0].root, tmp_path / "copy")
    return Workspace(root=tmp_path / "copy")


def test_the_outbox_of_a_day_is_made_again_from_the_ledger_alone(
    lived: tuple[Workspace, dict[str, bytes]], workspace: Workspace
) -> None:
    shutil.rmtree(workspace.inbox)
    workspace.inbox.mkdir()
    assert tree(workspace.outbox(P1)) != lived[1]
    result = call(workspace, as_of=FIRST_RUN)
    assert result.exit_code == 0, result.output
    made = tree(workspace.outbox(P1))
    assert made.keys() == lived[1].keys()
    assert [name for name in made if made[name] != lived[1][name]] == []


def test_looking_back_to_a_day_without_products_is_the_same_twice(workspace: Workspace) -> None:
    """Nothing was made on that day: what had been received by then counts, and looking enters nothing."""
    between = date(2023, 2, 3)
    made = []
    for _ in range(2):
        assert call(workspace, "--period", P1, as_of=between).exit_code == 0
        made.append(tree(workspace.outbox(P1)))
    assert made[0] == made[1]
    m = look(workspace, P1, between)
    assert m.reported == 7  # the late file too, though it was taken in only afterwards
    assert {act.done_on for act in m.snapshot.acts} == {FIRST_RUN}


def test_what_is_as_it_was_is_verified_and_what_is_not_is_named(workspace: Workspace) -> None:
    assert verify(workspace).faults == ()
    assert call(workspace, "verify").exit_code == 0
    brief = workspace.outbox(P1) / "工作简报.docx"
    brief.write_bytes(brief.read_bytes() + b" ")
    (workspace.outbox(P1) / "全省汇总.xlsx").unlink()
    with sqlite3.connect(workspace.dataset / "dataset.sqlite") as connection:
        connection.execute('update "form_A1" set "Q01-1" = 7 where county_code = ? and "Q01-1" = 9', (FIRST,))
    store = open_store(workspace, load_campaign(workspace).program)
    late = next(s for s in store.submissions(SECOND_RUN) if "怒江" in s.file)
    store.close()
    blob = workspace.dataset / "files" / late.sha256[:2] / late.sha256
    blob.chmod(0o600)
    blob.write_bytes(b"x" * blob.stat().st_size)
    faults = "\n".join(verify(workspace).faults)
    assert "怒江迟放进来.xlsx（报送序号" in faults
    assert "已不是收到时的内容" in faults
    assert "（Q01-1）：台账为“7”，应为“9”" in faults
    assert "工作简报.docx：与制作时不同" in faults
    assert "全省汇总.xlsx：底账里有，文件不见了" in faults
    assert len(faults.splitlines()) == 4
    result = call(workspace, "verify")
    assert result.exit_code == 1
    assert "不符 4 处" in result.output


def test_what_is_withdrawn_stands_no_more_until_it_is_reinstated(workspace: Workspace) -> None:
    def stands() -> object:
        m = look(workspace, P1, SECOND_RUN)
        return m.snapshot.rows["A1", P1, FIRST].values["Q01-1"], m.reported

    assert stands() == (9, 7)
    (number,) = [s.seq for s in look(workspace, P1, SECOND_RUN).snapshot.submissions if "迪庆改" in s.file]
    result = call(workspace, "withdraw", str(number), "--reason", "报错了表")
    assert result.exit_code == 0, result.output
    assert f"已撤回：报送序号 {number}，2023-02-01/迪庆改.xlsx" in result.output
    m = look(workspace, P1, SECOND_RUN)
    assert (
        m.snapshot.state(m.period, m.program.county_by_code[FIRST]) is State.RETURNED
    )  # only its first, bad return is left
    assert m.reported == 6
    assert [s.verdict for s in m.snapshot.submissions if s.seq == number] == ["WITHDRAWN"]
    with pytest.raises(PipelineError, match="已经撤回"):
        acts.withdraw(workspace, number, "再来", "张三", SECOND_RUN)
    told = "\n".join(history_of(workspace, "香格里拉市", SECOND_RUN))
    assert f"撤回 报送序号 {number}：报错了表" in told
    assert call(workspace, "reinstate", str(number), "--reason", "没有错").exit_code == 0
    assert stands() == (9, 7)
    for words in (
        ("withdraw", "99", "--reason", "无"),
        ("reinstate", str(number), "--reason", "无"),
        ("withdraw", str(number), "--reason", " "),
    ):
        result = call(workspace, *words)
        assert result.exit_code == 2
        assert "Traceback" not in result.output


ACTS = {
    "withdraw": ("withdraw", "2", "--reason", "报错了表"),
    "reinstate": ("reinstate", "1", "--reason", "没有错"),
    "close": ("close", "--period", P2, "--reason", "已上报"),
    "extend": ("extend", "怒江州", "--until", "2023-03-20", "--period", P2, "--reason", "来函申请"),
    "admit": ("admit", "仿.xlsx", "--as", "怒江州", "--reason", "电话核实"),
}


@pytest.mark.parametrize("act", ACTS)
def test_no_act_is_entered_under_a_day_that_only_a_wrong_clock_says(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    acts.withdraw(workspace, 1, "试", "张三", FIRST_RUN)
    campaign = load_campaign(workspace)
    store = open_store(workspace, campaign.program)
    take_in(replace(campaign, key=b"x" * 32), store, [arrival(filled(P1, "533300"), "仿.xlsx", FIRST_RUN)], FIRST_RUN)

    def entered() -> int:
        return len(store.acts(date.max))

    def by_the_clock(day: date) -> Result:
        monkeypatch.setattr("pipeline.cli.today", lambda: day)
        return CliRunner().invoke(main, ["--project", str(workspace.root), *ACTS[act]])

    before, day = entered(), date(2023, 3, 1)
    refused = by_the_clock(day)
    assert refused.exit_code == 2, refused.output
    assert f"今天按电脑的日期是 {day}，台账里却已有 {SECOND_RUN} 的记录" in refused.output
    assert entered() == before
    assert (by_the_clock(SECOND_RUN) if act == "close" else call(workspace, *ACTS[act], as_of=day)).exit_code == 0
    assert entered() > before
    store.close()


def test_history_tells_each_submission_and_what_it_changed(workspace: Workspace) -> None:
    lines = history_of(workspace, "香格里拉市", SECOND_RUN)
    text = "\n".join(lines)
    assert lines[0].startswith("2022年11—12月")
    assert "2023-01-05 收到 2023-01-05/迪庆.xlsx，报送序号 1：部分退回" in text
    assert "2023-02-01 收到 2023-02-01/迪庆改.xlsx" in text
    assert "问题：" in text
    assert "怒江" not in text
    assert len(history_of(workspace, "迪庆州", SECOND_RUN)) >= len(lines)
    assert call(workspace, "history", "没有的县").exit_code == 2


def test_a_number_of_a_document_is_traced_to_its_cells(workspace: Workspace) -> None:
    register = json.loads((workspace.outbox(P1) / "manifest.json").read_text(encoding="utf-8"))["figures"][
        "工作简报.docx"
    ]
    entry = next(one for one in register if one["measure"] == "Q01-1.total")
    told = printed_number(workspace, "工作简报.docx", entry["no"], P1, SECOND_RUN)
    assert told["text"] == entry["text"]
    assert sum(int(one["value"]) for one in told["sources"]) == int(told["text"].replace(",", ""))
    first = next(one for one in told["sources"] if one["who"].endswith("香格里拉市"))
    assert (first["file"], first["cell"], first["value"]) == ("2023-02-01/迪庆改.xlsx", "D7", "9")
    m = look(workspace, P1, SECOND_RUN)
    assert all(sources_of(m.program, m.snapshot, m.period, one["measure"])[0] for one in register)
    assert call(workspace, "trace", "工作简报.docx", str(entry["no"]), "--period", P1).exit_code == 0
    for words in (("工作简报.docx", "9999"), ("没有.docx", "1"), ("工作简报.docx", "甲")):
        assert call(workspace, "trace", *words, "--period", P1).exit_code == 2


def test_a_closed_period_is_kept_and_the_next_bulletin_says_what_moved(workspace: Workspace) -> None:
    acts.close(workspace, P1, "已上报", "张三", SECOND_RUN)
    kept = tree(workspace.outbox(P1))
    put(workspace, "2023-03-12/又改.xlsx", filled(P1, changes={(FIRST, "Q01-1"): 11}))
    later = date(2023, 3, 14)
    run(workspace, P2, later, "张三")
    assert [s.file for s in look(workspace, P2, later).snapshot.held] == ["2023-03-12/又改.xlsx"]
    acts.admit(workspace, "又改.xlsx", SMALL, None, "确需更正", "张三", later)
    outcome = run(workspace, P2, date(2023, 3, 15), "张三")
    assert [one.code for one in outcome.others] == [P1]
    beside = {name for name in tree(workspace.outbox(P1)) if name.startswith(f"{RETURNED_LATER}/")}
    assert {name.rsplit("/", 1)[-1] for name in beside} == {
        f"{SMALL}_迪庆州_回执.docx",
        f"{SMALL}_迪庆州_回执.pdf",
        f"{SMALL}_迪庆州_退回通知.docx",  # it asks why a value that stood was changed
        f"{SMALL}_迪庆州_2022年11—12月_退回5.xlsx",
        "manifest.json",
    }
    assert {name: content for name, content in tree(workspace.outbox(P1)).items() if name not in beside} == kept
    (correction,) = outcome.measures.corrections
    assert [(c.old, c.new) for c in correction.changes] == [(9, 11)]
    result = call(workspace, "--period", P1, as_of=date(2023, 3, 16))
    assert "2022年11—12月已封存：产品保持封存时的样子" in result.output
    assert {name: content for name, content in tree(workspace.outbox(P1)).items() if name not in beside} == kept


def test_what_a_closed_period_told_is_known_whatever_came_for_others_since(workspace: Workspace) -> None:
    put(workspace, "2023-03-13/二期.xlsx", filled(P2))
    run(workspace, P2, date(2023, 3, 14), "张三")  # the products of the first period are those of the tenth
    acts.close(workspace, P1, "已上报", "张三", date(2023, 3, 15))
    assert look(workspace, P2, date(2023, 3, 15)).corrections == ()


def test_a_backup_comes_back_whole_on_a_file_and_on_a_server(
    lived: tuple[Workspace, dict[str, bytes]], tmp_path: Path, url: str
) -> None:
    source = lived[0]
    result = call(source, "backup", str(tmp_path / "备份.zip"))
    assert result.exit_code == 0, result.output
    assert "已备份 3 份报送" in result.output
    program = load_campaign(source).program
    target = Store(tmp_path / "new", program, url=url, key=KEY)
    try:
        assert restore(target, tmp_path / "备份.zip") == 3
        assert take_snapshot(target, SECOND_RUN).rows == look(source, P1, SECOND_RUN).snapshot.rows
        with pytest.raises(DatasetError, match="不是空的"):
            restore(target, tmp_path / "备份.zip")
        copy_database(target.database, tmp_path / "again.zip", files=True, key=KEY)
    finally:
        target.close()
    back = Store(tmp_path / "back", program, key=KEY)
    assert restore(back, tmp_path / "again.zip") == 3  # and from a server to a file
    back.close()


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "d", C.program)
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(DatasetError, match="不是完好的备份"):
        restore(store, tmp_path / "x.zip")
    store.close()


def test_a_restored_workspace_makes_the_same_products(
    lived: tuple[Workspace, dict[str, bytes]], tmp_path: Path, workspace: Workspace
) -> None:
    call(lived[0], "backup", str(tmp_path / "备份.zip"))
    before = tree(workspace.outbox(P1))
    shutil.rmtree(workspace.dataset)
    shutil.rmtree(workspace.inbox)
    shutil.rmtree(workspace.root / "outbox")
    workspace.inbox.mkdir()
    result = call(workspace, "restore", str(tmp_path / "备份.zip"))
    assert result.exit_code == 0, result.output
    call(workspace, "--period", P1)
    assert tree(workspace.outbox(P1)) == before


def test_an_older_schema_is_upgraded_after_a_backup(tmp_path: Path) -> None:
    store = Store(tmp_path / "d", C.program)
    take_in(C, store, [arrival(sent(P2, of=C))], SECOND_RUN)
    store.close()
    with sqlite3.connect(tmp_path / "d" / "dataset.sqlite") as connection:  # as the first released schema was
        connection.execute("alter table acts drop column target")
        connection.execute("alter table acts drop column day")
        connection.execute("alter table submissions drop column placed")
        connection.execute("drop table alembic_version")
        connection.execute("drop table blobs")
        connection.execute("drop table chain")
        connection.execute("alter table files drop column seq")
        connection.execute("insert into meta values ('schema', '3')")
    with pytest.raises(DatasetError, match="请先运行一次 run-pipeline"):
        Store(tmp_path / "d", C.program, create=False)
    store = Store(tmp_path / "d", C.program)
    assert (tmp_path / "d" / "升级前_0001.zip").is_file()
    assert len(store.submissions(SECOND_RUN)) == 1
    assert store.acts(SECOND_RUN) == ()
    store.close()
    with sqlite3.connect(tmp_path / "d" / "dataset.sqlite") as connection:
        assert connection.execute("select version_num from alembic_version").fetchall() == [(HEAD,)]
    Store(tmp_path / "d", C.program, create=False).close()


def test_indices_of_an_older_schema_are_those_of_a_new_dataset(tmp_path: Path, url: str) -> None:
    old = Store(tmp_path / "old", C.program, url=url)
    new = indices(old)
    with old.engine.begin() as connection:  # as revision 0002 was
        connection.exec_driver_sql("alter table acts drop column day")
        connection.exec_driver_sql("alter table submissions drop column placed")
        connection.exec_driver_sql("drop index ix_submissions_prefecture_code")
        connection.exec_driver_sql("drop table chain")
        connection.exec_driver_sql("alter table files drop column seq")
        for name in ["records", *(table.name for table in old.tables.forms.values())]:
            connection.exec_driver_sql(f'drop index "ix_{name}_unit"')
            connection.exec_driver_sql(f'create index "ix_{name}_standing" on "{name}" (period, county_code)')
        connection.exec_driver_sql("update alembic_version set version_num = '0002'")
    assert indices(old) != new
    old.close()
    upgraded = Store(tmp_path / "old", C.program, url=url)
    assert (tmp_path / "old" / "升级前_0002.zip").is_file()
    assert indices(upgraded) == new
    assert {("records", ("county_code", "period")), ("submissions", ("prefecture_code",))} <= new
    upgraded.close()


def indices(store: Store) -> set[tuple[str, tuple[str | None, ...]]]:
    """Table and columns of every index."""
    known = inspect(store.engine)
    return {(name, tuple(one["column_names"])) for name in known.get_table_names() for one in known.get_indexes(name)}


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql+psycopg://u:secret@h/d", "不要写密码"),
        ("postgresql+psycopg://u@h/d?password=secret", "不要写密码"),
        ("mysql://u@h/d", "数据库地址|只支持"),
        ("sqlite:///x", "只支持"),
        ("随便写的", "不是数据库地址"),
    ],
)
def test_an_address_with_a_password_or_of_another_kind_is_refused(tmp_path: Path, address: str, told: str) -> None:
    with pytest.raises(DatasetError, match=told) as fault:
        Store(tmp_path, C.program, url=address)
    assert "secret" not in str(fault.value)


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="无法读写"):
        Store(tmp_path, C.program, url="postgresql+psycopg://u@127.0.0.1:1/d")


def test_two_offices_on_one_server_take_turns(server: str, tmp_path: Path) -> None:
    address = new_database(server, "shared")
    one, other = (Store(tmp_path / name, C.program, url=address) for name in ("甲", "乙"))
    with (
        one.held("张三，2023-03-10 09:00"),
        pytest.raises(BusyError, match="张三，2023-03-10 09:00"),
        other.held("李四"),
    ):
        pass
    with other.held("李四"):
        take_in(C, other, [arrival(sent(P2, of=C))], SECOND_RUN)
    assert len(one.submissions(SECOND_RUN)) == 1
    assert one.content(one.submissions(SECOND_RUN)[0].sha256)  # the bytes too, though another machine received them
    one.close()
    other.close()


def test_settings_say_where_the_dataset_is(server: str, tmp_path: Path) -> None:
    new_workspace(tmp_path / "w")
    workspace = Workspace(root=tmp_path / "w")
    own_key(workspace)
    (workspace.root / "settings.yaml").write_text(f"dataset: {new_database(server, 'office')}\n", encoding="utf-8")
    put(workspace, "2023-03-03/迪庆.xlsx", filled(P2))
    result = call(workspace, "--period", P2)
    assert result.exit_code == 0, result.output
    assert look(workspace, P2, SECOND_RUN).reported == 3
    assert not (workspace.dataset / "dataset.sqlite").exists()
    (workspace.root / "settings.yaml").write_text("datset: x\n", encoding="utf-8")
    result = call(workspace, "status")
    assert result.exit_code == 2
    assert "datset" in result.output


def test_without_the_driver_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatasetError, match=r"run-pipeline\[server\]"):
        Store(tmp_path, C.program, url="postgresql+psycopg://u@h/d")
