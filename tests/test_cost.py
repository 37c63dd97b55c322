"""No file costs more than seconds and half a gigabyte, with limits of the system or without: by what it expands to, not by its size."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pipeline.program.identity import Stamp
from pipeline.reading.guard import inspect
from tests.builder import ROOT
from tests.hostile import container, ods_sheet, packed, raw_zip, with_record, xls, xls_stream, xlsx_sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS, MEGABYTES = 5, 512
STRUCK = '<style:style style:name="L"><style:text-properties style:text-line-through-style="solid"/></style:style>'
FLOAT = 'office:value-type="float" office:value="5"'


def text(inner: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{inner}</text:p></table:table-cell>'


def row(inner: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{inner}</table:table-row>"


def sheets(count: int, rows: str) -> bytes:
    tables = "".join(f'<table:table table:name="s{n}">{rows}</table:table>' for n in range(count))
    return ods_sheet(f'</table:table>{tables}<table:table table:name="e">')


def far_corners() -> str:
    far = '<table:table-cell table:number-columns-repeated="490"/>'
    return row(text("1")) + row("", 'table:number-rows-repeated="19990"') + row(far + text("1"))


def repeated(cells: int) -> bytes:
    cell = f'<table:table-cell table:style-name="L" table:number-columns-repeated="100" {FLOAT}/>'
    return ods_sheet(row(cell, f'table:number-rows-repeated="{cells // 100}"'), styles=STRUCK)


def xls_ended_by(record: bytes, times: int) -> bytes:
    """The records of an xls, with one more before the end again and again."""
    stream = xls_stream(xls())
    return stream[:-4] + record * times + stream[-4:]


def many_texts() -> bytes:
    """As many texts as may be, one byte each."""
    count = 299_000
    pieces = [struct.pack("<II", count, count), *[b"\1\0\0a" * 2_000] * (count // 2_000)]
    return with_record(xls_stream(xls()), 0xFC, pieces)


def goes_on() -> bytes:
    """More than one portion comes out before the packed bytes end, and others follow."""
    member = packed("content.xml", b"<a/>" * 20_000)
    return raw_zip([replace(member, packed=member.packed + b"x" * 100)])


COLUMN, NOTE, BLANK = (
    struct.pack("<HH5H", 0x7D, 10, 0, 255, 0, 0, 1),
    struct.pack("<6H", 0x1C, 8, 1, 1, 0, 1),
    struct.pack("<5H", 0x201, 6, 1, 1, 0),
)
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a billion spaces": ("FILE_TEXT_TOO_LONG", lambda: ods_sheet(row(text('<text:s text:c="1000000000"/>')))),
    "many times many spaces": ("FILE_BOMB", lambda: ods_sheet(row(text('<text:s text:c="32767"/>' * 2_000)))),
    "far corners of many sheets": ("FILE_TOO_FAR", lambda: sheets(40, far_corners())),
    "ten thousand sheets": ("FILE_TOO_MANY_CELLS", lambda: sheets(10_000, row(text("1")))),
    "ten thousand comments": (
        "FILE_TOO_MANY_CELLS",
        lambda: ods_sheet(
            row("<table:table-cell><office:annotation><text:p>注</text:p></office:annotation></table:table-cell>" * 400)
            * 26
        ),
    ),
    "a member that goes on behind its end": ("FILE_DAMAGED", goes_on),
    "a repeated cell": ("FILE_TOO_MANY_CELLS", partial(repeated, 300_100)),
    "a million records": ("FILE_TOO_MANY_CELLS", lambda: xls_ended_by(BLANK, 1_100_000)),
    "a thousand descriptions of columns": ("FILE_DAMAGED", lambda: xls_ended_by(COLUMN, 1_100)),
    "half a million texts": (
        "FILE_TOO_MANY_CELLS",
        lambda: with_record(xls_stream(xls()), 0xFC, [struct.pack("<II", 500_000, 500_000)]),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_expands_without_measure_is_refused_at_once(case: str) -> None:
    code, make = REFUSED[case]
    content = make()
    start = time.process_time()
    seen = inspect(content)
    assert (seen.refused, bool(seen.found)) == (code, True)
    assert time.process_time() - start < SECONDS


ACCEPTED: dict[str, Callable[[], bytes]] = {
    "a struck cell, as often as may be": partial(repeated, 299_000),
    "pieces of a text": lambda: ods_sheet(row(text("x<text:line-break/>" * 200_000))),
    "styles that inherit from each other": lambda: ods_sheet(
        "",
        styles="".join(f'<style:style style:name="a{n}" style:parent-style-name="a{n + 1}"/>' for n in range(50_000)),
    ),
    "texts of an xls": many_texts,
    "a formula of many brackets": lambda: xls_ended_by(
        struct.pack("<HH3HdHIH", 6, 8_022, 1, 1, 0, 2.0, 0, 0, 8_000) + b"\x15" * 8_000, 500
    ),
    "blank cells of an xlsx": lambda: xlsx_sheet(
        "".join(f"<row r='{n}'>{'<c/>' * 400}</row>" for n in range(1, 2_000))
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_is_read_costs_little(case: str, tmp_path: Path) -> None:
    seconds, megabytes = cost(ACCEPTED[case](), tmp_path)
    assert seconds < SECONDS
    assert megabytes < MEGABYTES


ALONE = """
import re, sys, time
from pathlib import Path
from pipeline.reading.guard import inspect
content = Path(sys.argv[1]).read_bytes()
start = time.process_time()
assert not inspect(content).refused
status = Path("/proc/self/status").read_text()
print(time.process_time() - start, int(re.search(r"VmHWM:\\s+([0-9]+)", status)[1]) / 1024)
"""


def cost(content: bytes, folder: Path) -> tuple[float, float]:
    """Processor seconds and peak memory (MiB) of a fresh process that looks through a file."""
    (folder / "file").write_bytes(content)
    command = [sys.executable, "-c", ALONE, str(folder / "file")]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    return float(told[0]), float(told[1])


def test_marks_over_a_stamp_cost_what_their_number_says() -> None:
    words = "表样识别码 " + "e" + "\u0301\u0323" * 150_000
    start = time.process_time()
    assert Stamp.parse(words) is None
    assert time.process_time() - start < 1


def test_an_xls_of_many_texts_is_read_whole() -> None:
    assert len((inspect(many_texts()).notes.grids)["表"]) == 40
    assert inspect(container({"Workbook": xls_stream(xls(rows=200))})).refused == ""
