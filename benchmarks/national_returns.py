"""Returns of a national program: real issued workbooks, seeded figures patched into their sheets, and what they add up to.

The figures of a respondent depend on the seed and its code alone, so that any number of them may be made in any order.
"""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import xlwt.CompoundDoc

from pipeline.forms.excel_rules import serial
from pipeline.forms.issue import Issue, file_name, issue_workbook
from pipeline.program.identity import STAMP_WORD
from pipeline.program.layout import FIRST_ROW, address, sheet_layout
from pipeline.program.model import FieldType
from pipeline.workspace.campaign import Campaign, load_campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pipeline.program.model import Field, Prefecture
    from pipeline.workspace.paths import Workspace

    Cells = dict[tuple[str, str, str], Any]

OF_ONE_UNIT = ("text", "missing", "part")  # the unit of the first row is returned
OF_THE_FILE = ("unstamped", "truncated", "encrypted", "empty")  # nothing of the file is taken
FAULTS = (*OF_ONE_UNIT, *OF_THE_FILE)
ONE_IN = 100
FILES_IN_A_FOLDER = 1_000
BLANK = re.compile(rb'<c r="([A-Z]+\d+)"( s="\d+")?/>')
SHEETS_BEFORE = 1  # the cover
ENTRIES_AT_MOST = 2
WORDS = ("开展上门服务", "健全工作制度", "联合企业共建", "组织技能培训")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was made.

    Attributes:
        files: Number of files.
        faults: File, relative to the inbox → its kind of fault, one of :data:`FAULTS`.
        returned: Codes of the units none of whose figures may be taken.
        values: (unit, field) → figure of a unit that is taken: counts, and amounts in hundredths.
    """

    files: int
    faults: Mapping[str, str]
    returned: frozenset[str]
    values: Mapping[tuple[str, str], int]


def make_returns(workspace: Workspace, n: int, seed: int = 1, workers: int = 1, one_in: int = ONE_IN) -> Known:
    """Fill the first period's workbooks of ``n`` respondents, evenly taken from all, into ``inbox/``.

    They lie in folders of at most 1,000 files.

    Args:
        workspace: As :func:`~benchmarks.national_program.make_program` made it, its inbox empty.
        n: At most as many as there are.
        seed: Of the figures.
        workers: Processes; the files are the same however many.
        one_in: One of so many is faulty, each kind in turn; 0 for none.
    """
    campaign = load_campaign(workspace)
    everyone = campaign.program.prefectures
    if n > len(everyone):
        raise ValueError(f"填报单位只有{len(everyone)}个，做不出{n}份")
    chosen = [everyone[k * len(everyone) // n] for k in range(n)]
    blocks = [range(at, min(at + FILES_IN_A_FOLDER, n)) for at in range(0, n, FILES_IN_A_FOLDER)]
    work = partial(_block, campaign, workspace.inbox, chosen, seed, one_in)
    if workers == 1:
        return _together(map(work, blocks))
    with ProcessPoolExecutor(workers) as pool:
        return _together(pool.map(work, blocks))


def _together(parts: Iterable[Known]) -> Known:
    files, faults, values, returned = 0, dict[str, str](), dict[tuple[str, str], int](), set[str]()
    for one in parts:
        files += one.files
        faults |= one.faults
        values |= one.values
        returned |= one.returned
    return Known(files=files, faults=faults, returned=frozenset(returned), values=values)


def _block(campaign: Campaign, inbox: Path, chosen: list[Prefecture], seed: int, one_in: int, block: range) -> Known:
    """One folder of files."""
    period = campaign.program.periods[0]
    folder = inbox / period.due_on.isoformat() / f"{block.start // FILES_IN_A_FOLDER:03d}"
    folder.mkdir(parents=True)
    made = []
    for no in block:
        issue = blank(campaign, chosen[no])
        kind = fault_of(no, one_in)
        cells = figures(issue, random.Random(f"{seed}|{chosen[no].code}"))  # noqa: S311 - invented figures
        typed = spoilt(issue, cells, kind)
        content = broken(fill(issue, issue_workbook(issue), typed), kind)
        path = folder / file_name(issue)
        path.write_bytes(content)
        made.append(known_of(issue, cells, kind, path.relative_to(inbox).as_posix()))
    return _together(made)


def blank(campaign: Campaign, prefecture: Prefecture) -> Issue:
    """What the workbook of the first period is made from."""
    program, period = campaign.program, campaign.program.periods[0]
    return Issue(
        program=program.at(period),
        key=campaign.key,
        rules=campaign.rules,
        period=period,
        prefecture=prefecture,
        previous={},
    )


def fault_of(no: int, one_in: int) -> str:
    """The kind of fault of one file by its number, from the middle of the first so many on; "" for none."""
    return FAULTS[no // one_in % len(FAULTS)] if one_in and no % one_in == one_in // 2 else ""


def figures(issue: Issue, dice: random.Random) -> Cells:
    """(form, row, column) → what is typed, as the rules accept it; a row is a unit's code, of a list #1, #2 …"""
    cells: Cells = {}
    for form in issue.program.forms:
        asked = form.fields_in(issue.period)
        units = issue.program.units_of(form, issue.prefecture.code)
        rows = (
            [f"#{k + 1}" for k in range(dice.randint(0, ENTRIES_AT_MOST))] if form.is_list else [u.code for u in units]
        )
        for row in rows:
            typed = {one.code: _figure(issue, one, row, dice) for one in asked}
            cells |= {(form.code, row, code): value for code, value in _agreeing(typed, dice).items()}
    return cells


