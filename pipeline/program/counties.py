"""``program/counties.csv`` → counties, each under every name it bears in the course of the campaign."""

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

COUNTY_COLUMNS = (
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
DATED_COLUMNS = (
    "valid_from",
    "valid_until",
)  # of counties.csv, where a county was renamed in the course of the campaign


def load_counties(path: Path, prefectures: set[str]) -> tuple[County, ...]:
    """One county for each code, in code order: of a county that was renamed, under the name that holds.

    Args:
        path: ``counties.csv``; the columns ``valid_from`` and ``valid_until`` may be left out.
        prefectures: Codes a county may belong to.

    Raises:
        ProgramError: The first fault, naming file and line.
    """
    header = next(csv.reader(io.StringIO(decode(path), newline="")), [])
    dated = [name for name in DATED_COLUMNS if name in header]
    by_code: dict[str, list[Row]] = {}
    names = dict[str, str]()
    for row in read_csv(path, (*COUNTY_COLUMNS, *dated), None if dated else "code"):
        by_code.setdefault(row["code"], []).append(row)
        for name in dict.fromkeys(_county(row, prefectures).names):
            if not name or names.setdefault(name, row["code"]) != row["code"]:
                raise row.fail(f"县名“{name}”为空，或与 {names.get(name, '')} 相同：名称必须只指一个县")
    return tuple(_renamed(by_code[code], prefectures) for code in sorted(by_code))


def _county(row: Row, prefectures: set[str]) -> County:
    if row["prefecture_code"] not in prefectures:
        raise row.fail(f"prefecture_code {row['prefecture_code']} 不在 prefectures.csv 中")
    if not re.fullmatch(r"\d{6,12}", row["code"]):
        raise row.fail(f"code“{row['code']}”不对，应为6位行政区划代码")
    return County(
        code=row["code"],
        name=row["name"],
        short_name=row["short_name"],
        prefecture_code=row["prefecture_code"],
        aliases=tuple(a for a in row["aliases"].split(";") if a),
        townships=row.parse("townships", int, "整数"),
        tile_row=row.parse("tile_row", int, "整数"),
        tile_col=row.parse("tile_col", int, "整数"),
        valid_until=_day(row, "valid_until"),
    )


def _renamed(rows: list[Row], prefectures: set[str]) -> County:
    """The rows of one code: each holds from the day after the one before ends, the last without end."""
    spells = [_county(row, prefectures) for row in rows]
    ends: date | None = None
    for no, (row, spell) in enumerate(zip(rows, spells, strict=True), 1):
        begins, until = _day(row, "valid_from"), spell.valid_until
        if (until is None) != (no == len(rows)):
            raise row.fail(f"code {spell.code} 有{len(rows)}行：除最后一行外都须写 valid_until，最后一行不写")
        if begins and begins != (ends + timedelta(days=1) if ends else begins):
            raise row.fail(f"valid_from {begins} 应为上一行 valid_until {ends} 的次日")
        if until and until < max(begins or date.min, ends or date.min):
            raise row.fail(f"valid_until {until} 早于这一行的开始")
        if spell.prefecture_code != spells[0].prefecture_code:
            raise row.fail(f"code {spell.code} 各行的 prefecture_code 应相同")
        ends = until
    return spells[-1] if len(spells) == 1 else replace(spells[-1], spells=tuple(spells))


def _day(row: Row, column: str) -> date | None:
    """A day of an optional column; None where it is blank or not there."""
    return row.parse(column, date.fromisoformat, "日期（如2023-05-01）") if row.cells.get(column) else None
