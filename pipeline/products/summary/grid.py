"""Where everything stands on a sheet of 全省汇总.xlsx that has a row for every unit, so that other sheets can point to it.

Seven rows stand above the units: title / coverage / tasks / column titles / column of the returned file / codes with
filters / the province. A prefecture's subtotal stands above its counties.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.domain.value import show
from pipeline.forms.style import lines_of
from pipeline.program.forms import NUMBERS
from pipeline.program.layout import address
from pipeline.program.model import FieldType, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.measures.figures import Given, Values
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Field, Form, Period, Prefecture, Quantity, Unit

GROUP_ROW, LABEL_ROW, LETTER_ROW, CODE_ROW, PROVINCE_ROW = range(2, 7)
LEADING = (("代码", 9.0), ("州（市）", 12.0), ("县（市、区）", 13.0), ("状态", 10.0))
PLACE_COL = 2
SUBTOTAL = "合计"
SCORE = (("达标数", 9.0), ("应达标数", 9.0), ("完成率", 9.0))
SOURCE = (("报送序号", 8.0), ("收到日期", 11.0), ("文件", 42.0), ("工作表", 13.0), ("行", 6.0), ("说明", 40.0))
WORDY = frozenset({FieldType.TEXT, FieldType.CHECKLIST})
HEAD_LINES, TEXT_LINES = 4, 4
_SHORT = 44  # half-widths that two lines hold


class Totalling(StrEnum):
    """What the row of a prefecture or the province says of a column."""

    SUM = "sum"
    MEAN = "mean"  # of what is a ratio already
    YES = "yes"  # how many said 是, of those that said 是 or 否
    FILLED = "filled"  # how many gave something


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One sheet.

    Attributes:
        rates: Quantities taken from two columns, computed on the sheet.
        scored: Whether the targets met and their share stand on it.
        rows: Code of a unit, or of the prefecture that a subtotal is of → row.
        units: Prefecture and its units, in the order of the rows.
        widths: Of every column up to the last one printed.
        letters: Field code → its column in the returned files, where most agree.
    """

    form: Form
    fields: tuple[Field, ...]
    rates: tuple[Quantity, ...]
    scored: bool
    rows: dict[str, int]
    units: tuple[tuple[Prefecture, tuple[Unit, ...]], ...]
    widths: tuple[float, ...]
    letters: dict[str, str]

    @property
    def of_prefectures(self) -> bool:
        """Whether its rows are the prefectures' own, without subtotals."""
        return self.form.rows is Rows.PREFECTURE

    @property
    def last_row(self) -> int:
        """The last unit's."""
        return max(self.rows.values(), default=PROVINCE_ROW)

    @property
    def rate_col(self) -> int:
        """The first of the computed rates."""
        return len(LEADING) + len(self.fields)

    @property
    def score_col(self) -> int:
        """达标数, before 应达标数 and 完成率."""
        return self.rate_col + len(self.rates)

    @property
    def source_col(self) -> int:
        """The first column that is not printed."""
        return self.score_col + (len(SCORE) if self.scored else 0)

    def col_of(self, code: str) -> int:
        """Column of a field."""
        return len(LEADING) + next(n for n, one in enumerate(self.fields) if one.code == code)

    def knows(self, given: Given) -> bool:
        """Whether anything of a unit is known that stands on this sheet."""
        return any(given.get(one.shows or one.code) is not None for one in self.fields)

    def cell(self, row: int, col: int) -> str:
        """How a formula of another sheet calls a cell of this one."""
        return f"'{self.form.sheet}'!{address(row, col)}"


def grids(m: PeriodMeasures, values: Values) -> dict[str, Grid]:
    """Form code → its sheet, for every form with a row for every unit."""
    return {form.code: _grid(m, form, values) for form in m.program.roster_forms}


def scored(grids: Iterable[Grid]) -> tuple[Grid, ...]:
    """The sheets that completion is counted on."""
    return tuple(grid for grid in grids if grid.scored)


def totalling(one: Field) -> Totalling:
    """How a column is drawn together."""
    if one.type in NUMBERS:
        return Totalling.MEAN if one.role == "ratio" else Totalling.SUM
    return Totalling.YES if one.type is FieldType.YESNO else Totalling.FILLED


def _head_width(label: str, least: float = 9.0, most: float = 24.0) -> float:
    """Wide enough for a title in a few lines."""
    return min(max(least, _halves(label) / HEAD_LINES + 2), most)


def text_width(texts: Iterable[str], label: str, most: float = 46.0) -> float:
    """Wide enough for the longest of the texts in a few lines."""
    longest = max((_halves(text) for text in texts), default=0)
    return max(_head_width(label), min(most, longest / (2 if longest <= _SHORT else TEXT_LINES) + 5))


def _halves(text: str) -> int:
    return lines_of(text, 1) - 1


def _grid(m: PeriodMeasures, form: Form, values: Values) -> Grid:
    fields = form.fields_in(m.period)
    codes = {one.code for one in fields}
    quantities = [q for item in form.items for q in item.quantities]
    rates = tuple(q for q in quantities if q.is_rate and codes.issuperset(q.fields))
    is_scored = form.rows is Rows.COUNTY and any(q.fields and q.judged and q.target for q in quantities)
    units = tuple((p, m.program.units_of(form, p.code)) for p in m.program.prefectures)
    return Grid(
        form=form,
        fields=fields,
        rates=rates,
        scored=is_scored,
        rows=_rows(form, units),
        units=units,
        widths=(
            *(width for _, width in LEADING),
            *(_width(one, values) for one in fields),
            *(_head_width(rate_label(q)) for q in rates),
            *(width for _, width in SCORE if is_scored),
        ),
        letters=_letters(m, form, m.period, fields),
    )


def rate_label(quantity: Quantity) -> str:
    """The title of a computed rate."""
    return f"{quantity.title}（%）" if not quantity.title.endswith("）") else quantity.title


def _rows(form: Form, units: Sequence[tuple[Prefecture, Sequence[Unit]]]) -> dict[str, int]:
    codes: list[str] = []
    for prefecture, mine in units:
        codes += [] if form.rows is Rows.PREFECTURE else [prefecture.code]
        codes += [unit.code for unit in mine]
    return {code: row for row, code in enumerate(codes, PROVINCE_ROW + 1)}


def _width(one: Field, values: Values) -> float:
    if one.type in NUMBERS:
        numbers = (given.get(one.shows or one.code) for given in values.values())
        total = sum(v for v in numbers if isinstance(v, int | Decimal))
        return max(_head_width(one.label), len(f"{total:,.2f}") + 3)
    if one.type not in WORDY:
        return _head_width(one.label)
    return text_width((show(given.get(one.shows or one.code)) for given in values.values()), one.label)


def _letters(m: PeriodMeasures, form: Form, period: Period, fields: Sequence[Field]) -> dict[str, str]:
    """The column most files of the period have each field in; a file that differs is told of at its rows."""
    seqs = {row.seq for (code, of, _), row in m.snapshot.rows.items() if (code, of) == (form.code, period.code)}
    columns = [m.snapshot.by_seq[seq].columns.get(form.code, {}) for seq in sorted(seqs)]
    found = {one.code: Counter(c[one.code] for c in columns if c.get(one.code)) for one in fields}
    return {code: min(seen, key=lambda letter: (-seen[letter], letter)) for code, seen in found.items() if seen}
