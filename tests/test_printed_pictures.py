"""What every picture of the demo draws, and what is said of it to who cannot see it, against the oracle."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.products.drawing.answers import CountCell, ShareRow
from pipeline.products.pictures.registry import kinds
from tests.oracle import progress
from tests.test_oracle import Triple, differences
from tests.test_printed import Book, books, n, pct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.measures.period import PeriodMeasures


def drawn(m: PeriodMeasures, name: str) -> list[tuple[Any, ...]]:
    """What each drawing of a picture is given."""
    return [drawing.args for _, drawing in kinds()[name].drawings(m)]


def rows_of(m: PeriodMeasures, name: str) -> list[Any]:
    """The rows of all of them."""
    return [row for first, *_ in drawn(m, name) for some in first for row in getattr(some, "rows", [some])]


def short(m: PeriodMeasures) -> dict[str, str]:
    """Name → code; of the demo's counties some have one name, and are told apart by their place."""
    return {p.short_name: p.code for p in m.program.prefectures}


def ranks(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    code_of, done = short(m), b.by("prefecture")
    said = b.now.campaign.said["bulletin"]
    places = progress.bands(b.now.table, chance=said["chance"], coverage=said["coverage"])
    before = books()[len(b.told) - 2][1].by("prefecture") if b.before else {}
    for row in rows_of(m, "rank"):
        code, one = code_of[row.name], done[(code_of[row.name],)]
        yield f"{code}.pct", row.completion_pct, one.pct
        yield f"{code}.of", (row.reported, row.roster), (one.reported, one.roster)
        yield f"{code}.band", row.band and row.band.value, places.get(code)
        yield f"{code}.before", row.previous_pct, before[(code,)].pct if before else None
        step = b.step(prefecture=code)
        yield f"{code}.step", row.change_pp, None if step is None else float(step)
    yield from ((f"whole.{k}", args[2], b.whole.pct) for k, args in enumerate(drawn(m, "rank")))


def heat(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    ((names, actions, cells, means, heads, total, _),) = drawn(m, "heat")
    codes, parts = list(short(m).values()), b.by("prefecture", "action")
    yield "size", (len(names), len(actions)), (len(codes), len(b.now.campaign.said["actions"]))
    for code, row, mean in zip(codes, cells, means, strict=True):
        yield f"{code}", mean, b.by("prefecture")[(code,)].pct
        yield from ((f"{code}.{no}", cell, parts[code, str(no)].pct) for no, cell in enumerate(row, 1))
    yield from ((f"{no}", cell, b.by("action")[(str(no),)].pct) for no, cell in enumerate(heads, 1))
    yield "whole", total, b.whole.pct


def tiles(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    late = {d.unit for d in b.overdue}
    rows = {(row.row, row.col): row for row in rows_of(m, "map")}
    for county in b.now.roster:
        row = rows[m.program.places[county]]
        yield f"{county}", row.completion_pct, b.by("county")[(county,)].pct
        yield f"{county}.late", row.overdue, county in late


def points(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    for k, row in enumerate(rows_of(m, "trend")):
        if k >= len(b.told):
            yield f"{k}", (row.province_pct, row.roster), (None, 0)
            continue
        w = books()[k][1].whole
        yield f"{k}.pct", row.province_pct, w.pct
        yield f"{k}.known", row.known_pct, w.with_last
        yield f"{k}.least", row.least_pct, w.least
        yield f"{k}.most", row.most_pct, w.most
        yield f"{k}.of", (row.reported, row.roster), (w.reported, w.roster)


def targets(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    campaign, period = b.now.campaign, b.now.known.period
    counts = [
        one
        for one in campaign.measures
        if one.threshold is not None
        and len(one.columns) == 1
        and campaign.columns[one.columns[0]].kind == "count"
        and one.begins <= period.end
    ]
    rows = {row.label: row for row in rows_of(m, "bullet")}
    yield "rows", set(rows), {one.title for one in counts}
    for one in counts:
        row, total = rows[one.title], b.totals[one.code]
        asked = progress.wanted(one, period)
        yield f"{one.code}.sum", row.actual, total.actual
        yield f"{one.code}.target", row.full_target, (one.threshold or 0) * total.of
        yield f"{one.code}.met", (row.met, row.applicable, row.behind), (total.met, total.of, total.paces["behind"])
        yield f"{one.code}.asked", row.required, None if asked is None else float(-(-asked * total.of // 1))
        yield f"{one.code}.of", (row.reported, row.roster), (b.counties("reported"), len(b.now.roster))


def marks(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    codes, periods = short(m), [p.code for p in b.now.campaign.periods]
    reports = {(d.unit, d.shown): d.timeliness for d in b.debts if d.kind == "REPORT"}
    for row in rows_of(m, "timely"):
        yield row.name, row.marks, tuple(reports.get((codes[row.name], p), "NOT_DUE") for p in periods)


def money(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    lines = b.now.campaign.said["funding"]
    for row, line in zip(rows_of(m, "funding"), lines, strict=True):
        found, code = b.money(line["code"]), line["code"]
        spent, have = found.execution
        heads = found.rows["units"][0] or 0
        planned = line.get("amount_wan") or (line["per_unit_wan"] * float(heads) if "per_unit_wan" in line else None)
        yield f"{code}.planned", row.planned, None if planned is None else float(planned)
        yield f"{code}.match", row.match_planned, float(planned or 0) * (line.get("match_ratio") == "1:1")
        for name, value in (("arrived", found.arrived[0]), ("spent", found.spent[0])):
            yield f"{code}.{name}", getattr(row, name), None if value is None else float(value)
        if row.matched is not None:
            yield f"{code}.matched", row.matched, float(found.matched[0] or 0)
        yield f"{code}.rate", row.execution_pct, progress.share(spent or 0, have or 0)
        yield f"{code}.of", row.reported, found.arrived[1]


def steps(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    names = {one["code"]: one["deliverable"] for one in b.now.campaign.said["milestones"]}
    levels = {"county": m.program.words.body, "prefecture": m.program.words.respondent_body}
    ours = {
        (levels[level], names[code]): [of.count(x) for of in [list(said.values())] for x in _STEPS]
        for (code, level), said in b.steps.items()
    }
    for groups, parts, *_ in drawn(m, "milestones"):
        there = [_STEPS[_STEP_NAMES.index(part.name)] for part in parts]
        for group in groups:
            for row in group.rows:
                mine = dict(zip(_STEPS, ours.pop((group.title, row.label)), strict=True))
                yield row.label, dict(zip(there, row.counts, strict=True)), {x: mine[x] for x in there}
                yield f"{row.label}.rest", 0, sum(mine.values()) - sum(row.counts)
    yield "left", ours, {}


_STEPS = ("done", "late", "not_done", "not_applicable", "silent", "not_reported")
_STEP_NAMES = ("按时完成", "逾期完成", "未完成", "不适用", "上次未完成", "尚无可用数")


def problems(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    rows, as_of = b.problems, b.ledger.as_of
    ends = {p.code: p.end for p in b.now.campaign.periods}
    ages = [(as_of - ends[str(first)]).days for first in rows["first"]]
    shut = {"已解决": 0, "撤销": 1}
    young, old = b.now.campaign.said["problem_ages"]
    place = [
        shut.get(str(status), 2 if age <= young else 4 if age > old else 3)
        for status, age in zip(rows["status"], ages, strict=True)
    ]
    late = rows["entry"].isin(list(b.late_problems))
    table = rows.assign(place=place, late=late)
    for groups, *_ in drawn(m, "problems"):
        for group in groups:
            role = {"按问题类别": "category", "按解决层级": "level"}.get(group.title)
            for row in group.rows:
                mine = table[table[role] == row.label] if role else table
                counts = Counter(mine["place"])
                yield f"{group.title}.{row.label}", tuple(row.counts), tuple(counts[k] for k in range(5))
                yield f"{group.title}.{row.label}.late", row.alarm, int(mine["late"].sum())


def questions(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    """By what is asked: titles are the same but for their words of asking and counting."""
    ten = (
        "survey",
        "ten_tasks",
        "milestones",
        "contacts",
        "action",
    )  # one title may be on two sheets: the last is meant
    for name, some in (("survey", ("survey",)), ("ten_tasks", ten)):
        columns = [c for kind in some for sheet in b.now.campaign.sheets_of(kind) for c in sheet.columns]
        said = {(c.kind in {"count", "amount"}, _bare(c.title)): b.answers(c.code) for c in columns}
        for row in (row for args in drawn(m, name) for rows in args for row in rows):
            if isinstance(row, CountCell):
                ours = said[True, _bare(row.label)]
                yield f"{row.label}", row.amount, None if ours.total is None else float(ours.total)
                yield f"{row.label}.of", row.reported, ours.given
            elif isinstance(row, ShareRow):
                ours = said[False, _bare(row.label)]
                yield f"{row.label}.{row.option}", row.met, ours.options[row.option] if row.option else ours.yes
                yield f"{row.label}.of", (row.answered, row.reported), (ours.given, ours.given + ours.refused)


def _bare(title: str) -> str:
    return re.sub("总?(场次|次数|个数|人次|人数|期数|数)$", "", re.sub("是否已?|已|有无|有", "", title))


def owed(m: PeriodMeasures, b: Book) -> Iterator[Triple]:
    """Over the whole campaign; what a later period is to show is not due yet."""
    campaign = b.now.campaign
    last = replace(b.ledger, period=campaign.periods[-1])
    codes = [p.code for p in campaign.through(b.now.known.period)]
    ours = Counter(
        "NOT_DUE" if d.shown not in codes and d.timeliness in {"OVERDUE", "UNCLEAR"} else d.timeliness
        for d in last.owed()
    )
    cells = [cell for row in rows_of(m, "calendar") for cell in row.cells if cell]
    names = ("ON_TIME", "LATE", "OVERDUE", "UNCLEAR", "NOT_DUE")
    theirs = {x: sum(getattr(cell, x.lower()) for cell in cells) for x in names}
    yield "calendar", theirs, {x: ours[x] for x in names}


EVERY = {
    "rank": ranks,
    "heat": heat,
    "map": tiles,
    "trend": points,
    "bullet": targets,
    "timely": marks,
    "funding": money,
    "milestones": steps,
    "problems": problems,
    "survey": questions,
    "calendar": owed,
}


@pytest.mark.parametrize("period", range(6))
def test_every_figure_drawn_is_that_of_the_oracle(period: int) -> None:
    m, b = books()[period]
    assert {*EVERY, "ten_tasks"} == set(kinds())
    for name, compared in EVERY.items():
        triples = list(compared(m, b))
        assert triples, name
        assert differences(iter(triples)) == [], name


# --- what is said of them ------------------------------------------------------------------------------------------


def overall(b: Book) -> list[str]:
    """全省完成率…，按已报…个县统计，计入沿用上次…，可能范围…—…."""
    w, before = b.whole, b.counties("known")
    return [pct(w.pct), n(w.reported), *([pct(w.with_last)] if before else []), pct(w.least), pct(w.most)]


def known_of(b: Book) -> list[str]:
    before = b.counties("known")
    return [n(b.counties("reported")), *([n(before)] if before else [])]


def said_of(b: Book) -> dict[str, Iterable[str]]:
    """Picture → the numbers in what is said of it, in their order."""
    counts = [t for code, t in b.totals.items() if _is_count(b, code)]
    due = [t for t in counts if t.asked is not None]
    behind = sum(bool(t.paces["behind"]) for t in counts)
    reports = Counter(d.timeliness for code in b.now.campaign.prefectures for d in b.reports(code))
    lines = b.now.campaign.said["funding"]
    past = [list(of.values()) for of in b.steps.values()]
    due_on = {one["code"]: one.get("due") for one in b.now.campaign.said["milestones"]}
    late = sum(
        list(of.values()).count("not_done")
        for (code, _), of in b.steps.items()
        if due_on[code] and due_on[code] < b.ledger.as_of
    )
    status = list(b.problems["status"])
    open_ones = len(status) - status.count("已解决") - status.count("撤销")
    listening = [d for code in b.now.campaign.prefectures for d in b.reports(code) if d.met_on]
    debts = Counter(d.timeliness for d in b.debts)
    return {
        **dict.fromkeys(("rank", "trend", "heat", "map"), overall(b)),
        "bullet": [n(len(counts)), *([n(len(due)), n(behind)] if due else []), *known_of(b)],
        "timely": [n(reports[x]) for x in ("ON_TIME", "LATE", "PENDING", "OVERDUE", "NOT_DUE") if reports[x]],
        "funding": [
            n(len(lines)),
            n(sum(line.get("amount_wan", 0) for line in lines)),
            *known_of(b)[1:],
        ],
        "milestones": [
            n(len(past)),
            n(late),
            *(n(k) for x in ("silent", "not_reported") if (k := sum(of.count(x) for of in past))),
        ],
        "problems": [
            n(len(status)),
            n(status.count("已解决")),
            n(status.count("撤销")),
            n(open_ones),
            n(len(b.late_problems)),
            n(len(listening)),
        ],
        "survey": known_of(b),
        "ten_tasks": known_of(b),
        "calendar": [
            *map(str, (b.ledger.as_of.year, b.ledger.as_of.month, b.ledger.as_of.day)),
            n(debts["ON_TIME"] + debts["LATE"]),
            n(debts["OVERDUE"]),
            *([n(debts["UNCLEAR"])] if debts["UNCLEAR"] else []),
        ],
    }


def _is_count(b: Book, code: str) -> bool:
    one = b.measures[code]
    kind = b.now.campaign.columns[one.columns[0]].kind
    counted = one.threshold is not None and not one.is_rate and kind == "count"
    return counted and one.begins <= b.now.known.period.end


@pytest.mark.parametrize("period", range(6))
def test_every_number_said_of_a_picture_is_that_of_the_oracle(period: int) -> None:
    m, b = books()[period]
    for name, ours in said_of(b).items():
        kind = kinds()[name]
        words = kind.alt_text(m).removeprefix(m.period.title + m.program.worded(kind.title))
        assert re.findall(r"\d[\d,]*(?:\.\d+)?", words) == list(ours), (name, words)
