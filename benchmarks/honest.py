"""This program beside what a competent engineer writes today (:mod:`benchmarks.competent`): ratios within one run.

On workbooks without a fault both have to accept the same, to the last value; else there is nothing to compare, and it stops.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.metered import cpu
from pipeline.domain.state import Verdict
from pipeline.ledger.snapshot import take_snapshot
from pipeline.program.layout import CODE_ROW, COUNTY_CODE
from pipeline.program.model import NOT_APPLICABLE, Rows
from pipeline.program.rules import rules_in
from pipeline.workspace.campaign import load_campaign, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.program.model import Form, Period
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace

    Values = dict[tuple[str, str, int], Any]  # unit, field, which entry → value

READING = (
    "import sys, time; from pathlib import Path; from datetime import date;"
    "from pipeline.workspace.campaign import load_campaign; from pipeline.intake.first_round import registry;"
    "from pipeline.intake.inbox import read_inbox; from pipeline.workspace.paths import Workspace;"
    "from pipeline.reading.read import read_return; w = Workspace(root=Path(sys.argv[1]));"
    "c = load_campaign(w); some = read_inbox(w, date.fromisoformat(sys.argv[2])).arrivals;"
    "t = time.process_time(); [read_return(registry(c, ()), a) for a in some]; print(time.process_time() - t)"
)
BESIDES = """\
    本程序另外做的，上面几种写法都不做：
      查验 打开以前先看压缩包、宏、外部引用、隐藏内容和大小，坏的文件不进来，也不拖累别的文件
      认领 凭签名的标记认出是谁、哪一期的，改名、移行、插列都认得；认不出的交人认定；迟报、重报、更正各有说法
      台账 原始字节、每次裁定和经办人的决定按日期留存，前后相链；任何一天的数可以照原样再得出
      话语 每处错都用中文说明在哪个格子、原来怎么填的、应当怎样改，并找出一片错的同一个原因；写进退回的副本
      来历 每个数能查到文件、表、格子和原来的文字；每个数都说明按几个县统计，缺的不当作零
      核实 规则用 Great Expectations 和列掩码各算一遍，两者不同就停
      产品 全套公文、汇总、逾期清单、数据包和网页，而不是一张表加六幅图；相同的输入得出相同的字节"""


def compare(workspace: Workspace, period_code: str, day: date, rounds: int) -> None:
    """Print what each way needs, and ours as a multiple of it.

    Args:
        workspace: With returns of its first period in the inbox.
        period_code: That period.
        day: On which they are taken in.
        rounds: Of which the median is taken; of the plain way, which is slow, one is enough.
    """
    root, campaign = str(workspace.root), load_campaign(workspace)
    period = campaign.program.period_by_code[period_code]
    paths = sorted(map(str, workspace.inbox.rglob("*.xlsx")))
    plan = workspace.root / "plan.json"
    plan.write_text(json.dumps(plan_of(campaign, period, paths)), "utf-8")
    own = ("-m", "pipeline.cli", "--project", root, "--as-of", day.isoformat())
    way, plain = ("-m", "benchmarks.competent", str(plan)), ("-m", "benchmarks.plain", root)
    whole: dict[str, tuple[str, ...]] = {
        "check": (*own, "check", *paths),
        "receive": (*own, "receive"),
        "run": (*own, "--period", period_code),
        **{f"{name} {step}": (*way, name, step) for step in ("check", "all") for name in ("polars", "pandas")},
    }
    reading = {f"{name} read": (*way, name, "read") for name in ("polars", "pandas", "calamine", "openpyxl")}
    reading |= {"read": ("-c", READING, root, day.isoformat())}
    spent: dict[str, list[float]] = {}
    for n in range(rounds):
        for name, command in whole.items():
            if name in {"receive", "run"}:  # from nothing
                shutil.rmtree(workspace.dataset, ignore_errors=True)
                shutil.rmtree(workspace.outbox(period_code), ignore_errors=True)
            spent.setdefault(name, []).append(cpu(*command, faults=name == "check"))
        for name, command in reading.items():
            spent.setdefault(name, []).append(_told(*command))
        if n == 0:
            spent |= {"plain all": [cpu(*plain, "all")], "plain read": [_told(*plain, "read")]}
    clean, values = same(workspace, campaign, period, day, paths)
    print(
        f"(a) {len(paths)} 份报表，CPU 秒；括号里是本程序的几倍。无错的 {clean} 份，各种写法接收的 {values} 个数与本程序逐个相同"
    )
    print("\n".join(_lines({name: median(some) for name, some in spent.items()})))
    print(BESIDES)


def _lines(spent: dict[str, float]) -> Iterator[str]:
    def beside(own: str, step: str, *ways: str) -> str:
        found = ((NAMES[way], spent[f"{way} {step}"]) for way in ways)
        return f"{spent[own]:.2f}；" + "，".join(f"{name} {one:.2f}（{one / spent[own]:.2f}）" for name, one in found)

    yield "    只读（不计导入）：本程序，连同查验 " + beside("read", "read", *NAMES)
    yield "    读并核对，什么也不记：本程序 check " + beside("check", "check", "polars", "pandas")
    yield "    读、核对，记入台账：本程序 receive " + beside("receive", "check", "polars", "pandas")
    yield "    从头到尾：本程序 " + beside("run", "all", "polars", "pandas", "plain")


NAMES = {
    "polars": "polars+fastexcel+掩码",
    "pandas": "pandas+calamine+每表一套GX",
    "calamine": "只用calamine",
    "openpyxl": "openpyxl只读",
    "plain": "逐表打开、逐份GX（老写法）",
}


def _told(*command: str) -> float:
    """The seconds a process says it needed."""
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[0])


def plan_of(campaign: Campaign, period: Period, paths: list[str]) -> dict[str, Any]:
    """What would be typed into a script for this period: sheets, columns, rules and lists of names."""
    program = campaign.program
    return {
        "paths": paths,
        "head": CODE_ROW,
        "days": {
            "period.end": period.end.isoformat(),
            "campaign.start": program.window.start.isoformat(),
            "campaign.end": program.window.end.isoformat(),
        },
        "counties": {c.short_name: c.code for c in program.counties},
        "townships": {c.code: c.townships for c in program.counties},
        "above": {c.code: c.prefecture_code for c in program.counties},
        "respondents": {p.code: p.short_name for p in program.prefectures},
        "forms": [_form(campaign, form, period) for form in program.forms],
    }


def _form(campaign: Campaign, form: Form, period: Period) -> dict[str, Any]:
    program, fields = campaign.program, form.fields_in(period)
    together = program.county_forms if form.rows is Rows.COUNTY else (form,)
    known = {f.code for one in together for f in one.fields_in(period)}
    rules = rules_in(campaign.rules[form.code], known)
    typed = {f.code for one in together for f in one.fields_in(period) if not f.shows}
    used = {column for rule in rules for column in rule.used_columns}
    return {
        "code": form.code,
        "sheet": form.sheet,
        "group": {Rows.COUNTY: "county", Rows.PREFECTURE: "prefecture", Rows.LIST: form.code}[form.rows],
        "key": [] if form.is_list else [COUNTY_CODE],
        "kinds": {f.code: f.type.value for f in fields if not f.shows},
        "away": [f.code for f in fields if f.not_applicable and not f.shows],
        "shows": {f.code: f.shows for one in together for f in one.fields_in(period) if f.shows},
        "more": sorted(column for column in used - typed if not column.endswith(".applies")),
        "rules": [dict(rule.config) for rule in rules],
    }


def same(workspace: Workspace, campaign: Campaign, period: Period, day: date, paths: list[str]) -> tuple[int, int]:
    """How many workbooks are without a fault, and how many values of them every way accepts, none more or less than this program.

    Raises:
        AssertionError: One accepts something else: no honest comparison.
    """
    store = open_store(workspace, campaign.program, create=False)
    try:
        snapshot = take_snapshot(store, day)
    finally:
        store.close()
    clean = {s.prefecture_code for s in snapshot.submissions if s.verdict == Verdict.ACCEPTED}
    files = {(workspace.inbox / s.file).as_posix(): s.prefecture_code for s in snapshot.submissions}
    units = {unit.code for unit in campaign.program.reporters if unit.prefecture_code in clean} | clean
    own: Values = {
        (row.county_code, code, n if row.entry else 0): _plain(value)
        for rows in (*((row,) for row in snapshot.rows.values()), *snapshot.lists.values())
        for n, row in enumerate(rows)
        for code, value in row.values.items()
        if row.period == period.code and row.county_code in units and _plain(value) is not None
    }
    shown = {field.code for field in campaign.program.field_by_code.values() if field.shows}
    own = {key: value for key, value in own.items() if key[1] not in shown}
    for way in ("polars", "pandas"):
        accepted, _ = json.loads((workspace.root / f"{way}.json").read_text("utf-8"))
        theirs = _values(accepted, campaign, [files[path] for path in paths], units)
        differing = sorted(key for key in own.keys() | theirs.keys() if own.get(key) != theirs.get(key))
        assert not differing, (way, len(differing), [(k, own.get(k), theirs.get(k)) for k in differing[:5]])  # noqa: S101
    return len(clean), len(own)


def _values(accepted: dict[str, Any], campaign: Campaign, sources: list[str], units: set[str]) -> Values:
    found: Values = {}
    fields, count = campaign.program.field_by_code, dict[tuple[str, str], int]()
    for group, rows in accepted.items():
        for row in rows:
            is_list = group not in {"county", "prefecture"}
            unit = sources[row["source"]] if is_list else row[COUNTY_CODE]
            n = count[group, unit] = count.get((group, unit), -1) + 1
            for code, typed in row.items():
                value = NOT_APPLICABLE if row.get(f"{code}.applies") == "no" else _plain(typed)
                if code in fields and unit in units and value is not None:
                    found[unit, code, n if is_list else 0] = value
    return found


def _plain(value: Any) -> Any:
    """A value as every way can say it: numbers to the cent, days as text, nothing for what is blank."""
    if isinstance(value, (int, float, Decimal)):
        return None if value != value else round(float(value), 2)  # noqa: PLR0124 - no NaN
    text = "" if value is None else str(value).removesuffix(" 00:00:00")
    return None if text in {"", "NaT", "nan"} else text
