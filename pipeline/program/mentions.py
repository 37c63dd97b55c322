"""Whom and which period a text names, as people write them: on a sheet, or in the name of a file or folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.domain.text import plain
from pipeline.program.days import valid_day

if TYPE_CHECKING:
    from datetime import date

    from pipeline.program.model import Program

_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{3,20}(?![0-9A-Za-z])")
_MONTHS = re.compile(r"(\d{4})年(\d{1,2})月?[—–\-~至到、和]+(\d{1,2})月")
_DAY = re.compile(r"(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})(?!\d)")
_PERIOD_CODE = re.compile(r"(?<!\d)(\d{4}-\d{2})(?![\d\-])")


def owner_named(program: Program, path: str) -> str:
    """Code of the one prefecture that a file's name or, failing that, the nearest of its folders names; else empty."""
    for part in reversed(path.rsplit(".", 1)[0].split("/")):
        if named := prefectures_named(program, part):
            return next(iter(named)) if len(named) == 1 else ""
    return ""


def prefectures_named(program: Program, text: str, *, counties: bool = True) -> frozenset[str]:
    """Codes of the prefectures that a text names, by any name or code of theirs or of their counties.

    The longest name counts: 祥云县 does not name 云县. A name that several prefectures' units share names nobody.
    """
    known, text = program.owners_named if counties else program.prefectures_stemmed, plain(text)
    found: set[str] = set()
    start, longest = 0, max(map(len, known), default=0)
    while start < len(text):
        ends = range(min(len(text), start + longest), start, -1)
        end = next((end for end in ends if text[start:end] in known and not text.startswith("级", end)), 0)
        found |= known[text[start:end]] if end and len(known[text[start:end]]) == 1 else frozenset()
        start = end or start + 1
    units = program.unit_by_code if counties else program.prefecture_by_code
    return frozenset(found | {units[code].prefecture_code for code in _CODE.findall(text) if code in units})


def period_meant(program: Program, path: str, received_on: date) -> str:
    """The one period that a file's name names, else the last that had ended when it was received."""
    named = periods_named(program, path.rsplit("/", 1)[-1])
    ended = [p.code for p in program.ended_by(received_on)]
    return next(iter(named)) if len(named) == 1 else ended[-1] if ended else program.periods[0].code


def periods_named(program: Program, text: str, own: str = "") -> frozenset[str]:
    """Codes of the periods that a text names: by title or code, or by the day they end or are due.

    Months run into each other: 2024年2月9日 does not name 2024年2月, and a day of ``own`` period names no other.
    """
    text = plain(text)
    undated = _DAY.sub("", text)
    found = set(_PERIOD_CODE.findall(text)) & program.period_by_code.keys()
    months = {tuple(map(int, month)) for month in _MONTHS.findall(text)}
    days = {day for parts in _DAY.findall(text) if (day := valid_day(*map(int, parts)))}
    if own in program.period_by_code:
        days -= {program.period_by_code[own].end, program.period_by_code[own].due_on}
    for period in program.periods:
        title = plain(period.title)
        mine = {tuple(map(int, month)) for month in _MONTHS.findall(title)}
        if (mine & months) or (not mine and title in undated) or days & {period.end, period.due_on}:
            found.add(period.code)
    return frozenset(found)
