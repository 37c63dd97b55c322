"""``program/`` → :class:`Program`, strictly: unknown keys, duplicates and dangling references are errors with a line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipeline.program.calendar import Calendar
from pipeline.program.counties import load_counties
from pipeline.program.forms import Seen, check_window, load_form, plain_values
from pipeline.program.model import Contact, Field, Form, Notice, Period, Program, Rows, Strand
from pipeline.program.regions import (
    check_places,
    check_rows,
    load_levels,
    load_regions,
    load_respondents,
    read_respondents,
)
from pipeline.program.strict import Node, nearest, read_csv, read_yaml
from pipeline.program.systems import check_systems
from pipeline.system.errors import ProgramError

if TYPE_CHECKING:
    from pathlib import Path

_PERIOD_CODE = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_MOST_CHANCE = 50  # per cent: more is no statement
MOST_WORKDAYS, MOST_DAYS = 60, timedelta(days=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DueRule:
    """When a return is due, of a period that does not say it itself."""

    working_days_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _PeriodEntry:
    """A period as it is written."""

    code: str
    start: date
    end: date
    title: str
    due: date | None = None


@dataclass(frozen=True, kw_only=True)
class _ProgramFile(Notice):
    """``program.yaml`` as it is written."""

    due_rule: _DueRule
    periods: tuple[_PeriodEntry, ...]
    sheets: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    measures: tuple[Strand, ...] = ()


def load_program(folder: Path) -> Program:
    """Read and check the whole campaign definition.

    Args:
        folder: The ``program/`` folder.

    Raises:
        ProgramError: The first fault found, naming file, line and what is allowed.
    """
    top, said = read_yaml(folder / "program.yaml", _ProgramFile)
    calendar = load_calendar(folder)
    check_window(top.under("window"), said.window)
    if not 0 <= said.due_rule.working_days_after <= MOST_WORKDAYS:
        raise top.under("due_rule").fail(f"working_days_after 应在0到{MOST_WORKDAYS}之间", "working_days_after")
    for key, most in (("coverage", 100), ("chance", _MOST_CHANCE)):
        if not 0 < getattr(said.bulletin, key) <= most:
            raise top.under("bulletin").fail(f"{key} 是百分数，应大于0、不大于{most}", key)
    respondents, above = read_respondents(folder / "prefectures.csv"), folder / "regions.csv"
    counties = load_counties(folder / "counties.csv", {row["code"] for row in respondents}, apart=above.exists())
    levels = load_levels(top, said.levels, has_rows=bool(counties), has_regions=above.exists())
    regions = load_regions(above, levels)
    prefectures = load_respondents(respondents, regions, levels, alone=not counties)
    check_places(regions, prefectures, counties)
    for key, named in (("actions", "no"), *((key, "code") for key in ("periods", "milestones", "duties", "funding"))):
        _unique(top.each(key), named, [getattr(entry, named) for entry in getattr(said, key)])
    seen: Seen = {}
    forms = tuple(
        load_form(folder / "forms" / f"{code}.yaml", action, said.window, seen)
        for code, action in (*((one.form, one) for one in said.actions), *((code, None) for code in said.sheets))
    )
    row = said.wording.row_of(levels.words[-1])
    forms = tuple(_spoken(form, row, levels.words[-2:][0]) for form in forms)
    _check_forms_used(folder, forms)
    if not counties:
        check_rows(forms)
    if not re.fullmatch(r"[A-Za-z0-9_]{1,20}", said.code):
        raise top.fail("code 只能用字母、数字和下划线，最多20个", "code")
    _check_funding(top, said, {item.no for form in forms for item in form.items})
    as_written = plain_values(said, but={"due_rule", "measures", "sheets", "periods", "levels"})
    program = Program(
        **as_written,
        periods=_periods(top.each("periods"), said.periods, calendar, said.due_rule.working_days_after),
        strands=said.measures,
        forms=forms,
        prefectures=prefectures,
        counties=counties,
        contacts=_contacts(folder / "contacts.csv", {c.code for c in counties}),
        levels=levels.words,
        regions=regions,
    )
    last = program.periods[-1]
    program = replace(program, counties=program.roster_in(last), other_counties=program.others_in(last))
    _check_references(program, folder)
    return program


def _spoken(form: Form, row: str, respondent: str) -> Form:
    """A form whose columns ask for a county of a prefecture in the words of the campaign."""
    fields = (tuple(replace(f, row_word=row, respondent_word=respondent) for f in item.fields) for item in form.items)
    return replace(form, items=tuple(replace(item, fields=some) for item, some in zip(form.items, fields, strict=True)))


def load_calendar(folder: Path) -> Calendar:
    """The official calendar with the overrides of ``workdays.csv``."""
    rows = read_csv(folder / "workdays.csv", ("date", "is_workday", "name"), "date")
    days = {}
    for row in rows:
        if row["is_workday"] not in {"0", "1"}:
            raise row.fail(f"is_workday 的值“{row['is_workday']}”不对，应为 1（上班）或 0（休息）")
        days[row.parse("date", date.fromisoformat, "日期（如2027-10-01）")] = row["is_workday"] == "1"
    return Calendar(overrides=days)


def _unique(nodes: list[Node], key: str, values: list[object]) -> None:
    seen: dict[object, int] = {}
    for node, value in zip(nodes, values, strict=True):
        if value in seen:
            raise node.fail(f"{key} {value} 重复，第{seen[value]}行已有", key)
        seen[value] = node.line(key)


def _periods(
    nodes: list[Node], entries: tuple[_PeriodEntry, ...], calendar: Calendar, workdays_after: int
) -> tuple[Period, ...]:
    periods: list[Period] = []
    for node, entry in zip(nodes, entries, strict=True):
        if not _PERIOD_CODE.fullmatch(entry.code) or entry.code != entry.end.isoformat()[:7]:
            raise node.fail(f"报送期代码 {entry.code} 应为结束月份 {entry.end.isoformat()[:7]}", "code")
        if periods and entry.start > periods[-1].end + timedelta(days=1):
            raise node.fail(f"报送期 {entry.code} 与上一期之间有空档（上一期止于 {periods[-1].end}）", "start")
        if entry.end < entry.start or (periods and entry.start <= periods[-1].end):
            raise node.fail(f"报送期 {entry.code} 的起止日颠倒，或与上一期重叠", "start")
        if entry.due and not entry.end <= entry.due <= entry.end + MOST_DAYS:
            raise node.fail(f"due {entry.due} 应在报送期结束（{entry.end}）以后，{MOST_DAYS.days}天以内", "due")
        due_on, provisional = (entry.due, False) if entry.due else calendar.add_workdays(entry.end, workdays_after)
        no = len(periods) + 1
        periods.append(Period(no=no, due_on=due_on, provisional=provisional, **plain_values(entry, but={"due"})))
    if not periods:
        raise ProgramError("program.yaml：periods 一期也没有")
    return tuple(periods)


def _contacts(path: Path, counties: set[str]) -> tuple[Contact, ...]:
    contacts = []
    for row in read_csv(path, ("seq", "unit_id", "unit", "title", "level", "county_code", "valid_from", "note"), "seq"):
        if row["county_code"] not in counties:
            raise row.fail(f"county_code {row['county_code']} 不在 counties.csv 中")
        contacts.append(
            Contact(
                unit_id=row["unit_id"],
                unit=row["unit"],
                title=row["title"],
                level=row["level"],
                county_code=row["county_code"],
                valid_from=row.parse("valid_from", date.fromisoformat, "日期（如2022-10-26）"),
            )
        )
    return tuple(contacts)


def _check_funding(top: Node, said: _ProgramFile, items: set[int]) -> None:
    for node, line in zip(top.each("funding"), said.funding, strict=True):
        if line.action not in {action.no for action in said.actions}:
            raise node.fail(f"action {line.action} 不存在", "action")
        for item in line.items:
            if item not in items:
                raise node.fail(f"任务 {item} 不存在", "items")


def _check_forms_used(folder: Path, forms: tuple[Form, ...]) -> None:
    used = {form.code for form in forms}
    for path in sorted((folder / "forms").glob("*.yaml")):
        if path.stem not in used:
            raise ProgramError(f"forms/{path.name} 第1行：没有引用这张表（program.yaml 的 actions 或 sheets）")


def _check_references(program: Program, folder: Path) -> None:
    for quantity in program.quantities:
        if quantity.province and quantity.province.field not in program.field_by_code:
            wanted = nearest(quantity.province.field, list(program.field_by_code))
            raise ProgramError(
                f"forms：{quantity.code} 的 province 引用了不存在的指标 {quantity.province.field}{wanted}"
            )
    served = [
        *(m.code for m in program.milestones),
        *(d.code for d in program.duties),
        *(f.code for f in program.funding),
    ]
    asked = [f.code for form in program.action_forms for f in form.fields]
    for form in program.forms:
        for field in form.fields:
            if field.serves and field.serves not in served:
                raise ProgramError(
                    f"forms/{form.code}.yaml：{field.code} 的 serves“{field.serves}”不是里程碑、报送事项或"
                    f"资金项目的代码{nearest(field.serves, served)}"
                )
            _check_shows(program, form, field, asked)
    check_systems(program)
    for period in program.periods if program.has_rows else ():
        manned = {county.prefecture_code for county in program.roster_in(period)}
        for prefecture in program.prefectures:
            if prefecture.code not in manned:
                when = (
                    "" if program.county_by_code.keys() == {c.code for c in program.counties} else f"在{period.title}"
                )
                raise ProgramError(f"counties.csv：{prefecture.name}（{prefecture.code}）{when}一个县也没有")
    if program.periods[-1].end - program.window.end > timedelta(days=366):
        raise ProgramError(f"program.yaml：最后一期 {program.periods[-1].code} 远在专项工作窗口之后（{folder}）")


def _check_shows(program: Program, form: Form, field: Field, asked: list[str]) -> None:
    """A column that repeats another repeats one that there is, for as long as it is there."""
    if not field.shows:
        return
    if field.shows not in asked or form.rows is not Rows.COUNTY:
        raise ProgramError(
            f"forms/{form.code}.yaml：{field.code} 的 shows 须是行动表的指标{nearest(field.shows, asked)}"
        )
    shown = program.field_by_code[field.shows].counts_until
    if shown and shown < (field.counts_until or date.max):
        raise ProgramError(f"forms/{form.code}.yaml：{field.code} 的 shows 用到的 {field.shows} 停用在先")
