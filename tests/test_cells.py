"""The whole table of DESIGN §6.3, and more of what people type."""

from __future__ import annotations

import time as time_module
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.text import plain
from pipeline.program.model import Accumulation, Field, FieldType
from pipeline.reading.cells import chinese_integer, parse, parse_tick, remedy, spell

if TYPE_CHECKING:
    from pipeline.domain.value import Raw

COUNT = Field(
    code="X",
    form="A",
    item=1,
    title="场次",
    type=FieldType.COUNT,
    unit="场",
    accumulation=Accumulation.CUMULATIVE,
    required=True,
    not_applicable=False,
    options=(),
    counts_from=None,
    nil_value=0,
    max=None,
    reading="",
)
YESNO = replace(COUNT, type=FieldType.YESNO, unit="")
CHOICE = replace(COUNT, type=FieldType.CHOICE, options=("已组织", "未组织"))
CHECK = replace(COUNT, type=FieldType.CHECKLIST, options=("读书分享", "知识竞赛", "其他"))
DATE = replace(COUNT, type=FieldType.DATE)
AMOUNT = replace(COUNT, type=FieldType.AMOUNT, unit="万元")
TEXT = replace(COUNT, type=FieldType.TEXT, max=100)


@pytest.mark.parametrize("raw", ["５", " 5 ", "5.0", "5.00", 5, 5.0, "　5　"])
def test_accepted_silently(raw: Raw) -> None:
    parsed = parse(raw, COUNT)
    assert (parsed.value, parsed.note, parsed.problem) == (5, "", "")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("5场", 5),
        ("5 场", 5),
        ("五", 5),
        ("十二", 12),
        ("二十", 20),
        ("两", 2),
        ("五场", 5),
        ("12,345", 12345),
        ("12，345", 12345),
        ("1.2万", 12000),
        ("1.2万场", 12000),
        ("３千", 3000),
        ("无", 0),
        ("零", 0),
        ("一百零五", 105),
        ("三万五千", 35000),
        ("一千二百", 1200),
        ("007", 7),
        ("二十五场", 25),
        ("拾贰", 12),
        ("一十二", 12),
    ],
)
def test_accepted_with_a_note(raw: str, value: int) -> None:
    parsed = parse(raw, COUNT)
    assert (parsed.value, parsed.problem) == (value, "")
    assert parsed.note


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("5元", "CELL_WRONG_UNIT"),
        ("5人次", "CELL_WRONG_UNIT"),
        ("约5", "CELL_APPROXIMATE"),
        ("十余", "CELL_APPROXIMATE"),
        ("5左右", "CELL_APPROXIMATE"),
        ("5+", "CELL_APPROXIMATE"),
        ("20多场", "CELL_APPROXIMATE"),
        ("几十", "CELL_APPROXIMATE"),
        ("3-5", "CELL_RANGE"),
        ("3至5", "CELL_RANGE"),
        ("5/6", "CELL_RANGE"),
        ("三~五场", "CELL_RANGE"),
        ("①", "CELL_SPECIAL_DIGIT"),
        ("Ⅲ", "CELL_SPECIAL_DIGIT"),
        ("5²", "CELL_SPECIAL_DIGIT"),
        ("½", "CELL_SPECIAL_DIGIT"),
        ("−3", "CELL_NEGATIVE"),
        ("-3", "CELL_NEGATIVE"),
        ("－3", "CELL_NEGATIVE"),
        (-3, "CELL_NEGATIVE"),
        (-0.5, "CELL_NEGATIVE"),
        ("5.5", "CELL_FRACTION"),
        (5.5, "CELL_FRACTION"),
        ("1.23456万", "CELL_FRACTION"),
        ("50%", "CELL_PERCENT"),
        ("百分之五十", "CELL_PERCENT"),
        ("#REF!", "CELL_ERROR_VALUE"),
        ("#div/0!", "CELL_ERROR_VALUE"),
        ("=A1", "CELL_FORMULA_TEXT"),
        ("2月30日", "CELL_NOT_A_NUMBER"),
        ("不适用", "CELL_NOT_APPLICABLE"),
        (date(2023, 3, 5), "CELL_DATE_IN_COUNT"),
        (time(3, 5), "CELL_DATE_IN_COUNT"),
        (True, "CELL_NOT_A_NUMBER"),
        ("1,23", "CELL_NOT_A_NUMBER"),
        ("1e3", "CELL_NOT_A_NUMBER"),
        ("٣", "CELL_NOT_A_NUMBER"),
        ("一二", "CELL_NOT_A_NUMBER"),
        ("一百二", "CELL_NOT_A_NUMBER"),
        ("见附件", "CELL_PLACEHOLDER"),
        ("/", "CELL_PLACEHOLDER"),
        ("5场，另2次", "CELL_NOT_A_NUMBER"),
        ("3 5", "CELL_NOT_A_NUMBER"),
        ("3\n5", "CELL_NOT_A_NUMBER"),
        ("9" * 5000, "CELL_NOT_A_NUMBER"),
        ("1" * 3000 + "-" * 3000, "CELL_NOT_A_NUMBER"),
        ("1." + "0" * 30 + "1万", "CELL_NOT_A_NUMBER"),
        ("1." + "0" * 18 + "1万", "CELL_FRACTION"),
        ("9" * 13, "OUT_OF_RANGE"),
        (1e300, "OUT_OF_RANGE"),
        (float("nan"), "CELL_NOT_A_NUMBER"),
    ],
)
def test_refused_with_the_fix(raw: Raw, code: str) -> None:
    parsed = parse(raw, COUNT)
    assert (parsed.value, parsed.problem) == (None, code)
    assert "场" in parsed.expected


