"""What letters ask for and what the page of a county says, against the oracle."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipeline.measures.escalation import AddresseeKind
from pipeline.products.documents.outline import clipped
from pipeline.products.documents.profile import profile_context
from tests.test_printed import books, n, pct, plain, titles_of, wan

if TYPE_CHECKING:
    from tests.test_printed import Book


@pytest.mark.parametrize("period", range(6))
def test_letters_ask_each_for_all_it_owes_and_for_nothing_else(period: int) -> None:
    m, b = books()[period]
    names = dict(zip(m.program.prefecture_by_code, (f"{p.name}总工会" for p in m.program.prefectures), strict=True))
    given = b.now.campaign.contacts
    titles = dict(zip(given["unit_id"], given["title"], strict=True))
    ours = set()
    for d in (d for d in b.debts if d.timeliness == "OVERDUE"):
        what = d.unit, d.serves, d.due_on, d.days
        if d.kind != "VISIT":
            ours.add((names[b.now.roster.get(d.unit, d.unit)], *what))
        mine = given[given["county_code"] == d.unit]["unit_id"]
        ours |= {(str(titles[code]), *what) for code in mine}
    theirs = {
        (letter.addressee, o.unit, o.serves, o.due_on, o.days_overdue)
        for letter in m.letters
        for o in letter.obligations
        if letter.addressee_kind is AddresseeKind.PREFECTURE or letter.addressee in set(titles.values())
    }
    assert theirs == ours
    assert len(ours) > 20
    asked = {(d.due_on, d.days): set[int]() for d in b.debts if d.timeliness == "OVERDUE"}
    for d in b.debts:
        if d.timeliness == "OVERDUE":
            asked[d.due_on, d.days].add(d.streak)
    for letter in m.letters:
        for no, line in enumerate((x for x in letter.items if "已逾期" in x), 1):
            place, year, month, day, days, whose = _LINE.fullmatch(line).groups()  # type: ignore[union-attr]
            streaks = asked[date(int(year), int(month), int(day)), int(days)]
            assert {int(x) for x in re.findall(r"连续(\d+)期", whose)} <= streaks
            assert int(place or no) <= len(letter.items)
            assert not re.search(r"\d", re.sub(r"，连续\d+期", "", whose))
        days = {o.days_overdue for o in letter.obligations}
        assert {int(x) for line in letter.items for x in re.findall(r"已逾期(\d+)天", line)} == days
        assert sum(map(int, re.findall(r"有(\d+)项", letter.opening))) == len(letter.obligations)


_LINE = re.compile(r"(?:(\d+)\.)?.*，应于(\d+)年(\d+)月(\d+)日前(?:完成|报送)，已逾期(\d+)天[：（](.*)。")


def _of_county(b: Book, county: str) -> dict[str, set[str]]:
    """What may stand under a name on the page of a county."""
    campaign, known, prefecture = b.now.campaign, b.now.known, b.now.roster[county]
    done, near = b.by("county")[(county,)], b.by("prefecture")[(prefecture,)]
    rows = b.now.table[(b.now.table["county"] == county) & (b.now.table["result"] == "unmet")]
    mine = b.problems[b.problems["county"] == county]
    open_ones = mine[~mine["status"].isin(["已解决", "撤销"])]
    late = [d for d in b.debts if d.who == county and d.timeliness == "OVERDUE" and d.kind != "PROBLEM"]
    late = [d for d in late if d.kind != "REPORT" or d.shown == b.period]
    found = {
        "county.met": {n(done.met)},
        "county.applicable": {n(done.of)},
        "county.completion": {pct(done.pct)},
        "county.known_met": {n(done.carried_met)},
        "county.known_applicable": {n(done.carried_of)},
        "county.alike": {n(sum(d.met == d.of > 0 for d in b.by("county").values()) - 1)},
        "counties.reported": {n(b.whole.reported)},
        "prefecture.completion": {pct(near.pct)},
        "prefecture.reported": {n(near.reported)},
        "prefecture.roster": {n(near.roster)},
        "province.completion": {pct(b.whole.pct)},
        "unmet": {n(len(rows))},
        **{f"unmet.{pace}": {n(int((rows["pace"] == pace).sum()))} for pace in ("behind", "on_path", "not_due")},
        "problems.total": {n(len(mine))},
        "problems.open": {n(len(open_ones))},
        "problem.days_overdue": {n(b.late_problems[x]) for x in open_ones["entry"] if x in b.late_problems},
        "overdue.count": {n(len(late))},
        "overdue.days": {n(d.days) for d in late},
    }
    for no in range(1, len(campaign.said["actions"]) + 1):
        parts = [b.by("county", "action")[county, str(no)], b.by("prefecture", "action")[prefecture, str(no)]]
        found |= {f"action.{no}.met": {n(parts[0].met)}, f"action.{no}.applicable": {n(parts[0].of)}}
        found |= {f"action.{no}.county": {pct(parts[0].pct)}, f"action.{no}.prefecture": {pct(parts[1].pct)}}
        found |= {f"action.{no}.province": {pct(b.by("action")[(str(no),)].pct)}}
    titles = {p["code"][:7] if isinstance(p["code"], str) else str(p["code"])[:7]: p for p in campaign.said["periods"]}
    since = max((p for p, _ in known.last.get(county, {}).values()), default=b.period)
    found["period.title"] = {titles[b.period]["title"]}
    found["known.since"] = {titles[since]["title"]}
    found["as_of"] = {f"{b.ledger.as_of.year}年{b.ledger.as_of.month}月{b.ledger.as_of.day}日"}
    steps = {one["code"]: one["deliverable"] for one in campaign.said["milestones"]}
    found["overdue.what"] = {f"{titles[b.period]['title']}工作推进信息"}
    found["overdue.what"] |= {f"工作节点“{clipped(steps.get(d.serves, ''), 28)}”" for d in late}
    for one in b.told:
        found[f"county.{one.period}.title"] = {titles[one.period]["title"].removeprefix("20")}
    found |= {f"{one.code}.title": titles_of(b) for one in b.measures.values()}
    for quantity, value in zip(rows["quantity"], rows["value"], strict=True):
        found[f"{quantity}.target"] = {n(b.measures[quantity].threshold)}
        found[f"{quantity}.actual"] = {pct(value) if b.measures[quantity].is_rate else n(value)}
    for k, told in enumerate(b.told):
        then = books()[k][1].by("county").get((county,))
        met = next((d.met_on for d in b.debts if (d.kind, d.shown, d.unit) == ("REPORT", told.period, county)), None)
        found[f"county.{told.period}.completion"] = {pct(then.pct if then else None)}
        found[f"county.{told.period}.met_on"] = {f"{met.year}年{met.month}月{met.day}日"} if met else set()
    for role in ("received", "matched", "spent"):
        codes = [c.code for sheet in campaign.sheets_of("funding") for c in sheet.of_role(role)]
        given = [x for code in codes if (x := known.number(county, code)) is not None]
        found[f"money.{role}"] = {wan(sum(given, Decimal(0)))}
    visits = campaign.sheets_of("contacts")[0].of_role("visits")[0].code
    found["visits"] = {n(known.number(county, visits))}
    return found


OFFICERS = re.compile(r"^(contact|problem|report\.absence)$")  # words of an officer, whose digits are theirs


@pytest.mark.parametrize("period", range(6))
def test_every_figure_on_the_page_of_a_county(period: int) -> None:
    m, b = books()[period]
    wrong, names = [], set()
    for county in m.program.counties[period % 3 :: 3]:
        ours = _of_county(b, county.code)
        context, say = profile_context(m, county, is_demo=False)
        for one in say.entries:
            if OFFICERS.match(one.measure) or not re.search(r"\d", one.text):
                continue
            names.add(one.measure)
            if plain(one.text) not in ours.get(one.measure, set()):
                wrong.append((county.code, one.measure, one.text, ours.get(one.measure)))
        assert ("离要求最远的是" in "".join(context["notes"])) == _has_furthest(b, county.code), county
    assert wrong == []
    assert len(names) > 30


def _has_furthest(b: Book, county: str) -> bool:
    """Whether three of its open targets are further off than all others."""
    rows = b.now.table[(b.now.table["county"] == county) & (b.now.table["knowledge"] == "reported")]
    open_ones = rows[rows["result"] == "unmet"]
    far = sorted(
        value / (b.measures[code].threshold or 1)
        for code, value in zip(open_ones["quantity"], open_ones["value"], strict=True)
    )
    return len(far) > 3 and far[2] < far[3]
