"""The campaign's actions."""

from pipeline.products.package.schema import Table, text, whole

TABLE = Table(
    name="actions",
    number=15,
    title="行动",
    description="一项行动一行",
    rows=lambda s: s.program.actions,
    columns=(
        whole("action", "行动", of="no", minimum=1, key=True),
        text("title", "名称"),
        text("short_title", "简称"),
        text("form", "表", to="forms"),
    ),
)
