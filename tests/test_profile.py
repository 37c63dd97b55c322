"""县级画像: one county asked for by any of its names, on a page of its own, with nothing made up for one that never reported."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import docx
import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.domain.obligation import ObligationKind
from pipeline.domain.state import State
from pipeline.products.documents.profile import PROBLEM_LENGTH, TEMPLATE, profile_context
from pipeline.products.documents.template_names import TEMPLATE_NAMES
from pipeline.products.documents.word import lint_template, render
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, SECOND, THIRD, filled, only_the_actions, own_key, with_figures
from tests.prose_cases import NUJIANG, case
from tests.test_documents import HOSTILE, HOSTILE_AS_PRINTED
from tests.test_publications import HOSTILE as TYPED
from tests.test_publications import NEVER, NUMBER, TEMPLATES, measures, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import County

WHOLE = ("2022-12", "2023-04", "2023-10")
LATER = "2023-03-14"


def call(project: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(project), "--as-of", LATER, *words])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of the eight actions: 迪庆州 has reported, one county of it with a fault."""
    folder = tmp_path_factory.mktemp("profile") / "办公室"
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
    only_the_actions(folder)
    own_key(Workspace(root=folder))
    day = folder / "inbox" / "2023-03-03"
    day.mkdir(parents=True)
    (day / "迪庆.xlsx").write_bytes(filled(changes={(SECOND, "Q01-1"): "约5"}))
    assert call(folder, "--period", "2023-02").exit_code == 0
    return folder


def page(m: PeriodMeasures, county: County) -> str:
    return text_of(render(TEMPLATES / TEMPLATE, profile_context(m, county, is_demo=False)[0], {}))


def county(m: PeriodMeasures, code: str) -> County:
    return m.program.county_by_code[code]


def test_any_of_its_names_is_enough(project: Path) -> None:
    written = {}
    for name in (THIRD, "维西县", "维西傈僳族自治县"):
        result = call(project, "profile", name, "--period", "2023-02")
        assert result.exit_code == 0, result.output
        path = project / "outbox" / "画像" / "2023-02" / f"{THIRD}_迪庆州维西县.docx"
        assert result.stdout.strip() == str(path)
        written[name] = path.read_bytes()
        path.unlink()
    assert len(set(written.values())) == 1
    text = text_of(written[THIRD])
    assert text.startswith("迪庆州维西县总工会")
    assert "本期已接收" in text
    assert "演示数据" not in text


def test_the_period_is_the_last_that_has_ended(project: Path) -> None:
    result = call(project, "profile", FIRST)
    assert result.exit_code == 0
    assert "/2023-02/" in result.stdout.replace("\\", "/")


@pytest.mark.parametrize(
    ("asked", "near"), [("德饮县", "德钦县"), ("香格里垃市", "香格里拉市"), ("530199", ""), ("迪庆州", ""), ("", "")]
)
def test_what_is_no_county_is_told_with_the_nearest(project: Path, asked: str, near: str) -> None:
    before = sorted((project / "outbox").rglob("*"))
    result = call(project, "profile", asked)
    assert result.exit_code == 2
    assert f"没有代码或名称为 {asked} 的县" in result.stderr
    assert (f"是否想写 {near}" in result.stderr) == bool(near)
    assert "Traceback" not in result.output
    assert sorted((project / "outbox").rglob("*")) == before


def test_of_a_county_that_never_reported_no_figure_is_made_up(project: Path) -> None:
    assert call(project, "profile", "五华区").exit_code == 0
    text = text_of((project / "outbox" / "画像" / "2023-02" / "530102_昆明市五华区.docx").read_bytes())
    assert "本期未报，不作完成情况统计。从未报送，情况不明。" in text
    assert "逾期事项：2023年1—2月工作推进信息逾期7天。" in text
    assert not re.search(r"(?<!\d)0\.0", text)
    assert "尚未达标" not in text
    for absent in ("专项资金", "问题台账", "已到县", "调研报告"):
        assert absent not in text, "the eight actions alone ask for none of them"


def test_a_returned_county_is_said_to_be_returned(project: Path) -> None:
    assert call(project, "profile", SECOND).exit_code == 0
    text = text_of((project / "outbox" / "画像" / "2023-02" / f"{SECOND}_迪庆州德钦县.docx").read_bytes())
    assert "本期退回待改，不作完成情况统计" in text


@pytest.mark.parametrize("period", WHOLE)
def test_every_number_is_a_registered_figure(period: str) -> None:
    m = measures(period)
    for one in m.program.counties[::9]:
        context, figures = profile_context(m, one, is_demo=False)
        known = {number for f in figures.entries for number in NUMBER.findall(f.text)}
        assert not set(NUMBER.findall(text_of(render(TEMPLATES / TEMPLATE, context, {})))) - known, one.name


