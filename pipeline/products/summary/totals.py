"""The rows of the province and the prefectures on a form's sheet: formulas over the rows below, with their results."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.products.summary.grid import PLACE_COL, PROVINCE_ROW, SOURCE, SUBTOTAL, Totalling, totalling
from pipeline.products.summary.style import MISSING, Put
from pipeline.program.layout import address, column_letter
from pipeline.program.model import NOT_APPLICABLE, YES, FieldType

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pipeline.domain.value import Value
    from pipeline.measures.figures import Values
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given
    from pipeline.program.model import Field, Prefecture, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The rows a subtotal draws together: of units, ``first`` to ``last``; of the province, every row of the sheet.

    Attributes:
        reported: Units that reported this period.
        known: Units that gave something for this sheet, this period or before.
    """

    row: int
    first: int
    last: int
    units: tuple[str, ...]
    reported: tuple[str, ...]
    known: tuple[str, ...]
    whole: bool
    by_subtotals: bool

    @property
    def level(self) -> str:
        """Its look."""
        return "whole" if self.whole else "part"

    def cells(self, col: int) -> str:
        """A column of its rows."""
        return f"{address(self.first, col)}:{address(self.last, col)}"

    def sum_of(self, col: int, function: str = "SUM") -> str:
        """The formula that adds a column: the units', or of the province the prefectures' subtotals."""
        if not self.by_subtotals:
            return f"={function}({self.cells(col)})"
        return f'=SUMIF({self.places},"{SUBTOTAL}",{self.cells(col)})'

    @property
    def places(self) -> str:
        """The column that says which of its rows are subtotals."""
        mark = column_letter(PLACE_COL)
        return f"${mark}${self.first + 1}:${mark}${self.last + 1}"


def blocks_of(grid: Grid, values: Values, reported: Collection[str]) -> list[Block]:
    """The province, then every prefecture with rows of its own counties."""
    everyone = tuple(unit.code for _, units in grid.units for unit in units)

    def block(row: int, first: int, last: int, units: tuple[str, ...], *, whole: bool) -> Block:
        return Block(
            row=row,
            first=first,
            last=max(first, last),
            units=units,
            whole=whole,
            reported=tuple(code for code in units if code in reported),
            known=tuple(code for code in units if grid.knows(values.get(code, {}))),
            by_subtotals=whole and not grid.of_prefectures,
        )

    whole = block(PROVINCE_ROW, PROVINCE_ROW + 1, grid.last_row, everyone, whole=True)
    if grid.of_prefectures:
        return [whole]
    parts = ((grid.rows[p.code], tuple(unit.code for unit in units)) for p, units in grid.units)
    return [whole, *(block(row, row + 1, row + len(codes), codes, whole=False) for row, codes in parts)]


def block_cells(s: Summary, grid: Grid, block: Block) -> list[Given]:
    """The row of the province or of a prefecture: formulas over the rows below, and how many of them reported."""
    owner: Prefecture | None = None if block.whole else next(p for p, _ in grid.units if grid.rows[p.code] == block.row)
    names = (owner.code, owner.short_name, SUBTOTAL) if owner else ("", s.m.program.region, "全部")
    given = [s.values[code] for code in block.known]
    before = len(set(block.known) - set(block.reported))
    cells: list[Given] = [*names, f"已报{len(block.reported)}/{len(block.units)}"]
    for col, one in enumerate(grid.fields, len(cells)):
        cells.append(
            _total(block, col, one, [v for x in given if (v := x.get(one.shows or one.code)) not in {None, ""}])
        )
    cells += [_rate_total(grid, block, q, given) for q in grid.rates]
    if grid.scored and grid.form.action is not None:
        col, mine = grid.score_col, [s.scores.get((code, grid.form.action), (0, 0)) for code in block.reported]
        met, applies = (sum(score[n] for score in mine) for n in (0, 1))
        scores = (met, applies, met / applies if applies else None)
        share = f"={address(block.row, col)}/{address(block.row, col + 1)}"
        formulas = (block.sum_of(col), block.sum_of(col + 1), share)
        for value, kind, formula in zip(scores, ("count", "count", "pct"), formulas, strict=True):
            cells.append(_or_hatch(block, formula, kind, value) if mine else Put("", MISSING))
    note = f"含沿用上次的{before}{s.m.program.words.respondents if grid.of_prefectures else s.m.program.words.rows}"
    return [*cells, *[""] * (len(SOURCE) - 1), note if before else ""]


def _or_hatch(block: Block, formula: str, kind: str, value: float | None) -> Given:
    """A formula; where there is nothing to compute, a cell that says so: hatched when nothing is known of anybody."""
    if value is not None:
        return Put(value, kind, formula)
    return "" if block.known else Put("", MISSING)


def _total(block: Block, col: int, one: Field, given: Sequence[Any]) -> Given:
    how, cells = totalling(one), block.cells(col)
    numbers = [v for v in given if isinstance(v, (int, Decimal))]
    formula, kind = "", "count" if one.type is FieldType.COUNT else "amount"
    value: Decimal | float | None = None
    if how is Totalling.FILLED:
        return _or_hatch(block, block.sum_of(col, "COUNTA"), "filled", len(given) if given else None)
    if how is Totalling.SUM:
        formula, value = block.sum_of(col), sum(numbers) if numbers else None
    elif how is Totalling.MEAN:
        formula = f'=AVERAGEIF({block.places},"<>{SUBTOTAL}",{cells})' if block.by_subtotals else f"=AVERAGE({cells})"
        kind, value = "mean", sum(numbers) / len(numbers) if numbers else None
    elif answered := sum(v != NOT_APPLICABLE for v in given):
        said = f'="是"&COUNTIF({cells},"是")&"/"&(COUNTIF({cells},"是")+COUNTIF({cells},"否"))'
        return Put(f"是{sum(v == YES for v in given)}/{answered}", formula=said)
    if value is None and given:
        return NOT_APPLICABLE
    return _or_hatch(block, formula, kind, None if value is None else float(value))


def _rate_total(grid: Grid, block: Block, q: Quantity, given: Sequence[Mapping[str, Value]]) -> Given:
    """Σ ÷ Σ over the units that gave both; two plain sums where nobody gave only one of them."""
    pairs = [p for x in given if (p := pair_of(x, q))]
    over, under = (grid.col_of(code) for code in (q.numerator or "", q.denominator or ""))
    a, b = sum(n for n, _ in pairs), sum(d for _, d in pairs)
    numbers = [[v for x in given if isinstance(v := x.get(code), int)] for code in q.fields]
    if [sum(n) for n in numbers] == [a, b]:
        formula = f"={address(block.row, over)}/{address(block.row, under)}"
    else:
        x, y = block.cells(over), block.cells(under)
        both = f'--({block.places}<>"{SUBTOTAL}"),--ISNUMBER({x}),--ISNUMBER({y}),--({y}<>0)'
        formula = f"=SUMPRODUCT({both},{x})/SUMPRODUCT({both},{y})"
    return _or_hatch(block, formula, "pct", a / b if b else None)


def pair_of(given: Mapping[str, Value], q: Quantity) -> tuple[int, int] | None:
    """What a unit gave of a rate; None unless it gave both parts and there is something to divide by."""
    a, b = (given.get(code) for code in (q.numerator or "", q.denominator or ""))
    return (a, b) if isinstance(a, int) and isinstance(b, int) and b else None
