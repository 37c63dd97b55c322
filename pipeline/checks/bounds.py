"""What a cell may hold, all rules about it and the last accepted value taken together, in words to act on.

Great Expectations reports one rule at a time; who mends a cell must meet all of them at once. Where two cells contradict each
other both are named. Numbers and dates only: of words, a rule says all there is to say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from pipeline.checks.lines import cell_of
from pipeline.domain.findings import CATALOGUE, Finding, Severity
from pipeline.domain.value import show
from pipeline.forms.excel_rules import COMPARE
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NONE_TICKED, NOT_APPLICABLE, County, FieldType
from pipeline.program.rules import BETWEEN, CONTEXT_COLUMNS, LENGTH, NOT_NULL, PAIR_GREATER, base_field, rules_in, terms
from pipeline.reading.cells import CENT, remedy, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.checks.lines import Line
    from pipeline.domain.past import Past
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Period, Program
    from pipeline.program.rules import Condition, Rule
    from pipeline.reading.read import Return

    Rules = Mapping[str, tuple[Rule, ...]]

_NO_LIMIT = 9_999_999  # what rules say where nothing but good sense limits a number
LOW, HIGH = 1, -1
_A_SLIP = Decimal("0.9")  # of the last total: what is nearer to it is rather a correction than what came in this period
_INNER = str.maketrans("“”", "‘’")  # quotes within quotes
_FIRST_TICK = "选了“√”的，首次报送仍须填各项总数"
_MEASURED = NUMBERS | {FieldType.DATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One bound of one cell.

    Attributes:
        value: A number, or the ordinal of a day.
        why: In words; empty for what the form itself says.
        others: The other cells it rests on, as field codes.
        open: It moves when another cell is mended, which must be too.
    """

    value: Decimal
    why: str = ""
    others: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class _BoundFigures:
    """The figures of one unit in one return, or of one entry of a list.

    Attributes:
        lines: Form code → line.
        others: What stands on any of its sheets.
        wrong: Fields that must be mended: what stands in them limits nothing.
        rules: Field code → the critical rules that limit it.
    """

    program: Program
    period: Period
    workbook: Return
    lines: Mapping[str, Line]
    others: Mapping[str, Value]
    past: Past
    wrong: frozenset[str]
    rules: Mapping[str, tuple[Rule, ...]]

    def value(self, code: str) -> Value:
        """What stands in a field: on the unit's sheets, else as it was accepted."""
        code = self.program.field_by_code[code].shows or code
        given = self.others.get(code)
        if given is None:
            given = next((line.values[code] for line in self.lines.values() if line.values.get(code) is not None), None)
        return self.past.current.get((self._unit, code)) if given is None else given

    def number(self, column: str) -> Decimal | None:
        """A column of a rule as a number; None where it has none, or must be mended."""
        context = {
            "period.end": self.period.end,
            "campaign.start": self.program.window.start,
            "campaign.end": self.program.window.end,
        }
        county = self.program.county_by_code.get(self._unit)
        if column == "county.townships" and isinstance(county, County):
            return Decimal(county.townships)
        if column.endswith(".prev"):
            return _number(self.past.floors.get((self._unit, base_field(column))))
        source = self.program.field_by_code[column].shows if column in self.program.field_by_code else ""
        return None if {column, source} & self.wrong else _number(context.get(column) or self.value(column))

    def holds(self, condition: Condition) -> bool:
        """Whether a rule is about this unit."""
        code = base_field(condition.column)
        value = self.value(code)
        if condition.column.endswith(".given"):
            given = value not in {None, NONE_TICKED} and code not in self.wrong
            return given is ((condition.value == "yes") is (condition.operator == "=="))
        if condition.column.endswith(".applies"):
            return (value != NOT_APPLICABLE) is ((condition.value == "yes") is (condition.operator == "=="))
        if isinstance(condition.value, str):
            return value is not None and (value == condition.value) is (condition.operator == "==")
        number = self.number(condition.column)
        return number is not None and bool(COMPARE[condition.operator](number, condition.value))

    def cell(self, code: str, home: str) -> str:
        """Address of a field, with its sheet where that is not ``home``; empty where it has no cell."""
        form = self.program.field_by_code[code].form
        line = self.lines.get(form)
        cell = cell_of(self.workbook, line.row, code) if line and line.row else ""
        return cell if form == home or not cell else f"“{self.workbook.sheets[form]}”{cell}"

    def named(self, code: str, home: str) -> str:
        """A field by cell and title: E8“参加总数”."""
        title = self.program.field_by_code[code].title.translate(_INNER)
        return f"{self.cell(code, home)}“{title}”"

    def filled(self, rule: Rule, home: str) -> str:
        """The message of a rule with its values, and the cell of each but the marked one."""

        def said(found: re.Match[str]) -> str:
            column = found[1]
            if column in CONTEXT_COLUMNS or column.endswith(".prev"):
                number = self.number(column)
                return "空" if number is None else _shown(number, is_day=not column.endswith((".prev", "townships")))
            cell = self.cell(column, home) if column != rule.columns[0] else ""
            return (show(self.value(column)) or "空") + (f"（{cell}）" if cell else "")

        return re.sub(r"\{([^{}]+)\}", said, rule.message).replace("） ", "）")

    @property
    def _unit(self) -> str:
        return next(iter(self.lines.values())).unit.code

    def limits(self, field: Field, side: int, seen: frozenset[str] = frozenset()) -> list[_Limit]:
        """Every bound of a field on one side, the tightest first."""
        seen |= {field.code}
        found = [_Limit(value=Decimal(0))] if side is LOW and field.type in NUMBERS else []
        for rule in self.rules.get(field.code, ()):
            if rule.condition is None or self.holds(rule.condition):
                found += (
                    bound
                    for sums, constant in _at_least_zero(rule)
                    if (bound := self._limit(field, side, rule, sums, constant, seen))
                )
        return sorted(found, key=lambda limit: (-side * limit.value, not limit.why))

    def _limit(
        self, field: Field, side: int, rule: Rule, sums: Mapping[str, int], constant: Decimal, seen: frozenset[str]
    ) -> _Limit | None:
        """What ``Σ times × column + constant ≥ 0`` says of a field; None where it says nothing on this side."""
        own = sums.get(field.code, 0)
        if own * side <= 0:
            return None
        rest, moving = constant, False
        for column, times in sums.items():
            if column == field.code:
                continue
            number = self.number(column)
            if number is None and column in self.wrong and column not in seen:
                edges = self.limits(self.program.field_by_code[column], HIGH if times > 0 else LOW, seen)
                number, moving = (edges[0].value if edges else Decimal(_NO_LIMIT)), True
            if number is None:
                return None
            rest += times * number
        value = -rest / own
        if field.type in NUMBERS:
            step = Decimal(1) if field.type is FieldType.COUNT else CENT
            value = value.quantize(step, ROUND_CEILING if side is LOW else ROUND_FLOOR)
        others = tuple(c for c in sums if c != field.code and c in self.program.field_by_code)
        if rule.condition and base_field(rule.condition.column) != field.code:
            others = (*others, base_field(rule.condition.column))
        return _Limit(
            value=value, why=self._why(field, side, rule, sums, value, moving=moving), others=others, open=moving
        )

    def _why(
        self, field: Field, side: int, rule: Rule, sums: Mapping[str, int], value: Decimal, *, moving: bool
    ) -> str:
        """Why a bound is there: against what it is measured."""
        is_day = field.type is FieldType.DATE
        sign = {True: ("不早于", "不晚于"), False: ("不少于", "不大于")}[is_day][side is HIGH]
        shown = _shown(value, is_day=is_day)
        rest = [column for column in sums if column != field.code]
        if rule.type == BETWEEN and not rest:
            if rule.condition is None:
                return ""
            return f"{sign}{shown}（{self._condition(rule.condition, field.form)}）"
        if len(rest) > 1 or abs(sums[field.code]) != 1 or abs(sums[rest[0]]) != 1 or rule.type == BETWEEN:
            return self.filled(rule, field.form)
        if rest[0].endswith(".prev"):
            return f"{sign}上次已接收的{shown}"
        if rest[0] in CONTEXT_COLUMNS:
            return sign + {"period.end": "报送期末", "campaign.start": "专项工作开始"}.get(rest[0], "") + shown
        return sign + self.named(rest[0], field.form) + ("（该格也须改正）" if moving else shown)

    def _condition(self, condition: Condition, home: str) -> str:
        named = self.named(base_field(condition.column), home)
        return (
            f"{named}已填" if condition.column.endswith(".given") else f"{named}为{show(self.value(condition.column))}"
        )

    def allowed(self, field: Field, *, whole: bool = False) -> str:
        """What a field may hold, when more limits it than the form itself; empty when nothing does.

        Args:
            field: The column.
            whole: Name the upper end too that only good sense sets.
        """
        lows, highs = self.limits(field, LOW), self.limits(field, HIGH)
        low, high = (lows[0] if lows else None), (highs[0] if highs else None)
        is_day = field.type is FieldType.DATE
        why = "，".join(
            dict.fromkeys(bound.why for bound in (low, high, *(x for x in highs if x.open)) if bound and bound.why)
        )
        if not why:
            return ""
        if low and high and low.value > high.value:
            return self._contradiction(field, low, high, is_day=is_day)
        if low and high and (whole or high.value < _NO_LIMIT) and not high.open:
            first, last = _shown(low.value, is_day=is_day), _shown(high.value, is_day=is_day)
            return (f"应为{first}" if low.value == high.value else f"应在{first}到{last}之间") + f"：{why}"
        return f"应{why}"

    def _contradiction(self, field: Field, low: _Limit, high: _Limit, *, is_day: bool) -> str:
        """Two bounds that no value meets: which other cell must be mended with this one, or who can help."""
        keep, move = (low, high) if high.others or not low.others else (high, low)
        less, more = ("不晚于", "不早于") if is_day else ("不大于", "不少于")
        kept, moved = (_shown(bound.value, is_day=is_day) for bound in (keep, move))
        said = "应" + (keep.why or (more if keep is low else less) + kept)
        if move.open:
            return f"{said}，{move.why}"
        partners = [code for code in move.others if code != field.code]
        if not partners:
            return f"{said}，又{move.why or (more if move is low else less) + moved}：两者不能同时成立，请与办公室联系"
        if len(partners) == 1:
            now, bound = show(self.value(partners[0])) or "空", more if move is high else less
            return f"{said}；{self.named(partners[0], field.form)}现为{now}，也应改为{bound}{kept}"
        names = "、".join(self.named(code, field.form) for code in partners)
        return f"{said}；{names}也须一并改正：{move.why}"

    def worded(self, f: Finding) -> Finding:
        """A finding about a cell, in words that fit the cell."""
        fix = f.fix
        if f.code == "REQUIRED":
            row = self.lines[self.program.field_by_code[f.field].form].row
            fix = _FIRST_TICK if row and row.nil else remedy(f.code, self.program.field_by_code[f.field])
        return replace(f, expected=self.expected(f), fix=fix or f.fix)

    def expected(self, f: Finding) -> str:
        """What a finding about a cell says should stand there."""
        field = self.program.field_by_code[f.field]
        rule = next((r for r in self.rules[""] if r.id == f.rule), None)
        said = self.filled(rule, field.form) if rule else f.expected
        if f.severity is not Severity.CRITICAL:
            return said
        if rule is None:
            return self._asked(field) + said.removeprefix(wanted(field)) if f.code.startswith("CELL_") else said
        if rule.type == NOT_NULL:
            return f"{said}：{self._asked(field)}"
        if rule.type == LENGTH:
            return f"{said}，现为{len(show(self.value(field.code)))}字"
        if rule not in self.rules.get(field.code, ()):
            return said + self._of_the_other(rule, field)
        return (self.allowed(field, whole=f.code == "OUT_OF_RANGE") or said) + (
            self._if_increment(field) if f.code == "CUMULATIVE_FELL" else ""
        )

    def _asked(self, field: Field) -> str:
        """What a cell should hold that is blank or could not be read."""
        allowed = self.allowed(field) if field.type in _MEASURED else ""
        length = next((r.message for r in self.rules[""] if r.type == LENGTH and r.columns[0] == field.code), "")
        if allowed:
            kinds = {FieldType.COUNT: f"整数（单位：{field.unit}）", FieldType.DATE: "日期"}
            kind = kinds.get(field.type, f"数，最多两位小数（单位：{field.unit}）")
            return f"{kind}，{allowed.removeprefix('应')}" + ("，或 不适用" if field.not_applicable else "")
        return f"文字，{length}" if length else wanted(field)

    def _of_the_other(self, rule: Rule, field: Field) -> str:
        """What else the cell must meet that a rule marks this one for."""
        other, least = self.program.field_by_code.get(str(rule.kwargs.get("column"))), rule.kwargs.get("min_value")
        if other is None or least is None or self.limits(other, LOW)[0].value <= least:
            return ""
        return f"；{self.named(other.code, field.form)}{self.allowed(other)}"

    def _if_increment(self, field: Field) -> str:
        """The total, should the number typed be what came in this period; it is the officer who knows."""
        typed, before = self.value(field.code), self.past.floors.get((self._unit, field.code))
        if not isinstance(typed, (int, Decimal)) or before is None:
            return ""
        if not typed:
            return f"；没有新进展的，填上次已接收的{show(before)}"
        total = before + typed
        fits = all(total <= high.value for high in self.limits(field, HIGH))
        if not fits or typed > before * _A_SLIP:
            return ""
        return f"；像是只填了本期新增？上次累计{show(before)}，这次填{show(typed)}：如是，累计应为{show(total)}"


