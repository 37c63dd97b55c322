"""program/ holds the whole notice, and loading it is strict: every fault names file, line and what is allowed."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest

from pipeline.program.calendar import Calendar
from pipeline.program.load import load_program
from pipeline.program.model import TargetKind
from pipeline.system.errors import PipelineError, ProgramError, SuiteError
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = load_program(ROOT / "program")


def test_the_whole_notice_is_there() -> None:
    assert len(PROGRAM.actions) == 8
    assert [i.no for f in PROGRAM.action_forms for i in f.items] == list(range(1, 33))
    assert len(PROGRAM.quantities) == 61
    assert (len(PROGRAM.prefectures), len(PROGRAM.counties), len(PROGRAM.contacts)) == (16, 129, 56)
    assert (len(PROGRAM.milestones), len(PROGRAM.duties), len(PROGRAM.funding)) == (12, 11, 9)


def test_targets_are_those_of_the_notice() -> None:
    kinds = [q.target.kind for q in PROGRAM.quantities if q.target]
    numeric = kinds.count(TargetKind.AT_LEAST) + sum(
        q.target is None and q.province is not None for q in PROGRAM.quantities
    )
    assert numeric == 24
    assert len(kinds) - kinds.count(TargetKind.AT_LEAST) == 20
    assert sum(q.ambiguous for q in PROGRAM.quantities) == 13
    by_code = {q.code: q for q in PROGRAM.quantities}
    assert by_code["Q19-1"].window.start == date(2023, 1, 1)
    assert by_code["Q13-2"].fields == ("Q13-2n", "Q13-2d")
    assert by_code["Q10-3"].province is not None
    assert not by_code["Q10-3"].fields


def test_periods_and_due_dates() -> None:
    assert [p.code for p in PROGRAM.periods] == ["2022-12", "2023-02", "2023-04", "2023-06", "2023-08", "2023-10"]
    assert [p.due_on.isoformat() for p in PROGRAM.periods] == [
        "2023-01-09",
        "2023-03-07",
        "2023-05-09",
        "2023-07-07",
        "2023-09-07",
        "2023-11-07",
    ]


def test_fields_counted_from_2023_are_not_asked_before() -> None:
    form = PROGRAM.form_by_code["A5"]
    first, second = (({f.code for f in form.fields_in(p)}) for p in PROGRAM.periods[:2])
    assert second - first == {"Q19-1", "Q19-1f", "Q20-1", "Q20-1f"}


def test_rates_are_never_typed_and_conditional_items_offer_not_applicable() -> None:
    assert not any("率" in f.title and f.unit == "%" for form in PROGRAM.action_forms for f in form.fields)
    asked = {f.code: f for form in PROGRAM.action_forms for f in form.fields}
    assert {c for c, f in asked.items() if f.not_applicable} == {"Q07-3", "Q09-1", "Q09-2"}
    must_be_given = {c for c, f in asked.items() if f.required and f.nil_value is None}
    assert must_be_given == {"Q06-3d", "Q08-d", "Q13-2d", "Q30-1d", "Q30-2d"}


def test_names_that_contain_each_other_stay_apart() -> None:
    names = {name: c.code for c in PROGRAM.counties for name in c.names}
    assert names["云县"] != names["祥云县"]
    assert names["澄江县"] == names["澄江市"]


def test_calendar_agrees_with_an_independent_one() -> None:
    official, other = Calendar(), holidays.country_holidays("CN", years=range(2022, 2027))
    for n in range((date(2026, 12, 31) - date(2022, 1, 1)).days + 1):
        day = date(2022, 1, 1) + timedelta(days=n)
        assert official.is_workday(day) == (other.is_working_day(day), False), day


def test_past_its_coverage_the_calendar_says_so_and_overrides_win() -> None:
    last = max(chinese_calendar.constants.holidays).year
    unknown = date(last + 1, 5, 3)
    assert Calendar().is_workday(unknown)[1]
    assert Calendar(overrides={unknown: False}).is_workday(unknown) == (False, False)
    assert Calendar().add_workdays(date(last + 1, 6, 1), 5)[1]


def test_working_days_between() -> None:
    assert (
        Calendar().workdays_between(date(2023, 1, 20), date(2023, 1, 29)) == 2
    )  # Spring Festival; 28 and 29 are made up
    assert Calendar().last_workday_by(date(2022, 12, 31)) == date(2022, 12, 30)
    assert Calendar().last_workday_by(date(2023, 4, 30)) == date(2023, 4, 28)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("program", "expectations", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def edit(path: Path, old: str, new: str) -> int:
    """Replace the first ``old``; return its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("forms/A1.yaml", "version: 1", "version: 1\nverzion: 2", "不认识的键 verzion，是否想写 version"),
        ("forms/A1.yaml", "version: 1", "version: 1\nversion: 2", "写了两次"),
        ("forms/A1.yaml", "type: count", "type: cuont", "不在允许的范围"),
        ("forms/A1.yaml", "code: Q01-2", "code: Q01-1", "指标代码 Q01-1 重复，A1.yaml 第13行已有"),
        ("forms/A2.yaml", "no: 5\n", "no: 1\n", "任务编号 1 重复，A1.yaml 第10行已有"),
        ("forms/A2.yaml", "title: 是否主动对接组织部等部门", "title: 党建带工建示范点个数", "的列名"),
        ("forms/A1.yaml", "value: Q01-1", "value: Q01-9", "Q01-9 不在本任务的 fields 中"),
        ("forms/A1.yaml", "target: {at_least: 1}", "target: {at_most: 1}", "不认识的键 at_most，是否想写 at_least"),
        ("forms/A1.yaml", "target: {at_least: 1}", "target: {yes: true}", "不能用于 count"),
        ("forms/A1.yaml", "no: 1\n", "no: 1.5\n", "应为整数"),
        ("forms/A1.yaml", "sheet: 1.思想引领", "sheet: 1/思想引领", "不能用"),
        ("forms/A3.yaml", "sum_of: Q10-2", "sum_of: Q10-9", "Q10-9"),
        ("forms/A2.yaml", "sheet: 2.组织功能", "sheet: 1.思想引领", "工作表名"),
        ("program.yaml", "start: 2023-01-01, end: 2023-02-28", "start: 2022-12-01, end: 2023-02-28", "重叠"),
        ("program.yaml", "code: 2023-02", "code: 2023-03", "应为结束月份 2023-02"),
        ("program.yaml", "window: {start: 2022-10-26", "window: {start: 2024-10-26", "早于开始日"),
        ("program.yaml", "notice_date: 2022-10-26", "notice_date: 去年", "应为日期"),
        ("program.yaml", "organizer: 云南省总工会\n", "", "缺少 organizer"),
        ("program.yaml", "items: [1, 2]", "items: [1, 99]", "任务 99 不存在"),
        ("program.yaml", "actions:", "\tactions:", "YAML写法有误"),
        ("program.yaml", "problem_ages: [60, 180]", "problem_ages: [180, 60]", "从小到大的两个天数"),
        ("program.yaml", "problem_ages: [60, 180]", "problem_ages: [60]", "problem_ages"),
        ("program.yaml", "problem_ages: [60, 180]", "explanations: []", "至少写一个原因类别"),
        ("program.yaml", "problem_ages: [60, 180]", 'explanations: ["属实,其他"]', "不能含英文逗号"),
        ("program.yaml", "streak: 2", "streak: 1", "streak 从1起、逐步增大"),
        (
            "program.yaml",
            "于{by}前{to_do}，由你单位",
            "于{day}前{to_do}，由你单位",
            "允许：{asking}、{besides}、{by}、{to_do}、{office}",
        ),
        ("program.yaml", "office: true", "office: 是", "true/false"),
        ("program.yaml", "  body: 县级工会", "  bodi: 县级工会", "不认识的键 bodi，是否想写 body"),
        ("forms/P.yaml", "dropped: [撤销]", "droped: [撤销]", "不认识的键 droped，是否想写 dropped"),
        ("forms/P.yaml", "dropped: [撤销]", "dropped: [推进中]", "closing 的 dropped 须是 values 中的"),
        ("forms/P.yaml", "dropped: [撤销]", "dropped: [撤销, 已解决]", "closing 的 values 不能都是 dropped"),
        ("program.yaml", "party: contact", "party: contcat", "party 的值“contcat”不在允许的范围（contact）"),
        ("program.yaml", "      basis: 相关单位", "      bassis: 相关单位", "不认识的键 bassis，是否想写 basis"),
        ("program.yaml", "      party: contact", "      party: contact\n      of: 县", "不认识的键 of"),
        ("program.yaml", "    owed_by:", "    office: true\n    owed_by:", "R9 写了 office，就不能写 owed_by"),
        ("program.yaml", "    own: 由你单位负责的事项", "", "须写 own 和 own_asked"),
        ("program.yaml", "由您负责的事项，由", "由您负责的事项{to_do}，由", "花括号不对；允许：{asking}"),
        ("forms/MP.yaml", "serves: M10", "serves: R9", "R9 的 owed_by 只用于一县一行的表，而 MP10-1 在"),
        ("counties.csv", "530103,盘龙区", "530102,盘龙区", "code 530102 重复"),
        ("counties.csv", "530103,盘龙区,盘龙区", "530103,五华区,五华区", "必须只指一个县"),
        ("counties.csv", "530103,盘龙区,盘龙区,530100", "530103,盘龙区,盘龙区,539900", "不在 prefectures.csv 中"),
        ("counties.csv", "townships", "townshps", "不认识的列 townshps，是否想写 townships"),
        ("contacts.csv", "532524", "999999", "不在 counties.csv 中"),
        ("contacts.csv", "2022-10-26", "2022-10-36", "应为日期"),
        (
            "workdays.csv",
            "date,is_workday,name\n",
            "date,is_workday,name\n2027-10-01,休,国庆\n",
            "应为 1（上班）或 0（休息）",
        ),
    ],
)
def test_a_bad_program_is_one_line_with_place_and_remedy(copy: Path, file: str, old: str, new: str, says: str) -> None:
    edit(copy / "program" / file, old, new)
    with pytest.raises(ProgramError) as fault:
        load_campaign(Workspace(root=copy))
    message = str(fault.value)
    assert says in message
    assert "\n" not in message
    assert Path(file).stem in message or message.startswith(("program：", "forms："))


