"""Who reports."""

from pipeline.products.package.schema import Table, text

TABLE = Table(
    name="prefectures",
    number=12,
    title="州（市）",
    description="一个州（市）一行",
    rows=lambda s: s.program.prefectures,
    columns=(
        text("prefecture_code", "州（市）代码", of="code", key=True),
        text("name", "全称"),
        text("short_name", "简称"),
    ),
)