def _figure(issue: Issue, one: Field, row: str, dice: random.Random) -> Any:
    if one.type is FieldType.COUNTY:
        return dice.choice(issue.program.counties_of(issue.prefecture.code)).short_name
    if one.type is FieldType.TEXT:
        return f"{dice.choice(WORDS)}，{dice.choice(WORDS)}{row.removeprefix('#')}"
    made: dict[FieldType, Callable[[], Any]] = {
        FieldType.COUNT: lambda: "不适用" if one.not_applicable and dice.random() < 0.2 else dice.randint(0, 999),  # noqa: PLR2004
        FieldType.AMOUNT: lambda: Decimal(dice.randint(0, 99_999)) / 100,
        FieldType.YESNO: lambda: dice.choice(("是", "否")),
        FieldType.CHOICE: lambda: dice.choice(one.options),
        FieldType.CHECKLIST: lambda: "、".join(x for x in one.options if dice.random() < 0.5) or "无",  # noqa: PLR2004
        FieldType.DATE: lambda: issue.period.start + timedelta(days=dice.randint(0, 50)),
    }
    return made[one.type]()


def _agreeing(typed: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Without what would contradict itself: a part above its whole, a date of what is not there."""
    if "GZ2-d" in typed:
        typed["GZ2-n"] = dice.randint(0, typed["GZ2-d"])
        if typed["GZ1-3"] != "是":
            del typed["GZ1-4"]
    return typed


def spoilt(issue: Issue, cells: Cells, kind: str) -> Cells:
    """The cells with a fault of the first row of the first form."""
    form = issue.program.forms[0]
    row = issue.program.units_of(form, issue.prefecture.code)[0].code
    if kind == "text":
        return {**cells, (form.code, row, "GZ1-1"): "约20"}
    if kind == "missing":
        return {key: value for key, value in cells.items() if key != (form.code, row, "GZ1-1")}
    if kind == "part":
        return {**cells, (form.code, row, "GZ2-n"): cells[form.code, row, "GZ2-d"] + 5}
    return cells


def known_of(issue: Issue, cells: Cells, kind: str, name: str) -> Known:
    """What is to be found of one return."""
    units: set[str] = {unit.code for unit in issue.program.reporters_of(issue.prefecture.code)}
    first = issue.program.units_of(issue.program.forms[0], issue.prefecture.code)[0].code
    returned = units if kind in OF_THE_FILE else {first} if kind else set()
    values = {}
    for (form, row, code), value in cells.items():
        one = issue.program.field_by_code[code]
        if row not in returned and not issue.program.form_by_code[form].is_list and not isinstance(value, str):
            if one.type is FieldType.COUNT:
                values[row, code] = int(value)
            elif one.type is FieldType.AMOUNT:
                values[row, code] = int(value * 100)
    return Known(files=1, faults={name: kind} if kind else {}, returned=frozenset(returned), values=values)


def fill(issue: Issue, content: bytes, cells: Cells) -> bytes:
    """An issued workbook with cells typed in: their XML is written where xlsxwriter left blank cells.

    Raises:
        ValueError: A cell that is not blank, or not there.
    """
    placed = _placed(issue, cells)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            xml = old.read(member)
            new.writestr(
                member,
                _patched(xml, placed[member.filename]) if member.filename in placed else xml,
                zipfile.ZIP_DEFLATED,
            )
    return out.getvalue()


def _placed(issue: Issue, cells: Cells) -> dict[str, dict[str, Any]]:
    """Member of the package → address → value."""
    placed: dict[str, dict[str, Any]] = {}
    for no, form in enumerate(issue.program.forms, 1 + SHEETS_BEFORE):
        layout = sheet_layout(form, issue.period, issue.program.units_of(form, issue.prefecture.code))
        columns = {code: n for n, code in enumerate(layout.columns)}
        rows = {row: n for n, row in enumerate(issue.rows(layout), FIRST_ROW)}
        placed[f"xl/worksheets/sheet{no}.xml"] = {
            address(rows[row], columns[code]): value for (of, row, code), value in cells.items() if of == form.code
        }
    return placed


def _patched(xml: bytes, values: dict[str, Any]) -> bytes:
    left = dict(values)

    def typed(match: re.Match[bytes]) -> bytes:
        where = match[1].decode()
        return _cell(match[1], match[2] or b"", left.pop(where)) if where in left else match[0]

    filled = BLANK.sub(typed, xml)
    if left:
        raise ValueError(f"没有空着的格：{'、'.join(left)}")
    return filled


def _cell(where: bytes, style: bytes, value: Any) -> bytes:
    if isinstance(value, str):
        return b'<c r="%b"%b t="inlineStr"><is><t>%b</t></is></c>' % (where, style, escape(value).encode())
    return b'<c r="%b"%b><v>%b</v></c>' % (where, style, str(serial(value)).encode())


def broken(content: bytes, kind: str) -> bytes:
    """The file with a fault of the whole file."""
    if kind == "unstamped":
        return _without_stamps(content)
    if kind == "truncated":
        return content[: len(content) * 6 // 10]
    if kind == "encrypted":
        return _encrypted(content)
    return b"" if kind == "empty" else content


def _without_stamps(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member, old.read(member).replace(STAMP_WORD.encode(), b""), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _encrypted(content: bytes) -> bytes:
    """What a password makes of a workbook: a compound file with a stream of noise (here: the package, turned around)."""
    out = io.BytesIO()
    xlwt.CompoundDoc.XlsDoc().save(out, content[::-1])
    return out.getvalue().replace(_stream_name("Workbook"), _stream_name("EncryptedPackage"))


def _stream_name(name: str) -> bytes:
    """The name and its length as they stand in a directory entry."""
    return (name + "\0").encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2)
