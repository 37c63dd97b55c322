"""Everything taken in once more, in a dataset of its own: from the bytes kept, by program, rules and acts as they were then."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pipeline.domain.acts import judged_again
from pipeline.domain.arrival import Arrival
from pipeline.engine import engines as engine
from pipeline.intake.amended import as_entered
from pipeline.intake.first_round import for_taking_in, lost
from pipeline.intake.take_in import judge
from pipeline.intake.unpacking import lying_in, room_for_parts
from pipeline.ledger.chain import PROGRAM, SUBMISSION
from pipeline.ledger.linking import drop_rows, entry_names, group_of, hanging, is_content, put_entry
from pipeline.ledger.peers import peers_of
from pipeline.ledger.store import IDENTITY, Store
from pipeline.ledger.writing import decided, unplaced
from pipeline.program.identity import WAITING, Admission
from pipeline.reading.containers.members import MAX_PACKED
from pipeline.reading.guard import content_of
from pipeline.reading.read import Reading, read_return
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace
from pipeline.workspace.sources import ABOUT, code_hash, lay_out, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.ledger.chain import Link
    from pipeline.ledger.writing import Written
    from pipeline.office.proof.ledger import Ledger, Rows
    from pipeline.program.identity import Registry
    from pipeline.reading.read import Return
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class _Age:
    """A stretch of the ledger that was worked by one program.

    Attributes:
        as_it_was: Read from what was kept of it, and worked by this very code.
    """

    campaign: Campaign
    as_it_was: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What taking in again gave.

    Attributes:
        rows: Number of a link → the rows that hang on its submission.
        differing: Numbers of links whose rows may differ, because another code or program wrote them.
        faults: What of the program as it was cannot be read any more.
    """

    rows: dict[int, Rows] = field(default_factory=dict)
    differing: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class Kept:
    """Bytes by their hash: kept by the dataset, or still in the inbox, in archives and mail too."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self.store, self.inbox = store, workspace.inbox
        self._lying: dict[str, Arrival] | None = None
        self._room = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.close()

    def content(self, sha256: str) -> bytes | None:
        """None where they are neither here nor there."""
        try:
            return self.store.content(sha256)
        except PipelineError:
            lies = self.lying.get(sha256)
            return content_of(lies, MAX_PACKED) if lies else None

    @property
    def lying(self) -> dict[str, Arrival]:
        """Sha256 → file of the inbox."""
        if self._lying is None:
            self._lying = lying_in(self.inbox, self._room.enter_context(room_for_parts()))
        return self._lying


def replay(current: Campaign, ledger: Ledger, kept: Kept, progress: Progress) -> Replayed:
    """Take in again whatever the chain proves to have come in."""
    done = Replayed()
    with tempfile.TemporaryDirectory() as folder:
        ages = _ages(current, ledger, kept, Path(folder), done)
        tasks, of_link = _tasks(current, ledger, kept, ages, Path(folder) / "acts")
        readings = _read(tasks, progress)
        of_reading = {no: readings[task] for no, task in of_link.items()}
        _judge_again(ledger, ages, of_reading, Path(folder) / "again", done)
    return done


def _ages(current: Campaign, ledger: Ledger, kept: Kept, folder: Path, done: Replayed) -> dict[int, _Age]:
    """Number of a link by which a program came into use → that program; of 0, what there was before."""
    ages = {0: _Age(campaign=current, as_it_was=False)}
    for link in ledger.proven(PROGRAM):
        content = kept.content(link.told["sha256"])
        try:
            if content is None:
                done.faults.append(
                    f"台账第{link.no}条（{link.day}）启用的专项定义 {link.told['sha256'][:12]} 不见了或被改过；请用备份恢复"
                )
                ages[link.no] = _Age(campaign=current, as_it_was=False)
                continue
            place = folder / str(link.no)
            lay_out(content, place)
            then = replace(load_campaign(Workspace(root=place)), key=current.key)
            about = json.loads(unpack(content)[ABOUT])
            ages[link.no] = _Age(campaign=then, as_it_was=about["code"] == code_hash())
        except (PipelineError, KeyError, ValueError):  # of another version of this program
            ages[link.no] = _Age(campaign=current, as_it_was=False)
    return ages


def _age_of(ages: Mapping[int, _Age], no: int) -> _Age:
    return ages[max(age for age in ages if age <= no)]


def _tasks(
    current: Campaign, ledger: Ledger, kept: Kept, ages: Mapping[int, _Age], folder: Path
) -> tuple[list[tuple[Registry, Arrival]], dict[int, int]]:
    """What has to be read, each once; and the place among it of each link's file."""
    tasks: list[tuple[Registry, Arrival]] = []
    places: dict[tuple[Any, ...], int] = {}
    of_link: dict[int, int] = {}
    known, made_for = None, None
    with closing(Store(folder, current.program)) as acts:
        for link in ledger.proven():
            if group_of(link)[0] == "acts":
                _put(acts, link, {"acts": [act_row(link)]})
                made_for = None
            if link.kind == SUBMISSION:
                age, facts = _age_of(ages, link.no), link.told
                content = kept.content(facts["sha256"])
                if content is None:
                    continue
                if (age.campaign, link.day) != made_for or known is None:
                    known, made_for = (
                        for_taking_in(age.campaign, acts.acts(link.day), acts.acts(date.max)),
                        (age.campaign, link.day),
                    )
                before_key = link.no < ledger.key_no
                whose = _as_taken(known, facts) if before_key else known
                arrival = Arrival(
                    name=facts["file"], content=content, received_on=date.fromisoformat(facts["received_on"])
                )
                place = (id(known), arrival.sha256, arrival.name, link.no if before_key else 0)
                if place not in places:
                    places[place] = len(tasks)
                    tasks.append((whose, arrival))
                of_link[link.no] = places[place]
    return tasks, of_link


