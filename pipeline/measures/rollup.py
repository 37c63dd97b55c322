"""Figures of reporting units → totals at every level of the program, exact, each with its coverage.

Grain: one row per unit of every level (those who report too) and field. Numbers are whole: of an amount, hundredths of its
unit, so that no sum is a float's. A total is null where nobody below reported: missing is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.program.model import FieldType, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from pipeline.program.model import Field, Program, Unit

_COLUMNS = ("level", "code", "field", "total", "reported", "roster")
HUNDRED, LARGEST = 100, np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """Reporting units of one kind and, at each level, the unit each of them belongs to.

    Attributes:
        units: Codes, in the order of the rows of figures.
        levels: Level → (codes of its units in code order; for each reporting unit the place of its own, −1 where it skips the
            level).
    """

    units: pd.Index[str]
    levels: dict[str, tuple[tuple[str, ...], npt.NDArray[np.int64]]]


def roll_up(
    program: Program, figures: pd.DataFrame | Iterable[pd.DataFrame], fields: Sequence[Field] | None = None
) -> pd.DataFrame:
    """Add figures up.

    Args:
        program: The campaign, seen from the period (:meth:`Program.at`).
        figures: One period's standing values, all at once or chunk by chunk: ``unit`` (code of a county, or of a
            respondent reporting on itself), ``field`` (code), ``value`` (a number in the field's own unit: whole,
            Decimal, its text, or a float that is one; null where nothing was given).
        fields: What is added up; every count and amount of the sheets with given rows if None.

    Returns:
        ``level``, ``code`` (of the whole: the program's own), ``field``, ``total`` (Int64; amounts in hundredths; null where
        nobody reported), ``reported`` and ``roster``: how many reporting units it has and how many of them gave a value.
        Ordered by level from the top, code, field.

    Raises:
        ValueError: A unit or field that is not the program's, a value given twice, or one that is not exact.
        OverflowError: Totals that 64 bits may not hold.
    """
    asked = tuple(fields if fields is not None else numbers_of(program))
    chunks = (figures,) if isinstance(figures, pd.DataFrame) else figures
    own = {field.code: _is_own(program, field) for field in asked}
    tables = {
        kind: _RollupTable(
            _tree(program, program.prefectures if kind else program.counties),
            [field for field in asked if own[field.code] is kind],
        )
        for kind in (False, True)
    }
    for chunk in chunks:
        of_own = chunk["field"].map(own)
        if of_own.isna().any():
            raise ValueError(f"不在统计之列的指标：{chunk['field'][of_own.isna()].iloc[0]}")
        for kind, table in tables.items():
            table.take(chunk[of_own == kind])
    frames = [frame for table in tables.values() for frame in table.totals(program)]
    rolled = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(_COLUMNS))
    places = {level: n for n, level in enumerate(program.levels)}, {field.code: n for n, field in enumerate(asked)}
    order = rolled.assign(level=rolled["level"].map(places[0]), field=rolled["field"].map(places[1]))
    order = order.sort_values(["level", "code", "field"], kind="stable")
    return rolled.loc[order.index, list(_COLUMNS)].reset_index(drop=True)


def shown(program: Program, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of :func:`roll_up` as people read them: names, titles, amounts in their own unit; a total nobody gave is None."""
    names = {
        program.code: program.region,
        **{code: region.name for code, region in program.region_by_code.items()},
        **{code: unit.name for code, unit in program.unit_by_code.items()},
    }
    rows = []
    for level, code, field, total, reported, roster in frame.itertuples(index=False):
        column = program.field_by_code[field]
        whole = None if pd.isna(total) else int(total)
        said = whole if whole is None or column.type is FieldType.COUNT else f"{Decimal(whole) / HUNDRED:.2f}"
        rows.append(
            {
                "level": level,
                "code": code,
                "name": names[code],
                "field": field,
                "title": column.title,
                "total": said,
                "unit": column.unit,
                "reported": int(reported),
                "roster": int(roster),
            }
        )
    return rows


def numbers_of(program: Program) -> tuple[Field, ...]:
    """What adds up of the sheets with given rows, in their order."""
    return tuple(field for form in program.roster_forms for field in form.fields if field.adds_up)


def _is_own(program: Program, field: Field) -> bool:
    """Whether respondents give it of themselves."""
    return program.form_by_code[field.form].rows is Rows.PREFECTURE


