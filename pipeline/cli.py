"""``run-pipeline``: thin commands. The only module that prints or reads the clock.

Results go to stdout, progress and summaries to stderr. Exit codes: 0 done (also when returns have faults), 1 the answer
is no (check, trace), 2 usage or a fault on our side, 3 workspace busy, 130 ended with Ctrl+C.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands import ledger, look
from pipeline.commands.common import (
    CommandGroup,
    Day,
    alone,
    ask_days,
    at_work,
    engine_options,
    json_option,
    judged,
    keep_details,
    note,
    quoted,
    tell_end,
    today,
    user,
    workspace_of,
)
from pipeline.commands.look import print_status
from pipeline.commands.words import COMMANDS, OPTIONS
from pipeline.system.errors import PipelineError

if TYPE_CHECKING:
    from datetime import date

    from pipeline.checks.decide import Decision
    from pipeline.domain.findings import Finding
    from pipeline.intake.inbox import Inbox
    from pipeline.intake.take_in import Taken
    from pipeline.measures.period import PeriodMeasures
    from pipeline.office.run import Outcome
    from pipeline.program.model import Program
    from pipeline.reading.read import Reading
    from pipeline.workspace.paths import Workspace

MANY = 20  # of a kind, named on the screen


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
    """收齐、核对、汇总各州（市）报表，生成简报、清单和图表。

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
    from pipeline.office.run import run  # noqa: PLC0415

    as_of = ctx.obj["as_of"]
    with at_work(ctx, workers, scheduler) as (workspace, tell, where):
        outcome = run(
            workspace, period, as_of, user(), tell, by_clock=not ctx.obj["as_of_given"], ask=ask_days, **where
        )
    _tell(outcome, workspace, as_of)
    if outcome.measures.period.code in outcome.closed:
        note(f"{outcome.measures.period.title}已封存：产品保持封存时的样子；此后的变化由下一期的“更正”说明")
    print_status(outcome.measures)
    for fault in outcome.unmade:
        note(f"没有生成：{fault}")
    tell_end(outcome.end)
    if outcome.failed:
        note(
            f"以上各份已经收入台账，产品没有做成：{'、'.join(one.title for one, _ in outcome.failed)}。处理后再运行一次，即会补做。"
        )
        raise outcome.failed[0][1]
    page = workspace.outbox(outcome.measures.period.code) / "index.html"
    if page.is_file():
        note(f"请先打开：{page}")
    if outcome.broken:
        keep_details(ctx, outcome.broken)
        raise PipelineError(
            f"有{len(outcome.broken)}个产品没有做成（见上），其余的已经更新。处理后再运行一次，即会补做"
        )


def _tell_inbox(inbox: Inbox, taken: Taken, as_of: date) -> None:
    """How much was taken in, what was left and why."""
    for name in inbox.later:
        note(f"未收：{name}（收件日期晚于 {as_of}，留待以后）")
    for one in inbox.changing:
        note(f"未收：{one.name}（还在写入，没有传完，留待下次）")
    for name in inbox.undated:
        note(f"请注意：文件夹“{name}”看不出是哪一天（应写成 2023-03-06），里面的文件按修改日期算收件日期")
    _tell_unread(inbox)
    for one in taken.again:
        note(f"重新收取：{one.name}（以前收过，台账里的报送却不见了；请运行 run-pipeline verify 查看）")
    note(f"新收 {len(taken.seqs)} 份报送，收件箱共 {len(inbox.arrivals)} 个文件。" + _unread_counted(inbox))
    for day in inbox.decided:
        note(
            f"收到日期取自文件的修改日期：{day.name}（报送序号 {day.seq}），{day.received_on}，据此算{judged(day)}。"
            f"不对的：run-pipeline received {day.seq} 日期 --reason 理由"
        )
    for name, received_on, start, seq in inbox.early:
        note(
            f"收到日期不可能：{name}（报送序号 {seq}）按 {received_on} 收到，报送期 {start} 才开始；文件夹的日期或文件的时间多半不对，"
            f"已按此日期收入。请更正：run-pipeline received {seq} 日期 --reason 理由"
        )


def _tell_unread(inbox: Inbox) -> None:
    """What no return is read from, each when it is new, what to do once for a kind."""
    from pipeline.domain.unread import UNREAD_NAMES, UnreadKind  # noqa: PLC0415

    for kind in UnreadKind:
        new = [one for one in inbox.new if one.kind is kind and one in inbox.unread]
        for one in new[:MANY]:
            note(f"没有读：{one.name}（{one.what}）")
        if len(new) > MANY:
            note(f"没有读：……等共 {len(new)} 个{UNREAD_NAMES[kind][0]}，全部列在 index.html")
        if new:
            note(f"  {UNREAD_NAMES[kind][1]}")


