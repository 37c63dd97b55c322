"""What the checks found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.findings import CATALOGUE, SEVERITY_NAMES
from pipeline.products.package.schema import CELL, OF_SUBMISSION, OF_UNIT, SHEET, Table, text, whole, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.entries import Submission
    from pipeline.domain.findings import Finding
    from pipeline.products.package.schema import Source


class _Found(NamedTuple):
    entry: Submission
    finding: Finding
    no: int
    title: str
    fix: str


def _rows(s: Source) -> Iterator[_Found]:
    put = s.program.worded
    for one in s.submissions:
        for no, f in enumerate(s.snapshot.findings_of(one), 1):
            yield _Found(one, f, no, put(CATALOGUE[f.code].title), put(f.fix))


TABLE = Table(
    name="findings",
    number=5,
    title="检查出的问题",
    description="一次报送的一个问题一行，所列报送的问题全部列出",
    of_period=True,
    rows=_rows,
    columns=(
        text("file", "文件", of="entry.file"),
        replace(OF_SUBMISSION, of="entry.seq", key=True),
        replace(
            OF_UNIT,
            description="整个文件的问题为空；州（市）本级的，是州（市）代码",
            of="finding.county_code",
            required=False,
        ),
        text("code", "问题代码", of="finding.code"),
        text("severity", "程度", of="finding.severity.value", enum=words(SEVERITY_NAMES)),
        replace(SHEET, of="finding.location.sheet"),
        replace(CELL, of="finding.location.cell"),
        text("found", "所填", "填报人所填，超过200字的只留开头", of="finding.found", required=False),
        text("expected", "应为", of="finding.expected", required=False),
        text("fix", "改法"),
        whole("no", "在这次报送里的序号", minimum=1, key=True),
        text("title", "问题"),
        text("field", "指标代码", "说整行、整表的为空", of="finding.field", required=False),
    ),
)
