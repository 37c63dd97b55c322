"""One form sheet → rows: columns and counties by code and visible label together, every cell accounted for.

Position means nothing: officers insert rows and columns, and sort. On disagreement the unique visible name wins, with a
note; what cannot be placed is a finding and never guessed.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.domain.findings import CATALOGUE, Finding, Severity, finding
from pipeline.domain.value import Raw, Value, is_blank, show, tidy
from pipeline.program.identity import STAMP_WORD, Stamp
from pipeline.program.layout import (
    BEFORE,
    CONFIRMED,
    COUNTY_CODE,
    COUNTY_NAME,
    ENTRY,
    LIST_ROWS,
    LIVE_DONE,
    LIVE_FORMULA,
    LIVE_OPEN,
    MOVED,
    NEW,
    NIL,
    REMARK,
    STATUS,
    TO_MEND,
    UNLIKELY,
    address,
    before_label,
    column_letter,
    frame_labels,
    increment_labels,
    level_of,
    plain,
    row_name,
    rows_heading,
    total_formula,
)
from pipeline.program.model import FieldType, Rows
from pipeline.reading.cells import PROSE, Parsed, parse, parse_new, parse_tick, remedy, wanted
from pipeline.reading.formats.notes import UNCALCULATED, Seen
from pipeline.reading.increments import summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.program.model import Field, Form, Program, Unit
    from pipeline.reading.formats.notes import Doubt

Grid = list[list[Raw]]
HEADER_DEPTH = 40
_SHOWN_STRAYS = 5
_TOTALS = frozenset({"合计", "小计", "总计", "共计"})  # below a list: no entry
SHOWN_ROWS = 20  # rows nobody can place that are listed one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """One row of a form sheet: a county's, a prefecture's own, or an entry of its list.

    Attributes:
        county_code: Of the unit whose row it is; of an entry, the prefecture.
        row: 1-based row of the sheet.
        entry: Of an entry, the number it came with; empty when it is new.
        shows: Field code → what stands in the cell of a column that only repeats an action sheet: never a value of its own.
        values: Field code → value; None where blank or refused.
        typed: Field code → text as typed, for the fields where something was typed.
        cells: Column code → cell as it stood, for every column (tick and remark too) where something was typed.
        refused: Fields whose text could not be taken; they have a finding.
        beside: Column code → picture, text box or comment over a cell where nothing was typed.
        confirms: It went out with what was accepted last: it is reported when something was changed, or it was ticked.
        before: Field code → what went out in its cell, where the sheet still has it; None where it cannot be read.
    """

    form: str
    county_code: str
    sheet: str
    row: int
    nil: bool
    values: Mapping[str, Value]
    typed: Mapping[str, str]
    cells: Mapping[str, Raw]
    refused: frozenset[str]
    entry: str = ""
    shows: Mapping[str, Value] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    confirms: bool = False
    before: Mapping[str, Value] = field(default_factory=dict)

    @property
    def adds(self) -> bool:
        """What came in this period was typed, be it nothing: that is an answer."""
        return any(code.startswith(NEW) for code in self.cells)

    @property
    def blank(self) -> bool:
        """Neither ticked nor filled; what a formula of ours shows fills nothing."""
        return not self.nil and not self.typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A cell that was reported and not taken: kept, so that it can be handed back."""

    sheet: str
    cell: str
    text: str


