"""What is owed, and whether it was met."""

from dataclasses import replace

from pipeline.domain.obligation import KIND_NAMES, OWNER_NAMES, TIMELINESS_NAMES, Reason
from pipeline.products.package.schema import (
    CELL,
    NO,
    OF_PERIOD,
    OF_PREFECTURE,
    OF_SUBMISSION,
    SHEET,
    Table,
    day,
    text,
    truth,
    whole,
    words,
)

_OFFICE = "领导小组办公室自己的为空"
_WHO = (
    f"县、州（市）的为单位代码；对口联系单位、领导的为联系单位代码，填报的为州（市）代码、冒号和名称，"
    f"没有给出的只有州（市）代码和冒号；几个共同负责的用顿号隔开；{_OFFICE}"
)


TABLE = Table(
    name="obligations",
    number=6,
    title="应报应办事项",
    description="责任方在一个日期以前应报、应办的一件事一行",
    of_period=True,
    rows=lambda s: s.obligations,
    columns=(
        text("who", "责任方代码", _WHO, required=False),
        text("what", "应报事项"),
        day("due_on", "应报日期"),
        truth("met", "已报（办）", "没有报表能够说明的为空", required=False),
        whole("days_overdue", "逾期天数", unit="天"),
        whole("streak", "连续未按时期数", unit="期"),
        text("reason", "原因", of="reason.value", required=False, enum=tuple((r.value, "") for r in Reason if r.value)),
        text("kind", "类别", of="kind.value", enum=words(KIND_NAMES)),
        day("hand_in_by", "最后一个工作日"),
        replace(OF_SUBMISSION, description="凭哪次报送认定", of=lambda o: o.submission or None, required=False),
        SHEET,
        CELL,
        NO,
        replace(OF_PERIOD, of="period.code"),
        replace(OF_PREFECTURE, description=_OFFICE, of="prefecture.code", required=False),
        text("timeliness", "时限情况", of="timeliness.value", enum=words(TIMELINESS_NAMES)),
        day("met_on", "报（办）到日期", required=False),
        whole("workdays_overdue", "逾期工作日", unit="个工作日"),
        text("serves", "依据", "里程碑、报送事项的代码，或问题的编号", required=False),
        text("contact", "上级对口联系单位", required=False),
        text("owner", "责任方的类别", of="owner.value", enum=words(OWNER_NAMES)),
        text("name", "责任方"),
        text("unit_code", "事项所涉单位", _OFFICE, of="unit", required=False, to="units.unit_code"),
    ),
)
