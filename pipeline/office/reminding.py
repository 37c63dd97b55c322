"""报送提示: whom to remind before the day, as text to paste and as letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.state import State
from pipeline.measures.reminders import TITLE, reminder_days, reminders
from pipeline.office.reported import ahead, reported_in
from pipeline.products.documents.letters import letter_context, pasted
from pipeline.products.documents.publications import LETTER_TEMPLATE
from pipeline.system.errors import PipelineError
from pipeline.workspace.paths import replace_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from pipeline.measures.escalation import Letter
    from pipeline.measures.reported import ReportedPeriod
    from pipeline.program.model import Period
    from pipeline.workspace.paths import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """Who is reminded.

    Attributes:
        days: On which days the programme asks for it, of those not given longer.
        texts: A message to paste for each respondent that is not in.
        folder: Where the letters are.
        first_ours: Whose files the office has to look at before anybody is asked for anything.
    """

    period: Period
    days: tuple[date, ...]
    texts: tuple[str, ...]
    folder: Path
    first_ours: tuple[str, ...]


def remind(workspace: Workspace, period_code: str | None, as_of: date) -> Reminded:
    """Write a letter to each respondent that is not in into ``outbox/提示/P/``; those written before are replaced.

    Raises:
        PipelineError: The programme says on no day that anybody is reminded.
    """
    from pipeline.products.documents.word import render  # noqa: PLC0415 - docxtpl is slow to import

    m = reported_in(workspace, period_code, as_of)
    m = m if period_code else ahead(m)
    days = reminder_days(m.program, m.calendar, m.period.due_on)
    if not days:
        raise PipelineError("program.yaml 的 escalation 没有写 reminders（截止日前几个工作日提示），不知道哪天提示")
    found, template = reminders(m), workspace.templates / LETTER_TEMPLATE
    texts = tuple(pasted(letter) for _, letter in found)
    files = {
        f"{p.code}_{p.short_name}_{TITLE}.docx": render(template, _context(m, letter, workspace), {})
        for p, letter in found
    }
    folder = workspace.reminders(m.period.code)
    if files or folder.is_dir():
        replace_folder(folder, files | ({f"{TITLE}.txt": "\n\n".join(texts).encode()} if texts else {}))
    return Reminded(period=m.period, days=days, texts=texts, folder=folder, first_ours=tuple(_ours(m)))


def _context(m: ReportedPeriod, letter: Letter, workspace: Workspace) -> dict[str, object]:
    return letter_context(m, [letter], is_demo=workspace.is_demo)[0]


def _ours(m: ReportedPeriod) -> Iterator[str]:
    for p in m.program.prefectures:
        waiting = m.snapshot.waiting.get((m.period.code, p.code))
        if waiting and (waiting.is_held or waiting.state is State.UNREAD):
            yield f"{p.short_name}：{waiting.reason}，见 {waiting.file}"