@pytest.mark.parametrize("raw", ["\u202d5\u202c", "\u200e5", "\ufeff5", "5\u200b", "\u2068５\u2069", "\u202d5场\u202c"])
def test_unseen_marks_round_a_number_are_taken_off_with_a_note(raw: str) -> None:
    parsed = parse(raw, COUNT)
    assert (parsed.value, parsed.problem) == (5, "")
    assert "看不见的字符" in parsed.note


@pytest.mark.parametrize("raw", ["\u202b51\u202c", "\u200f51", "\u206751\u2069", "\u202d51\u202c"])
def test_marks_that_change_nothing_one_sees_are_stripped_with_a_note(raw: str) -> None:
    read = parse(raw, COUNT)
    assert (read.value, read.problem) == (51, "")
    assert read.note


@pytest.mark.parametrize("raw", ["\u202e12\u202c", "\u200f-5", "\u202b3/5"])
def test_what_reads_backwards_is_refused_in_its_own_words(raw: str) -> None:
    assert parse(raw, COUNT).problem == "CELL_BACKWARDS"
    assert parse(raw, TEXT).problem == "CELL_BACKWARDS"


def test_a_percentage_where_one_is_asked_is_its_number() -> None:
    percent = replace(COUNT, type=FieldType.AMOUNT, unit="%")
    assert [parse(raw, percent).value for raw in ("60%", "60.5％", "60")] == [Decimal(60), Decimal("60.5"), Decimal(60)]
    assert parse("60%", percent).note
    assert "分子" not in remedy(parse("六成‰", percent).problem, percent)


PLACEHOLDERS = ["同上", "见附件", "详见附件1", "暂无", "/", "-", "—", "无数据", "〃", "同上期"]


@pytest.mark.parametrize("raw", PLACEHOLDERS)
def test_a_word_in_place_of_an_answer_is_told_as_that(raw: str) -> None:
    for field in (COUNT, AMOUNT, YESNO, CHOICE, CHECK, DATE, TEXT):
        parsed = parse(raw, field)
        assert (parsed.value, parsed.problem) == (None, "CELL_PLACEHOLDER"), field.type
        assert "填到这一格" in remedy(parsed.problem, field)


@pytest.mark.parametrize("raw", ["无", "没有", *PLACEHOLDERS])
def test_where_nothing_need_be_said_it_is_an_empty_cell(raw: str) -> None:
    for field in (TEXT, DATE, CHOICE):
        parsed = parse(raw, replace(field, required=False))
        assert parsed.blank
        assert "读作空" in parsed.note
    assert parse("无", replace(CHOICE, required=False, options=("无", "有"))).value == "无"


def test_a_text_is_a_text() -> None:
    for raw in ("同上级工会共建职工之家", "见附件所列名单逐一走访", "A/B两类企业"):
        assert parse(raw, TEXT).value == raw


def test_advice_fits_the_field() -> None:
    assert remedy("CELL_FORMULA_TEXT", TEXT) == "请去掉开头的“=”，直接写文字"
    for field, says in ((COUNT, "填数"), (YESNO, "“是”或“否”"), (DATE, "日期"), (CHOICE, "下拉")):
        for code in ("CELL_ERROR_VALUE", "CELL_FORMULA_TEXT"):
            assert says in remedy(code, field)
    assert remedy("CELL_APPROXIMATE", COUNT) == ""


