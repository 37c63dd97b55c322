"""What people ask to have changed takes the files it should take, and no others: each is done here in a copy."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import docx
import openpyxl
import pyarrow.parquet as pq

from pipeline.checks import scaffold
from pipeline.domain.findings import CATALOGUE, FindingKind, Severity
from pipeline.engine.engines import InProcess
from tests.builder import ROOT
from tests.test_example_program import COUNTIES, DONGHU, FIRST, Project, document_text, figures, type_in, workbook_text

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PLAIN = """\
form: ZX
version: 1
kind: plain
title: 职工心理服务情况
sheet: 5.心理服务
rows: county
items:
  - no: 1
    label: 通知第六条
    title: 心理服务
    fields:
      - {code: ZX-1, title: 心理咨询场次, type: count, unit: 场, accumulation: cumulative}
      - {code: ZX-2, title: 是否建有心理驿站, type: yesno, accumulation: status}
"""


def test_a_new_sheet_of_a_plain_kind_is_data_only(tmp_path: Path) -> None:
    """One file in ``forms/``, its code in ``sheets``, rules drafted by ``lint --draft``: from issue to trace."""
    project = Project(tmp_path / "ningchuan")
    (project.root / "program/forms/ZX.yaml").write_text(PLAIN, encoding="utf-8")
    program = project.root / "program/program.yaml"
    program.write_text(program.read_text(encoding="utf-8").replace("[WT, FA]", "[WT, FA, ZX]"), encoding="utf-8")
    scaffold.draft(project.root / "program", project.root / "expectations")
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2024-03-25", "issue")
    book = openpyxl.load_workbook(project.issued(FIRST, DONGHU))
    assert "5.心理服务" in book.sheetnames

    counties = COUNTIES[DONGHU]
    typed = figures(DONGHU, 1) | {(county, "ZX-1"): n for n, county in enumerate(counties)}
    typed |= {(county, "ZX-2"): "否" for county in counties} | {(counties[0], "ZX-2"): "也许"}
    project.receive("2024-04-08", "东湖", type_in(project.issued(FIRST, DONGHU), typed))
    said = project.run("2024-04-10")
    assert f"东湖市\t2/3\t退回待改：{counties[0]}" in said
    (copy,) = (project.root / "outbox" / FIRST[0] / "退回").glob("990100_东湖市_*.xlsx")
    project.receive("2024-04-09", "东湖改正", type_in(copy, {(counties[0], "ZX-2"): "是"}))
    assert "东湖市\t3/3" in project.run("2024-04-10")

    kept = {(row["county_code"], row["field"]): row["value"] for row in project.table(FIRST, "values")}
    assert [kept[code, "ZX-1"] for code in ("990102", "990121", "990122") if (code, "ZX-1") in kept] == ["0", "1", "2"]
    assert "心理咨询场次" in workbook_text(project.root / "outbox" / FIRST[0] / "全宁川汇总.xlsx")
    told = json.loads(project.call("trace", counties[2], "ZX-1", "--period", FIRST[0], "--json").stdout)
    assert (told["value"], told["sheet"]) == ("2", "5.心理服务")
    page = (project.root / "outbox" / FIRST[0] / "index.html").read_text(encoding="utf-8")
    assert "心理咨询场次" in page


def test_a_new_finding_is_one_entry_and_where_it_fires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry of the catalogue, and a rule that names it: told on the copy, on the notice, in the package, by ``check``."""
    monkeypatch.setitem(
        CATALOGUE, "NO_STATION", FindingKind(severity=Severity.CRITICAL, title="没有驿站却有驿站服务", fix="请核对两列")
    )
    monkeypatch.setattr("pipeline.scale.choose.open_engine", lambda *_: nullcontext(InProcess()))
    project = Project(tmp_path / "ningchuan")
    suite = project.root / "expectations/FW.json"
    text = suite.read_text(encoding="utf-8")
    assert '"code": "INCONSISTENT"' in text
    suite.write_text(text.replace('"code": "INCONSISTENT"', '"code": "NO_STATION"'), encoding="utf-8")
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2024-03-25", "issue")
    counties = COUNTIES[DONGHU]
    content = type_in(project.issued(FIRST, DONGHU), figures(DONGHU, 1) | {(counties[1], "FW3-1"): 0})
    (tmp_path / "东湖.xlsx").write_bytes(content)
    asked = project.call("--as-of", "2024-04-10", "check", str(tmp_path / "东湖.xlsx"), "--json", exit_code=1).stdout
    assert [(f["code"], f["county_code"]) for f in json.loads(asked)] == [("NO_STATION", "990121")]
    project.receive("2024-04-08", "东湖", content)
    assert f"东湖市\t2/3\t退回待改：{counties[1]}" in project.run("2024-04-10")
    found = [(f["code"], f["county_code"], f["fix"]) for f in project.table(FIRST, "findings")]
    assert found == [("NO_STATION", "990121", "请核对两列")]
    outbox = project.root / "outbox" / FIRST[0]
    (copy,) = (outbox / "退回").glob("990100_东湖市_*.xlsx")
    assert "没有驿站却有驿站服务" in workbook_text(copy)
    (notice,) = (outbox / "退回").glob("990100_东湖市_退回通知.docx")
    assert "没有驿站却有驿站服务" in document_text(notice)


