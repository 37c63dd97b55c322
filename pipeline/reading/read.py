"""A returned workbook → returns: identified by its stamps, read by code and label together, every cell accounted for.

Position means nothing: officers insert rows and columns, sort, rename and reorder sheets. Whatever is neither taken
nor known to be ours is a finding.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.domain.findings import CATALOGUE, Finding, Severity, finding
from pipeline.domain.place import NOBODYS, Place
from pipeline.domain.value import is_blank, show
from pipeline.program.forms import OWN_SHEETS
from pipeline.program.identity import STAMP_WORD, WAITING, Stamp
from pipeline.program.layout import (
    COUNTY_CODE,
    COUNTY_NAME,
    COVER_INPUTS,
    IDENTITY_SHEET,
    PROBLEM_WIDTH,
    REASON_KEY,
    STAMP_ROW,
    address,
)
from pipeline.program.mentions import periods_named, prefectures_named
from pipeline.reading.guard import content_of, inspect
from pipeline.reading.placing import place
from pipeline.reading.sheet import HEADER_DEPTH, Sheet, Stray, form_by_titles, read_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipeline.domain.arrival import Arrival
    from pipeline.domain.value import Raw
    from pipeline.program.identity import Registry
    from pipeline.program.model import Form, Program
    from pipeline.reading.formats.notes import Notes
    from pipeline.reading.sheet import FormRow, FormTable, Grid

_ADMINISTRATIVE = ("COVER", "CHECK", "PROBLEMS", "APPENDIX")
_COVER_ROWS = 30
_REASON = re.compile(REASON_KEY + r" ([A-Za-z0-9_]+)\|([A-Za-z0-9_]+)(?:\|(.+))?", re.DOTALL)
_IDENTITY_WORDS = ("填报单位", "报送期", "报送截止")  # what stands before whose and for when a sheet is
_Claim = tuple[str, str]  # prefecture and period, as stamped


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What one file says for one prefecture and period.

    Attributes:
        rows: Form code → rows, one per county found.
        columns: Form code → field code → column letters on that sheet (with the rows: provenance of every cell).
        sheets: Form code → sheet name.
        strays: Cells reported and not taken.
        cover: Label on the cover → what was typed beside it: personal data, only ever handed back.
        reasons: (unit, form, mark of an entry or empty) → the reason written beside a problem in the list of a returned copy.
        admission: 0 for what is taken on its own word, the number of the act by which staff admitted it, or ``WAITING``.
        only: The one unit it is judged for; empty for all it holds.
    """

    arrival: Arrival
    prefecture_code: str
    period: str
    issue_no: str
    rows: Mapping[str, tuple[FormRow, ...]]
    columns: Mapping[str, Mapping[str, str]]
    sheets: Mapping[str, str]
    findings: tuple[Finding, ...]
    strays: tuple[Stray, ...] = ()
    cover: Mapping[str, Raw] = field(default_factory=dict)
    reasons: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    admission: int = 0
    only: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything one file gave: returns, and findings about what could not be placed.

    Attributes:
        place: Whose it is, where there are no returns that say so.
    """

    arrival: Arrival
    returns: tuple[Return, ...] = ()
    findings: tuple[Finding, ...] = ()
    place: Place = NOBODYS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A sheet, and whose and for when it is.

    Attributes:
        admission: See :class:`Return`.
        doubt: Finding code that says why it waits; empty when it does not.
        said: What speaks against its stamp.
    """

    stamp: Stamp
    sheet: Sheet
    admission: int = 0
    doubt: str = ""
    said: str = ""


def read_return(registry: Registry, arrival: Arrival) -> Reading:
    """Read one file, and say whose it is even where nothing in it can be used; see :func:`_read`."""
    reading = _read(registry, arrival)
    if reading.returns or arrival.changing:
        return reading
    return replace(reading, place=place(registry, arrival.name, arrival.received_on, content_of(arrival)))