def _tree(program: Program, units: Sequence[Unit]) -> _Tree:
    """The ancestor table of one kind of units, with a level of their own and the whole."""
    rows = [(unit.code, *(region.code for region in program.ancestors(unit.code))) for unit in units]
    level_of = {region.code: region.level for region in program.regions}
    level_of |= dict.fromkeys((prefecture.code for prefecture in program.prefectures), program.respondent_level)
    level_of |= dict.fromkeys((county.code for county in program.counties), program.row_level)
    known: dict[str, list[str]] = {level: [] for level in program.levels[1:]}
    for code in sorted(level_of):
        known[level_of[code]].append(code)
    place = {code: n for codes in known.values() for n, code in enumerate(codes)}
    above = {level: np.full(len(rows), -1, dtype=np.int64) for level in known}
    for n, chain in enumerate(rows):
        for code in chain:
            above[level_of[code]][n] = place[code]
    levels = {level: (tuple(codes), above[level]) for level, codes in known.items() if (above[level] >= 0).any()}
    whole = (program.code,), np.zeros(len(rows), dtype=np.int64)
    return _Tree(
        units=pd.Index([unit.code for unit in units], dtype=object), levels={program.levels[0]: whole, **levels}
    )


class _RollupTable:
    """A number for each reporting unit and field, and whether it was given: as large as the program, whatever comes in."""

    def __init__(self, tree: _Tree, fields: Sequence[Field]) -> None:
        self._tree, self._fields = tree, fields
        self._columns = pd.Index([field.code for field in fields], dtype=object)
        self._values = np.zeros((len(tree.units), len(fields)), dtype=np.int64)
        self._given = np.zeros(self._values.shape, dtype=np.bool_)

    def take(self, chunk: pd.DataFrame) -> None:
        """Put in what was reported."""
        strange = self._tree.units.get_indexer(pd.Index(chunk["unit"])) < 0
        if strange.any():
            raise ValueError(f"名单中没有的单位：{chunk['unit'][strange].iloc[0]}")
        some = chunk[chunk["value"].notna()]
        rows = self._tree.units.get_indexer(pd.Index(some["unit"]))
        columns = self._columns.get_indexer(pd.Index(some["field"]))
        flat = rows * max(len(self._fields), 1) + columns
        if self._given.flat[flat].any() or len(np.unique(flat)) < len(flat):
            raise ValueError("同一单位同一指标有两个数")
        for n, field in enumerate(self._fields):
            mine = columns == n
            numbers = _whole(some["value"][mine], HUNDRED if field.type is FieldType.AMOUNT else 1)
            self._values[rows[mine], n] = numbers
            self._given[rows[mine], n] = True

    def totals(self, program: Program) -> Iterable[pd.DataFrame]:
        """One frame for each level that has such units."""
        if not self._fields:
            return
        largest = max(abs(int(self._values.max(initial=0))), abs(int(self._values.min(initial=0))))
        if largest * len(self._tree.units) > LARGEST:
            raise OverflowError(f"{program.title}：合计数超出64位整数")
        for level, (codes, places) in self._tree.levels.items():
            below = places >= 0
            total = _added(self._values[below], places[below], len(codes))
            reported = _added(self._given[below].astype(np.int64), places[below], len(codes))
            roster = np.bincount(places[below], minlength=len(codes))
            has = roster > 0
            if has.any():
                yield self._frame(level, np.array(codes, dtype=object)[has], total[has], reported[has], roster[has])

    def _frame(
        self,
        level: str,
        codes: npt.NDArray[Any],
        total: npt.NDArray[np.int64],
        reported: npt.NDArray[np.int64],
        roster: npt.NDArray[Any],
    ) -> pd.DataFrame:
        """One level, long: units times fields."""
        n = len(self._fields)
        nobody = reported.ravel() == 0
        return pd.DataFrame(
            {
                "level": level,
                "code": np.repeat(codes, n),
                "field": np.tile(self._columns.to_numpy(), len(codes)),
                "total": pd.arrays.IntegerArray(total.ravel().copy(), nobody),
                "reported": reported.ravel(),
                "roster": np.repeat(roster, n).astype(np.int64),
            }
        )


def _added(numbers: npt.NDArray[np.int64], places: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Rows added up by the unit they belong to."""
    sums = np.zeros((size, numbers.shape[1]), dtype=np.int64)
    order = np.argsort(places, kind="stable")
    if len(order):
        found, first = np.unique(places[order], return_index=True)
        sums[found] = np.add.reduceat(numbers[order], first, axis=0)
    return sums


def _whole(values: pd.Series[Any], times: int) -> npt.NDArray[np.int64]:
    """Numbers as whole ones of ``1 / times``, each exactly what was given.

    Raises:
        ValueError: One that is finer, or no number.
    """
    if pd.api.types.is_integer_dtype(values.dtype) and values.abs().max() <= LARGEST // times:
        return values.to_numpy(dtype=np.int64) * times
    wholes = {value: _exactly(value, times) for value in values.unique()}
    return np.array([wholes[value] for value in values], dtype=np.int64)


def _exactly(value: Any, times: int) -> int:
    try:
        number = Decimal(str(value)) * times
    except InvalidOperation as error:
        raise ValueError(f"{value} 不是数") from error
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(f"{value} 不是精确到 1/{times} 的数")
    return int(number)