def in_a_package_of_its_own(folder: Path, project: Project, *words: str) -> str:
    """A command with one more folder of each sort of product, as if their files lay beside ours."""
    code = f"""
import sys
from importlib import import_module
from pathlib import Path
for name in ("pictures", "documents.own", "package.tables", "summary.sheets", "page.parts"):
    import_module(f"pipeline.products.{{name}}").__path__.append(str(Path({str(folder)!r}, name.split(".")[-1])))
from pipeline.cli import main
main(["--project", {str(project.root)!r}, *sys.argv[1:]])
"""
    told = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, cwd=ROOT, encoding="utf-8"
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout + told.stderr


PICTURE = """
from functools import partial

from pipeline.products.drawing.parts import sentence
from pipeline.products.pictures.registry import PictureKind, reported, whole

PICTURE = PictureKind(
    name="slogan", number=13, title="一句话", words=reported, shows="一句话。", reading="照读。",
    drawings=lambda m: whole(partial(sentence, f"{m.period.title}已报{m.reported}个")),
)
"""


def reported_once(root: Path) -> Project:
    """The example with one return in its inbox."""
    project = Project(root)
    project.call("--as-of", "2024-03-25", "issue")
    project.receive("2024-04-08", "东湖", type_in(project.issued(FIRST, DONGHU), figures(DONGHU, 1)))
    return project


def with_lines(template: Path, *lines: str, style: str | None = None) -> None:
    """A template with paragraphs added at its end."""
    document = docx.Document(str(template))
    for line in lines:
        document.add_paragraph(line, style=style)
    document.save(str(template))


def test_a_new_picture_is_one_file_and_one_line_of_a_template(tmp_path: Path) -> None:
    project = reported_once(tmp_path / "ningchuan")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/slogan.py").write_text(PICTURE, encoding="utf-8")
    with_lines(project.root / "templates/docx/工作简报.docx", "{{ pictures.slogan }}", style="图")
    assert "没有名为 slogan 的图片" in project.call("lint", exit_code=2).output, "without the file there is none"
    assert "都没有问题" in in_a_package_of_its_own(tmp_path, project, "lint")
    in_a_package_of_its_own(tmp_path, project, "--as-of", "2024-04-10")
    outbox = project.root / "outbox" / FIRST[0]
    assert (outbox / "图表/图13_一句话.png").read_bytes().startswith(b"\x89PNG")
    xml = docx.Document(str(outbox / "工作简报.docx")).element.xml
    assert {*re.findall('2024年第一季度一句话；按已报[^"]*', xml)} == {"2024年第一季度一句话；按已报3个县统计。"}
    assert "图13_一句话.png" in (outbox / "index.html").read_text(encoding="utf-8")


def test_a_new_publication_is_one_template_and_one_entry(tmp_path: Path) -> None:
    """Its title and introduction stand in the template; what else it says are parts that are there for all."""
    project = reported_once(tmp_path / "ningchuan")
    folder = project.root / "templates/docx"
    shutil.copyfile(folder / "半年会议材料.docx", folder / "专报.docx")
    with_lines(folder / "专报.docx", "{%p for text in timeliness %}", "{{ text }}", "{%p endfor %}")
    program = project.root / "program/program.yaml"
    text = program.read_text(encoding="utf-8")
    entry = "publications:\n  - {document: 专报, periods: [2024-03]}\n"
    program.write_text(text.replace("publications:\n", entry), encoding="utf-8")
    assert "都没有问题" in project.call("lint").output
    assert "专报.docx" in "".join(p.name for p in folder.iterdir())
    project.run("2024-04-10")
    said = document_text(project.root / "outbox" / FIRST[0] / "专报.docx")
    assert "“职工服务提质年”专项工作\n专报" in said
    assert "完成情况依据2024年第一季度报表" in said
    assert "东湖市" in said
    assert "2024年第一季度工作推进信息" in said.replace("季度工作信息", "工作推进信息")


OWN = """
OWN = {"专报": {"overall": lambda i: [f"本期一句话：已报{i.say('counties.reported', i.m.reported)}个。"]}}
"""


