"""The next period's form: columns added, retired and renamed, targets changed; what was reported before stays as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import openpyxl
import pytest

from pipeline.checks import scaffold
from pipeline.measures.completion import ChangingPart, Completion, UnitPart, change_pp, left_out
from pipeline.office.queries import look
from pipeline.products.wording import Figures, change
from pipeline.program.load import load_program
from pipeline.program.model import Target, TargetKind
from pipeline.system.errors import ProgramError
from pipeline.workspace.paths import Workspace
from tests.builder import whole_campaign
from tests.test_example_program import (
    BAIHE,
    DONGHU,
    EXAMPLE,
    FIRST,
    NANLING,
    SECOND,
    Project,
    codes_of,
    document_text,
    figures,
    type_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from pipeline.measures.period import PeriodMeasures

RENAMED, RETARGETED, RETIRED, ADDED = "WQ1-1", "FW3-1", "FW4-1", "WQ1-3"
CITIES = ("清溪县", "塔林县")
OLD_TITLE, NEW_TITLE = "法律援助服务场次", "法律<援助>惠民场次"
CHANGES = (
    ("WQ", f"        title: {OLD_TITLE}\n", f"        title: {NEW_TITLE}\n        former: [{OLD_TITLE}]\n"),
    (
        "WQ",
        "    quantities:\n",
        (
            "      - {code: WQ1-3, title: 法律咨询人次, type: count, unit: 人次, "
            "accumulation: cumulative, counts_from: 2024-04-01}\n    quantities:\n"
            "      - {code: WQ1-3, title: 法律咨询人次, unit: 人次, value: WQ1-3, target: {at_least: 9}, basis: 每县9人次}\n"
        ),
    ),
    ("FW", "target: {at_least: 3}", "targets: [{until: 2024-03-31, at_least: 3}, {at_least: 1}]"),
    (
        "FW",
        "      - code: FW4-1\n        title: 帮扶困难职工人次\n        type",
        "      - code: FW4-1\n        title: 帮扶困难职工人次\n        counts_until: 2024-03-31\n        type",
    ),
)


def edited(forms: Path, *changes: tuple[str, str, str]) -> None:
    """Put other words into forms, each where the old words first stand."""
    for form, old, new in changes:
        path = forms / f"{form}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def renamed(folder: Path, *names: str) -> None:
    """Make cities of counties in the list, from the second quarter on."""
    path = folder / "counties.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    told = [f"{head},valid_from,valid_until"]
    for line in lines:
        name = line.split(",")[1]
        if name in names:
            told.append(f"{line},,2024-03-31")
            told.append(f"{line.replace(name, city(name)).replace(',县,', ',县级市,')},2024-04-01,")
        else:
            told.append(f"{line},,")
    path.write_text("\n".join(told) + "\n", encoding="utf-8")


def city(name: str) -> str:
    return name.removesuffix("县") + "市" if name in CITIES else name


def second(who: str) -> dict[tuple[str, str], Any]:
    """What a prefecture reports on the changed form."""
    typed = {(city(unit), code): value for (unit, code), value in figures(who, 2).items() if code != RETIRED}
    return typed | {(county, ADDED): 9 for county, code in typed if code == "WQ1-2"}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A quarter on the old form; then the form changes, one prefecture is late on the old one, two report on the new."""
    project = Project(tmp_path_factory.mktemp("changed") / "ningchuan")
    project.call("--as-of", "2024-03-25", "issue")
    late = type_in(project.issued(FIRST, BAIHE), figures(BAIHE, 1))
    for who in (DONGHU, NANLING):
        project.receive("2024-04-08", who, type_in(project.issued(FIRST, who), figures(who, 1)))
    edited(project.root / "program" / "forms", *CHANGES)
    renamed(project.root / "program", *CITIES)
    scaffold.draft(project.root / "program", project.root / "expectations")
    assert "都没有问题" in project.call("lint").output
    project.receive("2024-05-06", "白河迟报", late)
    project.call("--as-of", "2024-06-20", "issue")
    for who in (DONGHU, NANLING):
        project.receive("2024-07-05", who, type_in(project.issued(SECOND, who), second(who)))
    said = project.run("2024-07-16")
    assert "已接收 6" in said
    return project


@pytest.fixture(scope="module")
def measured(changed: Project) -> dict[str, PeriodMeasures]:
    """Both quarters, as of one day."""
    workspace = Workspace(root=changed.root)
    return {code: look(workspace, code, date(2024, 7, 16)) for code in ("2024-03", "2024-06")}


