"""All returns of a period against all rules: lines to keep and findings with their place on the officer's sheet."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.checks.frames import REPORTED, Line, form_frame, form_lines
from pipeline.checks.rules import base_field, rules_in
from pipeline.checks.suites import run_suite
from pipeline.findings import Finding, Severity, finding
from pipeline.workbook.cells import show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.checks.frames import Previous
    from pipeline.checks.rules import Rule
    from pipeline.program.model import Period, Program
    from pipeline.workbook.read import Return


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What checking gave.

    Attributes:
        lines: Form code → lines, one per return and county of its roster.
        findings: One list per return: those of reading and those of the rules.
    """

    lines: Mapping[str, tuple[Line, ...]]
    findings: tuple[tuple[Finding, ...], ...]


def check_returns(program: Program, rules: Mapping[str, tuple[Rule, ...]], period: Period, returns: Sequence[Return],
                  previous: Previous, standing: frozenset[tuple[str, str]]) -> Checked:  # fmt: skip
    """Check every return of one period, once per form over all of them together.

    Args:
        program: The campaign.
        rules: Form code → rules.
        period: The period all ``returns`` are for.
        returns: What was read.
        previous: (county, field) → last value accepted in an earlier period.
        standing: (county, form) pairs already accepted for this period.
    """
    per_return: list[list[Finding]] = [list(one.findings) for one in returns]
    all_lines = {}
    index = {id(one): n for n, one in enumerate(returns)}
    for form in program.forms:
        lines, nil_findings = form_lines(program, form, period, returns, previous, standing)
        all_lines[form.code] = tuple(lines)
        frame = form_frame(program, form, period, returns, lines, previous)
        for breach in run_suite(rules_in(rules[form.code], frame.columns), frame):
            for position in breach.positions:
                line = lines[position]
                if not _already_told(breach.rule, line):
                    per_return[line.source].append(_finding(returns[line.source], breach.rule, line, frame, position))
        for one in nil_findings:
            source = next(n for n in index.values() if returns[n].arrival.name == one.location.file
                          and returns[n].prefecture_code == one.prefecture_code)  # fmt: skip
            per_return[source].append(one)
    return Checked(lines=all_lines, findings=tuple(tuple(found) for found in per_return))


def _already_told(rule: Rule, line: Line) -> bool:
    """A blank row, or a cell that could not be read, is told once; a nil row is not asked to look again."""
    if rule.about_rows:
        return False
    if line.state not in REPORTED or line.row is None:
        return True
    if any(base_field(column) in line.row.refused for column in rule.used_columns):
        return True
    return line.row.nil and rule.severity is not Severity.CRITICAL


def _finding(one: Return, rule: Rule, line: Line, frame: pd.DataFrame, position: int) -> Finding:
    row = frame.iloc[position]
    expected = re.sub(r"\{([^{}]+)\}", lambda m: _show(row[m[1]]), rule.message)
    field = "" if rule.about_rows else rule.columns[0]
    cell = ""
    if line.row is not None:
        cell = f"{one.columns[rule.form][field]}{line.row.row}" if field else f"B{line.row.row}"
    made = finding(
        rule.code, file=one.arrival.name, sheet=one.sheets.get(rule.form, ""), cell=cell,
        prefecture_code=one.prefecture_code, county_code=line.county.code, field=field, rule=rule.id,
        found=line.row.typed.get(field, "") if line.row and field else "", expected=expected,
    )  # fmt: skip
    return replace(made, severity=rule.severity)


def _show(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if pd.isna(value):
        return "空"
    return show(value if isinstance(value, (str, int, float, date)) else str(value))
