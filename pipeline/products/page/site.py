"""index.html: the page staff open first. Self-contained, no network; every text is escaped and only our own script runs."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from pipeline.domain.findings import SEVERITY_NAMES
from pipeline.domain.state import STATE_NAMES
from pipeline.measures.overdue import overdue_counties
from pipeline.measures.timeliness import TIMELINESS_NAMES, Timeliness
from pipeline.products.page import rows
from pipeline.products.page.data import as_json, page_data
from pipeline.products.page.map import county_map
from pipeline.products.pictures.registry import kinds
from pipeline.products.wording import Figures, change, cn_date, one_decimal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.word import Picture

_ASSETS = Path(__file__).with_name("assets")
CHARTS, ISSUED = "图表", "下发"
_GROUP_NAMES = {
    "催报": "催报函",
    "退回": "退回的报表和通知",
    CHARTS: "图",
    "数据包": "数据包（CSV）",
    ISSUED: "下发的报表",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShownPicture:
    """A picture on the page; ``file`` is where it also lies by itself."""

    alt: str
    data: str
    file: str


def index_page(
    m: PeriodMeasures,
    pictures: Mapping[str, Picture],
    files: Sequence[str],
    *,
    inbox: Path,
    outbox: Path,
    is_demo: bool,
) -> bytes:
    """The page of one period: who reported, what is wrong, what changed, what is overdue, every figure and its source.

    Args:
        m: Measures of the period.
        pictures: Its pictures, by name.
        files: Paths of its other products inside ``outbox``.
        inbox: Where the received files lay when they were taken in.
        outbox: Where the page will lie; what was issued for the period lies there already.
        is_demo: The figures are invented.
    """
    links = _links(m, inbox, outbox)
    issued = sorted(f"{ISSUED}/{p.name}" for p in (outbox / ISSUED).glob("*.xlsx"))
    late, others = overdue_counties(m.obligations, m.period), rows.overdue_groups(m, links)
    findings = rows.finding_rows(m, links)
    kinds = {**{severity.value: name for severity, name in SEVERITY_NAMES.items()}, "mended": "已改正"}
    style, script = _asset("index.css"), m.program.worded(_asset("index.js"))
    return (
        _template(m.program.worded(_asset("index.html.j2")))
        .render(
            title=f"{m.program.short_title} {m.period.title}",
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704 - our own files
            style_hash=_csp_hash(style),
            script_hash=_csp_hash(script),
            data=as_json(page_data(m, links)),
            example=f"{m.program.measured[0].short_name}　{m.program.measured[-1].short_name}",
            program=m.program,
            period=m.period,
            as_of=cn_date(m.snapshot.as_of),
            due_on=cn_date(m.period.due_on),
            is_demo=is_demo,
            summary=_summary(m),
            states=[(state.value, STATE_NAMES[state], n) for state, n in m.states_shown.items()],
            map=county_map(m),
            prefectures=rows.prefecture_rows(m),
            counties=rows.county_rows(m),
            findings=findings,
            kinds=[(kind, name, n) for kind, name in kinds.items() if (n := sum(f["kind"] == kind for f in findings))],
            held=[
                {"file": s.file, "href": links.get(s.file, ""), "received": cn_date(s.received_on), "reason": s.reason}
                for s in m.snapshot.held
            ],
            unread=m.snapshot.unread,
            received=rows.received_groups(m, links),
            revisions=rows.revision_rows(m, links),
            copies=_copies(m),
            overdue=late,
            others=others,
            others_count=sum(len(some) for _, some in others),
            office=rows.office_rows(m),
            fields=rows.field_groups(m),
            provincial=list(rows.province_rows(m)),
            documents=_documents([*files, *issued]),
            pictures=[one for name, picture in pictures.items() for one in _shown(m, name, picture, files)],
        )
        .encode()
    )


@cache
def _template(source: str) -> jinja2.Template:
    environment = SandboxedEnvironment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """What a Content-Security-Policy names an inline style or script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _links(m: PeriodMeasures, inbox: Path, outbox: Path) -> dict[str, str]:
    """Name of a file received → where it lay in the inbox, as seen from the page.

    By name alone: the page of a day is the same whatever became of the inbox since. A name with a way out of the inbox, or
    one that was tidied for people, has none.
    """
    base = Path(os.path.relpath(inbox, outbox)).as_posix()
    names = (one.file for one in m.snapshot.submissions)
    return {name: f"{base}/{name}" for name in names if name.isprintable() and _stays_inside(name)}


def _stays_inside(name: str) -> bool:
    return not name.startswith("/") and "\\" not in name and ".." not in name.split("/")


def _summary(m: PeriodMeasures) -> dict[str, Any]:
    done = m.now.province
    before = m.before.province if m.before else None
    reports = [o.timeliness for o in m.owed_now if o.is_report and not o.is_county]
    return {
        "roster": len(m.program.measured),
        "reported": m.reported,
        "pct": None if done.pct is None else one_decimal(done.pct),
        "pace": one_decimal(m.now.pace_pct),
        "change": change(Figures(m.program.words), "", done, before) if m.before else "",
        "timely": [(t.value, TIMELINESS_NAMES[t], n) for t in Timeliness if (n := reports.count(t))],
    }


def _copies(m: PeriodMeasures) -> list[dict[str, str]]:
    """Files with the content of another one of this period."""
    return [
        {"file": copy.file, "received": cn_date(copy.received_on), "same": str(copy.original.seq)}
        for copy in m.snapshot.copies
        if copy.original.period == m.period.code
    ]


def _documents(files: Sequence[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Folder → (address, name); the documents themselves first, under no folder's name."""
    groups: dict[str, list[tuple[str, str]]] = {"": []}
    for path in files:
        folder, _, name = path.rpartition("/")
        groups.setdefault(folder, []).append((path, name))
    by_place = {folder: sorted(some, key=_by_prefecture) if folder else some for folder, some in groups.items()}
    return [(_GROUP_NAMES.get(folder, folder), some) for folder, some in by_place.items() if some]


def _by_prefecture(file: tuple[str, str]) -> tuple[str, bool, str]:
    """The code a file begins with, or the first of its name; then letters and notices before workbooks."""
    name = file[1]
    code = name.partition("_")[0]
    return code if code.isascii() else name[:6], not name.endswith(".docx"), name


def _shown(m: PeriodMeasures, name: str, picture: Picture, files: Sequence[str]) -> Iterator[_ShownPicture]:
    for n, part in enumerate(picture.parts):
        file = f"{CHARTS}/{kinds()[name].file_name(m, n, len(picture.parts))}"
        yield _ShownPicture(alt=part.alt, data=base64.b64encode(part.png).decode(), file=file if file in files else "")