def _read(registry: Registry, arrival: Arrival) -> Reading:
    """Read one file.

    Args:
        registry: The campaign, the key of its stamps, what staff admitted and what is closed.
        arrival: The file.

    Returns:
        One :class:`Return` per (prefecture, period) stamped on its sheets. A file that cannot be read, or that is not
        ours, has no returns and a finding that says why. Never raises for what is in the file.

    Raises:
        ChangedError: The bytes are gone since it was listed.
    """
    if arrival.changing:
        return refused(arrival.named, "FILE_CHANGING")
    content, arrival = content_of(arrival), arrival.named
    seen = inspect(content)
    if seen.refused:
        return refused(arrival, seen.refused, seen.found)
    return _read_sheets(registry, arrival, dict(seen.notes.grids), seen.notes)


def refused(arrival: Arrival, code: str, found: str = "") -> Reading:
    """A file nothing could be read from."""
    return Reading(arrival=arrival, findings=(finding(code, file=arrival.name, found=found),))


def _read_sheets(registry: Registry, arrival: Arrival, grids: dict[str, Grid], notes: Notes) -> Reading:
    listed = _identity_sheet(grids.get(IDENTITY_SHEET, []))
    sheets = {
        name: Sheet.of(show(name), grid, notes.seen.get(name)) for name, grid in grids.items() if name != IDENTITY_SHEET
    }
    stamps = {name: _find_stamp(sheet) or listed.get(name) for name, sheet in sheets.items() if sheet.open}
    doubts = _contradictions(registry, sheets, stamps, listed)
    groups: dict[tuple[str, str, str, int], list[_Placed]] = defaultdict(list)
    loose = list(_beside_the_cells(arrival, notes))
    strays: list[Stray] = []
    covers: dict[tuple[str, str], dict[str, Raw]] = {}
    reasons: dict[tuple[str, str], dict[tuple[str, str, str], str]] = {}
    placed: _Placed | Finding | None
    for name, stamp in stamps.items():
        sheet = sheets[name]
        if stamp and stamp.form == "COVER":
            covers[stamp.prefecture_code, stamp.period] = _cover_inputs(sheet)
        if stamp and stamp.form == "PROBLEMS":
            reasons[stamp.prefecture_code, stamp.period] = _reasons_on(sheet)
        placed = (
            _beside_ours(registry, arrival, sheet, stamp)
            if stamp and stamp.form in _ADMINISTRATIVE
            else _place(registry, arrival, sheet, stamp, doubts)
        )
        if isinstance(placed, _Placed):
            whose = placed.stamp
            groups[whose.program, whose.prefecture_code, whose.period, placed.admission].append(placed)
        elif placed:
            loose.append(placed)
            sheet.give_back(sheet.open)
            strays += sheet.strays
    held = [f for f in loose if CATALOGUE[f.code].holds]
    if not groups and not held:
        loose.insert(0, finding("FILE_UNRECOGNISED", file=arrival.name))
    outcomes = [_read_group(registry, arrival, groups[key]) for key in sorted(groups)]
    unplaced = [f for f in outcomes if isinstance(f, Finding)]
    returns = [
        replace(
            workbook,
            cover=covers.get((workbook.prefecture_code, workbook.period), {}),
            reasons=reasons.get((workbook.prefecture_code, workbook.period), {}),
        )
        for workbook in outcomes
        if isinstance(workbook, Return)
    ]
    if returns:  # notes about sheets that are nobody's go with the first return that waits for nothing
        n = next((n for n, workbook in enumerate(returns) if workbook.admission != WAITING), 0)
        others = (f for f in loose if f not in held)
        returns[n] = replace(returns[n], findings=(*returns[n].findings, *others), strays=(*returns[n].strays, *strays))
        loose = held
    return Reading(arrival=arrival, returns=tuple(returns), findings=(*unplaced, *loose))