def test_the_order_of_a_multi_select_is_no_note() -> None:
    for raw in (
        "其他、读书分享",
        "其他，读书分享",
        "其他,读书分享",
        "其他；读书分享",
        "其他;读书分享",
        "其他 读书分享",
        "其他/读书分享",
    ):
        parsed = parse(raw, CHECK)
        assert (parsed.value, parsed.note) == ("读书分享、其他", "")
    assert parse("其他、其他", CHECK).note


def test_combining_marks_cost_no_more_than_their_length() -> None:
    text = "5" + "\u0301\u0316" * 150_000
    start = time_module.perf_counter()
    assert parse(text, COUNT).problem
    assert parse(text, TEXT).value == text
    assert plain(text) == text
    assert time_module.perf_counter() - start < 1
    assert plain("e\u0301") == "é"
    assert plain("５" * 40) == "5" * 40  # a long text without marks is one like any other


@pytest.mark.parametrize("raw", ["", "　", " \u200b\n", None])
def test_blank(raw: Raw) -> None:
    assert parse(raw, COUNT).blank


@pytest.mark.parametrize(
    ("raw", "value", "noted"),
    [
        ("是", "是", False),
        (" 否 ", "否", False),
        ("√", "是", True),
        ("有", "是", True),
        ("×", "否", True),
        (True, "是", True),
    ],
)
def test_yes_and_no(raw: Raw, value: str, noted: bool) -> None:
    parsed = parse(raw, YESNO)
    assert (parsed.value, bool(parsed.note)) == (value, noted)


@pytest.mark.parametrize("raw", [1, 0, "已建立", "是否", "R", "正在推进", date(2023, 1, 1)])
def test_yes_and_no_is_never_guessed(raw: Raw) -> None:
    assert parse(raw, YESNO).problem == "CELL_UNKNOWN_WORD"


def test_not_applicable_only_where_offered() -> None:
    assert parse("不适用", replace(COUNT, not_applicable=True)).value == "不适用"
    assert parse("不适用", YESNO).problem == "CELL_NOT_APPLICABLE"


def test_choices_and_checklists() -> None:
    assert parse("已组织", CHOICE).value == "已组织"
    assert parse("组织了", CHOICE).problem == "CELL_UNKNOWN_WORD"
    assert parse("其他，读书分享", CHECK).value == "读书分享、其他"
    assert parse("无", CHECK).value == "无"
    assert parse("读书会", CHECK).problem == "CELL_BAD_CHECKLIST"
    assert parse("、", CHECK).problem == "CELL_BAD_CHECKLIST"
    assert parse("无、其他", CHECK).problem == "CELL_BAD_CHECKLIST"
    assert parse(3, CHECK).problem == "CELL_BAD_CHECKLIST"


@pytest.mark.parametrize(
    "raw",
    [
        date(2023, 2, 15),
        datetime(2023, 2, 15),  # noqa: DTZ001 - a workbook knows no time zone
        "2023-02-15",
        "2023年2月15日",
        "2023/2/15",
        "２０２３．２．１５",
        "20230215",
    ],
)
def test_dates(raw: Raw) -> None:
    assert parse(raw, DATE).value == date(2023, 2, 15)


@pytest.mark.parametrize("raw", ["2023年2月30日", "2月15日", "二月", 44972, "2023-2", "23-2-15"])
def test_bad_dates(raw: Raw) -> None:
    assert parse(raw, DATE).problem == "CELL_BAD_DATE"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("√", (True, False)),
        ("", (False, False)),
        (None, (False, False)),
        ("否", (False, False)),
        ("本期无", (False, True)),
        ("无", (False, True)),
    ],
)
def test_the_nil_tick(raw: Raw, expected: tuple[bool, bool]) -> None:
    assert parse_tick(raw) == expected


@given(st.integers(0, 99_999_999))
def test_chinese_numerals_round_trip(value: int) -> None:
    assert chinese_integer(spell(value)) == value


@given(st.text(alphabet="零一二三四五六七八九十百千万", max_size=9))
def test_only_standard_chinese_numerals_are_read(text: str) -> None:
    value = chinese_integer(text)
    assert value is None or text in {spell(value), "一" + spell(value)}


@given(st.text(max_size=20))
def test_any_text_is_blank_read_or_refused(text: str) -> None:
    for field in (COUNT, YESNO, CHOICE, CHECK, DATE):
        parsed = parse(text, field)
        assert parsed.problem == "" or parsed.value is None