def test_a_part_of_its_own_is_one_file_more(tmp_path: Path) -> None:
    project = reported_once(tmp_path / "ningchuan")
    folder = project.root / "templates/docx"
    shutil.copyfile(folder / "半年会议材料.docx", folder / "专报.docx")
    program = project.root / "program/program.yaml"
    entry = "publications:\n  - {document: 专报, periods: [2024-03]}\n"
    program.write_text(program.read_text(encoding="utf-8").replace("publications:\n", entry), encoding="utf-8")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/briefing.py").write_text(OWN, encoding="utf-8")
    in_a_package_of_its_own(tmp_path, project, "--as-of", "2024-04-10")
    assert "本期一句话：已报3个。" in document_text(project.root / "outbox" / FIRST[0] / "专报.docx")


TABLE = """
from pipeline.products.package.schema import Table, text

TABLE = Table(
    name="words", number=50, title="叫法", description="一个叫法一行", of_period=True,
    rows=lambda s: [s.program.words], columns=(text("row", "县", key=True), text("whole", "全部", "整个地区叫什么")),
)
"""


def test_a_new_table_of_the_package_is_one_file(tmp_path: Path) -> None:
    """Its schema, its CSV and its Parquet are all of the one object."""
    project = reported_once(tmp_path / "ningchuan")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/words.py").write_text(TABLE, encoding="utf-8")
    in_a_package_of_its_own(tmp_path, project, "--as-of", "2024-04-10")
    assert project.table(FIRST, "words") == [{"row": "县", "whole": "全宁川"}]
    out = tmp_path / "导出"
    in_a_package_of_its_own(tmp_path, project, "--as-of", "2024-04-10", "export", str(out))
    told = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    (field,) = (f for r in told if r["name"] == "words" for f in r["schema"]["fields"] if f["name"] == "whole")
    assert (field["title"], field["description"]) == ("全部", "整个地区叫什么")
    assert (out / "csv/words.csv").read_text(encoding="utf-8").splitlines() == ["row,whole", "县,全宁川"]
    assert pq.read_table(out / "parquet/words.parquet").to_pylist() == [{"row": "县", "whole": "全宁川"}]


SHEET = """
from pipeline.products.summary.registry import ASIDE, SummarySheet
from pipeline.products.summary.style import Column


def write(s, pen):
    pen.heading(f"名单（{s.m.period.title}）", "应报的县")
    pen.table([Column("代码", 10), Column("名称", 20)], [(c.code, c.name) for c in s.m.program.measured], frozen=1)


SHEET = SummarySheet(name="各县名单", number=35, tab=ASIDE, what=lambda s: "应报的县", write=write)
"""


def test_a_new_sheet_of_the_summary_is_one_file(tmp_path: Path) -> None:
    """It stands where its number says, and the contents tell of it and lead to it."""
    project = reported_once(tmp_path / "ningchuan")
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets/names.py").write_text(SHEET, encoding="utf-8")
    in_a_package_of_its_own(tmp_path, project, "--as-of", "2024-04-10")
    book = openpyxl.load_workbook(project.root / "outbox" / FIRST[0] / "全宁川汇总.xlsx")
    assert book.sheetnames.index("各县名单") == book.sheetnames.index("各县情况") + 1
    assert [c.value for c in book["各县名单"]["A"][3:6]] == ["990102", "990121", "990122"]
    (line,) = (row for row in book["目录"].iter_rows() if row[1].value == "各县名单")
    assert [line[2].value, line[3].value] == ["应报的县", "已报3/8个县"]
    assert line[1].hyperlink
    assert line[1].hyperlink.location == "'各县名单'!A1"


PART = """
{% set link = "名单" %}
<section id="names"><h2>各县名单</h2><p>{% for c in m.program.measured %}{{ unit(c.code, c.name) }} {% endfor %}</p></section>
"""


def test_a_new_part_of_the_page_is_one_file(tmp_path: Path) -> None:
    """A template: it stands where its number says, is led to from the top, and says its texts in the campaign's words."""
    project = reported_once(tmp_path / "ningchuan")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/55_names.html.j2").write_text(PART.lstrip(), encoding="utf-8")
    in_a_package_of_its_own(tmp_path, project, "--as-of", "2024-04-10")
    page = (project.root / "outbox" / FIRST[0] / "index.html").read_text(encoding="utf-8")
    assert '<a href="#reports">报送情况</a><a href="#names">名单</a><a href="#received">变化</a>' in page
    assert page.index('<section id="reports">') < page.index('<section id="names">') < page.index('id="received"')
    assert re.search('<section id="names"><h2>各县名单</h2><p><a href="#c-990102">[^<]+</a>', page)
