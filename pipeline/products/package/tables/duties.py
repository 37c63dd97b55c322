"""The reports the notice asks for."""

from pipeline.products.package.schema import BASIS, Table, text, whole

TABLE = Table(
    name="duties",
    number=22,
    title="报送事项",
    description="方案里的一个报送事项一行",
    rows=lambda s: s.program.duties,
    columns=(
        text("duty", "事项代码", of="code", key=True),
        text("title", "名称"),
        text("who", "谁"),
        text("to", "向谁", required=False),
        text("frequency", "频次"),
        whole("expected", "应有份数", required=False),
        *BASIS,
    ),
)
