"""Days as people write them in the names of folders: taken where only one reading fits, reported where there are more."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_YEARS = range(2000, 2101)
_SEPARATOR = r"\s*[-._/、 ]\s*"
WHOLE = re.compile(
    rf"(?P<y>20\d\d)(?:(?P<m>\d\d)(?P<d>\d\d)|{_SEPARATOR}(?P<m2>\d{{1,2}}){_SEPARATOR}(?P<d2>\d{{1,2}})"
    r"|\s*年\s*(?P<m3>\d{1,2})\s*月\s*(?P<d3>\d{1,2})\s*[日号]?)(?!\d)",
    re.ASCII,
)
_NO_YEAR = re.compile(r"(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号](?!\d)", re.ASCII)
_ANOTHER = re.compile(rf"\s*(?:[-~—–至到、,，和]\s*\d|{_SEPARATOR}\d)", re.ASCII)
_ALMOST = re.compile(r"\d{1,4}\s*[-._/、年月 ]\s*\d|\d{6}(?:\d\d)?(?!\d)|\d{4}(?!\d)", re.ASCII)


def folder_day(name: str, as_of: date, campaign: tuple[date, date] | None = None) -> date | str | None:
    """The day a path of folders names; the folder nearest to the file counts.

    A day without a year is of the only year that fits: within the campaign, and not after ``as_of`` if that can be.

    Args:
        name: Path of a file in the inbox.
        as_of: The day.
        campaign: Its first day, and the last on which something is due; a day without a year has no reading without.

    Returns:
        The day; the name of a folder that looks like one and is none, or may be several; None where none looks like one.
    """
    doubtful = None
    for part in reversed(name.split("/")[:-1]):
        text = unicodedata.normalize("NFKC", part).strip()  # ２０２３年５月６日 as input methods write it
        found = _readings(text, as_of, campaign)
        if len(found) == 1:
            return found[0]
        if found or _ALMOST.match(text):
            doubtful = doubtful or part
    return doubtful


def _readings(text: str, as_of: date, campaign: tuple[date, date] | None) -> Sequence[date]:
    """The days a text may mean that begins with one."""
    if match := WHOLE.match(text):
        year, month, day = (next(v for k, v in match.groupdict().items() if k[0] == part and v) for part in "ymd")
        days = [valid_day(int(year), int(month), int(day))]
    elif campaign and (match := _NO_YEAR.match(text)):
        days = [valid_day(year, int(match["m"]), int(match["d"])) for year in _YEARS]
        days = [day for day in days if day and campaign[0] <= day <= max(campaign[1], as_of)]
        days = [day for day in days if day and day <= as_of] or days
    else:
        return ()
    return () if _ANOTHER.match(text, match.end()) else [day for day in days if day]


def valid_day(year: int, month: int, day: int) -> date | None:
    """A day; None where the calendar has none of these numbers."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
