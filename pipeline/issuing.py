"""The workbooks that go out to the prefectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.campaign import choose_issue_period, find_prefecture, load_campaign, open_snapshot, open_store
from pipeline.errors import PipelineError
from pipeline.progress import quiet
from pipeline.workbook.carry import carried
from pipeline.workbook.issue import Issue, file_name, issue_workbook
from pipeline.workspace import make_key, replace_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.campaign import Campaign
    from pipeline.dataset.store import Store
    from pipeline.program.model import Period
    from pipeline.progress import Tell
    from pipeline.workspace import Workspace

ISSUED = "下发"


def issue(workspace: Workspace, period_code: str | None, prefecture_code: str | None, as_of: date, *,
          new_key: bool = False, tell: Tell = quiet) -> dict[str, bytes]:  # fmt: skip
    """Write the workbooks that go out into ``outbox/P/下发/``; with one prefecture, the others' stay as they are.

    Raises:
        PipelineError: The key is gone although returns have come in, and no new one was asked for.
    """
    if not workspace.key_file.exists() and not new_key and open_snapshot(workspace, as_of)[1].submissions:
        raise PipelineError("签发密钥 issue.key 不见了，请从备份找回；确已遗失的，用 issue --new-key 另做一把，"
                            "此后用旧表报来的都须逐份认定")  # fmt: skip
    make_key(workspace)
    campaign = load_campaign(workspace)
    period = choose_issue_period(campaign.program, period_code, as_of)
    store = open_store(workspace, campaign.program)
    try:
        issues = list(plan_issues(campaign, store, period, prefecture_code, as_of))
    finally:
        store.close()
    files = {}
    for n, one in enumerate(issues):
        tell("生成报表", n, len(issues))
        files[file_name(one)] = issue_workbook(one)
    target = workspace.outbox(period.code) / ISSUED
    kept = {p.name: p.read_bytes() for p in target.glob("*.xlsx")} if prefecture_code and target.is_dir() else {}
    replace_folder(target, kept | files)
    return files


def plan_issues(campaign: Campaign, store: Store, period: Period, prefecture_code: str | None,
                as_of: date) -> Iterator[Issue]:  # fmt: skip
    """What each prefecture's workbook is made from."""
    program = campaign.program.at(period)
    chosen = program.prefectures if prefecture_code is None else (find_prefecture(program, prefecture_code),)
    past = store.past(period.code, as_of)
    previous = {**past.previous, **past.floors}
    for prefecture in chosen:
        ours = {unit.code for unit in program.reporters if unit.prefecture_code == prefecture.code}
        values = {key: value for key, value in previous.items() if key[0] in ours}
        yield Issue(
            program=program,
            key=campaign.key,
            rules=campaign.rules,
            period=period,
            prefecture=prefecture,
            previous=values,
            entries=carried(program, period, prefecture, past),
        )
