"""Indices that begin with the unit: what is asked for is what some units sent, for one period or for all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One for respondents in the ledger; that of each sheet and of the records turned around."""
    op.create_index("ix_submissions_prefecture_code", "submissions", ["prefecture_code"], if_not_exists=True)
    for name in sa.inspect(op.get_bind()).get_table_names():
        if name == "records" or name.startswith("form_"):
            op.drop_index(f"ix_{name}_standing", table_name=name, if_exists=True)
            op.create_index(f"ix_{name}_unit", name, ["county_code", "period"], if_not_exists=True)
