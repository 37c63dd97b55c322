"""One cause behind many wrong cells, said once with the values it would mean; the officer decides, nothing is changed.

Looked for per sheet, before its cell errors are listed: a block some rows or columns off, figures in another unit, what came in this
period in place of totals, a row pasted twice, a return that repeats the last one. What such a cause brings about is listed
under it and not again cell by cell.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from pipeline.checks.lines import cell_of
from pipeline.domain.findings import CATALOGUE, EXPLAINED, Finding, Severity, finding
from pipeline.domain.value import show
from pipeline.program.forms import NUMBERS
from pipeline.program.layout import row_name
from pipeline.program.model import Accumulation, FieldType, Rows
from pipeline.program.rules import base_fields
from pipeline.reading.cells import CENT, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.checks.lines import Line
    from pipeline.domain.past import Past
    from pipeline.domain.value import Raw, Value
    from pipeline.program.model import Field, Form, Period, Program
    from pipeline.program.rules import Rule
    from pipeline.reading.read import Return

    Number = int | Decimal

_WAN = 10_000
_FELL_AT_LEAST = 4  # falls in one row or column that make it likely that all of it is increments
_ROW_AT_LEAST = 2  # other amounts of a row that say of what size they are
_NEAR = 3  # times the last value, within which a figure may well be of its own county …
_NEAR_MORE = 20  # … and so much more, for small ones
_REPEATED_AT_LEAST = 20  # figures equal to the last ones that are no chance
_COPIED_BITS = 40  # what the figures of a row must hold before two counties that share all of them are no chance …
_COPIED_BITS_WRONG = 15  # … where something in the row is wrong, too
_WRONG_AT_LEAST = 2  # cells of a sheet that are returned before a shift is looked for
_SHOWN = 6
_SHIFTS = {(1, 0): "上一行{}", (-1, 0): "下一行{}", (0, 1): "左边一列", (0, -1): "右边一列"} | {
    shift: f"{side}第{far}{what}"
    for far in (2, 3)  # the nearest that fits as well is found
    for shift, side, what in (
        ((far, 0), "往上", "行{}"),
        ((-far, 0), "往下", "行{}"),
        ((0, far), "往左", "列"),
        ((0, -far), "往右", "列"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure on the sheet of one unit, with what was accepted before."""

    form: Form
    field: Field
    line: Line
    value: Number
    before: Number | None

    @property
    def fell(self) -> bool:
        """A total that became less."""
        return self.before is not None and self.value < self.before


def diagnosed(
    program: Program,
    rules: Mapping[str, tuple[Rule, ...]],
    period: Period,
    returns: Sequence[Return],
    lines: Mapping[str, Sequence[Line]],
    past: Past,
    found: Sequence[Sequence[Finding]],
) -> list[list[Finding]]:
    """The findings of each return, those of one cause replaced by what it is.

    Args:
        program: The campaign.
        rules: Form code → rules.
        period: The period of all ``returns``.
        returns: What was read.
        lines: Form code → lines.
        past: What was accepted before.
        found: Findings, one list per return.
    """
    rows, cells = _laid_out(program, period, lines, past)
    peers = _peers(past)
    kept = []
    for source, (workbook, some) in enumerate(zip(returns, found, strict=True)):
        mine = _Findings(workbook=workbook, kept=list(some))
        explained = {(f.county_code, f.field) for f in some if f.code == EXPLAINED}
        for form in program.county_forms:
            _shifted(mine, form, period, rows[source, form.code], past)
        figures = [
            cell
            for cell in cells[source]
            if not mine.covers(cell) and (cell.line.unit.code, cell.field.code) not in explained
        ]
        _units(mine, figures, peers)
        _increments(mine, [cell for cell in figures if not mine.covers(cell)])
        _repeats(mine, program, figures)
        _copied(mine, figures)
        _caused(mine, rules)
        kept.append([_with_proposal(workbook, program, f, lines, past, source) for f in mine.kept])
    return kept