def test_the_line_is_the_right_one(copy: Path) -> None:
    line = edit(copy / "program" / "forms" / "A4.yaml", "accumulation: cumulative", "accumulation: monthly")
    with pytest.raises(ProgramError, match=rf"A4\.yaml 第{line}行.*monthly"):
        load_program(copy / "program")


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("program.yaml", "copies: 200", "copies: 二百", "copies 的值“二百”不对，应为整数"),
        ("program.yaml", "copies: 200", "copies: true", "copies 的值“true”不对，应为整数"),
        ("program.yaml", "copies: 200", "copies:", "copies 没有写值"),
        (
            "program.yaml",
            "copies: 200",
            "copeis: 200",
            "不认识的键 copeis，是否想写 copies；允许：chance、copies、coverage、",
        ),
        ("program.yaml", "organizer: 云南省总工会", "organizer: 12", "organizer 的值“12”不对，应为文字"),
        ("program.yaml", "notice_date: 2022-10-26", "notice_date: 2022-13-45", "应为日期（如2022-10-26）"),
        ("program.yaml", "notice_date: 2022-10-26", "notice_date: 2022-10-26 08:00:00", "应为日期（如2022-10-26）"),
        ("program.yaml", "    phase: 启动实施", "    phaze: 启动实施", "不认识的键 phaze，是否想写 phase"),
        ("program.yaml", "expected: 16", "expected: [16]", "expected 的值“列表”不对，应为整数"),
        ("program.yaml", "items: [1, 2]", "items: [1, 1]", "items 中有重复"),
        ("program.yaml", "items: [1, 2]", "items: [1, 二]", "items 的值“二”不对，应为整数"),
        ("program.yaml", "coverage: 75", "coverage: 0", "coverage 是百分数，应大于0、不大于100"),
        ("program.yaml", "chance: 5", "chance: 60", "chance 是百分数，应大于0、不大于50"),
        ("forms/A5.yaml", "path: proportional", "path: linear", "linear”不在允许的范围（due、proportional）"),
        ("program.yaml", "due_rule: {working_days_after: 5}", "due_rule: 5", "due_rule 的值“5”不对，应为键值对"),
        ("forms/A1.yaml", "version: 1", 'version: "1"', "version 的值“1”不对，应为整数"),
        ("forms/A1.yaml", "type: count", "type: cuont", "cuont”不在允许的范围（count、yesno、"),
        ("forms/A1.yaml", "type: count", "type: count\n        form: A1", "不认识的键 form"),
        (
            "forms/A1.yaml",
            "type: count",
            "type: count\n        nil_value: 1.5",
            "nil_value 的值“1.5”不对，应为文字或整数",
        ),
        ("forms/A1.yaml", "type: count", "type: count\n        former: [甲, '']", "列表中有一项 没有写值"),
        ("forms/A1.yaml", "target: {at_least: 1}", "target: {at_least: .nan}", "at_least 的值“.nan”不对，应为数字"),
        ("forms/A1.yaml", "target: {at_least: 1}", "target: {at_least: 0}", "目标应为正数"),
        ("forms/A1.yaml", "target: {at_least: 1}", "target: {at_least: 1, until: 2023-01-01}", "有且只有一项目标"),
        ("forms/A1.yaml", "version: 1", "version: 1\nkind: survey", "行动的表不写 kind"),
    ],
)
def test_a_value_is_of_its_kind_and_the_line_is_that_of_its_key(
    copy: Path, file: str, old: str, new: str, says: str
) -> None:
    at = edit(copy / "program" / file, old, new) + (0 if new.startswith("  ") else new.count("\n"))
    with pytest.raises(ProgramError) as fault:
        load_program(copy / "program")
    assert str(fault.value).startswith(f"{Path(file).name} 第{at}行：")
    assert says in str(fault.value)