def test_each_workbook_asks_what_its_period_asks(changed: Project) -> None:
    old, new = (openpyxl.load_workbook(changed.issued(p, DONGHU)) for p in (FIRST, SECOND))
    asked = [set(codes_of(book["1.权益维护"])[1]) | set(codes_of(book["2.生活服务"])[1]) for book in (old, new)]
    assert [{RETIRED, ADDED} & one for one in asked] == [{RETIRED}, {ADDED}]
    head, columns = codes_of(new["1.权益维护"])
    assert str(new["1.权益维护"].cell(head - 1, columns[RENAMED]).value).startswith(NEW_TITLE)


def test_a_late_return_on_the_old_form_is_read_whole(changed: Project) -> None:
    findings = [f for f in changed.table(FIRST, "findings") if f["file"].endswith("白河迟报.xlsx")]
    assert {f["code"] for f in findings} <= {"PERIOD_EARLIER", "FILE_LATE"}
    got = {
        (v["county_code"], v["field"]): v["value"]
        for v in changed.table(FIRST, "values")
        if v["period"] == "2024-03" and v["county_code"].startswith("9923")
    }
    assert got["992301", RENAMED] == "11"
    assert got["992301", RETIRED] == "30"
    assert ("992301", ADDED) not in got


def test_the_old_title_says_the_same_without_a_note(changed: Project) -> None:
    noted = {f["code"] for f in changed.table(SECOND, "findings")}
    assert not {"COLUMN_TITLE_CHANGED", "COLUMN_CODE_CHANGED", "COLUMN_MISSING", "STRAY_CELL"} & noted
    answer = changed.call("--as-of", "2024-07-16", "trace", "河阳市", NEW_TITLE, "--period", "2024-03", "--json")
    assert json.loads(answer.stdout)["value"] == "11"


def test_every_period_is_judged_by_its_own_target(measured: Mapping[str, PeriodMeasures]) -> None:
    status: dict[str, dict[str, str]] = {
        code: dict(m.assessed[m.assessed["quantity"] == RETARGETED][["county_code", "status"]].itertuples(index=False))
        for code, m in measured.items()
    }
    assert status["2024-03"]["990102"] == "not_met"  # one of three
    assert status["2024-06"]["990102"] == "met"  # one of one
    rows = measured["2024-06"].assessed
    mine = (rows["county_code"] == "992301") & (rows["quantity"] == RETARGETED)
    silent = rows.loc[mine, ["knowledge", "status"]]
    assert silent.to_numpy().tolist() == [["known", "met"]]  # what it said before, judged as it is judged now
    of_first = measured["2024-06"].scores[0]
    then = measured["2024-03"].now
    assert (of_first.province, of_first.by_county) == (
        then.province,
        then.by_county,
    )  # it stays as it was judged, seen from the second
    shown = next(t for t in measured["2024-06"].totals if t.quantity.code == RETARGETED).quantity.target
    assert shown == Target(kind=TargetKind.AT_LEAST, threshold=Decimal(1))


def test_a_retired_quantity_is_judged_no_more(measured: Mapping[str, PeriodMeasures]) -> None:
    judged = {code: set(m.assessed["quantity"]) for code, m in measured.items()}
    assert [RETIRED in judged[code] for code in ("2024-03", "2024-06")] == [True, False]
    assert [ADDED in judged[code] for code in ("2024-03", "2024-06")] == [False, True]
    assert measured["2024-06"].program.field_by_code[RETIRED].title == "帮扶困难职工人次"


def test_the_comparison_is_of_what_was_judged_alike(measured: Mapping[str, PeriodMeasures], changed: Project) -> None:
    m = measured["2024-06"]
    assert m.before is not None
    now, before = m.now.province, m.before.province
    out = left_out(now, before)
    assert (out.retargeted, out.retired, out.added) == (1, 1, 1)
    frames = {code: one.assessed[one.assessed["knowledge"] == "reported"] for code, one in measured.items()}
    both = set.intersection(*(set(frame["county_code"]) for frame in frames.values()))
    assert both
    alike = {
        code: frame[~frame["quantity"].isin({RETARGETED, RETIRED, ADDED}) & frame["county_code"].isin(both)]["status"]
        for code, frame in frames.items()
    }
    pct = {code: 100 * (s == "met").sum() / s.isin(["met", "not_met"]).sum() for code, s in alike.items()}
    assert change_pp(now, before) == change_pp(pct["2024-06"], pct["2024-03"])
    assert change_pp(now, before) != change_pp(now.pct, before.pct)
    text = document_text(changed.root / "outbox" / "2024-06" / "工作简报.docx")
    aside = "比较时不含本期调整目标的1项、停用的1项、新增的1项指标；按两期均已报的6个县比较，不含本期没有可用数的白河州2个县"
    assert f"与上期持平（{aside}）" in text
    assert "困难帮扶" not in text
    assert "比较时不含" in (changed.root / "outbox" / "2024-06" / "index.html").read_text(encoding="utf-8")
    first = changed.root / "outbox" / "2024-03" / "工作简报.docx"
    assert not first.exists() or "比较时不含" not in document_text(first)


