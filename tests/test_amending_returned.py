"""核改 of a returned row: what came by telephone lies on it, it is judged again, and is accepted or refused in words."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.domain.state import State
from pipeline.intake.take_in import take_in
from pipeline.ledger.snapshot import take_snapshot
from pipeline.office.amending import amend
from pipeline.office.proof import verify
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import load_campaign, open_store
from pipeline.workspace.paths import Workspace
from pipeline.workspace.starter import create_workspace
from tests.builder import FIRST, SECOND, SMALL, THIRD, arrival, copy_of, filled, new_workspace, own_key, sent
from tests.test_amending import FIELD, call, value
from tests.test_explanations import put, run, states
from tests.test_lists import PROBLEMS, problem

if TYPE_CHECKING:
    from pathlib import Path

DAY1, DAY2, DAY3 = date(2023, 1, 5), date(2023, 1, 12), date(2023, 1, 20)
WORDS = ("--period", "2022-12", "--source", "1月12日电话，经办人张某", "--reason", "电话报来准确数")
BAD = {(SECOND, FIELD): "约5", (THIRD, FIELD): "约5", (THIRD, "Q02-1"): "约6"}


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One county accepted, one with one cell nobody can take, one with two."""
    workspace = new_workspace(tmp_path_factory.mktemp("w") / "w")
    own_key(workspace)
    put(workspace, DAY1, "一.xlsx", filled("2022-12", changes=BAD))
    run(workspace, "--period", "2022-12", day=DAY1)
    return workspace


@pytest.fixture(scope="module")
def story(returned: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    workspace, seen = copy_of(returned, tmp_path_factory.mktemp("w") / "w"), dict[str, Any]()
    seen["workspace"] = workspace
    seen["said"] = run(workspace, "correct", SECOND, FIELD, "5场", *WORDS, day=DAY2)
    seen["half"] = call(workspace, "correct", THIRD, FIELD, "5", *WORDS, day=DAY2)
    run(workspace, "correct", THIRD, FIELD, "5", "--also", "Q02-1=6", *WORDS, day=DAY2)
    run(workspace, "--period", "2022-12", day=DAY2)
    seen["states"], seen["value"] = states(workspace, "2022-12", DAY2), value(workspace, unit=SECOND)
    seen["before"] = states(workspace, "2022-12", DAY1)
    seen["left"] = list((workspace.outbox("2022-12") / "退回").glob("*.xlsx"))
    seen["trace"] = run(workspace, "trace", SECOND, FIELD, "--period", "2022-12", day=DAY2)
    seen["history"] = run(workspace, "history", SECOND, day=DAY2)
    seen["faults"] = verify(workspace).faults
    return seen


def test_the_row_is_accepted_with_it_and_what_was_typed_is_kept(story: dict[str, Any]) -> None:
    assert "退回的表（报送序号 1） → 5（台账第" in story["said"]
    assert story["states"] == dict.fromkeys((FIRST, SECOND, THIRD), State.ACCEPTED)
    assert story["value"] == ("5", "约5")
    assert story["left"] == []


def test_it_shows_as_the_word_of_staff(story: dict[str, Any]) -> None:
    assert "省级核改（1月12日电话，经办人张某；电话报来准确数" in story["trace"]
    assert "表中所填“约5”" in story["trace"]
    assert f"核改 德钦县 报送序号 1：{FIELD} 核改为“5”" in story["history"]


def test_what_is_still_wrong_is_said_and_nothing_is_entered(story: dict[str, Any]) -> None:
    assert story["half"].exit_code == 2
    assert "（Q02-1）填了约数，所填“约6”" in story["half"].output
    assert "--also 指标=数" in story["half"].output


def test_whoever_looks_back_sees_it_returned(story: dict[str, Any]) -> None:
    assert story["before"] == {FIRST: State.ACCEPTED, SECOND: State.RETURNED, THIRD: State.RETURNED}


def test_the_ledger_proves_it(story: dict[str, Any]) -> None:
    assert story["faults"] == ()


def test_only_staff_take_it_back_and_then_it_is_returned_again(story: dict[str, Any], tmp_path: Path) -> None:
    workspace = copy_of(story["workspace"], tmp_path / "w")
    put(workspace, DAY3, "二.xlsx", filled("2022-12", changes={(SECOND, FIELD): 8}, empty=frozenset({FIRST, THIRD})))
    run(workspace, "--period", "2022-12", day=DAY3)
    assert value(workspace, unit=SECOND) == ("5", "8")
    run(workspace, "withdraw", "4", "--reason", "报错了单位", day=DAY3)
    said = run(workspace, "correct", SECOND, FIELD, "--undo", *WORDS[:2], "--reason", "记错了", day=DAY3)
    assert "5 → 约5" in said
    run(workspace, "--period", "2022-12", day=DAY3)
    assert states(workspace, "2022-12", DAY3)[SECOND] is State.RETURNED
    assert verify(workspace).faults == ()


def test_a_closed_period_and_a_row_nobody_sent_are_refused(returned: Workspace, tmp_path: Path) -> None:
    workspace = copy_of(returned, tmp_path / "w")
    nobody = call(workspace, "correct", "五华区", FIELD, "6", *WORDS, day=DAY2)
    assert nobody.exit_code == 2
    assert "未报的请对方报来" in nobody.output
    run(workspace, "close", "2022-12", "--reason", "已审定", day=DAY2)
    closed = call(workspace, "correct", SECOND, FIELD, "5", *WORDS, day=DAY2)
    assert closed.exit_code == 2
    assert "reopen" in closed.output


def test_a_column_that_names_a_county_is_amended_by_its_name(tmp_path: Path) -> None:
    create_workspace(tmp_path / "w")
    workspace = Workspace(root=tmp_path / "w")
    own_key(workspace)
    campaign = load_campaign(workspace)
    with closing(open_store(workspace, campaign.program)) as store:
        content = sent("2022-12", lists={PROBLEMS.code: [problem()]})
        take_in(campaign, store, [arrival(content, day=DAY1)], DAY1)
    (column, *_) = PROBLEMS.of_role("county")
    words = ("2022-12", "1月12日来函", "问题所在县写错了", "张三", DAY2)
    done = amend(workspace, f"{SMALL}-001", column.code, "德钦", *words)
    assert (done.before, done.after) == ("香格里拉市", "德钦县")
    with closing(open_store(workspace, campaign.program)) as store:
        snapshot = take_snapshot(store, DAY2)
    (entry,) = snapshot.lists[PROBLEMS.code, "2022-12", SMALL]
    assert entry.values[column.code] == SECOND
    assert "核改为“德钦县”" in "".join(act.why for act in snapshot.acts)
    with pytest.raises(PipelineError, match="丽江"):
        amend(workspace, f"{SMALL}-001", column.code, "丽江", *words)
