"""``docs/traceability.md``: every numbered thing of the notice, its sheet and fields, rules, measure and place in a document.

Derived from ``program/`` and ``expectations/``; only what a kind of form is measured by, and where that is printed, is said
here. A test holds the names of measures and documents to what exists, and no cell may be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.program.model import FormKind
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.program.model import Field
    from pipeline.workspace.campaign import Campaign

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 3  # rules named; the others are counted
WORKBOOKS = ("全省汇总",)
Place = tuple[str, str]  # document and the name in its template; of a workbook, its sheet

# kind of form → the functions that measure it, and where their figures are printed
MEASURES: dict[FormKind, tuple[str, ...]] = {
    FormKind.ACTION: ("progress.assess", "completion.completion"),
    FormKind.MILESTONES: ("milestones.milestone_figures", "overdue.obligations"),
    FormKind.TEN_TASKS: ("ten_tasks.ten_task_figures",),
    FormKind.CONTACTS: ("contacts.contact_figures", "overdue.obligations"),
    FormKind.PROBLEMS: ("problems.problem_figures", "overdue.obligations"),
    FormKind.HIGHLIGHTS: ("highlights.highlight_figures", "overdue.obligations"),
    FormKind.FUNDING: ("funding.funding_figures",),
    FormKind.SOCIAL_WORKERS: ("social.social_figures", "funding.funding_figures"),
    FormKind.SURVEY: ("ten_tasks.survey_figures",),
}
PLACES: dict[FormKind, tuple[Place, ...]] = {
    FormKind.ACTION: (("工作简报", "actions"), ("总结报告", "item_rows")),
    FormKind.MILESTONES: (("季度通报", "milestone_rows"), ("中期调度报告", "milestone_rows")),
    FormKind.TEN_TASKS: (("中期调度报告", "task_rows"), ("总结报告", "task_rows")),
    FormKind.CONTACTS: (("中期调度报告", "strands"), ("总结报告", "strands")),
    FormKind.PROBLEMS: (("半年会议材料", "departments"), ("季度通报", "problems")),
    FormKind.HIGHLIGHTS: (("季度通报", "highlights"), ("典型案例汇编", "chapters")),
    FormKind.FUNDING: (("中期调度报告", "funding_rows"), ("总结报告", "funding_rows")),
    FormKind.SOCIAL_WORKERS: (("中期调度报告", "funding_rows"), ("总结报告", "funding_rows")),
    FormKind.SURVEY: (("总结报告", "survey_rows"), ("全省汇总", "调研提纲汇总")),
}
REPORT_PLACES: tuple[Place, ...] = (("工作简报", "timeliness"), ("逾期县清单", "rows"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One row of the table."""

    section: str
    no: str
    title: str
    where: str
    rules: str
    measure: str
    place: str

    @property
    def cells(self) -> tuple[str, ...]:
        """As printed."""
        return self.no, self.title, self.where, self.rules, self.measure, self.place


def traces(campaign: Campaign) -> Iterator[Trace]:
    """Items, funding lines, milestones, ten tasks, survey questions, duties, and the measures, goals and categories."""
    program = campaign.program
    yield from _tasks(campaign)
    for section, things in (
        ("资金安排", [(x.code, "、".join(f"第{n}项" for n in x.items) + "资金") for x in program.funding]),
        ("工作节点", [(x.code, x.deliverable) for x in program.milestones]),
        ("报送事项", [(x.code, x.title) for x in program.duties]),
    ):
        for code, title in things:
            yield _served(campaign, section, code, title)
    for task in program.ten_tasks:
        fields = [program.field_by_code[code] for code in task.fields]
        yield _asked(campaign, "十个一", f"之{task.no}", task.title, fields, places=PLACES[FormKind.TEN_TASKS])
    for form in program.forms_of_kind(FormKind.SURVEY):
        for item in form.items:
            yield _asked(campaign, "调研提纲", f"第{item.no}题", item.title, item.fields)
    yield from _systems(campaign)


def _tasks(campaign: Campaign) -> Iterator[Trace]:
    for form in campaign.program.action_forms:
        for item in form.items:
            codes = "、".join(q.code for q in item.quantities)
            yield _asked(
                campaign,
                "八项行动的任务",
                f"第{item.no}项",
                item.title,
                item.fields,
                f"考核量{codes}（`progress.assess`）",
            )


