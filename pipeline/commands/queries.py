"""Commands that look: who reported, what is overdue, where a number comes from, one county on a page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.common import alone, json_option, note, period_option, print_json, workspace_of
from pipeline.domain.obligation import KIND_NAMES
from pipeline.domain.signing import SIGN_NAMES, SignOff, SignState
from pipeline.domain.state import STATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.domain.state import State
    from pipeline.measures.reported import ReportedPeriod


@click.command()
@period_option
@json_option
@click.pass_context
def status(ctx: click.Context, period: str | None, as_json: bool) -> None:
    """谁报了，谁被退回，谁未报。"""
    from pipeline.office.reported import reminder_hint, reported_in, unit_states  # noqa: PLC0415

    m = reported_in(workspace_of(ctx), period, ctx.obj["as_of"])
    if as_json:
        print_json(unit_states(m))
    else:
        print_status(m)
        if hint := reminder_hint(m):
            note(hint)


def print_status(m: ReportedPeriod) -> None:
    """Who reported, prefecture by prefecture."""
    from pipeline.office.reported import status_of  # noqa: PLC0415

    found, program = status_of(m), m.program
    asked = f"{len(program.measured)} {program.words.rows}"
    click.echo(f"{m.period.title}（截止 {m.period.due_on}）：应报 {asked}，{_counted(found.states)}")
    if found.own:
        click.echo(f"  {program.respondent_level}本级：应报 {sum(found.own.values())} 个，{_counted(found.own)}")
    if m.signs and (program.sign_off is SignOff.REQUIRED or set(m.signs) != {SignState.UNSIGNED}):
        click.echo("  确认单：" + "，".join(f"{SIGN_NAMES[state]} {n}" for state, n in m.signs.items()))
    for p in found.prefectures:
        click.echo(f"  {p.name}\t{p.done}/{p.asked}\t{'；'.join(filter(None, (p.signed, *p.gaps)))}".rstrip())


@click.command()
@click.option("--period", "period", metavar="报送期", help="报送期，如 2023-02；不写则取截止日最近还没有过的一期")
@click.pass_context
def remind(ctx: click.Context, period: str | None) -> None:
    """截止日以前提示还没有报齐的单位：文字可直接粘贴，提示函写入 outbox/提示/报送期/。"""
    from pipeline.office.reminding import remind as whom  # noqa: PLC0415

    as_of = ctx.obj["as_of"]
    with alone(ctx) as workspace:
        found = whom(workspace, period, as_of)
    click.echo("\n\n".join(found.texts), nl=bool(found.texts))
    days = "、".join(map(str, found.days))
    note(
        f"{found.period.title}（截止 {found.period.due_on}，提示日 {days}）：没有报齐、今天提示的 {len(found.texts)} 个"
    )
    if found.texts:
        note(f"文字和提示函在 {found.folder}。收件箱里有新文件的，请先运行 run-pipeline receive，再提示")
    for line in found.first_ours:
        note(f"没有提示，请先处理：{line}")


def _counted(states: Mapping[State, int]) -> str:
    return "，".join(f"{STATE_NAMES[state]} {n}" for state, n in states.items())


@click.command()
@period_option
@json_option
@click.pass_context
def overdue(ctx: click.Context, period: str | None, as_json: bool) -> None:
    """逾期的单位：原因、对口联系单位、天数、连续期数。"""
    from pipeline.office.reported import overdue_list, overdue_rows, reported_in  # noqa: PLC0415

    m = reported_in(workspace_of(ctx), period, ctx.obj["as_of"])
    late = overdue_list(m)
    if as_json:
        print_json(overdue_rows(late))
        return
    click.echo(f"{m.period.title}逾期{m.program.words.row} {len(late.counties)} 个（截至 {m.snapshot.as_of}）")
    for o in late.counties:
        days, streak = f"逾期{o.days_overdue}天", f"连续{o.streak}期"
        click.echo(f"  {o.prefecture.short_name}\t{o.name}\t{o.reason.value}\t{days}\t{streak}\t{o.contact}")
    if late.pending:
        reasons = Counter(o.reason.value for o in late.pending)
        listed = "，".join(f"{reason}{n}个" for reason, n in reasons.items())
        click.echo(f"收到待处理、不列入逾期 {len(late.pending)} 个：{listed}")
    if late.others:
        kinds = Counter(m.program.worded(KIND_NAMES[o.kind]) for o in late.others)
        listed = "，".join(f"{kind}{n}项" for kind, n in kinds.items())
        click.echo(f"其他逾期事项 {len(late.others)} 项：{listed}，见{m.program.worded('逾期县清单')}.xlsx")
    if late.contacts:
        whose = Counter(o.name for o in late.contacts)
        listed = "，".join(f"{name}{n}项" for name, n in whose.items())
        click.echo(f"{m.program.words.contact}和领导逾期事项 {len(late.contacts)} 项：{listed}")


@click.command()
@period_option
@click.option("--level", metavar="级", help="只看这一级，写 program.yaml 里 levels 的叫法；不写则看最上面一级")
@click.option("--field", metavar="指标", help="只看这个指标，写代码")
@json_option
@click.pass_context
def totals(ctx: click.Context, period: str | None, level: str | None, field: str | None, as_json: bool) -> None:
    """各级的合计：一个单位一个指标一行，写明下面应报几个、报了几个。没有人报的不写0。"""
    from pipeline.office.queries import add_up  # noqa: PLC0415

    found = add_up(workspace_of(ctx), period, ctx.obj["as_of"], level, field)
    if as_json:
        print_json(found.rows)
        return
    click.echo(f"{found.period.title}　{found.level}合计（截至 {ctx.obj['as_of']}）")
    for row in found.rows:
        total = "没有人报" if row["total"] is None else f"{row['total']}{row['unit']}"
        click.echo(f"  {row['name']}\t{row['field']} {row['title']}\t{total}\t已报{row['reported']}/{row['roster']}")


@click.command()
@period_option
@json_option
@click.pass_context
def burden(ctx: click.Context, period: str | None, as_json: bool) -> None:
    """减负账：每个单位应填、带出、新填、改动了多少格，估计用了多少时间；哪些指标没有用处。"""
    from pipeline.office.burden import burden_of  # noqa: PLC0415

    found = burden_of(workspace_of(ctx), period, ctx.obj["as_of"])
    if as_json:
        print_json(found.as_rows)
        return
    m, w = found.m, found.m.program.words
    click.echo(f"{m.period.title}减负账（截至 {m.snapshot.as_of}）")
    if not found.periods:
        click.echo("  没有账：下发的表是以前的版本做的，查不到带出了哪些数；下一次下发起有账")
    scopes = [*((period.title, one) for period, one in found.periods), *found.prefectures]
    for name, one in scopes:
        click.echo(f"  {name}\t{_burden_line(found.counted(one))}")
    unread = "、".join(f"{one.title}（{one.code}）" for one in found.unread)
    click.echo(f"没有用处的指标 {len(found.unread)} 项" + (f"：{unread}" if unread else ""))
    if found.unread:
        click.echo(f"  公文、图、{w.whole}汇总、网页、催办都没有用到；哪项指标用在哪里，见 --json 的 columns")


def _burden_line(counted: Mapping[str, Any]) -> str:
    """应填24478格（没有用处4800格），129个单位有账115个：带出20270、新填160……"""
    said = (
        f"应填{counted['asked']}格（没有用处{counted['unread']}），{counted['units']}个单位、有账{counted['known']}个"
    )
    if not counted["known"]:
        return said
    known = f"带出{counted['prefilled']}，新填{counted['typed']}，改动{counted['changed']}，选√{counted['ticked']}行"
    again = f"说明{counted['explained']}处，退回重填{counted['again']}格"
    spent = "" if counted["minutes"] is None else f"，约{counted['minutes'] / counted['known']:.0f}分钟/单位"
    return f"{said}；{known}，{again}{spent}"


@click.command()
@click.argument("county", metavar="单位")
@click.argument("field", metavar="指标")
@period_option
@json_option
@click.pass_context
def trace(ctx: click.Context, county: str, field: str, period: str | None, as_json: bool) -> None:
    """一个数从哪里来：文件、工作表、单元格、所填文字、核对规则。

    写单位和指标，都可写代码或名称；问题、亮点等清单写编号和指标，如 530100-001 P-8。
    公文里的数写文件名和它在 manifest.json 里的序号，如 工作简报.docx 17。
    """
    if county.endswith(".docx"):
        _trace_document(ctx, county, field, period, as_json=as_json)
        return
    from pipeline.office.tracing import trace_value  # noqa: PLC0415

    found = trace_value(workspace_of(ctx), county, field, period, ctx.obj["as_of"])
    answer = found.answer
    if answer is None:
        note(f"{found.name} {found.period.title}：{found.typed}")
        ctx.exit(1)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{found.name} {answer['title']}（{answer['field']}，{found.period.title}）：{answer['value'] or '空'}")
    where = f"{answer['file']} › {answer['sheet']} › {answer['cell']}"
    click.echo(f"  {where}，{found.typed}，报送序号 {answer['submission']}")
    click.echo(f"  核对规则：{'、'.join(answer['rules'])}")


def _trace_document(ctx: click.Context, document: str, number: str, period: str | None, *, as_json: bool) -> None:
    """Where a number printed in a document comes from."""
    from pipeline.office.tracing import printed_number  # noqa: PLC0415

    if not number.isdecimal():
        raise click.UsageError("请写这个数在 manifest.json 里的序号（figures 中的 no），如 17")
    found = printed_number(workspace_of(ctx), document, int(number), period, ctx.obj["as_of"])
    if as_json:
        print_json(found)
        return
    click.echo(f"{document} 第{number}个数：{found['text']}（{found['measure']}）")
    click.echo(f"  {found['how']}，共 {len(found['sources'])} 处")
    for source in found["sources"]:
        where = f"{source['file']} › {source['sheet']} › {source['cell']}，报送序号 {source['submission']}"
        click.echo(f"  {source['who']}\t{source['field']}\t{source['value']}\t{where}")


@click.command()
@click.argument("county", metavar="单位")
@period_option
@click.pass_context
def profile(ctx: click.Context, county: str, period: str | None) -> None:
    """一个单位的一页画像（Word），写入 outbox/画像/报送期/。"""
    from pipeline.office.queries import write_profile  # noqa: PLC0415

    click.echo(str(write_profile(workspace_of(ctx), county, period, ctx.obj["as_of"])))


@click.command()
@click.argument("unit", metavar="单位")
@click.pass_context
def history(ctx: click.Context, unit: str) -> None:
    """一个单位的全部报送：何时收到、结论、改动了什么，以及工作人员的认定、撤回和封存。"""
    from pipeline.office.tracing import history_of  # noqa: PLC0415

    for line in history_of(workspace_of(ctx), unit, ctx.obj["as_of"]):
        click.echo(line)
