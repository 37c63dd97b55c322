"""The campaign's own lists as tables: who reports, when, what is asked, what is judged, and what the notice plans."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.products.package.schema import CODE, PERIOD, SchemaColumn, Table, to, words
from pipeline.program.model import Accumulation, FieldType, FormKind, Rows, TargetKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from pipeline.products.package.schema import Line, Source
    from pipeline.program.model import Item, Quantity

_FIELD_TYPES = {
    FieldType.COUNT: "整数",
    FieldType.YESNO: "是/否",
    FieldType.CHOICE: "单选",
    FieldType.CHECKLIST: "多选",
    FieldType.DATE: "日期",
    FieldType.AMOUNT: "金额",
    FieldType.TEXT: "文字",
    FieldType.COUNTY: "县名",
}
_ACCUMULATIONS = {
    Accumulation.CUMULATIVE: "起算以来累计",
    Accumulation.STOCK: "期末数",
    Accumulation.STATUS: "期末情况",
}
ROWS = {Rows.COUNTY: "每县一行", Rows.PREFECTURE: "州（市）本级一行", Rows.LIST: "逐条填写"}
_FORM_KINDS = {
    FormKind.ACTION: "行动",
    FormKind.MILESTONES: "工作节点",
    FormKind.TEN_TASKS: "十个一",
    FormKind.CONTACTS: "对口联系",
    FormKind.PROBLEMS: "问题",
    FormKind.HIGHLIGHTS: "亮点",
    FormKind.FUNDING: "资金",
    FormKind.SOCIAL_WORKERS: "社会工作者",
    FormKind.SURVEY: "调研",
    FormKind.PLAIN: "其他",
}
_TARGETS = {
    TargetKind.AT_LEAST: "不少于目标",
    TargetKind.YES: "为是",
    TargetKind.ALL_OPTIONS: "选项全部做到",
    TargetKind.ANY_OPTION: "选项做到任一",
}


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _joined(parts: Iterable[object]) -> str:
    return "、".join(str(part) for part in parts)


def _units(s: Source) -> Iterator[Line]:
    for p in s.program.prefectures:
        yield p.code, "prefecture", f"{p.name}本级", p.code
    for c in sorted(s.program.county_by_code.values(), key=lambda c: c.code):
        yield c.code, "county", c.name, c.prefecture_code


def _periods(s: Source) -> Iterator[Line]:
    for p in s.program.periods:
        yield p.code, p.no, p.title, p.start, p.end, p.due_on, p.provisional


def _prefectures(s: Source) -> Iterator[Line]:
    for p in s.program.prefectures:
        yield p.code, p.name, p.short_name


def _counties(s: Source) -> Iterator[Line]:
    for c in sorted(s.program.county_by_code.values(), key=lambda c: c.code):
        yield (
            c.code,
            c.name,
            c.short_name,
            c.prefecture_code,
            _joined(c.aliases),
            c.townships,
            c.tile_row,
            c.tile_col,
            c.starts,
            c.ends,
            c.successor,
        )


def _actions(s: Source) -> Iterator[Line]:
    for a in s.program.actions:
        yield a.no, a.title, a.short_title, a.form


def _forms(s: Source) -> Iterator[Line]:
    for f in s.program.forms:
        yield f.code, f.title, f.sheet, f.kind.value, f.rows.value, f.version, f.action


def _items(s: Source) -> Iterator[tuple[str, Item]]:
    for form in s.program.forms:
        for item in form.items:
            yield form.code, item


def _fields(s: Source) -> Iterator[Line]:
    for form, item in _items(s):
        for f in item.fields:
            yield (
                f.code,
                form,
                item.no,
                item.label,
                item.title,
                f.title,
                f.type.value,
                f.unit,
                f.accumulation.value,
                f.required,
                f.not_applicable,
                _joined(f.options),
                f.counts_from,
                f.serves,
                f.shows,
                f.basis,
                f.reading,
            )


def _quantities(s: Source) -> Iterator[Line]:
    for form, item in _items(s):
        for q in item.quantities:
            yield (q.code, form, *_judged(q), q.basis, q.reading, q.ambiguous)


def _judged(q: Quantity) -> Line:
    target, province = q.target, q.province
    return (
        q.item,
        q.title,
        q.unit,
        q.value,
        q.numerator,
        q.denominator,
        target.kind.value if target else None,
        _float(target.threshold) if target else None,
        q.judged,
        q.window.start,
        q.window.end,
        q.deadline,
        province.field if province else None,
        province.is_share if province else None,
        _float(province.threshold) if province else None,
        q.applies_to,
    )


def _contacts(s: Source) -> Iterator[Line]:
    for no, c in enumerate(s.program.contacts, 1):
        yield no, c.unit_id, c.title, c.level, c.county_code, c.valid_from


def _funding(s: Source) -> Iterator[Line]:
    for f in s.program.funding:
        yield (
            f.code,
            f.action,
            _joined(f.items),
            _float(f.amount_wan),
            _float(f.per_unit_wan),
            f.units,
            f.instalments,
            f.match_ratio,
            f.basis,
            f.reading,
        )


def _milestones(s: Source) -> Iterator[Line]:
    for m in s.program.milestones:
        yield m.code, m.phase, m.who, m.deliverable, m.start, m.due, m.expected, m.basis, m.reading


def _duties(s: Source) -> Iterator[Line]:
    for d in s.program.duties:
        yield d.code, d.title, d.who, d.to, d.frequency, d.expected, d.basis, d.reading


def _text(name: str, title: str, description: str = "", *, required: bool = True) -> SchemaColumn:
    return SchemaColumn(name=name, type="string", title=title, description=description, required=required)


def _whole(name: str, title: str, minimum: int = 0, description: str = "", *, required: bool = True) -> SchemaColumn:
    return SchemaColumn(
        name=name, type="integer", title=title, description=description, required=required, minimum=minimum
    )


def _day(name: str, title: str, *, required: bool = True) -> SchemaColumn:
    return SchemaColumn(name=name, type="date", title=title, required=required)


def _truth(name: str, title: str, *, required: bool = True) -> SchemaColumn:
    return SchemaColumn(name=name, type="boolean", title=title, required=required)


def _amount(name: str, title: str, unit: str = "") -> SchemaColumn:
    return SchemaColumn(name=name, type="number", title=title, unit=unit, minimum=0)


def _optional(column: SchemaColumn) -> SchemaColumn:
    return replace(column, required=False)


_BASIS = (_text("basis", "原文"), _text("reading", "读法", "原文没有写明之处，这里怎样理解", required=False))
PREFECTURE = SchemaColumn(name="prefecture_code", type="string", title="州（市）代码", required=True)

_UNITS = Table(
    name="units",
    title="填报单位",
    description="一个县，或一个州（市）本级，一行",
    rows=_units,
    columns=(
        _text("unit_code", "单位代码"),
        SchemaColumn(
            name="kind",
            type="string",
            title="类别",
            required=True,
            enum=(("county", "县"), ("prefecture", "州（市）本级")),
        ),
        _text("name", "名称"),
        PREFECTURE,
    ),
    primary_key=("unit_code",),
    references=(to("prefectures", "prefecture_code"),),
)
_PERIODS = Table(
    name="periods",
    title="报送期",
    description="一个报送期一行",
    rows=_periods,
    columns=(
        SchemaColumn(
            name="period", type="string", title="报送期", description="以结束月份命名", required=True, pattern=PERIOD
        ),
        _whole("no", "第几期", 1),
        _text("title", "名称"),
        _day("start", "起"),
        _day("end", "止"),
        _day("due_on", "报送截止"),
        _truth("provisional", "截止日待国务院放假安排公布后确定"),
    ),
    primary_key=("period",),
    references=(),
)
_PREFECTURES = Table(
    name="prefectures",
    title="州（市）",
    description="一个州（市）一行",
    rows=_prefectures,
    columns=(PREFECTURE, _text("name", "全称"), _text("short_name", "简称")),
    primary_key=("prefecture_code",),
    references=(),
)
_COUNTIES = Table(
    name="counties",
    title="县（市、区）",
    description="一个县一行",
    rows=_counties,
    columns=(
        SchemaColumn(
            name="county_code", type="string", title="县代码", description="行政区划代码", required=True, pattern=CODE
        ),
        _text("name", "全称"),
        _text("short_name", "简称"),
        PREFECTURE,
        _text("aliases", "别名", "用、隔开", required=False),
        _whole("townships", "乡镇（街道）数"),
        _whole("tile_row", "示意图行", description="不代表地理位置"),
        _whole("tile_col", "示意图列", description="不代表地理位置"),
        _day("valid_from", "设立之日", required=False),
        _day("valid_until", "撤销前的最后一日", required=False),
        _text("successor", "承接它的县", required=False),
    ),
    primary_key=("county_code",),
    references=(to("prefectures", "prefecture_code"),),
)
_ACTIONS = Table(
    name="actions",
    title="行动",
    description="一项行动一行",
    rows=_actions,
    columns=(_whole("action", "行动", 1), _text("title", "名称"), _text("short_title", "简称"), _text("form", "表")),
    primary_key=("action",),
    references=(to("forms", "form"),),
)
_FORMS = Table(
    name="forms",
    title="表",
    description="报表里的一张工作表一行",
    rows=_forms,
    columns=(
        _text("form", "表"),
        _text("title", "名称"),
        _text("sheet", "工作表"),
        SchemaColumn(name="kind", type="string", title="类别", required=True, enum=words(_FORM_KINDS)),
        SchemaColumn(name="rows", type="string", title="行", required=True, enum=words(ROWS)),
        _whole("version", "版本", 1),
        _optional(_whole("action", "行动", 1)),
    ),
    primary_key=("form",),
    references=(to("actions", "action"),),
)
_FIELDS = Table(
    name="fields",
    title="指标",
    description="报表里的一列一行",
    rows=_fields,
    columns=(
        _text("field", "指标代码"),
        _text("form", "表"),
        _whole("item", "任务"),
        _text("item_label", "任务出处", required=False),
        _text("item_title", "任务名称"),
        _text("title", "名称"),
        SchemaColumn(name="type", type="string", title="类型", required=True, enum=words(_FIELD_TYPES)),
        _text("unit", "单位", required=False),
        SchemaColumn(name="accumulation", type="string", title="口径", required=True, enum=words(_ACCUMULATIONS)),
        _truth("required", "必填"),
        _truth("not_applicable", "可填不适用"),
        _text("options", "选项", "用、隔开", required=False),
        _day("counts_from", "起算日", required=False),
        _text("serves", "对应事项", "里程碑、报送事项或资金的代码", required=False),
        _text("shows", "自动带出的指标", required=False),
        *map(_optional, _BASIS),
    ),
    primary_key=("field",),
    references=(to("forms", "form"), to("fields", "shows", "field")),
)
_QUANTITIES = Table(
    name="quantities",
    title="考核量",
    description="由一项或两项指标得出的一个考核量一行",
    rows=_quantities,
    columns=(
        _text("quantity", "考核量"),
        _text("form", "表"),
        _whole("item", "任务"),
        _text("title", "名称"),
        _text("unit", "单位"),
        _text("value_field", "取自指标", required=False),
        _text("numerator_field", "分子", required=False),
        _text("denominator_field", "分母", required=False),
        SchemaColumn(name="target_kind", type="string", title="达标条件", enum=words(_TARGETS)),
        _amount("target", "目标"),
        _truth("judged", "计入完成率"),
        _day("window_start", "起算日"),
        _day("window_end", "截止日"),
        _day("deadline", "完成时限", required=False),
        _text("province_field", "全省目标取自指标", required=False),
        _truth("province_is_share", "全省目标是占比", required=False),
        _amount("province_target", "全省目标"),
        _text("applies_to", "适用范围", required=False),
        *map(_optional, _BASIS),
        _truth("ambiguous", "原文有多种读法"),
    ),
    primary_key=("quantity",),
    references=(
        to("forms", "form"),
        *(to("fields", f"{part}_field", "field") for part in ("value", "numerator", "denominator", "province")),
    ),
)
CONTACTS = Table(
    name="contacts",
    title="对口联系",
    description="一个上级单位与一个县的一次结对一行",
    rows=_contacts,
    columns=(
        _whole("no", "行号", 1),
        _text("unit_id", "联系单位代码"),
        _text("title", "联系单位"),
        _text("level", "层级"),
        _text("county_code", "县代码"),
        _day("valid_from", "自何日起"),
    ),
    primary_key=("no",),
    references=(to("counties", "county_code"),),
)
_FUNDING_LINES = Table(
    name="funding_lines",
    title="资金安排",
    description="方案里的一笔资金一行",
    rows=_funding,
    columns=(
        _text("line", "资金代码"),
        _whole("action", "行动", 1),
        _text("items", "任务", "用、隔开", required=False),
        _amount("amount_wan", "安排金额", "万元"),
        _amount("per_unit_wan", "每份补助", "万元"),
        _optional(_whole("units", "份数")),
        _optional(_whole("instalments", "分几次拨付")),
        _text("match_ratio", "配套比例", required=False),
        *_BASIS,
    ),
    primary_key=("line",),
    references=(to("actions", "action"),),
)
MILESTONES = Table(
    name="milestones",
    title="工作节点",
    description="方案里的一个节点一行",
    rows=_milestones,
    columns=(
        _text("milestone", "节点代码"),
        _text("phase", "阶段"),
        _text("who", "谁"),
        _text("deliverable", "做什么"),
        _day("start", "起", required=False),
        _day("due", "止", required=False),
        _optional(_whole("expected", "应有份数")),
        *_BASIS,
    ),
    primary_key=("milestone",),
    references=(),
)
_DUTIES = Table(
    name="duties",
    title="报送事项",
    description="方案里的一个报送事项一行",
    rows=_duties,
    columns=(
        _text("duty", "事项代码"),
        _text("title", "名称"),
        _text("who", "谁"),
        _text("to", "向谁", required=False),
        _text("frequency", "频次"),
        _optional(_whole("expected", "应有份数")),
        *_BASIS,
    ),
    primary_key=("duty",),
    references=(),
)
LISTS = (
    _PERIODS,
    _PREFECTURES,
    _COUNTIES,
    _UNITS,
    _ACTIONS,
    _FORMS,
    _FIELDS,
    _QUANTITIES,
    CONTACTS,
    _FUNDING_LINES,
    MILESTONES,
    _DUTIES,
)
