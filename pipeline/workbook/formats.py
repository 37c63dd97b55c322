"""What a number's format makes of it: a day, a share, or another number than the cell holds. The same in xls, xlsb and xlsx."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from pipeline.workbook.notes import DISGUISE, disguised, percent

if TYPE_CHECKING:
    from pipeline.workbook.cells import Raw

BUILT_IN_PERCENT = {9, 10}
BUILT_IN_DAYS = {*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)}  # those from 27 on in Chinese offices
LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
DAY = re.compile(r"[dyhms]|(?<![0#?])e(?![+-])", re.IGNORECASE)
ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
FIRST_DAY, OF_1904 = datetime(1899, 12, 30), 1_462  # noqa: DTZ001 - a wall clock's
LEAP = 60  # 29 February 1900, which Excel alone has
LAST_DAY = 2_958_466
EXACT = 2**53


class Shown(Enum):
    """What a number is shown as."""

    PLAIN = auto()
    SHARE = auto()
    DAY = auto()
    ELAPSED = auto()
    OTHERWISE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How numbers are shown; ``code`` where that is another number."""

    shown: Shown = Shown.PLAIN
    code: str = ""


def format_of(number: int, code: str) -> Format:
    """The format of a number and code; built-in ones need no code."""
    if "%" in LITERAL.sub("", code) or (not code and number in BUILT_IN_PERCENT):
        return Format(shown=Shown.SHARE)
    if DISGUISE.search(code):
        return Format(shown=Shown.OTHERWISE, code=code)
    if ELAPSED.search(code):
        return Format(shown=Shown.ELAPSED)
    bare = LITERAL.sub("", code).split(";")[0].lower().replace("general", "").replace("standard", "")
    if DAY.search(bare) or (not code and number in BUILT_IN_DAYS):
        return Format(shown=Shown.DAY)
    return Format()


def as_shown(number: float, form: Format, *, since_1904: bool = False) -> Raw:
    """The value of a cell: a number as a number, anything else as its officer sees it."""
    plain = int(number) if number.is_integer() and abs(number) < EXACT else number
    if form.shown is Shown.PLAIN:
        return plain
    if form.shown is Shown.SHARE:
        return percent(number)
    if form.shown is Shown.OTHERWISE:
        return disguised(plain, form.code)
    return moment(number, form.shown, since_1904=since_1904)


def moment(number: float, shown: Shown, *, since_1904: bool = False) -> date | datetime | time | timedelta | float:
    """A number shown as a day, a time or both; the number itself where it is none."""
    days = number + (OF_1904 if since_1904 else 0)
    if not 0 <= days < LAST_DAY:
        return number
    if shown is Shown.ELAPSED:
        return timedelta(days=number)
    seconds = round(days * 86_400)
    at = FIRST_DAY + timedelta(seconds=seconds, days=1 if days < LEAP and days >= 1 else 0)
    if 0 <= number < 1:
        return at.time()
    return at.date() if at.time() == time() else at
