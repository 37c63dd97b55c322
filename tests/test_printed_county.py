"""What letters ask for and what the page of a county says, against the oracle."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipeline.measures.escalation import AddresseeKind
from pipeline.products.documents.profile import profile_context
from tests.test_printed import books, n, pct, plain, wan

if TYPE_CHECKING:
    from tests.test_printed import Book

PERIODS = (2, 5)  # one in which a prefecture is missing that had come before, and the last


@pytest.mark.parametrize("period", PERIODS)
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
    for letter in m.letters:
        days = {o.days_overdue for o in letter.obligations}
        assert {int(x) for line in letter.items for x in re.findall(r"已逾期(\d+)天", line)} == days
        assert sum(map(int, re.findall(r"有(\d+)项", letter.opening))) == len(letter.obligations)


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


WORDS = re.compile(r"^(period\.title|as_of|contact|problem|overdue\.what|known\.since|report\.absence|.*\.title)$")


@pytest.mark.parametrize("period", PERIODS)
def test_every_figure_on_the_page_of_a_county(period: int) -> None:
    m, b = books()[period]
    wrong, names = [], set()
    for county in m.program.counties:
        ours = _of_county(b, county.code)
        for one in profile_context(m, county, is_demo=False)[1].entries:
            if WORDS.match(one.measure) or not re.search(r"\d", one.text):
                continue
            names.add(one.measure)
            if plain(one.text) not in ours.get(one.measure, set()):
                wrong.append((county.code, one.measure, one.text, ours.get(one.measure)))
    assert wrong == []
    assert len(names) > 50