def _contradictions(
    registry: Registry, sheets: Mapping[str, Sheet], stamps: Mapping[str, Stamp | None], listed: Mapping[str, Stamp]
) -> dict[_Claim, str]:
    """Prefecture and period of genuine stamps → what the officer sees, or another genuine stamp, says against them."""
    program, found = registry.program, dict[_Claim, list[str]]()
    known = {
        name: s for name, s in stamps.items() if s and s.genuine(registry.key) and s.period in program.period_by_code
    }
    covers = {_claim_of(s) for s in known.values() if s.form == "COVER"}
    for name, stamp in known.items():
        found.setdefault(_claim_of(stamp), []).extend(
            f"“{sheets[name].name}”写着“{text}”"
            for text in _identity_lines(sheets[name], stamp)
            if _names_another(program, text, stamp)
        )
        said = found[_claim_of(stamp)]
        hidden = listed.get(name, stamp)
        if _claim_of(hidden) != _claim_of(stamp) and hidden.genuine(registry.key):
            said.append(f"“{sheets[name].name}”的识别码在隐藏的表里是{_of_whom(program, _claim_of(hidden))}")
        if covers and _claim_of(stamp) not in covers:
            said.append(f"“{sheets[name].name}”夹在{_of_whom(program, min(covers))}的表里")
    return {claim: "，".join(dict.fromkeys(said)) for claim, said in found.items() if said}


def _names_another(program: Program, text: str, stamp: Stamp) -> bool:
    """Whether a line names another period or prefecture than its stamp."""
    periods, prefectures = periods_named(program, text, stamp.period), prefectures_named(program, text, counties=False)
    return bool(periods - {stamp.period} or prefectures - {stamp.prefecture_code})


def _identity_lines(sheet: Sheet, stamp: Stamp) -> Iterator[str]:
    """The lines on which a sheet of ours says whose and for when it is: on the cover, or above the stamp of a form."""
    if stamp.form == "COVER":
        rows = sheet.texts[:_COVER_ROWS]
    elif stamp.form in _ADMINISTRATIVE:
        return
    else:
        rows = sheet.texts[:HEADER_DEPTH]
        rows = rows[: next((n for n, row in enumerate(rows) if any(STAMP_WORD in text for text in row)), STAMP_ROW)]
    for row in rows:
        if any(text.startswith(_IDENTITY_WORDS) for text in row if text):
            yield " ".join(filter(None, row))


def _claim_of(stamp: Stamp) -> _Claim:
    """Whose and for when a stamp says its sheet is."""
    return stamp.prefecture_code, stamp.period


def _of_whom(program: Program, claim: _Claim) -> str:
    whose, period = program.prefecture_by_code.get(claim[0]), program.period_by_code.get(claim[1])
    return (whose.short_name if whose else claim[0]) + (period.title if period else claim[1])


def _place(
    registry: Registry, arrival: Arrival, sheet: Sheet, stamp: Stamp | None, doubts: Mapping[_Claim, str]
) -> _Placed | Finding | None:
    """Whose a sheet is: by its stamp when that is genuine and nothing says otherwise, else by the word of staff, else in doubt.

    None for a sheet of ours without a stamp; a finding for one that nobody can place.
    """
    claim = (stamp.prefecture_code, stamp.period) if stamp else ("", "")
    admission = registry.admissions.get((arrival.sha256, *claim))
    if stamp and stamp.genuine(registry.key):
        doubt, said = "IDENTITY_CONTRADICTED" if claim in doubts else "", doubts.get(claim, "")
        if stamp.period in registry.closed:
            doubt = doubt or "PERIOD_CLOSED"
        if not doubt:
            return _Placed(stamp=stamp, sheet=sheet)
        if admission:
            settled = replace(stamp, prefecture_code=admission.prefecture_code, period=admission.period)
            return _Placed(stamp=settled, sheet=sheet, admission=admission.seq)
        return _Placed(stamp=stamp, sheet=sheet, admission=WAITING, doubt=doubt, said=said)
    form = registry.program.form_by_code.get(stamp.form) if stamp else form_by_titles(registry.program, sheet)
    if form and admission:
        version, issue_no = (stamp.version, stamp.issue_no) if stamp else (form.version, "")
        given = Stamp(
            program=registry.program.code,
            form=form.code,
            version=version,
            issue_no=issue_no,
            period=admission.period,
            prefecture_code=admission.prefecture_code,
        )
        return _Placed(stamp=given, sheet=sheet, admission=admission.seq)
    if stamp:
        doubt = "IDENTITY_UNPROVED" if registry.key else "IDENTITY_NO_KEY"
        return _Placed(stamp=stamp, sheet=sheet, admission=WAITING, doubt=doubt)
    return _nobodys(arrival, sheet, form)


