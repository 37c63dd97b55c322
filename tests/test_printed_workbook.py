"""Every cell with a figure of 全省汇总.xlsx, as it is read without computing anything, against the oracle."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipeline.products.summary.workbook import summary_workbook
from tests.oracle import odd, progress
from tests.oracle.notice import NO, NOT_APPLICABLE, YES
from tests.test_printed import Book, books, pct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.oracle.notice import Column, Sheet

MISSED, SILENT = (2, 5), "530900"  # periods in which a prefecture's workbook is missing that had come before
WHY = {"RETURNED": "退回待改", "NOTHING_RECEIVED": "未收到报表"}
CODES, WHOLE = 6, 7  # rows of a form's sheet: codes of the columns, the province

Triple = tuple[str, Any, Any]


@cache
def content(period: int) -> bytes:
    """The file."""
    return summary_workbook(books()[period][0])


@cache
def sheets_of(period: int) -> dict[str, list[tuple[Any, ...]]]:
    """Sheet → its rows."""
    book = openpyxl.load_workbook(io.BytesIO(content(period)), data_only=True)
    names = {form.sheet: form.code for form in books()[period][0].program.forms}
    return {names.get(one.title, one.title): list(one.iter_rows(values_only=True)) for one in book.worksheets}


def workbook(b: Book) -> dict[str, list[tuple[Any, ...]]]:
    """Of the period a book tells of."""
    return sheets_of(len(b.told) - 1)


def cell(value: Any) -> str:
    """As the published tables write it."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float | int):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return "" if value in {None, "—"} else str(value)


def same(theirs: Any, ours: Any) -> bool:
    """Numbers by their value, words as they are."""
    mine = "" if ours is None else str(ours)
    number = mine.replace(".", "", 1).lstrip("-")
    return cell(theirs) == (cell(float(mine)) if number.isdigit() else mine)


def differing(triples: Iterable[Triple]) -> list[Triple]:
    some = list(triples)
    assert len(some) > 5
    return [one for one in some if not same(one[1], one[2])]


def table(b: Book, name: str, row: int = 3) -> list[dict[str, Any]]:
    """The rows under the titles of a row."""
    heads, *rows = workbook(b)[name][row - 1 :]
    return [dict(zip(map(str, heads), one, strict=True)) for one in rows if any(x is not None for x in one)]


def totalled(b: Book, column: Column, units: list[str]) -> str:
    """What a subtotal says of a column."""
    said = [x for unit in units if (x := b.now.known.value(unit, column.shows or column.code)) is not None]
    if said and set(said) == {NOT_APPLICABLE}:
        return NOT_APPLICABLE
    kind = b.now.campaign.columns.get(column.shows, column).kind
    if kind in {"count", "amount"}:
        numbers = [float(x) for x in said if x != NOT_APPLICABLE]
        total = sum(numbers) / (len(numbers) or 1) if column.role == "ratio" else sum(numbers)
        return str(total) if numbers else ""
    if kind == "yesno":
        return f"是{said.count(YES)}/{said.count(YES) + said.count(NO)}" if {YES, NO} & set(said) else ""
    return str(sum(x != NOT_APPLICABLE for x in said) or "")


def of_form(b: Book, sheet: Sheet) -> Iterator[Triple]:
    campaign, known = b.now.campaign, b.now.known
    rows = workbook(b)[sheet.code]
    place = {str(code): n for n, code in enumerate(rows[CODES - 1]) if code in campaign.columns}
    met = {c: d for (c, action), d in b.by("county", "action").items() if f"A{action}" == sheet.code}
    heads = [str(head) for head in rows[3]]
    for row in rows[WHOLE - 1 :]:
        code = row[0]
        whole = code is None or (code in campaign.prefectures and sheet.rows == "county")
        units = list(b.now.roster) if sheet.rows == "county" else campaign.prefectures
        mine = [u for u in units if code is None or code in {u, b.now.roster.get(u)}]
        for field, n in place.items():
            column = campaign.columns[field]
            ours: Any = totalled(b, column, mine) if whole else known.value(code, column.shows or field)
            yield f"{sheet.code}.{code}.{field}", row[n], ours
        if "应达标数" in heads:
            done = [met[u] for u in mine if known.of(u) == "reported"]
            if done:
                counts = sum(d.met for d in done), sum(d.of for d in done)
                for name, ours in zip(("达标数", "应达标数"), counts, strict=True):
                    yield f"{sheet.code}.{code}.{name}", row[heads.index(name)], ours


