"""A programme of any size and shape goes from issue to bulletin; what cannot be made costs only itself."""

from __future__ import annotations

import io
import re
import zipfile
from calendar import monthrange
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import docx
import pytest
from PIL import Image

from pipeline.office import making as products
from pipeline.products.documents.word import Picture, render
from pipeline.products.drawing.cache import drawn
from pipeline.products.drawing.parts import divided, sentence
from pipeline.products.pictures.rank import MOST_RANKS, RankRow, ranking
from pipeline.program.load import load_program
from pipeline.program.mentions import periods_named
from tests.test_example_program import Project, type_in

if TYPE_CHECKING:
    from pathlib import Path

CHARACTERS = "甲乙丙丁戊己庚辛壬癸"
QUARTERS = 4


def name_of(n: int) -> str:
    """A name of four characters and a suffix, as long as a short name may well be."""
    return "东西南北"[n % 4] + "".join(CHARACTERS[int(digit)] for digit in f"{n:03}") + "市"


def made_up(
    root: Path, *, respondents: int = 3, rows: int = 2, months: int = QUARTERS, apart: tuple[int, int] = (1, 1)
) -> Project:
    """The other province's campaign with as many respondents, counties below each, and months as asked for."""
    project = Project(root)
    (root / "inbox").mkdir()
    program = root / "program"
    units = [(f"{100_000 + n * 1000}", name_of(n)) for n in range(1, respondents + 1)]
    write(program / "prefectures.csv", "code,name,short_name", [f"{code},{name},{name}" for code, name in units])
    counties = [(int(code) + n + 1, f"{name[1:4]}{CHARACTERS[n]}县", code) for code, name in units for n in range(rows)]
    write(
        program / "counties.csv",
        "code,name,short_name,prefecture_code,kind,aliases,townships,tile_row,tile_col",
        [
            f"{code},{name},{name},{of},县,,3,{n // 15 * apart[0]},{n % 15 * apart[1]}"
            for n, (code, name, of) in enumerate(counties)
        ],
    )
    write(program / "contacts.csv", (program / "contacts.csv").read_text("utf-8").splitlines()[0], [])
    spans = [(2024 + n // 12, n % 12 + 1) for n in range(months)]
    periods = [
        f"  - {{code: {y}-{m:02}, start: {y}-{m:02}-01, end: {y}-{m:02}-{monthrange(y, m)[1]}, title: {y}年{m}月}}"
        for y, m in spans
    ]
    (year, month), top = spans[-1], (program / "program.yaml")
    text = re.sub(r"periods:\n(  - .*\n)+", "periods:\n" + "\n".join(periods) + "\n", top.read_text("utf-8"))
    (y, m), *_ = spans
    text = re.sub(r"periods: \[2024[^\]]*\]", f"periods: [{y}-{m:02}]", text)  # every document, in the first period
    text = text.replace("[全宁川, 市（州）, 县（市、区）]", "[全省, 市（州）, 县]")
    text = text.replace("end: 2024-12-31}", f"end: {year}-{month:02}-{monthrange(year, month)[1]}}}", 1)
    top.write_text(text.replace("expected: 3", f"expected: {respondents}"), encoding="utf-8")
    if not rows:
        alone(program, root / "expectations")
    return project


def write(path: Path, head: str, lines: list[str]) -> None:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


def alone(program: Path, expectations: Path) -> None:
    """Nobody below the respondents: their sheets have one row, and none asks for a county."""
    top = program / "program.yaml"
    text = top.read_text("utf-8").replace("sheets: [WT, FA]", "sheets: [FA]")
    text = text[: text.index("problem_categories")].replace("市（州）, 县]", "市（州）]")
    top.write_text(text, encoding="utf-8")
    for path in (program / "forms" / "WT.yaml", expectations / "WT.json"):
        path.unlink()
    for code in ("WQ", "FW"):
        path = program / "forms" / f"{code}.yaml"
        path.write_text(path.read_text("utf-8").replace("\ntitle:", "\nrows: prefecture\ntitle:", 1), encoding="utf-8")


def typed(unit: str, *, alone: bool = False) -> dict[tuple[str, str], Any]:
    own: dict[tuple[str, str], Any] = {(unit, "FA-1"): "是", (unit, "FA-2"): date(2024, 1, 18)} if alone else {}
    return own | {
        (unit, "WQ1-1"): 21,
        (unit, "WQ1-2"): "是",
        (unit, "WQ2-d"): 20,
        (unit, "WQ2-n"): 17,
        (unit, "FW3-1"): 3,
        (unit, "FW3-2"): "饮水、充电",
        (unit, "FW4-1"): 60,
    }


def all_made(folder: Path) -> None:
    """No product failed, and each opens."""
    assert not list(folder.rglob("*未能生成*"))
    for path in folder.rglob("*.docx"):
        docx.Document(str(path))
    for path in folder.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as book:
            assert book.testzip() is None
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            assert picture.size[0] > 1000


def body_of(path: Path) -> str:
    with zipfile.ZipFile(path) as package:
        return package.read("word/document.xml").decode()


SHAPES: dict[str, dict[str, Any]] = {
    "thirty periods": {"months": 30},
    "a monthly year": {"months": 12},
    "31 respondents": {"respondents": 31, "rows": 1},
    "one respondent, one county": {"respondents": 1, "rows": 1},
    "a grid of 25 by 29": {"respondents": 16, "rows": 2, "apart": (24, 2)},
    "respondents that report on themselves": {"rows": 0},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_programme_of_this_shape_goes_through(shape: str, tmp_path: Path) -> None:
    project = made_up(tmp_path / "w", **SHAPES[shape])
    first = ("2024-01", "1月")
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2024-01-20", "issue", "--prefecture", "101000")
    alone = not SHAPES[shape].get("rows", 2)
    unit = name_of(1) if alone else f"{name_of(1)[1:4]}甲县"
    book = type_in(project.issued(first, f"101000_{name_of(1)}"), typed(unit, alone=alone))
    project.receive("2024-02-05", "某市", book)
    said = project.run("2024-02-06")
    assert f"{name_of(1)}\t1/" in said
    day = ("--as-of", "2024-02-06")
    assert f"{name_of(1)}\t1/" in project.call(*day, "status").output
    project.call(*day, "overdue")
    all_made(project.root / "outbox" / "2024-01")
    months = SHAPES[shape].get("months", QUARTERS)
    last = f"{2024 + (months - 1) // 12}-{(months - 1) % 12 + 1:02}"
    project.call("--as-of", "2024-02-06", "status", "--period", last)


def test_a_respondent_that_reports_on_itself_is_on_time_late_and_overdue_like_any_other(tmp_path: Path) -> None:
    project = made_up(tmp_path / "w", rows=0)
    project.call("--as-of", "2024-01-20", "issue")
    for n, day in ((1, "2024-02-05"), (2, "2024-02-20")):
        book = type_in(project.issued(("2024-01", "1月"), f"10{n}000_{name_of(n)}"), typed(name_of(n), alone=True))
        project.receive(day, name_of(n), book)
    said = project.run("2024-02-21")
    assert "应报 3 个市，已接收 2" in said
    assert f"{name_of(3)}\t0/1\t全部未报" in said
    late = project.call("--as-of", "2024-02-21", "overdue").output
    assert "2024年1月逾期市 1 个" in late
    assert name_of(3) in late
    assert name_of(1) not in late
    owed = {o["who"]: o for o in project.table(("2024-01", "1月"), "obligations") if "季度工作信息" in o["what"]}
    assert {who: one["met"] for who, one in owed.items()} == {"101000": "true", "102000": "true", "103000": "false"}
    brief = "\n".join(p.text for p in docx.Document(str(project.root / "outbox/2024-01/工作简报.docx")).paragraphs)
    assert "按已报2个市统计" in brief


def test_what_does_not_fit_is_several_pictures_under_one_number(tmp_path: Path) -> None:
    project = made_up(tmp_path / "w", respondents=31, rows=1)
    project.call("--as-of", "2024-01-20", "issue", "--prefecture", "101000")
    project.run("2024-02-06")
    folder = project.root / "outbox" / "2024-01"
    drawn = sorted(p.name for p in (folder / "图表").glob("图1*"))
    assert drawn == ["图1之一_各市（州）完成率.png", "图1之二_各市（州）完成率.png"]
    xml = body_of(folder / "工作简报.docx")
    alts = re.findall(r'<wp:docPr [^>]*descr="([^"]*各市（州）完成率；[^"]*)"', xml)
    assert len(set(alts)) == 2
    assert "之一" in alts[0]
    assert name_of(31) in alts[1]
    assert "图1之一" in re.sub("<[^>]+>", "", xml)
    page = (folder / "index.html").read_text("utf-8")
    assert all(name in page for name in drawn)


def test_months_that_follow_each_other_are_told_apart(tmp_path: Path) -> None:
    """What is owed for January is due in February, perhaps on its last day."""
    program = load_program(made_up(tmp_path / "w").root / "program")
    line = "报送期：2024年1月　　报送截止：2024年2月9日"
    assert periods_named(program, line) == {"2024-01"}
    assert periods_named(program, line.replace("1月", "3月", 1)) == {"2024-01", "2024-03"}
    last_day = replace(program.periods[0], due_on=program.periods[1].end)
    program = replace(program, periods=(last_day, *program.periods[1:]))
    assert periods_named(program, "报送截止：2024年2月29日", "2024-01") == frozenset()
    assert periods_named(program, "报送期：2024年2月　　报送截止：2024年2月29日", "2024-01") == {"2024-02"}


def test_333_rows_are_divided_and_none_is_lost() -> None:
    rows = [
        RankRow(
            name=name_of(n),
            band=None,
            completion_pct=None,
            change_pp=None,
            previous_pct=None,
            low_pct=None,
            high_pct=None,
            reported=0,
            roster=1,
        )
        for n in range(333)
    ]
    parts = divided(rows, MOST_RANKS)
    assert [row for part in parts for row in part] == rows
    assert max(map(len, parts)) <= MOST_RANKS
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert ranking(parts[0], "全省", 50.0)


def test_333_respondents_go_through(tmp_path: Path) -> None:
    project = made_up(tmp_path / "w", respondents=333, rows=1)
    day = ("--as-of", "2024-02-01")
    assert "333" in project.run("2024-02-01")
    assert len(project.call(*day, "status").output.splitlines()) > 333
    project.call(*day, "overdue")
    folder = project.root / "outbox" / "2024-01"
    all_made(folder)
    assert len(list((folder / "图表").glob("图1之*"))) == 17
    assert len(list((folder / "图表").glob("图5之*"))) == 2


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("bulletin_context", "工作简报.docx"),
        ("summary_workbook", "全省汇总.xlsx"),
        ("overdue_workbook", "逾期县清单.xlsx"),
        ("data_package", "数据包"),
        ("index_page", "index.html"),
    ],
)
def test_a_product_that_fails_costs_only_itself(
    name: str, left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = made_up(tmp_path / "w")

    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("x")

    with monkeypatch.context() as patch:
        patch.setattr(products, name, broken)
        result = project.call("--as-of", "2024-02-06", exit_code=2)
    assert f"没有生成：{left}：程序内部错误（KeyError）" in result.stderr
    assert "有1个产品没有做成" in result.stderr
    assert "Traceback" not in result.output
    assert "KeyError: 'x'" in (project.root / "dataset" / "error.log").read_text("utf-8")
    folder = project.root / "outbox" / "2024-01"
    assert not (folder / left).exists()
    assert [p.name for p in folder.rglob("*未能生成*")] == [f"{left.partition('.')[0]}_未能生成.txt"]
    others = {"工作简报.docx", "全省汇总.xlsx", "逾期县清单.xlsx", "逾期县清单.docx", "数据包", "index.html"} - {left}
    assert all((folder / other).exists() for other in others)
    project.run("2024-02-06")
    all_made(folder)


def test_a_picture_that_fails_is_said_where_it_would_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = made_up(tmp_path / "w")
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.products.pictures.trend.trend", lambda *_: ranking([], "全省", None))
        result = project.call("--as-of", "2024-02-06", exit_code=2)
    assert "没有生成：图表/图2_各期完成率.png" in result.stderr
    folder = project.root / "outbox" / "2024-01"
    xml = body_of(folder / "工作简报.docx")
    assert 'descr="本图未能生成"' in xml
    assert len(list((folder / "图表").glob("*.png"))) >= 5
    assert "图中没有行" in (folder / "图表" / "图2_各期完成率_未能生成.txt").read_text("utf-8")


def test_an_earlier_period_whose_product_failed_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run is asked for another period, and nothing new came in for the first."""
    project = made_up(tmp_path / "w")
    project.call("--as-of", "2024-01-20", "issue")
    project.receive(
        "2024-02-05",
        "某市",
        type_in(project.issued(("2024-01", "1月"), f"101000_{name_of(1)}"), typed(f"{name_of(1)[1:4]}甲县")),
    )
    with monkeypatch.context() as patch:
        patch.setattr(products, "summary_workbook", lambda _: 1 / 0)
        project.call("--as-of", "2024-02-06", exit_code=2)
    said = project.run("2024-03-05")
    assert "2024年1月的产品上次没有全部做成" in said
    assert (project.root / "outbox" / "2024-01" / "全省汇总.xlsx").is_file()


def test_lint_finds_what_a_run_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = made_up(tmp_path / "w", respondents=31, rows=1)
    monkeypatch.setattr("pipeline.products.pictures.rank.MOST_RANKS", 40)
    assert "图中有 31 行，超过一图能容纳的行数" in project.call("lint", exit_code=2).output
    assert not (project.root / "outbox").exists()


def test_lint_draws_the_figures_that_a_first_period_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = made_up(tmp_path / "w", months=30)
    monkeypatch.setattr("pipeline.products.pictures.trend._NARROWEST_MM", 3.0)
    monkeypatch.setattr("pipeline.products.pictures.registry.drawn", drawn)  # what is kept was drawn as it should be
    said = project.call("lint", exit_code=2).output
    assert "图2_各期完成率.png：图中文字" in said


def test_pictures_under_one_number_stand_in_one_document(tmp_path: Path) -> None:
    png = sentence("本期没有可列的量化任务")
    second = Picture(png=png, alt="二")
    path = tmp_path / "t.docx"
    document = docx.Document()
    document.add_paragraph("{{ pictures.a }}")
    document.add_paragraph("图{{ pictures.a.no }}")
    document.save(str(path))
    content = render(path, {}, {"a": Picture(png=png, alt="一", more=(second,))})
    made = docx.Document(io.BytesIO(content))
    assert len(made.inline_shapes) == 2
    assert [p.text for p in made.paragraphs] == ["\n图1之一\n\n图1之二", "图1"]