def test_it_stands_beside_its_prefecture_and_the_province() -> None:
    m = measures("2023-04")
    one = next(c for c in m.program.counties if m.snapshot.state(m.period, c) is State.ACCEPTED)
    package = render(TEMPLATES / TEMPLATE, profile_context(m, one, is_demo=False)[0], {})
    periods, actions = docx.Document(BytesIO(package)).tables
    assert [row.cells[0].text for row in periods.rows[1:]] == [
        p.short_title for p in m.program.periods_through(m.period)
    ]
    assert [row.cells[0].text for row in actions.rows[1:]] == [a.title for a in m.program.actions]
    province = [f"{pct:.1f}" if (pct := m.now.by_action[a.no].pct) is not None else "—" for a in m.program.actions]
    assert [row.cells[4].text for row in actions.rows[1:]] == province


def test_a_county_of_a_silent_prefecture_is_compared_with_nobody() -> None:
    m = measures("2023-04")
    package = render(TEMPLATES / TEMPLATE, profile_context(m, m.program.counties_of(NEVER)[0], is_demo=False)[0], {})
    periods, actions = docx.Document(BytesIO(package)).tables
    assert {row.cells[4].text for row in periods.rows[1:]} == {"未计入"}
    assert {cell.text for row in actions.rows[1:] for cell in row.cells[1:4]} == {"—"}


def test_its_problems_are_told_once_and_the_report_it_owes_comes_first() -> None:
    for m in map(measures, WHOLE):
        for one in m.program.counties:
            notes = {note.partition("：")[0]: note for note in profile_context(m, one, is_demo=False)[0]["notes"]}
            assert "问题办理" not in notes["逾期事项"]
            late = {o.kind for o in m.obligations if o.who == one.code and o.overdue and o.period == m.period}
            if ObligationKind.REPORT in late:
                assert notes["逾期事项"].startswith(f"逾期事项：{m.period.title}工作推进信息逾期")


def test_quotes_within_quotes_are_single() -> None:
    m = measures("2023-10")
    notes = [note for c in m.program.counties for note in profile_context(m, c, is_demo=False)[0]["notes"]]
    assert [note for note in notes if "“总结‘县级工会加强年’，" in note]
    assert not [note for note in notes if re.search(r"“[^”]*“", note)]


def test_one_county_alone_is_compared_with_nobody_but_itself() -> None:
    m = case("只报一县")
    text = page(m, county(m, FIRST))
    assert "与全省已报的1个县相比，差异不超出正常波动" in text
    assert "尚未达标：16项（" in text
    assert "本期未报" in page(m, m.program.counties_of(NUJIANG)[0])


def test_a_first_period_has_one_row() -> None:
    m = case("首次报送")
    package = render(TEMPLATES / TEMPLATE, profile_context(m, m.program.counties[0], is_demo=True)[0], {})
    assert len(docx.Document(BytesIO(package)).tables[0].rows) == 2
    assert "演示数据，数字均为虚构" in text_of(package)


def test_what_officers_typed_is_only_text() -> None:
    m = measures("2023-10")
    assert m.systems.problems
    typed = next(one for one in m.systems.problems.problems if one.problem == TYPED and one.is_open and one.county_code)
    assert TYPED[: PROBLEM_LENGTH - 1] in page(m, county(m, typed.county_code))
    assert m.systems.contacts
    linked = next(one for one in m.systems.contacts.counties if one.links)
    links = (replace(linked.links[0], title=HOSTILE),)
    others = tuple(replace(one, links=links) if one is linked else one for one in m.systems.contacts.counties)
    hostile = with_figures(m, systems=with_figures(m.systems, contacts=replace(m.systems.contacts, counties=others)))
    assert HOSTILE_AS_PRINTED in page(hostile, county(m, linked.county_code))


def test_a_long_name_of_a_contact_is_cut() -> None:
    m = measures("2023-10")
    assert m.systems.contacts
    linked = next(one for one in m.systems.contacts.counties if one.links)
    links = tuple(replace(linked.links[0], title="省总工会某某部室" * 3) for _ in range(9))
    others = tuple(replace(one, links=links) if one is linked else one for one in m.systems.contacts.counties)
    long = with_figures(m, systems=with_figures(m.systems, contacts=replace(m.systems.contacts, counties=others)))
    note = next(
        n
        for n in profile_context(long, county(m, linked.county_code), is_demo=False)[0]["notes"]
        if n.startswith("对口联系")
    )
    assert len(note) < 100
    assert "…" in note


def test_the_template_knows_its_names() -> None:
    assert lint_template(TEMPLATES / TEMPLATE, TEMPLATE_NAMES[TEMPLATE]) == []
    context, _ = profile_context(measures("2022-12"), measures("2022-12").program.counties[0], is_demo=False)
    assert {*context, "pictures"} == {name for name in TEMPLATE_NAMES[TEMPLATE] if "." not in name}


def test_the_same_measures_give_the_same_bytes() -> None:
    m = measures("2023-04")
    one = m.program.counties[5]
    first, second = (render(TEMPLATES / TEMPLATE, profile_context(m, one, is_demo=False)[0], {}) for _ in range(2))
    assert first == second
