"""The generated Chinese, case by case: what a document says of a period stands in ``tests/prose/``, to be read as its reader does.

``UPDATE_PROSE=1 pytest tests/test_prose.py`` writes the texts anew; look at what changed before keeping it.
"""

from __future__ import annotations

import os
import re
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import pytest
from docx.oxml.ns import qn

from pipeline.domain.state import REPORTED, State
from pipeline.measures.chance import Band
from pipeline.products.coverage import nothing_usable
from pipeline.products.documents.bulletin import bulletin_context
from pipeline.products.documents.overdue_list import overdue_context
from pipeline.products.documents.publications import own_parts, publication_of
from pipeline.products.documents.return_notice import notice_context
from pipeline.products.documents.word import render
from pipeline.products.wording import (
    LIST_LIMIT,
    Figures,
    change,
    counted,
    how_many_actions,
    listing,
    made_up_of,
    name_asked,
    numeral,
    one_decimal,
    statement,
    whole_ties,
)
from tests.prose_cases import DIQING, NAMES, PROGRAM, case, returned
from tests.test_publications import (
    AS_OF,
    EVERY,
    NUMBER,
    PICTURES,
    PUBLISHED,
    TEMPLATES,
    drafts,
    measures,
    printed,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.measures.period import PeriodMeasures

PROSE = Path(__file__).parent / "prose"
BULLETIN, QUARTERLY, HALF_YEAR, FINAL, OVERDUE, NOTICE = (
    "工作简报",
    "季度通报",
    "半年会议材料",
    "总结报告",
    "逾期县清单",
    "退回通知",
)
KEYS = {
    BULLETIN: ("editor_note", "contents", "overall", "province_targets", "timeliness", "overdue", "next_due"),
    QUARTERLY: ("number_line", "overall", "timeliness"),
    "中期调度报告": (
        "to_line",
        "intro",
        "strands",
        "funding",
        "funding_parts",
        "milestones",
        "problems",
        "pressing",
        "lagging",
        "next",
        "task_rows",
        "survey_rows",
    ),
    FINAL: ("intro", "overall", "candidates", "lagging", "next"),
    HALF_YEAR: ("intro", "overall", "candidates", "lagging", "next"),
    "典型案例汇编": ("foreword", "empty_line"),
    OVERDUE: ("summary",),
    NOTICE: ("title", "paragraphs", "attachments", "paste"),
}
TOLD = (1, 5)  # of the eight actions, those whose paragraphs are kept: one soon done, one that begins late
KEPT = [
    *((name, BULLETIN) for name in NAMES),
    *(("首次报送", name) for name in (QUARTERLY, OVERDUE)),
    ("较上期下降", QUARTERLY),
    ("多数州市未报", OVERDUE),
    ("全部报送", OVERDUE),
    ("全部完成", FINAL),
    ("事后更正", FINAL),
    ("全部退回", HALF_YEAR),
    ("本期封存", NOTICE),
    ("一州迟报", NOTICE),
]
WHOLE = [("2023-04", "中期调度报告"), ("2023-06", HALF_YEAR), ("2023-10", "典型案例汇编"), ("2022-12", QUARTERLY)]


@cache
def made(name: str, document: str) -> tuple[dict[str, Any], Figures]:
    """Context and register of a document in a case."""
    m = case(name)
    if document == NOTICE:
        return notice_context(m, PROGRAM.prefecture_by_code[DIQING], [returned()], is_demo=False)
    if document in own_parts():
        return publication_of(m, document, TEMPLATES / f"{document}.docx", is_demo=False)
    makers = {BULLETIN: bulletin_context, OVERDUE: overdue_context}
    return makers[document](m, is_demo=False)


@cache
def document_of(name: str, document: str) -> bytes:
    return render(TEMPLATES / f"{document}.docx", made(name, document)[0], PICTURES)


def lines(context: Mapping[str, Any], document: str) -> Iterator[str]:
    """The paragraphs of a context that are kept, under the names a template has for them."""
    for key in (*KEYS[document], *(("actions",) if "actions" in context and document in {BULLETIN, QUARTERLY} else ())):
        found = context[key]
        yield f"[{key}]"
        for n, one in enumerate([found] if isinstance(found, str) else found, 1):
            if isinstance(one, str | dict):
                yield one if isinstance(one, str) else f"{one['no']}.{one['title']}：{one['text']}（{one['reported']}）"
            elif key != "actions" or n in TOLD:
                yield f"（{one.numeral}）{one.name}"
                yield from one.paragraphs


def compare(path: Path, text: str) -> None:
    if os.environ.get("UPDATE_PROSE"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path.name}：没有；UPDATE_PROSE=1 可写出"
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "document"), KEPT)
def test_what_is_said_is_what_was_read_and_approved(name: str, document: str) -> None:
    context, _ = made(name, document)
    compare(PROSE / f"{name}_{document}.txt", "\n".join(lines(context, document)) + "\n")


