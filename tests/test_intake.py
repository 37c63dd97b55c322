"""Taking in on one processor, on worker processes and on a cluster: the same dataset, byte for byte, whatever dies on the way."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import zipfile
from datetime import date
from decimal import Decimal
from threading import Timer
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks.national import LEVELS, known_totals, make_program, make_returns
from pipeline.cli import main
from pipeline.domain.arrival import Arrival
from pipeline.engine.engines import InProcess, Pool
from pipeline.intake import take_in as intake
from pipeline.intake.inbox import read_inbox
from pipeline.intake.spool import Shelf, Shelved
from pipeline.intake.take_in import take_in
from pipeline.ledger.backup import copy_database
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.standing import numbers, seen_from
from pipeline.measures.rollup import roll_up
from pipeline.scale.cluster import Cluster, ClusterError
from pipeline.system.errors import ChangedError
from pipeline.workspace.campaign import load_campaign, open_store
from pipeline.workspace.paths import Workspace
from tests.cluster_parts import deadly_read, running_cluster, slow_read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.engine.engines import Engine
    from tests.cluster_parts import RunningCluster

DAY = date(2025, 4, 1)
FILES, CHUNK = 60, 4
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Any]:
    """A small country, all townships of which have returned a workbook, one in twelve of them faulty."""
    folder = tmp_path_factory.mktemp("nation") / "w"
    workspace = make_program(folder, provinces=2, prefectures=4, counties=8, townships=FILES)
    return workspace, make_returns(workspace, FILES, seed=7, one_in=12)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few returns are many here."""
    monkeypatch.setattr(intake, "BATCH", 9)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RunningCluster]:
    with running_cluster(2) as running:
        yield running


def taken(workspace: Workspace, folder: Path, on: Engine | None, *, sent: bool = False) -> dict[str, str]:
    """The dataset that taking in gives, in hashes: every table, every file kept, and the database itself."""
    campaign = load_campaign(workspace)
    store = open_store(Workspace(root=folder), campaign.program)
    try:
        take_in(campaign, store, read_inbox(workspace, DAY).arrivals, DAY, on=on, sent=sent)
        return content_of(store.database, folder)
    finally:
        store.close()


def content_of(database: Any, folder: Path) -> dict[str, str]:
    copy_database(database, folder / "copy.zip")
    with zipfile.ZipFile(folder / "copy.zip") as package:
        found = {n: hashlib.sha256(package.read(n)).hexdigest() for n in package.namelist() if n != "backup.json"}
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"VACUUM INTO '{folder / 'whole.sqlite'}'")
    return found | {"database": hashlib.sha256((folder / "whole.sqlite").read_bytes()).hexdigest()}


