"""Commands that enter in the ledger, or prove, copy and hand on what is in it."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - click reads it
from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import (
    Day,
    alone,
    at_terminal,
    confirmed,
    note,
    note_end,
    period_option,
    user,
    workspace_of,
)


@click.command()
@click.argument("file", metavar="文件")
@click.option("--as", "prefecture", required=True, metavar="单位", help="是哪个填报单位的报表，写代码或名称")
@click.option(
    "--period", "period", metavar="报送期", help="是哪一期的报表；不写则按表上所写，表上没有的按收到时最近结束的一期"
)
@click.option("--reason", required=True, metavar="理由", help="认定的理由，记入台账")
@click.pass_context
def admit(ctx: click.Context, file: str, prefecture: str, period: str | None, reason: str) -> None:
    """认定一个待认定或不能采用的文件是谁的报表，记入台账；待认定的下次运行时收入。"""
    from pipeline.office import acts  # noqa: PLC0415

    with alone(ctx) as workspace:
        act, program = acts.admit(workspace, file, prefecture, period, reason, user(), **_day(ctx))
    unit = program.prefecture_by_code[act.prefecture_code].name
    click.echo(
        f"已认定：{act.file} 是{unit}{program.period_by_code[act.period].title}的报表（台账第{act.seq}条，{act.who}）。"
    )
    if act.target:
        note(f"这份文件仍不能采用。请运行 run-pipeline --period {act.period}，更新产品和退回通知，请对方重报。")
    else:
        note("请运行 run-pipeline，收入这份报表。")


def _period(words: tuple[str | None, str | None]) -> str:
    """Which period: written as a word or after --period, once."""
    given = [word for word in words if word]
    if len(given) != 1:
        raise click.UsageError("请写明一个报送期，如 2022-12")
    return given[0]


@click.command()
@click.argument("which", required=False, metavar="报送期")
@click.option("--period", "period", metavar="报送期", help="要封存的报送期，如 2022-12")
@click.option("--reason", required=True, metavar="理由", help="封存的理由，记入台账")
@click.option("--yes", is_flag=True, help="不再询问")
@click.pass_context
def close(ctx: click.Context, which: str | None, period: str | None, reason: str, *, yes: bool) -> None:
    """封存一期：此后收入的这一期报表先待认定，不直接收入，不论文件上是哪一天。用 reopen 重新开放。"""
    from pipeline.office import acts  # noqa: PLC0415

    period = _period((which, period))
    if not yes and at_terminal() and not confirmed(f"封存 {period} 以后，这一期的产品不再重新制作。确定封存吗？"):
        raise click.ClickException("没有封存")
    with alone(ctx) as workspace:
        act, program = acts.close(workspace, period, reason, user(), **_day(ctx))
    click.echo(f"已封存：{program.period_by_code[act.period].title}（{act.done_on}，台账第{act.seq}条，{act.who}）。")


@click.command()
@click.argument("which", required=False, metavar="报送期")
@click.option("--period", "period", metavar="报送期", help="要重新开放的报送期，如 2022-12")
@click.option("--reason", required=True, metavar="理由", help="重新开放的理由，记入台账")
@click.pass_context
def reopen(ctx: click.Context, which: str | None, period: str | None, reason: str) -> None:
    """重新开放一个封存了的报送期：此后收入的照常收入，产品重新制作。"""
    from pipeline.office import acts  # noqa: PLC0415

    with alone(ctx) as workspace:
        act, program = acts.reopen(workspace, _period((which, period)), reason, user(), **_day(ctx))
    title = program.period_by_code[act.period].title
    click.echo(f"已重新开放：{title}（{act.done_on}，台账第{act.seq}条，{act.who}）。")
    note(f"请运行 run-pipeline --period {act.period}，更新产品。封存期间待认定的，仍用 admit 认定。")


@click.command()
@click.argument("number", type=int, metavar="报送序号")
@click.argument("day", type=Day(), metavar="日期")
@click.option("--reason", required=True, metavar="理由", help="更正的理由，记入台账")
@click.pass_context
def received(ctx: click.Context, number: int, day: date, reason: str) -> None:
    """更正一份报送的收到日期（写报送序号和日期）：按时还是迟报、以哪一份为准，随之改变。"""
    from pipeline.office import acts  # noqa: PLC0415

    with alone(ctx) as workspace:
        act, before, period = acts.received(workspace, number, day, reason, user(), **_day(ctx))
    click.echo(
        f"已更正：报送序号 {number}，{before.file}，收到日期 {before.received_on} → {act.day}"
        f"（台账第{act.seq}条，{act.who}）。"
    )
    note(f"请运行 run-pipeline{f' --period {period.code}' if period else ''}，更新产品。")


@click.command()
@click.argument("prefecture", metavar="单位")
@click.option("--until", "until", type=Day(), required=True, metavar="日期", help="延期到哪一天，这一天报来仍是按时")
@period_option
@click.option("--reason", required=True, metavar="理由", help="批准延期的理由，记入台账")
@click.pass_context
def extend(ctx: click.Context, prefecture: str, until: date, period: str | None, reason: str) -> None:
    """批准一个填报单位一期的报表延期（所辖的一并延期）。再写一次改期，写原截止日取消。"""
    from pipeline.office import acts  # noqa: PLC0415

    with alone(ctx) as workspace:
        act, program, as_usual = acts.extend(workspace, prefecture, until, period, reason, user(), **_day(ctx))
    which = f"{program.prefecture_by_code[act.prefecture_code].name}{program.period_by_code[act.period].title}"
    said = f"已取消延期：{which}，截止日仍为 {act.day}" if as_usual else f"已延期：{which}，经批准延期至 {act.day}"
    click.echo(f"{said}（台账第{act.seq}条，{act.who}）。")
    note(f"请运行 run-pipeline --period {act.period}，更新产品；还要发空表的，用 issue 重新下发，表上即为新的截止日。")


@click.command()
@click.argument("what", metavar="报送序号或文件")
@click.option("--reason", required=True, metavar="理由", help="撤回的理由，记入台账")
@click.pass_context
def withdraw(ctx: click.Context, what: str, reason: str) -> None:
    """撤回一份报送（写报送序号）：它不再算数，以前的数重新算数；或撤回一个归错了的附件、一张没有签字盖章的确认单（写文件名）。什么也不删除。"""
    _say_again(ctx, what, reason, again=False)


@click.command()
@click.argument("what", metavar="报送序号或文件")
@click.option("--reason", required=True, metavar="理由", help="恢复的理由，记入台账")
@click.pass_context
def reinstate(ctx: click.Context, what: str, reason: str) -> None:
    """恢复一份撤回了的报送（写报送序号），或一个撤回了的附件、确认单（写文件名）。"""
    _say_again(ctx, what, reason, again=True)


@click.command()
@click.argument("unit", metavar="单位")
@click.option("--uphold/--refuse", "uphold", default=None, help="采信／不采信")
@click.option("--period", "period", metavar="报送期", help="哪一期的说明；不写则取最近结束的一期")
@click.option("--reason", required=True, metavar="理由", help="采信或不采信的理由，记入台账；不采信的写进退回的表")
@click.pass_context
def settle(ctx: click.Context, unit: str, period: str | None, reason: str, *, uphold: bool | None) -> None:
    """核定一个单位所写的说明（见“例外清单”）：采信的照常，不采信的，它这一期的数退回待改。"""
    from pipeline.office import acts  # noqa: PLC0415

    if uphold is None:
        raise click.UsageError("请写明 --uphold（采信）或 --refuse（不采信）")
    with alone(ctx) as workspace:
        act, program, told = acts.settle(workspace, unit, period, reason, user(), uphold=uphold, **_day(ctx))
    whose, title = program.unit_by_code[act.claimed_prefecture].name, program.period_by_code[act.period].title
    done = "已采信" if uphold else "已定为不采信，退回待改"
    click.echo(f"{done}：{whose}{title}{len(told)}处说明（台账第{act.seq}条，{act.who}）。")
    for one in told:
        field = program.field_by_code.get(one.field)
        note(f"  {field.title if field else one.location.sheet}：所填{one.found}，{one.expected}")
    note(f"请运行 run-pipeline --period {act.period}，更新产品。")


@click.command()
@click.argument("unit", metavar="单位")
@click.argument("field", metavar="指标")
@click.argument("value", required=False, metavar="数")
@click.option("--undo", is_flag=True, help="取消核改，恢复报来的数")
@click.option("--also", multiple=True, metavar="指标=数", help="退回的表上一起核改的另一格，可以写几次")
@click.option("--period", "period", metavar="报送期", help="哪一期的数；不写则取最近结束的一期")
@click.option("--source", default="", metavar="依据", help="凭什么核改，如“3月20日电话，经办人张某”，记入台账")
@click.option("--reason", required=True, metavar="理由", help="核改的理由，记入台账")
@click.pass_context
def correct(
    ctx: click.Context,
    unit: str,
    field: str,
    value: str | None,
    also: tuple[str, ...],
    period: str | None,
    source: str,
    reason: str,
    *,
    undo: bool,
) -> None:
    """核改报来的数（单位写代码、名称或清单编号，指标写代码或名称）：凭电话、来函等改，报来的表不动。

    退回的行改后没有错的，下次运行时接收；还有错的，写明哪里还不对。
    """
    from pipeline.office.amending import amend  # noqa: PLC0415

    if undo == (value is not None):
        raise click.UsageError("请写明核改为多少，或写 --undo 恢复报来的数")
    pairs = [(name.strip(), given.strip()) for name, _, given in (one.partition("=") for one in also)]
    if (undo and also) or not all(name and given for name, given in pairs):
        raise click.UsageError("--also 请写成 指标=数，如 --also Q02-1=6；取消核改的一次一格")
    with alone(ctx) as workspace:
        done = amend(workspace, unit, field, value, period, source, reason, user(), also=pairs, **_day(ctx))
    act, which = done.act, f"{done.whose}{done.period.title}“{done.field.title}”（{done.field.code}）"
    said = "已恢复报来的数" if undo else "已核改"
    click.echo(f"{said}：{which} {done.before or '空'} → {done.after or '空'}（台账第{act.seq}条，{act.who}）。")
    if done.is_closed:
        note("这一期已封存，产品不动；下一期的“更正”会写明。")
    else:
        note(f"请运行 run-pipeline --period {act.period}，更新产品。")


def _say_again(ctx: click.Context, what: str, reason: str, *, again: bool) -> None:
    from pipeline.office import acts  # noqa: PLC0415

    with alone(ctx) as workspace:
        if what.isdecimal():
            act, entry = acts.withdraw(workspace, int(what), reason, user(), again=again, **_day(ctx))
            which = f"报送序号 {what}，{entry.file}"
        else:
            act, *more = acts.withdraw_paper(workspace, what, reason, user(), again=again, **_day(ctx))
            also = f"，共{len(more) + 1}家的" if more else ""
            which = f"{acts.paper_name(act)} {act.file}{also}"
    click.echo(f"已{'恢复' if again else '撤回'}：{which}（台账第{act.seq}条，{act.who}）。")
    note(f"请运行 run-pipeline{f' --period {act.period}' if act.period else ''}，更新产品。")


def _day(ctx: click.Context) -> dict[str, Any]:
    """The day an act is entered under, and whether it is only what the clock says."""
    return {"as_of": ctx.obj["as_of"], "by_clock": not ctx.obj["as_of_given"]}


@click.command()
@click.option("--head", default="", metavar="封签", help="以前抄下的台账封签，如 47-ABCD-EFGH-IJKL")
@click.option("--repair", "mend", is_flag=True, help="把原件和台账的链能证明的改回，不能证明的列出")
@click.pass_context
def verify(ctx: click.Context, head: str, *, mend: bool) -> None:
    """核验：台账的链和签名、按原件重新核对的结果、产品与底账，两头比对，列出缺的、多的、改了的。有不符则返回码为1。"""
    from pipeline.office.proof import verify as prove  # noqa: PLC0415
    from pipeline.office.proof.repair import repair  # noqa: PLC0415
    from pipeline.system.progress import on_screen  # noqa: PLC0415

    done: list[str] = []
    if mend:
        with alone(ctx) as workspace, on_screen() as progress:
            done = repair(workspace, progress)
    workspace = workspace_of(ctx)
    workspace.check()
    with on_screen() as progress:
        proof = prove(workspace, progress, head=head)
    for line in (*done, *proof.faults):
        click.echo(line)
    for line in proof.notes:
        note(line)
    note(f"不符 {len(proof.faults)} 处。" if proof.faults else "原件、记录、产品都与台账和底账相符。")
    note(f"台账封签 {proof.word}")
    ctx.exit(1 if proof.faults else 0)


@click.command()
@click.argument("file", metavar="文件", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="已有同名文件时覆盖；不写则不覆盖")
@click.pass_context
def backup(ctx: click.Context, file: Path, *, overwrite: bool) -> None:
    """把数据集备份成一个文件（不含签发密钥）；别人正在使用时也可以备份。"""
    from pipeline.office.exporting import back_up  # noqa: PLC0415

    workspace = workspace_of(ctx)
    count, end = back_up(workspace, file, overwrite=overwrite)
    click.echo(f"已备份 {count} 份报送到 {file}")
    note_end(end)
    note(f"签发密钥 {workspace.key_file.name} 不在备份里，请另外保管。")


@click.command()
@click.argument("file", metavar="文件", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unsigned", is_flag=True, help="没有这里的签名、或备份时台账已不完整的也恢复")
@click.pass_context
def restore(ctx: click.Context, file: Path, *, unsigned: bool) -> None:
    """把备份恢复到还没有数据的数据集（本机的，或 settings.yaml 指定的服务器）；先核对备份，有不符的不恢复。"""
    from pipeline.office.exporting import put_back  # noqa: PLC0415

    with alone(ctx) as workspace:
        count, end = put_back(workspace, file, unsigned=unsigned)
    click.echo(f"已恢复 {count} 份报送。")
    note_end(end)
    note("请运行 run-pipeline verify 核验，再运行 run-pipeline 更新产品。")


@click.command()
@click.argument("folder", metavar="目录", type=click.Path(file_okay=False, path_type=Path))
@click.option("--period", "period", metavar="报送期", help="只导出一期，如 2023-02；不写则导出各期")
@click.option("--partitioned", is_flag=True, help="改为导出按报送期和地区分目录的 Parquet，供 Dask、DuckDB 等按需读取")
@click.pass_context
def export(ctx: click.Context, folder: Path, period: str | None, *, partitioned: bool) -> None:
    """把整个数据集导出成数据包（CSV、Parquet 和说明），供其他软件使用。"""
    from pipeline.office.exporting import export_package, export_partitions  # noqa: PLC0415

    with alone(ctx, only_looking=True) as workspace:
        if partitioned:
            files, values = export_partitions(workspace, folder, period, ctx.obj["as_of"])
            said = f"{files} 个文件、{values} 个值"
        else:
            said = f"{export_package(workspace, folder, period, ctx.obj['as_of'])} 个文件"
    click.echo(f"已导出 {said}到 {folder}")
