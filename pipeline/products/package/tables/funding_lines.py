"""The money the notice plans."""

from pipeline.products.package.schema import BASIS, Table, joined, number, text, whole

TABLE = Table(
    name="funding_lines",
    number=20,
    title="资金安排",
    description="方案里的一笔资金一行",
    rows=lambda s: s.program.funding,
    columns=(
        text("line", "资金代码", of="code", key=True),
        whole("action", "行动", minimum=1, to="actions"),
        text("items", "任务", "用、隔开", of=joined("items"), required=False),
        number("amount_wan", "安排金额", unit="万元", required=False),
        number("per_unit_wan", "每份补助", unit="万元", required=False),
        whole("units", "份数", required=False),
        whole("instalments", "分几次拨付", required=False),
        text("match_ratio", "配套比例", required=False),
        *BASIS,
    ),
)
