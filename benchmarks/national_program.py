"""A campaign of the whole country, of any size: units with real-looking codes and invented names, three forms, their rules."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.checks import scaffold
from pipeline.workspace.paths import Workspace
from pipeline.workspace.starter import create_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PROVINCES = (
    ("11", "北京市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
    ("12", "天津市"),
    ("31", "上海市"),
    ("50", "重庆市"),
)
DIRECT = frozenset({"11", "12", "31", "50"})  # 直辖市: their counties belong to them directly
LEVELS = ("全国", "省（区、市）", "市（州）", "县（市、区）", "乡镇（街道）")
MOST = 99  # units below one, of codes with two digits

TOP = """code: NATION2025
title: 全国基层工会建设专项工作（虚构）
short_title: 基层工会建设
organizer: 全国总工会
office: 专项工作办公室
region: 全国
unit_suffix: 工会
notice: 《关于开展基层工会建设专项工作的通知》（虚构）
notice_date: 2024-12-20
window: {start: 2025-01-01, end: 2025-12-31}
due_rule: {working_days_after: 5}
periods:
  - {code: 2025-02, start: 2025-01-01, end: 2025-02-28, title: 2025年1—2月}
  - {code: 2025-04, start: 2025-03-01, end: 2025-04-30, title: 2025年3—4月}
bulletin: {number_from: 1, report_to: 书记处, send_to: 各部门, issue_to: 各级工会, copies: 10}
actions:
  - {no: 1, title: 基层组织建设行动, short_title: 组织建设, form: GZ}
milestones: []
duties: []
funding: []
sheets: [WT, JF]
"""
ACTION = """form: GZ
version: 1
action: 1
title: 基层组织建设行动
sheet: 1.组织建设
rows: ROWS
items:
  - no: 1
    title: 宣传宣讲
    fields:
      - {code: GZ1-1, title: 宣讲活动场次, type: count, unit: 场, accumulation: cumulative}
      - {code: GZ1-2, title: 参加职工人次, type: count, unit: 人次, accumulation: cumulative}
      - {code: GZ1-3, title: 是否制定方案, type: yesno}
      - {code: GZ1-4, title: 方案印发日期, type: date, required_if: GZ1-3}
    quantities:
      - {code: GZ1-1, title: 宣讲活动场次, unit: 场, value: GZ1-1, target: {at_least: 4}, basis: 每单位不少于4场}
  - no: 2
    title: 组建工会
    fields:
      - {code: GZ2-d, title: 企业总数, type: count, unit: 家, accumulation: stock, nil_must_be_given: true}
      - {code: GZ2-n, title: 已建会企业数, type: count, unit: 家, accumulation: stock}
      - {code: GZ2-1, title: 工会主席配备, type: choice, options: [专职, 兼职, 空缺]}
      - {code: GZ2-2, title: 新就业形态会员数, type: count, unit: 人, accumulation: stock, not_applicable: true}
    quantities:
      - {code: GZ2, title: 建会率, unit: "%", numerator: GZ2-n, denominator: GZ2-d, target: {at_least: 80}, basis: 建会率不低于80%}
  - no: 3
    title: 阵地和服务
    fields:
      - {code: GZ3-1, title: 阵地功能, type: checklist, options: [学习, 活动, 维权, 帮扶]}
      - {code: GZ3-2, title: 服务支出, type: amount, unit: 万元, accumulation: cumulative}
      - {code: GZ3-3, title: 帮扶职工人次, type: count, unit: 人次, accumulation: cumulative}
      - {code: GZ3-4, title: 工作特色, type: text, max: 60, required: false}
    quantities:
      - {code: GZ3-3, title: 帮扶职工人次, unit: 人次, value: GZ3-3, target: {at_least: 20}, basis: 每单位不少于20人次}
"""
PROBLEMS = """form: WT
version: 1
kind: problems
title: 基层反映问题台账
sheet: 2.问题台账
rows: list
carry: true
same_by: [WT-2]
closing: {field: WT-4, values: [已办结]}
items:
  - no: 1
    label: 通知第三条
    title: 问题和办理
    fields:
COUNTY      - {code: WT-2, title: 问题内容, type: text, min: 6, max: 100, role: problem}
      - {code: WT-3, title: 计划办结日期, type: date, future: true, role: due_on}
      - {code: WT-4, title: 办理状态, type: choice, options: [办理中, 已办结], role: status}
"""
FUNDS = """form: JF
version: 1
kind: funding
title: 专项经费
sheet: 3.专项经费
rows: prefecture
items:
  - no: 1
    label: 通知第四条
    title: 收支
    fields:
      - {code: JF-1, title: 到位经费, type: amount, unit: 万元, accumulation: cumulative, role: received}
      - {code: JF-2, title: 支出经费, type: amount, unit: 万元, accumulation: cumulative, role: spent}
      - {code: JF-3, title: 使用说明, type: text, min: 4, max: 80}
