"""数据包/: the period's data as UTF-8 CSV with BOM (so that Excel opens it right), described by datapackage.json."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import TYPE_CHECKING, Any

from pipeline.checks.decide import State
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NOT_APPLICABLE
from pipeline.workbook.cells import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.measures.period import PeriodMeasures

TABLES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "values": (
        ("period", "string", "报送期"), ("prefecture_code", "string", "州（市）代码"), ("county_code", "string", "县代码"),
        ("field", "string", "指标代码"), ("value", "string", "值"), ("unit", "string", "单位"), ("state", "string", "状态"),
        ("submission", "integer", "报送序号"), ("file", "string", "文件"), ("sheet", "string", "工作表"),
        ("cell", "string", "单元格"), ("raw", "string", "原样文字"),
    ),
    "submissions": (
        ("file", "string", "文件"), ("sha256", "string", "内容校验值"), ("received_on", "date", "收件日期"),
        ("prefecture_code", "string", "州（市）代码"), ("period", "string", "报送期"), ("verdict", "string", "结论"),
        ("reason", "string", "原因"),
    ),
    "findings": (
        ("file", "string", "文件"), ("submission", "integer", "报送序号"), ("county_code", "string", "县代码"),
        ("code", "string", "问题代码"), ("severity", "string", "程度"), ("sheet", "string", "工作表"),
        ("cell", "string", "单元格"), ("found", "string", "所填"), ("expected", "string", "应为"), ("fix", "string", "改法"),
    ),
    "obligations": (
        ("who", "string", "单位代码"), ("what", "string", "应报事项"), ("due_on", "date", "应报日期"), ("met", "boolean", "已报"),
        ("days_overdue", "integer", "逾期天数"), ("streak", "integer", "连续未按时期数"), ("reason", "string", "原因"),
        ("kind", "string", "类别"), ("hand_in_by", "date", "最后一个工作日"), ("submission", "integer", "报送序号"),
        ("sheet", "string", "工作表"), ("cell", "string", "单元格"),
    ),
    "entries": (
        ("period", "string", "报送期"), ("prefecture_code", "string", "州（市）代码"), ("entry", "string", "编号"),
        ("field", "string", "指标代码"), ("value", "string", "值"), ("submission", "integer", "报送序号"),
        ("file", "string", "文件"), ("sheet", "string", "工作表"), ("cell", "string", "单元格"), ("raw", "string", "原样文字"),
    ),
    "measures": (
        ("period", "string", "报送期"), ("prefecture_code", "string", "州（市）代码"), ("county_code", "string", "县代码"),
        ("quantity", "string", "考核量"), ("value", "number", "数值"), ("target", "number", "目标"), ("status", "string", "达标情况"),
        ("required", "number", "序时应达"), ("on_pace", "boolean", "达到序时"),
    ),
}  # fmt: skip
FORMULA_SIGNS = frozenset("=+-@＝＋－＠")
BOM = b"\xef\xbb\xbf"


def data_package(m: PeriodMeasures) -> dict[str, bytes]:
    """File name → content. Grain: see each row function; periods up to and including this one."""
    rows = {
        "values": _values(m),
        "submissions": _submissions(m),
        "findings": _findings(m),
        "obligations": _obligations(m),
        "entries": _entries(m),
        "measures": _measures(m),
    }
    files = {f"{name}.csv": _csv([c for c, _, _ in TABLES[name]], some) for name, some in rows.items()}
    return files | {"datapackage.json": _descriptor(m)}


def _values(m: PeriodMeasures) -> Iterator[tuple[Any, ...]]:
    """One row per (period, county, field) that stands; a missing county has none.

    What a prefecture reports of itself has its own code as county_code too.
    """
    units = {code: f.unit for code, f in m.program.field_by_code.items()}
    through = {p.code for p in m.program.periods_through(m.period)}
    for (form, period, county_code), row in sorted(m.snapshot.rows.items(), key=lambda item: item[0]):
        state = m.snapshot.states.get((period, county_code))
        if period not in through or state not in {State.ACCEPTED, State.NIL}:
            continue
        county = m.program.unit_by_code[county_code]
        for code, value in row.values.items():
            origin = m.snapshot.origin(form, period, county_code, code)
            if value is None or origin is None:
                continue
            unit = "" if value == NOT_APPLICABLE or m.program.field_by_code[code].type not in NUMBERS else units[code]
            kind = State.NIL if row.nil else State.ACCEPTED
            yield (period, county.prefecture_code, county_code, code, show(value), unit, kind.value, origin.submission,
                   origin.file, origin.sheet, origin.cell, origin.raw)  # fmt: skip


def _submissions(m: PeriodMeasures) -> Iterator[tuple[Any, ...]]:
    """One row per entry of the ledger, then one per file that repeats the content of another."""
    for s in m.snapshot.submissions:
        yield s.file, s.sha256, s.received_on.isoformat(), s.prefecture_code, s.period, s.verdict, s.reason
    for copy in m.snapshot.copies:
        s = copy.original
        reason = f"与报送序号{s.seq}（{s.file}）内容相同，不重复接收"
        yield copy.file, s.sha256, copy.received_on.isoformat(), s.prefecture_code, s.period, "SAME", reason


def _findings(m: PeriodMeasures) -> Iterator[tuple[Any, ...]]:
    """One row per finding."""
    for s, f in m.snapshot.findings:
        yield (s.file, s.seq, f.county_code, f.code, f.severity.value, f.location.sheet, f.location.cell, f.found,
               f.expected, f.fix)  # fmt: skip


def _obligations(m: PeriodMeasures) -> Iterator[tuple[Any, ...]]:
    """One row per obligation; ``met`` is empty where no return can say so."""
    for o in m.obligations:
        yield (
            o.who,
            o.what,
            o.due_on.isoformat(),
            "" if o.met is None else str(o.met).lower(),
            o.days_overdue,
            o.streak,
            o.reason.value,
            o.kind.value,
            o.hand_in_by.isoformat(),
            o.submission or "",
            o.sheet,
            o.cell,
        )


def _entries(m: PeriodMeasures) -> Iterator[tuple[Any, ...]]:
    """One row per (entry of a list that stands, field given)."""
    for row in m.snapshot.entries(m.program.list_forms, m.period):
        for code, value in row.values.items():
            if value is not None:
                o = m.snapshot.origin_of(row, code)
                yield (
                    row.period,
                    row.prefecture_code,
                    row.number,
                    code,
                    show(value),
                    o.submission,
                    o.file,
                    o.sheet,
                    o.cell,
                    o.raw,
                )


def _measures(m: PeriodMeasures) -> Iterator[tuple[Any, ...]]:
    """One row per (county, county-level quantity) of this period; yes/no as 1/0, rates in per cent."""
    targets = {q.code: float(q.target.threshold) for q in m.program.quantities if q.target}
    columns = ["prefecture_code", "county_code", "quantity", "value", "status", "required", "on_pace"]
    for prefecture, county, quantity, value, status, required, on_pace in m.assessed[columns].itertuples(index=False):
        verdict = {True: "true", False: "false"}.get(on_pace, "")
        yield (m.period.code, prefecture, county, quantity, _number(value), _number(targets.get(quantity)), status,
               _number(required), verdict)  # fmt: skip


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    return str(int(value)) if value == int(value) else f"{value:.4f}"


def _csv(header: list[str], rows: Iterable[tuple[Any, ...]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[_inert(v) for v in row] for row in rows])
    return BOM + out.getvalue().encode()


def _inert(value: Any) -> Any:
    """Officers' text must not become a formula when the CSV is opened in a spreadsheet, white space before it or not."""
    if isinstance(value, str) and not value[:1].isalnum():  # what begins with a letter or a digit is nothing else
        first = value.lstrip()[:1] or value[:1]
        is_number = re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value) is not None
        if not is_number and (first in FORMULA_SIGNS or value[:1] in {"\t", "\r", "\n"}):
            return "'" + value
    return value


def _descriptor(m: PeriodMeasures) -> bytes:
    resources = [
        {
            "name": name, "path": f"{name}.csv", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
            "profile": "tabular-data-resource",
            "schema": {"fields": [{"name": c, "type": t, "title": title} for c, t, title in columns]},
        }
        for name, columns in TABLES.items()
    ]  # fmt: skip
    package = {"profile": "tabular-data-package", "name": m.program.code.lower(), "title": f"{m.program.title} {m.period.title}",
               "resources": resources}  # fmt: skip
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()