def _nobodys(arrival: Arrival, sheet: Sheet, form: Form | None) -> Finding | None:
    """A sheet without a stamp: held when its titles are those of a form."""
    if form:
        return finding(
            "IDENTITY_MISSING",
            file=arrival.name,
            sheet=sheet.name,
            found=f"表头与“{form.sheet}”相同",
            expected="带表样识别码的表",
        )
    if sheet.name in OWN_SHEETS:
        return None
    found = f"{len(sheet.open)}格有内容" + ("，工作表是隐藏的" if sheet.seen.hidden else "")
    return finding("SHEET_EXTRA", file=arrival.name, sheet=sheet.name, found=found)


def _beside_the_cells(arrival: Arrival, notes: Notes) -> Iterator[Finding]:
    """What a file holds that is in no cell: macros, links, and what lies over the cells of a sheet or hangs on them."""
    yield from (finding(code, file=arrival.name, found=found) for code, found in notes.parts)
    for sheet, seen in notes.seen.items():
        if places := sorted(seen.beside):
            found = "；".join(f"{address(*place)}：{seen.beside[place]}" for place in places)
            yield finding("SHEET_OVERLAID", file=arrival.name, sheet=sheet, cell=address(*places[0]), found=found)


def _beside_ours(registry: Registry, arrival: Arrival, sheet: Sheet, stamp: Stamp) -> Finding | None:
    """What somebody wrote beside or below a sheet of ours that holds no figures; all of a form that only claims to be one."""
    program, period = registry.program, registry.program.period_by_code.get(stamp.period)
    then = program.at(period) if period else program
    units = len(then.reporters_of(stamp.prefecture_code))
    width = {"COVER": 4, "CHECK": 4 + 2 * len(program.roster_forms), "PROBLEMS": PROBLEM_WIDTH, "APPENDIX": 3}[
        stamp.form
    ]
    height = {"COVER": _COVER_ROWS, "CHECK": 4 + units}.get(stamp.form, len(sheet.grid))
    if not stamp.genuine(registry.key) and form_by_titles(program, sheet):
        width = height = 0
    sheet.open = {(row, col) for row, col in sheet.open if row >= height or col >= width}
    if not sheet.open:
        return None
    cells = sorted(sheet.open)
    cell = address(*cells[0])
    return finding("SHEET_NOTE", file=arrival.name, sheet=sheet.name, cell=cell, found=sheet.quoted(cells))


def _reasons_on(sheet: Sheet) -> dict[tuple[str, str, str], str]:
    """(unit, form, mark of an entry or empty) → what is written on the list of problems beside the hidden text that says whose row it is about."""
    found: dict[tuple[str, str, str], str] = {}
    for cells in sheet.texts:
        for reason, key in itertools.pairwise(cells):
            if reason and (meant := _REASON.fullmatch(key)):
                found.setdefault((meant[1], meant[2], meant[3] or ""), reason)
    return found


def _cover_inputs(sheet: Sheet) -> dict[str, Raw]:
    """What stands beside the labels that ask for something."""
    found: dict[str, Raw] = {}
    for cells in sheet.grid[:_COVER_ROWS]:
        shown = [(show(raw).strip(), raw) for raw in cells if not is_blank(raw)]
        found |= {label: raw for (label, _), (_, raw) in itertools.pairwise(shown) if label in COVER_INPUTS}
    return found


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