@pytest.mark.parametrize(("period", "document"), WHOLE)
def test_so_it_is_with_all_sheets(period: str, document: str) -> None:
    context = drafts(period)[document].make()[0]
    compare(PROSE / f"{period}_{document}.txt", "\n".join(lines(context, document)) + "\n")


def test_no_text_is_kept_that_nothing_compares() -> None:
    kept = {f"{one}_{document}.txt" for one, document in (*KEPT, *WHOLE)}
    assert {path.name for path in PROSE.iterdir()} == kept


# --- what holds of every text -------------------------------------------------------------------------------------

MADE = [
    *((name, BULLETIN) for name in NAMES),
    *((name, OVERDUE) for name in ("无人报送", "全部报送", "首次报送")),
    *((name, QUARTERLY) for name in ("首次报送", "较上期下降", "全部退回")),
    *((name, HALF_YEAR) for name in ("只报一县", "多数州市未报")),
    *((name, FINAL) for name in ("全部完成", "事后更正")),
    *((name, NOTICE) for name in ("本期封存", "一州迟报")),
]
BULLETINS = [(period, BULLETIN) for period in AS_OF]
ALL = [*MADE, *EVERY, *BULLETINS]


@cache
def package(name: str, document: str) -> bytes:
    """A document of a case, or of a period with all sheets."""
    if name not in AS_OF:
        return document_of(name, document)
    if document == BULLETIN:
        return render(TEMPLATES / "工作简报.docx", _bulletin(name)[0], PICTURES)
    return printed(name, document)


@cache
def _bulletin(period: str) -> tuple[dict[str, Any], Figures]:
    return bulletin_context(measures(period), is_demo=True)


def figures_of(name: str, document: str) -> Figures:
    if name not in AS_OF:
        return made(name, document)[1]
    return _bulletin(name)[1] if document == BULLETIN else drafts(name)[document].make()[1]


def measured(name: str) -> PeriodMeasures:
    return measures(name) if name in AS_OF else case(name)


def paragraphs(name: str, document: str) -> list[tuple[str, str]]:
    """Style and text of each paragraph outside tables."""
    return [
        (p.style.name if p.style else "", p.text) for p in docx.Document(BytesIO(package(name, document))).paragraphs
    ]


def prose(name: str, document: str) -> list[str]:
    """The sentences we write: officers' own words, in the casebook and the lists of problems, are theirs."""
    if document == "典型案例汇编":
        return [text for style, text in paragraphs(name, document) if style in {"编者按", "附注标题"}]
    return [text for _, text in paragraphs(name, document) if text and "<script>" not in text]


@pytest.mark.parametrize(("name", "document"), ALL)
def test_punctuation_is_single_and_in_its_place(name: str, document: str) -> None:
    for text in prose(name, document):
        found = re.search(
            r"[，。；：、]{2,}|（）|“”|[（][，。；、]|[，；、：]）|[，；、：]$(?<!：)|None|nan\b|\{\{|\}\}", text
        )
        assert not found, text


@pytest.mark.parametrize(("name", "document"), ALL)
def test_every_paragraph_of_text_ends_as_a_sentence(name: str, document: str) -> None:
    asked = {"公文正文", "正文末段", "附注", "编者按"} - (
        {"公文正文"} if document in {NOTICE, "典型案例汇编"} else set()
    )
    for style, text in paragraphs(name, document):
        assert style not in asked or text.endswith(("。", "：")), text


@pytest.mark.parametrize(("name", "document"), ALL)
def test_nothing_stands_empty_under_its_heading(name: str, document: str) -> None:
    body = docx.Document(BytesIO(package(name, document))).element.body
    blocks = [one for one in body.iterchildren() if one.tag in {qn("w:p"), qn("w:tbl")}]
    kinds = ["TABLE" if one.tag == qn("w:tbl") else one.style or "" for one in blocks]
    levels = {"Heading1": 1, "Heading2": 2}
    for kind, following in zip(kinds, [*kinds[1:], "Tail"], strict=True):
        if kind in levels:
            assert levels.get(following, 9) > levels[kind]
            assert following not in {"NoteTitle", "Gap", "Tail", "BodyKept"}
        if kind == "TableCaption":
            assert following == "TABLE"
        if kind == "Figure":
            assert following == "FigureCaption"


