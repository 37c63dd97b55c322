"""The documents that came with a good return, kept as they came."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.domain.acts import attached
from pipeline.products.package.schema import OF_PERIOD, OF_PREFECTURE, SHA256, Table, day, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.acts import Act
    from pipeline.products.package.schema import Source


def _rows(s: Source) -> Iterator[Act]:
    periods = {period.code for period in s.periods}
    return (act for act in attached(s.snapshot.acts) if act.period in periods)


TABLE = Table(
    name="attachments",
    number=23,
    title="附件",
    description="随报表收到的文件，一个一行，撤回的不列；原件存在数据集里，内容不读",
    of_period=True,
    rows=_rows,
    columns=(
        whole("act", "台账条号", of="seq", minimum=1, key=True),
        OF_PERIOD,
        replace(OF_PREFECTURE, required=True),
        text("file", "文件"),
        text("sha256", "内容校验值", pattern=SHA256),
        day("received_on", "收到日期", of="day"),
        text("reason", "归属依据"),
    ),
)
