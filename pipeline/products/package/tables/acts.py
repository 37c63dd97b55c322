"""What the office did in the ledger."""

from __future__ import annotations

from dataclasses import replace

from pipeline.domain.acts import ACT_NAMES
from pipeline.products.package.schema import (
    OF_PERIOD,
    OF_PREFECTURE,
    OF_SUBMISSION,
    SHA256,
    Table,
    day,
    text,
    whole,
    words,
)

TABLE = Table(
    name="acts",
    number=9,
    title="办公室的操作",
    description="台账里办公室的一次操作一行；经办人只在台账里，不导出",
    rows=lambda s: s.snapshot.acts,
    columns=(
        whole("act", "台账条号", of="seq", minimum=1, key=True),
        text("kind", "操作", of="kind.value", enum=words(ACT_NAMES)),
        replace(OF_PERIOD, description="", required=False),
        replace(OF_PREFECTURE, required=False),
        day("done_on", "日期"),
        text("unit", "所涉及的一个单位", required=False),
        text("reason", "理由", of="why", required=False),
        text("file", "文件", required=False),
        text("sha256", "内容校验值", required=False, pattern=SHA256),
        replace(OF_SUBMISSION, title="所涉及的报送", of=lambda act: act.target or None, required=False),
        day("day", "更正后的收到日期，或延期后的截止日", required=False),
    ),
)
