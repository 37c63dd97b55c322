"""The play: sixteen invented officers fill what was issued and send it back, faults included.

The figures are made to fit the rules and then spoilt on purpose, so that what is returned, late, unreadable or never sent
is shown too. Every play gives the same files.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import zipfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.checks.carry import raw
from pipeline.demo.figures import SEED, DemoFigures
from pipeline.demo.lists import Lists, numbered_entries
from pipeline.forms.confirming import may_not_fall, row_status
from pipeline.forms.issue import file_name, issue_workbook
from pipeline.office.issuing import ISSUED, issue_period, plan_issues
from pipeline.office.run import run
from pipeline.program.layout import FIRST_ROW, NEW, NIL, REASON, REMARK, UNCONFIRMED, list_keys
from pipeline.system.errors import WorkspaceError
from pipeline.workspace.campaign import Campaign, load_campaign, open_store
from pipeline.workspace.paths import DEMO_MARK, Workspace
from pipeline.workspace.starter import create_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.demo.fit import Row
    from pipeline.domain.value import Raw
    from pipeline.forms.issue import Issue
    from pipeline.program.model import Period, Unit

    Entries = dict[tuple[str, str, str], Raw]  # (form, row, column) → what stands in the cell

NEVER, LATE, FIXED, BROKEN, MESSY = 14, 4, 12, 7, 8  # which prefecture (by position) does what
FIXED_IN, BROKEN_EVERY, FIXED_COUNTY = 2, 3, 3  # period; periods; the county (by position) that is put right
EXPLAINS, EXPLAINS_IN = 3, 3  # prefecture (by position) and period in which a total falls, with its reason
_NIL_SHARE = 0.06
_MESS = {"Q01-1": "{}场", "Q02-1": "　{}　", "Q02-2": "{}.0", "Q05-2": "第{}", "Q24-2": "约{}"}
_REASON = "上期把州（市）主办的一场误计入本县，经核对台账，本期核减"
_SPOILT = ("Q19-1", "五百余人")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_SAVED = "2022-10-26T00:00:00Z"
_ZIP_DAY = (2022, 10, 26, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sending:
    """One file put into the inbox: where, and its bytes."""

    on: date
    name: str
    content: bytes


def play(folder: Path, *, say: Callable[[str], None], periods: int | None = None) -> Path:
    """Make a workspace in ``folder`` and play it through.

    Args:
        folder: Must be new, empty, or an earlier demonstration, which is replaced.
        say: Receives one line per step.
        periods: How many; None for all of the program.

    Returns:
        The page to open first.

    Raises:
        WorkspaceError: It holds something else.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / DEMO_MARK).is_file():
            raise WorkspaceError(f"{folder} 已有内容且不是演示目录，请另选一个目录")
        shutil.rmtree(folder)
    create_workspace(folder)
    return play_periods(Workspace(root=folder.resolve()), say=say, periods=periods)


def play_periods(workspace: Workspace, *, say: Callable[[str], None], periods: int | None = None) -> Path:
    """Play the first periods of whatever campaign a new workspace holds; see :func:`play`."""
    set_stage(workspace)
    campaign = load_campaign(workspace)
    filler = Filler(campaign)
    played = campaign.program.periods[:periods]
    for period in played:
        issue_period(workspace, period.code, None, issued_on(period))
        say(f"{period.title}：已下发 {len(campaign.program.prefectures)} 份报表")
        sent = filler.returns(workspace, period)
        for sending in sent:
            path = workspace.inbox / sending.on.isoformat() / sending.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sending.content)
        outcome = run(workspace, period.code, period.due_on + timedelta(days=7))
        m = outcome.measures
        page = workspace.outbox(period.code) / "index.html"
        say(f"{period.title}：收到 {len(sent)} 个文件，接收 {m.reported} 个县，见 {page}")
    return workspace.outbox(played[-1].code) / "index.html"


