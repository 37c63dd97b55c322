"""index.html: the page staff open first. Self-contained, no network; every text is escaped and only our own script runs."""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from pipeline.domain.text import cn_date
from pipeline.products.page import parts
from pipeline.products.page.data import as_json, page_data
from pipeline.products.page.rows import ISSUED, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.word import Picture

_ASSETS = Path(__file__).with_name("assets")


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
    issued = sorted(f"{ISSUED}/{p.name}" for p in (outbox / ISSUED).glob("*.*"))
    page = Page(m=m, pictures=pictures, files=[*files, *issued])
    made = {name: make(m, page, links) for name, make in page_parts().items()}
    style, script = _asset("index.css"), m.program.worded(_asset("index.js"))
    return (
        _template(m.program.worded(_asset("index.html.j2").rstrip()))
        .render(
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704 - our own files
            style_hash=_csp_hash(style),
            script_hash=_csp_hash(script),
            data=as_json(page_data(m, links)),
            example=f"{m.program.measured[0].short_name}　{m.program.measured[-1].short_name}",
            program=m.program,
            period=m.period,
            as_of=cn_date(m.snapshot.as_of),
            due=m.due_words,
            is_demo=is_demo,
            links=[(name, one.link) for name, one in made.items() if hasattr(one, "link")],
            parts=Markup().join(one.__html__() for one in made.values()),
        )
        .encode()
    )


@cache
def page_parts() -> dict[str, Callable[[PeriodMeasures, Page, Mapping[str, str]], Any]]:
    """Anchor of each part → what makes it, in the order of their files' numbers; what sets a ``link`` is led to."""
    found = {path.name: path for folder in parts.__path__ for path in Path(folder).glob("*_*.html.j2")}
    return {
        name.split("_", 1)[1].removesuffix(".html.j2"): partial(_part, path.read_text(encoding="utf-8"))
        for name, path in sorted(found.items())
    }


def _part(text: str, m: PeriodMeasures, page: Page, links: Mapping[str, str]) -> Any:
    return _template(m.program.worded(_asset("marks.html.j2") + text)).make_module(
        {"m": m, "page": page, "links": links}
    )


@cache
def _template(source: str) -> jinja2.Template:
    environment = SandboxedEnvironment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
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
