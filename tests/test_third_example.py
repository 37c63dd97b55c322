"""A programme of no union and of no Chinese geography: a city's districts and clinics, every month, without a line of code.

From the issued workbooks through a fault, its return and its mending to the bulletin, all documents and the page.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.domain.findings import CATALOGUE
from pipeline.forms.cover import HOW_TO
from pipeline.products.pictures.registry import kinds
from pipeline.program.load import load_program
from tests.builder import ROOT
from tests.test_example_program import (
    UNION,
    Project,
    document_text,
    everything_said,
    left_of_the_union,
    said_in_pictures,
    type_in,
    workbook_text,
)

EXAMPLE = ROOT / "tests" / "examples" / "harbour"
JANUARY, FEBRUARY = ("2025-01", "1月"), ("2025-02", "2月")
CLINICS = {
    "D10_海港区": ("码头诊所", "县前街诊所", "灯塔诊所"),
    "D20_河谷区": ("磨坊诊所", "工会路诊所"),
    "D30_山顶区": ("云杉诊所", "全省通诊所"),
    "D40_北岸区": ("渡口诊所", "盐场诊所"),
}
NAMES = ("县前街诊所", "工会路诊所", "全省通诊所")
"""Names that hold a word of the union: they are nobody's words, and stand as they are."""


def figures(who: str, month: int) -> dict[tuple[str, str], Any]:
    """What a district reports."""
    typed: dict[tuple[str, str], Any] = {
        (f"{who[4:]}本级", "QZ-1"): "是",
        (f"{who[4:]}本级", "QZ-2"): date(2025, 1, 18),
    }
    for n, clinic in enumerate(CLINICS[who], 1):
        typed |= {
            (clinic, "JZ-d"): 100,
            (clinic, "JZ-n"): 80 + 6 * n,
            (clinic, "JZ-1"): 3 * month + n,
            (clinic, "SF-1"): "是" if n % 2 else "否",
            (clinic, "SF-2"): 25 * month + n,
            (clinic, "SF-3"): "上门、电话",
            (clinic, "GZ-1"): "是",
            (clinic, "GZ-2"): date(2025, 1, 20 + n),
        }
    return typed


