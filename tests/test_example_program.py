"""The campaign is data: another province's program goes from issue to bulletin by the command line, without a line of code."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pytest
from click.testing import CliRunner

from pipeline.checks import scaffold
from pipeline.cli import main
from pipeline.office.queries import look
from pipeline.products.drawing import cache
from pipeline.products.drawing.parts import Canvas
from pipeline.products.pictures.registry import pictures
from pipeline.workspace.paths import Workspace
from tests.builder import ROOT, whole_campaign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from click.testing import Result

EXAMPLE = ROOT / "tests" / "examples" / "ningchuan"
DONGHU, NANLING, BAIHE = "990100_东湖市", "990200_南岭市", "992300_白河州"
COUNTIES = {
    DONGHU: ("湖滨区", "望江县", "石桥县"),
    NANLING: ("岭东区", "清溪县", "松口县"),
    BAIHE: ("河阳市", "塔林县"),
}
FIRST, SECOND = ("2024-03", "第一季度"), ("2024-06", "第二季度")
Figures = dict[tuple[str, str], Any]
"""(county, column code) → what is typed."""


def figures(who: str, quarter: int) -> Figures:
    """What a prefecture reports: every figure is its county's place times ten and the quarter."""
    typed: Figures = {(f"{who[7:]}本级", "FA-1"): "是", (f"{who[7:]}本级", "FA-2"): date(2024, 3, 18)}
    for n, county in enumerate(COUNTIES[who], 1):
        typed |= {
            (county, "WQ1-1"): 10 * n + quarter,
            (county, "WQ1-2"): "是",
            (county, "WQ2-d"): 20,
            (county, "WQ2-n"): 16 + quarter,
            (county, "FW3-1"): n,
            (county, "FW3-2"): "饮水、充电",
            (county, "FW4-1"): 30 * quarter,
        }
    return typed


PROBLEMS = (
    {
        "WT-1": "望江县",
        "WT-2": "货车司机没有休息的地方",
        "WT-3": "需上级协调",
        "WT-4": date(2024, 9, 30),
        "WT-5": "办理中",
    },
    {"WT-1": "湖滨区", "WT-2": "园区食堂夜间不开门", "WT-3": "县里自办", "WT-4": date(2024, 5, 31), "WT-5": "办理中"},
)


class Project:
    """A workspace of the other program, driven by nothing but commands."""

    def __init__(self, root: Path, copied: Path | None = None, example: Path = EXAMPLE) -> None:
        self.root = root
        if copied:
            shutil.copytree(copied, root)
            return
        for folder in (one for one in example.iterdir() if one.is_dir()):
            shutil.copytree(folder, root / folder.name)
        (root / "expectations").mkdir(exist_ok=True)
        shutil.copytree(ROOT / "templates", root / "templates")

    def call(self, *words: str, exit_code: int = 0) -> Result:
        """One command on this project."""
        result = CliRunner().invoke(main, ["--project", str(self.root), *words])
        assert result.exit_code == exit_code, result.output
        return result

    def run(self, as_of: str) -> str:
        """The main job on a day; what it prints."""
        return self.call("--as-of", as_of).output

    def receive(self, day: str, name: str, content: bytes) -> None:
        """A file comes in."""
        (self.root / "inbox" / day).mkdir(parents=True, exist_ok=True)
        (self.root / "inbox" / day / f"{name}.xlsx").write_bytes(content)

    def issued(self, period: tuple[str, str], who: str) -> Path:
        """A workbook that went out."""
        return next((self.root / "outbox" / period[0] / "下发").glob(f"{who}_*年{period[1]}.xlsx"))

    def table(self, period: tuple[str, str], name: str) -> list[dict[str, str]]:
        """A table of the data package."""
        content = (self.root / "outbox" / period[0] / "数据包" / f"{name}.csv").read_bytes()
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def codes_of(sheet: Any) -> tuple[int, dict[str, int]]:
    """The row of column codes and where each stands: found by its words, as an officer would."""
    row = next(r for r in range(1, 10) if "remark" in {c.value for c in sheet[r]})
    return row, {str(c.value): c.column for c in sheet[row] if c.value}