def _at_least_zero(rule: Rule) -> Iterator[tuple[dict[str, int], Decimal]]:
    """A rule about numbers as sums of columns with a constant that are not to be negative."""
    if rule.type == PAIR_GREATER:
        sums: dict[str, int] = defaultdict(int)
        for sign, side in ((1, "column_A"), (-1, "column_B")):
            for times, column in terms(str(rule.kwargs[side])):
                sums[column] += sign * times
        yield sums, Decimal(0)
    elif rule.type == BETWEEN:
        for sign, bound in ((1, rule.kwargs.get("min_value")), (-1, rule.kwargs.get("max_value"))):
            if bound is not None:
                sums = {column: sign * times for times, column in terms(str(rule.kwargs["column"]))}
                yield sums, -sign * Decimal(str(bound))


def _number(value: Value) -> Decimal | None:
    if isinstance(value, date):
        return Decimal(value.toordinal())
    return Decimal(value) if isinstance(value, (int, Decimal)) else None


def _shown(value: Decimal, *, is_day: bool) -> str:
    if is_day:
        return date.fromordinal(int(value)).isoformat()
    return str(int(value)) if value == value.to_integral_value() else show(value)


def with_all_bounds(
    program: Program,
    rules: Rules,
    period: Period,
    returns: Sequence[Return],
    lines: Mapping[str, Sequence[Line]],
    values: Mapping[tuple[int, str], Mapping[str, Value]],
    past: Past,
    found: Sequence[Sequence[Finding]],
) -> list[list[Finding]]:
    """Findings about cells say all that the cell must meet, not only what it failed first.

    Args:
        program: The campaign.
        rules: Form code → rules.
        period: The period of all ``returns``.
        returns: What was read.
        lines: Form code → lines.
        values: (return, unit) → field → value over all sheets of the return.
        past: What was accepted before.
        found: Findings, one list per return.
    """
    by_form = {form.code: _by_field(program, period, form.code, rules) for form in program.forms}
    rows = {(line.source, code, line.row.row): line for code, some in lines.items() for line in some if line.row}
    whole: dict[tuple[int, str], dict[str, Line]] = defaultdict(dict)
    for code, of_form in lines.items():
        for line in of_form if not program.form_by_code[code].is_list else ():
            whole[line.source, line.unit.code][code] = line
    worded: list[list[Finding]] = []
    for source, some in enumerate(found):
        places = [_line_of(returns[source], source, rows, f) for f in some]
        wrong: dict[str, set[str]] = defaultdict(set)
        for f, place in zip(some, places, strict=True):
            if place and f.severity is Severity.CRITICAL:
                wrong[place[1]].add(f.field)
        worded.append([])
        for f, place in zip(some, places, strict=True):
            if place is None:
                worded[-1].append(f)
                continue
            form, key, line = place
            alone = program.form_by_code[form].is_list
            figures = _BoundFigures(
                program=program,
                period=period,
                workbook=returns[source],
                past=past,
                lines={form: line} if alone else whole[source, line.unit.code],
                others={} if alone else values.get((source, line.unit.code), {}),
                wrong=frozenset(wrong[key]),
                rules=by_form[form],
            )
            worded[-1].append(figures.worded(f))
    return worded


