"""Lists: entries under numbers that are given once and for ever, and what is wrong with the numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.checks.lines import Line, given
from pipeline.domain.findings import Finding, finding
from pipeline.domain.value import show
from pipeline.program.layout import plain
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipeline.domain.past import Past
    from pipeline.domain.row import AcceptedRow
    from pipeline.domain.value import Value
    from pipeline.program.model import Form, Program
    from pipeline.reading.read import Return
    from pipeline.reading.sheet import FormRow


def list_lines(
    program: Program, form: Form, returns: Sequence[Return], past: Past
) -> tuple[list[Line], list[tuple[int, Finding]]]:
    """The entries of each return under their numbers, and what is wrong with the numbers.

    A number is given once and for ever. An entry without one is known again by ``same_by`` among those that already
    stand for the period or are carried into it, or is new. Entries carried from an earlier period may not be left out. A
    list that is just what was carried into it is left aside where something stands, or another return says more.
    """
    lines: list[Line] = []
    findings: list[tuple[int, Finding]] = []
    fresh = {  # returns whose list is more than what was carried into it
        source
        for source, workbook in enumerate(returns)
        if _list_rows(form, workbook) and not _list_untouched(form, workbook, past)
    }
    for source, workbook in enumerate(returns):
        rows, key = _list_rows(form, workbook), (workbook.prefecture_code, form.code)
        carried, listed = past.carried.get(key, ()), past.listed.get(key, ())
        rivals = {n for n in fresh - {source} if returns[n].prefecture_code == workbook.prefecture_code}
        if form.code not in workbook.rows or (source not in fresh and (listed or rivals)) or not (rows or carried):
            continue
        numbers, known = past.numbers.get(key, frozenset()), {e.number: e for e in (*carried, *listed)}
        given, twice = _numbers(form, rows, (*listed, *carried), numbers, workbook.prefecture_code)
        unit, untouched = program.prefecture_by_code[workbook.prefecture_code], source not in fresh
        lines += [
            Line(
                source=source, unit=unit, state="filled", values=row.values, row=row, entry=number, untouched=untouched
            )
            for row, number in zip(rows, given, strict=True)
        ]
        found = (
            *_wrong_numbers(program, form, rows, given, numbers, known),
            *(
                finding("ENTRY_NUMBER_UNKNOWN", found=row.entry, cell=f"A{row.row}")
                for row in workbook.rows[form.code]
                if row.blank and row.entry and row.entry not in known
            ),
            *(finding("ENTRY_TWICE", found=_in_words(program, form, row.values), cell=f"A{row.row}") for row in twice),
            *_left_out(program, form, rows, given, (carried, listed), numbers),
        )
        file, sheet = workbook.arrival.name, workbook.sheets[form.code]
        findings += [
            (source, replace(f, prefecture_code=unit.code, county_code=unit.code).at(file=file, sheet=sheet))
            for f in found
        ]
    return lines, findings


def _wrong_numbers(
    program: Program,
    form: Form,
    rows: Sequence[FormRow],
    given: Sequence[str],
    numbers: Collection[str],
    known: Mapping[str, AcceptedRow],
) -> Iterator[Finding]:
    """What is wrong with the numbers that rows are entered under."""
    for row, number in zip(rows, given, strict=True):
        if code := _number_fault(form, row, number, given, numbers, known):
            mismatch = code == "ENTRY_MISMATCH"
            expected = _in_words(program, form, known[number].values) if mismatch else "、".join(sorted(known))
            yield finding(code, found=row.entry, expected=expected, cell=f"A{row.row}")


def _left_out(
    program: Program,
    form: Form,
    rows: Sequence[FormRow],
    given: Collection[str],
    past: tuple[Sequence[AcceptedRow], Sequence[AcceptedRow]],
    numbers: Collection[str],
) -> Iterator[Finding]:
    """Entries carried into a list, or listed before, that it does not repeat."""
    carried, listed = past
    gone = [entry for entry in carried if entry.number not in given]
    renumbered = {_identity(form, row.values) for row in rows if row.entry and row.entry not in numbers}
    for entry in gone:
        if not form.same_by or _identity(form, entry.values) not in renumbered:
            found = f"{entry.number} {_in_words(program, form, entry.values)}"
            yield finding("ENTRY_VANISHED", found=found, expected="保留这一行，或写明已办结")
    dropped = [entry.number for entry in listed if entry.number not in given and entry not in gone]
    if dropped and rows:
        yield finding("ENTRY_DROPPED", found="、".join(dropped))


def _list_rows(form: Form, workbook: Return) -> list[FormRow]:
    return [row for row in workbook.rows.get(form.code, ()) if not row.blank]


def _list_untouched(form: Form, workbook: Return, past: Past) -> bool:
    """The list is just what was carried into it."""
    carried = past.carried.get((workbook.prefecture_code, form.code), ())
    said = {row.entry: given(row.values) for row in _list_rows(form, workbook)}
    return bool(carried) and said == {entry.number: given(entry.values) for entry in carried}


def _number_fault(
    form: Form,
    row: FormRow,
    number: str,
    given: Sequence[str],
    numbers: Collection[str],
    known: Mapping[str, AcceptedRow],
) -> str:
    """What is wrong with the number an entry came with, as a finding code; empty when nothing is."""
    if not row.entry:
        return ""
    if row.entry not in numbers:
        return "ENTRY_NUMBER_UNKNOWN"
    if given.count(number) > 1:
        return "ENTRY_NUMBER_TWICE"
    was = known.get(number)
    if was is None or not form.same_by or _identity(form, was.values) == _identity(form, row.values):
        return ""
    another = any(
        _identity(form, e.values) == _identity(form, row.values) for e in known.values() if e.number != number
    )
    all_new = all(was.values.get(code) != row.values.get(code) for code in form.same_by)
    return "ENTRY_MISMATCH" if another or all_new else ""


def _numbers(
    form: Form, rows: Sequence[FormRow], before: Sequence[AcceptedRow], numbers: Collection[str], prefecture_code: str
) -> tuple[list[str], list[FormRow]]:
    """The number of each row; and the rows without one that say what another row says."""
    taken = {row.entry for row in rows if row.entry}
    again: dict[str, list[str]] = {}
    for entry in before if form.same_by else ():
        again.setdefault(_identity(form, entry.values), []).append(entry.number)
    used = max((int(last) for number in numbers if (last := number.rpartition("-")[2]).isdecimal()), default=0)
    given, repeated, seen = [], [], set()
    for row in rows:
        what = _identity(form, row.values)
        if form.same_by and what in seen:
            repeated.append(row)
        seen.add(what)
        number = row.entry or next((n for n in again.get(what, ()) if n not in taken), "")
        if not number:
            used += 1
            number = f"{prefecture_code}-{used:03d}"
        taken.add(number)
        given.append(number)
    return given, repeated


def _in_words(program: Program, form: Form, values: Mapping[str, Value]) -> str:
    """An entry as its officer knows it: counties by name."""
    counties = {f.code for f in form.fields if f.type is FieldType.COUNTY}
    said = ((code, show(values.get(code))) for code in form.same_by)
    return " ".join(
        program.county_by_code[text].short_name if code in counties and text in program.county_by_code else text
        for code, text in said
    )


def _identity(form: Form, values: Mapping[str, Value]) -> str:
    """What makes an entry itself, however it was spaced."""
    return " ".join(plain(show(values.get(code))) for code in form.same_by)
