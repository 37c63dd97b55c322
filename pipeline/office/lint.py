"""What the office wrote wrong in program, rules and templates, and what it had better know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.checks.scaffold import draft
from pipeline.office.burden import forecast
from pipeline.office.issuing import outdated
from pipeline.program.strict import nearest
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import (
    load_campaign,
)

if TYPE_CHECKING:
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace


_NO_LETTERS = (
    "program.yaml 没有 escalation，逾期的不会制作催报函（以前的版本不写也制作）；"
    "要制作的，请从 run-pipeline init 新建的工作目录里抄来这一节"
)


def written_wrong(workspace: Workspace) -> list[str]:
    """Everything wrong with what the office wrote: the first fault of program and rules, every fault of templates and products."""
    from pipeline.checks.suites import try_suite  # noqa: PLC0415 - GX is slow to import
    from pipeline.office.making import try_products  # noqa: PLC0415 - matplotlib too
    from pipeline.products.documents.template_names import TEMPLATE_NAMES, published  # noqa: PLC0415
    from pipeline.products.documents.word import lint_template  # noqa: PLC0415

    problems: list[str] = []
    known = dict(TEMPLATE_NAMES)
    campaign: Campaign | None
    try:
        campaign = load_campaign(workspace)
        for rules in campaign.rules.values():
            try_suite(rules)
        there = {path.stem for path in workspace.templates.glob("*.docx")}
        documents = there | {name.removesuffix(".docx") for name in known}
        for document in dict.fromkeys(publication.document for publication in campaign.program.publications):
            if document not in documents:
                close = nearest(document, list(documents))
                problems.append(f"program.yaml：publications 的 document“{document}”没有模板{close}")
            else:
                known.setdefault(f"{document}.docx", published(document))
    except PipelineError as fault:
        problems.append(str(fault))
        campaign = None
    for name, names in known.items():
        path = workspace.templates / name
        problems += lint_template(path, names) if path.is_file() else [f"templates/docx/{name}：模板不存在"]
    if campaign and not problems:
        problems += try_products(workspace, campaign)
    return problems


def warnings(workspace: Workspace) -> tuple[str, ...]:
    """What is not wrong and will still surprise somebody: workbooks that went out before a form changed, no letters."""
    program = load_campaign(workspace).program
    return (*outdated(workspace, program), *(() if program.escalation else (_NO_LETTERS,)), *forecast(program).over)


def burden_ahead(workspace: Workspace) -> str:
    """What the programme will ask of each unit, in words."""
    return forecast(load_campaign(workspace).program).said


def draft_rules(workspace: Workspace) -> tuple[str, ...]:
    """Add a first draft of the rules that columns lack; what is there stays as it is. A line for each file."""
    workspace.check()
    return draft(workspace.program, workspace.expectations)
