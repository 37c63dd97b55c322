"""What a number's format makes of it: a day, a share, or another number than the cell holds. The same in xls, xlsb and xlsx."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import DISGUISE, disguised, percent, shown_otherwise, unshown

if TYPE_CHECKING:
    from pipeline.domain.value import Raw

_BUILT_IN_PERCENT = {9, 10}
_BUILT_IN_DAYS = {*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)}  # those from 27 on in Chinese offices
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
DAY = re.compile(r"[dyhms]|(?<![0#?])e(?![+-])", re.IGNORECASE)
ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_SECTION = re.compile(r'(?:"[^"]*"|[\\!_*].|\[[^\]]*\]|[^;])*', re.DOTALL)
_FILLING = re.compile(r'[_*].|\[[^\]]*\]|["\s]', re.DOTALL)
_CONDITION = re.compile(r"\[(<>|<=|>=|<|>|=)\s*(-?[\d.]+)\]")
_WHITE_TEXT = re.compile(r"\[(white|白色|color ?2|颜色 ?2)\]", re.IGNORECASE)
WORDED = re.compile(r'(?:general|g/通用格式|#,##0|#|0)(?:\.[0#]+)?\s*"?([^\x00-\u2e7f]+)"?', re.IGNORECASE)
NOTHING_SHOWN = re.compile(";{3,}")
_LONGEST_CODE = 255  # characters
SCALED = re.compile("[千万亿百‰约]")
_SUMS = {"万元", "亿元"}
_COMPARED = {"<>": ne, "<=": le, ">=": ge, "<": lt, ">": gt, "=": eq}
FIRST_DAY, OF_1904 = datetime(1899, 12, 30), 1_462  # noqa: DTZ001 - a wall clock's
_LEAP = 60  # 29 February 1900, which Excel alone has
_LAST_DAY = 2_958_466
_EXACT = 2**53


class Shown(Enum):
    """What a number is shown as."""

    PLAIN = auto()
    SHARE = auto()
    DAY = auto()
    ELAPSED = auto()
    OTHERWISE = auto()
    WORDED = auto()
    NOT_ALL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How numbers are shown; ``code`` where that is another number, none for some, or the word behind it."""

    shown: Shown = Shown.PLAIN
    code: str = ""


@lru_cache(maxsize=4096)
def format_of(number: int, code: str) -> Format:
    """The format of a number and code; built-in ones need no code. One longer than any program lets people type says nothing sure."""
    if len(code) > _LONGEST_CODE:
        return Format(shown=Shown.OTHERWISE, code=code[:40])
    if "%" in _LITERAL.sub("", code) or (not code and number in _BUILT_IN_PERCENT):
        return Format(shown=Shown.SHARE)
    if (word := WORDED.fullmatch(code)) and (word[1] in _SUMS or not SCALED.search(word[1])):
        return Format(shown=Shown.WORDED, code=word[1])
    if DISGUISE.search(code):
        return Format(shown=Shown.OTHERWISE, code=code)
    if ELAPSED.search(code):
        return Format(shown=Shown.ELAPSED)
    bare = _LITERAL.sub("", code).split(";")[0].lower().replace("general", "").replace("standard", "")
    if DAY.search(bare) or (not code and number in _BUILT_IN_DAYS):
        return Format(shown=Shown.DAY)
    if code and any(_hides(_section_for(code, sample), sample) for sample in (1, 0, -1, *_limits(code))):
        return Format(shown=Shown.NOT_ALL, code=code)
    return Format()


def _limits(code: str) -> list[float]:
    """Numbers on which conditions turn, and their neighbours."""
    return [float(limit) + step for _, limit in _CONDITION.findall(code)[:2] for step in (-1, 0, 1)]


def _sections_of(code: str) -> list[str]:
    """The parts of a code between its semicolons, those in quotes apart."""
    sections, at = [], 0
    while at <= len(code):
        part = _SECTION.match(code, at)
        sections.append(part[0] if part else "")
        at += len(sections[-1]) + 1
    return sections


def _hides(section: str, number: float) -> bool:
    """Whether nothing is seen of a number."""
    if _WHITE_TEXT.search(section):
        return True
    left = _FILLING.sub("", section)
    return not left or (number == 0 and not left.strip("#,"))


def _section_for(code: str, number: float) -> str:
    """The part of a code that shows a number: positive ones, negative ones, nought, or by conditions."""
    sections = _sections_of(code)
    conditions = [_CONDITION.search(section) for section in sections[:2]]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=False):
            if condition and _COMPARED[condition[1]](number, float(condition[2])):
                return section
        return next((section for section in sections if not _CONDITION.search(section)), "General")
    if len(sections) == 1 or number > 0 or (number == 0 and len(sections) == 2):  # noqa: PLR2004
        return sections[0]
    return sections[1] if number < 0 else sections[2]


def as_shown(number: float, form: Format, *, since_1904: bool = False) -> Raw:
    """The value of a cell: a number as a number, anything else as its officer sees it."""
    plain = int(number) if number.is_integer() and abs(number) < _EXACT else number
    if form.shown is Shown.PLAIN:
        return plain
    if form.shown is Shown.SHARE:
        return percent(number)
    if form.shown is Shown.OTHERWISE:
        return disguised(plain, form.code)
    if form.shown is Shown.WORDED:
        return worded(plain, form.code)
    if form.shown is Shown.NOT_ALL:
        return unshown(plain, form.code) if _hides(_section_for(form.code, number), number) else plain
    return moment(number, form.shown, since_1904=since_1904)


def worded(number: float, word: str) -> str:
    """A number with the word its format puts behind it; one that makes it another number is no such word."""
    return f"{number}{word}" if word in _SUMS or not SCALED.search(word) else shown_otherwise(number, f"{number}{word}")


def moment(number: float, shown: Shown, *, since_1904: bool = False) -> date | datetime | time | timedelta | float:
    """A number shown as a day, a time or both; the number itself where it is none."""
    days = number + (OF_1904 if since_1904 else 0)
    if not 0 <= days < _LAST_DAY:
        return number
    if shown is Shown.ELAPSED:
        return timedelta(days=number)
    seconds = round(days * 86_400)
    at = FIRST_DAY + timedelta(seconds=seconds, days=1 if days < _LEAP and days >= 1 else 0)
    if 0 <= number < 1:
        return at.time()
    return at.date() if at.time() == time() else at
