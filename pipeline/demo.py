"""A campaign on invented figures, played through the real commands: issue, fill, return, run.

The figures are seeded and plausible: cities do more, remote counties lag, counts grow. They are made to fit the rules
of ``expectations/`` and then spoilt on purpose, so that what is returned, late, unreadable or never sent is shown too.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.checks.rules import BETWEEN, NOT_NULL, PAIR_EQUAL, PAIR_GREATER, base_field
from pipeline.measures.progress import elapsed
from pipeline.program.model import NO, NONE_TICKED, NOT_APPLICABLE, YES, Accumulation, FieldType
from pipeline.run import ISSUED, Campaign, issue, load_campaign, run
from pipeline.starter import create_workspace
from pipeline.workbook.layout import FIRST_FIELD_COL, FIRST_ROW, NIL_COL, sheet_layout
from pipeline.workspace import DEMO_MARK, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.program.model import County, Field, Form, Period, Prefecture
    from pipeline.workbook.cells import Value

SEED = 20221026
PERIODS = 3
ROUNDS = 3  # mending one rule can break one before it
NEVER, LATE, FIXED, BROKEN, MESSY = -2, 4, 12, 7, 8  # which prefecture (by position) does what
USUAL = {Accumulation.CUMULATIVE: 3.0, Accumulation.STOCK: 0.3, Accumulation.STATUS: 1.0}  # without target
UNIT_SIZE = {"个": 40, "人": 6000}
MESS = {"Q01-1": "{}场", "Q02-1": "　{}　", "Q02-2": "{}.0", "Q05-2": "第{}", "Q24-2": "约{}"}
Book = dict[tuple[str, str], "Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One file put into the inbox: where, and its bytes."""

    on: date
    name: str
    content: bytes


def play(folder: Path, *, tell: Callable[[str], None]) -> Path:
    """Make a workspace in ``folder`` and play three periods.

    Args:
        folder: Must be new or empty.
        tell: Receives one line per step.

    Returns:
        The page to open first.
    """
    create_workspace(folder)
    (folder / DEMO_MARK).write_text("本目录为演示，全部数字均为虚构。\n", encoding="utf-8")
    workspace = Workspace(root=folder.resolve())
    campaign = load_campaign(workspace)
    filler = Filler(campaign)
    for period in campaign.program.periods[:PERIODS]:
        issue(workspace, period.code, None, period.end - timedelta(days=5))
        tell(f"{period.title}：已下发 {len(campaign.program.prefectures)} 份报表")
        sent = filler.returns(workspace, period)
        for one in sent:
            path = workspace.inbox / one.on.isoformat() / one.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(one.content)
        as_of = period.due_on + timedelta(days=7)
        outcome = run(workspace, period.code, as_of)
        m = outcome.measures
        tell(
            f"{period.title}：收到 {len(sent)} 个文件，接收 {m.reported} 个县，见 {workspace.outbox(period.code) / 'index.html'}"
        )
    return workspace.outbox(campaign.program.periods[PERIODS - 1].code) / "index.html"