def _systems(campaign: Campaign) -> Iterator[Trace]:
    program = campaign.program
    for strand in program.strands:
        fields = [f for code in strand.forms for f in program.form_by_code[code].fields]
        yield _asked(campaign, "五项措施", strand.code, strand.name, fields, places=(("中期调度报告", "strands"),))
    for goal in program.goals:
        fields = [
            f for form in program.action_forms for item in form.items if item.no in goal.items for f in item.fields
        ]
        yield _asked(
            campaign,
            "五强目标（本项目的读法）",
            goal.code,
            goal.name,
            fields,
            measure="`goals.goal_figures`",
            places=(("中期调度报告", "goal_rows"),),
        )
    for category in program.problem_categories:
        fields = [f for form in program.forms_of_kind(FormKind.PROBLEMS) for f in form.of_role("category")]
        yield _asked(
            campaign, "问题分类", category.code, category.name, fields, places=(("半年会议材料", "category_rows"),)
        )


def _asked(
    campaign: Campaign,
    section: str,
    no: str,
    title: str,
    fields: Sequence[Field],
    measure: str = "",
    places: Sequence[Place] = (),
) -> Trace:
    forms = {f.form: campaign.program.form_by_code[f.form] for f in fields}
    where = "；".join(
        f"{form.sheet} " + _short([f.code for f in fields if f.form == code]) for code, form in forms.items()
    )
    kinds = list(dict.fromkeys(form.kind for form in forms.values()))
    measures = measure or "；".join(dict.fromkeys(f"`{name}`" for kind in kinds for name in MEASURES[kind]))
    printed = list(dict.fromkeys(places or [place for kind in kinds for place in PLACES[kind]]))
    return Trace(
        section=section,
        no=no,
        title=title,
        where=where,
        rules=_rules(campaign, fields),
        measure=measures,
        place="；".join(_place(place) for place in printed),
    )


def _served(campaign: Campaign, section: str, code: str, title: str) -> Trace:
    """What columns serve; else the documents the office makes for it; else the return itself."""
    program = campaign.program
    fields = [f for form in program.forms for f in form.fields if f.serves == code]
    if fields:
        return _asked(campaign, section, code, title, fields)
    made = list(dict.fromkeys(p.document for p in program.publications if p.duty == code))
    if made:
        return Trace(
            section=section,
            no=code,
            title=title,
            where="办公室的工作，由程序成文",
            measure="`overdue.obligations`",
            rules="`program.yaml` 的 publications，由 `lint` 检查",
            place="；".join(f"{name}.docx" for name in made),
        )
    sheets = f"整份报表（{len(program.forms)}张表）"
    return Trace(
        section=section,
        no=code,
        title=title,
        where=sheets,
        rules="`roster.reported` 等名册规则",
        measure="`timeliness.county_history`；`overdue.obligations`",
        place="；".join(_place(place) for place in REPORT_PLACES),
    )


def _rules(campaign: Campaign, fields: Sequence[Field]) -> str:
    asked = [campaign.program.field_by_code[f.shows or f.code] for f in fields]
    codes = {f.code for f in asked}
    names = [
        rule.id
        for form in dict.fromkeys(f.form for f in asked)
        for rule in campaign.rules[form]
        if codes & set(rule.columns)
    ]
    return _short([f"`{name}`" for name in names], "条")


def _short(names: Sequence[str], unit: str = "列") -> str:
    shown = "、".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown}等{len(names)}{unit}"


def _place(place: Place) -> str:
    document, name = place
    return f"{document}.xlsx “{name}”" if document in WORKBOOKS else f"{document}.docx `{name}`"


def traceability() -> Iterator[str]:
    """The page."""
    yield "<!-- 由 tools/make_references.py 生成，请勿手改 -->\n# 原文到表、规则、统计、文件的对照\n"
    yield "原文编号的每一项都填在哪张表的哪几列，凭哪些规则核对，由哪个统计得出，印在哪份文件（模板中的名称）里。\n"
    section = ""
    for trace in traces(load_campaign(Workspace(root=ROOT))):
        if trace.section != section:
            section = trace.section
            yield f"\n## {section}\n\n| 编号 | 内容 | 工作表与列 | 规则 | 统计 | 文件 |\n|---|---|---|---|---|---|"
        yield "| " + " | ".join(trace.cells) + " |"
    yield ""
