"""Money by funding line: planned, arrived with what was added to it, spent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline.measures.funding import required_ratio
from pipeline.products.coverage import carried, carried_note
from pipeline.products.documents.money_parts import line_name
from pipeline.products.drawing.bar_table import FOOT_MM, KNOWN, UNCOUNTED, bar_table, edges_of
from pipeline.products.drawing.fonts import ChartError
from pipeline.products.drawing.parts import (
    HATCH,
    INK,
    MUTED,
    NAVY,
    PALE,
    RED,
    SMALL_PT,
    TRACK,
    WHITE,
    Box,
    label_room,
    plain,
    rounded,
    row_pitch,
)
from pipeline.products.pictures.registry import PictureKind, as_float, spans
from pipeline.products.wording import number, one_decimal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.measures.funding import LineFunding
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.drawing.bar_table import BarTable
    from pipeline.products.pictures.registry import Parts

_TOP_MM = 9.0
_GAP_MM = 3.4
_HEADS = ("安排", "到账", "配套", "支出", "执行率", KNOWN)
_MOST_WAN = 10_000_000  # from here on amounts are written in 亿元, or they would leave the bars no room
_MOST_LINES = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRow:
    """One funding line, in 万元; None where nobody said, or nobody is asked.

    Attributes:
        label: Name of the line.
        planned: The plan; None for one that rests on figures nobody gave.
        match_planned: What is to be added to it; 0 for a line that nothing is added to.
        arrived: What came.
        matched: What was added.
        spent: What was spent.
        execution_pct: Spent of arrived and matched, over those that gave all of it.
        reported: Units that ever said what came.
        roster: Units asked; 0 for a line nobody is asked about.
    """

    label: str
    planned: float | None
    match_planned: float
    arrived: float | None
    matched: float | None
    spent: float | None
    execution_pct: float | None
    reported: int
    roster: int

    @property
    def whole(self) -> float:
        """What a full bar stands for; 0 when unknown."""
        return 0.0 if self.planned is None else self.planned + self.match_planned


@plain
def money(rows: Sequence[MoneyRow], *, note: str = "") -> bytes:
    """Draw what arrived and what was spent as shares of the plan, with the amounts beside them.

    A bar ends at 100 % however far a plan is exceeded; the figures beside it say by how much.

    Args:
        rows: One for each line, up to 18.
        note: Of how many the figures are those said before; may be empty.

    Raises:
        ChartError: no rows, too many, a negative amount, or a text that does not fit.
    """
    for row in rows:
        if min(amount or 0 for amount in (*_amounts(row), row.match_planned)) < 0:
            raise ChartError(f"“{row.label}”的金额小于零")
    pitch = row_pitch(len(rows), _TOP_MM + FOOT_MM, widest=8.0)
    scale = 10_000 if any((amount or 0) >= _MOST_WAN for row in rows for amount in _amounts(row)) else 1
    texts = _texts(rows, scale)
    matched = any(row.match_planned or row.matched is not None for row in rows)
    heads = [head for head in _HEADS if matched or head != "配套"]
    *edges, right = edges_of([(head, [cells[head] for cells in texts]) for head in heads], _GAP_MM)
    names = label_room([row.label for row in rows], most=34.0)
    if right - 1.0 - (names + 3.5) < 20.0:  # noqa: PLR2004 - shorter bars tell nothing
        raise ChartError("经费图中的金额太大，条形没有位置")
    table = bar_table(len(rows), 1.0 + names + 2.5, right - 1.0, _TOP_MM, pitch)
    _bars(table, rows)
    _unit(table, dict(zip(heads, edges, strict=True)), "亿元" if scale > 1 else "万元")
    table.labels(1.0, [row.label for row in rows], names)
    for head, edge in zip(heads, edges, strict=True):
        cells = ((said[head], _colour(row, head, said[head])) for row, said in zip(rows, texts, strict=True))
        table.column(edge, "执行率\n（%）" if head == "执行率" else head, cells)
    _key(table, rows, note)
    return table.sheet.png()


def _amounts(row: MoneyRow) -> tuple[float | None, ...]:
    return row.planned, row.arrived, row.matched, row.spent


def _texts(rows: Sequence[MoneyRow], scale: int) -> list[dict[str, str]]:
    """Return what stands in each column; all amounts of a column have the same decimals, as in the documents."""
    planned = _decimals([row.planned for row in rows], scale)
    flowing = _decimals([amount for row in rows for amount in _amounts(row)[1:]], scale)
    return [
        {
            "安排": "—" if row.planned is None else rounded(row.planned / scale, planned),
            "到账": _amount(row.arrived, scale, flowing, asked=bool(row.roster)),
            "配套": _amount(row.matched, scale, flowing, asked=bool(row.match_planned)),
            "支出": _amount(row.spent, scale, flowing, asked=bool(row.roster)),
            "执行率": "—" if row.execution_pct is None else one_decimal(row.execution_pct),
            KNOWN: f"{row.reported}/{row.roster}" if row.roster else "—",
        }
        for row in rows
    ]


def _decimals(amounts: Sequence[float | None], scale: int) -> int:
    return 2 if any(amount is not None and not float(amount / scale).is_integer() for amount in amounts) else 0


def _amount(value: float | None, scale: int, places: int, *, asked: bool) -> str:
    if value is None:
        return UNCOUNTED if asked else "—"
    return rounded(value / scale, places)


def _colour(row: MoneyRow, head: str, text: str) -> str:
    if text in {"—", UNCOUNTED} or (head == KNOWN and row.reported == row.roster):
        return MUTED
    return RED if head == "执行率" and (row.execution_pct or 0) > 100 else INK  # noqa: PLR2004 - spent more than came


def _unit(table: BarTable, edges: Mapping[str, float], unit: str) -> None:
    """Write the amounts' unit over their heads."""
    left, right = table.right + 3.0, edges["支出"]
    table.sheet.lines([((left, _TOP_MM - 4.3), (right, _TOP_MM - 4.3))], HATCH, 0.6)
    x, y = (left + right) / 2, _TOP_MM - 6.3
    table.sheet.text(x, y, f"金额（{unit}）", size=SMALL_PT, align="center", colour=MUTED)


