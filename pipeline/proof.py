"""Whether the dataset still answers for itself: every byte received, every record, every product, read again and compared."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.campaign import load_campaign, open_store
from pipeline.dataset.snapshot import take_snapshot
from pipeline.errors import DatasetError
from pipeline.products import MANIFEST
from pipeline.progress import quiet
from pipeline.reading import as_taken, read_all, registry
from pipeline.workbook.cells import show
from pipeline.workbook.layout import row_name
from pipeline.workbook.read import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.campaign import Campaign
    from pipeline.dataset.entries import StandingRow, Submission
    from pipeline.dataset.snapshot import Snapshot
    from pipeline.dataset.store import Store
    from pipeline.program.model import Form, Program
    from pipeline.progress import Tell
    from pipeline.workbook.read import Return
    from pipeline.workspace import Workspace


def verify(workspace: Workspace, tell: Tell = quiet) -> list[str]:
    """What differs, a line each; nothing is written.

    Every file received is compared with its hash; every row that stands with a fresh reading of the workbook it was read
    from; every product with the manifest beside it.
    """
    campaign = load_campaign(workspace)
    store = open_store(workspace, campaign.program, create=False)
    try:
        snapshot = take_snapshot(store, campaign.program, date.max)
        sound, faults = _bytes(store, snapshot)
        faults += _records(campaign, store, snapshot, sound, tell)
    finally:
        store.close()
    return [
        *faults,
        *(line for period in campaign.program.periods for line in _products(workspace.outbox(period.code))),
    ]


def _bytes(store: Store, snapshot: Snapshot) -> tuple[dict[str, bytes], list[str]]:
    """The bytes that are as they were received, and the lines of those that are not."""
    sound: dict[str, bytes] = {}
    faults = []
    for sha256 in dict.fromkeys(s.sha256 for s in snapshot.submissions):
        try:
            sound[sha256] = store.content(sha256)
        except DatasetError as fault:
            first = next(s for s in snapshot.submissions if s.sha256 == sha256)
            faults.append(f"原件 {first.file}（报送序号 {first.seq}）：{fault}")
    return sound, faults


def _records(campaign: Campaign, store: Store, snapshot: Snapshot, sound: dict[str, bytes], tell: Tell) -> list[str]:
    """Rows that a fresh reading of their workbook does not give again."""
    rows = [*snapshot.rows.values(), *(row for some in snapshot.lists.values() for row in some)]
    by_seq: dict[int, list[StandingRow]] = {}
    for row in rows:
        by_seq.setdefault(row.seq, []).append(row)
    entries = [s for s in snapshot.submissions if s.seq in by_seq and s.sha256 in sound]
    known = as_taken(registry(campaign, store.acts(date.max)), entries)
    arrivals = [Arrival(name=s.file, content=sound[s.sha256], received_on=s.received_on) for s in entries]
    faults = []
    for entry, reading in zip(entries, read_all(known, arrivals, tell), strict=True):
        one = next(
            (r for r in reading.returns if (r.prefecture_code, r.period) == (entry.prefecture_code, entry.period)), None
        )
        if one is None:
            faults.append(f"{entry.file}（报送序号 {entry.seq}）：现在读不出当时接收的报表")
            continue
        faults += [line for row in by_seq[entry.seq] for line in _row(campaign.program, entry, row, one)]
    return faults


def _row(program: Program, entry: Submission, row: StandingRow, one: Return) -> Iterator[str]:
    """Values of a row that the sheet does not hold; what 零报告 carried is not on the sheet."""
    form = program.form_by_code[row.form]
    fresh = next((r for r in one.rows.get(row.form, ()) if r.row == row.sheet_row), None)
    where = f"{entry.file}（报送序号 {entry.seq}） › {entry.sheets.get(row.form, form.sheet)} › 第{row.sheet_row}行"
    if fresh is None:
        yield f"{where}：台账有{row_name(program.unit_by_code[row.county_code])}的记录，表上没有这一行"
        return
    for code in _asked(form, row):
        if fresh.values.get(code) != row.values.get(code):
            yield (f"{where} {form.title} {program.field_by_code[code].title}（{code}）：台账为"
                   f"“{show(row.values.get(code)) or '空'}”，重读为“{show(fresh.values.get(code)) or '空'}”")  # fmt: skip


def _asked(form: Form, row: StandingRow) -> Sequence[str]:
    """Fields whose value was typed, or stands as it is; a nil row's carried values were not."""
    return [f.code for f in form.fields if not f.shows and not (row.nil and row.typed.get(f.code) == "")]


def _products(outbox: Path) -> Iterator[str]:
    """Products that are not what their manifest says."""
    path = outbox / MANIFEST
    if not path.is_file():
        return
    try:
        outputs = json.loads(path.read_text(encoding="utf-8"))["outputs"]
    except (OSError, ValueError, KeyError):
        yield f"{path}：读不出，请重新运行这一期"
        return
    for name, wanted in sorted(outputs.items()):
        file = outbox / PurePosixPath(name)
        if not file.is_file():
            yield f"{file}：底账里有，文件不见了"
        elif hashlib.sha256(file.read_bytes()).hexdigest() != wanted:
            yield f"{file}：与制作时不同，可能被改过"
