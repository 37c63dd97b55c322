"""Putting back what the chain and the bytes prove; nothing is invented, and what is taken out is kept."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

from pipeline.intake.first_round import registry
from pipeline.ledger.backup import copy_database
from pipeline.ledger.database import told
from pipeline.ledger.labels import labels_put_back
from pipeline.ledger.linking import drop_rows, entry_names, put_entry, table_there
from pipeline.ledger.snapshot import take_snapshot
from pipeline.measures.period import measure_period
from pipeline.office.ingredients import made_from, officer_contacts
from pipeline.office.making import make_reports
from pipeline.office.outbox import RETURNED_LATER, write_products
from pipeline.office.proof import verify
from pipeline.office.proof.outbox import made_on
from pipeline.office.proof.replay import Kept
from pipeline.office.run import returned_copies
from pipeline.reading.containers.members import MAX_PACKED
from pipeline.reading.guard import content_of
from pipeline.system.progress import quiet
from pipeline.workspace.campaign import load_campaign, open_store, published_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.ledger.store import Store
    from pipeline.office.proof import Proof
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace


def repair(workspace: Workspace, progress: Progress = quiet) -> list[str]:
    """Put back what is proven.

    Returns:
        What was done, a line each.
    """
    campaign, proof = load_campaign(workspace), verify(workspace, progress)
    if not proof.faults:
        return []
    done: list[str] = []
    with closing(open_store(workspace, campaign.program)) as store, Kept(store, workspace) as kept:
        if proof.proven or proof.extra:
            done += _entries(store, proof)
        done += _bytes(store, kept, proof)
        done += _seal(store, proof)
        if proof.ledger.whole and not proof.outbox.cut and not store.doubt():
            done += labels_put_back(store)
        return [*done, *_products(workspace, campaign, store, proof)]


def _entries(store: Store, proof: Proof) -> Iterator[str]:
    """Rows as they were entered; what nobody entered is moved out into a backup of how it was found."""
    kept = next(path for n in count(1) if not (path := store.folder / f"修复前_{n}.zip").exists())
    copy_database(store.database, kept, key=store.key)
    yield f"动手以前的数据库留了一份：{kept}"
    extra = proof.extra if proof.ledger.whole else ()
    with told(store.where), store.engine.begin() as connection:
        names = entry_names(connection)
        tables = {name: table_there(connection, name) for name in (*names, "acts", "files")}
        for kind, seq in (*proof.proven, *extra):
            for name in sorted(names, key=lambda table: table == "submissions") if kind == "submissions" else (kind,):
                drop_rows(connection, name, seq)
        for (_, seq), rows in proof.proven.items():
            put_entry(connection, rows, seq, tables)
    titles = {"submissions": "报送序号 {}", "acts": "操作第{}条", "files": "收文登记第{}条"}
    for kind, seq in proof.proven:
        yield f"已改回：{titles[kind].format(seq)}"
    for kind, seq in extra:
        yield f"已移出：{titles[kind].format(seq)}（{json.dumps(proof.ledger.groups[kind, seq], ensure_ascii=False, default=str)}）"


def _bytes(store: Store, kept: Kept, proof: Proof) -> Iterator[str]:
    """Files received that still lie in the inbox."""
    for sha256 in proof.lost:
        lies = kept.lying.get(sha256)
        if lies:
            store.blobs.put_back(sha256, content_of(lies, MAX_PACKED))
            yield f"已补回原件：{lies.name}"


def _seal(store: Store, proof: Proof) -> Iterator[str]:
    """The seal made anew, where nothing else says that the chain was longer."""
    if store.doubt() and proof.ledger.whole and not proof.outbox.cut and store.seal_anew():
        yield f"已重做台账封签：{store.end().word}"


def _products(workspace: Workspace, campaign: Campaign, store: Store, proof: Proof) -> Iterator[str]:
    """Products made anew as of the day the ledger says they were made."""
    for code in proof.outbox.periods:
        made, period = made_on(proof.ledger, code), campaign.program.period_by_code[code]
        if made is None:
            continue
        snapshot = take_snapshot(store, date.fromisoformat(made.told["done_on"]))
        measures = measure_period(
            campaign.program,
            snapshot,
            campaign.calendar,
            period,
            published_before(campaign.program, snapshot, period),
        )
        copies = returned_copies(campaign, store, snapshot, period)
        contacts = officer_contacts(workspace, store, snapshot, registry(campaign, snapshot.acts))
        key = made_from(workspace, measures, contacts)
        files = make_reports(workspace, measures, copies, contacts, made_from=key).files
        saved = write_products(workspace.outbox(code), files, campaign.key, keep=(RETURNED_LATER,))
        yield from (f"改动过的、另放的文件原样保存在 outbox/{code}/{name}" for name in saved)
        yield f"已按{snapshot.as_of}的台账重新制作产品：{workspace.outbox(code)}"