def _as_taken(known: Registry, facts: Mapping[str, Any]) -> Registry:
    """To read what was stamped with a key that is no more: whose it is, the ledger says."""
    if not facts["prefecture_code"] or facts["admission"] < 0:
        return known
    own = facts["sha256"], facts["prefecture_code"], facts["period"]
    word = Admission(seq=facts["admission"], prefecture_code=facts["prefecture_code"], period=facts["period"])
    return replace(known, admissions={own: word, **known.admissions})


def _read(tasks: Sequence[tuple[Registry, Arrival]], progress: Progress) -> list[Reading]:
    """Each file read in a process of its own."""
    readings: list[Reading] = []
    numbers = {id(known): n for n, known in enumerate({id(known): known for known, _ in tasks}.values())}
    registries = tuple({id(known): known for known, _ in tasks}.values())
    sent = [(numbers[id(known)], arrival) for known, arrival in tasks]
    for reading in engine.Pool().each(partial(_read_one, registries), sent, lost=partial(_lost, registries)):
        readings.append(reading)
        progress("重新读取", len(readings), len(tasks))
    return readings


def _read_one(registries: tuple[Registry, ...], task: tuple[int, Arrival]) -> Reading:
    return read_return(registries[task[0]], task[1])


def _lost(registries: tuple[Registry, ...], task: tuple[int, Arrival], why: engine.Loss) -> Reading:
    return lost(registries[task[0]], task[1], why)


def _judge_again(
    ledger: Ledger, ages: Mapping[int, _Age], readings: Mapping[int, Reading], folder: Path, done: Replayed
) -> None:
    """As much at a time as there can be, each against what had come in before it."""
    with ExitStack() as opened:
        store: Store | None = None
        placed: dict[tuple[Any, ...], int] = {}
        for links in _stretches(ledger.proven()):
            age = _age_of(ages, links[0].no)
            if store is None or store.program is not age.campaign.program:
                opened.close()
                store = opened.enter_context(closing(Store(folder, age.campaign.program)))
            for link in links:
                if group_of(link)[0] == "acts":
                    _put(store, link, {"acts": [act_row(link)]})
            entries = [link for link in links if link.kind == SUBMISSION]
            _make_room(store, entries, placed)
            done.rows.update(_judged(age.campaign, store, entries, readings))
            if not age.as_it_was:
                done.differing.update(link.no for link in entries)
            for link in entries:
                rows, stored = done.rows.get(link.no, {}), ledger.stored(link)
                _put(store, link, stored if is_content(link, stored) and not is_content(link, rows) else rows)


