"""Rebuild the references generated from code: ``python -m tools.make_references``; ``--check`` fails when they are stale."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli import main as cli
from pipeline.domain.findings import CATALOGUE, SEVERITY_NAMES
from pipeline.forms.messages import target_in_words
from pipeline.reading.cells import wanted
from pipeline.workspace.campaign import load_campaign
from pipeline.workspace.paths import Workspace
from tools.traceability import traceability

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100  # whatever the terminal
ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- 由 tools/make_references.py 生成，请勿手改 -->\n"


def commands() -> Iterator[str]:
    """The command line, from click's own help."""
    yield f"{NOTE}# 命令\n"
    context = click.Context(cli, info_name="run-pipeline", **{**cli.context_settings, "terminal_width": WIDTH})
    yield f"```text\n{cli.get_help(context)}\n```\n"
    for name, command in sorted(cli.commands.items()):
        own = click.Context(command, parent=context, info_name=name, terminal_width=WIDTH)
        yield f"## {name}\n\n```text\n{command.get_help(own)}\n```\n"


def findings() -> Iterator[str]:
    """Every finding code."""
    yield f"{NOTE}# 问题代码\n"
    yield (
        "“须改正”的问题退回所在的县（标“整份”的退回整份报表，标“待认定”的等工作人员认定）；“请核对”和“提示”不退回。\n"
    )
    yield "| 代码 | 程度 | 含义 | 改法 |\n|---|---|---|---|"
    for code, kind in CATALOGUE.items():
        scope = "，待认定" if kind.holds else "，整份" if kind.whole_file else ""
        yield f"| `{code}` | {SEVERITY_NAMES[kind.severity]}{scope} | {kind.title} | {kind.fix} |"
    yield ""


def fields() -> Iterator[str]:
    """Every field with what it takes, the targets it serves, its words in the notice and how they were read."""
    program = load_campaign(Workspace(root=ROOT)).program
    yield f"{NOTE}# 指标\n"
    for form in program.forms:
        yield f"## {form.code} {form.title}（工作表“{form.sheet}”）\n"
        yield "| 任务 | 代码 | 列标题 | 填法 | 口径 | 目标 | 原文 | 读法 |\n|---|---|---|---|---|---|---|---|"
        for item in form.items:
            for field in item.fields:
                served = [q for q in item.quantities if field.code in q.fields]
                kind = {"cumulative": "累计", "stock": "期末", "status": "期末"}[field.accumulation]
                goal = "；".join(filter(None, (target_in_words(q) for q in served)))
                basis = "；".join(dict.fromkeys(q.basis for q in served)) or field.basis
                required = "" if field.required else "（选填）"
                yield (
                    f"| {item.label} | `{field.code}` | {field.label} | {wanted(field)}{required} | {kind} | {goal} | {basis} "
                    f"| {field.reading} |"
                )
        yield ""


REFERENCES = {
    "docs/cli.md": commands,
    "docs/findings.md": findings,
    "docs/fields.md": fields,
    "docs/traceability.md": traceability,
}


def stale() -> list[str]:
    """References whose text is not what the code gives."""
    wanted_texts = {name: "\n".join(make()).rstrip() + "\n" for name, make in REFERENCES.items()}
    return [
        name
        for name, text in wanted_texts.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    ]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(f"过期的参考文档：{'、'.join(stale())}，请运行 make docs" if stale() else 0)
    for name, make in REFERENCES.items():
        (ROOT / name).write_text("\n".join(make()).rstrip() + "\n", encoding="utf-8")
