"""The names each Word template may use: what ``lint`` checks."""

from __future__ import annotations

from pipeline.products.documents.document_parts import PARTS
from pipeline.products.documents.publications import own_parts
from pipeline.products.pictures.registry import kinds
from pipeline.program.words import Words

PICTURES = ("pictures", *(f"pictures.{name}" for name in kinds()))
WORDS = ("words", *(f"words.{name}" for name in dir(Words) if not name.startswith("_")))


def published(document: str) -> tuple[str, ...]:
    """What the template of a publication may ask for."""
    return ("no", "tab", *PARTS, *own_parts().get(document, {}), *PICTURES, *WORDS)


TEMPLATE_NAMES: dict[str, tuple[str, ...]] = {
    **{f"{document}.docx": published(document) for document in own_parts()},
    "工作简报.docx": (
        "org_line",
        "number_line",
        "office",
        "issued_on",
        "editor_note",
        "contents",
        "title",
        "is_demo",
        "overall",
        "actions",
        "actions_name",
        "province_targets",
        "table_rows",
        "timeliness",
        "overdue",
        "overdue_groups",
        "next_due",
        "data_notes",
        "report_to",
        "send_to",
        "issue_to",
        "compiler",
        "copies",
        *PICTURES,
        *WORDS,
    ),
    "逾期县清单.docx": (
        "title",
        "org_line",
        "as_of_line",
        "summary",
        "rows",
        "empty_line",
        "compiler",
        "issued_on",
        "is_demo",
        "pictures",
        *WORDS,
    ),
    "催报函.docx": ("letters", "compact", "is_demo", "pictures", *WORDS),
    "县级画像.docx": (
        "title",
        "subject",
        "is_demo",
        "summary",
        "periods",
        "actions",
        "notes",
        "office",
        "pictures",
        *WORDS,
    ),
    "回执.docx": (
        "title",
        "subject",
        "to_line",
        "intro",
        "files",
        "states",
        "notes",
        "sign",
        "places",
        "how",
        "code_line",
        "office",
        "issued_on",
        "is_demo",
        "pictures",
        "pictures.qr",
        *WORDS,
    ),
    "退回通知.docx": (
        "title",
        "period_line",
        "to_line",
        "paragraphs",
        "rows",
        "more_line",
        "attachments",
        "paste",
        "office",
        "issued_on",
        "is_demo",
        "pictures",
        *WORDS,
    ),
}