def _read_group(registry: Registry, arrival: Arrival, group: list[_Placed]) -> Return | Finding:
    """The sheets of one program, prefecture and period that stand on one word; or why they cannot be placed."""
    program, stamp = registry.program, group[0].stamp
    foreign = _foreign(program, stamp)
    if foreign:
        code, found, expected = foreign
        sheets = "、".join(placed.sheet.name for placed in group)
        return finding(code, file=arrival.name, found=f"{found}（{sheets}）", expected=expected)
    findings = [*_about_the_stamps(registry, group), *_about_the_day(registry, arrival, group)]
    program = program.at(program.period_by_code[stamp.period])
    tables: dict[str, tuple[Sheet, FormTable]] = {}
    strays: list[Stray] = []
    for placed in group:
        form, sheet = program.form_by_code.get(placed.stamp.form), placed.sheet
        if form is None:
            sheet.give_back(sheet.open)
            continue
        table = read_form(program, form, placed.stamp, sheet)
        if table is None:
            continue
        if sheet.seen.hidden and (filled := sum(not row.blank for row in table.rows)):
            findings.append(
                finding("SHEET_HIDDEN", sheet=sheet.name, found=f"填了{filled}行", expected="看得见的工作表")
            )
        rival = tables.get(form.code)
        tables[form.code], code = _of_two(rival, (sheet, table)) if rival else ((sheet, table), "")
        if rival and code:
            findings.append(finding(code, found=f"{rival[0].name}、{sheet.name}", expected="每张表一份"))
            strays += _cells_of(sheet, table) if code == "SHEET_TWICE" else []
    findings += [f for placed in group for f in placed.sheet.findings]
    strays += [stray for placed in group for stray in placed.sheet.strays]
    findings += _overtyped(program, {code: table for code, (_, table) in tables.items()})
    return Return(
        arrival=arrival,
        prefecture_code=stamp.prefecture_code,
        period=stamp.period,
        issue_no=stamp.issue_no,
        rows={code: table.rows for code, (_, table) in tables.items()},
        columns={code: table.columns for code, (_, table) in tables.items()},
        sheets={code: sheet.name for code, (sheet, _) in tables.items()},
        findings=tuple(replace(f, prefecture_code=stamp.prefecture_code).at(file=arrival.name) for f in findings),
        strays=tuple(strays),
        admission=group[0].admission,
    )


def _foreign(program: Program, stamp: Stamp) -> tuple[str, str, str] | None:
    """Code, found and expected when a stamp names what this campaign does not have."""
    if stamp.program != program.code:
        return "FILE_WRONG_PROGRAM", f"此表是{stamp.program}的表样", program.code
    if stamp.period not in program.period_by_code:
        return "FILE_WRONG_PERIOD", f"此表是{stamp.period}的表样", "、".join(program.period_by_code)
    if stamp.prefecture_code not in program.prefecture_by_code:
        return "FILE_WRONG_PREFECTURE", stamp.prefecture_code, f"本专项工作的{program.words.respondent}代码"
    return None


