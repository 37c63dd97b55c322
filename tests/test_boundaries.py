"""Counties that merge or are given a new code: old records stay, what is the same goes on, what is not is not compared."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import frictionless
import openpyxl
import pytest

from pipeline.ledger.lineage import Lineage
from pipeline.office.queries import look
from pipeline.program.counties import load_counties
from pipeline.program.load import load_program
from pipeline.system.errors import ProgramError
from pipeline.workspace.campaign import load_campaign, open_store
from pipeline.workspace.paths import Workspace
from tests.test_example_program import (
    BAIHE,
    DONGHU,
    FIRST,
    SECOND,
    Figures,
    Project,
    codes_of,
    document_text,
    figures,
    type_in,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures

HUBIN, SHIQIAO, HEYANG, HEYANG_NEW, QINGXI, QINGXI_NEW = "990102", "990122", "992301", "992303", "990221", "990281"
LAST, NEXT = "2024-03-31", "2024-04-01"
PROBLEM = {
    "WT-1": "石桥县",
    "WT-2": "货车司机没有休息的地方",
    "WT-3": "需上级协调",
    "WT-4": date(2024, 9, 30),
    "WT-5": "办理中",
}
BOUNDARIES = {  # 石桥县并入湖滨区；河阳市改区、清溪县改市，都换了代码
    SHIQIAO: (f",{LAST},{HUBIN}", ""),
    HEYANG: (f",{LAST},{HEYANG_NEW}", f"{HEYANG_NEW},河阳区,河阳区,992300,市辖区,河阳,10,1,1,{NEXT},,"),
    QINGXI: (f",{LAST},{QINGXI_NEW}", f"{QINGXI_NEW},清溪市,清溪市,990200,县级市,,12,4,3,{NEXT},,"),
}


def redrawn(program: Path) -> None:
    """Put the new boundaries into the list, from the second quarter on."""
    path = program / "counties.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    told = [f"{head},valid_from,valid_until,successor"]
    for line in lines:
        ends, new = BOUNDARIES.get(line.split(",")[0], (",,", ""))
        told += [f"{line},{ends}", *([new] if new else [])]
    path.write_text("\n".join(told) + "\n", encoding="utf-8")


def second(who: str) -> Figures:
    """What a prefecture reports in the second quarter, within the new boundaries."""
    names = {"河阳市": "河阳区", "清溪县": "清溪市"}
    typed = {
        (names.get(unit, unit), code): value for (unit, code), value in figures(who, 2).items() if unit != "石桥县"
    }
    if who == DONGHU:
        typed |= {
            ("湖滨区", "WQ1-1"): 55,
            ("湖滨区", "WQ2-d"): 40,
            ("湖滨区", "WQ2-n"): 36,
            ("湖滨区", "FW3-1"): 4,
            ("湖滨区", "FW4-1"): 90,
        }
    return typed


@pytest.fixture(scope="module")
def redrawn_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A quarter within the old boundaries, one within the new; one prefecture late for the first, one silent in both."""
    project = Project(tmp_path_factory.mktemp("boundaries") / "ningchuan")
    project.call("--as-of", "2024-03-25", "issue")
    late = type_in(project.issued(FIRST, BAIHE), figures(BAIHE, 1))
    problems = (PROBLEM,)
    project.receive("2024-04-08", "东湖", type_in(project.issued(FIRST, DONGHU), figures(DONGHU, 1), problems))
    assert "东湖市\t3/3" in project.run("2024-04-10")
    redrawn(project.root / "program")
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2024-04-20", "issue", "--period", "2024-06")
    project.receive("2024-05-06", "白河迟报", late)
    project.run("2024-05-07")
    project.call("--as-of", "2024-06-20", "issue")
    for who in (DONGHU, BAIHE):
        project.receive("2024-07-05", who, type_in(project.issued(SECOND, who), second(who)))
    said = project.run("2024-07-16")
    assert "应报 7 个县，已接收 4" in said
    return project


@pytest.fixture(scope="module")
def measured(redrawn_project: Project) -> dict[str, PeriodMeasures]:
    workspace = Workspace(root=redrawn_project.root)
    return {code: look(workspace, code, date(2024, 7, 16)) for code in ("2024-03", "2024-06")}


def row_of(path: Path, sheet: str, name: str) -> tuple[Any, int, dict[str, int]]:
    """A sheet, the row of a county, and the columns."""
    ws = openpyxl.load_workbook(path)[sheet]
    head, columns = codes_of(ws)
    names = {ws.cell(r, columns["county_name"]).value: r for r in range(head + 1, ws.max_row + 1)}
    return ws, names[name], columns