def _laid_out(
    program: Program, period: Period, lines: Mapping[str, Sequence[Line]], past: Past
) -> tuple[dict[tuple[int, str], list[Line]], dict[int, list[Cell]]]:
    """(return, form) → the rows that were typed; return → their figures."""
    cells: dict[int, list[Cell]] = defaultdict(list)
    rows: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for form in program.roster_forms:
        asked = [field for field in form.fields_in(period) if field.type in NUMBERS and not field.shows]
        for line in lines[form.code]:
            if line.row is None or line.state == "nil" or line.untouched:
                continue
            rows[line.source, form.code].append(line)  # blank ones too: their figures may stand a row below
            for column in asked:
                value = line.values.get(column.code)
                if isinstance(value, (int, Decimal)):
                    before = past.floors.get((line.unit.code, column.code))
                    cells[line.source].append(Cell(form=form, field=column, line=line, value=value, before=before))
    return rows, cells


@dataclass(slots=True, kw_only=True)
class _Findings:
    """The findings of one return while causes are looked for."""

    workbook: Return
    kept: list[Finding]
    taken: set[tuple[str, str]] = field(default_factory=set)

    def covers(self, cell: Cell) -> bool:
        """A cause was found for the cell already."""
        return (cell.form.code, self._place(cell)) in self.taken

    def _place(self, cell: Cell) -> str:
        return cell_of(self.workbook, cell.line.row, cell.field.code) if cell.line.row else ""

    def critical(self, cell: Cell) -> bool:
        """Something returns the cell as it is."""
        return any(self._is_at(f, cell.form, self._place(cell)) for f in self.kept)

    def _is_at(self, f: Finding, form: Form, place: str) -> bool:
        return (
            f.severity is Severity.CRITICAL
            and bool(f.field)
            and f.location.cell == place
            and f.location.sheet == self.workbook.sheets[form.code]
        )

    def replace(self, form: Form, places: Iterable[str], causes: Iterable[Finding]) -> int:
        """Put a cause in place of what returns some cells; how many findings it stands for."""
        gone = set(places)
        was = len(self.kept)
        self.kept = [f for f in self.kept if not any(self._is_at(f, form, place) for place in gone)]
        number = was - len(self.kept)
        self.taken |= {(form.code, place) for place in gone}
        self.kept += causes
        return number

    def at(self, cell: Cell, code: str, severity: Severity, *, expected: str, fix: str) -> None:
        """A cause found at one of its cells."""
        row, place = cell.line.row, self._place(cell)
        typed = row.typed.get(cell.field.code, show(cell.value)) if row else show(cell.value)
        made = finding(
            code,
            file=self.workbook.arrival.name,
            sheet=self.workbook.sheets[cell.form.code],
            cell=place,
            field=cell.field.code,
            prefecture_code=self.workbook.prefecture_code,
            county_code=cell.line.unit.code,
            found=typed,
            expected=expected,
            fix=fix,
        )
        self.replace(cell.form, [place], [replace(made, severity=severity)])


def _peers(past: Past) -> dict[str, float]:
    """Field → the middle of what counties reported before, zeros apart."""
    known: dict[str, list[float]] = defaultdict(list)
    for (_, code), value in past.floors.items():
        if value:
            known[code].append(float(value))
    return {code: median(values) for code, values in known.items()}


