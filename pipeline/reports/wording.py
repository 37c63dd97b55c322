"""How figures are written in official Chinese, and the register that proves where each came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.measures.progress import change_pp, printed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

LIST_LIMIT = 8
NUMERALS = "〇一二三四五六七八九十"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number as printed and the measure it is."""

    measure: str
    text: str


@dataclass(slots=True)
class Figures:
    """Every number of one document passes through here on its way into the prose."""

    entries: list[Figure] = field(default_factory=list)

    def __call__(self, measure: str, value: float | str, text: str | None = None) -> str:
        """Register ``value`` under its measure's name and give its text (grouped integers, one decimal otherwise)."""
        shown = text if text is not None else (value if isinstance(value, str) else number(value))
        self.entries.append(Figure(measure=measure, text=shown))
        return shown

    def pct(self, measure: str, value: float) -> str:
        """A percentage to one decimal with its sign: 61.0%."""
        return self(measure, value, one_decimal(value) + "%")

    def day(self, measure: str, value: date) -> str:
        """A date: 2023年3月7日."""
        return self(measure, cn_date(value))


def one_decimal(value: float) -> str:
    """Half up, as staff round by hand."""
    return str(printed(value))


def number(value: float) -> str:
    """12,345 or 3.5."""
    return f"{int(value):,}" if float(value).is_integer() else one_decimal(value)


def cn_date(day: date) -> str:
    """2023年3月7日, no leading zeros (GB/T 9704)."""
    return f"{day.year}年{day.month}月{day.day}日"


def numeral(no: int) -> str:
    """一 … 十, 十一 …"""
    if no <= 10:  # noqa: PLR2004 - the numerals we have
        return NUMERALS[no]
    tens, ones = divmod(no, 10)
    return (NUMERALS[tens] if tens > 1 else "") + "十" + (NUMERALS[ones] if ones else "")


def how_many_actions(count: int) -> str:
    """八项行动: 两 and not 二 before what is counted."""
    return ("两" if count == 2 else numeral(count)) + "项行动"  # noqa: PLR2004


def listing(names: Sequence[str], unit: str, say: Figures, measure: str, limit: int = LIST_LIMIT) -> str:
    """Names joined by 、, cut at a sensible length: 甲、乙、丙等12个县."""
    if len(names) <= limit:
        return "、".join(names)
    return "、".join(names[:limit]) + f"等{say(measure, len(names))}个{unit}"


def change(say: Figures, measure: str, now: float | None, before: float | None) -> str:
    """较上期提高3.2个百分点 / 下降 / 持平 / 首次报送, compared as printed; empty when there is no figure now."""
    if now is None:
        return ""
    step = change_pp(now, before)
    if step is None:
        return "上期无可比数据"
    if step == 0:
        return "与上期持平"
    verb = "提高" if step > 0 else "下降"
    return f"较上期{verb}{say(measure, one_decimal(abs(step)))}个百分点"
