"""签认情况: the check code of each respondent's receipt, and whether somebody signed for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.domain.signing import SIGN_AGAIN, SIGN_NAMES, SignState, shown_code
from pipeline.products.summary.registry import FRONT, SummarySheet
from pipeline.products.summary.style import Column

if TYPE_CHECKING:
    from pipeline.domain.value import Value
    from pipeline.ledger.receipt import Receipt
    from pipeline.products.summary.registry import Summary
    from pipeline.products.summary.style import Pen

_SIGNATURES = "签认情况"
_COLUMNS = (
    Column("代码", 8),
    Column("州（市）", 12),
    Column("已报县", 8, "count"),
    Column("应报县", 8, "count"),
    Column("已接收的数据（项）", 12, "count"),
    Column("校验码", 18),
    Column("签认", 11),
    Column("收到确认单", 13),
    Column("扫描件", 44, "quiet_wrapped"),
)


def _write(s: Summary, pen: Pen) -> None:
    again = f"；{SIGN_NAMES[SignState.VOID]}的，{SIGN_AGAIN}" if SignState.VOID in s.m.signs else ""
    pen.heading(f"{_SIGNATURES}（{s.m.period.title}）", _counted(s) + again)
    pen.table(s.columns(_COLUMNS), [_row(s, one) for one in s.m.receipts.values()], frozen=2)


def _counted(s: Summary) -> str:
    whose = f"已报的{len(s.m.receipts)}{s.m.program.words.respondents}中"
    return "，".join([whose, *(f"{SIGN_NAMES[state]}{n}个" for state, n in s.m.signs.items())])


def _row(s: Summary, one: Receipt) -> tuple[Value, ...]:
    p, act, done = one.prefecture, one.signed, s.m.now.by_prefecture[one.prefecture.code]
    return (
        p.code,
        p.short_name,
        done.reported,
        done.roster,
        one.values,
        shown_code(one.code),
        SIGN_NAMES[one.state],
        act.day.isoformat() if act and act.day else "",
        act.file if act else "",
    )


SHEET = SummarySheet(
    name=_SIGNATURES,
    number=35,
    tab=FRONT,
    what=lambda _: "各州（市）回执的校验码，确认单是否签字盖章，签认以后有没有改动",
    covers=_counted,
    write=_write,
    there=lambda s: bool(s.m.signs),
)
