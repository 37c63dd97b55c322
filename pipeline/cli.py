"""``run-pipeline``: thin commands. The only module that prints or reads the clock.

Results go to stdout, progress and summaries to stderr. Exit codes: 0 done (also when returns have faults), 1 the answer
is no (check, trace), 2 usage or a fault on our side, 3 workspace busy, 130 ended with Ctrl+C.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands import ledger, queries
from pipeline.commands.common import (
    CommandGroup,
    Day,
    alone,
    ask_days,
    at_work,
    engine_options,
    json_option,
    keep_details,
    note,
    note_end,
    print_json,
    today,
    user,
    workspace_of,
)
from pipeline.commands.queries import print_status
from pipeline.commands.words import COMMANDS, OPTIONS
from pipeline.system.errors import PipelineError

if TYPE_CHECKING:
    from datetime import date


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    options_metavar=OPTIONS,
    subcommand_metavar=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--project", default=".", metavar="目录", show_default="当前目录", help="工作目录")
@click.option("--as-of", "as_of", type=Day(), metavar="日期", help="以这一天为准（默认今天）")
@click.option("--period", "period", metavar="报送期", help="报送期，如 2023-02；不写则取最近结束的一期")
@engine_options
@click.version_option(package_name="run-pipeline", message="%(version)s")
@click.pass_context
def main(
    ctx: click.Context, project: str, as_of: date | None, period: str | None, workers: int | None, scheduler: str | None
) -> None:
    """收齐、核对、汇总各单位报表，生成简报、清单和图表。

    不带子命令即运行主流程：inbox/ 的报表 → 数据集 → outbox/报送期/。
    """
    ctx.obj = {"project": project, "as_of": as_of or today(), "as_of_given": as_of is not None}
    if ctx.invoked_subcommand is None:
        _main_job(ctx, period, workers, scheduler or "")
    elif period is not None:
        raise click.UsageError("--period 请写在子命令之后")
    elif workers or scheduler:
        raise click.UsageError("--workers、--scheduler 只用于主流程")


def _main_job(ctx: click.Context, period: str | None, workers: int | None, scheduler: str) -> None:
    from pipeline.office.account import account_of  # noqa: PLC0415
    from pipeline.office.reported import reminder_hint  # noqa: PLC0415
    from pipeline.office.run import run  # noqa: PLC0415

    as_of, by_clock, begun = ctx.obj["as_of"], not ctx.obj["as_of_given"], time.monotonic()
    with at_work(ctx, workers, scheduler) as (workspace, progress, where):
        outcome = run(workspace, period, as_of, user(), progress, by_clock=by_clock, ask=ask_days, **where)
    for line in account_of(outcome, workspace):
        note(line)
    print_status(outcome.measures)
    if hint := reminder_hint(outcome.measures):
        note(hint)
    for fault in outcome.unmade:
        note(f"没有生成：{fault}")
    note_end(outcome.end)
    seconds = max(1, round(time.monotonic() - begun))
    note(f"新制作{outcome.files_made}件，沿用{outcome.files_kept}件，用时{seconds}秒")
    if outcome.failed:
        titles = "、".join(failed.title for failed, _ in outcome.failed)
        note(f"以上各份已经收入台账，产品没有做成：{titles}。处理后再运行一次，即会补做。")
        raise outcome.failed[0][1]
    page = workspace.outbox(outcome.measures.period.code) / "index.html"
    if page.is_file():
        note(f"请先打开：{page}")
    if outcome.broken:
        keep_details(ctx, outcome.broken)
        raise PipelineError(
            f"有{len(outcome.broken)}个产品没有做成（见上），其余的已经更新。处理后再运行一次，即会补做"
        )


@main.command()
@engine_options
@click.pass_context
def receive(ctx: click.Context, workers: int | None, scheduler: str | None) -> None:
    """只收表、核对、记入台账，不制作产品；单位很多时用，产品由以后的运行制作。"""
    from pipeline.office.account import account_of_inbox  # noqa: PLC0415
    from pipeline.office.run import fill_ledger  # noqa: PLC0415

    as_of, by_clock = ctx.obj["as_of"], not ctx.obj["as_of_given"]
    with at_work(ctx, workers, scheduler or "") as (workspace, progress, where):
        inbox, taken, end = fill_ledger(workspace, as_of, user(), progress, by_clock=by_clock, ask=ask_days, **where)
    for line in account_of_inbox(inbox, taken, as_of):
        note(line)
    note_end(end)


@main.command()
@click.option("--period", "period", metavar="报送期", help="报送期；不写则取日期所在的一期")
@click.option("--prefecture", metavar="单位", help="只下发一个填报单位的报表，写代码或名称")
@click.option("--new-key", is_flag=True, help="签发密钥确已遗失时另做一把；此后用旧表报来的都须逐份认定")
@click.pass_context
def issue(ctx: click.Context, period: str | None, prefecture: str | None, new_key: bool) -> None:
    """生成下发的报表，写入 outbox/报送期/下发/。"""
    from pipeline.office.issuing import issue_period  # noqa: PLC0415
    from pipeline.system.progress import on_screen  # noqa: PLC0415

    with alone(ctx) as workspace, on_screen() as progress:
        issued, paths = issue_period(
            workspace, period, prefecture, ctx.obj["as_of"], new_key=new_key, progress=progress
        )
    for path in paths:
        click.echo(str(path))
    note(f"已生成 {issued.title}报表 {len(paths)} 份，报送截止 {issued.due_on}")


@main.command()
@click.argument(
    "files", metavar="文件...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """试检查报回的报表，什么也不写入。有退回的问题则返回码为1。"""
    from pipeline.office.trial import try_files  # noqa: PLC0415

    trials = try_files(workspace_of(ctx), files, ctx.obj["as_of"])
    if as_json:
        print_json([found for trial in trials for found in trial.findings])
    else:
        for trial in trials:
            for line in trial.verdict.lines:
                click.echo(line)
    ctx.exit(1 if any(trial.is_returned for trial in trials) else 0)


@main.command()
@click.option("--once", is_flag=True, help="只检查现有的文件，然后结束")
@click.pass_context
def watch(ctx: click.Context, once: bool) -> None:
    """守候收件箱：文件一到就试检查，结论写入 outbox/收件/。按 Ctrl+C 结束。"""
    from pipeline.office.watch import look_once, wait_for_files  # noqa: PLC0415

    workspace, as_of = workspace_of(ctx), ctx.obj["as_of"]
    workspace.check()
    if not once:
        note(f"正在守候 {workspace.inbox}，按 Ctrl+C 结束。")
    fixed = ctx.obj["as_of_given"]
    try:
        for _ in [None] if once else wait_for_files(workspace):
            for name, verdict in look_once(workspace, as_of if fixed else today()):
                click.echo(f"{name}：{verdict}")
    except KeyboardInterrupt:
        note("已结束守候。")


@main.command()
@click.option("--draft", is_flag=True, help="先给还没有规则的表和指标起草规则，写进 expectations/；已有的不改")
@click.pass_context
def lint(ctx: click.Context, *, draft: bool) -> None:
    """检查 program/、expectations/ 和 templates/ 有没有写错；已经下发的表如与现在的不同，也会提醒。"""
    from pipeline.office.lint import burden_ahead, draft_rules, warnings, written_wrong  # noqa: PLC0415

    workspace = workspace_of(ctx)
    if draft:
        drafted = draft_rules(workspace)
        for line in drafted:
            click.echo(line)
        note("请核对起草的规则，再重新下发。" if drafted else "各张表、各项指标都已有规则。")
    problems = written_wrong(workspace)
    for problem in problems:
        click.echo(problem)
    if problems:
        ctx.exit(2)
    for warning in warnings(workspace):
        note(f"请注意：{warning}。")
    note(f"填报负担：{burden_ahead(workspace)}。")
    note("program/、expectations/、templates/ 都没有问题。")


@main.command()
@click.argument("folder", metavar="目录", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """建一个新的工作目录。"""
    from pipeline.workspace.starter import create_workspace  # noqa: PLC0415

    create_workspace(folder)
    note(f"已建好 {folder}。下一步：run-pipeline --project {folder} issue")


@main.command()
@click.argument("folder", metavar="[目录]", default="demo", type=click.Path(path_type=Path))
def demo(folder: Path) -> None:
    """用虚构的数字演示全部六期：下发、填报、退回、重报、汇总。"""
    from pipeline.demo import play  # noqa: PLC0415

    last = play(folder, say=note)
    click.echo(f"演示完成（数字均为虚构）。请先打开：{last}")


for command in (
    queries.status,
    queries.overdue,
    queries.remind,
    queries.totals,
    queries.burden,
    queries.trace,
    queries.profile,
    queries.history,
    ledger.admit,
    ledger.settle,
    ledger.correct,
    ledger.withdraw,
    ledger.reinstate,
    ledger.received,
    ledger.extend,
    ledger.close,
    ledger.reopen,
    ledger.verify,
    ledger.backup,
    ledger.restore,
    ledger.export,
):
    main.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
