"""Answers: the share that said yes or ticked an option, a bar for each; sums of counts in a table below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.products.drawing.bar_table import KNOWN, RIGHT_MM, UNCOUNTED, BarTable, quantity
from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    BODY_PT,
    INK,
    MUTED,
    NAVY,
    RULE,
    SMALL_PT,
    TRACK,
    Canvas,
    fitted,
    label_room,
    plain,
    row_pitch,
)
from pipeline.products.wording import one_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHARES = 20
MOST_COUNTS = 12
_TOP_MM, _SCALE_MM, _TABLE_MM = 5.2, 5.0, 5.6
_YES = "是/作答"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One yes-or-no question, or one option of a list.

    Attributes:
        group: What it belongs to, written once for the rows that share it.
        label: The question, written once for the options that share it.
        option: The option; empty for a question of yes or no.
        met: Units that said yes or ticked it.
        answered: Units that gave an answer that applies; with 0 the bar is hatched, whatever ``met`` says.
        reported: Units that ever said anything, 不适用 too.
        roster: Units that were asked.
    """

    group: str
    label: str
    option: str
    met: int
    answered: int
    reported: int
    roster: int

    @property
    def pct(self) -> float:
        """Yes in a hundred answers that apply; 0 without any, which is never shown."""
        return 100 * self.met / self.answered if self.answered else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CountCell:
    """One sum; None when nobody gave a figure."""

    group: str
    label: str
    amount: float | None
    unit: str
    reported: int
    roster: int


@plain
def answers(shares: Sequence[ShareRow], counts: Sequence[CountCell], *, note: str = "") -> bytes:
    """Draw shares as bars, and under them a table of sums, if any.

    Args:
        shares: Up to 20 rows.
        counts: Up to 12 sums.
        note: Of how many the answers are those given before; may be empty.

    Raises:
        ChartError: nothing to draw, too many rows, more yes than answers, or a text that does not fit.
    """
    _require(shares, counts)
    lines = (len(counts) + 1) // 2
    fixed = (_TOP_MM + _SCALE_MM if shares else 0.0) + (_TABLE_MM if counts else 0.0) + 1.0
    pitch = row_pitch(len(shares) + lines, fixed, widest=6.2)
    sheet = Canvas(fixed + pitch * (len(shares) + lines))
    if shares:
        table = _shares(sheet, shares, pitch)
        sheet.text(RIGHT_MM, table.bottom + 2.2, note, size=SMALL_PT, align="right", colour=MUTED)
    if counts:
        top = sheet.height_mm - 1.0 - pitch * lines
        _counts(sheet, counts, top, pitch)
        if not shares:
            sheet.text(1.0, top - 2.4, note, size=SMALL_PT, colour=MUTED)
    return sheet.png()


def _require(shares: Sequence[ShareRow], counts: Sequence[CountCell]) -> None:
    if len(shares) > MOST_SHARES or len(counts) > MOST_COUNTS:
        raise ChartError(
            f"回答情况图最多 {MOST_SHARES} 行、{MOST_COUNTS} 个合计，现有 {len(shares)} 行、{len(counts)} 个"
        )
    for row in shares:
        if row.answered and not 0 <= row.met <= row.answered <= row.reported <= row.roster:
            raise ChartError(f"“{row.label}”的个数不合理：{row.met}/{row.answered}/{row.reported}/{row.roster}")


