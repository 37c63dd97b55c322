"""Rebuild ``templates/xlsx/标准报表.xlsx`` from ``program/`` and ``expectations/``: ``python -m tools.make_standard_workbook``."""

from __future__ import annotations

from pathlib import Path

from pipeline.forms.issue import standard_workbook
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace

if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    campaign = load_campaign(Workspace(root=root))
    (root / "templates/xlsx/标准报表.xlsx").write_bytes(standard_workbook(campaign.program, campaign.rules))
