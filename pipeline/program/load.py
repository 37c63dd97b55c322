"""``program/`` → :class:`Program`, strictly: unknown keys, duplicates and dangling references are errors with a line."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.errors import ProgramError
from pipeline.program.calendar import Calendar
from pipeline.program.counties import load_counties
from pipeline.program.forms import NUMBER, Seen, load_form, load_window
from pipeline.program.model import (
    Action,
    Bulletin,
    Contact,
    Duty,
    Field,
    Form,
    FundingLine,
    Milestone,
    Period,
    Program,
    Rows,
    Window,
)
from pipeline.program.regions import (
    check_places,
    check_rows,
    load_levels,
    load_regions,
    load_respondents,
    read_respondents,
)
from pipeline.program.strict import Node, finished, nearest, read_csv, read_yaml
from pipeline.program.systems import check_systems, load_systems

if TYPE_CHECKING:
    from pathlib import Path

PERIOD_CODE = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
MOST_WORKDAYS, MOST_DAYS = 60, timedelta(days=100)


def load_program(folder: Path) -> Program:
    """Read and check the whole campaign definition.

    Args:
        folder: The ``program/`` folder.

    Raises:
        ProgramError: The first fault found, naming file, line and what is allowed.
    """
    top = read_yaml(folder / "program.yaml")
    calendar = load_calendar(folder)
    window = load_window(_need(top.node("window")))
    rule = _need(top.node("due_rule"))
    workdays_after = rule.take("working_days_after", int)
    if not 0 <= workdays_after <= MOST_WORKDAYS:
        raise rule.fail(f"working_days_after 应在0到{MOST_WORKDAYS}之间", "working_days_after")
    rule.done()
    respondents, above = read_respondents(folder / "prefectures.csv"), folder / "regions.csv"
    counties = load_counties(folder / "counties.csv", {row["code"] for row in respondents}, apart=above.exists())
    levels = load_levels(top, has_rows=bool(counties), has_regions=above.exists())
    regions = load_regions(above, levels)
    prefectures = load_respondents(respondents, regions, levels, alone=not counties)
    check_places(regions, prefectures, counties)
    actions = tuple(_action(node) for node in _unique(top.nodes("actions"), "no", int))
    seen: Seen = {}
    forms = tuple(load_form(folder / "forms" / f"{action.form}.yaml", action, window, seen) for action in actions)
    forms += tuple(load_form(folder / "forms" / f"{code}.yaml", None, window, seen) for code in top.strings("sheets"))
    _check_forms_used(folder, forms)
    if not counties:
        check_rows(forms)
    if not re.fullmatch(r"[A-Za-z0-9_]{1,20}", str(top.take("code", str))):
        raise top.fail("code 只能用字母、数字和下划线，最多20个", "code")
    named: dict[str, Any] = {key: top.take(key, str) for key in
                             ("code", "title", "short_title", "organizer", "office", "region", "unit_suffix", "notice")}  # fmt: skip
    named |= load_systems(top)
    program = Program(
        **named,
        notice_date=top.take("notice_date", date),
        window=window,
        periods=_periods(_unique(top.nodes("periods"), "code", str), calendar, workdays_after),
        actions=actions,
        forms=forms,
        prefectures=prefectures,
        counties=counties,
        contacts=_contacts(folder / "contacts.csv", {c.code for c in counties}),
        milestones=tuple(_milestone(n) for n in _unique(top.nodes("milestones"), "code", str)),
        duties=tuple(_duty(n) for n in _unique(top.nodes("duties"), "code", str)),
        funding=tuple(_funding(n, {i.no for f in forms for i in f.items}, {a.no for a in actions})
                      for n in _unique(top.nodes("funding"), "code", str)),
        bulletin=_bulletin(_need(top.node("bulletin"))),
        levels=levels.words,
        regions=regions,
    )  # fmt: skip
    top.done()
    last = program.periods[-1]
    program = replace(program, counties=program.roster_in(last), other_counties=program.others_in(last))
    _check_references(program, folder)
    return program


def load_calendar(folder: Path) -> Calendar:
    """The official calendar with the overrides of ``workdays.csv``."""
    rows = read_csv(folder / "workdays.csv", ("date", "is_workday", "name"), "date")
    days = {}
    for row in rows:
        if row["is_workday"] not in {"0", "1"}:
            raise row.fail(f"is_workday 的值“{row['is_workday']}”不对，应为 1（上班）或 0（休息）")
        days[row.parse("date", date.fromisoformat, "日期（如2027-10-01）")] = row["is_workday"] == "1"
    return Calendar(overrides=days)


def _need(node: Node | None) -> Node:
    if node is None:
        raise ProgramError("program.yaml：缺少必需的内容")
    return node


def _unique(nodes: list[Node], key: str, kind: type) -> list[Node]:
    seen: dict[Any, int] = {}
    for node in nodes:
        value = node.take(key, kind)
        if value in seen:
            raise node.fail(f"{key} {value} 重复，第{seen[value]}行已有", key)
        seen[value] = node.line(key)
    return nodes


def _periods(nodes: list[Node], calendar: Calendar, workdays_after: int) -> tuple[Period, ...]:
    periods: list[Period] = []
    for no, node in enumerate(nodes, 1):
        window = Window(start=node.take("start", date), end=node.take("end", date))
        code, title, due = node.take("code", str), node.take("title", str), node.take("due", date, None)
        node.done()
        if not PERIOD_CODE.fullmatch(code) or code != window.end.isoformat()[:7]:
            raise node.fail(f"报送期代码 {code} 应为结束月份 {window.end.isoformat()[:7]}", "code")
        if periods and window.start > periods[-1].end + timedelta(days=1):
            raise node.fail(f"报送期 {code} 与上一期之间有空档（上一期止于 {periods[-1].end}）", "start")
        if window.end < window.start or (periods and window.start <= periods[-1].end):
            raise node.fail(f"报送期 {code} 的起止日颠倒，或与上一期重叠", "start")
        if due and not window.end <= due <= window.end + MOST_DAYS:
            raise node.fail(f"due {due} 应在报送期结束（{window.end}）以后，{MOST_DAYS.days}天以内", "due")
        due_on, provisional = (due, False) if due else calendar.add_workdays(window.end, workdays_after)
        periods.append(Period(code=code, no=no, start=window.start, end=window.end, title=title,
                              due_on=due_on, provisional=provisional))  # fmt: skip
    if not periods:
        raise ProgramError("program.yaml：periods 一期也没有")
    return tuple(periods)


def _action(node: Node) -> Action:
    action = Action(no=node.take("no", int), title=node.take("title", str),
                    short_title=node.take("short_title", str), form=node.take("form", str))  # fmt: skip
    node.done()
    return action


def _contacts(path: Path, counties: set[str]) -> tuple[Contact, ...]:
    contacts = []
    for row in read_csv(path, ("seq", "unit_id", "unit", "title", "level", "county_code", "valid_from", "note"), "seq"):
        if row["county_code"] not in counties:
            raise row.fail(f"county_code {row['county_code']} 不在 counties.csv 中")
        contacts.append(Contact(unit_id=row["unit_id"], unit=row["unit"], title=row["title"], level=row["level"],
                                county_code=row["county_code"],
                                valid_from=row.parse("valid_from", date.fromisoformat, "日期（如2022-10-26）")))  # fmt: skip
    return tuple(contacts)


def _milestone(node: Node) -> Milestone:
    return finished(node, Milestone(
        code=node.take("code", str),
        phase=node.take("phase", str),
        who=node.take("who", str),
        deliverable=node.take("deliverable", str),
        start=node.take("start", date, None),
        due=node.take("due", date, None),
        expected=node.take("expected", int, None),
        basis=node.take("basis", str),
        reading=node.take("reading", str, ""),
    ))  # fmt: skip


def _duty(node: Node) -> Duty:
    return finished(node, Duty(
        code=node.take("code", str),
        title=node.take("title", str),
        who=node.take("who", str),
        to=node.take("to", str, ""),
        frequency=node.take("frequency", str),
        expected=node.take("expected", int, None),
        basis=node.take("basis", str),
        reading=node.take("reading", str, ""),
    ))  # fmt: skip


def _funding(node: Node, items: set[int], actions: set[int]) -> FundingLine:
    def amount(key: str) -> Decimal | None:
        value = node.take(key, NUMBER, None)
        return None if value is None else Decimal(str(value))

    line = FundingLine(
        code=node.take("code", str),
        action=node.take("action", int),
        items=tuple(node.take("items", list)),
        amount_wan=amount("amount_wan"),
        per_unit_wan=amount("per_unit_wan"),
        units=node.take("units", int, None),
        instalments=node.take("instalments", int, None),
        match_ratio=node.take("match_ratio", str, ""),
        basis=node.take("basis", str),
        reading=node.take("reading", str, ""),
    )
    if line.action not in actions:
        raise node.fail(f"action {line.action} 不存在", "action")
    for item in line.items:
        if item not in items:
            raise node.fail(f"任务 {item} 不存在", "items")
    return finished(node, line)


def _bulletin(node: Node) -> Bulletin:
    return finished(node, Bulletin(
        number_from=node.take("number_from", int),
        report_to=node.take("report_to", str),
        send_to=node.take("send_to", str),
        issue_to=node.take("issue_to", str),
        copies=node.take("copies", int),
    ))  # fmt: skip


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
        for one in form.fields:
            if one.serves and one.serves not in served:
                raise ProgramError(f"forms/{form.code}.yaml：{one.code} 的 serves“{one.serves}”不是里程碑、报送事项或"
                                   f"资金项目的代码{nearest(one.serves, served)}")  # fmt: skip
            _check_shows(program, form, one, asked)
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


def _check_shows(program: Program, form: Form, one: Field, asked: list[str]) -> None:
    """A column that repeats another repeats one that there is, for as long as it is there."""
    if not one.shows:
        return
    if one.shows not in asked or form.rows is not Rows.COUNTY:
        raise ProgramError(f"forms/{form.code}.yaml：{one.code} 的 shows 须是行动表的指标{nearest(one.shows, asked)}")
    shown = program.field_by_code[one.shows].counts_until
    if shown and shown < (one.counts_until or date.max):
        raise ProgramError(f"forms/{form.code}.yaml：{one.code} 的 shows 用到的 {one.shows} 停用在先")
