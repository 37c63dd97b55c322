"""``program/counties.csv`` → counties, each under every name it bears in the course of the campaign; some begin or end in it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipeline.program.model import County
from pipeline.program.strict import Row, decode, read_csv

if TYPE_CHECKING:
    from pathlib import Path

_COUNTY_COLUMNS = (
    "code",
    "name",
    "short_name",
    "prefecture_code",
    "kind",
    "aliases",
    "townships",
    "tile_row",
    "tile_col",
)
# of counties.csv, where counties were renamed, given a new code or merged in the course of the campaign
_DATED_COLUMNS = (
    "valid_from",
    "valid_until",
    "successor",
)


def load_counties(path: Path, prefectures: set[str], *, apart: bool = False) -> tuple[County, ...]:
    """One county for each code, in code order: of a county that was renamed, under its last name.

    A code that ends names its ``successor``: the new code of the same county, or the county it was merged into.

    Args:
        path: ``counties.csv``; the columns ``valid_from``, ``valid_until`` and ``successor`` may be left out.
        prefectures: Codes a county may belong to.
        apart: A name need mean one county only among those of a respondent: in a whole country names recur.

    Raises:
        ProgramError: The first fault, naming file and line.
    """
    header = next(csv.reader(io.StringIO(decode(path), newline="")), [])
    dated = [name for name in _DATED_COLUMNS if name in header]
    by_code: dict[str, list[Row]] = {}
    for row in read_csv(path, (*_COUNTY_COLUMNS, *dated), None if dated else "code"):
        by_code.setdefault(row["code"], []).append(row)
    counties = {code: _renamed(by_code[code], prefectures) for code in sorted(by_code)}
    names = dict[tuple[str, str], list[str]]()
    for code, rows in by_code.items():
        for row in rows:
            _check_end(row, counties)
            for name in dict.fromkeys(_county(row, prefectures).names):
                key = name, row["prefecture_code"] if apart else ""
                others = [other for other in names.setdefault(key, []) if _meet(counties[code], counties[other])]
                if not name or others:
                    raise row.fail(f"县名“{name}”为空，或与 {'、'.join(others)} 相同：名称必须只指一个县")
                names[key] += [] if code in names[key] else [code]
    return tuple(counties.values())


def _meet(one: County, other: County) -> bool:
    """Two counties that are there on the same day: only those may not share a name."""
    apart = (one.ends and other.starts and one.ends < other.starts) or (
        other.ends and one.starts and other.ends < one.starts
    )
    return one.code != other.code and not apart


def _check_end(row: Row, counties: dict[str, County]) -> None:
    """A county that ends says what it became: a county that is there on the next day."""
    county, successor = counties[row["code"]], row.cells.get("successor", "")
    is_last = _day(row, "valid_until") == county.ends
    if bool(successor) != bool(county.ends and is_last):
        raise row.fail("successor 只写在撤销的县的最后一行：写承接它的县的代码；没有撤销的不写")
    if not successor:
        return
    heir = counties.get(successor)
    if heir is None or county.ends is None or not heir.stands_on(county.ends + timedelta(days=1)):
        raise row.fail(f"successor {successor} 应是 counties.csv 中次日已有的县的代码")


def _county(row: Row, prefectures: set[str]) -> County:
    if row["prefecture_code"] not in prefectures:
        raise row.fail(f"prefecture_code {row['prefecture_code']} 不在 prefectures.csv 中")
    if not re.fullmatch(r"[0-9A-Za-z]{1,20}", row["code"]):
        raise row.fail(f"code“{row['code']}”不对，应为20位以内的数字或字母")
    return County(
        code=row["code"],
        name=row["name"],
        short_name=row["short_name"],
        prefecture_code=row["prefecture_code"],
        aliases=tuple(a for a in row["aliases"].split(";") if a),
        townships=row.parse("townships", int, "整数"),
        tile_row=row.parse("tile_row", int, "整数"),
        tile_col=row.parse("tile_col", int, "整数"),
        valid_from=_day(row, "valid_from"),
        valid_until=_day(row, "valid_until"),
        successor=row.cells.get("successor", ""),
    )


def _renamed(rows: list[Row], prefectures: set[str]) -> County:
    """The rows of one code: each holds from the day after the one before ends; the last without end, or to the county's."""
    spells = [_county(row, prefectures) for row in rows]
    ends: date | None = None
    for no, (row, spell) in enumerate(zip(rows, spells, strict=True), 1):
        begins, until = _day(row, "valid_from"), spell.valid_until
        if until is None and no < len(rows):
            raise row.fail(f"code {spell.code} 有{len(rows)}行：除最后一行外都须写 valid_until")
        if begins and begins != (ends + timedelta(days=1) if ends else begins):
            raise row.fail(f"valid_from {begins} 应为上一行 valid_until {ends} 的次日")
        if until and until < max(begins or date.min, ends or date.min):
            raise row.fail(f"valid_until {until} 早于这一行的开始")
        if spell.prefecture_code != spells[0].prefecture_code:
            raise row.fail(f"code {spell.code} 各行的 prefecture_code 应相同")
        ends = until
    last = spells[-1]
    return last if len(spells) == 1 else replace(last, spells=tuple(spells))


def _day(row: Row, column: str) -> date | None:
    """A day of an optional column; None where it is blank or not there."""
    return row.parse(column, date.fromisoformat, "日期（如2023-05-01）") if row.cells.get(column) else None
