"""Levels above the respondents: loading them, workbooks in their words, totals at each of them, one small whole country."""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.national import FAULTS, known_totals, make_program, make_returns
from benchmarks.national_returns import blank, broken, figures, fill, spoilt
from pipeline.checks.check import check_returns
from pipeline.checks.decide import decide
from pipeline.checks.problems import file_verdict
from pipeline.domain.arrival import Arrival
from pipeline.domain.findings import CATALOGUE
from pipeline.domain.past import NO_PAST
from pipeline.domain.state import State
from pipeline.forms.issue import Issue, issue_workbook, standard_workbook
from pipeline.intake.first_round import registry
from pipeline.measures.rollup import numbers_of, roll_up
from pipeline.office.issuing import ISSUED, issue_period
from pipeline.program.layout import row_name
from pipeline.program.load import load_program
from pipeline.program.model import County, FieldType, Prefecture, Region
from pipeline.reading.read import read_return
from pipeline.system.errors import PipelineError, ProgramError
from pipeline.workspace.campaign import Campaign, find_prefecture, load_campaign
from tests.builder import campaign, whole_campaign

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.national import Known
    from pipeline.checks.decide import Decision
    from pipeline.program.model import Program, Unit
    from pipeline.workspace.paths import Workspace

SMALL: dict[str, Any] = {"provinces": 2, "prefectures": 4, "counties": 6, "townships": 12}
LEVELS = ("全国", "省（区、市）", "市（州）", "县（市、区）", "乡镇（街道）")
Totals = dict[tuple[str, str, str], tuple[int | None, int, int]]


@dataclass(frozen=True, kw_only=True)
class Nation:
    """A small country, its returns and what became of them."""

    workspace: Workspace
    campaign: Campaign
    known: Known
    decisions: tuple[Decision, ...]
    refused: dict[str, str]


@pytest.fixture(scope="module", params=["township", "county"])
def nation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Nation:
    """Every respondent returns its workbook, every second one a faulty one."""
    workspace = make_program(tmp_path_factory.mktemp("nation") / "w", **SMALL, respondents=request.param)
    c = load_campaign(workspace)
    known = make_returns(workspace, len(c.program.prefectures), seed=7, one_in=2)
    period = c.program.periods[0]
    readings = [
        read_return(
            registry(c, ()),
            Arrival(name=p.relative_to(workspace.inbox).as_posix(), content=p.read_bytes(), received_on=period.due_on),
        )
        for p in sorted(workspace.inbox.rglob("*.xlsx"))
    ]
    returns = [one for reading in readings for one in reading.returns]
    program = c.program.at(period)
    decisions = decide(program, returns, check_returns(program, c.rules, period, returns, NO_PAST), NO_PAST)
    refused = {r.arrival.name: r.findings[0].code for r in readings if r.findings}
    return Nation(workspace=workspace, campaign=c, known=known, decisions=decisions, refused=refused)


def dice(seed: int) -> random.Random:
    """For invented figures."""
    return random.Random(seed)  # noqa: S311


def accepted(nation: Nation) -> pd.DataFrame:
    """Unit, field and value of what was accepted."""
    numbers = {one.code for one in numbers_of(nation.campaign.program)}
    rows = [
        (record.county_code, code, value)
        for decision in nation.decisions
        for record in decision.records
        if record.state is State.ACCEPTED
        for line in record.lines.values()
        for code, value in line.values.items()
        if code in numbers and value is not None and not isinstance(value, str)
    ]
    return pd.DataFrame(rows, columns=["unit", "field", "value"])


def totals(rolled: pd.DataFrame) -> Totals:
    return {
        (level, code, field): (None if pd.isna(total) else int(total), int(reported), int(roster))
        for level, code, field, total, reported, roster in rolled.itertuples(index=False)
    }


def test_a_small_country_adds_up_to_what_is_known(nation: Nation) -> None:
    found, known = (
        totals(roll_up(nation.campaign.program, accepted(nation))),
        known_totals(nation.workspace, nation.known),
    )
    assert found == known
    assert {level for level, _, _ in found} == set(LEVELS)
    assert any(total is None and roster for total, _, roster in found.values()), "somebody's figures are all missing"


