"""The sheets of a return."""

from pipeline.products.package.schema import Table, text, whole, words
from pipeline.program.model import FormKind, Rows

_ROWS = {Rows.COUNTY: "每县一行", Rows.PREFECTURE: "州（市）本级一行", Rows.LIST: "逐条填写"}
_KINDS = {
    FormKind.ACTION: "行动",
    FormKind.MILESTONES: "工作节点",
    FormKind.TEN_TASKS: "十个一",
    FormKind.CONTACTS: "对口联系",
    FormKind.PROBLEMS: "问题",
    FormKind.HIGHLIGHTS: "亮点",
    FormKind.FUNDING: "资金",
    FormKind.SOCIAL_WORKERS: "社会工作者",
    FormKind.SURVEY: "调研",
    FormKind.PLAIN: "其他",
}

TABLE = Table(
    name="forms",
    number=16,
    title="表",
    description="报表里的一张工作表一行",
    rows=lambda s: s.program.forms,
    columns=(
        text("form", "表", of="code", key=True),
        text("title", "名称"),
        text("sheet", "工作表"),
        text("kind", "类别", of="kind.value", enum=words(_KINDS)),
        text("rows", "行", of="rows.value", enum=words(_ROWS)),
        whole("version", "版本", minimum=1),
        whole("action", "行动", required=False, minimum=1, to="actions"),
    ),
)
