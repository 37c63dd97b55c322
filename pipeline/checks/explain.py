"""Reasons: what is unlikely passes with the officer's reason, and is not asked about again until a figure changes."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.domain.findings import CATALOGUE, EXPLAINED, Finding, Severity, fitted
from pipeline.domain.value import show
from pipeline.program.layout import REASON, REMARK, SHORTEST_REASON, entry_mark
from pipeline.program.rules import base_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.checks.lines import Line
    from pipeline.domain.past import Past
    from pipeline.domain.value import Value
    from pipeline.program.model import Program
    from pipeline.program.rules import Rule
    from pipeline.reading.read import Return

_HOW = f"；情况属实、不必改的，请在同一行“备注”格写明原因（不少于{SHORTEST_REASON}个字）"
_TOO_SHORT = f"；“备注”格写的原因不足{SHORTEST_REASON}个字，请写明白些"


class Reasons:
    """What officers have said, and were asked before, of the rules their figures break."""

    def __init__(self, program: Program, past: Past) -> None:
        self.program = program
        self.past = past

    def settle(
        self, f: Finding, rule: Rule, line: Line, workbook: Return, values: Mapping[str, Value]
    ) -> Finding | None:
        """A broken rule as it is told: as it is, as explained, or not at all.

        Args:
            f: The finding.
            rule: What is broken.
            line: The row that breaks it.
            workbook: The return it is in.
            values: Field → value, of all sheets of the unit in this return.

        Returns:
            None for a warning that was given before about the very same figures.
        """
        warned = rule.severity is Severity.WARNING
        if rule.about_rows or line.row is None or not (rule.explainable or warned):
            return f
        key = line.unit.code, line.entry, rule.id
        told = key in self.past.answers and self._as_before(rule, line, values)
        if told and self.past.answers[key]:
            return _explained(f, self.past.answers[key])
        kind, text = reason_of(self.program, line, workbook)
        if _says_something(text):
            return _explained(f, f"说明：{kind}：{fitted(text)}")
        if told:
            return None
        if warned and not CATALOGUE[rule.code].explainable:
            return f
        return replace(f, fix=f.fix + (_TOO_SHORT if text else _HOW))

    def _as_before(self, rule: Rule, line: Line, values: Mapping[str, Value]) -> bool:
        """Whether every figure the rule looks at is what was accepted last."""
        fields = {
            base for column in rule.used_columns for base in base_fields(column) if base in {**values, **line.values}
        }
        if line.entry:
            known = self._entries.get((line.unit.code, rule.form, line.entry), {})
            return all(line.values.get(code) == known.get(code) for code in fields)
        now = {**values, **line.values}
        unit = line.unit.code
        return all(
            now.get(code) == self.past.current.get((unit, code), self.past.previous.get((unit, code)))
            for code in fields
        )

    @cached_property
    def _entries(self) -> dict[tuple[str, str, str], Mapping[str, Value]]:
        """(unit, form, number) → the entry as it was accepted last."""
        return {
            (unit, form, row.entry): row.values
            for some in (self.past.carried, self.past.listed)
            for (unit, form), rows in some.items()
            for row in rows
        }


def reason_of(program: Program, line: Line, workbook: Return) -> tuple[str, str]:
    """Kind and text of the reason given for a row; an empty text where none is.

    It stands in the row itself, or beside the problem in the list of a returned copy.
    """
    cells, form = (line.row.cells, line.row.form) if line.row else ({}, "")
    mark = entry_mark(program.form_by_code[form], cells) if line.entry else ""
    text = show(cells.get(REMARK)).strip() or workbook.reasons.get((line.unit.code, form, mark), "")
    kind = show(cells.get(REASON)).strip()
    return kind if kind in program.explanations else program.explanations[-1], text


def _says_something(text: str) -> bool:
    """Long enough as the cell counts it too, blanks apart, and at least half of that in words."""
    return (
        len(re.sub(r"\s+", "", text)) >= SHORTEST_REASON and len(re.findall(r"[^\W\d_]", text)) >= SHORTEST_REASON / 2
    )


def _explained(f: Finding, reason: str) -> Finding:
    """The same place and figures, accepted with a reason."""
    return replace(f, code=EXPLAINED, severity=CATALOGUE[EXPLAINED].severity, fix=reason)
