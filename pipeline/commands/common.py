"""What every command shares: the workspace, the user, dates, and faults in one line. The clock is read here only."""

from __future__ import annotations

import _thread
import atexit
import gc
import getpass
import json
import re
import signal
import sys
import threading
import traceback
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.words import OPTIONS, again_in_utf8, be_readable, speak_chinese
from pipeline.system.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.domain.entries import End
    from pipeline.intake.inbox import ClockDay
    from pipeline.system.progress import Progress
    from pipeline.workspace.paths import Workspace

speak_chinese()
_CHINA = timedelta(hours=8)
_YEARS = (2000, 2100)
_AGAIN_SECONDS = 0.05
_NEW_OBJECTS = (
    100_000  # until garbage is looked for: values read from the ledger stay, and looking through them costs a tenth
)
_INTERRUPTED = 130  # what shells say of a command ended with Ctrl+C


class _CommandFault(click.ClickException):
    """One of our faults on its way to staff."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]

    def show(self, file: Any = None) -> None:
        """Say it in one line."""
        click.echo(f"错误：{self.message}", file=file, err=file is None)


class CommandGroup(click.Group):
    """Turns our faults into one line and an exit code; staff never see a traceback, and nothing in English."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **extra: Any) -> Any:
        """Run as a program."""
        if args is None:
            again_in_utf8()
            gc.set_threshold(_NEW_OBJECTS)
            atexit.register(gc.freeze)  # nor is garbage looked for at the end: a fifth of a short command
        be_readable()
        return super().main(args, prog_name or "run-pipeline", *rest, **extra)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take a command in."""
        cmd.options_metavar = OPTIONS
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a fault of ours ends it in one line."""
        try:
            with _every_ctrl_c_heard():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _CommandFault(
                "已按 Ctrl+C 停下。已经入库的都在，没有做完的不算；再运行一次即可", _INTERRUPTED
            ) from None
        except PipelineError as fault:
            raise _CommandFault(str(fault), fault.exit_code) from fault
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OSError as refused:
            raise _CommandFault(_report_refusal(ctx, refused), 2) from refused
        except Exception as bug:
            raise _CommandFault(_report_bug(ctx, bug), 2) from bug


@contextmanager
def _every_ctrl_c_heard() -> Iterator[None]:
    """Ctrl+C is for us wherever it lands, and done with once it was heard.

    Python prints and forgets one that lands in a finaliser or in a callback of the import system: it is pressed again. One
    that passed through a text being executed, which libraries do while they are imported, would make Python end by the
    signal at the very end, whatever became of it; the next text that is executed takes that back.
    """
    before, pressed_again = sys.unraisablehook, list[threading.Timer]()

    def forgotten(raised: sys.UnraisableHookArgs) -> None:
        if raised.exc_type is not KeyboardInterrupt:
            before(raised)
            return
        timer = threading.Timer(_AGAIN_SECONDS, _press_ctrl_c)
        timer.daemon = True
        pressed_again.append(timer)
        timer.start()

    sys.unraisablehook = forgotten
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in pressed_again:
            timer.cancel()
        eval("None")  # noqa: S307 - see above


def _press_ctrl_c() -> None:
    """In the main thread, which may be waiting in the system."""
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        _thread.interrupt_main()
    else:
        signal.pthread_kill(main, signal.SIGINT)


def _report_refusal(ctx: click.Context, refused: OSError) -> str:
    """The system refused where nobody foresaw it; the details are kept as for a bug."""
    from pipeline.system.disk import why  # noqa: PLC0415 - only where it is needed

    _report_bug(ctx, refused)
    return f"系统不让读写 {refused.filename or '临时文件'}：{why(refused)}。outbox 保持原样"


def keep_details(ctx: click.Context, bugs: Sequence[Exception]) -> Path | None:
    """Write down where errors nobody foresaw arose; None where there is none of them, or the disk refuses."""
    unforeseen = [
        line for bug in bugs if not isinstance(bug, PipelineError) for line in traceback.format_exception(bug)
    ]
    path = Path((ctx.obj or {}).get("project", ".")) / "dataset" / "error.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if unforeseen:
            path.write_text("".join(unforeseen), encoding="utf-8")
    except OSError:
        return None
    return path if unforeseen else None


def _report_bug(ctx: click.Context, bug: Exception) -> str:
    """Keep the details of an error nobody foresaw for whoever mends it; staff get one line."""
    path = keep_details(ctx, [bug])
    if path is None:
        return f"程序内部错误（{type(bug).__name__}：{bug}），本次没有写入任何产品"
    return f"程序内部错误（{type(bug).__name__}），outbox 保持原样；请把 {path} 发给维护人员"


class Day(click.ParamType[date]):
    """A date as 2023-03-07."""

    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The text as a date, or a fault of usage."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else None
        except ValueError:
            day = None
        if day is None or not _YEARS[0] <= day.year <= _YEARS[1]:
            self.fail(f"“{value}”不是日期，应写成 2023-03-07", param, ctx)
        return day


def today() -> date:
    """In China."""
    return (datetime.now(UTC) + _CHINA).date()


