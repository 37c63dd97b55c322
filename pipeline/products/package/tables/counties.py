"""Every county there is or was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.products.package.schema import COUNTY, OF_PREFECTURE, Table, day, joined, text, whole

if TYPE_CHECKING:
    from pipeline.products.package.schema import Source
    from pipeline.program.model import County


def every_county(s: Source) -> list[County]:
    """By code."""
    return sorted(s.program.county_by_code.values(), key=lambda county: county.code)


TABLE = Table(
    name="counties",
    number=13,
    title="县（市、区）",
    description="一个县一行",
    rows=every_county,
    columns=(
        replace(COUNTY, of="code", key=True),
        text("name", "全称"),
        text("short_name", "简称"),
        OF_PREFECTURE,
        text("aliases", "别名", "用、隔开", of=joined("aliases"), required=False),
        whole("townships", "乡镇（街道）数"),
        whole("tile_row", "示意图行", "不代表地理位置"),
        whole("tile_col", "示意图列", "不代表地理位置"),
        day("valid_from", "设立之日", of="starts", required=False),
        day("valid_until", "撤销前的最后一日", of="ends", required=False),
        text("successor", "承接它的县", required=False),
    ),
)
