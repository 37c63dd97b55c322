"""The masks say what Great Expectations says: of every rule, over odd and random columns."""

from __future__ import annotations

import itertools
import random
import zlib
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from pipeline.checks.masks import run_both, run_masks
from pipeline.checks.suites import Breach, run_suite
from pipeline.domain.findings import Severity
from pipeline.program.load import load_program
from pipeline.program.model import FieldType
from pipeline.program.rules import (
    BETWEEN,
    CHECKLIST,
    IN_SET,
    LENGTH,
    NOT_NULL,
    PAIR_EQUAL,
    PAIR_GREATER,
    UNIQUE,
    Condition,
    Rule,
    base_field,
    load_rules,
    terms,
)
from pipeline.system.errors import SuiteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.program.model import Program

ROOT = Path(__file__).parents[1]
PROGRAMS = [ROOT, *(found.parent for found in sorted(ROOT.glob("tests/examples/*/expectations")))]
ROWS, FRAMES = 40, 2
IGNORED: list[dict[str, Any]] = [
    {},
    {"ignore_row_if": "either_value_is_missing"},
    {"ignore_row_if": "both_values_are_missing"},
    {"ignore_row_if": "neither"},
]


def days(*texts: str) -> pd.Series[Any]:
    return pd.Series([pd.Timestamp(text) if text else pd.NaT for text in texts], dtype="datetime64[s]")


ODD = pd.DataFrame(
    {
        "n": [1.0, None, 5.0, 7.5, 0.0, -1.0, 1e10, 3.0],
        "m": [None, None, 5.0, 7.0, 1.0, -1.0, None, 2.0],
        "word": pd.Series(["是", "否", None, "x", "是", "", "无", "是"], dtype=object),
        "ticked": pd.Series(["a、b", "a、a", None, "无", "b", "", "a、无", "b、a"], dtype=object),
        "day": days("2022-01-01", "", "2023-01-01", "2022-05-01", "", "2022-01-01", "2022-01-02", ""),
        "end": days("2022-01-02", "2022-01-01", "", "2022-05-01", "", "2021-01-01", "2022-01-02", ""),
        "key": ["x", "x", "y", "z", "w", "w", "w", "q"],
        "empty": pd.Series([None] * 8, dtype=object),
        "no": pd.Series([float("nan")] * 8),
    }
)


def odd_arguments() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((NOT_NULL, {"column": column}) for column in ODD)
    yield from ((UNIQUE, {"column": column}) for column in ("key", "n", "word", "empty", "day"))
    yield from ((CHECKLIST, {"column": column, "options": ["a", "b"]}) for column in ("ticked", "empty"))
    limits: list[dict[str, Any]] = [{"min_value": 0, "max_value": 5}, {"min_value": 1}, {"max_value": 1}]
    yield from ((BETWEEN, {"column": column, **some}) for column in ("n", "m", "no") for some in limits)
    lengths: list[dict[str, Any]] = [{"min_value": 1, "max_value": 2}, {"min_value": 2}]
    for column in ("word", "key", "empty"):
        yield from ((LENGTH, {"column": column, **some}) for some in lengths)
        yield from ((IN_SET, {"column": column, "value_set": some}) for some in ([], ["是", "x"]))


def odd_pairs() -> Iterator[tuple[str, dict[str, Any]]]:
    for a, b in (("n", "m"), ("day", "end"), ("n", "no"), ("no", "no")):
        for ignored in IGNORED:
            yield PAIR_EQUAL, {"column_A": a, "column_B": b, **ignored}
            yield PAIR_GREATER, {"column_A": a, "column_B": b, "or_equal": True, **ignored}
            yield PAIR_GREATER, {"column_A": a, "column_B": b, "or_equal": False, **ignored}


def odd_conditions() -> Iterator[tuple[str, dict[str, Any]]]:
    for operator, value in itertools.product(("==", "!=", ">", ">=", "<", "<="), (0, 1, 5)):
        about = condition("n", operator, value)
        yield NOT_NULL, {"column": "m", **about}
        yield BETWEEN, {"column": "m", "min_value": 2, **about}
        yield UNIQUE, {"column": "key", **about}
        yield PAIR_GREATER, {"column_A": "n", "column_B": "m", **about}
    for operator, column in itertools.product(("==", "!="), ("word", "empty")):
        yield NOT_NULL, {"column": "m", **condition(column, operator, "是")}
    yield NOT_NULL, {"column": "m", **condition("key", "==", "nobody")}


def condition(column: str, operator: str, value: str | int) -> dict[str, Any]:
    wanted = {"type": "comparison", "column": {"name": column}, "operator": operator, "parameter": value}
    return {"row_condition": wanted}


def rule(kind: str, kwargs: dict[str, Any], name: str = "r") -> Rule:
    about = kwargs.get("row_condition")
    return Rule(
        id=name,
        form="X",
        type=kind,
        kwargs=kwargs,
        severity=Severity.CRITICAL,
        code="REQUIRED",
        columns=("n",),
        message="",
        condition=about
        and Condition(column=about["column"]["name"], operator=about["operator"], value=about["parameter"]),
        config={"type": kind, "kwargs": kwargs, "meta": {"rule": name}, "severity": "critical"},
    )