def test_what_repeats_itself_without_end_is_refused_at_once(copy: Path) -> None:
    levels = [f"l{n}: &l{n} {{{', '.join(f'{key}: *l{n - 1}' for key in 'abcdefghij')}}}" for n in range(1, 12)]
    (copy / "program" / "program.yaml").write_text("\n".join(["l0: &l0 x", *levels]), encoding="utf-8")
    with pytest.raises(ProgramError, match=r"^program\.yaml 第\d+行：内容过多"):
        load_program(copy / "program")


def test_a_text_that_looks_like_a_day_stays_as_it_is_written(copy: Path) -> None:
    edit(copy / "program" / "program.yaml", "organizer: 云南省总工会", "organizer: 2022-1-5")
    assert load_program(copy / "program").organizer == "2022-1-5"


def test_what_is_missing_is_told_with_the_line_of_what_should_have_it(copy: Path) -> None:
    path = copy / "program" / "program.yaml"
    line = edit(path, "    phase: 启动实施\n", "")
    with pytest.raises(ProgramError, match=rf"^program\.yaml 第{line - 1}行：缺少 phase$"):
        load_program(copy / "program")
    path.write_text("- 甲\n", encoding="utf-8")
    with pytest.raises(ProgramError, match="内容应为键值对"):
        load_program(copy / "program")
    for text in ("&甲 {甲: *甲}", r'code: "\ud800"'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ProgramError, match=r"^program\.yaml.{,9}：YAML写法有误.{,200}$"):
            load_program(copy / "program")


