"""What the notice has besides the eight actions: steps, money, contacts, the ten tasks, problems and highlights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from tests.oracle.notice import NO, NONE_TICKED, NOT_APPLICABLE, YES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.oracle.memory import Known, Published
    from tests.oracle.notice import Campaign, Sheet, Span

Sum = tuple[Decimal | None, int]  # amount, and of how many units

STEPS = ("done", "late", "not_done", "silent", "not_reported", "not_applicable")
ROLES = {
    "received": ("received", "received_first", "received_second"),
    "matched": ("matched",),
    "spent": ("spent",),
    "units": ("units", "heads"),
}


def units_on(campaign: Campaign, sheet: Sheet, period: Span) -> dict[str, str]:
    """Unit with a row on a sheet → its prefecture."""
    if sheet.rows == "county":
        return campaign.roster(period)
    return {code: code for code in campaign.prefectures} if sheet.rows == "prefecture" else {}


def steps(campaign: Campaign, known: Known) -> dict[tuple[str, str], dict[str, str]]:
    """(milestone, county or prefecture) → unit → where it stands on it."""
    found = {}
    for step in campaign.said["milestones"]:
        for sheet in campaign.sheets_of("milestones"):
            columns = sheet.of_role("done", step["code"])
            if any(c.asked(known.period) for c in columns):
                days = [c.code for c in sheet.of_role("done_on", step["code"])]
                found[step["code"], sheet.rows] = {
                    unit: _step(known, unit, [c.code for c in columns], days, step.get("due"))
                    for unit in units_on(campaign, sheet, known.period)
                }
    return found


def _step(known: Known, unit: str, columns: list[str], days: list[str], due: date | None) -> str:
    said = [known.value(unit, code) for code in columns]
    if all(answer == NOT_APPLICABLE for answer in said):
        return "not_applicable"
    if NO in said:
        return "not_done" if unit in known.states else "silent"
    if None in said:
        return "not_reported"
    given = [date.fromisoformat(day) for code in days if (day := known.value(unit, code))]
    return "late" if due and given and max(given) > due else "done"


@dataclass(frozen=True, kw_only=True)
class Money:
    """One funding line at one place, in 万元; each sum with how many units gave it.

    Attributes:
        rows: Role → sum over county rows.
        own: Role → sum over prefectures' own rows.
        arrived: What came from above, counted once: prefectures' rows hold what they pass on.
        execution: Spent, and what there was to spend, over those that gave all of it.
    """

    rows: dict[str, Sum]
    own: dict[str, Sum]
    arrived: Sum
    matched: Sum
    spent: Sum
    execution: tuple[Decimal | None, Decimal | None]


def money(campaign: Campaign, known: Known, line: str, prefecture: str = "") -> Money:
    """A line in one prefecture, or everywhere."""
    kinds = [sheet for kind in ("funding", "social_workers") for sheet in campaign.sheets_of(kind)]
    levels: list[tuple[dict[str, str], pd.DataFrame, set[str]]] = []
    for level in ("county", "prefecture"):
        sheets = [sheet for sheet in kinds if sheet.rows == level]
        units = units_on(campaign, sheets[0], known.period) if sheets else {}
        mine = {unit: of for unit, of in units.items() if prefecture in {"", of}}
        codes = {
            role: [
                c.code for sheet in sheets for name in names for c in sheet.of_role(name, line) if c.asked(known.period)
            ]
            for role, names in ROLES.items()
        }
        cells = {
            unit: {role: _plus(known.number(unit, code) for code in found) for role, found in codes.items()}
            for unit in mine
        }
        frame = pd.DataFrame.from_dict(cells, orient="index", columns=list(ROLES), dtype=object)
        levels.append((mine, frame, {role for role, found in codes.items() if found}))
    (_, rows, asked_rows), (_, own, asked_own) = levels
    sums = [{role: added(frame[role]) for role in ROLES} for _, frame, _ in levels]
    return Money(
        rows=sums[0],
        own=sums[1],
        arrived=sums["received" in asked_own]["received"],
        matched=sums["matched" in asked_own]["matched"],
        spent=added([*rows["spent"], *own["spent"]]),
        execution=_executed(levels, asked_rows, asked_own),
    )


def _executed(
    levels: list[tuple[dict[str, str], pd.DataFrame, set[str]]], asked_rows: set[str], asked_own: set[str]
) -> tuple[Decimal | None, Decimal | None]:
    (of, rows, _), (_, own, _) = levels
    judged = asked_own if "spent" in asked_own and asked_own & {"received", "matched"} else asked_rows
    there = [role for role in ("received", "matched") if role in judged]
    if "spent" not in judged or not there:
        return None, None
    pairs = []
    frame = own if judged is asked_own else rows
    for unit, row in frame.iterrows():
        spent = [row["spent"]]
        if judged is asked_own and "spent" in asked_rows:
            spent += [rows.loc[county, "spent"] for county, prefecture in of.items() if prefecture == unit]
        cells = [*spent, *(row[role] for role in there)]
        if not any(_blank(cell) for cell in cells):
            pairs.append((sum(spent), sum(row[role] for role in there)))
    return (sum(a for a, _ in pairs), sum(b for _, b in pairs)) if pairs else (None, None)


def _blank(cell: Any) -> bool:
    return not isinstance(cell, Decimal)


def _plus(parts: Iterable[Decimal | None]) -> Decimal | None:
    given = [part for part in parts if part is not None]
    return sum(given, Decimal(0)) if given else None


def added(cells: Iterable[Any]) -> Sum:
    """What is given, and by how many."""
    given = [cell for cell in cells if not _blank(cell)]
    return (sum(given, Decimal(0)) if given else None), len(given)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What units say in one column: how many do, the sum, how many 是, and each option."""

    given: int
    refused: int
    total: Decimal | None
    yes: int
    options: dict[str, int]
    none: int