def test_every_fault_returns_its_unit_and_nobody_else(nation: Nation) -> None:
    critical = {
        d.source.arrival.name: {f.code for f in d.findings if f.severity == "critical"} for d in nation.decisions
    }
    found = {name: codes for name, codes in critical.items() if codes} | {n: {c} for n, c in nation.refused.items()}
    expected = {
        "text": "CELL_APPROXIMATE",
        "missing": "REQUIRED",
        "part": "PART_EXCEEDS_WHOLE",
        "empty": "FILE_EMPTY",
        "unstamped": "IDENTITY_MISSING",
        "truncated": "FILE_TRUNCATED",
        "encrypted": "FILE_ENCRYPTED",
    }
    assert found == {name: {expected[kind]} for name, kind in nation.known.faults.items()}
    assert len(found) >= 3
    returned = {r.county_code for d in nation.decisions for r in d.records if r.state is State.RETURNED}
    reported = {r.county_code for d in nation.decisions for r in d.records}
    assert returned == nation.known.returned & reported


def test_each_kind_of_broken_file_is_told(nation: Nation) -> None:
    c = nation.campaign
    one = blank(c, c.program.prefectures[0])
    content = fill(one, issue_workbook(one), figures(one, dice(1)))
    told = {}
    for kind in FAULTS[3:]:
        arrival = Arrival(name=kind, content=broken(content, kind), received_on=c.program.periods[0].due_on)
        told[kind] = read_return(registry(c, ()), arrival).findings[0].code
    assert told == {
        "unstamped": "IDENTITY_MISSING",
        "truncated": "FILE_TRUNCATED",
        "encrypted": "FILE_ENCRYPTED",
        "empty": "FILE_EMPTY",
    }


def test_what_is_patched_in_is_what_a_spreadsheet_program_reads(nation: Nation) -> None:
    one = blank(nation.campaign, nation.campaign.program.prefectures[-1])
    cells = spoilt(one, figures(one, dice(5)), "text")
    issued = issue_workbook(one)
    book, untouched = (openpyxl.load_workbook(io.BytesIO(x)) for x in (fill(one, issued, cells), issued))
    found: dict[tuple[str, str, str], Any] = {}
    for form in one.program.forms:
        head = [x.value for x in book[form.sheet][6]]
        for n, line in enumerate(book[form.sheet].iter_rows(min_row=7, values_only=True), 7):
            row = f"#{n - 6}" if form.is_list else str(line[0])
            blank_line = [x.value for x in untouched[form.sheet][n]]
            found |= {
                (form.code, row, str(code)): value
                for code, value, before in zip(head, line, blank_line, strict=True)
                if value is not None and before is None
            }
    assert {key: str(value).removesuffix(" 00:00:00") for key, value in found.items()} == {
        key: str(float(value)).removesuffix(".0") if isinstance(value, Decimal) else str(value)
        for key, value in cells.items()
    }


def test_returns_are_the_same_each_time_and_however_many_work(nation: Nation, tmp_path: Path) -> None:
    again = replace(nation.workspace, root=tmp_path / "again")
    make_program(again.root, **SMALL, respondents="township" if nation.campaign.program.has_rows is False else "county")
    again.key_file.write_bytes(nation.workspace.key_file.read_bytes())
    make_returns(again, len(nation.campaign.program.prefectures), seed=7, workers=2, one_in=2)
    ours, theirs = (
        {
            p.relative_to(w.root).as_posix(): p.read_bytes()
            for name in ("program", "inbox")
            for p in (w.root / name).rglob("*.*")
            if p.is_file()
        }
        for w in (again, nation.workspace)
    )
    assert ours == theirs


def test_ancestors_are_nearest_first_and_may_skip_a_level(nation: Nation) -> None:
    program = nation.campaign.program
    units: tuple[Unit, ...] = program.counties or program.prefectures
    chains = {unit.code: [one.code for one in program.ancestors(unit.code)] for unit in units}
    in_hebei = next(code for code in chains if code.startswith("13"))
    assert chains[in_hebei] == [in_hebei[:6], f"{in_hebei[:4]}00", "130000"]
    in_beijing = next(code for code in chains if code.startswith("11"))
    assert chains[in_beijing] == [in_beijing[:6], "110000"], "a county of a 直辖市 belongs to no prefecture"
    assert [one.code for one in program.ancestors("130100")] == ["130000"]
    assert program.ancestors("110000") == ()


