"""All returns of a period against all rules: lines to keep and findings with their place on the officer's sheet."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.checks.bounds import with_all_bounds
from pipeline.checks.diagnose import diagnosed
from pipeline.checks.explain import Reasons
from pipeline.checks.frames import form_frame
from pipeline.checks.lines import GIVEN, Line, cell_of, form_lines
from pipeline.checks.lists import list_lines
from pipeline.checks.masks import run_both
from pipeline.checks.outliers import asked_outliers
from pipeline.domain.findings import Finding, Severity, finding
from pipeline.domain.value import show
from pipeline.program.layout import CONFIRMED
from pipeline.program.model import Rows
from pipeline.program.rules import CONTEXT_COLUMNS, base_field, base_fields, rules_in
from pipeline.reading.read import whole_file_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pipeline.checks.suites import Breach
    from pipeline.domain.past import Past
    from pipeline.domain.value import Value
    from pipeline.program.model import Period, Program
    from pipeline.program.rules import Rule
    from pipeline.reading.read import Return
    from pipeline.reading.sheet import FormRow

    Validate = Callable[[Sequence[Rule], pd.DataFrame], tuple[Breach, ...]]


_CONFLICT = "ROW_CONFLICT"
_SHOWN_DIFFERENCES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What checking gave.

    Attributes:
        lines: Form code → lines, one per return and county of its roster.
        findings: One list per return: those of reading and those of the rules.
    """

    lines: Mapping[str, tuple[Line, ...]]
    findings: tuple[tuple[Finding, ...], ...]


def check_returns(
    program: Program,
    rules: Mapping[str, tuple[Rule, ...]],
    period: Period,
    returns: Sequence[Return],
    past: Past,
    validate: Validate | None = None,
) -> Checked:
    """Check every return of one period, once per form over all of them together.

    Args:
        program: The campaign.
        rules: Form code → rules.
        period: The period all ``returns`` are for.
        returns: What was read.
        past: What was accepted before this run.
        validate: Rules and a frame → what broke them; Great Expectations and masks, compared, if None.
    """
    per_return: list[list[Finding]] = [list(workbook.findings) for workbook in returns]
    all_lines, by_lines = {}, {}
    for form in program.forms:
        made, by_lines[form.code] = (
            list_lines(program, form, returns, past)
            if form.is_list
            else form_lines(program, form, period, returns, past)
        )
        all_lines[form.code] = tuple(made)
    answers = Reasons(program, past)
    values: dict[tuple[int, str], dict[str, Value]] = defaultdict(dict)
    for line in chain.from_iterable(all_lines[form.code] for form in program.roster_forms):
        values[line.source, line.unit.code].update(line.values)
    for form in program.forms:
        together = program.county_forms if form.rows is Rows.COUNTY else (form,)
        asked = rules_in(rules[form.code], {f.code for form in together for f in form.fields_in(period)})
        wanted = {column for rule in asked for column in (*rule.used_columns, *_in_message(rule))}
        lines = all_lines[form.code]
        frame = form_frame(program, form, period, returns, lines, past, wanted, values)
        broken = _broken((validate or run_both)(asked, frame), frame, returns, lines, answers, values)
        for source, f in (*broken, *by_lines[form.code]):
            per_return[source].append(f)
    causes = diagnosed(program, rules, period, returns, all_lines, past, per_return)
    worded = [*with_all_bounds(program, rules, period, returns, all_lines, values, past, causes)]
    for source, f in list(asked_outliers(program, period, returns, all_lines, past, answers, values, worded)):
        worded[source] = [*worded[source], f]
    settled = _settle_conflicts(worded, returns, all_lines)
    for source, conflict in list(_list_conflicts(program, returns, all_lines, settled)):
        settled[source].append(conflict)
    return Checked(lines=all_lines, findings=tuple(tuple(found) for found in settled))


def _broken(
    breaches: Iterable[Breach],
    frame: pd.DataFrame,
    returns: Sequence[Return],
    lines: Sequence[Line],
    answers: Reasons,
    values: Mapping[tuple[int, str], Mapping[str, Value]],
) -> Iterator[tuple[int, Finding]]:
    """Every rule that a line of a form breaks, with the index of the line's return; what was explained is told as such."""
    for breach in breaches:
        for position in breach.positions:
            line = lines[position]
            workbook = returns[line.source]
            if _is_found_already(breach.rule, line, workbook):
                continue
            made = _finding(workbook, breach.rule, line, frame, position)
            known = values.get((line.source, line.unit.code), {})
            if told := answers.settle(made, breach.rule, line, workbook, known):
                yield line.source, told