def _units(mine: _Findings, cells: Sequence[Cell], peers: Mapping[str, float]) -> None:
    """Figures some ten thousand times too large where the unit is 万…: they look as typed in the unit itself."""
    columns: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.field.unit.startswith("万") and cell.value:
            columns[cell.field.code].append(cell)
    known = {
        id(cell) for code, column in columns.items() for cell in column if _ten_thousandfold(cell, peers.get(code))
    }
    rows = _of_rows(cell for column in columns.values() for cell in column)
    for column in columns.values():
        scaled = [cell for cell in column if id(cell) in known or _beyond_its_row(mine, cell, rows, known)]
        whole = len(scaled) == len(column)
        for cell in scaled if whole else [cell for cell in scaled if mine.critical(cell)]:
            unit, plain = cell.field.unit, cell.field.unit[1:]
            severity = Severity.CRITICAL if mine.critical(cell) else Severity.WARNING
            which = f"这一列{len(column)}个数都" if whole and len(column) > 1 else "这个数"
            mine.at(
                cell,
                "UNIT_MISTAKEN",
                severity,
                expected=f"如填的是{plain}，应为{show((Decimal(cell.value) / _WAN).quantize(CENT))}",
                fix=f"“{cell.field.title}”的单位是{unit}，{which}约大一万倍，像是按“{plain}”填的：确是的改为建议的数，不是的请核对",
            )


def _of_rows(cells: Iterable[Cell]) -> dict[tuple[str, str], list[Cell]]:
    rows: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        rows[cell.form.code, cell.line.unit.code].append(cell)
    return rows


def _beyond_its_row(
    mine: _Findings, cell: Cell, rows: Mapping[tuple[str, str], Sequence[Cell]], known: set[int]
) -> bool:
    """Where nothing was reported before: a figure that is returned, and fits what its unit reports besides if it is in the unit itself."""
    if cell.before is not None or not mine.critical(cell):
        return False
    row = rows[cell.form.code, cell.line.unit.code]
    others = [float(other.value) / (_WAN if id(other) in known else 1) for other in row if other is not cell]
    return len(others) >= _ROW_AT_LEAST and _fits_scaled(float(cell.value), median(others))


def _fits_scaled(value: float, peer: float) -> bool:
    """Far from others of its kind as it is, near them if it is in the unit itself."""
    return peer / 100 < value / _WAN < peer * 100 and value > 1000 * peer


def _ten_thousandfold(cell: Cell, peer: float | None) -> bool:
    """Against the last value, what the plan allows, or what counties report otherwise."""
    small = float(cell.value) / _WAN
    if float(cell.value) < _WAN / 100 or (cell.before and small < float(cell.before) / 2):
        return False
    if cell.before:
        return float(cell.value) > 1000 * float(cell.before)
    if cell.field.max and cell.value > cell.field.max:
        return small <= cell.field.max
    return peer is not None and _fits_scaled(float(cell.value), peer)


def _increments(mine: _Findings, cells: Sequence[Cell]) -> None:
    """Totals that mostly fell in a row or a column: what came in this period was typed, also where it does not show."""
    totals = [c for c in cells if c.field.accumulation is Accumulation.CUMULATIVE and c.before and c.value != c.before]
    pools: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell in totals:
        for pool in _pools(cell):
            pools[pool].append(cell)
    likely = {pool for pool, some in pools.items() if sum(c.fell for c in some) >= max(_FELL_AT_LEAST, len(some) / 2)}
    meant = [cell for cell in totals if not likely.isdisjoint(_pools(cell))]
    returned = {cell.line.unit.code for cell in meant if cell.fell}
    for cell in meant:
        total = (cell.before or 0) + cell.value
        severity = Severity.CRITICAL if cell.line.unit.code in returned else Severity.WARNING
        mine.at(
            cell,
            "INCREMENT_TYPED",
            severity,
            fix=CATALOGUE["INCREMENT_TYPED"].fix,
            expected=f"如{show(cell.value)}是本期新增数，累计应为{show(total)}（上次已接收的{show(cell.before)}加本期新增）",
        )


def _pools(cell: Cell) -> tuple[tuple[str, ...], ...]:
    """Where people are consistent: a unit's counts, or amounts; its row of a sheet; a column; a whole sheet."""
    unit, form = cell.line.unit.code, cell.form.code
    return ("unit", unit, cell.field.type), ("row", unit, form), ("column", cell.field.code), ("sheet", form)


