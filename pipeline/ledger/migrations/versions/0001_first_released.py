"""The first released schema: ledger, acts, records, findings and meta as version 3 of the trial wrote them.

Nothing is made here: a new dataset is created whole at the newest revision, and one of this schema is only stamped.
"""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing to do."""
