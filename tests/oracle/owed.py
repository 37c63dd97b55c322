"""Who owes what by when, whether it was done, and how long past its day it is: from records, values, entries and ``program/``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import chinese_calendar

from tests.oracle.notice import NOT_APPLICABLE, YES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from tests.oracle.memory import Published
    from tests.oracle.notice import Campaign, Column, Sheet, Span

FIRST_VISIT = 1


@dataclass(frozen=True, kw_only=True)
class Debt:
    """Something owed.

    Attributes:
        who: Unit, or contacts joined by 、.
        unit: What it is about.
        shown: Period whose return shows it.
        streak: Periods or quarters missed in a row.
    """

    kind: str
    who: str
    unit: str
    serves: str
    shown: str
    due_on: date
    met_on: date | None
    timeliness: str
    days: int
    streak: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What was received by a day, seen from a period: of campaigns whose files could all be read."""

    campaign: Campaign
    published: Published
    period: Span
    as_of: date

    def due(self, period: Span, unit: str = "") -> date:
        """Of the reports of a period; of a unit, for all of its prefecture, the day to which its report was extended."""
        whose = {**self.campaign.roster(self.period), **self.campaign.roster(period)}.get(unit, unit)
        return self.longer.get((period.code, whose), workday_after(self.campaign, period))

    @cached_property
    def longer(self) -> dict[tuple[str, str], date]:
        """(period, prefecture) → the day staff gave it by the day, the last word counts."""
        columns = ["act", "kind", "period", "prefecture_code", "done_on", "day"]
        acts = self.published.acts.reindex(columns=columns)
        mine = acts[(acts["kind"] == "EXTEND") & (acts["done_on"] <= self.as_of.isoformat())]
        return {
            (period, prefecture): date.fromisoformat(day)
            for _, period, prefecture, day in sorted(
                (int(no), period, prefecture, day) for no, _, period, prefecture, _, day in mine.itertuples(index=False)
            )
        }

    @cached_property
    def records(self) -> pd.DataFrame:
        """What was decided of every unit, by what had come by the day."""
        columns = ["period", "county_code", "state", "submission", "received_on"]
        records = self.published.records.reindex(columns=columns)
        return records[records["received_on"] <= self.as_of.isoformat()]

    @cached_property
    def accepted(self) -> dict[tuple[str, str], date]:
        """(period, unit) → the day it was first accepted."""
        some = self.records[self.records["state"].isin(["ACCEPTED", "NIL"])]
        days = some.groupby(["period", "county_code"], as_index=False)["received_on"].min()
        return {
            (period, unit): date.fromisoformat(day)
            for period, unit, day in days[["period", "county_code", "received_on"]].itertuples(index=False)
        }

    @cached_property
    def returned(self) -> set[tuple[str, str]]:
        """(period, unit) sent back and not accepted."""
        return {*zip(self.records["period"], self.records["county_code"], strict=True)} - set(self.accepted)

    @cached_property
    def received(self) -> dict[str, date]:
        """Number of a submission → its day."""
        days = zip(self.records["submission"], self.records["received_on"], strict=True)
        return {number: date.fromisoformat(day) for number, day in days}

    def owed(self) -> list[Debt]:
        """All that falls due in the periods up to this one."""
        codes = {p.code for p in self.campaign.through(self.period)}
        some = [*self.reports(), *self.highlights(), *self.milestones(), *self.visits(), *self.problems()]
        return [debt for debt in some if debt.shown in codes]

    # --- what kinds there are -----------------------------------------------------------------------------------------

    def reports(self) -> Iterator[Debt]:
        """Of each county there is in a period, and of each prefecture: its first county's."""
        roster, ran = self.campaign.roster(self.period), self.campaign.through(self.period)
        streaks: dict[str, int] = {}
        for period in ran:
            then = self.campaign.roster(period)
            for unit in (*self.campaign.prefectures, *then):
                mine = [unit] if unit in then else [c for c, of in then.items() if of == unit]
                met = min((day for c in mine if (day := self.accepted.get((period.code, c)))), default=None)
                now, last = self._now(unit, period), self.due(period, unit)
                timeliness = self._judged(last, met)
                behind = timeliness in {"LATE", "OVERDUE"}
                streaks[now] = streaks.get(now, 0) + 1 if behind else 0
                late = timeliness == "OVERDUE"
                why = "RETURNED" if any((period.code, c) in self.returned for c in mine) else "NOTHING_RECEIVED"
                yield Debt(
                    kind="REPORT",
                    who=unit,
                    unit=unit,
                    serves="",
                    shown=period.code,
                    due_on=last,
                    met_on=met,
                    timeliness=timeliness,
                    days=(self.as_of - last).days if late else 0,
                    streak=streaks[now],
                    reason="" if met else why,
                )
        assert roster

    def _now(self, unit: str, period: Span) -> str:
        """Under which code a county goes on, where it only got another."""
        return self._renamed.get((unit, period.code), unit)

    @cached_property
    def _renamed(self) -> dict[tuple[str, str], str]:
        from tests.oracle.progress import same_counties  # noqa: PLC0415 - only here

        return {
            (old, p.code): new
            for p in self.campaign.through(self.period)
            for old, new in same_counties(self.campaign, self.period, p).items()
        }

    def highlights(self) -> Iterator[Debt]:
        """One of each prefecture in each quarter that ends in the campaign's time."""
        for sheet in self.campaign.sheets_of("highlights"):
            for column in sheet.of_role("dated_on"):
                told = self.entries[self.entries["field"] == column.code]
                for prefecture in self.campaign.prefectures:
                    mine, streak = told[told["prefecture_code"] == prefecture], 0
                    for first, last in _quarters(*self.campaign.window):
                        there = mine[mine["value"].between(first.isoformat(), last.isoformat())]
                        met = min((self.received[n] for n in there["submission"]), default=None)
                        debt = self._settled("HIGHLIGHT", prefecture, column.serves, last, met, stated=False)
                        streak = streak + 1 if debt.timeliness in {"LATE", "OVERDUE"} else 0
                        yield Debt(**{**_fields(debt), "streak": streak})

    def milestones(self) -> Iterator[Debt]:
        """Steps with a day, of those whose sheet asks for them."""
        for step in self.campaign.said["milestones"]:
            for sheet in self.campaign.sheets_of("milestones"):
                columns, days = sheet.of_role("done", step["code"]), sheet.of_role("done_on", step["code"])
                kind = "MATERIAL" if step.get("material") else "MILESTONE"
                for unit in self._units(sheet) if step.get("due") and columns else ():
                    said = [self._said(unit, c, _day_of(days, n), lambda v: v == YES) for n, c in enumerate(columns)]
                    yield from self._stated(kind, unit, step["code"], step["due"], said)

    def visits(self) -> Iterator[Debt]:
        """A visit and a report, by the campaign's end where no day is given."""
        dues = {step["code"]: step.get("due") for step in self.campaign.said["milestones"]}
        for sheet in self.campaign.sheets_of("contacts"):
            for role, day_role, enough in (
                ("visits", "visited_on", _came),
                ("report", "report_on", lambda v: v == YES),
            ):
                for n, column in enumerate(sheet.of_role(role)):
                    day = _day_of(sheet.of_role(day_role), n)
                    for unit in self._units(sheet):
                        said = [self._said(unit, column, day, enough)]
                        due = dues.get(column.serves) or self.campaign.window[1]
                        yield from self._stated("VISIT", unit, column.serves, due, said)

    def problems(self) -> Iterator[Debt]:
        """Each that bears a day and was not given up, as it was told last."""
        for sheet in self.campaign.sheets_of("problems"):
            codes = {
                role: next((c.code for c in sheet.of_role(role)), "") for role in ("due_on", "closed_on", "county")
            }
            if not sheet.closing or not codes["due_on"]:
                continue
            mine = self.entries[self.entries["field"].isin([c.code for c in sheet.columns])]
            for (prefecture, number), told in mine.groupby(["prefecture_code", "entry"], sort=True):
                last = told[told["period"] == told["period"].max()]
                row = dict(zip(last["field"], last["value"], strict=True))
                status, due = row.get(sheet.closing[0]), row.get(codes["due_on"])
                if told["period"].min() > self.period.code or not due or status == "撤销":
                    continue
                stated = row.get(codes["closed_on"])
                met = None
                if status in sheet.closing[1]:
                    met = date.fromisoformat(stated) if stated else self.received[last["submission"].iloc[0]]
                unit = self._heir(row.get(codes["county"], ""), str(prefecture))
                yield self._settled(
                    "PROBLEM", unit, str(number), date.fromisoformat(due), met, stated=bool(stated), by=str(prefecture)
                )

    # --- what they rest on --------------------------------------------------------------------------------------------

    @cached_property
    def entries(self) -> pd.DataFrame:
        """What was listed."""
        columns = ["period", "prefecture_code", "entry", "field", "value", "submission"]
        entries = self.published.entries.reindex(columns=columns)
        return entries[entries["submission"].isin(self.received)]

    def _heir(self, county: str, prefecture: str) -> str:
        """The county an entry means as it is now, else the prefecture."""
        lives, roster = self.campaign.lives, self.campaign.roster(self.period)
        while county and county not in roster:
            county = str(lives.loc[county, "successor"]) if county in lives.index else ""
        return county if county and roster[county] == prefecture else prefecture

    def _units(self, sheet: Sheet) -> list[str]:
        return self.campaign.prefectures if sheet.rows == "prefecture" else list(self.campaign.roster(self.period))

    def _said(
        self, unit: str, column: Column, day: str, enough: Callable[[str], bool]
    ) -> tuple[bool, date | None, bool]:
        """Exempt, and since when it is done: the stated day, else when the return came that first said so."""
        rows = [(p, self._row(unit, p)) for p in self.campaign.periods]
        given = [(p, row) for p, row in rows if column.code in row]
        if not given or given[-1][1][column.code][0] == NOT_APPLICABLE:
            return bool(given), None, False
        if not enough(given[-1][1][column.code][0]):
            return False, None, False
        stated = given[-1][1].get(day, ("", ""))[0]
        if stated:
            return False, date.fromisoformat(stated), True
        since = given[-1][1]
        for _, row in reversed(given):
            if not enough(row[column.code][0]) or day in row:
                break
            since = row
        return False, self.received[since[column.code][1]], False

    def _row(self, unit: str, period: Span) -> dict[str, tuple[str, str]]:
        """Field → value and submission, of the same county under whatever code."""
        code = next((old for (old, p), new in self._renamed.items() if p == period.code and new == unit), "")
        mine = self._values.get((period.code, code or unit)) if code or unit in self.campaign.prefectures else None
        return mine or {}

    @cached_property
    def _values(self) -> dict[tuple[str, str], dict[str, tuple[str, str]]]:
        values = self.published.values
        asked = {
            c.code
            for kind in ("milestones", "contacts")
            for sheet in self.campaign.sheets_of(kind)
            for c in sheet.columns
        }
        found: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
        columns = ["period", "county_code", "field", "value", "submission"]
        some = values.reindex(columns=columns)
        some = some[some["field"].isin(asked) & some["submission"].isin(self.received)]
        for period, unit, field, value, submission in some.itertuples(index=False):
            found.setdefault((period, unit), {})[field] = (value, submission)
        return found

    def _stated(
        self, kind: str, unit: str, serves: str, due: date, said: list[tuple[bool, date | None, bool]]
    ) -> Iterator[Debt]:
        asked = [(day, stated) for exempt, day, stated in said if not exempt]
        if not asked:
            return
        last = max(asked, key=lambda one: one[0] or date.min)
        done = all(day for day, _ in asked)
        yield self._settled(kind, unit, serves, due, last[0] if done else None, stated=done and last[1])

    def _settled(
        self, kind: str, unit: str, serves: str, due: date, met: date | None, *, stated: bool, by: str = ""
    ) -> Debt:
        """In time by its day; by that of the return that shows it, where only the return says so, or none came."""
        shown = next((p for p in self.campaign.periods if due <= p.end), self.campaign.periods[-1])
        later = [p for p in self.campaign.periods if p.end >= shown.end]
        heard = bool(by) or any((p.code, unit) in self.accepted for p in later)
        by_then = due if (stated if met else heard) else max(due, self.due(shown, by or unit))
        timeliness = self._judged(by_then, met)
        if timeliness == "OVERDUE" and not self._spoke(by or unit):
            timeliness = "UNCLEAR"
        missed = [
            p
            for p in self.campaign.through(self.period)
            if p.end >= shown.end and self.due(p, by or unit) < (met or self.as_of)
        ]
        return Debt(
            kind=kind,
            who=self._whose(unit, serves),
            unit=unit,
            serves=serves,
            shown=shown.code,
            due_on=due,
            met_on=met,
            timeliness=timeliness,
            days=(self.as_of - due).days if timeliness == "OVERDUE" else 0,
            streak=max(1, len(missed)) if timeliness in {"LATE", "OVERDUE"} else 0,
        )

    def _judged(self, due: date, met: date | None) -> str:
        if met:
            return "ON_TIME" if met <= due else "LATE"
        return "NOT_DUE" if self.as_of <= due else "OVERDUE"

    def _spoke(self, unit: str) -> bool:
        """Whether the last report that is due stands, or a later one."""
        due = [p for p in self.campaign.through(self.period) if self.due(p, unit) < self.as_of]
        return not due or any((p.code, unit) in self.accepted for p in self.campaign.periods if p.end >= due[-1].end)

    def _whose(self, unit: str, serves: str) -> str:
        """Its own, or of who is paired with it: by the notice, else as entered, else the prefecture's leaders."""
        steps = (*self.campaign.said["milestones"], *self.campaign.said.get("duties", []))
        owed_by = next((one.get("owed_by") for one in steps if one["code"] == serves), None)
        if not owed_by or unit in self.campaign.prefectures:
            return unit
        if unit in self._paired:
            return self._paired[unit]
        prefecture = self.campaign.roster(self.period)[unit]
        codes = [c.code for sheet in self.campaign.sheets_of("contacts") for c in sheet.of_role("contact")]
        said = [row[code][0] for p in self.campaign.periods for code in codes if code in (row := self._row(unit, p))]
        return "、".join(f"{prefecture}:{name}" for name in (said[-1].split("、") if said else [""]))

    @cached_property
    def _paired(self) -> dict[str, str]:
        """County → who is paired with it by the notice, on the day."""
        given = self.campaign.contacts
        if not len(given):
            return {}
        some = given[given["valid_from"] <= self.as_of.isoformat()]
        return dict(some.groupby("county_code")["unit_id"].agg("、".join))


def _fields(debt: Debt) -> dict[str, Any]:
    return {name: getattr(debt, name) for name in debt.__dataclass_fields__}


def _day_of(columns: list[Column], n: int) -> str:
    return columns[min(n, len(columns) - 1)].code if columns else ""


def _came(value: str) -> bool:
    return value.isdigit() and int(value) >= FIRST_VISIT


@cache
def workday_after(campaign: Campaign, period: Span) -> date:
    """The fifth working day after a period's end, or as many as the programme says."""
    left, day = campaign.said["due_rule"]["working_days_after"], period.end
    while left:
        day += timedelta(days=1)
        left -= _is_worked(day)
    return day


def _is_worked(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


def _quarters(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Those that end in a time."""
    for year in range(start.year, end.year + 1):
        for month in (1, 4, 7, 10):
            last = date(year + month // 10, (month + 3) % 12, 1) - timedelta(days=1)
            if start <= last <= end:
                yield date(year, month, 1), last
