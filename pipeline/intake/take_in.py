"""Taking in: files → readings → decisions → ledger, a batch at a time, on one processor or on many.

Two rounds over workers. The first reads every file by itself (guard, read, normalise); what it gives goes to a shelf, so
that memory does not grow with the inbox. The second takes it from there by period and respondent, because rules look
across what one respondent sent, and checks and decides a batch at a time. The ledger is written here, in one order,
whoever did the work.
"""

from __future__ import annotations

import pickle
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.checks.changes import with_changes
from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.checks.suites import get_ready
from pipeline.domain.acts import judged_again
from pipeline.engine import engines as engine
from pipeline.intake.amended import as_entered
from pipeline.intake.first_round import Unjudged, for_shelf, for_taking_in, loaded, lost, read_one
from pipeline.intake.spool import Shelf
from pipeline.ledger.blobs import FolderBlobs
from pipeline.ledger.peers import peers_of
from pipeline.ledger.writing import decided, unplaced
from pipeline.program.identity import WAITING
from pipeline.system.errors import ChangedError, PipelineError
from pipeline.system.progress import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from pipeline.checks.check import Validate
    from pipeline.checks.decide import Decision
    from pipeline.domain.acts import Act
    from pipeline.domain.arrival import Arrival
    from pipeline.domain.past import Past
    from pipeline.engine.engines import Engine
    from pipeline.intake.spool import Shelved, SpoolPlace
    from pipeline.ledger.store import Store
    from pipeline.ledger.writing import Written
    from pipeline.program.identity import Registry
    from pipeline.program.model import Period, Program
    from pipeline.program.rules import Rule
    from pipeline.reading.read import Reading, Return
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign

T = TypeVar("T")
R = TypeVar("R")

