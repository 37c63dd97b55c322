"""The demo of the whole campaign: what its invented officers type is sound, on every sheet, but for what is spoilt on purpose."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.demo import Filler, play, play_periods, set_stage, stage
from pipeline.domain.findings import OUTLIER, Severity
from pipeline.domain.state import State
from pipeline.ledger.store import Store
from pipeline.measures.funding import ROLES_OF
from pipeline.office.issuing import issue_period
from pipeline.program.model import FieldType, FormKind
from pipeline.workspace.campaign import load_campaign, open_snapshot
from pipeline.workspace.paths import Workspace
from pipeline.workspace.starter import create_workspace
from tests.builder import ROOT
from tests.kept import kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.domain.row import AcceptedRow
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.program.model import Form
    from pipeline.workspace.campaign import Campaign

PLAYED = 2
AFTER = date(2023, 3, 14)
EXAMPLE = ROOT / "tests" / "examples" / "ningchuan"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(root=shutil.copytree(kept("demo", played), tmp_path_factory.mktemp("demo") / "whole"))


def played(folder: Path) -> Path:
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "issue_period", only_what_is_typed_into)
        page = play(folder / "whole", say=lines.append, periods=PLAYED)
    assert page.is_file()
    assert len(lines) == 2 * PLAYED
    return folder / "whole"


@pytest.fixture(scope="module")
def opened(demo: Workspace) -> tuple[Campaign, Snapshot]:
    return open_snapshot(demo, AFTER)


@pytest.fixture(scope="module")
def store(demo: Workspace, opened: tuple[Campaign, Snapshot]) -> Iterator[Store]:
    made = Store(demo.dataset, opened[0].program, create=False)
    yield made
    made.close()


def only_what_is_typed_into(workspace: Workspace, period: str, _: None, day: date) -> None:
    """Of the sixteen workbooks that go out, the one that an officer of the play types into; test_campaign has them all."""
    program = load_campaign(workspace).program
    issue_period(workspace, period, program.prefectures[stage.MESSY].code, day)


def rows(store: Store, kind: FormKind) -> Iterator[tuple[Form, AcceptedRow]]:
    for form in store.program.forms_of_kind(kind):
        yield from ((form, row) for row in store.accepted(AFTER).standing.values() if row.form == form.code)


def test_nothing_is_wrong_but_what_was_spoilt(opened: tuple[Campaign, Snapshot]) -> None:
    """Of the sheets after the actions, not even a warning; a few counts are unlike all others and asked about."""
    campaign, snapshot = opened
    sheets = {form.sheet for form in campaign.program.forms if form.action is None}
    told = [(f.code, f.location.sheet, f.found) for _, f in snapshot.findings]
    assert [one for one in told if one[1] in sheets and one[0] != OUTLIER] == []
    assert sum(one[0] == OUTLIER for one in told) <= 2 * len(campaign.program.periods)
    critical = {f.code for _, f in snapshot.findings if f.severity is Severity.CRITICAL}
    assert critical == {"CELL_NOT_A_NUMBER", "CELL_APPROXIMATE"}


def test_everyone_who_reports_is_accepted(opened: tuple[Campaign, Snapshot]) -> None:
    campaign, snapshot = opened
    blamed = {(s.period, f.county_code) for s, f in snapshot.findings if f.severity is Severity.CRITICAL}
    silent = campaign.program.prefectures[14].code
    mended = {s.prefecture_code for s in snapshot.submissions if "改正_" in s.file}
    for period in campaign.program.periods[:PLAYED]:
        for unit in campaign.program.reporters:
            state = snapshot.state(period, unit)
            if unit.prefecture_code == silent:
                assert state is State.MISSING
            elif (period.code, unit.code) in blamed and unit.prefecture_code not in mended:
                assert state is State.RETURNED
            else:
                assert state in {State.ACCEPTED, State.NIL}, (period.code, unit.code)


def test_problems_keep_their_numbers_and_are_closed_over_time(store: Store) -> None:
    (form,) = store.program.forms_of_kind(FormKind.PROBLEMS)
    lists = store.accepted(AFTER).lists
    assert form.closing
    first, second = (
        {
            row.entry: row
            for (code, period, _), some in lists.items()
            if (code, period) == (form.code, p.code)
            for row in some
        }
        for p in store.program.periods[:PLAYED]
    )
    open_then = {number for number, row in first.items() if row.values[form.closing.field] not in form.closing.values}
    assert len(first) > 30
    assert open_then <= set(second)
    for number in open_then:
        assert [second[number].values[c] for c in form.same_by] == [first[number].values[c] for c in form.same_by]
    assert {second[n].values[form.closing.field] for n in open_then} >= {"推进中", "已解决"}
    assert set(second) - open_then, "new ones come"
    (due_on,) = (f.code for f in form.of_role("due_on"))
    past_due = [
        row
        for row in second.values()
        if row.values[form.closing.field] == "推进中" and str(row.values[due_on]) < "2023-03-14"
    ]
    assert past_due


def test_most_prefectures_have_a_highlight_and_some_miss_a_quarter(store: Store) -> None:
    (form,) = store.program.forms_of_kind(FormKind.HIGHLIGHTS)
    (text,) = form.of_role("text")
    entries = [row for some in store.accepted(AFTER).lists.values() for row in some if row.form == form.code]
    assert all(len(str(row.values[text.code])) >= 200 for row in entries)
    autumn = {row.county_code for row in entries if row.period == "2022-12"}
    assert 10 < len(autumn) < 15


def test_steps_are_taken_in_time_late_and_not_yet(store: Store) -> None:
    due = {m.code: m.due for m in store.program.milestones}
    told = []
    for form, row in rows(store, FormKind.MILESTONES):
        for one in form.of_role("done"):
            (on,) = form.of_role("done_on", one.serves)
            done_on, by = row.values.get(on.code), due[one.serves]
            assert (row.values[one.code] == "是") == (done_on is not None) if one.code in row.values else True
            if isinstance(done_on, date) and by:
                told.append("late" if done_on > by else "in time")
            elif row.values.get(one.code) == "否":
                told.append("not yet")
    assert told.count("in time") > told.count("late") > 0
    assert "not yet" in told


def test_every_county_has_a_contact_and_a_survey_that_stays(store: Store) -> None:
    for form, row in rows(store, FormKind.CONTACTS):
        (contact,) = form.of_role("contact")
        given = {c.title for c in store.program.contacts_of(row.county_code, AFTER)}
        named = set(str(row.values[contact.code]).split("、"))
        assert named == given or (not given and all(name.startswith(store.program.words.head) for name in named))
    surveys: dict[str, list[dict[str, object]]] = {}
    for form, row in rows(store, FormKind.SURVEY):
        typed = [f.code for f in form.fields if not f.shows]
        surveys.setdefault(row.county_code, []).append({code: row.values[code] for code in typed})
    same = [a == b for a, b in (two for two in surveys.values() if len(two) == PLAYED)]
    assert sum(same) > 0.8 * len(same)


def test_money_comes_in_instalments_and_is_spent_within(store: Store) -> None:
    came: dict[str, set[object]] = {}
    for form, row in rows(store, FormKind.FUNDING):
        for line in store.program.funding:
            parts = {
                name: sum(float(str(row.values.get(f.code) or 0)) for r in roles for f in form.of_role(r, line.code))
                for name, roles in ROLES_OF.items()
            }
            assert parts["spent"] <= parts["received"] + parts["matched"] + 1e-9
            came.setdefault(line.code, set()).add(parts["received"])
        for one in form.fields:
            if one.type is FieldType.AMOUNT and row.values.get(one.code) is not None:
                assert str(row.values[one.code])[-3:-2] == "."
    assert all(len(came[line.code]) > 2 for line in store.program.funding if line.code not in {"F1", "F9"})


def test_the_same_play_sends_the_same_bytes(demo: Workspace, tmp_path: Path) -> None:
    """Played again as far as the first returns."""
    create_workspace(tmp_path / "again")
    again = Workspace(root=tmp_path / "again")
    set_stage(again)
    campaign = load_campaign(again)
    period = campaign.program.periods[0]
    only_what_is_typed_into(again, period.code, None, stage.issued_on(period))
    for one in Filler(campaign).returns(again, period):
        assert (demo.inbox / one.on.isoformat() / one.name).read_bytes() == one.content, one.name


def test_another_campaign_plays_too(tmp_path: Path) -> None:
    """Three prefectures, two actions, a list and a sheet of their own."""
    create_workspace(tmp_path / "other")
    other = Workspace(root=tmp_path / "other")
    for name in ("program", "expectations"):
        shutil.rmtree(other.root / name)
        shutil.copytree(EXAMPLE / name, other.root / name)
    assert play_periods(other, say=lambda _: None).is_file()
    campaign, snapshot = open_snapshot(other, date(2026, 1, 1))
    assert [f.code for _, f in snapshot.findings if f.severity is Severity.CRITICAL] == []
    last = campaign.program.periods[-1]
    assert {snapshot.state(last, unit) for unit in campaign.program.reporters} <= {State.ACCEPTED, State.NIL}
