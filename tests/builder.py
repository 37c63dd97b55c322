"""Returned workbooks for tests: issued by us, filled with valid figures, then changed cell by cell."""

from __future__ import annotations

import io
import re
import shutil
import signal
import tempfile
from copy import copy
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from pipeline.domain.arrival import Arrival
from pipeline.domain.past import NO_PAST
from pipeline.forms.issue import Issue, issue_workbook
from pipeline.intake.first_round import registry
from pipeline.program.layout import FIRST_FIELD_COL, FIRST_ROW, NIL_COL, list_keys, sheet_layout
from pipeline.program.model import County, FieldType
from pipeline.reading.read import read_return
from pipeline.workspace.campaign import Campaign, load_campaign
from pipeline.workspace.paths import Workspace
from pipeline.workspace.starter import create_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.domain.past import Past
    from pipeline.program.model import Field, Period, Unit
    from pipeline.reading.read import Reading

Made = TypeVar("Made")
KEY = bytes(range(32))
ROOT = Path(__file__).resolve().parent.parent
SMALL = "533400"  # 迪庆州: 3 counties
FIRST, SECOND, THIRD = "533401", "533422", "533423"  # 香格里拉市, 德钦县, 维西县


@cache
def campaign() -> Campaign:
    """The repository's campaign as far as its eight actions go, its stamps signed with the tests' key."""
    with tempfile.TemporaryDirectory() as folder:
        return replace(load_campaign(new_workspace(Path(folder) / "w")), key=KEY)


@cache
def whole_campaign() -> Campaign:
    """The repository's own campaign with all its sheets, its stamps signed with the tests' key."""
    return replace(load_campaign(Workspace(root=ROOT)), key=KEY)


@cache
def part_of_campaign(*forms: str) -> Campaign:
    """The repository's own campaign with some of its sheets: rules take their time, and few sheets show what is meant."""
    c = whole_campaign()
    some = tuple(form for form in c.program.forms if form.code in forms)
    return replace(c, program=replace(c.program, forms=some), rules={form.code: c.rules[form.code] for form in some})


def new_workspace(folder: Path) -> Workspace:
    """A workspace as ``init`` makes it, with the sheets of the eight actions only: most tests need no more."""
    create_workspace(folder)
    only_the_actions(folder)
    return Workspace(root=folder)


def only_the_actions(folder: Path) -> None:
    """Leave out of a workspace's program what stands after the actions: the further sheets and what rests on them."""
    path = folder / "program" / "program.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("\nsheets:") + 1], encoding="utf-8")
    for where in (folder / "program" / "forms", folder / "expectations"):
        for file in where.iterdir():
            if not re.fullmatch(r"A\d", file.stem):
                file.unlink()


def copy_of(workspace: Workspace, folder: Path) -> Workspace:
    """The same workspace, to spoil."""
    shutil.copytree(workspace.root, folder)
    return Workspace(root=folder)


def own_key(workspace: Workspace) -> None:
    """Give a workspace the tests' key, so that what :func:`filled` makes was issued by it."""
    workspace.key_file.write_text(KEY.hex(), encoding="ascii")


def read(*arrivals: Arrival) -> list[Reading]:
    """What the reader makes of files, in this process."""
    return [read_return(registry(campaign(), ()), one) for one in arrivals]


def valid(one: Field, unit: Unit, period: Period) -> Any:
    """A value every rule accepts."""
    if one.code == "Q08-d" and isinstance(unit, County):
        return unit.townships
    if one.type is FieldType.COUNT:
        return 2
    if one.type is FieldType.DATE:
        return period.end - timedelta(days=10)
    return {
        FieldType.YESNO: "是",
        FieldType.CHOICE: one.options[0] if one.options else "",
        FieldType.CHECKLIST: "、".join(one.options),
    }[one.type]


@cache
def blank(period_code: str, prefecture_code: str, *forms: str) -> bytes:
    """An issued workbook without earlier values; of the eight actions, or of some sheets."""
    c = part_of_campaign(*forms) if forms else campaign()
    return issue_workbook(
        Issue(
            program=c.program,
            key=c.key,
            rules=c.rules,
            period=c.program.period_by_code[period_code],
            prefecture=c.program.prefecture_by_code[prefecture_code],
            previous={},
        )
    )


