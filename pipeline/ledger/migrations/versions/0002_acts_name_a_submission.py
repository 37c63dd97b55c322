"""Acts name the submission they withdraw or reinstate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add ``target``: 0 for acts that are about no submission."""
    op.add_column("acts", sa.Column("target", sa.Integer, nullable=False, server_default="0"))
    op.execute("DELETE FROM meta WHERE key = 'schema'")
