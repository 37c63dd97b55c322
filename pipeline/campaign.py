"""What the office wrote, read together; what is named in it, prefectures and periods by code; its dataset as of a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.checks.rules import Rule, load_rules
from pipeline.dataset.snapshot import Snapshot, take_snapshot
from pipeline.dataset.store import Store
from pipeline.errors import PipelineError
from pipeline.measures.corrections import told_by
from pipeline.program.load import load_calendar, load_program
from pipeline.settings import load_settings
from pipeline.workspace import read_key

if TYPE_CHECKING:
    from datetime import date

    from pipeline.program.calendar import Calendar
    from pipeline.program.model import Period, Prefecture, Program
    from pipeline.workspace import Workspace

MANY = 50  # respondents that are named in one message


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
    return Campaign(program=program, rules=load_rules(workspace.expectations, program),
                    calendar=load_calendar(workspace.program), key=read_key(workspace))  # fmt: skip


def open_store(workspace: Workspace, program: Program, *, create: bool = True) -> Store:
    """The workspace's dataset: its own, or the one its settings say an office shares."""
    return Store(workspace.dataset, program, url=load_settings(workspace).dataset, create=create)


def told_before(store: Store, program: Program, snapshot: Snapshot, period: Period) -> Snapshot | None:
    """The dataset as the bulletin before a period's told it; None before the first."""
    earlier = [one for one in program.periods if one.no < period.no]
    return take_snapshot(store, program, told_by(snapshot, earlier[-1])) if earlier else None


def find_prefecture(program: Program, text: str) -> Prefecture:
    """A prefecture by code or name.

    Raises:
        PipelineError: There is none; lists those there are.
    """
    found = program.prefectures_named.get(text, ())
    if text in program.prefecture_by_code:
        return program.prefecture_by_code[text]
    if len(found) != 1:
        which = found or program.prefectures
        known = "、".join(f"{p.code} {p.short_name}" for p in which[:MANY]) + ("等" if len(which) > MANY else "")
        wrong = f"叫 {text} 的{program.respondent_level}不止一个，请写代码" if found else (
            f"没有代码或名称为 {text} 的{program.respondent_level}；可用")  # fmt: skip
        raise PipelineError(f"{wrong}：{known}")
    return found[0]


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
        return campaign, take_snapshot(store, campaign.program, as_of)
    finally:
        store.close()
