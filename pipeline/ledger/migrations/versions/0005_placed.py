"""By what a submission has its owner; texts of outsiders are as long as they are, and counts as large."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add ``placed``; widen columns where the database minds their width."""
    op.add_column("submissions", sa.Column("placed", sa.Text, nullable=False, server_default=""))
    if op.get_bind().dialect.name == "sqlite":
        return
    op.alter_column("files", "file", type_=sa.Text)
    op.alter_column("submissions", "issue_no", type_=sa.Text)
    known = sa.inspect(op.get_bind())
    for name in known.get_table_names():
        for column in known.get_columns(name) if name.startswith("form_") else ():
            if isinstance(column["type"], sa.Integer) and column["name"] not in {"seq", "sheet_row"}:
                op.alter_column(name, column["name"], type_=sa.BigInteger)
