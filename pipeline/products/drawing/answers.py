"""Answers: the share that said yes or ticked an option, a bar for each; sums of counts in a table below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.products.drawing.fonts import ChartError, width_mm
from pipeline.products.drawing.parts import (
    BODY_PT,
    INK,
    MUTED,
    NAVY,
    RULE,
    SMALL_PT,
    TRACK,
    Box,
    Canvas,
    clamp_pct,
    fitted,
    label_room,
    plain,
    rounded,
    row_pitch,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHARES = 20
MOST_COUNTS = 12
_RIGHT_MM = 155.0
_TOP_MM, _SCALE_MM, _TABLE_MM = 5.2, 5.0, 5.6
_YES = "是/作答"
_MARKS = (0, 20, 40, 60, 80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One yes-or-no question, or one option of a list.

    Attributes:
        group: What it belongs to, written once for the rows that share it.
        label: The question, written once for the options that share it.
        option: The option; empty for a question of yes or no.
        met: Units that said yes or ticked it.
        answered: Units that gave an answer that applies; with 0 the bar is hatched, whatever ``met`` says.
        reported: Units that said anything, 不适用 too.
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


class _AnswersFrame(NamedTuple):
    """Where things stand, in mm: left of the labels, the bars' edges, right edges of share and yes, pitch of a row."""

    label: float
    left: float
    right: float
    share: float
    yes: float
    pitch: float


@plain
def answers(shares: Sequence[ShareRow], counts: Sequence[CountCell], *, more: int = 0) -> bytes:
    """Draw shares as bars, and under them a table of sums, if any.

    Args:
        shares: Up to 20 rows.
        counts: Up to 12 sums.
        more: Rows and sums left out, which the picture says.

    Returns:
        PNG bytes, 156 mm wide.

    Raises:
        ChartError: nothing to draw, too many rows, more yes than answers, or a text that does not fit.
    """
    _require(shares, counts)
    lines = (len(counts) + 1) // 2
    fixed = (_TOP_MM + _SCALE_MM if shares else 0.0) + (_TABLE_MM if counts else 0.0) + 1.0
    pitch = row_pitch(len(shares) + lines, fixed, widest=6.2)
    frame = _frame(shares, pitch)
    sheet = Canvas(fixed + pitch * (len(shares) + lines))
    if shares:
        _shares(sheet, frame, shares)
        if more:
            y = _TOP_MM + pitch * len(shares) + 2.2
            sheet.text(1.0, y, f"另有{more}项未列", size=SMALL_PT, colour=MUTED)
    if counts:
        _counts(sheet, counts, sheet.height_mm - 1.0 - pitch * lines, pitch)
    return sheet.png()


def _require(shares: Sequence[ShareRow], counts: Sequence[CountCell]) -> None:
    if len(shares) > MOST_SHARES or len(counts) > MOST_COUNTS:
        raise ChartError(
            f"回答情况图最多 {MOST_SHARES} 行、{MOST_COUNTS} 个合计，现有 {len(shares)} 行、{len(counts)} 个"
        )
    for row in shares:
        if row.answered and not 0 <= row.met <= row.answered <= row.reported <= row.roster:
            raise ChartError(f"“{row.label}”的个数不合理：{row.met}/{row.answered}/{row.reported}/{row.roster}")


def _frame(shares: Sequence[ShareRow], pitch: float) -> _AnswersFrame:
    """Give groups and labels what they need and the bars the rest."""
    groups = label_room([row.group for row in shares] or [""], least=0.0, most=38.0, size=SMALL_PT)
    label = 1.0 + groups + (2.5 if groups else 0.0)
    covers = [f"{row.reported}/{row.roster}" for row in shares]
    count = _RIGHT_MM - max(width_mm("已报/应报", SMALL_PT), label_room(covers or [""], least=0.0)) - 3.6
    share = count - label_room([_YES, *map(_yes, shares)], least=9.0, size=SMALL_PT) - 3.6
    texts = [f"{row.label}：{row.option}" if row.option else row.label for row in shares]
    labels = label_room(texts or [""], most=62.0 if groups < 20.0 else 48.0)  # noqa: PLR2004
    return _AnswersFrame(label, label + labels + 2.5, share - 13.5, share, count, pitch)


