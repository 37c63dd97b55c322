"""index.html: the page staff open first. Self-contained, no network, no script; every text is escaped."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from pipeline.checks.decide import STATE_NAMES, VERDICT_NAMES, Verdict
from pipeline.findings import CATALOGUE, SEVERITY_NAMES, Severity
from pipeline.measures.overdue import Reason, overdue_counties
from pipeline.measures.timeliness import TIMELINESS_NAMES
from pipeline.reports.wording import cn_date, one_decimal
from pipeline.workbook.cells import show
from pipeline.workbook.layout import row_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.dataset.snapshot import Snapshot
    from pipeline.dataset.store import Change, Submission
    from pipeline.findings import Finding
    from pipeline.measures.period import PeriodMeasures
    from pipeline.program.model import Prefecture
    from pipeline.reports.documents import Picture

ASSETS = Path(__file__).with_name("assets")


def index_page(
    m: PeriodMeasures,
    pictures: Mapping[str, Picture],
    documents: Sequence[str],
    returned: Sequence[str],
    letters: Sequence[str],
    *,
    is_demo: bool,
) -> bytes:
    """The page of one period: who reported, what is wrong, what changed, what is overdue, pictures and links to the files."""
    late = overdue_counties(m.obligations, m.period)
    done = m.now.province
    return _template().render(
        title=f"{m.program.short_title} {m.period.title}", period=m.period, as_of=cn_date(m.snapshot.as_of),
        due_on=cn_date(m.period.due_on), is_demo=is_demo, documents=documents, returned=returned, letters=letters,
        states=[(state.value, STATE_NAMES[state], n) for state, n in m.states.items()], roster=len(m.program.counties),
        reported=m.reported, completion="—" if done.pct is None else one_decimal(done.pct) + "%",
        pace=one_decimal(m.now.pace_pct) + "%",
        prefectures=[_prefecture_row(m, p) for p in m.program.prefectures],
        findings=[_finding_row(m, s, f) for s, f in _this_period(m.snapshot, m.period.code)],
        unplaced=[(s, _verdict(s)) for s in m.snapshot.submissions if not s.period],
        held=m.snapshot.held,
        revisions=[(m.snapshot.by_seq[r.seq], len(r.counties), [_change_row(m, c) for c in r.changes])
                   for r in m.snapshot.revisions if m.snapshot.by_seq[r.seq].period == m.period.code],
        submissions=[(s, VERDICT_NAMES[Verdict(s.verdict)]) for s in m.snapshot.submissions if s.period == m.period.code],
        overdue=late, pictures=[(name, p.alt, base64.b64encode(p.png).decode()) for name, p in pictures.items()],
    ).encode()  # fmt: skip


@cache
def _template() -> jinja2.Template:
    environment = SandboxedEnvironment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((ASSETS / "index.html.j2").read_text(encoding="utf-8"))


def _this_period(snapshot: Snapshot, period: str) -> list[tuple[Submission, Finding]]:
    return [(s, f) for s, f in snapshot.findings if s.period in {period, ""}]


def _prefecture_row(m: PeriodMeasures, p: Prefecture) -> dict[str, Any]:
    done = m.now.by_prefecture[p.code]
    mine = next(o for o in m.owed_now if o.is_report and not o.is_county and o.who == p.code)
    counties = [(c.short_name, m.snapshot.state(m.period, c)) for c in m.program.counties_of(p.code)]
    return {
        "name": p.short_name, "reported": done.reported, "roster": done.roster,
        "completion": "未报" if done.pct is None else one_decimal(done.pct), "timeliness": TIMELINESS_NAMES[mine.timeliness],
        "code": mine.timeliness.value, "met_on": cn_date(mine.met_on) if mine.met_on else _unmet(mine.reason),
        "counties": [(name, state.value, STATE_NAMES[state]) for name, state in counties],
    }  # fmt: skip


def _mended(snapshot: Snapshot, s: Submission, f: Finding) -> bool:
    return snapshot.mended(s, f.county_code) or (f.code == "SHEET_MISSING" and f not in snapshot.open_findings(s))


def _unmet(reason: Reason) -> str:
    return "—" if reason in {Reason.NOTHING_RECEIVED, Reason.NONE} else f"已收到，{reason.value}"


def _verdict(entry: Submission) -> str:
    return VERDICT_NAMES[Verdict.HELD] if entry.verdict == Verdict.HELD else "未采用"


def _change_row(m: PeriodMeasures, change: Change) -> dict[str, str]:
    field = m.program.field_by_code[change.field]
    return {"county": row_name(m.program.unit_by_code[change.county_code]), "field": f"{field.title}（{field.code}）",
            "old": show(change.old) or "空", "new": show(change.new) or "空",
            "old_file": m.snapshot.by_seq[change.old_seq].file}  # fmt: skip


def _finding_row(m: PeriodMeasures, s: Submission, f: Finding) -> dict[str, str]:
    unit = m.program.unit_by_code.get(f.county_code)
    field = m.program.field_by_code.get(f.field)
    return {
        "mended": "1" if f.severity is Severity.CRITICAL and _mended(m.snapshot, s, f) else "",
        "severity": f.severity.value, "severity_name": SEVERITY_NAMES[f.severity], "what": CATALOGUE[f.code].title,
        "county": row_name(unit) if unit else "", "field": field.title if field else "", "file": s.file,
        "sheet": f.location.sheet, "cell": f.location.cell, "found": f.found, "expected": f.expected, "fix": f.fix,
    }  # fmt: skip