def _unread_counted(inbox: Inbox) -> str:
    """How many of each kind, told or not."""
    from pipeline.domain.unread import UNREAD_NAMES, UnreadKind  # noqa: PLC0415

    counts = [(UNREAD_NAMES[kind][0], sum(one.kind is kind for one in inbox.unread)) for kind in UnreadKind]
    told = "、".join(f"{name} {n}" for name, n in counts if n)
    return f"另有没有读的 {len(inbox.unread)} 个（{told}），见 index.html。" if told else ""


def _tell(outcome: Outcome, workspace: Workspace, as_of: date) -> None:
    """What was taken in, and what it changed."""
    from pipeline.ledger.snapshot import revised_lines  # noqa: PLC0415

    _tell_inbox(outcome.inbox, outcome.taken, as_of)
    for copy in outcome.measures.snapshot.copies:
        if copy.file in {one.name for one in outcome.taken.repeated}:
            note(f"没有再收：{copy.file}，与报送序号 {copy.original.seq}（{copy.original.file}）内容完全相同")
    for line in revised_lines(outcome.measures.program, outcome.measures.snapshot, outcome.taken.seqs):
        note(line)
    failed = {one.code for one, _ in outcome.failed}
    new = {one.period for one in outcome.measures.snapshot.submissions if one.seq in outcome.taken.seqs}
    for other in (one for one in outcome.others if one.code not in failed):
        why = "也有新的报送" if other.code in new else "的产品上次没有全部做成"
        note(f"{other.title}{why}：那一期的产品和退回表已一并更新，见 {workspace.outbox(other.code)}")
    _tell_unusable(outcome.measures, outcome.taken)
    whom = outcome.measures.program.words.respondent
    for held in outcome.measures.snapshot.held:
        note(
            f"待认定：{held.file}（{held.reason}）。核实后：run-pipeline admit {quoted(held.file)} --as {whom} --reason 理由"
        )


def _tell_unusable(m: PeriodMeasures, taken: Taken) -> None:
    """Files that came now and cannot be used: why, and whose they are; and how many have no owner yet."""
    from pipeline.domain.place import PLACING_NAMES, Placing  # noqa: PLC0415
    from pipeline.domain.state import State, Verdict  # noqa: PLC0415
    from pipeline.ledger.waiting import BLANK  # noqa: PLC0415

    for s in m.snapshot.submissions:
        if s.seq in taken.seqs and s.verdict == Verdict.EMPTY:
            note(f"{BLANK}：{s.file}（{m.program.prefecture_by_code[s.prefecture_code].short_name}，{s.reason}）")
    unusable = [s for s in m.snapshot.submissions if m.snapshot.unusable(s)]
    new = [s for s in unusable if s.seq in taken.seqs]
    whole = {s.seq for s in unusable}
    parts = {s.sha256 for s in m.snapshot.submissions if s.seq not in whole}  # of these other sheets were taken
    for s in new[:MANY]:
        if s.sha256 in parts:
            note(f"部分工作表不能采用：{s.file}（{s.reason}）")
            continue
        unit = m.program.prefecture_by_code.get(s.prefecture_code)
        whose = f"；归属：{unit.short_name}（{PLACING_NAMES[Placing(s.placed)]}）" if unit else "；不知是谁的"
        note(f"收到、不能采用：{s.file}（{s.reason}{whose}）")
    if len(new) > MANY:
        note(f"收到、不能采用的共 {len(new)} 个，其余见汇总页“收到的文件”")
    nobodys = [s for s in unusable if not s.prefecture_code and s.sha256 not in parts]
    if nobodys:
        example = quoted(nobodys[-1].file)
        note(
            f"不能采用、不知是谁的文件共 {len(nobodys)} 个；知道是谁的：run-pipeline admit {example} --as {m.program.words.respondent} --reason 理由"
        )
        silent = [
            p.short_name
            for p in m.program.prefectures
            if {m.snapshot.state(m.period, unit) for unit in m.program.measured_of(p.code)} == {State.MISSING}
        ]
        if silent and m.snapshot.as_of > m.period.due_on:
            note(f"其中可能有全部未报的{'、'.join(silent)}报来的，查明以前请不要给这些单位发催报函。")


@main.command()
@engine_options
@click.pass_context
def receive(ctx: click.Context, workers: int | None, scheduler: str | None) -> None:
    """只收表、核对、记入台账，不制作产品；单位很多时用，产品由以后的运行制作。"""
    from pipeline.office.run import receive as take  # noqa: PLC0415

    with at_work(ctx, workers, scheduler or "") as (workspace, tell, where):
        inbox, taken, end = take(
            workspace, ctx.obj["as_of"], user(), tell, by_clock=not ctx.obj["as_of_given"], ask=ask_days, **where
        )
    _tell_inbox(inbox, taken, ctx.obj["as_of"])
    tell_end(end)