def workspace_of(ctx: click.Context) -> Workspace:
    """The workspace the command was given."""
    from pipeline.workspace.paths import Workspace as Opened  # noqa: PLC0415 - keeps --help fast

    return Opened(root=Path(ctx.obj["project"]).resolve())


def user() -> str:
    """Who runs this, for the lock; some machines do not know."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "未知用户"


def note(text: str) -> None:
    """Say something beside the results."""
    click.echo(text, err=True)


def at_terminal() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirmed(question: str) -> bool:
    """Ask, until it is answered with yes or no; no answer is no."""
    while True:
        click.echo(f"{question}（是/否，直接回车为否）", err=True, nl=False)
        answer = sys.stdin.readline().strip().lower()
        if answer in {"", "否", "n", "no", "不"}:
            return False
        if answer in {"是", "y", "yes", "shi"}:
            return True


def ask_days(found: tuple[ClockDay, ...]) -> None:
    """Have days of receipt confirmed that only the clock of a file says; where nobody is there the run says them afterwards.

    Raises:
        ClickException: They are wrong.
    """
    from pipeline.office.account import judgement  # noqa: PLC0415

    if not at_terminal():
        return
    note("下列文件不在日期文件夹里，收到日期只能按文件的修改日期算：")
    for day in found:
        note(f"  {day.name}：{day.received_on}收到，如是{day.period.title}的报表，算{judgement(day)}")
    if not confirmed("就按这些日期记入台账吗？"):
        raise _CommandFault("没有收。请把这些文件放进以收到日期命名的文件夹（如 2023-05-06），再运行", 2)


def print_json(answer: Any) -> None:
    """An answer for other programs."""
    click.echo(json.dumps(answer, ensure_ascii=False, indent=1))


def note_end(end: End) -> None:
    """Where the ledger ends, to be written down; and whether something speaks against it."""
    if end.doubt:
        note(f"警告：{end.doubt}。请运行 run-pipeline verify 查明")
    note(f"台账封签 {end.word}（请抄下，日后核验用：run-pipeline verify --head {end.word}）")


def period_option(command: Any) -> Any:
    """Which period."""
    return click.option("--period", "period", metavar="报送期", help="报送期，如 2023-02；不写则取最近结束的一期")(
        command
    )


def engine_options(command: Any) -> Any:
    """What files are read and checked on."""
    for option in (
        click.option("--scheduler", metavar="tcp://主机:端口", help="改在 Dask 集群上读表、核对，见 docs/规模.md"),
        click.option(
            "--workers", type=click.IntRange(1), metavar="数", help="本机用几个进程读表、核对（默认按处理器和内存）"
        ),
    ):
        command = option(command)
    return command


def json_option(command: Any) -> Any:
    """For other programs."""
    return click.option("--json", "as_json", is_flag=True, help="输出JSON")(command)


@contextmanager
def alone(ctx: click.Context, *, only_looking: bool = False) -> Iterator[Workspace]:
    """The workspace, held by this user, and with it the dataset that its office shares: whatever writes to them.

    Args:
        ctx: Of the command.
        only_looking: Nothing is entered in the dataset, and whoever may only read it may do this.

    Raises:
        BusyError: Somebody else holds it.
    """
    from pipeline.workspace.paths import lock  # noqa: PLC0415

    workspace = workspace_of(ctx)
    workspace.check()
    who = f"{user()}，{datetime.now(UTC) + _CHINA:%Y-%m-%d %H:%M}"
    with lock(workspace, who), nullcontext() if only_looking else _turn(workspace, who):
        yield workspace


@contextmanager
def at_work(
    ctx: click.Context, workers: int | None, scheduler: str
) -> Iterator[tuple[Workspace, Progress, dict[str, Any]]]:
    """The workspace held, what shows how far it is, and where files are read and checked.

    Raises:
        UsageError: Both a number of workers here and a cluster.
    """
    from pipeline.scale.choose import open_engine  # noqa: PLC0415
    from pipeline.system.progress import on_screen  # noqa: PLC0415
    from pipeline.workspace.settings import load_settings  # noqa: PLC0415

    if workers and scheduler:
        raise click.UsageError("--workers 和 --scheduler 只能写一个：集群有几个进程，由启动它的人定")
    with alone(ctx) as workspace, on_screen() as progress, open_engine(scheduler, workers) as on:
        yield workspace, progress, {"on": on, "sent": bool(scheduler) and not load_settings(workspace).shared_disk}


@contextmanager
def _turn(workspace: Workspace, who: str) -> Iterator[None]:
    """One office after the other, where several share a dataset; the workspace's own lock knows only of this one."""
    from pipeline.workspace.settings import load_settings  # noqa: PLC0415

    if not load_settings(workspace).dataset:
        yield
        return
    from pipeline.program.load import load_program  # noqa: PLC0415
    from pipeline.workspace.campaign import open_store  # noqa: PLC0415

    store = open_store(workspace, load_program(workspace.program))
    try:
        with store.held(who):
            yield
    finally:
        store.close()