def _shifted(mine: _Findings, form: Form, period: Period, lines: Sequence[Line], past: Past) -> None:
    """A block that fits its place badly and one to three rows or columns further well."""
    sheet = mine.workbook.sheets.get(form.code)
    wrong = sum(f.severity is Severity.CRITICAL and bool(f.field) and f.location.sheet == sheet for f in mine.kept)
    if wrong < _WRONG_AT_LEAST:
        return
    rows, fields = sorted(lines, key=_row_no), _in_sheet_order(mine.workbook, form, period)
    if best := min(_shifts(rows, fields, past), key=lambda found: found[0], default=None):
        _, shift, block = best
        for n in block:
            _report_shift(mine, form, rows, fields, n, shift, n + shift[0] in block)


def _in_sheet_order(workbook: Return, form: Form, period: Period) -> list[Field]:
    """The columns of a sheet, as they stand in it from left to right."""
    columns = workbook.columns.get(form.code, {})
    asked = (f for f in form.fields_in(period) if not f.shows and f.code in columns)
    return sorted(asked, key=lambda f: (len(columns[f.code]), columns[f.code]))


def _shifts(
    rows: Sequence[Line], fields: Sequence[Field], past: Past
) -> Iterator[tuple[float, tuple[int, int], list[int]]]:
    """Ways in which a block of rows may be off: what still misfits then, the way, the rows."""
    for shift in _SHIFTS:
        fits = {n: _fit(rows, fields, n, shift, past) for n in range(len(rows))}
        block = [n for n, (bad, moved, _) in fits.items() if bad >= 2 and moved * 3 <= bad]  # noqa: PLR2004 - one may be a slip
        bad, moved, seen = (sum(fits[n][k] for n in block) for k in range(3))
        if all((bad >= _FELL_AT_LEAST, bad * 3 >= seen, len(block) > 1 or shift[0] == 0)):
            yield moved / bad, shift, block


def _fit(
    rows: Sequence[Line], fields: Sequence[Field], n: int, shift: tuple[int, int], past: Past
) -> tuple[int, int, int]:
    """Of a row: the cells that do not fit where they are, those that would not where they came from, and all that were looked at."""
    (down, right), row = shift, rows[n].row
    if row is None or not 0 <= n - down < len(rows):
        return 0, 0, 0
    bad = moved = seen = 0
    cells = row.cells
    for at, column in enumerate(fields):
        if column.code not in cells or not 0 <= at - right < len(fields):
            continue
        whose = _just_the_last_of(cells[column.code], column, rows[n], rows[n - down], past) if down else 0
        if whose:
            bad, moved, seen = bad + (whose < 0), moved + (whose > 0), seen + 1
            continue
        here = _fits(cells[column.code], column, rows[n], past)
        moved += _fits(cells[column.code], fields[at - right], rows[n - down], past) is False
        bad, seen = bad + (here is False), seen + (here is not None)
    return bad, moved, seen


def _just_the_last_of(raw: Raw, field: Field, own: Line, other: Line, past: Past) -> int:
    """1 where a number is just the last one of its unit, −1 where it is that of another; 0 where nobody can say."""
    mine, theirs = (past.previous.get((line.unit.code, field.code)) for line in (own, other))
    if mine == theirs or not isinstance(raw, (int, float)):
        return 0
    return (raw == mine) - (raw == theirs)


def _fits(raw: Raw, field: Field, line: Line, past: Past) -> bool | None:
    """Whether a cell can be of a field and a unit: readable, no less than the last value, not far from it; None if nobody can say."""
    parsed, before = parse(raw, field), past.floors.get((line.unit.code, field.code))
    if parsed.problem:
        return False
    if before is None or not isinstance(parsed.value, (int, Decimal)):
        return None
    return before <= parsed.value <= _NEAR * before + _NEAR_MORE


