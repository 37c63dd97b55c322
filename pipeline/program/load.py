"""``program/`` → :class:`Program`, strictly: unknown keys, duplicates and dangling references are errors with a line."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.errors import ProgramError
from pipeline.program.calendar import Calendar
from pipeline.program.model import (
    NO,
    NONE_TICKED,
    NOT_APPLICABLE,
    Accumulation,
    Action,
    Bulletin,
    Contact,
    County,
    Duty,
    Field,
    FieldType,
    Form,
    FundingLine,
    Item,
    Milestone,
    Period,
    Prefecture,
    Program,
    ProvinceTarget,
    Quantity,
    Target,
    TargetKind,
    Window,
)
from pipeline.program.strict import Node, nearest, read_csv, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
Seen = dict[tuple[str, str], str]  # (what, value) → where it was first seen
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9]+)?")
PERIOD_CODE = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
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
NUMBER = (int, float)
SHEET_TITLE_LIMIT = 31
TITLE_LIMIT = 60
MOST_WORKDAYS = 60
VERSIONS = 10_000
OWN_SHEETS = ("填报说明", "自查", "_identity")


def load_program(folder: Path) -> Program:
    """Read and check the whole campaign definition.

    Args:
        folder: The ``program/`` folder.

    Raises:
        ProgramError: The first fault found, naming file, line and what is allowed.
    """
    top = read_yaml(folder / "program.yaml")
    calendar = load_calendar(folder)
    window = _window(_need(top.node("window")))
    rule = _need(top.node("due_rule"))
    workdays_after = rule.take("working_days_after", int)
    if not 0 <= workdays_after <= MOST_WORKDAYS:
        raise rule.fail(f"working_days_after 应在0到{MOST_WORKDAYS}之间", "working_days_after")
    rule.done()
    prefectures = _prefectures(folder / "prefectures.csv")
    counties = _counties(folder / "counties.csv", {p.code for p in prefectures})
    actions = tuple(_action(node) for node in _unique(top.nodes("actions"), "no", int))
    seen: Seen = {}
    forms = tuple(_form(folder / "forms" / f"{action.form}.yaml", action, window, seen) for action in actions)
    _check_forms_used(folder, forms)
    if not re.fullmatch(r"[A-Za-z0-9_]{1,20}", str(top.take("code", str))):
        raise top.fail("code 只能用字母、数字和下划线，最多20个", "code")
    program = Program(
        **{key: str(top.take(key, str)) for key in
           ("code", "title", "short_title", "organizer", "office", "region", "unit_suffix", "notice")},
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
        sources=tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())),
    )  # fmt: skip
    top.done()
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


def _window(node: Node) -> Window:
    window = Window(start=node.take("start", date), end=node.take("end", date))
    node.done()
    if window.end < window.start:
        raise node.fail(f"结束日 {window.end} 早于开始日 {window.start}")
    return window


def _periods(nodes: list[Node], calendar: Calendar, workdays_after: int) -> tuple[Period, ...]:
    periods: list[Period] = []
    for no, node in enumerate(nodes, 1):
        window = Window(start=node.take("start", date), end=node.take("end", date))
        code, title = node.take("code", str), node.take("title", str)
        node.done()
        if not PERIOD_CODE.fullmatch(code) or code != window.end.isoformat()[:7]:
            raise node.fail(f"报送期代码 {code} 应为结束月份 {window.end.isoformat()[:7]}", "code")
        if periods and window.start > periods[-1].end + timedelta(days=1):
            raise node.fail(f"报送期 {code} 与上一期之间有空档（上一期止于 {periods[-1].end}）", "start")
        if window.end < window.start or (periods and window.start <= periods[-1].end):
            raise node.fail(f"报送期 {code} 的起止日颠倒，或与上一期重叠", "start")
        due_on, provisional = calendar.add_workdays(window.end, workdays_after)
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


def _once(seen: Seen, node: Node, key: str, what: str, value: str) -> None:
    """Refuse a code that another file, or an earlier line, already uses."""
    if (what, value) in seen:
        raise node.fail(f"{what} {value} 重复，{seen[what, value]}已有", key)
    seen[what, value] = f"{node.path.name} 第{node.line(key)}行"


def _form(path: Path, action: Action, window: Window, seen: Seen) -> Form:
    node = read_yaml(path)
    code = node.take("form", str)
    if code != action.form or node.take("action", int) != action.no:
        raise node.fail(f"表 {code} 与 program.yaml 中行动{action.no}（表 {action.form}）不一致", "form")
    sheet = node.take("sheet", str)
    if not 0 < len(sheet) <= SHEET_TITLE_LIMIT or re.search(r"[\[\]:*?/\\']", sheet) or sheet in OWN_SHEETS:
        raise node.fail(
            f"工作表名“{sheet}”不能用：最多31字，不能含 [ ] : * ? / \\ '，不能与本程序自己的表重名", "sheet"
        )
    _once(seen, node, "sheet", "工作表名", sheet)
    items = tuple(_item(n, code, action.no, window, seen) for n in node.nodes("items"))
    version = node.take("version", int)
    if not 0 < version < VERSIONS:
        raise node.fail(f"version 应在1到{VERSIONS - 1}之间", "version")
    form = Form(code=code, version=version, action=action.no, title=node.take("title", str),
                sheet=sheet, items=items)  # fmt: skip
    node.done()
    return form


def _item(node: Node, form: str, action: int, window: Window, seen: Seen) -> Item:
    no = node.take("no", int)
    _once(seen, node, "no", "任务编号", str(no))
    fields = tuple(_field(n, form, no, seen) for n in node.nodes("fields"))
    codes = {f.code: f for f in fields}
    quantities = tuple(_quantity(n, no, action, window, codes, seen) for n in node.nodes("quantities"))
    item = Item(no=no, title=node.take("title", str), fields=fields, quantities=quantities)
    node.done()
    return item


def _field(node: Node, form: str, item: int, seen: Seen) -> Field:
    code = node.take("code", str)
    _once(seen, node, "code", "指标代码", code)
    _once(seen, node, "title", f"表 {form} 的列名", node.take("title", str))
    if not CODE.fullmatch(code):
        raise node.fail(f"指标代码“{code}”不能用：以字母开头，只含字母、数字和一个连字符", "code")
    kind = FieldType(node.word("type", tuple(FieldType)))
    accumulation = Accumulation(node.word("accumulation", tuple(Accumulation), "status"))
    is_count = kind is FieldType.COUNT
    options = node.strings("options")
    for option in options:
        if re.search(r"[、,，;；/\s]", option) or option in {NONE_TICKED, NOT_APPLICABLE}:
            raise node.fail(
                f"选项“{option}”不能用：不能含顿号、逗号、分号、斜杠或空格，也不能是“无”“不适用”", "options"
            )
    if len(node.take("title", str)) > TITLE_LIMIT:
        raise node.fail(f"{code} 的 title 超过{TITLE_LIMIT}字，请缩短", "title")
    if (kind in {FieldType.CHOICE, FieldType.CHECKLIST}) != bool(options):
        raise node.fail(f"{code}：choice 和 checklist 必须有 options，其他类型不能有", "code")
    required = node.take("required", bool, default=True)
    return _finished(node, Field(
        code=code,
        form=form,
        item=item,
        title=node.take("title", str),
        type=kind,
        unit=node.take("unit", str) if is_count else node.take("unit", str, ""),
        accumulation=accumulation,
        required=required,
        not_applicable=node.take("not_applicable", bool, default=False),
        options=options,
        counts_from=node.take("counts_from", date, None),
        nil_value=_nil_value(node, kind, required, options),
        max=node.take("max", int, None),
        reading=node.take("reading", str, ""),
    ))  # fmt: skip


def _nil_value(node: Node, kind: FieldType, required: bool, options: tuple[str, ...]) -> str | int | None:
    """What 本期无新进展 means in a first report: zero events and 否; a stock that serves as denominator must be given."""
    given = node.take("nil_value", (str, int), None)
    must_be_given = node.take("nil_must_be_given", bool, default=False)
    if must_be_given or not required:
        return None
    if given is not None:
        if kind is FieldType.CHOICE and given not in options:
            raise node.fail(f"nil_value“{given}”不在 options（{'、'.join(options)}）中", "nil_value")
        return str(given) if isinstance(given, str) else given
    if kind is FieldType.CHOICE:
        raise node.fail("choice 类指标须写明 nil_value（零报告时取哪个选项）", "code")
    defaults: dict[FieldType, str | int] = {FieldType.COUNT: 0, FieldType.YESNO: NO, FieldType.CHECKLIST: "无"}
    return defaults.get(kind)


def _quantity(node: Node, item: int, action: int, window: Window, fields: dict[str, Field], seen: Seen) -> Quantity:
    _once(seen, node, "code", "考核量代码", node.take("code", str))
    own_window = node.node("window", None)
    value, numerator, denominator = (node.take(k, str, None) for k in ("value", "numerator", "denominator"))
    for code in (value, numerator, denominator):
        if code is not None and code not in fields:
            raise node.fail(f"引用的指标 {code} 不在本任务的 fields 中{nearest(code, list(fields))}", "code")
    if (numerator is None) != (denominator is None) or (value and numerator):
        raise node.fail("或写 value，或同时写 numerator 和 denominator", "code")
    province = _province(node.node("province", None))
    if not (value or numerator or province):
        raise node.fail("没有来源：须有 value、numerator/denominator 或 province", "code")
    target = _target(node.node("target", None))
    _check_target(node, target, fields.get(value) if value else None)
    return _finished(node, Quantity(
        code=node.take("code", str),
        item=item,
        action=action,
        title=node.take("title", str),
        unit=node.take("unit", str),
        value=value,
        numerator=numerator,
        denominator=denominator,
        target=target,
        province=province,
        judged=node.take("judged", bool, default=True),
        window=_window(own_window) if own_window else window,
        deadline=node.take("deadline", date, None),
        applies_to=node.take("applies_to", str, ""),
        basis=node.take("basis", str),
        reading=node.take("reading", str, ""),
        ambiguous=node.take("ambiguous", bool, default=False),
    ))  # fmt: skip


def _finished(node: Node, value: T) -> T:
    node.done()
    return value


def _target(node: Node | None) -> Target | None:
    if node is None:
        return None
    if len(node.data) != 1:
        raise node.fail(f"target 只能有一项：{'、'.join(TargetKind)}")
    key = next(iter(node.data))
    if key not in tuple(TargetKind):
        raise node.fail(f"不认识的目标 {key}{nearest(str(key), tuple(TargetKind))}；允许：{'、'.join(TargetKind)}", key)
    kind = TargetKind(key)
    if kind is TargetKind.AT_LEAST:
        return Target(kind=kind, threshold=_positive(node, key))
    if node.take(key, bool) is not True:
        raise node.fail(f"{key} 只能为 true", key)
    return Target(kind=kind, threshold=Decimal(1))


def _positive(node: Node, key: str) -> Decimal:
    value = Decimal(str(node.take(key, NUMBER)))
    if not value.is_finite() or value <= 0:
        raise node.fail(f"{key} 的值“{value}”不对，目标应为正数", key)
    return value


def _check_target(node: Node, target: Target | None, source: Field | None) -> None:
    fits = {
        FieldType.COUNT: {TargetKind.AT_LEAST},
        FieldType.YESNO: {TargetKind.YES},
        FieldType.CHECKLIST: {TargetKind.ALL_OPTIONS, TargetKind.ANY_OPTION},
    }
    if target and source and target.kind not in fits.get(source.type, set()):
        raise node.fail(f"目标 {target.kind} 不能用于 {source.type} 类指标 {source.code}", "target")


def _province(node: Node | None) -> ProvinceTarget | None:
    if node is None:
        return None
    total, share = node.take("sum_of", str, None), node.take("share_of", str, None)
    if (total is None) == (share is None):
        raise node.fail("province 须有 sum_of（合计）或 share_of（达标县占比）之一")
    threshold = _positive(node, "at_least")
    return _finished(node, ProvinceTarget(field=str(total or share), is_share=share is not None, threshold=threshold))


def _prefectures(path: Path) -> tuple[Prefecture, ...]:
    rows = read_csv(path, ("code", "name", "short_name"), "code")
    return tuple(Prefecture(code=r["code"], name=r["name"], short_name=r["short_name"]) for r in rows)


def _counties(path: Path, prefectures: set[str]) -> tuple[County, ...]:
    counties, names = [], dict[str, str]()
    for row in read_csv(path, COUNTY_COLUMNS, "code"):
        if row["prefecture_code"] not in prefectures:
            raise row.fail(f"prefecture_code {row['prefecture_code']} 不在 prefectures.csv 中")
        if not re.fullmatch(r"\d{6,12}", row["code"]):
            raise row.fail(f"code“{row['code']}”不对，应为6位行政区划代码")
        county = County(
            code=row["code"],
            name=row["name"],
            short_name=row["short_name"],
            prefecture_code=row["prefecture_code"],
            aliases=tuple(a for a in row["aliases"].split(";") if a),
            townships=row.parse("townships", int, "整数"),
            tile_row=row.parse("tile_row", int, "整数"),
            tile_col=row.parse("tile_col", int, "整数"),
        )
        for name in dict.fromkeys(county.names):
            if not name or names.setdefault(name, county.code) != county.code:
                raise row.fail(f"县名“{name}”为空，或与 {names.get(name, '')} 相同：名称必须只指一个县")
        counties.append(county)
    return tuple(sorted(counties, key=lambda c: c.code))


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
    return _finished(node, Milestone(
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
    return _finished(node, Duty(
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
    return _finished(node, line)


def _bulletin(node: Node) -> Bulletin:
    return _finished(node, Bulletin(
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
            raise ProgramError(f"forms/{path.name} 第1行：没有行动引用这张表（program.yaml 的 actions）")


def _check_references(program: Program, folder: Path) -> None:
    for quantity in program.quantities:
        if quantity.province and quantity.province.field not in program.field_by_code:
            wanted = nearest(quantity.province.field, list(program.field_by_code))
            raise ProgramError(
                f"forms：{quantity.code} 的 province 引用了不存在的指标 {quantity.province.field}{wanted}"
            )
    for prefecture in program.prefectures:
        if not program.counties_of(prefecture.code):
            raise ProgramError(f"counties.csv：{prefecture.name}（{prefecture.code}）一个县也没有")
    if program.periods[-1].end - program.window.end > timedelta(days=366):
        raise ProgramError(f"program.yaml：最后一期 {program.periods[-1].code} 远在专项工作窗口之后（{folder}）")