@pytest.fixture(scope="module")
def here(nation: tuple[Workspace, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Taken in in one process, in one batch."""
    return taken(nation[0], tmp_path_factory.mktemp("here"), InProcess())


@pytest.mark.parametrize("workers", [1, 3])
def test_worker_processes_give_the_same_dataset(
    nation: tuple[Workspace, Any], here: dict[str, str], tmp_path: Path, workers: int
) -> None:
    assert taken(nation[0], tmp_path, Pool(workers=workers, chunk=CHUNK)) == here


@linux
@pytest.mark.parametrize("sent", [True, False])
def test_a_cluster_gives_the_same_dataset(
    nation: tuple[Workspace, Any], here: dict[str, str], tmp_path: Path, cluster: RunningCluster, sent: bool
) -> None:
    """Files sent to it, or read by it from a disk both see."""
    with Cluster(cluster.address, chunk=CHUNK) as on:
        assert taken(nation[0], tmp_path, on, sent=sent) == here


@linux
def test_a_worker_killed_on_the_way_changes_nothing(
    nation: tuple[Workspace, Any], here: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "read_one", slow_read)
    with running_cluster(1) as running:
        doomed = running.add_worker()
        Timer(2.5, os.killpg, (doomed.pid, signal.SIGKILL)).start()
        with Cluster(running.address, chunk=CHUNK) as on:
            assert taken(nation[0], tmp_path, on, sent=True) == here
        assert doomed.poll() is not None


@linux
def test_a_lost_scheduler_leaves_nothing_half_written_and_the_next_run_makes_it_whole(
    nation: tuple[Workspace, Any], here: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, calls = load_campaign(nation[0]), list[int]()
    with running_cluster(1) as running, Cluster(running.address, chunk=CHUNK) as on:
        store = open_store(Workspace(root=tmp_path), campaign.program)
        add = store.add

        def then_gone(written: Any) -> list[int | None]:
            calls.append(len(written.entries))
            if len(calls) == 3:
                os.killpg(running.scheduler.pid, signal.SIGKILL)
            return add(written)

        monkeypatch.setattr(store, "add", then_gone)
        with pytest.raises(ClusterError, match="再运行一次"):
            take_in(campaign, store, read_inbox(nation[0], DAY).arrivals, DAY, on=on, sent=True)
        entries = store.submissions(DAY)
        assert 0 < len(entries) < FILES
        assert store.finished_files() == frozenset()
        store.close()
    assert taken(nation[0], tmp_path, InProcess()) == here


@pytest.mark.parametrize("engine", ["pool", "cluster"])
def test_a_poisonous_workbook_is_a_finding_and_its_neighbours_are_not(
    nation: tuple[Workspace, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(intake, "read_one", deadly_read)
    campaign, arrivals = load_campaign(nation[0]), list(read_inbox(nation[0], DAY).arrivals)
    store = open_store(Workspace(root=tmp_path), campaign.program)
    try:
        if engine == "pool":
            take_in(campaign, store, arrivals, DAY, on=Pool(workers=2, chunk=CHUNK))
        elif sys.platform == "linux":
            with Cluster(request.getfixturevalue("cluster").address, chunk=CHUNK) as on:
                take_in(campaign, store, arrivals, DAY, on=on, sent=True)
        dead = [s.file for s, f in take_snapshot(store, DAY).findings if f.code == "FILE_READER_DIED"]
        assert {one.sha256 for one in arrivals} <= store.blobs.names(), "what killed its reader is kept all the same"
    finally:
        store.close()
    assert sorted(dead) == sorted(one.name for one in arrivals if one.sha256.startswith("0"))
    assert 0 < len(dead) < FILES // 4


def test_whoever_has_thousands_takes_in_and_adds_up_by_command(nation: tuple[Workspace, Any]) -> None:
    workspace, known = nation
    flags = ("--project", str(workspace.root), "--as-of", DAY.isoformat())
    said = CliRunner().invoke(main, [*flags, "receive", "--workers", "2"])
    assert (said.exit_code, f"新收 {FILES} 份报送" in said.output) == (0, True), said.output
    assert not list(workspace.root.glob("outbox/*/manifest.json"))
    wanted = {
        (code, one): total for (level, code, one), total in known_totals(workspace, known).items() if level == LEVELS[1]
    }
    told = CliRunner().invoke(main, [*flags, "totals", "--level", LEVELS[1], "--json"])
    rows = json.loads(told.stdout)
    assert {
        (r["code"], r["field"]): (
            r["total"] if r["total"] is None else round(Decimal(r["total"]) * (100 if "." in str(r["total"]) else 1)),
            r["reported"],
            r["roster"],
        )
        for r in rows
    } == wanted
    text = CliRunner().invoke(main, [*flags, "totals"]).output
    assert "全国合计" in text
    assert f"/{FILES}" in text
    both = CliRunner().invoke(main, [*flags, "receive", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"])
    assert (both.exit_code, "只能写一个" in both.output) == (2, True), both.output
    wrong = CliRunner().invoke(main, [*flags, "totals", "--level", "村"])
    assert (wrong.exit_code, "没有叫“村”的一级" in wrong.output) == (2, True)


@pytest.mark.parametrize("workers", [None, 2])
def test_totals_are_the_known_ones_at_every_level(
    nation: tuple[Workspace, Any], tmp_path: Path, workers: int | None
) -> None:
    workspace, known = nation
    campaign = load_campaign(workspace)
    store = open_store(Workspace(root=tmp_path), campaign.program)
    try:
        take_in(
            campaign,
            store,
            read_inbox(workspace, DAY).arrivals,
            DAY,
            on=Pool(workers=workers, chunk=CHUNK) if workers else InProcess(),
        )
        units = sorted(unit.code for unit in campaign.program.reporters)
        chunks = numbers(store, seen_from(store, DAY), campaign.program.periods[0].code, units)
        frame = roll_up(campaign.program, chunks)
    finally:
        store.close()
    found = {
        (level, code, one): (None if pd.isna(total) else int(total), int(reported), int(roster))
        for level, code, one, total, reported, roster in frame.itertuples(index=False)
    }
    assert {key: found.get(key) for key in known_totals(workspace, known)} == known_totals(workspace, known)


def test_the_only_file_that_changed_since_it_was_listed_is_left(nation: tuple[Workspace, Any], tmp_path: Path) -> None:
    campaign, path = load_campaign(nation[0]), tmp_path / "inbox" / "表.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"before")
    one = Arrival(name="表.xlsx", path=path, sha256=hashlib.sha256(b"before").hexdigest(), received_on=DAY)
    store = open_store(Workspace(root=tmp_path / "w"), campaign.program)
    try:
        path.write_bytes(b"after")
        assert take_in(campaign, store, [one], DAY, on=InProcess()).changing == (one,)
        path.unlink()
        assert take_in(campaign, store, [one], DAY, on=InProcess()).changing == (one,)
        path.parent.rmdir()
        with pytest.raises(ChangedError, match="网络盘"):
            take_in(campaign, store, [one], DAY, on=InProcess())
        assert store.submissions(DAY) == ()
        assert store.finished_files() == frozenset()
    finally:
        store.close()


def test_a_shelf_gives_back_in_turn_what_was_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.intake.spool.IN_MEMORY", 64)  # most of it goes to the file
    days = [date(2023, 3, 1), date(2023, 3, 5)]
    put = [
        Shelved(
            period="2023-02", prefecture_code=code, received_on=day, admission=0, content=f"{code} {day}".encode() * 9
        )
        for code, day in (("b", days[1]), ("a", days[0]), ("b", days[0]), ("c", days[1]))
    ]
    with Shelf(tmp_path) as shelf:
        shelf.put(put[:2])
        shelf.put(put[2:])
        turns = [[shelf.content(place)[:12] for place in turn] for turn in shelf.turns("2023-02")]
        assert shelf.turns("2023-04") == []
    assert turns == [[b"b 2023-03-01", b"a 2023-03-01", b"c 2023-03-05"], [b"b 2023-03-05"]]


def test_one_respondents_returns_are_never_parted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(intake, "BATCH", 3)
    put = [
        Shelved(period="p", prefecture_code=code, received_on=DAY, admission=0, content=b"x") for code in "aabbbbbccd"
    ]
    with Shelf(tmp_path) as shelf:
        shelf.put(put)
        batches = [[one.prefecture_code for one in batch] for batch in intake.in_batches(shelf.turns("p")[0])]
    assert ["".join(batch) for batch in batches] == ["aabbbbb", "ccd"]
