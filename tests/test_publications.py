"""The documents a period calls for: every number from a measure, nothing missing as nought, sections that vanish whole."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import pytest
from docx.oxml.ns import qn

from pipeline.domain.entries import DecidedRecord, Submission
from pipeline.domain.obligation import ObligationKind
from pipeline.domain.row import AcceptedRow
from pipeline.domain.state import State
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.escalation import AddresseeKind
from pipeline.measures.period import PeriodMeasures, measure_period
from pipeline.products.documents.document_parts import PARTS, Edition
from pipeline.products.documents.publications import (
    LETTER_TEMPLATE,
    Draft,
    letter_drafts,
    own_parts,
    publication_of,
    publications,
)
from pipeline.products.documents.standing_parts import milestone_paragraphs
from pipeline.products.documents.template_names import TEMPLATE_NAMES
from pipeline.products.documents.word import Picture, asked_by, lint_template, render
from pipeline.products.pictures.registry import kinds
from pipeline.products.wording import Figures, number
from pipeline.program.calendar import Calendar
from pipeline.program.model import NO, NOT_APPLICABLE, YES, FieldType
from tests.builder import campaign, whole_campaign, with_figures
from tests.test_documents import png

if TYPE_CHECKING:
    from pipeline.domain.value import Value
    from pipeline.program.model import Field, Form, Period, Program, Unit

TEMPLATES = Path(__file__).parents[1] / "templates" / "docx"
PICTURES = {name: Picture(png(), f"{name}图") for name in ("rank", "trend", "heat", "bullet", "map", "timely")}
OWN = own_parts()
AS_OF = {
    "2022-12": date(2023, 1, 20),
    "2023-04": date(2023, 5, 16),
    "2023-06": date(2023, 7, 20),
    "2023-10": date(2023, 11, 15),
}
NEVER, LATE = "533300", "530600"  # 怒江州 never reports, 昭通市 is late with every report
HOSTILE = "{{7*7}} <script>alert(1)</script> &amp; “三产” 23个"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def value(one: Field, unit: Unit, no: int, period: Period) -> Value:
    """A figure that grows from period to period and differs from county to county."""
    best = unit.code.startswith("5334")
    seed = (int(unit.code) * 7 + sum(map(ord, one.code)) * 13) % 17
    if one.not_applicable and seed == 5:
        return NOT_APPLICABLE
    if one.type is FieldType.COUNT:
        return 1000 if best else seed + no * (40 if one.code == "Q19-1" else 2)
    if one.type is FieldType.AMOUNT:
        return Decimal(seed + no) / Decimal("3.2")
    if one.type is FieldType.YESNO:
        return YES if best or seed < 4 + 2 * no else NO
    if one.type is FieldType.DATE:
        return period.end - timedelta(days=seed)
    if one.type is FieldType.CHOICE:
        return one.options[0 if best else seed % len(one.options)]
    if one.type is FieldType.CHECKLIST:
        return "、".join(one.options[: len(one.options) if best else 1 + seed % len(one.options)])
    return f"说明文字第{seed}条"


def entry(form: Form, prefecture: str, period: Period, n: int, program: Program) -> dict[str, Value]:
    """One row of a list."""
    county = program.counties_of(prefecture)[n % len(program.counties_of(prefecture))]
    seed = int(prefecture[2:4]) + n + period.no
    by_role: dict[str, Value] = {
        "county": county.short_name,
        "problem": HOSTILE
        if seed == 4
        else f"{county.short_name}职工服务阵地用地迟迟没有落实，资金缺口约{seed * 12}万元，县级自身难以解决",
        "measure": "已书面报告县委、县政府，拟纳入年度重点项目",
        "due_on": period.end + timedelta(days=20 * (seed % 5) - 15),
        "status": ["推进中", "未启动", "已解决"][seed % 3],
        "closed_on": period.end if seed % 3 == 2 else None,
        "title": HOSTILE if seed == 4 else f"{county.short_name}“工会+驿站”服务新就业形态劳动者",
        "dated_on": period.end - timedelta(days=40),
        "text": ("围绕快递员、网约车司机等群体需求，建成职工驿站12个，实现“十五分钟服务圈”。" * 8)
        + "\n下一步将在各乡镇推广。",
        "spread": YES if seed % 4 else NO,
    }
    return {
        f.code: by_role[f.role] if f.role in by_role else f.options[seed % len(f.options)]
        for f in form.fields
        if f.role in by_role or f.options
    }


@cache
def snapshot(as_of: date) -> Snapshot:
    """All six periods as far as received: one prefecture never reports, one is always late, some counties are missing."""
    program = whole_campaign().program
    rows: dict[tuple[str, str, str], AcceptedRow] = {}
    lists: dict[tuple[str, str, str], tuple[AcceptedRow, ...]] = {}
    records: list[DecidedRecord] = []
    submissions: list[Submission] = []
    columns = {form.code: dict.fromkeys((f.code for f in form.fields), "E") for form in program.forms}
    for period in program.periods:
        for prefecture in program.prefectures:
            day = period.due_on + timedelta(days=4 if prefecture.code == LATE else -1)
            if prefecture.code == NEVER or day > as_of:
                continue
            seq = len(submissions) + 1
            submissions.append(
                Submission(
                    seq=seq,
                    sha256=str(seq),
                    file=f"{seq}.xlsx",
                    received_on=day,
                    taken_on=day,
                    prefecture_code=prefecture.code,
                    period=period.code,
                    issue_no="",
                    admission=0,
                    verdict="ACCEPTED",
                    reason="",
                    sheets={f.code: f.sheet for f in program.forms},
                    columns=columns,
                )
            )
            units: tuple[Unit, ...] = (prefecture, *program.counties_of(prefecture.code))
            for unit in units:
                if int(unit.code) % 19 == period.no:
                    continue
                records.append(DecidedRecord(period.code, unit.code, State.ACCEPTED, seq, day))
                for form in program.roster_of(unit):
                    values = {f.code: value(f, unit, period.no, period) for f in form.fields_in(period) if not f.shows}
                    rows[form.code, period.code, unit.code] = row(seq, day, (form.code, period.code, unit.code), values)
            for form in program.list_forms:
                lists[form.code, period.code, prefecture.code] = tuple(
                    row(
                        seq,
                        day,
                        (form.code, period.code, prefecture.code),
                        entry(form, prefecture.code, period, n, program),
                        f"{prefecture.code}-{period.no}{n:02d}",
                    )
                    for n in range(int(prefecture.code[2:4]) % 3 + (form.code == "P"))
                )
    return Snapshot(
        as_of=as_of,
        submissions=tuple(submissions),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        records=tuple(records),
        rows=rows,
        lists=lists,
    )


def row(seq: int, day: date, key: tuple[str, str, str], values: dict[str, Value], number: str = "") -> AcceptedRow:
    form, period, unit = key
    return AcceptedRow(
        seq=seq,
        form=form,
        period=period,
        county_code=unit,
        entry=number,
        sheet_row=8,
        nil=False,
        received_on=day,
        typed={},
        values={k: v for k, v in values.items() if v is not None},
    )


@cache
def measures(period: str) -> PeriodMeasures:
    program = whole_campaign().program
    return measure_period(program, snapshot(AS_OF[period]), Calendar(), program.period_by_code[period])


@cache
def drafts(period: str) -> dict[str, Draft]:
    """Every document of a period by its name, letters by their file name."""
    m = measures(period)
    return {
        d.name.removesuffix(".docx"): d
        for d in (*publications(m, TEMPLATES, is_demo=True), *letter_drafts(m, is_demo=True))
    }


@cache
def printed(period: str, name: str) -> bytes:
    one = drafts(period)[name]
    return render(TEMPLATES / one.template, one.make()[0], PICTURES)


def text_of(package: bytes) -> str:
    """Every paragraph in order, those of tables too."""
    body = docx.Document(BytesIO(package)).element.body
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p")))


def titles(package: bytes) -> list[str]:
    """The headings numbered 一、二、三."""
    return re.findall(r"^([一二三四五六七八九十]+、.+)$", text_of(package), re.MULTILINE)


PUBLISHED = [
    ("2022-12", "季度通报"),
    ("2023-04", "季度通报"),
    ("2023-04", "中期调度报告"),
    ("2023-06", "季度通报"),
    ("2023-06", "半年会议材料"),
    ("2023-10", "季度通报"),
    ("2023-10", "半年会议材料"),
    ("2023-10", "总结报告"),
    ("2023-10", "典型案例汇编"),
]
EVERY = [
    *PUBLISHED,
    ("2023-04", "催报/530600_昭通市_催报函"),
    ("2023-04", "催报/致对口联系单位"),
    ("2023-04", "催报/致联系领导"),
]


def test_each_period_publishes_what_the_programme_says() -> None:
    made = [(period, name) for period in AS_OF for name in drafts(period) if "/" not in name]
    assert made == PUBLISHED
    assert not list(publications(measures_of(campaign().program), TEMPLATES, is_demo=True))


@pytest.mark.parametrize(("period", "name"), EVERY)
def test_every_number_is_a_registered_figure(period: str, name: str) -> None:
    text = re.sub(r"[图表]\d+", "", text_of(printed(period, name))).replace("附件1", "")
    known = {number for f in drafts(period)[name].make()[1].entries for number in NUMBER.findall(f.text)}
    assert not set(NUMBER.findall(text)) - known


@pytest.mark.parametrize(("period", "name"), EVERY)
def test_nothing_unsaid_is_printed(period: str, name: str) -> None:
    text = text_of(printed(period, name))
    assert "演示数据，数字均为虚构" in text
    for wrong in ("None", "nan", "{{ ", "{%", "。。", "，。", "；。", "、。", "：。", "（）"):
        assert wrong not in text, wrong
    assert not re.findall(r"[A-Z]\d{1,2}-\d|\bF\d\b", text), "codes are ours, not the reader's"


@pytest.mark.parametrize(("period", "name"), PUBLISHED)
def test_sections_and_tables_are_numbered_without_gaps(period: str, name: str) -> None:
    numerals = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
    found = [title.split("、", 1)[0] for title in titles(printed(period, name))]
    if name == "典型案例汇编":
        found = found[: len(found) // 2]  # once in the contents, once above the cases
    assert found == numerals[: len(found)]
    captions = re.findall(r"^表(\d+)  ", text_of(printed(period, name)), re.MULTILINE)
    assert captions == [str(n) for n in range(1, len(captions) + 1)]


@pytest.mark.parametrize(("period", "name"), [one for one in PUBLISHED if one[1] != "典型案例汇编"])
def test_coverage_is_stated_and_silence_is_not_nought(period: str, name: str) -> None:
    text, m = text_of(printed(period, name)), measures(period)
    done = m.now.province
    assert f"完成率按已报{m.reported}个县统计" in text
    assert f"从未报送的{done.roster - done.reported - done.known}个县不计入、不按零计" in text
    rows = [row.cells for t in docx.Document(BytesIO(printed(period, name))).tables for row in t.rows]
    silent = m.program.prefecture_by_code[NEVER].short_name
    mine = [[cell.text for cell in cells] for cells in rows if silent in {cell.text for cell in cells}]
    assert mine
    assert any("未报" in cells for cells in mine)
    assert not any(cell == "0.0" for cells in mine for cell in cells)


def test_the_quarterly_compares_with_its_last_issue_and_says_who_owes_highlights() -> None:
    first, second = text_of(printed("2022-12", "季度通报")), text_of(printed("2023-04", "季度通报"))
    m = measures("2023-04")
    was, now = m.scores[0].province.pct, m.now.province.pct
    assert was is not None
    assert now is not None
    step = Decimal(f"{now:.1f}") - Decimal(f"{was:.1f}")
    assert f"总体完成率{now:.1f}%，较上次通报提高{step}个百分点" in second
    assert "上次通报" not in first.replace("比上次", "")
    assert ("第1期" in first, "第2期" in second) == (True, True)
    quarter = Edition(m=m, document="季度通报", say=Figures(m.program.words), is_demo=False).quarter
    assert quarter
    assert quarter.title == "2023年第一季度"
    assert "2023年第一季度应报送亮点经验信息的州（市）16个" in second
    assert "没有可用的报表、情况不明的1个（怒江州）" in second
    assert "2023年1—2月工作推进信息应于" in second
    assert "2023年3—4月工作推进信息应于" in second


def test_the_mid_term_report_holds_every_system_of_the_notice() -> None:
    text = text_of(printed("2023-04", "中期调度报告"))
    m = measures("2023-04")
    assert text.startswith("关于“县级工会加强年”专项工作")
    assert "省总党组：" in text
    for part in (
        "对口联系",
        "专项调研",
        "问题攻坚",
        "打造特色",
        "成果转化",
        "政治引领强",
        "本项目的读法",
        "坚持一个指导思想",
    ):
        assert part in text, part
    assert all(action.title in text for action in m.program.actions)
    assert "5,983.00万元" in text
    assert "6,483.00万元" in text
    assert all(tension.text in text for tension in m.systems.funding.tensions)
    assert "特此报告。" in text
    for lagging in m.commendation.lagging[:30]:
        assert m.program.county_by_code[lagging.record.county_code].short_name in text
    tables = docx.Document(BytesIO(printed("2023-04", "中期调度报告"))).tables
    items = next(t for t in tables if t.cell(0, 0).text == "任务")
    assert [int(row.cells[0].text) for row in items.rows[1:]] == [q.item for q in m.program.quantities if q.fields]


def test_commendation_is_only_proposed_and_only_at_the_end() -> None:
    early, late = text_of(printed("2023-06", "半年会议材料")), text_of(printed("2023-10", "半年会议材料"))
    final = text_of(printed("2023-10", "总结报告"))
    assert measures("2023-10").commendation.candidates
    assert "供研究" not in early
    for text in (late, final):
        assert "供研究通报表扬时参考，由领导小组研究确定" in text
        assert "香格里拉市" in text


def test_the_problem_list_gives_each_department_its_open_problems() -> None:
    figures = measures("2023-06").systems.problems
    assert figures
    package = printed("2023-06", "半年会议材料")
    tables = [t for t in docx.Document(BytesIO(package)).tables if t.cell(0, 1).text == "问题"]
    assert sum(len(t.rows) - 1 for t in tables) == len(figures.open)
    assert all(
        f"{name}（{n.open}个）" in text_of(package) for name, n in figures.by_department.items() if name and n.open
    )
    assert all(one.number in text_of(package) and one.problem[:9] in text_of(package) for one in figures.open)
    assert titles(package)[:2] == ["一、困难和问题", "二、问题清单（按部室）"]


def test_the_casebook_prints_every_highlight_as_text() -> None:
    figures = measures("2023-10").systems.highlights
    assert figures
    text = text_of(printed("2023-10", "典型案例汇编"))
    assert text.count("“十五分钟服务圈”") == 8 * len(figures.entries)
    assert HOSTILE in text
    assert all(f"{kind}（{n}条）" in text for kind, n in figures.by_kind.items() if n)


def test_one_letter_document_a_prefecture_and_only_when_something_is_overdue() -> None:
    m, made = measures("2023-04"), drafts("2023-04")
    owing = {e.obligations[0].prefecture.code for e in m.letters if e.addressee.endswith("总工会")}
    assert {name.split("/")[1][:6] for name in made if name.endswith("催报函")} == owing
    late = text_of(printed("2023-04", "催报/533300_怒江州_催报函"))
    for one in m.letters:
        if one.addressee_kind is AddresseeKind.PREFECTURE and one.obligations[0].prefecture.code == NEVER:
            assert all(line in late for line in (f"{one.addressee}：", one.opening, *one.items, one.asked, one.office))
    assert not list(letter_drafts(with_figures(m, letters=()), is_demo=True))


def measures_of(program: Program, as_of: date = date(2023, 5, 16)) -> PeriodMeasures:
    """Of a campaign nobody has reported to."""
    nobody = Snapshot(
        as_of=as_of,
        submissions=(),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        rows={},
        records=(),
    )
    return measure_period(program, nobody, Calendar(), program.period_by_code["2023-04"])


@pytest.mark.parametrize(
    "program", [campaign().program, whole_campaign().program], ids=["actions only", "nobody reported"]
)
@pytest.mark.parametrize("document", OWN)
def test_without_figures_sections_vanish_and_nothing_is_nought(document: str, program: Program) -> None:
    template = TEMPLATES / f"{document}.docx"
    context, figures = publication_of(measures_of(program), document, template, is_demo=False)
    text = text_of(render(template, context, PICTURES))
    for wrong in ("None", "nan", "0.0%", "演示", "共0"):
        assert wrong not in text, wrong
    known = {number for f in figures.entries for number in NUMBER.findall(f.text)}
    assert not set(NUMBER.findall(re.sub(r"[图表]\d+", "", text))) - known
    assert "各州（市）完成情况" not in text
    assert document == "典型案例汇编" or "不作完成情况统计" in text


def test_the_actions_alone_make_every_document() -> None:
    """A campaign of eight actions that has been reported on: what it does not have is not spoken of."""
    program, shot = campaign().program, snapshot(AS_OF["2023-10"])
    m = measure_period(program, shot, Calendar(), program.period_by_code["2023-10"])
    assert m.reported
    for document in OWN:
        template = TEMPLATES / f"{document}.docx"
        context, _ = publication_of(m, document, template, is_demo=False)
        text = text_of(render(template, context, PICTURES))
        for absent in ("资金", "十个一", "五强", "问题台账", "对口联系单位或领导"):
            assert absent not in text, (document, absent)


@pytest.mark.parametrize("template", [*(f"{name}.docx" for name in OWN), LETTER_TEMPLATE])
def test_templates_know_their_names_and_keep_the_geometry(template: str) -> None:
    assert lint_template(TEMPLATES / template, TEMPLATE_NAMES[template]) == []
    section = docx.Document(str(TEMPLATES / template)).sections[0]
    assert [round(length.mm) for length in (section.page_width, section.page_height) if length] == [210, 297]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(margin.mm) for margin in margins if margin] == [37, 35, 28, 26]


@pytest.mark.parametrize("document", OWN)
def test_a_context_holds_what_its_template_asks_for_and_nothing_else(document: str) -> None:
    template = TEMPLATES / f"{document}.docx"
    context, _ = publication_of(measures_of(campaign().program), document, template, is_demo=False)
    asked = asked_by(template)
    assert set(context) - {"no", "tab"} == {name for name in asked.names if name in {*PARTS, *OWN[document]}}
    assert {*asked.sections, *asked.tables} <= set(context)


@pytest.mark.parametrize(("period", "name"), EVERY)
def test_tables_fit_the_text_area_repeat_their_head_and_keep_rows_whole(period: str, name: str) -> None:
    for t in docx.Document(BytesIO(printed(period, name))).tables:
        widths = [int(col.get(qn("w:w"))) for col in t._tbl.tblGrid.iter(qn("w:gridCol"))]  # noqa: SLF001
        assert sum(widths) == 8845
        if t.style and t.style.name == "公文表格":
            assert all(list(row._tr.iter(qn("w:cantSplit"))) for row in t.rows)  # noqa: SLF001
            heads = [n for n, row in enumerate(t.rows) if list(row._tr.iter(qn("w:tblHeader")))]  # noqa: SLF001
            assert heads == [0]


def test_the_same_measures_give_the_same_bytes() -> None:
    one = drafts("2023-04")["中期调度报告"]
    assert render(TEMPLATES / one.template, one.make()[0], PICTURES) == printed("2023-04", "中期调度报告")


@pytest.mark.parametrize("period", [*AS_OF])
def test_what_is_overdue_is_one_count_wherever_it_is_printed(period: str) -> None:
    """Figures of measures, pictures and texts against a count over the table of obligations."""
    m = measures(period)
    late = [o for o in m.obligations if o.overdue]
    steps = [o for o in late if o.kind in {ObligationKind.MILESTONE, ObligationKind.MATERIAL}]
    problems = [o for o in late if o.kind is ObligationKind.PROBLEM]
    assert late
    assert sum(one.province.overdue for one in m.systems.milestones) == len(steps)
    assert sum(p.overdue for one in m.systems.milestones for p in one.prefectures) == len(steps)
    ((_, drawn),) = kinds()["milestones"].drawings(m)
    assert sum(row.alarm for group in drawn.args[0] for row in group.rows) == len(steps)
    assert f"个节点，逾期{len(steps)}家次" in kinds()["milestones"].alt_text(m)
    behind = {(o.serves, o.is_county) for o in steps}
    told = "\n".join(milestone_paragraphs(m, Figures(m.program.words)))
    assert f"逾期未完成的工作节点有{len(behind)}项" in told or not behind
    for serves, is_county in behind:
        count = sum((o.serves, o.is_county) == (serves, is_county) for o in steps)
        title = next(s.deliverable for s in m.program.milestones if s.code == serves)
        assert f"尚有{count}个{'县' if is_county else '州（市）'}未完成" in next(
            line for line in told.splitlines() if title in line and ("个县" in line) == is_county
        )

    solving = m.systems.problems
    assert solving is not None
    assert solving.province is not None
    assert solving.province.overdue == len(solving.overdue) == len(problems)
    assert sum(count.overdue for count in solving.by_prefecture.values() if count) == len(problems)
    ((_, drawn),) = kinds()["problems"].drawings(m)
    assert drawn.args[0][0].rows[0].alarm == len(problems)

    ((_, drawn),) = kinds()["calendar"].drawings(m)
    assert sum(cell.overdue for row in drawn.args[0] for cell in row.cells if cell) == len(late)
    assert f"逾期未办结{number(len(late))}件" in kinds()["calendar"].alt_text(m)