@main.command()
@click.option("--period", "period", metavar="报送期", help="报送期；不写则取日期所在的一期")
@click.option("--prefecture", metavar="州市", help="只下发一个州（市），写代码或名称，如 530100、昆明市")
@click.option("--new-key", is_flag=True, help="签发密钥确已遗失时另做一把；此后用旧表报来的都须逐份认定")
@click.pass_context
def issue(ctx: click.Context, period: str | None, prefecture: str | None, new_key: bool) -> None:
    """生成下发的报表，写入 outbox/报送期/下发/。"""
    from pipeline.office import issuing  # noqa: PLC0415
    from pipeline.system.progress import shown  # noqa: PLC0415
    from pipeline.workspace.campaign import choose_issue_period, load_campaign  # noqa: PLC0415

    workspace, as_of = workspace_of(ctx), ctx.obj["as_of"]
    campaign = load_campaign(workspace)
    chosen = choose_issue_period(campaign.program, period, as_of)
    with alone(ctx), shown() as tell:
        files = issuing.issue(workspace, chosen.code, prefecture, as_of, new_key=new_key, tell=tell)
    for name in files:
        click.echo(str(workspace.outbox(chosen.code) / issuing.ISSUED / name))
    note(f"已生成 {chosen.title}报表 {len(files)} 份，报送截止 {chosen.due_on}")


@main.command()
@click.argument(
    "files", metavar="文件...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """试检查报回的报表，什么也不写入。有退回的问题则返回码为1。"""
    from pipeline.intake.inbox import read_files, readable  # noqa: PLC0415
    from pipeline.office.queries import dry_run  # noqa: PLC0415
    from pipeline.reading.read import Arrival  # noqa: PLC0415
    from pipeline.system.disk import reason  # noqa: PLC0415

    as_of = ctx.obj["as_of"]
    arrivals = []
    for path, seen in read_files(files).items():
        if isinstance(seen, OSError):
            raise click.ClickException(f"读不出 {path}：{reason(seen)}") from seen
        name = readable(str(path))
        arrivals.append(Arrival(name=name, path=path, sha256=seen.sha256, received_on=as_of, changing=seen.changing))
    program, results = dry_run(workspace_of(ctx), arrivals, as_of)
    found = [
        f for reading, decisions in results for f in (*reading.findings, *(x for d in decisions for x in d.findings))
    ]
    if as_json:
        click.echo(json.dumps([_finding_json(program, f) for f in found], ensure_ascii=False, indent=1))
    else:
        for reading, decisions in results:
            _print_check(program, reading, decisions)
    ctx.exit(1 if any(f.severity == "critical" for f in found) else 0)


def _print_check(program: Program, reading: Reading, decisions: tuple[Decision, ...]) -> None:
    from pipeline.checks.problems import verdict_text  # noqa: PLC0415

    for line in verdict_text(program, reading, decisions):
        click.echo(line)


def _finding_json(program: Program, f: Finding) -> dict[str, str]:
    from pipeline.domain.findings import CATALOGUE  # noqa: PLC0415

    return {
        "file": f.location.file,
        "county_code": f.county_code,
        "code": f.code,
        "severity": f.severity.value,
        "title": program.worded(CATALOGUE[f.code].title),
        "sheet": f.location.sheet,
        "cell": f.location.cell,
        "field": f.field,
        "found": f.found,
        "expected": f.expected,
        "fix": program.worded(f.fix),
    }


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
    from pipeline.office.queries import draft_rules, warnings  # noqa: PLC0415
    from pipeline.office.queries import lint as check_all  # noqa: PLC0415

    if draft:
        told = draft_rules(workspace_of(ctx))
        for line in told:
            click.echo(line)
        note("请核对起草的规则，再重新下发。" if told else "各张表、各项指标都已有规则。")
    problems = check_all(workspace_of(ctx))
    for problem in problems:
        click.echo(problem)
    if problems:
        ctx.exit(2)
    for warning in warnings(workspace_of(ctx)):
        note(f"请注意：{warning}。")
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

    if folder.exists() and any(folder.iterdir()):
        if not (folder / "演示数据.txt").is_file():
            raise click.UsageError(f"{folder} 已有内容且不是演示目录，请另选一个目录")
        shutil.rmtree(folder)
    last = play(folder, tell=note)
    click.echo(f"演示完成（数字均为虚构）。请先打开：{last}")


for command in (
    look.status,
    look.overdue,
    look.totals,
    look.trace,
    look.profile,
    look.history,
    ledger.admit,
    ledger.withdraw,
    ledger.reinstate,
    ledger.received,
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
