"""Every cell with a figure of 全省汇总.xlsx, as it is read without computing anything, against the oracle."""

from __future__ import annotations

import io
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl

from pipeline.products.summary.workbook import summary_workbook
from tests.oracle.notice import NO, NOT_APPLICABLE, YES
from tests.test_printed import Book, books

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.oracle.notice import Column, Sheet

PERIOD = 2  # in which a prefecture's workbook is missing that had come before
SILENT = "530900"
WHY = {"RETURNED": "退回待改", "NOTHING_RECEIVED": "未收到报表"}
CODES, WHOLE = 6, 7  # rows of a form's sheet: codes of the columns, the province

Triple = tuple[str, Any, Any]


@cache
def workbook() -> dict[str, list[tuple[Any, ...]]]:
    """Sheet → its rows."""
    m, _ = books()[PERIOD]
    book = openpyxl.load_workbook(io.BytesIO(summary_workbook(m)), data_only=True)
    names = {form.sheet: form.code for form in m.program.forms}
    return {names.get(one.title, one.title): list(one.iter_rows(values_only=True)) for one in book.worksheets}


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
    assert len(some) > 50
    return [one for one in some if not same(one[1], one[2])]


def table(name: str, row: int) -> list[dict[str, Any]]:
    """The rows under the titles of a row."""
    heads, *rows = workbook()[name][row - 1 :]
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
    rows = workbook()[sheet.code]
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


def test_every_value_and_sum_on_the_sheets_of_forms() -> None:
    b = books()[PERIOD][1]
    sheets = [s for s in b.now.campaign.sheets if s.rows != "list"]
    assert differing(one for sheet in sheets for one in of_form(b, sheet)) == []


def test_every_entry_of_a_list_stands_as_it_was_told_last_and_says_when() -> None:
    b = books()[PERIOD][1]
    for kind, rows in (("problems", b.problems), ("highlights", b.highlights)):
        (sheet,) = b.now.campaign.sheets_of(kind)
        printed = {row["编号"]: row for row in table(sheet.code, 3) if row["编号"]}
        assert set(printed) == set(rows["entry"])
        silent = 0
        for number, last in zip(rows["entry"], rows["last"], strict=True):
            title = next(p["title"] for p in b.now.campaign.said["periods"] if str(p["code"])[:7] == last)
            said = "本期已报" if last == b.period else f"沿用上次（截至{title}）"
            assert printed[number]["报送情况"] == said
            silent += str(number).startswith(SILENT)
        assert silent
        before = int((rows["last"] != b.period).sum())
        assert f"共{len(rows)}条，其中沿用上次{before}条（灰色斜体）" in workbook()[sheet.code][1][1]
        for code in (c.code for c in sheet.columns if c.role in {"status", "level", "highlight_kind", "due_on"}):
            at = workbook()[sheet.code][3].index(code)
            role = b.now.campaign.columns[code].role
            cells = {row[0]: cell(row[at]) for row in workbook()[sheet.code][4:]}
            assert {n: cells[n] for n in rows["entry"]} == dict(zip(rows["entry"], rows[role], strict=True))


def of_prefectures(b: Book) -> Iterator[Triple]:
    for row in table("州（市）完成率", 3):
        code = row["代码"]
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
    for row in table("各县情况", 3):
        code, debt, done = row["代码"], b.reports(row["代码"])[0], b.by("county")[(row["代码"],)]
        late = (debt.met_on - debt.due_on).days if debt.timeliness == "LATE" and debt.met_on else debt.days
        yield f"{code}.时效", row["时效"], names[debt.timeliness]
        yield f"{code}.收到日期", row["收到日期"], debt.met_on or WHY[debt.reason]
        yield f"{code}.天数", row["逾期或迟报天数"], late or None
        yield f"{code}.期数", row["连续未按时期数"], debt.streak or None
        if b.now.known.of(code) == "reported":
            yield f"{code}.达标数", row["达标数"], done.met
            yield f"{code}.应达标数", row["应达标数"], done.of


def of_periods() -> Iterator[Triple]:
    for k, row in enumerate(table("各期完成率", 3)):
        w = books()[k][1].whole
        yield f"{k}.已报县", row["已报县"], w.reported
        yield f"{k}.达标数", row["达标数"], w.met
        yield f"{k}.应达标数", row["应达标数"], w.of
        shares = {"完成率": w.pct, "计入沿用上次": w.with_last, "可能最低": w.least, "可能最高": w.most}
        for name, value in shares.items():
            yield f"{k}.{name}", row[name], (value or 0) / 100


def test_completion_by_prefecture_county_and_period() -> None:
    b = books()[PERIOD][1]
    assert differing((*of_prefectures(b), *of_counties(b), *of_periods())) == []
