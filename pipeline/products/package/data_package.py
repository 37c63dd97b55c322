"""数据包/: the period's data as UTF-8 CSV with BOM (so that Excel opens it right), described by datapackage.json."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipeline.products.package.schema import Source
from pipeline.products.package.tables import tables
from pipeline.products.package.writer import csv_text, descriptor

if TYPE_CHECKING:
    from pipeline.measures.period import PeriodMeasures

_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")
BOM = b"\xef\xbb\xbf"


def data_package(m: PeriodMeasures) -> dict[str, bytes]:
    """File name → content; this period's values and files, and what is owed still; the whole history is an export."""
    told = {s.seq for s in m.told} | {o.submission for o in m.owed_still}
    source = Source(
        program=m.program,
        snapshot=m.snapshot,
        periods=(m.period,),
        submissions=tuple(s for s in m.snapshot.submissions if s.seq in told),
        obligations=m.owed_still,
        assessed=((m.known, m.assessed),),
    )
    mine = [one.worded(m.program) for one in tables() if one.of_period]
    files = {f"{one.name}.csv": BOM + csv_text(one.header, map(_inert, one.lines(source))).encode() for one in mine}
    head = {
        "profile": "tabular-data-package",
        "name": m.program.code.lower(),
        "title": f"{m.program.title} {m.period.title}",
    }
    return files | {"datapackage.json": descriptor(head, mine, files)}


def _inert(line: tuple[Any, ...]) -> list[Any]:
    """Officers' text must not become a formula when the CSV is opened in a spreadsheet, white space before it or not."""
    return [f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell for cell in line]


def _is_formula(text: str) -> bool:
    if text[:1].isalnum() or re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        return False
    return (text.lstrip()[:1] or text[:1]) in _FORMULA_SIGNS or text[:1] in {"\t", "\r", "\n"}
