"""The first round of an intake, file by file: whatever a worker that only reads has to know, and nothing it has not.

A worker imports this module; what checks, the ledger and pandas need would take four times as long to import.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pipeline.domain.acts import ActKind, closings
from pipeline.engine import engines as engine
from pipeline.intake.spool import Shelved
from pipeline.program.identity import Admission, Registry
from pipeline.reading.guard import content_of
from pipeline.reading.placing import place
from pipeline.reading.read import Reading, read_return, refused
from pipeline.system.errors import ChangedError
from pipeline.system.progress import quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pipeline.domain.acts import Act
    from pipeline.domain.arrival import Arrival
    from pipeline.domain.entries import Submission
    from pipeline.ledger.blobs import Blobs, FolderBlobs
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign

LOST = {
    engine.Loss.TIMED_OUT: "FILE_READER_HUNG",
    engine.Loss.OUT_OF_MEMORY: "FILE_READER_FULL",
    engine.Loss.DIED: "FILE_READER_DIED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """What one file gave: why it, or a part of it, was refused; and its returns, packed to be opened where they are judged."""

    refusal: Reading
    returns: tuple[Shelved, ...]


def read_one(known: Registry, keep: FolderBlobs | None, arrival: Arrival) -> Unjudged | None:
    """In a worker: keep the bytes of a file where that is still to be done, read it, and pack what it gave.

    Returns:
        None if it is gone, or no longer what was listed.

    Raises:
        DatasetError: The bytes cannot be kept.
    """
    try:
        return for_shelf(read_return(known, loaded(arrival, keep)))
    except ChangedError:
        return None


def loaded(arrival: Arrival, keep: Blobs | None) -> Arrival:
    """A file with its bytes, which are kept where that is still to be done.

    Raises:
        ChangedError: It is gone from where it was listed, or is another.
        DatasetError: The bytes cannot be kept.
    """
    content = content_of(arrival)
    if keep is not None:
        keep.keep(arrival.sha256, content)
    return replace(arrival, content=content, path=None)


def for_shelf(reading: Reading) -> Unjudged:
    """What a file gave, ready for the shelf."""
    returns = tuple(
        Shelved(
            period=workbook.period,
            prefecture_code=workbook.prefecture_code,
            received_on=workbook.arrival.received_on,
            admission=workbook.admission,
            content=pickle.dumps(workbook),
        )
        for workbook in reading.returns
    )
    return Unjudged(refusal=replace(reading, returns=()), returns=returns)


def read_all(known: Registry, arrivals: Sequence[Arrival], progress: Progress = quiet) -> list[Reading]:
    """Read files where they can do no harm: one that takes a worker process with it costs only itself."""
    readings = []
    for reading in engine.Pool(chunk=engine.CHUNK).each(
        partial(read_return, known), arrivals, lost=partial(lost, known)
    ):
        readings.append(reading)
        progress("读取文件", len(readings), len(arrivals))
    return readings


def lost(known: Registry, arrival: Arrival, why: engine.Loss) -> Reading:
    """A file that took its reader with it; nothing looks into it again, and only its name may say whose it is."""
    whose = place(known, arrival.name, arrival.received_on, b"")
    return replace(refused(arrival.named, LOST[why]), place=whose)


def registry(campaign: Campaign, acts: Sequence[Act]) -> Registry:
    """What reading needs to know of the office; see :func:`for_taking_in` for what is taken in."""
    admissions = {
        (act.sha256, act.claimed_prefecture, act.claimed_period): Admission(
            seq=act.seq, prefecture_code=act.prefecture_code, period=act.period
        )
        for act in acts
        if act.kind is ActKind.ADMIT and not act.target
    }
    return Registry(program=campaign.program, key=campaign.key, admissions=admissions, closed=_closed_on(acts))


def for_taking_in(campaign: Campaign, acts: Sequence[Act], ever: Sequence[Act]) -> Registry:
    """The same, where periods are closed by all acts there are: looking back opens none of them."""
    return replace(registry(campaign, acts), closed=_closed_on(ever))


def _closed_on(acts: Sequence[Act]) -> dict[str, date]:
    return {period: act.done_on for period, act in closings(acts).items()}


def as_taken(known: Registry, entries: Iterable[Submission]) -> Registry:
    """To read again what is in the ledger: whose it is, the ledger says, whatever was closed or signed anew since."""
    taken = {
        (s.sha256, s.prefecture_code, s.period): Admission(
            seq=s.admission, prefecture_code=s.prefecture_code, period=s.period
        )
        for s in entries
    }
    return replace(known, admissions={**taken, **known.admissions}, closed={})