def answers(campaign: Campaign, known: Known, code: str, units: Iterable[str]) -> Answers:
    """Of a column, or of the one it shows."""
    column = campaign.columns[code]
    column = campaign.columns.get(column.shows, column)
    said = [known.value(unit, column.code) for unit in units]
    given = [value for value in said if value and value != NOT_APPLICABLE]
    ticked = Counter(option for value in given for option in value.split("、"))
    numbers = [Decimal(value) for value in given] if column.kind in {"count", "amount"} else []
    topics = {t["name"]: t["words"] for t in campaign.said.get("topics", [])} if column.kind == "text" else {}
    spoken = {name: sum(any(word in text for word in words) for text in given) for name, words in topics.items()}
    return Answers(
        given=len(given),
        refused=said.count(NOT_APPLICABLE),
        total=sum(numbers, Decimal(0)) if numbers else None,
        yes=given.count(YES),
        options={option: ticked[option] for option in column.options} | spoken,
        none=given.count(NONE_TICKED) if column.kind == "checklist" else 0,
    )


def ten_tasks(campaign: Campaign, known: Known, solved: Mapping[str, bool]) -> dict[int, dict[str, bool | None]]:
    """Task → county → whether it has done it; None where that cannot be said."""
    done: dict[int, dict[str, bool | None]] = {}
    lists = {sheet.code for sheet in campaign.sheets if sheet.rows == "list"}
    for task in campaign.said.get("ten_tasks", []):
        columns = [campaign.columns[code] for code in task["fields"] if campaign.columns[code].asked(known.period)]
        if not columns:
            continue
        done[task["no"]] = {}
        for county in campaign.roster(known.period):
            said = [
                solved.get(county)
                if c.form in lists
                else _satisfied(campaign, known, county, c.code, enough=c.code in task.get("any_of", ()))
                for c in columns
            ]
            done[task["no"]][county] = False if False in said else None if None in said else True
    return done


def _satisfied(campaign: Campaign, known: Known, county: str, code: str, *, enough: bool) -> bool | None:
    column = campaign.columns[code]
    column = campaign.columns.get(column.shows, column)
    said = known.value(county, column.code)
    if not said:
        return None
    if said == NOT_APPLICABLE:
        return True
    if column.kind == "yesno":
        return said == YES
    if column.kind == "checklist":
        ticked, every = set(said.split("、")), set(column.options)
        return bool(ticked & every) if enough else every <= ticked
    return Decimal(said) > 0 if column.kind in {"count", "amount"} else True


def entries(campaign: Campaign, published: Published, kind: str, period: Span) -> pd.DataFrame:
    """Each entry of a list as it was last told: by role of its columns, with ``first`` and ``last`` period, ``prefecture``."""
    sheets = campaign.sheets_of(kind)
    codes = {c.code: c.role or c.code for sheet in sheets for c in sheet.columns}
    if not codes or not len(published.entries):
        return pd.DataFrame(columns=["prefecture", "first", "last", "status", "county", *codes.values()])
    mine = published.entries[
        published.entries["field"].isin(list(codes)) & (published.entries["period"] <= period.code)
    ]
    wide = (
        mine.assign(role=mine["field"].map(codes))
        .pivot_table(index=["prefecture_code", "entry", "period"], columns="role", values="value", aggfunc="last")
        .reset_index()
        .sort_values("period", kind="stable")
    )
    grouped = wide.groupby(["prefecture_code", "entry"], sort=False)
    last = grouped.tail(1).set_index(["prefecture_code", "entry"])
    last = last.assign(first=grouped["period"].min(), last=last["period"]).reset_index()
    last = last.reindex(columns=[*dict.fromkeys([*last.columns, *codes.values()])], fill_value="")
    return last.rename(columns={"prefecture_code": "prefecture"}).fillna("")


def solved_counties(campaign: Campaign, published: Published, period: Span) -> dict[str, bool]:
    """County → whether one of its problems is solved, of prefectures that ever sent their list; 撤销 solves nothing."""
    problems = entries(campaign, published, "problems", period)
    solved = set(problems.loc[problems["status"].isin(["已解决", "已办结"]), "county"])
    sent = {str(code) for code in problems["prefecture"]}
    values = published.values
    if len(values):
        early = values[(values["period"] <= period.code) & values["county_code"].isin(campaign.prefectures)]
        sent |= set(early["county_code"])
    return {county: county in solved for county, of in campaign.roster(period).items() if of in sent}
