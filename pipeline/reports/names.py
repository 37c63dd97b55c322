"""The names each Word template may use: what ``lint`` checks and the contexts give (a test holds them together)."""

from __future__ import annotations

TEMPLATE_NAMES: dict[str, tuple[str, ...]] = {
    "工作简报.docx": (
        "org_line", "number_line", "office", "issued_on", "editor_note", "contents", "title", "is_demo", "overall",
        "actions", "province_targets", "table_rows", "timeliness", "overdue", "overdue_groups", "next_due", "data_notes",
        "report_to", "send_to", "issue_to", "compiler", "copies", "pictures", "pictures.rank", "pictures.trend",
        "pictures.heat", "pictures.bullet", "pictures.map", "pictures.timely",
    ),
    "逾期县清单.docx": (
        "title", "org_line", "as_of_line", "summary", "rows", "empty_line", "compiler", "issued_on", "is_demo", "pictures",
    ),
    "退回通知.docx": (
        "title", "period_line", "to_line", "paragraphs", "rows", "more_line", "attachments", "paste", "office", "issued_on",
        "is_demo", "pictures",
    ),
}  # fmt: skip
