"""减负账: what the period asked of those who report, and the campaign before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.measures.burden import together
from pipeline.products.summary.registry import ASIDE, SummarySheet
from pipeline.products.summary.style import Column, Put
from pipeline.program.layout import row_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.value import Value
    from pipeline.measures.burden import Burden
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Given, Pen

_BURDEN = "减负账"
_COLUMNS = (
    Column("范围", 14),
    Column("单位", 30, "words"),
    Column("应填格", 9, "count"),
    Column("其中没有用处", 9, "count"),
    Column("单位数", 8, "count"),
    Column("有账单位", 8, "count"),
    Column("带出格", 9, "count"),
    Column("带出占比", 9, "pct"),
    Column("新填格", 9, "count"),
    Column("改动格", 9, "count"),
    Column("选“√”行", 9, "count"),
    Column("写说明", 9, "count"),
    Column("退回重填格", 9, "count"),
    Column("估计分钟", 10, "count"),
)


def _write(s: Summary, pen: Pen) -> None:
    m = s.m
    unread = f"没有用处的指标{len(s.unread)}项，列在最后" if s.unread else "各项指标都有用处"
    unread = "有公文做不成，哪些指标没有用处查不出" if s.unread is None else unread
    pen.heading(
        f"{_BURDEN}（{m.period.title}）",
        "有账：查得到下发时带出了什么、报回了什么，“应填格”以外各列只算有账的，查不到的不估；分钟按 program.yaml 的 burden "
        f"估算；没有用处：公文、图、汇总、网页、催办都没有用到；{unread}",
    )
    pen.table(s.columns(_COLUMNS), [*_rows(s), *_unread(s)], frozen=2)


def _rows(s: Summary) -> Iterator[tuple[Given, ...]]:
    """The campaign so far, its periods, the whole in this period, and each respondent with its units."""
    m, mine = s.m, s.m.burdens[-1]
    periods = [together(by_unit.values()) for by_unit in m.burdens]
    yield _row(s, "各期合计", m.program.short_title, together(periods), "whole")
    for state, one in zip(m.known_states, periods, strict=True):
        yield _row(s, "各期", state.period.title, one)
    yield _row(s, m.program.words.whole, m.period.title, periods[-1], "whole")
    for prefecture in m.program.prefectures:
        own = [unit for code in mine if (unit := m.program.unit_by_code[code]).prefecture_code == prefecture.code]
        yield _row(s, prefecture.short_name, "合计", together(mine[unit.code] for unit in own), "part")
        yield from (_row(s, prefecture.short_name, row_name(unit), mine[unit.code]) for unit in own)


def _row(s: Summary, scope: str, name: str, one: Burden, level: str = "") -> tuple[Given, ...]:
    spent, counts = one.minutes(s.m.program.burden), (one.prefilled, one.typed, one.changed, one.ticked, one.explained)
    filled, *typed = counts if one.known else [None] * len(counts)
    share = one.prefilled / one.of if one.of else None
    cells: tuple[Value | float, ...] = (
        scope,
        name,
        one.cells(),
        None if s.unread is None else one.cells(s.unread),
        one.units,
        one.known,
        filled,
        share,
        *typed,
        one.again,
        None if spent is None else round(spent),
    )
    return tuple(Put(cell, column.kind, level=level) for cell, column in zip(cells, _COLUMNS, strict=True))


def _unread(s: Summary) -> Iterator[tuple[Given, ...]]:
    """The columns that nothing uses, with the cells they take in this period."""
    asked = together(s.m.burdens[-1].values()).asked
    for code in s.unread or ():
        cells = asked.get(code, 0)
        title = f"{s.m.whole.field_by_code[code].title}（{code}）"
        yield ("没有用处", title, cells, cells, *[None] * (len(_COLUMNS) - 4))


SHEET = SummarySheet(
    name=_BURDEN,
    number=72,
    tab=ASIDE,
    what=lambda _: "各单位应填、带出、新填、改动了多少格，估计用了多少时间，哪些指标没有用处",
    covers=lambda s: f"有账{together(s.m.burdens[-1].values()).known}个单位",
    write=_write,
    there=lambda s: bool(s.m.burdens),
)