def _bars(table: BarTable, rows: Sequence[MoneyRow]) -> None:
    """Draw the plan as a track, what arrived and was added as wide bars, what was spent as a narrow one inside."""
    sheet = table.sheet
    told = [(i, row) for i, row in enumerate(rows) if row.roster and not _untold(row)]
    sheet.boxes([table.bar(i, 100, 0.66) for i, _ in told], TRACK)
    sheet.hatched([table.bar(i, 100, 0.66) for i, row in enumerate(rows) if _untold(row)])
    known = [(i, row) for i, row in told if row.whole]
    table.scale()
    sheet.boxes([table.bar(i, _share(row, row.arrived), 0.66) for i, row in known], PALE)
    added = [_between(table, i, _share(row, row.arrived), _share(row, _both(row))) for i, row in known if row.matched]
    sheet.boxes(added, WHITE, edge=PALE, edge_pt=0.9)
    sheet.boxes([table.bar(i, _share(row, row.spent), 0.26) for i, row in known if row.spent], NAVY)


def _untold(row: MoneyRow) -> bool:
    """Whether somebody is asked and nobody said what the bar is made of; a plan of nothing is told, with no bar."""
    return bool(row.roster) and (row.planned is None or row.arrived is None)


def _both(row: MoneyRow) -> float:
    return (row.arrived or 0.0) + (row.matched or 0.0)


def _share(row: MoneyRow, amount: float | None) -> float:
    return 100 * (amount or 0.0) / row.whole


def _between(table: BarTable, index: int, start: float, end: float) -> Box:
    full = table.bar(index, 100, 0.66)
    return Box(table.x(start), full.y + 0.15, table.x(end) - table.x(start), full.h - 0.3)


def _key(table: BarTable, rows: Sequence[MoneyRow], note: str) -> None:
    """Explain the marks that occur, in one line under the scale."""
    planned = "安排（含应配套）" if any(row.match_planned for row in rows) else "安排"
    x = table.swatch(1.0, planned, TRACK, HATCH, tall=2.8)
    x = table.swatch(x, "到账", PALE, tall=2.8)
    if any(row.matched for row in rows):
        x = table.swatch(x, "配套", WHITE, PALE, tall=2.8)
    x = table.swatch(x, "支出", NAVY, tall=1.2)
    if any(map(_untold, rows)):
        table.hatch(x)
    table.note("，".join(one for one in ("条形为占安排的百分比", note) if one))


def _drawings(m: PeriodMeasures) -> Parts:
    """Plan, arrived, added and spent of each line some sheet asks about."""
    lines = m.systems.funding.lines
    if not any(one.province.arrived.reported or one.province.spent.reported for one in lines):
        return []
    return [
        (of, partial(money, some, note=carried_note(m, respondents=True)))
        for of, some in spans([_line(m, one) for one in lines], _MOST_LINES, attrgetter("label"))
    ]


def _line(m: PeriodMeasures, one: LineFunding) -> MoneyRow:
    place, planned = one.province, one.budget_wan.amount
    added = (planned or 0) * (required_ratio(one.line) or 0)
    return MoneyRow(
        label=line_name(m.program, one.line),
        planned=as_float(planned),
        match_planned=float(added),
        arrived=as_float(one.arrived.amount),
        matched=as_float(place.matched.amount) if one.matches else None,
        spent=as_float(place.spent.amount),
        execution_pct=place.execution.pct,
        reported=one.arrived.reported,
        roster=one.arrived.roster,
    )


def _words(m: PeriodMeasures) -> str:
    figures = m.systems.funding
    planned = "" if figures.planned_wan is None else f"，定额安排合计{number(float(figures.planned_wan))}万元"
    before = f"，其中{carried(m)}{m.program.words.rows}沿用上次" if carried(m) else ""
    return f"共{len(figures.lines)}项{planned}，到账和支出按填报过的单位统计{before}，没有可用数的不按零计"


PICTURE = PictureKind(
    name="funding",
    number=7,
    title="专项工作经费安排、到账和支出情况",
    drawings=_drawings,
    words=_words,
    shows="各项资金的安排、到账、配套和支出（万元），执行率。",
    reading="整条浅底是安排数（要求配套的含应配套数），宽条是到账，空框是配套，窄条是支出。执行率是支出占到账与配套之和的百分比，"
    "只按各数都填报过的单位计算，超过 100% 标红。本期没有报的单位沿用上次的数。",
)