def _shares(sheet: Canvas, rows: Sequence[ShareRow], pitch: float) -> BarTable:
    """Draw the bars; groups and labels have what they need, and the bars the rest."""
    groups = label_room([row.group for row in rows], least=0.0, most=38.0, size=SMALL_PT)
    label = 1.0 + groups + (2.5 if groups else 0.0)
    covers = [f"{row.reported}/{row.roster}" for row in rows]
    yes = RIGHT_MM - max(width_mm(KNOWN, SMALL_PT), label_room(covers, least=0.0)) - 3.6
    share = yes - label_room([_YES, *map(_yes, rows)], least=9.0, size=SMALL_PT) - 3.6
    texts = [f"{row.label}：{row.option}" if row.option else row.label for row in rows]
    left = label + label_room(texts, most=62.0 if groups < 20.0 else 48.0) + 2.5  # noqa: PLR2004
    table = BarTable(sheet=sheet, rows=len(rows), left=left, right=share - 13.5, top=_TOP_MM, pitch=pitch)
    sheet.boxes([table.bar(i, 100, 0.6) for i, row in enumerate(rows) if row.answered], TRACK)
    sheet.hatched([table.bar(i, 100, 0.6) for i, row in enumerate(rows) if not row.answered])
    table.scale()
    sheet.boxes([table.bar(i, row.pct, 0.6) for i, row in enumerate(rows) if row.pct], NAVY)
    for i, row in enumerate(rows):
        new_group = i == 0 or rows[i - 1].group != row.group
        if new_group:
            _group(table, row.group, i, label - 2.5)
        _label(table, row, i, label, again=not new_group and rows[i - 1].label == row.label)
    table.column(share, "占比（%）", map(_share, rows))
    table.column(yes, _YES, ((_yes(row), MUTED) for row in rows))
    table.coverage(rows, KNOWN)
    return table


def _yes(row: ShareRow) -> str:
    return f"{row.met}/{row.answered}" if row.answered else "—"


def _share(row: ShareRow) -> tuple[str, str]:
    """Nobody to whom it applies is not nobody who reported."""
    if row.answered:
        return one_decimal(row.pct), INK
    return "不适用" if row.reported else UNCOUNTED, MUTED


def _group(table: BarTable, name: str, index: int, room: float) -> None:
    """Write a group's name at its first row, under a hairline that parts it from the one before."""
    y = table.y(index)
    if index:
        above = y - table.pitch / 2
        table.sheet.lines([((1.0, above), (table.left - 1.5, above))], RULE, 0.5)
    table.sheet.text(1.0, y, name, room=room, size=SMALL_PT, colour=MUTED)


def _label(table: BarTable, row: ShareRow, index: int, label: float, *, again: bool) -> None:
    """Write the question from the left, its option towards the bar; the question only where it is new."""
    room, y = table.left - label - 1.5, table.y(index)
    if row.option:
        option, size = fitted(row.option, room * 0.6)
        table.sheet.text(table.left - 1.5, y, option, size=size, align="right")
        room -= width_mm(option, size) + 1.5
    if not again:
        table.sheet.text(label, y, row.label, room=room)


def _counts(sheet: Canvas, counts: Sequence[CountCell], top: float, pitch: float) -> None:
    """Write sums in two columns, read downwards: group, label, figure with its unit, coverage."""
    lines = (len(counts) + 1) // 2
    ruled = [((1.0, top + pitch * i), (RIGHT_MM, top + pitch * i)) for i in range(lines + 1)]
    sheet.lines(ruled, RULE, 0.5)
    for n, cell in enumerate(counts):
        left, right = ((1.0, 75.5), (80.5, RIGHT_MM))[n // lines]
        y = top + pitch * (n % lines + 0.5)
        if n % lines == 0:
            sheet.text(right - 16.0, top - 2.4, "合计", size=SMALL_PT, align="right", colour=MUTED)
            sheet.text(right, top - 2.4, KNOWN, size=SMALL_PT, align="right", colour=MUTED)
        figure = UNCOUNTED if cell.amount is None else f"{quantity(cell.amount)}{cell.unit}"
        sheet.text(right, y, f"{cell.reported}/{cell.roster}", size=SMALL_PT, align="right", colour=MUTED)
        sheet.text(right - 16.0, y, figure, align="right", colour=MUTED if cell.amount is None else INK)
        sheet.text(left, y, cell.group, size=SMALL_PT, colour=MUTED)
        start = left + width_mm(cell.group, SMALL_PT) + (1.5 if cell.group else 0.0)
        text, size = fitted(cell.label, right - 16.0 - width_mm(figure, BODY_PT) - 2.0 - start)
        sheet.text(start, y, text, size=size)
