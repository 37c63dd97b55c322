"""The rows of the province and the prefectures on a form's sheet: formulas over the rows below, with their results."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.products.summary.grid import LEADING, PLACE_COL, PROVINCE_ROW, SOURCE, SUBTOTAL, Totalling, totalling
from pipeline.products.summary.style import write_formula, write_text
from pipeline.program.layout import address, column_letter
from pipeline.program.model import NOT_APPLICABLE, YES, FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.measures.figures import Given, Values
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.summary.grid import Grid
    from pipeline.products.summary.style import Look
    from pipeline.program.model import Field, Prefecture, Quantity

    Scores = Mapping[tuple[str, int], tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The rows a subtotal draws together: of units, ``first`` to ``last``; of the province, every row of the sheet."""

    row: int
    first: int
    last: int
    units: tuple[str, ...]
    reported: tuple[str, ...]
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
        mark = column_letter(PLACE_COL)
        return f'=SUMIF(${mark}${self.first + 1}:${mark}${self.last + 1},"{SUBTOTAL}",{self.cells(col)})'


def blocks_of(grid: Grid, values: Values) -> list[_Block]:
    """The province, then every prefecture with rows of its own counties."""
    everyone = tuple(unit.code for _, units in grid.units for unit in units)

    def block(row: int, first: int, last: int, units: tuple[str, ...], *, whole: bool) -> _Block:
        return _Block(
            row=row,
            first=first,
            last=max(first, last),
            units=units,
            whole=whole,
            reported=tuple(code for code in units if code in values),
            by_subtotals=whole and not grid.of_prefectures,
        )

    whole = block(PROVINCE_ROW, PROVINCE_ROW + 1, grid.last_row, everyone, whole=True)
    if grid.of_prefectures:
        return [whole]
    parts = ((grid.rows[p.code], tuple(unit.code for unit in units)) for p, units in grid.units)
    return [whole, *(block(row, row + 1, row + len(codes), codes, whole=False) for row, codes in parts)]


def block_row(
    sheet: Any, f: Look, m: PeriodMeasures, grid: Grid, block: _Block, values: Values, scores: Scores
) -> None:
    """The row of the province or of a prefecture: formulas over the rows below, and how many of them reported."""
    owner: Prefecture | None = None if block.whole else next(p for p, _ in grid.units if grid.rows[p.code] == block.row)
    names = (owner.code, owner.short_name, SUBTOTAL) if owner else ("", m.program.region, "全部")
    for col, text in enumerate((*names, f"已报{len(block.reported)}/{len(block.units)}")):
        write_text(sheet, block.row, col, text, f.said(block.level))
    given = [values[code] for code in block.reported]
    for col, one in enumerate(grid.fields, len(LEADING)):
        _total(sheet, f, block, col, one, [v for x in given if (v := x.get(one.shows or one.code)) not in {None, ""}])
    for col, q in enumerate(grid.rates, grid.rate_col):
        _rate_total(sheet, f, grid, block, col, q, given)
    if grid.scored and grid.form.action is not None:
        mine = [scores.get((code, grid.form.action), (0, 0)) for code in block.reported]
        met, applies = sum(a for a, _ in mine), sum(b for _, b in mine)
        for col, count in enumerate((met, applies), grid.score_col):
            _or_hatch(sheet, f, block, col, block.sum_of(col), "count", count if mine else None)
        share = met / applies if applies else None
        _or_hatch(sheet, f, block, grid.score_col + 2, quotient(block.row, grid.score_col), "pct", share)
    for col in range(grid.source_col, grid.source_col + len(SOURCE)):
        write_text(sheet, block.row, col, "", f.said(block.level))


def quotient(row: int, col: int) -> str:
    """The formula of a share: the cell of a column over the one beside it."""
    return f"={address(row, col)}/{address(row, col + 1)}"