def test_a_renamed_county_is_the_same_county(changed: Project, measured: Mapping[str, PeriodMeasures]) -> None:
    names = {code: {c.code: c.short_name for c in m.program.counties} for code, m in measured.items()}
    assert [names[code]["990221"] for code in ("2024-03", "2024-06")] == ["清溪县", "清溪市"]
    values = [v for period in (FIRST, SECOND) for v in changed.table(period, "values") if v["field"] == RENAMED]
    got = {(v["period"], v["county_code"]): v["value"] for v in values}
    assert (got["2024-03", "990221"], got["2024-06", "990221"], got["2024-03", "992322"]) == ("21", "22", "21")
    noted = {f["code"] for period in (FIRST, SECOND) for f in changed.table(period, "findings")}
    assert not {"ROW_NAME_CHANGED", "ROW_CODE_CHANGED", "ROW_UNRECOGNISED"} & noted
    sheet = openpyxl.load_workbook(changed.issued(SECOND, NANLING))["1.权益维护"]
    assert {"清溪市"} == {c.value for row in sheet.iter_rows() for c in row if str(c.value).startswith("清溪")}
    said = changed.call("--as-of", "2024-07-16", "trace", "清溪县", NEW_TITLE, "--period", "2024-06", "--json").stdout
    assert json.loads(said)["value"] == "22"
    assert "塔林市" in document_text(changed.root / "outbox" / "2024-06" / "逾期县清单.docx")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("清溪县,清溪县,990200,县,,12,4,3,,2024-03-31",), "第2行：successor 只写在撤销的县的最后一行"),
        (("清溪县,清溪县,990200,县,,12,4,3,,", "清溪市,清溪市,990200,市,,12,4,3,,"), "第2行：code 990221 有2行"),
        (
            ("清溪县,清溪县,990200,县,,12,4,3,,2024-03-31", "清溪市,清溪市,990200,市,,12,4,3,2024-05-01,"),
            "第3行：valid_from 2024-05-01 应为上一行 valid_until 2024-03-31 的次日",
        ),
        (
            ("清溪县,清溪县,990200,县,,12,4,3,2024-04-01,2024-03-31", "清溪市,清溪市,990200,市,,12,4,3,,"),
            "第2行：valid_until 2024-03-31 早于",
        ),
        (
            ("清溪县,清溪县,990200,县,,12,4,3,,2024-03-31", "清溪市,清溪市,990100,市,,12,4,3,,"),
            "第3行：code 990221 各行的 prefecture_code 应相同",
        ),
        (
            ("清溪县,清溪县,990200,县,,12,4,3,,三月底", "清溪市,清溪市,990200,市,,12,4,3,,"),
            "第2行：valid_until 的值“三月底”不对",
        ),
        (
            ("湖滨区,湖滨区,990200,县,,12,4,3,,2024-03-31", "清溪市,清溪市,990200,市,,12,4,3,,"),
            "县名“湖滨区”为空，或与 990221 相同",
        ),
    ],
)
def test_a_renaming_must_make_sense(tmp_path: Path, rows: tuple[str, ...], words: str) -> None:
    folder = Project(tmp_path / "p").root / "program"
    renamed(folder)
    path = folder / "counties.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    rest = [line for line in lines if not line.startswith("990221")]
    path.write_text("\n".join([head, *(f"990221,{row}" for row in rows), *rest]), encoding="utf-8")
    with pytest.raises(ProgramError, match=r"counties\.csv 第") as told:
        load_program(folder)
    assert words in str(told.value)


def done(met: int, of: int, **parts: ChangingPart) -> Completion:
    unit = UnitPart(met=met, applicable=of, changing=parts)
    return Completion(met=met, applicable=of, reported=1, roster=1, changing=parts, units={"990201": unit})