@pytest.mark.parametrize("period", range(6))
def test_every_value_and_sum_on_the_sheets_of_forms(period: int) -> None:
    b = books()[period][1]
    sheets = [s for s in b.now.campaign.sheets if s.rows != "list"]
    assert differing(one for sheet in sheets for one in of_form(b, sheet)) == []


@pytest.mark.parametrize("period", range(6))
def test_every_entry_of_a_list_stands_as_it_was_told_last_and_says_when(period: int) -> None:
    b = books()[period][1]
    for kind, rows in (("problems", b.problems), ("highlights", b.highlights)):
        (sheet,) = b.now.campaign.sheets_of(kind)
        printed = {row["编号"]: row for row in table(b, sheet.code) if row["编号"]}
        assert set(printed) == set(rows["entry"])
        silent = 0
        for number, last in zip(rows["entry"], rows["last"], strict=True):
            title = next(p["title"] for p in b.now.campaign.said["periods"] if str(p["code"])[:7] == last)
            said = "本期已报" if last == b.period else f"沿用上次（截至{title}）"
            assert printed[number]["报送情况"] == said
            silent += str(number).startswith(SILENT)
        assert silent or period not in MISSED
        before = int((rows["last"] != b.period).sum())
        told = f"，其中沿用上次{before}条（灰色斜体）" if before else ""
        assert f"共{len(rows)}条{told}" in workbook(b)[sheet.code][1][1]
        for code in (c.code for c in sheet.columns if c.role in {"status", "level", "highlight_kind", "due_on"}):
            at = workbook(b)[sheet.code][3].index(code)
            role = b.now.campaign.columns[code].role
            cells = {row[0]: cell(row[at]) for row in workbook(b)[sheet.code][4:]}
            assert {n: cells[n] for n in rows["entry"]} == dict(zip(rows["entry"], rows[role], strict=True))


def of_prefectures(b: Book) -> Iterator[Triple]:
    said = b.now.campaign.said["bulletin"]
    places = progress.bands(b.now.table, chance=said["chance"], coverage=said["coverage"])
    for row in table(b, "州（市）完成率"):
        code = row["代码"]
        if code:
            yield f"{code}.位次", row["位次"], places.get(str(code))
        step = b.step(prefecture=str(code)) if code else b.step()
        yield f"{code}.较上期", row["较上期（百分点）"], step
        done = b.by("prefecture")[(str(code),)] if code else b.whole
        mine = [c for c, of in b.now.roster.items() if code in {None, of}]
        states = [b.now.known.states.get(c) for c in mine]
        yield f"{code}.应报县", row["应报县"], len(mine)
        yield f"{code}.已接收", row["已接收"], states.count("ACCEPTED")
        yield f"{code}.零报告", row["零报告"], states.count("NIL")
        yield f"{code}.退回待改", row["退回待改"], sum((b.period, c) in b.ledger.returned for c in mine)
        ours = {"完成率": done.pct, "计入沿用上次": done.with_last, "可能最低": done.least, "可能最高": done.most}
        for name, value in ours.items():
            if isinstance(row[name], float):
                yield f"{code}.{name}", row[name], None if value is None else value / 100
        for no, action in enumerate(b.now.campaign.said["actions"], 1):
            part = b.by("prefecture", "action").get((str(code), str(no))) if code else b.by("action")[(str(no),)]
            if part and part.of:
                yield f"{code}.{action['short_title']}", row[action["short_title"]], (part.pct or 0) / 100