def _shares(sheet: Canvas, frame: _AnswersFrame, rows: Sequence[ShareRow]) -> None:
    bottom = _TOP_MM + frame.pitch * len(rows)
    for x, text in ((frame.share, "占比（%）"), (frame.yes, _YES), (_RIGHT_MM, "已报/应报")):
        sheet.text(
            x + (1.2 if text.endswith("）") else 0), _TOP_MM - 2.4, text, size=SMALL_PT, align="right", colour=MUTED
        )
    ys = [_TOP_MM + frame.pitch * (i + 0.5) for i in range(len(rows))]
    tall = frame.pitch * 0.6
    full = frame.right - frame.left
    tracks = [Box(frame.left, y - tall / 2, full, tall) for y in ys]
    sheet.boxes([box for box, row in zip(tracks, rows, strict=True) if row.answered], TRACK)
    sheet.hatched([box for box, row in zip(tracks, rows, strict=True) if not row.answered])
    _scale(sheet, frame, bottom)
    bars = [
        Box(frame.left, y - tall / 2, full * clamp_pct(row.pct) / 100, tall) for y, row in zip(ys, rows, strict=True)
    ]
    sheet.boxes([bar for bar in bars if bar.w], NAVY)
    for i, (row, y) in enumerate(zip(rows, ys, strict=True)):
        new_group = i == 0 or rows[i - 1].group != row.group
        if new_group:
            _group(sheet, frame, row.group, y, first=i == 0)
        _label(sheet, frame, row, y, again=not new_group and rows[i - 1].label == row.label)
        _figures(sheet, frame, row, y)


def _yes(row: ShareRow) -> str:
    return f"{row.met}/{row.answered}" if row.answered else "—"


def _scale(sheet: Canvas, frame: _AnswersFrame, bottom: float) -> None:
    xs = [frame.left + (frame.right - frame.left) * mark / 100 for mark in _MARKS]
    sheet.lines([((x, _TOP_MM), (x, bottom)) for x in xs], RULE, 0.5)
    for x, mark in zip(xs, _MARKS, strict=True):
        sheet.text(x, bottom + 2.2, f"{mark}", size=SMALL_PT, align="center", colour=MUTED)


def _group(sheet: Canvas, frame: _AnswersFrame, name: str, y: float, *, first: bool) -> None:
    """Write a group's name at its first row, under a hairline that parts it from the one before."""
    if not first:
        above = y - frame.pitch / 2
        sheet.lines([((1.0, above), (frame.left - 1.5, above))], RULE, 0.5)
    text, size = fitted(name, frame.label - 2.5, SMALL_PT)
    sheet.text(1.0, y, text, size=size, colour=MUTED)


def _label(sheet: Canvas, frame: _AnswersFrame, row: ShareRow, y: float, *, again: bool) -> None:
    """Write the question from the left, its option towards the bar; the question only where it is new."""
    room = frame.left - frame.label - 1.5
    if row.option:
        option, size = fitted(row.option, room * 0.6)
        sheet.text(frame.left - 1.5, y, option, size=size, align="right")
        room -= width_mm(option, size) + 1.5
    if not again:
        text, size = fitted(row.label, room)
        sheet.text(frame.label, y, text, size=size)


def _figures(sheet: Canvas, frame: _AnswersFrame, row: ShareRow, y: float) -> None:
    """Write share, yes of answers, and coverage; nobody to whom it applies is not nobody who reported."""
    silent = "不适用" if row.reported else "未计入"
    known = INK if row.answered else MUTED
    sheet.text(frame.share, y, rounded(row.pct, 1) if row.answered else silent, align="right", colour=known)
    sheet.text(frame.yes, y, _yes(row), align="right", colour=MUTED)
    partial = row.reported < row.roster
    sheet.text(_RIGHT_MM, y, f"{row.reported}/{row.roster}", align="right", colour=INK if partial else MUTED)


def _counts(sheet: Canvas, counts: Sequence[CountCell], top: float, pitch: float) -> None:
    """Write sums in two columns, read downwards: group, label, figure with its unit, coverage."""
    lines = (len(counts) + 1) // 2
    ruled = [((1.0, top + pitch * i), (_RIGHT_MM, top + pitch * i)) for i in range(lines + 1)]
    sheet.lines(ruled, RULE, 0.5)
    for n, cell in enumerate(counts):
        left, right = ((1.0, 75.5), (80.5, _RIGHT_MM))[n // lines]
        y = top + pitch * (n % lines + 0.5)
        if n % lines == 0:
            sheet.text(right - 16.0, top - 2.4, "合计", size=SMALL_PT, align="right", colour=MUTED)
            sheet.text(right, top - 2.4, "已报/应报", size=SMALL_PT, align="right", colour=MUTED)
        figure = "未计入" if cell.amount is None else f"{_quantity(cell.amount)}{cell.unit}"
        sheet.text(right, y, f"{cell.reported}/{cell.roster}", size=SMALL_PT, align="right", colour=MUTED)
        sheet.text(right - 16.0, y, figure, align="right", colour=MUTED if cell.amount is None else INK)
        sheet.text(left, y, cell.group, size=SMALL_PT, colour=MUTED)
        start = left + width_mm(cell.group, SMALL_PT) + (1.5 if cell.group else 0.0)
        text, size = fitted(cell.label, right - 16.0 - width_mm(figure, BODY_PT) - 2.0 - start)
        sheet.text(start, y, text, size=size)


def _quantity(value: float) -> str:
    text = rounded(value, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text