@pytest.mark.parametrize(("name", "document"), ALL)
def test_every_number_is_a_registered_figure(name: str, document: str) -> None:
    text = re.sub(r"[图表]\d+", "", text_of(package(name, document))).replace("附件1", "")
    known = {number for f in figures_of(name, document).entries for number in NUMBER.findall(f.text)}
    assert not set(NUMBER.findall(text)) - known - set(NUMBER.findall(PROGRAM.notice))


@pytest.mark.parametrize(
    ("name", "document"),
    [one for one in (*MADE, *PUBLISHED, *BULLETINS) if one[1] not in {NOTICE, OVERDUE, "典型案例汇编"}],
)
def test_coverage_is_said_and_silence_is_not_nought(name: str, document: str) -> None:
    text, m = text_of(package(name, document)), measured(name)
    if m.reported:
        assert f"按已报{m.reported}个县统计" in text
        done = m.now.province
        never = done.roster - done.reported - done.known
        came = nothing_usable(m)  # sent back, or in a file that could not be used: not said never to have come
        silent = [
            said
            for said, n in (
                (f"从未报送的{never - came}个县", never - came),
                (f"报来过、尚无可用的数的{came}个县", came),
            )
            if n
        ]
        assert (f"{'、'.join(silent)}不计入、不按零计" in text) == (never > 0)
        assert came == sum(
            m.snapshot.state(m.period, unit) not in {State.MISSING, *REPORTED} and not m.known.last(unit.code)
            for unit in m.program.measured
        )
        assert (f"其中{done.known}个县本期没有可用的数、沿用上次（" in text) == (done.known > 0)
        if done.silent:
            low, high = (one_decimal(pct) for pct in (done.least_pct or 0.0, done.most_pct or 0.0))
            assert f"总体完成率在{low}%—{high}%之间" in text
    else:
        assert "尚无已接收的县级报送" in text
        assert "不作完成情况统计" in text
        assert "0.0%" not in text
    silent = [p.short_name for p in m.program.prefectures if m.now.by_prefecture[p.code].pct is None]
    rows = [
        [cell.text for cell in row.cells]
        for t in docx.Document(BytesIO(package(name, document))).tables
        for row in t.rows
    ]
    for row in rows:
        assert not (set(row) & set(silent) and "0.0" in row), row


@pytest.mark.parametrize(("name", "document"), ALL)
def test_a_list_that_says_how_many_does_not_name_them_all(name: str, document: str) -> None:
    for text in prose(name, document):
        if document == NOTICE and "结论如下" in text:
            continue  # the conclusion is that of the returned workbook
        for named, count in re.findall(r"([^，。；：（）的是在于由报]+)等(\d+)个", text):
            assert len(named.split("、")) < int(count), text


@pytest.mark.parametrize(("name", "document"), ALL)
def test_words_of_measure_and_of_number(name: str, document: str) -> None:
    for text in prose(name, document):
        assert not re.search(r"(?<![十第百])二(?=[个项期家名次条种份张])", text), text
        assert not re.search(r"\d两|两十|(?<!\d)1个[^，。；：]{0,8}均", text), text
        assert not re.search(r"(?<![\d.,])0个(?!百分点)|共0|逾期0", text) or document == OVERDUE, text
        assert "是否" not in text or "是否滞后" in text, text
        assert not re.search(r"\d/\d+个县达标|被接收|变为", text), text


def test_two_documents_of_one_period_agree() -> None:
    """What is said twice is said alike: one function says it."""
    for name in ("首次报送", "名次并列", "多数州市未报"):
        overall = made(name, BULLETIN)[0]["overall"]
        assert made(name, HALF_YEAR)[0]["overall"] == overall
        assert made(name, FINAL)[0]["overall"][: len(overall)] == overall


# --- what a case is about ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_only_those_apart_by_more_than_chance_are_named_and_all_of_them(name: str) -> None:
    m = case(name)
    text = "".join(made(name, BULLETIN)[0]["overall"])
    for band, words in ((Band.AHEAD, "明显高于全省"), (Band.LAST, "明显低于全省")):
        mine = [p for p in m.program.prefectures if p.code in m.bands and m.bands[p.code].band is band]
        assert (words in text) is bool(mine)
        if mine:
            clause = text[text.index(words) :].split("；")[0]
            assert all(p.short_name in clause for p in mine[:LIST_LIMIT])
    assert "居前" not in text
    assert "排名" not in text


