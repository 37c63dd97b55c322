"""Findings → decisions: the unit that is accepted or returned is one county's record for one period."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.checks.frames import REPORTED, Line
from pipeline.findings import CATALOGUE, Finding, Severity, finding
from pipeline.workbook.read import whole_file_findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.checks.check import Checked
    from pipeline.checks.frames import Past
    from pipeline.program.model import Program
    from pipeline.workbook.read import Return


class State(StrEnum):
    """State of a county's record (DESIGN §4)."""

    ACCEPTED = "ACCEPTED"
    NIL = "NIL"
    RETURNED = "RETURNED"
    MISSING = "MISSING"


STATE_NAMES = {State.ACCEPTED: "已接收", State.NIL: "零报告", State.RETURNED: "退回待改", State.MISSING: "未报"}


class Verdict(StrEnum):
    """Verdict on one submission."""

    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    RETURNED = "RETURNED"
    EMPTY = "EMPTY"


VERDICT_NAMES = {
    Verdict.ACCEPTED: "全部接收",
    Verdict.PARTIAL: "部分退回",
    Verdict.RETURNED: "退回",
    Verdict.EMPTY: "没有填报",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one county reported: its state and, when accepted, its lines by form."""

    county_code: str
    state: State
    lines: Mapping[str, Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one return."""

    source: Return
    verdict: Verdict
    reason: str
    records: tuple[Record, ...]
    findings: tuple[Finding, ...]


def decide(program: Program, returns: Sequence[Return], checked: Checked, past: Past) -> tuple[Decision, ...]:
    """One decision per return.

    A critical finding returns its county and only that county; a fault of the whole file returns the file. A county
    whose rows are all blank is no record: it stays what it was. Every refusal carries at least one finding.
    """
    by_source: dict[int, dict[str, dict[str, Line]]] = defaultdict(lambda: defaultdict(dict))
    for form, lines in checked.lines.items():
        for line in lines:
            by_source[line.source][line.county.code][form] = line
    return tuple(_decide_one(program, one, by_source[n], checked.findings[n], past) for n, one in enumerate(returns))


def _decide_one(program: Program, one: Return, counties: Mapping[str, Mapping[str, Line]],
                findings: tuple[Finding, ...], past: Past) -> Decision:  # fmt: skip
    reported = {code for code, forms in counties.items() if any(line.state in REPORTED for line in forms.values())}
    findings = (*_once_per_blank_county(findings, reported), *_missing_sheets(program, one, counties, reported))
    whole = whole_file_findings(findings)
    critical = {f.county_code for f in findings if f.severity is Severity.CRITICAL}
    no_sheet = {code for code in reported if any(line.state == "no_sheet" for line in counties[code].values())}
    records = []
    for code in sorted(reported):
        lines = {form: line for form, line in counties[code].items() if line.state in REPORTED}
        if whole or code in critical or code in no_sheet:
            state = State.RETURNED
        else:
            state = State.NIL if _all_nil(code, counties[code], past) else State.ACCEPTED
        records.append(Record(county_code=code, state=state, lines=lines))
    verdict = _verdict(records, whole=bool(whole))
    return Decision(source=one, verdict=verdict, reason=_reason(verdict, whole, records), records=tuple(records),
                    findings=tuple(sorted(findings, key=_reading_order)))  # fmt: skip


def _all_nil(county: str, forms: Mapping[str, Line], past: Past) -> bool:
    """A county is a nil report when every sheet is: ticked now, or standing as ticked; what was reported stays reported."""
    return all(
        (line.state == "nil" or line.state not in REPORTED) and past.standing.get((county, form), True)
        for form, line in forms.items()
    )


def _once_per_blank_county(findings: tuple[Finding, ...], reported: set[str]) -> list[Finding]:
    """A county blank on every sheet is told once, not once a sheet."""
    kept: list[Finding] = []
    told: set[str] = set()
    for one in findings:
        if one.code == "ROW_BLANK" and one.county_code not in reported:
            if one.county_code in told:
                continue
            told.add(one.county_code)
            kept.append(replace(one.at(sheet="", cell=""), fix="请在各张表中填报这个县；本期确无新进展的选“√”"))
        else:
            kept.append(one)
    return kept


def _missing_sheets(program: Program, one: Return, counties: Mapping[str, Mapping[str, Line]],
                    reported: set[str]) -> list[Finding]:  # fmt: skip
    unread = {f.location.sheet for f in one.findings if f.code in {"SHEET_AMBIGUOUS", "COLUMN_MISSING"}}
    missing = [] if unread else [
        form for form in program.forms
        if any(counties[code][form.code].state == "no_sheet" for code in reported)
    ]  # fmt: skip
    return [
        finding("SHEET_MISSING", file=one.arrival.name, prefecture_code=one.prefecture_code, expected=form.sheet)
        for form in missing
    ]


def _verdict(records: list[Record], *, whole: bool) -> Verdict:
    returned = sum(record.state is State.RETURNED for record in records)
    if whole or (records and returned == len(records)):
        return Verdict.RETURNED
    if not records:
        return Verdict.EMPTY
    return Verdict.PARTIAL if returned else Verdict.ACCEPTED


def _reason(verdict: Verdict, whole: tuple[Finding, ...], records: list[Record]) -> str:

    if whole:
        return "；".join(dict.fromkeys(CATALOGUE[f.code].title for f in whole))
    returned = sum(record.state is State.RETURNED for record in records)
    if verdict is Verdict.EMPTY:
        return "各县各表均未填报"
    return f"{returned}个县有错退回" if returned else ""


def _reading_order(one: Finding) -> tuple[int, str, str, str, str]:
    order = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return order[one.severity], one.county_code, one.location.sheet, one.field, one.code