def filled(
    period_code: str = "2023-02",
    prefecture_code: str = SMALL,
    *,
    changes: Mapping[tuple[str, str], Any] | None = None,
    nil: frozenset[str] = frozenset(),
    empty: frozenset[str] = frozenset(),
    touch: Callable[[Any], None] | None = None,
    forms: tuple[str, ...] = (),
) -> bytes:
    """A return: every county filled with valid figures, except as told.

    Args:
        period_code: Of the form.
        prefecture_code: Whose form.
        changes: (county, field) → what to type instead; None leaves the cell blank. "nil" is the tick's column.
        nil: Counties that only tick 本期无新进展.
        empty: Counties left blank.
        touch: Last changes to the openpyxl workbook.
        forms: Only these sheets.
    """
    program = (part_of_campaign(*forms) if forms else campaign()).program
    period = program.period_by_code[period_code]
    counties = program.counties_of(prefecture_code)
    book = openpyxl.load_workbook(io.BytesIO(blank(period_code, prefecture_code, *forms)))
    changes = changes or {}
    for form in program.forms:
        layout = sheet_layout(form, period, counties)
        sheet = book[form.sheet]
        for row, county in enumerate(counties, FIRST_ROW + 1):
            if county.code in nil:
                sheet.cell(row, NIL_COL + 1, "√")
            for col, one in enumerate(layout.fields, FIRST_FIELD_COL + 1):
                key = county.code, one.code
                if key in changes or county.code not in nil | empty:
                    sheet.cell(row, col).value = changes.get(key, valid(one, county, period))
            if (county.code, "nil") in changes:
                sheet.cell(row, NIL_COL + 1).value = changes[county.code, "nil"]
    if touch:
        touch(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def hear_ctrl_c() -> None:
    """For a process to be started: shells start background jobs deaf to it, and that is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def arrival(content: bytes, name: str = "报表.xlsx", day: date = date(2023, 3, 3)) -> Arrival:
    """A file as received on ``day``."""
    return Arrival(name=name, content=content, received_on=day)


def _cells_of(content: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    return {
        sheet.title: [[getattr(value, "text", value) for value in row] for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
    }  # a formula of an array is an object with its text


def as_xls(content: bytes) -> bytes:
    """The same cells as an old binary workbook."""
    book, out, day = xlwt.Workbook(encoding="utf-8"), io.BytesIO(), xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for name, rows in _cells_of(content).items():
        sheet = book.add_sheet(name)
        for row, cells in enumerate(rows):
            for col, value in enumerate(cells):
                if isinstance(value, datetime):
                    sheet.write(row, col, value, day)
                elif value is not None:
                    sheet.write(row, col, value)
    book.save(out)
    return out.getvalue()


def as_ods(content: bytes) -> bytes:
    """The same cells as an OpenDocument spreadsheet."""
    book, out = OpenDocumentSpreadsheet(), io.BytesIO()
    for name, rows in _cells_of(content).items():
        table = Table(name=name)
        for cells in rows:
            line = TableRow()
            for value in cells:
                line.addElement(_ods_cell(value))
            table.addElement(line)
        book.spreadsheet.addElement(table)
    book.write(out)
    return out.getvalue()


def _ods_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return TableCell(valuetype="date", datevalue=value.date().isoformat())
    if isinstance(value, int):
        return TableCell(valuetype="float", value=value)
    cell = TableCell(valuetype="string") if value is not None else TableCell()
    if value is not None:
        cell.addElement(P(text=value))
    return cell


def sent(
    period_code: str = "2023-02",
    prefecture_code: str = SMALL,
    *,
    changes: Mapping[tuple[str, str, str], Any] | None = None,
    lists: Mapping[str, list[Mapping[str, Any]]] | None = None,
    past: Past = NO_PAST,
    of: Campaign | None = None,
) -> bytes:
    """A return of all sheets: every cell filled with what the rules accept, except as told.

    Args:
        period_code: Of the form.
        prefecture_code: Whose form.
        changes: (form, row, column) → what to type instead; None leaves the cell blank.
        lists: Form → entries, from the first row on; without one the list is blank.
        past: What was accepted before, for lower bounds.
        of: The campaign; the whole one if not given.
    """
    c = of or whole_campaign()
    program, period = c.program, c.program.period_by_code[period_code]
    prefecture = program.prefecture_by_code[prefecture_code]
    entries: dict[tuple[str, str, str], Any] = {}
    for form in program.roster_forms:
        for unit in program.units_of(form, prefecture_code):
            entries |= {
                (form.code, unit.code, f.code): fitting(f, unit, period) for f in form.fields_in(period) if not f.shows
            }
    for code, rows in (lists or {}).items():
        entries |= {
            (code, key, column): value
            for key, row in zip(list_keys(), rows, strict=False)
            for column, value in row.items()
        }
    entries |= changes or {}
    return issue_workbook(
        Issue(
            program=program,
            key=c.key,
            rules=c.rules,
            period=period,
            prefecture=prefecture,
            previous={**past.previous, **past.floors},
            entries={key: value for key, value in entries.items() if value is not None},
        )
    )


def fitting(one: Field, unit: Unit, period: Period) -> Any:
    """A value every rule of the whole campaign accepts."""
    if one.code in {"Q08-d", "Q08-1n", "Q08-2n", "D08-1"} and isinstance(unit, County):
        return unit.townships
    if one.type is FieldType.AMOUNT:
        return {"FP02-2": 3.0}.get(
            one.code, 1.0 if one.role in {"received", "received_first", "received_second"} else 0.5
        )
    if one.type is FieldType.TEXT:
        return "情况说明" * 3
    if one.type is FieldType.DATE:
        return period.start if one.code.startswith("M") else period.end - timedelta(days=10)
    return valid(one, unit, period)


def with_figures(m: Made, **figures: Any) -> Made:
    """The same measures, but for some figures."""
    other = copy(m)
    vars(other).update(figures)
    return other
