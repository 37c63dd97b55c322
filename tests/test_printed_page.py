"""Every figure of the page of each of the demo's periods, in its tables and in what it looks up, against the oracle."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from lxml import html

from pipeline.products.page.site import index_page
from tests.oracle import progress
from tests.test_oracle import Triple, differences
from tests.test_printed import Book, _in_words, _title, books, computed, n, pct, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.oracle.owed import Debt

TIMELY = {"ON_TIME": "按时", "LATE": "迟报", "OVERDUE": "逾期", "UNCLEAR": "情况不明", "NOT_DUE": "未到期"}


@cache
def page(period: int) -> Any:
    """The page as a tree; of a workspace in which nothing lies."""
    nowhere = Path("/nonexistent")
    return html.fromstring(index_page(books()[period][0], {}, (), inbox=nowhere, outbox=nowhere, is_demo=True))


def looked_up(period: int) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(page(period).get_element_by_id("data").text)
    return data


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def table(period: int, label: str) -> list[dict[str, str]]:
    """The rows of a table, by its heads; none where there is no such table."""
    found = page(period).xpath(f'//div[@aria-label="{label}"]/table')
    heads = [words(head) for some in found for head in some.xpath("./thead//th")]
    return [
        {**dict(zip(heads, map(words, row), strict=True)), "": "".join(row.xpath(".//@id"))}
        for some in found
        for row in some.xpath("./tbody/tr")
    ]


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,]*(?:\.\d+)?", text)


def tiles(b: Book, period: int) -> Iterator[Triple]:
    w, sections = b.whole, page(period).xpath('//section[@aria-label="概况"]/*')
    said = {words(one.xpath("./*")[0]): words(one) for one in sections}
    states = Counter(
        b.now.known.states.get(c) or ("RETURNED" if (b.period, c) in b.ledger.returned else "MISSING")
        for c in b.now.roster
    )
    names = {"ACCEPTED": "已接收", "NIL": "零报告", "RETURNED": "退回待改", "MISSING": "未报"}
    for state, name in names.items():
        yield name, numbers(said[name]) if name in said else ["0"], [n(states[state])]
    bounds = [pct(w.least), pct(w.most)] if w.reported < w.roster else []
    known = [pct(w.with_last)] if w.carried else []
    step = b.step()
    changed = [] if not step else [str(abs(step))]
    yield "完成率", numbers(said["完成率"]), [pct(w.pct), n(w.reported), n(w.roster), *known, *bounds, *changed]
    kinds = ("reported", "known", "nothing_usable", "never")
    counts = {what: next(iter(computed(period, f"counties.{what}", ""))) for what in kinds}
    yield "所报", Counter(numbers(said["各县所报的数"])), Counter(x for x in counts.values() if x != "0")
    rows = b.now.table[b.now.table["judged"]]
    paces = [n(int((rows["pace"] == pace).sum())) for pace in ("met", "on_path", "behind", "not_due", "unclear")]
    yield "进度", numbers(said["各县任务进度（项）"]), [x for x in paces if x != "0"]
    reports = Counter(d.timeliness for code in b.now.campaign.prefectures for d in b.reports(code))
    yield "州（市）", numbers(said["州（市）报送"]), [n(reports[x]) for x in TIMELY if reports[x]]
    unclear = sum(d.timeliness == "UNCLEAR" for d in b.debts)
    todo = [n(len(b.overdue)), n(len(others(b))), *([n(unclear)] if unclear else [])]
    yield "待处理", numbers(said["待处理"]), todo


def others(b: Book) -> list[Debt]:
    """Overdue beside the reports, and beside what contacts owe."""
    return [d for d in b.debts if d.timeliness == "OVERDUE" and d.who == d.unit and d.kind != "REPORT"]


def prefectures(b: Book, period: int) -> Iterator[Triple]:
    m = books()[period][0]
    said = b.now.campaign.said["bulletin"]
    places = progress.bands(b.now.table, chance=said["chance"], coverage=said["coverage"])
    code_of = {p.short_name: p.code for p in m.program.prefectures}
    rows = table(period, "各州（市）报送情况")
    yield "rows", len(rows), len(b.now.campaign.prefectures)
    for row in rows:
        code = code_of[row["州（市）"]]
        done, (debt,), step = b.by("prefecture")[(code,)], b.reports(code), b.step(prefecture=code)
        yield f"{code}.timely", row["报送"], TIMELY[debt.timeliness]
        yield f"{code}.came", row["收到日期"], _in_words(debt.met_on) if debt.met_on else "—"
        yield f"{code}.of", row["已报县"], f"{done.reported}/{done.roster}"
        yield f"{code}.pct", row["完成率（%）"].replace("未计入", "-"), pct(done.pct)
        yield f"{code}.band", row["位次"], places.get(code, "—")
        moved = (
            signed(step).translate({ord("+"): "升", ord("−"): "降", ord("-"): "—"}).replace("0.0", "持平")
            if step in {None, 0}
            else signed(step).replace("+", "升").replace("−", "降")
        )
        yield f"{code}.moved", row["较上期（百分点）"], moved


def counties(b: Book, period: int) -> Iterator[Triple]:
    names = {"ACCEPTED": "已接收", "NIL": "零报告", None: "未报"}
    mine = Counter(d.who for d in b.debts if d.timeliness == "OVERDUE")
    behind = Counter(b.now.table.loc[b.now.table["pace"] == "behind", "county"])
    rows = {row[""].removeprefix("c-"): row for row in table(period, "各县（市、区）报送情况")}
    yield "rows", set(rows), set(b.now.roster)
    for county, row in rows.items():
        debt, done, knowledge = b.reports(county)[0], b.by("county")[(county,)], b.now.known.of(county)
        state = names[b.now.known.states.get(county)]
        yield f"{county}.state", row["状态"], "退回待改" if (b.period, county) in b.ledger.returned else state
        yield f"{county}.timely", row["及时"], TIMELY[debt.timeliness]
        yield f"{county}.came", row["接收日期"], _in_words(debt.met_on) if debt.met_on else "—"
        since = max((p for p, _ in b.now.known.last.get(county, {}).values()), default="")
        came = any((t.period, county) in b.ledger.returned for t in b.told)
        said = {"reported": "本期已报", "unknown": "尚无可用的数" if came else "从未报送"}
        yield f"{county}.known", row["所报的数"], said.get(knowledge) or f"沿用上次（截至{_title(b, since)}）"
        yield f"{county}.pct", row["完成率（%）"].replace("未计入", "-"), pct(done.pct)
        yield (
            f"{county}.behind",
            row["落后（项）"],
            (n(behind[county]) if behind[county] else "") if knowledge == "reported" else "—",
        )
        yield f"{county}.late", row["逾期事项（项）"], n(mine[county]) if mine[county] else ""


def late(b: Book, period: int) -> Iterator[Triple]:
    """Of each table of what is overdue: days and periods in a row, whoever it is of."""
    ours = Counter((d.days, d.streak) for d in b.overdue)
    yield "逾期县", Counter((int(r["逾期天数"]), int(r["连续期数"])) for r in table(period, "逾期县")), ours
    labels = {one.get("aria-label") for one in page(period).xpath('//section[@id="overdue"]//div[@aria-label]')}
    rows = [row for label in labels if str(label).startswith("逾期的") for row in table(period, label)]
    yield "其他", _due(rows), Counter((_in_words(d.due_on), d.days, d.streak) for d in others(b))
    visits = [d for d in b.debts if d.timeliness == "OVERDUE" and d.who != d.unit]
    yield (
        "联系",
        _due(table(period, "对口联系单位、领导的逾期事项")),
        Counter((_in_words(d.due_on), d.days, d.streak) for d in visits),
    )
    unclear = Counter(_in_words(d.due_on) for d in b.debts if d.timeliness == "UNCLEAR")
    yield "不明", Counter(row["应完成日期"] for row in table(period, "情况不明的事项")), unclear


def _due(rows: list[dict[str, str]]) -> Counter[tuple[str, int, int]]:
    return Counter((row["应完成日期"], int(row["逾期天数"]), int(row["连续期数"])) for row in rows)


def columns(b: Book, period: int) -> Iterator[Triple]:
    """What the whole has come to, and each column: who gave it, its sum, of how many it is an earlier one."""
    by_title = {one.title: one for one in b.now.campaign.measures if one.whole}
    for row in table(period, "全省性目标"):
        one = by_title[row["目标"]]
        assert one.whole
        actual, base = progress.of_the_whole(one, b.now.known, b.now.roster)
        shown = f"{pct(actual)}%" if "share_of" in one.whole else n(actual)
        yield one.code, numbers(row["目前"]), numbers(shown)
        yield f"{one.code}.asked", numbers(row["应达到"]), numbers(n(one.whole["at_least"]))
        met = actual is not None and actual >= one.whole["at_least"]
        yield f"{one.code}.met", row["结论"], "已达到" if met else "尚未达到"
        yield f"{one.code}.base", int(row["有数的县"].split("/")[1]), len(b.now.roster)
        assert base <= len(b.now.roster)
    first = {b.measures[code].columns[0]: code for code in reversed(list(b.totals))}
    now, said = b.now.published.in_period(b.period), b.now.known.last
    given = Counter(now["field"])
    for form in b.now.campaign.sheets:
        if form.rows == "list":
            continue
        units = [*b.now.roster] if form.rows == "county" else b.now.campaign.prefectures
        for row in table(period, books()[period][0].program.form_by_code[form.code].sheet):
            code = row["代码"]
            source = b.now.campaign.columns[code].shows or code
            if source == code:
                yield f"{code}.given", row["本期已填"], f"{given[code]}/{len(units)}"
            before = sum(source in said.get(u, {}) and said[u][source][0] != b.period for u in units)
            yield f"{code}.before", row["沿用上次"], n(before) if before else ""
            total = b.totals[first[code]] if code in first else None
            if total is None:
                yield f"{code}.none", (row["合计"], row["达标县"]), ("", "")
                continue
            shown = (
                "-"
                if total.actual is None
                else pct(total.actual)
                if b.measures[first[code]].is_rate
                else n(total.actual)
            )
            parts = (
                [n(total.part), n(total.whole)] if b.measures[first[code]].is_rate and total.actual is not None else []
            )
            yield f"{code}.sum", numbers(row["合计"]), [x for x in (shown, *parts) if x != "-"]
            if row["每县目标"] and total.of:
                yield f"{code}.met", row["达标县"], f"{total.met}/{total.of}"
                late_in = "未到期" if total.asked is None else str(total.paces["behind"])
                yield f"{code}.behind", row["落后县"], late_in


def looked(b: Book, period: int) -> Iterator[Triple]:
    """What opens on a click: every verdict, every value, what each owes."""
    data = looked_up(period)
    quantities = [q["fields"] for q in data["quantities"]]
    codes = [next(code for code, m in b.measures.items() if list(m.columns) == fields) for fields in quantities]
    statuses, paces = [one[0] for one in data["statuses"]], [one[0] for one in data["paces"]]
    names = {"unmet": "not_met", "n/a": "not_applicable", "early": "not_started", "free": "no_target"}
    for row in b.now.table.to_dict("records"):
        value, status, pace, asked = data["judged"][row["county"]][codes.index(row["quantity"])]
        key, mine = f"{row['county']}.{row['quantity']}", b.measures[row["quantity"]]
        yield key, value, None if pd.isna(row["value"]) else float(progress.rounded(row["value"]))
        if row["result"] != "unsaid":
            yield f"{key}.status", statuses[status], names.get(row["result"], row["result"])
        if pace is not None:
            wanted = progress.wanted(mine, b.now.known.period)
            yield f"{key}.pace", paces[pace], row["pace"]
            yield f"{key}.asked", asked, None if wanted is None else floor(wanted)
    forms = {form["code"]: [field["code"] for field in form["fields"]] for form in data["forms"]}
    county_of = {c.code: c.short_name for c in books()[period][0].program.counties}
    for code, rows in data["rows"].items():
        for unit, line in rows.items():
            for field, shown in zip(forms[code], line[3], strict=True):
                source = b.now.campaign.columns[field].shows or field
                ours = b.now.known.value(unit, source)
                yield f"{unit}.{field}", _number(shown), _number(county_of.get(str(ours), ours or ""))
    for unit, one in data["units"].items():
        done = b.by("prefecture" if one["own"] else "county")[(unit,)]
        yield f"{unit}.pct", one["pct"].removesuffix("%").replace("—", "-"), pct(done.pct)
        yield (
            f"{unit}.of",
            (one["met"], one["counted"], one["reported"], one["roster"]),
            (done.met, done.of, done.reported, done.roster),
        )
    owed = {
        who: Counter((o["timely"], o["days"], o["streak"]) for o in some if o["timely"] == "OVERDUE")
        for who, some in data["owed"].items()
    }
    ours_owed: dict[str, Counter[tuple[str, int, int]]] = {}
    for d in b.debts:
        if d.timeliness == "OVERDUE" and d.who == d.unit:
            ours_owed.setdefault(d.who, Counter()).update([(d.timeliness, d.days, d.streak)])
    yield "owed", {who: some for who, some in owed.items() if some}, ours_owed


def _number(text: str) -> str:
    return f"{Decimal(text).normalize():f}" if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


EVERY = (tiles, prefectures, counties, late, columns, looked)


@pytest.mark.parametrize("period", range(6))
def test_every_figure_on_the_page_is_that_of_the_oracle(period: int) -> None:
    b = books()[period][1]
    triples = [(compared.__name__, *one) for compared in EVERY for one in compared(b, period)]
    assert set(Counter(name for name, *_ in triples)) == {compared.__name__ for compared in EVERY}
    assert differences((f"{part}.{name}", theirs, ours) for part, name, theirs, ours in triples) == []