def test_comparing_completions() -> None:
    three, five = (Target(kind=TargetKind.AT_LEAST, threshold=Decimal(n)) for n in (3, 5))
    old, new = (ChangingPart(target=t, met=1, applicable=1) for t in (three, five))
    waits, idle = ChangingPart(target=None, met=0, applicable=0), ChangingPart(target=five, met=0, applicable=0)
    say = Figures(whole_campaign().program.words)
    assert change(say, "x", done(2, 4, q=new), done(2, 4, q=replace(old, met=0))) == (
        "较上期下降33.4个百分点（比较时不含本期调整目标的1项指标）"
    )
    assert [f.measure for f in say.entries] == ["x.retargeted", "x"]
    assert change(Figures(whole_campaign().program.words), "x", done(2, 4, q=new), done(2, 4, q=new)) == "与上期持平"
    assert (
        change(Figures(whole_campaign().program.words), "x", done(1, 1, q=new), done(1, 1, q=old)) == "上期无可比数据"
    )
    assert change(Figures(whole_campaign().program.words), "x", done(2, 4), done(2, 4, q=old), "上次通报").endswith(
        "（比较时不含其间停用的1项指标）"
    )
    assert (
        change(Figures(whole_campaign().program.words), "x", done(2, 4, q=new), done(2, 4, q=waits)) == "与上期持平"
    )  # begins when it was to begin
    assert (
        change(Figures(whole_campaign().program.words), "x", done(2, 4, q=idle), done(2, 4)) == "与上期持平"
    )  # judged of nobody
    assert change(Figures(whole_campaign().program.words), "x", done(0, 0), done(2, 4)) == ""


@pytest.mark.parametrize(
    ("form", "old", "new", "words"),
    [
        (
            "WQ",
            "accumulation: cumulative",
            "counts_from: 2024-04-01\n        counts_until: 2024-03-31\n        accumulation: cumulative",
            "WQ.yaml 第16行：WQ1-1 的 counts_until 早于 counts_from",
        ),
        (
            "WQ",
            "        title: 法律援助服务场次\n",
            "        title: 法律援助\n        former: [已建工会企业数]\n",
            "列名 已建工会企业数 重复",
        ),
        (
            "WQ",
            "        title: 法律援助服务场次\n",
            "        title: 法律援助\n        former: [法律援助]\n",
            "列名 法律援助 重复",
        ),
        ("FW", "target: {at_least: 3}", "targets: [{at_least: 3}, {at_least: 5}]", "除最后一条外都须写 until"),
        ("FW", "target: {at_least: 3}", "targets: [{until: 2024-03-31, at_least: 3}]", "最后一条不写"),
        (
            "FW",
            "target: {at_least: 3}",
            "targets: [{until: 2024-06-30, at_least: 3}, {until: 2024-03-31, at_least: 4}, {at_least: 5}]",
            "until 2024-03-31 不晚于上一条的 2024-06-30",
        ),
        (
            "FW",
            "target: {at_least: 3}",
            "target: {at_least: 3}\n        targets: [{at_least: 3}]",
            "target 和 targets 只能写一个",
        ),
        ("FW", "target: {at_least: 3}", "targets: [{until: 2024-03-31, yes: true}, {at_least: 3}]", "须用同一种目标"),
        ("FW", "target: {at_least: 3}", "targets: [{until: 2024-03-31}, {at_least: 3}]", "第24行：须有且只有一项目标"),
        (
            "FW",
            "target: {at_least: 3}",
            "targets: [{until: 2024-03-31, atleast: 3}, {at_least: 3}]",
            "是否想写 at_least",
        ),
        ("WT", "      - code: WT-1\n", "      - code: WT-1\n        counts_until: 2024-06-30\n", "不能写 counts_until"),
    ],
)
def test_nonsense_is_refused_with_its_place(tmp_path: Path, form: str, old: str, new: str, words: str) -> None:
    folder = Project(tmp_path / "p").root / "program"
    edited(folder / "forms", (form, old, new))
    with pytest.raises(ProgramError) as told:
        load_program(folder)
    assert words in str(told.value)
    assert f"{form}.yaml 第" in str(told.value)


def test_a_campaign_that_does_not_change_is_the_same_in_every_period() -> None:
    for program in (whole_campaign().program, load_program(EXAMPLE / "program")):
        assert not program.changing
        assert all(program.at(period) is program for period in program.periods)


def test_a_campaign_seen_from_a_period_can_be_seen_from_another(measured: Mapping[str, PeriodMeasures]) -> None:
    seen = measured["2024-06"].program
    first = next(q for q in seen.at(seen.periods[0]).quantities if q.code == RETARGETED)
    assert first.target == Target(kind=TargetKind.AT_LEAST, threshold=Decimal(3))
