"""The returned copy: a freshly issued workbook on the officer's own figures, what is wrong in colour with its remedy.

Only what must be mended need be touched; sent back, it is the resubmission. Officers' text is written as text, never as
a formula, and what was not taken stands in an appendix.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from pipeline.checks.carry import carried, named, raw, to_confirm
from pipeline.checks.problems import conclusion, in_groups, should
from pipeline.domain.findings import CATALOGUE, SEVERITY_NAMES, Finding, Severity
from pipeline.domain.state import State, Verdict
from pipeline.domain.value import show
from pipeline.forms.excel_rules import wants_reason
from pipeline.forms.issue import Issue, Mark, issue_workbook
from pipeline.forms.printing import Print, to_paper
from pipeline.forms.style import Formats, fitted, lines_of, ok, protect, write_typed
from pipeline.products.wording import in_quotes
from pipeline.program.layout import (
    APPENDIX_SHEET,
    COUNTY_CODE,
    COUNTY_NAME,
    ENTRY,
    FIRST_ROW,
    NEW,
    NIL,
    NIL_COL,
    PROBLEM_SHEET,
    PROBLEM_WIDTH,
    REASON_KEY,
    REMARK,
    SHORTEST_REASON,
    SheetLayout,
    address,
    column_letter,
    entry_mark,
    list_keys,
    row_name,
)
from pipeline.reading.read import whole_file_findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xlsxwriter

    from pipeline.domain.entries import Submission
    from pipeline.domain.past import Past
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Raw, Value
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Form, Period, Prefecture, Program
    from pipeline.program.rules import Rule
    from pipeline.reading.read import Return
    from pipeline.reading.sheet import Stray

Key = tuple[str, str, str]
APPENDIX_FIRST, APPENDIX_LIMIT = 4, 20_000
CELLS = re.compile(r"（(?:“[^”]*”)?[A-Z]{1,3}[0-9]+）|(?:“[^”]*”)?(?<![A-Z])[A-Z]{1,3}[0-9]+(?=“)")
_SHOULD = re.compile(r"^应(?:为：|填写：|为)?")  # the label says it
_COLUMNS = (
    ("序号", 5),
    ("县（市、区）", 12),
    ("位置（点击即到）", 17),
    ("指标", 21),
    ("所填", 18),
    ("应为（或读作）", 36),
    ("现在", 8),
    (f"情况属实的请写理由（不少于{SHORTEST_REASON}个字）", 27),
)
_NOW_COL, _REASON_COL = len(_COLUMNS) - 2, len(_COLUMNS) - 1
_ORIGINAL_COL = PROBLEM_WIDTH - 1  # hidden, after the key of a reason
_UNTOUCHED, _MENDED, _EXPLAINED = "未改", "已改", "已说明"
_FIRST_THINGS, _THING = 3, 110  # how many stand above the list, and characters of each: one line
_ADVICE = (
    "本表是按你单位报来的数重新生成的，所填内容原样保留；红色格必须改正，黄色格请再核对，批注写明所填、应为和改法。",
    "只改有问题的格，其余不必动；改完看“自查”表，原样发回即为重报。已接收的县不必改，原样留着不影响。数没有错、情况属实的，在本页最右一格写明理由，或写在那一行的“备注”格。",
)


@dataclass(frozen=True, kw_only=True)
class ReturnedCopy:
    """What goes back for one submission.

    Attributes:
        seq: Number of the submission in the ledger.
        file: Its name as received.
        sha256: Of what was received.
        conclusion: What became of it, in words.
        findings: Those still open, and notes.
        sheets: Officer's sheet name → form code.
        entries: (form, county, column) → cell as typed.
        strays: What was not taken.
        cover: Label on the cover → what was typed beside it.
        previous: (unit, field) → last accepted value before the period.
        amended: (unit, field) of which ``previous`` is by the word of staff.
        base: (form, unit, column) → what was accepted last, of the sheets to be confirmed.
        list_rows: (form, 1-based row of the officer's list) → the copy's row.
    """

    program: Program
    key: bytes
    rules: Mapping[str, tuple[Rule, ...]]
    period: Period
    prefecture: Prefecture
    seq: int
    file: str
    sha256: str
    conclusion: str
    findings: tuple[Finding, ...]
    sheets: Mapping[str, str]
    entries: Mapping[Key, Raw]
    strays: tuple[Stray, ...]
    cover: Mapping[str, Raw]
    previous: Mapping[tuple[str, str], Value]
    list_rows: Mapping[tuple[str, int], str]
    base: Mapping[Key, Raw]
    amended: frozenset[tuple[str, str]] = frozenset()

    @property
    def values(self) -> tuple[object, ...]:
        """What it is made of, but for the program, its rules and the key, which are the office's."""
        lists = self.entries, self.cover, self.previous, self.list_rows, self.sheets, self.base
        said = self.seq, self.file, self.sha256, self.conclusion, self.findings, self.strays
        return (self.period.code, self.prefecture.code, *said, *(dict(one) for one in lists), sorted(self.amended))

    @cached_property
    def appendix(self) -> dict[tuple[str, str], int]:
        """Sheet and cell of a stray → its row (0-based) in the appendix."""
        shown = self.strays[:APPENDIX_LIMIT]
        return {(stray.sheet, stray.cell): row for row, stray in enumerate(shown, APPENDIX_FIRST)}

    @property
    def name(self) -> str:
        """Of the workbook; for people, never read back."""
        return f"{self.prefecture.code}_{self.prefecture.short_name}_{self.period.title}_退回{self.seq}.xlsx"


def returned_copy(
    program: Program,
    rules: Mapping[str, tuple[Rule, ...]],
    key: bytes,
    snapshot: Snapshot,
    past: Past,
    entry: Submission,
    workbook: Return,
) -> ReturnedCopy:
    """What goes back for a submission.

    Args:
        program: The campaign.
        rules: Form code → rules.
        key: Signs the copy's stamps.
        snapshot: The dataset, this submission included.
        past: What was accepted before the period.
        entry: The submission in the ledger.
        workbook: What was read from its bytes.
    """
    rows = {(form, row.county_code): row for form, some in workbook.rows.items() for row in some}
    newer: dict[tuple[str, str], AcceptedRow] = {
        (form, county): row
        for (form, period, county), row in snapshot.rows.items()
        if period == entry.period
        and (
            (form, county) not in rows
            or rows[form, county].blank
            or (row.received_on, row.seq) > (entry.received_on, entry.seq)
        )
    }
    findings = snapshot.open_findings(entry)
    states = snapshot.states_in(entry)
    whole = whole_file_findings(findings)
    verdict = Verdict(entry.verdict) if whole else _verdict(states)
    ours = {unit.code for unit in program.reporters_of(entry.prefecture_code)}
    lists = {
        form: some
        for (form, period, prefecture), some in snapshot.lists.items()
        if (period, prefecture) == (entry.period, entry.prefecture_code)
        and (not workbook.rows.get(form) or (some[0].received_on, some[0].seq) > (entry.received_on, entry.seq))
    }
    base = _base_of(program, entry, workbook, past)
    return ReturnedCopy(
        program=program,
        key=key,
        rules=rules,
        period=snapshot.period_of(
            program.period_by_code[entry.period], program.prefecture_by_code[entry.prefecture_code]
        ),
        prefecture=program.prefecture_by_code[entry.prefecture_code],
        seq=entry.seq,
        file=entry.file,
        sha256=entry.sha256,
        conclusion=conclusion(program, verdict, entry.reason if whole else "", states, findings),
        findings=findings,
        sheets={sheet: form for form, sheet in workbook.sheets.items()},
        entries=_entries_of(program, workbook, newer, lists, past, base),
        strays=workbook.strays,
        cover=workbook.cover,
        list_rows={
            (form.code, row.row): key
            for form in program.list_forms
            if form.code not in lists
            for key, row in zip(list_keys(), workbook.rows.get(form.code, ()), strict=False)
        },
        previous={k: v for k, v in {**past.previous, **past.floors}.items() if k[0] in ours},
        base=base,
        amended=frozenset(place for place in past.amended if place[0] in ours),
    )


def _base_of(program: Program, entry: Submission, workbook: Return, past: Past) -> dict[Key, Raw]:
    """What the cells of a returned copy are compared with: of the sheets that came back to be confirmed, or not at all."""
    blank = {form for form, rows in workbook.rows.items() if rows and not any(row.confirms for row in rows)}
    period, prefecture = program.period_by_code[entry.period], program.prefecture_by_code[entry.prefecture_code]
    known = to_confirm(program, carried(program, period, prefecture, past))
    return {place: value for place, value in known.items() if place[0] not in blank}


def _verdict(states: Mapping[str, State]) -> Verdict:
    """What is left of a submission's verdict when later ones have taken over some of its counties."""
    returned = sum(state is State.RETURNED for state in states.values())
    if not returned:
        return Verdict.ACCEPTED
    return Verdict.RETURNED if returned == len(states) else Verdict.PARTIAL


def _entries_of(
    program: Program,
    workbook: Return,
    standing: Mapping[tuple[str, str], AcceptedRow],
    lists: Mapping[str, tuple[AcceptedRow, ...]],
    past: Past,
    base: Mapping[Key, Raw],
) -> dict[Key, Raw]:
    """What the cells of a returned copy hold.

    Args:
        program: The campaign.
        workbook: What was read: the officer's own text.
        standing: (form, unit) → the row that stands, of those that are newer than this or that it leaves blank.
        lists: Form → the entries that stand, of the lists that are newer than this or that it leaves blank.
        past: What was accepted before: entries that are carried and not in the return are put back behind it.
        base: What goes out with the sheets to be confirmed: it stands where a row is not in the return.
    """
    rows = {(form, row.county_code): row for form, some in workbook.rows.items() for row in some}
    entries: dict[Key, Raw] = {
        place: cell for place, cell in base.items() if place[:2] not in rows.keys() | standing.keys()
    }
    for form in program.roster_forms:
        for unit in program.units_of(form, workbook.prefecture_code):
            row, stands = rows.get((form.code, unit.code)), standing.get((form.code, unit.code))
            typed: dict[str, Raw] = dict(row.cells) if row else {}
            if stands:
                typed = _typed_again(stands)
                typed |= {NIL: "√"} if stands.nil else {}
                typed |= {REMARK: row.cells[REMARK]} if row and REMARK in row.cells else {}
            entries |= {
                (form.code, unit.code, code): cell
                for code, cell in typed.items()
                if cell not in {None, ""} and code not in {COUNTY_CODE, COUNTY_NAME}
            }
    for (unit_code, code, mark), reason in workbook.reasons.items():  # given once, on the list of problems
        if not mark and not entries.get((code, unit_code, REMARK)):
            entries[code, unit_code, REMARK] = reason
    for form in program.list_forms:
        given = [_with_reason(form, dict(row.cells), workbook) for row in workbook.rows.get(form.code, ())]
        if form.code in lists:
            given = [_typed_again(row) | {ENTRY: row.entry} for row in lists[form.code]]
        elif form.code in workbook.rows:
            here = {show(cells.get(ENTRY)).strip() for cells in given}
            given += [
                {code: named(program, form, code, value) for code, value in entry.values.items()}
                | {ENTRY: entry.number}
                for entry in past.carried.get((workbook.prefecture_code, form.code), ())
                if entry.number not in here
            ]
        entries |= {
            (form.code, key, code): cell
            for key, cells in zip(list_keys(), given, strict=False)
            for code, cell in cells.items()
            if cell not in {None, ""}
        }
    return entries


def _with_reason(form: Form, cells: dict[str, Raw], workbook: Return) -> dict[str, Raw]:
    """The cells of an entry, with the reason that was given on the list of problems."""
    reason = workbook.reasons.get((workbook.prefecture_code, form.code, entry_mark(form, cells)), "")
    return cells if not reason or show(cells.get(REMARK)) else cells | {REMARK: reason}


def _typed_again(row: AcceptedRow) -> dict[str, Raw]:
    """A standing row as its officer typed it."""
    return {code: row.typed.get(code, raw(value)) for code, value in row.values.items()}


def returned_workbook(copy: ReturnedCopy) -> bytes:
    """Write the returned copy of one submission.

    Raises:
        IssueError: xlsxwriter refused or warned about anything.
    """
    issue = Issue(
        program=copy.program,
        key=copy.key,
        rules=copy.rules,
        period=copy.period,
        prefecture=copy.prefecture,
        previous=copy.previous,
        entries=copy.entries,
        base=copy.base,
        amended=copy.amended,
        cover=copy.cover,
        answers=f"{copy.seq}|{copy.sha256}",
    )
    layouts = {layout.form.code: layout for layout in issue.layouts()}
    copy = replace(copy, findings=tuple(_in_its_place(copy, layouts, finding) for finding in copy.findings))
    issue = replace(issue, marks=_marks(copy))
    after = [partial(_appendix, copy=copy, issue=issue)] if copy.strays else []
    return issue_workbook(issue, before=[partial(_problems, copy=copy, issue=issue)], after=after)


def _in_its_place(copy: ReturnedCopy, layouts: Mapping[str, SheetLayout], finding: Finding) -> Finding:
    """Where the copy has rows or columns elsewhere than the officer had, other cells are named by their titles alone."""
    key = key_of(copy, finding)
    form = copy.program.form_by_code[key[0]] if key else None
    if key is None or form is None or not finding.field or form.is_list:
        return finding
    layout = layouts[form.code]
    units = [unit.code for unit in layout.units]
    if address(FIRST_ROW + units.index(key[1]), layout.col_of(key[2])) == finding.location.cell:
        return finding
    return replace(finding, expected=CELLS.sub("", finding.expected))


def key_of(copy: ReturnedCopy, finding: Finding) -> Key | None:
    """Form, county and column of the cell a finding is about; None when it is about no cell of the copy.

    What is said of a county's row, or of a county on no sheet in particular, goes to its name.
    """
    unit = copy.program.unit_by_code.get(finding.county_code)
    if unit is None or unit.prefecture_code != copy.prefecture.code:
        return None
    listed = _list_key(copy, finding)
    if listed:
        return listed
    forms = {f.code: form.code for form in copy.program.forms for f in form.fields_in(copy.period)}
    form = forms.get(finding.field) or copy.sheets.get(finding.location.sheet) or copy.program.roster_of(unit)[0].code
    if copy.program.form_by_code[form].is_list or unit not in copy.program.units_of(
        copy.program.form_by_code[form], unit.prefecture_code
    ):
        return None
    if finding.field in forms:
        return form, finding.county_code, finding.field
    column = {"REMARK": REMARK, "NIL_UNCLEAR": NIL, "NIL_WITHOUT_BASE": NIL}.get(finding.code, COUNTY_NAME)
    return form, finding.county_code, column


def _list_key(copy: ReturnedCopy, finding: Finding) -> Key | None:
    """The copy's cell of an entry: its row as the officer had it, in the column of the field, or of its number."""
    form = copy.sheets.get(finding.location.sheet, "")
    digits = finding.location.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    row = copy.list_rows.get((form, int(digits))) if digits.isdecimal() else None
    return (form, row, finding.field or (REMARK if finding.code == "REMARK" else ENTRY)) if row else None


def _marks(copy: ReturnedCopy) -> dict[Key, Mark]:
    """One mark per cell with something to mend or to look at again; errors first."""
    by_key: dict[Key, list[Finding]] = defaultdict(list)
    for group in in_groups(copy.program, copy.findings):
        for finding in group.findings:
            if group.severity is not Severity.INFO and (key := key_of(copy, finding)):
                by_key[key].append(finding)
    return {
        key: Mark(severity=some[0].severity, comment="\n".join(_comment(copy.program, finding) for finding in some))
        for key, some in by_key.items()
    }


def _comment(program: Program, finding: Finding) -> str:
    parts = (
        f"【{SEVERITY_NAMES[finding.severity]}】{program.worded(CATALOGUE[finding.code].title)}",
        f"所填：{finding.found}" if finding.found else "",
        f"应为：{_SHOULD.sub('', finding.expected)}" if finding.expected else "",
        f"改法：{program.worded(finding.fix)}",
    )
    return "\n".join(part for part in parts if part)


def _problems(book: xlsxwriter.Workbook, f: Formats, *, copy: ReturnedCopy, issue: Issue) -> None:
    """问题清单: the conclusion, what is left to do, the first three things, and every finding with a link to its cell."""
    sheet = book.add_worksheet(PROBLEM_SHEET)
    sheet.hide_gridlines(2)
    last = len(_COLUMNS) - 1
    for col, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(col, col, width)
    sheet.set_row(0, 32)
    ok(sheet.write_string(0, 0, f"问题清单　{copy.prefecture.short_name}　{copy.period.title}", f.title))
    ok(sheet.write_string(1, 0, f"{issue.stamp('PROBLEMS', 1)}（请勿改动）", f.stamp))
    counts = Counter(finding.severity for finding in copy.findings)
    summary = "，".join(f"{SEVERITY_NAMES[s]}{counts[s]}处" for s in Severity if counts[s])
    groups = in_groups(copy.program, copy.findings)
    asked = [f for group in groups for f in group.findings if group.severity is not Severity.INFO]
    first = [f for f in asked if key_of(copy, f)][:_FIRST_THINGS] if len(asked) > _FIRST_THINGS else []
    row = 1
    for text in (
        f"结论：{copy.conclusion}",
        f"来件：{copy.file.rsplit('/', 1)[-1]}（报送序号{copy.seq}）；共{summary}。",
        *map(copy.program.worded, _ADVICE),
    ):
        row += 1
        ok(sheet.merge_range(row, 0, row, last, "", f.text))
        ok(sheet.write_string(row, 0, text, f.text))
        sheet.set_row(row, 20 + 16 * (len(text) // 80))
    row = left = row + 1
    if first:
        row += 1
        ok(sheet.write_string(row, 0, "先做三件事（点击即到）", f.label_left))
        for finding in first:
            row += 1
            _first_thing(sheet, f, copy, issue, row, finding)
    row += 1
    heads = row
    sheet.set_row(row, 22)
    for col, (heading, _) in enumerate(_COLUMNS):
        ok(sheet.write_string(row, col, copy.program.worded(heading), f.item))
    sheet.set_column(last + 1, _ORIGINAL_COL, 9, None, {"hidden": True})
    sheet.freeze_panes(row + 1, 0)
    number = 0
    for group in groups:
        row += 1
        look = {Severity.CRITICAL: f.bad_row, Severity.WARNING: f.todo_row}.get(group.severity, f.note_row)
        ok(sheet.merge_range(row, 0, row, last, "", look))
        ok(sheet.write_string(row, 0, group.heading, look))
        sheet.set_row(row, 16 * lines_of(group.heading, sum(width for _, width in _COLUMNS)) + 6)
        for finding in group.findings:
            row, number = row + 1, number + 1
            _problem_row(sheet, f, copy, issue, row, number, finding)
    _count_left(sheet, f, left, (heads + 1, row), sum(_is_ticked_off(copy, finding) for finding in asked))
    to_paper(sheet, Print(widths=[width for _, width in _COLUMNS], heads=(heads, heads), title=""))
    protect(sheet)


def _first_thing(sheet: Any, f: Formats, copy: ReturnedCopy, issue: Issue, row: int, finding: Finding) -> None:
    """One line that says whose figure, what it is, what it should be, and leads to it."""
    unit, field = copy.program.unit_by_code[finding.county_code], copy.program.field_by_code.get(finding.field)
    said = "，".join(filter(None, (f"所填“{finding.found}”" if finding.found else "", should(finding))))
    about = (
        f"{row_name(unit)}{f'“{in_quotes(field.title)}”' if field else ''}：{said or copy.program.worded(finding.fix)}"
    )
    target = _target(copy, issue, finding)
    assert target is not None  # noqa: S101 - only what is about a cell of the copy is asked for
    ok(
        sheet.write_url(
            row, 0, f"internal:'{target[0]}'!{target[1]}", f.link_line, fitted(about.replace("\n", " "), _THING)
        )
    )


def _is_ticked_off(copy: ReturnedCopy, finding: Finding) -> bool:
    """Whether the list can see for itself that a problem was looked after: it is about one cell to be filled in."""
    key = key_of(copy, finding)
    return finding.severity is not Severity.INFO and key is not None and key[2] in copy.program.field_by_code


def _count_left(sheet: Any, f: Formats, row: int, rows: tuple[int, int], n: int) -> None:
    """How many cells of the list are as they came back; red while there are some, green when there are none."""
    last = len(_COLUMNS) - 1
    ok(sheet.merge_range(row, 0, row, last, "", f.text))
    sheet.set_row(row, 22)
    if not n:
        ok(sheet.write_string(row, 0, "改法见下列各条。", f.text))
        return
    now = f"${column_letter(_NOW_COL)}${rows[0] + 1}:${column_letter(_NOW_COL)}${rows[1] + 1}"
    left, mended, explained = (f'COUNTIF({now},"{word}")' for word in (_UNTOUCHED, _MENDED, _EXPLAINED))
    done = "所列各格都已改动或说明：请看“自查”表，没有红色就可以存盘发回"
    formula = f'=IF({left}=0,"{done}","所列各格还有"&{left}&"处没有改，已改"&{mended}&"处，已说明"&{explained}&"处")'
    ok(sheet.write_formula(row, 0, formula, f.live, f"所列各格还有{n}处没有改，已改0处，已说明0处"))
    for criteria, look in ((f"={left}>0", f.bad), (f"={left}=0", f.good)):
        ok(sheet.conditional_format(row, 0, row, last, {"type": "formula", "criteria": criteria, "format": look}))


def _problem_row(
    sheet: Any, f: Formats, copy: ReturnedCopy, issue: Issue, row: int, number: int, finding: Finding
) -> None:
    program = copy.program
    unit, field = program.unit_by_code.get(finding.county_code), program.field_by_code.get(finding.field)
    ok(sheet.write_number(row, 0, number, f.list_middle))
    texts = (row_name(unit) if unit else "", None, field.title if field else "", finding.found, finding.expected)
    _ask_reason(sheet, f, copy, row, finding)
    _tick_off(sheet, f, copy, issue, row, finding)
    for col, text in enumerate(texts, 1):
        if text is not None:
            write_typed(sheet, f, row, col, text, "remark")
    target = _target(copy, issue, finding)
    if target:
        form, cell = target
        ok(sheet.write_url(row, 2, f"internal:'{form}'!{cell}", f.link, f"{form} {cell}"))
    else:
        there = f"原表“{finding.location.sheet}”{finding.location.cell}" if finding.location.sheet else "整份报表"
        write_typed(sheet, f, row, 2, there, "remark")
    lines = max(
        lines_of(text, width) for text, (_, width) in zip(texts, _COLUMNS[1:_NOW_COL], strict=True) if text is not None
    )
    sheet.set_row(row, min(15 * lines + 6, 200))


def _tick_off(sheet: Any, f: Formats, copy: ReturnedCopy, issue: Issue, row: int, finding: Finding) -> None:
    """What has become of a cell since: compared with what came back, which stands hidden on the same row."""
    key = key_of(copy, finding)
    if key is None or not _is_ticked_off(copy, finding):
        ok(sheet.write_string(row, _NOW_COL, "", f.list_middle))
        return
    name, beside = copy.program.form_by_code[key[0]].sheet, (key[0], key[1], NEW + key[2])
    there, was = f"'{name}'!{_address(issue, key)}", copy.entries.get(key)
    if (
        key[2] in next(x for x in issue.layouts() if x.form.code == key[0]).increments
    ):  # either of two cells may be mended
        there = f"{there}&\"|\"&'{name}'!{_address(issue, beside)}"
        was = f"{show(was)}|{show(copy.entries.get(beside))}"
    write_typed(sheet, f, row, _ORIGINAL_COL, was, "unseen")
    original, reason = (f"{column_letter(col)}{row + 1}" for col in (_ORIGINAL_COL, _REASON_COL))
    explained = (
        f'IF({wants_reason(reason)}=0,"{_EXPLAINED}","{_UNTOUCHED}")' if _may_be(copy, finding) else f'"{_UNTOUCHED}"'
    )
    formula = f'=IF(ISERROR({there}),"{_UNTOUCHED}",IF(EXACT({there}&"",{original}&""),{explained},"{_MENDED}"))'
    ok(sheet.write_formula(row, _NOW_COL, formula, f.list_middle, _UNTOUCHED))
    for word, look in ((_UNTOUCHED, f.bad), (_MENDED, f.good), (_EXPLAINED, f.good)):
        ok(
            sheet.conditional_format(
                row, _NOW_COL, row, _NOW_COL, {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": look}
            )
        )


def _may_be(copy: ReturnedCopy, finding: Finding) -> bool:
    """Whether it may be true, and its row is there to be given a reason."""
    key = key_of(copy, finding)
    rule = next(
        (r for some in copy.rules.values() for r in some if r.id == finding.rule and finding.field in r.columns), None
    )
    may_be = CATALOGUE[finding.code].explainable or (rule is not None and rule.explainable)
    return may_be and key is not None and bool(_whose_reason(copy, key))


def _whose_reason(copy: ReturnedCopy, key: Key) -> str:
    """Whose row a reason is for, as :mod:`pipeline.reading.read` finds it; empty of an entry that nothing tells from others."""
    form = copy.program.form_by_code[key[0]]
    if not form.is_list:
        return f"{key[1]}|{key[0]}"
    columns = (ENTRY, *form.same_by)
    mark = entry_mark(form, {code: copy.entries.get((key[0], key[1], code)) for code in columns})
    return f"{copy.prefecture.code}|{key[0]}|{mark}" if mark else ""


def _ask_reason(sheet: Any, f: Formats, copy: ReturnedCopy, row: int, finding: Finding) -> None:
    """A cell for the reason beside what may be true, of a row that is there to be given one; else that only mending helps."""
    key = key_of(copy, finding)
    if key and _may_be(copy, finding):
        ok(sheet.write_blank(row, _REASON_COL, None, f.entry("remark", Severity.WARNING)))
        ok(sheet.write_string(row, _REASON_COL + 1, f"{REASON_KEY} {_whose_reason(copy, key)}", f.unseen))
    else:
        said = "不会属实，只能改正" if finding.severity is Severity.CRITICAL else ""
        ok(sheet.write_string(row, _REASON_COL, said, f.entry("shown", None)))


def _target(copy: ReturnedCopy, issue: Issue, finding: Finding) -> tuple[str, str] | None:
    """Sheet and cell of the copy to go to: the cell itself, the sheet that is missing, or the appendix."""
    key = key_of(copy, finding)
    if key:
        return copy.program.form_by_code[key[0]].sheet, _address(issue, key)
    if finding.code == "SHEET_MISSING":
        return finding.location.sheet, address(FIRST_ROW, NIL_COL)
    row = copy.appendix.get((finding.location.sheet, finding.location.cell))
    return (APPENDIX_SHEET, address(row, 2)) if row is not None else None


def _address(issue: Issue, key: Key) -> str:
    form, county, column = key
    layout: SheetLayout = next(x for x in issue.layouts() if x.form.code == form)
    return address(FIRST_ROW + issue.rows(layout).index(county), layout.col_of(column))


def _appendix(book: xlsxwriter.Workbook, f: Formats, *, copy: ReturnedCopy, issue: Issue) -> None:
    """未采用的内容: every cell that was reported and not taken, so that nothing the officer wrote is lost."""
    sheet = book.add_worksheet(APPENDIX_SHEET)
    widths = (24, 12, 90)
    for col, width in enumerate(widths):
        sheet.set_column(col, col, width)
    ok(sheet.write_string(0, 0, "未采用的内容（原表中多填的行、列和工作表，原样列出备查）", f.title))
    ok(sheet.write_string(1, 0, f"{issue.stamp('APPENDIX', 1)}（请勿改动）", f.stamp))
    shown: Sequence[Stray] = copy.strays[:APPENDIX_LIMIT]
    more = (
        f"；只列前{APPENDIX_LIMIT}格，共{len(copy.strays)}格，其余见原件" if len(copy.strays) > APPENDIX_LIMIT else ""
    )
    ok(sheet.write_string(2, 0, f"如是要报送的数，请填入对应的格；本表的内容不会被读取{more}。", f.who))
    for col, heading in enumerate(("原工作表", "原单元格", "内容")):
        ok(sheet.write_string(3, col, heading, f.item))
    for row, stray in enumerate(shown, APPENDIX_FIRST):
        for col, text in enumerate((stray.sheet, stray.cell, stray.text)):
            write_typed(sheet, f, row, col, text, "remark")
    sheet.freeze_panes(4, 0)
    to_paper(sheet, Print(widths=widths, heads=(3, 3), title=""))
    protect(sheet)