def _stretches(links: Iterable[Link]) -> Iterator[list[Link]]:
    """Links in their order, as many at a time as give the same however they are divided.

    That is an act by itself, and of returns those of one period, entered on one day, of any number of respondents, but of each
    only what was judged together.
    """
    stretch: list[Link] = []
    kind: tuple[Any, ...] = ()
    seen: dict[str | int, int] = {}
    for link in links:
        facts = link.told if link.kind == SUBMISSION else {}
        own = (link.day, facts["period"]) if facts else (link.no,)
        whose = facts.get("prefecture_code") or link.no
        if own != kind or seen.get(whose, link.together) != link.together:
            if stretch:
                yield stretch
            stretch, kind, seen = [], own, {}
        stretch.append(link)
        seen[whose] = link.together
    if stretch:
        yield stretch


def _make_room(store: Store, entries: Sequence[Link], placed: dict[tuple[Any, ...], int]) -> None:
    """What is taken in once more was gone by then."""
    for link in entries:
        own = tuple(link.told[name] for name in IDENTITY)
        if own in placed:
            _take_out(store, placed[own])
        placed[own] = link.seq


def _judged(
    campaign: Campaign, store: Store, entries: Sequence[Link], readings: Mapping[int, Reading]
) -> Iterator[tuple[int, Rows]]:
    """Number of a link → rows; of those whose file can still be read, and still holds what it held."""
    returns: list[tuple[Link, Return]] = []
    acts = store.acts(date.max)
    entered = judged_again(acts)
    for link in entries:
        reading, facts = readings.get(link.no), link.told
        if reading is None:
            continue
        own = facts["prefecture_code"], facts["period"], facts["admission"]
        if act := entered.get(facts["admission"]):
            there = (r for r in reading.returns if (r.prefecture_code, r.period) == own[:2] and r.admission != WAITING)
            mine = [(link, as_entered(campaign.program, r, act, acts)) for r in there][:1]
        else:
            mine = [(link, r) for r in reading.returns if (r.prefecture_code, r.period, r.admission) == own][:1]
        returns += mine
        if not mine and reading.findings:
            yield from _numbered(store, [link], unplaced([replace(reading, returns=())], link.day))
    if returns:
        first = returns[0][0]
        period = campaign.program.period_by_code[first.told["period"]]
        peers = peers_of(store, first.day, period)
        past = store.accepted(first.day, {r.prefecture_code for _, r in returns}).past(period.code, peers)
        decisions = judge(campaign.program, campaign.rules, period, [r for _, r in returns], past)
        yield from _numbered(store, [link for link, _ in returns], decided(campaign.program, decisions, first.day))


def _numbered(store: Store, links: Sequence[Link], written: Written) -> Iterator[tuple[int, Rows]]:
    return ((link.no, rows) for link, rows in zip(links, hanging(store.tables, written), strict=True))


def act_row(link: Link) -> dict[str, Any]:
    """The row of an act, as its link has it."""
    facts = link.told
    facts.pop("chained", None)
    return facts


def _take_out(store: Store, seq: int) -> None:
    with store.engine.begin() as connection:
        for name in sorted(entry_names(connection), key=lambda table: table == "submissions"):
            drop_rows(connection, name, seq)


def _put(store: Store, link: Link, rows: Rows) -> None:
    """Into the dataset that is only for this."""
    there = {name: some for name, some in rows.items() if name in store.tables.metadata.tables}
    with store.engine.begin() as connection:
        put_entry(connection, there, link.seq, store.tables.metadata.tables)
