"""What the office wrote, read together; what is named in it, prefectures and periods by code; its dataset as of a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pipeline.domain.text import plain
from pipeline.ledger.snapshot import Snapshot, take_snapshot
from pipeline.ledger.store import Store
from pipeline.program.load import load_calendar, load_program
from pipeline.program.model import Prefecture
from pipeline.program.rules import Rule, load_rules
from pipeline.program.strict import nearest
from pipeline.system.errors import PipelineError
from pipeline.workspace.paths import read_key
from pipeline.workspace.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Program, Unit
    from pipeline.workspace.paths import Workspace

_U = TypeVar("_U", bound="Unit")
MANY = 50  # units that are named in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Everything the office wrote: the program, its rules and its calendar; and the key of its stamps."""

    program: Program
    rules: dict[str, tuple[Rule, ...]]
    calendar: Calendar
    key: bytes


def load_campaign(workspace: Workspace) -> Campaign:
    """Read ``program/`` and ``expectations/``, strictly."""
    workspace.check()
    program = load_program(workspace.program)
    return Campaign(
        program=program,
        rules=load_rules(workspace.expectations, program),
        calendar=load_calendar(workspace.program),
        key=read_key(workspace),
    )


def open_store(workspace: Workspace, program: Program, *, create: bool = True) -> Store:
    """The workspace's dataset: its own, or the one its settings say an office shares."""
    return Store(
        workspace.dataset, program, url=load_settings(workspace).dataset, create=create, key=read_key(workspace)
    )


def published_before(program: Program, snapshot: Snapshot, period: Period) -> Snapshot | None:
    """The dataset as it was for the bulletin before a period's; None before the first."""
    earlier = [p for p in program.periods if p.no < period.no]
    return snapshot.on(snapshot.published_on(earlier[-1])) if earlier else None


def find_prefecture(program: Program, text: str) -> Prefecture:
    """A prefecture by code or name; see :func:`find_unit`."""
    return find_unit(text, program.prefectures, program.respondent_level, program)


def find_unit(text: str, units: Sequence[_U], word: str, program: Program) -> _U:
    """The one of some units that a text means: by code, by a name, or by as much of a name as means only one of them.

    昆明 is 昆明市, 五华 is 五华区, 曲靖市麒麟区 is 麒麟区.

    Args:
        text: As typed.
        units: Among whom.
        word: What they are called.
        program: Theirs.

    Raises:
        PipelineError: None is meant, or several: lists which.
    """
    wanted, least = plain(text), plain(text.removesuffix(program.unit_suffix))
    found: list[_U] = []
    for names in (_full_names, _short_names):
        found = [unit for unit in units if {wanted, least} & names(unit, program)]
        if len(found) == 1:
            return found[0]
        if found:
            break
    if found:
        raise PipelineError(f"叫 {text} 的{word}不止一个，请写代码：{_listed(found)}")
    close = nearest(text, [unit.short_name for unit in units])
    raise PipelineError(f"没有代码或名称为 {text} 的{word}{close or f'；可用：{_listed(units)}'}")


def _listed(units: Sequence[Unit]) -> str:
    more = "等" if len(units) > MANY else ""
    return "、".join(f"{unit.code} {unit.short_name}" for unit in units[:MANY]) + more


def _full_names(unit: Unit, _: Program) -> set[str]:
    """Its code and names."""
    return {plain(name) for name in (unit.code, unit.name, unit.short_name, *unit.names, *_former(unit))}


def _former(unit: Unit) -> tuple[str, ...]:
    return unit.titles if isinstance(unit, Prefecture) else ()


def _short_names(unit: Unit, program: Program) -> set[str]:
    """Its names without their level; and with its prefecture's before them."""
    own = _stems(unit, program)
    if unit.code == unit.prefecture_code:
        return own
    above = program.prefecture_by_code[unit.prefecture_code]
    before = {plain(above.name), plain(above.short_name), *_stems(above, program)}
    mine = {plain(name) for name in unit.names} | own
    return own | {f"{place}{name}" for place in before for name in mine}


def _stems(unit: Unit, program: Program) -> set[str]:
    return {plain(program.stem(name)) for name in (unit.name, unit.short_name)}


def choose_period(program: Program, code: str | None, as_of: date) -> Period:
    """The named period, or the last that has ended by ``as_of`` (the first one before that)."""
    if code is None:
        ended = list(program.ended_by(as_of))
        return ended[-1] if ended else program.periods[0]
    if code not in program.period_by_code:
        raise PipelineError(f"没有报送期 {code}；可用：{'、'.join(program.period_by_code)}")
    return program.period_by_code[code]


def choose_issue_period(program: Program, code: str | None, as_of: date) -> Period:
    """The named period, or the one ``as_of`` falls in (the first before the campaign, the last after it)."""
    if code is not None:
        return choose_period(program, code, as_of)
    return next((p for p in program.periods if as_of <= p.end), program.periods[-1])


def open_snapshot(workspace: Workspace, as_of: date) -> tuple[Campaign, Snapshot]:
    """The campaign and its dataset as of a day."""
    campaign = load_campaign(workspace)
    store = open_store(workspace, campaign.program, create=False)
    try:
        return campaign, take_snapshot(store, as_of)
    finally:
        store.close()
