"""Every number a document of the demo prints, by the name it was registered under, against the oracle.

No digit stands in a document but in what was registered, in the words of ``program/`` and in the template. Every name is
covered by a pattern of ``FIGURES``: what is no figure, a row's number or a title with digits in it, is compared too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import docx
import pytest
from docx.oxml.ns import qn

from pipeline.products.documents.bulletin import bulletin_context
from pipeline.products.documents.overdue_list import overdue_context
from pipeline.products.documents.profile import profile_context
from pipeline.products.documents.publications import letter_drafts, publications
from pipeline.products.wording import Figures
from tests.builder import ROOT, whole_campaign
from tests.hearsay import demo_heard, heard
from tests.oracle import owed, progress, systems
from tests.prose_cases import case
from tests.test_oracle import published, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from decimal import Decimal

    import pandas as pd

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.wording import Figure
    from tests.oracle.notice import Measure
    from tests.test_oracle import Told


@dataclass(frozen=True, kw_only=True)
class Book:
    """What the oracle has of one period, and of those before."""

    told: tuple[Told, ...]
    issued: tuple[str, ...] = ()  # periods of the document, where it is compared with its own last issue

    @property
    def now(self) -> Told:
        """The period."""
        return self.told[-1]

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """By code."""
        return {m.code: m for m in self.now.campaign.measures}

    @cached_property
    def totals(self) -> dict[str, progress.Total]:
        """By quantity."""
        groups = self.now.table.groupby("quantity", sort=False)
        return {str(code): progress.total(self.measures[str(code)], self.now.known, rows) for code, rows in groups}

    @cached_property
    def whole(self) -> progress.Completion:
        """Of all counties."""
        return progress.completion(self.now.table)

    @cache  # noqa: B019 - six books
    def by(self, *columns: str) -> dict[tuple[str, ...], progress.Completion]:
        """By some columns."""
        return progress.by(self.now.table, *columns)

    @property
    def before(self) -> Told | None:
        """What this period is compared with."""
        return next((t for t in reversed(self.told[:-1]) if not self.issued or t.period in self.issued), None)

    @cached_property
    def spoken(self) -> list[pd.DataFrame]:
        """Of this period and the one compared."""
        now, before = self.now, self.before
        assert before
        same = progress.same_counties(now.campaign, now.known.period, before.known.period)
        return [progress.spoken(now.table), progress.spoken(before.table, same)]

    def step(self, **where: Any) -> Decimal | None:
        """The change, as printed."""
        if not self.before:
            return None
        some = [
            rows[(rows[list(where)] == list(where.values())).all(axis=1)] if where else rows for rows in self.spoken
        ]
        return progress.change(*some).step

    @cached_property
    def ledger(self) -> owed.Ledger:
        """A week after the reports were due: see :func:`tests.hearsay.snapshot`."""
        now = self.now
        some = owed.Ledger(campaign=now.campaign, published=now.published, period=now.known.period, as_of=date.max)
        return replace(some, as_of=some.due(now.known.period) + timedelta(days=7))

    @cached_property
    def debts(self) -> list[owed.Debt]:
        """What is owed."""
        return self.ledger.owed()

    @property
    def overdue(self) -> list[owed.Debt]:
        """Counties overdue with the period's report."""
        mine = (d for d in self.debts if d.kind == "REPORT" and d.shown == self.period)
        return [d for d in mine if d.timeliness == "OVERDUE" and d.unit in self.now.roster]

    @property
    def covered(self) -> list[str]:
        """The periods it tells of: its own, or all since its last issue."""
        since = self.before.period if self.issued and self.before else ""
        return [t.period for t in self.told if t.period > since] if self.issued else [self.period]

    def reports(self, unit: str) -> list[owed.Debt]:
        """A unit's, of the periods it tells of."""
        return [d for d in self.debts if (d.kind, d.unit) == ("REPORT", unit) and d.shown in self.covered]

    @property
    def period(self) -> str:
        """Its code."""
        return self.now.period

    @cached_property
    def late_problems(self) -> dict[str, int]:
        """Number → days past its day."""
        return {d.serves: d.days for d in self.debts if d.kind == "PROBLEM" and d.timeliness == "OVERDUE"}

    @cached_property
    def lagging(self) -> dict[str, tuple[bool, bool]]:
        """County → whether something is behind, and whether it is below the whole by more than chance."""
        rows, chance = self.now.table, self.now.campaign.said["bulletin"]["chance"]
        behind = set(rows.loc[rows["pace"] == "behind", "county"])
        band = {
            county: progress.apart(done.met, done.of, self.whole, among=self.whole.reported, chance=chance)
            for (county,), done in self.by("county").items()
            if done.of
        }
        found = {county: (county in behind, band.get(county) == -1) for county in self.now.roster}
        return {county: reasons for county, reasons in found.items() if any(reasons)}

    @cached_property
    def candidates(self) -> list[str]:
        """Counties all of whose reports were in time, with nothing behind, and ahead by more than chance or done with all."""
        chance = self.now.campaign.said["bulletin"]["chance"]
        found = []
        for (county,), done in self.by("county").items():
            came = [
                d.timeliness for d in self.debts if (d.kind, d.unit) == ("REPORT", county) and d.timeliness != "NOT_DUE"
            ]
            ahead = done.of and (
                done.met == done.of
                or progress.apart(done.met, done.of, self.whole, among=self.whole.reported, chance=chance) == 1
            )
            if came and set(came) == {"ON_TIME"} and ahead and not self.lagging.get(county, (False, False))[0]:
                found.append(county)
        return found

    @cached_property
    def problems(self) -> pd.DataFrame:
        """As last told."""
        return systems.entries(self.now.campaign, self.now.published, "problems", self.now.known.period)

    @cached_property
    def highlights(self) -> pd.DataFrame:
        """As last told."""
        return systems.entries(self.now.campaign, self.now.published, "highlights", self.now.known.period)

    @cached_property
    def steps(self) -> dict[tuple[str, str], dict[str, str]]:
        """By milestone and level."""
        return systems.steps(self.now.campaign, self.now.known)

    def money(self, line: str, prefecture: str = "") -> systems.Money:
        """A funding line."""
        return systems.money(self.now.campaign, self.now.known, line, prefecture)

    @cached_property
    def tasks(self) -> dict[int, dict[str, bool | None]]:
        """By number and county."""
        solved = systems.solved_counties(self.now.campaign, self.now.published, self.now.known.period)
        return systems.ten_tasks(self.now.campaign, self.now.known, solved)

    def counties(self, knowledge: str) -> int:
        """How many are reported, known or unknown."""
        return sum(self.now.known.of(c) == knowledge for c in self.now.roster)

    def said(self, code: str) -> dict[str, str | None]:
        """What each county says in a column."""
        return {c: self.now.known.value(c, code) for c in self.now.roster}

    def answers(self, code: str) -> systems.Answers:
        """A column over its units."""
        sheet = next(s for s in self.now.campaign.sheets if any(c.code == code for c in s.columns))
        units = systems.units_on(self.now.campaign, sheet, self.now.known.period)
        return systems.answers(self.now.campaign, self.now.known, code, units)

    def line(self, code: str) -> dict[str, Any]:
        """A funding line as it is written."""
        return next(line for line in self.now.campaign.said["funding"] if line["code"] == code)

    @property
    def listening(self) -> int:
        """Prefectures of which a list ever stood."""
        values = self.now.published.values
        early = values[values["period"] <= self.now.period]
        return int(early["county_code"].isin(self.now.campaign.prefectures).groupby(early["county_code"]).any().sum())