def as_said(breaches: Sequence[Breach]) -> dict[str, tuple[int, ...]]:
    return {breach.rule.id: breach.positions for breach in breaches}


def test_odd_cells_and_every_argument() -> None:
    rules = [
        rule(kind, kwargs, f"r{n}")
        for n, (kind, kwargs) in enumerate((*odd_arguments(), *odd_pairs(), *odd_conditions()))
    ]
    assert {one.type for one in rules} == {
        NOT_NULL,
        BETWEEN,
        IN_SET,
        CHECKLIST,
        PAIR_GREATER,
        PAIR_EQUAL,
        UNIQUE,
        LENGTH,
    }
    said = as_said(run_suite(rules, ODD))
    assert len(said) > len(rules) / 2
    assert as_said(run_masks(rules, ODD)) == said


# Every rule there is


def suites() -> Iterator[tuple[Program, str, tuple[Rule, ...]]]:
    for folder in PROGRAMS:
        program = load_program(folder / "program")
        for form, rules in load_rules(folder / "expectations", program).items():
            yield program, form, rules


SUITES = list(suites())


@pytest.mark.parametrize(("program", "form", "rules"), SUITES, ids=[f"{p.code}-{form}" for p, form, _ in SUITES])
@pytest.mark.parametrize("seed", range(FRAMES))
def test_every_rule_over_random_columns(program: Program, form: str, rules: tuple[Rule, ...], seed: int) -> None:
    draw = random.Random(zlib.crc32(f"{form} {seed}".encode()))  # noqa: S311 - figures, not secrets
    columns = sorted({column for one in rules for column in one.used_columns})
    frame = pd.DataFrame({column: random_column(program, rules, column, draw) for column in columns})
    said = as_said(run_suite(rules, frame))
    assert len(said) > len(rules) / 2, "most rules are broken somewhere"
    assert as_said(run_masks(rules, frame)) == said


def random_column(program: Program, rules: Sequence[Rule], column: str, draw: random.Random) -> pd.Series[Any]:
    """Blanks, and values around what the rules about the column name."""
    parts = terms(column)
    field = program.field_by_code.get(base_field(parts[0][1]))
    if column.startswith(("period.", "campaign.")) or (field and field.type is FieldType.DATE and column == field.code):
        drawn = [date(2022, 10, 1) + timedelta(days=draw.randint(-40, 400)) for _ in range(ROWS)]
        return days(*(str(day) if draw.random() > 0.2 else "" for day in drawn))
    words = [word for one in rules if column in one.used_columns for word in words_of(one, column)]
    numeric = column == "county.townships" or len(parts) > 1 or column.endswith(".prev")
    if not numeric and (field is None or field.type not in {FieldType.COUNT, FieldType.AMOUNT} or "." in column):
        known = [*words, *words, None, "", "别的", "字" * draw.randint(1, 900)]
        return pd.Series([draw.choice(known) for _ in range(ROWS)], dtype="object")
    limits = [float(n) for one in rules if column in one.used_columns for n in numbers_of(one)] or [1.0]
    around = [draw.choice(limits) + draw.choice([-1, 0, 0, 1, 0.5, 7]) for _ in range(ROWS)]
    return pd.Series([n if draw.random() > 0.2 else None for n in around], dtype="float64")


def words_of(one: Rule, column: str) -> list[str]:
    given = [str(word) for word in (*one.kwargs.get("value_set", ()), *one.kwargs.get("options", ()))]
    about = [str(one.condition.value)] if one.condition and one.condition.column == column else []
    joined = ["、".join(given[:2]), "、".join([*given[:1], *given[:1]])] if one.type == CHECKLIST else []
    return [*given, *about, *joined]


def numbers_of(one: Rule) -> list[float]:
    limits = [one.kwargs[name] for name in ("min_value", "max_value") if name in one.kwargs]
    about = [one.condition.value] if one.condition and isinstance(one.condition.value, int) else []
    return [*limits, *about, 1, 2]


# A run that finds them differing records nothing


def test_a_difference_stops_the_run_and_names_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [rule(NOT_NULL, {"column": "n"}, "n.required"), rule(NOT_NULL, {"column": "m"}, "m.required")]
    assert run_both(asked, ODD) == run_suite(asked, ODD)
    monkeypatch.setattr("pipeline.checks.masks.run_suite", lambda rules, frame: run_suite(rules[:1], frame))
    with pytest.raises(SuiteError, match=r"规则 m\.required 的两种算法结果不同"):
        run_both(asked, ODD)


def test_a_type_without_a_mask_is_left_to_great_expectations() -> None:
    asked = [rule("expect_column_values_to_be_null", {"column": "n"}), rule(NOT_NULL, {"column": "n"}, "s")]
    assert as_said(run_masks(asked, ODD)) == {"r": (0, 2, 3, 4, 5, 6, 7), "s": (1,)}


def test_a_rule_that_cannot_be_applied_is_ours() -> None:
    with pytest.raises(SuiteError, match=r"规则 r 无法执行"):
        run_masks([rule(NOT_NULL, {"column": "nowhere"})], ODD)
