"""Acts name the day on which a submission was received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add ``day``: empty for acts that say no such thing."""
    op.add_column("acts", sa.Column("day", sa.Date))
