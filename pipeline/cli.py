"""``run-pipeline``: thin commands. The only module that prints or reads the clock.

Results go to stdout, progress and summaries to stderr. Exit codes: 0 done (also when returns have faults), 1 the answer
is no (check, trace), 2 usage or a fault on our side, 3 workspace busy.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import re
import shlex
import shutil
import sys
import traceback
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pipeline.checks.decide import Decision
    from pipeline.findings import Finding
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Program
    from pipeline.workbook.read import Reading
    from pipeline.workspace import Workspace

CHINA = timedelta(hours=8)
YEARS = (2000, 2100)


class _Fault(click.ClickException):
    """One of our faults on its way to staff."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]

    def show(self, file: Any = None) -> None:
        """Say it in one line."""
        click.echo(f"错误：{self.message}", file=file, err=file is None)


class _Group(click.Group):
    """Turns our faults into one line and an exit code; staff never see a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PipelineError as fault:
            raise _Fault(str(fault), fault.exit_code) from fault
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as bug:
            raise _Fault(_report_bug(ctx, bug), 2) from bug


def _report_bug(ctx: click.Context, bug: Exception) -> str:
    """Keep the details of an error nobody foresaw for whoever mends it; staff get one line."""
    folder = Path((ctx.obj or {}).get("project", ".")) / "dataset"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "error.log"
        path.write_text("".join(traceback.format_exception(bug)), encoding="utf-8")
    except OSError:
        return f"程序内部错误（{type(bug).__name__}：{bug}），本次没有写入任何产品"
    return f"程序内部错误（{type(bug).__name__}），outbox 保持原样；请把 {path} 发给维护人员"


class _Day(click.ParamType[date]):
    """A date as 2023-03-07."""

    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else None
        except ValueError:
            day = None
        if day is None or not YEARS[0] <= day.year <= YEARS[1]:
            self.fail(f"“{value}”不是日期，应写成 2023-03-07", param, ctx)
        return day


def _today() -> date:
    return (datetime.now(UTC) + CHINA).date()


def _workspace(ctx: click.Context) -> Workspace:
    from pipeline.workspace import Workspace as Opened  # noqa: PLC0415 - keeps --help fast

    return Opened(root=Path(ctx.obj["project"]).resolve())


def _user() -> str:
    """Who runs this, for the lock; some machines do not know."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "未知用户"


def _note(text: str) -> None:
    click.echo(text, err=True)


def _period_option(command: Any) -> Any:
    return click.option("--period", "period", metavar="P", help="报送期，如 2023-02；不写则取最近结束的一期")(command)


def _json_option(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="输出JSON")(command)


