"""The names each Word template may use: what ``lint`` checks and the contexts give (a test holds them together)."""

from __future__ import annotations

from pipeline.products.pictures.registry import kinds
from pipeline.program.words import Words

PICTURES = ("pictures", *(f"pictures.{name}" for name in kinds()))
WORDS = ("words", *(f"words.{one}" for one in dir(Words) if not one.startswith("_")))
REPORT = (
    "title", "to_line", "intro", "is_demo", "no", "tab", "counted", "overall", "trend_rows", "prefecture_rows", "actions_name",
    "actions", "strands", "goal_rows", "task_rows", "funding", "funding_rows", "funding_parts", "milestones",
    "milestone_rows", "problems", "pressing", "category_rows", "department_rows", "candidates", "candidate_rows", "lagging", "lagging_rows",
    "next", "office", "issued_on", "item_rows", "survey_rows", "data_notes", *PICTURES, *WORDS,
)  # fmt: skip
TEMPLATE_NAMES: dict[str, tuple[str, ...]] = {
    "工作简报.docx": (
        "org_line", "number_line", "office", "issued_on", "editor_note", "contents", "title", "is_demo", "overall",
        "actions", "actions_name", "province_targets", "table_rows", "timeliness", "overdue", "overdue_groups", "next_due", "data_notes",
        "report_to", "send_to", "issue_to", "compiler", "copies", *PICTURES, *WORDS,
    ),
    "逾期县清单.docx": (
        "title", "org_line", "as_of_line", "summary", "rows", "empty_line", "compiler", "issued_on", "is_demo", "pictures", *WORDS,
    ),
    "季度通报.docx": (
        "org_line", "number_line", "office", "issued_on", "is_demo", "title", "intro", "no", "tab", "counted", "overall",
        "prefecture_rows", "actions", "highlights", "problems", "work_rows", "milestones", "milestone_rows", "timeliness",
        "overdue_groups", "next", "data_notes", "report_to", "send_to", "issue_to", "compiler", "copies", *PICTURES, *WORDS,
    ),
    "中期调度报告.docx": REPORT,
    "总结报告.docx": REPORT,
    "半年会议材料.docx": (
        "title", "office", "issued_on", "is_demo", "intro", "no", "tab", "problems", "category_rows", "departments", "overall",
        "prefecture_rows", "actions", "strands", "funding", "funding_rows", "candidates", "candidate_rows", "lagging",
        "lagging_rows", "next", "data_notes", *PICTURES, *WORDS,
    ),
    "典型案例汇编.docx": ("title", "office", "issued_on", "is_demo", "foreword", "chapters", "empty_line", *PICTURES, *WORDS),
    "催报函.docx": ("letters", "compact", "is_demo", "pictures", *WORDS),
    "县级画像.docx": (
        "title", "subject", "is_demo", "summary", "periods", "actions", "notes", "office", "pictures", *WORDS,
    ),
    "退回通知.docx": (
        "title", "period_line", "to_line", "paragraphs", "rows", "more_line", "attachments", "paste", "office", "issued_on",
        "is_demo", "pictures", *WORDS,
    ),
}  # fmt: skip