def _line_of(
    workbook: Return, source: int, rows: Mapping[tuple[int, str, int], Line], f: Finding
) -> tuple[str, str, Line] | None:
    """Form, who is meant, and line of a finding about a cell; None of any other."""
    digits = f.location.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    if not f.field or not digits or CATALOGUE[f.code].whole_file:
        return None
    form = next((code for code, sheet in workbook.sheets.items() if sheet == f.location.sheet), "")
    line = rows.get((source, form, int(digits)))
    if line is None:
        return None
    return form, f"{form}|{digits}" if line.entry else line.unit.code, line


def _by_field(program: Program, period: Period, form: str, rules: Rules) -> dict[str, tuple[Rule, ...]]:
    """Field → the critical rules of all sheets of its unit that limit its number; "" → those of the form."""
    mine = program.form_by_code[form]
    together = [form for form in program.roster_forms if form.rows is mine.rows] if not mine.is_list else [mine]
    asked = {f.code for form in together for f in form.fields_in(period)}
    found: dict[str, list[Rule]] = defaultdict(list)
    found[""] = list(rules[form])
    for shared in together:
        for rule in rules_in(rules[shared.code], asked):
            if rule.severity is Severity.CRITICAL and rule.type in {BETWEEN, PAIR_GREATER}:
                for code in dict.fromkeys(name for sums, _ in _at_least_zero(rule) for name in sums if name in asked):
                    found[code].append(rule)
    return {code: tuple(some) for code, some in found.items()}