def of_counties(b: Book) -> Iterator[Triple]:
    names = {"ON_TIME": "按时", "LATE": "迟报", "OVERDUE": "逾期"}
    for row in table(b, "各县情况"):
        code, debt, done = row["代码"], b.reports(row["代码"])[0], b.by("county")[(row["代码"],)]
        late = (debt.met_on - debt.due_on).days if debt.timeliness == "LATE" and debt.met_on else debt.days
        yield f"{code}.时效", row["时效"], names[debt.timeliness]
        yield f"{code}.收到日期", row["收到日期"], debt.met_on or WHY[debt.reason]
        yield f"{code}.天数", row["逾期或迟报天数"], late or None
        yield f"{code}.期数", row["连续未按时期数"], debt.streak or None
        if b.now.known.of(code) == "reported":
            yield f"{code}.达标数", row["达标数"], done.met
            yield f"{code}.应达标数", row["应达标数"], done.of


def of_periods(b: Book) -> Iterator[Triple]:
    for k, row in enumerate(table(b, "各期完成率")):
        w = books()[k][1].whole
        yield f"{k}.已报县", row["已报县"], w.reported
        yield f"{k}.达标数", row["达标数"], w.met
        yield f"{k}.应达标数", row["应达标数"], w.of
        shares = {"完成率": w.pct, "计入沿用上次": w.with_last, "可能最低": w.least, "可能最高": w.most}
        for name, value in shares.items():
            yield f"{k}.{name}", row[name], (value or 0) / 100


@pytest.mark.parametrize("period", range(6))
def test_completion_by_prefecture_county_and_period(period: int) -> None:
    b = books()[period][1]
    assert differing((*of_prefectures(b), *of_counties(b), *of_periods(b))) == []


# --- what leads in, what is drawn, the survey, and what to look at -------------------------------------------------


def numbers(text: Any) -> list[str]:
    return re.findall(r"\d[\d,]*(?:\.\d+)?", str(text))


def of_contents(b: Book) -> Iterator[Triple]:
    w, carried = b.whole, b.counties("known")
    said = {row[0]: row for row in workbook(b)["目录"][1:] if row[0]}
    yield "数据截至", numbers(said["数据截至"][1]), numbers(b.now.known.period.end.strftime("%Y %-m %-d"))
    yield "报送截至", numbers(said["报送截至"][1]), numbers(b.ledger.as_of.strftime("%Y %-m %-d"))
    yield "覆盖", numbers(said["覆盖"][1]), [str(w.reported), str(w.roster)]
    yield "沿用上次", numbers(said["沿用上次"][1]) if carried else ["0"], [str(carried)]
    yield "完成率", numbers(said["完成率"][1]), [pct(w.pct)]
    yield (
        "可能范围",
        numbers(said["可能范围"][1]),
        [*([pct(w.with_last)] if carried else []), pct(w.least), pct(w.most)],
    )
    states = Counter(_state(b, c) for c in b.now.roster)
    names = {"ACCEPTED": "已接收", "NIL": "零报告", "RETURNED": "退回待改", "MISSING": "未报"}
    counts = {str(row[1]): row[3] for row in workbook(b)["目录"] if row[1] in names.values()}
    yield "states", counts, {name: states[state] for state, name in names.items()}
    odd_ones = next(row for row in workbook(b)["目录"] if row[1] == "请留意的数")
    yield "odd", numbers(odd_ones[3]), [str(len(odd_rows(b)))]


def _state(b: Book, county: str) -> str:
    return b.now.known.states.get(county) or ("RETURNED" if (b.period, county) in b.ledger.returned else "MISSING")


