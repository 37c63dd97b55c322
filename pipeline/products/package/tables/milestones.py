"""The steps the notice plans."""

from pipeline.products.package.schema import BASIS, Table, day, text, whole

TABLE = Table(
    name="milestones",
    number=21,
    title="工作节点",
    description="方案里的一个节点一行",
    rows=lambda s: s.program.milestones,
    columns=(
        text("milestone", "节点代码", of="code", key=True),
        text("phase", "阶段"),
        text("who", "谁"),
        text("deliverable", "做什么"),
        day("start", "起", required=False),
        day("due", "止", required=False),
        whole("expected", "应有份数", required=False),
        *BASIS,
    ),
)