def words_of(content: bytes) -> str:
    """What is visible on the cover and the forms, prompts and alerts too."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheets = book.worksheets
    texts = [str(x.value) for sheet in sheets for row in sheet.iter_rows() for x in row if x.value is not None]
    texts += [f"{v.prompt} {v.error}" for sheet in sheets for v in sheet.data_validations.dataValidation]
    return "\n".join(texts)


def test_workbooks_speak_in_the_words_of_the_program(nation: Nation) -> None:
    c = nation.campaign
    one = blank(c, c.program.prefectures[-1])
    for content in (issue_workbook(one), standard_workbook(c.program, c.rules)):
        words = words_of(content)
        assert "州（市）" not in words
        assert "一行一个乡镇（街道）" in words
        assert "不具备条件的乡镇选" in words
    words = words_of(issue_workbook(one))
    assert "乡镇（街道）代码" in words
    assert one.regions.startswith("河北省　甲市")
    assert one.regions in words
    assert ("县（市、区）代码" in words) == c.program.has_rows, "on the sheet of the respondent itself"
    assert ("本级" in words) == c.program.has_rows


def test_what_is_said_of_a_return_is_in_the_words_of_the_program(nation: Nation) -> None:
    c = nation.campaign
    one = blank(c, c.program.prefectures[-1])
    content = fill(one, issue_workbook(one), spoilt(one, figures(one, dice(3)), "missing"))
    reading = read_return(
        registry(c, ()), Arrival(name="x.xlsx", content=content, received_on=c.program.periods[0].due_on)
    )
    checked = check_returns(c.program, c.rules, c.program.periods[0], reading.returns, NO_PAST)
    decisions = decide(c.program, reading.returns, checked, NO_PAST)
    said = "\n".join(file_verdict(c.program, reading, decisions).lines)
    assert "州（市）" not in said
    assert not re.search(r"[0-9]个县|各县|这个县", said)
    for kind in CATALOGUE.values():
        words = c.program.worded(f"{kind.title}；{kind.fix}")
        assert "州（市）" not in words
        assert "县" not in words.replace(c.program.respondent_level, "")
    assert campaign().program.worded("别的州（市）的县") == "别的州（市）的县"


def test_a_return_is_read_without_the_other_units_being_looked_at(nation: Nation) -> None:
    """Reading one workbook must not cost more where there are more units: only what is not the respondent's is looked up."""
    c = nation.campaign
    fresh = replace(c, program=replace(c.program))
    one = blank(fresh, fresh.program.prefectures[0])
    content = fill(one, issue_workbook(one), figures(one, dice(1)))
    arrival = Arrival(name="x.xlsx", content=content, received_on=c.program.periods[0].due_on)
    assert read_return(registry(fresh, ()), arrival).returns[0].rows
    assert not {"counties_known_as", "prefectures_known_as"} & vars(fresh.program.at(fresh.program.periods[0])).keys()


def test_workbooks_go_out_in_folders_of_their_regions(nation: Nation) -> None:
    program, period = nation.campaign.program, nation.campaign.program.periods[0]
    issued, paths = issue_period(nation.workspace, period.code, None, period.end)
    assert issued == period
    folder = nation.workspace.outbox(period.code) / ISSUED
    names = [path.relative_to(folder).as_posix() for path in paths]
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.xlsx")) == sorted(names)
    assert len(names) == len(program.prefectures)
    assert any(name.startswith("130000_河北省/1301") for name in names)
    kept = {name: (folder / name).read_bytes() for name in names}
    _, only = issue_period(nation.workspace, period.code, program.prefectures[0].code, period.end)
    assert only == paths[:1]
    assert {name: (folder / name).read_bytes() for name in names} == kept