"""
ASKED_COUNTY = "      - {code: WT-1, title: 在哪个乡镇, type: county, role: county}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A unit of the country; ``level`` is its place in :data:`LEVELS`."""

    code: str
    name: str
    level: int
    parent: str


def make_program(
    folder: Path,
    provinces: int = 31,
    prefectures: int = 333,
    counties: int = 2843,
    townships: int = 40_000,
    respondents: str = "township",
) -> Workspace:
    """A workspace with a campaign of the whole country, its rules as drafted, nothing received.

    Args:
        folder: A new folder.
        provinces: At most 31.
        prefectures: Spread over the provinces that are no 直辖市.
        counties: Spread over prefectures and 直辖市.
        townships: Spread over the counties; whoever has nobody below is left out.
        respondents: ``township``: each township returns a workbook about itself. ``county``: each county does, its
            townships are the rows.
    """
    places = country(provinces, prefectures, counties, townships)
    own = respondents == "township"
    create_workspace(folder)
    for name in ("program", "expectations", "templates/xlsx"):
        shutil.rmtree(folder / name)
        (folder / name).mkdir()
    program = folder / "program"
    _write(program / "program.yaml", f"{TOP}levels: [{', '.join(LEVELS)}]\n")
    _write_units(program, places, len(LEVELS) - 1 if own else len(LEVELS) - 2)
    (program / "forms").mkdir()
    _write(program / "forms" / "GZ.yaml", ACTION.replace("ROWS", "prefecture" if own else "county"))
    _write(program / "forms" / "WT.yaml", PROBLEMS.replace("COUNTY", "" if own else ASKED_COUNTY))
    _write(program / "forms" / "JF.yaml", FUNDS)
    scaffold.draft(program, folder / "expectations")
    return Workspace(root=folder)


def country(provinces: int, prefectures: int, counties: int, townships: int) -> tuple[Place, ...]:
    """Provinces, prefectures, counties and townships; of each only those with a township below."""
    top = [Place(code=f"{code}0000", name=name, level=1, parent="") for code, name in PROVINCES[:provinces]]
    direct = [one for one in top if one.code[:2] in DIRECT]
    second = _spread([one for one in top if one not in direct], prefectures, 2, "市")
    third = _spread([*direct, *second], counties, 3, "县")
    lowest = _spread(third, townships, 4, "镇")
    parents = {one.code: one.parent for one in (*top, *second, *third, *lowest)}
    manned = {one.parent for one in lowest}
    for _ in LEVELS:
        manned |= {parents[code] for code in manned if code}
    return tuple(one for one in (*top, *second, *third, *lowest) if one.level == len(LEVELS) - 1 or one.code in manned)


def _spread(parents: list[Place], count: int, level: int, kind: str) -> list[Place]:
    """``count`` units dealt out to their parents in turn."""
    first = {2: "甲", 3: "乙", 4: "丙"}[level]
    made = []
    for n in range(count):
        above, no = parents[n % len(parents)], n // len(parents) + 1
        if level < len(LEVELS) - 1 and no > MOST:
            raise ValueError(f"{above.name}：下级超过{MOST}个，代码排不下")
        made.append(
            Place(code=_code(above, level, no), name=f"{first}{kind}{n + 1:05d}", level=level, parent=above.code)
        )
    return sorted(made, key=lambda one: one.code)


def _code(above: Place, level: int, no: int) -> str:
    """As GB/T 2260 and 10114 build them: two digits a level, three for a township."""
    if level == len(LEVELS) - 1:
        return f"{above.code}{no:03d}"
    kept = above.code[: 2 * above.level].ljust(2 * (level - 1), "0")
    return f"{kept}{no:02d}".ljust(6, "0")


def _write_units(program: Path, places: Iterable[Place], respondents: int) -> None:
    """The three lists of units; ``respondents`` is the level of those who return a workbook."""
    some = tuple(places)
    _write_csv(
        program / "regions.csv",
        ("code", "name", "short_name", "level", "parent_code"),
        ((one.code, one.name, one.name, LEVELS[one.level], one.parent) for one in some if one.level < respondents),
    )
    _write_csv(
        program / "prefectures.csv",
        ("code", "name", "short_name", "parent_code"),
        ((one.code, one.name, one.name, one.parent) for one in some if one.level == respondents),
    )
    head = ("code", "name", "short_name", "prefecture_code", "kind", "aliases", "townships", "tile_row", "tile_col")
    _write_csv(
        program / "counties.csv",
        head,
        (
            (one.code, one.name, one.name, one.parent, "", "", "0", str(n // 17), str(n % 17))
            for n, one in enumerate(one for one in some if one.level > respondents)
        ),
    )
    _write_csv(
        program / "contacts.csv", ("seq", "unit_id", "unit", "title", "level", "county_code", "valid_from", "note"), ()
    )
    _write_csv(program / "workdays.csv", ("date", "is_workday", "name"), ())


def _write_csv(path: Path, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    _write(path, out.getvalue())


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
