"""退回通知: the letter that goes with the returned copies of one prefecture, with words ready to paste into WeChat or mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.checks.problems import grouped
from pipeline.findings import Severity
from pipeline.reports.wording import cn_date
from pipeline.workbook.feedback import key_of
from pipeline.workbook.layout import unit_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.findings import Finding
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Prefecture
    from pipeline.workbook.feedback import ReturnedCopy

LISTED, PASTED = 30, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """One finding of the table."""

    no: str
    county: str
    where: str
    what: str
    found: str
    expected: str


def by_prefecture(copies: Sequence[ReturnedCopy]) -> dict[Prefecture, list[ReturnedCopy]]:
    """The copies that go out under one letter."""
    groups: dict[Prefecture, list[ReturnedCopy]] = {}
    for copy in copies:
        groups.setdefault(copy.prefecture, []).append(copy)
    return groups


def notice_context(
    m: PeriodMeasures, prefecture: Prefecture, copies: Sequence[ReturnedCopy], *, is_demo: bool
) -> dict[str, Any]:
    """The context of 退回通知.docx for one prefecture."""
    program, unit = m.program, unit_name(m.program, prefecture)
    asked = [
        (copy, f)
        for copy in copies
        for g in grouped(copy.findings)
        if g.severity is not Severity.INFO
        for f in g.findings
    ]
    errors = sum(f.severity is Severity.CRITICAL for _, f in asked)
    title, due = m.period.title, cn_date(m.period.due_on)
    parts = (f"须改正{errors}处" if errors else "", f"请核对{len(asked) - errors}处" if len(asked) > errors else "")
    counted = "、".join(part for part in parts if part)
    in_time = m.snapshot.as_of <= m.period.due_on
    urge = f"请于{due}前改正重报。" if in_time else f"报送截止日（{due}）已过，请抓紧改正重报。"
    call = urge if errors else "如核对无误，不必重报；如有误，请改正后重报。"
    conclusions = [f"{copy.file.rsplit('/', 1)[-1]}：{copy.conclusion}" for copy in copies]
    body = [
        f"你单位报来的{title}报表已收到并核对。结论如下：", *conclusions,
        f"现将报表退回（见附件），{counted}。退回的表上保留了你单位所填的全部内容，问题格以颜色标出，批注写明所填、应为和改法；"
        "只须改正有问题的格，其余不必动，改好后原样发回即为重报。" + call,
    ]  # fmt: skip
    return {
        "title": "报表退回通知", "period_line": f"（{title}）", "to_line": f"{unit}：", "paragraphs": body,
        "rows": [_row(no, copy, f) for no, (copy, f) in enumerate(asked[:LISTED], 1)],
        "more_line": f"以上列出前{LISTED}处，共{len(asked)}处，其余见附件“问题清单”。" if len(asked) > LISTED else "",
        "attachments": [f"{'附件：' if n == 1 else '　　　'}{n}.{copy.name}" for n, copy in enumerate(copies, 1)],
        "paste": _paste(unit, title, counted, call, asked), "office": program.office,
        "issued_on": cn_date(m.snapshot.as_of), "is_demo": is_demo,
    }  # fmt: skip


def _row(no: int, copy: ReturnedCopy, f: Finding) -> NoticeRow:
    program, key = copy.program, key_of(copy, f)
    county, field = program.county_by_code.get(f.county_code), program.field_by_code.get(f.field)
    where = program.form_by_code[key[0]].sheet if key else f.location.sheet
    return NoticeRow(no=str(no), county=county.short_name if county else "全表", where=where, found=f.found, expected=f.expected or f.fix,
                     what=_kind(copy, f) + (f"：{field.title}" if field else ""))  # fmt: skip


def _kind(copy: ReturnedCopy, f: Finding) -> str:
    return next(group.title for group in grouped(copy.findings) if f in group.findings)


def _paste(unit: str, title: str, counted: str, call: str, asked: Sequence[tuple[ReturnedCopy, Finding]]) -> list[str]:
    """Plain sentences, short enough for a chat window."""
    lines = [f"{unit}：{title}报表已核对，{counted}，退回的表见附件。{call}"]
    for no, (copy, f) in enumerate(asked[:PASTED], 1):
        row = _row(no, copy, f)
        found = f"，所填“{row.found}”" if row.found else ""
        lines.append(f"{no}.{row.county} {row.where} {row.what}{found}")
    if len(asked) > PASTED:
        lines.append(f"……共{len(asked)}处，详见附件“问题清单”。")
    return lines