_LOSS_NAMES = {
    engine.Loss.TIMED_OUT: "超时",
    engine.Loss.OUT_OF_MEMORY: "内存不够",
    engine.Loss.DIED: "进程被终止",
}
# files whose bytes are synced to disk at the same time: a disk takes several together about as fast as one
_KEEPERS = 8
BATCH = 500  # returns that are checked together: a suite costs as much for one as for hundreds
# of a batch, Great Expectations included
_JUDGING = engine.Limits(seconds=1800, cpu_seconds=1800, memory_bytes=8 << 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What taking in did.

    Attributes:
        seqs: Ledger numbers of the submissions added.
        repeated: Files seen for the first time whose content had come in before.
        changing: Files that changed or went since they were listed: left for the next time.
        again: Files taken in before, whose entry was gone from the ledger.
        read: The returns judged in this process, packed: what goes back is made from them.
    """

    seqs: tuple[int, ...]
    repeated: tuple[Arrival, ...]
    changing: tuple[Arrival, ...] = ()
    again: tuple[Arrival, ...] = ()
    read: tuple[bytes, ...] = ()


def take_in(
    campaign: Campaign,
    store: Store,
    arrivals: Sequence[Arrival],
    as_of: date,
    progress: Progress = quiet,
    on: Engine | None = None,
    *,
    sent: bool = False,
) -> Taken:
    """Read, check, decide and record what is new, period by period, because each is checked against the one before.

    Args:
        campaign: The campaign.
        store: Where it is recorded.
        arrivals: What lies in the inbox.
        as_of: The day.
        progress: Hears how far it is.
        on: What the work is done on; worker processes of this machine if None.
        sent: Whoever works does not see our disk, and files are sent.

    Raises:
        PipelineError: There is something to take in and no key that shows whether it was issued here.
    """
    finished, lost, acts = store.finished_files(), store.lost_files(), store.acts(as_of)
    for one in store.unkept(arrival for arrival in arrivals if arrival.sha256 in finished):
        loaded(one, store.blobs)
    new, pending = _distinct([a for a in arrivals if a.sha256 not in finished]), store.pending(acts, as_of)
    if new and not campaign.key:
        raise PipelineError(
            "没有签发密钥 issue.key，认不出收到的表是不是这里下发的；请从备份找回，放在工作目录里再运行"
        )
    there, seqs = store.half_taken(), list[int | None]()
    left: list[Arrival] = []
    with Shelf(store.folder) as shelf:
        refusals: list[Reading] = []
        known, where = for_taking_in(campaign, acts, store.acts(date.max)), on or engine.Pool(chunk=engine.CHUNK)
        readings = chain(
            _read_new(known, store, new, left, where, sent=sent), _read_admitted(known, store, pending, acts, where)
        )
        if 0 < len(new) + len(pending) <= BATCH:
            get_ready()  # while the first are read
        for n, reading in enumerate(readings, 1):
            progress("读取文件", n, len(new) + len(pending))
            sha256 = reading.refusal.arrival.sha256
            shelf.put(r for r in reading.returns if (sha256, r.period, r.prefecture_code, r.admission) not in there)
            refusals += [reading.refusal] if reading.refusal.findings else []
            if len(refusals) == BATCH:
                seqs += store.add(unplaced(refusals, as_of))
                refusals.clear()
        seqs += store.add(unplaced(refusals, as_of))
        done, read = 0, list[bytes]()
        for period in campaign.program.periods:
            for turn in shelf.turns(period.code):
                read += [shelf.content(kept) for kept in turn if len(turn) <= BATCH]
                work = _Work(program=campaign.program, rules=campaign.rules, period=period, as_of=as_of)
                for written in _judged(work, store, shelf, turn, on):
                    progress("核对报表", done, len(shelf))
                    seqs += store.add(written)
                    done += len(written.entries)
    gone = {arrival.sha256 for arrival in left}
    return Taken(
        seqs=tuple(seq for seq in seqs if seq is not None),
        changing=tuple(left),
        again=tuple(arrival for arrival in new if arrival.sha256 in lost - gone),
        repeated=store.finish([arrival for arrival in arrivals if arrival.sha256 not in gone], as_of),
        read=tuple(read),
    )


def _read_new(
    known: Registry, store: Store, new: Sequence[Arrival], left: list[Arrival], on: Engine, *, sent: bool
) -> Iterator[Unjudged]:
    """Each file read, its bytes safe in the dataset: kept by whoever reads it, where that can be, else here.

    One that is no longer what was listed is left for the next time.
    """
    shared = None if sent or not isinstance(store.blobs, FolderBlobs) else store.blobs
    readings = on.each(
        partial(read_one, known, shared),
        new if shared else _kept(store, new),
        lost=partial(_lost, known, store),
    )
    return _still_there(new, readings, left)


def _still_there(
    new: Sequence[Arrival], readings: Iterator[Unjudged | None], left: list[Arrival]
) -> Iterator[Unjudged]:
    """Without those that are no longer what was listed.

    Raises:
        ChangedError: They went with their folders: that is no file somebody is still writing.
    """
    for arrival, reading in zip(new, readings, strict=True):
        if reading is None:
            left.append(arrival)
        else:
            yield reading
    if left and not any(arrival.path is None or arrival.path.parent.is_dir() for arrival in left):
        raise ChangedError(
            f"收件箱里刚列出的文件不见了（{left[0].name}等{len(left)}个）。请检查磁盘、网络盘是否还连着，再运行一次。"
            "本次没有收完，原来的产品没有动"
        )


def _read_admitted(
    known: Registry, store: Store, pending: Mapping[int, Arrival], acts: Sequence[Act], on: Engine
) -> Iterator[Unjudged]:
    """Files that staff let in: of these only what their word lets in, the rest came before or waits on."""
    reading_again = partial(read_one, known, None)
    readings = on.each(reading_again, pending.values(), lost=partial(_lost, known, store)) if pending else ()
    entered = judged_again(acts)
    for seq, reading in zip(pending, readings, strict=True):
        if reading is None:
            continue
        act = entered.get(seq)
        again = _entered(known.program, reading.returns, act, acts) if act else ()
        let_in = again or tuple(r for r in reading.returns if r.admission == seq)
        yield Unjudged(refusal=replace(reading.refusal, findings=()), returns=let_in)


def _entered(program: Program, returns: Iterable[Shelved], act: Act, acts: Sequence[Act]) -> tuple[Shelved, ...]:
    """The return that an act lies on, with what was entered, packed anew."""
    found = (one for one in returns if (one.period, one.prefecture_code) == (act.period, act.prefecture_code))
    return tuple(
        replace(
            one,
            received_on=act.done_on,
            admission=act.seq,
            content=pickle.dumps(as_entered(program, pickle.loads(one.content), act, acts)),  # noqa: S301 - from our own worker
        )
        for one in found
        if one.admission != WAITING
    )[:1]


def _lost(known: Registry, store: Store, arrival: Arrival, why: engine.Loss) -> Unjudged | None:
    """A file that took its reader with it is kept all the same."""
    try:
        loaded(arrival, store.blobs)
    except ChangedError:
        return None
    return for_shelf(lost(known, arrival, why))


def _kept(store: Store, new: Iterable[Arrival]) -> Iterator[Arrival]:
    """Each file with its bytes, which are safe in the dataset; without them, if it is no longer what was listed."""
    with ThreadPoolExecutor(_KEEPERS) as keepers:
        for arrival, kept in _ahead(new, lambda arrival: keepers.submit(loaded, arrival, store.blobs)):
            try:
                yield kept.result()
            except ChangedError:
                yield arrival.named


def _ahead(items: Iterable[T], start: Callable[[T], Future[R]]) -> Iterator[tuple[T, Future[R]]]:
    """Items in their order with what was started for them, a few ahead."""
    started: deque[tuple[T, Future[R]]] = deque()
    for item in items:
        started.append((item, start(item)))
        if len(started) > _KEEPERS:
            yield started.popleft()
    yield from started


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What judging needs to know."""

    program: Program
    rules: dict[str, tuple[Rule, ...]]
    period: Period
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Returns to be judged together, packed, and what was accepted of their respondents before."""

    returns: tuple[bytes, ...]
    past: Past


def _judged(
    work: _Work, store: Store, shelf: Shelf, turn: Sequence[SpoolPlace], on: Engine | None
) -> Iterator[Written]:
    """What is to be written of one turn, batch by batch; a few returns are judged here, where nothing has to travel."""
    peers = peers_of(store, work.as_of, work.period) if turn else {}
    batches = (
        _Batch(
            returns=tuple(shelf.content(kept) for kept in some),
            past=store.accepted(work.as_of, {kept.prefecture_code for kept in some}).past(work.period.code, peers),
        )
        for some in in_batches(turn)
    )
    if len(turn) <= BATCH:
        yield from (_judge_batch(work, batch) for batch in batches)
        return
    from pipeline.ledger.frames import unpacked  # noqa: PLC0415 - Arrow is slow to import, and only for many

    judges = on or engine.Pool()
    yield from map(
        unpacked, judges.each(partial(_judge_afar, work), batches, lost=_not_judged, limits=_JUDGING, chunk=1)
    )


def in_batches(turn: Sequence[SpoolPlace]) -> Iterator[list[SpoolPlace]]:
    """Batches of some size in which all of one prefecture's returns stay together, whatever the engine."""
    batch: list[SpoolPlace] = []
    for _, some in groupby(turn, key=lambda kept: kept.prefecture_code):
        batch += some
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _judge_batch(work: _Work, batch: _Batch) -> Written:
    returns = [pickle.loads(workbook) for workbook in batch.returns]  # noqa: S301 - from our own worker
    return decided(work.program, judge(work.program, work.rules, work.period, returns, batch.past), work.as_of)


def _judge_afar(work: _Work, batch: _Batch) -> dict[str, Any]:
    """In a worker: the same, as Arrow tables."""
    from pipeline.ledger.frames import packed  # noqa: PLC0415
    from pipeline.ledger.tables import build_tables  # noqa: PLC0415

    return packed(_judge_batch(work, batch), build_tables(work.program))


def _not_judged(batch: _Batch, why: engine.Loss) -> dict[str, Any]:
    raise PipelineError(
        f"核对{len(batch.returns)}份报表的工作进程没有做完（{_LOSS_NAMES[why]}）；已经记入台账的不受影响，请减少 --workers 再运行一次"
    )


def judge(
    program: Program,
    rules: Mapping[str, tuple[Rule, ...]],
    period: Period,
    returns: Sequence[Return],
    past: Past,
    validate: Validate | None = None,
) -> tuple[Decision, ...]:
    """Check and decide returns of one period together; nothing is written. See :func:`pipeline.checks.check.check_returns`."""
    if not returns:
        return ()
    then = program.at(period)
    decisions = decide(then, returns, check_returns(then, rules, period, returns, past, validate), past)
    return with_changes(then, decisions, past)


def _distinct(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Each content once, as first received; in order of receipt."""
    first: dict[str, Arrival] = {}
    for arrival in sorted(arrivals, key=lambda a: (a.received_on, a.name)):
        first.setdefault(arrival.sha256, arrival)
    return list(first.values())
