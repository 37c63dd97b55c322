"""数据包/: the period's data as UTF-8 CSV with BOM (so that Excel opens it right), described by datapackage.json."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pipeline.products.package.facts import ENTRIES, FINDINGS, MEASURES, OBLIGATIONS, SUBMISSIONS, VALUES
from pipeline.products.package.schema import Source, csv_text, descriptor

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures

TABLES = (VALUES, SUBMISSIONS, FINDINGS, OBLIGATIONS, ENTRIES, MEASURES)
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")
BOM = b"\xef\xbb\xbf"


def data_package(m: PeriodMeasures) -> dict[str, bytes]:
    """File name → content; periods up to and including this one, measures of this one."""
    source = Source(
        program=m.program,
        snapshot=m.snapshot,
        periods=m.program.periods_through(m.period),
        obligations=m.obligations,
        assessed=((m.period, m.assessed),),
    )
    files = {
        f"{table.name}.csv": BOM
        + csv_text(table.header, ([_inert(cell) for cell in line] for line in table.lines(source))).encode()
        for table in TABLES
    }
    return files | {"datapackage.json": _descriptor(m)}


def _inert(value: Any) -> Any:
    """Officers' text must not become a formula when the CSV is opened in a spreadsheet, white space before it or not."""
    if isinstance(value, str) and not value[:1].isalnum():  # what begins with a letter or a digit is nothing else
        first = value.lstrip()[:1] or value[:1]
        is_number = re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value) is not None
        if not is_number and (first in _FORMULA_SIGNS or value[:1] in {"\t", "\r", "\n"}):
            return "'" + value
    return value


def _descriptor(m: PeriodMeasures) -> bytes:
    present = {table.name for table in TABLES}
    resources = [
        {
            "name": table.name,
            "path": f"{table.name}.csv",
            "title": table.title,
            "description": table.description,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "profile": "tabular-data-resource",
            "schema": descriptor(table, present),
        }
        for table in (one.worded(m.program) for one in TABLES)
    ]
    package = {
        "profile": "tabular-data-package",
        "name": m.program.code.lower(),
        "title": f"{m.program.title} {m.period.title}",
        "resources": resources,
    }
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()
