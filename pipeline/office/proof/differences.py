"""What two versions of an entry's rows differ in, a line each, in words for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.domain.acts import ACT_NAMES
from pipeline.ledger.chain import FILES, SUBMISSION
from pipeline.program.layout import row_name
from pipeline.program.model import NOT_APPLICABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.ledger.chain import Link, Row
    from pipeline.program.model import Program

_MOST = 20  # lines about one entry
TABLES = {"submissions": "报送", "records": "县级记录", "findings": "问题", "acts": "操作", "files": "收文登记"}
_COLUMNS = {
    "sha256": "原件",
    "file": "文件",
    "received_on": "收到日期",
    "taken_on": "收取日期",
    "prefecture_code": "州（市）",
    "period": "报送期",
    "issue_no": "下发编号",
    "admission": "认定",
    "verdict": "结论",
    "reason": "理由",
    "sheets": "工作表",
    "columns": "列",
    "state": "状态",
    "nil": "零报告",
    "typed": "原文",
    "not_applicable": "不适用",
    "sheet_row": "行",
    "code": "种类",
    "severity": "轻重",
    "sheet": "工作表",
    "cell": "格",
    "field": "指标",
    "rule": "规则",
    "found": "实际",
    "expected": "应为",
    "fix": "改法",
    "kind": "种类",
    "who": "经办人",
    "done_on": "日期",
    "target": "报送序号",
    "claimed_prefecture": "表上的州（市）",
    "claimed_period": "表上的报送期",
    "county_code": "县（市、区）",
    "entry": "条目",
    "no": "序号",
    "placed": "归属依据",
    "day": "更正后的日期",
}
_KEYS = {"records": ("county_code",), "findings": ("no",), "files": ("sha256", "file")}
_OF_ENTRY = ("county_code", "entry")


def about(link: Link) -> str:
    """What a link is about: the file and the day, or the act with name and reason."""
    facts = link.told
    if link.kind == SUBMISSION:
        return f"{facts['file']}（报送序号 {link.seq}，{facts['received_on']}收到）"
    if link.kind == FILES:
        return "收文登记" + "、".join(file["file"] for file in facts["files"][:3])
    name = {kind.value: name for kind, name in ACT_NAMES.items()}.get(link.kind, link.kind)
    return f"{name} {facts.get('period', '')} {facts.get('file', '')}（{facts.get('who', '')}：{facts.get('reason', '')}）".replace(
        "  ", " "
    )


def differences(program: Program, there: Mapping[str, list[Row]], right: Mapping[str, list[Row]]) -> list[str]:
    """Lines on what is there and should not be, is missing, or is another value."""
    lines = [line for name in sorted({*there, *right}) for line in _table(program, name, there, right)]
    return lines if len(lines) <= _MOST else [*lines[:_MOST], f"等{len(lines)}处"]


def _table(
    program: Program, name: str, there: Mapping[str, list[Row]], right: Mapping[str, list[Row]]
) -> Iterator[str]:
    keys = _KEYS.get(name, _OF_ENTRY if name.startswith("form_") else ())
    mine, its = ({tuple(row.get(key) for key in keys): row for row in rows.get(name, [])} for rows in (there, right))
    title = _title(program, name)
    for key in sorted({*mine, *its}, key=str):
        where = f"{title}{_where(program, dict(zip(keys, key, strict=True)))}"
        if key not in mine:
            yield f"{where}：这一行不见了"
        elif key not in its:
            yield f"{where}：多出这一行"
        else:
            for column in sorted({*mine[key], *its[key]}):
                old, new = mine[key].get(column), its[key].get(column)
                if old != new:
                    yield f"{where} {_column(program, column)}：台账为“{_shown(column, old)}”，应为“{_shown(column, new)}”"


def _title(program: Program, name: str) -> str:
    form = program.form_by_code.get(name.removeprefix("form_"))
    return form.sheet if form else TABLES.get(name, name)


def _where(program: Program, key: Mapping[str, Any]) -> str:
    unit = program.unit_by_code.get(str(key.get("county_code")))
    parts = [row_name(unit) if unit else str(key["county_code"])] if key.get("county_code") else []
    parts += [str(key["entry"])] if key.get("entry") else []
    parts += [f"第{key['no']}条"] if "no" in key else []
    return "".join(f" › {part}" for part in parts)


def _column(program: Program, column: str) -> str:
    field = program.field_by_code.get(column)
    return f"{field.title}（{column}）" if field else _COLUMNS.get(column, column)


def _shown(column: str, value: Any) -> str:
    if column == "nil":
        return "是" if value else "否"
    return "空" if value is None or value == "" else NOT_APPLICABLE if value == NOT_APPLICABLE else str(value)
