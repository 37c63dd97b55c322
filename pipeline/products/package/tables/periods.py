"""The campaign's periods."""

from dataclasses import replace

from pipeline.products.package.schema import PERIOD, Table, day, text, truth, whole

TABLE = Table(
    name="periods",
    number=11,
    title="报送期",
    description="一个报送期一行",
    rows=lambda s: s.program.periods,
    columns=(
        replace(PERIOD, of="code", key=True),
        whole("no", "第几期", minimum=1),
        text("title", "名称"),
        day("start", "起"),
        day("end", "止"),
        day("due_on", "报送截止"),
        truth("provisional", "截止日待国务院放假安排公布后确定"),
    ),
)
