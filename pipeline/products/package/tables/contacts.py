"""Which unit above looks after which county."""

from pipeline.products.package.schema import NO, Table, day, text

TABLE = Table(
    name="contacts",
    number=19,
    title="对口联系",
    description="一个上级单位与一个县的一次结对一行",
    rows=lambda s: s.program.contacts,
    columns=(
        NO,
        text("unit_id", "联系单位代码"),
        text("title", "联系单位"),
        text("level", "层级"),
        text("county_code", "县代码", to="counties"),
        day("valid_from", "自何日起"),
    ),
)
