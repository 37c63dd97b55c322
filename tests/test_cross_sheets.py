"""Columns of two sheets that say the same fact: what is certain returns the county, what may be otherwise is to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from pipeline.checks.masks import run_both
from pipeline.demo.figures import DemoFigures
from pipeline.domain.findings import Severity
from pipeline.program.rules import base_fields
from tests.builder import whole_campaign

if TYPE_CHECKING:
    from pipeline.program.rules import Rule

RULES = {
    rule.id: rule
    for code in ("D", "T")
    for rule in whole_campaign().rules[code]
    if rule.id.startswith(("D16-", "T05-5.within_all"))
}


def broken(rule: str, **row: Any) -> bool:
    """Whether a rule finds fault with one row, by both of its readers."""
    one: Rule = RULES[rule]
    return bool(run_both([one], pd.DataFrame([row]).astype({k: object for k, v in row.items() if isinstance(v, str)})))


@pytest.mark.parametrize(
    ("rule", "row", "is_broken"),
    [
        ("D16-1.same_palace", {"Q09-2": "是", "D16-1": "否"}, True),
        ("D16-1.same_palace", {"Q09-2": "是", "D16-1": "是"}, False),
        ("D16-1.same_palace", {"Q09-2": "否", "D16-1": "否"}, False),
        ("D16-1.not_built", {"Q09-2": "否", "D16-1": "是"}, True),
        ("D16-1.not_built", {"Q09-2": "否", "D16-1": "否"}, False),
        ("D16-1.not_built", {"Q09-2": "是", "D16-1": "是"}, False),
        ("D16-1.not_applicable", {"Q09-2": "不适用", "D16-1": "是"}, True),
        ("D16-1.not_applicable", {"Q09-2": "不适用", "D16-1": "否"}, False),
        ("D16-1.not_applicable", {"Q09-2": "是", "D16-1": "是"}, False),
        ("D16-2.with_complex", {"Q10-2": 1.0, "D16-2": "否"}, True),
        ("D16-2.with_complex", {"Q10-2": 0.0, "D16-2": "否"}, False),
        ("D16-2.with_complex", {"Q10-2": 2.0, "D16-2": "是"}, False),
        ("T05-5.within_all_members", {"T05-5": 5.0, "D11-2": 4.0}, True),
        ("T05-5.within_all_members", {"T05-5": 4.0, "D11-2": 4.0}, False),
    ],
)
def test_one_fact_on_two_sheets(rule: str, row: dict[str, Any], is_broken: bool) -> None:
    assert broken(rule, **row) is is_broken


def test_only_what_cannot_be_otherwise_returns_a_county() -> None:
    """A palace that was built is there; one that is there may be old, borrowed, or not asked of this county."""
    critical = {rule.id for rule in RULES.values() if rule.severity is Severity.CRITICAL and _looks_elsewhere(rule)}
    assert critical == {"D16-1.same_palace"}
    assert RULES["D16-1.same_palace"].code == "INCONSISTENT"


def _looks_elsewhere(rule: Rule) -> bool:
    forms = whole_campaign().program.field_by_code
    columns = [rule.kwargs[key] for key in ("column", "column_A", "column_B") if key in rule.kwargs]
    columns += [rule.condition.column] if rule.condition else []
    return len({forms[code].form for column in columns for code in base_fields(column) if code in forms}) > 1


def test_the_demo_agrees_with_itself() -> None:
    """As many counties have a palace as have built one, in every period; nobody enrols more than there are."""
    whole = whole_campaign()
    figures = DemoFigures(whole)
    for period in whole.program.periods:
        for county in whole.program.counties:
            figures.advance(county, period, {})
        rows = [figures.rows[county.code] for county in whole.program.counties]
        built = [row["Q09-2"] == "是" for row in rows]
        assert built == [row["D16-1"] == "是" for row in rows]
        assert 0 < sum(built) < len(rows)
        assert all(row["D16-2"] == "是" for row in rows if row["Q10-2"])
        assert all(int(str(row["T05-5"])) <= int(str(row["D11-2"])) for row in rows)