class Filler:
    """Sixteen invented officers. State: the figures each county has reached."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.random = random.Random(SEED)  # noqa: S311 - invented figures
        self.values: Book = {}
        self.vigour = {c.code: self._vigour(c) for c in campaign.program.counties}

    def _vigour(self, county: County) -> float:
        """0.35 … 1.0: cities and districts do more, counties at the edge of the map less."""
        program = self.campaign.program
        middle_row = sum(c.tile_row for c in program.counties) / len(program.counties)
        middle_col = sum(c.tile_col for c in program.counties) / len(program.counties)
        remote = (abs(county.tile_row - middle_row) + abs(county.tile_col - middle_col)) / 14
        city = 0.2 if county.short_name[-1] in "市区" else 0.0
        return min(1.0, max(0.35, 0.75 + city - 0.3 * remote + self.random.uniform(-0.15, 0.15)))

    def returns(self, workspace: Workspace, period: Period) -> list[Sending]:
        """What the prefectures send for ``period``, faults included."""
        prefectures = self.campaign.program.prefectures
        never = prefectures[NEVER]
        sent: list[Sending] = []
        for n, prefecture in enumerate(prefectures):
            before = dict(self.values)
            counties = self.campaign.program.counties_of(prefecture.code)
            nil = {c.code for c in counties if period.no > 1 and self.random.random() < 0.06}  # noqa: PLR2004
            for county in counties:
                if county.code not in nil:
                    self._advance(county, period)
            if prefecture == never:
                self.values = before
                continue
            blank = next(iter(workspace.outbox(period.code).joinpath(ISSUED).glob(f"{prefecture.code}_*.xlsx")))
            on = period.due_on - timedelta(days=self.random.randint(0, 4))
            if n == LATE:
                on = period.due_on + timedelta(days=3)
            name = f"{prefecture.short_name}总工会{period.title}报表.xlsx"
            sent += self._send(blank, prefecture, period, nil, before, on, name, n)
        return sent

    def _send(self, blank: Path, prefecture: Prefecture, period: Period, nil: set[str], before: Book, on: date,
              name: str, n: int) -> list[Sending]:  # fmt: skip
        if n == BROKEN and period.no == PERIODS:
            content = self._fill(blank, prefecture, period, nil, before, {})
            self.values = before
            return [Sending(on=on, name=name, content=content[: len(content) // 2])]
        if n == FIXED and period.no == 2:  # noqa: PLR2004 - the second period
            county = self.campaign.program.counties_of(prefecture.code)[3]
            spoilt = self._fill(
                blank, prefecture, period, nil - {county.code}, before, {(county.code, "Q19-1"): "五百余人"}
            )
            fixed = self._fill(blank, prefecture, period, nil - {county.code}, before, {})
            return [Sending(on=on, name=name, content=spoilt),
                    Sending(on=period.due_on + timedelta(days=2), name="改正_" + name, content=fixed)]  # fmt: skip
        mess: dict[tuple[str, str], Any] = {}
        if n == MESSY:
            first = self.campaign.program.counties_of(prefecture.code)
            for county, (code, pattern) in zip(first, MESS.items(), strict=False):
                if county.code not in nil and isinstance(self.values.get((county.code, code)), int):
                    mess[county.code, code] = pattern.format(self.values[county.code, code])
        return [Sending(on=on, name=name, content=self._fill(blank, prefecture, period, nil, before, mess))]

    def _advance(self, county: County, period: Period) -> None:
        """Two months of work in one county, then made to fit the rules."""
        for form in self.campaign.program.forms:
            fields = form.fields_in(period)
            for one in fields:
                self.values[county.code, one.code] = self._next(county, one, period)
            self._fit(county, form, {one.code for one in fields})

    def _next(self, county: County, one: Field, period: Period) -> Value:
        last = self.values.get((county.code, one.code))
        gone, vigour = elapsed(self.campaign.program.window, period.end), self.vigour[county.code]
        if one.type is FieldType.YESNO:
            if one.not_applicable and (last == NOT_APPLICABLE or (last is None and self.random.random() > vigour)):
                return NOT_APPLICABLE
            return YES if last == YES or self.random.random() < vigour * gone * 1.3 else NO
        if one.type is FieldType.CHOICE:
            return last or self.random.choices(one.options, [3, 4, 2][: len(one.options)])[0]
        if one.type is FieldType.CHECKLIST:
            return self._tick(one, last, vigour * gone)
        if one.type is FieldType.DATE:
            return period.end - timedelta(days=self.random.randint(3, 50))
        if one.not_applicable and (last == NOT_APPLICABLE or (last is None and self.random.random() > vigour)):
            return NOT_APPLICABLE
        return self._count(county, one, last if isinstance(last, int) else None, vigour, period)

    def _tick(self, one: Field, last: Value, chance: float) -> str:
        had = set(str(last).split("、")) if last else set()
        ticked = [o for o in one.options if o in had or self.random.random() < chance * 1.4]
        return "、".join(ticked) or NONE_TICKED

    def _count(self, county: County, one: Field, last: int | None, vigour: float, period: Period) -> int:
        quantity = next((q for q in self.campaign.program.quantities if one.code in q.fields), None)
        if quantity and quantity.denominator == one.code:
            size = (
                county.townships
                if one.unit == "个" and one.code.endswith("-d") and last is None
                else UNIT_SIZE.get(one.unit, 50)
            )
            return last if last is not None else max(3, round(size * (0.6 + vigour)))
        if quantity and quantity.numerator == one.code:
            whole = self.values.get((county.code, quantity.denominator or ""), 10)
            share = min(1.0, vigour * elapsed(quantity.window, period.end) * 1.9 + 0.15)
            return max(last or 0, round(share * whole)) if isinstance(whole, int) else 0
        goal = float(quantity.target.threshold) if quantity and quantity.target else USUAL[one.accumulation]
        window = quantity.window if quantity else self.campaign.program.window
        reach = goal * (0.5 + 1.3 * vigour) * elapsed(window, period.end) * self.random.uniform(0.7, 1.6)
        rounded = int(reach) + (self.random.random() < reach % 1)
        return max(last or 0, rounded)

    def _fit(self, county: County, form: Form, asked: set[str]) -> None:
        """Bend the figures until every cross-field rule of the form holds."""

        def key(column: str) -> tuple[str, str]:
            return county.code, base_field(column)

        for rule in self.campaign.rules[form.code]:
            columns = [base_field(c) for c in rule.used_columns]
            if rule.type == PAIR_EQUAL and columns[0] in asked:
                self.values[county.code, columns[0]] = county.townships
        for rule in self.campaign.rules[form.code] * ROUNDS:
            columns = [base_field(c) for c in rule.used_columns]
            if rule.type == PAIR_GREATER and set(columns) <= asked and "." not in rule.kwargs["column_B"]:
                big, small = self.values[key(columns[0])], self.values[key(columns[1])]
                if isinstance(big, int) and isinstance(small, int) and small > big:
                    self.values[key(columns[0])] = small
            if rule.condition and set(columns) <= asked:
                self._fit_condition(county, rule.type, columns[0], rule.condition.column, rule.kwargs)

    def _fit_condition(self, county: County, kind: str, column: str, condition: str, kwargs: Any) -> None:
        value, source = self.values.get((county.code, column)), (county.code, base_field(condition))
        if condition.endswith(".applies"):
            return
        if kind == BETWEEN and (not isinstance(value, int) or value < kwargs.get("min_value", 0)):
            self.values[source] = NONE_TICKED if condition.endswith(".ticked") else NO
        if kind == NOT_NULL and not self.values.get(source):
            self.values[county.code, column] = None

    def _fill(self, blank: Path, prefecture: Prefecture, period: Period, nil: set[str], before: Book,
              mess: dict[tuple[str, str], Any]) -> bytes:  # fmt: skip
        """Type the figures into the issued workbook, as an officer's program would save them."""
        import openpyxl  # noqa: PLC0415 - only the demo writes with it

        book = openpyxl.load_workbook(blank)
        counties = self.campaign.program.counties_of(prefecture.code)
        for form in self.campaign.program.forms:
            layout = sheet_layout(form, period, counties)
            sheet = book[form.sheet]
            for row, county in enumerate(counties, FIRST_ROW + 1):
                if county.code in nil and any((county.code, f.code) in before for f in layout.fields):
                    sheet.cell(row, NIL_COL + 1, "√")
                    continue
                for col, one in enumerate(layout.fields, FIRST_FIELD_COL + 1):
                    value = mess.get((county.code, one.code), self.values.get((county.code, one.code)))
                    if value is not None:
                        sheet.cell(row, col, value)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()