def test_a_prefecture_of_which_too_little_is_reported_is_not_compared() -> None:
    m = case("首次报送")
    thin = next(p for p in m.program.prefectures if 0 < m.now.by_prefecture[p.code].coverage_pct < 75)
    assert thin.code not in m.bands
    assert f"{thin.short_name}已报的县不足75%，不参加比较" in "".join(made("首次报送", BULLETIN)[0]["overall"])


def test_a_case_that_is_returned_whole_says_so() -> None:
    m = case("全部退回")
    assert m.states[State.RETURNED] == len(PROGRAM.counties)
    assert "（退回待改129个）" in made("全部退回", BULLETIN)[0]["overall"][0]


def test_a_closed_period_asks_for_no_new_return() -> None:
    closed, open_one = ("".join(made(name, NOTICE)[0]["paragraphs"]) for name in ("本期封存", "一州迟报"))
    assert "本期已封存，确需更正的，请先与我办联系" in closed
    assert "重报。报送截止日" in open_one
    assert "封存" not in open_one


# --- the words themselves ------------------------------------------------------------------------------------------


def test_change_is_compared_as_printed() -> None:
    say = Figures(PROGRAM.words)
    assert change(say, "x", 61.04, 60.96) == "与上期持平"
    assert change(say, "x", 61.0, 57.8) == "较上期提高3.2个百分点"
    assert change(say, "x", 57.8, 61.0, "上次通报") == "较上次通报下降3.2个百分点"
    assert change(say, "x", 57.8, None, "上次通报") == "上次通报无可比数据"
    assert change(say, "x", None, 57.8) == ""
    assert [f.text for f in say.entries] == ["3.2", "3.2"]


@pytest.mark.parametrize(
    ("title", "name", "said"),
    [
        ("机构是否建立", "机构建立", "机构已建立"),
        ("是否已制定方案", "已制定方案", "已制定方案"),
        ("是否组织演讲大赛初赛", "组织演讲大赛初赛", "组织演讲大赛初赛"),
        ("技能培训人次", "技能培训人次", "技能培训人次"),
        ("有无县级工人文化宫", "有无县级工人文化宫", "有县级工人文化宫"),
    ],
)
def test_a_question_becomes_a_name_or_a_statement(title: str, name: str, said: str) -> None:
    assert name_asked(title) == name
    assert statement(title) == said


def test_the_word_of_counting_is_not_said_twice() -> None:
    assert [counted(title) for title in ("技能培训人次", "业务培训班期数", "次数", "体检单位数")] == [
        "技能培训",
        "业务培训班",
        "次数",
        "体检单位",
    ]


def test_so_many_of_so_many() -> None:
    say = Figures(PROGRAM.words)
    assert (
        made_up_of(say, 14, [("未报的", "a", 12), ("退回的", "b", 2), ("空的", "c", 0)]) == "其中未报的12个、退回的2个"
    )
    assert made_up_of(say, 14, [("未报的", "a", 14), ("退回的", "b", 0)]) == "均为未报的"
    assert made_up_of(say, 1, [("未报的", "a", 1)]) == "为未报的"
    assert made_up_of(say, 3, [("迟的", "a", 3), ("低的", "b", 1)]) == "其中迟的3个、低的1个"


def test_names_and_numerals() -> None:
    say = Figures(PROGRAM.words)
    assert listing(list("甲乙丙"), "个县", say, "x", 3) == "甲、乙、丙"
    assert listing(list("甲乙丙丁"), "个县", say, "x", 3) == "甲、乙、丙等4个县"
    assert [how_many_actions(n) for n in (1, 2, 8, 12)] == ["一项行动", "两项行动", "八项行动", "十二项行动"]
    assert [numeral(n) for n in (10, 11, 20, 21)] == ["十", "十一", "二十", "二十一"]


def test_no_list_stops_between_equals() -> None:
    assert list(whole_ties([5, 4, 4, 4, 3], lambda n: n, 2)) == [5, 4, 4, 4]
    assert list(whole_ties([5, 4, 3], lambda n: n, 2)) == [5, 4]
    assert list(whole_ties([1, 1, 1], lambda n: n, 2)) == [1, 1, 1]
    assert list(whole_ties([2, 1], lambda n: n, 5)) == [2, 1]
    assert list(whole_ties([], lambda n: n, 5)) == []