def test_the_province_has_levels_without_saying_so() -> None:
    program = campaign().program
    assert program.levels == ("全省", "州（市）", "县（市、区）")
    assert [one.code for one in program.ancestors("530102")] == ["530100"]
    assert program.ancestors("530100") == ()
    for prefecture in program.prefectures:
        assert program.counties_of(prefecture.code) == tuple(
            c for c in program.counties if c.prefecture_code == prefecture.code
        )
        reporters = whole_campaign().program.reporters
        assert whole_campaign().program.reporters_of(prefecture.code) == tuple(
            u for u in reporters if u.prefecture_code == prefecture.code
        )
    rolled = roll_up(program, pd.DataFrame({"unit": ["530102", "530103"], "field": "Q01-1", "value": [3, 4]}))
    found = totals(rolled)
    assert found["全省", program.code, "Q01-1"] == (7, 2, 129)
    assert found["州（市）", "530100", "Q01-1"] == (7, 2, 14)
    assert found["州（市）", "533400", "Q01-1"] == (None, 0, 3)


# Loading


def edit(workspace: Workspace, file: str, change: Callable[[str], str]) -> None:
    path = workspace.program / file
    text = path.read_text(encoding="utf-8")
    assert change(text) != text, "the case changes nothing"
    path.write_text(change(text), encoding="utf-8")


