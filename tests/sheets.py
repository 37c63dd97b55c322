"""Small campaigns for tests of measures: two prefectures of three counties, and the sheets a test writes itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.measures.known import KnownState
from pipeline.program.model import FieldType, Rows
from tests.builder import campaign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form, FormKind, FundingLine, Period, Program

BANNA, DIQING = "532800", "533400"
JINGHONG, MENGHAI, MENGLA = "532801", "532822", "532823"
SHANGRILA, DEQIN, WEIXI = "533401", "533422", "533423"
WHOLE = campaign().program


ASSESSED = [  # columns of what `assess` gives
    *("county_code", "prefecture_code", "action", "item", "quantity"),
    *("knowledge", "judged", "status", "value", "required", "pace"),
]


def known(period: Period, values: Mapping[str, Mapping[str, Any]], *silent: str) -> KnownState:
    """What was reported in a period, and before by those that are silent now."""
    before = WHOLE.periods[0].code
    since = {unit: dict.fromkeys(row, before if unit in silent else period.code) for unit, row in values.items()}
    given = {unit: {code: value for code, value in row.items() if value is not None} for unit, row in values.items()}
    return KnownState(period=period, values=given, since=since, reported=frozenset(values) - set(silent))


@dataclass(frozen=True, kw_only=True)
class Row:
    """An entry of a list, as measures see it."""

    period: str
    number: str
    values: Mapping[str, Value]
    form: str = "X"
    prefecture_code: str = DIQING
    seq: int = 1


@dataclass(frozen=True, kw_only=True)
class Said:
    """A goal or a task, as the programme says it."""

    name: str = ""
    no: int = 0
    items: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    reading: str = ""
    any_of: tuple[str, ...] = ()


def column(
    code: str,
    kind: FieldType = FieldType.AMOUNT,
    *,
    role: str = "",
    serves: str = "",
    form: str = "X",
    options: tuple[str, ...] = (),
    shows: str = "",
    counts_from: date | None = None,
) -> Field:
    return replace(
        WHOLE.forms[0].fields[0],
        code=code,
        title=code,
        type=kind,
        role=role,
        serves=serves,
        form=form,
        options=options,
        shows=shows,
        counts_from=counts_from,
    )


def sheet(kind: FormKind, *columns: Field, rows: Rows = Rows.COUNTY, code: str = "X", **changes: Any) -> Form:
    item = replace(
        WHOLE.forms[0].items[0], no=1, title="组", fields=tuple(replace(c, form=code) for c in columns), quantities=()
    )
    return replace(WHOLE.forms[0], code=code, kind=kind, rows=rows, action=None, items=(item,), **changes)


def small(*forms: Form, **changes: Any) -> Program:
    """Two prefectures, six counties, the campaign's six periods; no contacts and no funding lines but those given."""
    prefectures = tuple(p for p in WHOLE.prefectures if p.code in {BANNA, DIQING})
    counties = tuple(c for c in WHOLE.counties if c.prefecture_code in {BANNA, DIQING})
    settings: dict[str, Any] = {"contacts": (), "funding": (), "milestones": (), "forms": forms}
    return replace(WHOLE, **(settings | {"prefectures": prefectures, "counties": counties} | changes))


def line(code: str, **changes: Any) -> FundingLine:
    blank: dict[str, Any] = {
        "amount_wan": None,
        "per_unit_wan": None,
        "units": None,
        "instalments": None,
        "match_ratio": "",
        "items": (),
        "reading": "",
    }
    return replace(WHOLE.funding[0], code=code, **(blank | changes))


def wan(text: str) -> Decimal:
    return Decimal(text)
