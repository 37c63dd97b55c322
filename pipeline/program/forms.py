"""``program/forms/*.yaml`` → forms: items, the fields officers fill and the quantities assessed from them."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.program.model import (
    NO,
    NONE_TICKED,
    NOT_APPLICABLE,
    ROLES,
    YES,
    Accumulation,
    Action,
    Closing,
    DatedTarget,
    ExpectedPath,
    Field,
    FieldType,
    Form,
    FormKind,
    Item,
    ProvinceTarget,
    Quantity,
    Rows,
    Target,
    TargetKind,
    Window,
)
from pipeline.program.strict import Node, nearest, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

Seen = dict[tuple[str, str], str]  # (what, value) → where it was first seen
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9]+)?")
NUMBERS = frozenset({FieldType.COUNT, FieldType.AMOUNT})
_TEXT_LIMIT = 2_000
_SHEET_TITLE_LIMIT = 31
_TITLE_LIMIT = 60
_VERSIONS = 10_000
# cover, self-check, hidden identity, and the two sheets of a returned copy: no form may be called so
OWN_SHEETS = ("填报说明", "自查", "_identity", "问题清单", "未采用的内容")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEntry:
    """A column as it is written; :class:`Field` says what its keys mean."""

    code: str
    title: str
    type: FieldType
    unit: str = ""
    accumulation: Accumulation = Accumulation.STATUS
    required: bool | None = None
    required_if: str = ""
    not_applicable: bool = False
    options: tuple[str, ...] = ()
    counts_from: date | None = None
    counts_until: date | None = None
    former: tuple[str, ...] = ()
    nil_value: str | int | None = None
    nil_must_be_given: bool = False
    min: int | None = None
    max: int | None = None
    future: bool = False
    increment: bool = False
    shows: str = ""
    role: str = ""
    serves: str = ""
    basis: str = ""
    reading: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TargetEntry:
    """A target as it is written: one of the kinds, with ``until`` where the target changes."""

    at_least: Decimal | None = None
    yes: bool | None = None
    all_options: bool | None = None
    any_option: bool | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProvinceEntry:
    """A target of the whole as it is written."""

    at_least: Decimal
    sum_of: str | None = None
    share_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityEntry:
    """A quantity as it is written."""

    code: str
    title: str
    unit: str
    basis: str
    value: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    target: _TargetEntry | None = None
    targets: tuple[_TargetEntry, ...] = ()
    province: _ProvinceEntry | None = None
    judged: bool = True
    window: Window | None = None
    deadline: date | None = None
    path: ExpectedPath = ExpectedPath.DUE
    path_reading: str = ""
    applies_to: str = ""
    reading: str = ""
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _ItemEntry:
    """A task, or a group of columns, as it is written."""

    no: int
    title: str
    fields: tuple[FieldEntry, ...]
    label: str | None = None
    quantities: tuple[QuantityEntry, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _FormFile:
    """``forms/*.yaml`` as it is written; ``action`` only of a form of an action, ``kind`` only of another."""

    form: str
    version: int
    title: str
    sheet: str
    items: tuple[_ItemEntry, ...]
    action: int | None = None
    kind: FormKind | None = None
    rows: Rows = Rows.COUNTY
    carry: bool = False
    confirm: bool = False
    closing: Closing | None = None
    same_by: tuple[str, ...] = ()


def plain_values(entry: Any, but: set[str]) -> dict[str, Any]:
    """Key → value of an entry, as they are written, for the keys that mean just that."""
    return {part.name: getattr(entry, part.name) for part in dataclasses.fields(entry) if part.name not in but}


def check_window(node: Node, window: Window) -> None:
    """A window does not end before it begins.

    Raises:
        ProgramError: It does.
    """
    if window.end < window.start:
        raise node.fail(f"结束日 {window.end} 早于开始日 {window.start}")


def _once(seen: Seen, node: Node, key: str, what: str, value: str) -> None:
    """Refuse a code that another file, or an earlier line, already uses."""
    if (what, value) in seen:
        raise node.fail(f"{what} {value} 重复，{seen[what, value]}已有", key)
    seen[what, value] = f"{node.path.name} 第{node.line(key)}行"


def load_form(path: Path, action: Action | None, window: Window, seen: Seen) -> Form:
    """One form file, strictly.

    Args:
        path: ``forms/A1.yaml``.
        action: The action it belongs to; None for a sheet of another system.
        window: Of the campaign, for quantities without one of their own.
        seen: Codes and titles used so far, over all files; added to.

    Raises:
        ProgramError: The first fault, naming file, line and what is allowed.
    """
    node, said = read_yaml(path, _FormFile)
    if said.form != path.stem or said.action != (action.no if action else None):
        wanted = f"program.yaml 中行动{action.no}（表 {action.form}）" if action else f"文件名 {path.name}"
        raise node.fail(f"表 {said.form} 与{wanted}不一致", "form")
    if (
        not 0 < len(said.sheet) <= _SHEET_TITLE_LIMIT
        or re.search(r"[\[\]:*?/\\']", said.sheet)
        or said.sheet in OWN_SHEETS
    ):
        raise node.fail(
            f"工作表名“{said.sheet}”不能用：最多31字，不能含 [ ] : * ? / \\ '，不能与本程序自己的表重名", "sheet"
        )
    _once(seen, node, "sheet", "工作表名", said.sheet)
    if (said.kind is None) != (action is not None) or said.kind is FormKind.ACTION:
        kinds = "、".join(kind for kind in FormKind if kind is not FormKind.ACTION)
        raise node.fail(f"行动的表不写 kind；其他的表须写 kind，为其中之一：{kinds}", "kind")
    if not 0 < said.version < _VERSIONS:
        raise node.fail(f"version 应在1到{_VERSIONS - 1}之间", "version")
    kind = said.kind or FormKind.ACTION
    items = tuple(
        _item(item, entry, said.form, kind, action, window, seen)
        for item, entry in zip(node.each("items"), said.items, strict=True)
    )
    form = Form(code=said.form, kind=kind, items=items, **plain_values(said, but={"form", "kind", "items"}))
    if form.confirm and (form.is_list or not form.carry):
        raise node.fail("confirm 只用于 carry: true、一行一个单位的表：带出上次的数，逐行核对", "confirm")
    if not form.confirm and any(field.increment for field in form.fields):
        raise node.fail("increment 只用于 confirm: true 的表：上次的数在格里，旁边填新增", "form")
    _check_form(node, form)
    return form


def _check_form(node: Node, form: Form) -> None:
    """What the keys of a form say of each other and of its columns."""
    fields = {field.code: field for field in form.fields}
    pointed = (
        *form.same_by,
        *((form.closing.field,) if form.closing else ()),
        *(field.required_if[0] for field in form.fields if field.required_if),
    )
    for code in pointed:
        if code not in fields:
            raise node.fail(f"引用的指标 {code} 不在本表中{nearest(code, list(fields))}", "form")
    if (form.closing or form.same_by) and not form.is_list:
        raise node.fail("closing 和 same_by 只用于 rows: list 的表", "form")
    if form.closing and not set(form.closing.values) <= set(fields[form.closing.field].options):
        raise node.fail(f"closing 的 values 须是 {form.closing.field} 的选项", "closing")
    if form.closing and not set(form.closing.dropped) <= set(form.closing.values):
        raise node.fail("closing 的 dropped 须是 values 中的：不办了、不算办结的", "closing")
    if form.closing and form.closing.dropped and set(form.closing.dropped) == set(form.closing.values):
        raise node.fail("closing 的 values 不能都是 dropped：总要有一个是办结", "closing")
    if form.closing and not form.same_by:
        raise node.fail("有 closing 的表须写 same_by：凭哪几列认出同一条", "form")
    _check_stays(node, form, fields)
    for field in form.fields:
        if field.type is FieldType.COUNTY and not form.is_list:
            raise node.fail(f"{field.code}：county 类指标只用于 rows: list 的表", "form")


def _check_stays(node: Node, form: Form, fields: dict[str, Field]) -> None:
    """What others rest on is not retired before them."""
    kept = {*form.same_by, *((form.closing.field,) if form.closing else ())}
    for field in form.fields:
        if field.code in kept and field.counts_until:
            raise node.fail(f"{field.code} 是 closing 或 same_by 用到的列，不能写 counts_until", "form")
        if field.required_if and _ends(fields[field.required_if[0]]) < _ends(field):
            raise node.fail(f"{field.code} 的 required_if 用到的 {field.required_if[0]} 停用在先", "form")


def _ends(field: Field) -> date:
    return field.counts_until or date.max


def _item(
    node: Node, said: _ItemEntry, form: str, kind: FormKind, action: Action | None, window: Window, seen: Seen
) -> Item:
    _once(seen, node, "no", "任务编号" if action else f"表 {form} 的组号", str(said.no))
    if (said.quantities is None) != (action is None):
        raise node.fail("行动的表每项任务须写 quantities（可以是空列表），其他的表不写", "quantities")
    columns = zip(node.each("fields"), said.fields, strict=True)
    fields = tuple(_field(column, entry, form, said.no, kind, seen) for column, entry in columns)
    codes = {f.code: f for f in fields}
    figures = zip(node.each("quantities"), said.quantities or (), strict=True)
    quantities = tuple(
        _quantity(figure, entry, said.no, action.no, window, codes, seen) for figure, entry in figures if action
    )
    label = f"第{said.no}项" if said.label is None else said.label
    return Item(no=said.no, label=label, title=said.title, fields=fields, quantities=quantities)


def _field(node: Node, said: FieldEntry, form: str, item: int, form_kind: FormKind, seen: Seen) -> Field:
    _once(seen, node, "code", "指标代码", said.code)
    _check_titles(node, said, form, seen)
    _check_field(node, said, form_kind)
    required = not said.required_if if said.required is None else said.required
    own = {"required", "required_if", "nil_value", "nil_must_be_given", "max"}
    return Field(
        form=form,
        item=item,
        required=required,
        required_if=_required_if(said.required_if),
        nil_value=_nil_value(said) if required else None,
        max=said.max or (_TEXT_LIMIT if said.type is FieldType.TEXT else None),
        **plain_values(said, but=own),
    )


def _check_field(node: Node, said: FieldEntry, form_kind: FormKind) -> None:
    """What the keys of a column say of each other."""
    code = said.code
    if said.counts_from and said.counts_until and said.counts_until < said.counts_from:
        raise node.fail(f"{code} 的 counts_until 早于 counts_from", "counts_until")
    if not _CODE.fullmatch(code):
        raise node.fail(f"指标代码“{code}”不能用：以字母开头，只含字母、数字和一个连字符", "code")
    if said.type in NUMBERS and not said.unit:
        raise node.fail("缺少 unit")
    if said.increment and (
        said.type not in NUMBERS
        or said.accumulation is not Accumulation.CUMULATIVE
        or said.not_applicable
        or said.shows
        or said.required_if
    ):
        raise node.fail(
            f"{code}：increment 只用于 accumulation: cumulative 的数，不能有 not_applicable、required_if、shows",
            "increment",
        )
    if said.required and said.required_if:
        raise node.fail(f"{code}：required 和 required_if 只能写一个", "required")
    if said.role and said.role not in ROLES[form_kind]:
        known = ROLES[form_kind]
        raise node.fail(
            f"{form_kind} 表没有 role“{said.role}”{nearest(said.role, known)}；允许：{'、'.join(known)}", "role"
        )
    if said.type is FieldType.CHOICE and said.nil_value is not None and said.nil_value not in said.options:
        raise node.fail(f"nil_value“{said.nil_value}”不在 options（{'、'.join(said.options)}）中", "nil_value")
    _check_options(node, said)


def _check_options(node: Node, said: FieldEntry) -> None:
    for option in said.options:
        if re.search(r"[、,，;；/\s]", option) or option in {NONE_TICKED, NOT_APPLICABLE}:
            raise node.fail(
                f"选项“{option}”不能用：不能含顿号、逗号、分号、斜杠或空格，也不能是“无”“不适用”", "options"
            )
    if (said.type in {FieldType.CHOICE, FieldType.CHECKLIST}) != bool(said.options):
        raise node.fail(f"{said.code}：choice 和 checklist 必须有 options，其他类型不能有", "code")


def _check_titles(node: Node, said: FieldEntry, form: str, seen: Seen) -> None:
    """A title is short; no title, of today or before, stands for two columns of a form."""
    if len(said.title) > _TITLE_LIMIT:
        raise node.fail(f"{said.code} 的 title 超过{_TITLE_LIMIT}字，请缩短", "title")
    for key, title in (("title", said.title), *(("former", title) for title in said.former)):
        _once(seen, node, key, f"表 {form} 的列名", title)


def _required_if(text: str) -> tuple[str, str] | None:
    """``M03-1`` (是 there) or ``P-8=已解决``."""
    column, _, value = text.partition("=")
    return (column, value or YES) if text else None


def _nil_value(said: FieldEntry) -> str | int | Decimal | None:
    """What 本期无新进展 means in a first report: zero events and 否.

    A stock that serves as denominator, and a choice that does not say, must be given.
    """
    if said.nil_must_be_given or said.nil_value is not None:
        return None if said.nil_must_be_given else said.nil_value
    defaults: dict[FieldType, str | int | Decimal] = {
        FieldType.COUNT: 0,
        FieldType.AMOUNT: Decimal("0.00"),
        FieldType.YESNO: NO,
        FieldType.CHECKLIST: NONE_TICKED,
    }
    return defaults.get(said.type)


def _quantity(
    node: Node, said: QuantityEntry, item: int, action: int, window: Window, fields: dict[str, Field], seen: Seen
) -> Quantity:
    _once(seen, node, "code", "考核量代码", said.code)
    _check_quantity(node, said, fields)
    targets = _targets(node, said.targets)
    target = _target(node.under("target"), said.target) if said.target else None
    for goal in (*(dated.target for dated in targets), *([target] if target else [])):
        _check_target(node, goal, fields.get(said.value) if said.value else None)
    own = {"target", "targets", "province", "window"}
    return Quantity(
        item=item,
        action=action,
        target=targets[-1].target if targets else target,
        targets=targets,
        province=_province(node.under("province"), said.province) if said.province else None,
        window=said.window or window,
        **plain_values(said, but=own),
    )


def _check_quantity(node: Node, said: QuantityEntry, fields: dict[str, Field]) -> None:
    """Where a quantity comes from, and that it says so once."""
    for code in (said.value, said.numerator, said.denominator):
        if code is not None and code not in fields:
            raise node.fail(f"引用的指标 {code} 不在本任务的 fields 中{nearest(code, list(fields))}", "code")
    if (said.numerator is None) != (said.denominator is None) or (said.value and said.numerator):
        raise node.fail("或写 value，或同时写 numerator 和 denominator", "code")
    if not (said.value or said.numerator or said.province):
        raise node.fail("没有来源：须有 value、numerator/denominator 或 province", "code")
    if said.path is ExpectedPath.PROPORTIONAL and not (said.value and said.path_reading):
        raise node.fail("只有计数可以写 proportional，并须写 path_reading 说明依据", "path")
    if said.target and said.targets:
        raise node.fail("target 和 targets 只能写一个", "targets")
    if said.window:
        check_window(node.under("window"), said.window)


def _target(node: Node, said: _TargetEntry, *, dated: bool = False) -> Target:
    given = {kind: value for kind in TargetKind if (value := getattr(said, kind)) is not None}
    if len(given) != 1 or (said.until and not dated):
        raise node.fail(f"须有且只有一项目标：{'、'.join(TargetKind)}")
    ((kind, value),) = given.items()
    if kind is TargetKind.AT_LEAST:
        return Target(kind=kind, threshold=_positive(node, value))
    if value is not True:
        raise node.fail(f"{kind} 只能为 true", kind)
    return Target(kind=kind, threshold=Decimal(1))


def _targets(node: Node, said: tuple[_TargetEntry, ...]) -> tuple[DatedTarget, ...]:
    """``targets``: one for each stretch of time, the earliest first; all but the last say until when they hold."""
    dated: list[DatedTarget] = []
    for written, entry in zip(node.each("targets"), said, strict=True):
        if (entry.until is None) != (entry is said[-1]):
            raise written.fail("targets 除最后一条外都须写 until，最后一条不写")
        if entry.until and dated and entry.until <= (dated[-1].until or entry.until):
            raise written.fail(f"until {entry.until} 不晚于上一条的 {dated[-1].until}", "until")
        dated.append(DatedTarget(until=entry.until, target=_target(written, entry, dated=True)))
    if len({target.target.kind for target in dated}) > 1:
        raise node.fail("targets 各条须用同一种目标", "targets")
    return tuple(dated)


def _positive(node: Node, value: Decimal) -> Decimal:
    if value <= 0:
        raise node.fail(f"at_least 的值“{value}”不对，目标应为正数", "at_least")
    return value


def _check_target(node: Node, target: Target, source: Field | None) -> None:
    fits = {
        FieldType.COUNT: {TargetKind.AT_LEAST},
        FieldType.YESNO: {TargetKind.YES},
        FieldType.CHECKLIST: {TargetKind.ALL_OPTIONS, TargetKind.ANY_OPTION},
    }
    if source and target.kind not in fits.get(source.type, set()):
        raise node.fail(f"目标 {target.kind} 不能用于 {source.type} 类指标 {source.code}", "target")


def _province(node: Node, said: _ProvinceEntry) -> ProvinceTarget:
    if (said.sum_of is None) == (said.share_of is None):
        raise node.fail("province 须有 sum_of（合计）或 share_of（达标县占比）之一")
    return ProvinceTarget(
        field=str(said.sum_of or said.share_of),
        is_share=said.share_of is not None,
        threshold=_positive(node, said.at_least),
    )
