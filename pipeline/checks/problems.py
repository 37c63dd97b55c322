"""Findings as people read them: the conclusion first, errors before warnings before notes, like with like, nothing lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.findings import CATALOGUE, CHANGED, SEVERITY_NAMES, UNEXPLAINED, UNREPORTED, Finding, Severity
from pipeline.domain.place import PLACING_NAMES
from pipeline.domain.state import VERDICT_NAMES, State, Verdict
from pipeline.program.layout import counted_rows, row_name
from pipeline.reading.read import whole_file_findings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipeline.checks.decide import Decision
    from pipeline.domain.place import Place
    from pipeline.program.model import Program
    from pipeline.reading.read import Reading

_NAMED = 8
# not typed
_IN_OUR_WORDS = frozenset(
    {"ROW_COPIED", "BLOCK_SHIFTED", "ROW_TWICE", "STRAY_CELL", "SHEET_NOTE", "LIST_TOO_LONG", CHANGED, UNEXPLAINED}
)
_NAMES_A_THING = frozenset({"OUT_OF_RANGE", "NOT_AN_OPTION", "TEXT_LENGTH"})
_IN_SENTENCES = frozenset(
    {
        "CELL_READ_AS",
        "BLOCK_SHIFTED",
        "UNIT_MISTAKEN",
        "INCREMENT_TYPED",
        "PERIOD_EARLIER",
        "PERIOD_CLOSED",
        "RETURN_OLDER",
        "NIL_WITHOUT_BASE",
        "ENTRY_VANISHED",
    }
)
_PROPOSED = re.compile(r"应为([0-9.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _FindingGroup:
    """Findings of one kind: they share severity, title and, mostly, the way to mend them."""

    severity: Severity
    title: str
    fix: str
    findings: tuple[Finding, ...]

    @property
    def heading(self) -> str:
        """One line for the whole group."""
        return f"【{SEVERITY_NAMES[self.severity]}】{self.title}（{len(self.findings)}处）：{self.fix}"


def in_groups(program: Program, findings: Collection[Finding]) -> tuple[_FindingGroup, ...]:
    """Every finding in exactly one group; groups by severity, then by first appearance."""
    groups: dict[tuple[Severity, str, str], list[Finding]] = {}
    for severity in Severity:  # critical, warning, info
        for f in findings:
            if f.severity is severity:
                groups.setdefault((severity, f.code, f.fix), []).append(f)
    return tuple(
        _FindingGroup(
            severity=severity,
            title=program.worded(CATALOGUE[code].title),
            fix=program.worded(fix),
            findings=tuple(some),
        )
        for (severity, code, fix), some in groups.items()
    )


def conclusion(
    program: Program,
    verdict: Verdict,
    reason: str,
    states: Mapping[str, State],
    findings: Collection[Finding],
    *,
    accepted: str = "已接收",
) -> str:
    """What became of a return, in a few short sentences.

    Args:
        program: The campaign.
        verdict: Of the submission.
        reason: Of the verdict, as the ledger has it.
        states: County → state of its record in this submission.
        findings: Of the submission.
        accepted: How to say it of the counties that are sound.
    """
    good = [code for code, state in states.items() if state is not State.RETURNED]
    bad = [code for code, state in states.items() if state is State.RETURNED]
    blank = sorted({f.county_code for f in findings if f.code in UNREPORTED} - states.keys())
    aside = sum(CATALOGUE[f.code].aside for f in findings)
    warnings = sum(f.severity is Severity.WARNING for f in findings)
    reasons = sum(f.severity is Severity.WARNING and CATALOGUE[f.code].explainable for f in findings)
    said = "全部接收" if verdict is Verdict.ACCEPTED and not (blank or aside) else VERDICT_NAMES[verdict]
    if verdict is Verdict.HELD:
        return f"{said}：{reason}。"
    if reason and (whole_file_findings(findings) or not bad):
        sentences = [f"{said}：{reason}。", f"所填{counted_rows(program, bad)}都须改正后重报。" if bad else ""]
    else:
        sentences = [_of_rows(program, said, good, bad, accepted)]
    sentences += [
        f"{_names(program, blank)}没有填报。" if blank and states else "",
        f"有{aside}处内容未采用，见所列。" if aside else "",
        f"另有{warnings}处请再核对，{_if_so(warnings, reasons)}。" if warnings else "",
    ]
    return "".join(sentences)


def _if_so(warnings: int, reasons: int) -> str:
    """What to do where what was warned of is true: nothing, or write why."""
    if not reasons:
        return "如确实如此，可不改动"
    return "属实的请写明原因" if reasons == warnings else f"其中{reasons}处属实的请写明原因，其余如确实如此，可不改动"


def _of_rows(program: Program, said: str, good: list[str], bad: list[str], accepted: str) -> str:
    """What became of the counties in a return that was judged county by county."""
    sound = f"{counted_rows(program, good)}{accepted}"
    if bad:
        return f"{said}：{_names(program, bad)}须改正后重报" + (f"；其余{sound}，不必重报。" if good else "。")
    return f"{said}：{sound}。" if good else "没有须改正的问题。"


def _names(program: Program, codes: list[str]) -> str:
    """香格里拉市 / 德钦县、维西县2个县（市、区） / …等12个县."""
    shown = "、".join(row_name(program.unit_by_code[code]) for code in codes[:_NAMED])
    if len(codes) > _NAMED:
        return f"{shown}等{counted_rows(program, codes)}"
    return (
        shown
        if len(codes) == 1 or not program.county_by_code.keys() >= set(codes)
        else f"{shown}{counted_rows(program, codes)}"
    )


def _place_of(program: Program, f: Finding) -> str:
    """Where a finding is, in words: 1.思想引领 D7 五华区 宣讲场次."""
    unit, field = program.unit_by_code.get(f.county_code), program.field_by_code.get(f.field)
    parts = (f.location.sheet, f.location.cell, row_name(unit) if unit else "", field.title if field else "")
    return " ".join(part for part in parts if part)


def _found_and_expected(f: Finding) -> str:
    """What stands there and what should: 所填“约5”，应为：0或正整数."""
    if f.code == "SHEET_MISSING":
        return "应有这张表"
    if f.code == "CELL_READ_AS" and f"“{f.found}”" in f.expected:
        return f.expected
    found = f"所填“{f.found}”" if f.found and f.location.cell and f.code not in _IN_OUR_WORDS else f.found
    return "，".join(filter(None, (found, should(f))))


def should(f: Finding) -> str:
    """What should stand there: after 应为 where it is a thing, by itself where it is a sentence."""
    sentence = f.code in _IN_SENTENCES or (f.rule and f.code not in _NAMES_A_THING) or f.expected.startswith("应")
    return f.expected if sentence or not f.expected else f"应为：{f.expected}"


def as_text(program: Program, findings: Collection[Finding]) -> Iterator[str]:
    """The groups line by line, for a screen or a text file."""
    for group in in_groups(program, findings):
        if CATALOGUE[group.findings[0].code].one_cause:
            yield f"{group.heading}（下列为：所填→建议）"
            yield from _in_one_line(program, group.findings)
            continue
        yield group.heading
        for f in group.findings:
            place, said = _place_of(program, f), _found_and_expected(f)
            yield "  · " + "：".join(part for part in (place, said) if part)


def _in_one_line(program: Program, findings: Collection[Finding]) -> Iterator[str]:
    """Cells of one cause, a line per sheet and column: where, what was typed, what it would be."""
    columns: dict[tuple[str, str], list[Finding]] = {}
    for f in findings:
        columns.setdefault((f.location.sheet, f.field), []).append(f)
    for (sheet, field), some in columns.items():
        title = program.field_by_code[field].title
        cells = "；".join(
            f"{f.location.cell} {row_name(program.unit_by_code[f.county_code])} {f.found}→{_proposed(f)}" for f in some
        )
        yield f"  · {sheet} {title}：{cells}"


def _placed(program: Program, place: Place) -> str:
    """Whose a file is that cannot be used, and by what that is known."""
    if not place.prefecture_code:
        return ""
    unit, period = program.prefecture_by_code[place.prefecture_code], program.period_by_code[place.period]
    return f"归属：{unit.short_name}{period.title}（{PLACING_NAMES[place.placed]}）。"


def _proposed(f: Finding) -> str:
    found = _PROPOSED.search(f.expected)
    return found[1] if found else f.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVerdict:
    """What would become of one file, as 问题清单 says it.

    Attributes:
        file: Its name.
        parts: Conclusion → lines of errors, warnings and notes: of what cannot be used, then of each return in it.
    """

    file: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def conclusion(self) -> str:
        """All conclusions in one line."""
        return "；".join(said for said, _ in self.parts)

    @property
    def lines(self) -> list[str]:
        """The whole, for a screen or a text file."""
        return [self.file, *(line for said, listed in self.parts for line in (said, *listed))]


def file_verdict(program: Program, reading: Reading, decisions: Sequence[Decision]) -> FileVerdict:
    """What would become of one file that was read and decided on."""
    parts = []
    if reading.findings:
        held = any(CATALOGUE[f.code].holds for f in reading.findings)
        which = "另有工作表" if decisions else ""
        said = f"结论：{which}{'待认定' if held else '不能采用'}。{_placed(program, reading.place)}"
        parts.append((said, tuple(as_text(program, reading.findings))))
    for decision in decisions:
        source = decision.source
        unit, period = program.prefecture_by_code[source.prefecture_code], program.period_by_code[source.period]
        states = {record.county_code: record.state for record in decision.records}
        said = conclusion(program, decision.verdict, decision.reason, states, decision.findings, accepted="可以接收")
        parts.append((f"{unit.short_name} {period.title}　结论：{said}", tuple(as_text(program, decision.findings))))
    return FileVerdict(file=reading.arrival.name, parts=tuple(parts))
