"""Whatever has rows of its own: prefectures, then counties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.package.schema import OF_PREFECTURE, Table, text
from pipeline.products.package.tables.counties import every_county
from pipeline.program.model import Prefecture

if TYPE_CHECKING:
    from pipeline.program.model import Unit


def _is_own(unit: Unit) -> bool:
    return isinstance(unit, Prefecture)


TABLE = Table(
    name="units",
    number=14,
    title="填报单位",
    description="一个县，或一个州（市）本级，一行",
    rows=lambda s: (*s.program.prefectures, *every_county(s)),
    columns=(
        text("unit_code", "单位代码", of="code", key=True),
        text(
            "kind",
            "类别",
            of=lambda unit: "prefecture" if _is_own(unit) else "county",
            enum=(("county", "县"), ("prefecture", "州（市）本级")),
        ),
        text("name", "名称", of=lambda unit: f"{unit.name}本级" if _is_own(unit) else unit.name),
        OF_PREFECTURE,
    ),
)