REGION = "130100,甲市00001,甲市00001,市（州）,130000"
WRONG: dict[str, tuple[str, Callable[[str], str], str]] = {
    "unknown parent": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION[:-6] + "140000"),
        r"regions.csv 第4行：parent_code 140000 不在 regions.csv 中",
    ),
    "unknown parent of a respondent": (
        "prefectures.csv",
        lambda t: t.replace(",130101\n", ",139999\n", 1),
        r"prefectures.csv 第\d+行：parent_code 139999 不在 regions.csv 中",
    ),
    "cycle": (
        "regions.csv",
        lambda t: t.replace("130000,河北省,河北省,省（区、市）,", "130000,河北省,河北省,省（区、市）,130100"),
        r"regions.csv 第3行：上级转了一圈又是自己：130000→130100→130000",
    ),
    "itself": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION[:-6] + "130100"),
        "上级转了一圈又是自己：130100→130100",
    ),
    "not above": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION[:-6] + "130200"),
        r"第4行：上级 130200 是市（州），甲市00001是市（州）：上级应高于本级",
    ),
    "level out of order": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION[:-6] + "130101"),
        r"上级转了一圈又是自己：130100→130101→130100",
    ),
    "unknown level": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION.replace("市（州）", "市(州)")),
        r"第4行：level 的值“市\(州\)”不在允许的范围（省（区、市）、市（州）、县（市、区））",
    ),
    "respondents' level": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION.replace("市（州）", "乡镇（街道）")),
        "不在允许的范围",
    ),
    "orphan": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION[:-6]),
        r"第4行：没有写 parent_code：市（州）须写上级的代码，直属全国的写“全国”",
    ),
    "orphan respondent": (
        "prefectures.csv",
        lambda t: t.replace(",130101\n", ",\n", 1),
        "没有写 parent_code：乡镇（街道）须写",
    ),
    "column left out": ("prefectures.csv", lambda t: re.sub(r",\w+\n", "\n", t), "第2行：没有写 parent_code"),
    "twice": ("regions.csv", lambda t: f"{t}{REGION}\n", r"第14行：code 130100 重复，第4行已有"),
    "same code at two levels": (
        "prefectures.csv",
        lambda t: t.replace("130101001", "130101", 1),
        r"prefectures.csv：code 130101（丙镇\d+）重复，regions.csv已有",
    ),
    "nobody below": (
        "regions.csv",
        lambda t: f"{t}140000,山西省,山西省,省（区、市）,\n",
        "山西省（140000）下面没有填报单位",
    ),
    "without a name": (
        "regions.csv",
        lambda t: t.replace(REGION, REGION.replace(",甲市00001,甲", ",,甲", 1)),
        "name、short_name 不能空",
    ),
    "no levels": ("program.yaml", lambda t: re.sub(r"levels: .*\n", "", t), "有 regions.csv 的，须写 levels"),
    "one level": ("program.yaml", lambda t: re.sub(r"levels: .*\n", "levels: [全国]\n", t), "levels 应有2到20级"),
    "level named twice": ("program.yaml", lambda t: t.replace("市（州）", "省（区、市）"), "levels 中有重复"),
    "rows without units": (
        "forms/GZ.yaml",
        lambda t: t.replace("rows: prefecture", "rows: county"),
        r"counties.csv：一个单位也没有，而表 GZ 一行一个（rows: county）",
    ),
    "a unit asked for where there is none": (
        "forms/WT.yaml",
        lambda t: t.replace("type: date, future: true, role: due_on", "type: county"),
        r"forms/WT.yaml：WT-3 是 county 类指标，而 counties.csv 一个单位也没有",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_place(case: str, tmp_path: Path) -> None:
    workspace = make_program(tmp_path / "w", **SMALL)
    file, change, message = WRONG[case]
    edit(workspace, file, change)
    with pytest.raises(ProgramError) as caught:
        load_program(workspace.program)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_a_unit_may_belong_to_the_whole_when_that_is_said(tmp_path: Path) -> None:
    workspace = make_program(tmp_path / "w", **SMALL)
    edit(workspace, "regions.csv", lambda t: t.replace(REGION, f"{REGION[:-6]}全国"))
    program = load_program(workspace.program)
    assert program.region_by_code["130100"].parent_code == ""
    assert [one.code for one in program.ancestors("130101")] == ["130100"]


def test_names_may_recur_under_other_respondents_only(tmp_path: Path) -> None:
    workspace = make_program(tmp_path / "w", **SMALL, respondents="county")
    rows = list(csv.DictReader(io.StringIO((workspace.program / "counties.csv").read_text(encoding="utf-8"))))
    by_name = {
        name: [r["code"] for r in rows if r["prefecture_code"] == name] for name in {r["prefecture_code"] for r in rows}
    }
    (first, second), (third, *_) = by_name["110001"], by_name["130101"]
    names = {r["code"]: r["name"] for r in rows}
    edit(workspace, "counties.csv", lambda t: re.sub(f"({names[first]}|{names[third]})", "城关镇", t))
    c = load_campaign(workspace)
    for code in ("110001", "130101"):
        own = next(u for u in c.program.counties_of(code) if u.name == "城关镇")
        one = blank(c, c.program.prefecture_by_code[code])
        content = fill(one, issue_workbook(one), figures(one, dice(2)))
        arrival = Arrival(name="x.xlsx", content=content, received_on=c.program.periods[0].due_on)
        (got,) = read_return(registry(c, ()), arrival).returns
        assert own.code in {row.county_code for row in got.rows["GZ"]}
        assert not [f for f in got.findings if f.code.startswith("ROW_")]
    edit(workspace, "counties.csv", lambda t: t.replace(names[second], "城关镇"))
    with pytest.raises(ProgramError, match="县名“城关镇”为空，或与 110001001 相同"):
        load_program(workspace.program)


@pytest.mark.parametrize("recurring", [False, True])
def test_a_row_of_another_respondent_is_told(recurring: bool, tmp_path: Path) -> None:
    """Also where the respondent has a unit of that name: code and name together say whose it is."""
    workspace = make_program(tmp_path / "w", **SMALL, respondents="county")
    program = load_program(workspace.program)
    names = [program.counties_of(code)[n].name for code, n in (("110001", 1), ("130101", 0))]
    if recurring:
        edit(workspace, "counties.csv", lambda t: re.sub("|".join(names), "城关镇", t))
    c = load_campaign(workspace)
    one = blank(c, c.program.prefecture_by_code["110001"])
    book = openpyxl.load_workbook(io.BytesIO(fill(one, issue_workbook(one), figures(one, dice(2)))))
    other = c.program.counties_of("130101")[0]
    book.worksheets[1]["A7"], book.worksheets[1]["B7"] = other.code, other.name
    out = io.BytesIO()
    book.save(out)
    arrival = Arrival(name="x.xlsx", content=out.getvalue(), received_on=c.program.periods[0].due_on)
    (got,) = read_return(registry(c, ()), arrival).returns
    assert [(f.location.cell, f.found) for f in got.findings if f.code == "ROW_OTHER_PREFECTURE"] == [
        ("B7", other.name)
    ]


def test_a_respondent_is_found_by_code_or_by_a_name_that_is_its_own(tmp_path: Path) -> None:
    workspace = make_program(tmp_path / "w", **SMALL)
    program = load_program(workspace.program)
    one, two = program.prefectures[:2]
    assert find_prefecture(program, one.code) == find_prefecture(program, one.name) == one
    twins = replace(program, prefectures=(one, replace(two, name=one.name, short_name=one.name)))
    with pytest.raises(
        PipelineError, match=f"叫 {one.name} 的乡镇（街道）不止一个，请写代码：{one.code} .*、{two.code}"
    ):
        find_prefecture(twins, one.name)
    many = replace(program, prefectures=tuple(replace(one, code=f"9{n:05d}") for n in range(1000)))
    with pytest.raises(PipelineError, match=r"没有代码或名称为 某镇 的乡镇（街道）；可用：.*等$") as caught:
        find_prefecture(many, "某镇")
    assert len(str(caught.value)) < 1_500


def test_a_name_is_only_text_in_a_workbook() -> None:
    c = campaign()
    odd = Prefecture(code="999999", name="<script>", short_name="=1+1", alone=True)
    lonely = replace(
        c.program, prefectures=(odd,), counties=(), other_counties=(), levels=("全国", "<b>乡镇"), forms=()
    )
    content = issue_workbook(
        Issue(program=lonely, key=b"k", rules={}, period=c.program.periods[0], prefecture=odd, previous={})
    )
    cover = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert cover["B4"].data_type == "s"
    assert str(cover["B4"].value).startswith("=1+1")
    assert row_name(odd) == "=1+1"


# Totals


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A program with a made-up hierarchy, what its units gave, and what that adds up to, found one by one."""

    program: Program
    figures: pd.DataFrame
    totals: Totals


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """One to six levels below the whole, some of them skipped; units of both kinds; any of them silent."""
    base = campaign().program
    luck = dice(draw(st.integers(0, 10_000)))
    depth, has_rows = draw(st.integers(1, 6)), draw(st.booleans())
    levels = ("全", *(f"第{n}级" for n in range(1, depth + 1)), *(["行"] if has_rows else []))
    regions: list[Region] = []
    for n in range(1, depth):
        above = [one.code for one in regions]
        regions += [
            Region(code=f"R{n}-{k}", name="x", short_name="x", level=levels[n], parent_code=luck.choice(["", *above]))
            for k in range(luck.randint(0, 3))
        ]
    prefectures = tuple(
        Prefecture(code=f"P{n}", name="x", short_name="x", parent_code=luck.choice(["", *(r.code for r in regions)]))
        for n in range(luck.randint(1, 5))
    )
    counties = tuple(
        County(
            code=f"C{n}",
            name="x",
            short_name="x",
            prefecture_code=luck.choice(prefectures).code,
            aliases=(),
            townships=0,
            tile_row=0,
            tile_col=0,
        )
        for n in range(luck.randint(1, 9) if has_rows else 0)
    )
    program = replace(
        base, levels=levels, regions=tuple(regions), prefectures=prefectures, counties=counties, forms=two_forms(base)
    )
    above_of = {r.code: r.parent_code for r in regions} | {p.code: p.parent_code for p in prefectures}
    above_of |= {c.code: c.prefecture_code for c in counties}
    level_of = (
        {r.code: r.level for r in regions}
        | {p.code: levels[depth] for p in prefectures}
        | {c.code: "行" for c in counties}
    )
    rows: list[tuple[str, str, Any]] = []
    found: dict[tuple[str, str, str], list[Any]] = {}
    kinds: tuple[tuple[Unit, ...], ...] = (counties, prefectures)
    for form, units in zip(program.forms, kinds, strict=True):
        for unit in units:
            for one in form.fields:
                value = draw(st.none() | st.integers(0, 10**9))
                whole = value if one.type is FieldType.COUNT else None if value is None else value * 100 + 7
                if value is not None or luck.random() < 0.5:
                    rows.append(
                        (
                            unit.code,
                            one.code,
                            value if one.type is FieldType.COUNT or whole is None else Decimal(whole) / 100,
                        )
                    )
                at = unit.code
                while True:
                    key = (level_of[at], at, one.code) if at else (levels[0], program.code, one.code)
                    sums = found.setdefault(key, [None, 0, 0])
                    sums[2] += 1
                    if whole is not None:
                        sums[0], sums[1] = (sums[0] or 0) + whole, sums[1] + 1
                    if not at:
                        break
                    at = above_of[at]
    frame = pd.DataFrame(rows, columns=["unit", "field", "value"]).astype({"value": object})
    return Tree(program=program, figures=frame, totals={k: (a, b, c) for k, (a, b, c) in found.items()})


def two_forms(base: Program) -> tuple[Any, ...]:
    """A sheet of two columns with a row for each county, and one like it for the respondent itself."""
    counts = [one for one in base.forms[0].fields if one.type is FieldType.COUNT][:2]
    forms = []
    for code, rows in (("K", "county"), ("L", "prefecture")):
        columns = (
            replace(counts[0], code=f"{code}-1", form=code),
            replace(counts[1], code=f"{code}-2", form=code, type=FieldType.AMOUNT),
        )
        item = replace(base.forms[0].items[0], fields=columns, quantities=())
        forms.append(replace(base.forms[0], code=code, items=(item,), rows=type(base.forms[0].rows)(rows)))
    return tuple(forms)


@settings(max_examples=60, deadline=None)
@given(trees(), st.integers(1, 7))
def test_totals_are_those_added_up_one_by_one(tree: Tree, size: int) -> None:
    rolled = roll_up(tree.program, tree.figures)
    assert totals(rolled) == tree.totals
    assert not rolled.duplicated(["level", "code", "field"]).any()
    chunks = (tree.figures[at : at + size] for at in range(0, len(tree.figures), size))
    pd.testing.assert_frame_equal(roll_up(tree.program, chunks), rolled)


def given_values(*values: Any, field: str = "K-2", unit: str = "530102") -> pd.DataFrame:
    program = replace(campaign().program, forms=two_forms(campaign().program))
    units = [unit, *(c.code for c in program.counties if c.code != unit)][: len(values)]
    return roll_up(program, pd.DataFrame({"unit": units, "field": field, "value": pd.Series(values)}))


@pytest.mark.parametrize(
    "values", [(0.1, 0.2), (Decimal("0.10"), Decimal("0.20")), ("0.10", "0.20"), (0.1, float("nan"), 0.2)]
)
def test_no_total_is_a_float_s(values: tuple[Any, ...]) -> None:
    rolled = given_values(*values)
    assert totals(rolled)["全省", campaign().program.code, "K-2"] == (30, 2, 129)
    assert str(rolled["total"].dtype) == "Int64"


def test_whole_numbers_of_an_amount_are_in_its_unit() -> None:
    assert totals(given_values(5, 7))["全省", campaign().program.code, "K-2"] == (1_200, 2, 129)


@pytest.mark.parametrize(
    ("values", "field", "unit", "message"),
    [
        ((Decimal("0.105"),), "K-2", "530102", "0.105 不是精确到 1/100 的数"),
        ((2.5,), "K-1", "530102", "2.5 不是精确到 1/1 的数"),
        (("约5",), "K-1", "530102", "约5 不是数"),
        ((float("inf"),), "K-1", "530102", "inf 不是精确"),
        ((5,), "Q99", "530102", "不在统计之列的指标：Q99"),
        ((5,), "K-1", "999999", "名单中没有的单位：999999"),
        ((5,), "L-1", "530102", "名单中没有的单位：530102"),
    ],
)
def test_what_cannot_be_added_up_is_refused(values: tuple[Any, ...], field: str, unit: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        given_values(*values, field=field, unit=unit)


def test_a_value_given_twice_is_refused_also_in_two_chunks() -> None:
    program = replace(campaign().program, forms=two_forms(campaign().program))
    one = pd.DataFrame({"unit": ["530102"], "field": ["K-1"], "value": [5]})
    for figures_ in (pd.concat([one, one]), iter([one, one])):
        with pytest.raises(ValueError, match="同一单位同一指标有两个数"):
            roll_up(program, figures_)


def test_totals_that_64_bits_may_not_hold_are_refused() -> None:
    with pytest.raises(OverflowError):
        given_values(2**62, 2**62, 2**62, field="K-1")


def test_nobody_reported_nothing_is_known() -> None:
    rolled = given_values(None)
    assert rolled["total"].isna().all()
    assert (rolled["reported"] == 0).all()
    assert set(rolled["roster"]) >= {1, 16, 129}
