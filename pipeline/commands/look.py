"""Commands that look: who reported, what is overdue, where a number comes from, one county on a page."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import click

from pipeline.commands.common import json_option, note, period_option, workspace_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Prefecture, Program


@click.command()
@period_option
@json_option
@click.pass_context
def status(ctx: click.Context, period: str | None, as_json: bool) -> None:
    """谁报了，谁被退回，谁未报。"""
    from pipeline.office.queries import look  # noqa: PLC0415

    m = look(workspace_of(ctx), period, ctx.obj["as_of"])
    if not as_json:
        print_status(m)
        return
    rows = [
        {
            "county_code": c.code,
            "county": c.short_name,
            "prefecture_code": c.prefecture_code,
            "period": m.period.code,
            "state": m.snapshot.state(m.period, c).value,
        }
        for c in m.program.reporters
    ]
    click.echo(json.dumps(rows, ensure_ascii=False, indent=1))


def print_status(m: PeriodMeasures) -> None:
    """Who reported, prefecture by prefecture."""
    from pipeline.domain.state import STATE_NAMES, State  # noqa: PLC0415

    names = [f"{STATE_NAMES[state]} {n}" for state, n in m.states_shown.items()]
    click.echo(
        f"{m.period.title}（截止 {m.period.due_on}）：应报 {len(m.program.measured)} {m.program.words.rows}，"
        + "，".join(names)
    )
    own = [
        m.snapshot.state(m.period, p)
        for p in m.program.reporters
        if m.program.counties and p.code in m.program.prefecture_by_code
    ]
    if own:
        counted = "，".join(f"{STATE_NAMES[one]} {own.count(one)}" for one in State if one in own)
        click.echo(f"  {m.program.respondent_level}本级：应报 {len(own)} 个，{counted}")
    for p in m.program.prefectures:
        counties = m.program.measured_of(p.code)
        states = {c.short_name: m.snapshot.state(m.period, c) for c in counties}
        done = sum(s.is_reported for s in states.values())
        click.echo(
            f"  {p.short_name}\t{done}/{len(counties)}\t{'；'.join(_gaps(m, p, states, own=bool(own)))}".rstrip()
        )


def _gaps(m: PeriodMeasures, p: Prefecture, states: Mapping[str, str], *, own: bool) -> Iterator[str]:
    """What is missing of a prefecture and why: its counties, and itself where it reports of itself."""
    from pipeline.domain.state import STATE_NAMES, State  # noqa: PLC0415

    waiting = m.snapshot.waiting.get((m.period.code, p.code))
    for state in (State.RETURNED, State.UNUSABLE, State.UNREAD, State.MISSING):
        some = [name for name, s in states.items() if s is state]
        if some and state in {State.UNUSABLE, State.UNREAD} and waiting:
            whose = "" if len(some) == len(states) else "：" + "、".join(some)
            yield f"{waiting.reason}，见 {waiting.file}{whose}"
        elif some and state is State.MISSING and len(some) == len(states):
            yield "全部未报"
        elif some:
            yield f"{STATE_NAMES[state]}：{'、'.join(some)}"
    mine = m.snapshot.state(m.period, p)
    if (own and mine is State.RETURNED) or (own and mine is State.MISSING and State.MISSING not in states.values()):
        yield f"本级{STATE_NAMES[mine]}"


@click.command()
@period_option
@json_option
@click.pass_context
def overdue(ctx: click.Context, period: str | None, as_json: bool) -> None:
    """逾期的县：原因、对口联系单位、天数、连续期数。"""
    from pipeline.measures.obligation import KIND_NAMES  # noqa: PLC0415
    from pipeline.measures.overdue import overdue_counties, overdue_others  # noqa: PLC0415
    from pipeline.measures.timeliness import Timeliness  # noqa: PLC0415
    from pipeline.office.queries import look  # noqa: PLC0415

    m = look(workspace_of(ctx), period, ctx.obj["as_of"])
    late = [*overdue_counties(m.obligations, m.period), *overdue_others(m.obligations)]
    rows = [
        {
            "who": o.who,
            "county": o.name,
            "prefecture": o.prefecture.short_name,
            "reason": o.reason.value,
            "contact": o.contact,
            "due_on": o.due_on.isoformat(),
            "days_overdue": o.days_overdue,
            "streak": o.streak,
            "kind": o.kind.value,
            "what": o.what,
        }
        for o in late
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    counties = overdue_counties(m.obligations, m.period)
    click.echo(f"{m.period.title}逾期{m.program.words.row} {len(counties)} 个（截至 {m.snapshot.as_of}）")
    for o in counties:
        click.echo(
            f"  {o.prefecture.short_name}\t{o.name}\t{o.reason.value}\t逾期{o.days_overdue}天\t连续{o.streak}期\t{o.contact}"
        )
    pending = [o for o in m.owed_now if o.is_report and o.is_measured and o.timeliness is Timeliness.PENDING]
    if pending:
        reasons = Counter(o.reason.value for o in pending)
        click.echo(
            f"收到待处理、不列入逾期 {len(pending)} 个：{'，'.join(f'{reason}{n}个' for reason, n in reasons.items())}"
        )
    others = overdue_others(m.obligations)
    if others:
        kinds = Counter(m.program.worded(KIND_NAMES[o.kind]) for o in others)
        click.echo(
            f"其他逾期事项 {len(others)} 项：{'，'.join(f'{kind}{n}项' for kind, n in kinds.items())}，见{m.program.worded('逾期县清单')}.xlsx"
        )


@click.command()
@period_option
@click.option("--level", metavar="级", help="只看这一级，如 省（区、市）；不写则看最上面一级")
@click.option("--field", metavar="指标", help="只看这个指标，写代码")
@json_option
@click.pass_context
def totals(ctx: click.Context, period: str | None, level: str | None, field: str | None, as_json: bool) -> None:
    """各级的合计：一个单位一个指标一行，写明下面应报几个、报了几个。没有人报的不写0。"""
    import pandas as pd  # noqa: PLC0415

    from pipeline.measures.rollup import shown  # noqa: PLC0415
    from pipeline.office.queries import totals as add_up  # noqa: PLC0415

    program, chosen, frame = add_up(workspace_of(ctx), period, ctx.obj["as_of"])
    level = level or program.levels[0]
    if level not in program.levels:
        raise click.UsageError(f"没有叫“{level}”的一级；有：{'、'.join(program.levels)}")
    if field is not None and field not in set(frame["field"]):
        raise click.UsageError(f"没有可以合计的指标 {field}；代码见各表")
    kept = frame[(frame["level"] == level) & (frame["field"].eq(field) if field else True)]
    rows = shown(program, kept)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    click.echo(f"{chosen.title}　{level}合计（截至 {ctx.obj['as_of']}）")
    for row in rows:
        total = "没有人报" if pd.isna(row["total"]) else f"{row['total']}{row['unit']}"
        click.echo(f"  {row['name']}\t{row['field']} {row['title']}\t{total}\t已报{row['reported']}/{row['roster']}")


@click.command()
@click.argument("county", metavar="县")
@click.argument("field", metavar="指标")
@period_option
@json_option
@click.pass_context
def trace(ctx: click.Context, county: str, field: str, period: str | None, as_json: bool) -> None:
    """一个数从哪里来：文件、工作表、单元格、所填文字、核对规则。

    写县和指标；州（市）本级的指标写州（市）；问题、亮点等清单写编号，如 530100-001 P-8。
    公文里的数写文件名和它在 manifest.json 里的序号，如 工作简报.docx 17。
    """
    if county.endswith(".docx"):
        _trace_document(ctx, county, field, period, as_json=as_json)
        return
    from pipeline.domain.value import show  # noqa: PLC0415
    from pipeline.program.rules import base_fields  # noqa: PLC0415
    from pipeline.workspace.campaign import choose_period, find_unit, open_snapshot  # noqa: PLC0415

    campaign, snapshot = open_snapshot(workspace_of(ctx), ctx.obj["as_of"])
    program = campaign.program
    chosen = choose_period(program, period, ctx.obj["as_of"])
    one = _find_field(program, field)
    form = next(f for f in program.forms if any(x.code == one for x in f.fields))
    if form.is_list:
        unit, name, row = county, county, snapshot.entry(form, chosen, county)
        absent = "这一期的清单里没有这个编号"
    else:
        unit = find_unit(county, tuple(program.unit_by_code.values()), program.words.row, program).code
        name, absent = program.unit_by_code[unit].name, snapshot.absence(chosen, program.unit_by_code[unit])
        stands = snapshot.state(chosen, program.unit_by_code[unit]).is_reported
        row = snapshot.rows.get((form.code, chosen.code, unit)) if stands else None
    if row is None or one not in row.values:
        note(f"{name} {chosen.title}：{absent}")
        ctx.exit(1)
    origin, value = snapshot.origin_of(row, one), row.values[one]
    rules = [
        rule.id
        for rule in campaign.rules[form.code]
        if one in {base for c in rule.used_columns for base in base_fields(c)}
    ]
    answer = {
        "county_code": unit,
        "field": one,
        "title": program.field_by_code[one].title,
        "period": chosen.code,
        "value": show(value),
        "submission": origin.submission,
        "file": origin.file,
        "sheet": origin.sheet,
        "cell": origin.cell,
        "raw": origin.raw,
        "rules": rules,
    }
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    click.echo(f"{name} {answer['title']}（{one}，{chosen.title}）：{answer['value'] or '空'}")
    typed = f"所填“{origin.raw}”" if origin.raw else "未填，沿用零报告的数" if origin.nil else "未填"
    click.echo(f"  {origin.file} › {origin.sheet} › {origin.cell}，{typed}，报送序号 {origin.submission}")
    click.echo(f"  核对规则：{'、'.join(rules)}")


def _trace_document(ctx: click.Context, document: str, number: str, period: str | None, *, as_json: bool) -> None:
    """Where a number printed in a document comes from."""
    from pipeline.office.queries import printed_number  # noqa: PLC0415

    if not number.isdecimal():
        raise click.UsageError("请写这个数在 manifest.json 里的序号（figures 中的 no），如 17")
    told = printed_number(workspace_of(ctx), document, int(number), period, ctx.obj["as_of"])
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    click.echo(f"{document} 第{number}个数：{told['text']}（{told['measure']}）")
    sources = told["sources"]
    click.echo(f"  {told['how']}，共 {len(sources)} 处")
    for one in sources:
        click.echo(
            f"  {one['who']}\t{one['field']}\t{one['value']}\t{one['file']} › {one['sheet']} › {one['cell']}，报送序号 {one['submission']}"
        )


def _find_field(program: Program, text: str) -> str:
    from pipeline.program.strict import nearest  # noqa: PLC0415

    found = [code for code, f in program.field_by_code.items() if text in {code, f.title}]
    if len(found) != 1:
        raise click.UsageError(f"没有指标“{text}”{nearest(text, list(program.field_by_code))}；请写代码，如 Q01-1")
    return found[0]


@click.command()
@click.argument("county", metavar="县")
@period_option
@click.pass_context
def profile(ctx: click.Context, county: str, period: str | None) -> None:
    """一个县的一页画像（Word），写入 outbox/画像/报送期/。"""
    from pipeline.office.queries import profile as draw  # noqa: PLC0415
    from pipeline.workspace.paths import write_file  # noqa: PLC0415

    path, content = draw(workspace_of(ctx), county, period, ctx.obj["as_of"])
    write_file(path, content)
    click.echo(str(path))


@click.command()
@click.argument("unit", metavar="单位")
@click.pass_context
def history(ctx: click.Context, unit: str) -> None:
    """一个县或州（市）的全部报送：何时收到、结论、改动了什么，以及工作人员的认定、撤回和封存。"""
    from pipeline.office.queries import history as told  # noqa: PLC0415

    for line in told(workspace_of(ctx), unit, ctx.obj["as_of"]):
        click.echo(line)
