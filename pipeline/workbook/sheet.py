"""One form sheet → rows: columns and counties by code and visible label together, every cell accounted for.

Position means nothing: officers insert rows and columns, and sort. On disagreement the unique visible name wins, with a
note; what cannot be placed is a finding and never guessed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.findings import Finding, finding
from pipeline.workbook.cells import Parsed, Raw, Value, parse, parse_tick, show
from pipeline.workbook.layout import (
    COUNTY_CODE,
    COUNTY_NAME,
    FRAME_LABELS,
    NIL,
    REMARK,
    STAMP_WORD,
    Stamp,
    address,
    column_letter,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.program.model import County, Form, Program

Grid = list[list[Raw]]
HEADER_DEPTH = 40
SHOWN_STRAYS = 5
SHOWN_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """One county's row on one form sheet.

    Attributes:
        row: 1-based row of the sheet.
        values: Field code → value; None where blank or refused.
        typed: Field code → text as typed, for the fields where something was typed.
        refused: Fields whose text could not be taken; they have a finding.
    """

    form: str
    county_code: str
    sheet: str
    row: int
    nil: bool
    values: Mapping[str, Value]
    typed: Mapping[str, str]
    refused: frozenset[str]

    @property
    def blank(self) -> bool:
        """Neither ticked nor filled."""
        return not self.nil and not self.typed


@dataclass(slots=True)
class Sheet:
    """A sheet under reading: cells leave ``open`` when they are accounted for."""

    name: str
    grid: Grid
    open: set[tuple[int, int]]
    findings: list[Finding] = field(default_factory=list)

    def text(self, row: int, col: int) -> str:
        """A cell as text, stripped; empty beyond the row's end."""
        cells = self.grid[row]
        return show(cells[col]).strip() if col < len(cells) else ""

    def note(self, code: str, row: int | None = None, col: int | None = None, **more: str) -> None:
        """Add a finding of the catalogue about this sheet, or one of its cells."""
        cell = address(row, col) if row is not None and col is not None else ""
        found = more.pop("found", "")
        found = found if len(found) <= SHOWN_TEXT else found[:SHOWN_TEXT] + "…"
        self.findings.append(finding(code, sheet=self.name, cell=cell, found=found, **more))


