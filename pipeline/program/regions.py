"""Who is above whom: ``levels`` of ``program.yaml``, ``prefectures.csv`` and, where there is more above, ``regions.csv``.

A parent lies at a level above its child's, not always the next one: a county of a 直辖市 belongs to it directly.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.program.model import LEVELS, FieldType, Prefecture, Region, Rows
from pipeline.program.strict import decode, nearest, read_csv
from pipeline.system.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.program.model import County, Form
    from pipeline.program.strict import Node, Row

_REGION_COLUMNS = ("code", "name", "short_name", "level", "parent_code")
_RESPONDENT_COLUMNS = ("code", "name", "short_name")
_RENAMED = "valid_until"
_OPTIONAL_COLUMNS = ("parent_code", _RENAMED)
_REGION_CODE = re.compile(r"[0-9A-Za-z]{1,20}")
_MOST_LEVELS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The words of a program, from the whole down.

    Attributes:
        respondent: Place among them of those who return a workbook.
    """

    words: tuple[str, ...]
    respondent: int

    @property
    def between(self) -> tuple[str, ...]:
        """Those of ``regions.csv``."""
        return self.words[1 : self.respondent]

    def parent_code(self, row: Row, place: int) -> str:
        """The parent a row names; empty for the whole, which only the level below it may leave unsaid.

        Raises:
            ProgramError: Nothing is said where something must be.
        """
        given = row.cells.get("parent_code", "")
        if not given and place > 1:
            raise row.fail(
                f"没有写 parent_code：{self.words[place]}须写上级的代码，直属{self.words[0]}的写“{self.words[0]}”"
            )
        return "" if given == self.words[0] else given


def load_levels(top: Node, words: tuple[str, ...], *, has_rows: bool, has_regions: bool) -> Levels:
    """``levels``, or today's words: the whole, who reports, and the unit of a row where there is one."""
    below = 1 if has_rows else 0
    if not words:
        if has_regions:
            raise top.fail("有 regions.csv 的，须写 levels：从上到下各级叫什么，如 [全国, 省, 市, 县, 乡镇]")
        words = LEVELS if has_rows else LEVELS[:-1]
    if not 2 + below <= len(words) <= _MOST_LEVELS:
        lowest = "填报单位、各行的单位" if has_rows else "填报单位"
        raise top.fail(f"levels 应有{2 + below}到{_MOST_LEVELS}级：从全局到{lowest}", "levels")
    return Levels(words=words, respondent=len(words) - 1 - below)


def read_respondents(path: Path) -> list[Row]:
    """Rows of ``prefectures.csv``; some columns may be left out. Of one that was renamed there are several."""
    header = next(csv.reader(io.StringIO(decode(path), newline="")), [])
    optional = [name for name in _OPTIONAL_COLUMNS if name in header]
    return read_csv(path, (*_RESPONDENT_COLUMNS, *optional), None if _RENAMED in header else "code")


def load_regions(path: Path, levels: Levels) -> tuple[Region, ...]:
    """The regions in the order of the file; none where there is no file.

    Raises:
        ProgramError: The first fault, naming file and line: an unknown level or parent, a cycle, a parent that is not
            above, an orphan.
    """
    if not path.exists():
        return ()
    rows = {row["code"]: row for row in read_csv(path, _REGION_COLUMNS, "code")}
    regions = {code: _region(row, levels) for code, row in rows.items()}
    for code, region in regions.items():
        parent = _parent(rows[code], region.parent_code, regions)
        if parent and levels.words.index(parent.level) >= levels.words.index(region.level):
            raise rows[code].fail(_not_above(region, parent, regions))
    return tuple(regions.values())


def _region(row: Row, levels: Levels) -> Region:
    level = row["level"]
    if level not in levels.between:
        allowed = "、".join(levels.between) or "没有：填报单位直属全局"
        raise row.fail(f"level 的值“{level}”不在允许的范围（{allowed}）{nearest(level, levels.between)}")
    if not _REGION_CODE.fullmatch(row["code"]) or not row["name"] or not row["short_name"]:
        raise row.fail("code 应为20位以内的数字或字母，name、short_name 不能空")
    place = levels.words.index(level)
    return Region(
        code=row["code"],
        name=row["name"],
        short_name=row["short_name"],
        level=level,
        parent_code=levels.parent_code(row, place),
    )