def _report_shift(
    mine: _Findings,
    form: Form,
    rows: Sequence[Line],
    fields: Sequence[Field],
    n: int,
    shift: tuple[int, int],
    known: bool,
) -> None:
    """One finding for a row of the block, in place of those of its cells; whether its own figures are ``known``."""
    line, (down, right) = rows[n], shift
    if line.row is None:
        return
    source = rows[n + down] if known else None
    proposed = []
    for at, column in enumerate(fields):
        other = fields[at + right] if 0 <= at + right < len(fields) else None
        raw = source.row.cells.get(other.code) if other and source and source.row else None
        proposed.append(f"{column.title} {show(raw) or '空'}")
    shown = "、".join(proposed[:_SHOWN]) + (f"等{len(fields)}格" if len(fields) > _SHOWN else "")
    places = [cell_of(mine.workbook, line.row, column.code) for column in fields]
    number = mine.replace(form, places, ())
    because = f"，{number}处错误由此引起，不再逐处列出" if number else ""
    whose = _SHIFTS[shift].format(f"（{row_name(rows[n - down].unit)}）" if down else "")
    mine.kept.append(
        finding(
            "BLOCK_SHIFTED",
            file=mine.workbook.arrival.name,
            sheet=mine.workbook.sheets[form.code],
            cell=f"B{line.row.row}",
            prefecture_code=mine.workbook.prefecture_code,
            county_code=line.unit.code,
            found=f"{places[0]}到{places[-1]}像是{whose}的数，与本行对不上{because}",
            expected=f"移回后是：{shown}" if source else "这一行的数不在表中，请补填",
        )
    )


def _caused(mine: _Findings, rules: Mapping[str, tuple[Rule, ...]]) -> None:
    """Rules broken by a figure that has its cause already are counted under it; all of them come to the officer if they stay."""
    causes = {(f.county_code, f.field): f for f in mine.kept if CATALOGUE[f.code].one_cause}
    looks_at = {
        rule.id: {base for column in rule.used_columns for base in base_fields(column)}
        for some in (rules.values() if causes else ())
        for rule in some
    }
    kept, number = [], Counter[tuple[str, str]]()
    for f in mine.kept:
        behind = (causes.get((f.county_code, code)) for code in sorted(looks_at.get(f.rule, ())))
        cause = next(filter(None, behind), None)
        if cause and (cause.severity is Severity.CRITICAL or f.severity is not Severity.CRITICAL):
            number[cause.code, cause.fix] += 1
        else:
            kept.append(f)
    mine.kept = [
        replace(f, fix=f"{f.fix}；另有{number[f.code, f.fix]}处矛盾由此引起，不再逐处列出")
        if number[f.code, f.fix]
        else f
        for f in kept
    ]


def _repeats(mine: _Findings, program: Program, cells: Sequence[Cell]) -> None:
    """Sheets that went out blank whose totals are all just what was accepted last, and no row of which is ticked."""
    sheets: dict[str, list[bool]] = defaultdict(list)
    for cell in cells:
        went_out = cell.line.row.confirms if cell.line.row and cell.form.confirm else cell.form.carry
        if cell.field.accumulation is Accumulation.CUMULATIVE and cell.before and not went_out:
            sheets[cell.form.code].append(cell.value == cell.before)
    same = {code: len(some) for code, some in sheets.items() if all(some)}
    if sum(same.values()) >= _REPEATED_AT_LEAST:
        names = "、".join(program.form_by_code[code].sheet for code in same)
        mine.kept.append(
            finding(
                "RETURN_REPEATS",
                file=mine.workbook.arrival.name,
                prefecture_code=mine.workbook.prefecture_code,
                found=f"{names}的{sum(same.values())}个累计数与上次已接收的逐个相同",
            )
        )