def _list_conflicts(
    program: Program, returns: Sequence[Return], lines: Mapping[str, tuple[Line, ...]], found: Sequence[list[Finding]]
) -> Iterator[tuple[int, Finding]]:
    """Lists of one prefecture that came on one day, are otherwise good and say different things: neither is taken."""
    bad = {
        n
        for n, some in enumerate(found)
        if whole_file_findings(some)
        or any(f.severity is Severity.CRITICAL and f.county_code == returns[n].prefecture_code for f in some)
    }
    for form in program.list_forms:
        said: dict[tuple[str, date], dict[int, list[str]]] = {}
        for line in (line for line in lines[form.code] if line.source not in bad):
            workbook, number = returns[line.source], line.row.entry if line.row else ""
            lists = said.setdefault((workbook.prefecture_code, workbook.arrival.received_on), {})
            lists.setdefault(line.source, []).append(f"{number} {sorted(line.values.items())!r}")
        for (prefecture, _), lists in said.items():
            if len({tuple(sorted(entries)) for entries in lists.values()}) > 1:
                counted = "，".join(f"{returns[n].arrival.name} {len(entries)}条" for n, entries in lists.items())
                for n in lists:
                    yield (
                        n,
                        finding(
                            _CONFLICT,
                            file=returns[n].arrival.name,
                            sheet=returns[n].sheets[form.code],
                            found=counted,
                            prefecture_code=prefecture,
                            county_code=prefecture,
                            expected="同一天只有一种填法",
                        ),
                    )


def _settle_conflicts(
    per_return: Sequence[list[Finding]], returns: Sequence[Return], lines: Mapping[str, tuple[Line, ...]]
) -> list[list[Finding]]:
    """A conflict is only one between rows that are otherwise good; it says which field and which values."""
    refused = [bool(whole_file_findings(found)) for found in per_return]
    bad = [
        {f.county_code for f in found if f.severity is Severity.CRITICAL and f.code != _CONFLICT}
        for found in per_return
    ]
    settled = []
    for source, found in enumerate(per_return):
        kept = []
        for f in found:
            if f.code != _CONFLICT:
                kept.append(f)
            elif f.county_code not in bad[source]:
                rivals = [n for n in _same_day(returns, source) if not refused[n] and f.county_code not in bad[n]]
                differing = list(_differing(f.county_code, source, rivals, returns, lines))
                more = f"；等{len(differing)}处" if len(differing) > _SHOWN_DIFFERENCES else ""
                kept += [replace(f, found="；".join(differing[:_SHOWN_DIFFERENCES]) + more)] if differing else []
        settled.append(kept)
    return settled


def _same_day(returns: Sequence[Return], source: int) -> list[int]:
    """The other returns of a prefecture that came on the day one of its returns came."""
    mine = returns[source]
    return [
        n
        for n, other in enumerate(returns)
        if n != source
        and other.prefecture_code == mine.prefecture_code
        and other.arrival.received_on == mine.arrival.received_on
    ]


def _differing(
    county: str, source: int, rivals: Sequence[int], returns: Sequence[Return], lines: Mapping[str, tuple[Line, ...]]
) -> Iterator[str]:
    """The fields in which a return differs from its rivals, with both values and the rival's file."""
    for all_of_form in lines.values():
        given = {line.source: line.values for line in all_of_form if line.unit.code == county and line.state in GIVEN}
        for rival in rivals if source in given else ():
            for code, value in given[source].items() if rival in given else ():
                other = given[rival].get(code)
                if other != value:
                    yield f"{code}：本份{show(value) or '空'}，{returns[rival].arrival.name} {show(other) or '空'}"


def _is_found_already(rule: Rule, line: Line, workbook: Return) -> bool:
    """A missing column, a blank row, or a cell that could not be read, is found once; a nil row is not asked to look again."""
    if rule.about_rows:
        return False
    if line.state not in GIVEN or line.row is None:
        return True
    if base_field(rule.columns[0]) not in workbook.columns[line.row.form]:
        return True
    if any(base in line.row.refused for column in rule.used_columns for base in base_fields(column)):
        return True
    return line.row.nil and rule.severity is not Severity.CRITICAL


def _in_message(rule: Rule) -> list[str]:
    """Columns whose values the message names."""
    return [column for column in re.findall(r"\{([^{}]+)\}", rule.message) if column not in CONTEXT_COLUMNS]


def _finding(workbook: Return, rule: Rule, line: Line, frame: pd.DataFrame, position: int) -> Finding:
    row = frame.iloc[position]
    expected = re.sub(r"\{([^{}]+)\}", lambda m: _show(row[m[1]]), rule.message)
    field = "" if rule.about_rows else rule.columns[0]
    cell = ""
    if line.row is not None:
        cell = cell_of(workbook, line.row, field) if field else f"B{line.row.row}"
    unsaid = rule.code == "ROW_BLANK" and line.state == "unconfirmed"
    made = finding(
        "ROW_UNCONFIRMED" if unsaid else rule.code,
        file=workbook.arrival.name,
        sheet=workbook.sheets.get(rule.form, ""),
        cell=cell,
        prefecture_code=workbook.prefecture_code,
        county_code=line.unit.code,
        field=field,
        rule=rule.id,
        found=_found(workbook, line.row, field) if line.row else "",
        expected=f"改动有变化的格，或在“{CONFIRMED}”格选“√”" if unsaid else expected,
    )
    return replace(made, severity=rule.severity)


def _found(workbook: Return, row: FormRow, field: str) -> str:
    """What was typed; where nothing was, what lies over the cell, or over those of the row."""
    if row.typed.get(field) or not row.beside:
        return row.typed.get(field, "")
    if field:
        return f"此格没有数，上面有{row.beside[field]}" if field in row.beside else ""
    return "、".join(f"{cell_of(workbook, row, code) or row.row}上有{what}" for code, what in row.beside.items())


def _show(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if pd.isna(value):
        return "空"
    return show(value if isinstance(value, (str, int, float, date)) else str(value))