@dataclass(slots=True)
class Sheet:
    """A sheet under reading: cells leave ``open`` when they are accounted for, to be used or to be strays; ``seen`` is how it looks.

    ``texts`` holds every cell as :func:`show` shows it, stripped; ``sums`` running totals of columns below the headings, of
    those that were asked for; ``unplaced`` the first cells of rows nobody can place.
    """

    name: str
    grid: Grid
    texts: list[list[str]]
    open: set[tuple[int, int]]
    seen: Seen = field(default_factory=Seen)
    findings: list[Finding] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    sums: dict[int, list[float]] = field(default_factory=dict)
    unplaced: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, grid: Grid, seen: Seen | None = None) -> Sheet:
        """Nothing is accounted for yet."""
        texts: list[list[str]] = []
        filled: set[tuple[int, int]] = set()
        for row, cells in enumerate(grid):
            texts.append([show(raw).strip() if raw != "" else "" for raw in cells])
            for col, text in enumerate(texts[row]):
                if text and (text[0].isalnum() or not is_blank(cells[col])):
                    filled.add((row, col))
        return cls(name=name, grid=grid, texts=texts, open=filled, seen=seen or Seen())

    def give_back(self, cells: Iterable[tuple[int, int]]) -> None:
        """Account for cells by keeping them as strays."""
        for row, col in sorted(cells):
            if text := self.text(row, col):
                self.strays.append(Stray(sheet=self.name, cell=address(row, col), text=text))
            self.open.discard((row, col))

    def text(self, row: int, col: int) -> str:
        """A cell as text, stripped; empty beyond the row's end."""
        line = self.texts[row]
        return line[col] if col < len(line) else ""

    def quoted(self, cells: Sequence[tuple[int, int]]) -> str:
        """The first few of some cells, with their addresses."""
        shown = "、".join(f"{address(*cell)}“{self.text(*cell)[:20]}”" for cell in cells[:_SHOWN_STRAYS])
        return shown + (f"等{len(cells)}格" if len(cells) > _SHOWN_STRAYS else "")

    def note(self, code: str, row: int | None = None, col: int | None = None, **more: str) -> None:
        """Add a finding of the catalogue about this sheet, or one of its cells."""
        cell = address(row, col) if row is not None and col is not None else ""
        self.findings.append(finding(code, sheet=self.name, cell=cell, **more))


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTable:
    """What one form sheet holds.

    Attributes:
        rows: One per county found.
        columns: Field code → column letters, of the fields that have a column.
        places: The same of every column, tick and remark too.
    """

    rows: tuple[FormRow, ...]
    columns: Mapping[str, str]
    places: Mapping[str, str]


def read_form(program: Program, form: Form, stamp: Stamp, sheet: Sheet) -> FormTable | None:
    """Read one form sheet.

    Args:
        program: The campaign.
        form: What the stamp says it is. Of a sheet of another version, the fields that still are are read.
        stamp: Its identity: period and prefecture.
        sheet: The cells; findings are added to it.

    Returns:
        The table; None when the columns cannot be found, with a finding and all cells among the strays.
    """
    fields, frame = form.fields_in(program.period_by_code[stamp.period]), frame_labels(program, form)
    header = _find_columns(sheet, _labels_of(fields, frame) | (_labels_before(fields) if form.confirm else {}))
    absent = [f for f in fields if f.code not in header.columns]
    key = ENTRY if form.is_list else COUNTY_NAME
    if header.ambiguous or key not in header.columns or len(absent) == len(fields):
        sheet.note("SHEET_AMBIGUOUS", found="、".join(header.ambiguous) or f"没有找到“{frame[key]}”列或指标列")
        sheet.give_back(sheet.open)
        return None
    if stamp.version == form.version:
        for field in absent:
            sheet.note("COLUMN_MISSING", found="", expected=field.label, field=field.code)
    _account_for_header(program, form, sheet, header)
    rows = (_read_entries if form.is_list else _read_rows)(program, form, stamp, sheet, header)
    if sheet.seen.cols:
        _report_hidden_columns(sheet, fields, header, rows)
    _report_strays(sheet)
    places = {code: column_letter(col) for code, col in header.columns.items()}
    asked = {f.code for f in fields}
    return FormTable(rows=rows, columns={code: col for code, col in places.items() if code in asked}, places=places)


def _labels_of(fields: Iterable[Field], frame: Mapping[str, str]) -> dict[str, str]:
    """Visible column titles, those of earlier forms too, reduced → column code; ``frame`` of those that are not fields."""
    labels = {plain(text): code for code, text in frame.items()}
    return labels | {plain(text): f.code for f in fields for text in f.titles}


def _labels_before(fields: Iterable[Field]) -> dict[str, str]:
    """Titles of what a sheet to be confirmed has besides, reduced → column code."""
    labels = {plain(CONFIRMED): NIL}
    for f in fields:
        labels |= {plain(before_label(f)): BEFORE + f.code}
        labels |= {plain(text): code for code, text in increment_labels(f).items()} if f.increment else {}
    return labels


