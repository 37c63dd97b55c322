"""A chain over the ledger: a table of links, and files that say by which link they were noted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Room for the links; what is there is chained when the tables are as the program wants them."""
    op.add_column("files", sa.Column("seq", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "chain",
        sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("together", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("facts", "counts", "content", "hash", "signature")),
    )