def _parent(row: Row, code: str, regions: Mapping[str, Region]) -> Region | None:
    if code and code not in regions:
        raise row.fail(f"parent_code {code} 不在 regions.csv 中")
    return regions.get(code)


def _not_above(region: Region, parent: Region, regions: Mapping[str, Region]) -> str:
    """Why a parent cannot be one: it is below its own child, or not above it."""
    chain, above = [region.code], regions.get(parent.code)
    while above and above.code not in chain:
        chain.append(above.code)
        above = regions.get(above.parent_code)
    if above and above.code == region.code:
        return f"上级转了一圈又是自己：{'→'.join((*chain, region.code))}"
    return f"上级 {parent.code} 是{parent.level}，{region.name}是{region.level}：上级应高于本级"


def load_respondents(
    rows: Iterable[Row], regions: Iterable[Region], levels: Levels, *, alone: bool
) -> tuple[Prefecture, ...]:
    """Those who return a workbook, each under its region.

    Args:
        rows: Of ``prefectures.csv``.
        regions: What there is above.
        levels: What the levels are called.
        alone: They have nobody below them.
    """
    by_code, found = {region.code: region for region in regions}, dict[str, list[Prefecture]]()
    for row in rows:
        parent = levels.parent_code(row, levels.respondent)
        _parent(row, parent, by_code)
        until = row.parse(_RENAMED, date.fromisoformat, "日期（如2023-05-01）") if row.cells.get(_RENAMED) else None
        spells = found.setdefault(row["code"], [])
        before = spells[-1] if spells else None
        if before and (before.valid_until is None or (until and until <= before.valid_until)):
            raise row.fail(f"code {row['code']} 有几行：按先后排列，前面各行写 valid_until（用到哪一天），最后一行不写")
        if before and before.parent_code != parent:
            raise row.fail(f"code {row['code']} 各行的 parent_code 应相同")
        spells.append(
            Prefecture(
                code=row["code"],
                name=row["name"],
                short_name=row["short_name"],
                parent_code=parent,
                alone=alone,
                valid_until=until,
            )
        )
    for code, spells in found.items():
        if spells[-1].valid_until:
            raise ProgramError(f"prefectures.csv：{spells[-1].name}（{code}）最后一行不写 valid_until，那是现在的名称")
    return tuple(some[-1] if len(some) == 1 else replace(some[-1], spells=tuple(some)) for some in found.values())


def _manned(regions: Iterable[Region], respondents: Iterable[Prefecture]) -> set[str]:
    """Codes of the regions that somebody below reports to."""
    parents = {region.code: region.parent_code for region in regions}
    manned: set[str] = set()
    for respondent in respondents:
        code = respondent.parent_code
        while code and code not in manned:
            manned.add(code)
            code = parents[code]
    return manned


def check_places(regions: Iterable[Region], respondents: Iterable[Prefecture], counties: Iterable[County]) -> None:
    """Each code is one unit, at whatever level; each region has somebody below it who reports.

    Raises:
        ProgramError: The first that is not so.
    """
    where: dict[str, str] = {}
    regions, respondents = tuple(regions), tuple(respondents)
    named = (("regions.csv", regions), ("prefectures.csv", respondents), ("counties.csv", tuple(counties)))
    for file, units in named:
        for unit in units:
            if unit.code in where:
                raise ProgramError(f"{file}：code {unit.code}（{unit.name}）重复，{where[unit.code]}已有")
            where[unit.code] = file
    manned = _manned(regions, respondents)
    for region in regions:
        if region.code not in manned:
            raise ProgramError(f"regions.csv：{region.name}（{region.code}）下面没有填报单位")


def check_rows(forms: Iterable[Form]) -> None:
    """What forms ask of a program without units below the respondents.

    Raises:
        ProgramError: A form that has a row for each of such units, or asks for one of them.
    """
    for form in forms:
        if form.rows is Rows.COUNTY:
            raise ProgramError(
                f"counties.csv：一个单位也没有，而表 {form.code} 一行一个（rows: county）；"
                "填报单位只报自己的，各表写 rows: prefecture 或 list"
            )
        asking = [field.code for field in form.fields if field.type is FieldType.COUNTY]
        if asking:
            raise ProgramError(f"forms/{form.code}.yaml：{asking[0]} 是 county 类指标，而 counties.csv 一个单位也没有")
