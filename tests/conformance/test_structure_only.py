"""A workbook whose structure is written otherwise says the same, or is refused for a true reason."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.domain.findings import Severity
from tests.builder import FIRST as FIRST_COUNTY
from tests.builder import arrival, as_ods, as_xls, campaign, filled, read, sent
from tests.conformance.mutations import FIRST, LAST, THEN, mutant
from tests.conformance.mutations_others import OF_ODS, OF_XLS, ods_mutant, xls_mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Mutate = Callable[[bytes, random.Random], tuple[bytes, list[str]]]

MUTANTS = 40


def said(content: bytes) -> tuple[Any, list[str]]:
    """Every value with its place, and what refuses or returns the file."""
    (reading,) = read(arrival(content))
    rows = [
        (one.period, form, row.county_code, row.row, row.nil, dict(row.values), dict(row.typed))
        for one in reading.returns
        for form, rows in sorted(one.rows.items())
        for row in rows
    ]
    found = [*reading.findings, *(f for one in reading.returns for f in one.findings)]
    return rows, [f"{f.code} {f.location.cell} {f.found}" for f in found if f.severity is Severity.CRITICAL]


def trials() -> Iterator[tuple[str, list[str], list[str], bool]]:
    """(base, changes, what was told, whether the values are the same) of every mutant."""
    for base, content in (("openpyxl", filled()), ("xlsxwriter", sent(of=campaign()))):
        expected = said(content)
        assert expected[1] == []
        for seed in range(MUTANTS):
            changed, names = mutant(content, seed)
            rows, told = said(changed)
            yield base, names, told, rows == expected[0]


def test_another_value_is_noticed() -> None:
    assert said(filled(changes={(FIRST_COUNTY, "Q01-1"): 3}))[0] != said(filled())[0]


def test_the_same_values_whatever_the_structure() -> None:
    tried = list(trials())
    wrong = [one for one in tried if not one[3] and not one[2]]
    refused = [one for one in tried if one[2]]
    print(f"只改结构的{len(tried)}份：读错{len(wrong)}，拒收{len(refused)}")  # noqa: T201 - the score
    assert wrong == []
    assert len(refused) <= 0.02 * len(tried), refused
    assert {name for _, names, _, _ in tried for name in names} == {one.__name__ for one in (*FIRST, *THEN, *LAST)}


@pytest.mark.parametrize(("write", "mutate", "ways"), [(as_ods, ods_mutant, OF_ODS), (as_xls, xls_mutant, OF_XLS)])
def test_the_same_values_whatever_the_structure_of_other_formats(
    write: Callable[[bytes], bytes], mutate: Mutate, ways: tuple[Callable[..., object], ...]
) -> None:
    base = write(filled())
    expected, tried = said(base), set[str]()
    assert expected[1] == []
    for seed in range(MUTANTS):
        changed, names = mutate(base, random.Random(seed))  # noqa: S311 - a test
        assert said(changed) == expected, names
        tried.update(names)
    assert tried == {one.__name__ for one in ways}
