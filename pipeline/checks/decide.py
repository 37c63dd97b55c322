"""Findings → decisions: the unit that is accepted or returned is one county's record for one period."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.checks.lines import GIVEN, Line
from pipeline.domain.findings import CATALOGUE, UNREPORTED, Finding, Severity, finding
from pipeline.domain.state import State, Verdict
from pipeline.program.layout import counted_rows, row_name
from pipeline.reading.read import whole_file_findings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pipeline.checks.check import Checked
    from pipeline.domain.past import Past
    from pipeline.program.model import Program
    from pipeline.reading.read import Return


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one unit reported: a county, or a prefecture of itself; its state, its lines by form and its lists' entries.

    Attributes:
        stands: Its lines are kept as what stands: it was accepted, or nothing is wrong with it but sheets that are missing.
    """

    county_code: str
    state: State
    stands: bool
    lines: Mapping[str, Line]
    entries: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one return."""

    source: Return
    verdict: Verdict
    reason: str
    records: tuple[Record, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undecided:
    """One return on its way to a decision: county → form → line, and who is blamed for what."""

    source: Return
    counties: Mapping[str, Mapping[str, Line]]
    lists: Mapping[str, tuple[Line, ...]]
    findings: tuple[Finding, ...]

    @property
    def reported(self) -> set[str]:
        """Units with anything on any sheet; a prefecture also with an entry on any list."""
        filled = {code for code, forms in self.counties.items() if _reports(forms.values())}
        listed = any(not line.untouched for lines in self.lists.values() for line in lines)
        return filled | ({self.source.prefecture_code} if listed else set())

    @property
    def whole(self) -> tuple[Finding, ...]:
        """Findings that return or hold the file."""
        return whole_file_findings(self.findings)

    @property
    def sound(self) -> set[str]:
        """Reported counties without a critical finding; none when the whole file is at fault."""
        blamed = {f.county_code for f in self.findings if f.severity is Severity.CRITICAL}
        return set() if self.whole else self.reported - blamed


def _reports(lines: Collection[Line]) -> bool:
    """Something was typed; what was only carried into the cells counts where a file holds nothing but such sheets."""
    given = [line for line in lines if line.state in GIVEN]
    others_blank = any(line.state in {"blank", "absent", "unconfirmed"} for line in lines)
    return any(not line.untouched for line in given) or (bool(given) and not others_blank)


def decide(program: Program, returns: Sequence[Return], checked: Checked, past: Past) -> tuple[Decision, ...]:
    """One decision per return.

    A critical finding returns its county and only that county; a fault of the whole file returns the file, a doubtful
    identity holds it. A county whose rows are all blank is no record: it stays what it was. A county that lacks sheets
    is returned for them while the sheets it sent are kept; another file of the same day or before may bring the rest.
    Every refusal carries at least one finding.
    """
    cases = _undecided(program, returns, checked)
    brought: dict[tuple[str, str], date] = {}
    nil: dict[tuple[str, str], bool] = {}
    for case in cases:
        day = case.source.arrival.received_on
        for code in case.sound:
            for form, line in case.counties.get(code, {}).items():
                if line.state in GIVEN:
                    brought[code, form] = min(day, brought.get((code, form), day))
                    nil[code, form] = nil.get((code, form), True) and line.state == "nil"
    return tuple(_decide_one(program, case, brought, nil | dict(past.standing), past) for case in cases)


def _undecided(program: Program, returns: Sequence[Return], checked: Checked) -> list[_Undecided]:
    by_source: dict[int, dict[str, dict[str, Line]]] = defaultdict(lambda: defaultdict(dict))
    lists: dict[int, dict[str, tuple[Line, ...]]] = defaultdict(dict)
    for form in program.forms:
        for line in checked.lines[form.code]:
            if form.is_list:
                lists[line.source][form.code] = (*lists[line.source].get(form.code, ()), line)
            else:
                by_source[line.source][line.unit.code][form.code] = line
    return [
        _Undecided(source=source, counties=by_source[n], lists=lists[n], findings=checked.findings[n])
        for n, source in enumerate(returns)
    ]


def _decide_one(
    program: Program,
    case: _Undecided,
    brought: Mapping[tuple[str, str], date],
    nil: Mapping[tuple[str, str], bool],
    past: Past,
) -> Decision:
    reported, sound, whole, day = case.reported, case.sound, case.whole, case.source.arrival.received_on
    lacking = {
        code: [
            form
            for form, line in case.counties.get(code, {}).items()
            if line.state in {"no_sheet", "kept"}
            and not past.stood((code, form), day)
            and brought.get((code, form), date.max) > day
        ]
        for code in reported
    }
    findings = (
        *_once_per_unreported(program, case, past),
        *_missing_sheets(program, case, lacking),
        *_older(program, case, sound, past),
    )
    records = []
    for code in sorted(reported):
        own = case.counties.get(code, {})
        lines = {form: line for form, line in own.items() if line.state in GIVEN}
        entries = case.lists if code == case.source.prefecture_code else {}
        state = State.NIL if not entries and _all_nil(code, own, nil) else State.ACCEPTED
        if code not in sound or lacking[code]:
            state = State.RETURNED
        records.append(Record(county_code=code, state=state, stands=code in sound, lines=lines, entries=entries))
    if any(CATALOGUE[f.code].holds for f in whole):
        verdict, records = Verdict.HELD, []
    else:
        verdict = _verdict(records, whole=bool(whole))
    reason = program.worded(_reason(case.source, verdict, whole, records, findings))
    return Decision(
        source=case.source,
        verdict=verdict,
        reason=reason,
        records=tuple(records),
        findings=tuple(sorted(findings, key=reading_order)),
    )


def _all_nil(county: str, forms: Mapping[str, Line], nil: Mapping[tuple[str, str], bool]) -> bool:
    """A county is a nil report when every sheet is: ticked here, in a file of the same run, or standing as ticked."""
    return all(
        (line.state == "nil" or line.state not in GIVEN) and nil.get((county, form), True)
        for form, line in forms.items()
    )


def _once_per_unreported(program: Program, case: _Undecided, past: Past) -> list[Finding]:
    """A county that reports nothing is said once, not once a sheet; of a file sent back as it went out, the file is."""
    kept: list[Finding] = []
    reported = case.reported
    unsaid = {f.county_code for f in case.findings if f.code == "ROW_UNCONFIRMED"}
    if unsaid and not reported and not case.whole:
        where = {"file": case.source.arrival.name, "prefecture_code": case.source.prefecture_code}
        kept.append(finding("RETURN_UNCHANGED", found=counted_rows(program, unsaid), **where))
    seen, accepted = set[str](), {county for county, _ in past.standing}
    for f in case.findings:
        if f.county_code in reported or not (f.rule or f.code in UNREPORTED):
            kept.append(f)
        elif f.code == "ROW_UNCONFIRMED" and f.county_code not in seen and reported:
            seen.add(f.county_code)
            kept.append(f.at(sheet="", cell=""))
        elif f.code == "ROW_BLANK" and f.county_code not in seen | (set() if reported else unsaid):
            seen.add(f.county_code)
            which = {True: "还没有接收的各张", False: "各张"}[f.county_code in accepted]
            kept.append(replace(f.at(sheet="", cell=""), fix=f"请在{which}表中填报这个县；本期确无新进展的选“√”"))
    return kept


def _missing_sheets(program: Program, case: _Undecided, lacking: Mapping[str, Sequence[str]]) -> list[Finding]:
    """One finding per sheet that is not there, one per row left blank for another file whose row was not sound.

    A sheet that could not be read has its own finding; under a name of the officer's it may be any of those missing.
    """
    workbook, unread = case.source, {f.location.sheet for f in case.findings if f.code == "SHEET_AMBIGUOUS"}
    renamed = unread - {form.sheet for form in program.forms}
    found = []
    for form in program.forms:
        counties = [code for code, forms in lacking.items() if form.code in forms]
        where = {"file": workbook.arrival.name, "prefecture_code": workbook.prefecture_code}
        if counties and form.code in workbook.rows:
            found += [
                finding("ROW_BLANK", sheet=workbook.sheets[form.code], county_code=code, **where) for code in counties
            ]
        elif counties and form.sheet not in unread and not renamed:
            found.append(finding("SHEET_MISSING", sheet=form.sheet, expected=form.sheet, **where))
    return found


def _older(program: Program, case: _Undecided, sound: set[str], past: Past) -> list[Finding]:
    """What stands was received later than this return: said once, with the counties and lists it does not replace."""
    day, workbook = case.source.arrival.received_on, case.source
    newer = {
        row_name(program.unit_by_code[code]): received
        for code in sorted(sound)
        for form, line in case.counties.get(code, {}).items()
        if line.state in GIVEN and (received := past.received.get((code, form), day)) > day
    }
    own = case.lists if workbook.prefecture_code in sound else {}
    newer |= {
        program.form_by_code[form].sheet: received
        for form, lines in own.items()
        if lines and (received := past.received.get((workbook.prefecture_code, form), day)) > day
    }
    if not newer:
        return []
    names = "、".join(newer)
    return [
        finding(
            "RETURN_OLDER",
            file=workbook.arrival.name,
            prefecture_code=workbook.prefecture_code,
            found=f"{day}收到",
            expected=f"已接收的是{max(newer.values())}收到的，不替换：{names}",
        )
    ]


def _verdict(records: list[Record], *, whole: bool) -> Verdict:
    returned = sum(record.state is State.RETURNED for record in records)
    if whole or (records and returned == len(records)):
        return Verdict.RETURNED
    if not records:
        return Verdict.EMPTY
    return Verdict.PARTIAL if returned else Verdict.ACCEPTED


def _reason(
    source: Return,
    verdict: Verdict,
    whole: tuple[Finding, ...],
    records: list[Record],
    findings: Collection[Finding],
) -> str:
    if whole:
        return "；".join(dict.fromkeys(CATALOGUE[f.code].title for f in whole))
    if verdict is Verdict.EMPTY:
        unsaid = any(f.code == "RETURN_UNCHANGED" for f in findings)
        return "还是下发时的数，没有改动，也没有核对" if unsaid else "各县各表均未填报"
    returned = [record for record in records if record.state is State.RETURNED]
    own = [record for record in returned if record.county_code == source.prefecture_code]
    lacking = sum(record.stands for record in returned if record not in own)
    wrong = len(returned) - len(own) - lacking
    said = (
        f"{wrong}个县有错退回" if wrong else "",
        f"{lacking}个县缺少工作表" if lacking else "",
        ("本级缺少工作表" if own[0].stands else "本级有错退回") if own else "",
    )
    return "，".join(text for text in said if text)


def reading_order(f: Finding) -> tuple[int, str, str, str, str]:
    """By weight, unit, sheet and column."""
    order = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return order[f.severity], f.county_code, f.location.sheet, f.field, f.code
