"""What the officers of the demo have to type, beside a blank workbook: cells, shares, columns nobody reads, key strokes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.demo.stage import Filler, issued_on, set_stage
from pipeline.office.issuing import issue_period
from pipeline.office.run import fill_ledger
from pipeline.workspace.campaign import load_campaign

if TYPE_CHECKING:
    from pipeline.workspace.paths import Workspace


def play_receipts(workspace: Workspace, periods: int | None = None) -> None:
    """The demo's campaign in a new workspace: issued, filled in, received; no products."""
    set_stage(workspace)
    campaign = load_campaign(workspace)
    filler = Filler(campaign)
    for period in campaign.program.periods[:periods]:
        issue_period(workspace, period.code, None, issued_on(period))
        for sending in filler.returns(workspace, period):
            path = workspace.inbox / sending.on.isoformat() / sending.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sending.content)
        fill_ledger(workspace, period.due_on + timedelta(days=7), "bench")