def _about_the_stamps(registry: Registry, group: list[_Placed]) -> Iterator[Finding]:
    """What is said of the file before its cells: identity and version."""
    program, stamp = registry.program, group[0].stamp
    period, unit = program.period_by_code[stamp.period], program.prefecture_by_code[stamp.prefecture_code].short_name
    what = f"此表是{period.title}的表样"
    for doubt in dict.fromkeys(placed.doubt for placed in group if placed.doubt):
        sheets = "、".join(placed.sheet.name for placed in group if placed.doubt == doubt)
        if doubt == "PERIOD_CLOSED":
            yield finding(doubt, found=what, expected=f"该期已于{registry.closed[period.code]}封存")
        elif doubt == "IDENTITY_CONTRADICTED":
            yield finding(doubt, found=group[0].said, expected=f"识别码是{unit}{period.title}的，各处应一致")
        else:
            yield finding(doubt, found=f"表上写的是{unit}{period.title}：{sheets}", expected="带有效识别码的表")
    now = {form.code: form.version for form in program.forms}
    old: dict[int, list[_Placed]] = defaultdict(list)
    for placed in group:
        if placed.stamp.version != now.get(placed.stamp.form):
            old[placed.stamp.version].append(placed)
    if old:
        shown = "，".join(f"第{version}版：{'、'.join(p.sheet.name for p in old[version])}" for version in sorted(old))
        current = {now[p.stamp.form] for some in old.values() for p in some if p.stamp.form in now}
        expected = "、".join(sorted(f"第{version}版" for version in current)) or "现行的表"
        yield finding("FILE_WRONG_VERSION", found=f"{what}，{shown}", expected=expected)


def _about_the_day(registry: Registry, arrival: Arrival, group: list[_Placed]) -> Iterator[Finding]:
    """What is said of the file before its cells: that it came in another period than its own."""
    period = registry.program.period_by_code[group[0].stamp.period]
    what, received_on = f"此表是{period.title}的表样", arrival.received_on
    ended = [p for p in registry.program.periods if p.end < received_on]
    if ended and ended[-1].no > period.no and all(placed.doubt != "PERIOD_CLOSED" for placed in group):
        yield finding("PERIOD_EARLIER", found=what, expected=f"现在收的是{ended[-1].title}的报表")
    if received_on < period.start:
        yield finding("FILE_TOO_EARLY", found=f"{what}，{received_on}收到", expected=f"{period.start}开始")
    elif received_on < period.end:
        yield finding("PERIOD_NOT_ENDED", found=f"{what}，{received_on}收到", expected=f"{period.end}以后")


def _overtyped(program: Program, tables: Mapping[str, FormTable]) -> Iterator[Finding]:
    """Cells that only show another sheet's value and hold something else: said, and never taken."""
    rows = {(code, row.county_code): row for code, table in tables.items() for row in table.rows}
    for row in rows.values():
        for code, value in row.shows.items():
            source = program.field_by_code[program.field_by_code[code].shows]
            there = rows.get((source.form, row.county_code))
            if value is None or there is None or there.nil:
                continue
            meant = there.values.get(source.code)
            if value != meant:
                yield finding(
                    "SHOWN_DIFFERS",
                    sheet=row.sheet,
                    cell=f"{tables[row.form].columns[code]}{row.row}",
                    found=show(value),
                    expected=f"行动表所填 {show(meant) or '空'}",
                    field=code,
                    county_code=row.county_code,
                )


def _of_two(one: tuple[Sheet, FormTable], other: tuple[Sheet, FormTable]) -> tuple[tuple[Sheet, FormTable], str]:
    """The one of two sheets of the same form to take, and the finding code that says so; neither is trusted if they differ."""
    rows = [sorted(_said(row) for row in table.rows if not row.blank) for _, table in (one, other)]
    if rows[0] == rows[1] or not rows[1]:
        return one, "SHEET_SAME"
    return (other, "SHEET_SAME") if not rows[0] else (one, "SHEET_TWICE")


def _said(row: FormRow) -> str:
    """Whose a row is and what stands in it, wherever it stands."""
    return f"{row.county_code} {sorted(row.cells.items(), key=lambda cell: cell[0])!r}"


def _cells_of(sheet: Sheet, table: FormTable) -> list[Stray]:
    """What was typed on a sheet that is not taken, ticks and remarks too."""
    return [
        Stray(sheet=sheet.name, cell=f"{table.places[code]}{row.row}", text=show(raw))
        for row in table.rows
        for code, raw in row.cells.items()
        if code not in {COUNTY_CODE, COUNTY_NAME}
    ]


def whole_file_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that return the file rather than a county."""
    return tuple(f for f in findings if f.severity is Severity.CRITICAL and CATALOGUE[f.code].whole_file)