PROBLEMS = (
    {
        "WT-1": "县前街诊所",
        "WT-2": "冷藏箱不够用",
        "WT-3": "需署里解决",
        "WT-4": "采购处",
        "WT-5": date(2025, 2, 5),
        "WT-6": "办理中",
    },
    {
        "WT-1": "码头诊所",
        "WT-2": "预约系统常断线",
        "WT-3": "区里解决",
        "WT-4": "信息处",
        "WT-5": date(2025, 4, 30),
        "WT-6": "办理中",
    },
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two months: a fault returned and mended, a district silent in the second, one that never reports."""
    project = Project(tmp_path_factory.mktemp("third") / "harbour", example=EXAMPLE)
    assert "起草了" in project.call("lint", "--draft").output
    assert "都没有问题" in project.call("lint").output
    project.call("--as-of", "2025-01-27", "issue")
    bad = figures("D10_海港区", 1) | {("灯塔诊所", "JZ-n"): 120}
    project.receive("2025-02-01", "海港", type_in(project.issued(JANUARY, "D10_海港区"), bad, PROBLEMS))
    project.receive("2025-02-05", "河谷", type_in(project.issued(JANUARY, "D20_河谷区"), figures("D20_河谷区", 1)))
    project.receive("2025-02-06", "山顶", type_in(project.issued(JANUARY, "D30_山顶区"), figures("D30_山顶区", 1)))
    assert "海港区\t2/3\t退回待改：灯塔诊所" in project.run("2025-02-06")
    copy = next((project.root / "outbox" / "2025-01" / "退回").glob("D10_海港区_*.xlsx"))
    assert "诊所" in workbook_text(copy)
    project.receive("2025-02-07", "海港改正", type_in(copy, {("灯塔诊所", "JZ-n"): 96}))
    assert "海港区\t3/3" in project.run("2025-02-10")
    project.call("--as-of", "2025-02-26", "issue")
    project.receive("2025-03-04", "海港", type_in(project.issued(FEBRUARY, "D10_海港区"), figures("D10_海港区", 2)))
    project.receive("2025-03-04", "河谷", type_in(project.issued(FEBRUARY, "D20_河谷区"), figures("D20_河谷区", 2)))
    said = project.run("2025-03-07")
    assert "应报 9 家诊所，已接收 5" in said, said
    return project


def test_its_workbooks_ask_in_its_words(played: Project) -> None:
    book = openpyxl.load_workbook(played.issued(JANUARY, "D10_海港区"))
    assert book.sheetnames[1:-2] == ["1.接种", "2.随访", "3.诊所准备", "4.区里准备", "5.问题台账"]
    said = workbook_text(played.issued(JANUARY, "D10_海港区"))
    for words in ("海港区卫生处", "港湾市公共卫生署“诊所提质计划”月报表", "诊所代码", "一行一家诊所", "C102"):
        assert words in said, words


def test_the_bulletin_and_the_page_are_there_and_right(played: Project) -> None:
    folder = played.root / "outbox" / "2025-02"
    text = document_text(folder / "工作简报.docx")
    for words in (
        "港湾市公共卫生署“诊所提质计划”",
        "按已报5家诊所统计",
        "4个区、9家诊所",
        "应报送2025年2月月报",
        "逾期诊所4家，均为未收到报表的",
        "逾期诊所名单",
        "各区完成情况",
        "各诊所完成率",
        "全省通诊所",
        "共印40份",
    ):
        assert words in text, (words, text)
    page = (folder / "index.html").read_text(encoding="utf-8")
    for words in ("查找诊所、区或指标", "各诊所示意图", "逾期诊所清单.docx", "全市汇总.xlsx"):
        assert words in page, words
    assert {p.name for p in folder.glob("*.docx")} == {
        "工作简报.docx",
        "逾期诊所清单.docx",
        "季度通报.docx",
        "中期调度报告.docx",
        "半年会议材料.docx",
        "总结报告.docx",
        "典型案例汇编.docx",
    }
    assert not list(folder.rglob("*没有生成*"))


def test_what_is_late_is_asked_for_as_the_programme_says(played: Project) -> None:
    letters = {p.name: document_text(p) for p in (played.root / "outbox" / "2025-02" / "催报").iterdir()}
    assert set(letters) == {
        "D30_山顶区_催报函.docx",
        "D40_北岸区_催报函.docx",
        "D10_海港区_催报函.docx",
        "致联系领导.docx",
    }, set(letters)
    assert "约谈通知" in letters["D40_北岸区_催报函.docx"]
    assert "已连续两个月未报" in letters["D40_北岸区_催报函.docx"]
    assert "请区卫生处处长到署说明" in letters["D40_北岸区_催报函.docx"]
    assert "山顶区卫生处处长：" in letters["致联系领导.docx"]
    assert "马雅署长" in letters["致联系领导.docx"]


def test_nothing_speaks_of_counties_or_unions(played: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """In no document, workbook, page, table or picture, nor in a file's name."""
    words = (*UNION, "县", "省", "州")
    assert not left_of_the_union(everything_said(played), own=NAMES, words=words)
    short = (*NAMES, *(name.removesuffix("诊所") for name in NAMES))  # a tile holds so much
    assert not left_of_the_union(said_in_pictures(played, "2025-03-07", monkeypatch), own=short, words=words)


def test_names_that_hold_such_a_word_stand_as_they_are(played: Project) -> None:
    said = "\n".join(text for _, text in everything_said(played))
    for name in NAMES:
        assert name in said
    assert not re.search("诊所前街|机构路|全市通", said)


def test_one_clinic_on_a_page(played: Project) -> None:
    path = played.call("--as-of", "2025-03-07", "profile", "县前街诊所").output.strip()
    text = document_text(Path(path))
    assert "县前街诊所" in text
    assert not re.search("县(?!前街)|州|省|工会", text), text


def test_fixed_texts_are_put_and_quotations_are_not() -> None:
    mine, theirs = load_program(EXAMPLE / "program").words, load_program(ROOT / "program").words
    assert mine.put("同一个县出现两行") == "同一家诊所出现两行"
    assert mine.put("各县级工会和州（市）总工会，逐一填写各县（市、区）") == "各诊所和区卫生处，逐一填写各诊所"
    assert mine.put("“县前街诊所”这个县的“十个一”任务") == "“县前街诊所”这家诊所的“清单”任务"
    texts = [text for kind in CATALOGUE.values() for text in (kind.title, kind.fix)] + [
        *(one.title for one in kinds().values()),
        *HOW_TO,
    ]
    assert [theirs.put(text) for text in texts] == texts