def of_survey(b: Book) -> Iterator[Triple]:
    columns = {c.title: c for sheet in b.now.campaign.sheets_of("survey") for c in sheet.columns}
    rows = table(b, "调研提纲汇总")
    yield "asked", len(rows), len(columns)
    for row in rows:
        ours, column = b.answers(columns[row["指标"]].code), columns[row["指标"]]
        yield f"{column.code}.of", (row["已答县"], row["应答县"]), (ours.given, len(b.now.roster))
        if ours.total is not None and ours.given:
            mean = float(ours.total) / ours.given
            yield (
                f"{column.code}.sum",
                row["合计"],
                None if column.role == "ratio" else pytest.approx(float(ours.total)),
            )
            yield f"{column.code}.mean", row["平均"], pytest.approx(mean)
        if column.kind == "yesno":
            wanted = [str(ours.yes), str(ours.given - ours.yes)] if ours.given else []
            yield f"{column.code}.yes", numbers(row["答“是”、选各选项或谈到各方面的县"]), wanted
        if column.kind == "checklist":
            counts = Counter(numbers(row["答“是”、选各选项或谈到各方面的县"]))
            yield f"{column.code}.options", counts, Counter(str(k) for k in ours.options.values() if k)


def of_odd_by_oracle(b: Book) -> list[odd.Odd]:
    return odd.odd(b.now.campaign, [t.known for t in b.told])


def odd_rows(b: Book) -> list[dict[str, Any]]:
    """The rows of 请留意的数, which says so where there is none."""
    return [row for row in table(b, "请留意的数") if row["指标代码"]]


def of_odd(b: Book) -> Iterator[Triple]:
    against = {"其": "peers", "上": "fell"}
    names = {c.code: c.short_name for c in books()[0][0].program.counties}
    theirs = []
    for row in (row for row in odd_rows(b) if not str(row["与谁相比"]).startswith("报来时")):
        how = against[str(row["与谁相比"])[0]]
        centre = None if row["中位数"] is None else float(row["中位数"])
        theirs.append((row["县（市、区）"], row["指标代码"], how, row["所报的数"], row["相比的数"], centre))
    ours = [
        (names[county], code, how, *compared, None if how == "fell" else centre)
        for county, code, how, *compared, centre in of_odd_by_oracle(b)
    ]
    yield "odd", sorted(map(str, theirs)), sorted(map(str, ours))


def of_charts(b: Book) -> Iterator[Triple]:
    """Every chart draws whole columns of the sheets compared above, under their own heads; and what its title counts."""
    rows = {name: workbook(b)[name] for name in ("州（市）完成率", "各期完成率")}
    with zipfile.ZipFile(io.BytesIO(content(len(b.told) - 1))) as book:
        charts = [
            book.read(name).decode() for name in book.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)
        ]
    yield "charts", len(charts) >= 3 + len(b.now.campaign.said["actions"]), True
    for chart in charts:
        for series in re.findall(r"<c:ser>.*?</c:ser>", chart, re.DOTALL):
            *name, names, values = re.findall(r"<c:f>'?([^<!]*?)'?!([^<]*)</c:f>", series)
            yield "source", (names[0], values[0] in rows), (values[0], True)
            cells = re.findall(r"[A-Z]+|\d+", values[1].replace("$", ""))
            (first, top), (last, end) = cells[:2], cells[-2:]
            if name:
                yield "head", name[0][1].replace("$", ""), f"{first}3"
                yield "all", (first, int(end) - int(top) + 1), (last, _drawn(b, values[0]))
        title = numbers("".join(re.findall(r"<a:t>([^<]*)</a:t>", chart)[:1]))
        if "报送状态" in chart:
            states = Counter(_state(b, c) for c in b.now.roster)
            yield "states", title, [str(states[x]) for x in ("ACCEPTED", "NIL", "RETURNED", "MISSING")]
        elif "各行动完成率" in chart:
            yield "title", title, [str(b.whole.reported), str(b.whole.roster)]


def _drawn(b: Book, sheet: str) -> int:
    return len(b.told) if sheet == "各期完成率" else len(b.now.campaign.prefectures)


@pytest.mark.parametrize("period", range(6))
def test_contents_charts_survey_and_what_to_look_at(period: int) -> None:
    b = books()[period][1]
    triples = [*of_contents(b), *of_charts(b), *of_survey(b), *of_odd(b)]
    assert [one for one in triples if one[1] != one[2]] == []