def form_by_titles(program: Program, sheet: Sheet) -> Form | None:
    """The form whose columns a sheet shows: most of those asked in some period, and more than any other form's."""
    best: tuple[int, Form | None] = (0, None)
    for form in program.forms:
        labels, codes = _labels_of(form.fields, frame_labels(program, form)), {f.code for f in form.fields}
        shown = [
            {labels.get(plain(text), text) for text in map(show, cells) if text.strip()} & codes
            for cells in sheet.grid[:HEADER_DEPTH]
        ]
        asked = min(len(form.fields_in(period)) or len(codes) for period in program.periods)
        most = max(map(len, shown), default=0)
        if 2 * most > asked and most > best[0]:
            best = most, form
    return best[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """Where the columns are: code → column, and the rows of codes and titles."""

    columns: dict[str, int]
    rows: frozenset[int]
    ambiguous: tuple[str, ...]

    def confirms(self, sheet: Sheet) -> bool:
        """Whether the sheet went out to be confirmed: the tick says so, or what went out is still there."""
        tick = self.columns.get(NIL)
        ticks = {plain(sheet.text(row, tick)) for row in self.rows} if tick is not None else set()
        return plain(CONFIRMED) in ticks or any(code.startswith(BEFORE) for code in self.columns)


def _find_columns(sheet: Sheet, labels: dict[str, str]) -> _Header:
    """Match columns by code and visible title together; on disagreement the visible title wins, with a note."""
    codes = set(labels.values())
    head = sheet.texts[:HEADER_DEPTH]
    code_row = _best_row([sum(map(codes.__contains__, texts)) for texts in head])
    label_row = _best_row([sum(map(labels.__contains__, map(plain, filter(None, texts)))) for texts in head])
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
    titles = label_row if label_row is not None or code_row is None else code_row - 1  # every title was changed
    return _Header(
        columns={code: cols[0] for code, cols in found.items()},
        rows=frozenset(row for row in (code_row, titles) if row is not None),
        ambiguous=ambiguous,
    )


def _best_row(counts: Sequence[int]) -> int | None:
    """The header row with the most known cells, at least two."""
    best = max(range(len(counts)), key=counts.__getitem__, default=None)
    return best if best is not None and counts[best] > 1 else None


def _account_for_header(program: Program, form: Form, sheet: Sheet, header: _Header) -> None:
    """Our own words above the data are ignored by declaration; anything else there stays open."""
    ours = {plain(f"{item.label}\n{item.title}") for item in form.items}
    frame = frame_labels(program, form).values()
    ours |= {plain(text) for text in (*frame, level_of(program, form), "填报单位", form.heading)}
    columns = set(header.columns.values())
    for row, col in sorted(sheet.open):
        if row > max(header.rows):
            break
        text = plain(sheet.text(row, col))
        own_column = row in header.rows and col in columns
        if (
            own_column
            or text in ours
            or text.startswith(("填报单位:", STAMP_WORD, plain(LIVE_OPEN), plain(LIVE_DONE), plain(UNCALCULATED)))
        ):
            sheet.open.discard((row, col))


def _account_for_foot(sheet: Sheet, header: _Header) -> None:
    """What is left to do stands once more below the rows, for the printed page; ours by its words, or by its formula."""
    for place in sorted(sheet.open):
        text, begins = sheet.text(*place), sheet.seen.formulas.get(place, LIVE_FORMULA)
        ours = text.startswith((LIVE_OPEN, LIVE_DONE)) or (text == UNCALCULATED and begins.startswith(LIVE_FORMULA))
        if ours and place[0] > max(header.rows) and place[1] != header.columns.get(REMARK):
            sheet.open.discard(place)


def _read_rows(program: Program, form: Form, stamp: Stamp, sheet: Sheet, header: _Header) -> tuple[FormRow, ...]:
    """Every row that is not a heading, wherever it was sorted to; above the headings only what is surely a county."""
    if form.confirm:
        _account_for_foot(sheet, header)
    roster = _Roster.of(program, form, stamp, sheet, header)
    fields = {field.code: field for field in form.fields}
    filled: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for cell in sheet.open:
        filled[cell[0]].add(cell)
    rows: dict[str, list[FormRow]] = defaultdict(list)
    for row in sorted(filled.keys() - header.rows):
        if row < min(header.rows) and not roster.sure(row):
            continue
        county = _which_county(sheet, row, header, roster)
        if county is None:
            _report_row(sheet, row, header, filled[row], fields)
        elif county.prefecture_code != stamp.prefecture_code:
            sheet.note("ROW_OTHER_PREFECTURE", row, header.columns[COUNTY_NAME], found=county.name)
            sheet.give_back(filled[row])
        else:
            _note_county(sheet, row, header, roster, county)
            rows[county.code].append(_read_row(program, form, stamp, sheet, header, row, county.code))
    if more := sheet.unplaced[SHOWN_ROWS:]:
        sheet.note(
            "ROW_UNRECOGNISED", *more[0], found=f"第{more[0][0] + 1}行至第{more[-1][0] + 1}行，另有{len(more)}行"
        )
    one_row = f"一个{program.words.row}一行"
    return tuple(_only_row(sheet, header, county_rows, one_row) for county_rows in rows.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roster:
    """What the rows of a sheet say by code and by name.

    Attributes:
        coded: Row → county of its code.
        named: Row → county of its name.
        codes_moved: Some row's code and name are of different counties: codes were left behind by a sort.
    """

    coded: Mapping[int, Unit]
    named: Mapping[int, Unit]
    codes_moved: bool

    @classmethod
    def of(cls, program: Program, form: Form, stamp: Stamp, sheet: Sheet, header: _Header) -> _Roster:
        """Look up every row: among the respondent's own units, and only what is none of them among all there are."""
        own = program.units_of(form, stamp.prefecture_code)
        coded_all: Mapping[str, Unit] = (
            program.standing_by_code if form.rows is Rows.COUNTY else program.prefecture_by_code
        )
        own_coded, own_named = {unit.code: unit for unit in own}, program.known_as(own)
        heading = plain(rows_heading(program, form))

        def by_code(text: str) -> Unit | None:
            return own_coded.get(text) or coded_all.get(text)

        def by_name(text: str, coded: Unit | None) -> Unit | None:
            if coded and coded.code not in own_coded and text in program.known_as((coded,)):
                return (
                    coded  # code and name of somebody else's unit, also where one of the respondent's bears that name
                )
            if not text or text == heading or text in own_named:
                return own_named.get(text)
            every = program.counties_known_as if form.rows is Rows.COUNTY else program.prefectures_known_as
            return every.get(text)

        code_col, name_col = header.columns.get(COUNTY_CODE), header.columns[COUNTY_NAME]
        rows = [row for row in range(len(sheet.grid)) if row not in header.rows]
        coded = {
            row: unit for row in rows if code_col is not None and (unit := by_code(plain(sheet.text(row, code_col))))
        }
        named = {row: unit for row in rows if (unit := by_name(plain(sheet.text(row, name_col)), coded.get(row)))}
        return cls(
            coded=coded, named=named, codes_moved=any(named.get(row, unit) != unit for row, unit in coded.items())
        )

    def sure(self, row: int) -> bool:
        """Code and name agree."""
        return row in self.coded and self.coded[row] == self.named.get(row)


def _which_county(sheet: Sheet, row: int, header: _Header, roster: _Roster) -> Unit | None:
    """The county of a row by code and name together; None when nobody can say."""
    name = plain(sheet.text(row, header.columns[COUNTY_NAME]))
    coded, named = roster.coded.get(row), roster.named.get(row)
    if (
        named is None
        and coded is not None
        and (roster.codes_moved if not name else not any(name in plain(own) for own in coded.names))
    ):
        return None  # a name that says something else, or none beside codes that are wrong elsewhere: never guess
    return named or coded


def _note_county(sheet: Sheet, row: int, header: _Header, roster: _Roster, county: Unit) -> None:
    """Say which of code and name was taken, where they do not agree."""
    code_col, name_col = header.columns.get(COUNTY_CODE), header.columns[COUNTY_NAME]
    code, name = sheet.text(row, code_col) if code_col is not None else "", sheet.text(row, name_col)
    if row not in roster.named:
        sheet.note("ROW_NAME_CHANGED", row, name_col, found=name, expected=row_name(county), county_code=county.code)
    elif roster.coded.get(row) != county:
        sheet.note(
            "ROW_CODE_CHANGED",
            row,
            code_col if code_col is not None else name_col,
            expected=county.code,
            found=code,
            county_code=county.code,
        )


def _report_row(
    sheet: Sheet, row: int, header: _Header, cells: set[tuple[int, int]], fields: Mapping[str, Field]
) -> None:
    """A row nobody can place. Figures with neither code nor name may be a block pasted one row off: then no row is sure."""
    found = "、".join(sheet.text(*cell) for cell in sorted(cells)[:_SHOWN_STRAYS])
    places = {header.columns.get(code) for code in (COUNTY_CODE, COUNTY_NAME, REMARK)}
    asked = {col: fields[code] for code, col in header.columns.items() if code in fields}
    figures = {(r, c) for r, c in cells if c in asked and parse(sheet.grid[r][c], asked[c]).value is not None}
    nameless = not any(sheet.text(row, col) for col in places if col is not None)
    code = "ROW_NAMELESS" if figures and nameless and not _is_total(sheet, header, figures) else "ROW_UNRECOGNISED"
    sheet.unplaced += [min(cells)] if code == "ROW_UNRECOGNISED" else []
    if code != "ROW_UNRECOGNISED" or len(sheet.unplaced) <= SHOWN_ROWS:
        sheet.note(code, row, min(cells)[1], found=found)
    sheet.give_back(cells)


def _is_total(sheet: Sheet, header: _Header, cells: set[tuple[int, int]]) -> bool:
    """Every cell is the sum of the numbers above it."""
    if any(sheet.grid[row][col] == "" or isinstance(sheet.grid[row][col], str) for row, col in cells):
        return False
    for row, col in cells:
        if col not in sheet.sums:
            numbers = (line[col] if col < len(line) else 0 for line in sheet.grid[max(header.rows) + 1 :])
            counted = (x if isinstance(x, (int, float)) and not isinstance(x, bool) else 0 for x in numbers)
            sheet.sums[col] = list(itertools.accumulate(counted, initial=0))
        if sheet.grid[row][col] != sheet.sums[col][row - max(header.rows) - 1]:
            return False
    return True


def _read_row(
    program: Program, form: Form, stamp: Stamp, sheet: Sheet, header: _Header, row: int, county_code: str
) -> FormRow:
    values: dict[str, Value] = {}
    shows: dict[str, Value] = {}
    typed: dict[str, str] = {}
    refused: set[str] = set()
    line = sheet.grid[row]
    cells = {code: line[col] for code, col in header.columns.items() if col < len(line) and sheet.text(row, col)}
    went_out = {
        code: cells.pop(code) for code in [*cells] if code.startswith(BEFORE) or code in {STATUS, MOVED, UNLIKELY}
    }
    before: dict[str, Value] = {}
    for asked in form.fields_in(program.period_by_code[stamp.period]):
        col = header.columns.get(asked.code)
        parsed = parse(cells.get(asked.code), asked)
        at = col
        if asked.shows:  # our own formula: its value is that of the field it shows
            cells.pop(asked.code, None)
            shows[asked.code] = parsed.value
            continue
        doubt = sheet.seen.doubts.get((row, col)) if sheet.seen.doubts and col is not None else None
        if doubt and col is not None:
            parsed = _doubted(sheet, row, col, asked, parsed, doubt, county_code)
            cells |= {asked.code: doubt.seen} if doubt.instead and parsed.problem == doubt.code else {}
        if (was := went_out.get(BEFORE + asked.code)) is not None:
            before[asked.code] = parsed.value if was == cells.get(asked.code) else parse(was, asked).value
        if NEW + asked.code in header.columns and not (doubt and parsed.problem == doubt.code):
            parsed, at = _with_new(sheet, header, row, cells, asked, parsed, before.get(asked.code), county_code)
        values[asked.code] = parsed.value
        if col is None or (parsed.blank and not parsed.note):
            continue
        if not parsed.blank:
            typed[asked.code] = parsed.raw
        if parsed.problem:
            refused.add(asked.code)
        _note_cell(sheet, row, col if at is None else at, parsed, asked, county_code)
    sheet.open -= {(row, col) for col in header.columns.values()}
    nil = _read_tick(sheet, header, row, county_code)
    if words := show(cells.get(REMARK)).strip():
        sheet.note("REMARK", row, header.columns[REMARK], found=words, county_code=county_code)
    return FormRow(
        form=form.code,
        county_code=county_code,
        sheet=sheet.name,
        row=row + 1,
        nil=nil,
        values=values,
        typed=typed,
        cells=cells,
        refused=frozenset(refused),
        shows=shows,
        beside=_beside(sheet, header, row, cells),
        confirms=form.confirm and header.confirms(sheet),
        before=before,
    )


def _with_new(
    sheet: Sheet,
    header: _Header,
    row: int,
    cells: dict[str, Raw],
    asked: Field,
    total: Parsed,
    last: Value,
    county_code: str,
) -> tuple[Parsed, int | None]:
    """A total and what came in this period, taken together; and the column of the cell that is to be mended."""
    here, beside = (header.columns.get(code) for code in (asked.code, NEW + asked.code))
    new = parse_new(cells.get(NEW + asked.code), asked)
    doubt = sheet.seen.doubts.get((row, beside)) if beside is not None else None
    if doubt and beside is not None:
        new = _doubted(sheet, row, beside, asked, new, doubt, county_code)
        cells |= {NEW + asked.code: doubt.seen} if doubt.instead and new.problem == doubt.code else {}
    refs = (header.columns.get(code) for code in (BEFORE + asked.code, NEW + asked.code))
    formula = total_formula(*("" if col is None else address(row, col) for col in refs))
    ours = here is not None and sheet.seen.formulas.get((row, here), "").replace("$", "") == formula
    both = summed(total, new, last, ours=ours)
    if both.ours:
        value = both.total.value
        cells |= {asked.code: TO_MEND if both.total.problem else float(value) if isinstance(value, Decimal) else value}
    return both.total, beside if new.problem else here


def _doubted(sheet: Sheet, row: int, col: int, asked: Field, parsed: Parsed, doubt: Doubt, county_code: str) -> Parsed:
    """What is left of a reading when the officer saw something else: nothing, or a finding beside it."""
    if doubt.code == "CELL_SUPERSCRIPT" and asked.type in PROSE:  # m² in a sentence
        return parsed
    if CATALOGUE[doubt.code].severity is Severity.CRITICAL:
        return Parsed(raw=doubt.seen, problem=doubt.code, expected=wanted(asked))
    if not parsed.blank:
        sheet.note(doubt.code, row, col, found=doubt.seen, field=asked.code, county_code=county_code)
    return parsed


def _beside(sheet: Sheet, header: _Header, row: int, cells: Mapping[str, Raw]) -> dict[str, str]:
    """What lies over the blank cells of a row."""
    over = sheet.seen.beside
    return (
        {code: over[row, col] for code, col in header.columns.items() if (row, col) in over and code not in cells}
        if over
        else {}
    )


def _note_hidden(sheet: Sheet, row: FormRow, *, beside_visible: bool = False) -> FormRow:
    """A row with figures that nobody sees; one that only a filter hides is taken, unless a visible row is there too."""
    filtered = sheet.seen.rows.get(row.row - 1)
    if filtered is not None and not row.blank:
        code = "ROW_FILTERED" if filtered and not beside_visible else "ROW_HIDDEN"
        found = f"第{row.row}行看不见，填了{len(row.typed)}格" + ("，另有看得见的一行" if beside_visible else "")
        sheet.note(code, row.row - 1, 0, found=found, expected="看得见的行", county_code=row.county_code)
    return row


def _report_hidden_columns(sheet: Sheet, fields: Iterable[Field], header: _Header, rows: Iterable[FormRow]) -> None:
    """Columns with figures that nobody sees."""
    typed = {code for row in rows for code in row.typed if not row.nil}
    for asked in fields:
        col = header.columns.get(asked.code)
        if col in sheet.seen.cols and asked.code in typed:
            sheet.note(
                "COLUMN_HIDDEN",
                max(header.rows),
                col,
                found=f"{asked.label}（{column_letter(col)}列）",
                field=asked.code,
                expected="看得见的列",
            )


def _read_entries(program: Program, form: Form, stamp: Stamp, sheet: Sheet, header: _Header) -> tuple[FormRow, ...]:
    """Every row below the headings with anything in its columns; a tail of blank rows is nothing."""
    own = {header.columns[code] for code in header.columns}
    below = max(header.rows)
    filled = sorted({row for row, col in sheet.open if row > below and col in own and sheet.text(row, col)})
    for row in [row for row in filled if any(plain(sheet.text(row, col)) in _TOTALS for col in own)]:
        filled.remove(row)
        cells = [(row, col) for col in sorted(own) if sheet.text(row, col)]
        sheet.note("ROW_UNRECOGNISED", *cells[0], found="、".join(sheet.text(*cell) for cell in cells[:_SHOWN_STRAYS]))
        sheet.give_back(cells)
    if len(filled) > LIST_ROWS:
        sheet.note(
            "LIST_TOO_LONG",
            filled[LIST_ROWS],
            0,
            found=f"{len(filled)}条",
            expected=f"不超过{LIST_ROWS}条",
            county_code=stamp.prefecture_code,
        )
        sheet.give_back((row, col) for row in filled[LIST_ROWS:] for col in own)
    names = {plain(name): c.code for c in program.counties_of(stamp.prefecture_code) for name in (*c.names, c.code)}
    entries = (_read_entry(program, form, stamp, sheet, header, row, names) for row in filled[:LIST_ROWS])
    return tuple(_note_hidden(sheet, entry) for entry in entries)


def _read_entry(
    program: Program, form: Form, stamp: Stamp, sheet: Sheet, header: _Header, row: int, names: Mapping[str, str]
) -> FormRow:
    """One entry; a county is known by any of its names."""
    read = _read_row(program, form, stamp, sheet, header, row, stamp.prefecture_code)
    values, refused = dict(read.values), set(read.refused)
    for asked in form.fields:
        text = values.get(asked.code)
        if asked.type is FieldType.COUNTY and isinstance(text, str):
            values[asked.code] = names.get(plain(text))
            if values[asked.code] is None:
                refused.add(asked.code)
                sheet.note(
                    "CELL_UNKNOWN_COUNTY",
                    row,
                    header.columns[asked.code],
                    found=text,
                    field=asked.code,
                    expected=f"本{program.respondent_level}的{program.words.row}名",
                    county_code=stamp.prefecture_code,
                )
    number = tidy(show(read.cells.get(ENTRY)))
    return replace(read, values=values, refused=frozenset(refused), entry=number)


def _note_cell(sheet: Sheet, row: int, col: int, parsed: Parsed, asked: Field, county_code: str) -> None:
    where = {"found": parsed.raw, "field": asked.code, "county_code": county_code}
    if parsed.problem:
        fix = remedy(parsed.problem, asked)
        sheet.note(parsed.problem, row, col, expected=parsed.expected, fix=fix, **where)
    elif parsed.note:
        sheet.note("CELL_READ_AS", row, col, expected=parsed.note, **where)


def _read_tick(sheet: Sheet, header: _Header, row: int, county_code: str) -> bool:
    col = header.columns.get(NIL)
    if col is None:
        return False
    raw = sheet.grid[row][col] if col < len(sheet.grid[row]) else None
    ticked, unclear = parse_tick(raw)
    doubt = sheet.seen.doubts.get((row, col))
    if doubt and CATALOGUE[doubt.code].severity is Severity.CRITICAL:
        ticked, unclear, raw = False, True, doubt.seen
    if unclear:
        sheet.note("NIL_UNCLEAR", row, col, found=show(raw), expected="√ 或留空", county_code=county_code)
    return ticked


def _only_row(sheet: Sheet, header: _Header, rows: list[FormRow], expected: str) -> FormRow:
    """The one row of a county; when two are filled neither is trusted."""
    filled = [row for row in rows if not row.blank]
    if len(filled) > 1:
        where = "、".join(f"第{row.row}行" for row in filled)
        sheet.note(
            "ROW_TWICE",
            filled[1].row - 1,
            header.columns.get(COUNTY_NAME, 0),
            found=where,
            expected=expected,
            county_code=filled[0].county_code,
        )
        sheet.give_back((row.row - 1, header.columns[code]) for row in filled[1:] for code in row.cells)
    chosen = (filled or rows)[0]
    visible = any(row is not chosen and row.row - 1 not in sheet.seen.rows for row in rows)
    return _note_hidden(sheet, chosen, beside_visible=visible)


def _report_strays(sheet: Sheet) -> None:
    """One finding per column (or heading row) of cells nobody asked for."""
    by_column: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, col in sorted(sheet.open):
        if sheet.text(row, col):
            by_column[col].append((row, col))
    for cells in by_column.values():
        sheet.note("STRAY_CELL", *cells[0], found=sheet.quoted(cells))
    sheet.give_back(sheet.open)
