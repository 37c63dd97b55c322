"""``program/forms/*.yaml`` → forms: items, the fields officers fill and the quantities assessed from them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

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
from pipeline.program.strict import Node, finished, nearest, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

Seen = dict[tuple[str, str], str]  # (what, value) → where it was first seen
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9]+)?")
NUMBER = (int, float)
NUMBERS = frozenset({FieldType.COUNT, FieldType.AMOUNT})
TEXT_LIMIT = 2_000
SHEET_TITLE_LIMIT = 31
TITLE_LIMIT = 60
VERSIONS = 10_000
# cover, self-check, hidden identity, and the two sheets of a returned copy: no form may be called so
OWN_SHEETS = ("填报说明", "自查", "_identity", "问题清单", "未采用的内容")


def load_window(node: Node) -> Window:
    """A start and an end, both included."""
    window = Window(start=node.take("start", date), end=node.take("end", date))
    node.done()
    if window.end < window.start:
        raise node.fail(f"结束日 {window.end} 早于开始日 {window.start}")
    return window


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
    node = read_yaml(path)
    code = node.take("form", str)
    if code != path.stem or (action and node.take("action", int) != action.no):
        wanted = f"program.yaml 中行动{action.no}（表 {action.form}）" if action else f"文件名 {path.name}"
        raise node.fail(f"表 {code} 与{wanted}不一致", "form")
    sheet = node.take("sheet", str)
    if not 0 < len(sheet) <= SHEET_TITLE_LIMIT or re.search(r"[\[\]:*?/\\']", sheet) or sheet in OWN_SHEETS:
        raise node.fail(
            f"工作表名“{sheet}”不能用：最多31字，不能含 [ ] : * ? / \\ '，不能与本程序自己的表重名", "sheet"
        )
    _once(seen, node, "sheet", "工作表名", sheet)
    kind = FormKind.ACTION if action else FormKind(node.word("kind", tuple(set(FormKind) - {FormKind.ACTION})))
    items = tuple(_item(n, code, kind, action, window, seen) for n in node.nodes("items"))
    version = node.take("version", int)
    if not 0 < version < VERSIONS:
        raise node.fail(f"version 应在1到{VERSIONS - 1}之间", "version")
    form = Form(code=code, version=version, kind=kind, rows=Rows(node.word("rows", tuple(Rows), Rows.COUNTY)),
                action=action.no if action else None, title=node.take("title", str), sheet=sheet,
                carry=node.take("carry", bool, default=False), closing=_closing(node.node("closing", None)),
                same_by=node.strings("same_by"), items=items)  # fmt: skip
    node.done()
    _check_form(node, form)
    return form


def _closing(node: Node | None) -> Closing | None:
    if node is None:
        return None
    return finished(node, Closing(field=node.take("field", str), values=node.strings("values")))


def _check_form(node: Node, form: Form) -> None:
    """What the keys of a form say of each other and of its columns."""
    fields = {one.code: one for one in form.fields}
    pointed = (*form.same_by, *((form.closing.field,) if form.closing else ()),
               *(one.required_if[0] for one in form.fields if one.required_if))  # fmt: skip
    for code in pointed:
        if code not in fields:
            raise node.fail(f"引用的指标 {code} 不在本表中{nearest(code, list(fields))}", "form")
    if (form.closing or form.same_by) and not form.is_list:
        raise node.fail("closing 和 same_by 只用于 rows: list 的表", "form")
    if form.closing and not set(form.closing.values) <= set(fields[form.closing.field].options):
        raise node.fail(f"closing 的 values 须是 {form.closing.field} 的选项", "closing")
    if form.closing and not form.same_by:
        raise node.fail("有 closing 的表须写 same_by：凭哪几列认出同一条", "form")
    for one in form.fields:
        if one.type is FieldType.COUNTY and not form.is_list:
            raise node.fail(f"{one.code}：county 类指标只用于 rows: list 的表", "form")
    _check_stays(node, form, fields)


def _check_stays(node: Node, form: Form, fields: dict[str, Field]) -> None:
    """What others rest on is not retired before them."""
    kept = {*form.same_by, *((form.closing.field,) if form.closing else ())}
    for one in form.fields:
        if one.code in kept and one.counts_until:
            raise node.fail(f"{one.code} 是 closing 或 same_by 用到的列，不能写 counts_until", "form")
        if one.required_if and _ends(fields[one.required_if[0]]) < _ends(one):
            raise node.fail(f"{one.code} 的 required_if 用到的 {one.required_if[0]} 停用在先", "form")


def _ends(one: Field) -> date:
    return one.counts_until or date.max


def _item(node: Node, form: str, kind: FormKind, action: Action | None, window: Window, seen: Seen) -> Item:
    no = node.take("no", int)
    _once(seen, node, "no", "任务编号" if action else f"表 {form} 的组号", str(no))
    fields = tuple(_field(n, form, no, kind, seen) for n in node.nodes("fields"))
    codes = {f.code: f for f in fields}
    quantities = (
        tuple(_quantity(n, no, action.no, window, codes, seen) for n in node.nodes("quantities")) if action else ()
    )
    item = Item(no=no, label=node.take("label", str, f"第{no}项"), title=node.take("title", str), fields=fields,
                quantities=quantities)  # fmt: skip
    node.done()
    return item


def _field(node: Node, form: str, item: int, form_kind: FormKind, seen: Seen) -> Field:
    code = node.take("code", str)
    _once(seen, node, "code", "指标代码", code)
    former = _titles(node, form, seen)
    if node.take("counts_until", date, date.max) < node.take("counts_from", date, date.min):
        raise node.fail(f"{code} 的 counts_until 早于 counts_from", "counts_until")
    if not CODE.fullmatch(code):
        raise node.fail(f"指标代码“{code}”不能用：以字母开头，只含字母、数字和一个连字符", "code")
    kind = FieldType(node.word("type", tuple(FieldType)))
    accumulation = Accumulation(node.word("accumulation", tuple(Accumulation), "status"))
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
    required_if = _required_if(node)
    required = node.take("required", bool, default=required_if is None)
    if required and required_if:
        raise node.fail(f"{code}：required 和 required_if 只能写一个", "required")
    role = node.take("role", str, "")
    if role and role not in ROLES[form_kind]:
        known = ROLES[form_kind]
        raise node.fail(f"{form_kind} 表没有 role“{role}”{nearest(role, known)}；允许：{'、'.join(known)}", "role")
    return finished(node, Field(
        code=code,
        form=form,
        item=item,
        title=node.take("title", str),
        type=kind,
        unit=node.take("unit", str) if kind in NUMBERS else node.take("unit", str, ""),
        accumulation=accumulation,
        required=required,
        required_if=required_if,
        not_applicable=node.take("not_applicable", bool, default=False),
        options=options,
        counts_from=node.take("counts_from", date, None),
        counts_until=node.take("counts_until", date, None),
        former=former,
        nil_value=_nil_value(node, kind, required, options),
        min=node.take("min", int, None),
        max=node.take("max", int, None) or (TEXT_LIMIT if kind is FieldType.TEXT else None),
        future=node.take("future", bool, default=False),
        shows=node.take("shows", str, ""),
        role=role,
        serves=node.take("serves", str, ""),
        basis=node.take("basis", str, ""),
        reading=node.take("reading", str, ""),
        hint=node.take("hint", str, ""),
    ))  # fmt: skip


def _titles(node: Node, form: str, seen: Seen) -> tuple[str, ...]:
    """Earlier titles of a column; no title, of today or before, may stand for two columns of a form."""
    _once(seen, node, "title", f"表 {form} 的列名", node.take("title", str))
    former = node.strings("former")
    for title in former:
        _once(seen, node, "former", f"表 {form} 的列名", title)
    return former


def _required_if(node: Node) -> tuple[str, str] | None:
    """``M03-1`` (是 there) or ``P-8=已解决``."""
    text = node.take("required_if", str, "")
    column, _, value = text.partition("=")
    return (column, value or YES) if text else None


def _nil_value(node: Node, kind: FieldType, required: bool, options: tuple[str, ...]) -> str | int | Decimal | None:
    """What 本期无新进展 means in a first report: zero events and 否.

    A stock that serves as denominator, and a choice that does not say, must be given.
    """
    given = node.take("nil_value", (str, int), None)
    must_be_given = node.take("nil_must_be_given", bool, default=False)
    if must_be_given or not required:
        return None
    if given is not None:
        if kind is FieldType.CHOICE and given not in options:
            raise node.fail(f"nil_value“{given}”不在 options（{'、'.join(options)}）中", "nil_value")
        return str(given) if isinstance(given, str) else given
    defaults: dict[FieldType, str | int | Decimal] = {
        FieldType.COUNT: 0,
        FieldType.AMOUNT: Decimal("0.00"),
        FieldType.YESNO: NO,
        FieldType.CHECKLIST: NONE_TICKED,
    }
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
    targets = _targets(node)
    target = targets[-1].target if targets else _target(node.node("target", None))
    for one in {target, *(dated.target for dated in targets)}:
        _check_target(node, one, fields.get(value) if value else None)
    return finished(node, Quantity(
        code=node.take("code", str),
        item=item,
        action=action,
        title=node.take("title", str),
        unit=node.take("unit", str),
        value=value,
        numerator=numerator,
        denominator=denominator,
        target=target,
        targets=targets,
        province=province,
        judged=node.take("judged", bool, default=True),
        window=load_window(own_window) if own_window else window,
        deadline=node.take("deadline", date, None),
        applies_to=node.take("applies_to", str, ""),
        basis=node.take("basis", str),
        reading=node.take("reading", str, ""),
        ambiguous=node.take("ambiguous", bool, default=False),
    ))  # fmt: skip


def _target(node: Node | None) -> Target | None:
    if node is None:
        return None
    if len(node.data) != 1:
        raise node.fail(f"target 只能有一项：{'、'.join(TargetKind)}")
    return _target_of(node, next(iter(node.data)))


def _target_of(node: Node, key: str) -> Target:
    if key not in tuple(TargetKind):
        raise node.fail(f"不认识的目标 {key}{nearest(str(key), tuple(TargetKind))}；允许：{'、'.join(TargetKind)}", key)
    kind = TargetKind(key)
    if kind is not TargetKind.AT_LEAST and node.take(key, bool) is not True:
        raise node.fail(f"{key} 只能为 true", key)
    threshold = _positive(node, key) if kind is TargetKind.AT_LEAST else Decimal(1)
    return finished(node, Target(kind=kind, threshold=threshold))


def _targets(node: Node) -> tuple[DatedTarget, ...]:
    """``targets``: one for each stretch of time, the earliest first; all but the last say until when they hold."""
    nodes = node.nodes("targets", ())
    if nodes and "target" in node.data:
        raise node.fail("target 和 targets 只能写一个", "targets")
    dated: list[DatedTarget] = []
    for no, one in enumerate(nodes, 1):
        until = one.take("until", date, None)
        if (until is None) != (no == len(nodes)):
            raise one.fail("targets 除最后一条外都须写 until，最后一条不写")
        if until and dated and until <= (dated[-1].until or until):
            raise one.fail(f"until {until} 不晚于上一条的 {dated[-1].until}", "until")
        dated.append(DatedTarget(until=until, target=_required_target(one)))
    if len({one.target.kind for one in dated}) > 1:
        raise node.fail("targets 各条须用同一种目标", "targets")
    return tuple(dated)


def _required_target(node: Node) -> Target:
    """The target of one stretch of time, written beside its ``until``."""
    kinds = [key for key in node.data if key != "until"]
    if len(kinds) != 1:
        raise node.fail(f"每条须有且只有一项目标：{'、'.join(TargetKind)}")
    return _target_of(node, kinds[0])


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
    return finished(node, ProvinceTarget(field=str(total or share), is_share=share is not None, threshold=threshold))