def type_in(path: Path, typed: Mapping[tuple[str, str], Any], problems: tuple[Mapping[str, Any], ...] = ()) -> bytes:
    """A workbook with figures typed where the row bears the unit's name and the column its code and visible title."""
    book = openpyxl.load_workbook(path)
    left = dict(typed)
    for sheet in book.worksheets:
        if "remark" not in {c.value for r in sheet[1:9] for c in r}:
            continue
        head, columns = codes_of(sheet)
        if "entry" in columns:
            free = next(r for r in range(head + 1, head + 99) if sheet.cell(r, columns["WT-2"]).value is None)
            for row, problem in enumerate(problems, free):
                for code, value in problem.items():
                    sheet.cell(row, columns[code]).value = value
            continue
        rows = {sheet.cell(r, columns["county_name"]).value: r for r in range(head + 1, sheet.max_row + 1)}
        for (who, code), value in typed.items():
            if code in columns:
                assert sheet.cell(head - 1, columns[code]).value
                sheet.cell(rows[who], columns[code]).value = value
                del left[who, code]
    assert not left
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def document_text(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [cell.text for t in document.tables for row in t.rows for cell in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


def workbook_text(path: Path) -> str:
    """Everything visible in a workbook: cells, and what the cells say of themselves."""
    book = openpyxl.load_workbook(path)
    texts = [str(c.value) for sheet in book.worksheets for row in sheet.iter_rows() for c in row if c.value is not None]
    for sheet in book.worksheets:
        texts += [sheet.title, *(f"{v.prompt} {v.error}" for v in sheet.data_validations.dataValidation)]
    return "\n".join(texts)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two quarters: a fault returned and mended, a prefecture that never reports, a list carried on."""
    project = Project(tmp_path_factory.mktemp("example") / "ningchuan")
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2024-03-25", "issue")
    bad = figures(DONGHU, 1) | {("石桥县", "WQ2-n"): 21, ("望江县", "WQ1-1"): "约20"}
    project.receive("2024-04-08", "东湖", type_in(project.issued(FIRST, DONGHU), bad, PROBLEMS))
    project.receive("2024-04-09", "南岭", type_in(project.issued(FIRST, NANLING), figures(NANLING, 1)))
    said = project.run("2024-04-10")
    assert "东湖市\t1/3\t退回待改：望江县、石桥县" in said
    assert "南岭市\t3/3" in said
    copy = next((project.root / "outbox" / "2024-03" / "退回").glob("990100_东湖市_*.xlsx"))
    assert "约20" in workbook_text(copy)
    project.receive("2024-04-12", "东湖改正", type_in(copy, {("石桥县", "WQ2-n"): 17, ("望江县", "WQ1-1"): 21}))
    assert "东湖市\t3/3" in project.run("2024-04-15")
    project.call("--as-of", "2024-06-20", "issue")
    project.receive("2024-07-05", "东湖", type_in(project.issued(SECOND, DONGHU), figures(DONGHU, 2)))
    project.receive("2024-07-08", "白河", type_in(project.issued(SECOND, BAIHE), figures(BAIHE, 2)))
    assert "2024年第二季度（截止 2024-07-10）：应报 8 个县，已接收 5" in project.run("2024-07-16")
    return project


def test_every_prefecture_gets_its_workbook(played: Project) -> None:
    for period in (FIRST, SECOND):
        assert {p.name[:10] for p in played.issued(period, DONGHU).parent.glob("*.xlsx")} == {x[:10] for x in COUNTIES}
    book = openpyxl.load_workbook(played.issued(FIRST, BAIHE))
    assert book.sheetnames == ["填报说明", "1.权益维护", "2.生活服务", "3.问题台账", "4.动员部署", "自查", "_identity"]
    cover = [c.value for row in book["填报说明"].iter_rows() for c in row if c.value]
    assert "白河州工会联合会" in cover
    assert str(cover[0]) == "宁川省工会联合会“职工服务提质年”专项行动季度报表"


def test_faults_went_back_and_came_home_mended(played: Project) -> None:
    submissions = {s["file"]: s["verdict"] for s in played.table(FIRST, "submissions")}
    assert submissions == {
        "2024-04-08/东湖.xlsx": "PARTIAL",
        "2024-04-09/南岭.xlsx": "ACCEPTED",
        "2024-04-12/东湖改正.xlsx": "ACCEPTED",
    }
    found = {(f["county_code"], f["code"]) for f in played.table(FIRST, "findings") if f["severity"] == "critical"}
    assert found == {("990121", "CELL_APPROXIMATE"), ("990122", "PART_EXCEEDS_WHOLE")}
    assert not list((played.root / "outbox" / "2024-03").glob("退回/*"))


def test_the_rules_written_by_hand_work_too(played: Project, tmp_path: Path) -> None:
    odd = figures(BAIHE, 1) | {("河阳市", "FW3-1"): 0, ("塔林县", "WQ1-1"): 0}
    (tmp_path / "白河.xlsx").write_bytes(type_in(played.issued(FIRST, BAIHE), odd))
    answer = played.call("--as-of", "2024-04-10", "check", str(tmp_path / "白河.xlsx"), "--json", exit_code=1)
    assert [(f["code"], f["severity"], f["county_code"]) for f in json.loads(answer.stdout)] == [
        ("INCONSISTENT", "critical", "992301"),
        ("LOOK_AGAIN", "warning", "992322"),
    ]


def test_what_was_typed_is_in_the_values(played: Project) -> None:
    names = {
        c["code"]: c["name"]
        for c in csv.DictReader(io.StringIO((EXAMPLE / "program/counties.csv").read_text("utf-8-sig")))
    }
    names |= {who[:6]: f"{who[7:]}本级" for who in COUNTIES}
    got = {
        (v["period"], names[v["county_code"]], v["field"]): v["value"]
        for period in (FIRST, SECOND)
        for v in played.table(period, "values")
        if not v["field"].startswith("WT")
    }
    typed = {
        (period, *key): str(value)
        for period, who, n in (
            ("2024-03", DONGHU, 1),
            ("2024-03", NANLING, 1),
            ("2024-06", DONGHU, 2),
            ("2024-06", BAIHE, 2),
        )
        for key, value in figures(who, n).items()
    }
    assert got == typed


def test_problems_keep_their_numbers(played: Project) -> None:
    sheet = openpyxl.load_workbook(played.issued(SECOND, DONGHU))["3.问题台账"]
    head, columns = codes_of(sheet)
    rows = [{code: sheet.cell(r, col).value for code, col in columns.items()} for r in (head + 1, head + 2)]
    assert [row["WT-2"] for row in rows] == [p["WT-2"] for p in PROBLEMS]
    assert all(row["entry"] for row in rows)
    assert rows[0]["entry"] != rows[1]["entry"]
    owed = [o for o in played.table(SECOND, "obligations") if str(rows[1]["entry"]) in o["what"]]
    assert [(o["met"], o["due_on"], o["days_overdue"]) for o in owed] == [("false", "2024-05-31", "46")]


def test_the_documents_speak_of_this_campaign(played: Project) -> None:
    folder = played.root / "outbox" / "2024-06"
    text = document_text(folder / "工作简报.docx")
    assert text.startswith("宁川省工会联合会“职工服务提质年”专项行动")
    for words in (
        "总第12期",
        "按已报5个县统计",
        "两项行动完成率见图3",
        "（一）职工权益维护行动",
        "共印60份",
        "法律援助",
        "全宁川至少60场",
    ):
        assert words in text, words
    assert "逾期县联合会3个" in text
    assert "0项表述" not in text
    assert "岭东区" in document_text(folder / "逾期县清单.docx")
    late = openpyxl.load_workbook(folder / "逾期县清单.xlsx").active
    assert late is not None
    assert {row[3] for row in late.iter_rows(min_row=4, values_only=True)} == {"990202", "990221", "990222"}


def test_the_pictures_are_drawn_for_three_prefectures(played: Project) -> None:
    drawn = sorted((played.root / "outbox" / "2024-06" / "图表").glob("*.png"))
    assert len(drawn) == 9  # problems, calendar and milestones besides the six
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in drawn)


def everything_said(project: Project) -> Iterator[tuple[str, str]]:
    for path in sorted((project.root / "outbox").rglob("*")):
        name = path.relative_to(project.root).as_posix()
        if path.suffix == ".docx":
            yield name, document_text(path)
        elif path.suffix == ".xlsx":
            yield name, workbook_text(path)
        elif path.suffix == ".csv" or path.name == "datapackage.json":
            yield name, path.read_text(encoding="utf-8-sig")
        elif path.suffix == ".html":
            yield name, re.sub(r"data:image[^\"]*", "", path.read_text(encoding="utf-8"))


def test_nothing_of_yunnan_is_left(played: Project) -> None:
    other = whole_campaign().program
    words = {
        other.code,
        other.region,
        other.short_title,
        other.organizer,
        other.office,
        other.notice,
        "云南",
        "双月",
        "八项行动",
        "思想引领",
        "州市",
        "总工会",
        "省总",
        "2022年",
        "2023年",
        *(p.short_name for p in other.prefectures),
        *(c.short_name for c in other.counties),
        *(f.title for f in other.field_by_code.values() if len(f.title) > 4),
        *(form.sheet for form in other.forms),
    }
    words -= {"计划解决日期"}  # how the templates say it, too
    assert not {
        (name, word) for name, text in everything_said(played) for word in words if word in text or word in name
    }


OWN = ("工会联合会", "已建工会企业数", "县级市")
"""What holds a word of the union and is this campaign's own."""


def test_it_speaks_its_own_words(played: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is made calls levels, bodies or office as the union of Yunnan does."""
    assert not left_of_the_union(everything_said(played), own=OWN)
    assert not left_of_the_union(said_in_pictures(played, "2024-07-16", monkeypatch), own=OWN)


UNION = (
    "县级",
    "州（市）",
    "全省",
    "省级",
    "工会",
    "省总",
    "领导小组",
    "工作推进信息",
    "亮点经验信息",
    "对口联系单位",
    "十个一",
)


def left_of_the_union(
    said: Iterable[tuple[str, str]], own: Iterable[str] = (), words: Iterable[str] = UNION
) -> set[tuple[str, str, str]]:
    """File, word, and what stands around it, of every word of the union in what was made; ``own`` is not looked at."""
    found = set()
    for name, text in said:
        for mine in own:
            text = text.replace(mine, "")  # noqa: PLW2901
        for word in words:
            if word in text + name:
                at = text.find(word)
                found.add((name, word, text[max(0, at - 20) : at + 20]))
    return found


def said_in_pictures(project: Project, as_of: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every text drawn in the pictures of a day, and what is said to who cannot see them."""
    drawn: list[str] = []
    draw = Canvas.text

    def heard(self: Canvas, x: float, y: float, text: str, **looks: Any) -> None:
        drawn.append(text)
        draw(self, x, y, text, **looks)

    monkeypatch.setattr(Canvas, "text", heard)
    monkeypatch.setattr("pipeline.products.pictures.registry.drawn", cache.drawn)  # what is kept is silent
    made = pictures(look(Workspace(root=project.root), None, date.fromisoformat(as_of)))
    assert len(drawn) > 100
    return [*(("drawn", text) for text in drawn), *((name, one.alt) for name, one in made.items())]


def test_a_number_can_be_traced_to_its_cell(played: Project) -> None:
    asked = ("--as-of", "2024-07-16", "trace")
    answer = json.loads(played.call(*asked, "望江县", "法律援助服务场次", "--period", "2024-03", "--json").stdout)
    assert (answer["value"], answer["file"], answer["sheet"]) == ("21", "2024-04-12/东湖改正.xlsx", "1.权益维护")
    own = json.loads(played.call(*asked, "白河州本级", "FA-2", "--json").stdout)
    assert (own["value"], own["sheet"]) == ("2024-03-18", "4.动员部署")


def test_the_campaign_may_grow_between_two_periods(played: Project, tmp_path: Path) -> None:
    """A column and a sheet more: what was taken in stays, the next workbooks ask for the new, lint said what was missing."""
    grown = Project(tmp_path / "grown", played.root)
    path = grown.root / "program" / "forms" / "FW.yaml"
    added = "      - {code: FW4-2, title: 慰问困难职工人次, type: count, unit: 人次, accumulation: cumulative}\n    quantities:\n"
    before, here, after = path.read_text(encoding="utf-8").rpartition("    quantities:\n")
    assert here
    path.write_text(before + added + after, encoding="utf-8")
    sheet = path.with_name("FA.yaml").read_text(encoding="utf-8").replace("FA", "FB").replace("sheet: 4.", "sheet: 5.")
    path.with_name("FB.yaml").write_text(sheet.replace("rows: prefecture", "rows: county"), encoding="utf-8")
    top = grown.root / "program" / "program.yaml"
    top.write_text(top.read_text(encoding="utf-8").replace("[WT, FA]", "[WT, FA, FB]"), encoding="utf-8")
    assert "指标 FW4-2（慰问困难职工人次）没有任何规则" in grown.call("lint", exit_code=2).output
    scaffold.draft(grown.root / "program", grown.root / "expectations")
    assert "都没有问题" in grown.call("lint").output
    grown.call("--as-of", "2024-09-20", "issue")
    book = openpyxl.load_workbook(grown.issued(("2024-09", "第三季度"), BAIHE))
    assert "FW4-2" in codes_of(book["2.生活服务"])[1]
    assert "FB-1" in codes_of(book["5.动员部署"])[1]
    assert "已接收 5" in grown.run("2024-09-20")


def test_lint_finds_two_counties_in_one_tile(played: Project, tmp_path: Path) -> None:
    crowded = Project(tmp_path / "crowded", played.root)
    path = crowded.root / "program" / "counties.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("市辖区,,7,2,3", "市辖区,,7,2,4"), encoding="utf-8")
    assert "同一格：湖滨区、望江县（第2行第4列）" in crowded.call("lint", exit_code=2).output
