"""Everything that lists, counts or asks for what is owed takes from the table of obligations whose it is."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipeline.domain.obligation import ObligationKind, Owner
from pipeline.measures.escalation import AddresseeKind
from pipeline.measures.overdue import overdue_contacts, overdue_counties, overdue_others
from pipeline.office.reported import overdue_list, overdue_rows
from pipeline.products.documents.overdue_list import overdue_workbook
from pipeline.products.documents.profile import profile_context
from pipeline.products.documents.publications import letter_drafts
from pipeline.products.documents.word import render
from pipeline.products.package.schema import Source
from pipeline.products.package.tables import tables
from pipeline.products.pictures.registry import kinds
from tests.test_publications import NEVER, TEMPLATES, measures, text_of

if TYPE_CHECKING:
    from pipeline.domain.obligation import Obligation
    from pipeline.measures.period import PeriodMeasures

LISTED = "对口联系单位逾期事项"


@pytest.fixture(scope="module")
def m() -> PeriodMeasures:
    """The end of the campaign: visits and reports are past their day."""
    return measures("2023-10")


@pytest.fixture(scope="module")
def late(m: PeriodMeasures) -> tuple[Obligation, ...]:
    return overdue_contacts(m.obligations)


def test_no_visit_is_a_countys_or_a_prefectures(m: PeriodMeasures, late: tuple[Obligation, ...]) -> None:
    given = {c.county_code: c.unit_id for c in m.program.contacts}
    visits = [o for o in m.obligations if o.kind is ObligationKind.VISIT]
    assert {o.owner for o in visits} == {Owner.CONTACT}
    assert {o.unit: o.who for o in visits if o.unit in given} == given
    assert not {o.who for o in visits} & set(m.program.unit_by_code)
    others = (*overdue_counties(m.obligations, m.period), *overdue_others(m.obligations))
    assert not [o for o in others if o.kind is ObligationKind.VISIT or o.is_of_contact]
    assert late
    assert {o for o in m.obligations if o.overdue and not o.is_report} == {*late, *overdue_others(m.obligations)}


def test_the_counts_by_contact_add_up(m: PeriodMeasures, late: tuple[Obligation, ...]) -> None:
    """In the table, the workbook, the letters, the calendar and what other programs are given."""
    by_contact = Counter(o.who for o in late)
    assert sum(by_contact.values()) == sum(o.overdue for o in m.obligations if o.kind is ObligationKind.VISIT)
    book = openpyxl.load_workbook(io.BytesIO(overdue_workbook(m)))
    rows = list(book[LISTED].iter_rows(min_row=4, values_only=True))
    assert Counter(row[2] for row in rows) == Counter(o.name for o in late)
    assert [row[4] for row in rows] == [o.unit_name for o in late]
    assert not [row for row in book["其他逾期事项"].iter_rows(min_row=4, values_only=True) if row[1] == "专项调研"]
    asked = Counter(
        (link.key, o.unit, o.what)
        for letter in m.letters
        for o in letter.obligations
        if o.is_of_contact
        for link in o.contacts
        if link.title == letter.addressee
    )
    assert asked == Counter((link.key, o.unit, o.what) for o in late for link in o.contacts)
    told = overdue_rows(overdue_list(m))
    assert Counter(row["who"] for row in told if row["owner"] == "CONTACT") == by_contact
    ((_, drawn),) = kinds()["calendar"].drawings(m)
    (row,) = (row for row in drawn.args[0] if row.name == "专项调研")
    assert row.who == "对口联系单位"
    assert sum(cell.overdue for cell in row.cells if cell) == len(late)
    assert sum(cell.told for cell in row.cells if cell) == 2 * len(m.program.counties)


def test_a_prefecture_is_asked_for_no_visit_and_a_contact_for_its_own_first(m: PeriodMeasures) -> None:
    to_prefectures = [one for one in m.letters if one.addressee_kind is AddresseeKind.PREFECTURE]
    assert to_prefectures
    assert not [o for one in to_prefectures for o in one.obligations if o.is_of_contact]
    texts: dict[str, str] = {}
    for draft in letter_drafts(m, is_demo=False):
        context, _ = draft.make()
        texts[draft.name] = text_of(render(TEMPLATES / draft.template, context, {}))
    assert any("专项调研报告，应于2023年10月31日前完成" in text for name, text in texts.items() if "致" in name)
    assert not [name for name, text in texts.items() if "致" not in name and "调研" in text]
    mixed = [one for one in m.letters if len({o.is_of_contact for o in one.obligations}) > 1]
    assert mixed
    for one in mixed:
        own = [o.is_of_contact for o in one.obligations]
        assert own == sorted(own, reverse=True)
        assert "负责的事项有" in one.opening
        assert one.asked.index("负责的事项") < one.asked.index("指导督促" if "指导督促" in one.asked else "督促有关")


def test_a_county_is_not_told_that_it_owes_a_visit(m: PeriodMeasures, late: tuple[Obligation, ...]) -> None:
    for code in sorted({o.unit for o in late})[:8]:
        context, _ = profile_context(m, m.program.county_by_code[code], is_demo=False)
        overdue = [line for line in _texts(context) if line.startswith("逾期事项")]
        assert overdue
        assert not [line for line in overdue if "调研" in line]


def _texts(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given]
    inside = given.values() if isinstance(given, dict) else given if isinstance(given, (list, tuple)) else ()
    return [text for one in inside for text in _texts(one)]


def test_the_package_says_whose_it_is_and_which_county_it_is_about(m: PeriodMeasures) -> None:
    (table,) = (one.worded(m.program) for one in tables() if one.name == "obligations")
    source = Source(
        program=m.program,
        snapshot=m.snapshot,
        periods=(m.period,),
        submissions=(),
        obligations=m.obligations,
        assessed=(),
    )
    lines = [dict(zip(table.header, line, strict=True)) for line in table.lines(source)]
    assert table.header[:7] == ("who", "what", "due_on", "met", "days_overdue", "streak", "reason")
    units = set(m.program.unit_by_code)
    for line in lines:
        assert line["unit_code"] is None or line["unit_code"] in units
        if line["kind"] == "VISIT":
            county = m.program.county_by_code[str(line["unit_code"])]
            assert county.short_name in str(line["what"])
            assert line["who"] not in units
        elif line["who"]:
            assert line["who"] == line["unit_code"]


def test_of_who_never_reported_nobody_is_accused(m: PeriodMeasures, late: tuple[Obligation, ...]) -> None:
    assert not [o for o in late if o.prefecture.code == NEVER]
    silent = [o for o in m.obligations if o.kind is ObligationKind.VISIT and o.prefecture.code == NEVER]
    assert len(silent) == 2 * len(m.program.counties_of(NEVER))
    assert {(o.met, o.overdue) for o in silent} == {(False, False)}