def set_stage(workspace: Workspace) -> None:
    """Mark a workspace as a demo, and give it the key of all demos: with its own, no two plays would send the same files."""
    (workspace.root / DEMO_MARK).write_text("本目录为演示，全部数字均为虚构。\n", encoding="utf-8")
    workspace.key_file.write_text(hashlib.sha256(str(SEED).encode()).hexdigest() + "\n", encoding="ascii")


def issued_on(period: Period) -> date:
    """The day the workbooks of a period go out."""
    return period.end - timedelta(days=5)


class Filler:
    """Sixteen invented officers. State: the figures each unit has reached."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.figures = DemoFigures(campaign)
        self.lists = Lists(campaign)
        self.reasons: dict[tuple[str, str], str] = {}  # (form, unit) → why a figure of its row is what nobody expects

    def returns(self, workspace: Workspace, period: Period) -> list[_Sending]:
        """What the prefectures send for ``period``, faults included."""
        store = open_store(workspace, self.campaign.program)
        try:
            issues = list(plan_issues(self.campaign, store, period, None, issued_on(period)))
        finally:
            store.close()
        sent: list[_Sending] = []
        for n, it in enumerate(issues):
            before, nil = dict(self.figures.rows), self._advance(it)
            self.reasons = self._taken_back(it, nil) if (n, period.no) == (EXPLAINS, EXPLAINS_IN) else {}
            if n == NEVER:
                self.figures.rows = before
                continue
            blank = workspace.outbox(period.code) / ISSUED / file_name(it)
            on = period.due_on - timedelta(days=self.figures.random.randint(0, 4))
            if n == LATE:
                on = period.due_on + timedelta(days=3)
            name = f"{it.prefecture.short_name}总工会{period.title}报表.xlsx"
            if n == BROKEN and period.no % BROKEN_EVERY == 0:
                content = issue_workbook(self._filled(it, nil))
                self.figures.rows = before
                sent.append(_Sending(on=on, name=name, content=content[: len(content) // 2]))
            elif n == FIXED and period.no == FIXED_IN:
                sent += self._twice(it, nil, on, name)
            elif n == MESSY:  # typed into the very file that was issued
                content = typed(blank.read_bytes(), it, self._filled(it, nil, self._mess(it, nil)))
                sent.append(_Sending(on=on, name=name, content=content))
            else:
                sent.append(_Sending(on=on, name=name, content=issue_workbook(self._filled(it, nil))))
        return sent

    def _advance(self, it: Issue) -> set[str]:
        """Two months of work in one prefecture; the counties that only tick 本期无新进展."""
        program, random = self.campaign.program, self.figures.random
        known = {code for code, _ in it.previous}
        counties = program.counties_of(it.prefecture.code)
        nil = {c.code for c in counties if it.period.no > 1 and random.random() < _NIL_SHARE} & known
        units: list[Unit] = [*counties, *(unit for unit in program.reporters if unit.code == it.prefecture.code)]
        for unit in units:
            if unit.code not in nil:
                given = {code: v for (_, key, code), v in it.entries.items() if key == unit.code and isinstance(v, str)}
                self.figures.advance(unit, it.period, given)
        return nil

    def _taken_back(self, it: Issue, nil: set[str]) -> dict[tuple[str, str], str]:
        """A county that reported one event too many, and says so; why, for its row."""
        for (unit, code), value in sorted(it.previous.items()):
            field = self.campaign.program.field_by_code[code]
            falls = any(may_not_fall(rule, code) for rule in self.campaign.rules[field.form])
            if unit not in nil and falls and isinstance(value, int) and value > 1 and field.unit == "场":
                self.figures.rows[unit][code] = value - 1
                return {(field.form, unit): _REASON}
        return {}

    def _twice(self, it: Issue, nil: set[str], on: date, name: str) -> list[_Sending]:
        """A return with a word where a number belongs, and its correction."""
        counties = self.campaign.program.counties_of(it.prefecture.code)
        county = counties[min(FIXED_COUNTY, len(counties) - 1)].code
        spoilt, fixed = (
            issue_workbook(self._filled(it, nil - {county}, mess)) for mess in ({(county, _SPOILT[0]): _SPOILT[1]}, {})
        )
        return [
            _Sending(on=on, name=name, content=spoilt),
            _Sending(on=it.period.due_on + timedelta(days=2), name="改正_" + name, content=fixed),
        ]

    def _mess(self, it: Issue, nil: set[str]) -> dict[tuple[str, str], str]:
        mess: dict[tuple[str, str], str] = {}
        counties = self.campaign.program.counties_of(it.prefecture.code)
        for county, (code, pattern) in zip(counties, _MESS.items(), strict=False):
            value = self.figures.rows[county.code].get(code)
            if county.code not in nil and isinstance(value, int):
                mess[county.code, code] = pattern.format(value)
        return mess

    def _filled(self, it: Issue, nil: set[str], mess: Mapping[tuple[str, str], str] | None = None) -> Issue:
        """The issued workbook with everything its officer typed."""
        entries: Entries = {}
        for layout in it.layouts():
            form = layout.form
            if form.is_list:
                entries |= self._listed(it, layout.form.code)
                continue
            for unit in layout.units:
                if unit.code in nil:
                    entries |= {key: v for key, v in it.entries.items() if key[:2] == (form.code, unit.code)}
                    entries[form.code, unit.code, NIL] = "√"
                    continue
                row: Row = self.figures.rows[unit.code]
                for field in layout.fields:
                    value = (mess or {}).get((unit.code, field.code)) or raw(row.get(field.code))
                    if value is not None and not field.shows:
                        entries[form.code, unit.code, field.code] = value
                    new = _new(value, it.base.get((form.code, unit.code, field.code)))
                    if new and field.code in layout.increments:
                        entries[form.code, unit.code, NEW + field.code] = new
                if (form.code, unit.code) in self.reasons:
                    entries[form.code, unit.code, REASON] = self.campaign.program.explanations[1]
                    entries[form.code, unit.code, REMARK] = self.reasons[form.code, unit.code]
                if layout.confirms and row_status(entries, it.base, layout, unit.code) == UNCONFIRMED:
                    entries[form.code, unit.code, NIL] = "√"
        return replace(it, entries=entries)

    def _listed(self, it: Issue, code: str) -> Entries:
        form = self.campaign.program.form_by_code[code]
        carried = numbered_entries(form, list_keys(), it.entries)
        listed = self.lists.entries(form, it.prefecture, it.period, carried)
        return {
            (code, key, column): value
            for key, entry in zip(list_keys(), listed, strict=False)
            for column, value in entry.items()
            if value is not None
        }


def _new(value: Raw, last: Raw) -> float:
    """What came in this period, of a total that grew; 0 where none did or nothing was known."""
    both = isinstance(value, (int, float)) and isinstance(last, (int, float))
    return max(0, round(value - last, 2)) if both else 0  # type: ignore[operator, arg-type]


def typed(blank: bytes, it: Issue, filled: Issue) -> bytes:
    """Type into the issued workbook, as an officer's program would save it; the day it was saved left out."""
    import openpyxl  # noqa: PLC0415 - only the demo writes with it

    book = openpyxl.load_workbook(io.BytesIO(blank))
    for layout in it.layouts():
        sheet: Any = book[layout.form.sheet]
        for row, key in enumerate(filled.rows(layout), FIRST_ROW + 1):
            for col, code in enumerate(layout.columns, 1):
                place = layout.form.code, key, code
                if (layout.form.code, key, NEW + code) in filled.entries:  # its cell makes the sum
                    continue
                if filled.entries.get(place) != it.entries.get(place):
                    sheet.cell(row, col).value = filled.entries.get(place)
    out = io.BytesIO()
    book.save(out)
    return _undated(out.getvalue())


def _undated(content: bytes) -> bytes:
    """The same workbook without the moment it was saved."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            part = _MODIFIED.sub(rb"\g<1>" + _SAVED.encode(), old.read(member))
            new.writestr(zipfile.ZipInfo(member.filename, _ZIP_DAY), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