def _or_hatch(sheet: Any, f: Look, block: _Block, col: int, formula: str, kind: str, value: float | None) -> None:
    """A formula; where there is nothing to compute, a cell that says so: hatched when nobody reported."""
    if value is not None:
        write_formula(sheet, block.row, col, formula, f.number(kind, block.level), value)
    elif block.reported:
        write_text(sheet, block.row, col, "", f.said(block.level))
    else:
        write_text(sheet, block.row, col, "", f.missing)


def _total(sheet: Any, f: Look, block: _Block, col: int, one: Field, given: Sequence[Any]) -> None:
    how = totalling(one)
    numbers = [v for v in given if isinstance(v, (int, Decimal))]
    kind = "count" if one.type is FieldType.COUNT else "amount"
    if how is Totalling.SUM:
        _numbers_or_words(sheet, f, block, col, block.sum_of(col), kind, given, sum(numbers) if numbers else None)
    elif how is Totalling.MEAN:
        mark = column_letter(PLACE_COL)
        formula = (
            f'=AVERAGEIF(${mark}${block.first + 1}:${mark}${block.last + 1},"<>{SUBTOTAL}",{block.cells(col)})'
            if block.by_subtotals
            else f"=AVERAGE({block.cells(col)})"
        )
        mean = sum(numbers) / len(numbers) if numbers else None
        _numbers_or_words(sheet, f, block, col, formula, "mean", given, mean)
    elif how is Totalling.YES:
        cells, yes = block.cells(col), sum(v == YES for v in given)
        answered = sum(v != NOT_APPLICABLE for v in given)
        formula = f'="是"&COUNTIF({cells},"是")&"/"&(COUNTIF({cells},"是")+COUNTIF({cells},"否"))'
        if answered:
            write_formula(sheet, block.row, col, formula, f.said(block.level), f"是{yes}/{answered}")
        else:
            _numbers_or_words(sheet, f, block, col, "", kind, given, None)
    else:
        formula = block.sum_of(col, "COUNTA")
        _or_hatch(sheet, f, block, col, formula, "filled", len(given) if given else None)


def _numbers_or_words(
    sheet: Any,
    f: Look,
    block: _Block,
    col: int,
    formula: str,
    kind: str,
    given: Sequence[Any],
    value: Decimal | float | None,
) -> None:
    if value is None and given:
        write_text(sheet, block.row, col, NOT_APPLICABLE, f.said(block.level))
    else:
        _or_hatch(sheet, f, block, col, formula, kind, None if value is None else float(value))


def _rate_total(sheet: Any, f: Look, grid: Grid, block: _Block, col: int, q: Quantity, given: Sequence[Given]) -> None:
    """Σ ÷ Σ over the units that gave both; two plain sums where nobody gave only one of them."""
    pairs = [p for x in given if (p := pair_of(x, q))]
    over, under = (grid.col_of(code) for code in (q.numerator or "", q.denominator or ""))
    a, b = sum(n for n, _ in pairs), sum(d for _, d in pairs)
    numbers = [[v for x in given if isinstance(v := x.get(code), int)] for code in q.fields]
    if [sum(n) for n in numbers] == [a, b]:
        formula = f"={address(block.row, over)}/{address(block.row, under)}"
    else:
        x, y = block.cells(over), block.cells(under)
        mark = column_letter(PLACE_COL)
        units = f'--(${mark}${block.first + 1}:${mark}${block.last + 1}<>"{SUBTOTAL}"),'
        both = f"{units}--ISNUMBER({x}),--ISNUMBER({y}),--({y}<>0)"
        formula = f"=SUMPRODUCT({both},{x})/SUMPRODUCT({both},{y})"
    _or_hatch(sheet, f, block, col, formula, "pct", a / b if b else None)


def pair_of(given: Given, q: Quantity) -> tuple[int, int] | None:
    """What a unit gave of a rate; None unless it gave both parts and there is something to divide by."""
    a, b = (given.get(code) for code in (q.numerator or "", q.denominator or ""))
    return (a, b) if isinstance(a, int) and isinstance(b, int) and b else None
