"""What is kept beside the entries of the ledger: the labels of the database, kept bytes, and the folder itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.ledger.chain import WITH_BYTES
from pipeline.ledger.labels import STRANGE, label_faults
from pipeline.ledger.linking import SEAL
from pipeline.system.litter import is_litter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.ledger.store import Store
    from pipeline.office.proof.ledger import Ledger
    from pipeline.office.proof.replay import Kept

_OURS = re.compile(
    r"dataset\.sqlite(-wal|-shm|-journal)?|run\.(lock|holder)|(升级前|修复前)_\w+\.zip"
    r"|files/(?P<two>[0-9a-f]{2})/(?P=two)[0-9a-f]{62}(\.part\d+)?|cache/图/(\.\w+|[0-9a-f]{64}\.png)"
    r"|cache/拆封/[0-9a-f]{64}(\.\d+)?"
    rf"|{re.escape(SEAL)}(\.part)?",
    re.ASCII,
)


def beside_faults(store: Store, ledger: Ledger, kept: Kept) -> tuple[list[str], list[str]]:
    """What is missing, extra or changed there, and what is only worth saying; a line each."""
    unknown, notes = _unknown_bytes(store, ledger, kept)
    return [*label_faults(store), *_folder(store.folder), *unknown], notes


def _unknown_bytes(store: Store, ledger: Ledger, kept: Kept) -> tuple[list[str], list[str]]:
    """Bytes that nothing in the ledger names; those of a run that was cut off still lie in the inbox."""
    known = {link.told["sha256"] for link in ledger.links.values() if link.kind in WITH_BYTES}
    faults, notes = [], []
    for sha256 in sorted(store.blobs.names() - known):
        if lies := kept.lying.get(sha256):
            notes.append(f"{lies.name}：原件已存，还没有记入台账；再运行一次 run-pipeline 即可")
        else:
            faults.append(f"原件 {sha256}：台账没有写过收到它，收件箱里也没有；请查明后移走")
    return faults, notes


def _folder(folder: Path) -> Iterator[str]:
    """What lies in the folder of the dataset and is no part of it."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not _OURS.fullmatch(name) and not is_litter(path.name) and (path.is_symlink() or not path.is_dir()):
            yield f"{path}：{STRANGE}"