def read_form(program: Program, form: Form, stamp: Stamp,
              sheet: Sheet) -> tuple[tuple[FormRow, ...], dict[str, str]] | None:  # fmt: skip
    """Read one form sheet.

    Args:
        program: The campaign.
        form: What the stamp says it is.
        stamp: Its identity: period and prefecture.
        sheet: The cells; findings are added to it.

    Returns:
        One row per county found, and field code → column letters; None when the columns cannot be told, with a finding.
    """
    fields = form.fields_in(program.period_by_code[stamp.period])
    labels = {plain(text): code for code, text in FRAME_LABELS.items()}
    labels |= {plain(text): f.code for f in fields for text in (f.title, f.label)}
    header = _find_columns(sheet, labels)
    missing = {COUNTY_CODE, COUNTY_NAME, *(f.code for f in fields)} - set(header.columns)
    if header.ambiguous or {COUNTY_CODE, COUNTY_NAME} <= missing:
        sheet.note("SHEET_AMBIGUOUS", found="、".join(header.ambiguous) or "没有找到县代码列和县名列")
        return None
    for code in sorted(missing - {COUNTY_CODE, COUNTY_NAME}):
        sheet.note("COLUMN_MISSING", found="", expected=next(f.label for f in fields if f.code == code), field=code)
    if missing - {COUNTY_CODE, COUNTY_NAME}:
        return None
    _account_for_header(sheet, form, header)
    rows = _read_rows(program, form, stamp, sheet, header)
    _report_strays(sheet)
    return rows, {f.code: column_letter(header.columns[f.code]) for f in fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """Where the columns are: code → column, the rows of codes and titles, and the last of them."""

    columns: dict[str, int]
    rows: frozenset[int]
    last_row: int
    ambiguous: tuple[str, ...]


def _find_columns(sheet: Sheet, labels: dict[str, str]) -> _Header:
    """Match columns by code and visible title together; on disagreement the visible title wins, with a note."""
    codes = set(labels.values())
    code_row = _best_row(sheet, lambda text: text in codes)
    label_row = _best_row(sheet, lambda text: plain(text) in labels)
    found: dict[str, list[int]] = defaultdict(list)
    notes: list[tuple[str, int, str, str]] = []
    width = max((len(cells) for cells in sheet.grid), default=0)
    for col in range(width):
        by_code = sheet.text(code_row, col) if code_row is not None else ""
        shown = sheet.text(label_row, col) if label_row is not None else ""
        by_code, by_label = by_code if by_code in codes else "", labels.get(plain(shown), "")
        if not (by_code or by_label):
            continue
        found[by_label or by_code].append(col)
        if by_code != by_label:
            notes.append(
                ("COLUMN_CODE_CHANGED" if by_label else "COLUMN_TITLE_CHANGED", col, shown, by_label or by_code)
            )
    for kind, col, shown, code in notes:
        sheet.note(kind, label_row if label_row is not None else code_row, col, found=shown, field=code)
    ambiguous = tuple(
        f"{code}：{'、'.join(column_letter(c) for c in cols)}列" for code, cols in found.items() if len(cols) > 1
    )
    rows = frozenset(row for row in (code_row, label_row) if row is not None)
    return _Header(
        columns={code: cols[0] for code, cols in found.items()},
        rows=rows,
        last_row=max(rows, default=0),
        ambiguous=ambiguous,
    )


def _best_row(sheet: Sheet, known: Any) -> int | None:
    """The header row with the most known cells, at least two."""
    counts = [sum(known(sheet.text(row, col)) for col in range(len(cells)))
              for row, cells in enumerate(sheet.grid[:HEADER_DEPTH])]  # fmt: skip
    best = max(range(len(counts)), key=counts.__getitem__, default=None)
    return best if best is not None and counts[best] > 1 else None


def _account_for_header(sheet: Sheet, form: Form, header: _Header) -> None:
    """Our own words above the data are ignored by declaration; anything else there stays open."""
    ours = {plain(f"第{item.no}项\n{item.title}") for item in form.items}
    ours |= {plain(text) for text in (*FRAME_LABELS.values(), "县（市、区）", f"行动{form.action}　{form.title}")}
    columns = set(header.columns.values())
    for row, col in sorted(sheet.open):
        if row > header.last_row:
            break
        text = plain(sheet.text(row, col))
        own_column = (row in header.rows or row >= header.last_row - 1) and col in columns
        if own_column or text in ours or text.startswith(("填报单位:", STAMP_WORD)):
            sheet.open.discard((row, col))


def _read_rows(program: Program, form: Form, stamp: Stamp, sheet: Sheet, header: _Header) -> tuple[FormRow, ...]:
    by_code = {county.code: county for county in program.counties}
    by_name = {plain(name): county for county in program.counties for name in county.names}
    rows: dict[str, list[FormRow]] = defaultdict(list)
    for row in range(header.last_row + 1, len(sheet.grid)):
        county = _which_county(sheet, row, header, by_code, by_name)
        if county is None:
            continue
        if county.prefecture_code != stamp.prefecture_code:
            sheet.note("ROW_OTHER_PREFECTURE", row, header.columns.get(COUNTY_NAME, 0), found=county.name)
            _account_for_row(sheet, row)
            continue
        rows[county.code].append(_read_row(program, form, stamp, sheet, header, row, county.code))
    return tuple(_only_row(sheet, header, county_rows) for county_rows in rows.values())


def _account_for_row(sheet: Sheet, row: int) -> None:
    sheet.open -= {cell for cell in sheet.open if cell[0] == row}


def _which_county(sheet: Sheet, row: int, header: _Header, by_code: Mapping[str, County],
                  by_name: Mapping[str, County]) -> County | None:  # fmt: skip
    """The county of a row by code and name together; None for an empty row or one nobody can place."""
    code_col, name_col = header.columns.get(COUNTY_CODE), header.columns.get(COUNTY_NAME)
    code = plain(sheet.text(row, code_col)) if code_col is not None else ""
    name = plain(sheet.text(row, name_col)) if name_col is not None else ""
    cells = {cell for cell in sheet.open if cell[0] == row}
    if not cells:
        return None
    coded, named = by_code.get(code), by_name.get(name)
    if named is None and coded is not None and name and not any(name in plain(own) for own in coded.names):
        coded = None  # a name that says something else: never guess which of the two is meant
    county = named or coded
    if county is None:
        found = "、".join(sheet.text(*cell) for cell in sorted(cells)[:SHOWN_STRAYS])
        sheet.note("ROW_UNRECOGNISED", row, min(cells)[1], found=found)
        sheet.open -= cells
        return None
    if named and code != county.code:
        sheet.note("ROW_CODE_CHANGED", row, code_col if code_col is not None else name_col, found=code,
                   expected=county.code, county_code=county.code)  # fmt: skip
    elif not named:
        sheet.note("ROW_NAME_CHANGED", row, name_col if name_col is not None else code_col, found=name,
                   expected=county.short_name, county_code=county.code)  # fmt: skip
    sheet.open -= {(row, col) for col in (code_col, name_col) if col is not None}
    return county


def _read_row(program: Program, form: Form, stamp: Stamp, sheet: Sheet, header: _Header, row: int,
              county_code: str) -> FormRow:  # fmt: skip
    values: dict[str, Value] = {}
    typed: dict[str, str] = {}
    refused: set[str] = set()
    for one in form.fields_in(program.period_by_code[stamp.period]):
        col = header.columns[one.code]
        cells = sheet.grid[row]
        parsed = parse(cells[col] if col < len(cells) else None, one)
        values[one.code] = parsed.value
        sheet.open.discard((row, col))
        if parsed.blank:
            continue
        typed[one.code] = parsed.raw
        if parsed.problem:
            refused.add(one.code)
        _note_cell(sheet, row, col, parsed, one.code, county_code)
    nil = _read_tick(sheet, header, row, county_code)
    if (remark := header.columns.get(REMARK)) is not None:
        sheet.open.discard((row, remark))
        if words := sheet.text(row, remark):
            sheet.note("REMARK", row, remark, found=words, county_code=county_code)
    return FormRow(form=form.code, county_code=county_code, sheet=sheet.name, row=row + 1, nil=nil, values=values,
                   typed=typed, refused=frozenset(refused))  # fmt: skip


def _note_cell(sheet: Sheet, row: int, col: int, parsed: Parsed, code: str, county_code: str) -> None:
    if parsed.problem:
        sheet.note(
            parsed.problem, row, col, found=parsed.raw, expected=parsed.expected, field=code, county_code=county_code
        )
    elif parsed.note:
        sheet.note(
            "CELL_READ_AS", row, col, found=parsed.raw, expected=parsed.note, field=code, county_code=county_code
        )


def _read_tick(sheet: Sheet, header: _Header, row: int, county_code: str) -> bool:
    col = header.columns.get(NIL)
    if col is None:
        return False
    raw = sheet.grid[row][col] if col < len(sheet.grid[row]) else None
    sheet.open.discard((row, col))
    ticked, unclear = parse_tick(raw)
    if unclear:
        sheet.note("NIL_UNCLEAR", row, col, found=show(raw), expected="√ 或留空", county_code=county_code)
    return ticked


def _only_row(sheet: Sheet, header: _Header, rows: list[FormRow]) -> FormRow:
    """The one row of a county; when two are filled neither is trusted."""
    filled = [row for row in rows if not row.blank]
    if len(filled) > 1:
        where = "、".join(f"第{row.row}行" for row in filled)
        sheet.note("ROW_TWICE", filled[1].row - 1, header.columns.get(COUNTY_NAME, 0), found=where,
                   expected="一个县一行", county_code=filled[0].county_code)  # fmt: skip
    return (filled or rows)[0]


def _report_strays(sheet: Sheet) -> None:
    """One finding per column (or heading row) of cells nobody asked for."""
    by_column: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, col in sorted(sheet.open):
        if sheet.text(row, col):
            by_column[col].append((row, col))
    for cells in by_column.values():
        shown = "、".join(f"{address(*cell)}“{sheet.text(*cell)[:20]}”" for cell in cells[:SHOWN_STRAYS])
        more = f"等{len(cells)}格" if len(cells) > SHOWN_STRAYS else ""
        sheet.note("STRAY_CELL", *cells[0], found=shown + more)