def _copied(mine: _Findings, cells: Sequence[Cell]) -> None:
    """Two rows of a sheet with the same figures throughout; the one that goes worse with its past is asked about."""
    for group in _alike(cells):
        for first, second in pairwise(
            sorted(group, key=lambda some: (sum(c.fell for c in some), _row_no(some[0].line)))
        ):
            original, copy = first[0].line, second[0].line
            chance = _bits(second) < _COPIED_BITS and not any(map(mine.critical, second))
            if copy.row and original.row and not chance:
                mine.kept.append(
                    finding(
                        "ROW_COPIED",
                        file=mine.workbook.arrival.name,
                        sheet=mine.workbook.sheets[second[0].form.code],
                        cell=f"B{copy.row.row}",
                        prefecture_code=mine.workbook.prefecture_code,
                        county_code=copy.unit.code,
                        found=f"{len(second)}个数与第{original.row.row}行{row_name(original.unit)}的逐个相同",
                    )
                )


def _alike(cells: Sequence[Cell]) -> Iterable[list[list[Cell]]]:
    """Rows of counties with the same counts, where these are no few and small ones; amounts are often the same for all."""
    rows: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.field.type is FieldType.COUNT and cell.form.rows is Rows.COUNTY:
            rows[cell.form.code, _row_no(cell.line)].append(cell)
    alike: dict[tuple[str, tuple[tuple[str, Number], ...]], list[list[Cell]]] = defaultdict(list)
    for (form, _), some in sorted(rows.items()):
        if _bits(some) >= _COPIED_BITS_WRONG:
            alike[form, tuple((cell.field.code, cell.value) for cell in some)].append(some)
    return alike.values()


def _bits(cells: Sequence[Cell]) -> float:
    """What figures hold: many or large ones are the same by no chance."""
    return sum(math.log2(cell.value + 1) for cell in cells)


def _row_no(line: Line) -> int:
    return line.row.row if line.row else 0


_SAME_AS_LAST = ("同上期", "同上月", "同上次", "同上一期")
_SAME_AS_ABOVE = ("同上", "同前", "同上一行", "〃", "″", '"')


def _with_proposal(
    workbook: Return, program: Program, f: Finding, lines: Mapping[str, Sequence[Line]], past: Past, source: int
) -> Finding:
    """A word in place of an answer, with the value it may stand for."""
    field = program.field_by_code.get(f.field)
    if field is None or f.code not in {"CELL_WRONG_UNIT", "CELL_PLACEHOLDER"}:
        return f
    if f.code == "CELL_WRONG_UNIT":
        said = _converted(f.found.strip(), field.unit)
    elif f.found.strip() in _SAME_AS_ABOVE:
        said = _of_the_row_above(workbook, field, f, [line for line in lines[field.form] if line.source == source])
    else:
        said = _of_the_last_time(f.found.strip(), field, past.floors.get((f.county_code, f.field)))
    return replace(f, expected=f"{f.expected}；{said}") if said else f


def _converted(text: str, unit: str) -> str:
    """5000元 where 万元 is asked: 5000元合0.50万元."""
    number = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]+)?)(.+)", text)
    if not number or not unit.startswith("万") or number[2] != unit[1:]:
        return ""
    return f"{text}合{show((Decimal(number[1]) / _WAN).quantize(CENT))}{unit}"


def _of_the_row_above(workbook: Return, field: Field, f: Finding, lines: Sequence[Line]) -> str:
    rows = sorted((line.row for line in lines if line.row), key=lambda row: row.row)
    above = next((a for a, b in pairwise(rows) if cell_of(workbook, b, field.code) == f.location.cell), None)
    shown = above.typed.get(field.code, "") if above else ""
    return f"上一行填的是“{shown}”，如相同请照填" if shown and shown != f.found.strip() else ""


def _of_the_last_time(text: str, field: Field, before: Value) -> str:
    if before is None or not (text in _SAME_AS_LAST or field.accumulation is Accumulation.CUMULATIVE):
        return ""
    return f"没有新进展的，填上次已接收的{show(before)}"