def test_missing_and_wrongly_encoded_files(copy: Path) -> None:
    path = copy / "program" / "counties.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(ProgramError, match="不是UTF-8"):
        load_program(copy / "program")
    path.unlink()
    with pytest.raises(ProgramError, match="文件不存在"):
        load_program(copy / "program")


def test_lists_open_right_in_excel_and_load_with_or_without_its_mark(copy: Path) -> None:
    for path in (copy / "program").glob("*.csv"):
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf"), path.name
        path.write_bytes(content.removeprefix(b"\xef\xbb\xbf"))
    assert len(load_program(copy / "program").counties) == 129


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda e: e.update(type="expect_column_values_to_be_betwen"), "不认识的类型"),
        (lambda e: e.update(severity="fatal"), "severity"),
        (lambda e: e["meta"].update(code="NO_SUCH"), "不认识的问题代码"),
        (lambda e: e["meta"].pop("message"), "meta"),
        (lambda e: e["kwargs"].update(column="Q99-9"), "Q99-9"),
        (lambda e: e["meta"].update(message="{Q99-9}"), "Q99-9"),
        (lambda e: e["meta"].update(rule="Q01-1.required"), "重复"),
    ],
)
def test_bad_rules_are_refused(copy: Path, change: object, says: str) -> None:
    path = copy / "expectations" / "A1.json"
    suite = json.loads(path.read_text(encoding="utf-8"))
    change(suite["expectations"][3])  # type: ignore[operator]
    path.write_text(json.dumps(suite, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(SuiteError, match=re.escape(says)):
        load_campaign(Workspace(root=copy))


def test_a_field_without_rules_is_refused(copy: Path) -> None:
    path = copy / "expectations" / "A1.json"
    suite = json.loads(path.read_text(encoding="utf-8"))
    suite["expectations"] = [e for e in suite["expectations"] if "Q04-1" not in json.dumps(e)]
    path.write_text(json.dumps(suite, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(SuiteError, match="Q04-1"):
        load_campaign(Workspace(root=copy))
    path.write_text("{", encoding="utf-8")
    with pytest.raises(PipelineError, match="JSON"):
        load_campaign(Workspace(root=copy))
