"""How figures are written in official Chinese, and the register that proves where each came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pipeline.domain.text import cn_date
from pipeline.measures.completion import Completion, change_pp, left_out, printed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from pipeline.measures.completion import Score
    from pipeline.program.words import Words

T = TypeVar("T")
LIST_LIMIT = 8
_NUMERALS = "〇一二三四五六七八九十"
_COUNTING_WORD = re.compile(r"(?<=..)总?(场次|次数|个数|人次|人数|期数|数)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number as printed and the measure it is."""

    measure: str
    text: str


@dataclass(slots=True)
class Figures:
    """Every number of one document passes through here on its way into the prose; with the campaign's own words."""

    words: Words
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


def signed_decimal(value: float) -> str:
    """A difference for a table: +3.2, −1.0, 0.0."""
    text = one_decimal(abs(value))
    return text if text == "0.0" else ("−" if value < 0 else "+") + text


def no_decimal(pct: float) -> str:
    """A percentage where there is room for no more: 99 of 99.7, 1 of 0.3."""
    return str(printed(pct, 0))


def number(value: float) -> str:
    """12,345 or 3.5."""
    return f"{int(value):,}" if float(value).is_integer() else one_decimal(value)


def numeral(no: int) -> str:
    """一 … 十, 十一 …"""
    if no <= 10:  # noqa: PLR2004 - the numerals we have
        return _NUMERALS[no]
    tens, ones = divmod(no, 10)
    return (_NUMERALS[tens] if tens > 1 else "") + "十" + (_NUMERALS[ones] if ones else "")


def how_many_actions(count: int) -> str:
    """八项行动: 两 and not 二 before what is counted."""
    return ("两" if count == 2 else numeral(count)) + "项行动"  # noqa: PLR2004


def listing(names: Sequence[str], counted: str, say: Figures, measure: str, limit: int = LIST_LIMIT) -> str:
    """Names joined by 、, cut at a sensible length: 甲、乙、丙等12个县; ``counted`` is 个县."""
    if len(names) <= limit:
        return "、".join(names)
    return "、".join(names[:limit]) + f"等{say(measure, len(names))}{counted}"


def whole_ties(some: Sequence[T], key: Callable[[T], object], limit: int) -> Sequence[T]:
    """The first so many of a list in order, and those equal to the last of them: no list stops between equals."""
    end = min(limit, len(some))
    while 0 < end < len(some) and key(some[end]) == key(some[end - 1]):
        end += 1
    return some[:end]


def change(say: Figures, measure: str, now: Score, before: Score, since: str = "上期") -> str:
    """较上期提高3.2个百分点 / 下降 / 持平 / 无可比数据, compared as printed; empty when there is no figure now.

    Of completions only what was judged alike in both periods is compared, and the words say what is left out.
    """
    if now is None or (isinstance(now, Completion) and now.pct is None):
        return ""
    step = change_pp(now, before)
    if step is None:
        return f"{since}无可比数据"
    aside = not_compared(say, measure, now, before, "本期" if since == "上期" else "其间")
    if step == 0:
        return f"与{since}持平{aside}"
    verb = "提高" if step > 0 else "下降"
    return f"较{since}{verb}{say(measure, one_decimal(abs(step)))}个百分点{aside}"


def not_compared(
    say: Figures, measure: str, now: Score, before: Score, when: str = "本期", lead: str = "比较时不含"
) -> str:
    """（比较时不含本期调整目标的1项指标）; empty when everything was compared."""
    out = left_out(now, before)
    kinds = (
        ("retargeted", "调整目标的", out.retargeted),
        ("retired", "停用的", out.retired),
        ("added", "新增的", out.added),
    )
    listed = [f"{words}{say(f'{measure}.{name}', count)}项" for name, words, count in kinds if count]
    return f"（{lead}{when}{'、'.join(listed)}指标）" if listed else ""


def name_asked(title: str) -> str:
    """A yes-or-no title as the name of what it asks: 机构是否建立 → 机构建立."""
    return title.replace("是否", "")


def statement(title: str) -> str:
    """A yes-or-no title as what is so: 机构是否建立 → 机构已建立, 是否已制定方案 → 已制定方案, 有无文化宫 → 有文化宫."""
    return title.replace("是否已", "已").removeprefix("是否").replace("是否", "已").replace("有无", "有")


def in_quotes(text: str) -> str:
    """“总结‘县级工会加强年’”: quotes within quotes are single."""
    return f"“{text.replace('“', '‘').replace('”', '’')}”"


def counted(title: str) -> str:
    """A title without the word of counting that its figure's unit repeats: 技能培训人次 → 技能培训（共300人次）."""
    return _COUNTING_WORD.sub("", title)


def made_up_of(say: Figures, total: int, kinds: Iterable[tuple[str, str, int]]) -> str:
    """其中未收到报表的12个、退回待改的2个 / 均为退回待改的, of (kind, measure, how many); kinds may overlap."""
    there = [(kind, measure, count) for kind, measure, count in kinds if count]
    if len(there) == 1 and there[0][2] == total:
        return f"{'均' if total > 1 else ''}为{there[0][0]}"
    return "其中" + "、".join(f"{kind}{say(measure, count)}个" for kind, measure, count in there)


def ordinal(n: int, of: int) -> str:
    """Which of several pictures under one number it is: 之一; empty of one alone."""
    return f"之{numeral(n + 1)}" if of > 1 else ""