def exported(project: Project, name: str) -> list[dict[str, str]]:
    """A table of the exported package."""
    with (project.root / "导出" / "csv" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_each_workbook_has_the_counties_of_its_period(redrawn_project: Project) -> None:
    for period, who, names in (
        (FIRST, DONGHU, {"湖滨区", "望江县", "石桥县"}),
        (SECOND, DONGHU, {"湖滨区", "望江县"}),
        (SECOND, BAIHE, {"河阳区", "塔林县"}),
    ):
        ws = openpyxl.load_workbook(redrawn_project.issued(period, who))["1.权益维护"]
        head, columns = codes_of(ws)
        found = {str(ws.cell(r, columns["county_name"]).value) for r in range(head + 1, ws.max_row + 1)}
        assert names == {name for name in found if name.endswith(("县", "市", "区"))}


def test_last_values_go_on_under_the_new_code_and_are_added_where_counties_merged(redrawn_project: Project) -> None:
    workspace = Workspace(root=redrawn_project.root)
    program = load_campaign(workspace).program
    store = open_store(workspace, program)
    try:
        past = store.accepted(date(2024, 5, 7)).past("2024-06")
    finally:
        store.close()
    assert past.previous[HEYANG_NEW, "WQ1-1"] == 11
    assert past.previous[HEYANG_NEW, "WQ1-2"] == "是"
    assert past.floors[HUBIN, "WQ1-1"] == 11 + 31
    assert (HUBIN, "WQ1-2") not in past.previous  # whether the whole of it has a station nobody said
    assert not {SHIQIAO, HEYANG} & {code for code, _ in past.previous}
    assert past.merged == {HUBIN}
    assert [entry.values["WT-1"] for entry in past.carried["990100", "WT"]] == [HUBIN]


def test_a_merged_county_may_not_report_less_than_its_parts_nor_nothing_new(
    redrawn_project: Project, tmp_path: Path
) -> None:
    path = redrawn_project.issued(SECOND, DONGHU)
    (tmp_path / "少.xlsx").write_bytes(type_in(path, second(DONGHU) | {("湖滨区", "WQ1-1"): 41}))
    answer = redrawn_project.call("--as-of", "2024-07-16", "check", str(tmp_path / "少.xlsx"), "--json", exit_code=1)
    assert [f["code"] for f in json.loads(answer.stdout) if f["severity"] == "critical"] == ["CUMULATIVE_FELL"]
    others = {key: value for key, value in second(DONGHU).items() if key[0] != "湖滨区"}
    (tmp_path / "无.xlsx").write_bytes(type_in(path, others))
    book = openpyxl.load_workbook(tmp_path / "无.xlsx")
    for sheet in ("1.权益维护", "2.生活服务"):
        head, columns = codes_of(book[sheet])
        row = next(r for r in range(head + 1, 40) if book[sheet].cell(r, columns["county_name"]).value == "湖滨区")
        book[sheet].cell(row, columns["nil"]).value = "√"
    book.save(tmp_path / "无.xlsx")
    answer = redrawn_project.call("--as-of", "2024-07-04", "check", str(tmp_path / "无.xlsx"), "--json", exit_code=1)
    assert {(f["code"], f["county_code"]) for f in json.loads(answer.stdout) if f["severity"] == "critical"} >= {
        ("NIL_WITHOUT_BASE", HUBIN)
    }


def test_old_records_stay_under_the_old_names(redrawn_project: Project) -> None:
    values = {
        (v["period"], v["county_code"], v["field"]): v["value"]
        for period in (FIRST, SECOND)
        for v in redrawn_project.table(period, "values")
    }
    assert values["2024-03", SHIQIAO, "WQ1-1"] == "31"
    assert values["2024-03", HEYANG, "WQ1-1"] == "11"  # the late return on the old workbook
    assert values["2024-06", HEYANG_NEW, "WQ1-1"] == "12"
    assert ("2024-06", SHIQIAO, "WQ1-1") not in values
    answer = redrawn_project.call("--as-of", "2024-07-16", "trace", "石桥县", "WQ1-1", "--period", "2024-03", "--json")
    assert json.loads(answer.stdout)["value"] == "31"


def test_coverage_and_rosters_are_those_of_the_period(measured: dict[str, PeriodMeasures]) -> None:
    assert [len(m.program.counties) for m in measured.values()] == [8, 7]
    assert [len(s.by_county) for s in measured["2024-06"].scores] == [8, 7]
    assert measured["2024-03"].now.by_prefecture["990100"].roster == 3
    assert measured["2024-06"].now.by_prefecture["990100"].roster == 2


def test_a_county_late_twice_under_two_codes_is_late_twice_in_a_row(measured: dict[str, PeriodMeasures]) -> None:
    owed = {(o.who, o.period.code): o for o in measured["2024-06"].obligations if o.is_report and o.is_county}
    assert owed[QINGXI, "2024-03"].streak == 1
    assert owed[QINGXI_NEW, "2024-06"].streak == 2
    assert (QINGXI, "2024-06") not in owed
    assert (SHIQIAO, "2024-06") not in owed
    assert owed[SHIQIAO, "2024-03"].met


def test_comparisons_are_made_under_the_new_code_and_not_across_a_merger(measured: dict[str, PeriodMeasures]) -> None:
    m = measured["2024-06"]
    first = m.scores[0].period
    codes = {c.code: m.program.comparable_code(c, first) for c in m.program.counties}
    assert codes[HEYANG_NEW] == HEYANG
    assert codes[HUBIN] == ""
    assert codes["990121"] == "990121"


def test_documents_and_page_are_made_in_both_periods(redrawn_project: Project) -> None:
    for period, there, gone in ((FIRST, "清溪县", "清溪市"), (SECOND, "清溪市", "清溪县")):
        text = document_text(next((redrawn_project.root / "outbox" / period[0]).glob("*工作简报*.docx")))
        assert there in text
        assert gone not in text
    project, flags = redrawn_project, ("--as-of", "2024-07-16")
    project.call(*flags, "profile", "河阳区")
    assert "石桥县" in project.call(*flags, "history", "石桥县").output
    project.call(*flags, "export", str(project.root / "导出"))
    report = frictionless.validate(str(project.root / "导出" / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])[:5]
    states = {(s["period"], s["county_code"]) for s in exported(project, "states")}
    assert {("2024-03", SHIQIAO), ("2024-06", HUBIN)} <= states
    assert ("2024-06", SHIQIAO) not in states
    project.call(*flags, "verify")


FAULTS = {
    "no successor": (f"{SHIQIAO},石桥县,石桥县,990100,县,,9,3,3,,{LAST},", "successor 只写在撤销的县的最后一行"),
    "unknown": (f"{SHIQIAO},石桥县,石桥县,990100,县,,9,3,3,,{LAST},999999", "应是 counties.csv 中次日已有的县的代码"),
    "itself": (f"{SHIQIAO},石桥县,石桥县,990100,县,,9,3,3,,{LAST},{SHIQIAO}", "应是 counties.csv 中次日已有的县的代码"),
    "not ended": (f"{SHIQIAO},石桥县,石桥县,990100,县,,9,3,3,,,{HUBIN}", "successor 只写在撤销的县的最后一行"),
    "same name": (f"{SHIQIAO},石桥县,石桥县,990100,县,湖滨区,9,3,3,,{LAST},{HUBIN}", "名称必须只指一个县"),
}


@pytest.mark.parametrize(("line", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_in_the_list_is_told(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "counties.csv"
    path.write_text(
        "code,name,short_name,prefecture_code,kind,aliases,townships,tile_row,tile_col,valid_from,valid_until,successor\n"
        f"{HUBIN},湖滨区,湖滨区,990100,市辖区,,7,2,3,,,\n{line}\n",
        encoding="utf-8",
    )
    with pytest.raises(ProgramError, match=told):
        load_counties(path, {"990100"})


def test_a_prefecture_without_a_county_in_some_period_is_refused(redrawn_project: Project, tmp_path: Path) -> None:
    shutil.copytree(redrawn_project.root / "program", tmp_path / "program")
    path = tmp_path / "program" / "counties.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line.replace("2,1,,,", f"2,1,{NEXT},,") for line in lines if not line.startswith(HEYANG)]
    assert kept != lines
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(ProgramError, match="在2024年第一季度一个县也没有"):
        load_program(tmp_path / "program")


def test_a_chain_of_mergers_is_added_up_once(redrawn_project: Project) -> None:
    """Reported before the merger, then as a whole: the whole alone counts from then on."""
    program = load_campaign(Workspace(root=redrawn_project.root)).program
    march, june = (p.end for p in program.periods[:2])
    first = Lineage(program=program, given={(HUBIN, "WQ1-1"): (march, 11), (SHIQIAO, "WQ1-1"): (march, Decimal(31))})
    assert first.taken_over(program.periods[2])[HUBIN, "WQ1-1"] == (march, 42)
    whole = Lineage(program=program, given={**first.given, (HUBIN, "WQ1-1"): (june, 55)})
    assert whole.taken_over(program.periods[2])[HUBIN, "WQ1-1"] == (june, 55)
    assert not whole.merged(program.periods[2])
    alone = Lineage(program=program, given={(SHIQIAO, "WQ1-1"): (march, 31)})
    assert (HUBIN, "WQ1-1") not in alone.taken_over(program.periods[2])