# --- how numbers are written ---------------------------------------------------------------------------------------


def n(value: float | Decimal | None) -> str:
    """12,345 or 3.5."""
    if value is None:
        return "-"
    return f"{int(value):,}" if float(value).is_integer() else str(progress.rounded(float(value)))


def pct(value: float | None) -> str:
    return "-" if value is None else str(progress.rounded(value))


def wan(value: Decimal | float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def signed(step: Decimal | None) -> str:
    return "-" if step is None else f"+{step}" if step > 0 else f"−{abs(step)}" if step < 0 else "0.0"


def plain(text: str) -> str:
    """Without its sign of per cent."""
    return text.removesuffix("%")


# --- what is printed under which name ------------------------------------------------------------------------------

FIGURES: list[tuple[str, Callable[..., str | Iterable[str]]]] = []


def figure(pattern: str) -> Callable[[Callable[..., str | Iterable[str]]], Callable[..., str | Iterable[str]]]:
    def keep(read: Callable[..., str | Iterable[str]]) -> Callable[..., str | Iterable[str]]:
        FIGURES.append((rf"^{pattern}$", read))
        return read

    return keep


@figure(r"province\.(\w+)")
def _(b: Book, what: str) -> str:
    w, step = b.whole, b.step()
    both = b.before and progress.change(*b.spoken)
    return {
        "met": n(w.met),
        "applicable": n(w.of),
        "unmet": n(w.of - w.met),
        "completion": pct(w.pct),
        "known": pct(w.with_last),
        "least": pct(w.least),
        "most": pct(w.most),
        "change": "-" if step is None else str(abs(step)),
        "same": n(w.reported - len(both.came)) if both else "-",
    }[what]


@figure(r"prefecture\.(\d+)\.(completion|least|most|reported|roster|change)")
def _(b: Book, code: str, what: str) -> str:
    done = b.by("prefecture")[(code,)]
    return {
        "completion": pct(done.pct),
        "least": pct(done.least),
        "most": pct(done.most),
        "reported": n(done.reported),
        "roster": n(done.roster),
        "change": signed(b.step(prefecture=code)),
    }[what]


def _extremes(some: Iterable[progress.Completion]) -> dict[str, str]:
    """Of those of which three counties in four reported."""
    shares = [d.pct for d in some if d.pct is not None and 4 * d.reported >= 3 * d.roster]
    return {"highest": pct(max(shares, default=None)), "lowest": pct(min(shares, default=None))}


@figure(r"prefecture\.(highest|lowest)")
def _(b: Book, what: str) -> str:
    return _extremes(b.by("prefecture").values())[what]


@figure(r"action\.(\d+)\.(completion|change|highest|lowest)")
def _(b: Book, no: str, what: str) -> str:
    step = b.step(action=int(no))
    mine = (done for (_, action), done in b.by("prefecture", "action").items() if action == no)
    return (
        _extremes(mine)
        | {"completion": pct(b.by("action")[(no,)].pct), "change": "-" if step is None else str(abs(step))}
    )[what]


@figure(r"action\.(\d+)\.(\d{6})\.completion")
def _(b: Book, no: str, code: str) -> str:
    return pct(b.by("prefecture", "action")[code, no].pct)


@figure(r"county\.(\d+)\.(met|applicable|completion|behind|open|gap)")
def _(b: Book, code: str, what: str) -> str:
    done = b.by("county")[(code,)]
    paces = list(b.now.table.loc[b.now.table["county"] == code, "pace"])
    gap = (
        None if done.pct is None or b.whole.pct is None else progress.rounded(done.pct) - progress.rounded(b.whole.pct)
    )
    return {
        "met": n(done.met),
        "applicable": n(done.of),
        "completion": pct(done.pct),
        "behind": n(paces.count("behind")),
        "open": n(done.of - done.met - paces.count("behind")),
        "gap": signed(gap),
    }[what]


@figure(r"counties\.(known|nil|reported|roster|silent)")
def _(b: Book, what: str) -> str:
    known, never = b.counties("known"), b.counties("unknown")
    nil = sum(b.now.known.states.get(c) == "NIL" for c in b.now.roster)
    counts = {"known": known, "silent": known + never, "nil": nil, "roster": len(b.now.roster)}
    return n((counts | {"reported": b.counties("reported")})[what])


@figure(r"pace\.(behind|on_path|not_due)")
def _(b: Book, what: str) -> str:
    return n(int((b.now.table["judged"] & (b.now.table["pace"] == what)).sum()))


@figure(r"prefectures\.roster")
def _(b: Book) -> str:
    return n(len(b.now.campaign.prefectures))


@figure(r"item\.no|([A-Z]\d+-\w+)\.item")
def _(b: Book, code: str | None) -> Iterable[str]:
    return [n(b.measures[code].item)] if code else [n(m.item) for m in b.now.campaign.measures]


@figure(r"([A-Z]\d+-\w+)\.(applicable|met|total|yes|rate|numerator|denominator|behind|target|reported|roster)")
def _(b: Book, code: str, what: str) -> str:
    total, m = b.totals[code], b.measures[code]
    return {
        "applicable": n(total.of),
        "reported": n(total.of),
        "met": n(total.met),
        "total": n(total.actual),
        "yes": n(total.actual),
        "rate": pct(total.actual),
        "numerator": n(total.part),
        "denominator": n(total.whole),
        "behind": n(total.paces.get("behind")),
        "target": n(m.threshold),
        "roster": n(len(b.now.roster)),
    }[what]


@figure(r"([A-Z]\d+-\w+)\.(base|share|sum|met_count|threshold)")
def _(b: Book, code: str, what: str) -> str:
    m = b.measures[code]
    assert m.whole
    actual, base = progress.of_the_whole(m, b.now.known, b.now.roster)
    of = m.whole.get("share_of") or m.whole["sum_of"]
    met = sum(value == "是" for value in b.said(of).values())
    return {
        "base": n(base),
        "share": pct(actual),
        "sum": n(actual),
        "met_count": n(met),
        "threshold": n(m.whole["at_least"]),
    }[what]


@figure(r"goal\.([^.]+)\.(met|applicable|completion)")
def _(b: Book, name: str, what: str) -> str:
    goal = next(goal for goal in b.now.campaign.said["goals"] if goal["name"] == name)
    done = progress.completion(b.now.table[b.now.table["item"].isin(goal["items"])])
    return {"met": n(done.met), "applicable": n(done.of), "completion": pct(done.pct)}[what]


@figure(r"trend\.(\d{4}-\d\d)\.(met|applicable|completion|least|most|reported|roster|change)")
def _(b: Book, period: str, what: str) -> str:
    k = [t.period for t in b.told].index(period)
    then = books()[k][1]
    w = then.whole
    return {
        "met": n(w.met),
        "applicable": n(w.of),
        "completion": pct(w.pct),
        "least": pct(w.least),
        "most": pct(w.most),
        "reported": n(w.reported),
        "roster": n(w.roster),
        "change": signed(then.step()),
    }[what]


@figure(r"trend\.(first|last)_pct")
def _(b: Book, which: str) -> str:
    return pct(books()[0 if which == "first" else len(b.told) - 1][1].whole.pct)


# --- besides the actions -------------------------------------------------------------------------------------------


@figure(r"funding\.(planned|planned_with_match)")
def _(b: Book, what: str) -> str:
    lines = b.now.campaign.said["funding"]
    planned = sum(line.get("amount_wan", 0) for line in lines)
    added = sum(line.get("amount_wan", 0) for line in lines if line.get("match_ratio") == "1:1")
    return wan(planned + added * (what != "planned"))


@figure(r"funding\.(F\d)\.(arrived|spent|units)\.(reported|roster)")
def _(b: Book, line: str, what: str, which: str) -> str:
    found = b.money(line)
    levels = (len(b.now.roster), len(b.now.campaign.prefectures))
    if what == "spent":
        own = any(found.own["spent"][1] for _ in levels)
        return n(found.spent[1] if which == "reported" else levels[0] + levels[1] * own)
    given = found.arrived if what == "arrived" else found.rows["units"]
    by_prefecture = what == "arrived" and bool(found.own["received"][1])
    return n(given[1] if which == "reported" else levels[by_prefecture])


@figure(r"funding\.(F\d)\.(arrived|matched|spent|units|execution|execution\.have|execution\.spent)")
def _(b: Book, line: str, what: str) -> str:
    found = b.money(line)
    spent, have = found.execution
    return {
        "arrived": wan(found.arrived[0]),
        "matched": wan(found.matched[0]),
        "spent": wan(found.spent[0]),
        "units": n(found.rows["units"][0]),
        "execution": pct(progress.share(spent or 0, have or 0)),
        "execution.have": wan(have),
        "execution.spent": wan(spent),
    }[what]


@figure(r"funding\.(F\d)\.(planned|most|per_unit)")
def _(b: Book, line: str, what: str) -> str:
    said, heads = b.line(line), b.money(line).rows["units"][0]
    planned = said.get("amount_wan") or said["per_unit_wan"] * (heads or 0)
    return {"planned": wan(planned), "most": n(said.get("units")), "per_unit": wan(said.get("per_unit_wan"))}[what]


@figure(r"funding\.(F\d)\.match_(met|False|None)")
def _(b: Book, line: str, what: str) -> str:
    rows = [b.money(line, code).own for code in b.now.campaign.prefectures]
    pairs = [(row["received"][0], row["matched"][0]) for row in rows]
    found = [None if a is None or c is None else c >= a for a, c in pairs]
    return n(found.count({"met": True, "False": False, "None": None}[what]))


@figure(r"social\.(heads|first|second|due|a_head)(\.reported)?")
def _(b: Book, what: str, reported: str | None) -> str:
    roles = {"heads": "heads", "due": "heads", "first": "received_first", "second": "received_second"}
    if what == "a_head":
        return wan(b.line("F9")["per_unit_wan"])
    code = b.now.campaign.sheets_of("social_workers")[0].of_role(roles[what])[0].code
    given = [x for c in b.now.roster if (x := b.now.known.number(c, code)) is not None]
    if reported:
        return n(len(given))
    return n(sum(given)) if what == "heads" else wan(sum(given) * (2 if what == "due" else 1))


@figure(r"milestone\.(M\d+)\.(county|prefecture)\.(done|late|not_done|unclear|owed|overdue)")
def _(b: Book, code: str, level: str, what: str) -> str:
    said = list(b.steps[code, level].values())
    done = said.count("done") + said.count("late")
    return {
        "done": n(done),
        "late": n(said.count("late")),
        "not_done": n(said.count("not_done")),
        "unclear": n(said.count("silent") + said.count("not_reported")),
        "owed": n(len(said) - said.count("not_applicable")),
        "overdue": n(said.count("not_done")),
    }[what]


@figure(r"milestone\.(M\d+)\.county\.(\d+)")
def _(b: Book, code: str, prefecture: str) -> str:
    said = [step for unit, step in b.steps[code, "county"].items() if b.now.roster[unit] == prefecture]
    return n(said.count("not_done"))


@figure(r"milestones\.(behind|unclear)")
def _(b: Book, what: str) -> Iterable[str]:
    due = {m["code"]: m.get("due") for m in b.now.campaign.said["milestones"]}
    past = {
        key: list(of.values())
        for key, of in b.steps.items()
        if (due[key[0]] or b.now.campaign.window[1]) <= b.now.known.period.end
    }
    if what == "behind":
        return n(sum("not_done" in said for said in past.values()))
    return n(sum(said.count("silent") + said.count("not_reported") for said in past.values()))


@figure(r"contacts\.(covered|entered|given|roster|silent)")
def _(b: Book, what: str) -> str:
    paired = set(b.now.campaign.contacts["county_code"]) & set(b.now.roster)
    code = b.now.campaign.sheets_of("contacts")[0].of_role("contact")[0].code
    entered = {c for c, value in b.said(code).items() if value} - paired
    rest = [c for c in b.now.roster if c not in paired | entered]
    counts = {"given": len(paired), "entered": len(entered), "covered": len(paired | entered), "silent": len(rest)}
    return n((counts | {"roster": len(b.now.roster)})[what])


@figure(r"visits\.(met|none|reported|total|prefectures|report\.met|report\.share)")
def _(b: Book, what: str) -> str:
    sheet = b.now.campaign.sheets_of("contacts")[0]
    visits, report = (sheet.of_role(role)[0].code for role in ("visits", "report"))
    times = {c: x for c in b.now.roster if (x := b.now.known.number(c, visits)) is not None}
    none = [c for c, x in times.items() if not x]
    given = [value for value in b.said(report).values() if value]
    return {
        "met": n(len(times) - len(none)),
        "none": n(len(none)),
        "reported": n(len(times)),
        "total": n(sum(times.values())),
        "prefectures": n(len({b.now.roster[c] for c in none})),
        "report.met": n(given.count("是")),
        "report.share": pct(progress.share(given.count("是"), len(given))),
    }[what]


@figure(r"visits\.(\d+)\.none")
def _(b: Book, code: str) -> str:
    visits = b.now.campaign.sheets_of("contacts")[0].of_role("visits")[0].code
    return n(sum(b.now.known.number(c, visits) == 0 for c, of in b.now.roster.items() if of == code))


@figure(r"task\.(\d+)\.done\.(met|reported)")
def _(b: Book, no: str, what: str) -> str:
    said = list(b.tasks[int(no)].values())
    return n(said.count(True) if what == "met" else len(said) - said.count(None))


@figure(r"task\.([A-Z]+\d*-\w+)\.(total|yes|mean|option|texts)")
def _(b: Book, code: str, what: str) -> str | Iterable[str]:
    found = b.answers(code)
    options = {*map(n, found.options.values()), n(found.none)}
    amount = b.now.campaign.columns[code].kind == "amount"
    mean = None if found.total is None or not found.given else float(found.total / found.given)
    return {
        "total": wan(found.total) if amount else n(found.total),
        "yes": n(found.yes),
        "mean": pct(mean),
        "option": options,
        "texts": n(found.given),
    }[what]


@figure(r"task\.([A-Z]+\d*-\w+)\.quote")
def _(b: Book, code: str) -> Iterable[str]:
    """A whole sentence of an answer, on what most of them speak of."""
    spoken = b.answers(code).options
    most = {name for name, n in spoken.items() if n == max(spoken.values())}
    words = [word for t in b.now.campaign.said["topics"] if t["name"] in most for word in t["words"]]
    column = b.now.campaign.columns[code]
    said = [b.now.known.value(unit, column.shows or code) for unit in b.now.roster]
    sentences = {one.strip() for text in said if text for one in re.split("(?<=[。！？；])|\n", text)}
    return {one for one in sentences if any(word in one for word in words)}


@figure(r"task\.(reported|roster)")
def _(b: Book, what: str) -> Iterable[str]:
    if what == "roster":
        return {n(len(b.now.roster)), n(len(b.now.campaign.prefectures))}
    sheets = [
        s
        for kind in ("ten_tasks", "survey", "milestones", "contacts", "action")
        for s in b.now.campaign.sheets_of(kind)
    ]
    given = {n(b.answers(c.code).given) for s in sheets for c in s.columns}
    return given | {n(len(said) - list(said.values()).count(None)) for said in b.tasks.values()}


# --- lists ---------------------------------------------------------------------------------------------------------


def _problems(b: Book, rows: pd.DataFrame, what: str) -> str:
    shut = rows["status"].isin(["已解决", "撤销"])
    since = rows["last"] == b.now.period  # what is done with is not carried: the list that says so is its last
    return n(
        int(
            {
                "total": len(rows),
                "open": (~shut).sum(),
                "closed": (rows["status"] == "已解决").sum(),
                "dropped": (rows["status"] == "撤销").sum(),
                "new": (rows["first"] == b.now.period).sum(),
                "closed_now": ((rows["status"] == "已解决") & since).sum(),
                "dropped_now": ((rows["status"] == "撤销") & since).sum(),
            }[what]
        )
    )


@figure(r"problems\.(total|open|closed|dropped|new|closed_now|dropped_now)")
def _(b: Book, what: str) -> str:
    return _problems(b, b.problems, what)


@figure(r"problems\.(category|level|department)\.([^.]+)\.(total|open|closed|dropped)")
def _(b: Book, role: str, name: str, what: str) -> str:
    return _problems(b, b.problems[b.problems[role] == name], what)


@figure(r"prefecture\.(\d+)\.problems\.(total|open|closed|dropped)")
def _(b: Book, code: str, what: str) -> str:
    return _problems(b, b.problems[b.problems["prefecture"] == code], what)


@figure(r"(?:problems|highlights)\.prefectures")
def _(b: Book) -> str:
    return n(b.listening)


@figure(r"prefecture\.(\d+)\.(highlights|highlights_now)")
def _(b: Book, code: str, what: str) -> str | Iterable[str]:
    mine = b.highlights[b.highlights["prefecture"] == code]
    return n(len(mine)) if what == "highlights" else _of_quarters(b, mine)


def _quarters() -> Iterator[tuple[str, str]]:
    for year in (2022, 2023):
        yield from ((f"{year}-{m:02d}-01", f"{year}-{m + 2:02d}-31") for m in (1, 4, 7, 10))


def _of_quarters(b: Book, rows: pd.DataFrame) -> set[str]:
    """Of the quarter that ended last, by the period's end."""
    first, last = _last_quarter(b)
    return {n(int(((rows["dated_on"] >= first) & (rows["dated_on"] <= last)).sum()))}


def _last_quarter(b: Book) -> tuple[str, str]:
    end = (b.now.known.period.end + timedelta(days=1)).isoformat()
    return [q for q in _quarters() if q[1] < end or q[1][:7] == b.period][-1]


@figure(r"quarter\.(entries|met|roster)")
def _(b: Book, what: str) -> str | Iterable[str]:
    rows = b.highlights
    if what == "roster":
        return n(len(b.now.campaign.prefectures))
    if what == "entries":
        return _of_quarters(b, rows)
    return n(sum(_of_quarters(b, rows[rows["prefecture"] == code]) != {"0"} for code in b.now.campaign.prefectures))


@figure(r"brands\.(counties|entries)|spread\.(entries|yes)|cases\.(\w+)")
def _(b: Book, brand: str | None, spread: str | None, case: str | None) -> str:
    rows = b.highlights
    if case in {"一县一品牌", "案例", "经验"}:
        return n(int((rows["highlight_kind"] == case).sum()))
    brands = rows[rows["highlight_kind"] == "一县一品牌"]
    yes = int((rows["spread"] == "是").sum())
    named = {"counties": len({*brands["county"]} - {""}), "entries": len(brands)} if brand else {}
    named |= {"entries": int((rows["spread"] != "").sum()), "yes": yes} if spread else {}
    named |= {"count": len(rows), "prefectures": rows["prefecture"].nunique(), "spread": yes} if case else {}
    return n(named[brand or spread or case or ""])


# --- what is owed, and days ----------------------------------------------------------------------------------------


@figure(r"overdue\.(count|RETURNED|NOTHING_RECEIVED|\d+)|prefecture\.(\d+)\.overdue")
def _(b: Book, what: str | None, code: str | None) -> str:
    return n(sum((code or what) in {"count", d.reason, b.now.roster[d.unit]} for d in b.overdue))


@figure(r"(\d+)\.(streak|days|days_late)")
def _(b: Book, code: str, what: str) -> set[str]:
    return {
        n({"streak": d.streak, "days": d.days, "days_late": (d.met_on - d.due_on).days if d.met_on else 0}[what])
        for d in b.reports(code)
    }


@figure(r"prefectures\.(ON_TIME|LATE|OVERDUE)")
def _(b: Book, what: str) -> set[str]:
    mine = [d for code in b.now.campaign.prefectures for d in b.reports(code)]
    return {n(sum((d.shown, d.timeliness) == (period, what) for d in mine)) for period in b.covered}


@figure(r"prefecture\.(\d+)\.moved")
def _(b: Book, code: str) -> set[str]:
    changed = progress.change(*b.spoken)
    return {n(sum(b.now.roster[c] == code for c in some)) for some in (changed.came, changed.went)}


@figure(r"counties\.(missing|never|nothing_usable|returned)")
def _(b: Book, what: str) -> str:
    came = b.ledger.returned
    silent = {c for c in b.now.roster if b.now.known.of(c) != "reported"}
    unknown = {c for c in silent if b.now.known.of(c) == "unknown"}
    unusable = {c for c in unknown if any((t.period, c) in came for t in b.told)}
    returned = {c for c in silent if (b.period, c) in came}
    some = {"missing": silent - returned, "returned": returned, "nothing_usable": unusable, "never": unknown - unusable}
    return n(len(some[what]))


@figure(r"county\.(\d+)\.(due|on_time)")
def _(b: Book, code: str, what: str) -> str:
    mine = [d.timeliness for d in b.debts if (d.kind, d.unit) == ("REPORT", code)]
    return n(mine.count("ON_TIME") if what == "on_time" else len(mine) - mine.count("NOT_DUE"))


@figure(r"quarter\.(not_met|not_reported)")
def _(b: Book, what: str) -> str:
    mine = [d for d in b.debts if d.kind == "HIGHLIGHT"]
    last = [d.timeliness for d in mine if d.due_on == max(d.due_on for d in mine)]
    return n(last.count("OVERDUE" if what == "not_met" else "UNCLEAR"))


@figure(r"problem\.\d+\.(\S+)\.(days_overdue|due_on|since)")
def _(b: Book, number: str, what: str) -> set[str]:
    row = b.problems.set_index("entry").loc[number]
    day = date.fromisoformat(row["due_on"]) if row["due_on"] else date.max
    first = _title(b, str(row["first"]))
    return {
        "days_overdue": {n(b.late_problems.get(number, 0))},
        "due_on": {f"{day.year}.{day.month}.{day.day}", _in_words(day)},
        "since": {first, first.removeprefix("20")},
    }[what]


@figure(
    r"problems\.overdue|problems\.(category|level|department)\.([^.]+)\.overdue|prefecture\.(\d+)\.problems\.overdue"
)
def _(b: Book, role: str | None, name: str | None, code: str | None) -> str:
    if code and any(d.kind == "PROBLEM" and d.timeliness == "UNCLEAR" and d.serves.startswith(code) for d in b.debts):
        return "不明"
    rows = b.problems[b.problems["entry"].isin(b.late_problems)]
    column, wanted = (role, name) if role else ("prefecture", code) if code else (None, None)
    return n(len(rows[rows[column] == wanted] if column else rows))


@figure(r"problems\.unclear")
def _(b: Book) -> str:
    return n(sum(d.kind == "PROBLEM" and d.timeliness == "UNCLEAR" for d in b.debts))


@figure(r"problems\.(pressing|listed)")
def _(b: Book, what: str) -> str:
    days = sorted((b.late_problems.get(x, 0) for x in _pressing(b)), reverse=True)
    return n(len(days) if what == "pressing" else sum(d >= days[min(8, len(days)) - 1] for d in days))


def _pressing(b: Book) -> list[str]:
    """Numbers of the open problems put to the highest level."""
    some = b.problems[~b.problems["status"].isin(["已解决", "撤销"]) & (b.problems["level"] == "省级")]
    return list(some["entry"])


@figure(r"lagging\.(count|BEHIND|COMPLETION|listed)")
def _(b: Book, what: str) -> str:
    if what == "listed":
        rank = sorted((progress.rounded(b.by("county")[(c,)].pct or 0), -_behind(b, c)) for c in b.lagging)
        return n(sum(one <= rank[min(30, len(rank)) - 1] for one in rank))
    reasons = list(b.lagging.values())
    return n(
        {"count": len(reasons), "BEHIND": sum(x for x, _ in reasons), "COMPLETION": sum(y for _, y in reasons)}[what]
    )


def _behind(b: Book, county: str) -> int:
    return int(((b.now.table["county"] == county) & (b.now.table["pace"] == "behind")).sum())


@figure(r"candidates\.(count|listed)")
def _(b: Book, what: str) -> str:
    rank = sorted((progress.rounded(b.by("county")[(c,)].pct or 0) for c in b.candidates), reverse=True)
    return n(len(rank) if what == "count" else sum(one >= rank[min(30, len(rank)) - 1] for one in rank))


@figure(r"action\.(\d+)\.(begun|full|late|rest|targets)")
def _(b: Book, no: str, what: str) -> str:
    mine = {
        c: t for c, t in b.totals.items() if b.measures[c].action == int(no) and b.measures[c].threshold is not None
    }
    then = b.before.known.period.end if b.before else date.min
    judged = [t for t in mine.values() if t.of]
    full = sum(t.met == t.of for t in judged)
    return n(
        {
            "begun": sum(then < b.measures[c].begins <= b.now.known.period.end for c in mine),
            "full": full,
            "late": sum(t.paces.get("behind", 0) > 0 for t in judged),
            "rest": len(judged) - full,
            "targets": len(judged),
        }[what]
    )


@figure(r"as_of|due_on|next\.due_on|period\.end|milestone\.due|milestone\.(M\d+)\.\w+\.due_on|([A-Z]\d+-\w+)\.from")
def _(b: Book, step: str | None, quantity: str | None) -> set[str]:
    campaign, now = b.now.campaign, b.now.known.period
    due = {m["code"]: m["due"] for m in campaign.said["milestones"] if m.get("due")}
    if step or quantity:
        return {_in_words(due[step] if step else b.measures[quantity or ""].begins)}
    return {*map(_in_words, (b.ledger.as_of, now.end, *map(b.ledger.due, campaign.periods), *due.values()))}


@figure(r"period\.title|next\.period|(?:known|trend)\.(\d{4}-\d\d)(?:\.title)?|trend\.(first|last)")
def _(b: Book, code: str | None, which: str | None) -> set[str]:
    codes = [p.code for p in b.now.campaign.periods]
    if which:
        code = codes[0] if which == "first" else b.period
    return {_title(b, code)} if code else {_title(b, one) for one in (*b.covered, *codes[codes.index(b.period) :][:2])}


@figure(r"quarter")
def _(b: Book) -> str:
    last = date.fromisoformat(_last_quarter(b)[1][:8] + "28")
    return f"{last.year}年第{'一二三四'[last.month // 3 - 1]}季度"


@figure(r"highlight\.dated_on")
def _(b: Book) -> set[str]:
    return {_in_words(date.fromisoformat(day)) for day in b.highlights["dated_on"] if day}


def _in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _title(b: Book, code: str) -> str:
    return str(next(p["title"] for p in b.now.campaign.said["periods"] if str(p["code"])[:7] == code))


# --- words that have digits in them, and settings ------------------------------------------------------------------


@figure(
    r"(?:([A-Z]\d+-\w+)|task\.([A-Z]+\d*-\w+)|milestone\.(M\d+)(?:\.county|\.prefecture)?)\.(?:title|name)|quantity\.title"
)
def _(b: Book, _: str | None, column: str | None, step: str | None) -> set[str]:
    said = b.now.campaign.said
    if step:
        return {m["deliverable"] for m in said["milestones"] if m["code"] == step}
    return titles_of(b, b.now.campaign.columns[column].title) if column else titles_of(b)


def titles_of(b: Book, *some: str) -> set[str]:
    """Of quantities, or some others, with the word of counting and without it."""
    said = some or [m.title for m in b.measures.values()]
    return {*said, *(re.sub("总?(场次|次数|个数|人次|人数|期数|数)$", "", title) for title in said)}


@figure(
    r"(?:county\.\d+|(?:highlight|problem)\.\d+\.\S+|milestones|tension|(task)|row)\.no|table"
    r"|problem\.\d+\.(\S+)\.number"
)
def _(b: Book, task: str | None, problem: str | None) -> set[str]:
    """Rows are numbered one by one: see the test of it."""
    if task:
        survey = {no for sheet in b.now.campaign.sheets_of("survey") for no, _ in sheet.groups}
        return {n(no) for no in (*survey, *(one["no"] for one in b.now.campaign.said["ten_tasks"]))}
    return set(b.problems["entry"]) & {problem} if problem else {n(k) for k in range(1, 130)}


@figure(r"goal\.([^.]+)\.items")
def _(b: Book, name: str) -> str:
    runs: list[list[int]] = []
    for no in sorted(next(goal for goal in b.now.campaign.said["goals"] if goal["name"] == name)["items"]):
        runs = [*runs[:-1], [*runs[-1], no]] if runs and runs[-1][-1] == no - 1 else [*runs, [no]]
    return "、".join(f"{run[0]}—{run[-1]}" if len(run) > 2 else "、".join(map(str, run)) for run in runs)


@figure(
    r"notice|program\.ambiguous|chance|coverage\.floor|bulletin\.(copies|number)|issue\.number|funding\.(F\d)\.ratio"
)
def _(b: Book, what: str | None, line: str | None) -> set[str]:
    said = b.now.campaign.said
    if line:
        return {b.line(line)["match_ratio"]}
    nth = [p.code for p in b.now.campaign.periods].index(b.period)
    if what:
        return {n(said["bulletin"]["copies"] if what == "copies" else said["bulletin"]["number_from"] + nth)}
    issue = sum(code <= b.period for code in b.issued)
    settings = (said["bulletin"]["chance"], said["bulletin"]["coverage"], sum(m.ambiguous for m in b.measures.values()))
    return {said["notice"], n(issue), *map(n, settings)}


@figure(r"tension\.(F\d)")
def _(b: Book, code: str) -> set[str]:
    """Where the notice's own sums do not fit: what it gives, how many there are, what that asks for at least."""
    line, counties = b.line(code), len(b.now.roster)
    return {
        f"{wan(line.get('amount_wan')).split('.')[0]}万元要求按1:1配套，但未明确{len(b.now.campaign.prefectures)}个州（市）的分配数额",
        f"按每个{line.get('per_unit_wan')}万元至多补助{line.get('units')}个，少于{counties}个县",
        f"补助{counties}个（场），而所列任务合计至少要求{2 * counties}个（场）（{counties}个县）",
        f"该项经费不限于{counties}个县级工会，还包括州（市）本级等，不能按县平均",
    }


# --- the proof -----------------------------------------------------------------------------------------------------


@cache
def books() -> tuple[tuple[PeriodMeasures, Book], ...]:
    program = whole_campaign().program
    measured = [heard(program, demo_heard(), period) for period in program.periods]
    every = told(ROOT / "program", {m.period.code: published(m) for m in measured})
    return tuple((m, Book(told=tuple(every[: k + 1]))) for k, m in enumerate(measured))


@cache
def _book(period: int, document: str) -> Book:
    book = books()[period][1]
    said = book.now.campaign.said["publications"]
    issued = tuple(str(code)[:7] for one in said if one["document"] == document for code in one["periods"])
    return replace(book, issued=issued) if issued else book


def contexts(m: PeriodMeasures) -> Iterator[tuple[str, Any, Figures]]:
    """Every document of a period: its name, what its template is filled with, and what it registered."""
    for draft in (*publications(m, ROOT / "templates" / "docx", is_demo=True), *letter_drafts(m, is_demo=True)):
        yield draft.name, *draft.make()
    yield "工作简报", *bulletin_context(m, is_demo=True)
    yield "逾期县清单", *overdue_context(m, is_demo=True)
    for county in m.program.counties[::16]:
        yield "县级画像", *profile_context(m, county, is_demo=True)


@cache
def printed(period: int) -> tuple[tuple[str, Figure], ...]:
    """Document and what it registered; letters and the pages of counties are compared elsewhere."""
    made = contexts(books()[period][0])
    return tuple((name, one) for name, _, say in made if not re.search("催报|画像", name) for one in say.entries)


def reader_of(name: str) -> tuple[Callable[..., str | Iterable[str]], tuple[str | None, ...]] | None:
    for pattern, read in FIGURES:
        if found := re.match(pattern, name):
            return read, found.groups()
    return None


@pytest.mark.parametrize("period", range(6))
def test_every_printed_figure_is_that_of_the_oracle(period: int) -> None:
    wrong = set()
    for document, one in printed(period):
        ours = computed(period, one.measure, OWN_ISSUE if OWN_ISSUE in document else "")
        if ours and is_compared(one) and plain(one.text) not in ours:
            wrong.add((document, one.measure, one.text, "、".join(sorted(ours)[:5])))
    assert sorted(wrong) == []


def is_compared(one: Figure) -> bool:
    """Whatever has a digit in it, and the words of officers."""
    return bool(re.search(r"\d", one.text)) or one.measure.endswith(".quote")


OWN_ISSUE = "季度通报"  # compares with its own last issue, all others with the period before


@cache
def computed(period: int, name: str, document: str) -> frozenset[str]:
    """What the oracle has for a name; nothing where it has nothing to say."""
    if not (found := reader_of(name)):
        return frozenset()
    ours = found[0](_book(period, document), *found[1])
    return frozenset({ours} if isinstance(ours, str) else ours)


def test_every_printed_name_is_covered() -> None:
    names = {one.measure for period in range(6) for _, one in printed(period) if is_compared(one)}
    assert sorted(name for name in names if not reader_of(name)) == []
    names |= {
        one.measure for one in bulletin_context(case("名次并列"), is_demo=False)[1].entries
    }  # where some are apart
    unused = [p for p, _ in FIGURES if not any(re.match(p, name) for name in names)]
    assert unused == []


def test_rows_are_numbered_one_by_one() -> None:
    for period in range(6):
        last: dict[tuple[str, str], int] = {}
        for document, one in printed(period):
            if re.search(r"^table$|^row\.no$|^(?!task).*\.no$", one.measure) and one.measure != "item.no":
                key = document, re.sub(r"\d+", "", one.measure)
                assert int(one.text) in {1, last.get(key, 0) + 1}, (document, one)
                last[key] = int(one.text)


@pytest.mark.parametrize("period", range(6))
def test_no_number_of_a_document_escapes_its_register(period: int, monkeypatch: pytest.MonkeyPatch) -> None:
    m, b = books()[period]
    say = Figures.__call__
    monkeypatch.setattr(Figures, "__call__", lambda *told, **more: f"⟦{say(*told, **more)}⟧")
    own = sorted({*titles_of(b), m.program.notice, m.period.title, _in_words(m.snapshot.as_of)}, key=len, reverse=True)
    marked = 0
    for document, context, _ in contexts(m):
        for text in texts(context):
            rest, marked = text, marked + text.count("⟦")
            while (less := re.sub("⟦[^⟦⟧]*⟧", "", rest)) != rest:
                rest = less
            for words in own:
                rest = rest.replace(words, "")
            assert not re.search(r"\d", rest), (document, text)
    assert marked > 1000


def texts(value: Any) -> Iterator[str]:
    """Every text in what a template is filled with."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (text for one in fields(value) for text in texts(getattr(value, one.name)))
    elif isinstance(value, dict | list | tuple):
        yield from (text for one in (value.values() if isinstance(value, dict) else value) for text in texts(one))
    else:
        assert value is None or isinstance(value, bool), value


def test_templates_have_no_number_but_those_of_tables_pictures_and_pages() -> None:
    for path in (ROOT / "templates" / "docx").glob("*.docx"):
        for paragraph in docx.Document(str(path)).element.body.iter(qn("w:p")):
            text = "".join(one.text or "" for one in paragraph.iter(qn("w:t")))
            assert not re.search(r"\d", re.sub(r"\{\{.*?\}\}|\{%.*?%\}|[图表]\d|附件1序号", "", text)), (
                path.name,
                text,
            )