@click.group(cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--project", default=".", metavar="DIR", show_default="当前目录", help="工作目录")
@click.option("--as-of", "as_of", type=_Day(), metavar="DATE", help="以这一天为准（默认今天）")
@click.option("--period", "period", metavar="P", help="报送期，如 2023-02；不写则取最近结束的一期")
@click.version_option(package_name="run-pipeline", message="%(version)s")
@click.pass_context
def main(ctx: click.Context, project: str, as_of: date | None, period: str | None) -> None:
    """收齐、核对、汇总各州（市）报表，生成简报、清单和图表。

    不带子命令即运行主流程：inbox/ 的报表 → 数据集 → outbox/报送期/。
    """
    for stream in (sys.stdout, sys.stderr):  # a console that cannot show a character shows a question mark
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    ctx.obj = {"project": project, "as_of": as_of or _today(), "as_of_given": as_of is not None}
    if ctx.invoked_subcommand is None:
        _main_job(ctx, period)
    elif period is not None:
        raise click.UsageError("--period 请写在子命令之后")


def _main_job(ctx: click.Context, period: str | None) -> None:
    from pipeline.dataset.snapshot import revised_lines  # noqa: PLC0415
    from pipeline.progress import shown  # noqa: PLC0415
    from pipeline.run import run  # noqa: PLC0415
    from pipeline.workspace import lock  # noqa: PLC0415

    workspace, as_of = _workspace(ctx), ctx.obj["as_of"]
    workspace.check()
    with lock(workspace, f"{_user()}，{datetime.now(UTC) + CHINA:%Y-%m-%d %H:%M}"), shown() as tell:
        outcome = run(workspace, period, as_of, _user(), tell)
    for name in outcome.inbox.later:
        _note(f"未收：{name}（收件日期晚于 {as_of}，留待以后）")
    for one in outcome.inbox.changing:
        _note(f"未收：{one.name}（还在写入，没有传完，留待下次）")
    for name in outcome.inbox.undated:
        _note(f"请注意：文件夹“{name}”不是日期（应写成 2023-03-06），里面的文件按修改日期算收件日期")
    for name, why in outcome.inbox.unreadable:
        _note(f"读不出：{name}（{why}）")
    _note(f"新收 {len(outcome.taken.seqs)} 份报送，收件箱共 {len(outcome.inbox.arrivals)} 个文件。")
    for copy in outcome.measures.snapshot.copies:
        if copy.file in {one.name for one in outcome.taken.repeated}:
            _note(f"没有再收：{copy.file}，与报送序号 {copy.original.seq}（{copy.original.file}）内容完全相同")
    for line in revised_lines(outcome.measures.program, outcome.measures.snapshot, outcome.taken.seqs):
        _note(line)
    for other in outcome.others:
        _note(f"{other.title}也有新的报送：那一期的产品和退回表已一并更新，见 {workspace.outbox(other.code)}")
    for held in outcome.measures.snapshot.held:
        _note(
            f"待认定：{held.file}（{held.reason}）。核实后：run-pipeline admit {_quoted(held.file)} --as 州（市） --reason 理由"
        )
    _print_status(outcome.measures)
    _note(f"请先打开：{workspace.outbox(outcome.measures.period.code) / 'index.html'}")


def _quoted(text: str) -> str:
    """As one word of a command line of this system."""
    return f'"{text}"' if os.name == "nt" else shlex.quote(text)


def _print_status(m: PeriodMeasures) -> None:
    from pipeline.checks.decide import STATE_NAMES, State  # noqa: PLC0415

    names = [f"{STATE_NAMES[state]} {n}" for state, n in m.states.items()]
    click.echo(f"{m.period.title}（截止 {m.period.due_on}）：应报 {len(m.program.counties)} 个县，" + "，".join(names))
    for p in m.program.prefectures:
        counties = m.program.counties_of(p.code)
        states = {c.short_name: m.snapshot.state(m.period, c) for c in counties}
        done = sum(s in {State.ACCEPTED, State.NIL} for s in states.values())
        gaps = [f"{STATE_NAMES[state]}：{'、'.join(some)}" for state in (State.RETURNED, State.MISSING)
                if (some := [name for name, s in states.items() if s is state])]  # fmt: skip
        if len(gaps) == 1 and done == 0 and State.MISSING in states.values():
            gaps = ["全部未报"]
        click.echo(f"  {p.short_name}\t{done}/{len(counties)}\t{'；'.join(gaps)}".rstrip())


@main.command()
@click.option("--period", "period", metavar="P", help="报送期；不写则取日期所在的一期")
@click.option("--prefecture", metavar="CODE", help="只下发一个州（市），写代码或名称，如 530100、昆明市")
@click.option("--new-key", is_flag=True, help="签发密钥确已遗失时另做一把；此后用旧表报来的都须逐份认定")
@click.pass_context
def issue(ctx: click.Context, period: str | None, prefecture: str | None, new_key: bool) -> None:
    """生成下发的报表，写入 outbox/报送期/下发/。"""
    from pipeline import issuing  # noqa: PLC0415
    from pipeline.campaign import choose_issue_period, load_campaign  # noqa: PLC0415
    from pipeline.progress import shown  # noqa: PLC0415
    from pipeline.workspace import lock  # noqa: PLC0415

    workspace, as_of = _workspace(ctx), ctx.obj["as_of"]
    campaign = load_campaign(workspace)
    chosen = choose_issue_period(campaign.program, period, as_of)
    with lock(workspace, f"{_user()}，{datetime.now(UTC) + CHINA:%Y-%m-%d %H:%M}"), shown() as tell:
        files = issuing.issue(workspace, chosen.code, prefecture, as_of, new_key=new_key, tell=tell)
    for name in files:
        click.echo(str(workspace.outbox(chosen.code) / issuing.ISSUED / name))
    _note(f"已生成 {chosen.title}报表 {len(files)} 份，报送截止 {chosen.due_on}")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """试检查报回的报表，什么也不写入。有退回的问题则返回码为1。"""
    from pipeline.looking import dry_run  # noqa: PLC0415
    from pipeline.workbook.read import Arrival  # noqa: PLC0415
    from pipeline.workspace import read_files, readable  # noqa: PLC0415

    as_of = ctx.obj["as_of"]
    arrivals = []
    for path, seen in read_files(files).items():
        if isinstance(seen, OSError):
            raise click.ClickException(f"读不出 {path}：{seen.strerror}") from seen
        name = readable(str(path))
        arrivals.append(Arrival(name=name, content=seen.content, received_on=as_of, changing=seen.changing))
    program, results = dry_run(_workspace(ctx), arrivals, as_of)
    found = [
        f for reading, decisions in results for f in (*reading.findings, *(x for d in decisions for x in d.findings))
    ]
    if as_json:
        click.echo(json.dumps([_finding_json(f) for f in found], ensure_ascii=False, indent=1))
    else:
        for reading, decisions in results:
            _print_check(program, reading, decisions)
    ctx.exit(1 if any(f.severity == "critical" for f in found) else 0)


def _print_check(program: Program, reading: Reading, decisions: tuple[Decision, ...]) -> None:
    from pipeline.checks.problems import verdict_text  # noqa: PLC0415

    for line in verdict_text(program, reading, decisions):
        click.echo(line)


def _finding_json(f: Finding) -> dict[str, str]:
    from pipeline.findings import CATALOGUE  # noqa: PLC0415

    return {"file": f.location.file, "county_code": f.county_code, "code": f.code, "severity": f.severity.value,
            "title": CATALOGUE[f.code].title, "sheet": f.location.sheet, "cell": f.location.cell, "field": f.field,
            "found": f.found, "expected": f.expected, "fix": f.fix}  # fmt: skip


@main.command()
@click.option("--once", is_flag=True, help="只检查现有的文件，然后结束")
@click.pass_context
def watch(ctx: click.Context, once: bool) -> None:
    """守候收件箱：文件一到就试检查，结论写入 outbox/收件/。按 Ctrl+C 结束。"""
    from pipeline.watch import look_once, wait_for_files  # noqa: PLC0415

    workspace, as_of = _workspace(ctx), ctx.obj["as_of"]
    workspace.check()
    if not once:
        _note(f"正在守候 {workspace.inbox}，按 Ctrl+C 结束。")
    fixed = ctx.obj["as_of_given"]
    try:
        for _ in [None] if once else wait_for_files(workspace):
            for name, verdict in look_once(workspace, as_of if fixed else _today()):
                click.echo(f"{name}：{verdict}")
    except KeyboardInterrupt:
        _note("已结束守候。")


@main.command()
@click.argument("file")
@click.option("--as", "prefecture", required=True, metavar="PREFECTURE", help="是哪个州（市）的报表，写代码或名称")
@click.option(
    "--period", "period", metavar="P", help="是哪一期的报表；不写则按表上所写，表上没有的按收到时最近结束的一期"
)
@click.option("--reason", required=True, metavar="TEXT", help="认定的理由，记入台账")
@click.pass_context
def admit(ctx: click.Context, file: str, prefecture: str, period: str | None, reason: str) -> None:
    """认定一个待认定的文件是谁的报表，记入台账；下次运行时收入。"""
    from pipeline import acts  # noqa: PLC0415
    from pipeline.workspace import lock  # noqa: PLC0415

    workspace, as_of = _workspace(ctx), ctx.obj["as_of"]
    workspace.check()
    with lock(workspace, f"{_user()}，{datetime.now(UTC) + CHINA:%Y-%m-%d %H:%M}"):
        act, program = acts.admit(workspace, file, prefecture, period, reason, _user(), as_of)
    unit = program.prefecture_by_code[act.prefecture_code].name
    click.echo(
        f"已认定：{act.file} 是{unit}{program.period_by_code[act.period].title}的报表（台账第{act.seq}条，{act.who}）。"
    )
    _note("请运行 run-pipeline，收入这份报表。")


@main.command()
@click.option("--period", "period", required=True, metavar="P", help="要封存的报送期，如 2022-12")
@click.option("--reason", required=True, metavar="TEXT", help="封存的理由，记入台账")
@click.pass_context
def close(ctx: click.Context, period: str, reason: str) -> None:
    """封存一期：此后收到的这一期报表先待认定，不直接收入。"""
    from pipeline import acts  # noqa: PLC0415
    from pipeline.workspace import lock  # noqa: PLC0415

    workspace, as_of = _workspace(ctx), ctx.obj["as_of"]
    workspace.check()
    with lock(workspace, f"{_user()}，{datetime.now(UTC) + CHINA:%Y-%m-%d %H:%M}"):
        act, program = acts.close(workspace, period, reason, _user(), as_of)
    click.echo(f"已封存：{program.period_by_code[act.period].title}（{act.done_on}，台账第{act.seq}条，{act.who}）。")


@main.command()
@_period_option
@_json_option
@click.pass_context
def status(ctx: click.Context, period: str | None, as_json: bool) -> None:
    """谁报了，谁被退回，谁未报。"""
    from pipeline.looking import look  # noqa: PLC0415

    m = look(_workspace(ctx), period, ctx.obj["as_of"])
    if not as_json:
        _print_status(m)
        return
    rows = [{"county_code": c.code, "county": c.short_name, "prefecture_code": c.prefecture_code, "period": m.period.code,
             "state": m.snapshot.state(m.period, c).value} for c in m.program.counties]  # fmt: skip
    click.echo(json.dumps(rows, ensure_ascii=False, indent=1))


@main.command()
@_period_option
@_json_option
@click.pass_context
def overdue(ctx: click.Context, period: str | None, as_json: bool) -> None:
    """逾期的县：原因、对口联系单位、天数、连续期数。"""
    from pipeline.looking import look  # noqa: PLC0415
    from pipeline.measures.obligation import KIND_NAMES  # noqa: PLC0415
    from pipeline.measures.overdue import overdue_counties, overdue_others  # noqa: PLC0415

    m = look(_workspace(ctx), period, ctx.obj["as_of"])
    late = [*overdue_counties(m.obligations, m.period), *overdue_others(m.obligations)]
    rows = [{"who": o.who, "county": o.name, "prefecture": o.prefecture.short_name, "reason": o.reason.value,
             "contact": o.contact, "due_on": o.due_on.isoformat(), "days_overdue": o.days_overdue, "streak": o.streak,
             "kind": o.kind.value, "what": o.what} for o in late]  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    counties = overdue_counties(m.obligations, m.period)
    click.echo(f"{m.period.title}逾期县 {len(counties)} 个（截至 {m.snapshot.as_of}）")
    for o in counties:
        click.echo(
            f"  {o.prefecture.short_name}\t{o.name}\t{o.reason.value}\t逾期{o.days_overdue}天\t连续{o.streak}期\t{o.contact}"
        )
    others = overdue_others(m.obligations)
    if others:
        kinds = Counter(KIND_NAMES[o.kind] for o in others)
        click.echo(
            f"其他逾期事项 {len(others)} 项：{'，'.join(f'{kind}{n}项' for kind, n in kinds.items())}，见逾期县清单.xlsx"
        )


@main.command()
@click.argument("county")
@click.argument("field")
@_period_option
@_json_option
@click.pass_context
def trace(ctx: click.Context, county: str, field: str, period: str | None, as_json: bool) -> None:
    """一个县一项指标的数从哪里来：文件、工作表、单元格、所填文字。

    州（市）本级的指标写州（市）；问题、亮点等清单写编号，如 530100-001 P-8。
    """
    from pipeline.campaign import choose_period, open_snapshot  # noqa: PLC0415
    from pipeline.checks.decide import State  # noqa: PLC0415
    from pipeline.workbook.cells import show  # noqa: PLC0415

    campaign, snapshot = open_snapshot(_workspace(ctx), ctx.obj["as_of"])
    program = campaign.program
    chosen = choose_period(program, period, ctx.obj["as_of"])
    one = _find_field(program, field)
    form = next(f for f in program.forms if any(x.code == one for x in f.fields))
    if form.is_list:
        unit, name, row = county, county, snapshot.entry(form, chosen, county)
        absent = "这一期的清单里没有这个编号"
    else:
        unit = _find_county(program, county)
        name, absent = program.unit_by_code[unit].name, snapshot.absence(chosen, unit)
        stands = snapshot.state(chosen, program.unit_by_code[unit]) not in {State.RETURNED, State.MISSING}
        row = snapshot.rows.get((form.code, chosen.code, unit)) if stands else None
    if row is None or one not in row.values:
        _note(f"{name} {chosen.title}：{absent}")
        ctx.exit(1)
    origin, value = snapshot.origin_of(row, one), row.values[one]
    answer = {"county_code": unit, "field": one, "title": program.field_by_code[one].title, "period": chosen.code,
              "value": show(value), "submission": origin.submission, "file": origin.file, "sheet": origin.sheet,
              "cell": origin.cell, "raw": origin.raw}  # fmt: skip
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    click.echo(f"{name} {answer['title']}（{one}，{chosen.title}）：{answer['value'] or '空'}")
    typed = f"所填“{origin.raw}”" if origin.raw else "未填，沿用零报告的数"
    click.echo(f"  {origin.file} › {origin.sheet} › {origin.cell}，{typed}，报送序号 {origin.submission}")


def _find_county(program: Program, text: str) -> str:
    found = [u.code for u in program.unit_by_code.values() if text in {u.code, u.name, u.short_name, *u.names}]
    if len(found) != 1:
        raise click.UsageError(f"没有叫“{text}”的县；请写县名或6位代码")
    return found[0]


def _find_field(program: Program, text: str) -> str:
    from pipeline.program.strict import nearest  # noqa: PLC0415

    found = [code for code, f in program.field_by_code.items() if text in {code, f.title}]
    if len(found) != 1:
        raise click.UsageError(f"没有指标“{text}”{nearest(text, list(program.field_by_code))}；请写代码，如 Q01-1")
    return found[0]


@main.command()
@click.argument("county")
@_period_option
@click.pass_context
def profile(ctx: click.Context, county: str, period: str | None) -> None:
    """一个县的一页画像（Word），写入 outbox/画像/报送期/。"""
    from pipeline.looking import profile as draw  # noqa: PLC0415
    from pipeline.workspace import write_file  # noqa: PLC0415

    path, content = draw(_workspace(ctx), county, period, ctx.obj["as_of"])
    write_file(path, content)
    click.echo(str(path))


@main.command()
@click.pass_context
def lint(ctx: click.Context) -> None:
    """检查 program/、expectations/ 和 templates/ 有没有写错。"""
    from pipeline.looking import lint as check_all  # noqa: PLC0415

    problems = check_all(_workspace(ctx))
    for problem in problems:
        click.echo(problem)
    if problems:
        ctx.exit(2)
    _note("program/、expectations/、templates/ 都没有问题。")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """建一个新的工作目录。"""
    from pipeline.starter import create_workspace  # noqa: PLC0415

    create_workspace(folder)
    _note(f"已建好 {folder}。下一步：run-pipeline --project {folder} issue")


@main.command()
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path))
def demo(folder: Path) -> None:
    """用虚构的数字演示全部六期：下发、填报、退回、重报、汇总。"""
    from pipeline.demo import play  # noqa: PLC0415

    if folder.exists() and any(folder.iterdir()):
        if not (folder / "演示数据.txt").is_file():
            raise click.UsageError(f"{folder} 已有内容且不是演示目录，请另选一个目录")
        shutil.rmtree(folder)
    last = play(folder, tell=_note)
    click.echo(f"演示完成（数字均为虚构）。请先打开：{last}")


if __name__ == "__main__":
    sys.exit(main())
