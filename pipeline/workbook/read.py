"""A returned workbook → returns: identified by its stamps, read by code and label together, every cell accounted for.

Position means nothing: officers insert rows and columns, sort, rename and reorder sheets. Whatever is neither taken
nor known to be ours is a finding.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import python_calamine

from pipeline.findings import CATALOGUE, Finding, Severity, finding
from pipeline.program.forms import OWN_SHEETS
from pipeline.workbook.cells import show
from pipeline.workbook.guard import refusal
from pipeline.workbook.layout import (
    IDENTITY_SHEET,
    STAMP_WORD,
    Stamp,
)
from pipeline.workbook.notes import Notes, package_notes
from pipeline.workbook.sheet import HEADER_DEPTH, FormRow, Grid, Sheet, read_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from pipeline.program.model import Program

ADMINISTRATIVE = ("COVER", "CHECK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file as it lay in the inbox.

    Attributes:
        name: Path relative to the inbox, with forward slashes.
        received_on: Date of its dated folder, else of its modification.
    """

    name: str
    content: bytes
    received_on: date

    @property
    def sha256(self) -> str:
        """Identity of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What one file says for one prefecture and period.

    Attributes:
        rows: Form code → rows, one per county found.
        columns: Form code → field code → column letters on that sheet (with the rows: provenance of every cell).
        sheets: Form code → sheet name.
    """

    arrival: Arrival
    prefecture_code: str
    period: str
    issue_no: str
    rows: Mapping[str, tuple[FormRow, ...]]
    columns: Mapping[str, Mapping[str, str]]
    sheets: Mapping[str, str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything one file gave: returns, and findings about what could not be placed."""

    arrival: Arrival
    returns: tuple[Return, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_return(program: Program, arrival: Arrival) -> Reading:
    """Read one file.

    Args:
        program: The campaign.
        arrival: The file.

    Returns:
        One :class:`Return` per (prefecture, period) stamped on its sheets. A file that cannot be read, or that is not
        ours, has no returns and a finding that says why. Never raises for what is in the file.
    """
    code = refusal(arrival.content)
    if code:
        return _refused(arrival, code)
    notes = package_notes(arrival.content)
    if notes.too_far:
        return _refused(arrival, "FILE_TOO_FAR")
    try:
        with _quiet_stderr():
            grids = load_grids(arrival.content)
    except python_calamine.PasswordError:
        return _refused(arrival, "FILE_ENCRYPTED")
    except Exception:  # noqa: BLE001 - whatever the parser says of a damaged file, it is the file's fault
        return _refused(arrival, "FILE_UNREADABLE")
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the Rust reader's panic does not derive from Exception
            raise
        return _refused(arrival, "FILE_UNREADABLE")
    return _read_sheets(program, arrival, _with_notes(grids, notes))


def load_grids(content: bytes) -> dict[str, Grid]:
    """All sheets of a workbook (xlsx, xls, xlsb, ods by content) as rows of raw cells from A1 on."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    grids: dict[str, Grid] = {}
    for name in book.sheet_names:
        grids[name] = [list(row) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
    return grids


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """The Rust reader prints its panics itself, straight to the system's stderr; nobody here should see them."""
    try:
        saved = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _with_notes(grids: dict[str, Grid], notes: Notes) -> dict[str, Grid]:
    """Put in what the reader left out, as the text an officer sees; cells.py then refuses it by name."""
    for (sheet, row, col), text in notes.shown.items():
        grid = grids.get(sheet)
        if grid is None:
            continue
        grid.extend([] for _ in range(row + 1 - len(grid)))
        grid[row].extend("" for _ in range(col + 1 - len(grid[row])))
        grid[row][col] = text
    return grids


def _refused(arrival: Arrival, code: str) -> Reading:
    return Reading(arrival=arrival, findings=(finding(code, file=arrival.name),))


def _read_sheets(program: Program, arrival: Arrival, grids: dict[str, Grid]) -> Reading:
    listed = _identity_sheet(grids.get(IDENTITY_SHEET, []))
    groups: dict[tuple[str, str], list[tuple[Stamp, Sheet]]] = defaultdict(list)
    loose: list[Finding] = []
    for name, grid in grids.items():
        if name == IDENTITY_SHEET:
            continue
        sheet = Sheet(
            name, grid, {(r, c) for r, cells in enumerate(grid) for c, v in enumerate(cells) if v not in ("", None)}
        )
        stamp = _find_stamp(sheet) or listed.get(name)
        if stamp is None:
            if sheet.open and name not in OWN_SHEETS:
                loose.append(finding("SHEET_EXTRA", file=arrival.name, sheet=name, found=f"{len(sheet.open)}格有内容"))
        elif stamp.form not in ADMINISTRATIVE:
            groups[stamp.prefecture_code, stamp.period].append((stamp, sheet))
    if not groups:
        return Reading(arrival=arrival, findings=(finding("FILE_UNRECOGNISED", file=arrival.name), *loose))
    outcomes = [
        _read_group(program, arrival, key, sheets) for key, sheets in sorted(groups.items(), key=lambda g: g[0])
    ]
    returns = [one for one in outcomes if isinstance(one, Return)]
    unplaced = [one for one in outcomes if isinstance(one, Finding)]
    if returns:  # notes about sheets that are nobody's go with the first return
        returns[0] = replace(returns[0], findings=(*returns[0].findings, *loose))
        loose = []
    return Reading(arrival=arrival, returns=tuple(returns), findings=(*unplaced, *loose))


def _identity_sheet(grid: Grid) -> dict[str, Stamp]:
    stamps = {show(row[0]): Stamp.parse(show(row[1])) for row in grid if len(row) > 1}
    return {name: stamp for name, stamp in stamps.items() if stamp}


def _find_stamp(sheet: Sheet) -> Stamp | None:
    for row, cells in enumerate(sheet.grid[:HEADER_DEPTH]):
        for col, raw in enumerate(cells):
            if isinstance(raw, str) and STAMP_WORD in raw and (stamp := Stamp.parse(raw)):
                sheet.open.discard((row, col))
                return stamp
    return None


def _read_group(program: Program, arrival: Arrival, key: tuple[str, str],
                stamped: list[tuple[Stamp, Sheet]]) -> Return | Finding:  # fmt: skip
    """The sheets of one prefecture and period; or why they cannot be placed."""
    prefecture_code, period = key
    wrong = _wrong_identity(program, stamped, arrival)
    forms = Counter(stamp.form for stamp, _ in stamped)
    if not wrong and forms.most_common(1)[0][1] > 1:
        twice = forms.most_common(1)[0][0]
        wrong = ("SHEET_TWICE", "、".join(s.name for stamp, s in stamped if stamp.form == twice), "每张表一份")
    if wrong:
        code, found, expected = wrong
        known = prefecture_code if prefecture_code in program.prefecture_by_code else ""
        refused = finding(code, file=arrival.name, prefecture_code=known, found=found, expected=expected)
        if not known or period not in program.period_by_code or code == "FILE_WRONG_PROGRAM":
            return refused
        return Return(arrival=arrival, prefecture_code=known, period=period, issue_no=stamped[0][0].issue_no, rows={},
                      columns={}, sheets={}, findings=(refused,))  # fmt: skip
    rows: dict[str, tuple[FormRow, ...]] = {}
    columns: dict[str, dict[str, str]] = {}
    sheets: dict[str, str] = {}
    findings: list[Finding] = []
    end = program.period_by_code[period].end
    if arrival.received_on < end:
        findings.append(finding("PERIOD_NOT_ENDED", file=arrival.name, prefecture_code=prefecture_code,
                                found=f"{arrival.received_on} 收到", expected=f"{end} 以后"))  # fmt: skip
    for stamp, sheet in stamped:
        form = program.form_by_code[stamp.form]
        table = read_form(program, form, stamp, sheet)
        findings += [replace(f, prefecture_code=prefecture_code).at(file=arrival.name) for f in sheet.findings]
        if table is not None:
            rows[form.code], columns[form.code] = table
            sheets[form.code] = sheet.name
    return Return(arrival=arrival, prefecture_code=prefecture_code, period=period, issue_no=stamped[0][0].issue_no,
                  rows=rows, columns=columns, sheets=sheets, findings=tuple(findings))  # fmt: skip


def _wrong_identity(
    program: Program, stamped: list[tuple[Stamp, Sheet]], arrival: Arrival
) -> tuple[str, str, str] | None:
    stamp = stamped[0][0]
    if stamp.program != program.code:
        return "FILE_WRONG_PROGRAM", stamp.program, program.code
    if stamp.period not in program.period_by_code:
        return "FILE_WRONG_PERIOD", stamp.period, "、".join(program.period_by_code)
    if stamp.prefecture_code not in program.prefecture_by_code:
        return "FILE_WRONG_PREFECTURE", stamp.prefecture_code, "本专项工作的州（市）代码"
    period = program.period_by_code[stamp.period]
    if arrival.received_on < period.start:
        return "FILE_TOO_EARLY", f"{arrival.received_on} 收到", f"{period.title}（{period.start}开始）"
    for stamp, sheet in stamped:
        form = program.form_by_code.get(stamp.form)
        if form is None or form.version != stamp.version:
            expected = f"第{form.version}版" if form else "、".join(program.form_by_code)
            return "FILE_WRONG_VERSION", f"{sheet.name}：表 {stamp.form} 第{stamp.version}版", expected
    return None


def whole_file_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that return the file rather than a county."""
    return tuple(f for f in findings if f.severity is Severity.CRITICAL and CATALOGUE[f.code].whole_file)
