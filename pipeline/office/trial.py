"""Files as they would be judged, before anything is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.checks.decide import Decision
from pipeline.checks.masks import run_masks
from pipeline.checks.problems import FileVerdict, file_verdict
from pipeline.domain.arrival import Arrival
from pipeline.domain.findings import CATALOGUE, Severity, finding
from pipeline.domain.unread import CONTAINERS, UnreadKind
from pipeline.intake.first_round import for_taking_in, read_all
from pipeline.intake.inbox import read_files, readable
from pipeline.intake.take_in import judge
from pipeline.intake.unpacking import room_for_parts, unpack_all
from pipeline.ledger.peers import peers_of
from pipeline.reading.read import Reading
from pipeline.system.disk import reason
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import (
    load_campaign,
    open_store,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.domain.findings import Finding
    from pipeline.domain.usual import Usual
    from pipeline.intake.unpacking import Unpacked
    from pipeline.ledger.content import Accepted
    from pipeline.program.model import Period, Program
    from pipeline.reading.read import Return
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What would become of a file: in words, and every finding for other programs."""

    verdict: FileVerdict
    findings: tuple[dict[str, str], ...]

    @property
    def is_returned(self) -> bool:
        """Whether something in it would have to be mended."""
        return any(found["severity"] == Severity.CRITICAL for found in self.findings)


def try_files(workspace: Workspace, files: Sequence[Path], as_of: date) -> list[Trial]:
    """What would become of files before they are sent; nothing is written.

    Raises:
        PipelineError: One of them cannot be read.
    """
    arrivals, unopened = list[Arrival](), list[Reading]()
    with room_for_parts() as room:
        for path, seen in read_files(files).items():
            if isinstance(seen, OSError):
                raise PipelineError(f"读不出 {path}：{reason(seen)}") from seen
            name = readable(str(path))
            lies = Arrival(name=name, path=path, sha256=seen.sha256, received_on=as_of, changing=seen.changing)
            if seen.kind not in CONTAINERS or seen.kind is None or seen.changing:
                arrivals.append(lies)
                continue
            for one in unpack_all([(lies, seen.kind)], room):
                tables, closed = list(_tables(one, room)), list(_unopened(one))
                arrivals += tables if tables or closed else [lies]
                unopened += closed
        return dry_run(workspace, arrivals, as_of, unopened)


def _tables(one: Unpacked, room: Path) -> Iterator[Arrival]:
    """Those in an archive or a mail."""
    for part in one.parts:
        if part.kind is None:
            yield replace(one.container, name=part.name, path=room / part.sha256, sha256=part.sha256)


def _unopened(one: Unpacked) -> Iterator[Reading]:
    """It, or what lies in it, where that cannot be opened, with the reason."""
    parts = [(part.name, part.reason) for part in one.parts if part.kind in {*CONTAINERS, UnreadKind.INSIDE}]
    for name, fault in [(one.container.name, one.fault), *parts]:
        if fault:
            yield Reading(
                arrival=replace(one.container, name=name),
                findings=(finding("FILE_UNOPENED", file=name, found=fault),),
            )


def dry_run(
    workspace: Workspace, arrivals: Sequence[Arrival], as_of: date, unopened: Sequence[Reading] = ()
) -> list[Trial]:
    """What would become of these files one by one, and of what could not be opened; nothing is written."""
    campaign = load_campaign(workspace)
    store = open_store(workspace, campaign.program, create=False)
    try:
        known = for_taking_in(campaign, store.acts(as_of), store.acts(date.max))
        readings = read_all(known, arrivals)
        accepted = store.accepted(as_of, {given.prefecture_code for one in readings for given in one.returns})
        codes = {given.period for one in readings for given in one.returns}
        peers = {code: peers_of(store, as_of, campaign.program.period_by_code[code]) for code in sorted(codes)}
        return [_trial(campaign, accepted, peers, reading) for reading in (*readings, *unopened)]
    finally:
        store.close()


def _trial(campaign: Campaign, accepted: Accepted, peers: Mapping[str, Mapping[str, Usual]], reading: Reading) -> Trial:
    program, decisions = campaign.program, list[Decision]()
    for period in program.periods:
        if returns := _of(reading, period):
            past = accepted.past(period.code, peers[period.code])
            decisions += judge(program, campaign.rules, period, returns, past, run_masks)
    found = (*reading.findings, *(f for decision in decisions for f in decision.findings))
    return Trial(verdict=file_verdict(program, reading, decisions), findings=tuple(_finding(program, f) for f in found))


def _finding(program: Program, f: Finding) -> dict[str, str]:
    return {
        "file": f.location.file,
        "county_code": f.county_code,
        "code": f.code,
        "severity": f.severity.value,
        "title": program.worded(CATALOGUE[f.code].title),
        "sheet": f.location.sheet,
        "cell": f.location.cell,
        "field": f.field,
        "found": f.found,
        "expected": f.expected,
        "fix": program.worded(f.fix),
    }


def _of(reading: Reading, period: Period) -> list[Return]:
    return [given for given in reading.returns if given.period == period.code]
